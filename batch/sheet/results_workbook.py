"""Turns results into a workbook that is read once: the posts, the totals, a calendar, and the rows that need work.

A large one is written in a streaming way: only a row at a time is held beside the results themselves.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from batch.model import Results
from batch.sheet.calendar_sheet import add_calendar_sheet
from batch.sheet.lists_sheet import add_lists_sheet
from batch.sheet.results_sheet import add_results_sheet
from batch.sheet.style import MADE_ON, Looks, close_book, open_book
from batch.sheet.summary_sheet import add_summary_sheet
from batch.sheet.to_fix import add_to_fix_sheet

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

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
