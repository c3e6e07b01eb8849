"""The pages of docs are held true: what they name is there."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PACKAGES = "rules|plan|sheets|media|workbooks|publisher|runs|report|commands|sandbox"


def dotted_names() -> list[str]:
    found = set(re.findall(rf"`((?:{PACKAGES})(?:\.\w+)+)(?:`|\()", PAGE))
    return sorted(name for name in found if not name.endswith(".py"))  # a file, looked for as one


def test_it_names_places_in_the_code() -> None:
    assert len(dotted_names()) > 30


@pytest.mark.parametrize("name", dotted_names())
def test_every_place_that_the_architecture_names_is_there(name: str) -> None:
    package, module, *rest = name.split(".")
    found = importlib.import_module(f"batch.{package}.{module}")
    for part in rest:
        found = getattr(found, part)


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(\w+/[\w/]+\.(?:py|toml|xlsx)|\w+\.py)`", PAGE))))
def test_every_file_that_the_architecture_names_is_there(path: str) -> None:
    assert (ROOT / path).is_file() or (ROOT / "batch" / path).is_file()


def test_every_module_is_in_the_list_of_its_package_and_nothing_else_is() -> None:
    listed = re.findall(
        r"^- `([\w/]+)/`: (.+(?:\n  .+)*)", PAGE.split("## Modules")[1].split("## Words")[0], re.MULTILINE
    )
    named = {(folder.removeprefix("batch"), name) for folder, text in listed for name in re.findall(r"`(\w+)`", text)}
    there = {
        (path.parent.relative_to(ROOT / "batch").as_posix().strip("."), path.stem)
        for path in (ROOT / "batch").rglob("*.py")
        if path.name != "__init__.py"
    }
    assert named - {("sheets", "Sheet")} == there


def test_every_package_is_in_its_table() -> None:
    here = {path.name for path in (ROOT / "batch").iterdir() if (path / "__init__.py").is_file()}
    assert here == set(re.findall(r"`(\w+)/`", PAGE.split("## Packages")[1].split("## Modules")[0])) - {"tests"} - {
        "rig"
    }
