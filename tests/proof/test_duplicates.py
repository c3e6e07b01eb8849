"""Two items of one reference: one stays and goes out once, in whatever states they are, however old the list is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch.model import Action, OutcomeKind
from batch.plan.decisions import PlanOptions
from tests.proof.scene import FACEBOOK, held
from tests.proof.stage import Killed, Killer, Stage, fast_folder, hours, post

O = OutcomeKind  # noqa: E741 - read as a table
AT = hours(30)
LAGS = (0.0, 1.0, 10.0)
STATES = ("DRAFT", "SCHEDULED", "PUBLISHED")
PAIRS = [(one, two) for one in STATES for two in STATES if (one, two) != ("PUBLISHED", "PUBLISHED")]


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as made:
        yield made


def stage_with(folder: Path, *states: str, lag_seconds: float = 0.0, text: str = "Text a") -> Stage:
    """A site that takes a reference twice and holds one item of `a` in each state, the first with the smaller ID."""
    stage = Stage(folder, "not unique", options={"query_lag_seconds": lag_seconds})
    dated = {"SCHEDULED", "PUBLISHED"}
    stage.furnish([held("a", FACEBOOK, text, status=s, at=AT if s in dated else None) for s in states])
    return stage


def living(stage: Stage) -> list[str]:
    """The states of what the site holds of `a`, but for what is dead."""
    return sorted(i["status"] for i in stage.service.items() if i["status"] not in ("CANCELED", "DELETED", "FAILED"))


def number(stage: Stage, at: int) -> str:
    """The ID of an item by its place in the order of IDs."""
    return sorted(item["id"] for item in stage.service.items())[at]


@pytest.mark.parametrize("lag_seconds", LAGS)
@pytest.mark.parametrize(("one", "two"), PAIRS)
def test_running_again_ends_a_pair_that_a_killed_run_left(folder: Path, one: str, two: str, lag_seconds: float) -> None:
    stage = stage_with(folder, one, two, lag_seconds=lag_seconds)
    (outcome,) = stage.run([post("a", at=AT)])
    live = "PUBLISHED" in (one, two)
    assert outcome.outcome in ((O.UNCHANGED,) if live else (O.SCHEDULED, O.UNCHANGED)), outcome.message
    assert living(stage) == ["PUBLISHED" if live else "SCHEDULED"]
    stage.clock.sleep(60)
    (again,) = stage.run([post("a", at=AT)], name="r2")
    assert again.outcome is O.UNCHANGED
    assert living(stage) == ["PUBLISHED" if live else "SCHEDULED"]


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE])
@pytest.mark.parametrize(("one", "two"), [p for p in PAIRS if "PUBLISHED" not in p and p != ("DRAFT", "DRAFT")])
def test_a_post_that_is_withdrawn_is_withdrawn_as_often_as_it_is_there(
    folder: Path, one: str, two: str, action: Action
) -> None:
    stage = stage_with(folder, one, two)
    (outcome,) = stage.run([replace(post("a"), action=action)])
    assert outcome.outcome in (O.CANCELLED, O.DELETED)
    assert living(stage) == []


def test_what_goes_out_is_not_taken_back_where_what_stays_can_not_be_scheduled(folder: Path) -> None:
    stage = stage_with(folder, "DRAFT", "SCHEDULED")
    stage.service.add_fault(kind="status", status=429, code="PUBLISH_LIMIT_EXCEEDED", call="publish_by_id")
    (outcome,) = stage.run([post("a", at=AT)])
    assert outcome.outcome is O.BLOCKED
    assert living(stage) == ["DRAFT", "SCHEDULED"]


def test_the_row_whose_duplicate_was_tidied_keeps_its_own_outcome_and_its_change_is_made(folder: Path) -> None:
    stage = stage_with(folder, "SCHEDULED", "SCHEDULED")
    (outcome,) = stage.run([post("a", at=hours(50), text="New words")])
    assert outcome.outcome is O.RESCHEDULED
    assert "taken back" in outcome.warnings[-1]
    assert [(p.text, p.at) for p in stage.service.coming()] == [("New words", hours(50))]
    assert living(stage) == ["SCHEDULED"]


Meddle = Callable[[Stage, str], Any]
MEDDLING: dict[str, Meddle] = {
    "cancelled": lambda stage, item: stage.service.call("PATCH", f"/items/{item}/cancel", {}),
    "deleted": lambda stage, item: stage.service.call("DELETE", f"/items/{item}"),
    "moved": lambda stage, item: stage.service.call(
        "POST", f"/items/{item}/reschedule", {"scheduledDate": "2031-04-01T00:00:00Z"}
    ),
}


@pytest.mark.parametrize("what", MEDDLING)
@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("lag_seconds", LAGS)
def test_the_only_living_item_is_never_taken_back_on_the_word_of_an_old_list(
    folder: Path, which: int, what: str, lag_seconds: float
) -> None:
    stage = stage_with(folder, "SCHEDULED", "SCHEDULED", lag_seconds=lag_seconds)
    MEDDLING[what](stage, number(stage, which))
    rows = [post("a", at=AT)]
    stage.run(rows)
    stage.clock.sleep(60)
    stage.run(rows, name="r2")
    stage.clock.sleep(60)
    (outcome,) = stage.run(rows, name="r3")
    assert outcome.outcome in (O.UNCHANGED, O.CONFLICT), outcome.message
    if outcome.outcome is O.UNCHANGED:
        assert living(stage) == ["SCHEDULED"]
    else:
        assert what == "moved"
        assert living(stage) == ["SCHEDULED", "SCHEDULED"]


CHANGES: dict[str, dict[str, Any]] = {
    "update": {"at": AT, "text": "New words"},
    "reschedule": {"at": hours(50)},
    "cancel": {"action": Action.CANCEL},
    "delete": {"action": Action.DELETE},
}
BETWEEN: dict[str, Meddle] = {
    **MEDDLING,
    "edited": lambda stage, item: stage.service.call(
        "PATCH",
        f"/items/{item}",
        {"item": {"id": item, "facebookPost": {"caption": "Their words", "pageId": FACEBOOK[2]}}},
    ),
}


def after_the_list(change: Callable[[], Any]) -> Callable[[bytes], bytes]:
    """Let somebody act once the list has been answered."""
    done: list[Any] = []

    def alter(content: bytes) -> bytes:
        if b"pagingMetadata" in content and not done:
            done.append(change())
        return content

    return alter


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("what", BETWEEN)
def test_nothing_is_done_to_an_item_that_somebody_has_changed_since_it_was_listed(
    folder: Path, change: str, what: str
) -> None:
    stage = stage_with(folder, "SCHEDULED")
    first = number(stage, 0)
    stage.answer = after_the_list(lambda: BETWEEN[what](stage, first))
    row = replace(post("a", **{"at": None, "text": "Text a", **CHANGES[change]}))
    (outcome,) = stage.run([row])
    changing = [entry for entry in stage.service.calls() if entry.changed and entry.origin == "caller"]
    assert changing == []
    gone = {"cancel": ("cancelled", "deleted"), "delete": ("deleted",)}.get(change, ())
    assert outcome.outcome in ((O.CANCELLED, O.DELETED) if what in gone else (O.CONFLICT, O.FAILED)), outcome.message


@pytest.mark.parametrize("via", ["draft", "publish", "bulk"])
@pytest.mark.parametrize("state", ["DRAFT", "SCHEDULED"])
def test_a_post_that_is_replaced_is_made_anew_and_the_old_one_never_goes_out_too(
    folder: Path, state: str, via: str
) -> None:
    rows, asked = [post("a", at=AT)], PlanOptions(replaced=frozenset({"a"}))
    for number in range(60):
        stage, killer = stage_with(folder / str(number), state), Killer(number + 1)
        (folder / str(number)).mkdir()
        with suppress(Killed):
            stage.run(rows, at=killer, options=asked, via=via)
        assert len(stage.service.coming()) <= 1
        stage.clock.sleep(120)
        (outcome,) = stage.run(rows, name="r2", via=via)
        assert outcome.outcome in (O.SCHEDULED, O.UNCHANGED), outcome.message
        assert living(stage) == ["SCHEDULED"]
        stage.close()
        if len(killer.places) < number + 1:
            break
    assert number > 3
    assert outcome.reference == "a~2"
