"""What a site is connected to and what its plan allows: accounts, connections, quotas."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

from batch.errors import ServiceError, SignInError
from batch.model import Account, Channel, Json, Quota, Snapshot, Status
from batch.publisher.client import AT_ONCE, Client, gather
from batch.publisher.items import ItemsRead, read_items
from batch.publisher.payload import as_dict, as_dicts, as_text, read_account
from batch.publisher.reply import ReplyKind

BASE = "/social-publisher/v1"
METERED = ("PUBLISH_POST", "SCHEDULE_POST")
"""The actions that a plan counts, each by itself."""
FEATURES = (*METERED, "AI_TOOLS")
VALID = "VALID"
WRONG_CREDENTIAL = 401
"""A status that is about the credential, and never about one channel."""
UNREADABLE = "UNREADABLE"
"""The state of a channel whose accounts the service does not tell."""
NO_ACCOUNTS: Mapping[int | None, str] = {400: "HTTP_400", 428: "NO_PAGES_FOR_USER"}
"""What List Accounts means by a status to which no code is given: not connected, or nothing to post to."""


class Connection(NamedTuple):
    """One channel's accounts, and its state: the token's, or the code with which List Accounts refused."""

    accounts: tuple[Account, ...]
    state: str
    notices: tuple[str, ...] = ()


class Allowance(NamedTuple):
    """What the site's plan allows: quotas by action, features by name, and what is to be said about either."""

    quotas: dict[str, Quota]
    features: dict[str, bool]
    notices: tuple[str, ...] = ()


def list_accounts(client: Client, channel: Channel) -> Connection:
    """Return a channel's connected accounts; where the service refuses the list, its code is the state."""
    reply = client.query("GET", f"{BASE}/accounts", params={"channelName": channel.value}, by_status=True)
    if reply.kind is not ReplyKind.OK:
        # Without a code its status tells, where the API documents it for this call.
        plain = reply.code.startswith("HTTP_")
        if plain and reply.status not in NO_ACCOUNTS:
            raise ServiceError(f"The site didn't list its accounts ({reply.code}): {reply.message} Try again later.")
        return Connection((), NO_ACCOUNTS[reply.status] if plain else reply.code)
    listed = reply.body.get("accounts")
    if not isinstance(listed, list):
        raise ServiceError(f"The site's answer holds no list of {channel.value} accounts. Try again later.")
    known = tuple(account for entry in as_dicts(listed) if (account := read_account(entry, channel)))
    left_out = len(listed) - len(known)
    said = f"{left_out} {channel.value} accounts can't be read and were left out."
    return Connection(known, VALID, (said,) if left_out else ())


def token_status(client: Client, channel: Channel) -> str:
    """Return a channel's state (`VALID`, `NEVER_CREATED`, `DISCONNECTED`, `INVALID`); "" where it is not told."""
    try:
        reply = client.query("GET", f"{BASE}/{channel.value}/long-lived-token-status", by_status=True)
    except (ServiceError, SignInError) as error:  # of this channel alone: the list of accounts then says what it can
        if getattr(error, "status", None) == WRONG_CREDENTIAL:
            raise
        return ""
    return as_text(reply.body.get("status")) if reply.kind is ReplyKind.OK else ""


def read_connection(client: Client, channel: Channel) -> Connection:
    """Return accounts and state of a channel; what its list fails with is that channel's state, and not the site's."""
    state = token_status(client, channel)
    if state not in ("", VALID):
        return Connection((), state)
    said = () if state else (f"Can't tell whether the connection to {channel.value} is still valid.",)
    try:
        connection = list_accounts(client, channel)
    except (ServiceError, SignInError) as error:
        if getattr(error, "status", None) == WRONG_CREDENTIAL:
            raise
        said = (f"The accounts of {channel.value} can't be read, so nothing is posted to it: {error}",)
        return Connection((), UNREADABLE, said)
    return connection._replace(notices=connection.notices + said)


