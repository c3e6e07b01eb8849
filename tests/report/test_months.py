from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.report.page import SEEN_IN_A_DAY, make_months, sort_into_days
from batch.times import PostTime


class Entry(NamedTuple):
    time: PostTime
    words: str = "Bowls"
    name: str = "Facebook post"
    badge: str = "Scheduled"


def on(day: date | None, clock: str = "09:00") -> Entry:
    return Entry(PostTime(day, clock))


@given(st.lists(st.dates(date(2026, 1, 1), date(2028, 12, 31)) | st.none(), max_size=60))
def test_each_dated_post_stands_on_its_day_exactly_once_and_no_other_does(days):
    months = make_months(sort_into_days(on(day) for day in days))
    found = [e.time.day for m in months for week in m.weeks for d in week for e in d.entries]
    assert sorted(found) == sorted(day for day in days if day)
    assert [len(m.entries) for m in months] == [
        sum(d.entries != () and len(d.entries) for w in m.weeks for d in w) for m in months
    ]
    assert all(e.time.day == d.date for m in months for w in m.weeks for d in w for e in d.entries)


@pytest.mark.parametrize("year", [2024, 2026, 2027])
@pytest.mark.parametrize("month", range(1, 13))
def test_a_month_is_whole_weeks_from_monday_with_all_of_its_days(year, month):
    (made,) = make_months(sort_into_days([on(date(year, month, 15))]))
    own = [d.date.day for week in made.weeks for d in week if d.date]
    last = (date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)).day
    assert own == list(range(1, last + 1))
    assert {len(week) for week in made.weeks} == {7}
    assert made.weeks[1][0].date.weekday() == 0


def test_a_day_is_in_the_order_of_the_clock_and_counts_what_it_does_not_show():
    (month,) = make_months(sort_into_days(on(date(2026, 12, 1), f"{hour:02}:00") for hour in (20, 9, 12, 7, 23, 1)))
    day = month.weeks[0][1]
    assert [e.time.clock for e in day.entries] == ["01:00", "07:00", "09:00", "12:00", "20:00", "23:00"]
    assert day.more == 6 - SEEN_IN_A_DAY


def test_one_post_of_many_sites_is_one_line_of_its_day():
    day = date(2026, 12, 1)
    many = [on(day) for _ in range(12)] + [on(day)._replace(words="Mugs"), on(day, "10:00")]
    (month,) = make_months(sort_into_days(many))
    square = month.weeks[0][1]
    assert [(same[0].words, same[0].time.clock, len(same)) for same in square.chips] == [
        ("Bowls", "09:00", 12),
        ("Mugs", "09:00", 1),
        ("Bowls", "10:00", 1),
    ]
    assert square.more == 0
    assert len(month.entries) == len(many)


def test_the_first_and_last_year_there_is_make_a_calendar_too():
    assert [m.name for m in make_months(sort_into_days([on(date.min), on(date.max)]))] == ["January 1", "December 9999"]


def test_without_a_date_there_is_no_month():
    assert make_months(sort_into_days([on(None)])) == ()
