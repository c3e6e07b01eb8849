"""One attempt over real sockets: what is sent and to whom, and that whatever comes back is a reply, in time."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import httpx
import pytest

from batch.errors import ServiceError, SignInError
from batch.publisher.client import ATTEMPTS, Client
from batch.publisher.pace import Pace, RetryBudget
from batch.publisher.reply import ReplyKind
from batch.settings import AccessToken, ApiKey, AppCredential
from tests.publisher.conftest import KEY, SITE_ID, Answer, Call, JsonServer, RawServer, Talk, Waits, answer, refusal

Connect = Callable[..., Client]
Raw = Callable[[Talk], RawServer]
Serve = Callable[[Callable[[Call], Answer]], JsonServer]
PATH = "/social-publisher/v1/items"


def head(request: bytes) -> dict[str, str]:
    lines = request.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:]
    return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


def say(content: bytes) -> Talk:
    return lambda connection, request: connection.sendall(content)


def say_and_close(content: bytes) -> Talk:
    def talk(connection: socket.socket, request: bytes) -> None:
        connection.sendall(content)
        connection.shutdown(socket.SHUT_RDWR)

    return talk


def test_an_api_key_goes_bare_with_the_site_it_is_for(raw: Raw, connect: Connect) -> None:
    server = raw(say(answer("{}")))
    assert connect(server.url).send_once("POST", PATH, {"a": "é\n"}).kind is ReplyKind.OK
    headers = head(server.requests[0])
    assert headers["authorization"] == KEY
    assert headers["wix-site-id"] == SITE_ID
    assert headers["content-type"] == "application/json"
    assert server.requests[0].endswith(b'{"a": "\\u00e9\\n"}')


def test_a_ready_access_token_goes_without_a_site(raw: Raw, connect: Connect) -> None:
    server = raw(say(answer("{}")))
    connect(server.url, AccessToken("ready-token")).send_once("GET", PATH)
    headers = head(server.requests[0])
    assert headers["authorization"] == "ready-token"
    assert "wix-site-id" not in headers


def test_query_parameters_may_come_several_times(raw: Raw, connect: Connect) -> None:
    server = raw(say(answer("{}")))
    connect(server.url).send_once("GET", PATH, params={"featureTypes": ["A", "B"]})
    assert server.requests[0].startswith(b"GET /social-publisher/v1/items?featureTypes=A&featureTypes=B HTTP/1.1")


@pytest.mark.parametrize(
    "path", ["https://elsewhere.example/x", "//elsewhere.example/x", "items", "@elsewhere.example/"]
)
def test_a_path_can_not_name_another_host(connect: Connect, path: str) -> None:
    with pytest.raises(ValueError, match="own origin"):
        connect("http://127.0.0.1:9").send_once("GET", path)


def test_a_connection_is_kept_for_the_next_call(raw: Raw, connect: Connect) -> None:
    connections: set[int] = set()

    def talk(connection: socket.socket, request: bytes) -> None:
        connections.add(id(connection))
        connection.sendall(answer("{}"))

    client = connect(raw(talk).url)
    assert [client.send_once("GET", PATH).kind for _ in range(5)] == [ReplyKind.OK] * 5
    assert len(connections) == 1


def test_a_redirect_is_not_followed_and_the_key_stays_here(raw: Raw, connect: Connect) -> None:
    other = raw(say(answer('{"item": {"id": "a"}}')))
    for status in ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"):
        server = raw(say(answer("{}", status=status, headers=f"Location: {other.url}/\r\n")))
        reply = connect(server.url).send_once("POST", PATH, {})
        assert (reply.kind, reply.code) == (ReplyKind.UNCLEAR, "REDIRECT")
    assert other.requests == []


def test_cookies_are_not_kept(raw: Raw, connect: Connect) -> None:
    server = raw(say(answer("{}", headers="Set-Cookie: session=1; Path=/\r\n")))
    client = connect(server.url)
    client.send_once("GET", PATH)
    client.send_once("GET", PATH)
    assert "cookie" not in head(server.requests[1])


def test_a_service_that_is_not_there_was_not_reached(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    reply = connect(f"http://127.0.0.1:{port}").send_once("POST", PATH, {})
    assert (reply.kind, reply.code, reply.status) == (ReplyKind.NOT_SENT, "NO_CONNECTION", None)
    assert f"127.0.0.1:{port} can't be reached" in reply.message


def test_a_name_that_is_not_known_was_not_reached(connect: Connect) -> None:
    reply = connect("https://no-such-host.invalid").send_once("POST", PATH, {})
    assert (reply.kind, reply.code) == (ReplyKind.NOT_SENT, "NO_CONNECTION")


def test_a_service_that_does_not_speak_tls_was_not_reached(raw: Raw, connect: Connect) -> None:
    server = raw(say_and_close(answer("{}")))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=_answer_plainly, args=(listener,))
        thread.start()
        reply = connect(f"https://127.0.0.1:{listener.getsockname()[1]}").send_once("POST", PATH, {})
        thread.join()
    assert (reply.kind, reply.code) == (ReplyKind.NOT_SENT, "NO_CONNECTION")
    assert server.requests == []


def _answer_plainly(listener: socket.socket) -> None:
    connection, _ = listener.accept()
    with connection:
        connection.recv(4096)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


CUT: dict[str, Talk] = {
    "nothing": say_and_close(b""),
    "half a head": say_and_close(b"HTTP/1.1 200 OK\r\nContent-"),
    "half a body": say_and_close(answer('{"item": {"id"', length=400)),
    "a garbled head": say_and_close(b"\x00\x01\x02 garbage\r\n\r\n"),
    "another protocol": say_and_close(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "half a chunk": say_and_close(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\""
    ),
    "a chunk of no size": say_and_close(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n"
    ),
    "a head without end": say_and_close(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: " + b"x" * 300_000),
}  # fmt: skip


@pytest.mark.parametrize("talk", CUT.values(), ids=CUT)
def test_a_connection_that_breaks_after_the_request_is_unclear(raw: Raw, connect: Connect, talk: Talk) -> None:
    reply = connect(raw(talk).url).send_once("POST", PATH, {})
    assert (reply.kind, reply.code) == (ReplyKind.UNCLEAR, "CUT")
    assert "broke before its answer was whole" in reply.message


def test_a_reset_is_unclear(raw: Raw, connect: Connect) -> None:
    def talk(connection: socket.socket, request: bytes) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        connection.close()

    reply = connect(raw(talk).url).send_once("POST", PATH, {})
    assert (reply.kind, reply.code) == (ReplyKind.UNCLEAR, "CUT")


def test_a_kept_connection_that_was_closed_meanwhile_is_opened_again(raw: Raw, connect: Connect) -> None:
    server = raw(say_and_close(answer("{}")))
    client = connect(server.url)
    for _ in range(3):
        assert client.send_once("POST", PATH, {}).kind is ReplyKind.OK
        time.sleep(0.05)
    assert len(server.requests) == 3


SLOW: dict[str, bytes] = {
    "silence": b"",
    "a dripping status line": b"HTTP/1.1 200 " + b"O" * 500,
    "a dripping head": b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 500,
    "a dripping body": answer('{"item": {"id": "a"}}', length=500)[:-21] + b" " * 500,
    "a dripping error": answer(b" " * 500, status="503 Busy"),
}


SILENCE_SECONDS = 20.0
"""How long the other side holds a connection: far beyond the deadline of half a second, on any machine."""


@pytest.mark.parametrize("content", SLOW.values(), ids=SLOW)
def test_no_call_lasts_longer_than_its_deadline_however_slowly_it_drips(
    raw: Raw, connect: Connect, content: bytes
) -> None:
    def talk(connection: socket.socket, request: bytes) -> None:
        server.drip(connection, content)
        server.closing.wait(SILENCE_SECONDS)

    server = raw(talk)
    client = connect(server.url, deadline_seconds=0.5)
    started = time.monotonic()
    reply = client.send_once("POST", PATH, {})
    took = time.monotonic() - started
    assert (reply.kind, reply.code) == (ReplyKind.UNCLEAR, "TIMEOUT")
    assert took < SILENCE_SECONDS, "the other side had gone on for longer"


def test_a_service_that_does_not_read_does_not_hold_a_call(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = connect(f"http://127.0.0.1:{listener.getsockname()[1]}", deadline_seconds=0.5)
        started = time.monotonic()
        reply = client.send_once("POST", PATH, {"text": "x" * 20_000_000})
        took = time.monotonic() - started
    assert (reply.kind, reply.code) == (ReplyKind.UNCLEAR, "TIMEOUT")
    assert took < SILENCE_SECONDS


def test_an_answer_that_is_too_large_is_not_read_to_its_end(raw: Raw, connect: Connect) -> None:
    sent = []

    def talk(connection: socket.socket, request: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
        for _ in range(10_000):
            connection.sendall(b"x" * 10_000)
            sent.append(10_000)

    reply = connect(raw(talk).url, max_answer_bytes=100_000).send_once("POST", PATH, {})
    assert (reply.kind, reply.code) == (ReplyKind.UNCLEAR, "TOO_LARGE")
    assert sum(sent) < 50_000_000


def test_a_429_slows_the_pace_and_waits_as_long_as_the_service_asks(raw: Raw, connect: Connect) -> None:
    pace = Pace(100)
    server = raw(say(answer("{}", status="429 Too Many", headers="Retry-After: 7\r\n")))
    reply = connect(server.url, pace=pace).send_once("POST", PATH, {})
    assert (reply.kind, reply.retry_after_seconds, pace.limit) == (ReplyKind.LIMITED, 7, 50)


def test_every_call_waits_for_the_pace(raw: Raw, connect: Connect) -> None:
    pace = Pace(100)
    client = connect(raw(say(answer("{}"))).url, pace=pace)
    for _ in range(3):
        client.send_once("GET", PATH)
    assert pace.calls == 3


@pytest.mark.parametrize(
    ("credential", "status", "words"),
    [
        (ApiKey(KEY), 401, ["API key", "HTTP 401", "expired", "WIX_ACCESS_TOKEN", "WIX_APP_ID"]),
        (
            ApiKey(KEY),
            403,
            ["API key", '"Manage Social Posts"', "another kind of identity", "WIX_ACCESS_TOKEN", "site"],
        ),
        (AccessToken(KEY), 401, ["access token", "HTTP 401", "WIX_API_KEY", "WIX_APP_ID"]),
        (AccessToken(KEY), 403, ["access token", '"Manage Social Posts"', "WIX_API_KEY", "WIX_APP_ID"]),
    ],
)
def test_a_refused_credential_is_told_with_what_to_try(
    raw: Raw, connect: Connect, credential: ApiKey | AccessToken, status: int, words: list[str]
) -> None:
    server = raw(say(answer(f'{{"message": "bad credential {KEY}", "details": {{}}}}', status=f"{status} No")))
    client = connect(server.url, credential)
    reply = client.send_once("POST", PATH, {})
    assert reply.kind is ReplyKind.REFUSED
    assert [word for word in words if word not in reply.message] == []
    assert KEY not in repr(reply)[: repr(reply).index("body=")]
    with pytest.raises(SignInError, match=f"HTTP {status}") as caught:
        client.query("GET", PATH)
    assert KEY not in str(caught.value)
    assert "bad credential [hidden]" in str(caught.value)


def test_a_refused_credential_is_not_tried_again(raw: Raw, connect: Connect) -> None:
    server = raw(say(answer("{}", status="401 No")))
    with pytest.raises(SignInError):
        connect(server.url).query("GET", PATH)
    assert len(server.requests) == 1


def test_a_changing_call_is_sent_once_whatever_comes_back(raw: Raw, connect: Connect) -> None:
    for content in (answer("{}", status="503 Busy"), answer("{}", status="429 Slow"), b"", answer("x")):
        server = raw(say_and_close(content))
        connect(server.url).send_once("POST", PATH, {})
        assert len(server.requests) == 1


def test_a_question_is_asked_again_until_it_is_answered(serve: Serve, connect: Connect, waits: Waits) -> None:
    answers = iter([(503, {}), (429, {}), (200, {"a": 1})])
    server = serve(lambda call: next(answers))
    assert connect(server.url).query("GET", PATH).body == {"a": 1}
    assert waits.slept == [0.5, 1.0]


def test_a_question_that_is_refused_is_not_asked_again(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (400, refusal("USER_IS_DISCONNECTED", "lapsed")))
    reply = connect(server.url).query("GET", PATH)
    assert (reply.kind, reply.code, reply.message) == (ReplyKind.REFUSED, "USER_IS_DISCONNECTED", "lapsed")
    assert len(server.calls) == 1


def test_a_service_that_can_not_be_reached_is_told_as_that(connect: Connect) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(ServiceError, match="can't be reached") as caught:
        connect(f"http://127.0.0.1:{port}").query("GET", PATH)
    assert str(caught.value).endswith("Look at the network and the address, and try again.")


def test_a_question_ends_after_its_attempts(serve: Serve, connect: Connect, waits: Waits) -> None:
    server = serve(lambda call: (503, {}))
    with pytest.raises(ServiceError, match=r"no usable answer \(HTTP_503\)"):
        connect(server.url).query("GET", PATH)
    assert len(server.calls) == ATTEMPTS
    assert waits.slept == [0.5, 1.0, 2.0, 4.0]


def test_a_question_ends_after_its_seconds(raw: Raw, connect: Connect, waits: Waits) -> None:
    server = raw(say(answer("{}", status="503 Busy", headers="Retry-After: 170\r\n")))
    with pytest.raises(ServiceError):
        connect(server.url, clock=lambda: 1_000.0 + sum(waits.slept)).query("GET", PATH)
    assert len(server.requests) == 2
    assert waits.slept == [170.5]


def test_questions_share_one_budget_of_repeats(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (503, {}))
    client = connect(server.url, budget=RetryBudget(3))
    for _ in range(4):
        with pytest.raises(ServiceError):
            client.query("GET", PATH)
    assert len(server.calls) == 4 + 3


def test_nothing_of_the_environment_has_a_say(raw: Raw, connect: Connect) -> None:
    seen = raw(say(answer('{"via": "proxy"}')))
    probe = (
        "import sys; from batch.settings import ApiKey; from batch.publisher.client import Client; "
        "from batch.publisher.pace import Pace; "
        "c = Client(api_url=sys.argv[1], credential=ApiKey('k' * 20), site_id='s', pace=Pace(9)); "
        "print(c.send_once('GET', '/x').body); c.close()"
    )
    own = raw(say(answer('{"via": "direct"}')))
    proxies = dict.fromkeys(("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"), seen.url)
    environ = {**os.environ, **proxies, "SSL_CERT_FILE": "/nonexistent", "NETRC": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", probe, own.url], env=environ, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "{'via': 'direct'}", done.stderr
    assert seen.requests == []


def test_a_client_shows_no_credential(connect: Connect) -> None:
    client = connect("http://127.0.0.1:9", AppCredential(KEY, "app", "instance"))
    assert KEY not in repr(client) + repr(vars(client))


@pytest.mark.parametrize(
    ("error", "kind", "code"),
    [
        (httpx.ConnectError("no"), ReplyKind.NOT_SENT, "NO_CONNECTION"),
        (httpx.ConnectTimeout("no"), ReplyKind.NOT_SENT, "NO_CONNECTION"),
        (httpx.PoolTimeout("no"), ReplyKind.NOT_SENT, "NO_CONNECTION"),
        (httpx.UnsupportedProtocol("no"), ReplyKind.NOT_SENT, "NO_CONNECTION"),
        (httpx.ReadTimeout("no"), ReplyKind.UNCLEAR, "TIMEOUT"),
        (httpx.WriteTimeout("no"), ReplyKind.UNCLEAR, "TIMEOUT"),
        (httpx.ReadError("no"), ReplyKind.UNCLEAR, "CUT"),
        (httpx.WriteError("no"), ReplyKind.UNCLEAR, "CUT"),
        (httpx.CloseError("no"), ReplyKind.UNCLEAR, "CUT"),
        (httpx.RemoteProtocolError("no"), ReplyKind.UNCLEAR, "CUT"),
        (httpx.LocalProtocolError("no"), ReplyKind.UNCLEAR, "CUT"),
        (httpx.ProxyError("no"), ReplyKind.UNCLEAR, "CUT"),
        (httpx.DecodingError("no"), ReplyKind.UNCLEAR, "CUT"),
        (httpx.TooManyRedirects("no"), ReplyKind.UNCLEAR, "CUT"),
    ],
    ids=lambda v: type(v).__name__ if isinstance(v, Exception) else str(v),
)
def test_only_what_is_known_not_to_have_arrived_is_not_sent(
    connect: Connect, error: Exception, kind: ReplyKind, code: str
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise error

    reply = connect("http://127.0.0.1:9", transport=httpx.MockTransport(fail)).send_once("POST", PATH, {})
    assert (reply.kind, reply.code) == (kind, code)
