"""The looks of every workbook that this project writes: one palette, and each cell format made once.

Colours never carry a meaning alone; a word always stands beside them. All text cells have the format "text", so that
editing one does not turn it into a formula, a date or a number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.model import COLUMNS, Channel, OutcomeKind, Results
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, ENDED

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


FONT = "Arial"
"""Known to Excel, LibreOffice and Google Sheets alike."""
INK, SOFT_INK, FAINT_INK = "#1F2937", "#6B7280", "#9CA3AF"
PAPER, BAND, LINE, RULE = "#FFFFFF", "#F7F9FB", "#E5E9EF", "#CBD5E1"
NAVY, TEAL, INDIGO, VIOLET, SLATE, WINE = "#1E3A5F", "#0F766E", "#3F4EA3", "#7A3E9D", "#475569", "#991B1B"
NEEDED_FILL, OVER_FILL, OVER_INK, UNUSED_FILL = "#FFE9B8", "#FBD5D5", "#9B1C1C", "#E9EDF2"
SANDBOX_FILL, SANDBOX_INK = "#FEF3C7", "#92400E"
LINK_INK = "#1D4ED8"
MADE_ON = datetime(2026, 1, 1)  # noqa: DTZ001  the time stamp of a workbook has no zone; fixed, so that files compare equal

SANDBOX_SAID = "SANDBOX: these posts went to the practice server on this computer, not to a real site."


class Tone(NamedTuple):
    """A pair of colours that can be read together: a light ground, and a dark ink that also serves for lines."""

    fill: str
    ink: str


CHANNEL_TONES: Mapping[str, Tone] = {
    Channel.INSTAGRAM: Tone("#FCE7F3", "#BE185D"),
    Channel.FACEBOOK: Tone("#DBEAFE", "#1D4ED8"),
    Channel.YOUTUBE: Tone("#FEE2E2", "#B91C1C"),
    Channel.LINKEDIN: Tone("#CFF5FB", "#0E7490"),
    Channel.TWITTER: Tone("#E5E7EB", "#374151"),
    Channel.PINTEREST: Tone("#FFEDD5", "#C2410C"),
    Channel.GBP: Tone("#DCFCE7", "#15803D"),
    Channel.TIKTOK: Tone("#EDE9FE", "#6D28D9"),
}
NO_TONE = Tone("#F1F5F9", "#475569")

_LIVE, _SET, _MOVED, _QUIET = (
    Tone("#BBF7D0", "#166534"), Tone("#DCFCE7", "#166534"), Tone("#CCFBF1", "#115E59"), Tone("#EEF2F6", "#475569")
)  # fmt: skip
_WAIT, _WARN, _BAD, _OPEN = (
    Tone("#DBEAFE", "#1E40AF"), Tone("#FEF3C7", "#92400E"), Tone("#FEE2E2", "#991B1B"), Tone("#F3E8FF", "#6B21A8")
)  # fmt: skip
OUTCOME_TONES: Mapping[str, Tone] = {
    OutcomeKind.PUBLISHED: _LIVE,
    OutcomeKind.SCHEDULED: _SET,
    OutcomeKind.RESCHEDULED: _MOVED,
    OutcomeKind.UPDATED: _MOVED,
    OutcomeKind.DRAFTED: _QUIET,
    OutcomeKind.CANCELLED: _QUIET,
    OutcomeKind.DELETED: _QUIET,
    OutcomeKind.UNCHANGED: _QUIET,
    OutcomeKind.SKIPPED: _QUIET,
    OutcomeKind.PROCESSING: _WAIT,
    OutcomeKind.INVALID: _BAD,
    OutcomeKind.BLOCKED: _WARN,
    OutcomeKind.CONFLICT: _BAD,
    OutcomeKind.FAILED: _BAD,
    OutcomeKind.UNKNOWN: _OPEN,
    OutcomeKind.NOT_RUN: _WARN,
}
CHART_INKS: Mapping[str, str] = {
    _LIVE.fill: "#16A34A", _SET.fill: "#4ADE80", _MOVED.fill: "#2DD4BF", _QUIET.fill: "#94A3B8", _WAIT.fill: "#60A5FA",
    _WARN.fill: "#F59E0B", _BAD.fill: "#EF4444", _OPEN.fill: "#A855F7",
}  # fmt: skip
"""The stronger colour of each tone, for the bars of a chart."""

PLAIN: Mapping[str, Any] = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
TEXT: Mapping[str, Any] = {"num_format": "@", "text_wrap": True, "align": "left", "indent": 1}


class Looks:
    """Makes each format of a workbook once; a format is asked for by its properties."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def make(self, *layers: Mapping[str, Any], **more: Any) -> Format:
        """Return the format with these properties on top of the usual ones; the later of two wins."""
        merged: dict[str, Any] = dict(PLAIN)
        for layer in layers:
            merged |= layer
        merged |= more
        if "indent" in merged:
            merged.setdefault("align", "left")
        return self._keep(merged)

    def tint(self, **properties: Any) -> Format:
        """Return a format for a conditional rule, which must hold only what it changes."""
        return self._keep(properties)

    def heading(self, fill: str, *, under_strip: bool = False) -> Format:
        """Return the format of a heading cell; `under_strip` where a strip lies over the upper half of its row."""
        place = {"valign": "bottom" if under_strip else "vcenter", "align": "left", "indent": 1}
        return self.make(place, bold=True, font_color=PAPER, bg_color=fill, border=1, border_color=fill)

    def tone(self, tone: Tone, **more: Any) -> Format:
        """Return the format of a cell in a tone."""
        return self.make(bg_color=tone.fill, font_color=tone.ink, **more)

    def _keep(self, properties: dict[str, Any]) -> Format:
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]


