from __future__ import annotations

import pytest

from batch.sandbox.content import CHANNELS, COMBINATIONS, CONNECTED, OBJECTS, TYPES
from batch.sandbox.schemas import content_model, content_violations

EXISTING = {
    "INSTAGRAM": {"POST", "STORY"},
    "FACEBOOK": {"POST", "REEL", "STORY"},
    "YOUTUBE": {"VIDEO", "SHORT"},
    "LINKEDIN": {"POST"},
    "TWITTER": {"POST"},
    "PINTEREST": {"POST"},
    "GBP": {"POST"},
    "TIKTOK": {"POST", "VIDEO"},
}


def test_the_table_has_the_13_combinations_and_no_other():
    assert {c: {t for d, t in COMBINATIONS if d == c} for c in CHANNELS} == EXISTING
    assert len(COMBINATIONS) == 13


def test_each_combination_has_a_content_object_of_its_own():
    assert len(OBJECTS) == len(COMBINATIONS)


def test_every_channel_has_an_account_shape():
    assert set(CONNECTED) == set(CHANNELS)


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("instagramPost", {"caption", "imageUrl", "videoUrl", "mediaWrapper"}),
        ("instagramStory", {"mediaWrapper"}),
        ("facebookPost", {"caption", "pageId", "link", "linkMetadata", "imageUrl", "videoUrl", "mediaWrapper"}),
        ("facebookReel", {"description", "pageId", "videoUrl", "mediaWrapper"}),
        ("facebookStory", {"pageId", "mediaWrapper"}),
        ("youtubeVideo", {"description", "title", "channelId", "videoUrl"}),
        ("youtubeShort", {"description", "title", "channelId", "videoUrl"}),
        ("linkedinPost", {"caption", "authorId", "linkMetadata", "mediaWrapper"}),
        ("twitterPost", {"caption", "link", "imageUrl", "videoUrl", "mediaWrapper"}),
        ("pinterestPost", {"description", "title", "boardId", "link", "mediaWrapper"}),
        ("gbpPost", {"description", "locationId", "callToAction", "mediaWrapper"}),
        ("tiktokPhoto", {"description", "title", "privacyLevel", "mediaWrapper"}),
        ("tiktokVideo", {"description", "privacyLevel", "mediaWrapper"}),
    ],
)
def test_a_content_object_has_exactly_its_documented_fields(name, fields):
    assert set(content_model(name).model_fields) == fields


def test_the_good_items_of_these_tests_cover_the_table(combinations):
    assert set(combinations) == set(COMBINATIONS)


@pytest.mark.parametrize("channel", CHANNELS)
@pytest.mark.parametrize("kind", TYPES)
def test_each_pair_of_channel_and_type_is_taken_or_refused_as_the_table_says(api, channel, kind):
    if (channel, kind) in COMBINATIONS:
        assert list(content_violations(api.item(channel, kind))) == []
    else:
        first = next(key for key in COMBINATIONS if key[0] == channel)
        item = api.item(*first) | {"type": kind}
        assert [v.field for v in content_violations(item)] == ["item.type"]
