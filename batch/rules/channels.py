"""The one table of what a post may be: 13 combinations of channel and type, their fields, needs and limits.

Everything else that knows a channel's rules reads them here: the checks, the template, the README's tables. Nothing in
this module decides anything about a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from batch.model import Channel, PostType
from batch.rules import limits as by
from batch.rules import medialimits as files
from batch.rules.limits import Choice, FileLimits, Limit, Unit, choice, limit

IMAGE, VIDEO = "IMAGE", "VIDEO"

CALLS_TO_ACTION = choice(by.API, "BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP")
PRIVACY_LEVELS = choice(
    by.API, "PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"
)  # fmt: skip

ENDED: Mapping[Channel, date] = MappingProxyType({Channel.TWITTER: date(2026, 7, 31)})
"""Channels that no longer take posts, with the last day on which they did (public recipe of the API, 2026-11-24)."""


@dataclass(frozen=True, slots=True)
class TextRule:
    """The field for the words of a post. `name` is what people call it on that channel, "" where there is none.

    Where `with_link` is set the address of `link` becomes part of the text and counts. `forbidden` are letters that
    the channel refuses.
    """

    name: str = ""
    most: Limit | None = None
    hashtags: Limit | None = None
    mentions: Limit | None = None
    forbidden: Choice | None = None
    with_link: bool = False


@dataclass(frozen=True, slots=True)
class TitleRule:
    """The field for a title; `needed` where a post without one can't go out."""

    most: Limit
    needed: bool = False
    forbidden: Choice | None = None


@dataclass(frozen=True, slots=True)
class LinkRule:
    """The field for a link; `most` is the longest address, None where nobody says."""

    most: Limit | None = None


@dataclass(frozen=True, slots=True)
class MediaRule:
    """What media a post takes: the least and most of them, which kinds, and what each file has to keep to.

    `most_videos` counts videos alone; `one_kind` is there where pictures and videos can't be mixed.
    """

    most: Limit
    kinds: Choice
    least: Limit | None = None
    most_videos: Limit | None = None
    one_kind: Limit | None = None
    image: FileLimits | None = None
    video: FileLimits | None = None


@dataclass(frozen=True, slots=True)
class Combination:
    """One channel and type: the fields it has, and their limits. None = the channel has no such field.

    `enough` names the columns of which one must be filled for there to be a post at all. `second_id` is what a person
    calls the second ID (page, board, location, author, channel) that the account brings along, "" where none is needed.
    """

    channel: Channel
    type: PostType
    text: TextRule
    media: MediaRule
    enough: tuple[str, ...]
    title: TitleRule | None = None
    link: LinkRule | None = None
    call_to_action: Choice | None = None
    privacy: Choice | None = None
    second_id: str = ""

    @property
    def name(self) -> str:
        """What a person calls it: `Instagram story`."""
        return f"{CHANNEL_LABELS[self.channel]} {TYPE_LABELS[self.channel, self.type]}"


def _media(
    most: Limit,
    *,
    image: FileLimits | None = None,
    video: FileLimits | None = None,
    least: Limit | None = None,
    most_videos: Limit | None = None,
    kinds_by: by.Source = by.API,
    one_kind: by.Source | None = None,
) -> MediaRule:
    """Return a media rule whose kinds are those that have file limits."""
    kinds = tuple(kind for kind, files_of in ((IMAGE, image), (VIDEO, video)) if files_of)
    single = limit(1, Unit.KINDS, one_kind) if one_kind else None
    return MediaRule(most, choice(kinds_by, *kinds), least, most_videos, single, image, video)


def _most(count: int, source: by.Source) -> Limit:
    return limit(count, Unit.MEDIA, source)


def _videos(count: int, source: by.Source) -> Limit:
    return limit(count, Unit.VIDEOS, source)


def _text(name: str, most: int, source: by.Source, *, unit: Unit = Unit.CHARACTERS, link: bool = False) -> TextRule:
    return TextRule(name, limit(most, unit, source), with_link=link)


