"""Tells of a post that looks like one that is there already: the same account, text and media under another name, or an
earlier form of the same unnamed row. It compares with items that no row of the sheet stands for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from batch.model import Act, Content, Item, Status, Step, StepKind
from batch.plan.blocks import refused
from batch.plan.compare import known_media, plain_text, shown_time
from batch.rules.keys import PREFIX

PENDING = frozenset({Status.DRAFT, Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE})
SENDING = frozenset({Act.CREATE, Act.UPDATE, Act.SCHEDULE, Act.PUBLISH})

Look = tuple[str, str, str, tuple[str, ...]]
Slot = tuple[str, str, str, datetime]


class Looks:
    """The site's pending items by how they look and by when they go out, without those that the sheet stands for.

    What is out counts only for what is published at once: there the plan is the last look that a person can take.
    """

    def __init__(self, items: Iterable[Item], *, claimed: frozenset[str]) -> None:
        self._by_look: dict[Look, list[Item]] = defaultdict(list)
        self._by_slot: dict[Slot, list[Item]] = defaultdict(list)
        self._out_by_look: dict[Look, list[Item]] = defaultdict(list)
        for item in items:
            if item.id not in claimed and not item.external:
                self._add(item)

    def _add(self, item: Item) -> None:
        if item.status not in PENDING and item.status != Status.PUBLISHED:
            return
        look = _look(item.channel, item.account_id, item.content)
        if look is not None:
            (self._by_look if item.status in PENDING else self._out_by_look)[look].append(item)
        if item.status in PENDING and item.scheduled_at is not None and item.reference.startswith(PREFIX):
            self._by_slot[item.channel, item.type, item.account_id, item.scheduled_at].append(item)

    def compare(self, step: Step, *, key_derived: bool, timezone: str) -> Step:
        """Return the step with a warning for what looks the same, or as a conflict where it must be the same post."""
        if not (self._by_look or self._by_slot or self._out_by_look) or not SENDING.intersection(step.acts):
            return step
        look = _look(step.channel, step.account_id, step.content)
        alike = self._by_look.get(look, []) if look is not None else []
        earlier = [item for item in alike if item.reference.startswith(PREFIX)]
        if key_derived and earlier and Act.CREATE in step.acts:
            return refused(step, StepKind.CONFLICT, "looks_same", _same_post(earlier[0], timezone))
        if look is not None and Act.PUBLISH in step.acts:
            alike = [*alike, *self._out_by_look.get(look, [])]
        warnings = tuple(_looks_same(item, timezone) for item in alike[:3])
        if key_derived and Act.CREATE in step.acts and not alike:
            warnings += self._same_slot(step)
        return replace(step, warnings=(*step.warnings, *warnings)) if warnings else step

    def _same_slot(self, step: Step) -> tuple[str, ...]:
        if step.at is None:
            return ()
        items = self._by_slot.get((step.channel, step.type, step.account_id, step.at), [])
        return tuple(
            f"A post of an earlier sheet ({item.reference}, ID {item.id}) goes out at the very same time on this "
            f"account. If it is this row with other words, write {item.reference} into `key`: it is then changed, "
            "not doubled."
            for item in items[:1]
        )


def _look(channel: str, account_id: str, content: Content) -> Look | None:
    """Return how a post looks; None where it shows nothing, or something that is not uploaded yet."""
    if not (content.text or content.media) or not known_media(content.media):
        return None
    return channel, account_id, plain_text(content.text), tuple(medium.url for medium in content.media)


def _standing(item: Item, timezone: str) -> str:
    at = shown_time(item.scheduled_at, timezone=timezone)
    when = f"scheduled for {at}" if at and item.status != Status.DRAFT else "a draft"
    when = "published" if item.status == Status.PUBLISHED else when
    name = f"key {item.reference}, " if item.reference else ""
    return f"{when} ({name}ID {item.id})"


def _looks_same(item: Item, timezone: str) -> str:
    return f"A post that looks the same is there already, {_standing(item, timezone)}. Check that both are meant."


def _same_post(item: Item, timezone: str) -> str:
    return (
        f"This row has no key, and the same post is there already from an earlier row without one, "
        f"{_standing(item, timezone)}. Write {item.reference} into `key` if it is that post, "
        "or a new key if both are meant."
    )
