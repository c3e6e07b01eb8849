"""Where the time of `check` and `plan` goes: each stage of many rows, in milliseconds, in a process of its own."""

from __future__ import annotations

import csv
import json
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from tests.bench.measure import cost_of, environment, python
from tests.bench.rows import Size, desk, seed
from tests.bench.sandboxed import KEY, sandbox, site_id
from tests.bench.sheets import write_csv
from tests.bench.yardsticks import NOTHING

STOPWATCH = Path(__file__).with_name("stopwatch.py")


def stages(size: Size) -> str:
    """Measure the stages several times, and return the medians as a table of Markdown.

    Beside them stands what no program in Python saves: starting it, and the `csv` module that only splits the file.
    """
    turns: list[Mapping[str, float]] = []
    held = size.rows // 2
    with desk() as folder, sandbox(folder / "state", calls_per_minute=0) as place:
        path, env = write_csv(folder / "month.csv", size.rows), environment(folder / "state")
        seed(place, held)
        command = python(str(STOPWATCH), path.name, place.url, KEY, site_id(0))
        for _ in range(size.turns):
            bare = 1_000 * cost_of(python("-c", NOTHING), cwd=folder, env=env).seconds
            said = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=True)
            turns.append({"starting Python": bare, **json.loads(said.stdout)})
        split = median(_split(path) for _ in range(size.turns))
    lines = [f"| stage: {size.rows:,} rows of a `.csv`, {held:,} items on the site | ms |", "|---|---:|"]
    lines += [f"| {name} | {median(turn[name] for turn in turns):.0f} |" for name in turns[0]]
    lines.append(f"| to compare: the `csv` module only splitting the file | {split:.0f} |")
    return "\n".join(lines)


def _split(path: Path) -> float:
    began = time.perf_counter()
    with path.open(encoding="utf-8", newline="") as file:
        for _ in csv.reader(file):
            pass
    return 1_000 * (time.perf_counter() - began)
