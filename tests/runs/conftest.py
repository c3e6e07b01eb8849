"""A Media Manager and a generator on loopback: what goes in is remembered, pending for a while, or fails."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import pytest

from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.settings import ApiKey

KEY = "IST.key-that-only-the-api-may-see"
SITE = "01234567-89ab-cdef-0123-456789abcdef"
FILES = "/site-media/v1/files"
PUBLISHER = "/social-publisher/v1"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


@dataclass
class LibraryFile:
    """A file of the library: `polls` looks away from being ready, and how it ends."""

    id: str
    name: str
    kind: str
    polls: int
    content: bytes = b""
    source: str = ""

    def as_json(self) -> dict[str, Any]:
        status = "PENDING" if self.polls > 0 else "FAILED" if "fail" in self.name + self.source else "READY"
        host = "video" if self.kind == "VIDEO" else "static"
        url = f"https://{host}.wixstatic.com/media/{self.id}"
        return {"id": self.id, "operationStatus": status, **({"url": url} if status == "READY" else {})}


@dataclass
class LibraryServer:
    """What the server holds, what it was asked, and how it answers (`overrides` by path comes first)."""

    files: list[LibraryFile] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    overrides: dict[str, Callable[[Seen], tuple[int, Any]]] = field(default_factory=dict)
    polls: int = 1
    kinds: dict[str, str] = field(default_factory=dict)
    text: str = "Fresh glazes for spring."
    url: str = ""
    pictures: dict[str, int] = field(default_factory=dict)

    def asked(self, path: str) -> list[Seen]:
        return [call for call in self.seen if call.path.startswith(path)]

    def answer(self, call: Seen) -> tuple[int, Any]:
        if call.path in self.overrides:
            return self.overrides[call.path](call)
        routes: dict[str, Callable[[Seen], Any]] = {
            f"{FILES}/import": self._import,
            f"{FILES}/generate-upload-url": lambda call: {
                "uploadUrl": f"{self.url}/upload?token={call.body['mimeType']}"
            },
            "/upload": self._put,
            f"{FILES}/get-file-by-id": self._file,
            f"{FILES}/get-files": self._many,
            f"{PUBLISHER}/generate-text": lambda call: {"results": [{"caption": self.text, "title": "Spring"}]},
            f"{PUBLISHER}/generate-post-data": self._post,
            f"{PUBLISHER}/generate-image": self._order,
        }
        if call.path.startswith(f"{PUBLISHER}/generated-image/"):
            return 200, self._picture(call)
        return 200, routes[call.path](call)

    def _add(self, name: str, mime: str, **more: Any) -> dict[str, Any]:
        kind = self.kinds.get(name, "VIDEO" if mime.startswith("video/") else "IMAGE")
        self.files.append(LibraryFile(f"file-{len(self.files) + 1}", name, kind, self.polls, **more))
        return {"file": self.files[-1].as_json()}

    def _import(self, call: Seen) -> Any:
        return self._add(call.body["displayName"], call.body["mimeType"], source=call.body["url"])

    def _put(self, call: Seen) -> Any:
        query = parse_qs(call.query)
        return self._add(query["filename"][0], query["token"][0], content=call.content)

    def _file(self, call: Seen) -> Any:
        (found,) = [file for file in self.files if file.id == parse_qs(call.query)["fileId"][0]]
        found.polls -= 1
        return {"file": found.as_json()}

    def _many(self, call: Seen) -> Any:
        found = [file for file in self.files if file.id in call.body["fileIds"]]
        for file in found:
            file.polls -= 1
        return {"files": [file.as_json() for file in found]}

    def _post(self, call: Seen) -> Any:
        media = {"media": [{"type": "IMAGE", "url": "https://pictures.example.com/product.jpg"}]}
        names = {"INSTAGRAM": "instagramPost", "LINKEDIN": "linkedinPost", "FACEBOOK": "facebookPost"}
        return {
            "results": [
                {"channelName": channel, names[channel]: {"caption": self.text, "mediaWrapper": media}}
                for channel in call.body["channels"]
            ]
        }

    def _order(self, _call: Seen) -> Any:
        self.pictures["run-1"] = self.polls
        return {"status": "OK", "executionId": "run-1"}

    def _picture(self, _call: Seen) -> Any:
        self.pictures["run-1"] -= 1
        if self.pictures["run-1"] > 0:
            return {"status": "PENDING"}
        return {"status": "READY", "imageUrl": "https://static.wixstatic.com/media/changed.jpg", "fileId": "changed"}


def start(library: LibraryServer) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            content = self.rfile.read(size)
            if len(content) < size:
                self.close_connection = True
                return
            path, _, query = self.path.partition("?")
            call = Seen(self.command, path, query, {k.lower(): v for k, v in self.headers.items()}, content)
            library.seen.append(call)
            status, value = library.answer(call)
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = False
        block_on_close = True

    server = Server(("127.0.0.1", 0), Handler)
    library.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    return server


@pytest.fixture
def library() -> Iterator[LibraryServer]:
    """A running library, closed after the test."""
    made = LibraryServer()
    server = start(made)
    yield made
    server.shutdown()
    server.server_close()


class Played:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def clock(self) -> float:
        return self.now


@pytest.fixture
def played() -> Played:
    return Played()


@pytest.fixture
def client(library: LibraryServer, played: Played) -> Iterator[Client]:
    """A client of the library whose waits move only the played clock."""
    with Client(
        api_url=library.url,
        credential=ApiKey(KEY),
        site_id=SITE,
        pace=Pace(10_000),
        clock=played.clock,
        sleep=played.sleep,
        random=lambda: 0.5,
        deadline_seconds=5,
    ) as made:
        yield made
