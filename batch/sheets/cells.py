"""What a file holds before any meaning is given to it: numbered rows of raw cells, each to become a value or an issue.

Every reader (CSV, workbook) makes a `RawSheet`; headings and cells are judged afterwards, the same for all. A raw cell
keeps what a judge needs to see an accident: a number with its format, a date with or without a time, an error, a
formula without a value.

No cell is put right in silence: what is removed is told, what was lost before (digits, a formula's value, the text that
became a date) is an error of its cell. A plain cell, which nearly all are, costs one look-up.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import NamedTuple, cast

from batch.errors import SheetError
from batch.model import Cell, Issue, Row, Severity
from batch.rules.damage import repair_encoding
from batch.wording import cell_address, shorten

MAX_COLUMNS = 1_000
MAX_ROWS = 300_000
MAX_CELLS = 5_000_000
MAX_TEXT_BYTES = 150_000_000
"""Beyond these a file is refused; 100,000 rows of 20 columns with captions of 500 characters stay below half."""
TOO_MUCH = (
    f"more than {MAX_ROWS:,} rows, {MAX_CELLS:,} cells or {MAX_TEXT_BYTES // 1_000_000} MB of text. Split it into "
    "several files"
)

LAST_DAY = 2_958_466
EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001  a spreadsheet's dates have no zone
EPOCHS: Mapping[bool, datetime] = {False: EPOCH_1900, True: EPOCH_1900 + timedelta(days=1462)}
"""The day that a workbook counts from, by its 1904 switch."""


class NumberFormat(NamedTuple):
    """How a workbook shows a number: which parts of a date it would show, and to how many digits it is padded."""

    code: str = "General"
    shows_date: bool = False
    shows_time: bool = False
    padded_digits: int = 0
    plain: bool = True


class Number(NamedTuple):
    """A numeric cell: its digits as stored, and its format."""

    stored: str
    value: float
    format: NumberFormat


class Moment(NamedTuple):
    """A date cell, to the second; `has_time` is False where it is a midnight whose format shows no time."""

    at: datetime
    has_time: bool


class CellError(NamedTuple):
    """A cell without a value: an error (`code` is `error_cell`), a picture, or a formula that was never calculated."""

    code: str
    seen: str


RawCell = str | Number | Moment | CellError


class RawRow(NamedTuple):
    """A line of the file; `struck` are the places (from 0) of crossed-out cells, `struck_words` of partly such ones."""

    number: int
    cells: Sequence[RawCell]
    hidden: bool = False
    struck: tuple[int, ...] = ()
    struck_words: tuple[int, ...] = ()


class Area(NamedTuple):
    """A merged range, its edges included; rows are counted from 1 and columns from 0."""

    top: int
    left: int
    bottom: int
    right: int
    ref: str


@dataclass(frozen=True, slots=True)
class RawSheet:
    """A table as read from a file, its wholly empty rows left out.

    `since_1904` tells how it counts the days of dates. `links` holds the address behind a cell by its row, counted
    from 1, and its column, counted from 0; `pictures` the cells that each picture lies over.
    """

    tab: str
    rows: list[RawRow]
    issues: tuple[Issue, ...] = ()
    merges: tuple[Area, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    notices: tuple[str, ...] = ()
    since_1904: bool = False
    links: Mapping[tuple[int, int], str] = field(default_factory=dict)
    pictures: tuple[Area, ...] = ()


@cache
def column_index(name: str) -> int:
    """Return the place, counted from 0, of a column named by its letters."""
    place = 0
    for letter in name:
        place = place * 26 + ord(letter) - 64
    return place - 1


def day_count_to_date(days: float, *, epoch: datetime) -> datetime | None:
    """Return the date of a day count to the nearest second (09:29:59.9999 is 09:30), or None where it is none."""
    if not 0 <= days < LAST_DAY:
        return None
    try:
        return epoch + timedelta(seconds=round(days * 86_400))
    except OverflowError:
        return None


# What becomes of a cell

WORDING = frozenset({"text", "title", "prompt", "notes"})
"""Columns in which zero-width characters are kept, since emoji and some scripts need them."""

IDENTIFIERS = frozenset({"key", "account", "item_id", "asset", "site"})
"""Columns where a digit more or less is another thing."""

BREAK = re.compile("\r\n?|[\x85\u2028\u2029]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
ZERO_WIDTH = re.compile("[\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
WIDE_SPACE = re.compile("[\xa0\u1680\u2000-\u200a\u202f\u205f\u3000]")
ODD = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
SUSPECT = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ud800-\udfff]"
)
"""All that the patterns above find, and a little more: what has none of these needs no cleaning."""
ERROR_TEXT = re.compile(
    r"#(?:N/A|REF!|VALUE!|DIV/0!|NAME\?|NUM!|NULL!|SPILL!|CALC!|FIELD!|BLOCKED!|CONNECT!|BUSY!|GETTING_DATA)|Err:\d{3}"
)
CUT_NUMBER = re.compile(r"\d(?:[.,]\d+)?[eE]\+\d{2}")
ZERO_ENDED = re.compile(r"\d{15}0+")
SERIAL = re.compile(r"[34567]\d{4}(?:[.,]\d+)?")
DOUBTFUL = re.compile("|".join(pattern.pattern for pattern in (ERROR_TEXT, CUT_NUMBER, ZERO_ENDED, SERIAL)))
DOUBTFUL_STARTS = frozenset("0123456789#E")
EXACT_DIGITS = 15
MEMO_SIZE = 4096
MAX_ISSUES = 100_000
REMOVED = frozenset({"control_removed", "tab_replaced", "zero_width_removed"})
"""What was taken out of a cell as it was read, so that the cell as read is what it should hold."""


class Finding(NamedTuple):
    """An accident in one cell, its message with `{cell}`, `{column}` and `{seen}`; `fix` where one is certain."""

    code: str
    message: str
    seen: str = ""
    warning: bool = False
    fix: str | None = None


Judged = tuple[Cell, Sequence[Finding]]
"""What became of a raw cell, and what is wrong with it."""


ERROR_CELL = "{cell} has the error {seen} instead of a value. Correct its formula, or type the value."
PICTURE = "{cell} has a picture in it, which can't be sent from a sheet. Write its address or its file name instead."
NO_VALUE = (
    "{cell} has the formula {seen}, whose result was never saved. Open the workbook in Excel or LibreOffice and "
    "save it, or replace the formula with its value. If it is a text that starts with =, type an apostrophe in "
    "front."
)
CUT = (
    "{cell} has the number {seen}, which the spreadsheet program has cut to 15 digits. Format the column {column} as "
    "text and type or paste the whole number again."
)
MAYBE_CUT = (
    "{cell} has {seen}, which ends like a number that a spreadsheet program has cut to 15 digits. Compare it with the "
    "original, and format the column {column} as text."
)
BECAME_DATE = (
    "{cell} has a date ({seen}), which the spreadsheet program makes of what looks like one. Format the column "
    "{column} as text and type it again."
)
SERIAL_DATE = (
    "{cell} has the number {seen}, which is how a spreadsheet stores {date}. Give the cell the format yyyy-mm-dd "
    "hh:mm, or type the date as text."
)
SHOWN_OTHERWISE = (
    "{cell} has the number {seen}, which its format ({format}) may show otherwise. The number as stored is used. "
    "If that isn't what you want, format the column {column} as text."
)
CONTROL_REMOVED = "{cell} had {count} that can't be seen or sent, and they were removed. Check the cell."
TAB_REPLACED = "{cell} had a tab, which became a space. Check the cell."
ZERO_WIDTH_REMOVED = (
    "{cell} had invisible characters, which were removed from {column}. If it doesn't match, type it again."
)


def tidy_rows(
    raw: list[RawRow], columns: Mapping[str, int], *, width: int, keep: Container[object], epoch: datetime, where: str
) -> tuple[list[Row], list[Issue]]:
    """Return the rows under the headings that have something in them, and what was wrong with their cells.

    Each row is `width` cells long; those numbered in `keep` are there even if nothing could be told of them. `epoch` is
    the day from which the file counts dates. Empties `raw`, so that a large sheet is not held twice. Raises SheetError,
    which names the file by `where`, if there is more wrong with it than a person could read.
    """
    tidier = _Tidier(columns, width=width, keep=keep, epoch=epoch)
    raw.reverse()
    rows: list[Row] = []
    while raw:
        if row := tidier.tidy(raw.pop()):
            rows.append(row)
            if len(tidier.issues) > MAX_ISSUES:
                raise SheetError(
                    f"{where} has more than {MAX_ISSUES:,} cells with errors, the first in {tidier.issues[0].cell}. "
                    "Check that this is the sheet of posts."
                )
    return rows, tidier.issues


class _Tidier:
    """Remembers each column's plain values: channels, names and zones come again and again, and are kept once."""

    def __init__(self, columns: Mapping[str, int], *, width: int, keep: Container[object], epoch: datetime) -> None:
        self.issues: list[Issue] = []
        self._keep = keep
        self._epoch = epoch
        by_place = {place: column for column, place in columns.items()}
        self._names = [by_place.get(place, "") for place in range(width)]
        self._memos: list[dict[RawCell, Cell]] = [{"": ""} for _ in range(width)]

    def tidy(self, line: RawRow) -> Row | None:
        found: list[Issue] = []
        values = list(map(dict.get, self._memos, line.cells))
        if None in values:
            self._judge_new(values, line, found)
        if not any(values) and not found and line.number not in self._keep:
            return None
        self.issues += found
        if len(values) < len(self._names):
            values.extend([""] * (len(self._names) - len(values)))
        return Row(line.number, tuple(cast("list[Cell]", values)))

    def _judge_new(self, values: list[Cell | None], line: RawRow, found: list[Issue]) -> None:
        """Fill in a row's values that were not seen before, and remember them where nothing is wrong."""
        for place, value in enumerate(values):
            if value is None:
                raw, memo = line.cells[place], self._memos[place]
                if isinstance(raw, str) and is_plain(raw):
                    judged: Cell = raw
                else:
                    judged = self._judge(raw, place=place, row=line.number, found=found)
                values[place] = judged
                if len(memo) < MEMO_SIZE and not found:
                    memo[raw] = judged

    def _judge(self, raw: RawCell, *, place: int, row: int, found: list[Issue]) -> Cell:
        column = self._names[place]
        value, findings = judge_cell(raw, column, epoch=self._epoch)
        for finding in findings:
            if column or finding.code == "control_removed":
                if finding.code in REMOVED and finding.fix is None and isinstance(value, str):
                    finding = finding._replace(fix=value)
                cell, seen = cell_address(row, place), shorten(finding.seen)
                message = finding.message.replace("{cell}", f"Cell {cell}").replace("{column}", column)
                severity = Severity.WARNING if finding.warning or column in {"", "notes"} else Severity.ERROR
                told = message.replace("{seen}", seen)
                found.append(Issue(row, column, finding.code, seen, told, severity, cell, finding.fix))
        return value


