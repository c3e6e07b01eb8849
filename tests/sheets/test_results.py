"""Results as files: the three forms say the same, and no text becomes a formula."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from batch.errors import StopError
from batch.model import RESULT_COLUMNS, Outcome, OutcomeKind, Results
from batch.workbooks.results import write_results

HOSTILE = (
    '=HYPERLINK("http://example.com","x")', "+1", "-2", "@SUM(A1)", "\tled by a tab", "=cmd|'/c calc'!A0", "_x0041_",
    "two\nlines", "quote \" and ; and ,", "👩‍👩‍👧‍👦", "مرحبا", "00123", "1E5", "TRUE", "#N/A",
    "http://example.com", "{=1}",
)  # fmt: skip


@pytest.fixture
def hostile(make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]) -> Results:
    outcomes = [
        make_outcome(row, OutcomeKind.FAILED, message=text, publish_at=datetime(2026, 12, 1, 8, 30, tzinfo=UTC))
        for row, text in enumerate(HOSTILE, start=2)
    ]
    return make_results(outcomes, [{"text": text, "owner": text} for text in HOSTILE])


def read_csv(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_json_form_is_exact(tmp_path: Path, hostile: Results) -> None:
    path = write_results(hostile, tmp_path / "r.json").path
    data = json.loads(path.read_text(encoding="utf-8"))
    assert list(data) == ["run", "sandbox", "posts"]
    assert (data["run"], data["sandbox"]) == ("run-1", False)
    assert list(data["posts"][0]) == [*RESULT_COLUMNS, "text", "owner"]
    assert [(p["row"], p["message"], p["text"]) for p in data["posts"]] == [
        (row, text, text) for row, text in enumerate(HOSTILE, start=2)
    ]
    assert data["posts"][0]["publish_at_utc"] == "2026-12-01T08:30:00Z"


def test_the_json_form_of_no_posts_is_still_whole(tmp_path: Path, make_results: Callable[..., Results]) -> None:
    path = write_results(make_results([], sandbox=True), tmp_path / "r.json").path
    assert json.loads(path.read_text()) == {"run": "run-1", "sandbox": True, "posts": []}


def test_the_json_form_keeps_what_utf8_can_not_hold(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    path = write_results(make_results([make_outcome(message="lone \ud800\x00")]), tmp_path / "r.json").path
    assert json.loads(path.read_text(encoding="utf-8"))["posts"][0]["message"] == "lone \ud800\x00"


def test_the_csv_form_starts_with_the_byte_order_mark(tmp_path: Path, hostile: Results) -> None:
    path = write_results(hostile, tmp_path / "r.csv").path
    assert path.read_bytes().startswith(b"\xef\xbb\xbfrow,key,site,")
    assert list(read_csv(path)[0]) == [*RESULT_COLUMNS, "text", "owner"]


def test_in_the_csv_form_no_cell_starts_like_a_formula_and_an_apostrophe_tells(
    tmp_path: Path, hostile: Results
) -> None:
    rows = read_csv(write_results(hostile, tmp_path / "r.csv").path)
    for row, text in zip(rows, HOSTILE, strict=True):
        armed = text.startswith(("=", "+", "-", "@", "\t"))
        assert row["text"] == (f"'{text}" if armed else text)
        assert row["owner"] == row["message"] == row["text"]


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_a_sandbox_run_says_so_on_every_line(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results], suffix: str
) -> None:
    results = make_results([make_outcome(2), make_outcome(3)], [{"text": "a"}, {"text": "b"}], sandbox=True)
    path = write_results(results, tmp_path / f"r{suffix}").path
    if suffix == ".csv":
        assert [row["sandbox"] for row in read_csv(path)] == ["yes", "yes"]
    else:
        import openpyxl

        sheet = openpyxl.load_workbook(path)["Results"]
        assert [cell.value for cell in sheet["P"]] == ["sandbox", "yes", "yes"]


def test_results_are_never_written_over_their_sheet(tmp_path: Path, hostile: Results) -> None:
    sheet = tmp_path / "posts.csv"
    sheet.write_text("channel\nINSTAGRAM\n")
    with pytest.raises(StopError, match=r"posts\.csv is the sheet itself"):
        write_results(hostile, sheet, sheet=sheet)
    assert sheet.read_text() == "channel\nINSTAGRAM\n"


def test_an_ending_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path, hostile: Results) -> None:
    with pytest.raises(StopError, match=r"can't be written as r\.ods: end the name in \.xlsx, \.csv, \.json"):
        write_results(hostile, tmp_path / "r.ods")
    assert list(tmp_path.iterdir()) == []


def test_a_text_that_a_cell_can_not_hold_is_said_and_whole_in_the_other_forms(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    long = "a" * 40_000
    results = make_results([make_outcome(2), make_outcome(3)], [{"text": "short"}, {"text": long}])
    written = write_results(results, tmp_path / "r.xlsx")
    assert written.notices == (
        "A cell of a workbook holds 32,767 characters: texts of row 3 are cut in r.xlsx; the .csv and .json forms hold "
        "them whole.",
    )
    assert write_results(results, tmp_path / "r.csv").notices == ()
    assert read_csv(tmp_path / "r.csv")[1]["text"] == long
