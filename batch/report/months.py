"""The posts on a wall calendar: whole weeks of the months that hold any, each post on its own local day.

Turns posts with a day into months of weeks of days. A post without a day stands in no month; the page lists it apart.
"""

from __future__ import annotations

from calendar import Calendar
from collections import defaultdict
from collections.abc import Iterable
from typing import Generic, NamedTuple, Protocol, TypeVar

from batch.report.moment import MONTHS, Moment

SEEN_IN_A_DAY = 4
"""How many posts of a day the calendar shows before it says how many more there are."""

Ymd = tuple[int, int, int]


class Dated(Protocol):
    """What the calendar asks of a post."""

    @property
    def moment(self) -> Moment:
        """When it goes out."""
        ...


Entry = TypeVar("Entry", bound=Dated)


class Day(NamedTuple, Generic[Entry]):
    """A square of the calendar; `inside` tells the month's own days from those that only fill its weeks."""

    number: int
    iso: str
    inside: bool
    entries: tuple[Entry, ...]

    @property
    def more(self) -> int:
        """How many of its posts are not shown."""
        return max(0, len(self.entries) - SEEN_IN_A_DAY)


class Month(NamedTuple, Generic[Entry]):
    """A month of whole weeks, Monday first, and how many posts it holds."""

    name: str
    anchor: str
    weeks: tuple[tuple[Day[Entry], ...], ...]
    total: int


def make_months(entries: Iterable[Entry]) -> tuple[Month[Entry], ...]:
    """Return the months that hold at least one of the entries, each day in the order of the clock."""
    days: dict[Ymd, list[Entry]] = defaultdict(list)
    for entry in entries:
        day = entry.moment.day
        if day:
            days[day.year, day.month, day.day].append(entry)
    return tuple(_month(year, month, days) for year, month in sorted({(year, month) for year, month, _ in days}))


def _month(year: int, month: int, days: dict[Ymd, list[Entry]]) -> Month[Entry]:
    squares = [_day(at, month, days) for *at, _ in Calendar().itermonthdays4(year, month)]
    weeks = tuple(tuple(squares[n : n + 7]) for n in range(0, len(squares), 7))
    return Month(f"{MONTHS[month - 1]} {year}", f"{year:04}-{month:02}", weeks, sum(len(s.entries) for s in squares))


def _day(at: list[int], month: int, days: dict[Ymd, list[Entry]]) -> Day[Entry]:
    year, own_month, day = at
    inside = own_month == month
    entries = sorted(days.get((year, own_month, day), ()), key=lambda entry: entry.moment.clock) if inside else ()
    return Day(day, f"{year:04}-{own_month:02}-{day:02}", inside, tuple(entries))
