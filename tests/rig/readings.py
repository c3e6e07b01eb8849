"""Readings of the API's contract, as data: what its public pages leave open, or what may be read otherwise.

Each reading is one answer to one question; readings of different questions go together. How sure we are of it:
D documented, R stated in the vendor's recipe, W the general convention of the vendor's APIs, M seen by somebody else,
open: nothing says.
"""

from __future__ import annotations

import hashlib
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from batch.sandbox.content import COMBINATIONS, IMAGE, INSIDE, OBJECTS, VIDEO, combination_of, content_of, text_of
from batch.sandbox.items import Items
from batch.sandbox.state import Json, Refusal, Request, Response, invalid, make_response, write_json

REFUSED_WORDS = "glass blowing"
"""The channel refuses a post that holds these words, where a reading says so."""
DEAD_CHANNEL = "PINTEREST"
HTML = b"<!DOCTYPE html><html><head><title>428</title></head><body>Precondition Required</body></html>"
HTML_HEADERS = (("content-type", "text/html; charset=utf-8"),)
PUBLISHING = ("publish_item", "publish_by_id", "bulk_publish")
CREATING = ("create_draft", "publish_item", "bulk_publish")

Change = Callable[[Json], None]
"""Changes an item, or an answer, in place."""


@dataclass(frozen=True)
class Reading:
    """One reading. `question` is what it answers; `via` is how posts are sent where it shows in that way only.

    `options` are the rig's; `ask` changes the body of a request; `refuse` may answer instead of the call; `answer`
    changes the body of a good answer, `item` each item in it, and `error` a refusal.
    """

    name: str
    question: str
    differs: str
    sure: str
    options: Mapping[str, Any] = field(default_factory=dict)
    seed: Mapping[str, Any] = field(default_factory=dict)
    via: str = ""
    ask: Callable[[str, Json], None] | None = None
    refuse: Callable[[str, Request, Items], Response | None] | None = None
    answer: Callable[[str, Json], None] | None = None
    item: Change | None = None
    error: Callable[[str, Response], Response] | None = None

    def asked(self, call: str, request: Request) -> Request:
        """Return a request as the service takes it."""
        if self.ask is None or not request.body.startswith(b"{"):
            return request
        body = json.loads(request.body)
        self.ask(call, body)
        return replace(request, body=write_json(body).encode("utf-8", "surrogatepass"))

    def refused(self, call: str, request: Request, items: Items) -> Response | None:
        """Return the refusal of a request; None where it is carried out."""
        return self.refuse(call, request, items) if self.refuse else None

    def answered(self, call: str, request: Request, response: Response) -> Response:
        """Return an answer as the service gives it."""
        if response.status >= 300:
            return self.error(call, response) if self.error else response
        if self.item is None and self.answer is None:
            return response
        body = json.loads(response.body)
        for item in items_in(body) if self.item else ():
            self.item(item)  # type: ignore[misc] # asked the line before
        if self.answer:
            self.answer(call, body)
        return make_response(body, status=response.status)


def items_in(body: Json) -> list[Json]:
    """Return the items that an answer holds, wherever they stand in it."""
    results = [entry for entry in body.get("results", []) if isinstance(entry, dict)]
    found = [body.get("item"), *body.get("items", []), *(entry.get("item") for entry in results)]
    return [item for item in found if isinstance(item, dict) and "channel" in item]


# What an update does with fields that it leaves out, and with those that it clears.


def _refuse_null(call: str, request: Request, _items: Items) -> Response | None:
    nulls = call == "update_item" and any(None in content.values() for content in _contents(json.loads(request.body)))
    return invalid("item", "holds null", "FORMAT").response() if nulls else None


def _contents(body: Json) -> list[Json]:
    item = body.get("item", {})
    return [item[name] for name in OBJECTS if isinstance(item.get(name), dict)]


# What a reference may be.


def _refuse_long_reference(call: str, request: Request, _items: Items) -> Response | None:
    if call not in CREATING:
        return None
    body = json.loads(request.body)
    for at, item in enumerate(body.get("items", [body.get("item", {})])):
        reference = item.get("referenceId", "")
        if len(reference) > 50 or not reference.isascii():
            where = f"items[{at}]" if "items" in body else "item"
            return invalid(f"{where}.referenceId", "has at most 50 ASCII characters", "MAX_LENGTH").response()
    return None


