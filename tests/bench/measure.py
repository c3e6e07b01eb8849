"""Measures processes and pieces of code: seconds and peak memory, several times, one beside the other.

What is measured and its yardstick take turns, so that a noisy machine is as unkind to one as to the other; the median
of the turns' ratios is what counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
GAUGE = Path(__file__).with_name("gauge.py")


class Cost(NamedTuple):
    """What a process took from its start to its exit: seconds on the clock, seconds of a processor, MB at the peak."""

    seconds: float
    cpu_seconds: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table: what was measured, against what, and what the ratio is to be at most."""

    what: str
    figure: str
    yardstick: str
    ratio: float
    at_most: float
    note: str = ""

    @property
    def reached(self) -> bool:
        return self.ratio <= self.at_most


def environment(state: Path) -> dict[str, str]:
    """The environment of a measured process: this source tree, a state folder of its own, no configuration."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return kept | {"PYTHONPATH": str(ROOT), "POSTBATCH_STATE_DIR": str(state), "HOME": str(state)}


def cost_of(command: Sequence[str], *, cwd: Path, env: Mapping[str, str], statuses: Sequence[int] = (0, 1)) -> Cost:
    """Run a command to its end. Raises `RuntimeError` with what it said where it ended otherwise than expected."""
    with tempfile.NamedTemporaryFile() as report:
        gauged = [sys.executable, "-I", "-S", str(GAUGE), report.name, *command]
        ended = subprocess.run(gauged, cwd=cwd, env=dict(env), capture_output=True, text=True, check=False)
        if ended.returncode not in statuses:
            said = f"{ended.stdout}{ended.stderr}"[-2000:]
            raise RuntimeError(f"{' '.join(command)} ended with {ended.returncode}: {said}")
        return Cost(*json.load(report))


def python(*arguments: str) -> list[str]:
    """The command line of this interpreter."""
    return [sys.executable, *arguments]


def postbatch(*arguments: str) -> list[str]:
    """The command line of the product."""
    return python("-m", "batch", *arguments)


def code(source: str, *arguments: str) -> list[str]:
    """The command line of a yardstick's few lines."""
    return python("-c", source, *arguments)


def in_turns(ours: Callable[[], float], other: Callable[[], float], *, turns: int) -> tuple[float, float, float]:
    """Measure two things by turns; return the median of each and the median of the turns' ratios."""
    pairs = [(ours(), other()) for _ in range(turns)]
    return (
        median(one for one, _ in pairs),
        median(two for _, two in pairs),
        median(one / two for one, two in pairs),
    )


def table(lines: Sequence[Line]) -> str:
    """The lines as a table of Markdown."""
    rows = ["| what | measured | yardstick | ratio | at most | reached |", "|---|---|---|---:|---:|---|"]
    for line in lines:
        reached = "yes" if line.reached else "**no**"
        cells = (line.what, line.figure, line.yardstick, f"{line.ratio:.3g}", f"{line.at_most:g}", reached + line.note)
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
