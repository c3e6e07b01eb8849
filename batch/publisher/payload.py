"""The API's field names, and nothing else knows them: steps into request items, and answers into items and accounts.

Writing is strict: only the documented fields, never an empty one. Reading is lenient: unknown fields are ignored,
unknown words are kept as text, and the three ways to name media become one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from batch.model import Account, Channel, Content, Item, Json, Medium, Step
from batch.rules.channels import COMBINATIONS, Combination

CONSUMER = "postbatch"


class ContentObject(NamedTuple):
    """How one combination of channel and type is written: its content object and that object's fields."""

    object: str
    text: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    """Our name and the API's of each text: text, title, link, call to action, privacy."""
    target: str = ""
    media: str = "mediaWrapper"
    kind: str = ""
    """What its media are, where the combination takes one kind only."""


def _shape_of(combination: Combination) -> ContentObject:
    kinds, text = combination.media.kinds, combination.text
    fields = {
        "text": text.name,
        "title": "title" if combination.title else "",
        "link": "link" if combination.link and not text.with_link else "",
        "call_to_action": "callToAction" if combination.call_to_action else "",
        "privacy": "privacyLevel" if combination.privacy else "",
    }
    return ContentObject(
        object=combination.content_object,
        text=text.name,
        fields=tuple((name, field) for name, field in fields.items() if field),
        target=f"{combination.second_id}Id" if combination.second_id else "",
        media="videoUrl" if combination.channel is Channel.YOUTUBE else "mediaWrapper",
        kind=kinds.values[0] if kinds.documented and len(kinds.values) == 1 else "",
    )


SHAPES: Mapping[tuple[str, str], ContentObject] = {pair: _shape_of(one) for pair, one in COMBINATIONS.items()}
"""Every combination that the API knows, made from the one table of channels."""

GUID = re.compile(r"\A[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")
"""An item's ID as it is documented: the same in any letters, so it is read in small ones."""

_OBJECTS = {shape.object: (pair, shape) for pair, shape in SHAPES.items()}

LINK_SEPARATOR = "\n \n"
"""LinkedIn has no field for a link's address, so the link closes the caption. The line between them holds one space, by
which a link of ours is told from one that a person wrote there."""


def make_item(step: Step) -> Json:
    """Return the item that creates a step's post: never with a date, which is a call's own business."""
    return {
        "channel": {"name": str(step.channel), "accountId": step.account_id},
        "type": str(step.type),
        **_content_object(step),
        **({"referenceId": step.reference} if step.reference else {}),
        "consumerInfo": {"name": CONSUMER},
    }


class Clearing(StrEnum):
    """How a field is told to be cleared: which of them a service takes is not documented."""

    NULL = "null"
    EMPTY = "empty"
    OMITTED = "omitted"


def make_update(step: Step, *, clearing: Clearing = Clearing.NULL) -> Json:
    """Return the update to a step's content, never with a date; what `step.before` had and it has not is cleared so."""
    made = _content_object(step)
    shape, before = SHAPES[(step.channel, step.type)], step.before.content if step.before else Content()
    if clearing is not Clearing.OMITTED:
        nothing, no_media = (None, None) if clearing is Clearing.NULL else ("", Json(media=[]))
        names = {name for name, _ in shape.fields if getattr(before, name) and not getattr(step.content, name)}
        gone: Json = {field: nothing for name, field in shape.fields if name in names}
        if before.media and not step.content.media:
            gone[shape.media] = no_media if shape.media == "mediaWrapper" else nothing
        made = {shape.object: {**gone, **made[shape.object]}}
    return {"id": step.item_id, **made}


def with_date(item: Json, at: datetime) -> Json:
    """Return the item to be scheduled for this instant."""
    return {**item, "schedulingInfo": {"scheduledDate": write_date(at)}}


