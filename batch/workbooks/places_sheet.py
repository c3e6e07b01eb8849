"""Turns places into the sheet `Places` of a workbook, and into the choices that the column `places` then offers.

The choices follow what is typed: `all`, then each group, then each place, in the order of the sheet.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from batch.atomic import Written
from batch.errors import StartError
from batch.model import Channel
from batch.rules.channels import CHANNEL_LABELS
from batch.rules.places import OWN_COLUMNS
from batch.wording import column_letters
from batch.workbooks import style
from batch.workbooks.style import Formats
from batch.workbooks.validation import Formula, ListColumn, add_lists_sheet, drop_down, make_lists

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

PLACES = "Places"
WORD_COLUMNS = ("city", "phone")
"""The words with which a sheet begins; their headings are anybody's to change."""

USUAL_CHANNELS = (Channel.FACEBOOK, Channel.INSTAGRAM, Channel.GBP)
SPARE_ROWS, LISTED_ROWS, GROUPS_OF_A_PLACE, MAX_GROUPS = 20, 300, 3, 60
"""Empty rows of the table, places that the drop-down follows, groups of each that it lists, and groups in all."""

NOTES: Mapping[str, str] = {
    "place": "The place's short name, such as berlin. Never change it: it is part of its posts' keys.",
    "site": "The site's name in your configuration. Blank = the only site, or the default one.",
    "timezone": "Posts go out at their time on this clock, such as Europe/Berlin. Blank = the site's time zone.",
    "groups": "Any words, with commas between them: north, city. A row of Posts can name a group for its places.",
    "skip": "yes = nothing is sent for this place.",
}
WORD_NOTE = (
    "A word of the place's own. {{{{{heading}}}}} in a text, title, link, media, hashtags or prompt of Posts stands "
    "for it, and {{{{{heading}|ours}}}} has a default. Rename the column, or add more."
)
MANY_GROUPS = "MAX(pb_group_numbers)"
WIDTHS: Mapping[str, float] = {"place": 22, "site": 18, "timezone": 20, "groups": 24, "skip": 9}


@dataclass(frozen=True, slots=True)
class PlaceRows:
    """The places to write: a row maps headings (`account:FACEBOOK` too) to text.

    `words` are the headings of the places' own words, `channels` those that have a column for accounts.
    """

    rows: Sequence[Mapping[str, str]] = ()
    words: Sequence[str] = WORD_COLUMNS
    channels: Sequence[Channel] = USUAL_CHANNELS

    @property
    def columns(self) -> tuple[str, ...]:
        """The headings, from left to right."""
        return (*OWN_COLUMNS, *(f"account:{channel}" for channel in self.channels), *self.words)

    @property
    def last_listed(self) -> int:
        """The last row of the sheet whose place the drop-down of `places` offers."""
        return 1 + max(LISTED_ROWS, len(self.rows) + SPARE_ROWS)

    def choices(self, *, first_column: int) -> dict[str, ListColumn]:
        """Return the lists behind the drop-down of `places`: formulas over this sheet, with what they come to now.

        They stand side by side on the sheet of the lists, from `first_column` (0 = A) on.
        """
        word, number = column_letters(first_column), column_letters(first_column + 1)
        words, numbers, known = list[Formula](), list[Formula](), dict[str, str]()
        for at in range((self.last_listed - 1) * GROUPS_OF_A_PLACE):
            row, part = divmod(at, GROUPS_OF_A_PLACE)
            written = self.rows[row].get("groups", "") if row < len(self.rows) else ""
            name = [*map(str.strip, re.split("[,;]", written)), *[""] * GROUPS_OF_A_PLACE][part]
            cell = f'SUBSTITUTE({PLACES}!${column_letters(self.columns.index("groups"))}${row + 2},";",",")'
            words.append(Formula(f'=TRIM(MID(SUBSTITUTE({cell},",",REPT(" ",99)),{part * 99 + 1},99))', name))
            new = bool(name) and name.casefold() not in known
            known |= {name.casefold(): name} if new else {}
            seen = f'OR({word}{at + 2}="",COUNTIF({word}$1:{word}{at + 1},{word}{at + 2})>0)'
            numbers.append(Formula(f'=IF({seen},"",MAX({number}$1:{number}{at + 1})+1)', len(known) if new else ""))
        offered: list[str | int | Formula] = ["all"]
        now = [*known.values(), *(row.get("place", "") for row in self.rows)]
        for at in range(1, self.last_listed + MAX_GROUPS):
            group = f"INDEX(pb_group_words,MATCH({at},pb_group_numbers,0))"
            place = f'IF({at}<={MANY_GROUPS}+COUNTA({self.names}),INDEX({self.names},{at}-{MANY_GROUPS}),"")'
            formula = f"=IF({at}<={MANY_GROUPS},{group},{place})"
            offered.append(Formula(formula, now[at - 1] if at <= len(now) else ""))
        return {"pb_group_words": words, "pb_group_numbers": numbers, "pb_all_places": offered}

    @staticmethod
    def note_of(heading: str) -> str:
        """Return the note on a heading; any that is not ours is a word's."""
        if heading.startswith("account:"):
            label = CHANNEL_LABELS[Channel(heading.partition(":")[2])]
            return f"The place's own {label} account, page or location, by name or ID. Blank = the default account."
        return NOTES.get(heading) or WORD_NOTE.format(heading=heading)

    @property
    def names(self) -> str:
        """The cells of the places' names."""
        return f"{PLACES}!$A$2:$A${self.last_listed}"

    @property
    def offered(self) -> str:
        """The filled part of the list of choices, as a formula."""
        return f"=OFFSET(pb_all_places,0,0,1+{MANY_GROUPS}+COUNTA({self.names}),1)"


