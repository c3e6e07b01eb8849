"""Sheets made for other schedulers, by their documented layouts."""

from __future__ import annotations

from typing import Any

import pytest

from batch.errors import SheetError
from batch.model import CHANNEL_COLUMNS, COLUMNS, Channel, Severity, SheetRows
from batch.rules.channel_words import channel_named
from batch.sheets.read import read_sheet
from batch.sheets.schedulers import find_day_order, read_date, recognise, scheduler_sheets

BUFFER = "Text,Image URL,Tags,Posting Time\nHello,https://a.example/1.jpg,spring,2026-12-01 09:30\n"
PUBLER = (
    "Date - Intl. format or prompt,Text,Link(s) - Separated by comma for FB carousels,"
    "Media URL(s) - Separated by comma,"
    '"Title - For the video, pin, PDF ..",Label(s) - Separated by comma,Alt text(s) - Separated by ||,'
    'Comment(s) - Separated by ||,"Pin board, FB album, or Google category","Post subtype - I.e. story, reel, PDF ..",'
    'CTA - For Facebook links or Google,"Reminder - For stories, reels, shorts, and TikToks",channel\n'
    '2026/12/01 09:30,Hello,https://a.example,"https://a.example/1.jpg, https://a.example/2,b.jpg",'
    "A title,,,,,Reel,,,FB\n"
)
METRICOOL = (
    "Text,Date,Time,Draft,Facebook,Twitter/X,Instagram,Threads,Picture Url 1,Picture Url 2,Instagram Post Type,"
    "TikTok Title\n"
    "One,2026-12-01,09:30:00,FALSE,TRUE,,yes,false,https://a.example/1.jpg,https://a.example/2.jpg,,\n"
    "Two,2026-12-02,10:00:30,true,,,,TRUE,,,STORY,A title\n"
)
SPROUT = "date,time_24hr,message_text,public_image_url,channel\n25/12/2026,09:30,Hello,https://a.example/1.jpg,li\n"
HOOTSUITE = '12/25/2026 09:30,Hello,https://a.example\n03/04/2026 10:00,"Two, three",\n'
ZOHO = '12/01/2026 15:00,"One.\\n\\n#Two",https://a.example,"https://a.example/1.jpg,https://a.example/2.jpg"\n'
SOCIALPILOT = (
    '"Hello","https://a.example/1.jpg;https://a.example/2.jpg","Jan 10, 2030 3:00 PM","12","","a;b",'
    '"https://b.example"\n'
)
SAMPLES = {
    "buffer": BUFFER, "publer": PUBLER, "metricool": METRICOOL, "sprout": SPROUT, "hootsuite": HOOTSUITE, "zoho": ZOHO,
    "socialpilot": SOCIALPILOT,
}  # fmt: skip


def refusal(path: Any, **options: Any) -> str:
    with pytest.raises(SheetError) as caught:
        read_sheet(path, **options)
    return str(caught.value)


def cells(sheet: SheetRows, at: int = 0) -> dict[str, str]:
    row = sheet.rows[at]
    return {column: text for column in sheet.columns if (text := sheet.text(row, column))}


@pytest.mark.parametrize("name", scheduler_sheets())
def test_every_layout_has_its_source_and_maps_to_columns_that_exist(name: str) -> None:
    layout = scheduler_sheets()[name]
    assert layout.source.startswith("https://")
    assert layout.read >= "2026-11-24"
    ours = {column.partition(":")[0] for column in layout.columns.values()}
    assert ours <= {*COLUMNS, "date", "time"}
    own = [column.split(":") for column in layout.columns.values() if ":" in column]
    assert all(base in CHANNEL_COLUMNS and channel in Channel.__members__ for base, channel in own)
    assert layout.signature or layout.positions
    assert layout.day_order in {"fixed", "open"}


@pytest.mark.parametrize("name", scheduler_sheets())
def test_every_layout_reads_its_sample_and_says_what_became_of_each_column(text_file: Any, name: str) -> None:
    sheet = read_sheet(text_file(SAMPLES[name]), mapping=name)
    assert sheet.notices[0].startswith(f"Read as a sheet made for {scheduler_sheets()[name].title}: '")
    assert {"text", "publish_at", "channel"} <= sheet.columns.keys()


