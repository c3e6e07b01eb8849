"""`report`: a month as it stands on the sites and in the journal: live, to come, failed, drafts, links and figures.

Its headline is the state and never what the last run did. Nothing is changed. What the service itself says of a post's
reach is shown as it came, and blank where nothing came.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from batch.commands.options import Environment, Flags, Outputs
from batch.commands.session import EXIT_DONE, EXIT_ROWS, Session, refuse_outputs, refuse_to_lose, shown_from
from batch.commands.sites import SITES_AT_ONCE, count_sites, look_at_site
from batch.commands.watch import read_records, start_with_runs
from batch.errors import PostbatchError, StartError
from batch.model import Item, Outcome, OutcomeKind, Results, Status
from batch.plan.matching import split_reference
from batch.report.words import REPORTED, make_headline
from batch.runs.journal import Journal
from batch.runs.record import read_results
from batch.times import shown_time, zone_named
from batch.wording import listed

STATES: Mapping[str, OutcomeKind] = {
    Status.PUBLISHED: OutcomeKind.PUBLISHED, Status.SCHEDULED: OutcomeKind.SCHEDULED, Status.DRAFT: OutcomeKind.DRAFTED,
    Status.FAILED: OutcomeKind.FAILED, Status.PROCESSING: OutcomeKind.PROCESSING,
    Status.IN_QUEUE: OutcomeKind.PROCESSING, Status.CANCELED: OutcomeKind.CANCELLED,
}  # fmt: skip
"""What a state of the service counts as; deleted posts are in no report."""
CAMPAIGN = "campaign"
Known = Mapping[tuple[str, str], tuple[Outcome, str]]
"""What the runs of this machine know of an item: (site, item's ID) -> its latest outcome and its campaign."""


def report_month(
    environment: Environment, flags: Flags, *, month: str, outputs: Outputs, split: bool, force: bool
) -> int:
    """Write the month's report, one for all sites or one for each; 1 where a post failed or a site can't be read."""
    with Session(environment, flags) as session:
        refuse_outputs(outputs, sheet=environment.cwd / "report", cwd=environment.cwd)
        start_with_runs(session)
        names = session.sites or tuple(session.settings.sites) or (session.settings.site().name,)
        wanted = read_month(month, now=environment.now(), zone=session.settings.timezone_for(names[0]))
        paths = [environment.cwd / (outputs.out or f"report-{wanted}.xlsx")]
        if split:
            plain = [re.sub(r"[^\w-]+", "-", name).strip("-") or "site" for name in names]
            paths = [paths[0].with_stem(f"{paths[0].stem}-{name}") for name in plain]
        writes = not flags.json or outputs.out is not None
        for path in paths if writes else ():
            refuse_to_lose(path, force=force)
        with session.status.waiting(lambda: f"Reading {count_sites(names)}"):
            posts, unread = _read_posts(session, names, month=wanted)
        if flags.json:
            environment.answer(_as_data(_reports(session, posts, month=wanted, sites=())[0], posts, month=wanted))
        if writes:
            reports = _reports(session, posts, month=wanted, sites=names if split else ())
            _write(session, reports, paths, outputs, posts=posts)
        failed = any(outcome.outcome is OutcomeKind.FAILED for _, outcome, _ in posts)
        return EXIT_ROWS if failed or unread else EXIT_DONE


def _read_posts(
    session: Session, names: Sequence[str], *, month: str
) -> tuple[list[tuple[Item, Outcome, str]], list[str]]:
    """Return the month's posts of all sites, and the sites that could not be read. Errors: StartError if none could."""
    known = _known_posts(session)
    posts: list[tuple[Item, Outcome, str]] = []
    unread: list[str] = []
    with ThreadPoolExecutor(SITES_AT_ONCE, "site") as pool:
        waiting = {name: pool.submit(_read_items, session, name) for name in names}
        for name, future in waiting.items():
            try:
                zone = session.settings.timezone_for(name) or "UTC"
                posts += _month_posts(future.result(), known, site=name, month=month, timezone=zone)
            except PostbatchError as error:
                unread.append(name)
                session.warn(f"{name} can't be read, so the report leaves it out: {error}")
    if len(unread) == len(names):
        raise StartError("No site could be read, so there is no report.")
    return posts, unread


def read_month(text: str, *, now: datetime, zone: str) -> str:
    """Read `2026-12`; "" is this month in that zone. Errors: StartError."""
    if not text:
        return now.astimezone(zone_named(zone) or ZoneInfo("UTC")).strftime("%Y-%m")
    if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text):
        raise StartError(f"--month {text!r} isn't a month. Write it as 2026-12.")
    return text


def _read_items(session: Session, site: str) -> Sequence[Item]:
    with Journal(session.journal(site)) as journal:
        return look_at_site(session, site, journal, ()).items


