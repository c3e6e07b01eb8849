"""At a terminal a command shows that it works, whatever it waits for: no answer is so slow that nothing moves.

The service holds its answer until the terminal has moved, so that no clock decides: a wait without a sign of life
never ends, and the test with it.
"""

from __future__ import annotations

import sys
import threading
from io import StringIO
from pathlib import Path

import pytest

from batch.cli import SHORT_SECONDS
from batch.commands.options import StatusLine
from batch.sandbox.server import SandboxServer
from batch.sandbox.service import Service
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Request, Response
from tests.commands.conftest import KEY, POST, Desk, bare_environ
from tests.rig.terminal import Terminal

LONGEST_SECONDS = 0.5
SIGNS = 2
"""How often the terminal moves before an answer comes. The first of them may have been on its way before the call."""


class SlowService(Service):
    """A service that lets each kind of call wait, once in a command, until the terminal has moved."""

    terminal: Terminal | None = None
    held: set[str]

    def answer(self, request: Request) -> Response:
        """Answer a request, late."""
        words = (part for part in request.path.split("/") if not any(map(str.isdigit, part)))
        kind = f"{request.method} {'/'.join(words)}"
        if self.terminal is not None and kind not in self.held:
            self.held.add(kind)
            self.terminal.wait_for_signs(SIGNS)
        return super().answer(request)


def test_every_answer_may_take_its_time(tmp_path: Path) -> None:
    (tmp_path / "desk").mkdir()
    service = SlowService(sites={SITE_ID: ""})
    with SandboxServer(service) as server:
        environ = {"WIX_API_URL": server.url, "WIX_API_KEY": KEY, "WIX_SITE_ID": SITE_ID, **bare_environ(tmp_path)}
        desk = Desk(tmp_path / "desk", environ)
        desk.write("posts.csv", [POST, {**POST, "key": "b", "publish_at": "now"}])
        waited: dict[str, int] = {}
        for command in (
            "doctor", "accounts", "plan posts.csv", "run posts.csv --yes", "status posts.results.xlsx",
            "watch --once", "report --month 2031-03", "pull", "undo last --yes", "template --connected --out new.xlsx",
        ):  # fmt: skip
            line = [sys.executable, "-m", "batch", *command.split()]
            with Terminal(line, cwd=desk.folder, env=environ) as terminal:
                service.held, service.terminal = set(), terminal
                assert terminal.end() in (0, 1), terminal.shown.decode()
                service.terminal = None
            waited[command] = len(service.held)
    assert min(waited.values()) > 0, waited
    assert waited["run posts.csv --yes"] > 5


def test_what_moves_moves_often_enough() -> None:
    assert 0 < StatusLine.SECONDS <= LONGEST_SECONDS
    assert SHORT_SECONDS <= LONGEST_SECONDS


class Screen(StringIO):
    """A terminal, as text: whoever waits for words is told as soon as they are drawn once more."""

    def __init__(self) -> None:
        super().__init__()
        self._changed = threading.Condition()

    def write(self, text: str) -> int:
        with self._changed:
            self._changed.notify_all()
            return super().write(text)

    def wait_for(self, words: str) -> None:
        """Wait until these words are drawn once more."""
        with self._changed:
            before = self.tell()
            assert self._changed.wait_for(lambda: words in self.getvalue()[before:], 60), self.getvalue()


def test_where_nothing_else_is_waited_for_the_outer_words_are_shown_again() -> None:
    screen = Screen()
    status = StatusLine(screen, shown=True, width=80)
    with status.waiting(lambda: "Working"):
        screen.wait_for("Working")
        with status.waiting(lambda: "Reading posts.csv"):
            screen.wait_for("Reading posts.csv")
            screen.wait_for("Reading posts.csv")
        screen.wait_for("Working")
        screen.wait_for("Working")
    assert not screen.getvalue().split("\r")[-2].strip()


def test_nothing_is_drawn_while_something_is_printed_or_typed() -> None:
    screen = Screen()
    status = StatusLine(screen, shown=True, width=80)
    with status.waiting(lambda: "Working"):
        screen.wait_for("Working")
        with status.printing():
            before = screen.getvalue()
            threading.Event().wait(2 * StatusLine.SECONDS)
            assert screen.getvalue() == before
        screen.wait_for("Working")


@pytest.mark.parametrize("shown", [True, False])
def test_what_is_over_at_once_is_not_shown(shown: bool) -> None:
    screen = Screen()
    with StatusLine(screen, shown=shown, width=80).waiting(lambda: "Working", after_seconds=600):
        pass
    assert screen.getvalue() == ""
