"""Hold an item against the table of combinations: what the API refuses, and what only the network would."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from types import MappingProxyType
from typing import Any, NoReturn
from urllib.parse import urlsplit

from batch.sandbox.state import Invalid, Json, Violation, invalid, read_iso

CHANNELS = ("INSTAGRAM", "FACEBOOK", "YOUTUBE", "LINKEDIN", "TWITTER", "PINTEREST", "GBP", "TIKTOK")
TYPES = ("POST", "STORY", "REEL", "VIDEO", "SHORT")
STATUSES = ("DRAFT", "SCHEDULED", "PROCESSING", "IN_QUEUE", "PUBLISHED", "CANCELED", "FAILED", "DELETED")
CALLS_TO_ACTION = ("BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP")
PRIVACY_LEVELS = ("PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY")
CHANNEL_ENDS: Mapping[str, str] = MappingProxyType({"TWITTER": "2026-08-01T00:00:00Z"})
"""From when on nothing goes out on a channel: it worked through the day before."""

IMAGE, VIDEO = "IMAGE", "VIDEO"
ANY = (IMAGE, VIDEO)


@dataclass(frozen=True, slots=True)
class Limit:
    """The longest a text may be for the API, and for the network alone (which may count bytes and refuse symbols)."""

    most: int | None = None
    network_most: int | None = None
    network_counts_bytes: bool = False
    network_symbols: str = ""


@dataclass(frozen=True, slots=True)
class Combination:
    """What a post of one channel and type is made of.

    `texts` are its text fields; `holders` are the fields that may hold media, of which one is used; `kinds` what the
    media may be; `needs` are fields of which at least one has to be there; `tags` bounds hashtags and mentions.
    """

    object: str
    texts: Mapping[str, Limit] = field(default_factory=dict)
    second_id: str = ""
    link: bool = False
    link_metadata: bool = False
    call_to_action: bool = False
    privacy: bool = False
    holders: tuple[str, ...] = ("mediaWrapper",)
    kinds: tuple[str, ...] = ANY
    needs: tuple[str, ...] = ()
    only_one: bool = False
    network_media_most: int | None = None
    link_most: int | None = None
    hashtags_most: int | None = None
    mentions_most: int | None = None


_EACH = ("imageUrl", "videoUrl", "mediaWrapper")
_YOUTUBE_TEXTS = {
    "description": Limit(network_most=5000, network_counts_bytes=True, network_symbols="<>"),
    "title": Limit(network_most=100, network_symbols="<>"),
}

COMBINATIONS: Mapping[tuple[str, str], Combination] = MappingProxyType({
    ("INSTAGRAM", "POST"): Combination(
        "instagramPost", {"caption": Limit(2200)}, holders=_EACH, needs=_EACH, network_media_most=10,
        hashtags_most=30, mentions_most=20,
    ),
    ("INSTAGRAM", "STORY"): Combination("instagramStory", needs=("mediaWrapper",), network_media_most=1),
    ("FACEBOOK", "POST"): Combination(
        "facebookPost", {"caption": Limit(network_most=63206)}, "pageId", link=True, link_metadata=True,
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
        "linkedinPost", {"caption": Limit(network_most=3000)}, "authorId", link_metadata=True,
        needs=("caption", "linkMetadata", "mediaWrapper"), network_media_most=20,
    ),
    ("TWITTER", "POST"): Combination(
        "twitterPost", {"caption": Limit(network_most=280)}, link=True, holders=_EACH,
        needs=("caption", "link", *_EACH), network_media_most=4,
    ),
    ("PINTEREST", "POST"): Combination(
        "pinterestPost", {"description": Limit(800), "title": Limit(100)}, "boardId", link=True,
        needs=("mediaWrapper",), network_media_most=5, link_most=2048,
    ),
    ("GBP", "POST"): Combination(
        "gbpPost", {"description": Limit(1500)}, "locationId", call_to_action=True,
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
})  # fmt: skip

OBJECTS: Mapping[str, tuple[str, str]] = MappingProxyType({c.object: key for key, c in COMBINATIONS.items()})
"""Which channel and type a content object belongs to."""

HASHTAG = re.compile(r"(?<!\w)#\w+")
MENTION = re.compile(r"(?<![\w.])@\w[\w.]*")


@dataclass(frozen=True, slots=True)
class Connected:
    """How a channel's account is written: under which key, and where the second ID of its posts stands in it."""

    key: str
    second_id: str = ""
    inside: str = ""
    """The object in the account that has the second ID; "" where it is the account's own."""


