"""The calls that make, change, schedule, publish, cancel and delete items.

One thing is as dangerous here as it is on the real service, on purpose: leaving out the date publishes at once, also an
item that is already scheduled.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch.sandbox.content import (
    CHANGED_ITEM,
    CHANNEL_ENDS,
    CHANNELS,
    NEW_ITEM,
    OBJECTS,
    Anything,
    Fields,
    Listed,
    Text,
    Whole,
    content_violations,
)
from batch.sandbox.context import Answer, Context
from batch.sandbox.items import COLUMNS, Held
from batch.sandbox.sites import FEATURES, PUBLISH, SCHEDULE
from batch.sandbox.state import Invalid, Json, Ms, Refusal, Violation, invalid, read_iso


def read_items(context: Context) -> list[Json]:
    """Return the items of a bulk call. Raises `Refusal` for the whole call."""
    shape = Fields({"items": Listed(NEW_ITEM, least=1, most=context.options.bulk_most)}, ("items",))
    items: list[Json] = context.body(shape)["items"]
    homeless = [i for i, item in enumerate(items) if not item["channel"].get("accountId")]
    if homeless:
        raise Invalid([Violation(f"items[{i}].channel.accountId", "is missing", "REQUIRED_FIELD") for i in homeless])
    for item in items:
        action = SCHEDULE if item.get("schedulingInfo", {}).get("scheduledDate") else PUBLISH
        if context.site.quota(action)[0] is None:
            raise Refusal(428, "INELIGIBLE_FOR_FEATURE", f"The site's plan does not include {action}.")
    return items


ITEM_BODY = Fields({"item": NEW_ITEM}, ("item",))
UPDATE_BODY = Fields({"item": CHANGED_ITEM}, ("item",))
BY_ID_BODY = Fields({"id": Text(least=1), "scheduledDate": Text(date=True)}, ("id",))
RESCHEDULE_BODY = Fields({"scheduledDate": Text(date=True)}, ("scheduledDate",))
EMPTY_BODY = Fields({})

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


def need_status(held: Held, *allowed: str) -> None:
    """Refuse a call that an item's state does not allow."""
    if held.status not in allowed:
        raise Refusal(*_NO_CHANGE[held.status])


def checked_item(context: Context, item: Json, path: str = "item") -> Json:
    """Return a new item, known to be one that this site could post, with its account. Raises `Refusal`."""
    found = list(content_violations(item, path))
    if found:
        raise Invalid(found)
    context.site.need_account(item, path)
    return item


def need_future(context: Context, at: Ms) -> Ms:
    """Refuse a date that has passed."""
    if at <= context.now:
        raise Refusal(428, "SCHEDULED_TIME_ALREADY_PASSED", "The scheduled date has passed.")
    return at


def need_living_channel(channel: str, at: Ms) -> None:
    """Refuse a post on a channel that has ended by the instant at which the post would go out."""
    ends = read_iso(CHANNEL_ENDS.get(channel, ""))
    if ends is not None and at >= ends:
        raise Refusal(428, "UNSUPPORTED_CHANNEL", f"Nothing can be published on {channel} any more.")


def create_draft(context: Context) -> Answer:
    """Create Draft Item."""
    item = checked_item(context, context.body(ITEM_BODY)["item"])
    if context.options.references == "everywhere":
        context.items.need_fresh_reference(context.site_id, item.get("referenceId"), claimed_only=False)
    held = context.items.make(context.site_id, item)
    context.changed = True
    return {"item": held.body}


def get_item(context: Context) -> Answer:
    """Get Item: what is there now, with no lag."""
    return f'{{"item":{context.items.body_of(context.site_id, context.parts["id"])}}}'


def update_item(context: Context) -> Answer:
    """Update Item: content and account, never the date."""
    changes = context.body(UPDATE_BODY)["item"]
    if changes.pop("id").lower() != context.parts["id"].lower():
        raise invalid("item.id", "is not the ID in the address")
    held = context.items.find(context.site_id, context.parts["id"])
    if held.status == "DELETED":
        raise Refusal(404, "ITEM_NOT_EXISTS", "The item is deleted.")
    if held.status not in ("DRAFT", "SCHEDULED"):
        raise invalid("item.status", f"is {held.status}, and such an item can't be changed")
    wanted = _changed_body(held.body, changes, merge=context.options.patch == "merge")
    held.body = checked_item(context, wanted)
    context.items.save(held)
    context.changed = True
    return {"item": held.body}


