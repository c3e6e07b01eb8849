"""The results, or a plan, as one HTML page that a browser opens without a network.

Turns `Results` into the text of one file: markup, styles, script and drawings inside it. Values of the sheet only ever
reach it through the template's escaping; the page's own policy lets nothing load and only the two blocks that are
written here run, named by their digests, so that even a value that slipped through could do nothing.

A row that was sent to places is one card, drawn as it looks in the first of them; what differs in the others is packed
and shown, as text only, where somebody chooses another place.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from batch.model import GOOD, Change, Issue, Outcome, OutcomeKind, Results, Severity
from batch.plan.approval import Asked
from batch.report.preview import NO_PICTURES, SHOWN_OF_A_POST, Pictures, Preview, make_preview, safe_link
from batch.report.words import (
    AT_REST,
    OUTCOME_STYLES,
    ChannelStyle,
    OutcomeStyle,
    badge_of,
    channel_style,
    count_outcomes,
    make_headline,
    post_name,
)
from batch.times import MONTHS, PostTime, in_usual_zones, in_words, instant, long_day, months_with, post_time, weeks_of
from batch.wording import REPORTED, counted, first_words, list_names, list_rows, make_visible
from batch.workbooks.overview import report_totals, series_of

SEEN_IN_A_DAY = 4
"""How many posts of a day the calendar shows before it says how many more there are."""
SHOWN_PLACES = 12
"""How many places or sites of a problem are named before the rest is counted."""
LIKE_SHOWN = 5
"""How many problems of one kind are told one by one where each has the words of another place."""
MANY_POSTS = 40
"""From more posts than this the page opens as a list, and with its sites folded."""

DEFAULT_ACCOUNT, NO_SITE, SEVERAL_SITES = "Default account", "No site", "Several sites"
ALWAYS_PACKED = frozenset({"place", "site", "key", "asked"})
"""What is packed of every place, also where all places have the same."""

ICON = Markup('<svg class="i" aria-hidden="true"><use href="#i-{}"/></svg>')


Numbered = tuple[int, Outcome]
"""A post with its number in the results."""


def gather_cards(outcomes: Iterable[Outcome]) -> list[list[Numbered]]:
    """Return the posts that share a card: those of a row on one channel and day in several places that end alike.

    They also look alike, so that other words make one into the other. Every other post has a card of its own.
    """
    cards: dict[tuple[object, ...], list[Numbered]] = {}
    for number, one in enumerate(outcomes, start=1):
        alike: tuple[object, ...] = (number,)
        if one.place:
            shown = one.content
            ends = (series_of(one), one.channel, one.type, one.outcome, one.status, post_time(one).day)
            words = (shown.text, shown.title, shown.link, shown.call_to_action, one.message, one.code, one.link)
            there = [bool(text) for text in (*words, one.item_id, safe_link(shown.link))]
            fields = [change.field for change in one.changes]
            alike = (*ends, *there, len(shown.media), len(one.warnings), *fields)
        cards.setdefault(alike, []).append((number, one))
    return list(cards.values())


def spoken_changes(outcome: Outcome) -> list[Change]:
    """Return what changes in a post, its dates in words."""
    return [
        replace(change, old=in_words(change.old), new=in_words(change.new)) if change.field == "publish_at" else change
        for change in outcome.changes
    ]


@dataclass(frozen=True, slots=True)
class PostEntry:
    """One card of the page: a post by its number in the results, or the first of a row's posts in several places.

    `posts` are all of them. `asked` is what an answer to it is bound to, "" if none; `changes` has dates in words.
    """

    number: int
    outcome: Outcome
    channel: ChannelStyle
    style: OutcomeStyle
    badge: str
    name: str
    words: str
    time: PostTime
    preview: Preview
    live_link: str
    changes: Sequence[Change] = ()
    asked: str = ""
    posts: Sequence[Numbered] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The places that share the card, none where it is about one post."""
        return tuple(outcome.place for _, outcome in self.posts) if len(self.posts) > 1 else ()

    @property
    def zones(self) -> frozenset[str]:
        """The zones on whose clocks its posts go out."""
        return frozenset(outcome.timezone for _, outcome in self.posts)


