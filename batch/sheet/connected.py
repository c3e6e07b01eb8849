"""What a site's own template knows of the site: its accounts by the names that rows may use, its quota, its clock."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from batch.model import Account, Channel, Quota


@dataclass(frozen=True, slots=True)
class Connected:
    """A site as it was read for its template; `timezone` is an IANA name, "" where none is set."""

    accounts: tuple[Account, ...]
    quotas: Mapping[str, Quota] = field(default_factory=dict)
    timezone: str = ""
    site: str = ""


class NamedAccount(NamedTuple):
    """An account and the name that means it and no other on its channel."""

    name: str
    account: Account


def named_accounts(accounts: Iterable[Account]) -> tuple[NamedAccount, ...]:
    """Return the accounts in the order of the channels, each by its own name, its page's name, or else its ID."""
    known = list(dict.fromkeys(accounts))
    taken = Counter(
        (a.channel, name.casefold()) for a in known for name in {a.name, a.target_name, a.id, a.target_id} if name
    )
    order = list(Channel)
    ordered = sorted(known, key=lambda a: (order.index(a.channel), not a.default))
    return tuple(NamedAccount(_own_name(a, taken), a) for a in ordered)


def _own_name(account: Account, taken: Mapping[tuple[Channel, str], int]) -> str:
    names = [name for name in (account.name, account.target_name) if name]
    return next((name for name in names if taken[account.channel, name.casefold()] == 1), account.id)


def privacy_choices(accounts: Iterable[NamedAccount]) -> Iterator[tuple[str, str]]:
    """Yield (account name, privacy level) for each level that an account allows; "" is the default account."""
    limited = [entry for entry in accounts if entry.account.privacy_options]
    default = next((e for e in limited if e.account.default), limited[0] if len(limited) == 1 else None)
    if default is not None:
        yield from (("", level) for level in default.account.privacy_options)
    for entry in limited:
        yield from ((entry.name, level) for level in entry.account.privacy_options)


QUOTA_WORDS: Mapping[str, str] = {"PUBLISH_POST": "publishing now", "SCHEDULE_POST": "scheduling"}


def quota_lines(quotas: Mapping[str, Quota]) -> list[str]:
    """Return one line on each action's quota."""
    return [_quota_line(quotas[action], words) for action, words in QUOTA_WORDS.items() if action in quotas]


def _quota_line(quota: Quota, words: str) -> str:
    if not quota.enabled:
        return f"{words}: not in this site's plan"
    if quota.left is None:
        return f"{words}: not metered"
    of = f" of {quota.limit}" if quota.limit is not None else ""
    period = f" ({quota.period.lower()})" if quota.period else ""
    return f"{words}: {quota.left}{of} left{period}"
