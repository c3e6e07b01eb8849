"""Turns a CSV or TSV file into a `Grid`.

The delimiter is told by the headings alone and never guessed from texts, which are full of commas and semicolons. Row
numbers are those that a spreadsheet program shows, so blank lines count and a text of several lines is one row.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TextIO

from batch.errors import SheetError
from batch.sheet.csv_lines import Lines, LineTooLongError, Record, read_record, read_records
from batch.sheet.encodings import choose_encoding, refuse_encoding
from batch.sheet.grid import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_TEXT_BYTES, TOO_MUCH, Grid, RawRow, RowFlaw, shorten

DELIMITERS = (",", ";", "\t")
MAX_BROKEN_ROWS = 5_000
HEADINGS_WITHIN = 20
"""How far down headings are looked for, to say that they do not stand in row 1."""

CountKnown = Callable[[Sequence[str]], int]
RowTest = Callable[[Sequence[str]], Callable[[Sequence[str]], bool]]


def read_csv(path: Path, *, encoding: str | None, count_known: CountKnown, row_test: RowTest) -> Grid:
    """Read a delimited file.

    `count_known` counts the headings in a line that mean something to the project; `row_test` makes, of the
    headings, the test for a line that is surely a whole row.
    """
    chosen = choose_encoding(path, wanted=encoding)
    try:
        with path.open(encoding=chosen.codec, errors="strict", newline="") as stream:
            grid = _read_stream(stream, path, count_known=count_known, row_test=row_test)
    except UnicodeError as error:
        if chosen.codec == "utf-8" and encoding is None:
            raise refuse_encoding(path) from error
        raise SheetError(f"{path.name} can't be read as {chosen.codec}: {_advise(encoding)}.") from error
    except LineTooLongError as error:
        raise SheetError(f"{path.name} has a line longer than any row of posts: save the sheet as .xlsx.") from error
    return Grid(grid.tab, grid.rows, flaws=grid.flaws, notices=chosen.notices)


def _advise(encoding: str | None) -> str:
    return "leave --encoding away or say another" if encoding else "it is cut off or damaged, so save it again"


def _read_stream(stream: TextIO, path: Path, *, count_known: CountKnown, row_test: RowTest) -> Grid:
    lines = Lines(stream)
    delimiter = _declared_delimiter(next(lines, ""))
    if not delimiter:
        lines.give_back(0)
        delimiter = _told_by_headings(_peek(lines), path, count_known)
    headings = read_record(lines, delimiter=delimiter)
    if headings is None:
        raise SheetError(f"{path.name} is empty: fill in a sheet made by 'postbatch template'.")
    if headings.broken:
        raise SheetError(
            f"{path.name}: a quote in the headings never closes, so the columns can't be told: mend the first line."
        )
    if len(headings.cells) > MAX_COLUMNS:
        raise SheetError(f"{path.name} has {len(headings.cells):,} columns: delete those to the right of the posts.")
    rows = _Rows(path.name, width=_width(headings.cells))
    rows.add(headings, number=1)
    records = read_records(lines, delimiter=delimiter, width=len(headings.cells), is_row=row_test(headings.cells))
    last = headings
    for number, record in enumerate(records, start=2):
        rows.add(record, number=number)
        last = record
    if not lines.ended_with_newline:
        rows.doubt_last(last, full=len(headings.cells))
    return Grid("", rows.rows, flaws=tuple(rows.flaws))


class _Rows:
    """The rows as they come, with what is wrong about whole rows."""

    def __init__(self, name: str, *, width: int) -> None:
        self.rows: list[RawRow] = []
        self.flaws: list[RowFlaw] = []
        self._name = name
        self._width = width
        self._first_broken = 0
        self._broken_left = MAX_BROKEN_ROWS
        self._rows_left = MAX_ROWS
        self._cells_left = MAX_CELLS
        self._text_left = MAX_TEXT_BYTES

    def add(self, record: Record, *, number: int) -> None:
        cells = record.cells
        if record.broken:
            self._add_broken(record, number)
        elif not any(cells):
            return
        elif len(cells) > self._width and any(cell.strip() for cell in cells[self._width :]) and number > 1:
            self.flaws.append(_too_many(cells, number, self._width))
            cells = cells[: self._width]
        self.rows.append(RawRow(number, cells))
        self._rows_left -= 1
        self._cells_left -= max(len(cells), self._width)
        self._text_left -= sum(map(len, cells))
        if self._rows_left < 0 or self._cells_left < 0 or self._text_left < 0:
            raise SheetError(f"{self._name} holds {TOO_MUCH}.")

    def _add_broken(self, record: Record, number: int) -> None:
        self.flaws.append(_broken_quote(record, number))
        self._broken_left -= 1
        self._first_broken = self._first_broken or number
        if self._broken_left < 0:
            raise SheetError(
                f"{self._name}: the quotation marks are wrong in more than {MAX_BROKEN_ROWS:,} rows, first in row "
                f"{self._first_broken}: save the sheet as .xlsx, where they do not matter."
            )

    def doubt_last(self, record: Record, *, full: int) -> None:
        """Say where the file ends in the middle of a row, which is how a cut-off file looks."""
        if self.rows and self.rows[-1].number > 1 and not record.broken and 0 < len(record.cells) < full:
            message = (
                f"The file ends in the middle of row {self.rows[-1].number} ({len(record.cells)} of {full} cells and "
                "no line end): make sure that it was not cut off."
            )
            seen = shorten(record.cells[-1])
            self.flaws.append(RowFlaw(self.rows[-1].number, "cut_off", seen, message, warning=True))


def _broken_quote(record: Record, number: int) -> RowFlaw:
    where = f"line {record.first_line}"
    if record.last_line > record.first_line:
        where = f"lines {record.first_line} to {record.last_line}"
    message = (
        f"In row {number} ({where} of the file) a quotation mark never closes or stands alone inside a cell, so its "
        "cells can't be "
        'told: write each quotation mark inside a quoted cell twice ("") and close the cell with one.'
    )
    return RowFlaw(number, "unclosed_quote", shorten(" | ".join(record.cells)), message)


def _too_many(cells: Sequence[str], number: int, width: int) -> RowFlaw:
    message = (
        f"Row {number} has {len(cells)} cells under {width} headings, so they may stand under the wrong ones: put "
        "quotation marks round a text that holds the separator."
    )
    return RowFlaw(number, "too_many_cells", shorten(" | ".join(cells[width:])), message)


def _width(headings: Sequence[str]) -> int:
    """Return the number of columns up to the last one that has a heading."""
    return max((place for place, heading in enumerate(headings, start=1) if heading.strip()), default=0)


def _declared_delimiter(line: str) -> str:
    """Return the delimiter of Excel's own `sep=;` line, "" where the first line is not one."""
    text = line.rstrip("\r\n").strip('"')
    return text[4] if len(text) == 5 and text[:4].lower() == "sep=" and text[4] in DELIMITERS else ""


def _peek(lines: Lines) -> list[str]:
    lines.begin()
    first = [line for line, _ in zip(lines, range(HEADINGS_WITHIN), strict=False)]
    lines.give_back(0)
    return first


def _told_by_headings(first: Sequence[str], path: Path, count_known: CountKnown) -> str:
    """Return the delimiter that makes most headings known in the first line that has any.

    Where no line has one (another scheduler's sheet) it is the usual one, or else whichever divides the first line
    most.
    """
    usual = "\t" if path.suffix.lower() == ".tsv" else ","

    def rank(line: str, delimiter: str) -> tuple[int, bool, bool, int]:
        cells = next(csv.reader([line], delimiter=delimiter), [])
        return count_known(cells), len(cells) > 1, delimiter == usual, len(cells)

    for line in first:
        best = max(DELIMITERS, key=lambda delimiter: rank(line, delimiter))
        if rank(line, best)[0]:
            return best
    return max(DELIMITERS, key=lambda delimiter: rank(first[0], delimiter)) if first else usual
