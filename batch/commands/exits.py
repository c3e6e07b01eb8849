"""The exit statuses, and which of them a run's outcomes amount to."""

from __future__ import annotations

from collections.abc import Sequence

from batch.model import GOOD, Outcome, OutcomeKind

EXIT_DONE, EXIT_ROWS, EXIT_STOPPED, EXIT_INTERRUPTED = 0, 1, 3, 130


def exit_status(outcomes: Sequence[Outcome], *, stopped: bool = False, interrupted: bool = False) -> int:
    """Return the exit status that outcomes amount to."""
    kinds = {outcome.outcome for outcome in outcomes}
    if interrupted:
        return EXIT_INTERRUPTED
    if stopped or OutcomeKind.UNKNOWN in kinds:
        return EXIT_STOPPED
    return EXIT_ROWS if kinds - GOOD - {OutcomeKind.PROCESSING} else EXIT_DONE
