"""Turns a workbook's zip container into its parts, each within a bound, or says what is wrong with it.

Never trusts what the container says of itself beyond refusing early: a part is read to its end, so that its checksum
is compared, and never further than its declared size, so that a small file can't unpack into a large one. No entity
or document type is ever followed.
"""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple, NoReturn, Protocol
from xml.etree.ElementTree import Element, SubElement
from xml.parsers import expat

from batch.errors import SheetError
from batch.sheets.cells import NumberFormat

SAVE_AS = "Open it in the program that made it, and save it as .xlsx"
FORMATS = {
    ".xls": "the old Excel format",
    ".xlsb": "Excel's binary format",
    ".xltx": "an Excel template",
    ".xltm": "an Excel template",
    ".ods": "an OpenDocument sheet",
    ".fods": "an OpenDocument sheet",
    ".numbers": "an Apple Numbers sheet",
    ".gsheet": "only a link to Google Sheets",
}
"""Files of other kinds, by their endings."""

MAX_PARTS = 20_000
MAX_SMALL_PART_BYTES = 32_000_000
FREE_TAGS, TAGS_A_BYTE = 600_000, 1.5
"""How many tags (and escapes, `_x000D_`) the parts that are read may hold together, by the size of the file. A cell has
four tags. Of 2,200 real workbooks the densest had 1.3 a byte."""
FREE_BYTES, BYTES_A_BYTE = 120_000_000, 60
"""How large they may be together when unpacked. Real sheets unpack to ten or twenty times their size."""
MAX_TOKEN_BYTES = 1_000_000
"""Of a single tag: the parser starts over with each piece of one that does not end."""
MAX_ELEMENTS = 300_000
"""Of a small part, of those that are read; Excel's own bound is 65,490 for styles and 65,530 for links."""
MAX_TEXT_CHARS = 8_000_000
MAX_DEPTH = 100
MAX_NAMESPACE_CHARS = 300
"""The parser writes a namespace out in the name of each element."""
CHUNK_BYTES = 1 << 18
TEXT_BUFFER_BYTES = 1 << 16
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
CONTENTS = {
    "xl/workbook.bin": FORMATS[".xlsb"],
    "Index/Document.iwa": FORMATS[".numbers"],
    "Index.zip": FORMATS[".numbers"],
    "word/document.xml": "a Word document",
    "ppt/presentation.xml": "a presentation",
    "content.xml": FORMATS[".ods"],
}
"""A part that tells what a renamed file really is."""


XML_ERRORS = {
    expat.errors.XML_ERROR_NO_ELEMENTS: "does not end",
    expat.errors.XML_ERROR_UNCLOSED_TOKEN: "does not end",
    expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION: "does not end",
    expat.errors.XML_ERROR_PARTIAL_CHAR: "does not end",
    expat.errors.XML_ERROR_TAG_MISMATCH: "has tags that are not closed",
    expat.errors.XML_ERROR_UNDEFINED_ENTITY: "holds an entity that is not known",
}


class _Handlers(Protocol):
    """What is told of a part's elements, in their order.

    Names are `namespace}local`. The text goes into `pieces`, which the handlers clear where a text begins that they
    want, and no less often than there are elements they know nothing of.
    """

    pieces: list[str]

    def start(self, name: str, attributes: dict[str, str], /) -> None: ...
    def end(self, name: str, /) -> None: ...


class Relation(NamedTuple):
    """What a part says of another: its kind (`worksheet`), and its name or, if it is outside, its address."""

    kind: str
    target: str
    outside: bool


