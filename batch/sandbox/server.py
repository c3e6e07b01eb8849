"""A sandbox behind a real socket on loopback, in a thread of this process."""

from __future__ import annotations

import socket
import sqlite3
import threading
import time
from functools import partial
from typing import Any, Self
from urllib.parse import parse_qsl

import uvicorn

from batch.sandbox.service import Service, is_loopback
from batch.sandbox.state import Refusal, Request, Response

MOST_BYTES = 80 * 1024 * 1024
START_SECONDS = 15.0
GRACE_SECONDS = 3
"""How long the end waits for callers that are being answered."""
END_SECONDS = 5.0


class App:
    """The service as an ASGI application: it reads a request, has it answered, and sends the answer."""

    def __init__(self, service: Service) -> None:
        self.service = service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request; nothing where the caller left before its end."""
        body = await _read_body(receive)
        if body is None:
            return
        try:
            response = self.service.answer(_make_request(scope, body))
        except sqlite3.Error as error:
            response = Refusal(503, "SANDBOX_FILE", f"The sandbox can't use its file ({error}).").response()
        await self.send(response, scope, receive, send)

    async def send(self, response: Response, scope: Any, receive: Any, send: Any) -> None:
        """Send an answer."""
        await send_head(response, send)
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})


async def _read_body(receive: Any) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size <= MOST_BYTES:
            parts.append(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _make_request(scope: Any, body: bytes) -> Request:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
    path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
    return Request(scope["method"], path, tuple(query), headers, body, f"http://{headers.get('host') or '127.0.0.1'}")


async def send_head(response: Response, send: Any) -> None:
    """Send the status and the headers of an answer."""
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


class SandboxServer:
    """A running sandbox; use it in a `with`, then `url` is where it is and `service` what is behind it.

    `port` 0 takes a free one. It closes the service at its end. Raises `OSError` where the port is taken and
    `ValueError` for an address that is not loopback.
    """

    def __init__(self, service: Service, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.service = service
        self.url = ""
        self._address = (host, port)
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        try:
            listener = listen(*self._address)
            self.url = url_of(listener)
            self._server = self.make_server()
            run = partial(self._server.run, sockets=[listener])
            self._thread = threading.Thread(target=run, name="sandbox", daemon=True)
            self._thread.start()
            ends_at = time.monotonic() + START_SECONDS
            while not self._server.started:
                if time.monotonic() > ends_at or not self._thread.is_alive():
                    raise OSError("The sandbox did not start.")
                time.sleep(0.002)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def make_server(self) -> uvicorn.Server:
        """Return the server, which sends the sandbox's own `Date` and logs nothing."""
        return uvicorn.Server(uvicorn.Config(App(self.service), **CONFIG))

    def close(self) -> None:
        """Stop listening, and close what is open."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join(END_SECONDS)
            if self._thread.is_alive():
                self._server.force_exit = True
                self._thread.join(END_SECONDS)
        self._server = self._thread = None
        self.service.close()


CONFIG: dict[str, Any] = {
    "http": "h11",
    "ws": "none",
    "loop": "asyncio",
    "lifespan": "off",
    "log_config": None,
    "access_log": False,
    "proxy_headers": False,
    "date_header": False,
    "server_header": False,
    "timeout_graceful_shutdown": GRACE_SECONDS,
    "timeout_keep_alive": 60,
}


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens. Raises `OSError`, `ValueError`."""
    if not is_loopback(host):
        raise ValueError(f"The sandbox listens on this machine only, so {host!r} is not possible: use 127.0.0.1.")
    # Named as TCP, or asyncio does not see that it is, leaves small packets to wait, and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except BaseException:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    """Return the address of what listens."""
    host, port = listener.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"
