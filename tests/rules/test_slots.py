"""Slots: times of the week as they are configured, and the instants that they stand for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.model import Severity
from batch.rules.slots import check_slots, next_slots, read_week_time
from tests.rules.builders import Rules

QUARTER = timedelta(minutes=15)
BERLIN = ZoneInfo("Europe/Berlin")
TIP = {"key": "tip", "channel": "FACEBOOK", "text": "A tip", "publish_at": "slot"}
SLOTS = {"FACEBOOK": ("Mon 09:00",)}


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Mon 09:00", (0, 9, 0)),
        ("thursday 18.30", (3, 18, 30)),
        ("Sa. 7:05", (5, 7, 5)),
        ("Su, 23:59", (6, 23, 59)),
        ("T 09:00", None),
        ("Mon", None),
        ("Mon 9", None),
        ("Mon 24:00", None),
        ("09:00", None),
        ("Montag 09:00", None),
        ("", None),
    ],
)
def test_a_time_of_the_week_has_one_weekday_and_one_time(text, read):
    assert read_week_time(text) == read


def test_channels_are_named_as_in_a_sheet_and_default_stands_for_the_others():
    assert check_slots({"instagram": ("Mon 09:00",), "Default": ("Tue 10:00",), "Google Business Profile": ()}) == {
        "INSTAGRAM": ("Mon 09:00",), "default": ("Tue 10:00",), "GBP": ()
    }  # fmt: skip


@pytest.mark.parametrize(
    ("slots", "why"),
    [
        ({"INSTA-GRIM": ()}, "not a channel"),
        ({"IG": (), "instagram": ()}, "there twice"),
        ({"GBP": ("Mon 09:00", "someday")}, "not a time of the week"),
    ],
)
def test_what_is_no_channel_or_no_time_is_named(slots, why):
    with pytest.raises(ValueError, match=why):
        check_slots(slots)


def test_a_slot_keeps_its_wall_clock_and_is_left_out_where_the_clocks_leave_or_repeat_it():
    begin, end = datetime(2031, 3, 22, tzinfo=UTC), datetime(2031, 4, 8, tzinfo=UTC)
    nine = [at.isoformat() for at in next_slots(("Sun 09:00",), zone=BERLIN, after=begin, until=end)]
    assert nine == ["2031-03-23T08:00:00+00:00", "2031-03-30T07:00:00+00:00", "2031-04-06T07:00:00+00:00"]
    skipped = [at.day for at in next_slots(("Sun 02:30",), zone=BERLIN, after=begin, until=end)]
    assert skipped == [23, 6]
    autumn = datetime(2031, 10, 19, 3, tzinfo=UTC), datetime(2031, 11, 3, tzinfo=UTC)
    assert [at.day for at in next_slots(("Sun 02:30",), zone=BERLIN, after=autumn[0], until=autumn[1])] == [2]


@settings(deadline=None)
@given(
    times=st.lists(st.tuples(st.sampled_from(("Mon", "wed", "Sunday")), st.integers(0, 23), st.sampled_from((0, 30)))),
    after=st.integers(0, 200_000).map(lambda quarters: datetime(2026, 1, 1, tzinfo=UTC) + quarters * QUARTER),
    days=st.integers(0, 40),
    zone=st.sampled_from(("Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Pacific/Apia", "UTC")),
)
def test_slots_come_in_order_within_their_bounds_and_on_their_own_clock(times, after, days, zone):
    begin, written = after, tuple(f"{day} {hour:02}:{minute:02}" for day, hour, minute in times)
    end = begin + timedelta(days=days)
    found = list(next_slots(written, zone=ZoneInfo(zone), after=begin, until=end))
    assert all(a < b for a, b in pairwise(found))
    assert all(begin < at <= end for at in found)
    walls = {(wall.weekday(), wall.hour, wall.minute) for at in found if (wall := at.astimezone(ZoneInfo(zone)))}
    assert walls <= set(map(read_week_time, written))
    assert len(found) >= (days // 7 - 1) * len(set(map(read_week_time, written))) - 2  # at most two clock changes


def test_a_row_that_asks_for_a_slot_has_those_of_its_channel_and_no_date(rules: Rules):
    (post,) = rules.check(TIP, slots=SLOTS, timezone="Europe/Berlin")
    assert (post.slots, post.publish_at, post.now, post.errors) == (("Mon 09:00",), None, False, ())
    (other,) = rules.check({**TIP, "channel": "LINKEDIN"}, slots={**SLOTS, "default": ("Tue 10:00",)}, timezone="UTC")
    assert other.slots == ("Tue 10:00",)


@pytest.mark.parametrize(
    ("changes", "slots", "code"),
    [
        ({}, {}, "slots_missing"),
        ({"channel": "LINKEDIN"}, SLOTS, "slots_missing"),
        ({"timezone": ""}, SLOTS, "timezone_missing"),
        ({"action": "publish"}, SLOTS, "publish_with_date"),
        ({"action": "reschedule"}, SLOTS, "date_missing"),
        ({"repeat": "weekly 3 times"}, SLOTS, "repeat_start"),
    ],
)
def test_a_row_whose_slot_can_not_be_told_is_an_error(changes, slots, code, rules: Rules):
    posts = rules.check({**TIP, "timezone": "Europe/Berlin", **changes}, slots=slots, timezone="")
    assert {issue.code for post in posts for issue in post.errors} == {code}


@pytest.mark.parametrize("action", ["cancel", "delete", "skip", "draft"])
def test_an_action_that_needs_no_date_needs_no_slots(action, rules: Rules):
    posts = rules.check({**TIP, "action": action, "timezone": "UTC"})
    assert [i.code for p in posts for i in p.issues if i.severity is Severity.ERROR] == []
    assert all(not post.slots for post in posts)


def test_a_row_between_dates_that_asks_for_a_slot_is_no_gap(rules: Rules):
    rows = [
        {**TIP, "key": "a", "publish_at": "2027-01-15 09:00"},
        {**TIP, "key": "b", "text": "Two"},
        {**TIP, "key": "c", "text": "Three", "publish_at": "2027-01-16 09:00"},
    ]
    assert rules.codes(rules.check(*rows, slots=SLOTS, timezone="UTC")) == []
