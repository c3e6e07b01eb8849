"""Items: each function is one call of the API, and says of its answer only what the answer supports.

The date is what tells scheduling from publishing at once, so it is an argument that can't be left out; publishing now
has functions of its own, and nothing else sends a call without a date.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from batch.errors import ServiceError
from batch.model import Item, Json, Medium, Step
from batch.publisher.client import Client
from batch.publisher.pages import query_items as query_items
from batch.publisher.payload import make_item, make_update, read_item, with_date, write_date
from batch.publisher.reply import Reply, ReplyKind

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
