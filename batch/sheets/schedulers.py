"""Turns a sheet made for another scheduler into one with our columns, by its layout in `mappings.toml`.

What is mapped is said column by column before anything runs. Such sheets mostly do not name a channel, since it was
chosen when they were uploaded: then an empty `channel` column is added and asked for. What a row says about its post
and has no place in ours is an error of that row and never dropped.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any, NamedTuple

from batch.errors import SheetError
from batch.rules.yes_no import read_yes_no
from batch.sheets.cells import Moment, Number, RawCell, RawRow, RowFlaw
from batch.sheets.clean import write_number
from batch.sheets.headings import Table
from batch.sheets.vocabulary import column_of
from batch.wording import shorten

DATE_LIKE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\s*[A-Za-z]{3} \d{1,2}, \d{4}\b")


@dataclass(frozen=True, slots=True)
class SchedulerSheet:
    """How one scheduler lays out its sheets; the fields are explained in `mappings.toml`."""

    name: str
    title: str
    source: str
    read: str
    signature: frozenset[str]
    positions: tuple[str, ...]
    dates: tuple[str, ...]
    separator: str
    columns: Mapping[str, str]
    day_order: str = "fixed"
    drafts: str = ""
    line_break: str = ""
    unmapped: frozenset[str] = frozenset()
    usual: frozenset[str] = frozenset()
    flags: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@cache
def scheduler_sheets() -> Mapping[str, SchedulerSheet]:
    """Return the known layouts by the name that `--from` takes."""
    table = tomllib.loads(files("batch.sheets").joinpath("mappings.toml").read_text(encoding="utf-8"))
    return {name: _make_layout(name, entry) for name, entry in table.items()}


def heading_key(heading: str) -> str:
    """Return what a heading of theirs is matched by: letters and digits, without an explanation after ` - `."""
    return re.sub(r"[\W_]+", "", heading.partition(" - ")[0].casefold())


def recognise(headings: Sequence[str]) -> list[str]:
    """Return the schedulers for which a sheet with these headings may have been made, the likeliest first."""
    keys = {heading_key(heading) for heading in headings}
    found = [layout for layout in scheduler_sheets().values() if keys >= layout.signature]
    return [layout.name for layout in sorted(found, key=lambda layout: -len(keys & layout.columns.keys()))]


def count_foreign(cells: Sequence[str]) -> int:
    """Return how many cells are headings of the scheduler whose sheet this looks like, 0 where it looks like none."""
    found = recognise(cells)
    return sum(1 for cell in cells if heading_key(cell) in scheduler_sheets()[found[0]].columns) if found else 0


def propose_mapping(unknown: Sequence[str], headings: Sequence[str], *, where: str) -> tuple[str, ...]:
    """Return the hint that a sheet with a channel column may have been made for another scheduler, or raise SheetError.

    It surely was where two of the headings by which theirs are known mean nothing to us: those columns, often the date
    among them, would not count.
    """
    keys = {heading_key(heading) for heading in unknown}
    found = recognise(headings)
    if sure := [name for name in found if len(scheduler_sheets()[name].signature & keys) > 1]:
        raise _proposal(sure, where=where)
    if not found:
        return ()
    titles = " or ".join(scheduler_sheets()[name].title for name in found)
    return (f"If this sheet was made for {titles}, use {' or '.join(f'--from {name}' for name in found)}.",)


def _proposal(found: Sequence[str], *, where: str) -> SheetError:
    titles = " or ".join(scheduler_sheets()[name].title for name in found)
    options = " or ".join(f"--from {name}" for name in found)
    return SheetError(f"{where} looks like a sheet made for {titles}: say {options} to have it read as one.")


def refuse_foreign(table: Table, *, where: str) -> None:
    """Raise SheetError that proposes `--from` where the sheet was made for another scheduler."""
    if found := recognise(table.names):
        raise _proposal(found, where=where)
    if starts_with_post(table.first):
        options = ", ".join(f"--from {layout.name}" for layout in scheduler_sheets().values() if layout.positions)
        raise SheetError(
            f"{where} has no headings but a post in row 1: put the headings above it or, if the sheet was made for "
            f"another scheduler, say which ({options})."
        )


def starts_with_post(first: RawRow) -> bool:
    """Tell a first row that holds a date and so is no row of headings."""
    return any(isinstance(cell, Moment) or (isinstance(cell, str) and DATE_LIKE.match(cell)) for cell in first.cells)


def _make_layout(name: str, entry: dict[str, Any]) -> SchedulerSheet:
    keyed = {
        "signature": frozenset(map(heading_key, entry["signature"])),
        "positions": tuple(entry["positions"]),
        "dates": tuple(entry["dates"]),
        "columns": {heading_key(heading): column for heading, column in entry["columns"].items()},
        "drafts": heading_key(entry.get("drafts", "")),
        "unmapped": frozenset(map(heading_key, entry.get("unmapped", ()))),
        "usual": frozenset(entry.get("usual", ())),
        "flags": {heading_key(heading): channel for heading, channel in entry.get("flags", {}).items()},
    }
    return SchedulerSheet(name=name, **{**entry, **keyed})


PARTS = re.compile(r"\s*(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ ,T]+(.*))?\s*")
TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p")
ISO = "%Y-%m-%d %H:%M"


class DayOrder(NamedTuple):
    """What a file proves of its order of day and month, and the row that proves it."""

    month_first: bool
    row: int
    seen: str


def find_day_order(written: Sequence[tuple[int, str]]) -> DayOrder | None:
    """Return the order that dates (row, text) of one file prove, None where none or both are proved."""
    proofs: dict[bool, DayOrder] = {}
    for row, text in written:
        parts = PARTS.fullmatch(text)
        if parts and (int(parts[1]) > 12) != (int(parts[3]) > 12):
            month_first = int(parts[3]) > 12
            proofs.setdefault(month_first, DayOrder(month_first, row, text.strip()))
    return next(iter(proofs.values())) if len(proofs) == 1 else None


def read_date(date: RawCell, time: RawCell, *, forms: Sequence[str], order: DayOrder | None) -> RawCell:
    """Return a date and time as ISO text or a moment; as written where it can't be told for sure."""
    clock = _clock(time)
    if isinstance(date, Moment):
        at = _parse_clock(clock)
        if at is None or date.has_time:
            return date
        return Moment(date.at.replace(hour=at.hour, minute=at.minute, second=at.second), has_time=True)
    if not isinstance(date, str) or not date.strip():
        return date
    text = f"{date.strip()} {clock}".strip()
    for form in forms:
        try:
            return _write(datetime.strptime(text, form))  # noqa: DTZ007  their dates are wall clock, without a zone
        except ValueError:
            continue
    return _read_ordered(text, order) or text


