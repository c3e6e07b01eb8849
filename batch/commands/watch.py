"""`watch`: ask again for the open posts of all runs of this machine, and say once which failed and which will fail.

A run ends before its posts go out. What becomes of them is asked of the site: a machine that was off says it when it is
back. An alert is kept as told, to each who hears of it, only after it was printed or sent: a kill in between repeats it
rather than losing it. One watch looks at a time, so that two never tell the same.

    open posts of all runs ──► each site, side by side ──► alerts ──► printed, sent, kept ──► results brought up to date
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from html import escape
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from batch.codec import to_json
from batch.commands.options import Environment, Flags, Outputs
from batch.commands.session import EXIT_DONE, EXIT_ROWS, Session, shown_from
from batch.commands.sites import LIVE_KINDS, ONE_BY_ONE, OPEN_STATUSES, ask_sites, brought_up_to_date, read_runs
from batch.errors import PostbatchError, StartError
from batch.model import Channel, Outcome, OutcomeKind, Results, Status
from batch.plan.matching import CONNECTIONS, REMEDY
from batch.publisher import items
from batch.publisher.accounts import VALID, token_status
from batch.publisher.client import Client, notify_webhook
from batch.runs.control import take_turn
from batch.runs.journal import Journal
from batch.runs.record import RunRecord, is_as_written, read_record, read_results, results_files
from batch.settings import called, is_this_machine
from batch.times import shown_time
from batch.wording import WINDOWS, counted, listed, make_visible_line, shorten
from batch.workbooks.results import own_places

NOTIFY_URL, NOTIFY_FORMAT = "POSTBATCH_NOTIFY_URL", "POSTBATCH_NOTIFY_FORMAT"
FORMATS: Mapping[str, tuple[str, ...]] = {
    "slack": ("hooks.slack.com", "hooks.slack-gov.com"),
    "teams": (
        "logic.azure.com", "api.powerplatform.com", "powerautomate.com", "flow.microsoft.com", "webhook.office.com",
    ),
    "google": ("chat.googleapis.com",),
    "json": (),
}  # fmt: skip
"""What a notification looks like, and the hosts that take it so. No one JSON suits all: Slack knows `attachments` of
its own, a workflow of Teams shows only cards in them, and Google Chat refuses every field that it does not know
(reports of their users, read 2026-11-26)."""
COMMAND_SECONDS = 60.0
MAX_TOLD_IN_TEXT, MAX_CHARS_OF_ONE = 20, 300
"""How many alerts the text of a notification names, and how much of each: Teams takes 28 kB. Its list has them all."""
LATE_AFTER = timedelta(minutes=15)
"""How long after its time a post that still counts as scheduled is said to be late."""
TURN_SECONDS = 600.0
"""How long a watch waits for another one to end its round."""
PARSED, CUT = re.compile(r"(?<=[@<])(?=\S)|(?<=\])(?=\()"), "\u200b"
"""Where a chat would read a mention, a link of Slack or Google Chat, or one of Markdown: a blank of no width cuts it,
so that no word out of a sheet pings anybody or looks like another link."""
CARD = "application/vnd.microsoft.card.adaptive"
CARD_SCHEMA = "http://adaptivecards.io/schemas/adaptive-card.json"
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHORTEST_SECONDS = 60.0
TERMINAL = "terminal"
Senders = Mapping[str, Callable[[Sequence["Alert"]], None]]
"""Who is told besides the terminal, by the option that asks for it. Errors: PostbatchError, OSError."""
LABELS: Mapping[str, str] = {
    "failed": "Failed", "will_fail": "Will fail", "late": "Late", "unread": "Can't check",
}  # fmt: skip
"""The kinds of alerts, as they are printed."""
PASSING = ("will_fail", "late")
"""Those that may be well again: should it happen once more, that is news."""
TELLING = LIVE_KINDS | {OutcomeKind.DRAFTED, OutcomeKind.CANCELLED, OutcomeKind.DELETED}
"""What a run knows of a post. A row that it left out, refused or could not change tells nothing of the site."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing about one post that somebody should know. `kind`: `failed`, `will_fail` or `late`.

    `unread` is about a site that can't be checked: it has no post.
    """

    kind: str
    site: str
    sheet: str
    row: int
    key: str
    channel: str
    account: str
    when: str
    reason: str
    run: str
    item_id: str

    @property
    def fact(self) -> str:
        """The name under which a journal keeps who was told of it."""
        return _told_name(self.item_id, self.kind)

    @property
    def sentence(self) -> str:
        """The alert in one line."""
        site = called(self.site, [self.site])
        if not self.key:
            return f"{site}, {self.reason}"
        account = f", {self.account}" if self.account else ""
        due = f", {self.when}" if self.when else ""
        return f"{site}, {self.sheet} row {self.row}, {self.key} ({self.channel}{account}{due}): {self.reason}"


@dataclass(frozen=True, slots=True)
class OpenPost:
    """A post whose end is not known yet, with the run and the position under which the journal keeps it."""

    record: RunRecord
    position: int
    outcome: Outcome

    def is_due(self, at: datetime) -> bool:
        """True where its time is before that."""
        return self.outcome.publish_at is not None and self.outcome.publish_at < at

    def alert(self, kind: str, reason: str) -> Alert:
        """Return what somebody should know of it."""
        outcome, record = self.outcome, self.record
        alike = {name: getattr(outcome, name) for name in ("site", "row", "key", "channel", "account", "item_id")}
        when = shown_time(outcome.publish_at, timezone=outcome.timezone) if outcome.publish_at else ""
        return Alert(**alike, kind=kind, sheet=record.sheet, when=when, reason=reason, run=record.run)


News = tuple[tuple[Alert, Sequence[str]], ...]
"""Alerts with whom they are new to."""


def watch(
    environment: Environment, flags: Flags, *, once: bool, every: str = "15m", notify: bool = False,
    notify_command: str = "",
) -> int:  # fmt: skip
    """Watch the open posts, once or for ever. 1 where something has failed or will fail, in the one round of `once`."""
    pause = read_duration(every)
    senders = make_senders(environment, notify=notify, command=notify_command)
    with Session(environment, flags) as session:
        start_with_runs(session)
        session.show_sandbox()
        if once:
            return watch_once(session, senders)
        session.say(f"Watching the open posts of all runs, every {every}. Press Ctrl-C to stop.")
        while True:
            try:
                watch_once(session, senders)
            except PostbatchError as error:  # a full disk, another watch: the next round may go better
                session.warn(str(error))
            at = environment.now() + timedelta(seconds=pause)
            with session.status.waiting(partial("Next check at {:%H:%M}".format, at.astimezone())):
                environment.sleep(pause)


def watch_once(session: Session, senders: Senders) -> int:
    """Ask once for every open post, say what is new, and bring results up to date. Errors: LockedError."""
    with take_turn(session.state / "watch.lock", seconds=TURN_SECONDS, what="Another watch"):
        by_site = open_posts(session)
        looked = _watch_sites(session, by_site, (TERMINAL, *senders))
        news = [told for found in looked for told in found.new]
        standing = sum(found.standing for found in looked)
        well = _announce(session, news, senders)
        for run in sorted({run for found in looked for run in found.runs}):
            _update_files(session, run)
    session.environment.answer({
        "alerts": [asdict(alert) for alert, _ in news], "standing": standing, "sites": sorted(by_site),
    })  # fmt: skip
    if not by_site:
        session.say("There are no open posts.")
    elif not news:
        checked = f"{counted(sum(map(len, by_site.values())), 'post')} checked on {counted(len(by_site), 'site')}"
        before = f"{counted(standing, 'problem')} reported before {'is' if standing == 1 else 'are'} still there"
        session.say(f"{checked}; {before}." if standing else f"{checked}, nothing new.")
    return EXIT_DONE if well and not (news or standing) else EXIT_ROWS


def _announce(session: Session, news: Sequence[tuple[Alert, Sequence[str]]], senders: Senders) -> bool:
    """Print and send alerts to whom they are new, and keep who was told; False where some could not be sent."""
    for alert, missing in news:
        if TERMINAL in missing:
            session.show(f"{LABELS[alert.kind]}: {alert.sentence}")
            _keep_told(session, [alert], TERMINAL)
    well = True
    for name, send in senders.items():
        alerts = [alert for alert, missing in news if name in missing]
        try:
            if alerts:
                send(alerts)
        except (PostbatchError, OSError) as error:
            session.warn(f"The alerts could not be sent: {error} They will be sent again in the next round.")
            well = False
        else:
            _keep_told(session, alerts, name)
    return well


def _keep_told(session: Session, alerts: Sequence[Alert], recipient: str) -> None:
    """Keep that somebody was told, all at once: a kill in between tells as little as possible again."""
    now = session.environment.now()
    for site in {alert.site for alert in alerts}:
        with Journal(session.journal(site)) as journal:
            names = [alert.fact for alert in alerts if alert.site == site]
            journal.remember_facts({name: f"{journal.fact(name)} {recipient}".strip() for name in names}, at=now)


def open_posts(session: Session) -> dict[str, list[OpenPost]]:
    """Return, by site, the posts of all runs of this machine that may still change or whose failure was not told yet.

    Each post once, as the latest run knows it. A site that is not configured here, or leads elsewhere now, is left out.
    """
    seen: set[tuple[str, str, str]] = set()
    elsewhere: set[str] = set()
    found: dict[str, list[OpenPost]] = defaultdict(list)
    for record in read_records(session):
        if (results := _results_of(session, record)) is None:
            continue
        for placed, outcome in zip(record.placed, results.outcomes, strict=True):
            post = record.journals.get(outcome.site, ""), outcome.key, outcome.channel
            failed = outcome.outcome is OutcomeKind.FAILED and outcome.status == Status.FAILED
            coming = placed.step.at is not None and placed.step.at > session.environment.now()
            elsewhere |= {outcome.site} if coming and not post[0] and placed.step.acts else set()
            if not outcome.item_id or post in seen or not post[0] or not (failed or outcome.outcome in TELLING):
                continue
            seen.add(post)
            if failed or (outcome.outcome in LIVE_KINDS and outcome.status in (*OPEN_STATUSES, "")):
                found[outcome.site].append(OpenPost(record, placed.position, outcome))
    if elsewhere and not session.sites:
        sites = listed(sorted(elsewhere), last="and")
        session.say(f"Not watched: the posts of {sites}. This configuration has no such site, or another of that name.")
    wanted = session.sites or tuple(found)
    return {site: found[site] for site in sorted(found) if site in wanted}


@dataclass(frozen=True, slots=True)
class SiteRound:
    """What one look at a site came to: alerts with whom they are new to, told ones that still hold, runs with news."""

    new: News
    standing: int
    runs: frozenset[str]


def _watch_sites(
    session: Session, by_site: Mapping[str, Sequence[OpenPost]], recipients: Sequence[str]
) -> list[SiteRound]:
    """Look at all sites side by side. One that can't be checked is an alert: a watch that sees nothing says so."""
    looked, unread = ask_sites(session, by_site, lambda site: _watch_site(session, site, by_site[site], recipients))
    for site, error in unread.items():
        session.warn(f"{session.settings.called(site, first=True)}: {error}")
        reason = f"{counted(len(by_site[site]), 'open post')} can't be checked. {error}"
        alert = Alert("unread", site, "", 0, "", "", "", "", reason, "", "")
        new: News = ()
        with suppress(PostbatchError), Journal(session.journal(site)) as journal:
            new = _new_to([alert], journal, recipients)  # where it can't be kept that anybody was told, nobody is
        looked[site] = SiteRound(new, 1 - len(new), frozenset())
    return [looked[site] for site in by_site]


