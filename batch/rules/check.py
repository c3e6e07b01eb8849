"""Turns the rows of a sheet into posts, one for each place and channel that a row names, with what is wrong with each.

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
from itertools import accumulate, chain
from typing import NamedTuple

from batch.model import (
    PLACE_COLUMNS,
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
    SheetRows,
)
from batch.rules.channel_words import REMEMBERED, read_type
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, DEFAULT_TYPE, ENDED, TYPES, Combination
from batch.rules.columns import NAMING_ONLY, WITHDRAWING, CellReader, Cells, RowReader, RowValues
from batch.rules.columns import CheckContext as CheckContext
from batch.rules.content import FIELDS, NO_CONTENT, check_content, join_tags, read_content, read_generation
from batch.rules.damage import COLUMN_KINDS, find_damage
from batch.rules.date_text import DateText
from batch.rules.dates import say_date
from batch.rules.issues import Problem, make_issue
from batch.rules.keys import derive_key, fan_out_key
from batch.rules.media import check_media
from batch.rules.places import WORD, Place, Places
from batch.rules.repeats import repeat_dates
from batch.rules.slots import DEFAULT, EXAMPLE, SLOT, SlotTimes
from batch.rules.text import check_placeholders
from batch.wording import list_names, listed, quoted, shorten

NumberedPost = tuple[int, Post]
"""A post with its place among all posts of the sheet."""

Found = Iterator[tuple[int, Problem]]
"""Places of posts, with what is wrong there."""

MOST_NAMED = 4


def compare_posts(posts: Sequence[Post]) -> dict[int, list[Problem]]:
    """Return what is wrong with posts beside each other, by their place in `posts`."""
    found: defaultdict[int, list[Problem]] = defaultdict(list)
    kept = [(place, post) for place, post in enumerate(posts) if post.action is not Action.SKIP]
    for place, problem in chain(_same_names(kept), _same_looks(kept), _same_minutes(kept), _date_gaps(kept)):
        found[place].append(problem)
    return dict(found)


def _groups(placed: Iterable[tuple[Hashable, NumberedPost]]) -> Iterator[list[NumberedPost]]:
    groups: defaultdict[Hashable, list[NumberedPost]] = defaultdict(list)
    for name, entry in placed:
        groups[name].append(entry)
    return (group for group in groups.values() if len(group) > 1)


_ALIKE = {
    "key_twice": "{rows} use the `key` {seen}. Give each post its own.",
    "key_needed": (
        "{rows} have no `key` and would be the same post: same site, channel, account, type and content. Give each a "
        "key."
    ),
    "key_nearly_twice": (
        "The keys of {these} differ only in capital letters ({seen}). If they are two posts, change one `key`."
    ),
    "item_id_twice": "{rows} have the `item_id` {seen}. Keep one row for each item.",
    "same_look": (
        "{rows} are the same post on the same channel and account, `{column}` {seen}. Change one, or write `skip` into "
        "its `action`, if that isn't meant."
    ),
    "same_caption": (
        "{rows} have the same `text` on the same channel, account and day: {seen}. Change one if that isn't meant."
    ),
    "same_minute": (
        "{rows} go to the same account in the same minute ({seen}). Change one `publish_at` if that isn't meant."
    ),
}
"""What is said of posts that are alike in one thing: `{seen}` is the cell, `{rows}` and `{these}` all their rows."""

_SEEN: Mapping[str, Callable[[Post], str]] = {
    "key": lambda post: post.key,
    "item_id": lambda post: post.item_id,
    "text": lambda post: post.content.text,
    "media": lambda post: post.content.media[0].source,
    "publish_at": lambda post: post.local_time,
}


def _tell(
    group: Sequence[NumberedPost], column: str, code: str, *, warning: bool = True, show: Callable[[str], str] = quoted
) -> Found:
    """Tell every post of a group of all of them: `Rows 3, 4, 5, 6 and 16 more`; in one row `Places bonn and ulm`."""
    noun, names = "row", list(dict.fromkeys(str(post.row) for _, post in group))
    if len(names) == 1 and group[0][1].place:
        noun, names = "place", list(dict.fromkeys(post.place for _, post in group))
    these = list_names(names, noun=noun, limit=MOST_NAMED + (len(names) == MOST_NAMED + 1))
    rows = these[0].upper() + these[1:]
    for place, post in group:
        seen = "" if code == "key_needed" else _SEEN[column](post)
        message = _ALIKE[code].format(column=column, rows=rows, these=these, seen=show(seen))
        yield place, Problem(column, code, seen, message, warning)


def _same_names(kept: Sequence[NumberedPost]) -> Found:
    for group in _groups(((post.site, post.key.casefold()), (place, post)) for place, post in kept if post.key):
        for same in _groups((post.key, (place, post)) for place, post in group):
            code = "key_needed" if all(post.key_derived for _, post in same) else "key_twice"
            yield from _tell(same, "key", code, warning=False)
        if len({post.key for _, post in group}) > 1:
            yield from _tell(group, "key", "key_nearly_twice")
    for group in _groups(((post.site, post.item_id), (place, post)) for place, post in kept if post.item_id):
        if len({post.row for _, post in group}) > 1:
            yield from _tell(group, "item_id", "item_id_twice", warning=False)


def _same_looks(kept: Sequence[NumberedPost]) -> Found:
    shown = (
        ((post.site, post.channel, post.content.text or post.content.media), (place, post))
        for place, post in kept
        if post.channel and post.action not in NAMING_ONLY and (post.content.text or post.content.media)
    )
    for similar in _groups(shown):
        said: set[int] = set()
        looks = (((p.type, _account(p), p.content.text, p.content.media, p.content.link), (n, p)) for n, p in similar)
        for group in _groups(looks):
            said.update(place for place, _ in group)
            if len({(post.row, post.place) for _, post in group}) > 1:  # a row that repeats is alike on purpose
                yield from _tell(group, "text" if group[0][1].content.text else "media", "same_look")
        captions = (
            ((_account(p), "now" if p.now else p.local_time[:10]), (n, p))
            for n, p in similar
            if p.content.text and p.local_time
        )
        for group in _groups(captions):
            yield from (found for found in _tell(group, "text", "same_caption") if found[0] not in said)


GOING_OUT = frozenset({None, Action.PUBLISH, Action.SCHEDULE, Action.RESCHEDULE})


def _same_minutes(kept: Sequence[NumberedPost]) -> Found:
    timed = (
        ((at.replace(second=0) if at.second else at, post.site, post.channel, _account(post)), (place, post))
        for place, post in kept
        if (at := post.publish_at) and post.channel and post.action in GOING_OUT and not post.errors
    )
    for group in _groups(timed):
        if len({post.content.text or post.content.media for _, post in group}) > 1:
            yield from _tell(group, "publish_at", "same_minute", show=_in_words)


def _date_gaps(kept: Sequence[NumberedPost]) -> Found:
    """Tell rows without a date (and no reason for that) below one that has a date, where dates begin again."""
    gap: list[NumberedPost] = []
    gaps: list[tuple[Post, NumberedPost]] = []
    dated: Post | None = None
    begun_again = False
    for place, post in kept:
        if post.now or post.publish_at or post.slots or any(issue.column in WHEN for issue in post.issues):
            begun_again = begun_again or bool(gap)
            gap, dated = [], post
        elif dated and post.row != dated.row and post.action is None and not post.item_id:
            gap.append((place, post))
            gaps.append((dated, (place, post)))
    for above, (place, _) in gaps if begun_again else ():
        said = f" ({_in_words(above.local_time)})" if above.local_time else ""
        message = (
            f"`publish_at` is blank below row {above.row}{said}, so this post becomes a draft. Write its date, or "
            "write `draft` into `action`."
        )
        yield place, Problem("publish_at", "date_gap", "", message, warning=True)


WHEN = frozenset({"publish_at", "timezone"})


def _in_words(local_time: str) -> str:
    return say_date(DateText(datetime.fromisoformat(local_time[:16]))) if local_time[:1].isdigit() else local_time


def _account(post: Post) -> str:
    return post.account.strip().removeprefix("@").casefold()


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
    keys: frozenset[str] = frozenset()

    def read_slots(
        self, channel: Channel | None, values: RowValues, problems: tuple[Problem, ...]
    ) -> tuple[SlotTimes, tuple[Problem, ...]]:
        """Return the slots of a post that asks for one, and its problems with what is wrong where there are none."""
        if not values.when.slot or channel is None or values.action not in (None, Action.SCHEDULE):
            return (), problems
        slots = self.context.slots
        if times := slots.get(channel, slots.get(DEFAULT, ())):
            return times, problems
        message = (
            f"{quoted(SLOT)} has no times for {CHANNEL_LABELS[channel]}. Add some to postbatch.toml below [slots], "
            f"such as {channel} = {EXAMPLE}, or write a date."
        )
        return (), (*problems, Problem("publish_at", "slots_missing", SLOT, message))


def check(sheet: SheetRows, *, context: CheckContext) -> tuple[Post, ...]:
    """Return the posts of a sheet in its order, each with its issues."""
    read_issues: defaultdict[int, list[Issue]] = defaultdict(list)
    for issue in sheet.issues:
        if issue.row is not None:
            read_issues[issue.row].append(issue)
    told = {row: tuple(found) for row, found in read_issues.items()}
    many = {"places", "repeat"} & sheet.columns.keys()
    keys = frozenset(sheet.text(row, "key") for row in sheet.rows) if many else frozenset()
    desk = _Desk(context, CellReader(sheet.columns), RowReader(context), told, keys)
    posts: list[Post] = [post for row in sheet.rows for post in _check_row(row, desk)]
    for place, problems in compare_posts(posts).items():
        post = posts[place]
        flawed = {issue.column for issue in told.get(post.row, ()) if issue.severity is Severity.ERROR}
        added = tuple(
            make_issue(problem, row=post.row, cell=desk.reader.place(post.row, problem.column), place=post.place)
            for problem in problems
            if problem.column not in flawed
        )
        posts[place] = replace(post, issues=(*post.issues, *added))
    # A row of which reading could save nothing is a post all the same, with what is wrong with it.
    lost = told.keys() - {post.row for post in posts}
    posts += [Post(row, "", "", None, None, issues=told[row]) for row in lost]
    return tuple(sorted(posts, key=lambda post: post.row) if lost else posts)


class _RowCopy(NamedTuple):
    """What a row says for one date and place, with what is wrong there; `parts` tell it from the row's other copies."""

    cells: Cells
    place: Place | None = None
    problems: tuple[Problem, ...] = ()
    parts: tuple[str, ...] = ()
    series: str = ""


