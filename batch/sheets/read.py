"""Turns a sheet file into a `Sheet`: the rows as people see them, with every accident of spreadsheets told.

What is wrong with the whole file is a `SheetError`; what is wrong with a cell or a row is an issue, and the other
rows are read. No value is ever guessed, no row dropped or shifted in silence, and no rule about posts is applied
here.

    identify ──► read_csv | read_workbook ──► split_headings ──► apply_mapping ──► match_headings ──► tidy_rows
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from batch.errors import SheetError
from batch.model import Issue, Row, Severity, SheetRows
from batch.sheets.cells import Moment, Number, NumberFormat, RawCell, RawRow, RawSheet, RowFlaw
from batch.sheets.clean import as_text, tidy_rows
from batch.sheets.detect import FileKind, identify
from batch.sheets.headings import (
    EMPTY_WORDS,
    LOOKED_THROUGH,
    NO_CHOICES,
    HeadingChoices,
    Headings,
    Table,
    count_known,
    join_cells,
    match_headings,
    repeats_headings,
    row_test,
    split_headings,
    texts_of,
)
from batch.sheets.ooxml import EPOCHS
from batch.sheets.vocabulary import Kind, column_of, meaning_of
from batch.wording import cell_address, column_letters, list_numbers, shorten

if TYPE_CHECKING:
    from pandas import DataFrame

Hidden = Literal["ask", "include", "skip"]


@dataclass(frozen=True, slots=True)
class Sheet(SheetRows):
    """A sheet as read from a file or a DataFrame, before any rule is applied; `folder` is the file's."""

    folder: Path | None = field(default=None, compare=False)

    @classmethod
    def from_frame(cls, frame: DataFrame, *, name: str = "frame", choices: HeadingChoices = NO_CHOICES) -> Sheet:
        """Read a DataFrame whose columns are named as a sheet's headings; its index does not count.

        Rows are numbered as if it were saved under its headings: the first is row 2. A missing value is a blank cell,
        a list (of media) stands on separate lines, a timestamp without a zone is a wall clock. Numbers of more digits
        than a float keeps are errors of their cells, as in a workbook. `choices` say what its columns mean. Raises
        SheetError.
        """
        blank = frame.isna().to_numpy()
        rows = [RawRow(1, [str(heading) for heading in frame.columns])]
        for number, values in enumerate(frame.itertuples(index=False, name=None)):
            cells = ["" if blank[number, place] else _raw_cell(value) for place, value in enumerate(values)]
            if any(cell != "" for cell in cells):
                rows.append(RawRow(number + 2, cells))
        return _make_sheet(RawSheet("", rows), name, choices=choices)


def _raw_cell(value: object) -> RawCell:
    """Return a value of a frame as a workbook's reader would have it."""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return Number(repr(float(value)), float(value), NumberFormat())
    if isinstance(value, datetime):
        if value.tzinfo is not None:
            return value.isoformat(timespec="seconds")
        wall = datetime.combine(value.date(), value.time().replace(microsecond=0))
        return Moment(wall, has_time=wall.time() != time.min)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return "\n".join(str(part) for part in value)
    return str(value)


def read_sheet(
    path: Path,
    *,
    tab: str | None = None,
    encoding: str | None = None,
    hidden: Hidden = "ask",
    mapping: str | None = None,
    choices: HeadingChoices = NO_CHOICES,
) -> Sheet:
    """Read a sheet of posts.

    `tab` names the sheet of a workbook, `encoding` that of a text file which is not UTF, `mapping` the scheduler for
    which the sheet was made; `hidden` says whether hidden rows count, `choices` what its headings mean. Raises
    SheetError with one sentence, or with one for each heading that has to be asked about.
    """
    path = Path(path)
    notices: list[str] = []
    if identify(path) is FileKind.DELIMITED:
        from batch.sheets.delimited import read_csv

        within = LOOKED_THROUGH if mapping is None else 1
        grid = read_csv(path, encoding=encoding, count_known=_count_headings, row_test=row_test, within=within)
        if tab is not None:
            notices.append("--sheet was not needed: a text file holds a single sheet.")
    else:
        from batch.sheets.xlsx import read_workbook

        grid = read_workbook(path, tab=tab)
        if encoding is not None:
            notices.append("--encoding was not needed: a workbook says itself how its text is written.")
    sheet = _make_sheet(grid, path.name, hidden=hidden, mapping=mapping, choices=choices, notices=tuple(notices))
    return replace(sheet, folder=path.parent)


