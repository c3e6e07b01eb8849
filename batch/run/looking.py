"""Looking at the site to settle a doubt: by ID where there is one, else through the list, by our reference.

A list may lag behind what was just written, so "it is not there" counts only when a second look, after the time that
the site may need (`settle_seconds`), agrees. "It is there" counts at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from batch.errors import PostbatchError
from batch.model import Act, Item, Status, Step
from batch.publisher import items
from batch.publisher.client import Client
from batch.run.verdict import Finding, judge

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

    def by_reference(self, reference: str, *, channel: str) -> Item | None:
        """Return the item that stands for a reference."""
        return standing(item for item in self.everything() if item.reference == reference and item.channel == channel)


def rank(item: Item) -> tuple[int, str]:
    """Order items of one reference: the one that stands for it first, the same way on every machine."""
    place = {str(status): number for number, status in enumerate(LIVE_FIRST)}
    return place.get(item.status, len(place)), item.id


def standing(found: Iterable[Item]) -> Item | None:
    """Return the first item of an iterable by `rank`, None where it is empty."""
    return min(found, key=rank, default=None)


def settle(act: Act, step: Step, *, look: Look, sent_at: datetime, by_reference: bool) -> Seen | None:
    """Look until it is certain whether an act has happened. None: the site could not be looked at.

    `sent_at` is when the call went out (UTC): a list is believed to be up to date `settle_seconds` after it.
    """
    try:
        seen = _look_once(act, step, look=look, by_reference=by_reference)
        if seen.finding is not Finding.NOT_DONE:
            return seen
        look.pause(_seconds_to_second_look(look, sent_at=sent_at, by_reference=by_reference))
        too_soon = by_reference and look.now() < sent_at + timedelta(seconds=look.settle_seconds)
        seen = _look_once(act, step, look=look, by_reference=by_reference)
    except PostbatchError:
        return None
    # A stop cuts the pause short, and then "not there" is not yet certain.
    return None if too_soon and seen.finding is Finding.NOT_DONE else seen


def _seconds_to_second_look(look: Look, *, sent_at: datetime, by_reference: bool) -> float:
    if not by_reference:
        return min(SECOND_LOOK_SECONDS, look.settle_seconds)
    up_to_date = sent_at + timedelta(seconds=look.settle_seconds)
    return max(min(SECOND_LOOK_SECONDS, look.settle_seconds), (up_to_date - look.now()).total_seconds())


def _look_once(act: Act, step: Step, *, look: Look, by_reference: bool) -> Seen:
    if by_reference:
        item = look.by_reference(step.reference, channel=step.channel)
        if item is not None and act is not Act.CREATE:
            item = look.by_id(item.id) or item
    else:
        item = look.by_id(step.item_id)
    if by_reference and item is None:
        return Seen(Finding.NOT_DONE, None)
    judged = judge(act, step, item)
    return Seen(judged.finding, item, judged.why)
