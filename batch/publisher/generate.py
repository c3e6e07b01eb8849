"""Have the service write a caption, make a post or change a picture; what comes back is content, never sent by itself.

A call whose answer was lost is repeated within bounds: what it wrote for nobody does no harm.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, NamedTuple

from batch.errors import ServiceError, SignInError
from batch.model import Channel, Content, Generation, Json, Medium
from batch.publisher.client import Client
from batch.publisher.pace import Patience
from batch.publisher.payload import as_dict, as_dicts, as_text, read_generated
from batch.publisher.reply import Reply, ReplyKind
from batch.rules.check import ASSET_UNKNOWN

BASE = "/social-publisher/v1"
FIRST_WAIT_SECONDS = 2.0
WITHDRAWN_CALL = frozenset({404, 501})
"""Statuses by which the service says that it does not know a call."""
NO_CONTENT = Content()
_EXECUTION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


@dataclass(frozen=True, slots=True)
class Generated:
    """What the service made. Where `code` is set there is none, and `message` says why in its words."""

    content: Content = NO_CONTENT
    code: str = ""
    message: str = ""


def generate_text(client: Client, generation: Generation, *, channel: Channel, link: str = "") -> Generated:
    """Have a caption written (Generate Text), and a title where the service gives one."""
    body: Json = {"userInput": generation.prompt, "channelName": str(channel)}
    more = {"tone": generation.tone, "languageCode": generation.language, "additionalContent": link and {"url": link}}
    reply = _ask(client, "generate-text", body | {name: value for name, value in more.items() if value})
    if isinstance(reply, Generated):
        return reply
    for result in as_dicts(reply.body.get("results")):
        text, title = as_text(result.get("caption")).strip(), as_text(result.get("title")).strip()
        if text:
            return Generated(Content(text=text, title=title))
    return _nothing("caption")


def generate_post(client: Client, generation: Generation, *, channel: Channel) -> Generated:
    """Have a post made from an idea, something on the site, or both (Generate Post Data)."""
    body: Json = {"channels": [str(channel)]}
    if generation.prompt:
        body["userInput"] = generation.prompt
    if generation.asset_id:
        body["siteAssets"] = [{"id": generation.asset_id, "type": generation.asset_type}]
    reply = _ask(client, "generate-post-data", body)
    if isinstance(reply, Generated):
        return reply
    for result in as_dicts(reply.body.get("results")):
        found = read_generated(result)
        if found is not None and found[0] == channel and (found[1].text or found[1].media):
            return Generated(found[1])
    return _nothing(f"post for {channel}")


def generate_image(client: Client, generation: Generation, *, image_url: str, patience: Patience) -> Generated:
    """Have a picture changed as the prompt says (Generate Image), and wait for it within the bound."""
    reply = _ask(client, "generate-image", {"userInput": generation.prompt, "imageUrl": image_url})
    if isinstance(reply, Generated):
        return reply
    execution_id = as_text(reply.body.get("executionId")).strip()
    if not _EXECUTION_ID.fullmatch(execution_id):
        return _nothing("picture")

    def look() -> Generated | None:
        reply = _ask(client, f"generated-image/{execution_id}", None, method="GET")
        if isinstance(reply, Generated):
            return reply
        status, url = as_text(reply.body.get("status")), as_text(reply.body.get("imageUrl")).strip()
        if status == "READY" and url:
            return Generated(Content(media=(Medium(source=url, kind="IMAGE", identity=url),)))
        message = "The service could not make the picture; say it in other words."
        return Generated(code="IMAGE_FAILED", message=message) if status in ("READY", "FAILED") else None

    made, waited = patience.wait_for(look, first_seconds=FIRST_WAIT_SECONDS)
    message = f"The picture was not ready after {waited:.0f} s."
    return Generated(code="IMAGE_NOT_READY", message=message) if made is None else made


class AssetCall(NamedTuple):
    """How one kind of thing on the site is listed: the call, its body, where its answer holds them, and their names."""

    path: str
    body: Json
    held_in: str
    name: tuple[str, ...]


ASSET_CALLS: Mapping[str, AssetCall] = {
    "STORES_PRODUCT": AssetCall("/stores/v3/products/query", {"query": {}}, "products", ("name",)),
    "STORES_CATEGORY": AssetCall(
        "/categories/v1/categories/query", {"treeReference": {"appNamespace": "@wix/stores"}}, "categories", ("name",)
    ),
    "STORES_COUPON": AssetCall("/stores/v2/coupons/query", {"query": {}}, "coupons", ("specification", "name")),
    "BLOG_POST": AssetCall("/blog/v3/posts/query", {"paging": {"limit": 100}}, "posts", ("title",)),
    "EVENT": AssetCall("/events/v3/events/query", {"query": {"paging": {"limit": 100}}}, "events", ("title",)),
    "BOOKINGS_SERVICE": AssetCall("/bookings/v2/services/query", {"query": {}}, "services", ("name",)),
}
"""The vendor's own query calls (public recipe of the API, read 2026-11-24)."""
NEAREST = 5
MAX_PAGES = 100


