"""Turns a CSV or TSV file into a `RawSheet`.

The delimiter is told by the headings alone and never guessed from texts, which are full of commas and semicolons. Row
numbers are those that a spreadsheet program shows, so blank lines count and a text of several lines is one row.
"""

from __future__ import annotations

import codecs
import csv
import re
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, TextIO

from batch.errors import SheetError
from batch.model import Issue, Severity
from batch.sheets.cells import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, MAX_TEXT_BYTES, TOO_MUCH, RawRow, RawSheet
from batch.sheets.headings import HEADINGS_WITHIN
from batch.wording import shorten

MAX_LINE_CHARS = 2_000_000


class Record(NamedTuple):
    """One record: its cells, those that could still be told where its quotes are broken, and the file's lines of it."""

    cells: list[str]
    first_line: int
    last_line: int
    broken: bool = False


class Lines:
    """The lines of a file, by `delimiter` its records; lines can be handed back after one turned out to be broken."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream = stream
        self._name = name
        self._waiting: deque[str] = deque()
        self.delimiter = ","
        self.taken: list[str] = []
        """The lines taken since the record began."""
        self.number = 0
        self.ended_with_newline = True

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._waiting.popleft() if self._waiting else self._stream.readline(MAX_LINE_CHARS)
        if not line:
            raise StopIteration
        if len(line) == MAX_LINE_CHARS:
            raise SheetError(f"{self._name} has a line longer than any row of posts. Save the sheet as .xlsx.")
        self.number += 1
        self.taken.append(line)
        self.ended_with_newline = line[-1] in "\r\n"
        return line

    def give_back(self, keep: int) -> None:
        """Hand back all lines of this record but the first `keep`."""
        self.put_back(self.taken[keep:])
        del self.taken[keep:]

    def put_back(self, lines: list[str]) -> None:
        """Hand back lines that were taken last."""
        self._waiting.extendleft(reversed(lines))
        self.number -= len(lines)

    def swallowed(self, width: int, is_row: IsRow) -> bool:
        """Tell a record that took in a whole row, as one does whose quote never closes."""
        for line in self.taken[1:]:
            if line.count(self.delimiter) >= width - 1 > 2:
                try:
                    cells = next(csv.reader([line], delimiter=self.delimiter, strict=True))
                except csv.Error:
                    continue
                if len(cells) == width and is_row(cells):
                    return True
        return False

    def choose_delimiter(self, count_known: CountKnown, *, usual: str) -> str:
        """Return the delimiter that is declared (`sep=;`) or makes most headings known, else the usual or widest."""
        start = next(self, "").rstrip("\r\n").strip('"')
        if len(start) == 5 and start[:4].lower() == "sep=" and start[4] in DELIMITERS:
            return start[4]
        self.give_back(0)
        first = [line for line, _ in zip(self, range(HEADINGS_WITHIN), strict=False)]
        self.give_back(0)

        def rank(line: str, delimiter: str) -> tuple[int, bool, bool, int]:
            cells = next(csv.reader([line], delimiter=delimiter), [])
            return count_known(cells), len(cells) > 1, delimiter == usual, len(cells)

        told = (line for line in first if any(rank(line, delimiter)[0] for delimiter in DELIMITERS))
        line = next(told, first[0] if first else "")
        return max(DELIMITERS, key=lambda delimiter: rank(line, delimiter)) if first else usual

    def read_to_headings(self, count_known: CountKnown, *, within: int) -> list[Record]:
        """Return the records down to that of the headings; where none is seen, the first alone."""
        records: list[Record] = []
        behind: list[str] = []
        while len(records) < within:
            self.taken.clear()
            first = self.number + 1
            try:
                cells = next(csv.reader(self, delimiter=self.delimiter, strict=True))
            except StopIteration:
                break
            except csv.Error:
                return [*records, Record([], first, self.number, broken=True)]
            behind += self.taken if records else []
            records.append(Record(cells, first, self.number))
            if count_known(cells) > 1:
                return records
        self.put_back(behind)
        return records[:1]

    def read_records(self, width: int, is_row: IsRow) -> Iterator[Record]:
        """Yield the records under `width` headings; `is_row` tells a whole row that a broken quote has swallowed."""
        reader = csv.reader(self, delimiter=self.delimiter, strict=True)
        while True:
            self.taken.clear()
            first = self.number + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                broken = True
            else:
                broken = len(self.taken) > 1 and self.swallowed(width, is_row)
            if broken:
                yield self._resume(width, is_row, first=first)
                reader = csv.reader(self, delimiter=self.delimiter, strict=True)
            else:
                yield Record(cells, first, self.number)

    def _resume(self, width: int, is_row: IsRow, *, first: int) -> Record:
        """Return the broken record, and stand where the next row starts, blank lines before it included."""
        told = _cells_before_quote(self.taken[0], self.delimiter)
        self.give_back(1)
        blank: list[str] = []
        while True:
            self.taken.clear()
            try:
                starts = len(next(csv.reader(self, delimiter=self.delimiter, strict=True))) == width
            except StopIteration:
                starts = True
            except csv.Error:
                starts = is_row(_cells_before_quote(self.taken[0], self.delimiter))
            if starts:
                self.give_back(0)
                self.put_back(blank)
                return Record(told, first, self.number, broken=True)
            self.give_back(1)
            blank = [] if self.taken[0].strip() else [*blank, self.taken[0]]


def _cells_before_quote(line: str, delimiter: str) -> list[str]:
    """Return the cells of a broken line that stand before the first one with a quote that is not closed in it."""
    told: list[str] = []
    for cell in line.rstrip("\r\n").split(delimiter):
        inner = cell[1:-1] if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell
        if '"' in inner:
            break
        told.append(inner)
    return told


SAMPLE_BYTES = 262_144
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, the longer first where one begins with the other."""

