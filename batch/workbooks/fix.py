"""Corrects a copy of a sheet: cells with exactly one remedy, and rows that a person corrected in `To fix`.

The copy is the person's own workbook with its styles, or their CSV with every other line as it was. Nothing is guessed:
a cell with several remedies stays as it is, and so does one that holds a formula.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, NoReturn, TextIO

from batch.errors import SheetError, StopError
from batch.model import Issue, Severity, SheetRows
from batch.sheets.cells import column_index
from batch.sheets.delimited import choose_encoding
from batch.sheets.headings import HEADINGS_WITHIN
from batch.sheets.read import identify
from batch.sheets.vocabulary import column_of, plain_heading
from batch.wording import cell_address
from batch.workbooks.annotate import cell_at, dress_heading, edit_copy, set_text
from batch.workbooks.posts_sheet import DATE, ROW_NUMBER, as_date
from batch.workbooks.style import AS_RUN_SHEET, TO_FIX_SHEET, fit_cell

if TYPE_CHECKING:
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet

FROM_TO_FIX, ADDED_COLUMN = "corrected in To fix", "column added"
SEPARATOR = re.compile('"?sep=.', re.IGNORECASE)
"""How Excel's own line begins that names the separator."""

ADDRESS = re.compile(r"([A-Z]{1,3})(\d+)")
Place = tuple[int, int]
"""A row as the sheet numbers it, and a column counted from 0."""


class CellFix(NamedTuple):
    """A cell that is to hold something else; `heading` is that of its column, `why` the issue's code."""

    row: int
    position: int
    heading: str
    old: str
    new: str
    why: str

    @property
    def cell(self) -> str:
        """Its address (`I14`)."""
        return cell_address(self.row, self.position)


Fixes = Mapping[Place, CellFix]


def find_fixes(sheet: SheetRows, issues: Iterable[Issue]) -> dict[Place, CellFix]:
    """Return what the issues with a single remedy ask for, errors before warnings; of each cell the first."""
    rows = {row.number: row for row in sheet.rows}
    fixes: dict[Place, CellFix] = {}
    for issue in sorted(issues, key=lambda issue: issue.severity is not Severity.ERROR):
        found = ADDRESS.fullmatch(issue.cell)
        if issue.fix is None or issue.row not in rows or found is None:
            continue
        position, values = column_index(found[1]), rows[issue.row].values
        if position < len(values):
            old = cell_text(values[position])
            fix = CellFix(issue.row, position, sheet.headings[position], old, issue.fix, issue.code)
            fixes.setdefault((issue.row, position), fix)
    return fixes


class Corrections(NamedTuple):
    """What a person corrected in `To fix`, and the rows of it that can't be taken over: the sheet has changed there."""

    fixes: dict[Place, CellFix]
    lost: tuple[int, ...] = ()


def read_corrections(results: Path, original: Path, sheet: SheetRows, *, encoding: str | None) -> Corrections:
    """Return the cells of `To fix` in which a person wrote something else than the run had found in the sheet.

    A key that was made for a row comes with its corrections, so that the row stays the same post. Where the sheet has
    been changed since, the row is left. What is no results workbook has no corrections.
    """
    tables = _read_tables(results, (AS_RUN_SHEET, TO_FIX_SHEET))
    if tables is None:
        return Corrections({})
    as_run, corrected = (
        {int(line[ROW_NUMBER]): line for line in lines if line.get(ROW_NUMBER, "").isdecimal()} for lines in tables
    )
    rows = {row.number: row for row in sheet.rows}
    fixes: dict[Place, CellFix] = {}
    lost: list[int] = []
    added: dict[str, int] = {}
    top = 0
    for number, line in corrected.items():
        wanted = {column: text for name, text in line.items() if (column := column_of(name)) and name != ROW_NUMBER}
        if number not in as_run or number not in rows:
            lost += [number] if any(wanted.values()) else []
            continue
        shown, now = as_run[number], {column: cell_text(sheet.cell(rows[number], column)) for column in wanted}
        now |= {"publish_at": cell_text(as_date(now["publish_at"]) or now["publish_at"])} if "publish_at" in now else {}
        changed = {column for column in wanted if wanted[column] != shown.get(column, "")}
        made = {"key"} if wanted.get("key") and not now.get("key") else set()
        if not changed:
            continue
        if any(fit_cell(now[name]) not in (shown.get(name, ""), wanted[name]) for name in changed - made):
            lost.append(number)
            continue
        for column in (column for column in wanted if column in changed | made):
            position = sheet.columns.get(column)
            if position is None:
                top = top or heading_row(original, sheet, encoding=encoding)
                position = added.setdefault(column, len(sheet.headings) + len(added))
                fixes[top, position] = CellFix(top, position, column, "", column, ADDED_COLUMN)
            if now[column] != wanted[column]:
                place = number, position
                fixes[place] = CellFix(*place, column, now[column], wanted[column], FROM_TO_FIX)
    return Corrections(fixes, tuple(sorted(set(lost))))


def _read_tables(path: Path, names: Sequence[str]) -> list[list[dict[str, str]]] | None:
    """Return the lines of these sheets by their headings, None where the file is no workbook that has them all."""
    from openpyxl import load_workbook

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except Exception:  # noqa: BLE001 - openpyxl meets a broken file with whatever Python raises there
        return None
    try:
        if not set(names) <= set(book.sheetnames):
            return None
        tables = []
        for name in names:
            lines = book[name].iter_rows(values_only=True)
            headings = [str(value or "") for value in next(lines, ())]
            tables.append([dict(zip(headings, map(cell_text, cells), strict=False)) for cells in lines])
        return tables
    finally:
        book.close()


