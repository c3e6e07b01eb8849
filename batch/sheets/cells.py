"""What a file holds before any meaning is given to it: numbered rows of raw cells.

Every reader (CSV, workbook) makes a `RawSheet`; headings and cells are judged afterwards, the same for all. A raw cell
keeps what a judge needs to see an accident: a number with its format, a date with or without a time, an error, a
formula without a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import NamedTuple

MAX_COLUMNS = 1_000
MAX_ROWS = 300_000
MAX_CELLS = 5_000_000
MAX_TEXT_BYTES = 150_000_000
"""Beyond these a file is refused; 100,000 rows of 20 columns with captions of 500 characters stay below half."""
TOO_MUCH = (
    f"more than {MAX_ROWS:,} rows, {MAX_CELLS:,} cells or {MAX_TEXT_BYTES // 1_000_000} MB of text: split it into "
    "several files"
)


class NumberFormat(NamedTuple):
    """How a workbook shows a number: which parts of a date it would show, and to how many digits it is padded."""

    code: str = "General"
    shows_date: bool = False
    shows_time: bool = False
    padded_digits: int = 0
    plain: bool = True


class Number(NamedTuple):
    """A numeric cell: its digits as stored, and its format."""

    stored: str
    value: float
    format: NumberFormat


class Moment(NamedTuple):
    """A date cell, to the second; `has_time` is False where it is a midnight whose format shows no time."""

    at: datetime
    has_time: bool


class CellError(NamedTuple):
    """A cell without a value: an error (`code` is `error_cell`), a picture, or a formula that was never calculated."""

    code: str
    seen: str


RawCell = str | Number | Moment | CellError


class RawRow(NamedTuple):
    """A line as it stands in the file; `cells` may be shorter than the headings.

    `struck` are the columns, counted from 0, of cells whose whole text is struck out, `struck_words` those of cells in
    which only a part is.
    """

    number: int
    cells: Sequence[RawCell]
    hidden: bool = False
    struck: tuple[int, ...] = ()
    struck_words: tuple[int, ...] = ()


class RowFlaw(NamedTuple):
    """Something wrong with a whole row, told by its number, or with its cell `place` (from 0) as `column` of ours."""

    number: int
    code: str
    seen: str
    message: str
    warning: bool = False
    column: str = ""
    place: int | None = None


class Area(NamedTuple):
    """A merged range, its edges included; rows are counted from 1 and columns from 0."""

    top: int
    left: int
    bottom: int
    right: int
    ref: str


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A table as read from a file, its wholly empty rows left out.

    `since_1904` tells how it counts the days of dates. `links` holds the address behind a cell by its row, counted
    from 1, and its column, counted from 0; `pictures` the cells that each picture lies over.
    """

    tab: str
    rows: list[RawRow]
    flaws: tuple[RowFlaw, ...] = ()
    merges: tuple[Area, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    since_1904: bool = False
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)
    pictures: tuple[Area, ...] = ()


@cache
def column_index(name: str) -> int:
    """Return the place, counted from 0, of a column named by its letters."""
    place = 0
    for letter in name:
        place = place * 26 + ord(letter) - 64
    return place - 1
