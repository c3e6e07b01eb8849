"""Turns the text of one cell into the value it stands for, or into what is wrong with it. Knows one column at a time.

Each reader is remembered by its text: channels, actions and sites come again in every row.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from types import MappingProxyType
from typing import NamedTuple

from batch.model import COLUMNS, Action, Cell, Channel, Generate, Row
from batch.rules.channel_words import REMEMBERED, Channels, plain, read_channels
from batch.rules.channels import Choice
from batch.rules.dates import NO_DATE, When, doubt_date, read_when
from batch.rules.issues import Problem, did_you_mean, nearest, only_near
from batch.rules.keys import check_key
from batch.rules.links import NO_TAGS, Utm
from batch.rules.places import NO_PLACES, Places
from batch.rules.slots import SlotTimes
from batch.rules.text import find_lookalike, read_yes_no
from batch.wording import cell_address, listed, quoted, shorten

ACTION_FORMS: Mapping[str, Action] = MappingProxyType({
    "drafts": Action.DRAFT, "drafted": Action.DRAFT, "drafting": Action.DRAFT,
    "schedules": Action.SCHEDULE, "scheduled": Action.SCHEDULE, "scheduling": Action.SCHEDULE,
    "reschedules": Action.RESCHEDULE, "rescheduled": Action.RESCHEDULE, "rescheduling": Action.RESCHEDULE,
    "skips": Action.SKIP, "skipped": Action.SKIP, "skipping": Action.SKIP,
})  # fmt: skip
"""Other forms of the actions that can be taken back: what they do is what the words of a results sheet tell of."""

FINAL_FORMS: Mapping[str, Action] = MappingProxyType({
    "publishes": Action.PUBLISH, "published": Action.PUBLISH, "publishing": Action.PUBLISH,
    "cancels": Action.CANCEL, "canceled": Action.CANCEL, "cancelled": Action.CANCEL, "canceling": Action.CANCEL,
    "cancelling": Action.CANCEL, "cancelation": Action.CANCEL, "cancellation": Action.CANCEL,
    "deletes": Action.DELETE, "deleted": Action.DELETE, "deleting": Action.DELETE, "deletion": Action.DELETE,
})  # fmt: skip
"""Other forms of the actions that can't be taken back: only the bare verb is followed, since these may tell a state."""

ACTION_WORDS: Mapping[str, Action] = MappingProxyType({
    **FINAL_FORMS, "withdraw": Action.CANCEL, "stop": Action.CANCEL, "remove": Action.DELETE, "erase": Action.DELETE,
    "post": Action.PUBLISH, "publishnow": Action.PUBLISH, "now": Action.PUBLISH, "send": Action.PUBLISH,
    "plan": Action.SCHEDULE, "queue": Action.SCHEDULE, "move": Action.RESCHEDULE, "postpone": Action.RESCHEDULE,
    "save": Action.DRAFT, "ignore": Action.SKIP, "hold": Action.SKIP, "none": Action.SKIP,
})  # fmt: skip
"""Words that people write for an action. They are asked about and never followed: some acts can't be taken back."""

FINAL_WORDS: Mapping[Action, tuple[str, str]] = {
    Action.PUBLISH: ("published", "Publishing"), Action.CANCEL: ("cancelled", "Cancelling"),
    Action.DELETE: ("deleted", "Deleting"),
}  # fmt: skip
NO_ACTION = frozenset({
    "update", "updates", "updated", "updating", "unchanged", "processing", "inqueue", "unknown", "invalid", "blocked",
    "conflict", "failed", "notrun",
})  # fmt: skip
"""What results tell of a post and no action does; a post is changed by a row whose action is blank."""

APPROVED: Mapping[str, bool] = MappingProxyType(
    dict.fromkeys(("approved", "freigegeben", "approuvé", "aprobado", "approvato", "aprovado", "goedgekeurd",
                   "zatwierdzone", "одобрено", "承認済み", "承認", "已批准", "批准"), True)
    | dict.fromkeys(("pending", "not approved", "ausstehend"), False)
)  # fmt: skip
"""Words for yes and no that mean something in `approved` only."""

