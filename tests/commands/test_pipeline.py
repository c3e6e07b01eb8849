"""The question before a run, on a real terminal; which rows run; where results go and how they are kept up to date."""

from __future__ import annotations

import time

import pytest
from openpyxl import load_workbook

from tests.commands.conftest import POST, SITE_ID

QUESTION = f"On your site ({SITE_ID[:8]}-...):\r\nSchedule 1 post? [y/N]:"


@pytest.mark.parametrize(
    ("typed", "status", "there"), [("y\n", 0, 1), ("n\n", 0, 0), ("\n", 0, 0), ("\x04", 130, 0), ("perhaps\nn\n", 0, 0)]
)
def test_only_a_yes_lets_anything_be_done(site, service, typed, status, there):
    site.write("posts.csv", [POST])
    with site.at_terminal("run", "posts.csv", "--no-page") as terminal:
        terminal.wait_for(QUESTION)
        assert service.coming() == []
        terminal.type(typed)
        assert terminal.end() == status
    assert len(service.coming()) == there
    assert ("Nothing was done." in terminal.text) == (not there)


def test_ctrl_c_at_the_question_says_that_nothing_was_done(site, service):
    site.write("posts.csv", [POST])
    with site.at_terminal("run", "posts.csv", "--no-page") as terminal:
        terminal.wait_for(QUESTION)
        time.sleep(0.5)
        terminal.interrupt()
        assert terminal.end() == 130
    assert service.coming() == []
    assert "Nothing was done." in terminal.text
    assert "Traceback" not in terminal.text


def schedule_five(site):
    """Schedule five posts, and write a sheet that cancels them all."""
    site.write("posts.csv", [{**POST, "key": f"k{n}", "text": f"Text {n}"} for n in range(5)])
    assert site("run", "posts.csv", "--yes", "--no-page").status == 0
    site.write("stop.csv", [{"key": f"k{n}", "channel": "FACEBOOK", "action": "cancel"} for n in range(5)])


@pytest.mark.parametrize(("typed", "status", "there"), [("5\n", 0, 0), ("4\n", 2, 5), ("y\n", 2, 5), ("\n", 2, 5)])
def test_a_large_cancellation_is_shown_and_then_its_number_has_to_be_typed(site, service, typed, status, there):
    schedule_five(site)
    with site.at_terminal("run", "stop.csv", "--no-page") as terminal:
        terminal.wait_for("To cancel them, type their number:")
        assert "  Text 4" in terminal.text
        assert "Cancel 5 posts (can't be undone)?" in terminal.text
        terminal.type(typed)
        assert terminal.end() == status
    assert len(service.coming()) == there
    assert ("--allow-cancel 5" in terminal.text) == (status == 2)


@pytest.mark.parametrize(("number", "status"), [("5", 0), ("4", 2)])
def test_a_large_cancellation_without_a_question_needs_its_number(site, service, number, status):
    schedule_five(site)
    ended = site("run", "stop.csv", "--yes", "--no-page", "--allow-cancel", number)
    assert ended.status == status
    assert "  Text 4" in ended.out
    assert len(service.coming()) == (0 if status == 0 else 5)


def test_a_plan_shows_a_large_cancellation_and_how_to_allow_it(site, service):
    schedule_five(site)
    ended = site("plan", "stop.csv")
    assert ended.status == 0
    assert "This will cancel 5 posts (can't be undone)." in ended.out
    assert "--allow-cancel 5" in ended.err


def test_a_terminal_shows_a_sign_of_life_while_the_service_is_slow(site, service):
    site.write("posts.csv", [POST])
    service.add_fault(kind="delay", call="query_items", seconds=2)
    with site.at_terminal("run", "posts.csv", "--yes", "--no-page") as terminal:
        terminal.wait_for("Reading the site")
        terminal.wait_for("Checking what the site shows")
        assert terminal.end() == 0
    assert "1 post scheduled." in terminal.text


def test_after_the_run_the_next_command_is_named(site, service):
    site.write("posts.csv", [POST, {**POST, "key": "b", "publish_at": "soon"}])
    ended = site("run", "posts.csv", "--yes", "--no-page", "--only", "channel=FACEBOOK")
    assert ended.status == 1
    assert ended.out.splitlines()[-1] == "Next: postbatch check posts.csv --only channel=FACEBOOK"


ZONE = {"timezone": "Europe/Berlin"}
ROWS = [
    {"key": "a", "channel": "FACEBOOK", "text": "One", "publish_at": "2031-03-03 09:00", "approved": "yes", **ZONE},
    {"key": "b", "channel": "LINKEDIN", "text": "Two", "publish_at": "2031-03-04 09:00", "approved": "no", **ZONE},
    {"key": "c", "channel": "FACEBOOK", "text": "Three", "publish_at": "2031-03-05 09:00", "approved": "", **ZONE},
    {"key": "d", "channel": "GBP", "text": "Four", "publish_at": "2031-03-06 09:00", "approved": "Yes", **ZONE},
]
MEDIA = "https://static.wixstatic.com/media/a.jpg"


