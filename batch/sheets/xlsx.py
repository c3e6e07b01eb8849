"""Turns an Excel workbook into a `RawSheet`: finds its parts, chooses the sheet and reads it in one pass.

Every cell is looked at as it is stored, so that errors, formulas without a value, cut numbers and hidden rows are
seen. The declared size of the sheet is not believed. What no spreadsheet program writes (a cell within a cell, two
cells at one address, something between the rows) is refused, since a row could be lost in it.

Macros are never opened; of drawings only the place of pictures is read, of links only the address. Both namespaces
(the usual and ISO strict), any prefix and both calendars are understood.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element

from batch.errors import SheetError
from batch.sheets.cells import (
    EPOCHS,
    MAX_CELLS,
    MAX_COLUMNS,
    MAX_ROWS,
    MAX_TEXT_BYTES,
    TOO_MUCH,
    Area,
    CellError,
    Moment,
    Number,
    NumberFormat,
    RawCell,
    RawRow,
    RawSheet,
    column_index,
    day_count_to_date,
)
from batch.sheets.ooxml import MAX_DEPTH, Package, Relation, is_on, local, open_package, read_styles, relation_id
from batch.wording import cell_address, column_letters

MAX_STRINGS_BYTES = 120_000_000
MAX_SHEET_BYTES = 400_000_000
MAX_AROUND_ROWS = 400_000
"""Merged ranges, links and formatted columns together; Excel's own bound for links is 65,530."""
MAX_LINKED_CELLS = 1_000_000
MAX_FLAWS = 100_000
MAX_DIGITS = 400
"""Of a stored number; Excel writes 17 and an exponent, and the largest one written out has 309."""
POSTS, TO_FIX, RESULTS, PLACES = "posts", "to fix", "results", "places"
NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)?|[+-]?\.[0-9]+(?:[eE][+-]?[0-9]+)?")
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
AREA = re.compile(r"\$?([A-Z]{1,3})\$?([0-9]{1,7})(?::\$?([A-Z]{1,3})\$?([0-9]{1,7}))?")
HYPERLINK = re.compile(r'\s*(?:_xlfn\.)?(?:HYPERLINK|IMAGE)\(\s*"((?:[^"]++|"")*+)"\s*[,)]', re.IGNORECASE)
"""A formula that shows words or a picture for an address that it spells out."""
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
SURROGATES = re.compile("[\ud800-\udfff]")
GENERAL = NumberFormat()
COLUMNS = tuple(column_letters(column) for column in range(MAX_COLUMNS))


class Tab(NamedTuple):
    """A worksheet as the workbook lists it."""

    name: str
    part: str
    visible: bool


def read_workbook(path: Path, *, tab: str | None) -> RawSheet:
    """Read one sheet of a workbook."""
    with open_package(path) as package:
        tabs, parts, since_1904 = _read_book(package)
        chosen = choose_tab(tabs, wanted=tab, file=package.name)
        strings, listed = _Strings(package), parts.get("sharedStrings", "")
        if listed and package.has(listed):
            package.walk(listed, strings, limit_bytes=MAX_STRINGS_BYTES, what="the text of its cells")
        sheet = _Sheet(package, chosen.name, strings, parts.get("styles", ""), epoch=EPOCHS[since_1904])
        package.walk(chosen.part, sheet, limit_bytes=MAX_SHEET_BYTES, what=f"the sheet '{chosen.name}'")
        sheet.finish()
        relations = package.relations(chosen.part) if sheet.linked or sheet.drawing else {}
        pictures = _read_pictures(package, relations.get(sheet.drawing))
    return RawSheet(
        chosen.name,
        sheet.rows,
        merges=tuple(sorted(sheet.merges)),
        hidden_columns=tuple(column for column, hidden in enumerate(sheet.hidden_columns) if hidden),
        notices=() if chosen.visible else (f"The sheet '{chosen.name}' is hidden in the workbook, and was read.",),
        since_1904=since_1904,
        links=sheet.find_links(relations),
        pictures=pictures,
    )


