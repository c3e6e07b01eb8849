"""Turns an Excel workbook into a `Grid`: finds its parts, chooses the sheet, reads it and has the rows counted again.

Macros, links and drawings are never opened. Both namespaces (the usual and ISO strict) and both calendars are
understood.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from batch.errors import SheetError
from batch.sheet.formats import EPOCHS, read_formats
from batch.sheet.grid import MAX_TEXT_BYTES, Grid, NumberFormat, RawRow
from batch.sheet.package import Package, local, open_package
from batch.sheet.scan import Frame, SheetScan
from batch.sheet.witness import confirm_rows
from batch.sheet.xml_text import BadXmlError, read_strings

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
