"""One snapshot holds all that planning needs, in as few calls as can be, none of them for each row."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from batch.errors import ServiceError, SignInError
from batch.model import Account, Channel, Item, Quota, Snapshot
from batch.publisher.accounts import read_snapshot
from batch.publisher.client import Client
from tests.publisher.conftest import Answer, Call, JsonServer, refusal

Connect = Callable[..., Client]
Serve = Callable[[Callable[[Call], Answer]], JsonServer]
NOW = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
BASE = "/social-publisher/v1"


def site(call: Call) -> Answer:
    path = call.path.removeprefix(BASE)
    if path == "/accounts":
        if call.query == "channelName=TIKTOK":
            return 400, refusal("USER_IS_DISCONNECTED")
        return 200, {"accounts": [{"instagram": {"id": "17"}, "facebook": {"id": "10", "page": {"id": "20"}}}]}
    if path.endswith("/long-lived-token-status"):
        return 200, {"status": "INVALID" if "FACEBOOK" in path else "VALID"}
    if path == "/features":
        return 200, {"features": [{"type": t, "enabled": True} for t in ("PUBLISH_POST", "SCHEDULE_POST", "AI_TOOLS")]}
    assert path == "/items/query"
    return 200, {"items": [{"id": "a", "status": "DRAFT"}], "pagingMetadata": {"count": 1, "offset": 0, "total": 1}}


def test_a_snapshot_holds_what_the_site_tells(serve: Serve, connect: Connect) -> None:
    server = serve(site)
    channels = [Channel.INSTAGRAM, Channel.FACEBOOK, Channel.TIKTOK, Channel.INSTAGRAM]
    snapshot = read_snapshot(connect(server.url), channels, now=NOW, site="pottery")
    assert snapshot.server_at is not None
    assert snapshot.server_at.tzinfo is UTC
    assert snapshot == Snapshot(
        site="pottery",
        read_at=NOW,
        accounts=(Account(Channel.INSTAGRAM, "17"),),
        connections={"INSTAGRAM": "VALID", "FACEBOOK": "INVALID", "TIKTOK": "USER_IS_DISCONNECTED"},
        quotas={"PUBLISH_POST": Quota("PUBLISH_POST"), "SCHEDULE_POST": Quota("SCHEDULE_POST")},
        features={"PUBLISH_POST": True, "SCHEDULE_POST": True, "AI_TOOLS": True},
        items=(Item("a", "", "", "DRAFT"),),
        server_at=snapshot.server_at,
    )
    assert len(server.calls) == 2 + 2 + 1 + 1 + 1


def test_reading_goes_side_by_side(serve: Serve, connect: Connect) -> None:
    together = threading.Barrier(2, timeout=5)

    def both(call: Call) -> Answer:
        if call.path in (f"{BASE}/features", f"{BASE}/items/query"):
            together.wait()  # each is answered only once the other is under way
        return site(call)

    assert read_snapshot(connect(serve(both).url), [], now=NOW).items


def test_a_refused_credential_ends_the_reading(serve: Serve, connect: Connect) -> None:
    with pytest.raises(SignInError):
        read_snapshot(connect(serve(lambda call: (401, {})).url), list(Channel), now=NOW)


def test_a_part_that_can_not_be_read_ends_the_reading(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (500, {}) if call.path.endswith("/query") else site(call))
    with pytest.raises(ServiceError):
        read_snapshot(connect(server.url), [Channel.INSTAGRAM], now=NOW)
