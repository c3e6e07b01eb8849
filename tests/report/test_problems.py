from __future__ import annotations

from dataclasses import replace

from batch.model import GOOD, Issue, OutcomeKind, Results, Severity
from batch.report.page import PageProblem, PostLink, find_problems, find_sheet_errors, find_warnings
from batch.report.words import OUTCOME_STYLES
from batch.wording import first_words
from tests.report.launch_week import launch_week


def test_every_post_that_needs_somebody_is_in_exactly_one_group():
    results = launch_week()
    groups = find_problems(results)
    named = [
        where.anchor
        for group in groups
        for anchors in [{w for p in group.problems for w in p.posts}]
        for where in anchors
    ]
    needed = [f"p{n}" for n, o in enumerate(results.outcomes, 1) if o.outcome not in GOOD]
    assert sorted(named) == sorted(needed)
    assert sum(group.total for group in groups) == len(needed)


def test_every_outcome_that_needs_somebody_says_what_to_do_and_no_other_does():
    assert {kind for kind, style in OUTCOME_STYLES.items() if style.remedy} == set(OutcomeKind) - GOOD
    assert set(OUTCOME_STYLES) == set(OutcomeKind)


def test_what_may_be_doubled_comes_first_and_what_only_waits_last():
    titles = [group.title for group in find_problems(launch_week())]
    assert titles[0] == "Unknown"
    assert titles[-2:] == ["Not sent", "In process"]


def test_an_invalid_row_is_told_by_its_issues_with_column_and_cell_and_each_only_once():
    row = replace(launch_week().outcomes[0], outcome=OutcomeKind.INVALID, row=7, key="a", message="Two things.")
    first = Issue(7, "text", "text_too_long", "abc", "Shorten it.", cell="I7")
    second = Issue(7, "link", "bad_link", "x", "Write a link.", cell="L7")
    results = Results(
        "r", False, "s", (), (row, replace(row, key="b", channel="FACEBOOK")), issues=(first, second, first)
    )
    words = first_words(row.content, otherwise="")
    posts = (PostLink("p1", words, "Instagram", "pottery"), PostLink("p2", words, "Facebook", "pottery"))
    (group,) = find_problems(results)
    assert group.problems == (
        PageProblem((7,), "text", "I7", "abc", "Shorten it.", posts),
        PageProblem((7,), "link", "L7", "x", "Write a link.", posts),
    )
    assert group.total == 2
    assert find_sheet_errors(results) == ()


def test_one_mistake_in_many_rows_is_one_problem_with_its_rows_and_sites():
    like = replace(launch_week().outcomes[0], outcome=OutcomeKind.INVALID, message="No time zone set.")
    rows = [replace(like, row=n, key=f"k{n}", site=("berlin", "leeds")[n % 2]) for n in range(2, 21)]
    issues = [Issue(n, "timezone", "no_zone", "", "No time zone set.", cell=f"H{n}") for n in range(2, 21)]
    (group,) = find_problems(Results("r", False, "s", (), tuple(rows), issues=tuple(issues)))
    (problem,) = group.problems
    assert problem.place == "Rows 2, 3, 4, 5, 6, 7, 8, 9 and 11 more"
    assert (problem.sites, problem.cell, len(problem.posts)) == ("berlin and leeds", "", 19)
    assert group.total == 19


def test_an_invalid_row_without_issues_still_says_why():
    row = replace(launch_week().outcomes[0], outcome=OutcomeKind.INVALID, row=7, message="It is wrong.")
    (group,) = find_problems(Results("r", False, "s", (), (row,)))
    assert [p.message for p in group.problems] == ["It is wrong."]


def test_refusals_of_one_kind_with_other_codes_are_told_apart():
    failed = replace(launch_week().outcomes[0], outcome=OutcomeKind.FAILED, message="No.")
    results = Results(
        "r", False, "s", (), (replace(failed, code="B"), replace(failed, code="A"), replace(failed, code="B"))
    )
    assert [(g.code, g.total) for g in find_problems(results)] == [("A", 1), ("B", 2)]


def test_errors_of_the_sheet_and_of_rows_without_a_post_are_not_lost():
    issues = (Issue(None, "Chanel", "near_heading", "Chanel", "Write channel."), Issue(99, "key", "x", "", "No post."))
    results = replace(launch_week(), issues=issues)
    assert [p.place for p in find_sheet_errors(results)] == ["The sheet", "Row 99"]


def test_warnings_and_notices_stop_nothing_and_are_all_told():
    issues = (Issue(3, "text", "same_text", "", "Twice.", Severity.WARNING),)
    results = replace(launch_week(), issues=issues, notices=("The clock is off.",))
    assert [(p.place, p.message) for p in find_warnings(results)] == [
        ("Row 3", "Twice."),
        ("This run", "The clock is off."),
    ]
