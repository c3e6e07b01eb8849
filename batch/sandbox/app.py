"""The Starlette shell: HTTP into a `Request`, and a `Response` into HTTP, in the way that it is to travel.

Where a connection is to break, it really breaks: the socket under it is closed or reset by the `Connections` that the
server keeps.
"""

from __future__ import annotations

import asyncio
import socket
import sqlite3
import struct
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any
from urllib.parse import parse_qsl

from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from batch.sandbox.service import Service
from batch.sandbox.wire import Refusal, Request, Response, Travel, json_response

TICK_SECONDS = 1.0
MOST_BYTES = 80 * 1024 * 1024
LONGEST_SILENCE_SECONDS = 900.0
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE", "HEAD", "OPTIONS")
_RESET_AT_ONCE = struct.pack("ii", 1, 0)

Peer = tuple[str, int]


class Connections:
    """The open connections of a server, by their other end, so that a fault can break one of them."""

    def __init__(self) -> None:
        self._open: dict[Peer, asyncio.Transport] = {}

    def add(self, transport: asyncio.Transport) -> None:
        """Remember a connection that was made."""
        self._open[_peer(transport)] = transport

    def remove(self, transport: asyncio.Transport) -> None:
        """Forget a connection that has ended."""
        self._open = {peer: other for peer, other in self._open.items() if other is not transport}

    def break_off(self, peer: Peer, *, reset: bool) -> None:
        """Break a connection: with a reset, or by closing it."""
        transport = self._open.get(peer)
        if transport is None:
            return
        if reset:
            sock = transport.get_extra_info("socket")
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
        transport.abort()

    def close_all(self) -> None:
        """Close all connections, so that nobody who waits for an answer keeps the server from ending."""
        for transport in list(self._open.values()):
            transport.close()

    def close_gently(self, peer: Peer) -> None:
        """Close a connection once what was written has been sent."""
        transport = self._open.get(peer)
        if transport is not None:
            transport.close()


def _peer(transport: asyncio.Transport) -> Peer:
    peer = transport.get_extra_info("peername") or ("", 0)
    return str(peer[0]), int(peer[1])


def make_app(service: Service, connections: Connections, *, tick_seconds: float = TICK_SECONDS) -> Starlette:
    """Return the application around a service."""
    shell = _Shell(service, connections)
    return Starlette(
        routes=[Route("/{path:path}", shell, methods=list(METHODS))],
        lifespan=lambda _app: _ticking(service.tick, tick_seconds),
    )


@asynccontextmanager
async def _ticking(tick: Callable[[], None], every_seconds: float) -> AsyncIterator[None]:
    """Let scheduled posts go out also while nobody asks."""

    async def keep_ticking() -> None:
        while True:
            await asyncio.sleep(every_seconds)
            # A file that another process holds, or a full disk, is met again at the next tick.
            with suppress(sqlite3.Error):
                tick()

    task = asyncio.create_task(keep_ticking())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


class _Shell:
    """The one endpoint, as an ASGI application of its own."""

    def __init__(self, service: Service, connections: Connections) -> None:
        self._service, self._connections = service, connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read_body(receive)
        if body is None:
            return
        response = self._answer(_make_request(scope, body))
        way = response.delivery
        if way.delay_seconds:
            await _wait(way.delay_seconds, receive)
        if way.travel is Travel.WHOLE:
            await _send_head(response, send)
            await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else response.body})
        else:
            await self._send_oddly(response, scope, receive, send)

    def _answer(self, request: Request) -> Response:
        try:
            return self._service.answer(request)
        except sqlite3.Error as error:
            refusal = Refusal(503, "SANDBOX_FILE", f"The sandbox can't use its file ({error}).")
            return json_response(refusal.body(), status=refusal.status)

    async def _send_oddly(self, response: Response, scope: Scope, receive: Receive, send: Send) -> None:
        peer = (str(scope["client"][0]), int(scope["client"][1]))
        way = response.delivery
        if way.travel is Travel.SILENT:
            await _wait(LONGEST_SILENCE_SECONDS, receive)
        elif way.travel is Travel.DRIP:
            await _drip(response, receive, send)
            return
        elif way.travel is Travel.CUT:
            await _send_head(response, send)
            await send({"type": "http.response.body", "body": response.body[: way.cut_at], "more_body": True})
            self._connections.close_gently(peer)
            await _wait(LONGEST_SILENCE_SECONDS, receive)
            return
        self._connections.break_off(peer, reset=way.travel in (Travel.RESET, Travel.REFUSED))
        await _wait(LONGEST_SILENCE_SECONDS, receive)


async def _read_body(receive: Receive) -> bytes | None:
    """Return the request's body; None where the caller left before its end."""
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


def _make_request(scope: Scope, body: bytes) -> Request:
    headers: Mapping[str, str] = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True, errors="replace")
    path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else scope["path"]
    host = headers.get("host") or "127.0.0.1"
    return Request(scope["method"], path, tuple(query), headers, body, f"http://{host}")


async def _send_head(response: Response, send: Send) -> None:
    headers = [(name.encode(), value.encode()) for name, value in response.headers]
    headers.append((b"content-length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})


async def _drip(response: Response, receive: Receive, send: Send) -> None:
    await _send_head(response, send)
    for at in range(len(response.body)):
        await send({"type": "http.response.body", "body": response.body[at : at + 1], "more_body": True})
        if await _wait(response.delivery.every_seconds, receive):
            return
    await send({"type": "http.response.body", "body": b""})


async def _wait(seconds: float, receive: Receive) -> bool:
    """Wait; return at once and true where the caller leaves meanwhile."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return False
    return True


def make_protocol(connections: Connections) -> Any:
    """Return uvicorn's protocol, told to keep the book of connections."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Booked(H11Protocol):
        """A connection that is in the book as long as it is open."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            super().connection_lost(exc)

    return Booked
