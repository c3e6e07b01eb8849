"""A caller of a rig without a socket, on a clock that tests move, and one good item for each combination."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from batch.sandbox.service import FILES, POSTS
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Request, Response, to_ms, write_iso
from tests.rig.options import Options
from tests.rig.service import Rig

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
IMAGE = {"type": "IMAGE", "url": "https://static.wixstatic.com/media/vase.jpg"}
VIDEO = {"type": "VIDEO", "url": "https://video.wixstatic.com/video/kiln/file.mp4"}
TWITTER = {"id": "tw-1", "username": "riverpottery"}

CONTENT: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {
    ("INSTAGRAM", "POST"): (
        "17841405822304914",
        {"instagramPost": {"caption": "Hi", "mediaWrapper": {"media": [IMAGE]}}},
    ),
    ("INSTAGRAM", "STORY"): ("17841405822304914", {"instagramStory": {"mediaWrapper": {"media": [VIDEO]}}}),
    ("FACEBOOK", "POST"): ("10215544332211009", {"facebookPost": {"caption": "Hi", "pageId": "104512345678901"}}),
    ("FACEBOOK", "REEL"): (
        "10215544332211009",
        {"facebookReel": {"description": "Hi", "pageId": "104512345678901", "videoUrl": VIDEO["url"]}},
    ),
    ("FACEBOOK", "STORY"): (
        "10215544332211009",
        {"facebookStory": {"pageId": "104512345678901", "mediaWrapper": {"media": [IMAGE]}}},
    ),
    ("YOUTUBE", "VIDEO"): (
        "UCrIvErPoTtErY0123456789",
        {"youtubeVideo": {"title": "Hi", "channelId": "UCrIvErPoTtErY0123456789", "videoUrl": VIDEO["url"]}},
    ),
    ("YOUTUBE", "SHORT"): (
        "UCrIvErPoTtErY0123456789",
        {"youtubeShort": {"description": "Hi", "channelId": "UCrIvErPoTtErY0123456789", "videoUrl": VIDEO["url"]}},
    ),
    ("LINKEDIN", "POST"): (
        "urn:li:organization:70512345",
        {"linkedinPost": {"caption": "Hi", "authorId": "urn:li:organization:70512345"}},
    ),
    ("TWITTER", "POST"): ("tw-1", {"twitterPost": {"caption": "Hi"}}),
    ("PINTEREST", "POST"): (
        "774124931234567890",
        {"pinterestPost": {"title": "Hi", "boardId": "549755885175", "mediaWrapper": {"media": [IMAGE]}}},
    ),
    ("GBP", "POST"): (
        "accounts/109876543210987654321",
        {"gbpPost": {"description": "Hi", "locationId": "locations/4503599627370496", "callToAction": "BOOK"}},
    ),
    ("TIKTOK", "POST"): (
        "-000rIvErPoTtErY-open-id",
        {"tiktokPhoto": {"title": "Hi", "privacyLevel": "SELF_ONLY", "mediaWrapper": {"media": [IMAGE, IMAGE]}}},
    ),
    ("TIKTOK", "VIDEO"): (
        "-000rIvErPoTtErY-open-id",
        {"tiktokVideo": {"description": "Hi", "privacyLevel": "SELF_ONLY", "mediaWrapper": {"media": [VIDEO]}}},
    ),
}


class Api:
    """A caller of a sandbox whose clock it holds."""

    def __init__(self, *, options: Options | None = None, **more: Any) -> None:
        self.at = START
        self.service = Rig(options=options or Options(extra_fields=False), now=lambda: self.at, **more)
        self.site = SITE_ID

    def pass_time(self, **span: float) -> None:
        self.at += timedelta(**span)

    def date(self, **span: float) -> str:
        return write_iso(to_ms(self.at + timedelta(**span)))

    def send(
        self, method: str, path: str, body: Any = None, *, headers: dict[str, str] | None = None, query: Any = ()
    ) -> Response:
        own = {"authorization": "key", "wix-site-id": self.site, "content-type": "application/json"}
        sent = {name: value for name, value in (own | (headers or {})).items() if value}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        whole = path if path.startswith(("/oauth2", "/sandbox", FILES)) or path == "/" else POSTS + path
        return self.service.answer(Request(method, whole, tuple(query), sent, content))

    def good(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        response = self.send(method, path, body, **more)
        assert response.status == 200, response.body
        return response.json()

    def refused(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, str]:
        """The status and the code, or the first field that is wrong."""
        response = self.send(method, path, body, **more)
        details = response.json()["details"]
        if "validationError" in details:
            return response.status, details["validationError"]["fieldViolations"][0]["field"]
        return response.status, details["applicationError"]["code"]

    def item(self, channel: str = "LINKEDIN", kind: str = "POST", **more: Any) -> dict[str, Any]:
        account, content = CONTENT[(channel, kind)]
        return {"channel": {"name": channel, "accountId": account}, "type": kind, **copy.deepcopy(content), **more}

    def draft(self, *args: str, **more: Any) -> str:
        return str(self.good("POST", "/items", {"item": self.item(*args, **more)})["item"]["id"])

    def scheduled(self, *args: str, hours: float = 24, **more: Any) -> str:
        item_id = self.draft(*args, **more)
        self.good("POST", "/publish-by-id", {"id": item_id, "scheduledDate": self.date(hours=hours)})
        return item_id

    def status(self, item_id: str) -> str:
        return str(self.good("GET", f"/items/{item_id}")["item"]["status"])

    def query(self, **query: Any) -> Any:
        return self.good("POST", "/items/query", {"query": query})


@pytest.fixture
def api() -> Iterator[Api]:
    made = Api()
    with made.service:
        yield made


@pytest.fixture
def make_api() -> Iterator[Any]:
    """Make callers with sandboxes of their own: `make_api(Options(...), **service_arguments)`."""
    made: list[Api] = []

    def make(options: Options | None = None, **more: Any) -> Api:
        made.append(Api(options=options, **more))
        return made[-1]

    yield make
    for one in made:
        one.service.close()


@pytest.fixture
def twitter(api: Api) -> Api:
    """A site that had connected X while it lasted."""
    api.service.seed(accounts={"TWITTER": [TWITTER]})
    return api


@pytest.fixture
def combinations() -> list[tuple[str, str]]:
    return list(CONTENT)
