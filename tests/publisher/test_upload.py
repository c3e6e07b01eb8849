"""A large file goes up by the tus protocol, goes on where a connection broke, and in one call where that is missing."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from batch.publisher import media
from batch.publisher.client import Client
from batch.publisher.media import Brought, State, read_files, upload_file
from batch.publisher.pace import Pace
from batch.settings import ApiKey

KEY = "IST.key-that-only-the-api-may-see"
VIDEO = "https://video.wixstatic.com/video/ab/1080p/mp4/file.mp4"
CONTENT = bytes(range(256)) * 4000
READY = {"file": {"id": "f1", "url": VIDEO, "operationStatus": "READY"}}


@dataclass
class Tus:
    """A Media Manager that takes resumable uploads; `breaks_at` are offsets at which a connection ends."""

    breaks_at: list[int] = field(default_factory=list)
    offered: bool = True
    location: str = "/uploads/1"
    held: bytes = b""
    metadata: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    credentials: list[str] = field(default_factory=list)
    url: str = ""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    tus: Tus

    def _say(self, status: int, body: object = None, **headers: str) -> None:
        data = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _heard(self) -> None:
        self.tus.calls.append(f"{self.command} {urlsplit(self.path).path}")
        if urlsplit(self.path).path.startswith(("/tus", "/uploads", "/whole")):
            self.tus.credentials += [name for name in self.headers if name.lower() in ("authorization", "wix-site-id")]

    def do_POST(self) -> None:
        self._heard()
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path.endswith("/generate-resumable-upload-url"):
            assert json.loads(body)["uploadProtocol"] == "TUS"
            if self.tus.offered:
                self._say(200, {"uploadUrl": f"{self.tus.url}/tus", "uploadToken": "to/ken"})
            else:
                self._say(404, {"message": "no", "details": {"applicationError": {"code": "NOT_FOUND"}}})
        elif self.path.endswith("/generate-upload-url"):
            self._say(200, {"uploadUrl": f"{self.tus.url}/whole"})
        else:
            assert int(self.headers["upload-length"]) == len(CONTENT)
            pairs = [pair.split(" ") for pair in self.headers["upload-metadata"].split(",")]
            self.tus.metadata = {name: base64.b64decode(value).decode() for name, value in pairs}
            self._say(201, Location=self.tus.location)

    def do_PATCH(self) -> None:
        self._heard()
        assert int(self.headers["upload-offset"]) == len(self.tus.held)
        size = int(self.headers["content-length"])
        if self.tus.breaks_at:
            self.tus.held += self.rfile.read(self.tus.breaks_at.pop(0) - len(self.tus.held))
            self.close_connection = True
            return
        self.tus.held += self.rfile.read(size)
        self._say(204, Upload_Offset=str(len(self.tus.held)))

    def do_HEAD(self) -> None:
        self._heard()
        self._say(200, Upload_Offset=str(len(self.tus.held)))

    def do_PUT(self) -> None:
        self._heard()
        assert parse_qs(urlsplit(self.path).query)["filename"] == ["kiln & co.mp4"]
        self.tus.held += self.rfile.read(int(self.headers.get("content-length") or 0))
        self._say(200, READY)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


@pytest.fixture
def serve() -> Iterator[Callable[[Tus], Client]]:
    """Start servers, and clients of them, that are closed after the test."""
    closing: list[Callable[[], object]] = []

    def start(tus: Tus) -> Client:
        server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"tus": tus}))
        server.daemon_threads = True
        tus.url = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        client = Client(
            api_url=tus.url, credential=ApiKey(KEY), site_id="s", pace=Pace(10_000), sleep=lambda _seconds: None
        )
        closing.extend([server.server_close, server.shutdown, client.close])
        return client

    yield start
    for close in reversed(closing):
        close()


def chunks() -> Iterator[bytes]:
    for at in range(0, len(CONTENT), 65_536):
        yield CONTENT[at : at + 65_536]


def send(client: Client) -> Brought:
    return upload_file(client, chunks, kind="VIDEO", mime="video/mp4", size_bytes=len(CONTENT), name="kiln & co.mp4")


@pytest.fixture(autouse=True)
def _small_files_count_as_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media, "RESUMABLE_FROM_BYTES", 100_000)


@pytest.mark.parametrize("breaks_at", [[], [1], [300_000], [70_000, 900_001]])
def test_a_large_file_arrives_whole_wherever_the_connection_breaks(
    serve: Callable[[Tus], Client], breaks_at: list[int]
) -> None:
    tus = Tus(breaks_at=list(breaks_at))
    assert send(serve(tus)) == Brought(State.READY, "f1", VIDEO)
    assert tus.held == CONTENT
    assert tus.metadata == {"filename": "kiln & co.mp4", "contentType": "video/mp4", "token": "to/ken"}
    assert tus.calls.count("PATCH /uploads/1") == len(breaks_at) + 1
    assert tus.calls[-1] == "PUT /tus/to%2Fken"
    assert tus.credentials == []


def test_where_it_is_not_offered_the_file_is_sent_in_one_call(serve: Callable[[Tus], Client]) -> None:
    tus = Tus(offered=False)
    assert send(serve(tus)) == Brought(State.READY, "f1", VIDEO)
    assert tus.held == CONTENT
    assert tus.calls[-1] == "PUT /whole"


@pytest.mark.parametrize("location", ["https://elsewhere.example/u", "//127.0.0.1:1/u", "http://10.0.0.1/u"])
def test_no_bytes_go_to_another_place_than_the_upload_address(serve: Callable[[Tus], Client], location: str) -> None:
    tus = Tus(location=location)
    brought = send(serve(tus))
    assert (brought.state, brought.code) == (State.FAILED, "UPLOAD_ODD")
    assert not any(call.startswith("PATCH") for call in tus.calls)


def test_how_far_many_files_are_is_asked_in_calls_of_a_hundred(serve: Callable[[Tus], Client]) -> None:
    asked: list[int] = []

    class Many(Handler):
        def do_POST(self) -> None:
            ids = json.loads(self.rfile.read(int(self.headers["content-length"])))["fileIds"]
            asked.append(len(ids))
            ready = [{"id": i, "url": VIDEO, "operationStatus": "READY"} for i in ids if i != "f7"]
            self._say(200, {"files": [*ready, {"id": "stranger"}, None]})

    tus = Tus()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Many,), {"tus": tus}))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_address[1]}"
    with Client(api_url=url, credential=ApiKey(KEY), site_id="s", pace=Pace(10_000)) as client:
        found = read_files(client, {f"f{n}": "VIDEO" for n in range(130)})
    server.shutdown()
    server.server_close()
    assert asked == [100, 30]
    assert set(found) == {f"f{n}" for n in range(130)} - {"f7"}
    assert {brought.state for brought in found.values()} == {State.READY}
