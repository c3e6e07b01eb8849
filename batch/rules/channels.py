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


READ = date(2026, 11, 24)


class Source(NamedTuple):
    """Where a limit stands and when it was read there; `documented` where it is the Publisher API's own."""

    name: str
    documented: bool = False
    read_on: date = READ


@dataclass(frozen=True, slots=True)
class Limit:
    """One number that a post has to keep to: a most, a least, or an exact count, as its field's name says."""

    value: int
    unit: Unit
    source: str
    documented: bool
    read_on: date

    @property
    def shown(self) -> str:
        """The number as a person reads it: `2,200`."""
        return f"{self.value:,}"


@dataclass(frozen=True, slots=True)
class Choice:
    """The values among which a post has to choose."""

    values: tuple[str, ...]
    source: str
    documented: bool
    read_on: date


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What one source says that a picture or video has to keep to; 0 = nobody says.

    Sizes in bytes, sides in pixels, ratios width by height, lengths in seconds.
    """

    source: Source
    formats: tuple[str, ...]
    max_bytes: int = 0
    min_width: int = 0
    smallest_side: int = 0
    min_ratio: float = 0
    max_ratio: float = 0
    min_seconds: float = 0
    max_seconds: float = 0


API = Source("the Publisher API's public recipe, create-and-publish-social-post", documented=True)
INSTAGRAM = Source("developers.facebook.com, Instagram Platform, IG User Media: image, reel and story specifications")
FACEBOOK_PHOTOS = Source("developers.facebook.com, Graph API, Uploading Photos")
FACEBOOK_REELS = Source("developers.facebook.com, Video API, Reels Publishing")
FACEBOOK_POSTS = Source("docs.letmepost.dev, Facebook: 63,206 characters, 10 pictures or one video of 4 GB")
YOUTUBE = Source("developers.google.com, YouTube Data API v3, videos: snippet.title and snippet.description")
YOUTUBE_UPLOADS = Source("docs.zernio.com, YouTube: 256 GB, 12 hours; Shorts up to 3 minutes")
LINKEDIN = Source("ayrshare.com, media guidelines for LinkedIn, and docs.kabonshare.com, LinkedIn")
X_COUNTING = Source("docs.x.com, Counting characters; twitter-text configuration v3")
X_FILES = Source("docs.x.com, Media best practices")
PINTEREST = Source("help.pinterest.com, Review product specs")
PINTEREST_CAROUSEL = Source("ayrshare.com, media guidelines for Pinterest: image carousel")
GBP = Source("docs.zernio.com, Google Business: media and limits")
TIKTOK = Source("developers.tiktok.com, Content Posting API: photo post, media transfer guide")


JPEG, PNG, GIF, WEBP, BMP, TIFF = "image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"
MP4, MOV, WEBM, AVI, WMV, MPEG, GP3 = (
    "video/mp4", "video/quicktime", "video/webm", "video/x-msvideo", "video/x-ms-wmv", "video/mpeg", "video/3gpp",
)  # fmt: skip
MB, GB = 1_000_000, 1_000_000_000


VIDEOS_OF_YOUTUBE = (MP4, MOV, AVI, WMV, WEBM, MPEG, GP3)

INSTAGRAM_IMAGE = FileLimits(INSTAGRAM, (JPEG,), max_bytes=8 * MB, min_width=320, min_ratio=4 / 5, max_ratio=1.91)
INSTAGRAM_VIDEO = FileLimits(
    INSTAGRAM, (MP4, MOV), max_bytes=300 * MB, min_ratio=0.01, max_ratio=10, min_seconds=3, max_seconds=15 * 60
)
INSTAGRAM_STORY_IMAGE = FileLimits(INSTAGRAM, (JPEG,), max_bytes=8 * MB)
INSTAGRAM_STORY_VIDEO = FileLimits(
    INSTAGRAM, (MP4, MOV), max_bytes=100 * MB, min_ratio=0.1, max_ratio=10, min_seconds=3, max_seconds=60
)

FACEBOOK_IMAGE = FileLimits(FACEBOOK_PHOTOS, (JPEG, BMP, PNG, GIF, TIFF), max_bytes=4 * MB)
FACEBOOK_VIDEO = FileLimits(FACEBOOK_POSTS, (MP4, MOV), max_bytes=4 * GB, max_seconds=240 * 60)
FACEBOOK_REEL_VIDEO = FileLimits(
    FACEBOOK_REELS, (MP4, MOV), smallest_side=540, min_ratio=9 / 16, max_ratio=9 / 16, min_seconds=3, max_seconds=90
)
FACEBOOK_STORY_VIDEO = FileLimits(FACEBOOK_REELS, (MP4, MOV), smallest_side=540, min_seconds=3, max_seconds=60)

YOUTUBE_VIDEO = FileLimits(YOUTUBE_UPLOADS, VIDEOS_OF_YOUTUBE, max_bytes=256 * GB, max_seconds=12 * 3600)
YOUTUBE_SHORT = FileLimits(YOUTUBE_UPLOADS, VIDEOS_OF_YOUTUBE, max_ratio=1, max_seconds=180)

LINKEDIN_IMAGE = FileLimits(LINKEDIN, (JPEG, PNG, GIF), max_bytes=5 * MB)
LINKEDIN_VIDEO = FileLimits(
    LINKEDIN, (MP4,), max_bytes=500 * MB, min_ratio=1 / 2.4, max_ratio=2.4, min_seconds=3, max_seconds=30 * 60
)

X_IMAGE = FileLimits(X_FILES, (JPEG, PNG, GIF, WEBP), max_bytes=5 * MB)
X_VIDEO = FileLimits(
    X_FILES, (MP4, MOV), max_bytes=512 * MB, min_ratio=1 / 3, max_ratio=3, min_seconds=0.5, max_seconds=140
)

PINTEREST_IMAGE = FileLimits(PINTEREST, (PNG, JPEG), max_bytes=20 * MB)
PINTEREST_VIDEO = FileLimits(
    PINTEREST, (MP4, MOV), max_bytes=2 * GB, min_ratio=1 / 2, max_ratio=1.91, min_seconds=4, max_seconds=15 * 60
)

GBP_IMAGE = FileLimits(GBP, (JPEG, PNG), max_bytes=5 * MB, min_width=400, smallest_side=300)

TIKTOK_IMAGE = FileLimits(TIKTOK, (JPEG, WEBP), max_bytes=20 * MB)
TIKTOK_VIDEO = FileLimits(
    TIKTOK, (MP4, WEBM, MOV), max_bytes=4 * GB, smallest_side=360, min_seconds=3, max_seconds=10 * 60
)


CALLS_TO_ACTION = Choice(("BOOK", "ORDER", "SHOP", "LEARN_MORE", "SIGN_UP"), *API)
PRIVACY_LEVELS = Choice(("PUBLIC_TO_EVERYONE", "FOLLOWER_OF_CREATOR", "MUTUAL_FOLLOW_FRIENDS", "SELF_ONLY"), *API)

ENDED: Mapping[Channel, date] = MappingProxyType({Channel.TWITTER: date(2026, 7, 31)})
"""Channels that no longer take posts, with the last day on which they did (public recipe of the API, 2026-11-24)."""


@dataclass(frozen=True, slots=True)
class TextRule:
    """One field of words: text, title or link, by its name in the API ("": the channel has none). None = nobody says.

    `with_link`: the link is part of the text and counts; `needed`: a post without it can't go out.
    """

    name: str = ""
    most: Limit | None = None
    hashtags: Limit | None = None
    mentions: Limit | None = None
    forbidden: Choice | None = None
    with_link: bool = False
    needed: bool = False


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

    `content_object` is what the API calls its content.
    """

    channel: Channel
    type: PostType
    content_object: str
    text: TextRule
    media: MediaRule
    title: TextRule | None = None
    link: TextRule | None = None
    call_to_action: Choice | None = None
    privacy: Choice | None = None

    @property
    def name(self) -> str:
        """What a person calls it: `Instagram story`."""
        return f"{CHANNEL_LABELS[self.channel]} {TYPE_LABELS[self.channel, self.type]}"

    @property
    def second_id(self) -> str:
        """What a person calls the second ID that the account brings along, "" where none is needed."""
        return SECOND_IDS.get(self.channel, "")

    @property
    def enough(self) -> tuple[str, ...]:
        """The columns of which one must be filled for there to be a post at all."""
        return ("media",) if self.media.least else ("text", *(("link",) if self.link else ()), "media")


