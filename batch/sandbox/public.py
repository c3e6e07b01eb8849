"""What the public has seen: written once, when a post becomes public, and touched by no call of the API.

This record alone judges whether a post was doubled, lost, or went out at a wrong time or place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batch.sandbox.rules import COMBINATIONS, CONNECTED
from batch.sandbox.state import Store
from batch.sandbox.times import Ms, to_datetime, write_iso
from batch.sandbox.wire import Json, write_json


@dataclass(frozen=True, slots=True)
class PublicPost:
    """A post that is public, or will be unless somebody stops it.

    `at` is when it became (or becomes) public, `due` when it was to; `how` is `scheduled` or `now`; `second_id` is its
    page, board, location, author or channel; `content` is its content object.
    """

    item_id: str
    reference: str
    site: str
    channel: str
    type: str
    account_id: str
    second_id: str
    at: datetime
    due: datetime
    how: str
    url: str
    content: Json

    @property
    def text(self) -> str:
        """The caption or description."""
        return str(self.content.get("caption") or self.content.get("description") or "")

    def as_json(self) -> Json:
        """Return it as JSON writes it."""
        made: Json = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return {**made, "at": self.at.isoformat(), "due": self.due.isoformat()}


def record_public(store: Store, site: str, body: Json, *, at: Ms, due: Ms) -> None:
    """Write down that an item became public."""
    how = "scheduled" if body.get("schedulingInfo", {}).get("scheduledDate") == write_iso(due) else "now"
    channel, content = body["channel"], _content(body)
    store.run(
        "INSERT INTO public (site, item, reference, channel, type, account, second_id, at, due, how, url, content) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        site, body["id"], body.get("referenceId"), channel["name"], body["type"], channel.get("accountId", ""),
        _second_id(body, content), at, due, how, body.get("externalItemUrl", ""), write_json(content),
    )  # fmt: skip


def read_public(store: Store, site: str | None = None) -> list[PublicPost]:
    """Return everything that became public, in the order in which it did."""
    rows = store.rows(
        "SELECT item, reference, site, channel, type, account, second_id, at, due, how, url, content FROM public "
        "WHERE ? IS NULL OR site = ? ORDER BY at, n",
        site, site,
    )  # fmt: skip
    return [_post(row) for row in rows]


def read_coming(store: Store, site: str | None = None) -> list[PublicPost]:
    """Return everything that will become public unless somebody stops it, the soonest first."""
    rows = store.rows(
        "SELECT site, next, due, body FROM items WHERE next IS NOT NULL AND (? IS NULL OR site = ?) ORDER BY next, n",
        site, site,
    )  # fmt: skip
    return list(_coming(rows))


def _coming(rows: Iterable[tuple[Any, ...]]) -> Iterable[PublicPost]:
    for site, next_at, due, text in rows:
        body = json.loads(text)
        content, channel = _content(body), body["channel"]
        yield PublicPost(
            body["id"], body.get("referenceId", ""), site, channel["name"], body["type"], channel.get("accountId", ""),
            _second_id(body, content), to_datetime(next_at), to_datetime(next_at if due is None else due),
            "scheduled" if "schedulingInfo" in body else "now", "", content,
        )  # fmt: skip


def _post(row: tuple[Any, ...]) -> PublicPost:
    item, reference, site, channel, kind, account, second_id, at, due, how, url, content = row
    return PublicPost(
        item, reference or "", site, channel, kind, account, second_id, to_datetime(at), to_datetime(due), how, url,
        json.loads(content),
    )  # fmt: skip


def _content(body: Json) -> Json:
    wanted = COMBINATIONS.get((body["channel"]["name"], body["type"]))
    content: Json = body.get(wanted.object, {}) if wanted else {}
    return content


def _second_id(body: Json, content: Json) -> str:
    return str(content.get(CONNECTED[body["channel"]["name"]].second_id, ""))
