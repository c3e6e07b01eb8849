"""After a run: read the site back and compare it with the plan, post by post.

A post that the site shows on another account, at another second or with other content has failed, whatever the answers
to its calls were; and one that was given up, and that the site shows done after all, is done. A second item with one of
our references is taken back before it can go out (doubles.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from batch.model import Act, Item, Outcome, OutcomeKind, Status, Step, StepKind
from batch.runs.actions import ActEnd, End, Tools, carry_out, with_item, withdraw
from batch.runs.progress import Work, keep_item
from batch.runs.record import broken_outcome, done_outcome
from batch.runs.settle import standing
from batch.runs.verdict import DEAD, ON_ITS_WAY, Finding, judge, on_time, other_post

PENDING = frozenset({Status.DRAFT, Status.SCHEDULED})
GOING_OUT = frozenset({StepKind.DRAFT, StepKind.SCHEDULE, StepKind.PUBLISH})

POLL_SECONDS = 0.5

Slot = tuple[str, str, str]
CarryOut = Callable[[Act, Work, Item], ActEnd]


def seniority(item: Item) -> tuple[int, str]:
    """Order the items of one reference: the one that is kept first."""
    return 0 if item.status in ON_ITS_WAY else 1, item.id


def find_doubles(works: Sequence[Work], held: Sequence[Item]) -> dict[int, list[Item]]:
    """Return, by a work's position, the living items of its reference where there is more than one on its account."""
    by_slot: defaultdict[Slot, list[Item]] = defaultdict(list)
    for item in held:
        if item.reference and (item.status in PENDING or item.status in ON_ITS_WAY):
            by_slot[item.reference, item.channel, item.account_id].append(item)
    found = {w.position: by_slot[w.step.reference, w.step.channel, w.step.account_id] for w in works if _may_double(w)}
    return {position: items for position, items in found.items() if len(items) > 1}


def _may_double(work: Work) -> bool:
    return work.step.kind in GOING_OUT and bool(work.step.reference)


def wait_for_rivals(works: Sequence[Work], doubles: Mapping[int, Sequence[Item]], *, tools: Tools) -> None:
    """Wait until a draft that stands beside a post of ours has been used or given up by the run that made it.

    That run may be about to do either; taken from under it, the post could end with no item at all. A draft that is
    there after the time of a whole call has lost its run. Errors: ServiceError, SignInError.
    """
    waiting = [item for work in works for item in _drafts_beside(work, doubles.get(work.position, ()))]
    if waiting:
        tools.say("Another run of this sheet seems to be at work; waiting until it has done what it is at.")
    patience_ends = tools.clock() + tools.client.deadline_seconds + tools.settle_seconds
    while waiting and tools.clock() < patience_ends and not tools.stop.requested:
        tools.pause(max(POLL_SECONDS, tools.settle_seconds / 4))
        waiting = [item for item in waiting if _still_draft(tools.look.by_id(item.id))]


def _still_draft(item: Item | None) -> bool:
    return item is not None and item.status == Status.DRAFT


def _drafts_beside(work: Work, items: Sequence[Item]) -> list[Item]:
    if work.step.kind is StepKind.DRAFT:
        return []
    return [item for item in items if item.status == Status.DRAFT and item.id != work.step.item_id]


def resolve_doubles(work: Work, listed: Sequence[Item], *, tools: Tools, schedule: CarryOut) -> None:
    """Keep one of several items and take back the others. Errors: ServiceError, SignInError, JournalError.

    The one that is kept is brought to its date before the others are taken back, so that the post is never without an
    item that will go out.
    """
    fresh = [item for entry in listed if (item := tools.look.by_id(entry.id)) is not None]
    living = sorted((i for i in fresh if i.status in PENDING or i.status in ON_ITS_WAY), key=seniority)
    if tools.stop.requested and _drafts_beside(work, living):
        return
    if len(living) < 2:
        if living:
            keep_item(work, living[0])
        return
    kept, *others = living
    if Act.SCHEDULE in work.step.acts and kept.status == Status.DRAFT and not _is_loose_draft(others):
        end = schedule(Act.SCHEDULE, work, kept)
        if end.end is not End.DONE or end.item is None or end.item.id != kept.id:
            # The service itself holds another item to be the one, and it stays.
            keep_item(work, end.item if end.end is End.DONE else None)
            return
        kept = end.item
    left = [item for item in others if not withdraw(item, position=work.position, tools=tools)]
    keep_item(work, kept)
    if left:
        work.outcome = _doubled(work, kept, left)
        return
    tools.say(f"Row {work.step.row}: the site held {len(living)} posts with the key {work.step.reference}; kept one.")


def _is_loose_draft(others: Sequence[Item]) -> bool:
    """Nothing among the others is to go out, so there is nothing that the kept one has to take over."""
    return all(item.status == Status.DRAFT for item in others)


def _doubled(work: Work, kept: Item, left: Sequence[Item]) -> Outcome:
    ids = ", ".join(item.id for item in left)
    return broken_outcome(
        work.step,
        OutcomeKind.FAILED,
        code="doubled",
        message=f"The post is on the site twice ({ids} besides {kept.id}) and the second could not be taken back. "
        "Take it down on the channel.",
        item_id=kept.id,
        status=kept.status,
    )


LIVING = frozenset({Status.DRAFT, Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED})
SENT = frozenset({Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED})
DATED = frozenset({StepKind.SCHEDULE, StepKind.RESCHEDULE})

