"""Turns the rows of a sheet into posts, one for each channel that a row names, with all that is wrong with each.

    cells ──► what the row says (rowread) ──► what each channel's post says (content, generation) ──► beside the others

Pure: the time and the configuration come in as `CheckContext`. Never raises for a row and never drops one: a row
that is wrong is a post with errors. Files and addresses of media are looked at elsewhere (media.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from batch.model import Action, Channel, Content, Generation, Issue, Post, PostType, Row, Severity, Sheet
from batch.rules.cells import CellReader, Cells
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, DEFAULT_TYPE, ENDED, TYPES, Combination
from batch.rules.columns import REMEMBERED, read_type
from batch.rules.content import FIELDS, NO_CONTENT, check_content, check_placeholders, read_content
from batch.rules.generation import read_generation
from batch.rules.keys import derive_key, fan_out_key
from batch.rules.neighbours import compare_posts
from batch.rules.problems import Problem, listed, make_issue, quoted, shorten
from batch.rules.rowread import NAMING_ONLY, WITHDRAWING, RowReader, RowValues
from batch.rules.rowread import CheckContext as CheckContext

NONE_USED: frozenset[str] = frozenset()

TORN = frozenset({"unclosed_quote", "too_many_cells", "headings_again"})
"""What reading says of a row whose cells are not what their columns say: nothing more is said of such a row."""


@dataclass(frozen=True, slots=True)
class _Desk:
    """What stays the same while the rows are checked one by one."""

    context: CheckContext
    reader: CellReader
    rows: RowReader
    read_issues: Mapping[int, tuple[Issue, ...]]

    @property
    def sites_differ(self) -> bool:
        """Whether a derived key has to say the site: only where there are several."""
        return len(self.context.sites) > 1


def check(sheet: Sheet, *, context: CheckContext) -> tuple[Post, ...]:
    """Return the posts of a sheet in its order, each with its issues."""
    read_issues: defaultdict[int, list[Issue]] = defaultdict(list)
    for issue in sheet.issues:
        if issue.row is not None:
            read_issues[issue.row].append(issue)
    told = {row: tuple(found) for row, found in read_issues.items()}
    desk = _Desk(context, CellReader(sheet.columns), RowReader(context), told)
    posts: list[Post] = [post for row in sheet.rows for post in _check_row(row, desk)]
    for place, problems in compare_posts(posts).items():
        posts[place] = _with_problems(posts[place], problems, desk)
    return tuple(_with_lost_rows(posts, desk.read_issues))


def check_generated(post: Post) -> tuple[Issue, ...]:
    """Return what is wrong with a post whose content was generated and has been filled in."""
    combination = COMBINATIONS.get((post.channel, post.type)) if post.channel and post.type else None
    problems = check_content(post.content, combination) if combination else []
    return tuple(make_issue(problem, row=post.row, cell="") for problem in problems)


def _with_lost_rows(posts: Sequence[Post], read_issues: Mapping[int, tuple[Issue, ...]]) -> Iterable[Post]:
    """Add a post for each row of which reading could save nothing but what is wrong with it."""
    lost = read_issues.keys() - {post.row for post in posts}
    if not lost:
        return posts
    added = [Post(row, "", "", None, None, issues=read_issues[row]) for row in lost]
    return sorted((*posts, *added), key=lambda post: post.row)


def _with_problems(post: Post, problems: Iterable[Problem], desk: _Desk) -> Post:
    flawed = {issue.column for issue in desk.read_issues.get(post.row, ()) if issue.severity is Severity.ERROR}
    found = tuple(
        make_issue(problem, row=post.row, cell=desk.reader.place(post.row, problem.column))
        for problem in problems
        if problem.column not in flawed
    )
    return replace(post, issues=(*post.issues, *found)) if found else post


def _check_row(row: Row, desk: _Desk) -> list[Post]:
    cells = desk.reader.read(row)
    values = desk.rows.read(cells)
    named = values.channels.named
    if len(named) == 1:
        return [_make_post(row, cells, values, named[0], used=NONE_USED, desk=desk)]
    used = _fields_used(named, cells) if named else NONE_USED
    return [_make_post(row, cells, values, channel, used=used, desk=desk) for channel in named or (None,)]


def _fields_used(channels: Iterable[Channel], cells: Cells) -> frozenset[str]:
    """Return the columns that any of a row's channels has a use for."""
    post_type, _ = read_type(cells.type)
    return NONE_USED.union(*(FIELDS.get((c, post_type or DEFAULT_TYPE[c]), NONE_USED) for c in channels))


