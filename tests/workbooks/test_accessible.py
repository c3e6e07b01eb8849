"""Each workbook against the UK Analysis Function's checklist "Making spreadsheets accessible".

Left out, with the reason:

- a font of 12 points and wrapped text: Results is a list of one line for each post, and To fix shows its texts whole;
- no filters and no frozen panes: a list of thousands needs both;
- one table a sheet: Summary, Guide and Calendar have several short ones, each under its own title in column A;
- no blank cells or columns: a post has no link until it is live; no blank rows: those to fill in are;
- a cover sheet and contact details in a template, which opens where one types.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import pytest
from openpyxl.cell.cell import Cell
from openpyxl.workbook.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from batch.model import Account, Channel, Issue, Outcome, OutcomeKind, Results
from batch.workbooks.results import write_results
from batch.workbooks.template import write_posts, write_template
from batch.workbooks.validation import Connected
from tests.report.launch_week import in_places, month_report

NOW = datetime(2031, 2, 10, tzinfo=UTC)
FILLED_IN = {"Posts", "Places", "To fix"}
"""Sheets that have empty rows to write into."""


def make_results_workbook(
    path: Path, *, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    outcomes = [
        make_outcome(
            row,
            kind,
            site=("pottery", "garden")[row % 2],
            channel=list(Channel)[row % 8].value,
            publish_at=datetime(2026, 12, row, 8, 30, tzinfo=UTC),
            timezone="Europe/Berlin",
            link=f"https://example.com/p/{row}",
        )
        for row, kind in enumerate(OutcomeKind, start=2)
    ]
    rows = [{"key": o.key, "channel": o.channel, "text": "Hello", "client": "x"} for o in outcomes]
    issues = (Issue(11, "text", "text_too_long", "x", "said"),)
    write_results(make_results(outcomes, rows, issues=issues, notices=("One thing more.",)), path)


@pytest.fixture(params=["results", "fine", "empty", "places", "report", "template", "connected", "posts"])
def path(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    make_outcome: Callable[..., Outcome],
    make_results: Callable[..., Results],
) -> Path:
    """Each kind of workbook that is written, under its name."""
    path = tmp_path / f"{request.param}.xlsx"
    connected = Connected(accounts=(Account(Channel.INSTAGRAM, "1", "clay"), Account(Channel.FACEBOOK, "2", "Anna")))
    match request.param:
        case "results":
            make_results_workbook(path, make_outcome=make_outcome, make_results=make_results)
        case "fine":
            write_results(make_results([make_outcome(2)], [{"text": "Hello"}]), path)
        case "places":
            write_results(in_places(4, 12, wanted="run", sites=3), path)
        case "report":
            write_results(month_report(), path)
        case "empty":
            write_results(make_results([]), path)
        case "posts":
            write_posts([{"channel": "GBP", "text": "Hello"}], path)
        case name:
            write_template(path, now=NOW, connected=connected if name == "connected" else None)
    return path


@pytest.fixture
def book(path: Path) -> Workbook:
    return openpyxl.load_workbook(path)


def shown(book: Workbook) -> list[Worksheet]:
    return [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]


def filled(sheet: Worksheet) -> Iterator[Cell]:
    for row in sheet.iter_rows():
        yield from (cell for cell in row if isinstance(cell, Cell) and cell.value not in (None, ""))


def test_no_cells_are_merged(book: Workbook) -> None:
    assert [sheet.title for sheet in book.worksheets if sheet.merged_cells.ranges] == []


def test_what_stands_beside_column_a_belongs_to_a_marked_up_table(book: Workbook) -> None:
    for sheet in shown(book):
        inside = {cell.coordinate for table in sheet.tables.values() for row in sheet[table.ref] for cell in row}
        assert inside or sheet.title == "Calendar"
        assert [c.coordinate for c in filled(sheet) if c.column > 1 and c.coordinate not in inside] == [], sheet.title


def test_each_table_begins_in_column_a_and_has_one_row_of_headings_no_two_alike(book: Workbook) -> None:
    names = [name for sheet in book.worksheets for name in sheet.tables]
    assert len(set(names)) == len(names)
    for sheet in shown(book):
        for table in sheet.tables.values():
            rows = sheet[table.ref]
            headings = [str(cell.value or "") for cell in rows[0]]
            assert rows[0][0].column == 1
            assert all(headings)
            assert len({heading.casefold() for heading in headings}) == len(headings)
            if len(sheet.tables) > 1:
                assert sheet.cell(rows[0][0].row - 1, 1).value or table.name == "TotalTable", table.name


def test_no_row_of_a_table_is_blank(path: Path, book: Workbook) -> None:
    if path.stem == "empty":
        return
    for sheet in shown(book):
        for table in sheet.tables.values() if sheet.title not in FILLED_IN else ():
            blank = [row[0].row for row in sheet[table.ref] if not any(cell.value not in (None, "") for cell in row)]
            assert blank == [], (sheet.title, table.name)


def test_sheets_have_names_that_mean_something_and_begin_with_something_in_a1(book: Workbook) -> None:
    for sheet in shown(book):
        assert not re.fullmatch(r"(?i)(sheet|table)\s*\d*", sheet.title)
        assert sheet["A1"].value


def test_the_document_has_a_title_and_an_author_and_opens_on_its_first_sheet(path: Path, book: Workbook) -> None:
    assert (bool(book.properties.title), book.properties.creator) == (True, "postbatch")
    assert book.active is book.worksheets[0]
    assert book.worksheets[0].title == (
        "Summary" if path.stem in {"results", "fine", "empty", "places", "report"} else "Posts"
    )


def test_what_is_hidden_is_named_where_a_reader_sees_it(book: Workbook) -> None:
    hidden = {sheet.title for sheet in book.worksheets if sheet.sheet_state != "visible"}
    said = {str(cell.value) for sheet in shown(book) for cell in filled(sheet) if sheet.title != "Results"}
    for name in hidden:
        assert any(text == name or f"hidden sheet {name} " in text for text in said), name
    assert any(
        "folded away at the right: click the +" in text or "folded at the right: click the +" in text for text in said
    )


def test_a_link_says_where_it_leads(book: Workbook) -> None:
    cells = [cell for sheet in book.worksheets for cell in filled(sheet) if cell.hyperlink]
    assert [cell.coordinate for cell in cells if "://" in str(cell.value)] == []


def test_drawings_are_described(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        drawings = [archive.read(name).decode() for name in archive.namelist() if "drawings/drawing" in name]
    properties = [found for drawing in drawings for found in re.findall(r"<xdr:cNvPr [^>]*>", drawing)]
    assert [found for found in properties if " descr=" not in found] == []


def test_every_text_can_be_told_from_its_ground(book: Workbook) -> None:
    pairs = set()
    for sheet in shown(book):
        for cell in filled(sheet):
            ground = cell.fill.fgColor.rgb if cell.fill.fill_type == "solid" else "FFFFFFFF"
            pairs.add((cell.font.color.rgb if cell.font.color else "FF000000", ground))
        for area in sheet.conditional_formatting:
            for rule in area.rules:
                if rule.dxf and rule.dxf.font and rule.dxf.font.color and rule.dxf.fill:
                    pairs.add((rule.dxf.font.color.rgb, rule.dxf.fill.bgColor.rgb))
    assert {pair for pair in pairs if contrast(*pair) < 4.5} == set()


def contrast(ink: str, ground: str) -> float:
    """Return the contrast ratio of two colours, as the Web Content Accessibility Guidelines define it."""

    def luminance(color: str) -> float:
        parts = [int(color[at : at + 2], 16) / 255 for at in (2, 4, 6)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    light, dark = sorted((luminance(ink), luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)
