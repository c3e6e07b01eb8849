"""After a run: read the site back and compare it with the plan, post by post.

A post that the site shows on another account, at another second or with other content has failed, whatever the answers
to its calls were; and one that was given up, and that the site shows done after all, is done. A second item with one of
our references is taken back before it can go out (doubles.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from batch.model import Act, Item, Outcome, OutcomeKind, Status, Step, StepKind
from batch.run.doubles import find_doubles, resolve_doubles, wait_for_rivals
from batch.run.ends import ActEnd
from batch.run.looking import standing
from batch.run.outcomes import broken_outcome, done_outcome
from batch.run.sending import carry_out, with_item
from batch.run.tools import Tools
from batch.run.verdict import DEAD, Finding, judge, on_time, other_post
from batch.run.work import Work, keep_item

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
