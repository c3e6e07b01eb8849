"""The results, or a plan, as one HTML page that a browser opens without a network.

Turns `Results` into the text of one file: markup, styles, script and drawings inside it. Values of the sheet only ever
reach it through the template's escaping; the page's own policy lets nothing load and only the two blocks that are
written here run, named by their digests, so that even a value that slipped through could do nothing.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batch.model import GOOD, Issue, Outcome, OutcomeKind, Results, Severity
from batch.report.preview import Preview, make_preview, safe_link
from batch.report.words import (
    OUTCOME_STYLES,
    ChannelStyle,
    OutcomeStyle,
    channel_style,
    count_outcomes,
    make_headline,
    post_name,
)
from batch.times import MONTHS, PostTime, instant, long_day, months_with, post_time, weeks_of
from batch.wording import make_visible

SEEN_IN_A_DAY = 4
"""How many posts of a day the calendar shows before it says how many more there are."""


@dataclass(frozen=True, slots=True)
class PostEntry:
    """One post on the page, by its number in the results."""

    number: int
    outcome: Outcome
    channel: ChannelStyle
    style: OutcomeStyle
    badge: str
    name: str
    time: PostTime
    preview: Preview
    live_link: str

    @property
    def anchor(self) -> str:
        """Its place on the page."""
        return f"p{self.number}"


Days = Mapping[date | None, Sequence[PostEntry]]


def sort_into_days(entries: Iterable[PostEntry]) -> Days:
    """Return the posts of each day in the order of the clock, the soonest day first, those without a day last."""
    days: dict[date | None, list[PostEntry]] = {}
    for entry in sorted(entries, key=lambda e: (e.time.day is None, e.time.day or date.max, e.time.clock)):
        days.setdefault(entry.time.day, []).append(entry)
    return days


class Day(NamedTuple):
    """A square of the calendar; `date` is None where it belongs to another month."""

    date: date | None
    entries: Sequence[PostEntry] = ()

    @property
    def more(self) -> int:
        """How many of its posts are not shown."""
        return max(0, len(self.entries) - SEEN_IN_A_DAY)


class Month(NamedTuple):
    """A month of whole weeks, Monday first."""

    name: str
    anchor: str
    weeks: tuple[tuple[Day, ...], ...]

    @property
    def total(self) -> int:
        """How many posts it holds."""
        return sum(len(day.entries) for week in self.weeks for day in week)


def make_months(days: Days) -> tuple[Month, ...]:
    """Return the months that hold at least one post."""
    return tuple(
        Month(
            f"{MONTHS[first.month - 1]} {first.year}",
            first.isoformat()[:7],
            tuple(tuple(Day(day, days.get(day, ()) if day else ()) for day in week) for week in weeks_of(first)),
        )
        for first in months_with(day for day in days if day)
    )


class PostLink(NamedTuple):
    """A post that a problem concerns: its place on the page and what to call it; `channel` "" where none is known."""

    anchor: str
    key: str
    channel: str


class PageProblem(NamedTuple):
    """One thing to mend: `place` is the row, the sheet or the run; `column` and `cell` are "" where not known."""

    place: str
    column: str
    cell: str
    seen: str
    message: str
    posts: tuple[PostLink, ...] = ()


class ProblemGroup(NamedTuple):
    """Problems with one remedy: `total` is the number of posts, `code` the API's or the rule's own word."""

    title: str
    code: str
    tone: str
    icon: str
    remedy: str
    total: int
    problems: tuple[PageProblem, ...]


def find_problems(results: Results) -> tuple[ProblemGroup, ...]:
    """Gather the posts that need somebody, the ones that stop for good before the ones that only wait."""
    groups: dict[tuple[OutcomeKind, str], dict[int, list[tuple[PostLink, Outcome]]]] = {}
    for number, outcome in enumerate(results.outcomes, start=1):
        if outcome.outcome not in GOOD:
            code = "" if outcome.outcome is OutcomeKind.INVALID else outcome.code
            post = _link_to(number, outcome), outcome
            groups.setdefault((outcome.outcome, code), {}).setdefault(outcome.row, []).append(post)
    order = [OutcomeKind.UNKNOWN, *(kind for kind in reversed(OUTCOME_STYLES) if kind is not OutcomeKind.UNKNOWN)]
    keys = sorted(groups, key=lambda key: (OUTCOME_STYLES[key[0]].tone != "bad", order.index(key[0]), key[1]))
    return tuple(_problem_group(kind, code, groups[kind, code], results) for kind, code in keys)


def _problem_group(
    kind: OutcomeKind, code: str, rows: Mapping[int, Sequence[tuple[PostLink, Outcome]]], results: Results
) -> ProblemGroup:
    """Return the group of these rows; of an invalid one each error is a problem, of any other each post is."""
    problems: list[PageProblem] = []
    errors: dict[int | None, list[Issue]] = {}
    for issue in dict.fromkeys(results.issues) if kind is OutcomeKind.INVALID else ():
        if issue.severity is Severity.ERROR:
            errors.setdefault(issue.row, []).append(issue)
    for row, posts in rows.items():
        links = tuple(link for link, _ in posts)
        problems += [_problem_of(issue, links) for issue in errors.get(row, ())] or [
            PageProblem(f"Row {row}", "", "", "", outcome.message or outcome.code, (link,)) for link, outcome in posts
        ]
    style = OUTCOME_STYLES[kind]
    title = style.planned if results.wanted == "plan" else style.done
    total = sum(map(len, rows.values()))
    return ProblemGroup(title, code, style.tone, style.icon, style.remedy, total, tuple(problems))


def find_sheet_errors(results: Results) -> tuple[PageProblem, ...]:
    """Return the errors of the whole sheet and of rows from which no post could be made."""
    rows = {outcome.row for outcome in results.outcomes if outcome.outcome is OutcomeKind.INVALID}
    return tuple(_problem_of(i) for i in results.issues if i.severity is Severity.ERROR and i.row not in rows)


def find_warnings(results: Results) -> tuple[PageProblem, ...]:
    """Return what is only said: the warnings of the sheet, those of the plan, then the run's notices."""
    issues = [issue for issue in results.issues if issue.severity is Severity.WARNING]
    told = {(issue.row, issue.message) for issue in issues}
    planned: dict[tuple[int, str], list[PostLink]] = {}
    for number, outcome in enumerate(results.outcomes, start=1):
        for warning in outcome.warnings:
            if (outcome.row, warning) not in told:
                planned.setdefault((outcome.row, warning), []).append(_link_to(number, outcome))
    return (
        *(_problem_of(issue) for issue in issues),
        *(PageProblem(f"Row {row}", "", "", "", text, tuple(posts)) for (row, text), posts in planned.items()),
        *(PageProblem("This run", "", "", "", notice) for notice in results.notices),
    )


