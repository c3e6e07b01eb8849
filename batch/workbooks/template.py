"""Writes an empty sheet of posts to fill in, with examples: a workbook that helps while one types, or a plain CSV.

The same call writes the same file, byte for byte, so that the templates that come with the project can be compared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from batch.atomic import Written, write_whole
from batch.errors import StartError
from batch.model import Channel, SheetRows
from batch.rules.channel_words import channel_named
from batch.wording import QUOTA_NAMES, list_rows, quota_left
from batch.workbooks.posts_sheet import PostRow, add_posts_sheet, write_posts_csv
from batch.workbooks.reference_sheets import add_account_sheet, add_channel_sheet
from batch.workbooks.style import (
    BAND,
    INDIGO,
    INK,
    NAVY,
    NEEDED_FILL,
    OVER_FILL,
    OVER_INK,
    PAPER,
    RULED,
    SOFT,
    SOFT_INK,
    TEAL,
    TITLE,
    UNUSED_FILL,
    Formats,
    PageLayout,
    add_sheet,
    close_book,
    open_book,
)
from batch.workbooks.validation import Connected, add_lists_sheet, named_accounts, privacy_choices

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook


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
    """Return the examples; for a site, those of its own channels, on its own clock, with a privacy that it allows."""
    accounts = named_accounts(connected.accounts) if connected else ()
    channels: set[Channel | None] = {entry.account.channel for entry in accounts}
    allowed = [level for account, level in privacy_choices(accounts) if not account]
    rows: list[dict[str, str]] = []
    for example in EXAMPLES:
        if channels and not all(channel_named(name) in channels for name in example["channel"].split(",")):
            continue
        row = dict(example)
        if "publish_at" in row:
            row["timezone"] = connected.timezone if connected and connected.timezone else ZONE
        if allowed and row.get("privacy", allowed[0]) not in allowed:
            row["privacy"] = allowed[0]
        rows.append(row)
    return rows


EXAMPLE_SKIPPED = "It is still the template's example, which runs in the sandbox only: overwrite it, or delete the row."
SAYS_WHAT_IT_IS = ("text", "title", "media", "prompt")


def find_examples(sheet: SheetRows) -> tuple[int, ...]:
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
    advice = "They run in the sandbox only: overwrite them, or delete them."
    return f"Still the template's examples: {list_rows(rows)}. {advice}"


GUIDE = "Guide"
MONO = "Courier New"

STEPS = (
    ("Fill in the sheet Posts", "One post a row, in place of the examples (which never reach a real site).", ""),
    ("Save it", "As .xlsx, in a folder of its own; pictures and videos beside it, or as web addresses.", ""),
    ("Check it", "Tells what is wrong, cell by cell. Needs no account and sends nothing.", "postbatch check {file}"),
    ("Rehearse", "Does everything on a practice server on this computer.", "postbatch run {file} --sandbox"),
    ("Connect your site", "Once. Tells what is set up, and how to set what is missing.", "postbatch doctor"),
    ("Look at the plan", "What would happen on your site, and why. Changes nothing.", "postbatch plan {file}"),
    ("Run it", "Shows the plan, asks, does it, and writes the results beside the sheet.", "postbatch run {file}"),
    ("Read the results", "Open {results}: Summary, Calendar, and To fix, which you correct and run.", ""),
)

ANSWERS = (
    ("A date", "2026-12-01 09:30 on the clock of timezone. now = at once. Blank = a draft."),
    ("Several pictures", "One on each line of the media cell, in order."),
    ("Several channels", "INSTAGRAM, FACEBOOK makes one post for each."),
    ("A change", "Edit the row and run again. The same key means the same post: nothing is posted twice."),
    ("Taking one back", "Write cancel in action and run. Deleting the row cancels nothing."),
    ("A text to be written", "generate = caption, and say in prompt what about. You see it before it is sent."),
    ("Leaving a row out", "Write skip in action."),
    (
        "Something is unclear",
        "Point at a heading of Posts: its note tells what goes there. postbatch --help lists all.",
    ),
)

COLOURS = (
    (NEEDED_FILL, INK, "needed", "This row's channel needs something here."),
    (OVER_FILL, OVER_INK, "too long", "Longer than the channel takes; see the count beside it."),
    (UNUSED_FILL, SOFT_INK, "not used", "This row's channel has no such thing; leave it blank."),
)

STEP_COLUMN, ANSWER_COLUMN = 1, 5


class GuideSheet:
    """The sheet that says how to go on; `file` is the name by which the commands call the workbook."""

    def __init__(self, book: Workbook, formats: Formats, *, file: str, connected: Connected | None) -> None:
        self.sheet = add_sheet(book, GUIDE, tab=INDIGO)
        self.page = PageLayout(formats)
        self.file, self.connected = file, connected

    def draw(self) -> None:
        """Draw and write everything."""
        for at, width in enumerate((2, 5, 46, 36, 4, 22, 64)):
            self.sheet.set_column(at, at, width)
        put, height = self.page.put, self.page.height
        height(0, 10)
        height(1, 32)
        put(1, STEP_COLUMN, "From this sheet to your channels", TITLE)
        put(2, STEP_COLUMN, self._tell_site(), SOFT)
        self._draw_steps(4)
        self._draw_heading(4, ANSWER_COLUMN, ANSWER_COLUMN + 1, "How do I write ...", TEAL)
        for row, (question, answer) in enumerate(ANSWERS, start=5):
            put(row, ANSWER_COLUMN, question, RULED, bold=True, indent=1)
            put(row, ANSWER_COLUMN + 1, answer, RULED, text_wrap=True)
        height(14, 14)
        self._draw_heading(15, STEP_COLUMN, STEP_COLUMN + 2, "What the colours in Posts say", INDIGO)
        for row, (fill, ink, word, meaning) in enumerate(COLOURS, start=16):
            height(row, 22)
            put(row, STEP_COLUMN, "", bg_color=fill, border=1, border_color=PAPER)
            put(row, 2, f"{word}: {meaning}", last=3, bg_color=fill, font_color=ink, indent=1)
        self.page.write(self.sheet)

    def _tell_site(self) -> str:
        site = self.connected
        if site is None:
            return "Posts holds your posts, Channels what each channel takes; the notes on the headings help."
        told = [f"Site {site.site}" if site.site else "Your site"]
        told.append(f"time zone {site.timezone}" if site.timezone else "no time zone set: fill in timezone")
        metered = [action for action in QUOTA_NAMES if action in site.quotas]
        told += [f"{QUOTA_NAMES[action].lower()}: {quota_left(site.quotas[action])}" for action in metered]
        return " · ".join(told)

    def _draw_heading(self, row: int, first: int, last: int, text: str, fill: str) -> None:
        self.page.height(row, 24)
        self.page.put(row, first, text, last=last, bold=True, font_color=PAPER, bg_color=fill, indent=1)

    def _draw_steps(self, top: int) -> None:
        self._draw_heading(top, STEP_COLUMN, STEP_COLUMN + 2, "Step by step", NAVY)
        typed = f'"{self.file}"' if " " in self.file else self.file
        results = f"{self.file.rpartition('.')[0] or self.file}.results.xlsx"
        command_cell = {"font_name": MONO, "font_color": NAVY, "bg_color": BAND, "indent": 1}
        for number, (name, words, command) in enumerate(STEPS, start=1):
            row = top + number
            self.page.height(row, 40)
            self.page.put(
                row, STEP_COLUMN, str(number), RULED, bold=True, font_size=16, font_color=TEAL, align="center"
            )
            self.page.put_headed(row, 2, name, words.replace("{results}", results), RULED, {"text_wrap": True})
            self.page.put(row, 3, command.replace("{file}", typed), RULED, command_cell)


def write_template(path: Path, *, connected: Connected | None = None) -> Written:
    """Write a template as `.xlsx` or `.csv`; with `connected`, for one site's own accounts.

    Raises StartError with one sentence.
    """
    rows = [PostRow(row) for row in example_rows(connected)]
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return write_whole(path, partial(write_posts_csv, rows), failing=StartError)
    if suffix != ".xlsx":
        raise StartError(f"A template can't be written as {path.name}: end the name in .xlsx or .csv.")
    write = partial(_write_workbook, rows, file=path.name, connected=connected)
    return write_whole(path, write, failing=StartError)


def _write_workbook(rows: list[PostRow], path: Path, *, file: str, connected: Connected | None) -> None:
    book = open_book(path, title="Posts to fill in")
    formats = Formats(book)
    add_posts_sheet(book, formats, rows, with_accounts=bool(connected and connected.accounts))
    GuideSheet(book, formats, file=file, connected=connected).draw()
    add_channel_sheet(book, formats)
    if connected is not None:
        add_account_sheet(book, formats, connected)
    add_lists_sheet(book, formats, connected=connected)
    close_book(book)
