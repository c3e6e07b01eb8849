"""Writes what became of each post: a workbook, a CSV or a JSON file, by the ending of its name.

A results file is written whole or not at all, and never over the sheet that it tells about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch.atomic import Written, write_whole
from batch.errors import StopError
from batch.model import Results
from batch.workbooks.calendar_sheet import add_calendar_sheet
from batch.workbooks.results_sheets import add_results_sheet, add_to_fix_sheet, write_results_csv, write_results_json
from batch.workbooks.style import MADE_ON, Looks, close_book, is_too_long, open_book
from batch.workbooks.summary_sheet import add_summary_sheet
from batch.workbooks.validation import add_lists_sheet

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook


def write_results(results: Results, path: Path, *, sheet: Path | None = None) -> Written:
    """Write the results and return where they are; `sheet` is the file that they are about.

    Raises StopError with one sentence where they can't be written there.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise StopError(f"Results can't be written as {path.name}: end the name in {', '.join(WRITERS)}.")
    written = write_whole(path, partial(write, results), never_over=sheet)
    return written._replace(notices=(*written.notices, *_tell_cut(results, path)))


def _write_workbook(results: Results, path: Path) -> None:

    write_results_workbook(results, path)


WRITERS: Mapping[str, Callable[[Results, Path], None]] = {
    ".xlsx": _write_workbook,
    ".csv": write_results_csv,
    ".json": write_results_json,
}


def _tell_cut(results: Results, path: Path) -> tuple[str, ...]:
    """Say what a workbook's cells could not hold."""
    if path.suffix.lower() != ".xlsx":
        return ()
    rows = {o.row for o in results.outcomes if is_too_long(o.message)}
    rows |= {row for row, cells in results.own.items() if any(is_too_long(cell) for cell in cells)}
    if not rows:
        return ()
    listed = ", ".join(str(row) for row in sorted(rows)[:8])
    return (
        f"A cell of a workbook holds 32,767 characters: texts of row{'s' if len(rows) > 1 else ''} {listed} are cut in "
        f"{path.name}; the .csv and .json forms hold them whole.",
    )


STREAM_FROM = 20_000
"""From so many posts on, rows are written out at once: a fifth slower than keeping them, and memory stays bounded."""

RUN_PROPERTY, SANDBOX_PROPERTY = "postbatch run", "postbatch sandbox"


def write_results_workbook(results: Results, path: Path, *, stream_from: int = STREAM_FROM) -> None:
    """Write the workbook to a file of any name; one of at least `stream_from` posts is streamed."""
    finished = (results.finished_at or results.started_at or MADE_ON).replace(tzinfo=None, microsecond=0)
    book = open_book(
        path, title=f"Results of {results.sheet}", streaming=len(results.outcomes) >= stream_from, at=finished
    )
    _sign(book, results)
    looks = Looks(book)
    add_results_sheet(book, looks, results)
    add_summary_sheet(book, looks, results)
    add_calendar_sheet(book, looks, results)
    add_to_fix_sheet(book, looks, results)
    add_lists_sheet(book, looks)
    close_book(book)


def _sign(book: Workbook, results: Results) -> None:
    """Say in the file's own properties which run it is from, so that `status` knows."""
    book.set_custom_property(RUN_PROPERTY, results.run or "none", "text")
    book.set_custom_property(SANDBOX_PROPERTY, results.sandbox, "bool")
