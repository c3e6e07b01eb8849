"""The sandbox that ships, by itself: a post's life on it, and who may call it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from batch.sandbox.service import POSTS, ROUTES, Service
from batch.sandbox.sites import SITE_ID
from batch.sandbox.state import Request
from tests.rig.api import CONTENT

AT = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
SIGNED = {"authorization": "key", "wix-site-id": SITE_ID, "content-type": "application/json"}


class Own:
    """The sandbox that ships, on a clock of its own."""

    def __init__(self):
        self.at = AT
        self.service = Service(now=lambda: self.at)

    def send(self, method, path, body=None, **headers):
        content = b"" if body is None else json.dumps(body).encode()
        return self.service.answer(Request(method, path, (), SIGNED | headers, content))

    def accounts(self, channel):
        request = Request("GET", POSTS + "/accounts", (("channelName", channel),), SIGNED, b"")
        return json.loads(self.service.answer(request).body)["accounts"]

    def good(self, method, path, body=None):
        answer = self.send(method, POSTS + path, body)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)


@pytest.fixture
def own():
    made = Own()
    with made.service:
        yield made


@pytest.mark.parametrize(("channel", "kind"), [key for key in CONTENT if key[0] != "TWITTER"])
def test_a_post_is_drafted_changed_scheduled_moved_and_goes_out(own, channel, kind):
    account, content = CONTENT[channel, kind]
    item = {"channel": {"name": channel, "accountId": account}, "type": kind, **content, "referenceId": "a"}
    item_id = own.good("POST", "/items", {"item": item})["item"]["id"]
    assert own.send("POST", f"{POSTS}/items", {"item": item}).status == 409
    assert own.good("PATCH", f"/items/{item_id}", {"item": {"id": item_id, **content}})["item"]["status"] == "DRAFT"
    for hours in (2, 3):
        date = (AT + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")
        own.good("POST", "/publish-by-id", {"id": item_id, "scheduledDate": date})
    own.at += timedelta(hours=2)
    assert own.good("GET", f"/items/{item_id}")["item"]["status"] == "SCHEDULED"
    own.at += timedelta(hours=2)
    [shown] = own.good("POST", "/items/query", {})["items"]
    assert (shown["status"], shown["updatedDate"]) == ("PUBLISHED", "2026-11-24T13:00:00Z")
    [feature] = [f for f in own.good("GET", "/features")["features"] if f["type"] == "SCHEDULE_POST"]
    assert feature["quotaInfo"]["currentUsage"] == 1


def test_what_is_cancelled_or_deleted_never_goes_out(own):
    account, content = CONTENT["LINKEDIN", "POST"]
    item = {"channel": {"name": "LINKEDIN", "accountId": account}, "type": "POST", **content}
    dated = {**item, "schedulingInfo": {"scheduledDate": "2026-11-24T12:00:00Z"}}
    bulk = own.good("POST", "/bulk/publish", {"items": [dated, dated]})["results"]
    first, second = (result["item"]["id"] for result in bulk)
    own.good("PATCH", f"/items/{first}/cancel", {})
    own.good("DELETE", f"/items/{second}")
    own.at += timedelta(days=2)
    assert [item["status"] for item in own.service.items()] == ["CANCELED", "DELETED"]


STRANGERS = (
    {"host": "evil.example"},
    {"host": "127.0.0.1.evil.example"},
    {"host": "127.0.0.1@evil.example"},
    {"host": "192.0.2.1:8080"},
)
PAGES = ("https://evil.example", "null", "http://127.0.0.1:9000", "https://127.0.0.1:8000", "http://localhost:8000")


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
def test_no_call_is_answered_under_a_name_that_is_not_this_machines(own, route):
    for headers in STRANGERS:
        assert own.send(route.method, route.path, **headers).status == 403
    assert own.send("GET", "/", host="evil.example").status == 403


@pytest.mark.parametrize("route", [r for r in ROUTES if r.method != "GET"], ids=lambda r: f"{r.method} {r.path}")
def test_no_changing_call_comes_from_a_page_behind_another_port(own, route):
    for origin in PAGES:
        answer = own.send(route.method, route.path, host="127.0.0.1:8000", origin=origin)
        said = json.loads(answer.body)["message"]
        assert (answer.status, said) == (403, "A page from elsewhere may not use the sandbox.")


def test_there_is_nothing_to_reset_or_to_look_behind_on_the_sandbox_that_ships(own):
    for path in ("reset", "clock", "faults", "seed", "options", "public", "items", "calls"):
        for method in ("GET", "POST", "DELETE"):
            assert own.send(method, f"/sandbox/{path}").status == 404


def test_a_sheet_finds_the_accounts_that_it_names(own):
    own.service.connect([(SITE_ID, "INSTAGRAM", "tidal.pottery"), (SITE_ID, "FACEBOOK", "Tidal Studio")])
    own.service.connect([(SITE_ID, "INSTAGRAM", "Tidal.Pottery"), (SITE_ID, "TWITTER", "tidal")])
    names = [a["instagram"]["username"] for a in own.accounts("INSTAGRAM")]
    assert names == ["Your Instagram (sandbox)", "Your second Instagram (sandbox)", "tidal.pottery"]
