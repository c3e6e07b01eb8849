"""Files that are not sheets, or that were made to hurt: one sentence each, soon, and in little memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from random import Random
from typing import Any

import pytest

from batch.errors import SheetError
from batch.sheets.read import read_sheet

HEADINGS = ("key", "channel", "text")
POST = ("spring-01", "FACEBOOK", "Hello")
SECONDS = 15
MEGABYTES = 512
ALONE = """
import resource, sys
from pathlib import Path
from random import Random
from batch.errors import SheetError
from batch.sheets.read import read_sheet
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]) << 20,) * 2)
resource.setrlimit(resource.RLIMIT_CPU, (int(sys.argv[3]),) * 2)
try:
    print("read", len(read_sheet(Path(sys.argv[1])).rows))
except SheetError as error:
    print(error)
"""


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(SheetError) as caught:
        read_sheet(path, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def read_alone(path: Path) -> str:
    """Read in a process of its own that may take 15 s of the processor and 512 MiB, its libraries included."""
    command = [sys.executable, "-c", ALONE, str(path), str(MEGABYTES), str(SECONDS)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.strip()


# Files of another kind: (name, bytes, the sentence)
FOREIGN = [
    (
        "posts.xls",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "posts.xls is the old Excel format. Open it in the program that made it, and save it as .xlsx.",
    ),
    (
        "posts.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
        "posts.xlsx is the old Excel format. Open it in the program that made it, and save it as .xlsx.",
    ),
    (
        "posts.xlsx",
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(90),
        "posts.xlsx is protected by a password. Open it in Excel, take the password off (File > Info > Protect "
        "Workbook > Encrypt with Password) and save it again.",
    ),
    (
        "posts.ods",
        b"PK\x03\x04",
        "posts.ods is an OpenDocument sheet. Open it in the program that made it, and save it as .xlsx.",
    ),
    (
        "posts.numbers",
        b"PK\x03\x04",
        "posts.numbers is an Apple Numbers sheet. In Numbers choose File > Export To > Excel, and save as .xlsx.",
    ),
    (
        "posts.gsheet",
        b"{}",
        "posts.gsheet is only a link to Google Sheets. In Google Sheets choose File > Download > Microsoft Excel "
        "(.xlsx).",
    ),
    (
        "posts.xlsb",
        b"PK\x03\x04",
        "posts.xlsb is Excel's binary format. Open it in the program that made it, and save it as .xlsx.",
    ),
    ("posts.pdf", b"%PDF-1.7", "posts.pdf is a .pdf file, not a sheet that can be read. Save it as .xlsx (or .csv)."),
    (
        "posts",
        b"channel\nX\n",
        "posts is a file without an ending, not a sheet that can be read. Save it as .xlsx (or .csv).",
    ),
    (
        "posts.xlsx",
        b"%PDF-1.7\n",
        "posts.xlsx is really a PDF document. Open it in the program that made it, and save it as .xlsx.",
    ),
    (
        "posts.xlsx",
        b"<html><table>",
        "posts.xlsx is really a web page. Open it in the program that made it, and save it as .xlsx.",
    ),
    (
        "posts.xlsx",
        b"channel,text\nX,Hi\n",
        "posts.xlsx isn't an Excel workbook, whatever its name is. Open it in Excel and save it as .xlsx or, if "
        "it is plain text, rename it to .csv.",
    ),
    (
        "posts.csv",
        b"\x89PNG\r\n\x1a\n",
        "posts.csv is really a picture. Open it in the program that made it, and save it as .xlsx.",
    ),
    ("posts.xlsx", b"", "posts.xlsx is empty (0 bytes). Save or download it again."),
    ("posts.csv", b"\n\n", "posts.csv is empty: fill in a sheet made by 'postbatch template'."),
    (
        "posts.xlsx",
        b"PK\x03\x04 cut",
        "posts.xlsx is cut off or damaged. Copy or download it again, or open it in Excel and save it as .xlsx.",
    ),
    (
        "posts.csv",
        bytes(range(256)) * 4,
        "posts.csv isn't text that can be read. Open it in a spreadsheet program and save it as .xlsx.",
    ),
]


@pytest.mark.parametrize(("name", "content", "told"), FOREIGN)
def test_a_file_of_another_kind_is_told_by_what_it_is(text_file: Any, name: str, content: bytes, told: str) -> None:
    assert refusal(text_file(content, name)) == told


def test_a_path_without_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "sheets").mkdir()
    missing = tmp_path / "posts.xlsx"
    assert refusal(missing) == "There is no file posts.xlsx. Check the name and the folder."
    assert refusal(tmp_path / "sheets") == "sheets is a folder. Give the sheet in it, such as sheets/posts.xlsx."


def test_a_pipe_is_refused_and_never_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "posts.csv")
    assert refusal(tmp_path / "posts.csv") == "posts.csv isn't a plain file. Give the sheet's own file."


@pytest.mark.parametrize("name", ["a" * 300 + ".csv", "posts\x00.csv"])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    assert "can't be opened" in refusal(tmp_path / name)


def test_a_renamed_archive_is_told_by_what_is_in_it(xlsx: Any) -> None:
    def zipped(name: str, part: str) -> Path:
        with zipfile.ZipFile(xlsx.folder / name, "w") as archive:
            archive.writestr(part, "x")
        return Path(xlsx.folder / name)

    assert refusal(zipped("a.xlsx", "content.xml")).startswith("a.xlsx is really an OpenDocument sheet.")
    assert refusal(zipped("b.xlsx", "word/document.xml")).startswith("b.xlsx is really a Word document.")
    assert refusal(zipped("c.xlsx", "Index/Document.iwa")).startswith("c.xlsx is really an Apple Numbers sheet.")
    assert refusal(zipped("d.xlsx", "photo.jpg")) == (
        "d.xlsx is an archive and not a workbook. Unpack it and give the sheet in it."
    )
    assert refusal(zipped("e.csv", "xl/workbook.xml")).startswith("e.csv is really a workbook or an archive.")


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9, 0.99])
def test_a_workbook_that_is_cut_off_anywhere_is_refused(xlsx: Any, share: float) -> None:
    path = xlsx([HEADINGS, *([POST] * 200)])
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    assert refusal(path).startswith("posts.xlsx is cut off or damaged.")


def test_a_changed_byte_in_the_rows_is_refused(xlsx: Any) -> None:
    path = xlsx([HEADINGS, *([POST] * 200)])
    content = bytearray(path.read_bytes())
    at = content.index(b"sheet1.xml") + 200
    content[at] ^= 0xFF
    path.write_bytes(content)
    assert "damaged" in refusal(path)


BILLION = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
EXTERNAL = "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/hostname'>]>"


@pytest.mark.parametrize("trick", [BILLION, EXTERNAL], ids=["entity-bomb", "external-entity"])
@pytest.mark.parametrize(
    "part",
    ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels", "_rels/.rels"],
)
def test_no_entity_is_ever_followed(xlsx: Any, trick: str, part: str) -> None:
    path = xlsx([HEADINGS, POST])
    with zipfile.ZipFile(path) as archive:
        content = archive.read(part).decode()
    assert refusal(xlsx([HEADINGS, POST], parts={part: f"<?xml version='1.0'?>{trick}{content}"})) == (
        "posts.xlsx holds XML entities or a document type, which no spreadsheet program writes. Copy the posts into a "
        "new workbook and save it as .xlsx."
    )


def test_an_unknown_entity_in_a_cell_is_refused_and_not_shown_as_text(xlsx: Any, xml_cell: Any) -> None:
    cell = xml_cell('<c r="{at}" t="inlineStr"><is><t>&xxe;</t></is></c>')
    assert "the sheet 'Posts' holds an entity that is not known" in refusal(xlsx([HEADINGS, ("a", "X", cell)]))


# Sheets that do not hold together: (what is put in the place of the second row, what is told)
TORN = [
    ("<row r='2'><c r='A2'><v>1</v></row>", "the sheet 'Posts' has tags that are not closed"),
    ("<row r='2'><c r='A2'><c r='B2'/></c></row>", "row 2 of the sheet 'Posts' has cells that are not closed"),
    ("<row r='2'><row r='3'/></row>", "row 2 of the sheet 'Posts' has cells that are not closed"),
    ("<row r='2'><x><c r='A2'/></x></row>", "row 2 of the sheet 'Posts' has cells that are not closed"),
    ("<row r='1'><c r='A1'><v>1</v></c></row>", "row 1 of the sheet 'Posts' comes twice or out of order"),
    ("<row r='2'><c r='B2'><v>1</v></c><c r='A2'><v>1</v></c></row>", "cell A2 comes twice or out of order"),
    ("<row r='2'><c r='A2' t='s'><v>99</v></c></row>", "cell A2 refers to something that is not there"),
    ("<row r='2'><c r='A2'><v>nan</v></c></row>", "a cell holds 'nan' as a number"),
    ("<row r='2'><c r='A7'><v>1</v></c></row>", "cell A7 is in row 2"),
    ("<row><c r='A1'><v>1</v></c></row>", "row 1 of the sheet 'Posts' comes twice or out of order"),
    ("<row r='2'><c r='2A'><v>1</v></c></row>", "a cell of row 2 has the address '2A'"),
    ("<row r='2'><c r='A2' r='B2'/></row>", "the sheet 'Posts' is not well-formed"),
    ("<row r='2'><c r='A2' t='str'><v>\x01</v></c></row>", "the sheet 'Posts' is not well-formed"),
    ("<x><row r='2'><c r='A2'><v>1</v></c></row></x>", "the sheet 'Posts' holds something between its rows"),
    ("</sheetData><sheetData>", "the rows of the sheet 'Posts' come twice"),
    ("<junk/><row r='2'><c r='A2'><v>1</v></c></row>", "the sheet 'Posts' holds something between its rows"),
    (f"<row r='2'><c r='A2'><v>{'1' * 401}</v></c></row>", f"a cell holds '{'1' * 20}' as a number"),
    (f"<row r='2'>{'<x>' * 100}", "the sheet 'Posts' is nested too deeply"),
]


@pytest.mark.parametrize(("row", "told"), TORN)
def test_a_sheet_that_does_not_hold_together_is_refused(xlsx: Any, row: str, told: str) -> None:
    content = xlsx.sheet([HEADINGS]).replace("</sheetData>", f"{row}</sheetData>")
    assert told in refusal(xlsx(sheets={"Posts": content}))


def test_a_sheet_that_ends_early_is_refused(xlsx: Any) -> None:
    content = xlsx.sheet([HEADINGS, POST])
    told = "the sheet 'Posts' does not end"
    assert told in refusal(xlsx(sheets={"Posts": content.removesuffix("</worksheet>")}))
    assert told in refusal(xlsx(sheets={"Posts": content[:-20]}))
    assert told in refusal(xlsx(sheets={"Posts": content.partition("Hello")[0] + "<![CDATA["}))
    assert "has no rows in it" in refusal(xlsx(sheets={"Posts": "<worksheet><a/></worksheet>"}))


def test_a_cell_far_away_is_refused_and_never_filled_up_to(xlsx: Any) -> None:
    far = "<row r='1048576'><c r='C1048576'><v>1</v></c></row>"
    content = xlsx.sheet([(*HEADINGS, "a", "b", "c"), POST]).replace("</sheetData>", f"{far}</sheetData>")
    assert "are spread over 1,048,576 rows and 6 columns" in refusal(xlsx(sheets={"Posts": content}))
    wide = "<row r='2'><c r='XFD2'><v>1</v></c></row>"
    content = xlsx.sheet([HEADINGS]).replace("</sheetData>", f"{wide}</sheetData>")
    assert "has a cell beyond column 1,000" in refusal(xlsx(sheets={"Posts": content}))


def repeated(path: Path, *, before: str, unit: str, times: int, after: str, part: str) -> Path:
    """Put a part into a workbook that is far larger than its file."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist() if name != part}
    at_once = max(1, 1_000_000 // len(unit))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
        with archive.open(part, "w", force_zip64=True) as file:
            file.write(before.encode())
            for done in range(0, times, at_once):
                file.write((unit * min(at_once, times - done)).encode())
            file.write(after.encode())
    return path


HEAD = "<worksheet><sheetData>"
TAIL = "</sheetData></worksheet>"
SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
# Bombs: (part, before, what is repeated, how often, after)
BOMBS = {
    "one-huge-cell": (
        SHEET,
        f"{HEAD}<row r='1'><c r='A1' t='inlineStr'><is><t>",
        "a" * 100,
        3_000_000,
        f"</t></is></c></row>{TAIL}",
    ),
    "zip-bomb": (SHEET, HEAD, " " * 100, 5_000_000, TAIL),
    "empty-cells": (SHEET, f"{HEAD}<row r='1'>", "<c s='1'/>", 8_000_000, f"</row>{TAIL}"),
    "one-huge-attribute": (SHEET, "<worksheet a='", "a" * 100, 2_000_000, "'><sheetData/></worksheet>"),
    "deep": (SHEET, "<worksheet>", "<a>", 5_000_000, "<sheetData/></worksheet>"),
    "deep-tail": (SHEET, f"{HEAD}{'</sheetData>'}", "<a>", 5_000_000, "</worksheet>"),
    "many-strings": (STRINGS, "<sst>", "<si><t>a</t></si>", 15_000_000, "</sst>"),
    "empty-strings": (STRINGS, "<sst>", "<si/>", 20_000_000, "</sst>"),
    "one-huge-string": (STRINGS, "<sst><si><t>", "🎉" * 25, 1_000_000, "</t></si></sst>"),
    "many-formats": (
        "xl/styles.xml",
        "<styleSheet><cellXfs>",
        "<xf numFmtId='14'/>",
        1_500_000,
        "</cellXfs></styleSheet>",
    ),
    "many-merges": (
        SHEET,
        f"{HEAD}</sheetData><mergeCells>",
        "<mergeCell ref='A2:C99'/>",
        500_000,
        "</mergeCells></worksheet>",
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_ends_soon_with_one_sentence(xlsx: Any, name: str) -> None:
    part, before, unit, times, after = BOMBS[name]
    path = repeated(xlsx([HEADINGS, POST]), before=before, unit=unit, times=times, after=after, part=part)
    told = read_alone(path)
    assert told.startswith("posts.xlsx")
    assert "\n" not in told


# Small files that were made to take long: (part, before, what is repeated, how often, after)
def twenty(cell: str) -> str:
    return f"<row>{cell * 20}</row>"


FULL_ROW = "".join(f"<c t='str'><v>{name}</v></c>" for name in ("channel", "text", *(f"n{n}" for n in range(18))))
TWENTY = f"{HEAD}<row>{FULL_ROW}</row>"
CELL = f"{HEAD}<row r='1'><c r='A1' t='str'><v>channel</v></c></row><row r='2'><c r='A2' t='str'><v>"
ROWS = "<row><c t='str'><v>channel</v></c></row>" * 20_000
ATTRIBUTES = " ".join(f"a{n}=''" for n in range(500))
SPACES = " ".join(f"xmlns:a{n}='b'" for n in range(500))
SLOW = {
    "dates": (SHEET, TWENTY, twenty("<c s='1'><v>46357.39583333333</v></c>"), 25_000, TAIL),
    "uncalculated-formulas": (SHEET, TWENTY, twenty('<c><f>HYPERLINK("http://a")</f></c>'), 24_000, TAIL),
    "errors": (SHEET, TWENTY, twenty("<c t='e'/>"), 90_000, TAIL),
    "cut-numbers": (SHEET, TWENTY, twenty("<c><v>1234567890123456</v></c>"), 25_000, TAIL),
    "rows": (SHEET, CELL + "X</v></c></row>", "<row><c><v>1</v></c></row>", 250_000, TAIL),
    "hidden-rows": (SHEET, HEAD, "<row hidden='1' ht='0'/>", 2_000_000, TAIL),
    "merges": (SHEET, f"{HEAD}{ROWS}</sheetData><mergeCells>", "<mergeCell ref='A1:XFD99999'/>", 390_000,
        "</mergeCells></worksheet>"),
    "columns": (SHEET, "<worksheet><cols>", "<col min='1' max='16384' hidden='1'/>", 390_000,
        f"</cols>{HEAD[11:]}{TAIL}"),
    "attributes": (SHEET, f"{HEAD}<row>", f"<c {ATTRIBUTES}/>", 24_000, f"</row>{TAIL}"),
    "namespaces": (SHEET, f"{HEAD}<row>", f"<c {SPACES}/>", 14_000, f"</row>{TAIL}"),
    "long-namespace": (SHEET, f"<worksheet xmlns='{'m' * 900_000}'><sheetData>", "<row/>", 100_000, TAIL),
    "long-attributes": (SHEET, f"{HEAD}<row>", f"<c q='{'&lt;' * 200_000}'/>", 150, f"</row>{TAIL}"),
    "invisible-text": (SHEET, CELL, f"{chr(0x200B) * 30_000}</v></c></row><row><c t='str'><v>", 1_800,
        f"</v></c></row>{TAIL}"),
    "escapes": (SHEET, CELL, f"{'_xD800_' * 4_000}</v></c></row><row><c t='str'><v>", 600, f"</v></c></row>{TAIL}"),
    "many-runs": (STRINGS, "<sst><si>", "<r><t>a</t></r>", 700_000, "</si></sst>"),
    "brackets": ("xl/styles.xml", "<styleSheet><numFmts>", f"<numFmt numFmtId='170' formatCode='{'[' * 900_000}'/>", 30,
        "</numFmts><cellXfs><xf numFmtId='170'/></cellXfs></styleSheet>"),
    "sheets": ("xl/workbook.xml", "<workbook><sheets>", "<sheet name='Posts' xmlns:r='x' r:id='rId1'/>", 700_000,
        "</sheets></workbook>"),
    "relations": ("xl/_rels/workbook.xml.rels", "<Relationships>", "<Relationship Id='a' Target='b'/>", 900_000,
        "</Relationships>"),
}  # fmt: skip
UNCLOSED = {
    "cells": (SHEET, f"{HEAD}<row>", "<c r='A1'>", 9_000_000, ""),
    "rows": (SHEET, HEAD, "<row r='2'>", 9_000_000, ""),
    "one-tag": (SHEET, f"{HEAD}<row><c ", "q='1' ", 15_000_000, f"/></row>{TAIL}"),
    "one-attribute": (SHEET, f"{HEAD}<row><c q='", "<>" * 9, 5_000_000, ""),
    "runs": (SHEET, f"{HEAD}<row><c><is>", "<r>", 20_000_000, ""),
    "texts": (SHEET, CELL, "a<t>", 20_000_000, ""),
    "quotes": (SHEET, HEAD, "<row r='", 9_000_000, ""),
    "comments": (SHEET, HEAD, "<!-- ", 9_000_000, ""),
    "strings": (STRINGS, "<sst>", "<si><t>", 9_000_000, ""),
    "sheets": ("xl/workbook.xml", "<workbook>", "<sheets>", 3_900_000, ""),
}
MEGABYTE = 1_000_000


def small(xlsx: Any, bomb: tuple[str, str, str, int, str]) -> Path:
    """Make a workbook of at most 1 MB; what would be left of it is filled with a picture, since its size counts."""
    part, before, unit, times, after = bomb
    path = repeated(xlsx([HEADINGS, POST]), before=before, unit=unit, times=times, after=after, part=part)
    left = MEGABYTE - path.stat().st_size - 1_000
    assert left > 0
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("xl/media/image1.png", Random(1).randbytes(left))
    return path


def processor_seconds(path: Path) -> float:
    """Return how long a sheet keeps the processor busy until it is read or refused with one sentence."""
    began = time.process_time()
    assert "\n" not in outcome(path)
    return time.process_time() - began


@pytest.mark.parametrize("name", SLOW)
def test_no_workbook_of_a_megabyte_takes_more_than_five_seconds(xlsx: Any, name: str) -> None:
    assert processor_seconds(small(xlsx, SLOW[name])) < 5


@pytest.mark.parametrize("name", UNCLOSED)
def test_tags_that_never_close_are_refused_within_a_second(xlsx: Any, name: str) -> None:
    path = small(xlsx, UNCLOSED[name])
    assert processor_seconds(path) < 1
    assert refusal(path)


def test_a_sheet_with_more_errors_than_anybody_reads_is_refused(xlsx: Any, text_file: Any) -> None:
    assert refusal(small(xlsx, SLOW["errors"])) == (
        "posts.xlsx: the sheet 'Posts' has more than 100,000 cells with an error or a formula without a value. Check "
        "that this is the sheet of posts, or open it in Excel or LibreOffice and save it."
    )
    assert refusal(text_file("channel,text\n" + "X,#REF!\n" * 100_001)) == (
        "posts.csv has more than 100,000 cells with errors, the first in B2. Check that this is the sheet of posts."
    )


def test_one_text_that_a_hundred_thousand_cells_share_is_not_copied(xlsx: Any) -> None:
    rows = "".join(f"<row r='{n}'><c r='A{n}' t='s'><v>0</v></c></row>" for n in range(2, 100_000))
    content = xlsx.sheet([HEADINGS]).replace("</sheetData>", f"{rows}</sheetData>")
    path = xlsx(sheets={"Posts": content}, strings=f"<si><t>{'a' * 30_000}</t></si>")
    assert read_alone(path) == (
        "posts.xlsx: the sheet 'Posts' holds more than 300,000 rows, 5,000,000 cells or 150 MB of text. Split it into "
        "several files."
    )


# Text files that were made to hurt: (content, what comes of it)
TEXTS = {
    "one-line": (
        "channel,text\nX," + "a" * 30_000_000,
        "posts.csv has a line longer than any row of posts. Save the sheet as .xlsx.",
    ),
    "only-quotes": ("channel,text\n" + 'X,"\n' * 300_000, "read"),
    "odd-quotes": (
        "channel,text\n" + 'X,a"b"c\n' + 'X,"a"b\n' * 200_000,
        "posts.csv: the quotation marks are wrong in more than 5,000 rows, first in row 3. ",
    ),
    "far-quotes": ("channel,text\n" + ('X,"\n' + "X,a\n" * 3_000) * 60, "read"),
    "many-columns": (
        "channel" + ",a" * 1_200 + "\nX\n",
        "posts.csv has 1,201 columns. Delete those to the right of the posts.",
    ),
    "wide-and-long": ("channel" + ",a" * 900 + "\n" + "X\n" * 100_000, "posts.csv holds more than 300,000 rows, "),
    "many-rows": ("channel,text\n" + "X,a\n" * 1_500_000, "posts.csv holds more than 300,000 rows, "),
}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_file_ends_soon(text_file: Any, name: str) -> None:
    content, told = TEXTS[name]
    assert read_alone(text_file(content)).startswith(told)


PARTS = (
    "xl/workbook.xml",
    "xl/worksheets/sheet1.xml",
    "xl/styles.xml",
    "xl/sharedStrings.xml",
    "xl/_rels/workbook.xml.rels",
)


def test_no_damage_to_any_part_is_ever_more_than_a_sentence(xlsx: Any, xml_cell: Any) -> None:
    shared = xml_cell('<c r="{at}" t="s"><v>0</v></c>')
    rows = [(*HEADINGS, "publish_at"), *[("k", "X", shared, (46357.4, 1))] * 5]
    path = xlsx(rows, strings="<si><t>Hello</t></si>", tail='<mergeCells><mergeCell ref="A2:B2"/></mergeCells>')
    with zipfile.ZipFile(path) as archive:
        whole = {name: archive.read(name) for name in archive.namelist()}
    random = Random(20261124)
    told = []
    for _ in range(300):
        part = random.choice(PARTS)
        content = bytearray(whole[part])
        at, length = random.randrange(len(content)), random.choice((1, 1, 1, 5, 40))
        content[at : at + length] = random.choice((b"", b"<", b"&", b"9", b"\xff", b"-1", b"</", b"\x00"))
        with zipfile.ZipFile(path, "w") as archive:
            for name, original in whole.items():
                archive.writestr(name, bytes(content) if name == part else original)
        told.append(outcome(path))
    refused = [text for text in told if text]
    assert len(refused) > 100
    assert [text for text in refused if not text.startswith("posts.xlsx") or "\n" in text] == []


def outcome(path: Path) -> str:
    """Return why a sheet is refused, "" where it is read."""
    try:
        read_sheet(path)
    except SheetError as error:
        return str(error)
    return ""
