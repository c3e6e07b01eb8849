"""Reads a sheet made for another scheduler as it stands there, by the scheduler's layout in `mappings.toml`.

Nothing moves: a column of ours is read in the place of theirs, so that every message names the file's own cells. What
is read is said column by column before anything runs. Most such sheets don't name a channel, since it was chosen when
they were uploaded: then an empty `channel` column is added and asked for. What decides where, what or when a post goes
out and has no place in ours is an error of its cell and never dropped.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any, NamedTuple, Self, TypeVar

from batch.errors import SheetError
from batch.model import Channel, Issue, PostType, Severity
from batch.rules.channel_words import channel_named, read_type
from batch.rules.date_text import NO_TIME, DateFlaw, DateText, Unread, read_date_text
from batch.rules.text import read_yes_no
from batch.sheets.cells import Moment, RawCell, RawRow
from batch.sheets.headings import NOT_CARRIED, ForeignColumns, HeadingChoices, Table, count_known, text_of
from batch.sheets.vocabulary import DATE, TIME, Kind, column_of, meaning_of, plain_heading
from batch.times import show_clock
from batch.wording import cell_address, listed, shell_join, shorten

Told = TypeVar("Told")
Rows = Sequence[RawRow]

DRAFT = "draft"
"""What `columns` call a column of theirs that tells by yes or no whether a post stays a draft."""
NUMBERS = re.compile(r"\s*(\d{1,2})[-/. ]{1,3}(\d{1,2})[-/. ]{1,3}\d{2,4}\b")
"""The beginning of a date in numbers, the year last."""

REMEDIES = {
    "where": "Name it in a column 'account' and run with {ignore}.",
    "what": "Clear the cell, or go on without it with {ignore}.",
    "when": "Write the date and time instead, or go on without it with {ignore}.",
}
"""What to do about a filled column that decides something and can't be carried, by what it decides."""


class NotCarried(NamedTuple):
    """What a column of theirs decides: its kind (a key of `REMEDIES`), in words, and the one channel it is for."""

    kind: str
    what: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Scheduler:
    """How one scheduler lays out its sheets; the fields are explained in `mappings.toml`."""

    name: str
    title: str
    source: str
    read: str
    signature: frozenset[str]
    columns: dict[str, str]
    flags: dict[str, str]
    types: Mapping[str, str]
    decides: Mapping[str, NotCarried]
    lost: Mapping[str, str]
    idle: frozenset[str]
    usual: Sequence[str] = ()
    positions: tuple[tuple[str, ...], ...] = ()
    order: str = ""
    separator: str = ""
    line_break: str = ""
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def from_table(cls, name: str, table: Mapping[str, Any]) -> Self:
        """Make one of its table in the data file, its headings as they are matched."""
        made = dict(table)
        for part in ("columns", "flags", "types", "decides", "lost"):
            made[part] = {heading_key(heading): told for heading, told in table.get(part, {}).items()}
        for part in ("signature", "idle"):
            made[part] = frozenset(map(heading_key, table.get(part, ())))
        made["decides"] = {heading: NotCarried(*told) for heading, told in made["decides"].items()}
        made["positions"] = tuple(map(tuple, table.get("positions", ())))
        return cls(name=name, **made)

    def find(self, part: Mapping[str, Told], heading: str) -> Told | None:
        """Return what a part of the layout says of a heading; a number at its end counts only where it is named."""
        key = heading_key(heading)
        return part.get(key, part.get(key.rstrip("0123456789")))


@cache
def schedulers() -> Mapping[str, Scheduler]:
    """Return the known layouts by the name that `--from` takes."""
    table = tomllib.loads(files("batch.sheets").joinpath("mappings.toml").read_text(encoding="utf-8"))
    return {name: Scheduler.from_table(name, entry) for name, entry in table.items()}


def heading_key(heading: str) -> str:
    """Return what a heading of theirs is matched by: letters and digits, without an explanation behind it."""
    return re.sub(r"[\W_]+", "", re.split(r" - | \((?!s\))", heading)[0].casefold())