def test_buffer(text_file: Any) -> None:
    sheet = read_sheet(text_file(BUFFER), mapping="buffer")
    assert cells(sheet) == {"text": "Hello", "media": "https://a.example/1.jpg", "publish_at": "2026-12-01 09:30"}
    assert sheet.rows[0].number == 2
    assert sheet.notices == (
        "Read as a sheet made for Buffer: 'Text' -> text, 'Image URL' -> media, 'Posting Time' -> publish_at.",
        "A Buffer sheet does not say the channel of a post: add a column 'channel' and fill it in.",
        "Column 'Tags' is ignored (kept in the results).",
    )


def test_the_headings_of_one_scheduler_are_never_read_as_a_post_of_another(text_file: Any) -> None:
    with pytest.raises(SheetError, match="looks like a sheet made for Buffer: say --from buffer"):
        read_sheet(text_file(BUFFER), mapping="hootsuite")


def test_a_sheet_without_headings_is_told_where_its_channel_can_stand(text_file: Any) -> None:
    post = "12/25/2031 09:05,Hello,https://a.example"
    bare = read_sheet(text_file(f"{post}\n"), mapping="hootsuite")
    headings = ", ".join((*scheduler_sheets()["hootsuite"].positions, "channel"))
    assert any(f"put a first row of headings above it, {headings}, and fill in" in said for said in bare.notices)
    mended = read_sheet(text_file(f"{headings}\n{post},FACEBOOK\n"), mapping="hootsuite")
    assert cells(mended)["channel"] == "FACEBOOK"
    assert not any("does not say the channel" in said for said in mended.notices)


def test_publer(text_file: Any) -> None:
    sheet = read_sheet(text_file(PUBLER), mapping="publer")
    assert cells(sheet) == {
        "publish_at": "2026-12-01 09:30",
        "text": "Hello",
        "link": "https://a.example",
        "media": "https://a.example/1.jpg | https://a.example/2,b.jpg",
        "title": "A title",
        "type": "REEL",
        "channel": "FB",
    }


def test_metricool(text_file: Any) -> None:
    sheet = read_sheet(text_file(METRICOOL), mapping="metricool")
    assert cells(sheet) == {
        "text": "One",
        "publish_at": "2026-12-01 09:30",
        "channel": "FACEBOOK, INSTAGRAM",
        "media": "https://a.example/1.jpg | https://a.example/2.jpg",
    }
    assert cells(sheet, 1) == {
        "text": "Two",
        "publish_at": "2026-12-02 10:00:30",
        "action": "draft",
        "channel": "THREADS",
        "title:TIKTOK": "A title",
    }


def test_a_network_that_is_not_ours_stays_in_the_channel_cell_to_be_refused() -> None:
    unknown = {name for name in scheduler_sheets()["metricool"].flags.values() if not channel_named(name)}
    assert unknown == {"THREADS", "BLUESKY"}


def test_what_makes_it_another_kind_of_post_and_can_not_be_mapped_is_an_error_of_the_row(text_file: Any) -> None:
    (issue,) = read_sheet(text_file(METRICOOL), mapping="metricool").issues
    assert (issue.row, issue.code, issue.seen, issue.severity) == (3, "not_mapped", "STORY", Severity.ERROR)
    assert issue.message == (
        "Row 3 says “STORY” under 'Instagram Post Type', which can't be carried over from Metricool: clear that cell, "
        "add a column named 'type' and write STORY, REEL, VIDEO or SHORT there."
    )


def test_sprout(text_file: Any) -> None:
    sheet = read_sheet(text_file(SPROUT), mapping="sprout")
    assert cells(sheet) == {
        "publish_at": "2026-12-25 09:30",
        "text": "Hello",
        "media": "https://a.example/1.jpg",
        "channel": "li",
    }
    assert "Its dates were read with the day first, as row 2 (25/12/2026) shows." in sheet.notices


def test_hootsuite_has_no_headings_and_its_first_row_is_row_1(text_file: Any) -> None:
    sheet = read_sheet(text_file(HOOTSUITE), mapping="hootsuite")
    assert [row.number for row in sheet.rows] == [1, 2]
    assert cells(sheet) == {"publish_at": "2026-12-25 09:30", "text": "Hello", "link": "https://a.example"}
    assert cells(sheet, 1) == {"publish_at": "2026-03-04 10:00", "text": "Two, three"}
    assert "Its dates were read with the month first, as row 1 (12/25/2026 09:30) shows." in sheet.notices


