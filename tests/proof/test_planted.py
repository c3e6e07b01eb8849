"""The planted faults are still faults of this client, and a sample of them is caught; `planted.py` plants them all."""

from __future__ import annotations

import pytest

from tests.proof.planted import FOUND, PLANTED, ROOT, table

SAMPLE = ("journal after sending", "looked once only")


@pytest.mark.parametrize("fault", PLANTED, ids=lambda fault: fault.name)
def test_every_fault_has_its_place_in_the_client(fault):
    assert (ROOT / "batch" / fault.file).read_text(encoding="utf-8").count(fault.old) == 1
    assert fault.old != fault.new


def test_there_are_at_least_twelve_different_faults():
    assert len({fault.name for fault in PLANTED}) == len(PLANTED) >= 12


def test_faults_are_caught_and_the_sound_client_is_not():
    chosen = [fault for fault in PLANTED if fault.name in SAMPLE]
    assert {fault.tests for fault in chosen} == {FOUND}
    assert all(test for _, test in table(chosen))