def add_places_sheet(book: Workbook, formats: Formats, places: PlaceRows) -> None:
    """Add the sheet with its places in an Excel table, and room for more."""
    sheet = style.add_sheet(book, PLACES, tab=style.INDIGO)
    columns, last_row = places.columns, 1 + len(places.rows) + SPARE_ROWS
    style.set_columns(sheet, [WIDTHS.get(name, 24) for name in columns], formats.make(style.TEXT))
    sheet.set_default_row(20)
    sheet.set_row(0, style.HEADING_POINTS)
    fills = (style.NAVY if name in OWN_COLUMNS else style.TEAL if ":" in name else style.INDIGO for name in columns)
    made = [formats.heading(fill) for fill in fills]
    style.add_table(sheet, "PlaceTable", columns, made, first_row=0, last_row=last_row - 1)
    style.add_bands(sheet, formats, width=len(columns), last_row=last_row, spans=[(0, len(columns) - 1)])
    for at, heading in enumerate(columns):
        style.add_note(sheet, 0, at, places.note_of(heading))
    for number, row in enumerate(places.rows, start=1):
        for at, heading in enumerate(columns):
            if cell := row.get(heading, ""):
                sheet.write_string(number, at, style.fit_cell(cell), formats.make(style.TEXT))
    for name, like in (("timezone", "timezone"), ("skip", "approved")):
        at = columns.index(name)
        sheet.data_validation(1, at, places.last_listed - 1, at, drop_down(like))
    sheet.freeze_panes(1, 1)
    sheet.repeat_rows(0)
    sheet.print_area(1, 0, last_row - 1, len(columns) - 1)  # the headings are on each page
    sheet.set_selection(1, 0, 1, 0)


def write_places(places: PlaceRows, path: Path) -> Written:
    """Write a table of places by itself, as `.xlsx` or `.csv`. Errors: StartError with one sentence."""

    def fill_workbook(draft: Path) -> None:
        book = style.open_book(draft, title="Places")
        formats = Formats(book)
        add_places_sheet(book, formats, places)
        add_lists_sheet(book, formats, make_lists())
        style.close_book(book)

    lines = [places.columns, *(tuple(row.get(name, "") for name in places.columns) for row in places.rows)]
    writers = {".xlsx": fill_workbook, ".csv": lambda draft: style.write_csv(draft, lines)}
    return style.write_by_ending(path, writers, what="A table of places", failing=StartError)
