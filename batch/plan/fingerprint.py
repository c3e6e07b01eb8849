"""By what a reviewed plan is bound to the site: the accounts it may use, and the items that its steps found.

Only what bears on the plan counts: a post that somebody else adds, or a live link that appears, moves nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from batch.model import Account, Item, Snapshot

_DIGITS = 16


def site_state(snapshot: Snapshot, *, channels: Iterable[str], found: Iterable[Item]) -> str:
    """Return the fingerprint of the site as far as a plan for these channels and items depends on it."""
    return f"accounts:{accounts_fingerprint(snapshot, channels=channels)} items:{items_fingerprint(found)}"


def part_of_state(state: str, part: str) -> str:
    """Return one part (`accounts` or `items`) of a fingerprint, "" where it has none."""
    parts = dict(piece.partition(":")[::2] for piece in state.split())
    return parts.get(part, "")


def accounts_fingerprint(snapshot: Snapshot, *, channels: Iterable[str]) -> str:
    """Return the fingerprint of the accounts and connections of these channels."""
    used = sorted(set(channels))
    accounts = sorted(_account_line(account) for account in snapshot.accounts if account.channel in used)
    connections = [f"{channel}={snapshot.connections.get(channel, '')}" for channel in used]
    return _digest([*connections, *accounts])


def items_fingerprint(items: Iterable[Item]) -> str:
    """Return the fingerprint of items: their state, date, content and place, not their order."""
    return _digest(sorted(_item_line(item) for item in items))


def _account_line(account: Account) -> str:
    options = "\x1f".join(sorted(account.privacy_options))
    return "\x1e".join((account.channel, account.id, account.target_id, str(account.default), options))


def _item_line(item: Item) -> str:
    content = item.content
    date = item.scheduled_at.isoformat() if item.scheduled_at else ""
    texts = (content.text, content.title, content.link, content.call_to_action, content.privacy, content.target_id)
    media = "\x1f".join(medium.url for medium in content.media)
    place = (item.id, item.channel, item.type, item.status, item.account_id, item.reference, date)
    return "\x1e".join((*place, *texts, media))


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\x1d".join(lines).encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
