"""Says what is wrong with a date that can't be read, and how to write it; never reads one itself.

A date that is refused is shown as it would have to be written wherever that can be told, and with both readings where
day and month can't be told apart.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from zoneinfo import ZoneInfo

from batch.rules.issues import Problem, nearest
from batch.wording import quoted

EXAMPLE = "2026-12-01 09:30"
LONGEST = 100
"""No date is longer, in any language."""

_TIME = r"(?:[ T,]+(?:um |at |à |alle |a las )?(\d{1,2})[:.h](\d{2})(?::\d{2})?(?:\s*(?:Uhr|h))?\s*([ap])?\.?m?\.?)?"
_DAY_ONLY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_ISO_LIKE = re.compile(
    rf"(\d{{4}})(?:[-/.]|\s?[年년]\s?)(\d{{1,2}})(?:[-/.]|\s?[月월]\s?)(\d{{1,2}})[日일]?{_TIME}.*",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)
_NUMBERS = re.compile(rf"(\d{{1,2}})\s?[-/.]\s?(\d{{1,2}})\s?[-/.]\s?(\d{{4}}|'?\d{{2}})\.?{_TIME}", re.ASCII | re.I)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
_HALF_DAY = re.compile(r"\d\s*[ap]\.?\s?m\.?\b", re.IGNORECASE)
_LETTERS = re.compile(r"[^\W\d_]{3,}")
_CLOCK = re.compile(r"(\d{1,2})[:.h](\d{2})")

_MONTHS = (
    "jan|gen|ene|sty|led|jän", "feb|fev|fév|lut", "mar|mär|mrt|mrz|maa", "apr|avr|abr|kwi", "may|mai|mag|mei|maj",
    "jun|giu|juin|cze", "jul|lug|juil|lip", "aug|ago|aoû|aou|sie", "sep|set|wrz", "oct|okt|ott|out|paź", "nov|lis",
    "dec|dez|dic|déc|gru",
)  # fmt: skip
"""How the months begin in the languages that sheets come in; the longer beginnings count first."""

_STARTS: Mapping[str, int] = MappingProxyType({
    start: number for number, starts in enumerate(_MONTHS, start=1) for start in starts.split("|")
})  # fmt: skip

_DAYS = ("mardi", "martes", "marted", "marți", "maand", "maanant")
"""Days of the week that begin like a month."""


def explain_date(seen: str) -> Problem:
    """Return why a date can't be read and how to write it; of a text that strayed here only the beginning counts."""
    start = seen[:LONGEST]
    return next(problem for rule in _RULES if (problem := rule(start)))


def _problem(code: str, seen: str, why: str, remedy: str) -> Problem:
    return Problem("publish_at", code, seen, f"`publish_at` says {quoted(seen)}, {why}: {remedy}.")


def _no_time(seen: str) -> Problem | None:
    found = _DAY_ONLY.fullmatch(seen)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups())
    impossible = _why_impossible(year, month, day)
    if impossible:
        return _problem("date_impossible", seen, impossible, f"write a day that exists, such as {EXAMPLE}")
    written = f"{year:04d}-{month:02d}-{day:02d} 09:30"
    return _problem("time_missing", seen, "a day without a time", f"write the time too, such as {written}")


def _half_day(seen: str) -> Problem | None:
    if not _HALF_DAY.search(seen):
        return None
    found = _ISO_LIKE.fullmatch(seen) or _NUMBERS.fullmatch(seen)
    clock = _show_time(found.group(4), found.group(5), found.group(6)) if found else "21:30"
    written = "write the time by 24 hours"
    if found and len(found[1]) == 4:
        written += f", {int(found[1]):04d}-{int(found[2]):02d}-{int(found[3]):02d} {clock}"
    else:
        written += f", as in 2026-12-01 {clock}"
    return _problem("time_12h", seen, "a time with am or pm", written)


def _year_first(seen: str) -> Problem | None:
    found = _ISO_LIKE.fullmatch(seen)
    if found is None:
        return None
    year, month, day = (int(part) for part in found.groups()[:3])
    hour, minute = found[4], found[5]
    why = _why_impossible(year, month, day)
    if not why and hour and (int(hour) > 23 or int(minute) > 59):
        why = f"and {hour}:{minute} is no time of day"
    if why:
        return _problem("date_impossible", seen, why, f"write a day and time that exist, such as {EXAMPLE}")
    written = f"{year:04d}-{month:02d}-{day:02d} {_show_time(hour, minute, found[6])}"
    return _problem("date_form", seen, "a form that is not read", f"write {written}")


