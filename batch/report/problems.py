"""What needs somebody, gathered by what is to be done about it.

Turns outcomes and the sheet's issues into groups, one for each outcome and code, each line with its row, its column and
what to do. Every post that needs somebody is in exactly one group; warnings and notices stand apart and stop nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from batch.model import GOOD, Issue, OutcomeKind, Results, Severity
from batch.report.page_words import OUTCOME_LOOKS, channel_look


class Where(NamedTuple):
    """A post that a problem concerns: its place on the page and what to call it; `channel` "" where none is known."""

    anchor: str
    key: str
    channel: str


class Problem(NamedTuple):
    """One thing to mend: `place` is the row, the sheet or the run; `column` and `cell` are "" where not known."""

    place: str
    column: str
    cell: str
    seen: str
    message: str
    posts: tuple[Where, ...] = ()


class Group(NamedTuple):
    """Problems with one remedy: `total` is the number of posts, `code` the API's or the rule's own word."""

    title: str
    code: str
    tone: str
    icon: str
    remedy: str
    total: int
    problems: tuple[Problem, ...]


def find_problems(results: Results) -> tuple[Group, ...]:
    """Gather the posts that need somebody, the ones that stop for good before the ones that only wait."""
    errors = _errors_by_row(results.issues)
    groups: dict[tuple[OutcomeKind, str], list[int]] = defaultdict(list)
    for number, outcome in enumerate(results.outcomes):
        if outcome.outcome not in GOOD:
            code = "" if outcome.outcome is OutcomeKind.INVALID else outcome.code
            groups[outcome.outcome, code].append(number)
    order = [OutcomeKind.UNKNOWN, *(kind for kind in reversed(OUTCOME_LOOKS) if kind is not OutcomeKind.UNKNOWN)]
    keys = sorted(groups, key=lambda key: (OUTCOME_LOOKS[key[0]].tone != "bad", order.index(key[0]), key[1]))
    return tuple(_group(kind, code, groups[kind, code], results, errors) for kind, code in keys)


def find_sheet_errors(results: Results) -> tuple[Problem, ...]:
    """Return the errors of the whole sheet and of rows from which no post could be made."""
    rows = {outcome.row for outcome in results.outcomes if outcome.outcome is OutcomeKind.INVALID}
    return tuple(_problem(i) for i in results.issues if i.severity is Severity.ERROR and i.row not in rows)


def find_warnings(results: Results) -> tuple[Problem, ...]:
    """Return what is only said: the warnings of the sheet, then the run's notices."""
    warnings = [_problem(i) for i in results.issues if i.severity is Severity.WARNING]
    return (*warnings, *(Problem("This run", "", "", "", notice) for notice in results.notices))


def _errors_by_row(issues: Sequence[Issue]) -> Mapping[int, list[Issue]]:
    errors: dict[int, list[Issue]] = defaultdict(list)
    for issue in dict.fromkeys(issues):
        if issue.severity is Severity.ERROR and issue.row is not None:
            errors[issue.row].append(issue)
    return errors


def _problem(issue: Issue, posts: tuple[Where, ...] = ()) -> Problem:
    return Problem(
        "The sheet" if issue.row is None else f"Row {issue.row}",
        issue.column,
        issue.cell,
        issue.seen,
        issue.message,
        posts,
    )


def _group(
    kind: OutcomeKind, code: str, numbers: Sequence[int], results: Results, errors: Mapping[int, list[Issue]]
) -> Group:
    look = OUTCOME_LOOKS[kind]
    rows: dict[int, list[int]] = defaultdict(list)
    for number in numbers:
        rows[results.outcomes[number].row].append(number)
    problems: list[Problem] = []
    for row, of_row in rows.items():
        issues = errors.get(row, []) if kind is OutcomeKind.INVALID else []
        if issues:
            posts = tuple(_where(number, results) for number in of_row)
            problems.extend(_problem(issue, posts) for issue in issues)
        else:
            problems.extend(_of_outcome(number, results) for number in of_row)
    title = look.planned if results.wanted == "plan" else look.done
    return Group(title, code, look.tone, look.icon, look.remedy, len(numbers), tuple(problems))


def _of_outcome(number: int, results: Results) -> Problem:
    outcome = results.outcomes[number]
    return Problem(f"Row {outcome.row}", "", "", "", outcome.message or outcome.code, (_where(number, results),))


def _where(number: int, results: Results) -> Where:
    outcome = results.outcomes[number]
    channel = channel_look(outcome.channel).name if outcome.channel else ""
    return Where(f"p{number + 1}", outcome.key, channel)
