"""Kill a run at every place where a process can die, run it again until it has nothing to do, and judge the public.

The places are before and after every changing call and every write of the journal. A dry run counts them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from batch.model import OutcomeKind, Post
from tests.proof.scene import END, Harm, false_outcomes, judge_public, made_twice, make_scene, states_of
from tests.proof.stage import SERVERS, Killed, Killer, Stage, fast_folder

VIAS = ("auto", "draft", "publish", "bulk")
MOST_RUNS = 6


class Case(NamedTuple):
    """One way to die: on which server, sending how, at which place, and whether the journal is lost as well."""

    server: str
    via: str
    number: int
    journal_lost: bool = False


@dataclass
class Figures:
    """What a series of scenarios came to."""

    scenarios: int = 0
    harm: Harm = field(default_factory=Harm)
    restless: int = 0
    """Scenarios in which running again never came to `unchanged`."""
    examples: list[str] = field(default_factory=list)

    def add(self, name: str, harm: Harm, *, restless: str = "", said: Iterable[str] = ()) -> None:
        """Count a scenario; keep the first few that went wrong, for whoever has to mend it."""
        self.scenarios += 1
        harm.false_outcomes += len(list(said))
        self.harm += harm
        self.restless += bool(restless)
        if (harm or restless) and len(self.examples) < 12:
            self.examples.append(f"{name}: {harm} {'; '.join(said)} {restless}".strip())

    def take(self, other: Figures) -> None:
        """Add the figures of another series."""
        self.scenarios += other.scenarios
        self.harm += other.harm
        self.restless += other.restless
        self.examples += other.examples

    @property
    def clean(self) -> bool:
        """Whether every figure that must be zero is zero."""
        return not self.harm and not self.restless

    def __str__(self) -> str:
        zeros = ", ".join(f"{getattr(self.harm, n)} {n.replace('_', ' ')}" for n in self.harm.__dataclass_fields__)
        return "\n  ".join([f"{self.scenarios} scenarios: {zeros}, {self.restless} never at rest", *self.examples])


def count_places(server: str, via: str) -> list[str]:
    """Return every place at which a whole run can die."""
    killer, scene = Killer(), make_scene()
    with fast_folder() as folder:
        stage = Stage(folder, server, via)
        stage.furnish(scene.items)
        stage.run(scene.posts, at=killer)
        stage.close()
    return killer.places


def kill_and_run_again(case: Case, figures: Figures) -> None:
    """Die at one place, run again until all is unchanged, let the month pass, and judge."""
    scene, killer = make_scene(), Killer(case.number)
    with fast_folder() as folder:
        stage = Stage(folder, case.server, case.via)
        stage.furnish(scene.items)
        started = stage.clock.now()
        with suppress(Killed):
            stage.run(scene.posts, at=killer)
        restless, said = run_until_rest(stage, scene.posts, journal="lost" if case.journal_lost else "journal")
        stage.clock.sleep(END.total_seconds())
        harm = judge_public(stage.service.public(), scene.wanted, started=started)
        harm.made_twice = 0 if case.journal_lost else made_twice(stage.service)
        stage.close()
    figures.add(f"{case} ({(killer.places or ['?'])[-1]})", harm, restless=restless, said=said)


def run_until_rest(stage: Stage, posts: Sequence[Post], *, journal: str) -> tuple[str, list[str]]:
    """Run again until all is unchanged; return what is left if that never comes, and what was said untruly."""
    said: list[str] = []
    left: list[str] = []
    for number in range(MOST_RUNS):
        before = states_of(stage.service)
        outcomes = stage.run(posts, name=f"again-{number}", journal=journal)
        said += false_outcomes(outcomes, stage.service, before=before)
        left = [f"{o.key} {o.outcome} {o.code} {o.message}" for o in outcomes if o.outcome != OutcomeKind.UNCHANGED]
        if not left:
            return "", said
    return f"still {left}", said


def cases_of(server: str, via: str, *, stride: int = 1, journal_lost: bool = False) -> list[Case]:
    """Return every place; with a stride every n-th, beginning elsewhere on each server."""
    first = 1 + list(SERVERS).index(server) * max(1, stride // len(SERVERS)) % stride
    places = len(count_places(server, via))
    return [Case(server, via, n, journal_lost) for n in range(first, places + 1, stride)]


def prove(server: str, via: str, *, stride: int, journal_lost: bool) -> Figures:
    """Run the scenarios of a form (stride 1: all) and return their figures."""
    figures = Figures()
    for case in cases_of(server, via, stride=stride, journal_lost=journal_lost):
        kill_and_run_again(case, figures)
    return figures
