"""Commands that only tell: accounts, doctor, runs, results."""

from __future__ import annotations

import platform
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from batch.commands.pipeline import width
from batch.commands.run import finish
from batch.commands.session import (
    SANDBOX_KEY,
    SANDBOX_SAID,
    Environment,
    Flags,
    Outputs,
    Session,
    refuse_outputs,
    refuse_to_lose,
)
from batch.errors import PostbatchError, SignInError
from batch.model import Account, Channel, Item, Snapshot, Status
from batch.plan.matching import split_reference
from batch.publisher.accounts import read_snapshot
from batch.publisher.items import query_items
from batch.report import terminal
from batch.report.plan_text import QUOTA_NAMES, left_of
from batch.rules.channels import COMBINATIONS, ENDED
from batch.run.journal import make_private_folder
from batch.run.record import read_record, read_results, run_names
from batch.settings import Settings
from batch.workbooks.posts_sheet import write_posts
from batch.workbooks.template import write_template
from batch.workbooks.validation import Connected

LIVING = tuple(channel for channel in Channel if channel not in ENDED)
NOT_CONNECTED = frozenset(
    {"NEVER_CREATED", "DISCONNECTED", "INVALID", "USER_NOT_EXIST_FOR_CHANNEL", "USER_IS_DISCONNECTED", "HTTP_400"}
)


def show_accounts(environment: Environment, flags: Flags) -> int:
    """Print the connected channels and accounts, what quota is left, and where to connect what is missing."""
    with Session(environment, flags) as session:
        session.start_sandbox()
        snapshot, urls = look_at_site(session)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(terminal.accounts_text(snapshot, connect_urls=urls, width=width(environment), color=flags.color))
        for notice in snapshot.notices:
            session.say(notice)
        return 0


def look_at_site(session: Session) -> tuple[Snapshot, dict[str, str]]:
    """Read accounts, quotas, and where to connect what is missing, of the default site."""
    from batch.publisher.accounts import connect_url, read_connection, read_quotas

    site = session.settings.site().name
    client = session.client(site)
    connections = {channel: read_connection(client, channel) for channel in LIVING}
    plan = read_quotas(client)
    urls: dict[str, str] = {}
    for channel, connection in connections.items():
        if connection.state in NOT_CONNECTED:
            try:
                urls[channel] = connect_url(client, channel)
            except SignInError:
                raise
            except PostbatchError as error:
                urls[channel] = str(error)
    snapshot = Snapshot(
        site=site,
        read_at=session.environment.now(),
        accounts=tuple(a for c in connections.values() for a in c.accounts),
        connections={str(channel): c.state for channel, c in connections.items()},
        quotas=plan.quotas,
        features=plan.features,
        notices=(*plan.notices, *(n for c in connections.values() for n in c.notices)),
    )
    return snapshot, urls


def show_runs(environment: Environment, flags: Flags) -> int:
    """List the runs so far, the latest last."""
    with Session(environment, flags) as session:
        if session.sandbox:
            session.show(SANDBOX_SAID)
        records = []
        for name in run_names(session.state):
            try:
                records.append(read_record(session.state, name))
            except PostbatchError as error:
                session.warn(str(error))
        session.show(terminal.runs_text(records, width=width(environment), color=flags.color))
        return 0


def write_results_again(environment: Environment, flags: Flags, run: str, outputs: Outputs) -> int:
    """Write a run's results again, from its record and the journals. The exit status is the run's own."""
    from batch.commands.session import exit_status
    from batch.commands.undo import UNDO, undo_name

    with Session(environment, flags) as session:
        record = read_record(session.state, run)
        undone = record.command.removeprefix(UNDO) if record.command.startswith(UNDO) else ""
        sheet = environment.cwd / (undo_name(undone) if undone else Path(record.sheet).name)
        refuse_outputs(outputs, sheet=sheet, cwd=environment.cwd)
        results = read_results(session.state, record)
        finish(session, results, outputs, sheet=sheet)
        return exit_status(results.outcomes)


def doctor(environment: Environment, flags: Flags) -> int:
    """Say whether the configuration is right, the credential works, and what is missing. 2 where something is wrong."""
    findings: list[tuple[bool, str]] = [(True, f"Python {platform.python_version()}, postbatch {_version()}")]
    try:
        with Session(environment, flags) as session:
            session.start_sandbox()
            findings += list(_examine(session))
    except PostbatchError as error:
        findings.append((False, str(error)))
    for good, text in findings:
        print(f"{'ok ' if good else 'NO '} {text}", file=environment.out)
    return 0 if all(good for good, _ in findings) else 2


