"""`sandbox`: this folder's local Publisher API, served until it is interrupted."""

from __future__ import annotations

import threading
from collections.abc import Callable

from batch.commands.options import Environment, Flags
from batch.commands.session import SANDBOX_KEY, Session


def serve(environment: Environment, *, port: int, reset: bool, wait: Callable[[], object] | None = None) -> int:
    """Serve until interrupted (or until `wait` returns), and say how any command is led here."""
    with Session(environment, Flags(sandbox=True)) as session:
        session.start_sandbox(port=port, reset=reset)
        settings = session.settings
        variables = {"WIX_API_URL": settings.api_url, "WIX_API_KEY": SANDBOX_KEY}
        if settings.default_site:  # of several sites none of which is the default, none is named
            variables["WIX_SITE_ID"] = settings.site().site_id
        environment.answer({"address": f"{settings.api_url}/", "environment": variables})
        environment.show(f"The sandbox of this folder is at {settings.api_url}/ (open it in a browser).")
        environment.show("In another terminal, from this folder, `postbatch run SHEET --sandbox` uses the same posts,")
        environment.show("or let any command talk to this server:")
        environment.show(f"  export {' '.join(f'{name}={value}' for name, value in variables.items())}")
        environment.show("Ctrl-C ends it; its posts are kept for this folder.")
        try:
            (wait or threading.Event().wait)()
        except KeyboardInterrupt:
            session.warn("The sandbox has ended.")
    return 0