def is_plain(text: str) -> bool:
    """Tell a text in which nothing can be wrong: trimmed, without odd characters, like no number, date or error."""
    if not (text.isascii() and text.isprintable()) and SUSPECT.search(text):
        return False
    first = text[0]
    if first.isspace() or text[-1].isspace():
        return False
    return not (first in DOUBTFUL_STARTS or first.isdigit()) or not DOUBTFUL.fullmatch(text)


def judge_cell(raw: RawCell, column: str, *, epoch: datetime) -> Judged:
    """Return a raw cell's value in a column of ours ("" for another's), with the accidents seen in it."""
    if isinstance(raw, str):
        text, findings = clean_text(raw, keep_zero_width=not column or column.partition(":")[0] in WORDING)
        return text, [*findings, *_doubt_text(text, column)] if column else findings
    if isinstance(raw, CellError):
        message = {"error_cell": ERROR_CELL, "picture_cell": PICTURE}.get(raw.code, NO_VALUE)
        kept = raw.seen if raw.code == "error_cell" else ""
        return kept, [Finding(raw.code, message, raw.seen)]
    if isinstance(raw, Number):
        return _judge_number(raw, column, epoch)
    if column == "publish_at" and raw.has_time:
        return raw.at, ()
    text = f"{raw.at:%Y-%m-%d %H:%M:%S}"[: 19 if raw.at.second else 16] if raw.has_time else f"{raw.at:%Y-%m-%d}"
    if column in ("", "notes", "publish_at"):
        return text, ()
    return text, [Finding("became_date", BECAME_DATE, text)]


