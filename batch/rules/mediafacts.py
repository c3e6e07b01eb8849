"""What a media file is, and the stable words for what can be wrong with one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

MEDIA_CODES: Mapping[str, str] = MappingProxyType({
    "media_refused": "the entry may not be used: a path that leads elsewhere, or an address that is not public",
    "media_not_found": "there is no such file in the media folder",
    "media_unreadable": "the file can't be read",
    "media_changed": "the file is no longer the one that was checked",
    "media_broken": "the file is damaged, cut off or empty",
    "media_not_media": "the file is neither a picture nor a video",
    "media_kind": "the channel does not show this kind of media",
    "media_kind_assumed": "the address does not tell what it is, and it is taken for a picture",
    "media_format": "the channel does not take this file format",
    "media_animated": "the picture moves, and the channel shows still ones",
    "media_codec": "the video is coded for editing and not for watching",
    "media_too_large": "the file is larger than the channel takes",
    "media_too_small": "the picture or video has fewer pixels than the channel needs",
    "media_ratio": "the picture or video is too tall or too wide for the channel",
    "media_too_short": "the video is shorter than the channel takes",
    "media_too_long": "the video is longer than the channel takes",
    "media_unchecked": "something about the file could not be looked at",
})  # fmt: skip
"""Every code that looking at media can find, with what it stands for; `codes.py` has those of the row as a whole."""


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
