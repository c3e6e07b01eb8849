"""Quota, clock and blast radius keep a plan from doing harm; its cost is told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.errors import GuardError
from batch.model import Act, Action, Medium, Plan, Quota, SitePlan, Snapshot, Step, StepKind
from batch.plan.decisions import PlanOptions
from batch.plan.reconcile import reconcile
from batch.plan.safety import (
    MAX_MULTIPLIED,
    Cost,
    block_over_quota,
    check_new_posts,
    cost_of,
    count_calls,
    find_large_changes,
    needs_of,
    refuse_large,
    sent_in_bulk,
    shown_duration,
)
from batch.settings import VIAS
from tests.plan.builders import Builders

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=9)
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def plan_of(make: Builders, posts: list[object], *items: object, **site: object) -> SitePlan:
    return reconcile(posts, make.snapshot(*items, **site), now=make.now)


def both_ways(make: Builders) -> list[object]:
    return [make.post("a"), make.post("b", publish_at=None, now=True), make.post("c", publish_at=None)]


@pytest.mark.parametrize(
    "site",
    [
        {"features": {"SCHEDULE_POST": False}},
        {"quotas": {"SCHEDULE_POST": Quota("SCHEDULE_POST", enabled=False)}},
        {"quotas": {"SCHEDULE_POST": Quota("SCHEDULE_POST", enabled=False)}, "features": {"SCHEDULE_POST": True}},
    ],
)
def test_a_plan_without_scheduling_still_publishes_and_drafts(make: Builders, site: dict[str, object]) -> None:
    plan = plan_of(make, both_ways(make), **site)
    assert [step.kind for step in plan.steps] == [StepKind.BLOCKED, StepKind.PUBLISH, StepKind.DRAFT]
    assert (plan.steps[0].code, plan.steps[0].acts) == ("not_in_plan", ())
    assert plan.needs == {"PUBLISH_POST": 1}


def test_a_plan_without_publishing_still_schedules(make: Builders) -> None:
    plan = plan_of(make, both_ways(make), features={"PUBLISH_POST": False})
    assert [step.kind for step in plan.steps] == [StepKind.SCHEDULE, StepKind.BLOCKED, StepKind.DRAFT]


def test_one_actions_quota_is_never_borrowed_for_the_other(make: Builders) -> None:
    quotas = {"SCHEDULE_POST": Quota("SCHEDULE_POST", limit=5, left=0), "PUBLISH_POST": Quota("PUBLISH_POST", left=9)}
    plan = plan_of(make, both_ways(make), quotas=quotas)
    assert [step.kind for step in plan.steps] == [StepKind.BLOCKED, StepKind.PUBLISH, StepKind.DRAFT]
    assert plan.steps[0].code == "quota"


def test_the_soonest_posts_go_first_and_the_rest_say_when(make: Builders) -> None:
    dates = [make.date + timedelta(hours=hours) for hours in (5, 1, 3)]
    posts = [make.post(f"p{n}", publish_at=date) for n, date in enumerate(dates)]
    plan = plan_of(make, posts, quotas={"SCHEDULE_POST": Quota("SCHEDULE_POST", limit=10, left=2, period="MONTH")})
    assert [step.kind for step in plan.steps] == [StepKind.BLOCKED, StepKind.SCHEDULE, StepKind.SCHEDULE]
    assert "has 2 of 10 posts left for scheduling this month" in plan.steps[0].reason
    assert plan.needs == {"SCHEDULE_POST": 2}


def test_moving_and_changing_cost_nothing(make: Builders) -> None:
    quotas = {action: Quota(action, left=0) for action in ("SCHEDULE_POST", "PUBLISH_POST")}
    moved = plan_of(make, [make.post()], make.item(scheduled_at=make.later), quotas=quotas).steps[0]
    assert moved.acts == (Act.RESCHEDULE,)
    published = plan_of(make, [make.post(publish_at=None, now=True)], make.item(), quotas=quotas).steps[0]
    assert published.code == "quota"


@pytest.mark.parametrize("quota", [None, Quota("SCHEDULE_POST"), Quota("SCHEDULE_POST", limit=0)])
def test_what_is_not_metered_is_not_counted(make: Builders, quota: Quota | None) -> None:
    quotas = {"SCHEDULE_POST": quota} if quota else {}
    assert plan_of(make, [make.post()], quotas=quotas).steps[0].kind is StepKind.SCHEDULE


@unhurried
@given(left=st.integers(-1, 12), hours=st.lists(st.integers(1, 50), max_size=12))
def test_never_more_than_the_quota_and_never_a_later_post_before_a_sooner(
    make: Builders, left: int, hours: list[int]
) -> None:
    steps = [step_at(make, number, hour) for number, hour in enumerate(hours)]
    quotas = {"SCHEDULE_POST": Quota("SCHEDULE_POST", left=left)}
    kept = block_over_quota(steps, make.snapshot(quotas=quotas))
    going = [step.at for step in kept if step.acts]
    waiting = [step.at for step in kept if not step.acts]
    assert len(going) == min(max(left, 0), len(hours))
    assert not going or not waiting or max(going) <= min(waiting)
    assert needs_of(kept).get("SCHEDULE_POST", 0) == len(going)


def step_at(make: Builders, number: int, hour: int) -> Step:
    acts = (Act.CREATE, Act.SCHEDULE)
    at = make.now + timedelta(hours=hour)
    return Step(
        row=number, key=f"k{number}", reference=f"k{number}", site="s", channel="X", type="POST",
        kind=StepKind.SCHEDULE, reason="", acts=acts, at=at,
    )  # fmt: skip


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(
    ("seconds", "said", "blocked"), [(0, False, False), (60, False, False), (61, True, False), (301, True, True)]
)
def test_a_clock_that_is_off_is_said_and_then_stops_scheduling(
    make: Builders, seconds: int, said: bool, blocked: bool, sign: int
) -> None:
    server_at = make.now - timedelta(seconds=sign * seconds)
    items = (make.item(id="m", reference="m", scheduled_at=make.later),)
    plan = plan_of(make, [*both_ways(make), make.post("m")], *items, server_at=server_at)
    assert bool(plan.notices) is said
    dated = StepKind.BLOCKED if blocked else StepKind.SCHEDULE
    moved = StepKind.BLOCKED if blocked else StepKind.RESCHEDULE
    assert [step.kind for step in plan.steps] == [dated, StepKind.PUBLISH, StepKind.DRAFT, moved]
    assert {step.code for step in plan.steps if step.kind is StepKind.BLOCKED} == ({"clock"} if blocked else set())


def test_the_bounds_of_the_clock_can_be_set(make: Builders) -> None:
    snapshot = make.snapshot(server_at=make.now - timedelta(seconds=400))
    options = PlanOptions(clock_warn_seconds=500, clock_stop_seconds=500)
    plan = reconcile([make.post()], snapshot, now=make.now, options=options)
    assert (plan.notices, plan.steps[0].kind) == ((), StepKind.SCHEDULE)


def test_withdrawing_needs_no_clock(make: Builders) -> None:
    snapshot = make.snapshot(make.item(), server_at=make.now - timedelta(hours=9))
    plan = reconcile([make.post(action=Action.CANCEL, publish_at=None)], snapshot, now=make.now)
    assert plan.steps[0].acts == (Act.CANCEL,)


def plan_that_withdraws(
    make: Builders, *, scheduled: int, cancel: int = 0, delete: int = 0, move: int = 0
) -> tuple[SitePlan, Snapshot]:
    actions = [Action.CANCEL] * cancel + [Action.DELETE] * delete + [None] * move
    posts = [replace(make.post(f"k{n}"), row=n + 2, action=action) for n, action in enumerate(actions)]
    later = make.date + timedelta(hours=1)
    items = [
        make.item(id=f"i{n}", reference=f"k{n}", scheduled_at=later if n >= cancel + delete else make.date)
        for n in range(scheduled)
    ]
    snapshot = make.snapshot(*items)
    return reconcile(posts, snapshot, now=make.now), snapshot


@pytest.mark.parametrize(
    ("counts", "large"),
    [
        ({"scheduled": 3, "cancel": 3}, {}),
        ({"scheduled": 20, "cancel": 6}, {}),
        ({"scheduled": 20, "cancel": 7}, {"cancel": 7}),
        ({"scheduled": 4, "cancel": 4}, {"cancel": 4}),
        ({"scheduled": 20, "delete": 7}, {"delete": 7}),
        ({"scheduled": 20, "cancel": 4, "delete": 4}, {"cancel": 4, "delete": 4}),
        ({"scheduled": 10, "move": 10}, {}),
        ({"scheduled": 40, "move": 12}, {}),
        ({"scheduled": 40, "move": 13}, {"reschedule": 13}),
        ({"scheduled": 11, "move": 11}, {"reschedule": 11}),
        ({"scheduled": 1000}, {}),
    ],
)
def test_more_than_its_share_stops_and_names_the_number_for_each_act(
    make: Builders, counts: dict[str, int], large: dict[str, int]
) -> None:
    looked = [plan_that_withdraws(make, **counts)]
    assert find_large_changes(looked) == large
    if not large:
        refuse_large(large)
        return
    with pytest.raises(GuardError) as refusal:
        refuse_large(large)
    for act, number in large.items():
        assert f"--allow-{act} {number}" in str(refusal.value)
    assert find_large_changes(looked, allowed=large) == {}
    assert find_large_changes(looked, allowed={act: number - 1 for act, number in large.items()}) == large


def test_one_number_does_not_allow_the_other_act(make: Builders) -> None:
    looked = [plan_that_withdraws(make, scheduled=20, cancel=7, move=13)]
    assert find_large_changes(looked, allowed={"cancel": 7, "reschedule": 13}) == {}
    assert find_large_changes(looked, allowed={"cancel": 7}) == {"reschedule": 13}
    assert find_large_changes(looked, allowed={"reschedule": 13}) == {"cancel": 7}


def test_an_allowed_cancel_is_not_counted_with_deletes(make: Builders) -> None:
    looked = [plan_that_withdraws(make, scheduled=20, cancel=4, delete=4)]
    assert find_large_changes(looked, allowed={"cancel": 4}) == {}


def test_the_number_is_that_of_all_sites_together(make: Builders) -> None:
    much, little = plan_that_withdraws(make, scheduled=20, cancel=7), plan_that_withdraws(make, scheduled=100, cancel=2)
    assert find_large_changes([little]) == {}
    assert find_large_changes([much, little]) == {"cancel": 9}
    assert find_large_changes([much, little], allowed={"cancel": 8}) == {"cancel": 9}
    assert find_large_changes([much, little], allowed={"cancel": 9}) == {}


def test_a_little_of_many_sites_is_much_of_them_together(make: Builders) -> None:
    assert find_large_changes([plan_that_withdraws(make, scheduled=3, cancel=3)] * 4) == {"cancel": 12}


def test_rows_that_vanish_cancel_nothing(make: Builders) -> None:
    _, snapshot = plan_that_withdraws(make, scheduled=50)
    plan = reconcile([], snapshot, now=make.now)
    assert plan.steps == ()
    assert find_large_changes([(plan, snapshot)]) == {}


def steps(count: int, *acts: Act, media: tuple[Medium, ...] = (), at: datetime | None = LATER) -> list[Step]:
    step = Step(
        row=2, key="k", reference="k", site="s", channel="X", type="POST", kind=StepKind.SCHEDULE, reason="", acts=acts,
        at=at,
    )  # fmt: skip
    return [replace(step, content=replace(step.content, media=media))] * count


@pytest.mark.parametrize(
    ("acts", "calls"),
    [
        ((Act.CREATE, Act.SCHEDULE), {"auto": 2, "draft": 200, "publish": 100, "bulk": 2}),
        ((Act.CREATE, Act.PUBLISH), dict.fromkeys(VIAS, 200)),
        ((Act.CREATE,), dict.fromkeys(VIAS, 100)),
        ((Act.SCHEDULE,), dict.fromkeys(VIAS, 100)),
        ((Act.UPDATE, Act.RESCHEDULE), dict.fromkeys(VIAS, 200)),
        ((Act.CANCEL,), dict.fromkeys(VIAS, 100)),
        ((), dict.fromkeys(VIAS, 0)),
    ],
)
def test_only_new_posts_with_a_date_have_a_quicker_way(acts: tuple[Act, ...], calls: dict[str, int]) -> None:
    assert {via: count_calls(steps(100, *acts), via=via, now=NOW) for via in VIAS} == calls


@pytest.mark.parametrize(
    ("count", "due", "in_bulk"),
    [
        (10, timedelta(days=1), 0), (11, timedelta(days=1), 11), (11, timedelta(hours=1), 0),
        (11, timedelta(hours=1, seconds=1), 11),
    ],
)  # fmt: skip
def test_auto_sends_in_bulk_what_has_time_and_is_many(count: int, due: timedelta, in_bulk: int) -> None:
    new = steps(count, Act.CREATE, Act.SCHEDULE, at=NOW + due)
    others = [
        *steps(20, Act.CREATE, Act.PUBLISH, at=None),
        *(replace(step, duplicates=("old",)) for step in steps(20, Act.CREATE, Act.WITHDRAW, Act.SCHEDULE)),
        *steps(20, Act.CREATE, at=None),
        *steps(20, Act.CREATE, Act.SCHEDULE, at=NOW + timedelta(minutes=50)),
    ]
    assert sent_in_bulk([*others, *new], via="auto", now=NOW) == frozenset(range(80, 80 + in_bulk))


def test_a_medium_goes_up_once() -> None:
    logo, there = Medium("logo.png"), Medium("b", url="https://static.wixstatic.com/b")
    new = steps(50, Act.UPLOAD, Act.CREATE, media=(logo, there, logo))
    assert count_calls(new, via="draft", now=NOW) == 50 + 2


def test_sites_run_side_by_side() -> None:
    sites = [SitePlan("a", tuple(steps(90, Act.CREATE))), SitePlan("b", tuple(steps(30, Act.CREATE)))]
    assert cost_of(iter(sites), now=NOW, calls_per_minute=180) == Cost(120, 30)
    assert cost_of([], now=NOW, calls_per_minute=180) == Cost(0, 0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "under 1 s"), (1, "about 1 s"), (19.2, "about 20 s"), (89, "about 89 s"), (90, "about 2 min"),
        (600, "about 10 min"), (5400, "about 1 h 30 min"), (7201, "about 2 h 1 min"),
    ],
)  # fmt: skip
def test_a_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert shown_duration(seconds) == said


@pytest.mark.parametrize(
    ("via", "calls", "said"),
    [
        ("auto", 20, "about 7 s"), ("draft", 2000, "about 12 min"), ("publish", 1000, "about 6 min"),
        ("bulk", 20, "about 7 s"),
    ],
)  # fmt: skip
def test_the_cost_of_a_real_plan(via: str, calls: int, said: str) -> None:
    plan = SitePlan("a", tuple(steps(1000, Act.CREATE, Act.SCHEDULE)), via=via)
    cost = cost_of([plan], now=NOW, calls_per_minute=180)
    assert (cost.calls, shown_duration(cost.seconds)) == (calls, said)


def test_only_rows_that_are_multiplied_are_held_to_a_number_nobody_named(make: Builders) -> None:
    (step,) = reconcile([make.post("sale")], make.snapshot(), now=make.now).steps

    def plan(steps: Iterable[Step]) -> Plan:
        return Plan("posts.csv", "", make.now, (SitePlan("pottery", tuple(steps)),))

    more = MAX_MULTIPLIED + 1
    long_sheet = plan(
        replace(step, row=row, channel=c) for row in range(2, 2 + more) for c in ("INSTAGRAM", "FACEBOOK")
    )
    check_new_posts(long_sheet, allowed=None)
    with pytest.raises(GuardError, match=f"{2 * more:,} new posts from {more} rows"):
        check_new_posts(long_sheet, allowed=2 * more - 1)
    places = [replace(step, place=f"shop {n}") for n in range(more)]
    with pytest.raises(GuardError, match=f"{more} new posts from 1 row in {more} places"):
        check_new_posts(plan(places), allowed=None)
    check_new_posts(plan(places), allowed=more)
    check_new_posts(plan([*places[1:], replace(step, row=3)]), allowed=None)