def _make_sheet(
    grid: RawSheet,
    name: str,
    *,
    hidden: Hidden = "ask",
    mapping: str | None = None,
    choices: HeadingChoices = NO_CHOICES,
    notices: tuple[str, ...] = (),
) -> Sheet:
    """Find the headings in a grid and judge its cells. Empties the grid, so that a large sheet is not held twice."""
    where = f"{name}, sheet '{grid.tab}'" if grid.tab else name
    table = _map_table(split_headings(grid, where=where, headed=mapping is None), mapping, choices, where=where)
    seen = [row for row in table.rows if hidden == "include" or not row.hidden]
    try:
        headings = match_headings(
            table.names, where=where, texts=texts_of(seen), choices=choices, foreign=table.foreign
        )
    except SheetError as error:
        raise SheetError(error.sentence, details=(*error.details, *table.hints)) from None
    body, told = _choose_hidden(table.rows, hidden=hidden, where=where)
    body = list(join_cells(body, headings.joins)) if headings.joins else body
    said = (*table.notices, *headings.notices, *table.hints, *grid.notices, *notices, *told)
    said += _tell_columns(body, headings, grid)
    grid.rows.clear()
    table.rows.clear()
    rows, issues = _tidy(body, headings, grid, flaws=(*grid.flaws, *table.flaws), where=where)
    return Sheet(
        name=name,
        tab=grid.tab,
        headings=headings.names,
        columns=headings.columns,
        rows=tuple(rows),
        issues=tuple(issues),
        notices=said,
    )


def _count_headings(cells: Sequence[str]) -> int:
    """Return how many cells are headings of ours or, where none is, of another scheduler."""
    if known := count_known(cells):
        return known
    from batch.sheets.schedulers import count_foreign

    return count_foreign(cells)


def _map_table(table: Table, mapping: str | None, choices: HeadingChoices, *, where: str) -> Table:
    if mapping is not None:
        from batch.sheets.schedulers import apply_mapping

        return apply_mapping(table, mapping, where=where)
    meanings = {name: meaning_of(name) for name in table.names}
    named = {meaning.column for meaning in meanings.values()}
    named |= {column for column, _ in (*choices.mapped, *choices.configured)}
    if "channel" not in named:
        from batch.sheets.schedulers import refuse_foreign

        refuse_foreign(table, where=where)
    elif not choices.mapped and any(not column_of(name) for name in table.names):
        from batch.sheets.schedulers import propose_mapping

        unknown = [name for name, meaning in meanings.items() if meaning.kind in {Kind.NONE, Kind.ASK}]
        return replace(table, hints=propose_mapping(unknown, table.names, where=where))
    return table


def _choose_hidden(rows: Sequence[RawRow], *, hidden: Hidden, where: str) -> tuple[list[RawRow], tuple[str, ...]]:
    numbers = [row.number for row in rows if row.hidden]
    if not numbers:
        return list(rows), ()
    several = len(numbers) > 1
    listed = f"hidden row{'s' if several else ''} {list_numbers(numbers)}"
    if hidden == "ask":
        raise SheetError(
            f"{where} has {len(numbers)} row{'s that are' if several else ' that is'} hidden or filtered out "
            f"({list_numbers(numbers)}): show {'them' if several else 'it'}, or say --include-hidden or --skip-hidden."
        )
    if hidden == "include":
        return list(rows), (f"Included: the {listed}.",)
    return [row for row in rows if not row.hidden], (f"Left out: the {listed}.",)


