"""Items: each function is one call of the API, and says of its answer only what the answer supports.

The date is what tells scheduling from publishing at once, so it is an argument that can't be left out; publishing now
has functions of its own, and nothing else sends a call without a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import NamedTuple

from batch.errors import ServiceError
from batch.model import Item, Json, Step
from batch.publisher.client import AT_ONCE, Client, gather
from batch.publisher.payload import (
    Clearing,
    as_dict,
    as_dicts,
    as_text,
    make_item,
    make_update,
    read_item,
    with_date,
    write_date,
)
from batch.publisher.reply import Reply, ReplyKind

BASE = "/social-publisher/v1"
QUERY_PATH = f"{BASE}/items/query"
LIMITS = (100, 50)
"""Items a page: the most that the API's conventions allow, then what it documents as its default."""
SORT = [{"fieldName": "id", "order": "ASC"}]
"""An order that does not move when an item changes, so that no page boundary does."""
MAX_PAGES = 2_000
_ITEM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


ONE_ID = "The site's list gives several posts one and the same ID, so nothing is planned on it. Try again later."


class PageStyle(NamedTuple):
    """How pages are asked for."""

    limit: int
    sorted: bool


PAGE_STYLES = tuple(PageStyle(limit, in_order) for limit in LIMITS for in_order in (True, False))
"""In order of preference; the next one where the service refuses one (HTTP 400)."""


class ItemsRead(NamedTuple):
    """All items of a site, what is to be said about how they were read, and the first page's reply."""

    items: tuple[Item, ...]
    notices: tuple[str, ...]
    first: Reply


class _Page(NamedTuple):
    items: tuple[Item, ...]
    size: int
    total: int | None
    reply: Reply


def query_items(client: Client) -> tuple[Item, ...]:
    """Return every item of the site. Raises `ServiceError`, `SignInError`."""
    return read_items(client).items


