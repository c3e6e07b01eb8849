"""The `To fix` sheet: the rows that need work, each once, in the template's own columns, to be corrected and run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from batch.model import GOOD, Outcome, OutcomeKind, Results, Severity
from batch.sheets.headings import column_of
from batch.workbooks.posts_sheet import PROBLEM, PostRow, RowWriter, columns_for
from batch.workbooks.style import (
    OUTCOME_TONES,
    WINE,
    Formats,
    add_hairlines,
    add_sandbox_banner,
    add_sheet,
    add_strip,
    channel_label,
)

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

TO_FIX = "To fix"
SPARE_ROWS = 50
NO_WORK = frozenset({*GOOD, OutcomeKind.PROCESSING})
MADE_SOMETHING = frozenset({OutcomeKind.FAILED, OutcomeKind.UNKNOWN, OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED})
"""Outcomes after which a post may be on the site under the key that was made for it."""

NOTHING_TO_FIX = "Nothing needs work."


def add_to_fix_sheet(book: Workbook, formats: Formats, results: Results) -> None:
    """Add the sheet."""
    rows = tuple(rows_to_fix(results))
    columns = columns_for(rows, first=(PROBLEM,))
    sheet = add_sheet(book, TO_FIX, tab=WINE, pages_wide=3)
    strip = results.sandbox or not rows
    writer = RowWriter(sheet, formats, columns, last_row=1 + len(rows) + SPARE_ROWS, under_strip=strip)
    add_hairlines(sheet, formats, width=len(columns), last_row=1 + max(len(rows), 1))
    for number, row in enumerate(rows, start=2):
        writer.write(number, row)
    sheet.freeze_panes(1, 1)
    if rows:
        add_sandbox_banner(sheet, sandbox=results.sandbox)
    else:
        add_strip(sheet, NOTHING_TO_FIX, OUTCOME_TONES[OutcomeKind.SCHEDULED])


def rows_to_fix(results: Results) -> Iterator[PostRow]:
    """Yield the rows that need work, in the sheet's order, with the columns flagged in which an error was found.

    The key that was made for a row is written into it, so that a row corrected here stays the same post.
    """
    places = {column: at for at, heading in enumerate(results.headings) if (column := column_of(heading))}
    flagged: dict[int, set[str]] = {}
    for issue in results.issues:
        if issue.row is not None and issue.severity is Severity.ERROR and (column := column_of(issue.column)):
            flagged.setdefault(issue.row, set()).add(column)
    posts: dict[int, list[Outcome]] = {}
    for outcome in results.outcomes:
        posts.setdefault(outcome.row, []).append(outcome)
    for number, outcomes in posts.items():
        if all(outcome.outcome in NO_WORK for outcome in outcomes):
            continue
        own = results.own.get(number, ())
        cells = {column: own[at] for column, at in places.items() if at < len(own) and own[at]}
        only = outcomes[0]
        if len(outcomes) == 1 and only.outcome in MADE_SOMETHING and only.key:
            cells.setdefault("key", only.key)
        yield PostRow({**cells, PROBLEM: _tell_problem(outcomes)}, frozenset(flagged.get(number, ())))


def _tell_problem(outcomes: Sequence[Outcome]) -> str:
    """Return what is wrong with a row, channel by channel where it has several."""
    channels: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.outcome not in NO_WORK:
            said = f"{outcome.outcome.value}: {outcome.message or outcome.code or 'No reason was given.'}"
            channels.setdefault(said, []).append(channel_label(outcome.channel))
    return "\n".join(
        said if len(names) == len(outcomes) else f"{' and '.join(names)}: {said}" for said, names in channels.items()
    )
