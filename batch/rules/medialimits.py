"""What each network's pictures and videos have to keep to, as data with its source; nothing here reads a file.

Sizes are in bytes (1 MB = 1,000,000: the stricter reading where a network does not say which).
"""

from __future__ import annotations

from batch.rules.limits import (
    FACEBOOK_PHOTOS,
    FACEBOOK_POSTS,
    FACEBOOK_REELS,
    GBP,
    INSTAGRAM,
    LINKEDIN,
    PINTEREST,
    TIKTOK,
    X_MEDIA,
    YOUTUBE_UPLOADS,
    FileLimits,
    Limit,
    Source,
    Unit,
    choice,
    limit,
)

JPEG, PNG, GIF, WEBP, BMP, TIFF = "image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff"
MP4, MOV, WEBM, AVI, WMV, MPEG, GP3 = (
    "video/mp4", "video/quicktime", "video/webm", "video/x-msvideo", "video/x-ms-wmv", "video/mpeg", "video/3gpp",
)  # fmt: skip
MB, GB = 1_000_000, 1_000_000_000


def _bytes(value: int, source: Source) -> Limit:
    return limit(value, Unit.FILE_BYTES, source)


def _pixels(value: int, source: Source) -> Limit:
    return limit(value, Unit.PIXELS, source)


def _ratio(width: float, height: float, source: Source) -> Limit:
    return limit(width / height, Unit.RATIO, source)


def _seconds(value: float, source: Source) -> Limit:
    return limit(value, Unit.SECONDS, source)


INSTAGRAM_IMAGE = FileLimits(
    choice(INSTAGRAM, JPEG),
    max_bytes=_bytes(8 * MB, INSTAGRAM),
    min_width=_pixels(320, INSTAGRAM),
    min_ratio=_ratio(4, 5, INSTAGRAM),
    max_ratio=_ratio(1.91, 1, INSTAGRAM),
)
INSTAGRAM_VIDEO = FileLimits(
    choice(INSTAGRAM, MP4, MOV),
    max_bytes=_bytes(300 * MB, INSTAGRAM),
    min_ratio=_ratio(0.01, 1, INSTAGRAM),
    max_ratio=_ratio(10, 1, INSTAGRAM),
    min_seconds=_seconds(3, INSTAGRAM),
    max_seconds=_seconds(15 * 60, INSTAGRAM),
)
INSTAGRAM_STORY_IMAGE = FileLimits(choice(INSTAGRAM, JPEG), max_bytes=_bytes(8 * MB, INSTAGRAM))
INSTAGRAM_STORY_VIDEO = FileLimits(
    choice(INSTAGRAM, MP4, MOV),
    max_bytes=_bytes(100 * MB, INSTAGRAM),
    min_ratio=_ratio(0.1, 1, INSTAGRAM),
    max_ratio=_ratio(10, 1, INSTAGRAM),
    min_seconds=_seconds(3, INSTAGRAM),
    max_seconds=_seconds(60, INSTAGRAM),
)

FACEBOOK_IMAGE = FileLimits(
    choice(FACEBOOK_PHOTOS, JPEG, BMP, PNG, GIF, TIFF), max_bytes=_bytes(4 * MB, FACEBOOK_PHOTOS)
)
FACEBOOK_VIDEO = FileLimits(
    choice(FACEBOOK_POSTS, MP4, MOV),
    max_bytes=_bytes(4 * GB, FACEBOOK_POSTS),
    max_seconds=_seconds(240 * 60, FACEBOOK_POSTS),
)
FACEBOOK_REEL_VIDEO = FileLimits(
    choice(FACEBOOK_REELS, MP4, MOV),
    smallest_side=_pixels(540, FACEBOOK_REELS),
    min_ratio=_ratio(9, 16, FACEBOOK_REELS),
    max_ratio=_ratio(9, 16, FACEBOOK_REELS),
    min_seconds=_seconds(3, FACEBOOK_REELS),
    max_seconds=_seconds(90, FACEBOOK_REELS),
)
FACEBOOK_STORY_VIDEO = FileLimits(
    choice(FACEBOOK_REELS, MP4, MOV),
    smallest_side=_pixels(540, FACEBOOK_REELS),
    min_seconds=_seconds(3, FACEBOOK_REELS),
    max_seconds=_seconds(60, FACEBOOK_REELS),
)

YOUTUBE_VIDEO = FileLimits(
    choice(YOUTUBE_UPLOADS, MP4, MOV, AVI, WMV, WEBM, MPEG, GP3),
    max_bytes=_bytes(256 * GB, YOUTUBE_UPLOADS),
    max_seconds=_seconds(12 * 3600, YOUTUBE_UPLOADS),
)
YOUTUBE_SHORT = FileLimits(
    choice(YOUTUBE_UPLOADS, MP4, MOV, AVI, WMV, WEBM, MPEG, GP3),
    max_ratio=_ratio(1, 1, YOUTUBE_UPLOADS),
    max_seconds=_seconds(180, YOUTUBE_UPLOADS),
)

LINKEDIN_IMAGE = FileLimits(choice(LINKEDIN, JPEG, PNG, GIF), max_bytes=_bytes(5 * MB, LINKEDIN))
LINKEDIN_VIDEO = FileLimits(
    choice(LINKEDIN, MP4),
    max_bytes=_bytes(500 * MB, LINKEDIN),
    min_ratio=_ratio(1, 2.4, LINKEDIN),
    max_ratio=_ratio(2.4, 1, LINKEDIN),
    min_seconds=_seconds(3, LINKEDIN),
    max_seconds=_seconds(30 * 60, LINKEDIN),
)

X_IMAGE = FileLimits(choice(X_MEDIA, JPEG, PNG, GIF, WEBP), max_bytes=_bytes(5 * MB, X_MEDIA))
X_VIDEO = FileLimits(
    choice(X_MEDIA, MP4, MOV),
    max_bytes=_bytes(512 * MB, X_MEDIA),
    min_ratio=_ratio(1, 3, X_MEDIA),
    max_ratio=_ratio(3, 1, X_MEDIA),
    min_seconds=_seconds(0.5, X_MEDIA),
    max_seconds=_seconds(140, X_MEDIA),
)

PINTEREST_IMAGE = FileLimits(choice(PINTEREST, PNG, JPEG), max_bytes=_bytes(20 * MB, PINTEREST))
PINTEREST_VIDEO = FileLimits(
    choice(PINTEREST, MP4, MOV),
    max_bytes=_bytes(2 * GB, PINTEREST),
    min_ratio=_ratio(1, 2, PINTEREST),
    max_ratio=_ratio(1.91, 1, PINTEREST),
    min_seconds=_seconds(4, PINTEREST),
    max_seconds=_seconds(15 * 60, PINTEREST),
)

GBP_IMAGE = FileLimits(
    choice(GBP, JPEG, PNG), max_bytes=_bytes(5 * MB, GBP), min_width=_pixels(400, GBP), smallest_side=_pixels(300, GBP)
)

TIKTOK_IMAGE = FileLimits(choice(TIKTOK, JPEG, WEBP), max_bytes=_bytes(20 * MB, TIKTOK))
TIKTOK_VIDEO = FileLimits(
    choice(TIKTOK, MP4, WEBM, MOV),
    max_bytes=_bytes(4 * GB, TIKTOK),
    smallest_side=_pixels(360, TIKTOK),
    min_seconds=_seconds(3, TIKTOK),
    max_seconds=_seconds(10 * 60, TIKTOK),
)
