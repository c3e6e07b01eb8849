"""What a second Publisher API knows: which content fits where, its accounts, and the tempers in which it may answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]
ROOT = "/social-publisher/v1"
CONTENT = {
    ("INSTAGRAM", "POST"): "instagramPost", ("INSTAGRAM", "STORY"): "instagramStory",
    ("FACEBOOK", "POST"): "facebookPost",
    ("FACEBOOK", "REEL"): "facebookReel", ("FACEBOOK", "STORY"): "facebookStory", ("YOUTUBE", "VIDEO"): "youtubeVideo",
    ("YOUTUBE", "SHORT"): "youtubeShort", ("LINKEDIN", "POST"): "linkedinPost", ("TWITTER", "POST"): "twitterPost",
    ("PINTEREST", "POST"): "pinterestPost", ("GBP", "POST"): "gbpPost", ("TIKTOK", "POST"): "tiktokPhoto",
    ("TIKTOK", "VIDEO"): "tiktokVideo",
}  # fmt: skip
ACCOUNTS: Mapping[str, list[Json]] = {
    "INSTAGRAM": [{"instagram": {"id": "17841400000000001", "username": "clay.pots"}, "settings": {"default": True}}],
    "FACEBOOK": [
        {"facebook": {"id": "fb-1", "displayName": "Clay", "page": {"id": "900000000000000001", "displayName": "Pots"}},
         "settings": {"default": True}},
        {"facebook": {"id": "fb-2", "displayName": "Clay Two",
                      "page": {"id": "900000000000000002", "displayName": "Jars"}}},
    ],
    "YOUTUBE": [{"youtube": {"id": "UC123"}}],
    "LINKEDIN": [{"linkedin": {"id": "urn:li:person:abc"}}],
    "TWITTER": [{"twitter": {"id": "tw-1"}}],
    "PINTEREST": [{"pinterest": {"id": "pin-1", "board": {"id": "board-1", "name": "Bowls"}}}],
    "GBP": [{"gbp": {"id": "gbp-1", "location": {"id": "loc-1", "name": "Shop"}}}],
    "TIKTOK": [{"tiktok": {"id": "tt-1", "privacyLevelOptions": ["PUBLIC_TO_EVERYONE", "SELF_ONLY"]}}],
}  # fmt: skip


@dataclass(frozen=True)
class Temper:
    """How this server answers where the API leaves room."""

    paging: str = "full"  # or "no_total", "none"
    date_header: bool = True
    features: str = "list"  # or "missing": only Get Feature Data is there; "gone": neither
    unmetered: bool = False
    minimal: bool = False  # a change is answered with id and status alone
    extra: bool = False  # unknown fields and values everywhere
    limited_first: int = 0  # so many calls are answered 429 first
    retry_after: str = ""  # or "seconds", "date"
    bulk: str = "ok"  # or "refused", "shuffled", "partial"
    after_publish: str = "PUBLISHED"
    token_status: int = 200
    page_limit: int = 100
    sort_refused: bool = False
    filter_refused: bool = False
    dates: str = "Z"  # or "millis", "offset"
    upper_ids: bool = False
    html_errors: bool = False
    latency_seconds: float = 0.0
    list_deleted: bool = True
    one_medium_as_url: bool = False
    blanks: str = "left out"  # or "null", "empty"
    crlf: bool = False
    references: str = "all"  # or "publish", "none"
    credential: str = "IST.key"
    disconnected: tuple[str, ...] = ()
    no_schedule: bool = False
    quota_left: int | None = 1000


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, code: str, description: str = "") -> None:
        super().__init__(code)
        self.status, self.code, self.description = status, code, description or code
