"""Which calls a fault meets, and whether the change is made all the same."""

from __future__ import annotations

import pytest

from batch.sandbox.service import ROUTES
from tests.rig.delivery import Travel
from tests.rig.faults import CALL_NAMES, KINDS, Fault
from tests.rig.service import RIG_ROUTES

POLL = ("GET", "/LINKEDIN/long-lived-token-status")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("made", [None, True, False])
def test_each_kind_of_fault_carries_the_call_out_or_not_as_it_says(api, kind, made):
    wanted = KINDS[kind] if made is None else made
    api.service.add_fault(kind=kind, calls=["create_draft"], made=made, status=502, seconds=0, times=1)
    api.send("POST", "/items", {"item": api.item()})
    assert len(api.service.items()) == int(wanted) + (kind == "late" and not wanted)
    [entry, *late] = api.service.calls()
    assert (entry.fault, entry.changed, entry.status) == (kind, wanted, 200 if wanted else 0)
    assert [e.origin for e in late] == (["late"] if kind == "late" and not wanted else [])


@pytest.mark.parametrize(
    ("kind", "travel"),
    [
        ("refused", Travel.REFUSED),
        ("drop_before", Travel.DROP),
        ("drop_after", Travel.DROP),
        ("reset_before", Travel.RESET),
        ("reset_after", Travel.RESET),
        ("cut", Travel.CUT),
        ("drip", Travel.DRIP),
        ("silent", Travel.SILENT),
        ("late", Travel.DROP),
        ("html", Travel.WHOLE),
    ],
)
def test_a_broken_connection_is_part_of_the_response(api, kind, travel):
    api.service.add_fault(kind=kind)
    assert api.send(*POLL).delivery.travel is travel


def test_a_status_comes_with_its_code_and_its_time_to_wait(api):
    api.service.add_fault(kind="status", status=429, code="PUBLISH_LIMIT_EXCEEDED", retry_after="7")
    answer = api.send(*POLL)
    assert (answer.status, dict(answer.headers)["retry-after"]) == (429, "7")
    assert answer.json()["details"]["applicationError"]["code"] == "PUBLISH_LIMIT_EXCEEDED"


def test_answers_can_be_spoiled_in_every_way(api):
    kinds = ("html", "garbage", "huge", "deep", "wrong_shape", "redirect", "body")
    bodies = {}
    for kind in kinds:
        api.service.clear_faults()
        api.service.add_fault(kind=kind, body="[]" if kind == "body" else "")
        bodies[kind] = api.send(*POLL)
    assert bodies["html"].body.startswith(b"<!DOCTYPE html>")
    assert dict(bodies["html"].headers)["content-type"].startswith("text/html")
    with pytest.raises(UnicodeDecodeError):
        bodies["garbage"].body.decode()
    assert len(bodies["huge"].body) > 16 * 1024 * 1024
    assert bodies["deep"].body.count(b"{") == 100_000
    assert bodies["wrong_shape"].body.startswith(b"[")
    assert bodies["body"].body == b"[]"
    assert (bodies["redirect"].status, "location" in dict(bodies["redirect"].headers)) == (307, True)


def test_an_answer_can_be_about_another_item(api):
    item_id = api.draft(referenceId="a")
    api.service.add_fault(kind="wrong_id")
    assert api.good("GET", f"/items/{item_id}")["item"]["id"] != item_id
    assert api.query()["items"][0]["id"] != item_id
    bulk = api.good("POST", "/bulk/publish", {"items": [api.item()]})["results"][0]
    assert bulk["item"]["id"] == bulk["itemMetadata"]["id"] not in {i["id"] for i in api.service.items()}


def struck(api, calls=12):
    return [n for n in range(1, calls + 1) if api.send(*POLL).status == 503]