def _watch_site(session: Session, site: str, posts: Sequence[OpenPost], recipients: Sequence[str]) -> SiteRound:
    client, now = session.client(site), session.environment.now()
    with Journal(session.journal(site)) as journal:
        told = OutcomeKind.FAILED  # what failed and was told is not asked for again
        posts = [
            p for p in posts if p.outcome.outcome is not told or _new_to([p.alert("failed", "")], journal, recipients)
        ]
        fresh = _ask_again(client, journal, posts, now=now)
        runs = {new.record.run for old, new in zip(posts, fresh, strict=True) if new.outcome != old.outcome}
        alerts, unknown = _find_alerts(client, fresh, now=now)
        holding = {alert.fact for alert in alerts}
        asked = [post.outcome.item_id for post in fresh if post.outcome.channel not in unknown]
        well = {*(_told_name(item_id, kind) for item_id in asked for kind in PASSING), _told_name("", "unread")}
        journal.remember_facts({name: "" for name in well - holding if journal.fact(name)}, at=now)
        new = _new_to(alerts, journal, recipients)
    standing = sum(alert.kind != "failed" for alert in alerts) - sum(alert.kind != "failed" for alert, _ in new)
    return SiteRound(new, standing, frozenset(runs))


def _find_alerts(client: Client, posts: Sequence[OpenPost], *, now: datetime) -> tuple[list[Alert], set[str]]:
    """Return what is wrong with posts of a site, and the channels whose connection can't be asked for."""
    coming = [post for post in posts if post.outcome.status == Status.SCHEDULED]
    alerts = [p.alert("failed", p.outcome.message) for p in posts if p.outcome.outcome is OutcomeKind.FAILED]
    late = "Its time has passed and the site still shows it as scheduled."
    alerts += [post.alert("late", late) for post in coming if post.is_due(now - LATE_AFTER)]
    unknown = set()
    for channel in sorted({Channel(post.outcome.channel) for post in coming if post.outcome.channel}):
        state = token_status(client, channel)
        why = f"{CONNECTIONS.get(state, f'The service says {state} of its connection')}. {REMEDY}"
        if not state:
            unknown.add(str(channel))
        elif state != VALID:
            alerts += [post.alert("will_fail", why) for post in coming if post.outcome.channel == channel]
    return alerts, unknown