def _changed_body(body: Json, changes: Json, *, merge: bool) -> Json:
    if merge:
        return {**body, **{name: _merged(body.get(name), value) for name, value in changes.items()}}
    objects = [name for name in changes if name in OBJECTS]
    kept = {name: value for name, value in body.items() if not (objects and name in OBJECTS)}
    channel = {**kept["channel"], **changes.get("channel", {})}
    return {**kept, **changes, "channel": channel}


def _merged(old: object, new: object) -> object:
    if isinstance(old, dict) and isinstance(new, dict):
        return {**old, **{name: _merged(old.get(name), value) for name, value in new.items()}}
    return new


def delete_item(context: Context) -> Answer:
    """Delete Item. What is public stays public, and what is on its way goes on."""
    held = context.items.find(context.site_id, context.parts["id"])
    if held.status == "DELETED":
        raise Refusal(*_NO_CHANGE["DELETED"])
    context.items.stop(held, "DELETED")
    context.changed = True
    return {}


def publish_item(context: Context) -> Answer:
    """Publish Item: a whole item, at once, or for its date."""
    held = _publish_whole(
        context, context.body(ITEM_BODY)["item"], "item", unique=context.options.references != "nowhere"
    )
    return {"item": held.body}


def _publish_whole(context: Context, item: Json, path: str, *, unique: bool) -> Held:
    at = read_iso(item.get("schedulingInfo", {}).get("scheduledDate") or "")
    need_living_channel(item["channel"]["name"], context.now if at is None else at)
    checked_item(context, item, path)
    if unique:
        everywhere = context.options.references == "everywhere"
        context.items.need_fresh_reference(context.site_id, item.get("referenceId"), claimed_only=not everywhere)
    _need_room(context, item, at)
    held = context.items.make(context.site_id, item)
    _put_out(context, held, at, spends=True)
    return held


def _need_room(context: Context, item: Json, at: Ms | None) -> None:
    """Refuse what date, plan, quota or network do not allow."""
    if at is not None:
        need_future(context, at)
    context.site.need_quota(PUBLISH if at is None else SCHEDULE)
    if at is None:
        context.site.need_publish_limit(item["channel"]["name"], item["channel"]["accountId"])


def _put_out(context: Context, held: Held, at: Ms | None, *, spends: bool) -> None:
    if at is None:
        context.items.send_out(held)
    else:
        context.items.schedule(held, at)
    if spends and held.status != "FAILED":
        context.site.spend(PUBLISH if at is None else SCHEDULE, held.id)
    context.changed = True


def publish_by_id(context: Context) -> Answer:
    """Publish Item By ID: a draft or a scheduled item; without a date it goes out at once."""
    body = context.body(BY_ID_BODY)
    held = context.items.find(context.site_id, body["id"])
    need_status(held, "DRAFT", "SCHEDULED")
    at = read_iso(body.get("scheduledDate", ""))
    need_living_channel(held.body["channel"]["name"], context.now if at is None else at)
    checked_item(context, held.body)
    if context.options.references != "nowhere":
        everywhere = context.options.references == "everywhere"
        context.items.need_fresh_reference(
            context.site_id, held.body.get("referenceId"), but=held.id, claimed_only=not everywhere
        )
    moved = held.status == "SCHEDULED" and at is not None
    if moved and at is not None:
        need_future(context, at)
    else:
        _need_room(context, held.body, at)
    _put_out(context, held, at, spends=not moved)
    return {"item": held.body}


def bulk_publish(context: Context) -> Answer:
    """Bulk Publish Items: each on its own, whatever becomes of the others."""
    if not context.options.bulk:
        raise Refusal(404, "NOT_FOUND", "There is no such call.")
    items = read_items(context)
    results = []
    for index, item in enumerate(items):
        if context.only_first is not None and index >= context.only_first:
            break
        results.append(_bulk_result(context, item, index))
    good = sum(1 for r in results if r["itemMetadata"]["success"])
    if context.options.bulk_shuffled:
        results.sort(key=lambda r: r["itemMetadata"]["originalIndex"] * 7919 % 101)
    totals = {"totalSuccesses": good, "totalFailures": len(results) - good, "undetailedFailures": 0}
    return {"results": results, "bulkActionMetadata": totals}


