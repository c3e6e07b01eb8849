"""The site's Media Manager: bring a picture or video into it, and wait until it can be used.

Knows the field names of the Media Manager's own calls. A repeated import or upload makes a doubled file in the library
and no post, so these calls are repeated within bounds where their answer is lost. The address to upload to gets the
bytes and neither the credential nor the site; it is never shown, since it holds a token of its own.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import quote, urlsplit

import httpx

from batch.errors import ServiceError
from batch.model import Json
from batch.publisher.client import Client, open_http, read_body, within
from batch.publisher.reply import Raw, Reply, ReplyKind, TooLarge, make_reply
from batch.publisher.retry import Patience, wait_seconds
from batch.rules.sources import MEDIA_MANAGER_HOSTS

FILES = "/site-media/v1/files"
UPLOAD_TRIES = 3
MAX_ANSWER_BYTES = 1024 * 1024
UPLOAD_BASE_SECONDS = 60.0
SLOWEST_BYTES_A_SECOND = 50_000
"""An upload may take as long as this line speed makes it, and a minute more."""
FIRST_WAIT_SECONDS = 1.0


class State(StrEnum):
    """How far a medium is, by the words of the Media Manager."""

    READY = "READY"
    PENDING = "PENDING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Brought:
    """A medium in the Media Manager, or why it is not there.

    `url` is set where READY; `file_id` where the service gave one; `code` and `message` where FAILED, or PENDING beyond
    the bound.
    """

    state: State
    file_id: str = ""
    url: str = ""
    code: str = ""
    message: str = ""


def import_url(client: Client, address: str, *, kind: str, mime: str, name: str) -> Brought:
    """Have the service fetch a public address. `kind` is IMAGE or VIDEO; `name` is shown in the library."""
    body = {"url": address, "mimeType": mime, "displayName": name}
    return _ask(client, "POST", f"{FILES}/import", body, kind=kind)


def upload_file(
    client: Client, chunks: Callable[[], Iterator[bytes]], *, kind: str, mime: str, size_bytes: int, name: str
) -> Brought:
    """Send a file's bytes. What `chunks` raises passes through, and then the upload is not whole and not kept."""
    for attempt in range(1, UPLOAD_TRIES + 1):
        target = _upload_target(client, mime=mime, size_bytes=size_bytes, name=name)
        if isinstance(target, Brought):
            return target
        reply = _put(target, chunks(), mime=mime, size_bytes=size_bytes, client=client)
        if reply.kind is ReplyKind.OK:
            return _read_file(reply.body, kind=kind)
        # A refused token of the upload address is not our credential: a new address may work.
        if reply.kind is ReplyKind.REFUSED and reply.status not in (401, 403):
            break
        if attempt < UPLOAD_TRIES:
            client.sleep(wait_seconds(attempt, reply.retry_after_seconds, random=client.random))
    return Brought(State.FAILED, code=reply.code, message=reply.message or "The upload was refused.")


def wait_ready(client: Client, file_id: str, *, kind: str, patience: Patience) -> Brought:
    """Ask until a file is READY or FAILED; PENDING with a code where the bound is over or a stop was asked for."""

    def look() -> Brought | None:
        found = _ask(client, "GET", f"{FILES}/get-file-by-id", None, kind=kind, params={"fileId": file_id})
        return None if found.state is State.PENDING else found

    found, waited = patience.wait_for(look, first_seconds=FIRST_WAIT_SECONDS)
    if found is not None:
        return replace(found, file_id=found.file_id or file_id)
    message = f"The Media Manager was still working on it after {waited:.0f} s."
    return Brought(State.PENDING, file_id, code="MEDIA_NOT_READY", message=message)


def _ask(
    client: Client, method: str, path: str, body: Json | None, *, kind: str, params: dict[str, str] | None = None
) -> Brought:
    try:
        reply = client.query(method, path, body, params=params, by_status=True)
    except ServiceError as error:
        return Brought(State.FAILED, code="NO_ANSWER", message=str(error))
    return _read_file(reply.body, kind=kind) if reply.kind is ReplyKind.OK else _refused(reply)


def _refused(reply: Reply) -> Brought:
    return Brought(State.FAILED, code=reply.code, message=reply.message or "The Media Manager refused it.")