def _media(
    most: int,
    source: Source,
    image: FileLimits | None,
    video: FileLimits | None = None,
    *,
    optional: bool = False,
    kinds_by: Source = API,
    alone_by: Source | None = None,
) -> MediaRule:
    """Return a media rule whose kinds are those that have file limits; `alone_by` says that a video stands alone."""
    kinds = tuple(kind for kind, files in (("IMAGE", image), ("VIDEO", video)) if files)
    videos, single = (Limit(1, unit, *alone_by) if alone_by else None for unit in (Unit.VIDEOS, Unit.KINDS))
    least = None if optional else Limit(1, Unit.MEDIA, *API)
    return MediaRule(Limit(most, Unit.MEDIA, *source), Choice(kinds, *kinds_by), least, videos, single, image, video)


INSTAGRAM_MEDIA = _media(10, INSTAGRAM, INSTAGRAM_IMAGE, INSTAGRAM_VIDEO)
INSTAGRAM_STORY_MEDIA = _media(1, INSTAGRAM, INSTAGRAM_STORY_IMAGE, INSTAGRAM_STORY_VIDEO)
FACEBOOK_MEDIA = _media(10, FACEBOOK_POSTS, FACEBOOK_IMAGE, FACEBOOK_VIDEO, optional=True, alone_by=FACEBOOK_POSTS)
FACEBOOK_REEL_MEDIA = _media(1, API, None, FACEBOOK_REEL_VIDEO)
FACEBOOK_STORY_MEDIA = _media(1, FACEBOOK_REELS, FACEBOOK_IMAGE, FACEBOOK_STORY_VIDEO)
YOUTUBE_MEDIA, YOUTUBE_SHORT_MEDIA = _media(1, API, None, YOUTUBE_VIDEO), _media(1, API, None, YOUTUBE_SHORT)
LINKEDIN_MEDIA = _media(20, LINKEDIN, LINKEDIN_IMAGE, LINKEDIN_VIDEO, optional=True, alone_by=LINKEDIN)
X_MEDIA = _media(4, X_FILES, X_IMAGE, X_VIDEO, optional=True, alone_by=X_FILES)
PIN_MEDIA = _media(5, PINTEREST_CAROUSEL, PINTEREST_IMAGE, PINTEREST_VIDEO, alone_by=PINTEREST)
GBP_MEDIA = _media(1, GBP, GBP_IMAGE, optional=True, kinds_by=GBP)
TIKTOK_PHOTOS, TIKTOK_MEDIA = _media(35, TIKTOK, TIKTOK_IMAGE), _media(1, API, None, TIKTOK_VIDEO)