def choose_tab(tabs: Sequence[Tab], *, wanted: str | None, file: str) -> Tab:
    """Return the sheet asked for, else the one named Posts, else the only visible one; else ask."""
    if not tabs:
        raise SheetError(f"{file} has no sheet with cells in it. Give a workbook made by 'postbatch template'.")
    by_name = {tab.name.strip().casefold(): tab for tab in reversed(tabs)}
    listed = ", ".join(f"'{tab.name}'" for tab in tabs)
    if wanted is not None:
        exact = next((tab for tab in tabs if tab.name == wanted), by_name.get(wanted.strip().casefold()))
        if exact is None:
            raise SheetError(f"{file} has no sheet named '{wanted}'. Use --sheet with one of {listed}.")
        return exact
    if POSTS in by_name:
        return by_name[POSTS]
    if TO_FIX in by_name and RESULTS in by_name:
        return by_name[TO_FIX]
    visible = [tab for tab in tabs if tab.visible and (tab.name.strip().casefold() != PLACES or len(tabs) == 1)]
    if len(visible) != 1:
        raise SheetError(f"{file} has the sheets {listed} and none named 'Posts'. Name one with --sheet.")
    return visible[0]


def has_places(path: Path) -> bool:
    """Tell whether a workbook has a sheet Places."""
    with open_package(path) as package:
        return any(tab.name.strip().casefold() == PLACES for tab in _read_book(package)[0])


def _read_book(package: Package) -> tuple[Sequence[Tab], Mapping[str, str], bool]:
    """Return the sheets of a workbook, its other parts by their kind, and whether it counts days from 1904."""
    start = package.relations("").values()
    main = next((relation.target for relation in start if relation.kind == "officeDocument"), "xl/workbook.xml")
    relations = package.relations(main)
    book = package.tree(main, "workbook,workbookPr,sheets,sheet").find("workbook")
    if book is None:
        raise package.damaged("it holds no workbook")
    tabs = tuple(
        Tab(sheet.get("name", ""), relation.target, sheet.get("state", "visible") == "visible")
        for sheet in book.iterfind("sheets/sheet")
        if (relation := relations.get(relation_id(sheet.attrib))) and relation.kind == "worksheet"
    )
    by_kind = {relation.kind: relation.target for relation in relations.values() if not relation.outside}
    since_1904 = any(is_on(properties.get("date1904")) for properties in book.iterfind("workbookPr"))
    return tabs, by_kind, since_1904


def _read_pictures(package: Package, relation: Relation | None) -> tuple[Area, ...]:
    """Return the cells that each picture of a drawing lies over."""
    if relation is None or relation.outside or not package.has(relation.target):
        return ()
    areas: list[Area] = []
    names = "wsDr,oneCellAnchor,twoCellAnchor,from,to,col,row,colOff,rowOff,grpSp,pic"
    for anchor in package.tree(relation.target, names).iterfind("wsDr/*"):
        if anchor.find(".//pic") is None:
            continue
        # From one corner to the other, without the cells of which only the edge is touched
        top, left = _corner(anchor, "from/row"), _corner(anchor, "from/col")
        bottom = max(top, _corner(anchor, "to/row", top) - (_corner(anchor, "to/rowOff", 1) == 0))
        right = max(left, _corner(anchor, "to/col", left) - (_corner(anchor, "to/colOff", 1) == 0))
        ref = cell_address(top + 1, left)
        if (top, left) != (bottom, right):
            ref = f"{ref}:{cell_address(bottom + 1, right)}"
        areas.append(Area(top + 1, left, bottom + 1, right, ref))
    return tuple(sorted(areas))


def _corner(anchor: Element, name: str, otherwise: int = 0) -> int:
    text = anchor.findtext(name)
    return otherwise if text is None else _whole(text.strip())


