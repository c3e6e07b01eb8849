from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from batch.model import Act, Medium, SitePlan, Step, StepKind
from batch.plan.safety import Estimate, count_calls, estimate_all, shown_duration


def steps(count: int, *acts: Act, media: tuple[Medium, ...] = ()) -> list[Step]:
    step = Step(
        row=2, key="k", reference="k", site="s", channel="X", type="POST", kind=StepKind.SCHEDULE, reason="", acts=acts
    )
    return [replace(step, content=replace(step.content, media=media))] * count


@pytest.mark.parametrize(
    ("acts", "draft", "publish", "bulk"),
    [
        ((Act.CREATE, Act.SCHEDULE), 200, 100, 2),
        ((Act.CREATE, Act.PUBLISH), 200, 200, 200),
        ((Act.CREATE,), 100, 100, 100),
        ((Act.SCHEDULE,), 100, 100, 100),
        ((Act.UPDATE, Act.RESCHEDULE), 200, 200, 200),
        ((Act.CANCEL,), 100, 100, 100),
        ((), 0, 0, 0),
    ],
)
def test_only_new_posts_with_a_date_have_a_quicker_way(
    acts: tuple[Act, ...], draft: int, publish: int, bulk: int
) -> None:
    plan = steps(100, *acts)
    assert [count_calls(plan, via=via) for via in ("draft", "publish", "bulk")] == [draft, publish, bulk]


def test_a_medium_goes_up_once() -> None:
    logo, there = Medium("logo.png"), Medium("b", url="https://static.wixstatic.com/b")
    assert count_calls(steps(50, Act.UPLOAD, Act.CREATE, media=(logo, there, logo)), via="draft") == 50 + 2


def test_sites_run_side_by_side() -> None:
    sites = [SitePlan("a", tuple(steps(90, Act.CREATE))), SitePlan("b", tuple(steps(30, Act.CREATE)))]
    assert estimate_all(iter(sites), calls_per_minute=180)[0] == Estimate("draft", 120, 30)
    assert [e.calls for e in estimate_all([], calls_per_minute=180)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "a moment"), (1, "about 1 s"), (19.2, "about 20 s"), (89, "about 89 s"), (90, "about 2 min"),
        (600, "about 10 min"), (5400, "about 1 h 30 min"), (7201, "about 2 h 1 min"),
    ],
)  # fmt: skip
def test_a_duration_is_said_as_people_say_it(seconds: float, said: str) -> None:
    assert shown_duration(seconds) == said


def test_the_estimate_of_a_real_plan(make: SimpleNamespace) -> None:
    plan = SitePlan("a", tuple(steps(1000, Act.CREATE, Act.SCHEDULE)))
    assert [(e.via, e.calls, shown_duration(e.seconds)) for e in estimate_all([plan], calls_per_minute=180)] == [
        ("draft", 2000, "about 12 min"),
        ("publish", 1000, "about 6 min"),
        ("bulk", 20, "about 7 s"),
    ]
