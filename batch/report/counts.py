"""How much of a channel's limits a post uses, in the units in which that channel counts."""

from __future__ import annotations

from typing import NamedTuple

from batch.model import Channel, Content, PostType
from batch.rules.channels import COMBINATIONS, Combination
from batch.rules.limits import Limit
from batch.rules.text import COUNTERS


class Count(NamedTuple):
    """One limit and what is used of it."""

    label: str
    used: int
    limit: int

    @property
    def over(self) -> bool:
        """Whether the channel would refuse or cut it."""
        return self.used > self.limit


def count_content(content: Content, *, channel: str, type_: str) -> tuple[Count, ...]:
    """Count text and title against their limits; a limit that the channel has not got is left out."""
    try:
        combination = COMBINATIONS.get((Channel(channel), PostType(type_)))
    except ValueError:
        return ()
    return _counts(content, combination) if combination else ()


def _counts(content: Content, combination: Combination) -> tuple[Count, ...]:
    rule = combination.text
    words = f"{content.text} {content.link}".strip() if rule.with_link and content.link else content.text
    counted = [(rule.name.capitalize(), rule.most, words), ("Title", _title_limit(combination), content.title)]
    return tuple(
        Count(label, COUNTERS[most.unit](value), int(most.value)) for label, most, value in counted if most and value
    )


def _title_limit(combination: Combination) -> Limit | None:
    return combination.title.most if combination.title else None
