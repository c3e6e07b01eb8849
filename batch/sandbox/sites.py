"""Sites: their connected accounts, what their plan allows, and what of it is used up.

A new site is a small pottery that is connected to every channel that is alive.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable, Mapping

from batch.sandbox.content import CHANNELS, COMBINATIONS, INSIDE
from batch.sandbox.state import Json, Ms, Refusal, Store, invalid, to_datetime, to_ms, write_json

SITE_ID = "5a11d0b0-0000-4000-8000-706f74746572"
SITE_NAME = "Pottery"
ACCOUNTS: Mapping[str, tuple[Json, ...]] = {
    "INSTAGRAM": (
        {"id": "17841405822304914", "username": "Your Instagram (sandbox)"},
        {"id": "17841405822304999", "username": "Your second Instagram (sandbox)"},
    ),
    "FACEBOOK": (
        {"id": "10215544332211009", "displayName": "Your Facebook",
         "page": {"id": "104512345678901", "displayName": "sandbox"}},
    ),
    "YOUTUBE": ({"id": "UCrIvErPoTtErY0123456789", "displayName": "Your YouTube (sandbox)"},),
    "LINKEDIN": ({"id": "urn:li:organization:70512345", "displayName": "Your LinkedIn (sandbox)"},),
    "PINTEREST": (
        {"id": "774124931234567890", "username": "Your Pinterest",
         "board": {"id": "549755885175", "displayName": "sandbox"}},
    ),
    "GBP": (
        {"id": "accounts/109876543210987654321", "displayName": "Your Google Business Profile",
         "location": {"id": "locations/4503599627370496", "displayName": "sandbox"}},
    ),
    "TIKTOK": (
        {"id": "-000rIvErPoTtErY-open-id", "username": "Your TikTok (sandbox)",
         "privacyLevelOptions": ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"]},
    ),
}  # fmt: skip
"""The accounts of a new site, the default one of a channel first. X has ended, so there is none."""

PUBLISH, SCHEDULE, AI = "PUBLISH_POST", "SCHEDULE_POST", "AI_TOOLS"
FEATURES = (PUBLISH, SCHEDULE, AI)
LIMIT = 100_000
"""Posts a month that a site may publish, and as many that it may schedule."""
PERIOD = "MONTH"


def add_site(store: Store, site: str, *, name: str = "") -> None:
    """Add a site with the default accounts, unless it is there."""
    site = str(uuid.UUID(site))
    if store.row("SELECT 1 FROM sites WHERE id = ?", site):
        return
    number = store.count("SELECT count(*) FROM sites") + 1
    store.run("INSERT INTO sites VALUES (?, ?)", site, name or (SITE_NAME if site == SITE_ID else f"Site {number}"))
    for channel, accounts in ACCOUNTS.items():
        defaults = ({**own, "settings": {"default": own is accounts[0]}} for own in accounts)
        set_accounts(store, site, channel, defaults)


def set_accounts(store: Store, site: str, channel: str, accounts: Iterable[Json]) -> None:
    """Make these the connected accounts of a channel."""
    store.run("DELETE FROM accounts WHERE site = ? AND channel = ?", site, channel)
    for account in accounts:
        _add_account(store, site, channel, account)


def _add_account(store: Store, site: str, channel: str, account: Json) -> None:
    body = write_json({"channel": channel, channel.lower(): account})
    statement = "INSERT OR IGNORE INTO accounts (site, channel, id, body) VALUES (?, ?, ?, ?)"
    store.run(statement, site, channel, account["id"], body)


def connect_account(store: Store, site: str, channel: str, name: str) -> None:
    """Connect one more account of a channel, by what a sheet calls it, unless one is called so already."""
    if channel not in ACCOUNTS:
        return
    found, inside = Site(store, site, 0).accounts(channel), INSIDE.get(channel, "")
    parts = [part for account in found for part in (account, account.get(inside) or {})]
    names = {str(part.get(key)).casefold() for part in parts for key in ("id", "username", "displayName")}
    if name.casefold() in names:
        return
    like = ACCOUNTS[channel][0]
    number = str(uuid.uuid5(uuid.UUID(site), f"{channel}/{name.casefold()}").int % 10**9)
    account = {**like, "id": like["id"] + number, "settings": {"default": False}}
    account["username" if "username" in like else "displayName"] = name
    if inside:
        account[inside] = {**like[inside], "id": like[inside]["id"] + number}
    _add_account(store, site, channel, account)


class Site:
    """One site as the current transaction sees it."""

    metered = True
    """Whether the site's posts are counted at all."""

    def __init__(self, store: Store, site: str, now: Ms) -> None:
        self.store, self.id, self.now = store, site, now

    def accounts(self, channel: str) -> list[Json]:
        """Return a channel's accounts as they stand under its key, in the order in which they were connected."""
        found = self.store.rows("SELECT body FROM accounts WHERE site = ? AND channel = ? ORDER BY n", self.id, channel)
        return [json.loads(body)[channel.lower()] for (body,) in found]

    def token_status(self, channel: str) -> str:
        """Return the state of a channel's connection, as Get Long Lived Token Status says it."""
        return "VALID" if self.accounts(channel) else "NEVER_CREATED"

    def need_connection(self, channel: str) -> None:
        """Refuse where a channel is not connected."""
        if self.token_status(channel) != "VALID":
            raise Refusal(400, "USER_NOT_EXIST_FOR_CHANNEL", f"{channel} was never connected to this site.")

    def need_account(self, item: Json, path: str) -> None:
        """Refuse an account, second ID or level that is not this site's; fill in the default or only account."""
        channel, named = item["channel"]["name"], item["channel"].get("accountId")
        self.need_connection(channel)
        accounts = self.accounts(channel)
        defaults = [a for a in accounts if a.get("settings", {}).get("default")]
        meant = [a for a in accounts if a["id"] == named] if named else defaults or accounts
        if len(meant) != 1:
            said = "is not a connected account of this channel" if named else "is missing, and none is the default"
            raise invalid(f"{path}.channel.accountId", said)
        [account] = meant
        item["channel"]["accountId"] = account["id"]
        wanted = COMBINATIONS[channel, item["type"]]
        where, content = f"{path}.{wanted.object}", item[wanted.object]
        owner = account.get(INSIDE[channel], {}) if channel in INSIDE else account
        if wanted.second_id and content.get(wanted.second_id) != owner.get("id"):
            raise invalid(f"{where}.{wanted.second_id}", "does not belong to this account")
        if wanted.privacy and content["privacyLevel"] not in account.get("privacyLevelOptions", []):
            raise invalid(f"{where}.privacyLevel", "is not among the account's privacyLevelOptions")

    def quota(self, action: str) -> tuple[int, int]:
        """Return limit and use of an action in this month."""
        month = to_datetime(self.now).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        used = "SELECT count(*) FROM usage WHERE site = ? AND action = ? AND at >= ?"
        return LIMIT, self.store.count(used, self.id, action, to_ms(month))

    def need_quota(self, action: str, item: Json) -> None:
        """Refuse an action with an item that is used up."""
        limit, used = self.quota(action)
        if used >= limit:
            said = f"All {limit} of {action} are used up until the {PERIOD.lower()} ends."
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", said)

    def spend(self, action: str, item_id: str) -> None:
        """Count an action that succeeded."""
        self.store.run("INSERT INTO usage VALUES (?, ?, ?, ?)", self.id, action, self.now, item_id)

    def feature(self, name: str) -> Json:
        """Return what the plan says of a feature, as the API writes it."""
        if name == AI:
            return {"type": AI, "enabled": True}
        limit, used = self.quota(name)
        left = max(0, limit - used)
        quota = {"limit": limit, "currentUsage": used, "remainingUsage": left, "period": PERIOD}
        return {"type": name, "enabled": True, "quotaInfo": quota}

    def account_names(self) -> dict[str, str]:
        """Return what people call the accounts, by ID: the user name or display name, and the page or place."""
        names = {}
        for channel in CHANNELS:
            for account in self.accounts(channel):
                own = account.get("username") or account.get("displayName") or account["id"]
                place = account.get(INSIDE.get(channel, ""), {}).get("displayName")
                names[account["id"]] = f"{own}, {place}" if place else own
        return names
