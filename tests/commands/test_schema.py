"""The published schemas are those of the files that the commands write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from batch.commands.schema import NOTES, SCHEMAS
from batch.model import RESULT_COLUMNS

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None),
}  # fmt: skip


def breaches(data: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "") -> list[str]:
    """Return where data breaks a schema; a word of the language that is not known here is an error."""
    if "$ref" in schema:
        return breaches(data, root["$defs"][schema["$ref"].rpartition("/")[2]], root, at)
    if "anyOf" in schema:
        every = [breaches(data, one, root, at) for one in schema["anyOf"]]
        return [] if [] in every else every[0]
    assert not schema.keys() - {
        "type", "properties", "required", "additionalProperties", "items", "enum", "title", "description", "default",
        "format", "$defs", "$schema",
    }  # fmt: skip
    kind = TYPES[schema["type"]] if "type" in schema else object
    if not isinstance(data, kind) or (kind is int and isinstance(data, bool)):
        return [f"{at}: {data!r} is no {schema['type']}"]
    found = [] if data in schema.get("enum", [data]) else [f"{at}: {data!r} is none of {schema['enum']}"]
    if isinstance(data, list) and "items" in schema:
        found += [b for n, part in enumerate(data) for b in breaches(part, schema["items"], root, f"{at}[{n}]")]
    if isinstance(data, dict):
        found += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in data]
        more = schema.get("additionalProperties", True)
        for name, part in data.items():
            rule = schema.get("properties", {}).get(name, more)
            if rule is False:
                found.append(f"{at}: {name} is unknown")
            elif rule is not True:
                found += breaches(part, rule, root, f"{at}.{name}")
    return found


def printed(what: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "batch", "schema", what], capture_output=True, text=True, check=True, cwd=ROOT
    )
    schema: dict[str, Any] = json.loads(done.stdout)
    return schema


@pytest.mark.parametrize("what", SCHEMAS)
def test_the_files_that_are_written_fit_their_schema_and_others_do_not(what: str) -> None:
    schema = printed(what)
    assert schema["$schema"].startswith("https://json-schema.org/")
    files = sorted(GOLDEN.glob(f"*/{what}.json"))
    assert files
    for path in files:
        data = json.loads(path.read_text(encoding="utf-8"))
        if what == "plan":
            data["made_at"] = "2031-03-03T08:00:00Z"
        assert breaches(data, schema, schema) == []
        rows = data["steps" if what == "plan" else "posts"]
        rows[0]["row"] = "2"
        assert len(breaches(data, schema, schema)) == 1
        del rows[0]["row"]
        assert len(breaches(data, schema, schema)) == 1
        assert len(breaches(data | {"surprise": 1}, schema, schema)) == 2


def test_each_column_of_the_results_is_described() -> None:
    assert tuple(NOTES) == RESULT_COLUMNS
