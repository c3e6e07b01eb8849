"""How long a terminal shows nothing: from the start of a process to its first sign of life, and the longest time after.

    python tests/bench/silence.py         96 posts in 12 sites
    python tests/bench/silence.py 5000    so many posts

Each command works at a terminal of its own, in the sandbox. What is printed are seconds of this machine's clock.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.lines import Desk, month
from tests.bench.measure import environment, postbatch
from tests.rig.terminal import Terminal

AT_MOST_SECONDS = 0.5


class Silence(NamedTuple):
    """Of a command: seconds to its first sign, the longest silence after that, and all seconds that it took."""

    command: str
    first: float
    longest: float
    total: float


def write_sheet(folder: Path, posts: int) -> None:
    """Write a sheet of so many posts, which are those of the month again and again, each with a key of its own."""
    rows = month()
    with (folder / "posts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for number in range(posts):
            row = rows[number % len(rows)]
            day, hour = 1 + number // len(rows) % 28, 9 + number // len(rows) // 28 % 12
            at, text = f"2031-11-{day:02d} {hour:02d}:{number % 60:02d}", f"{row['text']} {number}"
            writer.writerow({**row, "key": f"post-{number}", "publish_at": at, "text": text})


def silences(folder: Path, *, posts: int) -> Iterator[Silence]:
    """Run each command once; what comes later finds what the earlier ones have done."""
    Desk(folder)
    if posts:
        write_sheet(folder, posts)
    commands = (
        ("check", "posts.csv"),
        ("plan", "posts.csv", "--sandbox"),
        ("run", "posts.csv", "--sandbox", "--yes", "--allow-new", "100000"),
        ("run", "posts.csv", "--sandbox", "--yes", "--allow-new", "100000"),
        ("status", "posts.results.xlsx", "--sandbox"),
        ("results", "last", "--sandbox"),
        ("report", "--month", "2031-12", "--sandbox"),
        ("pull", "--sandbox", "--out", "now.xlsx"),
        ("accounts", "--sandbox", "--site", "bath"),
        ("doctor", "--sandbox"),
        ("runs", "--sandbox"),
        ("watch", "--once", "--sandbox"),
        ("undo", "last", "--sandbox", "--yes"),
        ("template", "--out", "template.xlsx"),
    )
    for command in commands:
        with Terminal(postbatch(*command), cwd=folder, env=environment(folder / "state")) as terminal:
            status = terminal.end()
            if status not in (0, 1) or not terminal.signs:
                raise RuntimeError(f"{' '.join(command)} ended with {status}: {terminal.shown.decode()[-2000:]}")
            first, *later = terminal.silences
            yield Silence(" ".join(command[:2]), first, max(later, default=0.0), terminal.signs[-1])


def main(arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        print(f"{'command':26} {'first':>6} {'longest':>8} {'total':>7}")
        for line in silences(Path(folder), posts=int(arguments[0]) if arguments else 0):
            long = "  TOO LONG" if max(line.first, line.longest) > AT_MOST_SECONDS else ""
            print(f"{line.command:26} {line.first:6.2f} {line.longest:8.2f} {line.total:7.2f}{long}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
