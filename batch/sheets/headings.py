"""Turns the heading row of a sheet into the place of each of our columns, or asks about every heading in doubt at once.

What a heading means by itself is told by `vocabulary`; here it is weighed against the others and against what was asked
for. A column of ours that is missing is read from the one heading that means it, and that is said; where several mean
it, or one only may, the person is asked. Nothing that decides what goes out is passed over in silence: a column that
says how far a row is stops the reading until somebody says what is meant by it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from batch.errors import SheetError, StartError
from batch.model import CHANNEL_COLUMNS, COLUMNS, PLACE_COLUMNS, RESULT_COLUMNS, Channel, Issue
from batch.rules.channel_words import channel_named
from batch.sheets.cells import CellError, Moment, Number, RawCell, RawRow, RawSheet, clean_text, write_number
from batch.sheets.vocabulary import DATE, OURS, TIME, Kind, Meaning, column_of, meaning_of, plain_heading, vocabulary
from batch.wording import column_letters, list_rows, listed, shell_join, shorten

LONGEST_HEADING = 80
COUNTED = 100
"""How many cells of a line are looked at to tell whether it is one of headings."""
DATE_LIKE = re.compile(r"\d{1,4}[-/.]\d{1,2}[-/.]\d")
"""A line with a date in it is a row and no heading."""
HEADINGS_WITHIN = 20
"""How far down headings are looked for, to say that they do not stand in row 1."""
RESULT_MARKS = frozenset(map(plain_heading, ("outcome", "publish_at_utc", "code")))
"""The headings by which a results sheet of ours is told."""
RESULT_HEADINGS = frozenset(plain_heading(f"{name} (result)" if name in COLUMNS else name) for name in RESULT_COLUMNS)
ADDED_HEADINGS = frozenset({"problem", "characters", "generated", "generatedtitle", "sandbox", "warnings"})
"""What our own template and results add for the eye; read back without a word."""

TO_FIX_MARKS = frozenset({"row", "problem", "characters"})
"""The headings by which our own sheet `To fix` is told."""

SEVERAL_CELLS = frozenset({"media", "hashtags"})
"""Columns that take the cells of several headings together, in their order."""
ONLY_FOR = {"call_to_action": Channel.GBP, "privacy": Channel.TIKTOK}
"""Columns that one channel alone has: nobody is asked about them where the sheet does not name it."""
EMPTY_WORDS = frozenset({"", "-", "–", "—", "n/a", "na", "none", "no", "false", "0"})
"""What a cell says where there is nothing to say."""
MAX_STATES = 6


@dataclass(frozen=True, slots=True)
class HeadingChoices:
    """What the person has said about headings: options of the command line, and `[columns]` of the configuration.

    `mapped` and `configured` are pairs of a column of ours (or `date`, `time`) and a heading; a configured heading need
    not be there. `ignored` are headings; `chosen` are the columns by which rows are chosen with --only. A column may be
    for one of `places`, as `text:berlin` is.
    """

    mapped: tuple[tuple[str, str], ...] = ()
    configured: tuple[tuple[str, str], ...] = ()
    ignored: tuple[str, ...] = ()
    chosen: tuple[str, ...] = ()
    places: tuple[str, ...] = ()


NO_CHOICES = HeadingChoices()


class Headings(NamedTuple):
    """The headings as written, and the place of each column of ours (`text:INSTAGRAM` too).

    `notices` tell first what was read as ours. `not_carried` maps the place of a column that the API can't carry to
    what it holds. `sources` are the places of the file's own cells for each column that is made of several of them, or
    of none; the cells of all but `channel` are still to be joined in each row (`join_cells`).
    """

    names: tuple[str, ...]
    columns: dict[str, int]
    notices: tuple[str, ...]
    not_carried: Mapping[int, str] = {}
    sources: Mapping[str, tuple[int, ...]] = {}

    @property
    def joins(self) -> dict[str, tuple[int, ...]]:
        """The columns that stand in several of the sheet, with their places; the first holds the joined cell."""
        return {column: places for column, places in self.sources.items() if column != "channel"}

    def repeated_by(self, cells: Sequence[object]) -> bool:
        """Tell a row that says the headings again; its channel cell is looked at first, since every row is asked."""
        place = self.columns["channel"]
        channel = cells[place]
        if not isinstance(channel, str) or channel[:2].casefold() != self.names[place][:2].casefold():
            return False
        pairs = [(cell, name) for cell, name in zip(cells, self.names, strict=False) if isinstance(cell, str) and cell]
        return len(pairs) > 1 and all(plain_heading(cell) == plain_heading(name) for cell, name in pairs)


class ForeignColumns(NamedTuple):
    """What another scheduler's layout tells of the headings of a sheet, by their places.

    `ours` are the places of each column of ours, `used` what else was read of them, `idle` what means nothing here;
    `flags` are those that make up a `channel` which was added behind the others, None where none was.
    """

    ours: Mapping[str, tuple[int, ...]]
    used: frozenset[int]
    idle: frozenset[int]
    flags: tuple[int, ...] | None = None


NOT_CARRIED = (
    "The service can't set this ({what}), so the post goes out without it. Add it by hand afterwards, or clear the "
    "cell."
)
NO_CHANNEL = (
    "no column names the channel of each post. Add a column 'channel', or name yours, as in --map channel=Network."
)

Texts = Callable[[int], Iterable[str]]
"""Gives the cells of a column, by its place, as text."""


def read_maps(expressions: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Read `text=Caption` and the like as pairs of a column of ours and a heading. Errors: StartError."""
    pairs: list[tuple[str, str]] = []
    for expression in expressions:
        ours, _, heading = (part.strip() for part in expression.partition("="))
        pairs.append((read_column(ours, said=f"--map {expression!r}"), heading))
        if not heading:
            raise StartError(f"--map {expression!r} names no heading. Write it as in --map text=Caption.")
    return tuple(pairs)


