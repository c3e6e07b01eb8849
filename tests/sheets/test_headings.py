"""Headings: what is ours, what is read as ours, what is asked about, and what is only kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from batch.errors import SheetError, StartError
from batch.model import CHANNEL_COLUMNS, COLUMNS, RESULT_COLUMNS, Channel
from batch.sheets.cells import Moment, Number, NumberFormat, RawRow
from batch.sheets.headings import (
    HeadingChoices,
    Headings,
    count_known,
    join_cells,
    join_moment,
    match_headings,
    read_maps,
)
from batch.sheets.read import read_sheet
from batch.workbooks.posts_sheet import PROBLEM
from batch.workbooks.validation import COUNT

WHERE = "posts.xlsx, sheet 'Posts'"


def match(*names: str, cells: Mapping[str, Sequence[str]] | None = None, **choices: Any) -> Headings:
    """Match headings whose columns are filled, but for those whose cells are given."""
    given = cells or {}
    return match_headings(
        names, where=WHERE, texts=lambda place: given.get(names[place], ("x",)), choices=HeadingChoices(**choices)
    )


def refusal(*names: str, **given: Any) -> str:
    with pytest.raises(SheetError) as caught:
        match(*names, **given)
    return str(caught.value)


def test_columns_keep_their_places_and_unknown_ones_are_kept_and_said_once() -> None:
    assert match("Owner", "Channel", "", "text:x", "Budget", "Owner") == Headings(
        ("Owner", "Channel", "", "text:x", "Budget", "Owner"),
        {"channel": 1, "text:TWITTER": 3},
        ("Columns 'Owner', 'Budget' and 'Owner' are ignored (kept in the results).",),
    )


def test_the_one_heading_that_means_a_missing_column_is_read_and_said_first() -> None:
    found = match("Owner", "Platform", "Caption", "Go-live date", "Bild")
    assert found.columns == {"channel": 1, "text": 2, "publish_at": 3, "media": 4}
    assert found.notices == (
        "Read 'Go-live date' as publish_at.",
        "Read 'Platform' as channel.",
        "Read 'Caption' as text.",
        "Read 'Bild' as media.",
        "Column 'Owner' is ignored (kept in the results).",
    )


def test_a_column_that_is_there_is_not_read_from_another() -> None:
    found = match("channel", "text", "Caption", "texts")
    assert found.columns == {"channel": 0, "text": 1}
    assert found.notices == ("Columns 'Caption' and 'texts' are ignored (kept in the results).",)


def test_of_two_headings_only_one_of_which_is_filled_that_one_is_read() -> None:
    assert match("channel", "Caption", "Message", cells={"Caption": ()}).columns == {"channel": 0, "text": 2}


def test_several_that_fit_are_asked_about_with_the_way_out() -> None:
    assert refusal("channel", "Caption", "Message") == (
        f"{WHERE}: 'Caption' and 'Message' could both be text. Choose one, as in --map text=Caption."
    )
    assert match("channel", "Caption", "Message", mapped=(("text", "Message"),)).columns == {"channel": 0, "text": 2}
    assert match("channel", "Caption", "Message", ignored=("Caption",)).columns == {"channel": 0, "text": 2}
    assert match("channel", "Caption", "Message", ignored=("Caption", "Caption")).columns == {"channel": 0, "text": 2}


def test_a_heading_that_may_be_ours_is_asked_about() -> None:
    assert refusal("channel", "Content idea") == (
        f"{WHERE}: 'Content idea' could be text. Use it with --map 'text=Content idea', or leave it out with "
        "--ignore 'Content idea'."
    )
    assert match("channel", "text", "Content idea").columns == {"channel": 0, "text": 1}
    assert match("channel", "Content idea", cells={"Content idea": ()}).columns == {"channel": 0}
    assert "could be media or link" in refusal("channel", "URL")


def test_all_that_is_wrong_with_headings_is_said_at_once() -> None:
    assert refusal("Chanel", "Caption", "Message", "Content", "Status").splitlines() == [
        f"{WHERE}: 3 questions about the headings.",
        "  - 'Caption' and 'Message' could both be text. Choose one, as in --map text=Caption.",
        "  - 'Chanel' (column A) looks like channel. Rename it, use it with --map channel=Chanel, or leave it out with "
        "--ignore Chanel.",
        "  - 'Status' shows how far each post is: x (1). Choose the rows to post, as in --only Status=x, or leave the "
        "column out with --ignore Status.",
    ]


@pytest.mark.parametrize(
    ("written", "likely"),
    [
        ("Chanel", "channel"), ("chanell", "channel"), ("Cahnnel", "channel"), ("Tpye", "type"), ("Txt", "text"),
        ("acount", "account"), ("publish_a", "publish_at"), ("Pulbish at", "publish_at"), ("keys", "key"),
        ("Captoin", "'caption' (text)"), ("Platfrom", "'platform' (channel)"),
        ("Beschreibumg", "'beschreibung' (text)"),
    ],
)  # fmt: skip
def test_a_heading_that_is_nearly_ours_is_an_error_that_names_the_likely_one(written: str, likely: str) -> None:
    names = (written,) if "channel" in likely else ("channel", written)
    letter = "AB"[len(names) - 1]
    assert f"'{written}' (column {letter}) looks like {likely}. Rename it, " in refusal(*names)


@pytest.mark.parametrize(
    "written",
    ["Size", "Line", "Test", "Section", "Option", "Region", "Day", "Owner", "Text length", "Media source", "Theme",
     "Publisher", "Grafiker", "Photographer", "Topics", "item", "Concept", "Deadline", "Created date", "Review date"],
)  # fmt: skip
def test_an_ordinary_word_is_not_taken_for_a_slip(written: str) -> None:
    assert match("channel", written).columns == {"channel": 0}


@pytest.mark.parametrize(
    ("names", "columns", "joins"),
    [
        (("channel", "Date", "Time"), {"publish_at": 1}, {"publish_at": (1, 2)}),
        (("channel", "Uhrzeit", "Datum"), {"publish_at": 2}, {"publish_at": (2, 1)}),
        (("channel", "発売日", "投稿日", "投稿時間"), {"publish_at": 2}, {"publish_at": (2, 3)}),
        (("channel", "Scheduled for", "Time"), {"publish_at": 1}, {"publish_at": (1, 2)}),
        (("channel", "publish_at", "Time"), {"publish_at": 1}, {"publish_at": (1, 2)}),
        (("channel", "Time"), {"publish_at": 1}, {}),
        (("channel", "Date / Time"), {"publish_at": 1}, {}),
    ],
)
def test_a_date_and_a_time_are_one_moment(
    names: tuple[str, ...], columns: dict[str, int], joins: dict[str, tuple[int, ...]]
) -> None:
    found = match(*names)
    assert found.columns == {"channel": 0, **columns}
    assert found.joins == joins


def test_a_time_beside_whole_moments_is_not_joined_to_them() -> None:
    found = match("channel", "publish_at", "Time", cells={"publish_at": ("2027-02-01 09:00",)})
    assert (found.columns, found.joins) == ({"channel": 0, "publish_at": 1}, {})


def test_two_dates_are_asked_about() -> None:
    assert "'Date' and 'Publish date' could both be publish_at." in refusal("channel", "Date", "Publish date", "Time")


def test_a_sheet_with_several_questions_asks_each_of_them_once(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("channel,Caption,Message,Date,Time (CET)\nFACEBOOK,a,b,2026-12-01,09:30\n", encoding="utf-8")
    with pytest.raises(SheetError) as caught:
        read_sheet(path)
    lines = str(caught.value).splitlines()
    assert len(lines) > 2
    assert len(set(lines)) == len(lines)


def test_a_heading_that_gives_times_a_zone_is_asked_about() -> None:
    assert refusal("channel", "Date", "Time (CET)") == (
        f"{WHERE}: 'Time (CET)' could be time (a zone in a heading does not count: fill in `timezone`). Use it with "
        "--map 'time=Time (CET)', or leave it out with --ignore 'Time (CET)'.\nRead 'Date' as publish_at."
    )
    found = match("channel", "Date", "Time (CET)", mapped=(("date", "Date"), ("time", "Time (CET)")))
    assert found.joins == {"publish_at": (1, 2)}


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("Instagram caption", "text:INSTAGRAM"), ("Facebook text", "text:FACEBOOK"),
        ("Caption (LinkedIn)", "text:LINKEDIN"),
        ("text_linkedin", "text:LINKEDIN"), ("media - Insta", "media:INSTAGRAM"), ("Text (X)", "text:TWITTER"),
        ("Text (Google Business)", "text:GBP"), ("Instagram文案", "text:INSTAGRAM"),
        ("Texte Facebook", "text:FACEBOOK"),
        ("YouTube title", "title"), ("TikTok post", "text:TIKTOK"), ("Twitter image", "media:TWITTER"),
    ],
)  # fmt: skip
def test_a_heading_for_one_channel_is_read_as_that(written: str, column: str) -> None:
    assert match("channel", written).columns == {"channel": 0, column: 1}


def test_a_link_for_one_channel_may_be_that_of_the_live_post_and_is_asked_about() -> None:
    assert "'Facebook link' could be link:FACEBOOK." in refusal("channel", "Facebook link")
    assert "'Instagram' could be text:INSTAGRAM (it names a channel" in refusal("channel", "Instagram")
    assert "'Instagram account' could be account (it is for one channel only)" in refusal(
        "channel", "Instagram account"
    )


def test_numbered_media_are_read_together_in_their_order() -> None:
    found = match("channel", "Image 1", "Image 2", "text", "Image 3")
    assert found.joins == {"media": (1, 2, 4)}
    assert found.notices == ("Read 'Image 1', 'Image 2' and 'Image 4' as media.".replace("4", "3"),)
    assert "could both be text" in refusal("channel", "Caption 1", "Caption 2")


def test_media_may_be_mapped_from_several_headings() -> None:
    found = match("channel", "Image", "Video", mapped=(("media", "Image"), ("media", "Video")))
    assert (found.columns["media"], found.joins) == (1, {"media": (1, 2)})
    assert "--map names text more than once." in refusal(
        "channel", "Caption", "Message", mapped=(("text", "Caption"), ("text", "Message"))
    )


STATES = {"Status": ("Posted", "Draft", "On hold", "Approved", "Approved")}


def test_a_column_that_says_how_far_a_row_is_stops_until_somebody_says_what_is_meant() -> None:
    assert refusal("channel", "Status", cells=STATES) == (
        f"{WHERE}: 'Status' shows how far each post is: Posted (1), Draft (1), On hold (1), Approved (2). Choose "
        "the rows to post, as in --only Status=Approved, or leave the column out with --ignore Status."
    )
    assert match("channel", "Status", cells={"Status": ("", "-", "n/a")}).columns == {"channel": 0}
    assert match("channel", "Status", cells=STATES, chosen=("status",)).notices == ()
    assert match("channel", "Status", cells=STATES, ignored=("STATUS",)).notices == (
        "Column 'Status' is ignored (kept in the results).",
    )


@pytest.mark.parametrize(
    "written", ["State", "Posted?", "Design status", "Estado del copy", "審核状态", "Freigabe", "Draft"]
)
def test_a_state_goes_by_many_names(written: str) -> None:
    assert f"'{written}' shows how far each post is: x (1)." in refusal("channel", written)


@pytest.mark.parametrize(
    ("written", "what"),
    [("First comment", "first comment"), ("Alt-Text", "alt text"), ("Menciones", "tagged people"),
     ("Luogo", "location"), ("Collab", "collaborators"), ("スレッド", "thread")],
)  # fmt: skip
def test_what_the_api_cannot_carry_is_noted_for_the_rows(written: str, what: str) -> None:
    found = match("channel", written)
    assert (found.not_carried, found.notices) == ({1: what}, ())


def test_asset_is_ours_only_where_something_is_generated() -> None:
    assert "'Asset' could be media or asset." in refusal("channel", "Asset")
    assert match("channel", "asset", "generate").columns == {"channel": 0, "asset": 1, "generate": 2}


def test_a_button_is_asked_about_only_where_the_channel_that_has_one_is_named() -> None:
    assert match("channel", "CTA", cells={"channel": ("Facebook",)}).columns == {"channel": 0}
    assert "'CTA' could be call_to_action." in refusal("channel", "CTA", cells={"channel": ("Facebook, GBP",)})


def test_a_map_may_be_given_for_any_column_and_wins_over_its_own_name() -> None:
    found = match("channel", "text", "Long version", mapped=(("text", "Long version"),))
    assert found.columns == {"channel": 0, "text": 2}
    assert match("channel", "Vers", mapped=(("text:INSTAGRAM", "Vers"),)).columns == {"channel": 0, "text:INSTAGRAM": 1}


def test_a_map_or_an_ignore_that_names_no_heading_is_an_error_and_a_configured_one_is_none() -> None:
    told = refusal("channel", "Caption", mapped=(("text", "Copy"),), ignored=("State",))
    assert "--map text=Copy: no heading is called that. The headings are 'channel', 'Caption'." in told
    assert "--ignore State: no heading is called that." in told
    assert match("channel", "Caption", configured=(("text", "Copy"),)).columns == {"channel": 0, "text": 1}
    assert match("channel", "Vers", "Caption", configured=(("text", "Vers"),)).columns == {"channel": 0, "text": 1}


def test_a_map_is_read_from_the_command_line() -> None:
    assert read_maps(["text=Caption", " Publish at = Go live ", "text:x=Tweet"]) == (
        ("text", "Caption"), ("publish_at", "Go live"), ("text:TWITTER", "Tweet"),
    )  # fmt: skip
    for wrong in ("text", "text=", "colour=Blue", "=Caption"):
        with pytest.raises(StartError, match="--map"):
            read_maps([wrong])


def test_the_columns_of_our_own_results_are_passed_over_only_there() -> None:
    names = tuple(dict.fromkeys((PROBLEM, *RESULT_COLUMNS, *COLUMNS, COUNT)))
    assert match(*names).notices == ()
    assert match("channel", "text", PROBLEM, COUNT).notices == ()
    assert match("channel", "message", "row").columns == {"channel": 0, "text": 1}
    results = match(*RESULT_COLUMNS, "text", "Status (sheet)", "link (sheet)", ignored=("Status (sheet)",))
    assert results.columns["link"] == len(RESULT_COLUMNS) + 2


def test_a_heading_twice_is_refused_with_both_places() -> None:
    told = "is there twice (columns B and D). Keep one and rename or delete the other."
    assert refusal("channel", "Text", "link", "text") == f"{WHERE}: 'text' {told}"
    assert refusal("channel", "text:x", "link", "text:Twitter") == f"{WHERE}: 'text:Twitter' {told}"
    assert refusal("channel", "Caption", "link", "caption") == f"{WHERE}: 'caption' {told}"


def test_a_column_for_a_channel_that_is_not_known_is_refused() -> None:
    assert refusal("channel", "text:Threads") == (
        f"{WHERE}: 'text:Threads' (column B) names no channel that is known. Write it as text:INSTAGRAM."
    )
    assert refusal("channel", "key:INSTAGRAM") == (
        f"{WHERE}: 'key:INSTAGRAM' (column B) can't be for one channel; only text, title, media and link can."
    )


def test_without_a_channel_column_nothing_can_be_posted() -> None:
    assert refusal("text", "Owner") == (
        f"{WHERE}: no column names the channel of each post. Add a column 'channel', or name yours, as in "
        "--map channel=Network."
    )


@pytest.mark.parametrize(
    ("cells", "known"),
    [
        (("Date", "Platform", "Caption"), 3), (("Content plan", "May"), 0), (("Caption", "Owner"), 0),
        (("channel", "Owner"), 1), (("Video", "Image", "2026-12-01"), 0), (("Video", "x" * 200, "Image"), 2),
    ],
)  # fmt: skip
def test_headings_are_told_from_a_title_and_from_a_row(cells: tuple[str, ...], known: int) -> None:
    assert count_known(cells) == known


def at(*parts: int) -> datetime:
    """Return a date as a cell of a workbook holds it, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001 - a cell has no zone


