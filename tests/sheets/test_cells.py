"""The quick look at a cell agrees with the thorough one, whatever the cell holds."""

from __future__ import annotations

from hypothesis import example, given, settings
from hypothesis import strategies as st

from batch.model import COLUMNS
from batch.sheets.cells import EPOCH_1900, RawRow, is_plain, judge_cell, tidy_rows

NAMES = (*COLUMNS, "text:INSTAGRAM", "")
TEMPTING = "aE#N/A!é日0123456789１.,+e \t\n\r\x00\x1f\x7f\x85\xa0\xad\u200b\u200d\u2028\u202e\u2060\u3000\ufeff🏺–"
TEXTS = st.text(min_size=1) | st.text(TEMPTING, min_size=1, max_size=20)


@settings(max_examples=400)
@given(text=TEXTS, column=st.sampled_from(NAMES))
@example("#N/A", "text")
@example("1,23457E+15", "key")
@example("１2345678901234500", "key")
@example("46000,5", "publish_at")
@example("two\nlines", "text")
@example("a\u200bb", "key")
@example("a\ud800", "text")
def test_in_a_text_that_looks_plain_nothing_is_found(text: str, column: str) -> None:
    if is_plain(text):
        judged, findings = judge_cell(text, column, epoch=EPOCH_1900)
        assert (judged, *findings) == (text,)


def test_the_texts_of_usual_posts_look_plain() -> None:
    usual = ("spring-01", "Two lines,\n\nand a pot 🏺 – handmade", "Grüße", "日本の器", "2026-12-01 09:30", "50% off!")
    assert all(map(is_plain, usual))


def test_half_of_a_letter_in_the_wrong_encoding_is_corrected_as_a_whole() -> None:
    """What is left when a control character is taken out would not show the letter that was there."""
    rows = [RawRow(2, ["Straße".encode().decode("latin-1")]), RawRow(3, ["a bell\x07"])]
    read, issues = tidy_rows(rows, {"text": 0}, width=1, keep=(), epoch=EPOCH_1900, where="x")
    assert [row.values for row in read] == [("StraÃe",), ("a bell",)]
    assert [(issue.code, issue.fix) for issue in issues] == [
        ("control_removed", "Straße"),
        ("control_removed", "a bell"),
    ]