def _known_posts(session: Session) -> Known:
    found: dict[tuple[str, str], tuple[Outcome, str]] = {}
    for record in read_records(session):  # oldest first, so that the latest word counts
        try:
            results = read_results(session.state, record)
        except PostbatchError as error:
            session.warn(str(error))
            continue
        column = next((n for n, heading in enumerate(results.headings) if heading.casefold() == CAMPAIGN), None)
        for outcome in results.outcomes:
            if outcome.item_id and outcome.site in record.journals:
                cells = results.own.get(outcome.row, ())
                campaign = cells[column] if column is not None and column < len(cells) else ""
                found[outcome.site, outcome.item_id.lower()] = outcome, campaign
    return found


def _month_posts(
    items: Sequence[Item], known: Known, *, site: str, month: str, timezone: str
) -> Iterator[tuple[Item, Outcome, str]]:
    """Return the items of a month in its site's zone, and all drafts without a date."""
    for item in items:
        at = item.scheduled_at
        in_month = at.astimezone(ZoneInfo(timezone)).strftime("%Y-%m") == month if at else item.status == Status.DRAFT
        if in_month and item.status in STATES:
            before, campaign = known.get((site, item.id.lower()), (None, ""))
            yield item, _outcome_of(item, before, site=site, timezone=timezone), campaign


def _outcome_of(item: Item, before: Outcome | None, *, site: str, timezone: str) -> Outcome:
    """Return a line of the report: the item as it stands, with its key, account and zone as its run knew them."""
    kind, at = STATES[item.status], item.scheduled_at
    zone = (before and before.timezone) or timezone
    reason = item.error or (before.message if before and before.outcome is kind else "")
    return Outcome(
        row=0,
        key=before.key if before else split_reference(item.reference)[0],
        site=site,
        channel=item.channel,
        type=item.type,
        account=before.account if before else "",
        place=before.place if before else "",
        action="",
        outcome=kind,
        status=item.status,
        publish_at=at,
        local_time=shown_time(at, timezone=zone) if at else "",
        timezone=zone,
        item_id=item.id,
        link=item.link,
        message=reason if kind is OutcomeKind.FAILED else "Made on the channel itself." if item.external else "",
        content=item.content,
    )


def _reports(
    session: Session, posts: Sequence[tuple[Item, Outcome, str]], *, month: str, sites: Sequence[str]
) -> list[Results]:
    """Return the report of all sites, or one for each of `sites`: posts by date, drafts last."""
    figures = list(dict.fromkeys(name for item, _, _ in posts for name in item.insights))
    made, now = [], session.environment.now()
    for site in sites or ("",):
        chosen = [post for post in posts if site in ("", post[1].site)]
        chosen.sort(key=lambda post: (post[1].publish_at is None, post[1].publish_at or now))
        rows = list(enumerate(chosen, start=2))
        made.append(
            Results(
                run="",
                sandbox=session.sandbox,
                sheet=f"{month} {site}".strip(),
                headings=(CAMPAIGN, *figures),
                outcomes=tuple(replace(outcome, row=row) for row, (_, outcome, _) in rows),
                own={
                    row: (campaign, *(item.insights.get(f, "") for f in figures)) for row, (item, _, campaign) in rows
                },
                finished_at=now,
                wanted="report",
            )
        )
    return made


def _write(
    session: Session, reports: Sequence[Results], paths: Sequence[Path], outputs: Outputs, *,
    posts: Sequence[tuple[Item, Outcome, str]],
) -> None:  # fmt: skip
    session.show_sandbox()
    for report, path in zip(reports, paths, strict=True):
        session.show(f"{report.sheet}: {make_headline(report).well}")
        for written in session.write_report(report, replace(outputs, out=path), sheet=path.with_suffix(".csv")):
            session.show(f"Written: {shown_from(written, session.environment.cwd)}")
    for name, counts in _totals(posts).items():
        if len(counts) > 1:
            told = (
                f"{value or '(none)'} {listed([f'{number:,} {state}' for state, number in states.items()], last='and')}"
                for value, states in counts.items()
            )
            session.show(f"By {name}: {'; '.join(told)}.")


def _totals(posts: Sequence[tuple[Item, Outcome, str]]) -> dict[str, dict[str, Counter[str]]]:
    """Count the posts by site, channel, campaign and place, and in each by state."""
    totals: dict[str, dict[str, Counter[str]]] = {"site": {}, "channel": {}, CAMPAIGN: {}, "place": {}}
    for _, outcome, campaign in posts:
        for name, value in zip(totals, (outcome.site, outcome.channel, campaign, outcome.place), strict=True):
            totals[name].setdefault(value, Counter())[REPORTED[outcome.outcome]] += 1
    return totals


def _as_data(report: Results, posts: Sequence[tuple[Item, Outcome, str]], *, month: str) -> Mapping[str, object]:
    frame = report.to_frame()
    frame["publish_at_utc"] = [at.isoformat() if at else "" for at in (o.publish_at for o in report.outcomes)]
    return {
        "month": month,
        "sandbox": report.sandbox,
        "headline": make_headline(report).well,
        "totals": _totals(posts),
        "posts": frame.drop(columns=["row", "action"]).to_dict("records"),
    }
