"""How many changing calls a plan takes by each way of sending, and about how long that is at a given pace."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from batch.model import Act, SitePlan, Step

BULK_PART = 50
"""Posts in one bulk call."""

CALLS_PER_MEDIUM = 2
"""Bringing one medium into the Media Manager: one call to send it, and usually one to see that it is ready."""

VIAS = ("draft", "publish", "bulk")


class Estimate(NamedTuple):
    """Calls of all sites together, and the seconds of the site that takes longest: sites run side by side."""

    via: str
    calls: int
    seconds: float


class _Tally(NamedTuple):
    """What one site's steps come to: single calls, calls for media, and new posts with a date."""

    single: int
    media: int
    new_scheduled: int


def estimate_all(sites: Iterable[SitePlan], *, calls_per_minute: float) -> tuple[Estimate, ...]:
    """Return the estimate for each way of sending."""
    tallies = [_count(site.steps) for site in sites]
    calls = {via: [_calls(tally, via=via) for tally in tallies] for via in VIAS}
    return tuple(
        Estimate(via, sum(counts), max(counts, default=0) * 60 / calls_per_minute) for via, counts in calls.items()
    )


def count_calls(steps: Iterable[Step], *, via: str) -> int:
    """Count the changing calls of one site's steps. Only new posts with a date have a quicker way than two calls."""
    return _calls(_count(steps), via=via)


def _count(steps: Iterable[Step]) -> _Tally:
    rows_of_acts: Counter[tuple[Act, ...]] = Counter()
    media: set[str] = set()
    for step in steps:
        rows_of_acts[step.acts] += 1
        if Act.UPLOAD in step.acts:
            media |= {medium.identity or medium.source for medium in step.content.media if not medium.url}
    acts = sum(len(row) * count for row, count in rows_of_acts.items())
    uploads = sum(row.count(Act.UPLOAD) * count for row, count in rows_of_acts.items())
    new = sum(count for row, count in rows_of_acts.items() if Act.CREATE in row and Act.SCHEDULE in row)
    return _Tally(acts - uploads - 2 * new, len(media) * CALLS_PER_MEDIUM, new)


def _calls(tally: _Tally, *, via: str) -> int:
    return tally.single + tally.media + _scheduling_calls(tally.new_scheduled, via=via)


def _scheduling_calls(posts: int, *, via: str) -> int:
    if via == "bulk":
        return math.ceil(posts / BULK_PART)
    return posts if via == "publish" else posts * 2


def shown_duration(seconds: float) -> str:
    """Return a duration as a person says it: `about 20 s`, `about 10 min`, `about 2 h 5 min`."""
    if seconds < 1:
        return "a moment"
    if seconds < 90:
        return f"about {math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {minutes % 60} min"
