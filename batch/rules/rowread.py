"""Turns the cells of a row that are the same for all its channels into values: action, site, date, key and the like."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from batch.model import Action
from batch.rules.cells import Cells
from batch.rules.columns import Channels, read_action, read_approved, read_channels, read_item_id
from batch.rules.keys import check_key
from batch.rules.problems import Problem, listed, nearest, quoted
from batch.rules.text import find_lookalike
from batch.rules.when import NO_DATE, When, Zones, doubt_date, doubt_midnight, read_when

WITHDRAWING = frozenset({Action.CANCEL, Action.DELETE})
NAMING_ONLY = WITHDRAWING | {Action.RESCHEDULE}
"""Actions that only name a post that is there: what it says and shows is not looked at."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What checking needs to know besides the sheet.

    `now` is in UTC. `sites` maps each configured site to its time zone ("" = none); without any, every site name is
    taken as it is. `default_site` is what a blank `site` cell means; `timezone` is the configuration's own zone. With
    `will_send` a date that has passed is left to the plan, which knows what became of the post.
    """

    now: datetime
    sites: Mapping[str, str] = field(default_factory=dict)
    default_site: str = ""
    timezone: str = ""
    will_send: bool = False


class RowValues(NamedTuple):
    """What the row as a whole says, and what is wrong with it."""

    action: Action | None
    site: str
    when: When
    key: str
    item_id: str
    approved: bool
    channels: Channels
    problems: tuple[Problem, ...]


class _Repeated(NamedTuple):
    """What the cells say that are alike in row after row; `first` and `last` are told before and after the rest."""

    action: Action | None
    site: str
    usual_zone: str
    item_id: str
    approved: bool
    channels: Channels
    first: tuple[Problem, ...]
    last: tuple[Problem, ...]


class RowReader:
    """Reads the cells that all channels of a row share; cells that say again what those of another row said, once."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._known: dict[Hashable, _Repeated] = {}

    def read(self, cells: Cells) -> RowValues:
        """Return what a row says."""
        repeated = self._repeated(cells)
        action = repeated.action
        when = _read_when(cells, repeated.usual_zone)
        problems = repeated.first
        if action not in WITHDRAWING:
            problems += when.problems + _check_date(action, when, cells, self._context)
        if cells.key:
            problems += check_key(cells.key)
        problems += repeated.last
        if action in NAMING_ONLY and not _is_described(cells):
            problems += (_unnamed(action),)
        return RowValues(
            action, repeated.site, when, cells.key, repeated.item_id, repeated.approved, repeated.channels, problems
        )

    def _repeated(self, cells: Cells) -> _Repeated:
        if cells.item_id:
            return _read_repeated(cells, self._context)
        alike = cells.action, cells.site, cells.channel, cells.account, cells.approved, not cells.key
        known = self._known.get(alike)
        if known is None:
            known = self._known[alike] = _read_repeated(cells, self._context)
        return known


def _read_repeated(cells: Cells, context: CheckContext) -> _Repeated:
    action, bad_action = read_action(cells.action)
    site, bad_site = read_site(cells.site, context)
    item_id, bad_id = read_item_id(cells.item_id)
    approved, bad_approved = read_approved(cells.approved)
    channels = _read_channels(cells, action)
    bad = tuple(p for p in (bad_action, bad_site, bad_id, bad_approved) if p)
    last = (*_check_account(cells.account), *_check_named(channels, cells))
    zone = context.sites.get(site) or context.timezone
    return _Repeated(action, site, zone, item_id, approved, channels, (*bad, *channels.problems), last)


def read_site(cell: str, context: CheckContext) -> tuple[str, Problem | None]:
    """Return the configured name of a row's site."""
    if cell in context.sites or (cell and not context.sites):
        return cell, None
    if not cell:
        return _usual_site(context)
    names = {name.casefold(): name for name in context.sites}
    if cell.casefold() in names:
        return names[cell.casefold()], None
    near = nearest(cell.casefold(), names)
    meant = f"Did you mean {names[near]}? " if near else ""
    message = f"`site` says {quoted(cell)}, which is not configured. {meant}Write {listed(context.sites)}."
    return cell, Problem("site", "site_unknown", cell, message)


