"""Every figure of the promise that nothing is lost, doubled, misplaced or misreported, in one table.

    python tests/proof/prove.py           the short form, below 15 minutes on two cores
    python tests/proof/prove.py --long    every kill point on every server, 10,000 random scenarios: about half an hour

Exit status 1 where a figure that must be zero is not.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.proof import beside, campaign, kill_real, killing, misled, places, planted, readings, test_hostile_run
from tests.proof.killing import Figures
from tests.proof.stage import SERVERS, WORST

ROOT = Path(__file__).resolve().parents[2]
Task = Callable[[], Figures]
COLUMNS = (
    "doubled", "lost", "wrong_time", "wrong_place", "wrong_text", "unasked", "false_outcomes", "made_twice",
    "others_words", "withdrawn",
)  # fmt: skip


@dataclass(frozen=True)
class Form:
    """How much is done."""

    stride: int
    stride_lost: int
    real_first: int
    real_others: int
    seeds: int
    misled: int
    pairs: int
    real_pairs: int
    places: int


SHORT = Form(
    stride=4, stride_lost=12, real_first=6, real_others=12, seeds=1_000, misled=misled.SHORT, pairs=12, real_pairs=3,
    places=8,
)  # fmt: skip
LONG = Form(
    stride=1, stride_lost=3, real_first=1, real_others=1, seeds=10_000, misled=misled.LONG, pairs=60, real_pairs=12,
    places=50,
)  # fmt: skip

CHECKS = {
    "every fault found before": "tests/proof/test_found.py",
    "any order of events (stateful)": "tests/proof/test_stateful.py",
    "the credential shows nowhere": "tests/proof/test_credential_kept.py",
    "daylight saving 2026 to 2035": "tests/rules/test_dates.py -k 2026_to_2035",
}


@dataclass
class Line:
    """One part of the proof."""

    name: str
    figures: Figures = field(default_factory=Figures)
    seconds: float = 0.0


def hostile(call: str) -> Figures:
    """Be hostile on one endpoint."""
    figures = Figures()
    for answer, via in test_hostile_run.cases(call):
        test_hostile_run.play(call, answer, via, figures)
    return figures


def two(server: str, seeds: range) -> Figures:
    """Play interleavings on one server."""
    figures = Figures()
    for seed in seeds:
        beside.play_two(server, seed, figures)
    return figures


def tasks(form: Form) -> Iterator[tuple[str, Task]]:
    """Yield every task with the part that it belongs to; the longest first."""
    for at, server in enumerate(kill_real.SERVERS):
        stride = form.real_others if at else form.real_first
        yield "SIGKILL of a real process, at every place", partial(kill_real.prove_server, server, stride)
    for server in kill_real.SERVERS:
        yield "rows times places, killed, sheet changed", partial(places.prove, server, form.places)
    for server in kill_real.SERVERS:
        yield "two real processes at once", partial(kill_real.prove_two, server, form.real_pairs)
    for server in SERVERS:
        for via in killing.VIAS:
            whole = partial(killing.prove, server, via, stride=form.stride, journal_lost=False)
            lost = partial(killing.prove, server, via, stride=form.stride_lost, journal_lost=True)
            yield "killed before and after each call and write", whole
            yield "the same, and the journal lost", lost
    for start in range(0, form.seeds, 100):
        yield "random sheets, faults, kills, people", partial(campaign.play_many, range(start, start + 100))
    for start in range(0, form.misled, 100):
        seeds = range(start, min(start + 100, form.misled))
        yield "misled: lists, duplicates, other people", partial(misled.play_many, seeds)
    for server in (*SERVERS, *WORST):
        yield "two runs at once, each interleaving another", partial(two, server, range(form.pairs))
    for call in (*test_hostile_run.QUESTIONS, *test_hostile_run.CHANGES):
        yield "hostile answers on every endpoint", partial(hostile, call)


def _timed(task: Task) -> tuple[Figures, float]:
    began = time.monotonic()
    return task(), time.monotonic() - began


def prove(form: Form, *, processes: int) -> list[Line]:
    """Carry out all scenarios."""
    lines: dict[str, Line] = {}
    named = list(tasks(form))
    with ProcessPoolExecutor(processes) as pool:
        for (name, _), (figures, seconds) in zip(named, pool.map(_timed, [t for _, t in named]), strict=True):
            line = lines.setdefault(name, Line(name))
            line.figures.take(figures)
            line.seconds += seconds
    return list(lines.values())


def show(lines: list[Line]) -> bool:
    """Print the table; True where every figure is zero."""
    print(f"{'':47}{'scenarios':>10}" + "".join(f"{c.replace('_', ' '):>15}" for c in COLUMNS) + f"{'at unrest':>11}")
    for line in lines:
        harm = line.figures.harm
        cells = "".join(f"{getattr(harm, column):>15}" for column in COLUMNS)
        print(f"{line.name:47}{line.figures.scenarios:>10}{cells}{line.figures.restless:>11}   {line.seconds:.0f} s")
    for line in lines:
        for example in line.figures.examples[:3]:
            print(f"  {line.name}: {example[:600]}")
    return all(line.figures.clean for line in lines)


def check(name: str, tests: str) -> bool:
    """Run tests in a process of their own, and print what they count."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *tests.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    counted = re.search(r"\d+ (?:silent shifts|passed).*", done.stdout)
    zones = re.search(r"\d+ zones, .* silent shifts", done.stdout)
    dots = sum(line.count(".") for line in done.stdout.splitlines() if set(line.split(" ")[0]) <= set(".FEsx"))
    said = zones[0] if zones else counted[0] if counted else f"{dots} tests passed"
    print(f"{name:47}{said if done.returncode == 0 else 'FAILED: ' + done.stdout[-500:]}")
    return done.returncode == 0


def main() -> int:
    """Prove it all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    began = time.monotonic()
    good = show(prove(LONG if chosen.long else SHORT, processes=chosen.processes))
    passed = [check(name, tests) for name, tests in CHECKS.items()]
    good = all(passed) and good
    good = readings.main(["--long"] if chosen.long else []) == 0 and good
    good = planted.main([]) == 0 and good
    print(f"{'All is as promised' if good else 'NOT AS PROMISED'}, in {(time.monotonic() - began) / 60:.1f} min")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
