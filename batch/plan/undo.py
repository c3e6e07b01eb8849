"""Makes the plan that puts back what a run did, as far as that can still be done.

Only an item that is still as the run left it is touched; what somebody changed since is a conflict. What is live stays
live, and what was withdrawn is not brought back: each of these says so in plain words.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from batch.model import Act, Before, Change, Content, Item, SitePlan, Snapshot, Status, Step, StepKind
from batch.plan.compare import content_changes, date_change, same_media, same_second
from batch.plan.decisions import Options
from batch.plan.matching import ItemIndex
from batch.plan.planfile import site_state
from batch.plan.safety import block_wrong_clock, clock_notices
from batch.times import shown_time

OUT = frozenset({Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE})
GONE = frozenset({Status.CANCELED, Status.DELETED})


@dataclass(frozen=True, slots=True)
class _Past:
    """A step that was done, and its item as it is now."""

    step: Step
    item: Item
    now: datetime


def make_undo(done: Sequence[Step], snapshot: Snapshot, *, now: datetime, options: Options | None = None) -> SitePlan:
    """Return the plan that undoes these steps of one site, one step for each, in the same order.

    `done` are the steps as carried out: those that made an item may carry its ID in `item_id`, else it is found by its
    reference.
    """
    options = options or Options()
    index = ItemIndex(snapshot.items)
    found = [_item_of(step, index) for step in done]
    steps = [_undo(step, item, now) for step, item in zip(done, found, strict=True)]
    steps = block_wrong_clock(steps, snapshot, options=options)
    items = {item.id: item for item in found if item is not None}
    return SitePlan(
        site=snapshot.site,
        steps=tuple(steps),
        quotas=dict(snapshot.quotas),
        notices=(*snapshot.notices, *clock_notices(snapshot, options=options)),
        state=site_state(snapshot, channels={s.channel for s in done if s.channel}, found=items.values()),
    )


def _item_of(step: Step, index: ItemIndex) -> Item | None:
    if step.item_id:
        return index.by_id.get(step.item_id.lower())
    same = [line.item for line in index.lineage(step.reference) if line.item.reference == step.reference]
    return same[0] if len(same) == 1 else None


def _undo(step: Step, item: Item | None, now: datetime) -> Step:
    """Return the step that undoes one step."""
    if not step.acts:
        return _idle(step, item, StepKind.UNCHANGED, "That run changed nothing here, so there is nothing to undo.")
    if item is None:
        return _not_there(step)
    past = _Past(step, item, now)
    for act, undo in _UNDOERS:
        if act in step.acts:
            return undo(past)
    raise ValueError(f"nobody has said how to undo {step.acts}")


def _not_there(step: Step) -> Step:
    if Act.DELETE in step.acts:
        return _deleted(step, None)
    reason = "The site does not hold this post, so there is nothing to undo. If you expected it, look there for it."
    return _idle(step, None, StepKind.UNCHANGED, reason, code="not_found")


def _deleted(step: Step, item: Item | None) -> Step:
    reason = f"It was deleted and can't be brought back. To make it anew, run its row with `--again {step.key}`."
    return _idle(step, item, StepKind.INVALID, reason, code="deleted")


def _undo_delete(past: _Past) -> Step:
    return _deleted(past.step, past.item)


def _undo_cancel(past: _Past) -> Step:
    if past.item.status not in GONE:
        reason = f"It was cancelled by that run and is {past.item.status} now, so somebody has dealt with it since."
        return _idle(past.step, past.item, StepKind.UNCHANGED, reason)
    reason = (
        "It was cancelled, and a cancelled post can't be scheduled again. To make it anew, run its row with "
        f"a blank action and `--again {past.step.key}`."
    )
    return _idle(past.step, past.item, StepKind.INVALID, reason, code="cancelled")


def _undo_publish(past: _Past) -> Step:
    if past.item.status == Status.FAILED:
        return _idle(past.step, past.item, StepKind.UNCHANGED, "Its channel refused it, so nothing went out.")
    return _published(past)


def _published(past: _Past) -> Step:
    reason = "It has gone out and can't be taken back from here. Delete it on the channel itself."
    return _idle(past.step, past.item, StepKind.INVALID, reason, code="published")


def _undo_schedule(past: _Past) -> Step:
    if ended := _ended(past):
        return ended
    if past.item.status == Status.DRAFT:
        return _idle(past.step, past.item, StepKind.UNCHANGED, "It is a draft again already and does not go out.")
    if moved := _moved_since(past):
        return moved
    lost = ("It was a draft before that run; a cancelled post does not become one again.",) if past.step.before else ()
    reason = f"That run scheduled it for {_when(past, past.item.scheduled_at)}: it is cancelled and will not go out."
    return _redo(past, StepKind.CANCEL, reason, (Act.CANCEL,), at=past.item.scheduled_at, warnings=lost)


def _undo_reschedule(past: _Past) -> Step:
    if ended := _ended(past):
        return ended
    before = _before(past)
    if _as_before(past, before):
        return _idle(past.step, past.item, StepKind.UNCHANGED, "It is as it was before that run already.")
    if moved := _moved_since(past):
        return moved
    old = before.scheduled_at
    if old is None or old <= past.now:
        return _old_date_passed(past, before)
    move = date_change(past.item.scheduled_at, old, timezone=past.step.timezone)
    changes, acts = _content_back(past, before)
    reason = f"That run moved it from {_when(past, old)}: it goes back to that date."
    every = (*changes, move) if move else changes
    content = before.content if acts else past.item.content
    return _redo(past, StepKind.RESCHEDULE, reason, (*acts, Act.RESCHEDULE), at=old, changes=every, content=content)


def _old_date_passed(past: _Past, before: Before) -> Step:
    """Put the content back where the date can't be."""
    there = _when(past, past.item.scheduled_at)
    said = f"Its old date {_when(past, before.scheduled_at)} has passed, so it stays scheduled for {there}."
    changes, acts = _content_back(past, before)
    if not acts:
        return _idle(past.step, past.item, StepKind.INVALID, said, code="date_passed")
    reason = "That run changed it: its content becomes what it was."
    at = past.item.scheduled_at
    return _redo(past, StepKind.UPDATE, reason, acts, at=at, changes=changes, content=before.content, warnings=(said,))