def _read_ordered(text: str, order: DayOrder | None) -> str:
    parts = PARTS.fullmatch(text)
    if not parts:
        return ""
    first, second = int(parts[1]), int(parts[3])
    clock = _parse_clock((parts[5] or "").strip())
    if clock is None or (order is None and first != second):
        return ""
    month, day = (first, second) if order is None or order.month_first else (second, first)
    try:
        return _write(clock.replace(year=int(parts[4]), month=month, day=day))
    except ValueError:
        return ""


def _clock(time: RawCell) -> str:
    if isinstance(time, Moment):
        return time.at.strftime("%H:%M:%S")
    if isinstance(time, Number):
        return write_number(time)
    return time.strip() if isinstance(time, str) else ""


def _parse_clock(text: str) -> datetime | None:
    for form in TIMES:
        try:
            return datetime.strptime(text.upper(), form)  # noqa: DTZ007  a time of day, without a zone
        except ValueError:
            continue
    return None


def _write(at: datetime) -> str:
    return at.strftime(f"{ISO}:%S" if at.second else ISO)


__all__ = ["apply_mapping", "recognise"]

Maker = Callable[[Sequence[RawCell]], RawCell]
Places = Mapping[str, tuple[int, ...]]


def apply_mapping(table: Table, name: str, *, where: str) -> Table:
    """Return the table with our columns first and whatever else it had behind them."""
    layout = scheduler_sheets().get(name)
    if layout is None:
        raise SheetError(f"No sheets of '{name}' are known: say --from with one of {', '.join(scheduler_sheets())}.")
    names, rows = _give_headings(table, layout, where=where)
    places, carried = _sort_columns(names, layout)
    order = _find_order(places, rows) if layout.day_order == "open" else None
    makers = _make_makers(names, places, layout, order)
    mapped = [RawRow(row.number, _map_cells(row.cells, makers, carried), row.hidden) for row in rows]
    headings = (*makers, *(names[at] for at in carried))
    notices = (
        *_tell_columns(names, places, layout),
        *_tell_order(order),
        *_tell_channel(makers, layout, headless=names is layout.positions),
    )
    flaws = (*_find_unmapped(names, rows, layout), *_find_neither(names, rows, layout))
    return Table(headings, mapped, table.first, notices=notices, flaws=flaws, foreign=layout.positions)


