"""After a run: read the site back and compare it with the plan, post by post.

A post that the site shows on another account, at another second or with other content has failed, whatever the answers
to its calls were; and one that was given up, and that the site shows done after all, is done. A second item with one of
our references is taken back before it can go out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from batch.model import Act, Before, Item, OutcomeKind, Status, Step, StepKind
from batch.plan.compare import content_changes, kept_fields, real_changes
from batch.plan.slots import Calendar
from batch.runs.actions import SiteContext, StepProgress, carry_out, kept_notice, with_item, withdraw
from batch.runs.record import broken_outcome, done_outcome
from batch.runs.settle import ENDED, ON_ITS_WAY, PENDING, ActionStatus, is_version, judge, other_post, others_of
from batch.wording import STATUS_WORDS

GOING_OUT = frozenset({StepKind.DRAFT, StepKind.SCHEDULE, StepKind.PUBLISH})
DATED = frozenset({StepKind.SCHEDULE, StepKind.RESCHEDULE})
GIVEN_UP = frozenset({OutcomeKind.UNKNOWN, OutcomeKind.FAILED})
POLL_SECONDS = 0.5

EXPECTED: dict[StepKind, frozenset[Status]] = {
    StepKind.DRAFT: frozenset({Status.DRAFT}),
    StepKind.SCHEDULE: frozenset({Status.SCHEDULED}) | ON_ITS_WAY,
    StepKind.RESCHEDULE: frozenset({Status.SCHEDULED}) | ON_ITS_WAY,
    StepKind.PUBLISH: ON_ITS_WAY,
    StepKind.UPDATE: PENDING | ON_ITS_WAY,
    StepKind.CANCEL: ENDED,
    StepKind.DELETE: frozenset({Status.DELETED}),
}
"""The states in which a step of each kind may have left its item; FAILED is told apart, with the channel's reason."""

LATE = (
    "The site's list does not show {count} of the posts that were just made, though it had {seconds} s for it: a post "
    "that another run makes at the same time could be missed too. Set settle_seconds in postbatch.toml to more."
)


def read_back(posts: Sequence[StepProgress], *, context: SiteContext, keep: Callable[[StepProgress], None]) -> None:
    """Compare what the site holds with what was done. Errors: ServiceError, SignInError where it can't be read."""
    looked = [
        post
        for post in posts
        if post.done or post.step.duplicates or (post.outcome is not None and post.outcome.outcome in GIVEN_UP)
    ]
    if not looked:
        return
    made = {post.made for post in looked if post.made}
    listed = context.reader.up_to_date(made)
    by_id = {item.id: item for item in listed}
    if late := len(made - by_id.keys()):
        context.say(LATE.format(count=late, seconds=f"{context.settle_seconds:g}"))
    duplicates = find_duplicates(looked, listed, context=context)
    wait_for_other_runs(looked, duplicates, context=context)
    calendar = Calendar(listed)
    for post in looked:
        post.step = calendar.warn(post.step, status=str(Status.SCHEDULED) if Act.SCHEDULE in post.done else "")
        if post.position in duplicates:
            resolve_duplicates(post, duplicates[post.position], context=context)
            by_id |= {post.item.id: post.item} if post.item is not None else {}
        if post.outcome is not None and post.outcome.code != "doubled" and post.step.kind in EXPECTED:
            _compare(post, by_id, listed, context=context)
        keep(post)


def find_duplicates(
    posts: Sequence[StepProgress], listed: Sequence[Item], *, context: SiteContext
) -> dict[int, list[Item]]:
    """Return, by a post's position, the living items of its reference where its account has more than one."""
    slots: defaultdict[tuple[str, str, str], list[Item]] = defaultdict(list)
    for item in listed:
        if item.reference and item.status in PENDING | ON_ITS_WAY:
            slots[item.reference, item.channel, item.account_id].append(item)
    found: dict[int, list[Item]] = {}
    for post in posts:
        step = post.step
        items = {item.id: item for item in slots[step.reference, step.channel, step.account_id]}
        if Act.WITHDRAW in step.acts:
            for item_id in {step.item_id, *step.duplicates} - items.keys():
                unlisted = context.reader.by_id(item_id)
                if unlisted and unlisted.status in PENDING | ON_ITS_WAY and is_version(unlisted, step):
                    items[item_id] = unlisted
        elif step.kind not in GOING_OUT or not step.reference:
            continue
        if len(items) > 1 or (items and step.kind in (StepKind.CANCEL, StepKind.DELETE)):
            found[post.position] = list(items.values())
    return found


