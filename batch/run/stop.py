"""Stopping in good order: the first Ctrl-C lets the call in hand finish, the second ends at once.

Ending at once is as safe as being killed, which a run is made to bear.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

INTERRUPTED = 130
"""The exit status of a command that was interrupted."""


class Stop:
    """Whether a run should stop, and why. A site has its own, which the whole run's stops too (`of_site`)."""

    def __init__(self) -> None:
        self._event = threading.Event()
        self._interrupted = False
        self._sites: list[Stop] = []
        self.reason = ""

    def of_site(self) -> Stop:
        """Return the stop of one site: asked for by this one too, but holding up no other site."""
        own = Stop()
        self._sites.append(own)
        if self.requested:
            own.request(self.reason, interrupted=self._interrupted)
        return own

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
        for own in self._sites:
            own.request(reason, interrupted=interrupted)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until a stop is asked for."""
        self._event.wait(seconds)


@contextmanager
def stop_on_interrupt(
    stop: Stop, *, say: Callable[[str], None], leave: Callable[[int], object] = os._exit
) -> Iterator[None]:
    """While inside, Ctrl-C (or SIGTERM) asks for a stop, and a second one leaves the process at once."""

    def handle(_signal: int, _frame: FrameType | None) -> None:
        if stop.requested:
            leave(INTERRUPTED)
            return
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