def _give_headings(table: Table, layout: SchedulerSheet, *, where: str) -> tuple[tuple[str, ...], Sequence[RawRow]]:
    """Return the sheet's own headings, or the layout's where the sheet starts with a post."""
    known = [name for name in table.names if heading_key(name) in layout.columns]
    if len(known) > 1 or (known and not layout.positions):
        return table.names, table.rows
    if (others := recognise(table.names)) and layout.name not in others:
        refuse_foreign(table, where=where)
    if layout.positions and table.first.cells:
        return layout.positions, [table.first, *table.rows]
    raise SheetError(
        f"{where} has none of the headings of a {layout.title} sheet: leave --from away, or name the scheduler that it "
        "is from."
    )


def _sort_columns(names: Sequence[str], layout: SchedulerSheet) -> tuple[Places, list[int]]:
    """Return where each of our columns comes from, and the columns that are carried along."""
    places: dict[str, tuple[int, ...]] = {}
    carried: list[int] = []
    for at, name in enumerate(names):
        key = heading_key(name)
        column = layout.columns.get(key, "")
        if key in layout.flags:
            column = "channel"
        elif key == layout.drafts and key:
            column = "action"
        if column and (column != "channel" or key in layout.flags or not layout.flags):
            places[column] = (*places.get(column, ()), at)
        else:
            carried.append(at)
    return places, carried


def _make_makers(
    names: Sequence[str], places: Places, layout: SchedulerSheet, order: DayOrder | None
) -> dict[str, Maker]:
    """Return, for each of our columns in order, the function that makes its cell of a row of theirs."""
    makers: dict[str, Maker] = {}
    for column, sources in places.items():
        if column in {"date", "publish_at"}:
            makers["publish_at"] = partial(
                _make_date, at=sources[0], clock_at=places.get("time", (-1,))[0], forms=layout.dates, order=order
            )
        elif column == "media":
            makers[column] = partial(_join_media, places=sources, separator=layout.separator)
        elif column == "channel" and layout.flags:
            flagged = {at: layout.flags[heading_key(names[at])] for at in sources}
            makers[column] = partial(_name_channels, flagged=flagged)
        elif column == "action":
            makers[column] = partial(_make_draft, at=sources[0])
        elif column != "time":
            words = layout.values.get(column, {})
            breaks = layout.line_break if column.startswith("text") else ""
            makers[column] = partial(_take_first, places=sources, words=words, line_break=breaks)
    if "channel" not in makers and "channel" not in map(column_of, names):
        makers["channel"] = _leave_blank
    return makers


def _map_cells(cells: Sequence[RawCell], makers: Mapping[str, Maker], carried: Sequence[int]) -> list[RawCell]:
    return [make(cells) for make in makers.values()] + [_cell(cells, at) for at in carried]


def _cell(cells: Sequence[RawCell], at: int) -> RawCell:
    return cells[at] if 0 <= at < len(cells) else ""


def _make_date(
    cells: Sequence[RawCell], *, at: int, clock_at: int, forms: Sequence[str], order: DayOrder | None
) -> RawCell:
    return read_date(_cell(cells, at), _cell(cells, clock_at), forms=forms, order=order)


def _join_media(cells: Sequence[RawCell], *, places: Sequence[int], separator: str) -> RawCell:
    found: list[str] = []
    for at in places:
        cell = _cell(cells, at)
        if not isinstance(cell, str):
            return cell
        pieces = re.split(rf"\s*{re.escape(separator)}\s*(?=https?://)", cell) if separator else [cell]
        found += [piece.strip() for piece in pieces if piece.strip()]
    return " | ".join(found)


def _name_channels(cells: Sequence[RawCell], *, flagged: Mapping[int, str]) -> RawCell:
    return ", ".join(dict.fromkeys(channel for at, channel in flagged.items() if _says_yes(_cell(cells, at))))


