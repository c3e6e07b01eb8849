"""Faults that were found in this client once, each as the shortest scenario that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from batch.errors import JournalError
from batch.model import Channel, OutcomeKind, Post
from batch.plan.decisions import PlanOptions
from batch.runs.actions import MAX_UNCLEAR
from batch.runs.control import Stop
from batch.runs.journal import Journal
from tests.proof.scene import FACEBOOK, held
from tests.proof.stage import LAG_SECONDS, SETTLE_SECONDS, START, WORST, Killed, Killer, Stage, fast_folder, hours, post

O = OutcomeKind  # noqa: E741 - read as a table


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as made:
        yield made


def kinds(outcomes) -> list[str]:
    return [str(outcome.outcome) for outcome in outcomes]


def calls(stage: Stage, name: str) -> int:
    """How many calls of this name changed something."""
    return sum(1 for entry in stage.service.calls() if entry.call == name and entry.changed)


class FullDisk:
    """The journal can't be written any more from a place on."""

    def __init__(self, after: str, times: int = 1) -> None:
        self.after, self.left, self.full = after, times, False

    def __call__(self, place: str) -> None:
        if place.startswith(self.after):
            self.left -= 1
            self.full = self.full or self.left == 0
        if self.full and place == "before journal":
            raise JournalError("database or disk is full")


def test_a_disk_that_fills_up_behind_a_publish_does_not_hide_that_it_is_out(folder):
    stage = Stage(folder)
    rows = [post("a", now=True), post("b", row=3, at=hours(30)), post("c", row=4, at=hours(40))]
    outcomes = stage.run(rows, at=FullDisk("after POST /publish-by-id"))
    assert kinds(outcomes) == ["published", "not_run", "not_run"]
    assert [p.reference for p in stage.service.public()] == ["a"]


def test_an_intent_that_cannot_be_written_sends_nothing(folder):
    stage = Stage(folder)
    outcomes = stage.run([post("a", now=True), post("b", row=3, at=hours(30))], at=FullDisk("before journal"))
    assert kinds(outcomes) == ["not_run", "not_run"]
    assert stage.service.items() == []


@pytest.mark.parametrize("via", ["draft", "publish", "bulk"])
def test_every_changing_call_has_its_intent_on_disk_before_it(folder, via):
    stage, open_intents = Stage(folder, via=via), []
    items = [held("old", FACEBOOK, "Text old", at=hours(40))]
    stage.furnish(items)

    def at(place: str) -> None:
        if place.startswith("before ") and place != "before journal":
            with Journal(folder / "journal.sqlite") as journal:
                open_intents.append(len(journal.unsettled(since=START, call_seconds=60)))

    stage.run([post("a", now=True), post("b", row=3, at=hours(30)), post("old", row=4, at=hours(50))], at=at)
    assert open_intents
    assert 0 not in open_intents


def test_a_date_that_passes_while_the_rate_limit_holds_the_call_up_is_not_sent(folder):
    counting = Stage(folder)
    counting.run([post("late", at=START + timedelta(seconds=30))])
    calls_before = [entry.call for entry in counting.service.calls()].index("publish_by_id")
    stage = Stage(folder, calls_per_minute=calls_before, seed=1)
    (outcome,) = stage.run([post("late", at=START + timedelta(seconds=30))], journal="second")
    assert (outcome.outcome, outcome.code) == (O.FAILED, "date_passed")
    assert "publish_by_id" not in [entry.call for entry in stage.service.calls()]


def test_a_move_whose_date_passes_while_the_rate_limit_holds_the_call_up_is_not_sent(folder):
    def moved(calls_per_minute: int, journal: str):
        stage = Stage(folder, calls_per_minute=calls_per_minute)
        stage.furnish([held("a", FACEBOOK, "Text a", at=hours(30))])
        (outcome,) = stage.run([post("a", at=stage.clock.now() + timedelta(seconds=30))], journal=journal)
        return outcome, [entry.call for entry in stage.service.calls() if entry.origin == "caller"]

    _, made = moved(180, "first")
    outcome, made = moved(made.index("reschedule_item"), "second")
    assert (outcome.outcome, outcome.code) == (O.FAILED, "date_passed")
    assert "reschedule_item" not in made


