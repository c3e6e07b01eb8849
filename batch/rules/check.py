"""Turns the rows of a sheet into posts, one for each channel that a row names, with all that is wrong with each.

    cells ──► what the row says (rowread) ──► what each channel's post says (content, generation) ──► beside the others

Pure: the time and the configuration come in as `CheckContext`. Never raises for a row and never drops one: a row
that is wrong is a post with errors. Files and addresses of media are looked at elsewhere (media.py).
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from batch.model import (
    Action,
    Channel,
    Content,
    Generate,
    Generation,
    Issue,
    Medium,
    Post,
    PostType,
    Row,
    Severity,
    Sheet,
)
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, DEFAULT_TYPE, ENDED, TYPES, Combination
from batch.rules.columns import NAMING_ONLY, REMEMBERED, WITHDRAWING, CellReader, Cells, RowReader, RowValues, read_type
from batch.rules.columns import CheckContext as CheckContext
from batch.rules.content import FIELDS, NO_CONTENT, check_content, check_placeholders, read_content, read_generation
from batch.rules.issues import Problem, make_issue
from batch.rules.keys import derive_key, fan_out_key
from batch.rules.media import check_media
from batch.wording import listed, quoted, shorten

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


FAILED = "generation_failed"
GENERATED_CODES: Mapping[str, str] = MappingProxyType({
    FAILED: "the service did not generate what the row asks for",
    "ai_tools_missing": "the site's plan does not name the feature for generating",
})  # fmt: skip
"""Every code that generating can find, with what it stands for."""

MADE = frozenset({"text", "title"})
"""The columns that generated words stand in for."""
AGAIN = "change `prompt`, or run with --regenerate"


def fingerprint(post: Post) -> str:
    """Return the fingerprint of what a post asks to have generated: the same request is made once only."""
    asked = post.generation
    parts = [post.site, post.key, post.channel or "", post.content.link]
    if asked is not None:
        parts += [asked.kind, asked.prompt, asked.asset_type, asked.asset_id, asked.tone, asked.language]
        if asked.kind is Generate.IMAGE:
            parts += [medium.identity or medium.source for medium in post.content.media[:1]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def content_to_json(content: Content) -> str:
    """Return generated content as the journal keeps it."""
    media = [{"source": m.source, "kind": m.kind} for m in content.media]
    return json.dumps({"text": content.text, "title": content.title, "link": content.link, "media": media})


def content_from_json(text: str) -> Content | None:
    """Return content that the journal kept; None where it can't be read, so that it is generated anew."""
    try:
        data = json.loads(text)
        media = tuple(Medium(source=str(m["source"]), kind=str(m["kind"])) for m in data["media"])
        return Content(text=str(data["text"]), title=str(data["title"]), link=str(data["link"]), media=media)
    except (ValueError, TypeError, KeyError):
        return None


def with_generated(post: Post, made: Content) -> Post:
    """Return the post with generated content in it, checked."""
    if post.generation is None or post.channel is None or post.type is None:
        return post
    combination = COMBINATIONS[post.channel, post.type]
    merged, new = _MERGES[post.generation.kind](post.content, made, combination)
    known = check_media(replace(post, content=replace(merged, media=new)), {})
    rest = merged.media[len(new) :]
    filled = replace(known, content=replace(known.content, media=known.content.media + rest))
    return replace(filled, issues=filled.issues + tuple(_check(filled)))


_Merge = Callable[[Content, Content, Combination], tuple[Content, tuple[Medium, ...]]]
"""Merges a row's content with what was made; also returns the media that are new and come first."""


def _merge_caption(own: Content, made: Content, combination: Combination) -> tuple[Content, tuple[Medium, ...]]:
    title = own.title or (made.title if combination.title else "")
    return replace(own, text=made.text, title=title), ()


def _merge_post(own: Content, made: Content, combination: Combination) -> tuple[Content, tuple[Medium, ...]]:
    merged, _ = _merge_caption(own, made, combination)
    link = own.link or (made.link if combination.link else "")
    new = () if own.media else tuple(Medium(source=m.source, kind=m.kind) for m in made.media)
    return replace(merged, link=link, media=own.media or new), new


def _merge_image(own: Content, made: Content, _combination: Combination) -> tuple[Content, tuple[Medium, ...]]:
    new = tuple(Medium(source=m.source, kind=m.kind) for m in made.media[:1])
    return replace(own, media=new + own.media[1:]), new


_MERGES: Mapping[Generate, _Merge] = MappingProxyType({
    Generate.CAPTION: _merge_caption,
    Generate.POST: _merge_post,
    Generate.IMAGE: _merge_image,
})  # fmt: skip


def _check(post: Post) -> Iterator[Issue]:
    """Check the content as any other, and say where a text that breaks a rule comes from; nothing is said twice."""
    said = {(issue.column, issue.code) for issue in post.issues}
    for issue in check_generated(post):
        if (issue.column, issue.code) not in said:
            made = issue.column in MADE
            yield replace(issue, message=f"{issue.message} It was generated: {AGAIN}.") if made else issue


def _issue(post: Post, code: str, seen: str, message: str, *, warning: bool = False) -> Issue:
    return Issue(post.row, "generate", code, seen, message, Severity.WARNING if warning else Severity.ERROR)


def with_failure(post: Post, *, code: str, message: str) -> Post:
    """Return the post with the reason why nothing was generated for it: it ends as `failed`, and is not sent."""
    kind = post.generation.kind if post.generation else ""
    remedy = "Change `prompt`, or clear `generate` and fill the row yourself."
    issue = _issue(post, FAILED, kind, f"Nothing was generated ({code}): {message.rstrip('.')}. {remedy}")
    return replace(post, issues=(*post.issues, issue))


def with_plan_warning(post: Post) -> Post:
    """Return the post with the hint that the site's plan may not include generating."""
    message = "The site's plan does not include AI tools, so the service may refuse to generate; see the site's plan."
    return replace(post, issues=(*post.issues, _issue(post, "ai_tools_missing", "", message, warning=True)))
