"""Accounts, connections and quotas are read as the API documents them, and what it does not tell is said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from batch.errors import ServiceError, SignInError
from batch.model import Account, Channel, Quota
from batch.publisher.accounts import (
    UNREADABLE,
    connect_url,
    list_accounts,
    make_quota,
    read_connection,
    read_quotas,
    token_status,
)
from batch.publisher.client import Client
from tests.publisher.conftest import Answer, Call, JsonServer, refusal

Connect = Callable[..., Client]
Serve = Callable[[Callable[[Call], Answer]], JsonServer]
BASE = "/social-publisher/v1"
ENTRY = {"channelName": "INSTAGRAM", "instagram": {"id": "17", "username": "pots"}}
ACCOUNT = Account(Channel.INSTAGRAM, "17", "pots")

PAGE = b"<html><body><h1>Not here</h1></body></html>"
"""What a gateway answers in place of the service: an HTML page that says nothing but its status."""


TOKEN = "/INSTAGRAM/long-lived-token-status"


def answers(table: dict[str, Answer]) -> Callable[[Call], Answer]:
    return lambda call: table[call.path.removeprefix(BASE)]


def test_accounts_are_listed_by_channel(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"accounts": [ENTRY]}))
    connection = list_accounts(connect(server.url), Channel.INSTAGRAM)
    assert (connection.accounts, connection.state, connection.notices) == ((ACCOUNT,), "VALID", ())
    assert (server.calls[0].path, server.calls[0].query) == (f"{BASE}/accounts", "channelName=INSTAGRAM")


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, "USER_NOT_EXIST_FOR_CHANNEL"), (400, "USER_IS_DISCONNECTED"), (428, "NO_PAGES_FOR_USER")],
)
def test_a_channel_whose_list_is_refused_has_the_code_as_its_state(
    serve: Serve, connect: Connect, status: int, code: str
) -> None:
    server = serve(answers({TOKEN: (200, {"status": "VALID"}), "/accounts": (status, refusal(code))}))
    connection = read_connection(connect(server.url), Channel.INSTAGRAM)
    assert (connection.accounts, connection.state) == ((), code)
    assert len(server.calls) == 2


def test_a_list_that_a_gateway_refuses_is_judged_by_its_status_at_once(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (400, PAGE))
    connection = read_connection(connect(server.url), Channel.INSTAGRAM)
    assert (connection.accounts, connection.state) == ((), "HTTP_400")
    assert len(server.calls) == 2


@pytest.mark.parametrize("state", ["NEVER_CREATED", "DISCONNECTED", "INVALID"])
def test_the_accounts_of_a_channel_whose_token_is_not_valid_are_not_asked_for(
    serve: Serve, connect: Connect, state: str
) -> None:
    server = serve(answers({TOKEN: (200, {"status": state})}))
    connection = read_connection(connect(server.url), Channel.INSTAGRAM)
    assert (connection.accounts, connection.state) == ((), state)
    assert [call.path for call in server.calls] == [BASE + TOKEN]


@pytest.mark.parametrize("answer", [(403, refusal("PERMISSION")), (500, {}), (403, PAGE)])
def test_a_list_that_fails_is_that_channels_matter_alone(serve: Serve, connect: Connect, answer: Answer) -> None:
    server = serve(answers({TOKEN: (200, {"status": "VALID"}), "/accounts": answer}))
    connection = read_connection(connect(server.url), Channel.INSTAGRAM)
    assert (connection.accounts, connection.state) == ((), UNREADABLE)
    assert "INSTAGRAM" in connection.notices[0]


@pytest.mark.parametrize("answer", [(404, PAGE), (404, {}), (404, refusal("X")), (400, {"message": ""})])
def test_features_are_asked_one_by_one_where_the_list_is_not_there(
    serve: Serve, connect: Connect, answer: Answer
) -> None:
    one = {"featureData": {"enabled": True, "quotaInfo": {"limit": 10, "remainingUsage": 4, "period": "MONTH"}}}
    server = serve(lambda call: answer if call.path == f"{BASE}/features" else (200, one))
    plan = read_quotas(connect(server.url))
    assert plan.quotas["SCHEDULE_POST"] == Quota("SCHEDULE_POST", limit=10, left=4, period="MONTH")
    assert len(server.calls) == 4


def test_features_that_nothing_tells_of_are_said_and_stop_nothing(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (404, PAGE))
    plan = read_quotas(connect(server.url))
    assert (plan.quotas, plan.features) == ({}, {})
    assert "so what is left is unknown" in plan.notices[-1]


@pytest.mark.parametrize("state", ["VALID", "NEVER_CREATED", "DISCONNECTED", "INVALID", "SOMETHING_NEW"])
def test_the_token_s_state_is_the_channel_s(serve: Serve, connect: Connect, state: str) -> None:
    table = {"/accounts": (200, {"accounts": [ENTRY]}), "/INSTAGRAM/long-lived-token-status": (200, {"status": state})}
    connection = read_connection(connect(serve(answers(table)).url), Channel.INSTAGRAM)
    assert (connection.accounts, connection.state) == ((ACCOUNT,) if state == "VALID" else (), state)


@pytest.mark.parametrize(
    "answer", [(404, refusal("X")), (404, PAGE), (400, {}), (500, {}), (503, PAGE), (200, {}), (200, {"status": 7})]
)
def test_a_state_that_is_not_told_is_said_and_blocks_nothing(serve: Serve, connect: Connect, answer: Answer) -> None:
    client = connect(
        serve(answers({"/accounts": (200, {"accounts": []}), "/INSTAGRAM/long-lived-token-status": answer})).url
    )
    assert token_status(client, Channel.INSTAGRAM) == ""
    connection = read_connection(client, Channel.INSTAGRAM)
    assert connection.state == "VALID"
    assert connection.notices == ("Can't tell whether the connection to INSTAGRAM is still valid.",)


@pytest.mark.parametrize("body", [{}, {"accounts": None}, {"accounts": {}}, {"accounts": "x"}])
def test_an_answer_without_a_list_of_accounts_stops(serve: Serve, connect: Connect, body: Any) -> None:
    with pytest.raises(ServiceError, match="no list of INSTAGRAM accounts"):
        list_accounts(connect(serve(lambda call: (200, body)).url), Channel.INSTAGRAM)


def test_accounts_in_an_unknown_form_are_left_out_and_said(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"accounts": [ENTRY, 7, {}, {"threads": {"id": "1"}}]}))
    connection = list_accounts(connect(server.url), Channel.INSTAGRAM)
    assert connection.accounts == (ACCOUNT,)
    assert connection.notices == ("3 INSTAGRAM accounts can't be read and were left out.",)


def test_the_address_to_connect_at(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"connectUrl": "https://social.example/oauth"}))
    assert connect_url(connect(server.url), Channel.TIKTOK) == "https://social.example/oauth"
    assert server.calls[0].path == f"{BASE}/TIKTOK/connect-url"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((428, refusal("INELIGIBLE_FOR_FEATURE")), "number of connected channels is used up"),
        ((400, refusal("X", "no")), "X: no"),
        ((200, {"connectUrl": "javascript:alert(1)"}), "no address"),
        ((200, {}), "no address"),
    ],
)
def test_no_address_to_connect_at_is_told_with_its_reason(
    serve: Serve, connect: Connect, answer: Answer, words: str
) -> None:
    with pytest.raises(ServiceError, match=words):
        connect_url(connect(serve(lambda call: answer).url), Channel.TIKTOK)


INFO = {"limit": 30, "currentUsage": 4, "remainingUsage": 26, "period": "MONTH"}


@pytest.mark.parametrize(
    ("feature", "metered", "quota"),
    [
        ({"enabled": True, "quotaInfo": INFO}, True, Quota("A", limit=30, left=26, period="MONTH")),
        (
            {"enabled": True, "quotaInfo": {**INFO, "remainingUsage": 0}},
            True,
            Quota("A", limit=30, left=0, period="MONTH"),
        ),
        ({"enabled": True, "quotaInfo": {"limit": "30", "currentUsage": "4"}}, True, Quota("A", limit=30, left=26)),
        ({"enabled": True, "quotaInfo": {"limit": 30, "currentUsage": 40}}, True, Quota("A", limit=30, left=0)),
        ({"enabled": True, "quotaInfo": {"limit": 30}}, True, Quota("A", limit=30)),
        ({"enabled": True, "quotaInfo": INFO}, False, Quota("A")),
        ({"enabled": True, "quotaInfo": {"limit": 0, "currentUsage": 0, "remainingUsage": 0}}, True, Quota("A")),
        ({"enabled": True}, True, Quota("A")),
        ({"enabled": True, "quotaInfo": None}, True, Quota("A")),
        ({"enabled": True, "quotaInfo": {"limit": -1, "remainingUsage": "x"}}, True, Quota("A")),
        ({"enabled": True, "quotaInfo": {"limit": True}}, True, Quota("A")),
        ({"enabled": False}, True, Quota("A", enabled=False)),
        ({"enabled": False}, False, Quota("A", enabled=False)),
        ({}, True, Quota("A")),
    ],
)
def test_a_quota_is_counted_only_where_the_service_counts(feature: dict[str, Any], metered: bool, quota: Quota) -> None:
    assert make_quota("A", feature, metered=metered) == quota


FEATURES = [
    {"type": "PUBLISH_POST", "enabled": True, "quotaInfo": INFO},
    {"type": "SCHEDULE_POST", "enabled": False},
    {"type": "AI_TOOLS", "enabled": True},
]
PUBLISH = Quota("PUBLISH_POST", limit=30, left=26, period="MONTH")
SCHEDULE = Quota("SCHEDULE_POST", enabled=False)
ALL = {"PUBLISH_POST": True, "SCHEDULE_POST": False, "AI_TOOLS": True}


def test_all_features_are_read_in_one_call(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"features": FEATURES, "monetizationEnabled": True}))
    assert read_quotas(connect(server.url)) == (
        {"PUBLISH_POST": PUBLISH, "SCHEDULE_POST": SCHEDULE},
        ALL,
        (),
    )
    assert [(c.path, c.query) for c in server.calls] == [
        (f"{BASE}/features", "featureTypes=PUBLISH_POST&featureTypes=SCHEDULE_POST&featureTypes=AI_TOOLS")
    ]


def test_a_site_without_metering_counts_nothing(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"features": FEATURES, "monetizationEnabled": False}))
    assert read_quotas(connect(server.url)).quotas["PUBLISH_POST"] == Quota("PUBLISH_POST")


@pytest.mark.parametrize("refused", [(404, refusal("X")), (400, refusal("X")), (200, {}), (200, {"features": 7})])
def test_where_the_one_call_is_refused_each_feature_is_asked_for_and_said(
    serve: Serve, connect: Connect, refused: Answer
) -> None:
    table: dict[str, Answer] = {f"/features/{f['type']}": (200, {"featureData": f}) for f in FEATURES}
    server = serve(answers({"/features": refused, **table}))
    read = read_quotas(connect(server.url))
    assert (read.quotas, read.features) == ({"PUBLISH_POST": PUBLISH, "SCHEDULE_POST": SCHEDULE}, ALL)
    assert read.notices == ("The service doesn't list all features in one call, so each was asked for by itself.",)
    assert len(server.calls) == 4


def test_a_feature_that_is_not_told_of_is_said_and_none(serve: Serve, connect: Connect) -> None:
    server = serve(lambda call: (200, {"features": [*FEATURES[:1], 7, {"type": 7}]}))
    read = read_quotas(connect(server.url))
    assert (read.quotas, read.features) == ({"PUBLISH_POST": PUBLISH}, {"PUBLISH_POST": True})
    assert read.notices == ("The service didn't report SCHEDULE_POST, AI_TOOLS, so what is left is unknown.",)


@pytest.mark.parametrize("path", [TOKEN, "/accounts"])
def test_a_credential_that_is_not_accepted_is_no_matter_of_one_channel(
    serve: Serve, connect: Connect, path: str
) -> None:
    table = {TOKEN: (200, {"status": "VALID"}), "/accounts": (200, {"accounts": []}), path: (401, {})}
    with pytest.raises(SignInError, match="HTTP 401"):
        read_connection(connect(serve(answers(table)).url), Channel.INSTAGRAM)
