"""The bar of a run on a terminal and what is said beside it; what becomes of a post that is asked for again."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from batch.commands.options import Environment, Flags, StatusLine
from batch.commands.session import Session
from batch.commands.sites import Progress, brought_up_to_date, settle_seconds
from batch.model import Item, Outcome, OutcomeKind, Status
from batch.runs.control import Stop
from batch.runs.journal import Journal


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


def progress_of(session, *, posts):
    return Progress(session, {"clay": set(range(posts))}, seconds={"clay": 30.0}, stop=Stop())


def test_what_is_said_in_passing_stands_on_a_line_of_its_own_above_the_status_line(tmp_path):
    environment = Environment(environ={}, cwd=tmp_path, err=Terminal())
    with Session(environment, Flags()) as session:
        progress = progress_of(session, posts=2)
        with session.status.waiting(progress.words):
            session.say("Sending pictures/cup.jpg (13 KB).")
            progress.show(0, outcome(2))
            session.warn("Row 3: the site held 2 posts.")
            progress.show(1, outcome(3))
        session.say("Said after it.")
    lines = shown(environment.err.getvalue())
    assert [line for line in lines if line.strip() and not line.endswith("..") and " posts done" not in line] == [
        "Sending pictures/cup.jpg (13 KB).",
        "Row 3: the site held 2 posts.",
        "Said after it.",
    ]


def test_a_run_says_how_far_it_is_how_long_the_rest_takes_and_what_it_waits_for(tmp_path):
    with Session(Environment(environ={}, cwd=tmp_path, err=io.StringIO()), Flags()) as session:
        progress = Progress(
            session, {"clay": {0, 1}, "pottery": {2, 3}}, seconds={"clay": 10.0, "pottery": 40.0}, stop=(stop := Stop())
        )
        assert progress.words() == "0 of 4 posts done, about 40 s left (clay 0 of 2, pottery 0 of 2)"
        progress.show(0, outcome(2))
        progress.show(0, outcome(2))
        assert progress.words() == "1 of 4 posts done, about 40 s left (clay 1 of 2, pottery 0 of 2)"
        for position in (2, 3):
            progress.show(position, replace(outcome(4), site="pottery"))
        assert progress.words() == "3 of 4 posts done, about 5 s left"
        progress.show(1, outcome(3))
        assert progress.words() == "Checking what clay and pottery show"
        progress.finish("clay")
        assert progress.words() == "Checking what pottery shows"
        stop.request("Stopped.")
        assert progress_of(session, posts=1).words() == "0 of 1 posts done, about 30 s left"


@pytest.mark.parametrize("width", [50, 80])
def test_a_bar_shows_the_share_that_is_done_where_the_line_has_room(width):
    screen = Terminal()
    status = StatusLine(screen, shown=True, width=width)
    with status.waiting(lambda: "1 of 2 posts done, about 15 s left", share=lambda: 0.5):
        while screen.getvalue().count("left") < 3:
            threading.Event().wait(0.01)
    drawn = [part for part in screen.getvalue().split("\r") if "left" in part][1:]
    assert all(part.endswith(f" |{'#' * 10}{' ' * 10}|") if width == 80 else "|" not in part for part in drawn)
    assert all(len(part) < width for part in drawn)
    assert not screen.getvalue().split("\r")[-2].strip()


def test_where_there_is_no_terminal_a_site_that_is_done_has_its_line(tmp_path):
    environment = Environment(environ={}, cwd=tmp_path, err=io.StringIO())
    with Session(environment, Flags()) as session:
        progress = progress_of(session, posts=2)
        for position in (0, 0, 1):
            progress.show(position, outcome(2 + position))
    assert environment.err.getvalue() == "2 of 2 posts done\n"


def test_with_verbose_each_post_has_its_line(tmp_path):
    environment = Environment(environ={}, cwd=tmp_path, err=io.StringIO())
    with Session(environment, Flags(verbose=True)) as session:
        progress = progress_of(session, posts=2)
        for position in (0, 1):
            progress.show(position, outcome(2 + position))
    assert environment.err.getvalue() == "[1/2] row 2 k2: scheduled\n[2/2] row 3 k3: scheduled\n"


DATE = datetime(2031, 3, 3, 8, tzinfo=UTC)
SCHEDULED = Outcome(
    2, "a", "clay", "FACEBOOK", "POST", "", "", OutcomeKind.SCHEDULED, Status.SCHEDULED, DATE, "item-1",
    message="Goes out Mon 3 Mar 2031, 09:00 (Berlin).", local_time="2031-03-03 09:00 Europe/Berlin",
    timezone="Europe/Berlin",
)  # fmt: skip
ITEM = Item("item-1", "FACEBOOK", "POST", Status.SCHEDULED, scheduled_at=DATE)


def test_a_post_that_is_as_it_was_stays_so():
    assert brought_up_to_date(SCHEDULED, ITEM) == SCHEDULED


@pytest.mark.parametrize(
    ("status", "kind", "told"),
    [
        (Status.PUBLISHED, OutcomeKind.PUBLISHED, "It is live."),
        (Status.IN_QUEUE, OutcomeKind.PROCESSING, "working on it"),
        (Status.FAILED, OutcomeKind.FAILED, "--again a"),
        (Status.CANCELED, OutcomeKind.CANCELLED, "It was cancelled after the run and won't go out."),
        (Status.DELETED, OutcomeKind.DELETED, "It was deleted after the run and won't go out."),
    ],
)
def test_a_post_is_counted_as_what_became_of_it(status, kind, told):
    now = brought_up_to_date(SCHEDULED, replace(ITEM, status=status))
    assert (now.outcome, now.status) == (kind, status)
    assert told in now.message


def test_a_post_that_is_gone_is_not_counted_as_scheduled():
    assert brought_up_to_date(SCHEDULED, None).outcome is OutcomeKind.DELETED


def test_a_post_that_was_moved_is_told_by_its_new_date():
    later = datetime(2031, 7, 3, 8, tzinfo=UTC)
    now = brought_up_to_date(SCHEDULED, replace(ITEM, scheduled_at=later))
    assert (now.outcome, now.publish_at) == (OutcomeKind.SCHEDULED, later)
    assert now.local_time == "2031-07-03 10:00 Europe/Berlin"
    assert now.message == "It was moved after the run: it goes out 2031-07-03 10:00 Europe/Berlin."


@pytest.mark.parametrize(("lag", "seconds"), [("", 15.0), ("0", 5.0), ("2", 6.0), ("6", 14.0), ("30", 62.0)])
def test_a_list_is_waited_for_as_long_as_a_probe_has_found_to_be_needed(tmp_path, lag, seconds):
    environment = Environment(environ={}, cwd=tmp_path)
    with Session(environment, Flags()) as session, Journal(tmp_path / "journal.sqlite") as journal:
        if lag:
            journal.remember_facts({"list_lag_seconds": lag}, at=datetime(2031, 3, 3, tzinfo=UTC))
        assert settle_seconds(session, journal) == seconds
