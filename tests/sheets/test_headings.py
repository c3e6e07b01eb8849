"""Headings: what is ours, what is nearly ours, and what is only carried along."""

from __future__ import annotations

import pytest

from batch.errors import SheetError
from batch.model import CHANNEL_COLUMNS, COLUMNS, RESULT_COLUMNS, Channel
from batch.sheets.headings import STAND_INS, Headings, column_of, is_near, match_headings
from batch.workbooks.posts_sheet import PROBLEM
from batch.workbooks.validation import COUNT

WHERE = "posts.xlsx, sheet 'Posts'"


def refusal(*names: str) -> str:
    with pytest.raises(SheetError) as caught:
        match_headings(names, where=WHERE)
    return str(caught.value)


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_is_found_whatever_its_case_and_spacing(column: str) -> None:
    words = column.split("_")
    for written in (column, column.upper(), " ".join(words).title(), "-".join(words), "".join(words), f" {column} "):
        assert column_of(written) == column


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("column", CHANNEL_COLUMNS)
def test_a_column_may_be_for_one_channel(column: str, channel: Channel) -> None:
    assert column_of(f"{column.title()}: {channel.title()}") == f"{column}:{channel}"


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("text:X", "text:TWITTER"),
        ("Text (X)", ""),
        ("title:Google Business Profile", "title:GBP"),
        ("media:ig", "media:INSTAGRAM"),
        ("link : X (Twitter)", "link:TWITTER"),
        ("key:INSTAGRAM", ""),
        ("text:Threads", ""),
        ("Campaign", ""),
        ("", ""),
    ],
)
def test_a_channel_goes_by_its_other_names_too(written: str, column: str) -> None:
    assert column_of(written) == column


def test_columns_keep_their_places_and_unknown_ones_are_carried_along_and_said_once() -> None:
    assert match_headings(("Owner", "Channel", "", "text:x", "Budget", "Owner"), where=WHERE) == Headings(
        ("Owner", "Channel", "", "text:x", "Budget", "Owner"),
        {"channel": 1, "text:TWITTER": 3},
        ("Not used, and only carried along: the columns 'Owner', 'Budget', 'Owner'.",),
    )


def test_the_columns_that_our_own_files_add_are_read_back_without_a_word() -> None:
    names = tuple(dict.fromkeys((PROBLEM, *RESULT_COLUMNS, *COLUMNS, COUNT)))
    assert match_headings(names, where=WHERE).notices == ()


@pytest.mark.parametrize(
    ("written", "likely"),
    [
        ("Chanel", "channel"), ("chanell", "channel"), ("Cahnnel", "channel"), ("Tpye", "type"), ("Txt", "text"),
        ("acount", "account"), ("publish_a", "publish_at"), ("Pulbish at", "publish_at"), ("time zones", "timezone"),
        ("medias", "media"), ("links", "link"), ("Titel", "title"), ("item", ""), ("keys", "key"), ("note", "notes"),
        ("Caption", "text"), ("Date", "publish_at"), ("Platform", "channel"), ("Image", "media"),
        ("text_linkedin", "text:LINKEDIN"), ("Text (Google Business)", "text:GBP"),
        ("media - Insta", "media:INSTAGRAM"),
    ],
)  # fmt: skip
def test_a_heading_that_is_nearly_ours_is_an_error_that_names_the_likely_one(written: str, likely: str) -> None:
    names = (written,) if likely == "channel" else ("channel", written)
    if not likely:
        assert written in match_headings(names, where=WHERE).notices[0]
        return
    letter = "AB"[len(names) - 1]
    assert refusal(*names) == (
        f"{WHERE}: the heading '{written}' (column {letter}) is not one of ours; if it is meant as '{likely}', rename "
        "it to that, and if not, call it something else."
    )


@pytest.mark.parametrize(
    "written",
    [
        "Size",
        "Line",
        "Test",
        "Section",
        "Option",
        "Campaign",
        "Format",
        "Region",
        "Day",
        "Owner",
        "Text length",
        "Link (short)",
        "Facebook link",
        "Media source",
    ],
)
def test_an_ordinary_word_is_not_taken_for_a_slip(written: str) -> None:
    assert match_headings(("channel", written), where=WHERE).columns == {"channel": 0}


def test_a_near_heading_beside_the_right_one_is_carried_along() -> None:
    assert match_headings(("channel", "text", "texts"), where=WHERE).columns == {"channel": 0, "text": 1}


@pytest.mark.parametrize("word", STAND_INS)
def test_every_stand_in_names_a_column_of_ours(word: str) -> None:
    assert STAND_INS[word] in COLUMNS
    assert column_of(word) == ""


def test_no_column_of_ours_is_near_another() -> None:
    keys = [column.replace("_", "") for column in COLUMNS]
    assert [(a, b) for a in keys for b in keys if is_near(a, b)] == []


def test_a_heading_twice_is_refused_with_both_places() -> None:
    told = "stands twice (columns B and D): keep one and rename or delete the other."
    assert refusal("channel", "Text", "link", "text") == f"{WHERE}: the heading 'text' {told}"
    assert refusal("channel", "text:x", "link", "text:Twitter") == f"{WHERE}: the heading 'text:Twitter' {told}"


def test_a_column_for_a_channel_that_is_not_known_is_refused() -> None:
    assert refusal("channel", "text:Threads") == (
        f"{WHERE}: the heading 'text:Threads' (column B) names no channel that is known: write it as text:INSTAGRAM."
    )
    assert refusal("channel", "key:INSTAGRAM") == (
        f"{WHERE}: the heading 'key:INSTAGRAM' (column B) can't be for one channel; only text, title, media, link can."
    )


def test_without_a_channel_column_nothing_can_be_posted() -> None:
    assert refusal("text", "Campaign") == (
        f"{WHERE} has no heading 'channel': row 1 must hold the headings, as 'postbatch template' writes them."
    )
