"""Tells what a heading of somebody's own calendar means, by the words of nine languages and more in `headings.toml`.

Knows nothing of a sheet: what is done with a meaning (read, asked about, warned of) is decided in `headings`. A heading
is matched without regard to case, accents, width, spaces and punctuation, and without words that add nothing
("Post caption", "Final image").
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache
from importlib.resources import files
from typing import NamedTuple

from batch.model import CHANNEL_COLUMNS, COLUMNS, Channel
from batch.rules.channel_words import channel_named, known_words

DATE, TIME = "date", "time"
"""The two halves of `publish_at`, where a calendar has a column for each."""


class Kind(StrEnum):
    """What is to be done with a heading of this meaning."""

    OURS = "ours"
    """Written as we write it."""
    READ = "read"
    """Another word for a column of ours."""
    ASK = "ask"
    """May be a column of ours, and is never read as one unasked."""
    STATUS = "status"
    """Says how far a row is."""
    CANNOT = "cannot"
    """Says what the API can't carry."""
    NONE = "none"


class Meaning(NamedTuple):
    """What a heading means.

    `columns` are ours (`text`, `text:INSTAGRAM`, or `date` and `time`): one where it is read, all that are possible
    where it is asked about. `why` says what can't be carried, or why a reading is doubtful.
    """

    kind: Kind
    columns: tuple[str, ...] = ()
    why: str = ""

    @property
    def column(self) -> str:
        """The column that is read, "" where none is."""
        return self.columns[0] if self.kind in {Kind.OURS, Kind.READ} else ""


NOTHING = Meaning(Kind.NONE)
STATE = Meaning(Kind.STATUS)

LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue"})
ACCENTS = re.compile("[\u0300-\u036f]")
CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
TOKEN = re.compile(r"[a-z]+|[0-9]+|[^\W_a-z0-9]+")
BRACKETS = re.compile(r"[(\[（【][^()\[\]（）【】]*[)\]）】]")
BETWEEN = re.compile(r"[/&+|,;・、／＋＆]|\s+(?:or|and|und|oder|et|ou|y|e|o|en|of|i|lub)\s+", re.IGNORECASE)
SHORTEST_SLIP = 6
IN_LANGUAGES = frozenset({"text", "title", "hashtags", "media", "link"})
"""Columns that calendars of several languages have once for each."""


def plain_heading(heading: str) -> str:
    """Return what a heading is matched by: small letters and digits without accents, of one width."""
    if heading.isascii():
        return "".join(filter(str.isalnum, heading.casefold()))
    text = unicodedata.normalize("NFKC", heading).casefold().translate(LETTERS)
    bare = ACCENTS.sub("", unicodedata.normalize("NFD", text))
    return "".join(filter(str.isalnum, unicodedata.normalize("NFC", bare)))


OURS: Mapping[str, str] = {plain_heading(column): column for column in COLUMNS}


