"""When a post goes out on the clock of its own place, as the sheets show it.

Takes the wall clock that the plan decided (`2026-12-01 09:30 Europe/Berlin`); never reckons with zones itself.
"""

from __future__ import annotations

import re
from datetime import UTC, date
from typing import NamedTuple

from batch.model import Outcome

WALL = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(?::\d\d)?\s*(.*)", re.DOTALL)
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class LocalTime(NamedTuple):
    """A day and a clock (`09:30`) in a zone; the zone is "UTC" where no other is known."""

    day: date
    clock: str
    zone: str


def local_time_of(outcome: Outcome) -> LocalTime | None:
    """Return when a post goes out, None where it has no date."""
    found = WALL.fullmatch(outcome.local_time.strip())
    if found:
        try:
            return LocalTime(date.fromisoformat(found[1]), found[2], found[3].strip())
        except ValueError:
            pass
    if outcome.publish_at is None:
        return None
    at = outcome.publish_at.astimezone(UTC)
    return LocalTime(at.date(), f"{at:%H:%M}", "UTC")
