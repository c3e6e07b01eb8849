"""Instants inside the sandbox: whole milliseconds since 1970 in UTC, and ISO 8601 outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ISO = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")

Ms = int
"""An instant, or a span of time, in milliseconds."""


def to_ms(at: datetime) -> Ms:
    """Return an aware date-time as milliseconds; what is finer is cut off."""
    return (at - _EPOCH) // timedelta(milliseconds=1)


def to_datetime(ms: Ms) -> datetime:
    """Return milliseconds as a date-time in UTC."""
    return _EPOCH + timedelta(milliseconds=ms)


def write_iso(ms: Ms) -> str:
    """Write an instant as the API does: with a fraction only where there is one."""
    text = to_datetime(ms).isoformat(timespec="milliseconds" if ms % 1000 else "seconds")
    return text.removesuffix("+00:00") + "Z"


def read_iso(text: str) -> Ms | None:
    """Read a date and time with its zone; None for anything else, a date without a zone included."""
    if not _ISO.fullmatch(text):
        return None
    try:
        return to_ms(datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text)))
    except (ValueError, OverflowError):
        return None


def write_http_date(ms: Ms) -> str:
    """Write an instant as the `Date` header has it."""
    return format_datetime(to_datetime(ms).replace(microsecond=0), usegmt=True)


def start_of_month(ms: Ms) -> Ms:
    """Return the first instant of the month, in UTC."""
    return to_ms(to_datetime(ms).replace(day=1, hour=0, minute=0, second=0, microsecond=0))
