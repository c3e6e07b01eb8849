"""One answer of the API, classified by what may be believed about the call it answers."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, NoReturn

from batch.model import Item, Json
from batch.publisher.pace import read_http_date, read_retry_after
from batch.publisher.payload import as_dicts, read_item


class ReplyKind(StrEnum):
    """What is known about a call after its one attempt."""

    OK = "ok"
    """It was carried out, and `body` is what the service said."""
    REFUSED = "refused"
    """The service said no, in its own words: nothing was changed."""
    LIMITED = "limited"
    """Turned away by the rate limit before it was looked at: nothing was changed."""
    NOT_SENT = "not_sent"
    """It is known not to have reached the service."""
    UNCLEAR = "unclear"
    """It may or may not have been carried out: look before anything is sent again."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back. `message` is for people and never holds the credential.

    `code` is the service's own word where it gave one, else one of ours: `VALIDATION`, `HTTP_503`, `TIMEOUT`, `CUT`,
    `TOO_LARGE`, `NOT_JSON`, `REDIRECT`, `WRONG_ID`, `NO_ITEM`, `BAD_ID`, `NO_CONNECTION`. `item` is the item in `body`,
    if it holds one. `retry_after_seconds` is bounded to 0..300. `server_at` is the service's clock (header `Date`).
    """

    kind: ReplyKind
    status: int | None = None
    code: str = ""
    message: str = ""
    body: Json = field(default_factory=dict)
    item: Item | None = None
    retry_after_seconds: float | None = None
    server_at: datetime | None = None


NOT_YET = frozenset({408, 425, 429})
"""Statuses that ask for another try, though they are of the caller's fault by their number."""
NOT_IMPLEMENTED = 501
DEEPEST = 64
"""Nesting of an answer beyond which it is not one of this API's."""
LONGEST_MESSAGE = 500
PUBLISH_LIMIT = "PUBLISH_LIMIT_EXCEEDED"
"""The one 429 that is a refusal: the network's daily limit, and not the rate of calls."""

PLAIN_WORDS = {
    "INELIGIBLE_FOR_FEATURE": "The site's plan does not include this, or its quota is used up.",
    PUBLISH_LIMIT: "The limit of posts that may be published is reached; try again later.",
    "UNSUPPORTED_CHANNEL": "The service does not publish to this channel.",
    "SCHEDULED_TIME_ALREADY_PASSED": "The date has passed.",
    "REFERENCE_ID_ALREADY_EXIST": "The site holds a post with this key already.",
    "ITEM_NOT_EXISTS": "The site does not hold this post.",
    "ITEM_IS_PUBLISHED": "The post is published already.",
    "ITEM_IS_DELETED": "The post is deleted already.",
    "USER_NOT_EXIST_FOR_CHANNEL": "The channel was never connected to this site.",
    "USER_IS_DISCONNECTED": "The channel has lost its connection.",
    "NO_PAGES_FOR_USER": "The connected account has no page, board or location to post to.",
}
"""What is said for a code of the service where it adds no words of its own."""


OTHER_TYPES = frozenset({"text/html", "text/plain", "text/xml", "application/xml", "application/octet-stream"})
"""Kinds of content that are told by their name; any other name is the service's own text."""


class Raw(NamedTuple):
    """One answer as it came: status, headers (lower-case names), body as sent."""

    status: int
    headers: Mapping[str, str]
    content: bytes


class NotJson(ValueError):
    """The body is not one JSON object of this API; the text says why."""

    code = "NOT_JSON"


class TooLarge(NotJson):
    """The body, or what it unpacks to, is larger than the client takes."""

    code = "TOO_LARGE"


def refused_by_status(reply: Reply) -> Reply:
    """Take an unreadable 4xx, or a call that is not there (501), for a refusal: enough for a question, never else."""
    refusal = reply.status is not None and (400 <= reply.status < 500 or reply.status == NOT_IMPLEMENTED)
    plain = reply.kind is ReplyKind.UNCLEAR and refusal
    return replace(reply, kind=ReplyKind.REFUSED) if plain and reply.status not in NOT_YET else reply


def make_reply(raw: Raw, *, now: datetime, max_bytes: int, redact: Callable[[Json], Json] = lambda body: body) -> Reply:
    """Classify an answer without the credential (`redact`); `now` is the fallback for a `Retry-After` date."""
    server_at = read_http_date(raw.headers.get("date"))
    body: Json | NotJson
    try:
        body = redact(read_json(raw, max_bytes=max_bytes))
    except NotJson as error:
        body = error
    kind, code, message = _classify(raw.status, body)
    body = {} if isinstance(body, NotJson) else body
    item = body.get("item")
    return Reply(
        kind=kind,
        status=raw.status,
        code=code,
        message=message,
        body=body,
        item=read_item(item) if isinstance(item, dict) else None,
        retry_after_seconds=read_retry_after(raw.headers.get("retry-after"), now=server_at or now),
        server_at=server_at,
    )


