"""`python -m tests.rig`: a rig as a process of its own, which prints its address once it is ready."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import socket
import sys
from collections.abc import Sequence

from batch.sandbox.server import listen, url_of
from batch.sandbox.sites import SITE_ID
from tests.rig.options import SERVERS, Options
from tests.rig.server import make_server
from tests.rig.service import Rig


def read_arguments(argv: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.rig", description="A local Publisher API.")
    parser.add_argument("--host", default="127.0.0.1", help="an address of this machine (default 127.0.0.1)")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--state", default=":memory:", metavar="FILE", help="keep everything in this file")
    parser.add_argument("--site", action="append", default=[], metavar="GUID", help="a site to have from the start")
    parser.add_argument("--server", choices=tuple(SERVERS), help="which of the four servers to play")
    parser.add_argument("--options", default="", metavar="JSON", help="settings, as an object")
    parser.add_argument("--id-seed", type=int, help="make the same IDs each time")
    return parser.parse_args(argv)


def read_options(server: str | None, changes: str) -> Options | None:
    """Return the settings asked for; None where none were, so that the file's own hold. Raises `ValueError`."""
    if server is None and not changes:
        return None
    given = json.loads(changes or "{}")
    if not isinstance(given, dict):
        raise ValueError("--options is a JSON object")
    return SERVERS[server or "unique"].changed(given)


def main(argv: Sequence[str] | None = None) -> int:
    """Run a sandbox until it is ended by a signal."""
    arguments = read_arguments(sys.argv[1:] if argv is None else argv)
    try:
        options = read_options(arguments.server, arguments.options)
        sites = arguments.site or [SITE_ID]
        listener = listen(arguments.host, arguments.port)
        rig = Rig(arguments.state, options=options, sites=sites, id_seed=arguments.id_seed)
    except (ValueError, OSError) as error:
        print(f"The sandbox can't start: {error}.", file=sys.stderr)
        return 2
    with rig:
        asyncio.run(_serve(rig, listener))
    return 0


async def _serve(rig: Rig, listener: socket.socket) -> None:
    server = make_server(rig)
    task = asyncio.create_task(server.serve(sockets=[listener]))
    while not server.started and not task.done():
        await asyncio.sleep(0.002)
    print(url_of(listener), flush=True)
    await task


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
