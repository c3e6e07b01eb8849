"""What is printed: issues, plans, outcomes, accounts and runs as text for a terminal of a given width.

Each function turns values into one text; none of them prints, asks or decides. Long lists are shortened unless
`verbose` is asked for, but never what needs a person to the last one: every kind of problem is shown at least once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Protocol

from batch.model import GOOD, Account, Issue, Outcome, OutcomeKind, Plan, Post, Quota, Results, Severity, Snapshot
from batch.report.layout import Column, Line, Paper, Styled
from batch.report.plan_text import QUOTA_NAMES, left_of, write_plan
from batch.report.words import make_headline

SHOWN_OF_A_KIND = 5
"""How often one kind of problem is shown in full before its other rows are only counted."""

SHOWN_LINKS = 10

NEEDS_YOU = frozenset(OutcomeKind) - GOOD - {OutcomeKind.PROCESSING}

OUTCOME_STYLES: Mapping[OutcomeKind, str] = {
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


class RunLine(Protocol):
    """What the list of runs needs of a run's record."""

    @property
    def run(self) -> str: ...
    @property
    def command(self) -> str: ...
    @property
    def sheet(self) -> str: ...
    @property
    def sandbox(self) -> bool: ...
    @property
    def started_at(self) -> datetime: ...
    @property
    def exit_status(self) -> int | None: ...
    @property
    def counts(self) -> Mapping[str, int]: ...


def plan_text(
    plan: Plan, *, calls_per_minute: float = 180, width: int = 80, color: bool = False, verbose: bool = False
) -> str:
    """Say what would be done and why, by site and channel, what it costs and how long it takes."""
    paper = Paper(width=width, color=color)
    write_plan(paper, plan, calls_per_minute=calls_per_minute, verbose=verbose)
    return paper.text()


def issues_text(
    issues: Sequence[Issue],
    *,
    posts: Sequence[Post] = (),
    width: int = 80,
    color: bool = False,
    verbose: bool = False,
) -> str:
    """List what is wrong with a sheet, each with its cell, and say how many rows are right."""
    paper = Paper(width=width, color=color)
    by_kind: defaultdict[tuple[str, str], list[Issue]] = defaultdict(list)
    for issue in issues:
        by_kind[issue.column, issue.code].append(issue)
    shown = [i for i in issues if verbose or i in by_kind[i.column, i.code][:SHOWN_OF_A_KIND]]
    columns = (Column("Cell"), Column("Column", most=20), Column("What is to be done", share=1))
    paper.table(columns, (_issue_row(issue) for issue in shown), indent=0)
    for (column, _), alike in by_kind.items():
        if not verbose and len(alike) > SHOWN_OF_A_KIND:
            rest = alike[SHOWN_OF_A_KIND:]
            paper.line(Styled(f"... and {len(rest):,} more like the last one of `{column}`: {_rows(rest)}", "dim"))
    if issues:
        paper.line()
    paper.line(_sheet_line(issues, posts))
    return paper.text()


def _issue_row(issue: Issue) -> Sequence[Line]:
    where = issue.cell or (f"row {issue.row}" if issue.row is not None else "sheet")
    if issue.severity is Severity.WARNING:
        return where, issue.column, (Styled("Warning: ", "yellow"), Styled(issue.message))
    return Styled(where, "bold"), issue.column, Styled(issue.message, "red")


def _rows(issues: Sequence[Issue]) -> str:
    """Return row numbers as ranges: `rows 7-12, 15`."""
    numbers = sorted({issue.row for issue in issues if issue.row is not None})
    ranges: list[list[int]] = []
    for number in numbers:
        if ranges and number == ranges[-1][1] + 1:
            ranges[-1][1] = number
        else:
            ranges.append([number, number])
    said = [str(a) if a == b else f"{a}-{b}" for a, b in ranges[:8]]
    return f"rows {', '.join(said)}{' and others' if len(ranges) > 8 else ''}."


def _sheet_line(issues: Sequence[Issue], posts: Sequence[Post]) -> Line:
    """Say how many rows there are, and how many are to be mended."""
    errors = {issue.row for issue in issues if issue.severity is Severity.ERROR}
    wrong, warned = errors - {None}, {issue.row for issue in issues} - errors - {None}
    found = [
        Styled(f"{_count(len(wrong), 'row')} to mend" if wrong else "", "bold red"),
        Styled("the sheet itself to mend" if None in errors else "", "bold red"),
        Styled(f"{_count(len(warned), 'row')} with a warning only" if warned else "", "yellow"),
    ]
    said = [piece for part in found if part.words for piece in (Styled(", "), part)][1:]
    rows = len({post.row for post in posts})
    total = f"{_count(rows, 'row')}, {_count(len(posts), 'post')}: " if posts else ""
    return [Styled(total), *(said or [Styled("nothing to mend", "green")]), Styled(".")]


