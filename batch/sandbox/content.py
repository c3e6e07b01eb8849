"""Hold an item against the table of combinations: what the API refuses, and what only the network would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from batch.sandbox.rules import (
    ANY,
    CALLS_TO_ACTION,
    CHANNELS,
    COMBINATIONS,
    HASHTAG,
    IMAGE,
    MENTION,
    OBJECTS,
    PRIVACY_LEVELS,
    TYPES,
    VIDEO,
    Combination,
)
from batch.sandbox.shape import Anything, Fields, Listed, Shape, Text, violations
from batch.sandbox.wire import Json, Violation

LONGEST_ID = 512
_ID = Text(least=1, most=LONGEST_ID)
_URL = Text(least=1, url=True)
_LINK_METADATA = Fields({"thumbnailUrl": _URL, "title": Text(), "description": Text()})
_HOLDERS: Mapping[str, Shape] = {
    "imageUrl": _URL,
    "videoUrl": _URL,
    "mediaWrapper": Fields(
        {"media": Listed(Fields({"type": Text(one_of=ANY), "url": _URL}, ("type", "url")), least=1, most=100)},
        ("media",),
    ),
}
SCHEDULING = Fields({"scheduledDate": Text(date=True)})
CHANNEL = Fields({"name": Text(one_of=CHANNELS), "accountId": _ID, "publishingTarget": Fields({"id": _ID})}, ("name",))
CONTENT: Mapping[str, Shape] = {name: Anything() for name in OBJECTS}
"""The content objects as fields of an item; what is in them is looked at once channel and type are known."""

NEW_ITEM = Fields(
    {
        "channel": CHANNEL,
        "type": Text(one_of=TYPES),
        "schedulingInfo": SCHEDULING,
        "referenceId": Text(least=1, most=LONGEST_ID),
        "consumerInfo": Fields({"name": Text(least=1)}),
        "siteAssetRef": Fields({"siteAssetRefType": Text(), "id": _ID, "name": Text()}),
        **CONTENT,
    },
    ("channel", "type"),
)
CHANGED_ITEM = Fields(
    {
        "id": _ID,
        "channel": CHANNEL,
        "type": Text(one_of=TYPES),
        "siteAssetRef": NEW_ITEM.known["siteAssetRef"],
        **CONTENT,
    },
    ("id",),
)


def combination_of(item: Json) -> Combination | None:
    """Return the combination that an item's channel and type make; None where they do not go together."""
    return COMBINATIONS.get((item["channel"]["name"], item["type"]))


def content_of(item: Json) -> Json:
    """Return an item's content object; empty where it has none."""
    return next((item[name] for name in OBJECTS if name in item), {})


def content_violations(item: Json, path: str = "item") -> Iterator[Violation]:
    """Yield what the API refuses about an item whose outer shape is right."""
    wanted = combination_of(item)
    if wanted is None:
        yield Violation(f"{path}.type", f"{item['type']} does not exist on {item['channel']['name']}", "OTHER")
        return
    there = [name for name in OBJECTS if name in item]
    if there != [wanted.object]:
        said = f"exactly one content object is needed, {wanted.object}, not {', '.join(there) or 'none'}"
        yield Violation(path, said, "OTHER")
        return
    where, content = f"{path}.{wanted.object}", item[wanted.object]
    wrong = list(violations(content, content_shape(wanted.object), where))
    yield from wrong
    if not wrong:
        yield from _needs(content, wanted, where)
        yield from _media(content, wanted, where)
        yield from _tags(content, wanted, where)