# How the list is paged.


def _cap_silently(call: str, body: Json) -> None:
    if call == "query_items":
        paging = body.setdefault("query", {}).setdefault("paging", {})
        paging["limit"] = min(int(paging.get("limit", 50)), 5)


def _without_total(call: str, body: Json) -> None:
    if call == "query_items":
        body["pagingMetadata"].pop("total", None)


def _too_many_to_count(call: str, body: Json) -> None:
    if call == "query_items":
        body["pagingMetadata"].pop("total", None)
        body["pagingMetadata"]["tooManyToCount"] = True


def _with_holes(call: str, body: Json) -> None:
    if call == "query_items":
        body["items"] = [item for item in body["items"] if item["status"] not in ("DELETED", "FAILED")]
        body["pagingMetadata"]["count"] = len(body["items"])


def _refuse_order(call: str, request: Request, _items: Items) -> Response | None:
    sorted_ = call == "query_items" and json.loads(request.body).get("query", {}).get("sort")
    return invalid("query.sort", "is not a field that items can be sorted by").response() if sorted_ else None


# What bulk answers.


def _flat_bulk(call: str, body: Json) -> None:
    if call == "bulk_publish":
        body["results"] = [{"success": r["itemMetadata"]["success"], **r.get("item", {})} for r in body["results"]]
        body.pop("bulkActionMetadata")


def _empty_bulk(call: str, body: Json) -> None:
    if call == "bulk_publish":
        body.clear()


def _bulk_without_items(call: str, body: Json) -> None:
    for result in body.get("results", []) if call == "bulk_publish" else ():
        result.pop("item", None)


# How an item is shown.


def _second_id_in_channel(item: Json) -> None:
    name = COMBINATIONS[item["channel"]["name"], item["type"]].second_id
    target = content_of(item).pop(name, None)
    if target is not None:
        item["channel"]["publishingTarget"] = {"id": target}


def _second_id_blank(item: Json) -> None:
    content, name = content_of(item), COMBINATIONS[item["channel"]["name"], item["type"]].second_id
    if name in content:
        content[name] = ""


def _without_account(item: Json) -> None:
    item["channel"].pop("accountId", None)


def _copied_media(item: Json) -> None:
    content = content_of(item)
    for medium in content.get("mediaWrapper", {}).get("media", []):
        medium["url"] = _copy(medium["url"], medium["type"])
        medium["fileId"] = medium["url"].rsplit("/", 1)[-1]
    for name, kind in (("imageUrl", IMAGE), ("videoUrl", VIDEO)):
        if name in content:
            content[name] = _copy(content[name], kind)


def _copy(url: str, kind: str) -> str:
    key = hashlib.sha256(url.encode()).hexdigest()[:24]
    if kind == VIDEO:
        return f"https://video.wixstatic.com/video/{key}/1080p/mp4/file.mp4"
    return f"https://static.wixstatic.com/media/{key}~mv2.jpg"


def _single_medium(item: Json) -> None:
    content = content_of(item)
    media = content.get("mediaWrapper", {}).get("media", [])
    if len(media) == 1:
        del content["mediaWrapper"]
        content["imageUrl" if media[0]["type"] == IMAGE else "videoUrl"] = media[0]["url"]


def _tidied_text(item: Json) -> None:
    _each_text(item, lambda text: re.sub(r"\n\s*\n+", "\n\n", re.sub(r"[ \t\u00a0]+", " ", text)).strip())


def _crlf_text(item: Json) -> None:
    _each_text(item, lambda text: text.replace("\n", "\r\n"))


def _each_text(item: Json, change: Callable[[str], str]) -> None:
    content, wanted = content_of(item), combination_of(item)
    for name in wanted.texts if wanted else ():
        if name in content:
            content[name] = change(content[name])


def _blanks(item: Json) -> None:
    content, wanted = content_of(item), combination_of(item)
    for name in wanted.texts if wanted else ():
        content.setdefault(name, "")
    for name in ("link", "callToAction", "linkMetadata"):
        content.setdefault(name, None)
    item.setdefault("externalItemUrl", "")
    item.setdefault("publicationError", {})
    item.setdefault("siteAssetRef", None)