def outcomes_text(results: Results, *, width: int = 80, color: bool = False, verbose: bool = False) -> str:
    """Say what became of a run's posts: in one line, then what needs somebody, then the links of what is live."""
    paper = Paper(width=width, color=color)
    headline = make_headline(results)
    paper.line(Styled(headline.well, "bold"))
    for said, style in ((headline.need, "bold red"), (headline.rest, "dim")):
        if said:
            paper.line(Styled(said, style))
    if verbose:
        _write_outcomes(paper, "", results.outcomes)
    else:
        needing = [outcome for outcome in results.outcomes if outcome.outcome in NEEDS_YOU]
        shown = list(_some_of_each_kind(needing))
        _write_outcomes(paper, "What needs you", shown)
        if len(needing) > len(shown):
            paper.line(
                Styled(f"... and {len(needing) - len(shown):,} more of these kinds; the results have all.", "dim")
            )
        _write_links(paper, results.outcomes)
    for notice in results.notices:
        paper.line(Styled(notice, "yellow"))
    return paper.text()


def _some_of_each_kind(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
    seen: Counter[tuple[str, str]] = Counter()
    for outcome in outcomes:
        kind = (outcome.outcome, outcome.code)
        seen[kind] += 1
        if seen[kind] <= SHOWN_OF_A_KIND:
            yield outcome


def _write_outcomes(paper: Paper, heading: str, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    paper.line()
    if heading:
        paper.line(Styled(heading, "bold"))
    columns = (Column("Row", right=True), Column("Key", most=24), Column("Outcome"), Column("Message", share=1))
    rows = ((str(o.row), o.key, Styled(o.outcome, OUTCOME_STYLES[o.outcome]), o.message or _code(o)) for o in outcomes)
    paper.table(columns, rows, indent=2 if heading else 0)


def _code(outcome: Outcome) -> str:
    return outcome.code and f"({outcome.code})"


def _write_links(paper: Paper, outcomes: Sequence[Outcome]) -> None:
    live = [o for o in outcomes if o.outcome is OutcomeKind.PUBLISHED and o.link]
    if not live:
        return
    paper.line()
    paper.line(Styled("Live now", "bold"))
    for outcome in live[:SHOWN_LINKS]:
        paper.whole_line((Styled(f"  {outcome.key}  "), Styled(outcome.link, "cyan")))
    if len(live) > SHOWN_LINKS:
        paper.line(Styled(f"... and {len(live) - SHOWN_LINKS:,} more; the results have all.", "dim"))


def accounts_text(
    snapshot: Snapshot, *, connect_urls: Mapping[str, str] | None = None, width: int = 80, color: bool = False
) -> str:
    """List the channels of a site, their accounts, what quota is left, and where to connect what is missing."""
    paper = Paper(width=width, color=color)
    paper.line(Styled(f"Site {snapshot.site}" if snapshot.site else "Site", "bold"))
    accounts: defaultdict[str, list[Account]] = defaultdict(list)
    for account in snapshot.accounts:
        accounts[account.channel].append(account)
    channels = dict.fromkeys([*snapshot.connections, *accounts])
    columns = (
        Column("Channel"),
        Column("Account", share=2),
        Column("Page, board or location", share=2),
        Column("State"),
    )
    paper.table(columns, (row for c in channels for row in _account_rows(c, accounts[c], snapshot)))
    paper.line()
    for action, quota in snapshot.quotas.items():
        paper.line((Styled(f"{QUOTA_NAMES.get(action, action)}: "), quota_words(quota)))
    for channel, url in (connect_urls or {}).items():
        paper.line()
        paper.line(f"To connect {channel}, the site's owner opens:" if url.startswith("http") else f"{channel}:")
        paper.whole_line(Styled(f"  {url}", "cyan" if url.startswith("http") else "yellow"))
    return paper.text()


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


CONNECTION_WORDS = {
    "VALID": "no account",
    "NEVER_CREATED": "not connected",
    "USER_NOT_EXIST_FOR_CHANNEL": "not connected",
    "DISCONNECTED": "connection lapsed",
    "USER_IS_DISCONNECTED": "connection lapsed",
    "INVALID": "sign in again",
    "NO_PAGES_FOR_USER": "has no page",
    "HTTP_400": "not connected",
}


def quota_words(quota: Quota) -> Styled:
    """Say what is left of a quota."""
    if not quota.enabled:
        return Styled("not in this site's plan", "yellow")
    if quota.left is None:
        return Styled("not metered", "green")
    return Styled(left_of(quota), "green" if quota.left > 0 else "red")


def runs_text(records: Iterable[RunLine], *, width: int = 80, color: bool = False) -> str:
    """List the runs, in the order given."""
    paper = Paper(width=width, color=color)
    rows = [_run_row(record) for record in records]
    if not rows:
        return "No runs yet. `postbatch run SHEET` makes the first."
    columns = (Column("Run"), Column("Started"), Column("Sheet", share=1), Column("What became of it", share=2))
    paper.table(columns, rows, indent=0)
    return paper.text()


def _run_row(record: RunLine) -> Sequence[Line]:
    counts = ", ".join(f"{count:,} {kind}" for kind, count in record.counts.items() if count)
    ended = {None: Styled("did not end: run again", "yellow"), 130: Styled("interrupted", "yellow")}
    said = ended.get(record.exit_status, Styled("", ""))
    parts = [part for part in (said, Styled(counts)) if part.words]
    spaced = [piece for part in parts for piece in (Styled("; "), part)][1:]
    if record.command != "run":
        spaced = [Styled(f"{record.command}: "), *(spaced or [Styled("nothing to do")])]
    sandbox = (Styled(" (sandbox)", "dim"),) if record.sandbox else ()
    started = f"{record.started_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return record.run, started, (Styled(record.sheet), *sandbox), spaced or "nothing to do"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
