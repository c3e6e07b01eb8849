"""No window of 60 s holds more calls than are allowed; waits are bounded, and honour what the service asked for."""

from __future__ import annotations

import threading
from bisect import bisect_left
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.publisher.pace import (
    MARGIN_SECONDS,
    RECOVER_SECONDS,
    WINDOW_SECONDS,
    Pace,
    RetryBudget,
    read_http_date,
    read_retry_after,
    wait_seconds,
)


class Time:
    """A clock that moves only when somebody sleeps, late by a given part."""

    def __init__(self, *, late: float = 0.0) -> None:
        self.now = 1_000.0
        self.late = late
        self.lock = threading.Lock()

    def clock(self) -> float:
        with self.lock:
            return self.now

    def sleep(self, seconds: float) -> None:
        with self.lock:
            self.now += seconds * (1 + self.late)


def most_in_a_window(instants: list[float]) -> int:
    """The most calls in any window of 60 s that ends with a call (no other window can hold more)."""
    return max((i - bisect_left(instants, at - WINDOW_SECONDS) + 1 for i, at in enumerate(instants)), default=0)


EVENTS = st.one_of(
    st.just("call"),
    st.just("call"),
    st.just("limited"),
    st.floats(min_value=0, max_value=70, allow_nan=False),
)


@settings(max_examples=300, deadline=None)
@given(st.integers(1, 12), st.lists(EVENTS, max_size=120), st.floats(0, 0.2))
def test_no_window_holds_more_than_the_allowed_calls(limit: int, events: list[str | float], late: float) -> None:
    time = Time(late=late)
    pace = Pace(limit, clock=time.clock, sleep=time.sleep)
    instants: list[float] = []
    for event in events:
        if event == "limited":
            pace.slow_down(None)
        elif isinstance(event, float):
            time.now += event
        else:
            pace.wait()
            instants.append(time.now)
    assert most_in_a_window(instants) <= limit
    assert pace.calls == len(instants)


def test_the_yardstick_itself_tells_a_token_bucket() -> None:
    bucket = [0.0] * 200 + [0.3 * n for n in range(1, 200)]
    assert most_in_a_window(bucket) == 399


def test_a_burst_goes_at_once_and_the_rest_waits_for_the_window() -> None:
    time = Time()
    pace = Pace(3, clock=time.clock, sleep=time.sleep)
    waited = []
    for _ in range(7):
        pace.wait()
        waited.append(time.now - 1_000)
    window = WINDOW_SECONDS + MARGIN_SECONDS
    assert waited == pytest.approx([0, 0, 0, window, window, window, 2 * window], abs=0.01)


def test_a_thousand_calls_take_no_longer_than_the_limit_asks() -> None:
    time = Time()
    pace = Pace(200, clock=time.clock, sleep=time.sleep)
    for _ in range(2_100):
        pace.wait()
    assert time.now - 1_000 <= 1.1 * 2_100 / 200 * 60


def test_a_429_halves_the_pace_once_for_calls_that_were_under_way_together() -> None:
    time = Time()
    pace = Pace(100, clock=time.clock, sleep=time.sleep)
    for _ in range(5):
        pace.slow_down()
    assert pace.limit == 50
    time.now += 20
    pace.slow_down()
    assert pace.limit == 25


def test_the_pace_recovers_step_by_step_up_to_what_was_configured() -> None:
    time = Time()
    pace = Pace(100, clock=time.clock, sleep=time.sleep)
    pace.slow_down()
    time.now += 20
    pace.slow_down()
    limits = []
    for _ in range(4):
        limits.append(pace.limit)
        time.now += RECOVER_SECONDS
    assert limits == [25, 50, 100, 100]


def test_a_pace_never_falls_below_one_call() -> None:
    time = Time()
    pace = Pace(1, clock=time.clock, sleep=time.sleep)
    pace.slow_down()
    pace.wait()
    assert pace.limit == 1


def test_nothing_goes_before_the_time_that_the_service_asked_for() -> None:
    time = Time()
    pace = Pace(100, clock=time.clock, sleep=time.sleep)
    pace.slow_down(42)
    pace.wait()
    assert time.now == pytest.approx(1_042)


def test_an_interrupted_wait_takes_no_place() -> None:
    time = Time()

    def interrupted(seconds: float) -> None:
        raise KeyboardInterrupt

    sleep = time.sleep
    pace = Pace(2, clock=time.clock, sleep=lambda s: sleep(s))
    pace.wait()
    pace.wait()
    sleep = interrupted
    for _ in range(5):
        with pytest.raises(KeyboardInterrupt):
            pace.wait()
    sleep = time.sleep
    before = time.now
    pace.wait()
    pace.wait()
    assert time.now - before == pytest.approx(WINDOW_SECONDS + MARGIN_SECONDS)
    assert pace.calls == 4


def test_threads_that_share_a_pace_keep_it_together() -> None:
    time = Time()
    read = threading.local()
    instants: list[float] = []

    def clock() -> float:
        read.last = time.clock()
        return float(read.last)

    pace = Pace(10, clock=clock, sleep=time.sleep)

    def work() -> None:
        for _ in range(25):
            pace.wait()
            instants.append(read.last)  # the instant at which this thread was let go

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(instants) == pace.calls == 200
    assert most_in_a_window(sorted(instants)) == 10


def test_a_pace_without_calls_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Pace(0)


def test_waiting_until_a_call_is_free_counts_none_and_lets_the_next_go_at_once() -> None:
    time = Time()
    pace = Pace(3, clock=time.clock, sleep=time.sleep)
    for _ in range(3):
        pace.wait()
    pace.until_free()
    assert (pace.calls, time.now) == (3, 1_000.0 + WINDOW_SECONDS + MARGIN_SECONDS)
    pace.wait()
    assert (pace.calls, time.now) == (4, 1_000.0 + WINDOW_SECONDS + MARGIN_SECONDS)


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
    assert [budget.take(), budget.take()] == [True, False]
