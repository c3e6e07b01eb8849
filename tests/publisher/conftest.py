"""Real servers on loopback: one that speaks raw bytes, for answers no library would give, and one that speaks JSON."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.settings import ApiKey, Credential

SITE_ID = "01234567-89ab-cdef-0123-456789abcdef"
KEY = "IST.loopback-key-that-must-never-be-seen"

Talk = Callable[[socket.socket, bytes], None]


def answer(body: bytes | str, *, status: str = "200 OK", headers: str = "", length: int | None = None) -> bytes:
    """The bytes of one HTTP answer."""
    content = body.encode() if isinstance(body, str) else body
    size = len(content) if length is None else length
    kind = "" if "content-type" in headers.lower() else "Content-Type: application/json\r\n"
    return f"HTTP/1.1 {status}\r\n{kind}Content-Length: {size}\r\n{headers}\r\n".encode() + content


class RawServer:
    """Listen on loopback and let `talk` do what it likes with each connection once a request is there."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.requests: list[bytes] = []
        self.closing = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            while request := read_request(connection):
                self.requests.append(request)
                self.talk(connection, request)

    def drip(self, connection: socket.socket, content: bytes, *, every_seconds: float = 0.05) -> None:
        """Send byte after byte, each in time for a client that only looks at single reads."""
        for at in range(len(content)):
            if self.closing.is_set():
                return
            connection.sendall(content[at : at + 1])
            time.sleep(every_seconds)

    def close(self) -> None:
        self.closing.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in (self._accepting, *self._threads):
            thread.join(5)


def read_request(connection: socket.socket) -> bytes:
    """Read one whole request; b"" where the client has gone."""
    content = b""
    while b"\r\n\r\n" not in content:
        part = connection.recv(65536)
        if not part:
            return b""
        content += part
    head, _, body = content.partition(b"\r\n\r\n")
    length = next((int(x.split(b":")[1]) for x in head.split(b"\r\n") if x.lower().startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


@pytest.fixture
def raw() -> Iterator[Callable[[Talk], RawServer]]:
    """Start raw servers that are closed after the test."""
    servers: list[RawServer] = []

    def start(talk: Talk) -> RawServer:
        servers.append(RawServer(talk))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


@dataclass(frozen=True)
class Call:
    """One request as a JSON server saw it."""

    method: str
    path: str
    query: str
    body: Any
    headers: dict[str, str] = field(default_factory=dict)


Answer = tuple[int, Any]


class JsonServer:
    """Answer each call with what `respond` says: a status and a JSON value, or bytes for an HTML page."""

    def __init__(self, respond: Callable[[Call], Answer]) -> None:
        self.calls: list[Call] = []
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                content = self.rfile.read(size)
                path, _, query = self.path.partition("?")
                headers = {k.lower(): v for k, v in self.headers.items()}
                call = Call(self.command, path, query, json.loads(content) if content else None, headers)
                calls.append(call)
                status, value = respond(call)
                page = isinstance(value, bytes)
                body = value if page else json.dumps(value).encode()
                self.send_response(status)
                self.send_header("Content-Type", "text/html" if page else "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PATCH = do_DELETE = _answer

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = False
            block_on_close = True

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[[Callable[[Call], Answer]], JsonServer]]:
    """Start JSON servers that are closed after the test (and after the clients)."""
    servers: list[JsonServer] = []

    def start(respond: Callable[[Call], Answer]) -> JsonServer:
        servers.append(JsonServer(respond))
        return servers[-1]

    yield start
    for server in servers:
        server.close()


class Waits:
    """A clock and a sleep that only write down how long was waited."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)


@pytest.fixture
def waits() -> Waits:
    return Waits()


@pytest.fixture
def connect(serve: object, raw: object, waits: Waits) -> Iterator[Callable[..., Client]]:
    """Make clients that are closed before the servers are."""
    clients: list[Client] = []

    def make(url: str, credential: Credential | None = None, **options: Any) -> Client:
        options = {"pace": Pace(10_000), "sleep": waits.sleep, "random": lambda: 0.5, "deadline_seconds": 5, **options}
        clients.append(Client(api_url=url, credential=credential or ApiKey(KEY), site_id=SITE_ID, **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def refusal(code: str, description: str = "") -> dict[str, Any]:
    """The documented body of an error of the application."""
    return {"message": "no", "details": {"applicationError": {"code": code, "description": description, "data": {}}}}
