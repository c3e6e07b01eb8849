"""Query Items: filter, sort and page, straight from the columns; no item is parsed to be shown.

Where the options say so it shows the site as it was some seconds ago.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from batch.sandbox.context import Answer, Context
from batch.sandbox.items import COLUMNS
from batch.sandbox.shape import Anything, Fields, Listed, Text, Whole
from batch.sandbox.times import read_iso
from batch.sandbox.wire import invalid

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
