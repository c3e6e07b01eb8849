from __future__ import annotations

from dataclasses import replace

import pytest

from batch.model import OutcomeKind, Results
from batch.report.words import Headline, count_outcomes, make_headline
from tests.report.launch_week import launch_week

OK = OutcomeKind


def results(wanted: str = "run", **counts: int) -> Results:
    like = launch_week().outcomes[0]
    outcomes = [replace(like, outcome=OK(kind)) for kind, count in counts.items() for _ in range(count)]
    return replace(launch_week(wanted=wanted), outcomes=tuple(outcomes))


@pytest.mark.parametrize(
    ("counts", "headline"),
    [
        ({}, Headline("There are no posts in this sheet.")),
        ({"unchanged": 24}, Headline("Nothing to do: every post is already as in the sheet.")),
        ({"unchanged": 2, "skipped": 1}, Headline("Nothing was changed.", "", "2 unchanged and 1 skipped.")),
        ({"scheduled": 1}, Headline("1 post scheduled.")),
        ({"scheduled": 1200, "published": 1}, Headline("1,200 posts scheduled and 1 published.")),
        ({"processing": 3}, Headline("3 posts in process.")),
        ({"invalid": 1}, Headline("Nothing was changed.", "1 post needs your attention.")),
        (
            {"invalid": 2, "unknown": 1, "unchanged": 4},
            Headline("Some changes could not be confirmed.", "3 posts need your attention.", "4 unchanged."),
        ),
        (
            {"scheduled": 9, "updated": 2, "published": 3, "deleted": 1, "cancelled": 1},
            Headline("9 posts scheduled, 3 published and 4 other changes made."),
        ),
    ],
)
def test_what_happened_is_said_in_one_line(counts, headline):
    assert make_headline(results(**counts)) == headline


@pytest.mark.parametrize("kind", ["failed", "blocked", "not_run", "conflict", "unchanged"])
def test_nothing_was_changed_is_said_only_where_that_is_so(kind):
    untouched = results(invalid=1, **{kind: 1})
    begun = replace(untouched, outcomes=tuple(replace(o, changed=o.outcome == kind) for o in untouched.outcomes))
    assert make_headline(untouched).well == "Nothing was changed."
    assert make_headline(begun).well == "No post was finished, but something was changed."


def test_taking_back_a_duplicate_is_not_nothing_to_do():
    tidied = results(unchanged=2)
    tidied = replace(tidied, outcomes=tuple(replace(o, changed=True) for o in tidied.outcomes))
    assert make_headline(tidied).well == "Duplicates were removed: every post is already as in the sheet."


@pytest.mark.parametrize(
    ("counts", "headline"),
    [
        ({"scheduled": 9, "drafted": 1}, Headline("9 posts will be scheduled and 1 saved as draft.")),
        ({"invalid": 2}, Headline("Nothing can go ahead yet.", "2 posts need your attention.")),
    ],
)
def test_a_plan_is_told_in_the_future(counts, headline):
    assert make_headline(results("plan", **counts)) == headline


@pytest.mark.parametrize("kind", OutcomeKind)
def test_every_outcome_is_counted(kind):
    assert count_outcomes(results(**{kind.value: 2})) == ((kind, 2),)
    assert "2" in " ".join(make_headline(results(**({"scheduled": 1} | {kind.value: 2}))))
