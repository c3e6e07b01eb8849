"""What is printed: issues, outcomes, accounts and runs as text for a terminal of a given width.

Each function turns values into one text; none of them prints, asks or decides. Long lists are shortened unless
`verbose` is asked for, but never what needs a person to the last one: every kind of problem is shown at least once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

from batch.model import GOOD, Account, Issue, Outcome, OutcomeKind, Post, Results, Severity, Snapshot
from batch.report.layout import Column, Line, Styled, TerminalText, joined
from batch.report.words import make_headline
from batch.wording import QUOTA_NAMES, counted, quota_left

if TYPE_CHECKING:
    from batch.runs.record import RunRecord
    from batch.workbooks.fix import CellFix

SHOWN_OF_A_KIND = 5
"""How often one kind of problem is shown in full before its other rows are only counted."""

SHOWN_LINKS = 10
NEEDS_YOU = frozenset(OutcomeKind) - GOOD - {OutcomeKind.PROCESSING}

OUTCOME_COLORS: Mapping[OutcomeKind, str] = {
    **dict.fromkeys(GOOD, "green"),
    OutcomeKind.UNCHANGED: "",
    OutcomeKind.SKIPPED: "dim",
    OutcomeKind.PROCESSING: "cyan",
    OutcomeKind.INVALID: "red",
    OutcomeKind.BLOCKED: "yellow",
    OutcomeKind.CONFLICT: "magenta",
    OutcomeKind.FAILED: "red",
    OutcomeKind.UNKNOWN: "bold red",
    OutcomeKind.NOT_RUN: "yellow",
}

CONNECTION_WORDS: Mapping[str, str] = {
    "VALID": "no account",
    "NEVER_CREATED": "not connected",
    "USER_NOT_EXIST_FOR_CHANNEL": "not connected",
    "DISCONNECTED": "connection lapsed",
    "USER_IS_DISCONNECTED": "connection lapsed",
    "INVALID": "sign in again",
    "NO_PAGES_FOR_USER": "has no page",
    "HTTP_400": "not connected",
}


def issues_text(
    issues: Sequence[Issue],
    *,
    posts: Sequence[Post] = (),
    called: Mapping[str, str] | None = None,
    width: int = 80,
    color: bool = False,
    verbose: bool = False,
) -> str:
    """List what is wrong with a sheet, each with its cell, and say how many rows are right.

    `called` is what the sheet calls columns of ours that it names otherwise.
    """
    text, called = TerminalText(width=width, color=color), called or {}
    by_kind: defaultdict[tuple[str, str], list[Issue]] = defaultdict(list)
    for issue in issues:
        by_kind[issue.column, issue.code].append(issue)
    shown = [i for i in issues if verbose or i in by_kind[i.column, i.code][:SHOWN_OF_A_KIND]]
    columns = (Column("Cell"), Column("Column", max_width=20), Column("What is to be done", share=1))
    text.table(columns, (_issue_row(issue, called) for issue in shown), indent=0)
    for (column, _), alike in by_kind.items():
        if not verbose and (rest := alike[SHOWN_OF_A_KIND:]):
            rows = _row_ranges(issue.row for issue in rest if issue.row is not None)
            text.line(
                Styled(
                    f"... and {len(rest):,} more like the last one of `{called.get(column, column)}`: rows {rows}.",
                    "dim",
                )
            )
    if issues:
        text.line()
    text.line(_sheet_line(issues, posts))
    return text.text()


def _issue_row(issue: Issue, called: Mapping[str, str]) -> Sequence[Line]:
    column = called.get(issue.column, issue.column)
    where = issue.cell or (f"row {issue.row}" if issue.row is not None else "sheet")
    if issue.severity is Severity.WARNING:
        return where, column, (Styled("Warning: ", "yellow"), Styled(issue.message))
    return Styled(where, "bold"), column, Styled(issue.message, "red")


def _row_ranges(rows: Iterable[int], *, limit: int = 8) -> str:
    """Return row numbers as ranges: `7-12, 15`."""
    ranges: list[list[int]] = []
    for row in sorted(set(rows)):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    shown = ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges[:limit])
    return f"{shown}{' and others' if len(ranges) > limit else ''}"


def _sheet_line(issues: Sequence[Issue], posts: Sequence[Post]) -> Line:
    """Say how many rows there are, and how many are to be mended."""
    errors = {issue.row for issue in issues if issue.severity is Severity.ERROR}
    wrong, warned = errors - {None}, {issue.row for issue in issues} - errors - {None}
    found = [
        Styled(f"{counted(len(wrong), 'row')} to mend" if wrong else "", "bold red"),
        Styled("the sheet itself to mend" if None in errors else "", "bold red"),
        Styled(f"{counted(len(warned), 'row')} with a warning only" if warned else "", "yellow"),
    ]
    rows = len({post.row for post in posts})
    total = f"{counted(rows, 'row')}, {counted(len(posts), 'post')}: " if posts else ""
    told = [part for part in found if part.words] or [Styled("nothing to mend", "green")]
    return [Styled(total), *joined(told), Styled(".")]


def fixes_text(fixes: Sequence[CellFix], *, width: int = 80, color: bool = False) -> str:
    """List the cells that were corrected, each with what it held and holds."""
    text = TerminalText(width=width, color=color)
    if not fixes:
        text.line("No mistake here has exactly one remedy, so no copy was written.")
        return text.text()
    values = Column("Was", share=1), Column("Is now", share=1)
    columns = (Column("Cell"), Column("Column", max_width=20), *values, Column("Why", max_width=24))
    rows = (
        (
            Styled(fix.cell, "bold"),
            fix.heading,
            Styled(fix.old or "(blank)", "red"),
            Styled(fix.new or "(blank)", "green"),
            Styled(fix.why, "dim"),
        )
        for fix in fixes
    )
    text.table(columns, rows, indent=0)
    text.line()
    text.line(Styled(f"{counted(len(fixes), 'cell')} corrected in the copy.", "bold"))
    return text.text()


def outcomes_text(results: Results, *, width: int = 80, color: bool = False, verbose: bool = False) -> str:
    """Say what became of a run's posts: in one line, then what needs somebody, then the links of what is live."""
    text = TerminalText(width=width, color=color)
    headline = make_headline(results)
    text.line(Styled(headline.well, "bold"))
    for words, style in ((headline.need, "bold red"), (headline.rest, "dim")):
        if words:
            text.line(Styled(words, style))
    if verbose:
        _write_outcomes(text, "", results.outcomes)
    else:
        needing = [outcome for outcome in results.outcomes if outcome.outcome in NEEDS_YOU]
        shown = list(_some_of_each_kind(needing))
        _write_outcomes(text, "What needs you", shown)
        if more := len(needing) - len(shown):
            text.line(Styled(f"... and {more:,} more of these kinds; the results have all.", "dim"))
        _write_links(text, [o for o in results.outcomes if o.outcome is OutcomeKind.PUBLISHED and o.link])
    for notice in results.notices:
        text.line(Styled(notice, "yellow"))
    return text.text()


