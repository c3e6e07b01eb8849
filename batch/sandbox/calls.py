"""The calls of the API about items, accounts, connections and features.

One thing is as dangerous here as it is on the real service, on purpose: leaving out the date publishes at once, also an
item that is already scheduled.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from batch.sandbox import schemas
from batch.sandbox.content import CHANNEL_ENDS, CHANNELS
from batch.sandbox.items import Held, Items
from batch.sandbox.sites import FEATURES, PUBLISH, SCHEDULE, Site
from batch.sandbox.state import Answer, Invalid, Json, Ms, Refusal, Request, Violation, invalid, read_iso, write_json

MOST_BODY_BYTES = 4 * 1024 * 1024
_NO_BODY = frozenset({"GET", "DELETE", "HEAD"})


class Context:
    """What a call has at hand: the request, the items, its site, and the named parts of its address.

    What is named below may be said otherwise by a subclass.
    """

    media_polls, image_polls = 1, 2
    """How often a file, or a picture that is made, is asked for before it is ready."""
    upload_most_bytes = 64 * 1024 * 1024
    bulk_most = query_most = 100
    failing_marker = "sandbox-fail"
    """A file or picture whose name, address or prompt holds this fails in the Media Manager."""

    def __init__(self, request: Request, items: Items, site: Site, parts: dict[str, str]) -> None:
        self.request, self.items, self.site, self.parts = request, items, site, parts
        self.store, self.now = items.store, items.now

    def body(self, shape: Any) -> Json:
        """Return the request's body, held against a model. Raises `Invalid`."""
        return schemas.read_body(self.request.body, shape)


Handler = Callable[[Any], Answer]


class Route(NamedTuple):
    """One call of the API. `changes`: it is one that changes items; not `signed`: it needs no credential."""

    call: str
    method: str
    path: str
    handler: Handler
    changes: bool = False
    signed: bool = True


def check_request(request: Request) -> None:
    """Refuse a request that no call of the API could be."""
    if len(request.body) > MOST_BODY_BYTES:
        raise Refusal(413, "TOO_LARGE", "The request is too large.")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method not in _NO_BODY and kind != "application/json":
        raise Refusal(400, "CONTENT_TYPE", "The header Content-Type must be application/json.")
    if request.method in _NO_BODY and request.body.strip() not in (b"", b"{}"):
        raise Refusal(400, "BODY_NOT_ALLOWED", f"A {request.method} has no body.")


_NO_CHANGE = {
    "PUBLISHED": (428, "ITEM_IS_PUBLISHED", "The item is published already."),
    "PROCESSING": (428, "ITEM_IS_PUBLISHED", "The item is being published."),
    "IN_QUEUE": (428, "ITEM_IS_PUBLISHED", "The item is being published."),
    "DELETED": (428, "ITEM_IS_DELETED", "The item is deleted."),
    "CANCELED": (428, "ITEM_IS_CANCELED", "The item is canceled."),
    "FAILED": (428, "ITEM_IS_FAILED", "The item has failed."),
    "DRAFT": (428, "ITEM_IS_NOT_SCHEDULED", "The item is a draft."),
    "SCHEDULED": (428, "ITEM_IS_SCHEDULED", "The item is scheduled."),
}
"""What is said of an item whose state does not allow a call. The last four codes are not in the public reference."""


def _find(context: Context, item_id: str, *allowed: str) -> Held:
    held = context.items.find(context.site.id, item_id)
    if held.status not in allowed:
        raise Refusal(*_NO_CHANGE[held.status])
    return held


def _check_item(context: Context, item: Json, path: str = "item") -> Json:
    """Return an item, known to be one that this site could post, with its account. Raises `Refusal`."""
    if found := schemas.content_violations(item, path):
        raise Invalid(found)
    context.site.need_account(item, path)
    return item


def _need_living_channel(item: Json, at: Ms) -> None:
    """Refuse a post on a channel that has ended by the instant at which the post would go out."""
    channel = item["channel"]["name"]
    ends = read_iso(CHANNEL_ENDS.get(channel))
    if ends is not None and at >= ends:
        raise Refusal(428, "UNSUPPORTED_CHANNEL", f"Nothing can be published on {channel} any more.")


def _need_future(context: Context, at: Ms) -> Ms:
    if at <= context.now:
        raise Refusal(428, "SCHEDULED_TIME_ALREADY_PASSED", "The scheduled date has passed.")
    return at


