from __future__ import annotations

from itertools import product

import pytest

from batch.model import Action, Status, StepKind
from batch.plan.decisions import ABSENT, TABLE, WISHES, Decision, contradiction, wanted_of
from tests.plan.builders import Builders

FOUND = (ABSENT, *Status)


def test_every_wish_and_every_state_has_a_decision() -> None:
    assert set(TABLE) == {(wanted, str(found)) for wanted, found in product(WISHES, FOUND)}


def test_every_decision_is_used_and_only_unknown_states_use_the_last() -> None:
    assert set(Decision) - set(TABLE.values()) == {Decision.UNKNOWN}


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({}, Action.SCHEDULE),
        ({"publish_at": None, "now": True}, Action.PUBLISH),
        ({"publish_at": None}, Action.DRAFT),
        ({"action": Action.DRAFT}, Action.DRAFT),
        ({"action": Action.PUBLISH, "publish_at": None}, Action.PUBLISH),
        ({"action": Action.SCHEDULE}, Action.SCHEDULE),
        ({"action": Action.RESCHEDULE}, Action.RESCHEDULE),
        ({"action": Action.CANCEL, "publish_at": None}, Action.CANCEL),
        ({"action": Action.DELETE, "publish_at": None}, Action.DELETE),
    ],
)
def test_a_row_wants_what_its_action_says_and_a_blank_one_follows_the_date(
    make: Builders, changes: dict[str, object], wanted: Action
) -> None:
    assert wanted_of(make.post(**changes)) is wanted
    assert contradiction(make.post(**changes)) is None


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
    refusal = contradiction(make.post(**changes))
    assert refusal is not None
    assert (refusal.kind, refusal.code) == (StepKind.INVALID, code)
