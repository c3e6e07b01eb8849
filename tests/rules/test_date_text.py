from __future__ import annotations

import warnings
from collections import Counter
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import dateparser
import pytest
from babel import Locale
from dateutil import parser as dateutil_parser
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.date_text import DateFlaw, DateText, Unread, read_date_text
from batch.rules.date_words import fold_date
from batch.rules.dates import explain_date, propose_dates
from tests.rules.date_texts import LANGUAGES, Written, write_dates

HOUR = timedelta(hours=1)


def clock(written: str) -> datetime:
    return datetime.fromisoformat(written)


READ = {
    # as in `2027-01-15 09:00`, in all the ways that sheets came with
    "2027-09-30T22:00": DateText(clock("2027-09-30 22:00")),
    "01/15/2027 9:00 AM": DateText(clock("2027-01-15 09:00")),
    "Jan 15, 2027 09:00": DateText(clock("2027-01-15 09:00")),
    "15.01.2027 09:00 Uhr": DateText(clock("2027-01-15 09:00")),
    "15.01.2027 um 9 Uhr": DateText(clock("2027-01-15 09:00")),
    "2027年1月15日 09:00": DateText(clock("2027-01-15 09:00")),
    "2027/01/15 9:00": DateText(clock("2027-01-15 09:00")),
    "15 de enero de 2027 09:00": DateText(clock("2027-01-15 09:00")),
    "15/01/2027 às 09:00": DateText(clock("2027-01-15 09:00")),
    "15/01/2027 09h00": DateText(clock("2027-01-15 09:00")),
    "2027-01-15 09:00:00.000": DateText(clock("2027-01-15 09:00")),
    "2027-01-15 09:00 UTC": DateText(clock("2027-01-15 09:00"), 0 * HOUR),
    "2027-01-15T09:00:00.000Z": DateText(clock("2027-01-15 09:00"), 0 * HOUR),
    "٢٠٢٧-٠١-١٥ ٠٩:٠٠": DateText(clock("2027-01-15 09:00")),
    "２０２７-０１-１５ ０９:００": DateText(clock("2027-01-15 09:00")),
    "Fri Jan 15 2027 09:00:00 GMT+0100 (Central European Standard Time)": DateText(clock("2027-01-15 09:00"), HOUR),
    "1/15/27 5:30 PM": DateText(clock("2027-01-15 17:30")),
    "Friday, January 15, 2027 9:00": DateText(clock("2027-01-15 09:00")),
    "2027-1-5 9:00": DateText(clock("2027-01-05 09:00")),
    "15-Jan-2027 09:00": DateText(clock("2027-01-15 09:00")),
    "令和9年1月15日 09:00": DateText(clock("2027-01-15 09:00")),
    # offsets, zones and halves of the day
    "Fri Jan 15 2027 09:00:00 GMT-0500 (Eastern Standard Time)": DateText(clock("2027-01-15 09:00"), -5 * HOUR),
    "2027-01-15T09:00:00-0500": DateText(clock("2027-01-15 09:00"), -5 * HOUR),
    "2027-01-15 09:00 GMT-5": DateText(clock("2027-01-15 09:00"), -5 * HOUR),
    "2027-01-15 09:00 GMT+2": DateText(clock("2027-01-15 09:00"), 2 * HOUR),
    "2027/1/15 下午 9:00": DateText(clock("2027-01-15 21:00")),
    "2027. 1. 15 오후 9:00:00": DateText(clock("2027-01-15 21:00")),
    "15/01/2027 9:00 م": DateText(clock("2027-01-15 21:00")),
    "15/1/2027 9:00 p. m.": DateText(clock("2027-01-15 21:00")),
    "15/1/2027 9:00 μ.μ.": DateText(clock("2027-01-15 21:00")),
    "2027-01-15 9:00 Nachmittag": DateText(clock("2027-01-15 21:00")),
    "2027-01-15 9 Uhr abends": DateText(clock("2027-01-15 21:00")),
    "2027年1月15日 午後9:00": DateText(clock("2027-01-15 21:00")),
    "2027-01-15 09:00 Asia/Tokyo": DateText(clock("2027-01-15 09:00"), zone="Asia/Tokyo"),
    "2027-01-15 9:00 น.": DateText(clock("2027-01-15 09:00")),
    "2027-01-15 9:00 du soir": DateText(clock("2027-01-15 21:00")),
    "January 15th, 2027 at 9pm": DateText(clock("2027-01-15 21:00")),
    "Fri, 15 Jan 2027 09:00:00 -0500": DateText(clock("2027-01-15 09:00"), -5 * HOUR),
    "2027-01-15 09:00-05": DateText(clock("2027-01-15 09:00"), -5 * HOUR),
    "2027-01-15 09:00 -05:00": DateText(clock("2027-01-15 09:00"), -5 * HOUR),
    "2027-01-15 9.30": DateText(clock("2027-01-15 09:30")),
    "2027-01-15 0930": DateText(clock("2027-01-15 09:30")),
    "2027-01-15 9h30": DateText(clock("2027-01-15 09:30")),
    "2027-01-15_09-30": DateText(clock("2027-01-15 09:30")),
    "20270115T090000": DateText(clock("2027-01-15 09:00")),
    # the public face
    "2026/12/1 9:30": DateText(clock("2026-12-01 09:30")),
    "25.12.2026 09:30": DateText(clock("2026-12-25 09:30")),
    "12/25/2026 9:30 PM": DateText(clock("2026-12-25 21:30")),
    "Fri, 25 Dec 2026 09:30": DateText(clock("2026-12-25 09:30")),
    "25 December 2026 9:30 pm": DateText(clock("2026-12-25 21:30")),
    "2026年12月1日 09:30": DateText(clock("2026-12-01 09:30")),
    # and more
    "04/04/2026 09:30": DateText(clock("2026-04-04 09:30")),
    "9:30 p.m., Friday 25th December 2026": DateText(clock("2026-12-25 21:30")),
    "25 dicembre 2026 alle ore 21": DateText(clock("2026-12-25 21:00")),
    "25 gru 2026 o godz. 21:30": DateText(clock("2026-12-25 21:30")),
    "25 december 2026 kl. 21.30": DateText(clock("2026-12-25 21:30")),
    "25 Dec 2026 noon": DateText(clock("2026-12-25 12:00")),
    "25 Dec 2026 12:30 am": DateText(clock("2026-12-25 00:30")),
    "25 Dec 2026 12:30 pm": DateText(clock("2026-12-25 12:30")),
    "am 25. Dezember 2026 um 9:30 Uhr": DateText(clock("2026-12-25 09:30")),
    "vendredi 25 décembre 2026 à 9 h 30": DateText(clock("2026-12-25 09:30")),
    "2026. december 25. du. 9:30": DateText(clock("2026-12-25 21:30")),
    "25 декабря 2026 г. в 9:30": DateText(clock("2026-12-25 09:30")),
    "2026年12月25日(金)午後9時30分": DateText(clock("2026-12-25 21:30")),
    "mar 1 dic 2026 9:00": DateText(clock("2026-12-01 09:00")),
    "2026-12-25 09:30 (America/New York)": DateText(clock("2026-12-25 09:30"), zone="America/New_York"),
    "2026-12-25T09:30+01:00[Europe/Berlin]": DateText(clock("2026-12-25 09:30"), HOUR, "Europe/Berlin"),
    "2026-12-25 09:00-11:00": DateText(clock("2026-12-25 09:00"), -11 * HOUR, offset_or_end=True),
    "2026-12-25T09:00-11:00": DateText(clock("2026-12-25 09:00"), -11 * HOUR),
}

