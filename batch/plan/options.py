"""How a person asked for this plan: the flags that change what is decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from batch.model import Post

AGAIN_FAILED = "failed"
"""The word in `again` that stands for every post whose item the channel refused."""

PostPlace = tuple[int, str]
"""A post's place in the sheet: its row number and its key (one row makes one key for each channel)."""


def place(post: Post) -> PostPlace:
    """Return by what a post of this sheet is named in `Options.skip`."""
    return post.row, post.key


def names_of(post: Post) -> frozenset[str]:
    """Return by which keys a person may mean a post: its own, and its row's where that makes one for each channel."""
    return frozenset({post.key, post.key.removesuffix(f"/{post.channel}")})


@dataclass(frozen=True, slots=True)
class Options:
    """What changes a plan besides the sheet and the site.

    `again` holds keys (or `failed`) whose dead items are to be made anew; `drafts_only` turns posts with generated
    content into drafts for review; `skip` names the posts that are left out of this run and why (see select.py).
    The clock of this machine may differ from the service's by `clock_warn_seconds` before it is said, and by
    `clock_stop_seconds` before nothing is scheduled any more.
    """

    again: frozenset[str] = frozenset()
    drafts_only: bool = False
    skip: Mapping[PostPlace, str] = field(default_factory=dict)
    clock_warn_seconds: float = 60
    clock_stop_seconds: float = 300
