"""What people write into `channel` and `type`: read where it has one reading, asked about where it has several."""

from __future__ import annotations

import tomllib
from importlib.resources import files

import pytest

from batch.model import Channel, PostType
from batch.rules.channel_words import known_words, plain, read_channels, read_type

IG, FB, YT, LI, X, PIN, GBP, TT = (
    Channel.INSTAGRAM, Channel.FACEBOOK, Channel.YOUTUBE, Channel.LINKEDIN, Channel.TWITTER, Channel.PINTEREST,
    Channel.GBP, Channel.TIKTOK,
)  # fmt: skip

READ: dict[str, tuple[Channel, ...]] = {
    "IG": (IG,), "FB": (FB,), "LI": (LI,), "YT": (YT,), "Insta": (IG,), "GMB": (GBP,), "Google My Business": (GBP,),
    "Google Business": (GBP,), "Facebook Page": (FB,), "Tik Tok": (TT,), "Pinterest Pin": (PIN,),
    "X (Twitter)": (X,), "Twitter/X": (X,), "X/Twitter": (X,), "YouTube": (YT,),
    "instagram/facebook": (IG, FB), "Instagram & Facebook": (IG, FB), "Instagram + TikTok": (IG, TT),
    "Instagram and Facebook": (IG, FB), "Instagram und Facebook": (IG, FB), "Instagram y Facebook": (IG, FB),
    "Instagram et Facebook": (IG, FB), "Instagram e Facebook": (IG, FB), "IG/FB": (IG, FB), "Fb & Ig": (FB, IG),
    "Instagram;Facebook": (IG, FB), "Instagram, Facebook and LinkedIn": (IG, FB, LI), "IG\nFB": (IG, FB),
    "インスタグラム": (IG,), "フェイスブック": (FB,), "інстаграм": (IG,), "أنستغرام": (IG,), "אינסטגרם": (IG,),
    "Instagram、Facebook": (IG, FB), "Twitter/X, Instagram": (X, IG),
}  # fmt: skip

WITH_TYPE: dict[str, dict[Channel, PostType]] = {
    "Instagram Story": {IG: PostType.STORY}, "IG Story": {IG: PostType.STORY}, "IG Stories": {IG: PostType.STORY},
    "Instagram Reel": {IG: PostType.REEL}, "Instagram Reels": {IG: PostType.REEL}, "Facebook Reel": {FB: PostType.REEL},
    "Facebook Post": {FB: PostType.POST}, "ig_feed": {IG: PostType.POST}, "YT Shorts": {YT: PostType.SHORT},
    "YouTube Shorts": {YT: PostType.SHORT}, "TikTok Video": {TT: PostType.VIDEO},
    "Story Instagram": {IG: PostType.STORY},
    "Story (Facebook)": {FB: PostType.STORY}, "Historia de Instagram": {}, "Instagram-Story": {IG: PostType.STORY},
    "Instagram Story, Facebook": {IG: PostType.STORY}, "Instagram Story & Facebook Story":
    {IG: PostType.STORY, FB: PostType.STORY}, "インスタグラム ストーリー": {IG: PostType.STORY},
}  # fmt: skip

ASKED = {
    "All": "channel_several", "all channels": "channel_several", "Meta": "channel_several", "Alle": "channel_several",
    "Both": "channel_several", "全部": "channel_several", "Threads": "channel_unknown", "WhatsApp": "channel_unknown",
    "Blog": "channel_unknown", "Newsletter": "channel_unknown", "Bluesky": "channel_unknown",
    "@mybrand": "channel_unknown", "instagram facebook": "channel_unknown", "Instagram – Facebook": "channel_unknown",
    "Instagrm": "channel_unknown", "": "channel_missing", " ,": "channel_missing",
    "Historia de Instagram": "channel_unknown",
    "Instagram Story, Instagram": "channel_two_types",
}  # fmt: skip


@pytest.mark.parametrize("cell", READ)
def test_names_of_channels_are_read(cell: str) -> None:
    channels = read_channels(cell)
    assert (channels.named, channels.problems, dict(channels.types)) == (READ[cell], (), {})


@pytest.mark.parametrize("cell", WITH_TYPE)
def test_a_type_beside_a_channel_is_read_with_it(cell: str) -> None:
    assert dict(read_channels(cell).types) == WITH_TYPE[cell]


@pytest.mark.parametrize("cell", ASKED)
def test_what_has_no_one_reading_is_asked_about(cell: str) -> None:
    assert [problem.code for problem in read_channels(cell).problems] == [ASKED[cell]]
    assert not any(problem.warning for problem in read_channels(cell).problems)


def test_meta_asks_which_and_two_names_without_a_comma_have_one_remedy() -> None:
    (meta,) = read_channels("Meta").problems
    assert meta.message == (
        "“Meta” stands for more than one channel. Write Facebook or Instagram, or both (FACEBOOK, INSTAGRAM)."
    )
    (joined,) = read_channels("instagram facebook").problems
    assert joined.fix == "INSTAGRAM, FACEBOOK"
    (part,) = read_channels("TikTok, instagram facebook").problems
    assert part.fix is None, "the remedy is for a part of the cell"


@pytest.mark.parametrize("cell", ["LinkedInProfile", "LinkedIn Page", "LinkedIn Company", "LinkedIn (company)"])
def test_which_page_of_linkedin_is_meant_is_said_to_be_the_accounts_business(cell: str) -> None:
    channels = read_channels(cell)
    assert channels.named == (LI,)
    assert [(problem.code, problem.warning) for problem in channels.problems] == [("channel_account", True)]


def test_no_word_stands_for_two_things() -> None:
    words = known_words()
    table = tomllib.loads(files("batch.rules").joinpath("channel_words.toml").read_text(encoding="utf-8"))
    asked = (table["several"], table["words"]["every"], table["words"]["elsewhere"])
    groups = [set(words.channels), *(set(map(plain, known)) for known in asked)]
    assert set.union(*groups[1:]) == set(words.asked_about)
    for at, group in enumerate(groups):
        assert all(word == plain(word) and word for word in group)
        assert not any(group & other for other in groups[at + 1 :])
    assert not set(words.types) & set(words.type_hints)


@pytest.mark.parametrize(
    ("cell", "meant"),
    [
        ("Reels", "REEL"),
        ("stories", "STORY"),
        ("Historia", "STORY"),
        ("Shorts", "SHORT"),
        ("Beitrag", "POST"),
        ("", None),
    ],
)
def test_the_usual_words_for_a_type_are_read(cell: str, meant: str | None) -> None:
    assert read_type(cell) == (PostType(meant) if meant else None, None)


@pytest.mark.parametrize(("cell", "likely"), [("Carousel", "POST"), ("photo", "POST"), ("Storry", "STORY")])
def test_a_word_that_may_be_a_type_is_asked_about(cell: str, likely: str) -> None:
    kind, problem = read_type(cell)
    assert kind is None
    assert problem is not None
    assert f"Did you mean {likely}?" in problem.message