def _bulk_result(context: Context, item: Json, index: int) -> Json:
    try:
        with context.store.part():
            unique = context.options.references == "everywhere"
            held = _publish_whole(context, item, f"items[{index}]", unique=unique)
    except Refusal as refusal:
        error = {"code": refusal.code, "description": refusal.description}
        return {"itemMetadata": {"originalIndex": index, "success": False, "error": error}}
    return {"itemMetadata": {"id": held.id, "originalIndex": index, "success": True}, "item": held.body}


def reschedule_item(context: Context) -> Answer:
    """Reschedule Item: only a scheduled one."""
    at = read_iso(context.body(RESCHEDULE_BODY)["scheduledDate"])
    held = context.items.find(context.site_id, context.parts["id"])
    need_status(held, "SCHEDULED")
    assert at is not None  # noqa: S101 - the shape has made sure of it
    need_living_channel(held.body["channel"]["name"], at)
    context.items.schedule(held, need_future(context, at))
    context.changed = True
    return {"item": held.body}


def cancel_item(context: Context) -> Answer:
    """Cancel Scheduled Item: only a scheduled one."""
    context.body(EMPTY_BODY)
    held = context.items.find(context.site_id, context.parts["id"])
    need_status(held, "SCHEDULED")
    context.items.stop(held, "CANCELED")
    if context.options.quota_returns:
        context.site.give_back(SCHEDULE, held.id)
    context.changed = True
    return {"item": held.body}


MOST_FEATURES = 20


def list_accounts(context: Context) -> Answer:
    """List Accounts of one channel."""
    _only(context, "channelName")
    names = context.request.values("channelName")
    if len(names) != 1 or names[0] not in CHANNELS:
        raise invalid("channelName", f"must be one of {', '.join(CHANNELS)}", "ENUM")
    context.site.need_connection(names[0])
    return f'{{"accounts":[{",".join(context.site.accounts(names[0]))}]}}'


def token_status(context: Context) -> Answer:
    """Get Long Lived Token Status."""
    state = context.site.connection(_channel(context))
    return {"status": "VALID" if state == "NO_PAGES" else state}


def connect_url(context: Context) -> Answer:
    """Get Connect Url."""
    channel = _channel(context)
    connected = context.site.connected_channels()
    if channel not in connected and len(connected) >= context.site.connectable():
        said = f"The plan connects {context.site.connectable()} channels, and they are used up."
        raise Refusal(428, "INELIGIBLE_FOR_FEATURE", said)
    return {"connectUrl": f"https://connect.sandbox.example/{channel.lower()}?site={context.site_id}"}


def _channel(context: Context) -> str:
    channel = context.parts["channel"]
    if channel not in CHANNELS:
        raise invalid("channel", f"must be one of {', '.join(CHANNELS)}", "ENUM")
    return channel


def get_features(context: Context) -> Answer:
    """Get Features Data."""
    _only(context, "featureTypes")
    names = context.request.values("featureTypes") or FEATURES
    if len(names) > MOST_FEATURES:
        raise invalid("featureTypes", f"holds {len(names)}, at most {MOST_FEATURES} are allowed", "MAX_SIZE")
    features = [context.site.feature(_feature(name)) for name in names]
    return {"features": features, "monetizationEnabled": context.site.metered()}


def get_feature(context: Context) -> Answer:
    """Get Feature Data."""
    return {"featureData": context.site.feature(_feature(context.parts["feature"]))}


def _feature(name: str) -> str:
    if name not in FEATURES:
        raise invalid("featureType", f"must be one of {', '.join(FEATURES)}", "ENUM")
    return name


def _only(context: Context, *known: str) -> None:
    for name, _ in context.request.query:
        if name not in known:
            raise invalid(name, "is not a parameter of this call", "UNKNOWN_FIELD")


DEFAULT_LIMIT = 50
MOST_FILTERS = 20

SORT = Fields({"fieldName": Text(least=1), "order": Text(one_of=("ASC", "DESC"))}, ("fieldName",))
QUERY_BODY = Fields({
    "query": Fields({
        "filter": Anything(),
        "sort": Listed(SORT, most=3),
        "paging": Fields({"limit": Whole(), "offset": Whole()}),
    })
})  # fmt: skip

