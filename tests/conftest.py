"""What holds for every test: Ctrl-C reaches the processes that are started."""

from __future__ import annotations

import signal


def pytest_configure() -> None:
    """Take Ctrl-C as usual also where the tests run in the background of a shell, which has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
