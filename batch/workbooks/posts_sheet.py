"""Turns rows of posts into a sheet in the template's own columns and looks: drop-downs, counts and colours included.

The template, `pull` and the `To fix` sheet are all made here, so that whatever is written can be edited and run alike.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from batch.atomic import Written, write_whole
from batch.errors import StartError
from batch.model import CHANNEL_COLUMNS, COLUMNS, Cell
from batch.rules.channels import COMBINATIONS, DEFAULT_TYPE, channel_named
from batch.workbooks.style import (
    BAND,
    COUNT,
    FAINT_INK,
    LINE,
    NEEDED_FILL,
    OVER_FILL,
    OVER_INK,
    POSTS_COLUMNS,
    PROBLEM,
    SOFT_INK,
    TEXT,
    UNUSED_FILL,
    Looks,
    add_sheet,
    close_book,
    fit_cell,
    is_too_long,
    look_of,
    note_of,
    open_book,
)
from batch.workbooks.validation import FIELDS, Formulas

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


class Choice(NamedTuple):
    """A drop-down: where its values come from, what is said of others, and how firmly."""

    source: str
    title: str
    message: str
    firmness: Literal["stop", "warning", "information"]


def add_dropdowns(
    sheet: Worksheet, formulas: Formulas, places: Mapping[str, int], *, last_row: int, with_accounts: bool
) -> None:
    """Add all drop-downs, for rows 2 to `last_row`."""
    for column, choice in _choices(formulas, with_accounts=with_accounts).items():
        place = places[column]
        sheet.data_validation(1, place, last_row - 1, place, _options(choice))
    place = places["publish_at"]
    sheet.data_validation(1, place, last_row - 1, place, _moment_options(formulas))


CHOOSE = "Choose one from the list, or leave the cell blank."


def _choices(formulas: Formulas, *, with_accounts: bool) -> dict[str, Choice]:
    several = "Several channels are written with commas between them: INSTAGRAM, FACEBOOK. Is that what this is?"
    any_zone = "Any IANA name will do, such as Europe/Berlin. The list holds only the usual ones."
    any_account = "No account of this channel has that name. An account's ID will do too."
    choices = {
        "action": Choice("=pb_actions", "Not an action", CHOOSE, "stop"),
        "channel": Choice("=pb_channels", "Not in the list", several, "information"),
        "type": Choice(formulas.types(), "Not a type of this channel", CHOOSE, "warning"),
        "timezone": Choice("=pb_timezones", "Not in the list", any_zone, "information"),
        "call_to_action": Choice("=pb_calls", "Not a call to action", CHOOSE, "stop"),
        "privacy": Choice(formulas.privacy_levels(), "Not offered", CHOOSE, "warning"),
        "generate": Choice("=pb_generate", "Not in the list", CHOOSE, "stop"),
        "approved": Choice("yes,no", "yes or no", "Write yes or no, or leave the cell blank.", "warning"),
    }
    if with_accounts:
        choices["account"] = Choice(formulas.accounts(), "Not in the list", any_account, "information")
    return choices


def _options(choice: Choice) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": choice.source if choice.source.startswith("=") else choice.source.split(","),
        "error_title": choice.title,
        "error_message": choice.message,
        "error_type": choice.firmness,
    }


def _moment_options(formulas: Formulas) -> dict[str, Any]:
    return {
        "validate": "custom",
        "value": formulas.is_a_moment(),
        "input_title": "When it goes out",
        "input_message": "2026-12-01 09:30, or: now. Blank makes a draft.",
        "error_title": "No time of day",
        "error_message": "A date needs its time: 2026-12-01 09:30. Without one the post would go out at midnight.",
        "error_type": "warning",
    }


LONG = ("text", "title")


def add_tints(sheet: Worksheet, looks: Looks, formulas: Formulas, places: Mapping[str, int], *, last_row: int) -> None:
    """Add all rules for rows 2 to `last_row`."""
    over = looks.tint(bg_color=OVER_FILL, font_color=OVER_INK)
    needed = looks.tint(bg_color=NEEDED_FILL)
    unused = looks.tint(bg_color=UNUSED_FILL, font_color=FAINT_INK)
    rules = [
        *((column, formulas.is_over(column), over) for column in LONG),
        (COUNT, formulas.is_over("text"), over),
        *((column, formulas.is_needed(column), needed) for column in places),
        *((field, formulas.is_not_used(field), unused) for field in FIELDS),
    ]
    for column, condition, tint in rules:
        if condition:
            place = places[column]
            sheet.conditional_format(
                1, place, last_row - 1, place, {"type": "formula", "criteria": condition, "format": tint}
            )


def add_bands(sheet: Worksheet, looks: Looks, *, spans: Sequence[tuple[int, int]], last_row: int) -> None:
    """Set every other row apart, with a hairline under each, in some spans of columns (first and last, from 0).

    Such rules stay in place when rows are sorted. A column whose cells have colours of their own must be left out.
    """
    band = looks.tint(bg_color=BAND, bottom=1, bottom_color=LINE)
    for first, last in spans:
        rule = {"type": "formula", "criteria": "=MOD(ROW(),2)=1", "format": band}
        sheet.conditional_format(1, first, last_row - 1, last, rule)
    add_hairlines(sheet, looks, width=spans[-1][1] + 1, last_row=last_row)


def add_hairlines(sheet: Worksheet, looks: Looks, *, width: int, last_row: int) -> None:
    """Draw a hairline under each row."""
    rule = {"type": "formula", "criteria": "=TRUE", "format": looks.tint(bottom=1, bottom_color=LINE)}
    sheet.conditional_format(1, 0, last_row - 1, width - 1, rule)


POSTS = "Posts"
SPARE_ROWS = 200
RULED_ROWS = 2_000
ROW_POINTS, HEADING_POINTS = 42, 26
LINE_POINTS = 14
SHOWN_LINES, MOST_LINES = 3, 9
"""A row shows three lines, and one whose text or media take more grows with them, up to nine."""
GROWING = ("text", "media", PROBLEM)
MOMENT = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?")
MOMENT_LOOKS = {"num_format": "yyyy-mm-dd hh:mm", "align": "left", "indent": 1}
TO_THE_SECOND = {"num_format": "yyyy-mm-dd hh:mm:ss", "align": "left", "indent": 1}
FIRST_YEAR = 1900
TOO_LONG = (
    "SKIPPED: a text of this row is longer than a workbook's cell holds and is cut here. Write it in a .csv sheet "
    "instead."
)


class PostRow(NamedTuple):
    """A row by column; `flagged` are the columns that somebody has to look at."""

    cells: Mapping[str, Cell]
    flagged: frozenset[str] = frozenset()


def write_posts(rows: Iterable[Mapping[str, Cell]], path: Path) -> Written:
    """Write rows of posts as a sheet that can be edited and run: `.xlsx`, or `.csv`.

    A row maps columns of ours (`text:INSTAGRAM` too) to text or a naive date. Raises StartError with one sentence.
    """
    known = [PostRow(row) for row in rows]
    write = {".xlsx": _write_workbook, ".csv": write_posts_csv}.get(path.suffix.lower())
    if write is None:
        raise StartError(f"A sheet can't be written as {path.name}: end the name in .xlsx or .csv.")
    return write_whole(path, partial(write, known), failing=StartError)


def columns_for(rows: Iterable[PostRow], *, first: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns that rows need: all of the template's, then those that stand for one channel only."""
    extra = {name: None for row in rows for name in row.cells if name not in COLUMNS}
    unknown = [name for name in extra if name.partition(":")[0] not in CHANNEL_COLUMNS and name not in first]
    if unknown:
        raise ValueError(f"columns that a sheet of posts does not have: {', '.join(unknown)}")
    return (*first, *POSTS_COLUMNS, *(name for name in extra if name not in first))


