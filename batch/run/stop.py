"""Stopping in good order: the first Ctrl-C lets the call in hand finish, the second ends at once."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType


class Stop:
    """Whether a run should stop, and why; shared by the threads of all sites."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._interrupted = False
        self.reason = ""

    @property
    def requested(self) -> bool:
        """True once no further step may begin."""
        return self._event.is_set()

    @property
    def interrupted(self) -> bool:
        """True where a person asked for the stop."""
        return self._interrupted

    def request(self, reason: str, *, interrupted: bool = False) -> None:
        """Ask for a stop; the first reason stays."""
        if not self._event.is_set():
            self.reason = reason
            self._interrupted = interrupted
        self._event.set()

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until a stop is asked for."""
        self._event.wait(seconds)


@contextmanager
def stop_on_interrupt(stop: Stop, *, say: Callable[[str], None]) -> Iterator[None]:
    """While inside, Ctrl-C asks for a stop; a second one raises KeyboardInterrupt."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        if stop.requested:
            raise KeyboardInterrupt
        stop.request("You stopped it.", interrupted=True)
        say("Stopping: the call in hand is finished first, then the results are written. Again Ctrl-C ends at once.")

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = [signal.SIGINT, signal.SIGTERM]
    before = {which: signal.signal(which, handle) for which in signals}
    try:
        yield
    finally:
        for which, handler in before.items():
            signal.signal(which, handler)
