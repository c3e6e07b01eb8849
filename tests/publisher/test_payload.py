"""Writing is strict, reading lenient, and what was written is read back the same."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Account, Act, Channel, Content, Item, Medium, PostType, Step, StepKind
from batch.publisher.payload import (
    SHAPES,
    make_item,
    make_update,
    media_kind,
    read_account,
    read_date,
    read_generated,
    read_item,
    with_date,
    write_date,
)

IMAGE = "https://static.wixstatic.com/media/a~mv2.jpg"
VIDEO = "https://video.wixstatic.com/video/b/file.mp4"
AT = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
PAIRS = sorted(SHAPES)

EXPECTED: dict[tuple[str, str], dict[str, Any]] = {
    ("INSTAGRAM", "POST"): {"instagramPost": {"caption": "T", "mediaWrapper": "I"}},
    ("INSTAGRAM", "STORY"): {"instagramStory": {"mediaWrapper": "I"}},
    ("FACEBOOK", "POST"): {"facebookPost": {"caption": "T", "link": "L", "pageId": "2", "mediaWrapper": "I"}},
    ("FACEBOOK", "REEL"): {"facebookReel": {"description": "T", "pageId": "2", "mediaWrapper": "V"}},
    ("FACEBOOK", "STORY"): {"facebookStory": {"pageId": "2", "mediaWrapper": "I"}},
    ("YOUTUBE", "VIDEO"): {"youtubeVideo": {"description": "T", "title": "H", "channelId": "2", "videoUrl": VIDEO}},
    ("YOUTUBE", "SHORT"): {"youtubeShort": {"description": "T", "title": "H", "channelId": "2", "videoUrl": VIDEO}},
    ("LINKEDIN", "POST"): {
        "linkedinPost": {"caption": "T\n \nhttps://e.example/l", "authorId": "2", "mediaWrapper": "I"}
    },
    ("TWITTER", "POST"): {"twitterPost": {"caption": "T", "link": "L", "mediaWrapper": "I"}},
    ("PINTEREST", "POST"): {
        "pinterestPost": {"description": "T", "title": "H", "link": "L", "boardId": "2", "mediaWrapper": "I"}
    },
    ("GBP", "POST"): {"gbpPost": {"description": "T", "callToAction": "SHOP", "locationId": "2", "mediaWrapper": "I"}},
    ("TIKTOK", "POST"): {
        "tiktokPhoto": {"description": "T", "title": "H", "privacyLevel": "SELF_ONLY", "mediaWrapper": "I"}
    },
    ("TIKTOK", "VIDEO"): {"tiktokVideo": {"description": "T", "privacyLevel": "SELF_ONLY", "mediaWrapper": "V"}},
}
WRAPPERS = {
    "I": {"media": [{"type": "IMAGE", "url": IMAGE}]},
    "V": {"media": [{"type": "VIDEO", "url": VIDEO}]},
    "L": "https://e.example/l",
}


def filled(pair: tuple[str, str], **changed: Any) -> Step:
    """A step whose content holds every field that its combination takes."""
    shape = SHAPES[pair]
    fields = dict(shape.fields)
    url, kind = (VIDEO, "VIDEO") if shape.kind == "VIDEO" else (IMAGE, "IMAGE")
    content = Content(
        text="T" if shape.text else "",
        title="H" if "title" in fields else "",
        media=(Medium(url, kind, url, url),),
        link="https://e.example/l" if "link" in fields or pair[0] == "LINKEDIN" else "",
        call_to_action="SHOP" if "call_to_action" in fields else "",
        privacy="SELF_ONLY" if "privacy" in fields else "",
        target_id="2" if shape.target else "",
    )
    values: dict[str, Any] = {
        "row": 2, "key": "k", "reference": "k~2", "site": "s", "channel": pair[0], "type": pair[1],
        "kind": StepKind.SCHEDULE, "reason": "", "acts": (Act.CREATE,), "account_id": "1", "content": content,
    }  # fmt: skip
    return Step(**{**values, **changed})


def test_every_combination_is_written_in_its_own_words() -> None:
    assert set(EXPECTED) == set(SHAPES)
    for pair in PAIRS:
        ((name, fields),) = EXPECTED[pair].items()
        content = {field: WRAPPERS.get(value, value) for field, value in fields.items()}
        assert make_item(filled(pair)) == {
            "channel": {"name": pair[0], "accountId": "1"},
            "type": pair[1],
            name: content,
            "referenceId": "k~2",
            "consumerInfo": {"name": "postbatch"},
        }
        assert make_update(filled(pair, item_id="id-1", at=AT)) == {"id": "id-1", name: content}


@pytest.mark.parametrize("pair", PAIRS, ids="/".join)
def test_what_is_written_is_read_back_the_same(pair: tuple[str, str]) -> None:
    step = filled(pair)
    sent = {**with_date(make_item(step), AT), "id": "id-1", "status": "SCHEDULED"}
    assert read_item(sent) == Item(
        id="id-1", channel=pair[0], type=pair[1], status="SCHEDULED", account_id="1", reference="k~2",
        scheduled_at=AT, content=step.content,
    )  # fmt: skip


@pytest.mark.parametrize("pair", PAIRS, ids="/".join)
def test_an_empty_field_is_never_written(pair: tuple[str, str]) -> None:
    (name,) = EXPECTED[pair]
    assert make_item(filled(pair, content=Content(), reference=""))[name] == {}
    assert "referenceId" not in make_item(filled(pair, reference=""))


def test_an_item_that_is_made_has_no_date_but_by_with_date() -> None:
    item = make_item(filled(("FACEBOOK", "POST"), at=AT))
    assert "schedulingInfo" not in item
    assert with_date(item, AT) == {**item, "schedulingInfo": {"scheduledDate": "2026-12-01T08:30:00Z"}}
    assert "schedulingInfo" not in make_update(filled(("FACEBOOK", "POST"), at=AT, item_id="a"))


def test_the_second_id_of_the_step_counts_where_the_content_has_none() -> None:
    step = filled(("PINTEREST", "POST"), content=Content(text="T"), target_id="board-7")
    assert make_item(step)["pinterestPost"] == {"description": "T", "boardId": "board-7"}


def test_media_keep_their_order_and_prefer_their_place_in_the_media_manager() -> None:
    media = (Medium("a.jpg", "IMAGE", IMAGE), Medium(VIDEO), Medium("https://e.example/c.png"))
    written = make_item(filled(("FACEBOOK", "POST"), content=Content(media=media)))["facebookPost"]["mediaWrapper"][
        "media"
    ]
    assert written == [
        {"type": "IMAGE", "url": IMAGE},
        {"type": "VIDEO", "url": VIDEO},
        {"type": "IMAGE", "url": "https://e.example/c.png"},
    ]


def test_two_videos_for_youtube_are_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        make_item(filled(("YOUTUBE", "VIDEO"), content=Content(media=(Medium(VIDEO), Medium(VIDEO)))))


@pytest.mark.parametrize(
    ("medium", "only", "kind"),
    [
        (Medium("x", "VIDEO"), "", "VIDEO"),
        (Medium("x.mp4", "IMAGE"), "", "IMAGE"),
        (Medium("x.jpg", "IMAGE"), "VIDEO", "VIDEO"),
        (Medium("https://video.wixstatic.com/video/x/file"), "", "VIDEO"),
        (Medium("https://e.example/A.MOV?x=1"), "", "VIDEO"),
        (Medium("https://e.example/a"), "", "IMAGE"),
    ],
)
def test_the_kind_of_a_medium(medium: Medium, only: str, kind: str) -> None:
    assert media_kind(medium, only) == kind


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (AT, "2026-12-01T08:30:00Z"),
        (datetime(2026, 12, 1, 9, 30, tzinfo=timezone(timedelta(hours=1))), "2026-12-01T08:30:00Z"),
        (datetime(2026, 12, 1, 8, 30, 5, 250_000, tzinfo=UTC), "2026-12-01T08:30:05.250Z"),
    ],
)
def test_dates_are_written_in_utc(at: datetime, written: str) -> None:
    assert write_date(at) == written


def test_a_date_without_a_zone_is_never_written() -> None:
    with pytest.raises(ValueError, match="zone"):
        write_date(datetime(2026, 12, 1, 8, 30))  # noqa: DTZ001 - that is the mistake


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-12-01T08:30:00Z", AT),
        ("2026-12-01T08:30:00.000Z", AT),
        ("2026-12-01T08:30:00.123456789Z", AT.replace(microsecond=123456)),
        ("2026-12-01T09:30:00+01:00", AT),
        ("2026-12-01T08:30Z", AT),
        ("2026-12-01T08:30:00", AT),
        (" 2026-12-01 08:30:00Z ", AT),
        ("", None),
        ("soon", None),
        ("0001-01-01T00:00:00+14:00", None),
        (None, None),
        (1764577800, None),
        (["2026-12-01T08:30:00Z"], None),
    ],
)
def test_dates_are_read_leniently_as_utc(text: Any, at: datetime | None) -> None:
    assert read_date(text) == at


@given(st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_a_date_survives_the_way_there_and_back_to_the_second(at: datetime) -> None:
    at = at.replace(microsecond=0)
    assert read_date(write_date(at)) == at


@pytest.mark.parametrize(
    ("content", "media"),
    [
        ({"imageUrl": IMAGE}, (Medium(IMAGE, "IMAGE", IMAGE, IMAGE),)),
        ({"videoUrl": VIDEO}, (Medium(VIDEO, "VIDEO", VIDEO, VIDEO),)),
        ({"mediaWrapper": {"media": [{"type": "IMAGE", "url": IMAGE}]}}, (Medium(IMAGE, "IMAGE", IMAGE, IMAGE),)),
        ({"mediaWrapper": {"media": [{"type": "IMAGE"}, {"url": ""}, 7, None]}}, ()),
        ({"mediaWrapper": {"media": "x"}}, ()),
        ({"mediaWrapper": None, "imageUrl": 7}, ()),
    ],
)
def test_the_three_ways_to_name_media_become_one(content: dict[str, Any], media: tuple[Medium, ...]) -> None:
    assert read_item({"id": "a", "instagramPost": content}).content.media == media


def test_an_item_is_read_by_whichever_content_it_holds() -> None:
    item = read_item({"id": "a", "facebookPost": {"caption": "hello", "pageId": "p"}})
    assert (item.channel, item.type, item.content) == ("FACEBOOK", "POST", Content(text="hello", target_id="p"))


def test_unknown_words_are_kept_and_unknown_fields_ignored() -> None:
    item = read_item(
        {"id": "a", "status": "ARCHIVED", "channel": {"name": "THREADS"}, "type": "NOTE", "threadsPost": {}}
    )
    assert (item.status, item.channel, item.type, item.content) == ("ARCHIVED", "THREADS", "NOTE", Content())


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (None, ""),
        ("too long", "too long"),
        ({"code": "E1", "description": "too long"}, "E1: too long"),
        ({"errorCode": "E1", "message": "E1"}, "E1"),
        ({"x": 1}, "the channel gave no reason"),
        ([], ""),
    ],
)
def test_why_an_item_failed_is_read_in_any_form(error: Any, text: str) -> None:
    assert read_item({"id": "a", "publicationError": error}).error == text


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["id", "channel", "name", "accountId", "type", "facebookPost", "linkedinPost", "mediaWrapper",
                         "media", "url", "schedulingInfo", "scheduledDate", "publicationError", "settings", "facebook",
                         "page", "tiktok", "privacyLevelOptions", "channelName"]), inner, max_size=5),
    max_leaves=25,
)  # fmt: skip


@given(st.dictionaries(st.text(max_size=12), JSONS) | JSONS.filter(lambda v: isinstance(v, dict)))
def test_no_shape_of_an_answer_is_a_traceback(data: dict[str, Any]) -> None:
    assert isinstance(read_item(data), Item)
    read_generated(data)
    for channel in Channel:
        read_account(data, channel)


ACCOUNTS = [
    (
        Channel.INSTAGRAM,
        {"channelName": "INSTAGRAM", "instagram": {"id": "17", "username": "pots", "settings": {"default": True}}},
        Account(Channel.INSTAGRAM, "17", "pots", default=True),
    ),
    (
        Channel.FACEBOOK,
        {"facebook": {"id": "10", "displayName": "Jane", "page": {"id": "20", "displayName": "Pots"}}},
        Account(Channel.FACEBOOK, "10", "Jane", "20", "Pots"),
    ),
    (Channel.YOUTUBE, {"youtube": {"id": "UC1"}}, Account(Channel.YOUTUBE, "UC1", target_id="UC1")),
    (
        Channel.LINKEDIN,
        {"linkedin": {"id": "urn:li:person:1"}},
        Account(Channel.LINKEDIN, "urn:li:person:1", target_id="urn:li:person:1"),
    ),
    (Channel.TWITTER, {"twitter": {"id": "9"}}, Account(Channel.TWITTER, "9")),
    (
        Channel.PINTEREST,
        {"pinterest": {"id": "p", "board": {"id": "b", "name": "Ideas"}}, "settings": {"default": True}},
        Account(Channel.PINTEREST, "p", "", "b", "Ideas", default=True),
    ),
    (
        Channel.GBP,
        {"gbp": {"id": "g", "location": {"id": "l", "title": "Shop"}}},
        Account(Channel.GBP, "g", "", "l", "Shop"),
    ),
    (
        Channel.TIKTOK,
        {"tiktok": {"id": "t", "privacyLevelOptions": ["SELF_ONLY", 7, "PUBLIC_TO_EVERYONE"]}},
        Account(Channel.TIKTOK, "t", privacy_options=("SELF_ONLY", "PUBLIC_TO_EVERYONE")),
    ),
]


@pytest.mark.parametrize(
    ("channel", "data", "account"), ACCOUNTS, ids=lambda v: str(v) if isinstance(v, Channel) else ""
)
def test_each_channel_s_account_is_read_under_its_own_key(
    channel: Channel, data: dict[str, Any], account: Account
) -> None:
    assert read_account(data, channel) == account


def test_every_channel_has_an_account_shape_and_an_example() -> None:
    assert {channel for channel, _, _ in ACCOUNTS} == set(Channel)


@pytest.mark.parametrize("data", [{}, {"facebook": {}}, {"instagram": {"username": "x"}}, {"facebook": {"id": "1"}}])
def test_an_entry_without_an_account_of_the_channel_is_none(data: dict[str, Any]) -> None:
    assert read_account(data, Channel.INSTAGRAM) is None


def test_generated_content_is_read_with_its_channel() -> None:
    data = {"channelName": "GBP", "gbpPost": {"description": "hello", "callToAction": "SHOP"}}
    assert read_generated(data) == ("GBP", Content(text="hello", call_to_action="SHOP"))
    assert read_generated({"channelName": "GBP"}) is None


@pytest.mark.parametrize(
    ("content", "caption"),
    [
        (Content(text="T", link="https://e.example"), "T\n \nhttps://e.example"),
        (Content(link="https://e.example"), "https://e.example"),
        (Content(text="T\n\nhttps://e.example"), "T\n\nhttps://e.example"),
        (Content(text="T"), "T"),
    ],
)
def test_a_linkedin_link_closes_the_caption_and_is_told_apart_again(content: Content, caption: str) -> None:
    written = make_item(filled(("LINKEDIN", "POST"), content=content))
    assert written["linkedinPost"] == {"caption": caption}
    assert read_item(written).content == content


def test_post_types_and_channels_are_written_as_plain_text() -> None:
    item = make_item(filled((Channel.FACEBOOK, PostType.POST)))
    assert type(item["type"]) is str
    assert type(item["channel"]["name"]) is str
