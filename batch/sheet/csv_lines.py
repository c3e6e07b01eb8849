"""Turns the lines of a delimited file into records, and keeps a broken quote from swallowing its neighbours.

The standard `csv` module joins everything up to the next quote without a word. Here a record whose quotes do not
close, or close in the middle of a cell, is one bad record: reading goes on at the next line that makes a whole record
by itself.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple, TextIO

MAX_LINE_CHARS = 2_000_000


class LineTooLongError(ValueError):
    """A line that no sheet has."""


class Record(NamedTuple):
    """One record: its cells, the file's lines that it stands on, and whether its quotes are broken."""

    cells: list[str]
    first_line: int
    last_line: int
    broken: bool = False


class Lines:
    """The physical lines of a file, which can be handed back after a record turned out to be broken."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._waiting: deque[str] = deque()
        self._taken: list[str] = []
        self.number = 0
        self.ended_with_newline = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._stream.readline(MAX_LINE_CHARS)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE_CHARS:
            raise LineTooLongError
        self.number += 1
        self._taken.append(line)
        self.ended_with_newline = line[-1] in "\r\n"
        return line

    def begin(self) -> None:
        """Forget the lines taken so far: a record starts here."""
        self._taken.clear()

    @property
    def taken(self) -> list[str]:
        """The lines taken since the record began."""
        return self._taken

    def give_back(self, keep: int) -> None:
        """Hand back all lines of this record but the first `keep`."""
        back = self._taken[keep:]
        self._waiting.extendleft(reversed(back))
        self.number -= len(back)
        del self._taken[keep:]


def read_record(lines: Lines, *, delimiter: str) -> Record | None:
    """Return the next record, None at the end of the file. A broken one holds the cells that could still be told."""
    lines.begin()
    first = lines.number + 1
    try:
        cells = next(csv.reader(lines, delimiter=delimiter, strict=True))
    except StopIteration:
        return None
    except csv.Error:
        return Record(_cells_before_quote(lines.taken[0], delimiter), first, lines.number, broken=True)
    return Record(cells, first, lines.number)


def read_records(lines: Lines, *, delimiter: str, width: int, is_row: Callable[[list[str]], bool]) -> Iterator[Record]:
    """Yield the records under the headings; `is_row` tells a whole row that a broken quote has swallowed."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        lines.begin()
        first = lines.number + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield _resume(lines, delimiter=delimiter, width=width, first=first)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if len(lines.taken) > 1 and _swallowed(lines.taken, delimiter=delimiter, width=width, is_row=is_row):
            yield _resume(lines, delimiter=delimiter, width=width, first=first)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        yield Record(cells, first, lines.number)


def _resume(lines: Lines, *, delimiter: str, width: int, first: int) -> Record:
    """Return the broken record, and leave `lines` where the next whole record starts."""
    told = _cells_before_quote(lines.taken[0], delimiter)
    lines.give_back(1)
    while True:
        last = lines.number
        lines.begin()
        try:
            whole = len(next(csv.reader(lines, delimiter=delimiter, strict=True))) in {0, width}
        except StopIteration:
            return Record(told, first, last, broken=True)
        except csv.Error:
            whole = False
        if whole:
            lines.give_back(0)
            return Record(told, first, last, broken=True)
        lines.give_back(1)


def _swallowed(taken: list[str], *, delimiter: str, width: int, is_row: Callable[[list[str]], bool]) -> bool:
    for line in taken[1:]:
        if line.count(delimiter) >= width - 1 > 2:
            try:
                cells = next(csv.reader([line], delimiter=delimiter, strict=True))
            except csv.Error:
                continue
            if len(cells) == width and is_row(cells):
                return True
    return False


def _cells_before_quote(line: str, delimiter: str) -> list[str]:
    """Return the cells of a broken line that stand before the first one with a quote that is not closed in it."""
    told: list[str] = []
    for cell in line.rstrip("\r\n").split(delimiter):
        inner = cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
        if '"' in inner:
            break
        told.append(inner)
    return told