PRIVACY_WORDS: Mapping[str, str] = MappingProxyType({
    "public": "PUBLIC_TO_EVERYONE", "everyone": "PUBLIC_TO_EVERYONE", "followers": "FOLLOWER_OF_CREATOR",
    "friends": "MUTUAL_FOLLOW_FRIENDS", "private": "SELF_ONLY", "onlyme": "SELF_ONLY", "me": "SELF_ONLY",
})  # fmt: skip
"""Words that people write for a privacy level; asked about, since who sees a post is not guessed."""

GENERATE_WORDS: Mapping[str, str] = MappingProxyType({
    "text": "caption", "title": "caption", "captions": "caption", "picture": "image", "posts": "post",
})  # fmt: skip
NO_HINTS: Mapping[str, str] = MappingProxyType({})

ASSET_TYPES = ("STORES_PRODUCT", "STORES_CATEGORY", "STORES_COUPON", "BLOG_POST", "EVENT", "BOOKINGS_SERVICE")
"""What on a site a post can be generated from (public recipe of the API, read 2026-11-24)."""

ASSET_WORDS: Mapping[str, str] = {
    **{name.lower(): name for name in ASSET_TYPES},
    "product": "STORES_PRODUCT", "category": "STORES_CATEGORY", "collection": "STORES_CATEGORY",
    "coupon": "STORES_COUPON", "post": "BLOG_POST", "article": "BLOG_POST", "blog": "BLOG_POST",
    "service": "BOOKINGS_SERVICE", "booking": "BOOKINGS_SERVICE",
}  # fmt: skip
"""What a person calls each of them."""
_ASSET_ID = re.compile(r"(?=.*\d)[0-9a-fA-F-]+")


class Asset(NamedTuple):
    """What on the site a post is generated from."""

    type: str = ""
    id: str = ""
    problem: Problem | None = None
    name: str = ""


def _unknown(column: str, code: str, seen: str, *, likely: str, known: str) -> Problem:
    return Problem(column, code, seen, f"`{column}` can't be {quoted(seen)}. {did_you_mean(likely)}Write {known}.")


_CLOSED: Mapping[str, tuple[tuple[str, ...], Mapping[str, str], str]] = MappingProxyType({
    "action": (tuple(Action), ACTION_WORDS, f"one of {', '.join(Action)}, or leave it blank"),
    "generate": (tuple(Generate), GENERATE_WORDS, f"{listed(Generate)}, or leave it blank"),
    "privacy": ((), PRIVACY_WORDS, ""),
})  # fmt: skip
"""Columns of closed lists: their words, other words with the one that they likely mean, and what to write instead."""


@lru_cache(REMEMBERED)
def read_word(cell: str, column: str, choice: Choice | None = None) -> tuple[str, Problem | None]:
    """Read a cell of a closed list, in any case and spacing; "" for any other word, of which the likely one is told."""
    words, hints, remedy = _CLOSED.get(column, ((), NO_HINTS, ""))
    word = plain(cell)
    known = {plain(value): str(value) for value in (choice.values if choice else words)}
    if not word or word in known:
        return known.get(word, ""), None
    if column == "action":
        return _read_action(word, cell, known=remedy)
    likely = hints.get(word) or nearest(word, {**hints, **known})
    unknown = _unknown(column, f"{column}_unknown", cell, likely=likely, known=remedy or listed(known.values()))
    return "", unknown._replace(fix=hints.get(word) or only_near(word, {**hints, **known}))


