"""Sheets made for other schedulers, from the command: proposed, shown before anything runs, and run."""

from __future__ import annotations

import pytest

from batch.sheets.schedulers import scheduler_sheets

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
        f'Hello,{ADDRESS},"Dec 25, 2031 9:30 AM",12,,,,FACEBOOK',
    ),
    "sprout": ("date,time_24hr,message_text,public_image_url,channel", f"25/12/2031,09:30,Hello,{ADDRESS},fb"),
    "zoho": ("Schedule Time,Post Content,Link,Media,channel", f"12/25/2031 09:30,Hello,,{ADDRESS},FACEBOOK"),
}
READABLE = {"hootsuite", "zoho"}
"""Sheets whose headings are plain words for columns of ours: with a column of channels they are read, and hinted at."""
MAPPED = "Read as a sheet made for"


def test_every_scheduler_is_tried_here():
    assert set(SHEETS) == set(scheduler_sheets())


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_of_another_scheduler_is_proposed_shown_and_run(desk, name):
    (desk.folder / "postbatch.toml").write_text('timezone = "Europe/Berlin"\n', encoding="utf-8")
    (desk.folder / "theirs.csv").write_text("\n".join(SHEETS[name]) + "\n", encoding="utf-8")
    ended = desk("check", "theirs.csv")
    assert f"--from {name}" in ended.err
    assert (ended.status == 2) is (name not in READABLE)
    shown = desk("plan", "theirs.csv", "--from", name, "--sandbox")
    assert shown.status == 0, shown.out
    assert f"{MAPPED} {scheduler_sheets()[name].title}" in shown.out
    assert (shown.out + shown.err).count(MAPPED) == 1
    assert (shown.out + shown.err).count("SANDBOX") == 1
    ended = desk("run", "theirs.csv", "--from", name, "--sandbox", "--yes", "--out", "out.json")
    assert ended.out.index(MAPPED) < ended.out.index("1 post scheduled")
    assert ended.status == 0, ended.out
    (post,) = desk.posts("out.json")
    assert (post["outcome"], post["publish_at_utc"]) == ("scheduled", "2031-12-25T08:30:00Z")
