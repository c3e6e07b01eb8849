"""A post's way to the public goes by the clock alone."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.rig.options import Options

WAY = Options(queue_seconds=60, processing_seconds=120, extra_fields=False)


def test_a_scheduled_post_goes_through_queue_and_processing_to_the_public(make_api):
    api = make_api(WAY)
    start, item_id = api.at, api.scheduled(hours=1)
    seen = []
    for minutes in (59, 60, 61, 62, 63):
        api.at = start + timedelta(minutes=minutes)
        seen.append((api.status(item_id), len(api.service.public())))
    assert seen == [("SCHEDULED", 0), ("IN_QUEUE", 0), ("PROCESSING", 0), ("PROCESSING", 0), ("PUBLISHED", 1)]
    [post] = api.service.public()
    assert (post.due, post.at) == (start + timedelta(minutes=60), start + timedelta(minutes=63))


def test_the_way_is_the_same_however_seldom_somebody_looks(make_api):
    api = make_api(WAY)
    start, item_id = api.at, api.scheduled(hours=1)
    api.pass_time(days=30)
    [post] = api.service.public()
    assert (post.due, post.at) == (start + timedelta(minutes=60), start + timedelta(minutes=63))
    assert api.good("GET", f"/items/{item_id}")["item"]["updatedDate"] == "2026-11-24T11:03:00Z"


def test_publishing_now_takes_the_same_way(make_api):
    api = make_api(WAY)
    item_id = api.draft()
    assert api.good("POST", "/publish-by-id", {"id": item_id})["item"]["status"] == "IN_QUEUE"
    api.pass_time(seconds=180)
    assert api.status(item_id) == "PUBLISHED"
    [post] = api.service.public()
    assert (post.how, post.at - post.due) == ("now", timedelta(seconds=180))


def test_a_post_whose_text_asks_for_it_fails_on_its_channel(api):
    item = api.item()
    item["linkedinPost"]["caption"] = "Hi [sandbox:fail]"
    item_id = api.good("POST", "/items", {"item": item})["item"]["id"]
    api.good("POST", "/publish-by-id", {"id": item_id, "scheduledDate": api.date(hours=1)})
    api.pass_time(hours=2)
    failed = api.good("GET", f"/items/{item_id}")["item"]
    assert failed["status"] == "FAILED"
    assert failed["publicationError"]["code"] == "CHANNEL_REJECTED"
    assert api.service.public() == []


@pytest.mark.parametrize(
    ("seed", "code"),
    [
        ({"connections": {"LINKEDIN": "DISCONNECTED"}}, "USER_IS_DISCONNECTED"),
        ({"accounts": {"LINKEDIN": [{"id": "urn:li:other"}]}}, "ACCOUNT_NOT_CONNECTED"),
    ],
)
def test_a_scheduled_post_fails_where_its_account_is_gone_by_then(api, seed, code):
    item_id = api.scheduled(hours=1)
    api.service.seed(**seed)
    api.pass_time(hours=2)
    item = api.good("GET", f"/items/{item_id}")["item"]
    assert (item["status"], item["publicationError"]["code"]) == ("FAILED", code)


def test_the_network_refuses_what_only_it_does_not_take(api):
    item = api.item()
    item["linkedinPost"]["caption"] = "x" * 3001
    assert api.good("POST", "/publish", {"item": item})["item"]["status"] == "FAILED"
    api.service.set_options(network_limits=False)
    assert api.good("POST", "/publish", {"item": item})["item"]["status"] == "PUBLISHED"


def test_media_from_elsewhere_may_be_missing_when_the_post_goes_out(api):
    item = api.item("INSTAGRAM")
    item["instagramPost"]["mediaWrapper"]["media"][0]["url"] = "https://river.example/vase.jpg"
    assert api.good("POST", "/publish", {"item": item})["item"]["status"] == "PUBLISHED"
    api.service.set_options(foreign_media_fails=True)
    failed = api.good("POST", "/publish", {"item": item})["item"]
    assert failed["publicationError"]["code"] == "MEDIA_NOT_FOUND"


def test_posts_that_are_due_go_out_in_the_order_of_their_times(api):
    ids = {hours: api.scheduled(hours=hours) for hours in (3, 1, 2)}
    api.pass_time(hours=9)
    assert [post.item_id for post in api.service.public()] == [ids[1], ids[2], ids[3]]


def test_a_rescheduled_post_goes_out_once_and_at_its_new_time(api):
    item_id = api.scheduled(hours=1)
    at = api.date(hours=5)
    api.good("POST", f"/items/{item_id}/reschedule", {"scheduledDate": at})
    api.pass_time(hours=9)
    [post] = api.service.public()
    assert post.as_json()["at"] == post.as_json()["due"] == at.replace("Z", "+00:00")
