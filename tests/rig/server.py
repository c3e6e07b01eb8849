"""A rig behind a real socket, on which connections break as the faults say."""

from __future__ import annotations

import select
import socket
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from batch.sandbox.server import Connection, SandboxServer
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Response
from tests.rig.delivery import Delivered, Travel, delivered
from tests.rig.options import Options
from tests.rig.service import Rig

LONGEST_SILENCE_SECONDS = 900.0
_RESET_AT_ONCE = struct.pack("ii", 1, 0)


class RigConnection(Connection):
    """A connection on which answers travel as their delivery says."""

    server: RigServer

    def send(self, response: Response) -> None:
        """Send an answer, a part of it, or nothing."""
        if not isinstance(response, Delivered):
            response = delivered(response)
        way = response.delivery
        if way.delay_seconds:
            self._wait(way.delay_seconds)
        if way.travel is Travel.WHOLE:
            super().send(response)
            return
        if way.travel is Travel.DRIP:
            self._drip(response)
            return
        if way.travel is Travel.CUT:
            self.send_head(response)
            self.wfile.write(response.body[: way.cut_at])
        elif way.travel is Travel.SILENT:
            self._wait(LONGEST_SILENCE_SECONDS)
        elif way.travel is not Travel.DROP:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_ONCE)
            self.server.reset.add(self.connection)
        self.close_connection = True

    def _drip(self, response: Delivered) -> None:
        self.send_head(response)
        for at in range(len(response.body)):
            self.wfile.write(response.body[at : at + 1])
            if self._wait(response.delivery.every_seconds):
                self.close_connection = True
                return

    def _wait(self, seconds: float) -> bool:
        """Wait; return at once and true where the caller leaves meanwhile, or the server ends."""
        return bool(select.select([self.connection], [], [], seconds)[0])


class RigServer(SandboxServer):
    """A running rig; use it in a `with`. `url` is where it is and `service` what is behind it."""

    service: Rig
    connection = RigConnection

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
        self.reset: set[Any] = set()
        """The connections that end without a word."""
        super().__init__(Rig(state, options=options, sites=sites, **more), host=host, port=port)

    def shutdown_request(self, request: Any) -> None:
        """End a connection, with a reset where that is its fate."""
        if request in self.reset:
            self.close_request(request)
            self.callers.discard(request)
            self.reset.discard(request)
        else:
            super().shutdown_request(request)
