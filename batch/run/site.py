"""Read one site for planning, with what the journal knows of calls that were cut off or may not be listed yet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from batch.model import Channel, Item, Snapshot
from batch.publisher import items
from batch.publisher.beside import AT_ONCE
from batch.publisher.client import Client
from batch.publisher.snapshot import read_snapshot
from batch.run.journal import Journal, Touched, Unsettled

MOST_LOOKS = 50
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
    """Return what the site holds, certain also about what a run that was cut off has just sent.

    Errors: ServiceError, SignInError, JournalError.
    """
    recent = now() - timedelta(seconds=settle_seconds)
    cut_off = journal.unsettled(since=recent, call_seconds=client.deadline_seconds)
    wait = _seconds_to_wait(cut_off, now=now(), settle_seconds=settle_seconds)
    if wait > 0:
        say(f"A call of the last run was cut off a moment ago; waiting {wait:.0f} s until the site shows what it did.")
        pause(wait)
    snapshot = read_snapshot(client, channels, now=now(), site=site, at_once=at_once)
    touched = journal.touched(since=recent)
    return replace(
        snapshot, items=_brought_up_to_date(client, snapshot.items, touched, pause=pause, wait=settle_seconds)
    )


def _seconds_to_wait(cut_off: Sequence[Unsettled], *, now: datetime, settle_seconds: float) -> float:
    if not cut_off:
        return 0.0
    up_to_date = max(call.until for call in cut_off) + timedelta(seconds=settle_seconds)
    return min(settle_seconds, max(0.0, (up_to_date - now).total_seconds()))


def _brought_up_to_date(
    client: Client,
    listed: Sequence[Item],
    touched: dict[str, Touched],
    *,
    pause: Callable[[float], None],
    wait: float,
) -> tuple[Item, ...]:
    """Replace or add the items that the list may show as they were before what was done to them a moment ago."""
    by_id = {item.id: item for item in listed}
    stale = [
        item_id
        for item_id, last in touched.items()
        if last.within or last.status != (by_id[item_id].status if item_id in by_id else "")
    ]
    if len(stale) > MOST_LOOKS:
        pause(wait)
        by_id = {item.id: item for item in items.query_items(client)}
        stale = []
    for item_id in stale:
        item = items.get_item(client, item_id)
        if item is not None:
            by_id[item_id] = item
        else:
            by_id.pop(item_id, None)
    return tuple(by_id.values())