def _make_draft(cells: Sequence[RawCell], *, at: int) -> RawCell:
    return "draft" if _says_yes(_cell(cells, at)) else ""


def _says_yes(cell: RawCell) -> bool | None:
    """Read a yes/no cell of theirs, None where it says neither."""
    return read_yes_no(_text_of(cell))


def _text_of(cell: RawCell) -> str:
    if isinstance(cell, Moment):
        return cell.at.isoformat(" ")
    return cell.strip() if isinstance(cell, str) else write_number(cell) if isinstance(cell, Number) else cell.seen


def _take_first(
    cells: Sequence[RawCell], *, places: Sequence[int], words: Mapping[str, str], line_break: str
) -> RawCell:
    cell = next((cell for at in places if (cell := _cell(cells, at)) != ""), "")
    if not isinstance(cell, str):
        return cell
    text = cell.replace(line_break, "\n") if line_break else cell
    return words.get(text.strip().casefold(), text)


def _leave_blank(cells: Sequence[RawCell]) -> RawCell:
    return ""


def _find_order(places: Places, rows: Sequence[RawRow]) -> DayOrder | None:
    at = (*places.get("publish_at", ()), *places.get("date", ()), -1)[0]
    written = ((row.number, _cell(row.cells, at)) for row in rows)
    return find_day_order([(number, cell) for number, cell in written if isinstance(cell, str)])


def _find_unmapped(names: Sequence[str], rows: Sequence[RawRow], layout: SchedulerSheet) -> tuple[RowFlaw, ...]:
    """Return an error for each row that says, in a column without a place in ours, that it is another kind of post."""
    places = [at for at, name in enumerate(names) if heading_key(name) in layout.unmapped]
    flaws: dict[int, RowFlaw] = {}
    for row in rows:
        for at in places:
            cell = _cell(row.cells, at)
            if isinstance(cell, str) and cell.strip() and cell.strip().casefold() not in layout.usual:
                message = (
                    f"Row {row.number} says “{shorten(cell)}” under '{names[at]}', which can't be carried over from "
                    f"{layout.title}: clear that cell, add a column named 'type' and write STORY, REEL, VIDEO or SHORT "
                    "there."
                )
                flaws.setdefault(row.number, RowFlaw(row.number, "not_mapped", shorten(cell), message))
    return tuple(flaws.values())


def _find_neither(names: Sequence[str], rows: Sequence[RawRow], layout: SchedulerSheet) -> Iterator[RowFlaw]:
    """Yield an error for each cell of a yes/no column that says neither: a post must not go out by a guess."""
    asked = {at: "channel" for at, name in enumerate(names) if heading_key(name) in layout.flags}
    asked |= {at: "action" for at, name in enumerate(names) if layout.drafts and heading_key(name) == layout.drafts}
    for row in rows:
        for at, column in asked.items():
            if _says_yes(cell := _cell(row.cells, at)) is None:
                seen = shorten(_text_of(cell))
                message = f"'{names[at]}' says “{seen}”, which is neither yes nor no. Write TRUE or FALSE."
                yield RowFlaw(row.number, "yes_no_unknown", seen, message, column=column, place=at)


def _tell_columns(names: Sequence[str], places: Places, layout: SchedulerSheet) -> tuple[str, ...]:
    ours = {"date": "publish_at", "time": "publish_at"}
    pairs = sorted((at, ours.get(column, column)) for column, sources in places.items() for at in sources)
    listed = ", ".join(f"'{names[at]}' -> {column}" for at, column in pairs)
    return (f"Read as a sheet made for {layout.title}: {listed}.",)


def _tell_order(order: DayOrder | None) -> tuple[str, ...]:
    if order is None:
        return ()
    which = "month" if order.month_first else "day"
    return (f"Its dates were read with the {which} first, as row {order.row} ({order.seen}) shows.",)


def _tell_channel(makers: Mapping[str, Maker], layout: SchedulerSheet, *, headless: bool) -> tuple[str, ...]:
    if makers.get("channel") is not _leave_blank:
        return ()
    if headless:
        first = ", ".join((*layout.positions, "channel"))
        return (
            f"A {layout.title} sheet does not say the channel of a post: put a first row of headings above it, "
            f"{first}, and fill in the last column.",
        )
    return (f"A {layout.title} sheet does not say the channel of a post: add a column 'channel' and fill it in.",)
