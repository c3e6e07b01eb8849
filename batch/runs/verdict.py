"""What an answer means for the step that its call belongs to: two pure tables, and nothing else decides.

`weigh(act, reply)` reads the answer to a changing call; `judge(act, step, item)` reads, from what the site holds,
whether the act has happened. An unclear answer is never taken for done or failed: it is settled by looking.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from batch.model import Act, Item, Status, Step
from batch.plan.compare import content_changes, real_changes, same_second
from batch.publisher.reply import Reply, ReplyKind


class ActionStatus(StrEnum):
    """What is known of an act, and so what it means for its step."""

    DONE = "done"
    """It has happened; the item may still say that the channel refused it."""
    NOT_DONE = "not_done"
    """It is certain that it has not happened: it may be sent again."""
    UNCLEAR = "unclear"
    """It may or may not have happened: look before anything else."""
    REFUSED = "refused"
    """The service said no, or the item is in a state in which it can't happen any more: this row has failed."""
    CONFLICT = "conflict"
    """Another post stands in its place: another account, type or content under the same reference."""
    BLOCK_ACTION = "block_action"
    """The plan or quota is used up: nothing more of this action on this site."""
    BLOCK_CHANNEL = "block_channel"
    """The channel has lost its connection: nothing more on this channel."""
    STOP = "stop"
    """The credential is refused: nothing more on this site."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What is known of an act, the item as last seen, and the code and the sentence where it is not plainly done."""

    status: ActionStatus
    item: Item | None = None
    code: str = ""
    message: str = ""


ALREADY_THERE = "REFERENCE_ID_ALREADY_EXIST"
GONE = frozenset({"ITEM_NOT_EXISTS", "ITEM_IS_DELETED"})
QUOTA_CODES = frozenset({"INELIGIBLE_FOR_FEATURE", "PUBLISH_LIMIT_EXCEEDED"})
CHANNEL_CODES = frozenset({
    "UNSUPPORTED_CHANNEL", "USER_IS_DISCONNECTED", "USER_NOT_EXIST_FOR_CHANNEL", "NO_PAGES_FOR_USER",
})  # fmt: skip
SPENDING = frozenset({Act.PUBLISH, Act.SCHEDULE})
WRONG_STATE = frozenset({404, 409, 428})
"""Statuses by which the service says that an item is not in a state for the call; it may be where it was to get."""

ON_ITS_WAY = frozenset({Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE})
PENDING = frozenset({Status.DRAFT, Status.SCHEDULED})
ENDED = frozenset({Status.CANCELED, Status.DELETED})
DEAD = ENDED | {Status.FAILED}

BY_KIND = {
    ReplyKind.OK: ActionStatus.DONE,
    ReplyKind.NOT_SENT: ActionStatus.NOT_DONE,
    ReplyKind.LIMITED: ActionStatus.NOT_DONE,
    ReplyKind.UNCLEAR: ActionStatus.UNCLEAR,
}


def weigh(act: Act, reply: Reply, *, repeated: bool = False, single_call: bool = False) -> ActionStatus:
    """Say what an answer to a changing call means.

    `repeated`: an earlier try of it had no clear answer. `single_call`: the call was to make its item too, so that
    there was none to be in a wrong state.
    """
    if reply.kind in BY_KIND:
        return BY_KIND[reply.kind]
    if reply.status in (401, 403):
        return ActionStatus.STOP
    if reply.code in QUOTA_CODES and act in SPENDING:
        return ActionStatus.BLOCK_ACTION
    if reply.code in CHANNEL_CODES:
        return ActionStatus.BLOCK_CHANNEL
    if reply.code == ALREADY_THERE:
        return ActionStatus.UNCLEAR
    if act is Act.DELETE and (reply.code in GONE or reply.status == 404):
        return ActionStatus.DONE
    on_item = act is not Act.CREATE and not single_call
    # Another run of the same sheet, or an earlier try, may have done it already.
    looked_at = reply.status in WRONG_STATE and (on_item or repeated)
    return ActionStatus.UNCLEAR if looked_at else ActionStatus.REFUSED


ABSENT, UNKNOWN = "", "in a state that this version does not know"
_STATES = (ABSENT, *Status, UNKNOWN)
_JUDGEMENTS = {
    #                absent  DRAFT    SCHEDULED PROCESSING IN_QUEUE PUBLISHED CANCELED FAILED  DELETED  unknown
    Act.CREATE:     "not     done     done      done       done     done      not      not     not      done",
    Act.UPDATE:     "late    content  content   content    content  content   late     content late     content",
    Act.SCHEDULE:   "late    not      date      done       done     done      late     done    late     late",
    Act.PUBLISH:    "late    not      not       done       done     done      late     done    late     late",
    Act.RESCHEDULE: "late    late     date      sent       sent     sent      late     late    late     late",
    Act.CANCEL:     "late    late     not       late       late     late      done     late    done     late",
    Act.DELETE:     "done    not      not       not        not      not       not      not     done     not",
}  # fmt: skip
"""What an item in each state says of an act: done, not (done), or (too) late; `date`, `sent` and `content` ask more:
done where it is scheduled for its second, has gone out at its second, or says what it should."""
_TABLE = {
    (act, state): word for act, row in _JUDGEMENTS.items() for state, word in zip(_STATES, row.split(), strict=True)
}


def judge(act: Act, step: Step, item: Item | None) -> ActionResult:
    """Say from what the site holds whether the act has happened. `item` None: it holds no such item."""
    state = (item.status or UNKNOWN) if item else ABSENT
    word = _TABLE.get((act, state)) or _TABLE[act, UNKNOWN]
    done = word == "done"
    if item is not None and word in ("date", "sent"):
        done = step.at is not None and item.scheduled_at is not None and same_second(step.at, item.scheduled_at)
    elif item is not None and word == "content":
        done = not content_changes(item.content, step.content)
    if done:
        return ActionResult(ActionStatus.DONE, item)
    if word in ("late", "sent"):
        message = f"the post is {state} on the site" if state else "the post is not on the site any more"
        return ActionResult(ActionStatus.REFUSED, item, message=message)
    return ActionResult(ActionStatus.NOT_DONE, item)


def other_post(step: Step, item: Item) -> str:
    """Return in words how an item under a step's reference is another post, "" where it is the step's own."""
    if item.type != step.type:
        return f"it is a {item.type}, not a {step.type}"
    if step.account_id and item.account_id and item.account_id != step.account_id:
        return f"it is on the account {item.account_id}, not {step.account_id}"
    return "; ".join(f"its {c.field} is {c.old[:60]!r}" for c in real_changes(item.content, step.content))
