"""How fast calls go to one site, how long to wait before one is repeated, and when to stop waiting.

The pace never lets more than `calls` go in any window of 60 seconds: a log of the instants at which calls were let go,
read under a lock; the wait itself is outside of it. A call is logged when it goes and not when it is promised, so a
wait that is interrupted leaves nothing behind, and a thread that wakes late shifts only itself. A token bucket would
not do: one of 200 a minute lets 399 calls into some window.

`pyrate-limiter` (4.5 looked at) keeps a true log and takes a clock, but it sleeps with `time.sleep` alone, logs the
instant it reckoned with instead of the one at which it woke, and can't be slowed after a 429: so this is our own.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar

WINDOW_SECONDS = 60.0
MARGIN_SECONDS = 1.0
"""Added to the window: the service counts arrivals, and calls do not all take equally long to arrive."""
HALVE_AGAIN_SECONDS = 10.0
"""Calls that were under way together and are refused together halve the pace once only."""
RECOVER_SECONDS = 60.0
"""Without another 429 for so long, the pace doubles again, up to what was configured."""
SHORTEST_SLEEP_SECONDS = 0.001


class Pace:
    """Let calls go one by one; share one pace between all threads that call the same site."""

    def __init__(
        self,
        calls_per_minute: int = 180,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
        margin_seconds: float = MARGIN_SECONDS,
    ) -> None:
        if calls_per_minute < 1:
            raise ValueError("a pace lets at least 1 call a minute go")
        self.calls_per_minute = calls_per_minute
        self.calls = 0
        """How many calls were let go so far."""
        self._clock = clock
        self._sleep = sleep
        self._window = WINDOW_SECONDS + margin_seconds
        self._lock = threading.Lock()
        self._log: deque[float] = deque(maxlen=calls_per_minute)
        self._limit = calls_per_minute
        self._halved_at = float("-inf")
        self._closed_until = float("-inf")

    def wait(self, *, count: bool = True) -> None:
        """Return when one more call may go, and count it."""
        while (seconds := self._take(count=count)) > 0:
            self._sleep(max(seconds, SHORTEST_SLEEP_SECONDS))

    def until_free(self) -> None:
        """Return when one more call could go, without counting it: what is checked right before a call is then true."""
        self.wait(count=False)

    def slow_down(self, retry_after_seconds: float | None = None) -> None:
        """Halve the pace after a 429, and let nothing go before the time that the service asked for."""
        with self._lock:
            now = self._clock()
            self._recover(now)
            if now - self._halved_at >= HALVE_AGAIN_SECONDS:
                self._limit = max(1, self._limit // 2)
                self._halved_at = now
            self._closed_until = max(self._closed_until, now + (retry_after_seconds or 0.0))

    @property
    def limit(self) -> int:
        """How many calls a minute it lets go at present."""
        with self._lock:
            self._recover(self._clock())
            return self._limit

    def _take(self, *, count: bool) -> float:
        """Log a call (`count`) and return 0, or return the seconds to wait before asking again."""
        with self._lock:
            now = self._clock()
            self._recover(now)
            free_at = self._closed_until
            if len(self._log) >= self._limit:
                free_at = max(free_at, self._log[-self._limit] + self._window)
            if free_at > now:
                return free_at - now
            if count:
                self._log.append(now)
                self.calls += 1
            return 0.0

    def _recover(self, now: float) -> None:
        while self._limit < self.calls_per_minute and now - self._halved_at >= RECOVER_SECONDS:
            self._limit = min(self.calls_per_minute, self._limit * 2)
            self._halved_at += RECOVER_SECONDS


Result = TypeVar("Result")

LONGEST_RETRY_AFTER_SECONDS = 300.0
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 30.0
LONGEST_POLL_SECONDS = 10.0


class RetryBudget:
    """How many repeats a run may make, so that no dead service is hammered; a good call gives a tenth back."""

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


@dataclass(frozen=True, slots=True)
class Patience:
    """How long and how something is waited for; `on_wait` gets the seconds waited, `stopped` ends it early."""

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
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