def _version() -> str:
    from batch import __version__

    return __version__


def _examine(session: Session) -> Iterable[tuple[bool, str]]:
    settings = session.settings
    file = f"{settings.config_path.name} {settings.config_place}" if settings.config_path else "from the environment"
    yield True, f"Configuration: {file}; API: {settings.api_url}"
    if session.sandbox:
        yield True, SANDBOX_SAID
    if not settings.sites:
        settings.site()
    for name in [settings.site().name] if session.flags.site else settings.sites:
        yield from _examine_site(session, name)


def _examine_site(session: Session, name: str) -> Iterable[tuple[bool, str]]:
    zone = session.settings.timezone_for(name)
    where = f"Site {name}"
    yield True, f"{where}: time zone {zone or 'is not set, so each row with a date needs one, or postbatch.toml'}"
    try:
        make_private_folder(session.journal(name).parent)
        own = replace(session.settings, default_site=name)
        session.settings = own
        snapshot, urls = look_at_site(session)
    except (PostbatchError, OSError) as error:
        yield False, f"{where}: {error}"
        return
    yield True, f"{where}: the credential works"
    for channel in LIVING:
        state = snapshot.connections[channel]
        accounts = [a for a in snapshot.accounts if a.channel is channel]
        if state == "VALID" and accounts:
            yield True, f"{where}: {channel} has {', '.join(a.name or a.id for a in accounts)}"
        else:
            yield True, f"{where}: {channel} is not connected ({state}); {urls.get(channel, 'no posts can go there')}"
    for action, quota in snapshot.quotas.items():
        left = left_of(quota) if quota.enabled else "not in the plan of this site"
        yield quota.enabled, f"{where}: {QUOTA_NAMES.get(action, action)}: {left}"


EDITABLE = frozenset({Status.DRAFT, Status.SCHEDULED})
GONE_OUT = frozenset({Status.PUBLISHED, Status.PROCESSING, Status.IN_QUEUE})
"""What `--all` adds. Failed, cancelled and deleted posts are never there: a row of theirs would ask to be made anew."""

LEFT_OUT_WORDS: Mapping[str, str] = {
    Status.PUBLISHED: "published", Status.PROCESSING: "in process", Status.IN_QUEUE: "waiting",
    Status.FAILED: "failed", Status.CANCELED: "cancelled", Status.DELETED: "deleted",
}  # fmt: skip