def _read_action(word: str, cell: str, *, known: str) -> tuple[str, Problem | None]:
    """Read another word than the actions: what can't be taken back is asked about, and never guessed by likeness."""
    if word in ACTION_FORMS:
        return str(ACTION_FORMS[word]), None
    actions = {plain(action): str(action) for action in Action}
    likely = nearest(word, {**ACTION_WORDS, **ACTION_FORMS, **actions})
    problem = _unknown("action", "action_unknown", cell, likely=likely, known=known)
    if final := FINAL_FORMS.get(word):
        state, doing = FINAL_WORDS[final]
        told = f"could mean “{final} it” or “already {state}”. {doing} can't be undone: write `{final}` if you want it,"
        return "", problem._replace(message=f"{quoted(cell)} {told} or `skip` to leave the row out.")
    if word in NO_ACTION:
        told = (
            "is no action. Leave `action` blank to make the post match the row, or write `skip` to leave the row out."
        )
        return "", problem._replace(message=f"{quoted(cell)} {told}")
    return "", problem


@lru_cache(REMEMBERED)
def read_approved(cell: str) -> tuple[bool, Problem | None]:
    """Read `approved`; blank is no."""
    said = APPROVED.get(cell.casefold(), read_yes_no(cell))
    if said is not None:
        return said, None
    return False, _unknown("approved", "approved_unknown", cell, likely="", known="yes, or no, or leave it blank")


@lru_cache(REMEMBERED)
def read_asset(cell: str) -> Asset:
    """Read `asset`: a type, a colon, and an ID or a name (`STORES_PRODUCT:<id>`, `product: Blue mug`)."""
    kind, colon, named = (part.strip() for part in cell.partition(":"))
    asset_type = ASSET_WORDS.get("_".join(re.split(r"[\s_-]+", kind.lower())), "")
    if asset_type and colon and named:
        is_id = _ASSET_ID.fullmatch(named) is not None
        return Asset(asset_type, named) if is_id else Asset(asset_type, name=named)
    if asset_type:
        message = f"{quoted(cell)} names nothing. Write the name or the ID after the colon, as in {kind}: Blue mug."
        return Asset(problem=Problem("asset", "asset_form", cell, message))
    likely = nearest(plain(kind), {plain(known): known for known in ASSET_WORDS})
    known = "product, category, coupon, post, event or service with a colon and its name, as in product: Blue mug"
    return Asset(
        problem=_unknown("asset", "asset_form", cell, likely=f"{likely.lower()}: ..." if likely else "", known=known)
    )


_FORMS = {
    "language": (re.compile(r"[A-Za-z]{2}"), "Write the two letters of its code, such as en, de or fr."),
    "item_id": (
        re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE),
        "Copy the ID from `postbatch pull` or the results, or leave it blank to find the post by its key.",
    ),
}
"""Columns of one form, two letters (ISO 639-1) and a GUID, with what to write."""


def read_form(cell: str, column: str) -> tuple[str, Problem | None]:
    """Read a cell that has one form, in small letters."""
    form, remedy = _FORMS[column]
    if not cell or form.fullmatch(cell):
        return cell.lower(), None
    return "", Problem(column, f"{column}_form", cell, f"`{column}` can't be {quoted(cell)}. {remedy}")


_TAG_LINES = re.compile(r"[\n,;、，；|]+")
_NO_TAGS = frozenset({"", "-", "–", "—", "n/a", "na", "none", "no", "tbd", "tba", "null"})