def wait_for_other_runs(
    posts: Sequence[StepProgress], duplicates: Mapping[int, Sequence[Item]], *, context: SiteContext
) -> None:
    """Wait until a draft that stands beside a post of ours has been used or given up by the run that made it.

    That run may be about to do either; taken from under it, the post could end with no item at all. A draft that is
    there after the time of a whole call has lost its run. Errors: ServiceError, SignInError.
    """
    waiting = [item.id for post in posts for item in _other_drafts(post, duplicates.get(post.position, ()))]
    if waiting:
        context.say("Another run of this sheet seems to be at work; waiting for it.")
    patience_ends = context.clock() + context.call_window_seconds
    while waiting and context.clock() < patience_ends and not context.stop.requested:
        context.pause(max(POLL_SECONDS, context.settle_seconds / 4))
        items = [context.reader.by_id(item_id) for item_id in waiting]
        waiting = [item.id for item in items if item is not None and item.status == Status.DRAFT]


def _other_drafts(post: StepProgress, items: Sequence[Item]) -> list[Item]:
    if post.step.kind is StepKind.DRAFT:
        return []
    return [item for item in items if item.status == Status.DRAFT and item.id != post.step.item_id]


def resolve_duplicates(post: StepProgress, listed: Sequence[Item], *, context: SiteContext) -> None:
    """Keep one of several items and take back the others. Errors: ServiceError, SignInError, JournalError.

    The one that is kept is brought to what the row says, and read by its ID, before the others are taken back, so that
    the post is never without an item that will go out. Of a post that was withdrawn none is kept.
    """
    living = [item for item in context.reader.confirmed(listed) if item.status in PENDING | ON_ITS_WAY]
    living.sort(key=lambda item: (item.status not in ON_ITS_WAY, item.id))
    if context.stop.requested and _other_drafts(post, living):
        return
    withdrawn = post.step.kind in (StepKind.CANCEL, StepKind.DELETE)
    if withdrawn and post.remaining:
        return
    if withdrawn:
        others = [item for item in living if item.id in post.step.duplicates]
    elif len(living) < 2:
        post.keep_item(living[0] if living else None)
        return
    else:
        kept = _bring_to_plan(post, living[0], living[1:], context=context)
        if kept is None:
            return
        others = [item for item in living if item.id != kept.id]
        post.keep_item(kept)
    left = [item for item in others if not withdraw(item, post.step, position=post.position, context=context)]
    if left:
        ids = ", ".join(item.id for item in left)
        besides = "" if withdrawn else f" besides {post.step.item_id}"
        message = (
            f"The post is on the site once more ({ids}{besides}), and that could not be taken back. "
            "Take it down on the channel."
        )
        post.outcome = broken_outcome(post.step, OutcomeKind.FAILED, code="doubled", message=message)
    elif others:
        kept_words = "" if withdrawn else "; kept one"
        context.say(
            f"Row {post.step.row}: the site held {len(living)} posts with the key {post.step.reference}{kept_words}."
        )


def _bring_to_plan(post: StepProgress, kept: Item, others: Sequence[Item], *, context: SiteContext) -> Item | None:
    """Bring the item that stays to the step's content and date; None where the others must not be taken back for it."""
    if kept.status in ON_ITS_WAY:
        return kept
    acts = [Act.UPDATE] if content_changes(kept.content, post.step.content) else []
    dated = post.step.at is not None and post.step.kind is not StepKind.DRAFT
    if dated and kept.status == Status.DRAFT and any(item.status != Status.DRAFT for item in others):
        acts.append(Act.SCHEDULE)
    elif dated and kept.status == Status.SCHEDULED:
        acts.append(Act.RESCHEDULE)
    before = Before(kept.status, kept.scheduled_at, kept.content)
    step = replace(with_item(post.step, kept), before=before, acts=tuple(acts))
    for act in acts:
        result = carry_out(act, step, position=post.position, context=context)
        if result.status is ActionStatus.DONE and result.item is not None and result.item.id != kept.id:
            # The service itself holds another item to be the one, and it stays.
            post.keep_item(result.item)
            return None
        if result.status is not ActionStatus.DONE:
            return None
    fresh = context.reader.by_id(kept.id)
    if fresh is None or fresh.status not in PENDING | ON_ITS_WAY or other_post(step, fresh):
        return None
    # What goes out is not taken back for a draft that could not be sent.
    sent = fresh.status != Status.DRAFT or all(other.status == Status.DRAFT for other in others)
    return fresh if sent and all(judge(act, step, fresh).status is ActionStatus.DONE for act in acts) else None


