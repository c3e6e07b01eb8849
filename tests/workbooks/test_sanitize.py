"""Any text becomes one that a cell can hold, and nothing is dropped without a trace."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.workbooks.style import CUT_MARK, MAX_CELL_UNITS, disarm, fit_cell, is_too_long

XML_CHAR = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


@pytest.mark.parametrize(
    "text", ["", "plain", "emoji 👩‍👩‍👧‍👦 ☕", "مرحبا", "two\nlines\tand a tab", "a" * MAX_CELL_UNITS]
)
def test_what_a_cell_can_hold_stays_as_it_is(text: str) -> None:
    assert fit_cell(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a␀b"),
        ("\x1b[31m", "␛[31m"),
        ("x\x7f", "x␡"),
        ("lone \ud800", "lone \ufffd"),
        ("a\r\nb\rc", "a\nb\nc"),
    ],
)
def test_what_xml_can_not_hold_gets_a_visible_sign(text: str, shown: str) -> None:
    assert fit_cell(text) == shown


@pytest.mark.parametrize("text", ["a" * 40_000, "👍" * 20_000])
def test_a_text_that_is_too_long_is_cut_to_the_limit_and_says_so(text: str) -> None:
    cut = fit_cell(text)
    assert is_too_long(text)
    assert not is_too_long(cut)
    assert cut.endswith(CUT_MARK)
    assert text.startswith(cut.removesuffix(CUT_MARK))


@given(st.text(alphabet=st.characters(exclude_categories=()), max_size=60))
def test_every_text_becomes_one_that_xml_can_hold(text: str) -> None:
    assert XML_CHAR.fullmatch(fit_cell(text))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", "  =", "\n@", "\ufeff="])
def test_a_csv_cell_never_starts_like_a_formula(start: str) -> None:
    assert disarm(f"{start}1+1") == f"'{start}1+1"


@pytest.mark.parametrize("text", ["", "plain", "a=b", "#hashtag", "1-2", "'=already"])
def test_a_harmless_csv_cell_stays_as_it_is(text: str) -> None:
    assert disarm(text) == text