REFUSED = {
    "Wed 8 Apr": DateFlaw.NO_YEAR,
    "17-Jun": DateFlaw.NO_YEAR,
    "19 Sep 2027, 09:01 PM IST": DateFlaw.LETTERS,
    "Jun 8–14": DateFlaw.RANGE,
    "Week 1 Mon": DateFlaw.RELATIVE,
    "24-03-27 19:00": DateFlaw.SHORT_YEAR,
    "2027-01-15 09:00 EST": DateFlaw.LETTERS,
    "2027-01-15 09:00 UTC+25": DateFlaw.NO_OFFSET,
    "2027-01-15 24:00": DateFlaw.DAY_END,
    "46037.375": DateFlaw.SERIAL,
    "tomorrow 9am": DateFlaw.RELATIVE,
    "ASAP": DateFlaw.RELATIVE,
    "TBD": DateFlaw.RELATIVE,
    "1405/10/25 09:00": DateFlaw.YEAR,
    "2570-01-15 09:00": DateFlaw.YEAR,
    "2027-01-15 09:00 PST": DateFlaw.LETTERS,
    "Jan 15, 2027 09:00 ET": DateFlaw.LETTERS,
    "2027-01-15 09:00 (New York)": DateFlaw.WORD,
    "15-01-2027 09:00 IST": DateFlaw.LETTERS,
    "2027-01-15 09:00–11:00": DateFlaw.RANGE,
    "2027-01-15 09:00 / 18:00": DateFlaw.SEVERAL,
    "2027-01-15 09:00, 2027-01-17 09:00": DateFlaw.SEVERAL,
    "1799996400": DateFlaw.TIMESTAMP,
    "1799996400000": DateFlaw.TIMESTAMP,
    "Date(2027,0,15,9,0)": DateFlaw.UNREADABLE,
    "03/04/2026 09:30": DateFlaw.ORDER,
    "Tue 01/12/2026 09:30": DateFlaw.ORDER,
    "Mon 15 Jan 2027 9:00": DateFlaw.WEEKDAY,
    "15 listopada 2027 9:00": DateFlaw.READINGS,
    "15 Jan 2027 midnight": DateFlaw.MIDNIGHT,
    "2027/1/15 上午 12:00:00": DateFlaw.TWELVE,
    "15 Jan 2027 at 9": DateFlaw.HALF_MISSING,
    "15 Jan 2027 13:00 PM": DateFlaw.HALF_CONTRADICTS,
    "31 June 2027 9:00": DateFlaw.NO_SUCH_DAY,
    "15 Jan 2027 9:75": DateFlaw.NO_SUCH_TIME,
    "15 Jan 2027": DateFlaw.NO_TIME,
    "9 pm": DateFlaw.NO_DATE,
    "2027-01-15 09:30:15.250": DateFlaw.FRACTION,
    "2027-01-15 09:00 (tentative)": DateFlaw.WORD,
    "2027-01-15T09:00+02:00[Europe/Berlin]": DateFlaw.ZONES_DIFFER,
    "9:00 PT 15.01.2027": DateFlaw.LETTERS_OR_DAY,
    "Fri Jan 15 2027 09:00:00 GMT+0100 (Pacific Standard Time)": DateFlaw.ZONES_DIFFER,
}


