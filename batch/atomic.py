"""Puts a file in its place whole or not at all, and never over one that somebody has open.

Plans, pages and results hold what is not public yet, so they are their owner's to read. The new file is made beside its
place, brought to the disk, and moved there in one step, so that a power cut leaves the old file or the new one. Where
the place is taken (open in Excel or LibreOffice, or write-protected) another name is used and said.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from batch.errors import PostbatchError, StopError

MAX_NAMES = 100


Claim = Callable[[Path, Path], bool]
"""Called with a place and the new file right before it is moved there; False keeps what is there as it is."""


class Written(NamedTuple):
    """Where a file really is, and what there is to say about it."""

    path: Path
    notices: tuple[str, ...] = ()


def write_whole(
    path: Path,
    write: Callable[[Path], object],
    *,
    never_over: Path | None = None,
    claim: Claim | None = None,
    failing: type[PostbatchError] = StopError,
) -> Written:
    """Let `write` fill a new file and move it to `path`, or to a free name like it where `path` is in use.

    `never_over` is a file that must stay as it is, and so must any that `claim` does not give: then another name is
    taken and said. Raises `failing` with one sentence, and leaves nothing behind.
    """
    if never_over is not None and is_same_file(path, never_over):
        raise failing(f"{path.name} is the sheet itself, which is never written over: give another name with --out.")
    if path.is_dir():
        raise failing(f"{path.name} is a folder: give the name of a file in it with --out.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode_of(path)
        with _draft_of(path, mode=mode) as draft:
            if path.is_file():
                draft.chmod(mode)
            write(draft)
            return _move(draft, path, claim=claim)
    except OSError as error:
        reason = (error.strerror or "not possible").lower()
        remedy = "make room, or give" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "give"
        raise failing(f"{path.name} can't be written ({reason}): {remedy} another place with --out.") from None


def write_private(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read. Errors: OSError, and then nothing is left behind."""
    with _draft_of(path, mode=0o600) as draft:
        draft.write_bytes(data)
        _replace(draft, path)


def is_same_file(one: Path, other: Path) -> bool:
    """Tell whether two paths lead to one file, whatever links and spellings lie between."""
    with suppress(OSError):
        return one.samefile(other)
    return one.resolve() == other.resolve()


def is_in_use(path: Path) -> bool:
    """Tell whether a file is open in Excel or LibreOffice, by the mark beside it, or is write-protected."""
    marks = (path.with_name(f"~${path.name}"), path.with_name(f".~lock.{path.name}#"))
    return any(mark.exists() for mark in marks) or (path.exists() and not os.access(path, os.W_OK))


def _mode_of(path: Path) -> int:
    """Return who may read a new file: its owner, unless the file there, or the folder by list or group, says more."""
    if path.is_file():
        return stat.S_IMODE(path.stat().st_mode) | 0o600
    with suppress(OSError, AttributeError):  # no such list here, or no such call on this system
        os.getxattr(path.parent, "system.posix_acl_default")
        return 0o666
    folder = path.parent.stat().st_mode
    shared = folder & stat.S_IWGRP and not folder & stat.S_ISVTX
    return 0o660 if shared else 0o600


@contextmanager
def _draft_of(path: Path, *, mode: int) -> Iterator[Path]:
    draft = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.tmp")
    try:
        draft.touch(mode, exist_ok=False)
        yield draft
    finally:
        with suppress(OSError):
            draft.unlink()


def _move(draft: Path, path: Path, *, claim: Claim | None) -> Written:
    why = ""
    for place in (path, *(path.with_name(f"{path.stem}-{number}{path.suffix}") for number in range(2, MAX_NAMES))):
        if is_in_use(place):
            why = why or "is open in another program or write-protected"
            continue
        if not claim(place, draft) if claim else place.exists() and place != path:
            why = why or "was changed since it was written and is kept"
            continue
        try:
            _replace(draft, place)
        except PermissionError:
            if os.access(path.parent, os.W_OK):
                why = why or "is open in another program or write-protected"
                continue
            raise
        return Written(place, () if place == path else (f"{path.name} {why}, so {place.name} was written instead.",))
    raise PermissionError(13, "it is open in another program, and so are all names like it")


def _replace(draft: Path, path: Path) -> None:
    """Bring a file to the disk, move it, and make the move last; Windows can't open a folder and does so by itself."""
    with draft.open("r+b") as file:
        os.fsync(file.fileno())
    draft.replace(path)
    with suppress(OSError):
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
