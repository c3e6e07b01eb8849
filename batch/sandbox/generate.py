"""Captions, posts and pictures on demand: the same request always gives the same answer, and it reads like one."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from batch.sandbox.calls import Context
from batch.sandbox.content import COMBINATIONS, IMAGE, MEDIA_HOSTS
from batch.sandbox.schemas import ASSETS_BODY, GENERATED_FOR, IMAGE_BODY, POST_BODY, TEXT_BODY
from batch.sandbox.state import Answer, Json, Refusal, invalid

LONGEST_CAPTION = 1000
LONGEST_TITLE = 90
WITH_TITLE = ("PINTEREST", "TIKTOK", "YOUTUBE")
_OPENINGS = (
    "Something good is waiting for you",
    "Made with care, and ready today",
    "A small thing that makes the day better",
    "You asked for it, and here it is",
    "Take a closer look",
)
_CLOSINGS = ("Come and see.", "Tell us what you think.", "Save this for later.", "We are glad to show you more.")
_ASSET_WORDS = {
    "STORES_PRODUCT": "our product",
    "STORES_CATEGORY": "our collection",
    "STORES_COUPON": "our offer",
    "BLOG_POST": "our new article",
    "EVENT": "our event",
    "BOOKINGS_SERVICE": "our service",
}


ASSETS: dict[str, tuple[str, tuple[str, ...]]] = {
    "/stores/v3/products/query": ("products", ("Blue mug", "Blue mug, large", "Moss bowl")),
    "/categories/v1/categories/query": ("categories", ("Mugs", "Bowls")),
    "/stores/v2/coupons/query": ("coupons", ("Spring ten",)),
    "/blog/v3/posts/query": ("posts", ("How to choose a glaze",)),
    "/events/v3/events/query": ("events", ("Open day",)),
    "/bookings/v2/services/query": ("services", ("Throwing class", "Throwing class")),
}
"""What the sandbox's site has besides posts, by the call that lists it: where the answer holds it, and its names."""


ASSETS_A_PAGE = 100
BY_CURSOR = "products"


def list_assets(context: Context) -> Answer:
    """Query products (paged by a cursor), categories, coupons, blog posts, events or services (by an offset)."""
    held_in, names = ASSETS[context.request.path]
    body = context.body(ASSETS_BODY)
    query = body.get("query", {})
    paging = query.get("cursorPaging", {}) if held_in == BY_CURSOR else query.get("paging", body.get("paging", {}))
    first = int(paging.get("cursor" if held_in == BY_CURSOR else "offset", 0))
    last = first + min(paging.get("limit", ASSETS_A_PAGE), ASSETS_A_PAGE)
    field = "title" if held_in in ("posts", "events") else "name"
    listed = []
    for number, name in enumerate(names[first:last], start=first):
        asset = {"id": f"00000000-0000-4000-a000-{_number(held_in) % 10**9:09d}{number:03d}"}
        listed.append(asset | ({"specification": {field: name}} if held_in == "coupons" else {field: name}))
    more: Json = {"total": len(names), "offset": first}
    if held_in == BY_CURSOR:
        more = {"cursors": {"next": str(last)}, "hasNext": True} if last < len(names) else {"hasNext": False}
    return {held_in: listed, "pagingMetadata": {"count": len(listed), **more}}


def generate_text(context: Context) -> Answer:
    """Generate Text."""
    body = context.body(TEXT_BODY)
    caption = _caption(body["userInput"], body.get("tone", ""), body.get("languageCode", ""))
    more = body.get("additionalContent", {})
    if more.get("url"):
        caption += f"\n{more['url']}"
    if more.get("addLinkInBio"):
        caption += "\nLink in bio."
    if more.get("withHashtags"):
        words = dict.fromkeys("".join(filter(str.isalnum, word.lower())) for word in body["userInput"].split())
        caption += "\n" + " ".join([f"#{word}" for word in words if len(word) > 3][:5])
    result: Json = {"caption": caption[:LONGEST_CAPTION]}
    if body.get("channelName") in WITH_TITLE:
        result["title"] = _title(body["userInput"])
    return {"results": [result]}


def generate_post(context: Context) -> Answer:
    """Generate Post Data: picture posts for each channel asked, without the accounts' second IDs."""
    body = context.body(POST_BODY)
    assets, idea = body.get("siteAssets", []), body.get("userInput", "").strip()
    if not idea and not assets:
        raise invalid("userInput", "or siteAssets is needed", "REQUIRED_FIELD")
    subject = idea or f"{_ASSET_WORDS[assets[0]['type']]} {_number(assets[0]['id']) % 900 + 100}"
    pictures = [medium["url"] for medium in body.get("media", [])] or [_picture(subject)]
    wanted = body.get("channels") or GENERATED_FOR
    return {"results": [_post_for(channel, subject, pictures) for channel in dict.fromkeys(wanted)]}


def _post_for(channel: str, subject: str, pictures: list[str]) -> Json:
    shape = COMBINATIONS[(channel, "POST")]
    content: Json = {"mediaWrapper": {"media": [{"type": IMAGE, "url": url} for url in pictures]}}
    for name, limit in shape.texts.items():
        text = _title(subject) if name == "title" else _caption(subject, channel, "")
        content[name] = text[: limit.most or LONGEST_CAPTION]
    if channel == "GBP":
        content["callToAction"] = "LEARN_MORE"
    return {"channelName": channel, shape.object: content}


def generate_image(context: Context) -> Answer:
    """Generate Image: ask for a picture to be changed, and get a number to ask for it with."""
    body = context.body(IMAGE_BODY)
    execution_id = context.items.new_id()
    fails = context.failing_marker in body["userInput"] + body["imageUrl"]
    context.store.run(
        "INSERT INTO pictures VALUES (?, ?, ?, ?, ?)",
        execution_id, context.site.id, context.image_polls, "FAILED" if fails else "READY",
        _picture(body["userInput"] + body["imageUrl"]),
    )  # fmt: skip
    return {"status": "OK", "executionId": execution_id}


def generated_image(context: Context) -> Answer:
    """Get Generated Image."""
    row = context.store.row(
        "UPDATE pictures SET polls = max(0, polls - 1) WHERE site = ? AND id = ? RETURNING polls, fate, file",
        context.site.id, context.parts["id"],
    )  # fmt: skip
    if row is None:
        raise Refusal(404, "GENERATED_IMAGE_NOT_FOUND", "There is no such picture.")
    polls, fate, url = row
    if polls > 0 or fate == "FAILED":
        return {"status": "IN_PROGRESS" if polls > 0 else "FAILED"}
    return {"status": "READY", "imageUrl": url, "fileId": urlsplit(url).path.rsplit("/", 1)[-1]}


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:8], "big")


def _caption(subject: str, tone: str, language: str) -> str:
    number = _number(f"{subject}|{tone}|{language}")
    opening, closing = _OPENINGS[number % len(_OPENINGS)], _CLOSINGS[number // 7 % len(_CLOSINGS)]
    spoken = f" [{language}]" if language else ""
    return f"{opening}: {' '.join(subject.split())[:600]}. {closing}{spoken}"


def _title(subject: str) -> str:
    words = " ".join(subject.split()[:8])
    return (words[:1].upper() + words[1:])[:LONGEST_TITLE]


def _picture(subject: str) -> str:
    return f"https://{MEDIA_HOSTS[IMAGE]}/media/{_number(subject):016x}~mv2.jpg"