LATIN = "äöüßÄÖÜéèêëàâçîïôùûÉÈÀÇáíóúñÁÍÓÚÑ¿¡ãõåøæÅØÆìòœŒ"
SIGNS = "–—…“”„‘’‚«»€£©®™°·•½ "
CANDIDATES = (
    ("cp1252", f"[{LATIN}{SIGNS}]"),
    ("cp1250", f"[ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűöüÖÜŐŰäß{SIGNS}]"),
    ("cp1251", f"[А-яЁёЇїІіЄєҐґ№{SIGNS}]"),
    ("cp1253", f"[Ά-ώ{SIGNS}]"),
    ("cp1254", f"[{LATIN}ğĞıİşŞ{SIGNS}]"),
    ("shift_jis", "[ぁ-ヿ一-龠。、「」ー！？]"),
    ("euc_kr", "[가-힣]"),
    ("gb18030", "[一-龠，。！？、：“”]"),
    ("mac_roman", f"[{LATIN}{SIGNS}]"),
)
"""Encodings that spreadsheet programs still write, each with the characters that tell it; the commonest first."""


def choose_encoding(path: Path, *, wanted: str | None) -> tuple[str, tuple[str, ...]]:
    """Return a text file's codec, and what to say about it; raise SheetError where it is not UTF and none was given."""
    with path.open("rb") as file:
        start = file.read(4096)
    marked = next((codec for mark, codec in MARKS if start.startswith(mark)), "")
    if marked == "utf-32":
        raise SheetError(f"{path.name} is UTF-32, which no spreadsheet program reads. Save it as CSV UTF-8.")
    if wanted is None:
        if not marked and b"\x00" in start:
            raise refuse_encoding(path)
        return marked or "utf-8", ()
    try:
        "a".encode(wanted)
        codec = codecs.lookup(wanted).name
    except (LookupError, UnicodeError, ValueError, TypeError, AttributeError):
        raise SheetError(f"There is no encoding named '{wanted}'. Use one such as utf-8, cp1252 or utf-16.") from None
    if marked and codec not in {marked, marked.removesuffix("-sig")}:
        real = marked.removesuffix("-sig").upper()
        return marked, (f"{path.name} is, by its first bytes, {real}, and was read as that.",)
    return marked or codec, ()


def refuse_encoding(path: Path) -> SheetError:
    """Return the refusal of a file that is not UTF-8, with the encoding that fits and a line as it would read."""
    with path.open("rb") as file:
        data = file.read(SAMPLE_BYTES)
        if _decode(data, "utf-8") is not None:  # the bytes that tell stand further on
            rest = file.read()
            found = re.search(rb"[\x80-\xff]", rest)
            data += rest[max(0, found.start() - 2000) : found.start() + SAMPLE_BYTES] if found else b""
    codec = guess_codec(data)
    if codec is None:
        return SheetError(
            f"{path.name} isn't text that can be read. Open it in a spreadsheet program and save it as .xlsx."
        )
    lines = re.split("\r\n|\r|\n", data.decode(codec, "replace"))
    number = next((number for number, line in enumerate(lines) if not line.isascii()), 0)
    return SheetError(
        f"{path.name} isn't UTF-8. Use --encoding {codec}, with which line {number + 1} reads "
        f"“{shorten(lines[number])}”, or, if that is wrong, save the sheet as .xlsx."
    )


def guess_codec(data: bytes) -> str | None:
    """Return the encoding that reads most like writing (right in 11 of 13 short sheets, a detector in 8)."""
    if b"\x00" in data:
        odd, even = data[1::2].count(0), data[::2].count(0)
        codec = "utf-16-le" if odd > even else "utf-16-be"
        return codec if max(odd, even) > len(data) / 8 and _decode(data, codec) is not None else None
    best, best_share = None, 0.5
    for codec, letters in CANDIDATES:
        foreign = [letter for letter in _decode(data, codec) or "" if letter > "\x7f"]
        telling = re.compile(letters)
        share = sum(1 for letter in foreign if telling.match(letter)) / len(foreign) if foreign else 0.0
        if share > best_share + 0.02:
            best, best_share = codec, share
    return best


def _decode(data: bytes, codec: str) -> str | None:
    """Return the text of the beginning of a file, whose last letter may be cut; None where it is not in this codec."""
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(data)
    except UnicodeDecodeError:
        return None


