"""Knows how other schedulers lay out their sheets (`mappings.toml`), and tells when a sheet is one of theirs."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from batch.errors import SheetError
from batch.sheet.grid import Moment, RawRow
from batch.sheet.table import Table

DATE_LIKE = re.compile(r"\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|\s*[A-Za-z]{3} \d{1,2}, \d{4}\b")


@dataclass(frozen=True, slots=True)
class SchedulerSheet:
    """How one scheduler lays out its sheets; the fields are explained in `mappings.toml`."""

    name: str
    title: str
    source: str
    read: str
    signature: frozenset[str]
    positions: tuple[str, ...]
    dates: tuple[str, ...]
    separator: str
    columns: Mapping[str, str]
    day_order: str = "fixed"
    drafts: str = ""
    line_break: str = ""
    unmapped: frozenset[str] = frozenset()
    usual: frozenset[str] = frozenset()
    flags: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@cache
def scheduler_sheets() -> Mapping[str, SchedulerSheet]:
    """Return the known layouts by the name that `--from` takes."""
    table = tomllib.loads(files("batch.sheet").joinpath("mappings.toml").read_text(encoding="utf-8"))
    return {name: _make_layout(name, entry) for name, entry in table.items()}


def heading_key(heading: str) -> str:
    """Return what a heading of theirs is matched by: letters and digits, without an explanation after ` - `."""
    return re.sub(r"[\W_]+", "", heading.partition(" - ")[0].casefold())


def recognise(headings: Sequence[str]) -> list[str]:
    """Return the schedulers for which a sheet with these headings may have been made, the likeliest first."""
    keys = {heading_key(heading) for heading in headings}
    found = [layout for layout in scheduler_sheets().values() if keys >= layout.signature]
    return [layout.name for layout in sorted(found, key=lambda layout: -len(keys & layout.columns.keys()))]


def count_foreign(cells: Sequence[str]) -> int:
    """Return how many cells are headings of the scheduler whose sheet this looks like, 0 where it looks like none."""
    found = recognise(cells)
    return sum(1 for cell in cells if heading_key(cell) in scheduler_sheets()[found[0]].columns) if found else 0


def propose_mapping(unknown: Sequence[str], headings: Sequence[str], *, where: str) -> None:
    """Raise SheetError that proposes `--from` where a sheet with a channel column was still made for another scheduler.

    It surely was where two of the headings by which theirs are known are none of ours: those columns, often the date
    among them, would not count.
    """
    keys = {heading_key(heading) for heading in unknown}
    if found := [name for name in recognise(headings) if len(scheduler_sheets()[name].signature & keys) > 1]:
        raise _proposal(found, where=where)


def _proposal(found: Sequence[str], *, where: str) -> SheetError:
    titles = " or ".join(scheduler_sheets()[name].title for name in found)
    options = " or ".join(f"--from {name}" for name in found)
    return SheetError(f"{where} looks like a sheet made for {titles}: say {options} to have it read as one.")


def refuse_foreign(table: Table, *, where: str) -> None:
    """Raise SheetError that proposes `--from` where the sheet was made for another scheduler."""
    if found := recognise(table.names):
        raise _proposal(found, where=where)
    if starts_with_post(table.first):
        options = ", ".join(f"--from {layout.name}" for layout in scheduler_sheets().values() if layout.positions)
        raise SheetError(
            f"{where} has no headings but a post in row 1: put the headings above it or, if the sheet was made for "
            f"another scheduler, say which ({options})."
        )


def starts_with_post(first: RawRow) -> bool:
    """Tell a first row that holds a date and so is no row of headings."""
    return any(isinstance(cell, Moment) or (isinstance(cell, str) and DATE_LIKE.match(cell)) for cell in first.cells)


def _make_layout(name: str, entry: dict[str, Any]) -> SchedulerSheet:
    keyed = {
        "signature": frozenset(map(heading_key, entry["signature"])),
        "positions": tuple(entry["positions"]),
        "dates": tuple(entry["dates"]),
        "columns": {heading_key(heading): column for heading, column in entry["columns"].items()},
        "drafts": heading_key(entry.get("drafts", "")),
        "unmapped": frozenset(map(heading_key, entry.get("unmapped", ()))),
        "usual": frozenset(entry.get("usual", ())),
        "flags": {heading_key(heading): channel for heading, channel in entry.get("flags", {}).items()},
    }
    return SchedulerSheet(name=name, **{**entry, **keyed})
