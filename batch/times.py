"""When a post goes out, as people read it: an instant in UTC on the clock of the post's own time zone."""

from __future__ import annotations

import calendar
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from batch.model import Outcome, Step

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Dated = TypeVar("Dated", Step, Outcome)


class PostTime(NamedTuple):
    """A post's time: `day` and `clock` on the wall of `zone`; in UTC for people (`utc`) and whole (`iso`)."""

    day: date | None = None
    clock: str = ""
    zone: str = ""
    utc: str = ""
    iso: str = ""

    @property
    def wall(self) -> str:
        """The day and time as a form's field holds it: `2026-12-01T09:30`."""
        return f"{self.day.isoformat()}T{self.clock}" if self.day else ""

    @property
    def short(self) -> str:
        """The day and time in few letters: `1 Dec, 09:30`."""
        return f"{self.day.day} {MONTHS[self.day.month - 1][:3]}, {self.clock}" if self.day else ""


def post_time(outcome: Outcome) -> PostTime:
    """Return when the outcome's post goes out, in UTC where its zone is not known; empty where it has no date."""
    if outcome.publish_at is None:
        return PostTime()
    at = outcome.publish_at.astimezone(UTC)
    zone = zone_named(outcome.timezone)
    wall = at.astimezone(zone or UTC)
    other_day = f"{short_day(at.date())}, " if wall.date() != at.date() else ""
    return PostTime(
        day=wall.date(),
        clock=f"{wall:%H:%M}",
        zone=outcome.timezone if zone else "UTC",
        utc=f"{other_day}{at:%H:%M} UTC",
        iso=f"{at:%Y-%m-%dT%H:%M:%SZ}",
    )


def shown_time(at: datetime | None, *, timezone: str) -> str:
    """Return a date in a person's time zone, in UTC where that is not known: `2026-12-01 09:30 Europe/Berlin`."""
    if at is None:
        return ""
    zone = zone_named(timezone)
    wall = at.astimezone(zone or UTC)
    return f"{show_clock(wall)} {timezone if zone else 'UTC'}"


def show_clock(clock: datetime) -> str:
    """Return a wall clock time as it is written in a sheet: `2026-12-01 09:30`, with seconds where there are any."""
    return str(clock)[: 19 if clock.second else 16]


def spoken_time(at: datetime | None, *, timezone: str, short: bool = False) -> str:
    """Return a date in words, else in UTC: `Wed 2 Dec 2026, 08:00 (London)`; `short`: `Wed 2 Dec, 08:00`."""
    if at is None:
        return ""
    zone = zone_named(timezone)
    wall = at.astimezone(zone or UTC)
    clock = f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"
    place = timezone.rpartition("/")[2].replace("_", " ") if zone else "UTC"
    day = short_day(wall.date())
    return f"{day}, {clock}" if short else f"{day} {wall.year}, {clock} ({place})"


def in_words(shown: str) -> str:
    """Return what `shown_time` gave as `spoken_time` would, and anything else as it is."""
    clock, _, zone = shown.rpartition(" ")
    try:
        wall = datetime.fromisoformat(clock)
    except ValueError:
        return shown
    return spoken_time(wall.replace(tzinfo=zone_named(zone) or UTC), timezone=zone)


@lru_cache(maxsize=256)
def zone_named(name: str) -> tzinfo | None:
    """Return a zone by its name (`Europe/Berlin`) or its offset (`UTC+01:00`), None where there is none."""
    try:
        if name.startswith(("UTC+", "UTC-")):
            return datetime.strptime(name[3:], "%z").tzinfo
        return ZoneInfo(name) if name else None
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def with_zone(kept: Dated) -> Dated:
    """Return a step or outcome with its zone where a version that told it in words only has kept it."""
    if kept.timezone or " " not in kept.local_time:
        return kept
    return replace(kept, timezone=kept.local_time.rpartition(" ")[2])


def in_usual_zones(posts: Iterable[Dated]) -> tuple[Dated, ...]:
    """Return the posts; one that names no zone, as of a row that only cancels, in that of most posts of its site."""
    given = tuple(posts)
    zones: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for post in given:
        zones[post.site].update([post.timezone] if post.timezone else [])
    usual = {site: found.most_common(1)[0][0] for site, found in zones.items() if found}
    return tuple(p if p.timezone or p.site not in usual else replace(p, timezone=usual[p.site]) for p in given)


def months_with(days: Iterable[date]) -> list[date]:
    """Return the first day of each month that holds one of these days, in order."""
    return sorted({day.replace(day=1) for day in days})


def weeks_of(month: date) -> list[list[date | None]]:
    """Return the weeks of a month, Monday first; None where a day belongs to another month."""
    weeks = calendar.monthcalendar(month.year, month.month)
    return [[month.replace(day=number) if number else None for number in week] for week in weeks]


def long_day(day: date) -> str:
    """Return the day in words: `Tuesday, 1 December 2026`."""
    return f"{WEEKDAYS[day.weekday()]}, {day.day} {MONTHS[day.month - 1]} {day.year}"


def short_day(day: date) -> str:
    """Return the day in few letters: `Tue 1 Dec`."""
    return f"{WEEKDAYS[day.weekday()][:3]} {day.day} {MONTHS[day.month - 1][:3]}"


def utc_text(at: datetime | None) -> str:
    """Return an instant as results write it (`2026-12-01T08:30:00Z`), "" where there is none."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


def instant(at: datetime | None) -> str:
    """Return an instant in UTC as people read it, "" where there is none."""
    if at is None:
        return ""
    utc = at.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}, {utc:%H:%M} UTC"


def utc_now() -> datetime:
    """Return the time of this machine: the clock that an edge hands in where no other is given."""
    return datetime.now(UTC)
