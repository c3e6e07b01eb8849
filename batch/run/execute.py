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

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from batch.errors import PostbatchError
from batch.model import Act, Item, Outcome, Status
from batch.run.bulk import schedule_in_parts
from batch.run.looking import rank
from batch.run.outcomes import idle_outcome, not_run_outcome
from batch.run.readback import read_back
from batch.run.record import Placed, outcome_to_json
from batch.run.sending import Tools, drop_own_draft
from batch.run.work import Brakes, Work, advance, finish, keep_item

IMMINENT = timedelta(minutes=15)
"""A post that goes out this soon is treated like one that goes out now: there would be no time to take it back."""

CONTEST_ROUNDS = 5
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
    keep = _keeper(tools, emit)
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
        _leave_none_out(busy, tools=tools, emit=emit)


def _keeper(tools: Tools, emit: Emit) -> Callable[[Work], None]:
    def keep(work: Work) -> None:
        if work.outcome is None:
            return
        if work.step.acts:
            tools.journal.keep_outcome(tools.run, work.position, outcome_to_json(work.outcome))
        emit(work.position, work.outcome)

    return keep


def _leave_none_out(busy: Sequence[Work], *, tools: Tools, emit: Emit) -> None:
    """Give what the run did not come to its outcome; the journal may be what failed, so it is not asked."""
    for work in busy:
        if work.outcome is None:
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
    soon = [w for w in new if goes_out_soon(w, tools.now())]
    later = [w for w in new if w not in soon]
    for work in busy:
        if work.outcome is not None:
            keep(work)
        elif work not in new:
            _do_step(work, tools=tools, brakes=brakes, keep=keep)
    _do_soon(soon, tools=tools, brakes=brakes, keep=keep)
    if via == "bulk":
        schedule_in_parts([w for w in later if Act.SCHEDULE in w.left], tools=tools, brakes=brakes)
    for work in later:
        whole = via == "publish" and Act.SCHEDULE in work.left
        _do_step(work, tools=tools, brakes=brakes, keep=keep, whole=whole)


def goes_out_soon(work: Work, now: datetime) -> bool:
    """Tell whether a post goes out now or so soon that there would be no time to take it back."""
    return Act.PUBLISH in work.step.acts or (work.step.at is not None and work.step.at - now < IMMINENT)


def _do_step(work: Work, *, tools: Tools, brakes: Brakes, keep: Callable[[Work], None], whole: bool = False) -> None:
    if whole and work.outcome is None:
        advance(work, Act.SCHEDULE, tools=tools, brakes=brakes, whole=True)
    for act in work.left:
        advance(work, act, tools=tools, brakes=brakes)
    finish(work)
    keep(work)


def _do_soon(soon: Sequence[Work], *, tools: Tools, brakes: Brakes, keep: Callable[[Work], None]) -> None:
    """Make all drafts, look for rivals, and only then send them out, one at a time.

    Two runs on two machines that both looked after both had made their draft both see the other's; one that looked
    before saw nothing and goes ahead, and the later one sees it and stands back. So at most one goes out, even where
    the service lets a reference be used twice.
    """
    waiting = list(soon)
    for _ in range(CONTEST_ROUNDS):
        for work in waiting:
            advance(work, Act.CREATE, tools=tools, brakes=brakes)
        made = [w for w in waiting if w.outcome is None and Act.CREATE in w.done]
        waiting = _settle_rivals(made, tools=tools) if made and not tools.stop.requested else []
        if not waiting:
            break
    for work in waiting:
        work.outcome = not_run_outcome(work.step, why="Another run of the same sheet keeps making this post.")
    for work in soon:
        _do_step(work, tools=tools, brakes=brakes, keep=keep)


def _settle_rivals(made: Sequence[Work], *, tools: Tools) -> list[Work]:
    """Stand back where somebody else has made the same post; return what has to be made again after all."""
    held = tools.look.everything()
    contested = [work for work in made if rivals_of(work, held)]
    return [work for work in contested if not _stand_back(work, tools=tools)]


def rivals_of(work: Work, items: Sequence[Item]) -> list[Item]:
    """Return the living items of others that carry this post's reference, the one that stands for it first."""
    dead = (Status.CANCELED, Status.DELETED, Status.FAILED)
    return sorted(
        (i for i in items if i.reference == work.step.reference and i.id != work.step.item_id and i.status not in dead),
        key=rank,
    )


def _stand_back(work: Work, *, tools: Tools) -> bool:
    """Give up our draft and take up the other run's item once it has come to rest; False where that one vanished."""
    drop_own_draft(work.step, tools)
    rival: Item | None = None
    for _ in range(CONTEST_ROUNDS):
        tools.pause(tools.settle_seconds * (0.5 + tools.random()))
        rival = tools.look.by_reference(work.step.reference, channel=work.step.channel)
        if rival is None or rival.status != Status.DRAFT or tools.stop.requested:
            break
    if rival is not None:
        keep_item(work, rival)
        return True
    work.done.remove(Act.CREATE)
    work.item, work.step = None, replace(work.step, item_id="")
    return False
