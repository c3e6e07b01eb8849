from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from batch.rules.channels import Unit
from batch.rules.text import (
    BOUNDS,
    COUNTERS,
    check_placeholders,
    count_x_weight,
    find_lookalike,
)


def leftover(text: str) -> tuple[str, bool]:
    """Return the one leftover in a text, and whether no post can mean it."""
    (found,) = check_placeholders("text", text)
    return found.seen, not found.warning


@pytest.mark.parametrize(
    ("text", "units"), [("", 0), ("abc", 3), ("Käse", 4), ("🏺", 2), ("👨‍👩‍👧‍👦", 11), ("日本", 2), ("a\nb", 3)]
)
def test_characters_are_utf16_code_units_as_a_spreadsheet_counts(text: str, units: int) -> None:
    assert COUNTERS[Unit.CHARACTERS](text) == units


@pytest.mark.parametrize(("text", "size"), [("abc", 3), ("Käse", 5), ("🏺", 4), ("日本", 6)])
def test_bytes_are_those_of_utf8(text: str, size: int) -> None:
    assert COUNTERS[Unit.UTF8_BYTES](text) == size


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("Hello", 5),
        ("Käse", 4),
        ("Ka\u0308se", 4),
        ("日本", 4),
        ("🏺", 2),
        ("👨‍👩‍👧‍👦", 2),
        ("👍🏽", 2),
        ("🇩🇪🇫🇷", 4),
        ("1️⃣", 2),
        ("❤️", 2),
        ("https://example.com/a-very-long-path-that-does-not-count?x=1", 23),
        ("see https://example.com/ and http://example.org/x", 4 + 23 + 5 + 23),
        ("“quoted” – yes", 14),
        ("wait…", 6),
    ],
)
def test_x_weighs_links_emoji_and_wide_letters(text: str, weight: int) -> None:
    assert count_x_weight(text) == weight


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("#one #two", 2),
        ("no#tag", 0),
        ("&#39;", 0),
        ("page/#top", 0),
        ("#größe #日本 ＃wide", 3),
        ("# alone", 0),
        ("##x", 0),
    ],
)
def test_hashtags_are_counted_where_networks_see_them(text: str, count: int) -> None:
    assert COUNTERS[Unit.HASHTAGS](text) == count


@pytest.mark.parametrize(
    ("text", "count"), [("@kiln and @pot_1.shop", 2), ("mail a@b.de", 0), ("@ alone", 0), ("(@kiln)", 1), ("", 0)]
)
def test_mentions_are_counted_and_mail_addresses_are_not(text: str, count: int) -> None:
    assert COUNTERS[Unit.MENTIONS](text) == count


@given(
    text=st.text(alphabet="ab #@äß日🏺\u200dＦ＃＠.:/w", max_size=60) | st.text(max_size=60),
    unit=st.sampled_from(list(COUNTERS)),
)
@example("www.a", Unit.X_WEIGHT)
def test_no_text_has_more_of_a_unit_than_the_quick_bound(text: str, unit: Unit) -> None:
    assert COUNTERS[unit](text) <= BOUNDS[unit](text)


@pytest.mark.parametrize(
    "text",
    [
        "Hello {{name}}",
        "{{ first name }}, hello",
        "${price} only",
        "<<product>>",
        "%%LINK%%",
        "Lorem ipsum dolor",
        "LOREM IPSUM",
        "[insert link here]",
        "[Your city]",
    ],
)
def test_what_no_post_can_mean_is_surely_a_placeholder(text: str) -> None:
    (found,) = check_placeholders("text", text)
    assert not found.warning
    assert found.seen in text


@pytest.mark.parametrize(
    "field",
    [
        "{first_name}",
        "{product}",
        "{FirstName}",
        "{firstName}",
        "{product.title}",
        "{ name }",
        "{PRICE}",
        "{first name}",
    ],
)
def test_the_name_of_a_field_in_single_braces_may_be_a_placeholder(field: str) -> None:
    assert leftover(f"Hello {field}, look!") == (field, False)
    assert leftover(f"Hello {{{field}}}, look!") == (f"{{{field}}}", True)


def test_a_text_that_is_nothing_but_a_field_is_surely_a_placeholder() -> None:
    assert leftover("{link}") == ("{link}", True)


@pytest.mark.parametrize("text", ["Opening TBC", "price: tbd.", "TODO", "Call XXX", "[link]", "TBA!"])
def test_a_word_for_something_to_come_may_be_a_placeholder(text: str) -> None:
    (found,) = check_placeholders("text", text)
    assert found.warning


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Size XXL in stock",
        "{curly} smile",
        "a face {o_o}, another {T_T}",
        "the set {1, 2, 3} and {x}",
        "{a.k.a. the potter}",
        "{iPhone} {macOS} {}",
        "{name your price} here",
        "p { color: red }",
        "100% real",
        "5 < 7",
        "Todo el mundo",
        "[new] mugs",
        "kisses xxx",
        "outback",
    ],
)
def test_words_that_people_post_are_no_placeholders(text: str) -> None:
    assert check_placeholders("text", text) == []


@pytest.mark.parametrize(
    ("text", "letter", "reads_as"),
    [("pоttery", "о", "pottery"), ("stυdio", "υ", None), ("ρottery", "ρ", "pottery"), ("ｐottery", "ｐ", "pottery")],
)
def test_a_letter_of_another_alphabet_among_latin_ones_is_named(text: str, letter: str, reads_as: str | None) -> None:
    found = find_lookalike(text)
    if reads_as is None:
        assert found is None
        return
    assert found is not None
    assert (found.letter, found.reads_as) == (letter, reads_as)
    assert f"“{letter}” is a" in found.why


@pytest.mark.parametrize("text", ["pottery", "Café", "Москва", "Αθήνα", "日本", "Müller"])
def test_a_name_of_one_alphabet_hides_nothing(text: str) -> None:
    assert find_lookalike(text) is None


def test_a_word_wholly_of_lookalikes_is_seen_where_only_latin_can_be_meant() -> None:
    assert find_lookalike("ХХ") is None
    assert find_lookalike("Х", whole_words=True) is not None
