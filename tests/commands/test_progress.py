"""The bar of a run on a terminal, and what is said while it stands there."""

from __future__ import annotations

import io
import re

from batch.commands.options import Environment, Flags
from batch.commands.session import Session
from batch.commands.sites import Progress
from batch.model import Outcome, OutcomeKind


class Terminal(io.StringIO):
    """A text file that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def outcome(row: int) -> Outcome:
    return Outcome(row, f"k{row}", "clay", "FACEBOOK", "POST", "", "", OutcomeKind.SCHEDULED)


def shown(screen: str) -> list[str]:
    """Return the lines that stay on the screen: of each line, what was written after the last return."""
    lines = [line.rstrip("\r").rpartition("\r")[2].strip() for line in screen.split("\n")]
    return [re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", line) for line in lines if line]


def test_what_is_said_in_passing_stands_on_a_line_of_its_own_above_the_bar(tmp_path):
    environment = Environment(environ={}, cwd=tmp_path, err=Terminal())
    with Session(environment, Flags()) as session:
        with Progress(session, positions=[0, 1]) as progress:
            session.say("Sending pictures/cup.jpg (13 KB).")
            progress.show(0, outcome(2))
            session.warn("Row 3: the site held 2 posts.")
            progress.show(1, outcome(3))
        session.say("Said after it.")
    lines = shown(environment.err.getvalue())
    assert [line for line in lines if "%" not in line] == [
        "Sending pictures/cup.jpg (13 KB).",
        "Row 3: the site held 2 posts.",
        "Said after it.",
    ]
    assert lines[-2].startswith("100%")


def test_where_there_is_no_terminal_each_post_of_a_small_run_has_its_line(tmp_path):
    environment = Environment(environ={}, cwd=tmp_path, err=io.StringIO())
    with Session(environment, Flags()) as session, Progress(session, positions=[0, 1]) as progress:
        progress.show(0, outcome(2))
        progress.show(0, outcome(2))
        progress.show(1, outcome(3))
    assert environment.err.getvalue() == "[1/2] row 2 k2: scheduled\n[2/2] row 3 k3: scheduled\n"