@pytest.mark.parametrize(("text", "said"), READ.items(), ids=list(READ))
def test_a_text_with_one_reading_is_read(text: str, said: DateText) -> None:
    assert read_date_text(text) == said


@pytest.mark.parametrize(("text", "flaw"), REFUSED.items(), ids=list(REFUSED))
def test_any_other_text_is_refused_with_its_own_reason(text: str, flaw: DateFlaw) -> None:
    read = read_date_text(text)
    assert isinstance(read, Unread)
    assert read.flaw is flaw


def test_every_reason_but_one_has_a_text_here() -> None:
    assert set(DateFlaw) - set(REFUSED.values()) == {DateFlaw.OFFSET_OR_END}  # that one is told by the row's zone


def offsets_of(said: DateText | Written) -> set[timedelta | None]:
    """Return the offsets that a date says: its own, or those of its zone then; None where it says none."""
    if said.offset is not None:
        return {said.offset}
    if not said.zone:
        return {None}
    return {said.wall.replace(tzinfo=ZoneInfo(said.zone), fold=fold).utcoffset() for fold in (0, 1)}


def misread(written: Written) -> str:
    """Return how a text was read that should not have been, or read otherwise than meant."""
    read = read_date_text(written.text)
    if isinstance(read, Unread):
        return ""
    right = not written.refused and read.wall == written.wall and offsets_of(read) == offsets_of(written)
    return "" if right else f"{written.text!r}: {read}, meant {written.wall}"


def misled(written: Written) -> list[str]:
    """Return the remedies that can't be read, or that lose or make up a part of the text."""
    found = []
    unread = read_date_text(written.text)
    proposed = propose_dates(unread) if isinstance(unread, Unread) else ()
    walls = set()
    for text in proposed:
        read = read_date_text(text)
        if not isinstance(read, DateText):
            found.append(f"{written.text!r}: {text!r} can't be read")
            continue
        walls.add(read.wall)
        said = {timedelta(minutes=minutes) for minutes in written.minutes} if written.minutes else offsets_of(written)
        if read.wall not in (written.walls or {written.wall}) or not said & offsets_of(read):
            found.append(f"{written.text!r}: {text!r}")
    if proposed and not written.refused and written.wall not in walls:
        found.append(f"{written.text!r}: {written.wall} is not among {proposed}")
    return found


