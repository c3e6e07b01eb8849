"""One changing act, from its intent to a certain end: sent, weighed, settled by looking, repeated only where harmless.

The order that every promise rests on: the date is looked at, the intent is committed, the call is sent once, what came
back is committed, and only then is it decided what it means. Nothing is sent again before a look has shown that it did
not happen, unless it is known never to have arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from batch.errors import JournalError, PostbatchError
from batch.model import Act, Item, Status, Step
from batch.publisher import items
from batch.publisher.client import Client
from batch.publisher.items import certain_date
from batch.publisher.reply import Reply, ReplyKind, refused_by_status
from batch.publisher.retry import RetryBudget, wait_seconds
from batch.runs.control import Stop
from batch.runs.journal import Recorder
from batch.runs.settle import Look, Seen, look_once, settle
from batch.runs.verdict import ALREADY_THERE, GONE, PLAN_OR_QUOTA, SPENDING, Finding, Verdict, weigh


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run of one site works with. Clocks and waits are arguments, so that they can be played."""

    client: Client
    journal: Recorder
    run: str
    now: Callable[[], datetime]
    clock: Callable[[], float]
    stop: Stop
    random: Callable[[], float]
    pause: Callable[[float], None]
    settle_seconds: float = 15.0
    budget: RetryBudget = field(default_factory=RetryBudget)
    say: Callable[[str], None] = lambda _text: None

    @property
    def look(self) -> Look:
        """The way to look at the site."""
        return Look(self.client, pause=self.pause, now=self.now, settle_seconds=self.settle_seconds)


def note_reply(tools: Tools, intent: int, act: Act, reply: Reply, *, item_id: str) -> None:
    """Commit what a call brought back. `item_id`: the item that it was about, "" where it was to make one."""
    item, done = reply.item, reply.kind is ReplyKind.OK
    status = item.status if item else str(Status.DELETED) if done and act is Act.DELETE else ""
    note(
        tools, intent, kind=reply.kind, code=reply.code,
        item_id=item.id if item else item_id if done else "", status=status,
    )  # fmt: skip
    if done:
        tools.budget.give_back()


def note(tools: Tools, intent: int, *, kind: str, code: str = "", item_id: str = "", status: str = "") -> None:
    """Commit a result. Where the journal can't take it the run stops, but what is known of the call stays known."""
    try:
        tools.journal.record(intent, kind=kind, code=code, item_id=item_id, status=status, at=tools.now())
    except JournalError as error:
        tools.stop.request(str(error))


WITHDRAWN = frozenset({Status.CANCELED, Status.DELETED})

_WAYS: dict[str, tuple[Act, Callable[[Client, str], Reply]]] = {
    Status.SCHEDULED: (Act.CANCEL, items.cancel_item),
    Status.DRAFT: (Act.DELETE, items.delete_item),
}


def withdraw(item: Item, *, position: int, tools: Tools) -> bool:
    """Take an item back before it goes out; True where it will not. Errors: ServiceError, SignInError, JournalError."""
    way = _WAYS.get(item.status)
    if way is not None:
        act, call = way
        intent = tools.journal.intend(
            tools.run, position, act, reference=item.reference, item_id=item.id, at=tools.now()
        )
        note_reply(tools, intent, act, call(tools.client, item.id), item_id=item.id)
    now = tools.look.by_id(item.id)
    return now is None or now.status in WITHDRAWN


def drop_own_draft(item_id: str, *, position: int, tools: Tools) -> None:
    """Delete the draft that this run made where another run's item has taken its place; a left draft harms nobody."""
    if not item_id:
        return
    try:
        own = tools.look.by_id(item_id)
        if own is not None and own.status == Status.DRAFT:
            withdraw(own, position=position, tools=tools)
    except PostbatchError as error:
        tools.say(f"The draft {item_id}, which is not needed any more, could not be deleted: {error}")


class End(StrEnum):
    """How an act ended."""

    DONE = "done"
    REFUSED = "refused"
    BLOCK_ACTION = "block_action"
    BLOCK_CHANNEL = "block_channel"
    STOP = "stop"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"
    NOT_DONE = "not_done"
    """It is certain that it did not happen, though the service never said no."""


@dataclass(frozen=True, slots=True)
class ActEnd:
    """How an act ended, the item as last seen, and the words for it. `unclear`: the service gave no clear answer."""

    end: End
    item: Item | None = None
    code: str = ""
    message: str = ""
    unclear: bool = False


class Call(NamedTuple):
    """A call that was sent, what came back, and when its answer came or was given up."""

    act: Act
    step: Step
    position: int
    reply: Reply
    intent: int
    ended_at: datetime
    whole: bool

    @property
    def rival(self) -> bool:
        """Whether the service says that another item stands in the place of ours, or that ours is gone."""
        gone = self.act in SPENDING and self.reply.code in GONE and self.reply.kind is ReplyKind.REFUSED
        return self.reply.code == ALREADY_THERE or gone

    @property
    def by_reference(self) -> bool:
        """Whether the item is to be looked for under its reference, since no ID of it is known or it lost its place."""
        return self.whole or self.act is Act.CREATE or self.rival


