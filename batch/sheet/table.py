"""Turns a grid into headings and the rows under them, or says where the headings really stand.

Row 1 holds the headings. A title above them, an empty first row or a second row of headings is said and never
skipped, since what is skipped today may be a post tomorrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from batch.errors import SheetError
from batch.sheet.grid import Flaw, Grid, Moment, Number, Raw, RawRow, RowFlaw, shorten
from batch.sheet.headings import column_of, count_known
from batch.sheet.tidy import clean_text, write_number

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
