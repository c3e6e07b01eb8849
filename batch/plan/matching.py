"""Finds the item that a post already is on the site, and its account, without ever guessing.

An item is found by its ID, then by its reference in any attempt. A key is the same however its accents were typed, and
whether its row names one channel or several: `a` on Facebook is `a/FACEBOOK`. Never by looks: where two items or two
accounts could be meant, the post is refused with the names of both.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from batch.model import Account, Action, Channel, Item, Post, PostType, Snapshot, Status, StepKind
from batch.plan.compare import content_changes
from batch.plan.decisions import Refusal, wanted_of
from batch.rules.channels import COMBINATIONS, DEFAULT_TYPE
from batch.times import spoken_time
from batch.wording import STATUS_WORDS, counted, list_names

DEAD = frozenset({Status.CANCELED, Status.DELETED, Status.FAILED})
"""States from which an item never goes out."""

DEAD_ORDER = (Status.CANCELED, Status.FAILED, Status.DELETED)
"""Of several dead items of one attempt the deleted one counts, so that `delete` is done once it is done."""

PENDING = frozenset({Status.DRAFT, Status.SCHEDULED})
"""States from which an item may still be taken back."""
ON_ITS_WAY = frozenset({Status.PROCESSING, Status.IN_QUEUE, Status.PUBLISHED})

ATTEMPT = re.compile(r"(.+)~([1-9][0-9]{0,5})", re.DOTALL)
MAX_ITEMS_NAMED = 5

MAX_SENT_LETTERS, SENT_WORDS_LETTERS, SENT_DIGITS = 46, 28, 16
"""How long a key may be to be sent as it is, with room for `~999` in 50, and the parts of the form of longer ones."""


class Version(NamedTuple):
    """An item with its place among those of one key: attempt 1 for the key itself, n for `key~n`."""

    attempt: int
    item: Item

    @property
    def lives(self) -> bool:
        """Whether the item may still go out, or has."""
        return self.item.status not in DEAD

    def likelihood(self, post: Post) -> tuple[bool, int, int, str]:
        """Rank the dead items of a key: those in the post's place before others, then the latest attempt."""
        item = self.item
        fits = item.channel == post.channel and item.type == post.type
        return fits, self.attempt, DEAD_ORDER.index(Status(item.status)), item.id


class Match(NamedTuple):
    """What was found for a post: its item (None = the site holds none), or why that can't be told.

    `next_reference` is the reference under which the post would be made (again). `duplicates` are the items of the same
    post that are there besides it and have to be taken back, as runs that were killed may leave them. `earlier` are
    those of the key's attempts before the item's own.
    """

    item: Item | None = None
    next_reference: str = ""
    refusal: Refusal | None = None
    warnings: tuple[str, ...] = ()
    duplicates: tuple[Item, ...] = ()
    earlier: tuple[Item, ...] = ()


def same_letters(key: str) -> str:
    """Return a key or a reference as it is compared and sent: an accent may be a letter's own or typed after it."""
    return key if key.isascii() else unicodedata.normalize("NFC", key)


def sent_form(key: str) -> str:
    """Return the form of a key that any service takes: itself, or short ASCII words with a digest of the whole key.

    How long a reference may be, and of which characters, is not documented. What was sent in the key's own form, by an
    earlier version, is found by that.
    """
    key = same_letters(key)
    if key.isascii() and len(key) <= MAX_SENT_LETTERS:
        return key
    plain = unicodedata.normalize("NFKD", key).encode("ascii", "ignore").decode()
    words = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-")[:SENT_WORDS_LETTERS]
    digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{words or 'key'}-{digest[:SENT_DIGITS]}"


def reference_of(key: str, *, attempt: int) -> str:
    """Return a key as it is sent in its n-th attempt: `spring-01`, then `spring-01~2`."""
    return sent_form(key) if attempt == 1 else f"{sent_form(key)}~{attempt}"


def split_reference(reference: str) -> tuple[str, int]:
    """Return the key and the attempt of a reference."""
    match = ATTEMPT.fullmatch(reference)
    if match is None or match[2] == "1":
        return reference, 1
    return match[1], int(match[2])


