"""Chooses the account that a post goes to, and says why where it can't be told. It never guesses.

A row names an account by its ID, its user or display name, or the name of its page, board or location; a blank cell
means the channel's default account, or its only one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from batch.model import Account, Channel, Item, Post, Snapshot, Status, StepKind
from batch.plan.decisions import Refusal
from batch.rules.channels import COMBINATIONS

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


def _listed(accounts: Sequence[Account]) -> str:
    names = sorted(shown_account(account) for account in accounts)
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return ", ".join(names[:8]) + more


def _unknown(channel: Channel, name: str, accounts: Sequence[Account]) -> Refusal:
    reason = f"No {channel} account is called {name!r}. Connected are: {_listed(accounts)}. Write one of these."
    return _blocked("account_unknown", reason)


def _ambiguous(what: str, accounts: Sequence[Account]) -> Refusal:
    reason = (
        f"{what}: {_listed(accounts)}. Write the one that is meant into `account`, its ID if the names are the same."
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
