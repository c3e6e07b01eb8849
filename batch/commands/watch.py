"""`watch`: ask again for the open posts of all runs of this machine, and say once which failed and which will fail.

A run ends before its posts go out. What becomes of them is asked of the site: a machine that was off says it when it is
back. An alert is kept as told only after it was printed and sent, so that a kill in between repeats it rather than
losing it.

    open posts of all runs ──► each site, side by side ──► alerts ──► printed, sent, kept ──► results brought up to date
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from batch.codec import to_json
from batch.commands.options import Environment, Flags, Outputs
from batch.commands.session import EXIT_DONE, EXIT_ROWS, Session, shown_from
from batch.commands.sites import LIVE_KINDS, ONE_BY_ONE, OPEN_STATUSES, SITES_AT_ONCE, brought_up_to_date
from batch.errors import PostbatchError, StartError
from batch.model import Channel, Outcome, OutcomeKind, Status
from batch.plan.matching import CONNECTIONS, REMEDY
from batch.publisher import items
from batch.publisher.accounts import VALID, token_status
from batch.publisher.client import Client, notify_webhook
from batch.runs.journal import Journal
from batch.runs.record import (
    RunRecord,
    is_as_written,
    read_record,
    read_results,
    results_files,
    run_names,
)
from batch.settings import is_this_machine
from batch.times import shown_time
from batch.wording import counted, shorten

NOTIFY_URL = "POSTBATCH_NOTIFY_URL"
COMMAND_SECONDS = 60.0
MAX_TOLD_IN_TEXT = 20
"""How many alerts the text of a notification names; its list has all of them."""
LATE_AFTER = timedelta(minutes=15)
"""How long after its time a post that still counts as scheduled is said to be late."""
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
SHORTEST_SECONDS = 60.0
Sender = Callable[[Mapping[str, object]], None]
"""Tells somebody what is new. Errors: PostbatchError, OSError."""
LABELS: Mapping[str, str] = {"failed": "Failed", "will_fail": "Will fail", "late": "Late"}
"""The kinds of alerts, as they are printed."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing about one post that somebody should know. `kind`: `failed`, `will_fail` or `late`."""

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
    def sentence(self) -> str:
        """The alert in one line."""
        account = f", {self.account}" if self.account else ""
        due = f", {self.when}" if self.when else ""
        return f"{self.sheet} row {self.row}, {self.key} ({self.channel}{account}{due}): {self.reason}"


@dataclass(frozen=True, slots=True)
class OpenPost:
    """A post whose end is not known yet, with the run and the position under which the journal keeps it."""

    record: RunRecord
    position: int
    outcome: Outcome


def watch(
    environment: Environment,
    flags: Flags,
    *,
    once: bool,
    every: str = "15m",
    notify: bool = False,
    notify_command: str = "",
) -> int:
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
            watch_once(session, senders)
            environment.sleep(pause)


def watch_once(session: Session, senders: Sequence[Sender]) -> int:
    """Ask once for every open post, say what is new, and bring results up to date."""
    by_site = open_posts(session)
    looked: list[SiteRound] = []
    with ThreadPoolExecutor(SITES_AT_ONCE, "site") as pool:
        rounds = {site: pool.submit(_watch_site, session, site, posts) for site, posts in by_site.items()}
        for site, future in rounds.items():
            try:
                looked.append(future.result())
            except PostbatchError as error:
                session.warn(f"{site}: {error}")
    alerts = [alert for found in looked for alert in found.new]
    standing = sum(found.standing for found in looked)
    well = _announce(session, alerts, senders) and len(looked) == len(by_site)
    for run in sorted({run for found in looked for run in found.runs}):
        _update_files(session, run)
    session.environment.answer({
        "alerts": [asdict(alert) for alert in alerts], "standing": standing, "sites": sorted(by_site),
    })  # fmt: skip
    if not by_site:
        session.say("There are no open posts.")
    elif not alerts:
        checked = f"{counted(sum(map(len, by_site.values())), 'post')} checked on {counted(len(by_site), 'site')}"
        waiting = f"{counted(standing, 'post')} reported before still can't go out" if standing else "nothing new"
        session.say(f"{checked}, {waiting}.")
    return EXIT_DONE if well and not (alerts or standing) else EXIT_ROWS


