"""Two people run the same sheet at the same time: in the end every post is out once."""

from __future__ import annotations

import random

import pytest

from batch.errors import LockedError
from batch.runs.control import hold_site, this_process
from tests.proof.beside import OwnClock, Turns, play_two, run_beside
from tests.proof.killing import Figures
from tests.proof.stage import SERVERS, START, WORST, Stage, fast_folder, hours, post

SEEDS = 12


@pytest.mark.parametrize("server", [*SERVERS, *WORST])
def test_two_runs_on_two_machines_end_as_one(server):
    figures = Figures()
    for seed in range(SEEDS):
        play_two(server, seed, figures)
    print(f"{server}: {figures}")
    assert figures.clean, str(figures)


@pytest.mark.parametrize("apart_seconds", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("via", ["draft", "publish", "bulk"])
def test_two_runs_in_step_leave_one_item_that_goes_out(via, apart_seconds):
    turns = Turns(random.Random(1))
    with fast_folder() as folder:
        stage = Stage(folder, "not unique", clock=OwnClock(turns, "main"))

        def make(who: str):
            def run(own: OwnClock):
                own.sleep(apart_seconds if who == "b" else 0.0)
                travel = lambda: own.sleep(1.0)  # noqa: E731 - one use
                return stage.run([post("a", at=hours(30))], name=who, journal=who, clock=own, via=via, travel=travel)

            return run

        run_beside({who: make(who) for who in "ab"}, turns)
        assert [p.reference for p in stage.service.coming()] == ["a"]
        stage.close()


def test_a_second_run_on_one_machine_is_refused_and_told_who_holds_the_site(tmp_path):
    journal = tmp_path / "site.sqlite"
    first = this_process("first", at=START)
    second = hold_site(journal, site="pottery", holder=this_process("second", at=START), say=print)
    with hold_site(journal, site="pottery", holder=first, say=print), pytest.raises(LockedError) as refused, second:
        pass
    assert "first" in str(refused.value)
    assert str(first.pid) in str(refused.value)
