"""Read all of a site that planning needs, once: never one call a row."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

from batch.model import Channel, Snapshot
from batch.publisher.accounts import Allowance, Connection, read_connection, read_quotas
from batch.publisher.beside import AT_ONCE, ask_beside
from batch.publisher.client import Client
from batch.publisher.pages import ItemsRead, read_items


def read_snapshot(
    client: Client, channels: Iterable[Channel], *, now: datetime, site: str = "", at_once: int = AT_ONCE
) -> Snapshot:
    """Read a site's accounts, connections, quotas and items, side by side (`at_once`) within its pace.

    `site` is its name in the configuration, `now` the time of the reading. Calls: two a channel, one for the features,
    one for each hundred items. Raises `SignInError`, `ServiceError`.
    """
    wanted = list(dict.fromkeys(channels))
    connect = [partial(read_connection, client, channel) for channel in wanted]
    questions: list[Callable[[], Any]] = [partial(read_items, client), partial(read_quotas, client), *connect]
    answers = ask_beside(questions, at_once=at_once)
    items: ItemsRead = answers[0]
    plan: Allowance = answers[1]
    connections: list[Connection] = answers[2:]
    notices = (*items.notices, *plan.notices, *(n for c in connections for n in c.notices))
    return Snapshot(
        site=site,
        read_at=now,
        accounts=tuple(account for connection in connections for account in connection.accounts),
        connections={channel.value: c.state for channel, c in zip(wanted, connections, strict=True)},
        quotas=plan.quotas,
        features=plan.features,
        items=items.items,
        server_at=items.first.server_at,
        notices=notices,
    )
