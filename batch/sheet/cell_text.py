"""Turns any text into one that a cell can hold, and tells what had to give.

A workbook's cell takes 32,767 characters, and XML knows no control characters; a CSV cell that starts like a formula is
run by the program that opens it. Nothing is dropped without a trace: what is cut ends with a mark, and the caller says
so.
"""

from __future__ import annotations

import re

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
