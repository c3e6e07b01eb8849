"""One step on its way to one outcome, and the circuit breaker that a site's run shares."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from batch.errors import PostbatchError
from batch.model import Act, Item, Outcome, OutcomeKind, Step
from batch.runs.actions import SiteContext, carry_out, update_item, with_item
from batch.runs.record import broken_outcome, done_outcome, not_run_outcome
from batch.runs.settle import other_result
from batch.runs.verdict import SPENDING, ActionResult, ActionStatus, judge

UNCLEAR_IN_A_ROW = 3
"""This many posts in a row without a clear answer stop the site's run: the service is not well."""

IMMINENT = timedelta(minutes=15)
"""A post that goes out this soon is treated like one that goes out now: there would be no time to take it back."""

SUSPECTS = frozenset({"INELIGIBLE_FOR_FEATURE", "HTTP_428"})
"""Codes by which the service refuses a plan, a quota or a date, or this one post's content."""

DOING = {Act.PUBLISH: "publishing", Act.SCHEDULE: "scheduling"}
DONE_BEFORE = {
    Act.CREATE: "made as a draft",
    Act.UPDATE: "updated",
    Act.RESCHEDULE: "rescheduled",
    Act.SCHEDULE: "scheduled",
    Act.PUBLISH: "published",
    Act.CANCEL: "cancelled",
    Act.DELETE: "deleted",
}
OUTCOMES = {
    ActionStatus.REFUSED: OutcomeKind.FAILED,
    ActionStatus.NOT_DONE: OutcomeKind.FAILED,
    ActionStatus.BLOCK_ACTION: OutcomeKind.BLOCKED,
    ActionStatus.BLOCK_CHANNEL: OutcomeKind.BLOCKED,
    ActionStatus.STOP: OutcomeKind.BLOCKED,
    ActionStatus.UNCLEAR: OutcomeKind.UNKNOWN,
    ActionStatus.CONFLICT: OutcomeKind.CONFLICT,
}
"""What is told of a step whose act did not end as done."""


@dataclass(slots=True)
class CircuitBreaker:
    """What has been found out while running that stops more than one post."""

    actions: dict[Act, ActionResult] = field(default_factory=dict)
    channels: dict[str, ActionResult] = field(default_factory=dict)
    suspected: dict[tuple[Act, str], set[tuple[int, str]]] = field(default_factory=dict)
    unclear: int = 0

    def blocked(self, act: Act, step: Step) -> Outcome | None:
        """Return the outcome of a step whose next act is blocked, None where it may go."""
        result, what = self.actions.get(act), f"no more {DOING.get(act, act)} on this site"
        if result is None:
            result, what = self.channels.get(step.channel), f"nothing more on {step.channel}"
        if result is None:
            return None
        message = f"The service said {result.message.rstrip('.')!r}, so {what}. This one was not sent."
        return broken_outcome(step, OutcomeKind.BLOCKED, code=result.code, message=message)

    def learn(self, act: Act, step: Step, result: ActionResult, *, context: SiteContext) -> None:
        """Take note of what an act's result means for the other posts."""
        if act in SPENDING and result.code in SUSPECTS:
            # It may be about this one post: only a second one with the same answer says something about the site.
            rows = self.suspected.setdefault((act, result.code), set())
            rows.add((step.row, step.key))
            if len(rows) > 1:
                self.actions[act] = result
        elif result.status is ActionStatus.BLOCK_ACTION:
            self.actions[act] = result
        elif result.status is ActionStatus.BLOCK_CHANNEL:
            self.channels[step.channel] = result
        elif result.status is ActionStatus.STOP:
            context.stop.request(f"The service refused the credential: {result.message}")
        unclear = result.status in (ActionStatus.UNCLEAR, ActionStatus.NOT_DONE)
        self.count_unclear(unclear, "for {count} posts in a row, so nothing more was sent", context=context)

    def count_unclear(self, unclear: bool, what: str, *, context: SiteContext) -> None:
        """Count answers in a row that were not clear, and stop the site's run where they are too many."""
        self.unclear = self.unclear + 1 if unclear else 0
        if self.unclear >= UNCLEAR_IN_A_ROW:
            context.stop.request(f"The service gave no clear answer {what.format(count=UNCLEAR_IN_A_ROW)}.")