def test_a_second_look_has_its_time_from_the_end_of_a_slow_call(folder):
    stage = Stage(folder, next(iter(WORST)))
    stage.service.add_fault(kind="drop_after", call="create_draft", times=1)

    def slow(place: str) -> None:
        if place == "before POST /items":
            stage.clock.sleep(SETTLE_SECONDS + 20)

    assert kinds(stage.run([post("a", at=hours(30))], at=slow)) == ["scheduled"]
    assert calls(stage, "create_draft") == 1


@pytest.mark.parametrize(("via", "path"), [("draft", "/items"), ("publish", "/publish"), ("bulk", "/bulk/publish")])
def test_a_post_that_a_late_list_does_not_show_is_open_where_a_stop_cut_the_wait_short(folder, via, path):
    stage, stop = Stage(folder, next(iter(WORST)), via), Stop()
    stage.service.add_fault(kind="drop_after", calls=["create_draft", "publish_item", "bulk_publish"], times=1)

    def interrupt(place: str) -> None:
        if place == f"before POST {path}":
            stop.request("You stopped it.", interrupted=True)

    (outcome,) = stage.run([post("a", at=hours(30))], at=interrupt, stop=stop)
    assert outcome.outcome is O.UNKNOWN
    assert len(stage.service.items()) == 1


def test_an_intent_outlives_a_power_cut_and_only_an_intent_is_waited_for(folder):
    with Journal(folder / "j.sqlite") as journal:
        intent = journal.intend("r1", 0, "create", reference="a", item_id="", at=START)
        assert journal._db.execute("PRAGMA synchronous").fetchone() == (2,)
        journal.record(intent, kind="ok", code="", item_id="i", status="DRAFT", at=START)
        assert journal._db.execute("PRAGMA synchronous").fetchone() == (1,)


def test_a_dead_item_under_the_reference_is_not_taken_for_the_draft_whose_answer_was_lost(folder):
    stage = Stage(folder, "not unique")
    stage.service.add_fault(kind="drop_before", call="create_draft", times=1)
    made = []

    def at(place: str) -> None:
        if place == "before POST /items" and not made:
            twin = {k: v for k, v in held("a", FACEBOOK, "Text a").items() if k != "status"}
            made.append(stage.service.call("POST", "/items", {"item": twin}))
            stage.service.call("DELETE", f"/items/{stage.service.items()[-1]['id']}")

    assert kinds(stage.run([post("a", at=hours(30))], at=at)) == ["scheduled"]
    assert [p.reference for p in stage.service.coming()] == ["a"]


@pytest.mark.parametrize(("via", "call"), [("draft", "create_draft"), ("publish", "publish_item")])
def test_a_call_that_arrives_after_its_connection_broke_is_not_sent_again(folder, via, call):
    stage = Stage(folder, next(iter(WORST)), via)
    stage.service.add_fault(kind="late", call=call, seconds=2.5, times=1)
    assert kinds(stage.run([post("a", at=hours(30))])) == ["scheduled"]
    assert len(stage.service.items()) == 1


def test_a_lost_answer_is_looked_for_twice_where_the_list_is_late(folder):
    stage = Stage(folder, next(iter(WORST)))
    stage.service.add_fault(kind="drop_after", call="create_draft", times=1)
    outcomes = stage.run([post("a", at=hours(30))])
    assert kinds(outcomes) == ["scheduled"]
    assert calls(stage, "create_draft") == 1


def test_after_a_kill_the_site_gets_its_time_before_anything_is_made_again(folder):
    stage, killer = Stage(folder, next(iter(WORST))), Killer()

    def die_after_create(place: str) -> None:
        killer(place)
        if place == "after POST /items":
            raise Killed(place)

    with pytest.raises(Killed):
        stage.run([post("a", at=hours(30))], at=die_after_create)
    stage.clock.sleep(1)
    assert kinds(stage.run([post("a", at=hours(30))], name="r2")) == ["scheduled"]
    assert calls(stage, "create_draft") == 1


