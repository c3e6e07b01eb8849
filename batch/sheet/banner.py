"""The strip by which every sheet of a sandbox run says that it is one.

It lies in the upper half of the heading row, since row 1 must hold the headings of a sheet that can be read again; the
row is frozen, so that the strip stays in sight. The page footer says it again on paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.model import Results
from batch.sheet.style import FONT, SANDBOX_FILL, SANDBOX_INK, SANDBOX_SAID

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

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