def _doubt_text(text: str, column: str) -> Sequence[Finding]:
    """Return what a text betrays of a number, a date or an error that another program wrote out."""
    if text[:1] in {"#", "E"} and ERROR_TEXT.fullmatch(text):
        return [Finding("error_cell", ERROR_CELL, text)]
    if not text[:1].isdigit():
        return ()
    if column != "notes" and CUT_NUMBER.fullmatch(text):
        return [Finding("cut_number", CUT, text)]
    if column in IDENTIFIERS and ZERO_ENDED.fullmatch(text):
        return [Finding("cut_number", MAYBE_CUT, text, warning=True)]
    if column == "publish_at" and SERIAL.fullmatch(text):
        return [_tell_serial(text, float(text.replace(",", ".")), EPOCH_1900)]
    return ()


def _tell_serial(seen: str, days: float, epoch: datetime) -> Finding:
    at = day_count_to_date(days, epoch=epoch)
    date = at.strftime("the time %H:%M" if days < 1 else "the date %Y-%m-%d %H:%M") if at else "a date"
    fix = at.strftime("%Y-%m-%d %H:%M") if at and days > 1 and days % 1 else None
    return Finding("serial_date", SERIAL_DATE.replace("{date}", date), seen, fix=fix)


def _judge_number(raw: Number, column: str, epoch: datetime) -> Judged:
    text = write_number(raw)
    if not column:
        return text, ()
    if column == "publish_at":
        return text, [_tell_serial(text, raw.value, epoch)]
    if abs(raw.value) >= 10**EXACT_DIGITS:
        return text, [Finding("cut_number", CUT, f"{raw.value:.5E}".replace("E+0", "E+"))]
    if not raw.format.plain:
        message = SHOWN_OTHERWISE.replace("{format}", raw.format.code)
        return text, [Finding("number_format", message, text, warning=True)]
    return text, ()


