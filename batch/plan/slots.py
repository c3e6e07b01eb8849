"""Deals the free slots of each account to the posts that ask for one, in the sheet's order.

    posts, what the site holds ──► who goes out when ──► for each post its slot, or why there is none

A slot is taken by any post of the account that goes out in its minute, whoever scheduled it, and by the rows of the
sheet that have a date. A post that is scheduled stays where it is: its date is read from the site, so that every later
run, on any machine, finds it there. Rows that a choice leaves out keep their place in the order, so that no choice, and
no answer that is still missing, moves the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from batch.model import Action, Item, Post, Status, Step, StepKind
from batch.plan.decisions import PlanOptions, Refusal, wanted_of
from batch.plan.matching import DEAD, AccountBook, Match
from batch.rules.slots import next_slots
from batch.times import spoken_time, zone_named

LEAD = timedelta(minutes=15)
"""A slot that begins sooner is left alone: there has to be time to look at the plan, and to send."""

HORIZON = timedelta(days=366)
"""How far ahead a slot is looked for."""

DATED = frozenset({Action.SCHEDULE, Action.RESCHEDULE})
NOT_TOLD = Refusal(
    StepKind.CONFLICT,
    "slot_unknown",
    "It's scheduled, but the site doesn't tell for when, so its slot can't be kept. Write its date into `publish_at`.",
)

Owner = tuple[str, str]
"""An account's ID and its second ID (page, board, location); "" where that is not told, which may be any."""


class Taken(NamedTuple):
    """A time that is taken: on whose account, what messages call it, and by which IDs and references it is known."""

    owner: Owner
    name: str
    known_by: frozenset[str] = frozenset()


class Calendar:
    """Who goes out when, by channel and minute; what is a draft, or dead, never does."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._taken: defaultdict[tuple[str, datetime], list[Taken]] = defaultdict(list)
        for item in items:
            if item.scheduled_at is not None and item.status != Status.DRAFT and item.status not in DEAD:
                name = f"{f'key {item.reference}, ' if item.reference else ''}ID {item.id}"
                taken = Taken((item.account_id, item.content.target_id), name, frozenset((item.id, item.reference)))
                self.take(item.channel, item.scheduled_at, taken)

    def take(self, channel: str, at: datetime, taken: Taken) -> None:
        """Let a post go out at a time."""
        self._taken[channel, at.replace(second=0, microsecond=0)].append(taken)

    def others(self, channel: str, owner: Owner, at: datetime, *, besides: Collection[str] = ()) -> list[str]:
        """Return what goes out on an account in the minute of a time, without what some IDs and references name."""
        there = self._taken.get((channel, at.replace(second=0, microsecond=0)), ())
        alike = (t for t in there if all("" in pair or pair[0] == pair[1] for pair in zip(owner, t.owner, strict=True)))
        return [taken.name for taken in alike if taken.known_by.isdisjoint(besides)]

    def sharing(self, step: Step) -> list[str]:
        """Return what else goes out in the slot of a step; nothing where it takes none."""
        if not step.slot or step.at is None:
            return []
        own = {step.item_id, step.reference, *step.duplicates} - {""}
        return self.others(step.channel, (step.account_id, step.target_id), step.at, besides=own)

    def warn(self, step: Step, *, status: str) -> Step:
        """Return the step of a post that is scheduled with a warning for what shares its slot."""
        others = self.sharing(step) if status == Status.SCHEDULED else []
        return replace(step, warnings=(*step.warnings, SHARED.format(other=others[0]))) if others else step


SHARED = "Another post ({other}) goes out on this account at the same time. Move one of them if that isn't meant."


Dealt = datetime | Refusal
"""When a post goes out, or why there is no slot for it."""


class Dealer:
    """Deals slots to posts that are asked about in the sheet's order."""

    def __init__(self, accounts: AccountBook, calendar: Calendar, *, options: PlanOptions, now: datetime) -> None:
        self._accounts, self._calendar, self._options, self._now = accounts, calendar, options, now
        self._coming: dict[tuple[object, ...], Iterator[datetime]] = {}

    def take_dated(self, post: Post, item: Item | None) -> None:
        """Let a post that has a date of its own take its time, where it is to go out."""
        if not post.channel or not post.publish_at or wanted_of(post) not in DATED or post.action is Action.SKIP:
            return
        account = None if item else self._accounts.choose(post).account
        owner = (item.account_id, item.content.target_id) if item else account and (account.id, account.target_id)
        if owner:
            self._calendar.take(post.channel, post.publish_at, Taken(owner, f"row {post.row}", frozenset({post.key})))

    def deal(self, post: Post, item: Item | None) -> Dealt | None:
        """Return when a post goes out that asks for a slot, None where the site says that it doesn't, or is out."""
        if item is not None and item.status not in DEAD and item.status != Status.DRAFT:
            return item.scheduled_at or (NOT_TOLD if item.status == Status.SCHEDULED else None)
        living = item is not None and item.status not in DEAD
        if item is not None and not (living or self._options.asks_again(post, status=item.status)):
            return None
        choice = self._accounts.of_item(post, item) if item and living else self._accounts.choose(post)
        account = choice.account
        if account is None or post.channel is None:
            return choice.refusal
        owner, zone = (account.id, account.target_id), zone_named(post.timezone) or UTC
        until, key = self._now + HORIZON, (post.channel, owner, post.slots, zone)
        if key not in self._coming:
            self._coming[key] = next_slots(post.slots, zone=zone, after=self._now + LEAD, until=until)
        for at in self._coming[key]:
            if not self._calendar.others(post.channel, owner, at):
                self._calendar.take(post.channel, at, Taken(owner, f"row {post.row}", frozenset({post.key})))
                return at
        reason = (
            f"Every slot of {account.name or account.id} on {post.channel} is taken until "
            f"{spoken_time(until, timezone=post.timezone)}. Add slots to the configuration, or write a date."
        )
        return Refusal(StepKind.BLOCKED, "slots_taken", reason)

    def deal_all(self, posts: Mapping[int, tuple[Post, Match]]) -> dict[int, Dealt]:
        """Return when each post goes out that asks for a slot, by its place; `posts` are all that are without errors.

        One that is not to go out, or that can't be told from others, has no entry.
        """
        asking = {n: (post, match) for n, (post, match) in posts.items() if post.slots and not match.refusal}
        for post, match in posts.values() if asking else ():
            self.take_dated(post, match.item)
        dealt = ((n, self.deal(post, match.item)) for n, (post, match) in asking.items())
        return {n: at for n, at in dealt if at is not None}