def write_posts_csv(rows: Sequence[PostRow], path: Path) -> None:
    """Write rows as CSV, exactly as they are, with the byte order mark by which Excel knows UTF-8."""
    columns = [column for column in columns_for(rows) if column != COUNT]
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(columns)
        writer.writerows([_as_text(row.cells.get(column, "")) for column in columns] for row in rows)


def _as_text(cell: Cell) -> str:
    if isinstance(cell, str):
        return cell
    return cell.isoformat(" ", "seconds" if cell.second else "minutes")


def _write_workbook(rows: Sequence[PostRow], path: Path) -> None:
    from batch.workbooks.reference_sheets import add_channel_sheet
    from batch.workbooks.validation import add_lists_sheet

    book = open_book(path, title="Posts")
    looks = Looks(book)
    add_posts_sheet(book, looks, rows)
    add_channel_sheet(book, looks)
    add_lists_sheet(book, looks)
    close_book(book)


def add_posts_sheet(
    book: Workbook, looks: Looks, rows: Sequence[PostRow], *, tab: str = "#1E3A5F", with_accounts: bool = False
) -> None:
    """Add the sheet `Posts` with its rows in an Excel table and room for more."""
    sheet = add_sheet(book, POSTS, tab=tab, pages_wide=3)
    columns = columns_for(rows)
    last_row = 1 + len(rows) + SPARE_ROWS
    ruled = max(RULED_ROWS, last_row)
    formulas = prepare_sheet(sheet, looks, columns, last_row=ruled, with_accounts=with_accounts)
    add_bands(sheet, looks, spans=[(0, len(columns) - 1)], last_row=last_row)
    _add_table(sheet, looks, columns, last_row)
    writer = RowWriter(sheet, looks, columns, formulas)
    for number, row in enumerate(rows, start=2):
        writer.write(number, row)
    for number in range(len(rows) + 2, last_row + 1):
        writer.write_count(number, "")
    sheet.freeze_panes(1, 1)
    sheet.set_selection(1, 0, 1, 0)


