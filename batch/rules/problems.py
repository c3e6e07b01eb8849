"""What a rule says about a row before it is known where the row stands: a `Problem`, and the words to tell it with."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple

from batch.model import Issue, Severity

SEEN_LETTERS = 60


class Problem(NamedTuple):
    """Something wrong in one column; `message` is a sentence that ends with the remedy."""

    column: str
    code: str
    seen: str
    message: str
    warning: bool = False


def make_issue(problem: Problem, *, row: int, cell: str) -> Issue:
    """Return a problem as the issue of a row."""
    severity = Severity.WARNING if problem.warning else Severity.ERROR
    return Issue(row, problem.column, problem.code, shorten(problem.seen), problem.message, severity, cell)


def shorten(text: str, *, most: int = SEEN_LETTERS) -> str:
    """Return a cell's text on one line, cut where it is long."""
    line = " ".join(text.split()) if len(text) <= 10 * most else " ".join(text[: 10 * most].split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def quoted(text: str) -> str:
    """Return what was seen, shortened and in quotation marks."""
    return f"“{shorten(text)}”"


def listed(words: Iterable[str], *, last: str = "or") -> str:
    """Return words as a person lists them: `A, B or C`."""
    several = list(words)
    if len(several) < 2:
        return "".join(several)
    return f"{', '.join(several[:-1])} {last} {several[-1]}"


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the known word that a slip of the keyboard most likely meant, "" where none is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return found[0] if found else ""


def cell_address(row: int, position: int) -> str:
    """Return a cell's address as a spreadsheet shows it: `I14`."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return f"{letters}{row}"
