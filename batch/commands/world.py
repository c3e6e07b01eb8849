"""The effects that a command may use, handed in from the outside: environment, clock, terminal, folders."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

STATE_VARIABLE = "POSTBATCH_STATE_DIR"


def utc_now() -> datetime:
    """Return the time of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class World:
    """Everything outside of the program that a command touches. Results go to `out`, talk to `err`."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    cwd: Path = field(default_factory=Path.cwd)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    now: Callable[[], datetime] = utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    @property
    def asks(self) -> bool:
        """True where there is somebody at a terminal who can be asked."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.isatty()

    def state_folder(self) -> Path:
        """Return the user's folder for journals and the records of runs."""
        chosen = self.environ.get(STATE_VARIABLE)
        if chosen:
            return Path(chosen)
        import platformdirs

        return platformdirs.user_state_path("postbatch", appauthor=False)