def _classify(status: int, body: Json | NotJson) -> tuple[ReplyKind, str, str]:
    """Return kind, code and message of an answer with this status and this body, or why it has none."""
    code, message = ("", "") if isinstance(body, NotJson) else _error_of(body)
    if status == 429:
        kind = ReplyKind.REFUSED if code == PUBLISH_LIMIT else ReplyKind.LIMITED
        return kind, code or "HTTP_429", message or "The site's limit of calls a minute is reached."
    if status in (401, 403):
        return ReplyKind.REFUSED, code or f"HTTP_{status}", message
    if 300 <= status < 400:
        message = f"The service answered with a redirect (HTTP {status}), which is not followed."
        return ReplyKind.UNCLEAR, "REDIRECT", message
    if 200 <= status < 300:
        return (ReplyKind.UNCLEAR, body.code, str(body)) if isinstance(body, NotJson) else (ReplyKind.OK, "", "")
    if 400 <= status < 500 and status != 408 and (code or message):
        return ReplyKind.REFUSED, code or f"HTTP_{status}", message
    message = message or f"The service answered HTTP {status} and not whether the call was carried out."
    return ReplyKind.UNCLEAR, f"HTTP_{status}", message


def _error_of(body: Json) -> tuple[str, str]:
    """Return code and message of the documented error body, "" and "" where the body is not one."""
    details = body.get("details")
    if not isinstance(details, dict):
        return "", ""
    message = _text(body.get("message"))
    application, validation = details.get("applicationError"), details.get("validationError")
    if isinstance(application, dict) and (code := _text(application.get("code"))):
        described = _text(application.get("description")) or message
        return code, PLAIN_WORDS.get(code, code) if described in ("", code) else described
    if not isinstance(validation, dict):
        return "", message
    parts = []
    for violation in as_dicts(validation.get("fieldViolations")):
        why = _text(violation.get("description")) or _text(violation.get("violatedRule"))
        parts.append(": ".join(part for part in (_text(violation.get("field")), why) if part))
    violations = _text("; ".join(part for part in parts if part))
    return "VALIDATION", violations or message or "The service refused a field and did not say which."


def _text(value: Any) -> str:
    """Return a text of the service on one line and bounded, "" for anything that is not text."""
    if not isinstance(value, str):
        return ""
    text = " ".join("".join(c if c.isprintable() else " " for c in value[: 4 * LONGEST_MESSAGE]).split())
    return text if len(text) <= LONGEST_MESSAGE else text[: LONGEST_MESSAGE - 1] + "…"


def read_json(raw: Raw, *, max_bytes: int) -> Json:
    """Read the body as one JSON object, or raise `NotJson` or `TooLarge` with the reason."""
    media_type = raw.headers.get("content-type", "").split(";")[0].strip().lower()
    structured = media_type.startswith("application/") and media_type.endswith("+json")
    if media_type != "application/json" and not structured:
        other = "another kind of content" if media_type else "no content type"
        raise NotJson(f"The service answered {media_type if media_type in OTHER_TYPES else other} where JSON belongs.")
    content = _unpack(raw, max_bytes)
    try:
        value = json.loads(content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
    except NotJson:
        raise
    except (ValueError, RecursionError) as error:
        raise NotJson(f"The service's answer is not readable JSON ({type(error).__name__}).") from None
    if not isinstance(value, dict):
        raise NotJson("The service's answer is JSON, but not an object.")
    level: list[Any] = [value]
    for _ in range(DEEPEST):
        members = [m for parent in level for m in (parent.values() if isinstance(parent, dict) else parent)]
        level = [member for member in members if isinstance(member, (dict, list))]
        if not level:
            return value
    raise NotJson("The service's answer is nested too deeply.")


def _unpack(raw: Raw, max_bytes: int) -> bytes:
    encoding = raw.headers.get("content-encoding", "").strip().lower()
    if encoding in ("", "identity"):
        return raw.content
    if encoding not in ("gzip", "x-gzip"):
        raise NotJson("The service's answer is packed in a way that was not asked for.")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(raw.content, max_bytes + 1)
    except zlib.error:
        raise NotJson("The service's answer is packed and damaged.") from None
    if len(content) > max_bytes:
        raise TooLarge("The service's answer unpacks to more than this client takes.")
    if not unpacker.eof:
        raise NotJson("The service's answer is packed and cut off.")
    return content


def _object(pairs: list[tuple[str, Any]]) -> Json:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise NotJson("The service's answer holds one field twice.")
    return made


def _no_constant(name: str) -> NoReturn:
    raise NotJson(f"The service's answer holds {name}, which is not JSON.")
