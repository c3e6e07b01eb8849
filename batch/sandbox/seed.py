"""Put a site as it should be before a scenario: its accounts, plan, connections, and posts that are already there.

The default site is a small pottery that is connected to every channel that is alive.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from batch.sandbox.content import (
    CHANNELS,
    COMBINATIONS,
    CONNECTED,
    NEW_ITEM,
    PRIVACY_LEVELS,
    STATUSES,
    Anything,
    Fields,
    Flag,
    Listed,
    Text,
    Whole,
    violations,
)
from batch.sandbox.items import Held, Items
from batch.sandbox.sites import CONNECTIONS, DEFAULT_PLAN, FEATURES, PLANS, PUBLISH, SCHEDULE
from batch.sandbox.state import Json, Ms, Options, Store, read_iso, write_iso, write_json

SITE_ID = "5a11d0b0-0000-4000-8000-706f74746572"
SITE_NAME = "Pottery"
_INSTANCES = uuid.UUID("7be1d7f5-10ab-4f7e-9f3e-1d2f4c6a8b90")

ACCOUNTS: Mapping[str, tuple[Json, ...]] = {
    "INSTAGRAM": (
        {"id": "17841405822304914", "username": "river.pottery", "settings": {"default": True}},
        {"id": "17841405822304999", "username": "river.pottery.classes", "settings": {"default": False}},
    ),
    "FACEBOOK": (
        {"id": "10215544332211009", "displayName": "Ada River",
         "page": {"id": "104512345678901", "displayName": "River Pottery"},
         "settings": {"default": True}},
    ),
    "YOUTUBE": ({"id": "UCrIvErPoTtErY0123456789", "displayName": "River Pottery", "settings": {"default": True}},),
    "LINKEDIN": (
        {"id": "urn:li:organization:70512345", "displayName": "River Pottery Ltd", "settings": {"default": True}},
    ),
    "PINTEREST": (
        {"id": "774124931234567890", "username": "riverpottery",
         "board": {"id": "549755885175", "displayName": "Glazes"},
         "settings": {"default": True}},
    ),
    "GBP": (
        {"id": "accounts/109876543210987654321", "displayName": "River Pottery",
         "location": {"id": "locations/4503599627370496", "displayName": "River Pottery, Mill Lane 4"},
         "settings": {"default": True}},
    ),
    "TIKTOK": (
        {"id": "-000rIvErPoTtErY-open-id", "username": "riverpottery",
         "privacyLevelOptions": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"],
         "settings": {"default": True}},
    ),
}  # fmt: skip
"""The accounts of a new site. X has ended, so there is none."""

_COUNT = Fields({"limit": Whole(), "used": Whole()})
_ACCOUNT = Fields({
    "id": Text(least=1), "username": Text(), "displayName": Text(), "settings": Fields({"default": Flag()}),
    "page": Anything(), "board": Anything(), "location": Anything(),
    "privacyLevelOptions": Listed(Text(one_of=PRIVACY_LEVELS)),
}, ("id",))  # fmt: skip
_ITEM = Fields({
    **NEW_ITEM.known, "id": Text(least=1), "status": Text(one_of=STATUSES), "external": Flag(),
    "publicationError": Anything(), "externalItemUrl": Text(url=True),
}, ("channel", "type"))  # fmt: skip
SEED = Fields({
    "site": Text(least=1), "name": Text(least=1), "plan": Text(one_of=tuple(PLANS)),
    "quota": Fields(dict.fromkeys((PUBLISH, SCHEDULE), _COUNT)), "features": Fields(dict.fromkeys(FEATURES, Flag())),
    "monetization": Flag(), "channels": Whole(), "publish_limits": Fields(dict.fromkeys(CHANNELS, Whole())),
    "connections": Fields(dict.fromkeys(CHANNELS, Text(one_of=CONNECTIONS))),
    "accounts": Fields(dict.fromkeys(CHANNELS, Listed(_ACCOUNT))), "items": Listed(_ITEM),
})  # fmt: skip


def instance_of(site: str) -> str:
    """Return the ID that an app's installation on a site has."""
    return str(uuid.uuid5(_INSTANCES, site.lower()))