class _Runs:
    """Joins the runs of a text, without its phonetic readings."""

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self._texts: list[str] = []
        self._struck = self._words = 0
        self._strikes = self._phonetic = False

    def start(self, name: str, attributes: Mapping[str, str]) -> None:
        if name == "r":
            self._strikes = False
        elif name == "strike":
            self._strikes = is_on(attributes.get("val", "1"))
        elif name == "rPh":
            self._phonetic = True

    def end(self, name: str, pieces: Sequence[str]) -> None:
        if name == "t" and not self._phonetic:
            text = "".join(pieces)
            self._texts.append(text)
            if not text.isspace():
                self._words += 1
                self._struck += self._strikes
        elif name == "rPh":
            self._phonetic = False

    def text(self) -> str:
        return plain_text("".join(self._texts))

    def struck(self) -> bool | None:
        """Tell whether the text is struck out: True from end to end, False in part, None where it is not."""
        return self._struck == self._words if self._struck else None


class _Strings:
    """Takes in the part with all cells' texts; `struck` tells which are crossed out: True wholly, False in part."""

    def __init__(self, package: Package) -> None:
        self.pieces: list[str] = []
        self.texts: list[str] = []
        self.struck: dict[int, bool] = {}
        self._package = package
        self._bytes_left = MAX_TEXT_BYTES
        self._runs = _Runs()
        self._open = False
        self._si = self._t = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.pieces.clear()
        if name == self._si:
            if self._open:
                raise self._package.damaged("its texts are not closed")
            self._open = True
            self._runs.begin()
        elif not self._si:
            space = name.removesuffix(local(name))
            self._si, self._t = f"{space}si", f"{space}t"
        elif name != self._t:
            self._runs.start(local(name), attributes)

    def end(self, name: str) -> None:
        if name == self._t:
            self._runs.end("t", self.pieces)
        elif name == self._si:
            self._open = False
            if (whole := self._runs.struck()) is not None:
                self.struck[len(self.texts)] = whole
            text = self._runs.text()
            self._bytes_left -= 50 + len(text) * (1 if text.isascii() else 4)
            if self._bytes_left < 0:
                raise self._package.damaged("its texts are larger than those of posts")
            self.texts.append(text)
        else:
            self._runs.end(local(name), self.pieces)


