"""Scheduling in parts of up to 50 posts with Bulk Publish Items, for posts that have time to be taken back.

A bulk answer is believed only where it speaks of a post by index, ID and reference without contradiction. Whatever it
leaves open is looked up; what the site then does not hold goes on one by one. Publishing now never comes here.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from batch.errors import PostbatchError
from batch.model import Act, Item, OutcomeKind
from batch.publisher import items
from batch.publisher.reply import Reply, ReplyKind
from batch.publisher.retry import wait_seconds
from batch.runs.actions import MAX_TRIES, ActEnd, End, Tools, date_passed, note, passed, with_item
from batch.runs.progress import UNCLEAR_IN_A_ROW, Brakes, Work, apply_end, goes_out_soon, keep_item, take_other
from batch.runs.record import broken_outcome
from batch.runs.settle import standing
from batch.runs.verdict import CHANNEL_CODES, ENDED, QUOTA_CODES, Finding, judge, other_post

PART = 50
"""Posts in one call; the service is thought to take 100, and a part that it refuses for its size is halved."""

TOO_MANY = frozenset({400, 413, 422})
PLAN_CODE = "INELIGIBLE_FOR_FEATURE"
"""Said of a whole part it may mean no bulk calls in the plan, or too little quota for all: one by one tells."""


def schedule_in_parts(works: Sequence[Work], *, tools: Tools, brakes: Brakes, size: int = PART) -> None:
    """Schedule new posts part by part. A post that is left without an outcome is to be sent one by one."""
    queue = list(works)
    tries = 0
    while queue and size and not tools.stop.requested:
        # The rate limit may hold a call up for a minute, so the dates are looked at after that wait.
        tools.client.pace.until_free()
        part = [w for w in queue[:size] if _may_go(w, tools=tools, brakes=brakes)]
        if not part:
            queue = queue[size:]
            continue
        reply, intents = _send(part, tools=tools)
        if reply.kind in (ReplyKind.NOT_SENT, ReplyKind.LIMITED) and _wait(tools, reply, tries := tries + 1):
            continue
        if reply.kind is ReplyKind.REFUSED:
            size = _after_refusal(reply, part, size, tools=tools, brakes=brakes)
            continue
        _read(reply, part, intents, tools=tools, brakes=brakes)
        queue, tries = queue[size:], 0


def _may_go(work: Work, *, tools: Tools, brakes: Brakes) -> bool:
    """Tell whether a post may go out in a bulk call; what is due within minutes is left to go one by one."""
    if work.outcome is None:
        work.outcome = brakes.on(Act.SCHEDULE, work.step)
    if work.outcome is None and passed(Act.SCHEDULE, work.step, tools.now()):
        apply_end(work, Act.SCHEDULE, date_passed(work.step), tools=tools, brakes=brakes)
    return work.outcome is None and not goes_out_soon(work, tools.now())


def _send(part: Sequence[Work], *, tools: Tools) -> tuple[Reply, list[int]]:
    """Send a part; what a whole call's answer says of every post in it is in the journal before anything else."""
    entries = [(work.position, work.step.reference) for work in part]
    intents = tools.journal.intend_all(tools.run, Act.SCHEDULE, entries, at=tools.now())
    for work in part:
        work.in_hand = True
    reply = items.schedule_bulk(tools.client, [work.step for work in part])
    for work in part:
        work.in_hand = False
    if reply.kind is not ReplyKind.OK:
        for intent in intents:
            note(tools, intent, kind=reply.kind, code=reply.code)
    return reply, intents


def _wait(tools: Tools, reply: Reply, tries: int) -> bool:
    if tries >= MAX_TRIES or not tools.budget.take():
        return False
    tools.pause(wait_seconds(tries, reply.retry_after_seconds, random=tools.random))
    return True


def _after_refusal(reply: Reply, part: Sequence[Work], size: int, *, tools: Tools, brakes: Brakes) -> int:
    """Return the size to go on with after the whole call was refused; 0: go on one by one."""
    if reply.status in (401, 403):
        end = ActEnd(End.STOP, code=reply.code, message=reply.message)
    elif reply.code in QUOTA_CODES - {PLAN_CODE}:
        end = ActEnd(End.BLOCK_ACTION, code=reply.code, message=reply.message)
    elif reply.status in TOO_MANY and len(part) > 1:
        tools.say(f"The service refused {len(part)} posts in one call ({reply.code}); trying {len(part) // 2}.")
        return len(part) // 2
    else:
        tools.say(f"This site does not take bulk calls ({reply.code or reply.status}); sending one by one.")
        return 0
    for work in part:
        apply_end(work, Act.SCHEDULE, end, tools=tools, brakes=brakes)
    return size


