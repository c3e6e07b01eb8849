"""Turns the text of a date into shapes: each word as the letter of what it means, numbers and signs as they are.

`15. Jan. 2027 um 9 Uhr` is `15. M 2027 9 K`, with M for the first month. A word that means several things makes a shape
for each; what carries nothing ("at", "de") is left out; a word that is not known is `X`, and no form of a date has one.
The words themselves are data, language by language (`date_words.toml`).
"""

from __future__ import annotations

import itertools
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from math import prod
from types import MappingProxyType
from typing import NamedTuple


def _half(*, same: Sequence[int] = (), later: Sequence[int] = (), twelve: int | None = None) -> Mapping[int, int]:
    hours = {hour: hour for hour in same} | {hour: hour + 12 for hour in later}
    return MappingProxyType(hours if twelve is None else hours | {12: twelve})


HALVES: Mapping[str, Mapping[int, int]] = MappingProxyType({
    "am": _half(same=range(12), twelve=0),
    "pm": _half(later=range(1, 12), twelve=12),
    "forenoon": _half(same=range(12)),
    "afternoon12": _half(later=range(12), same=range(13, 24)),
    "dawn": _half(same=range(6), twelve=0),
    "morning": _half(same=range(12)),
    "midday": _half(same=(10, 11, 13, 14), later=(1, 2), twelve=12),
    "afternoon": _half(later=range(1, 12), same=range(13, 24), twelve=12),
    "evening": _half(later=range(4, 12), same=range(16, 24)),
    "night": _half(later=range(8, 12), same=(0, 1, 2, 3, 4, 20, 21, 22, 23)),
})  # fmt: skip
"""Which hour an hour is with a part of the day behind or before it.

Only `am` and `pm` themselves refuse 13 to 23. Twelve with a word that leaves noon and midnight open has no hour.
"""

ABBREVIATIONS: Mapping[str, tuple[tuple[str, int | None], ...]] = MappingProxyType({
    "ET": (("America/New_York", None),), "EST": (("America/New_York", -300),), "EDT": (("America/New_York", -240),),
    "CT": (("America/Chicago", None),), "CDT": (("America/Chicago", -300), ("America/Havana", -240)),
    "CST": (("America/Chicago", -360), ("Asia/Shanghai", 480), ("America/Havana", -300)),
    "MT": (("America/Denver", None),), "MDT": (("America/Denver", -360),),
    "MST": (("America/Denver", -420), ("America/Phoenix", -420)),
    "PT": (("America/Los_Angeles", None),), "PDT": (("America/Los_Angeles", -420),),
    "PST": (("America/Los_Angeles", -480), ("Asia/Manila", 480)),
    "AKST": (("America/Anchorage", -540),), "AKDT": (("America/Anchorage", -480),),
    "HST": (("Pacific/Honolulu", -600),),
    "AST": (("America/Halifax", -240), ("America/Puerto_Rico", -240), ("Asia/Riyadh", 180)),
    "ADT": (("America/Halifax", -180),), "NST": (("America/St_Johns", -210),), "NDT": (("America/St_Johns", -150),),
    "BRT": (("America/Sao_Paulo", -180),), "ART": (("America/Argentina/Buenos_Aires", -180),),
    "CLT": (("America/Santiago", -240),), "COT": (("America/Bogota", -300),),
    "BST": (("Europe/London", 60), ("Asia/Dhaka", 360)), "WET": (("Europe/Lisbon", 0),),
    "WEST": (("Europe/Lisbon", 60),),
    "CET": (("Europe/Berlin", 60),), "CEST": (("Europe/Berlin", 120),), "MET": (("Europe/Berlin", 60),),
    "MEZ": (("Europe/Berlin", 60),), "MESZ": (("Europe/Berlin", 120),),
    "EET": (("Europe/Athens", 120),), "EEST": (("Europe/Athens", 180),), "MSK": (("Europe/Moscow", 180),),
    "TRT": (("Europe/Istanbul", 180),), "SAST": (("Africa/Johannesburg", 120),), "CAT": (("Africa/Maputo", 120),),
    "WAT": (("Africa/Lagos", 60),), "EAT": (("Africa/Nairobi", 180),),
    "IST": (("Asia/Kolkata", 330), ("Asia/Jerusalem", 120), ("Europe/Dublin", 60)), "IDT": (("Asia/Jerusalem", 180),),
    "GST": (("Asia/Dubai", 240),), "PKT": (("Asia/Karachi", 300),), "ICT": (("Asia/Bangkok", 420),),
    "WIB": (("Asia/Jakarta", 420),), "SGT": (("Asia/Singapore", 480),), "MYT": (("Asia/Kuala_Lumpur", 480),),
    "HKT": (("Asia/Hong_Kong", 480),), "PHT": (("Asia/Manila", 480),), "JST": (("Asia/Tokyo", 540),),
    "KST": (("Asia/Seoul", 540),), "AWST": (("Australia/Perth", 480),), "ACST": (("Australia/Adelaide", 570),),
    "ACDT": (("Australia/Adelaide", 630),), "AEST": (("Australia/Sydney", 600), ("Australia/Brisbane", 600)),
    "AEDT": (("Australia/Sydney", 660),), "AET": (("Australia/Sydney", None),), "NZST": (("Pacific/Auckland", 720),),
    "NZDT": (("Pacific/Auckland", 780),),
})  # fmt: skip
"""Letters by which zones are called, with the zones that they may mean and the minutes ahead of UTC that they say.

None: the letters follow the zone through the year. They are never read, only explained: several places share most of
them, and people write the winter's letters all year.
"""


