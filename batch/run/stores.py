"""What a run remembers of media and generated content; the journal is both."""

from __future__ import annotations

from typing import Protocol


class MediaStore(Protocol):
    """Which media are in the site's Media Manager, by identity."""

    def known_media(self, identity: str) -> str | None:
        """Return the address in the Media Manager of a medium that went up before."""
        ...

    def remember_media(self, identity: str, url: str, file_id: str) -> None:
        """Keep that a medium is there."""
        ...


class TextStore(Protocol):
    """What was generated before, by the fingerprint of what was asked for."""

    def known_text(self, fingerprint: str) -> str | None:
        """Return the content (JSON) that was generated for this request."""
        ...

    def remember_text(self, fingerprint: str, content: str) -> None:
        """Keep generated content (JSON)."""
        ...
