"""Counts outcomes for the `Summary` sheet: by outcome, channel, account and day.

pandas does the counting; it is imported only when a workbook of results is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from batch.model import GOOD, Channel, Outcome, OutcomeKind, Results
from batch.sheet.moments import local_time_of

if TYPE_CHECKING:
    import pandas as pd

WELL, WAITING, WORK = "well", "in process", "to fix"
NO_DAY = "no date"
STATES = (WELL, WAITING, WORK)


class Total(NamedTuple):
    """A line of a summary: what it counts, its posts, and how many of them are well, in process, and need work."""

    names: tuple[str, ...]
    posts: int
    well: int
    waiting: int
    work: int


class Totals(NamedTuple):
    """All that the summary shows. `days` has a column for each of `channels`."""

    posts: int
    well: int
    waiting: int
    work: int
    outcomes: tuple[tuple[OutcomeKind, int], ...]
    by_channel: tuple[Total, ...]
    by_account: tuple[Total, ...]
    channels: tuple[str, ...]
    days: tuple[tuple[str, tuple[int, ...]], ...]


def count_totals(results: Results) -> Totals:
    """Return the totals of a run."""
    table = _make_table(results.outcomes)
    states = {state: int((table["state"] == state).sum()) for state in STATES}
    outcomes = table.groupby("outcome").size()
    channels, days = _count_days(table)
    return Totals(
        posts=len(table),
        well=states[WELL],
        waiting=states[WAITING],
        work=states[WORK],
        outcomes=tuple((kind, int(outcomes[kind])) for kind in OutcomeKind if kind in outcomes.index),
        by_channel=_count_by(table, ["channel"]),
        by_account=_count_by(table, ["channel", "account"]),
        channels=channels,
        days=days,
    )


def state_of(outcome: Outcome) -> str:
    """Return whether a post is well, in process, or needs work."""
    if outcome.outcome is OutcomeKind.PROCESSING:
        return WAITING
    return WELL if outcome.outcome in GOOD else WORK


def _make_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    import pandas as pd

    moments = [local_time_of(outcome) for outcome in outcomes]
    return pd.DataFrame({
        "outcome": [outcome.outcome.value for outcome in outcomes],
        "channel": [outcome.channel or "(none)" for outcome in outcomes],
        "account": [outcome.account or "(default)" for outcome in outcomes],
        "state": [state_of(outcome) for outcome in outcomes],
        "day": [moment.day.isoformat() if moment else NO_DAY for moment in moments],
    })  # fmt: skip


def _count_by(table: pd.DataFrame, columns: list[str]) -> tuple[Total, ...]:
    counted = (
        table.groupby([*columns, "state"]).size().unstack("state", fill_value=0).reindex(columns=STATES, fill_value=0)
    )
    lines: list[Total] = []
    for names, counts in zip(counted.index, counted.to_numpy().tolist(), strict=True):
        well, waiting, work = counts
        named = tuple(names) if isinstance(names, tuple) else (str(names),)
        lines.append(Total(named, well + waiting + work, well, waiting, work))
    return tuple(sorted(lines, key=lambda line: (_channel_place(line.names[0]), *line.names[1:])))


def _count_days(table: pd.DataFrame) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[int, ...]], ...]]:
    if table.empty:
        return (), ()
    counted = table.groupby(["day", "channel"]).size().unstack("channel", fill_value=0)
    channels = tuple(sorted(map(str, counted.columns), key=_channel_place))
    ordered = counted[list(channels)].sort_index()
    lines = zip(map(str, ordered.index), (tuple(counts) for counts in ordered.to_numpy().tolist()), strict=True)
    return channels, tuple(lines)


def _channel_place(channel: str) -> int:
    known = list(Channel)
    return known.index(Channel(channel)) if channel in Channel.__members__ else len(known)
