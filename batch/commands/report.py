"""`report`: a month as it stands on the sites and in the journal: live, to come, failed, drafts, links and figures.

Its headline is the state and never what the last run did. Nothing is changed. What the service itself says of a post's
reach is shown as it came, and blank where nothing came.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import chain, count
from pathlib import Path
from zoneinfo import ZoneInfo

from batch.commands.options import Environment, Flags, Outputs
from batch.commands.session import EXIT_DONE, EXIT_ROWS, Session, refuse_outputs, refuse_to_lose
from batch.commands.sites import ask_sites, look_at_site, tell_unread
from batch.commands.watch import KnownPost, known_posts, start_with_runs
from batch.errors import StartError
from batch.model import Channel, Item, Outcome, OutcomeKind, Results, Snapshot, Status
from batch.plan.matching import lapsed_notices, split_reference
from batch.publisher.accounts import read_connection
from batch.report.words import make_headline
from batch.runs.journal import Journal
from batch.times import MONTHS, shown_time, zone_named
from batch.wording import REPORTED, counted, listed
from batch.workbooks.overview import report_totals

STATES: Mapping[str, OutcomeKind] = {
    Status.PUBLISHED: OutcomeKind.PUBLISHED, Status.SCHEDULED: OutcomeKind.SCHEDULED, Status.DRAFT: OutcomeKind.DRAFTED,
    Status.FAILED: OutcomeKind.FAILED, Status.PROCESSING: OutcomeKind.PROCESSING,
    Status.IN_QUEUE: OutcomeKind.PROCESSING, Status.CANCELED: OutcomeKind.CANCELLED,
}  # fmt: skip
"""What a state of the service counts as; deleted posts are in no report."""
CAMPAIGN = "campaign"
MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class SiteItems:
    """What a site holds, when what has no date was published from here, and its accounts by ID and second ID."""

    snapshot: Snapshot
    published: Mapping[str, datetime]
    accounts: Mapping[tuple[str, str, str], str]


@dataclass(frozen=True, slots=True)
class ReportPost:
    """A post of the month: its item, its line, and the campaign of its row."""

    item: Item
    outcome: Outcome
    campaign: str


def report_month(
    environment: Environment, flags: Flags, *, month: str, outputs: Outputs, split: bool, force: bool
) -> int:
    """Write the month's report, one for all sites or one for each; 1 where a post failed or a site can't be read."""
    with Session(environment, flags) as session:
        refuse_outputs(outputs, sheet=environment.cwd / "report", cwd=environment.cwd)
        start_with_runs(session)
        names = session.every_site()
        wanted = read_month(month, now=environment.now(), zone=session.settings.timezone_for(names[0]))
        out = environment.cwd / (outputs.out or f"report-{wanted}.xlsx")
        ways = [replace(outputs, out=out)]
        if split:
            paths = (out, outputs.page)
            named = ([path and path.with_stem(f"{path.stem}-{end}") for path in paths] for end in file_endings(names))
            ways = [replace(outputs, out=own, page=page) for own, page in named]
        writes = not flags.json or outputs.out is not None
        for path in (path for way in ways for path in (way.out, way.page) if path and writes):
            refuse_to_lose(environment.cwd / path, force=force)
        posts, unread = _read_posts(session, names, month=wanted)
        if flags.json:
            environment.answer(_as_data(_report(session, posts, month=wanted), month=wanted))
        if writes:
            sites = names if split else ("",)
            _write(session, [_report(session, posts, month=wanted, site=site) for site in sites], ways)
        failed = any(post.outcome.outcome is OutcomeKind.FAILED for post in posts)
        return EXIT_ROWS if failed or unread else EXIT_DONE


def file_endings(names: Sequence[str]) -> list[str]:
    """Return for each site what its file is called by: safe on every system, and no two of them alike."""
    endings: dict[str, str] = {}
    for name in names:
        plain = re.sub(r"[^\w-]+", "-", name).strip("-")[:MAX_NAME] or "site"
        tries = chain((plain,), (f"{plain}-{number}" for number in count(2)))
        unique = next(ending for ending in tries if ending.casefold() not in endings)
        endings[unique.casefold()] = unique
    return list(endings.values())


def _read_posts(session: Session, names: Sequence[str], *, month: str) -> tuple[list[ReportPost], bool]:
    """Return the month's posts of all sites, and whether a site can't be read. Errors: StartError if none can."""
    known = known_posts(session)
    posts: list[ReportPost] = []
    read, unread = ask_sites(session, names, partial(_read_site, session))
    tell_unread(session, unread, but="the report leaves it out", among=names)
    if not read:
        raise StartError("No site could be read, so there is no report.")
    for name, found in read.items():
        zone = session.settings.timezone_for(name) or "UTC"
        of_month, undated = _month_posts(found, known, site=name, month=month, timezone=zone)
        posts += of_month
        coming = replace(found.snapshot, items=tuple(post.item for post in of_month))
        told = list(lapsed_notices(coming).values())
        if undated:
            posts_have = counted(undated, "post has", "posts have")
            told.append(f"{posts_have} no date on the site and came from elsewhere, so no monthly report shows them.")
        for notice in told:
            session.notice(f"{session.settings.called(name, first=True)}: {notice}")
    return posts, bool(unread)


def read_month(text: str, *, now: datetime, zone: str) -> str:
    """Read `2026-12`; "" is this month in that zone. Errors: StartError."""
    if not text:
        return now.astimezone(zone_named(zone) or ZoneInfo("UTC")).strftime("%Y-%m")
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise StartError(f"--month {text!r} isn't a month. Write it as 2026-12.")
    return text


def _read_site(session: Session, site: str) -> SiteItems:
    client = session.client(site)
    with Journal(session.journal(site)) as journal:
        snapshot, published = look_at_site(session, site, journal, ()), journal.published()
    channels = sorted({Channel(item.channel) for item in snapshot.items if item.channel in Channel.__members__})
    connections = {str(channel): read_connection(client, channel) for channel in channels}
    states = {channel: connection.state for channel, connection in connections.items()}
    accounts = [account for connection in connections.values() for account in connection.accounts]
    names = {(str(a.channel), a.id, a.target_id): a.name or a.target_name for a in accounts}
    return SiteItems(replace(snapshot, connections={**snapshot.connections, **states}), published, names)


def _month_posts(
    found: SiteItems, known: Mapping[tuple[str, str], KnownPost], *, site: str, month: str, timezone: str
) -> tuple[list[ReportPost], int]:
    """Return the items of a month in its site's zone and all drafts without a date; and how many others have none."""
    posts, undated = [], 0
    for item in (item for item in found.snapshot.items if item.status in STATES):
        before, draft = known.get((site, item.id.lower())), item.status == Status.DRAFT
        at = item.scheduled_at or found.published.get(item.id)
        if not at and before and not draft:
            # One that was published at once has no date of its own: its run has.
            at = before.outcome.publish_at or before.started_at
        undated += at is None and not draft
        if at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m") == month if at else draft:
            outcome = _outcome_of(item, before.outcome if before else None, at=at, site=site, timezone=timezone)
            account = found.accounts.get((item.channel, item.account_id, item.content.target_id), item.account_id)
            outcome = replace(outcome, account=outcome.account or account)
            posts.append(ReportPost(item, outcome, before.cells.get(CAMPAIGN, "") if before else ""))
    return posts, undated