@lru_cache(REMEMBERED)
def read_hashtags(cell: str) -> tuple[str, tuple[Problem, ...]]:
    """Read `hashtags`: tags between blanks, commas or lines, each with its `#`, as they are put after a text."""
    if cell.casefold() in _NO_TAGS - {""}:
        message = f"{quoted(cell)} in `hashtags` would become a hashtag. Clear the cell."
        return "", (Problem("hashtags", "hashtags_form", cell, message, fix=""),)
    lines = [line.split() for line in _TAG_LINES.split(re.sub(r"[#＃]+", " #", cell).replace("# ", "#"))]
    marked = [[word.startswith("#") for word in line] for line in lines]
    by_commas = len(lines) > 1 and "\n" not in cell
    for line, marks in zip(lines, marked, strict=True):
        if len(line) > 1 and not all(marks) and (any(marks) or by_commas):
            joined, several = "#" + "".join(line).replace("#", ""), " ".join(f"#{word.lstrip('#')}" for word in line)
            message = (
                f"`hashtags` has {quoted(' '.join(line))}, but a hashtag has no space. Write {joined}, or {several}."
            )
            return several, (Problem("hashtags", "hashtags_blank", cell, message),)
    words = [word.lstrip("#").rstrip(".!?:") for line in lines for word in line]
    tags = [word for word in words if word]
    # A tag is made of letters, digits and underscores, with the marks that belong to letters of many scripts.
    clean = [
        word
        if "{{" in word
        else "".join(c for c in word if c.isalnum() or c in "_\u200c\u200d" or unicodedata.category(c)[0] == "M")
        for word in tags
    ]
    written = " ".join(f"#{tag}" for tag in tags)
    odd = [tag for tag, bare in zip(tags, clean, strict=True) if tag != bare]
    if not odd:
        return written, ()
    fix = " ".join(f"#{tag}" for tag in clean if tag)
    message = (
        f"`hashtags` has {quoted(f'#{odd[0]}')}, but a hashtag ends at the first sign that isn't a letter, a digit "
        "or _. "
    )
    message += f"Write {quoted(fix)}." if fix else "Clear the cell."
    return written, (Problem("hashtags", "hashtags_form", cell, message, warning=True, fix=fix),)


class Cells(NamedTuple):
    """One row's cells, in the order of `model.COLUMNS`; "" where blank or where the sheet has no such column."""

    key: str = ""
    action: str = ""
    site: str = ""
    channel: str = ""
    type: str = ""
    account: str = ""
    publish_at: Cell = ""
    timezone: str = ""
    text: str = ""
    title: str = ""
    media: str = ""
    hashtags: str = ""
    places: str = ""
    repeat: str = ""
    campaign: str = ""
    link: str = ""
    call_to_action: str = ""
    privacy: str = ""
    generate: str = ""
    prompt: str = ""
    asset: str = ""
    tone: str = ""
    language: str = ""
    item_id: str = ""
    approved: str = ""
    notes: str = ""


class CellPlace(NamedTuple):
    """Where a value of a post stands: the column as headed (`media:INSTAGRAM` too), and the cell's address."""

    column: str
    cell: str = ""


BLANK = ("",)
NONE_OWN: Mapping[str, str] = MappingProxyType({})
BLANK_CELLS = Cells()
_DATE = COLUMNS.index("publish_at")


class CellReader:
    """Reads the cells of a sheet's rows; where the columns stand is found once."""

    def __init__(self, columns: Mapping[str, int]) -> None:
        self._columns = columns
        self._width = max(columns.values(), default=-1) + 1
        self._get = itemgetter(*(columns.get(column, -1) for column in COLUMNS))
        own: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name, position in columns.items():
            column, _, owner = name.partition(":")
            if owner:
                own[owner].append((column, position))
        self._own = dict(own)

    def read(self, row: Row) -> Cells:
        """Return a row's cells."""
        values = row.values
        blanks = (self._width - len(values)) * BLANK if len(values) < self._width else ()
        # The blank at the end is what a column that is not there (position -1) reads.
        cells = Cells._make(self._get(values + blanks + BLANK))
        texts = list(map(type, cells)).count(str)
        if texts == len(cells) or (texts == len(cells) - 1 and type(cells.publish_at) is not str):
            return cells
        return Cells._make(v if n == _DATE else _as_text(v) for n, v in enumerate(cells))

    def for_post(
        self, cells: Cells, row: Row, channel: Channel | None, place: str = ""
    ) -> tuple[Cells, Mapping[str, str]]:
        """Return the cells that count for a post, and which columns are its place's or else its channel's own."""
        if channel not in self._own and place not in self._own:
            return cells, NONE_OWN
        found = {
            column: (f"{column}:{owner}", _as_text(row.values[position]))
            for owner in (channel, place)
            for column, position in self._own.get(owner or "", ())
            if position < len(row.values) and row.values[position]
        }
        own = {column: name for column, (name, _) in found.items()}
        return (cells._replace(**{column: text for column, (_, text) in found.items()}), own) if own else (cells, own)

    def place(self, row: int, column: str) -> str:
        """Return the address of a row's cell, "" where the sheet has no such column."""
        position = self._columns.get(column)
        return "" if position is None else cell_address(row, position)

    def has(self, row: Row, column: str) -> bool:
        """Tell whether a row has something in a column."""
        position = self._columns.get(column)
        return position is not None and position < len(row.values) and bool(row.values[position])

    def place_of(self, row: Row, column: str, channel: Channel | None, place: str = "") -> CellPlace:
        """Return where the cell stands that counts for a post: in a column of its own, or in the usual."""
        name = self.for_post(BLANK_CELLS, row, channel, place)[1].get(column, column)
        return CellPlace(name, self.place(row.number, name))