def _check_row(row: Row, desk: _Desk) -> list[Post]:
    cells = desk.reader.read(row)
    copies: Iterable[_RowCopy] = (_RowCopy(cells),)
    if cells.repeat:
        copies = _copies_by_date(cells)
    if cells.places:
        copies = [placed for copy in copies for placed in _copies_by_place(copy, desk.context.places)]
    if cells.repeat or cells.places:
        # A row with the key of one of these posts stands for it: that of its date, or of its date and place.
        copies = [
            copy
            for copy in copies
            if copy.cells.key == cells.key
            or desk.keys.isdisjoint([*accumulate(copy.parts, fan_out_key, initial=cells.key)][1:])
        ]
    return [post for copy in copies for post in _check_copy(row, copy, desk)]


def _copies_by_date(cells: Cells) -> Iterator[_RowCopy]:
    """Yield a row's cells for each date of its rule; one copy with what is wrong where the rule can't be told."""
    dates = repeat_dates(cells.repeat, cells.publish_at)
    if isinstance(dates, Problem):
        yield _RowCopy(cells, problems=(dates,))
        return
    several: tuple[Problem, ...] = ()
    if len(dates) > 1 and cells.item_id:
        message = "`item_id` names one post, but `repeat` makes several: give this one a row of its own."
        several = (Problem("item_id", "item_id_several", cells.item_id, message),)
    for at in dates:
        day = f"{at:%Y-%m-%d}"
        key = fan_out_key(cells.key, day) if cells.key else ""
        clock = at if at.second else f"{at:%Y-%m-%d %H:%M}"
        yield _RowCopy(cells._replace(key=key, publish_at=clock), None, several, (day,), cells.key)