FIELDS: Mapping[str, str] = {
    "id": "id",
    "status": "status",
    "type": "type",
    "channel.name": "channel",
    "channel.accountId": "account",
    "schedulingInfo.scheduledDate": "scheduled",
    "external": "external",
}
"""The fields by which items can be filtered and sorted, and their columns."""

OPERATORS: Mapping[str, str] = {"$eq": "=", "$ne": "<>", "$gt": ">", "$gte": ">=", "$lt": "<", "$lte": "<="}


def query_items(context: Context) -> Answer:
    """Query Items."""
    query = context.body(QUERY_BODY).get("query", {})
    paging = query.get("paging", {})
    limit, offset = paging.get("limit", DEFAULT_LIMIT), paging.get("offset", 0)
    if not 1 <= limit <= context.options.query_most:
        raise invalid("query.paging.limit", f"must be from 1 to {context.options.query_most}", "MAX")
    where, values = _conditions(query.get("filter", {}), by_reference=context.options.filter_by_reference)
    source, bound = _source(context)
    if context.options.deleted == "hidden":
        where.append("status <> 'DELETED'")
    condition = " AND ".join(["site = ?", *where])
    values = [*bound, context.site_id, *values]
    total = context.store.count(f"SELECT count(*) FROM {source} WHERE {condition}", *values)  # noqa: S608 - own names
    rows = context.store.rows(
        f"SELECT body FROM {source} WHERE {condition} ORDER BY {_order(query.get('sort', []))} LIMIT ? OFFSET ?",  # noqa: S608 - own names
        *values, limit, offset,
    )  # fmt: skip
    items = ",".join(row[0] for row in rows)
    return f'{{"items":[{items}],"pagingMetadata":{{"count":{len(rows)},"offset":{offset},"total":{total}}}}}'


def _source(context: Context) -> tuple[str, list[Any]]:
    """Return the table to read: the items, or the items as they were some seconds ago."""
    lag = int(context.options.query_lag_seconds * 1000)
    if not lag:
        return "items", []
    then = context.now - lag
    return (
        f"(SELECT {COLUMNS}, body FROM items WHERE changed <= ? UNION ALL "  # noqa: S608 - own names
        f"SELECT {COLUMNS}, body FROM earlier WHERE changed <= ? AND until > ?)",
        [then, then, then],
    )


def _order(sort: list[dict[str, str]]) -> str:
    parts = []
    for at, entry in enumerate(sort):
        column = FIELDS.get(entry["fieldName"])
        if column is None:
            raise invalid(f"query.sort[{at}].fieldName", "is not a field that items can be sorted by")
        parts.append(f"{column} {entry.get('order', 'ASC')}")
    return ", ".join([*parts, "n DESC"])


def _conditions(given: Any, *, by_reference: bool) -> tuple[list[str], list[Any]]:
    if not isinstance(given, dict):
        raise invalid("query.filter", "must be an object", "FORMAT")
    known = {**FIELDS, "referenceId": "reference"} if by_reference else FIELDS
    where, values = [], []
    for field, wanted in given.items():
        if field not in known:
            raise invalid(f"query.filter.{field}", "is not a field that items can be filtered by")
        for operator, value in (wanted if isinstance(wanted, dict) else {"$eq": wanted}).items():
            part, found = _condition(f"query.filter.{field}", known[field], operator, value)
            where.append(part)
            values += found
    if len(where) > MOST_FILTERS:
        raise invalid("query.filter", f"holds more than {MOST_FILTERS} conditions")
    return where, values


def _condition(path: str, column: str, operator: str, value: Any) -> tuple[str, list[Any]]:
    if operator == "$in" and isinstance(value, list) and 0 < len(value) <= 100:
        return f"{column} IN ({', '.join('?' * len(value))})", [_value(path, column, part) for part in value]
    if operator not in OPERATORS:
        raise invalid(path, f"does not know the operator {operator[:20]}")
    return f"{column} {OPERATORS[operator]} ?", [_value(path, column, value)]


def _value(path: str, column: str, value: Any) -> Any:
    if column == "external" and isinstance(value, bool):
        return int(value)
    if column in ("external", "scheduled"):
        at = read_iso(value) if isinstance(value, str) and column == "scheduled" else None
        if at is None:
            raise invalid(path, "is compared with a value of another kind", "FORMAT")
        return at
    if not isinstance(value, str):
        raise invalid(path, "is compared with a value of another kind", "FORMAT")
    return value
