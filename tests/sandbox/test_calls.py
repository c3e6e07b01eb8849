"""Each call: its answer, and each refusal of its own."""

from __future__ import annotations

import json

import pytest

from batch.sandbox.content import CHANNELS, COMBINATIONS
from tests.rig.options import Options

UNKNOWN = "11111111-1111-4111-8111-111111111111"
LIVING = [key for key in COMBINATIONS if key[0] != "TWITTER"]


@pytest.mark.parametrize(("channel", "kind"), LIVING)
def test_each_living_combination_is_drafted_scheduled_and_goes_out_as_it_is(api, channel, kind):
    item = api.item(channel, kind, referenceId="spring-01", consumerInfo={"name": "tests"})
    made = api.good("POST", "/items", {"item": item})["item"]
    assert made | {"status": "DRAFT"} == made
    assert {name: made[name] for name in item} == item
    at = api.date(hours=1)
    scheduled = api.good("POST", "/publish-by-id", {"id": made["id"], "scheduledDate": at})["item"]
    assert (scheduled["status"], scheduled["schedulingInfo"]) == ("SCHEDULED", {"scheduledDate": at})
    api.pass_time(hours=2)
    [post] = api.service.public()
    assert (post.channel, post.type, post.account_id) == (channel, kind, item["channel"]["accountId"])
    assert post.content == item[COMBINATIONS[(channel, kind)].object]
    assert api.status(made["id"]) == "PUBLISHED"


def test_a_new_item_is_a_draft_with_an_id_of_its_own(api):
    made = api.good("POST", "/items", {"item": api.item()})["item"]
    other = api.good("POST", "/items", {"item": api.item()})["item"]
    assert made["status"] == other["status"] == "DRAFT"
    assert made["id"] != other["id"]
    assert api.service.public() == []


@pytest.mark.parametrize("extra", ["id", "status", "externalItemUrl", "publicationError", "external", "colour"])
def test_a_field_that_may_not_be_sent_is_refused(api, extra):
    assert api.refused("POST", "/items", {"item": api.item() | {extra: "x"}}) == (400, f"item.{extra}")
    assert api.refused("POST", "/publish", {"item": api.item() | {extra: "x"}}) == (400, f"item.{extra}")
    assert api.refused("POST", "/items", {"item": api.item(), extra: 1}) == (400, extra)


@pytest.mark.parametrize("path", ["/items", "/publish"])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"channel": {"name": "LINKEDIN", "accountId": "nobody"}}, "item.channel.accountId"),
        ({"channel": {"name": "MYSPACE"}}, "item.channel.name"),
        ({"linkedinPost": {"caption": "Hi", "authorId": "urn:li:other"}}, "item.linkedinPost.authorId"),
        ({"type": "REEL"}, "item.type"),
        ({"type": None}, "item.type"),
        ({"schedulingInfo": {"scheduledDate": "2026-12-01 09:30"}}, "item.schedulingInfo.scheduledDate"),
        ({"schedulingInfo": {"scheduledDate": "2026-12-01T09:30:00"}}, "item.schedulingInfo.scheduledDate"),
        ({"schedulingInfo": {"scheduledDate": ""}}, "item.schedulingInfo.scheduledDate"),
        ({"referenceId": ""}, "item.referenceId"),
    ],
)
def test_an_item_that_is_wrong_is_refused_by_its_field(api, path, change, field):
    assert api.refused("POST", path, {"item": api.item() | change}) == (400, field)
    assert api.service.items() == []


def test_an_account_that_is_left_out_is_the_default_one_and_never_a_guess(api):
    item = api.item("INSTAGRAM")
    del item["channel"]["accountId"]
    assert api.good("POST", "/items", {"item": item})["item"]["channel"]["accountId"] == "17841405822304914"
    api.service.seed(accounts={"INSTAGRAM": [{"id": "a", "username": "a"}, {"id": "b", "username": "b"}]})
    assert api.refused("POST", "/items", {"item": item}) == (400, "item.channel.accountId")


def test_a_privacy_level_has_to_be_among_the_accounts_own(api):
    item = api.item("TIKTOK")
    item["tiktokPhoto"]["privacyLevel"] = "FOLLOWER_OF_CREATOR"
    assert api.refused("POST", "/items", {"item": item}) == (400, "item.tiktokPhoto.privacyLevel")


