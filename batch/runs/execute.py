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
from datetime import UTC, datetime

from batch.codec import to_json
from batch.errors import JournalError, PostbatchError
from batch.model import Act, Item, Outcome, OutcomeKind, Status
from batch.runs.actions import Tools, drop_own_draft
from batch.runs.bulk import schedule_in_parts
from batch.runs.progress import Brakes, Work, advance, finish, goes_out_soon, keep_item, take_other
from batch.runs.record import Placed, broken_outcome, idle_outcome, not_run_outcome
from batch.runs.settle import rank
from batch.runs.verdict import DEAD, other_post
from batch.runs.verify import read_back

FAR = datetime.max.replace(tzinfo=UTC)

Emit = Callable[[int, Outcome], None]
MediaBringer = Callable[[Sequence[Work], Tools], None]
"""Brings the media of the works into the Media Manager; gives a work whose media fail its outcome."""


def execute(
    placed: Sequence[Placed], *, tools: Tools, emit: Emit, via: str = "draft", bring_media: MediaBringer | None = None
) -> None:
    """Carry out the steps of one site and emit each one's outcome (again, where reading back shows more).

    `via` is `draft`, `publish` or `bulk`: how posts that are only scheduled are sent.
    """
    works = [Work(p.position, p.step) for p in placed]
    told: set[int] = set()
    keep = _keeper(tools, emit, told)
    for work in works:
        if not work.step.acts:
            work.outcome = idle_outcome(work.step)
            keep(work)
    busy = sorted((w for w in works if w.step.acts), key=_urgency)
    try:
        if bring_media is not None:
            bring_media(busy, tools)
        _do_all(busy, tools=tools, via=via, keep=keep)
        read_back(busy, tools=tools, keep=keep)
    except PostbatchError as error:
        tools.stop.request(str(error))
    finally:
        _leave_none_out([w for w in busy if w.position not in told], tools=tools, emit=emit)


def _keeper(tools: Tools, emit: Emit, told: set[int]) -> Callable[[Work], None]:
    """Return what tells an outcome: to the caller first, for the journal may be what has failed."""

    def keep(work: Work) -> None:
        if work.outcome is None:
            return
        emit(work.position, work.outcome)
        told.add(work.position)
        try:
            if work.step.acts:
                tools.journal.keep_outcome(tools.run, work.position, to_json(work.outcome))
        except JournalError as error:
            tools.stop.request(str(error))

    return keep


def _leave_none_out(untold: Sequence[Work], *, tools: Tools, emit: Emit) -> None:
    """Give what the run did not come to its outcome; the journal may be what failed, so it is not asked."""
    for work in untold:
        if work.outcome is None and work.in_hand:
            work.outcome = broken_outcome(
                work.step,
                OutcomeKind.UNKNOWN,
                code="cut_off",
                message="The run ended in the middle of this row. Run again: it is settled from what the site holds.",
            )
        elif work.outcome is None:
            made = work.step.item_id if Act.CREATE in work.done else ""
            work.outcome = not_run_outcome(work.step, why=tools.stop.reason or "The run ended early.", item_id=made)
        emit(work.position, work.outcome)


def _urgency(work: Work) -> tuple[int, datetime, int]:
    """Order steps: what withdraws, what changes, what is published now, then by date; drafts last."""
    step = work.step
    if Act.CANCEL in step.acts or Act.DELETE in step.acts:
        return 0, FAR, work.position
    if Act.PUBLISH in step.acts:
        return 2, FAR, work.position
    if Act.CREATE not in step.acts and Act.SCHEDULE not in step.acts:
        return 1, step.at or FAR, work.position
    return (3, step.at, work.position) if step.at else (4, FAR, work.position)