NO_TEXT, LINK, ANGLES = TextRule(), TextRule("link"), Choice(("<", ">"), *YOUTUBE)
INSTAGRAM_TEXT = TextRule(
    "caption", Limit(2_200, Unit.CHARACTERS, *API), Limit(30, Unit.HASHTAGS, *API), Limit(20, Unit.MENTIONS, *API)
)
FACEBOOK_LENGTH = Limit(63_206, Unit.CHARACTERS, *FACEBOOK_POSTS)
FACEBOOK_TEXT, FACEBOOK_REEL_TEXT = TextRule("caption", FACEBOOK_LENGTH), TextRule("description", FACEBOOK_LENGTH)
YOUTUBE_TEXT = TextRule("description", Limit(5_000, Unit.UTF8_BYTES, *YOUTUBE), forbidden=ANGLES)
YOUTUBE_TITLE = TextRule("title", Limit(100, Unit.CHARACTERS, *YOUTUBE), forbidden=ANGLES, needed=True)
LINKEDIN_TEXT = TextRule("caption", Limit(3_000, Unit.CHARACTERS, *LINKEDIN), with_link=True)
X_TEXT = TextRule("caption", Limit(280, Unit.X_WEIGHT, *X_COUNTING))
PIN_TEXT = TextRule("description", Limit(800, Unit.CHARACTERS, *API))
PIN_TITLE = TextRule("title", Limit(100, Unit.CHARACTERS, *API))
PIN_LINK = TextRule("link", Limit(2_048, Unit.CHARACTERS, *API))
GBP_TEXT = TextRule("description", Limit(1_500, Unit.CHARACTERS, *API))
TIKTOK_TEXT = TextRule("description", Limit(4_000, Unit.CHARACTERS, *API))
TIKTOK_TITLE = TextRule("title", Limit(90, Unit.CHARACTERS, *API))
TIKTOK_VIDEO_TEXT = TextRule("description", Limit(2_200, Unit.CHARACTERS, *API))

