"""A rule becomes dates at one wall clock time, each a post of its own, and never more than a year of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.issues import Problem
from batch.rules.places import Place, Places
from batch.rules.repeats import MOST, read_rule, repeat_dates
from tests.rules.builders import Rules

TIP = {"key": "tip", "channel": "FACEBOOK", "text": "A tip", "publish_at": "2026-12-07 09:00"}


def days(cell: str, first: str = "2026-12-07 09:00") -> list[str]:
    found = repeat_dates(cell, first)
    assert not isinstance(found, Problem)
    assert {at.time() for at in found} == {datetime.fromisoformat(first).time()}
    return [f"{at:%m-%d}" for at in found]


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("daily 3 times", ["12-07", "12-08", "12-09"]),
        ("weekly until 2026-12-21", ["12-07", "12-14", "12-21"]),
        ("Weekly  mon, thu 4 times", ["12-07", "12-10", "12-14", "12-17"]),
        ("weekly on Thursdays 2 times", ["12-10", "12-17"]),
        ("every 2 weeks 3 times", ["12-07", "12-21", "01-04"]),
        ("every week until 2026-12-14", ["12-07", "12-14"]),
        ("monthly for 3 times", ["12-07", "01-07", "02-07"]),
        ("every 2 days until 2026-12-11", ["12-07", "12-09", "12-11"]),
        ("weekly until 2026-12-07", ["12-07"]),
    ],
)
def test_a_rule_is_read_with_its_weekdays_and_its_end(cell, meant):
    assert days(cell) == meant


def test_a_month_without_that_day_has_no_post():
    assert days("monthly 3 times", "2027-01-31 09:00") == ["01-31", "03-31", "05-31"]


@pytest.mark.parametrize(
    ("cell", "first", "code"),
    [
        ("weekly", "2026-12-07 09:00", "repeat_endless"),
        ("sometimes 3 times", "2026-12-07 09:00", "repeat_form"),
        ("weekly until friday", "2026-12-07 09:00", "repeat_form"),
        ("weekly until 2026-02-30", "2026-12-07 09:00", "repeat_form"),
        ("daily mon 3 times", "2026-12-07 09:00", "repeat_form"),
        ("weekly 0 times", "2026-12-07 09:00", "repeat_form"),
        ("every 0 weeks 3 times", "2026-12-07 09:00", "repeat_form"),
        ("daily 367 times", "2026-12-07 09:00", "repeat_many"),
        ("daily until 2099-01-01", "2026-12-07 09:00", "repeat_many"),
        ("weekly until 2026-12-01", "2026-12-07 09:00", "repeat_none"),
        ("weekly 3 times", "", "repeat_start"),
        ("weekly 3 times", "now", "repeat_start"),
        ("weekly 3 times", "2026-12-07", "repeat_start"),
        ("weekly 3 times", "2026-12-07 09:00 +01:00", "repeat_start"),
    ],
)
def test_what_is_no_rule_has_no_end_or_begins_nowhere_is_an_error(cell, first, code, rules: Rules):
    assert repeat_dates(cell, first).code == code
    posts = rules.check({**TIP, "repeat": cell, "publish_at": first})
    assert len(posts) == 1
    assert code in [issue.code for issue in posts[0].errors]


def test_each_date_is_a_post_with_a_key_of_its_own(rules: Rules):
    posts = rules.check({**TIP, "repeat": "weekly 3 times"})
    assert [(post.key, post.publish_at) for post in posts] == [
        (f"tip/2026-12-{day:02}", datetime(2026, 12, day, 8, tzinfo=UTC)) for day in (7, 14, 21)
    ]
    assert not any(post.errors for post in posts)


def test_the_wall_clock_stays_where_the_clocks_change(rules: Rules):
    posts = rules.check({**TIP, "publish_at": "2027-03-21 09:00", "repeat": "weekly 3 times"})
    assert [post.local_time[11:16] for post in posts] == ["09:00"] * 3
    assert [post.publish_at.hour for post in posts] == [8, 7, 7]


def test_a_date_whose_time_does_not_exist_is_an_error_of_that_date_alone(rules: Rules):
    posts = rules.check({**TIP, "publish_at": "2027-03-21 02:30", "repeat": "weekly 3 times"})
    assert [[issue.code for issue in post.errors] for post in posts] == [[], ["time_skipped"], []]


def test_a_row_with_the_key_of_a_date_stands_for_it(rules: Rules):
    own = {**TIP, "key": "tip/2026-12-14", "publish_at": "2026-12-15 18:00", "text": "Moved"}
    posts = rules.check({**TIP, "repeat": "weekly 3 times"}, own)
    assert [(post.row, post.key, post.content.text) for post in posts] == [
        (2, "tip/2026-12-07", "A tip"),
        (2, "tip/2026-12-21", "A tip"),
        (3, "tip/2026-12-14", "Moved"),
    ]
    assert not any(post.errors for post in posts)


def test_dates_times_places_times_channels_each_exactly_once(rules: Rules):
    places = Places("p.csv", (Place("berlin", 2), Place("tokyo", 3, timezone="Asia/Tokyo")), {})
    row = {**TIP, "channel": "FACEBOOK, LINKEDIN", "repeat": "daily 2 times", "places": "all"}
    posts = rules.check(row, places=places)
    assert [post.key for post in posts] == [
        f"tip/2026-12-{day}/{place}/{channel}"
        for day in ("07", "08") for place in ("berlin", "tokyo") for channel in ("FACEBOOK", "LINKEDIN")
    ]  # fmt: skip
    assert {post.local_time[11:16] for post in posts} == {"09:00"}


def test_rows_without_a_key_have_one_for_each_date(rules: Rules):
    assert len({post.key for post in rules.check({**TIP, "key": "", "repeat": "daily 3 times"})}) == 3


def test_an_item_is_named_by_one_date_only(rules: Rules):
    posts = rules.check({**TIP, "item_id": "ac01c174-5244-49df-8085-84d87cd0345a", "repeat": "daily 2 times"})
    assert {issue.code for post in posts for issue in post.errors} == {"item_id_several"}


@given(
    often=st.sampled_from(("daily", "weekly", "monthly", "every 3 days", "every 2 weeks")),
    times=st.integers(1, MOST),
    first=st.dates(date(2026, 1, 1), date(2030, 1, 1)),
)
def test_a_rule_gives_as_many_dates_as_it_says_in_order_from_the_first(often, times, first):
    begins = datetime.fromisoformat(f"{first.replace(day=min(first.day, 28))} 09:30")
    at = repeat_dates(f"{often} {times} times", f"{begins:%Y-%m-%d %H:%M}")
    assert (len(at), at[0]) == (times, begins)
    assert all(a < b for a, b in pairwise(at))


@given(st.text(max_size=40))
def test_no_cell_breaks_the_reader(cell):
    read_rule(cell)


@given(st.integers(0, 400))
def test_until_counts_its_own_day(count):
    last = date(2026, 12, 7) + timedelta(days=count)
    found = repeat_dates(f"daily until {last}", "2026-12-07 23:59")
    assert len(found) == count + 1 if count < MOST else found.code == "repeat_many"


def test_a_row_that_repeats_its_words_is_not_warned_of_itself_but_of_another(rules: Rules):
    tip = {**TIP, "repeat": "daily 3 times"}
    assert rules.codes(rules.check(tip)) == []
    assert set(rules.codes(rules.check(tip, {**TIP, "key": "other", "publish_at": "2027-03-01 09:00"}))) == {
        "same_look"
    }
