from __future__ import annotations

import pytest

from batch.sandbox.content import COMBINATIONS
from batch.sandbox.schemas import content_violations
from tests.rig.options import Options

MADE_FOR = {"INSTAGRAM", "FACEBOOK", "LINKEDIN", "PINTEREST", "GBP", "TIKTOK"}
IMAGE = {"userInput": "make the sky warmer", "imageUrl": "https://static.wixstatic.com/media/a.jpg"}


def text(api, **body):
    return api.good("POST", "/generate-text", {"userInput": "a blue bowl for soup"} | body)["results"][0]


def test_the_same_request_gives_the_same_caption_and_another_another(api):
    assert text(api) == text(api)
    assert text(api) != text(api, tone="cheerful") != text(api, languageCode="de")
    assert "a blue bowl for soup" in text(api)["caption"]


def test_a_caption_has_at_most_1000_characters(api):
    assert len(text(api, userInput="bowl " * 2000)["caption"]) <= 1000


@pytest.mark.parametrize(("channel", "titled"), [("PINTEREST", True), ("YOUTUBE", True), ("INSTAGRAM", False)])
def test_a_title_comes_where_the_channel_has_one(api, channel, titled):
    assert ("title" in text(api, channelName=channel)) is titled


def test_what_is_to_be_added_is_added(api):
    more = {"url": "https://river.example/", "withHashtags": True, "addLinkInBio": True}
    caption = text(api, additionalContent=more)["caption"]
    assert all(part in caption for part in ("https://river.example/", "#blue", "Link in bio"))


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/generate-text", {}, "userInput"),
        ("/generate-text", {"userInput": "x", "channel": "GBP"}, "channel"),
        ("/generate-text", {"userInput": "x", "channelName": "MYSPACE"}, "channelName"),
        ("/generate-post-data", {}, "userInput"),
        ("/generate-post-data", {"userInput": "x", "channels": ["YOUTUBE"]}, "channels[0]"),
        ("/generate-post-data", {"siteAssets": [{"id": "a", "type": "CAR"}]}, "siteAssets[0].type"),
        ("/generate-post-data", {"siteAssets": [{"id": "a", "type": "EVENT"}] * 2}, "siteAssets"),
        ("/generate-image", {"userInput": "x"}, "imageUrl"),
    ],
)
def test_a_request_that_is_wrong_is_refused_by_its_field(api, path, body, field):
    assert api.refused("POST", path, body) == (400, field)


def test_posts_are_made_for_the_channels_that_have_them(api):
    results = api.good("POST", "/generate-post-data", {"userInput": "a blue bowl"})["results"]
    assert {r["channelName"] for r in results} == MADE_FOR


@pytest.mark.parametrize("channel", sorted(MADE_FOR))
def test_a_made_post_lacks_only_what_the_account_adds(api, channel):
    asset = {"siteAssets": [{"id": "p-1", "type": "STORES_PRODUCT"}], "channels": [channel]}
    [result] = api.good("POST", "/generate-post-data", asset)["results"]
    name = COMBINATIONS[(channel, "POST")].object
    item = {"channel": {"name": channel}, "type": "POST", name: result[name]}
    missing = {v.field.rsplit(".", 1)[1] for v in content_violations(item)}
    own = {"FACEBOOK": {"pageId"}, "LINKEDIN": {"authorId"}, "PINTEREST": {"boardId"}, "GBP": {"locationId"}}
    assert missing == own.get(channel, {"privacyLevel"} if channel == "TIKTOK" else set())


def test_the_pictures_given_are_the_pictures_used(api):
    media = [{"type": "IMAGE", "url": "https://static.wixstatic.com/media/a.jpg"}]
    body = {"userInput": "x", "media": media, "channels": ["GBP"]}
    assert api.good("POST", "/generate-post-data", body)["results"][0]["gbpPost"]["mediaWrapper"] == {"media": media}


@pytest.mark.parametrize("polls", [1, 3])
def test_a_picture_is_in_progress_for_some_polls_and_then_ready(make_api, polls):
    api = make_api(Options(image_polls=polls, extra_fields=False))
    asked = api.good("POST", "/generate-image", IMAGE)
    assert asked["status"] == "OK"
    answers = [api.good("GET", f"/generated-image/{asked['executionId']}") for _ in range(polls + 1)]
    assert [a["status"] for a in answers] == ["IN_PROGRESS"] * (polls - 1) + ["READY"] * 2
    assert answers[-1]["imageUrl"].startswith("https://static.wixstatic.com/media/")
    assert answers[-1]["fileId"]


def test_a_picture_may_fail_or_not_exist(make_api):
    api = make_api(Options(image_polls=1, extra_fields=False))
    asked = api.good("POST", "/generate-image", IMAGE | {"userInput": "sandbox-fail"})
    assert api.good("GET", f"/generated-image/{asked['executionId']}") == {"status": "FAILED"}
    assert api.refused("GET", "/generated-image/none") == (404, "GENERATED_IMAGE_NOT_FOUND")


def test_the_ai_tools_stand_in_the_way_only_where_the_options_say_so(api):
    api.service.seed(plan="free")
    text(api)
    api.service.set_options(ai_tools_needed=True)
    assert api.refused("POST", "/generate-text", {"userInput": "x"}) == (428, "INELIGIBLE_FOR_FEATURE")
