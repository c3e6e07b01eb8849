from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.date_text import DateText, Unread, read_date_text
from batch.rules.date_words import ABBREVIATIONS, zone_names
from batch.rules.dates import (
    NO_DATE,
    When,
    doubt_date,
    explain_date,
    find_zone,
    propose_dates,
    read_when,
    say_date,
    show_clock,
    tell_dates,
)
from batch.rules.issues import Problem
from tests.rules.builders import CODES

BERLIN = {"usual": "Europe/Berlin"}
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
USABLE = sorted(name for name in zone_names().values() if isinstance(find_zone(name), ZoneInfo))
HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)


def only_problem(when: When) -> Problem:
    assert when.at is None
    assert not when.now
    (problem,) = when.problems
    return problem


@pytest.mark.parametrize(
    "cell",
    [
        datetime(2026, 12, 1, 9, 30),  # noqa: DTZ001 - a date cell has no zone
        "2026-12-01 09:30",
        "2026-12-01T09:30",
        "2026-12-01 9:30",
        "2026-12-1 09:30:00",
        "2026-12-01 09:30:00.000",
        "2026-12-01 09:30+01:00",
        "2026-12-01T09:30+0100",
        "2026-12-01 09:30 +01",
        "2026-12-01T08:30Z",
        "2026-12-01 08:30 UTC",
        "2026-12-01 03:30-05:00",
    ],
)
def test_all_forms_of_one_instant_are_the_same_instant(cell: str | datetime) -> None:
    assert read_when(cell, **BERLIN) == When(
        datetime(2026, 12, 1, 8, 30, tzinfo=UTC), False, "2026-12-01 09:30 Europe/Berlin", "Europe/Berlin"
    )


def test_seconds_are_kept() -> None:
    when = read_when("2026-12-01 09:30:15", **BERLIN)
    assert when.at == datetime(2026, 12, 1, 8, 30, 15, tzinfo=UTC)
    assert when.local_time == "2026-12-01 09:30:15 Europe/Berlin"


@pytest.mark.parametrize("cell", ["now", "NOW", "Now"])
def test_now_is_now_only_where_it_is_written(cell: str) -> None:
    assert read_when(cell, written="Europe/Berlin") == When(now=True, local_time="now", timezone="Europe/Berlin")
    assert read_when(cell).now


def test_a_blank_cell_is_no_date() -> None:
    assert read_when("") == NO_DATE
    assert read_when("", **BERLIN) == When(timezone="Europe/Berlin")


def test_the_rows_own_zone_goes_before_the_usual_one() -> None:
    when = read_when("2026-12-01 09:30", written="America/New_York", usual="Europe/Berlin")
    assert when.at == datetime(2026, 12, 1, 14, 30, tzinfo=UTC)
    assert when.timezone == "America/New_York"


def test_an_offset_needs_no_zone_and_yields_to_none_but_the_rows_own() -> None:
    assert read_when("2026-12-01 09:30-05:00").local_time == "2026-12-01 09:30 UTC-05:00"
    assert read_when("2026-12-01 09:30Z").local_time == "2026-12-01 09:30 UTC"
    assert read_when("2026-12-01 09:30-05:00", **BERLIN).local_time == "2026-12-01 15:30 Europe/Berlin"


def test_an_offset_says_the_instant_and_one_that_the_rows_zone_has_not_is_warned_of() -> None:
    when = read_when("2026-12-01 09:30-05:00", written="Europe/Berlin")
    assert (when.at, when.local_time) == (datetime(2026, 12, 1, 14, 30, tzinfo=UTC), "2026-12-01 15:30 Europe/Berlin")
    (problem,) = when.problems
    assert (problem.code, problem.warning) == ("offset_contradicts_timezone", True)
    assert "2026-12-01 15:30" in problem.message


@pytest.mark.parametrize("cell", ["2026-12-01T09:30:00Z", "2026-12-01 09:30Z", "2026-12-01 09:30 UTC"])
def test_utc_contradicts_no_zone(cell: str) -> None:
    when = read_when(cell, written="Europe/Berlin")
    assert when == When(
        at=datetime(2026, 12, 1, 9, 30, tzinfo=UTC),
        local_time="2026-12-01 10:30 Europe/Berlin",
        timezone="Europe/Berlin",
    )


def test_an_offset_is_judged_at_its_own_instant() -> None:
    summer = read_when("2026-07-01 09:30+02:00", written="Europe/Berlin")
    assert (summer.at, summer.problems) == (datetime(2026, 7, 1, 7, 30, tzinfo=UTC), ())
    (problem,) = read_when("2026-12-01 09:30+02:00", written="Europe/Berlin").problems
    assert problem.warning


def test_a_time_without_any_zone_is_refused() -> None:
    problem = only_problem(read_when("2026-12-01 09:30"))
    assert (problem.column, problem.code) == ("timezone", "timezone_missing")


