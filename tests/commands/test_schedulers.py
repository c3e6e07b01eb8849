"""Sheets made for other schedulers, from the command: proposed, shown before anything runs, and run."""

from __future__ import annotations

import json

import pytest
from openpyxl import load_workbook

from batch.sheets.schedulers import schedulers

ADDRESS = "https://static.wixstatic.com/media/a.jpg"
SHEETS = {
    "hootsuite": ("Date,Message,Link,channel", "12/25/2031 09:30,Hello,https://example.com,FACEBOOK"),
    "buffer": ("Text,Image URL,Tags,Posting Time,channel", f"Hello,{ADDRESS},spring,2031-12-25 09:30,FACEBOOK"),
    "publer": (
        "Date - Intl. format or prompt,Text,Link(s) - Separated by comma for FB carousels,"
        "Media URL(s) - Separated by comma,channel",
        f"2031/12/25 09:30,Hello,,{ADDRESS},FB",
    ),
    "metricool": (
        "Text,Date,Time,Draft,Facebook,Instagram,Picture Url 1",
        f"Hello,2031-12-25,09:30:00,FALSE,TRUE,FALSE,{ADDRESS}",
    ),
    "socialpilot": (
        "Content,Image URL,Scheduled Date,Account ID,First Comment,Tags,Link URL,channel",
        f'Hello,{ADDRESS},"Dec 25, 2031 9:30 AM",,,,,FACEBOOK',
    ),
    "sprout": ("date,time_24hr,message_text,public_image_url,channel", f"25/12/2031,09:30,Hello,{ADDRESS},fb"),
    "zoho": ("Schedule Time,Post Content,Link,Media,channel", f"12/25/2031 09:30,Hello,,{ADDRESS},FACEBOOK"),
}
SHEETS |= {
    "socialbee": (
        "text,link,imageUrls,gifUrls,videoUrls,postAtSpecificTime,channel",
        f"Hello,,{ADDRESS},,,2031-12-25 09:30:00,FACEBOOK",
    ),
    "highlevel": (
        "postAtSpecificTime (YYYY-MM-DD HH:mm:ss),content,link (OGmetaUrl),imageUrls,gifUrl,videoUrls,channel",
        f"2031-12-25 09:30:00,Hello,,{ADDRESS},,,FACEBOOK",
    ),
    "contentstudio": ("Date and Time,Message,Image URL,Link,channel", f"25/12/2031 09:30,Hello,{ADDRESS},,FACEBOOK"),
    "ayrshare": ("post,platforms,mediaUrls,scheduleDate", f"Hello,facebook,{ADDRESS},2031-12-25T08:30:00Z"),
    "postfast": ("scheduled_at,account_id,content,media_urls,channel", f"2031-12-25T08:30:00Z,,Hello,{ADDRESS},FB"),
    "oktopost": (
        "Network,Message,LinkUrl,LinkTitle,ImageUrl,Description,Picture,publish_at",
        "Facebook,Hello,https://example.com,,,,,2031-12-25 09:30",
    ),
}
READABLE = {"hootsuite", "zoho", "socialbee", "contentstudio", "oktopost", "sprout"}
"""Sheets whose headings are plain words for columns of ours: with a column of channels they are read, and hinted at."""
MAPPED = "Read as a sheet made for"


