"""Turns `publish_at` and the time zones that may apply to it into one instant, and refuses to guess.

    cell ──► what it says (date_text; ISO by a shorter way) ──► its zone ──► the instant in UTC
         └─► why it can't be told, with what to write instead

What was written must name one instant: a day without a time, an order of day and month that can't be told, a wall clock
time that comes never or twice are refused. Instants inside are UTC.

A remedy is the cell written the product's own way. It keeps all that the cell said (offset, zone, half of the day) and
adds nothing: what the cell did not say stands as `YYYY-MM-DD` or `HH:MM`, for the person to fill in. Where a text might
mean several things, each of them is offered.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import cache, lru_cache
from itertools import product
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from batch.model import Cell
from batch.rules.date_text import BY_WEEKDAY, LONGEST, NO_TIME, YEARS, DateFlaw, DateText, Unread, read_date_text
from batch.rules.date_words import ABBREVIATIONS, zone_names
from batch.rules.issues import Problem, nearest
from batch.rules.slots import SLOT
from batch.times import short_day
from batch.times import show_clock as show_clock
from batch.wording import listed, quoted

NOW = "now"
FAR = timedelta(days=10 * 365 + 3)

_ISO = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T|t| +)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,]0+)?)?(?: ?(Z|z|UTC|\+\d{2}:\d{2}))?",
    re.ASCII,
)


class When(NamedTuple):
    """When a post is to go out: `at` (UTC), or `now`, or in the next free `slot`, or none of them (no date).

    `problems` say why it can't be told.

    `local_time` is the wall clock with its zone as a person reads it; `timezone` the zone's name, or its offset
    (`UTC+01:00`) where only that is known.
    """

    at: datetime | None = None
    now: bool = False
    local_time: str = ""
    timezone: str = ""
    problems: tuple[Problem, ...] = ()
    slot: bool = False


NO_DATE = When()


def read_when(cell: Cell, *, written: str = "", usual: str = "") -> When:
    """Return when a row's post goes out. A naive time is meant in the zone `written` there, else the usual."""
    zone = find_zone(written or usual) if written or usual else None
    word = cell.casefold() if isinstance(cell, str) else ""
    if isinstance(zone, Problem):
        said = _read_cell(cell) if cell and word not in (NOW, SLOT) else None
        return When(problems=(zone, said) if isinstance(said, Problem) else (zone,))
    name = zone.key if zone else ""
    noted: tuple[Problem, ...] = ()
    if zone and written.startswith("Etc/") and (sign := warn_of_sign(zone, written)):
        noted = (sign,)
    if not cell:
        return When(timezone=name, problems=noted)
    if word == NOW:
        return When(now=True, local_time=NOW, timezone=name, problems=noted)
    if word == SLOT:
        return When(local_time=SLOT, timezone=name, problems=noted if zone else _miss_zone(SLOT), slot=True)
    if zone and isinstance(cell, str) and (plain := _read_plain(cell, zone, noted)):
        return plain
    said = _read_cell(cell)
    if isinstance(said, Problem):
        return When(timezone=name, problems=(said, *noted))
    return _place(said, zone, cell=cell, written=bool(written), noted=noted)


def _read_plain(cell: str, zone: ZoneInfo, noted: tuple[Problem, ...]) -> When | None:
    """Read `2026-12-01 09:30` on a day like others in a third of the time; None for what needs a closer look."""
    if len(cell) != 16 or (cell[4], cell[7], cell[10], cell[13]) != ("-", "-", " ", ":") or cell[11:13] == "24":
        return None  # newer Pythons take 24:00 for the next day's midnight, and a person may mean either
    try:
        at = datetime.fromisoformat(f"{cell}+00:00")
    except ValueError:
        return None
    offset = _steady_offset(zone, at.date()) if at.year in YEARS else None
    return None if offset is None else When(at - offset, False, f"{cell} {zone.key}", zone.key, noted)


def wall_time(cell: Cell) -> datetime | None:
    """Return the wall clock time that a cell names, None where it names none, or an instant or zone of its own."""
    said = _read_cell(cell)
    return said.wall if isinstance(said, DateText) and said.offset is None and not said.zone else None


def _seen(cell: Cell) -> str:
    return cell if isinstance(cell, str) else show_clock(cell)


def _read_cell(cell: Cell) -> DateText | Problem:
    """Return the date and time as written."""
    if isinstance(cell, datetime):
        said: DateText | Unread = DateText(cell.replace(microsecond=0) if cell.microsecond else cell)
    else:
        said = _read_iso(cell) or read_date_text(cell)
    if isinstance(said, DateText) and said.wall.year not in YEARS:
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


