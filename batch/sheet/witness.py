"""Counts a sheet's rows again with a reader that shares nothing with ours, and refuses a file where they differ.

A reader that loses rows does so silently; two that were written apart do not lose the same ones. The witness lays
cells out in a full rectangle, so it is asked only where our own reading has shown that the rectangle is bounded.
"""

from __future__ import annotations

from pathlib import Path

from batch.errors import SheetError
from batch.sheet.grid import MAX_CELLS

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
