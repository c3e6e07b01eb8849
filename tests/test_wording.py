"""Words, numbers, cells and quotas as sentences hold them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Content, Medium, Quota
from batch.wording import (
    cell_address,
    counted,
    escape_in_json,
    first_words,
    list_rows,
    make_visible,
    quota_left,
)


def test_json_for_a_terminal_means_the_same_and_moves_nothing():
    text = "a\x7f\x9b31m\u202e\u2069\u2028é漢🎉"
    shown = escape_in_json(json.dumps({text: [text]}, ensure_ascii=False))
    assert json.loads(shown) == {text: [text]}
    assert "é漢🎉" in shown
    assert not set("\x7f\x9b\u202e\u2069\u2028") & set(shown)


TEN = "1, 2, 3, 4, 5, 6, 7, 8 and 2 more"


@pytest.mark.parametrize(
    ("numbers", "shown"), [([4], "4"), ([4, 7], "4 and 7"), ([4, 7, 9], "4, 7 and 9"), (list(range(1, 11)), TEN)]
)
def test_numbers_are_listed_as_people_do_and_the_rest_is_counted(numbers, shown):
    assert list_rows(numbers) == f"row{'s' if len(numbers) > 1 else ''} {shown}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (Content("Meet Tidal.\n\nIt is out.", "Title"), "Meet Tidal. It is out."),
        (Content("w" * 80), "w" * 71 + "…"),
        (Content(" \n", "Title"), "Title"),
        (Content(media=(Medium("kiln/tidal%2001.jpg"),)), "tidal 01.jpg"),
        (Content(media=(Medium("https://example.com/a/b.png?x=/1#png"),)), "b.png"),
        (Content(), "key-1"),
    ],
)
def test_a_post_is_known_by_its_first_words(content, words):
    assert first_words(content, otherwise="key-1") == words


def test_what_is_counted_has_its_noun():
    assert [counted(n, "row") for n in (0, 1, 1200)] == ["0 rows", "1 row", "1,200 rows"]
    assert counted(2, "address", "addresses") == "2 addresses"


@pytest.mark.parametrize(
    ("row", "position", "address"), [(1, 0, "A1"), (14, 25, "Z14"), (2, 26, "AA2"), (3, 16383, "XFD3")]
)
def test_a_cell_has_the_address_that_a_spreadsheet_shows(row, position, address):
    assert cell_address(row, position) == address


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_nothing_invisible_is_left_and_nothing_is_dropped_without_a_sign(text):
    shown = make_visible(text)
    assert not any((ord(c) < 32 and c not in "\t\n") or "\x7f" <= c <= "\x9f" for c in shown)
    assert len(shown) == len(text.replace("\r\n", "\n"))


@pytest.mark.parametrize(
    ("quota", "said"),
    [
        (Quota("SCHEDULE_POST", enabled=False), "not in this site's plan"),
        (Quota("SCHEDULE_POST"), "not metered"),
        (None, "not metered"),
        (Quota("SCHEDULE_POST", limit=50, left=0, period="MONTH"), "0 of 50 left this month"),
        (Quota("SCHEDULE_POST", left=3), "3 left"),
    ],
)
def test_what_is_left_of_a_quota_is_told_in_words(quota, said):
    assert quota_left(quota) == said
