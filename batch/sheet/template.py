"""Writes an empty sheet of posts to fill in, with examples: a workbook that helps while one types, or a plain CSV.

The same call writes the same file, byte for byte, so that the templates that come with the project can be compared.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from batch.errors import StartError
from batch.sheet.account_sheet import add_account_sheet
from batch.sheet.atomic import Written, write_whole
from batch.sheet.channel_sheet import add_channel_sheet
from batch.sheet.connected import Connected as Connected
from batch.sheet.examples import example_rows
from batch.sheet.guide import add_guide_sheet
from batch.sheet.lists_sheet import add_lists_sheet
from batch.sheet.posts_sheet import PostRow, add_posts_sheet, write_posts_csv
from batch.sheet.style import Looks, close_book, open_book


def write_template(path: Path, *, connected: Connected | None = None) -> Written:
    """Write a template as `.xlsx` or `.csv`; with `connected`, for one site's own accounts.

    Raises StartError with one sentence.
    """
    rows = [PostRow(row) for row in example_rows(connected)]
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return write_whole(path, partial(write_posts_csv, rows), failing=StartError)
    if suffix != ".xlsx":
        raise StartError(f"A template can't be written as {path.name}: end the name in .xlsx or .csv.")
    write = partial(_write_workbook, rows, file=path.name, connected=connected)
    return write_whole(path, write, failing=StartError)


def _write_workbook(rows: list[PostRow], path: Path, *, file: str, connected: Connected | None) -> None:
    book = open_book(path, title="Posts to fill in")
    looks = Looks(book)
    add_posts_sheet(book, looks, rows, with_accounts=bool(connected and connected.accounts))
    add_guide_sheet(book, looks, file=file, connected=connected)
    add_channel_sheet(book, looks)
    if connected is not None:
        add_account_sheet(book, looks, connected)
    add_lists_sheet(book, looks, connected=connected)
    close_book(book)
