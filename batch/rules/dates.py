"""Turns `publish_at` and the time zones that may apply to it into one instant, and refuses to guess.

What was written must name one instant: a day without a time, an order of day and month that can't be told, a wall clock
time that comes never or twice are refused with the text to paste instead. Instants inside are UTC.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from batch.model import Cell
from batch.rules.date_errors import explain_date, find_zone, warn_of_sign
from batch.rules.issues import Problem
from batch.wording import quoted

NOW = "now"
FIRST_YEAR, LAST_YEAR = 2000, 2099
"""Years outside of these are slips: no post goes out then."""

FAR = timedelta(days=10 * 365 + 3)

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T|t| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]0+)?)?"
    r"(?: ?(Z|z|UTC|[+\-−]\d{2}(?::?\d{2})?))?",
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
    if isinstance(zone, Problem):
        return When(problems=(zone, *_explain(cell)))
    name = zone.key if zone else ""
    noted: tuple[Problem, ...] = ()
    if zone and zones.written.startswith("Etc/") and (sign := warn_of_sign(zone, zones.written)):
        noted = (sign,)
    if not cell:
        return When(timezone=name, problems=noted)
    if isinstance(cell, str):
        if zone and (plain := _read_plain(cell, zone, noted)):
            return plain
        if cell.casefold() == NOW:
            return When(now=True, local_time=NOW, timezone=name, problems=noted)
    clock = _read_clock(cell)
    if isinstance(clock, Problem):
        return When(timezone=name, problems=(clock, *noted))
    return _place(clock, zone, zones, cell=cell, noted=noted)


def _read_plain(cell: str, zone: ZoneInfo, noted: tuple[Problem, ...]) -> When | None:
    """Read `2026-12-01 09:30`, as nearly all dates are written, on a day that is like others, in a third of the time.

    None for what has to be looked at more closely.
    """
    if len(cell) != 16 or cell[10] != " " or cell[13] != ":" or cell[11:13] == "24":
        return None  # newer Pythons take 24:00 for the next day's midnight, and a person may mean either
    offset = _offset_of_day(zone, cell[:10])
    if offset is None:
        return None
    try:
        return When(datetime.fromisoformat(f"{cell}+00:00") - offset, False, f"{cell} {zone.key}", zone.key, noted)
    except ValueError:
        return None


@lru_cache(maxsize=16384)
def _offset_of_day(zone: ZoneInfo, written: str) -> timedelta | None:
    """Return the offset that a zone keeps all of a day (`2026-12-01`), None for other writings and other days."""
    if written[4] != "-" or written[7] != "-":
        return None
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return None
    return _steady_offset(zone, day) if FIRST_YEAR <= day.year <= LAST_YEAR else None


def _explain(cell: Cell) -> tuple[Problem, ...]:
    """Return what is wrong with a date whatever its zone."""
    if not cell or (isinstance(cell, str) and cell.casefold() == NOW):
        return ()
    clock = _read_clock(cell)
    return (clock,) if isinstance(clock, Problem) else ()


def _seen(cell: Cell) -> str:
    return cell if isinstance(cell, str) else show_clock(cell)


def show_clock(clock: datetime) -> str:
    """Return a wall clock time as it is written in a sheet: `2026-12-01 09:30`, with seconds where there are any."""
    return str(clock)[: 19 if clock.second else 16]


def _read_clock(cell: Cell) -> datetime | Problem:
    """Return the date and time as written, aware only where an offset stands behind it."""
    if isinstance(cell, datetime):
        clock = cell.replace(microsecond=0) if cell.microsecond else cell
    else:
        read = _read_iso(cell)
        if read is None:
            return explain_date(cell)
        clock = read
    if not FIRST_YEAR <= clock.year <= LAST_YEAR:
        message = (
            f"`publish_at` says {quoted(_seen(cell))}: check the year, which has to be this one or one of the next."
        )
        return Problem("publish_at", "date_out_of_range", _seen(cell), message)
    return clock


def _read_iso(cell: str) -> datetime | None:
    found = _ISO.fullmatch(cell)
    try:
        return _make_clock(*found.groups()) if found else None
    except (ValueError, OverflowError):
        return None


def _make_clock(
    year: str, month: str, day: str, hour: str, minute: str, second: str | None, offset: str | None
) -> datetime:
    zone = _make_offset(offset) if offset else None
    return datetime(int(year), int(month), int(day), int(hour), int(minute), int(second or 0), tzinfo=zone)


def _make_offset(offset: str) -> timezone:
    if offset in ("Z", "z", "UTC"):
        return UTC
    hours, minutes = int(offset[1:3]), int(offset[-2:]) if len(offset) > 3 else 0
    if hours > 14 or minutes > 59:
        raise ValueError("no place is so far from UTC")
    span = timedelta(hours=hours, minutes=minutes)
    return timezone(span if offset[0] == "+" else -span)


def _place(clock: datetime, zone: ZoneInfo | None, zones: Zones, *, cell: Cell, noted: tuple[Problem, ...]) -> When:
    """Return the instant of a wall clock time."""
    if clock.tzinfo is not None:
        return _place_offset(clock, zone, zones, seen=_seen(cell), noted=noted)
    if zone is None:
        return When(problems=(_no_zone(_seen(cell)), *noted))
    offset = _steady_offset(zone, clock.date())
    if offset is None:
        doubt = _doubt_clock(clock, zone, seen=_seen(cell))
        if doubt:
            return When(timezone=zone.key, problems=(doubt, *noted))
        offset = clock.replace(tzinfo=zone).utcoffset() or timedelta(0)
    at = (clock - offset).replace(tzinfo=UTC)
    return When(at, False, f"{show_clock(clock)} {zone.key}", zone.key, noted)


def _place_offset(
    clock: datetime, zone: ZoneInfo | None, zones: Zones, *, seen: str, noted: tuple[Problem, ...]
) -> When:
    """Return the instant of a time with an offset, which says it whatever the zone.

    A row's own zone that has another offset then is warned of; the usual zone yields, and UTC (`Z`) is how programs
    write an instant for any zone.
    """
    at = clock.astimezone(UTC)
    if zone is None:
        offset = _show_offset(clock) if clock.utcoffset() else ""
        return When(at, local_time=f"{show_clock(clock)} UTC{offset}", timezone=f"UTC{offset}", problems=noted)
    there = at.astimezone(zone)
    local_time = f"{show_clock(there)} {zone.key}"
    if zones.written and clock.tzinfo is not UTC and there.utcoffset() != clock.utcoffset():
        message = (
            f"`publish_at` says {quoted(seen)}, but {zone.key} is at UTC{_show_offset(there)} then: it goes out at "
            f"{show_clock(there)} there, so take the offset away if {show_clock(clock.replace(tzinfo=None))} is meant."
        )
        problem = Problem("publish_at", "offset_contradicts_timezone", seen, message, warning=True)
        noted = (problem, *noted)
    return When(at, local_time=local_time, timezone=zone.key, problems=noted)


def _no_zone(seen: str) -> Problem:
    message = (
        f"`publish_at` says {quoted(seen)}, but nothing says in which time zone: fill `timezone` (Europe/Berlin), "
        "or set `timezone` in the configuration."
    )
    return Problem("timezone", "timezone_missing", "", message)


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
    first, second = (_read_back(reading, zone) for reading in (early, late))
    if before < after:
        message = (
            f"`publish_at` says {quoted(seen)}, a time that does not exist in {zone}, where clocks are put forward "
            f"over it: write {second} (before) or {first} (after)."
        )
        return Problem("publish_at", "time_skipped", seen, message)
    message = (
        f"`publish_at` says {quoted(seen)}, a time that comes twice in {zone}, where clocks are put back over it: "
        f"write {first} (the first time) or {second} (the second)."
    )
    return Problem("publish_at", "time_twice", seen, message)


def _read_back(reading: datetime, zone: ZoneInfo) -> str:
    """Return a reading as it can be pasted: the clock at that instant with its offset."""
    there = reading.astimezone(UTC).astimezone(zone)
    return f"{show_clock(there)}{_show_offset(there)}"


def _show_offset(clock: datetime) -> str:
    return f"{clock:%z}"[:3] + ":" + f"{clock:%z}"[3:5]


def doubt_date(at: datetime, *, now: datetime, seen: str, say_past: bool) -> Problem | None:
    """Return a warning for an instant that has passed or lies years ahead, None for any other."""
    if at <= now:
        if not say_past:
            return None
        message = (
            f"`publish_at` says {quoted(seen)}, which has passed: nothing is sent for it unless it went out then, "
            "so write a later date if it did not."
        )
        return Problem("publish_at", "date_past", seen, message, warning=True)
    if at - now > FAR:
        message = f"`publish_at` says {quoted(seen)}, more than ten years ahead: check the year."
        return Problem("publish_at", "date_far_ahead", seen, message, warning=True)
    return None


def doubt_midnight(cell: Cell) -> Problem | None:
    """Return a warning for a wall clock time of midnight sharp, into which spreadsheets turn a day without a time."""
    if isinstance(cell, str) and "0:00" not in cell:
        return None
    clock = cell if isinstance(cell, datetime) else _read_iso(cell)
    if clock is None or clock.tzinfo is not None or clock.hour or clock.minute or clock.second:
        return None
    seen = _seen(cell)
    message = (
        f"`publish_at` says {quoted(seen)}, midnight, which spreadsheets make of a day without a time: write the time "
        "too if midnight is not meant."
    )
    return Problem("publish_at", "midnight", seen, message, warning=True)
