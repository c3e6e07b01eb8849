"""Turns `publish_at` and the time zones that may apply to it into one instant, and refuses to guess.

    cell ──► what it says (date_text; ISO by a shorter way) ──► its zone ──► the instant in UTC
         └─► why it can't be told, with what to write instead (date_errors)

What was written must name one instant: a day without a time, an order of day and month that can't be told, a wall clock
time that comes never or twice are refused. Instants inside are UTC.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from batch.model import Cell
from batch.rules.date_errors import explain_date, find_zone, show_offset, warn_of_sign
from batch.rules.date_text import FIRST_YEAR, LAST_YEAR, DateFlaw, DateText, Unread, read_date_text
from batch.rules.date_text import show_clock as show_clock
from batch.rules.issues import Problem
from batch.times import short_day
from batch.wording import listed, quoted

NOW = "now"
FAR = timedelta(days=10 * 365 + 3)

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T|t| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]0+)?)?(?: ?(Z|z|UTC|\+\d{2}:\d{2}))?",
    re.ASCII,
)


class When(NamedTuple):
    """When a post is to go out: `at` (UTC), or `now`, or neither (no date). `problems` say why it can't be told.

    `local_time` is the wall clock with its zone as a person reads it; `timezone` the zone's name, or its offset
    (`UTC+01:00`) where only that is known.
    """

    at: datetime | None = None
    now: bool = False
    local_time: str = ""
    timezone: str = ""
    problems: tuple[Problem, ...] = ()


class Zones(NamedTuple):
    """The zones that may apply to a row: what its own `timezone` cell says, else the site's or configuration's."""

    written: str = ""
    usual: str = ""


NO_DATE = When()


def read_when(cell: Cell, *, zones: Zones) -> When:
    """Return when a row's post goes out. A naive time is meant in the row's zone."""
    named = zones.written or zones.usual
    zone = find_zone(named) if named else None
    is_now = isinstance(cell, str) and cell.casefold() == NOW
    if isinstance(zone, Problem):
        said = _read_cell(cell) if cell and not is_now else None
        return When(problems=(zone, said) if isinstance(said, Problem) else (zone,))
    name = zone.key if zone else ""
    noted: tuple[Problem, ...] = ()
    if zone and zones.written.startswith("Etc/") and (sign := warn_of_sign(zone, zones.written)):
        noted = (sign,)
    if not cell:
        return When(timezone=name, problems=noted)
    if is_now:
        return When(now=True, local_time=NOW, timezone=name, problems=noted)
    if zone and isinstance(cell, str) and (plain := _read_plain(cell, zone, noted)):
        return plain
    said = _read_cell(cell)
    if isinstance(said, Problem):
        return When(timezone=name, problems=(said, *noted))
    return _place(said, zone, zones, cell=cell, noted=noted)


def _read_plain(cell: str, zone: ZoneInfo, noted: tuple[Problem, ...]) -> When | None:
    """Read `2026-12-01 09:30`, as nearly all dates are written, on a day that is like others, in a third of the time.

    None for what has to be looked at more closely.
    """
    if len(cell) != 16 or (cell[4], cell[7], cell[10], cell[13]) != ("-", "-", " ", ":") or cell[11:13] == "24":
        return None  # newer Pythons take 24:00 for the next day's midnight, and a person may mean either
    try:
        at = datetime.fromisoformat(f"{cell}+00:00")
    except ValueError:
        return None
    offset = _steady_offset(zone, at.date()) if FIRST_YEAR <= at.year <= LAST_YEAR else None
    return None if offset is None else When(at - offset, False, f"{cell} {zone.key}", zone.key, noted)


def wall_time(cell: Cell) -> datetime | None:
    """Return the wall clock time that a cell names, None where it names none, or an instant or zone of its own."""
    said = _read_cell(cell) if cell and not (isinstance(cell, str) and cell.casefold() == NOW) else None
    plain = isinstance(said, DateText) and said.offset is None and not said.zone
    return said.wall if isinstance(said, DateText) and plain else None


def _seen(cell: Cell) -> str:
    return cell if isinstance(cell, str) else show_clock(cell)


def _read_cell(cell: Cell) -> DateText | Problem:
    """Return the date and time as written."""
    if isinstance(cell, datetime):
        said: DateText | Unread = DateText(cell.replace(microsecond=0) if cell.microsecond else cell)
    else:
        said = _read_iso(cell) or read_date_text(cell)
    if isinstance(said, DateText) and not FIRST_YEAR <= said.wall.year <= LAST_YEAR:
        said = Unread(DateFlaw.YEAR, clock=said.wall.time(), offset=said.offset, about=str(said.wall.year))
    return said if isinstance(said, DateText) else explain_date(_seen(cell), said)


def _read_iso(cell: str) -> DateText | None:
    """Read what is written as in ISO 8601, in a tenth of the time that other texts take; None for those."""
    found = _ISO.fullmatch(cell)
    if found is None:
        return None
    year, month, day, hour, minute, second, offset = found.groups()
    try:
        wall = datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0))  # noqa: DTZ001  a wall clock
    except ValueError:
        return None
    if wall.hour == 0 and int(hour):
        return None  # newer Pythons take 24:00 for the next day's midnight
    if not offset:
        return DateText(wall)
    utc = offset in ("Z", "z", "UTC")
    return DateText(wall, timedelta(hours=0 if utc else int(offset[1:3]), minutes=0 if utc else int(offset[4:6])))


def _place(said: DateText, zone: ZoneInfo | None, zones: Zones, *, cell: Cell, noted: tuple[Problem, ...]) -> When:
    """Return the instant of what a cell says; its own zone or offset goes before the row's.

    A row's own zone that has another offset than a date says is warned of; the usual zone yields, and UTC (`Z`) is how
    programs write an instant for any zone.
    """
    seen = _seen(cell)
    if said.offset_or_end and (zone is None or said.offset != said.wall.replace(tzinfo=zone).utcoffset()):
        unread = Unread(DateFlaw.OFFSET_OR_END, offset=said.offset, walls=(said.wall,))
        return When(timezone=zone.key if zone else "", problems=(explain_date(seen, unread), *noted))
    own = ZoneInfo(said.zone) if said.zone else zone
    if said.offset is not None:
        at = (said.wall - said.offset).replace(tzinfo=UTC)
        if own is None:
            name = f"UTC{_sign_offset(said.offset) if said.offset else ''}"
            return When(at, local_time=f"{show_clock(said.wall)} {name}", timezone=name, problems=noted)
        if zones.written and said.offset:
            noted = (*_contradict(at, said.offset, own, seen=seen), *noted)
        return When(at, local_time=f"{show_clock(at.astimezone(own))} {own.key}", timezone=own.key, problems=noted)
    if own is None:
        message = (
            f"{quoted(seen)} has no time zone. Fill `timezone` (Europe/Berlin), or add one line to postbatch.toml: "
            'timezone = "Europe/Berlin".'
        )
        return When(problems=(Problem("timezone", "timezone_missing", "", message), *noted))
    offset = _steady_offset(own, said.wall.date())
    if offset is None:
        doubt = _doubt_clock(said.wall, own, seen=seen)
        if doubt:
            return When(timezone=own.key, problems=(doubt, *noted))
        offset = said.wall.replace(tzinfo=own).utcoffset() or timedelta(0)
    at = (said.wall - offset).replace(tzinfo=UTC)
    if zone and zones.written and own is not zone:
        noted = (*_contradict(at, offset, zone, seen=seen), *noted)
    return When(at, False, f"{show_clock(said.wall)} {own.key}", own.key, noted)


def _contradict(at: datetime, offset: timedelta, zone: ZoneInfo, *, seen: str) -> tuple[Problem, ...]:
    """Return a warning where the row's own zone has another offset at an instant than the date itself says."""
    there = at.astimezone(zone)
    if there.utcoffset() == offset:
        return ()
    wall = (at + offset).replace(tzinfo=None)
    message = (
        f"{quoted(seen)} contradicts `timezone`: {zone.key} is at UTC{_show_offset(there)} then, so the post goes out "
        f"at {show_clock(there)} there. If {show_clock(wall)} in {zone.key} is meant, write {show_clock(wall)}."
    )
    return (Problem("publish_at", "offset_contradicts_timezone", seen, message, warning=True),)


