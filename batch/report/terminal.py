"""What is printed: problems by cause, outcomes, accounts, sites and runs as text for a terminal of a given width.

Each function turns values into one text; none of them prints, asks or decides. The same sentence for many rows is one
line with the rows. Long lists are shortened unless `verbose` is asked for, but never what needs a person to the last
one: every kind of problem is shown at least once.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from batch.model import GOOD, Account, Issue, Outcome, OutcomeKind, Post, Results, Severity, Snapshot, Step
from batch.report.layout import Column, Line, Styled, TerminalText, joined
from batch.report.words import OUTCOME_STYLES, make_headline
from batch.settings import DEFAULT_SITE, called
from batch.wording import QUOTA_NAMES, counted, list_names, list_ranges, listed, quota_left

if TYPE_CHECKING:
    from batch.runs.record import RunRecord
    from batch.workbooks.fix import CellFix

SHOWN_OF_A_KIND = 5
"""How many causes of one kind are shown before the rows of the others are only named."""

SHOWN_LINKS = 10
SHOWN_SITES, SHOWN_PLACES = 3, 4
NEEDS_YOU = frozenset(OutcomeKind) - GOOD - {OutcomeKind.PROCESSING}

ERROR, WARNING, NOTE, WELL = "bold red", "magenta", "bold", "green"
"""Styles of labels that can be read on black and on white, the worst the loudest. A sentence has no style."""

LABELS: Mapping[OutcomeKind, Styled] = {
    OutcomeKind.INVALID: Styled("Error", ERROR),
    OutcomeKind.CONFLICT: Styled("Conflict", ERROR),
    OutcomeKind.FAILED: Styled("Failed", ERROR),
    OutcomeKind.UNKNOWN: Styled("Unknown", ERROR),
    OutcomeKind.BLOCKED: Styled("Blocked", WARNING),
    OutcomeKind.NOT_RUN: Styled("Not sent", WARNING),
}
WARNED = Styled("Warning", WARNING)
SEVERITIES: Mapping[Severity, Styled] = {Severity.ERROR: LABELS[OutcomeKind.INVALID], Severity.WARNING: WARNED}

CONNECTION_WORDS: Mapping[str, str] = {
    "VALID": "no account",
    "NEVER_CREATED": "not connected",
    "USER_NOT_EXIST_FOR_CHANNEL": "not connected",
    "DISCONNECTED": "connection expired",
    "USER_IS_DISCONNECTED": "connection expired",
    "INVALID": "sign in again",
    "NO_PAGES_FOR_USER": "has no page",
    "HTTP_400": "not connected",
}


class Remark(NamedTuple):
    """One thing to tell of one row: `row` is None where it is about the sheet; `code` is what remarks of a kind share.

    `cell` and `column` are "" where the message names no cell. `key` is the row's own: messages that differ only by it
    are one cause. `place` is one of `places`, the number of places that its row goes to.
    """

    label: Styled
    message: str
    row: int | None
    code: str = ""
    site: str = ""
    column: str = ""
    cell: str = ""
    key: str = ""
    place: str = ""
    places: int = 0

    @property
    def cause(self) -> str:
        """The message as it is for any row: its own key is left open."""
        if not self.key:
            return self.message
        return self.message.replace(f"--again {self.key}", "--again KEY").replace(f"“{self.key}”", "“KEY”")


def write_remarks(text: TerminalText, remarks: Iterable[Remark], *, verbose: bool, several_sites: bool) -> None:
    """Write one paragraph for each cause, with all its rows; with `verbose` one for each row."""
    causes: defaultdict[tuple[object, ...], list[Remark]] = defaultdict(list)
    for remark in remarks:
        causes[remark.label, remark.column, remark.cause, remark.row if verbose else None].append(remark)
    kinds: defaultdict[tuple[str, str, str], list[list[Remark]]] = defaultdict(list)
    for same in causes.values():
        kinds[same[0].label.words, same[0].column, same[0].code].append(same)
    lines: list[Sequence[Line]] = []
    for alike in kinds.values():
        shown = alike if verbose else alike[:SHOWN_OF_A_KIND]
        lines += ((same[0].label, _remark_line(same, several_sites=several_sites)) for same in shown)
        if rest := [remark for same in alike[len(shown) :] for remark in same]:
            where = _place_of(rest, several_sites=several_sites)
            lines.append(("", Styled(f"... and {len(rest):,} more like this: {where} (--verbose shows all)", "dim")))
    text.table((Column(""), Column("", share=1)), lines, indent=0)


def _remark_line(same: Sequence[Remark], *, several_sites: bool) -> Line:
    place = _place_of(same, several_sites=several_sites)
    told = same[0].message if len({remark.key for remark in same}) == 1 else same[0].cause
    return [Styled(f"{place}: " if place else "", "bold"), Styled(told)]


def _place_of(same: Sequence[Remark], *, several_sites: bool) -> str:
    """Say where remarks are: `C4, type`, `rows 2-20, timezone (bath and berlin)`; places unless whole rows have it."""
    rows, first = sorted({remark.row for remark in same if remark.row is not None}), same[0]
    cells = {remark.cell for remark in same}
    sheet = "the sheet" if first.column else ""
    where = first.cell if len(cells) == 1 and first.cell else list_ranges(rows) if rows else sheet
    named = "" if not first.column or first.column in first.message else first.column
    sites = sorted({remark.site for remark in same if remark.site and not remark.place}) if several_sites else []
    told = listed(sites, last="and") if len(sites) <= SHOWN_SITES else f"{len(sites)} sites"
    there = {(remark.row, remark.place) for remark in same if remark.place}
    if len(there) < sum({remark.row: remark.places for remark in same}.values()):
        told = list_names(list(dict.fromkeys(remark.place for remark in same)), limit=SHOWN_PLACES)
    place = ", ".join(part for part in (where, named) if part)
    return f"{place} ({told})" if told and place else place or told


def count_places(posts: Iterable[Step | Outcome]) -> Mapping[int, int]:
    """Count the places that each row goes to, by its number."""
    return Counter(row for row, place in {(post.row, post.place) for post in posts} if place)


def issues_text(
    issues: Sequence[Issue],
    *,
    posts: Sequence[Post] = (),
    called: Mapping[str, str] | None = None,
    next_command: str = "",
    width: int = 80,
    color: bool = False,
    verbose: bool = False,
) -> str:
    """List what is wrong with a sheet, a line for each cause, and say how many rows are right and what comes next.

    `called` is what the sheet calls columns of ours that it names otherwise.
    """
    text = TerminalText(width=width, color=color)
    sites, named = {post.row: post.site for post in posts}, called or {}
    remarks = (
        Remark(SEVERITIES[i.severity], i.message, i.row, i.code, sites.get(i.row or 0, ""), i.column, i.cell)
        for i in (replace(issue, column=named.get(issue.column, issue.column)) for issue in issues)
    )
    write_remarks(text, remarks, verbose=verbose, several_sites=len(set(sites.values())) > 1)
    told, then = _sheet_line(issues, posts), f"Next: {next_command}" if next_command else ""
    if sum(len(part.words) for part in told) + 1 + len(then) <= width:
        text.line([*told, Styled(f" {then}")])
    else:
        text.line(told)
        text.whole_line(then)
    return text.text()


def _sheet_line(issues: Sequence[Issue], posts: Sequence[Post]) -> list[Styled]:
    """Say how many rows there are, and how many have errors or warnings."""
    errors = {issue.row for issue in issues if issue.severity is Severity.ERROR}
    wrong, warned = errors - {None}, {issue.row for issue in issues} - errors - {None}
    told = [Styled(f"{counted(len(wrong), 'row has', 'rows have')} errors", ERROR)] if wrong else []
    told += [Styled("the sheet itself has errors", ERROR)] if None in errors else []
    told += [Styled(f"{counted(len(warned), 'row has', 'rows have')} warnings")] if warned else []
    rows = len({post.row for post in posts})
    total = f"{counted(rows, 'row')}, {counted(len(posts), 'post')}: " if posts else ""
    return [Styled(total), *joined(told or [Styled("no problems found", WELL)]), Styled(".")]


def fixes_text(fixes: Sequence[CellFix], *, width: int = 80, color: bool = False) -> str:
    """List the cells that were corrected, each with what it held and holds."""
    text = TerminalText(width=width, color=color)
    if not fixes:
        text.line("Nothing here can be corrected without asking you, so no copy was written.")
        return text.text()
    values = Column("Before", share=1), Column("After", share=1)
    columns = (Column("Cell"), Column("Column", max_width=20), *values, Column("Why", max_width=24))
    rows = (
        (Styled(fix.cell, "bold"), fix.heading, fix.old or "(blank)", Styled(fix.new or "(blank)", WELL), fix.why)
        for fix in fixes
    )
    text.table(columns, rows, indent=0)
    text.line()
    text.line(Styled(f"{counted(len(fixes), 'cell')} corrected in the copy.", "bold"))
    return text.text()


def outcomes_text(
    results: Results,
    *,
    known: frozenset[int] = frozenset(),
    width: int = 80,
    color: bool = False,
    verbose: bool = False,
    quiet: bool = False,
) -> str:
    """Say how a run's posts ended: in a line or two, then each problem by its cause, then the links that are live.

    `known` are the places of outcomes that the plan has shown already: they are counted, and not told again. With
    `quiet` there are only problems.
    """
    text = TerminalText(width=width, color=color)
    headline = make_headline(results)
    if not quiet:
        seen = bool(known) and all(n in known for n, o in enumerate(results.outcomes) if o.outcome in NEEDS_YOU)
        need = f"{headline.need[:-1]} (see above)." if seen and headline.need else headline.need
        for words, style in ((headline.well, "bold"), (need, ERROR), (headline.rest, "")):
            if words:
                text.line(Styled(words, style))
    if verbose:
        _write_outcomes(text, results.outcomes)
        return text.text()
    needing = [o for n, o in enumerate(results.outcomes) if o.outcome in NEEDS_YOU and n not in known]
    several = len({outcome.site for outcome in results.outcomes}) > 1
    order = list(LABELS)
    of = count_places(results.outcomes)
    remarks = (
        Remark(LABELS[o.outcome], o.message or f"({o.code})", o.row, o.code, o.site, "", "", o.key, o.place, of[o.row])
        for o in sorted(needing, key=lambda o: order.index(o.outcome))
    )
    write_remarks(text, remarks, verbose=False, several_sites=several)
    if not quiet:
        _write_links(text, [o for o in results.outcomes if o.outcome is OutcomeKind.PUBLISHED and o.link])
    return text.text()


def _write_outcomes(text: TerminalText, outcomes: Sequence[Outcome]) -> None:
    columns = (Column("Row", right=True), Column("Key", max_width=24), Column("Outcome"), Column("Message", share=1))
    rows = (
        (
            str(o.row),
            o.key,
            Styled(OUTCOME_STYLES[o.outcome].told, LABELS[o.outcome].style if o.outcome in LABELS else ""),
            o.message or (o.code and f"({o.code})"),
        )
        for o in outcomes
    )
    text.table(columns, rows, indent=0)


def _write_links(text: TerminalText, live: Sequence[Outcome]) -> None:
    for outcome in live[:SHOWN_LINKS]:
        text.whole_line((Styled("Live  ", WELL), Styled(f"{outcome.key}  {outcome.link}")))
    if len(live) > SHOWN_LINKS:
        text.line(Styled(f"... and {len(live) - SHOWN_LINKS:,} more; the results have all links.", "dim"))


def accounts_text(
    snapshot: Snapshot, *, connect_urls: Mapping[str, str] | None = None, width: int = 80, color: bool = False
) -> str:
    """List the channels of a site, their accounts, what quota is left, and where to connect what is missing."""
    text = TerminalText(width=width, color=color)
    named = snapshot.site not in ("", DEFAULT_SITE)
    text.line(Styled(f"Site {snapshot.site}" if named else "Your site", "bold"))
    accounts: defaultdict[str, list[Account]] = defaultdict(list)
    for account in snapshot.accounts:
        accounts[account.channel].append(account)
    channels = dict.fromkeys([*snapshot.connections, *accounts])
    wide = Column("Account", share=2), Column("Page, board or location", share=2)
    columns = (Column("Channel"), *wide, Column("State"))
    text.table(columns, (row for c in channels for row in _account_rows(c, accounts[c], snapshot)))
    text.line()
    for action, quota in snapshot.quotas.items():
        spent = not quota.enabled or quota.left == 0
        text.line((Styled(f"{QUOTA_NAMES.get(action, action)}: "), Styled(quota_left(quota), ERROR if spent else "")))
    for channel, url in (connect_urls or {}).items():
        text.line()
        text.line(f"To connect {channel}, the site's owner opens:" if url.startswith("http") else f"{channel}:")
        text.whole_line(Styled(f"  {url}"))
    return text.text()


def _account_rows(channel: str, accounts: Sequence[Account], snapshot: Snapshot) -> Iterator[Sequence[Line]]:
    state = snapshot.connections.get(channel, "VALID")
    if not accounts:
        yield channel, Styled("none", "dim"), "", Styled(CONNECTION_WORDS.get(state, state), "bold")
    for account in sorted(accounts, key=lambda a: (not a.default, a.name, a.id)):
        good = state == "VALID"
        told = ("default" if account.default else "connected") if good else CONNECTION_WORDS.get(state, state)
        name = account.name or account.id
        options = f"allows {', '.join(account.privacy_options)}" if account.privacy_options else ""
        place = account.target_name or (account.target_id if account.target_id != account.id else "") or options
        yield channel, name, place, Styled(told, WELL if good else "bold")


SHOWN_RUNS = 20


def runs_text(
    records: Sequence[RunRecord], *, now: datetime, more: int = 0, width: int = 80, color: bool = False
) -> str:
    """List the runs in the order given, with their sites, on the clock of `now`; `more` are not among them."""
    text = TerminalText(width=width, color=color)
    columns = Column("Run"), Column("Started"), Column("Sheet", max_width=24), Column("What happened", share=1)
    text.table(columns, (_run_row(record, now=now) for record in records), indent=0)
    if more:
        text.line(Styled(f"... and {more:,} more, older or of other folders: postbatch runs --all", "dim"))
    return text.text()


def _run_row(record: RunRecord, *, now: datetime) -> Sequence[Line]:
    kinds = {str(kind): style.told for kind, style in OUTCOME_STYLES.items()}
    counts = ", ".join(f"{count:,} {kinds.get(kind, kind)}" for kind, count in record.counts.items() if count)
    ended = {None: Styled("Did not finish: run again", WARNING), 130: Styled("Stopped", WARNING)}
    parts = [part for part in (ended.get(record.exit_status, Styled("")), Styled(counts)) if part.words]
    told = joined(parts or [Styled("Nothing to do")], between="; ")
    if record.command != "run":
        told = [Styled(f"{record.command}: "), *told]
    sandbox = (Styled(" (sandbox)", "dim"),) if record.sandbox else ()
    at = record.started_at.astimezone(now.tzinfo)
    started = f"{at.day} {at:%b}{'' if at.year == now.year else f' {at.year}'}, {at:%H:%M}"
    sites = Counter(placed.step.site for placed in record.placed if placed.step.site)
    named = listed([called(site, sites, first=True) for site in sites], last="and")
    where = [Styled(f"{named if len(sites) <= SHOWN_SITES else f'{len(sites)} sites'}: ")] if sites else []
    return record.run, started, (Styled(record.sheet), *sandbox), [*where, *told]


def checkup_text(remarks: Sequence[tuple[str, str, Sequence[str]]], *, width: int = 80, color: bool = False) -> str:
    """List what `doctor` found: a line for each part that is right; below a part, each thing to fix with its way."""
    text = TerminalText(width=width, color=color)
    pad = max((len(name) for name, _, _ in remarks), default=0)
    for name, told, wrong in remarks:
        label = Styled("Fix", ERROR) if wrong else Styled("OK ", WELL)
        text.cut_line((label, Styled(f"  {name:{pad}}  ", "bold"), Styled(told)))
        for line in wrong:
            text.whole_line(f"     {line}") if "://" in line else text.line(line, indent=5)
    return text.text()
