"""Turns an Excel workbook into a `Grid`: finds its parts, chooses the sheet, reads it and has the rows counted again.

Macros, links and drawings are never opened. Both namespaces (the usual and ISO strict) and both calendars are
understood.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from batch.errors import SheetError
from batch.sheets.cells import (
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT_BYTES,
    TOO_MUCH,
    Area,
    Flaw,
    Grid,
    NumberFormat,
    Raw,
    RawRow,
    column_index,
)
from batch.sheets.ooxml import DOCTYPE, EPOCHS, Package, iso_moment, local, open_package, read_formats, read_number

ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|([a-z]{2,4}));")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_STRING_CHARS = 8_000_000
SURROGATES = re.compile("[\ud800-\udfff]")


class BadXmlError(Exception):
    """Text that is not XML as a spreadsheet program writes it."""


def plain_text(text: str) -> str:
    """Return the text behind entities and Excel's escapes."""
    if "&" in text:
        text = ENTITY.sub(_resolve, text)
    if "_x" in text:
        text = ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
        if SURROGATES.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _resolve(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    try:
        return NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
    except (KeyError, ValueError, OverflowError):
        raise BadXmlError(f"the entity {found[0]} is not known") from None


@lru_cache(maxsize=4)
def runs_reader(prefix: str) -> Callable[[str], str]:
    """Return the function that joins the runs (`<t>`) of a rich text; `prefix` is the file's own for its namespace."""
    phonetic = re.compile(rf"<{prefix}rPh\b.*?</{prefix}rPh>", re.DOTALL)
    run = re.compile(rf"<{prefix}t(?:\s[^>]*)?(?<!/)>([^<]*)</{prefix}t>")

    def read(text: str) -> str:
        if f"<{prefix}rPh" in text:
            text = phonetic.sub("", text)
        return plain_text("".join(run.findall(text)))

    return read


def namespace_prefix(start: str) -> str:
    """Return the prefix (`x:`, mostly none) of a part's first element; a declaration (`<?xml`) is not one."""
    found = re.search(r"<([A-Za-z_][\w.-]*:)?[A-Za-z]", start)
    return (found[1] or "") if found else ""


def read_strings(pieces: Iterable[str], *, limit: int) -> list[str]:
    """Return the workbook's shared strings, in order, from the text of their part, up to `limit` bytes of memory."""
    strings: list[str] = []
    read, closing, rest = _strings_reader(""), "</si>", ""
    for piece in pieces:
        if not rest and not strings:
            prefix = namespace_prefix(piece)
            read, closing = _strings_reader(prefix), f"</{prefix}si>"
        whole, end, rest = (rest + piece).rpartition(closing)
        found = read(whole + end)
        strings += found
        limit -= sum([50 + len(text) * (1 if text.isascii() else 4) for text in found])
        if limit < 0 or len(rest) > MAX_STRING_CHARS:
            raise BadXmlError("its texts are larger than those of posts")
    strings += read(rest)
    if "<!" in rest or not re.search(r"</(?:\w+:)?sst>\s*$|<(?:\w+:)?sst[^>]*/>\s*$", rest):
        raise BadXmlError("its texts do not end")
    return strings


def _strings_reader(prefix: str) -> Callable[[str], list[str]]:
    plain = rf"<{prefix}t(?: xml:space=\"preserve\")?>([^<]*)</{prefix}t>"
    item = re.compile(
        rf"<{prefix}si>{plain}</{prefix}si>|<{prefix}si(?:\s[^>]*)?(?:/>|(?<!/)>(.*?)</{prefix}si>)", re.DOTALL
    )
    read_runs = runs_reader(prefix)

    def read(text: str) -> list[str]:
        return [read_runs(rich) if rich else plain_text(simple) for simple, rich in item.findall(text)]

    return read


MAX_SHEET_BYTES = 400_000_000
MAX_FRAME_CHARS = 16_000_000
MAX_ROW_CHARS = 8_000_000
ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*["']([^"']*)["']""")
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[+-]?\.[0-9]+(?:[eE][+-]?[0-9]+)?")
REF = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")
GENERAL = NumberFormat()


class Patterns(NamedTuple):
    """The expressions for one namespace prefix."""

    row: re.Pattern[str]
    cell: re.Pattern[str]
    cell_in_any_order: re.Pattern[str]
    cell_tag: re.Pattern[str]
    value: re.Pattern[str]
    formula: re.Pattern[str]


@lru_cache(maxsize=4)
def _patterns(x: str) -> Patterns:
    body = rf"[^>]*?(?:/>|>\s*(?:<{x}v>([^<]*)</{x}v>)?(.*?)</{x}c>)"
    return Patterns(
        row=re.compile(rf'<{x}row(?=[\s/>])(?: r="([0-9]+)")?([^>]*?)(?:/>|>(.*?)</{x}row>)', re.DOTALL),
        cell=re.compile(
            rf'<{x}c(?: r="([A-Z]{{1,3}})[0-9]+")?(?: s="([0-9]+)")?(?: t="([a-zA-Z]+)")?'
            + body.removeprefix("[^>]*?"),
            re.DOTALL,
        ),
        cell_in_any_order=re.compile(
            rf"""<{x}c(?=[\s/>])(?:(?=[^>]*?\sr=["']([A-Z]{{1,3}})[0-9]+["']))?(?:(?=[^>]*?\ss=["']([0-9]+)["']))?"""
            rf"""(?:(?=[^>]*?\st=["']([a-zA-Z]+)["']))?""" + body,
            re.DOTALL,
        ),
        cell_tag=re.compile(rf"<{x}c[\s/>]"),
        value=re.compile(rf"<{x}v(?:\s[^>]*)?(?:/>|(?<!/)>([^<]*)</{x}v>)"),
        formula=re.compile(rf"<{x}f(?:\s[^>]*)?(?:/>|(?<!/)>([^<]*)</{x}f>)"),
    )


class Frame(NamedTuple):
    """What a sheet says beside its rows."""

    merges: tuple[Area, ...]
    hidden_columns: tuple[int, ...]


class SheetScan:
    """One pass over the XML of a sheet: iterate `rows()` to its end, then ask for the `frame()`."""

    def __init__(
        self, package: Package, part: str, *, tab: str, strings: list[str], formats: list[NumberFormat], epoch: datetime
    ) -> None:
        self._package = package
        self._part = part
        self._tab = tab
        self._strings = strings
        self._formats = formats
        self._epoch = epoch
        self._head = self._tail = ""
        self._number = 0
        self._rows_left = MAX_ROWS
        self._cells_left = MAX_CELLS
        self._text_left = MAX_TEXT_BYTES
        self.rows_with_values = 0

    def rows(self) -> Iterator[RawRow]:
        """Yield every row that has a cell with something in it."""
        what = f"the sheet '{self._tab}'"
        with closing(self._package.stream(self._part, limit_bytes=MAX_SHEET_BYTES, what=what)) as pieces:
            try:
                rest = self._read_head(pieces)
                yield from self._read_rows(rest, pieces)
            except BadXmlError as error:
                raise self._package.damaged(str(error)) from error

    def frame(self) -> Frame:
        """Return what stands around the rows; only after they have been read."""
        empty = f"<{self._x}sheetData/>"
        root = self._package.parse(self._head + empty + self._tail, part=self._part)
        merges: list[Area] = []
        hidden: list[int] = []
        for part in root:
            if local(part.tag) == "mergeCells":
                merges += [area for cell in part if (area := _read_area(cell.get("ref", "")))]
            elif local(part.tag) == "cols":
                for col in part:
                    if col.get("hidden") in {"1", "true"}:
                        last = min(_whole(col.get("max")), MAX_COLUMNS)
                        hidden += range(_whole(col.get("min")) - 1, last)
        return Frame(tuple(sorted(merges)), tuple(hidden))

    def _read_head(self, pieces: Iterator[str]) -> str:
        buffer = ""
        for piece in pieces:
            buffer += piece
            self._x = namespace_prefix(buffer)
            opening = re.search(rf"<{self._x}sheetData(?:\s[^>]*)?(/?)>", buffer)
            if opening:
                self._head = buffer[: opening.start()]
                self._refuse_doctype(self._head)
                rest = buffer[opening.end() :]
                return f"</{self._x}sheetData>{rest}" if opening[1] else rest
            if len(buffer) > MAX_FRAME_CHARS:
                break
        self._refuse_doctype(buffer)
        raise self._package.damaged(f"the sheet '{self._tab}' has no rows in it")

    def _read_rows(self, rest: str, pieces: Iterator[str]) -> Iterator[RawRow]:
        self._p = _patterns(self._x)
        self._read_runs = runs_reader(self._x)
        closing = re.compile(rf"\s*</{self._x}sheetData\s*>")
        while True:
            end = 0
            for found in self._p.row.finditer(rest):
                if found.start() != end and not rest[end : found.start()].isspace():
                    raise self._package.damaged(f"the sheet '{self._tab}' holds something between its rows")
                end = found.end()
                number, attributes, inner = found.groups()
                row = self._read_row(number, attributes, inner or "")
                if row:
                    yield row
            rest = rest[end:]
            if ended := closing.match(rest):
                self._tail = rest[ended.end() :] + self._read_tail(pieces)
                return
            if len(rest) > MAX_ROW_CHARS:
                raise self._package.damaged(f"row {self._number + 1} of the sheet '{self._tab}' does not end")
            piece = next(pieces, None)
            if piece is None:
                raise self._package.damaged(f"the sheet '{self._tab}' does not end")
            rest += piece

    def _read_tail(self, pieces: Iterator[str]) -> str:
        tail: list[str] = []
        left = MAX_FRAME_CHARS
        for piece in pieces:
            tail.append(piece)
            left -= len(piece)
            if left < 0:
                raise self._package.damaged(f"the sheet '{self._tab}' holds far more beside its rows than posts need")
        return "".join(tail)

    def _read_row(self, named: str | None, attributes: str, inner: str) -> RawRow | None:
        """Return a row that has cells; None for one of those thousands that are only formatted."""
        known = dict(ATTRIBUTE.findall(attributes)) if not named or "h" in attributes else {}
        number = _whole(named or known.get("r")) or self._number + 1
        if number <= self._number:
            raise self._package.damaged(f"row {number} of the sheet '{self._tab}' stands twice or out of order")
        self._number = number
        x = self._x
        if not inner or not (f"<{x}v" in inner or f"<{x}is" in inner or f"<{x}f" in inner):
            return None
        if "<!" in inner:
            self._refuse_doctype(inner)
            raise self._package.damaged(f"row {number} of the sheet '{self._tab}' holds a comment")
        cells = self._read_cells(inner, number=number)
        hidden = known.get("hidden") in {"1", "true"} or known.get("ht") in {"0", "0.0"}
        return RawRow(number, cells, hidden) if cells else None

    def _read_cells(self, inner: str, *, number: int) -> list[Raw]:
        cells: list[Raw] = []
        strings = self._strings
        at = -1
        for name, style, kind, value, rest in self._find_cells(inner, number=number):
            place = column_index(name) if name else at + 1
            if place <= at:
                raise self._package.damaged(f"cell {name}{number} stands twice or out of order")
            at = place
            try:
                raw = (
                    strings[int(value)]
                    if kind == "s" and value.isdigit()
                    else self._read_cell(style, kind, value, rest)
                )
            except (IndexError, ValueError) as error:
                raise BadXmlError(f"cell {name}{number} refers to something that is not there") from error
            if raw != "":
                if at > len(cells):
                    self._refuse_width(at, number=number)
                    cells.extend([""] * (at - len(cells)))
                cells.append(raw)
        self._count(cells)
        return cells

    def _find_cells(self, inner: str, *, number: int) -> list[tuple[str, str, str, str, str]]:
        """Return (column, style, kind, value, what follows) of every cell, in whatever order its attributes are."""
        found: list[tuple[str, str, str, str, str]] = self._p.cell.findall(inner)
        if len(found) != inner.count(f"<{self._x}c"):
            tags = len(self._p.cell_tag.findall(inner))
            if len(found) != tags:
                found = self._p.cell_in_any_order.findall(inner)
            if len(found) != tags:
                raise self._package.damaged(f"row {number} of the sheet '{self._tab}' has cells that are not closed")
        return found

    def _read_cell(self, style: str, kind: str, value: str, rest: str) -> Raw:
        """Return a cell of any kind; `value` is what stood first in it, `rest` what followed."""
        x = self._x
        formula = self._p.formula.search(rest) if f"<{x}f" in rest else None
        stored = self._p.value.search(rest) if rest and not value else None
        value = value or (stored[1] if stored else "") or ""
        if kind == "e":
            return Flaw("error_cell", plain_text(value) or "#N/A")
        if kind == "inlineStr" or f"<{x}is" in rest:
            return self._read_runs(rest)
        if kind == "s":
            return self._strings[self._place(value)] if value.strip() else ""
        if not value.strip():
            missing = formula is not None and not (kind == "str" and stored is not None)
            return Flaw("formula_without_value", f"={plain_text(formula[1] or '…')}") if missing and formula else ""
        return self._read_value(style, kind, value)

    def _place(self, value: str) -> int:
        if not value.strip().isdigit():
            raise BadXmlError(f"a cell refers to the text {value[:20]!r}")
        return int(value)

    def _read_value(self, style: str, kind: str, value: str) -> Raw:
        if kind == "str":
            return plain_text(value)
        if kind == "b":
            return "TRUE" if value.strip() in {"1", "true"} else "FALSE"
        if kind == "d":
            return iso_moment(value) or plain_text(value)
        value = value.strip()
        if not NUMBER.fullmatch(value) or not math.isfinite(float(value)):
            raise BadXmlError(f"a cell holds {value[:20]!r} as a number")
        place = int(style or 0)
        form = self._formats[place] if place < len(self._formats) else GENERAL
        return read_number(value, form, epoch=self._epoch)

    def _count(self, cells: list[Raw]) -> None:
        self._rows_left -= 1
        self._cells_left -= len(cells)
        self._text_left -= sum([len(cell) for cell in cells])
        if self._rows_left < 0 or self._cells_left < 0 or self._text_left < 0:
            raise SheetError(f"{self._package.name}: the sheet '{self._tab}' holds {TOO_MUCH}.")
        self.rows_with_values += any(map(_has_value, cells))

    def _refuse_width(self, at: int, *, number: int) -> None:
        if at >= MAX_COLUMNS:
            raise SheetError(
                f"{self._package.name}: row {number} of the sheet '{self._tab}' has a cell beyond column "
                f"{MAX_COLUMNS:,}: delete the columns to the right of the posts."
            )

    def _refuse_doctype(self, text: str) -> None:
        if DOCTYPE.search(text):
            raise self._package.unsafe()


def _has_value(cell: Raw) -> bool:
    if isinstance(cell, str):
        return bool(cell) and not cell.isspace()
    return not isinstance(cell, Flaw)


def _read_area(ref: str) -> Area | None:
    found = REF.fullmatch(ref)
    if not found:
        return None
    left, top, right, bottom = found.groups()
    return Area(int(top), column_index(left), int(bottom or top), column_index(right or left), ref)


def _whole(text: str | None) -> int:
    """Return a number counted from 1, 0 where it is missing or none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0


REMEDY = "open it in Excel or LibreOffice, save it under a new name and use that file"


def confirm_rows(path: Path, *, tab: str, rows_with_values: int, rows_high: int, columns_wide: int) -> None:
    """Raise SheetError unless the second reading finds as many rows with a value."""
    if rows_high * columns_wide > MAX_CELLS:
        raise SheetError(
            f"{path.name}: the cells of the sheet '{tab}' are spread over {rows_high:,} rows and {columns_wide:,} "
            "columns: delete what stands far below or to the right of the posts, or split the sheet."
        )
    counted = _count_rows(path, tab=tab)
    if counted != rows_with_values:
        raise SheetError(
            f"{path.name}: two readings of the sheet '{tab}' find {rows_with_values} and {counted} rows with something "
            f"in them, so the file does not hold together: {REMEDY}."
        )


def _count_rows(path: Path, *, tab: str) -> int:
    from python_calamine import CalamineError, load_workbook

    try:
        with load_workbook(str(path)) as book:
            rows = book.get_sheet_by_name(tab).iter_rows()
            return sum(1 for row in rows if any(v != "" and (type(v) is not str or not v.isspace()) for v in row))
    except (CalamineError, OSError, ValueError) as error:
        raise SheetError(f"{path.name}: a second reading of the sheet '{tab}' failed: {REMEDY}.") from error


MAX_STRINGS_BYTES = 120_000_000
POSTS, TO_FIX, RESULTS = "posts", "to fix", "results"


class Tab(NamedTuple):
    """A worksheet as the workbook lists it."""

    name: str
    part: str
    visible: bool


class Book(NamedTuple):
    """The parts of a workbook that reading needs."""

    tabs: tuple[Tab, ...]
    strings_part: str
    styles_part: str
    since_1904: bool


def read_workbook(path: Path, *, tab: str | None) -> Grid:
    """Read one sheet of a workbook."""
    with open_package(path) as package:
        book = _read_book(package)
        chosen = choose_tab(book.tabs, wanted=tab, file=package.name)
        scan = SheetScan(
            package,
            chosen.part,
            tab=chosen.name,
            strings=_read_strings(package, book.strings_part),
            formats=_read_formats(package, book.styles_part),
            epoch=EPOCHS[book.since_1904],
        )
        rows = list(scan.rows())
        frame = scan.frame()
    _confirm(path, chosen, rows, scan.rows_with_values)
    return _make_grid(chosen, rows, frame, since_1904=book.since_1904)


def choose_tab(tabs: Sequence[Tab], *, wanted: str | None, file: str) -> Tab:
    """Return the sheet asked for, else the one named Posts, else the only visible one; else ask."""
    if not tabs:
        raise SheetError(f"{file} has no sheet with cells in it: give a workbook made by 'postbatch template'.")
    by_name = {tab.name.strip().casefold(): tab for tab in reversed(tabs)}
    listed = ", ".join(f"'{tab.name}'" for tab in tabs)
    if wanted is not None:
        exact = next((tab for tab in tabs if tab.name == wanted), by_name.get(wanted.strip().casefold()))
        if exact is None:
            raise SheetError(f"{file} has no sheet named '{wanted}': say --sheet with one of {listed}.")
        return exact
    if POSTS in by_name:
        return by_name[POSTS]
    if TO_FIX in by_name and RESULTS in by_name:
        return by_name[TO_FIX]
    visible = [tab for tab in tabs if tab.visible]
    if len(visible) != 1:
        raise SheetError(f"{file} has the sheets {listed} and none named 'Posts': say which with --sheet NAME.")
    return visible[0]


def _make_grid(tab: Tab, rows: list[RawRow], frame: Frame, *, since_1904: bool) -> Grid:
    notices = () if tab.visible else (f"The sheet '{tab.name}' is hidden in the workbook, and was read.",)
    return Grid(
        tab.name,
        rows,
        merges=frame.merges,
        hidden_columns=frame.hidden_columns,
        notices=notices,
        since_1904=since_1904,
    )


def _confirm(path: Path, tab: Tab, rows: list[RawRow], rows_with_values: int) -> None:
    high = rows[-1].number - rows[0].number + 1 if rows else 0
    wide = max((len(row.cells) for row in rows), default=0)
    confirm_rows(path, tab=tab.name, rows_with_values=rows_with_values, rows_high=high, columns_wide=wide)


def _read_book(package: Package) -> Book:
    main = next(
        (part for kind, part in _relations(package, "").values() if kind == "officeDocument"), "xl/workbook.xml"
    )
    relations = _relations(package, main)
    root = package.xml(main)
    if local(root.tag) != "workbook":
        raise package.damaged("it holds no workbook")
    tabs: list[Tab] = []
    since_1904 = False
    for part in root:
        if local(part.tag) == "workbookPr":
            since_1904 = part.get("date1904") in {"1", "true"}
        elif local(part.tag) == "sheets":
            for sheet in part:
                relation = next((value for key, value in sheet.items() if local(key) == "id"), "")
                kind, target = relations.get(relation, ("", ""))
                if kind == "worksheet":
                    tabs.append(Tab(sheet.get("name", ""), target, sheet.get("state", "visible") == "visible"))
    by_kind = dict(relations.values())
    return Book(tuple(tabs), by_kind.get("sharedStrings", ""), by_kind.get("styles", ""), since_1904)


def _relations(package: Package, part: str) -> dict[str, tuple[str, str]]:
    """Return (kind, part) of each relation of a part by its ID; links to the outside are left out."""
    folder, name = posixpath.split(part)
    listing = posixpath.join(folder, "_rels", f"{name}.rels")
    if not package.has(listing):
        return {}
    return {
        relation.get("Id", ""): (
            relation.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/"),
        )
        for relation in package.xml(listing)
        if relation.get("TargetMode") != "External"
    }


def _read_strings(package: Package, part: str) -> list[str]:
    if not part or not package.has(part):
        return []
    with closing(package.stream(part, limit_bytes=MAX_STRINGS_BYTES, what="the text of its cells")) as pieces:
        try:
            return read_strings(pieces, limit=MAX_TEXT_BYTES)
        except BadXmlError as error:
            raise package.damaged(str(error)) from error


def _read_formats(package: Package, part: str) -> list[NumberFormat]:
    return read_formats(package.xml(part)) if part and package.has(part) else []