def prepare_sheet(
    sheet: Worksheet,
    looks: Looks,
    columns: Sequence[str],
    *,
    last_row: int,
    with_accounts: bool = False,
    under_strip: bool = False,
) -> Formulas:
    """Set widths, headings, notes, drop-downs and colours, and return the sheet's formulas."""
    places = {column: place for place, column in enumerate(columns)}
    formulas = Formulas(places)
    sheet.set_default_row(ROW_POINTS)
    sheet.set_row(0, HEADING_POINTS)
    for column, place in places.items():
        look = look_of(column)
        sheet.set_column(place, place, look.width, _column_looks(looks, column))
        sheet.write_string(0, place, column, looks.heading(look.group, under_strip=under_strip))
        note = note_of(column)
        sheet.write_comment(0, place, note, note_options(note))
    add_dropdowns(sheet, formulas, places, last_row=last_row, with_accounts=with_accounts)
    add_tints(sheet, looks, formulas, places, last_row=last_row)
    sheet.repeat_rows(0)
    return formulas


def note_options(note: str) -> dict[str, object]:
    """Return the size and look of a heading's note."""
    lines = 2 + len(note) // 36
    return {"author": "postbatch", "width": 250, "height": 17 * lines, "color": "#FFFBEB", "font_size": 9}


def _column_looks(looks: Looks, column: str) -> Format:
    if column == "publish_at":
        return looks.make(MOMENT_LOOKS)
    if column == COUNT:
        return looks.make(font_color=SOFT_INK, align="right", indent=1)
    if column == PROBLEM:
        return looks.make(TEXT, font_color=OVER_INK)
    return looks.make(TEXT)


def _add_table(sheet: Worksheet, looks: Looks, columns: Sequence[str], last_row: int) -> None:
    headings = [{"header": column, "header_format": looks.heading(look_of(column).group)} for column in columns]
    options = {"name": "PostTable", "columns": headings, "style": None, "autofilter": False}
    sheet.add_table(0, 0, last_row - 1, len(columns) - 1, options)


