"""The results, or a plan, as one HTML page that a browser opens without a network.

Turns `Results` into the text of one file: markup, styles, script and drawings inside it. Values of the sheet only ever
reach it through the template's escaping; the page's own policy lets nothing load and only the two blocks that are
written here run, named by their digests, so that even a value that slipped through could do nothing.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from calendar import Calendar
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from typing import Generic, NamedTuple, Protocol, TypeVar

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batch.model import GOOD, Issue, Outcome, OutcomeKind, Results, Severity
from batch.report.preview import Preview, make_preview
from batch.report.words import (
    OUTCOME_LOOKS,
    ChannelLook,
    Headline,
    OutcomeLook,
    channel_look,
    clean_text,
    count_outcomes,
    make_headline,
    post_name,
    safe_link,
)
from batch.times import MONTHS, Moment, instant, long_day, moment_of

SEEN_IN_A_DAY = 4
"""How many posts of a day the calendar shows before it says how many more there are."""

Ymd = tuple[int, int, int]


class Dated(Protocol):
    """What the calendar asks of a post."""

    @property
    def moment(self) -> Moment:
        """When it goes out."""
        ...


Entry = TypeVar("Entry", bound=Dated)


class Day(NamedTuple, Generic[Entry]):
    """A square of the calendar; `inside` tells the month's own days from those that only fill its weeks."""

    number: int
    iso: str
    inside: bool
    entries: tuple[Entry, ...]

    @property
    def more(self) -> int:
        """How many of its posts are not shown."""
        return max(0, len(self.entries) - SEEN_IN_A_DAY)


class Month(NamedTuple, Generic[Entry]):
    """A month of whole weeks, Monday first, and how many posts it holds."""

    name: str
    anchor: str
    weeks: tuple[tuple[Day[Entry], ...], ...]
    total: int


def make_months(entries: Iterable[Entry]) -> tuple[Month[Entry], ...]:
    """Return the months that hold at least one of the entries, each day in the order of the clock."""
    days: dict[Ymd, list[Entry]] = defaultdict(list)
    for entry in entries:
        day = entry.moment.day
        if day:
            days[day.year, day.month, day.day].append(entry)
    return tuple(_month(year, month, days) for year, month in sorted({(year, month) for year, month, _ in days}))


def _month(year: int, month: int, days: dict[Ymd, list[Entry]]) -> Month[Entry]:
    squares = [_day(at, month, days) for *at, _ in Calendar().itermonthdays4(year, month)]
    weeks = tuple(tuple(squares[n : n + 7]) for n in range(0, len(squares), 7))
    return Month(f"{MONTHS[month - 1]} {year}", f"{year:04}-{month:02}", weeks, sum(len(s.entries) for s in squares))


def _day(at: list[int], month: int, days: dict[Ymd, list[Entry]]) -> Day[Entry]:
    year, own_month, day = at
    inside = own_month == month
    entries = sorted(days.get((year, own_month, day), ()), key=lambda entry: entry.moment.clock) if inside else ()
    return Day(day, f"{year:04}-{own_month:02}-{day:02}", inside, tuple(entries))


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


@dataclass(frozen=True, slots=True)
class PageDataEntry:
    """One post on the page."""

    number: int
    outcome: Outcome
    channel: ChannelLook
    look: OutcomeLook
    badge: str
    name: str
    moment: Moment
    preview: Preview
    live_link: str

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"p{self.number}"


class Band(NamedTuple):
    """A stretch of the bar under the headline, in thousandths of its length, and its line of the legend."""

    value: str
    label: str
    tone: str
    icon: str
    total: int
    start: float
    width: float


class Choice(NamedTuple):
    """A value that the list of posts can be narrowed to."""

    value: str
    label: str
    total: int
    css: str = ""
    badge: str = ""


class DayGroup(NamedTuple):
    """The posts of one day, or those without one."""

    anchor: str
    title: str
    entries: tuple[PageDataEntry, ...]


@dataclass(frozen=True, slots=True)
class PageData:
    """The whole page."""

    results: Results
    planned: bool
    headline: Headline
    when: str
    zones: str
    bands: tuple[Band, ...]
    groups: tuple[Group, ...]
    sheet_errors: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    months: tuple[Month[PageDataEntry], ...]
    first_month: int
    undated: int
    days: tuple[DayGroup, ...]
    channels: tuple[Choice, ...]
    accounts: tuple[Choice, ...]
    outcomes: tuple[Choice, ...]
    sites: tuple[Choice, ...]
    totals: tuple[tuple[str, int], ...]


def make_page_data(results: Results, *, timezone_note: str = "", pictures: Mapping[str, str] | None = None) -> PageData:
    """Work the page out; `pictures` are data addresses by `Medium.source`, for those that are at hand."""
    planned = results.wanted == "plan"
    made = [_entry(n, outcome, planned, pictures or {}) for n, outcome in enumerate(results.outcomes, start=1)]
    entries = tuple(made)
    months = make_months(entries)
    accounts = _choices([e.outcome.account for e in entries if e.outcome.account])
    return PageData(
        results=results,
        planned=planned,
        headline=make_headline(results),
        when=_when(results),
        zones=timezone_note or _zones(entries),
        bands=_bands(results, planned=planned),
        groups=find_problems(results),
        sheet_errors=find_sheet_errors(results),
        warnings=find_warnings(results),
        months=months,
        first_month=max(range(len(months)), key=lambda n: (months[n].total, -n), default=0),
        undated=len(entries) - sum(month.total for month in months),
        days=_days(entries),
        channels=_channels(entries),
        accounts=accounts,
        outcomes=tuple(Choice(b.value, b.label, b.total) for b in _bands(results, planned=planned)),
        sites=_choices([e.outcome.site for e in entries if e.outcome.site]),
        totals=_totals(entries, accounts, unknown_site=_rows_without_site(results)),
    )


