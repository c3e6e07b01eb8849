"""Items: how they are kept, and how they go from scheduled to the public, by the clock alone.

A post's way is computed from the instants themselves, so it is the same however seldom somebody looks.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from batch.sandbox.content import OBJECTS, network_refusal, text_of
from batch.sandbox.state import Json, Ms, Refusal, Store, read_iso, write_iso, write_json

FAILING_MARKER = "[sandbox:fail]"
"""A post whose text holds this fails on its channel."""


@dataclass(slots=True)
class Held:
    """An item as it is kept: `body` as shown, `next_at` when something happens to it, `due` when it was to go out."""

    site: str
    body: Json
    next_at: Ms | None = None
    due: Ms | None = None

    @property
    def id(self) -> str:
        """The item's ID."""
        return str(self.body["id"])

    @property
    def status(self) -> str:
        """The item's state, as the API shows it."""
        return str(self.body["status"])


class Items:
    """The items of all sites within one transaction at the instant `now`."""

    def __init__(self, store: Store, now: Ms, *, new_id: Callable[[], str]) -> None:
        self.store, self.now, self.new_id = store, now, new_id

    def find(self, site: str, item_id: str) -> Held:
        """Return an item. Raises `Refusal` 404."""
        if (held := self._first("site = ? AND id = ?", site, item_id.lower())) is None:
            raise Refusal(404, "ITEM_NOT_EXISTS", f"The site has no item {item_id[:64]}.")
        return held

    def _first(self, condition: str, *values: object) -> Held | None:
        row = self.store.row(f"SELECT site, next, due, body FROM items WHERE {condition}", *values)  # noqa: S608 - our own
        return None if row is None else Held(row[0], json.loads(row[3]), row[1], row[2])

    def make(self, site: str, item: Json, *, status: str = "DRAFT") -> Held:
        """Keep a new item."""
        body = {
            "id": str(item.get("id") or self.new_id()).lower(),
            **{name: value for name, value in item.items() if name != "id"},
            "status": status,
            "external": item.get("external", False),
            "createdDate": write_iso(self.now),
        }
        held = Held(site, body)
        self.save(held, self.now)
        return held

    def save(self, held: Held, at: Ms) -> None:
        """Keep an item as it is from the instant `at` on, its date in UTC however it was sent."""
        held.body["updatedDate"] = write_iso(at)
        date = read_iso(held.body.get("schedulingInfo", {}).get("scheduledDate"))
        if date is not None:
            held.body["schedulingInfo"] = {**held.body["schedulingInfo"], "scheduledDate": write_iso(date)}
        self.store.run(
            "INSERT INTO items (site, id, reference, next, due, body) VALUES (?, ?, ?, ?, ?, ?) "
            "ON CONFLICT (site, id) DO UPDATE SET next = excluded.next, due = excluded.due, body = excluded.body",
            held.site, held.id, held.body.get("referenceId"), held.next_at, held.due, write_json(held.body),
        )  # fmt: skip

    def need_fresh_reference(self, site: str, item: Json) -> None:
        """Refuse a reference that another item of the site has, on whichever call it is used."""
        reference = item.get("referenceId")
        if reference is not None and self.store.row(
            "SELECT 1 FROM items WHERE site = ? AND reference = ? AND id <> ?", site, reference, item.get("id", "")
        ):
            said = f"The reference {reference[:100]} is used by another item of this site."
            raise Refusal(409, "REFERENCE_ID_ALREADY_EXIST", said)

    def updated(self, body: Json, changes: Json) -> Json:
        """Return an item's body with an update: a content object is replaced whole."""
        objects = [name for name in changes if name in OBJECTS]
        kept = {name: value for name, value in body.items() if not (objects and name in OBJECTS)}
        return {**kept, **changes, "channel": {**kept["channel"], **changes.get("channel", {})}}

    def schedule(self, held: Held, at: Ms) -> None:
        """Have an item go out at an instant."""
        held.body |= {"status": "SCHEDULED", "schedulingInfo": {"scheduledDate": write_iso(at)}}
        held.next_at = held.due = at
        self.save(held, self.now)

    def send_out(self, held: Held) -> None:
        """Have an item go out now."""
        held.body.pop("schedulingInfo", None)
        held.next_at = held.due = self.now
        self.move(held)

    def stop(self, held: Held, status: str) -> None:
        """End an item."""
        held.body["status"], held.next_at = status, None
        self.save(held, self.now)

    def advance(self) -> None:
        """Let everything happen that was to happen until now, in the order of time."""
        while held := self._first("next <= ? ORDER BY next, n LIMIT 1", self.now):
            self.move(held)

    def move(self, held: Held) -> None:
        """Take a post whose time has come as far on its way as the clock allows: to the public, or to its failure."""
        at = self.now if held.next_at is None else held.next_at
        held.next_at = None
        if reason := self.why_it_fails(held, at):
            held.body |= {"status": "FAILED", "publicationError": {"code": reason[0], "description": reason[1]}}
        else:
            url = f"https://{held.body['channel']['name'].lower()}.sandbox.example/p/{held.id}"
            held.body |= {"status": "PUBLISHED", "externalItemUrl": url}
        self.save(held, at)

    def why_it_fails(self, held: Held, at: Ms) -> tuple[str, str] | None:
        """Return code and reason for which the channel refuses a post that goes out at `at`; None where it takes it."""
        if FAILING_MARKER in text_of(held.body):
            return "CHANNEL_REJECTED", "The channel refused the post (its text asks the sandbox to fail)."
        refusal = network_refusal(held.body)
        return ("CHANNEL_REJECTED", refusal) if refusal else None
