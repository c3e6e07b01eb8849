"""What the bodies of requests may look like: unknown fields are refused, and null counts as left out.

The outer shape of an item comes first; its content object is held against the table once channel and type are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictInt, StrictStr, ValidationError, create_model
from pydantic_core import PydanticCustomError

from batch.sandbox import content as table
from batch.sandbox.state import Invalid, Json, Violation, invalid, read_iso

LONGEST_ID = 512
ENUM = "ENUM"


class Body(BaseModel):
    """An object with its model's fields and no others."""

    model_config = {"extra": "forbid"}


def model(name: str, needed: Mapping[str, Any] = MappingProxyType({}), /, **optional: Any) -> Any:
    """Return the model of an object with these fields, each named with its kind."""
    fields: Json = {field: (kind, ...) for field, kind in needed.items()}
    fields |= {field: (kind, None) for field, kind in optional.items()}
    return create_model(name, __base__=Body, **fields)


def fitting(fits: Callable[[Any], bool], description: Any, rule: Any = "FORMAT") -> AfterValidator:
    """Return what takes a value that fits; `description` and `rule` are told of any other."""

    def check(value: object) -> object:
        if not fits(value):
            raise PydanticCustomError(rule, description)
        return value

    return AfterValidator(check)


def one_of(words: Sequence[str]) -> Any:
    """Return the kind of a text that is one of these words."""
    return Annotated[StrictStr, fitting(words.__contains__, f"must be one of {', '.join(words)}", ENUM)]


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return not text or (parts.scheme in ("https", "http") and bool(parts.hostname) and not re.search(r"\s", text))
    except ValueError:
        return False


def _is_size(value: object) -> bool:
    return type(value) in (int, str) and bool(re.fullmatch("0*[1-9][0-9]*", str(value)))


def listed(kind: Any, *, least: int = 0, most: int | None = None) -> Any:
    """Return the kind of a list."""
    return Annotated[list[kind], Field(min_length=least, max_length=most)]


Text, Flag = StrictStr, StrictBool
Name = Annotated[StrictStr, Field(min_length=1)]
Id = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_ID)]
Address = Annotated[StrictStr, fitting(_is_address, "must be a web address")]
Url = Annotated[Address, Field(min_length=1)]
INSTANT = "must be a date and time with its zone, such as 2026-12-01T09:30:00Z"
Instant = Annotated[StrictStr, fitting(lambda text: read_iso(text) is not None, INSTANT)]
Count = Annotated[StrictInt, Field(ge=0)]
Size = Annotated[Any, fitting(_is_size, "must be a whole number from 1 on")]
"""A whole number, which may be written as text."""

MEDIUM = model("Medium", {"type": one_of(table.ANY), "url": Url})
CHANNEL = model("Channel", {"name": one_of(table.CHANNELS)}, accountId=Id, publishingTarget=model("Target", id=Id))
SITE_ASSET = model("SiteAssetRef", siteAssetRefType=Text, id=Id, name=Text)
CONTENT = dict.fromkeys(table.OBJECTS, Any)
"""The content objects as fields of an item: exactly one is there, and is looked into by `content_violations`."""

NEW_ITEM_FIELDS = {
    "schedulingInfo": model("SchedulingInfo", scheduledDate=Instant),
    "referenceId": Id,
    "consumerInfo": model("ConsumerInfo", name=Name),
    "siteAssetRef": SITE_ASSET,
    **CONTENT,
}
NEW_ITEM = model("NewItem", {"channel": CHANNEL, "type": one_of(table.TYPES)}, **NEW_ITEM_FIELDS)
CHANGED_ITEM = model("Item", {"id": Id}, channel=CHANNEL, type=one_of(table.TYPES), siteAssetRef=SITE_ASSET, **CONTENT)

