"""Turns the lines of a delimited file into records, and keeps a broken quote from swallowing its neighbours.

The standard `csv` module joins everything up to the next quote without a word. Here a record whose quotes do not
close, or close in the middle of a cell, is one bad record: reading goes on at the next line that makes a whole record
by itself.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Callable, Iterator, Sequence
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
        self.put_back(self._taken[keep:])
        del self._taken[keep:]

    def put_back(self, lines: list[str]) -> None:
        """Hand back lines that were taken last."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)


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


def read_records(
    lines: Lines, *, delimiter: str, width: int, is_row: Callable[[Sequence[str]], bool]
) -> Iterator[Record]:
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
            yield _resume(lines, delimiter=delimiter, width=width, first=first, is_row=is_row)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        if len(lines.taken) > 1 and _swallowed(lines.taken, delimiter=delimiter, width=width, is_row=is_row):
            yield _resume(lines, delimiter=delimiter, width=width, first=first, is_row=is_row)
            reader = csv.reader(lines, delimiter=delimiter, strict=True)
            continue
        yield Record(cells, first, lines.number)


def _resume(lines: Lines, *, delimiter: str, width: int, first: int, is_row: Callable[[Sequence[str]], bool]) -> Record:
    """Return the broken record, and leave `lines` where the next row starts, blank lines before it included."""
    told = _cells_before_quote(lines.taken[0], delimiter)
    lines.give_back(1)
    blank: list[str] = []
    while True:
        lines.begin()
        try:
            starts = len(next(csv.reader(lines, delimiter=delimiter, strict=True))) == width
        except StopIteration:
            starts = True
        except csv.Error:
            starts = is_row(_cells_before_quote(lines.taken[0], delimiter))
        if starts:
            lines.give_back(0)
            lines.put_back(blank)
            return Record(told, first, lines.number, broken=True)
        lines.give_back(1)
        blank = [] if lines.taken[0].strip() else [*blank, lines.taken[0]]


def _swallowed(taken: list[str], *, delimiter: str, width: int, is_row: Callable[[Sequence[str]], bool]) -> bool:
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
