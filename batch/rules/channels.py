"""The one table of what a post may be: 13 combinations of channel and type, their fields, needs and limits.

Everything else that knows a channel's rules reads them here: the checks, the template, the README's tables. Nothing in
this module decides anything about a row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from batch.model import Channel, PostType


class Unit(StrEnum):
    """What is counted. A text's unit decides how it is measured (see text.py)."""

    CHARACTERS = "characters"
    """UTF-16 code units, as TikTok says and as a spreadsheet's LEN counts: an emoji is two or more."""

    UTF8_BYTES = "bytes"
    X_WEIGHT = "weighted characters"
    HASHTAGS = "hashtags"
    MENTIONS = "mentions"
    MEDIA = "media"
    VIDEOS = "videos"
    KINDS = "kinds of media"
    FILE_BYTES = "bytes of a file"
    PIXELS = "pixels"
    RATIO = "width by height"
    SECONDS = "seconds"


class Source(NamedTuple):
    """Where a limit stands and when it was read there; `documented` where it is the Publisher API's own."""

    name: str
    documented: bool
    read_on: date


@dataclass(frozen=True, slots=True)
class Limit:
    """One number that a post has to keep to: a most, a least, or an exact count, as its field's name says."""

    value: float
    unit: Unit
    source: str
    documented: bool
    read_on: date

    @property
    def shown(self) -> str:
        """The number as a person reads it: `2,200`."""
        return f"{self.value:,g}" if isinstance(self.value, float) else f"{self.value:,}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The values among which a post has to choose."""

    values: tuple[str, ...]
    source: str
    documented: bool
    read_on: date


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What one picture or video has to keep to; None = nobody says. Sides in pixels, ratios width by height."""

    formats: Choice
    max_bytes: Limit | None = None
    min_width: Limit | None = None
    smallest_side: Limit | None = None
    min_ratio: Limit | None = None
    max_ratio: Limit | None = None
    min_seconds: Limit | None = None
    max_seconds: Limit | None = None


def limit(value: float, unit: Unit, source: Source) -> Limit:
    """Return a limit with its source beside it."""
    return Limit(value, unit, source.name, source.documented, source.read_on)


def choice(source: Source, *values: str) -> Choice:
    """Return a choice with its source beside it."""
    return Choice(values, source.name, source.documented, source.read_on)


READ = date(2026, 11, 24)


def _network(name: str) -> Source:
    return Source(name, documented=False, read_on=READ)


API = Source("the Publisher API's public recipe, create-and-publish-social-post", documented=True, read_on=READ)
INSTAGRAM = _network("developers.facebook.com, Instagram Platform, IG User Media: image, reel and story specifications")
FACEBOOK_PHOTOS = _network("developers.facebook.com, Graph API, Uploading Photos")
FACEBOOK_REELS = _network("developers.facebook.com, Video API, Reels Publishing")
FACEBOOK_POSTS = _network("docs.letmepost.dev, Facebook: 63,206 characters, 10 pictures or one video of 4 GB")
YOUTUBE = _network("developers.google.com, YouTube Data API v3, videos: snippet.title and snippet.description")
YOUTUBE_UPLOADS = _network("docs.zernio.com, YouTube: 256 GB, 12 hours; Shorts up to 3 minutes")
LINKEDIN = _network("ayrshare.com, media guidelines for LinkedIn, and docs.kabonshare.com, LinkedIn")
X_TEXT = _network("docs.x.com, Counting characters; twitter-text configuration v3")
X_MEDIA = _network("docs.x.com, Media best practices")
PINTEREST = _network("help.pinterest.com, Review product specs")
PINTEREST_CAROUSEL = _network("ayrshare.com, media guidelines for Pinterest: image carousel")
GBP = _network("docs.zernio.com, Google Business: media and limits")
TIKTOK = _network("developers.tiktok.com, Content Posting API: photo post, media transfer guide")


JPEG, PNG, GIF, WEBP, BMP, TIFF = "image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"
MP4, MOV, WEBM, AVI, WMV, MPEG, GP3 = (
    "video/mp4", "video/quicktime", "video/webm", "video/x-msvideo", "video/x-ms-wmv", "video/mpeg", "video/3gpp",
)  # fmt: skip
MB, GB = 1_000_000, 1_000_000_000


_FILE_UNITS = {
    "max_bytes": Unit.FILE_BYTES, "min_width": Unit.PIXELS, "smallest_side": Unit.PIXELS, "min_ratio": Unit.RATIO,
    "max_ratio": Unit.RATIO, "min_seconds": Unit.SECONDS, "max_seconds": Unit.SECONDS,
}  # fmt: skip


def _files(source: Source, *formats: str, **numbers: float) -> FileLimits:
    """Return the limits that one source states for a picture or video, by the names of `FileLimits`."""
    limits = {name: limit(value, _FILE_UNITS[name], source) for name, value in numbers.items()}
    return FileLimits(choice(source, *formats), **limits)


INSTAGRAM_IMAGE = _files(INSTAGRAM, JPEG, max_bytes=8 * MB, min_width=320, min_ratio=4 / 5, max_ratio=1.91)
INSTAGRAM_VIDEO = _files(
    INSTAGRAM, MP4, MOV, max_bytes=300 * MB, min_ratio=0.01, max_ratio=10, min_seconds=3, max_seconds=15 * 60
)
INSTAGRAM_STORY_IMAGE = _files(INSTAGRAM, JPEG, max_bytes=8 * MB)
INSTAGRAM_STORY_VIDEO = _files(
    INSTAGRAM, MP4, MOV, max_bytes=100 * MB, min_ratio=0.1, max_ratio=10, min_seconds=3, max_seconds=60
)

FACEBOOK_IMAGE = _files(FACEBOOK_PHOTOS, JPEG, BMP, PNG, GIF, TIFF, max_bytes=4 * MB)
FACEBOOK_VIDEO = _files(FACEBOOK_POSTS, MP4, MOV, max_bytes=4 * GB, max_seconds=240 * 60)
FACEBOOK_REEL_VIDEO = _files(
    FACEBOOK_REELS, MP4, MOV, smallest_side=540, min_ratio=9 / 16, max_ratio=9 / 16, min_seconds=3, max_seconds=90
)
FACEBOOK_STORY_VIDEO = _files(FACEBOOK_REELS, MP4, MOV, smallest_side=540, min_seconds=3, max_seconds=60)

YOUTUBE_VIDEO = _files(YOUTUBE_UPLOADS, MP4, MOV, AVI, WMV, WEBM, MPEG, GP3, max_bytes=256 * GB, max_seconds=12 * 3600)
YOUTUBE_SHORT = _files(YOUTUBE_UPLOADS, MP4, MOV, AVI, WMV, WEBM, MPEG, GP3, max_ratio=1, max_seconds=180)

LINKEDIN_IMAGE = _files(LINKEDIN, JPEG, PNG, GIF, max_bytes=5 * MB)
LINKEDIN_VIDEO = _files(
    LINKEDIN, MP4, max_bytes=500 * MB, min_ratio=1 / 2.4, max_ratio=2.4, min_seconds=3, max_seconds=30 * 60
)

X_IMAGE = _files(X_MEDIA, JPEG, PNG, GIF, WEBP, max_bytes=5 * MB)
X_VIDEO = _files(X_MEDIA, MP4, MOV, max_bytes=512 * MB, min_ratio=1 / 3, max_ratio=3, min_seconds=0.5, max_seconds=140)

PINTEREST_IMAGE = _files(PINTEREST, PNG, JPEG, max_bytes=20 * MB)
PINTEREST_VIDEO = _files(
    PINTEREST, MP4, MOV, max_bytes=2 * GB, min_ratio=1 / 2, max_ratio=1.91, min_seconds=4, max_seconds=15 * 60
)

GBP_IMAGE = _files(GBP, JPEG, PNG, max_bytes=5 * MB, min_width=400, smallest_side=300)

TIKTOK_IMAGE = _files(TIKTOK, JPEG, WEBP, max_bytes=20 * MB)
TIKTOK_VIDEO = _files(TIKTOK, MP4, WEBM, MOV, max_bytes=4 * GB, smallest_side=360, min_seconds=3, max_seconds=10 * 60)


IMAGE, VIDEO = "IMAGE", "VIDEO"

CALLS_TO_ACTION = choice(API, "BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP")
PRIVACY_LEVELS = choice(
    API, "PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"
)  # fmt: skip

ENDED: Mapping[Channel, date] = MappingProxyType({Channel.TWITTER: date(2026, 7, 31)})
"""Channels that no longer take posts, with the last day on which they did (public recipe of the API, 2026-11-24)."""


@dataclass(frozen=True, slots=True)
class TextRule:
    """The field for a post's words, by its name there ("": none); `with_link`: the link is part of it and counts."""

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
    """What media a post takes: how many, how many videos, which kinds, whether mixed, and what each keeps to."""

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

    `content_object` is what the API calls its content; `text.name` is the field of its words there too. `second_id` is
    what a person calls the second ID (page, board, location, author, channel) that the account brings along, "" where
    none is needed; the API's field is called for it (`pageId`).
    """

    channel: Channel
    type: PostType
    content_object: str
    text: TextRule
    media: MediaRule
    title: TitleRule | None = None
    link: LinkRule | None = None
    call_to_action: Choice | None = None
    privacy: Choice | None = None
    second_id: str = ""

    @property
    def name(self) -> str:
        """What a person calls it: `Instagram story`."""
        return f"{CHANNEL_LABELS[self.channel]} {TYPE_LABELS[self.channel, self.type]}"

    @property
    def enough(self) -> tuple[str, ...]:
        """The columns of which one must be filled for there to be a post at all."""
        return ("media",) if self.media.least else ("text", *(("link",) if self.link else ()), "media")


def _media(
    most: int,
    source: Source,
    *,
    image: FileLimits | None = None,
    video: FileLimits | None = None,
    optional: bool = False,
    kinds_by: Source = API,
    video_alone_by: Source | None = None,
) -> MediaRule:
    """Return a media rule whose kinds are those that have file limits; `video_alone_by` says that one stands alone."""
    kinds = choice(kinds_by, *(kind for kind, files_of in ((IMAGE, image), (VIDEO, video)) if files_of))
    videos, single = (limit(1, unit, video_alone_by) if video_alone_by else None for unit in (Unit.VIDEOS, Unit.KINDS))
    least = None if optional else limit(1, Unit.MEDIA, API)
    return MediaRule(limit(most, Unit.MEDIA, source), kinds, least, videos, single, image, video)


def _text(name: str, most: int, source: Source, *, unit: Unit = Unit.CHARACTERS, link: bool = False) -> TextRule:
    return TextRule(name, limit(most, unit, source), with_link=link)


_NO_TEXT = TextRule()
_ANGLES = choice(YOUTUBE, "<", ">")
_YOUTUBE_TEXT = TextRule("description", limit(5_000, Unit.UTF8_BYTES, YOUTUBE), forbidden=_ANGLES)
_YOUTUBE_TITLE = TitleRule(limit(100, Unit.CHARACTERS, YOUTUBE), needed=True, forbidden=_ANGLES)

_ALL = (
    Combination(
        Channel.INSTAGRAM,
        PostType.POST,
        "instagramPost",
        TextRule(
            "caption",
            limit(2_200, Unit.CHARACTERS, API),
            hashtags=limit(30, Unit.HASHTAGS, API),
            mentions=limit(20, Unit.MENTIONS, API),
        ),
        _media(10, INSTAGRAM, image=INSTAGRAM_IMAGE, video=INSTAGRAM_VIDEO),
    ),
    Combination(
        Channel.INSTAGRAM,
        PostType.STORY,
        "instagramStory",
        _NO_TEXT,
        _media(1, INSTAGRAM, image=INSTAGRAM_STORY_IMAGE, video=INSTAGRAM_STORY_VIDEO),
    ),
    Combination(
        Channel.FACEBOOK,
        PostType.POST,
        "facebookPost",
        _text("caption", 63_206, FACEBOOK_POSTS),
        _media(
            10, FACEBOOK_POSTS, image=FACEBOOK_IMAGE, video=FACEBOOK_VIDEO, optional=True, video_alone_by=FACEBOOK_POSTS
        ),
        link=LinkRule(),
        second_id="page",
    ),
    Combination(
        Channel.FACEBOOK,
        PostType.REEL,
        "facebookReel",
        _text("description", 63_206, FACEBOOK_POSTS),
        _media(1, API, video=FACEBOOK_REEL_VIDEO),
        second_id="page",
    ),
    Combination(
        Channel.FACEBOOK,
        PostType.STORY,
        "facebookStory",
        _NO_TEXT,
        _media(1, FACEBOOK_REELS, image=FACEBOOK_IMAGE, video=FACEBOOK_STORY_VIDEO),
        second_id="page",
    ),
    Combination(
        Channel.YOUTUBE,
        PostType.VIDEO,
        "youtubeVideo",
        _YOUTUBE_TEXT,
        _media(1, API, video=YOUTUBE_VIDEO),
        title=_YOUTUBE_TITLE,
        second_id="channel",
    ),
    Combination(
        Channel.YOUTUBE,
        PostType.SHORT,
        "youtubeShort",
        _YOUTUBE_TEXT,
        _media(1, API, video=YOUTUBE_SHORT),
        title=_YOUTUBE_TITLE,
        second_id="channel",
    ),
    Combination(
        Channel.LINKEDIN,
        PostType.POST,
        "linkedinPost",
        _text("caption", 3_000, LINKEDIN, link=True),
        _media(20, LINKEDIN, image=LINKEDIN_IMAGE, video=LINKEDIN_VIDEO, optional=True, video_alone_by=LINKEDIN),
        link=LinkRule(),
        second_id="author",
    ),
    Combination(
        Channel.TWITTER,
        PostType.POST,
        "twitterPost",
        _text("caption", 280, X_TEXT, unit=Unit.X_WEIGHT),
        _media(4, X_MEDIA, image=X_IMAGE, video=X_VIDEO, optional=True, video_alone_by=X_MEDIA),
        link=LinkRule(),
    ),
    Combination(
        Channel.PINTEREST,
        PostType.POST,
        "pinterestPost",
        _text("description", 800, API),
        _media(5, PINTEREST_CAROUSEL, image=PINTEREST_IMAGE, video=PINTEREST_VIDEO, video_alone_by=PINTEREST),
        title=TitleRule(limit(100, Unit.CHARACTERS, API)),
        link=LinkRule(limit(2_048, Unit.CHARACTERS, API)),
        second_id="board",
    ),
    Combination(
        Channel.GBP,
        PostType.POST,
        "gbpPost",
        _text("description", 1_500, API),
        _media(1, GBP, image=GBP_IMAGE, optional=True, kinds_by=GBP),
        call_to_action=CALLS_TO_ACTION,
        second_id="location",
    ),
    Combination(
        Channel.TIKTOK,
        PostType.POST,
        "tiktokPhoto",
        _text("description", 4_000, API),
        _media(35, TIKTOK, image=TIKTOK_IMAGE),
        title=TitleRule(limit(90, Unit.CHARACTERS, API)),
        privacy=PRIVACY_LEVELS,
    ),
    Combination(
        Channel.TIKTOK,
        PostType.VIDEO,
        "tiktokVideo",
        _text("description", 2_200, API),
        _media(1, API, video=TIKTOK_VIDEO),
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
