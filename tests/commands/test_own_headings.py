"""Sheets under people's own headings, from the file to the posts, and what the commands ask about them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from openpyxl import load_workbook

from batch.model import Channel, Post, PostType
from batch.rules.check import check
from batch.rules.columns import CheckContext
from batch.sheets.headings import HeadingChoices
from batch.sheets.read import read_sheet
from tests.commands.conftest import Desk

CONTEXT = CheckContext(now=datetime(2027, 1, 1, tzinfo=UTC), timezone="Europe/Berlin")
MESSAGES = """publish_at,channel,message,media,status
2027-01-20 20:00,facebook,Opening night,,pending
2027-01-20 20:05,instagram,Doors open at eight,bowl.jpg,pending
"""
STATES = """publish_at,channel,text,Status
2031-01-21 20:00,facebook,Already out,Posted
2031-01-22 20:00,facebook,Not ready,Draft
2031-01-23 20:00,facebook,Called off,Cancelled
2031-01-24 20:00,facebook,Waiting,On hold
2031-01-25 20:00,facebook,Ready,Approved
"""
ASKED = (
    "'Status' shows how far each post is: Posted (1), Draft (1), Cancelled (1), On hold (1), Approved (1). Choose "
    "the rows to post, as in --only Status=Approved, or leave the column out with --ignore Status."
)


def posts(folder: Path, text: str, choices: HeadingChoices) -> tuple[tuple[str, ...], tuple[Post, ...]]:
    """Read and check a sheet; its notices and its posts."""
    path = folder / "posts.csv"
    path.write_text(text, encoding="utf-8")
    sheet = read_sheet(path, choices=choices)
    return sheet.notices, tuple(check(sheet, context=CONTEXT))


def test_a_caption_under_message_is_the_text(tmp_path: Path) -> None:
    said, made = posts(tmp_path, MESSAGES, HeadingChoices(ignored=("status",)))
    assert [post.content.text for post in made] == ["Opening night", "Doors open at eight"]
    assert said == ("Read 'message' as text.", "Column 'status' is ignored (kept in the results).")


def test_a_type_under_content_type_is_the_type(tmp_path: Path) -> None:
    text = """publish_at,channel,Content Type,text,media
2027-01-21 20:00,instagram,Story,Behind the oven,bowl.jpg
2027-01-22 20:00,facebook,Story,,bowl.jpg
2027-01-23 20:00,facebook,Reel,New reel,bowl.mp4
"""
    said, made = posts(tmp_path, text, HeadingChoices())
    assert [(post.channel, post.type) for post in made] == [
        (Channel.INSTAGRAM, PostType.STORY), (Channel.FACEBOOK, PostType.STORY), (Channel.FACEBOOK, PostType.REEL),
    ]  # fmt: skip
    assert said == ("Read 'Content Type' as type.",)


def test_a_day_and_a_clock_and_other_words_are_read_as_they_are(tmp_path: Path) -> None:
    text = """date,time,platform,caption,image_url
