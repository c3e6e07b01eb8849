"""What a medium may be on a channel."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a media file is, told by its bytes and not by its name. 0, None and "" stand for what could not be told.

    `width` and `height` are as shown, rotation applied. Where the file can't be used, `problem` is a clause that says
    why and ends with the remedy, and `problem_code` its stable word. `note` says what could not be looked at.
    """

    path: str
    sha256: str = ""
    size_bytes: int = 0
    mime: str = ""
    kind: str = ""
    width: int = 0
    height: int = 0
    animated: bool = False
    duration_seconds: float | None = None
    codec: str = ""
    problem: str = ""
    problem_code: str = ""
    note: str = ""

    @property
    def ratio(self) -> float:
        """Width by height, 0 where unknown."""
        return self.width / self.height if self.width and self.height else 0.0

    @property
    def identity(self) -> str:
        """The name of its content, by which it goes up once only."""
        return f"sha256:{self.sha256}" if self.sha256 else ""
