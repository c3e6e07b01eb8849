"""Finds what only shows beside the other rows: one key or item twice, and posts that look the same.

Turns checked posts into problems by the post's place; every row concerned is told, and each names the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence

from batch.model import Action, Post
from batch.rules.problems import Problem, listed, quoted
from batch.rules.rowread import NAMING_ONLY

Found = Iterator[tuple[int, Problem]]
"""Places of posts, with what is wrong there."""

MOST_NAMED = 4


def compare_posts(posts: Sequence[Post]) -> dict[int, list[Problem]]:
    """Return what is wrong with posts beside each other, by their place in `posts`."""
    found: defaultdict[int, list[Problem]] = defaultdict(list)
    kept = [(place, post) for place, post in enumerate(posts) if post.action is not Action.SKIP]
    for place, problem in (*_same_keys(kept), *_same_items(kept), *_same_looks(kept)):
        found[place].append(problem)
    return dict(found)


Placed = tuple[int, Post]


def _groups(placed: Iterable[tuple[Hashable, Placed]]) -> Iterator[list[Placed]]:
    """Return the groups of more than one, in the order of their first post."""
    groups: dict[Hashable, Placed | list[Placed]] = {}
    for name, entry in placed:
        there = groups.get(name)
        if there is None:
            groups[name] = entry
        elif isinstance(there, list):
            there.append(entry)
        else:
            groups[name] = [there, entry]
    return (group for group in groups.values() if isinstance(group, list))


def _others(group: Sequence[Placed], post: Post) -> str:
    """Return the other rows of a group as a person reads them: `row 7`, `rows 7, 9 and 12`."""
    rows = [str(row) for row in dict.fromkeys(other.row for _, other in group) if row != post.row]
    if len(rows) > MOST_NAMED:
        rows = [*rows[: MOST_NAMED - 1], f"{len(rows) - MOST_NAMED + 1} more"]
    return f"{'rows' if len(rows) > 1 else 'row'} {listed(rows, last='and')}"


def _same_keys(kept: Sequence[Placed]) -> Found:
    alike = _groups(((post.site, post.key.casefold()), (place, post)) for place, post in kept if post.key)
    for group in alike:
        keys = {post.key for _, post in group}
        for key in keys:
            same = [(place, post) for place, post in group if post.key == key]
            needed = all(post.key_derived for _, post in same)
            for place, post in same if len(same) > 1 else ():
                yield place, _key_needed(same, post) if needed else _key_twice(same, post)
        for place, post in group if len(keys) > 1 else ():
            yield place, _key_nearly_twice(group, post)


def _key_twice(group: Sequence[Placed], post: Post) -> Problem:
    message = f"`key` {quoted(post.key)} stands in {_others(group, post)} too: give each post a key of its own."
    return Problem("key", "key_twice", post.key, message)


def _key_needed(group: Sequence[Placed], post: Post) -> Problem:
    message = (
        f"`key` is blank, and {_others(group, post)} without a key would be the same post (same site, channel, "
        "account, type and content): write a key of its own into each."
    )
    return Problem("key", "key_needed", "", message)


def _key_nearly_twice(group: Sequence[Placed], post: Post) -> Problem:
    message = (
        f"`key` {quoted(post.key)} differs from that of {_others(group, post)} only in capital letters: "
        "change one of them if they are two posts."
    )
    return Problem("key", "key_nearly_twice", post.key, message, warning=True)


def _same_items(kept: Sequence[Placed]) -> Found:
    named = (((post.site, post.item_id), (place, post)) for place, post in kept if post.item_id)
    for group in _groups(named):
        if len({post.row for _, post in group}) < 2:
            continue
        for place, post in group:
            message = (
                f"`item_id` {quoted(post.item_id)} stands in {_others(group, post)} too: keep one row for each item."
            )
            yield place, Problem("item_id", "item_id_twice", post.item_id, message)


def _same_looks(kept: Sequence[Placed]) -> Found:
    shown = (
        ((post.site, post.channel, post.content.text or post.content.media), (place, post))
        for place, post in kept
        if post.channel and post.action not in NAMING_ONLY and (post.content.text or post.content.media)
    )
    for alike in _groups(shown):
        said: set[int] = set()
        for group in _groups((_look(post), (place, post)) for place, post in alike):
            for place, post in group:
                said.add(place)
                yield place, _same_look(group, post)
        texts = ((_caption(post), (place, post)) for place, post in alike if post.content.text and post.local_time)
        for group in _groups(texts):
            for place, post in group:
                if place not in said:
                    yield place, _same_caption(group, post)


def _account(post: Post) -> str:
    return post.account.strip().removeprefix("@").casefold()


def _look(post: Post) -> Hashable:
    content = post.content
    return post.type, _account(post), content.text, content.media, content.link


def _caption(post: Post) -> Hashable:
    day = "now" if post.now else post.local_time[:10]
    return _account(post), day


def _same_look(group: Sequence[Placed], post: Post) -> Problem:
    column = "text" if post.content.text else "media"
    seen = post.content.text or post.content.media[0].source
    message = (
        f"`{column}` {quoted(seen)} is the same post as in {_others(group, post)} (same channel, account, text and "
        "media): change one of them, or write `skip` into its `action`, if they are not all meant."
    )
    return Problem(column, "same_look", seen, message, warning=True)


def _same_caption(group: Sequence[Placed], post: Post) -> Problem:
    message = (
        f"`text` {quoted(post.content.text)} is also that of {_others(group, post)} on the same channel, account and "
        "day: change one of them if that is not meant."
    )
    return Problem("text", "same_caption", post.content.text, message, warning=True)
