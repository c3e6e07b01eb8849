"""Stopping in good order: the first Ctrl-C lets the call in hand finish, the second ends at once.

Ending at once is as safe as being killed, which a run is made to bear. A terminal that is closed asks once for a stop.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from types import FrameType

from batch.errors import JournalError, LockedError
from batch.runs.journal import make_private_folder
from batch.settings import called

INTERRUPTED = 130
"""The exit status of a command that was interrupted."""


HANG_UP = getattr(signal, "SIGHUP", None)
"""The signal of a terminal that was closed; Windows has none."""


class Stop:
    """Whether a run should stop, and why; each site has its own too (`of_site`). `wait` waits, or until its event."""

    def __init__(self, wait: Callable[[threading.Event, float], object] = threading.Event.wait) -> None:
        self._event, self._wait = threading.Event(), wait
        self._sites: list[Stop] = []
        self.reason = ""
        self.interrupted = False
        """True where a person asked for the stop."""

    def of_site(self) -> Stop:
        """Return the stop of one site: asked for by this one too, but holding up no other site."""
        own = Stop(self._wait)
        self._sites.append(own)
        if self.requested:
            own.request(self.reason, interrupted=self.interrupted)
        return own

    @property
    def requested(self) -> bool:
        """True once no further step may begin."""
        return self._event.is_set()

    def request(self, reason: str, *, interrupted: bool = False) -> None:
        """Ask for a stop; the first reason stays."""
        if not self._event.is_set():
            self.reason, self.interrupted = reason, interrupted
        self._event.set()
        for own in self._sites:
            own.request(reason, interrupted=interrupted)

    def pause(self, seconds: float) -> None:
        """Wait, but no longer than until a stop is asked for."""
        self._wait(self._event, seconds)


@contextmanager
def stop_on_interrupt(
    stop: Stop, *, say: Callable[[str], None], leave: Callable[[int], object] = os._exit
) -> Iterator[None]:
    """While inside, Ctrl-C (or SIGTERM) asks for a stop, and a second one leaves the process at once.

    A terminal that is closed asks once, however often the system tells it; what is shown after that is shown to nobody.
    The signals are obeyed by a thread of their own, since one may come where the main thread holds a lock.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    signals = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGBREAK"):  # Windows' way to ask a process of another group
        signals.append(signal.SIGBREAK)
    if HANG_UP is not None and signal.getsignal(HANG_UP) is signal.SIG_DFL:  # with nohup it goes on
        signals.append(HANG_UP)
    terminals = [number for number in range(3) if os.isatty(number)]
    came: SimpleQueue[int | None] = SimpleQueue()  # unlike an Event, it may be used in a handler at any moment

    def obey() -> None:
        while (which := came.get()) is not None:
            if which == HANG_UP:
                _send_nowhere(terminals)
                stop.request("The terminal was closed.", interrupted=True)
            elif stop.requested:
                leave(INTERRUPTED)
            else:
                stop.request("You stopped the run.", interrupted=True)
                say("Stopping after the current call; the results are written then. Press Ctrl-C again to end at once.")

    def handle(which: int, _frame: FrameType | None) -> None:
        if which == HANG_UP:
            signal.signal(which, signal.SIG_IGN)  # for good: the results are still to be written
        came.put(which)

    obeying = threading.Thread(target=obey, daemon=True)
    obeying.start()
    before = {which: signal.signal(which, handle) for which in signals}
    try:
        yield
    finally:
        for which, handler in before.items():
            if signal.getsignal(which) is handle:
                signal.signal(which, handler)
        came.put(None)
        obeying.join()


def _send_nowhere(numbers: Iterable[int]) -> None:
    """Let these open files be read and written without an error, though what they led to is gone."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in numbers:
        os.dup2(nowhere, number)
    os.close(nowhere)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a site's lock: process, machine, run and since when (UTC, ISO 8601)."""

    pid: int
    host: str
    run: str
    since: str


def this_process(run: str, *, at: datetime) -> Holder:
    """Return the holder's note for this process."""
    return Holder(pid=os.getpid(), host=socket.gethostname(), run=run, since=at.isoformat(timespec="seconds"))


@contextmanager
def hold_site(journal: Path, *, site: str, holder: Holder, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the lock of the site whose journal this is. Errors: LockedError where another run holds it."""
    note = journal.with_suffix(".holder")
    name = "your site" if called(site, [site]) != site else f"site {site}"

    def refusal() -> str:
        held = _read_note(note)
        who = f"process {held.pid} on {held.host}, run {held.run}, since {held.since}" if held else "another process"
        return f"Another run is at work on {name} ({who}). Wait until it has ended, then run again."

    with _locked(journal.with_suffix(".lock"), seconds=0, held=refusal, name=f"of {name}", undone="sent"):
        left = _read_note(note)
        if left is not None:
            say(f"The last run ({left.run}, process {left.pid} on {left.host}) ended without finishing; taking over.")
        with suppress(OSError):  # a note that can't be written costs only a name in somebody's message
            note.write_text(json.dumps(asdict(holder)), encoding="utf-8")
            note.chmod(0o600)
        try:
            yield
        finally:
            with suppress(OSError):
                note.unlink(missing_ok=True)


@contextmanager
def take_turn(path: Path, *, seconds: float, what: str) -> Iterator[None]:
    """Hold a lock of this machine, and wait so long for `what` holds it now. Errors: LockedError, JournalError."""
    make_private_folder(path.parent)
    held = f"{what} is still at work after {seconds:g} s, so nothing was checked. Try later."
    with _locked(path, seconds=seconds, held=lambda: held, name=path.name, undone="checked"):
        yield


@contextmanager
def _locked(path: Path, *, seconds: float, held: Callable[[], str], name: str, undone: str) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(path, timeout=seconds, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(held()) from None
    except OSError as error:
        raise JournalError(f"The lock {name} can't be made: {error.strerror}; nothing was {undone}.") from error
    try:
        yield
    finally:
        lock.release()


def _read_note(note: Path) -> Holder | None:
    try:
        return Holder(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