def _do_all(busy: Sequence[Work], *, tools: Tools, via: str, keep: Callable[[Work], None]) -> None:
    brakes = Brakes()
    new = [w for w in busy if w.outcome is None and Act.CREATE in w.step.acts]
    for work in busy:
        if work.outcome is not None:
            keep(work)
        elif Act.CREATE not in work.step.acts:
            _do_step(work, tools=tools, brakes=brakes, keep=keep)
    # Told apart only now: what came before may have taken minutes.
    soon = [w for w in new if goes_out_soon(w, tools.now())]
    urgent = {w.position for w in soon}
    later = [w for w in new if w.position not in urgent]
    _do_soon(soon, tools=tools, brakes=brakes, keep=keep)
    if via == "bulk":
        schedule_in_parts([w for w in later if Act.SCHEDULE in w.left], tools=tools, brakes=brakes)
    for work in later:
        if work.outcome is None and not work.done and goes_out_soon(work, tools.now()):
            _do_soon([work], tools=tools, brakes=brakes, keep=keep)
        else:
            whole = via == "publish" and Act.SCHEDULE in work.left
            _do_step(work, tools=tools, brakes=brakes, keep=keep, whole=whole)


def _do_step(work: Work, *, tools: Tools, brakes: Brakes, keep: Callable[[Work], None], whole: bool = False) -> None:
    if whole and work.outcome is None:
        advance(work, Act.SCHEDULE, tools=tools, brakes=brakes, whole=True)
    for act in work.left:
        advance(work, act, tools=tools, brakes=brakes)
    finish(work)
    keep(work)


def _do_soon(soon: Sequence[Work], *, tools: Tools, brakes: Brakes, keep: Callable[[Work], None]) -> None:
    """Make all drafts, look for rivals, and only then send them out, one at a time.

    Of two runs that both look after both have made their draft, the one that looks last sees the other's, also where
    the service lets a reference be used twice and where its list is late. What follows from that is `_give_way`.
    """
    for work in soon:
        advance(work, Act.CREATE, tools=tools, brakes=brakes)
    made = [w for w in soon if w.outcome is None and Act.CREATE in w.done]
    if made and not tools.stop.requested:
        held: defaultdict[str, list[Item]] = defaultdict(list)
        for item in tools.look.up_to_date([w.step.item_id for w in made]):
            held[item.reference].append(item)
        for work in made:
            _give_way(work, rivals_of(work, held[work.step.reference]), tools=tools)
    for work in soon:
        _do_step(work, tools=tools, brakes=brakes, keep=keep)


def rivals_of(work: Work, items: Sequence[Item]) -> list[Item]:
    """Return the living items of others that carry this post's reference, the one that stands for it first."""
    step = work.step
    return sorted(
        (
            i for i in items
            if i.reference == step.reference and i.channel == step.channel and i.id != step.item_id
            and i.status not in DEAD
        ),
        key=rank,
    )  # fmt: skip


def _give_way(work: Work, rivals: Sequence[Item], *, tools: Tools) -> None:
    """Of several items for one post let only one go out: no item can go out twice, so all runs take up the same one.

    What is further on than a draft is taken up. Of drafts the smallest ID stands: a run that sees a smaller one than
    its own gives its own up for it; the run that owns the smallest waits, for the other may have looked too early to
    see it and be about to send its own out. A rival that stays a draft for longer than a call can take has lost its
    run, and is taken up.
    """
    patience_ends = tools.clock() + tools.client.deadline_seconds + tools.settle_seconds
    while rivals and rivals[0].status == Status.DRAFT and rivals[0].id > work.step.item_id:
        if tools.clock() > patience_ends:
            break
        tools.pause(tools.settle_seconds * (0.5 + tools.random()))
        if tools.stop.requested:
            return
        rivals = rivals_of(work, tools.look.everything())
    if rivals:
        _take_up(work, rivals[0], tools=tools)


def _take_up(work: Work, rival: Item, *, tools: Tools) -> None:
    drop_own_draft(work.step.item_id, position=work.position, tools=tools)
    other = other_post(work.step, rival)
    if other:
        take_other(work, rival, other)
    else:
        keep_item(work, rival)
