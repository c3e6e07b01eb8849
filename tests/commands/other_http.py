"""Serve the second Publisher API over real HTTP: plain `http.server` on loopback, a thread for each caller."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.commands.other_facts import Json, Refusal, Temper
from tests.commands.other_server import OtherServer


def make_handler(server: OtherServer) -> type[BaseHTTPRequestHandler]:
    """Return the handler of calls to this server."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

        def send_response(self, code: int, message: str | None = None) -> None:
            self.send_response_only(code, message)
            if server.temper.date_header:
                self.send_header("Date", format_datetime(datetime.now(UTC), usegmt=True))

        def reply(self, status: int, data: bytes, kind: str = "application/json", **headers: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(data)

        def handle_call(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            parts = urlsplit(self.path)
            time.sleep(server.temper.latency_seconds)
            headers = {k.lower(): v for k, v in self.headers.items()}
            with server.lock:
                if parts.path.startswith("/put/"):
                    self.take_upload(data, headers, parts.path)
                    return
                body = json.loads(data) if data else {}
                server.calls.append((self.command, parts.path, body, headers))
                if server.limited < server.temper.limited_first:
                    server.limited += 1
                    self.limit()
                    return
                try:
                    answer = server.answer(self.command, parts.path, parse_qs(parts.query), body, headers)
                except Refusal as error:
                    self.refuse(error)
                    return
                self.reply(200, json.dumps(answer).encode())

        def take_upload(self, data: bytes, headers: Mapping[str, str], path: str) -> None:
            server.calls.append(("PUT", path, len(data), dict(headers)))
            self.reply(200, json.dumps({"file": server.file(headers.get("content-type", ""))}).encode())

        def limit(self) -> None:
            when = {"seconds": "1", "date": format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)}
            extra = {"Retry_After": when[server.temper.retry_after]} if server.temper.retry_after else {}
            self.reply(429, b'{"message": "slow down"}', **extra)

        def refuse(self, error: Refusal) -> None:
            if server.temper.html_errors:
                self.reply(error.status, b"<html><body><h1>Oops</h1></body></html>", "text/html")
                return
            details: Json = {"applicationError": {"code": error.code, "description": error.description, "data": {}}}
            if error.status == 400 and not error.code:
                details = {
                    "validationError": {"fieldViolations": [{"field": "item", "description": error.description}]}
                }
            self.reply(error.status, json.dumps({"message": error.description, "details": details}).encode())

        do_GET = do_POST = do_PATCH = do_DELETE = do_PUT = handle_call

    return Handler


@contextmanager
def other_server(temper: Temper | None = None, **fields: Any) -> Iterator[OtherServer]:
    """Serve a Publisher API of this temper on a free port of loopback."""
    server = OtherServer(temper=temper or Temper(), **fields)
    http = ThreadingHTTPServer(("127.0.0.1", 0), make_handler(server))
    http.daemon_threads = True
    server.url = f"http://127.0.0.1:{http.server_address[1]}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        http.server_close()
        thread.join()
