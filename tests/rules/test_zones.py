from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from batch.rules.date_words import ABBREVIATIONS, zone_names
from batch.rules.dates import OLD_NAMES, find_zone, warn_of_sign
from batch.rules.issues import Problem


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/berlin", "Europe/Berlin"),
        ("AMERICA/NEW YORK", "America/New_York"),
        ("America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("UTC", "UTC"),
        ("Asia/Kolkata", "Asia/Kolkata"),
    ],
)
def test_a_zone_is_found_in_any_case(written: str, name: str) -> None:
    assert find_zone(written) == ZoneInfo(name)


@pytest.mark.parametrize("written", sorted(ABBREVIATIONS))
def test_an_abbreviation_is_refused_with_a_zone_that_exists(written: str) -> None:
    problem = find_zone(written.lower())
    assert isinstance(problem, Problem)
    assert problem.code == "timezone_abbreviation"
    zone = ABBREVIATIONS[written][0][0]
    assert zone in problem.message
    assert isinstance(find_zone(zone), ZoneInfo)


@pytest.mark.parametrize("zone", sorted({zone for meant in ABBREVIATIONS.values() for zone, _ in meant}))
def test_every_zone_that_letters_may_mean_exists(zone: str) -> None:
    assert isinstance(find_zone(zone), ZoneInfo)


@pytest.mark.parametrize(
    ("written", "likely"),
    [
        ("Berlin", "Europe/Berlin"),
        ("new york", "America/New_York"),
        ("Europe/Berln", "Europe/Berlin"),
        ("Europa/Berlin", "Europe/Berlin"),
        ("America/NewYork", "America/New_York"),
        ("Germany", ""),
        ("UTC+2", "2026-12-01 09:30+01:00"),
        ("+01:00", "2026-12-01 09:30+01:00"),
        ("GMT-5", "2026-12-01 09:30+01:00"),
        ("right/Europe/Berlin", ""),
        ("../etc/passwd", ""),
        ("/usr/share/zoneinfo/UTC", ""),
        ("localtime", ""),
    ],
)
def test_what_is_no_zone_is_refused_with_what_was_meant(written: str, likely: str) -> None:
    problem = find_zone(written)
    assert isinstance(problem, Problem)
    assert (problem.column, problem.code, problem.seen) == ("timezone", "timezone_unknown", written)
    assert written in problem.message
    assert likely in problem.message
    assert (problem.fix or "Europe/Berlin") in problem.message


def test_every_zone_that_is_listed_can_be_loaded() -> None:
    assert len(zone_names()) > 500
    for name in zone_names().values():
        assert isinstance(find_zone(name), ZoneInfo) or name.upper() in {*ABBREVIATIONS, *OLD_NAMES}


@pytest.mark.parametrize(("written", "offset"), [("Etc/GMT+5", "UTC-05:00"), ("Etc/GMT-10", "UTC+10:00")])
def test_a_zone_whose_sign_reads_the_wrong_way_round_is_a_warning(written: str, offset: str) -> None:
    problem = warn_of_sign(ZoneInfo(written), written)
    assert problem is not None
    assert problem.warning
    assert offset in problem.message


@pytest.mark.parametrize("name", ["Etc/GMT", "Etc/GMT+0", "Etc/UTC", "Europe/Berlin"])
def test_no_other_zone_is_doubted(name: str) -> None:
    assert warn_of_sign(ZoneInfo(name), name) is None