def _some_of_each_kind(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    seen: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        seen[outcome.outcome, outcome.code] += 1
        if seen[outcome.outcome, outcome.code] <= SHOWN_OF_A_KIND:
            yield outcome


def _write_outcomes(text: TerminalText, heading: str, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    text.line()
    if heading:
        text.line(Styled(heading, "bold"))
    columns = (Column("Row", right=True), Column("Key", max_width=24), Column("Outcome"), Column("Message", share=1))
    rows = (
        (str(o.row), o.key, Styled(o.outcome, OUTCOME_COLORS[o.outcome]), o.message or (o.code and f"({o.code})"))
        for o in outcomes
    )
    text.table(columns, rows, indent=2 if heading else 0)


def _write_links(text: TerminalText, live: Sequence[Outcome]) -> None:
    if not live:
        return
    text.line()
    text.line(Styled("Live now", "bold"))
    for outcome in live[:SHOWN_LINKS]:
        text.whole_line((Styled(f"  {outcome.key}  "), Styled(outcome.link, "cyan")))
    if len(live) > SHOWN_LINKS:
        text.line(Styled(f"... and {len(live) - SHOWN_LINKS:,} more; the results have all.", "dim"))


def accounts_text(
    snapshot: Snapshot, *, connect_urls: Mapping[str, str] | None = None, width: int = 80, color: bool = False
) -> str:
    """List the channels of a site, their accounts, what quota is left, and where to connect what is missing."""
    text = TerminalText(width=width, color=color)
    text.line(Styled(f"Site {snapshot.site}" if snapshot.site else "Site", "bold"))
    accounts: defaultdict[str, list[Account]] = defaultdict(list)
    for account in snapshot.accounts:
        accounts[account.channel].append(account)
    channels = dict.fromkeys([*snapshot.connections, *accounts])
    wide = Column("Account", share=2), Column("Page, board or location", share=2)
    columns = (Column("Channel"), *wide, Column("State"))
    text.table(columns, (row for c in channels for row in _account_rows(c, accounts[c], snapshot)))
    text.line()
    for action, quota in snapshot.quotas.items():
        style = "yellow" if not quota.enabled else "green" if quota.left is None or quota.left > 0 else "red"
        text.line((Styled(f"{QUOTA_NAMES.get(action, action)}: "), Styled(quota_left(quota), style)))
    for channel, url in (connect_urls or {}).items():
        text.line()
        text.line(f"To connect {channel}, the site's owner opens:" if url.startswith("http") else f"{channel}:")
        text.whole_line(Styled(f"  {url}", "cyan" if url.startswith("http") else "yellow"))
    return text.text()


def _account_rows(channel: str, accounts: Sequence[Account], snapshot: Snapshot) -> Iterator[Sequence[Line]]:
    state = snapshot.connections.get(channel, "VALID")
    if not accounts:
        yield channel, Styled("none", "dim"), "", Styled(CONNECTION_WORDS.get(state, state), "yellow")
    for account in sorted(accounts, key=lambda a: (not a.default, a.name, a.id)):
        good = state == "VALID"
        said = ("default" if account.default else "connected") if good else CONNECTION_WORDS.get(state, state)
        name = account.name or account.id
        options = f"allows {', '.join(account.privacy_options)}" if account.privacy_options else ""
        place = account.target_name or (account.target_id if account.target_id != account.id else "") or options
        yield channel, name, place, Styled(said, "green" if good else "yellow")


def runs_text(records: Iterable[RunRecord], *, width: int = 80, color: bool = False) -> str:
    """List the runs, in the order given."""
    text = TerminalText(width=width, color=color)
    rows = [_run_row(record) for record in records]
    if not rows:
        return "No runs yet. `postbatch run SHEET` makes the first."
    columns = (Column("Run"), Column("Started"), Column("Sheet", share=1), Column("What became of it", share=2))
    text.table(columns, rows, indent=0)
    return text.text()


def _run_row(record: RunRecord) -> Sequence[Line]:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in record.counts.items() if count)
    ended = {None: Styled("did not end: run again", "yellow"), 130: Styled("interrupted", "yellow")}
    parts = [part for part in (ended.get(record.exit_status, Styled("")), Styled(counts)) if part.words]
    told = joined(parts or [Styled("nothing to do")], between="; ")
    if record.command != "run":
        told = [Styled(f"{record.command}: "), *told]
    sandbox = (Styled(" (sandbox)", "dim"),) if record.sandbox else ()
    started = f"{record.started_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return record.run, started, (Styled(record.sheet), *sandbox), told
