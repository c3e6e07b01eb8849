"""The rows that need work: in the template's own columns, to be corrected and run as they stand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from batch.model import COLUMNS, GOOD, Issue, Outcome, OutcomeKind, Results, Severity
from batch.sheets.read import read_sheet
from batch.workbooks.posts_sheet import TOO_LONG
from batch.workbooks.results import MADE_SOMETHING, SHOWN_PROBLEMS, rows_to_fix, write_results

ROW = {"key": "spring-01", "channel": "FACEBOOK", "publish_at": "2026-12-01 09:30", "text": "=not a formula\n☕"}


@pytest.mark.parametrize("kind", list(OutcomeKind))
def test_a_row_is_there_if_and_only_if_somebody_has_to_do_something(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results], kind: OutcomeKind
) -> None:
    rows = list(rows_to_fix(make_results([make_outcome(2, kind, message="what")], [ROW])))
    if kind in GOOD or kind is OutcomeKind.PROCESSING:
        assert rows == []
    else:
        word = "" if kind is OutcomeKind.INVALID else f"{kind.replace('_', ' ').capitalize()}: "
        assert [row.cells for row in rows] == [{**ROW, "row": "2", "problem": f"{word}what"}]


def test_the_results_file_itself_can_be_read_as_the_rows_to_fix(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [make_outcome(2), make_outcome(3, OutcomeKind.INVALID), make_outcome(4, OutcomeKind.UNKNOWN)]
    rows = [{**ROW, "key": f"spring-0{n}", "account": "00017841400000000001", "owner": "Anna"} for n in (1, 2, 3)]
    path = write_results(make_results(outcomes, rows), tmp_path / "posts.results.xlsx").path
    sheet = read_sheet(path)
    assert sheet.tab == "To fix"
    assert (sheet.issues, sheet.notices) == ((), ())
    assert set(sheet.columns) == set(COLUMNS)
    assert [row.number for row in sheet.rows] == [2, 3]
    for number, row in zip((2, 3), sheet.rows, strict=True):
        told = {name: sheet.text(row, name) for name in COLUMNS if sheet.text(row, name)}
        expected = {**ROW, "key": f"spring-0{number}", "account": "00017841400000000001"}
        assert told == {**expected, "publish_at": "2026-12-01 09:30:00"}


def test_a_date_that_is_none_stays_as_it_was_written(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    given = ["03/04/2026", "2026-13-01 09:30", "now", "2026-10-25 02:30+0200", "2026-12-01"]
    outcomes = [make_outcome(row, OutcomeKind.INVALID) for row in range(2, 7)]
    path = write_results(
        make_results(outcomes, [{**ROW, "publish_at": text} for text in given]), tmp_path / "r.xlsx"
    ).path
    sheet = read_sheet(path)
    assert [sheet.cell(row, "publish_at") for row in sheet.rows] == given


def test_a_row_of_several_channels_stands_there_once_and_whole(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [
        make_outcome(2, OutcomeKind.SCHEDULED, channel="INSTAGRAM"),
        make_outcome(2, OutcomeKind.BLOCKED, channel="GBP", message="not connected"),
        make_outcome(2, OutcomeKind.FAILED, channel="TIKTOK", message="", code="BAD"),
    ]
    row = {"key": "a", "channel": "INSTAGRAM, GBP, TIKTOK", "text": "x", "text:GBP": "y"}
    (fixed,) = rows_to_fix(make_results(outcomes, [row]))
    assert fixed.cells == {
        **row,
        "row": "2",
        "problem": "Google Business Profile: Blocked: not connected\nTikTok: Failed: BAD",
    }


@pytest.mark.parametrize("kind", [kind for kind in OutcomeKind if kind not in GOOD])
def test_a_key_that_was_made_is_written_down_only_where_a_post_may_be_there_under_it(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results], kind: OutcomeKind
) -> None:
    rows = list(rows_to_fix(make_results([make_outcome(2, kind, key="derived-1")], [{"channel": "GBP", "text": "x"}])))
    assert [row.cells.get("key", "") for row in rows] == (
        [] if kind is OutcomeKind.PROCESSING else ["derived-1" if kind in MADE_SOMETHING else ""]
    )


def test_the_cells_in_error_are_in_colour_and_those_warned_of_are_not(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    issues = (
        Issue(2, "publish_at", "date_past", "x", "said"),
        Issue(2, "title", "title_missing", "", "no title"),
        Issue(2, "text", "hashtags", "x", "said", Severity.WARNING),
    )
    results = make_results([make_outcome(2, OutcomeKind.INVALID)], [ROW], issues=issues)
    sheet = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx").path)["To fix"]
    filled = {sheet.cell(1, cell.column).value for cell in sheet[2] if cell.fill.fill_type}
    assert filled == {"publish_at", "title"}
    notes = {sheet.cell(1, cell.column).value: cell.comment.text for cell in sheet[2] if cell.comment}
    assert notes == {"publish_at": "said", "title": "no title"}
    folded = [(d.min, d.max) for d in sheet.column_dimensions.values() if d.hidden]
    seen = [c.value for c in sheet[1] if not any(first <= c.column <= last for first, last in folded)]
    assert seen == ["row", "problem", "channel", "publish_at", "text", "media", "link", "characters", "notes", "title"]
    assert (sheet["A2"].value, sheet["B2"].value) == ("2", "said")


def test_where_all_is_well_the_sheet_says_so_and_keeps_its_headings(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    book = openpyxl.load_workbook(write_results(make_results([make_outcome()], [ROW]), tmp_path / "r.xlsx").path)
    assert [cell.value for cell in book["To fix"][1]][:3] == ["row", "problem", "channel"]
    assert book["To fix"].max_row == 1


def test_a_text_that_had_to_be_cut_can_not_be_run_from_here(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    rows = [{**ROW, "text": "x" * 40_000, "notes": "mine"}]
    path = write_results(make_results([make_outcome(2, OutcomeKind.FAILED)], rows), tmp_path / "r.xlsx").path
    sheet = read_sheet(path)
    assert sheet.text(sheet.rows[0], "action") == "skip"
    assert sheet.text(sheet.rows[0], "notes") == f"{TOO_LONG} mine"


def test_what_is_wrong_alike_on_all_channels_of_a_row_is_said_once(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [make_outcome(2, OutcomeKind.INVALID, channel=name, message="no date") for name in ("GBP", "TIKTOK")]
    (fixed,) = rows_to_fix(make_results(outcomes, [ROW]))
    assert fixed.cells["problem"] == "no date"
    outcomes.append(make_outcome(2, OutcomeKind.SCHEDULED, channel="FACEBOOK"))
    (fixed,) = rows_to_fix(make_results(outcomes, [ROW]))
    assert fixed.cells["problem"] == "Google Business Profile and TikTok: no date"


def test_a_problem_of_some_places_names_them_and_many_problems_are_counted(
    make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    def told(*posts: Outcome) -> object:
        (row,) = rows_to_fix(make_results(posts, [ROW]))
        return row.cells["problem"]

    def post(number: int, message: str, channel: str = "GBP") -> Outcome:
        kind = OutcomeKind.INVALID if message else OutcomeKind.SCHEDULED
        return make_outcome(2, kind, place=f"shop {number}", channel=channel, message=message)

    assert told(*(post(n, "No street." if n in (1, 3) else "") for n in range(5))) == "shop 1 and shop 3: No street."
    assert told(*(post(n, "No street.") for n in range(5))) == "No street."
    both = [
        post(n, "No picture." if channel == "INSTAGRAM" else "", channel)
        for n in range(40)
        for channel in ("GBP", "INSTAGRAM")
    ]
    assert told(*both) == "Instagram: No picture."
    some = [
        post(n, "No picture." if n == 7 and channel == "INSTAGRAM" else "", channel)
        for n in range(9)
        for channel in ("GBP", "INSTAGRAM")
    ]
    assert told(*some) == "Instagram in shop 7: No picture."
    many = str(told(*(post(n, f"Too long by {n}.") for n in range(200)))).splitlines()
    assert many[0] == "shop 0: Too long by 0."
    assert many[-1] == f"{200 - SHOWN_PROBLEMS} more problems: see the sheets Results and By place."
    assert len(many) == SHOWN_PROBLEMS + 1


def test_a_long_problem_is_read_without_pulling_at_its_row(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [make_outcome(2, OutcomeKind.INVALID, message="word " * 60), make_outcome(3, OutcomeKind.INVALID)]
    book = openpyxl.load_workbook(write_results(make_results(outcomes, [ROW, ROW]), tmp_path / "r.xlsx").path)
    assert book["To fix"].row_dimensions[2].height > 14 * 5
    assert book["To fix"].row_dimensions[3].height in (None, 42)


@pytest.mark.parametrize(("words", "side"), [(40, "center"), (400, "top")])
def test_of_a_text_that_is_higher_than_its_row_the_beginning_is_in_sight(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results], words: int, side: str
) -> None:
    results = make_results([make_outcome(2, OutcomeKind.INVALID)], [{**ROW, "text": "word " * words}])
    sheet = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx").path)["To fix"]
    assert {cell.alignment.vertical for cell in sheet[2] if cell.value} == {side}
