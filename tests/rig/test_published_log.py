from __future__ import annotations

import dataclasses

import pytest

from batch.sandbox.sites import SITE_ID
from tests.rig.published_log import PublicPost

OTHER = "5a11d0b0-0000-4000-8000-000000000002"


def test_the_record_tells_what_went_out_where_and_when(api):
    item = api.item("FACEBOOK", referenceId="spring-01", schedulingInfo={"scheduledDate": api.date(hours=1)})
    made = api.good("POST", "/publish", {"item": item})["item"]
    due = api.at.replace(hour=11)
    api.pass_time(hours=2)
    assert api.service.public() == [
        PublicPost(
            item_id=made["id"],
            reference="spring-01",
            site=SITE_ID,
            channel="FACEBOOK",
            type="POST",
            account_id="10215544332211009",
            second_id="104512345678901",
            at=due,
            due=due,
            how="scheduled",
            url=f"https://facebook.sandbox.example/p/{made['id']}",
            content=item["facebookPost"],
        )
    ]
    assert api.service.public()[0].text == "Hi"


def test_what_is_coming_looks_the_same_before_and_after_but_for_its_link(api):
    api.scheduled("PINTEREST", referenceId="a")
    [coming] = api.service.coming()
    api.pass_time(days=2)
    [public] = api.service.public()
    assert api.service.coming() == []
    assert dataclasses.replace(public, url="") == coming


@pytest.mark.parametrize("call", ["DELETE", "PATCH"])
def test_no_call_of_the_api_alters_the_record(api, call):
    item_id = api.scheduled(hours=1)
    api.pass_time(hours=2)
    before = api.service.public()
    api.send(call, f"/items/{item_id}", {"item": {"id": item_id}} if call == "PATCH" else None)
    assert api.service.public() == before


def test_what_two_sites_publish_is_kept_apart(make_api):
    api = make_api(sites=[SITE_ID, OTHER])
    api.good("POST", "/publish", {"item": api.item(referenceId="a")})
    api.site = OTHER
    api.good("POST", "/publish", {"item": api.item(referenceId="a")})
    assert [post.site for post in api.service.public()] == [SITE_ID, OTHER]
    assert [post.site for post in api.service.public(OTHER)] == [OTHER]