def _make_post(
    row: Row, cells: Cells, values: RowValues, channel: Channel | None, *, used: frozenset[str], desk: _Desk
) -> Post:
    """Return the post of one channel of a row."""
    cells, own = desk.reader.for_channel(cells, row, channel)
    post_type, combination, problems = _fit(cells.type, channel)
    content, generation = NO_CONTENT, None
    if combination:
        content, generation, found = _read_said(cells, combination, values, used)
        problems += found
    if channel and channel in ENDED:
        problems += tuple(_check_ended(channel, values, cells.channel, desk.context.now))
    if values.key:
        key, derived = _own_key(values, channel), False
    else:
        key, derived = _derived_key(values, channel, post_type, cells.account, content, generation, desk)
    when = values.when
    return Post(
        row=row.number,
        key=key,
        site=values.site,
        channel=channel,
        type=post_type,
        account=cells.account,
        action=values.action,
        publish_at=when.at,
        now=when.now,
        local_time=when.local_time,
        timezone=when.timezone,
        content=content,
        generation=generation,
        item_id=values.item_id,
        approved=values.approved,
        key_derived=derived,
        issues=_make_issues(row.number, channel, own, values.problems + problems, values.action, desk),
    )


def _make_issues(
    row: int,
    channel: Channel | None,
    own: frozenset[str],
    problems: Sequence[Problem],
    action: Action | None,
    desk: _Desk,
) -> tuple[Issue, ...]:
    """Return a post's issues: those of reading first; a cell that could not be read is not judged a second time."""
    read = _of_channel(desk.read_issues.get(row, ()), channel)
    if action is Action.SKIP:
        return tuple(replace(issue, severity=Severity.WARNING) for issue in read)
    if not problems or any(issue.code in TORN for issue in read):
        return read
    flawed = {issue.column for issue in read if issue.severity is Severity.ERROR}
    placed = (p._replace(column=f"{p.column}:{channel}") if p.column in own else p for p in problems)
    found = (make_issue(p, row=row, cell=desk.reader.place(row, p.column)) for p in placed if p.column not in flawed)
    return (*read, *dict.fromkeys(found))


def _of_channel(read: tuple[Issue, ...], channel: Channel | None) -> tuple[Issue, ...]:
    """Return the reading issues that concern a channel: one in `text:FACEBOOK` is no matter of Instagram."""
    if not read or channel is None:
        return read
    return tuple(issue for issue in read if issue.column.partition(":")[2] in ("", channel))


class _Fit(NamedTuple):
    """What a row is on one channel: its type, the usual one where the cell is blank, and what the table says of it."""

    type: PostType | None
    combination: Combination | None = None
    problems: tuple[Problem, ...] = ()


@lru_cache(REMEMBERED)
def _fit(cell: str, channel: Channel | None) -> _Fit:
    post_type, unknown = read_type(cell)
    if unknown:
        return _Fit(None, None, (unknown,))
    if channel is None:
        return _Fit(post_type)
    post_type = post_type or DEFAULT_TYPE[channel]
    combination = COMBINATIONS.get((channel, post_type))
    if post_type in TYPES[channel]:
        return _Fit(post_type, combination)
    types = listed(TYPES[channel])
    message = f"`type` says {quoted(cell)}, but {CHANNEL_LABELS[channel]} has {types}: write that, or leave it blank."
    return _Fit(post_type, combination, (Problem("type", "type_not_on_channel", cell, message),))


def _read_said(
    cells: Cells, combination: Combination, values: RowValues, used: frozenset[str]
) -> tuple[Content, Generation | None, tuple[Problem, ...]]:
    """Return what a post says and shows; a row that only names a post is not asked for it."""
    content, problems = read_content(cells, combination, used_elsewhere=used)
    generation, unmet = read_generation(cells, combination)
    if values.action in NAMING_ONLY or values.action is Action.SKIP:
        return content, generation, ()
    checked = check_content(content, combination, generation)
    if checked and cells.privacy:
        checked = [problem for problem in checked if problem.code != "privacy_blank"]
    if cells.prompt and generation:
        checked += check_placeholders("prompt", cells.prompt)
    return content, generation, (*problems, *unmet, *checked)


def _check_ended(channel: Channel, values: RowValues, cell: str, now: datetime) -> Iterator[Problem]:
    """Refuse a channel that has ended, at once or by the time of the post; what is there can still be withdrawn."""
    last: date = ENDED[channel]
    at = values.when.at or now
    if values.action in WITHDRAWING or max(at, now).date() <= last:
        return
    name = CHANNEL_LABELS[channel]
    said = f"{last.day} {last:%B %Y}"
    remedy = "choose another channel, or write `skip` into `action`"
    if now.date() <= last:
        remedy = f"give it a date up to {said}, or choose another channel"
    message = f"`channel` says {shorten(cell)}, but {name} has taken no posts since {said}: {remedy}."
    yield Problem("channel", "channel_ended", cell, message)


def _own_key(values: RowValues, channel: Channel | None) -> str:
    several = len(values.channels.named) > 1
    return fan_out_key(values.key, channel) if several and channel else values.key


def _derived_key(
    values: RowValues,
    channel: Channel | None,
    post_type: PostType | None,
    account: str,
    content: Content,
    generation: Generation | None,
    desk: _Desk,
) -> tuple[str, bool]:
    """Return the key of a row without one, and whether it could be derived; "" where nothing says what the post is."""
    if channel is None and not values.item_id:
        return "", False
    key = derive_key(
        site=values.site if desk.sites_differ else "",
        channel=channel,
        account=account,
        type=post_type,
        content=content,
        generation=generation,
        item_id=values.item_id,
    )
    return key, True
