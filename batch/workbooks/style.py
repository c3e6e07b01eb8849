"""How every sheet that this project writes is made: by its ending, with one palette, and in a workbook cell by cell.

Colours never carry a meaning alone; a word always stands beside them. All text cells have the format "text", so that
editing one does not turn it into a formula, a date or a number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from io import BytesIO
from itertools import chain, count, product
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.atomic import Claim, Written, write_whole
from batch.errors import PostbatchError, StopError
from batch.model import Channel, OutcomeKind
from batch.wording import listed, make_visible

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


MAX_CELL_UNITS = 32_767
"""Excel's own limit for a cell, in UTF-16 code units (support.microsoft.com, Excel specifications, read 2026-11-24)."""
CUT_MARK = " … [cut here: a cell holds no more]"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""How a cell starts that some spreadsheet program runs (owasp.org, CSV Injection, read 2026-11-24)."""


def fit_cell(text: str) -> str:
    """Return a text as a workbook's cell can hold it: visible signs for what XML can't hold, cut where too long."""
    text = make_visible(text)
    if not is_too_long(text):
        return text
    room = MAX_CELL_UNITS - len(CUT_MARK)
    return text.encode("utf-16-le", "surrogatepass")[: room * 2].decode("utf-16-le", "ignore") + CUT_MARK


def is_too_long(text: str) -> bool:
    """Tell whether a cell can't hold the whole text."""
    return len(text) * 2 > MAX_CELL_UNITS and count_units(text) > MAX_CELL_UNITS


def count_units(text: str) -> int:
    """Return the length of a text as a workbook counts it, in UTF-16 code units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def disarm(text: str) -> str:
    """Return a text as a CSV cell that no program takes for a formula: with an apostrophe before such a start."""
    return f"'{text}" if text.lstrip(" \n\u00a0\ufeff").startswith(FORMULA_STARTS) else text


def write_by_ending(
    path: Path,
    writers: Mapping[str, Callable[[Path], None]],
    *,
    what: str,
    failing: type[PostbatchError] = StopError,
    never_over: Path | None = None,
    claim: Claim | None = None,
) -> Written:
    """Write a file whole or not at all with the writer of its ending (`.csv`); `what` names it where there is none.

    `never_over` and `claim` are those of `write_whole`. Raises `failing` with one sentence.
    """
    write = writers.get(path.suffix.lower())
    if write is None:
        raise failing(f"{what} can't be written as {path.name}. End the name in {listed(writers)}.")
    return write_whole(path, write, never_over=never_over, claim=claim, failing=failing)


def write_csv(path: Path, lines: Iterable[Sequence[str | int]]) -> None:
    """Write lines as CSV: UTF-8 with the byte order mark by which Excel knows it."""
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        csv.writer(file, lineterminator="\r\n").writerows(lines)


MAX_LINKS = 65_000
"""A sheet takes 65,530 links (Excel specifications and limits); those beyond stay text."""
MAX_LINK_CHARS = 2_000
WEB_ADDRESS = re.compile(r"https?://[^\s\"<>\\^`{|}]+")


def web_link(text: str) -> str:
    """Return an address that a workbook's cell can lead to, "" for any other text."""
    return text if len(text) <= MAX_LINK_CHARS and text.isprintable() and WEB_ADDRESS.fullmatch(text) else ""


FONT = "Arial"
"""Known to Excel, LibreOffice and Google Sheets alike."""
INK, SOFT_INK = "#1F2937", "#6B7280"
PAPER, BAND, LINE, RULE = "#FFFFFF", "#F7F9FB", "#E5E9EF", "#CBD5E1"
NAVY, TEAL, INDIGO, VIOLET, SLATE, WINE = "#1E3A5F", "#0F766E", "#3F4EA3", "#7A3E9D", "#475569", "#991B1B"
NEEDED_FILL, OVER_FILL, OVER_INK, UNUSED_FILL = "#FFE9B8", "#FBD5D5", "#9B1C1C", "#E9EDF2"
RESULTS_SHEET, TO_FIX_SHEET, AS_RUN_SHEET = "Results", "To fix", "As run"
MADE_ON = datetime(2026, 1, 1)  # noqa: DTZ001  the time stamp of a workbook has no zone; fixed, so that files compare equal

