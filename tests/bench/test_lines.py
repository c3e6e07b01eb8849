"""What a person reads of 96 posts in 12 sites stays within its lines, at a terminal of 80 columns."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.bench.lines import AT_MOST, PAGE_AT_MOST, POSTS_A_SITE, SITES, count_lines, outputs, pages


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    return outputs(tmp_path_factory.mktemp("lines"))


@pytest.mark.parametrize("name", AT_MOST)
def test_no_command_prints_more_lines_than_it_may(shown: Mapping[str, str], name: str) -> None:
    assert 0 < count_lines(shown)[name] <= AT_MOST[name], shown[name]


def test_what_is_printed_says_all_that_it_has_to(shown: Mapping[str, str]) -> None:
    plan = shown["plan: 96 new posts"]
    assert sum(line.startswith("  +  ") for line in plan.splitlines()) == len(SITES) * POSTS_A_SITE
    assert all(f"\n{site}: schedule 8 posts" in f"\n{plan}" for site in SITES)
    assert "all 96 posts on 12 sites are already as in the sheet" in shown["run: 96 posts unchanged"]
    assert all(f"OK   {site} " in shown["doctor: 12 sites all right"] for site in SITES)
    assert "rows 2-20" in shown["check: one mistake in 19 rows"]
    assert "rows 2-20" in shown["plan: one mistake in 19 rows"]


def test_no_line_is_wider_than_the_terminal_but_those_that_are_copied(shown: Mapping[str, str]) -> None:
    wide = [line for text in shown.values() for line in text.splitlines() if len(line) > 80]
    assert [line for line in wide if "Next: " not in line] == []


def test_the_largest_pages_stay_small(tmp_path: Path) -> None:
    sizes = {name: size for name, (size, _) in pages(tmp_path).items()}
    assert all(size <= PAGE_AT_MOST for size in sizes.values()), sizes
    assert (tmp_path / "places.html").read_text().count(", Town") == 0, "the words of places are packed"
    assert (tmp_path / "pictures.html").read_text().count('class="pic" src="data:image/jpeg') == 144