_ALL = (
    Combination(Channel.INSTAGRAM, PostType.POST, "instagramPost", INSTAGRAM_TEXT, INSTAGRAM_MEDIA),
    Combination(Channel.INSTAGRAM, PostType.STORY, "instagramStory", NO_TEXT, INSTAGRAM_STORY_MEDIA),
    Combination(Channel.FACEBOOK, PostType.POST, "facebookPost", FACEBOOK_TEXT, FACEBOOK_MEDIA, link=LINK),
    Combination(Channel.FACEBOOK, PostType.REEL, "facebookReel", FACEBOOK_REEL_TEXT, FACEBOOK_REEL_MEDIA),
    Combination(Channel.FACEBOOK, PostType.STORY, "facebookStory", NO_TEXT, FACEBOOK_STORY_MEDIA),
    Combination(Channel.YOUTUBE, PostType.VIDEO, "youtubeVideo", YOUTUBE_TEXT, YOUTUBE_MEDIA, YOUTUBE_TITLE),
    Combination(Channel.YOUTUBE, PostType.SHORT, "youtubeShort", YOUTUBE_TEXT, YOUTUBE_SHORT_MEDIA, YOUTUBE_TITLE),
    Combination(Channel.LINKEDIN, PostType.POST, "linkedinPost", LINKEDIN_TEXT, LINKEDIN_MEDIA, link=LINK),
    Combination(Channel.TWITTER, PostType.POST, "twitterPost", X_TEXT, X_MEDIA, link=LINK),
    Combination(Channel.PINTEREST, PostType.POST, "pinterestPost", PIN_TEXT, PIN_MEDIA, PIN_TITLE, PIN_LINK),
    Combination(Channel.GBP, PostType.POST, "gbpPost", GBP_TEXT, GBP_MEDIA, call_to_action=CALLS_TO_ACTION),
    Combination(
        Channel.TIKTOK, PostType.POST, "tiktokPhoto", TIKTOK_TEXT, TIKTOK_PHOTOS, TIKTOK_TITLE, privacy=PRIVACY_LEVELS
    ),
    Combination(Channel.TIKTOK, PostType.VIDEO, "tiktokVideo", TIKTOK_VIDEO_TEXT, TIKTOK_MEDIA, privacy=PRIVACY_LEVELS),
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

SECOND_IDS: Mapping[Channel, str] = MappingProxyType({
    Channel.FACEBOOK: "page", Channel.YOUTUBE: "channel", Channel.LINKEDIN: "author", Channel.PINTEREST: "board",
    Channel.GBP: "location",
})  # fmt: skip
"""What the second ID of a channel's accounts is called; the API's field is called for it (`pageId`)."""

CHANNEL_LABELS: Mapping[Channel, str] = MappingProxyType({
    Channel.INSTAGRAM: "Instagram", Channel.FACEBOOK: "Facebook", Channel.YOUTUBE: "YouTube",
    Channel.LINKEDIN: "LinkedIn", Channel.TWITTER: "X", Channel.PINTEREST: "Pinterest",
    Channel.GBP: "Google Business Profile", Channel.TIKTOK: "TikTok",
})  # fmt: skip

TYPE_LABELS: Mapping[tuple[Channel, PostType], str] = MappingProxyType(
    {pair: str(pair[1]).lower() for pair in COMBINATIONS}
    | {(Channel.TIKTOK, PostType.POST): "photo post", (Channel.YOUTUBE, PostType.SHORT): "Short"}
)
