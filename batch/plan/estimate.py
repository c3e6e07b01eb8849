"""How many changing calls a plan takes by each way of sending, and about how long that is at a given pace."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
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


def estimate_all(sites: Iterable[SitePlan], *, calls_per_minute: float) -> tuple[Estimate, ...]:
    """Return the estimate for each way of sending."""
    calls = {via: [count_calls(site.steps, via=via) for site in sites] for via, sites in _each_via(sites).items()}
    return tuple(
        Estimate(via, sum(counts), max(counts, default=0) * 60 / calls_per_minute) for via, counts in calls.items()
    )


def _each_via(sites: Iterable[SitePlan]) -> Mapping[str, tuple[SitePlan, ...]]:
    return dict.fromkeys(VIAS, tuple(sites))


def count_calls(steps: Iterable[Step], *, via: str) -> int:
    """Count the changing calls of one site's steps. Only new posts with a date have a quicker way than two calls."""
    acts: Counter[Act] = Counter()
    new_scheduled = 0
    media: set[str] = set()
    for step in steps:
        acts.update(step.acts)
        new_scheduled += Act.CREATE in step.acts and Act.SCHEDULE in step.acts
        if Act.UPLOAD in step.acts:
            media |= {medium.identity or medium.source for medium in step.content.media if not medium.url}
    single = acts.total() - acts[Act.UPLOAD] - 2 * new_scheduled
    return single + len(media) * CALLS_PER_MEDIUM + _scheduling_calls(new_scheduled, via=via)


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
