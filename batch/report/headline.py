"""What happened, in one line.

Turns the outcomes of a run or a plan into the sentence at the head of the page, in two parts: what went well, and what
still needs somebody. It counts every outcome exactly once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from batch.model import GOOD, OutcomeKind, Results
from batch.report.page_words import OUTCOME_LOOKS

_AT_REST = (OutcomeKind.UNCHANGED, OutcomeKind.SKIPPED)


class Headline(NamedTuple):
    """The line: `well` says what was or will be done, `need` what is left for people ("" where nothing is)."""

    well: str
    need: str


class Tally(NamedTuple):
    """How many posts ended as one outcome."""

    kind: OutcomeKind
    total: int


def count_outcomes(results: Results) -> tuple[Tally, ...]:
    """Count the posts by outcome, in the page's order, leaving out outcomes that no post has."""
    counts = Counter(outcome.outcome for outcome in results.outcomes)
    return tuple(Tally(kind, counts[kind]) for kind in OUTCOME_LOOKS if counts[kind])


def make_headline(results: Results) -> Headline:
    """Say in one line what happened, or for a plan what is going to."""
    if not results.outcomes:
        return Headline("There are no posts in this sheet.", "")
    tallies = count_outcomes(results)
    return Headline(_well(tallies, planned=results.wanted == "plan"), _need(tallies))


def _well(tallies: Sequence[Tally], *, planned: bool) -> str:
    done = [t for t in tallies if t.kind in GOOD and t.kind not in _AT_REST]
    rest = [t for t in tallies if t.kind in _AT_REST]
    if done:
        return _sentence(done, verb=" will be" if planned else "") + (f" {_rest(rest)}" if rest else "")
    if [t.kind for t in tallies] == [OutcomeKind.UNCHANGED]:
        return "Nothing to do: every post is already as the sheet says."
    nothing = "Nothing can go ahead yet." if planned else "Nothing was changed."
    return f"{nothing} {_rest(rest)}" if rest else nothing


def _sentence(done: Sequence[Tally], *, verb: str) -> str:
    first, *others = (f"{t.total:,} {OUTCOME_LOOKS[t.kind].told}" for t in done)
    count, _, told = first.partition(" ")
    noun = "post" if done[0].total == 1 else "posts"
    return f"{_list([f'{count} {noun}{verb} {told}', *others])}."


def _rest(rest: Sequence[Tally]) -> str:
    told = _list([f"{t.total:,} {OUTCOME_LOOKS[t.kind].told}" for t in rest])
    return f"{told[:1].upper()}{told[1:]}."


def _need(tallies: Sequence[Tally]) -> str:
    waiting = sum(t.total for t in tallies if t.kind is OutcomeKind.PROCESSING)
    needed = sum(t.total for t in tallies if t.kind not in GOOD) - waiting
    said = []
    if needed:
        said.append(f"{needed:,} {'needs' if needed == 1 else 'need'} you.")
    if waiting:
        said.append(f"{waiting:,} {'is' if waiting == 1 else 'are'} still in process.")
    return " ".join(said)


def _list(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