def plain_end(verdict: Verdict, reply: Reply) -> ActEnd:
    """Return the end of an act whose answer was plain."""
    if verdict is Verdict.DONE:
        return ActEnd(End.DONE, item=reply.item)
    return ActEnd(End(verdict.value), code=reply.code, message=reply.message)


def unknown_end(reply: Reply) -> ActEnd:
    """Return the end of an act of which it can't be told whether it happened."""
    message = (
        f"It was sent, and no answer could be had ({reply.message.rstrip('.')}). "
        "Run the same command again: it looks at the site first and sends nothing twice."
    )
    return ActEnd(End.UNKNOWN, code=reply.code, message=message, unclear=True)


def settle_call(call: Call, *, tools: Tools, patient: bool = False) -> ActEnd | None:
    """Look until it is certain what happened. None: it did not happen, and may be sent again."""
    seen = _look(call, tools=tools, patient=patient)
    if seen is None:
        return unknown_end(call.reply)
    if seen.finding is Finding.NOT_DONE:
        if call.rival:
            return _rival_end(call.step, seen, call.reply)
        return plain_end(Verdict.REFUSED, call.reply) if call.reply.kind is ReplyKind.REFUSED else None
    if seen.item is not None and seen.finding in (Finding.DONE, Finding.FAILED):
        note(tools, call.intent, kind="settled", code=call.reply.code, item_id=seen.item.id, status=seen.item.status)
    return _seen_end(call, seen, tools=tools)


def _look(call: Call, *, tools: Tools, patient: bool) -> Seen | None:
    if call.reply.kind is ReplyKind.REFUSED and not call.by_reference:
        # The service said no and an ID is known: one look tells whether the item is where it was to get.
        try:
            return look_once(call.act, call.step, look=tools.look, by_reference=False)
        except PostbatchError:
            return None
    return settle(
        call.act, call.step, look=tools.look, ended_at=call.ended_at, by_reference=call.by_reference, patient=patient
    )


def _seen_end(call: Call, seen: Seen, *, tools: Tools) -> ActEnd:
    if seen.finding in (Finding.DONE, Finding.FAILED):
        if call.rival and call.act is not Act.CREATE:
            drop_own_draft(call.step.item_id, position=call.position, tools=tools)
        return ActEnd(End.DONE, item=seen.item)
    if seen.finding is Finding.OTHER:
        return other_end(call.step, seen.item, seen.why)
    if seen.item is not None and seen.item.status not in set(Status):
        return unknown_end(Reply(ReplyKind.UNCLEAR, code="unknown_status", message=seen.why))
    code = call.reply.code or "overtaken"
    return ActEnd(End.REFUSED, item=seen.item, code=code, message=f"It could not be done: {seen.why}.")


def other_end(step: Step, item: Item | None, why: str) -> ActEnd:
    """Return the end of an act in whose place there is another post under the same reference."""
    return ActEnd(
        End.CONFLICT,
        item=item,
        code="other_post",
        message=f"While this ran, another post with the key {step.key} was made on the site, and {why}. "
        "Nothing was sent in its place. Run again: the plan then shows both.",
    )


def _rival_end(step: Step, seen: Seen, reply: Reply) -> ActEnd:
    """The service says that the reference is taken (or the item gone), but shows nothing that serves in its place."""
    if reply.code in GONE:
        message = "The post has been deleted on the site meanwhile. Run again: the plan then shows what is there."
        return ActEnd(End.REFUSED, code=reply.code, message=message)
    shown = f" It shows it as {seen.item.status}." if seen.item else " It does not show it."
    return ActEnd(
        End.CONFLICT,
        item=seen.item,
        code=reply.code,
        message=f"The service says that the key {step.reference!r} is in use or was used before.{shown} "
        f"Run again; if that does not help, make the post anew with --again {step.key}.",
    )


MAX_TRIES = 6
MAX_UNCLEAR = 3
MAX_SECONDS = 600.0
"""Bounds on the repeats of one act, together, whichever comes first; an unclear answer costs two looks each time."""

GATEWAY_TRIES = 2
"""Tries of an act that a gateway refuses (a page with a 4xx and no word of the service): a third says the same."""


