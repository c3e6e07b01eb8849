"""Turns rows of posts into a sheet in the template's own columns and styles: drop-downs, counts and colours included.

The template, `pull` and the `To fix` sheet are all made here, so that whatever is written can be edited and run alike.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from batch.model import COLUMNS, PLACE_COLUMNS, Cell
from batch.rules.channel_words import channel_named
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, DEFAULT_TYPE, ENDED, Combination
from batch.wording import listed
from batch.workbooks import style
from batch.workbooks.style import Formats
from batch.workbooks.validation import COUNT, MAKING, Formulas

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

POSTS = "Posts"
ROW_NUMBER, PROBLEM = "row", "problem"
"""The first column of a `To fix` sheet. Reading passes over it too."""

FIRST_COLUMNS = ("channel", "publish_at", "text", "media", "link", COUNT, "notes")
"""What everybody needs, from left to right; all others are folded away beside it, in the order of their use."""
NEXT_COLUMNS = ("title", "hashtags", "type", "account", "key", "timezone", "places", "repeat", "campaign")
POSTS_COLUMNS = tuple(dict.fromkeys((*FIRST_COLUMNS, *(name for name in NEXT_COLUMNS if name in COLUMNS), *COLUMNS)))
"""The columns of a sheet of posts, from left to right."""
FOLDED_COLUMNS = frozenset(POSTS_COLUMNS) - frozenset(FIRST_COLUMNS)

SPARE_ROWS, RULED_ROWS, NOTED_ROWS = 200, 2_000, 500
"""Empty rows of the table, rows with drop-downs, and rows whose flagged cells have a note."""
PRINTED_SPARE_ROWS = 12
"""Empty rows on paper, under those that are filled: a sheet is not to print its nine pages of empty ones."""
ROW_POINTS, LINE_POINTS = 42, 14
SHOWN_LINES, MAX_LINES = 3, 9
"""A row shows three lines, and one whose text or media take more grows with them, up to nine."""

DATE = re.compile(r"\d{4}-\d\d-\d\d[ T]\d\d:\d\d(?::\d\d)?")
DATE_CELL = {"num_format": "yyyy-mm-dd hh:mm", "align": "left", "indent": 1}
DATE_CELL_WITH_SECONDS = {**DATE_CELL, "num_format": "yyyy-mm-dd hh:mm:ss"}
TOP = {"valign": "top"}
"""How the cells of a row look in which a text is higher than the row, so that its beginning is in sight."""
CELLS: Mapping[str, Mapping[str, object]] = {
    "publish_at": DATE_CELL,
    COUNT: {"font_color": style.SOFT_INK, "text_wrap": True, "indent": 1},
    PROBLEM: {**style.TEXT, "font_color": style.OVER_INK},
}
"""How the cells of a column look that are no plain text."""

FIRST_YEAR = 1900
CELL_OF_ROW_2 = re.compile(r"(\$[A-Z]{1,3})2\b")
TOO_LONG = (
    "SKIPPED: a text of this row is longer than a workbook's cell holds and is cut here. Write it in a .csv sheet "
    "instead."
)


class ColumnStyle(NamedTuple):
    """A column's width in characters, and the colour of its group."""

    width: float
    group: str


WIDTHS: Mapping[str, Mapping[str, float]] = {
    style.NAVY: {"key": 22, "action": 12, "site": 12, "channel": 15, "type": 9, "account": 20},
    style.TEAL: {"publish_at": 17, "timezone": 17, "repeat": 26},
    style.INDIGO: {
        "text": 52, COUNT: 16, "title": 24, "media": 42, "hashtags": 24, "places": 20, "link": 30, "campaign": 18,
        "call_to_action": 15, "privacy": 24,
    },
    style.VIOLET: {"generate": 11, "prompt": 30, "asset": 24, "tone": 12, "language": 11},
    style.SLATE: {"item_id": 22, "approved": 11, "notes": 36},
    style.WINE: {ROW_NUMBER: 7, PROBLEM: 54},
}  # fmt: skip
COLUMN_STYLES: Mapping[str, ColumnStyle] = {
    name: ColumnStyle(width, group) for group, widths in WIDTHS.items() for name, width in widths.items()
}

