"""Says why a date or a time zone can't be read, and how to write it; never reads one itself.

A remedy is the cell written the product's own way. It keeps all that the cell said (offset, zone, half of the day) and
adds nothing: what the cell did not say stands as `YYYY-MM-DD` or `HH:MM`, for the person to fill in. Where a text might
mean several things, each of them is offered.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from types import MappingProxyType
from zoneinfo import ZoneInfo

from batch.rules.date_text import BY_WEEKDAY, LONGEST, NO_TIME, DateFlaw, DateText, Unread, read_date_text, show_clock
from batch.rules.date_words import ABBREVIATIONS, zone_names
from batch.rules.issues import Problem, nearest
from batch.times import long_day
from batch.wording import listed, quoted

FORM = "YYYY-MM-DD HH:MM"


def explain_date(seen: str, unread: Unread) -> Problem:
    """Return why a date can't be read and how to write it; of a text that strayed here only the beginning counts.

    The remedy is given as a cell, too, where it is the only one and adds nothing to what the text said.
    """
    code, tell = _TOLD[unread.flaw]
    proposed = _propose(unread)
    fix = proposed[0] if len(proposed) == 1 and unread.about != BY_WEEKDAY else None
    if unread.flaw is DateFlaw.HALF_CONTRADICTS and unread.day and unread.clock and not unread.letters:
        fix = _form(unread)
    return Problem("publish_at", code, seen[:LONGEST], tell(quoted(seen[:LONGEST]), unread), fix=fix)


def propose_dates(text: str) -> tuple[str, ...]:
    """Return how a date that can't be read may be written, one for each thing that it may mean.

    Empty where the text can be read, or where a part of the date would have to be made up.
    """
    unread = read_date_text(text)
    return () if isinstance(unread, DateText) else _propose(unread)


_OFFERED = frozenset({
    DateFlaw.ORDER, DateFlaw.SHORT_YEAR, DateFlaw.READINGS, DateFlaw.LETTERS, DateFlaw.MIDNIGHT, DateFlaw.DAY_END,
    DateFlaw.TWELVE, DateFlaw.HALF_MISSING, DateFlaw.TIMESTAMP,
})  # fmt: skip
"""Flaws of a text of which each meaning can be written down."""


def _propose(unread: Unread) -> tuple[str, ...]:
    if unread.flaw is DateFlaw.WORD:
        zone = _cities().get(unread.about.replace(" ", "_"))
        return tuple(f"{show_clock(wall)} {zone_names()[zone]}" for wall in unread.walls) if zone else ()
    if unread.flaw not in _OFFERED or unread.about == NO_TIME:
        return ()
    if unread.letters:
        meant = ABBREVIATIONS[unread.letters]
        return tuple(dict.fromkeys(_in_zone(wall, zone, ahead) for wall in unread.walls for zone, ahead in meant))
    return tuple(f"{show_clock(wall)}{_behind(unread)}" for wall in unread.walls)


def _in_zone(wall: datetime, zone: str, ahead: int | None) -> str:
    """Return a time in a zone; with the offset that the letters say where the zone has another one then."""
    there = ZoneInfo(zone)
    offsets = {wall.replace(tzinfo=there, fold=fold).utcoffset() for fold in (0, 1)}
    if ahead is None or offsets == {timedelta(minutes=ahead)}:
        return f"{show_clock(wall)} {zone}"
    return f"{show_clock(wall)}{show_offset(timedelta(minutes=ahead))}"


def show_offset(offset: timedelta) -> str:
    """Return an offset as it stands behind a time, so that it can't be taken for the end of a range: `+01:00`."""
    minutes = int(offset.total_seconds()) // 60
    hours, rest = divmod(abs(minutes), 60)
    return f" UTC-{hours:02d}:{rest:02d}" if minutes < 0 else f"+{hours:02d}:{rest:02d}"