def say_date(said: DateText) -> str:
    """Return a date in words, with the offset or zone that it said: `Fri 25 Dec 2026, 09:30 UTC+01:00`."""
    clock = said.wall.time()
    offset = "" if said.offset is None else f" UTC{_sign_offset(said.offset) if said.offset else ''}"
    zone = f" {said.zone}" if said.zone else ""
    day = said.wall.date()
    return f"{short_day(day)} {day.year}, {str(clock)[: 8 if clock.second else 5]}{offset}{zone}"


MOST_SAID = 3


def tell_dates(cells: Iterable[tuple[int, Cell]]) -> str:
    """Return how the dates (row, cell) that were not written as in ISO 8601 were read, "" where all were.

    The first few are said with their rows, the others counted.
    """
    told: list[str] = []
    count = 0
    for row, cell in cells:
        if not isinstance(cell, str) or cell[4:5] == "-" or not isinstance(said := read_date_text(cell), DateText):
            continue
        count += 1
        if count <= MOST_SAID:
            told.append(f"{quoted(cell)} (row {row}) as {say_date(said)}")
    more = (f"{count - MOST_SAID:,} more",) if count > MOST_SAID else ()
    return f"Read {listed((*told, *more), last='and')}." if told else ""


@lru_cache(maxsize=16384)
def _steady_offset(zone: ZoneInfo, day: date) -> timedelta | None:
    """Return the offset that a zone keeps all of a day, None for a day on which clocks are changed.

    Looked up every quarter of an hour, the finest at which any zone has changed its clocks.
    """
    clocks = (datetime.combine(day, time(hour, minute), zone) for hour in range(24) for minute in (0, 15, 30, 45))
    offsets = {reading.utcoffset() for clock in clocks for reading in (clock, clock.replace(fold=1))}
    offsets.add(datetime.combine(day, time(23, 59, 59), zone).utcoffset())
    return offsets.pop() if len(offsets) == 1 else None