@pytest.mark.parametrize(
    ("state", "refusal"),
    [
        ("NEVER_CREATED", (400, "USER_NOT_EXIST_FOR_CHANNEL")),
        ("DISCONNECTED", (400, "USER_IS_DISCONNECTED")),
        ("INVALID", (400, "USER_IS_DISCONNECTED")),
        ("NO_PAGES", (428, "NO_PAGES_FOR_USER")),
    ],
)
def test_a_channel_that_is_not_connected_takes_nothing(api, state, refusal):
    draft = api.draft()
    api.service.seed(connections={"LINKEDIN": state})
    assert api.refused("POST", "/items", {"item": api.item()}) == refusal
    assert api.refused("POST", "/publish", {"item": api.item()}) == refusal
    assert api.refused("POST", "/publish-by-id", {"id": draft}) == refusal


def test_get_item_is_found_in_any_case_and_404_otherwise(api):
    item_id = api.draft()
    assert api.good("GET", f"/items/{item_id.upper()}")["item"]["id"] == item_id
    assert api.refused("GET", f"/items/{UNKNOWN}") == (404, "ITEM_NOT_EXISTS")


def test_update_changes_the_content_and_leaves_the_rest(api):
    item_id = api.scheduled(referenceId="a")
    before = api.good("GET", f"/items/{item_id}")["item"]
    content = {"caption": "Changed", "authorId": "urn:li:organization:70512345"}
    after = api.good("PATCH", f"/items/{item_id}", {"item": {"id": item_id, "linkedinPost": content}})["item"]
    assert after == before | {"linkedinPost": content, "updatedDate": after["updatedDate"]}


def test_update_can_move_an_item_to_another_account_of_its_channel(api):
    item_id = api.draft("INSTAGRAM")
    change = {"id": item_id, "channel": {"name": "INSTAGRAM", "accountId": "17841405822304999"}}
    assert api.good("PATCH", f"/items/{item_id}", {"item": change})["item"]["channel"] == change["channel"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"schedulingInfo": {"scheduledDate": "2027-01-01T00:00:00Z"}}, "item.schedulingInfo"),
        ({"referenceId": "b"}, "item.referenceId"),
        ({"status": "DRAFT"}, "item.status"),
        ({"consumerInfo": {"name": "x"}}, "item.consumerInfo"),
        ({"id": UNKNOWN}, "item.id"),
        ({"id": None}, "item.id"),
        ({"facebookPost": {"caption": "x", "pageId": "104512345678901"}}, "item"),
        ({"linkedinPost": {"caption": "x", "authorId": "else"}}, "item.linkedinPost.authorId"),
    ],
)
def test_update_refuses_a_date_and_all_else_that_is_not_content(api, change, field):
    item_id = api.scheduled()
    before = api.service.items()
    assert api.refused("PATCH", f"/items/{item_id}", {"item": {"id": item_id} | change}) == (400, field)
    assert api.service.items() == before


def test_update_replaces_a_content_object_or_merges_it_as_the_options_say(api):
    item = api.item("FACEBOOK")
    item["facebookPost"]["link"] = "https://river.example/"
    item_id = api.good("POST", "/items", {"item": item})["item"]["id"]
    change = {"item": {"id": item_id, "facebookPost": {"caption": "New", "pageId": "104512345678901"}}}
    api.service.set_options(patch="merge")
    merged = api.good("PATCH", f"/items/{item_id}", change)["item"]["facebookPost"]
    assert merged == item["facebookPost"] | {"caption": "New"}
    api.service.set_options(patch="replace")
    assert api.good("PATCH", f"/items/{item_id}", change)["item"]["facebookPost"] == change["item"]["facebookPost"]


