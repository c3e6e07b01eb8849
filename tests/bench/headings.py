"""Tells how many headings of people's own calendars are understood: `python tests/bench/headings.py`.

`headings.csv` was collected from public templates, schedulers' formats, importers and guides, and apart from the
product's own words: heading, language, what it means and the kind of source ("usual word": the ordinary word of the
language, not seen in a source). It is never made to fit the product. A heading is tried in a sheet that has all other
columns of ours.

    read      the column of ours that it means is read from it
    asked     the person is asked, and the question names the heading
    warned    each row that fills it is warned of, since the API can't carry it
    kept      nothing is done with it, and that is said
    dropped   the same, though it decides what goes out
    misread   read as something else
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from batch.errors import SheetError
from batch.model import COLUMNS
from batch.sheets.headings import match_headings

LIST = Path(__file__).with_name("headings.csv")
BESIDE = ("channel", "publish_at", "text", "media")
"""The columns that a sheet of posts has at least."""
CHANNELS = "Instagram, Facebook, GBP, TikTok, Pinterest, YouTube"
GOAL = 0.97


class Case(NamedTuple):
    """A heading and what it means: a column of ours, `status`, `cannot carry` or `other`."""

    heading: str
    language: str
    means: str
    source: str


def read_cases(path: Path = LIST) -> list[Case]:
    """Return the list of headings."""
    with path.open(encoding="utf-8", newline="") as stream:
        return [Case(**row) for row in csv.DictReader(stream)]


def try_heading(case: Case) -> str:
    """Return what becomes of a heading whose column is filled."""
    base = case.means.partition(":")[0]
    names = (case.heading, *(column for column in BESIDE if column != base or ":" in case.means))
    try:
        found = match_headings(names, where="sheet", texts=lambda place: _texts(names, place))
    except SheetError as error:
        told = "\n".join((str(error), *error.details))
        return "asked" if f"'{case.heading}' " in told else f"misread ({told})"
    if 0 in found.not_carried:
        return "warned"
    read = next((column for column, place in found.columns.items() if place == 0), "")
    if not read:
        return "kept" if case.means == "other" else "dropped"
    return "read" if read == case.means else f"misread ({read})"


def _texts(names: Sequence[str], place: int) -> Iterable[str]:
    return (CHANNELS,) if place and names[place] == "channel" else ("filled in",)


def is_known(case: Case) -> bool:
    """Tell a heading whose meaning the product has a word for; a column that it lacks yet can't be read."""
    return case.means in {"status", "cannot carry", "other", "hashtags"} or case.means.partition(":")[0] in COLUMNS


def share_understood(results: Iterable[tuple[Case, str]]) -> float:
    """Return the share of the headings that mean something to a post which are read, asked about or warned of."""
    told = [result for case, result in results if case.means != "other"]
    return sum(result in {"read", "asked", "warned"} for result in told) / len(told)


def show(results: Sequence[tuple[Case, str]]) -> None:
    """Print the counts of each column and language, and each heading that was not understood."""
    kinds = ("read", "asked", "warned", "kept", "dropped", "misread")
    for title, key in (("means", 2), ("language", 1), ("source", 3)):
        print(f"{title:<16}" + "".join(f"{kind:>9}" for kind in kinds))
        groups = dict.fromkeys(case[key].partition(":")[0] for case, _ in results)
        for group in sorted(groups):
            counts = Counter(r.partition(" ")[0] for case, r in results if case[key].partition(":")[0] == group)
            print(f"{group:<16}" + "".join(f"{counts[kind] or '':>9}" for kind in kinds))
        print()
    for case, result in results:
        wrong = result not in {"kept"} if case.means == "other" else result not in {"read", "asked", "warned"}
        if wrong:
            print(f"{case.heading} ({case.language}) means {case.means}: {result}")
    print(
        f"{len(results)} headings; of those that mean something {share_understood(results):.1%} read, asked or warned."
    )


def main() -> int:
    """Try every heading. Exit status 1 where too few are understood or one is dropped."""
    cases = read_cases()
    results = [(case, try_heading(case)) for case in cases if is_known(case)]
    show(results)
    if lacking := Counter(case.means for case in cases if not is_known(case)):
        print("Not tried, since there is no such column yet:", ", ".join(f"{c} ({n})" for c, n in lacking.items()))
    return 0 if share_understood(results) >= GOAL and not any(result == "dropped" for _, result in results) else 1


if __name__ == "__main__":
    sys.exit(main())
