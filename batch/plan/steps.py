"""The step that each decision makes of a post and its item.

Every decision has one method of `Comparison`; a test holds that none is missing. Dates, contents and words are worked
out here; whether the account and the plan allow the step is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from batch.model import Account, Act, Action, Before, Change, Content, Generate, Item, Post, Status, Step, StepKind
from batch.plan.compare import content_changes, date_change, known_media, same_second
from batch.plan.decisions import LATE, REFUSALS, TABLE, Decision, Refusal
from batch.plan.matching import shown_account, shown_items
from batch.plan.safety import DATED
from batch.times import shown_time, spoken_time
from batch.wording import STATUS_WORDS, listed

FOR_GOOD = "This can't be undone."
CHANGEABLE = frozenset({"", Status.DRAFT, Status.SCHEDULED})
ERROR_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


@dataclass(frozen=True, slots=True)
class Comparison:
    """A post beside its item (None: the site holds none), with the whole content it is to have, for a decision."""

    post: Post
    wanted: Action
    site: str
    now: datetime
    reference: str
    content: Content
    item: Item | None = None
    account: Account | None = None
    warnings: tuple[str, ...] = ()

    @property
    def status(self) -> str:
        """The item's state, "" where there is none."""
        return self.item.status if self.item else ""

    @property
    def date(self) -> datetime:
        """The date of the row; asked only where the row has one."""
        if self.post.publish_at is None:
            raise ValueError(f"row {self.post.row} wants a date and has none")
        return self.post.publish_at

    @property
    def item_date(self) -> datetime | None:
        """The item's own date."""
        return self.item.scheduled_at if self.item else None

    @property
    def last_date(self) -> datetime | None:
        """The item's date, the row's where it has none."""
        return self.item_date or self.post.publish_at

    def spoken(self, at: datetime | None, *, short: bool = False) -> str:
        """Return a date as the row's people read it."""
        return spoken_time(at, timezone=self.post.timezone, short=short)

    @property
    def passed(self) -> bool:
        """Whether the row has a date and it lies behind."""
        return self.post.publish_at is not None and self.post.publish_at <= self.now

    @property
    def changes(self) -> tuple[Change, ...]:
        """The content that differs from the item's; nothing where there is no item."""
        return content_changes(self.item.content, self.content) if self.item else ()

    def brings(self, changes: Sequence[Change]) -> tuple[Act, ...]:
        """Return the acts that bring the content to the site: the item is made, or changed where it differs."""
        if self.item is not None and not changes:
            return ()
        uploads = () if known_media(self.content.media) else (Act.UPLOAD,)
        return (*uploads, Act.UPDATE if self.item else Act.CREATE)

    def step(
        self,
        kind: StepKind,
        reason: str,
        *,
        acts: tuple[Act, ...] = (),
        at: datetime | None = None,
        changes: tuple[Change, ...] = (),
        code: str = "",
        warnings: tuple[str, ...] = (),
    ) -> Step:
        """Return a step; what it holds of post, item and account is the same for every decision."""
        post, item, account, generation = self.post, self.item, self.account, self.post.generation
        told = () if kind is StepKind.SKIP or self.status not in CHANGEABLE else post.warnings
        drawn = generation is not None and generation.kind is Generate.IMAGE
        if drawn and self.content.media and Act.CREATE in acts:
            picture = self.content.media[0]
            reason += f" Its first image was generated: {picture.source or picture.url}"
        return Step(
            row=post.row,
            key=post.key,
            site=self.site,
            kind=kind,
            reason=reason,
            channel=str(post.channel or ""),
            type=str(post.type or ""),
            action=str(post.action or ""),
            acts=acts,
            reference=self.reference,
            account_id=account.id if account else (item.account_id if item else ""),
            account_name=shown_account(account) if account and account.id else "",
            target_id=self.content.target_id,
            at=at,
            # The row's words say the date only where it is the row's own.
            local_time=post.local_time if at in (None, post.publish_at) else shown_time(at, timezone=post.timezone),
            content=self.content,
            item_id=item.id if item else "",
            found_status=self.status,
            link=item.link if item else "",
            changes=changes,
            before=Before(item.status, item.scheduled_at, item.content) if acts and item else None,
            code=code,
            warnings=tuple(dict.fromkeys((*told, *self.warnings, *warnings))),
            account=post.account,
            # A person's own words are never shown as the service's.
            generated=generation is not None
            and not drawn
            and all(issue.code != "generate_and_text" for issue in post.errors),
            timezone=post.timezone,
            place=post.place,
            slot=bool(post.slots),
        )

    def decided(self) -> Step:
        """Return the step that the decision table makes; none sets a date that has passed."""
        decision = TABLE.get((self.wanted, self.status), Decision.UNKNOWN)
        step = STEPS[decision](self) if decision in STEPS else self.refuse_by(decision)
        if self.passed and DATED.intersection(step.acts):
            return self._date_passed()
        return step

    def refuse(self, refusal: Refusal) -> Step:
        """Return the step that does nothing, with its reason."""
        at = self.last_date if refusal.kind is StepKind.SKIP else self.post.publish_at
        return self.step(refusal.kind, refusal.reason, code=refusal.code, at=at)

    def draft(self) -> Step:
        """Make a draft, or bring it to the row's content."""
        changes = self.changes
        kind, reason = StepKind.DRAFT, "New draft."
        if self.item is not None:
            kind, reason = StepKind.UNCHANGED, "Already a draft, nothing to change."
        if changes:
            kind, reason = StepKind.UPDATE, f"Updates the draft: {_fields(changes)}."
        return self.step(kind, reason, acts=self.brings(changes), changes=changes)

    def schedule(self) -> Step:
        """Make a post that goes out at the row's date, or bring a draft to the row's content and schedule it."""
        changes, date = self.changes, self.spoken(self.date)
        slot = " in the next free slot" if self.post.slots else ""
        reason = f"Schedules the draft for {date}{_also(changes)}." if self.item else f"New post{slot}, {date}."
        acts = (*self.brings(changes), Act.SCHEDULE)
        return self.step(StepKind.SCHEDULE, reason, acts=acts, at=self.date, changes=changes)

    def publish(self) -> Step:
        """Make a post that goes out at once, or publish a draft or a scheduled post with the row's content."""
        changes = self.changes
        reason = f"Publishes the draft at once{_also(changes)}."
        if self.item is None:
            reason = "New post, published at once."
        elif self.status == Status.SCHEDULED:
            reason = f"Publishes at once instead of {self.spoken(self.item_date)}{_also(changes)}."
        acts = (*self.brings(changes), Act.PUBLISH)
        return self.step(StepKind.PUBLISH, reason, acts=acts, changes=changes)

    def move(self) -> Step:
        """Bring a scheduled post to the row's date, and to its content unless the row only moves it."""
        only_moved = self.wanted is Action.RESCHEDULE
        changes = () if only_moved else self.changes
        move = date_change(self.item_date, self.date, timezone=self.post.timezone)
        if move is not None:
            short = self.item_date is not None and abs(self.date - self.item_date) < timedelta(days=180)
            old, new = self.spoken(self.item_date, short=short), self.spoken(self.date, short=short)
            reason, acts = f"Moves from {old} to {new}{_also(changes)}.", (*self.brings(changes), Act.RESCHEDULE)
            every, warnings = (*changes, move), self._left_alone() if only_moved else ()
            return self.step(StepKind.RESCHEDULE, reason, acts=acts, at=self.date, changes=every, warnings=warnings)
        if not changes:
            reason = "Already scheduled for this date, nothing to move."
            if not only_moved:
                reason = "Already scheduled, nothing to change."
            return self.step(StepKind.UNCHANGED, reason, at=self.date)
        if self.passed:
            warning = f"The row differs ({_fields(changes)}), but the post is due now, so it isn't changed any more."
            reason = "Already scheduled and due now."
            return self.step(StepKind.UNCHANGED, reason, at=self.date, warnings=(warning,))
        reason = f"Already scheduled{_also(changes)}."
        return self.step(StepKind.UPDATE, reason, acts=self.brings(changes), at=self.date, changes=changes)

    def _left_alone(self) -> tuple[str, ...]:
        """Say what else a row writes that only moves its post; what it leaves blank says nothing."""
        row = self.post.content
        differing = content_changes(self.item.content, row) if self.item else ()
        names = [c.field for c in differing if c.new and (c.field != "media" or (row.media and known_media(row.media)))]
        which = listed(names, last="and")
        warning = f"The row differs ({which}), which `reschedule` doesn't change. To change it too, clear the action."
        return (warning,) if names else ()

    def cancel(self) -> Step:
        """Cancel a scheduled post."""
        reason = f"Cancels the post of {self.spoken(self.item_date)}. It won't go out. {FOR_GOOD}"
        return self.step(StepKind.CANCEL, reason, acts=(Act.CANCEL,), at=self.last_date)

    def withdraw(self, step: Step, others: Sequence[Item], *, replaced: bool = False) -> Step:
        """Return the step with what takes back the other items of its post, so that it does not go out twice.

        What it replaces is taken back before the new post gets its date, a copy once the post is as the row wants it.
        """
        told, are = shown_items(others, timezone=self.post.timezone), "is" if len(others) == 1 else "are"
        place = step.acts.index(Act.CREATE) + 1 if replaced else len(step.acts)
        warning = f"The site has {len(others) + 1} copies of this post. {told} {are} taken back, so it goes out once."
        if replaced:
            warning = f"Replaces {told}, which {are} taken back before the new post gets its date."
        return replace(
            step,
            acts=(*step.acts[:place], Act.WITHDRAW, *step.acts[place:]),
            duplicates=tuple(other.id for other in others),
            warnings=(*step.warnings, warning),
        )

    def delete(self) -> Step:
        """Delete an item from the site."""
        scheduled = self.status == Status.SCHEDULED
        was = f"scheduled for {self.spoken(self.item_date)}" if scheduled else f"({STATUS_WORDS[self.status]})"
        reason = f"Deletes the post from the site {was}. {FOR_GOOD}"
        return self.step(StepKind.DELETE, reason, acts=(Act.DELETE,), at=self.last_date)

    def keep_sent(self) -> Step:
        """Leave a post that is out or on its way, and say where the row differs from it.

        Media that were never uploaded say nothing about it.
        """
        names = [c.field for c in self.changes if c.field != "media" or known_media(self.content.media)]
        remote = self.item_date
        if self.wanted is Action.SCHEDULE and remote is not None and not same_second(remote, self.date):
            names.append("publish_at")
        which = listed(names, last="and")
        warning = f"The row differs ({which}), but a published post can't be changed from here."
        warnings = (warning,) if names else ()
        if self.status == Status.PUBLISHED:
            return self.step(StepKind.UNCHANGED, "Already published.", at=self.last_date, warnings=warnings)
        reason = f"Being published right now ({self.status})."
        return self.step(StepKind.WAIT, reason, at=self.last_date, warnings=warnings)

    def keep_idle(self) -> Step:
        """Leave what does not go out anyway: there is nothing, it is a draft, or it was withdrawn before."""
        post = self.post
        if self.item is None:
            reason = f"No post with the key {post.key} on this site, nothing to {post.action}."
            warnings = ("Check the key if you expected one.",)
            return self.step(StepKind.UNCHANGED, reason, code="not_found", at=post.publish_at, warnings=warnings)
        if self.status == Status.DRAFT:
            reason = "It's a draft, so there is nothing to cancel. Use `delete` to remove it."
            return self.step(StepKind.UNCHANGED, reason, code="is_draft")
        reason = f"Already {STATUS_WORDS[self.status]}; it won't go out."
        return self.step(StepKind.UNCHANGED, reason, at=self.last_date)

    def refuse_by(self, decision: Decision) -> Step:
        """Refuse, in the decision's words; a reschedule that comes too late may have been done before its time came."""
        remote, moving = self.item_date, self.wanted is Action.RESCHEDULE
        if decision in LATE and moving and remote and same_second(remote, self.date):
            return self.step(StepKind.UNCHANGED, "Moved to this date before, and it is due now.", at=remote)
        error = self.item.error if self.item and self.item.error else "it gave no reason"
        kind = StepKind.CONFLICT if decision is Decision.UNKNOWN else StepKind.INVALID
        code = str(decision.value)
        if decision is Decision.FAILED:
            named = ERROR_CODE.search(error)
            kind, code = StepKind.FAILED, named[0] if named else "FAILED"
        words = REFUSALS[decision].format(
            key=self.post.key,
            date=self.spoken(remote),
            status=self.status or "nothing",
            status_word=STATUS_WORDS.get(self.status, ""),
            channel=str(self.post.channel),
            error=error.rstrip(". "),
            again=f"To post it again, {'clear its action and ' * moving}run with `--again {self.post.key}`.",
        )
        return self.refuse(Refusal(kind, code, words))

    def _date_passed(self) -> Step:
        date = self.spoken(self.date)
        reason = f"The date {date} has passed, and the post was never scheduled. Write a date in the future, or `now`."
        if self.status == Status.SCHEDULED:
            there = f"It stays scheduled for {self.spoken(self.item_date)}."
            reason = f"The new date {date} has passed. {there} Write a date in the future."
        return self.refuse(Refusal(StepKind.INVALID, "date_passed", reason))


def _fields(changes: Sequence[Change]) -> str:
    return listed([change.field.replace("_", " ") for change in changes], last="and")


def _also(changes: Sequence[Change]) -> str:
    """Return what else changes, to close a sentence: `; text changes`."""
    return f"; {_fields(changes)} change{'s' if len(changes) == 1 else ''}" if changes else ""


STEPS: Mapping[Decision, Callable[[Comparison], Step]] = {
    Decision.DRAFT: Comparison.draft,
    Decision.SCHEDULE: Comparison.schedule,
    Decision.PUBLISH: Comparison.publish,
    Decision.MOVE: Comparison.move,
    Decision.CANCEL: Comparison.cancel,
    Decision.DELETE: Comparison.delete,
    Decision.KEEP_SENT: Comparison.keep_sent,
    Decision.KEEP_IDLE: Comparison.keep_idle,
}
"""What each decision makes of a comparison; every other one is a refusal in the words of `REFUSALS`."""
