"""Read one site for planning, with what the journal knows of calls that were cut off or may not be listed yet.

The site is the truth. But a list may be late, may lose a post while its pages are read, and may leave out what was
deleted, or a post's reference; a post that was made from here is therefore never taken for one that is yet to be made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from batch.errors import ServiceError
from batch.model import Channel, Item, Outcome, Snapshot, Status
from batch.publisher import items
from batch.publisher.accounts import read_snapshot
from batch.publisher.client import AT_ONCE, Client
from batch.runs.journal import Journal, Known, Touched
from batch.runs.settle import ENDED, ON_ITS_WAY

MAY_BE_LATE = timedelta(days=1)
MAX_LOOKS = 50
"""At most this many items are looked at one by one to bring a lagging list up to date; the rest waits for the list."""


def read_site(
    client: Client,
    journal: Journal,
    *,
    site: str,
    channels: Iterable[Channel],
    now: Callable[[], datetime],
    pause: Callable[[float], None],
    settle_seconds: float,
    say: Callable[[str], None],
    at_once: int = AT_ONCE,
) -> Snapshot:
    """Return what the site holds, certain also about a run that was cut off. Errors: PostbatchError."""
    recent = now() - timedelta(seconds=settle_seconds)
    cut_off = journal.unsettled(since=recent, call_seconds=client.deadline_seconds)
    up_to_date = max((call.until for call in cut_off), default=recent) + timedelta(seconds=settle_seconds)
    wait = min(settle_seconds, (up_to_date - now()).total_seconds())
    if wait > 0:
        say(f"A call of the last run was cut off a moment ago; waiting {wait:.0f} s until the site shows what it did.")
        pause(wait)
    snapshot = read_snapshot(client, channels, now=now(), site=site, at_once=at_once)
    touched = journal.touched(since=recent)
    listed = _brought_up_to_date(client, snapshot.items, touched, pause=pause, wait=settle_seconds)
    known = {item.item_id.lower(): item for item in journal.known_items()}
    listed = tuple(map(journal.as_sent, _by_own_id(client, listed, known, first=snapshot.items)))
    shown = {item.id.lower() for item in listed}
    gone = [item for name, item in known.items() if name not in shown]
    published = journal.published()
    named = (_dated(_with_reference(item, known.get(item.id.lower())), published) for item in listed)
    remembered = _remembered(client, journal, gone, now=now())
    return replace(snapshot, items=(*named, *remembered), refusals=journal.refusals())


def _by_own_id(
    client: Client, listed: Sequence[Item], known: Mapping[str, Known], *, first: Sequence[Item]
) -> list[Item]:
    """Read by its ID each item whose ID the list gives to another post than the journal does, and whom that concerns.

    `first` is the list as it came: where an item that was read since turned out to be another post, those that the list
    calls by that post's name are read as well. An ID that the service does not know stays as it is listed: nothing is
    made in its place, and no act on it is sent.
    """
    was = {item.id: item.reference for item in first}
    moved = {item.reference for item in listed if was.get(item.id, item.reference) != item.reference} - {""}
    made = {item.item_id.lower(): item.reference for item in known.values() if item.made}
    found, read = {item.id: item for item in listed}, set[str]()
    doubtful = [
        item.id
        for item in listed
        if (item.reference and made.get(item.id.lower(), item.reference) != item.reference)
        or (item.id.lower() not in made and item.reference in set(made.values()))
        or (item.reference in moved and was.get(item.id) == item.reference)
    ]  # fmt: skip
    while doubtful and len(read) < MAX_LOOKS:
        read.add(item_id := doubtful.pop())
        item = items.get_item(client, item_id)
        if item is not None and item.reference != found[item_id].reference:
            doubtful += [i for i, other in found.items() if other.reference == item.reference and i not in read]
        found[item_id] = item or found[item_id]
    return list(found.values())


def _with_reference(item: Item, known: Known | None) -> Item:
    """Return an item that was made from here under its reference, where the service does not tell it."""
    return replace(item, reference=known.reference) if known and known.made and not item.reference else item


def _dated(item: Item, published: Mapping[str, datetime]) -> Item:
    """Return an item that was published at once from here with the time of it, where the service tells no date."""
    out = item.scheduled_at is None and item.status in ON_ITS_WAY and item.id in published
    return replace(item, scheduled_at=published[item.id]) if out else item


def _remembered(client: Client, journal: Journal, gone: Sequence[Known], *, now: datetime) -> list[Item]:
    """Return the items that the list does not show, or not yet: as they are, if changed within a day, or as deleted."""
    found: list[Item] = []
    looks = 0
    # A site is there for longer than a journal, but a service on this machine may be begun anew any time.
    outlives_journal = client.api_url.startswith("https://")
    for known in gone:
        item = None
        if known.status not in ENDED and now - known.at < MAY_BE_LATE and looks < MAX_LOOKS:
            looks += 1
            # An ID that the service will not hear of is taken for gone: that nothing is made in its place is safe.
            with suppress(ServiceError):
                item = items.get_item(client, known.item_id)
        if item is not None:
            found.append(_with_reference(journal.as_sent(item), known))
        elif outlives_journal:
            status = known.status if known.status in ENDED else Status.DELETED
            found += _from_outcome(known, journal.outcome_of(known), status)
    return found


def remembered_items(journal: Journal) -> tuple[Item, ...]:
    """Return the items that were made or changed from here as they were last known; nothing is asked of the site."""
    every = (_from_outcome(known, journal.outcome_of(known), known.status) for known in journal.known_items())
    return tuple(item for items in every for item in items)


def _from_outcome(known: Known, outcome: Outcome | None, status: str) -> list[Item]:
    """Return an item as its post's last outcome tells it; none where its channel is not known."""
    if outcome is None or not outcome.channel:
        return []
    item = Item(known.item_id, outcome.channel, outcome.type, status, reference=known.reference, link=outcome.link)
    return [replace(item, scheduled_at=outcome.publish_at)]


def _brought_up_to_date(
    client: Client, listed: Sequence[Item], touched: dict[str, Touched], *, pause: Callable[[float], None], wait: float
) -> tuple[Item, ...]:
    """Replace or add the items that the list may show as they were before what was done to them a moment ago."""
    by_id = {item.id: item for item in listed}
    stale = [
        item_id
        for item_id, last in touched.items()
        if last.within or last.status != (by_id[item_id].status if item_id in by_id else "")
    ]
    if len(stale) > MAX_LOOKS:
        pause(wait)
        by_id = {item.id: item for item in items.query_items(client)}
        stale = []
    fresh = by_id | {item_id: items.get_item(client, item_id) for item_id in stale}
    return tuple(item for item in fresh.values() if item is not None)
