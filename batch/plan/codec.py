"""Frozen values of the vocabulary as JSON data and back, from their own annotations, so that no field can be forgotten.

Writing leaves out what has its default value; reading is strict and raises TypeError, ValueError or KeyError for
anything that was not written here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

Reader = Callable[[Any], Any]


def to_json(value: Any) -> Any:
    """Return a value of the vocabulary as JSON data; fields that have their default value are left out."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [to_json(member) for member in value]
    if hasattr(value, "__dataclass_fields__"):
        return {
            name: to_json(held)
            for name, default in _defaults(value.__class__)
            if (held := getattr(value, name)) != default
        }
    return value


@cache
def _defaults(kind: Any) -> tuple[tuple[str, object], ...]:
    return tuple((f.name, f.default) for f in fields(kind))


@cache
def reader_of(kind: Any) -> Reader:
    """Return the strict reader of a type of the vocabulary: it raises TypeError or ValueError for anything else."""
    origin = get_origin(kind)
    if origin is tuple:
        return _tuple_reader(reader_of(get_args(kind)[0]))
    if origin in (UnionType, Union):
        inner = reader_of(next(arg for arg in get_args(kind) if arg is not NoneType))
        return lambda value: None if value is None else inner(value)
    if kind is datetime:
        return _read_instant
    if isinstance(kind, type) and issubclass(kind, Enum):
        return kind
    if hasattr(kind, "__dataclass_fields__"):
        return _dataclass_reader(kind)
    return _exact_reader(kind)


def _tuple_reader(inner: Reader) -> Reader:
    def read(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise TypeError("a list is due here")
        return tuple(inner(member) for member in value)

    return read


def _dataclass_reader(kind: type) -> Reader:
    hints = get_type_hints(kind)
    readers = {field.name: reader_of(hints[field.name]) for field in fields(kind)}
    required = {f.name for f in fields(kind) if f.default is MISSING and f.default_factory is MISSING}

    def read(value: Any) -> Any:
        if not isinstance(value, dict) or not required <= value.keys():
            raise TypeError(f"a {kind.__name__} is due here")
        return kind(**{name: readers[name](held) for name, held in value.items()})

    return read


def _exact_reader(kind: type) -> Reader:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise TypeError(f"{kind.__name__} is due here")
        return value

    return read


def _read_instant(value: Any) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("an instant has its zone")
    return instant
