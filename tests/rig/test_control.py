"""The sandbox's own addresses, as a process that is not Python would use them."""

from __future__ import annotations

import pytest

from tests.rig.options import Options

STRANGE = [
    {"host": "evil.example"},
    {"host": "127.0.0.1.evil.example"},
    {"origin": "https://evil.example"},
    {"host": "127.0.0.1:8080", "origin": "null.example"},
    {"host": "127.0.0.1:8080", "origin": "null"},
    {"host": "127.0.0.1:8080", "origin": "http://127.0.0.1:8081"},
    {"host": "127.0.0.1:8080", "origin": "https://127.0.0.1:8080"},
]


@pytest.mark.parametrize("headers", STRANGE)
@pytest.mark.parametrize("path", ["/", "/sandbox/public", "/sandbox/reset"])
def test_a_page_of_another_site_can_do_nothing_here(api, path, headers):
    method = "POST" if path.endswith("reset") else "GET"
    assert api.refused(method, path, headers=headers) == (403, "FORBIDDEN")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:4711", "localhost:80", "[::1]:80", "[::1]"])
def test_this_machine_may_use_them_by_each_of_its_names(api, host):
    api.good("GET", "/sandbox/clock", headers={"host": host, "origin": f"http://{host}"})


def test_the_record_the_items_and_the_calls_can_be_read(api):
    item_id = api.scheduled(hours=1, referenceId="a")
    assert [p["item_id"] for p in api.good("GET", "/sandbox/public")["coming"]] == [item_id]
    api.good("POST", "/sandbox/clock", {"advance_seconds": 7200})
    seen = api.good("GET", "/sandbox/public")
    assert [(p["reference"], p["at"]) for p in seen["public"]] == [("a", "2026-11-24T11:00:00+00:00")]
    assert seen["coming"] == []
    assert [i["status"] for i in api.good("GET", "/sandbox/items")["items"]] == ["PUBLISHED"]
    calls = api.good("GET", "/sandbox/calls")["calls"]
    assert [(c["call"], c["status"], c["changed"]) for c in calls] == [
        ("create_draft", 200, True),
        ("publish_by_id", 200, True),
    ]
    assert api.good("GET", "/sandbox/items", query=[("site", "5a11d0b0-0000-4000-8000-000000000002")]) == {"items": []}


def test_looking_behind_the_api_is_not_a_call_of_it(api):
    for path in ("/sandbox/public", "/sandbox/items", "/sandbox/calls", "/sandbox/files", "/sandbox/faults"):
        api.good("GET", path)
    assert api.service.calls() == []


def test_the_clock_can_be_set_and_moved(api):
    assert api.good("POST", "/sandbox/clock", {"now": "2030-01-01T00:00:00Z"}) == {"now": "2030-01-01T00:00:00+00:00"}
    api.pass_time(seconds=5)
    api.good("POST", "/sandbox/clock", {"advance_seconds": 1.5})
    assert api.good("GET", "/sandbox/clock") == {"now": "2030-01-01T00:00:06.500000+00:00"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"now": "tomorrow"},
        {"now": "2030-13-01T00:00:00Z"},
        {"now": 7},
        {"advance_seconds": "9"},
        {"advance_seconds": True},
        {"advance_seconds": 1e15},
        b'{"advance_seconds": 1e999}',
        {"now": "2030-01-01T00:00:00Z", "x": 1},
    ],
)
def test_a_clock_that_is_not_understood_stays(api, body):
    assert api.refused("POST", "/sandbox/clock", body) == (400, "body")
    assert api.service.now() == api.at


def test_faults_seeds_and_settings_can_be_sent(api):
    assert api.good("POST", "/sandbox/faults", {"kind": "status", "call": "create_draft", "status": 500}) == {
        "added": [1]
    }
    assert api.good("POST", "/sandbox/faults", {"faults": [{"kind": "cut"}, {"kind": "html"}]}) == {"added": [2, 3]}
    assert [f["kind"] for f in api.good("GET", "/sandbox/faults")["faults"]] == ["status", "cut", "html"]
    api.good("DELETE", "/sandbox/faults")
    assert api.good("GET", "/sandbox/faults") == {"faults": []}
    [item_id] = api.good("POST", "/sandbox/seed", {"items": [api.item()], "plan": "small"})["items"]
    assert api.status(item_id) == "DRAFT"
    assert api.good("POST", "/sandbox/options", {"bulk": False})["options"]["bulk"] is False
    api.good("POST", "/sandbox/reset")
    assert api.service.items() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/sandbox/faults", {"kind": "storm"}),
        ("/sandbox/faults", {"faults": [{}]}),
        ("/sandbox/faults", {"faults": "all"}),
        ("/sandbox/seed", {"plan": "huge"}),
        ("/sandbox/seed", {"items": [{}]}),
        ("/sandbox/seed", {"items": "none"}),
        ("/sandbox/options", {"bulk": "no"}),
        ("/sandbox/seed", b"["),
    ],
)
def test_what_is_not_understood_is_refused(api, path, body):
    assert api.refused("POST", path, body) == (400, "body")


def test_credentials_are_not_among_the_settings_that_are_shown(make_api):
    api = make_api(
        Options(api_keys=("secret-1",), apps={"a": "secret-2"}, access_tokens={"secret-3": "s"}, denied=("secret-4",))
    )
    assert "secret" not in str(api.good("GET", "/sandbox/options", headers={"authorization": ""}))
