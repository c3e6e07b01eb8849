"""The step that each decision makes of a case.

Every decision has one small function here; a test holds that none is missing. Dates, contents and words are worked out
here; whether the account and the plan allow the step is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from batch.model import Account, Act, Before, Change, Content, Generate, Item, Post, Status, Step, StepKind
from batch.plan.compare import content_changes, date_change, known_media, same_second
from batch.plan.decisions import LATE, REFUSALS, Decision, Refusal, Wanted
from batch.plan.matching import shown_account
from batch.times import shown_time


class Case(NamedTuple):
    """Everything that one decision needs: the post, its item (None = not there), its account and its whole content."""

    post: Post
    wanted: Wanted
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
    def passed(self) -> bool:
        """Whether the row's date lies behind."""
        return self.date <= self.now

    def changes(self) -> tuple[Change, ...]:
        """Return the content that differs from the item's; nothing where there is no item."""
        return content_changes(self.item.content, self.content) if self.item else ()

    def move(self) -> Change | None:
        """Return the change of the date, None where it is the same."""
        old = self.item.scheduled_at if self.item else None
        return date_change(old, self.date, timezone=self.post.timezone)

    def when(self) -> str:
        """Return the row's date as a person reads it."""
        return self.post.local_time or shown_time(self.post.publish_at, timezone=self.post.timezone)

    def there(self) -> str:
        """Return the item's own date as a person reads it."""
        return shown_time(self.item.scheduled_at if self.item else None, timezone=self.post.timezone)


def make_step(
    case: Case,
    kind: StepKind,
    reason: str,
    *,
    acts: tuple[Act, ...] = (),
    at: datetime | None = None,
    changes: tuple[Change, ...] = (),
    code: str = "",
    warnings: tuple[str, ...] = (),
) -> Step:
    """Return the step of a case; what it holds of post, item and account is the same for every decision."""
    post, item, account = case.post, case.item, case.account
    return Step(
        row=post.row,
        key=post.key,
        reference=case.reference,
        site=case.site,
        channel=str(post.channel or ""),
        type=str(post.type or ""),
        kind=kind,
        reason=f"{reason}{_picture_made(case) if Act.CREATE in acts else ''}",
        acts=acts,
        account_id=account.id if account else (item.account_id if item else ""),
        account_name=shown_account(account) if account and account.id else "",
        target_id=case.content.target_id,
        at=at,
        local_time=_local_time(post, at),
        content=case.content,
        item_id=item.id if item else "",
        found_status=case.status,
        link=item.link if item else "",
        changes=changes,
        before=Before(item.status, item.scheduled_at, item.content) if acts and item else None,
        code=code,
        warnings=(*case.warnings, *warnings),
        action=str(post.action or ""),
        account=post.account,
        generated=_words_were_made(post),
        timezone=post.timezone,
    )


def _local_time(post: Post, at: datetime | None) -> str:
    """Return the step's own date as a person reads it: the row's words say it only where it is the row's date."""
    return post.local_time if at in (None, post.publish_at) else shown_time(at, timezone=post.timezone)


def _words_were_made(post: Post) -> bool:
    """Tell whether the post's words come from the service: a person's own are never shown as such."""
    if post.generation is None or post.generation.kind is Generate.IMAGE:
        return False
    return not any(issue.code == "generate_and_text" for issue in post.errors)


def _picture_made(case: Case) -> str:
    """Tell where a picture that the service made can be looked at before it is sent."""
    generation, media = case.post.generation, case.content.media
    if generation is None or generation.kind is not Generate.IMAGE or not media:
        return ""
    return f" Its first picture was generated: {media[0].source or media[0].url}"


def refuse(case: Case, refusal: Refusal) -> Step:
    """Return the step that does nothing, with its reason."""
    return make_step(case, refusal.kind, refusal.reason, code=refusal.code, at=case.post.publish_at)


_ERROR_CODE = re.compile(r"\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b")


def _uploads(content: Content) -> tuple[Act, ...]:
    return () if known_media(content.media) else (Act.UPLOAD,)


def _create(case: Case) -> Step:
    acts = (*_uploads(case.content), Act.CREATE)
    return make_step(case, StepKind.DRAFT, "New: it becomes a draft.", acts=acts)


def _create_schedule(case: Case) -> Step:
    if case.passed:
        return _date_passed(case)
    acts = (*_uploads(case.content), Act.CREATE, Act.SCHEDULE)
    reason = f"New: it goes out {case.when()}."
    return make_step(case, StepKind.SCHEDULE, reason, acts=acts, at=case.date)


def _create_publish(case: Case) -> Step:
    acts = (*_uploads(case.content), Act.CREATE, Act.PUBLISH)
    return make_step(case, StepKind.PUBLISH, "New: it is published at once.", acts=acts)


def _edit_acts(case: Case, changes: tuple[Change, ...]) -> tuple[Act, ...]:
    return (*_uploads(case.content), Act.UPDATE) if changes else ()


