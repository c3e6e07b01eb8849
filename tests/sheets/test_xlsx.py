"""What a workbook holds, cell by cell: the ways to write the same thing, and what stands beside the values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font

from batch.errors import SheetError
from batch.sheets.cells import Area, CellError, Number, RawSheet
from batch.sheets.xlsx import read_workbook
from tests.sheets.conftest import PACKAGE, WorkbookMaker

WEB = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWING = "xmlns='http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing'"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6364f8ff1f0003030200efa2a7"
    "5b0000000049454e44ae426082"
)


def read_rows(xlsx: WorkbookMaker, rows: str, **options: Any) -> RawSheet:
    content = xlsx.sheet([], **options).replace("<sheetData>", f"<sheetData>{rows}")
    return read_workbook(xlsx(sheets={"Posts": content}, strings="<si><t>shared</t></si>"), tab=None)


def read_cell(xlsx: WorkbookMaker, cell: str) -> object:
    return read_rows(xlsx, f"<row r='1'>{cell}</row>").rows[0].cells[0]


# One cell as XML, and what it holds
CELLS = [
    ("<c r='A1' t='s'><v>0</v></c>", "shared"),
    ("<c r='A1' t='s'>\n  <v>\n0 </v>\n</c>", "shared"),
    ("<c t='s' r='A1' x='1'><v>0</v></c>", "shared"),
    ("<c r='A1' t='str'><v>a<![CDATA[<b> & c]]>d</v></c>", "a<b> & cd"),
    ("<c r='A1' t='inlineStr'><is><t><![CDATA[one]]></t></is></c>", "one"),
    ("<c r='A1' t='str'><!-- b --><v>a<!-- b -->c</v></c>", "ac"),
    ("<c r='A1' t='str'><v>&lt;&#233;&#x1F389;&amp;amp;</v></c>", "<é🎉&amp;"),
    ("<c r='A1' t='str'><v>a_x000D__x005F_x0041_</v></c>", "a\r_x0041_"),
    ("<c r='A1' t='inlineStr'><is><t xml:space='preserve'> a </t></is></c>", " a "),
    ("<c r='A1' t='inlineStr'><is><r><rPr><b/></rPr><t>a</t></r><r><t> b</t></r></is></c>", "a b"),
    ("<c r='A1' t='inlineStr'><is><t>a</t><rPh sb='0' eb='1'><t>x</t></rPh><phoneticPr/></is></c>", "a"),
    ("<c r='A1'><is><t>untold</t></is></c>", "untold"),
    ("<c r='A1' t='b'><v>1</v></c>", "TRUE"),
    ("<c r='A1' t='b'><v>0</v></c>", "FALSE"),
    ("<c r='A1' t='e'><v>#DIV/0!</v></c>", CellError("error_cell", "#DIV/0!")),
    ("<c r='A1' t='e'/>", CellError("error_cell", "#N/A")),
    ("<c r='A1'><f>B1&amp;\"x\"</f></c>", CellError("formula_without_value", '=B1&"x"')),
    ("<c r='A1'><f t='shared' si='0'/><v/></c>", CellError("formula_without_value", "=…")),
    ("<c r='A1' t='str'><f>B1</f><v>kept</v></c>", "kept"),
    ("<c r='A1' t='d'><v>not a date</v></c>", "not a date"),
]


@pytest.mark.parametrize(("cell", "held"), CELLS)
def test_a_cell_is_what_its_xml_says(xlsx: WorkbookMaker, cell: str, held: object) -> None:
    assert read_cell(xlsx, cell) == held


@pytest.mark.parametrize("stored", ["17841400008460056", "1E+16", "0.1", "-5", "00012", "1.78414000084601E+16"])
def test_a_number_keeps_the_digits_that_are_stored(xlsx: WorkbookMaker, stored: str) -> None:
    cell = read_cell(xlsx, f"<c r='A1'><v> {stored} </v></c>")
    assert isinstance(cell, Number)
    assert (cell.stored, cell.value) == (stored, float(stored))


def test_a_sheet_without_rows_is_empty_with_and_without_a_prefix(xlsx: WorkbookMaker) -> None:
    plain = xlsx.sheet([])
    prefixed = plain.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:").replace("xmlns=", "xmlns:x=")
    closed = prefixed.replace("<x:sheetData></x:sheetData>", "<x:sheetData/>")
    assert [read_workbook(xlsx(sheets={"a": sheet}), tab=None).rows for sheet in (plain, prefixed, closed)] == [[]] * 3


def test_two_prefixes_of_one_namespace_are_one_and_another_namespace_is_not_it(xlsx: WorkbookMaker) -> None:
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    mixed = (
        f"<worksheet xmlns='{main}' xmlns:m='{main}' xmlns:other='o'><m:sheetData><row r='1'>"
        "<m:c r='A1' t='str'><v>a</v></m:c><c r='B1' t='str'><other:v>no</other:v><v>b</v></c>"
        "<extLst><other:c r='C1'><other:v>no</other:v></other:c></extLst></row></m:sheetData></worksheet>"
    )
    assert read_workbook(xlsx(sheets={"Posts": mixed}), tab=None).rows[0].cells == ["a", "b"]


def test_a_sheet_in_utf_16_is_read(xlsx: WorkbookMaker) -> None:
    text = "<?xml version='1.0' encoding='UTF-16'?>" + xlsx.sheet([["grün", "🎉"]])
    path = xlsx([["a"]], parts={"xl/worksheets/sheet1.xml": text.encode("utf-16")})
    assert read_workbook(path, tab=None).rows[0].cells == ["grün", "🎉"]


def test_rows_and_cells_without_an_address_follow_the_last_one(xlsx: WorkbookMaker) -> None:
    rows = (
        "<row><c t='s'><v>0</v></c></row><row r='5'><c r='C5' t='s'><v>0</v></c><c t='s'><v>0</v></c></row>"
        "<row><c r='b9' t='s'><v>0</v></c></row><row><c t='s'><v>0</v></c></row>"
    )
    read = [(row.number, row.cells) for row in read_rows(xlsx, rows).rows]
    assert read == [
        (1, ["shared"]),
        (5, ["", "", "shared", "shared"]),
        (9, ["", "shared"]),
        (10, ["shared"]),
    ]


def test_hidden_columns_are_counted_once_however_often_they_are_said(xlsx: WorkbookMaker) -> None:
    cols = "<cols>" + "<col min='2' max='3' hidden='1'/>" * 3 + "<col min='5' max='5' hidden='0'/><col min='0' max='9' "
    grid = read_rows(xlsx, "", head=cols + "hidden='1'/><col min='1000' max='16384' hidden='true'/></cols>")
    assert grid.hidden_columns == (1, 2, 999)


# --- What stands beside the values


def linked(xlsx: WorkbookMaker, links: str, rows: str, relations: str) -> RawSheet:
    content = xlsx.sheet([], tail=f"<hyperlinks xmlns:r='{WEB}'>{links}</hyperlinks>")
    content = content.replace("<sheetData>", f"<sheetData>{rows}")
    listing = f"<Relationships xmlns='{PACKAGE}/relationships'>{relations}</Relationships>"
    return read_workbook(
        xlsx(sheets={"Posts": content}, parts={"xl/worksheets/_rels/sheet1.xml.rels": listing}), tab=None
    )


OUT = "<Relationship Id='o' Type='x/hyperlink' Target='https://example.com/a' TargetMode='External'/>"
IN = "<Relationship Id='i' Type='x/hyperlink' Target='../other.xml'/>"
TWO_ROWS = (
    "<row r='1'><c r='A1' t='str'><v>a</v></c><c r='B1' t='str'><v>b</v></c></row>"
    "<row r='2'><c r='A2' t='str'><v>c</v></c></row>"
)


def test_a_link_gives_its_address_to_each_cell_of_its_range(xlsx: WorkbookMaker) -> None:
    links = "<hyperlink ref='A1:XFD1048576' r:id='o'/><hyperlink ref='B1' r:id='o' location='top'/>"
    assert linked(xlsx, links, TWO_ROWS, OUT).links == {
        (1, 0): "https://example.com/a",
        (1, 1): "https://example.com/a#top",
        (2, 0): "https://example.com/a",
        (2, 1): "https://example.com/a",
    }


def test_a_link_to_a_place_inside_is_none(xlsx: WorkbookMaker) -> None:
    links = "<hyperlink ref='A1' location='Posts!B2'/><hyperlink ref='A1' r:id='i'/><hyperlink ref='A1' r:id='gone'/>"
    assert linked(xlsx, links, TWO_ROWS, IN).links == {}


def test_a_formula_that_spells_out_its_address_is_a_link(xlsx: WorkbookMaker) -> None:
    rows = (
        '<row r=\'1\'><c r=\'A1\' t=\'str\'><f>HYPERLINK("https://e.org/?a=1&amp;b=""2""","here")</f><v>here</v></c>'
        "<c r='D1'><f>hyperlink( \"mailto:a@b.org\" )</f></c><c r='E1'><f>HYPERLINK(A2,\"x\")</f><v>1</v></c></row>"
        "<row r='2'><c t='str'><f t='shared' ref='A2:A3' si='0'>HYPERLINK(\"https://e.org\")</f><v>x</v></c></row>"
        "<row r='3'><c r='A3' t='str'><f t='shared' si='0'/><v>x</v></c></row>"
    )
    assert read_rows(xlsx, rows).links == {
        (1, 0): 'https://e.org/?a=1&b="2"',
        (1, 3): "mailto:a@b.org",
        (2, 0): "https://e.org",
        (3, 0): "https://e.org",
    }


