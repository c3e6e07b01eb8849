"""The copy of the user's own workbook: the results at its right, everything else as it was."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
from openpyxl.chart import BarChart, Reference
from openpyxl.comments import Comment
from openpyxl.formatting.rule import FormulaRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.datavalidation import DataValidation

from batch.errors import StopError
from batch.model import RESULT_COLUMNS, Outcome, OutcomeKind, Results
from batch.sheets.read import read_sheet
from batch.workbooks.annotate import annotate, result_headings, tell_losses
from batch.workbooks.style import OUTCOME_TONES

HEADINGS = ("key", "channel", "text", "owner")
ROWS = [
    {"key": "a", "channel": "INSTAGRAM, GBP", "text": "=HYPERLINK(1)", "owner": "Anna"},
    {"key": "b", "channel": "GBP", "text": "two\nlines ☕", "owner": "00123"},
]


VBA = {
    "[Content_Types].xml": (
        b"</Types>",
        b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>',
    ),
    "xl/_rels/workbook.xml.rels": (
        b"</Relationships>",
        b'<Relationship Id="rId99" Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" '
        b'Target="vbaProject.bin"/></Relationships>',
    ),
}
"""What a workbook says in its parts where it holds macros: the end of a part, and what takes its place."""


@pytest.fixture
def own_workbook(tmp_path: Path) -> Path:
    """A workbook as somebody keeps it: two sheets, colours, a note, a drop-down, a rule, a formula, a frozen row."""
    book = openpyxl.Workbook()
    budget = book.active
    budget.title = "Budget"
    budget["A1"] = "=1+1"
    sheet = book.create_sheet("March")
    sheet.append(HEADINGS)
    for number, row in enumerate(ROWS, start=2):
        for place, heading in enumerate(HEADINGS, start=1):
            cell = sheet.cell(number, place, row[heading])
            cell.data_type = "s"
    for cell in sheet[1]:
        cell.font = Font(name="Georgia", bold=True, color="FF0000FF")
        cell.fill = PatternFill("solid", fgColor="FFFFFF00")
    sheet["C2"].comment = Comment("read this", "Anna")
    sheet.column_dimensions["C"].width = 61
    sheet.row_dimensions[2].height = 77
    sheet.freeze_panes = "B2"
    sheet.add_data_validation(DataValidation(type="list", formula1='"yes,no"', sqref="D2:D9"))
    sheet.conditional_formatting.add("A2:A9", FormulaRule(formula=["$A2=1"], fill=PatternFill(bgColor="FF00FF00")))
    path = tmp_path / "march.xlsx"
    book.save(path)
    return path


@pytest.fixture
def results(make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]) -> Results:
    outcomes = [
        make_outcome(2, OutcomeKind.SCHEDULED, channel="INSTAGRAM", message="ok"),
        make_outcome(2, OutcomeKind.FAILED, channel="GBP", message="=1+1"),
        make_outcome(3, OutcomeKind.BLOCKED, channel="GBP", message="_x0041_ and \x00 and " + "x" * 40_000),
    ]
    return make_results(outcomes, ROWS, headings=HEADINGS)


def test_the_results_stand_at_the_right_of_their_rows(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    written = annotate(own_workbook, results, tmp_path / "march.results.xlsx")
    assert written.notices == ()
    sheet = openpyxl.load_workbook(written.path)["March"]
    headings = [cell.value for cell in sheet[1]]
    assert headings == [*HEADINGS, *result_headings(sandbox=False)]
    second = dict(zip(headings, (cell.value for cell in sheet[2]), strict=True))
    assert (second["row"], second["outcome"], second["message"]) == (2, "scheduled\nfailed", "ok\n=1+1")
    assert second["channel (result)"] == "INSTAGRAM\nGBP"
    assert second["key (result)"] == "post-2"
    blocked = sheet.cell(3, headings.index("outcome") + 1)
    assert (blocked.value, blocked.fill.fgColor.rgb[2:]) == ("blocked", OUTCOME_TONES[OutcomeKind.BLOCKED].fill[1:])


def test_no_text_becomes_a_formula_and_what_a_cell_can_not_hold_has_a_sign(
    tmp_path: Path, own_workbook: Path, results: Results
) -> None:
    path = annotate(own_workbook, results, tmp_path / "r.xlsx").path
    sheet = openpyxl.load_workbook(path)["March"]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value} == {"s", "n"}
    read = read_sheet(path, tab="March")
    message = read.rows[1].values[read.headings.index("message")]
    assert isinstance(message, str)
    assert message.startswith("_x0041_ and ␀ and xxx")


def test_everything_that_was_there_is_still_there(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    before_bytes = own_workbook.read_bytes()
    path = annotate(own_workbook, results, tmp_path / "r.xlsx").path
    before, after = openpyxl.load_workbook(own_workbook), openpyxl.load_workbook(path)
    assert after.sheetnames == before.sheetnames
    assert after["Budget"]["A1"].value == "=1+1"
    old, new = before["March"], after["March"]
    for row in old.iter_rows():
        for cell in row:
            twin = new[cell.coordinate]
            assert (twin.value, twin.data_type) == (cell.value, cell.data_type)
            assert repr((twin.font, twin.fill, twin.alignment)) == repr((cell.font, cell.fill, cell.alignment))
    assert new["C2"].comment.text == "read this"
    assert (new.column_dimensions["C"].width, new.row_dimensions[2].height, new.freeze_panes) == (61, 77, "B2")
    assert [v.formula1 for v in new.data_validations.dataValidation] == ['"yes,no"']
    assert [str(area.sqref) for area in new.conditional_formatting] == ["A2:A9"]
    assert own_workbook.read_bytes() == before_bytes


def test_the_new_headings_look_like_the_users_own(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    sheet = openpyxl.load_workbook(annotate(own_workbook, results, tmp_path / "r.xlsx").path)["March"]
    assert sheet["E1"].font.name == "Georgia"
    assert sheet["E1"].fill.fgColor.rgb == "FFFFFF00"


def test_the_copy_means_the_same_when_it_is_run(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    path = annotate(own_workbook, results, tmp_path / "r.xlsx").path
    before, after = read_sheet(own_workbook, tab="March"), read_sheet(path, tab="March")
    assert after.columns == before.columns
    assert [row.values[: len(HEADINGS)] for row in after.rows] == [row.values for row in before.rows]


def test_the_columns_that_were_added_are_read_back_without_a_word(
    tmp_path: Path, own_workbook: Path, results: Results
) -> None:
    path = annotate(own_workbook, replace(results, sandbox=True), tmp_path / "r.xlsx").path
    assert read_sheet(path, tab="March").notices == ("Column 'owner' is ignored (kept in the results).",)


def test_a_copy_of_a_copy_has_the_columns_once(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    first = annotate(own_workbook, results, tmp_path / "first.xlsx").path
    second = annotate(first, results, tmp_path / "second.xlsx").path
    sheets = [openpyxl.load_workbook(path)["March"] for path in (first, second)]
    values = [[[cell.value for cell in row] for row in sheet.iter_rows()] for sheet in sheets]
    assert values[0] == values[1]


def test_headings_below_a_title_are_the_ones_that_are_added_to(tmp_path: Path, results: Results) -> None:
    book = openpyxl.Workbook()
    for cells in (["Our plan for March"], [], HEADINGS, *(list(row.values()) for row in ROWS)):
        book.worksheets[0].append(cells)
    book.save(tmp_path / "march.xlsx")
    moved = replace(results, outcomes=tuple(replace(one, row=one.row + 2) for one in results.outcomes))
    annotate(tmp_path / "march.xlsx", moved, tmp_path / "copy.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "copy.xlsx").worksheets[0]
    added = [cell.value for cell in sheet[3]][len(HEADINGS) :]
    assert added == list(result_headings(sandbox=moved.sandbox))
    assert [cell.value for cell in sheet[1]][1:] == [None] * (sheet.max_column - 1)


def test_a_sandbox_run_says_so_on_each_row(
    tmp_path: Path, own_workbook: Path, make_outcome: Callable[..., Outcome], make_results: Callable[..., Results]
) -> None:
    results = make_results([make_outcome(2), make_outcome(3)], ROWS, headings=HEADINGS, sandbox=True)
    sheet = openpyxl.load_workbook(annotate(own_workbook, results, tmp_path / "r.xlsx").path)["March"]
    assert [row[-1].value for row in sheet.iter_rows()] == ["sandbox", "yes", "yes"]


def test_a_merged_title_beside_the_table_is_left_alone(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    book = openpyxl.load_workbook(own_workbook)
    book["March"]["F3"] = "a remark"
    book["March"].merge_cells("F3:H4")
    book.save(own_workbook)
    sheet = openpyxl.load_workbook(annotate(own_workbook, results, tmp_path / "r.xlsx").path)["March"]
    assert sheet["F3"].value == "a remark"
    assert sheet["I1"].value == "row"


def test_the_users_own_workbook_is_never_written_over(own_workbook: Path, results: Results) -> None:
    before = own_workbook.read_bytes()
    with pytest.raises(StopError, match="is the sheet itself"):
        annotate(own_workbook, results, own_workbook)
    assert own_workbook.read_bytes() == before


def test_a_copy_needs_the_same_ending(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    with pytest.raises(StopError, match=r"needs the same ending: name it r\.xlsx"):
        annotate(own_workbook, results, tmp_path / "r.csv")


def test_a_workbook_that_can_not_be_copied_is_one_sentence_and_leaves_nothing(tmp_path: Path, results: Results) -> None:
    broken = tmp_path / "broken.xlsx"
    broken.write_bytes(b"PK\x03\x04 and nothing more")
    told = r"broken\.xlsx can't be copied with its formats\. Instead, leave out --annotate"
    with pytest.raises(StopError, match=told):
        annotate(broken, results, tmp_path / "r.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["broken.xlsx"]


def test_which_sheet_is_meant_is_never_guessed(tmp_path: Path, own_workbook: Path, results: Results) -> None:

    with pytest.raises(StopError, match="Can't tell which sheet"):
        annotate(own_workbook, replace(results, headings=("other", "channel")), tmp_path / "r.xlsx")


def test_what_a_copy_can_not_keep_is_said(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    shape = b'<xdr:wsDr xmlns:xdr="urn:drawing"><xdr:sp /></xdr:wsDr>'
    with zipfile.ZipFile(own_workbook, "a") as archive:
        archive.writestr("xl/drawings/drawing9.xml", shape)
        archive.writestr("xl/slicers/slicer1.xml", b"<x/>")
    (notice,) = annotate(own_workbook, results, tmp_path / "r.xlsx").notices
    assert notice == (
        "The copy can't keep everything: it lacks slicers, shapes and text boxes. Your own workbook still has them."
    )


def test_a_chart_is_kept(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    book = openpyxl.load_workbook(own_workbook)
    chart = BarChart()
    chart.add_data(Reference(book["Budget"], min_col=1, min_row=1, max_row=2))
    book["Budget"].add_chart(chart, "C3")
    book.save(own_workbook)
    assert annotate(own_workbook, results, tmp_path / "r.xlsx").notices == ()
    assert tell_losses(own_workbook, tmp_path / "r.xlsx") == []


def test_the_macros_of_a_workbook_are_kept(tmp_path: Path, own_workbook: Path, results: Results) -> None:
    with_macros = tmp_path / "march.xlsm"
    macro = "application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    plain = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    with zipfile.ZipFile(own_workbook) as source, zipfile.ZipFile(with_macros, "w") as made:
        for name in source.namelist():
            data = source.read(name).replace(plain.encode(), macro.encode())
            made.writestr(name, data.replace(*VBA[name]) if name in VBA else data)
        made.writestr("xl/vbaProject.bin", b"macros")
    written = annotate(with_macros, results, tmp_path / "r.xlsm")
    assert written.notices == ()
    with zipfile.ZipFile(written.path) as archive:
        assert archive.read("xl/vbaProject.bin") == b"macros"


def test_the_added_headings_can_not_be_taken_for_columns_of_a_sheet_of_posts() -> None:
    headings = result_headings(sandbox=True)
    assert len(headings) == len(RESULT_COLUMNS) + 1
    assert "key (result)" in headings
    assert "link (result)" in headings
    assert "outcome" in headings
