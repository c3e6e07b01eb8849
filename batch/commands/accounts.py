"""`accounts`: what a site has connected, what quota is left, and where to connect what is missing.

With `--out`: a table of places to fill in, made from the accounts of all sites.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from itertools import chain, count
from pathlib import Path

from batch.codec import to_data
from batch.commands.options import Environment, Flags
from batch.commands.session import EXIT_DONE, EXIT_ROWS, Session, refuse_to_lose
from batch.commands.sites import ask_sites, tell_unread
from batch.errors import PostbatchError, ServiceError, SignInError
from batch.model import Account, Channel, Snapshot
from batch.publisher.accounts import UNREADABLE, connect_url, read_connection, read_quotas
from batch.publisher.generate import ASSET_CALLS, list_assets
from batch.report import terminal
from batch.rules.channel_words import channel_named, plain
from batch.rules.channels import ENDED
from batch.rules.places import ALL
from batch.wording import counted
from batch.workbooks.places_sheet import PlaceRows, write_places
from batch.workbooks.validation import named_accounts

LIVING = tuple(channel for channel in Channel if channel not in ENDED)
EXPIRED = frozenset({"DISCONNECTED", "USER_IS_DISCONNECTED", "INVALID"})
NEVER_CONNECTED = frozenset({"NEVER_CREATED", "USER_NOT_EXIST_FOR_CHANNEL", "HTTP_400"})


def show_accounts(environment: Environment, flags: Flags, *, assets: bool = False) -> int:
    """Print the connected channels and accounts, what quota is left, and where to connect what is missing.

    With `assets` also what on the site a post can be generated from.
    """
    with Session(environment, flags) as session:
        session.start_sandbox()
        with session.status.waiting(lambda: "Reading the site's accounts"):
            snapshot, urls = read_accounts(session, session.settings.site().name)
        whole = to_data(snapshot)
        told = {name: whole[name] for name in ("site", "accounts", "connections", "quotas")}
        environment.answer({**told, "connect_urls": {str(channel): url for channel, url in urls.items()}})
        session.show_text(terminal.accounts_text(snapshot, connect_urls=urls, **session.style))
        for notice in snapshot.notices:
            session.say(notice)
        for kind in ASSET_CALLS if assets else ():
            try:
                found = list_assets(session.client(snapshot.site), kind)
            except PostbatchError as error:
                session.warn(f"{kind}: {error}")
                continue
            for asset in found:
                session.show(f"{kind}: {asset.name}")
        return 0


ODD = re.compile(r"[^\w .:+()@&=-]+")
"""What the name of a place can't have, or is hard to type the same way again."""

MAX_NAME = 40


def write_places_table(environment: Environment, flags: Flags, out: Path, *, force: bool) -> int:
    """Write a table of places to fill in from the accounts of every site. 1 where one of several can't be read.

    Errors: StartError where the file is there already, or its ending is unknown; ServiceError, SignInError.
    """
    path = (environment.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    with Session(environment, flags, folder=path.parent) as session:
        session.start_sandbox()
        found, unread = ask_sites(session, session.every_site(), partial(_connected_accounts, session))
        tell_unread(session, unread, but="its places are left out", among=found)
        zone = session.settings.timezone_for
        rows = [row for site in found for row in make_places(found[site], site=site, timezone=zone(site))]
        channels = [channel for channel in Channel if any(f"account:{channel}" in row for row in rows)]
        write_places(PlaceRows(tell_apart(rows), channels=channels), path)
        environment.answer({"written": str(out), "places": len(rows), "unread_sites": len(unread)})
        session.show(f"Written: {out}, with {counted(len(rows), 'place')}. Fill in their groups and words.")
        session.show_next(session.next_command("plan", "posts.xlsx", "--places", str(out)))
        return EXIT_ROWS if unread else EXIT_DONE


def _connected_accounts(session: Session, site: str) -> tuple[Account, ...]:
    """Return a site's accounts. Errors: ServiceError where it tells none of its channels, SignInError."""
    connections = [read_connection(session.client(site), channel) for channel in LIVING]
    unread = [notice for connection in connections if connection.state == UNREADABLE for notice in connection.notices]
    if all(connection.state == UNREADABLE for connection in connections):
        raise ServiceError(unread[0])
    for notice in unread:
        session.warn(f"{session.settings.called(site, first=True)}: {notice}")
    return tuple(account for connection in connections for account in connection.accounts)


def make_places(accounts: Iterable[Account], *, site: str, timezone: str) -> list[dict[str, str]]:
    """Return a row for a site, or for each of its accounts where a channel has several.

    Accounts of several channels that are called alike are one place. What a site has only one of is left blank in such
    rows: it serves them all.
    """
    named = named_accounts(accounts)
    several = {channel for channel, count in Counter(e.account.channel for e in named).items() if count > 1}
    places: dict[str, dict[str, str]] = {}
    for name, account in named:
        if several and account.channel not in several:
            continue
        place = name if several else site
        row = places.setdefault(plain(place), {"place": place, "site": site, "timezone": timezone})
        row[f"account:{account.channel}"] = name
    return list(places.values()) or [{"place": site, "site": site, "timezone": timezone}]


def tell_apart(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return rows whose places have names that can be written into `places`, each another."""
    known: set[str] = set()
    told = []
    for row in rows:
        base = ODD.sub("-", row["place"])[:MAX_NAME].strip(" -")
        base = base if plain(base) else "place"
        tries = chain((base, f"{base} {ODD.sub('-', row['site'])}"), (f"{base} {number}" for number in count(2)))
        name = next(name for name in tries if plain(name) not in known | ALL and not channel_named(name))
        known.add(plain(name))
        told.append({**row, "place": name})
    return told


def read_accounts(session: Session, site: str) -> tuple[Snapshot, dict[str, str]]:
    """Read a site's accounts and quotas, and for each channel that is not connected where to connect it."""
    client = session.client(site)
    connections = {channel: read_connection(client, channel) for channel in LIVING}
    plan = read_quotas(client)
    urls: dict[str, str] = {}
    for channel, connection in connections.items():
        if connection.state in EXPIRED | NEVER_CONNECTED:
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