def end_as(api, status):
    """An item in this state."""
    item_id = api.scheduled(hours=1) if status not in ("DRAFT", "FAILED") else api.draft()
    if status == "CANCELED":
        api.good("PATCH", f"/items/{item_id}/cancel", {})
    elif status == "DELETED":
        api.good("DELETE", f"/items/{item_id}")
    elif status == "PUBLISHED":
        api.pass_time(hours=2)
    elif status == "PROCESSING":
        api.service.set_options(processing_seconds=600)
        api.pass_time(hours=1)
    elif status == "IN_QUEUE":
        api.service.set_options(queue_seconds=600)
        api.pass_time(hours=1)
    elif status == "FAILED":
        api.service.set_options(failing_marker="Hi")
        api.good("POST", "/publish-by-id", {"id": item_id})
    assert api.status(item_id) == status
    return item_id


STATES = ["DRAFT", "SCHEDULED", "IN_QUEUE", "PROCESSING", "PUBLISHED", "CANCELED", "FAILED", "DELETED"]
PUBLISHED, DELETED = (428, "ITEM_IS_PUBLISHED"), (428, "ITEM_IS_DELETED")


@pytest.mark.parametrize("status", STATES)
def test_reschedule_and_cancel_take_a_scheduled_item_only(api, status):
    item_id = end_as(api, status)
    refusals = {
        "IN_QUEUE": PUBLISHED,
        "PROCESSING": PUBLISHED,
        "PUBLISHED": PUBLISHED,
        "DELETED": DELETED,
        "DRAFT": (428, "ITEM_IS_NOT_SCHEDULED"),
        "CANCELED": (428, "ITEM_IS_CANCELED"),
        "FAILED": (428, "ITEM_IS_FAILED"),
    }
    moved = {"scheduledDate": api.date(days=3)}
    if status == "SCHEDULED":
        assert api.good("POST", f"/items/{item_id}/reschedule", moved)["item"]["schedulingInfo"] == moved
        assert api.good("PATCH", f"/items/{item_id}/cancel", {})["item"]["status"] == "CANCELED"
        api.pass_time(days=9)
        assert api.service.public() == []
    else:
        assert api.refused("POST", f"/items/{item_id}/reschedule", moved) == refusals[status]
        assert api.refused("PATCH", f"/items/{item_id}/cancel", {}) == refusals[status]
        assert api.status(item_id) == status


@pytest.mark.parametrize("status", STATES)
def test_update_takes_a_draft_or_a_scheduled_item_only(api, status):
    item_id = end_as(api, status)
    change = {"item": {"id": item_id, "linkedinPost": {"caption": "New", "authorId": "urn:li:organization:70512345"}}}
    if status in ("DRAFT", "SCHEDULED"):
        assert api.good("PATCH", f"/items/{item_id}", change)["item"]["status"] == status
    elif status == "DELETED":
        assert api.refused("PATCH", f"/items/{item_id}", change) == (404, "ITEM_NOT_EXISTS")
    else:
        assert api.refused("PATCH", f"/items/{item_id}", change) == (400, "item.status")


@pytest.mark.parametrize("status", STATES)
@pytest.mark.parametrize("dated", [True, False])
def test_publish_by_id_takes_a_draft_or_a_scheduled_item_only(api, status, dated):
    item_id = end_as(api, status)
    body = {"id": item_id} | ({"scheduledDate": api.date(days=3)} if dated else {})
    if status in ("DRAFT", "SCHEDULED"):
        wanted = "SCHEDULED" if dated else "PUBLISHED"
        assert api.good("POST", "/publish-by-id", body)["item"]["status"] == wanted
        assert len(api.service.public()) == (0 if dated else 1)
    else:
        seen = len(api.service.public())
        assert api.refused("POST", "/publish-by-id", body)[0] == 428
        assert len(api.service.public()) == seen


def test_leaving_out_the_date_publishes_at_once_even_what_is_scheduled(api):
    item_id = api.scheduled(hours=48)
    for empty in ({}, {"scheduledDate": None}):
        api.service.reset()
        item_id = api.scheduled(hours=48)
        assert api.good("POST", "/publish-by-id", {"id": item_id} | empty)["item"]["status"] == "PUBLISHED"
        [post] = api.service.public()
        assert (post.item_id, post.at, post.how) == (item_id, api.at, "now")
        api.pass_time(days=9)
        assert len(api.service.public()) == 1


