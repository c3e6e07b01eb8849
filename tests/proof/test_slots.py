"""Posts that ask for slots: killed anywhere, beside another sheet's run, and beside people who schedule meanwhile."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import pytest

from batch.model import Outcome, OutcomeKind, Post
from tests.proof.beside import STALLS, OwnClock, Turns, run_beside
from tests.proof.killing import VIAS
from tests.proof.stage import SERVERS, START, WORST, Killed, Killer, Stage, fast_folder, post
from tests.rig.seed import scheduled_by_others
from tests.rig.service import Rig

NOON = START.replace(hour=12)
DAYS = ("Mon 12:00", "Tue 12:00", "Wed 12:00", "Thu 12:00")
STRIDE, SEEDS, MOST_RUNS = 9, 6, 6
"""The short form: every so many places of a run, so many pairs of runs."""


def sheet(keys: str) -> list[Post]:
    return [post(key, row=n, slots=DAYS, timezone="UTC", local_time="slot") for n, key in enumerate(keys, start=2)]


def run_again(stage: Stage, posts: Sequence[Post], *, journal: str) -> list[Outcome]:
    """Run until nothing is left to do; return the last outcomes."""
    outcomes: list[Outcome] = []
    for number in range(MOST_RUNS):
        stage.clock.sleep(10)
        outcomes = stage.run(posts, name=f"{journal}-{number}", journal=journal)
        if all(outcome.outcome is OutcomeKind.UNCHANGED for outcome in outcomes):
            break
    return outcomes


def slots_of(service: Rig) -> dict[datetime, list[str]]:
    """The references of what is coming, by its date; "" for somebody else's."""
    slots: defaultdict[datetime, list[str]] = defaultdict(list)
    for coming in service.coming():
        slots[coming.at.replace(microsecond=0)].append(coming.reference)
    return dict(slots)


def references(slots: Iterable[list[str]]) -> list[str]:
    return sorted(reference for there in slots for reference in there if reference)


@pytest.mark.parametrize("lost", [False, True], ids=["journal kept", "journal lost"])
@pytest.mark.parametrize("via", VIAS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_kill_anywhere_leaves_every_post_in_one_slot_of_its_own(server, via, lost):
    killer, number = Killer(), 1 + list(SERVERS).index(server) * 2
    while True:
        killer = Killer(number)
        with fast_folder() as folder:
            stage = Stage(folder, server, via)
            stage.furnish([scheduled_by_others(NOON + timedelta(days=1))])
            with suppress(Killed):
                stage.run(sheet("abc"), at=killer)
            ended = run_again(stage, sheet("abc"), journal="lost" if lost else "journal")
            slots = slots_of(stage.service)
            stage.close()
        where = f"killed at {killer.places[-1]} ({number}): {slots}"
        assert {outcome.outcome for outcome in ended} == {OutcomeKind.UNCHANGED}, where
        assert references(slots.values()) == ["a", "b", "c"], where
        assert all(len(there) == 1 for there in slots.values()), where
        if number > len(killer.places):
            break
        number += STRIDE


@pytest.mark.parametrize("server", [*SERVERS, *WORST])
def test_two_sheets_at_once_lose_and_double_nothing_and_share_no_slot_in_silence(server):
    for seed in range(SEEDS):
        dice = random.Random(f"{server}:{seed}")
        turns, vias = Turns(dice), (dice.choice(VIAS), dice.choice(VIAS))
        with fast_folder() as folder:
            clock = OwnClock(turns, "main")
            stage = Stage(folder, server, seed=seed, clock=clock)
            turns.wakes = {"main": 0.0}
            stage.furnish([scheduled_by_others(NOON)])
            turns.wakes = {}

            def make(keys: str, via: str, stage: Stage = stage, dice: random.Random = dice):
                def run(own: OwnClock) -> list[Outcome]:
                    travel = lambda: own.sleep(dice.choice(STALLS[:6]) * dice.random())  # noqa: E731 - one use
                    return stage.run(sheet(keys), name=keys, journal=keys, clock=own, via=via, travel=travel)

                return run

            ended = run_beside({keys: make(keys, via) for keys, via in zip(("abc", "xyz"), vias, strict=True)}, turns)
            turns.wakes = {"main": turns.ticks}
            told = [outcome for outcomes in ended.values() for outcome in outcomes]
            for keys in ("abc", "xyz"):
                told += run_again(stage, sheet(keys), journal=keys)
            slots = slots_of(stage.service)
            stage.close()
        where = f"seed {seed} by {vias}: {slots} {[(o.key, o.outcome, o.code) for o in told]}"
        assert references(slots.values()) == [*"abcxyz"], where
        warned = {outcome.key for outcome in told if any("at the same time" in text for text in outcome.warnings)}
        assert all(len(there) == 1 or warned.intersection(there) for there in slots.values()), where


def test_what_somebody_schedules_in_the_seconds_of_a_run_is_told_by_its_results():
    with fast_folder() as folder:
        stage = Stage(folder)
        seeded: list[str] = []

        def meanwhile(place: str) -> None:
            if place.startswith("before POST") and not seeded:
                seeded.extend(stage.service.seed(items=[scheduled_by_others(NOON)]))

        (outcome,) = stage.run(sheet("a"), at=meanwhile)
        assert (outcome.outcome, outcome.publish_at) == (OutcomeKind.SCHEDULED, NOON)
        assert outcome.warnings == (
            f"Another post (ID {seeded[0]}) goes out on this account at the same time. Move one of them if that isn't "
            "meant.",
        )
        (again,) = stage.run(sheet("a"), name="again")
        assert (again.outcome, again.warnings) == (OutcomeKind.UNCHANGED, outcome.warnings)
        stage.close()
