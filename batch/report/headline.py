"""What happened, in one line.

Turns the outcomes of a run or a plan into the sentence at the head of the page: what was done, what still needs
somebody, and what was let be. It counts every outcome exactly once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from batch.model import GOOD, OutcomeKind, Results
from batch.report.page_words import OUTCOME_LOOKS

_AT_REST = frozenset({OutcomeKind.UNCHANGED, OutcomeKind.SKIPPED})
_MOST_KINDS = 3
"""How many kinds of done posts the line names one by one; the legend below it names all."""


class Headline(NamedTuple):
    """The line: `well` says what was or will be done, `need` what is left for people, `rest` what was let be.

    The last two are "" where there is nothing to say.
    """

    well: str
    need: str = ""
    rest: str = ""


class Tally(NamedTuple):
    """How many posts ended as one outcome."""

    kind: OutcomeKind
    total: int

    @property
    def told(self) -> str:
        """The number and the outcome: `4 scheduled`."""
        return f"{self.total:,} {OUTCOME_LOOKS[self.kind].told}"


def count_outcomes(results: Results) -> tuple[Tally, ...]:
    """Count the posts by outcome, in the page's order, leaving out outcomes that no post has."""
    counts = Counter(outcome.outcome for outcome in results.outcomes)
    return tuple(Tally(kind, counts[kind]) for kind in OUTCOME_LOOKS if counts[kind])


def make_headline(results: Results) -> Headline:
    """Say in one line what happened, or for a plan what is going to."""
    tallies = count_outcomes(results)
    if not tallies:
        return Headline("There are no posts in this sheet.")
    if [tally.kind for tally in tallies] == [OutcomeKind.UNCHANGED]:
        return Headline("Nothing to do: every post is already as the sheet says.")
    done = [t for t in tallies if t.kind in GOOD - _AT_REST or t.kind is OutcomeKind.PROCESSING]
    rest = [t for t in tallies if t.kind in _AT_REST]
    needed = sum(t.total for t in tallies) - sum(t.total for t in (*done, *rest))
    return Headline(
        well=_well(done, verb=" will be" if results.wanted == "plan" else ""),
        need=f"{needed:,} {'needs' if needed == 1 else 'need'} you." if needed else "",
        rest=f"{_list([t.told for t in rest])}." if rest else "",
    )


def _well(done: Sequence[Tally], *, verb: str) -> str:
    if not done:
        return "Nothing can go ahead yet." if verb else "Nothing was changed."
    noun = "post" if done[0].total == 1 else "posts"
    first = f"{done[0].total:,} {noun}{verb} {OUTCOME_LOOKS[done[0].kind].told}"
    if len(done) <= _MOST_KINDS:
        return f"{_list([first, *(t.told for t in done[1:])])}."
    others = sum(t.total for t in done[2:])
    return f"{_list([first, done[1].told, f'{others:,} other changes made'])}."


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
