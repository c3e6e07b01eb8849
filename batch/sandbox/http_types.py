"""Requests and responses as the sandbox sees them, and the shapes in which the API says no."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Response:
    """One response."""

    status: int
    body: bytes = b""
    headers: Headers = JSON_HEADERS

    def json(self) -> Json:
        """Return the body as an object."""
        value = json.loads(self.body)
        if not isinstance(value, dict):
            raise TypeError("the body is not an object")
        return value


Answer = Json | str | Response
"""What a handler may return: an object, JSON text, or a whole response."""


def write_json(value: Any) -> str:
    """Write JSON compactly, text as it is."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def make_response(answer: Answer, *, status: int = 200, headers: Headers = ()) -> Response:
    """Return a handler's answer as a JSON response; text is taken to be JSON already."""
    if isinstance(answer, Response):
        return answer
    text = answer if isinstance(answer, str) else write_json(answer)
    return Response(status, text.encode("utf-8", "surrogatepass"), JSON_HEADERS + headers)


class Violation(NamedTuple):
    """One field that breaks a rule, as the API reports it."""

    field: str
    description: str
    rule: str = "OTHER"


class Refusal(Exception):
    """The API says no, with one code."""

    def __init__(self, status: int, code: str, description: str, *, headers: Headers = ()) -> None:
        super().__init__(description)
        self.status, self.code, self.description, self.headers = status, code, description, headers

    @property
    def details(self) -> Json:
        """What stands under `details` in the answer."""
        return {"applicationError": {"code": self.code, "description": self.description, "data": {}}}

    def response(self) -> Response:
        """Return the answer."""
        body = {"message": self.description, "details": self.details}
        return make_response(body, status=self.status, headers=self.headers)


class Invalid(Refusal):
    """The API says no to the request itself: 400, with every field that is wrong."""

    def __init__(self, violations: Sequence[Violation]) -> None:
        super().__init__(400, "VALIDATION", "; ".join(f"{v.field} {v.description}" for v in violations))
        self.violations = tuple(violations)

    @property
    def details(self) -> Json:
        """What stands under `details` in the answer."""
        listed = [{"field": v.field, "description": v.description, "violatedRule": v.rule} for v in self.violations]
        return {"validationError": {"fieldViolations": listed}}


def invalid(name: str, description: str, rule: str = "OTHER") -> Invalid:
    """Return the refusal of one field."""
    return Invalid([Violation(name, description, rule)])
