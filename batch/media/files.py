"""The only reader of the media files beside the sheet: what each one is, and its bytes when it goes up.

Turns the entries of media cells into `MediaFacts`, and opens a file again for sending. A file is opened only below the
media folder, links resolved, part by part from the folder down, so that nothing that is swapped in the meantime leads
out of it; devices, pipes and hidden files are refused. The bytes that were checked are the bytes that are sent: what is
given out for sending ends with an error, and never whole, where its SHA-256 is another one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import IO

from batch.media.inspect import HEAD_BYTES, NAMES, inspect_medium, sniff
from batch.rules.media import MediaFacts
from batch.rules.sources import FORMAT_NAMES, is_address, kind_of_mime, path_parts, refuse_path

CHUNK_BYTES = 1024 * 1024
MAX_FILE_BYTES = 4 * 1024**3
"""Read no further than this: it is more than any of these channels takes."""
MAX_PICTURE_BYTES = 200 * 1024**2
MAX_LISTED = 10_000
"""How many names of a folder are looked through for one that was nearly meant."""

CAN_OPEN_BELOW = {os.open, os.stat} <= os.supports_dir_fd and hasattr(os, "O_NOFOLLOW")


class MediumUnreadableError(Exception):
    """A file can't be used. `code` is an issue's stable word; the text is a clause that ends with the remedy."""

    def __init__(self, code: str, why: str) -> None:
        super().__init__(why)
        self.code = code


@dataclass(frozen=True, slots=True)
class OpenMedium:
    """A media file that is open for sending."""

    file: IO[bytes]
    mime: str
    size_bytes: int

    def chunks(self, *, sha256: str) -> Iterator[bytes]:
        """Give out the bytes, the last of them only once the whole is known to be what was checked.

        Errors: MediumUnreadableError where the file has changed; what was given out until then is not the whole.
        """
        digest, held, left = hashlib.sha256(), b"", self.size_bytes
        self.file.seek(0)
        while chunk := self.file.read(min(CHUNK_BYTES, left + 1)):
            left -= len(chunk)
            if left < 0:
                break
            if held:
                yield held
            digest.update(chunk)
            held = chunk
        if left != 0 or digest.hexdigest() != sha256:
            raise MediumUnreadableError("media_changed", "it has changed since it was checked; run again")
        yield held


def read_media_facts(sources: Iterable[str], *, folder: Path) -> dict[str, MediaFacts]:
    """Read each distinct file named by these entries once; web addresses and refused paths are left out."""
    facts: dict[str, MediaFacts] = {}
    seen: dict[tuple[int, int], MediaFacts] = {}
    for source in dict.fromkeys(sources):
        if is_address(source) or refuse_path(source):
            continue
        try:
            with _open(source, folder) as file:
                found = os.fstat(file.fileno())
                same = (found.st_dev, found.st_ino)
                if same not in seen or found.st_ino == 0:
                    seen[same] = _read_facts(file, source, found.st_size)
                facts[source] = replace(seen[same], path=source)
        except MediumUnreadableError as error:
            facts[source] = MediaFacts(path=source, problem=str(error), problem_code=error.code)
        except OSError as error:
            facts[source] = MediaFacts(path=source, problem=_os_problem(error), problem_code="media_unreadable")
    return facts


@contextmanager
def open_medium(source: str, *, folder: Path) -> Iterator[OpenMedium]:
    """Open a file for sending. Errors: MediumUnreadableError."""
    try:
        with _open(source, folder) as file:
            size = os.fstat(file.fileno()).st_size
            mime = sniff(file.read(HEAD_BYTES))
            if not kind_of_mime(mime):
                raise MediumUnreadableError("media_changed", "it is no picture or video any more; run again")
            yield OpenMedium(file, mime, size)
    except OSError as error:
        raise MediumUnreadableError("media_unreadable", _os_problem(error)) from error


def _read_facts(file: IO[bytes], source: str, size: int) -> MediaFacts:
    """Find out all there is to know of an open file."""
    if size == 0:
        return MediaFacts(path=source, problem="the file is empty; copy it again", problem_code="media_broken")
    facts = MediaFacts(path=source, size_bytes=size)
    if size > MAX_FILE_BYTES:
        return replace(facts, problem="it is larger than 4 GB; send a smaller copy", problem_code="media_too_large")
    mime = sniff(file.read(HEAD_BYTES))
    file.seek(0)
    sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # an IO[bytes] has what it reads
    facts = replace(facts, sha256=sha256, mime=mime, kind=kind_of_mime(mime))
    if mime not in FORMAT_NAMES:
        what = NAMES.get(mime, "neither a picture nor a video that is known here")
        return replace(facts, problem=f"it is {what}; send a JPEG, PNG or MP4", problem_code="media_not_media")
    if facts.kind == "IMAGE" and size > MAX_PICTURE_BYTES:
        problem = "the picture is larger than 200 MB; save a smaller copy"
        return replace(facts, problem=problem, problem_code="media_too_large")
    inspection = inspect_medium(file, mime=mime)
    return replace(facts, **asdict(inspection), problem_code="media_broken" if inspection.problem else "")


def _os_problem(error: OSError) -> str:
    return f"it can't be read ({error.strerror or type(error).__name__}); check that it opens on this computer"


@contextmanager
def _open(source: str, folder: Path) -> Iterator[IO[bytes]]:
    """Open a regular file below the folder for reading, or raise MediumUnreadableError or OSError."""
    refusal = refuse_path(source)
    if refusal:
        raise MediumUnreadableError("media_refused", refusal)
    root = os.path.realpath(folder)
    names = _resolve(root, path_parts(source))
    number = open_below(root, names) if CAN_OPEN_BELOW else open_and_compare(root, names)
    with os.fdopen(number, "rb") as file:
        yield file


def _resolve(root: str, parts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names that lead from the folder to the file with all links resolved, and judge them as well."""
    path = os.path.join(root, *parts)
    try:
        real = os.path.realpath(path, strict=True)
    except FileNotFoundError:
        real = _with_other_accents(root, parts)
    inside = os.path.relpath(real, root)
    if os.path.isabs(inside) or inside.split(os.sep)[0] == os.pardir:
        raise MediumUnreadableError("media_refused", "a link leads out of the folder; copy the file itself there")
    if inside == os.curdir:
        raise MediumUnreadableError("media_refused", "it names the folder itself; name a file in it")
    refusal = refuse_path(inside)
    if refusal:
        raise MediumUnreadableError("media_refused", f"it is a link to {Path(inside).name}: {refusal}")
    return tuple(Path(inside).parts)


