"""Writes what became of each post: a workbook, a CSV or a JSON file, by the ending of its name.

A results file is written whole or not at all, and never over the sheet that it tells about.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from batch.errors import StopError
from batch.model import Results
from batch.sheet.atomic import Written, write_whole
from batch.sheet.cell_text import is_too_long
from batch.sheet.results_text import write_results_csv, write_results_json


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
    from batch.sheet.results_workbook import write_results_workbook

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
