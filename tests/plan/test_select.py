from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from batch.errors import StartError
from batch.model import Action, Channel, Post
from batch.plan.select import read_only, read_rows, select


@pytest.fixture
def sheet(make: SimpleNamespace) -> list[Post]:
    return [
        replace(make.post("spring-01/INSTAGRAM"), row=2, approved=True),
        replace(make.post("spring-01/FACEBOOK"), row=2, channel=Channel.FACEBOOK, approved=True),
        replace(make.post("spring-02"), row=3, account="@Studio"),
        replace(make.post("summer-01"), row=5, channel=Channel.TWITTER, action=Action.CANCEL),
        replace(make.post("wrong"), row=9, channel=None, type=None),
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
        ({"only": ["channel="]}, None),
        ({"rows": "2"}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK"]),
        ({"rows": "3 - 5, 9"}, ["spring-02", "summer-01", "wrong"]),
        ({"rows": "4-"}, ["summer-01", "wrong"]),
        ({"rows": "2-999999999"}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK", "spring-02", "summer-01", "wrong"]),
        ({"first": 2}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK", "spring-02"]),
        ({"first": 1, "only": ["channel=X"]}, ["summer-01"]),
        ({"approved_only": True}, ["spring-01/INSTAGRAM", "spring-01/FACEBOOK"]),
        ({"approved_only": True, "only": ["channel=FACEBOOK"], "first": 9}, ["spring-01/FACEBOOK"]),
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


@pytest.mark.parametrize("expression", ["", "channel", "=", "colour=red", "channel:INSTAGRAM", "channel=SNAPCHAT"])
def test_an_only_that_cannot_be_read_is_refused_with_an_example(expression: str) -> None:
    with pytest.raises(StartError, match=r"channel"):
        read_only(expression)


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