def test_publish_item_publishes_at_once_or_schedules_by_its_date(api):
    now = api.good("POST", "/publish", {"item": api.item()})["item"]
    at = api.date(hours=5)
    later = api.good("POST", "/publish", {"item": api.item(schedulingInfo={"scheduledDate": at})})["item"]
    assert (now["status"], later["status"]) == ("PUBLISHED", "SCHEDULED")
    assert now["externalItemUrl"].endswith(now["id"])
    assert [post.item_id for post in api.service.public()] == [now["id"]]
    assert [post.item_id for post in api.service.coming()] == [later["id"]]


@pytest.mark.parametrize("seconds", [0, -1, -86400])
def test_a_date_that_has_passed_is_refused_wherever_it_is_sent(api, seconds):
    draft, scheduled, passed = api.draft(), api.scheduled(), api.date(seconds=seconds)
    gone = (428, "SCHEDULED_TIME_ALREADY_PASSED")
    assert api.refused("POST", "/publish-by-id", {"id": draft, "scheduledDate": passed}) == gone
    assert api.refused("POST", "/publish-by-id", {"id": scheduled, "scheduledDate": passed}) == gone
    assert api.refused("POST", f"/items/{scheduled}/reschedule", {"scheduledDate": passed}) == gone
    dated = api.item(schedulingInfo={"scheduledDate": passed})
    assert api.refused("POST", "/publish", {"item": dated}) == gone
    assert api.service.public() == []


def test_a_date_with_an_offset_is_the_same_instant_in_utc(api):
    item_id = api.draft()
    body = {"id": item_id, "scheduledDate": "2026-12-01T09:30:00.250+01:00"}
    assert (
        api.good("POST", "/publish-by-id", body)["item"]["schedulingInfo"]["scheduledDate"]
        == "2026-12-01T08:30:00.250Z"
    )


@pytest.mark.parametrize("call", ["get", "patch", "delete", "publish", "reschedule", "cancel"])
def test_an_unknown_item_is_404_on_every_call(api, call):
    date = {"scheduledDate": api.date(days=1)}
    calls = {
        "get": ("GET", f"/items/{UNKNOWN}", None),
        "patch": ("PATCH", f"/items/{UNKNOWN}", {"item": {"id": UNKNOWN}}),
        "delete": ("DELETE", f"/items/{UNKNOWN}", None),
        "publish": ("POST", "/publish-by-id", {"id": UNKNOWN, **date}),
        "reschedule": ("POST", f"/items/{UNKNOWN}/reschedule", date),
        "cancel": ("PATCH", f"/items/{UNKNOWN}/cancel", {}),
    }
    assert api.refused(*calls[call]) == (404, "ITEM_NOT_EXISTS")


def test_delete_keeps_the_item_as_deleted_and_a_second_time_is_refused(api):
    item_id = api.scheduled()
    assert api.send("DELETE", f"/items/{item_id}").json() == {}
    assert api.status(item_id) == "DELETED"
    assert api.refused("DELETE", f"/items/{item_id}") == (428, "ITEM_IS_DELETED")
    api.pass_time(days=9)
    assert api.service.public() == []


def test_a_deleted_item_can_be_hidden(api):
    api.service.set_options(deleted="hidden")
    item_id = api.draft()
    api.good("DELETE", f"/items/{item_id}")
    assert api.refused("GET", f"/items/{item_id}") == (404, "ITEM_NOT_EXISTS")
    assert api.refused("DELETE", f"/items/{item_id}") == (404, "ITEM_NOT_EXISTS")
    assert api.query()["pagingMetadata"]["total"] == 0


@pytest.mark.parametrize("status", ["IN_QUEUE", "PROCESSING", "PUBLISHED"])
def test_deleting_does_not_take_back_what_is_public_or_on_its_way(api, status):
    item_id = end_as(api, status)
    api.good("DELETE", f"/items/{item_id}")
    api.pass_time(hours=3)
    assert [post.item_id for post in api.service.public()] == [item_id]
    assert api.status(item_id) == "DELETED"