def test_a_kill_during_a_long_wait_for_an_answer_is_waited_for_too(folder):
    stage = Stage(folder, next(iter(WORST)))
    stage.service.add_fault(kind="silent", call="create_draft", made=True, times=1)
    died_at = []

    def die_before_result(place: str) -> None:
        died_at.append(place)
        if place == "before journal" and "before POST /items" in died_at:
            raise Killed(place)

    with pytest.raises(Killed):
        stage.run([post("a", at=hours(30))], at=die_before_result)
    stage.service.call("POST", "/items/query", {})
    assert kinds(stage.run([post("a", at=hours(30))], name="r2")) == ["scheduled"]
    assert calls(stage, "create_draft") == 1


def test_a_bulk_answer_with_wrong_ids_is_not_a_failure_of_posts_that_are_scheduled(folder):
    stage = Stage(folder, via="bulk")
    stage.service.add_fault(kind="wrong_id", call="bulk_publish")
    rows = [post("a", at=hours(30)), post("b", row=3, at=hours(31))]
    outcomes = stage.run(rows)
    assert kinds(outcomes) == ["scheduled", "scheduled"]
    assert [o.item_id for o in outcomes] == [item["id"] for item in stage.service.items()]


def test_a_single_bulk_answer_with_a_wrong_id_is_corrected_by_reading_back(folder):
    stage = Stage(folder, via="bulk")
    stage.service.add_fault(kind="wrong_id", call="bulk_publish")
    (outcome,) = stage.run([post("a", at=hours(30))])
    assert (outcome.outcome, outcome.item_id) == (O.SCHEDULED, stage.service.items()[0]["id"])


def _somebody_makes(stage: Stage, item, *, when: str):
    made = []

    def at(place: str) -> None:
        if place.startswith(when) and not made:
            made.append(
                stage.service.call("POST", "/items", {"item": {k: v for k, v in item.items() if k != "status"}})
            )

    return at


def test_a_taken_reference_is_looked_up_and_is_no_failure(folder):
    stage = Stage(folder, "unique")
    twin = held("a", FACEBOOK, "Text a", status="DRAFT")
    (outcome,) = stage.run([post("a", at=hours(30))], at=_somebody_makes(stage, twin, when="before POST /items"))
    assert outcome.outcome is O.SCHEDULED
    assert [i["status"] for i in stage.service.items()] == ["SCHEDULED"]


@pytest.mark.parametrize("via", ["draft", "publish"])
def test_a_post_of_others_on_another_account_is_never_taken_up(folder, via):
    stage = Stage(folder, "unique", via)
    page = {"id": "2", "displayName": "Other", "page": {"id": "22", "displayName": "Other"}}
    first = {"id": FACEBOOK[1], "displayName": "A", "page": {"id": FACEBOOK[2], "displayName": "A"}}
    first["settings"] = {"default": True}
    stage.service.seed(accounts={"FACEBOOK": [first, page]})
    other = held("a", ("FACEBOOK", "2", "22"), "Text a", status="DRAFT")
    (outcome,) = stage.run([post("a", at=hours(30))], at=_somebody_makes(stage, other, when="before POST"))
    assert outcome.outcome is O.CONFLICT
    assert [i["status"] for i in stage.service.items()] == ["DRAFT"]


def test_a_row_that_is_turned_back_at_once_is_not_taken_for_unchanged(folder):
    stage = Stage(folder, "lagging")
    first, second = hours(30), hours(50)
    stage.furnish([held("a", FACEBOOK, "Text a", at=first)])
    assert kinds(stage.run([post("a", at=second)])) == ["rescheduled"]
    assert kinds(stage.run([post("a", at=first)], name="r2")) == ["rescheduled"]
    assert [p.at for p in stage.service.coming()] == [first]