def _place(said: DateText, zone: ZoneInfo | None, *, cell: Cell, written: bool, noted: tuple[Problem, ...]) -> When:
    """Return the instant of what a cell says, by its own zone or offset, else the row's; contradictions are told."""
    seen = _seen(cell)
    if said.offset_or_end and (zone is None or said.offset != said.wall.replace(tzinfo=zone).utcoffset()):
        unread = Unread(DateFlaw.OFFSET_OR_END, said.wall.date(), said.wall.time(), said.offset)
        return When(timezone=zone.key if zone else "", problems=(explain_date(seen, unread), *noted))
    own, offset = ZoneInfo(said.zone) if said.zone else zone, said.offset
    if offset is None:
        if own is None:
            return When(problems=(*_miss_zone(seen), *noted))
        if (offset := _steady_offset(own, said.wall.date())) is None:
            if doubt := _doubt_clock(said.wall, own, seen=seen):
                return When(timezone=own.key, problems=(doubt, *noted))
            offset = said.wall.replace(tzinfo=own).utcoffset() or timedelta(0)
    at = (said.wall - offset).replace(tzinfo=UTC)
    other = zone if said.offset is None and own is not zone else own if said.offset else None
    if written and other:
        noted = (*_contradict(at, offset, other, seen=seen), *noted)
    name = own.key if own else str(timezone(offset))
    return When(at, False, f"{show_clock(at.astimezone(own) if own else said.wall)} {name}", name, noted)


def _miss_zone(seen: str) -> tuple[Problem, ...]:
    message = (
        f"{quoted(seen)} has no time zone. Fill `timezone` (Europe/Berlin), or add one line to postbatch.toml: "
        'timezone = "Europe/Berlin".'
    )
    return (Problem("timezone", "timezone_missing", "", message),)


def _contradict(at: datetime, offset: timedelta, zone: ZoneInfo, *, seen: str) -> tuple[Problem, ...]:
    """Return a warning where the row's own zone has another offset at an instant than the date itself says."""
    there = at.astimezone(zone)
    if there.utcoffset() == offset:
        return ()
    wall = (at + offset).replace(tzinfo=None)
    message = (
        f"{quoted(seen)} contradicts `timezone`: {zone.key} is at UTC{str(there)[19:]} then, so the post goes out "
        f"at {show_clock(there)} there. If {show_clock(wall)} in {zone.key} is meant, write {show_clock(wall)}."
    )
    return (Problem("publish_at", "offset_contradicts_timezone", seen, message, warning=True),)


def say_date(said: DateText) -> str:
    """Return a date in words, with the offset or zone that it said: `Fri 25 Dec 2026, 09:30 UTC+01:00`."""
    offset = "" if said.offset is None else f" {timezone(said.offset)}"
    zone = f" {said.zone}" if said.zone else ""
    return f"{short_day(said.wall.date())} {said.wall.year}, {show_clock(said.wall)[11:]}{offset}{zone}"


MOST_SAID = 3


def tell_dates(cells: Iterable[tuple[int, Cell]]) -> str:
    """Return how dates (row, cell) not in ISO 8601 were read, the first few with their rows; "" where all were."""
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
    """Return the offset that a zone keeps all of a day, looked up each quarter of an hour; None where clocks change."""
    clocks = (datetime.combine(day, time(hour, minute), zone) for hour in range(24) for minute in (0, 15, 30, 45))
    offsets = {reading.utcoffset() for clock in clocks for reading in (clock, clock.replace(fold=1))}
    offsets.add(datetime.combine(day, time(23, 59, 59), zone).utcoffset())
    return offsets.pop() if len(offsets) == 1 else None


def _doubt_clock(clock: datetime, zone: ZoneInfo, *, seen: str) -> Problem | None:
    """Return why a wall clock time is not one instant of its zone, skipped or there twice; None where it is."""
    early, late = clock.replace(tzinfo=zone), clock.replace(tzinfo=zone, fold=1)
    before, after = early.utcoffset(), late.utcoffset()
    if before == after or before is None or after is None:
        return None
    there = (reading.astimezone(UTC).astimezone(zone) for reading in (early, late))
    first, second = (f"{show_clock(reading)}{str(reading)[19:]}" for reading in there)
    code = "time_twice"
    why = f"comes twice in {zone}: the clocks go back over it. Write {first} (the first time) or {second} (the second)."
    if before < after:
        code = "time_skipped"
        why = f"doesn't exist in {zone}: the clocks go forward over it. Write {second} (before) or {first} (after)."
    return Problem("publish_at", code, seen, f"{quoted(seen)} {why}")