NOTES: Mapping[str, str] = {
    "key": (
        "A short name of your own for this post, such as spring-01. Never change it: the post is found again by it, so "
        "that running the sheet twice doesn't post twice. Blank = one is made for you."
    ),
    "action": (
        "Blank = the post is made to match this row. Or choose one: draft, publish (now), schedule, reschedule, "
        "cancel, delete, skip."
    ),
    "site": "The site's name in your configuration. Blank = the only site, or the default one.",
    "channel": "Where the post goes. Several, separated by commas, make one post for each channel.",
    "type": (
        "What kind of post. The list shows what this row's channel has. Blank = the usual one (VIDEO on YouTube, POST "
        "elsewhere)."
    ),
    "account": "The account, or its page, board or location, by name or ID. Blank = the channel's default account.",
    "publish_at": (
        "Date and time in the row's time zone: 2026-12-01 09:30. Or: now. Or: slot, the next free time of the week. "
        "Blank = a draft, which goes nowhere until it gets a date."
    ),
    "timezone": (
        "The time zone of the date, such as Europe/Berlin. Any IANA name will do, not only those in the list. Blank = "
        "the site's time zone."
    ),
    "text": (
        "The caption or description. Line breaks (Alt+Enter in Excel, Ctrl+Enter in LibreOffice and Google Sheets) and "
        "emoji stay as they are."
    ),
    COUNT: (
        "How long the text is, and the most that this row's channel takes. It counts by itself, and names what else "
        "the row needs in a column that is folded away: click the + above the columns at the right."
    ),
    "title": "Only for {channels}.",
    "media": (
        "Pictures or videos: web addresses, or files beside this sheet (pictures/cup.jpg). Several make a carousel: "
        "one on each line of the cell, in order."
    ),
    "hashtags": "Put after the text, with a blank line between, and counted with it: #clay #studio, or clay studio.",
    "places": (
        "One post for each of these places of the sheet Places: names, groups, all, or all but berlin. Blank = one "
        "post. {{city}} in a text is then the place's own word."
    ),
    "link": "The page that the post leads to. Only for {channels}.",
    "repeat": "One post for each date, such as: weekly until 2027-03-31, or weekly mon, thu 6 times.",
    "campaign": "A name for the campaign, for links that are tagged.",
    "call_to_action": "The button under the post. Only for {channels}.",
    "privacy": "Who may see it. Only for {channels}, where it is needed.",
    "generate": (
        "Leave it blank to post what you wrote. caption = have the text written from the prompt; post = have text and "
        "picture made from the asset or the prompt; image = have the first picture edited."
    ),
    "prompt": "For generate: what it should be about, or what to change in the picture.",
    "asset": "For generate: the thing on your site to post about, such as STORES_PRODUCT:<its ID>.",
    "tone": "For generate: such as friendly or playful.",
    "language": "For generate: a language code, such as en or de.",
    "item_id": "Leave it blank. The ID of a post that is already on the site; postbatch pull fills it in.",
    "approved": "yes, once somebody has approved the post. It counts only with --approved-only.",
    "notes": "For you and your colleagues. Never sent.",
    ROW_NUMBER: "The row in your own sheet.",
    PROBLEM: (
        "What is wrong in this row, and how to put it right. Correct the coloured cells and save. Then run this file, "
        "or take the corrections over into a copy of your sheet with postbatch fix. This column is not read."
    ),
}
"""`{channels}` stands for the living channels that have such a field, as the channel table says."""


class PostRow(NamedTuple):
    """A row by column; `flagged` are the columns that somebody has to look at, with what is wrong there."""

    cells: Mapping[str, Cell]
    flagged: Mapping[str, str] = MappingProxyType({})