EXPECTED: dict[StepKind, frozenset[Status]] = {
    StepKind.DRAFT: frozenset({Status.DRAFT}),
    StepKind.SCHEDULE: frozenset({Status.SCHEDULED}) | SENT,
    StepKind.RESCHEDULE: frozenset({Status.SCHEDULED}) | SENT,
    StepKind.PUBLISH: SENT,
    StepKind.UPDATE: LIVING,
    StepKind.CANCEL: frozenset({Status.CANCELED, Status.DELETED}),
    StepKind.DELETE: frozenset({Status.DELETED}),
}
"""The states in which a step of each kind may have left its item; FAILED is told apart, with the channel's reason."""

LATE = (
    "The site's list does not show {count} of the posts that were just made, though it had {seconds} s for it: a post "
    "that another run makes at the same time could be missed too. Set settle_seconds in postbatch.toml to more."
)

GIVEN_UP = frozenset({OutcomeKind.UNKNOWN, OutcomeKind.FAILED})


def read_back(works: Sequence[Work], *, tools: Tools, keep: Callable[[Work], None]) -> None:
    """Compare what the site holds with what was done. Errors: ServiceError, SignInError where it can't be read."""
    looked = [w for w in works if w.done or (w.outcome is not None and w.outcome.outcome in GIVEN_UP)]
    if not looked:
        return
    made = {w.step.item_id for w in looked if Act.CREATE in w.done and w.step.item_id}
    held = tools.look.up_to_date(made)
    by_id = {item.id: item for item in held}
    if late := len(made - by_id.keys()):
        tools.say(LATE.format(count=late, seconds=f"{tools.settle_seconds:g}"))
    doubles = find_doubles(looked, held)
    wait_for_rivals(looked, doubles, tools=tools)
    for work in looked:
        if work.position in doubles:
            resolve_doubles(work, doubles[work.position], tools=tools, schedule=_scheduler(tools))
            by_id |= {work.item.id: work.item} if work.item is not None else {}
        if work.outcome is not None and work.outcome.code != "doubled":
            _compare(work, by_id, held, tools=tools)
        keep(work)


def _scheduler(tools: Tools) -> Callable[[Act, Work, Item], ActEnd]:
    def schedule(act: Act, work: Work, item: Item) -> ActEnd:
        return carry_out(act, with_item(work.step, item), position=work.position, tools=tools)

    return schedule


def _compare(work: Work, by_id: Mapping[str, Item], held: Sequence[Item], *, tools: Tools) -> None:
    """Correct the outcome by what the site shows; a list may lag, so a difference counts only when seen by ID."""
    if work.left:
        _done_after_all(work, _item_of(work, by_id, held), tools=tools)
        return
    item = by_id.get(work.step.item_id)
    if _difference(work.step, item, now=tools.now()):
        item = tools.look.by_id(work.step.item_id) if work.step.item_id else None
        item = item or _under_reference(work.step, held)
    difference = _difference(work.step, item, now=tools.now())
    if item is not None and not difference:
        keep_item(work, item)
        work.outcome = done_outcome(work.step, item, last=work.done[-1])
    elif difference:
        work.outcome = _differs(work, item, difference)


def _differs(work: Work, item: Item | None, difference: str) -> Outcome:
    known = item is None or item.status in set(Status)
    return broken_outcome(
        work.step,
        OutcomeKind.FAILED if known else OutcomeKind.UNKNOWN,
        code="differs",
        message=f"The site does not show what the plan said: {difference}. Look at the post on the site.",
        item_id=work.step.item_id,
        status=item.status if item else "",
    )


def _item_of(work: Work, by_id: Mapping[str, Item], held: Sequence[Item]) -> Item | None:
    """Return a step's item as the list has it: by its ID, else under its reference."""
    return by_id.get(work.step.item_id) or _under_reference(work.step, held)


def _under_reference(step: Step, held: Sequence[Item]) -> Item | None:
    """Return the living item of a post that was made in this run: an answer may have named it by a wrong ID."""
    if not step.reference or Act.CREATE not in step.acts:
        return None
    return standing(
        i
        for i in held
        if i.reference == step.reference and i.channel == step.channel and i.id != step.item_id and i.status not in DEAD
    )


def _done_after_all(work: Work, item: Item | None, *, tools: Tools) -> None:
    """Take back that a step was given up where the site shows that all of it has happened: its call came late."""
    if item is None or other_post(work.step, item) or not _all_done(work, item):
        return
    fresh = tools.look.by_id(item.id)
    if fresh is not None and _all_done(work, fresh) and not _difference(work.step, fresh, now=tools.now()):
        left = work.left
        work.done.extend(left)
        keep_item(work, fresh)
        work.outcome = done_outcome(work.step, fresh, last=left[-1])


def _all_done(work: Work, item: Item) -> bool:
    return all(judge(act, work.step, item).finding is Finding.DONE for act in work.left)


def _difference(step: Step, item: Item | None, *, now: datetime) -> str:
    """Return in words how an item differs from its step, "" where it does not."""
    if item is None:
        return "" if step.kind in (StepKind.DELETE, StepKind.CANCEL) else "it is not there"
    if item.status == Status.FAILED and step.kind in (StepKind.SCHEDULE, StepKind.PUBLISH, StepKind.RESCHEDULE):
        return ""
    if item.status not in EXPECTED[step.kind]:
        return f"it is {item.status}"
    if step.kind in (StepKind.CANCEL, StepKind.DELETE):
        return ""
    if step.at is not None and item.status == Status.SCHEDULED and not on_time(step, item):
        return f"it is scheduled for {item.scheduled_at}, not {step.at}"
    if step.kind in DATED and step.at is not None and item.status in SENT and now < step.at:
        return f"it went out before its time, {step.at}"
    if Act.CREATE in step.acts and item.reference != step.reference:
        return f"its key there is {item.reference or 'none'}, not {step.reference}, by which the next run would find it"
    # Also where only its date was set: somebody may have changed its words since the plan was shown.
    return other_post(step, item)
