"""Each reading is another service: it shows, and only where it says so."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from batch.sandbox.service import FILES, POSTS
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Request
from tests.rig.api import CONTENT
from tests.rig.options import Options
from tests.rig.readings import DEAD_CHANNEL, READINGS, REFUSED_WORDS, Reading, combine
from tests.rig.service import Rig

NAMES = [reading.name for reading in READINGS]
START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)


def session(readings: Sequence[Reading]) -> list[tuple[str, int, bytes]]:
    """Everything that may show a reading, done once: each call, its status and its answer."""
    at = [START]
    rig = Rig(options=Options(extra_fields=False, calls_per_minute=0), readings=readings, now=lambda: at[0], id_seed=1)
    said: list[tuple[str, int, bytes]] = []

    def send(method: str, path: str, body: object = None, **query: str) -> dict[str, object]:
        headers = {"authorization": "key", "wix-site-id": SITE_ID, "content-type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        whole = path if path.startswith(FILES) else POSTS + path
        answer = rig.answer(Request(method, whole, tuple(query.items()), headers, content))
        said.append((f"{method} {path.split('?')[0]}", answer.status, answer.body))
        return answer.json() if answer.body.startswith(b"{") else {}

    def item(channel: str, kind: str, **more: object) -> dict[str, object]:
        account, content = CONTENT[channel, kind]
        return {"channel": {"name": channel, "accountId": account}, "type": kind, **content, **more}

    with rig:
        for reading in readings:
            rig.seed(**reading.seed)
        date = {"scheduledDate": "2026-11-24T12:00:00Z"}
        text = {"caption": "Two  lines\n\n\nof text", "pageId": "104512345678901", "link": "https://a.example/"}
        made = rig.seed(items=[{**item("FACEBOOK", "POST"), "facebookPost": text}])[0]
        for n in range(6):
            rig.seed(items=[item("GBP", "POST", status=("DELETED", "PUBLISHED")[n % 2])])
        send("POST", "/items/query", {"query": {"paging": {"limit": 100}, "sort": [{"fieldName": "id"}]}})
        send("POST", "/items", {"item": item("LINKEDIN", "POST", referenceId="ä" * 60)})
        send("POST", "/items", {"item": item("LINKEDIN", "POST", referenceId="a")})
        send("POST", "/items", {"item": item("LINKEDIN", "POST", referenceId="a")})
        send("POST", "/items/query", {})
        for cleared in (None, ""):
            change = {"caption": "New", "pageId": "104512345678901", "link": cleared}
            send("PATCH", f"/items/{made}", {"item": {"id": made, "facebookPost": change}})
            send(
                "PATCH",
                f"/items/{made}",
                {"item": {"id": made, "facebookPost": {**text, "link": "https://a.example/"}}},
            )
        change = {"caption": "New", "pageId": "104512345678901"}
        send("PATCH", f"/items/{made}", {"item": {"id": made, "facebookPost": change}})
        for key in (("INSTAGRAM", "POST"), ("INSTAGRAM", "STORY"), ("YOUTUBE", "VIDEO")):
            send("POST", "/publish", {"item": item(*key)})
        account, _ = CONTENT["LINKEDIN", "POST"]
        refused = {"linkedinPost": {"caption": REFUSED_WORDS, "authorId": account}}
        draft = rig.seed(items=[item("LINKEDIN", "POST") | refused])[0]
        send("POST", "/publish-by-id", {"id": draft, **date})
        send("POST", "/publish-by-id", {"id": made, "scheduledDate": "2020-01-01T00:00:00Z"})
        five = [item("LINKEDIN", "POST", referenceId=f"b{n}", schedulingInfo=date) for n in range(5)]
        send("POST", "/bulk/publish", {"items": five})
        cancelled = rig.call("POST", "/publish", {"item": item("GBP", "POST", referenceId="c", schedulingInfo=date)})
        send("PATCH", f"/items/{cancelled.json()['item']['id']}/cancel", {})
        send("POST", "/publish", {"item": item("GBP", "POST", referenceId="c", schedulingInfo=date)})
        send("PATCH", "/items/none/cancel", {})
        send("GET", "/features")
        for channel in ("FACEBOOK", DEAD_CHANNEL):
            send("GET", "/accounts", channelName=channel)
            send("GET", f"/{channel}/long-lived-token-status")
        file = rig.call("POST", f"{FILES}/import", {"url": "https://a.example/kiln.mp4"}).json()["file"]["id"]
        send("GET", f"{FILES}/get-file-by-id", fileId=file)
        at[0] += timedelta(days=1)
        send("POST", "/items/query", {"query": {"paging": {"limit": 50}}})
    return said


@pytest.fixture(scope="module")
def plain() -> list[tuple[str, int, bytes]]:
    return session(())


@pytest.mark.parametrize("reading", READINGS, ids=NAMES)
def test_each_reading_shows(reading, plain):
    assert session((reading,)) != plain


def test_the_same_reading_shows_the_same_twice(plain):
    assert session(()) == plain


def test_each_reading_has_a_name_and_says_what_differs_and_how_sure_that_is():
    assert len(set(NAMES)) == len(NAMES) >= 40
    assert {reading.sure for reading in READINGS} <= {"D", "R", "W", "M", "open"}
    assert all(reading.question and reading.differs for reading in READINGS)


@pytest.mark.parametrize("seed", range(20))
def test_a_combination_answers_each_question_once(seed):
    readings = combine(random.Random(seed))
    questions = [reading.question for reading in readings]
    assert len(set(questions)) == len(questions) >= 3
    session(readings)


def test_somebody_elses_calls_are_answered_plainly():
    reading = next(r for r in READINGS if r.name == "no account ID in answers")
    with Rig(readings=[reading], options=Options(extra_fields=False)) as rig:
        account, content = CONTENT["LINKEDIN", "POST"]
        item = {"channel": {"name": "LINKEDIN", "accountId": account}, "type": "POST", **content}
        assert rig.call("POST", "/items", {"item": item}).json()["item"]["channel"] == item["channel"]
        assert [shown["channel"] for shown in rig.items()] == [item["channel"]]
