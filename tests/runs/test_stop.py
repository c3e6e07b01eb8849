"""Stopping in good order: once asked, no further step begins; asked twice, the process leaves at once."""

from __future__ import annotations

import os
import signal

import pytest

from batch.runs.control import INTERRUPTED, Stop, stop_on_interrupt


@pytest.mark.parametrize("which", [signal.SIGINT, signal.SIGTERM])
def test_the_first_signal_asks_and_the_second_leaves_at_once(which: signal.Signals) -> None:
    stop, said, left = Stop(), [], []
    site = stop.of_site()
    before = signal.getsignal(which)
    with stop_on_interrupt(stop, say=said.append, leave=left.append):
        os.kill(os.getpid(), which)
        assert (site.requested, site.interrupted, len(said), left) == (True, True, 1, [])
        os.kill(os.getpid(), which)
        assert (len(said), left) == (1, [INTERRUPTED])
    assert signal.getsignal(which) is before


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
