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

from batch.sandbox.calls import Context
from batch.sandbox.content import IMAGE, MEDIA_HOSTS, VIDEO
from batch.sandbox.schemas import FILES_BODY, IMPORT_BODY, UPLOAD_BODY
from batch.sandbox.state import Answer, Json, Refusal, invalid, write_iso, write_json

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


def import_file(context: Context) -> Answer:
    """Import File from a public address."""
    body = context.body(IMPORT_BODY)
    path = urlsplit(body["url"]).path
    mime = body.get("mimeType") or _by_ending(body.get("displayName", "")) or _by_ending(path)
    if mime not in TYPES:
        raise invalid("mimeType", f"is not a known media type, and no ending tells it ({mime or 'none'})")
    name = body.get("displayName") or path.rsplit("/", 1)[-1] or "file"
    fails = context.failing_marker in body["url"] + name
    folder = body.get("parentFolderId", "")
    return _keep(context, context.site.id, name=name, mime=mime, fails=fails, source=body["url"], folder=folder)


def _by_ending(name: str) -> str:
    ending = name.rsplit(".", 1)[-1].lower() if "." in name else ""
    return next((mime for mime, kind in TYPES.items() if ending in kind.endings), "")


def generate_upload_url(context: Context) -> Answer:
    """Generate File Upload Url: an address with a token of its own, for one file."""
    body = context.body(UPLOAD_BODY)
    if body["mimeType"] not in TYPES:
        raise invalid("mimeType", "is not a known media type")
    size = int(body.get("sizeInBytes", 0))
    if size > context.upload_most_bytes:
        raise invalid("sizeInBytes", f"is more than {context.upload_most_bytes}", "MAX")
    token = secrets.token_urlsafe(24)
    context.store.run(
        "INSERT INTO uploads VALUES (?, ?, ?, 0, ?)",
        token, context.site.id, context.now + UPLOAD_MS, write_json({**body, "sizeInBytes": size}),
    )  # fmt: skip
    return {"uploadUrl": f"{context.request.origin}{UPLOAD_PATH}{token}"}


def upload_file(context: Context) -> Answer:
    """Take the bytes of an upload. The address is the only credential: one more is refused."""
    request, token = context.request, context.parts["token"]
    row = context.store.row("SELECT site, until, used, body FROM uploads WHERE token = ?", token)
    if row is None or row[1] <= context.now or row[2]:
        raise Refusal(403, "FORBIDDEN", "The upload address is not known, has been used, or has expired.")
    wanted: Json = json.loads(row[3])
    mime, size, names = wanted["mimeType"], len(request.body), request.values("filename")
    if "authorization" in request.headers or "wix-site-id" in request.headers:
        raise Refusal(400, "CREDENTIAL_SENT", "The upload address takes no credential and no site.")
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != mime:
        raise invalid("Content-Type", f"is not the {mime} that the address was made for")
    if not names or not names[0]:
        raise invalid("filename", "is missing", "REQUIRED_FIELD")
    if size == 0 or size > context.upload_most_bytes or wanted["sizeInBytes"] not in (0, size):
        raise invalid("body", f"has {size} bytes, not {wanted['sizeInBytes'] or 'a size that is allowed'}")
    context.store.run("UPDATE uploads SET used = 1 WHERE token = ?", token)
    kind = TYPES[mime]
    readable = any(request.body[kind.at :].startswith(start) for start in kind.begins)
    return _keep(
        context, row[0], name=names[0], mime=mime, fails=context.failing_marker in names[0] or not readable,
        source="upload", folder=wanted.get("parentFolderId", ""), content=request.body,
    )  # fmt: skip


def _keep(
    context: Context, site: str, *, name: str, mime: str, fails: bool, source: str, folder: str, content: bytes = b""
) -> Answer:
    kind, ending = TYPES[mime].kind, TYPES[mime].endings[0]
    key = hashlib.sha256(context.items.new_id().encode()).hexdigest()[:32]
    name_there, path = f"{key}~mv2.{ending}", f"media/{key}~mv2.{ending}"
    if kind == VIDEO:
        name_there, path = f"{key}~video", f"video/{key}/file.mp4"
    body: Json = {
        "id": name_there,
        "displayName": name,
        "mediaType": kind,
        "sizeInBytes": str(len(content)),
        "parentFolderId": folder or "media-root",
        "createdDate": write_iso(context.now),
        "url": f"https://{MEDIA_HOSTS[kind]}/{path}",
    }
    digest, fate = hashlib.sha256(content).hexdigest() if content else "", "FAILED" if fails else "READY"
    context.store.run(
        "INSERT INTO files VALUES (?, (SELECT count(*) + 1 FROM files), ?, ?, ?, ?, ?, ?, ?)",
        body["id"], site, kind, fate, context.media_polls, source, digest, write_json(body),
    )  # fmt: skip
    return {"file": _shown(body, context.media_polls, fate)}


def _shown(body: Json, polls: int, fate: str) -> Json:
    if polls > 0 or fate == "FAILED":
        return {**body, "url": "", "operationStatus": "PENDING" if polls > 0 else "FAILED"}
    return {**body, "operationStatus": "READY"}


def get_file(context: Context) -> Answer:
    """Get File Descriptor, by either of its addresses."""
    given = context.request.values("fileId") if "id" not in context.parts else (context.parts["id"],)
    if len(given) != 1 or not given[0]:
        raise invalid("fileId", "is missing", "REQUIRED_FIELD")
    file = _polled(context, given[0])
    if file is None:
        raise Refusal(404, "FILE_NOT_FOUND", f"The site has no file {given[0][:64]}.")
    return {"file": file}


def get_files(context: Context) -> Answer:
    """Get File Descriptors: those of up to 100 IDs that the site has."""
    ids = context.body(FILES_BODY)["fileIds"]
    return {"files": [file for given in ids if (file := _polled(context, given)) is not None]}


def _polled(context: Context, file_id: str) -> Json | None:
    row = context.store.row(
        "UPDATE files SET polls = max(0, polls - 1) WHERE site = ? AND id = ? RETURNING body, polls, fate",
        context.site.id, file_id,
    )  # fmt: skip
    return None if row is None else _shown(json.loads(row[0]), *row[1:])