def _other_characters(seen: str) -> Problem | None:
    """Tell a date that is right but for its digits and signs, as Japanese and Arabic keyboards type them."""
    plain = unicodedata.normalize("NFKC", seen)
    plain = "".join(str(unicodedata.decimal(letter, letter)) for letter in plain)
    found = _ISO_LIKE.fullmatch(plain)
    if plain == seen or found is None or _why_impossible(*(int(part) for part in found.groups()[:3])):
        return None
    written = f"{int(found[1]):04d}-{int(found[2]):02d}-{int(found[3]):02d} {_show_time(found[4], found[5], found[6])}"
    return _problem("date_form", seen, "in characters of another width or script", f"write {written}")


def _numbers_only(seen: str) -> Problem | None:
    found = _NUMBERS.fullmatch(seen)
    if found is None:
        return None
    first, second, clock = int(found[1]), int(found[2]), _show_time(found[4], found[5], found[6])
    short = len(found[3]) < 4
    year = int(found[3].lstrip("'")) + (2000 if short else 0)
    readings = [
        f"{year:04d}-{month:02d}-{day:02d} {clock}"
        for day, month in dict.fromkeys(((first, second), (second, first)))
        if not _why_impossible(year, month, day)
    ]
    if not readings:
        return _problem("date_impossible", seen, "no day of any month", f"write a day that exists, such as {EXAMPLE}")
    remedy = f"write {' or '.join(readings)}"
    if short:
        return _problem("date_short_year", seen, "a year of two digits", remedy)
    if len(readings) == 1:
        return _problem("date_order", seen, "in an order that is not the same everywhere", remedy)
    return _problem("date_order", seen, "which may be read day first or month first", remedy)


def _serial(seen: str) -> Problem | None:
    if not _SERIAL.fullmatch(seen):
        return None
    remedy = f"give the cell the format yyyy-mm-dd hh:mm, or type the date as text, such as {EXAMPLE}"
    return _problem("date_serial", seen, "the number by which a spreadsheet stores a date", remedy)


def _words(seen: str) -> Problem | None:
    words = _LETTERS.findall(seen)
    if not words:
        return None
    months = {month for word in words if (month := _month_of(word))}
    written = _rewrite(seen, month=months.pop()) if len(months) == 1 else ""
    remedy = f"write it in numbers, {written}" if written else f"write it in numbers, such as {EXAMPLE}, or now"
    return _problem("date_words", seen, "a date in words", remedy)


def _unreadable(seen: str) -> Problem:
    return _problem("date_form", seen, "no date that can be read", f"write it as in {EXAMPLE}, or now")


_RULES: tuple[Callable[[str], Problem | None], ...] = (
    _no_time, _half_day, _year_first, _other_characters, _numbers_only, _serial, _words, _unreadable,
)  # fmt: skip
"""What a date may suffer from, the most telling first; the last one fits every date."""


def _month_of(word: str) -> int:
    """Return the month that a word begins like, 0 where it begins like none."""
    plain = unicodedata.normalize("NFC", word.casefold())
    if plain.startswith(_DAYS):
        return 0
    return next((_STARTS[plain[:size]] for size in (4, 3) if plain[:size] in _STARTS), 0)


def _rewrite(seen: str, *, month: int) -> str:
    """Return a date in words as it would be written, "" where its parts can't be told."""
    clock = _CLOCK.search(seen)
    rest = seen.replace(clock[0], " ") if clock else seen
    numbers = [int(n) for n in re.findall(r"\d+", rest)]
    years = [n for n in numbers if n > 1900]
    days = [n for n in numbers if 1 <= n <= 31]
    if not month or len(years) != 1 or len(days) != 1 or _why_impossible(years[0], month, days[0]):
        return ""
    shown = _show_time(clock[1], clock[2], None) if clock else "09:30"
    return f"{years[0]:04d}-{month:02d}-{days[0]:02d} {shown}"


def _show_time(hour: str | None, minute: str | None, half: str | None) -> str:
    """Return a time by 24 hours; half past nine stands for one that was not written."""
    if hour is None or minute is None or int(hour) > 23 or int(minute) > 59:
        return "09:30"
    number = int(hour)
    if half:
        number = number % 12 + (12 if half.casefold() == "p" else 0)
    return f"{number:02d}:{minute}"


def _why_impossible(year: int, month: int, day: int) -> str:
    """Return why a day does not exist, "" where it does."""
    if not 1 <= year <= 9999 or not 1 <= month <= 12:
        return f"and there is no month {month}" if 1 <= year <= 9999 else f"and there is no year {year}"
    most = calendar.monthrange(year, month)[1]
    if 1 <= day <= most:
        return ""
    return f"but {calendar.month_name[month]} {year} has {most} days"