def _copies_by_place(copy: _RowCopy, places: Places) -> Iterator[_RowCopy]:
    """Yield a copy's cells for each place that its row names; one with what is wrong where that can't be told."""
    cells, chosen = copy.cells, places.choose(copy.cells.places)
    if chosen.problems:
        bare = {column: WORD.sub(lambda word: word[1].strip(), getattr(cells, column)) for column in PLACE_COLUMNS}
        yield copy._replace(cells=cells._replace(**bare), problems=(*copy.problems, *chosen.problems))
    for place in chosen.places:
        action = Action.SKIP if place.skip else cells.action
        key = fan_out_key(cells.key, place.name) if cells.key else ""
        own = cells._replace(key=key, site=cells.site or place.site, action=action)
        problems = (*place.problems, *_compare_place(cells, place, several=len(chosen.places) > 1))
        series = copy.series or cells.key
        yield _RowCopy(own, place, (*copy.problems, *problems), (*copy.parts, place.name), series)


def _compare_place(cells: Cells, place: Place, *, several: bool) -> Iterator[Problem]:
    """Yield what a row and a place both say; it is never guessed which of them is meant."""
    if several and cells.item_id:
        message = "`item_id` names one post, but `places` names several: give each place a row of its own."
        yield Problem("item_id", "item_id_several", cells.item_id, message)
    if cells.site and place.site and cells.site.casefold() != place.site.casefold():
        message = f"The place is on {quoted(place.site)}, not on {quoted(cells.site)}. Clear `site`."
        yield Problem("site", "place_site", cells.site, message)
    if cells.account and place.accounts:
        message = (
            f"The table of places has an account for this place, so {quoted(cells.account)} can't be used. Clear "
            "`account`, or give the place its own row."
        )
        yield Problem("account", "place_account", cells.account, message)


