"""Two runs of one sheet at once, in turns that a seed decides.

Each run is a thread, but only one of them ever moves: whoever waits (for the network, or on purpose) hands on to the
one whose time comes first. How long requests and answers travel is drawn by lot, from a moment to a stall of half a
minute, so that each seed is another interleaving and can be played again.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from batch.model import Outcome
from tests.proof.killing import VIAS, Figures, run_until_rest
from tests.proof.scene import END, judge_public, make_scene
from tests.proof.stage import SERVERS, START, WORST, Clock, Killed, Stage, fast_folder


@dataclass
class Turns:
    """Whose turn it is: the one that wakes first."""

    dice: random.Random
    at: datetime = START
    ticks: float = 0.0
    wakes: dict[str, float] = field(default_factory=dict)
    current: str = ""
    changed: threading.Condition = field(default_factory=threading.Condition)

    def sleep(self, who: str, seconds: float) -> None:
        """Let others move until this one's time has come."""
        with self.changed:
            self.wakes[who] = self.ticks + max(0.0, seconds)
            self._hand_on()
            while self.current != who:
                if not self.changed.wait(60):
                    raise AssertionError("two runs wait for each other")

    def leave(self, who: str) -> None:
        """Be done."""
        with self.changed:
            del self.wakes[who]
            self._hand_on()

    def _hand_on(self) -> None:
        if not self.wakes:
            return
        self.current = min(sorted(self.wakes), key=lambda who: (self.wakes[who], self.dice.random()))
        passed = max(0.0, self.wakes[self.current] - self.ticks)
        self.ticks += passed
        self.at += timedelta(seconds=passed)
        self.changed.notify_all()


class OwnClock(Clock):
    """The clock of one run among several."""

    def __init__(self, turns: Turns, who: str) -> None:
        super().__init__()
        self._turns, self._who = turns, who

    def now(self) -> datetime:
        return self._turns.at

    def clock(self) -> float:
        return self._turns.ticks

    def sleep(self, seconds: float) -> None:
        self._turns.sleep(self._who, seconds)


def run_beside(runs: dict[str, Callable[[OwnClock], list[Outcome]]], turns: Turns) -> dict[str, list[Outcome]]:
    """Let all runs go at once; return their outcomes (none for one that was killed)."""
    ended: dict[str, list[Outcome]] = {}
    failed: list[BaseException] = []

    def one(who: str) -> None:
        clock = OwnClock(turns, who)
        try:
            with suppress(Killed):
                clock.sleep(turns.wakes[who])
                ended[who] = runs[who](clock)
        except BaseException as error:  # noqa: BLE001 - raised again where it is seen
            failed.append(error)
        finally:
            turns.leave(who)

    turns.wakes = {who: turns.dice.random() for who in runs}
    threads = [threading.Thread(target=one, args=(who,)) for who in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return ended


STALLS = (0.01, 0.05, 0.05, 0.2, 0.2, 0.5, 1.0, 3.0, 30.0)


def play_two(server: str, seed: int, figures: Figures) -> None:
    """Run one sheet twice at once, then once more until there is nothing to do; judge the public."""
    dice = random.Random(f"{server}:{seed}")
    vias, reach = (dice.choice(VIAS), dice.choice(VIAS)), dice.randint(3, len(STALLS))
    scene, turns = make_scene(), Turns(dice)
    with fast_folder() as folder:
        clock = OwnClock(turns, "main")
        stage = Stage(folder, server, seed=seed, clock=clock)
        turns.wakes = {"main": 0.0}
        stage.furnish(scene.items)
        turns.wakes = {}
        started = turns.at

        def make(who: str, via: str) -> Callable[[OwnClock], list[Outcome]]:
            def run(own: OwnClock) -> list[Outcome]:
                travel = lambda: own.sleep(dice.choice(STALLS[:reach]) * dice.random())  # noqa: E731 - one use
                return stage.run(scene.posts, name=who, journal=who, clock=own, via=via, travel=travel)

            return run

        ended = run_beside({who: make(who, via) for who, via in zip("ab", vias, strict=True)}, turns)
        turns.wakes = {"main": turns.ticks}
        clock.sleep(10)
        restless, said = run_until_rest(stage, scene.posts, journal="a")
        clock.sleep(END.total_seconds())
        harm = judge_public(stage.service.public(), scene.wanted, started=started)
        stage.close()
    ends = {who: [f"{o.key} {o.outcome} {o.code}" for o in outcomes] for who, outcomes in ended.items()}
    figures.add(
        f"{server} seed {seed} by {vias} {ends if harm or restless else ''}", harm, restless=restless, said=said
    )


def prove(*, seeds: range) -> Figures:
    """Play many interleavings on every server."""
    figures = Figures()
    for server in (*SERVERS, *WORST):
        for seed in seeds:
            play_two(server, seed, figures)
    return figures