def _undo_update(past: _Past) -> Step:
    if ended := _ended(past):
        return ended
    before = _before(past)
    changes, acts = _content_back(past, before)
    if not acts:
        return _idle(past.step, past.item, StepKind.UNCHANGED, "It says what it said before that run already.")
    if moved := _moved_since(past):
        return moved
    reason = "That run changed it: its content becomes what it was."
    at = past.item.scheduled_at
    return _redo(past, StepKind.UPDATE, reason, acts, at=at, changes=changes, content=before.content)


def _undo_create(past: _Past) -> Step:
    if ended := _ended(past):
        return ended
    if moved := _moved_since(past):
        return moved
    return _redo(past, StepKind.DELETE, "That run made this draft: it is deleted.", (Act.DELETE,))


_UNDOERS: tuple[tuple[Act, Callable[[_Past], Step]], ...] = (
    (Act.DELETE, _undo_delete),
    (Act.CANCEL, _undo_cancel),
    (Act.PUBLISH, _undo_publish),
    (Act.SCHEDULE, _undo_schedule),
    (Act.RESCHEDULE, _undo_reschedule),
    (Act.UPDATE, _undo_update),
    (Act.CREATE, _undo_create),
)
"""By the last thing that a step did, which is what has to be undone first."""


def _ended(past: _Past) -> Step | None:
    """Return the step for an item that is out, dead or in a state nobody knows."""
    status = past.item.status
    if status in OUT:
        return _published(past)
    if status in GONE or status == Status.FAILED:
        word = "cancelled" if status == Status.CANCELED else "deleted" if status == Status.DELETED else "refused"
        return _idle(past.step, past.item, StepKind.UNCHANGED, f"It is {word} already and does not go out.")
    if status not in (Status.DRAFT, Status.SCHEDULED):
        reason = f"The service says that it is {status}, a state that this version does not know, so it is left alone."
        return _idle(past.step, past.item, StepKind.CONFLICT, reason, code="unknown_status")
    return None


