"""The example rows of a template: one for each thing that people commonly do, plainly examples, and valid.

Their dates lie far ahead, so that they do not go stale, and a run on a real site leaves them out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from batch.model import Channel, Sheet
from batch.rules.channels import channel_named
from batch.sheet.connected import Connected, named_accounts, privacy_choices
from batch.sheet.grid import list_numbers

ZONE = "Europe/Berlin"
SITE = "https://www.example.com"

EXAMPLES: Sequence[Mapping[str, str]] = (
    {
        "key": "example-carousel",
        "channel": "INSTAGRAM",
        "publish_at": "2031-03-03 09:30",
        "text": "Three new cups, thrown this week. Which one is yours? ☕\n\n#pottery #handmade",
        "media": f"{SITE}/pictures/cup-blue.jpg\n{SITE}/pictures/cup-green.jpg\n{SITE}/pictures/cup-white.jpg",
        "notes": "EXAMPLE, overwrite it: three pictures, one on each line, make a carousel.",
    },
    {
        "key": "example-story",
        "channel": "INSTAGRAM",
        "type": "STORY",
        "publish_at": "2031-03-03 18:00",
        "media": f"{SITE}/pictures/kiln-opening.jpg",
        "notes": "EXAMPLE, overwrite it: a story has a picture or a video, and no text.",
    },
    {
        "key": "example-link",
        "channel": "FACEBOOK",
        "publish_at": "2031-03-04 12:15",
        "text": "Our spring courses are open: eight evenings at the wheel, no experience needed.",
        "link": f"{SITE}/courses",
        "notes": "EXAMPLE, overwrite it: a text with a link.",
    },
    {
        "key": "example-both",
        "channel": "FACEBOOK, LINKEDIN",
        "publish_at": "2031-03-05 08:00",
        "text": "We are looking for an apprentice from September on. Do you know somebody?",
        "notes": "EXAMPLE, overwrite it: several channels make one post for each of them.",
    },
    {
        "key": "example-video",
        "channel": "YOUTUBE",
        "publish_at": "2031-03-06 17:00",
        "text": "From a lump of clay to a finished bowl, in four minutes.",
        "title": "How a bowl is made",
        "media": f"{SITE}/videos/bowl.mp4",
        "notes": "EXAMPLE, overwrite it: a video needs a title.",
    },
    {
        "key": "example-pin",
        "channel": "PINTEREST",
        "publish_at": "2031-03-07 10:00",
        "text": "A table set for spring, with our speckled plates.",
        "title": "Spring table",
        "media": f"{SITE}/pictures/spring-table.jpg",
        "link": f"{SITE}/shop/plates",
        "notes": "EXAMPLE, overwrite it: a Pin with its title and link.",
    },
    {
        "key": "example-offer",
        "channel": "GBP",
        "publish_at": "2031-03-08 09:00",
        "text": "Open studio on Saturday, 10 to 16 h. Come by and try the wheel.",
        "media": f"{SITE}/pictures/studio.jpg",
        "call_to_action": "BOOK",
        "notes": "EXAMPLE, overwrite it: a Google Business Profile post with a button.",
    },
    {
        "key": "example-clip",
        "channel": "TIKTOK",
        "type": "VIDEO",
        "publish_at": "2031-03-08 19:30",
        "text": "The sound of trimming a bowl ♥ #pottery",
        "media": f"{SITE}/videos/trimming.mp4",
        "privacy": "PUBLIC_TO_EVERYONE",
        "notes": "EXAMPLE, overwrite it: TikTok wants to know who may see it.",
    },
    {
        "key": "example-generated",
        "channel": "LINKEDIN",
        "publish_at": "2031-03-10 08:30",
        "generate": "caption",
        "prompt": "Why we fire our kiln with solar power, for people who like design",
        "tone": "friendly",
        "language": "en",
        "notes": "EXAMPLE, overwrite it: the text is written from the prompt, and shown before it is sent.",
    },
    {
        "key": "example-draft",
        "channel": "FACEBOOK",
        "text": "Something about the summer market; to be finished by Anna.",
        "notes": "EXAMPLE, overwrite it: without a date it is a draft, which goes nowhere.",
    },
)


def example_rows(connected: Connected | None = None) -> list[dict[str, str]]:
    """Return the examples; for a site, those of its own channels, on its own clock."""
    zone = connected.timezone if connected and connected.timezone else ZONE
    chosen = [dict(row) for row in EXAMPLES if connected is None or _fits(row, connected)]
    for row in chosen:
        if "publish_at" in row:
            row["timezone"] = zone
        if connected and "privacy" in row:
            row["privacy"] = _privacy(row["privacy"], connected)
    return chosen


def _fits(row: Mapping[str, str], connected: Connected) -> bool:
    there: set[Channel | None] = {account.channel for account in connected.accounts}
    return not there or all(channel_named(name) in there for name in row["channel"].split(","))


def _privacy(wanted: str, connected: Connected) -> str:
    """Return the wanted level where the default account allows it, else the first that it does."""
    allowed = [level for account, level in privacy_choices(named_accounts(connected.accounts)) if not account]
    return wanted if wanted in allowed or not allowed else allowed[0]


EXAMPLE_SKIPPED = "It is still the template's example, which runs in the sandbox only: overwrite it, or delete the row."
SAYS_WHAT_IT_IS = ("text", "title", "media", "prompt")


def find_examples(sheet: Sheet) -> tuple[int, ...]:
    """Return the numbers of the rows that still are examples: under their own key, and with their own content."""
    known = {(row["key"], *(row.get(column, "") for column in SAYS_WHAT_IT_IS)) for row in EXAMPLES}
    return tuple(
        row.number
        for row in sheet.rows
        if sheet.text(row, "key").startswith("example-")
        and (sheet.text(row, "key"), *(sheet.text(row, column) for column in SAYS_WHAT_IT_IS)) in known
    )


def tell_examples(rows: Sequence[int]) -> str:
    """Return the sentence that says which rows still are examples."""
    listed = f"row{'s' if len(rows) > 1 else ''} {list_numbers(rows)}"
    return f"Still the template's examples: {listed}. They run in the sandbox only: overwrite them, or delete them."
