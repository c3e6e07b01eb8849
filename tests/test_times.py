from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from batch.times import (
    PostTime,
    in_words,
    instant,
    long_day,
    months_with,
    post_time,
    short_day,
    shown_time,
    weeks_of,
)
from tests.report.launch_week import launch_week


@pytest.mark.parametrize(
    ("timezone", "publish_at", "time"),
    [
        (
            "Europe/Berlin", datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
            PostTime(date(2026, 12, 1), "09:30", "Europe/Berlin", "08:30 UTC", "2026-12-01T08:30:00Z"),
        ),
        (
            "Europe/Berlin", datetime(2026, 12, 1, 23, 30, tzinfo=UTC),
            PostTime(date(2026, 12, 2), "00:30", "Europe/Berlin", "Tue 1 Dec, 23:30 UTC", "2026-12-01T23:30:00Z"),
        ),
        (
            "", datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
            PostTime(date(2026, 12, 1), "08:30", "UTC", "08:30 UTC", "2026-12-01T08:30:00Z"),
        ),
        (
            "UTC-09:30", datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
            PostTime(date(2026, 11, 30), "23:00", "UTC-09:30", "Tue 1 Dec, 08:30 UTC", "2026-12-01T08:30:00Z"),
        ),
        (
            "Mars/Olympus", datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
            PostTime(date(2026, 12, 1), "08:30", "UTC", "08:30 UTC", "2026-12-01T08:30:00Z"),
        ),
        ("Europe/Berlin", None, PostTime()),
        ("", None, PostTime()),
    ],
)  # fmt: skip
def test_a_time_is_shown_as_planned_and_in_utc(timezone, publish_at, time):
    outcome = replace(launch_week().outcomes[0], timezone=timezone, publish_at=publish_at)
    assert post_time(outcome) == time


def test_a_month_is_whole_weeks_from_monday_on():
    assert months_with([date(2026, 12, 15), date(2026, 12, 1), date(2027, 1, 1)]) == [
        date(2026, 12, 1),
        date(2027, 1, 1),
    ]
    weeks = weeks_of(date(2026, 12, 1))
    assert weeks[0] == [None, *(date(2026, 12, day) for day in range(1, 7))]
    assert all(len(week) == 7 for week in weeks)


def test_days_and_instants_read_as_people_write_them():
    assert long_day(date(2026, 12, 1)) == "Tuesday, 1 December 2026"
    assert short_day(date(2026, 12, 1)) == "Tue 1 Dec"
    assert instant(datetime(2026, 11, 24, 16, 52, tzinfo=UTC)) == "24 November 2026, 16:52 UTC"
    assert instant(None) == ""


@pytest.mark.parametrize(
    ("at", "timezone", "words"),
    [
        (datetime(2026, 12, 1, 8, 30, tzinfo=UTC), "Europe/Berlin", "Tue 1 Dec 2026, 09:30 (Berlin)"),
        (datetime(2026, 12, 1, 8, 30, 5, tzinfo=UTC), "UTC", "Tue 1 Dec 2026, 08:30:05 (UTC)"),
        (datetime(2026, 12, 1, 8, 30, tzinfo=UTC), "Mars/Olympus", "Tue 1 Dec 2026, 08:30 (UTC)"),
        (None, "Europe/Berlin", ""),
    ],
)
def test_a_date_that_was_kept_is_told_in_words(at, timezone, words):
    assert in_words(shown_time(at, timezone=timezone)) == words


def test_what_is_no_kept_date_is_told_as_it_is():
    assert in_words("tomorrow at nine") == "tomorrow at nine"