def _new_to(alerts: Sequence[Alert], journal: Journal, recipients: Sequence[str]) -> News:
    """Return the alerts that somebody was not told of, with who."""
    told = {alert: journal.fact(alert.fact).split() for alert in alerts}
    missing = ((alert, tuple(name for name in recipients if name not in told[alert])) for alert in alerts)
    return tuple((alert, names) for alert, names in missing if names)


def _ask_again(client: Client, journal: Journal, posts: Sequence[OpenPost], *, now: datetime) -> list[OpenPost]:
    """Return the posts as the site shows them now; what changed is kept in the journal."""
    listed = {item.id: item for item in items.query_items(client)} if len(posts) > ONE_BY_ONE else {}
    fresh = []
    for post in posts:
        item = listed.get(post.outcome.item_id)
        if item is None or item.status == Status.FAILED or (item.status == Status.SCHEDULED and post.is_due(now)):
            item = items.get_item(client, post.outcome.item_id)  # a list alone is no reason to alarm anybody
        outcome = brought_up_to_date(post.outcome, item)
        if outcome != post.outcome:
            journal.keep_outcome(post.record.run, post.position, to_json(outcome))
        fresh.append(replace(post, outcome=outcome))
    return fresh


def _told_name(item_id: str, kind: str) -> str:
    return f"told/{kind}/{item_id}"