def cell_text(value: object) -> str:
    """Return a cell as a sheet is read: trimmed text, a date as ISO 8601."""
    if isinstance(value, datetime):
        return value.isoformat(" ", "seconds" if value.second else "minutes")
    return "" if value is None else str(value).strip()


def write_fixed(original: Path, sheet: SheetRows, fixes: Fixes, draft: Path, *, encoding: str | None) -> list[str]:
    """Write the copy and return what could not be kept, a sentence each; cells with a formula stay as they are.

    Raises SheetError or StopError with one sentence where the sheet can't be copied.
    """
    if identify(original) == "delimited":
        _write_text(original, sheet, fixes, draft, codec=choose_encoding(original, wanted=encoding)[0])
        return []

    def edit(book: Workbook) -> None:
        for fix in fixes.values():
            _set_cell(book[sheet.tab], fix)

    return edit_copy(original, draft, edit, remedy="save it as .csv, and fix that")


def _set_cell(sheet: Worksheet, fix: CellFix) -> None:
    """Write into a cell, which keeps its format; a date into a date cell as a date."""
    from openpyxl.cell.cell import MergedCell

    cell = sheet.cell(row=fix.row, column=fix.position + 1)
    if isinstance(cell, MergedCell) or cell.data_type == "f":
        return
    if fix.why == ADDED_COLUMN:
        dress_heading(cell, like=cell_at(sheet, fix.row, 1))
    if cell.is_date and DATE.fullmatch(fix.new):
        cell.value = datetime.fromisoformat(fix.new)
    else:
        set_text(cell, fix.new)


def _write_text(original: Path, sheet: SheetRows, fixes: Fixes, draft: Path, *, codec: str) -> None:
    """Write the records of a text file as they were, and those with a fix as it makes them."""
    by_row: dict[int, list[CellFix]] = {}
    for fix in fixes.values():
        by_row.setdefault(fix.row, []).append(fix)
    taken: list[str] = []

    def keeping(lines: Iterable[str]) -> Iterator[str]:
        for line in lines:
            taken.append(line)
            yield line

    with original.open(encoding=codec, newline="") as lines, draft.open("w", encoding=codec, newline="") as out:
        mark, delimiter, _ = _read_top(lines, sheet)
        out.write(mark)
        for number, cells in enumerate(csv.reader(keeping(lines), delimiter=delimiter), start=1):
            if number not in by_row:
                out.writelines(taken)
            else:
                for fix in by_row[number]:
                    cells += [""] * (fix.position + 1 - len(cells))
                    cells[fix.position] = fix.new
                record = "".join(taken)
                end = record[len(record.rstrip("\r\n")) :]
                if record.count('"') >= 2 * len(cells):
                    writer = csv.writer(out, delimiter=delimiter, lineterminator=end, quoting=csv.QUOTE_ALL)
                else:
                    writer = csv.writer(out, delimiter=delimiter, lineterminator=end)
                writer.writerow(cells)
            taken.clear()


def heading_row(original: Path, sheet: SheetRows, *, encoding: str | None) -> int:
    """Return the row of the headings. Raises SheetError where they are not found as they were read."""
    if identify(original) == "delimited":
        codec = choose_encoding(original, wanted=encoding)[0]
        with original.open(encoding=codec, newline="") as lines:
            return _read_top(lines, sheet)[2]
    from openpyxl import load_workbook

    book = load_workbook(original, read_only=True, data_only=True)
    try:
        top = book[sheet.tab].iter_rows(max_row=HEADINGS_WITHIN, values_only=True)
        return _find_headings(([cell_text(value) for value in cells] for cells in top), sheet) or _refuse(sheet)
    finally:
        book.close()


def _read_top(lines: TextIO, sheet: SheetRows) -> tuple[str, str, int]:
    """Return Excel's own line about the separator, the delimiter and the headings' row, and go to the first record."""
    first = lines.readline()
    mark = first if SEPARATOR.match(first) else ""
    lines.seek(0)
    top = list(islice(lines, HEADINGS_WITHIN))
    lines.seek(0)
    if mark:
        top.pop(0)
        lines.readline()
    for delimiter in (",", ";", "\t"):
        if row := _find_headings(csv.reader(top, delimiter=delimiter), sheet):
            return mark, delimiter, row
    return _refuse(sheet)


def _find_headings(lines: Iterable[Sequence[str]], sheet: SheetRows) -> int:
    wanted = [plain_heading(name) for name in sheet.headings]
    found = (n for n, cells in enumerate(lines, start=1) if [*map(plain_heading, cells)][: len(wanted)] == wanted)
    return next(found, 0)


def _refuse(sheet: SheetRows) -> NoReturn:
    raise SheetError(f"{sheet.name} can't be copied: its headings aren't where they were. Correct it by hand.")


def find_untaken(original: SheetRows, copy: SheetRows, fixes: Fixes) -> dict[Place, CellFix]:
    """Return the fixes that are not what is read back. Raises StopError where anything else has changed."""
    copied = {row.number: list(map(cell_text, row.values)) for row in copy.rows}
    untaken: dict[Place, CellFix] = {}
    for row in original.rows:
        there = copied.pop(row.number, [])
        for position, value in enumerate(row.values):
            fix = fixes.get((row.number, position))
            read = there[position] if position < len(there) else ""
            if fix is None and read != cell_text(value):
                cell = cell_address(row.number, position)
                raise StopError(f"Cell {cell} can't be copied as it is. Save {original.name} as .xlsx, and fix that.")
            if fix is not None and read != fix.new:
                untaken[row.number, position] = fix
    if copied:
        raise StopError(f"A copy would have other rows than {original.name}, so none was written.")
    return untaken