def open_book(path: Path, *, title: str, streaming: bool = False, at: datetime = MADE_ON) -> Workbook:
    """Return a new workbook in which no text ever becomes a formula, a number or a link by itself.

    With `streaming` each row is written out as soon as the next one begins, so that memory stays bounded.
    """
    from xlsxwriter.workbook import Workbook

    book = Workbook(
        str(path),
        {
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "constant_memory": streaming,
        },
    )
    book.set_properties({"title": title, "author": "postbatch", "created": at})
    book.set_calc_mode("auto")
    return book


def close_book(book: Workbook) -> None:
    """Write a workbook out; what the disk refuses is an OSError.

    It is packed in memory first, a tenth of its size: the library can't drop a half-written file without a traceback.
    """
    from xlsxwriter.exceptions import FileCreateError

    path, packed = Path(book.filename), BytesIO()
    book.filename = packed
    try:
        book.close()
    except FileCreateError as error:
        cause = error.args[0] if error.args else None
        raise cause if isinstance(cause, OSError) else OSError(str(error)) from error
    path.write_bytes(packed.getbuffer())


def add_sheet(book: Workbook, name: str, *, tab: str, pages_wide: int = 1) -> Worksheet:
    """Return a new sheet without grid lines, ready to be printed on so many pages side by side."""
    sheet = book.add_worksheet(name)
    sheet.hide_gridlines(2)
    sheet.set_tab_color(tab)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(pages_wide, 0)
    sheet.set_margins(0.4, 0.4, 0.5, 0.5)
    sheet.set_footer("&L&8&F&C&8&A&R&8&P / &N")
    return sheet


STRIP_POINTS, HEADING_POINTS = 20, 26
POINTS_TO_PIXELS = 4 / 3
STRIP_PIXELS_WIDE = 620


def heading_points(*, strip: bool) -> int:
    """Return the height of a heading row, with room for the strip where there is one."""
    return HEADING_POINTS + STRIP_POINTS if strip else HEADING_POINTS


def add_banner(sheet: Worksheet, results: Results) -> None:
    """Add the strip to a sheet whose first row was given `heading_points`."""
    if not results.sandbox:
        return
    add_strip(sheet, SANDBOX_SAID, fill=SANDBOX_FILL, ink=SANDBOX_INK)
    sheet.set_header(f"&C&9{SANDBOX_SAID}")


def add_strip(sheet: Worksheet, text: str, *, fill: str, ink: str) -> None:
    """Lay a line of text over the upper part of the heading row."""
    options = {
        "x_offset": 2,
        "y_offset": 2,
        "width": STRIP_PIXELS_WIDE,
        "height": int(STRIP_POINTS * POINTS_TO_PIXELS) - 4,
        "object_position": 3,
        "fill": {"color": fill},
        "line": {"color": ink, "width": 0.75},
        "font": {"name": FONT, "size": 10, "bold": True, "color": ink},
        "align": {"vertical": "middle", "horizontal": "left"},
        "description": text,
    }
    sheet.insert_textbox(0, 0, text, options)


MAX_CELL_UNITS = 32_767
"""Excel's own limit for a cell, in UTF-16 code units (support.microsoft.com, Excel specifications, read 2026-11-24)."""

CUT_MARK = " … [cut here: a cell holds no more]"
UNFIT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
LINE_END = re.compile("\r\n?")
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell starts that some spreadsheet program runs (owasp.org, CSV Injection, read 2026-11-24)."""


def fit_cell(text: str) -> str:
    """Return a text as a workbook's cell can hold it: visible signs for what XML can't hold, cut where too long."""
    if len(text) * 2 <= MAX_CELL_UNITS and text.isprintable():
        return text
    if "\r" in text:
        text = LINE_END.sub("\n", text)
    text = UNFIT.sub(_visible, text)
    return text if not is_too_long(text) else _cut(text)


def is_too_long(text: str) -> bool:
    """Tell whether a cell can't hold the whole text."""
    return len(text) * 2 > MAX_CELL_UNITS and _count_units(text) > MAX_CELL_UNITS