def count_posts(entries: Iterable[PostEntry]) -> str:
    """Count posts as people do: `3 posts`, `12 posts in 200 places`, `3 posts and 12 in 200 places`."""
    single, rows, places = 0, set(), set[str]()
    for entry in entries:
        outcome = entry.posts[0][1]
        single += not outcome.place
        if outcome.place:
            rows.add((series_of(outcome), outcome.channel, outcome.type, entry.time.day))
            places |= {post.place for _, post in entry.posts}
    where = f" in {len(places):,} places" if len(places) > 1 else ""
    if not single or not rows:
        return f"{counted(single or len(rows), 'post')}{where}"
    return f"{counted(single, 'post')} and {len(rows):,}{where}" if where else counted(single + len(rows), "post")


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
    def chips(self) -> tuple[tuple[PostEntry, ...], ...]:
        """Its posts in the order of the clock; those that differ in their site or account only are shown as one."""
        same: dict[tuple[object, ...], list[PostEntry]] = {}
        for entry in self.entries:
            look = (entry.time.clock, entry.name, entry.words, entry.badge)
            same.setdefault(look, []).append(entry)
        return tuple(map(tuple, same.values()))

    @property
    def more(self) -> int:
        """How many of them are not shown."""
        return max(0, len(self.chips) - SEEN_IN_A_DAY)


class Month(NamedTuple):
    """A month of whole weeks, Monday first."""

    name: str
    anchor: str
    weeks: tuple[tuple[Day, ...], ...]

    @property
    def entries(self) -> list[PostEntry]:
        """All that it holds, a row's posts in several places once."""
        return [entry for week in self.weeks for day in week for entry in day.entries]


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
    """A post that a problem concerns: its anchor on the page and its first words; `channel` "" where none is known.

    `place` is the one whose words they are, where several share the card.
    """

    anchor: str
    words: str
    channel: str
    site: str = ""
    place: str = ""

    @classmethod
    def to(cls, posts: Sequence[Numbered], outcome: Outcome | None = None) -> PostLink:
        """Return the link to a card, by the words of its first post or of another one."""
        one = outcome or posts[0][1]
        channel = channel_style(one.channel).name if one.channel else ""
        place = one.place if len(posts) > 1 else ""
        return cls(f"p{posts[0][0]}", first_words(one.content, otherwise=one.key), channel, one.site, place)


class PageProblem(NamedTuple):
    """One cause, and every row that has it: `rows` is empty for the sheet and the run, which `place` then names.

    `column`, `cell` and `seen` are "" where they are not known, or not the same in all rows; `places` are those that
    have the problem, where not the whole row has it; `kind` is "" or what problems of places have in common.
    """

    rows: tuple[int, ...]
    column: str
    cell: str
    seen: str
    message: str
    posts: tuple[PostLink, ...] = ()
    otherwise: str = "The sheet"
    places: tuple[str, ...] = ()
    kind: str = ""

    def merged_with(self, others: Sequence[PageProblem], *, message: str = "") -> PageProblem:
        """Return one problem for this and others: for all their rows, posts and places."""
        same = (self, *others)
        return self._replace(
            rows=tuple(sorted({row for one in same for row in one.rows})),
            cell=self.cell if len({one.cell for one in same}) == 1 else "",
            seen=self.seen if len({one.seen for one in same}) == 1 else "",
            message=message or self.message,
            posts=tuple(dict.fromkeys(post for one in same for post in one.posts)),
            places=tuple(dict.fromkeys(place for one in same for place in one.places)),
        )

    @property
    def place(self) -> str:
        """Where it is: `Row 4`, `Rows 4, 7 and 9`, the sheet or the run."""
        rows = list_rows(self.rows) if self.rows else self.otherwise
        return f"{rows[:1].upper()}{rows[1:]}"

    @property
    def sites(self) -> str:
        """The places that have it or, where there are none, the sites whose posts it concerns."""
        if self.places:
            return list_names(self.places, limit=SHOWN_PLACES)
        sites = sorted({post.site for post in self.posts if post.site}, key=str.casefold)
        return list_names(sites, limit=SHOWN_PLACES)


def group_by_cause(problems: Iterable[PageProblem]) -> tuple[PageProblem, ...]:
    """Return one problem for all rows that have it in the same column and places, in the order of their first rows.

    Of many problems of one kind, each with the words of another place, the first few are told and the others counted.
    """
    causes: dict[tuple[str, str, str, tuple[str, ...]], list[PageProblem]] = {}
    for problem in problems:
        causes.setdefault((problem.otherwise, problem.column, problem.message, problem.places), []).append(problem)
    kinds: dict[tuple[object, ...], list[PageProblem]] = {}
    for cause, (first, *others) in causes.items():
        kind = (first.otherwise, first.column, first.kind) if first.kind else cause
        kinds.setdefault(kind, []).append(first.merged_with(others))
    told: list[PageProblem] = []
    for alike in kinds.values():
        told += alike[:LIKE_SHOWN]
        if rest := alike[LIKE_SHOWN:]:
            told.append(rest[0].merged_with(rest[1:], message=f"{counted(len(rest), 'more problem')} like these."))
    return tuple(told)