DELIMITERS = (",", ";", "\t")
MAX_BROKEN_ROWS = 5_000
CountKnown = Callable[[Sequence[str]], int]
IsRow = Callable[[Sequence[str]], bool]
RowTest = Callable[[Sequence[str]], IsRow]


def read_csv(
    path: Path, *, encoding: str | None, count_known: CountKnown, row_test: RowTest, headed: bool = True
) -> RawSheet:
    """Read a delimited file.

    `count_known` counts the headings in a line that mean something to the project; `row_test` makes, of the
    headings, the test for a line that is surely a whole row. The headings are the first of 20 records with two that are
    known, else the first record. With `headed` False they can only be the first record, which may be a row itself.
    """
    codec, notices = choose_encoding(path, wanted=encoding)
    try:
        with path.open(encoding=codec, errors="strict", newline="") as stream:
            lines = Lines(stream, path.name)
            usual = "\t" if path.suffix.lower() == ".tsv" else ","
            lines.delimiter = lines.choose_delimiter(count_known, usual=usual)
            records = lines.read_to_headings(count_known, within=HEADINGS_WITHIN if headed else 1)
            if not records:
                raise SheetError(f"{path.name} is empty. Fill in a sheet made by 'postbatch template'.")
            last = records[-1]
            headings, full = last.cells, len(last.cells)
            if last.broken:
                raise SheetError(
                    f"{path.name}: a quote in the headings never closes, so the columns can't be told apart. Fix the "
                    "first line."
                )
            if full > MAX_COLUMNS:
                raise SheetError(f"{path.name} has {full:,} columns. Delete those to the right of the posts.")
            width = max((at for at, heading in enumerate(headings, start=1) if heading.strip()), default=0)
            bounded = headed or count_known(headings)
            rows = _Rows(path.name, width=width if bounded else MAX_COLUMNS, first=len(records) + 1)
            for number, last in enumerate(chain(records, lines.read_records(full, row_test(headings))), start=1):
                rows.add(last, number=number)
            if not lines.ended_with_newline:
                rows.doubt_last(last, full=full)
    except UnicodeError as error:
        if codec == "utf-8" and encoding is None:
            raise refuse_encoding(path) from error
        advice = "Leave out --encoding, or use another" if encoding else "It is cut off or damaged, so save it again"
        raise SheetError(f"{path.name} can't be read as {codec}. {advice}.") from error
    return RawSheet("", rows.rows, issues=tuple(rows.issues), notices=notices)


class _Rows:
    """The rows as they come, with what is wrong about whole rows."""

    def __init__(self, name: str, *, width: int, first: int) -> None:
        self.rows: list[RawRow] = []
        self.issues: list[Issue] = []
        self._name = name
        self._width = width
        self._first = first
        self._broken: list[int] = []
        self._cells_left = MAX_CELLS
        self._text_left = MAX_TEXT_BYTES

    def add(self, record: Record, *, number: int) -> None:
        cells = record.cells
        if record.broken:
            self._add_broken(record, number)
        elif not any(cells):
            return
        elif len(cells) > self._width and number >= self._first and any(cell.strip() for cell in cells[self._width :]):
            message = (
                f"Row {number} has {len(cells)} cells under {self._width} headings, so they may be under the wrong "
                "ones. Put quotation marks around a text that holds the separator."
            )
            seen = shorten(" | ".join(cells[self._width :]))
            self.issues.append(Issue(number, "", "too_many_cells", seen, message))
            cells = cells[: self._width]
        self.rows.append(RawRow(number, cells))
        self._cells_left -= max(len(cells), self._width)
        self._text_left -= sum(map(len, cells))
        if len(self.rows) > MAX_ROWS or self._cells_left < 0 or self._text_left < 0:
            raise SheetError(f"{self._name} holds {TOO_MUCH}.")

    def _add_broken(self, record: Record, number: int) -> None:
        where = f"line {record.first_line}"
        if record.last_line > record.first_line:
            where = f"lines {record.first_line} to {record.last_line}"
        message = (
            f"In row {number} ({where} of the file) a quotation mark never closes or stands alone inside a cell, so "
            'its cells can\'t be told apart. Write each quotation mark inside a quoted cell twice ("") and close the '
            "cell with one."
        )
        self.issues.append(Issue(number, "", "unclosed_quote", shorten(" | ".join(record.cells)), message))
        self._broken.append(number)
        if len(self._broken) > MAX_BROKEN_ROWS:
            raise SheetError(
                f"{self._name}: the quotation marks are wrong in more than {MAX_BROKEN_ROWS:,} rows, first in row "
                f"{self._broken[0]}. Save the sheet as .xlsx, where they don't matter."
            )

    def doubt_last(self, record: Record, *, full: int) -> None:
        """Say where the file ends in the middle of a row, which is how a cut-off file looks."""
        if self.rows and self.rows[-1].number >= self._first and not record.broken and 0 < len(record.cells) < full:
            number = self.rows[-1].number
            message = (
                f"The file ends in the middle of row {number} ({len(record.cells)} of {full} cells and "
                "no line end). Check that it wasn't cut off."
            )
            seen = shorten(record.cells[-1])
            self.issues.append(Issue(number, "", "cut_off", seen, message, Severity.WARNING))