def test_a_fault_strikes_the_nth_call_every_nth_or_so_many_times(api):
    for spec, expected in (
        ({"nth": 3}, [3]),
        ({"every": 4}, [4, 8, 12]),
        ({"times": 2}, [1, 2]),
        ({"every": 2, "times": 3}, [2, 4, 6]),
        ({}, list(range(1, 13))),
    ):
        api.service.clear_faults()
        api.service.add_fault(kind="status", **spec)
        assert struck(api) == expected


def test_a_probability_has_a_seed_and_can_be_repeated(api):
    runs = []
    for seed in (1, 1, 2):
        api.service.clear_faults()
        api.service.add_fault(kind="status", probability=0.3, seed=seed)
        runs.append(struck(api, 60))
    assert runs[0] == runs[1] != runs[2]
    assert 8 <= len(runs[0]) <= 30


def test_a_fault_meets_only_the_calls_and_the_site_that_it_is_about(api):
    api.service.add_fault(kind="status", calls=["changing"])
    assert api.send("POST", "/items", {"item": api.item()}).status == 503
    assert api.send(*POLL).status == 200
    api.service.clear_faults()
    api.service.add_fault(kind="status", site="5a11d0b0-0000-4000-8000-000000000002")
    assert api.send(*POLL).status == 200


def test_the_first_of_several_faults_strikes_and_all_are_counted(api):
    api.service.add_fault(kind="status", status=500, nth=2)
    api.service.add_fault(kind="status", status=502)
    assert [api.send(*POLL).status for _ in range(3)] == [502, 500, 502]
    assert [(f["seen"], f["done"]) for f in api.service.faults()] == [(3, 1), (3, 2)]


def test_a_bulk_call_can_break_off_in_the_middle(api):
    api.service.add_fault(kind="drop_after", calls=["bulk_publish"], only_first=2)
    items = [api.item(referenceId=f"r{n}", schedulingInfo={"scheduledDate": api.date(days=1)}) for n in range(5)]
    api.send("POST", "/bulk/publish", {"items": items})
    assert [item["referenceId"] for item in api.service.items()] == ["r0", "r1"]


def test_a_late_call_arrives_after_the_caller_has_looked(api):
    api.service.add_fault(kind="late", calls=["create_draft"], seconds=10, times=1)
    api.send("POST", "/items", {"item": api.item(referenceId="a")})
    assert api.query()["items"] == []
    api.pass_time(seconds=9)
    assert api.query()["items"] == []
    api.pass_time(seconds=1)
    assert [item["referenceId"] for item in api.query()["items"]] == ["a"]


def test_a_late_call_is_judged_by_the_time_at_which_it_arrives(api):
    item_id = api.draft()
    api.service.add_fault(kind="late", calls=["publish_by_id"], seconds=3600)
    api.send("POST", "/publish-by-id", {"id": item_id, "scheduledDate": api.date(minutes=30)})
    api.pass_time(hours=5)
    assert api.status(item_id) == "DRAFT"
    assert api.service.calls()[-2].code == "SCHEDULED_TIME_ALREADY_PASSED"


def test_somebody_elses_calls_meet_no_fault(api):
    api.service.add_fault(kind="drop_before")
    assert api.service.call("POST", "/items", {"item": api.item()}).status == 200


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"kind": "storm"},
        {"kind": "status", "color": 1},
        {"kind": "status", "call": "fly"},
        {"kind": "status", "calls": "create_draft"},
    ],
)
def test_a_fault_that_is_not_known_is_refused(spec):
    with pytest.raises(ValueError, match=r"fault|call"):
        Fault.from_json(spec)


def test_the_calls_that_change_items_are_known_as_such():
    assert {route.call for route in ROUTES if route.changes} == {
        "create_draft", "update_item", "delete_item", "reschedule_item", "cancel_item", "publish_item", "publish_by_id",
        "bulk_publish",
    }  # fmt: skip
    assert {route.call for route in RIG_ROUTES} | {"*", "changing"} == CALL_NAMES