def _check_copy(row: Row, copy: _RowCopy, desk: _Desk) -> list[Post]:
    cells, place = copy.cells, copy.place
    values = desk.rows.read(cells, place_zone=place.timezone if place else "")
    if place or copy.problems:
        problems = list(copy.problems)
        for problem in values.problems:
            if place and problem.column in ("site", "timezone") and not desk.reader.has(row, problem.column):
                # what the row leaves to its place is told as the place's
                message = f"{desk.context.places.source}, row {place.row}: {problem.message}"
                problem = problem._replace(column="places", message=message, fix=None)
            problems.append(problem)
        values = values._replace(problems=tuple(problems))
    named = values.channels.named
    if len(named) == 1:
        return [_make_post(row, copy, values, named[0], used=NONE_USED, desk=desk)]
    fits = [_fit(cells.type, values.channels.types.get(channel), channel) for channel in named]
    used = NONE_USED.union(
        *(FIELDS.get((c, f.type or DEFAULT_TYPE[c]), NONE_USED) for c, f in zip(named, fits, strict=True))
    )
    return [_make_post(row, copy, values, channel, used=used, desk=desk) for channel in named or (None,)]


def _fill_in(cells: Cells, place: Place, places: Places) -> tuple[Cells, tuple[Problem, ...]]:
    filled: dict[str, str] = {}
    problems: tuple[Problem, ...] = ()
    for column in PLACE_COLUMNS:
        if "{{" in (cell := getattr(cells, column)):
            filled[column], found = places.fill_in(cell, column, place)
            problems += found
    return (cells._replace(**filled) if filled else cells), problems


def _words_of(key: str, values: RowValues, channel: Channel | None, cells: Cells, place: str) -> Mapping[str, str]:
    named = {"channel": (channel or "").casefold(), "type": cells.type.casefold(), "campaign": cells.campaign}
    return {**named, "key": key, "site": values.site, "place": place}


def _make_post(
    row: Row, copy: _RowCopy, values: RowValues, channel: Channel | None, *, used: frozenset[str], desk: _Desk
) -> Post:
    """Return the post of one channel of a row."""
    place, name = copy.place, copy.place.name if copy.place else ""
    cells, own = desk.reader.for_post(copy.cells, row, channel, name)
    beside = values.channels.types.get(channel) if channel else None
    post_type, combination, problems = _fit(cells.type, beside, channel)
    if place:
        cells, missing = _fill_in(cells, place, desk.context.places)
        cells = cells._replace(account=place.accounts.get(channel, cells.account) if channel else cells.account)
        problems += missing
    content, generation = NO_CONTENT, None
    if combination:
        content, generation, found = _read_said(cells, combination, values, used)
        problems += found
    if channel and channel in ENDED:
        problems += tuple(_check_ended(channel, values, cells.channel, desk.context.now))
    if cells.key:
        several = len(values.channels.named) > 1 or place is not None
        key = fan_out_key(cells.key, channel) if several and channel else cells.key
    elif channel or values.item_id:
        key = derive_key(
            site=values.site if len(desk.context.sites) > 1 else "",
            channel=channel,
            account=cells.account,
            type=post_type,
            content=content,
            generation=generation,
            item_id=values.item_id,
            place="/".join(copy.parts),
        )
    else:
        key = ""  # nothing says what the post is
    slots, problems = desk.read_slots(channel, values, problems)
    if content.link and (tagged := desk.context.utm.tag(content.link, _words_of(key, values, channel, cells, name))):
        content = replace(content, link=tagged)
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
        key_derived=bool(key) and not cells.key,
        issues=_make_issues(row.number, (channel, name), own, values.problems + problems, values.action, desk),
        place=name,
        series=copy.series if cells.key else "",
        slots=slots,
    )