def read_column(written: str, *, said: str) -> str:
    """Return the column of ours that somebody names, `date` and `time` among them. Errors: StartError."""
    column = plain_heading(written) if plain_heading(written) in {DATE, TIME} else column_of(written)
    if not column:
        raise StartError(f"{said}: there is no column '{written}'. The columns are {', '.join(COLUMNS)}.")
    return column


def count_known(cells: Sequence[object]) -> int:
    """Return how many cells of a line are headings that are understood; one alone counts only as we write it."""
    texts = [cell for cell in cells if cell and isinstance(cell, str) and len(cell) < LONGEST_HEADING][:COUNTED]
    if any(DATE_LIKE.search(text) for text in texts):
        return 0
    kinds = [meaning_of(text).kind for text in texts]
    known = sum(kind not in {Kind.NONE, Kind.ASK} for kind in kinds)
    return known if known > 1 else kinds.count(Kind.OURS)


def row_test(headings: Sequence[str]) -> Callable[[Sequence[str]], bool]:
    """Return the test for a line that is surely a row under these headings: its channel cell names channels."""
    place = next((at for at, heading in enumerate(headings) if meaning_of(heading).column == "channel"), None)

    def is_row(cells: Sequence[str]) -> bool:
        if place is None or place >= len(cells) or not cells[place].strip():
            return False
        return all(channel_named(name) for name in cells[place].split(","))

    return is_row


def match_headings(
    names: Sequence[str],
    *,
    where: str,
    texts: Texts = lambda place: ("x",),
    choices: HeadingChoices = NO_CHOICES,
    foreign: ForeignColumns | None = None,
) -> Headings:
    """Find our columns; `where` names the file and sheet for messages, `texts` gives a column's cells.

    With `foreign` the sheet was made for another scheduler, whose layout has named columns of ours already. Raises
    SheetError with all that is wrong.
    """
    matching = _Matching(tuple(names), texts, choices, foreign)
    matching.take_choices()
    matching.take_ours()
    matching.take_words()
    matching.ask_about_doubts()
    matching.refuse_slips()
    matching.stop_at_states()
    if "channel" not in matching.columns:
        matching.problems.append(NO_CHANNEL)
    problems, asked, told = matching.problems, "", matching.notices
    if len(problems) > 1:
        asked = f"{len(problems)} questions about the headings."
        told = [*(f"  - {problem[0].upper()}{problem[1:]}" for problem in problems), *told]
    if problems:
        renames = matching.renames if len(matching.renames) == len(problems) else ()
        raise SheetError(f"{where}: {asked or problems[0]}", details=told, renames=renames)
    return matching.headings()


