"""`accounts`: what a site has connected, what quota is left, and where to connect what is missing."""

from __future__ import annotations

from batch.codec import to_data
from batch.commands.options import Environment, Flags
from batch.commands.session import Session
from batch.errors import PostbatchError, SignInError
from batch.model import Channel, Snapshot
from batch.publisher.accounts import connect_url, read_connection, read_quotas
from batch.publisher.generate import ASSET_CALLS, list_assets
from batch.report import terminal
from batch.rules.channels import ENDED

LIVING = tuple(channel for channel in Channel if channel not in ENDED)
NOT_CONNECTED = frozenset(
    {"NEVER_CREATED", "DISCONNECTED", "INVALID", "USER_NOT_EXIST_FOR_CHANNEL", "USER_IS_DISCONNECTED", "HTTP_400"}
)


def show_accounts(environment: Environment, flags: Flags, *, assets: bool = False) -> int:
    """Print the connected channels and accounts, what quota is left, and where to connect what is missing.

    With `assets` also what on the site a post can be generated from.
    """
    with Session(environment, flags) as session:
        session.start_sandbox()
        with session.status.waiting(lambda: "Reading the site's accounts"):
            snapshot, urls = read_accounts(session, session.settings.site().name)
        environment.answer(
            {
                "site": snapshot.site,
                "accounts": [to_data(account) for account in snapshot.accounts],
                "connections": dict(snapshot.connections),
                "quotas": {name: to_data(quota) for name, quota in snapshot.quotas.items()},
                "connect_urls": {str(channel): url for channel, url in urls.items()},
            }
        )
        session.show_sandbox()
        session.environment.show_text(terminal.accounts_text(snapshot, connect_urls=urls, **session.style))
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


def read_accounts(session: Session, site: str) -> tuple[Snapshot, dict[str, str]]:
    """Read a site's accounts and quotas, and for each channel that is not connected where to connect it."""
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