SANDBOX_NOTICE = "SANDBOX: these posts went to the practice server on this computer, not to a real site."


class Tone(NamedTuple):
    """Colours that go together: a light ground, a dark ink that also serves for lines, and the bar of a chart."""

    fill: str
    ink: str
    bar: str = ""

    @property
    def cell(self) -> Mapping[str, str]:
        """The properties of a cell in these colours."""
        return {"bg_color": self.fill, "font_color": self.ink}


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
SANDBOX_TONE = Tone("#FEF3C7", "#92400E")

_OUTCOMES_BY_TONE: Mapping[Tone, str] = {
    Tone("#BBF7D0", "#166534", "#16A34A"): "published",
    Tone("#DCFCE7", "#166534", "#4ADE80"): "scheduled",
    Tone("#CCFBF1", "#115E59", "#2DD4BF"): "rescheduled updated",
    Tone("#EEF2F6", "#475569", "#94A3B8"): "drafted cancelled deleted unchanged skipped",
    Tone("#DBEAFE", "#1E40AF", "#60A5FA"): "processing",
    Tone("#FEF3C7", "#92400E", "#F59E0B"): "blocked not_run",
    Tone("#FEE2E2", "#991B1B", "#EF4444"): "invalid conflict failed",
    Tone("#F3E8FF", "#6B21A8", "#A855F7"): "unknown",
}
OUTCOME_TONES: Mapping[str, Tone] = {
    OutcomeKind(word): tone for tone, words in _OUTCOMES_BY_TONE.items() for word in words.split()
}

PLAIN: Mapping[str, Any] = {"font_name": FONT, "font_size": 10, "font_color": INK, "valign": "vcenter"}
TEXT: Mapping[str, Any] = {"num_format": "@", "text_wrap": True, "align": "left", "indent": 1}
RULED: Mapping[str, Any] = {"bottom": 1, "bottom_color": LINE}
TITLE: Mapping[str, Any] = {"bold": True, "font_size": 20, "font_color": NAVY}
SUBTITLE: Mapping[str, Any] = {"bold": True, "font_size": 13, "font_color": NAVY}
LINK: Mapping[str, Any] = {"font_color": "#1D4ED8", "underline": 1}
SOFT: Mapping[str, Any] = {"font_color": SOFT_INK}
TABLE_HEADING: Mapping[str, Any] = {"bold": True, "font_color": PAPER, "bg_color": NAVY, "text_wrap": True}


class Formats:
    """Makes each format of a workbook once; a format is asked for by its properties."""

    def __init__(self, book: Workbook) -> None:
        self._book = book
        self._made: dict[tuple[tuple[str, Any], ...], Format] = {}

    def make(self, *layers: Mapping[str, Any], **more: Any) -> Format:
        """Return the format with these properties on top of the usual ones; the later of two wins."""
        merged: dict[str, Any] = dict(PLAIN)
        for layer in (*layers, more):
            merged |= layer
        if "indent" in merged:
            merged.setdefault("align", "left")
        return self.highlight(**merged)

    def highlight(self, **properties: Any) -> Format:
        """Return a format for a conditional rule, which must hold only what it changes."""
        key = tuple(sorted(properties.items()))
        if key not in self._made:
            self._made[key] = self._book.add_format(properties)
        return self._made[key]

    def heading(self, fill: str, *, under_strip: bool = False) -> Format:
        """Return the format of a heading cell; `under_strip` where a strip lies over the upper half of its row."""
        place = {"valign": "bottom" if under_strip else "vcenter", "align": "left", "indent": 1}
        return self.make(place, bold=True, font_color=PAPER, bg_color=fill, border=1, border_color=fill)


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
    book.set_properties({"title": fit_cell(title), "author": "postbatch", "created": at})
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