@dataclass(slots=True)
class _Matching:
    """The headings of one sheet while they are matched; `free` are the places of which nothing is decided yet."""

    names: tuple[str, ...]
    texts: Texts
    choices: HeadingChoices
    foreign: ForeignColumns | None
    free: dict[int, Meaning] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    renames: list[tuple[int, str, str, str]] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    others: list[int] = field(default_factory=list)
    not_carried: dict[int, str] = field(default_factory=dict)
    sources: dict[str, tuple[int, ...]] = field(default_factory=dict)
    lacks_date: bool = False

    def __post_init__(self) -> None:
        """Leave out what counts for nothing here: in a results sheet of ours, what it tells of each post."""
        plain = [plain_heading(name) for name in self.names]
        alone = set(ADDED_HEADINGS)
        if TO_FIX_MARKS.issubset(plain):
            alone.add("row")
        if RESULT_MARKS.issubset(plain):
            alone |= (RESULT_HEADINGS - OURS.keys()) | {"link"}
        self.free = {at: meaning_of(name) for at, name in enumerate(self.names) if name and plain[at] not in alone}

    def take_choices(self) -> None:
        """Follow --ignore and --map, then the configuration where its headings are there, then another's layout."""
        for heading in dict.fromkeys(self.choices.ignored):
            self._pass_over(self._named(_option("ignore", heading), heading))
        wanted: dict[str, list[int]] = {}
        for column, heading in self.choices.mapped:
            places = self._named(f"--map {column}={heading}", heading)
            if len(places) > 1:
                self.problems.append(f"--map {column}={heading}: {self._tell_twice(places)}")
            elif places:
                wanted.setdefault(column, []).extend(places)
        for column, heading in self.choices.configured:
            if column not in wanted and len(places := self._places_of(heading)) == 1:
                wanted[column] = list(places)
        halves = [place for half in (DATE, TIME) for place in wanted.get(half, ())[:1]]
        self.lacks_date = TIME in wanted and DATE not in wanted
        if halves:
            self._read("publish_at", halves)
        for column, own in wanted.items():
            if len(own) > 1 and column not in {DATE, TIME} and column.partition(":")[0] not in SEVERAL_CELLS:
                self.problems.append(f"--map names {column} more than once. Name one heading for it.")
            if column not in {DATE, TIME}:
                self._read(column, own)
        if self.foreign:
            self._take_foreign(self.foreign)

    def _named(self, option: str, heading: str) -> tuple[int, ...]:
        """Return the places of the heading that an option names; that it is not there is a problem."""
        places = self._places_of(heading)
        if not places:
            added = self.foreign.ours["channel"] if self.foreign and self.foreign.flags is not None else ()
            told = (self._quoted(place) for place, name in enumerate(self.names) if name and place not in added)
            self.problems.append(f"{option}: no heading is called that. The headings are {', '.join(told)}.")
        return places

    def _places_of(self, heading: str) -> tuple[int, ...]:
        exact = tuple(place for place in self.free if self.names[place] == heading)
        return exact or tuple(p for p in self.free if plain_heading(self.names[p]) == plain_heading(heading))

    def _pass_over(self, places: Iterable[int]) -> None:
        for place in places:
            del self.free[place]
            self.others.append(place)

    def _ask(self, places: Iterable[int], problem: str) -> None:
        for place in places:
            del self.free[place]
        self.problems.append(problem)

    def _take_foreign(self, foreign: ForeignColumns) -> None:
        """Take our columns where another scheduler has them, unless the person has named others."""
        for column, places in foreign.ours.items():
            free = [place for place in places if place in self.free]
            if column not in self.columns and free:
                several = column == "publish_at" or column.partition(":")[0] in SEVERAL_CELLS
                self._read(column, free if several else free[:1], told=False)
        if foreign.flags is not None and "channel" in self.columns:
            self.sources["channel"] = foreign.flags
        self._pass_over(place for place in foreign.idle if place in self.free)
        for place in foreign.used:
            self.free.pop(place, None)

    def take_ours(self) -> None:
        """Take what is written as we write it; a name twice and a channel that is unknown are problems."""
        places = {plain_heading(name): name for name in reversed(self.choices.places)}
        for place, meaning in list(self.free.items()):
            written, colon, whose = self.names[place].partition(":")
            base, name = OURS.get(plain_heading(written), ""), places.get(plain_heading(whose))
            if meaning.kind is Kind.OURS:
                self._take_own(place, meaning.columns[0])
            elif colon and name and base in PLACE_COLUMNS:
                self._take_own(place, f"{base}:{name}")
            elif colon and base:
                self._ask([place], self._tell_channel(place, base))

    def _take_own(self, place: int, column: str) -> None:
        if column == "asset" and not {"generate", "prompt"} & {meaning_of(name).column for name in self.names}:
            self.free[place] = Meaning(Kind.ASK, ("media", "asset"))
        elif column not in self.columns:
            del self.free[place]
            self.columns[column] = place
        elif column in dict((*self.choices.mapped, *self.choices.configured)):
            self._pass_over([place])
        else:
            self._ask([place], self._tell_twice((self.columns[column], place)))

    def take_words(self) -> None:
        """Read each column that is missing from the one heading that means it."""
        fits: dict[str, list[int]] = {}
        for place, meaning in self.free.items():
            if meaning.kind is Kind.READ:
                fits.setdefault(meaning.column, []).append(place)
        self._take_moment(fits)
        for column, places in fits.items():
            if column not in self.columns:
                places = self._filled(places) or places[:1]
                words = {"".join(c for c in plain_heading(self.names[p]) if not c.isdigit()) for p in places}
                if len(places) == 1 or (column.partition(":")[0] in SEVERAL_CELLS and len(words) == 1):
                    self._read(column, places)
                else:
                    self._ask_which(column, places)

    def _take_moment(self, fits: dict[str, list[int]]) -> None:
        """Take `date` and `time`, or whatever column holds both, as `publish_at`."""
        times = self._filled(fits.pop(TIME, []))
        dates = self._filled(fits.pop(DATE, [])) + self._filled(fits.pop("publish_at", []))
        if self.lacks_date and len(dates) == 1:
            self._read("publish_at", [*dates, self.columns["publish_at"]])
        elif "publish_at" not in self.columns:
            self.lacks_date = bool(times) and not dates
            if len(dates) < 2 and len(times) < 2 and dates + times:
                self._read("publish_at", dates + times)
            elif dates + times:
                self._ask_which("publish_at" if len(dates) > 1 else TIME, dates if len(dates) > 1 else times)
        elif len(times) == 1 and not dates and not any(":" in text for text in self.texts(self.columns["publish_at"])):
            self._read("publish_at", [self.columns["publish_at"], *times])

    def _take_fit(self, column: str, places: Sequence[int]) -> None:
        numbered = len({"".join(c for c in plain_heading(self.names[p]) if not c.isdigit()) for p in places}) == 1
        if len(places) == 1 or (column.partition(":")[0] in SEVERAL_CELLS and numbered):
            self._read(column, places)
        else:
            self._ask_which(column, places)

    def _read(self, column: str, places: Sequence[int], *, told: bool = True) -> None:
        self.columns[column] = places[0]
        if len(places) > 1:
            self.sources[column] = tuple(places)
        for place in places:
            self.free.pop(place, None)
        if told:
            self.notices.append(f"Read {listed((self._quoted(place) for place in places), last='and')} as {column}.")

    def _ask_which(self, column: str, places: Sequence[int]) -> None:
        if len({plain_heading(self.names[place]) for place in places}) < len(places):
            self._ask(places, self._tell_twice(places))
            return
        named = listed((self._quoted(place) for place in places), last="and")
        could = "could both" if len(places) == 2 else "could each"
        example = _option("map", f"{column}={self.names[places[0]]}")
        self._ask(places, f"{named} {could} be {column}. Choose one, as in {example}.")
        self.columns.setdefault("publish_at" if column == TIME else column, places[0])

    def ask_about_doubts(self) -> None:
        """Ask about a filled column that may be one of ours which is missing."""
        for place, meaning in list(self.free.items()):
            asked = meaning.kind is Kind.ASK and bool(self._filled([place]))
            if columns := [column for column in meaning.columns if asked and self._is_open(column)]:
                ours = DATE if columns[0] == "publish_at" and self.lacks_date else columns[0]
                use, leave = _option("map", f"{ours}={self.names[place]}"), _option("ignore", self.names[place])
                why = f" ({meaning.why})" if meaning.why else ""
                told = f"{self._quoted(place)} could be {listed(columns)}{why}. Use it with"
                self._ask([place], f"{told} {use}, or leave it out with {leave}.")

    def _is_open(self, column: str) -> bool:
        base = "publish_at" if column in {DATE, TIME} else column
        if base == "publish_at" and column != TIME and self.lacks_date:
            return True
        if base in (self.sources if column == TIME else self.columns):
            return False
        channel, place = ONLY_FOR.get(base), self.columns.get("channel")
        texts = set(self.texts(place)) if channel and place is not None else ()
        return channel is None or any(channel_named(part) == channel for text in texts for part in text.split(","))

    def refuse_slips(self) -> None:
        """Refuse a heading that is nearly that of a column which is missing."""
        missing = [column for column in COLUMNS if column not in self.columns]
        for place, meaning in list(self.free.items()):
            name = self.names[place]
            if meaning.kind is Kind.NONE and (slip := vocabulary().slip_of(name, missing)):
                word, column = slip
                self.columns.setdefault(column, place)
                self.renames.append((place, name, column, word))
                like = column if word == column else f"'{word}' ({column})"
                told = (
                    f"{self._quoted(place)} (column {column_letters(place)}) looks like {like}. Rename it, use it with"
                )
                use, leave = _option("map", f"{column}={name}"), _option("ignore", name)
                self._ask([place], f"{told} {use}, or leave it out with {leave}.")

    def stop_at_states(self) -> None:
        """Ask what a column that says how far each row is means for this run; note what can't be carried."""
        chosen = set(map(plain_heading, self.choices.chosen))
        for place, meaning in list(self.free.items()):
            if meaning.kind is Kind.CANNOT and self._filled([place]):
                del self.free[place]
                self.not_carried[place] = meaning.why
                continue
            if meaning.kind is not Kind.STATUS or plain_heading(self.names[place]) in chosen:
                continue
            if states := Counter(text for text in self.texts(place) if text.casefold() not in EMPTY_WORDS):
                shown = [f"{shorten(state, limit=24)} ({count})" for state, count in states.items()][:MAX_STATES]
                if len(states) > MAX_STATES:
                    shown.append(f"{len(states) - MAX_STATES} more")
                ready = [state for state in states if plain_heading(state) in vocabulary().lists["ready"]] or [*states]
                only = _option("only", f"{self.names[place]}={shorten(ready[0], limit=24)}")
                told = (
                    f"{self._quoted(place)} shows how far each post is: {', '.join(shown)}. Choose the rows to post, as"
                )
                leave = _option("ignore", self.names[place])
                self._ask([place], f"{told} in {only}, or leave the column out with {leave}.")

    def headings(self) -> Headings:
        """Return what was found, with one sentence on the columns that are left over."""
        self.others += [place for place in self.free if self.free[place].kind is not Kind.OURS]
        chosen = set(map(plain_heading, self.choices.chosen))
        left = [place for place in sorted(self.others) if plain_heading(self.names[place]) not in chosen]
        if ignored := list(map(self._quoted, left)):
            what, are = ("Columns", "are") if len(ignored) > 1 else ("Column", "is")
            self.notices.append(f"{what} {listed(ignored, last='and')} {are} ignored (kept in the results).")
        return Headings(self.names, self.columns, tuple(self.notices), self.not_carried, self.sources)

    def _filled(self, places: Sequence[int]) -> list[int]:
        return [place for place in places if any(text for text in self.texts(place))]

    def _quoted(self, place: int) -> str:
        return f"'{shorten(self.names[place], limit=40)}'"

    def _tell_twice(self, places: Sequence[int]) -> str:
        where = listed((column_letters(place) for place in places), last="and")
        times = "twice" if len(places) == 2 else f"{len(places)} times"
        told = f"{self._quoted(places[-1])} is there {times} (columns {where})."
        return f"{told} Keep one and rename or delete the other{'s' if len(places) > 2 else ''}."

    def _tell_channel(self, place: int, base: str) -> str:
        told = f"{self._quoted(place)} (column {column_letters(place)})"
        if base not in CHANNEL_COLUMNS:
            return f"{told} can't be for one channel; only {listed(CHANNEL_COLUMNS, last='and')} can."
        if named := self.choices.places[:1]:
            told = f"{told} names neither a channel nor a place that is known"
            return f"{told}. Write it as {base}:INSTAGRAM or {base}:{named[0]}."
        return f"{told} names no channel that is known. Write it as {base}:INSTAGRAM."