class ItemIndex:
    """The items of a site by ID and key. A key `a~2` of the sheet itself (`keys`) is its row's, no attempt of `a`."""

    def __init__(self, items: Iterable[Item], *, keys: Iterable[str] = ()) -> None:
        self._keys = frozenset(map(same_letters, keys))
        self.by_id: dict[str, Item] = {}
        self._by_key: dict[str, list[Version]] = defaultdict(list)
        self._by_folded: dict[str, str] = {}
        for item in items:
            if item.id.lower() in self.by_id:  # a page boundary that moved while reading shows an item twice
                continue
            self.by_id[item.id.lower()] = item
            if item.reference:
                reference = same_letters(item.reference)
                key, attempt = split_reference(reference)
                self._by_key[reference].append(Version(1, item))
                if attempt > 1 and reference not in self._keys:
                    self._by_key[key].append(Version(attempt, item))
                self._by_folded.setdefault(key.casefold(), key)

    def versions(self, key: str) -> Sequence[Version]:
        """Return all items of a key, in any attempt, under its own form or the one that is sent."""
        own, sent = same_letters(key), sent_form(key)
        versions = self._by_key.get(own, ())
        return versions if own == sent else (*versions, *self._by_key.get(sent, ()))

    def find(self, post: Post) -> Match:
        """Find the item of a post."""
        own = self.versions(post.key)
        if post.item_id:
            item = self.by_id.get(post.item_id.lower())  # a GUID is the same in any case
            if item is None:
                reason = (
                    f"The site holds no item with the ID {post.item_id}. Clear `item_id` to find the post by its key, "
                    "or take the ID from `postbatch pull`."
                )
                return Match(refusal=Refusal(StepKind.CONFLICT, "item_not_found", reason))
            return Match(
                item, self._next_reference(post.key, own), _made_elsewhere(item), _other_names(post, item, own)
            )
        versions = own if any(version.lives for version in own) else (*own, *self._other_form(post))
        if not versions:
            return Match(next_reference=sent_form(post.key), refusal=self._other_capitals(post))
        living = [version.item for version in versions if version.lives]
        one, duplicates = _one_post(living, wanted_of(post))
        if len(living) > 1 and one is None:
            reason = (
                f"The site holds {len(living)} items with the key {post.key}: {shown_items(living)}. Take back all "
                "but one: on the site, or by a row with its ID as `item_id`, no key, and `cancel` as its action "
                "(`delete` for a draft)."
            )
            return Match(refusal=Refusal(StepKind.CONFLICT, "several_items", reason))
        item = one or max(versions, key=lambda version: version.likelihood(post)).item
        attempt = next(version.attempt for version in versions if version.item is item)
        return Match(
            item,
            self._next_reference(post.key, own),
            _made_elsewhere(item),
            duplicates=duplicates,
            earlier=tuple(version.item for version in versions if version.attempt < attempt),
        )

    def _next_reference(self, key: str, versions: Sequence[Version]) -> str:
        key = same_letters(key)
        attempt = max((version.attempt for version in versions), default=0) + 1
        while attempt > 1 and reference_of(key, attempt=attempt) in self._keys:
            attempt += 1
        return reference_of(key, attempt=attempt)

    def _other_form(self, post: Post) -> Sequence[Version]:
        """Return what the row made while it named one channel instead of several, or vice versa; no other row's."""
        key, ending = same_letters(post.key), f"/{post.channel}"
        other = key.removesuffix(ending) if key.endswith(ending) else key + ending
        if key not in self._keys or other in self._keys:
            return ()
        return [version for version in self.versions(other) if version.item.channel == post.channel]

    def _other_capitals(self, post: Post) -> Refusal | None:
        """Return why a key that is there in other capitals only is no new one."""
        key = same_letters(post.key)
        other = self._by_folded.get(key.casefold(), key)
        if other == key or other in self._keys:
            return None
        reason = (
            f"The site has a post with the key {other}, which differs from {post.key} only by its capitals. Write "
            f"{other} if it is that post; if not, use another key."
        )
        return Refusal(StepKind.CONFLICT, "key_capitals", reason)


def completed(post: Post, item: Item) -> Post:
    """Return a post whose row only names it with its item's channel and type where the row leaves them blank."""
    channel = post.channel or (Channel(item.channel) if item.channel in Channel.__members__ else None)
    usual = channel is not None and post.type in (None, DEFAULT_TYPE[channel])  # as a blank type was read
    known = usual and item.channel == channel and item.type in PostType.__members__
    return replace(post, channel=channel, type=PostType(item.type) if known else post.type)