def _doubt_clock(clock: datetime, zone: ZoneInfo, *, seen: str) -> Problem | None:
    """Return why a wall clock time does not name one instant of its zone, None where it does.

    The two folds of a time have different offsets only where clocks are put forward over it or back over it.
    """
    early, late = clock.replace(tzinfo=zone), clock.replace(tzinfo=zone, fold=1)
    before, after = early.utcoffset(), late.utcoffset()
    if before == after or before is None or after is None:
        return None
    there = (reading.astimezone(UTC).astimezone(zone) for reading in (early, late))
    first, second = (f"{show_clock(reading)}{_show_offset(reading)}" for reading in there)
    if before < after:
        message = (
            f"{quoted(seen)} doesn't exist in {zone}: the clocks go forward over it. Write {second} (before) or "
            f"{first} (after)."
        )
        return Problem("publish_at", "time_skipped", seen, message)
    message = (
        f"{quoted(seen)} comes twice in {zone}: the clocks go back over it. Write {first} (the first time) or {second} "
        "(the second)."
    )
    return Problem("publish_at", "time_twice", seen, message)


def _show_offset(clock: datetime) -> str:
    return _sign_offset(clock.utcoffset() or timedelta(0))


def _sign_offset(offset: timedelta) -> str:
    """Return an offset as ISO 8601 writes it: `-05:00`."""
    return show_offset(offset).removeprefix(" UTC")


def doubt_date(at: datetime, *, now: datetime, seen: str, say_past: bool) -> Problem | None:
    """Return a warning for an instant that has passed or lies years ahead, None for any other."""
    if at <= now:
        if not say_past:
            return None
        message = f"{quoted(seen)} has passed. If the post didn't go out then, write a later date."
        return Problem("publish_at", "date_past", seen, message, warning=True)
    if at - now > FAR:
        message = f"{quoted(seen)} is more than ten years ahead. Check the year."
        return Problem("publish_at", "date_far_ahead", seen, message, warning=True)
    return None


def doubt_midnight(cell: Cell) -> Problem | None:
    """Return a warning for a wall clock time of midnight sharp, into which spreadsheets turn a day without a time."""
    if isinstance(cell, str):
        if len(cell) == 16 and cell[11:] != "00:00" and cell[10] == " ":
            return None
        said = _read_iso(cell) or read_date_text(cell)
    else:
        said = DateText(cell)
    if not isinstance(said, DateText) or said.offset is not None or said.zone or said.wall.time() != time():
        return None
    seen = _seen(cell)
    message = f"{quoted(seen)} has no time, so the post would go out at midnight. Add a time."
    return Problem("publish_at", "midnight", seen, message, warning=True)
