"""The site's Media Manager: bring a picture or video into it, and wait until it can be used.

Knows the field names of the Media Manager's own calls. A repeated import or upload makes a doubled file in the library
and no post, so these calls are repeated within bounds where their answer is lost. The address to upload to gets the
bytes and neither the credential nor the site; it is never shown, since it holds a token of its own.
"""

from __future__ import annotations

import base64
import ipaddress
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import quote, urljoin, urlsplit

import httpx

from batch.errors import ServiceError
from batch.model import Json
from batch.publisher.client import AT_ONCE, CONNECT_SECONDS, Client, receive, within
from batch.publisher.pace import Patience, wait_seconds
from batch.publisher.payload import as_dict, as_dicts, as_text
from batch.publisher.reply import Reply, ReplyKind, TooLarge, make_reply
from batch.rules.sources import MEDIA_MANAGER_HOSTS, refuse_host

FILES = "/site-media/v1/files"
UPLOAD_TRIES = 3
RESUMABLE_FROM_BYTES = 10_000_000
"""Beyond this size the vendor advises an upload that goes on where it broke off."""
TUS = {"Tus-Resumable": "1.0.0"}
FILES_A_CALL = 100
MAX_ANSWER_BYTES = 1024 * 1024
UPLOAD_BASE_SECONDS = 60.0
SLOWEST_BYTES_A_SECOND = 50_000 // AT_ONCE
"""An upload may take as long as its share of a slow line (50 kB a second) makes it, and a minute more."""
FIRST_WAIT_SECONDS = 1.0


class State(StrEnum):
    """How far a medium is, by the words of the Media Manager."""

    READY = "READY"
    PENDING = "PENDING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Brought:
    """A medium in the Media Manager (`url`), or the code and message for which it is not there."""

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
    """Send a file's bytes, a large one so that it goes on where it broke off. What `chunks` raises passes through."""
    upload = _Upload(client, chunks, mime=mime, size_bytes=size_bytes, name=name)
    resumable = size_bytes > RESUMABLE_FROM_BYTES
    for attempt in range(1, UPLOAD_TRIES + 1):
        target = _upload_target(client, mime=mime, size_bytes=size_bytes, name=name, resumable=resumable)
        if isinstance(target, Brought) and resumable and target.code not in ("NO_ANSWER", "WRONG_ADDRESS"):
            resumable = False  # the service does not offer it for this file: one call has to do
            target = _upload_target(client, mime=mime, size_bytes=size_bytes, name=name, resumable=False)
        if isinstance(target, Brought):
            return target
        reply = upload.resumable(target) if target.token else upload.whole(target)
        if reply.kind is ReplyKind.OK:
            return _read_file(reply.body, kind=kind)
        # A refused token of the upload address is not our credential: a new address may work.
        if reply.kind is ReplyKind.REFUSED and reply.status not in (401, 403):
            break
        if attempt < UPLOAD_TRIES:
            client.sleep(wait_seconds(attempt, reply.retry_after_seconds, random=client.random))
    return Brought(State.FAILED, code=reply.code, message=reply.message or "The upload was refused.")


def read_files(client: Client, kinds: Mapping[str, str]) -> dict[str, Brought]:
    """Return how far many files are, by ID, in few calls; those that the service does not tell of are left out."""
    found: dict[str, Brought] = {}
    ids = list(kinds)
    for start in range(0, len(ids), FILES_A_CALL):
        try:
            body = {"fileIds": ids[start : start + FILES_A_CALL]}
            reply = client.query("POST", f"{FILES}/get-files", body, by_status=True)
        except ServiceError:
            continue
        for file in as_dicts(reply.body.get("files")):
            if (file_id := as_text(file.get("id"))) in kinds:
                found[file_id] = _read_file({"file": file}, kind=kinds[file_id])
    return found


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
    file = as_dict(body.get("file"))
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
    """Return the address of a video's largest mp4 rendition that is no storyboard, "" where none is told."""
    found: list[tuple[int, str]] = []
    for rendition in as_dicts(as_dict(as_dict(file.get("media")).get("video")).get("resolutions")):
        url = as_text(rendition.get("url"))
        storyboard = "storyboard" in url or "storyboard" in str(rendition.get("format", "")).lower()
        if storyboard or not urlsplit(url).path.endswith(".mp4"):
            continue
        sizes = [side for side in (rendition.get("width"), rendition.get("height")) if isinstance(side, int)]
        found.append((math.prod(sizes) if len(sizes) == 2 else 0, url))
    return max(found, default=(0, ""))[1]


class _Target(NamedTuple):
    """Where bytes go: the address, the name that it is told, and the token of a resumable upload ("" for one call)."""

    url: str
    name: str
    token: str = ""

    @property
    def final(self) -> str:
        """The address of the call whose answer names the file."""
        url = f"{self.url}/{quote(self.token, safe='')}" if self.token else self.url
        return f"{url}{'&' if '?' in url else '?'}filename={quote(self.name, safe='')}"


