"""A service that echoes the credential everywhere: nothing that is read from its answers holds it, in any form."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import asdict
from typing import Any
from urllib.parse import quote

import pytest

from batch.model import Channel
from batch.publisher.accounts import read_connection
from batch.publisher.client import Client
from batch.publisher.items import query_items
from batch.publisher.reply import ReplyKind
from batch.settings import AccessToken, ApiKey, AppCredential, Credential
from tests.publisher.conftest import Answer, Call, JsonServer

Connect = Callable[..., Client]
Serve = Callable[[Callable[[Call], Answer]], JsonServer]
SECRET = "IST.eyJraWQi+canary/key=that~is_never-shown"

FORMS: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: secret,
    "percent-encoded": lambda secret: quote(secret, safe=""),
    **{
        f"base64 after {before} bytes": lambda secret, before=before: base64.b64encode(
            b"u" * before + secret.encode() + b":tail"
        ).decode()
        for before in range(4)
    },
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(secret.encode()).decode().rstrip("="),
}


def shown(form: str) -> set[str]:
    """What must not be seen of a form: where base64 mixes the secret with its neighbours, its inner part."""
    return {form[8:-10]}


def echo(form: str) -> dict[str, Any]:
    text = f"before {form} after"
    item = {
        "id": "a", "status": text, "referenceId": text, "externalItemUrl": f"https://x.example/?k={form}",
        "publicationError": {"code": text, "description": text}, "type": "POST",
        "channel": {"name": text, "accountId": text, "publishingTarget": {"id": text}},
        "facebookPost": {"caption": text, "link": text, "mediaWrapper": {"media": [{"type": "IMAGE", "url": text}]}},
        text: text,
    }  # fmt: skip
    error = {"applicationError": {"code": text, "description": text, "data": {text: [text]}}}
    account = {"instagram": {"id": text, "username": text}}
    return {"item": item, "items": [item], "message": text, "details": error, "accounts": [account], "status": "VALID"}


CREDENTIALS: list[Credential] = [ApiKey(SECRET), AccessToken(SECRET), AppCredential(SECRET, "app", "instance")]


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("status", [200, 400, 401, 409])
@pytest.mark.parametrize("credential", CREDENTIALS, ids=lambda c: type(c).__name__)
def test_no_answer_brings_the_credential_back(
    serve: Serve, connect: Connect, credential: Credential, status: int, name: str
) -> None:
    form = FORMS[name](SECRET)

    def respond(call: Call) -> Answer:
        if call.path == "/oauth2/token":
            return 200, {"access_token": "another-token-of-this-app", "token_type": "Bearer", "expires_in": 14400}
        return status, echo(form)

    client = connect(serve(respond).url, credential)
    reply = client.send_once("POST", "/social-publisher/v1/items", {})
    assert reply.kind in (ReplyKind.OK, ReplyKind.REFUSED)
    read: list[object] = [asdict(reply)]
    if status == 200:
        read += [query_items(client), read_connection(client, Channel.INSTAGRAM)]
    assert not any(piece in repr(value) for value in read for piece in shown(form))


def test_an_apps_token_is_taken_over_and_taken_out_of_answers(serve: Serve, connect: Connect) -> None:
    token = "a-token-that-the-app-was-given"

    def respond(call: Call) -> Answer:
        if call.path == "/oauth2/token":
            return 200, {"access_token": token, "expires_in": 14400}
        assert call.headers["authorization"] == token
        return 200, {"item": {"id": "a", "status": f"DRAFT {token}"}}

    client = connect(serve(respond).url, AppCredential(SECRET, "app", "instance"))
    assert token not in repr(client.send_once("GET", "/x"))