def test_a_deleted_post_is_not_taken_for_scheduled_while_the_list_still_shows_it(folder):
    from batch.model import Action

    stage = Stage(folder, "lagging")
    stage.furnish([held("a", FACEBOOK, "Text a", at=hours(30))])
    stage.run([post("a", action=Action.DELETE)])
    (outcome,) = stage.run([post("a", at=hours(30))], name="r2")
    assert outcome.outcome is O.INVALID


def test_a_deleted_post_that_a_late_list_still_shows_is_told_as_deleted(folder):
    from batch.model import Action

    stage = Stage(folder, "lagging", options={"deleted": "hidden"})
    stage.furnish([held("a", FACEBOOK, "Text a", at=hours(30))])
    assert kinds(stage.run([post("a", action=Action.DELETE)])) == ["deleted"]


def test_what_another_run_has_done_meanwhile_is_done_and_not_failed(folder):
    from batch.model import Action

    stage = Stage(folder)
    stage.furnish([
        held("stop", FACEBOOK, "Text stop", at=hours(30)),
        held("go", FACEBOOK, "Text go", status="DRAFT"),
    ])  # fmt: skip
    ids = {i["referenceId"]: i["id"] for i in stage.service.items()}

    def other_run(place: str) -> None:
        if place.startswith(f"before PATCH /items/{ids['stop']}"):
            stage.service.call("PATCH", f"/items/{ids['stop']}/cancel", {})
        elif place == "before POST /publish-by-id":
            stage.service.call("POST", "/publish-by-id", {"id": ids["go"]})

    rows: list[Post] = [post("stop", action=Action.CANCEL), post("go", row=3, now=True)]
    assert kinds(stage.run(rows, at=other_run)) == ["cancelled", "published"]
    assert [p.reference for p in stage.service.public()] == ["go"]


def test_a_call_that_arrives_after_it_was_given_up_is_told_as_it_is(folder):
    stage = Stage(folder)
    stage.furnish([held("go", FACEBOOK, "Text go", status="DRAFT")])
    stage.service.add_fault(kind="drop_before", call="publish_by_id", times=MAX_UNCLEAR - 1)
    stage.service.add_fault(kind="late", call="publish_by_id", seconds=6.0, times=1)
    (outcome,) = stage.run([post("go", now=True)])
    assert (outcome.outcome, len(stage.service.public())) == (O.PUBLISHED, 1)


def test_a_call_that_arrives_while_other_rows_are_sent_is_told_as_it_is(folder):
    stage = Stage(folder)
    stage.furnish([held("go", FACEBOOK, "Text go", status="DRAFT")])
    stage.service.add_fault(kind="drop_before", call="publish_by_id", times=MAX_UNCLEAR - 1)
    stage.service.add_fault(kind="late", call="publish_by_id", seconds=10.0, times=1)
    stage.service.add_fault(kind="delay", call="create_draft", seconds=20.0)
    outcomes = stage.run([post("go", now=True), post("draft", row=3)])
    assert kinds(outcomes) == ["published", "drafted"]


def test_a_post_that_became_imminent_while_others_were_sent_is_sent_as_such(folder):
    stage = Stage(folder, "not unique", "publish")
    rows = [post(f"now{n}", row=2 + n, now=True) for n in range(120)]
    rows.append(replace(post("soon", at=START + timedelta(minutes=16)), row=300))
    stage.run(rows)
    made = [e.call for e in stage.service.calls() if e.changed]
    minutes = (stage.clock.now() - START).total_seconds() / 60
    assert minutes > 1
    assert made.count("publish_item") == 0


def test_every_row_has_its_outcome_though_the_journal_fails_at_any_write(folder):
    rows = [post("a", now=True), post("b", row=3, at=hours(30)), post("c", row=4)]
    counted = Killer()
    stage = Stage(folder)
    stage.run(rows, at=counted, journal="count")
    writes = counted.places.count("before journal")
    for number in range(1, writes + 1):
        stage = Stage(folder, seed=number)
        outcomes = stage.run(rows, at=FullDisk("before journal", times=number), journal=f"j{number}")
        out = {p.reference for p in stage.service.public()} | {p.reference for p in stage.service.coming()}
        said = {o.key for o in outcomes if o.outcome in (O.PUBLISHED, O.SCHEDULED)}
        assert said == out, number


