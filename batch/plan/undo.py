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
from batch.plan.decisions import ABSENT, PlanOptions
from batch.plan.matching import DEAD, ON_ITS_WAY, ItemIndex
from batch.plan.planfile import site_state
from batch.plan.safety import DATED, check_clock
from batch.plan.steps import FOR_GOOD
from batch.times import shown_time, spoken_time
from batch.wording import STATUS_WORDS


def make_undo(
    done: Sequence[Step], snapshot: Snapshot, *, now: datetime, options: PlanOptions | None = None
) -> SitePlan:
    """Return the plan that undoes steps as they were carried out, one step for each, in the same order."""
    options = options or PlanOptions()
    index = ItemIndex(snapshot.items)
    items = [_item_of(step, index) for step in done]
    steps = [_Past(step, item, now).undo() for step, item in zip(done, items, strict=True)]
    steps, notices = check_clock(steps, snapshot, options=options)
    return SitePlan(
        site=snapshot.site,
        steps=tuple(steps),
        quotas=dict(snapshot.quotas),
        notices=(*snapshot.notices, *notices),
        state=site_state(
            snapshot,
            channels={step.channel for step in done if step.channel},
            found={item.id: item for item in items if item.status != ABSENT}.values(),
        ),
    )


def _item_of(step: Step, index: ItemIndex) -> Item:
    """Return the item of a step, as the run left it and in no state where the site does not hold it any more."""
    same = [version.item for version in index.versions(step.reference) if version.item.reference == step.reference]
    item = index.by_id.get(step.item_id.lower()) if step.item_id else same[0] if len(same) == 1 else None
    return item or Item(step.item_id, step.channel, step.type, ABSENT, scheduled_at=step.at, content=step.content)


