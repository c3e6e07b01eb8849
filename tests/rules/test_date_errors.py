from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.date_errors import explain_date, propose_dates
from batch.rules.date_text import Unread, read_date_text
from batch.rules.dates import Zones, read_when
from batch.rules.issues import CODES, Problem


def explain(seen: str) -> Problem:
    unread = read_date_text(seen)
    assert isinstance(unread, Unread), unread
    return explain_date(seen, unread)


@pytest.mark.parametrize(
    ("seen", "code", "written"),
    [
        ("2026-12-01", "time_missing", "Add one: 2026-12-01 HH:MM."),
        ("2026-2-3", "time_missing", "2026-02-03 HH:MM"),
        ("1 décembre 2026", "time_missing", "2026-12-01 HH:MM"),
        ("03/04/2026", "date_order", "4 March 2026 or 3 April 2026. Write 2026-03-04 HH:MM or 2026-04-03 HH:MM."),
        ("03/04/2026 18:05", "date_order", "Write 2026-03-04 18:05 or 2026-04-03 18:05."),
        ("03.04.2026 18:05", "date_order", "Write 2026-03-04 18:05 or 2026-04-03 18:05."),
        ("03/04/2026 9:00 PM +05:30", "date_order", "2026-03-04 21:00+05:30 or 2026-04-03 21:00+05:30"),
        ("Tue 01/12/2026 09:30", "date_order", "only the weekday tells that this is 1 December 2026"),
        ("12-25-2026", "time_missing", "2026-12-25 HH:MM"),
        ("03/04/26", "date_short_year", "2003-04-26 HH:MM, 2026-03-04 HH:MM or 2026-04-03 HH:MM"),
        ("1.12.26 9:30", "date_order", "2026-01-12 09:30 or 2026-12-01 09:30"),
        ("2026-12-01 13:00 PM", "time_12h", "Write 2026-12-01 13:00, by 24 hours."),
        ("2026-12-01 13:00 AM", "time_12h", "Write 2026-12-01 HH:MM, by 24 hours."),
        ("15 Jan 2027 at 9", "time_12h", "Write 2027-01-15 09:00 or 2027-01-15 21:00."),
        (
            "15 Jan 2027 midnight",
            "time_12h",
            "the start or the end of that day. Write 2027-01-15 00:00 or 2027-01-16 00:00.",
        ),
        ("2027/1/15 上午 12:00", "time_12h", "noon or midnight. Write 2027-01-15 00:00 or 2027-01-15 12:00."),
        ("9 pm", "date_no_day", "Add it: YYYY-MM-DD 21:00."),
        ("Wed 8 Apr", "date_no_year", "Add it: YYYY-04-08 HH:MM."),
        ("2026-12-01 09:30:15.250", "date_form", "a fraction of a second, which can't be scheduled"),
        ("46357.4", "date_serial", "yyyy-mm-dd hh:mm"),
        ("46357", "date_serial", "yyyy-mm-dd hh:mm"),
        ("1799996400", "date_timestamp", "Write 2027-01-15 07:00 UTC."),
        (
            "2026-02-30 10:00",
            "date_impossible",
            "February 2026 has 28 days. Write a day that exists: YYYY-MM-DD 10:00.",
        ),
        ("2026-02-30", "date_impossible", "February 2026 has 28 days"),
        ("2026-13-01 10:00", "date_impossible", "no month 13"),
        ("2026-12-01 25:00", "date_impossible", "is not a time of day. Write a time that exists: 2026-12-01 HH:MM."),
        ("2026-12-01 24:00", "date_impossible", "Write 2026-12-01 00:00 or 2026-12-02 00:00."),
        ("31/31/2026", "date_impossible", "no month 31"),
        ("2570-01-15 09:00", "date_out_of_range", "the year 2570"),
        (
            "Mon 15 Jan 2027 9:00",
            "date_weekday",
            "15 January 2027 is a Friday. Correct the weekday or the date: YYYY-MM-DD 09:00.",
        ),
        ("2027-01-15 09:00 PST", "date_zone", "2027-01-15 09:00 America/Los_Angeles or 2027-01-15 09:00 Asia/Manila"),
        ("2027-01-15 09:00 EST", "date_zone", "Write 2027-01-15 09:00 America/New_York."),
        ("2027-07-15 09:00 EST", "date_zone", "Write 2027-07-15 09:00 UTC-05:00."),
        (
            "15-01-2027 09:00 IST",
            "date_zone",
            "09:00 Asia/Kolkata, 2027-01-15 09:00 Asia/Jerusalem or 2027-01-15 09:00+01:00",
        ),
        ("9:00 PT 15.01.2027", "date_zone", "could be a time zone or a weekday"),
        ("2027-01-15 09:00 (New York)", "date_words", "Write 2027-01-15 09:00 America/New_York."),
        ("2027-01-15 09:00 (tentative)", "date_words", "“tentative” can't be read as part of a date"),
        ("2027-01-15 09:00–11:00", "date_range", "YYYY-MM-DD HH:MM"),
        ("2027-01-15 09:00 +1", "date_range", "“+1” is no offset from UTC"),
        ("2027-01-15 09:00 / 18:00", "date_several", "YYYY-MM-DD HH:MM"),
        ("tomorrow 9am", "date_words", "Write the day itself: YYYY-MM-DD 09:00."),
        ("jetzt", "date_words", "YYYY-MM-DD HH:MM"),
        ("next Monday 9:00 IST", "date_words", "YYYY-MM-DD 09:00 IST"),
        ("?", "date_form", "YYYY-MM-DD HH:MM, or now"),
    ],
)
def test_every_refused_date_is_shown_as_it_has_to_be_written(seen: str, code: str, written: str) -> None:
    problem = explain(seen)
    assert (problem.column, problem.code, problem.seen, problem.warning) == ("publish_at", code, seen, False)
    assert written in problem.message
    assert seen in problem.message
    assert problem.message.endswith(".")


