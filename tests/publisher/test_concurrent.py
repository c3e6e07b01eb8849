"""Questions side by side come back in order, and Ctrl-C does not wait for them."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from batch.publisher.client import gather


def test_answers_come_in_the_order_of_the_questions() -> None:
    def slow(number: int) -> int:
        time.sleep(0.02 * (5 - number))
        return number

    assert gather([lambda n=n: slow(n) for n in range(6)]) == list(range(6))
    assert gather([]) == []
    assert gather([lambda: None, lambda: None]) == [None, None]


def test_no_more_than_so_many_run_at_once() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def question() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.02)
        with lock:
            running -= 1

    gather([question] * 12, at_once=3)
    assert most == 3


def test_the_first_failure_is_raised_and_nothing_more_is_started() -> None:
    started = []

    def fail() -> None:
        raise LookupError("first")

    with pytest.raises(LookupError, match="first"):
        gather([fail, *[lambda n=n: started.append(n) for n in range(50)]], at_once=1)
    assert started == []


def test_what_is_under_way_ends_before_a_failure_is_raised() -> None:
    failing, ended = threading.Event(), []

    def fail() -> None:
        failing.set()
        raise LookupError

    def slow() -> None:
        failing.wait()
        time.sleep(0.05)
        ended.append(True)

    with pytest.raises(LookupError):
        gather([slow, fail])
    assert ended == [True]


PROBE = """
import socket, sys
from datetime import UTC, datetime
from batch.settings import ApiKey
from batch.model import Channel
from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.publisher.accounts import read_snapshot
listener = socket.create_server(("127.0.0.1", 0))
url = f"http://127.0.0.1:{listener.getsockname()[1]}"
client = Client(api_url=url, credential=ApiKey("k"), site_id="s", pace=Pace(9))
print("reading", flush=True)
try:
    read_snapshot(client, list(Channel), now=datetime.now(UTC))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_ctrl_c_ends_a_reading_that_gets_no_answer() -> None:
    root = Path(__file__).parent.parent.parent
    with subprocess.Popen([sys.executable, "-c", PROBE], stdout=subprocess.PIPE, text=True, cwd=root) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "reading\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
        assert process.stdout.read() == "interrupted\n"
