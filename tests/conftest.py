"""What holds for every test: Ctrl-C reaches the processes that are started, and many run at once, for many wait."""

from __future__ import annotations

import os
import signal

import pytest

AT_ONCE = 4
"""How many tests `-n auto` runs at least."""


def pytest_configure() -> None:
    """Take Ctrl-C as usual also where the tests run in the background of a shell, which has it ignored."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many tests run at once where the command doesn't say it."""
    return max(AT_ONCE, os.cpu_count() or 1)