ITEM_BODY = model("CreateDraftItem", {"item": NEW_ITEM})
UPDATE_BODY = model("UpdateItem", {"item": CHANGED_ITEM})
BULK_BODY = model("BulkPublishItems", {"items": listed(NEW_ITEM, least=1)})
BY_ID_BODY = model("PublishItemById", {"id": Name}, scheduledDate=Instant)
RESCHEDULE_BODY = model("RescheduleItem", {"scheduledDate": Instant})
EMPTY_BODY = model("CancelScheduledItem")
PAGING = model("Paging", limit=Count, offset=Count)
QUERY_BODY = model(
    "QueryItems",
    query=model(
        "Query",
        filter=dict[str, Any],
        sort=listed(model("Sort", {"fieldName": Name}, order=one_of(("ASC", "DESC"))), most=3),
        paging=PAGING,
    ),
)
ASSETS_BODY = model(
    "QueryAssets",
    query=model("AssetQuery", paging=PAGING, cursorPaging=model("CursorPaging", limit=Count, cursor=Name)),
    paging=PAGING,
    treeReference=dict[str, Any],
)

GENERATED_FOR = ("INSTAGRAM", "FACEBOOK", "LINKEDIN", "PINTEREST", "GBP", "TIKTOK")
ASSETS = ("STORES_PRODUCT", "STORES_CATEGORY", "STORES_COUPON", "BLOG_POST", "EVENT", "BOOKINGS_SERVICE")
TEXT_BODY = model(
    "GenerateText",
    {"userInput": Name},
    channelName=one_of(table.CHANNELS),
    tone=Text,
    languageCode=Text,
    additionalContent=model("AdditionalContent", url=Address, withHashtags=Flag, addLinkInBio=Flag),
)
POST_BODY = model(
    "GeneratePostData",
    userInput=Text,
    siteAssets=listed(model("SiteAsset", {"id": Name, "type": one_of(ASSETS)}), most=1),
    media=listed(model("Picture", {"type": one_of((table.IMAGE,)), "url": Url}), most=10),
    channels=listed(one_of(GENERATED_FOR), most=len(GENERATED_FOR)),
)
IMAGE_BODY = model("GenerateImage", {"userInput": Name, "imageUrl": Url})
IMPORT_BODY = model("ImportFile", {"url": Url}, mimeType=Text, displayName=Text, parentFolderId=Name)
FILES_BODY = model("GetFiles", {"fileIds": listed(Id, least=1, most=100)})
UPLOAD_BODY = model("UploadUrl", {"mimeType": Name, "fileName": Id}, sizeInBytes=Size, parentFolderId=Name)

_FIELDS = {
    "imageUrl": Url,
    "videoUrl": Url,
    "mediaWrapper": model("MediaWrapper", {"media": listed(MEDIUM, least=1, most=100)}),
    "linkMetadata": model("LinkMetadata", thumbnailUrl=Url, title=Text, description=Text),
    "callToAction": one_of(table.CALLS_TO_ACTION),
}


@cache
def content_model(name: str) -> type[Body]:
    """Return the model of a content object."""
    wanted = table.COMBINATIONS[table.OBJECTS[name]]
    fields: Json = {field: Annotated[Text, Field(max_length=limit.most)] for field, limit in wanted.texts.items()}
    known = _FIELDS | {"link": Annotated[Address, Field(max_length=wanted.link_most)]}
    fields |= {field: known[field] for field in (*wanted.holders, *wanted.also)}
    needed: Json = {wanted.second_id: Id} if wanted.second_id else {}
    if wanted.privacy:
        needed["privacyLevel"] = one_of(table.PRIVACY_LEVELS)
    made: type[Body] = model(name, needed, **fields)
    return made


