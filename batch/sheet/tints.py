"""The colours by which a sheet of posts talks back while it is being filled in.

In order of weight: too long, needed and still empty, not used by the row's channel; under all of them, bands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from batch.sheet.columns import COUNT
from batch.sheet.formulas import Formulas
from batch.sheet.lists_sheet import FIELDS
from batch.sheet.style import BAND, FAINT_INK, LINE, NEEDED_FILL, OVER_FILL, OVER_INK, UNUSED_FILL, Looks

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

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