def _upload_target(client: Client, *, mime: str, size_bytes: int, name: str, resumable: bool) -> _Target | Brought:
    """Ask for an address to upload to, and look at it before anything is sent there."""
    body: Json = {"mimeType": mime, "fileName": name, "sizeInBytes": str(size_bytes)}
    call = "generate-resumable-upload-url" if resumable else "generate-upload-url"
    try:
        more = {"uploadProtocol": "TUS"} if resumable else {}
        reply = client.query("POST", f"{FILES}/{call}", {**body, **more}, by_status=True)
    except ServiceError as error:
        return Brought(State.FAILED, code="NO_ANSWER", message=str(error))
    if reply.kind is not ReplyKind.OK:
        return _refused(reply)
    url, token = reply.body.get("uploadUrl"), reply.body.get("uploadToken", "") if resumable else ""
    local = client.api_url.startswith("http://")
    if not isinstance(url, str) or not isinstance(token, str) or not is_safe_target(url, local=local):
        message = "The Media Manager gave an unsafe address to upload to, so nothing was sent there."
        return Brought(State.FAILED, code="WRONG_ADDRESS", message=message)
    return _Target(url, name, token)


def is_safe_target(url: str, *, local: bool) -> bool:
    """Tell whether bytes may go to an upload address: public https or, where the API is here too, `local`."""
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
    if loopback:
        return local and parts.scheme in ("http", "https")
    return parts.scheme == "https" and not refuse_host(host)


_Answered = tuple[Reply, Mapping[str, str]]
"""What came back, and its headers."""


def _offset(headers: Mapping[str, str]) -> int | None:
    """Return how many bytes the service says that it has."""
    value = headers.get("upload-offset", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


class _Upload:
    """One file on its way to the upload addresses, over connections that know no credential."""

    def __init__(
        self, client: Client, chunks: Callable[[], Iterator[bytes]], *, mime: str, size_bytes: int, name: str
    ) -> None:
        self._client, self._chunks, self._mime, self._size_bytes, self._name = client, chunks, mime, size_bytes, name
        self._seconds = UPLOAD_BASE_SECONDS + size_bytes / SLOWEST_BYTES_A_SECOND

    def whole(self, target: _Target) -> Reply:
        """Send all bytes in one call."""
        headers = {"Content-Type": self._mime, "Content-Length": str(self._size_bytes)}
        return self._call("PUT", target.final, headers, 0)[0]

    def resumable(self, target: _Target) -> Reply:
        """Send the bytes by the tus protocol, going on where a connection broke, and have the file made of them."""
        told = {"filename": self._name, "contentType": self._mime, "token": target.token}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in told.items())
        size = {"Upload-Length": str(self._size_bytes)}
        reply, told_back = self._call("POST", target.url, {**TUS, **size, "Upload-Metadata": metadata})
        place = urljoin(target.url, told_back.get("location", ""))
        if reply.status != 201 or urlsplit(place)[:2] != urlsplit(target.url)[:2]:
            return reply if reply.status != 201 else ODD_UPLOAD
        offset = 0
        for _ in range(UPLOAD_TRIES):
            headers = {**TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            size = {"Content-Length": str(self._size_bytes - offset)}
            reply, told_back = self._call("PATCH", place, {**headers, **size}, offset)
            known = _offset(told_back if reply.status == 204 else self._call("HEAD", place, TUS)[1])
            if known is None or not offset <= known <= self._size_bytes:
                return reply if reply.status != 204 else ODD_UPLOAD
            offset = known
            if offset == self._size_bytes:
                return self._call("PUT", target.final, {"Content-Type": "application/json"})[0]
        return ODD_UPLOAD

    def _call(self, method: str, url: str, headers: Mapping[str, str], offset: int | None = None) -> _Answered:
        """Make one call, with the bytes from `offset` on (None: without any)."""
        ends_at = time.monotonic() + self._seconds

        def in_time(skip: int) -> Iterator[bytes]:
            for chunk in self._chunks():
                if time.monotonic() > ends_at:
                    raise httpx.WriteTimeout("the time for this upload is over")
                yield chunk[skip:]
                skip = max(0, skip - len(chunk))

        def send() -> _Answered:
            http = self._client.open_uploads(plain=url.startswith("http://"))
            content = None if offset is None else in_time(offset)
            timeout = httpx.Timeout(self._seconds, connect=CONNECT_SECONDS)
            request = http.build_request(method, url, content=content, headers=headers, timeout=timeout)
            raw = receive(http, request, max_bytes=MAX_ANSWER_BYTES, late=lambda: time.monotonic() > ends_at)
            client, most = self._client, MAX_ANSWER_BYTES
            return make_reply(raw, now=client.now(), max_bytes=most, redact=client.redact_body), raw.headers

        try:
            return within(self._seconds, send, late=httpx.ReadTimeout)
        except TooLarge:
            code, message, kind = "TOO_LARGE", "The answer to the upload is too large.", ReplyKind.UNCLEAR
        except httpx.TransportError as error:
            kind = ReplyKind.NOT_SENT if isinstance(error, httpx.ConnectError) else ReplyKind.UNCLEAR
            code, message = "UPLOAD_CUT", "The connection broke before the file was there."
        except (httpx.InvalidURL, httpx.StreamError):
            code, message = "UPLOAD_CUT", "The file could not be sent to the upload address."
            kind = ReplyKind.UNCLEAR
        return Reply(kind, code=code, message=message), {}


ODD_UPLOAD = Reply(
    ReplyKind.UNCLEAR,
    code="UPLOAD_ODD",
    message="The upload address answered in a way that is not known, so the file was not sent to its end.",
)
