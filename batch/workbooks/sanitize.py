"""Makes any text fit for a cell: what a workbook can hold, and what no program takes for a formula."""

from __future__ import annotations

from batch.wording import make_visible

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
