from __future__ import annotations

import pytest

from batch.model import Issue, Severity
from batch.rules.issues import Problem, make_issue, nearest
from batch.wording import listed, quoted, shorten


def test_a_problem_becomes_the_issue_of_its_row() -> None:
    problem = Problem("text", "text_too_long", "a" * 100, "Too long: cut it.")
    assert make_issue(problem, row=7, cell="I7") == Issue(
        7, "text", "text_too_long", "a" * 59 + "…", "Too long: cut it.", Severity.ERROR, "I7"
    )
    assert make_issue(problem._replace(warning=True), row=7, cell="").severity is Severity.WARNING


def test_what_was_seen_is_shown_on_one_line_and_cut() -> None:
    assert shorten("a\n b") == "a b"
    assert len(shorten("word " * 1_000)) == 60
    assert quoted("x") == "“x”"


@pytest.mark.parametrize(
    ("words", "shown"), [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")]
)
def test_words_are_listed_as_people_do(words: list[str], shown: str) -> None:
    assert listed(words) == shown


def test_the_nearest_word_is_near() -> None:
    assert nearest("instagran", {"instagram": "IG", "facebook": "FB"}) == "IG"
    assert nearest("myspace", {"instagram": "IG", "facebook": "FB"}) == ""
