from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from datetime import date

import pytest

from batch.model import Channel, PostType
from batch.rules.channel_words import channel_named
from batch.rules.channels import (
    CHANNEL_LABELS,
    COMBINATIONS,
    DEFAULT_TYPE,
    ENDED,
    TYPES,
    Choice,
    Combination,
    FileLimits,
    Limit,
)


def walk_limits(value: object) -> Iterator[Limit | Choice | FileLimits]:
    if isinstance(value, Limit | Choice | FileLimits):
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
        name, _, read_on = each.source if isinstance(each, FileLimits) else (each.source, each.documented, each.read_on)
        assert len(name) > 20
        assert read_on > date(2026, 1, 1)
        told = each.value if isinstance(each, Limit) else each.values if isinstance(each, Choice) else each.formats
        assert told


DOCUMENTED = {
    "Instagram post": {"text": 2200, "hashtags": 30, "mentions": 20, "least media": 1},
    "Instagram story": {"least media": 1},
    "Facebook post": {},
    "Facebook reel": {"least media": 1, "most media": 1},
    "Facebook story": {"least media": 1},
    "YouTube video": {"least media": 1, "most media": 1},
    "YouTube Short": {"least media": 1, "most media": 1},
    "LinkedIn post": {},
    "X post": {},
    "Pinterest post": {"text": 800, "title": 100, "link": 2048, "least media": 1},
    "Google Business Profile post": {"text": 1500},
    "TikTok photo post": {"text": 4000, "title": 90, "least media": 1},
    "TikTok video": {"text": 2200, "least media": 1, "most media": 1},
}
"""What the API's public recipe says, typed from it and from nowhere else; breaking one of these is an error."""

NETWORKS = {
    "Instagram post": {"most media": 10},
    "Instagram story": {"most media": 1},
    "Facebook post": {"text": 63206, "most media": 10, "videos": 1},
    "Facebook reel": {"text": 63206},
    "Facebook story": {"most media": 1},
    "YouTube video": {"text": 5000, "title": 100},
    "YouTube Short": {"text": 5000, "title": 100},
    "LinkedIn post": {"text": 3000, "most media": 20, "videos": 1},
    "X post": {"text": 280, "most media": 4, "videos": 1},
    "Pinterest post": {"most media": 5, "videos": 1},
    "Google Business Profile post": {"most media": 1},
    "TikTok photo post": {"most media": 35},
    "TikTok video": {},
}
"""What only the networks say; breaking one of these is a warning."""


FILES = {
    "Instagram post, image": ("jpeg", {"max_bytes": 8000000, "min_width": 320, "min_ratio": 0.8, "max_ratio": 1.91}),
    "Instagram post, video": (
        "mp4 quicktime",
        {"max_bytes": 300000000, "min_ratio": 0.01, "max_ratio": 10.0, "min_seconds": 3, "max_seconds": 900},
    ),
    "Instagram story, image": ("jpeg", {"max_bytes": 8000000}),
    "Instagram story, video": (
        "mp4 quicktime",
        {"max_bytes": 100000000, "min_ratio": 0.1, "max_ratio": 10.0, "min_seconds": 3, "max_seconds": 60},
    ),
    "Facebook post, image": ("jpeg bmp png gif tiff", {"max_bytes": 4000000}),
    "Facebook post, video": ("mp4 quicktime", {"max_bytes": 4000000000, "max_seconds": 14400}),
    "Facebook reel, video": (
        "mp4 quicktime",
        {"smallest_side": 540, "min_ratio": 0.562, "max_ratio": 0.562, "min_seconds": 3, "max_seconds": 90},
    ),
    "Facebook story, image": ("jpeg bmp png gif tiff", {"max_bytes": 4000000}),
    "Facebook story, video": ("mp4 quicktime", {"smallest_side": 540, "min_seconds": 3, "max_seconds": 60}),
    "YouTube video, video": (
        "mp4 quicktime x-msvideo x-ms-wmv webm mpeg 3gpp",
        {"max_bytes": 256000000000, "max_seconds": 43200},
    ),
    "YouTube Short, video": ("mp4 quicktime x-msvideo x-ms-wmv webm mpeg 3gpp", {"max_ratio": 1.0, "max_seconds": 180}),
    "LinkedIn post, image": ("jpeg png gif", {"max_bytes": 5000000}),
    "LinkedIn post, video": (
        "mp4",
        {"max_bytes": 500000000, "min_ratio": 0.417, "max_ratio": 2.4, "min_seconds": 3, "max_seconds": 1800},
    ),
    "X post, image": ("jpeg png gif webp", {"max_bytes": 5000000}),
    "X post, video": (
        "mp4 quicktime",
        {"max_bytes": 512000000, "min_ratio": 0.333, "max_ratio": 3.0, "min_seconds": 0.5, "max_seconds": 140},
    ),
    "Pinterest post, image": ("png jpeg", {"max_bytes": 20000000}),
    "Pinterest post, video": (
        "mp4 quicktime",
        {"max_bytes": 2000000000, "min_ratio": 0.5, "max_ratio": 1.91, "min_seconds": 4, "max_seconds": 900},
    ),
    "Google Business Profile post, image": ("jpeg png", {"max_bytes": 5000000, "min_width": 400, "smallest_side": 300}),
    "TikTok photo post, image": ("jpeg webp", {"max_bytes": 20000000}),
    "TikTok video, video": (
        "mp4 webm quicktime",
        {"max_bytes": 4000000000, "smallest_side": 360, "min_seconds": 3, "max_seconds": 600},
    ),
}
"""What each file has to keep to: formats, bytes, pixels, width by height, seconds. All of it is the networks' own."""


def numbers_of(combination: Combination, *, documented: bool) -> dict[str, float]:
    limits = {
        "text": combination.text.most,
        "hashtags": combination.text.hashtags,
        "mentions": combination.text.mentions,
        "title": combination.title.most if combination.title else None,
        "link": combination.link.most if combination.link else None,
        "least media": combination.media.least,
        "most media": combination.media.most,
        "videos": combination.media.most_videos,
    }
    return {name: limit.value for name, limit in limits.items() if limit and limit.documented is documented}


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_the_numbers_are_those_that_the_pages_give(combination: Combination) -> None:
    assert numbers_of(combination, documented=True) == DOCUMENTED[combination.name]
    assert numbers_of(combination, documented=False) == NETWORKS[combination.name]


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_the_limits_of_files_are_those_that_the_pages_give(combination: Combination) -> None:
    for kind, files in (("image", combination.media.image), ("video", combination.media.video)):
        name = f"{combination.name}, {kind}"
        assert (files is not None) == (name in FILES)
        if files is not None:
            formats, numbers = FILES[name]
            limits = {field.name: getattr(files, field.name) for field in fields(files)[2:]}
            assert [f.partition("/")[2] for f in files.formats] == formats.split()
            assert {n: round(limit, 3) for n, limit in limits.items() if limit} == numbers
            assert not files.source.documented


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
