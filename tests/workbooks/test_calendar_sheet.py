"""The calendar: each post in the slot of its own local day, and each slot leads to its line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl

from batch.model import Outcome, OutcomeKind, Results
from batch.workbooks.calendar_sheet import SLOTS_A_DAY, shown_slots, sort_into_days
from batch.workbooks.results import write_results
from batch.workbooks.style import CHANNEL_TONES


def test_a_post_stands_on_its_local_day_even_where_utc_has_another(make_outcome: Callable[..., Outcome]) -> None:
    late = make_outcome(2, publish_at=datetime(2026, 12, 31, 15, 30, tzinfo=UTC), timezone="Asia/Tokyo")
    days, undated, zones = sort_into_days([late])
    assert list(days) == [date(2027, 1, 1)]
    assert (undated, zones) == (0, ("Asia/Tokyo",))


def test_a_post_without_a_wall_clock_is_told_in_utc_and_one_without_a_date_is_counted(
    make_outcome: Callable[..., Outcome],
) -> None:
    posts = [make_outcome(2, publish_at=datetime(2026, 12, 1, 8, tzinfo=UTC)), make_outcome(3), make_outcome(4)]
    days, undated, zones = sort_into_days(posts)
    assert [slot.words for slot in days[date(2026, 12, 1)]] == ["08:00 Instagram · post-2"]
    assert (undated, zones) == (2, ("UTC",))


def test_a_day_is_in_the_order_of_the_clock_and_marks_what_needs_work(make_outcome: Callable[..., Outcome]) -> None:
    posts = [
        make_outcome(2, OutcomeKind.FAILED, publish_at=datetime(2026, 12, 1, 18, tzinfo=UTC)),
        make_outcome(3, OutcomeKind.CANCELLED, publish_at=datetime(2026, 12, 1, 9, tzinfo=UTC), channel="GBP"),
    ]
    first, second = sort_into_days(posts)[0][date(2026, 12, 1)]
    assert (first.words, first.withdrawn, first.alarming) == ("09:00 Google · post-3", True, False)
    assert (second.words, second.withdrawn, second.alarming) == ("✗ 18:00 Instagram · post-2", False, True)


def test_a_crowded_day_says_how_many_more_there_are(make_outcome: Callable[..., Outcome]) -> None:
    crowd = [
        make_outcome(row, publish_at=datetime(2026, 12, 1, row, tzinfo=UTC)) for row in range(2, 2 + SLOTS_A_DAY + 3)
    ]
    shown = shown_slots(sort_into_days(crowd)[0][date(2026, 12, 1)])
    assert len(shown) == SLOTS_A_DAY
    assert shown[-1] == "+ 4 more"


def test_a_slot_has_its_channels_colour_and_leads_to_its_line(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    posts = [
        make_outcome(2),
        make_outcome(
            3, channel="TIKTOK", publish_at=datetime(2026, 12, 1, 8, 30, tzinfo=UTC), timezone="Europe/Berlin"
        ),
    ]
    sheet = openpyxl.load_workbook(write_results(make_results(posts), tmp_path / "r.xlsx").path)["Calendar"]
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "09:30 TikTok · post-3"]
    assert [cell.column_letter for cell in cells] == ["B"]
    assert cells[0].fill.fgColor.rgb[2:] == CHANNEL_TONES["TIKTOK"].fill[1:]
    assert cells[0].hyperlink.location == "'Results'!A3"
    assert any("1 post has no date" in str(cell.value) for cell in sheet["A"])