def _behind(unread: Unread) -> str:
    """Return the offset or zone of a text as it stands behind the time."""
    offset = "" if unread.offset is None else " UTC" if not unread.offset else show_offset(unread.offset)
    return offset + "".join(f" {name}" for name in (unread.zone, unread.letters) if name)


def _form(unread: Unread, *, day: str = "") -> str:
    """Return the date as it would have to be written, with what the text did not say left open."""
    clock = unread.clock
    said_day = day or (str(unread.day) if unread.day else FORM[:10])
    said_clock = str(clock)[: 8 if clock.second else 5] if clock else FORM[11:]
    return f"{said_day} {said_clock}{_behind(unread)}"


# What is told of each flaw; `seen` is the cell in quotation marks


def _tell_days(seen: str, unread: Unread) -> str:
    days = listed(f"{wall.day} {calendar.month_name[wall.month]} {wall.year}" for wall in unread.walls)
    if unread.about == BY_WEEKDAY:
        return f"{seen}: only the weekday tells that this is {days}. If so, write {_offer(unread)}."
    proposed = _propose(unread) or tuple(f"{wall.date()} {FORM[11:]}{_behind(unread)}" for wall in unread.walls)
    return f"{seen} could be {days}. Write {listed(proposed)}."


def _tell_day_end(seen: str, unread: Unread) -> str:
    return f"{seen} could be the start or the end of that day. Write {_offer(unread)}."


def _tell_missing_day(seen: str, unread: Unread) -> str:
    year, month, _ = (int(number) for number in unread.about.split())
    why = f"there is no month {month}"
    if 1 <= month <= 12 and year:
        why = f"{calendar.month_name[month]} {year} has {calendar.monthrange(year, month)[1]} days"
    return f"{seen}: {why}. Write a day that exists: {_form(unread)}."


def _tell_weekday(seen: str, unread: Unread) -> str:
    weekday, _, day = (long_day(unread.day) if unread.day else "").partition(", ")
    return f"{seen}: {day} is a {weekday}. Correct the weekday or the date: {_form(unread, day=FORM[:10])}."


def _tell_offset(seen: str, unread: Unread) -> str:
    if unread.walls and unread.offset is not None:
        return (
            f"{seen} could be a range or a time with an offset from UTC. Write "
            f"{show_clock(unread.walls[0])}{_behind(unread)} for the offset; a post goes out at one time."
        )
    return f"{seen}: “{unread.about}” is no offset from UTC. Write the offset as +HH:MM or -HH:MM."


def _offer(unread: Unread) -> str:
    return listed(_propose(unread))


