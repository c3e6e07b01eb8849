"""Writes dates as people and programs write them, each with what was meant; made apart from the reader it tries.

The words and patterns are CLDR's (by Babel), the forms around them are written out here. Nothing of the product is
used: what is expected of a text comes from the instant that it was made from.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime as format_mail
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_skeleton, format_time

LANGUAGES = (
    "en", "en_GB", "en_AU", "en_CA", "en_IN", "de", "de_AT", "de_CH", "fr", "fr_CA", "es", "es_MX", "es_AR", "pt",
    "pt_PT", "it", "nl", "nl_BE", "pl", "ja", "zh", "zh_Hant_TW", "ko", "ru", "uk", "cs", "sk", "sl", "hr", "sr",
    "sr_Latn", "bg", "sv", "da", "nb", "fi", "et", "lv", "lt", "hu", "ro", "el", "tr", "id", "ar", "he", "hi", "th",
    "vi", "ca",
)  # fmt: skip
UNKNOWN = ("is", "ga", "eu", "gl", "sw", "fil", "ms", "az", "uz", "kk", "ka", "hy", "sq", "mk", "bs", "be", "fa", "ur",
           "bn", "ta", "km", "my", "mn", "ne", "lb", "cy", "br", "af", "eo", "fo")  # fmt: skip
"""Languages of which the product has no words, or which share some words with those that it has."""

DIGITS = ("٠١٢٣٤٥٦٧٨٩", "۰۱۲۳۴۵۶۷۸۹", "०१२३४५६७८९", "０１２３４５６７８９")
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "America/Argentina/Buenos_Aires", "UTC")
LETTERS = {  # minutes ahead of UTC that the letters may say
    "EST": {-300}, "PST": {-480, 480}, "CST": {-360, 480, -300}, "IST": {330, 120, 60}, "CET": {60}, "CEST": {120},
    "BST": {60, 360}, "JST": {540}, "AEST": {600}, "MSK": {180}, "PDT": {-420}, "EDT": {-240},
}  # fmt: skip


class Written(NamedTuple):
    """A text and what it was made from.

    `wall` is the clock that was meant, `offset` or `zone` what was written behind it. `walls` are all clocks that the
    text may mean by any honest reading, `minutes` the offsets that its letters may say. `refused` marks a text that
    must not be read; a text without it may be read, and then only as `wall`.
    """

    text: str
    form: str
    wall: datetime
    offset: timedelta | None = None
    zone: str = ""
    walls: frozenset[datetime] = frozenset()
    minutes: frozenset[int] = frozenset()
    refused: bool = False


def write_dates(count: int, *, seed: int) -> Iterator[Written]:
    """Return so many texts; the same for the same seed."""
    chance = random.Random(seed)
    makers = list(MAKERS)
    for number in range(count):
        yield makers[number % len(makers)](chance)


def some_wall(chance: random.Random) -> datetime:
    """Return a minute of the years to come, often on the hour, at noon or at midnight."""
    day = datetime(2026, 1, 1) + timedelta(days=chance.randrange(365 * 5))  # noqa: DTZ001  a wall clock
    hour = chance.choice((0, 9, 12, chance.randrange(24), chance.randrange(24), chance.randrange(24)))
    return day.replace(hour=hour, minute=chance.choice((0, 0, 30, chance.randrange(60))))


def orders(wall: datetime) -> frozenset[datetime]:
    """Return what a date in numbers may mean: day first, month first, and with the last two digits as the day."""
    found = {wall}
    numbers = ((wall.year, wall.day, wall.month), (2000 + wall.day, wall.month, wall.year % 100),
               (2000 + wall.month, wall.day, wall.year % 100))  # fmt: skip
    for year, month, day in numbers:
        try:
            found.add(wall.replace(year=year, month=month, day=day))
        except ValueError:
            continue
    return frozenset(found)


SHARED = {"lip": (6, 7), "srp": (7, 8), "lis": (10, 11), "listopad": (10, 11), "listopada": (10, 11)}
"""Words for one month in Croatian and for another one in Polish or Czech."""


def doubled(text: str, wall: datetime) -> frozenset[datetime]:
    """Return what a text may mean by the order of its numbers, by words of two languages, and by its twelve o'clock."""
    found = set(orders(wall))
    words = re.findall(r"[a-z]+", text.lower())
    for word in words:
        found |= {wall.replace(month=month) for month in SHARED.get(word, ()) if wall.day <= 30 or month in (7, 8, 10)}
    if "em" in words:  # Swedish for the afternoon, Portuguese for "on"
        found |= {each + timedelta(hours=hours) for each in found for hours in (-12, 12)}
    if wall.hour % 12 == 0:
        midnights = {each.replace(hour=0) for each in found}
        found |= (
            {each.replace(hour=12) for each in found} | midnights | {each + timedelta(days=1) for each in midnights}
        )
    if wall.hour == 20 and f"{wall:%H%M}" in text:  # a year, and the other number the time
        found.add(wall.replace(year=2000 + wall.minute, hour=wall.year // 100, minute=wall.year % 100))
    return frozenset(found)


def twelve_hours(wall: datetime) -> str:
    return f"{wall.hour % 12 or 12}:{wall.minute:02d}"


def halves(wall: datetime, chance: random.Random) -> str:
    am, pm = chance.choice((("AM", "PM"), ("am", "pm"), ("a.m.", "p.m."), ("a. m.", "p. m."), ("AM", "PM")))
    return am if wall.hour < 12 else pm


def by_language(chance: random.Random) -> Written:
    """Return a date as CLDR writes it in a language, its time behind or before it."""
    language = chance.choice(LANGUAGES)
    return in_language(chance, language)


def by_unknown_language(chance: random.Random) -> Written:
    return in_language(chance, chance.choice(UNKNOWN))


def in_language(chance: random.Random, language: str) -> Written:
    wall, locale = some_wall(chance), Locale.parse(language)
    length = chance.choice(("short", "medium", "long", "full", "full", "long"))
    if chance.random() < 0.3:
        day = format_skeleton(chance.choice(("yMMMEd", "yMMMd", "yMd", "yMEd")), wall, locale=locale)
    else:
        day = format_date(wall, length, locale=locale)
    clock = format_time(wall, "short", locale=locale) if chance.random() < 0.7 else f"{wall:%H:%M}"
    if chance.random() < 0.2:
        clock = format_skeleton("hm", wall, locale=locale)
    texts = [
        f"{day} {clock}",
        f"{day} {clock}",
        f"{day}, {clock}",
        f"{clock} {day}",
        f"{day} - {clock}",
        f"{day}\n{clock}",
    ]
    text = chance.choice(texts)
    if chance.random() < 0.1:
        text = text.upper()
    if chance.random() < 0.1:
        text = text.replace("\u202f", " ").replace("\xa0", " ")
    walls = doubled(text, wall)
    if chance.random() < 0.05:
        text = other_digits(text, chance)
    return Written(text, f"language {language}", wall, walls=walls)


def other_digits(text: str, chance: random.Random) -> str:
    return text.translate(str.maketrans("0123456789", chance.choice(DIGITS)))


def by_hand(chance: random.Random) -> Written:
    """Return a date as people type it, in one of many forms."""
    wall = some_wall(chance)
    language = chance.choice(("en", "de", "fr", "es", "it", "pt", "nl", "pl", "cs", "ru", "hr"))
    month = format_date(wall, chance.choice(("MMM", "MMMM")), locale=language)
    weekday = format_date(wall, chance.choice(("EEE", "EEEE")), locale=language)
    day, year, clock = chance.choice((f"{wall.day}", f"{wall.day:02d}")), wall.year, f"{wall:%H:%M}"
    short = chance.choice(
        (
            clock,
            f"{wall.hour}:{wall.minute:02d}",
            f"{wall.hour}.{wall.minute:02d}",
            f"{wall.hour}h{wall.minute:02d}",
            f"{twelve_hours(wall)} {halves(wall, chance)}",
            f"{twelve_hours(wall)}{halves(wall, chance)}",
            f"{wall:%H%M}",
            f"{clock}:00",
        )
    )
    sep = chance.choice("./-")
    text = chance.choice(
        (
            f"{year}{sep}{wall.month}{sep}{wall.day} {short}",
            f"{year}{sep}{wall.month:02d}{sep}{wall.day:02d} {short}",
            f"{wall.day}{sep}{wall.month}{sep}{year} {short}",
            f"{wall.month}{sep}{wall.day}{sep}{year} {short}",
            f"{wall.day:02d}{sep}{wall.month:02d}{sep}{year % 100:02d} {short}",
            f"{wall.month}{sep}{wall.day}{sep}{year % 100:02d} {short}",
            f"{weekday} {wall.day}{sep}{wall.month}{sep}{year} {short}",
            f"{weekday}, {day} {month} {year} {short}",
            f"{day}-{month}-{year} {short}",
            f"{day} {month} '{year % 100:02d} {short}",
            f"{month} {day}, {year} {short}",
            f"{month} {ordinal(wall.day)}, {year} at {short}",
            f"{weekday} {ordinal(wall.day)} {month} {year}, {short}",
            f"{day}. {month} {year} um {clock} Uhr",
            f"{short} {day} {month} {year}",
            f"{short}, {weekday} {day} {month} {year}",
            f"le {day} {month} {year} à {wall.hour}h{wall.minute:02d}",
            f"{day} de {month} de {year} a las {short}",
            f"{year}年{wall.month}月{wall.day}日 {clock}",
            f"{year}年{wall.month}月{wall.day}日 {half_day(wall, '午前', '午後')}",
            f"{year}/{wall.month}/{wall.day} {half_day(wall, '上午', '下午')}",
            f"{year}. {wall.month}. {wall.day}. {half_day(wall, '오전', '오후')}",
            f"{year}년 {wall.month}월 {wall.day}일 {half_day(wall, '오전', '오후')}",
            f"{day} {month} {year} @ {short}",
            f"{year}年{wall.month}月{wall.day}日({'月火水木金土日'[wall.weekday()]}) {wall.hour}時{wall.minute:02d}分",
            f"{year}-{wall.month:02d}-{wall.day:02d}_{wall:%H-%M}",
            f"{wall:%Y%m%dT%H%M%S}",
            f"{wall:%Y%m%d %H:%M}",
            f"令和{year - 2018}年{wall.month}月{wall.day}日 {clock}",
        )
    )
    walls = doubled(text, wall)
    if chance.random() < 0.05:
        text = other_digits(text, chance)
    return Written(text, "by hand", wall, walls=walls)


def ordinal(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def half_day(wall: datetime, am: str, pm: str) -> str:
    return f"{am if wall.hour < 12 else pm} {twelve_hours(wall)}"


def with_offset(chance: random.Random) -> Written:
    """Return a date with an offset or a zone behind it."""
    wall, zone = some_wall(chance), chance.choice(ZONES)
    offset = timedelta(minutes=chance.choice((0, 60, 120, 330, 345, -180, -300, -480, -570, 540, 600, -660)))
    minutes = int(offset.total_seconds()) // 60
    sign, (hours, rest) = "-" if minutes < 0 else "+", divmod(abs(minutes), 60)
    ahead = chance.choice(
        (
            f"{sign}{hours:02d}:{rest:02d}",
            f"{sign}{hours:02d}{rest:02d}",
            f" {sign}{hours:02d}:{rest:02d}",
            f" UTC{sign}{hours}:{rest:02d}",
            f" GMT{sign}{hours:02d}{rest:02d}",
            f" (UTC{sign}{hours:02d}:{rest:02d})",
        )
    )
    start = chance.choice(
        (
            f"{wall:%Y-%m-%d %H:%M}",
            f"{wall:%Y-%m-%dT%H:%M}",
            f"{wall:%Y-%m-%dT%H:%M:%S}",
            f"{wall:%Y-%m-%dT%H:%M:%S.000}",
            f"{wall:%d %b %Y %H:%M}",
            f"{wall:%a %b %d %Y %H:%M:%S}",
            f"{wall:%B} {wall.day}, {wall.year} {twelve_hours(wall)} " + halves(wall, chance),
        )
    )
    kind = chance.randrange(5)
    if kind == 0:
        return Written(start + chance.choice((f" {zone}", f" ({zone})", f" {zone.lower()}")), "zone", wall, zone=zone)
    if kind == 1:
        there = ZoneInfo(zone)
        own = wall.replace(tzinfo=there).utcoffset() or timedelta(0)
        if own == wall.replace(tzinfo=there, fold=1).utcoffset():
            text = f"{wall.replace(tzinfo=there).isoformat()}[{zone}]"
            return Written(text, "offset and zone", wall, offset=own, zone=zone)
    if kind == 2:
        return Written(format_mail(wall.replace(tzinfo=timezone(offset))), "mail", wall, offset=offset)
    if kind == 3:
        return Written(
            start + chance.choice((" UTC", " GMT", "Z" if start[-1].isdigit() else " utc")),
            "utc",
            wall,
            offset=timedelta(0),
        )
    return Written(start + ahead, "offset", wall, offset=offset)


def with_letters(chance: random.Random) -> Written:
    """Return a date with letters of a zone behind it, which must not be read."""
    wall, letters = some_wall(chance), chance.choice(sorted(LETTERS))
    start = chance.choice(
        (
            f"{wall:%Y-%m-%d %H:%M}",
            f"{wall:%d %b %Y}, {twelve_hours(wall)} {halves(wall, chance)}",
            f"{wall:%d.%m.%Y %H:%M}",
            f"{wall:%m/%d/%Y %H:%M}",
        )
    )
    text = chance.choice((f"{start} {letters}", f"{start} ({letters})", f"{start} {letters.lower()}"))
    return Written(text, "letters", wall, walls=orders(wall), minutes=frozenset(LETTERS[letters]), refused=True)


def with_part_of_day(chance: random.Random) -> Written:
    """Return a date whose half of the day is said in words."""
    wall = some_wall(chance)
    hour = wall.hour % 12 or 12
    part = 0 if wall.hour < 12 else 1 if wall.hour < 18 else 2
    words = {
        "de": ("morgens", "nachmittags", "abends"),
        "fr": ("du matin", "de l'après-midi", "du soir"),
        "es": ("de la mañana", "de la tarde", "de la noche"),
        "pt": ("da manhã", "da tarde", "da noite"),
        "it": ("di mattina", "del pomeriggio", "di sera"),
        "en": ("in the morning", "in the afternoon", "in the evening"),
        "zh": ("早上", "下午", "晚上"),
        "nl": ("'s ochtends", "'s middags", "'s avonds"),
        "pl": ("rano", "po południu", "wieczorem"),
        "ru": ("утра", "дня", "вечера"),
    }
    language = chance.choice(sorted(words))
    word = words[language][part]
    clock = f"{hour}:{wall.minute:02d}"
    time_of_day = f"{word} {clock}" if language == "zh" else f"{clock} {word}"
    midnight = timedelta(days=1) if wall.hour == 0 else timedelta(0)
    walls = frozenset({wall, wall + midnight, wall.replace(hour=(wall.hour + 12) % 24) if hour == 12 else wall})
    return Written(f"{wall:%Y-%m-%d} {time_of_day}", f"part of day {language}", wall, walls=walls)


def wrong(chance: random.Random) -> Written:
    """Return a text that must not be read: it contradicts itself, lacks a part, or holds too much."""
    wall = some_wall(chance)
    other = wall + timedelta(days=chance.randrange(1, 7))
    later = wall + timedelta(hours=chance.randrange(1, 5))
    language = chance.choice(("en", "de", "fr", "es", "it", "pt", "nl", "pl", "sv", "cs"))
    weekday = format_date(other, "EEEE", locale=language)
    month = format_date(wall, "MMMM", locale=language)
    afternoon = wall.replace(hour=13 + wall.hour % 11)
    text = chance.choice(
        (
            f"{weekday}, {wall.day} {month} {wall.year} {wall:%H:%M}",
            f"{wall.year}-{wall.month:02d}-{wall.day:02d} ({weekday}) {wall:%H:%M}",
            f"{wall.day} {month} {wall.year}",
            f"{wall:%Y-%m-%d}",
            f"{wall.day} {month} {wall:%H:%M}",
            f"{wall:%H:%M}",
            f"{wall:%Y-%m-%d %H:%M}–{later:%H:%M}",
            f"{wall:%Y-%m-%d %H:%M} - {later:%H:%M}",
            f"{wall:%Y-%m-%d %H:%M} / {later:%H:%M}",
            f"{wall:%Y-%m-%d %H:%M}, {other:%Y-%m-%d %H:%M}",
            f"{wall:%Y-%m-%d %H:%M} to {later:%H:%M}",
            f"{wall:%b} {wall.day}–{wall.day + 3}, {wall.year} {wall:%H:%M}",
            f"{wall:%Y-%m-%d} 24:00",
            f"{wall:%Y-%m-%d} {wall.hour}:{60 + wall.minute % 39}",
            f"{wall:%Y-%m-%d} {afternoon:%H:%M} PM",
            f"{wall:%Y-%m-%d} {afternoon:%H:%M} AM",
            f"31 June {wall.year} {wall:%H:%M}",
            f"{wall.year}-02-30 {wall:%H:%M}",
            f"{wall.year}-13-{wall.day:02d} {wall:%H:%M}",
            f"tomorrow {wall:%H:%M}",
            f"next {wall:%A} {wall:%H:%M}",
            f"morgen um {wall:%H:%M} Uhr",
            f"demain à {wall:%H:%M}",
            f"mañana {wall:%H:%M}",
            f"{wall:%Y-%m-%d} midnight",
            f"{wall:%Y-%m-%d} at {wall.hour % 12 or 12}",
            f"{wall:%Y-%m-%d %H:%M} (tentative)",
            f"approx. {wall:%Y-%m-%d %H:%M}",
            f"{wall:%Y-%m-%d %H:%M} or later",
            f"{wall:%Y-%m-%d %H:%M}?",
            f"{wall:%Y-%m-%d %H:%M}:30.5",
            f"{40000 + wall.toordinal() % 9999}.{wall.hour}",
            f"{wall.year + 543}-{wall:%m-%d %H:%M}",
            f"{wall.year - 621}/{wall:%m/%d %H:%M}",
            f"{wall:%Y-%m-%d %H:%M} New York",
            f"Q{wall.month // 4 + 1} {wall.year}",
            f"{wall:%Y-%m-%dT%H:%M}+02:00[America/New_York]",
            f"{wall:%a %b %d %Y %H:%M:%S} GMT+0100 (Pacific Standard Time)",
            f"week {wall.month}, {wall:%A} {wall:%H:%M}",
        )
    )
    midnight = wall.replace(hour=0, minute=0)
    walls = doubled(text, wall) | {
        midnight,
        midnight + timedelta(days=1),
        wall.replace(minute=0),
        wall.replace(hour=(wall.hour + 12) % 24, minute=0),
        afternoon,
    }
    return Written(
        text, "wrong", wall, walls=walls, minutes=frozenset({-300, -240} if "New York" in text else ()), refused=True
    )


MAKERS: tuple[Callable[[random.Random], Written], ...] = (
    by_language, by_hand, by_language, with_offset, by_hand, wrong, by_language, with_letters, by_hand,
    with_part_of_day, by_language, by_hand, wrong, with_offset, by_unknown_language,
)  # fmt: skip
