"""`sandbox`: the folder's own sandbox, to look at in a browser until Ctrl-C."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

from batch.commands.session import SANDBOX_KEY, Flags, Session
from batch.commands.world import World
from batch.settings import Settings


def serve(world: World, *, port: int, reset: bool, wait: Callable[[], object] | None = None) -> int:
    """Serve until interrupted (or until `wait` returns)."""
    with Session(world, Flags(sandbox=True)) as session:
        session.start_sandbox(port=port, reset=reset)
        session.show(f"The sandbox of this folder is at {session.settings.api_url}/ (open it in a browser).")
        session.show("In another terminal, from this folder, `postbatch run SHEET --sandbox` uses the same posts,")
        session.show("or let any command talk to this server:")
        session.show(f"  export {' '.join(_variables(session.settings))}")
        session.show("Ctrl-C ends it; its posts are kept for this folder.")
        try:
            (wait or threading.Event().wait)()
        except KeyboardInterrupt:
            session.warn("The sandbox has ended.")
    return 0


def _variables(settings: Settings) -> Iterator[str]:
    """Return what leads a command to this server; of several sites none of which is the default, none is named."""
    yield f"WIX_API_URL={settings.api_url}"
    yield f"WIX_API_KEY={SANDBOX_KEY}"
    if settings.default_site:
        yield f"WIX_SITE_ID={settings.site().site_id}"