def _put_out(context: Context, held: Held, at: Ms | None) -> Held:
    """Have an item go out at an instant, or at once: where date, plan and quota allow it, and counted."""
    moved = held.status == "SCHEDULED" and at is not None
    action = PUBLISH if at is None else SCHEDULE
    if at is not None:
        _need_future(context, at)
    if not moved:
        context.site.need_quota(action, held.body)
    if at is None:
        context.items.send_out(held)
    else:
        context.items.schedule(held, at)
    if not moved and held.status != "FAILED":
        context.site.spend(action, held.id)
    return held


def create_draft(context: Context) -> Answer:
    """Create Draft Item."""
    item = _check_item(context, context.body(schemas.ITEM_BODY)["item"])
    context.items.need_fresh_reference(context.site.id, item)
    return {"item": context.items.make(context.site.id, item).body}


def get_item(context: Context) -> Answer:
    """Get Item."""
    return {"item": context.items.find(context.site.id, context.parts["id"]).body}


def update_item(context: Context) -> Answer:
    """Update Item: content and account, never the date."""
    changes = context.body(schemas.UPDATE_BODY)["item"]
    if changes.pop("id").lower() != context.parts["id"].lower():
        raise invalid("item.id", "is not the ID in the address")
    held = context.items.find(context.site.id, context.parts["id"])
    if held.status == "DELETED":
        raise Refusal(404, "ITEM_NOT_EXISTS", "The item is deleted.")
    if held.status not in ("DRAFT", "SCHEDULED"):
        raise invalid("item.status", f"is {held.status}, and such an item can't be changed")
    held.body = _check_item(context, context.items.updated(held.body, changes))
    context.items.save(held, context.now)
    return {"item": held.body}


def delete_item(context: Context) -> Answer:
    """Delete Item. What is public stays public."""
    held = context.items.find(context.site.id, context.parts["id"])
    if held.status == "DELETED":
        raise Refusal(*_NO_CHANGE["DELETED"])
    context.items.stop(held, "DELETED")
    return {}


def publish_item(context: Context) -> Answer:
    """Publish Item: a whole item, at once, or for its date."""
    return {"item": _publish_whole(context, context.body(schemas.ITEM_BODY)["item"], "item").body}


def _publish_whole(context: Context, item: Json, path: str) -> Held:
    at = read_iso(item.get("schedulingInfo", {}).get("scheduledDate"))
    _need_living_channel(item, context.now if at is None else at)
    _check_item(context, item, path)
    context.items.need_fresh_reference(context.site.id, item)
    return _put_out(context, context.items.make(context.site.id, item), at)


def publish_by_id(context: Context) -> Answer:
    """Publish Item By ID: a draft or a scheduled item; without a date it goes out at once."""
    body = context.body(schemas.BY_ID_BODY)
    held = _find(context, body["id"], "DRAFT", "SCHEDULED")
    at = read_iso(body.get("scheduledDate"))
    _need_living_channel(held.body, context.now if at is None else at)
    _check_item(context, held.body)
    context.items.need_fresh_reference(context.site.id, held.body)
    return {"item": _put_out(context, held, at).body}


def bulk_publish(context: Context) -> Answer:
    """Bulk Publish Items: each on its own, whatever becomes of the others. Raises `Refusal` for the whole call."""
    items: list[Json] = context.body(schemas.BULK_BODY)["items"]
    if len(items) > context.bulk_most:
        raise invalid("items", f"holds {len(items)}, at most {context.bulk_most} are allowed", "MAX_SIZE")
    homeless = [i for i, item in enumerate(items) if not item["channel"].get("accountId")]
    if homeless:
        raise Invalid([Violation(f"items[{i}].channel.accountId", "is missing", "REQUIRED_FIELD") for i in homeless])
    results: list[Json] = []
    for index, item in enumerate(items):
        try:
            with context.store.transaction():
                held = _publish_whole(context, item, f"items[{index}]")
        except Refusal as refusal:
            error = {"code": refusal.code, "description": refusal.description}
            results.append({"itemMetadata": {"originalIndex": index, "success": False, "error": error}})
        else:
            metadata = {"id": held.id, "originalIndex": index, "success": True}
            results.append({"itemMetadata": metadata, "item": held.body})
    good = sum(1 for result in results if result["itemMetadata"]["success"])
    totals = {"totalSuccesses": good, "totalFailures": len(results) - good, "undetailedFailures": 0}
    return {"results": results, "bulkActionMetadata": totals}