def test_hootsuite_with_headings_and_a_channel_column_of_ones_own(text_file: Any) -> None:
    text = "Date,Message,Link,Channel\n2026-12-01 09:30,Hello,,X\n"
    sheet = read_sheet(text_file(text), mapping="hootsuite")
    assert cells(sheet) == {"publish_at": "2026-12-01 09:30", "text": "Hello", "channel": "X"}
    assert sheet.rows[0].number == 2


def test_zoho_writes_line_breaks_as_two_characters(text_file: Any) -> None:
    sheet = read_sheet(text_file(ZOHO), mapping="zoho")
    assert sheet.text(sheet.rows[0], "text") == "One.\n\n#Two"
    assert sheet.text(sheet.rows[0], "media") == "https://a.example/1.jpg | https://a.example/2.jpg"
    assert sheet.text(sheet.rows[0], "publish_at") == "12/01/2026 15:00"


def test_socialpilot_accounts_are_its_own_numbers_and_never_ours(text_file: Any) -> None:
    sheet = read_sheet(text_file(SOCIALPILOT), mapping="socialpilot")
    assert cells(sheet) == {
        "text": "Hello",
        "media": "https://a.example/1.jpg | https://a.example/2.jpg",
        "publish_at": "2030-01-10 15:00",
        "link": "https://b.example",
    }
    assert "Account ID" in sheet.headings


@pytest.mark.parametrize("name", [name for name, layout in scheduler_sheets().items() if layout.signature])
def test_headings_of_another_scheduler_are_recognised_and_the_option_proposed(text_file: Any, name: str) -> None:
    layout = scheduler_sheets()[name]
    headings = SAMPLE_HEADINGS[name]
    assert recognise(headings)[0] == name
    told = refusal(text_file(",".join(headings) + "\n" + ",".join("a" for _ in headings) + "\n"))
    assert told == (f"posts.csv looks like a sheet made for {layout.title}: say --from {name} to have it read as one.")


SAMPLE_HEADINGS = {
    "hootsuite": ["Date", "Message", "Link"],
    "buffer": ["Text", "Image URL", "Tags", "Posting Time"],
    "publer": ["Date - Intl. format or prompt", "Text", "Link(s)", "Media URL(s) - Separated by comma"],
    "metricool": ["Text", "Date", "Time", "Draft", "Facebook", "Picture Url 1"],
    "socialpilot": ["Content", "Image URL", "Scheduled Date", "Account ID"],
    "sprout": ["date", "time_24hr", "message_text"],
    "zoho": ["Schedule Time", "Post Content", "Link", "Media"],
}


def test_our_own_headings_are_never_taken_for_another_scheduler() -> None:
    assert recognise(COLUMNS) == []


def test_a_sheet_without_headings_is_told_to_say_whose_it_is(text_file: Any) -> None:
    assert refusal(text_file(HOOTSUITE)) == (
        "posts.csv has no headings but a post in row 1: put the headings above it or, if the sheet was made for "
        "another scheduler, say which (--from hootsuite, --from socialpilot, --from zoho)."
    )


def test_a_scheduler_that_is_not_known_or_not_this_one_is_refused(text_file: Any) -> None:
    assert refusal(text_file(BUFFER), mapping="later") == (
        "No sheets of 'later' are known: say --from with one of hootsuite, buffer, publer, metricool, socialpilot, "
        "sprout, zoho."
    )
    assert refusal(text_file("channel,notes\nX,Hi\n"), mapping="buffer") == (
        "posts.csv has none of the headings of a Buffer sheet: leave --from away, or name the scheduler that it is "
        "from."
    )


# Dates of one file, and the order of day and month that they prove (None: none, or both)
ORDERS = [
    (["03/04/2026", "12/25/2026"], True),
    (["03/04/2026", "25/12/2026"], False),
    (["03/04/2026", "04/03/2026"], None),
    (["25/12/2026", "12/25/2026"], None),
    (["2026-12-25"], None),
    ([], None),
]


@pytest.mark.parametrize(("dates", "month_first"), ORDERS)
def test_the_order_of_day_and_month_is_proved_or_left_open(dates: list[str], month_first: bool | None) -> None:
    order = find_day_order(list(enumerate(dates)))
    assert (order.month_first if order else None) is month_first