def add_site(store: Store, site: str, *, name: str = "") -> None:
    """Add a site with the default accounts, unless it is there."""
    site = str(uuid.UUID(site))
    if store.row("SELECT 1 FROM sites WHERE id = ?", site):
        return
    count = store.count("SELECT count(*) FROM sites")
    shown = name or (SITE_NAME if site == SITE_ID else f"Site {count + 1}")
    plan = write_json({"name": DEFAULT_PLAN})
    store.run("INSERT INTO sites VALUES (?, ?, ?, ?)", site, shown, instance_of(site), plan)
    for channel, accounts in ACCOUNTS.items():
        set_accounts(store, site, channel, accounts)


def set_accounts(store: Store, site: str, channel: str, accounts: Iterable[Json]) -> None:
    """Make these the connected accounts of a channel."""
    store.run("DELETE FROM accounts WHERE site = ? AND channel = ?", site, channel)
    for account in accounts:
        body = write_json({"channel": channel, CONNECTED[channel].key: account})
        store.run(
            "INSERT INTO accounts (site, channel, id, body) VALUES (?, ?, ?, ?)", site, channel, account["id"], body
        )
    set_connection(store, site, channel, "VALID")


def set_connection(store: Store, site: str, channel: str, status: str) -> None:
    """Set the state of a channel's connection."""
    store.run("INSERT OR REPLACE INTO connections VALUES (?, ?, ?)", site, channel, status)


def apply_seed(
    store: Store, seed: Mapping[str, Any], *, options: Options, now: Ms, new_id: Callable[[], str]
) -> list[str]:
    """Carry out a seed for one site; return the IDs of the items that it added. Raises `ValueError`.

    `plan` names a plan; `quota` {action: {limit, used}}, `features` {name: bool}, `monetization`, `channels` (how
    many may be connected) and `publish_limits` {channel: posts a day} set parts of it otherwise; `connections`
    {channel: state}; `accounts` {channel: [account]} replaces; `items` are API items in any state, with any date.
    """
    wrong = [f"{v.field} {v.description}" for v in violations(dict(seed), SEED, "")]
    if wrong:
        raise ValueError("; ".join(wrong))
    site = str(uuid.UUID(seed.get("site", SITE_ID)))
    add_site(store, site, name=seed.get("name", ""))
    _set_plan(store, site, seed)
    for channel, accounts in seed.get("accounts", {}).items():
        set_accounts(store, site, channel, accounts)
    for channel, status in seed.get("connections", {}).items():
        set_connection(store, site, channel, status)
    items = Items(store, options, now, new_id=new_id)
    return [_add_item(items, site, item) for item in seed.get("items", [])]


def _set_plan(store: Store, site: str, seed: Mapping[str, Any]) -> None:
    row = store.row("SELECT plan FROM sites WHERE id = ?", site)
    plan: Json = json.loads(row[0]) if row else {}
    if "plan" in seed:
        plan = {"name": seed["plan"]}
    settings = ("quota", "features", "monetization", "channels", "publish_limits")
    plan |= {name: seed[name] for name in settings if name in seed}
    store.run("UPDATE sites SET plan = ? WHERE id = ?", write_json(plan), site)


def _add_item(items: Items, site: str, item: Mapping[str, Any]) -> str:
    status = item.get("status", "DRAFT")
    if (item["channel"]["name"], item["type"]) not in COMBINATIONS:
        raise ValueError(f"there is no {item['type']} on {item['channel']['name']}")
    held = items.make(site, {k: v for k, v in item.items() if k != "status"}, status=status)
    at = read_iso(item.get("schedulingInfo", {}).get("scheduledDate", ""))
    held.claimed = status not in ("DRAFT",)
    if status == "SCHEDULED":
        _schedule(held, at)
    elif status in ("PROCESSING", "IN_QUEUE"):
        held.stage, held.next_at, held.due = "processing", items.now + 1, at or items.now
    items.save(held)
    return held.id


def _schedule(held: Held, at: Ms | None) -> None:
    if at is None:
        raise ValueError("a scheduled item has a date")
    held.body["schedulingInfo"] = {"scheduledDate": write_iso(at)}
    held.stage, held.next_at, held.due = "scheduled", at, at
