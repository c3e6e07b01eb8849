"""Killed before and after every changing call and journal write, and run again: nothing lost, nothing doubled."""

from __future__ import annotations

import pytest

from tests.proof.killing import VIAS, count_places, prove
from tests.proof.stage import SERVERS

STRIDE, STRIDE_LOST = 6, 18
"""The short form; `python tests/proof/prove.py --long` takes every place on every server."""


@pytest.mark.parametrize("via", VIAS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_kill_anywhere_loses_and_doubles_nothing(server, via):
    figures = prove(server, via, stride=STRIDE, journal_lost=False)
    print(f"{server}, {via}: {figures}")
    assert figures.clean, str(figures)


@pytest.mark.parametrize("via", VIAS)
@pytest.mark.parametrize("server", SERVERS)
def test_a_kill_that_takes_the_journal_along_loses_and_doubles_nothing(server, via):
    figures = prove(server, via, stride=STRIDE_LOST, journal_lost=True)
    print(f"{server}, {via}: {figures}")
    assert figures.clean, str(figures)


def test_a_run_has_places_of_every_kind():
    places = count_places("unique", "draft")
    kinds = {place.split(" /")[0] for place in places}
    assert {"before POST", "after POST", "before PATCH", "after DELETE", "before journal", "after journal"} <= kinds
    assert len(places) > 100
