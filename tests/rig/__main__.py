"""`python -m tests.rig`: a rig as a process of its own, which prints its address once it is ready."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Sequence

from batch.sandbox.sites import SITE_ID
from tests.rig.options import SERVERS, Options
from tests.rig.server import RigServer


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
        server = RigServer(
            arguments.state, options=options, sites=sites, id_seed=arguments.id_seed, host=arguments.host,
            port=arguments.port,
        )  # fmt: skip
    except (ValueError, OSError) as error:
        print(f"The sandbox can't start: {error}.", file=sys.stderr)
        return 2
    with server:
        print(server.url, flush=True)
        threading.Event().wait()
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