def _usual_site(context: CheckContext) -> tuple[str, Problem | None]:
    if context.default_site or not context.sites:
        return context.default_site, None
    if len(context.sites) == 1:
        return next(iter(context.sites)), None
    message = f"`site` is blank, and no site is the default one: write {listed(context.sites)}."
    return "", Problem("site", "site_missing", "", message)


def _read_when(cells: Cells, usual: str) -> When:
    if not (cells.publish_at or cells.timezone or usual):
        return NO_DATE
    return read_when(cells.publish_at, zones=Zones(cells.timezone, usual))


def _read_channels(cells: Cells, action: Action | None) -> Channels:
    """Return the channels; a row that only names a post, by its ID or its key, need not say its channel."""
    if not cells.channel and (cells.item_id or cells.key) and action in NAMING_ONLY:
        return Channels(())
    return read_channels(cells.channel)


def _check_date(action: Action | None, when: When, cells: Cells, context: CheckContext) -> tuple[Problem, ...]:
    """Check the date against the action and the clock."""
    if when.problems and any(problem.column == "publish_at" and not problem.warning for problem in when.problems):
        return ()
    seen = cells.publish_at if isinstance(cells.publish_at, str) else when.local_time
    if action and (contradiction := _contradiction(action, when, cells, seen)):
        return (contradiction,)
    if when.at is None or action is Action.DRAFT:
        return ()
    doubt = doubt_date(when.at, now=context.now, seen=seen, say_past=not context.will_send)
    doubt = doubt or doubt_midnight(cells.publish_at)
    return (doubt,) if doubt else ()


def _contradiction(action: Action | None, when: When, cells: Cells, seen: str) -> Problem | None:
    if action is Action.PUBLISH and cells.publish_at and not when.now:
        message = f"`publish` publishes now, but `publish_at` says {quoted(seen)}: clear the date, or write `schedule`."
        return Problem("publish_at", "publish_with_date", seen, message)
    if action in (Action.SCHEDULE, Action.RESCHEDULE) and (when.now or not cells.publish_at):
        says = "says “now”" if when.now else "is blank"
        message = f"`{action}` needs a date, but `publish_at` {says}: write one, such as 2026-12-01 09:30."
        return Problem("publish_at", "date_missing", seen, message)
    if action is Action.DRAFT and when.now:
        message = "`draft` keeps a post unpublished, but `publish_at` says “now”: clear one of the two."
        return Problem("publish_at", "draft_now", seen, message)
    if action is Action.DRAFT and cells.publish_at:
        message = f"`publish_at` says {quoted(seen)}, which a draft does not use: clear it, or write `schedule`."
        return Problem("publish_at", "date_unused", seen, message, warning=True)
    return None


def _check_account(account: str) -> Iterator[Problem]:
    hidden = find_lookalike(account)
    if hidden:
        message = (
            f"`account` says {quoted(account)}, whose “{hidden.letter}” is {hidden.name} that only looks right: "
            f"type it again, as {hidden.reads_as}."
        )
        yield Problem("account", "lookalike_letters", account, message, warning=True)


def _check_named(channels: Channels, cells: Cells) -> Iterator[Problem]:
    """Check that an ID, which is that of one post, stands in a row that is one post."""
    if cells.item_id and len(channels.named) > 1:
        message = (
            f"`item_id` names one post, but `channel` says {quoted(cells.channel)}: give each channel a row of its own."
        )
        yield Problem("item_id", "item_id_several", cells.item_id, message)


def _is_described(cells: Cells) -> bool:
    """Tell whether anything in a row says which post it means."""
    return any((cells.key, cells.item_id, cells.text, cells.media, cells.title, cells.link, cells.prompt))


def _unnamed(action: Action | None) -> Problem:
    message = f"`key` and `item_id` are blank, and `{action}` has to know its post: write its key, or its ID."
    return Problem("key", "key_or_item_needed", "", message)
