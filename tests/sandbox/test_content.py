"""The table of the 13 combinations, and what the API and the networks refuse about a post."""

from __future__ import annotations

import pytest

from batch.sandbox.content import CHANNELS, COMBINATIONS, INSIDE, OBJECTS, TYPES, network_refusal
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


def test_the_posts_of_an_account_have_one_second_id():
    second = {channel: {c.second_id for key, c in COMBINATIONS.items() if key[0] == channel} for channel in CHANNELS}
    assert {len(names) for names in second.values()} == {1}
    assert all("" not in second[channel] for channel in INSIDE)


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


IMAGE = {"type": "IMAGE", "url": "https://static.wixstatic.com/media/a.jpg"}
VIDEO = {"type": "VIDEO", "url": "https://video.wixstatic.com/video/a.mp4"}

API_LIMITS = [
    ("INSTAGRAM", "POST", "caption", 2200),
    ("PINTEREST", "POST", "title", 100),
    ("PINTEREST", "POST", "description", 800),
    ("GBP", "POST", "description", 1500),
    ("TIKTOK", "POST", "title", 90),
    ("TIKTOK", "POST", "description", 4000),
    ("TIKTOK", "VIDEO", "description", 2200),
]
NETWORK_LIMITS = [
    ("FACEBOOK", "POST", "caption", 63206),
    ("LINKEDIN", "POST", "caption", 3000),
    ("YOUTUBE", "VIDEO", "title", 100),
    ("YOUTUBE", "SHORT", "description", 5000),
    ("TWITTER", "POST", "caption", 280),
]


def content(item):
    return item[COMBINATIONS[(item["channel"]["name"], item["type"])].object]


@pytest.mark.parametrize(("channel", "kind", "field", "most"), API_LIMITS)
def test_a_text_may_have_exactly_as_many_characters_as_the_api_says(api, channel, kind, field, most):
    item = api.item(channel, kind)
    content(item)[field] = "é" * most
    assert list(content_violations(item)) == []
    content(item)[field] = "é" * (most + 1)
    assert [v.rule for v in content_violations(item)] == ["MAX_LENGTH"]


@pytest.mark.parametrize(("channel", "kind", "field", "most"), NETWORK_LIMITS)
def test_a_limit_of_the_network_alone_is_not_the_apis_business(api, channel, kind, field, most):
    item = api.item(channel, kind)
    content(item)[field] = "x" * (most + 1)
    assert list(content_violations(item)) == []
    assert str(most) in network_refusal(item)
    content(item)[field] = "x" * most
    assert network_refusal(item) == ""


def test_youtube_counts_the_bytes_of_a_description(api):
    item = api.item("YOUTUBE", "VIDEO")
    content(item)["description"] = "é" * 2501
    assert "5002 bytes" in network_refusal(item)


def test_30_hashtags_and_20_mentions_are_enough_on_instagram(api):
    item = api.item("INSTAGRAM")
    content(item)["caption"] = " ".join(f"#tag{n}" for n in range(30)) + " " + " ".join(f"@one{n}" for n in range(20))
    assert list(content_violations(item)) == []
    content(item)["caption"] += " #more @more"
    assert [v.description for v in content_violations(item)] == [
        "has 31 hashtags, at most 30 are allowed",
        "has 21 mentions, at most 20 are allowed",
    ]


@pytest.mark.parametrize(("channel", "kind"), [key for key, c in COMBINATIONS.items() if c.needs])
def test_a_post_without_what_it_needs_is_refused(api, channel, kind):
    item = api.item(channel, kind)
    kept = {"pageId", "channelId", "authorId", "boardId", "locationId", "privacyLevel"}
    item[COMBINATIONS[(channel, kind)].object] = {k: v for k, v in content(item).items() if k in kept}
    assert [v.rule for v in content_violations(item)] == ["REQUIRED_FIELD"]


@pytest.mark.parametrize(
    ("channel", "kind", "media"),
    [
        ("FACEBOOK", "REEL", [IMAGE]),
        ("TIKTOK", "POST", [VIDEO]),
        ("TIKTOK", "VIDEO", [IMAGE]),
        ("TIKTOK", "VIDEO", [VIDEO, VIDEO]),
        ("FACEBOOK", "REEL", [VIDEO, VIDEO]),
        ("INSTAGRAM", "POST", []),
        ("INSTAGRAM", "POST", [{"type": "AUDIO", "url": "https://a.example/a.mp3"}]),
        ("INSTAGRAM", "POST", [{"type": "IMAGE", "url": "file:///etc/passwd"}]),
        ("INSTAGRAM", "POST", [{"type": "IMAGE", "url": "https://a b.example/x.jpg"}]),
        ("INSTAGRAM", "POST", [{"type": "IMAGE"}]),
        ("INSTAGRAM", "POST", [{**IMAGE, "alt": "a vase"}]),
    ],
)
def test_media_that_do_not_fit_are_refused(api, channel, kind, media):
    item = api.item(channel, kind)
    content(item).pop("videoUrl", None)
    content(item)["mediaWrapper"] = {"media": media}
    assert list(content_violations(item))


def test_media_stand_in_one_field_only(api):
    item = api.item("INSTAGRAM")
    content(item)["imageUrl"] = IMAGE["url"]
    assert ["more than one" in v.description for v in content_violations(item)] == [True]


def test_a_single_medium_may_use_the_short_field(api):
    item = api.item("INSTAGRAM")
    item["instagramPost"] = {"videoUrl": VIDEO["url"]}
    assert list(content_violations(item)) == []


def test_the_network_counts_media_and_refuses_angle_brackets_on_youtube(api):
    item = api.item("INSTAGRAM")
    content(item)["mediaWrapper"]["media"] = [IMAGE] * 11
    assert list(content_violations(item)) == []
    assert "11 media" in network_refusal(item)
    video = api.item("YOUTUBE", "VIDEO")
    content(video)["title"] = "a < b"
    assert "refuses" in network_refusal(video)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"linkedinPost": None, "facebookPost": {"caption": "x", "pageId": "1"}}, "item"),
        ({"facebookPost": {"caption": "x"}}, "item"),
        ({"linkedinPost": {"caption": "x"}}, "item.linkedinPost.authorId"),
        ({"linkedinPost": {"caption": "x", "authorId": "y", "title": "no"}}, "item.linkedinPost.title"),
        ({"linkedinPost": {"caption": 7, "authorId": "y"}}, "item.linkedinPost.caption"),
        ({"linkedinPost": "text"}, "item.linkedinPost"),
    ],
)
def test_exactly_one_content_object_that_fits_is_needed(api, change, field):
    assert api.refused("POST", "/items", {"item": api.item() | change}) == (400, field)