@dataclass(frozen=True, slots=True)
class _Past:
    """A step that was done and its item as it is now (`ABSENT`: not there), and what undoes each kind of act."""

    step: Step
    item: Item
    now: datetime

    @property
    def before(self) -> Before:
        """How the item was before that run."""
        if self.step.before is None:
            raise ValueError(f"row {self.step.row} changed an item without keeping how it was")
        return self.step.before

    def shown(self, at: datetime | None) -> str:
        """Return a date as the row's people read it."""
        return spoken_time(at, timezone=self.step.timezone)

    def back(
        self,
        kind: StepKind,
        reason: str,
        *acts: Act,
        code: str = "",
        at: datetime | None = None,
        changes: tuple[Change, ...] = (),
        content: Content | None = None,
        warnings: tuple[str, ...] = (),
    ) -> Step:
        """Return the step that changes the item back by these acts, or leaves it as it is; `at` is its own date."""
        step, item = self.step, self.item
        at = at or item.scheduled_at
        return replace(
            step,
            kind=kind,
            reason=reason,
            code=code,
            acts=acts,
            duplicates=(),
            at=at,
            local_time=shown_time(at, timezone=step.timezone),
            content=content or item.content,
            item_id=item.id,
            reference=item.reference or step.reference,
            found_status=item.status,
            link=item.link or step.link,
            changes=changes,
            before=Before(item.status, item.scheduled_at, item.content) if acts else None,
            warnings=warnings,
            action="",
        )

    def undo(self) -> Step:
        """Return the step that undoes what was done, as far as that can still be done."""
        step, status = self.step, self.item.status
        if not step.own_acts:
            return self.back(StepKind.UNCHANGED, "That run changed nothing here, so there is nothing to undo.")
        if Act.DELETE in step.acts:
            again = f"To post it again, run its row with `--again {step.key}`."
            return self.back(StepKind.INVALID, f"It was deleted and can't be brought back. {again}", code="deleted")
        if status == ABSENT:
            reason = "The site does not hold this post, so there is nothing to undo."
            return self.back(StepKind.UNCHANGED, f"{reason} If you expected it, look there for it.", code="not_found")
        if Act.CANCEL in step.acts:
            return self.cancel()
        if Act.PUBLISH in step.acts or status in ON_ITS_WAY:
            return self.publish()
        if status in DEAD:
            return self.back(StepKind.UNCHANGED, f"Already {STATUS_WORDS[status]}; it won't go out.")
        if status not in (Status.DRAFT, Status.SCHEDULED):
            reason = f"Its state on the site is {status}, which this version doesn't know, so it is left alone."
            return self.back(StepKind.CONFLICT, reason, code="unknown_status")
        return next(undo for act, undo in UNDOERS if act in step.acts)(self)

    def cancel(self) -> Step:
        """Say that what was cancelled stays so."""
        status = self.item.status
        if status not in (Status.CANCELED, Status.DELETED):
            now = STATUS_WORDS.get(status, status)
            reason = f"It was cancelled by that run and is {now} now, so somebody has dealt with it since."
            return self.back(StepKind.UNCHANGED, reason)
        reason = (
            "It was cancelled, and a cancelled post can't be scheduled again. To post it again, clear `action` and "
            f"run with `--again {self.step.key}`."
        )
        return self.back(StepKind.INVALID, reason, code="cancelled")

    def publish(self) -> Step:
        """Say that what went out stays out."""
        if self.item.status == Status.FAILED:
            return self.back(StepKind.UNCHANGED, "Its channel refused it, so nothing was published.")
        reason = "It is published and can't be taken back from here. Delete it on the channel itself."
        return self.back(StepKind.INVALID, reason, code="published")

    def schedule(self) -> Step:
        """Cancel what was scheduled."""
        if self.item.status == Status.DRAFT:
            return self.back(StepKind.UNCHANGED, "It is a draft again and won't go out.")
        lost = ("It was a draft before that run; a cancelled post does not become one again.",)
        at = self.shown(self.item.scheduled_at)
        reason = f"That run scheduled it for {at}. Cancels it; it won't go out. {FOR_GOOD}"
        warnings = lost if self.step.before else ()
        return self._changed_since() or self.back(StepKind.CANCEL, reason, Act.CANCEL, warnings=warnings)

    def reschedule(self) -> Step:
        """Bring date and content back; the content alone where the old date has passed."""
        old, at, content = self.before.scheduled_at, self.item.scheduled_at, self.before.content
        same_date = at is not None and old is not None and same_second(at, old)
        if same_date and not content_changes(self.item.content, content):
            return self.back(StepKind.UNCHANGED, "It is as it was before that run, nothing to undo.")
        if changed := self._changed_since():
            return changed
        changes = self.changes
        if old is not None and old > self.now:
            move = date_change(at, old, timezone=self.step.timezone)
            reason = f"That run moved it from {self.shown(old)}. Moves it back to that date."
            acts = (Act.UPDATE, Act.RESCHEDULE) if changes else (Act.RESCHEDULE,)
            every, back = (*changes, move) if move else changes, content if changes else None
            return self.back(StepKind.RESCHEDULE, reason, *acts, at=old, changes=every, content=back)
        stays = f"Its old date {self.shown(old)} has passed, so it stays scheduled for {self.shown(at)}."
        if not changes:
            return self.back(StepKind.INVALID, stays, code="date_passed")
        return self._update_back(changes, warnings=(stays,))

    def update(self) -> Step:
        """Bring the content back."""
        if not self.changes:
            return self.back(StepKind.UNCHANGED, "Its content is as it was before that run, nothing to undo.")
        return self._changed_since() or self._update_back(self.changes)

    def create(self) -> Step:
        """Delete the draft that was made."""
        made = f"That run made this draft. Deletes it. {FOR_GOOD}"
        return self._changed_since() or self.back(StepKind.DELETE, made, Act.DELETE)

    @property
    def changes(self) -> tuple[Change, ...]:
        """What brings the content back; nothing where that run did not change it."""
        return content_changes(self.item.content, self.before.content) if Act.UPDATE in self.step.acts else ()

    def _update_back(self, changes: tuple[Change, ...], *, warnings: tuple[str, ...] = ()) -> Step:
        reason, content = "That run changed it. Puts its earlier content back.", self.before.content
        return self.back(StepKind.UPDATE, reason, Act.UPDATE, changes=changes, content=content, warnings=warnings)

    def _changed_since(self) -> Step | None:
        """Return a conflict where the item is no longer as the run left it."""
        step, item, before = self.step, self.item, self.step.before
        scheduled = bool(DATED.intersection(step.acts)) or (before is not None and before.status == Status.SCHEDULED)
        names = ["state"] if item.status != (Status.SCHEDULED if scheduled else Status.DRAFT) else []
        if scheduled and step.at and not (item.scheduled_at and same_second(item.scheduled_at, step.at)):
            names.append("publish_at")
        if {Act.CREATE, Act.UPDATE}.intersection(step.acts):
            names += _content_differences(step.content, item.content)
        elif before is not None:
            names += _content_differences(before.content, item.content)
        if not names:
            return None
        reason = f"It was changed since that run ({', '.join(names)}), so it is left as it is. Change it by its row."
        return self.back(StepKind.CONFLICT, reason, code="changed_since")


UNDOERS: tuple[tuple[Act, Callable[[_Past], Step]], ...] = (
    (Act.SCHEDULE, _Past.schedule),
    (Act.RESCHEDULE, _Past.reschedule),
    (Act.UPDATE, _Past.update),
    (Act.CREATE, _Past.create),
)
"""By the last thing that a step did, which is what has to be undone first."""


def _content_differences(left: Content, remote: Content) -> list[str]:
    """Return the fields that are no longer as the run left them; what it uploaded is known by count only."""
    names = [change.field for change in content_changes(remote, left)]
    if "media" in names and not all(m.url for m in left.media) and len(left.media) == len(remote.media):
        uploaded = tuple(wanted if wanted.url else r for r, wanted in zip(remote.media, left.media, strict=True))
        return [name for name in names if name != "media" or not same_media(remote.media, uploaded)]
    return names
