"""A real process, killed for real at a sample of its places; the script takes them all."""

from __future__ import annotations

import os
import signal

import pytest

from tests.proof.kill_real import SERVERS, count_places, furnish, prove_server, run_child, running_site

STRIDES = {"unique on publish": 9, "unique": 18, "not unique": 18, "lagging": 18}


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_real_kill_loses_and_doubles_nothing(server):
    figures = prove_server(server, STRIDES[server])
    print(f"{server}: {figures}")
    assert figures.clean, str(figures)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_process_really_dies_and_writes_of_every_kind_are_among_its_places():
    with running_site("unique") as site:
        places = count_places(site, "draft", lag_seconds=0.0)
        assert {place.split()[1] for place in places} >= {
            "Client._exchange", "Journal.intend", "Journal.record", "Journal.keep_outcome", "write_whole",
        }  # fmt: skip
        furnish(site, lag_seconds=0.0)
        assert run_child(site, "draft", kill_at=len(places)) == -signal.SIGKILL
