"""Keep calls to one site under its rate limit: never more than `calls` in any window of 60 seconds.

A log of the instants at which calls were let go, read under a lock; the wait itself is outside of it. A call is logged
when it goes and not when it is promised, so a wait that is interrupted leaves nothing behind, and a thread that wakes
late shifts only itself. A token bucket would not do: one of 200 a minute lets 399 calls into some window.

`pyrate-limiter` (4.5 looked at) keeps a true log and takes a clock, but it sleeps with `time.sleep` alone, logs the
instant it reckoned with instead of the one at which it woke, and can't be slowed after a 429: so this is our own.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

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

    def wait(self) -> None:
        """Return when one more call may go, and count it."""
        while (seconds := self._take()) > 0:
            self._sleep(max(seconds, SHORTEST_SLEEP_SECONDS))

    def until_free(self) -> None:
        """Return when one more call could go, without counting it: what is checked right before a call is then true."""
        while (seconds := self._take(count=False)) > 0:
            self._sleep(max(seconds, SHORTEST_SLEEP_SECONDS))

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

    def _take(self, *, count: bool = True) -> float:
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
