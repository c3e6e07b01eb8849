from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date

import pytest

from batch.model import Channel, PostType
from batch.publisher.payload import SHAPES
from batch.rules.channels import (
    CHANNEL_LABELS,
    COMBINATIONS,
    DEFAULT_TYPE,
    ENDED,
    TYPES,
    Choice,
    Combination,
    Limit,
    channel_named,
)


def walk_limits(value: object) -> Iterator[Limit | Choice]:
    if isinstance(value, Limit | Choice):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from walk_limits(getattr(value, field.name))


def test_there_are_thirteen_combinations_and_each_stands_under_its_own_name() -> None:
    assert len(COMBINATIONS) == 13
    assert all(pair == (c.channel, c.type) for pair, c in COMBINATIONS.items())


def test_every_channel_has_a_usual_type_that_it_has() -> None:
    assert set(DEFAULT_TYPE) == set(Channel) == set(TYPES) == set(CHANNEL_LABELS)
    assert all((channel, usual) in COMBINATIONS for channel, usual in DEFAULT_TYPE.items())
    assert DEFAULT_TYPE[Channel.YOUTUBE] is PostType.VIDEO


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_every_limit_says_where_it_stands_and_when_it_was_read(combination: Combination) -> None:
    found = list(walk_limits(combination))
    assert found
    for each in found:
        assert len(each.source) > 20
        assert each.read_on > date(2026, 1, 1)
        assert (each.value > 0) if isinstance(each, Limit) else each.values


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_the_table_has_the_fields_that_the_payload_writes(combination: Combination) -> None:
    """LinkedIn has no field for a link: it is written into the text."""
    shape = SHAPES[combination.channel, combination.type]
    linked = bool(shape.link) or combination.channel is Channel.LINKEDIN
    assert bool(combination.text.name) == bool(shape.text)
    assert combination.text.name == shape.text
    assert (combination.title is not None) == bool(shape.title)
    assert (combination.link is not None) == linked
    assert (combination.call_to_action is not None) == bool(shape.call_to_action)
    assert (combination.privacy is not None) == bool(shape.privacy)
    assert bool(combination.second_id) == bool(shape.target)
    assert combination.media.kinds.values == ((shape.kind,) if shape.kind else combination.media.kinds.values)


def test_the_table_and_the_payload_know_the_same_combinations() -> None:
    assert set(COMBINATIONS) == set(SHAPES)


def test_x_took_posts_through_july_2026() -> None:
    assert dict(ENDED) == {Channel.TWITTER: date(2026, 7, 31)}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("X", Channel.TWITTER),
        ("x (Twitter)", Channel.TWITTER),
        ("Google Business Profile", Channel.GBP),
        ("google business", Channel.GBP),
        ("google_my-business", Channel.GBP),
        ("IG", Channel.INSTAGRAM),
        ("insta", Channel.INSTAGRAM),
        ("FB", Channel.FACEBOOK),
        ("YT", Channel.YOUTUBE),
        ("You Tube", Channel.YOUTUBE),
        ("linked in", Channel.LINKEDIN),
        ("Tik Tok", Channel.TIKTOK),
        ("Pinterest", Channel.PINTEREST),
        *((channel.lower(), channel) for channel in Channel),
        *((label, channel) for channel, label in CHANNEL_LABELS.items()),
    ],
)
def test_channels_are_known_by_the_names_that_people_use(written: str, meant: Channel) -> None:
    assert channel_named(written) is meant


@pytest.mark.parametrize("written", ["", "Instagran", "myspace", "-", "ІNSTAGRAM"])
def test_a_word_that_is_no_name_means_no_channel(written: str) -> None:
    assert channel_named(written) is None
