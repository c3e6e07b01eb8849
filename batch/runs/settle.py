"""What an answer means for the step that its call belongs to, and how a doubt is settled by looking at the site.

Two pure tables decide, and nothing else: `weigh(act, reply)` reads the answer to a changing call; `judge(act, step,
item)` reads, from what the site holds, whether the act has happened. An unclear answer is never taken for done or
failed. It is settled by looking: by ID where there is one, else through the list, by our reference.

A list may lag behind what was just written, so "it is not there" counts only when a second look, after the time that
the site may need (`settle_seconds`), agrees. That time is reckoned from the end of the call: the service may have
carried it out only then. "It is there" counts at once, where it is this post and not another under the same reference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from batch.errors import PostbatchError
from batch.model import Act, Item, Status, Step
from batch.plan.compare import content_changes, real_changes, same_second
from batch.plan.matching import split_reference
from batch.publisher import items
from batch.publisher.client import Client
from batch.publisher.reply import Reply, ReplyKind
from batch.wording import STATUS_WORDS


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
    """Another post has its place: another account, type or content under the same reference."""
    BLOCK_ACTION = "block_action"
    """The plan or quota is used up: nothing more of this action on this site."""
    BLOCK_CHANNEL = "block_channel"
    """The channel has lost its connection: nothing more on this channel."""
    STOP = "stop"
    """The credential is refused: nothing more on this site."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What is known of an act, the item as last seen, and the code and the sentence where it is not plainly done.

    `at` is when the journal has it that it was answered, None where that isn't known.
    """

    status: ActionStatus
    item: Item | None = None
    code: str = ""
    message: str = ""
    at: datetime | None = None


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
    """Say what an answer means; `repeated`: after an unclear one; `single_call`: its call was to make its item too."""
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


SECOND_LOOK_SECONDS = 2.0
"""Pause before the second look at an item that is read by its ID, where there is no list to lag."""

UNREADABLE = "UNREADABLE"
"""The code of a doubt that could not be settled since the site could not be read."""

RUN_AGAIN = "Run the same command again: it looks at the site first and sends nothing twice."

LIVE_FIRST = (Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE, Status.SCHEDULED, Status.DRAFT, Status.FAILED)
"""Which of several items with one reference stands for it: the one nearest to the public, then the smallest ID."""

UNCERTAIN = frozenset({ActionStatus.NOT_DONE, ActionStatus.UNCLEAR})
"""What a second look may change: a list that was old, or that gave an item another's ID."""


@dataclass(frozen=True, slots=True)
class SiteReader:
    """The ways to look at one site."""

    client: Client
    pause: Callable[[float], None]
    now: Callable[[], datetime]
    settle_seconds: float
    as_sent: Callable[[Item], Item] = lambda item: item
    """Returns an item with the content that was sent, where it shows what the service made of that."""

    def everything(self) -> tuple[Item, ...]:
        """Return all items of the site. Errors: ServiceError, SignInError."""
        return tuple(self.as_sent(item) for item in items.query_items(self.client))

    def by_id(self, item_id: str) -> Item | None:
        """Return the item as it is now, None where the site holds none. Errors: ServiceError, SignInError."""
        item = items.get_item(self.client, item_id)
        return None if item is None else self.as_sent(item)

    def confirmed(self, listed: Iterable[Item]) -> list[Item]:
        """Return listed items as each is when read by its ID, without those that are another post there."""
        read = [(entry.reference, self.by_id(entry.id)) for entry in listed]
        return [
            replace(item, reference=reference)
            for reference, item in read
            if item is not None and item.reference in ("", reference)
        ]

    def still_lists(self, step: Step) -> bool:
        """Tell whether the list shows a step's post alive, also after the time that it may be late by."""
        for wait in (0.0, self.settle_seconds):
            if wait:
                self.pause(wait)
            shown = [item for item in self.everything() if step.reference and item.reference == step.reference]
            if all(item.status == Status.DELETED for item in shown):
                return False
        return True

    def up_to_date(self, made: Collection[str]) -> tuple[Item, ...]:
        """Return all items as they were no earlier than when the items of these IDs were made.

        A list that shows them is late by less than that; one that does not is read again when it has had its time. Of
        two runs that both make a post and both look like this, the one that looks last sees both.
        """
        listed = self.everything()
        if {item.id for item in listed}.issuperset(made):
            return listed
        self.pause(self.settle_seconds)
        return self.everything()


class Call(NamedTuple):
    """A call that was sent, what came back and when (UTC). `single_call`: it was to make the item too."""

    act: Act
    step: Step
    position: int
    reply: Reply
    intent: int
    ended_at: datetime
    single_call: bool = False

    @property
    def competing(self) -> bool:
        """Whether the service says that another item has the place of ours, or that ours is gone."""
        gone = self.act in SPENDING and self.reply.code in GONE and self.reply.kind is ReplyKind.REFUSED
        return self.reply.code == ALREADY_THERE or gone

    @property
    def by_reference(self) -> bool:
        """Whether the item is to be looked for under its reference, since no ID of it is known or it lost its place."""
        return self.single_call or self.act is Act.CREATE or self.competing

    @property
    def refused(self) -> bool:
        """Whether the service said no about an item of a known ID: one look tells whether it is where it was to get."""
        return self.reply.kind is ReplyKind.REFUSED and not self.by_reference


def rank(item: Item) -> tuple[int, str]:
    """Order items of one reference: the one that stands for it first, the same way on every machine."""
    place = {str(status): number for number, status in enumerate(LIVE_FIRST)}
    return place.get(item.status, len(place)), item.id


