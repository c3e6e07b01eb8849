"""The bench measures what it says: counts are exact and held; times are only shown and never held."""

from __future__ import annotations

import csv
import re
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from batch.sheets.read import read_sheet
from batch.workbooks.results import write_results_workbook
from tests.bench.measure import ROOT, Line, code, cost_of, environment, in_turns, postbatch, python, table
from tests.bench.rows import CALLS_A_POST, QUICK, cells_of, month, results_of, run_places
from tests.bench.sandboxed import sandbox, site_id
from tests.bench.sheets import HEADINGS, rows, write_csv, write_xlsx
from tests.bench.stages import stages
from tests.bench.yardsticks import sample_flow

READING_CALLS = 6
"""Before a run: one page of items, the features, and for each of two channels its accounts and its connection."""


@pytest.mark.parametrize(("via", "sending"), [("auto", 3), ("draft", 2 * 120), ("publish", 120), ("bulk", 3)])
def test_a_month_takes_no_more_calls_than_its_way_needs_and_sends_each_post_once(via: str, sending: int) -> None:
    pages_read_back = 2
    calls, _ = month(120, via=via)
    assert calls == READING_CALLS + sending + pages_read_back


def test_a_thousand_new_posts_take_at_most_sixty_calls_without_any_option() -> None:
    calls, seconds = month(1_000, via=None)
    assert calls <= 60
    assert seconds < 60, "nothing is waited for"


def test_the_calls_of_a_thousand_posts_are_within_their_bounds() -> None:
    for via, most in CALLS_A_POST.items():
        sending = {"auto": 20, "draft": 2_000, "publish": 1_000, "bulk": 20}[via]
        assert (READING_CALLS + sending + 11) / 1_000 <= most


def test_the_sample_flow_takes_four_calls_a_post(tmp_path: Path) -> None:
    with sandbox(tmp_path, calls_per_minute=0) as place:
        sample_flow(place.url, site_id=site_id(0), posts=3, at="2030-01-07T08:01:00Z")
        assert len(place.calls()) == 12
        assert place.references() == ["yardstick-0", "yardstick-1", "yardstick-2"]


def test_both_forms_of_the_sheet_hold_the_same_rows_and_nothing_to_mend(tmp_path: Path) -> None:
    as_csv, as_xlsx = write_csv(tmp_path / "a.csv", 30), write_xlsx(tmp_path / "a.xlsx", 30)
    assert read_sheet(as_csv).fingerprint == read_sheet(as_xlsx).fingerprint
    assert all(all(row) for row in rows(30))
    with as_csv.open(newline="", encoding="utf-8") as file:
        assert next(csv.reader(file)) == list(HEADINGS)
    cost = cost_of(postbatch("check", "a.csv"), cwd=tmp_path, env=environment(tmp_path), statuses=(0,))
    assert cost.seconds > 0
    assert cost.peak_mb > 1


def test_the_bare_workbook_holds_the_cells_of_the_styled_one(tmp_path: Path) -> None:
    write_results_workbook(results_of(12), tmp_path / "styled.xlsx")
    cells = cells_of(tmp_path / "styled.xlsx")
    assert len(cells) == 13
    key = cells[0].index("key")
    assert [line[key] for line in cells[1:]] == [row[0] for row in rows(12)]


def test_rows_times_places_are_all_sent_once_and_the_second_run_changes_nothing() -> None:
    run = run_places(["one", "two", "three"], 2, pictures=1)
    reading, sending, upload, read_back = 4, 2 * 2, 2, 1
    assert run.calls == 3 * (reading + sending + upload + read_back)
    assert (len(run.changed), run.changed_again, run.cost.peak_mb > 1) == (3, frozenset(), True)


def test_the_run_after_one_that_could_not_reach_a_site_changes_just_that_one() -> None:
    run = run_places(["one", "two", "three"], 1, pictures=0, unreachable=1)
    assert run.changed == {site_id(0), site_id(2)}
    assert run.changed_again == {site_id(1)}


def test_a_command_that_fails_is_no_measurement(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="ended with 3"):
        cost_of(code("raise SystemExit(3)"), cwd=tmp_path, env=environment(tmp_path))


def test_the_ratio_is_the_median_of_the_turns() -> None:
    ours, other = iter([1.0, 9.0, 2.0]), iter([1.0, 3.0, 2.0])
    assert in_turns(lambda: next(ours), lambda: next(other), turns=3) == (2.0, 2.0, 1.0)


def test_the_table_says_what_was_not_reached() -> None:
    shown = table([Line("a", "2 s", "1 s", 2.0, 1.5), Line("b", "1 s", "1 s", 1.0, 1.5)])
    assert [line.split("|")[6].strip() for line in shown.splitlines()[2:]] == ["**no**", "yes"]


def test_the_stages_of_check_and_plan_are_all_timed() -> None:
    shown = stages(replace(QUICK, rows=20, turns=1)).splitlines()[2:]
    named = [re.fullmatch(r"\| (?:`(check|plan)`.*|starting Python|to compare: .*) \| \d+ \|", line) for line in shown]
    assert [found and found[1] for found in named] == [None, *["check"] * 4, *["plan"] * 4, None]
    assert all(named)


def test_the_command_of_the_readme_prints_its_table() -> None:
    command = python(str(ROOT / "tests" / "bench" / "bench.py"), "--quick", "writing")
    ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode in (0, 1), ended.stderr
    assert ended.stdout.startswith("| what | measured | yardstick | ratio |")
    assert "writing results of 1,000 rows" in ended.stdout
