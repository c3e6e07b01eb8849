"""Sites: their connected channels and accounts, their plan, and what of it is used up."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from batch.sandbox.content import CHANNELS, CONNECTED, OBJECTS, Connected
from batch.sandbox.state import Json, Ms, Refusal, Store, invalid, start_of_month

PUBLISH, SCHEDULE, AI = "PUBLISH_POST", "SCHEDULE_POST", "AI_TOOLS"
FEATURES = (PUBLISH, SCHEDULE, AI)
PERIOD = "MONTH"
DAY_MS = 24 * 3600 * 1000


class Allowed(NamedTuple):
    """What a plan allows: posts a month by action (None: not in the plan), and how many channels."""

    limits: Mapping[str, int | None]
    channels: int
    ai: bool


PLANS: Mapping[str, Allowed] = MappingProxyType({
    "free": Allowed({PUBLISH: 10, SCHEDULE: None}, 1, False),
    "small": Allowed({PUBLISH: 50, SCHEDULE: 50}, 2, True),
    "large": Allowed({PUBLISH: 250, SCHEDULE: 250}, 8, True),
    "generous": Allowed({PUBLISH: 100_000, SCHEDULE: 100_000}, 8, True),
})  # fmt: skip
DEFAULT_PLAN = "generous"

_NOT_CONNECTED: Mapping[str, tuple[int, str, str]] = MappingProxyType({
    "NEVER_CREATED": (400, "USER_NOT_EXIST_FOR_CHANNEL", "{} was never connected to this site."),
    "DISCONNECTED": (400, "USER_IS_DISCONNECTED", "The connection to {} has lapsed and has to be made again."),
    "INVALID": (400, "USER_IS_DISCONNECTED", "The connection to {} is not valid any more."),
    "NO_PAGES": (428, "NO_PAGES_FOR_USER", "The connected user has no page on {} to publish to."),
})  # fmt: skip
CONNECTIONS = ("VALID", *_NOT_CONNECTED)


class Site:
    """One site as the current transaction sees it."""

    def __init__(self, store: Store, site: str, now: Ms) -> None:
        self._store, self.id, self._now = store, site, now

    def plan(self) -> Json:
        """Return the plan's settings: its name, and what of it was set otherwise."""
        found = self._store.row("SELECT plan FROM sites WHERE id = ?", self.id)
        plan: Json = json.loads(found[0]) if found else {}
        return plan

    def connection(self, channel: str) -> str:
        """Return the state of a channel's connection."""
        found = self._store.row("SELECT status FROM connections WHERE site = ? AND channel = ?", self.id, channel)
        return str(found[0]) if found else "NEVER_CREATED"

    def need_connection(self, channel: str) -> None:
        """Refuse where a channel is not connected."""
        state = self.connection(channel)
        if state in _NOT_CONNECTED:
            status, code, said = _NOT_CONNECTED[state]
            raise Refusal(status, code, said.format(channel))

    def accounts(self, channel: str) -> list[str]:
        """Return the JSON of a channel's accounts, in the order in which they were connected."""
        found = self._store.rows(
            "SELECT body FROM accounts WHERE site = ? AND channel = ? ORDER BY n", self.id, channel
        )
        return [row[0] for row in found]

    def account(self, channel: str, account_id: str) -> Json | None:
        """Return one account, as it stands under its channel's key; None where it is not connected."""
        found = self._store.row(
            "SELECT body FROM accounts WHERE site = ? AND channel = ? AND id = ?", self.id, channel, account_id
        )
        account: Json | None = json.loads(found[0])[CONNECTED[channel].key] if found else None
        return account

    def default_account(self, channel: str) -> str | None:
        """Return the ID of the account that is used where none is named: the default one, or the only one."""
        found = [json.loads(body)[CONNECTED[channel].key] for body in self.accounts(channel)]
        chosen = [a for a in found if a.get("settings", {}).get("default")] or found
        return str(chosen[0]["id"]) if len(chosen) == 1 else None

    def need_account(self, item: Json, path: str) -> None:
        """Refuse an account, second ID or privacy level that is not this site's; fill in a default account."""
        channel = item["channel"]
        name = channel["name"]
        self.need_connection(name)
        account_id = channel.get("accountId") or self.default_account(name)
        account = self.account(name, account_id) if account_id else None
        if account is None:
            said = "is not a connected account of this channel" if account_id else "is missing, and none is the default"
            raise invalid(f"{path}.channel.accountId", said)
        channel["accountId"] = account_id
        found = next((key for key in item if key in OBJECTS), "")
        _need_own(item.get(found, {}), account, CONNECTED[name], path=f"{path}.{found}")

    def quota(self, action: str) -> tuple[int | None, int]:
        """Return limit (None: the plan has not got it, 0: not counted) and use of an action in this month."""
        plan = self.plan()
        limit = PLANS[plan["name"]].limits[action]
        own = plan.get("quota", {}).get(action, {})
        if "limit" in own:
            limit = own["limit"]
        if plan.get("features", {}).get(action) is False:
            limit = None
        elif limit is None and plan.get("features", {}).get(action) is True:
            limit = 0
        used = self._store.count(
            "SELECT count(*) FROM usage WHERE site = ? AND action = ? AND at >= ?",
            self.id, action, start_of_month(self._now),
        )  # fmt: skip
        return limit, used + int(own.get("used", 0))

    def metered(self) -> bool:
        """Tell whether the site's posts are counted at all."""
        return self.plan().get("monetization", True) is not False

    def need_quota(self, action: str) -> None:
        """Refuse an action that the plan has not got, or of which nothing is left."""
        limit, used = self.quota(action)
        if limit is None:
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", f"The site's plan does not include {action}.")
        if limit and used >= limit and self.metered():
            said = f"All {limit} of {action} are used up until the {PERIOD.lower()} ends."
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", said, data={"feature": action})

    def spend(self, action: str, item_id: str) -> None:
        """Count an action that succeeded."""
        self._store.run("INSERT INTO usage VALUES (?, ?, ?, ?)", self.id, action, self._now, item_id)

    def give_back(self, action: str, item_id: str) -> None:
        """Take back what an item has spent of an action."""
        self._store.run("DELETE FROM usage WHERE site = ? AND action = ? AND item = ?", self.id, action, item_id)

    def need_publish_limit(self, channel: str, account_id: str) -> None:
        """Refuse one more post on an account than its network takes in a day, where such a limit is set."""
        most = self.plan().get("publish_limits", {}).get(channel)
        if most is None:
            return
        count = self._store.count(
            "SELECT count(*) FROM public WHERE site = ? AND account = ? AND at > ?",
            self.id, account_id, self._now - DAY_MS,
        )  # fmt: skip
        if count >= most:
            said = f"{channel} takes {most} posts of an account in 24 hours, and they are used up."
            raise Refusal(429, "PUBLISH_LIMIT_EXCEEDED", said)

    def feature(self, name: str) -> Json:
        """Return what the plan says of a feature, as the API writes it."""
        if name == AI:
            plan = self.plan()
            enabled = plan.get("features", {}).get(AI, PLANS[plan["name"]].ai)
            return {"type": AI, "enabled": bool(enabled)}
        limit, used = self.quota(name)
        made: Json = {"type": name, "enabled": limit is not None}
        if limit is not None:
            left = max(0, limit - used)
            made["quotaInfo"] = {"limit": limit, "currentUsage": used, "remainingUsage": left, "period": PERIOD}
        return made

    def connected_channels(self) -> list[str]:
        """Return the channels that are connected now."""
        return [c for c in CHANNELS if self.connection(c) in ("VALID", "NO_PAGES")]

    def connectable(self) -> int:
        """Return how many channels the plan lets the site connect."""
        plan = self.plan()
        return int(plan.get("channels", PLANS[plan["name"]].channels))


def _need_own(content: Json, account: Json, shape: Connected, *, path: str) -> None:
    """Refuse a second ID or privacy level that is not the account's."""
    owner = account.get(shape.inside, {}) if shape.inside else account
    if shape.second_id and content.get(shape.second_id) != owner.get("id"):
        raise invalid(f"{path}.{shape.second_id}", "does not belong to this account")
    level = content.get("privacyLevel")
    if level and level not in account.get("privacyLevelOptions", []):
        raise invalid(f"{path}.privacyLevel", "is not among the account's privacyLevelOptions")


def read_names(store: Store, site: str) -> dict[str, str]:
    """Return what people call a site's accounts, by ID: the user name or display name, and the page or place."""
    names = {}
    for channel, account_id, text in store.rows("SELECT channel, id, body FROM accounts WHERE site = ?", site):
        shape = CONNECTED[channel]
        account = json.loads(text)[shape.key]
        own = account.get("username") or account.get("displayName") or account_id
        inside = account.get(shape.inside, {}).get("displayName") if shape.inside else ""
        names[account_id] = f"{own}, {inside}" if inside else own
    return names
