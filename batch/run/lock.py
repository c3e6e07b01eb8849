"""One run at a time for each site on one machine: a file lock that names its holder.

The operating system frees the lock when its holder dies, however it dies, so there is no stale lock to break; the note
beside it tells who held it, and that a holder left without a good-bye.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from batch.errors import JournalError, LockedError


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
    from filelock import FileLock, Timeout

    note = journal.with_suffix(".holder")
    lock = FileLock(journal.with_suffix(".lock"), timeout=0, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise LockedError(_refusal(site, _read_note(note))) from None
    except OSError as error:
        raise JournalError(
            f"The lock of site {site or 'default'} can't be made: {error.strerror}; nothing was sent."
        ) from error
    try:
        left = _read_note(note)
        if left is not None:
            say(f"The last run ({left.run}, process {left.pid} on {left.host}) ended without finishing; taking over.")
        _write_note(note, holder)
        try:
            yield
        finally:
            with suppress(OSError):
                note.unlink(missing_ok=True)
    finally:
        lock.release()


def _refusal(site: str, held: Holder | None) -> str:
    who = f"process {held.pid} on {held.host}, run {held.run}, since {held.since}" if held else "another process"
    return f"Another run is at work on site {site or 'default'} ({who}). Wait until it has ended, then run again."


def _read_note(note: Path) -> Holder | None:
    try:
        return Holder(**json.loads(note.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _write_note(note: Path, holder: Holder) -> None:
    """Leave the holder's name; a note that can't be written costs only a name in somebody's message."""
    with suppress(OSError):
        note.write_text(json.dumps(asdict(holder)), encoding="utf-8")
        note.chmod(0o600)
