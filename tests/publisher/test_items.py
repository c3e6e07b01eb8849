"""Each call sends what it says, and its answer is believed only as far as it is about the same post."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from batch.errors import ServiceError
from batch.model import Act, Content, Item, Medium, Step, StepKind
from batch.publisher import items
from batch.publisher.client import Client
from batch.publisher.items import read_bulk
from batch.publisher.reply import Reply, ReplyKind
from tests.publisher.conftest import Answer, Call, JsonServer, refusal

Connect = Callable[..., Client]
Serve = Callable[[Callable[[Call], Answer]], JsonServer]
OK, REFUSED, UNCLEAR = ReplyKind.OK, ReplyKind.REFUSED, ReplyKind.UNCLEAR
BASE = "/social-publisher/v1"
AT = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
ID = "ac01c174-5244-49df-8085-84d87cd0345a"
OTHER = "bc01c174-5244-49df-8085-84d87cd0345b"
STEP = Step(
    row=2, key="k", reference="k", site="s", channel="FACEBOOK", type="POST", kind=StepKind.SCHEDULE, reason="",
    acts=(Act.CREATE, Act.SCHEDULE), account_id="1", at=AT, content=Content(text="hello", target_id="2"),
)  # fmt: skip
ITEM = {
    "channel": {"name": "FACEBOOK", "accountId": "1"},
    "type": "POST",
    "facebookPost": {"caption": "hello", "pageId": "2"},
    "referenceId": "k",
    "consumerInfo": {"name": "postbatch"},
}
DATED = {**ITEM, "schedulingInfo": {"scheduledDate": "2026-12-01T08:30:00Z"}}

CALLS: dict[str, tuple[Callable[[Client], Reply], str, str, Any]] = {
    "create": (lambda c: items.create_draft(c, STEP), "POST", "/items", {"item": ITEM}),
    "update": (
        lambda c: items.update_item(c, ID, STEP),
        "PATCH",
        f"/items/{ID}",
        {"item": {"id": ID, "facebookPost": ITEM["facebookPost"]}},
    ),
    "schedule": (
        lambda c: items.schedule_item(c, ID, at=AT),
        "POST",
        "/publish-by-id",
        {"id": ID, "scheduledDate": "2026-12-01T08:30:00Z"},
    ),
    "publish": (lambda c: items.publish_item_now(c, ID), "POST", "/publish-by-id", {"id": ID}),
    "create scheduled": (lambda c: items.create_scheduled(c, STEP), "POST", "/publish", {"item": DATED}),
    "reschedule": (
        lambda c: items.reschedule_item(c, ID, at=AT),
        "POST",
        f"/items/{ID}/reschedule",
        {"scheduledDate": "2026-12-01T08:30:00Z"},
    ),
    "cancel": (lambda c: items.cancel_item(c, ID), "PATCH", f"/items/{ID}/cancel", {}),
    "delete": (lambda c: items.delete_item(c, ID), "DELETE", f"/items/{ID}", None),
    "bulk": (lambda c: items.schedule_bulk(c, [STEP, STEP]), "POST", "/bulk/publish", {"items": [DATED, DATED]}),
}
ABOUT_AN_ITEM = [name for name in CALLS if name not in ("delete", "bulk")]
BY_ID = ["update", "schedule", "publish", "reschedule", "cancel"]


@pytest.mark.parametrize("name", CALLS)
def test_each_call_sends_exactly_what_it_says(serve: Serve, connect: Connect, name: str) -> None:
    call, method, path, body = CALLS[name]
    server = serve(lambda _: (200, {"item": {"id": ID, "status": "DRAFT"}}))
    assert call(connect(server.url)).kind is OK
    assert [(c.method, c.path, c.body) for c in server.calls] == [(method, BASE + path, body)]


def test_only_the_calls_that_publish_now_leave_the_date_out(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: (200, {"item": {"id": ID, "status": "DRAFT"}}))
    client = connect(server.url)
    for name, (call, _, path, _) in CALLS.items():
        call(client)
        if path in ("/publish", "/publish-by-id", "/bulk/publish"):
            dated = "scheduledDate" in str(server.calls[-1].body)
            assert dated is ("publish" not in name)


@pytest.mark.parametrize(
    "call",
    [
        lambda c: items.create_scheduled(c, replace(STEP, at=None)),
        lambda c: items.schedule_bulk(c, [STEP, replace(STEP, at=None)]),
        lambda c: items.schedule_item(c, ID, at=datetime(2026, 12, 1)),  # noqa: DTZ001 - that is the mistake
        lambda c: items.reschedule_item(c, ID, at=datetime(2026, 12, 1)),  # noqa: DTZ001 - that is the mistake
    ],
)
def test_a_schedule_without_a_date_or_zone_is_never_sent(
    serve: Serve, connect: Connect, call: Callable[[Client], Reply]
) -> None:
    server = serve(lambda _: (200, {"item": {"id": ID, "status": "DRAFT"}}))
    with pytest.raises(ValueError, match="date"):
        call(connect(server.url))
    assert server.calls == []


@pytest.mark.parametrize("name", BY_ID)
def test_an_answer_about_another_post_is_unclear(serve: Serve, connect: Connect, name: str) -> None:
    server = serve(lambda _: (200, {"item": {"id": OTHER, "status": "SCHEDULED"}}))
    reply = CALLS[name][0](connect(server.url))
    assert (reply.kind, reply.code, reply.item) == (UNCLEAR, "WRONG_ID", None)


@pytest.mark.parametrize("name", BY_ID)
def test_an_answer_that_leaves_the_id_out_is_about_the_post_asked_for(
    serve: Serve, connect: Connect, name: str
) -> None:
    server = serve(lambda _: (200, {"item": {"status": "SCHEDULED"}}))
    reply = CALLS[name][0](connect(server.url))
    assert reply.item == Item(ID, "", "", "SCHEDULED")


@pytest.mark.parametrize("name", ["create", "create scheduled"])
@pytest.mark.parametrize(
    "item",
    [{}, {"status": "DRAFT"}, {"id": ID}, {"id": "../x", "status": "DRAFT"}, {"id": "a" * 65, "status": "DRAFT"}],
)
def test_a_post_that_is_made_without_a_usable_id_is_unclear(
    serve: Serve, connect: Connect, name: str, item: dict[str, Any]
) -> None:
    reply = CALLS[name][0](connect(serve(lambda _: (200, {"item": item})).url))
    assert (reply.kind, reply.code) == (UNCLEAR, "NO_ITEM")


@pytest.mark.parametrize("name", ["create", "create scheduled"])
def test_a_post_that_is_made_under_another_reference_is_unclear(serve: Serve, connect: Connect, name: str) -> None:
    reply = CALLS[name][0](
        connect(serve(lambda _: (200, {"item": {"id": ID, "status": "DRAFT", "referenceId": "other"}})).url)
    )
    assert (reply.kind, reply.code) == (UNCLEAR, "WRONG_ID")


@pytest.mark.parametrize("name", ABOUT_AN_ITEM)
@pytest.mark.parametrize(
    "body", [{}, {"item": None}, {"item": []}, {"items": [{"id": ID}]}, {"item": {}}, {"item": {"id": ID}}]
)
def test_an_answer_without_the_post_is_unclear(serve: Serve, connect: Connect, name: str, body: Any) -> None:
    reply = CALLS[name][0](connect(serve(lambda _: (200, body)).url))
    assert (reply.kind, reply.code) == (UNCLEAR, "NO_ITEM")


@pytest.mark.parametrize("name", ["update", "reschedule", "cancel", "delete"])
def test_an_odd_id_never_becomes_part_of_an_address(serve: Serve, connect: Connect, name: str) -> None:
    server = serve(lambda _: (200, {"item": {}}))
    client = connect(server.url)
    for odd in ("..", "a/b", "a?b", "", "a b", "%2e%2e", "é", "x" * 65):
        act = {
            "update": lambda odd=odd: items.update_item(client, odd, STEP),
            "reschedule": lambda odd=odd: items.reschedule_item(client, odd, at=AT),
            "cancel": lambda odd=odd: items.cancel_item(client, odd),
            "delete": lambda odd=odd: items.delete_item(client, odd),
        }[name]
        reply = act()
        assert (reply.kind, reply.code) == (REFUSED, "BAD_ID")
    assert server.calls == []


def test_media_go_by_their_place_in_the_media_manager(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: (200, {"item": {"id": ID, "status": "DRAFT"}}))
    there = "https://static.wixstatic.com/media/a"
    step = replace(STEP, content=Content(media=(Medium("a.jpg", "IMAGE", there), Medium("https://kept/b", "IMAGE"))))
    items.create_draft(connect(server.url), step)
    media = server.calls[0].body["item"]["facebookPost"]["mediaWrapper"]["media"]
    assert [m["url"] for m in media] == [there, "https://kept/b"]


def test_an_item_is_got_by_its_id(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: (200, {"item": {"id": ID, "status": "DRAFT", "referenceId": "k"}}))
    assert items.get_item(connect(server.url), ID) == Item(ID, "", "", "DRAFT", reference="k")
    assert server.calls[0].path == f"{BASE}/items/{ID}"


def test_an_item_that_the_service_does_not_know_is_none(serve: Serve, connect: Connect) -> None:
    server = serve(lambda _: (404, refusal("ITEM_NOT_EXISTS")))
    client = connect(server.url)
    assert items.get_item(client, ID) is None
    assert items.get_item(client, "../accounts") is None
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "answer",
    [
        (400, refusal("BAD")),
        (200, {}),
        (200, {"item": {"id": OTHER, "status": "DRAFT"}}),
        (200, {"item": {"status": "DRAFT"}}),
        (404, {}),
        (500, {}),
        (404, {"message": "no"}),
    ],
)
def test_an_item_that_is_not_plainly_told_of_stops(serve: Serve, connect: Connect, answer: Answer) -> None:
    with pytest.raises(ServiceError):
        items.get_item(connect(serve(lambda _: answer).url), ID)


STEPS = [replace(STEP, key=k, reference=k) for k in ("a", "b", "c")]


def entry(index: Any, success: Any = True, *, meta: Any = None, **item: Any) -> dict[str, Any]:
    made = {"itemMetadata": {"originalIndex": index, "success": success, **(meta or {})}}
    return {**made, "item": item} if item else made


def bulk(*results: Any) -> list[tuple[ReplyKind, str, str]]:
    reply = Reply(OK, 200, body={"results": list(results)})
    return [(r.kind, r.code, r.item.id if r.item else "") for r in read_bulk(reply, STEPS)]


MISSING = (UNCLEAR, "MISSING", "")
ERROR = {"error": {"code": "SCHEDULED_TIME_ALREADY_PASSED", "description": "too late"}}


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([entry(0, id="1"), entry(1, id="2"), entry(2, id="3")], [(OK, "", "1"), (OK, "", "2"), (OK, "", "3")]),
        ([entry(2, id="3"), entry(0, meta={"id": "1"})], [(OK, "", "1"), MISSING, (OK, "", "3")]),
        ([entry(0, False, meta=ERROR)], [(REFUSED, "SCHEDULED_TIME_ALREADY_PASSED", ""), MISSING, MISSING]),
        ([entry(0, id="3", referenceId="c")], [MISSING, MISSING, (OK, "", "3")]),
        ([entry(None, id="2", referenceId="b")], [MISSING, (OK, "", "2"), MISSING]),
        ([entry(0, id="9", referenceId="stranger")], [MISSING] * 3),
        ([entry(0, id="1"), entry(0, id="2")], [(UNCLEAR, "CONTRADICTED", ""), MISSING, MISSING]),
        ([entry(0, id="1"), entry(0, False, meta=ERROR)], [(UNCLEAR, "CONTRADICTED", ""), MISSING, MISSING]),
        ([entry(0, meta={"id": "1"}, id="2")], [(UNCLEAR, "NO_ITEM", ""), MISSING, MISSING]),
        ([entry(0)], [(UNCLEAR, "NO_ITEM", ""), MISSING, MISSING]),
        ([entry(0, "yes", id="1")], [(UNCLEAR, "NO_ITEM", ""), MISSING, MISSING]),
        ([entry(0, False)], [(UNCLEAR, "NO_ITEM", ""), MISSING, MISSING]),
        ([entry(0, False, meta={"error": {"code": 7}})], [(UNCLEAR, "NO_ITEM", ""), MISSING, MISSING]),
        ([entry(3, id="1"), entry(-1, id="1"), entry(True, id="1"), entry("0", id="1")], [MISSING] * 3),
        ([None, 7, [], {}, {"itemMetadata": 7}], [MISSING] * 3),
        ([], [MISSING] * 3),
    ],
)
def test_a_bulk_answer_is_matched_by_reference_index_and_id(
    results: list[Any], expected: list[tuple[ReplyKind, str, str]]
) -> None:
    assert bulk(*results) == expected


@pytest.mark.parametrize("body", [{}, {"results": None}, {"results": {}}, {"results": "x"}])
def test_a_bulk_answer_without_results_says_nothing_about_any(body: dict[str, Any]) -> None:
    assert {r.code for r in read_bulk(Reply(OK, 200, body=body), STEPS)} == {"MISSING"}


def test_a_bulk_call_that_was_not_carried_out_says_so_of_each() -> None:
    reply = Reply(REFUSED, 428, "INELIGIBLE_FOR_FEATURE", "not in the plan")
    assert read_bulk(reply, STEPS[:1]) == (reply,)


def test_two_steps_with_one_reference_are_never_told_apart_by_it() -> None:
    twins = [STEP, STEP]
    results = read_bulk(Reply(OK, 200, body={"results": [entry(0, id="1", referenceId="k")]}), twins)
    assert [r.code for r in results] == ["MISSING", "MISSING"]