def connect_url(client: Client, channel: Channel) -> str:
    """Return the address at which the site's owner connects a channel."""
    reply = client.query("GET", f"{BASE}/{channel.value}/connect-url", by_status=True)
    url = reply.body.get("connectUrl")
    if reply.kind is ReplyKind.OK and isinstance(url, str) and url.startswith("https://"):
        return url
    if reply.code == "INELIGIBLE_FOR_FEATURE":
        raise ServiceError(f"{channel.value} can't be connected: the plan's number of connected channels is used up.")
    raise ServiceError(f"The service gave no address to connect {channel.value} at ({reply.code}: {reply.message}).")


def read_quotas(client: Client, names: Iterable[str] = FEATURES) -> Allowance:
    """Return what the plan allows: one call, or one for each feature where the service refuses that call."""
    names, notices = tuple(names), []
    reply = client.query("GET", f"{BASE}/features", params={"featureTypes": names}, by_status=True)
    metered = reply.body.get("monetizationEnabled") is not False
    if reply.kind is ReplyKind.OK and isinstance(reply.body.get("features"), list):
        found = {f["type"]: f for f in as_dicts(reply.body["features"]) if isinstance(f.get("type"), str)}
    else:
        found, metered = {}, True
        notices.append("The service doesn't list all features in one call, so each was asked for by itself.")
        for name in names:
            reply = client.query("GET", f"{BASE}/features/{name}", by_status=True)
            if reply.kind is ReplyKind.OK and isinstance(data := reply.body.get("featureData"), dict):
                found[name] = data
    if missing := [name for name in names if name not in found]:
        notices.append(f"The service didn't report {', '.join(missing)}, so what is left is unknown.")
    told = [name for name in names if name in found]
    quotas = {name: make_quota(name, found[name], metered=metered) for name in told if name in METERED}
    return Allowance(quotas, {name: found[name].get("enabled") is not False for name in told}, tuple(notices))


def make_quota(action: str, feature: Json, *, metered: bool) -> Quota:
    """Read one feature's quota. No figures, figures of zero, or a site without metering: nothing is counted."""
    info = as_dict(feature.get("quotaInfo"))
    enabled = feature.get("enabled") is not False
    limit, used, left = (_count(info.get(n)) for n in ("limit", "currentUsage", "remainingUsage"))
    if not metered or not limit:
        return Quota(action, enabled=enabled)
    if left is None and used is not None:
        left = max(0, limit - used)
    return Quota(action, enabled=enabled, limit=limit, left=left, period=as_text(info.get("period")))


def _count(value: Any) -> int | None:
    """Read a count; the API's convention writes large numbers as text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 19:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def read_snapshot(
    client: Client, channels: Iterable[Channel], *, now: datetime, site: str = "", at_once: int = AT_ONCE
) -> Snapshot:
    """Read accounts, connections, quotas and items side by side. Raises `SignInError`, `ServiceError`."""
    wanted = list(dict.fromkeys(channels))
    connect = [partial(read_connection, client, channel) for channel in wanted]
    questions: list[Callable[[], Any]] = [partial(read_items, client), partial(read_quotas, client), *connect]
    items: ItemsRead
    plan: Allowance
    connections: list[Connection]
    items, plan, *connections = gather(questions, at_once=at_once)
    # Posts that wait on a channel that nobody asked about may wait in vain.
    waiting = {i.channel for i in items.items if i.status == Status.SCHEDULED and not i.external}
    others = [channel for channel in Channel if channel in waiting and channel not in wanted]
    states = gather([partial(token_status, client, channel) for channel in others], at_once=at_once)
    notices = (*items.notices, *plan.notices, *(n for c in connections for n in c.notices))
    return Snapshot(
        site=site,
        read_at=now,
        accounts=tuple(account for connection in connections for account in connection.accounts),
        connections={
            **{channel.value: c.state for channel, c in zip(wanted, connections, strict=True)},
            **{channel.value: state for channel, state in zip(others, states, strict=True) if state},
        },
        quotas=plan.quotas,
        features=plan.features,
        items=items.items,
        server_at=items.first.server_at,
        notices=notices,
    )
