"""What a person sees in a workbook besides its values: links behind words, pictures, lines through rows and words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO
from pathlib import Path

import pytest
import xlsxwriter
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from batch.errors import SheetError
from batch.model import Severity
from batch.sheets.read import Sheet, read_sheet
from tests.sheets.conftest import Xml

HEADINGS = ("key", "channel", "publish_at", "text", "media", "link", "notes")
AT = datetime.fromisoformat("2031-12-01 09:30")
JPG, PAGE = "https://example.com/p.jpg", "https://example.com/read"

Fill = Callable[[Workbook, Worksheet], None]


@pytest.fixture
def sheet_of(tmp_path: Path) -> Callable[..., Sheet]:
    """Write a workbook of three posts, filled in further by a function, and read it."""

    def make(fill: Fill, *, headings: Sequence[str] = HEADINGS, **options: object) -> Sheet:
        with xlsxwriter.Workbook(tmp_path / "p.xlsx") as book:
            sheet = book.add_worksheet("Posts")
            sheet.write_row(0, 0, headings)
            for row, key in enumerate("abc", start=1):
                sheet.write_row(row, 0, (key, "FACEBOOK"))
                sheet.write_datetime(row, 2, AT, book.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
                sheet.write_string(row, 3, f"Post {key}")
            fill(book, sheet)
        return read_sheet(tmp_path / "p.xlsx", **options)  # type: ignore[arg-type]  # options of read_sheet

    return make


PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c49444154789c63606060000000040001f61738"
    "550000000049454e44ae426082"
)


def cell(sheet: Sheet, row: int, column: str) -> str:
    return sheet.text(sheet.rows[row - 2], column)


def said(sheet: Sheet) -> list[tuple[str, str, str]]:
    assert {issue.severity for issue in sheet.issues} <= {Severity.WARNING}
    return [(issue.cell, issue.code, issue.message) for issue in sheet.issues]


# --- Links behind words


def test_the_address_behind_words_counts_in_media_and_link_and_is_said(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_url("E2", JPG, string="View photo")
        sheet.write_url("F2", PAGE, string="Read more")
        sheet.write_url("F3", PAGE, string="example.com/read")
        sheet.write_formula("F4", f'=HYPERLINK("{PAGE}","here")', None, "here")
        sheet.write_formula("E4", f'=_xlfn.IMAGE("{JPG}")', None, "")

    sheet = sheet_of(fill)
    assert [cell(sheet, 2, "media"), cell(sheet, 2, "link")] == [JPG, PAGE]
    assert [cell(sheet, row, "link") for row in (3, 4)] == [PAGE, PAGE]
    assert cell(sheet, 4, "media") == JPG
    assert said(sheet) == []
    assert (
        sheet.notices
        == (
            f"Used the address of the link behind the words: E2 (“View photo”: {JPG}), F2 (“Read more”: {PAGE}), "
            f"F3 (“example.com/read”: {PAGE}) and 2 more.",
            "Column 'notes' is ignored (kept in the results).",
        )[:1]
    )


def test_an_address_that_is_written_out_counts_as_it_is_written(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_url("E2", f"{JPG}/", string=JPG)
        sheet.write_url("F2", "https://example.com/a%20b", string="HTTPS://example.com/a b")
        sheet.write_url("F3", "https://elsewhere.example/x", string=PAGE)
        sheet.write_url("E3", "https://example.com/1.jpg", string=f"{JPG}\nhttps://example.com/2.jpg")
        sheet.write_url("F4", "mailto:anna@example.com", string="write us")
        sheet.write_url("E4", "external:pictures/bowl.jpg", string="bowl.jpg")

    sheet = sheet_of(fill)
    assert [cell(sheet, 2, "media"), cell(sheet, 3, "link"), cell(sheet, 4, "link")] == [JPG, PAGE, "write us"]
    assert cell(sheet, 3, "media") == f"{JPG}\nhttps://example.com/2.jpg"
    assert cell(sheet, 4, "media") == "bowl.jpg"
    assert said(sheet) == [
        (
            "F3",
            "link_differs",
            f"F3 shows {PAGE}, but its link goes to https://elsewhere.example/x. Write the address that is meant.",
        )
    ]
    assert sheet.notices == ()


def test_links_behind_words_of_a_text_are_said_and_others_are_passed_over(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_url("D2", PAGE, string="Read more here")
        sheet.write_url("D3", PAGE, string=f"All of it: {PAGE}")
        sheet.write_url("G4", PAGE, string="the brief")

    sheet = sheet_of(fill)
    assert cell(sheet, 2, "text") == "Read more here"
    assert sheet.notices == ("Posts are plain text, so the links behind words of `text` aren't sent: D2.",)


def test_links_count_in_each_of_the_columns_that_make_up_the_media(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.write_url("E2", JPG, string="front")
        sheet.write_url("F2", f"{JPG}?2", string="back")

    sheet = sheet_of(fill, headings=("key", "channel", "publish_at", "text", "Image 1", "Image 2", "notes"))
    assert cell(sheet, 2, "media") == f"{JPG}\n{JPG}?2"


# --- Pictures


def test_a_picture_over_a_row_without_media_is_a_warning_of_that_row(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.insert_image("E2", "p.png", {"image_data": BytesIO(PIXEL)})
        sheet.insert_image("I2", "p.png", {"image_data": BytesIO(PIXEL)})
        sheet.write_string("E3", "bowl.jpg")
        sheet.insert_image("I3", "p.png", {"image_data": BytesIO(PIXEL)})
        sheet.insert_image("A1", "p.png", {"image_data": BytesIO(PIXEL)})
        sheet.insert_image("A40", "p.png", {"image_data": BytesIO(PIXEL)})

    sheet = sheet_of(fill)
    assert said(sheet) == [
        (
            "E2",
            "picture_on_sheet",
            "The picture over E2 and I2 only lies on the sheet and isn't sent. Write its address or file name into "
            "`media`.",
        )
    ]
    assert sheet.notices == ("Pictures that lie on the sheet aren't sent; what `media` names is (row 3).",)


def test_without_a_column_of_media_one_is_asked_for(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        sheet.insert_image("E4", "p.png", {"image_data": BytesIO(PIXEL)})

    ((at, _, message),) = said(sheet_of(fill, headings=(*HEADINGS[:4], "Client")))
    assert at == ""
    assert message.endswith("Write its address or file name into a column `media`.")


def test_a_picture_in_a_cell_is_an_error_that_says_so(xlsx: Callable[..., Path]) -> None:
    row = ["a", "FACEBOOK", "2031-12-01 09:30", "Hi", Xml("<c r='{at}' t='e' vm='1'><v>#VALUE!</v></c>")]
    (issue,) = read_sheet(xlsx([HEADINGS[:5], row])).issues
    assert (issue.cell, issue.code, issue.severity) == ("E2", "picture_cell", Severity.ERROR)
    assert issue.message == (
        "Cell E2 has a picture in it, which can't be sent from a sheet. Write its address or its file name instead."
    )


# --- Crossed out


def strike(book: Workbook, sheet: Worksheet, row: int, columns: Sequence[int]) -> None:
    line = book.add_format({"font_strikeout": True})
    at = book.add_format({"font_strikeout": True, "num_format": "yyyy-mm-dd hh:mm"})
    for column in columns:
        if column == 2:
            sheet.write_datetime(row - 1, 2, AT, at)
        else:
            sheet.write_string(row - 1, column, {0: "c", 1: "FACEBOOK", 3: "Off", 4: "x.jpg", 6: "why"}[column], line)


@pytest.mark.parametrize("columns", [(0, 1, 2, 3), (2, 3), (2, 3, 4, 6)])
def test_crossed_out_rows_stop_the_run_as_hidden_ones_do(
    sheet_of: Callable[..., Sheet], columns: Sequence[int]
) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        strike(book, sheet, 4, columns)

    with pytest.raises(SheetError) as refused:
        sheet_of(fill)
    assert str(refused.value) == (
        "p.xlsx, sheet 'Posts' has the crossed-out row 4. Use --skip-hidden to leave it out, or --include-hidden to "
        "post all."
    )
    left = sheet_of(fill, hidden="skip")
    assert ([row.number for row in left.rows], left.notices) == ([2, 3], ("Left out: the crossed-out row 4.",))
    kept = sheet_of(fill, hidden="include")
    assert ([row.number for row in kept.rows], kept.notices) == ([2, 3, 4], ("Included: the crossed-out row 4.",))


def test_hidden_and_crossed_out_rows_are_asked_about_at_once(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        strike(book, sheet, 2, (2, 3))
        strike(book, sheet, 3, (2, 3))
        sheet.set_row(3, None, None, {"hidden": True})

    with pytest.raises(SheetError, match=r"the hidden or filtered row 4 and crossed-out rows 2 and 3\. .* them out"):
        sheet_of(fill)


REMEDY = ", which a post can't show. Delete what isn't meant, or take the line off."


def test_a_cell_or_words_that_are_crossed_out_are_a_warning(sheet_of: Callable[..., Sheet]) -> None:
    def fill(book: Workbook, sheet: Worksheet) -> None:
        line = book.add_format({"font_strikeout": True})
        strike(book, sheet, 2, (3,))
        sheet.write_rich_string("D3", "Now ", line, "10 ", "12 euros")
        strike(book, sheet, 4, (6,))

    assert said(sheet_of(fill)) == [
        (
            "D2",
            "crossed_out",
            f"D2 is crossed out{REMEDY}",
        ),
        (
            "D3",
            "crossed_out",
            f"D3 has words that are crossed out{REMEDY}",
        ),
    ]