class ProblemGroup(NamedTuple):
    """Problems with one remedy: `total` is the number of posts, `code` the API's or the rule's own word."""

    title: str
    code: str
    style: OutcomeStyle
    total: int
    problems: tuple[PageProblem, ...]


def find_problems(results: Results) -> tuple[ProblemGroup, ...]:
    """Gather the posts that need somebody, the ones that stop for good before the ones that only wait.

    Of an invalid row each error is a problem, of any other post its message is; the same problem is named once.
    """
    errors: dict[int | None, list[Issue]] = {}
    for issue in dict.fromkeys(results.issues):
        if issue.severity is Severity.ERROR:
            errors.setdefault(issue.row, []).append(issue)
    found: dict[tuple[OutcomeKind, str], list[PageProblem]] = {}
    totals = Counter[tuple[OutcomeKind, str]]()
    placed = Counter(map(series_of, results.outcomes))
    for posts in gather_cards(results.outcomes):
        outcome = posts[0][1]
        if outcome.outcome in GOOD:
            continue
        invalid = outcome.outcome is OutcomeKind.INVALID
        group = outcome.outcome, "" if invalid else outcome.code
        link, rows = (PostLink.to(posts),), () if results.wanted == "report" else (outcome.row,)
        told = [(post, post.message or post.code) for _, post in posts]
        totals[group] += len(posts)
        found.setdefault(group, []).extend(
            [_problem_of(issue, link) for issue in errors.get(outcome.row, ()) if invalid]
            or _problems_by_place(told, posts, rows=rows, of=placed)
        )
    order = [OutcomeKind.UNKNOWN, *(kind for kind in reversed(OUTCOME_STYLES) if kind is not OutcomeKind.UNKNOWN)]
    keys = sorted(found, key=lambda key: (OUTCOME_STYLES[key[0]].tone != "bad", order.index(key[0]), key[1]))
    return tuple(
        ProblemGroup(
            badge_of(kind, wanted=results.wanted),
            code,
            OUTCOME_STYLES[kind],
            totals[kind, code],
            group_by_cause(found[kind, code]),
        )
        for kind, code in keys
    )


def find_sheet_errors(results: Results) -> tuple[PageProblem, ...]:
    """Return the errors of the whole sheet and of rows from which no post could be made."""
    rows = {outcome.row for outcome in results.outcomes if outcome.outcome is OutcomeKind.INVALID}
    errors = [_problem_of(i) for i in results.issues if i.severity is Severity.ERROR and i.row not in rows]
    return group_by_cause(errors)


def find_warnings(results: Results) -> tuple[PageProblem, ...]:
    """Return what stops nothing: the warnings of the sheet, those of the plan, then the run's notices."""
    issues = [issue for issue in results.issues if issue.severity is Severity.WARNING]
    known = {(issue.row, issue.message.removeprefix(f"{issue.place}: ")) for issue in issues}
    placed = Counter(map(series_of, results.outcomes))
    links: dict[int | None, list[PostLink]] = {}
    planned: list[PageProblem] = []
    for posts in gather_cards(results.outcomes):
        links.setdefault(posts[0][1].row, []).append(PostLink.to(posts))
        warned = [(post, word) for _, post in posts for word in post.warnings if (post.row, word) not in known]
        planned += _problems_by_place(warned, posts, rows=(posts[0][1].row,), of=placed)
    told_of = "The month" if results.wanted == "report" else "This run"
    return group_by_cause((
        *(_problem_of(issue, tuple(links.get(issue.row, ()))) for issue in issues),
        *planned,
        *(PageProblem((), "", "", "", notice, otherwise=told_of) for notice in results.notices),
    ))  # fmt: skip


