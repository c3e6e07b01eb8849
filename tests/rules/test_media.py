"""What media each channel takes, over the whole table, from facts alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from batch.model import Action, Channel, Content, Issue, Medium, Post, PostType, Severity
from batch.rules.channels import COMBINATIONS, Combination, FileLimits
from batch.rules.media import MediaFacts, check_media, readable_ratio, readable_seconds, readable_size
from tests.rules.builders import CODES, MEDIA_CODES

JPEG = MediaFacts(
    "pic.jpg", sha256="ab" * 32, size_bytes=900_000, mime="image/jpeg", kind="IMAGE", width=1080, height=1080
)
CLIP = MediaFacts(
    "clip.mp4",
    sha256="cd" * 32,
    size_bytes=9_000_000,
    mime="video/mp4",
    kind="VIDEO",
    width=1080,
    height=1920,
    duration_seconds=20.0,
    codec="H.264",
)


def post(*sources: str, channel: Channel | None = Channel.INSTAGRAM, type: PostType | None = PostType.POST) -> Post:  # noqa: A002 - the model's own name
    return Post(
        row=7,
        key="spring-01",
        site="",
        channel=channel,
        type=type,
        content=Content(media=tuple(Medium(source=source) for source in sources)),
    )


def checked(
    *facts: MediaFacts,
    channel: Channel | None = Channel.INSTAGRAM,
    type: PostType | None = PostType.POST,  # noqa: A002 - as above
) -> Post:
    named = {fact.path: fact for fact in facts}
    return check_media(post(*named, channel=channel, type=type), named)


def codes(done: Post) -> list[str]:
    return [issue.code for issue in done.issues]


def test_a_file_becomes_known_by_its_content() -> None:
    done = checked(JPEG)
    assert done.issues == ()
    assert done.content.media == (Medium("pic.jpg", kind="IMAGE", identity="sha256:" + "ab" * 32, size_bytes=900_000),)


def test_an_address_becomes_known_by_itself() -> None:
    source = "https://drive.google.com/file/d/1AbCdEfGhIjKlMnOp/view#image"
    assert check_media(post(source), {}).content.media == (
        Medium(source, kind="IMAGE", identity="https://drive.google.com/uc?export=download&id=1AbCdEfGhIjKlMnOp"),
    )


def test_the_media_managers_own_address_is_there_already() -> None:
    source = "https://static.wixstatic.com/media/ab~mv2.png"
    done = check_media(post(source), {})
    assert done.issues == ()
    assert done.content.media == (Medium(source, kind="IMAGE", url=source, identity=source),)


def test_an_address_that_does_not_tell_is_taken_for_a_picture_and_said() -> None:
    done = check_media(post("https://example.com/asset/1"), {})
    assert done.content.media[0].kind == "IMAGE"
    assert [(i.code, i.severity) for i in done.issues] == [("media_kind_assumed", Severity.WARNING)]


@pytest.mark.parametrize(
    ("channel", "kind", "type"),
    [
        (Channel.YOUTUBE, "VIDEO", PostType.VIDEO),
        (Channel.FACEBOOK, "VIDEO", PostType.REEL),
        (Channel.TIKTOK, "IMAGE", PostType.POST),
    ],
)
def test_where_only_one_kind_can_be_meant_it_is_that(channel: Channel, kind: str, type: PostType) -> None:  # noqa: A002 - as above
    done = check_media(post("https://example.com/asset/1", channel=channel, type=type), {})
    assert (done.content.media[0].kind, done.issues) == (kind, ())


def test_a_refused_entry_is_an_error_that_quotes_it() -> None:
    done = check_media(post("../../etc/passwd", "http://127.0.0.1/pic.jpg"), {})
    assert [(i.row, i.column, i.code, i.seen, i.severity) for i in done.issues] == [
        (7, "media", "media_refused", "../../etc/passwd", Severity.ERROR),
        (7, "media", "media_refused", "http://127.0.0.1/pic.jpg", Severity.ERROR),
    ]
    assert "“../../etc/passwd” can't be sent: it leaves the folder" in done.issues[0].message
    assert done.content.media[0].identity == ""


def test_a_file_that_was_never_read_is_an_error() -> None:
    assert codes(check_media(post("pic.jpg"), {})) == ["media_unreadable"]


def test_a_files_own_problem_is_told_and_nothing_else_of_it() -> None:
    broken = replace(
        JPEG, width=1, height=500, problem="the file is cut off; copy it again", problem_code="media_broken"
    )
    done = checked(broken)
    assert [(i.code, i.severity) for i in done.issues] == [("media_broken", Severity.ERROR)]
    assert done.issues[0].message == "pic.jpg can't be sent: the file is cut off; copy it again."


def test_what_could_not_be_looked_at_is_a_warning() -> None:
    done = checked(replace(CLIP, width=0, height=0, duration_seconds=None, note="its length was not checked"))
    assert [(i.code, i.severity) for i in done.issues] == [("media_unchecked", Severity.WARNING)]


def facts_of_kind(kind: str) -> MediaFacts:
    return JPEG if kind == "IMAGE" else CLIP


EACH = list(COMBINATIONS.values())


@pytest.mark.parametrize("combination", EACH, ids=lambda c: c.name)
def test_each_combination_takes_its_kinds_and_no_other(combination: Combination) -> None:
    for kind in ("IMAGE", "VIDEO"):
        done = checked(facts_of_kind(kind), channel=combination.channel, type=combination.type)
        takes = kind in combination.media.kinds.values
        assert ("media_kind" in codes(done)) is not takes
        if not takes:
            severity = Severity.ERROR if combination.media.kinds.documented else Severity.WARNING
            assert [i.severity for i in done.issues if i.code == "media_kind"] == [severity]


@pytest.mark.parametrize("combination", EACH, ids=lambda c: c.name)
def test_each_combination_takes_so_many_and_no_more(combination: Combination) -> None:
    rule = combination.media
    one = facts_of_kind(rule.kinds.values[0])
    most = int(rule.most.value)
    for count in (most, most + 1):
        named = {f"{n}": replace(one, path=f"{n}", sha256=f"{n:064}") for n in range(count)}
        done = check_media(post(*named, channel=combination.channel, type=combination.type), named)
        found = [i.severity for i in done.issues if i.code == "media_too_many"]
        severity = Severity.ERROR if rule.most.documented else Severity.WARNING
        assert found == ([severity] if count > most else [])


BREAKING = {
    "max_bytes": ("media_too_large", lambda limit: {"size_bytes": int(limit) + 1}),
    "min_width": ("media_too_small", lambda limit: {"width": int(limit) - 1, "height": int(limit) - 1}),
    "smallest_side": ("media_too_small", lambda limit: {"width": 2 * int(limit), "height": int(limit) - 1}),
    "min_ratio": ("media_ratio", lambda limit: {"width": 10_000, "height": int(10_000 / limit * 1.03) + 1}),
    "max_ratio": ("media_ratio", lambda limit: {"width": int(10_000 * limit * 1.03) + 1, "height": 10_000}),
    "min_seconds": ("media_too_short", lambda limit: {"duration_seconds": limit * 0.9}),
    "max_seconds": ("media_too_long", lambda limit: {"duration_seconds": limit * 1.1}),
}
"""For each limit of a file: the code, and facts that break it."""

LIMITS = [
    (combination, kind, name)
    for combination in EACH
    for kind, limits in (("IMAGE", combination.media.image), ("VIDEO", combination.media.video))
    if limits
    for name in BREAKING
    if getattr(limits, name)
]


def test_every_limit_of_a_file_has_a_breaking_example() -> None:
    assert set(BREAKING) == {name for name in FileLimits.__dataclass_fields__ if name not in ("source", "formats")}


@pytest.mark.parametrize(("combination", "kind", "name"), LIMITS, ids=lambda part: getattr(part, "name", part))
def test_each_limit_of_each_file_is_held(combination: Combination, kind: str, name: str) -> None:
    limits = combination.media.image if kind == "IMAGE" else combination.media.video
    limit = getattr(limits, name)
    code, breaking = BREAKING[name]
    done = checked(replace(facts_of_kind(kind), **breaking(limit)), channel=combination.channel, type=combination.type)
    (found,) = [i for i in done.issues if i.code == code]
    assert found.severity is (Severity.ERROR if limits.source.documented else Severity.WARNING)
    assert "{" not in found.message
    assert combination.name in found.message


@pytest.mark.parametrize("combination", EACH, ids=lambda c: c.name)
def test_each_combination_takes_its_formats_and_warns_of_others(combination: Combination) -> None:
    for kind, limits in (("IMAGE", combination.media.image), ("VIDEO", combination.media.video)):
        if limits is None:
            continue
        for mime in limits.formats:
            done = checked(replace(facts_of_kind(kind), mime=mime), channel=combination.channel, type=combination.type)
            assert "media_format" not in codes(done)
        odd = "image/avif" if kind == "IMAGE" else "video/x-matroska"
        done = checked(replace(facts_of_kind(kind), mime=odd), channel=combination.channel, type=combination.type)
        assert "media_format" in codes(done)


def test_a_moving_picture_where_only_still_ones_show_is_said_once() -> None:
    moving = replace(JPEG, mime="image/gif", animated=True)
    assert codes(checked(moving)) == ["media_animated"]
    assert codes(checked(moving, channel=Channel.FACEBOOK)) == []
    assert codes(checked(replace(moving, animated=False))) == ["media_format"]


def test_the_format_of_an_address_is_judged_by_its_ending() -> None:
    assert codes(check_media(post("https://example.com/pic.gif"), {})) == ["media_format"]


def test_a_codec_for_editing_is_said() -> None:
    assert codes(checked(replace(CLIP, codec="ProRes"))) == ["media_codec"]


def test_pictures_and_videos_together_are_told_where_they_do_not_mix() -> None:
    assert codes(checked(JPEG, CLIP)) == []
    assert codes(checked(JPEG, CLIP, channel=Channel.LINKEDIN)) == ["media_mixed"]


def test_two_videos_where_one_shows_are_told() -> None:
    other = replace(CLIP, path="other.mp4", sha256="ef" * 32)
    assert codes(checked(CLIP, other, channel=Channel.LINKEDIN)) == ["media_too_many"]


def test_the_same_content_under_two_names_is_the_same_medium() -> None:
    assert codes(checked(JPEG, replace(JPEG, path="copy.jpg"))) == ["media_twice"]


def test_a_ratio_that_is_off_by_a_rounded_pixel_passes() -> None:
    assert codes(checked(replace(JPEG, width=1080, height=1350))) == []
    assert codes(checked(replace(JPEG, width=1080, height=1351))) == []
    assert codes(checked(replace(JPEG, width=1080, height=1400))) == ["media_ratio"]


def test_the_message_names_file_measure_limit_and_remedy() -> None:
    (issue,) = checked(replace(JPEG, size_bytes=12_400_000)).issues
    assert issue == Issue(
        row=7,
        column="media",
        code="media_too_large",
        seen="pic.jpg",
        message=(
            "pic.jpg has 12.4 MB, and the Instagram post takes at most 8 MB. Save a smaller copy "
            "(limit from developers.facebook.com, November 2026)."
        ),
        severity=Severity.WARNING,
    )


def test_without_channel_or_type_media_still_become_known() -> None:
    done = checked(JPEG, channel=None, type=None)
    assert (done.issues, done.content.media[0].kind) == ((), "IMAGE")


def test_checking_twice_says_nothing_twice() -> None:
    facts = {"pic.jpg": replace(JPEG, size_bytes=12_400_000), "copy.jpg": replace(JPEG, path="copy.jpg")}
    once = check_media(post("pic.jpg", "copy.jpg", "../x"), facts)
    assert check_media(once, facts) == once


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE, Action.RESCHEDULE, Action.SKIP])
def test_a_picture_that_is_gone_keeps_no_post_from_being_withdrawn(action: Action) -> None:
    assert check_media(replace(post("gone.jpg"), action=action), {}).issues == ()


def test_every_code_has_its_meaning() -> None:
    facts = [
        replace(JPEG, path="a", size_bytes=10**9, width=100, height=900),
        replace(CLIP, path="b", mime="video/webm", duration_seconds=0.1, codec="ProRes"),
        replace(CLIP, path="c", duration_seconds=9_999.0, note="not looked at"),
        replace(JPEG, path="d", mime="image/gif", animated=True),
    ]
    named = {fact.path: fact for fact in facts}
    done = check_media(post(*named, "../x", "gone", "https://example.com/x"), named)
    assert {i.code for i in done.issues} <= set(MEDIA_CODES) | set(CODES)


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (readable_size(512), "512 bytes"),
        (readable_size(8_000_000), "8 MB"),
        (readable_size(12_440_000), "12.4 MB"),
        (readable_size(4e9), "4 GB"),
        (readable_seconds(90), "90 s"),
        (readable_seconds(900), "15 min"),
        (readable_seconds(0.5), "0.5 s"),
        (readable_ratio(0.8), "4:5"),
        (readable_ratio(9 / 16), "9:16"),
        (readable_ratio(1.91), "1.91:1"),
        (readable_ratio(1 / 2.4), "1:2.4"),
    ],
)
def test_measures_read_as_people_write_them(shown: str, words: str) -> None:
    assert shown == words
