"""Finds the item that a post already is on the site: by its ID, then by its reference in any generation.

A key is the same however its accents were typed, and whether its row names one channel or several: `a` on Facebook is
`a/FACEBOOK`. Never by looks, and never by guessing: where two items could be meant, the post is a conflict that names
both.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from batch.model import Account, Channel, Item, Post, Snapshot, Status, StepKind
from batch.plan.compare import content_changes
from batch.plan.decisions import Refusal
from batch.rules.channels import COMBINATIONS
from batch.times import shown_time

DEAD = frozenset({Status.CANCELED, Status.DELETED, Status.FAILED})
"""States from which an item never goes out."""

_GENERATION = re.compile(r"(.+)~([1-9][0-9]{0,5})", re.DOTALL)


class Lineage(NamedTuple):
    """An item with its place among those of one key: 1 for the key itself, n for `key~n`."""

    generation: int
    item: Item


class Finding(NamedTuple):
    """What was found for a post: its item (None = nothing there), or why it can't be told.

    `next_reference` is the reference under which the post would be made (anew). `twins` are scheduled items that are
    the same in everything, the one that is to stay first.
    """

    item: Item | None = None
    next_reference: str = ""
    refusal: Refusal | None = None
    warnings: tuple[str, ...] = ()
    twins: tuple[Item, ...] = ()


def same_letters(key: str) -> str:
    """Return a key or a reference as it is compared and sent: an accent may be a letter's own or typed after it."""
    return key if key.isascii() else unicodedata.normalize("NFC", key)


def reference_of(key: str, *, generation: int) -> str:
    """Return a key as it is sent in its n-th generation: `spring-01`, then `spring-01~2`."""
    return key if generation == 1 else f"{key}~{generation}"


def split_reference(reference: str) -> tuple[str, int]:
    """Return the key and the generation of a reference."""
    match = _GENERATION.fullmatch(reference)
    if match is None or match[2] == "1":
        return reference, 1
    return match[1], int(match[2])


class ItemIndex:
    """The items of a site by ID and by key; built once, so that each post is found in constant time.

    `keys` are all keys of the sheet: where `a~2` is itself the key of a row, it is that row's and no generation of `a`.
    """

    def __init__(self, items: Iterable[Item], *, keys: frozenset[str] = frozenset()) -> None:
        self._keys = frozenset(map(same_letters, keys))
        self.by_id: dict[str, Item] = {}
        self._by_key: dict[str, list[Lineage]] = defaultdict(list)
        self._by_folded: dict[str, str] = {}
        for item in items:
            self._add(item)

    def _add(self, item: Item) -> None:
        if item.id.lower() in self.by_id:  # a page boundary that moved while reading shows an item twice
            return
        self.by_id[item.id.lower()] = item
        if not item.reference:
            return
        reference = same_letters(item.reference)
        self._by_key[reference].append(Lineage(1, item))
        key, generation = split_reference(reference)
        if generation > 1 and reference not in self._keys:
            self._by_key[key].append(Lineage(generation, item))
        self._by_folded.setdefault(key.casefold(), key)

    def lineage(self, key: str) -> Sequence[Lineage]:
        """Return all items of a key, in any generation."""
        return self._by_key.get(same_letters(key), ())

    def find(self, post: Post) -> Finding:
        """Find the item of a post."""
        if post.item_id:
            return self._find_by_id(post)
        return self._find_by_key(post)

    def _next_reference(self, key: str, lineage: Sequence[Lineage]) -> str:
        key = same_letters(key)
        generation = max((line.generation for line in lineage), default=0) + 1
        while generation > 1 and reference_of(key, generation=generation) in self._keys:
            generation += 1
        return reference_of(key, generation=generation)

    def _find_by_id(self, post: Post) -> Finding:
        item = self.by_id.get(post.item_id.lower())  # a GUID is the same in any case
        if item is None:
            return Finding(refusal=_no_such_item(post))
        lineage = self.lineage(post.key)
        return Finding(
            item=item,
            next_reference=self._next_reference(post.key, lineage),
            warnings=_other_names(post, item, lineage),
            refusal=_external(item),
        )

    def _find_by_key(self, post: Post) -> Finding:
        own = self.lineage(post.key)
        lineage = own if any(_lives(line.item) for line in own) else (*own, *self._other_form(post))
        if not lineage:
            return Finding(next_reference=same_letters(post.key), refusal=self._other_case(post))
        living = [line.item for line in lineage if _lives(line.item)]
        if len(living) > 1:
            return Finding(refusal=_several(post, living), twins=_twins(living))
        item = living[0] if living else max(lineage, key=lambda line: _likeliest(line, post)).item
        return Finding(item=item, next_reference=self._next_reference(post.key, own), refusal=_external(item))

    def _other_form(self, post: Post) -> Sequence[Lineage]:
        """Return the items that the row made while it named one channel instead of several, or the other way round.

        A key of that form that a row of the sheet has is that row's own.
        """
        key, ending = same_letters(post.key), f"/{post.channel}"
        other = key.removesuffix(ending) if key.endswith(ending) else key + ending
        if key not in self._keys or other in self._keys:
            return ()
        return [line for line in self.lineage(other) if line.item.channel == post.channel]

    def _other_case(self, post: Post) -> Refusal | None:
        """Return why a key that is there in other capitals only is no new one."""
        key = same_letters(post.key)
        other = self._by_folded.get(key.casefold(), key)
        return None if other == key or other in self._keys else _other_capitals(post, other)


