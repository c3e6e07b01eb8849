"""Lets a page be drawn in any order and written from top to bottom, as a streaming workbook needs.

For pages that are laid out by hand (guide, summary, calendar); their size is bounded, unlike that of a list of posts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from batch.sheet.cell_text import fit_cell

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.worksheet import Worksheet


class Drawn(NamedTuple):
    """A cell of the page; `target` is where a click leads, "" for nowhere, and `tip` what shows over it.

    `first_line` is the look of a first line that differs from the rest.
    """

    value: str | int | float
    looks: Format
    target: str = ""
    tip: str = ""
    first_line: Format | None = None


class Canvas:
    """Cells and row heights by place, counted from 0."""

    def __init__(self) -> None:
        self._cells: dict[tuple[int, int], Drawn] = {}
        self._heights: dict[int, float] = {}
        self._spans: dict[tuple[int, int], int] = {}

    def put(
        self, row: int, column: int, value: str | int | float, looks: Format, *, target: str = "", tip: str = ""
    ) -> None:
        """Set a cell."""
        self._cells[row, column] = Drawn(value, looks, target, tip)

    def headed(self, row: int, column: int, head: str, text: str, looks: Format, *, head_looks: Format) -> None:
        """Set a cell of two parts: a line in its own look, and a text under it."""
        self._cells[row, column] = Drawn(f"{head}\n{text}", looks, first_line=head_looks)

    def span(self, row: int, column: int, last: int, value: str | int, looks: Format) -> None:
        """Set one cell that reaches over several columns."""
        for at in range(column, last + 1):
            self.put(row, at, "", looks)
        self.put(row, column, value, looks)
        if last > column:
            self._spans[row, column] = last

    def height(self, row: int, points: float) -> None:
        """Set the height of a row."""
        self._heights[row] = points

    def write(self, sheet: Worksheet) -> None:
        """Write everything, row after row."""
        rows: dict[int, list[int]] = {}
        for row, column in sorted(self._cells):
            rows.setdefault(row, []).append(column)
        for row in sorted({*rows, *self._heights}):
            if row in self._heights:
                sheet.set_row(row, self._heights[row])
            for column in rows.get(row, ()):
                self._write_cell(sheet, row, column)

    def _write_cell(self, sheet: Worksheet, row: int, column: int) -> None:
        cell = self._cells[row, column]
        last = self._spans.get((row, column))
        if last is not None:
            sheet.merge_range(row, column, row, last, "", cell.looks)
        if not isinstance(cell.value, str):
            sheet.write_number(row, column, cell.value, cell.looks)
        elif cell.first_line is not None:
            head, _, text = fit_cell(cell.value).partition("\n")
            sheet.write_rich_string(row, column, cell.first_line, f"{head}\n", cell.looks, text, cell.looks)
        elif not cell.value:
            sheet.write_blank(row, column, None, cell.looks)
        elif cell.target:
            sheet.write_url(row, column, cell.target, cell.looks, fit_cell(cell.value), cell.tip)
        else:
            sheet.write_string(row, column, fit_cell(cell.value), cell.looks)
