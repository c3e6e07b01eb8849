"""The published schemas are those of the files that the commands write."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from batch.commands.schema import NOTES
from batch.model import RESULT_COLUMNS

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"


def breaches(data: Any, schema: dict[str, Any]) -> list[str]:
    """Return where data breaks a schema."""
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(data)]


def printed(what: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "batch", "schema", what], capture_output=True, text=True, check=True, cwd=ROOT
    )
    schema: dict[str, Any] = json.loads(done.stdout)
    return schema


@pytest.mark.parametrize("what", ["plan", "results"])
def test_the_files_that_are_written_fit_their_schema_and_others_do_not(what: str) -> None:
    schema = printed(what)
    assert schema["$schema"].startswith("https://json-schema.org/")
    files = sorted(GOLDEN.glob(f"*/{what}.json"))
    assert files
    for path in files:
        data = json.loads(path.read_text(encoding="utf-8"))
        if what == "plan":
            data["made_at"] = "2031-03-03T08:00:00Z"
        assert breaches(data, schema) == []
        rows = data["steps" if what == "plan" else "posts"]
        rows[0]["row"] = "2"
        assert len(breaches(data, schema)) == 1
        del rows[0]["row"]
        assert len(breaches(data, schema)) == 1
        assert len(breaches(data | {"surprise": 1}, schema)) == 2


def test_each_column_of_the_results_is_described() -> None:
    assert tuple(NOTES) == RESULT_COLUMNS