def shared_items(found: Iterable[tuple[Post, Finding]]) -> dict[str, list[int]]:
    """Return the IDs of items that more than one post of the sheet would act on, with the posts' rows."""
    rows: dict[str, list[int]] = defaultdict(list)
    for post, finding in found:
        if finding.item is not None:
            rows[finding.item.id].append(post.row)
    return {item_id: numbers for item_id, numbers in rows.items() if len(numbers) > 1}


def repeated_keys(posts: Iterable[Post]) -> frozenset[str]:
    """Return the keys that stand more than once."""
    keys = [post.key for post in posts]
    counts = Counter(map(same_letters, keys))
    return frozenset(key for key in keys if counts[same_letters(key)] > 1)


_DEAD_ORDER = (Status.CANCELED, Status.FAILED, Status.DELETED)
"""Of several dead items of one generation the deleted one counts, so that `delete` is done once it is done."""


def _likeliest(line: Lineage, post: Post) -> tuple[bool, int, int, str]:
    """Rank the dead items of a key: those in the post's place before others, then the highest generation."""
    item = line.item
    fits = item.channel == post.channel and item.type == post.type
    return fits, line.generation, _DEAD_ORDER.index(Status(item.status)), item.id


def _lives(item: Item) -> bool:
    return item.status not in DEAD


def _twins(living: Sequence[Item]) -> tuple[Item, ...]:
    """Return scheduled items that are the same in everything, the one to keep first; () where any is otherwise.

    The smallest ID stays, on every machine: two runs that take one back at once take back the same one.
    """
    first, *others = sorted(living, key=lambda item: item.id)
    same = all(_same_post(first, other) for other in others)
    return (first, *others) if same and first.status == Status.SCHEDULED else ()


def _same_post(one: Item, other: Item) -> bool:
    there, here = ((i.reference, i.channel, i.type, i.account_id, i.status, i.scheduled_at) for i in (one, other))
    same_words = one.content.target_id == other.content.target_id and not content_changes(one.content, other.content)
    return there == here and same_words and not (one.external or other.external)


def _other_names(post: Post, item: Item, lineage: Sequence[Lineage]) -> tuple[str, ...]:
    """Say where `item_id` and `key` point to different things; the ID wins."""
    if post.key_derived:
        return ()
    others = [line.item for line in lineage if _lives(line.item) and line.item is not item]
    said = item.reference or "none"
    own = any(line.item is item for line in lineage)
    warnings = [] if own else [f"`item_id` wins: its item has the key {said} on the site, not {post.key}."]
    if others:
        waiting = any(other.status == Status.SCHEDULED for other in others)
        end = " and goes out too, unless it is cancelled." if waiting else "."
        warnings.append(f"Another item has the key {post.key}: {_listed(_standings(others))}. It is left as it is{end}")
    return tuple(warnings)


def _no_such_item(post: Post) -> Refusal:
    reason = (
        f"The site holds no item with the ID {post.item_id}. Clear `item_id` to find the post by its key, "
        "or take the ID from `postbatch pull`."
    )
    return Refusal(StepKind.CONFLICT, "item_not_found", reason)


