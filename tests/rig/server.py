"""A rig behind a real socket, on which connections break as the faults say."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from batch.sandbox.server import CONFIG, App, SandboxServer, send_head
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Response
from tests.rig.delivery import Delivered, Travel, delivered
from tests.rig.options import Options
from tests.rig.service import Rig

LONGEST_SILENCE_SECONDS = 900.0
_RESET_AT_ONCE = struct.pack("ii", 1, 0)

Peer = tuple[str, int]


class Connections:
    """The open connections of a server, by their other end, so that a fault can break one of them."""

    def __init__(self) -> None:
        self._open: dict[Peer, asyncio.Transport] = {}

    def add(self, transport: asyncio.Transport) -> None:
        """Remember a connection that was made."""
        peer = transport.get_extra_info("peername") or ("", 0)
        self._open[str(peer[0]), int(peer[1])] = transport

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

    def close(self, peer: Peer) -> None:
        """Close a connection once what was written has been sent."""
        if peer in self._open:
            self._open[peer].close()

    def close_all(self) -> None:
        """Close all connections, so that nobody who waits for an answer keeps the server from ending."""
        for transport in list(self._open.values()):
            transport.close()


class RigApp(App):
    """The application whose answers travel as their delivery says."""

    def __init__(self, rig: Rig, connections: Connections) -> None:
        super().__init__(rig)
        self._connections = connections

    async def send(self, response: Response, scope: Any, receive: Any, send: Any) -> None:
        """Send an answer, a part of it, or nothing."""
        if not isinstance(response, Delivered):
            response = delivered(response)
        way, peer = response.delivery, (str(scope["client"][0]), int(scope["client"][1]))
        if way.delay_seconds:
            await _wait(way.delay_seconds, receive)
        if way.travel is Travel.WHOLE:
            await super().send(response, scope, receive, send)
            return
        if way.travel is Travel.DRIP:
            await _drip(response, receive, send)
            return
        if way.travel is Travel.CUT:
            await send_head(response, send)
            await send({"type": "http.response.body", "body": response.body[: way.cut_at], "more_body": True})
            self._connections.close(peer)
        elif way.travel is not Travel.SILENT:
            self._connections.break_off(peer, reset=way.travel in (Travel.RESET, Travel.REFUSED))
        await _wait(LONGEST_SILENCE_SECONDS, receive)


async def _drip(response: Delivered, receive: Any, send: Any) -> None:
    await send_head(response, send)
    for at in range(len(response.body)):
        await send({"type": "http.response.body", "body": response.body[at : at + 1], "more_body": True})
        if await _wait(response.delivery.every_seconds, receive):
            return
    await send({"type": "http.response.body", "body": b""})


async def _wait(seconds: float, receive: Any) -> bool:
    """Wait; return at once and true where the caller leaves meanwhile."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), seconds)
    except TimeoutError:
        return False
    return True


class _Server(uvicorn.Server):
    """A server that, at its end, waits for no caller that is still waiting for an answer."""

    def __init__(self, config: uvicorn.Config, connections: Connections) -> None:
        super().__init__(config)
        self._connections = connections

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._connections.close_all()
        await super().shutdown(sockets)


def make_server(rig: Rig) -> uvicorn.Server:
    """Return a server around a rig, which keeps the book of its connections."""
    connections = Connections()

    class Booked(H11Protocol):
        """A connection that is in the book as long as it is open."""

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # a socket's
            connections.add(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            connections.remove(self.transport)
            super().connection_lost(exc)

    return _Server(uvicorn.Config(RigApp(rig, connections), **CONFIG | {"http": Booked}), connections)


class RigServer(SandboxServer):
    """A running rig; use it in a `with`, then `url` is where it is and `service` what is behind it."""

    service: Rig

    def __init__(
        self,
        state: str | Path = ":memory:",
        *,
        sites: Iterable[str] | Mapping[str, str] = (SITE_ID,),
        host: str = "127.0.0.1",
        port: int = 0,
        options: Options | None = None,
        **more: Any,
    ) -> None:
        super().__init__(Rig(state, options=options, sites=sites, **more), host=host, port=port)

    def make_server(self) -> uvicorn.Server:
        """Return the server."""
        return make_server(self.service)