def _problems_by_place(
    told: Iterable[tuple[Outcome, str]], posts: Sequence[Numbered], *, rows: tuple[int, ...], of: Mapping[str, int]
) -> list[PageProblem]:
    """Return the problems of a card, each once, with the places that have it; `of` counts the posts of each series."""
    there: dict[str, list[Outcome]] = {}
    for outcome, message in told:
        there.setdefault(message, []).append(outcome)
    problems = []
    for message, having in there.items():
        places = tuple(o.place for o in having if o.place and len(having) < of[series_of(o)])
        link = PostLink.to(posts, having[0])
        problem = PageProblem(rows, "", "", "", message, (link,), otherwise="On the site", places=places)
        problems.append(problem._replace(kind=having[0].code or message[:20]) if places else problem)
    return problems


def _problem_of(issue: Issue, posts: tuple[PostLink, ...] = ()) -> PageProblem:
    rows = () if issue.row is None else (issue.row,)
    problem = PageProblem(rows, issue.column, issue.cell, issue.seen, issue.message, posts)
    if not issue.place:
        return problem
    message = issue.message.removeprefix(f"{issue.place}: ")
    return problem._replace(message=message, places=(issue.place,), kind=issue.code)


class Band(NamedTuple):
    """A stretch of the bar under the headline, in thousandths of its length, and its line of the legend."""

    value: str
    label: str
    style: OutcomeStyle
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
    day: str
    entries: Sequence[PostEntry]


class SiteGroup(NamedTuple):
    """The posts of one site by day; `counts` says how many end as what, the commonest first.

    `name` is "" where it needs none: there are no others beside it.
    """

    anchor: str
    name: str
    told: str
    counts: str
    days: tuple[DayGroup, ...]


class Part(NamedTuple):
    """What changes, or what stays: its posts by site. Where the page is about one site, that is the only one."""

    anchor: str
    title: str
    told: str
    sites: tuple[SiteGroup, ...]