def _make_issues(
    row: int, owners: tuple[Channel | None, str], own: Mapping[str, str], problems: Sequence[Problem],
    action: Action | None, desk: _Desk,
) -> tuple[Issue, ...]:  # fmt: skip
    """Return a post's issues, those of reading first; `owners` are its channel and place, `own` their columns."""
    read, place = desk.read_issues.get(row, ()), owners[1]
    if read and any(owners):  # what is wrong in `text:FACEBOOK` is no matter of Instagram
        read = tuple(issue for issue in read if issue.column.partition(":")[2] in ("", *owners))
    if action is Action.SKIP:
        return tuple(replace(issue, severity=Severity.WARNING) for issue in read)
    if not problems or any(issue.code in TORN for issue in read):
        return read
    flawed = {issue.column for issue in read if issue.severity is Severity.ERROR}
    placed = (p._replace(column=own[p.column]) if p.column in own else p for p in problems)
    found = (
        make_issue(p, row=row, cell=desk.reader.place(row, p.column), place=place)
        for p in placed
        if p.column not in flawed
    )
    return (*read, *dict.fromkeys(found))


class _Fit(NamedTuple):
    """What a row is on one channel: its type, the usual one where the cell is blank, and what the table says of it."""

    type: PostType | None
    combination: Combination | None = None
    problems: tuple[Problem, ...] = ()


@lru_cache(REMEMBERED)
def _fit(cell: str, beside: PostType | None, channel: Channel | None) -> _Fit:
    """Return what a row is on one channel; `beside` is the type that stood beside the channel's name."""
    written, wrong = read_type(cell)
    if channel and beside and written not in (None, beside) and not wrong:
        named = f"`channel` names {CHANNEL_LABELS[channel]} with the type {beside}"
        message = f"`type` is {quoted(cell)}, but {named}. Keep one of the two."
        wrong = Problem("type", "type_contradicts", cell, message)
    if wrong or channel is None:
        return _Fit(None if wrong else written or beside, None, (wrong,) if wrong else ())
    post_type = written or beside or DEFAULT_TYPE[channel]
    combination = COMBINATIONS.get((channel, post_type))
    if post_type in TYPES[channel]:
        return _Fit(post_type, combination)
    types, column, seen = listed(TYPES[channel]), "type" if cell else "channel", cell or str(beside)
    remedy = (
        f"{quoted(cell)}. Write {types} into `type`, or leave it blank."
        if cell
        else (f"{beside}. Write `channel` with {types}.")
    )
    message = f"{CHANNEL_LABELS[channel]} has no {remedy}"
    return _Fit(post_type, combination, (Problem(column, "type_not_on_channel", seen, message),))


def _read_said(
    cells: Cells, combination: Combination, values: RowValues, used: frozenset[str]
) -> tuple[Content, Generation | None, tuple[Problem, ...]]:
    """Return what a post says and shows; a row that only names a post is not asked for it."""
    content, problems = read_content(cells, combination, used_elsewhere=used)
    generation, unmet = read_generation(cells, combination)
    if values.action in NAMING_ONLY or values.action is Action.SKIP:
        return content, generation, ()
    checked = [
        found for column in COLUMN_KINDS if (cell := getattr(cells, column)) and (found := find_damage(column, cell))
    ]
    checked += check_content(content, combination, generation, hashtags=cells.hashtags)
    if checked and cells.privacy:
        checked = [problem for problem in checked if problem.code != "privacy_blank"]
    if cells.prompt and generation:
        checked += check_placeholders("prompt", cells.prompt)
    return content, generation, (*problems, *unmet, *checked)


def _check_ended(channel: Channel, values: RowValues, cell: str, now: datetime) -> Iterator[Problem]:
    """Refuse a channel that has ended, at once or by the time of the post; what is there can still be withdrawn."""
    last: date = ENDED[channel]
    if values.action in WITHDRAWING or max(values.when.at or now, now).date() <= last:
        return
    name, other, said = CHANNEL_LABELS[channel], f"another `channel` than {shorten(cell)}", f"{last.day} {last:%B %Y}"
    message = f"{name} takes no posts after {said}. Choose an earlier date, or {other}."
    if now.date() > last:
        message = f"{name} has taken no posts since {said}. Choose {other}, or skip the row."
    yield Problem("channel", "channel_ended", cell, message)


