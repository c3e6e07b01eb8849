"""How each column of a sheet of posts looks, and what the note on its heading says.

The notes speak to the person who fills the sheet in. What a channel takes is not told here but in the channel table.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from batch.model import COLUMNS
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, ENDED
from batch.sheet.style import INDIGO, NAVY, SLATE, TEAL, VIOLET, WINE

COUNT = "characters"
"""The column beside `text` that counts as one types. It is ours alone: reading a sheet passes over it."""

PROBLEM = "problem"
"""The first column of a `To fix` sheet. Reading passes over it too."""


class ColumnLook(NamedTuple):
    """A column's width in characters, and the colour of its group."""

    width: float
    group: str


COLUMN_LOOKS: Mapping[str, ColumnLook] = {
    "key": ColumnLook(22, NAVY),
    "action": ColumnLook(12, NAVY),
    "site": ColumnLook(12, NAVY),
    "channel": ColumnLook(15, NAVY),
    "type": ColumnLook(9, NAVY),
    "account": ColumnLook(20, NAVY),
    "publish_at": ColumnLook(17, TEAL),
    "timezone": ColumnLook(17, TEAL),
    "text": ColumnLook(52, INDIGO),
    COUNT: ColumnLook(12, INDIGO),
    "title": ColumnLook(24, INDIGO),
    "media": ColumnLook(42, INDIGO),
    "link": ColumnLook(30, INDIGO),
    "call_to_action": ColumnLook(15, INDIGO),
    "privacy": ColumnLook(24, INDIGO),
    "generate": ColumnLook(11, VIOLET),
    "prompt": ColumnLook(30, VIOLET),
    "asset": ColumnLook(24, VIOLET),
    "tone": ColumnLook(12, VIOLET),
    "language": ColumnLook(11, VIOLET),
    "item_id": ColumnLook(22, SLATE),
    "approved": ColumnLook(11, SLATE),
    "notes": ColumnLook(36, SLATE),
    PROBLEM: ColumnLook(54, WINE),
}

NOTES: Mapping[str, str] = {
    "key": (
        "A short name of your own for this post, such as spring-01. Never change it afterwards: by it the post is "
        "found again, so that running the sheet twice does not post twice. Blank: one is made for you."
    ),
    "action": (
        "Leave it blank: the post is brought to what this row says. Or choose one: draft, publish (now), schedule, "
        "reschedule, cancel, delete, skip."
    ),
    "site": "The site's name in your configuration. Blank = the only site, or the default one.",
    "channel": "Where the post goes. Several, separated by commas, make one post for each channel.",
    "type": (
        "What kind of post. The list shows what this row's channel has. Blank = the usual one (VIDEO on YouTube, POST "
        "elsewhere)."
    ),
    "account": "The account, or its page, board or location, by name or ID. Blank = the channel's default account.",
    "publish_at": (
        "Date and time, on the clock of the time zone beside it: 2026-12-01 09:30. Or the word now. Blank = a draft, "
        "which goes nowhere until it gets a date."
    ),
    "timezone": (
        "Whose clock the date is on, such as Europe/Berlin. Any IANA name will do, not only those in the list. Blank = "
        "the site's time zone."
    ),
    "text": (
        "The caption or description. Line breaks (Alt+Enter in Excel, Ctrl+Enter in LibreOffice and Google Sheets) and "
        "emoji stay as they are."
    ),
    COUNT: "How long the text is, and the most that this row's channel takes. It counts by itself.",
    "title": "Only for {channels}.",
    "media": (
        "Pictures or videos: web addresses, or files beside this sheet (pictures/cup.jpg). Several make a carousel: "
        "one on each line of the cell, in order."
    ),
    "link": "The page that the post leads to. Only for {channels}.",
    "call_to_action": "The button under the post. Only for {channels}.",
    "privacy": "Who may see it. Only for {channels}, where it is needed.",
    "generate": (
        "Leave it blank to post what you wrote. caption = have the text written from the prompt; post = have text and "
        "picture made from the asset or the prompt; image = have the first picture edited."
    ),
    "prompt": "For generate: what it should be about, or what to change in the picture.",
    "asset": "For generate: the thing on your site to post about, such as STORES_PRODUCT:<its ID>.",
    "tone": "For generate: such as friendly or playful.",
    "language": "For generate: a language code, such as en or de.",
    "item_id": "Leave it blank. The ID of a post that is already on the site; postbatch pull fills it in.",
    "approved": "yes, once somebody has approved the post. It counts only with --approved-only.",
    "notes": "For you and your colleagues. Never sent.",
    PROBLEM: (
        "What has to be mended in this row. Correct the cells in colour, save, and run this very file. This column is "
        "not read."
    ),
}
"""`{channels}` stands for the living channels that have such a field, as the channel table says."""

AFTER_TEXT = COLUMNS.index("text") + 1
POSTS_COLUMNS = (*COLUMNS[:AFTER_TEXT], COUNT, *COLUMNS[AFTER_TEXT:])
"""The columns of a sheet of posts, from left to right."""


def look_of(column: str) -> ColumnLook:
    """Return how a column looks; `text:INSTAGRAM` looks like `text`."""
    return COLUMN_LOOKS[column.partition(":")[0]]


def note_of(column: str) -> str:
    """Return the note on a heading."""
    base, _, channel = column.partition(":")
    if channel:
        return f"As {base}, for {channel} only."
    return NOTES[base].replace("{channels}", _channels_with(base))


def _channels_with(field: str) -> str:
    """Return the living channels that have a field, as a person lists them."""
    labels = [
        CHANNEL_LABELS[combination.channel]
        for combination in COMBINATIONS.values()
        if combination.channel not in ENDED and getattr(combination, field, None) is not None
    ]
    several = list(dict.fromkeys(labels))
    return " and ".join([", ".join(several[:-1]), several[-1]] if len(several) > 1 else several)
