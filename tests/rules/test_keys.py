from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Channel, Content, Generate, Generation, Medium, PostType
from batch.plan.matching import split_reference
from batch.rules.keys import MOST_LETTERS, check_key, derive_key, fan_out_key
from tests.rules.builders import Rules

CONTENT = Content(
    text="Fresh", title="Spring", media=(Medium("a.jpg"),), link="https://example.com", privacy="SELF_ONLY"
)
ROW: dict[str, Any] = {
    "site": "",
    "channel": Channel.TIKTOK,
    "account": "@Studio",
    "type": PostType.POST,
    "content": CONTENT,
    "generation": None,
    "item_id": "",
}


def test_a_derived_key_is_the_same_in_every_version() -> None:
    """Changing this makes every post without a key a new one: rows that went out would go out again."""
    assert derive_key(**ROW) == "auto-68f9745a2afd3559"


def test_the_order_of_media_is_part_of_a_derived_key() -> None:
    """A carousel in another order is another post; one key for both would change the first into the second."""
    one, two = (replace(CONTENT, media=tuple(Medium(f"{name}.jpg") for name in names)) for names in ("ab", "ba"))
    assert derive_key(**ROW | {"content": one}) == "auto-0449a8f161c8c4b8"
    assert derive_key(**ROW | {"content": two}) != derive_key(**ROW | {"content": one})


@pytest.mark.parametrize(
    "same", [{"account": "studio"}, {"account": " STUDIO "}, {"content": replace(CONTENT, text="Fresh\r\n".strip())}]
)
def test_what_is_the_same_post_has_the_same_key(same: dict[str, Any]) -> None:
    assert derive_key(**ROW | same) == derive_key(**ROW)


@pytest.mark.parametrize(
    "other",
    [
        {"site": "pottery"},
        {"channel": Channel.PINTEREST},
        {"account": "other"},
        {"type": PostType.VIDEO},
        {"content": replace(CONTENT, text="Fresh!")},
        {"content": replace(CONTENT, title="")},
        {"content": replace(CONTENT, media=())},
        {"content": replace(CONTENT, media=(Medium("a.jpg"), Medium("b.jpg")))},
        {"content": replace(CONTENT, link="")},
        {"content": replace(CONTENT, privacy="")},
        {"content": replace(CONTENT, call_to_action="SHOP")},
        {"generation": Generation(Generate.CAPTION, "mugs")},
        {"item_id": "ac01c174-5244-49df-8085-84d87cd0345a"},
    ],
)
def test_whatever_makes_another_post_makes_another_key(other: dict[str, Any]) -> None:
    assert derive_key(**ROW | other) != derive_key(**ROW)


def test_generations_differ_by_what_is_asked() -> None:
    asked = [
        Generation(Generate.CAPTION, "mugs"),
        Generation(Generate.POST, "mugs"),
        Generation(Generate.POST, "", "EVENT", "1"),
        Generation(Generate.POST, "", "EVENT", "2"),
    ]
    assert len({derive_key(**ROW | {"generation": generation}) for generation in asked}) == len(asked)


def test_the_date_is_no_part_of_a_derived_key(rules: Rules) -> None:
    row = rules.row(rules.instagram, key="")
    keys = {rules.check(row | {"publish_at": at})[0].key for at in ("", "now", "2026-12-01 09:30", "2027-01-01 10:00")}
    assert len(keys) == 1
    assert re.fullmatch(r"auto-[0-9a-f]{16}", keys.pop())


def test_the_site_is_part_of_it_only_where_there_are_several(rules: Rules) -> None:
    row = rules.row(rules.instagram, key="", site="pottery")
    (none,), (one,), (two,) = (
        rules.check(row, sites=sites) for sites in ({}, {"pottery": "UTC"}, {"pottery": "UTC", "garden": "UTC"})
    )
    assert none.key == one.key != two.key
    assert all(post.key_derived for post in (none, one, two))


def test_a_row_that_is_withdrawn_has_the_key_it_was_made_with(rules: Rules) -> None:
    row = rules.row(rules.instagram, key="")
    assert rules.check(row)[0].key == rules.check(row | {"action": "cancel"})[0].key


@pytest.mark.parametrize(
    "key",
    [
        "spring-01",
        "Spring 01",
        "spring-01/INSTAGRAM",
        "a",
        "2026.03_x",
        "auto-0123456789abcdef",
        "Frühling-01",
        "весна",
        "a~b",
    ],
)
def test_keys_that_people_give_are_taken(key: str) -> None:
    assert check_key(key) == ()


@pytest.mark.parametrize(
    ("key", "code", "better"),
    [
        ("spring–01", "key_odd_character", "spring-01"),
        ("“spring”-01", "key_odd_character", "spring-01"),
        ("spring,01", "key_odd_character", "spring01"),
        ("spring\u200b01", "key_odd_character", "spring01"),
        ("spring\u00a001", "key_odd_character", "spring"),
        ("spring\n01", "key_odd_character", "spring"),
        ("…", "key_odd_character", "spring-01"),
        ("spring-01~2", "key_generation", "spring-01"),
        ("~7", "key_generation", "spring-01"),
        ("s" * (MOST_LETTERS + 1), "key_too_long", "Shorten"),
    ],
)
def test_keys_that_can_not_serve_are_refused_with_a_better_one(key: str, code: str, better: str) -> None:
    (problem,) = check_key(key)
    assert (problem.column, problem.code, problem.warning) == ("key", code, False)
    assert better in problem.message


def test_a_foreign_letter_in_a_key_is_a_warning() -> None:
    (problem,) = check_key("sрring-01")
    assert (problem.code, problem.warning) == ("lookalike_letters", True)
    assert "spring-01" in problem.message


def test_the_longest_key_is_taken() -> None:
    assert check_key("s" * MOST_LETTERS) == ()


@given(st.text(min_size=1, max_size=20))
def test_no_key_that_is_taken_reads_as_a_post_made_anew(key: str) -> None:
    if not any(not problem.warning for problem in check_key(key)):
        assert split_reference(key) == (key, 1)
        assert split_reference(fan_out_key(key, Channel.GBP)) == (f"{key}/GBP", 1)