def recognise(headings: Sequence[str]) -> list[str]:
    """Return the schedulers for which a sheet with these headings may have been made, the likeliest first."""
    keys = {heading_key(heading) for heading in headings}
    found = [scheduler for scheduler in schedulers().values() if scheduler.signature and keys >= scheduler.signature]
    return [scheduler.name for scheduler in sorted(found, key=lambda one: -len(keys & one.columns.keys()))]


def count_headings(cells: Sequence[str]) -> int:
    """Return how many cells are headings of ours or, where none is, of the scheduler whose sheet this looks like."""
    if known := count_known(cells):
        return known
    found = recognise(cells)
    return sum(1 for cell in cells if heading_key(cell) in schedulers()[found[0]].columns) if found else 0


def propose_scheduler(table: Table, choices: HeadingChoices, *, where: str) -> Table:
    """Return the table, with a hint where it may be another scheduler's; SheetError where its headings say so."""
    meanings = {name: meaning_of(name) for name in table.names}
    ours = {told.column for told in meanings.values()} | dict((*choices.mapped, *choices.configured)).keys()
    if "channel" in ours and (choices.mapped or all(map(column_of, table.names))):
        return table
    found = recognise(table.names)
    unread = {heading_key(name) for name, told in meanings.items() if told.kind is Kind.NONE}
    sure = [name for name in found if "channel" not in ours or not unread.isdisjoint(schedulers()[name].columns)]
    titles = " or ".join(schedulers()[name].title for name in sure or found)
    options = " or ".join(f"--from {name}" for name in sure or found)
    if sure:
        raise SheetError(f"{where} looks like a sheet made for {titles}. Use {options} to read it as one.")
    if found:
        return replace(table, hints=(f"If this sheet was made for {titles}, use {options}.",))
    if "channel" not in ours and any(_is_date(cell) for cell in table.first.cells):
        known = ", ".join(f"--from {name}" for name, scheduler in schedulers().items() if scheduler.positions)
        raise SheetError(
            f"{where} has no headings; row 1 is a post. Put the headings above it or, if the sheet was made for "
            f"another scheduler, name it ({known})."
        )
    return table


def _is_date(cell: RawCell) -> bool:
    if not isinstance(cell, str):
        return isinstance(cell, Moment)
    read = read_date_text(cell.strip())
    return isinstance(read, DateText) or bool(read.walls or read.day)


class DayOrder(NamedTuple):
    """What a file proves of its order of day and month, and the row that proves it; row 0 where its scheduler says."""

    month_first: bool
    row: int = 0
    seen: str = ""

    @classmethod
    def proved_by(cls, written: Sequence[tuple[int, str]]) -> Self | None:
        """Return the order that dates (row, text) of one file prove, None where none or both are proved."""
        proofs: dict[bool, Self] = {}
        for row, text in written:
            if (numbers := NUMBERS.match(text)) and (int(numbers[1]) > 12) != (int(numbers[2]) > 12):
                month_first = int(numbers[2]) > 12
                proofs.setdefault(month_first, cls(month_first, row, text.strip()))
        return next(iter(proofs.values())) if len(proofs) == 1 else None

    def settle(self, text: str) -> str:
        """Return a date whose order of day and month alone is in doubt as ISO text, any other as it is written."""
        read, numbers = read_date_text(text.strip()), NUMBERS.match(text)
        if not isinstance(read, Unread) or read.flaw is not DateFlaw.ORDER or not numbers or read.offset is not None:
            return text
        wall = next((w for w in read.walls if (w.month if self.month_first else w.day) == int(numbers[1])), None)
        if wall is None:
            return text
        return f"{wall:%Y-%m-%d}" if read.about == NO_TIME else f"{show_clock(wall)} {read.zone}".strip()