_TOLD: Mapping[DateFlaw, tuple[str, Callable[[str, Unread], str]]] = MappingProxyType({
    DateFlaw.SEVERAL: ("date_several", lambda seen, it: (
        f"{seen} holds more than one date or time. Keep one: {_form(it)}."
    )),
    DateFlaw.RANGE: ("date_range", lambda seen, it: (
        f"{seen} is a range or a choice, and a post goes out at one time. Write one: {_form(it)}."
    )),
    DateFlaw.ORDER: ("date_order", _tell_days),
    DateFlaw.SHORT_YEAR: ("date_short_year", _tell_days),
    DateFlaw.READINGS: ("date_words", lambda seen, it: (
        _tell_days(seen, it) if len({wall.time() for wall in it.walls}) == 1
        else f"{seen} can be read in several ways. Write {_offer(it)}."
    )),
    DateFlaw.LETTERS: ("date_zone", lambda seen, it: (
        f"{seen}: “{it.letters}” means different time zones in different places. Write {_offer(it)}."
        if len(ABBREVIATIONS[it.letters]) > 1
        else f"{seen}: “{it.letters}” is not the name of a time zone. Write {_offer(it)}."
    )),
    DateFlaw.MIDNIGHT: ("time_12h", _tell_day_end),
    DateFlaw.DAY_END: ("date_impossible", _tell_day_end),
    DateFlaw.TWELVE: ("time_12h", lambda seen, it: f"{seen} could be noon or midnight. Write {_offer(it)}."),
    DateFlaw.HALF_MISSING: ("time_12h", lambda seen, it: (
        f"{seen} could be in the morning or in the evening. Write {_offer(it)}." if len(_propose(it)) > 1
        else f"{seen} has an hour without minutes. Write {_offer(it)}."
    )),
    DateFlaw.LETTERS_OR_DAY: ("date_zone", lambda seen, it: (
        f"{seen}: “{it.letters}” could be a time zone or a weekday. "
        f"Write {_offer(it._replace(flaw=DateFlaw.LETTERS))}, or leave the weekday out."
    )),
    DateFlaw.OFFSET_OR_END: ("date_range", _tell_offset),
    DateFlaw.FRACTION: ("date_form", lambda seen, it: (
        f"{seen} has a fraction of a second, which can't be scheduled. Round it to whole seconds: {_form(it)}."
    )),
    DateFlaw.ZONES_DIFFER: ("date_zone", lambda seen, _: (
        f"{seen} has an offset that its time zone doesn't have then. Keep the one that is right."
    )),
    DateFlaw.WEEKDAY: ("date_weekday", _tell_weekday),
    DateFlaw.YEAR: ("date_out_of_range", lambda seen, it: (
        f"{seen} has the year {it.about}, in which no post can go out. Check the year: {_form(it)}."
    )),
    DateFlaw.NO_SUCH_DAY: ("date_impossible", _tell_missing_day),
    DateFlaw.NO_SUCH_TIME: ("date_impossible", lambda seen, it: (
        f"{seen} is not a time of day. Write a time that exists: {_form(it)}."
    )),
    DateFlaw.HALF_CONTRADICTS: ("time_12h", lambda seen, it: (
        f"{seen}: there is no {it.about or 'hour'} in that half of the day. Write {_form(it)}, by 24 hours."
    )),
    DateFlaw.NO_TIME: ("time_missing", lambda seen, it: f"{seen} has no time. Add one: {_form(it)}."),
    DateFlaw.NO_YEAR: ("date_no_year", lambda seen, it: (
        f"{seen} has no year. Add it: {_form(it, day=f'YYYY-{it.about}' if it.about else '')}."
    )),
    DateFlaw.RELATIVE: ("date_words", lambda seen, it: (
        f"{seen} doesn't name a day of the calendar. Write the day itself: {_form(it)}."
    )),
    DateFlaw.NO_DATE: ("date_no_day", lambda seen, it: f"{seen} has no day. Add it: {_form(it)}."),
    DateFlaw.SERIAL: ("date_serial", lambda seen, _: (
        f"{seen} is the number by which a spreadsheet stores a date. Give the cell the format yyyy-mm-dd hh:mm."
    )),
    DateFlaw.TIMESTAMP: ("date_timestamp", lambda seen, it: (
        f"{seen} is a number of seconds since 1970. Write {_offer(it)}."
    )),
    DateFlaw.WORD: ("date_words", lambda seen, it: (
        f"{seen}: “{it.about.title()}” is not the name of a time zone. Write {_offer(it)}." if _propose(it)
        else f"{seen}: “{it.about}” can't be read as part of a date. Write the date in numbers: {FORM}."
    )),
    DateFlaw.UNREADABLE: ("date_form", lambda seen, it: (
        f"{seen} can't be read as a date. Write it as {_form(it)}, or now."
    )),
})  # fmt: skip


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
    near = by_city.get(city) or nearest(name, zone_names()) or by_city.get(nearest(city, by_city), "")
    likely = zone_names().get(near, "")
    message = f"{quoted(written)} isn't a time zone name. {f'Use {likely}.' if likely else REMEDY}"
    return Problem("timezone", "timezone_unknown", written, message, fix=likely or None)


@cache
def _cities() -> Mapping[str, str]:
    """Return the zones by the city that each is named for, in small letters."""
    return MappingProxyType({name.rpartition("/")[2]: name for name in sorted(zone_names(), reverse=True)})