DAY = Moment(at(2027, 2, 1), has_time=False)
CLOCK = Moment(at(1899, 12, 31, 18, 30), has_time=True)
NINE = Moment(at(2027, 2, 1, 9, 0), has_time=True)


@pytest.mark.parametrize(
    ("date", "time", "moment"),
    [
        ("2027-02-01", "09:00", "2027-02-01 09:00"),
        ("1 Feb 2027", "9:00 PM", "1 Feb 2027 9:00 PM"),
        (DAY, CLOCK, Moment(at(2027, 2, 1, 18, 30), has_time=True)),
        (DAY, "6.30 pm", "2027-02-01 6.30 pm"),
        ("2027-02-01", CLOCK, "2027-02-01 18:30"),
        ("2027-02-01 09:00", "09:00", "2027-02-01 09:00"),
        ("2027-02-01 12:00", "2:00", "2027-02-01 12:00 2:00"),
        (NINE, "09:00", NINE),
        (NINE, CLOCK, "2027-02-01 09:00:00 18:30"),
        (DAY, "", DAY),
        ("", "09:00", "09:00"),
        ("", "", ""),
        ("now", "", "now"),
        ("2027-02-01", Number("0.5", 0.5, NumberFormat()), "2027-02-01 0.5"),
    ],
)
def test_a_day_and_a_clock_lose_nothing_when_they_are_joined(date: Any, time: Any, moment: Any) -> None:
    assert join_moment(date, time) == moment


