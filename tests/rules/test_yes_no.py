from __future__ import annotations

import pytest

from batch.rules.text import NO, YES, read_yes_no

PAIRS = [
    ("TRUE", "FALSE"), ("Yes", "No"), ("WAHR", "FALSCH"), ("ja", "nein"), ("VRAI", "FAUX"), ("Oui", "Non"),
    ("VERDADERO", "FALSO"), ("Sí", "No"), ("VERO", "FALSO"), ("Sì", "no"), ("VERDADEIRO", "FALSO"), ("Sim", "Não"),
    ("WAAR", "ONWAAR"), ("Ja", "Nee"), ("PRAWDA", "FAŁSZ"), ("Tak", "Nie"), ("ИСТИНА", "ЛОЖЬ"), ("Да", "Нет"),
    ("はい", "いいえ"), ("是", "否"), ("对", "错"), ("✓", "✗"), ("✔️", "✖️"), ("☑", "☐"), ("✅", "❌"), ("1", "0"),
    ("ＴＲＵＥ", "ＦＡＬＳＥ"), ("si\u0301", "na\u0303o"), (" x ", "-"),
]  # fmt: skip


@pytest.mark.parametrize(("yes", "no"), PAIRS)
def test_yes_and_no_are_read_in_ten_languages(yes: str, no: str) -> None:
    assert (read_yes_no(yes), read_yes_no(no)) == (True, False)


def test_no_word_says_both_and_each_is_found_as_it_is_listed() -> None:
    assert frozenset() == YES & NO
    assert {word: read_yes_no(word) for word in YES | NO} == {word: word in YES for word in YES | NO}


def test_blank_says_no() -> None:
    assert read_yes_no("") is False


@pytest.mark.parametrize("word", ["draft", "maybe", "2", "yes?", "TRUE FALSE", "10", "published", "#N/A", "未定", "?"])
def test_any_other_word_says_neither(word: str) -> None:
    assert read_yes_no(word) is None