ABBREVIATIONS: Mapping[str, str] = MappingProxyType({
    "CET": "Europe/Berlin", "CEST": "Europe/Berlin", "MET": "Europe/Berlin", "MEZ": "Europe/Berlin",
    "MESZ": "Europe/Berlin", "EET": "Europe/Athens", "EEST": "Europe/Athens", "WET": "Europe/Lisbon",
    "WEST": "Europe/Lisbon", "BST": "Europe/London", "MSK": "Europe/Moscow", "EST": "America/New_York",
    "EDT": "America/New_York", "ET": "America/New_York", "EST5EDT": "America/New_York", "CST": "America/Chicago",
    "CDT": "America/Chicago", "CT": "America/Chicago", "CST6CDT": "America/Chicago", "MST": "America/Denver",
    "MDT": "America/Denver", "MT": "America/Denver", "MST7MDT": "America/Denver", "PST": "America/Los_Angeles",
    "PDT": "America/Los_Angeles", "PT": "America/Los_Angeles", "PST8PDT": "America/Los_Angeles",
    "AKST": "America/Anchorage", "HST": "Pacific/Honolulu", "AST": "America/Halifax", "BRT": "America/Sao_Paulo",
    "IST": "Asia/Kolkata", "JST": "Asia/Tokyo", "KST": "Asia/Seoul", "SGT": "Asia/Singapore",
    "HKT": "Asia/Hong_Kong", "GST": "Asia/Dubai", "AEST": "Australia/Sydney", "AEDT": "Australia/Sydney",
    "AWST": "Australia/Perth", "ACST": "Australia/Adelaide", "NZST": "Pacific/Auckland", "NZDT": "Pacific/Auckland",
    "SAST": "Africa/Johannesburg",
})  # fmt: skip
"""Abbreviations with the zone that people mostly mean: some stand for several, some for one half of the year only."""

REMEDY = "Write an IANA name such as Europe/Berlin."
_OFFSET = re.compile(r"(?:utc|gmt)?\s*[+-−]\s*\d{1,2}(?::?\d{2})?", re.IGNORECASE)
_SIGNED = re.compile(r"Etc/GMT([+-])(\d{1,2})")


@cache
def zone_names() -> Mapping[str, str]:
    """Return every zone that the data lists, by its name in small letters."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return MappingProxyType({name.casefold(): name for name in listed})


@lru_cache(maxsize=1024)
def find_zone(written: str) -> ZoneInfo | Problem:
    """Return the zone that a cell means, in any case, or what is wrong with it."""
    name = zone_names().get(written.strip().replace(" ", "_").casefold())
    if name is None or name.upper() in ABBREVIATIONS:
        return _refuse(written.strip())
    return ZoneInfo(name)


def warn_of_sign(zone: ZoneInfo, written: str) -> Problem | None:
    """Return a warning for a zone such as `Etc/GMT+5`, which is five hours behind and not ahead."""
    found = _SIGNED.fullmatch(zone.key)
    if found is None or found[2] == "0":
        return None
    other = f"UTC{'-' if found[1] == '+' else '+'}{int(found[2]):02d}:00"
    message = (
        f"`timezone` says {quoted(written)}, which by its definition is {other}: check that this is meant, "
        "or write the name of a place such as Europe/Berlin."
    )
    return Problem("timezone", "timezone_sign", written, message, warning=True)


def _refuse(written: str) -> Problem:
    meant = ABBREVIATIONS.get(written.upper().replace(" ", ""))
    if meant:
        message = (
            f"`timezone` says {quoted(written)}, an abbreviation that does not name one place and its summer time: "
            f"write an IANA name such as {meant}."
        )
        return Problem("timezone", "timezone_abbreviation", written, message)
    if _OFFSET.fullmatch(written):
        message = (
            f"`timezone` says {quoted(written)}, an offset and not a zone: write the offset behind the time in "
            "`publish_at` (2026-12-01 09:30+01:00), or an IANA name such as Europe/Berlin."
        )
        return Problem("timezone", "timezone_unknown", written, message)
    likely = _likely(written)
    remedy = f"Did you mean {likely}? {REMEDY}" if likely else REMEDY
    return Problem("timezone", "timezone_unknown", written, f"`timezone` says {quoted(written)}, no zone. {remedy}")


def _likely(written: str) -> str:
    """Return the zone whose city was written, or whose name is near."""
    name = written.strip().replace(" ", "_").casefold()
    city = name.rpartition("/")[2]
    by_city = {known.rpartition("/")[2]: known for known in sorted(zone_names(), reverse=True)}
    near = by_city.get(city) or nearest(name, zone_names()) or by_city.get(nearest(city, by_city), "")
    return zone_names().get(near, "")
