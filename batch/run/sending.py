"""One changing act, from its intent to a certain end: sent, weighed, settled by looking, repeated only where harmless.

The order that every promise rests on: the date is looked at, the intent is committed, the call is sent once, what came
back is committed, and only then is it decided what it means. Nothing is sent again before a look has shown that it did
not happen, unless it is known never to have arrived.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from batch.model import Act, Item, Step
from batch.publisher import items
from batch.publisher.client import Client
from batch.publisher.reply import Reply, ReplyKind, refused_by_status
from batch.publisher.retry import wait_seconds
from batch.run.ends import ActEnd as ActEnd
from batch.run.ends import Call, plain_end, settle_call, unknown_end
from batch.run.ends import End as End
from batch.run.looking import settle
from batch.run.tools import Tools as Tools
from batch.run.tools import note_reply
from batch.run.verdict import PLAN_OR_QUOTA, SPENDING, Finding, Verdict, weigh

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
