"""The values that limits are made of: a number or a list, its unit, and who says so.

What the Publisher API documents is refused before it is sent (`documented`); what only the network says is a warning,
for networks change their limits without telling anybody here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple


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
    """What one picture or one video has to keep to. `formats` are media types; None = nobody says.

    `smallest_side` is the shorter side in pixels; ratios are width divided by height.
    """

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