def columns_for(rows: Iterable[PostRow], *, first: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the columns that rows need: all of the template's, then those that stand for one channel or place only."""
    extra = {name: None for row in rows for name in row.cells if name not in COLUMNS}
    unknown = [name for name in extra if name.partition(":")[0] not in PLACE_COLUMNS and name not in first]
    if unknown:
        raise ValueError(f"columns that a sheet of posts does not have: {', '.join(unknown)}")
    return (*first, *POSTS_COLUMNS, *(name for name in extra if name not in first))


def as_text(cell: Cell) -> str:
    """Return a cell as CSV has it: a date as `2026-12-01 09:30`."""
    if isinstance(cell, str):
        return cell
    return cell.isoformat(" ", "seconds" if cell.second else "minutes")


def add_posts_sheet(
    book: Workbook,
    formats: Formats,
    rows: Sequence[PostRow],
    *,
    offered: Collection[str],
    empty: Mapping[str, str],
) -> None:
    """Add the sheet `Posts` with its rows in an Excel table and room for more, in rows that begin as `empty` says.

    Of the columns `account` and `places` those that are `offered` have a drop-down.
    """
    sheet = style.add_sheet(book, POSTS, tab=style.NAVY)
    columns, last_row = columns_for(rows), 1 + len(rows) + SPARE_ROWS
    shown = frozenset(column for column in ("places",) if any(row.cells.get(column) for row in rows))
    last_ruled = max(RULED_ROWS, last_row)
    writer = RowWriter(sheet, formats, columns, last_row=last_ruled, offered=offered, unfolded=shown)
    style.add_bands(sheet, formats, width=len(columns), last_row=last_row, spans=[(0, len(columns) - 1)])
    writer.mark_up("PostTable", last_row=last_row)
    for number, row in enumerate(rows, start=2):
        writer.write(number, row)
    for number in range(len(rows) + 2, last_row + 1):
        writer.write(number, PostRow(empty))
    sheet.print_area(0, 0, len(rows) + PRINTED_SPARE_ROWS, len(columns) - 1)
    sheet.freeze_panes(1, 1)
    sheet.set_selection(1, 0, 1, 0)


class RowWriter:
    """Writes rows of posts into a sheet, from top to bottom, under the headings that it begins with.

    Drop-downs and colours reach down to `last_row`; `under_strip` where a strip lies over the headings. Of the columns
    that not everybody needs, the `unfolded` ones are in sight too.
    """

    def __init__(
        self,
        sheet: Worksheet,
        formats: Formats,
        columns: Sequence[str],
        *,
        last_row: int,
        offered: Collection[str] = (),
        under_strip: bool = False,
        unfolded: frozenset[str] = frozenset(),
    ) -> None:
        places = {column: place for place, column in enumerate(columns)}
        formulas = Formulas(places)
        self._sheet, self._columns, self._formats = sheet, columns, formats
        self._count_formula = CELL_OF_ROW_2.sub(r"\g<1>{row}", formulas.count())
        sheet.set_default_row(ROW_POINTS)
        sheet.set_row(0, style.heading_points(strip=under_strip))
        styles = [style_of(name) for name in columns]
        self._headings = [formats.heading(column.group, under_strip=under_strip) for column in styles]
        folded = {places[name] for name in FOLDED_COLUMNS if name in places and name not in unfolded}
        usual, top = ([formats.make(CELLS.get(name, style.TEXT), side) for name in columns] for side in ({}, TOP))
        self._looks = {False: usual, True: top}
        style.set_columns(sheet, [column.width for column in styles], usual, folded=folded)
        formulas.add_dropdowns(sheet, last_row=last_row, offered=offered)
        formulas.add_highlights(sheet, formats, last_row=last_row)

    def mark_up(self, name: str, *, last_row: int) -> None:
        """Write the headings, and mark up the rows down to `last_row` as a table of that name."""
        style.add_table(self._sheet, name, self._columns, self._headings, first_row=0, last_row=last_row - 1)
        for place, note in enumerate(map(note_of, self._columns)):
            style.add_note(self._sheet, 0, place, note)
        self._sheet.repeat_rows(0)

    def write(self, number: int, row: PostRow) -> None:
        """Write a row under its number in the sheet; where a text has to be cut, it will be skipped, and says why."""
        if any(isinstance(cell, str) and style.is_too_long(cell) for cell in row.cells.values()):
            notes = f"{TOO_LONG} {as_text(row.cells.get('notes', ''))}".strip()
            row = row._replace(cells={**row.cells, "action": "skip", "notes": notes})
        lines = max(self._lines(row, column) for column in ("text", "media", PROBLEM))
        if lines > SHOWN_LINES:
            self._sheet.set_row(number - 1, LINE_POINTS * min(lines, MAX_LINES))
        side = TOP if lines > MAX_LINES else {}
        for place, (column, look) in enumerate(zip(self._columns, self._looks[bool(side)], strict=True)):
            cell = row.cells.get(column, "")
            if column == COUNT:
                formula = self._count_formula.replace("{row}", str(number))
                self._sheet.write_formula(number - 1, place, formula, look, count_text(row.cells))
            elif column in row.flagged:
                flagged = self._formats.make(style.TEXT, side, bg_color=style.OVER_FILL, font_color=style.OVER_INK)
                self._sheet.write_string(number - 1, place, style.fit_cell(as_text(cell)), flagged)
                if row.flagged[column] and number <= NOTED_ROWS:
                    style.add_note(self._sheet, number - 1, place, row.flagged[column])
            elif column == "publish_at" and (date := as_date(cell)):
                seconds = self._formats.make(DATE_CELL_WITH_SECONDS, side)
                self._sheet.write_datetime(number - 1, place, date, seconds if date.second else look)
            elif cell:
                self._sheet.write_string(number - 1, place, style.fit_cell(as_text(cell)), look)

    @staticmethod
    def _lines(row: PostRow, column: str) -> int:
        """Return how many lines a cell takes in the width of its column."""
        text, width = str(row.cells.get(column, "")), style_of(column).width
        return sum(1 + int(len(line) / width) for line in text.splitlines())


def style_of(column: str) -> ColumnStyle:
    """Return the style of a column; `text:INSTAGRAM` has that of `text`."""
    return COLUMN_STYLES[column.partition(":")[0]]


def note_of(column: str) -> str:
    """Return the note on a heading; where it speaks of channels, the living ones that have such a field."""
    base, _, channel = column.partition(":")
    if channel:
        return f"As {base}, for {channel} only."
    having = [c for c in COMBINATIONS.values() if c.channel not in ENDED and getattr(c, base, None) is not None]
    labels = dict.fromkeys(CHANNEL_LABELS[combination.channel] for combination in having)
    return NOTES[base].replace("{channels}", listed(labels, last="and"))


def as_date(cell: Cell) -> datetime | None:
    """Return a cell as the date that a workbook can hold, None where it is other text."""
    if isinstance(cell, str):
        if not DATE.fullmatch(cell):
            return None
        try:
            cell = datetime.fromisoformat(cell)
        except ValueError:
            return None
    return cell if cell.year > FIRST_YEAR else None


def count_text(cells: Mapping[str, Cell]) -> str:
    """Return what the counting formula comes to for a row: how long its text is, and what else it needs."""
    text, action = as_text(cells.get("text", "")), as_text(cells.get("action", ""))
    meant = _combinations(as_text(cells.get("channel", "")), as_text(cells.get("type", "")))
    limit = min((combination.text.most.value for combination in meant if combination.text.most), default=None)
    told = [f"{style.count_units(text)} / {limit}" if limit else str(style.count_units(text))] if text else []
    if action in MAKING:
        lacking = {
            "title": any(combination.title and combination.title.needed for combination in meant),
            "privacy": any(combination.privacy for combination in meant),
        }
        told += [f"needs {column}" for column, needed in lacking.items() if needed and not cells.get(column)]
    return " ".join(told)


@lru_cache(maxsize=1024)
def _combinations(channels: str, kind: str) -> tuple[Combination, ...]:
    """Return the lines of the channel table that a row means."""
    named = [channel for word in channels.split(",") if (channel := channel_named(word))]
    return tuple(
        combination
        for (channel, type_), combination in COMBINATIONS.items()
        if channel in named and (kind.strip().upper() == type_ or (not kind and DEFAULT_TYPE[channel] is type_))
    )