def column_of(heading: str) -> str:
    """Return the column of ours that is written there, "" where none; `text:X` is `text:TWITTER`."""
    base, colon, channel = heading.partition(":")
    column = OURS.get(plain_heading(base), "")
    if not colon:
        return column
    named = channel_named(channel)
    return f"{column}:{named}" if column in CHANNEL_COLUMNS and named else ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The table of words by their plain form; `lists` are those that have no meaning of their own, by their names."""

    meanings: Mapping[str, Meaning]
    lists: Mapping[str, frozenset[str]]

    def meaning_of(self, heading: str) -> Meaning:
        """Return what a heading means; `meaning_of` below remembers it."""
        if column := column_of(heading):
            return Meaning(Kind.OURS, (column,))
        if ":" in heading and OURS.get(plain_heading(heading.partition(":")[0])):
            return NOTHING
        if found := self._look_up(heading) or self._for_channel(heading) or self._qualified(heading):
            return found
        # A word for `status` among others: `Design status`, `Estado del copy`, `審核状态`
        words, whole = self.lists["state"], plain_heading(heading)
        foreign = any(word in whole for word in words if not word.isascii())
        return NOTHING if words.isdisjoint(_tokens(heading)) and not foreign else STATE

    def _look_up(self, heading: str) -> Meaning | None:
        """Return the meaning of a heading or of what is left of it without its brackets, halves and small words."""
        bare = BRACKETS.sub(" ", heading)
        if found := self._known(heading):
            return found
        if bare != heading and bare.strip():
            tokens = _tokens(heading)
            if self.lists["zones"].isdisjoint(tokens) and not _channel_in(tokens):
                return self._look_up(bare)
        name, _, explanation = heading.partition(" - ")
        said = set(_tokens(explanation))
        if len(said) > 1 and said.isdisjoint(self.lists["state"]) and said.isdisjoint(known_words().channels):
            return self._look_up(name)
        return self._joined(heading) or self._stripped(heading)

    def _known(self, heading: str) -> Meaning | None:
        word = plain_heading(heading)
        return Meaning(Kind.READ, (OURS[word],)) if word in OURS else self.meanings.get(word)

    def _joined(self, heading: str) -> Meaning | None:
        """Return what words that stand side by side mean together (`Date / Time`); in doubt where one means nothing."""
        parts = [part for part in BETWEEN.split(heading) if part.strip()]
        meanings = [meaning for part in parts if (meaning := self._stripped(part))]
        if len(parts) < 2 or not meanings:
            return None
        if STATE in meanings:
            return STATE
        columns = tuple(dict.fromkeys(column for meaning in meanings for column in meaning.columns))
        if len(meanings) < len(parts):
            return Meaning(Kind.ASK, columns) if columns else None
        if set(columns) <= {DATE, TIME, "publish_at"} and columns:
            return Meaning(Kind.READ, ("publish_at",))
        if sure := [
            m.column for m in meanings if m.column and (len(columns) == 1 or set(columns) == {"text", "hashtags"})
        ]:
            return Meaning(Kind.READ, (sure[0] if len(columns) == 1 else "text",))
        return Meaning(Kind.ASK, columns) if columns else meanings[0]

    def _stripped(self, heading: str) -> Meaning | None:
        """Return the meaning, if need be without words that add nothing, numbers and the `s` of a plural."""
        tokens, around = _tokens(heading), self.lists["around"]
        for first in range(len(tokens)):
            for last in range(len(tokens), first, -1):
                if found := self._known("".join(tokens[first:last])):
                    return found
                if tokens[last - 1] not in around:
                    break
            if tokens[first] not in around:
                break
        worded = [token for token in tokens if not token.isdigit()]
        if worded != tokens and (found := self._known("".join(worded))):
            return found
        word = "".join(tokens)
        return self._known(word[:-1]) if len(word) > 4 and word.endswith("s") else None

    def _for_channel(self, heading: str) -> Meaning | None:
        """Return the meaning of a heading that names a channel: `Instagram caption`, `Text (Facebook)`, `TikTok`."""
        tokens = _tokens(heading)
        if not (found := _channel_in(tokens)):
            return None
        channel, rest = found
        if not rest:
            why = "it names a channel, and may hold its text or only a mark"
            return Meaning(Kind.ASK, (f"text:{channel}",), why) if len(tokens[0]) > 1 else None
        meaning = self._stripped(" ".join(rest))
        if not meaning or meaning.kind in {Kind.STATUS, Kind.CANNOT}:
            return meaning
        columns = tuple(f"{column}:{channel}" for column in meaning.columns if column in CHANNEL_COLUMNS)
        if not columns:
            return Meaning(Kind.ASK, meaning.columns, "it is for one channel only")
        sure = columns[0] if columns[0].startswith(("text:", "title:")) or meaning.column not in {"", "link"} else ""
        return Meaning(Kind.READ, (sure,)) if sure else Meaning(Kind.ASK, columns)

    def _qualified(self, heading: str) -> Meaning | None:
        """Return the meaning of a heading that names a zone too (`Time (CET)`, in doubt), or a language (`Text EN`)."""
        tokens = _tokens(heading)
        rest = [token for token in tokens if token not in self.lists["zones"]]
        meaning = self._stripped(" ".join(rest)) or self._joined(" / ".join(rest))
        if rest != tokens and meaning and meaning.column in {DATE, TIME, "publish_at"}:
            return Meaning(Kind.ASK, meaning.columns, "a zone in a heading does not count: fill in `timezone`")
        for code, others in ((tokens[-1:], tokens[:-1]), (tokens[:1], tokens[1:])):
            if others and self.lists["languages"].issuperset(code):
                meaning = self._stripped(" ".join(others))
                if meaning and meaning.column.partition(":")[0] in IN_LANGUAGES:
                    return meaning
        return None

    def slip_of(self, heading: str, columns: Iterable[str]) -> tuple[str, str] | None:
        """Return the word that a heading nearly is and its column, of those given; of short words only ours count."""
        written, wanted = plain_heading(heading), set(columns)
        if written in self.lists["other"]:
            return None
        near = next((word for word, column in OURS.items() if column in wanted and is_near(written, word)), "")
        if near:
            return OURS[near], OURS[near]
        if len(written) < SHORTEST_SLIP or not (written.isascii() and written.isalpha()):
            return None
        like = (word for word in self.meanings if word[0] == written[0] and len(word) >= SHORTEST_SLIP)
        for word in like:
            column = self.meanings[word].column
            known = column in wanted or ("publish_at" in wanted and column in {DATE, TIME})
            if known and abs(len(word) - len(written)) < 2 and count_slips(written, word) == 1:
                return word, column
        return None


@cache
def vocabulary() -> Vocabulary:
    """Return the words that people use, as `headings.toml` has them."""
    table = tomllib.loads(files("batch.sheets").joinpath("headings.toml").read_text(encoding="utf-8"))
    meanings: dict[str, Meaning] = {}
    for word, column in _words_of(table["ask"]):
        before = meanings.get(word, Meaning(Kind.ASK))
        meanings[word] = Meaning(Kind.ASK, tuple(dict.fromkeys((*before.columns, column))))
    meanings |= {word: Meaning(Kind.CANNOT, why=what) for word, what in _words_of(table["cannot"])}
    meanings |= {word: STATE for word, _ in _words_of({"": table["status"]})}
    read = {**table["read"], DATE: table[DATE], TIME: table[TIME]}
    meanings |= {word: Meaning(Kind.READ, (column,)) for word, column in _words_of(read)}
    lists = {name: entry["words"].split(",") for name, entry in table.items() if "words" in entry}
    return Vocabulary(meanings, {name: frozenset(map(plain_heading, words)) for name, words in lists.items()})


def _words_of(table: Mapping[str, Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield each word in its plain forms with the name that it stands under."""
    for name, languages in table.items():
        for word in ",".join(languages.values()).split(","):
            yield plain_heading(word), name
            yield plain_heading(word.translate(UMLAUTS)), name


