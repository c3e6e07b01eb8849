"""The only reader of the media files beside the sheet: what each one is, and its bytes when it goes up.

Turns the entries of media cells into `MediaFacts`, and opens a file again for sending. The folder is opened once, and a
file only below it, part by part, so that nothing that is swapped in the meantime leads out of it; devices, pipes and
hidden files are refused. The bytes that were checked are the bytes that are sent: what is given out for sending ends
with an error, and never whole, where its SHA-256 is another one.

What a file is, is told by its bytes. Pictures are decoded whole by Pillow, with only the decoder of the format that the
bytes show, so that a broken one is found before it is sent. Videos are read by MediaInfo through the open file, never
by a path. Neither may be led by a file to use more memory or to read more than the bounds below, or to end with
anything but `MediaFacts`.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import threading
import unicodedata
import warnings
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import IO

from batch.rules.media import MediaFacts
from batch.rules.sources import FORMAT_NAMES, is_address, kind_of_mime, path_parts, refuse_path

CHUNK_BYTES = 1024 * 1024
MAX_FILE_BYTES = 4 * 1024**3
"""Read no further than this: it is more than any of these channels takes."""
MAX_PICTURE_BYTES = 200 * 1024**2
MAX_LISTED = 10_000
"""How many names of a folder are looked through for one that was nearly meant."""

MAX_LINKS = 40
LEADS_OUT = "a link leads out of the folder. Copy the file itself there"

CAN_OPEN_BELOW = (
    hasattr(os, "O_NOFOLLOW") and {os.open, os.stat, os.readlink} <= os.supports_dir_fd and os.scandir in os.supports_fd
)
FOLDER_FLAGS = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)


class MediumUnreadableError(Exception):
    """A file can't be used. `code` is an issue's stable word; the text a clause, a full stop and the remedy."""

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
            raise MediumUnreadableError("media_changed", "it has changed since it was checked. Run again")
        yield held


def read_media_facts(sources: Iterable[str], *, folder: Path) -> dict[str, MediaFacts]:
    """Read each distinct file named by these entries once; web addresses and refused paths are left out."""
    facts: dict[str, MediaFacts] = {}
    seen: dict[tuple[int, int], MediaFacts] = {}
    with MediaFolder(folder) as root:
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
    return facts


@contextmanager
def open_medium(source: str, *, folder: MediaFolder) -> Iterator[OpenMedium]:
    """Open a file for sending. Errors: MediumUnreadableError."""
    with folder.open(source) as file:
        size = os.fstat(file.fileno()).st_size
        mime = sniff(file.read(HEAD_BYTES))
        if not kind_of_mime(mime):
            raise MediumUnreadableError("media_changed", "it is no longer a picture or video. Run again")
        yield OpenMedium(file, mime, size)


def _read_facts(file: IO[bytes], source: str, size: int) -> MediaFacts:
    facts = MediaFacts(path=source, size_bytes=size)
    try:
        if size == 0:
            raise MediumUnreadableError("media_broken", "the file is empty. Copy it again")
        if size > MAX_FILE_BYTES:
            raise MediumUnreadableError("media_too_large", "it is larger than 4 GB. Send a smaller copy")
        mime = sniff(file.read(HEAD_BYTES))
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]  # it has what that reads
        facts = replace(facts, sha256=sha256, mime=mime, kind=kind_of_mime(mime))
        if mime not in FORMAT_NAMES:
            what = NAMES.get(mime, "neither a picture nor a video that is known here")
            raise MediumUnreadableError("media_not_media", f"it is {what}. Send a JPEG, PNG or MP4")
        if facts.kind == "IMAGE" and size > MAX_PICTURE_BYTES:
            raise MediumUnreadableError("media_too_large", "the picture is larger than 200 MB. Save a smaller copy")
        file.seek(0)
        return _decode(file, facts) if mime in PILLOW_FORMATS else _inspect_with_mediainfo(file, facts)
    except MediumUnreadableError as error:
        return replace(facts, problem=str(error), problem_code=error.code)


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
        """Open a regular file below the folder for reading. Errors: MediumUnreadableError."""
        parts = path_parts(source)
        if refusal := refuse_path(source):
            raise MediumUnreadableError("media_refused", refusal)
        if not parts:
            raise MediumUnreadableError("media_refused", "it names the folder itself. Name a file in it")
        try:
            below = self._root >= 0
            number = self._open_below(parts) if below else open_and_compare(self._path, _resolve(self._path, parts))
            with os.fdopen(number, "rb") as file:
                _check_regular(os.fstat(number))
                yield file
        except OSError as error:
            why = f"it can't be read ({error.strerror or type(error).__name__}). Check that it opens on this computer"
            raise MediumUnreadableError("media_unreadable", why) from error

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
        raise MediumUnreadableError("media_refused", "it names a folder. Name each file in it")

    def _target(self, name: str, folders: list[int], names: list[str], *, links: int) -> list[str]:
        """Return the parts that a link names, from where it lies, or from the folder where it names a whole path."""
        if links > MAX_LINKS:
            raise MediumUnreadableError("media_refused", "its links lead in a circle. Name the file itself")
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
    return os.open(name, flags, dir_fd=folder)


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


_LISTING = threading.Lock()
"""One list at a time: all descriptors of a folder share how far it is read."""


def _with_other_accents(part: str, folder: int | str) -> str:
    """Find a file whose name is stored with its accents composed otherwise (as on a Mac), or say what is there."""
    names: list[str] = []
    with _LISTING, suppress(OSError), os.scandir(folder) as entries:
        names = [entry.name for entry in islice(entries, MAX_LISTED) if not refuse_path(entry.name)]
    plain = unicodedata.normalize("NFC", part)
    found = next((name for name in names if unicodedata.normalize("NFC", name) == plain), None)
    if found is None:
        by_small = {name.casefold(): name for name in sorted(names)}
        near = get_close_matches(part.casefold(), list(by_small), n=1, cutoff=0.75)
        hint = (
            f"Did you mean {by_small[near[0]]}? Correct the name"
            if near
            else "Check its name, or name the files' folder with --media"
        )
        raise MediumUnreadableError("media_not_found", f"the media folder has no “{part}”. {hint}")
    return found


def open_and_compare(root: str, names: Sequence[str]) -> int:
    """Do the same where the system can't open below a folder: open, then look whether it is still the same file."""
    path = os.path.join(root, *names)
    _check_regular(os.stat(path, follow_symlinks=False))
    number = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0))
    still_there = os.path.realpath(path) == path and os.path.samestat(os.fstat(number), os.stat(path))
    if not still_there:
        os.close(number)
        raise MediumUnreadableError("media_changed", "it was replaced while it was read. Run again")
    return number