def _announce(session: Session, alerts: Sequence[Alert], senders: Sequence[Sender]) -> bool:
    """Send and print alerts and keep them as told; False where they could not be sent, and will be again."""
    sent = True
    for send in senders if alerts else ():
        try:
            send(make_message(alerts))
        except (PostbatchError, OSError) as error:
            session.warn(f"The alerts could not be sent: {error} They will be sent again in the next round.")
            sent = False
    for alert in alerts:
        session.show(f"{LABELS[alert.kind]}: {alert.site}, {alert.sentence}")
        if sent:
            now = session.environment.now()
            with Journal(session.journal(alert.site)) as journal:
                journal.remember_fact(_told_name(alert.item_id, alert.kind), now.isoformat(), at=now)
    return sent


def open_posts(session: Session) -> dict[str, list[OpenPost]]:
    """Return, by site, the posts of all runs of this machine that may still change or whose failure was not told yet.

    Each post once, as the latest run knows it. A site that is not configured here, or leads elsewhere now, is left out.
    """
    seen: set[tuple[str, str, str]] = set()
    found: dict[str, list[OpenPost]] = defaultdict(list)
    for record in reversed(read_records(session)):
        try:
            outcomes = read_results(session.state, record).outcomes
        except PostbatchError as error:
            session.warn(str(error))
            continue
        for placed, outcome in zip(record.placed, outcomes, strict=True):
            post = record.journals.get(outcome.site, ""), outcome.key, outcome.channel
            if not outcome.item_id or post in seen or not post[0]:
                continue
            seen.add(post)
            failed = outcome.outcome is OutcomeKind.FAILED and outcome.status == Status.FAILED
            if failed or (outcome.outcome in LIVE_KINDS and outcome.status in (*OPEN_STATUSES, "")):
                found[outcome.site].append(OpenPost(record, placed.position, outcome))
    wanted = session.sites or tuple(found)
    return {site: found[site] for site in sorted(found) if site in wanted}


@dataclass(frozen=True, slots=True)
class SiteRound:
    """What one look at a site came to: alerts not told before, how many told ones still hold, runs with news."""

    new: tuple[Alert, ...]
    standing: int
    runs: frozenset[str]


def _watch_site(session: Session, site: str, posts: Sequence[OpenPost]) -> SiteRound:
    client, now = session.client(site), session.environment.now()
    with Journal(session.journal(site)) as journal:
        fresh = _ask_again(client, journal, posts)
        runs = {new.record.run for old, new in zip(posts, fresh, strict=True) if new.outcome != old.outcome}
        coming = [post for post in fresh if post.outcome.status == Status.SCHEDULED]
        failed = [post for post in fresh if post.outcome.outcome is OutcomeKind.FAILED]
        late = [post for post in coming if post.outcome.publish_at and post.outcome.publish_at + LATE_AFTER < now]
        alerts = [
            *(_alert(post, "failed", post.outcome.message) for post in failed),
            *(_alert(post, "late", "Its time has passed and the site still shows it as scheduled.") for post in late),
        ]
        for channel in sorted({Channel(post.outcome.channel) for post in coming if post.outcome.channel}):
            state = token_status(client, channel)
            why = f"{CONNECTIONS.get(state, f'The service says {state} of its connection')}. {REMEDY}"
            for post in (post for post in coming if post.outcome.channel == channel):
                told = _told_name(post.outcome.item_id, "will_fail")
                if state not in ("", VALID):
                    alerts.append(_alert(post, "will_fail", why))
                elif journal.fact(told):
                    journal.remember_fact(told, "", at=now)  # well again: should it lapse once more, that is news
        new = tuple(alert for alert in alerts if not journal.fact(_told_name(alert.item_id, alert.kind)))
    standing = sum(alert.kind != "failed" for alert in alerts if alert not in new)
    return SiteRound(new, standing, frozenset(runs))