SEND: dict[Act, Callable[[Client, Step], Reply]] = {
    Act.CREATE: lambda client, step: items.create_draft(client, step),
    Act.SCHEDULE: lambda client, step: items.schedule_item(client, step.item_id, at=certain_date(step)),
    Act.PUBLISH: lambda client, step: items.publish_item_now(client, step.item_id),
    Act.UPDATE: lambda client, step: items.update_item(client, step.item_id, step),
    Act.RESCHEDULE: lambda client, step: items.reschedule_item(client, step.item_id, at=certain_date(step)),
    Act.CANCEL: lambda client, step: items.cancel_item(client, step.item_id),
    Act.DELETE: lambda client, step: items.delete_item(client, step.item_id),
}
"""The one call of each act. A step that reaches it carries the ID of its item, but for CREATE."""

WHOLE: dict[Act, Callable[[Client, Step], Reply]] = {
    Act.SCHEDULE: lambda client, step: items.create_scheduled(client, step)
}
"""The quicker way: create and schedule in one call, for which a second use of a reference is documented as refused."""


def carry_out(act: Act, step: Step, *, position: int, tools: Tools, whole: bool = False) -> ActEnd:
    """Do one act of a step and return how it ended. `whole`: create and schedule in one call.

    Errors: JournalError where an intent can't be written (nothing was sent then).
    """
    send = WHOLE[act] if whole else SEND[act]
    began, unclear = tools.clock(), 0
    last, ended_at = Reply(ReplyKind.NOT_SENT, code="NO_CONNECTION", message="it could not be sent"), tools.now()
    for number in range(1, MAX_TRIES + 1):
        # The rate limit may hold a call up for a minute, so the date is looked at after that wait and not before it.
        tools.client.pace.until_free()
        if passed(act, step, tools.now()):
            return date_passed(step)
        if unclear and tools.stop.requested:
            break
        item_id = "" if whole else step.item_id
        intent = tools.journal.intend(
            tools.run, position, act, reference=step.reference, item_id=item_id, at=tools.now()
        )
        last = send(tools.client, step)
        ended_at = tools.now()
        note_reply(tools, intent, act, last, item_id=item_id)
        verdict = weigh(act, last, repeated=unclear > 0, whole=whole)
        if verdict is Verdict.SETTLE:
            unclear += last.kind is ReplyKind.UNCLEAR
            call = Call(act, step, position, last, intent, ended_at, whole)
            end = settle_call(call, tools=tools, patient=number == MAX_TRIES or unclear == MAX_UNCLEAR)
            if end is not None:
                return end
        elif verdict is not Verdict.RETRY:
            return plain_end(verdict, last)
        if unclear == MAX_UNCLEAR or not _may_repeat(tools, number, last, began=began):
            break
    return _given_up(act, step, last, ended_at=ended_at, tools=tools, whole=whole)


def passed(act: Act, step: Step, now: datetime) -> bool:
    """Tell whether the date of an act has gone by: then it is refused and never caught up."""
    return act in (Act.SCHEDULE, Act.RESCHEDULE) and certain_date(step) <= now


def date_passed(step: Step) -> ActEnd:
    """Return the end of an act whose date has gone by."""
    return ActEnd(
        End.REFUSED,
        code="date_passed",
        message=f"The time {step.local_time or step.at} had passed when its turn came, so it was not sent. "
        "Give it a new date and run again.",
    )


def _may_repeat(tools: Tools, number: int, reply: Reply, *, began: float) -> bool:
    """Wait before the next try; False where a bound is reached or the run is to stop."""
    tries = GATEWAY_TRIES if refused_by_status(reply) is not reply else MAX_TRIES
    wait = wait_seconds(number, reply.retry_after_seconds, random=tools.random)
    if number >= tries or tools.clock() - began + wait > MAX_SECONDS or not tools.budget.take():
        return False
    tools.pause(wait)
    return not tools.stop.requested


def _given_up(act: Act, step: Step, reply: Reply, *, ended_at: datetime, tools: Tools, whole: bool) -> ActEnd:
    """End an act that was tried often enough, or that a stop has cut off: not done, where that is certain."""
    if reply.kind is ReplyKind.UNCLEAR:
        by_reference = whole or act is Act.CREATE
        seen = settle(act, step, look=tools.look, ended_at=ended_at, by_reference=by_reference, patient=True)
        if seen is None:
            return unknown_end(reply)
        if seen.finding in (Finding.DONE, Finding.FAILED):
            return ActEnd(End.DONE, item=seen.item)
    if reply.status == PLAN_OR_QUOTA and act in SPENDING:
        message = "The service refused it (HTTP 428): the site's plan does not include this, or its quota is used up."
        return ActEnd(End.BLOCK_ACTION, code=reply.code, message=message)
    return ActEnd(
        End.NOT_DONE,
        code=reply.code,
        message=f"It was not done, and nothing was changed: {reply.message.rstrip('.')}.",
        unclear=True,
    )


def with_item(step: Step, item: Item | None) -> Step:
    """Return the step with the ID of its item, once it is known."""
    return step if item is None or not item.id else replace(step, item_id=item.id)
