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

from batch.model import Act, Item, Status, Step
from batch.publisher import items
from batch.publisher.client import Client
from batch.publisher.reply import Reply, ReplyKind
from batch.publisher.retry import RetryBudget, wait_seconds
from batch.run.journal import Recorder
from batch.run.looking import Look, Seen, settle
from batch.run.stop import Stop
from batch.run.verdict import ALREADY_THERE, GONE, Finding, Verdict, weigh

MAX_TRIES = 6
MAX_SECONDS = 600.0
"""Bounds on the repeats of one act, together: whichever comes first."""


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
    Act.SCHEDULE: lambda client, step: items.schedule_whole(client, step)
}
"""The quicker way: create and schedule in one call, for which a second use of a reference is documented as refused."""


def certain_date(step: Step) -> datetime:
    """Return the step's date. A step without one must never get as far as a call: no date means publishing at once."""
    if step.at is None:
        raise AssertionError(f"row {step.row}: a step that schedules has no date")
    return step.at


def carry_out(act: Act, step: Step, *, position: int, tools: Tools, whole: bool = False) -> ActEnd:
    """Do one act of a step and return how it ended. `whole`: create and schedule in one call.

    Errors: JournalError where an intent can't be written (nothing was sent then).
    """
    send = WHOLE[act] if whole else SEND[act]
    began, unclear = tools.clock(), False
    last = Reply(ReplyKind.NOT_SENT, code="NO_CONNECTION", message="the service could not be reached")
    for number in range(1, MAX_TRIES + 1):
        if passed(act, step, tools.now()):
            return date_passed(step)
        if unclear and tools.stop.requested:
            break
        sent_at = tools.now()
        intent = tools.journal.intend(
            tools.run, position, act, reference=step.reference, item_id="" if whole else step.item_id, at=sent_at
        )
        last = send(tools.client, step)
        _record(tools, intent, last)
        verdict = weigh(act, last, repeated=unclear)
        if verdict is Verdict.SETTLE:
            unclear = unclear or last.kind is ReplyKind.UNCLEAR
            end = _settled(act, step, last, sent_at=sent_at, intent=intent, tools=tools, whole=whole)
            if end is not None:
                return end
        elif verdict is not Verdict.RETRY:
            return _plain_end(verdict, last)
        if not _may_repeat(tools, number, last, began=began):
            break
    return _given_up(last)


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


def _plain_end(verdict: Verdict, reply: Reply) -> ActEnd:
    if verdict is Verdict.DONE:
        return ActEnd(End.DONE, item=reply.item)
    return ActEnd(End(verdict.value), code=reply.code, message=reply.message)


def _may_repeat(tools: Tools, number: int, reply: Reply, *, began: float) -> bool:
    """Wait before the next try; False where a bound is reached or the run is to stop."""
    wait = wait_seconds(number, reply.retry_after_seconds, random=tools.random)
    if number == MAX_TRIES or tools.clock() - began + wait > MAX_SECONDS or not tools.budget.take():
        return False
    tools.pause(wait)
    return not tools.stop.requested


def _given_up(reply: Reply) -> ActEnd:
    return ActEnd(
        End.NOT_DONE,
        code=reply.code,
        message=f"It was not done, and nothing was changed: {reply.message.rstrip('.')}.",
        unclear=True,
    )


def _record(tools: Tools, intent: int, reply: Reply) -> None:
    item = reply.item
    tools.journal.record(
        intent,
        kind=reply.kind,
        code=reply.code,
        item_id=item.id if item else "",
        status=item.status if item else "",
        at=tools.now(),
    )
    if reply.kind is ReplyKind.OK:
        tools.budget.give_back()


def _settled(
    act: Act, step: Step, reply: Reply, *, sent_at: datetime, intent: int, tools: Tools, whole: bool
) -> ActEnd | None:
    """Look until it is certain what happened. None: it did not happen, and may be sent again."""
    rival = reply.code == ALREADY_THERE or (reply.code in GONE and reply.kind is ReplyKind.REFUSED)
    seen = settle(act, step, look=tools.look, sent_at=sent_at, by_reference=whole or act is Act.CREATE or rival)
    if seen is None:
        return ActEnd(End.UNKNOWN, code=reply.code, message=_unknown(reply), unclear=True)
    if seen.finding is Finding.NOT_DONE:
        return _rival_end(step, seen, reply) if rival else None
    if seen.finding is Finding.DONE and seen.item is not None:
        tools.journal.record(
            intent, kind="settled", code=reply.code, item_id=seen.item.id, status=seen.item.status, at=tools.now()
        )
    return _seen_end(act, step, seen, reply, tools=tools, rival=rival)


def _seen_end(act: Act, step: Step, seen: Seen, reply: Reply, *, tools: Tools, rival: bool) -> ActEnd:
    if seen.finding is Finding.DONE:
        if rival and act is not Act.CREATE and seen.item is not None and seen.item.id != step.item_id:
            drop_own_draft(step, tools)
        return ActEnd(End.DONE, item=seen.item)
    if seen.finding is Finding.FAILED:
        return ActEnd(End.DONE, item=seen.item)
    code = reply.code or "overtaken"
    return ActEnd(End.REFUSED, item=seen.item, code=code, message=f"It could not be done: {seen.why}.")


def _rival_end(step: Step, seen: Seen, reply: Reply) -> ActEnd:
    """The service says that the reference is taken (or the item gone), but shows nothing that serves in its place."""
    if reply.code in GONE:
        return ActEnd(
            End.REFUSED, code=reply.code, message="The post has been deleted on the site meanwhile; run again."
        )
    shown = f" It shows it as {seen.item.status}." if seen.item else " It does not show it."
    return ActEnd(
        End.CONFLICT,
        item=seen.item,
        code=reply.code,
        message=f"The service says that the key {step.reference!r} is in use or was used before.{shown} "
        f"To make the post anew, run with --again {step.key}.",
    )


def drop_own_draft(step: Step, tools: Tools) -> None:
    """Delete the draft that this run made where another run's item has taken its place; a left draft harms nobody."""
    if step.item_id:
        own = items.get_item(tools.client, step.item_id)
        if own is not None and own.status == Status.DRAFT:
            items.delete_item(tools.client, step.item_id)


def _unknown(reply: Reply) -> str:
    return (
        f"It was sent, and no answer could be had ({reply.message.rstrip('.')}). "
        "Run the same command again: it looks at the site first and sends nothing twice."
    )


def with_item(step: Step, item: Item | None) -> Step:
    """Return the step with the ID of its item, once it is known."""
    return step if item is None or not item.id else replace(step, item_id=item.id)
