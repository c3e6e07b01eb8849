"""The two tables that decide what an answer means: complete, and never taking a doubt for a fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batch.model import Act, Content, Item, Status, Step, StepKind
from batch.publisher.reply import Reply, ReplyKind
from batch.runs.record import done_outcome
from batch.runs.settle import ActionStatus, judge, weigh

AT = datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
CALLS = tuple(act for act in Act if act not in (Act.UPLOAD, Act.WITHDRAW))
STEP = Step(
    row=2, key="a", reference="a", site="", channel="FACEBOOK", type="POST", kind=StepKind.SCHEDULE, reason="",
    at=AT, content=Content(text="new"), item_id="i1",
)  # fmt: skip


def item(status: str, *, at: datetime | None = AT, text: str = "new") -> Item:
    return Item("i1", "FACEBOOK", "POST", status, scheduled_at=at, content=Content(text=text), reference="a")


@pytest.mark.parametrize("act", CALLS)
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (ReplyKind.OK, ActionStatus.DONE),
        (ReplyKind.NOT_SENT, ActionStatus.NOT_DONE),
        (ReplyKind.LIMITED, ActionStatus.NOT_DONE),
        (ReplyKind.UNCLEAR, ActionStatus.UNCLEAR),
    ],
)
def test_only_what_is_known_not_to_have_happened_is_sent_again_unseen(act, kind, status):
    assert weigh(act, Reply(kind)) is status


@pytest.mark.parametrize("act", CALLS)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_stops_everything(act, status):
    assert weigh(act, Reply(ReplyKind.REFUSED, status, "X")) is ActionStatus.STOP


REFUSALS = {
    (Act.CREATE, 409, "REFERENCE_ID_ALREADY_EXIST"): ActionStatus.UNCLEAR,
    (Act.SCHEDULE, 409, "REFERENCE_ID_ALREADY_EXIST"): ActionStatus.UNCLEAR,
    (Act.PUBLISH, 409, "REFERENCE_ID_ALREADY_EXIST"): ActionStatus.UNCLEAR,
    (Act.PUBLISH, 428, "INELIGIBLE_FOR_FEATURE"): ActionStatus.BLOCK_ACTION,
    (Act.SCHEDULE, 428, "INELIGIBLE_FOR_FEATURE"): ActionStatus.BLOCK_ACTION,
    (Act.SCHEDULE, 429, "PUBLISH_LIMIT_EXCEEDED"): ActionStatus.BLOCK_ACTION,
    (Act.SCHEDULE, 428, "UNSUPPORTED_CHANNEL"): ActionStatus.BLOCK_CHANNEL,
    (Act.CREATE, 400, "USER_IS_DISCONNECTED"): ActionStatus.BLOCK_CHANNEL,
    (Act.SCHEDULE, 428, "SCHEDULED_TIME_ALREADY_PASSED"): ActionStatus.UNCLEAR,
    (Act.RESCHEDULE, 428, "ITEM_IS_PUBLISHED"): ActionStatus.UNCLEAR,
    (Act.CANCEL, 428, "ITEM_IS_PUBLISHED"): ActionStatus.UNCLEAR,
    (Act.CREATE, 400, "VALIDATION"): ActionStatus.REFUSED,
    (Act.UPDATE, 404, "ITEM_NOT_EXISTS"): ActionStatus.UNCLEAR,
    (Act.SCHEDULE, 404, "ITEM_NOT_EXISTS"): ActionStatus.UNCLEAR,
    (Act.DELETE, 404, "ITEM_NOT_EXISTS"): ActionStatus.DONE,
    (Act.DELETE, 428, "ITEM_IS_DELETED"): ActionStatus.DONE,
}


@pytest.mark.parametrize(("call", "meaning"), REFUSALS.items())
def test_each_refusal_has_its_meaning(call, meaning):
    act, status, code = call
    assert weigh(act, Reply(ReplyKind.REFUSED, status, code)) is meaning


def test_a_refusal_of_a_repeat_is_looked_at_since_the_first_try_may_have_got_through():
    gone = Reply(ReplyKind.REFUSED, 428, "SCHEDULED_TIME_ALREADY_PASSED")
    assert weigh(Act.SCHEDULE, gone, repeated=True, single_call=True) is ActionStatus.UNCLEAR
    assert weigh(Act.SCHEDULE, gone, single_call=True) is ActionStatus.REFUSED


D, N, V = ActionStatus.DONE, ActionStatus.NOT_DONE, ActionStatus.REFUSED
JUDGED = {
    Act.CREATE: {
        None: N, **dict.fromkeys(Status, D), **dict.fromkeys((Status.FAILED, Status.CANCELED, Status.DELETED), N),
    },
    Act.SCHEDULE: {
        None: V, Status.DRAFT: N, Status.SCHEDULED: D, Status.PROCESSING: D, Status.IN_QUEUE: D, Status.PUBLISHED: D,
        Status.FAILED: D, Status.CANCELED: V, Status.DELETED: V,
    },
    Act.PUBLISH: {
        None: V, Status.DRAFT: N, Status.SCHEDULED: N, Status.PROCESSING: D, Status.IN_QUEUE: D, Status.PUBLISHED: D,
        Status.FAILED: D, Status.CANCELED: V, Status.DELETED: V,
    },
    Act.UPDATE: {
        None: V, Status.CANCELED: V, Status.DELETED: V,
        **dict.fromkeys((Status.DRAFT, Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED), D),
        Status.FAILED: D,
    },
    Act.RESCHEDULE: {
        None: V, **dict.fromkeys(Status, D),
        **dict.fromkeys((Status.DRAFT, Status.FAILED, Status.CANCELED, Status.DELETED), V),
    },
    Act.CANCEL: {
        None: V, Status.SCHEDULED: N, Status.CANCELED: D, Status.DELETED: D,
        **dict.fromkeys((Status.DRAFT, Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED, Status.FAILED), V),
    },
    Act.DELETE: {None: D, Status.DELETED: D, **dict.fromkeys(set(Status) - {Status.DELETED}, N)},
}  # fmt: skip
CELLS = [(act, status) for act in CALLS for status in (None, *Status)]


@pytest.mark.parametrize(("act", "status"), CELLS)
def test_every_state_of_the_site_says_whether_an_act_happened(act, status):
    found = None if status is None else item(status)
    assert judge(act, STEP, found).status is JUDGED[act][status]


@pytest.mark.parametrize("act", CALLS)
def test_a_state_that_nobody_knows_is_never_taken_for_done(act):
    changes_state = act in (Act.SCHEDULE, Act.PUBLISH, Act.RESCHEDULE, Act.CANCEL, Act.DELETE)
    found = judge(act, STEP, item("ARCHIVED_LATER")).status
    assert (found is not ActionStatus.DONE) or not changes_state


def test_another_date_or_another_text_is_not_done():
    late = item(Status.SCHEDULED, at=AT.replace(second=1))
    assert judge(Act.SCHEDULE, STEP, late).status is ActionStatus.NOT_DONE
    assert judge(Act.RESCHEDULE, STEP, late).status is ActionStatus.NOT_DONE
    assert judge(Act.UPDATE, STEP, item(Status.SCHEDULED, text="old")).status is ActionStatus.NOT_DONE


def test_a_fraction_of_a_second_is_the_same_date():
    assert judge(Act.SCHEDULE, STEP, item(Status.SCHEDULED, at=AT.replace(microsecond=7))).status is ActionStatus.DONE


def test_a_failed_post_tells_the_channels_own_reason():
    refused = replace(item(Status.FAILED), error="picture too small")
    result = judge(Act.PUBLISH, STEP, refused)
    assert result.status is ActionStatus.DONE
    assert "picture too small" in done_outcome(STEP, result.item, last=Act.PUBLISH).message
