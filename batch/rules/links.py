"""Tags links for the statistics of a site (`utm_source=facebook&...`): only those to the domains that are named.

A link that is tagged already stays as it is, so that running a sheet again, or one that was pulled, never tags twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar
from urllib.parse import quote, urlsplit

from batch.model import Json
from batch.wording import counted

WORDS = ("channel", "type", "campaign", "key", "site", "place")
"""What a value may ask for, as `{campaign}`; channel and type come in small letters, as statistics expect them."""

NAMES = ("source", "medium", "campaign", "content", "term")
ASKED = re.compile(r"\{([^{}]*)\}")
TAGGED = re.compile(r"(?:^|[?&])utm_[a-z]+=", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Utm:
    """How links are tagged: what each `utm_` name says, and to which domains. Without domains nothing is tagged."""

    __pydantic_config__: ClassVar[Json] = {"extra": "forbid", "strict": False}
    source: str = "{channel}"
    medium: str = "social"
    campaign: str = "{campaign}"
    content: str = "{key}"
    term: str = ""
    domains: tuple[str, ...] = ()

    def unknown_words(self) -> list[str]:
        """Return what the values ask for that there is not."""
        return [word for name in NAMES for word in ASKED.findall(getattr(self, name)) if word not in WORDS]

    def tag(self, link: str, words: Mapping[str, str]) -> str:
        """Return a link with its tags, as it is where none are due. A word that is blank leaves its tag out."""
        parts = urlsplit(link) if self.domains and link else None
        if parts is None or not self._is_ours(parts.hostname or "") or TAGGED.search(parts.query):
            return link
        values = {name: ASKED.sub(lambda found: words.get(found[1], ""), getattr(self, name)) for name in NAMES}
        tags = "&".join(f"utm_{name}={quote(value, safe='')}" for name, value in values.items() if value)
        query = f"{parts.query}&{tags}" if parts.query and tags else parts.query or tags
        return parts._replace(query=query).geturl()

    def _is_ours(self, host: str) -> bool:
        known = [domain.strip().casefold().removeprefix("www.") for domain in self.domains if domain.strip()]
        return any(host == domain or host.endswith(f".{domain}") for domain in known)


NO_TAGS = Utm()


def tell_tagged(links: Iterable[tuple[str, str]]) -> str:
    """Say how many links are tagged, and how: `links` pairs each as written and as sent. "" where none is."""
    tagged = [sent for written, sent in links if TAGGED.search(urlsplit(sent).query) and not TAGGED.search(written)]
    return f"Tagged {counted(len(tagged), 'link')}, as in {tagged[0]}" if tagged else ""