2027-02-01,09:00,instagram,Morning coffee call,bowl.jpg
2027-02-02,18:30,facebook,Evening,bowl.jpg
"""
    said, made = posts(tmp_path, text, HeadingChoices())
    assert [
        (p.channel, p.publish_at, p.local_time, p.content.text, [m.source for m in p.content.media], p.errors)
        for p in made
    ] == [
        (Channel.INSTAGRAM, datetime(2027, 2, 1, 8, tzinfo=UTC), "2027-02-01 09:00 Europe/Berlin",
         "Morning coffee call", ["bowl.jpg"], ()),
        (Channel.FACEBOOK, datetime(2027, 2, 2, 17, 30, tzinfo=UTC), "2027-02-02 18:30 Europe/Berlin", "Evening",
         ["bowl.jpg"], ()),
    ]  # fmt: skip
    assert said == (
        "Read 'date' and 'time' as publish_at.", "Read 'platform' as channel.", "Read 'caption' as text.",
        "Read 'image_url' as media.",
    )  # fmt: skip


def test_a_date_under_scheduled_for_is_the_date(tmp_path: Path) -> None:
    text = "scheduled_for,channel,text\n2027-02-01 09:00,facebook,Post one\n2027-02-02 09:00,facebook,Post two\n"
    said, made = posts(tmp_path, text, HeadingChoices())
    assert [post.publish_at for post in made] == [datetime(2027, 2, day, 8, tzinfo=UTC) for day in (1, 2)]
    assert said == ("Read 'scheduled_for' as publish_at.",)


def test_a_half_of_a_moment_that_is_missing_is_an_error_of_its_row(tmp_path: Path) -> None:
    text = "Date,Time,channel,text\n2027-02-01,,facebook,No time\n,09:00,facebook,No day\n"
    _, made = posts(tmp_path, text, HeadingChoices())
    assert [[issue.column for issue in post.errors] for post in made] == [["publish_at"], ["publish_at"]]


def test_what_the_service_cannot_carry_is_a_warning_of_each_row_that_fills_it(tmp_path: Path) -> None:
    text = "publish_at,channel,text,First comment\n" + "".join(
        f"2027-02-0{day} 09:00,facebook,Post {day},{comment}\n" for day, comment in ((1, "Link!"), (2, ""), (3, "none"))
    )
    _, made = posts(tmp_path, text, HeadingChoices())
    assert [[(i.column, i.code, i.seen, i.cell, i.message) for i in post.issues] for post in made] == [
        [(
            "First comment", "not_carried", "Link!", "D2",
            "The service can't set this (first comment), so the post goes out without it. Add it by hand "
            "afterwards, or clear the cell.",
        )],
        [],
        [],
    ]  # fmt: skip


@pytest.mark.parametrize("command", [("check",), ("plan", "--sandbox"), ("run", "--sandbox", "--yes")])
def test_a_column_of_states_stops_each_command(desk: Desk, command: tuple[str, ...]) -> None:
    (desk.folder / "posts.csv").write_text(STATES, encoding="utf-8")
    ended = desk(command[0], "posts.csv", *command[1:])
    assert (ended.status, ended.out) == (2, "")
    assert ended.err == f"Error: posts.csv: {ASKED}\n"


def test_a_run_sends_the_rows_whose_state_is_named_and_no_other(site: Desk, service: object) -> None:
    (site.folder / "posts.csv").write_text(STATES, encoding="utf-8")
    site.configure('timezone = "Europe/Berlin"\n')
    ended, made = site.run("posts.csv", "--only", "Status=Approved")
    assert ended.status == 0, ended.err
    assert [post["outcome"] for post in made] == ["skipped"] * 4 + ["scheduled"]
    assert [post["status (sheet)"] if "status (sheet)" in post else post["Status (sheet)"] for post in made] == [
        "Posted", "Draft", "Cancelled", "On hold", "Approved",
    ]  # fmt: skip
    assert "'Status=Approved'" in made[0]["message"]


def test_ignored_and_mapped_headings_hold_for_each_command(desk: Desk) -> None:
    (desk.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    (desk.folder / "posts.csv").write_text(
        "When it goes out,channel,Long,Short,Status\n2031-01-21 20:00,facebook,Long one,S,Draft\n", encoding="utf-8"
    )
    flags = ("--map", "publish_at=When it goes out", "--map", "text=Long", "--ignore", "Status")
    ended = desk("check", "posts.csv", *flags)
    assert ended.status == 0, ended.err
    assert "Read 'When it goes out' as publish_at.\nRead 'Long' as text.\n" in ended.err
    assert "Columns 'Short' and 'Status' are ignored (kept in the results).\n" in ended.err
    planned = desk("plan", "posts.csv", *flags, "--sandbox", "--out", "plan.json")
    assert planned.status == 0, planned.err
    assert "Long one" in (desk.folder / "plan.json").read_text(encoding="utf-8")


def test_check_looks_at_the_chosen_rows_alone(desk: Desk) -> None:
    (desk.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    (desk.folder / "posts.csv").write_text(STATES.replace("2031-01-22 20:00", "someday"), encoding="utf-8")
    assert desk("check", "posts.csv", "--ignore", "Status").status == 1
    assert desk("check", "posts.csv", "--only", "Status=Approved").status == 0


def test_the_configuration_names_headings_for_every_sheet(desk: Desk) -> None:
    (desk.folder / "postbatch.toml").write_text(
        'timezone = "Europe/Berlin"\n[columns]\ntext = "Long"\npublish_at = "When it goes out"\nmedia = "Not there"\n',
        encoding="utf-8",
    )
    text = "When it goes out,channel,Long,Short\n2031-01-21 20:00,facebook,Long one,Short one\n"
    (desk.folder / "posts.csv").write_text(text, encoding="utf-8")
    ended = desk("check", "posts.csv")
    assert ended.status == 0, ended.err
    assert "Read 'Long' as text.\nRead 'When it goes out' as publish_at.\n" in ended.err
    over = desk("plan", "posts.csv", "--map", "text=Short", "--sandbox", "--out", "plan.json")
    assert over.status == 0, over.err
    assert "Short one" in (desk.folder / "plan.json").read_text(encoding="utf-8")
    (desk.folder / "postbatch.toml").write_text('[columns]\ncolour = "Long"\n', encoding="utf-8")
    wrong = desk("check", "posts.csv")
    assert wrong.status == 2
    assert "[columns] in the configuration: there is no column 'colour'. The columns are key, " in wrong.err


def test_a_row_to_fix_stands_in_our_own_columns(site: Desk) -> None:
    (site.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    text = "Date,Time,Platform,Caption\n2031-01-21,20:00,pinterest,No picture\n2031-01-22,09:00,facebook,Fine\n"
    (site.folder / "posts.csv").write_text(text, encoding="utf-8")
    ended = site("run", "posts.csv", "--yes", "--out", "out.xlsx", "--config", "postbatch.toml")
    assert ended.status == 1, ended.err
    sheet = load_workbook(site.folder / "out.xlsx")["To fix"]
    row = dict(zip(*([cell.value for cell in line] for line in sheet.iter_rows(1, 2)), strict=True))
    assert {name: row[name] for name in ("channel", "text")} == {"channel": "pinterest", "text": "No picture"}
    assert str(row["publish_at"]).startswith("2031-01-21 20:00")
