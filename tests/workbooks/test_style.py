"""A workbook that can't be written is an error, once, and leaves nothing behind that speaks later."""

from __future__ import annotations

import gc
from pathlib import Path

import pytest

from batch.workbooks.style import close_book, open_book

FULL_DISK = Path("/dev/full")
"""A file of Linux to which nothing can be written, as to a disk that is full."""


@pytest.mark.skipif(not FULL_DISK.exists(), reason="only Linux has a file that plays a full disk")
@pytest.mark.parametrize("letters", [100, 5_000_000])
def test_a_full_disk_is_an_error_and_no_traceback_is_left_for_the_end(letters: int) -> None:
    book = open_book(FULL_DISK, title="x")
    sheet = book.add_worksheet("Posts")
    for row in range(letters // 100):
        sheet.write(row, 0, f"{row:0100}")
    with pytest.raises(OSError, match="No space left"):
        close_book(book)
    del book, sheet
    gc.collect()


def test_a_file_that_can_not_be_made_is_an_error(tmp_path: Path) -> None:
    book = open_book(tmp_path / "none" / "posts.xlsx", title="x")
    book.add_worksheet("Posts")
    with pytest.raises(FileNotFoundError):
        close_book(book)
    del book
    gc.collect()
