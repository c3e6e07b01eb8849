"""Lists that are old or garble an ID, duplicates, other people: seeded scenarios, and each fault that they found."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from batch.model import Action, OutcomeKind
from batch.plan.decisions import PlanOptions
from tests.proof.misled import ACTS, CELLS, GARBLES, LAGS, SHORT, garble, make_scenario, play_many
from tests.proof.scene import FACEBOOK, held
from tests.proof.stage import Stage, fast_folder, hours, post
from tests.rig.faults import OTHER_ID

O = OutcomeKind  # noqa: E741 - read as a table
AT = hours(30)
CHUNKS = 4


@pytest.fixture
def folder() -> Iterator[Path]:
    with fast_folder() as made:
        yield made


def stage_with(folder: Path, **states: str) -> Stage:
    """A site that takes a reference twice and holds an item in each state, by the first letters of its name."""
    stage = Stage(folder, "not unique")
    dated = {"SCHEDULED", "PUBLISHED", "CANCELED"}
    stage.furnish([
        held(name[0], FACEBOOK, "Text a", status=state, at=AT if state in dated else None)
        for name, state in states.items()
    ])  # fmt: skip
    return stage


def lists(change: Callable[[list[dict[str, Any]]], Any], *, first: int = 1) -> Callable[[bytes], bytes]:
    """Change the entries of every list, from this one on."""
    seen = 0

    def alter(content: bytes) -> bytes:
        nonlocal seen
        if b"pagingMetadata" not in content:
            return content
        seen += 1
        body = json.loads(content)
        if seen >= first:
            change(body["items"])
        return json.dumps(body).encode()

    return alter


def swap(items: list[dict[str, Any]]) -> None:
    items[0]["id"], items[1]["id"] = items[1]["id"], items[0]["id"]


def states(stage: Stage) -> list[str]:
    return [f"{item['referenceId']} {item['status']}" for item in stage.service.items()]


def sent(stage: Stage) -> list[str]:
    return [entry.call for entry in stage.service.calls() if entry.changed and entry.origin == "caller"]


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_nobody_is_harmed_by_lists_that_are_old_or_garbled_by_duplicates_or_by_others(chunk: int) -> None:
    figures = play_many(range(chunk, SHORT, CHUNKS))
    assert figures.clean, f"{figures}\nplay one again: python tests/proof/misled.py --seed N"


@pytest.mark.parametrize("seed", [811, 3731])
def test_a_scenario_that_once_did_harm_does_none(seed: int) -> None:
    figures = play_many([seed])
    assert figures.clean, f"{figures}\nplay it again: python tests/proof/misled.py --seed {seed}"


def test_the_scenarios_hold_every_pair_of_states_with_every_wish_and_every_way_to_be_misled() -> None:
    scenarios = [make_scenario(seed) for seed in range(len(CELLS))]
    assert {(*s.states, s.rows[0].wish) for s in scenarios} == set(CELLS)
    assert {s.garble for s in scenarios} == set(GARBLES)
    assert {s.act.split(" ")[0] for s in scenarios} == set(ACTS)
    assert {s.options["query_lag_seconds"] for s in scenarios} == set(LAGS)
    assert make_scenario(7) == make_scenario(7) != make_scenario(8)


@pytest.mark.parametrize("how", [how for how in GARBLES if how])
def test_a_garble_changes_an_id_and_nothing_else(how: str) -> None:
    import random

    before = [{"id": f"0a1b2c3d-0000-4000-8000-00000000000{n}", "referenceId": f"r{n}"} for n in range(3)]
    items = [dict(item) for item in before]
    garble(items, how, random.Random(1))
    assert items != before
    assert [item["referenceId"] for item in items] == [item["referenceId"] for item in before]


ACTIONS: dict[str, dict[str, Any]] = {
    "cancel": {"action": Action.CANCEL},
    "delete": {"action": Action.DELETE},
    "move": {"at": hours(50)},
    "update": {"at": AT, "text": "New words"},
    "publish": {"now": True},
}


@pytest.mark.parametrize("act", ACTIONS)
def test_nothing_is_done_to_another_post_whose_id_the_list_gives(folder: Path, act: str) -> None:
    stage = stage_with(folder, a="SCHEDULED", b="SCHEDULED")
    stage.answer = lists(swap)
    (outcome,) = stage.run([replace(post("a", **{"text": "Text a", **ACTIONS[act]}))])
    assert (outcome.outcome, outcome.code) == (O.CONFLICT, "wrong_id"), outcome.message
    assert sent(stage) == []
    stage.answer = bytes
    (outcome,) = stage.run([replace(post("a", **{"text": "Text a", **ACTIONS[act]}))], name="r2")
    assert outcome.outcome not in (O.CONFLICT, O.FAILED, O.UNKNOWN), outcome.message
    assert "b SCHEDULED" in states(stage)


@pytest.mark.parametrize("other", ["SCHEDULED", "CANCELED"])
def test_no_other_post_is_taken_back_or_taken_for_gone_for_a_replacement(folder: Path, other: str) -> None:
    stage, asked = stage_with(folder, a="SCHEDULED", b=other), PlanOptions(replaced=frozenset({"a"}))
    stage.answer = lists(swap)
    (outcome,) = stage.run([post("a", at=AT, text="New words")], options=asked)
    assert (outcome.outcome, outcome.code) == (O.CONFLICT, "wrong_id"), outcome.message
    assert {"a SCHEDULED", f"b {other}"} <= set(states(stage))
    stage.answer = bytes
    (outcome,) = stage.run([post("a", at=AT, text="New words")], name="r2", options=asked)
    assert outcome.outcome is O.SCHEDULED, outcome.message
    assert "a CANCELED" in states(stage)
    assert {"a~3 SCHEDULED", f"b {other}"} <= set(states(stage))


@pytest.mark.parametrize("given", [OTHER_ID, "1e24b0d8"])
def test_a_post_under_an_unknown_id_is_not_taken_for_gone_when_it_is_replaced(folder: Path, given: str) -> None:
    stage, asked = stage_with(folder, a="SCHEDULED"), PlanOptions(replaced=frozenset({"a"}))
    stage.answer = lists(lambda items: items[0].update(id=given))
    (outcome,) = stage.run([post("a", at=AT, text="New words")], options=asked)
    assert (outcome.outcome, outcome.code) == (O.CONFLICT, "wrong_id"), outcome.message
    assert [state for state in states(stage) if state.endswith("SCHEDULED")] == ["a SCHEDULED"]


@pytest.mark.parametrize("given", [OTHER_ID, "1e24b0d8"])
@pytest.mark.parametrize("act", ["cancel", "delete"])
def test_a_post_that_is_listed_under_an_unknown_id_is_not_told_as_gone(folder: Path, act: str, given: str) -> None:
    stage = stage_with(folder, a="SCHEDULED")
    stage.answer = lists(lambda items: items[0].update(id=given))
    (outcome,) = stage.run([replace(post("a", **ACTIONS[act]))])
    assert (outcome.outcome, outcome.code) == (O.CONFLICT, "wrong_id"), outcome.message
    assert states(stage) == ["a SCHEDULED"]


def test_a_duplicate_under_the_id_of_another_post_is_not_taken_back(folder: Path) -> None:
    stage = stage_with(folder, a1="SCHEDULED", a2="SCHEDULED", b="SCHEDULED")
    ids = {item["id"]: item["referenceId"] for item in stage.service.items()}
    (theirs,) = [item_id for item_id, key in ids.items() if key == "b"]

    def blame(items: list[dict[str, Any]]) -> None:
        last = max((item for item in items if item["referenceId"] == "a"), key=lambda item: item["id"])
        other = next(item for item in items if item["referenceId"] == "b")
        last["id"], other["id"] = theirs, last["id"]

    stage.answer = lists(blame)
    stage.run([post("a", at=AT)])
    assert "b SCHEDULED" in states(stage)
    stage.answer = bytes
    (outcome,) = stage.run([post("a", at=AT)], name="r2")
    assert outcome.outcome is O.UNCHANGED
    assert sorted(states(stage)) == ["a CANCELED", "a SCHEDULED", "b SCHEDULED"]


def test_what_is_scheduled_is_not_taken_back_for_a_row_that_asks_for_a_draft(folder: Path) -> None:
    for number, (one, two) in enumerate((("DRAFT", "SCHEDULED"), ("SCHEDULED", "DRAFT"))):
        (folder / str(number)).mkdir()
        stage = stage_with(folder / str(number), a1=one, a2=two)
        (outcome,) = stage.run([post("a")])
        assert (outcome.outcome, outcome.code) == (O.INVALID, "is_scheduled")
        assert sorted(states(stage)) == ["a DRAFT", "a SCHEDULED"]


def test_what_is_scheduled_is_not_taken_back_where_the_draft_could_not_be_published(folder: Path) -> None:
    stage = stage_with(folder, a1="DRAFT", a2="SCHEDULED")
    stage.service.add_fault(kind="status", status=429, code="PUBLISH_LIMIT_EXCEEDED", call="publish_by_id")
    (outcome,) = stage.run([post("a", now=True)])
    assert outcome.outcome is O.BLOCKED
    assert sorted(states(stage)) == ["a DRAFT", "a SCHEDULED"]


def test_a_lost_answer_is_not_settled_by_another_posts_id(folder: Path) -> None:
    stage = stage_with(folder, b="DRAFT")
    stage.service.add_fault(kind="drop_after", call="create_draft", times=1)
    stage.answer = lists(lambda items: len(items) > 1 and swap(items), first=2)
    (outcome,) = stage.run([post("a", text="Text a", at=AT)])
    assert outcome.outcome is O.UNKNOWN, outcome.message
    assert sorted(states(stage)) == ["a DRAFT", "b DRAFT"]
    stage.answer = bytes
    stage.clock.sleep(60)
    (outcome,) = stage.run([post("a", text="Text a", at=AT)], name="r2")
    assert outcome.outcome is O.SCHEDULED
    assert sorted(states(stage)) == ["a SCHEDULED", "b DRAFT"]


def test_a_post_that_was_made_from_here_keeps_its_own_id_whatever_the_list_gives_it(folder: Path) -> None:
    stage = stage_with(folder, b="DRAFT")
    rows = [post("a", text="Text a", at=AT)]
    (made,) = stage.run(rows)
    stage.clock.sleep(60)
    stage.answer = lists(swap)
    (outcome,) = stage.run(rows, name="r2")
    assert (outcome.outcome, outcome.item_id) == (O.UNCHANGED, made.item_id)
    (outcome,) = stage.run([replace(post("a"), action=Action.CANCEL)], name="r3")
    assert (outcome.outcome, outcome.item_id) == (O.CANCELLED, made.item_id)
    assert sorted(states(stage)) == ["a CANCELED", "b DRAFT"]


def test_a_post_is_not_told_as_failed_by_another_posts_state(folder: Path) -> None:
    stage = stage_with(folder, b="FAILED")
    stage.answer = lists(lambda items: len(items) > 1 and swap(items), first=2)
    (outcome,) = stage.run([post("a", text="Text a", at=AT)], via="publish")
    assert outcome.outcome is O.SCHEDULED, outcome.message


def test_a_draft_that_somebody_else_made_stays_where_all_else_is_dead(folder: Path) -> None:
    stage = Stage(folder, "unique on publish")
    stage.furnish(
        [held("a", FACEBOOK, "Text a", status=s, at=AT if s == "FAILED" else None) for s in ("FAILED", "DRAFT")]
    )
    stage.run([post("a", now=True)])
    assert sorted(states(stage)) == ["a DRAFT", "a FAILED"]


def test_a_list_in_capitals_changes_nothing(folder: Path) -> None:
    stage = stage_with(folder, a1="SCHEDULED", a2="SCHEDULED")
    stage.answer = lists(lambda items: [item.update(id=item["id"].upper()) for item in items])
    (outcome,) = stage.run([post("a", at=AT)])
    assert outcome.outcome is O.UNCHANGED
    assert sorted(states(stage)) == ["a CANCELED", "a SCHEDULED"]
    assert outcome.item_id == outcome.item_id.lower()