def reschedule_item(context: Context) -> Answer:
    """Reschedule Item: only a scheduled one."""
    at = read_iso(context.body(schemas.RESCHEDULE_BODY)["scheduledDate"]) or 0
    held = _find(context, context.parts["id"], "SCHEDULED")
    _need_living_channel(held.body, at)
    context.items.schedule(held, _need_future(context, at))
    return {"item": held.body}


def cancel_item(context: Context) -> Answer:
    """Cancel Scheduled Item: only a scheduled one."""
    context.body(schemas.EMPTY_BODY)
    held = _find(context, context.parts["id"], "SCHEDULED")
    context.items.stop(held, "CANCELED")
    return {"item": held.body}


DEFAULT_LIMIT = 50


def query_items(context: Context, *, source: str = "items", values: tuple[object, ...] = ()) -> Answer:
    """Query Items: the newest first, or by ID; no filter is known. `source` is the table to read, with its values."""
    query = context.body(schemas.QUERY_BODY).get("query", {})
    paging = {"limit": DEFAULT_LIMIT, "offset": 0, **query.get("paging", {})}
    limit, offset = paging["limit"], paging["offset"]
    if not 1 <= limit <= context.query_most:
        raise invalid("query.paging.limit", f"must be from 1 to {context.query_most}", "MAX")
    for field in query.get("filter", {}):
        raise invalid(f"query.filter.{field}", "is not a field that items can be filtered by")
    order = []
    for at, entry in enumerate(query.get("sort", [])):
        if entry["fieldName"] != "id":
            raise invalid(f"query.sort[{at}].fieldName", "is not a field that items can be sorted by")
        order.append(f"id {entry.get('order', 'ASC')}")
    total = context.store.count(f"SELECT count(*) FROM {source} WHERE site = ?", *values, context.site.id)  # noqa: S608 - own names
    rows = context.store.rows(
        f"SELECT body FROM {source} WHERE site = ? ORDER BY {', '.join([*order, 'n DESC'])} LIMIT ? OFFSET ?",  # noqa: S608 - own names
        *values, context.site.id, limit, offset,
    )  # fmt: skip
    metadata = write_json({"count": len(rows), "offset": offset, "total": total})
    return f'{{"items":[{",".join(body for (body,) in rows)}],"pagingMetadata":{metadata}}}'


def list_accounts(context: Context) -> Answer:
    """List Accounts of one channel."""
    _only(context, "channelName")
    names = context.request.values("channelName")
    channel = _known("channelName", names[0] if len(names) == 1 else "", CHANNELS)
    context.site.need_connection(channel)
    return {"accounts": [{"channel": channel, channel.lower(): own} for own in context.site.accounts(channel)]}


def token_status(context: Context) -> Answer:
    """Get Long Lived Token Status."""
    return {"status": context.site.token_status(_known("channel", context.parts["channel"], CHANNELS))}


def connect_url(context: Context) -> Answer:
    """Get Connect Url."""
    channel = _known("channel", context.parts["channel"], CHANNELS)
    return {"connectUrl": f"https://connect.sandbox.example/{channel.lower()}?site={context.site.id}"}


def get_features(context: Context) -> Answer:
    """Get Features Data."""
    _only(context, "featureTypes")
    names = context.request.values("featureTypes") or FEATURES
    if len(names) > 20:
        raise invalid("featureTypes", f"holds {len(names)}, at most 20 are allowed", "MAX_SIZE")
    features = [context.site.feature(_known("featureType", name, FEATURES)) for name in names]
    return {"features": features, "monetizationEnabled": context.site.metered}


def get_feature(context: Context) -> Answer:
    """Get Feature Data."""
    return {"featureData": context.site.feature(_known("featureType", context.parts["feature"], FEATURES))}


def _known(field: str, word: str, words: Sequence[str]) -> str:
    if word not in words:
        raise invalid(field, f"must be one of {', '.join(words)}", "ENUM")
    return word


def _only(context: Context, known: str) -> None:
    for name, _ in context.request.query:
        if name != known:
            raise invalid(name, "is not a parameter of this call", "UNKNOWN_FIELD")