def _moved_since(past: _Past) -> Step | None:
    """Return a conflict where the item is no longer as the run left it."""
    differing = _differences(past)
    if not differing:
        return None
    reason = f"It was changed since that run ({', '.join(differing)}), so it is left as it is. Change it by its row."
    return _idle(past.step, past.item, StepKind.CONFLICT, reason, code="changed_since")


def _differences(past: _Past) -> list[str]:
    step, item = past.step, past.item
    left_as = Status.SCHEDULED if _left_scheduled(step) else Status.DRAFT
    differing = ["state"] if item.status != left_as else []
    if left_as is Status.SCHEDULED and step.at and not (item.scheduled_at and same_second(item.scheduled_at, step.at)):
        differing.append("publish_at")
    if {Act.CREATE, Act.UPDATE}.intersection(step.acts):
        differing += _content_differences(step.content, item.content)
    elif step.before is not None:
        differing += _content_differences(step.before.content, item.content)
    return differing


def _left_scheduled(step: Step) -> bool:
    if Act.SCHEDULE in step.acts or Act.RESCHEDULE in step.acts:
        return True
    return step.before is not None and step.before.status == Status.SCHEDULED


def _content_differences(left: Content, there: Content) -> list[str]:
    """Return the fields that are no longer as the run left them; what it uploaded is known by count only."""
    names = [change.field for change in content_changes(there, left)]
    if "media" in names and not all(m.url for m in left.media) and len(left.media) == len(there.media):
        uploaded = tuple(t if not w.url else w for t, w in zip(there.media, left.media, strict=True))
        return [name for name in names if name != "media" or not same_media(there.media, uploaded)]
    return names


def _before(past: _Past) -> Before:
    if past.step.before is None:
        raise ValueError(f"row {past.step.row} changed an item without keeping how it was")
    return past.step.before


def _as_before(past: _Past, before: Before) -> bool:
    there, old = past.item.scheduled_at, before.scheduled_at
    dates = there is not None and old is not None and same_second(there, old)
    return dates and not content_changes(past.item.content, before.content)


def _content_back(past: _Past, before: Before) -> tuple[tuple[Change, ...], tuple[Act, ...]]:
    if Act.UPDATE not in past.step.acts:
        return (), ()
    changes = content_changes(past.item.content, before.content)
    return changes, (Act.UPDATE,) if changes else ()


def _when(past: _Past, at: datetime | None) -> str:
    return shown_time(at, timezone=past.step.timezone)


def _redo(
    past: _Past,
    kind: StepKind,
    reason: str,
    acts: tuple[Act, ...],
    *,
    at: datetime | None = None,
    changes: tuple[Change, ...] = (),
    content: Content | None = None,
    warnings: tuple[str, ...] = (),
) -> Step:
    """Return a step that changes the item back."""
    item = past.item
    return replace(
        _idle(past.step, item, kind, reason),
        acts=acts,
        at=at,
        local_time=_when(past, at),
        changes=changes,
        content=item.content if content is None else content,
        before=Before(item.status, item.scheduled_at, item.content),
        warnings=warnings,
    )


def _idle(step: Step, item: Item | None, kind: StepKind, reason: str, *, code: str = "") -> Step:
    """Return a step that does nothing, about the post of the step that was done."""
    at = item.scheduled_at if item else step.at
    return replace(
        step,
        kind=kind,
        reason=reason,
        code=code,
        acts=(),
        at=at,
        local_time=shown_time(at, timezone=step.timezone),
        content=item.content if item else step.content,
        item_id=item.id if item else step.item_id,
        reference=(item.reference if item else "") or step.reference,
        found_status=item.status if item else "",
        link=(item.link if item else "") or step.link,
        changes=(),
        before=None,
        warnings=(),
        action="",
    )