def _check_regular(found: os.stat_result) -> None:
    if stat.S_ISDIR(found.st_mode):
        raise MediumUnreadableError("media_refused", "it names a folder. Name each file in it")
    if not stat.S_ISREG(found.st_mode):
        raise MediumUnreadableError("media_refused", "it is a device, pipe or socket and not a file. Name a file")


# What a file is, by its bytes

HEAD_BYTES = 4096
"""How much of a file's beginning is needed."""


MAGIC = (
    (rb".{4}(moov|mdat|wide|free|skip|pnot)", "video/quicktime"),
    (rb"\x1aE\xdf\xa3.{0,56}webm", "video/webm"),
    (rb"\x1aE\xdf\xa3", "video/x-matroska"),
    (rb"\xff\xd8\xff", "image/jpeg"),
    (rb"\x89PNG\r\n\x1a\n", "image/png"),
    (rb"GIF8[79]a", "image/gif"),
    (rb"RIFF.{4}WEBP", "image/webp"),
    (rb"RIFF.{4}AVI ", "video/x-msvideo"),
    (rb"RIFF.{4}WAVE", "audio/wav"),
    (rb"II\*\0|MM\0\*", "image/tiff"),
    (rb"8BPS", "image/vnd.adobe.photoshop"),
    (rb"BM", "image/bmp"),
    (rb"\0\0\0\x0cJXL ", "image/jxl"),
    (rb"\0\0\x01\0", "image/x-icon"),
    (rb"\0\0\x01[\xba\xb3]", "video/mpeg"),
    (rb"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
    (rb"FLV\x01", "video/x-flv"),
    (rb"OggS", "application/ogg"),
    (rb"ID3", "audio/mpeg"),
    (rb"%PDF", "application/pdf"),
    (rb"PK\x03\x04", "application/zip"),
    (rb"\x1f\x8b", "application/gzip"),
    (rb"%!PS", "application/postscript"),
    (rb"-----BEGIN", "application/x-pem-file"),
    (rb"SQLite format 3\0", "application/vnd.sqlite3"),
    (rb"MZ", "application/x-msdownload"),
    (rb"\x7fELF", "application/x-executable"),
    (rb"G.{187}G", "video/mp2t"),
    (rb"[\xef\xbb\xbf \t\r\n]*((?i:<\?xml).*)?(?i:<svg)", "image/svg+xml"),
    (rb"[\xef\xbb\xbf \t\r\n]*(?i:<html|<!doctype html)", "text/html"),
)
"""Beginnings and their media types, as the formats' own specifications give them; the first that fits counts."""

BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"heim": "image/heic", b"heis": "image/heic", b"hevc": "image/heic",
    b"hevx": "image/heic", b"mif1": "image/heif", b"msf1": "image/heif", b"avif": "image/avif", b"avis": "image/avif",
    b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"crx ": "image/x-canon-cr3",
}  # fmt: skip
"""Major brands of the ISO base media format (mp4ra.org) that are not plain MP4."""
NAMES = {
    "image/vnd.adobe.photoshop": "a Photoshop file", "image/svg+xml": "an SVG drawing",
    "image/jxl": "a JPEG XL picture", "image/x-icon": "an icon", "image/x-canon-cr3": "a raw photo",
    "audio/wav": "a sound file", "audio/mpeg": "a sound file", "audio/mp4": "a sound file",
    "application/ogg": "an Ogg file",
    "application/pdf": "a PDF", "application/zip": "a ZIP archive or an Office document",
    "application/gzip": "an archive", "application/postscript": "a PostScript or Illustrator file",
    "application/x-pem-file": "a key file", "application/vnd.sqlite3": "a database",
    "application/x-msdownload": "a program", "application/x-executable": "a program", "text/html": "a web page",
    "video/x-flv": "a Flash video", "video/mp2t": "a raw transport stream",
}  # fmt: skip
"""What a file that can't be sent is called, where it could be told."""