def test_links_and_pictures_of_xlsxwriter_are_found(tmp_path: Path) -> None:
    (tmp_path / "p.png").write_bytes(PIXEL)
    with xlsxwriter.Workbook(tmp_path / "p.xlsx") as book:
        sheet = book.add_worksheet("Posts")
        sheet.write_url("B2", "https://example.com/q?a=1&b=2#part", string="Read more")
        sheet.write_url("C2", "internal:Posts!A1", string="inside")
        sheet.insert_image("E4", tmp_path / "p.png")
        sheet.insert_image("B6", tmp_path / "p.png", {"x_scale": 100, "y_scale": 30, "object_position": 1})
        sheet.insert_textbox("A9", "no picture")
    grid = read_workbook(tmp_path / "p.xlsx", tab=None)
    assert grid.links == {(2, 1): "https://example.com/q?a=1&b=2#part"}
    assert grid.pictures == (Area(4, 4, 4, 4, "E4"), Area(6, 1, 7, 2, "B6:C7"))


def test_a_picture_that_ends_at_an_edge_does_not_lie_over_the_next_cell(xlsx: WorkbookMaker) -> None:
    def corner(name: str, column: int, row: int, offset: int) -> str:
        offsets = f"<colOff>{offset}</colOff>", f"<rowOff>{offset}</rowOff>"
        return f"<{name}><col>{column}</col>{offsets[0]}<row>{row}</row>{offsets[1]}</{name}>"

    picture, shape = "<pic/>", "<sp/>"
    anchors = [
        corner("from", 1, 1, 0) + corner("to", 3, 2, 0) + picture,
        corner("from", 4, 4, 9) + corner("to", 5, 5, 9) + f"<grpSp>{shape}{picture}</grpSp>",
        corner("from", 7, 7, 0) + corner("to", 8, 8, 0) + shape,
    ]
    drawing = (
        f"<wsDr {DRAWING}>" + "".join(f"<twoCellAnchor>{anchor}</twoCellAnchor>" for anchor in anchors) + "</wsDr>"
    )
    relation = "<Relationship Id='d' Type='x/drawing' Target='/xl/drawings/d.xml'/>"
    parts = {
        "xl/worksheets/_rels/sheet1.xml.rels": f"<Relationships>{relation}</Relationships>",
        "xl/drawings/d.xml": drawing,
    }
    path = xlsx([["a"]], tail=f"<drawing xmlns:r='{WEB}' r:id='d'/>", parts=parts)
    assert read_workbook(path, tab=None).pictures == (Area(2, 1, 2, 2, "B2:C2"), Area(5, 4, 6, 5, "E5:F6"))


