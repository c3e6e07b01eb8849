"""Commands that only tell: accounts, doctor, runs, results."""

from __future__ import annotations

import platform
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from batch.commands.files import refuse_outputs
from batch.commands.outputs import Outputs
from batch.commands.reading import width
from batch.commands.running import finish
from batch.commands.session import SANDBOX_SAID, Flags, Session
from batch.commands.world import World
from batch.errors import PostbatchError, SignInError
from batch.model import Channel, Snapshot
from batch.report import terminal
from batch.report.planned import QUOTA_NAMES, left_of
from batch.rules.channels import ENDED
from batch.run.journal import make_private_folder
from batch.run.record import read_record, read_results, run_names

LIVING = tuple(channel for channel in Channel if channel not in ENDED)
NOT_CONNECTED = frozenset(
    {"NEVER_CREATED", "DISCONNECTED", "INVALID", "USER_NOT_EXIST_FOR_CHANNEL", "USER_IS_DISCONNECTED", "HTTP_400"}
)


def show_accounts(world: World, flags: Flags) -> int:
    """Print the connected channels and accounts, what quota is left, and where to connect what is missing."""
    with Session(world, flags) as session:
        session.start_sandbox()
        snapshot, urls = look_at_site(session)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(terminal.accounts_text(snapshot, connect_urls=urls, width=width(world), color=flags.color))
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
        read_at=session.world.now(),
        accounts=tuple(a for c in connections.values() for a in c.accounts),
        connections={str(channel): c.state for channel, c in connections.items()},
        quotas=plan.quotas,
        features=plan.features,
        notices=(*plan.notices, *(n for c in connections.values() for n in c.notices)),
    )
    return snapshot, urls


def show_runs(world: World, flags: Flags) -> int:
    """List the runs so far, the latest last."""
    with Session(world, flags) as session:
        if session.sandbox:
            session.show(SANDBOX_SAID)
        records = []
        for name in run_names(session.state):
            try:
                records.append(read_record(session.state, name))
            except PostbatchError as error:
                session.warn(str(error))
        session.show(terminal.runs_text(records, width=width(world), color=flags.color))
        return 0


def write_results_again(world: World, flags: Flags, run: str, outputs: Outputs) -> int:
    """Write a run's results again, from its record and the journals. The exit status is the run's own."""
    from batch.commands.exits import exit_status
    from batch.commands.undoing import UNDO, undo_name

    with Session(world, flags) as session:
        record = read_record(session.state, run)
        undone = record.command.removeprefix(UNDO) if record.command.startswith(UNDO) else ""
        sheet = world.cwd / (undo_name(undone) if undone else Path(record.sheet).name)
        refuse_outputs(outputs, sheet=sheet, cwd=world.cwd)
        results = read_results(session.state, record)
        finish(session, results, outputs, sheet=sheet)
        return exit_status(results.outcomes)


def doctor(world: World, flags: Flags) -> int:
    """Say whether the configuration is right, the credential works, and what is missing. 2 where something is wrong."""
    findings: list[tuple[bool, str]] = [(True, f"Python {platform.python_version()}, postbatch {_version()}")]
    try:
        with Session(world, flags) as session:
            session.start_sandbox()
            findings += list(_examine(session))
    except PostbatchError as error:
        findings.append((False, str(error)))
    for good, text in findings:
        print(f"{'ok ' if good else 'NO '} {text}", file=world.out)
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
