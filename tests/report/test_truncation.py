from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.report.preview import DRAWINGS, TruncatedText, truncate
from batch.rules.channels import COMBINATIONS

FOLDS = {pair: drawing for pair, drawing in DRAWINGS.items() if drawing.characters}


def instagram(text: str) -> TruncatedText:
    return truncate(text, channel="INSTAGRAM", type_="POST")


def test_every_combination_with_a_text_has_a_fold_but_the_one_that_shows_all():
    assert set(FOLDS) == {" ".join(pair) for pair, c in COMBINATIONS.items() if c.text.most} - {"TWITTER POST"}


def test_every_fold_names_its_source():
    assert all(fold.source and fold.characters > fold.lines > 0 for fold in FOLDS.values())


@given(st.text(), st.sampled_from(sorted(FOLDS)))
def test_the_two_parts_are_the_text_and_the_first_is_never_longer_than_the_fold(text, pair):
    channel, type_ = pair.split()
    folded = truncate(text, channel=channel, type_=type_)
    assert folded.shown + folded.rest == text
    assert not folded.rest or len(folded.shown) <= FOLDS[pair].characters


@given(st.lists(st.sampled_from(["👩‍👩‍👧‍👦", "🇩🇪", "👍🏽", "e\u0301", "🏳️‍🌈", "a", " "]), max_size=90).map("".join))
def test_no_emoji_flag_or_marked_letter_is_cut_in_two(text):
    rest = instagram(text).rest
    if rest:
        assert rest[0] not in "\u200d\ufe0f\U0001f3fd"
        assert unicodedata.combining(rest[0]) == 0
        flags = [letter for letter in rest if "\U0001f1e6" <= letter <= "\U0001f1ff"]
        assert len(flags) % 2 == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Short.", "Short."),
        ("One.\nTwo.\nThree.", "One.\nTwo.\nThree."),
        ("One.\nTwo.\nThree.\nFour.", "One.\nTwo.\nThree."),
        ("One.\n\n\nFour.", "One."),
        ("word " * 40, ("word " * 25).strip()),
        ("x" * 200, "x" * 125),
        ("ab " * 39 + "y" * 100, ("ab " * 39).strip()),
        ("ab " * 30 + "y" * 100, "ab " * 30 + "y" * 35),
    ],
)
def test_a_caption_is_cut_by_letters_or_lines_whichever_comes_first(text, shown):
    assert instagram(text).shown == shown


def test_many_marks_on_one_letter_do_not_take_the_whole_caption_away():
    assert len(instagram("a" + "\u0301" * 1000).shown) > 80


def test_a_channel_that_cuts_nothing_shows_all():
    assert truncate("x" * 900, channel="TWITTER", type_="POST") == ("x" * 900, "")
    assert truncate("x" * 900, channel="", type_="") == ("x" * 900, "")