def apply_mapping(table: Table, name: str | None, choices: HeadingChoices, *, where: str) -> Table:
    """Return the table with our columns placed and cells written our way, as it is without a name."""
    if name is None:
        return propose_scheduler(table, choices, where=where)
    scheduler = schedulers().get(name)
    if scheduler is None:
        raise SheetError(f"No sheets of '{name}' are known. Use --from with one of {', '.join(schedulers())}.")
    names, rows = _give_headings(table, scheduler, where=where)
    sheet = ForeignSheet(scheduler, names, choices, rows=rows, headless=len(rows) > len(table.rows))
    mapped = [sheet.convert(row) for row in rows]
    if sheet.adds_channel:
        names = (*names, *[""] * (sheet.width - len(names)), "channel")
    notices = (*table.notices, *sheet.notices())
    issues, foreign = tuple(sheet.issues), sheet.columns()
    return replace(table, names=names, rows=mapped, notices=notices, issues=issues, foreign=foreign)


def _give_headings(table: Table, scheduler: Scheduler, *, where: str) -> tuple[tuple[str, ...], Sequence[RawRow]]:
    """Return the sheet's own headings, or the layout's where the sheet starts with a post."""
    known = [name for name in table.names if scheduler.find(scheduler.columns, name)]
    if len(known) > 1 or (known and not scheduler.positions):
        return table.names, table.rows
    if (others := recognise(table.names)) and scheduler.name not in others:
        propose_scheduler(table, HeadingChoices(), where=where)
    if not scheduler.positions or not table.first.cells:
        raise SheetError(
            f"{where} has none of the headings of a {scheduler.title} sheet. Leave out --from, or name the scheduler "
            "that it is from."
        )
    rows = [table.first, *table.rows]
    for positions in scheduler.positions:  # one with a channel fits only where its cells name channels
        at = next((at for at, name in enumerate(positions) if scheduler.find(scheduler.columns, name) == "channel"), -1)
        written = [text_of(row.cells[at]) for row in rows if at < len(row.cells)] if at >= 0 else []
        named = [part.strip() for text in written for part in re.split("[,;/|]", text) if part.strip()]
        if at < 0 or (named and all(map(channel_named, named))):
            return positions, rows
    return scheduler.positions[-1], rows


