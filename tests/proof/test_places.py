"""Rows times places, killed for real and changed in between; and a judge that sees each kind of harm."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.proof.kill_real import SERVERS
from tests.proof.places import CHANGES, GROUPS, Line, Shop, expect, judge, make_scenario, prove, renamed
from tests.proof.scene import Harm
from tests.rig.published_log import PublicPost

FEW = 4


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_no_place_is_doubled_lost_misplaced_or_given_the_words_of_another(server: str) -> None:
    figures = prove(server, FEW)
    assert figures.scenarios == FEW // len(SERVERS)
    assert figures.clean, f"{figures}\nplay one again: python tests/proof/places.py --seed N"


def test_the_scenarios_hold_every_change_trouble_and_kind_of_row() -> None:
    scenarios = [make_scenario(seed) for seed in range(50)]
    assert {s.change for s in scenarios} == set(CHANGES)
    assert {fault["kind"] for s in scenarios for fault in s.faults} >= {"reset_after", "reset_before", "status"}
    assert {bool(s.kills[1]) for s in scenarios} == {True, False}
    lines = [line for s in scenarios for line in s.lines]
    assert all({getattr(line, name) for line in lines} == {True, False} for name in ("now", "link", "picture", "tag"))
    cells = {line.cell for line in lines}
    assert "all" in cells
    assert cells & set(GROUPS)
    assert any(" but " in cell for cell in cells)
    assert max(sum(shop.site == "s0" for shop in s.shops) for s in scenarios) > 4
    assert all(line.means(s.shops) for s in scenarios for line in s.lines)
    halves = [(expect(s.shops, s.lines), expect(s.shops_after, s.lines_after)) for s in scenarios]
    assert sum(bool(renamed(before, after)) for before, after in halves) > 3


SHOPS = tuple(
    Shop(n, f"shop-w{n:02}w", f"s{n}", ("north",) if n else (), "", f"Town w{n:02}w", own_accounts=True)
    for n in range(2)
)
AT = datetime(2031, 3, 3, 9, tzinfo=UTC)
LINE = Line("row", ("FACEBOOK",), "In {{city}}, {{phone|no phone}}", "all", AT, now=False, link=True, picture=False,
            tag=True, own={})  # fmt: skip
WANTED = expect(SHOPS, [LINE])


def shown(number: int, **more: Any) -> PublicPost:
    """Return a place's post as the public is to see it, or otherwise."""
    mark, site = f"w{number:02}w", f"5a11d0b0-0000-4000-8000-{number:012x}"
    content = {"caption": f"In Town {mark}, no phone\n\n#open #{mark}", "link": f"https://example.com/{mark}"}
    post = PublicPost(
        f"id-{number}", f"row/shop-{mark}/FACEBOOK", site, "FACEBOOK", "POST", f"facebook-{mark}",
        f"inside-facebook-{mark}", AT, AT, "scheduled", "", content,
    )  # fmt: skip
    return replace(post, **more)


OTHER = {"caption": "In Town w01w, no phone\n\n#open #w00w", "link": "https://example.com/w00w"}
LINKED = {**shown(0).content, "link": "https://example.com/w01w"}
PICTURED = {**shown(0).content, "mediaWrapper": {"media": [{"type": "IMAGE", "url": "of another place"}]}}


@pytest.mark.parametrize(
    ("harmed", "harm"),
    [
        (lambda: [shown(0), shown(1)], Harm()),
        (lambda: [shown(0)], Harm(lost=1)),
        (lambda: [shown(0), shown(0), shown(1)], Harm(doubled=1)),
        (lambda: [shown(0, content=OTHER), shown(1)], Harm(wrong_text=1, others_words=1)),
        (lambda: [shown(0, content=LINKED), shown(1)], Harm(wrong_text=1, others_words=1)),
        (lambda: [shown(0, content=PICTURED), shown(1)], Harm(wrong_text=2, others_words=1)),
        (lambda: [shown(0, account_id="facebook-w01w"), shown(1)], Harm(wrong_place=1)),
        (lambda: [shown(0, site=shown(1).site), shown(1)], Harm(wrong_place=1)),
        (lambda: [shown(0, at=AT + timedelta(hours=1)), shown(1)], Harm(wrong_time=1)),
        (lambda: [shown(0), shown(1), shown(1, reference="row/shop-w02w/FACEBOOK")], Harm(unasked=1)),
    ],
)
def test_the_judge_sees_each_kind_of_harm(harmed: Callable[[], list[PublicPost]], harm: Harm) -> None:
    assert judge(harmed(), WANTED, pictures={}) == harm
