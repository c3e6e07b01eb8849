"""A sandbox behind a real socket on loopback: in a thread of this process, or as a process of its own."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from batch.sandbox.app import Connections, make_app, make_protocol
from batch.sandbox.options import Options
from batch.sandbox.seed import SITE_ID
from batch.sandbox.service import Service, utc_now

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