def test_x_ended_after_july_2026(make_api):
    from datetime import UTC, datetime

    api = make_api()
    api.at = datetime(2026, 7, 31, 23, 0, tzinfo=UTC)
    api.service.seed(accounts={"TWITTER": [{"id": "tw-1"}]})
    in_time = api.item("TWITTER", schedulingInfo={"scheduledDate": "2026-07-31T23:59:59Z"})
    late = api.item("TWITTER", schedulingInfo={"scheduledDate": "2026-08-01T00:00:00Z"})
    assert api.good("POST", "/publish", {"item": in_time})["item"]["status"] == "SCHEDULED"
    assert api.good("POST", "/publish", {"item": api.item("TWITTER")})["item"]["status"] == "PUBLISHED"
    ended = (428, "UNSUPPORTED_CHANNEL")
    assert api.refused("POST", "/publish", {"item": late}) == ended
    draft, scheduled = api.draft("TWITTER"), api.scheduled("TWITTER", hours=0.5)
    assert api.refused("POST", f"/items/{scheduled}/reschedule", {"scheduledDate": "2026-08-02T00:00:00Z"}) == ended
    api.pass_time(hours=1)
    assert api.refused("POST", "/publish", {"item": api.item("TWITTER")}) == ended
    assert api.refused("POST", "/publish-by-id", {"id": draft}) == ended


def bulk(api, *items):
    return api.good("POST", "/bulk/publish", {"items": list(items)})


def test_bulk_does_each_item_on_its_own(api):
    dated = {"schedulingInfo": {"scheduledDate": api.date(days=1)}}
    wrong = api.item(**dated)
    wrong["linkedinPost"]["authorId"] = "else"
    answer = bulk(
        api, api.item(**dated), wrong, api.item("GBP"), api.item(schedulingInfo={"scheduledDate": api.date()})
    )
    facts = [(r["itemMetadata"]["originalIndex"], r["itemMetadata"]["success"]) for r in answer["results"]]
    assert facts == [(0, True), (1, False), (2, True), (3, False)]
    statuses = [r.get("item", {}).get("status") for r in answer["results"]]
    assert statuses == ["SCHEDULED", None, "PUBLISHED", None]
    codes = [r["itemMetadata"].get("error", {}).get("code") for r in answer["results"]]
    assert codes == [None, "VALIDATION", None, "SCHEDULED_TIME_ALREADY_PASSED"]
    assert answer["bulkActionMetadata"] == {"totalSuccesses": 2, "totalFailures": 2, "undetailedFailures": 0}
    assert len(api.service.items()) == 2


def test_bulk_refuses_as_a_whole_what_is_wrong_with_the_call(api):
    homeless = api.item()
    del homeless["channel"]["accountId"]
    assert api.refused("POST", "/bulk/publish", {"items": []}) == (400, "items")
    assert api.refused("POST", "/bulk/publish", {"items": [api.item()] * 101}) == (400, "items")
    assert api.refused("POST", "/bulk/publish", {"items": [api.item(), homeless]}) == (
        400,
        "items[1].channel.accountId",
    )
    assert api.refused("POST", "/bulk/publish", {"items": [api.item() | {"x": 1}]}) == (400, "items[0].x")
    api.service.seed(plan="free")
    dated = api.item(schedulingInfo={"scheduledDate": api.date(days=1)})
    assert api.refused("POST", "/bulk/publish", {"items": [dated]}) == (428, "INELIGIBLE_FOR_FEATURE")
    assert api.service.items() == []


def test_a_quota_that_ends_inside_a_bulk_call_fails_the_rest(api):
    api.service.seed(quota={"SCHEDULE_POST": {"limit": 2}})
    items = [api.item(schedulingInfo={"scheduledDate": api.date(days=1)}) for _ in range(3)]
    answer = bulk(api, *items)
    assert [r["itemMetadata"]["success"] for r in answer["results"]] == [True, True, False]
    assert answer["results"][2]["itemMetadata"]["error"]["code"] == "INELIGIBLE_FOR_FEATURE"


def test_a_site_can_be_without_the_bulk_call_or_take_fewer(api):
    api.service.set_options(bulk_most=2)
    assert api.refused("POST", "/bulk/publish", {"items": [api.item()] * 3}) == (400, "items")
    api.service.set_options(bulk=False)
    assert api.refused("POST", "/bulk/publish", {"items": [api.item()]}) == (404, "NOT_FOUND")


