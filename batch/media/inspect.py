"""Tell what a picture or video is by its bytes, and look inside: does it really decode, how large, long and animated?

Pictures are decoded whole by Pillow, with only the decoder of the format that the bytes show, so that a broken one is
found before it is sent. Videos are read by MediaInfo through the open file, never by a path. Neither may be led by a
file to use more memory or to read more than the bounds below, or to end with anything but an `Inspection`.
"""

from __future__ import annotations

import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PIL import Image

HEAD_BYTES = 4096
"""How much of a file's beginning is needed."""


class Magic(NamedTuple):
    offset: int
    magic: bytes
    mime: str


MAGIC = (
    Magic(0, b"\xff\xd8\xff", "image/jpeg"),
    Magic(0, b"\x89PNG\r\n\x1a\n", "image/png"),
    Magic(0, b"GIF87a", "image/gif"),
    Magic(0, b"GIF89a", "image/gif"),
    Magic(8, b"WEBP", "image/webp"),
    Magic(8, b"AVI ", "video/x-msvideo"),
    Magic(8, b"WAVE", "audio/wav"),
    Magic(0, b"II*\0", "image/tiff"),
    Magic(0, b"MM\0*", "image/tiff"),
    Magic(0, b"8BPS", "image/vnd.adobe.photoshop"),
    Magic(0, b"BM", "image/bmp"),
    Magic(0, b"\0\0\0\x0cJXL ", "image/jxl"),
    Magic(0, b"\0\0\1\0", "image/x-icon"),
    Magic(0, b"\0\0\1\xba", "video/mpeg"),
    Magic(0, b"\0\0\1\xb3", "video/mpeg"),
    Magic(0, b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
    Magic(0, b"FLV\1", "video/x-flv"),
    Magic(0, b"OggS", "application/ogg"),
    Magic(0, b"ID3", "audio/mpeg"),
    Magic(0, b"%PDF", "application/pdf"),
    Magic(0, b"PK\x03\x04", "application/zip"),
    Magic(0, b"\x1f\x8b", "application/gzip"),
    Magic(0, b"%!PS", "application/postscript"),
    Magic(0, b"-----BEGIN", "application/x-pem-file"),
    Magic(0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    Magic(0, b"MZ", "application/x-msdownload"),
    Magic(0, b"\x7fELF", "application/x-executable"),
)
"""First bytes as the formats' own specifications give them."""

RIFF = frozenset({"image/webp", "video/x-msvideo", "audio/wav"})
BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"heim": "image/heic", b"heis": "image/heic", b"hevc": "image/heic",
    b"hevx": "image/heic", b"mif1": "image/heif", b"msf1": "image/heif", b"avif": "image/avif", b"avis": "image/avif",
    b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"crx ": "image/x-canon-cr3",
}  # fmt: skip
"""Major brands of the ISO base media format (mp4ra.org) that are not plain MP4."""
ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
TEXTS = ((b"<svg", "image/svg+xml"), (b"<html", "text/html"), (b"<!doctype html", "text/html"))

NAMES = {
    "image/vnd.adobe.photoshop": "a Photoshop file", "image/svg+xml": "an SVG drawing",
    "image/jxl": "a JPEG XL picture", "image/x-icon": "an icon", "image/x-canon-cr3": "a raw photo",
    "audio/wav": "a sound file",
    "audio/mpeg": "a sound file", "audio/mp4": "a sound file", "application/ogg": "an Ogg file",
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
TOO_MANY_PIXELS = f"the picture has more than {MAX_PIXELS // 1_000_000} million pixels; save a smaller copy"
DAMAGED_PICTURE = "the picture is damaged and can't be opened; save it again, or export it again"
DAMAGED_FILE = "the file is damaged and can't be read; export it again"
CUT_OFF = "the file is cut off: part of it is missing; copy or export it again"
NO_MEDIAINFO = "its length and size were not checked, since MediaInfo can't be loaded on this machine"


def sniff(head: bytes) -> str:
    """Return the media type that a file's first `HEAD_BYTES` bytes show, "" where they show none."""
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    if head[4:8] in ATOMS:
        return "video/quicktime"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    for offset, magic, mime in MAGIC:
        if head.startswith(magic, offset) and (mime not in RIFF or head.startswith(b"RIFF")):
            return mime
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "video/mp2t"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<?xml") and b"<svg" in start:
        return "image/svg+xml"
    return next((mime for text, mime in TEXTS if start.startswith(text)), "")


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


@dataclass(frozen=True, slots=True)
class Inspection:
    """What was seen inside. 0, None and "" stand for what could not be told; `problem` says what is broken.

    `width` and `height` are as shown, with the rotation that the file asks for. `note` is said and stops nothing.
    """

    width: int = 0
    height: int = 0
    animated: bool = False
    duration_seconds: float | None = None
    codec: str = ""
    problem: str = ""
    note: str = ""


def inspect_medium(file: IO[bytes], *, mime: str) -> Inspection:
    """Look into an open picture or video of this media type, from its beginning."""
    file.seek(0)
    if mime in PILLOW_FORMATS:
        return _inspect_picture(file, mime)
    return _inspect_with_mediainfo(file, kind="picture" if mime.startswith("image/") else "video")


def _inspect_picture(file: IO[bytes], mime: str) -> Inspection:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=PILLOW_FORMATS[mime]) as picture:
                return _decode(picture, mime)
    except Image.DecompressionBombError:
        return Inspection(problem=TOO_MANY_PIXELS)
    except Exception:  # noqa: BLE001 - decoders of a dozen formats end broken files with any exception there is
        return Inspection(problem=DAMAGED_PICTURE)


def _decode(picture: Image.Image, mime: str) -> Inspection:
    width, height = picture.size
    if width * height > MAX_PIXELS:
        return Inspection(width, height, problem=TOO_MANY_PIXELS)
    animated = mime in MAY_MOVE and bool(getattr(picture, "is_animated", False))
    turned = False
    with suppress(Exception):  # damaged EXIF counts as none, since viewers pass over it too
        turned = int(picture.getexif().get(ORIENTATION, 1)) in TURNED
    picture.seek(0)
    # A JPEG is decoded at an eighth of its size: all its bytes are read, in a quarter of the time.
    picture.draft("RGB", (max(1, width // 8), max(1, height // 8)))
    picture.load()
    return Inspection(height, width, animated) if turned else Inspection(width, height, animated)


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


def _inspect_with_mediainfo(file: IO[bytes], *, kind: str) -> Inspection:
    from pymediainfo import MediaInfo

    try:
        tracks = MediaInfo.parse(BoundedFile(file, MAX_VIDEO_READ_BYTES)).tracks
    except OSError:
        return Inspection(note=NO_MEDIAINFO)
    except Exception:  # noqa: BLE001 - what a foreign parser says of a hostile file must not end the command
        return Inspection(problem=DAMAGED_FILE)
    general = next((t for t in tracks if t.track_type == "General"), None)
    shown = next((t for t in tracks if t.track_type in ("Video", "Image") and t.width and t.height), None)
    if shown is None:
        problem = f"no {kind} could be found in it: it is damaged, cut off or empty; export it again"
        return Inspection(problem=problem)
    if getattr(general, "istruncated", None) == "Yes":
        return Inspection(problem=CUT_OFF)
    width, height = int(shown.width), int(shown.height)
    if _number(shown.rotation) % 180 == 90:
        width, height = height, width
    if kind == "picture":
        return Inspection(width, height)
    milliseconds = _number(shown.duration) or _number(getattr(general, "duration", None))
    codec = str(shown.format or "")
    return Inspection(width, height, duration_seconds=milliseconds / 1000 or None, codec=CODECS.get(codec, codec))


def _number(value: object) -> float:
    try:
        return float(str(value))
    except ValueError:
        return 0.0
