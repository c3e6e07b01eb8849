"""The drop-downs of a sheet of posts, and what is said where somebody types what they do not hold.

What can only be a slip is refused at once; where more may be right than the list offers (several channels, any account,
any time zone) the person is told and decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from batch.sheet.formulas import Formulas

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet


class Choice(NamedTuple):
    """A drop-down: where its values come from, what is said of others, and how firmly."""

    source: str
    title: str
    message: str
    firmness: Literal["stop", "warning", "information"]


def add_dropdowns(
    sheet: Worksheet, formulas: Formulas, places: Mapping[str, int], *, last_row: int, with_accounts: bool
) -> None:
    """Add all drop-downs, for rows 2 to `last_row`."""
    for column, choice in _choices(formulas, with_accounts=with_accounts).items():
        place = places[column]
        sheet.data_validation(1, place, last_row - 1, place, _options(choice))
    place = places["publish_at"]
    sheet.data_validation(1, place, last_row - 1, place, _moment_options(formulas))


CHOOSE = "Choose one from the list, or leave the cell blank."


def _choices(formulas: Formulas, *, with_accounts: bool) -> dict[str, Choice]:
    several = "Several channels are written with commas between them: INSTAGRAM, FACEBOOK. Is that what this is?"
    any_zone = "Any IANA name will do, such as Europe/Berlin. The list holds only the usual ones."
    any_account = "No account of this channel has that name. An account's ID will do too."
    choices = {
        "action": Choice("=pb_actions", "Not an action", CHOOSE, "stop"),
        "channel": Choice("=pb_channels", "Not in the list", several, "information"),
        "type": Choice(formulas.types(), "Not a type of this channel", CHOOSE, "warning"),
        "timezone": Choice("=pb_timezones", "Not in the list", any_zone, "information"),
        "call_to_action": Choice("=pb_calls", "Not a call to action", CHOOSE, "stop"),
        "privacy": Choice(formulas.privacy_levels(), "Not offered", CHOOSE, "warning"),
        "generate": Choice("=pb_generate", "Not in the list", CHOOSE, "stop"),
        "approved": Choice("yes,no", "yes or no", "Write yes or no, or leave the cell blank.", "warning"),
    }
    if with_accounts:
        choices["account"] = Choice(formulas.accounts(), "Not in the list", any_account, "information")
    return choices


def _options(choice: Choice) -> dict[str, Any]:
    return {
        "validate": "list",
        "source": choice.source if choice.source.startswith("=") else choice.source.split(","),
        "error_title": choice.title,
        "error_message": choice.message,
        "error_type": choice.firmness,
    }


def _moment_options(formulas: Formulas) -> dict[str, Any]:
    return {
        "validate": "custom",
        "value": formulas.is_a_moment(),
        "input_title": "When it goes out",
        "input_message": "2026-12-01 09:30, or: now. Blank makes a draft.",
        "error_title": "No time of day",
        "error_message": "A date needs its time: 2026-12-01 09:30. Without one the post would go out at midnight.",
        "error_type": "warning",
    }
