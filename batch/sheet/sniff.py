"""Tell what a file is by its first bytes; its name has no say."""

from __future__ import annotations

from typing import NamedTuple

HEAD_BYTES = 4096
"""How much of a file's beginning is needed."""


class _Magic(NamedTuple):
    offset: int
    magic: bytes
    mime: str


_MAGIC = (
    _Magic(0, b"\xff\xd8\xff", "image/jpeg"),
    _Magic(0, b"\x89PNG\r\n\x1a\n", "image/png"),
    _Magic(0, b"GIF87a", "image/gif"),
    _Magic(0, b"GIF89a", "image/gif"),
    _Magic(8, b"WEBP", "image/webp"),
    _Magic(8, b"AVI ", "video/x-msvideo"),
    _Magic(8, b"WAVE", "audio/wav"),
    _Magic(0, b"II*\0", "image/tiff"),
    _Magic(0, b"MM\0*", "image/tiff"),
    _Magic(0, b"8BPS", "image/vnd.adobe.photoshop"),
    _Magic(0, b"BM", "image/bmp"),
    _Magic(0, b"\0\0\0\x0cJXL ", "image/jxl"),
    _Magic(0, b"\0\0\1\0", "image/x-icon"),
    _Magic(0, b"\0\0\1\xba", "video/mpeg"),
    _Magic(0, b"\0\0\1\xb3", "video/mpeg"),
    _Magic(0, b"0&\xb2u\x8ef\xcf\x11", "video/x-ms-wmv"),
    _Magic(0, b"FLV\1", "video/x-flv"),
    _Magic(0, b"OggS", "application/ogg"),
    _Magic(0, b"ID3", "audio/mpeg"),
    _Magic(0, b"%PDF", "application/pdf"),
    _Magic(0, b"PK\x03\x04", "application/zip"),
    _Magic(0, b"\x1f\x8b", "application/gzip"),
    _Magic(0, b"%!PS", "application/postscript"),
    _Magic(0, b"-----BEGIN", "application/x-pem-file"),
    _Magic(0, b"SQLite format 3\0", "application/vnd.sqlite3"),
    _Magic(0, b"MZ", "application/x-msdownload"),
    _Magic(0, b"\x7fELF", "application/x-executable"),
)
"""First bytes as the formats' own specifications give them."""

_RIFF = frozenset({"image/webp", "video/x-msvideo", "audio/wav"})
_BRANDS = {
    b"heic": "image/heic", b"heix": "image/heic", b"heim": "image/heic", b"heis": "image/heic", b"hevc": "image/heic",
    b"hevx": "image/heic", b"mif1": "image/heif", b"msf1": "image/heif", b"avif": "image/avif", b"avis": "image/avif",
    b"qt  ": "video/quicktime", b"M4A ": "audio/mp4", b"M4B ": "audio/mp4", b"crx ": "image/x-canon-cr3",
}  # fmt: skip
"""Major brands of the ISO base media format (mp4ra.org) that are not plain MP4."""
_ATOMS = frozenset({b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot"})
_TEXTS = ((b"<svg", "image/svg+xml"), (b"<html", "text/html"), (b"<!doctype html", "text/html"))

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


def sniff(head: bytes) -> str:
    """Return the media type that a file's first `HEAD_BYTES` bytes show, "" where they show none."""
    if head[4:8] == b"ftyp":
        return _sniff_brands(head)
    if head[4:8] in _ATOMS:
        return "video/quicktime"
    if head[:4] == b"\x1aE\xdf\xa3":
        return "video/webm" if b"webm" in head[:64] else "video/x-matroska"
    for offset, magic, mime in _MAGIC:
        if head.startswith(magic, offset) and (mime not in _RIFF or head.startswith(b"RIFF")):
            return mime
    if len(head) > 188 and head[0] == head[188] == 0x47:
        return "video/mp2t"
    return _sniff_text(head)


def _sniff_brands(head: bytes) -> str:
    """Judge by the major brand, and for the general ones of still pictures by the compatible brands as well."""
    major = head[8:12]
    size = min(int.from_bytes(head[:4], "big"), len(head))
    brands = [major, *(head[at : at + 4] for at in range(16, size - 3, 4))]
    if major in (b"mif1", b"msf1"):
        found = next((_BRANDS[brand] for brand in brands[1:] if brand in _BRANDS and brand[:3] in (b"hei", b"avi")), "")
        return found or _BRANDS[major]
    if major[:2] == b"3g":
        return "video/3gpp"
    return _BRANDS.get(major, "video/mp4")


def _sniff_text(head: bytes) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<?xml"):
        start = start[start.find(b"<svg") :] if b"<svg" in start else start
    return next((mime for text, mime in _TEXTS if start.startswith(text)), "")