def test_every_scheduler_is_tried_here():
    assert set(SHEETS) == set(schedulers())


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_of_another_scheduler_is_proposed_shown_and_run(desk, name):
    (desk.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    (desk.folder / "theirs.csv").write_text("\n".join(SHEETS[name]) + "\n", encoding="utf-8")
    ended = desk("check", "theirs.csv")
    assert f"--from {name}" in ended.err
    assert (ended.status == 2) is (name not in READABLE)
    shown = desk("plan", "theirs.csv", "--from", name, "--sandbox")
    assert shown.status == 0, shown.out
    assert f"{MAPPED} {schedulers()[name].title}" in shown.out
    assert (shown.out + shown.err).count(MAPPED) == 1
    assert (shown.out + shown.err).count("SANDBOX") == 1
    ended = desk("run", "theirs.csv", "--from", name, "--sandbox", "--yes", "--out", "out.json")
    assert ended.out.index(MAPPED) < ended.out.index("1 post scheduled")
    assert ended.status == 0, ended.out
    (post,) = desk.posts("out.json")
    assert (post["outcome"], post["publish_at_utc"]) == ("scheduled", "2031-12-25T08:30:00Z")


BROKEN = (
    "Text,Date,Time,Draft,Facebook,Instagram,Pinterest,Picture Url 1,Picture Url 2,Pinterest Board\n"
    f"Hello,2031-12-25,09:30:00,FALSE,TRUE,FALSE,FALSE,{ADDRESS},bowls/none.jpg,\n"
    f"Hello again,2031-02-30,09:30:00,FALSE,FALSE,TRUE,FALSE,{ADDRESS},,\n"
    f"A board,2031-12-27,09:30:00,FALSE,FALSE,FALSE,TRUE,{ADDRESS},,Glazes\n"
    "A story,2031-12-28,09:30:00,FALSE,FALSE,TRUE,FALSE,,,\n"
)


def test_every_address_is_the_files_own(desk):
    (desk.folder / "theirs.csv").write_text(BROKEN, encoding="utf-8")
    (desk.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    ended = desk("check", "theirs.csv", "--from", "metricool", "--out", "issues.json")
    found = json.loads((desk.folder / "issues.json").read_text(encoding="utf-8"))["issues"]
    assert [(issue["row"], issue["column"], issue["cell"]) for issue in found] == [
        (2, "media", "I2"),
        (3, "publish_at", "B3"),
        (4, "Pinterest Board", "J4"),
        (5, "media", "H5"),
    ]
    assert "`media`" not in ended.out
    assert [line.split(":")[0] for line in ended.out.splitlines() if line.startswith("Error")] == [
        "Error  I2, Picture Url 1", "Error  B3, Date", "Error  J4", "Error  H5",
    ]  # fmt: skip


def test_two_columns_that_are_one_of_ours_keep_their_own_cells(desk):
    text = (
        "Channel,Caption,Go-live date,Time,Image 1,Image 2\n"
        f"Facebook,Hello,2031-12-25,25:00,{ADDRESS},\n"
        f"Facebook,Hello you,2031-12-26,09:30,{ADDRESS},bowls/none.jpg\n"
    )
    (desk.folder / "own.csv").write_text(text, encoding="utf-8")
    (desk.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    desk("check", "own.csv", "--out", "issues.json")
    found = json.loads((desk.folder / "issues.json").read_text(encoding="utf-8"))["issues"]
    assert [(issue["row"], issue["column"], issue["cell"]) for issue in found] == [
        (2, "publish_at", "C2"), (3, "media", "F3"),
    ]  # fmt: skip
    assert not [issue for issue in found if "`publish_at`" in issue["message"] or "`media`" in issue["message"]]


def test_to_fix_can_be_run_as_it_is_and_the_results_keep_the_files_own_columns(desk):
    (desk.folder / "theirs.csv").write_text(BROKEN, encoding="utf-8")
    (desk.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    desk("run", "theirs.csv", "--from", "metricool", "--sandbox", "--yes", "--out", "out.xlsx")
    tables = {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in load_workbook(desk.folder / "out.xlsx")}
    headings, *rows = tables["To fix"]
    fixes = [dict(zip(headings, row, strict=True)) for row in rows if row[0]]
    assert [(str(fix["row"]), fix["channel"], fix["text"]) for fix in fixes] == [
        ("2", "FACEBOOK", "Hello"), ("3", "INSTAGRAM", "Hello again"), ("4", "PINTEREST", "A board"),
        ("5", "INSTAGRAM", "A story"),
    ]  # fmt: skip
