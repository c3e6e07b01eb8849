from __future__ import annotations

import pytest

from batch.sandbox.content import CHANNELS, CONNECTED

ACCOUNT_KEYS = {
    "INSTAGRAM": {"username"},
    "FACEBOOK": {"displayName", "page"},
    "PINTEREST": {"board"},
    "GBP": {"location"},
}


def accounts(api, channel):
    return api.send("GET", "/accounts", query=[("channelName", channel)])


@pytest.mark.parametrize("channel", [c for c in CHANNELS if c != "TWITTER"])
def test_a_new_site_is_connected_on_every_living_channel(api, channel):
    listed = accounts(api, channel).json()["accounts"]
    own = [entry[CONNECTED[channel].key] for entry in listed]
    assert all(ACCOUNT_KEYS.get(channel, set()) <= set(account) for account in own)
    assert [account["settings"]["default"] for account in own].count(True) == 1
    assert len(own) == (2 if channel == "INSTAGRAM" else 1)
    assert api.good("GET", f"/{channel}/long-lived-token-status") == {"status": "VALID"}


def test_x_was_never_connected(api):
    assert api.refused("GET", "/accounts", query=[("channelName", "TWITTER")]) == (400, "USER_NOT_EXIST_FOR_CHANNEL")
    assert api.good("GET", "/TWITTER/long-lived-token-status") == {"status": "NEVER_CREATED"}


@pytest.mark.parametrize(
    ("state", "refusal", "told"),
    [
        ("NEVER_CREATED", (400, "USER_NOT_EXIST_FOR_CHANNEL"), "NEVER_CREATED"),
        ("DISCONNECTED", (400, "USER_IS_DISCONNECTED"), "DISCONNECTED"),
        ("INVALID", (400, "USER_IS_DISCONNECTED"), "INVALID"),
        ("NO_PAGES", (428, "NO_PAGES_FOR_USER"), "VALID"),
    ],
)
def test_each_state_of_a_connection_is_told(api, state, refusal, told):
    api.service.seed(connections={"FACEBOOK": state})
    assert api.refused("GET", "/accounts", query=[("channelName", "FACEBOOK")]) == refusal
    assert api.good("GET", "/FACEBOOK/long-lived-token-status") == {"status": told}


@pytest.mark.parametrize("query", [[], [("channelName", "MYSPACE")], [("channelName", "GBP"), ("channelName", "GBP")]])
def test_accounts_are_asked_for_one_channel(api, query):
    assert api.refused("GET", "/accounts", query=query) == (400, "channelName")


def test_an_unknown_channel_or_parameter_is_refused(api):
    assert api.refused("GET", "/MYSPACE/long-lived-token-status") == (400, "channel")
    assert api.refused("GET", "/MYSPACE/connect-url") == (400, "channel")
    assert api.refused("GET", "/accounts", query=[("channelName", "GBP"), ("limit", "1")]) == (400, "limit")


def test_a_connect_url_is_given_as_long_as_the_plan_has_room(api):
    assert api.good("GET", "/TWITTER/connect-url")["connectUrl"].startswith("https://")
    api.service.seed(plan="small")
    assert api.refused("GET", "/TWITTER/connect-url") == (428, "INELIGIBLE_FOR_FEATURE")
    assert "connectUrl" in api.good("GET", "/INSTAGRAM/connect-url")
