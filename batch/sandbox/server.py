"""A sandbox behind a real socket on loopback: in a thread of this process, or as a process of its own."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from batch.sandbox.seed import SITE_ID
from batch.sandbox.service import Service, utc_now
from batch.sandbox.state import Options, Refusal, Request, Response, Travel, json_response

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


START_SECONDS = 15.0
GRACE_SECONDS = 3
"""How long the end waits for callers that did not go when their connection was closed."""
END_SECONDS = 5.0


class SandboxServer:
    """A running sandbox; use it in a `with`, then `url` is where it is and `service` what is behind it.

    `state` is a file that keeps everything between runs, or `:memory:`. `port` 0 takes a free one. Raises `OSError`
    where the port is taken and `ValueError` for an address that is not loopback.
    """

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        sites: Iterable[str] | Mapping[str, str] = (SITE_ID,),
        host: str = "127.0.0.1",
        port: int = 0,
        options: Options | None = None,
        now: Callable[[], datetime] = utc_now,
        id_seed: int | None = None,
    ) -> None:
        if not is_loopback(host):
            raise ValueError(f"The sandbox listens on this machine only, so {host!r} is not possible: use 127.0.0.1.")
        self._address = (host, port)
        self.service = Service(state, options=options, sites=sites, now=now, id_seed=id_seed)
        self.url = ""
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def _start(self) -> None:
        listener = listen(*self._address)
        host, port = listener.getsockname()[:2]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._server = make_server(self.service)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True
        )
        self._thread.start()
        ends_at = time.monotonic() + START_SECONDS
        while not self._server.started:
            if time.monotonic() > ends_at or not self._thread.is_alive():
                raise OSError("The sandbox did not start.")
            time.sleep(0.002)

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


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that listens."""
    # Named as TCP, or asyncio does not see that it is, leaves small packets to wait, and each answer takes 40 ms.
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(512)
    except OSError:
        listener.close()
        raise
    return listener


class _Server(uvicorn.Server):
    """A server that, at its end, waits for no caller that is still waiting for an answer."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._connections.close_all()
        await super().shutdown(sockets)


def make_server(service: Service) -> uvicorn.Server:
    """Return a server around a service, which sends the sandbox's own `Date` and logs nothing."""
    connections = Connections()
    config = uvicorn.Config(
        make_app(service, connections),
        http=make_protocol(connections),
        ws="none",
        loop="asyncio",
        lifespan="on",
        log_config=None,
        access_log=False,
        date_header=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_SECONDS,
        timeout_keep_alive=60,
    )
    return _Server(config, connections)


def is_loopback(host: str) -> bool:
    """Tell whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class SandboxTransport(httpx.BaseTransport):
    """Give it to `httpx.Client(transport=...)`. `latency_seconds` is slept on each call."""

    def __init__(
        self, service: Service, *, sleep: Callable[[float], object] = time.sleep, latency_seconds: float = 0.0
    ) -> None:
        self.service = service
        self._sleep = sleep
        self._latency_seconds = latency_seconds

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request, or raise what a broken connection raises."""
        if self._latency_seconds:
            self._sleep(self._latency_seconds)
        response = self.service.answer(_read_request(request))
        way = response.delivery
        patience = _patience_seconds(request)
        if way.travel is Travel.SILENT or way.delay_seconds > patience:
            self._sleep(patience)
            raise httpx.ReadTimeout("The read operation timed out", request=request)
        if way.delay_seconds:
            self._sleep(way.delay_seconds)
        if (error := _BROKEN.get(way.travel)) is not None:
            raise error[0](error[1], request=request)
        return httpx.Response(
            response.status, headers=_headers(response), stream=self._stream(response, request), request=request
        )

    def _stream(self, response: Response, request: httpx.Request) -> httpx.SyncByteStream:
        return _Body(response, request, self._sleep, _deadline_seconds(request))


_BROKEN: dict[Travel, tuple[type[httpx.TransportError], str]] = {
    Travel.REFUSED: (httpx.ConnectError, "Connection refused"),
    Travel.DROP: (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    Travel.RESET: (httpx.ReadError, "Connection reset by peer"),
}


class _Body(httpx.SyncByteStream):
    """The body as it arrives."""

    def __init__(
        self, response: Response, request: httpx.Request, sleep: Callable[[float], object], deadline_seconds: float
    ) -> None:
        self._response, self._request = response, request
        self._sleep, self._deadline_seconds = sleep, deadline_seconds

    def __iter__(self) -> Iterator[bytes]:
        way, body = self._response.delivery, self._response.body
        if way.travel is Travel.CUT:
            yield body[: way.cut_at]
            raise httpx.RemoteProtocolError(
                "peer closed connection without sending complete message body", request=self._request
            )
        if way.travel is not Travel.DRIP:
            yield body
            return
        waited = 0.0
        for at in range(len(body)):
            yield body[at : at + 1]
            self._sleep(way.every_seconds)
            waited += way.every_seconds
            if waited > self._deadline_seconds:
                raise httpx.ReadTimeout("The read operation timed out", request=self._request)


def _read_request(request: httpx.Request) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in request.headers.raw}
    url = request.url
    path = url.raw_path.decode("ascii").partition("?")[0]
    query = tuple(url.params.multi_items())
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    return Request(request.method, path, query, headers, request.read(), origin)


def _headers(response: Response) -> list[tuple[str, str]]:
    return [*response.headers, ("content-length", str(len(response.body)))]


def _patience_seconds(request: httpx.Request) -> float:
    """Return how long the caller waits for an answer to begin."""
    read = request.extensions.get("timeout", {}).get("read")
    return min(float("inf") if read is None else float(read), _deadline_seconds(request))


def _deadline_seconds(request: httpx.Request) -> float:
    """Return how long the caller lets a whole call take, where it says so."""
    given = request.extensions.get("deadline_seconds")
    return float("inf") if given is None else float(given)
