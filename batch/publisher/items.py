"""Items: each function is one call of the API, and says of its answer only what the answer supports.

The date is what tells scheduling from publishing at once, so it is an argument that can't be left out; publishing now
has functions of its own, and nothing else sends a call without a date.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from queue import SimpleQueue
from typing import NamedTuple, TypeVar

from batch.errors import ServiceError
from batch.model import Item, Json, Medium, Step
from batch.publisher.client import Client
from batch.publisher.payload import make_item, make_update, read_item, with_date, write_date
from batch.publisher.reply import Reply, ReplyKind

Result = TypeVar("Result")
AT_ONCE = 4


def ask_beside(questions: Sequence[Callable[[], Result]], *, at_once: int = AT_ONCE) -> list[Result]:
    """Return the answers in the questions' order; raise the first failure, and start none of the rest after it."""
    waiting = iter(range(len(questions)))
    lock, over = threading.Lock(), threading.Event()
    answered: SimpleQueue[tuple[int, Result | None, BaseException | None]] = SimpleQueue()

    def work() -> None:
        while not over.is_set():
            with lock:
                index = next(waiting, None)
            if index is None:
                return
            try:
                answered.put((index, questions[index](), None))
            except BaseException as error:  # noqa: BLE001 - it is raised again in the thread that waits
                over.set()
                answered.put((index, None, error))

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(at_once, len(questions)))]
    for thread in threads:
        thread.start()
    answers: dict[int, Result | None] = {}
    try:
        while len(answers) < len(questions):
            index, answer, error = answered.get()
            if error is not None:
                raise error
            answers[index] = answer
    except Exception:
        for thread in threads:
            thread.join()
        raise
    finally:
        over.set()
    return [answers[index] for index in range(len(questions))]  # type: ignore[misc] # each was answered


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


BASE = "/social-publisher/v1"
_ITEM_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


def get_item(client: Client, item_id: str) -> Item | None:
    """Return an item; None where the service does not know it."""
    if not _ITEM_ID.fullmatch(item_id):
        return None
    reply = client.ask("GET", f"{BASE}/items/{item_id}")
    if reply.status == 404 and reply.kind is ReplyKind.REFUSED:
        return None
    checked = _about_item(reply, item_id)
    if checked.kind is not ReplyKind.OK or checked.item is None or reply.item is None or not reply.item.id:
        raise ServiceError(
            f"The site did not tell about the post {item_id} ({checked.code or 'NO_ID'}): {checked.message}"
        )
    return checked.item


def create_draft(client: Client, step: Step, media_urls: Mapping[str, str] | None = None) -> Reply:
    """Create a step's post as a draft. `media_urls`: addresses in the Media Manager by `Medium.source`."""
    reply = client.send("POST", f"{BASE}/items", {"item": make_item(_with_media(step, media_urls))})
    return _about_reference(reply, step)


def update_item(client: Client, item_id: str, step: Step, media_urls: Mapping[str, str] | None = None) -> Reply:
    """Bring an item's content to the step's. It never sends a date."""
    body = {"item": make_update(replace(_with_media(step, media_urls), item_id=item_id))}
    return _on_item(client, "PATCH", item_id, "", body)


def schedule_item(client: Client, item_id: str, *, at: datetime) -> Reply:
    """Schedule a draft, or a scheduled item anew, for this instant."""
    reply = client.send("POST", f"{BASE}/publish-by-id", {"id": item_id, "scheduledDate": write_date(at)})
    return _about_item(reply, item_id)


def publish_item_now(client: Client, item_id: str) -> Reply:
    """Publish a draft or a scheduled item at once. It is public, and can't be taken back."""
    return _about_item(client.send("POST", f"{BASE}/publish-by-id", {"id": item_id}), item_id)


def schedule_whole(client: Client, step: Step, media_urls: Mapping[str, str] | None = None) -> Reply:
    """Create and schedule a step's post in one call, for the instant `step.at`."""
    item = with_date(make_item(_with_media(step, media_urls)), _at(step))
    return _about_reference(client.send("POST", f"{BASE}/publish", {"item": item}), step)


def publish_whole_now(client: Client, step: Step, media_urls: Mapping[str, str] | None = None) -> Reply:
    """Create and publish a step's post at once, in one call. It is public, and can't be taken back."""
    reply = client.send("POST", f"{BASE}/publish", {"item": make_item(_with_media(step, media_urls))})
    return _about_reference(reply, step)


def reschedule_item(client: Client, item_id: str, *, at: datetime) -> Reply:
    """Move a scheduled item to this instant."""
    return _on_item(client, "POST", item_id, "/reschedule", {"scheduledDate": write_date(at)})


def cancel_item(client: Client, item_id: str) -> Reply:
    """Cancel a scheduled item."""
    return _on_item(client, "PATCH", item_id, "/cancel", {})


def delete_item(client: Client, item_id: str) -> Reply:
    """Delete an item. Its answer holds no item."""
    if not _ITEM_ID.fullmatch(item_id):
        return _bad_id(item_id)
    return client.send("DELETE", f"{BASE}/items/{item_id}")