class Package:
    """An open workbook container. What it holds is read within one bound for all parts together."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        self.name = path.name
        self._archive = archive
        infos = archive.infolist()
        self._infos = {info.filename.lower(): info for info in infos}
        size = path.stat().st_size
        self._tags_left = FREE_TAGS + TAGS_A_BYTE * size
        self._bytes_left = FREE_BYTES + BYTES_A_BYTE * size
        for part, what in CONTENTS.items():
            if self.has(part) and not self.has("xl/workbook.xml"):
                raise SheetError(f"{self.name} is really {what}. {SAVE_AS}.")
        if not self.has("[Content_Types].xml"):
            raise SheetError(f"{self.name} is an archive and not a workbook. Unpack it and give the sheet in it.")
        if len(infos) > MAX_PARTS or len(self._infos) != len(infos):
            raise self.damaged("its list of parts is not one that a spreadsheet program writes")
        if any(info.flag_bits & 1 for info in infos):
            raise SheetError(
                f"{self.name} is protected by a password. Take it off in Excel and save the workbook again."
            )
        if any(info.compress_type not in COMPRESSIONS for info in infos):
            raise self.damaged("it is packed in a way that spreadsheet programs do not use")

    def has(self, part: str) -> bool:
        """Tell whether the container has a part of that name, whatever its case (writers differ)."""
        return part.lower() in self._infos

    def damaged(self, detail: str) -> SheetError:
        """Return the refusal of a file that does not hold together."""
        return SheetError(
            f"{self.name} is damaged ({detail}). Open it in Excel or LibreOffice, let it be repaired, and save it "
            "again."
        )

    def relations(self, part: str) -> dict[str, Relation]:
        """Return what a part says of others, by the IDs under which its elements name them."""
        folder, name = posixpath.split(part)
        listing = posixpath.join(folder, "_rels", f"{name}.rels")
        relations: dict[str, Relation] = {}
        if not self.has(listing):
            return relations
        for found in self.tree(listing, "Relationships,Relationship").iterfind("Relationships/Relationship"):
            outside, target = found.get("TargetMode") == "External", found.get("Target", "")
            if not outside:
                target = posixpath.normpath(posixpath.join("/", folder, target)).lstrip("/")
            relations[found.get("Id", "")] = Relation(found.get("Type", "").rpartition("/")[2], target, outside)
        return relations

    def tree(self, part: str, names: str) -> Element:
        """Return what a small part holds without namespaces, of the elements of these names that lie in each other."""
        tree = _Tree(self, f"its part {part}", names=frozenset(names.split(",")))
        self.walk(part, tree, limit_bytes=MAX_SMALL_PART_BYTES, what=tree.what)
        return tree.top

    def walk(self, part: str, handlers: _Handlers, *, limit_bytes: int, what: str) -> None:
        """Tell `handlers` of a part's elements, in one pass. SheetError where it is too large, dense or malformed."""
        parser = self._make_parser(handlers)
        fed = 0
        try:
            with closing(self._read(part, limit_bytes=limit_bytes, what=what)) as pieces:
                for piece in pieces:
                    self._tags_left -= piece.count(b"<") + piece.count(b"_x")
                    self._bytes_left -= len(piece)
                    if self._tags_left < 0 or self._bytes_left < 0:
                        raise SheetError(
                            f"{self.name}: {what} holds far more than posts need. Copy the posts into a new workbook "
                            "and save it as .xlsx."
                        )
                    parser.Parse(piece, False)
                    fed += len(piece)
                    if fed - parser.CurrentByteIndex > MAX_TOKEN_BYTES:
                        raise self.damaged(f"{what} holds a tag that does not end")
                    if sum(map(len, handlers.pieces)) > MAX_TEXT_CHARS:
                        raise self.damaged(f"{what} holds a text that does not end")
            parser.Parse(b"", True)
        except expat.ExpatError as error:
            told = XML_ERRORS.get(expat.ErrorString(error.code) or "", "is not well-formed")
            raise self.damaged(f"{what} {told}") from error

    def _make_parser(self, handlers: _Handlers) -> expat.XMLParserType:
        """Return a parser that follows no entity: all of them need a document type, and that is refused."""

        def refuse(*_: object) -> NoReturn:
            raise SheetError(
                f"{self.name} holds XML entities or a document type, which no spreadsheet program writes. Copy the "
                "posts into a new workbook and save it as .xlsx."
            )

        def measure(_: str, space: str) -> None:
            if len(space or "") > MAX_NAMESPACE_CHARS:
                raise self.damaged("it holds a namespace that is longer than any")

        parser = expat.ParserCreate(namespace_separator="}")
        parser.buffer_text = True
        parser.buffer_size = TEXT_BUFFER_BYTES
        parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = parser.ExternalEntityRefHandler = refuse
        parser.StartNamespaceDeclHandler = measure
        parser.StartElementHandler = handlers.start
        parser.EndElementHandler = handlers.end
        parser.CharacterDataHandler = handlers.pieces.append
        return parser

    def _read(self, part: str, *, limit_bytes: int, what: str) -> Generator[bytes, None, None]:
        """Yield a part piece by piece; its end comes only when its checksum was right."""
        if not self.has(part):
            raise self.damaged(f"its part {part} is missing")
        if (size := self._infos[part.lower()].file_size) > limit_bytes:
            raise SheetError(
                f"{self.name}: {what} is {size / 1e6:,.0f} MB when unpacked, more than can be posts. Delete "
                "the empty rows and columns beyond the last post, or copy the posts into a new workbook."
            )
        try:
            with self._archive.open(self._infos[part.lower()]) as file:
                while piece := file.read(CHUNK_BYTES):
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError) as error:
            raise self.damaged(f"its part {part} is cut off or changed") from error


@contextmanager
def open_package(path: Path) -> Iterator[Package]:
    """Open a workbook for reading."""
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError, NotImplementedError) as error:
        raise SheetError(
            f"{path.name} is cut off or damaged. Copy or download it again, or open it in Excel and save it as .xlsx."
        ) from error
    with archive:
        yield Package(path, archive)


