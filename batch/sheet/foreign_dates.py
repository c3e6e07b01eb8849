"""Turns the dates of other schedulers' sheets into `2026-12-01 09:30`, where they can be told.

Some schedulers let people choose the order of day and month when they upload the file, so the file does not say it.
One date of it may prove it (`12/25/2026`); where none does, or two contradict each other, dates stay as written and
are refused later.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from batch.sheet.grid import Moment, Number, Raw
from batch.sheet.tidy import write_number

PARTS = re.compile(r"\s*(\d{1,2})([/.-])(\d{1,2})\2(\d{4})(?:[ ,T]+(.*))?\s*")
TIMES = ("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p")
ISO = "%Y-%m-%d %H:%M"


class DayOrder(NamedTuple):
    """What a file proves of its order of day and month, and the row that proves it."""

    month_first: bool
    row: int
    seen: str


def find_day_order(written: Sequence[tuple[int, str]]) -> DayOrder | None:
    """Return the order that dates (row, text) of one file prove, None where none or both are proved."""
    proofs: dict[bool, DayOrder] = {}
    for row, text in written:
        parts = PARTS.fullmatch(text)
        if parts and (int(parts[1]) > 12) != (int(parts[3]) > 12):
            month_first = int(parts[3]) > 12
            proofs.setdefault(month_first, DayOrder(month_first, row, text.strip()))
    return next(iter(proofs.values())) if len(proofs) == 1 else None


def read_date(date: Raw, time: Raw, *, forms: Sequence[str], order: DayOrder | None) -> Raw:
    """Return a date and time as ISO text or a moment; as written where it can't be told for sure."""
    clock = _clock(time)
    if isinstance(date, Moment):
        at = _parse_clock(clock)
        if at is None or date.has_time:
            return date
        return Moment(date.at.replace(hour=at.hour, minute=at.minute, second=at.second), has_time=True)
    if not isinstance(date, str) or not date.strip():
        return date
    text = f"{date.strip()} {clock}".strip()
    for form in forms:
        try:
            return _write(datetime.strptime(text, form))  # noqa: DTZ007  their dates are wall clock, without a zone
        except ValueError:
            continue
    return _read_ordered(text, order) or text


def _read_ordered(text: str, order: DayOrder | None) -> str:
    parts = PARTS.fullmatch(text)
    if not parts:
        return ""
    first, second = int(parts[1]), int(parts[3])
    clock = _parse_clock((parts[5] or "").strip())
    if clock is None or (order is None and first != second):
        return ""
    month, day = (first, second) if order is None or order.month_first else (second, first)
    try:
        return _write(clock.replace(year=int(parts[4]), month=month, day=day))
    except ValueError:
        return ""


def _clock(time: Raw) -> str:
    if isinstance(time, Moment):
        return time.at.strftime("%H:%M:%S")
    if isinstance(time, Number):
        return write_number(time)
    return time.strip() if isinstance(time, str) else ""


def _parse_clock(text: str) -> datetime | None:
    for form in TIMES:
        try:
            return datetime.strptime(text.upper(), form)  # noqa: DTZ007  a time of day, without a zone
        except ValueError:
            continue
    return None


def _write(at: datetime) -> str:
    return at.strftime(f"{ISO}:%S" if at.second else ISO)