def _ask_again(client: Client, journal: Journal, posts: Sequence[OpenPost]) -> list[OpenPost]:
    """Return the posts as the site shows them now; what changed is kept in the journal."""
    listed = {item.id: item for item in items.query_items(client)} if len(posts) > ONE_BY_ONE else {}
    fresh = []
    for post in posts:
        item = listed.get(post.outcome.item_id)
        if item is None or item.status == Status.FAILED:
            item = items.get_item(client, post.outcome.item_id)  # a list alone is no reason to alarm anybody
        outcome = brought_up_to_date(post.outcome, item)
        if outcome != post.outcome:
            journal.keep_outcome(post.record.run, post.position, to_json(outcome))
        fresh.append(replace(post, outcome=outcome))
    return fresh


def _alert(post: OpenPost, kind: str, reason: str) -> Alert:
    outcome = post.outcome
    return Alert(
        kind=kind,
        site=outcome.site,
        sheet=post.record.sheet,
        row=outcome.row,
        key=outcome.key,
        channel=outcome.channel,
        account=outcome.account,
        when=shown_time(outcome.publish_at, timezone=outcome.timezone) if outcome.publish_at else "",
        reason=reason,
        run=post.record.run,
        item_id=outcome.item_id,
    )


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
    """Return the runs, oldest first, whose sites are the ones that their names mean here and now."""
    found, sites = [], session.settings.sites
    here = {site: session.journal(site).name for site in sites}
    for name in run_names(session.state):
        try:
            record = read_record(session.state, name)
        except PostbatchError as error:
            session.warn(str(error))
            continue
        if record.sandbox == session.sandbox:
            meant = {site: file for site, file in record.journals.items() if not sites or here.get(site) == file}
            found.append(replace(record, journals=meant))
    return found


def read_duration(text: str) -> float:
    """Read `15m`, `90s`, `2h` or `1d` as seconds. Errors: StartError."""
    found = re.fullmatch(r"\s*([0-9]{1,6})\s*([smhd])\s*", text)
    seconds = int(found[1]) * UNITS[found[2]] if found else 0.0
    if seconds < SHORTEST_SECONDS:
        raise StartError(f"--every {text!r} can't be used. Write a time of a minute or more, as in 15m or 2h.")
    return seconds


def make_message(alerts: Sequence[Alert]) -> dict[str, object]:
    """Return what is sent: `text` for people (as Slack and Teams show it), `alerts` for programs."""
    failed = sum(alert.kind == "failed" for alert in alerts)
    rest = len(alerts) - failed
    parts = [f"{counted(failed, 'post')} failed" if failed else "", f"{counted(rest, 'post')} at risk" if rest else ""]
    lines = [f"postbatch: {' and '.join(part for part in parts if part)}."]
    lines += [f"- {shorten(f'{alert.site}, {alert.sentence}', limit=400)}" for alert in alerts[:MAX_TOLD_IN_TEXT]]
    if more := len(alerts) - MAX_TOLD_IN_TEXT:
        lines += [f"... and {more} more."] if more > 0 else []
    return {"text": "\n".join(lines), "alerts": [asdict(alert) for alert in alerts]}


def make_senders(environment: Environment, *, notify: bool, command: str) -> list[Sender]:
    """Return who is told besides the terminal. Errors: StartError where the address can't be used."""
    senders: list[Sender] = []
    if notify:
        address = environment.environ.get(NOTIFY_URL, "")
        parts = urlsplit(address)
        host = parts.hostname or ""
        if not host or (parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(host))):
            raise StartError(f"--notify needs an https address in {NOTIFY_URL}. Set it, or leave --notify out.")
        senders.append(lambda message: notify_webhook(address, message))
    if command:
        senders.append(lambda message: _pipe(command, message))
    return senders


def _pipe(command: str, message: Mapping[str, object]) -> None:
    import shlex

    try:
        done = subprocess.run(  # noqa: S603 - the person's own command, from their own command line
            shlex.split(command), input=json.dumps(message), text=True, timeout=COMMAND_SECONDS, check=False
        )
    except (subprocess.TimeoutExpired, ValueError) as error:
        raise StartError(f"--notify-command did not end ({type(error).__name__}).") from error
    if done.returncode:
        raise StartError(f"--notify-command ended with status {done.returncode}.")
