"""What a call of the API has at hand: the site it is for, the instant, the memory, and the request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from batch.sandbox.content import Fields, read_body
from batch.sandbox.items import Items
from batch.sandbox.sites import Site
from batch.sandbox.state import Json, Ms, Options, Request, Response, Store

Answer = Json | str | Response
"""An object, JSON text, or a whole response."""


@dataclass(slots=True)
class Context:
    """One call. `changed` is set by a handler that has changed what the site holds; `only_first` is a fault's wish."""

    request: Request
    store: Store
    options: Options
    now: Ms
    site_id: str
    parts: dict[str, str]
    new_id: Callable[[], str]
    changed: bool = False
    only_first: int | None = None
    items: Items = field(init=False)
    site: Site = field(init=False)

    def __post_init__(self) -> None:
        self.items = Items(self.store, self.options, self.now, new_id=self.new_id)
        self.site = Site(self.store, self.site_id, self.now)

    def body(self, shape: Fields) -> Json:
        """Return the request's body, held against a shape. Raises `Invalid`."""
        return read_body(self.request.body, shape)


Handler = Callable[[Context], Answer]
