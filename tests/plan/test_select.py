from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from batch.errors import StartError
from batch.model import Action, Channel, Post, Row, SheetRows
from batch.plan.select import columns_of, read_only, read_rows, select
from tests.plan.builders import Builders

LATE = datetime(2031, 3, 3, 23, 30, tzinfo=UTC)
"""On 4 March in Berlin, the zone of these posts."""


@pytest.fixture
def sheet(make: Builders) -> list[Post]:
    return [
        replace(make.post("spring-01/INSTAGRAM"), row=2, approved=True, publish_at=LATE),
        replace(make.post("spring-01/FACEBOOK"), row=2, channel=Channel.FACEBOOK, approved=True, publish_at=LATE),
        replace(make.post("spring-02"), row=3, account="@Studio", publish_at=LATE + timedelta(days=1)),
        replace(
            make.post("summer-01"), row=5, channel=Channel.TWITTER, action=Action.CANCEL, site="garden", publish_at=None
        ),
        replace(make.post("wrong"), row=9, channel=None, type=None, site="bakery", publish_at=None),
    ]


def run(sheet: list[Post], **flags: object) -> list[str]:
    left_out = select(sheet, **flags)  # type: ignore[arg-type] # as from the command line
    assert all(reason.endswith(".") for reason in left_out.values())
    return [post.key for post in sheet if (post.row, post.key) not in left_out]


