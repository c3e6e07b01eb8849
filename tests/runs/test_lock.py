"""One run a site at a time: the lock names its holder, and frees itself when the holder dies."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from batch.errors import LockedError
from batch.runs.control import Holder, hold_site, this_process

AT = datetime(2031, 3, 1, 9, 30, tzinfo=UTC)
HOLD = """
import sys, time
from pathlib import Path
from batch.runs.control import Holder, hold_site
with hold_site(Path(sys.argv[1]), site="pottery", holder=Holder(4711, "desk", "r1", "2031-03-01"), say=print):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def other_run(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "j.sqlite")], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_run_is_refused_and_told_who_holds_the_site(tmp_path, other_run):
    with (
        pytest.raises(LockedError, match=r"site pottery \(process 4711 on desk, run r1, since 2031-03-01\)"),
        hold_site(tmp_path / "j.sqlite", site="pottery", holder=this_process("r2", at=AT), say=print),
    ):
        raise AssertionError("held twice")


def test_a_dead_holders_lock_is_taken_over_and_said(tmp_path, other_run):
    other_run.send_signal(signal.SIGKILL)
    other_run.wait()
    said: list[str] = []
    with hold_site(tmp_path / "j.sqlite", site="pottery", holder=this_process("r2", at=AT), say=said.append):
        pass
    assert said == ["The last run (r1, process 4711 on desk) ended without finishing; taking over."]


def test_a_run_that_ended_well_leaves_nothing_to_say(tmp_path):
    said: list[str] = []
    for run in ("r1", "r2"):
        with hold_site(tmp_path / "j.sqlite", site="", holder=Holder(1, "h", run, "x"), say=said.append):
            pass
    assert said == []
