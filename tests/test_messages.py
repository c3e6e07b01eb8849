"""What people read: the list of all messages is as the code has it, and none of the turns that read badly is left."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from messages import LIST, messages_of, render  # noqa: E402 - found beside this file, as a script finds it

TURNS: Mapping[str, str] = {
    "mend": r"\bmend(s|ed|ing)?\b",
    "anew": r"\banew\b",
    "is to be": r"\b(is|are) to be\b",
    "stands in": r"\bstands? in\b",
    "of which": r"\bof which\b",
    "need you": r"\bneeds? you\b",
    "what became of": r"\bwhat became of\b",
    "a cell says": r"(`[\w:]+`|”|\bcell|\brow) says?\b|\bsays? “",
    "along the way": r"\balong the way\b",
}
"""Words and turns that no native writer of a product would use, each with how it is found."""

TEXTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted((ROOT / "batch").rglob("*.html"))]


def test_the_list_of_messages_is_as_the_code_has_it() -> None:
    assert LIST.read_text(encoding="utf-8") == render(), (
        "python tests/messages.py makes it again; review the difference"
    )


@pytest.mark.parametrize("turn", TURNS)
def test_no_message_has_a_turn_that_reads_badly(turn: str) -> None:
    lines = LIST.read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.search(TURNS[turn], line, re.IGNORECASE)] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_no_page_of_text_has_a_turn_that_reads_badly(path: Path) -> None:
    text = re.sub(r"\{[%#].*?[%#]\}|<!--.*?-->", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = {turn: [line for line in text.splitlines() if re.search(how, line, re.I)] for turn, how in TURNS.items()}
    assert {turn: lines for turn, lines in found.items() if lines} == {}


def test_messages_are_found_in_every_form_and_code_is_not(tmp_path: Path) -> None:
    path = tmp_path / "some.py"
    path.write_text(
        '"""A docstring with words."""\n'
        'TABLE = {"key": "A word of a table"}\n'
        "def f(name: str) -> None:\n"
        '    """Another docstring."""\n'
        '    raise ValueError(f"Row {name.shown} is wrong: " "write it again.")\n'
        '    db.execute("SELECT one FROM two")\n'
        '    re.compile("[a-z] and more words")\n'
        '    open("one-word")\n'
        "@postbatch.command()\n"
        "def run() -> None:\n"
        '    """Do what was planned."""\n',
        encoding="utf-8",
    )
    assert messages_of(path) == ["A word of a table", "Row {shown} is wrong: write it again.", "Do what was planned."]
