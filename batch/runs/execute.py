"""Carry out one site's plan: every step gets exactly one outcome, whatever breaks.

    1. what changes nothing has its outcome at once
    2. what withdraws or changes comes first: a cancellation can be urgent, and may free quota
    3. what goes out now or within minutes: drafts are made, the site is looked at for another run's item with the same
       reference, and only then is one published, one at a time
    4. the rest, soonest first, by the way that was asked for
    5. the site is read back and compared with the plan

A step that the run does not come to is `not_run`, never missing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from batch.codec import to_json
from batch.errors import JournalError, PostbatchError
from batch.model import Act, Item, Outcome, OutcomeKind, Status
from batch.runs.actions import SiteContext, drop_own_draft, withdraw
from batch.runs.bulk import schedule_in_parts
from batch.runs.progress import CircuitBreaker, StepProgress, advance
from batch.runs.record import CUT_OFF, NumberedStep, broken_outcome, idle_outcome, not_run_outcome
from batch.runs.settle import rank
from batch.runs.verdict import DEAD, ON_ITS_WAY, ActionResult, ActionStatus, other_post
from batch.runs.verify import read_back

WENT_OUT = frozenset({OutcomeKind.PUBLISHED, OutcomeKind.PROCESSING})
"""Outcomes of a post that went out without a date: its time is when that was known."""

FAR = datetime.max.replace(tzinfo=UTC)

Emit = Callable[[int, Outcome], None]
MediaBringer = Callable[[Sequence[StepProgress], SiteContext], None]
"""Brings the media of the steps into the Media Manager; gives a step whose media fail its outcome."""


@dataclass(slots=True)
class _SiteRun:
    """One site's run: what it works with, whom it tells, and what it has told."""

    context: SiteContext
    emit: Emit
    breaker: CircuitBreaker = field(default_factory=CircuitBreaker)
    told: set[int] = field(default_factory=set)

    def keep(self, post: StepProgress) -> None:
        """Tell an outcome: to the caller first, for the journal may be what has failed."""
        if post.outcome is None:
            return
        post.outcome = replace(post.outcome, changed=bool(post.done) or Act.WITHDRAW in post.step.acts)
        if post.outcome.outcome in WENT_OUT and post.outcome.publish_at is None:
            post.outcome = replace(post.outcome, publish_at=self.context.now())
        self.emit(post.position, post.outcome)
        self.told.add(post.position)
        try:
            if post.step.acts:
                self.context.journal.keep_outcome(self.context.run, post.position, to_json(post.outcome))
        except JournalError as error:
            self.context.stop.request(str(error))

    def do(self, post: StepProgress, *, single_call: bool = False) -> None:
        """Do what remains of a step, and tell its outcome."""
        if single_call and post.outcome is None:
            advance(post, Act.SCHEDULE, context=self.context, breaker=self.breaker, single_call=True)
        for act in post.remaining:
            if post.replaces and not self._take_back_replaced(post):
                break
            advance(post, act, context=self.context, breaker=self.breaker)
        post.finish()
        self.keep(post)

    def _take_back_replaced(self, post: StepProgress) -> bool:
        """Take back what a new draft replaces, so that at no time two of them would go out; False where that fails."""
        for item_id in post.step.duplicates:
            item = self.context.reader.by_id(item_id)
            if item is None or item.status in DEAD:
                continue
            if item.status in ON_ITS_WAY or not withdraw(item, post.step, position=post.position, context=self.context):
                message = (
                    f"The post that it replaces ({item_id}) could not be taken back, so the new one stays a draft. "
                    "Run again: the plan then shows what is there."
                )
                post.end(ActionResult(ActionStatus.CONFLICT, item, "not_replaced", message))
                return False
        return True

    def do_soon(self, posts: Sequence[StepProgress]) -> None:
        """Make all drafts, look for competing items, and only then send them out, one at a time.

        Of two runs that both look after both have made their draft, the one that looks last sees the other's, also
        where the service lets a reference be used twice and where its list is late. What follows is `yield_to`.
        """
        for post in posts:
            advance(post, Act.CREATE, context=self.context, breaker=self.breaker)
        made = [post for post in posts if post.outcome is None and Act.CREATE in post.done]
        if made and not self.context.stop.requested:
            held: defaultdict[str, list[Item]] = defaultdict(list)
            for item in self.context.reader.up_to_date([post.step.item_id for post in made]):
                held[item.reference].append(item)
            for post in made:
                yield_to(post, competing_with(post, held[post.step.reference]), context=self.context)
        for post in posts:
            self.do(post)

    def do_all(self, posts: Sequence[StepProgress], *, via: str) -> None:
        """Do the steps in their order, new posts last."""
        new = [post for post in posts if post.outcome is None and Act.CREATE in post.step.acts]
        for post in posts:
            if post.outcome is not None:
                self.keep(post)
            elif Act.CREATE not in post.step.acts:
                self.do(post)
        # Told apart only now: what came before may have taken minutes.
        soon = [post for post in new if post.goes_out_soon(self.context.now())]
        imminent = {post.position for post in soon}
        later = [post for post in new if post.position not in imminent]
        self.do_soon(soon)
        if via == "bulk":
            dated = [post for post in later if Act.SCHEDULE in post.remaining and not post.step.duplicates]
            schedule_in_parts(dated, context=self.context, breaker=self.breaker)
        for post in later:
            if post.outcome is None and not post.done and post.goes_out_soon(self.context.now()):
                self.do_soon([post])
            else:
                single_call = via == "publish" and Act.SCHEDULE in post.remaining and not post.step.duplicates
                self.do(post, single_call=single_call)

    def leave_none_out(self, posts: Sequence[StepProgress]) -> None:
        """Give what the run did not come to its outcome; the journal may be what failed, so it is not asked."""
        for post in posts:
            if post.position in self.told:
                continue
            if post.outcome is None and post.in_flight:
                post.outcome = broken_outcome(post.step, OutcomeKind.UNKNOWN, code="cut_off", message=CUT_OFF)
            elif post.outcome is None:
                why = self.context.stop.reason or "The run ended early."
                post.outcome = not_run_outcome(post.step, why=why, item_id=post.made)
            post.outcome = replace(post.outcome, changed=bool(post.done))
            self.emit(post.position, post.outcome)


