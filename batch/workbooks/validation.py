"""What helps while one types into a sheet of posts: drop-downs, colours, and the lists and formulas behind them.

Each formula is written for row 2 and moves with the row. All of them ask the lists of the hidden sheet by name. A row
may name several channels: then what any of them needs is needed, what none of them has is not used, and the tightest
limit counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.model import Account, Action, Channel, Generate, Quota
from batch.rules.channels import CALLS_TO_ACTION, COMBINATIONS, DEFAULT_TYPE, ENDED, PRIVACY_LEVELS
from batch.wording import column_letters
from batch.workbooks.style import NEEDED_FILL, OVER_FILL, OVER_INK, SLATE, UNUSED_FILL, Formats, add_sheet, fit_cell

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

COUNT = "characters"
"""The column beside `text` that counts as one types. It is ours alone: reading a sheet passes over it."""

LISTS = "Lists"
NO_LIMIT = 1_000_000
FIELDS = ("text", "title", "media", "link", "call_to_action", "privacy")
"""The columns that some channels have and others have not."""

ONE_OF = ("text", "link", "media")
"""Columns of which a post may need one."""

GENERATED_BY: Mapping[str, tuple[str, ...]] = {"text": ("caption", "post"), "media": ("post",)}
"""The words of `generate` for which the service fills in a column."""

MAKING = ("", "draft", "publish", "schedule")
"""Actions whose post has to be complete."""

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


class Formula(NamedTuple):
    """A cell that is worked out, with what it comes to now."""

    formula: str
    value: str | int


Column = Sequence[str | int]
ListColumn = Sequence[str | int | Formula]


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
    named = []
    for account in sorted(known, key=lambda a: (order.index(a.channel), not a.default)):
        names = [name for name in (account.name, account.target_name) if name]
        own = next((name for name in names if taken[account.channel, name.casefold()] == 1), account.id)
        named.append(NamedAccount(own, account))
    return tuple(named)


def privacy_choices(accounts: Iterable[NamedAccount]) -> Iterator[tuple[str, str]]:
    """Yield (account name, privacy level) for each level that an account allows; "" is the default account."""
    limited = [entry for entry in accounts if entry.account.privacy_options]
    default = next((e for e in limited if e.account.default), limited[0] if len(limited) == 1 else None)
    if default is not None:
        yield from (("", level) for level in default.account.privacy_options)
    for entry in limited:
        yield from ((entry.name, level) for level in entry.account.privacy_options)


def living_channels(connected: Connected | None = None) -> list[Channel]:
    """Return the channels that a drop-down offers: those that still take posts and, of a site, the connected ones."""
    channels = {account.channel for account in connected.accounts} if connected else set()
    return [channel for channel in Channel if channel not in ENDED and (not channels or channel in channels)]


def make_lists(connected: Connected | None = None) -> dict[str, Column]:
    """Return each list under its name; none of them is empty."""
    combinations = list(COMBINATIONS.values())
    has = {field: [int(getattr(c, field) is not None) for c in combinations] for field in FIELDS}
    has["text"] = [int(bool(c.text.name)) for c in combinations]
    zone = [connected.timezone] if connected and connected.timezone else []
    return {
        "pb_channel": [c.channel.value for c in combinations],
        "pb_type": [c.type.value for c in combinations],
        "pb_usual": [int(DEFAULT_TYPE[c.channel] is c.type) for c in combinations],
        "pb_text_most": [c.text.most.value if c.text.most else NO_LIMIT for c in combinations],
        "pb_title_most": [c.title.most.value if c.title and c.title.most else NO_LIMIT for c in combinations],
        "pb_title_needed": [int(bool(c.title and c.title.needed)) for c in combinations],
        **{f"pb_has_{field}": flags for field, flags in has.items()},
        **{f"pb_enough_{field}": [int(field in c.enough) for c in combinations] for field in ("text", "link", "media")},
        **_channel_lists(living_channels(connected)),
        "pb_actions": [action.value for action in Action],
        "pb_calls": list(CALLS_TO_ACTION.values),
        "pb_generate": [kind.value for kind in Generate],
        "pb_timezones": list(dict.fromkeys((*zone, *ZONES))),
        **_account_lists(named_accounts(connected.accounts) if connected else ()),
    }


def _channel_lists(channels: Sequence[Channel]) -> Mapping[str, Column]:
    """Return the types channel by channel, the usual one first; at the end all of them, for a row without a channel."""
    living = sorted(
        (c for c in COMBINATIONS.values() if c.channel in channels),
        key=lambda c: (channels.index(c.channel), c.type is not DEFAULT_TYPE[c.channel]),
    )
    every = list(dict.fromkeys(c.type.value for c in living))
    return {
        "pb_channels": [channel.value for channel in channels],
        "pb_type_channels": [*(c.channel.value for c in living), *("(any)" for _ in every)],
        "pb_types": [*(c.type.value for c in living), *every],
    }


def _account_lists(named: Sequence[NamedAccount]) -> Mapping[str, Column]:
    options = list(privacy_choices(named)) or [("", level) for level in PRIVACY_LEVELS.values]
    own = [account or "(default)" for account, _ in options]
    return {
        "pb_account_channels": [*(entry.account.channel.value for entry in named), *("(any)" for _ in named or (1,))],
        "pb_accounts": [*(entry.name for entry in named), *(entry.name for entry in named)] or ["(any)"],
        "pb_whose": [*own, *("(any)" for _ in PRIVACY_LEVELS.values)],
        "pb_privacy": [*(level for _, level in options), *PRIVACY_LEVELS.values],
    }


def add_lists_sheet(book: Workbook, formats: Formats, columns: Mapping[str, ListColumn]) -> None:
    """Add the hidden sheet with these lists and define a name for each of them."""
    sheet = add_sheet(book, LISTS, tab=SLATE)
    sheet.hide()
    sheet.set_column(0, len(columns) - 1, 22, formats.make())
    heading, plain = formats.heading(SLATE), formats.make(num_format="@")
    for at, (name, values) in enumerate(columns.items()):
        sheet.write_string(0, at, name, heading)
        column = column_letters(at)
        book.define_name(name, f"={LISTS}!${column}$2:${column}${len(values) + 1}")
    for row, cells in enumerate(zip_longest(*columns.values()), start=1):
        for at, value in enumerate(cells):
            if isinstance(value, str):
                sheet.write_string(row, at, fit_cell(value), plain)
            elif isinstance(value, Formula):
                sheet.write_formula(row, at, value.formula, formats.make(), value.value)
            elif value is not None:
                sheet.write_number(row, at, value)


CHOOSE = "Choose one from the list, or leave the cell blank."
WITH_ANY_TIME: Mapping[str, str] = {
    "validate": "custom",
    "input_title": "When it goes out",
    "input_message": "2026-12-01 09:30, or: now, or: slot. Blank makes a draft.",
    "error_title": "No time of day",
    "error_message": "A date needs its time: 2026-12-01 09:30. Without one the post would go out at midnight.",
    "error_type": "warning",
}
NOT_LISTED = "Not in the list"
DROPDOWNS: Mapping[str, tuple[str | list[str], str, str, str]] = {
    "action": ("=pb_actions", "stop", "Not an action", CHOOSE),
    "channel": (
        "=pb_channels", "information", NOT_LISTED,
        "Several channels are written with commas between them: INSTAGRAM, FACEBOOK. Is that what this is?",
    ),
    "type": ("", "warning", "Not a type of this channel", CHOOSE),
    "timezone": (
        "=pb_timezones", "information", NOT_LISTED,
        "Any IANA name will do, such as Europe/Berlin. The list holds only the usual ones.",
    ),
    "call_to_action": ("=pb_calls", "stop", "Not a call to action", CHOOSE),
    "privacy": ("", "warning", "Not offered", CHOOSE),
    "generate": ("=pb_generate", "stop", NOT_LISTED, CHOOSE),
    "approved": (["yes", "no"], "warning", "yes or no", "Write yes or no, or leave the cell blank."),
    "account": (
        "", "information", NOT_LISTED, "No account of this channel has that name. An account's ID will do too.",
    ),
    "places": (
        "=pb_places", "information", NOT_LISTED,
        "Several are written with commas between them: north, berlin. So is: all but berlin. Is that what this is?",
    ),
}  # fmt: skip
"""Each column's list, "" where it goes by the row, and what is told of a cell not in it: how firmly, title, text."""


