"""What happens at the question, on a real terminal: only a yes lets anything be done."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time

import pytest

from tests.commands.conftest import POST

QUESTION = "Do this to 1 post? [y/N]:"
WAIT_SECONDS = 60


class Terminal:
    """A command on a terminal, and all that it has shown."""

    def __init__(self, desk, *arguments):
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "-m", "batch", *arguments], cwd=desk.folder, env=dict(desk.environ),
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        self.shown = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def read_until(self, text):
        ends_at = time.monotonic() + WAIT_SECONDS
        while text not in self.shown:
            assert time.monotonic() < ends_at, self.shown
            self.shown += os.read(self._ours, 4096).decode()

    def type(self, text):
        os.write(self._ours, text.encode())

    def end(self):
        """Read to the end and return the exit status."""
        while True:
            try:
                part = os.read(self._ours, 4096)
            except OSError:  # how a terminal says that nobody writes to it any more
                break
            if not part:
                break
            self.shown += part.decode(errors="replace")
        return self.process.wait(WAIT_SECONDS)


@pytest.mark.parametrize(
    ("typed", "status", "there"), [("y\n", 0, 1), ("n\n", 0, 0), ("\n", 0, 0), ("\x04", 130, 0), ("perhaps\nn\n", 0, 0)]
)
def test_only_a_yes_lets_anything_be_done(site, service, typed, status, there):
    site.write("posts.csv", [POST])
    with Terminal(site, "run", "posts.csv", "--no-page") as terminal:
        terminal.read_until(QUESTION)
        assert service.coming() == []
        terminal.type(typed)
        assert terminal.end() == status
    assert len(service.coming()) == there
    assert ("Nothing was done." in terminal.shown) == (not there)


def test_ctrl_c_at_the_question_says_that_nothing_was_done(site, service):
    site.write("posts.csv", [POST])
    with Terminal(site, "run", "posts.csv", "--no-page") as terminal:
        terminal.read_until(QUESTION)
        time.sleep(0.5)
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.end() == 130
    assert service.coming() == []
    assert "Nothing was done." in terminal.shown
    assert "Traceback" not in terminal.shown
