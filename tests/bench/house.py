"""Prints how the code is divided, each figure beside what it may be at most; exits with 1 where one is exceeded.

The bounds for modules and lines are for what version 0.1.0 does. The modules in `LATER`, each of which holds something
that the command could not do then, are counted apart. So are the lines of every function, class, method and constant
that came later. `first_definitions.txt` names those that are as old as the restructuring of 0.1.0, or were only renamed
since; each of them counts with all the lines it has today, also those by which a later capability made it longer.

    python tests/bench/house.py             the figures
    python tests/bench/house.py --once      the functions that are used exactly once, by file
    python tests/bench/house.py --by-room   lines, modules and functions used once for each package

A function is *used once* where its name stands at exactly one place of the package besides its definition; methods,
and functions that a decorator hands to somebody else (commands, fixtures, routes), are left out. The files that one row
of text enters are counted by tracing a real `run --sandbox` of one row in a process of its own.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "batch"
MARK = "glazed-7f3a"
"""Words that stand in no file of the project: a function that is handed them has met the row."""


LATER = frozenset({
    "batch.commands.fix", "batch.commands.init", "batch.commands.mcp", "batch.commands.report", "batch.commands.trust",
    "batch.commands.watch", "batch.desk", "batch.plan.approval", "batch.plan.slots", "batch.publisher.probe",
    "batch.rules.channel_words", "batch.rules.damage", "batch.rules.date_words", "batch.rules.links",
    "batch.rules.places", "batch.rules.repeats", "batch.rules.slots", "batch.sheets.google", "batch.sheets.vocabulary",
    "batch.web", "batch.web.app", "batch.web.folder", "batch.web.guard", "batch.web.jobs", "batch.workbooks.fix",
    "batch.workbooks.places_sheet",
})  # fmt: skip
"""Modules that hold what came after 0.1.0 and its restructuring, each a capability of its own."""

FIRST = frozenset((Path(__file__).parent / "first_definitions.txt").read_text(encoding="utf-8").split())
"""The definitions by which the package did what 0.1.0 does, a method as `Class.method`."""

LATER_LIBRARIES = frozenset({"ftfy", "python-dateutil", "python-multipart", "starlette", "uvicorn"})
"""Libraries that stand under nothing else: damaged texts, repeats, and the pages in a browser."""


class Figure(NamedTuple):
    """One measured line: its name, what was measured and what it may be at most, None where nothing is asked of it."""

    name: str
    measured: float
    at_most: float | None


def modules() -> list[Path]:
    """Return every module of the package."""
    return sorted(PACKAGE.rglob("*.py"))


def dotted(path: Path) -> str:
    """Return the dotted name of a module (`batch.rules.check`); a package has its folder's."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def trees() -> dict[Path, ast.Module]:
    """Return each module, parsed."""
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in modules()}


def import_graph(parsed: dict[Path, ast.Module]) -> dict[str, set[str]]:
    """Return which modules of the package each module imports, those inside functions included."""
    names = {dotted(path) for path in parsed}
    graph: dict[str, set[str]] = defaultdict(set)
    for path, tree in parsed.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("batch"):
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    graph[dotted(path)].add(whole if whole in names else node.module)
            elif isinstance(node, ast.Import):
                graph[dotted(path)] |= {alias.name for alias in node.names if alias.name in names}
    return {name: graph[name] - {name} for name in names}


def circles(graph: dict[str, set[str]]) -> list[list[str]]:
    """Return the groups of modules that import each other, directly or by way of others."""
    reach = {name: _reachable(graph, name) for name in graph}
    groups = {tuple(sorted(other for other in reach[name] if name in reach[other])) for name in graph}
    return [list(group) for group in sorted(groups) if len(group) > 1]


