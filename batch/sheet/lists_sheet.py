"""The hidden sheet behind the drop-downs and colours: the channel table and the lists, each under a defined name.

All rules of a sheet of posts refer to these names, since a drop-down or a colour that points at another sheet by its
cells is not understood by every spreadsheet program. Everything comes from the channel table; nothing is stated twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from batch.model import Action, Channel, Generate
from batch.rules.channels import CALLS_TO_ACTION, COMBINATIONS, DEFAULT_TYPE, ENDED, PRIVACY_LEVELS, Combination
from batch.sheet.connected import Connected, named_accounts, privacy_choices
from batch.sheet.grid import letters
from batch.sheet.style import SLATE, Looks, add_sheet
from batch.sheet.zones import ZONES

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

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
        column = letters(at)
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
