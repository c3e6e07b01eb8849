"""Summary and calendar: what is counted, and each post in the slot of its own local day that leads to its line."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from batch.model import Content, Outcome, OutcomeKind, Results
from batch.workbooks.overview import SLOTS_A_DAY, sort_into_days
from batch.workbooks.results import write_results
from batch.workbooks.style import CHANNEL_TONES
from tests.report.launch_week import month_report


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
    assert [slot.words for slot in days[date(2026, 12, 1)]] == ["08:00 Instagram: post-2"]
    assert (undated, zones) == (2, ("UTC",))


def test_a_day_begins_with_what_needs_work_and_then_goes_by_the_clock(make_outcome: Callable[..., Outcome]) -> None:
    at = [datetime(2026, 12, 1, hour, tzinfo=UTC) for hour in (9, 10, 18)]
    posts = [
        make_outcome(2, OutcomeKind.FAILED, publish_at=at[2], content=Content("Open until midnight")),
        make_outcome(3, publish_at=at[1], content=Content(title="How a bowl is made")),
        make_outcome(4, OutcomeKind.CANCELLED, publish_at=at[0], channel="GBP"),
    ]
    slots = sort_into_days(posts)[0][date(2026, 12, 1)]
    assert [(slot.words, slot.withdrawn, slot.calm) for slot in slots] == [
        ("✗ 18:00 Instagram: Open until midnight", False, False),
        ("09:00 Google: post-4", True, True),
        ("10:00 Instagram: How a bowl is made", False, True),
    ]


def test_a_crowded_day_says_how_many_more_there_are(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    crowd = [
        make_outcome(row, publish_at=datetime(2026, 12, 1, row, tzinfo=UTC)) for row in range(2, 2 + SLOTS_A_DAY + 3)
    ]
    sheet = openpyxl.load_workbook(write_results(make_results(crowd), tmp_path / "r.xlsx").path)["Calendar"]
    shown = [cell.value for cell in sheet["B"] if cell.value][1:]
    assert shown[0] == 1
    assert len(shown[1 : 1 + SLOTS_A_DAY]) == SLOTS_A_DAY
    assert shown[SLOTS_A_DAY] == "+ 4 more"


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
    cells = [cell for row in sheet.iter_rows() for cell in row if cell.value == "09:30 TikTok: post-3"]
    assert [cell.column_letter for cell in cells] == ["B"]
    assert cells[0].fill.fgColor.rgb[2:] == CHANNEL_TONES["TIKTOK"].fill[1:]
    assert cells[0].hyperlink.location == "'Results'!A3"
    assert any("Not shown: 1 post without a date." in str(cell.value) for cell in sheet["A"])


def test_the_summary_counts_by_outcome_channel_account_and_day(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    day = {"publish_at": datetime(2026, 12, 1, 8, 30, tzinfo=UTC), "timezone": "Europe/Berlin"}
    outcomes = [
        make_outcome(2, OutcomeKind.SCHEDULED, channel="FACEBOOK", account="page", **day),
        make_outcome(3, OutcomeKind.SCHEDULED, channel="FACEBOOK", account="shop", **day),
        make_outcome(4, OutcomeKind.INVALID, channel="GBP", account=""),
        make_outcome(
            5,
            OutcomeKind.PROCESSING,
            channel="GBP",
            account="shop",
            publish_at=datetime(2026, 12, 2, 1, tzinfo=UTC),
            timezone="Asia/Tokyo",
        ),
    ]
    sheet = openpyxl.load_workbook(write_results(make_results(outcomes), tmp_path / "r.xlsx").path)["Summary"]
    rows = [tuple(v for v in row if v is not None) for row in sheet.iter_rows(values_only=True)]
    assert (4, 1, 1, 2) in rows
    assert ("scheduled", "goes out by itself", 2) in rows
    assert ("invalid", "correct the row", 1) in rows
    assert ("channel", "account", "posts", "OK", "in process", "to fix") in rows
    assert ("Facebook", "page", 1, 1, 0, 0) in rows
    assert ("Google Business Profile", "(default)", 1, 0, 0, 1) in rows
    assert ("day", "weekday", "posts", "Facebook", "Google Business Profile") in rows
    assert (datetime(2026, 12, 1), "Tuesday", 2, 2, 0) in rows  # noqa: DTZ001  a cell has no zone
    assert ("no date", "–", 1, 0, 1) in rows


def test_the_summary_counts_by_site_where_there_are_several_and_names_the_command_that_goes_on(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [make_outcome(2, site="pottery"), make_outcome(3, OutcomeKind.BLOCKED, site="garden", channel="GBP")]
    results = make_results(outcomes, sheet="spring posts.xlsx")
    sheet = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx").path)["Summary"]
    rows = [tuple(v for v in row if v is not None) for row in sheet.iter_rows(values_only=True)]
    assert ("site", "channel", "posts", "OK", "in process", "to fix") in rows
    assert ("pottery", "Instagram", 1, 1, 0, 0) in rows
    assert ("garden", "Google Business Profile", 1, 0, 0, 1) in rows
    assert any(str(row[0]).endswith('then: postbatch fix "spring posts.xlsx"') for row in rows if row)


def matrix_of(results: Results, folder: Path) -> list[tuple[object, ...]]:
    """Return the lines of the sheet `By place`, from its headings on."""
    sheet = openpyxl.load_workbook(write_results(results, folder / "r.xlsx").path)["By place"]
    (table,) = sheet.tables.values()
    assert sheet.auto_filter.ref or table.autoFilter is not None
    assert sheet.freeze_panes == "B5"
    return [tuple(cell.value for cell in row) for row in sheet[table.ref]]


def test_each_place_has_a_line_each_row_a_column_and_a_mark_where_they_meet(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    at = datetime(2026, 12, 7, 8, tzinfo=UTC)
    sale = [
        make_outcome(2, kind, key=f"sale/{place}/INSTAGRAM", place=place, site=f"{place}-site", **more)
        for kind, place, more in (
            (OutcomeKind.SCHEDULED, "berlin", {"publish_at": at, "timezone": "Europe/Berlin"}),
            (OutcomeKind.UNCHANGED, "bonn", {"status": "PUBLISHED", "link": "https://social.example/1"}),
            (OutcomeKind.BLOCKED, "kiel", {"message": "Not connected."}),
            (OutcomeKind.SKIPPED, "ulm", {}),
        )
    ]
    news = [
        make_outcome(
            3, OutcomeKind.DRAFTED, key=f"news/berlin/{channel}", place="berlin", site="berlin-site", channel=channel
        )
        for channel in ("FACEBOOK", "GBP")
    ]
    results = make_results([*sale, *news, make_outcome(4)])
    assert matrix_of(results, tmp_path) == [
        ("place", "site", "to fix", "sale", "news: Facebook", "news: Google Business Profile"),
        ("berlin", "berlin-site", 0, "✓ 7 Dec, 09:00", "✓ draft", "✓ draft"),
        ("bonn", "bonn-site", 0, "✓ live", "–", "–"),
        ("kiel", "kiel-site", 1, "✗ blocked: Not connected.", "–", "–"),
        ("ulm", "ulm-site", 0, "– skipped", "–", "–"),
    ]
    sheet = openpyxl.load_workbook(tmp_path / "r.xlsx")["By place"]
    links = [(cell.hyperlink.target or cell.hyperlink.location) for row in sheet["D5:D8"] for cell in row]
    assert links == ["'Results'!A2", "https://social.example/1", "'Results'!A4", "'Results'!A5"]


def test_more_rows_than_places_change_sides_and_a_book_without_places_has_no_such_sheet(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    posts = [
        make_outcome(row, key=f"post-{row}/{place}", place=place) for row in (2, 3, 4) for place in ("ulm", "bonn")
    ]
    assert [line[0] for line in matrix_of(make_results(posts), tmp_path)] == ["row", "post-2", "post-3", "post-4"]
    plain = openpyxl.load_workbook(write_results(make_results([make_outcome(2)]), tmp_path / "plain.xlsx").path)
    assert "By place" not in plain.sheetnames
    assert "By place" not in [cell.value for cell in plain["Summary"]["A"]]


def test_no_word_of_a_place_becomes_a_formula_and_no_two_headings_are_alike(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    evil = '=HYPERLINK("https://evil.example",A1)'
    posts = [
        make_outcome(row, OutcomeKind.FAILED, key=f"{key}/{place}", place=place, site=place, message=evil)
        for row, key in enumerate((evil, "place", "Place"), start=2)
        for place in (evil, "@SUM(A1)", "+1", "-1", "ulm")
    ]
    lines = matrix_of(make_results(posts), tmp_path)
    assert lines[0] == ("place", "site", "to fix", evil, "place (2)", "Place (3)")
    assert [line[0] for line in lines[1:]] == [evil, "@SUM(A1)", "+1", "-1", "ulm"]
    for sheet in openpyxl.load_workbook(tmp_path / "r.xlsx").worksheets:
        formulas = [c.coordinate for row in sheet.iter_rows() for c in row if c.data_type == "f"]
        assert formulas == [] or sheet.title == "To fix"
        assert [link.target for link in sheet._hyperlinks if link.target and "evil" in link.target] == []


def test_the_calendar_counts_the_places_of_a_row(make_outcome: Callable[..., Outcome]) -> None:
    at = datetime(2026, 12, 1, 8, tzinfo=UTC)
    posts = [make_outcome(2, key=f"sale/shop {n}", place=f"shop {n}", publish_at=at) for n in range(200)]
    (slot,) = sort_into_days(posts)[0][date(2026, 12, 1)]
    assert slot.words == "08:00 Instagram ×200: sale/shop 0"
    assert "Instagram in 200 places" in slot.tip


def table_of(sheet: Worksheet, title: str) -> list[list[object]]:
    """Return the rows of a table of the sheet, headings first, by its title."""
    (ref,) = [t.ref for t in sheet.tables.values() if sheet.cell(sheet[t.ref][0][0].row - 1, 1).value == title]
    return [[cell.value for cell in row] for row in sheet[ref]]


def test_a_report_counts_each_post_once_in_each_table_and_adds_up_only_what_came(tmp_path: Path) -> None:
    report = month_report()
    book = openpyxl.load_workbook(write_results(report, tmp_path / "r.xlsx").path)
    assert book.sheetnames == ["Summary", "Results", "By place", "Calendar"], "nothing to correct and run"
    sheet = book["Summary"]
    assert sheet["A1"].value == "Report for December 2026"
    assert [cell.value for cell in sheet[4][:4]] == ["live", "scheduled", "failed", "drafts"]
    assert [cell.value for cell in sheet[5][:4]] == [42, 54, 2, 5]
    reach = sum(int(cells[1]) for cells in report.own.values() if cells[1])
    for name in ("site", "channel", "campaign", "place"):
        headings, *rows = table_of(sheet, f"By {name}")
        assert headings == [name, "posts", "live", "scheduled", "failed", "drafts", "reach", "Posts (service)"]
        totals = [sum(row[at] or 0 for row in rows) for at in range(1, 8)]  # type: ignore[misc]
        assert totals == [103, 42, 54, 2, 5, reach, 0], name
        for row in rows:
            assert (row[6] is None) == (row[7] is None) == (row[2] == 0), "blank where nothing came, never 0"
    lines = list(book["Results"].iter_rows(values_only=True))
    headings, live, draft = lines[0], lines[1], lines[-1]
    assert "row" not in headings
    assert (live[0], draft[0]) == ("live", "draft")
    assert (live[headings.index("reach")], live[headings.index("Posts")]) == (20, 0), "numbers, and a 0 that was sent"
    assert draft[headings.index("reach")] is None


def test_a_note_stays_within_its_bar(
    tmp_path: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    results = make_results([make_outcome(2)], notices=["The clock of this computer is 74 s behind the service's."])
    sheet = openpyxl.load_workbook(write_results(results, tmp_path / "r.xlsx").path)["Summary"]
    for title in ("Notes", "In this workbook"):
        (top,) = [cell.row for cell in sheet["A"] if cell.value == title]
        bar = [cell for cell in sheet[top + 1] if cell.fill.fill_type == "solid"]
        room = sum(sheet.column_dimensions[cell.column_letter].width for cell in bar[1:])
        texts = [row[1].value for row in sheet.iter_rows(min_row=top + 2, max_row=top + 7) if row[1].value]
        assert bar[-1].column_letter == "I"
        assert max(map(len, texts), default=0) < room


@pytest.mark.parametrize(("years", "shown"), [((2026, 2026), "d mmm"), ((2026, 2027), "d mmm yyyy")])
def test_no_two_days_of_the_chart_have_one_label(
    tmp_path: Path,
    make_outcome: Callable[..., Outcome],
    make_results: Callable[..., Results],
    years: tuple[int, ...],
    shown: str,
) -> None:
    posts = [make_outcome(n, publish_at=datetime(year, 11, 30, 8, tzinfo=UTC)) for n, year in enumerate(years, start=2)]
    with zipfile.ZipFile(write_results(make_results(posts), tmp_path / "r.xlsx").path) as book:
        assert f'<c:numFmt formatCode="{shown}"' in book.read("xl/charts/chart2.xml").decode()
