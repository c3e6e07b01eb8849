"""Turns the slots of the configuration into times of the week, and those into the instants that they stand for.

A slot is on the wall clock of the post's own zone. In a week in which that time doesn't exist, or comes twice, because
clocks are changed, there is no such slot.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from batch.model import Channel
from batch.rules.channel_words import channel_named
from batch.times import WEEKDAYS
from batch.wording import listed, shorten

SLOT = "slot"
"""The word in `publish_at` that asks for the account's next free slot."""

DEFAULT = "default"
"""The name under which the slots of all channels without some of their own stand."""

EXAMPLE = '["Mon 09:00", "Thu 18:00"]'
WEEK_TIME = re.compile(r"([a-z]{2,9})\.?,? +([01]?[0-9]|2[0-3])[:.]([0-5][0-9])", re.ASCII | re.IGNORECASE)

SlotTimes = tuple[str, ...]
"""Times of the week as people write them: `Mon 09:00`."""


@lru_cache(maxsize=1024)
def read_week_time(text: str) -> tuple[int, int, int] | None:
    """Return weekday (0 = Monday), hour and minute of `Mon 09:00`, None for what is no such time."""
    found = WEEK_TIME.fullmatch(text.strip())
    days = [n for n, day in enumerate(WEEKDAYS) if found and day.casefold().startswith(found[1].casefold())]
    return (days[0], int(found[2]), int(found[3])) if found and len(days) == 1 else None


def check_slots(slots: Mapping[str, SlotTimes]) -> Mapping[str, SlotTimes]:
    """Return configured slots by the names of the channels. Raises ValueError that says what is no channel or time."""
    checked: dict[str, SlotTimes] = {}
    for name, times in slots.items():
        channel = DEFAULT if name.strip().casefold() == DEFAULT else channel_named(name)
        if channel is None:
            raise ValueError(f": “{shorten(name, limit=20)}” is not a channel; write {listed(Channel)}, or default.")
        if channel in checked:
            raise ValueError(f": {channel} is there twice; keep one.")
        if wrong := [text for text in times if read_week_time(text) is None]:
            raise ValueError(
                f", {channel}: “{shorten(wrong[0], limit=20)}” is not a time of the week; write {EXAMPLE}."
            )
        checked[channel] = times
    return checked


def next_slots(times: SlotTimes, *, zone: tzinfo, after: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the instants of slots later than `after` and no later than `until`, the soonest first (UTC)."""
    week = sorted(filter(None, set(map(read_week_time, times))))
    day = after.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    while week and day.replace(tzinfo=zone).astimezone(UTC) <= until:
        for weekday, hour, minute in week:
            early, late = (day.replace(hour=hour, minute=minute, tzinfo=zone, fold=fold) for fold in (0, 1))
            at = early.astimezone(UTC)
            if weekday == day.weekday() and early.utcoffset() == late.utcoffset() and after < at <= until:
                yield at
        day += timedelta(days=1)
