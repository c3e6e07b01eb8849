"""`apply` does what was reviewed, where it was reviewed, or nothing."""

from __future__ import annotations

import json

import pytest

from batch.sandbox.sites import ACCOUNTS
from tests.commands.conftest import POST
from tests.rig.server import RigServer

OTHER = "99999999-2222-4333-8444-555555555555"


def test_a_plan_is_done_on_the_site_that_it_was_made_for_and_on_no_other(site, service):
    site.write("posts.csv", [POST])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    with RigServer(sites=[OTHER]) as other:
        ended = site("apply", "plan.json", "--yes", environ={"WIX_SITE_ID": OTHER, "WIX_API_URL": other.url})
        assert (ended.status, other.service.coming(OTHER)) == (2, [])
    assert "another site or address" in ended.err
    assert site("apply", "plan.json", "--yes").status == 0
    assert len(service.coming()) == 1


def test_a_plan_that_does_not_say_its_place_is_not_done(site, service):
    site.write("posts.csv", [POST])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    plan = json.loads((site.folder / "plan.json").read_text("utf-8"))
    del plan["places"]
    (site.folder / "plan.json").write_text(json.dumps(plan), "utf-8")
    assert site("apply", "plan.json", "--yes").status == 2
    assert service.coming() == []


@pytest.mark.parametrize(
    "seed",
    [
        {"accounts": {"FACEBOOK": [{**ACCOUNTS["FACEBOOK"][0], "id": "10215544332219999"}]}},
        {"accounts": {"FACEBOOK": [{**ACCOUNTS["FACEBOOK"][0], "page": {"id": "999", "displayName": "Other"}}]}},
        {"connections": {"FACEBOOK": "DISCONNECTED"}},
    ],
    ids=["another account", "another page", "disconnected"],
)
def test_a_plan_is_not_done_where_its_account_is_another_since(site, service, seed):
    site.write("posts.csv", [POST])
    assert site("plan", "posts.csv", "--out", "plan.json").status == 0
    service.seed(**seed)
    ended = site("apply", "plan.json", "--yes")
    assert (ended.status, service.coming()) == (2, [])
    assert "accounts" in ended.err
