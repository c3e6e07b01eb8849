"""Carry out one site's plan: every step gets exactly one outcome, whatever breaks.

    1. what changes nothing has its outcome at once
    2. what withdraws or changes comes first: a cancellation can be urgent, and may free quota
    3. what goes out now or within minutes: drafts are made, the site is looked at for another run's item with the same
       reference, and only then is one published, one at a time
    4. the rest, soonest first, by the way that was asked for: one by one, or up to 50 posts in one bulk call
    5. the site is read back and compared with the plan

A step that the run does not come to is `not_run`, never missing. A bulk answer is believed only where it speaks of a
post by index, ID and reference without contradiction; whatever it leaves open is looked up, and what the site then does
not hold goes on one by one. Publishing now is never sent in bulk.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from batch.codec import to_json
from batch.errors import PostbatchError
from batch.model import Act, Item, Outcome, OutcomeKind, Status
from batch.plan.safety import BULK_AHEAD, BULK_MORE_THAN, BULK_PART, sent_in_bulk
from batch.plan.slots import Calendar
from batch.publisher import items
from batch.publisher.pace import wait_seconds
from batch.publisher.reply import Reply, ReplyKind
from batch.runs.actions import (
    IMMINENT,
    MAX_TRIES,
    SiteContext,
    StepProgress,
    advance,
    date_passed,
    drop_own_draft,
    passed,
    take_result,
    withdraw,
)
from batch.runs.record import CUT_OFF, NumberedStep, broken_outcome, not_run_outcome, planned_outcome
from batch.runs.settle import (
    DEAD,
    ON_ITS_WAY,
    QUOTA_CODES,
    RUN_AGAIN,
    UNREADABLE,
    ActionResult,
    ActionStatus,
    Call,
    is_version,
    other_post,
    other_result,
    others_of,
    settle,
    weigh,
)
from batch.runs.verify import read_back
from batch.wording import counted

WENT_OUT = frozenset({OutcomeKind.PUBLISHED, OutcomeKind.PROCESSING})
"""Outcomes of a post that went out without a date: its time is when that was known."""

BULK_FAILURES = 2
"""After so many bulk calls in a row that did not go through, the rest goes one by one."""
BULK_FACT, BULK_MISSING = "bulk", "not offered"
"""What is kept of a service that does not know the bulk call: by the way `auto` it is not asked again."""
SMALLEST_PART = 12
"""A part that is refused for its size is halved, but not below this."""
TOO_MANY = frozenset({400, 413, 422})
PLAN_CODE = "INELIGIBLE_FOR_FEATURE"
"""Said of a whole part it may mean no bulk calls in the plan, or too little quota for all: one by one tells."""

NOT_OFFERED = frozenset({404, 405, 501})
"""Statuses by which the service says that it does not know the bulk call."""
LEFT_OPEN = f"It was sent in a bulk call whose answer left it open. {RUN_AGAIN}"

SLOT_TAKEN = (
    "Another post ({other}) was scheduled for {at} on this account since the plan was made, so nothing was sent. Run "
    "again: the post gets the next free slot."
)

FAR = datetime.max.replace(tzinfo=UTC)

Emit = Callable[[int, Outcome], None]


@dataclass(slots=True)
class _SiteRun:
    """One site's run: what it works with, whom it tells, and what it has told."""

    context: SiteContext
    emit: Emit
    via: str
    bulk_more_than: int
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
        if post.step.acts:
            told, context = to_json(post.outcome), self.context
            context.keep(lambda: context.journal.keep_outcome(context.run, post.position, told))

    def do(self, post: StepProgress, *, single_call: bool = False) -> None:
        """Do what remains of a step, and tell its outcome."""
        if single_call and post.outcome is None:
            advance(post, Act.SCHEDULE, context=self.context, single_call=True)
        for act in post.remaining:
            if post.replaces and not self._take_back_replaced(post):
                break
            advance(post, act, context=self.context)
        post.finish()
        self.keep(post)

    def _take_back_replaced(self, post: StepProgress) -> bool:
        """Take back what a new draft replaces, so that at no time two of them would go out; False where that fails.

        What the list gives the ID of another post is that post's, and what has none may be alive under its own.
        """
        step, reader = post.step, self.context.reader
        found = {item_id: reader.by_id(item_id) for item_id in step.duplicates}
        for item_id, item in found.items():
            gone = item is None or item.status in DEAD
            listed = [i for i in reader.everything() if i.reference not in ("", step.reference)] if gone else []
            alive = any(is_version(i, step) and i.status not in DEAD for i in listed)
            if alive or (item is not None and not is_version(item, step)):
                message = (
                    f"The site's list gives the post that this one replaces ({item_id}) an ID that is not its own, so "
                    "it was not replaced. Run again: the list may be right by then."
                )
                drop_own_draft(step, position=post.position, context=self.context)
                post.end(ActionResult(ActionStatus.CONFLICT, code="wrong_id", message=message))
                return False
        for item in found.values():
            if item is None or item.status in DEAD:
                continue
            if item.status in ON_ITS_WAY or not withdraw(item, step, position=post.position, context=self.context):
                message = (
                    f"The post that it replaces ({item.id}) could not be taken back, so the new one stays a draft. "
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
            advance(post, Act.CREATE, context=self.context)
        made = [post for post in posts if post.outcome is None and Act.CREATE in post.done]
        if made and not self.context.stop.requested:
            listed = self.context.reader.up_to_date([post.step.item_id for post in made])
            for post in made:
                yield_to(post, listed, context=self.context)
        for post in posts:
            self.do(post)

    def leave_taken_slots(self, posts: Sequence[StepProgress]) -> None:
        """Send nothing for a post whose slot somebody has taken since the plan was shown: the next run finds another.

        What is scheduled while this run is at work is found when the site is read back. Errors: ServiceError,
        SignInError.
        """
        asking = [post for post in posts if post.outcome is None and post.step.slot and Act.SCHEDULE in post.step.acts]
        calendar = Calendar(self.context.reader.everything() if asking else ())
        for post in asking:
            if others := calendar.sharing(post.step):
                message = SLOT_TAKEN.format(other=others[0], at=post.step.local_time)
                post.outcome = broken_outcome(post.step, OutcomeKind.CONFLICT, code="slot_taken", message=message)

    def do_all(self, posts: Sequence[StepProgress]) -> None:
        """Do the steps in their order, new posts last."""
        self.leave_taken_slots(posts)
        new = [post for post in posts if post.outcome is None and Act.CREATE in post.step.acts]
        for post in posts:
            if post.outcome is not None:
                self.keep(post)
            elif Act.CREATE not in post.step.acts:
                self.do(post)
        # Told apart only now: what came before may have taken minutes.
        ahead = [IMMINENT, BULK_AHEAD] if self.via == "auto" else [IMMINENT]
        for within in ahead:
            self.do_soon([post for post in new if self._waits(post) and post.goes_out(within, self.context.now())])
        later = [post for post in new if self._waits(post)]
        in_bulk = sent_in_bulk(
            [post.step for post in later], via=self.via, now=self.context.now(), more_than=self.bulk_more_than
        )
        self.schedule_in_bulk([post for place, post in enumerate(later) if place in in_bulk])
        for post in later:
            if self._waits(post) and not post.done and post.goes_out(IMMINENT, self.context.now()):
                self.do_soon([post])
            else:
                single_call = self.via == "publish" and Act.SCHEDULE in post.remaining and not post.step.duplicates
                self.do(post, single_call=single_call)

    def _waits(self, post: StepProgress) -> bool:
        return post.position not in self.told

    def schedule_in_bulk(self, posts: Sequence[StepProgress], *, size: int = BULK_PART) -> None:
        """Schedule new posts part by part. A post that is left without an outcome is to be sent one by one.

        The site is looked at before any post of a part that did not go through is left to go by itself. A service that
        does not know the call, answers it in a way that can't be read, or fails it twice in a row is not asked again.
        """
        queue, tries, failed = list(posts), 0, 0
        while queue and failed < BULK_FAILURES and not self.context.stop.requested:
            # The rate limit may hold a call up for a minute, so the dates are looked at after that wait.
            self.context.client.pace.until_free()
            part = [post for post in queue[:size] if self._may_go_in_bulk(post)]
            if not part:
                queue = queue[size:]
                continue
            reply, intents = self._send_bulk(part)
            limited = reply.kind in (ReplyKind.NOT_SENT, ReplyKind.LIMITED)
            if limited and tries + 1 < MAX_TRIES and self.context.budget.take():
                tries += 1
                self.context.pause(wait_seconds(tries, reply.retry_after_seconds, random=self.context.random))
                continue
            if reply.kind is ReplyKind.REFUSED and reply.status in TOO_MANY and len(part) > SMALLEST_PART:
                size = len(part) // 2
                self.context.say(f"The service refused {len(part)} posts in one call ({reply.code}); trying {size}.")
                continue
            queue, tries = queue[size:], 0
            why = self._read_bulk(reply, part, intents)
            failed = failed + 1 if why else 0
            if why and (reply.status in NOT_OFFERED or reply.kind is ReplyKind.OK):
                failed = BULK_FAILURES
            if (reply.status in NOT_OFFERED) is not (self.context.journal.fact(BULK_FACT) == BULK_MISSING):
                self.context.remember_fact(BULK_FACT, BULK_MISSING if reply.status in NOT_OFFERED else "")
            if why and not self.context.stop.requested:
                rest = "those and all others" if failed >= BULK_FAILURES and queue else "they"
                self.context.notice(
                    f"{counted(len(part), 'post')} couldn't be scheduled in one call: {why}. "
                    f"The site was checked for them, and {rest} are sent one by one."
                )

    def _may_go_in_bulk(self, post: StepProgress) -> bool:
        """Tell whether a post may go out in a bulk call; what is due within minutes is left to go one by one."""
        if post.outcome is None:
            post.outcome = self.context.breaker.blocked(Act.SCHEDULE, post.step)
        if post.outcome is None and passed(Act.SCHEDULE, post.step, self.context.now()):
            take_result(post, Act.SCHEDULE, date_passed(post.step), context=self.context)
        return post.outcome is None and not post.goes_out(IMMINENT, self.context.now())

    def _send_bulk(self, part: Sequence[StepProgress]) -> tuple[Reply, list[int]]:
        """Send a part; what a whole call's answer says of every post in it is in the journal before anything else."""
        context = self.context
        entries = [(post.position, post.step.reference) for post in part]
        intents = context.journal.intend_all(context.run, Act.SCHEDULE, entries, at=context.now())
        for post in part:
            post.in_flight = True
        reply = items.schedule_bulk(context.client, [post.step for post in part])
        for post in part:
            post.in_flight = False
        if reply.kind is not ReplyKind.OK:
            for intent in intents:
                context.note(intent, kind=reply.kind, code=reply.code)
        return reply, intents

    def _read_bulk(self, reply: Reply, part: Sequence[StepProgress], intents: Sequence[int]) -> str:
        """Take over what the answer says for certain, look up what it leaves open, or a refusal; return why."""
        ended_at, why = self.context.now(), ""
        if reply.kind is ReplyKind.REFUSED:
            if reply.status in (401, 403) or reply.code in QUOTA_CODES - {PLAN_CODE}:
                status = ActionStatus.STOP if reply.status in (401, 403) else ActionStatus.BLOCK_ACTION
                result = ActionResult(status, code=reply.code, message=reply.message)
                for post in part:
                    take_result(post, Act.SCHEDULE, result, context=self.context)
                return ""
            why = f"the service refused it ({reply.code or reply.status})"
            reply = replace(reply, kind=ReplyKind.UNCLEAR, code="BULK_REFUSED")
        answers = items.read_bulk(reply, [post.step for post in part])
        if not why and reply.kind is not ReplyKind.OK:
            why = f"there was no clear answer ({reply.code})"
        elif all(answer.kind is ReplyKind.UNCLEAR for answer in answers):
            why = why or "the answer can't be read"
        named = Counter(answer.item.id for answer in answers if answer.item)
        left_open: list[tuple[StepProgress, Call]] = []
        for post, intent, answer in zip(part, intents, answers, strict=True):
            if answer.item and named[answer.item.id] > 1:
                # An ID that is given to several posts is believed of none.
                answer = replace(answer, kind=ReplyKind.UNCLEAR, item=None, code="CONTRADICTED")
            item_id, item_status = (answer.item.id, answer.item.status) if answer.item else ("", "")
            self.context.note(intent, kind=answer.kind, code=answer.code, item_id=item_id, status=item_status)
            status = weigh(Act.SCHEDULE, answer, single_call=True)
            if status is ActionStatus.DONE:
                if answer.item and answer.item.status:
                    self.context.remember_shown(post.step, answer.item)
                post.take(Act.SCHEDULE, ActionResult(status, answer.item), single_call=True)
            elif status in (ActionStatus.UNCLEAR, ActionStatus.NOT_DONE):
                call = Call(Act.SCHEDULE, post.step, post.position, answer, intent, ended_at, single_call=True)
                left_open.append((post, call))
            else:
                result = ActionResult(status, code=answer.code, message=answer.message)
                take_result(post, Act.SCHEDULE, result, context=self.context)
        self._look_up(left_open)
        unclear = reply.kind is ReplyKind.UNCLEAR and reply.code != "BULK_REFUSED"
        self.context.breaker.count_unclear(unclear, "to {count} bulk calls in a row", context=self.context)
        return why

    def _look_up(self, left_open: Sequence[tuple[StepProgress, Call]]) -> None:
        """Take over what the site shows of posts whose answer was open; what it does not hold goes by itself."""
        results = settle([call for _, call in left_open], reader=self.context.reader, wait_full_window=True)
        for (post, call), result in zip(left_open, results, strict=True):
            if result.item is not None:
                self.context.note(call.intent, kind="settled", item_id=result.item.id, status=result.item.status)
            if result.status is ActionStatus.UNCLEAR:
                post.end(replace(result, code="no_answer", message=LEFT_OPEN))
            elif result.status is not ActionStatus.NOT_DONE or result.item is not None:
                post.take(Act.SCHEDULE, result, single_call=True)
        if any(result.code == UNREADABLE for result in results):
            self.context.stop.request("The site could not be read after a bulk call, so nothing more was sent.")

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
    via: str = "auto",
    bulk_more_than: int = BULK_MORE_THAN,
    bring_media: Callable[[Sequence[StepProgress], SiteContext], None] | None = None,
) -> None:
    """Carry out the steps of one site and emit each one's outcome (again, where reading back shows more).

    `via` is how posts that are only scheduled are sent: `draft` (a draft, then its date), `publish` (both in one call),
    `bulk` (many posts in one call), or `auto`: in bulk what is due later than an hour, where that is more than
    `bulk_more_than` posts, and as drafts the rest. `bring_media` fills the steps' media, or gives a step its failure.
    """
    run = _SiteRun(context, emit, via, bulk_more_than)
    posts = [StepProgress(numbered.position, numbered.step) for numbered in steps]
    for post in posts:
        if not post.step.acts:
            post.outcome = planned_outcome(post.step)
            run.keep(post)
    busy = sorted((post for post in posts if post.step.acts), key=_urgency)
    try:
        if bring_media is not None:
            bring_media(busy, context)
        run.do_all(busy)
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


def yield_to(post: StepProgress, listed: Sequence[Item], *, context: SiteContext) -> None:
    """Of several items for one post let only one go out: no item can go out twice, so all runs adopt the same one.

    What is further on than a draft is adopted. Of drafts the smallest ID stands: a run that sees a smaller one than its
    own gives its own up for it; the run that owns the smallest waits, for the other may have looked too early to see it
    and be about to send its own out. A competing item that stays a draft for longer than a call can take has lost its
    run, and is adopted.
    """
    reader, patience_ends = context.reader, context.clock() + context.call_window_seconds
    competing = [item for item in others_of(post.step, listed, reader) if item.status not in DEAD]
    while competing and competing[0].status == Status.DRAFT and competing[0].id > post.step.item_id:
        if context.clock() > patience_ends:
            break
        context.pause(context.settle_seconds * (0.5 + context.random()))
        if context.stop.requested:
            return
        competing = [item for item in others_of(post.step, reader.everything(), reader) if item.status not in DEAD]
    if not competing:
        return
    drop_own_draft(post.step, position=post.position, context=context)
    other = other_post(post.step, competing[0])
    if other:
        post.end(other_result(post.step, competing[0], other))
    else:
        post.keep_item(competing[0])
