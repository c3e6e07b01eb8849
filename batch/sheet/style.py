"""The looks of every workbook that this project writes: one palette, and each cell format made once.

Colours never carry a meaning alone; a word always stands beside them. All text cells have the format "text", so that
editing one does not turn it into a formula, a date or a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.model import Channel, OutcomeKind

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