MAX_PIXELS = 64_000_000
"""A picture beyond this takes more than 256 MiB to decode; cameras of today make 12 to 61 million."""
MAX_VIDEO_READ_BYTES = 64 * 1024 * 1024
"""What MediaInfo may read of one video: its tables, not its pictures."""
TURNED = frozenset({5, 6, 7, 8})
"""EXIF orientations that lie on their side."""
ORIENTATION = 0x0112

PILLOW_FORMATS = {
    "image/jpeg": ("JPEG", "MPO"), "image/png": ("PNG",), "image/gif": ("GIF",), "image/webp": ("WEBP",),
    "image/bmp": ("BMP", "DIB"), "image/tiff": ("TIFF",), "image/avif": ("AVIF",),
}  # fmt: skip
MAY_MOVE = frozenset({"image/gif", "image/webp", "image/png", "image/avif"})
CODECS = {"AVC": "H.264", "MPEG-4 Visual": "MPEG-4", "Motion JPEG": "Motion JPEG", "JPEG": "Motion JPEG"}
"""MediaInfo's names of codecs, where people know another one."""
TOO_MANY_PIXELS = f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels. Save a smaller copy"
DAMAGED_PICTURE = "the picture is damaged and can't be opened. Save it again, or export it again"
DAMAGED_FILE = "the file is damaged and can't be read. Export it again"
NOTHING_SHOWN = "no {kind} could be found in it: it is damaged, cut off or empty. Export it again"
CUT_OFF = "the file is cut off: part of it is missing. Copy or export it again"
NO_MEDIAINFO = "its length and size were not checked, since MediaInfo can't be loaded on this machine"


