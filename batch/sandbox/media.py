"""The site's Media Manager: files come in by address or by upload, are PENDING for some polls, then READY or FAILED.

Nothing is ever fetched: an import is taken at its word. The bytes of an upload are weighed, hashed and looked at, and
not kept.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from batch.sandbox.content import IMAGE, LONGEST_ID, MEDIA_HOSTS, VIDEO, Fields, Text, Whole
from batch.sandbox.context import Answer, Context
from batch.sandbox.state import Json, Ms, Options, Refusal, Request, Store, invalid, write_iso, write_json

UPLOAD_PATH = "/sandbox-upload/"
UPLOAD_MS = 3600 * 1000


class Kind(NamedTuple):
    """What a media type is: a picture or a video, its usual endings, and how its content begins."""

    kind: str
    endings: tuple[str, ...]
    begins: tuple[bytes, ...]
    at: int = 0


TYPES: Mapping[str, Kind] = {
    "image/jpeg": Kind(IMAGE, ("jpg", "jpeg"), (b"\xff\xd8\xff",)),
    "image/png": Kind(IMAGE, ("png",), (b"\x89PNG\r\n\x1a\n",)),
    "image/gif": Kind(IMAGE, ("gif",), (b"GIF87a", b"GIF89a")),
    "image/webp": Kind(IMAGE, ("webp",), (b"WEBP",), 8),
    "video/mp4": Kind(VIDEO, ("mp4", "m4v"), (b"ftyp",), 4),
    "video/quicktime": Kind(VIDEO, ("mov",), (b"ftyp", b"moov", b"mdat", b"wide", b"free"), 4),
    "video/webm": Kind(VIDEO, ("webm",), (b"\x1aE\xdf\xa3",)),
}

IMPORT_BODY = Fields(
    {"url": Text(least=1, url=True), "mimeType": Text(), "displayName": Text(), "parentFolderId": Text(least=1)},
    ("url",),
)
UPLOAD_BODY = Fields(
    {
        "mimeType": Text(least=1),
        "fileName": Text(least=1, most=LONGEST_ID),
        "sizeInBytes": Whole(least=1, as_text=True),
        "parentFolderId": Text(least=1),
    },
    ("mimeType", "fileName"),
)


def import_file(context: Context) -> Answer:
    """Import File from a public address."""
    body = context.body(IMPORT_BODY)
    mime = body.get("mimeType") or _by_ending(body.get("displayName", "")) or _by_ending(urlsplit(body["url"]).path)
    if mime not in TYPES:
        raise invalid("mimeType", f"is not a known media type, and no ending tells it ({mime or 'none'})")
    name = body.get("displayName") or urlsplit(body["url"]).path.rsplit("/", 1)[-1] or "file"
    fails = context.options.media_failing_marker in body["url"] + name
    file = _File(context.new_id(), name, mime, "FAILED" if fails else "READY", body["url"])
    return {"file": _keep(context.store, context.site_id, file, context.options, context.now, body)}


def _by_ending(name: str) -> str:
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return next((mime for mime, kind in TYPES.items() if ending in kind.endings), "")


def generate_upload_url(context: Context) -> Answer:
    """Generate File Upload Url: an address with a token of its own, for one file."""
    body = context.body(UPLOAD_BODY)
    if body["mimeType"] not in TYPES:
        raise invalid("mimeType", "is not a known media type")
    size = int(body.get("sizeInBytes", 0))
    if size > context.options.upload_most_bytes:
        raise invalid("sizeInBytes", f"is more than {context.options.upload_most_bytes}", "MAX")
    token = secrets.token_urlsafe(24)
    context.store.run(
        "INSERT INTO uploads VALUES (?, ?, ?, 0, ?)",
        token, context.site_id, context.now + UPLOAD_MS, write_json({**body, "sizeInBytes": size}),
    )  # fmt: skip
    return {"uploadUrl": f"{context.request.origin}{UPLOAD_PATH}{token}"}


def upload_file(request: Request, store: Store, options: Options, now: Ms, new_id: str) -> Answer:
    """Take the bytes of an upload. The address is the only credential: one more is refused."""
    token = request.path.removeprefix(UPLOAD_PATH)
    row = store.row("SELECT site, until, used, body FROM uploads WHERE token = ?", token)
    if row is None or row[1] <= now or row[2]:
        raise Refusal(403, "FORBIDDEN", "The upload address is not known, has been used, or has expired.")
    wanted: Json = json.loads(row[3])
    _check_upload(request, wanted, options)
    store.run("UPDATE uploads SET used = 1 WHERE token = ?", token)
    name, mime = request.values("filename")[0], wanted["mimeType"]
    fails = options.media_failing_marker in name or not _looks_like(request.body, TYPES[mime])
    digest = hashlib.sha256(request.body).hexdigest()
    file = _File(new_id, name, mime, "FAILED" if fails else "READY", "upload", digest, len(request.body))
    return {"file": _keep(store, row[0], file, options, now, wanted)}


def _check_upload(request: Request, wanted: Json, options: Options) -> None:
    if "authorization" in request.headers or "wix-site-id" in request.headers:
        raise Refusal(400, "CREDENTIAL_SENT", "The upload address takes no credential and no site.")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != wanted["mimeType"]:
        raise invalid("Content-Type", f"is not the {wanted['mimeType']} that the address was made for")
    if not request.values("filename") or not request.values("filename")[0]:
        raise invalid("filename", "is missing", "REQUIRED_FIELD")
    size = len(request.body)
    if size == 0 or size > options.upload_most_bytes or wanted["sizeInBytes"] not in (0, size):
        raise invalid("body", f"has {size} bytes, not {wanted['sizeInBytes'] or 'a size that is allowed'}", "OTHER")


def _looks_like(content: bytes, kind: Kind) -> bool:
    return any(content[kind.at :].startswith(start) for start in kind.begins)


class _File(NamedTuple):
    id: str
    name: str
    mime: str
    fate: str
    source: str
    sha256: str = ""
    size: int = 0


def _keep(store: Store, site: str, file: _File, options: Options, now: Ms, asked: Json) -> Json:
    kind = TYPES[file.mime].kind
    key = hashlib.sha256(file.id.encode()).hexdigest()[:32]
    ending = TYPES[file.mime].endings[0]
    body: Json = {
        "id": f"{key}~mv2.{ending}" if kind == IMAGE else f"{key}~video",
        "displayName": file.name,
        "mediaType": kind,
        "sizeInBytes": str(file.size),
        "parentFolderId": asked.get("parentFolderId", "media-root"),
        "createdDate": write_iso(now),
        "url": f"https://{MEDIA_HOSTS[kind]}/"
        + (f"media/{key}~mv2.{ending}" if kind == IMAGE else f"video/{key}/file.mp4"),
    }
    count = store.count("SELECT count(*) FROM files")
    store.run(
        "INSERT INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        body["id"], count + 1, site, kind, file.fate, options.media_polls, file.source, file.sha256, write_json(body),
    )  # fmt: skip
    return _shown(body, options.media_polls, file.fate)


def _shown(body: Json, polls: int, fate: str) -> Json:
    if polls > 0 or fate == "FAILED":
        return {**body, "url": "", "operationStatus": "PENDING" if polls > 0 else "FAILED"}
    return {**body, "operationStatus": "READY"}


def get_file(context: Context) -> Answer:
    """Get File Descriptor, by either of its addresses."""
    given = context.request.values("fileId") if "id" not in context.parts else (context.parts["id"],)
    if len(given) != 1 or not given[0]:
        raise invalid("fileId", "is missing", "REQUIRED_FIELD")
    row = context.store.row("SELECT body, polls, fate FROM files WHERE site = ? AND id = ?", context.site_id, given[0])
    if row is None:
        raise Refusal(404, "FILE_NOT_FOUND", f"The site has no file {given[0][:64]}.")
    body, polls, fate = row
    left = max(0, polls - 1)
    context.store.run("UPDATE files SET polls = ? WHERE id = ?", left, given[0])
    return {"file": _shown(json.loads(body), left, fate)}


def read_files(store: Store, site: str | None = None) -> list[Json]:
    """Return all files, with what becomes of each, where it came from, and the digest of an upload."""
    rows = store.rows(
        "SELECT body, fate, source, sha256, site FROM files WHERE ? IS NULL OR site = ? ORDER BY n", site, site
    )
    names = ("fate", "source", "sha256", "site")
    return [{**json.loads(body), **dict(zip(names, rest, strict=True))} for body, *rest in rows]
