"""Turns the table of places into values, and what a row says for many places into what it says for one.

    table of places ──► Places ──► the places that a row names ──► its cells with each place's own words

A place is a site of its own, or an account among many of one site. What it says of itself is data: it is put into a
text once and never looked through again, so that no word can bring in another.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple
from urllib.parse import quote

from batch.errors import SheetError
from batch.model import Action, Channel, Issue, Post, Row, Severity, SheetRows
from batch.rules.channel_words import channel_named, plain
from batch.rules.issues import Problem, did_you_mean, nearest
from batch.rules.keys import check_key
from batch.rules.text import read_yes_no
from batch.wording import list_names, listed, quoted

SEPARATORS = re.compile(r"[,;|\n，、；]+")
BUT = re.compile(r"(?<!\w)(?:but|except|without|außer|ohne|sauf|excepto|salvo|tranne|exceto|behalve)(?!\w)", re.I)
ALL = frozenset({"all", "everywhere", "alle", "tous", "toutes", "todos", "todas", "tutti", "tutte", "すべて", "全部"})
"""Words for every place of the table, in their plain form."""

PLACE, SITE, TIMEZONE, GROUPS, SKIP = OWN_COLUMNS = ("place", "site", "timezone", "groups", "skip")
"""The columns of the table that are ours; `account:FACEBOOK` and the like are, too, and any other is a word's."""

WORD = re.compile(r"\{\{([^{}|\n]*)(?:\|([^{}\n]*))?\}\}")
"""A place's word and its default, with the blanks around them: a pattern without those took their cube in time."""
NO_TAG = re.compile(r"[^\w\u200c\u200d]+")
MOST_NAMED = 5
NO_TABLE = "there is no table of places. Add a sheet Places to the workbook, or name its file with --places."


