"""Carrying out a plan: what goes wrong with one post stops what it must stop, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from batch.model import Action, Channel, Outcome, OutcomeKind
from batch.runs.actions import UNCLEAR_IN_A_ROW
from batch.runs.journal import Journal
from tests.proof.scene import FACEBOOK, held
from tests.proof.stage import SERVERS, Clock, Stage, fast_folder, hours, post

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


@pytest.mark.parametrize("via", ["auto", "draft", "publish", "bulk"])
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
    "state": (lambda stage, item: stage.service.call("PATCH", f"/items/{item}/cancel", {}), "it is cancelled"),
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


FALLBACKS: dict[str, tuple[dict[str, Any], int]] = {
    "no such call": ({"kind": "status", "status": 404, "code": "NOT_FOUND"}, 1),
    "no such call, as a page": ({"kind": "html", "status": 404}, 1),
    "not implemented": ({"kind": "status", "status": 501, "code": "NOT_IMPLEMENTED"}, 1),
    "an empty answer": ({"kind": "body", "body": "{}"}, 1),
    "an empty answer, and nothing was done": ({"kind": "body", "body": "{}", "made": False}, 1),
    "an answer of another shape": ({"kind": "body", "body": '{"results": [{"success": true}]}'}, 1),
    "refused": ({"kind": "status", "status": 428, "code": "INELIGIBLE_FOR_FEATURE"}, 2),
    "refused as invalid": ({"kind": "status", "status": 400, "code": "INVALID_ARGUMENT"}, 4),
    "failed, and done": ({"kind": "status", "status": 502, "made": True}, 2),
    "failed, and not done": ({"kind": "status", "status": 502, "made": False}, 2),
}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("fault", FALLBACKS)
def test_what_a_bulk_call_does_not_do_goes_as_drafts_after_a_look_and_that_is_said(fault: str, server: str) -> None:
    spec, bulk_calls = FALLBACKS[fault]
    with fast_folder() as folder:
        stage = Stage(folder, server, "auto")
        stage.service.add_fault(call="bulk_publish", **spec)
        rows = [post(f"k{n}", row=2 + n, at=hours(30 + n)) for n in range(120)]
        outcomes = stage.run(rows)
        assert {o.outcome for o in outcomes} == {O.SCHEDULED}
        assert tries(stage, "bulk_publish") == bulk_calls
        assert sorted(p.reference for p in stage.service.coming()) == sorted(row.key for row in rows)
        assert len(stage.service.items()) == len(rows), "never two of one post"
        assert any("sent one by one" in said for said in stage.said)
        assert {o.outcome for o in stage.run(rows, name="again")} == {O.UNCHANGED}


def test_one_bulk_call_that_fails_in_the_middle_leaves_the_others_their_way(stage: Stage) -> None:
    stage.service.add_fault(kind="status", status=502, made=False, call="bulk_publish", nth=2)
    outcomes = stage.run([post(f"k{n}", row=2 + n, at=hours(30 + n)) for n in range(170)], via="auto")
    assert {o.outcome for o in outcomes} == {O.SCHEDULED}
    assert (tries(stage, "bulk_publish"), tries(stage, "create_draft")) == (4, 50)


def test_by_the_way_auto_what_is_due_within_the_hour_and_what_is_not_only_scheduled_is_never_sent_in_bulk(
    stage: Stage,
) -> None:
    within = [post(f"k{n}", row=2 + n, at=hours(0.1 * n + 0.2)) for n in range(8)]
    later = [post(f"l{n}", row=20 + n, at=hours(2 + n)) for n in range(4)]
    others = [post("draft", row=40, channel=LINKEDIN), post("now", row=41, channel=Channel.GBP, now=True)]
    outcomes = stage.run([*within, *later, *others], via="auto")
    assert kinds(outcomes) == ["scheduled"] * 12 + ["drafted", "published"]
    assert (tries(stage, "bulk_publish"), tries(stage, "create_draft")) == (1, 10)


class Slow(Clock):
    """A clock by which a second passes at every look, as on a machine that is busy."""

    def now(self) -> datetime:
        self.at += timedelta(seconds=1)
        return self.at


def test_what_is_published_at_once_has_one_time_in_its_results_and_in_the_journal(stage: Stage) -> None:
    rows = [post("live", action=Action.PUBLISH)]
    (outcome,) = stage.run(rows, clock=Slow(stage.clock.at))
    with Journal(stage.folder / "journal.sqlite") as journal:
        assert journal.published() == {outcome.item_id: outcome.publish_at}
    (again,) = stage.run(rows, name="r2")
    assert (again.outcome, again.publish_at) == (O.UNCHANGED, outcome.publish_at)
