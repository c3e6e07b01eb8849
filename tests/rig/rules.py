"""Items and sites by other rules than the sandbox's own, as the options say: on top of its classes and handlers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import Any, NamedTuple

from batch.sandbox import calls, generate
from batch.sandbox.calls import Context, Handler
from batch.sandbox.content import CHANNELS, MEDIA_HOSTS, OBJECTS, VIDEO, content_of, media_of, network_refusal, text_of
from batch.sandbox.items import Held, Items
from batch.sandbox.sites import AI, PUBLISH, SCHEDULE, Site
from batch.sandbox.state import Answer, Json, Ms, Refusal, Request, Store, write_json
from tests.rig.options import Options
from tests.rig.published_log import record_published

SCHEMA = """
CREATE TABLE IF NOT EXISTS plans (site TEXT PRIMARY KEY, body TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS connections (
    site TEXT NOT NULL, channel TEXT NOT NULL, status TEXT NOT NULL, PRIMARY KEY (site, channel)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS versions (
    n INTEGER NOT NULL, site TEXT NOT NULL, id TEXT NOT NULL, at INTEGER NOT NULL, until INTEGER, body TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS versions_by_item ON versions (site, id, until)
"""
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


class RigSite(Site):
    """A site whose plan and connections a seed may set."""

    @property
    def plan(self) -> Json:
        """The plan's settings: its name, and what of it was set otherwise."""
        found = self.store.row("SELECT body FROM plans WHERE site = ?", self.id)
        return {"name": DEFAULT_PLAN, **(json.loads(found[0]) if found else {})}

    @property
    def metered(self) -> bool:  # type: ignore[override] # what is a constant there is set here
        """Whether the site's posts are counted at all."""
        return self.plan.get("monetization", True) is not False

    def connection(self, channel: str) -> str:
        """Return the state of a channel's connection."""
        found = self.store.row("SELECT status FROM connections WHERE site = ? AND channel = ?", self.id, channel)
        return str(found[0]) if found else super().token_status(channel)

    def token_status(self, channel: str) -> str:
        """Return the state of a channel's connection, as Get Long Lived Token Status says it."""
        state = self.connection(channel)
        return "VALID" if state == "NO_PAGES" else state

    def need_connection(self, channel: str) -> None:
        """Refuse where a channel is not connected."""
        state = self.connection(channel)
        if state in _NOT_CONNECTED:
            status, code, said = _NOT_CONNECTED[state]
            raise Refusal(status, code, said.format(channel))

    def quota(self, action: str) -> tuple[int | None, int]:
        """Return limit (None: the plan has not got it, 0: not counted) and use of an action in this month."""
        plan, (_, used) = self.plan, super().quota(action)
        own, enabled = plan.get("quota", {}).get(action, {}), plan.get("features", {}).get(action)
        limit = own.get("limit", PLANS[plan["name"]].limits[action])
        if enabled is False:
            limit = None
        elif limit is None and enabled is True:
            limit = 0
        return limit, used + int(own.get("used", 0))

    def need_quota(self, action: str, item: Json) -> None:
        """Refuse an action that the plan has not got, or that is used up, and one more post than a network takes."""
        self.need_feature(action)
        if self.quota(action)[0] and self.metered:
            super().need_quota(action, item)
        channel = item["channel"]
        most = self.plan.get("publish_limits", {}).get(channel["name"])
        if most is not None and action == PUBLISH:
            count = self.store.count(
                "SELECT count(*) FROM published WHERE site = ? AND account = ? AND at > ?",
                self.id, channel["accountId"], self.now - DAY_MS,
            )  # fmt: skip
            if count >= most:
                said = f"{channel['name']} takes {most} posts of an account in 24 hours, and they are used up."
                raise Refusal(429, "PUBLISH_LIMIT_EXCEEDED", said)

    def need_feature(self, action: str) -> None:
        """Refuse an action that the plan has not got."""
        if self.quota(action)[0] is None:
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", f"The site's plan does not include {action}.")

    def feature(self, name: str) -> Json:
        """Return what the plan says of a feature, as the API writes it."""
        if name != AI:
            return super().feature(name) if self.quota(name)[0] is not None else {"type": name, "enabled": False}
        plan = self.plan
        return {"type": AI, "enabled": bool(plan.get("features", {}).get(AI, PLANS[plan["name"]].ai))}

    def need_room_to_connect(self, channel: str) -> None:
        """Refuse one more channel than the plan lets the site connect."""
        plan = self.plan
        most = int(plan.get("channels", PLANS[plan["name"]].channels))
        connected = [c for c in CHANNELS if self.connection(c) in ("VALID", "NO_PAGES")]
        if channel not in connected and len(connected) >= most:
            said = f"The plan connects {most} channels, and they are used up."
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", said)

    def give_back(self, action: str, item_id: str) -> None:
        """Take back what an item has spent of an action."""
        self.store.run("DELETE FROM usage WHERE site = ? AND action = ? AND item = ?", self.id, action, item_id)


class RigItems(Items):
    """Items by the rules of the options, with their earlier versions where lists lag. `changed`: something was kept."""

    def __init__(self, store: Store, now: Ms, *, new_id: Callable[[], str], options: Options) -> None:
        super().__init__(store, now, new_id=new_id)
        self.options = options
        self.changed = False
        self.call = ""
        """The call that is being answered, by its name."""
        self.sent: Json = {}
        """The item of an update as it was sent, with its nulls."""

    def find(self, site: str, item_id: str) -> Held:
        """Return an item. Raises `Refusal` 404, also for what is deleted and hidden."""
        held = super().find(site, item_id)
        if self.options.deleted == "hidden" and held.status == "DELETED":
            raise Refusal(404, "ITEM_NOT_EXISTS", f"The site has no item {item_id[:64]}.")
        return held

    def save(self, held: Held, at: Ms) -> None:
        """Keep an item, and how it was before as long as queries lag."""
        super().save(held, at)
        self.changed = True
        lag = int(self.options.query_lag_seconds * 1000)
        if lag:
            key = held.site, held.id
            self.store.run("UPDATE versions SET until = ? WHERE site = ? AND id = ? AND until IS NULL", at, *key)
            self.store.run(
                "INSERT INTO versions SELECT n, site, id, ?, NULL, body FROM items WHERE site = ? AND id = ?", at, *key
            )
            self.store.run("DELETE FROM versions WHERE site = ? AND until < ?", held.site, self.now - 2 * lag)

    def need_fresh_reference(self, site: str, item: Json) -> None:
        """Refuse a reference that another item has, or has been published or scheduled with, on the calls that do."""
        where, reference = self.options.references, item.get("referenceId")
        if reference is None or (where != "everywhere" and (where, self.call[:8]) != ("publish", "publish_")):
            return
        rows = self.store.rows(
            "SELECT due, body FROM items WHERE site = ? AND reference = ? AND id <> ?",
            site, reference, item.get("id", ""),
        )  # fmt: skip
        for due, body in rows:
            freed = self.options.references_freed and json.loads(body)["status"] in ("CANCELED", "DELETED")
            if not freed and (where == "everywhere" or due is not None):
                said = f"The reference {reference[:100]} is used by another item of this site."
                raise Refusal(409, "REFERENCE_ID_ALREADY_EXIST", said)

    def updated(self, body: Json, changes: Json) -> Json:
        """Return an item's body with an update: a content object replaced, or merged with what was really sent."""
        if self.options.patch == "replace":
            return super().updated(body, changes)
        made: Json = merged(body, {**(self.sent or changes), "id": body["id"]}, clears=self.options.clears)
        return made

    def stop(self, held: Held, status: str) -> None:
        """End an item. What is on its way to the channel goes on all the same."""
        on_its_way = held.next_at if held.next_at != held.due else None
        super().stop(held, status)
        if on_its_way is not None:
            held.next_at = on_its_way
            self.save(held, self.now)

    def move(self, held: Held) -> None:
        """Take a post as far on its way as the clock allows: through queue and processing, and what is public is noted.

        The way is computed from the instant at which it was to go out, so it is the same however seldom somebody looks.
        """
        due = self.now if held.due is None else held.due
        processing_at = due + int(self.options.queue_seconds * 1000)
        out_at = processing_at + int(self.options.processing_seconds * 1000)
        while held.next_at is not None and held.next_at <= self.now:
            at, deleted = held.next_at, held.status == "DELETED"
            if at < out_at and held.status != "PROCESSING":
                held.next_at = processing_at if at < processing_at else out_at
                if not deleted:
                    held.body["status"] = "IN_QUEUE" if at < processing_at else "PROCESSING"
                self.save(held, at)
                continue
            super().move(held)
            if held.body.get("externalItemUrl"):
                record_published(self.store, held, at)
                if self.options.external_copies:
                    known = ("channel", "type", "externalItemUrl", *OBJECTS)
                    copy = {name: held.body[name] for name in known if name in held.body}
                    self.make(held.site, {**copy, "external": True}, status="PUBLISHED")
            if deleted:
                held.body["status"] = "DELETED"
                self.save(held, at)

    def why_it_fails(self, held: Held, at: Ms) -> tuple[str, str] | None:
        """Return code and reason for which the channel refuses a post that goes out at `at`; None where it takes it."""
        channel, options, site = held.body["channel"], self.options, RigSite(self.store, held.site, at)
        if options.failing_marker and options.failing_marker in text_of(held.body):
            return "CHANNEL_REJECTED", "The channel refused the post (its text asks the sandbox to fail)."
        if site.connection(channel["name"]) != "VALID":
            return "USER_IS_DISCONNECTED", f"The connection to {channel['name']} has lapsed."
        if channel.get("accountId") not in [account["id"] for account in site.accounts(channel["name"])]:
            return "ACCOUNT_NOT_CONNECTED", "The account is not connected any more."
        if options.network_limits and (refusal := network_refusal(held.body)):
            return "CHANNEL_REJECTED", refusal
        media = media_of(content_of(held.body)) if options.foreign_media_fails else []
        foreign = [url for kind, url in media if url.split("/")[2] != MEDIA_HOSTS[kind]]
        if options.video_files_fail:
            foreign += [url for kind, url in media_of(content_of(held.body)) if kind == VIDEO and url.endswith("/file")]
        return ("MEDIA_NOT_FOUND", f"The medium {foreign[0][:200]} could not be fetched.") if foreign else None


def merged(old: object, new: object, *, clears: str) -> Any:
    """Return an object with the fields that another names, and what is inside of them likewise.

    A field that is null, or empty, is cleared where `clears` says so, and else keeps its value.
    """
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    made = dict(old)
    for name, value in new.items():
        if value is None or value in ("", [], {}):
            if ("null" if value is None else "empty") == clears:
                made.pop(name, None)
        else:
            made[name] = merged(old.get(name), value, clears=clears)
    return made


class RigContext(Context):
    """One call, with the options in force; `only_first` is a fault's wish for a bulk call."""

    def __init__(self, request: Request, items: RigItems, site: RigSite, parts: dict[str, str]) -> None:
        super().__init__(request, items, site, parts)
        self.items: RigItems = items
        self.site: RigSite = site
        self.options = options = items.options
        self.only_first: int | None = None
        self.media_polls, self.image_polls = options.media_polls, options.image_polls
        self.upload_most_bytes, self.failing_marker = options.upload_most_bytes, options.media_failing_marker
        self.bulk_most, self.query_most = options.bulk_most, options.query_most


def query_items(context: RigContext) -> Answer:
    """Query Items as the site was some seconds ago, without what is deleted where that is hidden."""
    source, values = "items", ()
    lag = int(context.options.query_lag_seconds * 1000)
    if lag:
        then = context.now - lag
        source = "(SELECT n, site, id, body FROM versions WHERE at <= ? AND (until IS NULL OR until > ?))"
        values = (then, then)  # type: ignore[assignment] # its two values
    if context.options.deleted == "hidden":
        source = f"(SELECT * FROM {source} WHERE json_extract(body, '$.status') <> 'DELETED')"  # noqa: S608 - own names
    return calls.query_items(context, source=source, values=values)


def update_item(context: RigContext) -> Answer:
    """Update Item, which may merge."""
    with suppress(ValueError, AttributeError):  # then it is refused all the same
        context.items.sent = json.loads(context.request.body).get("item") or {}
    return calls.update_item(context)


def cancel_item(context: RigContext) -> Answer:
    """Cancel Scheduled Item, which may give the quota back."""
    answer = calls.cancel_item(context)
    if context.options.quota_returns and isinstance(answer, dict):
        context.site.give_back(SCHEDULE, answer["item"]["id"])
    return answer


def connect_url(context: RigContext) -> Answer:
    """Get Connect Url, as long as the plan has room."""
    answer = calls.connect_url(context)
    context.site.need_room_to_connect(context.parts["channel"])
    return answer


def bulk_publish(context: RigContext) -> Answer:
    """Bulk Publish Items, which may not exist, stop in its middle, or answer in another order."""
    if not context.options.bulk:
        raise Refusal(404, "NOT_FOUND", "There is no such call.")
    if context.only_first is not None:
        items = json.loads(context.request.body)["items"][: context.only_first]
        context.request = replace(context.request, body=write_json({"items": items}).encode())
    with suppress(ValueError, LookupError, AttributeError, TypeError):  # then it is refused all the same
        for item in json.loads(context.request.body)["items"]:
            context.site.need_feature(SCHEDULE if item.get("schedulingInfo", {}).get("scheduledDate") else PUBLISH)
    answer = calls.bulk_publish(context)
    if context.options.bulk_shuffled and isinstance(answer, dict):
        answer["results"].sort(key=lambda r: r["itemMetadata"]["originalIndex"] * 7919 % 101)
    return answer


def _with_ai(handler: Handler) -> Handler:
    def handle(context: RigContext) -> Answer:
        if context.options.ai_tools_needed and not context.site.feature(AI)["enabled"]:
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", f"The site's plan does not include {AI}.")
        return handler(context)

    return handle


HANDLERS: Mapping[str, Handler] = {
    "query_items": query_items,
    "update_item": update_item,
    "cancel_item": cancel_item,
    "connect_url": connect_url,
    "bulk_publish": bulk_publish,
    "generate_post": _with_ai(generate.generate_post),
    "generate_text": _with_ai(generate.generate_text),
    "generate_image": _with_ai(generate.generate_image),
}
"""The calls that may behave otherwise, by name."""