def _link_in_channel(item: Json) -> None:
    if url := item.pop("externalItemUrl", ""):
        item["channel"] |= {"externalItemUrl": url, "externalItemId": url.rsplit("/", 1)[-1]}


def _link_in_content(item: Json) -> None:
    if url := item.pop("externalItemUrl", ""):
        content_of(item)["storyUrl" if item["type"] == "STORY" else "postUrl"] = url


def _capital_ids(item: Json) -> None:
    item["id"] = item["id"].upper()


def _bare_answers(call: str, body: Json) -> None:
    if call not in ("get_item", "query_items") and isinstance(body.get("item"), dict):
        body["item"] = {name: body["item"][name] for name in ("id", "status")}


def _refuse_features(call: str, _request: Request, _items: Items) -> Response | None:
    gone = call in ("get_features", "get_feature")
    return Refusal(404, "NOT_FOUND", "There is no such call.").response() if gone else None


def _no_link(item: Json) -> None:
    item.pop("externalItemUrl", None)


def _other_dates(item: Json) -> None:
    if date := item.get("schedulingInfo", {}).get("scheduledDate"):
        item["schedulingInfo"]["scheduledDate"] = date.removesuffix("Z").split(".")[0] + ".000+00:00"


# What is said no to, and how.


def _conflict_for_unknown(call: str, response: Response) -> Response:
    if call == "cancel_item" and response.status == 404:
        return Refusal(409, "ITEM_NOT_EXISTS", "There is no such item.").response()
    return response


def _refuse_dead_channel(status: int) -> Callable[[str, Request, Items], Response | None]:
    def refuse(call: str, request: Request, _items: Items) -> Response | None:
        if call == "list_accounts" and request.values("channelName") == (DEAD_CHANNEL,):
            return Refusal(status, "PERMISSION" if status == 403 else "INTERNAL", "The token can't be used.").response()
        return None

    return refuse


def _refuse_one_post(answer: Response) -> Callable[[str, Request, Items], Response | None]:
    def refuse(call: str, request: Request, items: Items) -> Response | None:
        if call not in PUBLISHING:
            return None
        body = json.loads(request.body)
        texts = [text_of(item) for item in body.get("items", [body.get("item")]) if item]
        if "id" in body and (row := items.store.row("SELECT body FROM items WHERE id = ?", body["id"].lower())):
            texts.append(text_of(json.loads(row[0])))
        return answer if any(REFUSED_WORDS in text for text in texts) else None

    return refuse


def _refused_dates(call: str, response: Response) -> Response:
    if b"SCHEDULED_TIME_ALREADY_PASSED" in response.body:
        return Response(400, HTML, HTML_HEADERS)
    return response


# What the Media Manager answers.