def _with_other_accents(root: str, parts: tuple[str, ...]) -> str:
    """Find a file whose name is stored with its accents composed otherwise (as on a Mac), or say what is there."""
    path = root
    for part in parts:
        names: list[str] = []
        with suppress(OSError), os.scandir(path) as entries:
            names = [entry.name for entry in islice(entries, MAX_LISTED) if not refuse_path(entry.name)]
        plain = unicodedata.normalize("NFC", part)
        found = next((name for name in names if unicodedata.normalize("NFC", name) == plain), None)
        if found is None:
            raise MediumUnreadableError("media_not_found", _missing(part, names))
        path = os.path.join(path, found)
    return os.path.realpath(path, strict=True)


def _missing(part: str, names: list[str]) -> str:
    by_small = {name.casefold(): name for name in sorted(names)}
    near = get_close_matches(part.casefold(), list(by_small), n=1, cutoff=0.75)
    hint = f"did you mean {by_small[near[0]]}?" if near else "check its name, or say where the files are with --media"
    return f"there is no {part} in the media folder; {hint}"


def open_below(root: str, names: tuple[str, ...]) -> int:
    """Open a regular file part by part from the folder down, following no link: what is swapped in is refused."""
    folder_flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    folder = os.open(root, folder_flags)
    try:
        for name in names[:-1]:
            below = os.open(name, folder_flags, dir_fd=folder)
            os.close(folder)
            folder = below
        _check_regular(os.stat(names[-1], dir_fd=folder, follow_symlinks=False))
        # O_NONBLOCK: a pipe put there at this very moment must not make us wait for its writer.
        number = os.open(names[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
    return _close_unless_regular(number)


def open_and_compare(root: str, names: tuple[str, ...]) -> int:
    """Do the same where the system can't open below a folder: open, then look whether it is still the same file."""
    path = os.path.join(root, *names)
    _check_regular(os.stat(path, follow_symlinks=False))
    number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    still_there = os.path.realpath(path) == path and os.path.samestat(os.fstat(number), os.stat(path))
    if not still_there:
        os.close(number)
        raise MediumUnreadableError("media_changed", "it was replaced while it was read; run again")
    return _close_unless_regular(number)


def _close_unless_regular(number: int) -> int:
    try:
        _check_regular(os.fstat(number))
    except MediumUnreadableError:
        os.close(number)
        raise
    return number


def _check_regular(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise MediumUnreadableError("media_refused", "it names a folder; name each file in it")
    if not stat.S_ISREG(found.st_mode):
        raise MediumUnreadableError("media_refused", "it is a device, pipe or socket and not a file; name a file")
