"""What an answer means for the call that it answers: two pure tables, and nothing else decides.

`weigh(act, reply)` says what to do about an answer to a changing call; `judge(act, step, item)` says, from what the
site holds, whether the act has happened. An unclear answer is never taken for done or failed: it is looked up.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple

from batch.model import Act, Item, Status, Step
from batch.plan.compare import content_changes, same_second
from batch.publisher.reply import Reply, ReplyKind


class Verdict(StrEnum):
    """What to do about an answer."""

    DONE = "done"
    RETRY = "retry"
    """It is known not to have arrived, or was turned away unread: send it again after a pause."""
    SETTLE = "settle"
    """It may or may not have happened: look before anything else."""
    REFUSED = "refused"
    """The service said no: this row has failed."""
    BLOCK_ACTION = "block_action"
    """The plan or quota is used up: nothing more of this action on this site."""
    BLOCK_CHANNEL = "block_channel"
    """The channel has lost its connection: nothing more on this channel."""
    STOP = "stop"
    """The credential is refused: nothing more on this site."""


ALREADY_THERE = "REFERENCE_ID_ALREADY_EXIST"
GONE = frozenset({"ITEM_NOT_EXISTS", "ITEM_IS_DELETED"})
QUOTA_CODES = frozenset({"INELIGIBLE_FOR_FEATURE", "PUBLISH_LIMIT_EXCEEDED"})
CHANNEL_CODES = frozenset({
    "UNSUPPORTED_CHANNEL", "USER_IS_DISCONNECTED", "USER_NOT_EXIST_FOR_CHANNEL", "NO_PAGES_FOR_USER",
})  # fmt: skip
SPENDING = frozenset({Act.PUBLISH, Act.SCHEDULE})
PLAN_OR_QUOTA = 428
"""What this status means on the calls of `SPENDING` where nothing but the status is told."""

BY_KIND = {
    ReplyKind.OK: Verdict.DONE,
    ReplyKind.NOT_SENT: Verdict.RETRY,
    ReplyKind.LIMITED: Verdict.RETRY,
    ReplyKind.UNCLEAR: Verdict.SETTLE,
}


WRONG_STATE = frozenset({404, 409, 428})
"""Statuses by which the service says that an item is not in a state for the call; it may be where it was to get."""


def weigh(act: Act, reply: Reply, *, repeated: bool = False, whole: bool = False) -> Verdict:
    """Say what to do about an answer to a changing call.

    `repeated`: an earlier try of it had no clear answer. `whole`: the call was to make its item, so that there was none
    to be in a wrong state.
    """
    if reply.kind in BY_KIND:
        return BY_KIND[reply.kind]
    if reply.status in (401, 403):
        return Verdict.STOP
    if reply.code in QUOTA_CODES and act in SPENDING:
        return Verdict.BLOCK_ACTION
    if reply.code in CHANNEL_CODES:
        return Verdict.BLOCK_CHANNEL
    if reply.code == ALREADY_THERE:
        return Verdict.SETTLE
    if act is Act.DELETE and (reply.code in GONE or reply.status == 404):
        return Verdict.DONE
    on_item = act is not Act.CREATE and not whole
    # Another run of the same sheet, or an earlier try, may have done it already.
    return Verdict.SETTLE if reply.status in WRONG_STATE and (on_item or repeated) else Verdict.REFUSED


class Finding(StrEnum):
    """What a look at the site says about an act."""

    DONE = "done"
    NOT_DONE = "not_done"
    FAILED = "failed"
    OVERTAKEN = "overtaken"
    """The item is in a state in which the act can't happen any more."""
    OTHER = "other"
    """There is an item with the reference, and it is another post: another account, type or content."""


class Judged(NamedTuple):
    """A finding, and the sentence that explains it where it is not plainly done or not done."""

    finding: Finding
    why: str = ""