def write_date(at: datetime) -> str:
    """Write an instant as the API takes it. A naive one is a mistake of the program and never sent."""
    if at.tzinfo is None:
        raise ValueError("a date without a zone is never sent")
    at = at.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%S") + (f".{at.microsecond // 1000:03d}" if at.microsecond else "") + "Z"


def _content_object(step: Step) -> Json:
    shape = SHAPES[(step.channel, step.type)]
    content = step.content
    written: Json = {field: value for name, field in shape.fields if (value := getattr(content, name))}
    if step.channel == Channel.LINKEDIN and content.link:
        written[shape.text] = content.text + LINK_SEPARATOR + content.link if content.text else content.link
    if shape.target and (target := content.target_id or step.target_id):
        written[shape.target] = target
    urls = [medium.url or medium.source for medium in content.media]
    if shape.media == "mediaWrapper" and urls:
        kinds = [media_kind(medium, shape.kind) for medium in content.media]
        written["mediaWrapper"] = {"media": [{"type": k, "url": u} for k, u in zip(kinds, urls, strict=True)]}
    elif urls:
        if len(urls) != 1:
            raise ValueError("a YouTube post has exactly one video")
        written[shape.media] = urls[0]
    return {shape.object: written}


def media_kind(medium: Medium, only: str = "") -> str:
    """Return IMAGE or VIDEO: what the post can only be, what was found out before, else by its address."""
    if only or medium.kind:
        return only or medium.kind
    parts = urlsplit(medium.url or medium.source)
    video = parts.hostname == "video.wixstatic.com" or parts.path.lower().endswith((".mp4", ".mov", ".m4v", ".webm"))
    return "VIDEO" if video else "IMAGE"


def read_item(data: Json) -> Item:
    """Read an item leniently; a field that is missing or of another shape is blank."""
    channel, scheduling = as_dict(data.get("channel")), as_dict(data.get("schedulingInfo"))
    found = _find_content(data)
    key, shape, raw = found or (("", ""), ContentObject(""), {})
    content = read_content(raw, shape)
    # It is not certain where the service answers the second ID and the live link.
    target_id = _id(as_dict(channel.get("publishingTarget")).get("id"))
    links = [as_text(place.get("externalItemUrl")) for place in (data, channel)]
    links += [as_text(raw.get(name)) for name in ("postUrl", "storyUrl")]
    return Item(
        id=GUID.sub(lambda guid: guid[0].lower(), _id(data.get("id"))),
        channel=as_text(channel.get("name")) or key[0],
        type=as_text(data.get("type")) or key[1],
        status=as_text(data.get("status")),
        account_id=_id(channel.get("accountId")),
        reference=as_text(data.get("referenceId")),
        scheduled_at=read_date(scheduling.get("scheduledDate")),
        content=content if content.target_id or not shape.target else replace(content, target_id=target_id),
        link=next((link for link in links if link), ""),
        error=_error_text(data.get("publicationError")),
        external=data.get("external") is True,
        insights=_figures(as_dict(data.get("insightsSummary"))),
    )


MAX_FIGURES = 20


def _figures(data: Json) -> dict[str, str]:
    """Return the figures of an item that are numbers or words, also one level down; never one that did not come."""
    found: dict[str, str] = {}
    for name, value in data.items():
        inner = value if isinstance(value, dict) else {"": value}
        for part, figure in inner.items():
            if isinstance(figure, (int, float, str)) and not isinstance(figure, bool) and len(found) < MAX_FIGURES:
                found[f"{name} {part}".strip()[:60]] = str(figure)[:60]
    return found


def _find_content(data: Json) -> tuple[tuple[str, str], ContentObject, Json] | None:
    """Return the content object that fits channel and type, else whichever is there."""
    named = as_text(as_dict(data.get("channel")).get("name")), as_text(data.get("type"))
    own = SHAPES.get(named)
    if own and isinstance(data.get(own.object), dict):
        return named, own, data[own.object]
    for name, (key, shape) in _OBJECTS.items():
        if isinstance(data.get(name), dict):
            return key, shape, data[name]
    return None


def read_content(raw: Json, shape: ContentObject) -> Content:
    """Read one content object, as an item or a generated post holds it."""
    values = {name: as_text(raw.get(field)) for name, field in shape.fields}
    if shape.object == "linkedinPost":
        text, _, link = values["text"].replace("\r\n", "\n").rpartition(LINK_SEPARATOR)
        if link.startswith("http") and re.fullmatch(r"https?://\S+", link):
            values.update(text=text, link=link)
    media = as_dicts(as_dict(raw.get("mediaWrapper")).get("media"))
    found = [(as_text(medium.get("type")), as_text(medium.get("url"))) for medium in media]
    found = found or [("IMAGE", as_text(raw.get("imageUrl"))), ("VIDEO", as_text(raw.get("videoUrl")))]
    return Content(
        **values,
        target_id=_id(raw.get(shape.target)) if shape.target else "",
        media=tuple(Medium(source=url, kind=kind, url=url, identity=url) for kind, url in found if url),
    )


def read_generated(data: Json) -> tuple[str, Content] | None:
    """Read one result of Generate Post Data: the channel it is for and its content; None where there is none."""
    found = _find_content(data)
    if found is None:
        return None
    key, shape, raw = found
    return as_text(data.get("channelName")) or key[0], read_content(raw, shape)


def _error_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    error = as_dict(value)
    names = ("code", "errorCode", "description", "message", "errorMessage", "reason")
    words = [as_text(error.get(name)) for name in names]
    return ": ".join(dict.fromkeys(w for w in words if w)) or ("the channel gave no reason" if error else "")


def read_date(value: Any) -> datetime | None:
    """Read an ISO 8601 date and time, with or without fractions, as UTC; None where there is no readable one."""
    if not isinstance(value, str) or not value.strip():
        return None
    text = value.strip()
    if "." in text:
        text = re.sub(r"(\.\d{6})\d+", r"\1", text)
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


OWN_ID = "."
ACCOUNT_TARGETS: Mapping[Channel, str] = {
    Channel.FACEBOOK: "page",
    Channel.YOUTUBE: OWN_ID,
    Channel.LINKEDIN: OWN_ID,
    Channel.PINTEREST: "board",
    Channel.GBP: "location",
}
"""Which object inside a channel's account has its second ID, or that the account's own ID is it."""


def read_account(data: Json, channel: Channel) -> Account | None:
    """Read one account of a channel; None where the entry holds no account of it."""
    own, key = as_dict(data.get(channel.value.lower())), ACCOUNT_TARGETS.get(channel, "")
    account_id = _id(own.get("id"))
    if not account_id:
        return None
    target = own if key == OWN_ID else as_dict(own.get(key))
    options = own.get("privacyLevelOptions")
    return Account(
        channel=channel,
        id=account_id,
        name=_name_of(own),
        target_id=_id(target.get("id")),
        target_name="" if key == OWN_ID else _name_of(target),
        default=any(as_dict(place.get("settings")).get("default") is True for place in (own, data)),
        privacy_options=tuple(as_text(o) for o in options if as_text(o)) if isinstance(options, list) else (),
    )


def _name_of(data: Json) -> str:
    return next((n for n in (as_text(data.get(k)) for k in ("username", "displayName", "name", "title")) if n), "")


def as_dict(value: Any) -> Json:
    """Return an object; anything else is empty."""
    return value if isinstance(value, dict) else {}


def as_dicts(value: Any) -> list[Json]:
    """Return the objects of a list; anything else is none."""
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def as_text(value: Any) -> str:
    """Return text; anything else is blank."""
    return value if isinstance(value, str) else ""


def _id(value: Any) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else as_text(value)
