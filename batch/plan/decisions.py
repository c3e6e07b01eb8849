"""The decision table: what a row wants and how its item was found -> what is decided, as data.

Nothing here looks at dates, contents or accounts: a decision names what is to happen, and steps.py works it out.
A state that is not in the table is never acted on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from batch.model import LEFT_OUT, Action, Post, Status, StepKind

ABSENT = ""
"""The state of a post that the site does not hold."""


class Decision(StrEnum):
    """What is to happen, and for a refusal its code. The first four make the item or bring it to the row's content."""

    DRAFT = "create as a draft, keep or update"
    SCHEDULE = "create or update, and schedule"
    PUBLISH = "create or update, and publish"
    MOVE = "keep, reschedule or update"
    CANCEL = "cancel"
    DELETE = "delete"
    KEEP_SENT = "it is out or on its way: keep it, and warn where the row differs"
    KEEP_IDLE = "it is not there or will not go out anyway: keep it, and say which"
    NOT_FOUND = "not_found"
    IS_DRAFT = "is_draft"
    IS_SCHEDULED = "is_scheduled"
    IN_PROCESS = "in_process"
    IS_LIVE = "is_published"
    FAILED = "failed"
    GONE = "cancelled_before"
    UNKNOWN = "unknown_status"


CONTENT_WANTED = (Action.DRAFT, Action.SCHEDULE, Action.PUBLISH)
"""The wishes that say what the post's content is to be; the others only name an item."""

WISHES = (*CONTENT_WANTED, Action.RESCHEDULE, Action.CANCEL, Action.DELETE)
_ROWS = {
    #                  draft         schedule   publish    reschedule  cancel      delete
    ABSENT:           "draft         schedule   publish    not_found   keep_idle   keep_idle",
    Status.DRAFT:     "draft         schedule   publish    is_draft    keep_idle   delete",
    Status.SCHEDULED: "is_scheduled  move       publish    move        cancel      delete",
    Status.PROCESSING: "in_process   keep_sent  keep_sent  in_process  in_process  in_process",
    Status.IN_QUEUE:  "in_process    keep_sent  keep_sent  in_process  in_process  in_process",
    Status.PUBLISHED: "keep_sent     keep_sent  keep_sent  is_live     is_live     is_live",
    Status.FAILED:    "failed        failed     failed     failed      keep_idle   delete",
    Status.CANCELED:  "gone          gone       gone       gone        keep_idle   delete",
    Status.DELETED:   "gone          gone       gone       gone        keep_idle   keep_idle",
}  # fmt: skip
TABLE: Mapping[tuple[Action, str], Decision] = {
    (wanted, str(status)): Decision[word.upper()]
    for status, row in _ROWS.items()
    for wanted, word in zip(WISHES, row.split(), strict=True)
}
"""(what a row asks for, the item's status or ABSENT) -> decision; a state that is not in it is refused as unknown."""

LATE = frozenset({Decision.IN_PROCESS, Decision.IS_LIVE})
"""Refusals that come too late; a move that was made before its post went out is no longer one."""


class Refusal(NamedTuple):
    """Why something is not done: the step's kind, the reason's stable word, and the sentence."""

    kind: StepKind
    code: str
    reason: str


REFUSALS: Mapping[Decision, str] = {
    Decision.NOT_FOUND: "No post with the key {key} on this site, so there is nothing to reschedule. "
    "Check the key, or leave `action` blank to schedule it.",
    Decision.IS_DRAFT: "It's a draft without a date to move. Write `schedule` as its action, or leave the action "
    "blank.",
    Decision.IS_SCHEDULED: "It's scheduled for {date} and can't become a draft again. Give the row its date, "
    "or write `cancel` as its action.",
    Decision.IN_PROCESS: "It's being published right now ({status}), too late for this.",
    Decision.IS_LIVE: "It's already published, too late for this. Change it or take it down on {channel} itself.",
    Decision.FAILED: "{channel} refused it: {error}. Fix the row first. {again}",
    Decision.GONE: "It was {status_word} before. {again}",
    Decision.UNKNOWN: "Its state on the site is {status}, which this version of postbatch doesn't know, so it is left "
    "alone. Look at the post on the site, or update postbatch.",
}
"""The refusals that come from the table; `{...}` are filled in by steps.py."""


def wanted_of(post: Post) -> Action:
    """Return what a row asks for, one of `WISHES`; a blank action follows the date."""
    if post.action in WISHES:
        return post.action
    if post.now:
        return Action.PUBLISH
    return Action.SCHEDULE if post.publish_at or post.slots else Action.DRAFT


def contradiction(post: Post) -> Refusal | None:
    """Return why a row's action and its date can't both be meant, None where they can."""
    if post.action is Action.PUBLISH and post.publish_at is not None:
        reason = (
            f"`publish` publishes now, but `publish_at` is {post.local_time or post.publish_at}. "
            "Clear the date, or write `schedule`."
        )
        return Refusal(StepKind.INVALID, "publish_with_date", reason)
    if post.action in (Action.SCHEDULE, Action.RESCHEDULE) and post.publish_at is None and not post.slots:
        how = "is `now`" if post.now else "is blank"
        reason = f"`{post.action}` needs a date, but `publish_at` {how}. Write a date and time, or `publish`."
        return Refusal(StepKind.INVALID, "date_missing", reason)
    if post.action is Action.DRAFT and post.now:
        reason = "`draft` keeps the post unpublished, but `publish_at` is `now`. Clear one of the two."
        return Refusal(StepKind.INVALID, "draft_now", reason)
    return None


AGAIN_FAILED = "failed"
"""The word in `again` that stands for every post whose item the channel refused."""

PostPlace = tuple[int, str]
"""A post's place in the sheet: its row number and its key (one row makes one key for each channel)."""


def place(post: Post) -> PostPlace:
    """Return by what a post of this sheet is named in `PlanOptions.skip`."""
    return post.row, post.key


def names_of(post: Post) -> frozenset[str]:
    """Return by which keys a person may mean a post: its own, and its row's where that makes one for each channel."""
    return frozenset({post.key, post.key.removesuffix(f"/{post.channel}")})


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What changes a plan besides the sheet and the site.

    `again` holds keys (or `failed`) whose dead items are to be made anew, `replaced` those whose living ones are;
    `drafts_only` turns posts with generated content into drafts for review; `skip` names the posts that are left out of
    this run and why (select.py); `via` is how new posts are sent; `pulled` tells by the items' IDs how they stood
    (`item_state`) when they were pulled.
    The clock of this machine may differ from the service's by `clock_warn_seconds` before it is said, and by
    `clock_stop_seconds` before nothing is scheduled any more.
    """

    again: frozenset[str] = frozenset()
    replaced: frozenset[str] = frozenset()
    drafts_only: bool = False
    skip: Mapping[PostPlace, str] = field(default_factory=dict)
    pulled: Mapping[str, str] = field(default_factory=dict)
    via: str = "auto"
    clock_warn_seconds: float = 60
    clock_stop_seconds: float = 300

    def leaves_out(self, post: Post) -> Refusal | None:
        """Return why a post is left out of this run, None where it is not."""
        if post.action is Action.SKIP:
            return Refusal(StepKind.SKIP, "", "Left out: its action is `skip`.")
        reason = self.skip.get(place(post)) if self.skip else None
        return Refusal(StepKind.SKIP, LEFT_OUT, reason) if reason else None

    def asks_again(self, post: Post, *, status: str = "") -> bool:
        """Tell whether `again` means a post whose item is in this state."""
        return bool(names_of(post) & self.again) or (status == Status.FAILED and AGAIN_FAILED in self.again)