def _entry(number: int, outcome: Outcome, planned: bool, pictures: Mapping[str, str]) -> PageDataEntry:
    look = OUTCOME_LOOKS[outcome.outcome]
    return PageDataEntry(
        number=number,
        outcome=outcome,
        channel=channel_look(outcome.channel),
        look=look,
        badge=look.planned if planned else look.done,
        name=post_name(outcome.channel, outcome.type),
        moment=moment_of(outcome),
        preview=make_preview(outcome, pictures=pictures),
        live_link=safe_link(outcome.link),
    )


def _when(results: Results) -> str:
    return instant(results.finished_at or results.started_at)


def _zones(entries: Sequence[PageDataEntry]) -> str:
    zones = sorted({entry.moment.zone for entry in entries if entry.moment.zone})
    if not zones:
        return ""
    if len(zones) == 1:
        return f"All times are those of {zones[0]}."
    return f"Each post stands on the day and at the time of its own zone ({', '.join(zones)})."


def _bands(results: Results, *, planned: bool) -> tuple[Band, ...]:
    total, start, bands = len(results.outcomes), 0.0, []
    for kind, count in count_outcomes(results):
        look, width = OUTCOME_LOOKS[kind], 1000 * count / total
        label = look.planned if planned else look.done
        bands.append(Band(kind.value, label, look.tone, look.icon, count, round(start, 2), round(width, 2)))
        start += width
    return tuple(bands)


def _days(entries: Sequence[PageDataEntry]) -> tuple[DayGroup, ...]:
    """Group the posts by day, soonest first; those without a day come last, in the sheet's order."""
    by_day: dict[date | None, list[PageDataEntry]] = {}
    for entry in sorted(entries, key=lambda e: (e.moment.day or date.max, e.moment.clock)):
        by_day.setdefault(entry.moment.day, []).append(entry)
    undated = by_day.pop(None, [])
    groups = [DayGroup(f"day-{day.isoformat()}", long_day(day), tuple(of_day)) for day, of_day in by_day.items() if day]
    return (*groups, DayGroup("day-none", "Without a date", tuple(undated))) if undated else tuple(groups)


def _channels(entries: Sequence[PageDataEntry]) -> tuple[Choice, ...]:
    counts = Counter(entry.outcome.channel for entry in entries)
    looks = {channel: channel_look(channel) for channel in counts}
    return tuple(
        Choice(channel, look.name, counts[channel], look.css, look.badge)
        for channel, look in sorted(looks.items(), key=lambda pair: pair[1].name)
    )


def _choices(values: Sequence[str]) -> tuple[Choice, ...]:
    counts = Counter(values)
    return tuple(Choice(value, value, counts[value]) for value in sorted(counts, key=str.casefold))


def _rows_without_site(results: Results) -> frozenset[int | None]:
    """Return the rows whose `site` is wrong: what stands there is no site."""
    return frozenset(i.row for i in results.issues if i.column == "site" and i.severity is Severity.ERROR)


def _totals(
    entries: Sequence[PageDataEntry], accounts: Sequence[Choice], *, unknown_site: frozenset[int | None]
) -> tuple[tuple[str, int], ...]:
    channels = {entry.outcome.channel for entry in entries if entry.outcome.channel}
    days = {entry.moment.day for entry in entries if entry.moment.day}
    sites = {e.outcome.site for e in entries if e.outcome.site and e.outcome.row not in unknown_site}
    totals = (("post", len(entries)), ("channel", len(channels)), ("account", len(accounts)), ("day", len(days)))
    several_sites = (("site", len(sites)),) if len(sites) > 1 else ()
    return tuple((name if n == 1 else f"{name}s", n) for name, n in (*totals, *several_sites))


def render_page(results: Results, *, timezone_note: str = "", pictures: Mapping[str, str] | None = None) -> str:
    """Write the page of a run, or of a plan where `results.wanted` says so.

    `timezone_note` is the sentence beside the calendar, by default the zones that occur; `pictures` holds `data:`
    addresses (PNG, JPEG, WebP) by `Medium.source`, and what it does not hold is drawn as a tile.
    """
    css, js = _asset("page.css"), _asset("page.js")
    template = _environment().get_template("page.html.j2")
    return template.render(
        page=make_page_data(results, timezone_note=timezone_note, pictures=pictures),
        policy=make_policy(css=css, js=js),
        css=Markup(css),  # noqa: S704 # the project's own file, nothing of the sheet
        js=Markup(js),  # noqa: S704 # the same
        icons=Markup(_asset("icons.html")),  # noqa: S704 # the same
    )


def make_policy(*, css: str, js: str) -> str:
    """Return the page's content security policy: nothing loads, and only these two blocks count."""
    return "; ".join([
        "default-src 'none'",
        f"style-src '{_digest(css)}'",
        f"script-src '{_digest(js)}'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        "require-trusted-types-for 'script'",
    ])  # fmt: skip


def _digest(block: str) -> str:
    return f"sha256-{b64encode(hashlib.sha256(block.encode()).digest()).decode()}"


@cache
def _asset(name: str) -> str:
    return files("batch.report").joinpath("templates", name).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("batch.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    environment.globals.update(seen_in_a_day=SEEN_IN_A_DAY, icon=_icon)
    return environment


@cache
def _icon(name: str) -> Markup:
    return Markup('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>').format(name)


def _finalize(value: object) -> object:
    """Make every text fit for a page, wherever the template writes it; what is markup already is ours."""
    return clean_text(value) if type(value) is str else value