def _as_text(value: Cell) -> str:
    return value.isoformat(" ") if isinstance(value, datetime) else value


WITHDRAWING = frozenset({Action.CANCEL, Action.DELETE})
NAMING_ONLY = WITHDRAWING | {Action.RESCHEDULE}
"""Actions that only name a post that is there: what it says and shows is not looked at."""


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What checking needs to know besides the sheet.

    `now` is in UTC. `sites` maps each configured site to its time zone ("" = none); without any, every site name is
    taken as it is. `default_site` is what a blank `site` cell means; `timezone` is the configuration's own zone. With
    `will_send` a date that has passed is left to the plan, which knows what became of the post. `places` is the table
    of places that rows name, `utm` how links are tagged, `slots` the times of the week by channel, or `default`.
    """

    now: datetime
    sites: Mapping[str, str] = field(default_factory=dict)
    default_site: str = ""
    timezone: str = ""
    will_send: bool = False
    places: Places = NO_PLACES
    utm: Utm = NO_TAGS
    slots: Mapping[str, SlotTimes] = field(default_factory=dict)


class RowValues(NamedTuple):
    """What the row as a whole says; `first` and `last` are the problems that are alike in row after row."""

    action: Action | None
    site: str
    usual_zone: str
    item_id: str
    approved: bool
    channels: Channels
    first: tuple[Problem, ...]
    last: tuple[Problem, ...]
    when: When = NO_DATE
    problems: tuple[Problem, ...] = ()


class RowReader:
    """Reads the cells that all channels of a row share; cells that say again what those of another row said, once."""

    def __init__(self, context: CheckContext) -> None:
        self._context = context
        self._known: dict[Hashable, RowValues] = {}

    def read(self, cells: Cells, *, place_zone: str = "") -> RowValues:
        """Return what a row says; `place_zone` is that of its place, which counts before the site's."""
        repeated = self._repeated(cells)
        action, usual_zone = repeated.action, place_zone or repeated.usual_zone
        dated = cells.publish_at or cells.timezone or usual_zone
        when = read_when(cells.publish_at, written=cells.timezone, usual=usual_zone) if dated else NO_DATE
        problems = repeated.first
        if action not in WITHDRAWING:
            problems += when.problems + _check_date(action, when, cells, self._context)
        if cells.key:
            problems += check_key(cells.key)
        problems += repeated.last
        named_by = cells.key, cells.item_id, cells.text, cells.media, cells.title, cells.link, cells.prompt
        if action in NAMING_ONLY and not any(named_by):
            message = f"`{action}` needs to know its post. Write its `key` or its `item_id`."
            problems += (Problem("key", "key_or_item_needed", "", message),)
        return RowValues(*repeated[:8], when, problems)

    def _repeated(self, cells: Cells) -> RowValues:
        if cells.item_id:
            return _read_repeated(cells, self._context)
        alike = cells.action, cells.site, cells.channel, cells.account, cells.approved, not cells.key
        known = self._known.get(alike)
        if known is None:
            known = self._known[alike] = _read_repeated(cells, self._context)
        return known