# What is written as date and time, with no order proved, and what is made of it
DATES = [
    ("03/04/2026", "09:30", "03/04/2026 09:30"),
    ("05/05/2026", "9:30 pm", "2026-05-05 21:30"),
    ("05.05.2026 21:30", "", "2026-05-05 21:30"),
    ("31/31/2026", "09:30", "31/31/2026 09:30"),
    ("2026-12-01", "09:30", "2026-12-01 09:30"),
    ("2026-12-01", "", "2026-12-01"),
    ("next Friday at 2 PM", "", "next Friday at 2 PM"),
    ("", "09:30", ""),
]


@pytest.mark.parametrize(("date", "time", "read"), DATES)
def test_a_date_that_can_not_be_told_stays_as_written(date: str, time: str, read: str) -> None:
    assert read_date(date, time, forms=("%Y-%m-%d %H:%M",), order=None) == read


def test_a_date_cell_and_a_time_cell_are_one_moment(xlsx: Any) -> None:
    rows = [
        ("date", "time_24hr", "message_text"),
        ((46357, 2), (0.395833333333333, 3), "Hello"),
        ((46357, 2), "10:15", "Hi"),
    ]
    sheet = read_sheet(xlsx(rows), mapping="sprout")
    assert [sheet.text(row, "publish_at") for row in sheet.rows] == ["2026-12-01 09:30:00", "2026-12-01 10:15:00"]


YES_NO = (
    "Text,Date,Time,Draft,Facebook,Instagram,Picture Url 1\n"
    "one,2027-02-09,20:40:00,FALSO,TRUE,VERDADERO,https://example.com/a.jpg\n"
    "two,2027-02-10,20:40:00,VERDADERO,TRUE,FALSE,https://example.com/a.jpg\n"
    "three,2027-02-11,20:40:00,WAHR,TRUE,FALSE,https://example.com/a.jpg\n"
    "four,2027-02-12,20:40:00,draft,TRUE,FALSE,https://example.com/a.jpg\n"
    "five,2027-02-13,20:40:00,TRUE,TRUE,FALSE,https://example.com/a.jpg\n"
    "six,2027-02-13,20:40:00,VRAI,VRAI,FAUX,https://example.com/a.jpg\n"
    "seven,2027-02-14,20:40:00,いいえ,maybe,1,https://example.com/a.jpg\n"
)


def test_yes_and_no_of_any_language_are_read_and_any_other_word_is_an_error_of_its_cell(text_file: Any) -> None:
    sheet = read_sheet(text_file(YES_NO), mapping="metricool")
    assert [(sheet.text(row, "action"), sheet.text(row, "channel")) for row in sheet.rows] == [
        ("", "FACEBOOK, INSTAGRAM"),
        ("draft", "FACEBOOK"),
        ("draft", "FACEBOOK"),
        ("", "FACEBOOK"),
        ("draft", "FACEBOOK"),
        ("draft", "FACEBOOK"),
        ("", "INSTAGRAM"),
    ]
    assert [(i.row, i.column, i.code, i.cell, i.severity, i.message) for i in sheet.issues] == [
        (5, "action", "yes_no_unknown", "D5", Severity.ERROR,
         "'Draft' says “draft”, which is neither yes nor no. Write TRUE or FALSE."),
        (8, "channel", "yes_no_unknown", "E8", Severity.ERROR,
         "'Facebook' says “maybe”, which is neither yes nor no. Write TRUE or FALSE."),
    ]  # fmt: skip


def test_an_error_cell_or_a_number_in_a_yes_no_column_is_never_silently_no(xlsx: Any) -> None:
    headings = ["Text", "Date", "Time", "Draft", "Facebook", "Picture Url 1"]
    rows = [["one", "2027-02-09", "20:40", 1, "TRUE", ""], ["two", "2027-02-09", "20:40", 7, "FALSE", ""]]
    sheet = read_sheet(xlsx([headings, *rows]), mapping="metricool")
    assert [(sheet.text(row, "action"), sheet.text(row, "channel")) for row in sheet.rows] == [
        ("draft", "FACEBOOK"),
        ("", ""),
    ]
    assert [(i.row, i.column, i.code, i.seen, i.cell) for i in sheet.issues] == [
        (3, "action", "yes_no_unknown", "7", "D3")
    ]