_RULES = {
    "missing": ("REQUIRED_FIELD", "is missing"),
    "extra_forbidden": ("UNKNOWN_FIELD", "is not a field that may be sent here"),
    "string_too_long": ("MAX_LENGTH", "has too many characters: at most {max_length} are allowed"),
    "string_too_short": ("MIN_LENGTH", "must not be empty"),
    "too_long": ("MAX_SIZE", "holds {actual_length}, at most {max_length} are allowed"),
    "too_short": ("MIN_SIZE", "must hold at least {min_length}"),
    "greater_than_equal": ("MIN", "must be at least {ge}"),
}


def violations(value: Any, shape: type[Body], path: str = "") -> list[Violation]:
    """Return everything about a value that does not fit a model."""
    found: list[Violation] = []
    try:
        shape.model_validate(value)
    except ValidationError as error:
        for wrong in error.errors(include_url=False):
            place = path + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in wrong["loc"])
            rule, said = _RULES.get(wrong["type"], (ENUM if wrong["type"] == ENUM else "FORMAT", ""))
            description = said.format(**wrong.get("ctx", {})) or wrong["msg"]
            found.append(Violation(place.removeprefix(".") or "body", description, rule))
    return found


def read_body(content: bytes, shape: type[Body]) -> Json:
    """Return the body as an object that fits a model, without its null fields. Raises `Invalid`: all that is wrong."""
    value = read_object(content)
    if found := violations(value, shape):
        raise Invalid(found)
    return value


def read_object(content: bytes) -> Json:
    """Return the body as a JSON object without null fields; an empty body is an empty object. Raises `Invalid`."""
    if not content.strip():
        return {}
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_make_object, parse_constant=_no_constants)
        if b"\\u" in content:
            json.dumps(value, ensure_ascii=False).encode()  # JSON can spell halves of characters
    except (ValueError, RecursionError) as error:
        raise invalid("body", f"is not readable JSON ({error})", "FORMAT") from None
    if not isinstance(value, dict):
        raise invalid("body", "is not an object", "FORMAT")
    return value


def _make_object(pairs: list[tuple[str, Any]]) -> Json:
    if len(dict(pairs)) != len(pairs):
        raise ValueError("a field is given twice")
    return {name: value for name, value in pairs if value is not None}


def _no_constants(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def content_violations(item: Json, path: str = "item") -> list[Violation]:
    """Return what the API refuses about an item whose outer shape is right."""
    wanted = table.combination_of(item)
    if wanted is None:
        return [Violation(f"{path}.type", f"{item['type']} does not exist on {item['channel']['name']}")]
    there = [name for name in table.OBJECTS if name in item]
    if there != [wanted.object]:
        said = f"exactly one content object is needed, {wanted.object}, not {', '.join(there) or 'none'}"
        return [Violation(path, said)]
    where, content = f"{path}.{wanted.object}", item[wanted.object]
    return violations(content, content_model(wanted.object), where) or list(_combined(content, wanted, where))


def _combined(content: Json, wanted: table.Combination, path: str) -> Iterator[Violation]:
    if wanted.needs and not any(content.get(name) for name in wanted.needs):
        what = wanted.needs[0] if len(wanted.needs) == 1 else f"one of {', '.join(wanted.needs)}"
        yield Violation(path, f"needs {what}", "REQUIRED_FIELD")
    used = [name for name in wanted.holders if name in content]
    if len(used) > 1:
        yield Violation(path, f"holds its media in more than one field: {', '.join(used)}")
    media = table.media_of(content)
    for kind, url in media:
        if kind not in wanted.kinds:
            yield Violation(path, f"takes {' and '.join(wanted.kinds)} only, not {kind} ({url[:80]})")
    if wanted.only_one and len(media) > 1:
        yield Violation(path, f"takes one video, not {len(media)}", "MAX_SIZE")
    for name, limit in wanted.texts.items():
        for what, mark in table.MARKS.items():
            most, count = getattr(limit, what), len(mark.findall(content.get(name, "")))
            if most is not None and count > most:
                yield Violation(f"{path}.{name}", f"has {count} {what}, at most {most} are allowed", "MAX_SIZE")
