from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.date_errors import explain_date
from batch.rules.dates import Zones, read_when
from batch.rules.issues import CODES


@pytest.mark.parametrize(
    ("seen", "code", "written"),
    [
        ("2026-12-01", "time_missing", "2026-12-01 09:30"),
        ("2026-2-3", "time_missing", "2026-02-03 09:30"),
        ("03/04/2026", "date_order", "2026-04-03 09:30 or 2026-03-04 09:30"),
        ("03/04/2026 18:05", "date_order", "2026-04-03 18:05 or 2026-03-04 18:05"),
        ("03.04.2026", "date_order", "2026-04-03 09:30 or 2026-03-04 09:30"),
        ("25/12/2026 10:00", "date_order", "2026-12-25 10:00"),
        ("12-25-2026", "date_order", "2026-12-25 09:30"),
        ("05/05/2026", "date_order", "2026-05-05 09:30"),
        ("03/04/26", "date_short_year", "2026-04-03 09:30 or 2026-03-04 09:30"),
        ("1.12.26 9:30", "date_short_year", "2026-12-01 09:30 or 2026-01-12 09:30"),
        ("2026-12-01 9:30 PM", "time_12h", "2026-12-01 21:30"),
        ("2026-12-01 12:15am", "time_12h", "2026-12-01 00:15"),
        ("12/25/2026 9:30 p.m.", "time_12h", "21:30"),
        ("9 pm", "time_12h", "21:30"),
        ("2026/12/01 9:30", "date_form", "2026-12-01 09:30"),
        ("2026.12.01", "date_form", "2026-12-01 09:30"),
        ("2026-12-01 9.30", "date_form", "2026-12-01 09:30"),
        ("2026-12-01 09:30:15.250", "date_form", "2026-12-01 09:30"),
        ("20261201T0930", "date_form", "2026-12-01 09:30"),
        ("46357.4", "date_serial", "yyyy-mm-dd hh:mm"),
        ("46357", "date_serial", "yyyy-mm-dd hh:mm"),
        ("2026-02-30 10:00", "date_impossible", "February 2026 has 28 days"),
        ("2026-02-30", "date_impossible", "February 2026 has 28 days"),
        ("2026-13-01 10:00", "date_impossible", "no month 13"),
        ("2026-12-01 25:00", "date_impossible", "25:00 is no time of day"),
        ("2026-12-01 24:00", "date_impossible", "24:00"),
        ("31/31/2026", "date_impossible", "no day of any month"),
        ("1. Dezember 2026 um 9:30 Uhr", "date_words", "2026-12-01 09:30"),
        ("December 1, 2026 18:05", "date_words", "2026-12-01 18:05"),
        ("1 décembre 2026", "date_words", "2026-12-01 09:30"),
        ("3 de marzo de 2026", "date_words", "2026-03-03 09:30"),
        ("3 juillet 2026 10h15", "date_words", "2026-07-03 10:15"),
        ("4 giugno 2026", "date_words", "2026-06-04 09:30"),
        ("5 mei 2026", "date_words", "2026-05-05 09:30"),
        ("martedì 1 dicembre 2026", "date_words", "2026-12-01 09:30"),
        ("mardi 1 décembre 2026", "date_words", "2026-12-01 09:30"),
        ("maandag 7 december 2026", "date_words", "2026-12-07 09:30"),
        ("mar. 1 dic. 2026", "date_words", "such as 2026-12-01 09:30"),
        ("1 декабря 2026 г.", "date_words", "such as 2026-12-01 09:30"),
        ("2026年12月1日 9:30", "date_form", "2026-12-01 09:30"),
        ("2026년 12월 1일", "date_form", "2026-12-01 09:30"),
        ("tomorrow", "date_words", "2026-12-01 09:30"),
        ("jetzt", "date_words", "now"),
        ("next Monday 9:00", "date_words", "2026-12-01 09:30"),
        ("２０２６-１２-０１ １８:００", "date_form", "another width or script: write 2026-12-01 18:00"),
        ("２０２６／１２／０１ １８：００", "date_form", "another width or script: write 2026-12-01 18:00"),
        ("٢٠٢٦-١٢-٠١ ١٨:٠٠", "date_form", "another width or script: write 2026-12-01 18:00"),
        ("２０２６-０２-３０", "date_form", "2026-12-01 09:30"),
        ("?", "date_form", "2026-12-01 09:30"),
    ],
)
def test_every_refused_date_is_shown_as_it_has_to_be_written(seen: str, code: str, written: str) -> None:
    problem = explain_date(seen)
    assert (problem.column, problem.code, problem.seen, problem.warning) == ("publish_at", code, seen, False)
    assert written in problem.message
    assert seen in problem.message
    assert problem.message.endswith(".")


@given(st.text(max_size=40))
def test_any_text_is_explained_by_a_known_code(seen: str) -> None:
    assert explain_date(seen).code in CODES


@pytest.mark.parametrize("seen", ["2026-12-01", "03/04/2026 18:05", "2026/12/01 9:30", "1 décembre 2026", "03/04/26"])
def test_what_the_message_says_to_write_is_read(seen: str) -> None:
    remedy = explain_date(seen).message.rpartition(": ")[0], explain_date(seen).message.rstrip(".")
    written = remedy[1][-16:]
    assert read_when(written, zones=Zones(usual="UTC")).at is not None
