"""What a call of the API has at hand: the site it is for, the instant, the memory, and the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from batch.sandbox.items import Items
from batch.sandbox.schemas import read_body
from batch.sandbox.sites import Site
from batch.sandbox.state import Answer, Json, Ms, Refusal, Request, Store

MOST_BODY_BYTES = 4 * 1024 * 1024
_NO_BODY = frozenset({"GET", "DELETE", "HEAD"})


class Context:
    """One call. What is named below may be said otherwise by a subclass."""

    media_polls, image_polls = 1, 2
    """How often a file, or a picture that is made, is asked for before it is ready."""
    upload_most_bytes = 64 * 1024 * 1024
    bulk_most = query_most = 100
    failing_marker = "sandbox-fail"
    """A file or picture whose name, address or prompt holds this fails in the Media Manager."""

    def __init__(self, request: Request, items: Items, site: Site, parts: dict[str, str]) -> None:
        self.request, self.items, self.site, self.parts = request, items, site, parts

    @property
    def store(self) -> Store:
        """The memory."""
        return self.items.store

    @property
    def now(self) -> Ms:
        """The instant of the call."""
        return self.items.now

    def body(self, shape: Any) -> Json:
        """Return the request's body, held against a model. Raises `Invalid`."""
        return read_body(self.request.body, shape)


Handler = Callable[[Any], Answer]


class Route(NamedTuple):
    """One call of the API. `changes`: it is one that changes items; not `signed`: it needs no credential."""

    call: str
    method: str
    path: str
    handler: Handler
    changes: bool = False
    signed: bool = True


def check_request(request: Request) -> None:
    """Refuse a request that no call of the API could be."""
    if len(request.body) > MOST_BODY_BYTES:
        raise Refusal(413, "TOO_LARGE", "The request is too large.")
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if request.method not in _NO_BODY and kind != "application/json":
        raise Refusal(400, "CONTENT_TYPE", "The header Content-Type must be application/json.")
    if request.method in _NO_BODY and request.body.strip() not in (b"", b"{}"):
        raise Refusal(400, "BODY_NOT_ALLOWED", f"A {request.method} has no body.")
