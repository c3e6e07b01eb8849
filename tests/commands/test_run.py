"""`run` from the outside: what goes in, what the site holds, what comes out."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from batch.model import RESULT_COLUMNS
from batch.sandbox.sites import SITE_ID

ZONE = {"timezone": "Europe/Berlin"}
ROWS = [
    {"key": "a", "channel": "FACEBOOK", "text": "Hello", "publish_at": "2031-03-03 09:00", **ZONE},
    {"key": "b", "channel": "instagram", "text": "Picture", "media": "https://static.wixstatic.com/media/a.jpg",
     "publish_at": "2031-03-04T10:00+01:00", **ZONE},
    {"key": "c", "channel": "LinkedIn", "text": "A draft"},
    {"key": "d", "channel": "facebook", "text": "Live at once", "publish_at": "now"},
]  # fmt: skip


def kinds(posts):
    return [post["outcome"] for post in posts]


def changing(service):
    return [call for call in service.calls() if call.changed]


def test_a_sheet_becomes_posts_and_its_second_run_changes_nothing(site, service):
    site.write("posts.csv", ROWS)
    ended, posts = site.run("posts.csv")
    assert (ended.status, kinds(posts)) == (0, ["scheduled", "scheduled", "drafted", "published"])
    assert [(p.reference, p.text) for p in service.public()] == [("d", "Live at once")]
    assert {p.reference: p.due for p in service.coming()} == {
        "a": datetime(2031, 3, 3, 8, 0, tzinfo=UTC),
        "b": datetime(2031, 3, 4, 9, 0, tzinfo=UTC),
    }
    before = len(changing(service))
    ended, posts = site.run("posts.csv")
    assert (ended.status, kinds(posts)) == (0, ["unchanged"] * 4)
    assert len(changing(service)) == before


def test_what_is_published_now_has_the_time_of_it_in_its_results_and_in_those_of_every_later_run(site):
    site.write("posts.csv", ROWS)
    began = datetime.now(UTC).replace(microsecond=0)
    _, posts = site.run("posts.csv")
    at = datetime.fromisoformat(posts[3]["publish_at_utc"])
    assert began <= at <= datetime.now(UTC)
    _, again = site.run("posts.csv")
    assert again[3]["outcome"] == "unchanged"
    assert again[3]["publish_at_utc"] == posts[3]["publish_at_utc"]
    assert posts[2]["publish_at_utc"] == ""


def test_the_warnings_of_check_stand_in_the_plan_the_results_and_their_csv(site):
    site.write("posts.csv", [{**ROWS[0], "text": "Hello TBC"}, ROWS[2]])
    warning = site("check", "posts.csv").out
    assert "TBC" in warning
    assert "TBC" in site("plan", "posts.csv").out
    assert "Warning  row 2: " in site("plan", "posts.csv").out
    ended, posts = site.run("posts.csv")
    assert ended.status == 0
    assert "TBC" in posts[0]["warnings"]
    assert "TBC" not in posts[0]["message"]
    assert posts[1]["warnings"] == ""


@pytest.mark.parametrize("choice", [("--only", "key=a"), ("--rows", "2"), ("--first", "1")])
def test_rows_that_a_choice_leaves_out_keep_what_was_last_known_of_them(site, service, choice):
    site.write("posts.csv", ROWS)
    _, posts = site.run("posts.csv")
    ended, again = site.run("posts.csv", *choice)
    assert (ended.status, kinds(again)) == (0, ["unchanged", "skipped", "skipped", "skipped"])
    for name in ("status", "item_id", "link", "publish_at_utc"):
        assert [post[name] for post in again] == [post[name] for post in posts]
    assert again[3]["status"] == "PUBLISHED"


def test_a_site_that_is_not_asked_is_told_from_the_last_run(site, service):
    site.write("posts.csv", ROWS)
    _, posts = site.run("posts.csv")
    site.write("posts.csv", [{**row, "action": "skip"} for row in ROWS])
    before = len(service.calls())
    _, again = site.run("posts.csv")
    assert len(service.calls()) == before
    assert kinds(again) == ["skipped"] * 4
    assert [post["item_id"] for post in again] == [post["item_id"] for post in posts]
    assert [post["publish_at_utc"] for post in again] == [post["publish_at_utc"] for post in posts]


def test_approved_only_without_its_column_says_so(site, service):
    site.write("posts.csv", ROWS)
    ended = site("plan", "posts.csv", "--approved-only")
    assert ended.status == 2
    assert "no column `approved`" in ended.err
    site.write("posts.csv", [{**ROWS[0], "approved": ""}])
    ended = site("plan", "posts.csv", "--approved-only")
    assert ended.status == 0
    assert "Skipped: 1 (" in ended.out
    assert "--approved-only" in ended.out
    site.write("posts.csv", [{**ROWS[0], "approved": "yes"}, ROWS[2]])
    assert kinds(site.run("posts.csv", "--approved-only")[1]) == ["scheduled", "skipped"]


def test_the_results_have_their_columns_first_and_one_line_a_post(site):
    site.write(
        "posts.csv", [{**ROWS[0], "channel": "FACEBOOK, LINKEDIN", "campaign": "spring"}, {"channel": "Chanel 5"}]
    )
    ended, posts = site.run("posts.csv")
    assert ended.status == 1
    assert [tuple(post)[: len(RESULT_COLUMNS)] for post in posts] == [RESULT_COLUMNS] * 3
    assert [(p["row"], p["key"], p["outcome"]) for p in posts] == [
        (2, "a/FACEBOOK", "scheduled"), (2, "a/LINKEDIN", "scheduled"), (3, posts[2]["key"], "invalid"),
    ]  # fmt: skip
    assert posts[0]["campaign"] == "spring"
    assert posts[0]["publish_at_utc"] == "2031-03-03T08:00:00Z"


def test_a_bad_row_never_stops_the_good_ones_unless_asked(site, service):
    site.write("posts.csv", [ROWS[0], {"key": "x", "channel": "TWITTER", "text": "Gone"}])
    ended, posts = site.run("posts.csv", "--all-or-nothing")
    assert (ended.status, kinds(posts), changing(service)) == (1, ["not_run", "invalid"], [])
    ended, posts = site.run("posts.csv")
    assert (ended.status, kinds(posts)) == (1, ["scheduled", "invalid"])


def test_without_a_terminal_and_without_yes_nothing_is_done(site, service):
    site.write("posts.csv", ROWS)
    ended = site("run", "posts.csv")
    assert ended.status == 2
    assert "add --yes" in ended.err
    assert service.calls() == []


def test_naming_a_further_channel_doubles_nothing(site, service):
    row = {"key": "open", "channel": "FACEBOOK", "publish_at": "2031-03-03 09:00", "timezone": "UTC", "text": "Open!"}
    site.write("posts.csv", [row])
    site.run("posts.csv")
    site.write("posts.csv", [{**row, "channel": "FACEBOOK, LINKEDIN"}])
    _, posts = site.run("posts.csv")
    assert kinds(posts) == ["unchanged", "scheduled"]
    site.write("posts.csv", [{**row, "channel": "LINKEDIN", "text": "Open now!"}])
    _, posts = site.run("posts.csv")
    assert kinds(posts) == ["conflict"]
    assert len(service.coming()) == 2


def test_reschedule_update_and_cancel_do_just_that(site, service):
    site.write("posts.csv", ROWS[:3])
    site.run("posts.csv")
    site.write(
        "follow.csv",
        [
            {"key": "a", "action": "reschedule", "channel": "FACEBOOK", "publish_at": "2031-03-05 09:00", **ZONE},
            {"key": "b", "action": "cancel", "channel": "INSTAGRAM"},
            {"key": "c", "action": "", "channel": "LINKEDIN", "text": "Another draft"},
        ],
    )
    ended, posts = site.run("follow.csv")
    assert (ended.status, kinds(posts)) == (0, ["rescheduled", "cancelled", "updated"])
    assert {p.reference: p.due.day for p in service.coming()} == {"a": 5}
    texts = {i["referenceId"]: i.get("linkedinPost", {}).get("caption") for i in service.items()}
    assert texts["c"] == "Another draft"


def test_a_refused_credential_stops_with_one_sentence_and_nothing_sent(site, service):
    service.set_options(api_keys=["another"])
    site.write("posts.csv", ROWS)
    ended = site("run", "posts.csv", "--yes", "--out", "out.json")
    assert ended.status == 2
    assert "401" in ended.err
    assert changing(service) == []


def test_a_site_that_answers_nothing_usable_is_said(site, service):
    service.add_fault(kind="status", status=503)
    site.write("posts.csv", ROWS)
    ended = site("plan", "posts.csv", environ={"WIX_API_URL": "http://127.0.0.1:1"})
    assert ended.status == 2
    assert "can't be reached" in ended.err


def test_the_plan_changes_nothing_and_says_old_and_new(site, service):
    site.write("posts.csv", ROWS[:1])
    site.run("posts.csv")
    before = len(changing(service))
    site.write("posts.csv", [{**ROWS[0], "text": "Hello again"}])
    ended = site("plan", "posts.csv")
    assert ended.status == 0
    assert "Hello again" in ended.out
    assert len(changing(service)) == before


def test_apply_does_the_reviewed_plan_and_refuses_when_the_sheet_has_moved(site, service):
    site.write("posts.csv", ROWS[:2])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    site.write("posts.csv", ROWS[:1])
    ended = site("apply", "plan.json", "--yes")
    assert (ended.status, changing(service)) == (2, [])
    assert "The sheet posts.csv has changed" in ended.err
    site.write("posts.csv", ROWS[:2])
    ended = site("apply", "plan.json", "--yes", "--out", "out.json")
    assert (ended.status, kinds(site.posts("out.json"))) == (0, ["scheduled", "scheduled"])
    ended = site("apply", "plan.json", "--yes", "--out", "again.json")
    assert ended.status == 2
    assert "have moved" in ended.err


def test_a_plan_that_named_its_site_is_applied_without_naming_it_again(site, service):
    other = "11111111-2222-4333-8444-555555555555"
    site.configure(f'[sites.pottery]\nsite_id = "{SITE_ID}"\n[sites.garden]\nsite_id = "{other}"\n')
    environ = {"WIX_SITE_ID": ""}
    site.write("posts.csv", ROWS)
    planned = site("plan", "posts.csv", "--site", "pottery", "--out", "plan.json", environ=environ)
    assert planned.status == 0, planned.err
    applied = site("apply", "plan.json", "--yes", environ=environ)
    assert applied.status == 0, applied.err
    assert service.coming() != []


def test_undo_puts_back_what_a_run_did(site, service):
    site.write("posts.csv", ROWS)
    site.run("posts.csv")
    ended = site("undo", "last", "--yes", "--out", "undo.json")
    assert kinds(site.posts("undo.json")) == ["cancelled", "cancelled", "deleted", "invalid"]
    assert ended.status == 1
    assert service.coming() == []


def test_the_last_run_to_undo_is_one_that_changed_something_and_was_not_undone(site, service):
    site.write("posts.csv", ROWS[:1])
    site.run("posts.csv")
    site.write("more.csv", ROWS[1:2])
    site.run("more.csv")
    site.run("more.csv")  # changes nothing
    for left in (["a"], []):
        assert site("undo", "last", "--yes", "--no-page").status == 0
        assert [post.reference for post in service.coming()] == left
    ended = site("undo", "last", "--yes")
    assert ended.status == 2
    assert "There is no run to undo" in ended.err


def test_undoing_an_undo_takes_its_name_and_redo(site, service):
    site.write("posts.csv", [{**ROWS[0], "publish_at": "2031-03-03 09:00"}])
    site.run("posts.csv")
    site.write("posts.csv", [{**ROWS[0], "publish_at": "2031-04-03 09:00"}])
    site.run("posts.csv")
    moved = [post.due for post in service.coming()]
    assert site("undo", "last", "--yes", "--no-page").status == 0
    (undone,) = [line.split()[0] for line in site("runs").out.splitlines() if "undo" in line]

    before = len(changing(service))
    refused = site("undo", undone, "--yes", "--no-page")
    assert refused.status == 2
    assert refused.err.strip().endswith("--yes alone doesn't do that. Add --redo.")
    assert len(changing(service)) == before

    ended = site("undo", undone, "--yes", "--redo", "--no-page")
    assert "was itself an undo" in ended.out
    assert ended.status == 0
    assert [post.due for post in service.coming()] == moved


def test_a_person_at_a_terminal_is_asked_before_an_undo_is_undone_even_with_yes(site, service):
    site.write("posts.csv", [ROWS[0]])
    site.run("posts.csv")
    site.write("posts.csv", [{**ROWS[0], "text": "Changed"}])
    site.run("posts.csv")
    assert site("undo", "last", "--yes", "--no-page").status == 0
    (undone,) = [line.split()[0] for line in site("runs").out.splitlines() if "undo" in line]
    before = len(changing(service))
    ours, theirs = pty.openpty()
    os.write(ours, b"n\n")
    done = subprocess.run(
        [sys.executable, "-m", "batch", "undo", undone, "--yes"],
        cwd=site.folder, env=site.environ, stdin=theirs, stdout=subprocess.PIPE, stderr=theirs, timeout=60, check=False,
    )  # fmt: skip
    os.close(theirs)
    said = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "[y/N]" in said
    assert "Nothing was done." in said
    assert done.returncode == 0
    assert len(changing(service)) == before


def test_redo_is_for_an_undo_only(site, service):
    site.write("posts.csv", ROWS[:1])
    site.run("posts.csv")
    ended = site("undo", "last", "--yes", "--redo")
    assert ended.status == 2
    assert "wasn't an undo" in ended.err
    assert len(service.coming()) == 1


def test_a_reviewed_undo_is_done_only_while_it_is_still_the_same(site, service):
    site.write("posts.csv", ROWS[:2])
    site.run("posts.csv")
    before = len(changing(service))
    shown = site("undo", "last", "-n", "--out", "undo.json")
    assert shown.status == 0, shown.err
    assert "This will cancel 2 posts (can't be undone)." in shown.out
    assert "--plan undo.json" in shown.out
    assert len(changing(service)) == before
    moved = site("undo", "last", "--yes", "--no-page")
    assert moved.status == 0
    late = site("undo", moved.out.split("undo-")[1].split(".")[0], "--yes", "--no-page", "--plan", "undo.json")
    assert late.status == 2
    assert "have moved: a (row 2) and b (row 3) since the plan was made, so nothing was sent. See" in late.err


def test_a_reviewed_undo_does_what_it_showed(site, service):
    site.write("posts.csv", ROWS[:2])
    site.run("posts.csv")
    assert site("undo", "last", "-n", "--out", "undo.json").status == 0
    assert site("undo", "last", "--yes", "--no-page", "--plan", "undo.json").status == 0
    assert service.coming() == []


def test_results_are_written_again_from_the_journal(site):
    site.write("posts.csv", ROWS)
    _, posts = site.run("posts.csv")
    ended = site("results", "last", "--out", "again.json")
    assert ended.status == 0
    assert site.posts("again.json") == posts


def test_the_results_of_an_undo_never_stand_in_the_place_of_its_sheets(site):
    site.write("posts.csv", ROWS)
    site("run", "posts.csv", "--yes")
    own = (site.folder / "posts.results.xlsx").read_bytes()
    undone = site("undo", "last", "--yes")
    again = site("results", "last")
    written = [line for line in undone.out.splitlines() if line.startswith("Written: undo-")]
    assert len(written) == 2
    assert [line for line in again.out.splitlines() if line.startswith("Written: ")] == written
    assert (site.folder / "posts.results.xlsx").read_bytes() == own


def test_what_was_pulled_and_run_unchanged_changes_nothing(site, service):
    site.write("posts.csv", ROWS)
    site.run("posts.csv")
    assert site("pull", "--out", "pulled.xlsx").status == 0
    before = len(changing(service))
    ended, posts = site.run("pulled.xlsx")
    assert (ended.status, set(kinds(posts))) == (0, {"unchanged"})
    assert len(changing(service)) == before


def test_status_brings_results_up_to_date(site, service):
    service.set_options(processing_seconds=3600)
    site.write("posts.csv", ROWS[3:])
    ended, posts = site.run("posts.csv")
    assert (ended.status, kinds(posts)) == (0, ["processing"])
    service.move_clock(seconds=7200)
    ended = site("status", "out.json")
    assert (ended.status, kinds(site.posts("out.json"))) == (0, ["published"])
    assert site.posts("out.json")[0]["link"].startswith("https://")


def test_the_one_site_without_a_name_is_called_so_by_every_command(site):
    site.write("posts.csv", ROWS)
    site.run("posts.csv")
    for command in ("runs", "doctor", "accounts"):
        assert "Your site" in site(command).out


def test_ctrl_c_finishes_the_call_writes_the_results_and_ends_with_130(site, service):
    rows = [{**ROWS[0], "key": f"k{n}", "text": f"Text {n}"} for n in range(40)]
    site.write("posts.csv", rows)
    service.add_fault(kind="delay", seconds=0.2, calls=["changing"])
    running = subprocess.Popen(
        [sys.executable, "-m", "batch", "run", "posts.csv", "--yes", "--out", "out.json", "--via", "draft"],
        cwd=site.folder, env=dict(site.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while len(changing(service)) < 4:
        time.sleep(0.05)
        assert running.poll() is None
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert f"{out}{err}".count("You stopped the run.") == 1
    posts = site.posts("out.json")
    assert len(posts) == 40
    assert {"scheduled", "not_run"} <= set(kinds(posts))
    ended, posts = site.run("posts.csv")
    assert ended.status == 0
    assert sorted(p.reference for p in service.coming()) == sorted(row["key"] for row in rows)


def test_a_terminal_that_is_closed_stops_the_run_in_good_order_and_nothing_is_lost(site, service):
    rows = [{**ROWS[0], "key": f"k{n}", "text": f"Text {n}"} for n in range(40)]
    site.write("posts.csv", rows)
    service.add_fault(kind="delay", seconds=0.2, calls=["changing"])
    with site.at_terminal("run", "posts.csv", "--yes", "--out", "out.json", "--via", "draft") as terminal:
        while len(changing(service)) < 4:
            time.sleep(0.05)
            assert terminal.process.poll() is None
        terminal.close()
        terminal.process.send_signal(signal.SIGHUP)  # as a shell tells its commands once more
        assert terminal.end(seconds=40) == 130
    posts = site.posts("out.json")
    assert len(posts) == 40
    assert {"scheduled", "not_run"} <= set(kinds(posts))
    assert all("The terminal was closed." in post["message"] for post in posts if post["outcome"] == "not_run")
    ended, posts = site.run("posts.csv")
    assert ended.status == 0
    assert "taking over" not in ended.err
    assert sorted(p.reference for p in service.coming()) == sorted(row["key"] for row in rows)


@pytest.mark.parametrize("via", ["auto", "draft", "publish", "bulk"])
def test_each_way_of_sending_comes_to_the_same(site, service, via):
    site.write("posts.csv", ROWS)
    ended, posts = site.run("posts.csv", "--via", via)
    assert (ended.status, kinds(posts)) == (0, ["scheduled", "scheduled", "drafted", "published"])
    assert len(service.items()) == 4


def test_an_empty_date_never_publishes(site, service):
    site.write("posts.csv", [{"key": "a", "channel": "FACEBOOK", "text": "Hello", "publish_at": "  "}])
    _, posts = site.run("posts.csv")
    assert kinds(posts) == ["drafted"]
    assert service.public() == []


def test_a_row_that_vanishes_cancels_nothing(site, service):
    site.write("posts.csv", ROWS[:2])
    site.run("posts.csv")
    site.write("posts.csv", ROWS[:1])
    site.run("posts.csv")
    assert len(service.coming()) == 2


def test_cancelling_most_of_what_is_scheduled_asks_for_its_flag(site, service):
    rows = [{**ROWS[0], "key": f"k{n}", "text": f"Text {n}"} for n in range(5)]
    site.write("posts.csv", rows)
    site.run("posts.csv")
    site.write("posts.csv", [{"key": f"k{n}", "channel": "FACEBOOK", "action": "cancel"} for n in range(5)])
    ended = site("run", "posts.csv", "--yes")
    assert ended.status == 2
    assert "--allow-cancel 5" in ended.err
    assert len(service.coming()) == 5
    ended, posts = site.run("posts.csv", "--allow-cancel", "5")
    assert (ended.status, set(kinds(posts)), service.coming()) == (0, {"cancelled"}, [])


def test_waiting_brings_posts_in_process_to_their_end(site, service):
    service.set_options(processing_seconds=2)
    site.write("posts.csv", ROWS[3:])
    ended, posts = site.run("posts.csv", "--wait", "60")
    assert (ended.status, kinds(posts)) == (0, ["published"])
    site("results", "last", "--out", "again.json")
    assert kinds(site.posts("again.json")) == ["published"]


def test_a_quiet_run_names_only_its_files_where_all_is_well(site):
    site.write("posts.csv", ROWS[:1])
    ended, _ = site.run("posts.csv", "--quiet")
    assert ended.err == ""
    assert ended.out == "Written: out.json\n"


def test_a_post_is_moved_and_cancelled_by_its_key_alone(site, service):
    site.write("posts.csv", ROWS[:2])
    site.run("posts.csv")
    site.write(
        "follow.csv",
        [
            {"key": "a", "channel": "", "action": "cancel"},
            {"key": "b", "channel": "", "action": "reschedule", "publish_at": "2031-03-06 10:00", "timezone": "UTC"},
        ],
    )
    ended, posts = site.run("follow.csv")
    assert (ended.status, kinds(posts)) == (0, ["cancelled", "rescheduled"])
    assert [post["channel"] for post in posts] == ["FACEBOOK", "INSTAGRAM"]
    assert {p.reference: p.due.day for p in service.coming()} == {"b": 6}


def test_a_run_that_was_killed_has_every_row_once_in_its_results_and_the_next_run_ends_it(site, service):
    rows = [{**ROWS[0], "key": f"k{n}", "text": f"Text {n}"} for n in range(12)]
    site.write("posts.csv", rows)
    service.add_fault(kind="delay", seconds=0.2, calls=["changing"])
    running = subprocess.Popen(
        [sys.executable, "-m", "batch", "run", "posts.csv", "--yes", "--via", "draft"],
        cwd=site.folder, env=dict(site.environ), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    while len(changing(service)) < 7:
        time.sleep(0.02)
        assert running.poll() is None
    running.kill()
    running.wait(timeout=60)
    ended = site("results", "last", "--out", "out.json")
    posts = site.posts("out.json")
    assert [post["key"] for post in posts] == [row["key"] for row in rows]
    assert {"scheduled", "not_run"} <= set(kinds(posts)) <= {"scheduled", "not_run", "unknown"}
    assert ended.status in (1, 3)
    site.configure("settle_seconds = 1\n")
    ended, _ = site.run("posts.csv")
    assert ended.status == 0, ended.err
    assert sorted(p.reference for p in service.coming()) == sorted(row["key"] for row in rows)


def test_what_can_not_be_settled_ends_with_3_and_says_what_to_do(site, service):
    site.write("posts.csv", ROWS[:1])
    site.configure("settle_seconds = 1\n")
    service.add_fault(kind="drop_after", call="publish_by_id", times=1)
    service.add_fault(kind="status", status=403, call="get_item")
    ended, posts = site.run("posts.csv")
    assert (ended.status, kinds(posts)) == (3, ["unknown"])
    assert "Run the same command again" in posts[0]["message"]


def test_a_service_that_fails_while_it_is_waited_for_takes_no_results_along(site, service):
    service.set_options(processing_seconds=3600)
    service.add_fault(kind="status", status=403, call="get_item")
    site.write("posts.csv", ROWS[3:])
    ended, posts = site.run("posts.csv", "--wait", "60")
    assert (ended.status, kinds(posts)) == (0, ["processing"])
    assert "`postbatch status RESULTS` checks again" in ended.err


def test_ctrl_c_while_it_waits_ends_with_130_and_the_results(site, service):
    service.set_options(processing_seconds=3600)
    site.write("posts.csv", ROWS[3:])
    running = subprocess.Popen(
        [sys.executable, "-m", "batch", "run", "posts.csv", "--yes", "--wait", "60", "--out", "out.json"],
        cwd=site.folder, env=dict(site.environ), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not any(call.call == "get_item" for call in service.calls()):
        time.sleep(0.05)
        assert running.poll() is None
    time.sleep(0.5)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert (running.returncode, kinds(site.posts("out.json"))) == (130, ["processing"]), err


def test_what_was_done_is_told_though_its_file_can_not_be_written(site, service):
    site.write("posts.csv", ROWS[:1])
    (site.folder / "posts.results.html").mkdir()  # the page's place is not looked at before the run
    ended = site("run", "posts.csv", "--yes")
    assert ended.status == 3
    assert "1 post scheduled." in ended.out
    assert "Later: `postbatch results " in ended.err
    ended = site("results", "last", "--out", "out.json")
    assert kinds(site.posts("out.json")) == ["scheduled"]


@pytest.mark.parametrize("out", ["x" * 300 + ".json", "posts.csv/out.json"])
def test_a_place_that_can_not_be_is_said_before_anything_is_sent(site, service, out):
    site.write("posts.csv", ROWS[:1])
    ended = site("run", "posts.csv", "--yes", "--out", out)
    assert (ended.status, changing(service)) == (2, [])
    assert "can't be written" in ended.err


def test_results_are_written_though_it_can_not_be_noted_from_which_run_they_are(site, tmp_path):
    (tmp_path / "state" / "postbatch").mkdir(parents=True)
    (tmp_path / "state" / "postbatch" / "written").write_text("in the way")
    site.write("posts.csv", ROWS[:1])
    ended, posts = site.run("posts.csv")
    assert (ended.status, kinds(posts)) == (0, ["scheduled"])
    assert "can't be made" in ended.err


def test_status_asks_no_other_site_than_that_of_the_run(site, server):
    site.write("posts.csv", ROWS[:1])
    site.run("posts.csv")
    ended = site("status", "out.json", environ={"WIX_SITE_ID": "99999999-2222-3333-4444-555555555555"})
    assert ended.status == 2
    assert "on another site or address" in ended.err
    assert site.posts("out.json")[0]["status"] == "SCHEDULED"


def test_only_the_sites_that_are_named_are_reached(site, service):
    other = "11111111-2222-4333-8444-555555555555"
    site.configure(f'[sites.pottery]\nsite_id = "{SITE_ID}"\n[sites.garden]\nsite_id = "{other}"\n')
    environ = {"WIX_SITE_ID": ""}
    site.write("posts.csv", [{**ROWS[0], "key": "a", "site": "pottery"}, {**ROWS[0], "key": "b", "site": "garden"}])
    ended = site("run", "posts.csv", "--site", "POTTERY", "-y", "--out", "out.json", environ=environ)
    assert (ended.status, kinds(site.posts("out.json"))) == (0, ["scheduled", "skipped"])
    assert site.posts("out.json")[1]["message"] == "Left out by --site."
    named = ("--site", "pottery", "--site", "garden")
    ended = site("run", "posts.csv", *named, "-y", "--out", "both.json", environ=environ)
    # The service has no such site: that it is asked at all is what counts.
    assert (ended.status, kinds(site.posts("both.json"))) == (1, ["unchanged", "blocked"])


def test_a_dry_run_is_a_plan(site, service):
    site.write("posts.csv", ROWS[:1])
    ended = site("run", "posts.csv", "-n")
    assert (ended.status, changing(service)) == (0, [])
    assert list(site.folder.glob("*.results.*")) == []


def test_a_sheet_comes_on_standard_input(site, service):
    site.write("posts.csv", ROWS[:1])
    fed = (site.folder / "posts.csv").read_text(encoding="utf-8")
    assert site("check", "-", feed=fed).status == 0
    ended = site("run", "-", "-y", feed=fed)
    assert (ended.status, len(changing(service)) > 0) == (0, True), ended.err
    assert (site.folder / "stdin.results.xlsx").is_file()
    before = len(changing(service))
    assert site("run", "-", "-y", feed=fed).status == 0
    assert len(changing(service)) == before
    ended = site("plan", "-", "--out", "plan.json", feed=fed)
    assert (ended.status, "needs the sheet as a file" in ended.err) == (2, True)
    ended = site("check", "-", feed="")
    assert (ended.status, "Nothing came on standard input" in ended.err) == (2, True)