class Claims:
    """Which items and keys the posts of a sheet lay claim to, so that no two rows are taken for the same post."""

    def __init__(self, matches: Iterable[tuple[Post, Match]]) -> None:
        self.rows: defaultdict[str, list[int]] = defaultdict(list)
        self._keys: Counter[str] = Counter()
        for post, match in matches:
            self._keys[same_letters(post.key)] += 1
            if match.item is not None:
                self.rows[match.item.id].append(post.row)

    def conflict(self, post: Post, match: Match) -> Refusal | None:
        """Return why it can't be told which item a post is, or why it can't be that item; None where it can."""
        item = match.item
        if match.refusal is not None:
            return match.refusal
        if self._keys[same_letters(post.key)] > 1:
            reason = f"Several rows use the key {post.key}. Keys must be unique."
            return Refusal(StepKind.CONFLICT, "key_twice", reason)
        if item is None:
            return None
        rows = self.rows[item.id]
        if len(rows) > 1:
            all_mean = f"Rows {', '.join(map(str, rows))} all mean the same post on the site ({item.id})."
            reason = f"{all_mean} Keep one, or give each its own key or ID."
            return Refusal(StepKind.CONFLICT, "same_item", reason)
        for what, remote, own in (("channel", item.channel, post.channel), ("type", item.type, post.type)):
            if remote != own:
                reason = (
                    f"On the site the {what} of {item.id} is {remote}; the row has {own or 'none'}. A post never "
                    f"changes its {what}: write {remote} into `{what}`, or {own_key(item)}."
                )
                return Refusal(StepKind.CONFLICT, f"other_{what}", reason)
        return None


def _one_post(living: Sequence[Item], wanted: Action) -> tuple[Item | None, tuple[Item, ...]]:
    """Return which of a key's living items is its post, and which of the others are to be taken back.

    None where they are not certainly one post. What is out or on its way stays, else the smallest ID, on every machine:
    two runs that take one back at once take back the same one. Of a post that is withdrawn, only moved, or to be a
    draft the one that would go out comes first: what is scheduled is never taken back for a draft. A draft never goes
    out, so it is taken back whatever it says; what is scheduled only where it is the same as what stays, or is to be
    withdrawn like it.
    """
    if len(living) < 2:
        return (living[0] if living else None), ()
    out = [item for item in living if item.status in ON_ITS_WAY]
    # A replacement that was cut off leaves a draft of the next attempt, which does not stand for the post yet.
    attempts = len({item.reference for item in living}) > 1
    pending = [item for item in living if item.status in PENDING]
    pending.sort(key=lambda item: (attempts and item.status == Status.DRAFT, item.id))
    dated_first = sorted(pending, key=lambda item: item.status == Status.DRAFT)
    places = {(item.channel, item.type) for item in living}
    accounts = {item.account_id for item in living} - {""}
    known = len(out) + len(pending) == len(living)
    sent = {item.reference for item in living if item.status != Status.DRAFT}
    other = any(item.external for item in living)
    if max(len(places), len(accounts), len(out), len(sent)) > 1 or not known or other:
        return None, ()
    if wanted in (Action.CANCEL, Action.DELETE):
        one, *others = dated_first or out
        return one, tuple(others)
    for one, *others in (out + pending, out + dated_first)[wanted in (Action.RESCHEDULE, Action.DRAFT) :]:
        if all(other.status == Status.DRAFT or _goes_out_alike(one, other) for other in others):
            return one, tuple(others)
    return None, ()


def _goes_out_alike(one: Item, other: Item) -> bool:
    moved = one.status == other.status and one.scheduled_at != other.scheduled_at
    same = one.content.target_id == other.content.target_id and not content_changes(one.content, other.content)
    return same and not moved


def _other_names(post: Post, item: Item, versions: Sequence[Version]) -> tuple[str, ...]:
    """Say where `item_id` and `key` point to different things; the ID wins."""
    if post.key_derived:
        return ()
    warnings = []
    if not any(version.item is item for version in versions):
        warnings.append(f"`item_id` wins: its item has the key {item.reference or 'none'} on the site, not {post.key}.")
    if others := [version.item for version in versions if version.lives and version.item is not item]:
        waiting = any(other.status == Status.SCHEDULED for other in others)
        end = " and goes out too, unless it is cancelled." if waiting else "."
        warnings.append(f"Another item has the key {post.key}: {shown_items(others)}. It is left as it is{end}")
    return tuple(warnings)