def _outcome_of(item: Item, before: Outcome | None, *, at: datetime | None, site: str, timezone: str) -> Outcome:
    """Return a line of the report: the item as it stands, with its key, account and zone as its run knew them."""
    kind, zone = STATES[item.status], (before and before.timezone) or timezone
    reason = item.error or (before.message if before and before.outcome is kind else "")
    alike = {name: getattr(item, name) for name in ("channel", "type", "status", "link", "content")}
    return Outcome(
        **alike,
        row=0,
        key=before.key if before else split_reference(item.reference)[0],
        site=site,
        account=before.account if before else "",
        place=before.place if before else "",
        action="",
        outcome=kind,
        publish_at=at,
        local_time=shown_time(at, timezone=zone) if at else "",
        timezone=zone,
        item_id=item.id,
        message=reason if kind is OutcomeKind.FAILED else "Made on the channel itself." if item.external else "",
    )


def _report(session: Session, posts: Sequence[ReportPost], *, month: str, site: str = "") -> Results:
    """Return the report of all sites, or of one: posts by date, drafts last."""
    figures, now = dict.fromkeys(name for post in posts for name in post.item.insights), session.environment.now()
    chosen = [post for post in posts if site in ("", post.outcome.site)]
    chosen.sort(key=lambda post: (post.outcome.publish_at is None, post.outcome.publish_at or now))
    rows, own = list(enumerate(chosen, start=2)), f"{session.settings.called(site, first=True)}: "
    return Results(
        run="",
        sandbox=session.sandbox,
        sheet=f"{MONTHS[int(month[5:]) - 1]} {month[:4]}{f', {session.settings.called(site)}' if site else ''}",
        headings=(CAMPAIGN, *figures),
        outcomes=tuple(replace(post.outcome, row=row) for row, post in rows),
        own={row: (post.campaign, *(post.item.insights.get(f, "") for f in figures)) for row, post in rows},
        finished_at=now,
        notices=tuple(n for n in session.notices if site == "" or n.startswith(own)),
        wanted="report",
    )


def _write(session: Session, reports: Sequence[Results], ways: Sequence[Outputs]) -> None:
    """Write each report, and print its headline and totals."""
    for report, way in zip(reports, ways, strict=True):
        session.show(f"{report.sheet}: {make_headline(report).well}")
        path = way.out or Path()
        for written in session.write_report(report, way, sheet=path.with_suffix(".csv")):
            session.show_written(written)
        for name, values in report_totals(report).items() if len(reports) == 1 else ():
            told = []
            for value, found in values.items():
                counts = [f"{found.states[kind]:,} {word}" for kind, word in REPORTED.items() if found.states[kind]]
                told.append(f"{value or '(none)'} {listed(counts, last='and')}")
            if len(told) > 1:
                session.show(f"By {name}: {'; '.join(told)}.")


def _as_data(report: Results, *, month: str) -> Mapping[str, object]:
    frame, totals = report.to_frame(), report_totals(report)
    frame["publish_at_utc"] = [at.isoformat() if at else "" for at in (o.publish_at for o in report.outcomes)]
    return {
        "month": month,
        "sandbox": report.sandbox,
        "headline": make_headline(report).well,
        "totals": {
            name: {value: {REPORTED[kind]: n for kind, n in found.states.items()} for value, found in values.items()}
            for name, values in totals.items()
        },
        "figures": {
            name: {value: found.figures for value, found in values.items() if found.figures}
            for name, values in totals.items()
        },
        "posts": frame.drop(columns=["row", "action"]).to_dict("records"),
    }