@dataclass(frozen=True, slots=True)
class Place:
    """A shop, a town, a branch: where its posts go, and the words that are its own.

    `row` is its line in the table. `site` and `timezone` are as written ("" where blank); `accounts` holds those that
    are not the site's default one; `words` are its values by the plain names of their columns, "" where blank;
    `problems` keep every post of the place from being sent.
    """

    name: str
    row: int
    site: str = ""
    timezone: str = ""
    groups: tuple[str, ...] = ()
    skip: bool = False
    accounts: Mapping[Channel, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()


class Chosen(NamedTuple):
    """The places that a cell names, in the table's order, or what is wrong with it."""

    places: tuple[Place, ...] = ()
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Places:
    """The table of places; `source` is what messages call it, "" where there is none.

    `headings` are the columns whose values are words, by their plain names.
    """

    source: str = ""
    places: tuple[Place, ...] = ()
    headings: Mapping[str, str] = field(default_factory=dict)
    _by_name: Mapping[str, tuple[Place, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        named: defaultdict[str, list[Place]] = defaultdict(list)
        for place in self.places:
            for group in dict.fromkeys(map(plain, place.groups)):
                named[group].append(place)
        known = {**dict.fromkeys(ALL, self.places), **{group: tuple(places) for group, places in named.items()}}
        object.__setattr__(self, "_by_name", known | {plain(place.name): (place,) for place in self.places})

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all places, in the table's order."""
        return tuple(place.name for place in self.places)

    def choose(self, cell: str, *, column: str = "places") -> Chosen:
        """Return what `berlin, north`, `all` or `all but berlin` means; one name that is unknown makes it all wrong."""
        if not self.source:
            message = f"{quoted(cell)} in `{column}`: {NO_TABLE}"
            return Chosen(problems=(Problem(column, "places_missing", cell, message),))
        sets: tuple[set[str], set[str]] = set(), set()
        problems: list[Problem] = []
        for name, left_out in self._names_in(cell):
            found = self._by_name.get(plain(name), ())
            sets[left_out].update(place.name for place in found)
            problems += self._doubt_group(name, column) if found else [self._unknown(name, column)]
        places = tuple(place for place in self.places if place.name in sets[False] - sets[True])
        if not (places or problems):
            message = f"{quoted(cell)} in `{column}` leaves no place. Name at least one."
            problems.append(Problem(column, "places_none", cell, message))
        return Chosen(() if problems else places, tuple(dict.fromkeys(problems)))

    def _names_in(self, cell: str) -> Iterator[tuple[str, bool]]:
        """Yield the names of a cell, and whether each is left out: all after the first `but` are."""
        left_out = False
        for part in filter(None, map(str.strip, SEPARATORS.split(cell))):
            but = None if plain(part) in self._by_name else BUT.search(part)
            if but is None:
                yield part, left_out
                continue
            if before := part[: but.start()].strip():
                yield before, left_out
            left_out = True
            yield part[but.end() :].strip(), left_out

    def _doubt_group(self, name: str, column: str) -> Iterator[Problem]:
        """Ask where a place and a group of other places have one name."""
        grouped = {p.name for p in self.places if plain(name) in map(plain, p.groups)}
        called = {p.name for p in self.places if plain(p.name) == plain(name)}
        if called and grouped - called:
            message = f"{quoted(name)} is a place and a group in {self.source}: give the group another name."
            yield Problem(column, "place_several", name, message)

    def _unknown(self, name: str, column: str) -> Problem:
        known = {plain(known): known for p in self.places for known in (p.name, *p.groups)}
        meant = did_you_mean(nearest(plain(name), known))
        some = listed([*self.names[:MOST_NAMED], *(["..."] if len(self.places) > MOST_NAMED else [])], last="or")
        message = (
            f"`{column}` names {quoted(name)}, which is neither a place nor a group in {self.source}. {meant}Write "
            f"{some}, a group, or all."
        )
        return Problem(column, "place_unknown", name, message)

    def fill_in(self, text: str, column: str, place: Place) -> tuple[str, tuple[Problem, ...]]:
        """Return a cell with the place's own words in it (`{{city}}`, `{{city|our city}}`), each put in once.

        In a link a word is written as addresses are, except at its start; in a hashtag its blanks are closed up. What
        has no word stays without its braces, and is a problem.
        """
        problems: list[Problem] = []

        def word(found: re.Match[str]) -> str:
            name, default = found[1].strip(), found[2] and found[2].strip()
            value = place.name if plain(name) == PLACE else place.words.get(plain(name))
            if value is None:
                problems.append(self._no_such_word(found, column))
            elif not value and default is None:
                message = (
                    f"`{column}` asks for {found[0]}, and {self.source} has no {name} there: fill it in, or give a "
                    f"default, as in {{{{{name}|...}}}}."
                )
                problems.append(Problem(column, "word_missing", found[0], message))
            at_start = not text[: found.start()].strip()
            return _fit_word(value or default or "", column, at_start=at_start) or ("" if value == "" else name)

        return WORD.sub(word, text).strip(), tuple(problems)

    def _no_such_word(self, found: re.Match[str], column: str) -> Problem:
        name = found[1].strip()
        near = nearest(plain(name), self.headings)
        meant = did_you_mean(f"{{{{{near}}}}}" if near else "")
        message = (
            f"`{column}` asks for {found[0]}, and {self.source} has no column {quoted(name)}. {meant}Correct the "
            "name, or add the column."
        )
        return Problem(column, "word_unknown", found[0], message)


NO_PLACES = Places()


def _fit_word(value: str, column: str, *, at_start: bool) -> str:
    if column == "link" and not at_start:
        return quote(value, safe="/-._~%")
    return NO_TAG.sub("", value) if column == "hashtags" and "#" not in value else value


def is_place_heading(heading: str) -> bool:
    """Tell a heading of the table of places that is ours."""
    base, colon, channel = heading.partition(":")
    return plain(heading) in OWN_COLUMNS or bool(colon and plain(base) == "account" and channel_named(channel))


def read_places(table: SheetRows, *, source: str) -> Places:
    """Read the table of places. Raises SheetError, with all that is wrong with its headings at once."""
    columns, words = _read_headings(table, source)
    read = [_read_place(table, row, columns, words, source) for row in table.rows]
    lines: defaultdict[str, list[int]] = defaultdict(list)
    for place in read:
        lines[plain(place.name)].append(place.row)

    def told(place: Place) -> Place:
        if not (others := [str(row) for row in lines[plain(place.name)] if row != place.row]):
            return place
        why = f"the same place is in row {listed(others, last='and')}, so keep one of them"
        return replace(place, problems=(*place.problems, _row_problem(place.row, source, place.name, why)))

    return Places(source, tuple(told(place) for place in read if place.name), words)


def _read_headings(table: SheetRows, source: str) -> tuple[dict[str | Channel, str], dict[str, str]]:
    """Return the heading of each column of ours (accounts by their channel), and those of words by their plain name."""
    columns: dict[str | Channel, str] = {}
    words: dict[str, str] = {}
    wrong: list[str] = []
    for heading in filter(None, table.headings):
        base, colon, channel = heading.partition(":")
        name: str | Channel | None = plain(heading)
        if colon and plain(base) == "account":
            name = channel_named(channel)
        if name is None:
            wrong.append(f"'{heading}' names no channel: write it as account:FACEBOOK.")
            continue
        if name in columns or name in words:
            wrong.append(f"'{heading}' is there twice: keep one, and rename or delete the other.")
        elif name in OWN_COLUMNS or isinstance(name, Channel):
            columns[name] = heading
        elif name:
            words[str(name)] = heading
    if PLACE not in columns:
        wrong.insert(0, "there is no column 'place': add it, with the name of each place.")
    if wrong:
        raise SheetError(f"{source}: {wrong[0]}", details=wrong[1:])
    return columns, words


NO_NAME = "this can't be the name of a place, so write one without commas and slashes that is no channel"
NEITHER = "`skip` takes yes or no, so write one of them, or leave it blank"


def _row_problem(row: int, source: str, seen: str, why: str) -> Problem:
    return Problem("places", "place_row", seen, f"{quoted(seen)} in {source}, row {row}: {why}.")


def _read_place(
    table: SheetRows, row: Row, columns: Mapping[str | Channel, str], words: Mapping[str, str], source: str
) -> Place:
    own = {column: table.text(row, heading) for column, heading in columns.items()}
    name, skip = own[PLACE], read_yes_no(own.get(SKIP, ""))
    issues = [i for i in table.issues if i.row == row.number and i.severity is Severity.ERROR]
    problems = [_row_problem(row.number, source, issue.seen, issue.message.rstrip(".")) for issue in issues]
    if plain(name) in (*ALL, "") or channel_named(name) or SEPARATORS.search(name) or "/" in name:
        problems.append(_row_problem(row.number, source, name, NO_NAME))
    problems += [p._replace(column="places", fix=None) for p in check_key(name) if not p.warning]
    if skip is None:
        problems.append(_row_problem(row.number, source, own[SKIP], NEITHER))
    return Place(
        name,
        row.number,
        site=own.get(SITE, ""),
        timezone=own.get(TIMEZONE, ""),
        groups=tuple(filter(None, map(str.strip, SEPARATORS.split(own.get(GROUPS, ""))))),
        skip=bool(skip),
        accounts={column: text for column, text in own.items() if isinstance(column, Channel) and text},
        words={word: table.text(row, heading) for word, heading in words.items()},
        problems=tuple(problems),
    )


def gather_issues(posts: Iterable[Post]) -> tuple[Issue, ...]:
    """Return every issue once, in the posts' order; one that a row has in some of its places names them.

    What a row has in all its places is its own matter, and names none.
    """
    found: dict[Issue, list[str]] = {}
    places: defaultdict[int, set[str]] = defaultdict(set)
    for post in posts:
        if post.place and post.action is not Action.SKIP:
            places[post.row].add(post.place)
        for issue in post.issues:
            if not issue.place:
                found.setdefault(issue, [])
                continue
            there = found.setdefault(replace(issue, place=""), [])
            if issue.place not in there:
                there.append(issue.place)
    return tuple(
        _tell_places(issue, there, of=len(places[issue.row or 0])) if there else issue for issue, there in found.items()
    )


def _tell_places(issue: Issue, places: Sequence[str], *, of: int) -> Issue:
    if len(places) >= of > 1:
        return issue
    shown = list_names(places, limit=MOST_NAMED)
    return replace(issue, message=f"{shown}: {issue.message}", place=shown)
