"""After a run: read the site back and compare it with the plan, post by post.

A post that the site shows on another account, at another second or with other content has failed, whatever the answers
to its calls were. A second item with one of our references is withdrawn before it can go out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from batch.model import Act, Item, OutcomeKind, Status, Step, StepKind
from batch.plan.compare import content_changes
from batch.publisher import items as calls
from batch.run.looking import rank
from batch.run.outcomes import broken_outcome, done_outcome
from batch.run.sending import Tools
from batch.run.verdict import on_time
from batch.run.work import Work, keep_item

LIVING = frozenset({Status.DRAFT, Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED})
WITHDRAWN = frozenset({Status.CANCELED, Status.DELETED})
SENT = frozenset({Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED})

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


def read_back(works: Sequence[Work], *, tools: Tools, keep: Callable[[Work], None]) -> None:
    """Compare what the site holds with what was done. Errors: ServiceError, SignInError where it can't be read."""
    done = [w for w in works if w.done]
    if not done:
        return
    held = tools.look.everything()
    by_id = {item.id: item for item in held}
    doubles = _doubles(held, {w.step.reference for w in done})
    for work in done:
        _compare(work, by_id.get(work.step.item_id), tools=tools)
        if work.step.reference in doubles:
            _withdraw_doubles(work, doubles[work.step.reference], tools=tools)
        keep(work)


def _doubles(held: Sequence[Item], references: set[str]) -> dict[str, list[Item]]:
    found: defaultdict[str, list[Item]] = defaultdict(list)
    for item in held:
        if item.reference in references and item.status in LIVING:
            found[item.reference].append(item)
    return {reference: sorted(items, key=rank) for reference, items in found.items() if len(items) > 1}


def _compare(work: Work, item: Item | None, *, tools: Tools) -> None:
    """Correct the outcome by what the site shows; a list may lag, so a difference counts only when seen by ID."""
    if work.outcome is None or work.left:
        return
    if _difference(work.step, item):
        item = tools.look.by_id(work.step.item_id) if work.step.item_id else None
    difference = _difference(work.step, item)
    if difference:
        work.outcome = broken_outcome(
            work.step,
            OutcomeKind.FAILED,
            code="differs",
            message=f"The site does not show what the plan said: {difference}. Look at the post on the site.",
            item_id=work.step.item_id,
            status=item.status if item else "",
        )
    elif item is not None:
        keep_item(work, item)
        work.outcome = done_outcome(work.step, item, last=work.done[-1])


def _difference(step: Step, item: Item | None) -> str:
    """Return in words how an item differs from its step, "" where it does not."""
    if item is None:
        return "" if step.kind in (StepKind.DELETE, StepKind.CANCEL) else "it is not there"
    if item.status == Status.FAILED and step.kind in (StepKind.SCHEDULE, StepKind.PUBLISH, StepKind.RESCHEDULE):
        return ""
    if item.status not in EXPECTED[step.kind]:
        return f"it is {item.status}"
    if step.kind in (StepKind.CANCEL, StepKind.DELETE):
        return ""
    if step.account_id and item.account_id and item.account_id != step.account_id:
        return f"it is on the account {item.account_id}, not {step.account_id}"
    if step.at is not None and item.status == Status.SCHEDULED and not on_time(step, item):
        return f"it is scheduled for {item.scheduled_at}, not {step.at}"
    if Act.CREATE in step.acts or Act.UPDATE in step.acts:
        changes = content_changes(item.content, step.content)
        return "; ".join(f"{c.field} is {c.old[:60]!r}" for c in changes)
    return ""


def _withdraw_doubles(work: Work, doubles: Sequence[Item], *, tools: Tools) -> None:
    """Keep the item that stands for the reference, the same one on every machine, and take back the others."""
    kept, *others = doubles
    live = [item for item in others if not withdraw(item, tools)]
    if live:
        ids = ", ".join(item.id for item in live)
        work.outcome = broken_outcome(
            work.step,
            OutcomeKind.FAILED,
            code="doubled",
            message=f"The post is on the site twice ({ids} besides {kept.id}) and the second could not be taken back. "
            "Take it down on the channel.",
            item_id=kept.id,
            status=kept.status,
        )
        return
    tools.say(f"Row {work.step.row}: the site held {len(doubles)} posts with the key {work.step.reference}; kept one.")
    now = tools.look.by_id(kept.id)
    if now is not None and work.outcome is not None and work.outcome.outcome is not OutcomeKind.UNKNOWN:
        keep_item(work, now)
        if not work.left:
            work.outcome = done_outcome(work.step, now, last=work.done[-1])


def withdraw(item: Item, tools: Tools) -> bool:
    """Take an item back before it goes out; True where it will not."""
    if item.status == Status.SCHEDULED:
        calls.cancel_item(tools.client, item.id)
    elif item.status == Status.DRAFT:
        calls.delete_item(tools.client, item.id)
    now = tools.look.by_id(item.id)
    return now is None or now.status in WITHDRAWN
