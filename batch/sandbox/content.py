"""The table of the 13 combinations, in the sandbox's own words, and what only the network refuses about a post."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from batch.sandbox.state import Json

CHANNELS = ("INSTAGRAM", "FACEBOOK", "YOUTUBE", "LINKEDIN", "TWITTER", "PINTEREST", "GBP", "TIKTOK")
TYPES = ("POST", "STORY", "REEL", "VIDEO", "SHORT")
STATUSES = ("DRAFT", "SCHEDULED", "PROCESSING", "IN_QUEUE", "PUBLISHED", "CANCELED", "FAILED", "DELETED")
CALLS_TO_ACTION = ("BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP")
PRIVACY_LEVELS = ("PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
CHANNEL_ENDS: Mapping[str, str] = {"TWITTER": "2026-08-01T00:00:00Z"}
"""From when on nothing goes out on a channel: it worked through the day before."""

IMAGE, VIDEO = "IMAGE", "VIDEO"
ANY = (IMAGE, VIDEO)


@dataclass(frozen=True, slots=True)
class Limit:
    """How much a text may hold for the API, and for the network alone (which may count bytes and refuse symbols)."""

    most: int | None = None
    hashtags: int | None = None
    mentions: int | None = None
    network_most: int | None = None
    network_counts_bytes: bool = False
    network_symbols: str = ""


@dataclass(frozen=True, slots=True)
class Combination:
    """What a post of a channel and type is made of; of `holders` one is used, of `needs` at least one is there.

    `also` names its other fields.
    """

    object: str
    texts: Mapping[str, Limit] = field(default_factory=dict)
    second_id: str = ""
    also: tuple[str, ...] = ()
    privacy: bool = False
    holders: tuple[str, ...] = ("mediaWrapper",)
    kinds: tuple[str, ...] = ANY
    needs: tuple[str, ...] = ()
    only_one: bool = False
    network_media_most: int | None = None
    link_most: int | None = None


_EACH = ("imageUrl", "videoUrl", "mediaWrapper")
_YOUTUBE_TEXTS = {
    "description": Limit(network_most=5000, network_counts_bytes=True, network_symbols="<>"),
    "title": Limit(network_most=100, network_symbols="<>"),
}

COMBINATIONS: Mapping[tuple[str, str], Combination] = {
    ("INSTAGRAM", "POST"): Combination(
        "instagramPost", {"caption": Limit(2200, hashtags=30, mentions=20)}, holders=_EACH, needs=_EACH,
        network_media_most=10,
    ),
    ("INSTAGRAM", "STORY"): Combination("instagramStory", needs=("mediaWrapper",), network_media_most=1),
    ("FACEBOOK", "POST"): Combination(
        "facebookPost", {"caption": Limit(network_most=63206)}, "pageId", ("link", "linkMetadata"),
        holders=_EACH, needs=("caption", "link", *_EACH), network_media_most=10,
    ),
    ("FACEBOOK", "REEL"): Combination(
        "facebookReel", {"description": Limit(network_most=63206)}, "pageId", holders=("videoUrl", "mediaWrapper"),
        kinds=(VIDEO,), needs=("videoUrl", "mediaWrapper"), only_one=True,
    ),
    ("FACEBOOK", "STORY"): Combination(
        "facebookStory", {}, "pageId", needs=("mediaWrapper",), network_media_most=1
    ),
    ("YOUTUBE", "VIDEO"): Combination(
        "youtubeVideo", _YOUTUBE_TEXTS, "channelId", holders=("videoUrl",), kinds=(VIDEO,), needs=("videoUrl",)
    ),
    ("YOUTUBE", "SHORT"): Combination(
        "youtubeShort", _YOUTUBE_TEXTS, "channelId", holders=("videoUrl",), kinds=(VIDEO,), needs=("videoUrl",)
    ),
    ("LINKEDIN", "POST"): Combination(
        "linkedinPost", {"caption": Limit(network_most=3000)}, "authorId", ("linkMetadata",),
        needs=("caption", "linkMetadata", "mediaWrapper"), network_media_most=20,
    ),
    ("TWITTER", "POST"): Combination(
        "twitterPost", {"caption": Limit(network_most=280)}, also=("link",), holders=_EACH,
        needs=("caption", "link", *_EACH), network_media_most=4,
    ),
    ("PINTEREST", "POST"): Combination(
        "pinterestPost", {"description": Limit(800), "title": Limit(100)}, "boardId", ("link",),
        needs=("mediaWrapper",), network_media_most=5, link_most=2048,
    ),
    ("GBP", "POST"): Combination(
        "gbpPost", {"description": Limit(1500)}, "locationId", ("callToAction",),
        needs=("description", "mediaWrapper"), network_media_most=1,
    ),
    ("TIKTOK", "POST"): Combination(
        "tiktokPhoto", {"description": Limit(4000), "title": Limit(90)}, privacy=True, kinds=(IMAGE,),
        needs=("mediaWrapper",), network_media_most=35,
    ),
    ("TIKTOK", "VIDEO"): Combination(
        "tiktokVideo", {"description": Limit(2200)}, privacy=True, kinds=(VIDEO,), needs=("mediaWrapper",),
        only_one=True,
    ),
}  # fmt: skip

OBJECTS: Mapping[str, tuple[str, str]] = {c.object: key for key, c in COMBINATIONS.items()}
"""Which channel and type a content object belongs to."""

MARKS = {"hashtags": re.compile(r"(?<!\w)#\w+"), "mentions": re.compile(r"(?<![\w.])@\w[\w.]*")}


INSIDE: Mapping[str, str] = {"FACEBOOK": "page", "PINTEREST": "board", "GBP": "location"}
"""The object in an account that has the second ID of its posts; on other channels it is the account's own ID."""


def combination_of(item: Json) -> Combination | None:
    """Return the combination that an item's channel and type make; None where they do not go together."""
    return COMBINATIONS.get((item["channel"]["name"], item["type"]))


def content_of(item: Json) -> Json:
    """Return an item's content object; empty where it has none."""
    return next((item[name] for name in OBJECTS if name in item), {})


def media_of(content: Json) -> list[tuple[str, str]]:
    """Return kind and address of each medium, in order."""
    wrapped = content.get("mediaWrapper", {}).get("media", [])
    single = [(kind, content[name]) for kind, name in ((IMAGE, "imageUrl"), (VIDEO, "videoUrl")) if name in content]
    return single + [(medium["type"], medium["url"]) for medium in wrapped]


def text_of(item: Json) -> str:
    """Return all texts of an item, one on a line."""
    content, wanted = content_of(item), combination_of(item)
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