def read_items(client: Client, *, max_pages: int = MAX_PAGES) -> ItemsRead:
    """Return every item of the site, with the notices and the first reply (for the service's clock)."""
    asked, first = _first_page(client)
    # A service that silently gives fewer a page than asked for is taken by what it gives, or its posts would be lost.
    capped = 0 < first.size < asked.limit and (first.total is None or first.total > first.size)
    style = asked._replace(limit=first.size) if capped else asked
    found = {item.id: item for item in first.items}
    nameless = first.size - len(first.items)
    # Where no total is told, a page may be shorter than asked for without being the last.
    full = style.limit if first.total is not None else 1
    number, promised, last = 1, min(max_pages, -(-(first.total or 0) // style.limit)), first.size < full
    while not last:
        if number > max_pages:
            raise ServiceError(f"The site's list of posts does not end after {max_pages} pages. Try again later.")
        count = max(1, min(AT_ONCE, promised - number))
        for page in gather([partial(_page, client, style, n) for n in range(number, number + count)]):
            fresh = not found.keys() >= {item.id for item in page.items}
            if page.size >= asked.limit and not fresh:
                raise ServiceError(
                    "The site gives one page of posts again and again, so they can't be read. Try again later."
                )
            last = last or page.size < full or not fresh
            # A page boundary that moves while reading shows a post twice; two posts never have one ID.
            if any(item.reference != found.get(item.id, item).reference for item in page.items):
                raise ServiceError(ONE_ID)
            if fresh:
                found.update((item.id, item) for item in page.items)
                nameless += page.size - len(page.items)
        number += count
    return ItemsRead(tuple(found.values()), tuple(_notices(asked, first, len(found), nameless)), first.reply)


def _first_page(client: Client) -> tuple[PageStyle, _Page]:
    refusal = ""
    for style in PAGE_STYLES:
        if client.page_limit in LIMITS and style.limit > client.page_limit:
            continue
        reply = client.query("POST", QUERY_PATH, _query(style, 0), by_status=True)
        if reply.kind is ReplyKind.OK:
            client.page_limit = style.limit
            return style, _read_page(reply)
        refusal = f"{reply.code}: {reply.message}"
        if reply.status != 400:
            break
    raise ServiceError(f"The site does not tell which posts it holds ({refusal}).")


def _page(client: Client, style: PageStyle, number: int) -> _Page:
    reply = client.query("POST", QUERY_PATH, _query(style, number * style.limit))
    if reply.kind is not ReplyKind.OK:
        raise ServiceError(f"The site's list of posts broke off at page {number + 1} ({reply.code}: {reply.message}).")
    return _read_page(reply)


def _query(style: PageStyle, offset: int) -> Json:
    query: Json = {"filter": {}, "paging": {"limit": style.limit, "offset": offset}}
    return {"query": {**query, "sort": SORT} if style.sorted else query}


def _read_page(reply: Reply) -> _Page:
    listed, paging = reply.body.get("items"), reply.body.get("pagingMetadata")
    total = as_dict(paging).get("total")
    total = total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else None
    if listed is None and total == 0:
        listed = []
    if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
        raise ServiceError(
            "The site's answer holds no list of posts where one belongs, so nothing is planned on it. Try again later."
        )
    items = tuple(read_item(entry) for entry in listed)
    named = tuple(item for item in items if item.id)
    if len({item.id for item in named}) < len(named):
        raise ServiceError(ONE_ID)
    if keys := [item.reference for item in items if item.reference and not item.id]:
        raise ServiceError(
            f"The site's list gives the post with the key {keys[0][:64]} without its ID, so nothing is planned on it. "
            "Try again later."
        )
    return _Page(named, len(items), total, reply)


def _notices(style: PageStyle, first: _Page, count: int, nameless: int) -> Iterable[str]:
    if style.limit != LIMITS[0]:
        yield f"The service takes no more than {style.limit} posts a page, so reading them took more calls."
    if not style.sorted:
        yield "The service did not sort its posts, so one that was added while they were read may be missing."
    if nameless:
        yield f"{nameless} of the site's posts came without an ID and were left out."
    if first.total is not None and count < first.total - nameless:
        yield f"The site reports {first.total} posts but listed {count}. Somebody may be changing them now."


def get_item(client: Client, item_id: str) -> Item | None:
    """Return an item; None where the service does not know it."""
    if not _ITEM_ID.fullmatch(item_id):
        return None
    reply = client.query("GET", f"{BASE}/items/{item_id}")
    if reply.status == 404 and reply.kind is ReplyKind.REFUSED:
        return None
    checked = _about_item(reply, item_id)
    if checked.kind is not ReplyKind.OK or checked.item is None or reply.item is None or not reply.item.id:
        raise ServiceError(
            f"The site did not tell about the post {item_id} ({checked.code or 'NO_ID'}): {checked.message}"
        )
    return checked.item


def create_draft(client: Client, step: Step) -> Reply:
    """Create a step's post as a draft."""
    return _about_reference(client.send_once("POST", f"{BASE}/items", {"item": make_item(step)}), step)


def create_scheduled(client: Client, step: Step) -> Reply:
    """Create and schedule a step's post in one call, for the instant `step.at`."""
    item = with_date(make_item(step), certain_date(step))
    return _about_reference(client.send_once("POST", f"{BASE}/publish", {"item": item}), step)


def schedule_item(client: Client, item_id: str, *, at: datetime) -> Reply:
    """Schedule a draft, or a scheduled item once more, for this instant."""
    reply = client.send_once("POST", f"{BASE}/publish-by-id", {"id": item_id, "scheduledDate": write_date(at)})
    return _about_item(reply, item_id)


def publish_item_now(client: Client, item_id: str) -> Reply:
    """Publish a draft or a scheduled item at once. It is public, and can't be taken back."""
    return _about_item(client.send_once("POST", f"{BASE}/publish-by-id", {"id": item_id}), item_id)


def update_item(client: Client, item_id: str, step: Step, *, clearing: Clearing = Clearing.NULL) -> Reply:
    """Bring an item's content to the step's, cleared fields in this way. It never sends a date."""
    body = {"item": make_update(replace(step, item_id=item_id), clearing=clearing)}
    return _on_item(client, "PATCH", item_id, "", body)


def reschedule_item(client: Client, item_id: str, *, at: datetime) -> Reply:
    """Move a scheduled item to this instant."""
    return _on_item(client, "POST", item_id, "/reschedule", {"scheduledDate": write_date(at)})


def cancel_item(client: Client, item_id: str) -> Reply:
    """Cancel a scheduled item."""
    return _on_item(client, "PATCH", item_id, "/cancel", {})


def delete_item(client: Client, item_id: str) -> Reply:
    """Delete an item. Its answer holds no item."""
    return _on_item(client, "DELETE", item_id, "", None)


def certain_date(step: Step) -> datetime:
    """Return the step's date. A step without one must never get as far as a call: no date means publishing at once."""
    if step.at is None:
        raise ValueError(f"row {step.row}: a step that schedules has a date, or the API would publish at once")
    return step.at


def _on_item(client: Client, method: str, item_id: str, call: str, body: Json | None) -> Reply:
    if not _ITEM_ID.fullmatch(item_id):
        message = f"“{item_id[:64]}” is not the ID of a post, so nothing was sent."
        return Reply(ReplyKind.REFUSED, None, "BAD_ID", message)
    reply = client.send_once(method, f"{BASE}/items/{item_id}{call}", body)
    return reply if body is None else _about_item(reply, item_id)


def _about_item(reply: Reply, item_id: str) -> Reply:
    """Hold a good answer to be about this item; one that leaves out the ID is taken to be."""
    if reply.kind is not ReplyKind.OK:
        return reply
    if reply.item is None or not reply.item.status:
        return _unclear(reply, "NO_ITEM", "The service answered without the state of the post that the call was about.")
    if not reply.item.id:
        return replace(reply, item=replace(reply.item, id=item_id))
    if reply.item.id.lower() != item_id.lower():
        return _unclear(reply, "WRONG_ID", f"The service answered about another post ({reply.item.id[:64]}).")
    return reply


def _about_reference(reply: Reply, step: Step) -> Reply:
    if reply.kind is not ReplyKind.OK:
        return reply
    if reply.item is None or not reply.item.status or not _ITEM_ID.fullmatch(reply.item.id):
        return _unclear(reply, "NO_ITEM", "The service answered without ID and state of the post that it made.")
    if reply.item.reference and step.reference and reply.item.reference != step.reference:
        return _unclear(reply, "WRONG_ID", f"The service answered about another post ({reply.item.reference[:64]}).")
    return reply


def _unclear(reply: Reply, code: str, message: str) -> Reply:
    return replace(reply, kind=ReplyKind.UNCLEAR, code=code, message=message, item=None)


def schedule_bulk(client: Client, steps: Sequence[Step]) -> Reply:
    """Create and schedule many posts in one call, each for its own `step.at`. Read its answer with `read_bulk`."""
    items = [with_date(make_item(step), certain_date(step)) for step in steps]
    return client.send_once("POST", f"{BASE}/bulk/publish", {"items": items})


def read_bulk(reply: Reply, steps: Sequence[Step]) -> tuple[Reply, ...]:
    """Return what a bulk answer says of each step, in order: OK with its item, REFUSED with a code, else UNCLEAR."""
    if reply.kind is not ReplyKind.OK:
        return tuple(reply for _ in steps)
    claims: dict[int, list[Reply]] = {}
    for entry in as_dicts(reply.body.get("results")):
        if not isinstance(meta := entry.get("itemMetadata"), dict):
            continue
        item = read_item(entry["item"]) if isinstance(entry.get("item"), dict) else None
        # By its reference where it has one of ours, else by its index.
        if item and item.reference:
            matching = [i for i, step in enumerate(steps) if step.reference == item.reference]
        else:
            index = meta.get("originalIndex")
            matching = [index] if isinstance(index, int) and not isinstance(index, bool) else []
        if len(matching) == 1 and 0 <= matching[0] < len(steps):
            claims.setdefault(matching[0], []).append(_claim(meta, item, steps[matching[0]]))
    none = Reply(ReplyKind.UNCLEAR, code="MISSING", message="The bulk answer tells nothing about this post.")
    twice = replace(none, code="CONTRADICTED", message="The bulk answer tells more than once about this post.")
    found = [claims.get(i, [none]) for i in range(len(steps))]
    return tuple(one[0] if len(one) == 1 else twice for one in found)


def _claim(meta: Json, item: Item | None, step: Step) -> Reply:
    ids = {i for i in (meta.get("id"), item.id if item else "") if isinstance(i, str) and i}
    if meta.get("success") is True and len(ids) == 1:
        made = item or Item("", step.channel, step.type, "", reference=step.reference)
        return Reply(ReplyKind.OK, item=replace(made, id=ids.pop()))
    error = as_dict(meta.get("error"))
    if meta.get("success") is False and (code := as_text(error.get("code"))):
        return Reply(ReplyKind.REFUSED, code=code, message=as_text(error.get("description")) or code)
    return Reply(ReplyKind.UNCLEAR, code="NO_ITEM", message="The bulk answer doesn't tell what happened to this post.")
