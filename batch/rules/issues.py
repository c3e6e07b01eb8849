"""What a rule says about a row before it is known where the row stands: a `Problem`, and the words to tell it with."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import NamedTuple

from batch.model import Issue, Severity
from batch.wording import shorten


class Problem(NamedTuple):
    """Something wrong in one column; `message` is a sentence that ends with the remedy; `fix` as in `Issue`."""

    column: str
    code: str
    seen: str
    message: str
    warning: bool = False
    fix: str | None = None


def make_issue(problem: Problem, *, row: int, cell: str, place: str = "") -> Issue:
    """Return a problem as the issue of a row, or of its post in one place."""
    severity = Severity.WARNING if problem.warning else Severity.ERROR
    seen = shorten(problem.seen)
    return Issue(row, problem.column, problem.code, seen, problem.message, severity, cell, problem.fix, place)


def nearest(word: str, known: Mapping[str, str]) -> str:
    """Return the known value whose word a slip of the keyboard most likely meant, "" where none is near."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.7)
    return known[found[0]] if found else ""


def only_near(word: str, known: Mapping[str, str]) -> str | None:
    """Return the one known value that a word nearly is, None where it is near to several or to none."""
    meant = {known[near] for near in difflib.get_close_matches(word, list(known), n=5, cutoff=0.7)}
    return meant.pop() if len(meant) == 1 else None


def did_you_mean(likely: str) -> str:
    """Return the question that a message asks before its remedy, "" where nothing is likely."""
    return f"Did you mean {likely}? " if likely else ""