class SiteAsset(NamedTuple):
    """Something on the site that a post can be generated from."""

    id: str
    name: str


def list_assets(client: Client, kind: str) -> list[SiteAsset]:
    """Return what the site has of a kind; read-only. Errors: ServiceError, SignInError."""
    call, body = ASSET_CALLS[kind], ASSET_CALLS[kind].body
    found: dict[str, SiteAsset] = {}
    for page in range(MAX_PAGES):
        reply = client.query("POST", call.path, body, by_status=True)
        if reply.kind is not ReplyKind.OK and page == 0:
            raise ServiceError(f"The site's list can't be read ({reply.code or reply.status}): {reply.message}")
        before = len(found)
        for entry in as_dicts(reply.body.get(call.held_in)):
            value: Any = entry
            for part in call.name:
                value = as_dict(value).get(part)
            if isinstance(value, str) and isinstance(entry.get("id"), str):
                found.setdefault(entry["id"], SiteAsset(entry["id"], value.strip()))
        body = _next_page(call, reply.body, seen=len(found))
        if len(found) == before or not body:  # also where a further page is refused, or brings the same again
            break
    return list(found.values())


def _next_page(call: AssetCall, answer: Json, *, seen: int) -> Json:
    """Return what asks for the next page, by the cursor or from the offset that the answer names; {} after the last."""
    told = as_dict(answer.get("pagingMetadata") or answer.get("metaData"))
    if cursor := as_text(as_dict(told.get("cursors")).get("next")):
        return {"query": {"cursorPaging": {"cursor": cursor}}}
    total = told.get("total", answer.get("totalResults"))
    if not isinstance(total, int) or total <= seen:
        return {}
    paging = {"paging": {"limit": 100, "offset": seen}}
    return call.body | (paging if "paging" in call.body else {"query": paging})


def find_asset(client: Client, generation: Generation, *, known: dict[str, list[SiteAsset]]) -> SiteAsset | Generated:
    """Return the one thing of a kind that has this name, or why there is none; `known` keeps what was read."""
    kind, name = generation.asset_type, generation.asset_name
    if kind not in known:
        try:
            known[kind] = list_assets(client, kind)
        except (ServiceError, SignInError) as error:
            message = f"{name!r} can't be looked up: {error} Write its ID instead, as in {kind}:<id>."
            return Generated(code=ASSET_UNKNOWN, message=message)
    plain = " ".join(name.casefold().split())
    same = [asset for asset in known[kind] if " ".join(asset.name.casefold().split()) == plain]
    if len(same) == 1:
        return same[0]
    if same:
        ids = ", ".join(f"{kind}:{asset.id}" for asset in same[:NEAREST])
        message = f"{len(same)} things on the site are called {name!r}. Write one of {ids}."
        return Generated(code=ASSET_UNKNOWN, message=message)
    names = {asset.name.casefold(): asset.name for asset in known[kind]}
    inside = [names[low] for low in names if plain in low]
    near = inside or [names[low] for low in get_close_matches(plain, names, n=NEAREST, cutoff=0.4)]
    nearest = f"The nearest are {', '.join(near[:NEAREST])}."
    meant = nearest if near else "`postbatch accounts --assets` lists what there is."
    return Generated(code=ASSET_UNKNOWN, message=f"Nothing on the site is called {name!r}. {meant}")


def _ask(client: Client, call: str, body: Json | None, *, method: str = "POST") -> Reply | Generated:
    """Ask, or say why nothing came of it. A refused credential is not this row's matter and goes on as SignInError."""
    try:
        reply = client.query(method, f"{BASE}/{call}", body, by_status=True)
    except ServiceError as error:
        return Generated(code="NO_ANSWER", message=str(error))
    if reply.kind is not ReplyKind.OK:
        if call == "generate-image" and reply.status in WITHDRAWN_CALL:
            message = "The service no longer offers to change pictures: put the finished picture into `media`."
            return Generated(code="NOT_OFFERED", message=message)
        return Generated(code=reply.code or "REFUSED", message=reply.message or "The service gave no reason.")
    return reply


def _nothing(what: str) -> Generated:
    return Generated(code="NOTHING_GENERATED", message=f"The service answered without a {what}; change the prompt.")