def test_a_cell_whose_whole_text_is_struck_out_is_told(tmp_path: Path) -> None:
    struck, plain = TextBlock(InlineFont(strike=True), "gone"), TextBlock(InlineFont(b=True), "here")
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["key", "struck", 1.5, None, "plain"])
    for at in ("B1", "C1", "D1"):
        sheet[at].font = Font(strike=True)
    sheet.append([CellRichText(struck, struck), CellRichText(struck, plain), "plain"])
    book.save(tmp_path / "p.xlsx")
    rows = read_workbook(tmp_path / "p.xlsx", tab=None).rows
    assert [row.struck for row in rows] == [(1, 2), (0,)]


def test_a_struck_text_that_cells_share_is_struck_in_each(xlsx: WorkbookMaker) -> None:
    struck, not_struck = "<rPr><strike/></rPr>", "<rPr><strike val='0'/></rPr>"
    strings = f"<si><t>a</t></si><si><r>{struck}<t>b</t></r></si><si><r>{not_struck}<t>c</t></r></si>"
    cells = "".join(f"<c t='s'><v>{n}</v></c>" for n in (0, 1, 2, 1))
    content = xlsx.sheet([]).replace("<sheetData>", f"<sheetData><row>{cells}</row>")
    row = read_workbook(xlsx(sheets={"Posts": content}, strings=strings), tab=None).rows[0]
    assert (row.cells, row.struck) == (["a", "b", "c", "b"], (1, 3))


def test_a_sheet_with_nothing_beside_its_values_says_so(xlsx: WorkbookMaker) -> None:
    grid = read_workbook(xlsx([["a"]]), tab=None)
    assert (grid.links, grid.pictures, grid.merges, grid.rows[0].struck) == ({}, (), (), ())


def test_links_over_far_more_cells_than_posts_need_are_refused(xlsx: WorkbookMaker) -> None:
    rows = "".join(f"<row r='{n}'><c r='A{n}' t='str'><v>a</v></c></row>" for n in range(1, 1_001))
    links = "<hyperlink ref='A1:A1000' r:id='o'/>" * 1_001
    with pytest.raises(SheetError, match="reach over far more cells than posts need"):
        linked(xlsx, links, rows, OUT)