def test_cells_are_joined_in_the_first_of_their_places() -> None:
    rows = [RawRow(2, ["x", "a.jpg", "b.jpg\na.jpg"]), RawRow(3, ["x", "", "c.jpg"]), RawRow(4, ["x"])]
    joined = [row.cells for row in join_cells(rows, {"media": (1, 2)})]
    assert joined == [["x", "a.jpg\nb.jpg", "b.jpg\na.jpg"], ["x", "c.jpg", "c.jpg"], ["x"]]


def test_every_column_for_one_channel_is_matched_with_every_channel() -> None:
    for column in CHANNEL_COLUMNS:
        for channel in Channel:
            assert match("channel", f"{column.title()}: {channel.title()}").columns == {
                "channel": 0, f"{column}:{channel}": 1,
            }  # fmt: skip


def test_a_date_is_asked_about_or_joined_also_where_a_time_was_named() -> None:
    names = ["due_date", "channel", "text", "hour"]
    assert refusal(*names).startswith(f"{WHERE}: 'due_date' could be publish_at. Use it with --map date=due_date, or")
    for named, first in ((("date", "due_date"), "due_date"), (("time", "hour"), "Date")):
        found = match_headings([first, *names[1:]], where="posts.csv", choices=HeadingChoices(mapped=(named,)))
        assert found.joins == {"publish_at": (0, 3)}
        assert found.sources == {"publish_at": (0, 3)}
