"""How a run shows that it is getting on: a bar on a terminal, plain lines elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from types import TracebackType
from typing import Any, Self

from batch.commands.session import Session
from batch.model import Outcome


class Progress:
    """Counts finished posts; safe to use from the threads of all sites."""

    def __init__(self, session: Session, *, positions: Iterable[int]) -> None:
        self._session = session
        self._left = set(positions)
        self._total = len(self._left)
        self._lock = threading.Lock()
        self._bar: Any = None
        self._printed_by = session.print_line

    def __enter__(self) -> Self:
        if self._total and self._session.world.err.isatty() and not self._session.flags.quiet:
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, unit="post", file=self._session.world.err, dynamic_ncols=True)
            # A line printed where the bar stands would run into it.
            self._printed_by, self._session.print_line = self._session.print_line, self._print_above
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
            self._session.print_line = self._printed_by

    def _print_above(self, text: str) -> None:
        self._bar.write(text, file=self._session.world.err)

    def show(self, position: int, outcome: Outcome) -> None:
        """Count a post that has its outcome; said once for each post."""
        with self._lock:
            if position not in self._left:
                return
            self._left.remove(position)
            done = self._total - len(self._left)
            if self._bar is not None:
                self._bar.set_postfix_str(f"{outcome.site} {outcome.key} {outcome.outcome}"[:50], refresh=False)
                self._bar.update()
            elif self._session.flags.verbose or done % self._every() == 0:
                self._session.say(f"[{done}/{self._total}] row {outcome.row} {outcome.key}: {outcome.outcome}")

    def _every(self) -> int:
        """A line for each post of a small run, and some forty lines for a large one."""
        return max(1, self._total // 40)
