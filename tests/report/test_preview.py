from __future__ import annotations

from dataclasses import replace

import pytest

from batch.model import Content, Medium, Outcome
from batch.report.preview import DRAWINGS, Card, make_preview
from batch.report.words import BUTTON_NAMES
from batch.rules.channels import CALLS_TO_ACTION, COMBINATIONS
from tests.report.launch_week import launch_week


def outcome(channel: str = "FACEBOOK", type_: str = "POST", account: str = "Tidal", **content: object) -> Outcome:
    like = launch_week().outcomes[0]
    return replace(like, channel=channel, type=type_, account=account, content=Content(**content))  # type: ignore[arg-type]


def test_every_combination_has_a_drawing_and_every_call_to_action_a_button():
    assert set(DRAWINGS) == set(map(" ".join, COMBINATIONS))
    assert set(BUTTON_NAMES) == set(CALLS_TO_ACTION.values)


def test_a_row_without_a_channel_is_drawn_as_a_note():
    assert make_preview(outcome("", ""), pictures={}).frame == "note"
    assert make_preview(outcome("MYSPACE", "POST"), pictures={}).frame == "note"


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("kiln/tidal 01.jpg", "tidal 01.jpg"),
        ("kiln\\tidal-01.jpg", "tidal-01.jpg"),
        ("https://example.com/a/b%20c.png?w=3#x", "b c.png"),
        ("https://example.com/", "example.com"),
        ("100%.jpg", "100%.jpg"),
        ("", ""),
    ],
)
def test_a_picture_goes_by_the_name_that_people_know(source, name):
    assert make_preview(outcome(media=(Medium(source),)), pictures={}).pictures[0].name == name


@pytest.mark.parametrize(
    ("medium", "type_", "video"),
    [
        (Medium("a.mp4"), "POST", True),
        (Medium("a.jpg"), "POST", False),
        (Medium("a.jpg", "VIDEO"), "POST", True),
        (Medium("a.mp4", "IMAGE"), "POST", False),
        (Medium("https://example.com/1"), "REEL", True),
    ],
)
def test_a_medium_is_a_video_by_what_is_known_of_it(medium, type_, video):
    assert make_preview(outcome(type_=type_, media=(medium,)), pictures={}).pictures[0].is_video is video


def test_media_are_counted_by_kind():
    media = (Medium("a.jpg"), Medium("b.mp4"), Medium("c.jpg"))
    assert make_preview(outcome(media=media), pictures={}).media_words == "2 pictures, 1 video"
    assert make_preview(outcome(), pictures={}).media_words == ""


@pytest.mark.parametrize(
    ("link", "card"),
    [
        ("", None),
        (
            "https://www.tidal.example/shop?a=1",
            Card("tidal.example", "tidal.example/shop?a=1", "https://www.tidal.example/shop?a=1"),
        ),
        ("javascript:alert(1)", Card("", "javascript:alert(1)", "")),
    ],
)
def test_a_link_becomes_a_card_and_only_a_web_address_can_be_followed(link, card):
    assert make_preview(outcome(link=link), pictures={}).card == card


def test_the_name_above_a_post_is_the_account_or_says_whose_it_will_be():
    assert make_preview(outcome(account="élan"), pictures={}).initial == "É"
    default = make_preview(outcome(account=""), pictures={})
    assert (default.name, default.initial) == ("Your Facebook account", "Y")
    assert make_preview(outcome(account="🏺"), pictures={}).initial == "Fb"


@pytest.mark.parametrize(
    ("channel", "type_", "content", "counts"),
    [
        ("INSTAGRAM", "POST", {"text": "a" * 2201}, [("Caption", 2201, 2200, True)]),
        (
            "PINTEREST",
            "POST",
            {"text": "abc", "title": "de"},
            [("Description", 3, 800, False), ("Title", 2, 100, False)],
        ),
        ("TWITTER", "POST", {"text": "日本"}, [("Caption", 4, 280, False)]),
        ("YOUTUBE", "VIDEO", {"text": "é"}, [("Description", 2, 5000, False)]),
        ("INSTAGRAM", "STORY", {"text": "never sent"}, []),
        ("", "", {"text": "a"}, []),
    ],
)
def test_what_is_used_of_each_limit_is_counted_as_the_channel_counts(channel, type_, content, counts):
    made = make_preview(outcome(channel, type_, **content), pictures={})
    assert [(c.label, c.used, c.limit, c.over) for c in made.counts] == counts