def test_bulk_results_may_come_in_any_order(make_api):
    api = make_api(Options(bulk_shuffled=True, extra_fields=False))
    items = [api.item(referenceId=f"r{n}", schedulingInfo={"scheduledDate": api.date(days=1)}) for n in range(30)]
    results = bulk(api, *items)["results"]
    order = [r["itemMetadata"]["originalIndex"] for r in results]
    assert sorted(order) == list(range(30)) != order
    assert all(r["item"]["referenceId"] == f"r{r['itemMetadata']['originalIndex']}" for r in results)


def ids(answer):
    return [item["id"] for item in answer["items"]]


def test_a_page_has_50_items_where_nothing_is_said_and_at_most_100(api):
    api.service.seed(items=[api.item() for _ in range(120)])
    first = api.good("POST", "/items/query", {})
    assert (len(first["items"]), first["pagingMetadata"]) == (50, {"count": 50, "offset": 0, "total": 120})
    assert len(api.query(paging={"limit": 100})["items"]) == 100
    for limit in (101, 0):
        assert api.refused("POST", "/items/query", {"query": {"paging": {"limit": limit}}}) == (
            400,
            "query.paging.limit",
        )


@pytest.mark.parametrize("sort", [[], [{"fieldName": "id", "order": "ASC"}]])
def test_the_pages_together_are_all_items_once(api, sort):
    api.service.seed(items=[api.item() for _ in range(230)])
    pages = [api.query(sort=sort, paging={"limit": 100, "offset": offset}) for offset in (0, 100, 200, 300)]
    assert [len(page["items"]) for page in pages] == [100, 100, 30, 0]
    assert len({item for page in pages for item in ids(page)}) == 230


def test_the_newest_item_comes_first_where_no_order_is_asked_for(api):
    first, second = api.draft(), api.draft()
    assert ids(api.query()) == [second, first]
    assert ids(api.query(sort=[{"fieldName": "id", "order": "DESC"}])) == sorted([first, second], reverse=True)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"filter": {"caption": "x"}}, "query.filter.caption"),
        ({"filter": {"referenceId": "x"}}, "query.filter.referenceId"),
        ({"filter": []}, "query.filter"),
        ({"sort": [{"fieldName": "caption"}]}, "query.sort[0].fieldName"),
        ({"sort": [{"fieldName": "id", "order": "UP"}]}, "query.sort[0].order"),
        ({"cursorPaging": {"limit": 10}}, "query.cursorPaging"),
        ({"paging": {"offset": -1}}, "query.paging.offset"),
    ],
)
def test_what_is_not_known_is_refused_by_its_field(api, query, field):
    assert api.refused("POST", "/items/query", {"query": query}) == (400, field)


def test_a_lagging_query_shows_the_site_as_it_was_and_get_item_does_not_lag(make_api):
    api = make_api(Options(query_lag_seconds=5, extra_fields=False))
    item_id = api.draft()
    api.pass_time(seconds=2)
    api.good("POST", "/publish-by-id", {"id": item_id, "scheduledDate": api.date(hours=1)})
    seen = []
    for _ in range(4):
        answer = api.query()
        assert answer["pagingMetadata"]["total"] == len(answer["items"])
        seen.append(([item["status"] for item in answer["items"]], api.status(item_id)))
        api.pass_time(seconds=2)
    assert seen == [([], "SCHEDULED"), ([], "SCHEDULED"), (["DRAFT"], "SCHEDULED"), (["SCHEDULED"], "SCHEDULED")]


def test_a_lagging_query_sorts_and_counts_what_it_shows(make_api):
    api = make_api(Options(query_lag_seconds=5, deleted="hidden", extra_fields=False))
    made = sorted(api.draft() for _ in range(3))
    api.pass_time(seconds=6)
    api.good("DELETE", f"/items/{made[0]}")
    order = [{"fieldName": "id", "order": "ASC"}]
    assert (ids(api.query(sort=order)), api.query()["pagingMetadata"]["total"]) == (made, 3)
    api.pass_time(seconds=6)
    assert (ids(api.query(sort=order)), api.query()["pagingMetadata"]["total"]) == (made[1:], 2)


