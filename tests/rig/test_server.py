"""Every kind of fault on real sockets: what really arrives, byte for byte, and whether the change was made."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from batch.sandbox.sites import SITE_ID
from tests.rig.faults import KINDS
from tests.rig.options import Options
from tests.rig.server import RigServer

PATH = "/social-publisher/v1/items"


@pytest.fixture(scope="module")
def running() -> Iterator[RigServer]:
    with RigServer(options=Options(calls_per_minute=0, extra_fields=False)) as server:
        yield server


@pytest.fixture
def server(running: RigServer) -> RigServer:
    running.service.reset()
    return running


def item() -> dict[str, object]:
    author = "urn:li:organization:70512345"
    return {
        "channel": {"name": "LINKEDIN", "accountId": author},
        "type": "POST",
        "linkedinPost": {"caption": "Hi", "authorId": author},
    }


def open_socket(server: RigServer) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=10)


def request(body: object = None, *, method: str = "POST", path: str = PATH, headers: str = "") -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: key\r\nwix-site-id: {SITE_ID}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n{headers}\r\n"
    )
    return head.encode() + content


def received(sock: socket.socket, *, seconds: float = 5.0) -> tuple[bytes, str]:
    """All bytes until the connection ends, and how it ended: `closed`, `reset`, or `open` where it did not."""
    sock.settimeout(seconds)
    got = b""
    while True:
        try:
            part = sock.recv(65536)
        except TimeoutError:
            return got, "open"
        except ConnectionResetError:
            return got, "reset"
        if not part:
            return got, "closed"
        got += part


def exchange(server: RigServer, *, seconds: float = 5.0) -> tuple[bytes, str]:
    with open_socket(server) as sock:
        sock.sendall(request({"item": item()}, headers="Connection: close\r\n"))
        return received(sock, seconds=seconds)


@pytest.mark.parametrize(
    ("kind", "ending", "made"),
    [
        ("drop_before", "closed", 0),
        ("drop_after", "closed", 1),
        ("reset_before", "reset", 0),
        ("reset_after", "reset", 1),
        ("refused", "reset", 0),
        ("late", "closed", 0),
    ],
)
def test_a_dropped_connection_ends_without_one_byte(server, kind, ending, made):
    server.service.add_fault(kind=kind, seconds=3600)
    assert exchange(server) == (b"", ending)
    assert len(server.service.items()) == made


def test_a_cut_answer_promises_more_than_it_brings(server):
    server.service.add_fault(kind="cut")
    got, ending = exchange(server)
    head, _, body = got.partition(b"\r\n\r\n")
    promised = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    assert (ending, 0 < len(body) < promised) == ("closed", True)
    assert len(server.service.items()) == 1


def test_no_answer_leaves_the_connection_open(server):
    server.service.add_fault(kind="silent")
    assert exchange(server, seconds=0.5) == (b"", "open")


def test_a_dripping_answer_comes_byte_by_byte(server):
    server.service.add_fault(kind="drip", seconds=0.02)
    with open_socket(server) as sock:
        sock.sendall(request({"item": item()}))
        got, sizes = b"", []
        while b"\r\n\r\n" not in got or len(sizes) < 12:
            part = sock.recv(65536)
            got += part
            sizes.append(len(part))
    assert max(sizes[2:]) <= 4


def test_a_delayed_answer_comes_late_and_whole(server):
    server.service.add_fault(kind="delay", seconds=0.4)
    started = time.monotonic()
    got, ending = exchange(server)
    assert (got.startswith(b"HTTP/1.1 200"), ending) == (True, "closed")
    assert 0.4 <= time.monotonic() - started < 3


@pytest.mark.parametrize(
    "kind", ["status", "html", "garbage", "huge", "deep", "wrong_id", "wrong_shape", "body", "redirect"]
)
def test_a_spoiled_answer_arrives_whole(server, kind):
    server.service.add_fault(kind=kind, body="{}")
    got, ending = exchange(server)
    head, _, body = got.partition(b"\r\n\r\n")
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert ending == "closed"


def test_these_tests_meet_every_kind_of_fault():
    met = {
        "drop_before",
        "drop_after",
        "reset_before",
        "reset_after",
        "refused",
        "late",
        "cut",
        "silent",
        "drip",
        "delay",
    }
    met |= {"status", "html", "garbage", "huge", "deep", "wrong_id", "wrong_shape", "body", "redirect"}
    assert met == set(KINDS)


def test_one_broken_connection_leaves_the_others_alone(server):
    server.service.add_fault(kind="drop_before", calls=["create_draft"], times=1)
    with open_socket(server) as kept, open_socket(server) as broken:
        assert ask(kept).startswith(b"HTTP/1.1 200")
        broken.sendall(request({"item": item()}))
        assert received(broken) == (b"", "closed")
        assert ask(kept).startswith(b"HTTP/1.1 200")


def ask(sock: socket.socket) -> bytes:
    """Send a question on a connection that stays open, and return its whole answer."""
    sock.sendall(request(method="GET", path="/social-publisher/v1/features"))
    got = b""
    while not got.endswith(b"true}"):
        got += sock.recv(65536)
    return got


def test_a_caller_that_leaves_in_the_middle_of_its_request_changes_nothing(server):
    with open_socket(server) as sock:
        sock.sendall(request({"item": item()})[:-5])
    time.sleep(0.1)
    assert server.service.items() == []
    assert exchange(server)[0].startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("length", ["Content-Length: abc", "Content-Length: -5", "Transfer-Encoding: chunked"])
def test_a_request_whose_length_is_none_is_not_answered_and_breaks_nothing(server, length, capfd):
    with open_socket(server) as sock:
        sock.sendall(f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n{length}\r\n\r\nzz\r\n".encode())
        assert received(sock) in [(b"", "closed"), (b"", "reset")]
    assert exchange(server)[0].startswith(b"HTTP/1.1 200")
    assert capfd.readouterr().err == ""


def test_the_date_header_is_the_sandboxs_own_time(server):
    httpx.post(f"{server.url}/sandbox/clock", json={"now": "2030-05-01T12:00:00Z"}, trust_env=False)
    got, _ = exchange(server)
    assert got.lower().count(b"\r\ndate: ") == 1
    assert b"date: Wed, 01 May 2030 12:00:0" in got


def test_a_body_in_chunks_is_one_body(server):
    def parts() -> Iterator[bytes]:
        content = json.dumps({"item": item()}).encode()
        yield content[:20]
        yield content[20:]

    headers = {"Authorization": "key", "wix-site-id": SITE_ID, "Content-Type": "application/json"}
    answer = httpx.post(server.url + PATH, content=parts(), headers=headers, trust_env=False)
    assert answer.status_code == 200


@pytest.mark.parametrize("path", ["/", "/nothing", "/social-publisher/v1/nothing", "/sandbox/nothing", "/%ff%00"])
@pytest.mark.parametrize("method", ["GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"])
def test_an_unknown_address_is_refused_in_the_apis_own_shape(server, method, path):
    headers = {"Authorization": "key", "wix-site-id": SITE_ID, "Content-Type": "application/json"}
    answer = httpx.request(method, server.url + path, headers=headers, trust_env=False)
    if (method, path) == ("GET", "/"):
        assert answer.status_code == 200
    else:
        assert answer.status_code in (404, 405)
        assert answer.json()["details"]["applicationError"]["code"]


def test_20_callers_at_once_are_all_answered(server):
    from concurrent.futures import ThreadPoolExecutor

    headers = {"Authorization": "key", "wix-site-id": SITE_ID, "Content-Type": "application/json"}
    with httpx.Client(headers=headers, trust_env=False) as client, ThreadPoolExecutor(20) as pool:
        answers = list(
            pool.map(
                lambda n: client.post(server.url + PATH, json={"item": item() | {"referenceId": f"r{n}"}}), range(200)
            )
        )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["item"]["id"] for answer in answers}) == 200


def test_one_reference_sent_by_20_callers_at_once_is_used_once(server):
    from concurrent.futures import ThreadPoolExecutor

    headers = {"Authorization": "key", "wix-site-id": SITE_ID, "Content-Type": "application/json"}
    body = {"item": item() | {"referenceId": "one"}}
    with httpx.Client(headers=headers, trust_env=False) as client, ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(lambda _: client.post(server.url + PATH, json=body).status_code, range(40)))
    assert (statuses.count(200), statuses.count(409)) == (1, 39)