def doubt_date(cell: Cell, at: datetime, *, now: datetime, seen: str, say_past: bool) -> Problem | None:
    """Return a warning for an instant that has passed, lies years ahead, or is a midnight, as of a bare day."""
    if at <= now and say_past:
        message = f"{quoted(seen)} has passed. If the post didn't go out then, write a later date."
        return Problem("publish_at", "date_past", seen, message, warning=True)
    if at - now > FAR:
        message = f"{quoted(seen)} is more than ten years ahead. Check the year."
        return Problem("publish_at", "date_far_ahead", seen, message, warning=True)
    if isinstance(cell, str) and len(cell) == 16 and cell[11:] != "00:00" and cell[10] == " ":
        return None
    said = _read_cell(cell)
    if not isinstance(said, DateText) or said.offset is not None or said.zone or said.wall.time() != time():
        return None
    message = f"{quoted(_seen(cell))} has no time, so the post would go out at midnight. Add a time."
    return Problem("publish_at", "midnight", _seen(cell), message, warning=True)


# Why a date can't be read, and how to write it

FORM = "YYYY-MM-DD HH:MM"


def explain_date(seen: str, unread: Unread) -> Problem:
    """Return why a date can't be read and how to write it, as a cell too where that is one way and adds nothing."""
    flaw, proposed, seen = unread.flaw, propose_dates(unread), seen[:LONGEST]
    fix = proposed[0] if len(proposed) == 1 and unread.about != BY_WEEKDAY else None
    if flaw is DateFlaw.HALF_CONTRADICTS and unread.day and unread.clock and not unread.letters:
        fix = _form(unread)
    message = _choose_words(unread, proposed).format(
        seen=quoted(seen),
        form=_form(unread),
        days=listed(f"{wall.day} {calendar.month_name[wall.month]} {wall.year}" for wall in unread.walls),
        offer=listed(proposed or (f"{wall.date()} {FORM[11:]}{_behind(unread)}" for wall in unread.walls)),
        zones=listed(propose_dates(unread._replace(flaw=DateFlaw.LETTERS)) if unread.letters else ()),
        about=unread.about.title() if flaw is DateFlaw.WORD and proposed else unread.about,
        letters=unread.letters,
    )
    return Problem("publish_at", flaw.code, seen, message, fix=fix)


def _choose_words(unread: Unread, proposed: Sequence[str]) -> str:
    """Return what is told of a flaw: its own words, or those for what it is at times."""
    flaw = unread.flaw
    if unread.about == BY_WEEKDAY:
        return "{seen}: only the weekday tells that this is {days}. If so, write {offer}."
    if flaw is DateFlaw.READINGS and len({wall.time() for wall in unread.walls}) == 1:
        return DateFlaw.ORDER.words
    if flaw is DateFlaw.HALF_MISSING and len(proposed) < 2:
        return "{seen} has an hour without minutes. Write {offer}."
    if flaw is DateFlaw.LETTERS and len(ABBREVIATIONS[unread.letters]) == 1:
        return "{seen}: “{letters}” is not the name of a time zone. Write {offer}."
    if flaw is DateFlaw.WORD and proposed:
        return "{seen}: “{about}” is not the name of a time zone. Write {offer}."
    return flaw.words


def propose_dates(unread: Unread) -> tuple[str, ...]:
    """Return how an unread date may be written, for each thing it may mean; none where a part would be made up."""
    if unread.flaw is DateFlaw.WORD:
        name = unread.about.replace(" ", "_")
        zone = _cities().get(name) or (nearest(name, zone_names()) if "/" in name else "")
        return tuple(f"{show_clock(wall)} {zone}" for wall in unread.walls) if zone else ()
    if "{offer}" not in unread.flaw.words or unread.about == NO_TIME:
        return ()
    if not unread.letters:
        return tuple(f"{show_clock(wall)}{_behind(unread)}" for wall in unread.walls)
    found: dict[str, None] = {}
    for wall, (zone, minutes) in product(unread.walls, ABBREVIATIONS[unread.letters]):
        ahead = None if minutes is None else timedelta(minutes=minutes)
        there = {wall.replace(tzinfo=ZoneInfo(zone), fold=fold).utcoffset() for fold in (0, 1)}
        found[show_clock(wall) + (f" {zone}" if ahead is None or there == {ahead} else show_offset(ahead))] = None
    return tuple(found)