def _compare(post: StepProgress, by_id: Mapping[str, Item], listed: Sequence[Item], *, context: SiteContext) -> None:
    """Correct the outcome by what the site shows; a list may lag, so a difference counts only when seen by ID."""
    if post.remaining:
        item = by_id.get(post.step.item_id) or _under_reference(post.step, listed, context=context)
        _take_back_failure(post, item, context=context)
        return
    item = by_id.get(post.step.item_id)
    if _difference(post.step, item, now=context.now()):
        item = context.reader.by_id(post.step.item_id) if post.step.item_id else None
        item = item or _under_reference(post.step, listed, context=context)
    difference = _difference(post.step, item, now=context.now())
    if item is not None and difference and Act.UPDATE in post.done:
        # A service may not let go of a field: what it keeps is said, and not sent again by the next run.
        kept = kept_fields(item.content, post.step.content)
        names = {change.field for change in real_changes(item.content, post.step.content)}
        without = replace(item, content=post.step.content)
        if kept and names <= set(kept) and not _difference(post.step, without, now=context.now()):
            context.remember_shown(post.step, item, kept=True)
            notice = kept_notice(kept, key=post.step.key)
            post.step = replace(post.step, warnings=(*post.step.warnings, notice))
            difference = ""
    if difference:
        known = item is None or item.status in set(Status)
        post.outcome = broken_outcome(
            post.step,
            OutcomeKind.FAILED if known else OutcomeKind.UNKNOWN,
            code="differs",
            message=f"The site does not show what the plan said: {difference}. Look at the post on the site.",
            status=item.status if item else "",
        )
    elif item is not None:
        context.remember_shown(post.step, item)
        post.keep_item(item)
        post.outcome = done_outcome(post.step, item, last=post.done[-1], published_at=post.published_at)


def _under_reference(step: Step, listed: Sequence[Item], *, context: SiteContext) -> Item | None:
    """Return the living item of a post that was made in this run: an answer may have named it by a wrong ID."""
    if not step.reference or Act.CREATE not in step.acts:
        return None
    return next(iter(others_of(step, listed, context.reader)), None)


def _take_back_failure(post: StepProgress, item: Item | None, *, context: SiteContext) -> None:
    """Take back that a step was given up where the site shows that all of it has happened: its call came late."""
    remaining = post.remaining
    if item is None or other_post(post.step, item) or not _all_done(post, item):
        return
    fresh = context.reader.by_id(item.id)
    if fresh is not None and _all_done(post, fresh) and not _difference(post.step, fresh, now=context.now()):
        post.done.extend(remaining)
        post.keep_item(fresh)
        post.published_at = context.now() if Act.PUBLISH in remaining else post.published_at
        post.outcome = done_outcome(post.step, fresh, last=remaining[-1], published_at=post.published_at)


def _all_done(post: StepProgress, item: Item) -> bool:
    return all(judge(act, post.step, item).status is ActionStatus.DONE for act in post.remaining)


def _difference(step: Step, item: Item | None, *, now: datetime) -> str:
    """Return in words how an item differs from its step, "" where it does not."""
    if item is None:
        return "" if step.kind in (StepKind.DELETE, StepKind.CANCEL) else "it is not there"
    if item.reference and step.reference and item.reference != step.reference:
        return f"its key there is {item.reference}, not {step.reference}, by which the next run would find it"
    if item.status == Status.FAILED and step.kind in (StepKind.SCHEDULE, StepKind.PUBLISH, StepKind.RESCHEDULE):
        return ""
    if item.status not in EXPECTED[step.kind]:
        return f"it is {STATUS_WORDS.get(item.status, item.status)}"
    if step.kind in (StepKind.CANCEL, StepKind.DELETE):
        return ""
    moved = step.at is not None and judge(Act.RESCHEDULE, step, item).status is not ActionStatus.DONE
    if item.status == Status.SCHEDULED and moved:
        return f"it is scheduled for {item.scheduled_at}, not {step.at}"
    if step.kind in DATED and step.at is not None and item.status in ON_ITS_WAY and now < step.at:
        return f"it went out before its time, {step.at}"
    if Act.CREATE in step.acts and item.reference != step.reference:
        return f"its key there is none, not {step.reference}, by which the next run would find it"
    # Also where only its date was set: somebody may have changed its words since the plan was shown.
    return other_post(step, item)
