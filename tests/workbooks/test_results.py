"""Results as files: the three forms say the same, no text becomes a formula, and each sheet can be read at a glance."""

from __future__ import annotations

import csv
import json
import re
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import openpyxl
import pytest

from batch.errors import StopError
from batch.model import COLUMNS, RESULT_COLUMNS, Channel, Content, Issue, Outcome, OutcomeKind, Results
from batch.sheets.cells import Moment, Number
from batch.sheets.xlsx import read_workbook
from batch.times import utc_text
from batch.workbooks.results import (
    ROW_POINTS,
    STREAM_FROM,
    result_columns,
    result_rows,
    write_results,
    write_results_workbook,
)
from batch.workbooks.style import OUTCOME_TONES, SANDBOX_NOTICE, fit_cell

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
        sheet = openpyxl.load_workbook(path)["Results"]
        told = [[cell.value for cell in column] for column in sheet.iter_cols() if column[0].value == "sandbox"]
        assert told == [["sandbox", "yes", "yes"]]


def test_results_are_never_written_over_their_sheet(tmp_path: Path, hostile: Results) -> None:
    sheet = tmp_path / "posts.csv"
    sheet.write_text("channel\nINSTAGRAM\n")
    with pytest.raises(StopError, match=r"posts\.csv is the sheet itself"):
        write_results(hostile, sheet, sheet=sheet)
    assert sheet.read_text() == "channel\nINSTAGRAM\n"


def test_an_ending_that_is_not_known_is_refused_with_those_that_are(tmp_path: Path, hostile: Results) -> None:
    with pytest.raises(StopError, match=r"can't be written as r\.ods\. End the name in \.xlsx, \.csv or \.json"):
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


SHEETS = ["Summary", "Results", "To fix", "As run", "Calendar", "Lists"]
FIRST = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
TEXTS = (
    '=HYPERLINK("http://example.com","x")', "+1", "-2", "@SUM(A1)", "=1", "_x0041_", "two\nlines", "👩‍👩‍👧‍👦 ☕",
    "مرحبا", "00123", "1E5", "TRUE", "#N/A", "http://example.com", "a\x00b\x1b", "x" * 40_000,
)  # fmt: skip


@pytest.fixture
def every_kind(make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]) -> Results:
    """One post of each outcome, with texts that spreadsheets like to spoil."""
    outcomes = [
        make_outcome(
            row,
            kind,
            channel=list(Channel)[row % 7].value,
            publish_at=FIRST + timedelta(days=row),
            local_time=f"2026-12-{row + 1:02d} 09:30 Europe/Berlin",
            timezone="Europe/Berlin",
            link=f"https://example.com/p/{row}",
            message=text,
        )
        for row, (kind, text) in enumerate(zip(OutcomeKind, TEXTS, strict=True), start=2)
    ]
    rows = [{"key": f"post-{o.row}", "channel": o.channel, "text": o.message} for o in outcomes]
    return make_results(outcomes, rows, headings=COLUMNS)


@pytest.fixture
def many(make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]) -> Callable[[int], Results]:
    """Return a maker of a usual run: nearly all is well, captions of 300 characters."""
    usual = {"channel": "INSTAGRAM", "timezone": "Europe/Berlin", "text": "caption " * 38, "title": "A title"}
    media = {"media": "https://static.wixstatic.com/media/a.jpg", "link": "https://example.com/x", "notes": "note"}

    def make(count: int) -> Results:
        outcomes = [
            make_outcome(
                row,
                OutcomeKind.INVALID if row % 50 == 0 else OutcomeKind.SCHEDULED,
                status="SCHEDULED",
                publish_at=FIRST + timedelta(minutes=row),
                local_time=f"2026-12-{row % 28 + 1:02d} 09:30 Europe/Berlin",
                timezone="Europe/Berlin",
                item_id=f"3f2a4c5d-0000-4000-8000-{row:012d}",
            )
            for row in range(2, count + 2)
        ]
        rows = [{"key": f"post-{o.row}", "publish_at": o.local_time[:16], **usual, **media} for o in outcomes]
        return make_results(outcomes, rows, headings=COLUMNS)

    return make


READER = ["outcome", "when", "channel", "account", "text", "message", "warnings", "link", "row"]


@pytest.mark.parametrize("stream_from", [0, STREAM_FROM])
def test_what_is_read_back_is_what_was_written(tmp_path: Path, every_kind: Results, stream_from: int) -> None:
    results, path = every_kind, tmp_path / "r.xlsx"
    write_results_workbook(results, path, stream_from=stream_from)
    grid = read_workbook(path, tab="Results")
    read = [[cell.stored if isinstance(cell, Number) else cell for cell in row.cells] for row in grid.rows]
    heads = [str(cell) for cell in read[0]]
    assert heads[:9] == READER
    lines = [dict(zip(heads, line + [""] * (len(heads) - len(line)), strict=True)) for line in read[1:]]
    for line, outcome in zip(lines, results.outcomes, strict=True):
        assert outcome.publish_at is not None
        assert line["when"] == Moment((outcome.publish_at + timedelta(hours=1)).replace(tzinfo=None), has_time=True)
        assert (line["outcome"], line["row"], line["key"]) == (outcome.outcome, str(outcome.row), outcome.key)
        assert line["message"] == line["text"] == fit_cell(outcome.message)
        assert (line["publish_at_utc"], line["timezone"]) == (utc_text(outcome.publish_at), "Europe/Berlin")