def _tidy(
    body: list[RawRow], headings: Headings, grid: RawSheet, *, flaws: Sequence[RowFlaw], where: str
) -> tuple[list[Row], list[Issue]]:
    epoch = EPOCHS[grid.since_1904]
    keep = {flaw.number for flaw in flaws}
    rows, issues = tidy_rows(body, headings.columns, width=len(headings.names), keep=keep, epoch=epoch, where=where)
    if not rows:
        raise SheetError(f"{where} has headings but no rows under them: write one post a row, from row 2 on.")
    numbers = {row.number for row in rows}
    for flaw in flaws:
        if flaw.number in numbers:
            severity = Severity.WARNING if flaw.warning else Severity.ERROR
            cell = "" if flaw.place is None else cell_address(flaw.number, flaw.place)
            issues.append(Issue(flaw.number, flaw.column, flaw.code, flaw.seen, flaw.message, severity, cell))
    issues += _find_merges(rows, headings, grid)
    issues += [issue for row in rows for issue in _find_not_carried(row, headings)]
    for row in rows:
        if repeats_headings(headings, row.values):
            seen = shorten(" | ".join(as_text(value) for value in row.values if value))
            message = f"Row {row.number} repeats the headings instead of holding a post: delete the row."
            issues.append(Issue(row.number, "", "headings_again", seen, message))
    return rows, sorted(issues, key=lambda issue: issue.row or 0)


def _find_merges(rows: Sequence[Row], headings: Headings, grid: RawSheet) -> Iterable[Issue]:
    """Yield one issue for each row that a merged range reaches into, by its topmost range."""
    ours = {place: column for column, place in headings.columns.items()}
    areas = iter(area for area in grid.merges if area.left < len(headings.names))
    area = next(areas, None)
    for row in rows:
        while area and area.bottom < row.number:
            area = next(areas, None)
        if area is None:
            return
        if area.top <= row.number:
            message = (
                f"The cells {area.ref} are merged, so what belongs to row {row.number} can't be told: take the merge "
                "off and fill in each cell."
            )
            column = ours.get(area.left, headings.names[area.left])
            yield Issue(row.number, column, "merged_cells", area.ref, message, cell=cell_address(row.number, area.left))


def _find_not_carried(row: Row, headings: Headings) -> Iterable[Issue]:
    """Yield a warning for each cell that says what the API can't carry."""
    for place, what in headings.not_carried.items():
        seen = as_text(row.values[place])
        if seen.casefold() not in EMPTY_WORDS:
            message = (
                f"The service can't set this ({what}), so the post goes out without it: add it by hand afterwards, or "
                "clear the cell."
            )
            address = cell_address(row.number, place)
            yield Issue(
                row.number, headings.names[place], "not_carried", shorten(seen), message, Severity.WARNING, address
            )


def _tell_columns(body: Sequence[RawRow], headings: Headings, grid: RawSheet) -> tuple[str, ...]:
    """Return what there is to say about columns that people do not see or that have no heading."""
    told: list[str] = []
    hidden = [f"'{headings.names[at]}'" for at in grid.hidden_columns if at in headings.columns.values()]
    if hidden:
        told.append(
            f"Hidden in the workbook, and used: the column{'s' if len(hidden) > 1 else ''} {', '.join(hidden)}."
        )
    unheaded = {at for at, name in enumerate(headings.names) if not name}
    width = len(headings.names)
    filled = {at for row in body for at in unheaded if at < len(row.cells) and row.cells[at] != ""}
    filled |= {
        at for row in body if len(row.cells) > width for at in range(width, len(row.cells)) if row.cells[at] != ""
    }
    if filled:
        listed = ", ".join(column_letters(at) for at in sorted(filled)[:10])
        told.append(
            f"Not used, since there is no heading above: the cells of column{'s' if len(filled) > 1 else ''} {listed}."
        )
    return tuple(told)
