"""When a post goes out on the clock of its own place, as the sheets show it.

Takes the wall clock that the plan decided (`2026-12-01 09:30 Europe/Berlin`); never reckons with zones itself.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
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


class Moment(NamedTuple):
    """A post's time: `day` and `clock` on the wall of `zone`, and the same instant in UTC.

    `utc` is for people and names the day only where UTC has another one; `iso` is whole.
    """

    day: date | None = None
    clock: str = ""
    zone: str = ""
    utc: str = ""
    iso: str = ""

    @property
    def short(self) -> str:
        """The day and time in few letters: `1 Dec, 09:30`."""
        return f"{self.day.day} {MONTHS[self.day.month - 1][:3]}, {self.clock}" if self.day else ""


def moment_of(outcome: Outcome) -> Moment:
    """Return when the outcome's post goes out; without a wall clock it is told in UTC."""
    at = outcome.publish_at.astimezone(UTC) if outcome.publish_at else None
    utc = f"{at:%H:%M} UTC" if at else ""
    iso = f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else ""
    found = WALL.fullmatch(outcome.local_time.strip())
    if found:
        day = _day(found[1])
        if day:
            other_day = f"{short_day(at.date())}, " if at and at.date() != day else ""
            return Moment(day, found[2], found[3].strip(), other_day + utc, iso)
    return Moment(at.date(), f"{at:%H:%M}", "UTC", utc, iso) if at else Moment()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def long_day(day: date) -> str:
    """Return the day in words: `Tuesday, 1 December 2026`."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """Return the day in few letters: `Tue 1 Dec`."""
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


def instant(at: datetime | None) -> str:
    """Return an instant in UTC as people read it, "" where there is none."""
    if at is None:
        return ""
    utc = at.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


def utc_now() -> datetime:
    """Return the time of this machine: the clock that an edge hands in where no other is given."""
    return datetime.now(UTC)