def write_number(raw: Number) -> str:
    """Return a number's digits as a person would write them, with the zeros that its format puts in front."""
    if raw.value.is_integer() and abs(raw.value) < 10**21:
        return str(int(raw.value)).zfill(raw.format.padded_digits)
    return repr(raw.value)


def clean_text(raw: str, *, keep_zero_width: bool) -> tuple[str, Sequence[Finding]]:
    """Return a text trimmed, with plain line breaks and without what can't be seen or sent, and what was removed."""
    findings: list[Finding] = []
    text = raw
    if ODD.search(text):
        text = _clean_odd(text, findings)
    if not keep_zero_width and not text.isascii():
        text = WIDE_SPACE.sub(" ", text)
        bare = ZERO_WIDTH.sub("", text)
        if bare != text:
            text = bare
            findings.append(Finding("zero_width_removed", ZERO_WIDTH_REMOVED, text, warning=True))
    return text.strip(), findings


def _clean_odd(text: str, findings: list[Finding]) -> str:
    text = BREAK.sub("\n", text).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    clean = CONTROL.sub("", text)
    if removed := len(text) - len(clean):
        count = "a control character" if removed == 1 else f"{removed} control characters"
        message = CONTROL_REMOVED.replace("{count}", count)
        if removed == 1:
            message = message.replace("they were", "it was")
        # Half of a letter that was read in the wrong encoding is a control character, too.
        meant = repair_encoding(text)
        fix = CONTROL.sub("", meant.text).strip() if meant else None
        findings.append(Finding("control_removed", message, repr(text.strip()), warning=True, fix=fix))
    if "\t" in clean.strip():
        findings.append(Finding("tab_replaced", TAB_REPLACED, clean, warning=True))
    return clean.replace("\t", " ")


def as_text(cell: Cell) -> str:
    """Return a cell as text; a date as ISO 8601."""
    return cell.isoformat(" ") if isinstance(cell, datetime) else cell
