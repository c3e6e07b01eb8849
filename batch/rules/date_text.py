"""Turns what a person wrote as a date and time into the one thing it can mean, or into why it can't be told.

    text ──► shapes (date_words) ──► every form of a date that fits a whole shape ──► readings ──► one: read
                                                                                              └─► none, several: refused

A reading takes the whole text: no word, sign or number is passed over, so that nothing a person wrote is lost. Where
forms fit in several ways (day first or month first, a word of two languages), all are tried and have to agree. No
clock and no locale comes in: what a text means never depends on the day it is read or on the machine.

It is a small grammar of our own because the libraries for this answer where they should refuse. Asked in every order
of day and month, dateparser reads `2027-01-15 09:00–11:00` as an offset of eleven hours, `Jun 8–14` as June 2014,
`IST` as Israel, and takes whatever is missing from today; dateutil passes over `EST`, reads `GMT-5` as five hours
ahead, and takes the last of two times. Of 600 generated texts they answered 134 that can't be told, and never one of
those that this reader reads with another instant; dateparser took 20 ms for a text, this reader 0.1 ms. So they
are witnesses in the tests: where they and this reader read the same text, they have to agree.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import cache, lru_cache
from types import MappingProxyType
from typing import NamedTuple
from zoneinfo import ZoneInfo

from batch.rules.date_words import ABBREVIATIONS, HALVES, WordShape, fold_date, make_shapes
from batch.times import long_day

YEARS = range(2000, 2100)
"""Years outside of these are slips or other calendars: no post goes out then."""

LONGEST = 100
"""No date is longer, in any language."""


class DateFlaw(Enum):
    """Why a text is not one instant: the code, and what is told of it, in the order in which several are told.

    `{seen}` is the cell in quotation marks, `{form}` the cell written our way with what is missing left open, `{offer}`
    each thing that it may mean, `{days}` their days, `{zones}` each thing that it means if its letters are a zone;
    `{about}` and `{letters}` are those of `Unread`.
    """

    def __init__(self, code: str, words: str) -> None:
        self.code, self.words, self.rank = code, words, len(type(self).__members__)

    SEVERAL = "date_several", "{seen} holds more than one date or time. Keep one: {form}."
    RANGE = "date_range", "{seen} is a range or a choice, and a post goes out at one time. Write one: {form}."
    ORDER = "date_order", "{seen} could be {days}. Write {offer}."
    SHORT_YEAR = "date_short_year", "{seen} could be {days}. Write {offer}."
    READINGS = "date_words", "{seen} can be read in several ways. Write {offer}."
    LETTERS = "date_zone", "{seen}: “{letters}” means different time zones in different places. Write {offer}."
    MIDNIGHT = "time_12h", "{seen} could be the start or the end of that day. Write {offer}."
    DAY_END = "date_impossible", "{seen} could be the start or the end of that day. Write {offer}."
    TWELVE = "time_12h", "{seen} could be noon or midnight. Write {offer}."
    HALF_MISSING = "time_12h", "{seen} could be in the morning or in the evening. Write {offer}."
    LETTERS_OR_DAY = (
        "date_zone",
        "{seen}: “{letters}” could be a time zone or a weekday. Write {zones}, or leave the weekday out.",
    )
    OFFSET_OR_END = (
        "date_range",
        "{seen} could be a range or a time with an offset from UTC. Write {form} for the offset; a post goes out at "
        "one time.",
    )
    NO_OFFSET = "date_range", "{seen}: “{about}” is no offset from UTC. Write the offset as +HH:MM or -HH:MM."
    FRACTION = (
        "date_form",
        "{seen} has a fraction of a second, which can't be scheduled. Round it to whole seconds: {form}.",
    )
    ZONES_DIFFER = "date_zone", "{seen} has an offset that its time zone doesn't have then. Keep the one that is right."
    WEEKDAY = "date_weekday", "{seen}: {about}. Correct the weekday or the date: {form}."
    YEAR = "date_out_of_range", "{seen} has the year {about}, in which no post can go out. Check the year: {form}."
    NO_SUCH_DAY = "date_impossible", "{seen}: {about}. Write a day that exists: {form}."
    NO_SUCH_TIME = "date_impossible", "{seen} is not a time of day. Write a time that exists: {form}."
    HALF_CONTRADICTS = "time_12h", "{seen}: there is no {about} in that half of the day. Write {form}, by 24 hours."
    NO_TIME = "time_missing", "{seen} has no time. Add one: {form}."
    NO_YEAR = "date_no_year", "{seen} has no year. Add it: {form}."
    RELATIVE = "date_words", "{seen} doesn't name a day of the calendar. Write the day itself: {form}."
    NO_DATE = "date_no_day", "{seen} has no day. Add it: {form}."
    SERIAL = (
        "date_serial",
        "{seen} is the number by which a spreadsheet stores a date. Give the cell the format yyyy-mm-dd hh:mm.",
    )
    TIMESTAMP = "date_timestamp", "{seen} is a number of seconds since 1970. Write {offer}."
    WORD = (
        "date_words",
        "{seen}: “{about}” can't be read as part of a date. Write the date in numbers: YYYY-MM-DD HH:MM.",
    )
    UNREADABLE = "date_form", "{seen} can't be read as a date. Write it as {form}, or now."


_PINNED = frozenset({
    DateFlaw.LETTERS, DateFlaw.MIDNIGHT, DateFlaw.DAY_END, DateFlaw.TWELVE, DateFlaw.HALF_MISSING, DateFlaw.FRACTION,
    DateFlaw.ZONES_DIFFER,
})  # fmt: skip
"""Flaws of a text that could well be meant so: beside such a reading no other one is taken."""


_NO_DAY = datetime(YEARS[0], 1, 1)  # noqa: DTZ001  a clock on the wall has no zone
"""The day from whose start the times of day are reckoned until their own day is known."""


class DateText(NamedTuple):
    """The clock (naive) of a text, and the offset or zone behind it; `offset_or_end`: it may be the end of a range."""

    wall: datetime
    offset: timedelta | None = None
    zone: str = ""
    offset_or_end: bool = False


class Unread(NamedTuple):
    """Why a text can't be told, and what of it is certain: None or "" for what is not.

    `walls` are the clocks it might mean, soonest first (at midnight where its time is not known); `letters` are the
    zone's; `about` is the word or part that the flaw is about, or what is to be told of it.
    """

    flaw: DateFlaw
    day: date | None = None
    clock: time | None = None
    offset: timedelta | None = None
    zone: str = ""
    walls: tuple[datetime, ...] = ()
    letters: str = ""
    about: str = ""


# The forms

_TIME = r"""(?:(?P<before>H)\ ?)?(?:
    (?:K\ ?)?(?P<h1>\d{1,2}):(?P<m1>\d\d)(?::(?P<s1>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?(?:\ ?K)?
  | (?P<h2>\d{1,2})\ ?K\ ?(?P<m2>\d\d)(?:\ ?I)?(?:\ ?(?P<s2>\d\d)\ ?S)?
  | (?P<h3>\d{1,2})\ ?K
  | K\ ?(?P<h7>\d{1,2})
  | (?:K\ ?)?(?P<h4>\d{1,2})\.(?P<m4>\d\d)(?:\ ?K)?
  | (?P<h5>\d\d)(?P<m5>\d\d)(?P<s5>\d\d)?(?:\ ?K)?
  | (?P<h6>\d)(?P<m6>\d\d)(?=\ ?H)
  | (?P<hour>\d{1,2})(?:\ ?C)?
  | (?:(?P<noon_hour>12)(?::?00)?\ ?)?(?P<noon>N)
  | (?:(?P<midnight_hour>12|24|00?)(?::?00)?\ ?K?\ ?)?(?P<midnight>O)
)(?:\ ?(?P<after>H|\(H\)))?"""
_STAMP = r"(?P<h1>\d\d)-(?P<m1>\d\d)(?:-(?P<s1>\d\d))?"
_ZONE = r"""(?:
    \ ?[(\[]?(?:(?P<letters>L)|(?P<utc>U)|(?P<named>U\ ?)?(?P<sign>[+\-])(?P<oh>\d{1,2})(?::?(?P<om>\d\d))?)[)\]]?
  )?(?:\ ?[(\[]?(?P<area>A)[)\]]?|\[(?P<area_utc>U)\])?(?P<comment>\ ?\([^()]*\))?"""
_DAYS = r"(?:\(?(?P<w1>W)\)?[ .]*)?"
_MORE = r"(?:\ ?\(?(?P<w2>W)\)?)?"
_DAY, _MONTH, _YEAR = (
    r"(?P<d>\d{1,2})(?:Q|\.)?(?:\ ?D)?",
    r"[ \-/.]{0,3}M[ \-/.]{0,3}",
    r"(?P<y>\d{4}|'?\d\d)(?:\ ?Y)?\.?",
)
_FULL = r"(?P<y>\d{4})(?:\.|\ ?Y)?"

_DATES: Mapping[str, str] = MappingProxyType({
    "year first": r"(?P<y>\d{4})(?P<sep>[-/.–_]|\.\ |\ [-/]\ |\ )(?P<m>\d{1,2})(?P=sep)(?P<d>\d{1,2})\.?",
    "compact": r"(?P<y>20\d\d)(?P<m>\d\d)(?P<d>\d\d)",
    "units": r"(?:(?P<era>E)\ ?(?P<y2>\d{1,2})|(?P<y>\d{4}))\ ?Y\ ?(?P<m>\d{1,2})\ ?G\ ?(?P<d>\d{1,2})\ ?D?",
    "numbers": r"(?P<a>\d{1,2})(?P<sep>[-/.–]|\.\ |\ [-/]\ |\ )(?P<b>\d{1,2})(?P=sep)(?P<y>\d{4}|'?\d\d)\.?",
    "day month": rf"{_DAY}{_MONTH}{_YEAR}",
    "month day": rf"M[ \-/.]{{0,3}}{_DAY}[ \-/]{{1,3}}(?P<y>\d{{4}}|'\d\d)",
    "year month": rf"{_FULL}{_MONTH}{_DAY}",
    "year day": rf"{_FULL}\ {_DAY}\ ?M",
    "no year": rf"{_DAY}{_MONTH}",
    "no year, month": rf"M[ \-/.]{{0,3}}{_DAY}",
    "no year, numbers": r"(?P<a>\d{1,2})[./](?P<b>\d{1,2})\.?",
    "relative": r"R(?:\ ?[RW])*",
})  # fmt: skip

_JOINT = r"(?:(?<=\d)(?P<T>T)(?=\d)|\ (?:[-–|@/·•]\ )?|(?<=[A-Z)])|(?=[HN]))"


@cache
def _forms() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Return each form of a whole text: its date's name, and its pattern."""
    forms: list[tuple[str, str]] = []
    for name, day in _DATES.items():
        whole = rf"{_DAYS}(?:{day}){_MORE}"
        forms.append((name, rf"{whole}(?:{_JOINT}{_TIME}{_ZONE})?(?:\ ?\(?(?P<w3>W)\)?)?"))
        forms.append((name, rf"{_TIME}{_ZONE}\ (?:[-–|@/·•]\ )?{whole}"))
    forms += [
        ("year first", rf"(?:{_DATES['year first']})_{_STAMP}"),
        ("month day", rf"{_DAYS}M\ (?P<d>\d{{1,2}})\ {_TIME}{_ZONE}\ (?P<y>\d{{4}})"),
        ("no date", rf"(?:(?P<w1>W)\ )?{_TIME}{_ZONE}(?:\ (?P<w2>W))?"),
    ]
    return tuple((name, re.compile(pattern, re.VERBOSE | re.ASCII)) for name, pattern in forms)


# The readings


@lru_cache(maxsize=4096)
def read_date_text(text: str) -> DateText | Unread:
    """Return what a text says, or why it can't be told. `now`, `slot` and blank texts are no dates."""
    if len(text) > LONGEST:
        return Unread(DateFlaw.UNREADABLE)
    folded = fold_date(text).strip()
    shapes = make_shapes(text.strip())
    readings = list(dict.fromkeys(reading for shape in shapes for reading in _read_shape(shape, folded)))
    read = [reading for reading in readings if isinstance(reading, DateText)]
    flawed = [reading for reading in readings if isinstance(reading, Unread)]
    pinned = [reading for reading in flawed if reading.flaw in _PINNED]
    if len(read) == 1 and not pinned:
        return _prove_day(read[0], [unread for unread in flawed if unread.flaw is DateFlaw.WEEKDAY])
    if read or pinned:
        return _differ(read, pinned)
    if not flawed:
        return _explain_formless(folded, shapes)
    days = {unread.day for unread in flawed if unread.flaw is DateFlaw.NO_TIME and unread.day}
    if len(days) > 1:
        return _name_doubt([datetime.combine(day, time()) for day in days], Unread(DateFlaw.ORDER, about=NO_TIME))
    return min(flawed, key=lambda unread: unread.flaw.rank)


def _prove_day(read: DateText, excluded: Sequence[Unread]) -> DateText | Unread:
    """Return the reading, or its doubt where only a weekday, which is often left behind, speaks against another."""
    others = [datetime.combine(unread.day, read.wall.time()) for unread in excluded if unread.day]
    if not others:
        return read
    if set(others) == {read.wall}:
        return excluded[0]
    unread = Unread(DateFlaw.ORDER, clock=read.wall.time(), offset=read.offset, zone=read.zone, about=BY_WEEKDAY)
    return _name_doubt([read.wall, *others], unread)._replace(walls=(read.wall,))


NO_TIME, BY_WEEKDAY = "no time", "weekday"
"""What `about` says where several days may be meant: that none has a time, or that its weekday tells the one."""


def _differ(read: Sequence[DateText], pinned: Sequence[Unread]) -> Unread:
    """Return the flaw of a text that has several readings, or one that leaves something open."""
    walls = {reading.wall for reading in read}.union(*(unread.walls for unread in pinned))
    if len(pinned) == 1 and not read:
        return pinned[0]
    if pinned and not read and len(walls) == 1:
        return min(pinned, key=lambda unread: unread.flaw.rank)
    if read and pinned and all(unread.letters for unread in pinned):
        return pinned[0]._replace(flaw=DateFlaw.LETTERS_OR_DAY, walls=tuple(sorted(walls)))
    first = read[0] if read else pinned[0]
    clocks = {wall.time() for wall in walls}
    letters = next((unread.letters for unread in pinned if unread.letters), "")
    common = Unread(
        DateFlaw.READINGS,
        clock=clocks.pop() if len(clocks) == 1 else None,
        offset=first.offset,
        zone=first.zone,
        letters=letters,
    )
    if len({(reading.offset, reading.zone) for reading in read}) > 1:
        return common._replace(walls=tuple(sorted(walls)), offset=None, zone="", about="zone")
    return _name_doubt(walls, common)


def _name_doubt(walls: Iterable[datetime], unread: Unread) -> Unread:
    """Return what makes the days of a text differ: the order of day and month, a short year, or its words."""
    first, *others = found = tuple(sorted(set(walls)))
    flaw = DateFlaw.READINGS
    if any(wall.year != first.year for wall in others):
        flaw = DateFlaw.SHORT_YEAR
    elif len(others) == 1 and (first.month, first.day) == (others[0].day, others[0].month):
        flaw = DateFlaw.ORDER
    return unread._replace(flaw=flaw, day=None, walls=found)


def _read_shape(shape: WordShape, text: str) -> Iterator[DateText | Unread]:
    """Return each reading of a shape, and what is wrong with those that are none."""
    for form, pattern in _forms():
        match = pattern.fullmatch(shape.text)
        if match is None:
            continue
        parts = {  # the numbers as written, and the values of words, by the name of their place in the form
            group: shape.values.get(match.start(group), value) if len(value) == 1 and value.isalpha() else value
            for group, value in match.groupdict().items()
            if value is not None
        }
        if "M" in match[0]:
            parts["month"] = shape.values[shape.text.index("M")]
        clock = _read_clock(parts)
        behind = _read_zone(parts, clock, text)
        days = list(_read_days(form, parts))
        if any(isinstance(day, date) for day in days):
            days = [day for day in days if isinstance(day, date) or day.flaw is DateFlaw.WEEKDAY]
        for day in days:
            if isinstance(day, Unread):
                certain = clock if isinstance(clock, time) else None
                letters = _letters(behind)
                yield day._replace(clock=certain, offset=behind.offset, zone=behind.zone, letters=letters)
            else:
                yield _join(day, clock, behind)


def _letters(behind: DateText | Unread) -> str:
    return behind.letters if isinstance(behind, Unread) else ""


def _join(day: date, clock: time | Unread | None, behind: Unread | DateText) -> DateText | Unread:
    """Return the reading of a day, a clock and what stands behind it."""
    if clock is None:
        return Unread(DateFlaw.NO_TIME, day=day)
    if isinstance(clock, Unread):
        if isinstance(behind, Unread) and not behind.letters:
            return behind
        walls = tuple(datetime.combine(day, time()) + (wall - _NO_DAY) for wall in clock.walls)
        letters = _letters(behind)
        return clock._replace(day=day, walls=walls, offset=behind.offset, zone=behind.zone, letters=letters)
    wall = datetime.combine(day, clock)
    if isinstance(behind, Unread):
        return behind._replace(day=day, clock=clock, walls=(wall,))
    if behind.zone and behind.offset is not None:
        there = ZoneInfo(behind.zone)
        if behind.offset not in {wall.replace(tzinfo=there, fold=fold).utcoffset() for fold in (0, 1)}:
            return Unread(DateFlaw.ZONES_DIFFER, day=day, clock=clock, about=behind.zone)
    return behind._replace(wall=wall)


# The day


def _read_days(form: str, parts: Mapping[str, str]) -> Iterator[date | Unread]:
    """Return every day that a form's date may be, each agreeing with the weekdays beside it; or what is wrong."""
    if form == "relative":
        yield Unread(DateFlaw.RELATIVE)
    elif form == "no date":
        yield Unread(DateFlaw.NO_DATE)
    elif form.startswith("no year"):
        about = f"YYYY-{int(parts['month']):02d}-{int(parts['d']):02d}" if "month" in parts else ""
        yield Unread(DateFlaw.NO_YEAR, about=about)
    else:
        weekdays = {int(parts[name]) for name in ("w1", "w2", "w3") if name in parts}
        yield from (_find_day(*numbers, weekdays) for numbers in dict.fromkeys(_read_numbers(form, parts)))


def _find_day(year: int, month: int, day: int, weekdays: Set[int]) -> date | Unread:
    """Return the day of a year, a month and a number, or why it is none that can be meant."""
    try:
        found = date(year, month, day)
    except ValueError:
        about = f"there is no month {month}"
        if year and 1 <= month <= 12:
            about = f"{calendar.month_name[month]} {year} has {calendar.monthrange(year, month)[1]} days"
        return Unread(DateFlaw.NO_SUCH_DAY, about=about)
    if year not in YEARS:
        return Unread(DateFlaw.YEAR, about=str(year))
    if weekdays - {found.isoweekday()}:
        weekday, _, spoken = long_day(found).partition(", ")
        return Unread(DateFlaw.WEEKDAY, day=found, about=f"{spoken} is a {weekday}")
    return found


def _read_numbers(form: str, parts: Mapping[str, str]) -> Iterator[tuple[int, int, int]]:
    """Return the years, months and days that a date's numbers may be."""
    written = parts.get("y", "")
    year = int(parts["y2"]) + 2018 if "y2" in parts else int(written) if len(written) == 4 else 2000 + int(written[-2:])
    if form != "numbers":
        yield year, int(parts["month"] if "month" in parts else parts["m"]), int(parts["d"])
        return
    first, second = int(parts["a"]), int(parts["b"])
    yield year, second, first
    yield year, first, second
    if len(written) == 2 and len(parts["a"]) == 2:
        yield 2000 + first, second, int(written)


# The time of day


def _read_clock(parts: Mapping[str, str]) -> time | Unread | None:
    """Return the time of day that a form says, None where none; what it might mean is on the first of all days."""
    if "noon" in parts:
        return time(12)
    if "midnight" in parts:
        return (
            time(0) if parts.get("midnight_hour", "12") in ("0", "00") else _doubt(DateFlaw.MIDNIGHT, "midnight", 0, 24)
        )
    hours, minutes, seconds = (
        next((int(parts[name + number]) for number in "1234567" if name + number in parts), 0) for name in "hms"
    )
    if "hour" in parts:
        hours = int(parts["hour"])
    elif not any(name in parts for name in ("h1", "h2", "h3", "h4", "h5", "h6", "h7")):
        return None
    halves = [parts[name] for name in ("before", "after") if name in parts]
    if len(halves) == 2:
        return Unread(DateFlaw.HALF_CONTRADICTS, about="hour")
    if halves:
        return _read_half(halves[0], hours, minutes, seconds)
    written = f"{hours}:{minutes:02d}"
    if hours == 24 and not minutes and not seconds:
        return _doubt(DateFlaw.DAY_END, written, 0, 24)
    if hours > 23 or minutes > 59 or seconds > 59:
        return Unread(DateFlaw.NO_SUCH_TIME, about=written)
    clock = time(hours, minutes, seconds)
    if "hour" in parts:
        return _doubt(DateFlaw.HALF_MISSING, str(hours), *((hours, hours % 12 + 12) if hours <= 12 else (hours,)))
    if parts.get("fraction", "").strip("0"):
        return Unread(DateFlaw.FRACTION, clock=clock, about=f".{parts['fraction']}")
    return clock


def _doubt(flaw: DateFlaw, about: str, *hours: int, minute: int = 0, second: int = 0) -> Unread:
    """Return a flaw with the times that may be meant, in hours from the start of the day."""
    first = _NO_DAY.replace(minute=minute, second=second)
    return Unread(flaw, walls=tuple(first + timedelta(hours=hour) for hour in hours), about=about)


_TWELVES: Mapping[str, tuple[int, int]] = MappingProxyType({
    "forenoon": (0, 12), "morning": (0, 12), "afternoon12": (12, 24), "evening": (0, 24), "night": (0, 24),
})  # fmt: skip
"""What twelve may be with a part of the day that leaves it open, in hours from the start of the day."""


def _read_half(half: str, hours: int, minutes: int, seconds: int) -> time | Unread:
    """Return the time of an hour with a part of the day."""
    written = f"{hours}:{minutes:02d}"
    if minutes > 59 or seconds > 59 or hours > 24:
        return Unread(DateFlaw.NO_SUCH_TIME, about=written)
    hour = HALVES[half].get(hours)
    if hour is not None:
        return time(hour, minutes, seconds)
    if hours == 12 and half in _TWELVES:
        return _doubt(DateFlaw.TWELVE, written, *_TWELVES[half], minute=minutes, second=seconds)
    later = half == "pm" and 12 < hours < 24
    return Unread(DateFlaw.HALF_CONTRADICTS, clock=time(hours, minutes, seconds) if later else None, about=written)


# The zone

_SPELLED = re.compile(r"time|zeit|heure|hora\b|\bora\b|tijd|czas|tid\b|時|时间|時間|표준시|время|час")
"""What a zone's full name holds, as browsers put it behind an offset: `(Central European Standard Time)`."""

_SPELLED_OFFSETS: Mapping[str, int] = MappingProxyType({
    "eastern standard": -300, "eastern daylight": -240, "central standard": -360, "central daylight": -300,
    "mountain standard": -420, "mountain daylight": -360, "pacific standard": -480, "pacific daylight": -420,
    "alaska standard": -540, "alaska daylight": -480, "hawaii-aleutian standard": -600, "atlantic standard": -240,
    "atlantic daylight": -180, "greenwich mean": 0, "coordinated universal": 0, "british summer": 60,
    "irish standard": 60, "western european standard": 0, "western european summer": 60,
    "central european standard": 60, "central european summer": 120, "eastern european standard": 120,
    "eastern european summer": 180, "mitteleuropaische normal": 60, "mitteleuropaische sommer": 120,
    "moscow standard": 180, "india standard": 330, "china standard": 480, "japan standard": 540,
    "korean standard": 540, "singapore standard": 480, "australian eastern standard": 600,
    "australian eastern daylight": 660, "new zealand standard": 720, "new zealand daylight": 780,
})  # fmt: skip


DAYTIME = time(6)


def _read_zone(parts: Mapping[str, str], clock: time | Unread | None, text: str) -> DateText | Unread:
    """Return the offset or zone behind a time, as the reading of no day yet, or what is wrong with it."""
    zone = parts.get("area") or ("UTC" if "area_utc" in parts else "")
    if letters := parts.get("letters"):
        return Unread(DateFlaw.LETTERS, letters=letters)
    offset = timedelta(0) if "utc" in parts else None
    end = False
    if sign := parts.get("sign"):
        written, minutes = parts["oh"], int(parts.get("om", "0"))
        odd = int(written) > 14 or minutes not in (0, 15, 30, 45)
        if odd or (len(written) == 1 and "named" not in parts):
            return Unread(DateFlaw.NO_OFFSET, about=f"{sign}{written}")
        offset = timedelta(hours=int(written), minutes=minutes) * (1 if sign == "+" else -1)
        # Without seconds and in the daytime it may be the end of a range: `09:00-11:00`
        timed = isinstance(clock, time) and DAYTIME <= clock < time(int(written), minutes)
        end = sign == "-" and timed and not {"named", "s1", "T"} & parts.keys()
    if "comment" in parts:
        zone_said = _read_comment(text, offset)
        if zone_said:
            return zone_said
    return DateText(_NO_DAY, offset, zone, end)


def _read_comment(text: str, offset: timedelta | None) -> Unread | None:
    """Return what is wrong with the words in brackets behind an offset, None where it is the offset's own name."""
    found = re.search(r"\(([^()]*)\)(?!.*\()", text)
    said = found[1].strip() if found else ""
    if offset is None:
        return Unread(DateFlaw.WORD, about=said)
    minutes = int(offset.total_seconds()) // 60
    letters = said.upper()
    if letters in ABBREVIATIONS:
        known = {ahead for _, ahead in ABBREVIATIONS[letters]}
        agrees = minutes in known
    elif letters in ("UTC", "GMT"):
        agrees = minutes == 0
    elif _SPELLED.search(said):
        spelled = next((ahead for name, ahead in _SPELLED_OFFSETS.items() if said.startswith(name)), minutes)
        agrees = spelled == minutes
    else:
        return Unread(DateFlaw.WORD, about=said)
    return None if agrees else Unread(DateFlaw.ZONES_DIFFER, about=said)


# What fits no form

_CLOCKS = re.compile(r"\d{1,2}[:.]\d\d(?![.\d])|(?<!\d)\d{1,2} ?[HK]")
_SPAN = re.compile(rf"(?:{_CLOCKS.pattern}|\d{{1,2}})(?: ?[HK])? ?(?:[-–~]|B) ?(?:H ?)?(?:{_CLOCKS.pattern})")
_DAY_SPAN = re.compile(r"M ?\d{1,2}Q? ?(?:[-–~]|B) ?\d{1,2}|\d{1,2}[Q.]? ?(?:[-–~]|B) ?\d{1,2}[Q.]? ?M")
_WHOLE_DAY = re.compile(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}|M ?\d|\d[Q.]? ?M")
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?", re.ASCII)
_TIMESTAMP = re.compile(r"(1\d{9})(\d{3})?", re.ASCII)


def _explain_formless(text: str, shapes: Sequence[WordShape]) -> Unread:
    """Return why a text that fits no form of a date is none."""
    if _SERIAL.fullmatch(text):
        return Unread(DateFlaw.SERIAL)
    if found := _TIMESTAMP.fullmatch(text):
        wall = datetime(1970, 1, 1) + timedelta(seconds=int(found[1]))  # noqa: DTZ001  the offset stands beside it
        return Unread(DateFlaw.TIMESTAMP, offset=timedelta(0), walls=(wall,))
    for shape in shapes:
        clocks, days = len(_CLOCKS.findall(shape.text)), len(_WHOLE_DAY.findall(shape.text))
        if _DAY_SPAN.search(shape.text) or (clocks > 1 and days < 2 and _SPAN.search(shape.text)):
            return Unread(DateFlaw.RANGE)
        if clocks > 1 or days > 1:
            return Unread(DateFlaw.SEVERAL)
    unknown = [value for at, value in shapes[0].values.items() if shapes[0].text[at] == "X"] if shapes else []
    if not unknown:
        relative = any("R" in shape.text for shape in shapes)
        return Unread(DateFlaw.RELATIVE if relative else DateFlaw.UNREADABLE)
    word = "|".join(map(re.escape, unknown))
    words = re.compile(rf"(?:{word})(?:[/_](?:{word}))*")  # a slip in the name of a zone: `europe/berln`
    rest = read_date_text(words.sub(" ", text).replace("()", " "))
    walls = (rest.wall,) if isinstance(rest, DateText) and rest.offset is None and not rest.zone else ()
    return Unread(DateFlaw.WORD, walls=walls, about=" ".join(words.findall(text)) or " ".join(unknown))