def test_a_reader_meets_nine_columns_and_no_column_stands_twice(tmp_path: Path, every_kind: Results) -> None:
    sheet = openpyxl.load_workbook(write_results(every_kind, tmp_path / "r.xlsx").path)["Results"]
    folded = [(d.min, d.max) for d in sheet.column_dimensions.values() if d.hidden]
    seen = [c.value for c in sheet[1] if not any(first <= c.column <= last for first, last in folded)]
    assert seen == READER
    heads = [str(cell.value) for cell in sheet[1]]
    assert heads[9:19] == [
        "site", "key", "type", "action", "status", "publish_at_utc", "timezone", "item_id", "code", "title",
    ]  # fmt: skip
    assert not {"publish_at", "key (sheet)", "channel (sheet)", "text (sheet)"} & set(heads)
    assert [name for name in heads if name.endswith("(sheet)")] == ["link (sheet)"]
    assert len(set(heads)) == len(heads)


def test_of_several_sites_each_line_names_its_own(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    results = make_results([make_outcome(2, site="pottery"), make_outcome(3, site="garden")])
    sheet = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx").path)["Results"]
    assert [cell.value for cell in sheet["I"]] == ["site", "pottery", "garden"]


def test_a_time_stands_on_the_clock_of_its_own_zone_and_what_is_no_date_as_it_was_written(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    late = datetime(2026, 12, 31, 15, 30, 20, tzinfo=UTC)
    outcomes = [
        make_outcome(2, publish_at=late, timezone="Asia/Tokyo"),
        make_outcome(3, publish_at=late, site="garden"),
        make_outcome(4, OutcomeKind.CANCELLED, publish_at=late),
        make_outcome(5, OutcomeKind.INVALID, channel=""),
    ]
    rows = [{"publish_at": "2027-01-01 00:30", "channel": "Instagran"}] * 3
    rows.append({"publish_at": "03/04/2026", "channel": "Instagran"})
    sheet = openpyxl.load_workbook(write_results(make_results(outcomes, rows), tmp_path / "r.xlsx").path)["Results"]
    told = [[cell.value for cell in row[1:3]] for row in sheet.iter_rows(min_row=2)]
    assert told == [
        [datetime(2027, 1, 1, 0, 30, 20), "Instagram"],  # noqa: DTZ001  a cell has no zone
        [datetime(2026, 12, 31, 15, 30, 20), "Instagram"],  # noqa: DTZ001  a cell has no zone
        [datetime(2027, 1, 1, 0, 30, 20), "Instagram"],  # noqa: DTZ001  a cell has no zone
        ["03/04/2026", "Instagran"],
    ]


def test_each_line_is_one_line_high_however_long_its_texts_are(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    results = make_results([make_outcome(message="word " * 200)], [{"text": "line\n" * 30}])
    sheet = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx").path)["Results"]
    assert (sheet.sheet_format.defaultRowHeight, sheet.row_dimensions[2].height) == (ROW_POINTS,) * 2


def test_a_text_is_the_sheets_own_for_its_channel_or_else_the_one_that_was_sent(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [
        make_outcome(2, channel="GBP", content=Content("for Google\n\n#clay")),
        make_outcome(2, channel="FACEBOOK", content=Content("for all\n\n#clay")),
        make_outcome(3, generated=True, content=Content("made")),
        make_outcome(4, channel="GBP", place="berlin", content=Content("for Berlin")),
        make_outcome(4, channel="GBP", place="bonn", content=Content("")),
    ]
    rows = [
        {"text": "for all", "text:GBP": "for Google", "hashtags": "clay"},
        {"text": "", "generate": "caption"},
        {"text": "for {{city}}"},
    ]
    sheet = openpyxl.load_workbook(write_results(make_results(outcomes, rows), tmp_path / "r.xlsx").path)["Results"]
    columns = {column[0].value: [cell.value for cell in column[1:]] for column in sheet.iter_cols()}
    assert columns["text"] == ["for Google", "for all", "made", "for Berlin", "for {{city}}"]
    assert columns["generated"] == [None, None, "yes", None, None]


def test_no_text_is_a_formula_and_the_link_can_be_clicked(tmp_path: Path, every_kind: Results) -> None:
    sheet = openpyxl.load_workbook(write_results(every_kind, tmp_path / "r.xlsx").path)["Results"]
    kinds = {(cell.column_letter, cell.data_type) for row in sheet.iter_rows(min_row=2) for cell in row if cell.value}
    assert {kind for letter, kind in kinds if letter not in {"B", "I"}} == {"s"}
    assert {kind for letter, kind in kinds if letter in {"B", "I"}} == {"d", "n"}
    links = [sheet.cell(row, 8) for row in range(2, 18)]
    assert [cell.hyperlink.target for cell in links] == [o.link for o in every_kind.outcomes]
    assert {cell.value for cell in links} == {f"Open on {sheet.cell(cell.row, 3).value}" for cell in links}


@pytest.mark.parametrize(
    "link", ["javascript:alert(1)", "file:///etc/passwd", "=1", "https://x y", "https://a/" + "b" * 3000]
)
def test_what_is_no_web_address_is_not_a_link(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results], link: str
) -> None:
    path = write_results(make_results([make_outcome(link=link)]), tmp_path / "r.xlsx").path
    cell = openpyxl.load_workbook(path)["Results"].cell(2, 8)
    assert (cell.value, cell.hyperlink, cell.data_type) == (link, None, "s")


def test_each_outcome_has_its_colour_and_the_sheet_is_frozen_filtered_and_noted(
    tmp_path: Path, every_kind: Results
) -> None:
    sheet = openpyxl.load_workbook(write_results(every_kind, tmp_path / "r.xlsx").path)["Results"]
    fills = {sheet.cell(row, 1).value: sheet.cell(row, 1).fill.fgColor.rgb[2:] for row in range(2, 18)}
    assert fills == {kind.value: OUTCOME_TONES[kind].fill[1:] for kind in OutcomeKind}
    assert sheet.freeze_panes == "C2"
    table = sheet.tables["ResultTable"]
    assert (table.ref, table.autoFilter.ref) == (sheet.dimensions, sheet.dimensions)
    assert "processing" in sheet["A1"].comment.text


def test_the_workbook_has_its_sheets_and_native_charts(tmp_path: Path, every_kind: Results) -> None:
    path = write_results(every_kind, tmp_path / "r.xlsx").path
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == SHEETS
    hidden = {name for name in SHEETS if book[name].sheet_state == "hidden"}
    assert (book.active.title, hidden) == ("Summary", {"As run", "Lists"})
    with zipfile.ZipFile(path) as archive:
        assert sum(name.startswith("xl/charts/chart") for name in archive.namelist()) == 2


def test_every_sheet_of_a_sandbox_run_says_so_and_none_of_a_real_run(tmp_path: Path, every_kind: Results) -> None:
    from dataclasses import replace

    for sandbox in (True, False):
        path = write_results(replace(every_kind, sandbox=sandbox), tmp_path / f"{sandbox}.xlsx").path
        with zipfile.ZipFile(path) as archive:
            drawings = [archive.read(n).decode() for n in archive.namelist() if n.startswith("xl/drawings/drawing")]
        assert sum(SANDBOX_NOTICE in drawing for drawing in drawings) == (4 if sandbox else 0)
        sheets = openpyxl.load_workbook(path).worksheets
        headers = [sheet.oddHeader.center.text for sheet in sheets if sheet.sheet_state == "visible"]
        assert [SANDBOX_NOTICE in (text or "") for text in headers] == [sandbox] * 4


def test_no_posts_still_make_a_workbook(tmp_path: Path, make_results: Callable[..., Results]) -> None:
    book = openpyxl.load_workbook(write_results(make_results([]), tmp_path / "r.xlsx").path)
    assert [cell.value for cell in book["Results"][1]][:9] == READER


def test_a_streamed_workbook_needs_a_fraction_of_the_memory_a_row(
    tmp_path: Path, many: Callable[[int], Results]
) -> None:
    write_results(many(10), tmp_path / "warm.xlsx")
    few, lots = many(500), many(2_500)

    def bytes_a_row(stream_from: int) -> float:
        peaks = [_peak_bytes(results, tmp_path / "r.xlsx", stream_from) for results in (few, lots)]
        return (peaks[1] - peaks[0]) / (len(lots.outcomes) - len(few.outcomes))

    streamed, kept = bytes_a_row(0), bytes_a_row(STREAM_FROM)
    assert streamed < kept / 3
    assert streamed < 1_500


def _peak_bytes(results: Results, path: Path, stream_from: int) -> int:
    tracemalloc.start()
    write_results_workbook(results, path, stream_from=stream_from)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_control_characters_break_no_workbook(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    odd = "a\x00b\x1b[31m\ufffe"
    told = dict.fromkeys(("key", "site", "channel", "account", "action", "status", "item_id", "code", "message"), odd)
    posts = [
        make_outcome(row, kind, publish_at=FIRST, link=f"https://example.com/{odd}", place=odd, warnings=(odd,), **told)
        for row, kind in enumerate(OutcomeKind, start=2)
    ]
    issues = [Issue(o.row, "text", "text_too_long", odd, odd) for o in posts]
    results = make_results(posts, [{"text": odd, odd: odd}] * len(posts), issues=issues, notices=[odd], sheet=odd)
    with zipfile.ZipFile(write_results(results, tmp_path / "r.xlsx").path) as book:
        for name in book.namelist():
            assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe]", book.read(name).decode()), name