def _read(reply: Reply, part: Sequence[Work], intents: Sequence[int], *, tools: Tools, brakes: Brakes) -> None:
    ended_at = tools.now()
    open_works: list[tuple[Work, int]] = []
    for work, intent, result in zip(part, intents, _results(reply, part), strict=True):
        item_id, status = (result.item.id, result.item.status) if result.item else ("", "")
        note(tools, intent, kind=result.kind, code=result.code, item_id=item_id, status=status)
        if not _believe(work, result, tools=tools, brakes=brakes):
            open_works.append((work, intent))
    brakes.unclear = brakes.unclear + 1 if reply.kind is ReplyKind.UNCLEAR else 0
    if open_works:
        _look_up(open_works, tools=tools, ended_at=ended_at)
    if brakes.unclear >= UNCLEAR_IN_A_ROW:
        tools.stop.request(f"The service gave no clear answer to {UNCLEAR_IN_A_ROW} bulk calls in a row.")


def _results(reply: Reply, part: Sequence[Work]) -> list[Reply]:
    """Return what the answer says of each post; an ID that it gives to several is believed of none."""
    results = items.read_bulk(reply, [work.step for work in part])
    counts = Counter(result.item.id for result in results if result.item)
    return [
        replace(r, kind=ReplyKind.UNCLEAR, item=None, code="CONTRADICTED") if r.item and counts[r.item.id] > 1 else r
        for r in results
    ]


def _believe(work: Work, result: Reply, *, tools: Tools, brakes: Brakes) -> bool:
    """Take over what a bulk answer says for certain; False where the site has to be looked at."""
    if result.kind is ReplyKind.OK and result.item is not None:
        _done(work, result.item)
        return True
    if result.kind is not ReplyKind.REFUSED or result.code == "REFERENCE_ID_ALREADY_EXIST":
        return False
    end = End.REFUSED
    if result.code in QUOTA_CODES:
        end = End.BLOCK_ACTION
    elif result.code in CHANNEL_CODES:
        end = End.BLOCK_CHANNEL
    apply_end(work, Act.SCHEDULE, ActEnd(end, code=result.code, message=result.message), tools=tools, brakes=brakes)
    return True


def _done(work: Work, item: Item) -> None:
    work.done.extend([Act.CREATE, Act.SCHEDULE])
    work.item = item if item.status else None
    work.step = with_item(work.step, item)


def _look_up(works: Sequence[tuple[Work, int]], *, tools: Tools, ended_at: datetime) -> None:
    """Find what a bulk call made without saying so: two looks, the second when the list is up to date."""
    left = list(works)
    try:
        left = _match(left, tools=tools)
        up_to_date = ended_at + timedelta(seconds=tools.settle_seconds)
        if left:
            tools.pause(max(0.0, (up_to_date - tools.now()).total_seconds()))
            left = _match(left, tools=tools)
        certain = tools.now() >= up_to_date
    except PostbatchError as error:
        certain = False
        tools.stop.request(str(error))
    for work, _ in [] if certain else left:
        work.outcome = broken_outcome(
            work.step,
            OutcomeKind.UNKNOWN,
            code="no_answer",
            message="It was sent in a bulk call whose answer left it open. Run the same command again: "
            "it looks at the site first and sends nothing twice.",
        )


def _match(works: Sequence[tuple[Work, int]], *, tools: Tools) -> list[tuple[Work, int]]:
    """Take up what the site holds of these posts; return those of which it holds nothing."""
    held: defaultdict[tuple[str, str], list[Item]] = defaultdict(list)
    for item in tools.look.everything():
        if item.reference and item.status not in ENDED:
            held[item.reference, item.channel].append(item)
    left: list[tuple[Work, int]] = []
    for work, intent in works:
        found = standing(held[work.step.reference, work.step.channel])
        if found is None:
            left.append((work, intent))
            continue
        note(tools, intent, kind="settled", item_id=found.id, status=found.status)
        if other := other_post(work.step, found):
            take_other(work, found, other)
        elif judge(Act.SCHEDULE, work.step, found).finding is Finding.NOT_DONE:
            work.done.append(Act.CREATE)
            keep_item(work, found)
        else:
            _done(work, found)
    return left
