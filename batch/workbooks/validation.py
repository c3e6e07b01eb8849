"""The formulas behind a sheet of posts: what a row's channel offers, needs, and takes at most.

Each is written for row 2 and moves with the row. All of them ask the lists of `lists_sheet` by name. A row may name
several channels: then what any of them needs is needed, what none of them has is not used, and the tightest limit
counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from batch.model import Account, Action, Channel, Generate, Quota
from batch.rules.channels import CALLS_TO_ACTION, COMBINATIONS, DEFAULT_TYPE, ENDED, PRIVACY_LEVELS, Combination
from batch.wording import column_letters
from batch.workbooks.style import COUNT, SLATE, Looks, add_sheet

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook


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


ZONES = (
    "UTC", "Pacific/Honolulu", "America/Anchorage", "America/Los_Angeles", "America/Vancouver", "America/Denver",
    "America/Phoenix", "America/Chicago", "America/Mexico_City", "America/New_York", "America/Toronto",
    "America/Bogota", "America/Lima", "America/Halifax", "America/Caracas", "America/Santiago", "America/St_Johns",
    "America/Sao_Paulo", "America/Argentina/Buenos_Aires", "Atlantic/Azores", "Atlantic/Reykjavik", "Europe/London",
    "Europe/Dublin", "Europe/Lisbon", "Africa/Casablanca", "Africa/Lagos", "Europe/Amsterdam", "Europe/Belgrade",
    "Europe/Berlin", "Europe/Brussels", "Europe/Budapest", "Europe/Copenhagen", "Europe/Madrid", "Europe/Oslo",
    "Europe/Paris", "Europe/Prague", "Europe/Rome", "Europe/Stockholm", "Europe/Vienna", "Europe/Warsaw",
    "Europe/Zurich", "Africa/Johannesburg", "Africa/Cairo", "Europe/Athens", "Europe/Bucharest", "Europe/Helsinki",
    "Europe/Kyiv", "Europe/Sofia", "Asia/Jerusalem", "Asia/Beirut", "Europe/Istanbul", "Europe/Moscow",
    "Africa/Nairobi", "Asia/Riyadh", "Asia/Baghdad", "Asia/Tehran", "Asia/Dubai", "Asia/Baku", "Asia/Karachi",
    "Asia/Tashkent", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Dhaka", "Asia/Almaty", "Asia/Bangkok",
    "Asia/Ho_Chi_Minh", "Asia/Jakarta", "Asia/Shanghai", "Asia/Hong_Kong", "Asia/Singapore", "Asia/Taipei",
    "Asia/Manila", "Asia/Kuala_Lumpur", "Australia/Perth", "Asia/Seoul", "Asia/Tokyo", "Australia/Adelaide",
    "Australia/Brisbane", "Australia/Melbourne", "Australia/Sydney", "Pacific/Auckland", "Pacific/Fiji",
)  # fmt: skip


LISTS = "Lists"
NO_LIMIT = 1_000_000
FIELDS = ("text", "title", "media", "link", "call_to_action", "privacy")
"""The columns that some channels have and others have not."""

Column = Sequence[str | int]


def living_channels(connected: Connected | None = None) -> list[Channel]:
    """Return the channels that a drop-down offers: those that still take posts and, of a site, the connected ones."""
    there = {account.channel for account in connected.accounts} if connected else set()
    return [channel for channel in Channel if channel not in ENDED and (not there or channel in there)]


def add_lists_sheet(book: Workbook, looks: Looks, *, connected: Connected | None = None) -> None:
    """Add the hidden sheet and define a name for each of its columns."""
    sheet = add_sheet(book, LISTS, tab=SLATE)
    sheet.hide()
    columns = make_lists(connected)
    sheet.set_column(0, len(columns) - 1, 22, looks.make())
    heading, plain = looks.heading(SLATE), looks.make(num_format="@")
    for at, name in enumerate(columns):
        sheet.write_string(0, at, name, heading)
    for row in range(max(map(len, columns.values()))):
        for at, values in enumerate(columns.values()):
            if row < len(values):
                value = values[row]
                if isinstance(value, str):
                    sheet.write_string(row + 1, at, value, plain)
                else:
                    sheet.write_number(row + 1, at, value)
    for at, (name, values) in enumerate(columns.items()):
        column = column_letters(at)
        book.define_name(name, f"={LISTS}!${column}$2:${column}${len(values) + 1}")


def make_lists(connected: Connected | None = None) -> dict[str, Column]:
    """Return each list under its name; none of them is empty."""
    combinations = list(COMBINATIONS.values())
    channels = living_channels(connected)
    return {
        "pb_channel": [c.channel.value for c in combinations],
        "pb_type": [c.type.value for c in combinations],
        "pb_usual": [int(DEFAULT_TYPE[c.channel] is c.type) for c in combinations],
        "pb_text_most": [_text_most(c) for c in combinations],
        "pb_title_most": [int(c.title.most.value) if c.title else NO_LIMIT for c in combinations],
        "pb_title_needed": [int(bool(c.title and c.title.needed)) for c in combinations],
        **{f"pb_has_{field}": [int(_has(c, field)) for c in combinations] for field in FIELDS},
        **{f"pb_enough_{field}": [int(field in c.enough) for c in combinations] for field in ("text", "link", "media")},
        "pb_channels": [channel.value for channel in channels],
        **_type_lists(channels, combinations),
        "pb_actions": [action.value for action in Action],
        "pb_calls": list(CALLS_TO_ACTION.values),
        "pb_generate": [kind.value for kind in Generate],
        "pb_timezones": _zones(connected),
        **_account_lists(connected),
    }


def _text_most(combination: Combination) -> int:
    return int(combination.text.most.value) if combination.text.most else NO_LIMIT


def _has(combination: Combination, field: str) -> bool:
    return bool(combination.text.name) if field == "text" else getattr(combination, field) is not None


def _type_lists(channels: Iterable[Channel], combinations: Iterable[Combination]) -> Mapping[str, Column]:
    """Return the types channel by channel, the usual one first; at the end all of them, for a row without a channel."""
    pairs = [(c.channel.value, c.type.value) for channel in channels for c in _usual_first(channel, combinations)]
    every = list(dict.fromkeys(type_ for _, type_ in pairs))
    return {
        "pb_type_channels": [*(channel for channel, _ in pairs), *("(any)" for _ in every)],
        "pb_types": [*(type_ for _, type_ in pairs), *every],
    }


def _usual_first(channel: Channel, combinations: Iterable[Combination]) -> list[Combination]:
    own = [c for c in combinations if c.channel is channel]
    return sorted(own, key=lambda c: c.type is not DEFAULT_TYPE[channel])


def _zones(connected: Connected | None) -> list[str]:
    first = [connected.timezone] if connected and connected.timezone else []
    return list(dict.fromkeys((*first, *ZONES)))


def _account_lists(connected: Connected | None) -> Mapping[str, Column]:
    named = named_accounts(connected.accounts) if connected else ()
    options = list(privacy_choices(named)) or [("", level) for level in PRIVACY_LEVELS.values]
    own = [account or "(default)" for account, _ in options]
    return {
        "pb_account_channels": [*(entry.account.channel.value for entry in named), *("(any)" for _ in named or (1,))],
        "pb_accounts": [*(entry.name for entry in named), *(entry.name for entry in named)] or ["(any)"],
        "pb_whose": [*own, *("(any)" for _ in PRIVACY_LEVELS.values)],
        "pb_privacy": [*(level for _, level in options), *PRIVACY_LEVELS.values],
    }


ONE_OF = ("text", "link", "media")
"""Columns of which a post may need one."""

GENERATED: Mapping[str, tuple[str, ...]] = {"text": ("caption", "post"), "media": ("post",)}
"""What is filled in by the service, for each word of `generate`."""

MAKING = ("", "draft", "publish", "schedule")
"""Actions whose post has to be complete."""


class Formulas:
    """The formulas for one order of columns."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._cells = {column: f"${column_letters(place)}2" for column, place in places.items()}
        self._counted = [column_letters(place) for column, place in places.items() if column != COUNT]

    def cell(self, column: str) -> str:
        """Return the address of a column's cell in row 2."""
        return self._cells[column]

    def is_needed(self, column: str) -> str:
        """Return the condition under which an empty cell has to be filled; "" where the column is never needed."""
        if column in ONE_OF:
            return self._needs_one_of(column)
        conditions: Mapping[str, str] = {
            "channel": f'{self._cells["channel"]}="",COUNTA({self._whole_row()})>0',
            "title": f"SUMPRODUCT({self._fits()}*pb_title_needed)>0,{self._is_made()}",
            "privacy": f"SUMPRODUCT({self._fits()}*pb_has_privacy)>0,{self._is_made()}",
            "publish_at": f'OR({self._cells["action"]}="schedule",{self._cells["action"]}="reschedule")',
            "prompt": f'{self._cells["generate"]}<>"",{self._cells["asset"]}=""',
        }
        condition = conditions.get(column)
        return f'=AND({self._cells[column]}="",{condition})' if condition else ""

    def is_not_used(self, field: str) -> str:
        """Return the condition under which none of the row's channels has a field."""
        return f"=AND(SUMPRODUCT({self._fits()})>0,SUMPRODUCT({self._fits()}*pb_has_{field})=0)"

    def is_over(self, column: str) -> str:
        """Return the condition under which a text or title is longer than the row's channel takes."""
        return f"=LEN({self._cells[column]})>{self._most(column)}"

    def count(self) -> str:
        """Return the formula that shows how long the text is, and the limit where there is one."""
        text, most = self._cells["text"], self._most("text")
        return f'=IF({text}="","",LEN({text})&IF({most}<{NO_LIMIT}," / "&{most},""))'

    def types(self) -> str:
        """Return the list of the types that the row's channel has."""
        return _part_of("pb_types", "pb_type_channels", self._cells["channel"])

    def accounts(self) -> str:
        """Return the list of the accounts on the row's channel."""
        return _part_of("pb_accounts", "pb_account_channels", self._cells["channel"])

    def privacy_levels(self) -> str:
        """Return the list of what the row's account allows."""
        account = self._cells["account"]
        return _part_of("pb_privacy", "pb_whose", f'IF({account}="","(default)",{account})')

    def is_a_moment(self) -> str:
        """Return the condition that a date is met by: a time of day is there, or it is text (`now`, an offset)."""
        cell = self._cells["publish_at"]
        return f"=OR(ISTEXT({cell}),AND(ISNUMBER({cell}),MOD({cell},1)>0))"

    def _needs_one_of(self, column: str) -> str:
        filled = "+".join(f"pb_enough_{one}*({self._is_filled(one)})" for one in ONE_OF)
        lacking = f"SUMPRODUCT({self._fits()}*pb_enough_{column}*(({filled})=0))>0"
        return f'=AND({self._cells[column]}="",{lacking},{self._is_made()})'

    def _is_filled(self, column: str) -> str:
        """Return a sum that is zero where a cell is empty and nothing is going to be generated for it."""
        made = "+".join(f'({self._cells["generate"]}="{word}")' for word in GENERATED.get(column, ()))
        return f'({self._cells[column]}<>""){"+" + made if made else ""}'

    def _fits(self) -> str:
        """Return 1 for each line of the channel table that the row means, else 0."""
        channel, kind = self._cells["channel"], self._cells["type"]
        return f'ISNUMBER(SEARCH(pb_channel,{channel}))*(({kind}=pb_type)+({kind}="")*pb_usual)'

    def _is_made(self) -> str:
        action = self._cells["action"]
        return "OR(" + ",".join(f'{action}="{word}"' for word in MAKING) + ")"

    def _most(self, column: str) -> str:
        return f"SUMPRODUCT(MIN({NO_LIMIT}-{self._fits()}*({NO_LIMIT}-pb_{column}_most)))"

    def _whole_row(self) -> str:
        return ",".join(f"${column}2" for column in self._counted)


def _part_of(values: str, owners: str, owner: str) -> str:
    """Return the stretch of a list that belongs to an owner, else the stretch for any."""
    found = f'IF(COUNTIF({owners},{owner})=0,"(any)",{owner})'
    return f"=OFFSET({values},MATCH({found},{owners},0)-1,0,COUNTIF({owners},{found}),1)"
