from __future__ import annotations

from batch.sandbox.sites import SITE_ID
from tests.rig.options import Options

OTHER = "5a11d0b0-0000-4000-8000-000000000002"
GET = ("GET", "/LINKEDIN/long-lived-token-status")


def test_no_window_of_60_seconds_holds_more_than_the_limit(make_api):
    api = make_api(Options(calls_per_minute=20, extra_fields=False))
    taken = []
    for _ in range(400):
        if api.send(*GET).status == 200:
            taken.append(api.at)
        api.pass_time(seconds=0.7)
    assert all(sum(1 for t in taken if 0 <= (t - start).total_seconds() < 60) <= 20 for start in taken)
    assert len(taken) >= 20 * 400 * 0.7 / 60 * 0.95


def test_waiting_for_as_long_as_it_says_always_helps(make_api):
    api = make_api(Options(calls_per_minute=3, extra_fields=False))
    for seconds in (10, 5, 7):
        api.good(*GET)
        api.pass_time(seconds=seconds)
    refused = api.send(*GET)
    assert (refused.status, dict(refused.headers)["retry-after"]) == (429, "38")
    api.pass_time(seconds=37)
    assert api.send(*GET).status == 429
    api.pass_time(seconds=1)
    api.good(*GET)


def test_the_time_to_wait_may_be_left_out(make_api):
    api = make_api(Options(calls_per_minute=1, retry_after=False, extra_fields=False))
    api.good(*GET)
    refused = api.send(*GET)
    assert refused.status == 429
    assert "retry-after" not in dict(refused.headers)


def test_each_site_has_its_own_limit_and_200_is_the_usual_one(make_api):
    api = make_api(sites=[SITE_ID, OTHER])
    assert [api.send(*GET).status for _ in range(201)] == [200] * 200 + [429]
    api.site = OTHER
    api.good(*GET)


def test_a_call_over_the_limit_changes_nothing(make_api):
    api = make_api(Options(calls_per_minute=1, extra_fields=False))
    api.draft()
    assert api.refused("POST", "/items", {"item": api.item()}) == (429, "RATE_LIMIT_EXCEEDED")
    assert len(api.service.items()) == 1


def test_the_limit_can_be_off(make_api):
    api = make_api(Options(calls_per_minute=0, extra_fields=False))
    assert {api.send(*GET).status for _ in range(500)} == {200}
