"""How an act ended, and the words for it; and settling a call whose answer left open what happened."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from batch.errors import PostbatchError
from batch.model import Act, Item, Status, Step
from batch.publisher.reply import Reply, ReplyKind
from batch.run.looking import Seen, look_once, settle
from batch.run.tools import Tools, note
from batch.run.verdict import ALREADY_THERE, GONE, SPENDING, Finding, Verdict
from batch.run.withdrawing import drop_own_draft


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