def lines_of(row: PostRow) -> int:
    """Return how many lines the tallest cell of a row takes, as it is wrapped."""
    texts = {column: str(row.cells.get(column, "")) for column in GROWING}
    return max(wrapped_lines(text, width=look_of(column).width) for column, text in texts.items())


def wrapped_lines(text: str, *, width: float) -> int:
    """Return how many lines a text takes in a column of so many characters."""
    return sum(1 + int(len(line) / width) for line in text.splitlines())


class RowWriter:
    """Writes rows of posts into a prepared sheet, from top to bottom."""

    def __init__(self, sheet: Worksheet, looks: Looks, columns: Sequence[str], formulas: Formulas) -> None:
        self._sheet = sheet
        self._columns = columns
        self._count_place = columns.index(COUNT)
        self._count_formula = CELL_OF_ROW_2.sub(r"\g<1>{row}", formulas.count())
        self._plain = {column: _column_looks(looks, column) for column in columns}
        self._flagged = looks.make(TEXT, bg_color=OVER_FILL, font_color=OVER_INK)
        self._seconds = looks.make(TO_THE_SECOND)

    def write(self, number: int, row: PostRow) -> None:
        """Write a row under its number in the sheet."""
        row = keep_from_running_cut(row)
        if (lines := lines_of(row)) > SHOWN_LINES:
            self._sheet.set_row(number - 1, LINE_POINTS * min(lines, MOST_LINES))
        for place, column in enumerate(self._columns):
            if column == COUNT:
                self.write_count(number, count_text(row.cells))
            elif (cell := row.cells.get(column, "")) or column in row.flagged:
                self._write_cell(number - 1, place, column, cell, flagged=column in row.flagged)

    def write_count(self, number: int, value: str) -> None:
        """Write the formula that counts, with what it comes to now."""
        formula = self._count_formula.replace("{row}", str(number))
        self._sheet.write_formula(number - 1, self._count_place, formula, self._plain[COUNT], value)

    def _write_cell(self, at: int, place: int, column: str, cell: Cell, *, flagged: bool) -> None:
        looks = self._flagged if flagged else self._plain[column]
        moment = as_moment(cell) if column == "publish_at" else None
        if moment and not flagged:
            self._sheet.write_datetime(at, place, moment, self._seconds if moment.second else looks)
        else:
            self._sheet.write_string(at, place, fit_cell(_as_text(cell)), looks)


def keep_from_running_cut(row: PostRow) -> PostRow:
    """Return a row as a workbook can hold it: where a text has to be cut, it will be skipped, and says why."""
    if not any(isinstance(cell, str) and is_too_long(cell) for cell in row.cells.values()):
        return row
    notes = f"{TOO_LONG} {_as_text(row.cells.get('notes', ''))}".strip()
    return row._replace(cells={**row.cells, "action": "skip", "notes": notes})


CELL_OF_ROW_2 = re.compile(r"(\$[A-Z]{1,3})2\b")


def as_moment(cell: Cell) -> datetime | None:
    """Return a cell as the date that a workbook can hold, None where it is other text."""
    if isinstance(cell, str):
        if not MOMENT.fullmatch(cell):
            return None
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            return None
    return cell if cell.year > FIRST_YEAR else None


def count_text(cells: Mapping[str, Cell]) -> str:
    """Return what the counting formula comes to for a row."""
    text = _as_text(cells.get("text", ""))
    if not text:
        return ""
    length = len(text.encode("utf-16-le", "surrogatepass")) // 2
    most = _text_most(_as_text(cells.get("channel", "")), _as_text(cells.get("type", "")))
    return f"{length} / {most}" if most else str(length)


@lru_cache(maxsize=1024)
def _text_most(channels: str, kind: str) -> int | None:
    named = [channel for word in channels.split(",") if (channel := channel_named(word))]
    limits = [
        int(combination.text.most.value)
        for (channel, type_), combination in COMBINATIONS.items()
        if channel in named
        and (kind.strip().upper() == type_ or (not kind and DEFAULT_TYPE[channel] is type_))
        and combination.text.most
    ]
    return min(limits, default=None)