def add_sheet(book: Workbook, name: str, *, tab: str, streamed: bool = False) -> Worksheet:
    """Return a new sheet without grid lines that prints on A4, as wide as one page.

    In a book that is streamed, only a sheet that is `streamed` too is written row by row, from top to bottom.
    """
    sheet = book.add_worksheet(name)
    if not streamed:
        sheet.constant_memory = False  # else the library would refuse it tables, and cells that are written later
    sheet.hide_gridlines(2)
    sheet.set_tab_color(tab)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.set_margins(0.4, 0.4, 0.5, 0.5)
    sheet.set_footer("&L&8&F&C&8&A&R&8&P / &N")
    return sheet


def set_columns(
    sheet: Worksheet, widths: Sequence[float], made: Format | Sequence[Format] | None, *, folded: Collection[int] = ()
) -> None:
    """Set how wide each column is, in characters, and how its cells look; the `folded` ones are grouped away."""
    for place, width in enumerate(widths):
        look = made[place] if isinstance(made, Sequence) else made
        fold = {"level": 1, "hidden": True} if place in folded else {"collapsed": place - 1 in folded}
        sheet.set_column(place, place, width, look, fold)
    if len(widths) - 1 in folded:
        sheet.set_column(len(widths), len(widths), None, None, {"collapsed": True})


def add_table(
    sheet: Worksheet,
    name: str,
    headings: Sequence[str],
    made: Sequence[Format],
    *,
    first_row: int,
    last_row: int,
    autofilter: bool = False,
) -> None:
    """Mark up a range that begins in column A as a table, by which screen readers and formulas know it.

    The headings, no two of them alike, are written with their formats. `name` has to be the workbook's only such one.
    """
    columns = [{"header": fit_cell(text), "header_format": look} for text, look in zip(headings, made, strict=True)]
    options = {"name": name, "columns": columns, "style": None, "autofilter": autofilter}
    sheet.add_table(first_row, 0, last_row, len(headings) - 1, options)


def add_bands(
    sheet: Worksheet, formats: Formats, *, width: int, last_row: int, spans: Sequence[tuple[int, int]] = ()
) -> None:
    """Draw a hairline under each row, and set every other one apart in some spans of columns (first and last, from 0).

    Such rules stay in place when rows are sorted. A column whose cells have colours of their own is in no span.
    """
    line = {"bottom": 1, "bottom_color": LINE}
    rules = [(first, last, "=MOD(ROW(),2)=1", {"bg_color": BAND, **line}) for first, last in spans]
    for first, last, criteria, look in (*rules, (0, width - 1, "=TRUE", line)):
        rule = {"type": "formula", "criteria": criteria, "format": formats.highlight(**look)}
        sheet.conditional_format(1, first, last_row - 1, last, rule)


def tell_apart(
    names: Iterable[str], *, taken: Iterable[str] = (), word: str = "", alike: Callable[[str], str] = str.casefold
) -> list[str]:
    """Return the names, each told apart from those that are taken or come before it: `key (sheet)`, `key (sheet 2)`.

    Without a `word` the second is `key (2)`; two names are the same where `alike` makes one of them.
    """
    known, told = set(map(alike, taken)), list[str]()
    for name in names:
        marks = (" ".join([*([word] if word else []), *([str(n)] if n > 1 else [])]) for n in count(1 if word else 2))
        unique = next(own for own in chain([name], (f"{name} ({mark})" for mark in marks)) if alike(own) not in known)
        known.add(alike(unique))
        told.append(unique)
    return told


