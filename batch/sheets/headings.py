"""Turns the heading row of a sheet into the place of each of our columns, or says which heading is wrong.

A heading is matched without regard to case, spaces, `_` and `-`. One that is nearly ours is refused and never
ignored: a column that people filled in would silently not count. Whatever else stands there is kept, and said once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from batch.errors import SheetError
from batch.model import CHANNEL_COLUMNS, COLUMNS, RESULT_COLUMNS
from batch.rules.channels import channel_named
from batch.sheets.cells import Flaw, Grid, Moment, Number, Raw, RawRow, RowFlaw
from batch.sheets.clean import clean_text, write_number
from batch.wording import column_letters, shorten

NEEDED = ("channel",)
OWN_ADDED_COLUMNS = frozenset(
    {f"{name} (result)" if name in COLUMNS else name for name in RESULT_COLUMNS}
    | {"problem", "characters", "generated", "sandbox"}
)
"""Columns that our own template and results add to a sheet; read back without a word."""

STAND_INS: Mapping[str, str] = {
    "caption": "text", "description": "text", "copy": "text", "posttext": "text", "content": "text",
    "date": "publish_at", "datetime": "publish_at", "scheduledate": "publish_at", "scheduledat": "publish_at",
    "publishdate": "publish_at", "postingtime": "publish_at", "publishon": "publish_at", "publishtime": "publish_at",
    "network": "channel", "platform": "channel", "socialnetwork": "channel", "channels": "channel",
    "image": "media", "images": "media", "imageurl": "media", "picture": "media", "photo": "media", "video": "media",
    "url": "link", "posttype": "type", "tz": "timezone", "profile": "account", "cta": "call_to_action",
}  # fmt: skip
"""Headings that people use for a column of ours; asked about where that column is not there."""


class Headings(NamedTuple):
    """The headings as written, and the place of each column of ours (`text:INSTAGRAM` too)."""

    names: tuple[str, ...]
    columns: dict[str, int]
    notices: tuple[str, ...]


def normalise(heading: str) -> str:
    """Return what a heading is matched by."""
    kept = (c for c in heading.casefold() if c not in " _-" and c.isprintable() and not c.isspace())
    return "".join(kept)


OURS: Mapping[str, str] = {normalise(column): column for column in COLUMNS}
ADDED: frozenset[str] = frozenset(normalise(column) for column in OWN_ADDED_COLUMNS)


def column_of(heading: str) -> str:
    """Return the column of ours that a heading means, "" where none; `text:X` is `text:TWITTER`."""
    base, colon, channel = heading.partition(":")
    column = OURS.get(normalise(base), "")
    if not colon:
        return column
    named = channel_named(channel)
    return f"{column}:{named}" if column in CHANNEL_COLUMNS and named else ""


def count_known(cells: Sequence[str]) -> int:
    """Return how many cells of a line are headings of ours."""
    return sum(1 for cell in cells if isinstance(cell, str) and column_of(cell))


def row_test(headings: Sequence[str]) -> Callable[[Sequence[str]], bool]:
    """Return the test for a line that is surely a row under these headings: its channel cell names channels."""
    place = next((at for at, heading in enumerate(headings) if column_of(heading) == "channel"), None)

    def is_row(cells: Sequence[str]) -> bool:
        if place is None or place >= len(cells) or not cells[place].strip():
            return False
        return all(channel_named(name) for name in cells[place].split(","))

    return is_row


def repeats_headings(headings: Headings, cells: Sequence[object]) -> bool:
    """Tell a row that says the headings again; its channel cell is looked at first, since every row is asked."""
    place = headings.columns["channel"]
    channel = cells[place]
    if not isinstance(channel, str) or channel[:2].casefold() != headings.names[place][:2].casefold():
        return False
    told = [
        normalise(cell) == normalise(name)
        for cell, name in zip(cells, headings.names, strict=False)
        if isinstance(cell, str) and cell
    ]
    return len(told) > 1 and all(told)


def match_headings(names: Sequence[str], *, where: str, foreign: Collection[str] = ()) -> Headings:
    """Find our columns; `where` names the file and sheet for messages. Raises SheetError.

    Headings in `foreign` are another scheduler's and never taken for a slip.
    """
    columns: dict[str, int] = {}
    unknown: list[int] = []
    for place, name in enumerate(names):
        column = column_of(name)
        if column in columns:
            raise SheetError(_tell_twice(names, columns[column], place, where))
        if column:
            columns[column] = place
        elif name:
            unknown.append(place)
    _refuse_unknown_channels(names, unknown, where)
    _refuse_near(names, [place for place in unknown if names[place] not in foreign], columns, where)
    missing = [column for column in NEEDED if column not in columns]
    if missing:
        raise SheetError(
            f"{where} has no heading '{missing[0]}': row 1 must hold the headings, as 'postbatch template' writes them."
        )
    return Headings(tuple(names), columns, _tell_unknown(names, unknown))


def _tell_twice(names: Sequence[str], first: int, second: int, where: str) -> str:
    return (
        f"{where}: the heading '{names[second]}' stands twice (columns {column_letters(first)} and "
        f"{column_letters(second)}): keep one and rename or delete the other."
    )


def _refuse_unknown_channels(names: Sequence[str], unknown: Sequence[int], where: str) -> None:
    for place in unknown:
        base, colon, _ = names[place].partition(":")
        column = OURS.get(normalise(base), "")
        if not colon or not column:
            continue
        if column not in CHANNEL_COLUMNS:
            allowed = ", ".join(CHANNEL_COLUMNS)
            raise SheetError(
                f"{where}: the heading '{names[place]}' (column {column_letters(place)}) can't be for one channel; "
                f"only {allowed} can."
            )
        raise SheetError(
            f"{where}: the heading '{names[place]}' (column {column_letters(place)}) names no channel that is known: "
            f"write it as {column}:INSTAGRAM."
        )


def _refuse_near(names: Sequence[str], unknown: Sequence[int], columns: Mapping[str, int], where: str) -> None:
    for place in unknown:
        key = normalise(names[place])
        if key in ADDED:
            continue
        likely = STAND_INS.get(key) or _for_a_channel(names[place])
        likely = likely or OURS.get(next((ours for ours in OURS if is_near(key, ours)), ""), "")
        if likely and likely not in columns:
            raise SheetError(
                f"{where}: the heading '{shorten(names[place])}' (column {column_letters(place)}) is not one of ours; "
                f"if it is meant as '{likely}', rename it to that, and if not, call it something else."
            )


def _for_a_channel(heading: str) -> str:
    """Return the column for one channel that is meant by it with another sign than the colon: `text_linkedin`."""
    base, _, channel = re.sub(r"[\W_]+", " ", heading).strip().partition(" ")
    named = channel_named(channel) if len(channel) > 1 else None
    return f"{base.casefold()}:{named}" if named and base.casefold() in CHANNEL_COLUMNS else ""


def _tell_unknown(names: Sequence[str], unknown: Sequence[int]) -> tuple[str, ...]:
    others = [f"'{shorten(names[place], limit=40)}'" for place in unknown if normalise(names[place]) not in ADDED]
    if not others:
        return ()
    return (f"Not used, and only carried along: the column{'s' if len(others) > 1 else ''} {', '.join(others)}.",)


def is_near(written: str, ours: str) -> bool:
    """Tell a slip of the keyboard: a letter too many, too few, swapped or (in longer words) wrong."""
    if len(written) < 2 or written == ours:
        return False
    slips = _count_slips(written, ours)
    if slips == 1:
        same_letters = sorted(written) == sorted(ours)
        return len(ours) > 4 or len(written) != len(ours) or same_letters
    return slips == 2 and min(len(written), len(ours)) >= 7


def _count_slips(a: str, b: str) -> int:
    """Return the optimal string alignment distance, or 3 where it is surely more than two."""
    if abs(len(a) - len(b)) > 2:
        return 3
    before: list[int] = []
    last = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        row = [i]
        for j, y in enumerate(b, start=1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]


LOOKED_THROUGH = 20


@dataclass(frozen=True, slots=True)
class Table:
    """Headings as written, the rows under them, row 1 as it stands, and what was done to make them ours.

    `foreign` are headings that another scheduler's layout gives, which are not slips of ours however near they come.
    """

    names: tuple[str, ...]
    rows: list[RawRow]
    first: RawRow
    notices: tuple[str, ...] = ()
    flaws: tuple[RowFlaw, ...] = ()
    foreign: tuple[str, ...] = ()


def split_headings(grid: Grid, *, where: str, headed: bool = True) -> Table:
    """Divide a grid at its row 1. With `headed` False its first row need not be one of headings of ours."""
    if not grid.rows:
        raise SheetError(f"{where} is empty: fill in a sheet made by 'postbatch template'.")
    first = grid.rows[0] if grid.rows[0].number == 1 else RawRow(1, ())
    names = read_names(first.cells)
    rows = grid.rows[1:] if grid.rows[0].number == 1 else grid.rows
    if headed and "channel" not in {column_of(name) for name in names}:
        _refuse_title(rows, names, where)
    return Table(names, rows, first)


def read_names(cells: Sequence[Raw]) -> tuple[str, ...]:
    """Return the cells of a heading row as text, without the blank ones at its end."""
    names = [" ".join(_text_of(cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    return tuple(names)


def _text_of(cell: Raw) -> str:
    if isinstance(cell, str):
        return clean_text(cell, keep_zero_width=False)[0]
    if isinstance(cell, Number):
        return write_number(cell)
    if isinstance(cell, Moment):
        return cell.at.isoformat(" ")
    return cell.seen if isinstance(cell, Flaw) else ""


def _refuse_title(rows: Sequence[RawRow], names: Sequence[str], where: str) -> None:
    """Raise SheetError where the headings stand further down."""
    for row in rows[:LOOKED_THROUGH]:
        found = read_names(row.cells)
        if "channel" in {column_of(name) for name in found} and count_known(found) > max(1, count_known(names)):
            held = f"holds “{shorten(' '.join(names))}”" if any(names) else "is empty"
            above = "row 1" if row.number == 2 else f"rows 1 to {row.number - 1}"
            raise SheetError(
                f"{where}: row 1 {held} and the headings stand in row {row.number}: delete {above}, so that the "
                "headings are in row 1."
            )
