from __future__ import annotations

import pytest

from batch.sandbox.sites import SITE_ID
from tests.rig.identity import TOKEN_PREFIX, instance_of
from tests.rig.options import Options

OTHER = "5a11d0b0-0000-4000-8000-000000000002"
ASK = {
    "grant_type": "client_credentials",
    "client_id": "app",
    "client_secret": "shh-the-apps-own",
    "instance_id": instance_of(SITE_ID),
}
GET = ("GET", "/LINKEDIN/long-lived-token-status")


@pytest.mark.parametrize(
    ("headers", "refusal"),
    [
        ({"authorization": ""}, (401, "UNAUTHENTICATED")),
        ({"authorization": "  "}, (401, "UNAUTHENTICATED")),
        ({"authorization": "Bearer key"}, (401, "UNAUTHENTICATED")),
        ({"authorization": TOKEN_PREFIX + "made-up"}, (401, "UNAUTHENTICATED")),
        ({"wix-site-id": ""}, (403, "FORBIDDEN")),
        ({"wix-site-id": "not-a-guid"}, (403, "FORBIDDEN")),
        ({"wix-site-id": OTHER}, (403, "FORBIDDEN")),
        ({"wix-account-id": "acc"}, (403, "FORBIDDEN")),
    ],
)
def test_a_call_without_a_known_identity_is_refused(api, headers, refusal):
    assert api.refused(*GET, headers=headers) == refusal


def test_a_key_among_those_configured_is_taken_and_no_other(make_api):
    api = make_api(Options(api_keys=("right",), denied=("may-not",), extra_fields=False))
    assert api.refused(*GET) == (401, "UNAUTHENTICATED")
    assert api.refused(*GET, headers={"authorization": "may-not"}) == (403, "FORBIDDEN")
    api.good(*GET, headers={"authorization": "right"})


def test_two_sites_do_not_see_each_other(make_api):
    api = make_api(sites=[SITE_ID, OTHER])
    item_id = api.draft(referenceId="a")
    api.site = OTHER
    assert api.refused("GET", f"/items/{item_id}") == (404, "ITEM_NOT_EXISTS")
    assert api.query()["items"] == []
    api.draft(referenceId="a")


def test_an_apps_identity_becomes_a_token_for_its_site_and_ends(api):
    answer = api.good("POST", "/oauth2/token", ASK, headers={"authorization": "", "wix-site-id": ""})
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 14400)
    signed = {"authorization": answer["access_token"], "wix-site-id": ""}
    api.good(*GET, headers=signed)
    assert api.refused(*GET, headers=signed | {"wix-site-id": OTHER}) == (403, "FORBIDDEN")
    api.pass_time(hours=4)
    assert api.refused(*GET, headers=signed) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"grant_type": "password"}, (400, "grant_type")),
        ({"client_secret": "wrong"}, (401, "INVALID_CLIENT")),
        ({"client_id": "other"}, (401, "INVALID_CLIENT")),
        ({"instance_id": OTHER}, (400, "INVALID_INSTANCE")),
        ({"instance_id": None}, (400, "instance_id")),
        ({"scope": "all"}, (400, "scope")),
    ],
)
def test_a_wrong_app_gets_no_token(make_api, change, refusal):
    api = make_api(Options(apps={"app": "shh-the-apps-own"}, extra_fields=False))
    api.good("POST", "/oauth2/token", ASK)
    assert api.refused("POST", "/oauth2/token", ASK | change) == refusal


def test_a_ready_token_is_for_its_own_site(make_api):
    api = make_api(Options(access_tokens={"ready": SITE_ID}, api_keys=("key",), extra_fields=False))
    api.good(*GET, headers={"authorization": "ready", "wix-site-id": ""})
    assert api.refused(*GET, headers={"authorization": "other", "wix-site-id": ""}) == (401, "UNAUTHENTICATED")


def test_no_credential_is_kept_anywhere_in_the_open(tmp_path, make_api):
    api = make_api(state=tmp_path / "state.sqlite")
    token = api.good("POST", "/oauth2/token", ASK)["access_token"]
    api.good(*GET, headers={"authorization": token, "wix-site-id": ""})
    api.good(*GET, headers={"authorization": "IST.a-key-that-nobody-may-see"})
    api.service.add_fault(kind="late", calls=["create_draft"])
    api.send("POST", "/items", {"item": api.item()}, headers={"authorization": "IST.a-key-that-nobody-may-see"})
    held = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    for secret in (token, "IST.a-key-that-nobody-may-see", ASK["client_secret"]):
        assert secret.encode() not in held
        assert secret not in str(api.service.calls())
