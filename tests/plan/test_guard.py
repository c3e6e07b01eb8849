from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from batch.errors import GuardError
from batch.model import Action, SitePlan, Snapshot
from batch.plan.reconcile import reconcile
from batch.plan.safety import check_blast_radius


def plan_of(
    make: SimpleNamespace, *, scheduled: int, cancel: int = 0, delete: int = 0, move: int = 0
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
    ("counts", "flags"),
    [
        ({"scheduled": 3, "cancel": 3}, []),
        ({"scheduled": 20, "cancel": 6}, []),
        ({"scheduled": 20, "cancel": 7}, ["--allow-cancel"]),
        ({"scheduled": 4, "cancel": 4}, ["--allow-cancel"]),
        ({"scheduled": 20, "delete": 7}, ["--allow-delete"]),
        ({"scheduled": 20, "cancel": 4, "delete": 4}, ["--allow-cancel", "--allow-delete"]),
        ({"scheduled": 10, "move": 10}, []),
        ({"scheduled": 40, "move": 12}, []),
        ({"scheduled": 40, "move": 13}, ["--allow-reschedule"]),
        ({"scheduled": 11, "move": 11}, ["--allow-reschedule"]),
        ({"scheduled": 1000}, []),
    ],
)
def test_more_than_its_share_stops_and_names_the_flags(
    make: SimpleNamespace, counts: dict[str, int], flags: list[str]
) -> None:
    plan, snapshot = plan_of(make, **counts)
    if not flags:
        check_blast_radius(plan, snapshot)
        return
    with pytest.raises(GuardError) as refusal:
        check_blast_radius(plan, snapshot)
    assert [flag for flag in ("cancel", "delete", "reschedule") if f"--allow-{flag}" in str(refusal.value)] == [
        flag.removeprefix("--allow-") for flag in flags
    ]
    check_blast_radius(plan, snapshot, allowed=frozenset(flag.removeprefix("--allow-") for flag in flags))


def test_one_flag_does_not_allow_the_other_act(make: SimpleNamespace) -> None:
    plan, snapshot = plan_of(make, scheduled=20, cancel=7, move=13)
    check_blast_radius(plan, snapshot, allowed=frozenset({"cancel", "reschedule"}))
    with pytest.raises(GuardError, match="--allow-reschedule"):
        check_blast_radius(plan, snapshot, allowed=frozenset({"cancel"}))
    with pytest.raises(GuardError, match="--allow-cancel"):
        check_blast_radius(plan, snapshot, allowed=frozenset({"reschedule"}))


def test_an_allowed_cancel_is_not_counted_with_deletes(make: SimpleNamespace) -> None:
    plan, snapshot = plan_of(make, scheduled=20, cancel=4, delete=4)
    check_blast_radius(plan, snapshot, allowed=frozenset({"cancel"}))


def test_rows_that_vanish_cancel_nothing(make: SimpleNamespace) -> None:
    _, snapshot = plan_of(make, scheduled=50)
    plan = reconcile([], snapshot, now=make.now)
    assert plan.steps == ()
    check_blast_radius(plan, snapshot)
