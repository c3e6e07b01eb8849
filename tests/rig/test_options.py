"""The four servers that the API may turn out to be, and that settings are read strictly."""

from __future__ import annotations

import pytest

from tests.rig.options import SERVERS, Options

USED = (409, "REFERENCE_ID_ALREADY_EXIST")


def test_there_are_four_servers():
    assert {name: (o.references, o.query_lag_seconds > 0) for name, o in SERVERS.items()} == {
        "unique": ("everywhere", False),
        "unique_on_publish": ("publish", False),
        "not_unique": ("nowhere", False),
        "lagging": ("publish", True),
    }


def second_uses(api):
    """On which calls a reference can be used a second time: for a draft, and after it was scheduled."""
    date = {"schedulingInfo": {"scheduledDate": api.date(days=1)}}
    first = api.draft(referenceId="a")
    twin = api.send("POST", "/items", {"item": api.item(referenceId="a")})
    api.good("POST", "/publish-by-id", {"id": first, "scheduledDate": api.date(days=1)})
    by_id = twin.json().get("item", {}).get("id")
    bulk = api.good("POST", "/bulk/publish", {"items": [api.item(referenceId="a", **date)]})
    return {
        "create": twin.status == 200,
        "publish": api.send("POST", "/publish", {"item": api.item(referenceId="a", **date)}).status == 200,
        "by_id": bool(by_id) and api.send("POST", "/publish-by-id", {"id": by_id}).status == 200,
        "bulk": bulk["results"][0]["itemMetadata"]["success"],
    }


@pytest.mark.parametrize(
    ("server", "possible"),
    [
        ("unique", set()),
        ("unique_on_publish", {"create", "bulk"}),
        ("not_unique", {"create", "publish", "by_id", "bulk"}),
        ("lagging", {"create", "bulk"}),
    ],
)
def test_each_server_refuses_a_second_use_on_its_own_calls(make_api, server, possible):
    found = second_uses(make_api(SERVERS[server].changed({"extra_fields": False})))
    assert {name for name, may in found.items() if may} == possible


@pytest.mark.parametrize("server", SERVERS)
def test_a_reference_is_free_to_use_on_another_site_and_none_is_no_reference(make_api, server):
    api = make_api(SERVERS[server].changed({"extra_fields": False}))
    api.good("POST", "/publish", {"item": api.item()})
    api.good("POST", "/publish", {"item": api.item()})


@pytest.mark.parametrize("freed", [False, True])
def test_a_cancelled_item_frees_its_reference_only_where_the_options_say_so(make_api, freed):
    api = make_api(Options(references_freed=freed, extra_fields=False))
    item_id = api.scheduled(referenceId="a")
    api.good("PATCH", f"/items/{item_id}/cancel", {})
    if freed:
        api.draft(referenceId="a")
    else:
        assert api.refused("POST", "/items", {"item": api.item(referenceId="a")}) == USED


def test_an_item_may_be_scheduled_again_under_its_own_reference(make_api):
    for server in SERVERS.values():
        api = make_api(server.changed({"extra_fields": False}))
        item_id = api.scheduled(referenceId="a")
        moved = {"id": item_id, "scheduledDate": api.date(days=9)}
        assert api.good("POST", "/publish-by-id", moved)["item"]["status"] == "SCHEDULED"


@pytest.mark.parametrize(
    "changes",
    [
        {"colour": "blue"},
        {"references": "sometimes"},
        {"patch": "guess"},
        {"clears": "undefined"},
        {"calls_per_minute": "200"},
        {"calls_per_minute": True},
        {"bulk": 1},
        {"api_keys": "key"},
        {"apps": ["app"]},
    ],
)
def test_a_setting_that_is_not_known_or_of_another_kind_is_refused(api, changes):
    before = api.service.options
    with pytest.raises(ValueError, match=next(iter(changes))):
        api.service.set_options(**changes)
    assert api.service.options == before


def test_settings_survive_being_written_down():
    options = Options(api_keys=("a",), apps={"b": "c"}, query_lag_seconds=2, bulk=False)
    assert Options().changed(options.as_json()) == options


def test_an_answer_has_a_field_that_nobody_knows_now_and_then(make_api):
    api = make_api(Options())
    answers = [api.good("GET", "/LINKEDIN/long-lived-token-status") for _ in range(21)]
    answers += [api.query() for _ in range(21)]
    ended = [api.good("DELETE", f"/items/{api.draft()}") for _ in range(21)]
    assert [len(answer) for answer in ended].count(1) >= 1
    assert [len(a) for a in answers[:21]].count(2) == 3
    assert [len(a) for a in answers[21:]].count(3) == 3