def _link_to(number: int, outcome: Outcome) -> PostLink:
    channel = channel_style(outcome.channel).name if outcome.channel else ""
    return PostLink(f"p{number}", outcome.key, channel)


def _problem_of(issue: Issue, posts: tuple[PostLink, ...] = ()) -> PageProblem:
    place = "The sheet" if issue.row is None else f"Row {issue.row}"
    return PageProblem(place, issue.column, issue.cell, issue.seen, issue.message, posts)


class Band(NamedTuple):
    """A stretch of the bar under the headline, in thousandths of its length, and its line of the legend."""

    value: str
    label: str
    tone: str
    icon: str
    total: int
    start: float
    width: float


class FilterValue(NamedTuple):
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
    entries: Sequence[PostEntry]


class PageData:
    """All that the page tells of results; the template asks for each part by its name."""

    def __init__(self, results: Results, *, timezone_note: str = "", pictures: Mapping[str, str] | None = None) -> None:
        self.results = results
        self.planned = results.wanted == "plan"
        self.entries = [self._make_entry(n, o, pictures or {}) for n, o in enumerate(results.outcomes, start=1)]
        self._days = sort_into_days(self.entries)
        self._timezone_note = timezone_note
        self.headline = make_headline(results)
        self.when = instant(results.finished_at or results.started_at)
        self.groups = find_problems(results)
        self.sheet_errors = find_sheet_errors(results)
        self.warnings = find_warnings(results)
        self.months = make_months(self._days)
        self.first_month = max(range(len(self.months)), key=lambda n: (self.months[n].total, -n), default=0)
        self.undated = len(self._days.get(None, ()))
        self.accounts = _filter_values(outcome.account for outcome in results.outcomes if outcome.account)
        self.sites = _filter_values(outcome.site for outcome in results.outcomes if outcome.site)

    def _make_entry(self, number: int, outcome: Outcome, pictures: Mapping[str, str]) -> PostEntry:
        style = OUTCOME_STYLES[outcome.outcome]
        return PostEntry(
            number=number,
            outcome=outcome,
            channel=channel_style(outcome.channel),
            style=style,
            badge=style.planned if self.planned else style.done,
            name=post_name(outcome.channel, outcome.type),
            time=post_time(outcome),
            preview=make_preview(outcome, pictures=pictures),
            live_link=safe_link(outcome.link),
        )

    @property
    def zones(self) -> str:
        """The sentence beside the calendar: on whose clock the times are."""
        zones = sorted({entry.time.zone for entry in self.entries if entry.time.zone})
        if self._timezone_note or not zones:
            return self._timezone_note
        if len(zones) == 1:
            return f"All times are those of {zones[0]}."
        return f"Each post stands on the day and at the time of its own zone ({', '.join(zones)})."

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The posts by outcome: the bar, its legend and the filter's values."""
        total, start, bands = len(self.results.outcomes), 0.0, []
        for kind, count in count_outcomes(self.results):
            style, width = OUTCOME_STYLES[kind], 1000 * count / total
            label = style.planned if self.planned else style.done
            bands.append(Band(kind.value, label, style.tone, style.icon, count, round(start, 2), round(width, 2)))
            start += width
        return tuple(bands)

    @property
    def days(self) -> tuple[DayGroup, ...]:
        """The posts day by day, those without a date last."""
        return tuple(
            DayGroup(f"day-{day or 'none'}", long_day(day) if day else "Without a date", entries)
            for day, entries in self._days.items()
        )

    @cached_property
    def channels(self) -> tuple[FilterValue, ...]:
        """The channels, by their names."""
        values = _filter_values(outcome.channel for outcome in self.results.outcomes)
        styles = [channel_style(value.value) for value in values]
        named = [v._replace(label=s.name, css=s.css, badge=s.badge) for v, s in zip(values, styles, strict=True)]
        return tuple(sorted(named, key=lambda value: value.label))

    @property
    def totals(self) -> tuple[tuple[str, int], ...]:
        """How many there are of everything; a site that was an error of its row is none."""
        outcomes = self.results.outcomes
        unknown = {i.row for i in self.results.issues if i.column == "site" and i.severity is Severity.ERROR}
        sites = {o.site for o in outcomes if o.site and o.row not in unknown}
        totals = {
            "post": len(outcomes),
            "channel": len({o.channel for o in outcomes if o.channel}),
            "account": len(self.accounts),
            "day": sum(day is not None for day in self._days),
            **({"site": len(sites)} if len(sites) > 1 else {}),
        }
        return tuple((name if total == 1 else f"{name}s", total) for name, total in totals.items())


def _filter_values(values: Iterable[str]) -> tuple[FilterValue, ...]:
    counts = Counter(values)
    return tuple(FilterValue(value, value, counts[value]) for value in sorted(counts, key=str.casefold))


def render_page(results: Results, *, timezone_note: str = "", pictures: Mapping[str, str] | None = None) -> str:
    """Write the page of a run, or of a plan where `results.wanted` says so.

    `timezone_note` is the sentence beside the calendar, by default the zones that occur; `pictures` holds `data:`
    addresses (PNG, JPEG, WebP) by `Medium.source`, and what it does not hold is drawn as a tile.
    """
    css, js = _asset("page.css"), _asset("page.js")
    template = _environment().get_template("page.html.j2")
    return template.render(
        page=PageData(results, timezone_note=timezone_note, pictures=pictures),
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
    return make_visible(value) if type(value) is str else value