def execute(
    steps: Sequence[NumberedStep],
    *,
    context: SiteContext,
    emit: Emit,
    via: str = "draft",
    bring_media: MediaBringer | None = None,
) -> None:
    """Carry out the steps of one site and emit each one's outcome (again, where reading back shows more).

    `via` is `draft`, `publish` or `bulk`: how posts that are only scheduled are sent.
    """
    run = _SiteRun(context, emit)
    posts = [StepProgress(numbered.position, numbered.step) for numbered in steps]
    for post in posts:
        if not post.step.acts:
            post.outcome = idle_outcome(post.step)
            run.keep(post)
    busy = sorted((post for post in posts if post.step.acts), key=_urgency)
    try:
        if bring_media is not None:
            bring_media(busy, context)
        run.do_all(busy, via=via)
        read_back(busy, context=context, keep=run.keep)
    except PostbatchError as error:
        context.stop.request(str(error))
    finally:
        run.leave_none_out(busy)


def _urgency(post: StepProgress) -> tuple[int, datetime, int]:
    """Order steps: what withdraws, what changes, what is published now, then by date; drafts last."""
    step = post.step
    if Act.CANCEL in step.acts or Act.DELETE in step.acts:
        return 0, FAR, post.position
    if Act.PUBLISH in step.acts:
        return 2, FAR, post.position
    if Act.CREATE not in step.acts and Act.SCHEDULE not in step.acts:
        return 1, step.at or FAR, post.position
    return (3, step.at, post.position) if step.at else (4, FAR, post.position)


def competing_with(post: StepProgress, items: Sequence[Item]) -> list[Item]:
    """Return the living items of others that carry this post's reference, the one that stands for it first."""
    step = post.step
    same = (item for item in items if item.reference == step.reference and item.channel == step.channel)
    return sorted((item for item in same if item.id != step.item_id and item.status not in DEAD), key=rank)


def yield_to(post: StepProgress, competing: Sequence[Item], *, context: SiteContext) -> None:
    """Of several items for one post let only one go out: no item can go out twice, so all runs adopt the same one.

    What is further on than a draft is adopted. Of drafts the smallest ID stands: a run that sees a smaller one than its
    own gives its own up for it; the run that owns the smallest waits, for the other may have looked too early to see it
    and be about to send its own out. A competing item that stays a draft for longer than a call can take has lost its
    run, and is adopted.
    """
    patience_ends = context.clock() + context.call_window_seconds
    while competing and competing[0].status == Status.DRAFT and competing[0].id > post.step.item_id:
        if context.clock() > patience_ends:
            break
        context.pause(context.settle_seconds * (0.5 + context.random()))
        if context.stop.requested:
            return
        competing = competing_with(post, context.reader.everything())
    if not competing:
        return
    drop_own_draft(post.step, position=post.position, context=context)
    other = other_post(post.step, competing[0])
    if other:
        post.end_as_other(competing[0], other)
    else:
        post.keep_item(competing[0])