def _on_item(client: Client, method: str, item_id: str, act: str, body: Json) -> Reply:
    if not _ITEM_ID.fullmatch(item_id):
        return _bad_id(item_id)
    return _about_item(client.send(method, f"{BASE}/items/{item_id}{act}", body), item_id)


def _bad_id(item_id: str) -> Reply:
    return Reply(ReplyKind.REFUSED, None, "BAD_ID", f"“{item_id[:64]}” is not the ID of a post, so nothing was sent.")


def _at(step: Step) -> datetime:
    if step.at is None:
        raise ValueError("a step that schedules has a date: without one the API would publish at once")
    return step.at


def _with_media(step: Step, media_urls: Mapping[str, str] | None) -> Step:
    if not media_urls:
        return step
    media = tuple(_placed(m, media_urls) for m in step.content.media)
    return replace(step, content=replace(step.content, media=media))


def _placed(medium: Medium, media_urls: Mapping[str, str]) -> Medium:
    return replace(medium, url=media_urls.get(medium.source, medium.url))


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
    """Hold a good answer to be about the post that this step creates."""
    if reply.kind is not ReplyKind.OK:
        return reply
    if reply.item is None or not reply.item.status or not _ITEM_ID.fullmatch(reply.item.id):
        return _unclear(reply, "NO_ITEM", "The service answered without ID and state of the post that it made.")
    if reply.item.reference and step.reference and reply.item.reference != step.reference:
        return _unclear(reply, "WRONG_ID", f"The service answered about another post ({reply.item.reference[:64]}).")
    return reply


def _unclear(reply: Reply, code: str, message: str) -> Reply:
    return replace(reply, kind=ReplyKind.UNCLEAR, code=code, message=message, item=None)


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What a bulk answer says of one step: OK, REFUSED, or UNCLEAR where it says nothing that can be relied on."""

    step: Step
    kind: ReplyKind
    item_id: str = ""
    item: Item | None = None
    code: str = ""
    message: str = ""


def schedule_bulk(client: Client, steps: Sequence[Step], media_urls: Mapping[str, str] | None = None) -> Reply:
    """Create and schedule many posts in one call, each for its own `step.at`. Read its answer with `read_bulk`."""
    items = [with_date(make_item(_with_media(step, media_urls)), _at(step)) for step in steps]
    return client.send("POST", f"{BASE}/bulk/publish", {"items": items})


def read_bulk(reply: Reply, steps: Sequence[Step]) -> tuple[BulkResult, ...]:
    """Return one result for each step, in their order; a whole call that was not OK gives its own kind to all."""
    if reply.kind is not ReplyKind.OK:
        return tuple(BulkResult(s, reply.kind, code=reply.code, message=reply.message) for s in steps)
    claims: dict[int, list[BulkResult]] = {}
    listed = reply.body.get("results")
    for entry in listed if isinstance(listed, list) else []:
        index = _index_of(entry, steps)
        if index is not None:
            claims.setdefault(index, []).append(_bulk_result(entry, steps[index]))
    return tuple(_only_claim(claims.get(i, []), step) for i, step in enumerate(steps))


def _only_claim(claims: Sequence[BulkResult], step: Step) -> BulkResult:
    if len(claims) == 1:
        return claims[0]
    code = "CONTRADICTED" if claims else "MISSING"
    what = "more than once" if claims else "nothing"
    return BulkResult(step, ReplyKind.UNCLEAR, code=code, message=f"The bulk answer says {what} about this post.")


def _index_of(entry: object, steps: Sequence[Step]) -> int | None:
    """Return the step that an entry is about: by its reference where it has one of ours, else by its index."""
    if not isinstance(entry, dict) or not isinstance(entry.get("itemMetadata"), dict):
        return None
    item = entry.get("item")
    reference = read_item(item).reference if isinstance(item, dict) else ""
    if reference:
        matching = [i for i, step in enumerate(steps) if step.reference == reference]
        return matching[0] if len(matching) == 1 else None
    index = entry["itemMetadata"].get("originalIndex")
    known = isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(steps)
    return index if known else None


def _bulk_result(entry: Json, step: Step) -> BulkResult:
    meta = entry["itemMetadata"]
    item = read_item(entry["item"]) if isinstance(entry.get("item"), dict) else None
    ids = {i for i in (meta.get("id"), item.id if item else "") if isinstance(i, str) and i}
    if meta.get("success") is True and len(ids) == 1:
        item_id = ids.pop()
        return BulkResult(step, ReplyKind.OK, item_id=item_id, item=replace(item, id=item_id) if item else None)
    error = meta.get("error")
    if (
        meta.get("success") is False
        and isinstance(error, dict)
        and isinstance(error.get("code"), str)
        and error["code"]
    ):
        why = error.get("description")
        message = why if isinstance(why, str) and why else error["code"]
        return BulkResult(step, ReplyKind.REFUSED, code=error["code"], message=message)
    return BulkResult(
        step, ReplyKind.UNCLEAR, code="NO_ITEM", message="The bulk answer does not say what became of this post."
    )