def drop_down(column: str, *, source: str = "") -> dict[str, Any]:
    """Return the options of a column's drop-down, with the list that a row has of its own where it has one."""
    usual, firmness, title, message = DROPDOWNS[column]
    told = {"error_title": title, "error_message": message, "error_type": firmness}
    return {"validate": "list", "source": source or usual, **told}


class Formulas:
    """The formulas for one order of columns."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        self._cells = {column: f"${column_letters(place)}2" for column, place in places.items()}
        self._whole_row = ",".join(f"${column_letters(at)}2" for column, at in places.items() if column != COUNT)

    def is_needed(self, column: str) -> str:
        """Return the condition under which an empty cell has to be filled; "" where the column is never needed."""
        if column in ONE_OF:
            filled = "+".join(f"pb_enough_{one}*({self._is_filled(one)})" for one in ONE_OF)
            lacking = f"SUMPRODUCT({self._fits()}*pb_enough_{column}*(({filled})=0))>0"
            return f'=AND({self._cells[column]}="",{lacking},{self._is_made()})'
        conditions: Mapping[str, str] = {
            "channel": f'{self._cells["channel"]}="",COUNTA({self._whole_row})>0',
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
        """Return the formula that shows how long the text is, its limit, and what the row needs that may be folded."""
        text, most = self._cells["text"], self._most("text")
        length = f'IF({text}="","",LEN({text})&IF({most}<{NO_LIMIT}," / "&{most},""))'
        needs = "".join(f'&IF({self.is_needed(name)[1:]}," needs {name}","")' for name in ("title", "privacy"))
        return f"=TRIM({length}{needs})"

    def own_lists(self) -> Mapping[str, str]:
        """Return the lists that go by the row: its channel's types and accounts, and what its account allows."""
        channel, account = self._cells["channel"], self._cells["account"]
        return {
            "type": _part_of("pb_types", "pb_type_channels", channel),
            "account": _part_of("pb_accounts", "pb_account_channels", channel),
            "privacy": _part_of("pb_privacy", "pb_whose", f'IF({account}="","(default)",{account})'),
        }

    def _is_filled(self, column: str) -> str:
        """Return a sum that is zero where a cell is empty and nothing is going to be generated for it."""
        made = "+".join(f'({self._cells["generate"]}="{word}")' for word in GENERATED_BY.get(column, ()))
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

    def add_dropdowns(self, sheet: Worksheet, *, last_row: int, offered: Collection[str]) -> None:
        """Add all drop-downs, for rows 2 to `last_row`; those of `account` and `places` only where `offered`."""
        cell, own = self._cells["publish_at"], self.own_lists()
        has_time = f"=OR(ISTEXT({cell}),AND(ISNUMBER({cell}),MOD({cell},1)>0))"  # text is `now`, or has an offset
        options: dict[str, dict[str, Any]] = {"publish_at": {**WITH_ANY_TIME, "value": has_time}}
        for column in DROPDOWNS:
            if column in offered or column not in ("account", "places"):
                options[column] = drop_down(column, source=own.get(column, ""))
        for column, chosen in options.items():
            sheet.data_validation(1, self._places[column], last_row - 1, self._places[column], chosen)

    def add_highlights(self, sheet: Worksheet, formats: Formats, *, last_row: int) -> None:
        """Colour what is too long, what is needed and what is not used, in rows 2 to `last_row`."""
        over = formats.highlight(bg_color=OVER_FILL, font_color=OVER_INK)
        needed = formats.highlight(bg_color=NEEDED_FILL)
        unused = formats.highlight(bg_color=UNUSED_FILL, font_color=SLATE)
        rules = [
            *((column, self.is_over(column), over) for column in ("text", "title")),
            (COUNT, self.is_over("text"), over),
            *((column, self.is_needed(column), needed) for column in self._places),
            *((field, self.is_not_used(field), unused) for field in FIELDS),
        ]
        for column, condition, highlight in rules:
            if condition:
                rule = {"type": "formula", "criteria": condition, "format": highlight}
                sheet.conditional_format(1, self._places[column], last_row - 1, self._places[column], rule)


def _part_of(values: str, owners: str, owner: str) -> str:
    """Return the stretch of a list that belongs to an owner, else the stretch for any."""
    found = f'IF(COUNTIF({owners},{owner})=0,"(any)",{owner})'
    return f"=OFFSET({values},MATCH({found},{owners},0)-1,0,COUNTIF({owners},{found}),1)"
