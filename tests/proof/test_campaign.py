"""A thousand random scenarios: sheets, faults, kills, full disks, Ctrl-C, other people, passing time."""

from __future__ import annotations

import pytest

from tests.proof.campaign import make_scenario, play_many

CHUNK, CHUNKS = 100, 10


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_random_trouble_doubles_loses_and_misreports_nothing(chunk):
    seeds = range(chunk * CHUNK, (chunk + 1) * CHUNK)
    figures = play_many(seeds)
    print(f"seeds {seeds.start} to {seeds.stop - 1}: {figures}")
    assert figures.clean, f"{figures}\nplay one again: python tests/proof/campaign.py --seed N"


def test_a_seed_decides_everything():
    assert make_scenario(7) == make_scenario(7)
    assert make_scenario(7) != make_scenario(8)


def test_the_scenarios_hold_every_trouble_and_every_fault():
    from tests.proof.campaign import MEDDLING, TROUBLES, WISHES
    from tests.rig.faults import KINDS

    scenarios = [make_scenario(seed) for seed in range(CHUNK * CHUNKS)]
    assert {fault["kind"] for s in scenarios for fault in s.faults} == set(KINDS)
    assert {what for s in scenarios for what, _ in s.troubles} == set(TROUBLES)
    assert {row.wish for s in scenarios for row in s.rows} == set(WISHES)
    acts = {act.split()[0] for s in scenarios for run in s.meddling.values() for _, act in run}
    assert acts == set(MEDDLING)


def test_the_proof_names_tests_that_are_there():

    from tests.proof.prove import CHECKS, ROOT

    assert [tests for tests in CHECKS.values() if not (ROOT / tests.split()[0]).is_file()] == []
