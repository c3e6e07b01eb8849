"""Makes a copy of the user's own workbook with the result columns at its right; everything that was there stays.

Works on a copy only, never on the workbook itself. What the copy can't keep (shapes, form controls, ...) is said. The
added headings differ from those of a sheet of posts, so that the copy can be run again and means the same.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping
from copy import copy
from datetime import datetime, timedelta
from functools import partial
from itertools import count, product
from pathlib import Path
from typing import TYPE_CHECKING, cast
from xml.sax.saxutils import escape

from batch.atomic import Claim, Written, write_whole
from batch.errors import StopError
from batch.model import COLUMNS, RESULT_COLUMNS, Outcome, Results
from batch.sheets.headings import HEADINGS_WITHIN
from batch.workbooks.results import SANDBOX, WIDTHS, result_cells
from batch.workbooks.style import NAVY, NO_TONE, OUTCOME_TONES, PAPER, fit_cell

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.workbook.workbook import Workbook
    from openpyxl.worksheet.worksheet import Worksheet


PARTS: Mapping[str, str] = {
    "xl/charts/chart": "charts",
    "xl/media/": "pictures",
    "xl/ctrlProps/": "form controls",
    "xl/activeX/": "form controls",
    "xl/slicers/": "slicers",
    "xl/timelines/": "timelines",
    "xl/threadedComments/": "threaded comments (their text stays as a note)",
    "xl/diagrams/": "diagrams",
    "xl/embeddings/": "embedded files",
    "xl/model/": "the data model",
    "xl/queryTables/": "data connections",
    "xl/richData/": "linked data types",
    "xl/vbaProject.bin": "macros",
}
"""The parts of a workbook by the start of their names, and what people call them."""

MARKS: Mapping[str, str] = {
    r"<xdr:(?:sp|cxnSp|grpSp)[ >]": "shapes and text boxes",
    r"<x14:sparklineGroup[ >]": "sparklines",
    r"<x14:dataValidation[ >]": "drop-downs that refer to another sheet",
    r"<x14:conditionalFormatting[ >]": "newer kinds of conditional formats",
}
"""What is marked only inside of drawings and sheets."""

SHEET_PART = re.compile(r"xl/worksheets/sheet\d+\.xml")
FORMULA_CELL = re.compile(
    r'<c r="(?P<at>[A-Z]+\d+)"(?P<style>(?: s="\d+")?)(?: t="\w+")?>(?P<formula><f[^>]*?(?:/>|>[^<]*</f>))<v ?/></c>'
)
"""A cell as openpyxl writes a formula, without what it came to."""
LOOKED_INTO = re.compile(r"xl/(?:drawings/drawing|worksheets/sheet)[^/]*\.xml")
MAX_PART_BYTES = 400_000_000
MAX_HEADINGS = 2_000
ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")


def annotate(original: Path, results: Results, path: Path, *, claim: Claim | None = None) -> Written:
    """Write the copy and return where it is, with what could not be kept. Raises StopError with one sentence."""
    if path.suffix.lower() != original.suffix.lower():
        raise StopError(f"The copy of {original.name} needs the same ending: name it {path.stem}{original.suffix}.")
    losses: list[str] = []

    def write(draft: Path) -> None:
        losses.extend(
            edit_copy(
                original, draft, lambda book: AnnotatedSheet(book, results).add_columns(), remedy="leave out --annotate"
            )
        )

    written = write_whole(path, write, never_over=original, claim=claim)
    return written._replace(notices=(*written.notices, *losses))


def edit_copy(original: Path, draft: Path, edit: Callable[[Workbook], None], *, remedy: str) -> list[str]:
    """Save an edited copy of a workbook, and return one sentence on what it could not keep, or none.

    Raises StopError that ends with the remedy where the workbook can't be copied.
    """
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(original, keep_vba=original.suffix.lower() == ".xlsm", rich_text=True)
            edit(book)
            book.save(draft)
            book.close()
            if book.vba_archive is not None:
                book.vba_archive.close()  # else its end is an error at the end of the program
    except (OSError, StopError):
        raise
    except Exception as error:
        # openpyxl meets a part that it does not know with whatever Python raises there.
        raise StopError(f"{original.name} can't be copied with its formats. Instead, {remedy}.") from error
    _restore_values(original, draft)
    return tell_losses(original, draft)


def _restore_values(original: Path, draft: Path) -> None:
    """Put back what the formulas came to: openpyxl writes them without, and who reads the copy would find nothing."""
    with zipfile.ZipFile(draft) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    formulas = {part: data for part, data in parts.items() if SHEET_PART.fullmatch(part) and b"<f" in data}
    if not formulas:
        return
    from openpyxl import load_workbook

    values = load_workbook(original, data_only=True)

    def with_value(sheet: Worksheet, found: re.Match[str]) -> str:
        cell = cast("Cell", sheet[found["at"]])
        value = (cell.value - values.epoch) / timedelta(days=1) if isinstance(cell.value, datetime) else cell.value
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return found[0]
        kind = ' t="e"' if cell.data_type == "e" else ' t="str"' if isinstance(value, str) else ""
        return f'<c r="{found["at"]}"{found["style"]}{kind}>{found["formula"]}<v>{escape(str(value))}</v></c>'

    for part, data in formulas.items():
        sheet = values.worksheets[int(re.sub(r"\D", "", part)) - 1]
        parts[part] = FORMULA_CELL.sub(partial(with_value, sheet), data.decode()).encode()
    values.close()
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, data in parts.items():
            archive.writestr(part, data)


def tell_losses(original: Path, made: Path) -> list[str]:
    """Return one sentence on what the copy does not have, or none."""
    before, after = _count(original), _count(made)
    lost = [what for what in dict.fromkeys((*PARTS.values(), *MARKS.values())) if after[what] < before[what]]
    if not lost:
        return []
    return [f"The copy can't keep everything: it lacks {', '.join(lost)}. Your own workbook still has them."]


def _count(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            found.update(what for start, what in PARTS.items() if part.filename.startswith(start))
            if LOOKED_INTO.fullmatch(part.filename) and part.file_size <= MAX_PART_BYTES:
                text = archive.read(part).decode("utf-8", "replace")
                for mark, what in MARKS.items():
                    found[what] += len(re.findall(mark, text))
    return found


def _read_headings(sheet: Worksheet, row: int) -> list[str]:
    width = min(sheet.max_column, MAX_HEADINGS)
    cells = next(sheet.iter_rows(min_row=row, max_row=row, max_col=width, values_only=True), ())
    return [" ".join(str(value).split()) if value is not None else "" for value in cells]


def result_headings(*, sandbox: bool) -> tuple[str, ...]:
    """Return the headings that are added; one that a sheet of posts may have itself is told apart."""
    names = tuple(f"{name} (result)" if name in COLUMNS else name for name in RESULT_COLUMNS)
    return (*names, SANDBOX) if sandbox else names


def cell_at(sheet: Worksheet, row: int, column: int) -> Cell:
    """Return a cell that is no part of a merged range; rows and columns are counted from 1."""
    return cast("Cell", sheet.cell(row=row, column=column))


def set_text(cell: Cell, text: str) -> None:
    """Set a cell to text, whatever it starts with: never a formula, an error or an escape. Its format stays."""
    cell.value = ESCAPED.sub("_x005F_", fit_cell(text)) or None
    if text:
        cell.data_type = "s"


def dress_heading(cell: Cell, *, like: Cell) -> None:
    """Give an added heading the looks of another one, or usual ones where that has none."""
    from openpyxl.styles import Alignment, Font, PatternFill

    if like.has_style and like.fill.fill_type:
        for part in ("font", "fill", "border", "alignment", "protection"):
            setattr(cell, part, copy(getattr(like, part)))
    else:
        cell.font = Font(bold=True, color=f"FF{PAPER[1:]}")
        cell.fill = PatternFill("solid", fgColor=f"FF{NAVY[1:]}")
        cell.alignment = Alignment(vertical="center")


class AnnotatedSheet:
    """The sheet of a copied workbook that the results are about: the one with their headings, else the one read.

    `top` is the row of its headings, which may have a title above it.
    """

    def __init__(self, book: Workbook, results: Results) -> None:
        self.results = results
        self.sheet, self.top = self._find(book)

    def _find(self, book: Workbook) -> tuple[Worksheet, int]:
        """Return the sheet from which the results come and the row of its headings, else what reading would choose."""
        wanted = [heading for heading in self.results.headings if heading]
        for sheet, row in product(book.worksheets if wanted else (), range(1, HEADINGS_WITHIN + 1)):
            if [name for name in _read_headings(sheet, row) if name][: len(wanted)] == wanted:
                return sheet, row
        by_name = {sheet.title.strip().casefold(): sheet for sheet in book.worksheets}
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        chosen = by_name.get("posts") or (visible[0] if len(visible) == 1 else None)
        if chosen is None:
            raise StopError("Can't tell which sheet of the workbook the results are about. Leave out --annotate.")
        return chosen, 1

    def add_columns(self) -> None:
        """Add the columns; a row of several posts has a line for each of them in its cells."""
        from openpyxl.utils import get_column_letter

        sheet, results = self.sheet, self.results
        places = self._places(result_headings(sandbox=results.sandbox))
        for heading, place in places.items():
            cell = cell_at(sheet, self.top, place)
            set_text(cell, heading)
            cell.number_format = "@"
            dress_heading(cell, like=cell_at(sheet, self.top, 1))
            width = WIDTHS.get(heading.removesuffix(" (result)"), 10.0)
            sheet.column_dimensions[get_column_letter(place)].width = width
        by_row: dict[int, list[Outcome]] = {}
        for outcome in results.outcomes:
            by_row.setdefault(outcome.row, []).append(outcome)
        for row, outcomes in by_row.items():
            lines = [[*map(str, result_cells(outcome)), *(["yes"] if results.sandbox else [])] for outcome in outcomes]
            for (heading, place), texts in zip(places.items(), zip(*lines, strict=True), strict=True):
                text = texts[0] if len(set(texts)) == 1 else "\n".join(texts)
                self._write(cell_at(sheet, row, place), heading, row if heading == "row" else text)

    def _places(self, headings: tuple[str, ...]) -> dict[str, int]:
        """Return the column of each heading: where an earlier copy has it, else the next free one at the right."""
        present = _read_headings(self.sheet, self.top)
        used = max((at for at, name in enumerate(present, start=1) if name), default=0)
        used = max(used, min(max((area.max_col for area in self.sheet.merged_cells.ranges), default=0), MAX_HEADINGS))
        free = count(used + 1)
        return {name: present.index(name) + 1 if name in present else next(free) for name in headings}

    @staticmethod
    def _write(cell: Cell, heading: str, value: str | int) -> None:
        from openpyxl.styles import Alignment, Font, PatternFill

        if isinstance(value, int):
            cell.value = value
        else:
            set_text(cell, value)
            cell.number_format = "@"
        cell.alignment = Alignment(vertical="top", wrap_text=True)
        if heading == "outcome":
            tone = OUTCOME_TONES.get(str(value), NO_TONE)
            cell.font = Font(bold=True, color=f"FF{tone.ink[1:]}")
            cell.fill = PatternFill("solid", fgColor=f"FF{tone.fill[1:]}")
