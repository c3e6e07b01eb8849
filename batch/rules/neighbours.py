"""Finds what only shows beside the other rows: one key or item twice, and posts that look the same.

Turns checked posts into problems by the post's place; every row concerned is told, and each names the others.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence

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


class _Rows:
    """The rows of a group; each post is told the others, the first few by number, in constant time."""

    def __init__(self, group: Sequence[Placed]) -> None:
        rows = dict.fromkeys(post.row for _, post in group)
        self._first = tuple(rows)[: MOST_NAMED + 1]
        self._count = len(rows)

    def beside(self, post: Post) -> str:
        """Return the other rows as a person reads them: `row 7`, `rows 7, 9 and 12`, `rows 3, 4, 5 and 16 more`."""
        others = [str(row) for row in self._first if row != post.row]
        if self._count - 1 > MOST_NAMED:
            others = [*others[: MOST_NAMED - 1], f"{self._count - MOST_NAMED:,} more"]
        else:
            others = others[: self._count - 1]
        return f"{'rows' if len(others) > 1 else 'row'} {listed(others, last='and')}"


def _tell(group: Sequence[Placed], make: Callable[[_Rows, Post], Problem]) -> Found:
    """Tell every post of a group of the others."""
    rows = _Rows(group)
    return ((place, make(rows, post)) for place, post in group)


def _same_keys(kept: Sequence[Placed]) -> Found:
    alike = _groups(((post.site, post.key.casefold()), (place, post)) for place, post in kept if post.key)
    for group in alike:
        for same in _groups((post.key, (place, post)) for place, post in group):
            tell = _key_needed if all(post.key_derived for _, post in same) else _key_twice
            yield from _tell(same, tell)
        if len({post.key for _, post in group}) > 1:
            yield from _tell(group, _key_nearly_twice)


def _key_twice(rows: _Rows, post: Post) -> Problem:
    message = f"`key` {quoted(post.key)} stands in {rows.beside(post)} too: give each post a key of its own."
    return Problem("key", "key_twice", post.key, message)


def _key_needed(rows: _Rows, post: Post) -> Problem:
    message = (
        f"`key` is blank, and {rows.beside(post)} without a key would be the same post (same site, channel, "
        "account, type and content): write a key of its own into each."
    )
    return Problem("key", "key_needed", "", message)


def _key_nearly_twice(rows: _Rows, post: Post) -> Problem:
    message = (
        f"`key` {quoted(post.key)} differs from that of {rows.beside(post)} only in capital letters: "
        "change one of them if they are two posts."
    )
    return Problem("key", "key_nearly_twice", post.key, message, warning=True)


def _item_twice(rows: _Rows, post: Post) -> Problem:
    message = f"`item_id` {quoted(post.item_id)} stands in {rows.beside(post)} too: keep one row for each item."
    return Problem("item_id", "item_id_twice", post.item_id, message)


def _same_items(kept: Sequence[Placed]) -> Found:
    named = (((post.site, post.item_id), (place, post)) for place, post in kept if post.item_id)
    for group in _groups(named):
        if len({post.row for _, post in group}) < 2:
            continue
        yield from _tell(group, _item_twice)


def _same_looks(kept: Sequence[Placed]) -> Found:
    shown = (
        ((post.site, post.channel, post.content.text or post.content.media), (place, post))
        for place, post in kept
        if post.channel and post.action not in NAMING_ONLY and (post.content.text or post.content.media)
    )
    for alike in _groups(shown):
        said: set[int] = set()
        for group in _groups((_look(post), (place, post)) for place, post in alike):
            said.update(place for place, _ in group)
            yield from _tell(group, _same_look)
        texts = ((_caption(post), (place, post)) for place, post in alike if post.content.text and post.local_time)
        for group in _groups(texts):
            yield from (found for found in _tell(group, _same_caption) if found[0] not in said)


def _account(post: Post) -> str:
    return post.account.strip().removeprefix("@").casefold()


def _look(post: Post) -> Hashable:
    content = post.content
    return post.type, _account(post), content.text, content.media, content.link


def _caption(post: Post) -> Hashable:
    day = "now" if post.now else post.local_time[:10]
    return _account(post), day


def _same_look(rows: _Rows, post: Post) -> Problem:
    column = "text" if post.content.text else "media"
    seen = post.content.text or post.content.media[0].source
    message = (
        f"`{column}` {quoted(seen)}: the same post stands in {rows.beside(post)} (same channel, account, text, media): "
        "change one of them, or write `skip` into its `action`, if not all are meant."
    )
    return Problem(column, "same_look", seen, message, warning=True)


def _same_caption(rows: _Rows, post: Post) -> Problem:
    message = (
        f"`text` {quoted(post.content.text)} is also that of {rows.beside(post)} on the same channel, account and "
        "day: change one of them if that is not meant."
    )
    return Problem("text", "same_caption", post.content.text, message, warning=True)