_NO_TEXT = TextRule()
_ONE = _most(1, by.API)
_ANGLES = choice(by.YOUTUBE, "<", ">")
_YOUTUBE_TEXT = TextRule("description", limit(5_000, Unit.UTF8_BYTES, by.YOUTUBE), forbidden=_ANGLES)
_YOUTUBE_TITLE = TitleRule(limit(100, Unit.CHARACTERS, by.YOUTUBE), needed=True, forbidden=_ANGLES)

_ALL = (
    Combination(
        Channel.INSTAGRAM,
        PostType.POST,
        TextRule(
            "caption",
            limit(2_200, Unit.CHARACTERS, by.API),
            hashtags=limit(30, Unit.HASHTAGS, by.API),
            mentions=limit(20, Unit.MENTIONS, by.API),
        ),
        _media(_most(10, by.INSTAGRAM), least=_ONE, image=files.INSTAGRAM_IMAGE, video=files.INSTAGRAM_VIDEO),
        enough=("media",),
    ),
    Combination(
        Channel.INSTAGRAM,
        PostType.STORY,
        _NO_TEXT,
        _media(
            _most(1, by.INSTAGRAM), least=_ONE, image=files.INSTAGRAM_STORY_IMAGE, video=files.INSTAGRAM_STORY_VIDEO
        ),
        enough=("media",),
    ),
    Combination(
        Channel.FACEBOOK,
        PostType.POST,
        _text("caption", 63_206, by.FACEBOOK_POSTS),
        _media(
            _most(10, by.FACEBOOK_POSTS),
            image=files.FACEBOOK_IMAGE,
            video=files.FACEBOOK_VIDEO,
            most_videos=_videos(1, by.FACEBOOK_POSTS),
            one_kind=by.FACEBOOK_POSTS,
        ),
        enough=("text", "link", "media"),
        link=LinkRule(),
        second_id="page",
    ),
    Combination(
        Channel.FACEBOOK,
        PostType.REEL,
        _text("description", 63_206, by.FACEBOOK_POSTS),
        _media(_ONE, least=_ONE, video=files.FACEBOOK_REEL_VIDEO),
        enough=("media",),
        second_id="page",
    ),
    Combination(
        Channel.FACEBOOK,
        PostType.STORY,
        _NO_TEXT,
        _media(_most(1, by.FACEBOOK_REELS), least=_ONE, image=files.FACEBOOK_IMAGE, video=files.FACEBOOK_STORY_VIDEO),
        enough=("media",),
        second_id="page",
    ),
    Combination(
        Channel.YOUTUBE,
        PostType.VIDEO,
        _YOUTUBE_TEXT,
        _media(_ONE, least=_ONE, video=files.YOUTUBE_VIDEO),
        enough=("media",),
        title=_YOUTUBE_TITLE,
        second_id="channel",
    ),
    Combination(
        Channel.YOUTUBE,
        PostType.SHORT,
        _YOUTUBE_TEXT,
        _media(_ONE, least=_ONE, video=files.YOUTUBE_SHORT),
        enough=("media",),
        title=_YOUTUBE_TITLE,
        second_id="channel",
    ),
    Combination(
        Channel.LINKEDIN,
        PostType.POST,
        _text("caption", 3_000, by.LINKEDIN, link=True),
        _media(
            _most(20, by.LINKEDIN),
            image=files.LINKEDIN_IMAGE,
            video=files.LINKEDIN_VIDEO,
            most_videos=_videos(1, by.LINKEDIN),
            one_kind=by.LINKEDIN,
        ),
        enough=("text", "link", "media"),
        link=LinkRule(),
        second_id="author",
    ),
    Combination(
        Channel.TWITTER,
        PostType.POST,
        _text("caption", 280, by.X_TEXT, unit=Unit.X_WEIGHT),
        _media(
            _most(4, by.X_MEDIA),
            image=files.X_IMAGE,
            video=files.X_VIDEO,
            most_videos=_videos(1, by.X_MEDIA),
            one_kind=by.X_MEDIA,
        ),
        enough=("text", "link", "media"),
        link=LinkRule(),
    ),
    Combination(
        Channel.PINTEREST,
        PostType.POST,
        _text("description", 800, by.API),
        _media(
            _most(5, by.PINTEREST_CAROUSEL),
            least=_ONE,
            image=files.PINTEREST_IMAGE,
            video=files.PINTEREST_VIDEO,
            most_videos=_videos(1, by.PINTEREST),
            one_kind=by.PINTEREST,
        ),
        enough=("media",),
        title=TitleRule(limit(100, Unit.CHARACTERS, by.API)),
        link=LinkRule(limit(2_048, Unit.CHARACTERS, by.API)),
        second_id="board",
    ),
    Combination(
        Channel.GBP,
        PostType.POST,
        _text("description", 1_500, by.API),
        _media(_most(1, by.GBP), image=files.GBP_IMAGE, kinds_by=by.GBP),
        enough=("text", "media"),
        call_to_action=CALLS_TO_ACTION,
        second_id="location",
    ),
    Combination(
        Channel.TIKTOK,
        PostType.POST,
        _text("description", 4_000, by.API),
        _media(_most(35, by.TIKTOK), least=_ONE, image=files.TIKTOK_IMAGE),
        enough=("media",),
        title=TitleRule(limit(90, Unit.CHARACTERS, by.API)),
        privacy=PRIVACY_LEVELS,
    ),
    Combination(
        Channel.TIKTOK,
        PostType.VIDEO,
        _text("description", 2_200, by.API),
        _media(_ONE, least=_ONE, video=files.TIKTOK_VIDEO),
        enough=("media",),
        privacy=PRIVACY_LEVELS,
    ),
)