def add_note(sheet: Worksheet, row: int, column: int, note: str) -> None:
    """Write a note on a cell, as high as its text asks for."""
    look = {"author": "postbatch", "width": 250, "color": "#FFFBEB", "font_size": 9}
    sheet.write_comment(row, column, fit_cell(note), {**look, "height": 17 * (2 + len(note) // 36)})


STRIP_POINTS, HEADING_POINTS = 20, 26
STRIP_PIXELS = (620, 22)


def heading_points(*, strip: bool) -> int:
    """Return the height of a heading row, with room for the strip where there is one."""
    return HEADING_POINTS + STRIP_POINTS if strip else HEADING_POINTS


def add_sandbox_banner(sheet: Worksheet, *, sandbox: bool) -> None:
    """Say of the sandbox's results what they are, on a sheet whose first row was given `heading_points`."""
    if sandbox:
        add_strip(sheet, SANDBOX_NOTICE, SANDBOX_TONE)
        sheet.set_header(f"&C&9{SANDBOX_NOTICE}")


def add_strip(sheet: Worksheet, text: str, tone: Tone) -> None:
    """Lay a line of text over the upper part of the heading row."""
    width, height = STRIP_PIXELS
    options = {
        "x_offset": 2,
        "y_offset": 2,
        "width": width,
        "height": height,
        "object_position": 3,
        "fill": {"color": tone.fill},
        "line": {"color": tone.ink, "width": 0.75},
        "font": {"name": FONT, "size": 10, "bold": True, "color": tone.ink},
        "align": {"vertical": "middle", "horizontal": "left"},
        "description": text,
    }
    sheet.insert_textbox(0, 0, text, options)


StyledCell = tuple[str | int, Mapping[str, Any]]
"""A cell's value and the properties of its format; one that is underlined leads to the sheet of its name."""


class PageLayout:
    """A sheet that is drawn cell by cell; rows and columns are counted from 0, formats given as their properties."""

    def __init__(self, book: Workbook, formats: Formats, name: str, *, tab: str, widths: Sequence[float]) -> None:
        self.formats, self._links_left = formats, MAX_LINKS
        self.sheet = add_sheet(book, name, tab=tab)
        set_columns(self.sheet, widths, None)

    def head(self, title: str, told: str) -> None:
        """Write the sheet's title and the line below it."""
        self.sheet.set_row(0, 44)
        self.put(0, 0, title, TITLE, valign="bottom")
        self.put(1, 0, told, SOFT)

    def put(
        self,
        row: int,
        column: int,
        value: str | int,
        *layers: Mapping[str, Any],
        target: str = "",
        tip: str = "",
        **more: Any,
    ) -> None:
        """Write a cell; `target` is where a click leads, "" for nowhere, and `tip` shows over it."""
        made = self.formats.make(*layers, **more)
        if not isinstance(value, str):
            self.sheet.write_number(row, column, value, made)
        elif not value:
            self.sheet.write_blank(row, column, None, made)
        elif target and self._links_left:
            self.sheet.write_url(row, column, target, made, fit_cell(value), fit_cell(tip))
            self._links_left -= 1
        else:
            self.sheet.write_string(row, column, fit_cell(value), made)

    def draw_table(
        self,
        top: int,
        title: str,
        names: Sequence[str],
        rows: Sequence[Sequence[StyledCell]],
        *,
        words: int,
        last: int = -1,
        points: float | None = None,
    ) -> int:
        """Draw a marked-up table in column A under its title, and return the row for the next one.

        Its first `words` columns hold words, the others figures. The words of its last column have the room up to the
        `last` of the sheet; `points` is the height of its rows.
        """
        self.sheet.set_row(top, 24)
        self.put(top, 0, title, SUBTITLE)
        if not rows:
            self.put(top + 1, 0, "None.", SOFT)
            return top + 3
        sides = [{"align": "left", "indent": 1} if at < words else {"align": "right"} for at in range(len(names))]
        made = [self.formats.make(TABLE_HEADING, side) for side in sides]
        last_row = top + 1 + len(rows)
        add_table(self.sheet, re.sub(r"\W", "", f"{title}Table"), names, made, first_row=top + 1, last_row=last_row)
        self.sheet.set_row(top + 1, 32 if max(map(len, names)) > 14 else 20)
        for row, cells in enumerate(rows, start=top + 2):
            self.sheet.set_row(row, points)
            for at, (value, properties) in enumerate(cells):
                target = f"internal:'{value}'!A1" if "underline" in properties else ""
                self.put(row, at, value, RULED, sides[at], properties, target=target)
        for row, at in product(range(top + 1, last_row + 1), range(len(names), last + 1)):
            self.put(row, at, "", RULED if row > top + 1 else TABLE_HEADING)
        return last_row + 2
