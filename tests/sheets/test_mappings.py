"""Sheets made for other schedulers, by their documented layouts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batch.errors import SheetError
from batch.model import CHANNEL_COLUMNS, COLUMNS, Channel, Severity, SheetRows
from batch.rules.channel_words import channel_named
from batch.sheets.cells import RawRow
from batch.sheets.headings import HeadingChoices, join_cells
from batch.sheets.read import read_sheet
from batch.sheets.schedulers import (
    REMEDIES,
    DayOrder,
    ForeignSheet,
    heading_key,
    recognise,
    schedulers,
)
from batch.wording import cell_address

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
    "socialbee": "text,link,imageUrls,gifUrls,videoUrls,postAtSpecificTime\n"
    'Hello,,"https://a.example/1.jpg, https://a.example/2.jpg",,,2026-12-01 09:30:00\n',
    "highlevel": "postAtSpecificTime (YYYY-MM-DD HH:mm:ss),content,link (OGmetaUrl),imageUrls,gifUrl,videoUrls\n"
    "2026-12-01 09:30:00,Hello,https://a.example,https://a.example/1.jpg,,https://a.example/2.mp4\n",
    "contentstudio": "Date and Time,Message,Image URL,Link\n03/12/2026 09:30,Hello,https://a.example/1.jpg,\n",
    "ayrshare": "post,platforms,mediaUrls,scheduleDate\n"
    'Hello,"twitter, facebook",https://a.example/1.jpg,2026-12-01T09:30:00Z\n',
    "postfast": "scheduled_at,account_id,content,media_urls,first_comment,fb_content_type,ig_publish_type,yt_is_short,"
    'pinterest_board_id\n2026-12-01T09:30:00Z,,Hello,"https://a.example/1.jpg,https://a.example/2.jpg",,POST,,false,\n',
    "oktopost": "Network,Message,LinkUrl,LinkTitle,ImageUrl,Description,Picture\n"
    "LinkedIn,Hello,https://a.example,,,,https://a.example/1.jpg\n",
}  # fmt: skip


def refusal(path: Any, **options: Any) -> str:
    with pytest.raises(SheetError) as caught:
        read_sheet(path, **options)
    return str(caught.value)


def cells(sheet: SheetRows, at: int = 0) -> dict[str, str]:
    row = sheet.rows[at]
    return {column: text for column in sheet.columns if (text := sheet.text(row, column))}


@pytest.mark.parametrize("name", schedulers())
def test_every_layout_has_its_source_and_maps_to_columns_that_exist(name: str) -> None:
    layout = schedulers()[name]
    assert layout.source.startswith("https://")
    assert layout.read >= "2026-11-24"
    ours = {column.partition(":")[0] for column in layout.columns.values()}
    assert ours <= {*COLUMNS, "date", "time", "draft"}
    own = [column.split(":") for column in layout.columns.values() if ":" in column]
    assert all(base in CHANNEL_COLUMNS and channel in Channel.__members__ for base, channel in own)
    assert layout.signature or layout.positions
    assert layout.order in {"", "month first", "day first"}
    assert set(layout.types.values()) <= set(Channel)
    assert {decision.kind for decision in layout.decides.values()} <= REMEDIES.keys()
    assert {decision.channel for decision in layout.decides.values()} <= {"", *Channel}
    parts = [layout.columns, layout.flags, layout.types, layout.decides, layout.lost, layout.idle]
    assert len({heading for part in parts for heading in part}) == sum(map(len, parts))


@pytest.mark.parametrize("name", schedulers())
def test_every_layout_reads_its_sample_and_says_what_became_of_each_column(text_file: Any, name: str) -> None:
    sheet = read_sheet(text_file(SAMPLES[name]), mapping=name)
    assert sheet.notices[0].startswith(f"Read as a sheet made for {schedulers()[name].title}: '")
    assert {"text", "channel"} <= sheet.columns.keys()
    assert "publish_at" in sheet.columns or name == "oktopost"  # its messages get their dates elsewhere


def test_buffer(text_file: Any) -> None:
    sheet = read_sheet(text_file(BUFFER), mapping="buffer")
    assert cells(sheet) == {"text": "Hello", "media": "https://a.example/1.jpg", "publish_at": "2026-12-01 09:30"}
    assert sheet.rows[0].number == 2
    assert sheet.notices == (
        "Read as a sheet made for Buffer: 'Text' -> text, 'Image URL' -> media, 'Posting Time' -> publish_at.",
        "A Buffer sheet does not name the channel of a post: add a column 'channel' and fill it in.",
        "Column 'Tags' is ignored (kept in the results).",
    )


def test_the_headings_of_one_scheduler_are_never_read_as_a_post_of_another(text_file: Any) -> None:
    with pytest.raises(SheetError, match=r"looks like a sheet made for Buffer\. Use --from buffer"):
        read_sheet(text_file(BUFFER), mapping="hootsuite")


def test_a_sheet_without_headings_is_told_where_its_channel_can_stand(text_file: Any) -> None:
    post = "12/25/2031 09:05,Hello,https://a.example"
    bare = read_sheet(text_file(f"{post}\n"), mapping="hootsuite")
    headings = ", ".join((*schedulers()["hootsuite"].positions[0], "channel"))
    assert any(f"put a first row of headings above it, {headings}, and fill in" in said for said in bare.notices)
    mended = read_sheet(text_file(f"{headings}\n{post},FACEBOOK\n"), mapping="hootsuite")
    assert cells(mended)["channel"] == "FACEBOOK"
    assert not any("does not name the channel" in said for said in mended.notices)


def test_publer(text_file: Any) -> None:
    sheet = read_sheet(text_file(PUBLER), mapping="publer")
    assert cells(sheet) == {
        "publish_at": "2026/12/01 09:30",
        "text": "Hello",
        "link": "https://a.example",
        "media": "https://a.example/1.jpg\nhttps://a.example/2,b.jpg",
        "title": "A title",
        "type": "REEL",
        "channel": "FB",
    }


def test_metricool(text_file: Any) -> None:
    sheet = read_sheet(text_file(METRICOOL), mapping="metricool")
    assert cells(sheet) == {
        "text": "One",
        "publish_at": "2026-12-01 09:30:00",
        "channel": "FACEBOOK, INSTAGRAM",
        "media": "https://a.example/1.jpg\nhttps://a.example/2.jpg",
    }
    assert cells(sheet, 1) == {
        "text": "Two",
        "publish_at": "2026-12-02 10:00:30",
        "action": "draft",
        "title:TIKTOK": "A title",
    }


def test_a_network_to_which_nothing_can_be_sent_is_an_error_of_its_own_cell(text_file: Any) -> None:
    unknown = {name for name in schedulers()["metricool"].flags.values() if not channel_named(name)}
    assert unknown == {"THREADS", "BLUESKY"}
    (issue,) = read_sheet(text_file(METRICOOL), mapping="metricool").issues
    assert (issue.row, issue.column, issue.code, issue.seen, issue.cell) == (
        3,
        "channel",
        "channel_unknown",
        "TRUE",
        "H3",
    )
    assert issue.message == (
        "'Threads' is TRUE, but no posts can be sent there. Write FALSE, or go on without it with --ignore Threads."
    )
    ignoring = HeadingChoices(ignored=("Threads",))
    (issue,) = read_sheet(text_file(METRICOOL), mapping="metricool", choices=ignoring).issues
    assert (issue.row, issue.code, issue.message) == (
        3, "channel_missing", "No channel is chosen. Write TRUE under 'Facebook', 'Twitter/X' or 'Instagram'.",
    )  # fmt: skip


def test_the_channel_that_is_added_is_none_of_the_headings_that_are_listed(text_file: Any) -> None:
    told = refusal(text_file(BUFFER), mapping="buffer", choices=HeadingChoices(ignored=("Tag",)))
    assert "no heading is called that. The headings are 'Text', 'Image URL', 'Tags', 'Posting Time'." in told


TYPES = (
    "Text,Date,Time,Draft,Facebook,Instagram,YouTube,Picture Url 1,Instagram Post Type,YouTube Video Type\n"
    "One,2026-12-01,09:30,FALSE,TRUE,TRUE,,https://a.example/1.jpg,STORY,\n"
    "Two,2026-12-02,09:30,FALSE,FALSE,TRUE,TRUE,https://a.example/1.mp4,reel,Short\n"
    "Three,2026-12-03,09:30,FALSE,TRUE,FALSE,,https://a.example/1.jpg,STORY,\n"
    "Four,2026-12-04,09:30,FALSE,FALSE,TRUE,,https://a.example/1.jpg,POST,\n"
    "Five,2026-12-05,09:30,FALSE,FALSE,TRUE,,https://a.example/1.jpg,TRIAL,\n"
)


def test_the_type_of_post_is_that_of_its_own_channel_and_one_that_is_unknown_an_error(text_file: Any) -> None:
    sheet = read_sheet(text_file(TYPES), mapping="metricool")
    assert [sheet.text(row, "channel") for row in sheet.rows] == [
        "FACEBOOK, INSTAGRAM STORY", "INSTAGRAM REEL, YOUTUBE SHORT", "FACEBOOK", "INSTAGRAM", "INSTAGRAM",
    ]  # fmt: skip
    (issue,) = sheet.issues
    assert (issue.row, issue.column, issue.code, issue.cell) == (6, "Instagram Post Type", "not_mapped", "I6")
    assert issue.message == (
        "'Instagram Post Type' is “TRIAL”, which can't be carried over from Metricool. Write POST, STORY, REEL, VIDEO "
        "or SHORT, or go on without it with --ignore 'Instagram Post Type'."
    )


DECIDING = (
    "Text,Date,Time,Draft,Facebook,Pinterest,Picture Url 1,Alt text picture 1,Shortener,Pinterest Board,"
    "First Comment Text,GBP Post Type,Brand name\n"
    "One,2026-12-01,09:30,FALSE,FALSE,TRUE,https://a.example/1.jpg,,FALSE,Glazes,,publication,\n"
    "Two,2026-12-02,09:30,FALSE,TRUE,FALSE,https://a.example/1.jpg,A bowl,TRUE,Glazes,Link!,OFFER,\n"
    "Three,2026-12-03,09:30,FALSE,TRUE,FALSE,https://a.example/1.jpg,,TRUE,,,,Pottery\n"
)


def test_what_decides_where_or_what_and_can_not_be_carried_is_an_error_of_its_cell(text_file: Any) -> None:
    sheet = read_sheet(text_file(DECIDING), mapping="metricool")
    assert [(i.cell, i.column, i.code, i.seen, i.severity) for i in sheet.issues] == [
        ("J2", "Pinterest Board", "not_mapped", "Glazes", Severity.ERROR),
        ("K3", "First Comment Text", "not_mapped", "Link!", Severity.ERROR),
        ("H3", "Alt text picture 1", "not_carried", "A bowl", Severity.WARNING),
        ("M4", "Brand name", "not_mapped", "Pottery", Severity.ERROR),
    ]
    assert [issue.message for issue in sheet.issues[:2]] == [
        "'Pinterest Board' holds the board (“Glazes”), which can't be carried over from Metricool. Name it in a column "
        "'account' and run with --ignore 'Pinterest Board'.",
        "'First Comment Text' holds the first comment (“Link!”), which can't be carried over from Metricool. Clear the "
        "cell, or go on without it with --ignore 'First Comment Text'.",
    ]


def test_ignoring_goes_on_without_a_column_that_decides_something(text_file: Any) -> None:
    ignoring = HeadingChoices(ignored=("Pinterest Board", "First comment text", "Brand name", "Alt text picture 1"))
    sheet = read_sheet(text_file(DECIDING), mapping="metricool", choices=ignoring)
    assert sheet.issues == ()
    assert sheet.notices[-1] == (
        "Columns 'Alt text picture 1', 'Shortener', 'Pinterest Board', 'First Comment Text' and 'Brand name' are "
        "ignored (kept in the results)."
    )


def test_every_column_that_decides_something_is_an_error_where_it_is_filled(text_file: Any) -> None:
    for name, scheduler in schedulers().items():
        base = SAMPLE_HEADINGS.get(name) or list(scheduler.positions[-1])
        for heading, decision in scheduler.decides.items():
            own = next((at for at, known in enumerate(base) if heading_key(known) == heading), len(base))
            names = [*base, *([heading] if own == len(base) else [])]
            line = ["yes" if scheduler.find(scheduler.flags, known) == decision.channel else "" for known in names]
            flags = [known for known, channel in scheduler.flags.items() if channel == (decision.channel or "FACEBOOK")]
            names, line = [*names, *flags[:1]], [*line, *["yes" for _ in flags[:1]]]
            line[own] = "Something"
            sheet = read_sheet(text_file(",".join(names) + "\n" + ",".join(line) + "\n"), mapping=name)
            found = [issue for issue in sheet.issues if issue.code == "not_mapped"]
            assert [(i.column, i.cell, i.seen) for i in found] == [(names[own], cell_address(2, own), "Something")], (
                heading
            )


def test_a_metricool_template_with_what_its_exporter_fills_in_has_no_warning(text_file: Any) -> None:
    scheduler = schedulers()["metricool"]
    filled = {"text": "Hi", "date": "2026-12-01", "time": "09:30", "pictureurl1": "https://a.example/1.jpg"}
    names = ["Text", "Date", "Time", "Picture Url 1", *scheduler.flags, *scheduler.types, *scheduler.idle]
    names += [*scheduler.decides, *scheduler.lost]
    line = [filled.get(heading_key(name)) or ("TRUE" if name in scheduler.idle else "FALSE") for name in names]
    line = ["POST" if name in scheduler.types else cell for name, cell in zip(names, line, strict=True)]
    line[names.index("facebook")] = "TRUE"
    sheet = read_sheet(text_file(",".join(names) + "\n" + ",".join(line) + "\n"), mapping="metricool")
    assert (cells(sheet)["channel"], sheet.issues) == ("FACEBOOK", ())


def test_sprout(text_file: Any) -> None:
    sheet = read_sheet(text_file(SPROUT), mapping="sprout")
    assert cells(sheet) == {
        "publish_at": "25/12/2026 09:30",
        "text": "Hello",
        "media": "https://a.example/1.jpg",
        "channel": "li",
    }
    assert "Its dates were read with the day first, as row 2 (25/12/2026) shows." in sheet.notices


def test_hootsuite_has_no_headings_and_its_first_row_is_row_1(text_file: Any) -> None:
    sheet = read_sheet(text_file(HOOTSUITE), mapping="hootsuite")
    assert [row.number for row in sheet.rows] == [1, 2]
    assert cells(sheet) == {"publish_at": "12/25/2026 09:30", "text": "Hello", "link": "https://a.example"}
    assert cells(sheet, 1) == {"publish_at": "2026-03-04 10:00", "text": "Two, three"}
    assert "Its dates were read with the month first, as row 1 (12/25/2026 09:30) shows." in sheet.notices


def test_rows_without_headings_are_as_long_as_the_layout_whatever_the_first_one_is(text_file: Any) -> None:
    lines = "2026-12-01 09:30,Hello,\n2026-12-02 09:30,Two,https://a.example\n2026-12-03 09:30,Hello, you,\n"
    sheet = read_sheet(text_file(f"{lines}2026-12-03 09:30,Three, four,https://a.example\n"), mapping="hootsuite")
    assert cells(sheet, 1) == {"publish_at": "2026-12-02 09:30", "text": "Two", "link": "https://a.example"}
    assert [(i.row, i.code, i.seen, i.message) for i in sheet.issues] == [
        (4, "too_many_cells", "https://a.example",
         "Row 4 has 4 cells, but a sheet made for Hootsuite has 3 columns. Put quotation marks round a text that holds "
         "the separator."),
    ]  # fmt: skip


def test_hootsuite_with_headings_and_a_channel_column_of_ones_own(text_file: Any) -> None:
    text = "Date,Message,Link,Channel\n2026-12-01 09:30,Hello,,X\n"
    sheet = read_sheet(text_file(text), mapping="hootsuite")
    assert cells(sheet) == {"publish_at": "2026-12-01 09:30", "text": "Hello", "channel": "X"}
    assert sheet.rows[0].number == 2


def test_zoho_writes_line_breaks_as_two_characters(text_file: Any) -> None:
    sheet = read_sheet(text_file(ZOHO), mapping="zoho")
    assert sheet.text(sheet.rows[0], "text") == "One.\n\n#Two"
    assert sheet.text(sheet.rows[0], "media") == "https://a.example/1.jpg\nhttps://a.example/2.jpg"
    assert sheet.text(sheet.rows[0], "publish_at") == "12/01/2026 15:00"


# What the one row of each of these samples says
READ = {
    "socialbee": {
        "text": "Hello", "media": "https://a.example/1.jpg\nhttps://a.example/2.jpg",
        "publish_at": "2026-12-01 09:30:00",
    },
    "highlevel": {
        "publish_at": "2026-12-01 09:30:00", "text": "Hello", "link": "https://a.example",
        "media": "https://a.example/1.jpg\nhttps://a.example/2.mp4",
    },
    "contentstudio": {"publish_at": "2026-12-03 09:30", "text": "Hello", "media": "https://a.example/1.jpg"},
    "ayrshare": {
        "text": "Hello", "channel": "twitter, facebook", "media": "https://a.example/1.jpg",
        "publish_at": "2026-12-01T09:30:00Z",
    },
    "postfast": {
        "publish_at": "2026-12-01T09:30:00Z", "text": "Hello",
        "media": "https://a.example/1.jpg\nhttps://a.example/2.jpg",
    },
    "oktopost": {
        "channel": "LinkedIn", "text": "Hello", "link": "https://a.example", "media": "https://a.example/1.jpg",
    },
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_row_of_the_documented_headings(text_file: Any, name: str) -> None:
    sheet = read_sheet(text_file(SAMPLES[name]), mapping=name)
    assert (cells(sheet), sheet.issues) == (READ[name], ())


def test_the_order_that_the_maker_writes_is_said(text_file: Any) -> None:
    notices = read_sheet(text_file(SAMPLES["contentstudio"]), mapping="contentstudio").notices
    assert "Its dates were read with the day first, as ContentStudio writes them." in notices


def test_a_type_of_post_without_a_channel_to_put_it_beside_is_an_error(text_file: Any) -> None:
    text = SAMPLES["postfast"].replace("POST,,false", "STORY,,true")
    found = [(i.cell, i.column, i.seen) for i in read_sheet(text_file(text), mapping="postfast").issues]
    assert found == [("H2", "yt_is_short", "true"), ("F2", "fb_content_type", "STORY")]


ZOHO_CHANNELS = (
    '12/25/2026 15:00,Facebook,"Hello, you",https://a.example,\n'
    '03/04/2026 15:00,"Instagram, X",Hi,,https://a.example/1.jpg\n'
)


def test_zoho_may_name_the_channels_in_its_second_column(text_file: Any) -> None:
    sheet = read_sheet(text_file(ZOHO_CHANNELS), mapping="zoho")
    assert [cells(sheet, at) for at in (0, 1)] == [
        {"publish_at": "12/25/2026 15:00", "channel": "Facebook", "text": "Hello, you", "link": "https://a.example"},
        {"publish_at": "2026-03-04 15:00", "channel": "Instagram, X", "text": "Hi", "media": "https://a.example/1.jpg"},
    ]
    assert sheet.headings == schedulers()["zoho"].positions[0]
    headed = "Schedule Time,Channel,Post Content,Link\n2026-12-01 09:30,Facebook,Hello,\n"
    assert cells(read_sheet(text_file(headed), mapping="zoho")) == {
        "publish_at": "2026-12-01 09:30", "channel": "Facebook", "text": "Hello",
    }  # fmt: skip


def test_a_second_column_that_does_not_always_name_channels_is_the_text(text_file: Any) -> None:
    sheet = read_sheet(text_file(f"{ZOHO_CHANNELS}12/26/2026 15:00,Hello,https://a.example,\n"), mapping="zoho")
    assert [sheet.text(row, "text") for row in sheet.rows] == ["Facebook", "Instagram, X", "Hello"]


def test_socialpilot_accounts_are_its_own_numbers_and_never_ours(text_file: Any) -> None:
    sheet = read_sheet(text_file(SOCIALPILOT), mapping="socialpilot")
    assert cells(sheet) == {
        "text": "Hello",
        "media": "https://a.example/1.jpg\nhttps://a.example/2.jpg",
        "publish_at": "Jan 10, 2030 3:00 PM",
        "link": "https://b.example",
    }
    assert [(issue.column, issue.cell, issue.code) for issue in sheet.issues] == [("Account ID", "D1", "not_mapped")]


NAMES_CHANNELS = {"ayrshare", "oktopost"}


@pytest.mark.parametrize("name", [name for name in schedulers() if name not in NAMES_CHANNELS])
def test_headings_of_another_scheduler_are_recognised_and_the_option_proposed(text_file: Any, name: str) -> None:
    layout = schedulers()[name]
    headings = SAMPLE_HEADINGS[name]
    assert recognise(headings)[0] == name
    told = refusal(text_file(",".join(headings) + "\n" + ",".join("a" for _ in headings) + "\n"))
    assert told == (f"posts.csv looks like a sheet made for {layout.title}. Use --from {name} to read it as one.")


SAMPLE_HEADINGS = {
    "hootsuite": ["Date", "Message", "Link"],
    "buffer": ["Text", "Image URL", "Tags", "Posting Time"],
    "publer": ["Date - Intl. format or prompt", "Text", "Link(s)", "Media URL(s) - Separated by comma"],
    "metricool": ["Text", "Date", "Time", "Draft", "Facebook", "Picture Url 1"],
    "socialpilot": ["Content", "Image URL", "Scheduled Date", "Account ID"],
    "sprout": ["date", "time_24hr", "message_text"],
    "zoho": ["Schedule Time", "Post Content", "Link", "Media"],
    **{
        name: SAMPLES[name].partition("\n")[0].split(",")
        for name in ("socialbee", "highlevel", "contentstudio", "ayrshare", "postfast", "oktopost")
    },
}


def test_our_own_headings_are_never_taken_for_another_scheduler() -> None:
    assert recognise(COLUMNS) == []


def test_a_sheet_without_headings_is_told_to_say_whose_it_is(text_file: Any) -> None:
    assert refusal(text_file(HOOTSUITE)) == (
        "posts.csv has no headings; row 1 is a post. Put the headings above it or, if the sheet was made for another "
        "scheduler, name it (--from hootsuite, --from socialpilot, --from zoho)."
    )


def test_a_scheduler_that_is_not_known_or_not_this_one_is_refused(text_file: Any) -> None:
    assert refusal(text_file(BUFFER), mapping="later") == (
        f"No sheets of 'later' are known. Use --from with one of {', '.join(schedulers())}."
    )
    assert refusal(text_file("channel,notes\nX,Hi\n"), mapping="buffer") == (
        "posts.csv has none of the headings of a Buffer sheet. Leave out --from, or name the scheduler that it is from."
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
    order = DayOrder.proved_by(list(enumerate(dates)))
    assert (order.month_first if order else None) is month_first


# A date as written, whether the month comes first, and what is made of it
DATES = [
    ("03/04/2026 09:30", True, "2026-03-04 09:30"),
    ("03/04/2026 9:30 pm", False, "2026-04-03 21:30"),
    ("3.4.2026 09:30:15", False, "2026-04-03 09:30:15"),
    ("03/04/2026", True, "2026-03-04"),
    ("03/04/2026 09:30 Europe/Berlin", True, "2026-03-04 09:30 Europe/Berlin"),
    ("03/04/2026 09:30 UTC+02:00", True, "03/04/2026 09:30 UTC+02:00"),
    ("05/05/2026 9:30 pm", False, "05/05/2026 9:30 pm"),
    ("25/12/2026 09:30", True, "25/12/2026 09:30"),
    ("31/31/2026 09:30", True, "31/31/2026 09:30"),
    ("03/04/26 09:30", True, "03/04/26 09:30"),
    ("2026-12-01 09:30", False, "2026-12-01 09:30"),
    ("next Friday at 2 PM", True, "next Friday at 2 PM"),
    ("", True, ""),
]


@pytest.mark.parametrize(("written", "month_first", "read"), DATES)
def test_only_a_doubt_of_day_and_month_is_settled(written: str, month_first: bool, read: str) -> None:
    assert DayOrder(month_first).settle(written) == read


def test_a_file_that_proves_another_order_than_its_maker_writes_is_left_in_doubt() -> None:
    fixed = replace(schedulers()["sprout"], order="month first")
    for line, read in (("03/04/2026", "2026-03-04 09:30"), ("03/04/2026\n25/12/2026", "03/04/2026 09:30")):
        rows = [f"{date},09:30,Hello" for date in line.split("\n")]
        lines = [RawRow(number, line.split(",")) for number, line in enumerate(rows, start=2)]
        foreign = ForeignSheet(
            fixed, ("date", "time_24hr", "message_text"), HeadingChoices(), rows=lines, headless=False
        )
        (joined,) = join_cells([foreign.convert(lines[0])], {"publish_at": (0, 1)})
        assert joined.cells[0] == read


def test_a_date_cell_and_a_time_cell_are_one_moment(xlsx: Any) -> None:
    rows = [
        ("date", "time_24hr", "message_text"),
        ((46357, 2), (0.395833333333333, 3), "Hello"),
        ((46357, 2), "10:15", "Hi"),
    ]
    sheet = read_sheet(xlsx(rows), mapping="sprout")
    assert [sheet.text(row, "publish_at") for row in sheet.rows] == ["2026-12-01 09:30", "2026-12-01 10:15"]


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
         "'Draft' is “draft”, which is neither yes nor no. Write TRUE or FALSE."),
        (8, "channel", "yes_no_unknown", "E8", Severity.ERROR,
         "'Facebook' is “maybe”, which is neither yes nor no. Write TRUE or FALSE."),
    ]  # fmt: skip


def test_an_error_cell_or_a_number_in_a_yes_no_column_is_never_silently_no(xlsx: Any) -> None:
    headings = ["Text", "Date", "Time", "Draft", "Facebook", "Picture Url 1"]
    rows = [["one", "2027-02-09", "20:40", 1, "TRUE", ""], ["two", "2027-02-09", "20:40", 7, "TRUE", ""]]
    sheet = read_sheet(xlsx([headings, *rows]), mapping="metricool")
    assert [(sheet.text(row, "action"), sheet.text(row, "channel")) for row in sheet.rows] == [
        ("draft", "FACEBOOK"),
        ("", "FACEBOOK"),
    ]
    assert [(i.row, i.column, i.code, i.seen, i.cell) for i in sheet.issues] == [
        (3, "action", "yes_no_unknown", "7", "D3")
    ]


def test_a_heading_that_the_layout_does_not_know_is_read_by_its_words_and_never_dropped(text_file: Any) -> None:
    text = "Text,Scheduled Date,Scheduled Time,Profile,Platform\nHello,2026-12-01,09:30,@pottery,X\n"
    sheet = read_sheet(text_file(text), mapping="buffer")
    assert cells(sheet) == {
        "text": "Hello", "publish_at": "2026-12-01 09:30", "account": "@pottery", "channel": "X",
    }  # fmt: skip
    assert sheet.notices == (
        "Read as a sheet made for Buffer: 'Text' -> text.",
        "Read 'Scheduled Date' and 'Scheduled Time' as publish_at.",
        "Read 'Profile' as account.",
        "Read 'Platform' as channel.",
    )
    assert refusal(
        text_file("Text,Image URL,Posting Time,Brand\nHello,,2026-12-01 09:30,Pots\n"), mapping="buffer"
    ) == ("posts.csv: 'Brand' could be account. Use it with --map account=Brand, or leave it out with --ignore Brand.")