def pull_posts(environment: Environment, flags: Flags, out: Path, *, everything: bool, force: bool = False) -> int:
    """Write the site's drafts and scheduled posts (with `everything` published ones too) as a sheet."""
    path = (environment.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    with Session(environment, flags, folder=path.parent) as session:
        session.start_sandbox()
        site = session.settings.site().name
        client = session.client(site)
        held = query_items(client)
        items = [item for item in held if wanted(item, everything=everything)]
        channels = sorted({Channel(item.channel) for item in items if item.channel in Channel.__members__})
        accounts = read_snapshot(client, channels, now=environment.now(), site=site).accounts if channels else ()
        named = site if len(session.settings.sites) > 1 else ""
        zone = session.settings.timezone_for(site)
        rows = posts_rows(items, accounts, site=named, zone=zone)
        write_posts(rows, path)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        count = f"{len(rows):,} {'post' if len(rows) == 1 else 'posts'}"
        session.show(f"{count} written to {out}. Edit them there, then: postbatch plan {out}")
        if left_out := tell_left_out(held, everything=everything):
            session.show(left_out)
        return 0


def wanted(item: Item, *, everything: bool) -> bool:
    """Tell whether an item goes into the sheet.

    What was made on the channel itself can't be changed from here, and a channel that is new to us can't be named.
    """
    known = (item.channel, item.type) in COMBINATIONS
    return known and not item.external and (item.status in EDITABLE or (everything and item.status in GONE_OUT))


def tell_left_out(items: Iterable[Item], *, everything: bool) -> str:
    """Return the sentence that counts what the sheet does not hold, "" where it holds all."""
    out = [item for item in items if not item.external and not wanted(item, everything=everything)]
    left = Counter(_left_out_as(item) for item in out)
    order = [*LEFT_OUT_WORDS, *sorted(set(left) - set(LEFT_OUT_WORDS))]
    counts = [f"{left[status]:,} {LEFT_OUT_WORDS.get(status, status)}" for status in order if left[status]]
    more = " (--all takes in what was published)" if not everything and left[Status.PUBLISHED] else ""
    return f"Left out: {', '.join(counts)}{more}." if counts else ""


def _left_out_as(item: Item) -> str:
    known = (item.channel, item.type) in COMBINATIONS
    return item.status if known else f"of a kind not known here ({item.channel} {item.type})"


def posts_rows(
    items: Iterable[Item], accounts: Sequence[Account], *, site: str, zone: str
) -> list[Mapping[str, str | datetime]]:
    """Return the items as rows of the template, soonest first, drafts last."""
    far = datetime.max.replace(tzinfo=UTC)
    ordered = sorted(items, key=lambda item: (item.scheduled_at or far, item.channel, item.id))
    names = account_names(accounts)
    return [_row(item, names, site=site, zone=zone) for item in ordered]


def account_names(accounts: Iterable[Account]) -> dict[tuple[str, str, str], str]:
    """Return for each (channel, account ID, second ID) a name that means only it, else its ID."""
    accounts = list(accounts)
    taken = Counter((a.channel, name.casefold()) for a in accounts for name in {a.name, a.target_name, a.id} if name)
    return {
        (str(a.channel), a.id, a.target_id): next(
            (name for name in (a.name, a.target_name) if name and taken[a.channel, name.casefold()] == 1), a.id
        )
        for a in accounts
    }


def _row(item: Item, names: Mapping[tuple[str, str, str], str], *, site: str, zone: str) -> dict[str, str | datetime]:
    content = item.content
    account = names.get((item.channel, item.account_id, content.target_id), item.account_id)
    row: dict[str, str | datetime] = {
        "key": split_reference(item.reference)[0],
        "site": site,
        "channel": item.channel,
        "type": item.type,
        "account": account,
        "text": content.text,
        "title": content.title,
        "media": "\n".join(medium.url for medium in content.media),
        "link": content.link,
        "call_to_action": content.call_to_action,
        "privacy": content.privacy,
        "item_id": item.id,
    }
    if item.scheduled_at is not None:
        row["timezone"] = zone or "UTC"
        row["publish_at"] = wall_clock(item.scheduled_at, zone or "UTC")
    return {name: value for name, value in row.items() if value}


def wall_clock(at: datetime, zone: str) -> str:
    """Return a date as the sheet takes it; with its offset where the wall clock alone would come twice."""
    local = at.astimezone(ZoneInfo(zone))
    shown = f"{local:%Y-%m-%d %H:%M:%S}" if local.second else f"{local:%Y-%m-%d %H:%M}"
    naive = local.replace(tzinfo=None)
    again = naive.replace(tzinfo=ZoneInfo(zone), fold=1 - local.fold)
    return shown if again.utcoffset() == local.utcoffset() else f"{shown}{local:%z}"


def serve(environment: Environment, *, port: int, reset: bool, wait: Callable[[], object] | None = None) -> int:
    """Serve until interrupted (or until `wait` returns)."""
    with Session(environment, Flags(sandbox=True)) as session:
        session.start_sandbox(port=port, reset=reset)
        session.show(f"The sandbox of this folder is at {session.settings.api_url}/ (open it in a browser).")
        session.show("In another terminal, from this folder, `postbatch run SHEET --sandbox` uses the same posts,")
        session.show("or let any command talk to this server:")
        session.show(f"  export {' '.join(_variables(session.settings))}")
        session.show("Ctrl-C ends it; its posts are kept for this folder.")
        try:
            (wait or threading.Event().wait)()
        except KeyboardInterrupt:
            session.warn("The sandbox has ended.")
    return 0


def _variables(settings: Settings) -> Iterator[str]:
    """Return what leads a command to this server; of several sites none of which is the default, none is named."""
    yield f"WIX_API_URL={settings.api_url}"
    yield f"WIX_API_KEY={SANDBOX_KEY}"
    if settings.default_site:
        yield f"WIX_SITE_ID={settings.site().site_id}"


def make_template(environment: Environment, flags: Flags, out: Path, *, connected: bool, force: bool) -> int:
    """Write the template. Errors: StartError where the file is there already or has another ending."""
    path = (environment.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    with Session(environment, flags, folder=path.parent) as session:
        offered = None
        if connected:
            session.start_sandbox()
            snapshot, _ = look_at_site(session)
            offered = Connected(
                accounts=snapshot.accounts,
                quotas=snapshot.quotas,
                timezone=session.settings.timezone_for(snapshot.site),
            )
        write_template(path, connected=offered)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(f"Written: {out}. Fill it in, then: postbatch check {out}")
    return 0
