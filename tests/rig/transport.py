"""A rig without a socket, for thousands of scenarios: each fault is the error that httpx raises for it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import httpx

from batch.sandbox.state import Request
from tests.rig.delivery import Delivered, Travel
from tests.rig.service import Rig


class RigTransport(httpx.BaseTransport):
    """Give it to `httpx.Client(transport=...)`. `latency_seconds` is slept on each call."""

    def __init__(
        self, service: Rig, *, sleep: Callable[[float], object] = time.sleep, latency_seconds: float = 0.0
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

    def _stream(self, response: Delivered, request: httpx.Request) -> httpx.SyncByteStream:
        return _Body(response, request, self._sleep, _deadline_seconds(request))


_BROKEN: dict[Travel, tuple[type[httpx.TransportError], str]] = {
    Travel.REFUSED: (httpx.ConnectError, "Connection refused"),
    Travel.DROP: (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    Travel.RESET: (httpx.ReadError, "Connection reset by peer"),
}


class _Body(httpx.SyncByteStream):
    """The body as it arrives."""

    def __init__(
        self, response: Delivered, request: httpx.Request, sleep: Callable[[float], object], deadline_seconds: float
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
    # Without a socket there is no other host to be called by.
    headers = {
        name.decode("latin-1").lower(): value.decode("latin-1")
        for name, value in request.headers.raw
        if name.lower() != b"host"
    }
    url = request.url
    path = url.raw_path.decode("ascii").partition("?")[0]
    query = tuple(url.params.multi_items())
    origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
    return Request(request.method, path, query, headers, request.read(), origin)


def _headers(response: Delivered) -> list[tuple[str, str]]:
    return [*response.headers, ("content-length", str(len(response.body)))]


def _patience_seconds(request: httpx.Request) -> float:
    """Return how long the caller waits for an answer to begin."""
    read = request.extensions.get("timeout", {}).get("read")
    return min(float("inf") if read is None else float(read), _deadline_seconds(request))


def _deadline_seconds(request: httpx.Request) -> float:
    """Return how long the caller lets a whole call take, where it says so."""
    given = request.extensions.get("deadline_seconds")
    return float("inf") if given is None else float(given)