def _edit(case: Case) -> Step:
    changes = case.changes()
    if not changes:
        return make_step(case, StepKind.UNCHANGED, "The draft is there and says what the row says.")
    reason = f"The draft is there and is updated: {_fields(changes)}."
    return make_step(case, StepKind.UPDATE, reason, acts=_edit_acts(case, changes), changes=changes)


def _edit_schedule(case: Case) -> Step:
    if case.passed:
        return _date_passed(case)
    changes = case.changes()
    reason = f"It is a draft: it is {'updated and ' if changes else ''}scheduled for {case.when()}."
    acts = (*_edit_acts(case, changes), Act.SCHEDULE)
    return make_step(case, StepKind.SCHEDULE, reason, acts=acts, at=case.date, changes=changes)


def _edit_move(case: Case) -> Step:
    changes, move = case.changes(), case.move()
    if move is None:
        return _edit_scheduled(case, changes)
    if case.passed:
        return _date_passed(case)
    reason = f"It is scheduled for another date: it moves to {case.when()}."
    if changes:
        reason = f"It is scheduled for another date: it is updated ({_fields(changes)}) and moves to {case.when()}."
    acts = (*_edit_acts(case, changes), Act.RESCHEDULE)
    return make_step(case, StepKind.RESCHEDULE, reason, acts=acts, at=case.date, changes=(*changes, move))


def _edit_scheduled(case: Case, changes: tuple[Change, ...]) -> Step:
    if not changes:
        reason = "It is scheduled for that date and says what the row says."
        return make_step(case, StepKind.UNCHANGED, reason, at=case.date)
    if case.passed:
        warning = f"The row differs ({_fields(changes)}), but its time has come, so it is no longer changed."
        reason = "It is scheduled for that date and due."
        return make_step(case, StepKind.UNCHANGED, reason, at=case.date, warnings=(warning,))
    reason = f"It is scheduled for that date and is updated: {_fields(changes)}."
    return make_step(case, StepKind.UPDATE, reason, acts=_edit_acts(case, changes), at=case.date, changes=changes)


def _edit_publish(case: Case) -> Step:
    changes = case.changes()
    was = f"scheduled for {case.there()}" if case.status == Status.SCHEDULED else "a draft"
    reason = f"It is {was}: it is {'updated and ' if changes else ''}published at once."
    acts = (*_edit_acts(case, changes), Act.PUBLISH)
    return make_step(case, StepKind.PUBLISH, reason, acts=acts, changes=changes)


def _move(case: Case) -> Step:
    move = case.move()
    if move is None:
        return make_step(case, StepKind.UNCHANGED, "It is scheduled for that date already.", at=case.date)
    if case.passed:
        return _date_passed(case)
    reason = f"It is scheduled for another date: it moves to {case.when()}."
    warnings = _left_alone(case)
    return make_step(
        case, StepKind.RESCHEDULE, reason, acts=(Act.RESCHEDULE,), at=case.date, changes=(move,), warnings=warnings
    )


def _left_alone(case: Case) -> tuple[str, ...]:
    """Say what the row writes otherwise than the post that it only moves; what it leaves blank says nothing."""
    row = case.post.content
    changes = content_changes(case.item.content, row) if case.item else ()
    names = [c.field for c in changes if c.new and (c.field != "media" or (row.media and known_media(row.media)))]
    if not names:
        return ()
    return (f"The row differs from it ({_listed(names)}), which `reschedule` leaves as it is; clear the action.",)


def _cancel(case: Case) -> Step:
    reason = f"It is scheduled for {case.there()}: it is cancelled and will not go out."
    return make_step(case, StepKind.CANCEL, reason, acts=(Act.CANCEL,), at=_own_date(case))


def take_twin_back(case: Case, twins: Sequence[Item]) -> Step:
    """Return the step that cancels one of several scheduled items that are the same in everything.

    Two runs at once leave such a pair where one of them is killed before it has read back. Whichever is cancelled, what
    stays is what the row asks for; left alone, the post would go out twice.
    """
    kept, *others = twins
    extra = case._replace(item=others[-1], reference=others[-1].reference, content=others[-1].content)
    reason = (
        f"The site holds this post {len(twins)} times, the same in everything: {extra.status} for {extra.there()}. "
        f"The one with the ID {others[-1].id} is cancelled, so that it does not go out again."
    )
    stays = (
        f"It was there {len(twins)} times: the one with the ID {kept.id} stays scheduled. The next run goes on with it."
    )
    return make_step(extra, StepKind.CANCEL, reason, acts=(Act.CANCEL,), at=_own_date(extra), warnings=(stays,))


def _delete(case: Case) -> Step:
    was = f"scheduled for {case.there()}" if case.status == Status.SCHEDULED else STATUS_WORDS[case.status]
    reason = f"It is {was} on the site: it is deleted there."
    return make_step(case, StepKind.DELETE, reason, acts=(Act.DELETE,), at=_own_date(case))


def _keep_live(case: Case) -> Step:
    return make_step(case, StepKind.UNCHANGED, "It is published.", at=_own_date(case), warnings=_live_warnings(case))


