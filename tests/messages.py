"""Every message of the product in one list, made from the code, so that it can be read in one sitting.

    tests/messages.txt              the list: each module, and what it may say, in its order
    python tests/messages.py        make the list again; review the difference before committing it

A message is any text of several words in the package that is no docstring, no expression, no query and no style: those
of errors, issues, prints, tables and help alike. What is filled in stands in braces.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "batch"
LIST = ROOT / "tests" / "messages.txt"

CODE_CALLS = frozenset(
    {"compile", "execute", "executemany", "executescript", "getLogger", "fullmatch", "sub", "findall"}
)
"""Calls whose texts are patterns or queries."""

SENTENCE = re.compile(r"[^\W\d_]{2,}[^\n]*? [^\n]*?[^\W\d_]{2,}")
"""At least two words with a blank between."""

NO_SENTENCE = re.compile(
    r"^\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|PRAGMA|BEGIN|DROP|WITH)\b|\(\?[:P=!<]|\\[bdws]|[{};]\s*$"
    r"|^[a-z]+(-[a-z]+)?: [^.]*;|</|^(bold|white|black|dim)\b( (on )?\w+)*$"
)
"""Queries, patterns, styles and markup."""


def messages_of(path: Path) -> list[str]:
    """Return the texts of a module that people may read, in its order, each once."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = set(_not_for_people(tree))
    texts = (text for node in _texts(tree, skipped) if (text := " ".join(_shown(node).split())))
    return list(dict.fromkeys(text for text in texts if SENTENCE.search(text) and not NO_SENTENCE.search(text)))


def _not_for_people(tree: ast.AST) -> Iterator[ast.AST]:
    """Yield the texts that document the code or are code themselves; the docstring of a command is its help."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in CODE_CALLS:
                yield from node.args
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from (part for part in (node.returns, *(a.annotation for a in node.args.args)) if part)


def _texts(node: ast.AST, skipped: set[ast.AST]) -> Iterator[ast.AST]:
    if isinstance(node, ast.FunctionDef) and any("command" in ast.unparse(mark) for mark in node.decorator_list):
        yield ast.Constant(ast.get_docstring(node) or "")
    for child in ast.iter_child_nodes(node):
        if child in skipped:
            continue
        if isinstance(child, ast.JoinedStr) or (isinstance(child, ast.Constant) and isinstance(child.value, str)):
            yield child
        if not isinstance(child, ast.JoinedStr):
            yield from _texts(child, skipped)
        else:
            for part in child.values:
                yield from _texts(part, skipped) if isinstance(part, ast.FormattedValue) else ()


def _shown(node: ast.AST) -> str:
    """Return a text with what is filled in by its name."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.FormattedValue):
        words = re.findall(r"[a-z][a-z_]{2,}", ast.unparse(node.value))
        return "{" + (words[-1] if words else "...") + "}"
    return "".join(_shown(part) for part in getattr(node, "values", ()))


def render() -> str:
    """Return the whole list."""
    parts = []
    for path in sorted(PACKAGE.rglob("*.py")):
        if found := messages_of(path):
            parts.append("\n".join([f"# {path.relative_to(ROOT).as_posix()}", *found]))
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    if sys.argv[1:]:
        sys.exit(__doc__)
    LIST.write_text(render(), encoding="utf-8")
