"""Where a command writes, and how it goes about it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Outputs:
    """`out` and `page` None: the usual place beside the sheet. `wait_seconds`: for posts in process, 0 = not at all."""

    out: Path | None = None
    page: Path | None = None
    no_page: bool = False
    annotate: bool = False
    yes: bool = False
    all_or_nothing: bool = False
    wait_seconds: float = 0.0
