"""Two items under one of our references: keep one, the same on every machine, and take the other back in time.

Which one is kept must not depend on when a run looks, or two runs would each take back the other's. So what is public
or on its way stands first, for it can't be taken back; and of drafts and scheduled items, alike, the smallest ID.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from batch.model import Act, Item, Outcome, OutcomeKind, Status, StepKind
from batch.run.ends import ActEnd, End
from batch.run.outcomes import broken_outcome
from batch.run.tools import Tools
from batch.run.verdict import ON_ITS_WAY
from batch.run.withdrawing import withdraw
from batch.run.work import Work, keep_item

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
