"""What comes in and what goes out: requests and responses as plain values, and refusals in the API's two error shapes.

Nothing here knows a server or a socket. How a response travels (whole, late, cut off, not at all) is part of the value,
so that the socket shell and the in-process transport tell one story.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

Json = dict[str, Any]
Headers = tuple[tuple[str, str], ...]

JSON_HEADERS: Headers = (("content-type", "application/json; charset=utf-8"),)


@dataclass(frozen=True, slots=True)
class Request:
    """One request. Header names are lower-case; `query` keeps order and repeats; `origin` is how it got here."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    origin: str = "http://127.0.0.1"

    def values(self, name: str) -> tuple[str, ...]:
        """Return all values of a query parameter, in order."""
        return tuple(value for key, value in self.query if key == name)


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


@dataclass(frozen=True, slots=True)
class Response:
    """One response, and how it travels."""

    status: int
    body: bytes = b""
    headers: Headers = JSON_HEADERS
    delivery: Delivery = WHOLE

    def json(self) -> Json:
        """Return the body as an object."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise TypeError("the body is not an object")
        return value


class Violation(NamedTuple):
    """One field that breaks a rule, as the API reports it."""

    field: str
    description: str
    rule: str


class Refusal(Exception):
    """The API says no, with one code."""

    def __init__(self, status: int, code: str, description: str, *, data: Json | None = None) -> None:
        super().__init__(description)
        self.status, self.code, self.description, self.data = status, code, description, data or {}
        self.headers: Headers = ()

    def body(self) -> Json:
        """Return the error body."""
        error = {"code": self.code, "description": self.description, "data": self.data}
        return {"message": self.description, "details": {"applicationError": error}}


class Invalid(Refusal):
    """The API says no to the request itself: 400, with every field that is wrong."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        said = "; ".join(f"{v.field} {v.description}" for v in violations)
        super().__init__(400, "VALIDATION", said)
        self.violations = tuple(violations)

    def body(self) -> Json:
        """Return the error body."""
        listed = [{"field": v.field, "description": v.description, "violatedRule": v.rule} for v in self.violations]
        return {"message": self.description, "details": {"validationError": {"fieldViolations": listed}}}


def invalid(name: str, description: str, rule: str = "OTHER") -> Invalid:
    """Return the refusal of one field."""
    return Invalid([Violation(name, description, rule)])


def write_json(value: Any) -> str:
    """Write JSON compactly, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def json_response(value: Any, *, status: int = 200, headers: Headers = ()) -> Response:
    """Return a JSON response; text is taken to be JSON already."""
    text = value if isinstance(value, str) else write_json(value)
    return Response(status, text.encode("utf-8", "surrogatepass"), JSON_HEADERS + headers)