def sniff(head: bytes) -> str:
    """Return the media type that a file's first `HEAD_BYTES` bytes show, "" where they show none."""
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    return next((mime for start, mime in MAGIC if re.match(start, head, re.DOTALL)), "")


def _sniff_brands(head: bytes) -> str:
    """Judge by the major brand, and for the general ones of still pictures by the compatible brands as well."""
    major = head[8:12]
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [major, *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if major in (b"mif1", b"msf1"):
        found = next((BRANDS[brand] for brand in brands[1:] if brand in BRANDS and brand[:3] in (b"hei", b"avi")), "")
        return found or BRANDS[major]
    if major[:2] == b"3g":
        return "video/3gpp"
    return BRANDS.get(major, "video/mp4")


def _decode(file: IO[bytes], facts: MediaFacts) -> MediaFacts:
    """Look into a picture with the decoder of its media type alone. Errors: MediumUnreadableError."""
    from PIL import Image

    turned = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=PILLOW_FORMATS[facts.mime]) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise Image.DecompressionBombError
                animated = facts.mime in MAY_MOVE and bool(getattr(picture, "is_animated", False))
                with suppress(Exception):  # damaged EXIF counts as none, since viewers pass over it too
                    turned = int(picture.getexif().get(ORIENTATION, 1)) in TURNED
                picture.seek(0)
                # A JPEG is decoded at an eighth of its size: all its bytes are read, in a quarter of the time.
                picture.draft("RGB", (max(1, width // 8), max(1, height // 8)))
                picture.load()
    except Image.DecompressionBombError:
        raise MediumUnreadableError("media_broken", TOO_MANY_PIXELS) from None
    except Exception:  # noqa: BLE001 - decoders of a dozen formats end broken files with any exception there is
        raise MediumUnreadableError("media_broken", DAMAGED_PICTURE) from None
    width, height = (height, width) if turned else (width, height)
    return replace(facts, width=width, height=height, animated=animated)


class BoundedFile:
    """An open file that gives out no more than so many bytes, and then looks ended."""

    def __init__(self, file: IO[bytes], left_bytes: int) -> None:
        self._file = file
        self._left = left_bytes

    def read(self, size: int) -> bytes:
        chunk = self._file.read(min(size, self._left))
        self._left -= len(chunk)
        return chunk

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _inspect_with_mediainfo(file: IO[bytes], facts: MediaFacts) -> MediaFacts:
    from pymediainfo import MediaInfo

    try:
        tracks = MediaInfo.parse(BoundedFile(file, MAX_VIDEO_READ_BYTES)).tracks
    except OSError:
        return replace(facts, note=NO_MEDIAINFO)
    except Exception:  # noqa: BLE001 - what a foreign parser says of a hostile file must not end the command
        raise MediumUnreadableError("media_broken", DAMAGED_FILE) from None
    general = next((t for t in tracks if t.track_type == "General"), None)
    shown = next((t for t in tracks if t.track_type in ("Video", "Image") and t.width and t.height), None)
    if shown is None:
        kind = "picture" if facts.kind == "IMAGE" else "video"
        raise MediumUnreadableError("media_broken", NOTHING_SHOWN.format(kind=kind))
    if getattr(general, "istruncated", None) == "Yes":
        raise MediumUnreadableError("media_broken", CUT_OFF)
    width, height = int(shown.width), int(shown.height)
    if _number(shown.rotation) % 180 == 90:
        width, height = height, width
    facts = replace(facts, width=width, height=height)
    if facts.kind == "IMAGE":
        return facts
    milliseconds = _number(shown.duration) or _number(getattr(general, "duration", None))
    codec = str(shown.format or "")
    return replace(facts, duration_seconds=milliseconds / 1000 or None, codec=CODECS.get(codec, codec))


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
