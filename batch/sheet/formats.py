"""Turns a workbook's number formats into what they show, and its day counts into dates to the second.

A workbook stores a date as a number of days and only the cell's format says that it is one. Both calendars are known:
days since 1900 and, in some old files from Macs, since 1904.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from batch.sheet.grid import Moment, Number, NumberFormat
from batch.sheet.package import local

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 27: "yyyy/m", 28: "m/d", 29: "m/d", 30: "m/d/yy", 31: "yyyy/m/d",
    32: "h:mm", 33: "h:mm:ss", 34: "h:mm AM/PM", 35: "h:mm:ss AM/PM", 36: "yyyy/m", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 49: "@", 50: "yyyy/m", 51: "m/d", 52: "yyyy/m", 53: "m/d", 54: "m/d", 55: "yyyy/m",
    56: "m/d", 57: "yyyy/m", 58: "m/d",
}  # fmt: skip
"""ECMA-376 part 1, 18.8.30 (numFmt); 27 to 36 and 50 to 58 as in its East Asian tables, all of them dates or times."""

LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
ZEROS = re.compile(r"0{2,}")
PLAIN_CODES = frozenset({"general", "@", "0", ""})
LAST_DAY = 2_958_466
EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet's dates have no zone
EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001  a spreadsheet's dates have no zone
SECONDS_A_DAY = 86_400


@lru_cache(maxsize=1024)
def read_format(code: str) -> NumberFormat:
    """Tell what a format code would show of a number."""
    section = LITERAL.sub("", code.split(";", 1)[0]).lower()
    if "general" in section or "@" in section:
        return NumberFormat(code)
    time = "am/pm" in section or "a/p" in section or any(letter in section for letter in "hs")
    bare = section.replace("am/pm", "").replace("a/p", "")
    date = any(letter in bare for letter in "yd") or ("m" in bare and not time)
    if not date and not time:
        padded = len(section) if ZEROS.fullmatch(section) else 0
        return NumberFormat(code, padded_digits=padded, plain=bool(padded) or section in PLAIN_CODES)
    return NumberFormat(code, shows_date=date, shows_time=time)


def read_formats(styles: Element) -> list[NumberFormat]:
    """Return the format of each cell style, in the order in which cells number them."""
    codes: dict[str, str] = {str(number): code for number, code in BUILT_IN.items()}
    formats: list[NumberFormat] = []
    for part in styles:
        if local(part.tag) == "numFmts":
            codes.update((f.get("numFmtId", ""), f.get("formatCode", "")) for f in part)
        elif local(part.tag) == "cellXfs":
            formats = [read_format(codes.get(xf.get("numFmtId", "0"), "General")) for xf in part]
    return formats


def day_count_to_date(days: float, *, epoch: datetime) -> datetime | None:
    """Return the date of a day count to the nearest second (09:29:59.9999 is 09:30), or None where it is none."""
    if not 0 <= days < LAST_DAY:
        return None
    try:
        return epoch + timedelta(seconds=round(days * SECONDS_A_DAY))
    except OverflowError:
        return None


def read_number(stored: str, form: NumberFormat, *, epoch: datetime) -> str | Number | Moment:
    """Return a numeric cell as the date its format makes of it, as a time without a date, or as the number."""
    value = float(stored)
    if not (form.shows_date or form.shows_time):
        return Number(stored, value, form)
    at = day_count_to_date(value, epoch=epoch)
    if at is None:
        return Number(stored, value, form)
    if value < 1 and not form.shows_date:
        return at.strftime("%H:%M:%S") if at.second else at.strftime("%H:%M")
    midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
    return Moment(at, has_time=form.shows_time or not midnight)


def iso_moment(text: str) -> Moment | None:
    """Return the date of a cell that holds it as ISO 8601 text (ISO-strict workbooks), to the nearest second."""
    try:
        at = datetime.fromisoformat(text.strip().rstrip("Zz"))
    except ValueError:
        return None
    if at.microsecond >= 500_000:
        at += timedelta(seconds=1)
    return Moment(at.replace(microsecond=0, tzinfo=None), has_time="T" in text or ":" in text)


EPOCHS: Mapping[bool, datetime] = {False: EPOCH_1900, True: EPOCH_1904}
"""The day that a workbook counts from, by its 1904 switch."""
