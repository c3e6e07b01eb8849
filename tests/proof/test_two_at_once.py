"""Two people run the same sheet at the same time: in the end every post is out once."""

from __future__ import annotations

import pytest

from batch.errors import LockedError
from batch.runs.control import hold_site, this_process
from tests.proof.beside import play_two
from tests.proof.killing import Figures
from tests.proof.stage import SERVERS, START, WORST

SEEDS = 12


@pytest.mark.parametrize("server", [*SERVERS, *WORST])
def test_two_runs_on_two_machines_end_as_one(server):
    figures = Figures()
    for seed in range(SEEDS):
        play_two(server, seed, figures)
    print(f"{server}: {figures}")
    assert figures.clean, str(figures)


def test_a_second_run_on_one_machine_is_refused_and_told_who_holds_the_site(tmp_path):
    journal = tmp_path / "site.sqlite"
    first = this_process("first", at=START)
    second = hold_site(journal, site="pottery", holder=this_process("second", at=START), say=print)
    with hold_site(journal, site="pottery", holder=first, say=print), pytest.raises(LockedError) as refused, second:
        pass
    assert "first" in str(refused.value)
    assert str(first.pid) in str(refused.value)
