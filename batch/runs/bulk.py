"""Scheduling in parts of up to 50 posts with Bulk Publish Items, for posts that have time to be taken back.

A bulk answer is believed only where it speaks of a post by index, ID and reference without contradiction. Whatever it
leaves open is looked up; what the site then does not hold goes on one by one. Publishing now never comes here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from batch.model import Act, OutcomeKind
from batch.publisher import items
from batch.publisher.reply import Reply, ReplyKind
from batch.publisher.retry import wait_seconds
from batch.runs.actions import MAX_TRIES, SiteContext, date_passed, passed
from batch.runs.progress import CircuitBreaker, StepProgress, take_result
from batch.runs.record import broken_outcome
from batch.runs.settle import RUN_AGAIN, UNREADABLE, Call, settle
from batch.runs.verdict import QUOTA_CODES, ActionResult, ActionStatus, weigh

PART = 50
"""Posts in one call; the service is thought to take 100, and a part that it refuses for its size is halved."""

TOO_MANY = frozenset({400, 413, 422})
PLAN_CODE = "INELIGIBLE_FOR_FEATURE"
"""Said of a whole part it may mean no bulk calls in the plan, or too little quota for all: one by one tells."""

LEFT_OPEN = f"It was sent in a bulk call whose answer left it open. {RUN_AGAIN}"


def schedule_in_parts(
    posts: Sequence[StepProgress], *, context: SiteContext, breaker: CircuitBreaker, size: int = PART
) -> None:
    """Schedule new posts part by part. A post that is left without an outcome is to be sent one by one."""
    queue, tries = list(posts), 0
    while queue and size and not context.stop.requested:
        # The rate limit may hold a call up for a minute, so the dates are looked at after that wait.
        context.client.pace.until_free()
        part = [post for post in queue[:size] if _may_go(post, context=context, breaker=breaker)]
        if not part:
            queue = queue[size:]
            continue
        reply, intents = _send(part, context=context)
        if reply.kind in (ReplyKind.NOT_SENT, ReplyKind.LIMITED) and tries + 1 < MAX_TRIES and context.budget.take():
            tries += 1
            context.pause(wait_seconds(tries, reply.retry_after_seconds, random=context.random))
        elif reply.kind is ReplyKind.REFUSED:
            size = _after_refusal(reply, part, size, context=context, breaker=breaker)
        else:
            _read(reply, part, intents, context=context, breaker=breaker)
            queue, tries = queue[size:], 0


def _may_go(post: StepProgress, *, context: SiteContext, breaker: CircuitBreaker) -> bool:
    """Tell whether a post may go out in a bulk call; what is due within minutes is left to go one by one."""
    if post.outcome is None:
        post.outcome = breaker.blocked(Act.SCHEDULE, post.step)
    if post.outcome is None and passed(Act.SCHEDULE, post.step, context.now()):
        take_result(post, Act.SCHEDULE, date_passed(post.step), context=context, breaker=breaker)
    return post.outcome is None and not post.goes_out_soon(context.now())


def _send(part: Sequence[StepProgress], *, context: SiteContext) -> tuple[Reply, list[int]]:
    """Send a part; what a whole call's answer says of every post in it is in the journal before anything else."""
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


def _after_refusal(
    reply: Reply, part: Sequence[StepProgress], size: int, *, context: SiteContext, breaker: CircuitBreaker
) -> int:
    """Return the size to go on with after the whole call was refused; 0: go on one by one."""
    if reply.status in (401, 403):
        status = ActionStatus.STOP
    elif reply.code in QUOTA_CODES - {PLAN_CODE}:
        status = ActionStatus.BLOCK_ACTION
    elif reply.status in TOO_MANY and len(part) > 1:
        context.say(f"The service refused {len(part)} posts in one call ({reply.code}); trying {len(part) // 2}.")
        return len(part) // 2
    else:
        context.say(f"This site does not take bulk calls ({reply.code or reply.status}); sending one by one.")
        return 0
    for post in part:
        result = ActionResult(status, code=reply.code, message=reply.message)
        take_result(post, Act.SCHEDULE, result, context=context, breaker=breaker)
    return size


def _read(
    reply: Reply,
    part: Sequence[StepProgress],
    intents: Sequence[int],
    *,
    context: SiteContext,
    breaker: CircuitBreaker,
) -> None:
    """Take over what the answer says for certain, and look up what it leaves open."""
    ended_at = context.now()
    answers = items.read_bulk(reply, [post.step for post in part])
    named = Counter(answer.item.id for answer in answers if answer.item)
    left_open: list[tuple[StepProgress, Call]] = []
    for post, intent, answer in zip(part, intents, answers, strict=True):
        if answer.item and named[answer.item.id] > 1:
            # An ID that is given to several posts is believed of none.
            answer = replace(answer, kind=ReplyKind.UNCLEAR, item=None, code="CONTRADICTED")
        item_id, item_status = (answer.item.id, answer.item.status) if answer.item else ("", "")
        context.note(intent, kind=answer.kind, code=answer.code, item_id=item_id, status=item_status)
        status = weigh(Act.SCHEDULE, answer, single_call=True)
        if status is ActionStatus.DONE:
            if answer.item and answer.item.status:
                context.remember_shown(post.step, answer.item)
            _done(post, ActionResult(status, answer.item))
        elif status in (ActionStatus.UNCLEAR, ActionStatus.NOT_DONE):
            call = Call(Act.SCHEDULE, post.step, post.position, answer, intent, ended_at, single_call=True)
            left_open.append((post, call))
        else:
            result = ActionResult(status, code=answer.code, message=answer.message)
            take_result(post, Act.SCHEDULE, result, context=context, breaker=breaker)
    results = settle([call for _, call in left_open], reader=context.reader, wait_full_window=True)
    for (post, call), result in zip(left_open, results, strict=True):
        _settled(post, call, result, context=context)
    if any(result.code == UNREADABLE for result in results):
        context.stop.request("The site could not be read after a bulk call, so nothing more was sent.")
    breaker.count_unclear(reply.kind is ReplyKind.UNCLEAR, "to {count} bulk calls in a row", context=context)


def _done(post: StepProgress, result: ActionResult) -> None:
    post.done.extend([Act.CREATE, Act.SCHEDULE])
    post.keep_item(result.item)


def _settled(post: StepProgress, call: Call, result: ActionResult, *, context: SiteContext) -> None:
    """Take over what the site shows of a post whose answer was open; what it does not hold is left to go by itself."""
    if result.item is not None:
        context.note(call.intent, kind="settled", item_id=result.item.id, status=result.item.status)
    if result.status is ActionStatus.DONE:
        _done(post, result)
    elif result.status is ActionStatus.NOT_DONE and result.item is not None:
        post.done.append(Act.CREATE)
        post.keep_item(result.item)
    elif result.status is ActionStatus.UNCLEAR:
        post.outcome = broken_outcome(post.step, OutcomeKind.UNKNOWN, code="no_answer", message=LEFT_OPEN)
    elif result.status is not ActionStatus.NOT_DONE:
        post.end(result)
