"""Items: how they are kept, and how they go from scheduled over the channel to the public, by the clock alone.

A post's way once its time has come: IN_QUEUE, then PROCESSING (each for as long as the options say), then PUBLISHED or
FAILED. The way is computed from the instants themselves, so it is the same however seldom somebody looks. A post that
is already on its way can't be stopped by deleting its item.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from batch.sandbox.content import COMBINATIONS, CONNECTED, foreign_media, network_refusal, text_of
from batch.sandbox.sites import Site
from batch.sandbox.state import Json, Ms, Options, Refusal, Store, read_iso, to_datetime, write_iso, write_json


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


COLUMNS = "n, site, id, reference, channel, type, account, status, external, scheduled, changed"


@dataclass(slots=True)
class Held:
    """An item as the sandbox keeps it: `body` is what the API shows; the rest is how it stands with time.

    `stage` is `scheduled`, `queue` or `processing` while something is still to happen at the instant `next_at`; `due`
    is the instant at which it was to go out; `claimed`: its reference was used on a call that publishes or schedules.
    """

    site: str
    body: Json
    stage: str = ""
    next_at: Ms | None = None
    due: Ms | None = None
    claimed: bool = False
    changed: Ms = 0

    @property
    def id(self) -> str:
        """The item's ID."""
        return str(self.body["id"])

    @property
    def status(self) -> str:
        """The item's state, as the API shows it."""
        return str(self.body["status"])

    @property
    def scheduled(self) -> Ms | None:
        """The instant that the item shows as its date."""
        date = self.body.get("schedulingInfo", {}).get("scheduledDate")
        return read_iso(date) if date else None


class Items:
    """The items of all sites within one transaction at the instant `now`."""

    def __init__(self, store: Store, options: Options, now: Ms, *, new_id: Callable[[], str]) -> None:
        self.store, self.options, self.now = store, options, now
        self._new_id = new_id

    def find(self, site: str, item_id: str) -> Held:
        """Return an item. Raises `Refusal` 404."""
        row = self.store.row(
            "SELECT site, stage, next, due, claimed, changed, body FROM items WHERE site = ? AND id = ?",
            site, item_id.lower(),
        )  # fmt: skip
        if row is None or (self.options.deleted == "hidden" and json.loads(row[6])["status"] == "DELETED"):
            raise Refusal(404, "ITEM_NOT_EXISTS", f"The site has no item {item_id[:64]}.")
        return _held(row)

    def body_of(self, site: str, item_id: str) -> str:
        """Return an item's JSON. Raises `Refusal` 404."""
        row = self.store.row("SELECT body, status FROM items WHERE site = ? AND id = ?", site, item_id.lower())
        if row is None or (self.options.deleted == "hidden" and row[1] == "DELETED"):
            raise Refusal(404, "ITEM_NOT_EXISTS", f"The site has no item {item_id[:64]}.")
        return str(row[0])

    def make(self, site: str, item: Json, *, status: str = "DRAFT") -> Held:
        """Keep a new item."""
        made_at = write_iso(self.now)
        body = {
            "id": str(item.get("id") or self._new_id()).lower(),
            **{name: value for name, value in item.items() if name != "id"},
            "status": status,
            "external": item.get("external", False),
            "createdDate": made_at,
            "updatedDate": made_at,
        }
        held = Held(site, body, changed=self.now)
        _normalise_date(body)
        self._insert(held)
        return held

    def save(self, held: Held, at: Ms | None = None) -> None:
        """Keep an item's new state, changed at `at` (now), and remember the old one as long as queries lag."""
        at = self.now if at is None else at
        lag = int(self.options.query_lag_seconds * 1000)
        if lag:
            self.store.run(
                f"INSERT INTO earlier ({COLUMNS}, until, body) SELECT {COLUMNS}, ?, body FROM items "  # noqa: S608 - own names
                "WHERE site = ? AND id = ?",
                at, held.site, held.id,
            )  # fmt: skip
            self.store.run("DELETE FROM earlier WHERE site = ? AND until < ?", held.site, self.now - 2 * lag)
        held.changed = at
        held.body["updatedDate"] = write_iso(at)
        _normalise_date(held.body)
        self.store.run(
            "UPDATE items SET reference = ?, channel = ?, type = ?, account = ?, status = ?, external = ?, "
            "scheduled = ?, stage = ?, next = ?, due = ?, claimed = ?, changed = ?, body = ? WHERE site = ? AND id = ?",
            *_columns(held), held.site, held.id,
        )  # fmt: skip

    def _insert(self, held: Held) -> None:
        self.store.run(
            "INSERT INTO items (reference, channel, type, account, status, external, scheduled, stage, next, due, "
            "claimed, changed, body, site, id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *_columns(held), held.site, held.id,
        )  # fmt: skip

    def need_fresh_reference(self, site: str, reference: str | None, *, but: str = "", claimed_only: bool) -> None:
        """Refuse a reference that another item has (or, with `claimed_only`, has been published or scheduled with)."""
        if reference is None:
            return
        for item_id, claimed, status in self.store.rows(
            "SELECT id, claimed, status FROM items WHERE site = ? AND reference = ?", site, reference
        ):
            freed = self.options.references_freed and status in ("CANCELED", "DELETED")
            if item_id != but and (claimed or not claimed_only) and not freed:
                said = f"The reference {reference[:100]} is used by another item of this site."
                raise Refusal(409, "REFERENCE_ID_ALREADY_EXIST", said)

    def schedule(self, held: Held, at: Ms) -> None:
        """Have an item go out at an instant."""
        held.body["status"] = "SCHEDULED"
        held.body["schedulingInfo"] = {"scheduledDate": write_iso(at)}
        held.stage, held.next_at, held.due, held.claimed = "scheduled", at, at, True
        self.save(held)

    def send_out(self, held: Held) -> None:
        """Have an item go out now."""
        held.body.pop("schedulingInfo", None)
        held.due, held.claimed, held.stage, held.next_at = self.now, True, "scheduled", self.now
        self._move(held)

    def stop(self, held: Held, status: str) -> None:
        """End an item. What is on its way to the channel goes on all the same."""
        held.body["status"] = status
        if held.stage == "scheduled":
            held.stage, held.next_at = "", None
        self.save(held)

    def advance(self) -> int:
        """Let everything happen that was to happen until now, in the order of time; return how many posts moved."""
        moved = 0
        while row := self.store.row(
            "SELECT site, stage, next, due, claimed, changed, body FROM items "
            "WHERE next IS NOT NULL AND next <= ? ORDER BY next, n LIMIT 1",
            self.now,
        ):
            self._move(_held(row))
            moved += 1
        return moved

    def _move(self, held: Held) -> None:
        """Take a post as far on its way as the clock allows."""
        stages = ("queue", self.options.queue_seconds), ("processing", self.options.processing_seconds)
        while held.next_at is not None and held.next_at <= self.now:
            at = held.next_at
            after = [stage for stage in stages if stage[1] > 0]
            if held.stage != "scheduled":
                after = [stage for stage in after if stage[0] == "processing" and held.stage == "queue"]
            if not after:
                self._finish(held, at)
                return
            held.stage, held.next_at = after[0][0], at + int(after[0][1] * 1000)
            self._show(held, "IN_QUEUE" if held.stage == "queue" else "PROCESSING")
            self.save(held, at)

    def _finish(self, held: Held, at: Ms) -> None:
        held.stage, held.next_at = "", None
        reason = why_it_fails(held, self.options, Site(self.store, held.site, at))
        if reason:
            self._show(held, "FAILED")
            held.body["publicationError"] = {"code": reason[0], "description": reason[1]}
        else:
            held.body["externalItemUrl"] = f"https://{held.body['channel']['name'].lower()}.sandbox.example/p/{held.id}"
            self._show(held, "PUBLISHED")
            record_public(self.store, held.site, held.body, at=at, due=at if held.due is None else held.due)
        self.save(held, at)

    def _show(self, held: Held, status: str) -> None:
        if held.status != "DELETED":
            held.body["status"] = status