def _count_units(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _cut(text: str) -> str:
    room = MAX_CELL_UNITS - len(CUT_MARK)
    kept = text.encode("utf-16-le", "surrogatepass")[: room * 2].decode("utf-16-le", "ignore")
    return kept + CUT_MARK


def _visible(found: re.Match[str]) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "\u2421" if code == 0x7F else "\ufffd"


def disarm(text: str) -> str:
    """Return a text as a CSV cell that no program takes for a formula: with an apostrophe before such a start."""
    return f"'{text}" if text.lstrip(" \n\u00a0\ufeff").startswith(FORMULA_STARTS) else text


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


COUNT = "characters"
"""The column beside `text` that counts as one types. It is ours alone: reading a sheet passes over it."""

PROBLEM = "problem"
"""The first column of a `To fix` sheet. Reading passes over it too."""


class ColumnLook(NamedTuple):
    """A column's width in characters, and the colour of its group."""

    width: float
    group: str


COLUMN_LOOKS: Mapping[str, ColumnLook] = {
    "key": ColumnLook(22, NAVY),
    "action": ColumnLook(12, NAVY),
    "site": ColumnLook(12, NAVY),
    "channel": ColumnLook(15, NAVY),
    "type": ColumnLook(9, NAVY),
    "account": ColumnLook(20, NAVY),
    "publish_at": ColumnLook(17, TEAL),
    "timezone": ColumnLook(17, TEAL),
    "text": ColumnLook(52, INDIGO),
    COUNT: ColumnLook(12, INDIGO),
    "title": ColumnLook(24, INDIGO),
    "media": ColumnLook(42, INDIGO),
    "link": ColumnLook(30, INDIGO),
    "call_to_action": ColumnLook(15, INDIGO),
    "privacy": ColumnLook(24, INDIGO),
    "generate": ColumnLook(11, VIOLET),
    "prompt": ColumnLook(30, VIOLET),
    "asset": ColumnLook(24, VIOLET),
    "tone": ColumnLook(12, VIOLET),
    "language": ColumnLook(11, VIOLET),
    "item_id": ColumnLook(22, SLATE),
    "approved": ColumnLook(11, SLATE),
    "notes": ColumnLook(36, SLATE),
    PROBLEM: ColumnLook(54, WINE),
}

NOTES: Mapping[str, str] = {
    "key": (
        "A short name of your own for this post, such as spring-01. Never change it afterwards: by it the post is "
        "found again, so that running the sheet twice does not post twice. Blank: one is made for you."
    ),
    "action": (
        "Leave it blank: the post is brought to what this row says. Or choose one: draft, publish (now), schedule, "
        "reschedule, cancel, delete, skip."
    ),
    "site": "The site's name in your configuration. Blank = the only site, or the default one.",
    "channel": "Where the post goes. Several, separated by commas, make one post for each channel.",
    "type": (
        "What kind of post. The list shows what this row's channel has. Blank = the usual one (VIDEO on YouTube, POST "
        "elsewhere)."
    ),
    "account": "The account, or its page, board or location, by name or ID. Blank = the channel's default account.",
    "publish_at": (
        "Date and time, on the clock of the time zone beside it: 2026-12-01 09:30. Or the word now. Blank = a draft, "
        "which goes nowhere until it gets a date."
    ),
    "timezone": (
        "Whose clock the date is on, such as Europe/Berlin. Any IANA name will do, not only those in the list. Blank = "
        "the site's time zone."
    ),
    "text": (
        "The caption or description. Line breaks (Alt+Enter in Excel, Ctrl+Enter in LibreOffice and Google Sheets) and "
        "emoji stay as they are."
    ),
    COUNT: "How long the text is, and the most that this row's channel takes. It counts by itself.",
    "title": "Only for {channels}.",
    "media": (
        "Pictures or videos: web addresses, or files beside this sheet (pictures/cup.jpg). Several make a carousel: "
        "one on each line of the cell, in order."
    ),
    "link": "The page that the post leads to. Only for {channels}.",
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
    PROBLEM: (
        "What has to be mended in this row. Correct the cells in colour, save, and run this very file. This column is "
        "not read."
    ),
}
"""`{channels}` stands for the living channels that have such a field, as the channel table says."""

AFTER_TEXT = COLUMNS.index("text") + 1
POSTS_COLUMNS = (*COLUMNS[:AFTER_TEXT], COUNT, *COLUMNS[AFTER_TEXT:])
"""The columns of a sheet of posts, from left to right."""


def look_of(column: str) -> ColumnLook:
    """Return how a column looks; `text:INSTAGRAM` looks like `text`."""
    return COLUMN_LOOKS[column.partition(":")[0]]


def note_of(column: str) -> str:
    """Return the note on a heading."""
    base, _, channel = column.partition(":")
    if channel:
        return f"As {base}, for {channel} only."
    return NOTES[base].replace("{channels}", _channels_with(base))


def _channels_with(field: str) -> str:
    """Return the living channels that have a field, as a person lists them."""
    labels = [
        CHANNEL_LABELS[combination.channel]
        for combination in COMBINATIONS.values()
        if combination.channel not in ENDED and getattr(combination, field, None) is not None
    ]
    several = list(dict.fromkeys(labels))
    return " and ".join([", ".join(several[:-1]), several[-1]] if len(several) > 1 else several)
