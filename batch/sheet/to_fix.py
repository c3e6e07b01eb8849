"""The `To fix` sheet: the rows that need work, in the template's own columns, with what is wrong in front of each.

Corrected there and saved, the results file itself can be run. A row for several channels stands there once and whole,
since its channels are part of its posts' names: those that are done are found `unchanged`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from batch.model import GOOD, Issue, Outcome, OutcomeKind, Results, Severity
from batch.sheet.banner import add_banner, add_strip, heading_points
from batch.sheet.calendar_sheet import channel_label
from batch.sheet.columns import PROBLEM
from batch.sheet.headings import column_of
from batch.sheet.posts_sheet import PostRow, RowWriter, columns_for, prepare_sheet
from batch.sheet.style import OUTCOME_TONES, WINE, Looks, add_sheet
from batch.sheet.tints import add_hairlines

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

TO_FIX = "To fix"
SPARE_ROWS = 50
NO_WORK = frozenset({*GOOD, OutcomeKind.PROCESSING})
MADE_SOMETHING = frozenset({OutcomeKind.FAILED, OutcomeKind.UNKNOWN, OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED})
"""Outcomes after which a post may be on the site under the key that was made for it."""

NOTHING_TO_FIX = "Nothing needs work."


def add_to_fix_sheet(book: Workbook, looks: Looks, results: Results) -> None:
    """Add the sheet."""
    rows = tuple(rows_to_fix(results))
    columns = columns_for(rows, first=(PROBLEM,))
    sheet = add_sheet(book, TO_FIX, tab=WINE, pages_wide=3)
    last_row = 1 + len(rows) + SPARE_ROWS
    strip = results.sandbox or not rows
    formulas = prepare_sheet(sheet, looks, columns, last_row=last_row, under_strip=strip)
    add_hairlines(sheet, looks, width=len(columns), last_row=1 + max(len(rows), 1))
    sheet.set_row(0, heading_points(strip=strip))
    writer = RowWriter(sheet, looks, columns, formulas)
    for number, row in enumerate(rows, start=2):
        writer.write(number, row)
    sheet.freeze_panes(1, 1)
    if not rows:
        tone = OUTCOME_TONES[OutcomeKind.SCHEDULED]
        add_strip(sheet, NOTHING_TO_FIX, fill=tone.fill, ink=tone.ink)
    else:
        add_banner(sheet, results)


def rows_to_fix(results: Results) -> Iterator[PostRow]:
    """Yield the rows that need work, each once, in the sheet's order."""
    places = {column: at for at, heading in enumerate(results.headings) if (column := column_of(heading))}
    flagged = _flagged_columns(results.issues)
    posts: dict[int, list[Outcome]] = {}
    for outcome in results.outcomes:
        posts.setdefault(outcome.row, []).append(outcome)
    for number, outcomes in posts.items():
        if all(outcome.outcome in NO_WORK for outcome in outcomes):
            continue
        own = results.own.get(number, ())
        cells = {column: own[at] for column, at in places.items() if at < len(own) and own[at]}
        yield PostRow(_with_key(cells, outcomes) | {PROBLEM: tell_problem(outcomes)}, flagged.get(number, frozenset()))


def _with_key(cells: Mapping[str, str], outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Write the key that was made for a row into it, so that a row corrected here stays the same post."""
    only = outcomes[0]
    named = {**cells}
    if len(outcomes) == 1 and not cells.get("key") and only.outcome in MADE_SOMETHING and only.key:
        named["key"] = only.key
    return named


def tell_problem(outcomes: Sequence[Outcome]) -> str:
    """Return what is wrong with a row, channel by channel where it has several."""
    said: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.outcome not in NO_WORK:
            told = f"{outcome.outcome.value}: {outcome.message or outcome.code or 'No reason was given.'}"
            said.setdefault(told, []).append(channel_label(outcome.channel))
    return "\n".join(
        told if len(channels) == len(outcomes) else f"{' and '.join(channels)}: {told}"
        for told, channels in said.items()
    )


def _flagged_columns(issues: Sequence[Issue]) -> dict[int, frozenset[str]]:
    """Return for each row the columns in which an error was found."""
    found: dict[int, set[str]] = {}
    for issue in issues:
        column = column_of(issue.column)
        if issue.row is not None and column and issue.severity is Severity.ERROR:
            found.setdefault(issue.row, set()).add(column)
    return {row: frozenset(columns) for row, columns in found.items()}
