"""HTTP over sockets that keep one deadline for a whole call, however slowly the bytes drip.

httpx bounds each read by itself, so a service that sends one byte a second holds a call for ever. Here every connect,
write and read gets only what is left of the call's time. The deadline travels from the request (extension
`deadline_seconds`) to the sockets through a context variable; without one, httpx's own timeouts count alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

_ENDS_AT: ContextVar[float | None] = ContextVar("call_ends_at", default=None)
_CHUNK_BYTES = 16 * 1024
"""A write is cut so small that the time left is looked at between its parts."""

_ERRORS: dict[type[Exception], type[httpx.TransportError]] = {
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.WriteTimeout: httpx.WriteTimeout,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.WriteError: httpx.WriteError,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
}


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    """Return the seconds that one operation may take, or raise `late` where the call's time is over."""
    ends_at = _ENDS_AT.get()
    if ends_at is None:
        return timeout
    left = ends_at - time.monotonic()
    if left <= 0:
        raise late("the time for this call is over")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose every operation ends with its call."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _CHUNK_BYTES):
            self._inner.write(buffer[start : start + _CHUNK_BYTES], _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _left(timeout, httpcore.ConnectTimeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens such connections."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._inner.connect_tcp(host, port, left, local_address, socket_options))

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)


@contextmanager
def _deadline(ends_at: float | None) -> Iterator[None]:
    token = _ENDS_AT.set(ends_at)
    try:
        yield
    except tuple(_ERRORS) as error:
        raise _ERRORS[type(error)](str(error)) from None
    finally:
        _ENDS_AT.reset(token)


class _Body(httpx.SyncByteStream):
    """An answer's bytes, read under the deadline of its call."""

    def __init__(self, inner: Iterable[bytes], close: Callable[[], None], ends_at: float | None) -> None:
        self._inner = inner
        self._close = close
        self._ends_at = ends_at

    def __iter__(self) -> Iterator[bytes]:
        parts = iter(self._inner)
        while True:
            with _deadline(self._ends_at):
                try:
                    part = next(parts)
                except StopIteration:
                    return
            yield part

    def close(self) -> None:
        with _deadline(None):
            self._close()


@cache
def _trusted() -> SSLContext:
    """Return which certificates are trusted: read once, for all sites."""
    return httpx.create_ssl_context(trust_env=False)


class DeadlineTransport(httpx.BaseTransport):
    """A pool of kept connections. No proxy, no `.netrc`, no environment; certificates are always checked.

    With `plain` those of the trusted are not read before the first connection that needs them: a sandbox has none.
    """

    def __init__(self, *, plain: bool = False, connections: int = 32, keep_seconds: float = 5.0) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=None if plain else _trusted(),
            max_connections=connections,
            max_keepalive_connections=connections,
            keepalive_expiry=keep_seconds,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; its answer's head must be there before the deadline."""
        seconds = request.extensions.get("deadline_seconds")
        ends_at = None if seconds is None else time.monotonic() + seconds
        url = httpcore.URL(
            scheme=request.url.raw_scheme, host=request.url.raw_host, port=request.url.port, target=request.url.raw_path
        )
        content = request.stream
        assert isinstance(content, httpx.SyncByteStream)  # noqa: S101 - the client of this room is a synchronous one
        call = httpcore.Request(
            request.method, url, headers=request.headers.raw, content=content, extensions=request.extensions
        )
        with _deadline(ends_at):
            answer = self._pool.handle_request(call)
        assert isinstance(answer.stream, Iterable)  # noqa: S101 - as above
        return httpx.Response(
            answer.status,
            headers=answer.headers,
            stream=_Body(answer.stream, answer.close, ends_at),
            extensions=answer.extensions,
        )

    def close(self) -> None:
        """Close every kept connection."""
        self._pool.close()
