"""Hold a request body against a shape: unknown fields, wrong types and broken limits, all at once.

The shapes are data. A field that is null counts as left out, as the API's JSON has it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn
from urllib.parse import urlsplit

from batch.sandbox.times import read_iso
from batch.sandbox.wire import Invalid, Json, Violation, invalid


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
