"""`fix`: after it only what has several remedies is left, and no other cell or style has changed."""

from __future__ import annotations

import csv
import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.cell import Cell
from openpyxl.comments import Comment
from openpyxl.styles import Border, Font, PatternFill, Side
from openpyxl.worksheet.worksheet import Worksheet

from tests.commands.conftest import Desk

HEADINGS = ("key", "channel", "type", "publish_at", "timezone", "text", "title", "media", "link", "privacy", "client")
ROWS = (
    ("spring–01", "FACEBOOK", "", "2031-12-01 09:30", "Europe/Berlin", "A typed dash", "", "", "", "", "x"),
    ("two\u200b", "LINKEDIN", "", "2031-12-02 09:30", "Europe/Berlin", "A zero-width key", "", "", "", "", ""),
    ("three", "Facebok", "", "2031-12-03 09:30", "Europe/Berlin", "A slip", "", "", "", "", "00123"),
    ("four", "FACEBOOK, FACEBOOK", "", "2031-12-04 09:30", "Europe/Berlin", "Twice", "", "", "", "", ""),
    ("five", "LINKEDIN", "Carousel", "2031-12-05 09:30", "Europe/Berlin", "A type", "", "", "", "", ""),
    ("six", "FACEBOOK", "", "2031-12-06 17:30 pm", "Europe/Berlin", "A half of the day", "", "", "", "", ""),
    ("seven", "FACEBOOK", "", "2031-12-07 09:30", "London", "A city", "", "", "", "", ""),
    ("eight", "FACEBOOK", "", "2031-12-08 09:30", "Europe/Berlin", "A link", "", "", "www.example.com/x", "", "=1+1"),
    ("nine", "FACEBOOK", "", "2031-12-09 09:30", "Europe/Berlin", "A\ttab and a bell\x07", "", "", "", "", ""),
    ("ten", "TIKTOK", "VIDEO", "2031-12-10 09:30", "Europe/Berlin", "Privacy", "",
     "https://example.com/a.mp4", "", "public", ""),
    ("eleven", "FACEBOOK", "", "25 Dec 2031 09:30", "Europe/Berlin", "Nothing wrong, =and kept", "", "", "", "", "NA"),
    ("twelve", "FACEBOOK", "", "2031-12-11 09:30", "Europe/Berlin", "Fish &amp; donâ€™t", "", "", "", "", ""),
)  # fmt: skip
CORRECTED = {
    "A2": "spring-01", "A3": "two", "B4": "FACEBOOK", "B5": "FACEBOOK", "C6": "POST", "D7": "2031-12-06 17:30",
    "E8": "Europe/London", "I9": "https://www.example.com/x", "F10": "A tab and a bell", "J11": "PUBLIC_TO_EVERYONE",
    "F13": "Fish & don’t",
}  # fmt: skip
"""One of each mistake that has exactly one remedy, and what the copy holds instead."""


