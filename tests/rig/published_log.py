"""What became public, and what will: a record that no call of the API can alter, by which runs are judged."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batch.sandbox.content import combination_of, content_of
from batch.sandbox.items import Held
from batch.sandbox.state import Json, Ms, Store, to_datetime, write_json

SCHEMA = """
CREATE TABLE IF NOT EXISTS published (
    n INTEGER PRIMARY KEY, site TEXT NOT NULL, account TEXT NOT NULL, at INTEGER NOT NULL, due INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS published_by_account ON published (site, account, at)
"""


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


def record_published(store: Store, held: Held, at: Ms) -> None:
    """Write down that an item became public."""
    store.run(
        "INSERT INTO published (site, account, at, due, body) VALUES (?, ?, ?, ?, ?)",
        held.site, held.body["channel"].get("accountId", ""), at, at if held.due is None else held.due,
        write_json(held.body),
    )  # fmt: skip


def read_published(store: Store, site: str | None = None) -> list[PublicPost]:
    """Return everything that became public, in the order in which it did."""
    rows = store.rows(
        "SELECT site, at, due, body FROM published WHERE ? IS NULL OR site = ? ORDER BY at, n", site, site
    )
    return [_post(*row) for row in rows]


def read_coming(store: Store, site: str | None = None) -> list[PublicPost]:
    """Return everything that will become public unless somebody stops it, the soonest first."""
    rows = store.rows(
        "SELECT site, next, due, body FROM items WHERE next IS NOT NULL AND (? IS NULL OR site = ?) ORDER BY next, n",
        site, site,
    )  # fmt: skip
    return [_post(*row) for row in rows]


def _post(site: str, at: Ms, due: Ms | None, text: Any) -> PublicPost:
    body: Json = json.loads(text)
    channel, content, wanted = body["channel"], content_of(body), combination_of(body)
    return PublicPost(
        body["id"], body.get("referenceId", ""), site, channel["name"], body["type"], channel.get("accountId", ""),
        str(content.get(wanted.second_id, "") if wanted else ""), to_datetime(at),
        to_datetime(at if due is None else due), "scheduled" if "schedulingInfo" in body else "now",
        body.get("externalItemUrl", ""), content,
    )  # fmt: skip