def _read_repeated(cells: Cells, context: CheckContext) -> RowValues:
    action_word, bad_action = read_word(cells.action, "action")
    action = Action(action_word) if action_word else None
    site, bad_site = read_site(cells.site, context)
    item_id, bad_id = read_form(cells.item_id, "item_id")
    approved, bad_approved = read_approved(cells.approved)
    # A row that only names a post, by its ID or its key, need not say its channel.
    needless = not cells.channel and (cells.item_id or cells.key) and action in NAMING_ONLY
    channels = Channels(()) if needless else read_channels(cells.channel)
    last: list[Problem] = []
    if hidden := find_lookalike(cells.account):
        message = f"`account` is {quoted(cells.account)}, but {hidden.why}. Type {hidden.reads_as} again."
        last.append(Problem("account", "lookalike_letters", cells.account, message, warning=True, fix=hidden.reads_as))
    if cells.item_id and len(channels.named) > 1:
        message = (
            f"`item_id` is one post, but `channel` names several ({shorten(cells.channel)}). Give each channel its "
            "own row."
        )
        last.append(Problem("item_id", "item_id_several", cells.item_id, message))
    bad = tuple(p for p in (bad_action, bad_site, bad_id, bad_approved) if p)
    zone = context.sites.get(site) or context.timezone
    return RowValues(action, site, zone, item_id, approved, channels, (*bad, *channels.problems), tuple(last))


def read_site(cell: str, context: CheckContext) -> tuple[str, Problem | None]:
    """Return the configured name of a row's site."""
    if cell in context.sites or (cell and not context.sites):
        return cell, None
    if not cell:
        if context.default_site or not context.sites:
            return context.default_site, None
        if len(context.sites) == 1:
            return next(iter(context.sites)), None
        message = f"`site` is blank, and there is no default site. Write {listed(context.sites)}."
        return "", Problem("site", "site_missing", "", message)
    names = {name.casefold(): name for name in context.sites}
    if cell.casefold() in names:
        return names[cell.casefold()], None
    meant = did_you_mean(nearest(cell.casefold(), names))
    message = f"`site` {quoted(cell)} isn't configured. {meant}Write {listed(context.sites)}."
    return cell, Problem("site", "site_unknown", cell, message)


def _check_date(action: Action | None, when: When, cells: Cells, context: CheckContext) -> tuple[Problem, ...]:
    if when.problems and any(problem.column == "publish_at" and not problem.warning for problem in when.problems):
        return ()
    seen = cells.publish_at if isinstance(cells.publish_at, str) else when.local_time
    if action and (contradiction := _contradiction(action, when, cells, seen)):
        return (contradiction,)
    if when.at is None or action is Action.DRAFT:
        return ()
    doubt = doubt_date(cells.publish_at, when.at, now=context.now, seen=seen, say_past=not context.will_send)
    return (doubt,) if doubt else ()


def _contradiction(action: Action | None, when: When, cells: Cells, seen: str) -> Problem | None:
    if action is Action.PUBLISH and cells.publish_at and not when.now:
        message = (
            f"`publish` posts right away, but `publish_at` is {quoted(seen)}. Clear the date, or write `schedule`."
        )
        return Problem("publish_at", "publish_with_date", seen, message)
    moved_to_slot = when.slot and action is Action.RESCHEDULE  # which slot would be another one each time
    if action in (Action.SCHEDULE, Action.RESCHEDULE) and (when.now or not cells.publish_at or moved_to_slot):
        is_now = quoted(when.local_time) if when.now or when.slot else "blank"
        message = f"`{action}` needs a date, but `publish_at` is {is_now}. Write one, such as 2026-12-01 09:30."
        return Problem("publish_at", "date_missing", seen, message)
    if action is Action.DRAFT and when.now:
        message = "A draft isn't published, but `publish_at` is “now”. Clear one of the two."
        return Problem("publish_at", "draft_now", seen, message)
    if action is Action.DRAFT and cells.publish_at:
        message = f"A draft doesn't use the date in `publish_at` ({seen}). Clear it, or write `schedule`."
        return Problem("publish_at", "date_unused", seen, message, warning=True)
    return None
