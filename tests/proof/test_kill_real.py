"""A real process, killed for real at a sample of its places; the script takes them all."""

from __future__ import annotations

import os
import signal

import pytest

from tests.proof.kill_real import (
    SERVERS,
    count_places,
    furnish,
    prove_server,
    prove_two,
    run_child,
    running_site,
    start_child,
)

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
            "Client._exchange", "Journal.intend", "Journal.record", "Journal.keep_outcome", "write_private",
        }  # fmt: skip
        furnish(site, lag_seconds=0.0)
        assert run_child(site, "draft", kill_at=len(places)) == -signal.SIGKILL


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_real_processes_with_journals_of_their_own_end_as_one(server):
    figures = prove_two(server, 3)
    print(f"{server}: {figures}")
    assert figures.clean, str(figures)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_two_real_processes_with_one_journal_end_as_one_and_the_second_is_told():
    with running_site("not unique") as site:
        furnish(site, lag_seconds=0.0)
        children = [start_child(site, "draft", who="state") for _ in range(2)]
        ends = sorted(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children)
        references = [item["referenceId"] for item in site.service.items()]
        assert len(references) == len(set(references))
        said = (site.folder / "work/state.txt").read_text(encoding="utf-8")
        assert (ends == [0, 2]) == ("Another run is at work on your site" in said)
        assert ends in ([0, 2], [0, 0])  # the second may have come when the first had ended: then it finds all done