def why_it_fails(held: Held, options: Options, site: Site) -> tuple[str, str] | None:
    """Return code and reason for which the channel refuses a post that goes out now; None where it takes it."""
    channel = held.body["channel"]
    if options.failing_marker and options.failing_marker in text_of(held.body):
        return "CHANNEL_REJECTED", "The channel refused the post (its text asks the sandbox to fail)."
    if site.connection(channel["name"]) != "VALID":
        return "USER_IS_DISCONNECTED", f"The connection to {channel['name']} has lapsed."
    if site.account(channel["name"], channel.get("accountId", "")) is None:
        return "ACCOUNT_NOT_CONNECTED", "The account is not connected any more."
    if options.network_limits and (refusal := network_refusal(held.body)):
        return "CHANNEL_REJECTED", refusal
    foreign = foreign_media(held.body) if options.foreign_media_fails else []
    if foreign:
        return "MEDIA_NOT_FOUND", f"The medium {foreign[0][:200]} could not be fetched."
    return None


def _held(row: tuple[object, ...]) -> Held:
    site, stage, next_at, due, claimed, changed, body = row
    return Held(str(site), json.loads(str(body)), str(stage), _ms(next_at), _ms(due), bool(claimed), _ms(changed) or 0)


def _ms(value: object) -> Ms | None:
    return value if isinstance(value, int) else None


def _columns(held: Held) -> tuple[object, ...]:
    body = held.body
    return (
        body.get("referenceId"), body["channel"]["name"], body["type"], body["channel"].get("accountId", ""),
        held.status, int(bool(body.get("external"))), held.scheduled, held.stage, held.next_at, held.due,
        int(held.claimed), held.changed, write_json(body),
    )  # fmt: skip


def _normalise_date(body: Json) -> None:
    """Write the item's date in UTC, however it was sent."""
    at = read_iso(body.get("schedulingInfo", {}).get("scheduledDate") or "")
    if at is not None:
        body["schedulingInfo"] = {**body["schedulingInfo"], "scheduledDate": write_iso(at)}


def random_id() -> str:
    """Return a new GUID."""
    return str(uuid.uuid4())