def _reachable(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    left = [start]
    while left:
        for name in graph.get(left.pop(), set()) - seen:
            seen.add(name)
            left.append(name)
    return seen


def functions(parsed: dict[Path, ast.Module]) -> Iterator[tuple[Path, ast.FunctionDef]]:
    """Yield the plain functions of all modules: no methods, nothing that a decorator hands to somebody else."""
    for path, tree in parsed.items():
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and not any(_registers(mark) for mark in node.decorator_list):
                yield path, node


def _registers(mark: ast.expr) -> bool:
    named = mark.func if isinstance(mark, ast.Call) else mark
    name = named.attr if isinstance(named, ast.Attribute) else named.id if isinstance(named, ast.Name) else ""
    return name not in {"cache", "lru_cache", "contextmanager"}


def used_once(parsed: dict[Path, ast.Module]) -> tuple[list[tuple[Path, str]], int]:
    """Return the functions that are used at exactly one place, and how many functions there are."""
    uses: Counter[str] = Counter()
    for tree in parsed.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Name):
                uses[node.id] += 1
            elif isinstance(node, ast.Attribute):
                uses[node.attr] += 1
    every = list(functions(parsed))
    return [(path, node.name) for path, node in every if uses[node.name] == 1], len(every)


def double_names(parsed: dict[Path, ast.Module]) -> dict[str, list[str]]:
    """Return the class names that two modules define; the sandbox, a witness in its own words, counts for itself."""
    places: dict[tuple[str, bool], list[str]] = defaultdict(list)
    for path, tree in parsed.items():
        for node in tree.body:
            if isinstance(node, ast.ClassDef):
                places[node.name, "sandbox" in path.parts].append(dotted(path))
    return {name: where for (name, _), where in sorted(places.items()) if len(where) > 1}


TRACER = """
import json, sys
mark, root, out = sys.argv[1:4]
met = set()
def trace(frame, event, arg):
    file = frame.f_code.co_filename
    if event == "call" and file.startswith(root) and file not in met:
        for value in list(frame.f_locals.values()):
            if holds(value, 3):
                met.add(file); break
def holds(value, depth):
    if isinstance(value, (str, bytes)):
        return (mark if isinstance(value, str) else mark.encode()) in value
    if depth == 0 or value is None or isinstance(value, (int, float)):
        return False
    if isinstance(value, dict):
        return any(holds(part, depth - 1) for part in list(value.values())[:50])
    if isinstance(value, (list, tuple, set, frozenset)):
        return any(holds(part, depth - 1) for part in list(value)[:50])
    slots = getattr(type(value), "__dataclass_fields__", None)
    return bool(slots) and any(holds(getattr(value, name, None), depth - 1) for name in slots)
import threading
sys.setprofile(trace); threading.setprofile(trace)
sys.argv = ["postbatch", "run", "posts.csv", "--sandbox", "--yes", "--quiet"]
import runpy
try:
    runpy.run_module("batch", run_name="__main__")
except SystemExit:
    pass
sys.setprofile(None); threading.setprofile(None)
json.dump(sorted(met), open(out, "w"))
"""


def files_entered() -> list[str]:
    """Return the modules outside the sandbox in which a function was handed the words of one row."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "posts.csv").write_text(
            f"key,channel,publish_at,timezone,text\none,FACEBOOK,2031-03-03 09:00,Europe/Berlin,Fresh {MARK} bowls\n",
            encoding="utf-8",
        )
        (here / "trace.py").write_text(TRACER, encoding="utf-8")
        found = here / "met.json"
        environment = {
            "PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": folder,
            "XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config",
        }  # fmt: skip
        subprocess.run(
            [sys.executable, "trace.py", MARK, str(PACKAGE), str(found)],
            cwd=here, env=environment, check=True, capture_output=True,
        )  # fmt: skip
        met = json.loads(found.read_text(encoding="utf-8"))
    return [name for file in met if not (name := dotted(Path(file))).startswith("batch.sandbox")]


def first_modules(parsed: dict[Path, ast.Module]) -> list[Path]:
    """Return the modules for what 0.1.0 does. Errors: ValueError where one of `LATER` is not there (any more)."""
    if gone := LATER - {dotted(path) for path in parsed}:
        raise ValueError(f"no such modules: {', '.join(sorted(gone))}")
    return [path for path in parsed if dotted(path) not in LATER]


def count_lines(paths: Iterable[Path]) -> int:
    """Return how many lines these modules have."""
    return sum(path.read_text(encoding="utf-8").count("\n") for path in paths)


def lines_of_first(path: Path, tree: ast.Module) -> int:
    """Return how many lines of a module are not those of a definition that came after 0.1.0."""
    later: set[int] = set()
    for node in tree.body:
        names = _names(node)
        if names and not names & FIRST:
            later |= _lines(node)
        elif isinstance(node, ast.ClassDef):
            methods = [part for part in node.body if isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef)]
            whose = node.name.lstrip("_")
            for part in methods:
                if not {f"{whose}.{name}" for name in _names(part)} & FIRST:
                    later |= _lines(part)
    lines = path.read_text(encoding="utf-8").splitlines()
    for number, line in reversed(list(enumerate(lines, 1))):
        if not line.strip() and number + 1 in later:
            later.add(number)
    return len(lines) - len(later)


def _names(node: ast.stmt) -> set[str]:
    """Return what a statement defines, without the underscore of a private name: whose it is may change."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {node.name.lstrip("_")}
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    return {target.id.lstrip("_") for target in targets if isinstance(target, ast.Name)}


