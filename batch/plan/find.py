"""Finds the item that a post already is on the site: by its ID, then by its reference in any generation.

Never by looks, and never by guessing: where two items could be meant, the post is a conflict that names both.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from batch.model import Item, Post, Status, StepKind
from batch.plan.decisions import Refusal

DEAD = frozenset({Status.CANCELED, Status.DELETED, Status.FAILED})
"""States from which an item never goes out."""

_GENERATION = re.compile(r"(.+)~([1-9][0-9]{0,5})", re.DOTALL)


class Lineage(NamedTuple):
    """An item with its place among those of one key: 1 for the key itself, n for `key~n`."""

    generation: int
    item: Item


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found for a post: its item (None = nothing there), or why it can't be told.

    `next_reference` is the reference under which the post would be made (anew).
    """

    item: Item | None = None
    next_reference: str = ""
    refusal: Refusal | None = None
    warnings: tuple[str, ...] = ()


def reference_of(key: str, *, generation: int) -> str:
    """Return a key as it is sent in its n-th generation: `spring-01`, then `spring-01~2`."""
    return key if generation == 1 else f"{key}~{generation}"


def split_reference(reference: str) -> tuple[str, int]:
    """Return the key and the generation of a reference."""
    match = _GENERATION.fullmatch(reference)
    if match is None or match[2] == "1":
        return reference, 1
    return match[1], int(match[2])


class ItemIndex:
    """The items of a site by ID and by key; built once, so that each post is found in constant time.

    `keys` are all keys of the sheet: where `a~2` is itself the key of a row, it is that row's and no generation of `a`.
    """

    def __init__(self, items: Iterable[Item], *, keys: frozenset[str] = frozenset()) -> None:
        self._keys = keys
        self.by_id: dict[str, Item] = {}
        self._by_key: dict[str, list[Lineage]] = defaultdict(list)
        for item in items:
            self._add(item)

    def _add(self, item: Item) -> None:
        if item.id.lower() in self.by_id:  # a page boundary that moved while reading shows an item twice
            return
        self.by_id[item.id.lower()] = item
        if not item.reference:
            return
        self._by_key[item.reference].append(Lineage(1, item))
        key, generation = split_reference(item.reference)
        if generation > 1 and item.reference not in self._keys:
            self._by_key[key].append(Lineage(generation, item))

    def lineage(self, key: str) -> Sequence[Lineage]:
        """Return all items of a key, in any generation."""
        return self._by_key.get(key, ())

    def find(self, post: Post) -> Finding:
        """Find the item of a post."""
        if post.item_id:
            return self._find_by_id(post)
        return self._find_by_key(post)

    def _next_reference(self, key: str, lineage: Sequence[Lineage]) -> str:
        generation = max((line.generation for line in lineage), default=0) + 1
        while generation > 1 and reference_of(key, generation=generation) in self._keys:
            generation += 1
        return reference_of(key, generation=generation)

    def _find_by_id(self, post: Post) -> Finding:
        item = self.by_id.get(post.item_id.lower())  # a GUID is the same in any case
        if item is None:
            return Finding(refusal=_no_such_item(post))
        lineage = self.lineage(post.key)
        return Finding(
            item=item,
            next_reference=self._next_reference(post.key, lineage),
            warnings=_other_names(post, item, lineage),
            refusal=_external(item),
        )

    def _find_by_key(self, post: Post) -> Finding:
        lineage = self.lineage(post.key)
        if not lineage:
            return Finding(next_reference=post.key)
        living = [line.item for line in lineage if line.item.status not in DEAD]
        if len(living) > 1:
            return Finding(refusal=_several(post, living))
        item = living[0] if living else max(lineage, key=lambda line: _likeliest(line, post)).item
        return Finding(item=item, next_reference=self._next_reference(post.key, lineage), refusal=_external(item))


def shared_items(found: Iterable[tuple[Post, Finding]]) -> dict[str, list[int]]:
    """Return the IDs of items that more than one post of the sheet would act on, with the posts' rows."""
    rows: dict[str, list[int]] = defaultdict(list)
    for post, finding in found:
        if finding.item is not None:
            rows[finding.item.id].append(post.row)
    return {item_id: numbers for item_id, numbers in rows.items() if len(numbers) > 1}


def repeated_keys(posts: Iterable[Post]) -> frozenset[str]:
    """Return the keys that stand more than once."""
    return frozenset(key for key, count in Counter(post.key for post in posts).items() if count > 1)


_DEAD_ORDER = (Status.CANCELED, Status.FAILED, Status.DELETED)
"""Of several dead items of one generation the deleted one counts, so that `delete` is done once it is done."""


def _likeliest(line: Lineage, post: Post) -> tuple[bool, int, int, str]:
    """Rank the dead items of a key: those in the post's place before others, then the highest generation."""
    item = line.item
    fits = item.channel == post.channel and item.type == post.type
    return fits, line.generation, _DEAD_ORDER.index(Status(item.status)), item.id


def _other_names(post: Post, item: Item, lineage: Sequence[Lineage]) -> tuple[str, ...]:
    """Say where `item_id` and `key` point to different things; the ID wins."""
    if post.key_derived or any(line.item is item for line in lineage):
        return ()
    said = item.reference or "none"
    warnings = [f"`item_id` wins: its item has the key {said} on the site, not {post.key}."]
    others = [line.item.id for line in lineage if line.item.status not in DEAD]
    if others:
        warnings.append(f"Another item has the key {post.key}: {_listed(others)}. It is left as it is.")
    return tuple(warnings)


def _no_such_item(post: Post) -> Refusal:
    reason = (
        f"The site holds no item with the ID {post.item_id}. Clear `item_id` to find the post by its key, "
        "or take the ID from `postbatch pull`."
    )
    return Refusal(StepKind.CONFLICT, "item_not_found", reason)


def _several(post: Post, items: Sequence[Item]) -> Refusal:
    ids = _listed([item.id for item in items])
    reason = (
        f"The site holds {len(items)} items with the key {post.key}: {ids}. Cancel or delete all but one of them "
        "on the site, or write the right one into `item_id`."
    )
    return Refusal(StepKind.CONFLICT, "several_items", reason)


def _external(item: Item) -> Refusal | None:
    if not item.external:
        return None
    reason = f"The item {item.id} was made on {item.channel} itself and is never changed from here. Clear `item_id`."
    return Refusal(StepKind.CONFLICT, "external_item", reason)


def _listed(names: Sequence[str], *, most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(sorted(names)[:most]) + more
