"""Turns the flags --only, --rows, --first and --approved-only into the posts that are left out of a run, and why.

Nothing is dropped: a post that is left out stays in the plan and in the results, as skipped and with its reason.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from batch.errors import StartError
from batch.model import Channel, Post
from batch.plan.decisions import PostPlace, place
from batch.plan.matching import plain_name

_FIELDS: dict[str, Callable[[Post], str]] = {
    "key": lambda post: post.key,
    "action": lambda post: str(post.action or ""),
    "site": lambda post: post.site,
    "channel": lambda post: str(post.channel or ""),
    "type": lambda post: str(post.type or ""),
    "account": lambda post: post.account,
}
"""The columns that --only understands."""

_CHANNEL_NAMES = {"x": Channel.TWITTER, "googlebusinessprofile": Channel.GBP, "google": Channel.GBP}
_RANGE = re.compile(r"([0-9]{1,9})(?:\s*(-)\s*([0-9]{1,9})?)?")
FIRST_ROW = 2
MAX_ROW = 10**9


class Only(NamedTuple):
    """One --only: posts whose column fits one of the values, or with `!=` none of them."""

    written: str
    column: str
    negated: bool
    values: tuple[str, ...]

    def fits(self, post: Post) -> bool:
        """Tell whether a post is meant."""
        seen = plain_name(_FIELDS[self.column](post))
        return any(fnmatchcase(seen, value) for value in self.values) is not self.negated


def select(
    posts: Sequence[Post],
    *,
    only: Iterable[str] = (),
    rows: str = "",
    first: int | None = None,
    approved_only: bool = False,
) -> dict[PostPlace, str]:
    """Return the posts that are left out with the reason, for `Options.skip`. Several --only must all fit.

    `first` counts rows that would otherwise run. Errors: StartError for an expression that can't be read or fits
    nothing.
    """
    wishes = [read_only(expression) for expression in only]
    ranges = read_rows(rows) if rows.strip() else ()
    for wish in wishes:
        _check_fits(posts, f"--only {wish.written!r}", wish.fits)
    if ranges:
        _check_fits(posts, f"--rows {rows}", lambda post: _in_ranges(post.row, ranges))
    if first is not None and first < 1:
        raise StartError(f"--first {first} would run nothing. Write 1 or more.")
    left_out: dict[PostPlace, str] = {}
    running: set[int] = set()
    for post in posts:
        if approved_only and not post.approved:
            reason = "`approved` does not say yes, and --approved-only was asked for."
        elif ranges and not _in_ranges(post.row, ranges):
            reason = f"It is not among --rows {rows}."
        elif unfit := next((wish for wish in wishes if not wish.fits(post)), None):
            reason = f"It does not fit --only {unfit.written!r}."
        elif first is not None and post.row not in running and len(running) == first:
            reason = f"It comes after the first {first} rows (--first {first})."
        else:
            running.add(post.row)
            continue
        left_out[place(post)] = reason
    return left_out


def read_only(expression: str) -> Only:
    """Read `channel=INSTAGRAM`, `channel!=X,TIKTOK` or `key=spring-*`."""
    column, sign, values = re.split(r"\s*(!?=)\s*", expression, maxsplit=1) if "=" in expression else ("", "", "")
    name = re.sub(r"[\s_-]", "", column).casefold()
    if not sign or name not in _FIELDS:
        raise StartError(
            f"--only {expression!r} can't be read. Write COLUMN=VALUE with one of the columns "
            f"{', '.join(_FIELDS)}, as in --only 'channel=INSTAGRAM' or --only 'key=spring-*'."
        )
    wanted = tuple(_value(name, value, expression) for value in values.split(","))
    return Only(expression, name, sign == "!=", wanted)


def _value(column: str, value: str, expression: str) -> str:
    if column != "channel" or any(mark in value for mark in "*?["):
        return plain_name(value)
    named = _CHANNEL_NAMES.get(re.sub(r"[\s_-]", "", value).casefold(), value.strip().upper())
    if named not in Channel.__members__:
        raise StartError(
            f"--only {expression!r}: there is no channel {value.strip()!r}. Channels are {', '.join(Channel)}."
        )
    return str(named).casefold()


def read_rows(expression: str) -> tuple[tuple[int, int], ...]:
    """Read `2-40,45` or `100-` as ranges of row numbers, both ends counted."""
    ranges = []
    for part in map(str.strip, expression.split(",")):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise StartError(
                f"--rows {expression!r} can't be read. Write row numbers and ranges, as in --rows 2-40,45."
            )
        start = int(match[1])
        end = int(match[3]) if match[3] else (MAX_ROW if match[2] else start)
        if start < FIRST_ROW or end < start:
            raise StartError(
                f"--rows {expression!r}: {part} is no range of rows. The first row under the headings is row "
                f"{FIRST_ROW}, and a range begins with its smaller number."
            )
        ranges.append((start, end))
    return tuple(ranges)


def _in_ranges(row: int, ranges: Iterable[tuple[int, int]]) -> bool:
    return any(start <= row <= end for start, end in ranges)


def _check_fits(posts: Sequence[Post], flag: str, fits: Callable[[Post], bool]) -> None:
    if posts and not any(fits(post) for post in posts):
        rows = [post.row for post in posts]
        raise StartError(f"{flag} fits no row of this sheet, whose rows are {min(rows)} to {max(rows)}.")