class _Sheet:
    """Takes in the elements of one sheet; the first lines of `start` and `end` are what nearly all of them need."""

    __slots__ = (
        "_around_left", "_at", "_attributes", "_c", "_cells", "_cells_left", "_column", "_depth", "_epoch",
        "_flaws_left", "_formats", "_formula", "_formula_links", "_hidden", "_in_cell", "_in_rows",
        "_inline", "_number", "_package", "_row", "_runs", "_shared_links", "_space",
        "_strings", "_struck", "_struck_strings", "_struck_styles", "_struck_words", "_tab", "_text_left", "_v",
        "_value", "_width", "drawing", "hidden_columns", "linked", "merges", "pieces", "rows",
    )  # fmt: skip

    def __init__(self, package: Package, tab: str, strings: _Strings, styles_part: str, *, epoch: datetime) -> None:
        self.pieces: list[str] = []
        self.rows: list[RawRow] = []
        self.merges: list[Area] = []
        self.linked: list[tuple[Area, str, str]] = []
        self.hidden_columns = bytearray(MAX_COLUMNS)
        self.drawing = ""
        self._package, self._tab, self._epoch = package, tab, epoch
        self._strings, self._struck_strings = strings.texts, strings.struck
        self._formats, self._struck_styles = read_styles(package, styles_part)
        self._cells_left, self._text_left = MAX_CELLS, MAX_TEXT_BYTES
        self._around_left, self._flaws_left = MAX_AROUND_ROWS, MAX_FLAWS
        self._space = self._row = self._c = self._v = ""
        self._depth = self._number = self._column = self._width = 0
        self._in_rows: bool | None = None
        self._in_cell = self._inline = self._hidden = False
        self._at = ""
        self._attributes: Mapping[str, str] = {}
        self._value: str | None = None
        self._formula: str | None = None
        self._cells: list[RawCell] = []
        self._struck: list[int] = []
        self._struck_words: list[int] = []
        self._runs = _Runs()
        self._formula_links: dict[tuple[int, int], str] = {}
        self._shared_links: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        depth = self._depth = self._depth + 1
        if name == self._c and depth == 4 and self._in_rows:
            self._in_cell = True
            self._attributes = attributes
            self._value = self._formula = None
            self._inline = False
        elif name == self._v and depth == 5:
            self.pieces.clear()
        elif name == self._row and depth == 3 and self._in_rows:
            self._start_row(attributes)
        else:
            self.pieces.clear()
            self._start_other(name, attributes, depth)

    def end(self, name: str) -> None:
        depth = self._depth
        self._depth = depth - 1
        if name == self._v and depth == 5:
            pieces = self.pieces
            self._value = pieces[0] if len(pieces) == 1 else "".join(pieces)
        elif name == self._c and depth == 4 and self._in_rows:
            self._end_cell()
        elif name == self._row and depth == 3 and self._in_rows:
            self._end_row()
        elif depth == 2:
            self._in_rows = self._in_rows and False
        elif self._in_cell and depth == 5 and name == f"{self._space}f":
            self._end_formula("".join(self.pieces))
        elif self._in_cell and self._inline:
            self._runs.end(name.removeprefix(self._space), self.pieces)

    def finish(self) -> None:
        """Raise SheetError where the sheet has no rows, or cells too far apart to lay them out."""
        if self._in_rows is None:
            raise self._package.damaged(f"the sheet '{self._tab}' has no rows in it")
        high = self.rows[-1].number - self.rows[0].number + 1 if self.rows else 0
        if high * self._width > MAX_CELLS:
            raise SheetError(
                f"{self._package.name}: the cells of the sheet '{self._tab}' are spread over {high:,} rows and "
                f"{self._width:,} columns. Delete what is far below or to the right of the posts, or split the "
                "sheet."
            )

    def find_links(self, relations: Mapping[str, Relation]) -> dict[tuple[int, int], str]:
        """Return the address behind each cell that has one: that of a link, or the one that a formula spells out."""
        links: dict[tuple[int, int], str] = {}
        last_row = self.rows[-1].number if self.rows else 0
        left = MAX_LINKED_CELLS
        for area, relation_name, place in self.linked:
            relation = relations.get(relation_name)
            if relation is None or not relation.outside:
                continue
            rows = range(area.top, min(area.bottom, last_row) + 1)
            columns = range(area.left, min(area.right + 1, self._width))
            left -= len(rows) * len(columns)
            if left < 0:
                raise SheetError(
                    f"{self._package.name}: the links of the sheet '{self._tab}' reach over far more cells than posts "
                    "need. Remove them."
                )
            target = f"{relation.target}#{place}" if place else relation.target
            links.update(((row, column), target) for row in rows for column in columns)
        return links | self._formula_links

    def _start_row(self, attributes: Mapping[str, str]) -> None:
        number = _whole(attributes.get("r"))
        self._at = str(number) if number else ""
        self._take_number(number or self._number + 1)
        self._hidden = is_on(attributes.get("hidden")) or attributes.get("ht") in {"0", "0.0"}
        self._cells = []
        self._struck, self._struck_words = [], []
        self._column = 0

    def _take_number(self, number: int) -> None:
        if number <= self._number:
            raise self._package.damaged(f"row {number} of the sheet '{self._tab}' comes twice or out of order")
        self._number = number

    def _end_row(self) -> None:
        """Keep a row that has cells, which those thousands do not that are only formatted."""
        self.pieces.clear()
        cells = self._cells
        if not cells:
            return
        self._width = max(self._width, len(cells))
        self._cells_left -= len(cells)
        self._text_left -= sum(map(len, cells))
        if len(self.rows) == MAX_ROWS or self._cells_left < 0 or self._text_left < 0:
            raise SheetError(f"{self._package.name}: the sheet '{self._tab}' holds {TOO_MUCH}.")
        self.rows.append(RawRow(self._number, cells, self._hidden, tuple(self._struck), tuple(self._struck_words)))

    def _end_cell(self) -> None:
        self._in_cell = False
        attributes, value, column = self._attributes, self._value, self._column
        at, kind = attributes.get("r"), attributes.get("t")
        if at and (column >= MAX_COLUMNS or at != COLUMNS[column] + self._at):
            column = self._find_column(at)
        self._column = column + 1
        if kind == "s" and value and not self._inline:
            place = value if value.isdigit() else value.strip()
            try:
                raw: RawCell = self._strings[int(place) if place.isdigit() else MAX_CELLS] if place else ""
            except (IndexError, ValueError):
                where = cell_address(self._number, column)
                raise self._package.damaged(f"cell {where} refers to something that is not there") from None
        else:
            raw = self._read_cell(kind, value, attributes.get("s"))
        if raw != "":
            cells = self._cells
            if column > len(cells):
                if column >= MAX_COLUMNS:
                    raise SheetError(
                        f"{self._package.name}: row {self._number} of the sheet '{self._tab}' has a cell beyond column "
                        f"{MAX_COLUMNS:,}. Delete the columns to the right of the posts."
                    )
                cells.extend([""] * (column - len(cells)))
            cells.append(raw)
            if self._struck_styles or self._struck_strings or self._inline:
                struck = self._is_struck()
                if struck is not None:
                    (self._struck if struck else self._struck_words).append(column)

    def _find_column(self, at: str) -> int:
        """Return the column of an address that is not the next one; a row without a number has that of its cells."""
        found = CELL.fullmatch(at.upper())
        if not found:
            raise self._package.damaged(f"a cell of row {self._number} has the address {at[:20]!r}")
        number = int(found[2])
        if not self._at and number != self._number:
            self._number -= 1
            self._take_number(number)
        self._at = str(self._number)
        column = column_index(found[1])
        if number != self._number:
            raise self._package.damaged(f"cell {at} is in row {self._number}")
        if column < self._column:
            raise self._package.damaged(f"cell {at} comes twice or out of order")
        return column

    def _read_cell(self, kind: str | None, value: str | None, style: str | None) -> RawCell:
        if kind == "e":
            picture = "vm" in self._attributes and value == "#VALUE!"  # so Excel stores one that lies in the cell
            return self._make_flaw("picture_cell" if picture else "error_cell", plain_text(value or "") or "#N/A")
        if kind == "inlineStr" or self._inline:
            return self._runs.text() if self._inline else ""
        if not value or value.isspace():
            stored = kind == "s" or (kind == "str" and value is not None)
            if self._formula is None or stored:
                return ""
            return self._make_flaw("formula_without_value", f"={plain_text(self._formula or '…')}")
        if kind == "str":
            return plain_text(value)
        if kind == "b":
            return "TRUE" if is_on(value.strip()) else "FALSE"
        if kind == "d":
            return _iso_moment(value) or plain_text(value)
        return self._read_number(value.strip(), style)

    def _make_flaw(self, code: str, seen: str) -> CellError:
        self._flaws_left -= 1
        if self._flaws_left < 0:
            raise SheetError(
                f"{self._package.name}: the sheet '{self._tab}' has more than {MAX_FLAWS:,} cells with an error or a "
                "formula without a value. Check that this is the sheet of posts, or open it in Excel or LibreOffice "
                "and save it."
            )
        return CellError(code, seen)

    def _read_number(self, stored: str, style: str | None) -> RawCell:
        """Return a numeric cell as the date its format makes of it, as a time without a date, or as the number."""
        if len(stored) > MAX_DIGITS or not NUMBER.fullmatch(stored) or not math.isfinite(value := float(stored)):
            raise self._package.damaged(f"a cell holds {stored[:20]!r} as a number")
        form = self._formats.get(style or "0", GENERAL)
        at = day_count_to_date(value, epoch=self._epoch) if form.shows_date or form.shows_time else None
        if at is None:
            return Number(stored, value, form)
        if value < 1 and not form.shows_date:
            return at.strftime("%H:%M:%S" if at.second else "%H:%M")
        midnight = (at.hour, at.minute, at.second) == (0, 0, 0)
        return Moment(at, has_time=form.shows_time or not midnight)

    def _is_struck(self) -> bool | None:
        """Tell whether the text of a cell is struck out, by its style or in its runs: True wholly, False in part."""
        if self._attributes.get("s", "0") in self._struck_styles:
            return True
        if self._inline:
            return self._runs.struck()
        return self._struck_strings.get(_whole(self._value)) if self._attributes.get("t") == "s" else None

    def _start_other(self, name: str, attributes: Mapping[str, str], depth: int) -> None:
        short = name.removeprefix(self._space)
        if depth > MAX_DEPTH:
            raise self._package.damaged(f"the sheet '{self._tab}' is nested too deeply")
        if depth == 1:
            self._space = name.removesuffix(local(name))
            self._row, self._c, self._v = (f"{self._space}{short}" for short in ("row", "c", "v"))
        elif name == self._row or name == self._c:
            raise self._package.damaged(f"row {self._number} of the sheet '{self._tab}' has cells that are not closed")
        elif self._in_cell and depth == 5 and short == "is":
            self._inline = True
            self._runs.begin()
        elif self._in_cell and depth == 5 and short == "f":
            self._formula = attributes.get("si") if attributes.get("t") == "shared" else None
        elif self._in_cell and self._inline:
            self._runs.start(short, attributes)
        elif depth == 2 and short == "sheetData":
            if self._in_rows is not None:
                raise self._package.damaged(f"the rows of the sheet '{self._tab}' come twice")
            self._in_rows = True
        elif depth == 2 and short == "drawing":
            self.drawing = relation_id(attributes)
        elif depth == 3:
            self._start_item(short, attributes)

    def _start_item(self, short: str, attributes: Mapping[str, str]) -> None:
        if self._in_rows:
            raise self._package.damaged(f"the sheet '{self._tab}' holds something between its rows")
        if short not in {"mergeCell", "hyperlink", "col"}:
            return
        self._around_left -= 1
        if self._around_left < 0:
            raise self._package.damaged(f"the sheet '{self._tab}' holds far more beside its rows than posts need")
        area = None
        if found := AREA.fullmatch(ref := attributes.get("ref", "")):
            left, top, right, bottom = found.groups()
            area = Area(int(top), column_index(left), int(bottom or top), column_index(right or left), ref)
        # A column that is folded away can be unfolded where one sees it: only one without such a mark is hidden.
        if short == "col" and is_on(attributes.get("hidden")) and not _whole(attributes.get("outlineLevel")):
            first, last = _whole(attributes.get("min")) - 1, min(_whole(attributes.get("max")), MAX_COLUMNS)
            if 0 <= first < last:
                self.hidden_columns[first:last] = b"\1" * (last - first)
        elif area and short == "mergeCell":
            self.merges.append(area)
        elif area and (relation := relation_id(attributes)):
            self.linked.append((area, relation, attributes.get("location", "")))

    def _end_formula(self, text: str) -> None:
        """Take in a formula; one that cells share is spelled out only in the first of them."""
        shared, self._formula = self._formula, text
        found = HYPERLINK.match(text)
        link = plain_text(found[1].replace('""', '"')) if found else ""
        if shared is not None:
            link = self._shared_links.setdefault(shared, link) if text else self._shared_links.get(shared, "")
        if link:
            cell = CELL.fullmatch(self._attributes.get("r", "").upper())
            self._formula_links[self._number, column_index(cell[1]) if cell else self._column] = link


def plain_text(text: str) -> str:
    """Return the text behind the escapes (`_x000D_`) by which Excel keeps what XML can't hold."""
    if "_x" in text:
        text = ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
        if SURROGATES.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _whole(text: str | None) -> int:
    """Return a number counted from 1, 0 where it is missing or none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0


def _iso_moment(text: str) -> Moment | None:
    """Return the date of a cell that holds it as ISO 8601 text (ISO-strict workbooks), to the nearest second."""
    try:
        at = datetime.fromisoformat(text.strip().rstrip("Zz"))
    except ValueError:
        return None
    if at.microsecond >= 500_000:
        at += timedelta(seconds=1)
    return Moment(at.replace(microsecond=0, tzinfo=None), has_time="T" in text or ":" in text)
