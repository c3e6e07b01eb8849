"""The `Results` sheet: one line for each post, in the sheet's order, outcome in colour and link to click."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from batch.model import COLUMNS, RESULT_COLUMNS, Results
from batch.sheet.banner import add_banner, heading_points
from batch.sheet.cell_text import fit_cell
from batch.sheet.columns import COLUMN_LOOKS
from batch.sheet.lines import GENERATED, GENERATED_TITLE, Layout, layout_of, lines_of
from batch.sheet.posts_sheet import LINE_POINTS, MOST_LINES, note_options, wrapped_lines
from batch.sheet.results_text import SANDBOX
from batch.sheet.style import (
    LINK_INK,
    NAVY,
    NO_TONE,
    OUTCOME_TONES,
    SLATE,
    TEAL,
    TEXT,
    Looks,
    add_sheet,
)
from batch.sheet.tints import add_bands

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

RESULTS = "Results"
ROW_POINTS = 30
SHOWN_LINES = 2
"""A row shows two lines, and one whose message takes more grows with it: nobody should have to pull at it to read."""

MAX_LINKS = 65_000
"""A sheet takes 65,530 links (Excel specifications and limits); those beyond stay text."""

MAX_LINK_CHARS = 2_000
WEB_ADDRESS = re.compile(r"https?://[^\s\"<>\\^`{|}]+")
OUTCOME, LINK, ROW, MESSAGE = (RESULT_COLUMNS.index(name) for name in ("outcome", "link", "row", "message"))

WIDTHS: Mapping[str, float] = {
    "row": 6, "key": 24, "site": 12, "channel": 14, "type": 9, "account": 20, "action": 11, "outcome": 13, "status": 13,
    "publish_at_utc": 21, "item_id": 20, "link": 34, "code": 22, "message": 58, GENERATED: 52, GENERATED_TITLE: 24,
}  # fmt: skip

BLANK_WIDTH = 10
MAY_BE_BLANK = ("action", "status", "item_id", "link", "code")

NOTES: Mapping[str, str] = {
    "row": "The row in your sheet.",
    "key": "The post's name. Where your sheet had none, this is the one that was made for it.",
    "outcome": (
        "What became of the post. drafted, published, scheduled, rescheduled, updated, cancelled, deleted, unchanged, "
        "skipped: all is well. processing: accepted, not final. invalid, blocked, conflict, failed, unknown, not_run: "
        "see message, and the sheet To fix."
    ),
    "status": "What the site last said of the post.",
    "publish_at_utc": "When it goes out, in UTC. The sheet Calendar shows it on the clock of its own place.",
    "item_id": "The post's ID on the site.",
    "link": "Where the post is to be seen once it is live.",
    "code": "A short word for the reason, the same each time.",
    "message": "What happened, and what to do about it.",
    GENERATED: "The text that was written for this post and sent.",
    GENERATED_TITLE: "The title that was written for this post and sent.",
}


def add_results_sheet(book: Workbook, looks: Looks, results: Results) -> None:
    """Add the sheet."""
    layout = layout_of(results)
    headings = (*layout.headings, SANDBOX) if results.sandbox else layout.headings
    sheet = add_sheet(book, RESULTS, tab=NAVY, pages_wide=4)
    last_row = len(results.outcomes) + 1
    _write_headings(sheet, looks, headings, layout, sandbox=results.sandbox)
    _narrow_blank(sheet, looks, results)
    spans = [(0, OUTCOME - 1), (OUTCOME + 1, len(headings) - 1)]
    add_bands(sheet, looks, spans=spans, last_row=max(last_row, 2))
    _write_lines(sheet, looks, results, layout)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last_row - 1, len(headings) - 1)
    sheet.repeat_rows(0)
    add_banner(sheet, results)


def _write_headings(sheet: Worksheet, looks: Looks, headings: Sequence[str], layout: Layout, *, sandbox: bool) -> None:
    sheet.set_default_row(ROW_POINTS)
    sheet.set_row(0, heading_points(strip=sandbox))
    text = looks.make(TEXT)
    for place, heading in enumerate(headings):
        sheet.set_column(place, place, _width(heading, place, layout), text)
        fill = NAVY if place < len(RESULT_COLUMNS) else TEAL if heading in layout.after else SLATE
        sheet.write_string(0, place, fit_cell(heading), looks.heading(fill, under_strip=sandbox))
        note = NOTES.get(heading) if place < len(RESULT_COLUMNS) or heading in layout.after else None
        if note:
            sheet.write_comment(0, place, note, note_options(note))


def _narrow_blank(sheet: Worksheet, looks: Looks, results: Results) -> None:
    """Give a column in which nothing stands no more room than its heading, so that the messages come into sight."""
    for name in MAY_BE_BLANK:
        if not any(getattr(outcome, name) for outcome in results.outcomes):
            place = RESULT_COLUMNS.index(name)
            sheet.set_column(place, place, BLANK_WIDTH, looks.make(TEXT))


def _width(heading: str, place: int, layout: Layout) -> float:
    if place < len(RESULT_COLUMNS) or heading in layout.after:
        return WIDTHS[heading]
    column = heading.removesuffix(" (sheet)")
    return COLUMN_LOOKS[column].width if column in COLUMNS else 18


def _write_lines(sheet: Worksheet, looks: Looks, results: Results, layout: Layout) -> None:
    """Write the lines. The inner loop is what a large run waits for, so it does nothing twice."""
    write_text, write_number = sheet.write_string, sheet.write_number
    plain, number = looks.make(TEXT), looks.make(align="left", indent=1)
    link = looks.make(TEXT, font_color=LINK_INK, underline=1)
    tones = {kind: looks.tone(tone, bold=True, align="left", indent=1) for kind, tone in OUTCOME_TONES.items()}
    other = looks.tone(NO_TONE, bold=True, align="left", indent=1)
    links_left = MAX_LINKS
    rest = range(LINK + 1, len(layout.headings))
    for at, line in enumerate(lines_of(results, layout), start=1):
        if (tall := wrapped_lines(str(line[MESSAGE]), width=WIDTHS["message"])) > SHOWN_LINES:
            sheet.set_row(at, LINE_POINTS * min(tall, MOST_LINES))
        write_number(at, ROW, int(line[ROW]), number)
        for place in range(ROW + 1, LINK):
            if cell := line[place]:
                looks_of_cell = plain if place != OUTCOME else tones.get(str(cell), other)
                write_text(at, place, fit_cell(str(cell)), looks_of_cell)
        links_left -= _write_link(sheet, at, str(line[LINK]), link if links_left > 0 else None, plain)
        for place in rest:
            if cell := line[place]:
                write_text(at, place, fit_cell(str(cell)), plain)
        if results.sandbox:
            write_text(at, len(layout.headings), "yes", plain)


def _write_link(sheet: Worksheet, at: int, address: str, link: Format | None, plain: Format) -> int:
    """Write an address to click where it is a web address, else as text; return how many links that made."""
    if not address:
        return 0
    if link is None or len(address) > MAX_LINK_CHARS or not WEB_ADDRESS.fullmatch(address):
        sheet.write_string(at, LINK, fit_cell(address), plain)
        return 0
    sheet.write_url(at, LINK, address, link, address)
    return 1