def _option(name: str, value: str) -> str:
    return f"--{name} {shell_join([value])}"


def join_cells(rows: Iterable[RawRow], joins: Mapping[str, Sequence[int]]) -> Iterator[RawRow]:
    """Yield each row with the cells that make one column of ours together in the first of their places."""
    for row in rows:
        cells = list(row.cells)
        for column, places in joins.items():
            raws = [cells[place] if place < len(cells) else "" for place in places]
            if column == "publish_at":
                joined = join_moment(*raws)
            else:  # several cells as one of several lines, each entry once
                lines = [line.strip() for raw in raws if isinstance(raw, str) for line in raw.splitlines()]
                odd = next((raw for raw in raws if not isinstance(raw, str)), None)
                joined = odd or "\n".join(dict.fromkeys(filter(None, lines)))
            if joined != raws[0]:
                cells += [""] * (places[0] + 1 - len(cells))
                cells[places[0]] = joined
        yield row._replace(cells=cells)


def join_moment(date: RawCell, time: RawCell) -> RawCell:
    """Return a date and a time of day as one moment, or as one text where either is text; nothing is left out."""
    if time == "" or isinstance(date, CellError):
        return date
    if date == "" or isinstance(time, CellError):
        return time
    clock = text_of(time).strip()
    if isinstance(time, Moment) and time.at.year < 1905:
        if isinstance(date, Moment) and not date.has_time:
            at = date.at.replace(hour=time.at.hour, minute=time.at.minute, second=time.at.second)
            return Moment(at, has_time=True)
        clock = time.at.strftime("%H:%M:%S" if time.at.second else "%H:%M")
    day = text_of(date) if not isinstance(date, Moment) or date.has_time else date.at.strftime("%Y-%m-%d")
    said_already = re.search(rf"(?<![\d:]){re.escape(clock)}(:00)?$", day)
    return date if said_already else f"{day} {clock}"


