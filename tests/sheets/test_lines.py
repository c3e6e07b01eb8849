"""The columns of the results: ours first, then the sheet's own, each name once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

from batch.model import COLUMNS, RESULT_COLUMNS, Content, Outcome, Results
from batch.times import utc_text
from batch.workbooks.results import result_columns, result_rows


def test_the_sheets_own_columns_follow_and_a_name_that_is_taken_is_told_apart(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    results = make_results([make_outcome()], [{}], headings=COLUMNS)
    headings = result_columns(results).headings
    assert headings[: len(RESULT_COLUMNS)] == RESULT_COLUMNS
    own = tuple(f"{name} (sheet)" if name in RESULT_COLUMNS else name for name in COLUMNS)
    assert headings[len(RESULT_COLUMNS) :] == own


def test_no_heading_stands_twice_whatever_the_sheet_calls_its_columns(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    given = ("Key", "key (sheet)", "KEY", "owner", "Owner", "", "characters", "problem", "Publish At")
    headings = result_columns(make_results([make_outcome()], [{}], headings=given)).headings[len(RESULT_COLUMNS) :]
    assert headings == ("Key (sheet)", "key (sheet) (sheet)", "KEY (sheet 2)", "owner", "Owner (sheet)", "Publish At")


def test_each_post_of_a_row_has_a_line_with_the_rows_own_cells(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [make_outcome(2, channel="FACEBOOK"), make_outcome(2, channel="LINKEDIN"), make_outcome(9)]
    results = make_results(outcomes, [{"text": "hello", "owner": "Anna"}])
    columns = result_columns(results)
    lines = [dict(zip(columns.headings, line, strict=True)) for line in result_rows(results, columns)]
    told = [(line["row"], line["channel"], line["text"], line["owner"]) for line in lines]
    assert told == [(2, "FACEBOOK", "hello", "Anna"), (2, "LINKEDIN", "hello", "Anna"), (9, "INSTAGRAM", "", "")]


def test_what_was_generated_stands_at_the_end_and_only_where_something_was(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    written = make_outcome(3, generated=True, content=Content(text="made", title="name"))
    results = make_results([make_outcome(2, content=Content(text="own words")), written], [{"text": "a"}, {"text": ""}])
    layout = result_columns(results)
    assert layout.headings[-3:] == ("text", "generated", "generated_title")
    assert [line[-2:] for line in result_rows(results, layout)] == [["", ""], ["made", "name"]]
    assert "generated" not in result_columns(make_results([make_outcome()], [{"text": "a"}])).headings


def test_an_instant_is_told_in_utc() -> None:
    assert utc_text(datetime(2026, 12, 1, 9, 30, tzinfo=timezone(timedelta(hours=1)))) == "2026-12-01T08:30:00Z"
    assert utc_text(None) == ""
