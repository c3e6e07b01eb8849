from __future__ import annotations

from itertools import product

import pytest

from batch.model import Action, Status, StepKind
from batch.plan.decisions import ABSENT, REFUSALS, TABLE, Decision, Wanted, contradiction_of, decide, wanted_of
from tests.plan.builders import Builders

FOUND = (ABSENT, *Status)


def test_every_wish_and_every_state_has_a_decision() -> None:
    assert set(TABLE) == {(wanted, str(found)) for wanted, found in product(Wanted, FOUND)}


def test_every_decision_is_used_and_only_unknown_states_use_the_last() -> None:
    assert set(Decision) - set(TABLE.values()) == {Decision.REFUSE_STATE}


@pytest.mark.parametrize("wanted", Wanted)
@pytest.mark.parametrize("found", ["", "ARCHIVED", "scheduled", "PENDING_REVIEW"])
def test_a_state_that_nobody_decided_on_is_refused(wanted: Wanted, found: str) -> None:
    expected = TABLE[wanted, ABSENT] if found == ABSENT else Decision.REFUSE_STATE
    assert decide(wanted, found) is expected


def test_every_refusal_changes_nothing() -> None:
    assert {refusal.kind for refusal in REFUSALS.values()} <= {StepKind.INVALID, StepKind.CONFLICT, StepKind.FAILED}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, Wanted.SCHEDULED),
        ({"publish_at": None, "now": True}, Wanted.NOW),
        ({"publish_at": None}, Wanted.DRAFT),
        ({"action": Action.DRAFT}, Wanted.DRAFT),
        ({"action": Action.PUBLISH, "publish_at": None}, Wanted.NOW),
        ({"action": Action.SCHEDULE}, Wanted.SCHEDULED),
        ({"action": Action.RESCHEDULE}, Wanted.RESCHEDULED),
        ({"action": Action.CANCEL, "publish_at": None}, Wanted.CANCELLED),
        ({"action": Action.DELETE, "publish_at": None}, Wanted.DELETED),
    ],
)
def test_a_row_wants_what_its_action_says_and_a_blank_one_follows_the_date(
    make: Builders, changes: dict[str, object], wanted: Wanted
) -> None:
    assert wanted_of(make.post(**changes)) is wanted
    assert contradiction_of(make.post(**changes)) is None


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"action": Action.PUBLISH}, "publish_with_date"),
        ({"action": Action.SCHEDULE, "publish_at": None}, "date_missing"),
        ({"action": Action.SCHEDULE, "publish_at": None, "now": True}, "date_missing"),
        ({"action": Action.RESCHEDULE, "publish_at": None}, "date_missing"),
        ({"action": Action.DRAFT, "publish_at": None, "now": True}, "draft_now"),
    ],
)
def test_an_action_and_a_date_that_contradict_each_other_are_refused(
    make: Builders, changes: dict[str, object], code: str
) -> None:
    refusal = contradiction_of(make.post(**changes))
    assert refusal is not None
    assert (refusal.kind, refusal.code) == (StepKind.INVALID, code)