def _video_renditions(call: str, body: Json) -> None:
    file = body.get("file")
    if isinstance(file, dict) and file.get("mediaType") == VIDEO and file.get("url"):
        base = file["url"].rsplit("/", 1)[0]
        sizes = (("480p", 480), ("1080p", 1080), ("720p", 720))
        resolutions = [{"url": f"{base}/{n}/mp4/file.mp4", "height": h, "width": h * 16 // 9} for n, h in sizes]
        storyboard = {"url": f"{base}/storyboard/mp4/file.mp4", "height": 2160, "width": 3840, "format": "storyboard"}
        file |= {"url": f"{base}/file", "media": {"video": {"resolutions": [storyboard, *resolutions]}}}


def _two_entries(call: str, body: Json) -> None:
    for entry in list(body.get("accounts", [])) if call == "list_accounts" else ():
        key = entry["channel"].lower()
        if inside := INSIDE.get(entry["channel"]):
            other = {**entry[key], inside: {"id": "999000111", "displayName": "Another"}, "settings": {}}
            body["accounts"].append({**entry, key: other})


UPDATE, REFERENCES, LENGTH, FREED = "update", "references", "reference length", "freed references"
LAG, PAGES, TOTAL, ORDER = "list lag", "page size", "total", "order"
BULK, DELETED, UNKNOWN = "bulk", "deleted items", "unknown IDs"
SECOND, ACCOUNT, MEDIA, MEDIA_FORM, TEXT = "second ID", "account ID", "media addresses", "media fields", "text"
BLANKS, LINK, DATES, DEAD, REFUSAL = "blank fields", "live link", "dates", "dead channel", "428 of one post"
VIDEO_URL, ENTRIES, WAY, QUOTA, PASSED = "video address", "account entries", "way out", "quota", "dates gone by"

MERGE = {"patch": "merge"}
READINGS: tuple[Reading, ...] = (
    Reading(
        "update merges, null clears", UPDATE, "fields left out stay; null clears one", "W", MERGE | {"clears": "null"}
    ),
    Reading(
        "update merges, empty clears", UPDATE, "the same; an empty text clears one", "open", MERGE | {"clears": "empty"}
    ),
    Reading("update merges, nothing clears", UPDATE, "the same; nothing clears one", "open", MERGE),
    Reading(
        "update merges, null refused",
        UPDATE,
        "an update with a null is refused; an empty text clears",
        "open",
        MERGE | {"clears": "empty"},
        refuse=_refuse_null,
    ),
    Reading(
        "references unique on publish", REFERENCES, "a draft may repeat a reference", "D", {"references": "publish"}
    ),
    Reading("references never unique", REFERENCES, "no call refuses a reference", "open", {"references": "nowhere"}),
    Reading(
        "references of 50 ASCII characters",
        LENGTH,
        "a longer one, or another character, is refused",
        "open",
        refuse=_refuse_long_reference,
    ),
    Reading("cancelling frees a reference", FREED, "it may be used again", "open", {"references_freed": True}),
    Reading("list 2 s late", LAG, "Query Items shows the site of 2 s ago", "open", {"query_lag_seconds": 2.0}),
    Reading("list 10 s late", LAG, "Query Items shows the site of 10 s ago", "open", {"query_lag_seconds": 10.0}),
    Reading("pages of 50 at most", PAGES, "a larger limit is refused", "W", {"query_most": 50}),
    Reading("pages cut short", PAGES, "a page has 5 items whatever is asked for", "W", ask=_cap_silently),
    Reading("pages with holes", PAGES, "pages lack what was filtered out after paging", "W", answer=_with_holes),
    Reading("no total", TOTAL, "pages come without the number of all items", "W", answer=_without_total),
    Reading("too many to count", TOTAL, "pages say tooManyToCount", "W", answer=_too_many_to_count),
    Reading("no order", ORDER, "any order that is asked for is refused", "W", refuse=_refuse_order),
    Reading("bulk is missing", BULK, "there is no such call", "open", {"bulk": False}, via="bulk"),
    Reading("bulk answers flat", BULK, "results are the items themselves", "W", via="bulk", answer=_flat_bulk),
    Reading("bulk answers nothing", BULK, "the answer is an empty object", "W", via="bulk", answer=_empty_bulk),
    Reading(
        "bulk answers without items", BULK, "results have metadata only", "W", via="bulk", answer=_bulk_without_items
    ),
    Reading("bulk answers in any order", BULK, "results come shuffled", "W", {"bulk_shuffled": True}, via="bulk"),
    Reading("bulk of 4 at most", BULK, "a longer list is refused", "W", {"bulk_most": 4}, via="bulk"),
    Reading("deleted items are hidden", DELETED, "they are in no list, and 404", "open", {"deleted": "hidden"}),
    Reading(
        "409 for an unknown ID", UNKNOWN, "Cancel answers 409 where others answer 404", "D", error=_conflict_for_unknown
    ),
    Reading(
        "second ID under the channel",
        SECOND,
        "it is answered as publishingTarget.id alone",
        "D",
        item=_second_id_in_channel,
    ),
    Reading("second ID blank", SECOND, "it is answered as an empty text", "open", item=_second_id_blank),
    Reading("no account ID in answers", ACCOUNT, "channel has its name alone", "W", item=_without_account),
    Reading("media copied", MEDIA, "answers show other addresses, with a file ID", "open", item=_copied_media),
    Reading(
        "single media in short fields",
        MEDIA_FORM,
        "imageUrl or videoUrl instead of mediaWrapper",
        "R",
        item=_single_medium,
    ),
    Reading("text tidied", TEXT, "answers show texts with less white space", "open", item=_tidied_text),
    Reading("text with CRLF", TEXT, "answers show other line ends", "open", item=_crlf_text),
    Reading("blank fields shown", BLANKS, "answers have empty and null fields", "W", item=_blanks),
    Reading("live link under the channel", LINK, "channel.externalItemUrl", "M", item=_link_in_channel),
    Reading("live link in the content", LINK, "postUrl, storyUrl", "M", item=_link_in_content),
    Reading("no live link", LINK, "it is answered nowhere", "open", item=_no_link),
    Reading("dates with an offset", DATES, "scheduledDate is answered as ...:00.000+00:00", "W", item=_other_dates),
    Reading(
        "dead channel, 403",
        DEAD,
        "List Accounts refuses a channel whose token is invalid",
        "R",
        seed={"connections": {DEAD_CHANNEL: "INVALID"}},
        refuse=_refuse_dead_channel(403),
    ),
    Reading(
        "dead channel, 500",
        DEAD,
        "List Accounts fails for a channel whose token is invalid",
        "R",
        seed={"connections": {DEAD_CHANNEL: "INVALID"}},
        refuse=_refuse_dead_channel(500),
    ),
    Reading(
        "dead channel, 400",
        DEAD,
        "List Accounts says that the connection has lapsed",
        "M",
        seed={"connections": {DEAD_CHANNEL: "DISCONNECTED"}},
    ),
    Reading(
        "428 as a page",
        REFUSAL,
        "one post is refused by an HTML page",
        "M",
        refuse=_refuse_one_post(Response(428, HTML, HTML_HEADERS)),
    ),
    Reading(
        "428 without a code",
        REFUSAL,
        "one post is refused without a code",
        "M",
        refuse=_refuse_one_post(make_response({"message": "Precondition failed"}, status=428)),
    ),
    Reading(
        "428 as not eligible",
        REFUSAL,
        "one post is refused by the code of plans and quota",
        "M",
        refuse=_refuse_one_post(Refusal(428, "INELIGIBLE_FOR_FEATURE", "Not eligible.").response()),
    ),
    Reading(
        "videos end in /file",
        VIDEO_URL,
        "file.url is no video that a channel takes; its renditions are",
        "D",
        {"video_files_fail": True},
        answer=_video_renditions,
    ),
    Reading("accounts share an ID", ENTRIES, "one connection lists several pages", "M", answer=_two_entries),
    Reading(
        "posts take their time",
        WAY,
        "30 s in the queue and 60 s in processing",
        "R",
        {"queue_seconds": 30.0, "processing_seconds": 60.0},
    ),
    Reading("IDs in capitals", "IDs", "answers show an ID in other letters", "open", item=_capital_ids),
    Reading("bare answers", "answers", "a change is answered by ID and status alone", "W", answer=_bare_answers),
    Reading("external copies", "imports", "what is public is listed again as external", "D", {"external_copies": True}),
    Reading("no features", "features", "Get Features is missing", "open", refuse=_refuse_features),
    Reading("not metered", "features", "posts are not counted", "R", seed={"monetization": False}),
    Reading("quota comes back", QUOTA, "cancelling gives the quota back", "R", {"quota_returns": True}),
    Reading("dates gone by as a page", PASSED, "a 400 page instead of a 428", "R", error=_refused_dates),
)


def combine(dice: random.Random, *, among: Sequence[Reading] = READINGS) -> tuple[Reading, ...]:
    """Return some readings that go together: one of each of three to eight questions."""
    by_question: dict[str, list[Reading]] = {}
    for reading in among:
        by_question.setdefault(reading.question, []).append(reading)
    questions = dice.sample(sorted(by_question), dice.randint(3, 8))
    return tuple(dice.choice(by_question[question]) for question in questions)


def via_of(readings: Sequence[Reading]) -> str:
    """Return how posts are sent under these readings; "" where any way shows them."""
    return next((reading.via for reading in readings if reading.via), "")