class PageData:
    """All that the page tells of results; the template asks for each part by its name."""

    def __init__(
        self,
        results: Results,
        *,
        timezone_note: str = "",
        pictures: Pictures = NO_PICTURES,
        asked: Asked | None = None,
    ) -> None:
        results = replace(results, outcomes=in_usual_zones(results.outcomes))
        self.results, self.pictures = results, pictures
        self.asked = asked if asked and asked.fingerprints else None
        self.planned, self.reporting = results.wanted == "plan", results.wanted == "report"
        self.entries = [self._make_entry(posts) for posts in gather_cards(results.outcomes)]
        self.shared = self._share_pictures()
        self._days = sort_into_days(self.entries)
        self._timezone_note = timezone_note
        self.headline = make_headline(results)
        self.when = instant(results.finished_at or results.started_at)
        self.groups = find_problems(results)
        self.sheet_errors = find_sheet_errors(results)
        self.warnings = find_warnings(results)
        self.months = make_months(self._days)
        self.first_month = max(range(len(self.months)), key=lambda n: (len(self.months[n].entries), -n), default=0)
        undated = self._days.get(None, ())
        self.undated = count_posts(undated) if undated else ""
        self.many = len(self.entries) > MANY_POSTS
        self.accounts = _filter_values(outcome.account for outcome in results.outcomes if outcome.account)
        self.sites = _filter_values(outcome.site for outcome in results.outcomes if outcome.site)
        self.places = _filter_values(outcome.place for outcome in results.outcomes if outcome.place)

    def _share_pictures(self) -> dict[str, str]:
        """Let the page hold a picture once that several posts show; return where, by its data address."""
        used = Counter(pic.source for e in self.entries for pic in e.preview.pictures[:SHOWN_OF_A_POST] if pic.source)
        shared = {source: f"pic-{n}" for n, source in enumerate((s for s, count in used.items() if count > 1), start=1)}
        self.entries = [replace(entry, preview=entry.preview.sharing(shared)) for entry in self.entries]
        return shared

    def _make_entry(self, posts: Sequence[Numbered]) -> PostEntry:
        number, outcome = posts[0]
        style = OUTCOME_STYLES[outcome.outcome]
        return PostEntry(
            number=number,
            outcome=replace(outcome, row=0) if self.reporting else outcome,  # its rows are no sheet's
            channel=channel_style(outcome.channel),
            style=style,
            badge=badge_of(outcome.outcome, wanted=self.results.wanted),
            name=post_name(outcome.channel, outcome.type),
            words=first_words(outcome.content, otherwise=outcome.key),
            time=post_time(outcome),
            preview=make_preview(outcome, pictures=self.pictures.shown),
            live_link=safe_link(outcome.link),
            changes=spoken_changes(outcome),
            asked=self._asked_of(outcome),
            posts=posts,
        )

    def _asked_of(self, outcome: Outcome) -> str:
        return self.asked.fingerprints.get((outcome.row, outcome.key), "") if self.asked else ""

    @property
    def to_answer(self) -> int:
        """How many cards can be answered."""
        return sum(1 for entry in self.entries if entry.asked)

    @property
    def packed(self) -> str:
        """What differs between the places of each card, by its anchor: JSON, deflated, in base 64; "" for none.

        Each value has the name of the slots of the card that show it (`data-s`), a list where there are several.
        """
        packer, parts, between = zlib.compressobj(9), [], "{"
        for entry in (entry for entry in self.entries if entry.places):
            slots = [self._slots(outcome) for _, outcome in entry.posts]
            columns = {name: [slot[name] for slot in slots] for name in slots[0]}
            told = {n: c for n, c in columns.items() if n in ALWAYS_PACKED or any(value != c[0] for value in c)}
            line = f'{between}"p{entry.number}":{json.dumps(told, ensure_ascii=False, separators=(",", ":"))}'
            parts.append(packer.compress(line.encode()))
            between = ","
        return b64encode(b"".join([*parts, packer.compress(b"}"), packer.flush()])).decode() if parts else ""

    def _slots(self, outcome: Outcome) -> Mapping[str, str | list[str]]:
        """Return what a card shows of a post, by the names of its slots."""
        drawn, time, show = make_preview(outcome, pictures={}), post_time(outcome), make_visible
        card = drawn.card
        one = {
            "place": outcome.place, "key": outcome.key, "site": outcome.site, "asked": self._asked_of(outcome),
            "account": outcome.account or DEFAULT_ACCOUNT, "name": drawn.name, "initial": drawn.initial,
            "text": drawn.text.shown, "rest": drawn.text.rest, "title": drawn.title,
            "link": card.shown if card else "", "host": card.host if card else "", "href": card.address if card else "",
            "message": outcome.message, "code": outcome.code, "item": outcome.item_id, "live": safe_link(outcome.link),
            "clock": time.clock, "zone": time.zone, "utc": time.utc, "short": time.short,
        }  # fmt: skip
        several = {
            "warning": outcome.warnings, "old": [change.old for change in spoken_changes(outcome)],
            "new": [change.new for change in spoken_changes(outcome)],
            "media": [picture.name for picture in drawn.pictures], "used": [f"{c.used:,}" for c in drawn.counts],
        }  # fmt: skip
        return {name: show(text) for name, text in one.items()} | {n: list(map(show, v)) for n, v in several.items()}

    @property
    def zones(self) -> str:
        """The sentence beside the calendar: on whose clock the times are."""
        dated = (entry for entry in self.entries if entry.time.zone)
        zones = sorted({zone for entry in dated for zone in (entry.zones if entry.places else [entry.time.zone])})
        if self._timezone_note or not zones:
            return self._timezone_note
        if len(zones) == 1:
            return f"All times are local to {zones[0]}."
        return f"Each post is shown at the time of its own zone ({list_names(zones)})."

    @cached_property
    def bands(self) -> tuple[Band, ...]:
        """The posts by outcome: the bar, its legend and the filter's values."""
        total, start, bands = len(self.results.outcomes), 0.0, []
        for kind, count in count_outcomes(self.results):
            label, width = badge_of(kind, wanted=self.results.wanted), 1000 * count / total
            bands.append(Band(kind.value, label, OUTCOME_STYLES[kind], count, round(start, 2), round(width, 2)))
            start += width
        return tuple(bands)

    @property
    def totals_tables(self) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str | int, ...]]]]:
        """The totals of a report, a table for each of site, channel, campaign and place: its name, headings and rows.

        A figure of which nothing came is blank.
        """
        for name, values in report_totals(self.results).items() if self.reporting else ():
            kinds = [kind for kind in REPORTED if any(found.states[kind] for found in values.values())]
            figures = [f for f in self.results.headings[1:] if any(f in found.figures for found in values.values())]
            rows: list[tuple[str | int, ...]] = [
                (
                    channel_style(value).name if name == "channel" else value or "(none)",
                    found.states.total(),
                    *(found.states[kind] or "–" for kind in kinds),
                    *(found.figures.get(figure, "") for figure in figures),
                )
                for value, found in values.items()
            ]
            if any(values):
                yield name, ("posts", *(REPORTED[kind] for kind in kinds), *figures), rows

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """What changes, or needs somebody, and then what stays as it is; each by site and day."""
        changing = [entry for entry in self.entries if entry.outcome.outcome not in AT_REST]
        resting = [entry for entry in self.entries if entry.outcome.outcome in AT_REST]
        titles = ("What changes" if self.planned else "What happened") if resting else "Posts", "What stays as it is"
        taken: Counter[str] = Counter()
        return tuple(
            Part(anchor, title, count_posts(entries), self._by_site(anchor, entries, taken))
            for anchor, title, entries in (("posts", titles[0], changing), ("rest", titles[1], resting))
            if entries
        )

    def _by_site(self, part: str, entries: Sequence[PostEntry], taken: Counter[str]) -> tuple[SiteGroup, ...]:
        """Return the posts of a part by site, first those of rows for places on several sites.

        `taken` counts the anchors: a day's first one is the calendar's.
        """
        several = len(self.sites) > 1
        own: dict[tuple[bool, str], list[PostEntry]] = {}
        for entry in entries:
            one = len({outcome.site for _, outcome in entry.posts}) == 1
            own.setdefault((one, entry.outcome.site if one and several else ""), []).append(entry)
        groups = []
        for number, (one, site) in enumerate(sorted(own, key=lambda group: (group[0], group[1].casefold()))):
            days = []
            for day, posts in sort_into_days(own[one, site]).items():
                name = f"day-{day or 'none'}"
                taken[name] += 1
                anchor = name if taken[name] == 1 else f"{name}-{taken[name]}"
                days.append(DayGroup(anchor, long_day(day) if day else "Without a date", name, posts))
            counts = Counter[str]()
            for entry in own[one, site]:
                counts[entry.badge] += len(entry.posts)
            told = ", ".join(f"{count:,} {badge[:1].lower()}{badge[1:]}" for badge, count in counts.most_common())
            name = (site or NO_SITE if one else SEVERAL_SITES) if several and (one or len(own) > 1) else ""
            groups.append(SiteGroup(f"{part}-site-{number}", name, count_posts(own[one, site]), told, tuple(days)))
        return tuple(groups)

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
            **({"place": len(self.places)} if self.places else {}),
        }
        return tuple((name if total == 1 else f"{name}s", total) for name, total in totals.items())


