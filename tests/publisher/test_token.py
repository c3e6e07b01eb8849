"""An app's token is fetched when it is needed, kept while it is fresh, and renewed once when it is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from batch.errors import SignInError
from batch.publisher.client import Client
from batch.publisher.reply import ReplyKind
from batch.settings import AppCredential
from tests.publisher.conftest import Answer, Call, JsonServer, refusal

Connect = Callable[..., Client]
Serve = Callable[[Callable[[Call], Answer]], JsonServer]
SECRET = "app-secret-not-to-be-seen-anywhere"
APP = AppCredential(SECRET, "app-id", "instance-id")
TOKEN = "/oauth2/token"


class Service:
    """Gives out numbered tokens, and takes only those that it has not revoked."""

    def __init__(self, expires_in: Any = 14_400) -> None:
        self.given = 0
        self.revoked: set[str] = set()
        self.expires_in = expires_in
        self.lock = threading.Lock()

    def __call__(self, call: Call) -> Answer:
        if call.path == TOKEN:
            with self.lock:
                self.given += 1
                return 200, {
                    "access_token": f"token-number-{self.given}",
                    "token_type": "Bearer",
                    "expires_in": self.expires_in,
                }
        good = call.headers["authorization"].startswith("token-") and call.headers["authorization"] not in self.revoked
        return (200, {"ok": True}) if good else (401, refusal("EXPIRED"))


def test_the_token_is_fetched_once_and_used_bare_without_a_site(serve: Serve, connect: Connect) -> None:
    server = serve(Service())
    client = connect(server.url, APP)
    assert [client.send_once("POST", "/a", {}).kind for _ in range(3)] == [ReplyKind.OK] * 3
    assert [call.path for call in server.calls] == [TOKEN, "/a", "/a", "/a"]
    assert server.calls[0].body == {
        "grant_type": "client_credentials",
        "client_id": "app-id",
        "client_secret": SECRET,
        "instance_id": "instance-id",
    }
    assert "authorization" not in server.calls[0].headers
    assert server.calls[1].headers["authorization"] == "token-number-1"
    assert "wix-site-id" not in server.calls[1].headers


@pytest.mark.parametrize(
    ("expires_in", "fresh", "stale"),
    [(14_400, 14_000, 14_200), (60, 20, 40), (None, 14_000, 14_200), ("soon", 14_000, 14_200), (-5, 14_000, 14_200)],
)
def test_the_token_is_renewed_before_it_ends(
    serve: Serve, connect: Connect, expires_in: Any, fresh: float, stale: float
) -> None:
    service = Service(expires_in)
    now = 0.0
    client = connect(serve(service).url, APP, clock=lambda: now)
    given = []
    for now in (0.0, fresh, stale):  # noqa: B007 - the clock reads it
        client.send_once("GET", "/a")
        given.append(service.given)
    assert given == [1, 1, 2]


def test_a_refused_token_is_renewed_once_and_the_call_made_again(serve: Serve, connect: Connect) -> None:
    service = Service()
    server = serve(service)
    client = connect(server.url, APP)
    client.send_once("POST", "/a", {})
    service.revoked = {"token-number-1"}
    assert client.send_once("POST", "/b", {}).kind is ReplyKind.OK
    assert [call.path for call in server.calls] == [TOKEN, "/a", "/b", TOKEN, "/b"]


def test_a_token_that_is_refused_again_is_a_refused_sign_in(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"access_token": "token-x"}) if call.path == TOKEN else (401, refusal("NO")))
    client = connect(server.url, APP)
    with pytest.raises(SignInError, match=r"app identity.*WIX_API_KEY"):
        client.query("GET", "/a")
    assert [call.path for call in server.calls] == [TOKEN, "/a", TOKEN, "/a"]


@pytest.mark.parametrize("status", [400, 401, 403])
def test_a_refused_app_is_a_refused_sign_in_and_nothing_else_is_sent(
    serve: Serve, connect: Connect, status: int
) -> None:
    server = serve(lambda call: (status, refusal("INVALID_CLIENT", f"secret {SECRET} is wrong")))
    client = connect(server.url, APP)
    reply = client.send_once("POST", "/a", {})
    assert (reply.kind, reply.status) == (ReplyKind.REFUSED, 401)
    assert SECRET not in reply.message
    with pytest.raises(SignInError, match="app identity"):
        client.query("GET", "/a")
    assert {call.path for call in server.calls} == {TOKEN}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ((503, {}), ReplyKind.NOT_SENT),
        ((429, {}), ReplyKind.LIMITED),
        ((200, {}), ReplyKind.NOT_SENT),
        ((200, {"access_token": 7}), ReplyKind.NOT_SENT),
        ((200, {"access_token": ""}), ReplyKind.NOT_SENT),
        ((200, {"access_token": "a\r\nb: c"}), ReplyKind.NOT_SENT),
    ],
)
def test_a_sign_in_without_a_usable_answer_leaves_the_call_unsent(
    serve: Serve, connect: Connect, answer: Answer, kind: ReplyKind
) -> None:
    server = serve(lambda call: answer)
    assert connect(server.url, APP).send_once("POST", "/a", {}).kind is kind
    assert {call.path for call in server.calls} == {TOKEN}


def test_threads_that_find_the_token_refused_together_renew_it_once(serve: Serve, connect: Connect) -> None:
    service = Service()
    client = connect(serve(service).url, APP)
    client.send_once("GET", "/a")
    service.revoked = {"token-number-1"}
    kinds: list[ReplyKind] = []
    threads = [threading.Thread(target=lambda: kinds.append(client.send_once("POST", "/b", {}).kind)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert kinds == [ReplyKind.OK] * 6
    assert service.given == 2


def test_the_token_is_taken_out_of_messages(serve: Serve, connect: Connect) -> None:
    token = "a-long-access-token-0123456789"
    server = serve(
        lambda call: (200, {"access_token": token}) if call.path == TOKEN else (400, refusal("X", f"bad {token}"))
    )
    assert connect(server.url, APP).send_once("POST", "/a", {}).message == "bad [hidden]"