class _Tree:
    """Grows the tree of a part under `top`; what lies in an element of another name is left out with it."""

    def __init__(self, package: Package, what: str, *, names: frozenset[str]) -> None:
        self.pieces: list[str] = []
        self.what = what
        self.top = Element("")
        self._package = package
        self._names = names
        self._left = MAX_ELEMENTS
        self._open: list[Element | None] = [self.top]

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.pieces.clear()
        above, short = self._open[-1], local(name)
        if len(self._open) > MAX_DEPTH:
            raise self._package.damaged(f"{self.what} is nested too deeply")
        wanted = above is not None and short in self._names
        self._left -= wanted
        if self._left < 0:
            raise self._package.damaged(f"{self.what} holds more than that of a workbook can")
        self._open.append(SubElement(above, short, attributes) if above is not None and wanted else None)

    def end(self, _: str) -> None:
        if (element := self._open.pop()) is not None:
            element.text = "".join(self.pieces)


def local(name: str) -> str:
    """Return an element's name without its namespace, which is another in ISO-strict workbooks."""
    return name.rpartition("}")[2]


def relation_id(attributes: Mapping[str, str]) -> str:
    """Return the value of an element's `r:id`, "" where it has none."""
    return next((value for name, value in attributes.items() if name.endswith("}id")), "")


BUILT_IN = {
    0: "General", 1: "0", 2: "0.00", 3: "#,##0", 4: "#,##0.00", 9: "0%", 10: "0.00%", 11: "0.00E+00", 12: "# ?/?",
    13: "# ??/??", 14: "yyyy-mm-dd", 15: "d-mmm-yy", 16: "d-mmm", 17: "mmm-yy", 18: "h:mm AM/PM", 19: "h:mm:ss AM/PM",
    20: "h:mm", 21: "h:mm:ss", 22: "m/d/yy h:mm", 27: "yyyy/m", 28: "m/d", 29: "m/d", 30: "m/d/yy", 31: "yyyy/m/d",
    32: "h:mm", 33: "h:mm:ss", 34: "h:mm AM/PM", 35: "h:mm:ss AM/PM", 36: "yyyy/m", 45: "mm:ss", 46: "[h]:mm:ss",
    47: "mm:ss.0", 48: "##0.0E+0", 49: "@", 50: "yyyy/m", 51: "m/d", 52: "yyyy/m", 53: "m/d", 54: "m/d", 55: "yyyy/m",
    56: "m/d", 57: "yyyy/m", 58: "m/d",
}  # fmt: skip
"""ECMA-376 part 1, 18.8.30 (numFmt); 27 to 36 and 50 to 58 as in its East Asian tables, all of them dates or times."""

LITERAL = re.compile(r'"[^"]*"|\\.|[_*].|\[(?!(?:h+|m+|s+)\])[^\[\]]*\]', re.IGNORECASE)
ZEROS = re.compile(r"0{2,}")
PLAIN_CODES = frozenset({"general", "@", "0", ""})


@lru_cache(maxsize=1024)
def read_format(code: str) -> NumberFormat:
    """Tell what a format code would show of a number."""
    section = LITERAL.sub("", code.split(";", 1)[0]).lower()
    if "general" in section or "@" in section:
        return NumberFormat(code)
    time = "am/pm" in section or "a/p" in section or any(letter in section for letter in "hs")
    bare = section.replace("am/pm", "").replace("a/p", "")
    date = any(letter in bare for letter in "yd") or ("m" in bare and not time)
    if not date and not time:
        padded = len(section) if ZEROS.fullmatch(section) else 0
        return NumberFormat(code, padded_digits=padded, plain=bool(padded) or section in PLAIN_CODES)
    return NumberFormat(code, shows_date=date, shows_time=time)


class Styles(NamedTuple):
    """The number format of each cell style, by its number as cells have it, and the styles that strike the text out."""

    formats: Mapping[str, NumberFormat] = {}
    struck: frozenset[str] = frozenset()


def read_styles(package: Package, part: str) -> Styles:
    """Return the cell styles of a workbook; none where the part is missing."""
    if not part or not package.has(part):
        return Styles()
    top = package.tree(part, "styleSheet,numFmts,numFmt,fonts,font,strike,cellXfs,xf")
    codes = {str(number): code for number, code in BUILT_IN.items()}
    codes |= {f.get("numFmtId", ""): f.get("formatCode", "") for f in top.iterfind("styleSheet/numFmts/numFmt")}
    fonts, cells = top.iterfind("styleSheet/fonts/font"), top.findall("styleSheet/cellXfs/xf")
    strikes = [any(is_on(strike.get("val", "1")) for strike in font.iterfind("strike")) for font in fonts]
    struck = {str(number) for number, is_struck in enumerate(strikes) if is_struck}
    return Styles(
        {str(at): read_format(codes.get(cell.get("numFmtId", "0"), "General")) for at, cell in enumerate(cells)},
        frozenset(str(at) for at, cell in enumerate(cells) if cell.get("fontId", "0") in struck),
    )


def is_on(switch: str | None) -> bool:
    """Tell whether an attribute that is a switch is on."""
    return switch == "1" or switch == "true"
