"""The one way in which values are kept as JSON: the plan's file, the record of a run, the journal's outcomes.

A value is written whole, every field by its name, and read strictly: nothing is converted, nothing unknown is passed
over, every date-time has its zone. A field that the file of an earlier version has not got has its default.
"""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from batch.model import Json

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")
HALVES = re.compile("[\ud800-\udfff]")
"""What UTF-8 can't hold: half of an emoji, or a byte of a file's name that is no text. It is written as �."""


class FormError(ValueError):
    """What was read is not of the form that is due; `place` says where: `steps[3].at`, "" where it is no JSON."""

    def __init__(self, place: str, message: str) -> None:
        super().__init__(f"{place}: {message}" if place else message)
        self.place = place


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    """Return what reads and writes a kind of value. Made when it is needed: a sheet that is only checked needs none."""
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


def to_json(value: object) -> str:
    """Return a frozen value as compact JSON."""
    kind: Any = type(value)
    adapter = _adapter(kind)
    try:
        return adapter.dump_json(value).decode()
    except ValueError:  # it holds what UTF-8 can't
        return data_to_json(adapter.dump_python(value, mode="json"))


def to_data(value: object) -> Any:
    """Return a frozen value as JSON data: dictionaries, lists, text, numbers."""
    return json.loads(to_json(value))


def data_to_json(data: object) -> str:
    """Return JSON data as text that people can read and UTF-8 can hold."""
    return HALVES.sub("\ufffd", json.dumps(data, ensure_ascii=False))


def from_json(kind: type[T], text: str | bytes) -> T:
    """Read a value that `to_json` wrote, in this version or an earlier one. Errors: FormError."""
    from pydantic import ValidationError

    read: Any = kind
    try:
        value: T = _adapter(read).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise FormError(_place(first["loc"]), first["msg"]) from error
    return value


def _place(path: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def json_schema(kind: Any) -> Json:
    """Return the JSON Schema of what `to_json` writes for a kind of value."""
    schema = _adapter(kind).json_schema(mode="serialization")
    for form in (schema, *schema.get("$defs", {}).values()):
        if "properties" in form:
            # What is read refuses more; before 2.14 pydantic leaves it out.
            form.setdefault("additionalProperties", False)
    return schema