@given(st.text(max_size=40))
def test_any_text_is_explained_by_a_known_code(seen: str) -> None:
    unread = read_date_text(seen)
    assert not isinstance(unread, Unread) or explain_date(seen, unread).code in CODES


@pytest.mark.parametrize(
    ("seen", "written"),
    [
        ("03/04/2026 18:05", ("2026-03-04 18:05", "2026-04-03 18:05")),
        ("2027-01-15 09:00 PST", ("2027-01-15 09:00 America/Los_Angeles", "2027-01-15 09:00 Asia/Manila")),
        ("2027-07-15 09:00 EST", ("2027-07-15 09:00 UTC-05:00",)),
        ("2027-01-15 09:00 (New York)", ("2027-01-15 09:00 America/New_York",)),
        ("2027-01-15", ()),
        ("03/04/2026", ()),
        ("2027-01-15 09:00", ()),
        ("tomorrow 9am", ()),
    ],
)
def test_only_what_needs_nothing_made_up_is_proposed(seen: str, written: tuple[str, ...]) -> None:
    assert propose_dates(seen) == written
    for text in written:
        assert read_when(text, zones=Zones(usual="UTC")).at is not None


@pytest.mark.parametrize(
    ("seen", "fix"),
    [
        ("2027-01-15 09:00 EST", "2027-01-15 09:00 America/New_York"),
        ("2027-01-15 09:00 (New York)", "2027-01-15 09:00 America/New_York"),
        ("2027-01-15 13:00 PM", "2027-01-15 13:00"),
        ("1799996400", "2027-01-15 07:00 UTC"),
        ("2027-01-15 09:00 PST", None),
        ("2027-01-15 13:00 AM", None),
        ("03/04/2026 18:05", None),
        ("Tue 01/12/2026 09:30", None),
        ("2027-01-15", None),
        ("2027-01-15 09:00 (tentative)", None),
        ("2026-12-01 09:30:15.250", None),
    ],
)
def test_a_date_with_exactly_one_remedy_has_it_as_its_fix(seen: str, fix: str | None) -> None:
    assert explain(seen).fix == fix
    assert fix is None or read_when(fix, zones=Zones(usual="Europe/Berlin")).at is not None


TIMES = re.compile(r"\d{1,2}:\d\d")


@pytest.mark.parametrize(
    "seen", ["09:00 PST tomorrow", "9 pm", "下午 9:00", "15 Jan 2027", "9:00 abends", "2027-01-15 9:30 xx"]
)
def test_no_message_shows_a_time_that_the_cell_did_not_say(seen: str) -> None:
    told = TIMES.findall(explain(seen).message.replace(seen, ""))
    assert set(told) <= {"09:00", "21:00"} - (
        {"09:00"} if "下午" in seen or "pm" in seen or "abends" in seen else set()
    )