def _read_file(body: Json, *, kind: str) -> Brought:
    """Read the `file` of an answer. A file that is READY elsewhere than in the library, or of another kind, failed."""
    file = body.get("file")
    file = file if isinstance(file, dict) else {}
    file_id, url = str(file.get("id") or ""), _largest_video(file) or str(file.get("url") or "")
    status = str(file.get("operationStatus") or "")
    if status == State.FAILED:
        return Brought(State.FAILED, file_id, code="MEDIA_FAILED", message="The Media Manager could not process it.")
    if not file_id:
        return Brought(State.FAILED, code="NO_FILE", message="The Media Manager's answer names no file.")
    if status != State.READY:
        return Brought(State.PENDING, file_id)
    parts = urlsplit(url)
    found = MEDIA_MANAGER_HOSTS.get(parts.netloc) if parts.scheme == "https" else None
    if found is None:
        message = "The Media Manager gave an address that is not its own, so it was not used."
        return Brought(State.FAILED, file_id, code="WRONG_ADDRESS", message=message)
    if found != kind:
        words = {"IMAGE": "a picture", "VIDEO": "a video"}
        message = f"It was taken for {words[kind]} and is {words[found]}: end its address with #{found.lower()}."
        return Brought(State.FAILED, file_id, code="WRONG_KIND", message=message)
    return Brought(State.READY, file_id, url)


def _largest_video(file: Json) -> str:
    """Return the address of the largest mp4 that a video was turned into, "" where none is told.

    The file's own address ends in no name of a video, and one of the renditions is a storyboard.
    """
    media = file.get("media")
    video = media.get("video") if isinstance(media, dict) else None
    listed = video.get("resolutions") if isinstance(video, dict) else None
    found: list[tuple[int, str]] = []
    for rendition in listed if isinstance(listed, list) else ():
        url = rendition.get("url") if isinstance(rendition, dict) else None
        if not isinstance(url, str) or not urlsplit(url).path.endswith(".mp4"):
            continue
        if "storyboard" in url or "storyboard" in str(rendition.get("format", "")).lower():
            continue
        sizes = [side for side in (rendition.get("width"), rendition.get("height")) if isinstance(side, int)]
        found.append((math.prod(sizes) if len(sizes) == 2 else 0, url))
    return max(found, default=(0, ""))[1]


def _upload_target(client: Client, *, mime: str, size_bytes: int, name: str) -> str | Brought:
    """Ask for an address to upload to, and look at it before anything is sent there."""
    body = {"mimeType": mime, "fileName": name, "sizeInBytes": str(size_bytes)}
    try:
        reply = client.query("POST", f"{FILES}/generate-upload-url", body, by_status=True)
    except ServiceError as error:
        return Brought(State.FAILED, code="NO_ANSWER", message=str(error))
    if reply.kind is not ReplyKind.OK:
        return _refused(reply)
    url = reply.body.get("uploadUrl")
    if not isinstance(url, str) or not is_safe_target(url):
        message = "The Media Manager gave an unsafe address to upload to, so nothing was sent there."
        return Brought(State.FAILED, code="WRONG_ADDRESS", message=message)
    return f"{url}{'&' if '?' in url else '?'}filename={quote(name, safe='')}"


def is_safe_target(url: str) -> bool:
    """Tell whether bytes may be sent to an upload address: https, or this very machine; no user, no fragment."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if not host or "@" in parts.netloc or parts.fragment or "\\" in url or not url.isascii() or not url.isprintable():
        return False
    try:
        loopback = ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = host == "localhost"
    return parts.scheme == "https" or (parts.scheme == "http" and loopback)


def _put(target: str, chunks: Iterator[bytes], *, mime: str, size_bytes: int, client: Client) -> Reply:
    """Send the bytes once, with a client of its own that knows no credential."""
    seconds = UPLOAD_BASE_SECONDS + size_bytes / SLOWEST_BYTES_A_SECOND
    ends_at = time.monotonic() + seconds

    def in_time() -> Iterator[bytes]:
        for chunk in chunks:
            if time.monotonic() > ends_at:
                raise httpx.WriteTimeout("the time for this upload is over")
            yield chunk

    def send() -> Reply:
        with open_http(plain=target.startswith("http://"), seconds=seconds) as http:
            headers = {"Content-Type": mime, "Content-Length": str(size_bytes)}
            response = http.send(http.build_request("PUT", target, content=in_time(), headers=headers), stream=True)
            try:
                content = read_body(response, max_bytes=MAX_ANSWER_BYTES, late=lambda: time.monotonic() > ends_at)
            finally:
                response.close()
            raw = Raw(response.status_code, response.headers, content)
            return make_reply(raw, now=client.now(), max_bytes=MAX_ANSWER_BYTES)

    try:
        return within(seconds, send, late=httpx.ReadTimeout)
    except TooLarge:
        return Reply(ReplyKind.UNCLEAR, code="TOO_LARGE", message="The answer to the upload is too large.")
    except httpx.TransportError as error:
        kind = ReplyKind.NOT_SENT if isinstance(error, httpx.ConnectError) else ReplyKind.UNCLEAR
        return Reply(kind, code="UPLOAD_CUT", message="The connection broke before the file was there.")
    except (httpx.InvalidURL, httpx.StreamError):
        return Reply(ReplyKind.UNCLEAR, code="UPLOAD_CUT", message="The file could not be sent to the upload address.")
