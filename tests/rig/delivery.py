"""How an answer reaches the caller: whole, in part, late, or not at all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from batch.sandbox.state import Json, Response


class Travel(StrEnum):
    """How a response reaches the caller."""

    WHOLE = "whole"
    REFUSED = "refused"
    """The connection is not accepted at all."""
    DROP = "drop"
    """The connection is closed without an answer."""
    RESET = "reset"
    """The same, by a reset."""
    CUT = "cut"
    """The head and a part of the body arrive, then the connection is closed."""
    DRIP = "drip"
    """The body arrives byte by byte."""
    SILENT = "silent"
    """The connection stays open and nothing comes."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """The way of one response: `delay_seconds` before it, `cut_at` bytes of its body, `every_seconds` between bytes."""

    travel: Travel = Travel.WHOLE
    delay_seconds: float = 0.0
    cut_at: int = 0
    every_seconds: float = 0.0


WHOLE = Delivery()


@dataclass(frozen=True)
class Delivered(Response):
    """One response, and how it travels."""

    delivery: Delivery = WHOLE

    def json(self) -> Json:
        """Return the body as an object."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise TypeError("the body is not an object")
        return value


def delivered(response: Response, delivery: Delivery = WHOLE) -> Delivered:
    """Return a response that travels so."""
    return Delivered(response.status, response.body, response.headers, delivery)
