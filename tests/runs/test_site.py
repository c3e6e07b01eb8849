"""Reading a site: what was made from here is never taken for one to be made, whatever the list leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from batch.model import Action, OutcomeKind
from batch.runs.site import MAX_LOOKS
from tests.proof.stage import SETTLE_SECONDS, WORST, Stage, fast_folder, hours, post

HIDDEN = {"deleted": "hidden"}
LATE = {"query_lag_seconds": 3600.0}


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as made:
        yield made


def gets(stage: Stage) -> int:
    return sum(1 for entry in stage.service.calls() if entry.call == "get_item")


def test_a_service_on_this_machine_may_be_begun_anew_and_its_posts_be_made_again(folder: Path) -> None:
    stage = Stage(folder, options=HIDDEN | {"references": "nowhere"}, api_url="http://127.0.0.1:9")
    stage.run([post("a", at=hours(30))])
    stage.service.call("DELETE", f"/items/{stage.service.items()[0]['id']}")
    stage.clock.sleep(60)
    (outcome,) = stage.run([post("a", at=hours(30))], name="r2")
    assert outcome.outcome is OutcomeKind.SCHEDULED


def test_what_was_withdrawn_from_here_needs_no_look(folder: Path) -> None:
    stage = Stage(folder, options=HIDDEN)
    stage.run([post("a", at=hours(30))])
    stage.run([post("a", action=Action.DELETE)], name="r2")
    stage.clock.sleep(60)
    before = gets(stage)
    (outcome,) = stage.run([post("a", at=hours(30))], name="r3")
    assert (outcome.outcome, gets(stage)) == (OutcomeKind.INVALID, before)


def test_of_many_that_a_late_list_leaves_out_so_many_are_looked_at_and_none_is_made_again(folder: Path) -> None:
    stage = Stage(folder, next(iter(WORST)), "bulk", options=LATE)
    rows = [post(f"k{n}", row=2 + n, at=hours(30)) for n in range(MAX_LOOKS + 10)]
    stage.run(rows)
    stage.clock.sleep(2 * SETTLE_SECONDS)
    before = gets(stage)
    outcomes = stage.run(rows, name="r2")
    assert gets(stage) == before + MAX_LOOKS
    assert {o.outcome for o in outcomes} == {OutcomeKind.UNCHANGED, OutcomeKind.INVALID}
    assert len(stage.service.items()) == len(rows)


def test_a_service_that_keeps_references_to_itself_is_told_and_gets_no_post_twice(folder: Path) -> None:
    stage = Stage(folder, "not unique", answer=lambda body: re.sub(rb'"referenceId": ?"[^"]*"', b'"x": ""', body))
    rows = [post("a", at=hours(30)), post("b", row=3, now=True)]
    for outcome in stage.run(rows):
        assert (outcome.outcome, outcome.code) == (OutcomeKind.FAILED, "differs")
        assert "its key there is none" in outcome.message
    stage.clock.sleep(3600)
    assert {o.outcome for o in stage.run(rows, name="r2")} == {OutcomeKind.UNCHANGED}
    assert len(stage.service.items()) == len(rows)