@dataclass(frozen=True, slots=True)
class Table:
    """Headings, the rows under them, row 1; `foreign` is what another layout tells, `hints` whose it may be."""

    names: tuple[str, ...]
    rows: list[RawRow]
    first: RawRow
    notices: tuple[str, ...] = ()
    issues: tuple[Issue, ...] = ()
    foreign: ForeignColumns | None = None
    hints: tuple[str, ...] = ()

    @classmethod
    def split(cls, grid: RawSheet, *, where: str, headed: bool = True) -> Self:
        """Divide a grid at its headings: the first of 20 rows with two that are known, else (or not `headed`) row 1."""
        if not grid.rows:
            raise SheetError(f"{where} is empty: fill in a sheet made by 'postbatch template'.")
        first = grid.rows[0] if grid.rows[0].number == 1 else RawRow(1, ())
        near = [row for row in grid.rows[:HEADINGS_WITHIN] if row.number <= HEADINGS_WITHIN] if headed else []
        at = next((at for at, row in enumerate(near) if count_known(read_names(row.cells)) > 1), None)
        if at is None:
            rows = grid.rows[1:] if grid.rows[0].number == 1 else grid.rows
            return cls(read_names(first.cells), rows, first)
        head = grid.rows[at]
        above = list(range(1, head.number))
        said = (f"The headings are in row {head.number}. Not read: {list_rows(above)} above them.",) if above else ()
        return cls(read_names(head.cells), grid.rows[at + 1 :], head, notices=said)


def read_names(cells: Sequence[RawCell]) -> tuple[str, ...]:
    """Return the cells of a heading row as text, without the blank ones at its end."""
    names = [" ".join(text_of(cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def texts_of(rows: Iterable[RawRow], place: int) -> Iterator[str]:
    """Yield the cells of a column as text, blank ones left out."""
    for row in rows:
        if place < len(row.cells) and (raw := row.cells[place]) != "" and (text := text_of(raw).strip()):
            yield text


def text_of(cell: RawCell) -> str:
    """Return a cell as text, a date as ISO 8601."""
    if isinstance(cell, str):
        return clean_text(cell, keep_zero_width=False)[0]
    if isinstance(cell, Number):
        return write_number(cell)
    if isinstance(cell, Moment):
        return cell.at.isoformat(" ")
    return cell.seen if isinstance(cell, CellError) else ""