def _made_elsewhere(item: Item) -> Refusal | None:
    if not item.external:
        return None
    reason = f"The item {item.id} was made on {item.channel} itself and is never changed from here. Clear `item_id`."
    return Refusal(StepKind.CONFLICT, "external_item", reason)


def shown_items(items: Iterable[Item], *, timezone: str = "") -> str:
    """Return items by ID, state and date as a person lists them, the date in a time zone, in UTC where none is told."""
    names = []
    for item in items:
        at = spoken_time(item.scheduled_at, timezone=timezone) if item.status == Status.SCHEDULED else ""
        names.append(f"{item.id} ({STATUS_WORDS.get(item.status, item.status)}{f' for {at}' if at else ''})")
    return list_names(sorted(names), limit=MAX_ITEMS_NAMED)


SECOND_IDS: Mapping[Channel, str] = {c.channel: c.second_id for c in COMBINATIONS.values() if c.second_id}
"""What a person calls the second ID of the channels whose content needs one."""

AMBIGUOUS = "account_ambiguous"
LAPSED = "Its connection has lapsed"
CONNECTIONS: Mapping[str, str] = {
    "NEVER_CREATED": "It was never connected to this site",
    "USER_NOT_EXIST_FOR_CHANNEL": "It was never connected to this site",
    "DISCONNECTED": LAPSED,
    "USER_IS_DISCONNECTED": LAPSED,
    "INVALID": "Its sign-in is no longer valid",
    "HTTP_400": "It is not connected to this site, or no longer",
    "NO_PAGES_FOR_USER": "The account that is connected has no page to post to",
}
"""What the state of a connection means, for every state in which nothing can be posted."""

REMEDY = "`postbatch accounts` shows the link by which the site's owner connects it."


def lapsed_notices(snapshot: Snapshot) -> dict[str, str]:
    """Say, by channel, which posts wait for their time on a connection that no longer holds."""
    waiting = Counter(item.channel for item in snapshot.items if item.status == Status.SCHEDULED and not item.external)
    return {
        channel: f"{counted(waiting[channel], 'post')} scheduled on {channel} won't go out as things stand. "
        f"{CONNECTIONS.get(state, f'The state of its connection is {state}')}. {REMEDY}"
        for channel, state in snapshot.connections.items()
        if state != "VALID" and waiting[channel]
    }


class AccountChoice(NamedTuple):
    """The account of a post, or why there is none."""

    account: Account | None
    refusal: Refusal | None = None


