"""Waits are bounded, jittered, and honour what the service asked for in both of its forms."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.publisher.retry import RetryBudget, read_http_date, read_retry_after, wait_seconds

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("0", 0),
        ("7", 7),
        ("1.5", 1.5),
        ("-3", 0),
        ("301", 300),
        ("1e400", 300),
        ("inf", 300),
        ("Tue, 01 Dec 2026 12:00:30 GMT", 30),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 300),
        ("Tue, 01 Dec 2026 12:00:30 +9999", None),
        ("Tuesday, 01-Dec-26 12:01:00 GMT", 60),
    ],
)
def test_retry_after_is_read_in_both_forms_and_bounded(value: str | None, seconds: float | None) -> None:
    assert read_retry_after(value, now=NOW) == seconds


@given(st.text(max_size=40))
def test_no_header_is_more_than_a_bounded_wait(value: str) -> None:
    seconds = read_retry_after(value, now=NOW)
    assert seconds is None or 0 <= seconds <= 300
    at = read_http_date(value)
    assert at is None or at.tzinfo is UTC


@given(st.integers(1, 500), st.none() | st.floats(-10, 1e6), st.floats(0, 1, exclude_max=True))
def test_every_wait_is_bounded_and_at_least_what_was_asked(attempt: int, asked: float | None, luck: float) -> None:
    seconds = wait_seconds(attempt, asked, random=lambda: luck)
    least = min(max(asked or 0, 0), 300)
    assert least <= seconds <= least + 30


def test_the_jitter_is_full_and_its_ceiling_doubles() -> None:
    assert [wait_seconds(n, None, random=lambda: 1.0) for n in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert wait_seconds(5, None, random=lambda: 0.0) == 0


def test_a_budget_ends_and_is_earned_back_by_calls_that_go_well() -> None:
    budget = RetryBudget(2)
    assert [budget.take() for _ in range(3)] == [True, True, False]
    for _ in range(11):
        budget.give_back()
    assert [budget.take(), budget.take()] == [True, False]


def test_a_budget_never_grows_over_its_size() -> None:
    budget = RetryBudget(1)
    for _ in range(100):
        budget.give_back()
    assert budget.left == 1