FAILED = "generation_failed"
MADE = frozenset({"text", "title"})
"""The columns that generated words stand in for."""
AGAIN = "change `prompt`, or run with --regenerate"


def fingerprint(post: Post) -> str:
    """Return the fingerprint of what a post asks to have generated: the same request is made once only."""
    asked = post.generation
    parts = [post.site, post.key, post.channel or "", post.content.link]
    if asked is not None:
        parts += [asked.kind, asked.prompt, asked.asset_type, asked.asset_id, asked.tone, asked.language]
        parts += [asked.asset_name] if asked.asset_name else []
        if asked.kind is Generate.IMAGE:
            parts += [medium.identity or medium.source for medium in post.content.media[:1]]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def content_to_json(content: Content) -> str:
    """Return generated content as the journal keeps it."""
    media = [{"source": m.source, "kind": m.kind} for m in content.media]
    return json.dumps({"text": content.text, "title": content.title, "link": content.link, "media": media})


def content_from_json(text: str) -> Content | None:
    """Return content that the journal kept; None where it can't be read, so that it is generated again."""
    try:
        data = json.loads(text)
        media = tuple(Medium(source=str(m["source"]), kind=str(m["kind"])) for m in data["media"])
        return Content(text=str(data["text"]), title=str(data["title"]), link=str(data["link"]), media=media)
    except (ValueError, TypeError, KeyError):
        return None


def with_generated(post: Post, made: Content) -> Post:
    """Return the post with generated content in it, checked as any other; a text says where it comes from."""
    if post.generation is None or post.channel is None or post.type is None:
        return post
    combination = COMBINATIONS[post.channel, post.type]
    merged, new = _merge(post.content, made, post.generation.kind, combination)
    known = check_media(replace(post, content=replace(merged, media=new)), {})
    rest = merged.media[len(new) :]
    filled = replace(known, content=replace(known.content, media=known.content.media + rest))
    said = {(issue.column, issue.code) for issue in filled.issues}
    issues: list[Issue] = []
    for problem in check_content(filled.content, combination):
        if problem.column in MADE:
            problem = problem._replace(message=f"{problem.message} It was generated: {AGAIN}.")
        if (problem.column, problem.code) not in said:
            issues.append(make_issue(problem, row=post.row, cell="", place=post.place))
    return replace(filled, issues=(*filled.issues, *issues))


def _merge(own: Content, made: Content, kind: Generate, combination: Combination) -> tuple[Content, tuple[Medium, ...]]:
    """Merge a row's content with what was made; also returns the media that are new, which come first."""
    new = tuple(Medium(source=m.source, kind=m.kind) for m in made.media)
    if kind is Generate.IMAGE:
        return replace(own, media=new[:1] + own.media[1:]), new[:1]
    title = own.title or (made.title if combination.title else "")
    # A row that has its text generated has none of its own, so what stands there are its hashtags.
    merged = replace(own, text=join_tags(made.text, own.text), title=title)
    if kind is Generate.CAPTION:
        return merged, ()
    link = own.link or (made.link if combination.link else "")
    return replace(merged, link=link, media=own.media or new), () if own.media else new


ASSET_UNKNOWN = "asset_unknown"
PROMPT_CHANGED = "The prompt has changed since this was written. Add --regenerate to write a new text."
PLAN_LACKS_AI = "The site's plan does not include AI tools, so the service may refuse to generate. See the site's plan."


def with_issue(post: Post, code: str, seen: str, message: str, *, warning: bool = False) -> Post:
    """Return the post with something to say of its generating; one with an error is not sent."""
    severity = Severity.WARNING if warning else Severity.ERROR
    return replace(post, issues=(*post.issues, Issue(post.row, "generate", code, seen, message, severity)))


def with_failure(post: Post, *, code: str, message: str) -> Post:
    """Return the post with the reason why nothing was generated for it: it ends as `failed`, and is not sent."""
    kind = post.generation.kind if post.generation else ""
    remedy = "Change `prompt`, or clear `generate` and fill the row yourself."
    return with_issue(post, FAILED, kind, f"Nothing was generated ({code}): {message.rstrip('.')}. {remedy}")
