"""Read all of a site that planning needs, once: never one call a row."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from batch.model import Channel, Snapshot
from batch.publisher.accounts import read_connection, read_quotas
from batch.publisher.client import Client
from batch.publisher.pages import read_items

SIDE_BY_SIDE = 4


def read_snapshot(client: Client, channels: Iterable[Channel], *, now: datetime, site: str = "") -> Snapshot:
    """Read a site's accounts, connections, quotas and items, side by side within its pace.

    `site` is its name in the configuration, `now` the time of the reading. Calls: two a channel, one for the features,
    one for each hundred items. Raises `SignInError`, `ServiceError`.
    """
    wanted = list(dict.fromkeys(channels))
    with ThreadPoolExecutor(SIDE_BY_SIDE, "snapshot") as pool:
        items_read = pool.submit(read_items, client)
        plan_read = pool.submit(read_quotas, client)
        connections = list(pool.map(lambda channel: read_connection(client, channel), wanted))
        items, plan = items_read.result(), plan_read.result()
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