@cache
def zone_names() -> Mapping[str, str]:
    """Return every zone that the data lists, by its name in small letters."""
    listed = files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return MappingProxyType({name.casefold(): name for name in listed})


_MARKS = (
    "\u0483-\u0487\u05b0-\u05c7\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e3a\u0e47-\u0e4e"
)
_WORD = re.compile(rf"(?:[^\W\d_][{_MARKS}]*)+")
_SHORT, _SECONDS = re.compile(r"\d\d(?!\d)"), re.compile(r":\d\d:\d\d$")
_BETWEEN = re.compile(r"[ .'\-/]{0,2}")
_AREA = re.compile(r"[a-z]+(?:/[a-z_+\-0-9]+)+")
_LIKE = str.maketrans({
    "ı": "i", "ł": "l", "ø": "o", "đ": "d", "æ": "ae", "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'",
    "‐": "-", "－": "-", "—": "–", "〜": "~", "、": ",", "،": ",", "−": "-", "॰": ".",
})  # fmt: skip
_DROPPED = re.compile("[\u0300-\u036f\u064b-\u065f]")
_HALF_LETTERS = frozenset({"a", "p"})
"""Halves of the day only right behind a number (`9:30p`): elsewhere they are words of many languages."""

_YEAR_MARKS = frozenset({"g", "г", "r", "р"})
_AFTER_YEAR, _CLOCK_AHEAD = re.compile(r"\d{4}[. ]{0,2}$"), re.compile(r"\d{1,2}[:.h]\d\d")
_ORDINALS = frozenset({"st", "nd", "rd", "th", "er", "re", "e", "eme", "o", "a", "го", "и", "η", "de", "te"})

_KINDS: Mapping[str, str] = MappingProxyType({
    "fill": " ", "hour": "K", "hour12": "C", "minute": "I", "second": "S", "year_unit": "Y", "month_unit": "G",
    "day_unit": "D", "era2018": "E", "utc": "U", "noon": "N", "midnight": "O", "relative": "R", "until": "B",
} | dict.fromkeys(HALVES, "H"))  # fmt: skip
"""The letter that stands for each kind of word in a shape, beside `M` month, `W` weekday, `A` zone, `L` letters."""


class _Meaning(NamedTuple):
    """One of the things that a word means: its letter in a shape, and which month, weekday, half or zone it is."""

    letter: str
    value: str


Phrases = Mapping[str, tuple[tuple[tuple[str, ...], tuple[_Meaning, ...]], ...]]
"""Phrases by their first word: the words behind it, and what the whole means; the longest first."""


def fold_date(text: str) -> str:
    """Return a text with what only looks different made alike: case, accents, width, digits, dashes, unseen signs."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_LIKE)
    plain = unicodedata.normalize("NFC", _DROPPED.sub("", unicodedata.normalize("NFD", plain)))
    seen = (str(unicodedata.decimal(ch, ch)) for ch in plain if unicodedata.category(ch) != "Cf")
    return "".join(seen)


@cache
def _phrases() -> Phrases:
    """Return all words of the table and of zones' letters."""
    table = tomllib.loads(files("batch.rules").joinpath("date_words.toml").read_text(encoding="utf-8"))
    meanings: dict[tuple[str, ...], dict[_Meaning, None]] = {}

    def add(spellings: str, letter: str, value: str) -> None:
        for spelling in spellings.split(","):
            words = tuple(_WORD.findall(fold_date(spelling)))
            meanings.setdefault(words, {})[_Meaning(letter, value)] = None

    for language in table.values():
        for name, spellings in language.items():
            if name in ("months", "weekdays"):
                for number, spelled in enumerate(spellings.split("|"), start=1):
                    add(spelled, name[0].upper(), str(number))
            else:
                add(spellings, _KINDS[name], name)
    for letters in ABBREVIATIONS:
        add(letters, "L", letters)
    phrases: dict[str, list[tuple[tuple[str, ...], tuple[_Meaning, ...]]]] = {}
    for words in sorted(meanings, key=len, reverse=True):
        phrases.setdefault(words[0], []).append((words[1:], tuple(meanings[words])))
    return {first: tuple(found) for first, found in phrases.items()}


class WordShape(NamedTuple):
    """A text with each word as the letter of one of its meanings; `values` are those of the letters, by place."""

    text: str
    values: Mapping[int, str]