@cache
def content_shape(name: str) -> Fields:
    """Return the shape of a content object."""
    wanted = COMBINATIONS[OBJECTS[name]]
    known: dict[str, Shape] = {field: Text(most=limit.most) for field, limit in wanted.texts.items()}
    known |= {field: _HOLDERS[field] for field in wanted.holders}
    if wanted.second_id:
        known[wanted.second_id] = _ID
    if wanted.link:
        known["link"] = Text(url=True, most=wanted.link_most)
    if wanted.link_metadata:
        known["linkMetadata"] = _LINK_METADATA
    if wanted.call_to_action:
        known["callToAction"] = Text(one_of=CALLS_TO_ACTION)
    if wanted.privacy:
        known["privacyLevel"] = Text(one_of=PRIVACY_LEVELS)
    needed = ((wanted.second_id,) if wanted.second_id else ()) + (("privacyLevel",) if wanted.privacy else ())
    return Fields(known, needed)


def _needs(content: Json, wanted: Combination, path: str) -> Iterator[Violation]:
    if wanted.needs and not any(content.get(name) for name in wanted.needs):
        what = wanted.needs[0] if len(wanted.needs) == 1 else f"one of {', '.join(wanted.needs)}"
        yield Violation(path, f"needs {what}", "REQUIRED_FIELD")


def _media(content: Json, wanted: Combination, path: str) -> Iterator[Violation]:
    used = [name for name in wanted.holders if name in content]
    if len(used) > 1:
        yield Violation(path, f"holds its media in more than one field: {', '.join(used)}", "OTHER")
    media = media_of(content)
    for kind, url in media:
        if kind not in wanted.kinds:
            yield Violation(path, f"takes {' and '.join(wanted.kinds)} only, not {kind} ({url[:80]})", "OTHER")
    if wanted.only_one and len(media) > 1:
        yield Violation(path, f"takes one video, not {len(media)}", "MAX_SIZE")


def media_of(content: Json) -> list[tuple[str, str]]:
    """Return kind and address of each medium, in order."""
    wrapped = content.get("mediaWrapper", {}).get("media", [])
    single = [(kind, content[name]) for kind, name in ((IMAGE, "imageUrl"), (VIDEO, "videoUrl")) if name in content]
    return single + [(medium["type"], medium["url"]) for medium in wrapped]


def _tags(content: Json, wanted: Combination, path: str) -> Iterator[Violation]:
    for pattern, most, what in (
        (HASHTAG, wanted.hashtags_most, "hashtags"),
        (MENTION, wanted.mentions_most, "mentions"),
    ):
        if most is None:
            continue
        for name in wanted.texts:
            count = len(pattern.findall(content.get(name, "")))
            if count > most:
                yield Violation(f"{path}.{name}", f"has {count} {what}, at most {most} are allowed", "MAX_SIZE")


def text_of(item: Json) -> str:
    """Return all texts of an item, one on a line."""
    content = content_of(item)
    wanted = combination_of(item)
    return "\n".join(content[name] for name in (wanted.texts if wanted else ()) if content.get(name))


def network_refusal(item: Json) -> str:
    """Return why the network itself would refuse a post that the API took; "" where it would not."""
    wanted, content = combination_of(item), content_of(item)
    if wanted is None:
        return ""
    for name, limit in wanted.texts.items():
        text = content.get(name, "")
        size, unit = (len(text.encode()), "bytes") if limit.network_counts_bytes else (len(text), "characters")
        if limit.network_most is not None and size > limit.network_most:
            return f"The {name} has {size} {unit}; the network takes {limit.network_most}."
        if any(symbol in text for symbol in limit.network_symbols):
            return f"The {name} holds one of {' '.join(limit.network_symbols)}, which the network refuses."
    count = len(media_of(content))
    if wanted.network_media_most is not None and count > wanted.network_media_most:
        return f"The post has {count} media; the network takes {wanted.network_media_most}."
    return ""


MEDIA_HOSTS: Mapping[str, str] = {IMAGE: "static.wixstatic.com", VIDEO: "video.wixstatic.com"}


def foreign_media(item: Json) -> list[str]:
    """Return the addresses of media that are not in the Media Manager."""
    return [url for kind, url in media_of(content_of(item)) if _host(url) != MEDIA_HOSTS[kind]]


def _host(url: str) -> Any:
    try:
        return urlsplit(url).hostname
    except ValueError:
        return None
