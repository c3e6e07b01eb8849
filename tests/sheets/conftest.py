"""Workbooks written part by part, so that a test can hold what no library would write."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = "http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
CODES = (
    "General",
    "yyyy\\-mm\\-dd\\ hh:mm",
    "yyyy\\-mm\\-dd",
    "hh:mm",
    "00000",
    "0%",
    '"Post "d\\.m\\.yyyy',
    "[h]:mm",
    "@",
)
"""The number formats of the workbooks here; a cell names one by its place."""


class Xml(str):
    """A whole cell as XML; `{at}` in it becomes the cell's address."""


def letters(column: int) -> str:
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name


def cell_xml(value: object, at: str) -> str:
    if isinstance(value, Xml):
        return value.replace("{at}", at)
    if isinstance(value, tuple):
        number, style = value
        return f'<c r="{at}" s="{style}"><v>{number}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{at}"><v>{value}</v></c>'
    return f'<c r="{at}" t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>' if value else ""


def rows_xml(rows: Sequence[Sequence[object] | None], attributes: Mapping[int, str]) -> str:
    lines: list[str] = []
    for number, row in enumerate(rows, start=1):
        if row is not None:
            cells = "".join(cell_xml(value, f"{letters(at)}{number}") for at, value in enumerate(row))
            lines.append(f'<row r="{number}" {attributes.get(number, "")}>{cells}</row>')
    return "".join(lines)


def styles_xml(main: str) -> str:
    formats = "".join(
        f'<numFmt numFmtId="{170 + n}" formatCode="{escape(code, {chr(34): "&quot;"})}"/>'
        for n, code in enumerate(CODES)
    )
    cells = "".join(f'<xf numFmtId="{170 + n}"/>' for n in range(len(CODES)))
    return f'<styleSheet xmlns="{main}"><numFmts>{formats}</numFmts><cellXfs>{cells}</cellXfs></styleSheet>'


def write_parts(path: Path, parts: Mapping[str, str | bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


def workbook_parts(
    sheets: Mapping[str, str],
    *,
    states: Mapping[str, str],
    since_1904: bool,
    strict: bool,
    strings: str,
) -> dict[str, str | bytes]:
    main, relations = (STRICT_MAIN, STRICT_RELATIONS) if strict else (MAIN, RELATIONS)
    listed = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}" state="{states.get(name, "visible")}"/>'
        for n, name in enumerate(sheets, start=1)
    )
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{relations}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    parts: dict[str, str | bytes] = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{relations}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{relations}"><workbookPr date1904="{int(since_1904)}"/>'
        f"<sheets>{listed}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{links}'
        f'<Relationship Id="s1" Type="{relations}/styles" Target="styles.xml"/>'
        f'<Relationship Id="s2" Type="{relations}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        "xl/styles.xml": styles_xml(main),
        "xl/sharedStrings.xml": f'<sst xmlns="{main}">{strings}</sst>',
    }
    for n, content in enumerate(sheets.values(), start=1):
        parts[f"xl/worksheets/sheet{n}.xml"] = content
    return parts


class WorkbookMaker:
    """Writes odd workbooks into one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sheet(
        self,
        rows: Sequence[Sequence[object] | None],
        *,
        head: str = "",
        tail: str = "",
        attributes: Mapping[int, str] | None = None,
        strict: bool = False,
    ) -> str:
        main = STRICT_MAIN if strict else MAIN
        inner = rows_xml(rows, attributes or {})
        return f'<worksheet xmlns="{main}">{head}<sheetData>{inner}</sheetData>{tail}</worksheet>'

    def __call__(
        self,
        rows: Sequence[Sequence[object] | None] = (),
        *,
        name: str = "posts.xlsx",
        sheets: Mapping[str, str] | None = None,
        states: Mapping[str, str] | None = None,
        since_1904: bool = False,
        strict: bool = False,
        strings: str = "",
        parts: Mapping[str, str | bytes] | None = None,
        **sheet_options: object,
    ) -> Path:
        content = sheets or {"Posts": self.sheet(rows, strict=strict, **sheet_options)}  # type: ignore[arg-type]
        made = workbook_parts(content, states=states or {}, since_1904=since_1904, strict=strict, strings=strings)
        return write_parts(self.folder / name, {**made, **(parts or {})})


@pytest.fixture
def xlsx(tmp_path: Path) -> WorkbookMaker:
    """Write a workbook from rows of values: text, a number, (number, place of its format) or `Xml`."""
    return WorkbookMaker(tmp_path)


@pytest.fixture
def xml_cell() -> Callable[[str], Xml]:
    """Make a cell of raw XML."""
    return Xml


@pytest.fixture
def text_file(tmp_path: Path) -> Callable[..., Path]:
    """Write a CSV from text or bytes."""

    def write(content: str | bytes, name: str = "posts.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write
