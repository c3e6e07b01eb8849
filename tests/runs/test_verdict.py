"""The two tables that decide what an answer means: complete, and never taking a doubt for a fact."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batch.model import Act, Content, Item, Status, Step, StepKind
from batch.publisher.reply import Reply, ReplyKind
from batch.runs.verdict import Finding, Verdict, judge, weigh

AT = datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
CALLS = tuple(act for act in Act if act is not Act.UPLOAD)
STEP = Step(
    row=2, key="a", reference="a", site="", channel="FACEBOOK", type="POST", kind=StepKind.SCHEDULE, reason="",
    at=AT, content=Content(text="new"), item_id="i1",
)  # fmt: skip


def item(status: str, *, at: datetime | None = AT, text: str = "new") -> Item:
    return Item("i1", "FACEBOOK", "POST", status, scheduled_at=at, content=Content(text=text), reference="a")


@pytest.mark.parametrize("act", CALLS)
@pytest.mark.parametrize(
    ("kind", "verdict"),
    [
        (ReplyKind.OK, Verdict.DONE),
        (ReplyKind.NOT_SENT, Verdict.RETRY),
        (ReplyKind.LIMITED, Verdict.RETRY),
        (ReplyKind.UNCLEAR, Verdict.SETTLE),
    ],
)
def test_only_what_is_known_not_to_have_happened_is_sent_again_unseen(act, kind, verdict):
    assert weigh(act, Reply(kind)) is verdict


@pytest.mark.parametrize("act", CALLS)
@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_credential_stops_everything(act, status):
    assert weigh(act, Reply(ReplyKind.REFUSED, status, "X")) is Verdict.STOP


REFUSALS = {
    (Act.CREATE, 409, "REFERENCE_ID_ALREADY_EXIST"): Verdict.SETTLE,
    (Act.SCHEDULE, 409, "REFERENCE_ID_ALREADY_EXIST"): Verdict.SETTLE,
    (Act.PUBLISH, 409, "REFERENCE_ID_ALREADY_EXIST"): Verdict.SETTLE,
    (Act.PUBLISH, 428, "INELIGIBLE_FOR_FEATURE"): Verdict.BLOCK_ACTION,
    (Act.SCHEDULE, 428, "INELIGIBLE_FOR_FEATURE"): Verdict.BLOCK_ACTION,
    (Act.SCHEDULE, 429, "PUBLISH_LIMIT_EXCEEDED"): Verdict.BLOCK_ACTION,
    (Act.SCHEDULE, 428, "UNSUPPORTED_CHANNEL"): Verdict.BLOCK_CHANNEL,
    (Act.CREATE, 400, "USER_IS_DISCONNECTED"): Verdict.BLOCK_CHANNEL,
    (Act.SCHEDULE, 428, "SCHEDULED_TIME_ALREADY_PASSED"): Verdict.SETTLE,
    (Act.RESCHEDULE, 428, "ITEM_IS_PUBLISHED"): Verdict.SETTLE,
    (Act.CANCEL, 428, "ITEM_IS_PUBLISHED"): Verdict.SETTLE,
    (Act.CREATE, 400, "VALIDATION"): Verdict.REFUSED,
    (Act.UPDATE, 404, "ITEM_NOT_EXISTS"): Verdict.SETTLE,
    (Act.SCHEDULE, 404, "ITEM_NOT_EXISTS"): Verdict.SETTLE,
    (Act.DELETE, 404, "ITEM_NOT_EXISTS"): Verdict.DONE,
    (Act.DELETE, 428, "ITEM_IS_DELETED"): Verdict.DONE,
}


@pytest.mark.parametrize(("call", "verdict"), REFUSALS.items())
def test_each_refusal_has_its_meaning(call, verdict):
    act, status, code = call
    assert weigh(act, Reply(ReplyKind.REFUSED, status, code)) is verdict


def test_a_refusal_of_a_repeat_is_looked_at_since_the_first_try_may_have_got_through():
    gone = Reply(ReplyKind.REFUSED, 428, "SCHEDULED_TIME_ALREADY_PASSED")
    assert weigh(Act.SCHEDULE, gone, repeated=True, whole=True) is Verdict.SETTLE
    assert weigh(Act.SCHEDULE, gone, whole=True) is Verdict.REFUSED


D, N, F, V = Finding.DONE, Finding.NOT_DONE, Finding.FAILED, Finding.OVERTAKEN
JUDGED = {
    Act.CREATE: {
        None: N, **dict.fromkeys(Status, D), **dict.fromkeys((Status.FAILED, Status.CANCELED, Status.DELETED), N),
    },
    Act.SCHEDULE: {
        None: V, Status.DRAFT: N, Status.SCHEDULED: D, Status.PROCESSING: D, Status.IN_QUEUE: D, Status.PUBLISHED: D,
        Status.FAILED: F, Status.CANCELED: V, Status.DELETED: V,
    },
    Act.PUBLISH: {
        None: V, Status.DRAFT: N, Status.SCHEDULED: N, Status.PROCESSING: D, Status.IN_QUEUE: D, Status.PUBLISHED: D,
        Status.FAILED: F, Status.CANCELED: V, Status.DELETED: V,
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
    assert judge(act, STEP, found).finding is JUDGED[act][status]


@pytest.mark.parametrize("act", CALLS)
def test_a_state_that_nobody_knows_is_never_taken_for_done(act):
    changes_state = act in (Act.SCHEDULE, Act.PUBLISH, Act.RESCHEDULE, Act.CANCEL, Act.DELETE)
    finding = judge(act, STEP, item("ARCHIVED_LATER")).finding
    assert (finding is not Finding.DONE) or not changes_state


def test_another_date_or_another_text_is_not_done():
    late = item(Status.SCHEDULED, at=AT.replace(second=1))
    assert judge(Act.SCHEDULE, STEP, late).finding is Finding.NOT_DONE
    assert judge(Act.RESCHEDULE, STEP, late).finding is Finding.NOT_DONE
    assert judge(Act.UPDATE, STEP, item(Status.SCHEDULED, text="old")).finding is Finding.NOT_DONE


def test_a_fraction_of_a_second_is_the_same_date():
    assert judge(Act.SCHEDULE, STEP, item(Status.SCHEDULED, at=AT.replace(microsecond=7))).finding is Finding.DONE


def test_a_failed_post_tells_the_channels_own_reason():
    refused = replace(item(Status.FAILED), error="picture too small")
    assert judge(Act.PUBLISH, STEP, refused).why == "picture too small"
