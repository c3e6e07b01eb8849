"""Plans: what they allow, how it is counted, and what is refused once it is used up."""

from __future__ import annotations

import pytest

from tests.rig.rules import PLANS

NOT_ALLOWED = (428, "INELIGIBLE_FOR_FEATURE")
BOTH = [("featureTypes", "PUBLISH_POST"), ("featureTypes", "SCHEDULE_POST")]


def features(api, query=BOTH):
    answer = api.good("GET", "/features", query=query)
    return {f["type"]: f for f in answer["features"]} | {"metered": answer["monetizationEnabled"]}


def used(api):
    return {name: f["quotaInfo"]["currentUsage"] for name, f in features(api).items() if name != "metered"}


@pytest.mark.parametrize(
    ("plan", "publish", "schedule", "channels"),
    [("free", 10, None, 1), ("small", 50, 50, 2), ("large", 250, 250, 8), ("generous", 100_000, 100_000, 8)],
)
def test_each_plan_has_its_figures(api, plan, publish, schedule, channels):
    api.service.seed(plan=plan)
    told = features(api)
    for name, limit in (("PUBLISH_POST", publish), ("SCHEDULE_POST", schedule)):
        assert told[name]["enabled"] is (limit is not None)
        if limit is not None:
            quota = {"limit": limit, "currentUsage": 0, "remainingUsage": limit, "period": "MONTH"}
            assert told[name]["quotaInfo"] == quota
    assert PLANS[plan].channels == channels
    assert told["metered"] is True


def test_a_plan_without_scheduling_publishes_only(api):
    api.service.seed(plan="free")
    draft, date = api.draft(), api.date(days=1)
    assert api.refused("POST", "/publish-by-id", {"id": draft, "scheduledDate": date}) == NOT_ALLOWED
    assert api.refused("POST", "/publish", {"item": api.item(schedulingInfo={"scheduledDate": date})}) == NOT_ALLOWED
    assert api.good("POST", "/publish-by-id", {"id": draft})["item"]["status"] == "PUBLISHED"


def test_each_action_has_its_own_count(api):
    api.service.seed(quota={"PUBLISH_POST": {"limit": 1}, "SCHEDULE_POST": {"limit": 2}})
    api.good("POST", "/publish", {"item": api.item()})
    assert api.refused("POST", "/publish", {"item": api.item()}) == NOT_ALLOWED
    api.scheduled()
    api.scheduled()
    draft = api.draft()
    assert api.refused("POST", "/publish-by-id", {"id": draft, "scheduledDate": api.date(days=1)}) == NOT_ALLOWED
    assert used(api) == {"PUBLISH_POST": 1, "SCHEDULE_POST": 2}


def test_moving_a_scheduled_post_costs_nothing_more(api):
    api.service.seed(quota={"SCHEDULE_POST": {"limit": 1}})
    item_id = api.scheduled()
    api.good("POST", f"/items/{item_id}/reschedule", {"scheduledDate": api.date(days=2)})
    api.good("POST", "/publish-by-id", {"id": item_id, "scheduledDate": api.date(days=3)})
    assert used(api)["SCHEDULE_POST"] == 1


def test_what_was_used_before_counts(api):
    api.service.seed(quota={"PUBLISH_POST": {"limit": 10, "used": 10}})
    assert features(api)["PUBLISH_POST"]["quotaInfo"]["remainingUsage"] == 0
    assert api.refused("POST", "/publish", {"item": api.item()}) == NOT_ALLOWED


def test_a_new_month_begins_anew(api):
    api.service.seed(quota={"PUBLISH_POST": {"limit": 1}})
    api.good("POST", "/publish", {"item": api.item()})
    api.pass_time(days=7)
    assert used(api)["PUBLISH_POST"] == 0
    api.good("POST", "/publish", {"item": api.item()})


@pytest.mark.parametrize(("returns", "left"), [(False, 1), (True, 0)])
def test_cancelling_gives_the_quota_back_where_the_options_say_so(api, returns, left):
    api.service.set_options(quota_returns=returns)
    item_id = api.scheduled()
    api.good("PATCH", f"/items/{item_id}/cancel", {})
    assert used(api)["SCHEDULE_POST"] == left


@pytest.mark.parametrize("seed", [{"monetization": False}, {"quota": {"PUBLISH_POST": {"limit": 0}}}])
def test_a_site_that_is_not_metered_or_has_a_limit_of_zero_is_never_used_up(api, seed):
    api.service.seed(plan="free", **seed)
    for _ in range(12):
        api.good("POST", "/publish", {"item": api.item()})


def test_what_is_refused_or_fails_costs_nothing(api):
    api.refused("POST", "/publish", {"item": api.item("FACEBOOK", "STORY") | {"type": "REEL"}})
    item = api.item()
    item["linkedinPost"]["caption"] = "[sandbox:fail]"
    assert api.good("POST", "/publish", {"item": item})["item"]["status"] == "FAILED"
    assert used(api) == {"PUBLISH_POST": 0, "SCHEDULE_POST": 0}


def test_a_network_takes_so_many_posts_a_day(api):
    api.service.seed(publish_limits={"LINKEDIN": 2})
    for _ in range(2):
        api.good("POST", "/publish", {"item": api.item()})
    assert api.refused("POST", "/publish", {"item": api.item()}) == (429, "PUBLISH_LIMIT_EXCEEDED")
    assert api.refused("POST", "/publish-by-id", {"id": api.draft()}) == (429, "PUBLISH_LIMIT_EXCEEDED")
    api.good("POST", "/publish", {"item": api.item("GBP")})
    api.pass_time(hours=25)
    api.good("POST", "/publish", {"item": api.item()})


def test_one_feature_can_be_asked_for_by_itself(api):
    told = features(api, [*BOTH, ("featureTypes", "AI_TOOLS")])
    for name in ("PUBLISH_POST", "SCHEDULE_POST", "AI_TOOLS"):
        assert api.good("GET", f"/features/{name}") == {"featureData": told[name]}
    assert set(features(api, [])) == {"PUBLISH_POST", "SCHEDULE_POST", "AI_TOOLS", "metered"}


def test_an_unknown_feature_or_too_many_are_refused(api):
    assert api.refused("GET", "/features/FLYING") == (400, "featureType")
    assert api.refused("GET", "/features", query=[("featureTypes", "FLYING")]) == (400, "featureType")
    assert api.refused("GET", "/features", query=[("featureTypes", "AI_TOOLS")] * 21) == (400, "featureTypes")