def is_version(item: Item | None, step: Step) -> bool:
    """Tell whether an item that was read by its ID is the post of a step, in any attempt of its key."""
    own = split_reference(step.reference)[0]
    return item is not None and (not item.reference or not own or split_reference(item.reference)[0] == own)


def others_of(step: Step, listed: Iterable[Item], reader: SiteReader) -> list[Item]:
    """Return the living other items that are listed under a step's reference, as each is by its ID, by `rank`."""
    return sorted(reader.confirmed(item for item in _beside(step, listed) if item.status not in DEAD), key=rank)


def _beside(step: Step, listed: Iterable[Item]) -> list[Item]:
    same = (item for item in listed if item.reference == step.reference and item.channel == step.channel)
    return [item for item in same if item.id != step.item_id]


def settle(calls: Sequence[Call], *, reader: SiteReader, wait_full_window: bool = False) -> list[ActionResult]:
    """Look until it is certain what each call did, else UNCLEAR; `wait_full_window`: give the site all its time."""
    results = [unclear_result(call.reply) for call in calls]
    try:
        results = _look(calls, reader)
        again = [n for n, call in enumerate(calls) if results[n].status in UNCERTAIN and not call.refused]
        if again:
            wait_full_window = wait_full_window or any(calls[n].by_reference for n in again)
            seconds = reader.settle_seconds if wait_full_window else min(SECOND_LOOK_SECONDS, reader.settle_seconds)
            up_to_date = max(calls[n].ended_at for n in again) + timedelta(seconds=seconds)
            for n in again:
                results[n] = unclear_result(calls[n].reply)
            reader.pause(max(0.0, (up_to_date - reader.now()).total_seconds()))
            # A stop cuts the pause short, and then "not there" is not yet certain.
            too_soon = wait_full_window and reader.now() < up_to_date
            for n, result in zip(again, _look([calls[n] for n in again], reader), strict=True):
                if not (too_soon and result.status is ActionStatus.NOT_DONE):
                    results[n] = result
    except PostbatchError as error:
        message = f"It was sent, but the site couldn't be read to check it ({error}). {RUN_AGAIN}"
        unread = ActionResult(ActionStatus.UNCLEAR, code=UNREADABLE, message=message)
        results = [unread if result.status is ActionStatus.UNCLEAR else result for result in results]
    return [_told(call, result) for call, result in zip(calls, results, strict=True)]


def _look(calls: Sequence[Call], reader: SiteReader) -> list[ActionResult]:
    """Look once for each call, and at the list once for all. Errors: ServiceError, SignInError."""
    listed = reader.everything() if any(call.by_reference for call in calls) else ()
    return [_observe(call, listed, reader) for call in calls]


def _observe(call: Call, listed: Sequence[Item], reader: SiteReader) -> ActionResult:
    act, step = call.act, call.step
    if not call.by_reference:
        return judge(act, step, reader.by_id(step.item_id))
    others = _beside(step, listed)
    making = call.single_call and not call.competing
    candidates = [item for item in others if not making or item.status not in ENDED]
    if not candidates:
        return ActionResult(ActionStatus.NOT_DONE)
    item = min(reader.confirmed(candidates), key=rank, default=None)
    if item is None:
        return unclear_result(call.reply)
    other = other_post(step, item)
    return other_result(step, item, other) if other else judge(act, step, item)


def _told(call: Call, result: ActionResult) -> ActionResult:
    """Return what was seen in the words of the call that it answers."""
    reply, step, item = call.reply, call.step, result.item
    not_done = result.status is ActionStatus.NOT_DONE
    adoptable = call.single_call and item is not None and item.status not in DEAD
    ended = item is not None and item.status in ENDED and result.status is ActionStatus.REFUSED
    if call.competing and (ended or (not_done and not adoptable)):
        if reply.code in GONE:
            message = "The post has been deleted on the site meanwhile. Run again: the plan then shows what is there."
            return ActionResult(ActionStatus.REFUSED, code=reply.code, message=message)
        shown = (
            f"On the site it is {STATUS_WORDS.get(item.status, item.status)}." if item else "The site doesn't show it."
        )
        message = (
            f"The service reports that the key {step.reference!r} is in use or was used before. {shown} "
            f"Run again; if that doesn't help, post it again with --again {step.key}."
        )
        return ActionResult(ActionStatus.CONFLICT, item, reply.code, message)
    if not_done and reply.kind is ReplyKind.REFUSED and not adoptable:
        return ActionResult(ActionStatus.REFUSED, code=reply.code, message=reply.message)
    if result.status is ActionStatus.REFUSED and item is not None and item.status not in set(Status):
        return unclear_result(Reply(ReplyKind.UNCLEAR, code="unknown_status", message=result.message))
    if result.status is ActionStatus.REFUSED:
        message = f"It could not be done: {result.message}."
        return ActionResult(ActionStatus.REFUSED, item, reply.code or "overtaken", message)
    return result


def unclear_result(reply: Reply) -> ActionResult:
    """Return the result of an act of which it can't be told whether it happened."""
    message = f"It was sent, but no clear answer came back ({reply.message.rstrip('.')}). {RUN_AGAIN}"
    return ActionResult(ActionStatus.UNCLEAR, code=reply.code, message=message)


def other_result(step: Step, item: Item | None, why: str) -> ActionResult:
    """Return the result of an act in whose place there is another post under the same reference."""
    message = (
        f"While this ran, another post with the key {step.key} was made on the site, and {why}. "
        "Nothing was sent in its place. Run again: the plan then shows both."
    )
    return ActionResult(ActionStatus.CONFLICT, item, "other_post", message)