def _update_files(session: Session, run: str) -> None:
    """Write the results files of a run again that nobody has changed since."""
    for path in results_files(session.state, run):
        if not is_as_written(session.state, path):
            continue
        try:
            record = read_record(session.state, run)
            results = session.with_last_known(read_results(session.state, record), record)
            sheet = path.with_name(Path(record.sheet).name or "posts")
            for written in session.write_report(results, Outputs(out=path), sheet=sheet):
                session.say(f"Updated: {shown_from(written, session.environment.cwd)}")
        except PostbatchError as error:
            session.warn(str(error))


def start_with_runs(session: Session) -> None:
    """Start the sandbox, where one is asked for, with the sites that the runs of this machine name."""
    if session.sandbox:
        session.start_sandbox({site for record in read_records(session) for site in record.journals})


def read_records(session: Session) -> list[RunRecord]:
    """Return the runs, newest first, whose sites are the ones that their names mean here and now."""
    sites = session.settings.sites
    here = {site: session.journal(site).name for site in sites}
    return [
        replace(
            run, journals={site: file for site, file in run.journals.items() if not sites or here.get(site) == file}
        )
        for run in read_runs(session)
        if run.sandbox == session.sandbox
    ]


def _results_of(session: Session, record: RunRecord) -> Results | None:
    """Return the results of a run; None where they can't be read, which is said."""
    try:
        return read_results(session.state, record)
    except PostbatchError as error:
        session.warn(str(error))
        return None


class KnownPost(NamedTuple):
    """What the runs of this machine know of an item: its latest outcome, its row's cells by our columns, and when."""

    outcome: Outcome
    cells: Mapping[str, str]
    started_at: datetime


