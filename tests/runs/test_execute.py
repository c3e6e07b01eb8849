"""Carrying out a plan: what goes wrong with one post stops what it must stop, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from batch.model import Channel, Outcome, OutcomeKind
from batch.runs.actions import UNCLEAR_IN_A_ROW
from tests.proof.scene import FACEBOOK, held
from tests.proof.stage import Stage, fast_folder, hours, post

O = OutcomeKind  # noqa: E741 - read as a table
LINKEDIN = Channel.LINKEDIN


@pytest.fixture
def stage() -> Iterator[Stage]:
    with fast_folder() as folder:
        yield Stage(folder)


def kinds(outcomes: list[Outcome]) -> list[str]:
    return [str(outcome.outcome) for outcome in outcomes]


def tries(stage: Stage, call: str) -> int:
    return sum(1 for entry in stage.service.calls() if entry.call == call)


@pytest.mark.parametrize("via", ["draft", "publish", "bulk"])
@pytest.mark.parametrize("status", [401, 403])
def test_a_credential_that_is_refused_on_the_way_stops_the_run(stage: Stage, status: int, via: str) -> None:
    stage.service.add_fault(kind="status", status=status, calls=["changing"], nth=3)
    rows = [post(f"k{n}", row=2 + n, channel=LINKEDIN) for n in range(2)]
    rows += [post(f"s{n}", row=9 + n, at=hours(30 + n)) for n in range(3)]
    outcomes = stage.run(rows, via=via)
    refused = [o for o in outcomes if o.outcome is O.BLOCKED]
    assert tries(stage, "create_draft") + tries(stage, "publish_item") + tries(stage, "bulk_publish") <= 4
    assert refused
    assert {o.outcome for o in outcomes} <= {O.SCHEDULED, O.BLOCKED, O.NOT_RUN, O.DRAFTED}
    assert all(f"HTTP {status}" in o.message for o in refused)


def test_a_quota_that_ends_on_the_way_stops_that_action_alone_and_the_soonest_have_gone_first(stage: Stage) -> None:
    stage.service.add_fault(kind="status", status=429, code="PUBLISH_LIMIT_EXCEEDED", call="publish_by_id", nth=2)
    rows = [post(f"k{n}", row=2 + n, at=hours(40 - n)) for n in range(4)]
    outcomes = stage.run([*rows, post("draft", row=9)])
    assert kinds(outcomes) == ["blocked", "blocked", "blocked", "scheduled", "drafted"]
    assert tries(stage, "publish_by_id") == 2
    assert {o.code for o in outcomes[:3]} == {"PUBLISH_LIMIT_EXCEEDED"}


def test_a_channel_that_loses_its_connection_stops_that_channel_alone(stage: Stage) -> None:
    stage.service.add_fault(kind="status", status=400, code="USER_IS_DISCONNECTED", call="create_draft", nth=1)
    rows = [post(f"k{n}", row=2 + n, at=hours(30 + n)) for n in range(3)]
    outcomes = stage.run([*rows, post("li", row=9, channel=LINKEDIN, at=hours(50))])
    assert kinds(outcomes) == ["blocked", "blocked", "blocked", "scheduled"]
    assert tries(stage, "create_draft") == 2


def test_a_service_that_gives_no_clear_answer_to_three_posts_in_a_row_is_left_alone(stage: Stage) -> None:
    stage.service.add_fault(kind="status", status=503, made=False, calls=["changing"])
    outcomes = stage.run([post(f"k{n}", row=2 + n, at=hours(30 + n)) for n in range(8)])
    assert kinds(outcomes)[UNCLEAR_IN_A_ROW:] == ["not_run"] * (8 - UNCLEAR_IN_A_ROW)
    assert f"{UNCLEAR_IN_A_ROW} posts in a row" in outcomes[-1].message
    assert stage.service.items() == []


def test_what_can_not_be_settled_is_unknown_with_what_to_do_and_never_failed(stage: Stage) -> None:
    def cut_off(place: str) -> None:
        if place == "before POST /publish-by-id":
            stage.service.add_fault(kind="status", status=503, calls=["get_item", "query_items"])

    stage.service.add_fault(kind="drop_after", call="publish_by_id", times=1)
    (outcome,) = stage.run([post("a", at=hours(30))], at=cut_off)
    assert outcome.outcome is O.UNKNOWN
    assert "Run the same command again" in outcome.message
    assert [p.reference for p in stage.service.coming()] == ["a"]


Change = Callable[[Stage, str], Any]
MEDDLING: dict[str, tuple[Change, str]] = {
    "date": (
        lambda stage, item: stage.service.call(
            "POST", f"/items/{item}/reschedule", {"scheduledDate": "2031-04-01T00:00:00Z"}
        ),
        "it is scheduled for 2031-04-01",
    ),
    "state": (lambda stage, item: stage.service.call("PATCH", f"/items/{item}/cancel", {}), "it is CANCELED"),
}


@pytest.mark.parametrize("what", MEDDLING)
def test_what_the_site_shows_otherwise_after_the_run_is_a_failure_of_its_row(stage: Stage, what: str) -> None:
    change, said = MEDDLING[what]
    stage.furnish([held("last", FACEBOOK, "Text last", status="DRAFT")])

    def meddle(place: str) -> None:
        first = next((i["id"] for i in stage.service.items() if i["referenceId"] == "a"), "")
        if place == "before POST /publish-by-id" and any(p.reference == "a" for p in stage.service.coming()):
            change(stage, first)

    rows = [post("a", at=hours(30)), post("last", row=3, at=hours(60)), post("b", row=4, at=hours(40))]
    outcomes = stage.run(rows, at=meddle)
    assert (outcomes[0].outcome, outcomes[0].code) == (O.FAILED, "differs")
    assert said in outcomes[0].message
    assert outcomes[2].outcome is O.SCHEDULED
