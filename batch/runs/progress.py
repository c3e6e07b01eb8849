"""One step on its way to one outcome, and the brakes that a site's run shares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from batch.errors import PostbatchError
from batch.model import Act, Item, Outcome, OutcomeKind, Step
from batch.runs.actions import ActEnd, End, Tools, carry_out, other_end, with_item
from batch.runs.record import broken_outcome, done_outcome, not_run_outcome
from batch.runs.verdict import Finding, judge

UNCLEAR_IN_A_ROW = 3
"""This many posts in a row without a clear answer stop the site's run: the service is not well."""

IMMINENT = timedelta(minutes=15)
"""A post that goes out this soon is treated like one that goes out now: there would be no time to take it back."""

ACTION_WORDS = {Act.PUBLISH: "publishing", Act.SCHEDULE: "scheduling"}


@dataclass(slots=True)
class Brakes:
    """What has been found out while running that stops more than one post."""

    actions: dict[Act, ActEnd] = field(default_factory=dict)
    channels: dict[str, ActEnd] = field(default_factory=dict)
    unclear: int = 0

    def on(self, act: Act, step: Step) -> Outcome | None:
        """Return the outcome of a step whose next act is braked, None where it may go."""
        end, what = self.actions.get(act), f"no more {ACTION_WORDS.get(act, act)} on this site"
        if end is None:
            end, what = self.channels.get(step.channel), f"nothing more on {step.channel}"
        if end is None:
            return None
        return broken_outcome(
            step,
            OutcomeKind.BLOCKED,
            code=end.code,
            message=f"The service said {end.message.rstrip('.')!r}, so {what}. This one was not sent.",
        )


@dataclass(slots=True)
class Work:
    """A step, how far it has come, and its outcome once it has one. `in_hand`: a call for it may be under way."""

    position: int
    step: Step
    item: Item | None = None
    done: list[Act] = field(default_factory=list)
    outcome: Outcome | None = None
    in_hand: bool = False

    @property
    def left(self) -> tuple[Act, ...]:
        """The acts that are still to be done, in order."""
        return tuple(act for act in self.step.acts if act not in self.done and act is not Act.UPLOAD)


def goes_out_soon(work: Work, now: datetime) -> bool:
    """Tell whether a post goes out now or so soon that there would be no time to take it back."""
    return Act.PUBLISH in work.step.acts or (work.step.at is not None and work.step.at - now < IMMINENT)


def advance(work: Work, act: Act, *, tools: Tools, brakes: Brakes, whole: bool = False) -> None:
    """Do the next act of a step; where it can't go on, give it its outcome."""
    if act not in work.left or work.outcome is not None:
        return
    if tools.stop.requested:
        work.outcome = not_run_outcome(work.step, why=tools.stop.reason, item_id=_made(work))
        return
    work.outcome = brakes.on(act, work.step)
    if work.outcome is not None or _adopted_already(work, act):
        return
    work.in_hand = True
    try:
        end = carry_out(act, work.step, position=work.position, tools=tools, whole=whole)
    except PostbatchError:
        # Raised only where nothing was sent; anything else leaves it open, and the outcome has to say so.
        work.in_hand = False
        raise
    work.in_hand = False
    if whole and end.end is End.DONE:
        work.done.append(Act.CREATE)
    apply_end(work, act, end, tools=tools, brakes=brakes)


def _adopted_already(work: Work, act: Act) -> bool:
    """An item that was found instead of made may be further on than a draft: then the act is done already."""
    if work.item is None or act is Act.CREATE or judge(act, work.step, work.item).finding is not Finding.DONE:
        return False
    if Act.CREATE not in work.done:
        return False
    work.done.append(act)
    return True


def apply_end(work: Work, act: Act, end: ActEnd, *, tools: Tools, brakes: Brakes) -> None:
    """Take note of how an act ended, for the step and for what it means for the others."""
    if end.end is not End.DONE:
        work.outcome = _outcome_of(end, work)
    else:
        work.done.append(act)
        if end.item is not None:
            work.item = end.item
            work.step = with_item(work.step, end.item)
    _brake(act, work.step, end, tools=tools, brakes=brakes)


_KINDS = {
    End.REFUSED: OutcomeKind.FAILED,
    End.NOT_DONE: OutcomeKind.FAILED,
    End.BLOCK_ACTION: OutcomeKind.BLOCKED,
    End.BLOCK_CHANNEL: OutcomeKind.BLOCKED,
    End.STOP: OutcomeKind.BLOCKED,
    End.UNKNOWN: OutcomeKind.UNKNOWN,
    End.CONFLICT: OutcomeKind.CONFLICT,
}


def _outcome_of(end: ActEnd, work: Work) -> Outcome:
    kind, message, item = _KINDS[end.end], end.message, end.item or work.item
    if work.done and kind is not OutcomeKind.UNKNOWN:
        message += f" Before that it was {_past(work.done)}."
    return broken_outcome(
        work.step,
        kind,
        code=end.code,
        message=message,
        item_id=work.step.item_id,
        status=item.status if item else "",
    )


PAST = {
    Act.CREATE: "made as a draft",
    Act.UPDATE: "updated",
    Act.RESCHEDULE: "rescheduled",
    Act.SCHEDULE: "scheduled",
    Act.PUBLISH: "published",
    Act.CANCEL: "cancelled",
    Act.DELETE: "deleted",
}


def _past(done: list[Act]) -> str:
    return " and ".join(PAST[act] for act in done)


def _brake(act: Act, step: Step, end: ActEnd, *, tools: Tools, brakes: Brakes) -> None:
    brakes.unclear = brakes.unclear + 1 if end.unclear else 0
    if end.end is End.BLOCK_ACTION:
        brakes.actions[act] = end
    elif end.end is End.BLOCK_CHANNEL:
        brakes.channels[step.channel] = end
    elif end.end is End.STOP:
        tools.stop.request(f"The service refused the credential: {end.message}")
    if brakes.unclear >= UNCLEAR_IN_A_ROW:
        tools.stop.request(
            f"The service gave no clear answer for {UNCLEAR_IN_A_ROW} posts in a row, so nothing more was sent."
        )


def _made(work: Work) -> str:
    return work.step.item_id if Act.CREATE in work.done else ""


def finish(work: Work) -> None:
    """Give a step whose acts are all done its outcome."""
    if work.outcome is None and not work.left:
        last = work.done[-1] if work.done else Act.UPDATE
        work.outcome = done_outcome(work.step, work.item, last=last)


def take_other(work: Work, item: Item, why: str) -> None:
    """Give a step its outcome where another post stands under its reference: nothing is sent in its place."""
    work.outcome = _outcome_of(other_end(work.step, item, why), work)


def keep_item(work: Work, item: Item | None) -> None:
    """Take note of a newer look at the step's item."""
    if item is not None:
        work.item = item
        work.step = replace(work.step, item_id=item.id)
