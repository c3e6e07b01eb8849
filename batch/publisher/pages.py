"""Read every item that a site holds, page by page, without trusting what the pages say of themselves.

How the service counts its pages is not documented in full, so the end is where a page is short, a total is only a hint
by which pages are fetched side by side, and an item that shows up on two pages (somebody added one meanwhile) is taken
once. A service that never ends, or gives one page again and again, is an error and not a site with many posts.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import NamedTuple

from batch.errors import ServiceError
from batch.model import Item, Json
from batch.publisher.beside import AT_ONCE, ask_beside
from batch.publisher.client import Client
from batch.publisher.payload import read_item
from batch.publisher.reply import Reply, ReplyKind

QUERY_PATH = "/social-publisher/v1/items/query"
LIMITS = (100, 50)
"""Items a page: the most that the API's conventions allow, then what it documents as its default."""
SORT = [{"fieldName": "id", "order": "ASC"}]
"""An order that does not move when an item changes, so that no page boundary does."""
MOST_PAGES = 2_000


class Style(NamedTuple):
    """How pages are asked for."""

    limit: int
    sorted: bool


STYLES = (Style(LIMITS[0], True), Style(LIMITS[0], False), Style(LIMITS[1], True), Style(LIMITS[1], False))
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


def read_items(client: Client, *, most_pages: int = MOST_PAGES) -> ItemsRead:
    """Return every item of the site, with the notices and the first reply (for the service's clock)."""
    asked, first = _first_page(client)
    style = _capped(asked, first)
    found = {item.id: item for item in first.items}
    nameless = first.size - len(first.items)
    for page in _rest(client, style, first, most_pages):
        fresh = [item for item in page.items if item.id not in found]
        if not fresh and page.size >= style.limit:
            raise ServiceError(
                "The site gives one page of posts again and again, so they can't be read. Try again later."
            )
        found.update((item.id, item) for item in page.items)
        nameless += page.size - len(page.items)
    return ItemsRead(tuple(found.values()), tuple(_notices(asked, first, len(found), nameless)), first.reply)


def _first_page(client: Client) -> tuple[Style, _Page]:
    refusal = ""
    for style in STYLES:
        reply = client.ask("POST", QUERY_PATH, _query(style, 0), by_status=True)
        if reply.kind is ReplyKind.OK:
            return style, _read_page(reply)
        refusal = f"{reply.code}: {reply.message}"
        if reply.status != 400:
            break
    raise ServiceError(f"The site does not tell which posts it holds ({refusal}).")


def _capped(style: Style, first: _Page) -> Style:
    """Take a service that silently gives fewer a page than asked for by what it gives, or its posts would be lost."""
    more = first.total is not None and first.total > first.size
    silent = first.size == LIMITS[1] and first.total is None
    return style._replace(limit=first.size) if 0 < first.size < style.limit and (more or silent) else style


def _rest(client: Client, style: Style, first: _Page, most_pages: int) -> Iterable[_Page]:
    """Yield the pages after the first: those that the total promises side by side, then one by one to a short one."""
    if first.size < style.limit:
        return
    number = 1
    promised = min(most_pages, -(-(first.total or 0) // style.limit))
    while number <= most_pages:
        beside = max(1, min(AT_ONCE, promised - number))
        wave = ask_beside([partial(_page, client, style, n) for n in range(number, number + beside)])
        yield from wave
        if any(page.size < style.limit for page in wave):
            return
        number += beside
    raise ServiceError(f"The site's list of posts does not end after {most_pages} pages. Try again later.")


def _page(client: Client, style: Style, number: int) -> _Page:
    reply = client.ask("POST", QUERY_PATH, _query(style, number * style.limit))
    if reply.kind is not ReplyKind.OK:
        raise ServiceError(f"The site's list of posts broke off at page {number + 1} ({reply.code}: {reply.message}).")
    return _read_page(reply)


def _query(style: Style, offset: int) -> Json:
    query: Json = {"filter": {}, "paging": {"limit": style.limit, "offset": offset}}
    return {"query": {**query, "sort": SORT} if style.sorted else query}


def _read_page(reply: Reply) -> _Page:
    listed, paging = reply.body.get("items"), reply.body.get("pagingMetadata")
    total = paging.get("total") if isinstance(paging, dict) else None
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
        raise ServiceError(
            "The site's list gives several posts one and the same ID, so nothing is planned on it. Try again later."
        )
    return _Page(named, len(items), total, reply)


def _notices(style: Style, first: _Page, count: int, nameless: int) -> Iterable[str]:
    if style.limit != LIMITS[0]:
        yield f"The service takes no more than {style.limit} posts a page, so reading them took more calls."
    if not style.sorted:
        yield "The service did not sort its posts, so one that was added while they were read may be missing."
    if nameless:
        yield f"{nameless} of the site's posts came without an ID and were left out."
    if first.total is not None and count < first.total - nameless:
        yield f"The site says it holds {first.total} posts but showed {count}; somebody may be changing them now."