@lru_cache(4096)
def meaning_of(heading: str) -> Meaning:
    """Return what a heading means by itself, whatever stands beside it."""
    return vocabulary().meaning_of(heading)


def _tokens(heading: str) -> list[str]:
    spaced = unicodedata.normalize("NFKC", CAMEL.sub(" ", heading)).casefold().translate(LETTERS)
    return TOKEN.findall(unicodedata.normalize("NFC", ACCENTS.sub("", unicodedata.normalize("NFD", spaced))))


def _channel_in(tokens: list[str]) -> tuple[Channel, list[str]] | None:
    """Return the channel at one end of a heading and the other words; the longest name counts."""
    for length in range(len(tokens), 0, -1):
        for start in dict.fromkeys((0, len(tokens) - length)):
            if channel := known_words().channels.get("".join(tokens[start : start + length])):
                return channel, tokens[:start] + tokens[start + length :]
    return None


def is_near(written: str, ours: str) -> bool:
    """Tell a slip of the keyboard: a letter too many, too few, swapped or (in longer words) wrong."""
    if len(written) < 2 or written == ours:
        return False
    slips = count_slips(written, ours)
    if slips == 1:
        same_letters = sorted(written) == sorted(ours)
        return len(ours) > 4 or len(written) != len(ours) or same_letters
    return slips == 2 and min(len(written), len(ours)) >= 7


def count_slips(a: str, b: str) -> int:
    """Return the optimal string alignment distance, or 3 where it is surely more than two."""
    if abs(len(a) - len(b)) > 2:
        return 3
    before, last = list[int](), list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