def write_workbook(path: Path) -> None:
    """Write the sheet with looks of a person's own: fonts, fills, widths, a note, another sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "Posts"
    sheet.append(HEADINGS)
    for row in ROWS:
        sheet.append([cell.replace("\x07", "") for cell in row])
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True, color="FFFFFFFF"), PatternFill("solid", fgColor="FF225544")
    for at in CORRECTED:
        sheet[at].fill, sheet[at].font = PatternFill("solid", fgColor="FFFFEEAA"), Font(italic=True, name="Georgia")
        sheet[at].border = Border(bottom=Side("thin", color="FF884422"))
    sheet["A3"].comment = Comment("mine", "Anna")
    sheet.column_dimensions["F"].width = 44
    sheet.row_dimensions[5].height = 33
    sheet.freeze_panes = "B2"
    book.create_sheet("Notes")["B2"] = "=SUM(1,2)"
    book.save(path)


def write_csv(path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
        writer.writerows([HEADINGS, *ROWS[:3], (), *ROWS[3:]])


def test_what_a_person_types_goes_into_that_cell_of_a_copy_only(desk):
    write_csv(desk.folder / "a.csv")
    write_workbook(desk.folder / "b.xlsx")
    for name, row in (("a.csv", 9), ("b.xlsx", 8)):
        before = (desk.folder / name).read_bytes()
        ended = desk("fix", name, "--set", f"E{row}=Europe/Paris", "--set", f"f{row}=Two\nlines, and = more", "--json")
        done = json.loads(ended.out)
        assert [(fix["new"], fix["why"]) for fix in done["fixes"]] == [
            ("Europe/Paris", "typed"), ("Two\nlines, and = more", "typed"),
        ]  # fmt: skip
        assert (desk.folder / name).read_bytes() == before
        assert f"E{row}" not in {issue["cell"] for issue in done["issues"]}
        again = json.loads(desk("fix", done["written"], "--set", f"E{row}=Europe/Rome", "--json").out)
        assert again["written"] == done["written"].replace(".fixed.", ".fixed-2.")


@pytest.mark.parametrize(("typed", "told"), [
    ("ZZ3=x", "ZZ3 isn't a cell of a row"), ("A99=x", "A99 isn't"), ("x=y", "X isn't"), ("A1=key", "A1 isn't"),
    ("A3=a\x07b", "A3 can't hold what you typed"), ("A3", "--set A3 names no text"), (f"A{'9' * 5000}=x", "isn't"),
])  # fmt: skip
def test_what_no_cell_can_take_is_refused_and_nothing_is_written(desk, typed, told):
    write_csv(desk.folder / "a.csv")
    ended = desk("fix", "a.csv", "--set", typed)
    assert ended.status == 2
    assert told in ended.err
    assert [path.name for path in desk.folder.iterdir()] == ["a.csv"]


def looks(cell: Cell) -> tuple[Any, ...]:
    color = cell.font.color.rgb if cell.font.color else None
    note = cell.comment.text if cell.comment else ""
    return (cell.font.name, cell.font.b, cell.font.i, color, cell.fill.fgColor.rgb, cell.border.bottom.style,
            cell.number_format, cell.alignment.horizontal, note)  # fmt: skip


def test_a_workbook_checks_clean_after_it_and_nothing_else_has_changed(desk: Desk) -> None:
    path = desk.folder / "plan.xlsx"
    write_workbook(path)
    before = path.read_bytes()
    ended = desk("fix", "plan.xlsx")
    assert (ended.status, ended.err) == (0, "")
    assert "11 cells corrected" in ended.out
    assert desk("check", "plan.fixed.xlsx").out.startswith(
        "12 rows, 12 posts: no problems found. Next: postbatch plan "
    )
    assert path.read_bytes() == before
    old, new = (openpyxl.load_workbook(desk.folder / name) for name in ("plan.xlsx", "plan.fixed.xlsx"))
    assert old.sheetnames == new.sheetnames
    for sheet in old.worksheets:
        copy = new[sheet.title]
        assert (copy.dimensions, copy.freeze_panes) == (sheet.dimensions, sheet.freeze_panes)
        widths = [{name: side.width for name, side in s.column_dimensions.items()} for s in (sheet, copy)]
        assert widths[0] == widths[1]
        assert copy.row_dimensions[5].height == sheet.row_dimensions[5].height
        for row in sheet.iter_rows():
            for cell in row:
                there = copy[cell.coordinate]
                expected = CORRECTED.get(cell.coordinate, cell.value) if sheet.title == "Posts" else cell.value
                assert (there.value, looks(there)) == (expected, looks(cell)), cell.coordinate


def test_a_csv_keeps_every_other_line_as_it_is(desk: Desk) -> None:
    write_csv(desk.folder / "plan.csv")
    before = (desk.folder / "plan.csv").read_bytes()
    ended = desk("fix", "plan.csv", "--out", "better.csv")
    assert ended.status == 0
    assert desk("check", "better.csv").out.startswith("12 rows, 12 posts: no problems found. Next: ")
    assert (desk.folder / "plan.csv").read_bytes() == before
    old, new = (before.decode("utf-8-sig"), (desk.folder / "better.csv").read_bytes().decode("utf-8-sig"))
    assert (desk.folder / "better.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    lines = list(zip(old.split("\r\n"), new.split("\r\n"), strict=True))
    assert [n for n, (one, other) in enumerate(lines, start=1) if one == other] == [1, 5, 13, 15]
    wanted = {**CORRECTED}
    for at in list(wanted):  # a blank line stands before the fifth row
        if int(at[1:]) >= 5:
            wanted[f"{at[0]}{int(at[1:]) + 1}"] = wanted.pop(at)
    rows = list(csv.reader(new.splitlines(), delimiter=";"))
    for number, cells in enumerate(csv.reader(old.splitlines(), delimiter=";"), start=1):
        for place, cell in enumerate(cells):
            address = f"{'ABCDEFGHIJK'[place]}{number}"
            assert rows[number - 1][place] == wanted.get(address, cell), address


@pytest.mark.parametrize("name", ["plan.csv", "plan.xlsx"])
def test_headings_that_are_slips_are_corrected(desk: Desk, name: str) -> None:
    headings, row = (
        ["Key", "Chanel", "publish_att", "text"],
        ["a", "FACEBOOK", "2031-12-01 09:30+01:00", "Hi &amp; bye"],
    )
    if name.endswith(".csv"):
        (desk.folder / name).write_text("\n".join(map(",".join, (["Plan"], headings, row))) + "\n")
    else:
        book = openpyxl.Workbook()
        for cells in (["Plan"], headings, row):
            book.worksheets[0].append(cells)
        book.save(desk.folder / name)
    ended = desk("fix", name, "--out", f"better.{name[5:]}")
    assert (ended.status, "3 cells corrected" in ended.out) == (0, True)
    checked = desk("check", f"better.{name[5:]}")
    assert (checked.status, "1 row, 1 post" in checked.out) == (0, True)


def test_a_heading_with_other_questions_beside_it_is_left_to_the_person(desk: Desk) -> None:
    (desk.folder / "plan.csv").write_text("key,chanel,text,Status\na,FACEBOOK,Hi,Draft\n")
    ended = desk("fix", "plan.csv")
    assert ended.status == 2
    assert "'chanel' (column B) looks like channel" in ended.err


def test_what_has_several_remedies_is_left_and_said(desk: Desk) -> None:
    desk.write("plan.csv", [{"key": "a–b", "channel": "FACEBOOK", "publish_at": "03/04/2031 09:30", "text": "Hi"}])
    ended = desk("fix", "plan.csv")
    assert ended.status == 1
    assert "1 cell corrected" in ended.out
    assert "2031-03-04 09:30 or 2031-04-03 09:30" in " ".join(ended.out.split())
    assert "publish_at" in ended.out.partition("1 cell corrected")[2]
    again = desk("fix", "plan.fixed.csv")
    assert again.status == 1
    assert "Nothing here can be corrected without asking you" in again.out
    assert not (desk.folder / "plan.fixed.fixed.csv").exists()


def test_what_a_row_does_is_never_corrected_by_likeness(desk: Desk) -> None:
    desk.write("plan.csv", [{"key": "a", "channel": "FACEBOOK", "action": "cancell", "text": "Hi"}])
    assert "Did you mean cancel?" in desk("fix", "plan.csv").out
    assert not (desk.folder / "plan.fixed.csv").exists()


def test_a_cell_with_a_formula_stays_a_formula(desk: Desk) -> None:
    with xlsxwriter.Workbook(desk.folder / "plan.xlsx") as book:
        sheet = book.add_worksheet("Posts")
        sheet.write_row(0, 0, ["key", "channel", "text", "link"])
        sheet.write_row(1, 0, ["a–b", "FACEBOOK", "Hello"])
        sheet.write_formula(1, 3, '=CONCATENATE("www.","example.com")', value="www.example.com")
    ended = desk("fix", "plan.xlsx")
    assert ended.status == 1
    assert "1 cell corrected" in ended.out
    assert "lacks its beginning" in ended.out
    assert openpyxl.load_workbook(desk.folder / "plan.fixed.xlsx")["Posts"]["D2"].data_type == "f"


@pytest.mark.parametrize("out", ["plan.csv", "plan.xlsx", "."])
def test_the_original_is_never_written_over_and_the_copy_has_its_ending(desk: Desk, out: str) -> None:
    write_csv(desk.folder / "plan.csv")
    assert desk("fix", "plan.csv", "--out", out).status == 2


def test_only_the_cells_that_are_named_are_corrected(desk: Desk) -> None:
    write_csv(desk.folder / "plan.csv")
    whole = json.loads(desk("fix", "plan.csv", "--json", "--out", "whole.csv").out)["fixes"]
    ended = desk("fix", "plan.csv", "--cell", "b4", "--cell", "E9", "--json")
    fixes = json.loads(ended.out)["fixes"]
    assert [(fix["row"], fix["new"]) for fix in fixes] == [(4, "FACEBOOK"), (9, "Europe/London")]
    assert len(whole) > len(fixes)
    before, after = (
        (desk.folder / name).read_text("utf-8-sig").splitlines() for name in ("plan.csv", "plan.fixed.csv")
    )
    assert after[3] == before[3].replace("Facebok", "FACEBOOK")
    assert after[8] == before[8].replace("London", "Europe/London")
    assert [line for n, line in enumerate(after) if n not in (3, 8)] == [
        line for n, line in enumerate(before) if n not in (3, 8)
    ]


def test_a_cell_without_a_single_fix_is_refused(desk: Desk) -> None:
    write_csv(desk.folder / "plan.csv")
    ended = desk("fix", "plan.csv", "--cell", "F2")
    assert (ended.status, "no single fix for F2" in ended.err) == (2, True)
    assert not (desk.folder / "plan.fixed.csv").exists()


def test_rows_corrected_in_to_fix_are_taken_over(desk: Desk) -> None:
    """The whole loop: run, correct on `To fix`, fix, run the copy: nothing is left and nothing is posted twice."""
    rows = [
        {"key": "good", "channel": "FACEBOOK", "publish_at": "2031-03-03 09:00", "text": "Fine"},
        {"key": "late", "channel": "FACEBOOK", "publish_at": "2031-03-04", "text": "No time"},
        {"key": "bad", "channel": "PINTEREST", "publish_at": "2031-03-05 09:00", "text": "No picture"},
    ]
    write_plan(desk.folder / "plan.xlsx", [{**row, "timezone": "Europe/Berlin"} for row in rows])
    assert desk("run", "plan.xlsx", "--yes", "--sandbox", "--no-page").status == 1
    book = openpyxl.load_workbook(desk.folder / "plan.results.xlsx")
    sheet = book["To fix"]
    at = {cell.value: cell.column for cell in sheet[1]}
    assert [sheet.cell(n, at["row"]).value for n in (2, 3)] == ["3", "4"]
    sheet.cell(2, at["publish_at"], datetime(2031, 3, 4, 10, 30))  # noqa: DTZ001  a cell has no zone
    sheet.cell(3, at["media"], "https://example.com/plate.jpg")
    sheet.cell(3, at["title"], "Plates")
    book.save(desk.folder / "plan.results.xlsx")
    ended = desk("fix", "plan.xlsx")
    assert ended.status == 0, ended.out
    fixed = openpyxl.load_workbook(desk.folder / "plan.fixed.xlsx").active
    assert fixed is not None
    cells = [[cell.value for cell in row] for row in fixed.iter_rows()]
    assert cells[0] == ["key", "channel", "publish_at", "text", "timezone", "media", "title"]
    assert cells[2][2] == "2031-03-04 10:30"
    assert cells[3][5:] == ["https://example.com/plate.jpg", "Plates"]
    assert cells[1] == ["good", "FACEBOOK", "2031-03-03 09:00", "Fine", "Europe/Berlin", None, None]
    shutil.move(desk.folder / "plan.fixed.xlsx", desk.folder / "plan.xlsx")
    ended, posts = desk.run("plan.xlsx", "--sandbox")
    assert [post["outcome"] for post in posts] == ["unchanged", "scheduled", "scheduled"], ended.out


def test_a_row_that_was_changed_in_the_sheet_as_well_is_left(desk: Desk) -> None:
    row = {"key": "a", "channel": "FACEBOOK", "publish_at": "2031-03-04", "timezone": "Europe/Berlin", "text": "Hi"}
    write_plan(desk.folder / "plan.xlsx", [row])
    desk("run", "plan.xlsx", "--yes", "--sandbox", "--no-page")
    book = openpyxl.load_workbook(desk.folder / "plan.results.xlsx")
    sheet = book["To fix"]
    sheet.cell(2, [cell.value for cell in sheet[1]].index("publish_at") + 1, "2031-03-04 10:30")
    book.save(desk.folder / "plan.results.xlsx")
    write_plan(desk.folder / "plan.xlsx", [{**row, "publish_at": "2031-03-04 12:00"}])
    ended = desk("fix", "plan.xlsx")
    assert "Not taken from plan.results.xlsx: row 2, because the sheet has changed there since." in ended.err
    assert not (desk.folder / "plan.fixed.xlsx").exists()


def write_plan(path: Path, rows: list[dict[str, str]]) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    columns = list(dict.fromkeys(name for row in rows for name in row))
    sheet.append(columns)
    for row in rows:
        sheet.append([row.get(name, "") for name in columns])
    book.save(path)