@dataclass(slots=True)
class StepProgress:
    """A step, how far it has come, and its outcome once it has one.

    `in_flight`: a call for it may be under way. `published_at`: when it was published, where that was to be now.
    """

    position: int
    step: Step
    item: Item | None = None
    done: list[Act] = field(default_factory=list)
    outcome: Outcome | None = None
    in_flight: bool = False
    published_at: datetime | None = None

    @property
    def remaining(self) -> tuple[Act, ...]:
        """The acts that are still to be done, in order."""
        return tuple(act for act in self.step.own_acts if act not in self.done)

    @property
    def made(self) -> str:
        """The ID of the item that was made for it in this run, "" where none was."""
        return self.step.item_id if Act.CREATE in self.done else ""

    @property
    def replaces(self) -> bool:
        """Whether it has its draft and is still to take back what that replaces."""
        return self.outcome is None and Act.CREATE in self.done and bool(self.step.duplicates)

    def goes_out_soon(self, now: datetime) -> bool:
        """Tell whether a post goes out now or so soon that there would be no time to take it back."""
        return Act.PUBLISH in self.step.acts or (self.step.at is not None and self.step.at - now < IMMINENT)

    def keep_item(self, item: Item | None) -> None:
        """Take note of a newer look at the step's item."""
        if item is not None:
            self.item = item
            self.step = with_item(self.step, item)

    def finish(self) -> None:
        """Give a step whose acts are all done its outcome."""
        if self.outcome is None and not self.remaining:
            last = self.done[-1] if self.done else Act.UPDATE
            self.outcome = done_outcome(self.step, self.item, last=last, published_at=self.published_at)

    def end(self, result: ActionResult) -> None:
        """Give a step its outcome where an act did not end as done."""
        kind, message, item = OUTCOMES[result.status], result.message, result.item or self.item
        if self.done and kind is not OutcomeKind.UNKNOWN:
            message += f" Before that it was {' and '.join(DONE_BEFORE[act] for act in self.done)}."
        self.outcome = broken_outcome(
            self.step,
            kind,
            code=result.code,
            message=message,
            item_id=self.step.item_id,
            status=item.status if item else "",
        )

    def end_as_other(self, item: Item, why: str) -> None:
        """Give a step its outcome where another post stands under its reference: nothing is sent in its place."""
        self.end(other_result(self.step, item, why))


def advance(
    progress: StepProgress, act: Act, *, context: SiteContext, breaker: CircuitBreaker, single_call: bool = False
) -> None:
    """Do the next act of a step; where it can't go on, give it its outcome."""
    if act not in progress.remaining or progress.outcome is not None:
        return
    if context.stop.requested:
        progress.outcome = not_run_outcome(progress.step, why=context.stop.reason, item_id=progress.made)
        return
    progress.outcome = breaker.blocked(act, progress.step)
    if progress.outcome is not None:
        return
    found = progress.item if Act.CREATE in progress.done else None
    if found is not None and judge(act, progress.step, found).status is ActionStatus.DONE:
        # It was found instead of made, and is further on than a draft.
        progress.done.append(act)
        return
    progress.in_flight = True
    try:
        notice = ""
        if act is Act.UPDATE:
            result, notice = update_item(progress.step, position=progress.position, context=context)
        else:
            result = carry_out(act, progress.step, position=progress.position, context=context, single_call=single_call)
    except PostbatchError:
        # Raised only where nothing was sent; anything else leaves it open, and the outcome has to say so.
        progress.in_flight = False
        raise
    progress.in_flight = False
    if notice:
        progress.step = replace(progress.step, warnings=(*progress.step.warnings, notice))
    if single_call and result.status is ActionStatus.NOT_DONE and result.item is not None:
        progress.done.append(Act.CREATE)
        progress.keep_item(result.item)
        return
    if single_call and result.status is ActionStatus.DONE:
        progress.done.append(Act.CREATE)
    take_result(progress, act, result, context=context, breaker=breaker)


def take_result(
    progress: StepProgress, act: Act, result: ActionResult, *, context: SiteContext, breaker: CircuitBreaker
) -> None:
    """Take note of how an act ended, for the step and for what it means for the others."""
    if result.status is ActionStatus.DONE:
        progress.done.append(act)
        progress.keep_item(result.item)
        if act is Act.PUBLISH:
            progress.published_at = context.now()
    else:
        progress.end(result)
    breaker.learn(act, progress.step, result, context=context)
