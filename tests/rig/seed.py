"""Put a site as it should be before a scenario: its accounts, plan, connections, and posts that are already there."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from batch.sandbox.content import CHANNELS, COMBINATIONS, PRIVACY_LEVELS, STATUSES, TYPES
from batch.sandbox.schemas import (
    CHANNEL,
    NEW_ITEM_FIELDS,
    Address,
    Count,
    Flag,
    Name,
    Text,
    listed,
    model,
    one_of,
    violations,
)
from batch.sandbox.sites import FEATURES, PUBLISH, SCHEDULE, SITE_ID, add_site, set_accounts
from batch.sandbox.state import read_iso, write_json
from tests.rig.rules import CONNECTIONS, PLANS, RigItems, RigSite


def scheduled_by_others(at: datetime, **changes: object) -> dict[str, object]:
    """Return a Facebook post that somebody else has scheduled on the site's own account, as `seed` takes it."""
    return {
        "channel": {"name": "FACEBOOK", "accountId": "10215544332211009"},
        "type": "POST",
        "status": "SCHEDULED",
        "facebookPost": {"caption": "Theirs", "pageId": "104512345678901"},
        "schedulingInfo": {"scheduledDate": f"{at:%Y-%m-%dT%H:%M:%SZ}"},
        **changes,
    }


ACCOUNT = model(
    "Account",
    {"id": Name},
    username=Text,
    displayName=Text,
    settings=model("Settings", default=Flag),
    page=Any,
    board=Any,
    location=Any,
    privacyLevelOptions=listed(one_of(PRIVACY_LEVELS)),
)
ITEM = model(
    "SeededItem",
    {"channel": CHANNEL, "type": one_of(TYPES)},
    **NEW_ITEM_FIELDS,
    id=Name,
    status=one_of(STATUSES),
    external=Flag,
    publicationError=Any,
    externalItemUrl=Address,
)
QUOTA = model("Quota", limit=Count, used=Count)
SEED = model(
    "Seed",
    site=Name,
    name=Name,
    plan=one_of(tuple(PLANS)),
    quota=model("Quotas", **dict.fromkeys((PUBLISH, SCHEDULE), QUOTA)),
    features=model("Features", **dict.fromkeys(FEATURES, Flag)),
    monetization=Flag,
    channels=Count,
    publish_limits=model("PublishLimits", **dict.fromkeys(CHANNELS, Count)),
    connections=model("Connections", **dict.fromkeys(CHANNELS, one_of(CONNECTIONS))),
    accounts=model("Accounts", **dict.fromkeys(CHANNELS, listed(ACCOUNT))),
    items=listed(ITEM),
)


def apply_seed(items: RigItems, seed: Mapping[str, Any]) -> list[str]:
    """Carry out a seed for one site; return the IDs of the items that it added. Raises `ValueError`.

    `plan` names a plan; `quota` {action: {limit, used}}, `features` {name: bool}, `monetization`, `channels` (how
    many may be connected) and `publish_limits` {channel: posts a day} set parts of it otherwise; `connections`
    {channel: state}; `accounts` {channel: [account]} replaces; `items` are API items in any state, with any date.
    """
    wrong = [f"{v.field} {v.description}" for v in violations(dict(seed), SEED)]
    if wrong:
        raise ValueError("; ".join(wrong))
    store, site = items.store, str(uuid.UUID(seed.get("site", SITE_ID)))
    add_site(store, site, name=seed.get("name", ""))
    plan = {"name": seed["plan"]} if "plan" in seed else RigSite(store, site, items.now).plan
    settings = ("quota", "features", "monetization", "channels", "publish_limits")
    plan |= {name: seed[name] for name in settings if name in seed}
    store.run("INSERT OR REPLACE INTO plans VALUES (?, ?)", site, write_json(plan))
    for channel, accounts in seed.get("accounts", {}).items():
        set_accounts(store, site, channel, accounts)
        store.run("INSERT OR REPLACE INTO connections VALUES (?, ?, 'VALID')", site, channel)
    for channel, status in seed.get("connections", {}).items():
        store.run("INSERT OR REPLACE INTO connections VALUES (?, ?, ?)", site, channel, status)
    return [_add_item(items, site, item) for item in seed.get("items", [])]


def _add_item(items: RigItems, site: str, item: Mapping[str, Any]) -> str:
    status = item.get("status", "DRAFT")
    if (item["channel"]["name"], item["type"]) not in COMBINATIONS:
        raise ValueError(f"there is no {item['type']} on {item['channel']['name']}")
    held = items.make(site, {k: v for k, v in item.items() if k != "status"}, status=status)
    at = read_iso(item.get("schedulingInfo", {}).get("scheduledDate"))
    if status == "SCHEDULED":
        if at is None:
            raise ValueError("a scheduled item has a date")
        held.next_at = at
    elif status in ("PROCESSING", "IN_QUEUE"):
        held.next_at = items.now + 1
    if status != "DRAFT":
        held.due = items.now if at is None else at
    items.save(held, items.now)
    return held.id
