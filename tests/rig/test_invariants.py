"""Whatever is called in whatever order: what is public is public once and at its time; a lagging query is the past."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.sandbox.state import to_ms, write_iso
from tests.rig.options import SERVERS, Options
from tests.rig.service import Rig

START = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
AUTHOR = "urn:li:organization:70512345"
CALLS = ("create", "publish", "schedule", "now", "later", "reschedule", "cancel", "delete", "update", "wait")

steps = st.lists(st.tuples(st.sampled_from(CALLS), st.integers(0, 4), st.integers(1, 90)), min_size=5, max_size=40)


class World:
    """A site to which anything is done.

    `dues` are the instants for which, or at which, each item was put out; `seen` is what an observer wrote down of each
    item: its state from each instant of a change on.
    """

    def __init__(self, options: Options) -> None:
        self.at = START
        self.service = Rig(options=options, now=lambda: self.at)
        self.dues: dict[str, datetime] = {}
        self.seen: dict[str, dict[datetime, object]] = {}

    def observe(self) -> None:
        for item in self.service.items():
            self.seen.setdefault(item["id"], {})[datetime.fromisoformat(item["updatedDate"])] = item

    def was(self, then: datetime) -> dict[str, object]:
        known = {item_id: [at for at in versions if at <= then] for item_id, versions in self.seen.items()}
        return {item_id: self.seen[item_id][max(instants)] for item_id, instants in known.items() if instants}

    def do(self, call: str, which: int, minutes: int) -> None:
        if call == "wait":
            self.at += timedelta(seconds=minutes * 7)
            return
        due = self.at + timedelta(minutes=minutes)
        date = write_iso(to_ms(due))
        ids = [item["id"] for item in self.service.items()]
        item_id = ids[which % len(ids)] if ids else "none"
        item = {
            "channel": {"name": "LINKEDIN", "accountId": AUTHOR},
            "type": "POST",
            "linkedinPost": {"caption": f"{which} {minutes}", "authorId": AUTHOR},
            "referenceId": f"r{which}",
        }
        dated = {**item, "schedulingInfo": {"scheduledDate": date}}
        method, path, body, at = {
            "create": ("POST", "/items", {"item": item}, None),
            "publish": ("POST", "/publish", {"item": item}, self.at),
            "schedule": ("POST", "/publish", {"item": dated}, due),
            "now": ("POST", "/publish-by-id", {"id": item_id}, self.at),
            "later": ("POST", "/publish-by-id", {"id": item_id, "scheduledDate": date}, due),
            "reschedule": ("POST", f"/items/{item_id}/reschedule", {"scheduledDate": date}, due),
            "cancel": ("PATCH", f"/items/{item_id}/cancel", {}, None),
            "delete": ("DELETE", f"/items/{item_id}", None, None),
            "update": (
                "PATCH",
                f"/items/{item_id}",
                {"item": {"id": item_id, "linkedinPost": item["linkedinPost"]}},
                None,
            ),
        }[call]
        answer = self.service.call(method, path, body)
        assert answer.status in (200, 400, 404, 409, 428), answer.body
        if answer.status == 200 and at is not None:
            self.dues[answer.json()["item"]["id"]] = at


@pytest.mark.parametrize("server", SERVERS)
@settings(max_examples=25, deadline=None)
@given(steps=steps, processing=st.sampled_from([0.0, 40.0]))
def test_what_is_public_is_public_once_and_at_its_time(server, steps, processing):
    world = World(SERVERS[server].changed({"processing_seconds": processing, "extra_fields": False}))
    with world.service:
        for step in steps:
            world.do(*step)
        world.at += timedelta(days=2)
        public, items = world.service.public(), {item["id"]: item for item in world.service.items()}
        assert max(Counter(post.item_id for post in public).values(), default=1) == 1
        assert {post.item_id: post.due for post in public}.items() <= world.dues.items()
        assert {post.at - post.due for post in public} <= {timedelta(seconds=processing)}
        assert {i for i, item in items.items() if item["status"] == "PUBLISHED"} <= {post.item_id for post in public}
        assert {items[post.item_id]["status"] for post in public} <= {"PUBLISHED", "DELETED"}
        assert {item["status"] for item in items.values()} <= {"DRAFT", "PUBLISHED", "CANCELED", "DELETED"}
        if server == "unique":
            assert max(Counter(post.reference for post in public).values(), default=1) == 1


@settings(max_examples=60, deadline=None)
@given(steps=steps, lag=st.integers(1, 30))
def test_a_lagging_query_is_the_site_as_it_was(steps, lag):
    world = World(Options(references="nowhere", query_lag_seconds=lag, extra_fields=False))
    with world.service:
        for step in steps:
            world.do(*step)
            world.at += timedelta(seconds=step[2] % 5)
            world.observe()
            body = {"query": {"paging": {"limit": 100}}}
            lagging = world.service.call("POST", "/items/query", body).json()["items"]
            assert {i["id"]: i for i in lagging} == world.was(world.at - timedelta(seconds=lag))