def _filter_values(values: Iterable[str]) -> tuple[FilterValue, ...]:
    counts = Counter(values)
    return tuple(FilterValue(value, value, counts[value]) for value in sorted(counts, key=str.casefold))


def render_page(
    results: Results,
    *,
    timezone_note: str = "",
    pictures: Pictures = NO_PICTURES,
    asked: Asked | None = None,
) -> str:
    """Write the page of a run, or of a plan where `results.wanted` says so.

    `timezone_note` is the sentence beside the calendar, by default the zones that occur; a medium that `pictures` does
    not hold is drawn as a tile. With `asked` people can answer on the page.
    """
    page = PageData(results, timezone_note=timezone_note, pictures=pictures, asked=asked)
    css, js = _asset("tokens.css") + _asset("page.css"), _asset("page.js") + (_asset("answer.js") if page.asked else "")
    template = _environment().get_template("page.html.j2")
    return template.render(
        page=page,
        policy=make_policy(css=css, js=js),
        css=Markup(css),  # noqa: S704 # the project's own file, nothing of the sheet
        js=Markup(js),  # noqa: S704 # the same
        icons=Markup(_asset("icons.html")),  # noqa: S704 # the same
    )


def make_policy(*, css: str, js: str) -> str:
    """Return the page's content security policy: nothing loads, and only these two blocks count."""
    style, script = (f"sha256-{b64encode(hashlib.sha256(block.encode()).digest()).decode()}" for block in (css, js))
    return (
        f"default-src 'none'; style-src '{style}'; script-src '{script}'; img-src data:; base-uri 'none'; "
        "form-action 'none'; require-trusted-types-for 'script'"
    )


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
        # Every text is made fit for a page, wherever a template writes it; what is markup already is ours.
        finalize=lambda value: make_visible(value) if type(value) is str else value,
    )
    environment.globals.update(
        seen_in_a_day=SEEN_IN_A_DAY,
        icon=ICON.format,
        count_posts=count_posts,
        safe_link=safe_link,
        default_account=DEFAULT_ACCOUNT,
    )
    return environment