class AccountBook:
    """The accounts of a site by channel and by every name that a row may use."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._connections = snapshot.connections
        self._by_channel: dict[str, list[Account]] = defaultdict(list)
        self._by_name: dict[tuple[str, str], list[Account]] = defaultdict(list)
        self._by_id: dict[tuple[str, str], list[Account]] = defaultdict(list)
        self._chosen: dict[tuple[Channel, str], AccountChoice] = {}
        for account in dict.fromkeys(snapshot.accounts):
            self._by_channel[account.channel].append(account)
            self._by_id[account.channel, plain_name(account.id)].append(account)
            for name in {plain_name(n) for n in (account.name, account.target_name, account.target_id)} - {""}:
                self._by_name[account.channel, name].append(account)

    def choose(self, post: Post) -> AccountChoice:
        """Return the account of a post, and why nothing can be posted to it where that is so."""
        if post.channel is None:
            raise ValueError(f"row {post.row} has no channel and no error that says so")
        wanted = post.channel, post.account
        if wanted not in self._chosen:
            self._chosen[wanted] = self._choose(*wanted)
        return self._chosen[wanted]

    def _choose(self, channel: Channel, name: str) -> AccountChoice:
        account, refusal = self._named(channel, name)
        state, code, reason = self._connections.get(channel, "VALID"), "not_connected", ""
        if state in CONNECTIONS:
            reason = f"{channel} can't be posted to. {CONNECTIONS[state]}."
        elif state != "VALID":
            reason = f"The service says {state} of {channel}."
        elif not self._by_channel.get(channel):
            reason = f"No {channel} account is connected to this site."
        elif refusal is None and account and channel in SECOND_IDS and not account.target_id:
            own = f"{channel} account {shown_account(account)} has no {SECOND_IDS[channel]}"
            code, reason = "no_target", f"The {own} to post to. Choose one on the site."
        return AccountChoice(account, _blocked(code, f"{reason} {REMEDY}") if reason else refusal)

    def _named(self, channel: Channel, name: str) -> AccountChoice:
        """Return the account that a row names, for "" the channel's default one, or why that can't be told."""
        every, plain = self._by_channel[channel], plain_name(name)
        accounts = (self._by_id.get((channel, plain)) or self._by_name.get((channel, plain), [])) if name else every
        if name and not accounts:
            connected = list_names(sorted(map(shown_account, every)))
            reason = f"No {channel} account is called {name!r}. Connected are: {connected}. Write one of these."
            return AccountChoice(None, _blocked("account_unknown", reason))
        defaults = [account for account in accounts if account.default]
        one_connection = not name or len({account.id for account in accounts}) == 1
        if len(accounts) == 1 or (len(defaults) == 1 and one_connection):
            return AccountChoice((defaults or accounts)[0])
        how_many = f"has several accounts and {'several defaults' if defaults else 'no default'}"
        what = f"{name!r} fits several {channel} accounts" if name else f"{channel} {how_many}"
        reason = (
            f"{what}: {list_names(sorted(map(shown_account, accounts)))}. Write the one that is meant into `account`, "
            "its ID if the names are the same."
        )
        return AccountChoice(None, _blocked(AMBIGUOUS, reason))

    def of_item(self, post: Post, item: Item, *, counts: bool = True) -> AccountChoice:
        """Return an item's account as its row has it: a blank is the default, else its own; another is a conflict.

        An item without one is a conflict too where the account `counts`: not where it is only moved or withdrawn.
        """
        choice = self.choose(post)
        account = choice.account
        if account is None:
            return self._unresolved(post, item, choice)
        if not item.account_id:
            if item.status == Status.DELETED or not counts:
                return choice if item.status == Status.DELETED else AccountChoice(None)
            reason = (
                f"The site does not say to which account the item {item.id} belongs, so it is not touched. "
                "Choose its account on the site."
            )
            return AccountChoice(account, Refusal(StepKind.CONFLICT, "account_unclear", reason))
        if item.account_id != account.id:
            return AccountChoice(account, self._other_account(post, item, account))
        if _differ(item.content.target_id, account.target_id):
            what = SECOND_IDS.get(account.channel, "target")
            reason = (
                f"It is on the {what} {item.content.target_id} there, and the row means "
                f"{account.target_name or account.target_id}. A post never changes its {what}: {own_key(item)}."
            )
            return AccountChoice(account, Refusal(StepKind.CONFLICT, "other_target", reason))
        return choice

    def _unresolved(self, post: Post, item: Item, choice: AccountChoice) -> AccountChoice:
        own = self._own(item)
        ambiguous = choice.refusal is not None and choice.refusal.code == AMBIGUOUS
        if ambiguous and not post.account and own in self._by_channel[own.channel]:
            return AccountChoice(own)
        known = not post.account or plain_name(post.account) == plain_name(item.account_id)
        return AccountChoice(own if known else None, choice.refusal)

    def _other_account(self, post: Post, item: Item, wanted: Account) -> Refusal:
        remote = self._own(item)
        row = f"says {post.account}" if post.account else f"is blank, which means {shown_account(wanted)}"
        reason = (
            f"It is on the account {shown_account(remote)} there, and `account` {row}. A post never changes its "
            f"account: write {remote.name or remote.id}, or {own_key(item)}."
        )
        return Refusal(StepKind.CONFLICT, "other_account", reason)

    def _own(self, item: Item) -> Account:
        """Return the account that an item says it is on, as far as it is known."""
        for account in self._by_id.get((item.channel, plain_name(item.account_id)), ()):
            if not _differ(item.content.target_id, account.target_id):
                return account
        return Account(Channel(item.channel), item.account_id, target_id=item.content.target_id)


def plain_name(name: str) -> str:
    """Return a name as it is compared: without regard to case, a leading @ or white space around it."""
    return name.strip().removeprefix("@").casefold()


def shown_account(account: Account) -> str:
    """Return what a person calls an account."""
    name = account.name or account.id
    if account.target_name and account.target_name != account.name:
        return f"{name} ({account.target_name})"
    return name


def own_key(item: Item) -> str:
    """Return how a row is to become another post than an item that it is not."""
    rest = ", and cancel the one that is there, or it goes out too" if item.status == Status.SCHEDULED else ""
    return f"give the row a key of its own{rest}"


def _differ(remote: str, wanted: str) -> bool:
    return bool(remote and wanted) and remote != wanted


def _blocked(code: str, reason: str) -> Refusal:
    return Refusal(StepKind.BLOCKED, code, reason)
