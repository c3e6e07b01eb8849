"""Looking at the site to settle a doubt: by ID where there is one, else through the list, by our reference.

A list may lag behind what was just written, so "it is not there" counts only when a second look, after the time that
the site may need (`settle_seconds`), agrees. That time is reckoned from the end of the call: the service may have
carried it out only then. "It is there" counts at once, where it is this post and not another under the same reference.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from batch.errors import PostbatchError
from batch.model import Act, Item, Status, Step
from batch.publisher import items
from batch.publisher.client import Client
from batch.runs.verdict import Finding, judge, other_post

SECOND_LOOK_SECONDS = 2.0
"""Pause before the second look at an item that is read by its ID, where there is no list to lag."""

LIVE_FIRST = (Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE, Status.SCHEDULED, Status.DRAFT, Status.FAILED)
"""Which of several items with one reference stands for it: the one nearest to the public, then the smallest ID."""


class Seen(NamedTuple):
    """What a look found."""

    finding: Finding
    item: Item | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Look:
    """The ways to look at one site."""

    client: Client
    pause: Callable[[float], None]
    now: Callable[[], datetime]
    settle_seconds: float

    def everything(self) -> tuple[Item, ...]:
        """Return all items of the site. Errors: ServiceError, SignInError."""
        return items.query_items(self.client)

    def by_id(self, item_id: str) -> Item | None:
        """Return the item as it is now, None where the site holds none. Errors: ServiceError, SignInError."""
        return items.get_item(self.client, item_id)

    def up_to_date(self, made: Collection[str]) -> tuple[Item, ...]:
        """Return all items as they were no earlier than when the items of these IDs were made.

        A list that shows them is late by less than that; one that does not is read again when it has had its time. Of
        two runs that both make a post and both look like this, the one that looks last sees both.
        """
        held = self.everything()
        if {item.id for item in held}.issuperset(made):
            return held
        self.pause(self.settle_seconds)
        return self.everything()

    def by_reference(self, reference: str, *, channel: str, but: str = "") -> Item | None:
        """Return the item that stands for a reference, leaving out the one with the ID `but`."""
        held = self.everything()
        return standing(i for i in held if i.reference == reference and i.channel == channel and i.id != but)


def rank(item: Item) -> tuple[int, str]:
    """Order items of one reference: the one that stands for it first, the same way on every machine."""
    place = {str(status): number for number, status in enumerate(LIVE_FIRST)}
    return place.get(item.status, len(place)), item.id


def standing(found: Iterable[Item]) -> Item | None:
    """Return the first item of an iterable by `rank`, None where it is empty."""
    return min(found, key=rank, default=None)


def settle(act: Act, step: Step, *, look: Look, ended_at: datetime, by_reference: bool, patient: bool) -> Seen | None:
    """Look until it is certain whether an act has happened. None: that could not be had.

    `ended_at` is when the call's answer came or was given up (UTC). `patient`: give the site all its time to carry out
    what it may still hold, not only its list; without it, an act is sent again sooner, on the same item.
    """
    wait_seconds = look.settle_seconds if by_reference or patient else min(SECOND_LOOK_SECONDS, look.settle_seconds)
    up_to_date = ended_at + timedelta(seconds=wait_seconds)
    try:
        seen = look_once(act, step, look=look, by_reference=by_reference)
        if seen.finding is not Finding.NOT_DONE:
            return seen
        look.pause(max(0.0, (up_to_date - look.now()).total_seconds()))
        too_soon = (by_reference or patient) and look.now() < up_to_date
        seen = look_once(act, step, look=look, by_reference=by_reference)
    except PostbatchError:
        return None
    # A stop cuts the pause short, and then "not there" is not yet certain.
    return None if too_soon and seen.finding is Finding.NOT_DONE else seen


def look_once(act: Act, step: Step, *, look: Look, by_reference: bool) -> Seen:
    """Look once. Errors: ServiceError, SignInError."""
    if not by_reference:
        return Seen(*judge_item(act, step, look.by_id(step.item_id)))
    item = look.by_reference(step.reference, channel=step.channel, but=step.item_id)
    if item is None:
        return Seen(Finding.NOT_DONE, None)
    if act is not Act.CREATE:
        item = look.by_id(item.id) or item
    other = other_post(step, item)
    return Seen(Finding.OTHER, item, other) if other else Seen(*judge_item(act, step, item))


def judge_item(act: Act, step: Step, item: Item | None) -> tuple[Finding, Item | None, str]:
    """Return what an item says about an act, together with the item."""
    judged = judge(act, step, item)
    return judged.finding, item, judged.why