def _cut_words(text: str, plain: frozenset[str]) -> Iterator[tuple[_Meaning, ...]]:
    """Cut a folded text into numbers, signs and words with all they may mean; only `plain` words name a zone."""
    at = 0
    while at < len(text):
        if found := _WORD.match(text, at):
            meanings, at = _read_word(text, at, found[0])
            if found[0] not in plain:
                meanings = tuple(m for m in meanings if m.letter != "L") or (_Meaning("X", found[0]),)
            yield meanings
            if text[at : at + 1] == "." and meanings[0].letter not in "XT":
                at += 1
            continue
        sign, rest = text[at], text[at + 1 :]
        at += 1
        year_mark = sign == "'" and _SHORT.match(rest)
        fraction = sign == "," and rest[:1].isdigit() and _SECONDS.search(text, 0, at - 1)
        blank = sign.isspace() or (sign in "',;" and not year_mark and not fraction)
        yield (_Meaning(" " if blank else sign, ""),)


def _read_word(text: str, at: int, word: str) -> tuple[tuple[_Meaning, ...], int]:
    """Return what the word or phrase at a place means, and where it ends."""
    after_digit = at > 0 and text[at - 1].isdigit()
    end = at + len(word)
    if (area := _AREA.match(text, at)) and (named := _match_zone(text, at, area[0])):
        return (_Meaning("A", named[0]),), named[1]
    if after_digit and word == "t" and text[end : end + 1].isdigit():
        return (_Meaning("T", ""),), end
    if after_digit and word == "z":
        return (_Meaning("U", ""),), end
    meanings, end = _match_phrase(text, at, word)
    if after_digit and end == at + len(word) and word in _ORDINALS:
        meanings = (*(m for m in meanings if m.letter != "X"), _Meaning("Q", ""))
    if after_digit and any(m.letter in "YGD" for m in meanings):
        meanings = tuple(m for m in meanings if m.letter in "YGD")  # behind a number 日 is the day, else also Sunday
    if len(word) == 2 and word.isascii() and not any(ch.isdigit() for ch in text[end:]) and at > 0:
        # behind the whole date two letters are as often a half of the day in some other language
        meanings = tuple(m for m in meanings if m.letter != "W") or (_Meaning("X", word),)
    if word in _HALF_LETTERS and end == at + 1 and not after_digit:
        meanings = tuple(m for m in meanings if m.letter != "H") or (_Meaning("X", word),)
    if any(m.letter == " " for m in meanings) and not _may_fill(text, at, end, {m.letter for m in meanings}):
        meanings = tuple(m for m in meanings if m.letter != " ") or (_Meaning("X", word),)
    return meanings, end


def _may_fill(text: str, at: int, end: int, letters: set[str]) -> bool:
    """Tell whether a word that carries nothing may stand where it does: short ones mean much else elsewhere."""
    word, before, rest = text[at:end], text[:at], text[end:].lstrip(" .'")
    if word in _YEAR_MARKS:
        return _AFTER_YEAR.search(before) is not None or (len(letters) > 1 and rest[:1].isalnum())
    if word == "am":
        return at == 0  # German for "on the", and never behind a time
    if word in ("de", "du"):
        return not _CLOCK_AHEAD.match(rest)  # Hungarian halves of the day, where a clock follows
    return rest[:1].isalnum() or (len(word) > 1 and "H" not in letters)


def _match_zone(text: str, at: int, written: str) -> tuple[str, int] | None:
    """Return the IANA zone at a place and its end, also where its words are parted by blanks."""
    end = at + len(written)
    while True:
        name = zone_names().get(text[at:end].replace(" ", "_"))
        if name:
            return name, end
        more = re.compile(r" [a-z]+").match(text, end)
        if not more:
            return None
        end = more.end()


def _match_phrase(text: str, at: int, word: str) -> tuple[tuple[_Meaning, ...], int]:
    phrases = _phrases()
    for tail, meanings in phrases.get(word, ()):
        end = at + len(word)
        for part in tail:
            begin = _BETWEEN.match(text, end)
            found = _WORD.match(text, begin.end()) if begin else None
            if found is None or found[0] != part:
                break
            end = found.end()
        else:
            return meanings, end
    if word[0] >= "\u0e00":  # scripts that put no blanks between words
        for size in range(len(word) - 1, 0, -1):
            for tail, meanings in phrases.get(word[:size], ()):
                if not tail:
                    return meanings, at + size
    return (_Meaning("X", word),), at + len(word)


MOST_SHAPES = 64


def make_shapes(text: str) -> list[WordShape]:
    """Return every shape of a text, one for each choice among what its words mean; none where there are too many."""
    plain = frozenset(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))
    cut = list(_cut_words(fold_date(text), plain))
    if prod(map(len, cut)) > MOST_SHAPES:
        return []
    shapes: dict[str, WordShape] = {}
    for chosen in itertools.product(*cut):
        written: list[str] = []
        values: dict[int, str] = {}
        for letter, value in chosen:
            if letter == " " and (not written or written[-1] == " "):
                continue
            if value and letter != " ":
                values[len(written)] = value
            written.append(letter)
        shape = "".join(written).rstrip()
        shapes[f"{shape}{sorted(values.items())}"] = WordShape(shape, values)
    return list(shapes.values())