ON_ITS_WAY = frozenset({Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE})
ENDED = frozenset({Status.CANCELED, Status.DELETED})
DEAD = ENDED | {Status.FAILED}


def judge(act: Act, step: Step, item: Item | None) -> Judged:
    """Say from what the site holds whether the act has happened. `item` None: it holds no such item."""
    return _JUDGES[act](step, item)


def other_post(step: Step, item: Item) -> str:
    """Return in words how an item under a step's reference is another post, "" where it is the step's own."""
    if item.type != step.type:
        return f"it is a {item.type}, not a {step.type}"
    if step.account_id and item.account_id and item.account_id != step.account_id:
        return f"it is on the account {item.account_id}, not {step.account_id}"
    return "; ".join(f"its {c.field} is {c.old[:60]!r}" for c in content_changes(item.content, step.content))


def _judge_create(_step: Step, item: Item | None) -> Judged:
    return Judged(Finding.NOT_DONE if item is None or item.status in DEAD else Finding.DONE)


def _judge_schedule(step: Step, item: Item | None) -> Judged:
    if item is None:
        return Judged(Finding.OVERTAKEN, "the site does not hold the post any more")
    if item.status == Status.SCHEDULED:
        return Judged(Finding.DONE if on_time(step, item) else Finding.NOT_DONE)
    if item.status == Status.DRAFT:
        return Judged(Finding.NOT_DONE)
    return _judge_sent(item)


def _judge_publish(_step: Step, item: Item | None) -> Judged:
    if item is None:
        return Judged(Finding.OVERTAKEN, "the site does not hold the post any more")
    if item.status in (Status.DRAFT, Status.SCHEDULED):
        return Judged(Finding.NOT_DONE)
    return _judge_sent(item)


def on_time(step: Step, item: Item) -> bool:
    """Tell whether an item is scheduled for the second that its step says."""
    return step.at is not None and item.scheduled_at is not None and same_second(step.at, item.scheduled_at)


def _judge_sent(item: Item) -> Judged:
    if item.status in ON_ITS_WAY:
        return Judged(Finding.DONE)
    if item.status == Status.FAILED:
        return Judged(Finding.FAILED, item.error or "the channel refused it and gave no reason")
    return Judged(Finding.OVERTAKEN, f"the post is {item.status} on the site")


def _judge_reschedule(step: Step, item: Item | None) -> Judged:
    if item is not None and item.status == Status.SCHEDULED:
        return Judged(Finding.DONE if on_time(step, item) else Finding.NOT_DONE)
    if item is not None and item.status in ON_ITS_WAY and on_time(step, item):
        return Judged(Finding.DONE)
    return _overtaken(item)


def _judge_update(step: Step, item: Item | None) -> Judged:
    if item is None or item.status in ENDED:
        return _overtaken(item)
    return Judged(Finding.NOT_DONE if content_changes(item.content, step.content) else Finding.DONE)


def _judge_cancel(_step: Step, item: Item | None) -> Judged:
    if item is not None and item.status == Status.SCHEDULED:
        return Judged(Finding.NOT_DONE)
    if item is not None and item.status in ENDED:
        return Judged(Finding.DONE)
    return _overtaken(item)


def _judge_delete(_step: Step, item: Item | None) -> Judged:
    return Judged(Finding.DONE if item is None or item.status == Status.DELETED else Finding.NOT_DONE)


def _overtaken(item: Item | None) -> Judged:
    state = "not on the site any more" if item is None else f"{item.status} on the site"
    return Judged(Finding.OVERTAKEN, f"the post is {state}")


_JUDGES: dict[Act, Callable[[Step, Item | None], Judged]] = {
    Act.CREATE: _judge_create,
    Act.SCHEDULE: _judge_schedule,
    Act.PUBLISH: _judge_publish,
    Act.UPDATE: _judge_update,
    Act.RESCHEDULE: _judge_reschedule,
    Act.CANCEL: _judge_cancel,
    Act.DELETE: _judge_delete,
}
