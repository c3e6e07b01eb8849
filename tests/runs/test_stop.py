"""Stopping in good order: once asked, no further step begins; asked twice, the process leaves at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from batch.runs.control import INTERRUPTED, Stop, stop_on_interrupt


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_leaves_at_once(which: signal.Signals) -> None:
    stop, said, left = Stop(), [], []
    site = stop.of_site()
    before = signal.getsignal(which)
    with stop_on_interrupt(stop, say=said.append, leave=left.append):
        os.kill(os.getpid(), which)
        site.pause(60)
        assert (site.requested, site.interrupted, left) == (True, True, [])
        os.kill(os.getpid(), which)
    assert (len(said), left) == (1, [INTERRUPTED])
    assert signal.getsignal(which) is before


STORM = """
import os, signal, sys, threading
from batch.runs.control import Stop, stop_on_interrupt

for _ in range(200):
    stop = Stop()
    site = stop.of_site()
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    with stop_on_interrupt(stop, say=print):
        me = threading.get_ident()
        storm = threading.Thread(target=lambda: [signal.pthread_kill(me, signal.SIGHUP) for _ in range(20)])
        storm.start()
        while storm.is_alive():
            stop.pause(0.0001)
        site.pause(60)
    print(site.reason)
"""


def test_signals_at_any_moment_never_hold_up_the_run_that_they_stop() -> None:
    ended = subprocess.run([sys.executable, "-c", STORM], capture_output=True, text=True, timeout=120, check=False)
    assert ended.stdout.splitlines() == ["The terminal was closed."] * 200, ended.stderr


def test_a_site_that_stops_holds_up_no_other_and_the_first_reason_stays() -> None:
    stop = Stop()
    one, other = stop.of_site(), stop.of_site()
    one.request("It is full.")
    one.request("Later.")
    assert (one.reason, other.requested, stop.requested) == ("It is full.", False, False)
    stop.request("You stopped it.", interrupted=True)
    assert (one.reason, one.interrupted, other.reason) == ("It is full.", False, "You stopped it.")
    assert stop.of_site().requested


def test_a_pause_ends_when_a_stop_is_asked_for() -> None:
    stop = Stop()
    stop.request("Now.")
    stop.pause(24 * 3600.0)