def test_an_item_changed_many_times_is_shown_once(make_api):
    api = make_api(Options(query_lag_seconds=5, extra_fields=False))
    item_id = api.scheduled(hours=1)
    for hours in range(2, 12):
        api.pass_time(seconds=1)
        api.good("POST", f"/items/{item_id}/reschedule", {"scheduledDate": api.date(hours=hours)})
        assert len(api.query()["items"]) <= 1
    shown = api.query()["items"][0]["schedulingInfo"]["scheduledDate"]
    assert shown != api.good("GET", f"/items/{item_id}")["item"]["schedulingInfo"]["scheduledDate"]


def test_five_thousand_items_come_page_by_page(api):
    api.service.set_options(calls_per_minute=0)
    api.service.seed(items=[api.item(referenceId=f"r{n}") for n in range(5000)])
    pages = [
        api.send("POST", "/items/query", {"query": {"paging": {"limit": 100, "offset": at}}}).body
        for at in range(0, 5000, 100)
    ]
    total = sum(len(json.loads(page)["items"]) for page in pages)
    assert total == 5000


ACCOUNT_KEYS = {
    "INSTAGRAM": {"username"},
    "FACEBOOK": {"displayName", "page"},
    "PINTEREST": {"board"},
    "GBP": {"location"},
}


def accounts(api, channel):
    return api.send("GET", "/accounts", query=[("channelName", channel)])


@pytest.mark.parametrize("channel", [c for c in CHANNELS if c != "TWITTER"])
def test_a_new_site_is_connected_on_every_living_channel(api, channel):
    listed = accounts(api, channel).json()["accounts"]
    own = [entry[channel.lower()] for entry in listed]
    assert all(ACCOUNT_KEYS.get(channel, set()) <= set(account) for account in own)
    assert [account["settings"]["default"] for account in own].count(True) == 1
    assert len(own) == (2 if channel == "INSTAGRAM" else 1)
    assert api.good("GET", f"/{channel}/long-lived-token-status") == {"status": "VALID"}


def test_x_was_never_connected(api):
    assert api.refused("GET", "/accounts", query=[("channelName", "TWITTER")]) == (400, "USER_NOT_EXIST_FOR_CHANNEL")
    assert api.good("GET", "/TWITTER/long-lived-token-status") == {"status": "NEVER_CREATED"}


@pytest.mark.parametrize(
    ("state", "refusal", "told"),
    [
        ("NEVER_CREATED", (400, "USER_NOT_EXIST_FOR_CHANNEL"), "NEVER_CREATED"),
        ("DISCONNECTED", (400, "USER_IS_DISCONNECTED"), "DISCONNECTED"),
        ("INVALID", (400, "USER_IS_DISCONNECTED"), "INVALID"),
        ("NO_PAGES", (428, "NO_PAGES_FOR_USER"), "VALID"),
    ],
)
def test_each_state_of_a_connection_is_told(api, state, refusal, told):
    api.service.seed(connections={"FACEBOOK": state})
    assert api.refused("GET", "/accounts", query=[("channelName", "FACEBOOK")]) == refusal
    assert api.good("GET", "/FACEBOOK/long-lived-token-status") == {"status": told}


@pytest.mark.parametrize("query", [[], [("channelName", "MYSPACE")], [("channelName", "GBP"), ("channelName", "GBP")]])
def test_accounts_are_asked_for_one_channel(api, query):
    assert api.refused("GET", "/accounts", query=query) == (400, "channelName")


def test_an_unknown_channel_or_parameter_is_refused(api):
    assert api.refused("GET", "/MYSPACE/long-lived-token-status") == (400, "channel")
    assert api.refused("GET", "/MYSPACE/connect-url") == (400, "channel")
    assert api.refused("GET", "/accounts", query=[("channelName", "GBP"), ("limit", "1")]) == (400, "limit")


def test_a_connect_url_is_given_as_long_as_the_plan_has_room(api):
    assert api.good("GET", "/TWITTER/connect-url")["connectUrl"].startswith("https://")
    api.service.seed(plan="small")
    assert api.refused("GET", "/TWITTER/connect-url") == (428, "INELIGIBLE_FOR_FEATURE")
    assert "connectUrl" in api.good("GET", "/INSTAGRAM/connect-url")