@pytest.mark.parametrize(
    ("flags", "kept"),
    [
        ({}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK", "spring-02", "summer-01", "wrong"]),
        ({"only": ["channel=INSTAGRAM"]}, ["spring-01/INSTAGRAM", "spring-02"]),
        ({"only": ["Channel = instagram , X"]}, ["spring-01/INSTAGRAM", "spring-02", "summer-01"]),
        ({"only": ["channel!=INSTAGRAM"]}, ["spring-01/FACEBOOK", "summer-01", "wrong"]),
        ({"only": ["key=spring-*"]}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK", "spring-02"]),
        ({"only": ["channel=INSTAGRAM", "account=studio"]}, ["spring-02"]),
        ({"only": ["action=cancel"]}, ["summer-01"]),
        ({"only": ["action=Cancelled"]}, ["summer-01"]),
        ({"only": ["action=CANCELED, scheduled"]}, ["summer-01"]),
        ({"only": ["action!=canceling and action="], "rows": "3-5"}, ["spring-02"]),
        ({"only": ["channel="]}, None),
        ({"rows": "2"}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK"]),
        ({"rows": "3 - 5, 9"}, ["spring-02", "summer-01", "wrong"]),
        ({"rows": "4-"}, ["summer-01", "wrong"]),
        ({"rows": "2-999999999"}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK", "spring-02", "summer-01", "wrong"]),
        ({"first": 2}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK", "spring-02"]),
        ({"first": 1, "only": ["channel=X"]}, ["summer-01"]),
        ({"approved_only": True}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK"]),
        ({"approved_only": True, "only": ["channel=FACEBOOK"], "first": 9}, ["spring-01/FACEBOOK"]),
        ({"sites": ["Garden", "Bakery"]}, ["summer-01", "wrong"]),
        ({"sites": ["garden"], "rows": "2-5"}, ["summer-01"]),
        ({"from_date": "2031-03-05"}, ["spring-02"]),
        ({"until": "2031-03-05", "rows": "2-3"}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK", "spring-02"]),
        ({"until": "2031-03-04"}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK"]),
    ],
)
def test_what_is_left_out_says_why_and_the_rest_runs(
    sheet: list[Post], flags: dict[str, object], kept: list[str] | None
) -> None:
    if kept is None:
        with pytest.raises(StartError, match="no channel"):
            run(sheet, **flags)
    else:
        assert run(sheet, **flags) == kept


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ({"from_date": "soon"}, "isn't a day. Write it as 2026-12-01."),
        ({"until": "2020-01-01"}, "--until 2020-01-01 fits no row"),
        ({"sites": ["nowhere"]}, "--site fits no row"),
    ],
)
def test_a_choice_that_cannot_be_meant_is_refused(sheet: list[Post], flags: dict[str, object], said: str) -> None:
    with pytest.raises(StartError, match=said):
        run(sheet, **flags)


@pytest.mark.parametrize("expression", ["", "channel", "=", "channel:INSTAGRAM", "channel=SNAPCHAT"])
def test_an_only_that_cannot_be_read_is_refused_with_an_example(expression: str) -> None:
    with pytest.raises(StartError, match=r"channel"):
        read_only(expression)


OWN = SheetRows(
    "posts.xlsx",
    "Posts",
    ("Status", "Caption", "Prio", "Start", "channel", "Häufigkeit"),
    {"text": 1, "channel": 4},
    tuple(
        Row(number, values)
        for number, values in (
            (2, ("Approved", "Hello, you", "2", "2026-12-01", "x", "oft")),
            (3, ("On hold and late", "Hi", "10", "2026-12-24", "x", "")),
            (5, ("[Draft]", "Bye", "", "soon", "x", "nie")),
            (9, ("", "", "1", "", "", "")),
        )
    ),
    (),
    (),
)


@pytest.mark.parametrize(
    ("expression", "rows"),
    [
        ("Status=Approved", {2}), ("status = approved", {2}), ("STATUS!=Approved", {3, 5, 9}), ("Status=", {9}),
        ("Status=Approved,[draft]", {2, 5}), ("Status=on hold*", {3}), ("Status=On hold and late", {3}),
        ("text=hello, you", {2}), ("Caption=Hi", {3}), ("Häufigkeit=nie", {5}), ("Prio>2", {3}), ("Prio<=2", {2, 9}),
        ("Prio>=2 and Status=Approved", {2}), ("Start<2026-12-24", {2}), ("Start>=2026-12-01", {2, 3}),
        ("Status=Approved and key=spring-*", {2}), ("publish_at<2026-12-05", {2}), ("publish at=2026-12-05", {3}),
        ("publish_at >= 2026-12-05 09:30", {3}), ("publish_at>2026-12-05 09:30", None), ("publish_at=", {5, 9}),
        ("publish_at!=2026-12-05", {2, 5, 9}),
        ("publish_at!=", {2, 3}),
    ],
)  # fmt: skip
def test_any_column_of_the_sheet_may_be_named(sheet: list[Post], expression: str, rows: set[int] | None) -> None:
    moments = {2: datetime(2026, 12, 4, 23, 30, tzinfo=UTC), 3: datetime(2026, 12, 5, 8, 30, tzinfo=UTC)}
    zones = {2: "Europe/London", 3: "Europe/Berlin"}
    posts = [replace(p, publish_at=moments.get(p.row), timezone=zones.get(p.row, "")) for p in sheet]
    if rows is None:
        with pytest.raises(StartError, match="fits no row"):
            select(posts, sheet=OWN, only=[expression])
        return
    left_out = select(posts, sheet=OWN, only=[expression])
    assert {p.row for p in posts if (p.row, p.key) not in left_out} == rows


@pytest.mark.parametrize("wanted", ["canceled", "Cancelled", "cancel*"])
@pytest.mark.parametrize("held", ["Canceled", "CANCELLED"])
def test_what_is_cancelled_is_left_out_in_either_spelling(sheet: list[Post], wanted: str, held: str) -> None:
    rows = tuple(row._replace(values=(held if row.number == 5 else "Approved", *row.values[1:])) for row in OWN.rows)
    left_out = select(sheet, sheet=replace(OWN, rows=rows), only=[f"Status!={wanted}"])
    assert {row for row, _ in left_out} == {5}


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("Colour=red", "there is no such column. The columns are Status, Caption, Prio, Start, channel, Häufigkeit."),
        ("publish_at<soon", "'soon' can't be compared. Write a date such as 2026-12-05."),
        ("publish_at<2026", "'2026' can't be compared. Write a date such as 2026-12-05."),
        ("Prio<high", "'high' can't be compared. Write a number or a date such as 2026-12-05."),
        ("action!=cancle", "there is no action 'cancle'. Write one of draft, publish, schedule, reschedule, cancel,"),
        ("Status", "can't be read. Write COLUMN=VALUE with any column of the sheet, as in --only 'channel=INSTAGRAM'"),
    ],
)
def test_an_only_that_means_nothing_here_is_refused(sheet: list[Post], expression: str, told: str) -> None:
    with pytest.raises(StartError) as caught:
        select(sheet, sheet=OWN, only=[expression])
    assert told in str(caught.value)


def test_the_columns_that_are_named_are_known_before_the_sheet_is_read() -> None:
    assert columns_of(["Status=Approved and Prio<3", "publish at<2026-12-05"]) == ("status", "prio", "publishat")


@pytest.mark.parametrize("expression", ["x", "2-", "1", "0-5", "40-2", "2,,3", "2;3", "-5", "2-3-4", "٣", "2.5"])
def test_rows_that_cannot_be_read_are_refused(expression: str) -> None:
    if expression == "2-":
        assert read_rows(expression)[0][0] == 2
        return
    with pytest.raises(StartError, match="--rows"):
        read_rows(expression)


@pytest.mark.parametrize("flags", [{"only": ["key=autumn-*"]}, {"rows": "4"}, {"rows": "100-200"}])
def test_a_choice_that_fits_no_row_is_refused(sheet: list[Post], flags: dict[str, object]) -> None:
    with pytest.raises(StartError, match="fits no row of this sheet, whose rows are 2 to 9"):
        run(sheet, **flags)


def test_the_first_none_are_refused(sheet: list[Post]) -> None:
    with pytest.raises(StartError, match="--first 0"):
        run(sheet, first=0)


def test_nothing_approved_is_no_mistake(sheet: list[Post]) -> None:
    assert run(sheet[2:], approved_only=True) == []


def test_a_sheet_without_the_column_can_have_nothing_approved(sheet: list[Post]) -> None:
    with pytest.raises(StartError, match="no column `approved`"):
        select(sheet, sheet=OWN, approved_only=True)
    assert len(select(sheet, sheet=replace(OWN, columns={"approved": 0}), approved_only=True)) == 3
