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
from batch.model import Channel, Sheet
from batch.rules.channels import channel_named
from batch.wording import list_rows
from batch.workbooks.posts_sheet import PostRow, add_posts_sheet, write_posts_csv
from batch.workbooks.reference_sheets import add_account_sheet, add_channel_sheet
from batch.workbooks.style import (
    BAND,
    INDIGO,
    INK,
    LINE,
    NAVY,
    NEEDED_FILL,
    OVER_FILL,
    OVER_INK,
    PAPER,
    SOFT_INK,
    TEAL,
    UNUSED_FILL,
    Canvas,
    Looks,
    add_sheet,
    close_book,
    open_book,
)
from batch.workbooks.validation import Connected, add_lists_sheet, named_accounts, privacy_choices, quota_lines

if TYPE_CHECKING:
    from xlsxwriter.format import Format
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

TEXT_COLUMN, ANSWER_COLUMN = 2, 5


def add_guide_sheet(book: Workbook, looks: Looks, *, file: str, connected: Connected | None = None) -> None:
    """Add the sheet; `file` is the name by which the commands call the workbook."""
    sheet = add_sheet(book, GUIDE, tab=INDIGO)
    for at, width in enumerate((2, 5, 46, 36, 4, 22, 64)):
        sheet.set_column(at, at, width)
    canvas = Canvas()
    title = looks.make(bold=True, font_size=20, font_color=NAVY, valign="vcenter")
    canvas.height(0, 10)
    canvas.height(1, 32)
    canvas.put(1, 1, "From this sheet to your channels", title)
    canvas.put(2, 1, _tell_site(connected), looks.make(font_color=SOFT_INK))
    _draw_steps(canvas, looks, 4, file)
    _draw_answers(canvas, looks, 4)
    _draw_colours(canvas, looks, 15)
    canvas.write(sheet)


def _tell_site(connected: Connected | None) -> str:
    if connected is None:
        return "Posts holds your posts, Channels what each channel takes; the notes on the headings help."
    told = [f"Site {connected.site}"] if connected.site else ["Your site"]
    told.append(f"time zone {connected.timezone}" if connected.timezone else "no time zone set: fill in timezone")
    told += quota_lines(connected.quotas)
    return " · ".join(told)


def _head(looks: Looks, fill: str) -> Format:
    return looks.make(bold=True, font_color=PAPER, bg_color=fill, valign="vcenter", indent=1)


def _draw_steps(canvas: Canvas, looks: Looks, top: int, file: str) -> None:
    canvas.height(top, 24)
    canvas.span(top, 1, 3, "Step by step", _head(looks, NAVY))
    line = {"bottom": 1, "bottom_color": LINE}
    number = looks.make(line, bold=True, font_size=16, font_color=TEAL, align="center", valign="vcenter")
    words = looks.make(line, text_wrap=True, valign="vcenter")
    bold = looks.make(bold=True, font_size=11, font_color=NAVY)
    command = looks.make(line, font_name=MONO, font_color=NAVY, bg_color=BAND, valign="vcenter", indent=1)
    for row, (name, said, typed) in enumerate(STEPS, start=top + 1):
        canvas.height(row, 40)
        canvas.put(row, 1, str(row - top), number)
        said = said.replace("{results}", results_name(file))
        canvas.headed(row, TEXT_COLUMN, name, said, words, head_looks=bold)
        canvas.put(row, 3, typed.replace("{file}", quoted_name(file)), command)


def quoted_name(file: str) -> str:
    """Return a file's name as it is typed in a command."""
    return f'"{file}"' if " " in file else file


def results_name(file: str) -> str:
    """Return the name of the results that are written beside a sheet."""
    return f"{file.rpartition('.')[0] or file}.results.xlsx"


def _draw_answers(canvas: Canvas, looks: Looks, top: int) -> None:
    canvas.span(top, ANSWER_COLUMN, ANSWER_COLUMN + 1, "How do I write ...", _head(looks, TEAL))
    line = {"bottom": 1, "bottom_color": LINE}
    name = looks.make(line, bold=True, valign="vcenter", indent=1)
    said = looks.make(line, text_wrap=True, valign="vcenter")
    for row, (question, answer) in enumerate(ANSWERS, start=top + 1):
        canvas.put(row, ANSWER_COLUMN, question, name)
        canvas.put(row, ANSWER_COLUMN + 1, answer, said)


def _draw_colours(canvas: Canvas, looks: Looks, top: int) -> None:
    canvas.height(top - 1, 14)
    canvas.height(top, 24)
    canvas.span(top, 1, 3, "What the colours in Posts say", _head(looks, INDIGO))
    for row, (fill, ink, word, meaning) in enumerate(COLOURS, start=top + 1):
        canvas.height(row, 22)
        canvas.put(row, 1, "", looks.make(bg_color=fill, border=1, border_color=PAPER))
        canvas.span(
            row, 2, 3, f"{word}: {meaning}", looks.make(valign="vcenter", bg_color=fill, font_color=ink, indent=1)
        )


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
    looks = Looks(book)
    add_posts_sheet(book, looks, rows, with_accounts=bool(connected and connected.accounts))
    add_guide_sheet(book, looks, file=file, connected=connected)
    add_channel_sheet(book, looks)
    if connected is not None:
        add_account_sheet(book, looks, connected)
    add_lists_sheet(book, looks, connected=connected)
    close_book(book)
