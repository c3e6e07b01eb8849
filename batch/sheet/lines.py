"""Turns results into headings and lines: the columns that every results sheet has, then the sheet's own.

The workbook, the CSV and the JSON form all write what this module says, so that they can't differ.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from batch.model import RESULT_COLUMNS, Outcome, Results
from batch.sheet.headings import normalise

OURS_ONLY = frozenset({"characters", "problem"})
"""Columns that a template or a `To fix` sheet adds for the eye; they are no part of a sheet's own content."""

GENERATED, GENERATED_TITLE = "generated", "generated_title"


class OwnColumn(NamedTuple):
    """A column of the sheet itself: its place among the sheet's headings, and its name in the results."""

    place: int
    name: str


class Layout(NamedTuple):
    """What stands in each column of the results, from left to right."""

    own: tuple[OwnColumn, ...]
    after: tuple[str, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings, each of them once."""
        return (*RESULT_COLUMNS, *(column.name for column in self.own), *self.after)


def layout_of(results: Results) -> Layout:
    """Return the columns of the results; what was generated follows the sheet's own, where anything was."""
    after = (GENERATED, GENERATED_TITLE) if any(outcome.generated for outcome in results.outcomes) else ()
    taken = {normalise(name) for name in (*RESULT_COLUMNS, *after)}
    own: list[OwnColumn] = []
    for place, heading in enumerate(results.headings):
        if heading and normalise(heading) not in OURS_ONLY:
            name = _free_name(heading, taken)
            taken.add(normalise(name))
            own.append(OwnColumn(place, name))
    return Layout(tuple(own), after)


def _free_name(heading: str, taken: set[str]) -> str:
    """Return a heading, with a word added where the results have one of that name."""
    name, number = heading, 1
    while normalise(name) in taken:
        name = f"{heading} (sheet)" if number == 1 else f"{heading} (sheet {number})"
        number += 1
    return name


def lines_of(results: Results, layout: Layout) -> Iterator[list[str | int]]:
    """Yield one line for each post, in the sheet's order, as long as the headings."""
    places = [column.place for column in layout.own]
    nothing: Sequence[str] = ()
    for outcome in results.outcomes:
        line = result_cells(outcome)
        own = results.own.get(outcome.row, nothing)
        line += [own[place] if place < len(own) else "" for place in places]
        if layout.after:
            made = outcome.content if outcome.generated else None
            line += [made.text if made else "", made.title if made else ""]
        yield line


def result_cells(outcome: Outcome) -> list[str | int]:
    """Return the cells of `RESULT_COLUMNS` for one post."""
    return [
        outcome.row,
        outcome.key,
        outcome.site,
        outcome.channel,
        outcome.type,
        outcome.account,
        outcome.action,
        outcome.outcome.value,
        outcome.status,
        shown_utc(outcome.publish_at),
        outcome.item_id,
        outcome.link,
        outcome.code,
        outcome.message,
    ]


def shown_utc(at: datetime | None) -> str:
    """Return an instant as results write it (`2026-12-01T08:30:00Z`), "" where there is none."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""
