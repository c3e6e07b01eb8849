"""Every answer is classified by what it supports: only the service's own yes is OK, only its own no is a refusal."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.publisher.reply import DEEPEST, Raw, Reply, ReplyKind, make_reply

NOW = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
JSON = {"content-type": "application/json; charset=utf-8"}
HTML = {"content-type": "text/html"}
MAX_BYTES = 100_000


def reply_to(status: int, body: Any, headers: dict[str, str] | None = None) -> Reply:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return make_reply(Raw(status, JSON if headers is None else headers, content), now=NOW, max_bytes=MAX_BYTES)


def application(code: str, description: str = "why") -> dict[str, Any]:
    return {"message": "no", "details": {"applicationError": {"code": code, "description": description}}}


VALIDATION = {
    "message": "no",
    "details": {
        "validationError": {
            "fieldViolations": [
                {"field": "item.type", "description": "must be one of POST, STORY", "violatedRule": "ENUM"},
                {"field": "item.caption", "violatedRule": "MAX_LENGTH"},
            ]
        }
    },
}
PLAIN = {"message": "Not found", "details": {}}
PAGE = b"<html><body><h1>Oops</h1></body></html>"
OK, REFUSED, LIMITED, UNCLEAR = ReplyKind.OK, ReplyKind.REFUSED, ReplyKind.LIMITED, ReplyKind.UNCLEAR

TABLE: list[tuple[int, Any, dict[str, str], ReplyKind, str]] = [
    (200, {}, JSON, OK, ""),
    (200, {"item": {"id": "a"}}, JSON, OK, ""),
    (201, {}, {"content-type": "application/problem+json"}, OK, ""),
    (200, PAGE, HTML, UNCLEAR, "NOT_JSON"),
    (200, b"{}", {}, UNCLEAR, "NOT_JSON"),
    (200, b"{}", {"content-type": "text/plain"}, UNCLEAR, "NOT_JSON"),
    (204, b"", {}, UNCLEAR, "NOT_JSON"),
    (200, b"", JSON, UNCLEAR, "NOT_JSON"),
    (200, b"{", JSON, UNCLEAR, "NOT_JSON"),
    (200, b"[]", JSON, UNCLEAR, "NOT_JSON"),
    (200, b"null", JSON, UNCLEAR, "NOT_JSON"),
    (200, b'"OK"', JSON, UNCLEAR, "NOT_JSON"),
    (200, b"{} {}", JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"a": NaN}', JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"a": -Infinity}', JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"id": "a", "id": "b"}', JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"item": {"id": "a", "id": "b"}}', JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"a": "\xff\xfe"}', JSON, UNCLEAR, "NOT_JSON"),
    (200, '{"a": 1}'.encode("utf-16"), JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"a": ' + b"9" * 5000 + b"}", JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"a": ' + b"[" * 100_000, JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"a": ' + b"[" * 900 + b"]" * 900 + b"}", JSON, UNCLEAR, "NOT_JSON"),
    (200, b'{"a": ' * 40_000 + b"1" + b"}" * 40_000, JSON, UNCLEAR, "NOT_JSON"),
    (301, {}, JSON, UNCLEAR, "REDIRECT"),
    (302, PAGE, HTML, UNCLEAR, "REDIRECT"),
    (307, application("X"), JSON, UNCLEAR, "REDIRECT"),
    (308, b"", {}, UNCLEAR, "REDIRECT"),
    (400, application("BAD"), JSON, REFUSED, "BAD"),
    (400, VALIDATION, JSON, REFUSED, "VALIDATION"),
    (400, {"message": "no", "details": {"validationError": {}}}, JSON, REFUSED, "VALIDATION"),
    (404, application("ITEM_NOT_EXISTS"), JSON, REFUSED, "ITEM_NOT_EXISTS"),
    (404, PLAIN, JSON, REFUSED, "HTTP_404"),
    (409, application("REFERENCE_ID_ALREADY_EXIST"), JSON, REFUSED, "REFERENCE_ID_ALREADY_EXIST"),
    (428, application("INELIGIBLE_FOR_FEATURE"), JSON, REFUSED, "INELIGIBLE_FOR_FEATURE"),
    (413, application("TOO_BIG"), JSON, REFUSED, "TOO_BIG"),
    (400, PAGE, HTML, UNCLEAR, "HTTP_400"),
    (404, PAGE, HTML, UNCLEAR, "HTTP_404"),
    (409, PAGE, HTML, UNCLEAR, "HTTP_409"),
    (428, PAGE, HTML, UNCLEAR, "HTTP_428"),
    (404, {}, JSON, UNCLEAR, "HTTP_404"),
    (404, {"message": "no route"}, JSON, UNCLEAR, "HTTP_404"),
    (400, {"message": 7, "details": {"applicationError": {"code": 9}}}, JSON, UNCLEAR, "HTTP_400"),
    (400, {"details": "x"}, JSON, UNCLEAR, "HTTP_400"),
    (401, PAGE, HTML, REFUSED, "HTTP_401"),
    (401, application("EXPIRED"), JSON, REFUSED, "EXPIRED"),
    (403, b"", {}, REFUSED, "HTTP_403"),
    (403, application("DENIED"), JSON, REFUSED, "DENIED"),
    (408, application("X"), JSON, UNCLEAR, "HTTP_408"),
    (429, PAGE, HTML, LIMITED, "HTTP_429"),
    (429, application("TOO_MANY"), JSON, LIMITED, "TOO_MANY"),
    (429, application("PUBLISH_LIMIT_EXCEEDED"), JSON, REFUSED, "PUBLISH_LIMIT_EXCEEDED"),
    (500, application("INTERNAL"), JSON, UNCLEAR, "HTTP_500"),
    (502, PAGE, HTML, UNCLEAR, "HTTP_502"),
    (503, {}, JSON, UNCLEAR, "HTTP_503"),
    (504, b"", {}, UNCLEAR, "HTTP_504"),
    (199, {}, JSON, UNCLEAR, "HTTP_199"),
    (600, application("X"), JSON, UNCLEAR, "HTTP_600"),
]


@pytest.mark.parametrize(("status", "body", "headers", "kind", "code"), TABLE)
def test_each_answer_is_classified_by_what_it_supports(
    status: int, body: Any, headers: dict[str, str], kind: ReplyKind, code: str
) -> None:
    reply = reply_to(status, body, headers)
    assert (reply.kind, reply.code, reply.status) == (kind, code, status)
    assert reply.kind is OK or reply.message or status in (401, 403)


def test_violations_are_told_field_by_field() -> None:
    assert reply_to(400, VALIDATION).message == "item.type: must be one of POST, STORY; item.caption: MAX_LENGTH"


@pytest.mark.parametrize("listed", [None, 7, "x", [None], [[]], [{}], [{"field": 1, "description": []}]])
def test_violations_of_another_shape_are_still_a_refusal_with_a_sentence(listed: Any) -> None:
    reply = reply_to(400, {"details": {"validationError": {"fieldViolations": listed}}})
    assert (reply.kind, reply.code) == (REFUSED, "VALIDATION")
    assert reply.message.endswith("did not say which.")


def test_messages_are_one_bounded_line() -> None:
    message = reply_to(400, application("BAD", "a\r\n\x1b[31mred\x00 " + "x" * 10_000)).message
    assert message.startswith("a [31mred xxx")
    assert len(message) == 500


def test_the_service_s_clock_and_its_waits_are_read() -> None:
    headers = {**JSON, "date": "Tue, 01 Dec 2026 11:00:00 GMT", "retry-after": "Tue, 01 Dec 2026 11:00:20 GMT"}
    reply = reply_to(429, {}, headers)
    assert reply.server_at == datetime(2026, 12, 1, 11, 0, tzinfo=UTC)
    assert reply.retry_after_seconds == 20


def test_the_item_of_an_answer_is_read() -> None:
    item = reply_to(200, {"item": {"id": "a", "status": "DRAFT"}}).item
    assert item is not None
    assert (item.id, item.status) == ("a", "DRAFT")


@pytest.mark.parametrize("item", [None, 7, "x", [], [{"id": "a"}]])
def test_an_item_of_another_shape_is_none(item: Any) -> None:
    assert reply_to(200, {"item": item}).item is None


GZIP = {**JSON, "content-encoding": "gzip"}


def test_a_packed_answer_is_unpacked() -> None:
    assert reply_to(200, gzip.compress(b'{"a": 1}'), GZIP).body == {"a": 1}


@pytest.mark.parametrize(
    ("content", "headers", "code"),
    [
        (gzip.compress(b'{"a": "' + b"x" * 50_000_000 + b'"}'), GZIP, "TOO_LARGE"),
        (gzip.compress(b'{"a": 1}')[:-4], GZIP, "NOT_JSON"),
        (b'{"a": 1}', GZIP, "NOT_JSON"),
        (b'{"a": 1}', {**JSON, "content-encoding": "br"}, "NOT_JSON"),
    ],
    ids=["bomb", "cut", "not packed", "another way"],
)
def test_an_answer_packed_badly_is_unclear(content: bytes, headers: dict[str, str], code: str) -> None:
    reply = reply_to(200, content, headers)
    assert (reply.kind, reply.code) == (UNCLEAR, code)


def test_nesting_is_taken_up_to_its_bound() -> None:
    deep: dict[str, Any] = {}
    for _ in range(DEEPEST - 1):
        deep = {"a": deep}
    assert reply_to(200, deep).kind is OK
    assert reply_to(200, {"a": deep}).kind is UNCLEAR


WORDS = ("item", "message", "details", "applicationError", "validationError", "code", "fieldViolations", "id", "media")
SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner),
    max_leaves=20,
)


@given(st.integers(100, 699), SHAPES | st.binary(max_size=80))
def test_no_answer_is_a_traceback_and_only_a_json_object_with_2xx_is_ok(status: int, body: Any) -> None:
    reply = reply_to(status, body)
    assert (reply.kind is OK) <= (200 <= status < 300 and isinstance(body, (dict, bytes)))
    assert isinstance(reply.code, str)
    assert isinstance(reply.message, str)
