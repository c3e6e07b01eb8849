"""The whole table in one command: `python tests/bench/bench.py [--quick] [--stages] [ROW ...]`.

Each line is measured against its own yardstick in the same run. `--quick` measures less of everything, to see that
all of it works; its ratios say little. `--stages` shows instead where the time of `check` and `plan` goes.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measure import Line, table
from tests.bench.rows import FULL, QUICK, ROWS
from tests.bench.stages import stages


def main() -> int:
    """Measure and print; 1 where a line is not reached."""
    parser = argparse.ArgumentParser(description="Measure postbatch against its yardsticks.")
    parser.add_argument("--quick", action="store_true", help="less of everything")
    parser.add_argument("rows", nargs="*", choices=[[], *ROWS], metavar="ROW", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--stages", action="store_true", help="show where the time of `check` and `plan` goes")
    given = parser.parse_args()
    size = QUICK if given.quick else FULL
    if given.stages:
        print(stages(size))
        return 0
    lines: list[Line] = []
    for name in given.rows or ROWS:
        began = time.monotonic()
        lines += ROWS[name](size)
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    print(table(lines))
    return 0 if all(line.reached for line in lines) else 1


if __name__ == "__main__":
    sys.exit(main())