class ForeignSheet:
    """A sheet of another scheduler while it is read: the places of its columns, and what is wrong with its cells."""

    def __init__(
        self, scheduler: Scheduler, names: Sequence[str], choices: HeadingChoices, *, rows: Rows, headless: bool
    ) -> None:
        self.issues: list[Issue] = []
        self.width = max(len(names), *(len(row.cells) for row in rows), 0)
        self._scheduler, self._names, self._headless = scheduler, names, headless
        passed = {plain_heading(heading) for heading in (*choices.ignored, *(name for _, name in choices.mapped))}
        asked = {at: name for at, name in enumerate(names) if plain_heading(name) not in passed}
        others = (name for name in asked.values() if scheduler.find(scheduler.columns | scheduler.flags, name) is None)
        own_channel = "channel" in {*dict(choices.mapped), *(meaning_of(name).column for name in others)}

        def places(part: Mapping[str, Told]) -> dict[int, Told]:
            return {at: told for at, name in asked.items() if (told := scheduler.find(part, name)) is not None}

        self._flags = {} if own_channel else places(scheduler.flags)
        self._types = {channel: at for at, channel in places(scheduler.types).items()}
        self._decides = places(scheduler.decides)
        if not self._flags:  # no channel to put a type beside
            self._decides |= {at: NotCarried("what", "the type of post") for at in self._types.values()}
        self._lost = places(scheduler.lost)
        self._idle = {at for at, name in asked.items() if heading_key(name) in scheduler.idle}
        self._ours: dict[str, list[int]] = {}
        for at, column in places(scheduler.columns).items():
            if at not in self._flags:
                self._ours.setdefault(column, []).append(at)
        self.adds_channel = not own_channel and "channel" not in self._ours
        self._dates = [*self._ours.get(DATE, ()), *self._ours.get("publish_at", ())]
        # The order of day and month: the scheduler's own or the file's; where they differ, the dates are asked about
        proved = DayOrder.proved_by([(row.number, self._text(row, at)) for row in rows for at in self._dates[:1]])
        declared = DayOrder(scheduler.order == "month first") if scheduler.order else None
        differs = proved and declared and proved.month_first != declared.month_first
        self._order, self._settled = None if differs else proved or declared, False

    def _text(self, row: RawRow, at: int) -> str:
        return text_of(row.cells[at]).strip() if at < len(row.cells) else ""

    def convert(self, row: RawRow) -> RawRow:
        """Return a row with its cells written our way, each in its place; notes what is wrong with them."""
        cells = list(row.cells)
        beyond = cells[len(self._names) :]
        if self._headless and any(cell != "" for cell in beyond):
            message = (
                f"Row {row.number} has {len(cells)} cells, but a sheet made for {self._scheduler.title} has "
                f"{len(self._names)} columns. Put quotation marks round a text that holds the separator."
            )
            seen = shorten(" | ".join(map(text_of, beyond)))
            self.issues.append(Issue(row.number, "", "too_many_cells", seen, message))
        cells += [""] * (self.width - len(cells))
        for column, places in self._ours.items():
            for at in places:
                if column == DRAFT:
                    cells[at] = "draft" if self._says_yes(row, at, "action") else ""
                elif isinstance(cell := cells[at], str):
                    cells[at] = self._write(column, cell, is_date=at in self._dates)
        named = self._read_flags(row)
        if self.adds_channel:
            cells.append(", ".join(named))
        self._note_not_carried(row, {name.partition(" ")[0] for name in named} if self._flags else set(Channel))
        return row._replace(cells=cells)

    def _write(self, column: str, cell: str, *, is_date: bool) -> str:
        scheduler = self._scheduler
        if is_date and self._order:
            written = self._order.settle(cell)
            self._settled = self._settled or written != cell
            return written
        if column == "media" and scheduler.separator:
            parts = re.split(rf"\s*{re.escape(scheduler.separator)}\s*(?=https?://)", cell)
            return "\n".join(part.strip() for part in parts if part.strip())
        if column.startswith("text") and scheduler.line_break:
            return cell.replace(scheduler.line_break, "\n")
        return scheduler.values.get(column, {}).get(cell.strip().casefold(), cell)

    def _says_yes(self, row: RawRow, at: int, column: str) -> bool:
        """Read a yes/no cell; one that holds neither is an error, since a post must not go out by a guess."""
        said = read_yes_no(text := self._text(row, at))
        if said is None:
            message = f"'{self._names[at]}' is “{shorten(text)}”, which is neither yes nor no. Write TRUE or FALSE."
            self._note(row, at, "yes_no_unknown", message, column=column)
        return bool(said)

    def _note(
        self, row: RawRow, at: int, code: str, message: str, column: str = "", severity: Severity = Severity.ERROR
    ) -> None:
        seen, cell = shorten(self._text(row, at)), cell_address(row.number, at)
        self.issues.append(Issue(row.number, column or self._names[at], code, seen, message, severity, cell))

    def _read_flags(self, row: RawRow) -> list[str]:
        """Return the channels for which a row says yes, each with the type of post that a column of its own names."""
        named: dict[str, None] = {}
        before = len(self.issues)
        for at, channel in self._flags.items():
            if not self._says_yes(row, at, "channel"):
                continue
            if channel not in Channel.__members__:
                message = (
                    f"'{self._names[at]}' is {self._text(row, at)}, but no posts can be sent there. Write FALSE, or go "
                    f"on without it with {self._ignore(at)}."
                )
                self._note(row, at, "channel_unknown", message, column="channel")
                continue
            kind = self._read_kind(row, channel)
            named[f"{channel} {kind}" if kind else channel] = None
        if self._flags and not named and len(self.issues) == before and any(cell != "" for cell in row.cells):
            columns = listed(f"'{self._names[at]}'" for at, told in self._flags.items() if told in Channel.__members__)
            message = f"No channel is chosen. Write TRUE under {columns}."
            self._note(row, next(iter(self._flags)), "channel_missing", message, column="channel")
        return list(named)

    def _read_kind(self, row: RawRow, channel: str) -> PostType | None:
        """Return the type of post that a column of the channel's own names, None where it says nothing of its own."""
        at = self._types.get(channel, len(row.cells))
        if (word := self._text(row, at)).casefold() in self._scheduler.usual:
            return None
        kind, wrong = read_type(word)
        if wrong:
            message = (
                f"'{self._names[at]}' is “{shorten(word)}”, which can't be carried over from {self._scheduler.title}. "
                f"Write POST, STORY, REEL, VIDEO or SHORT, or go on without it with {self._ignore(at)}."
            )
            self._note(row, at, "not_mapped", message)
        return kind

    def _note_not_carried(self, row: RawRow, channels: Collection[str]) -> None:
        """Note each filled cell that decides something, or adds something, which can't be carried."""
        for at, (kind, what, channel) in self._decides.items():
            if self._is_filled(row, at) and (not channel or channel in channels):
                message = (
                    f"'{self._names[at]}' holds {what} (“{shorten(self._text(row, at))}”), which can't be carried over "
                    f"from {self._scheduler.title}. {REMEDIES[kind].format(ignore=self._ignore(at))}"
                )
                self._note(row, at, "not_mapped", message)
        for at, what in self._lost.items():
            if self._is_filled(row, at):
                self._note(row, at, "not_carried", NOT_CARRIED.format(what=what), severity=Severity.WARNING)

    def _is_filled(self, row: RawRow, at: int) -> bool:
        text = self._text(row, at)
        return read_yes_no(text) is not False and text.casefold() not in self._scheduler.usual

    def _ignore(self, at: int) -> str:
        return f"--ignore {shell_join([self._names[at]])}"

    def columns(self) -> ForeignColumns:
        """Return the places of our columns, for the headings to be matched by."""
        ours = {column: tuple(places) for column, places in self._ours.items() if column not in {DATE, TIME, DRAFT}}
        ours["publish_at"] = (*self._dates[:1], *self._ours.get(TIME, ())[:1])
        ours.setdefault("action", tuple(self._ours.get(DRAFT, ())))
        if self.adds_channel:
            ours["channel"] = (self.width,)
        used = frozenset((*self._flags, *self._types.values(), *self._decides, *self._lost))
        return ForeignColumns(ours, used, frozenset(self._idle), tuple(self._flags) if self.adds_channel else None)

    def notices(self) -> Iterator[str]:
        """Yield what was read as what, by which order of dates, and that a channel is asked for."""
        title = self._scheduler.title
        named = {DATE: "publish_at", TIME: "publish_at", DRAFT: "action"}
        pairs = [(at, named.get(column, column)) for column, places in self._ours.items() for at in places]
        pairs += [(at, "channel") for at in self._flags] + [(at, "type") for at in self._types.values()]
        told = ", ".join(f"'{self._names[at]}' -> {column}" for at, column in sorted(pairs))
        yield f"Read as a sheet made for {title}: {told}."
        if self._order and (self._settled or self._order.row):
            why = f"row {self._order.row} ({self._order.seen}) shows" if self._order.row else f"{title} writes them"
            yield f"Its dates were read with the {'month' if self._order.month_first else 'day'} first, as {why}."
        if self.adds_channel and not self._flags:
            where = "add a column 'channel' and fill it in"
            if self._headless:
                first = ", ".join((*self._names, "channel"))
                where = f"put a first row of headings above it, {first}, and fill in the last column"
            yield f"A {title} sheet does not name the channel of a post: {where}."
