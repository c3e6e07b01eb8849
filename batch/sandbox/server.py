"""A sandbox behind a real socket on loopback, with a thread of this process for each connection."""

from __future__ import annotations

import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Self
from urllib.parse import parse_qsl

from batch.sandbox.service import Service, is_loopback
from batch.sandbox.state import Refusal, Request, Response

MOST_BYTES = 80 * 1024 * 1024
POLL_SECONDS = 0.02
"""How often it is looked whether the server is to end."""
GRACE_SECONDS = 3
"""How long the end waits for callers that are being answered."""


class Connection(BaseHTTPRequestHandler):
    """One connection: each request that comes over it is answered, until its caller leaves or is idle for a minute."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    timeout = 60
    disable_nagle_algorithm = True
    """Or small packets wait, and each answer takes 40 ms."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        """Answer one request, whatever its method; nothing where the caller left before its end."""
        body = self._read_body()
        if body is None:
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        path, _, query = self.path.partition("?")
        pairs = parse_qsl(query, keep_blank_values=True, errors="replace")
        origin = f"http://{headers.get('host') or '127.0.0.1'}"
        try:
            response = self.server.service.answer(Request(self.command, path, tuple(pairs), headers, body, origin))
        except sqlite3.Error as error:
            response = Refusal(503, "SANDBOX_FILE", f"The sandbox can't use its file ({error}).").response()
        self.send(response)

    def _read_body(self) -> bytes | None:
        """Return the body of a request, None where it is not whole, or far too large."""
        body = b""
        try:
            for size in self._sizes():
                part = self.rfile.read(size) if 0 <= size <= MOST_BYTES - len(body) else b""
                if len(part) != size:
                    return None
                body += part
        except ValueError:
            return None
        return body

    def _sizes(self) -> Iterator[int]:
        if self.headers.get("transfer-encoding", "").lower() != "chunked":
            yield int(self.headers.get("content-length", "0"))
            return
        while size := int(self.rfile.readline(100), 16):
            yield size
            self.rfile.readline(100)
        self.rfile.readline(100)

    def send(self, response: Response) -> None:
        """Send an answer."""
        self.send_head(response)
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def send_head(self, response: Response) -> None:
        """Send the status and the headers of an answer: the sandbox's own, and no others."""
        self.send_response_only(response.status)
        for name, value in (*response.headers, ("content-length", str(len(response.body)))):
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class SandboxServer(ThreadingTCPServer):
    """A running sandbox; use it in a `with`. `url` is where it is and `service` what is behind it.

    `port` 0 takes a free one. It closes the service at its end. Raises `OSError` where the port is taken and
    `ValueError` for an address that is not loopback.
    """

    connection: type[Connection] = Connection
    allow_reuse_address = daemon_threads = True
    request_queue_size = 512

    def __init__(self, service: Service, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self.service = service
        self.callers: set[Any] = set()
        """The connections that are open."""
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            if not is_loopback(host):
                raise ValueError(
                    f"The sandbox listens on this machine only, so {host!r} is not possible: use 127.0.0.1."
                )
            super().__init__((host, port), self.connection)
        except BaseException:
            service.close()
            raise
        name, number = self.socket.getsockname()[:2]
        self.url = f"http://{f'[{name}]' if ':' in name else name}:{number}"

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(POLL_SECONDS,), name="sandbox", daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        for caller in tuple(self.callers):
            with suppress(OSError):
                caller.shutdown(socket.SHUT_RD)
        ends_at = time.monotonic() + GRACE_SECONDS
        while self.callers and time.monotonic() < ends_at:
            time.sleep(0.002)
        self.service.close()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Begin to answer what comes over a new connection."""
        self.callers.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """End a connection."""
        super().shutdown_request(request)
        self.callers.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Show what went wrong, unless it is only that a caller has left."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)