@pytest.mark.parametrize(
    ("flags", "keys"),
    [
        (["--approved-only"], ["a", "d"]),
        (["--only", "channel=FACEBOOK"], ["a", "c"]),
        (["--only", "channel!=FACEBOOK"], ["b", "d"]),
        (["--only", "key=a,d"], ["a", "d"]),
        (["--rows", "3-4"], ["b", "c"]),
        (["--rows", "2,5"], ["a", "d"]),
        (["--first", "3"], ["a", "b", "c"]),
        (["--only", "channel=facebook", "--approved-only"], ["a"]),
        (["--approved-only", "--first", "1"], ["a"]),
    ],
)
def test_just_the_chosen_rows_run_and_the_others_say_why_not(site, service, flags, keys):
    site.write("posts.csv", ROWS)
    ended, posts = site.run("posts.csv", *flags)
    assert ended.status == 0, ended.err
    assert [post["key"] for post in posts] == ["a", "b", "c", "d"]
    assert [post["key"] for post in posts if post["outcome"] == "scheduled"] == keys
    assert sorted(post.reference for post in service.coming()) == keys
    assert all(post["message"] for post in posts if post["outcome"] == "skipped")


def test_each_channel_of_a_row_is_sent_its_own_words(site, service):
    row = {"key": "a", "channel": "Facebook, Instagram, LinkedIn", "publish_at": "2031-03-03 09:00", "media": MEDIA}
    site.write("posts.csv", [{**row, **ZONE, "text": "For all", "text:INSTAGRAM": "For Instagram #only"}])
    ended, _ = site.run("posts.csv")
    assert ended.status == 0
    assert {post.reference: post.text for post in service.coming()} == {
        "a/FACEBOOK": "For all",
        "a/INSTAGRAM": "For Instagram #only",
        "a/LINKEDIN": "For all",
    }


def cells(path, tab):
    rows = list(load_workbook(path)[tab].iter_rows(values_only=True))
    return [dict(zip(rows[0], row, strict=True)) for row in rows[1:] if any(row)]


def test_status_brings_a_workbook_and_its_page_up_to_date_with_the_link_or_the_channels_own_error(site, service):
    soon = "2031-03-03 09:00"
    refused = {**ROWS[1], "publish_at": soon, "text": "Two [sandbox:fail]"}
    site.write("posts.csv", [{**ROWS[0], "publish_at": soon}, refused])
    assert site("run", "posts.csv", "--yes").status == 0
    book = site.folder / "posts.results.xlsx"
    assert [row["outcome"] for row in cells(book, "Results")] == ["scheduled", "scheduled"]
    service.move_clock(seconds=5 * 366 * 86400)
    ended = site("status", "posts.results.xlsx")
    live, failed = cells(book, "Results")
    assert (live["outcome"], live["status"]) == ("published", "PUBLISHED")
    assert live["link"] == "Open on Facebook"
    linked = [c for c in load_workbook(book)["Results"][2] if c.hyperlink]
    (link,) = [c.hyperlink.target for c in linked]
    assert link.startswith("https://")
    assert (ended.status, failed["outcome"]) == (1, "failed")
    assert "The channel refused the post" in failed["message"]
    assert [row["key"] for row in cells(book, "To fix")] == ["b"]
    page = (site.folder / "posts.results.html").read_text(encoding="utf-8")
    assert link in page
    assert "The channel refused the post" in page


def test_results_that_somebody_has_open_get_another_name_and_that_is_said(site):
    site.write("posts.csv", ROWS[:1])
    site("run", "posts.csv", "--yes")
    before = (site.folder / "posts.results.xlsx").read_bytes()
    (site.folder / ".~lock.posts.results.xlsx#").write_text("Anna", encoding="utf-8")
    ended = site("run", "posts.csv", "--yes")
    said = (
        "posts.results.xlsx is open in another program or write-protected, so posts.results-2.xlsx was written instead."
    )
    assert said in ended.out + ended.err
    assert (site.folder / "posts.results.xlsx").read_bytes() == before
    assert cells(site.folder / "posts.results-2.xlsx", "Results")[0]["outcome"] == "unchanged"


@pytest.mark.parametrize("out", ["posts.csv", "./posts.csv", "POSTS.csv"])
def test_results_never_go_over_the_sheet(site, service, out):
    site.write("posts.csv", ROWS[:1])
    before = (site.folder / "posts.csv").read_bytes()
    site("run", "posts.csv", "--yes", "--out", out, "--no-page")
    assert (site.folder / "posts.csv").read_bytes() == before
