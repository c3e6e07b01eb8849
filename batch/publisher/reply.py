"""One answer of the API, classified by what may be believed about the call it answers."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from batch.model import Item, Json


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


def refused_by_status(reply: Reply) -> Reply:
    """Take an unreadable 4xx for a refusal: good enough for a question, never for a call that changes something."""
    plain = reply.kind is ReplyKind.UNCLEAR and reply.status is not None and 400 <= reply.status < 500
    return replace(reply, kind=ReplyKind.REFUSED) if plain and reply.status not in NOT_YET else reply