@pytest.mark.parametrize(
    ("cell", "code", "readings"),
    [
        ("2026-03-29 02:30", "time_skipped", ("2026-03-29 01:30+01:00", "2026-03-29 03:30+02:00")),
        ("2026-10-25 02:30", "time_twice", ("2026-10-25 02:30+02:00", "2026-10-25 02:30+01:00")),
    ],
)
def test_both_readings_of_a_doubtful_time_can_be_pasted(cell: str, code: str, readings: tuple[str, str]) -> None:
    problem = only_problem(read_when(cell, **BERLIN))
    assert problem.code == code
    assert all(reading in problem.message for reading in readings)
    first, second = (read_when(reading, written="Europe/Berlin").at for reading in readings)
    assert first is not None
    assert second is not None
    assert second - first == HOUR


class Change(NamedTuple):
    """An instant at which a zone changes its clocks, with the offsets before and after."""

    at: datetime
    before: timedelta
    after: timedelta


def find_changes(zone: ZoneInfo, first_year: int, last_year: int) -> Iterator[Change]:
    """Find a zone's changes by looking every week and halving."""
    start, end, step = (
        datetime(first_year, 1, 1, tzinfo=UTC),
        datetime(last_year + 1, 1, 1, tzinfo=UTC),
        timedelta(days=7),
    )
    before = start.astimezone(zone).utcoffset()
    while start < end:
        after = (start + step).astimezone(zone).utcoffset()
        if before != after:
            low, high = start, start + step
            while high - low > SECOND:
                middle = low + timedelta(seconds=int((high - low).total_seconds()) // 2)
                low, high = (middle, high) if middle.astimezone(zone).utcoffset() == before else (low, middle)
            assert before is not None
            assert after is not None
            yield Change(high, before, after)
        start, before = start + step, after


def walls_around(change: Change) -> Iterator[datetime]:
    """Return wall clock times at the edges of a gap or overlap, in its middle and just outside."""
    edges = [change.at.replace(tzinfo=None) + offset for offset in sorted((change.before, change.after))]
    middle = edges[0] + timedelta(seconds=int((edges[1] - edges[0]).total_seconds()) // 2)
    yield from (edges[0] - SECOND, edges[0], middle, edges[1] - SECOND, edges[1])


def readings_of(wall: datetime, zone: ZoneInfo, change: Change) -> set[datetime]:
    """Return the instants at which a zone's clocks show a time: none in a gap, two in an overlap."""
    instants = {(wall - offset).replace(tzinfo=UTC) for offset in (change.before, change.after)}
    return {at for at in instants if at.astimezone(zone).replace(tzinfo=None) == wall}


def test_no_gap_and_no_overlap_of_2026_to_2035_shifts_a_post() -> None:
    gaps = overlaps = shifts = 0
    for name in USABLE:
        zone = ZoneInfo(name)
        for change in find_changes(zone, 2026, 2035):
            gaps, overlaps = gaps + (change.after > change.before), overlaps + (change.after < change.before)
            for wall in walls_around(change):
                when, meant = read_when(wall, usual=name), readings_of(wall, zone, change)
                expected = {0: "time_skipped", 2: "time_twice"}.get(len(meant))
                told = when.problems[0].code if when.problems else None
                shifts += told != expected or (when.at not in meant if not expected else when.at is not None)
    print(f"\n{len(USABLE)} zones, 2026-2035: {gaps} gaps, {overlaps} overlaps, {shifts} silent shifts")
    assert shifts == 0
    assert gaps > 1_000
    assert overlaps > 1_000


@given(
    name=st.sampled_from(USABLE),
    at=st.datetimes(datetime(2001, 1, 1), datetime(2098, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001 - in UTC by `timezones`
    as_cell=st.booleans(),
)
def test_an_instant_that_is_written_in_any_zone_is_read_as_itself(name: str, at: datetime, as_cell: bool) -> None:
    at = at.replace(microsecond=0)
    wall = at.astimezone(ZoneInfo(name)).replace(tzinfo=None)
    when = read_when(wall if as_cell else show_clock(wall), written=name)
    if when.problems and when.problems[0].code != "timezone_sign":
        assert when.problems[0].code == "time_twice"
        offsets = re.findall(r"write (\S+ \S+) .* or (\S+ \S+) ", when.problems[0].message)[0]
        assert at in {read_when(offset, written=name).at for offset in offsets}
    else:
        assert when.at == at
        assert when.local_time == f"{show_clock(wall)} {name}"


@given(cell=st.text(max_size=30) | st.datetimes(), written=st.text(max_size=12) | st.sampled_from(USABLE))
def test_whatever_is_written_is_read_or_refused_and_never_both(cell: str | datetime, written: str) -> None:
    when = read_when(cell, written=written, usual="UTC")
    errors = [problem for problem in when.problems if not problem.warning]
    assert not (errors and (when.at or when.now))
    assert errors or when.at or when.now or not cell
    assert when.at is None or when.at.utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    ("at", "code"),
    [
        (NOW - SECOND, "date_past"),
        (NOW, "date_past"),
        (NOW + SECOND, None),
        (NOW + timedelta(days=3653), None),
        (NOW + timedelta(days=3654), "date_far_ahead"),
    ],
)
def test_a_date_that_has_passed_or_lies_years_ahead_is_a_warning(at: datetime, code: str | None) -> None:
    problem = doubt_date("2026-01-01 10:00", at, now=NOW, seen="2026-01-01 10:00", say_past=True)
    assert (problem and problem.code) == code
    assert problem is None or problem.warning


def test_the_past_is_left_to_the_plan_where_it_is_asked_to() -> None:
    assert doubt_date("2026-11-24 11:00", NOW - HOUR, now=NOW, seen="x", say_past=False) is None


@pytest.mark.parametrize("cell", ["1999-12-31 23:59", "2100-01-01 00:00", "0026-12-01 09:30", datetime(1904, 1, 1, 9)])  # noqa: DTZ001
def test_a_year_in_which_nothing_can_go_out_is_refused(cell: str | datetime) -> None:
    assert only_problem(read_when(cell, **BERLIN)).code == "date_out_of_range"


def test_a_wrong_zone_does_not_hide_a_wrong_date() -> None:
    when = read_when("03/04/2026", written="CET")
    assert [problem.code for problem in when.problems] == ["timezone_abbreviation", "date_order"]


def test_abbreviations_are_never_usable_zones() -> None:
    assert not {name.upper() for name in USABLE} & set(ABBREVIATIONS)


@pytest.mark.parametrize(
    ("cell", "warned"),
    [
        (datetime(2031, 12, 1), True),  # noqa: DTZ001  a cell has no zone
        ("2031-12-01 00:00", True),
        ("2031-12-01T0:00:00", True),
        ("2031-12-01 00:00:01", False),
        ("2031-12-01 00:00+01:00", False),
        ("2031-12-01", False),
        ("now", False),
        ("", False),
    ],
)
def test_midnight_sharp_is_warned_of_since_spreadsheets_make_it_of_a_day(cell: str | datetime, warned: bool) -> None:
    problem = doubt_date(cell, NOW + HOUR, now=NOW, seen="", say_past=True)
    assert (problem is not None) is warned
    assert problem is None or (problem.code, problem.warning) == ("midnight", True)


@pytest.mark.parametrize(
    ("cell", "words"),
    [
        ("25.12.2026 09:30", "Fri 25 Dec 2026, 09:30"),
        ("25 December 2026 9:30:15 pm", "Fri 25 Dec 2026, 21:30:15"),
        ("Fri, 25 Dec 2026 09:30:00 -0500", "Fri 25 Dec 2026, 09:30 UTC-05:00"),
        ("25 Dec 2026 09:30 UTC", "Fri 25 Dec 2026, 09:30 UTC"),
        ("2026年12月25日 午後9:30 Asia/Tokyo", "Fri 25 Dec 2026, 21:30 Asia/Tokyo"),
    ],
)
def test_a_date_that_was_read_is_said_back_in_words(cell: str, words: str) -> None:
    said = read_date_text(cell)
    assert isinstance(said, DateText)
    assert say_date(said) == words


def test_dates_in_other_forms_are_said_back_the_first_few_with_their_rows() -> None:
    cells = [(2, "2026-12-01 09:30"), (3, "25.12.2026 09:30"), (4, "now"), (5, ""), (6, "03/04/2026 09:30")]
    assert tell_dates(cells) == "Read “25.12.2026 09:30” (row 3) as Fri 25 Dec 2026, 09:30."
    assert tell_dates(cells[:1]) == ""
    many = tell_dates((row, f"{row}.12.2026 09:30") for row in range(13, 19))
    assert many.startswith("Read “13.12.2026 09:30” (row 13) as Sun 13 Dec 2026, 09:30, ")
    assert many.endswith(" and 3 more.")


def test_a_zone_behind_the_date_goes_before_the_rows_own_and_is_warned_of_where_they_differ() -> None:
    at = datetime(2027, 1, 15, 0, 0, tzinfo=UTC)
    assert read_when("2027-01-15 09:00 Asia/Tokyo", **BERLIN) == When(
        at, local_time="2027-01-15 09:00 Asia/Tokyo", timezone="Asia/Tokyo"
    )
    assert read_when("2027-01-15 09:00 Asia/Tokyo").at == at
    when = read_when("2027-01-15 09:00 Asia/Tokyo", written="Europe/Berlin")
    assert (when.at, [problem.code for problem in when.problems]) == (at, ["offset_contradicts_timezone"])
    assert when.problems[0].warning


def test_what_may_be_an_offset_or_the_end_of_a_range_is_read_only_where_the_zone_has_that_offset() -> None:
    written = "2026-12-01 07:00-08:00"
    assert read_when(written, usual="America/Los_Angeles").at == datetime(2026, 12, 1, 15, 0, tzinfo=UTC)
    problem = only_problem(read_when(written, **BERLIN))
    assert problem.code == "date_range"
    assert "Write 2026-12-01 07:00 UTC-08:00" in problem.message
    assert read_when("2026-12-01 07:00 UTC-08:00", **BERLIN).at == datetime(2026, 12, 1, 15, 0, tzinfo=UTC)


CASES = {"usual": "Europe/Berlin"}


@pytest.mark.parametrize(
    ("cell", "at"),
    [
        ("01/15/2027 9:00 AM", "2027-01-15 08:00"),
        ("Jan 15, 2027 09:00", "2027-01-15 08:00"),
        ("15.01.2027 09:00 Uhr", "2027-01-15 08:00"),
        ("2027年1月15日 09:00", "2027-01-15 08:00"),
        ("15 de enero de 2027 09:00", "2027-01-15 08:00"),
        ("15/01/2027 às 09:00", "2027-01-15 08:00"),
        ("2027-01-15 09:00 UTC", "2027-01-15 09:00"),
        ("Fri Jan 15 2027 09:00:00 GMT+0100 (Central European Standard Time)", "2027-01-15 08:00"),
        ("1/15/27 5:30 PM", "2027-01-15 16:30"),
        ("2027-01-15T09:00:00-0500", "2027-01-15 14:00"),
        ("2027-01-15 09:00 GMT+2", "2027-01-15 07:00"),
        ("2027/1/15 下午 9:00", "2027-01-15 20:00"),
        ("2027. 1. 15 오후 9:00:00", "2027-01-15 20:00"),
        ("15/1/2027 9:00 μ.μ.", "2027-01-15 20:00"),
        ("2027-01-15 9 Uhr abends", "2027-01-15 20:00"),
        ("2027-01-15 09:00 Asia/Tokyo", "2027-01-15 00:00"),
        ("January 15th, 2027 at 9pm", "2027-01-15 20:00"),
        ("Fri, 15 Jan 2027 09:00:00 -0500", "2027-01-15 14:00"),
        ("2027-01-15 09:00-05", "2027-01-15 14:00"),
        ("2027-01-15 9h30", "2027-01-15 08:30"),
        ("20270115T090000", "2027-01-15 08:00"),
        ("令和9年1月15日 09:00", "2027-01-15 08:00"),
        ("٢٠٢٧-٠١-١٥ ٠٩:٠٠", "2027-01-15 08:00"),
        ("2027-09-30T22:00", "2027-09-30 20:00"),
    ],
)
def test_dates_as_people_write_them_are_the_instant_that_they_meant(cell: str, at: str) -> None:
    when = read_when(cell, **CASES)
    assert (when.at, when.problems) == (datetime.fromisoformat(f"{at}+00:00"), ())


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
        ("2027-01-15 09:00 Europe/Berln", "date_words", "Write 2027-01-15 09:00 Europe/Berlin."),
        ("2027-01-15 09:00 America/New_Yrok", "date_words", "Write 2027-01-15 09:00 America/New_York."),
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
    unread = read_date_text(seen)
    assert (propose_dates(unread) if isinstance(unread, Unread) else ()) == written
    for text in written:
        assert read_when(text, usual="UTC").at is not None


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
        ("2027-01-15 09:00 Europe/Berln", "2027-01-15 09:00 Europe/Berlin"),
        ("2027-01-15 09:00 (tentative)", None),
        ("2026-12-01 09:30:15.250", None),
    ],
)
def test_a_date_with_exactly_one_remedy_has_it_as_its_fix(seen: str, fix: str | None) -> None:
    assert explain(seen).fix == fix
    assert fix is None or read_when(fix, usual="Europe/Berlin").at is not None


TIMES = re.compile(r"\d{1,2}:\d\d")


@pytest.mark.parametrize(
    "seen", ["09:00 PST tomorrow", "9 pm", "下午 9:00", "15 Jan 2027", "9:00 abends", "2027-01-15 9:30 xx"]
)
def test_no_message_shows_a_time_that_the_cell_did_not_say(seen: str) -> None:
    told = TIMES.findall(explain(seen).message.replace(seen, ""))
    assert set(told) <= {"09:00", "21:00"} - (
        {"09:00"} if "下午" in seen or "pm" in seen or "abends" in seen else set()
    )