COMBINATIONS: Mapping[tuple[Channel, PostType], Combination] = MappingProxyType({(c.channel, c.type): c for c in _ALL})

TYPES: Mapping[Channel, tuple[PostType, ...]] = MappingProxyType({
    channel: tuple(c.type for c in _ALL if c.channel is channel) for channel in Channel
})  # fmt: skip
"""The types that each channel has, in the table's order."""

DEFAULT_TYPE: Mapping[Channel, PostType] = MappingProxyType({
    channel: PostType.VIDEO if channel is Channel.YOUTUBE else PostType.POST for channel in Channel
})  # fmt: skip
"""What a blank `type` means."""

CHANNEL_LABELS: Mapping[Channel, str] = MappingProxyType({
    Channel.INSTAGRAM: "Instagram", Channel.FACEBOOK: "Facebook", Channel.YOUTUBE: "YouTube",
    Channel.LINKEDIN: "LinkedIn", Channel.TWITTER: "X", Channel.PINTEREST: "Pinterest",
    Channel.GBP: "Google Business Profile", Channel.TIKTOK: "TikTok",
})  # fmt: skip

TYPE_LABELS: Mapping[tuple[Channel, PostType], str] = MappingProxyType(
    {pair: str(pair[1]).lower() for pair in COMBINATIONS}
    | {(Channel.TIKTOK, PostType.POST): "photo post", (Channel.YOUTUBE, PostType.SHORT): "Short"}
)

_ALIASES: Mapping[Channel, tuple[str, ...]] = {
    Channel.INSTAGRAM: ("ig", "insta"),
    Channel.FACEBOOK: ("fb", "facebook page", "meta"),
    Channel.YOUTUBE: ("yt", "you tube"),
    Channel.LINKEDIN: ("li", "linked in", "linkedin page"),
    Channel.TWITTER: ("x", "x twitter", "twitter x", "x.com", "tweet"),
    Channel.PINTEREST: ("pin", "pins"),
    Channel.GBP: (
        "google business profile", "google business", "google my business", "gmb", "google", "google maps",
        "google profile", "google unternehmensprofil",
    ),
    Channel.TIKTOK: ("tt", "tik tok"),
}  # fmt: skip


def plain(text: str) -> str:
    """Return a word as names are compared: small letters and digits only."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


CHANNEL_NAMES: Mapping[str, Channel] = MappingProxyType(
    {plain(name): channel for channel, names in _ALIASES.items() for name in names}
    | {plain(label): channel for channel, label in CHANNEL_LABELS.items()}
    | {plain(channel): channel for channel in Channel}
)
"""Every name by which a channel is understood, written as `plain` makes it."""


def channel_named(name: str) -> Channel | None:
    """Return the channel that a word means, in any case and spelling that is known; None where it means none."""
    return CHANNEL_NAMES.get(plain(name))
