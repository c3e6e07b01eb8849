"""When a question is asked again, how long to wait before it, and when to stop: sums, a shared budget, a patience."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

Result = TypeVar("Result")

LONGEST_RETRY_AFTER_SECONDS = 300.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
LONGEST_POLL_SECONDS = 10.0


class RetryBudget:
    """How many repeats a whole run may make: a service that is down is not hammered once for each row.

    Every call that succeeds gives a tenth of a repeat back, so that a long healthy run never runs dry.
    """

    def __init__(self, repeats: int = 100) -> None:
        self._most = float(repeats)
        self._left = float(repeats)
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take one repeat; False where none is left."""
        with self._lock:
            if self._left < 1:
                return False
            self._left -= 1
            return True

    def give_back(self) -> None:
        """Say that a call went well."""
        with self._lock:
            self._left = min(self._most, self._left + 0.1)

    @property
    def left(self) -> int:
        """How many whole repeats are left."""
        with self._lock:
            return int(self._left)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long something that the service works on is waited for, and how.

    `on_wait` is told the seconds waited so far, before each wait; `stopped` tells when to wait no longer.
    """

    bound_seconds: float
    sleep: Callable[[float], object]
    clock: Callable[[], float]
    on_wait: Callable[[float], object] = lambda _seconds: None
    stopped: Callable[[], bool] = lambda: False

    def wait_for(self, look: Callable[[], Result | None], *, first_seconds: float) -> tuple[Result | None, float]:
        """Look until something is found, more and more seldom; None once the bound is over. Adds the seconds waited."""
        started, seconds = self.clock(), first_seconds
        while True:
            found, waited = look(), self.clock() - started
            if found is not None or self.stopped() or waited >= self.bound_seconds:
                return found, waited
            self.on_wait(waited)
            self.sleep(min(seconds, max(0.0, self.bound_seconds - waited)))
            seconds = min(seconds * 1.5, LONGEST_POLL_SECONDS)


def wait_seconds(attempt: int, retry_after_seconds: float | None, *, random: Callable[[], float]) -> float:
    """Return the seconds to wait after the attempt of this number (the first is 1).

    Full jitter: anywhere between nothing and a ceiling that doubles, so that many clients do not come back together.
    What the service asked for comes first, and the jitter is added to it.
    """
    ceiling = min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2.0 ** min(attempt - 1, 16))
    return bounded(retry_after_seconds or 0.0) + random() * ceiling


def bounded(seconds: float) -> float:
    """Keep a wait that the service asks for within 0 to 300 s."""
    return min(max(seconds, 0.0), LONGEST_RETRY_AFTER_SECONDS)


def read_retry_after(value: str | None, *, now: datetime) -> float | None:
    """Read a `Retry-After` header, seconds or an HTTP date, as bounded seconds; None where there is no readable one."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        at = read_http_date(value)
        return None if at is None else bounded((at - now).total_seconds())
    return None if math.isnan(seconds) else bounded(seconds)


def read_http_date(value: str | None) -> datetime | None:
    """Read an HTTP date as UTC; None where there is no readable one."""
    if not value:
        return None
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    try:
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except OverflowError:
        return None
