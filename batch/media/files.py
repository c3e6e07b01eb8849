"""The only reader of the media files beside the sheet: what each one is, and its bytes when it goes up.

Turns the entries of media cells into `MediaFacts`, and opens a file again for sending. The folder is opened once, and a
file only below it, part by part, so that nothing that is swapped in the meantime leads out of it; devices, pipes and
hidden files are refused. The bytes that were checked are the bytes that are sent: what is given out for sending ends
with an error, and never whole, where its SHA-256 is another one.
"""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
import weakref
from collections.abc import Iterable, Iterator, Sequence
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

MAX_LINKS = 40
LEADS_OUT = "a link leads out of the folder; copy the file itself there"

CAN_OPEN_BELOW = {os.open, os.stat, os.readlink} <= os.supports_dir_fd and os.scandir in os.supports_fd
FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


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
    root = MediaFolder(folder)
    for source in dict.fromkeys(sources):
        if is_address(source) or refuse_path(source):
            continue
        try:
            with root.open(source) as file:
                found = os.fstat(file.fileno())
                same = (found.st_dev, found.st_ino)
                if same not in seen or found.st_ino == 0:
                    seen[same] = _read_facts(file, source, found.st_size)
                facts[source] = replace(seen[same], path=source)
        except MediumUnreadableError as error:
            facts[source] = MediaFacts(path=source, problem=str(error), problem_code=error.code)
        except OSError as error:
            facts[source] = MediaFacts(path=source, problem=_os_problem(error), problem_code="media_unreadable")
    root.close()
    return facts


@contextmanager
def open_medium(source: str, *, folder: MediaFolder) -> Iterator[OpenMedium]:
    """Open a file for sending. Errors: MediumUnreadableError."""
    try:
        with folder.open(source) as file:
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


class MediaFolder:
    """The media folder, opened once: whatever becomes of its path, all files are opened below what it was then.

    Links are followed by their text, and a name is opened only where it is no link by then, so that nothing which is
    swapped in the meantime leads out. Where the system can't open below a folder (Windows), a path is resolved, opened,
    and looked at again. A folder that is not there holds no files. Close it, or use it as a context.
    """

    def __init__(self, path: Path) -> None:
        self._path = os.path.realpath(path)
        self._root = -1
        with suppress(OSError):
            if CAN_OPEN_BELOW:
                self._root = os.open(self._path, FOLDER_FLAGS)
        self.close = weakref.finalize(self, os.close, self._root) if self._root >= 0 else lambda: None

    def __enter__(self) -> MediaFolder:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def open(self, source: str) -> Iterator[IO[bytes]]:
        """Open a regular file below the folder for reading. Errors: MediumUnreadableError, OSError."""
        parts = path_parts(source)
        if refusal := refuse_path(source):
            raise MediumUnreadableError("media_refused", refusal)
        if not parts:
            raise MediumUnreadableError("media_refused", "it names the folder itself; name a file in it")
        if self._root < 0:
            number = open_and_compare(self._path, _resolve(self._path, parts))
        else:
            number = self._open_below(parts)
        with os.fdopen(number, "rb") as file:
            yield file

    def _open_below(self, parts: Sequence[str]) -> int:
        """Go down from the folder part by part, and open what the last one names."""
        waiting, names, folders, links = list(reversed(parts)), list[str](), [os.dup(self._root)], list[str]()
        try:
            while waiting:
                name = waiting.pop()
                if name == os.pardir:
                    if not names:
                        raise MediumUnreadableError("media_refused", LEADS_OUT)
                    names.pop()
                    os.close(folders.pop())
                    continue
                name, found = _find(name, folders[-1])
                if stat.S_ISLNK(found.st_mode):
                    links.append(name)
                    waiting += reversed(self._target(name, folders, names, links=len(links)))
                elif waiting:
                    folders.append(os.open(name, FOLDER_FLAGS | os.O_NOFOLLOW, dir_fd=folders[-1]))
                    names.append(name)
                else:
                    return _open_last(name, found, folder=folders[-1], names=names)
        finally:
            for folder in folders:
                os.close(folder)
        raise MediumUnreadableError("media_refused", "it names a folder; name each file in it")

    def _target(self, name: str, folders: list[int], names: list[str], *, links: int) -> list[str]:
        """Return the parts that a link names, from where it lies, or from the folder where it names a whole path."""
        if links > MAX_LINKS:
            raise MediumUnreadableError("media_refused", "its links lead in a circle; name the file itself")
        target = os.readlink(name, dir_fd=folders[-1])
        if not os.path.isabs(target):
            return [part for part in target.split(os.sep) if part not in ("", os.curdir)]
        inside = os.path.relpath(os.path.realpath(target), self._path).split(os.sep)
        while names:
            names.pop()
            os.close(folders.pop())
        return [part for part in inside if part != os.curdir]


def _find(name: str, folder: int) -> tuple[str, os.stat_result]:
    """Return the name under which a part lies in an open folder, and what lies there."""
    try:
        return name, os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        found = _with_other_accents(name, folder)
        return found, os.stat(found, dir_fd=folder, follow_symlinks=False)


def _open_last(name: str, found: os.stat_result, *, folder: int, names: Sequence[str]) -> int:
    """Open the file itself, where it is a regular one whose own place is not refused."""
    if refusal := refuse_path("/".join([*names, name])):
        raise MediumUnreadableError("media_refused", f"it is a link to {name}: {refusal}")
    _check_regular(found)
    # O_NONBLOCK: a pipe put there at this very moment must not make us wait for its writer.
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return _close_unless_regular(os.open(name, flags, dir_fd=folder))


def _resolve(root: str, parts: Sequence[str]) -> tuple[str, ...]:
    """Return the names that lead from the folder to the file with all links resolved, and judge them as well."""
    path = os.path.join(root, *parts)
    try:
        real = os.path.realpath(path, strict=True)
    except FileNotFoundError:
        path = root
        for part in parts:
            path = os.path.join(path, _with_other_accents(part, path))
        real = os.path.realpath(path, strict=True)
    inside = os.path.relpath(real, root)
    if os.path.isabs(inside) or inside.split(os.sep)[0] == os.pardir:
        raise MediumUnreadableError("media_refused", LEADS_OUT)
    if refusal := refuse_path(inside):
        raise MediumUnreadableError("media_refused", f"it is a link to {Path(inside).name}: {refusal}")
    return tuple(Path(inside).parts)


def _with_other_accents(part: str, folder: int | str) -> str:
    """Find a file whose name is stored with its accents composed otherwise (as on a Mac), or say what is there."""
    names: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, MAX_LISTED) if not refuse_path(entry.name)]
    plain = unicodedata.normalize("NFC", part)
    found = next((name for name in names if unicodedata.normalize("NFC", name) == plain), None)
    if found is None:
        raise MediumUnreadableError("media_not_found", _missing(part, names))
    return found


def _missing(part: str, names: list[str]) -> str:
    by_small = {name.casefold(): name for name in sorted(names)}
    near = get_close_matches(part.casefold(), list(by_small), n=1, cutoff=0.75)
    hint = f"did you mean {by_small[near[0]]}?" if near else "check its name, or say where the files are with --media"
    return f"there is no {part} in the media folder; {hint}"


def open_and_compare(root: str, names: Sequence[str]) -> int:
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