def _several(post: Post, items: Sequence[Item]) -> Refusal:
    reason = (
        f"The site holds {len(items)} items with the key {post.key}: {_listed(_standings(items))}. Take back all but "
        "one: on the site, or by a row with its ID as `item_id`, no key, and `cancel` as its action "
        "(`delete` for a draft)."
    )
    return Refusal(StepKind.CONFLICT, "several_items", reason)


def _standings(items: Iterable[Item]) -> list[str]:
    """Return each item's ID with its state and date, as a person tells them apart."""
    shown = [(item, shown_time(item.scheduled_at, timezone="")) for item in items]
    return [f"{i.id} ({i.status}{f' for {at}' if at and i.status == Status.SCHEDULED else ''})" for i, at in shown]


def _other_capitals(post: Post, there: str) -> Refusal:
    reason = (
        f"The site holds a post with the key {there}, and `key` says {post.key}, which differs by its capitals only. "
        f"Write {there} if it is that post, else a key of its own."
    )
    return Refusal(StepKind.CONFLICT, "key_capitals", reason)


def _external(item: Item) -> Refusal | None:
    if not item.external:
        return None
    reason = f"The item {item.id} was made on {item.channel} itself and is never changed from here. Clear `item_id`."
    return Refusal(StepKind.CONFLICT, "external_item", reason)


def _listed(names: Sequence[str], *, most: int = 5) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(sorted(names)[:most]) + more


SECOND_IDS: Mapping[Channel, str] = {c.channel: c.second_id for c in COMBINATIONS.values() if c.second_id}
"""What a person calls the second ID of the channels whose content needs one."""

NOT_CONNECTED = "not_connected"
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


class Choice(NamedTuple):
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
        self._chosen: dict[tuple[Channel, str], Choice] = {}
        for account in snapshot.accounts:
            self._add(account)

    def _add(self, account: Account) -> None:
        if account in self._by_channel[account.channel]:
            return
        self._by_channel[account.channel].append(account)
        self._by_id[account.channel, plain_name(account.id)].append(account)
        for name in {plain_name(n) for n in (account.name, account.target_name, account.target_id)} - {""}:
            self._by_name[account.channel, name].append(account)

    def connection_refusal(self, channel: Channel) -> Refusal | None:
        """Return why nothing can be posted to a channel at all, None where it can."""
        state = self._connections.get(channel, "VALID")
        if state in CONNECTIONS:
            return _blocked(NOT_CONNECTED, f"{channel} can't be posted to. {CONNECTIONS[state]}. {REMEDY}")
        if state != "VALID":
            return _blocked(NOT_CONNECTED, f"The service says {state} of {channel}. {REMEDY}")
        if not self._by_channel.get(channel):
            return _blocked(NOT_CONNECTED, f"No {channel} account is connected to this site. {REMEDY}")
        return None

    def choose(self, post: Post) -> Choice:
        """Return the account of a post, and why nothing can be posted to it where that is so."""
        wanted = known_channel(post), post.account
        if wanted not in self._chosen:
            self._chosen[wanted] = self._choose(*wanted)
        return self._chosen[wanted]

    def _choose(self, channel: Channel, name: str) -> Choice:
        choice = self._named(channel, name) if name else self._default(channel)
        refusal = self.connection_refusal(channel) or choice.refusal
        if refusal is None and channel in SECOND_IDS and choice.account and not choice.account.target_id:
            refusal = _no_target(channel, choice.account)
        return Choice(choice.account, refusal)

    def of_item(self, post: Post, item: Item) -> Choice:
        """Return the account of an item as its row has it; a row that means another account is a conflict.

        A blank cell means the default account; where there is none, the item's own, for then nothing is guessed.
        """
        choice = self.choose(post)
        if choice.account is None:
            return self._unresolved(post, item, choice)
        if not item.account_id:
            return choice if item.status == Status.DELETED else Choice(choice.account, _unclear(item))
        if item.account_id != choice.account.id:
            return Choice(choice.account, _other_account(post, item, self._own(item), choice.account))
        if _differs(item.content.target_id, choice.account.target_id):
            return Choice(choice.account, _other_target(item, choice.account))
        return choice

    def _unresolved(self, post: Post, item: Item, choice: Choice) -> Choice:
        own = self._own(item)
        if (
            not post.account
            and choice.refusal
            and choice.refusal.code == AMBIGUOUS
            and own in self._by_channel[own.channel]
        ):
            return Choice(own)
        known = not post.account or plain_name(post.account) == plain_name(item.account_id)
        return Choice(own if known else None, choice.refusal)

    def _own(self, item: Item) -> Account:
        """Return the account that an item says it is on, as far as it is known."""
        known = self._by_id.get((item.channel, plain_name(item.account_id)), [])
        fitting = [a for a in known if not _differs(item.content.target_id, a.target_id)]
        if fitting:
            return fitting[0]
        return Account(Channel(item.channel), item.account_id, target_id=item.content.target_id)

    def _named(self, channel: Channel, name: str) -> Choice:
        found = self._by_id.get((channel, plain_name(name))) or self._by_name.get((channel, plain_name(name)), [])
        if len(found) == 1:
            return Choice(found[0])
        if not found:
            return Choice(None, _unknown(channel, name, self._by_channel[channel]))
        defaults = [account for account in found if account.default]
        if len(defaults) == 1 and len({account.id for account in found}) == 1:
            return Choice(defaults[0])
        return Choice(None, _ambiguous(f"{name!r} fits several {channel} accounts", found))

    def _default(self, channel: Channel) -> Choice:
        accounts = self._by_channel[channel]
        defaults = [account for account in accounts if account.default]
        if len(accounts) == 1 or len(defaults) == 1:
            return Choice((defaults or accounts)[0])
        said = "several defaults" if defaults else "no default"
        return Choice(None, _ambiguous(f"{channel} has several accounts and {said}", accounts))


