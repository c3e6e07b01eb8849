"""All that the page shows, worked out before a line of it is written.

Turns the results of a run, or of a plan, into plain values in the order in which they stand on the page: each outcome
becomes exactly one entry. It must never hold markup: the template writes it, and escapes all of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from batch.model import Outcome, Results, Severity
from batch.report.headline import Headline, count_outcomes, make_headline
from batch.report.moment import Moment, instant, long_day, moment_of
from batch.report.months import Month, make_months
from batch.report.page_words import OUTCOME_LOOKS, ChannelLook, OutcomeLook, channel_look, post_name
from batch.report.preview import Preview, make_preview
from batch.report.problems import Group, Problem, find_problems, find_sheet_errors, find_warnings
from batch.report.safe import safe_link


@dataclass(frozen=True, slots=True)
class Entry:
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
    entries: tuple[Entry, ...]


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
    months: tuple[Month[Entry], ...]
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


def _entry(number: int, outcome: Outcome, planned: bool, pictures: Mapping[str, str]) -> Entry:
    look = OUTCOME_LOOKS[outcome.outcome]
    return Entry(
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


def _zones(entries: Sequence[Entry]) -> str:
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


def _days(entries: Sequence[Entry]) -> tuple[DayGroup, ...]:
    """Group the posts by day, soonest first; those without a day come last, in the sheet's order."""
    by_day: dict[date | None, list[Entry]] = {}
    for entry in sorted(entries, key=lambda e: (e.moment.day or date.max, e.moment.clock)):
        by_day.setdefault(entry.moment.day, []).append(entry)
    undated = by_day.pop(None, [])
    groups = [DayGroup(f"day-{day.isoformat()}", long_day(day), tuple(of_day)) for day, of_day in by_day.items() if day]
    return (*groups, DayGroup("day-none", "Without a date", tuple(undated))) if undated else tuple(groups)


def _channels(entries: Sequence[Entry]) -> tuple[Choice, ...]:
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
    entries: Sequence[Entry], accounts: Sequence[Choice], *, unknown_site: frozenset[int | None]
) -> tuple[tuple[str, int], ...]:
    channels = {entry.outcome.channel for entry in entries if entry.outcome.channel}
    days = {entry.moment.day for entry in entries if entry.moment.day}
    sites = {e.outcome.site for e in entries if e.outcome.site and e.outcome.row not in unknown_site}
    totals = (("post", len(entries)), ("channel", len(channels)), ("account", len(accounts)), ("day", len(days)))
    several_sites = (("site", len(sites)),) if len(sites) > 1 else ()
    return tuple((name if n == 1 else f"{name}s", n) for name, n in (*totals, *several_sites))