def show_offset(offset: timedelta) -> str:
    """Return an offset as it stands behind a time, so that it can't be taken for the end of a range: `+01:00`."""
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f" UTC-{hours:02d}:{rest:02d}" if minutes < 0 else f"+{hours:02d}:{rest:02d}"


def _behind(unread: Unread) -> str:
    """Return the offset or zone of a text as it stands behind the time."""
    offset = "" if unread.offset is None else " UTC" if not unread.offset else show_offset(unread.offset)
    return offset + "".join(f" {name}" for name in (unread.zone, unread.letters) if name)


def _form(unread: Unread) -> str:
    """Return the date as it would have to be written, with what the text did not say left open."""
    clock, day = unread.clock, "" if unread.flaw is DateFlaw.WEEKDAY else str(unread.day or "")
    if unread.flaw is DateFlaw.NO_YEAR:
        day = unread.about
    return f"{day or FORM[:10]} {str(clock)[: 8 if clock.second else 5] if clock else FORM[11:]}{_behind(unread)}"


# Time zones by name

REMEDY = "Write one such as Europe/Berlin."
_OFFSET = re.compile(r"(?:utc|gmt)?\s*[+-−]\s*\d{1,2}(?::?\d{2})?", re.IGNORECASE)
_SIGNED = re.compile(r"Etc/GMT([+-])(\d{1,2})")
OLD_NAMES: Mapping[str, str] = MappingProxyType({
    "EST5EDT": "America/New_York", "CST6CDT": "America/Chicago", "MST7MDT": "America/Denver",
    "PST8PDT": "America/Los_Angeles",
})  # fmt: skip
"""Names that the data lists and that nobody should have to know."""


@lru_cache(maxsize=1024)
def find_zone(written: str) -> ZoneInfo | Problem:
    """Return the zone that a cell means, in any case, or what is wrong with it."""
    name = zone_names().get(written.strip().replace(" ", "_").casefold())
    if name is None or name.upper() in ABBREVIATIONS or name.upper() in OLD_NAMES:
        return _refuse(written.strip())
    return ZoneInfo(name)


def warn_of_sign(zone: ZoneInfo, written: str) -> Problem | None:
    """Return a warning for a zone such as `Etc/GMT+5`, which is five hours behind and not ahead."""
    found = _SIGNED.fullmatch(zone.key)
    if found is None or found[2] == "0":
        return None
    other = f"UTC{'-' if found[1] == '+' else '+'}{int(found[2]):02d}:00"
    message = (
        f"{quoted(written)} is {other} by its definition. Check that this is meant, or write the name of a place "
        "such as Europe/Berlin."
    )
    return Problem("timezone", "timezone_sign", written, message, warning=True)


def _refuse(written: str) -> Problem:
    """Return what is wrong with a zone's name, with the zone whose city was written, or whose name is near."""
    letters = written.upper().replace(" ", "")
    zones = [OLD_NAMES[letters]] if letters in OLD_NAMES else [zone for zone, _ in ABBREVIATIONS.get(letters, ())]
    if zones:
        meant = zones[0]
        message = (
            f"{quoted(written)} doesn't name one place and its summer time. Write a time zone name such as {meant}."
        )
        return Problem("timezone", "timezone_abbreviation", written, message, fix=meant if len(zones) == 1 else None)
    if _OFFSET.fullmatch(written):
        message = (
            f"{quoted(written)} is an offset and not a time zone. Write it behind the time in `publish_at` "
            "(2026-12-01 09:30+01:00), or write a time zone name such as Europe/Berlin."
        )
        return Problem("timezone", "timezone_unknown", written, message)
    name = written.replace(" ", "_").casefold()
    city, by_city = name.rpartition("/")[2], _cities()
    likely = by_city.get(city) or nearest(name, zone_names()) or nearest(city, by_city)
    message = f"{quoted(written)} isn't a time zone name. {f'Use {likely}.' if likely else REMEDY}"
    return Problem("timezone", "timezone_unknown", written, message, fix=likely or None)


@cache
def _cities() -> Mapping[str, str]:
    """Return the zones by the city that each is named for in small letters."""
    return MappingProxyType(
        {name.rpartition("/")[2]: zone for name, zone in sorted(zone_names().items(), reverse=True)}
    )