def test_a_row_that_comes_to_name_several_channels_is_still_the_same_post(folder):
    stage = Stage(folder, "not unique")
    assert kinds(stage.run([post("a", at=hours(30))])) == ["scheduled"]
    rows = [post("a/FACEBOOK", text="Text a", at=hours(30)), post("a/LINKEDIN", channel=Channel.LINKEDIN, at=hours(30))]
    assert kinds(stage.run(rows, name="r2")) == ["unchanged", "scheduled"]
    assert kinds(stage.run([post("a", at=hours(30))], name="r3")) == ["unchanged"]
    assert sorted(p.reference for p in stage.service.coming()) == ["a", "a/LINKEDIN"]


def test_of_two_same_posts_that_a_killed_run_left_behind_the_next_run_takes_one_back(folder):
    stage = Stage(folder, "not unique")
    stage.furnish([held("a", FACEBOOK, "Text a", at=hours(30))] * 2)
    first, second = sorted(item["id"] for item in stage.service.items())
    (outcome,) = stage.run([post("a", at=hours(30))])
    assert (outcome.outcome, outcome.item_id) == (O.UNCHANGED, first)
    assert f"{second} (scheduled for" in outcome.warnings[-1]
    assert kinds(stage.run([post("a", at=hours(30))], name="r2")) == ["unchanged"]
    assert [p.at for p in stage.service.coming()] == [hours(30)]


def test_words_that_somebody_changed_just_before_a_draft_was_scheduled_are_told(folder):
    stage = Stage(folder)
    stage.furnish([held("a", FACEBOOK, "Text a", status="DRAFT")])
    ((item_id, item),) = [(i["id"], i) for i in stage.service.items()]

    def edit(place: str) -> None:
        if place == "before POST /publish-by-id":
            changed = {"id": item_id, "facebookPost": {**item["facebookPost"], "caption": "Other words"}}
            stage.service.call("PATCH", f"/items/{item_id}", {"item": changed})

    (outcome,) = stage.run([post("a", at=hours(30))], at=edit)
    assert (outcome.outcome, outcome.code) == (O.FAILED, "differs")
    assert "Other words" in outcome.message


@pytest.mark.parametrize("when", [{"now": True}, {"at": hours(30)}])
@pytest.mark.parametrize("server", ["unique", "not unique"])
def test_a_post_that_somebody_deleted_is_not_made_again_though_the_list_hides_it(folder, server, when):
    stage = Stage(folder, server, options={"deleted": "hidden"})
    stage.run([post("a", **when)])
    stage.service.call("DELETE", f"/items/{stage.service.items()[0]['id']}")
    before = len(stage.service.items())
    for hours_later in (1, 48):
        stage.clock.sleep(3600 * hours_later)
        (outcome,) = stage.run([post("a", **({"at": hours(90)} if "at" in when else when))], name=f"r{hours_later}")
        assert (outcome.outcome, len(stage.service.items())) == (O.INVALID, before)
        assert "--again a" in outcome.message
    asked = PlanOptions(again=frozenset({"a"}))
    (outcome,) = stage.run([post("a", now=True)], name="again", options=asked)
    assert (outcome.outcome, outcome.reference) == (O.PUBLISHED, "a~2")


def test_a_post_that_was_made_here_is_not_made_again_though_the_list_is_later_than_it_may_be(folder):
    stage = Stage(folder, next(iter(WORST)), options={"query_lag_seconds": 20 * LAG_SECONDS})
    stage.run([post("a", at=hours(30))])
    stage.clock.sleep(2 * SETTLE_SECONDS)
    assert kinds(stage.run([post("a", at=hours(30))], name="r2")) == ["unchanged"]
    assert [p.reference for p in stage.service.coming()] == ["a"]