def _wait(case: Case) -> Step:
    reason = f"It is being published right now ({case.status})."
    return make_step(case, StepKind.WAIT, reason, at=_own_date(case), warnings=_live_warnings(case))


def _live_warnings(case: Case) -> tuple[str, ...]:
    """Say where the row differs from a post that is out; media that were never uploaded say nothing about it."""
    names = [c.field for c in case.changes() if c.field != "media" or known_media(case.content.media)]
    there = case.item.scheduled_at if case.item else None
    if case.wanted is Wanted.SCHEDULED and there is not None and not same_second(there, case.date):
        names.append("publish_at")
    if not names:
        return ()
    return (f"The row differs from it ({_listed(names)}), but a post that went out can't be changed from here.",)


def _keep_nothing(case: Case) -> Step:
    reason = f"There is no post with the key {case.post.key} on this site, so there is nothing to {case.post.action}."
    warning = "Check the key if you expected one."
    return make_step(case, StepKind.UNCHANGED, reason, code="not_found", at=case.post.publish_at, warnings=(warning,))


def _keep_draft(case: Case) -> Step:
    reason = "It is a draft and not scheduled, so there is nothing to cancel; `delete` would remove it."
    return make_step(case, StepKind.UNCHANGED, reason, code="is_draft")


def _keep_gone(case: Case) -> Step:
    reason = f"It is {STATUS_WORDS[case.status]} already and does not go out."
    return make_step(case, StepKind.UNCHANGED, reason, at=_own_date(case))


def _refuse_by(decision: Decision) -> Callable[[Case], Step]:
    def step(case: Case) -> Step:
        if decision in LATE and (done := _moved_before(case)):
            return done
        return refuse(case, _filled(REFUSALS[decision], case))

    return step


def _moved_before(case: Case) -> Step | None:
    """Return the step of a reschedule whose post went out (or is going out) at the very date that it asks for."""
    there = case.item.scheduled_at if case.item else None
    if case.wanted is not Wanted.RESCHEDULED or there is None or not same_second(there, case.date):
        return None
    return make_step(case, StepKind.UNCHANGED, "It was moved to that date, and its time has come.", at=there)


def _filled(refusal: Refusal, case: Case) -> Refusal:
    item = case.item
    error = item.error if item and item.error else "it gave no reason"
    code = refusal.code
    if refusal.kind is StepKind.FAILED:
        named = _ERROR_CODE.search(error)
        code = named[0] if named else "FAILED"
    reason = refusal.reason.format(
        key=case.post.key,
        date=case.there(),
        status=case.status or "nothing",
        status_word=STATUS_WORDS.get(case.status, ""),
        channel=str(case.post.channel),
        error=error.rstrip(". "),
        again=_again(case),
    )
    return Refusal(refusal.kind, code, reason)


def _again(case: Case) -> str:
    first = "clear its action and " if case.wanted is Wanted.RESCHEDULED else ""
    return (
        f"To post it again, {first}run with `--again {case.post.key}`: it is made anew, under a reference of its own."
    )


def _date_passed(case: Case) -> Step:
    reason = f"Its date {case.when()} has passed, and it was never scheduled for it. Write a date to come, or `now`."
    if case.status == Status.SCHEDULED:
        reason = f"The new date {case.when()} has passed. It stays scheduled for {case.there()}. Write a date to come."
    return refuse(case, Refusal(StepKind.INVALID, "date_passed", reason))


def _own_date(case: Case) -> datetime | None:
    there = case.item.scheduled_at if case.item else None
    return there or case.post.publish_at


def _fields(changes: tuple[Change, ...]) -> str:
    return _listed([change.field for change in changes])


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + f" and {names[-1]}" if len(names) > 1 else names[0]


STATUS_WORDS: Mapping[str, str] = {
    Status.DRAFT: "a draft",
    Status.SCHEDULED: "scheduled",
    Status.FAILED: "refused by its channel",
    Status.CANCELED: "cancelled",
    Status.DELETED: "deleted",
}

HANDLERS: Mapping[Decision, Callable[[Case], Step]] = {
    Decision.CREATE: _create,
    Decision.CREATE_SCHEDULE: _create_schedule,
    Decision.CREATE_PUBLISH: _create_publish,
    Decision.EDIT: _edit,
    Decision.EDIT_SCHEDULE: _edit_schedule,
    Decision.EDIT_MOVE: _edit_move,
    Decision.EDIT_PUBLISH: _edit_publish,
    Decision.MOVE: _move,
    Decision.CANCEL: _cancel,
    Decision.DELETE: _delete,
    Decision.KEEP_LIVE: _keep_live,
    Decision.WAIT: _wait,
    Decision.KEEP_NOTHING: _keep_nothing,
    Decision.KEEP_DRAFT: _keep_draft,
    Decision.KEEP_GONE: _keep_gone,
    **{decision: _refuse_by(decision) for decision in REFUSALS},
}
"""What each decision makes of a case."""