def known_channel(post: Post) -> Channel:
    """Return the channel of a post that has no error."""
    if post.channel is None:
        raise ValueError(f"row {post.row} has no channel and no error that says so")
    return post.channel


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


def _differs(there: str, wanted: str) -> bool:
    return bool(there and wanted) and there != wanted


def _blocked(code: str, reason: str) -> Refusal:
    return Refusal(StepKind.BLOCKED, code, reason)


def _with_ids(accounts: Sequence[Account]) -> str:
    names = sorted(shown_account(account) for account in accounts)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def _unknown(channel: Channel, name: str, accounts: Sequence[Account]) -> Refusal:
    reason = f"No {channel} account is called {name!r}. Connected are: {_with_ids(accounts)}. Write one of these."
    return _blocked("account_unknown", reason)


def _ambiguous(what: str, accounts: Sequence[Account]) -> Refusal:
    reason = (
        f"{what}: {_with_ids(accounts)}. Write the one that is meant into `account`, its ID if the names are the same."
    )
    return _blocked(AMBIGUOUS, reason)


def _no_target(channel: Channel, account: Account) -> Refusal:
    what = SECOND_IDS[channel]
    reason = (
        f"The {channel} account {shown_account(account)} has no {what} to post to. Choose one on the site. {REMEDY}"
    )
    return _blocked("no_target", reason)


def _unclear(item: Item) -> Refusal:
    reason = (
        f"The site does not say to which account the item {item.id} belongs, so it is not touched. "
        "Choose its account on the site."
    )
    return Refusal(StepKind.CONFLICT, "account_unclear", reason)


def _other_account(post: Post, item: Item, there: Account, wanted: Account) -> Refusal:
    row = f"says {post.account}" if post.account else f"is blank, which means {shown_account(wanted)}"
    reason = (
        f"It is on the account {shown_account(there)} there, and `account` {row}. A post never changes its account: "
        f"write {there.name or there.id}, or {own_key(item)}."
    )
    return Refusal(StepKind.CONFLICT, "other_account", reason)


def _other_target(item: Item, wanted: Account) -> Refusal:
    what = SECOND_IDS.get(wanted.channel, "target")
    reason = (
        f"It is on the {what} {item.content.target_id} there, and the row means "
        f"{wanted.target_name or wanted.target_id}. A post never changes its {what}: {own_key(item)}."
    )
    return Refusal(StepKind.CONFLICT, "other_target", reason)
