"""The rooms import in one direction only, and what is heavy waits until it is needed."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.bench.house import (
    LATER_LIBRARIES,
    circles,
    dependencies,
    dotted,
    double_names,
    first_modules,
    import_graph,
    lines_of_first,
    share_used_once,
    trees,
)

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "batch"
FILES = sorted(path for path in PACKAGE.rglob("*.py"))

ORDER = (
    {"model", "errors"},
    {"codec", "times", "atomic", "wording"},
    {"rules"},
    {"plan"},
    {"settings", "sheets", "media"},
    {"workbooks", "publisher", "journal"},
    {"runs"},
    {"report"},
    {"commands", "desk", "web", "cli", "api", "__main__"},
)
"""A room may import its own files and the rooms of the lines above it; rooms of one line do not know each other."""

LEVELS = {room: level for level, rooms in enumerate(ORDER) for room in rooms}
ALONE = {"sandbox"}
JOURNAL = {("runs", "journal")}
"""The journal is an edge of its own, though its files lie in the room that uses it."""
PURE = {"model", "errors", "codec", "times", "wording", "rules", "plan"}
EFFECTS = {"os", "pathlib", "socket", "subprocess", "random", "time", "sqlite3", "httpx", "shutil", "tempfile", "io"}


def room_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    if parts in JOURNAL:
        return "journal"
    return parts[0]


def imports_of(path: Path) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.append(tuple(node.module.split(".")))
        elif isinstance(node, ast.Import):
            found += [tuple(alias.name.split(".")) for alias in node.names]
    return found


def rooms_used(path: Path) -> set[str]:
    used = set()
    for name in imports_of(path):
        if name[0] == "batch" and len(name) > 1:
            used.add("journal" if name[1:3] in JOURNAL else name[1])
    return used


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_room_imports_only_the_rooms_above_it(path):
    room = room_of(path)
    used = rooms_used(path) - {room}
    if room == "__init__":
        assert used == {"api"}, "loaded when one of its names is asked for"
    elif room in ALONE:
        assert used == set(), "the sandbox is a witness: it states the rules again, in its own words"
    else:
        assert {other for other in used if other in ALONE} <= ({"sandbox"} if room == "commands" else set())
        others = used - ALONE
        top = len(ORDER) - 1
        assert {o for o in others if LEVELS[o] >= LEVELS[room] and LEVELS[room] < top} == set()


@pytest.mark.parametrize("path", [p for p in FILES if room_of(p) in PURE], ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_pure_room_touches_no_clock_file_or_network(path):
    assert {name[0] for name in imports_of(path)} & EFFECTS == set()


def test_only_its_rooms_use_pandas_openpyxl_and_httpx():
    allowed = {
        "pandas": {"model", "sheets", "workbooks"},
        "openpyxl": {"workbooks"},
        "xlsxwriter": {"workbooks"},
        "httpx": {"publisher", "sandbox", "sheets"},
        "starlette": {"web"},
        "uvicorn": {"web"},
        "keyring": {"settings"},
    }
    for path in FILES:
        for name in {name[0] for name in imports_of(path)} & allowed.keys():
            assert room_of(path) in allowed[name], f"{path.name} imports {name}"


HEAVY = (
    "pandas", "openpyxl", "xlsxwriter", "httpx", "rich", "pydantic", "starlette", "uvicorn", "jinja2", "tqdm",
    "keyring",
)  # fmt: skip


def test_help_loads_nothing_heavy():
    code = (
        "import sys, runpy\nsys.argv = ['postbatch', '--help']\n"
        "try:\n    runpy.run_module('batch', run_name='__main__')\nexcept SystemExit:\n    pass\n"
        f"print([m for m in {HEAVY!r} if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
    assert out.splitlines()[-1] == "[]"


def test_no_modules_import_each_other_in_a_circle():
    assert circles(import_graph(trees())) == []


def test_a_folder_has_no_more_modules_than_a_reader_can_keep_in_mind():
    folders = Counter(path.parent for path in FILES if path.name != "__init__.py")
    assert {str(folder): count for folder, count in folders.items() if count > 25} == {}


def test_what_the_first_version_does_is_in_no_more_modules_than_a_reader_can_learn():
    assert len(first_modules(trees())) <= 115


def test_what_the_first_version_does_is_told_in_no_more_lines_than_asked():
    assert sum(lines_of_first(path, tree) for path, tree in trees().items()) <= 23_500


def test_what_the_first_version_does_stands_on_no_more_libraries_than_asked():
    assert len(set(dependencies()) - LATER_LIBRARIES) <= 18


def test_most_functions_are_used_more_than_once():
    assert share_used_once(trees()) <= 40


def test_a_class_name_means_one_thing():
    assert double_names(trees()) == {}


def test_functions_are_of_a_size_that_one_screen_shows():
    sizes = [
        (node.end_lineno - node.lineno + 1, f"{path.name}:{node.name}")
        for path, tree in trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno
    ]
    assert [name for size, name in sizes if size > 60] == []
    assert sum(size <= 25 for size, _ in sizes) >= 0.95 * len(sizes)


def test_a_small_module_with_one_importer_belongs_to_it():
    """Commands keep a file each, named for them; a package's `__init__` is its page."""
    importers = Counter(name for used in import_graph(trees()).values() for name in used)
    small = [
        dotted(path)
        for path in FILES
        if path.read_text(encoding="utf-8").count("\n") < 60 and importers[dotted(path)] == 1
    ]
    assert [name for name in small if ".commands." not in name] == []
