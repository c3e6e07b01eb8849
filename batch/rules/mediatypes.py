"""Pictures and videos by the endings of names: which media type an ending means, and which are neither."""

from __future__ import annotations

from urllib.parse import unquote

IMAGE_MIMES = {
    "jpg": "image/jpeg", "jpeg": "image/jpeg", "jpe": "image/jpeg", "jfif": "image/jpeg", "png": "image/png",
    "gif": "image/gif", "webp": "image/webp", "heic": "image/heic", "heif": "image/heif", "avif": "image/avif",
    "bmp": "image/bmp", "tif": "image/tiff", "tiff": "image/tiff",
}  # fmt: skip
VIDEO_MIMES = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "qt": "video/quicktime", "webm": "video/webm",
    "mkv": "video/x-matroska", "avi": "video/x-msvideo", "mpg": "video/mpeg", "mpeg": "video/mpeg", "3gp": "video/3gpp",
    "wmv": "video/x-ms-wmv",
}  # fmt: skip
MIMES = IMAGE_MIMES | VIDEO_MIMES
NOT_MEDIA = frozenset({
    "pdf", "doc", "docx", "xls", "xlsx", "csv", "ppt", "pptx", "odt", "ods", "odp", "txt", "rtf", "zip", "rar", "7z",
    "gz", "tar", "psd", "ai", "eps", "svg", "indd", "sketch", "fig", "html", "htm", "mp3", "wav", "aac", "ogg", "flac",
    "m4a", "exe", "dmg", "js", "css", "json", "xml",
})  # fmt: skip
"""Endings of files that no channel shows."""

ENDINGS = {"image/jpeg": "jpg", "image/tiff": "tif", "video/mp4": "mp4", "video/quicktime": "mov", "video/mpeg": "mpg"}
"""The usual ending, where a media type has several."""

FORMAT_NAMES = {
    "image/jpeg": "JPEG", "image/png": "PNG", "image/gif": "GIF", "image/webp": "WebP", "image/heic": "HEIC",
    "image/heif": "HEIF", "image/avif": "AVIF", "image/bmp": "BMP", "image/tiff": "TIFF", "video/mp4": "MP4",
    "video/quicktime": "MOV", "video/webm": "WebM", "video/x-matroska": "MKV", "video/x-msvideo": "AVI",
    "video/mpeg": "MPEG", "video/3gpp": "3GP", "video/x-ms-wmv": "WMV",
}  # fmt: skip
"""What people call each media type."""


def ending_of(path: str) -> str:
    """Return the ending of the last name in a path, in small letters and without its dot, "" where it has none."""
    name = unquote(path).rstrip("/").rpartition("/")[2]
    return name.rpartition(".")[2].casefold() if "." in name else ""


def kind_of_mime(mime: str) -> str:
    """Return `IMAGE` or `VIDEO` for a media type, "" for any other."""
    return {"image": "IMAGE", "video": "VIDEO"}.get(mime.partition("/")[0], "")


def usual_mime(kind: str) -> str:
    """Return the media type to say for a medium of which only the kind is known."""
    return "video/mp4" if kind == "VIDEO" else "image/jpeg"


def usual_ending(mime: str) -> str:
    """Return the ending that goes with a media type, "" for one that is not in the tables."""
    return ENDINGS.get(mime) or next((ending for ending, known in MIMES.items() if known == mime), "")
