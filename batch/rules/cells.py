"""Turns a row of a sheet into its cells by the names of our columns, and says where each of them stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from operator import itemgetter
from typing import NamedTuple

from batch.model import COLUMNS, Cell, Channel, Row
from batch.rules.problems import cell_address


class Cells(NamedTuple):
    """One row's cells, in the order of `model.COLUMNS`; "" where blank or where the sheet has no such column."""

    key: str = ""
    action: str = ""
    site: str = ""
    channel: str = ""
    type: str = ""
    account: str = ""
    publish_at: Cell = ""
    timezone: str = ""
    text: str = ""
    title: str = ""
    media: str = ""
    link: str = ""
    call_to_action: str = ""
    privacy: str = ""
    generate: str = ""
    prompt: str = ""
    asset: str = ""
    tone: str = ""
    language: str = ""
    item_id: str = ""
    approved: str = ""
    notes: str = ""


class Place(NamedTuple):
    """Where a value of a post stands: the column as headed (`media:INSTAGRAM` too), and the cell's address."""

    column: str
    cell: str = ""


BLANK = ("",)
NONE_OWN: frozenset[str] = frozenset()
_DATE = COLUMNS.index("publish_at")


class CellReader:
    """Reads the cells of a sheet's rows; where the columns stand is found once."""

    def __init__(self, columns: Mapping[str, int]) -> None:
        self._columns = columns
        self._width = max(columns.values(), default=-1) + 1
        self._get = itemgetter(*(columns.get(column, -1) for column in COLUMNS))
        own: dict[Channel, list[tuple[str, int]]] = defaultdict(list)
        for name, position in columns.items():
            column, _, channel = name.partition(":")
            if channel:
                own[Channel(channel)].append((column, position))
        self._own = dict(own)

    def read(self, row: Row) -> Cells:
        """Return a row's cells."""
        values = row.values
        blanks = (self._width - len(values)) * BLANK if len(values) < self._width else ()
        # The blank at the end is what a column that is not there (position -1) reads.
        cells = Cells._make(self._get(values + blanks + BLANK))
        texts = list(map(type, cells)).count(str)
        if texts == len(cells) or (texts == len(cells) - 1 and type(cells.publish_at) is not str):
            return cells
        return Cells._make(v if n == _DATE else _as_text(v) for n, v in enumerate(cells))

    def for_channel(self, cells: Cells, row: Row, channel: Channel | None) -> tuple[Cells, frozenset[str]]:
        """Return the cells that count for a channel (`text:INSTAGRAM` before `text`), and which are its own."""
        if channel not in self._own:
            return cells, NONE_OWN
        own = {
            column: _as_text(row.values[position])
            for column, position in self._own[channel]
            if position < len(row.values) and row.values[position]
        }
        return (cells._replace(**own), frozenset(own)) if own else (cells, frozenset())

    def place(self, row: int, column: str) -> str:
        """Return the address of a row's cell, "" where the sheet has no such column."""
        position = self._columns.get(column)
        return "" if position is None else cell_address(row, position)

    def place_of(self, row: Row, column: str, channel: Channel | None) -> Place:
        """Return where the cell stands that counts for a channel: in a column of the channel's own, or in the usual."""
        owned = (position for name, position in self._own.get(channel, ()) if name == column) if channel else ()
        own = any(position < len(row.values) and row.values[position] for position in owned)
        name = f"{column}:{channel}" if own else column
        return Place(name, self.place(row.number, name))


def _as_text(value: Cell) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else value