def test_no_text_is_read_as_another_instant_and_no_remedy_loses_or_makes_up_a_part() -> None:
    written = list(write_dates(20_000, seed=20_261_126))
    assert [wrong for text in written if (wrong := misread(text))] == []
    assert [wrong for text in written for wrong in misled(text)] == []
    read, all_forms = Counter[str](), Counter[str]()
    for text in written:
        form = text.form.partition(" ")[0] if text.refused else text.form
        all_forms[form] += 1
        read[form] += isinstance(read_date_text(text.text), DateText)
    assert (read["wrong"], read["letters"]) == (0, 0)
    assert all(read[form] == all_forms[form] for form in ("offset", "mail", "zone", "utc", "offset and zone"))
    own = [f"language {name}" for name in LANGUAGES]
    share = sum(read[form] for form in own) / sum(all_forms[form] for form in own)
    print(f"\n{len(written)} texts: {sum(read.values())} read, {share:.1%} of those in the languages of the table")
    assert share > 0.8  # the rest can be read in several ways: short years, 03/04, 午前12:30
    assert read["by hand"] / all_forms["by hand"] > 0.8


@given(st.text(max_size=40) | st.text("0123456789:/.- apmTZjan", max_size=24))
def test_any_text_is_read_or_explained(text: str) -> None:
    read = read_date_text(text)
    if isinstance(read, Unread):
        assert explain_date(text, read).message.endswith(".")


def ask_dateparser(text: str) -> set[datetime | None]:
    found = set()
    for order in ("DMY", "MDY", "YMD"):
        settings = {"DATE_ORDER": order, "PREFER_LOCALE_DATE_ORDER": False, "REQUIRE_PARTS": ["day", "month", "year"]}
        read = dateparser.parse(text, settings=settings)
        found.add(read.replace(tzinfo=None) if read else None)
    return found


def ask_dateutil(text: str) -> set[datetime | None]:
    found: set[datetime | None] = set()
    for day_first in (False, True):
        for year_first in (False, True):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", dateutil_parser.UnknownTimezoneWarning)
                    read = dateutil_parser.parse(text, dayfirst=day_first, yearfirst=year_first)
                found.add(read.replace(tzinfo=None))
            except (ValueError, OverflowError):
                found.add(None)
    return found


def test_what_other_readers_read_in_all_orders_is_read_the_same() -> None:
    agreed = Counter[str]()
    for written in write_dates(150, seed=4):
        read = read_date_text(written.text)
        for name, ask in (("dateparser", ask_dateparser), ("dateutil", ask_dateutil)):
            answers = ask(written.text)
            if isinstance(read, DateText) and len(answers) == 1 and None not in answers:
                agreed[name] += 1
                assert answers == {read.wall}, (name, written.text)
    assert agreed["dateparser"] > 40
    assert agreed["dateutil"] > 15


@pytest.mark.parametrize(
    ("text", "ask"),
    [
        ("Jun 8–14", ask_dateparser),
        ("2027-01-15 09:00–11:00", ask_dateparser),
        ("2027-01-15 09:00 IST", ask_dateparser),
        ("tomorrow 9am", ask_dateparser),
        ("2027-01-15 09:00 EST", ask_dateutil),
        ("2027-01-15 09:00 / 18:00", ask_dateutil),
        ("9:00", ask_dateutil),
    ],
)
def test_what_other_readers_guess_is_refused(text: str, ask: object) -> None:
    assert callable(ask)
    assert len(ask(text)) == 1
    assert isinstance(read_date_text(text), Unread)


@pytest.mark.parametrize("language", [name for name in LANGUAGES if name != "vi"])  # which counts its months
def test_the_words_of_every_language_of_the_table_are_known(language: str) -> None:
    locale = Locale.parse(language)
    for kind in ("format", "stand-alone"):
        for month, name in locale.months[kind]["wide"].items():
            if name[:1].isdigit():
                continue
            read = read_date_text(f"15 {fold_date(name)} 2027 09:00")
            months = {read.wall.month} if isinstance(read, DateText) else {wall.month for wall in read.walls}
            assert month in months, name