CONNECTED: Mapping[str, Connected] = MappingProxyType({
    "INSTAGRAM": Connected("instagram"),
    "FACEBOOK": Connected("facebook", "pageId", "page"),
    "YOUTUBE": Connected("youtube", "channelId"),
    "LINKEDIN": Connected("linkedin", "authorId"),
    "TWITTER": Connected("twitter"),
    "PINTEREST": Connected("pinterest", "boardId", "board"),
    "GBP": Connected("gbp", "locationId", "location"),
    "TIKTOK": Connected("tiktok"),
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    """A text; `most` counts its characters."""

    most: int | None = None
    least: int = 0
    one_of: tuple[str, ...] = ()
    url: bool = False
    date: bool = False


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number; `as_text` also takes one written as text."""

    least: int = 0
    most: int | None = None
    as_text: bool = False


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Anything:
    """Not looked into here."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A list of values of one shape."""

    of: Shape
    least: int = 0
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with these fields and no others."""

    known: Mapping[str, Shape]
    needed: tuple[str, ...] = ()


Shape = Text | Whole | Flag | Anything | Listed | Fields


def read_body(content: bytes, shape: Fields) -> Json:
    """Return the body as an object of this shape, without its null fields. Raises `Invalid` with all that is wrong."""
    value = read_object(content)
    found = list(violations(value, shape, ""))
    if found:
        raise Invalid(found)
    cleaned: Json = without_nulls(value)
    return cleaned


def read_object(content: bytes) -> Json:
    """Return the body as a JSON object; an empty body is an empty object."""
    if not content.strip():
        return {}
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_no_doubles, parse_constant=_no_constants)
    except (ValueError, RecursionError) as error:
        raise invalid("body", f"is not readable JSON ({error})", "FORMAT") from None
    if not isinstance(value, dict):
        raise invalid("body", "is not an object", "FORMAT")
    if b"\\u" in content and not _is_text(value):
        raise invalid("body", "holds half of a character", "FORMAT")
    return value


def _is_text(value: Json) -> bool:
    """Tell whether every text in a value is one that can be written: JSON can spell halves of characters."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _no_doubles(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a field is given twice")
    return made


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def without_nulls(value: Any) -> Any:
    """Return the value without fields that are null."""
    if isinstance(value, dict):
        return {name: without_nulls(part) for name, part in value.items() if part is not None}
    return [without_nulls(part) for part in value] if isinstance(value, list) else value


def violations(value: Any, shape: Shape, path: str) -> Iterator[Violation]:
    """Yield everything about a value that does not fit a shape."""
    match shape:
        case Fields():
            yield from _in_fields(value, shape, path)
        case Listed():
            yield from _in_list(value, shape, path)
        case Text():
            yield from _in_text(value, shape, path)
        case Whole():
            yield from _in_whole(value, shape, path)
        case Flag():
            if not isinstance(value, bool):
                yield Violation(path, "must be true or false", "FORMAT")
        case Anything():
            pass


def _in_fields(value: Any, shape: Fields, path: str) -> Iterator[Violation]:
    if not isinstance(value, dict):
        yield Violation(path or "body", "must be an object", "FORMAT")
        return
    for name, part in value.items():
        where = f"{path}.{name}" if path else name
        if name not in shape.known:
            yield Violation(where, "is not a field that may be sent here", "UNKNOWN_FIELD")
        elif part is not None:
            yield from violations(part, shape.known[name], where)
    for name in shape.needed:
        if value.get(name) is None:
            yield Violation(f"{path}.{name}" if path else name, "is missing", "REQUIRED_FIELD")


def _in_list(value: Any, shape: Listed, path: str) -> Iterator[Violation]:
    if not isinstance(value, list):
        yield Violation(path, "must be a list", "FORMAT")
        return
    if len(value) < shape.least:
        yield Violation(path, f"must hold at least {shape.least}", "MIN_SIZE")
    if shape.most is not None and len(value) > shape.most:
        yield Violation(path, f"holds {len(value)}, at most {shape.most} are allowed", "MAX_SIZE")
        return
    for at, part in enumerate(value):
        yield from violations(part, shape.of, f"{path}[{at}]")


def _in_text(value: Any, shape: Text, path: str) -> Iterator[Violation]:
    if not isinstance(value, str):
        yield Violation(path, "must be text", "FORMAT")
        return
    if len(value) < shape.least:
        yield Violation(path, "must not be empty", "MIN_LENGTH")
    if shape.most is not None and len(value) > shape.most:
        yield Violation(path, f"has {len(value)} characters, at most {shape.most} are allowed", "MAX_LENGTH")
    if shape.one_of and value not in shape.one_of:
        yield Violation(path, f"must be one of {', '.join(shape.one_of)}", "ENUM")
    if shape.url and value and not _is_address(value):
        yield Violation(path, "must be a web address", "FORMAT")
    if shape.date and read_iso(value) is None:
        yield Violation(path, "must be a date and time with its zone, such as 2026-12-01T09:30:00Z", "FORMAT")


def _in_whole(value: Any, shape: Whole, path: str) -> Iterator[Violation]:
    if shape.as_text and isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        yield Violation(path, "must be a whole number", "FORMAT")
    elif value < shape.least:
        yield Violation(path, f"must be at least {shape.least}", "MIN")
    elif shape.most is not None and value > shape.most:
        yield Violation(path, f"must be at most {shape.most}", "MAX")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("https", "http") and bool(parts.hostname) and not any(c.isspace() for c in text)
    except ValueError:
        return False


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