def _lines(node: ast.stmt) -> set[int]:
    marks = getattr(node, "decorator_list", [])
    return set(range(min([node.lineno, *(mark.lineno for mark in marks)]), (node.end_lineno or node.lineno) + 1))


def dependencies() -> list[str]:
    """Return the libraries that the package names. Errors: ValueError where one of `LATER_LIBRARIES` is gone."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = [line.split(">")[0] for line in project["dependencies"]]
    if gone := LATER_LIBRARIES - set(named):
        raise ValueError(f"no such dependencies: {', '.join(sorted(gone))}")
    return named


def share_used_once(parsed: dict[Path, ast.Module]) -> float:
    """Return how many of a hundred functions are used at exactly one place."""
    once, every = used_once(parsed)
    return round(100 * len(once) / every, 1)


def measure(parsed: dict[Path, ast.Module]) -> list[Figure]:
    """Return the figures of the code as it stands."""
    first = first_modules(parsed)
    folders = Counter(path.parent for path in parsed if path.name != "__init__.py")
    libraries = dependencies()
    return [
        Figure("modules", len(parsed), None),
        Figure("modules for what 0.1.0 does", len(first), 115),
        Figure("lines", count_lines(parsed), None),
        Figure("lines for what 0.1.0 does", sum(lines_of_first(path, parsed[path]) for path in parsed), 23_500),
        Figure("modules in the fullest folder", max(folders.values()), 25),
        Figure("files that one row of text enters", len(files_entered()), 60),
        Figure("functions used exactly once, %", share_used_once(parsed), 40),
        Figure("import circles", len(circles(import_graph(parsed))), 0),
        Figure("class names with two meanings", len(double_names(parsed)), 0),
        Figure("direct dependencies", len(libraries), None),
        Figure("direct dependencies for what 0.1.0 does", len(set(libraries) - LATER_LIBRARIES), 18),
    ]


def main() -> int:
    """Print what was asked for."""
    parsed = trees()
    if "--once" in sys.argv:
        for path, name in used_once(parsed)[0]:
            print(f"{dotted(path)}: {name}")
        return 0
    if "--by-room" in sys.argv:
        once = Counter(path.parent for path, _ in used_once(parsed)[0])
        every = Counter(path.parent for path, _ in functions(parsed))
        for folder in sorted({path.parent for path in parsed}):
            files = [path for path in parsed if path.parent == folder]
            lines = count_lines(files)
            print(
                f"{folder.relative_to(ROOT)!s:20} {len(files):4} modules {lines:6} lines "
                f"({sum(lines_of_first(path, parsed[path]) for path in files)} for 0.1.0) "
                f"{once[folder]:4} of {every[folder]} functions used once"
            )
        return 0
    figures = measure(parsed)
    for figure in figures:
        bound = "" if figure.at_most is None else f"   at most {figure.at_most:,g}"
        print(f"{figure.name:40} {figure.measured:>9,g}{bound}")
    for circle in circles(import_graph(parsed)):
        print("circle:", ", ".join(circle))
    for name, where in double_names(parsed).items():
        print(f"class {name}:", ", ".join(where))
    return int(any(f.at_most is not None and f.measured > f.at_most for f in figures))


if __name__ == "__main__":
    raise SystemExit(main())
