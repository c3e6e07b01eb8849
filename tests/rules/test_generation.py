from __future__ import annotations

import pytest

from batch.model import Channel, Generate, Generation, PostType
from batch.rules.channels import COMBINATIONS, Combination
from batch.rules.content import GENERATED_POSTS
from tests.rules.builders import Rules

CAPTION = {"generate": "caption", "prompt": "our mugs", "text": ""}
POST = {"generate": "post", "prompt": "our mugs", "text": "", "media": ""}
IMAGE = {"generate": "image", "prompt": "add snow"}


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_a_caption_is_generated_wherever_there_is_a_text(combination: Combination, rules: Rules) -> None:
    (post,) = rules.check(rules.row(combination, **CAPTION, tone="playful", language="DE"))
    if combination.channel is Channel.TWITTER:
        return
    assert rules.codes([post]) == ([] if combination.text.name else ["generate_not_offered"])
    assert post.generation == Generation(Generate.CAPTION, "our mugs", tone="playful", language="de")


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_whole_posts_are_generated_for_six_channels_and_for_no_other_type(
    combination: Combination, rules: Rules
) -> None:
    (post,) = rules.check(rules.row(combination, **POST))
    offered = combination.channel in GENERATED_POSTS and combination.type is PostType.POST
    assert ("generate_not_offered" in rules.codes([post])) is not offered
    if offered:
        assert rules.codes([post]) == []
        assert post.generation == Generation(Generate.POST, "our mugs")


def test_a_post_is_generated_from_something_on_the_site(rules: Rules) -> None:
    row = rules.row(rules.instagram, **POST) | {"prompt": "", "asset": "stores product: f1e4c0a2"}
    (post,) = rules.check(row)
    assert post.issues == ()
    assert post.generation == Generation(Generate.POST, asset_type="STORES_PRODUCT", asset_id="f1e4c0a2")


def test_a_picture_is_changed_where_there_is_one(rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, **IMAGE))
    assert post.issues == ()
    assert post.generation == Generation(Generate.IMAGE, "add snow")
    (video,) = rules.check(rules.row(rules.instagram, **IMAGE, media="clip.mp4"))
    assert rules.codes([video]) == ["source_missing"]
    (none,) = rules.check(rules.row(rules.instagram, **IMAGE, media=""))
    assert rules.codes([none]) == ["source_missing", "media_missing"]


def test_a_picture_is_not_changed_for_a_channel_of_videos(rules: Rules) -> None:
    youtube = COMBINATIONS[Channel.YOUTUBE, PostType.VIDEO]
    (post,) = rules.check(rules.row(youtube, **IMAGE))
    assert set(rules.codes([post])) == {"source_missing", "generate_not_offered"}


@pytest.mark.parametrize("kind", ["caption", "post", "image"])
def test_generating_needs_a_prompt(kind: str, rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, generate=kind, text=""))
    assert rules.codes([post]) == ["prompt_missing"]


@pytest.mark.parametrize("column", ["prompt", "asset", "tone", "language"])
def test_a_column_for_generating_counts_only_with_generate(column: str, rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, **{column: "de"}))
    assert [(issue.column, issue.code) for issue in post.issues] == [(column, "generate_blank")]
    assert post.errors == ()
    assert post.generation is None


def test_a_column_that_does_not_count_for_the_kind_is_said(rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, **CAPTION, asset="EVENT:1"))
    assert [(i.column, i.code) for i in post.issues] == [("asset", "generate_unused")]
    (post,) = rules.check(rules.row(rules.instagram, **POST, tone="dry", language="x"))
    assert [(i.column, i.code) for i in post.issues] == [("tone", "generate_unused"), ("language", "generate_unused")]


@pytest.mark.parametrize("kind", ["caption", "post"])
def test_a_text_that_is_there_and_one_to_be_generated_contradict_each_other(kind: str, rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, generate=kind, prompt="our mugs"))
    assert rules.codes([post]) == ["generate_and_text"]


def test_a_leftover_in_a_prompt_is_refused(rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, **(CAPTION | {"prompt": "write about {{product}}"})))
    assert [(i.column, i.code) for i in post.issues] == [("prompt", "placeholder")]
