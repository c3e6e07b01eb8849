"""Rows of posts as a sheet: what goes in is read again, in a workbook and in a CSV."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.errors import StartError
from batch.model import COLUMNS, Cell
from batch.sheets.read import read_sheet
from batch.workbooks.posts_sheet import TOO_LONG, PostRow, as_date, columns_for, count_text
from batch.workbooks.template import write_posts

ROW: Mapping[str, Cell] = {
    "key": "=spring-01",
    "channel": "INSTAGRAM",
    "account": "00017841400000000001",
    "publish_at": "2026-12-01 09:30",
    "timezone": "Europe/Berlin",
    "text": "+++ New +++\n\n@all: -20 % 👩‍👩‍👧‍👦 _x0041_",
    "media": "https://example.com/a.jpg\nhttps://example.com/b.jpg",
    "item_id": "3f2a4c5d-0000-4000-8000-000000000001",
}


def read_rows(path: Path) -> list[dict[str, str]]:
    sheet = read_sheet(path)
    assert (sheet.issues, sheet.notices) == ((), ())
    return [{name: text for name in sheet.columns if (text := sheet.text(row, name))} for row in sheet.rows]


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.csv"])
def test_rows_are_read_again_as_they_were_given(tmp_path: Path, name: str) -> None:
    rows = [ROW, {"key": "b", "channel": "GBP", "publish_at": "now", "text": "NA"}]
    (first, second) = read_rows(write_posts(rows, tmp_path / name).path)
    assert first.pop("publish_at") == ("2026-12-01 09:30:00" if name.endswith("xlsx") else "2026-12-01 09:30")
    assert first == {column: cell for column, cell in ROW.items() if column != "publish_at"}
    assert second == rows[1]


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("2026-12-01 09:30:15", "2026-12-01 09:30:15"),
        ("2026-10-25 02:30+0200", "2026-10-25 02:30+0200"),
        (datetime(2026, 12, 1, 9, 30), "2026-12-01 09:30:00"),  # noqa: DTZ001  a cell has no zone
    ],
)
def test_dates_keep_their_seconds_and_offsets(tmp_path: Path, given: Cell, read: str) -> None:
    (row,) = read_rows(write_posts([{"channel": "GBP", "publish_at": given}], tmp_path / "p.xlsx").path)
    assert row["publish_at"] == read


TYPED = st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc", "Zs", "Zl", "Zp", "Cf")), max_size=40)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TYPED, min_size=1, max_size=5), name=st.sampled_from(["h.xlsx", "h.csv"]))
def test_every_text_comes_back(tmp_path: Path, texts: list[str], name: str) -> None:
    rows = [{"channel": "GBP", "text": text} for text in texts]
    sheet = read_sheet(write_posts(rows, tmp_path / name).path)
    assert [sheet.text(row, "text") for row in sheet.rows] == [text.strip() for text in texts]


@pytest.mark.parametrize("name", ["p.xlsx", "p.csv"])
def test_columns_for_one_channel_stand_behind_the_others(tmp_path: Path, name: str) -> None:
    rows = [{"channel": "GBP, FACEBOOK", "text": "a", "text:GBP": "b"}]
    sheet = read_sheet(write_posts(rows, tmp_path / name).path)
    assert sheet.headings[-1] == "text:GBP"
    assert sheet.text(sheet.rows[0], "text:GBP") == "b"


def test_a_column_that_no_sheet_of_posts_has_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="does not have: colour"):
        columns_for([PostRow({"channel": "GBP", "colour": "red"})])


def test_no_rows_still_make_a_sheet_to_fill_in(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(write_posts([], tmp_path / "p.xlsx").path)["Posts"]
    assert {name for cell in sheet[1] if (name := cell.value)} >= set(COLUMNS)


def test_a_text_that_a_workbook_can_not_hold_is_skipped_when_run_and_whole_in_a_csv(tmp_path: Path) -> None:
    rows = [{"channel": "FACEBOOK", "text": "x" * 40_000}]
    (cut,) = read_rows(write_posts(rows, tmp_path / "p.xlsx").path)
    assert (cut["action"], cut["notes"]) == ("skip", TOO_LONG)
    (whole,) = read_rows(write_posts(rows, tmp_path / "p.csv").path)
    assert whole == rows[0]


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"End the name in \.xlsx or \.csv"):
        write_posts([ROW], tmp_path / "p.json")


@pytest.mark.parametrize("text", ["2026-13-01 09:30", "1899-01-01 09:30", "2026-12-01", "now", "", "2026-12-01 09:30Z"])
def test_what_no_workbook_can_hold_as_a_date_stays_text(text: str) -> None:
    assert as_date(text) is None


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        ({"channel": "INSTAGRAM", "text": "hello"}, "5 / 2200"),
        ({"channel": "instagram, GBP", "text": "👍"}, "2 / 1500"),
        ({"channel": "TIKTOK", "text": "x", "privacy": "SELF_ONLY"}, "1 / 4000"),
        ({"channel": "TIKTOK", "type": "video", "text": "x", "privacy": "SELF_ONLY"}, "1 / 2200"),
        ({"channel": "", "text": "x"}, "1"),
        ({"channel": "GBP", "text": ""}, ""),
    ],
)
def test_the_count_goes_by_the_tightest_limit_of_the_row(cells: Mapping[str, Cell], count: str) -> None:
    assert count_text(cells) == count


@pytest.mark.parametrize(
    ("cells", "count"),
    [
        ({"channel": "YOUTUBE", "text": "x"}, "1 / 5000 needs title"),
        ({"channel": "YOUTUBE", "text": "x", "title": "A bowl"}, "1 / 5000"),
        ({"channel": "TIKTOK, YOUTUBE"}, "needs title needs privacy"),
        ({"channel": "YOUTUBE", "action": "cancel"}, ""),
    ],
)
def test_what_a_row_needs_in_a_folded_column_stands_beside_its_count(cells: Mapping[str, Cell], count: str) -> None:
    assert count_text(cells) == count