def known_posts(session: Session) -> dict[tuple[str, str], KnownPost]:
    """Return what the runs of this machine know of the items on the sites, by site and the item's ID in lower case."""
    found: dict[tuple[str, str], KnownPost] = {}
    for record in reversed(read_records(session)):  # oldest first, so that the latest word counts
        if (results := _results_of(session, record)) is None:
            continue
        places = own_places(results)
        for outcome in results.outcomes:
            if outcome.item_id and outcome.site in record.journals:
                row, name = results.own.get(outcome.row, ()), (outcome.site, outcome.item_id.lower())
                cells = {column: row[at] for column, at in places.items() if at < len(row)}
                before = found[name].cells if name in found else {}
                found[name] = KnownPost(outcome, {**before, **cells}, record.started_at)
    return found


def read_duration(text: str) -> float:
    """Read `15m`, `90s`, `2h` or `1d` as seconds. Errors: StartError."""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*([smhd])\s*", text)
    seconds = int(found[1]) * UNITS[found[2]] if found else 0.0
    if seconds < SHORTEST_SECONDS:
        raise StartError(f"--every {text!r} can't be used. Write a time of a minute or more, as in 15m or 2h.")
    return seconds


def make_message(alerts: Sequence[Alert], form: str = "json") -> dict[str, object]:
    """Return what is sent, in one of `FORMATS`: text for people and, as `json`, all `alerts` for programs."""
    lines = _make_lines(alerts)
    text = "\n".join(PARSED.sub(CUT, line) for line in lines)
    if form == "slack":
        return {"text": escape(text, quote=False), "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    if form == "teams":  # no `TextBlock`: that would read Markdown
        blocks = [{"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": line}]} for line in lines]
        card = {"$schema": CARD_SCHEMA, "type": "AdaptiveCard", "version": "1.2", "body": blocks}
        return {"type": "message", "attachments": [{"contentType": CARD, "contentUrl": None, "content": card}]}
    return {"text": text} if form == "google" else {"text": text, "alerts": [asdict(alert) for alert in alerts]}


def _make_lines(alerts: Sequence[Alert]) -> list[str]:
    """Return the lines of a message: how many alerts there are, then each, whatever it holds, in one line."""
    counts = Counter("site" if alert.kind == "unread" else alert.kind == "failed" for alert in alerts)
    parts = (
        f"{counted(counts[True], 'post')} failed" if counts[True] else "",
        f"{counted(counts[False], 'post')} at risk" if counts[False] else "",
        f"{counted(counts['site'], 'site')} can't be checked" if counts["site"] else "",
    )
    lines = [f"postbatch: {listed([part for part in parts if part], last='and')}."]
    for alert in alerts[:MAX_TOLD_IN_TEXT]:
        lines.append(f"- {shorten(make_visible_line(alert.sentence), limit=MAX_CHARS_OF_ONE)}")
    if (more := len(alerts) - MAX_TOLD_IN_TEXT) > 0:
        lines.append(f"... and {more:,} more.")
    return lines


def make_senders(environment: Environment, *, notify: bool, command: str) -> Senders:
    """Return who is told besides the terminal. Errors: StartError where the address or its format can't be used."""
    senders: dict[str, Callable[[Sequence[Alert]], None]] = {}
    if notify:
        address = environment.environ.get(NOTIFY_URL, "").strip()
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
        if not host or (parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(host))):
            raise StartError(f"--notify needs an https address in {NOTIFY_URL}. Set it, or leave --notify out.")
        known = (form for form, hosts in FORMATS.items() if any(f".{host}".endswith(f".{end}") for end in hosts))
        form = environment.environ.get(NOTIFY_FORMAT, "").strip().casefold() or next(known, "json")
        if form not in FORMATS:
            raise StartError(f"{NOTIFY_FORMAT} can't be {form!r}. Use {listed(FORMATS, last='or')}, or unset it.")
        senders["notify"] = lambda alerts: notify_webhook(address, make_message(alerts, form))
    if command:
        senders["command"] = lambda alerts: _pipe(command, make_message(alerts))
    return senders


def _pipe(command: str, message: Mapping[str, object]) -> None:
    import shlex

    try:
        done = subprocess.run(  # noqa: S603 - the person's own command, from their own command line
            command if WINDOWS else shlex.split(command),
            input=json.dumps(message),
            text=True,
            timeout=COMMAND_SECONDS,
            check=False,
        )
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise StartError(f"--notify-command did not end ({type(error).__name__}).") from error
    if done.returncode:
        raise StartError(f"--notify-command ended with status {done.returncode}.")
