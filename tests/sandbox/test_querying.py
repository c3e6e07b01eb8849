from __future__ import annotations

import json

import pytest

from tests.rig.options import Options


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
