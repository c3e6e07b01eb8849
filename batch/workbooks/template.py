"""Writes a sheet of posts to fill in or to edit: a workbook that helps while one types, or a plain CSV.

A template has examples and a guide; what `pull` writes has the posts of a site. The same call writes the same file,
byte for byte, so that the templates that come with the project can be compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from batch.atomic import Claim, Written
from batch.errors import StartError
from batch.model import Cell, Channel, SheetRows
from batch.rules.channel_words import channel_named
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, ENDED, Choice, Combination, FileLimits, Limit, Source
from batch.rules.sources import FORMAT_NAMES
from batch.wording import QUOTA_NAMES, list_rows, quota_left
from batch.workbooks import style
from batch.workbooks.places_sheet import USUAL_CHANNELS, PlaceRows, add_places_sheet
from batch.workbooks.posts_sheet import PostRow, add_posts_sheet, as_text, columns_for
from batch.workbooks.style import Formats, PageLayout, StyledCell
from batch.workbooks.validation import (
    COUNT,
    Connected,
    ListColumn,
    NamedAccount,
    add_lists_sheet,
    living_channels,
    make_lists,
    named_accounts,
    privacy_choices,
)

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook


ZONE = "Europe/Berlin"
SITE = "https://www.example.com"

EXAMPLES: Mapping[str, Mapping[str, str]] = {
    "carousel": {
        "channel": "INSTAGRAM",
        "text": "Three new cups, thrown this week. Which one is yours? ☕\n\n#pottery #handmade",
        "media": f"{SITE}/pictures/cup-blue.jpg\n{SITE}/pictures/cup-green.jpg\n{SITE}/pictures/cup-white.jpg",
        "notes": "EXAMPLE, overwrite it: three pictures, one on each line, make a carousel.",
    },
    "story": {
        "channel": "INSTAGRAM",
        "type": "STORY",
        "media": f"{SITE}/pictures/kiln-opening.jpg",
        "notes": "EXAMPLE, overwrite it: a story has a picture or a video, and no text.",
    },
    "link": {
        "channel": "FACEBOOK",
        "text": "Our spring courses are open: eight evenings at the wheel, no experience needed.",
        "link": f"{SITE}/courses",
        "notes": "EXAMPLE, overwrite it: a text with a link.",
    },
    "both": {
        "channel": "FACEBOOK, LINKEDIN",
        "text": "We are looking for an apprentice from September on. Do you know somebody?",
        "notes": "EXAMPLE, overwrite it: several channels make one post for each of them.",
    },
    "video": {
        "channel": "YOUTUBE",
        "text": "From a lump of clay to a finished bowl, in four minutes.",
        "title": "How a bowl is made",
        "media": f"{SITE}/videos/bowl.mp4",
        "notes": "EXAMPLE, overwrite it: a video needs a title.",
    },
    "pin": {
        "channel": "PINTEREST",
        "text": "A table set for spring, with our speckled plates.",
        "title": "Spring table",
        "media": f"{SITE}/pictures/spring-table.jpg",
        "link": f"{SITE}/shop/plates",
        "notes": "EXAMPLE, overwrite it: a Pin with its title and link.",
    },
    "offer": {
        "channel": "GBP",
        "text": "Open studio on Saturday, 10 to 16 h. Come by and try the wheel.",
        "media": f"{SITE}/pictures/studio.jpg",
        "call_to_action": "BOOK",
        "notes": "EXAMPLE, overwrite it: a Google Business Profile post with a button.",
    },
    "clip": {
        "channel": "TIKTOK",
        "type": "VIDEO",
        "text": "The sound of trimming a bowl ♥ #pottery",
        "media": f"{SITE}/videos/trimming.mp4",
        "privacy": "PUBLIC_TO_EVERYONE",
        "notes": "EXAMPLE, overwrite it: TikTok wants to know who may see it.",
    },
    "generated": {
        "channel": "LINKEDIN",
        "generate": "caption",
        "prompt": "Why we fire our kiln with solar power, for people who like design",
        "tone": "friendly",
        "language": "en",
        "notes": "EXAMPLE, overwrite it: the text is written from the prompt, and shown before it is sent.",
    },
    "draft": {
        "channel": "FACEBOOK",
        "text": "Something about the summer market; to be finished by Anna.",
        "notes": "EXAMPLE, overwrite it: without a date it is a draft, which goes nowhere.",
    },
}
"""The examples by name; each has the key `example-<name>`."""

EXAMPLE_TIMES: Mapping[str, tuple[int, str]] = {
    "carousel": (0, "09:30"), "story": (0, "18:00"), "link": (1, "12:15"),
    "both": (2, "08:00"), "video": (3, "17:00"), "pin": (4, "10:00"),
    "offer": (5, "09:00"), "clip": (5, "19:30"), "generated": (7, "08:30"),
}  # fmt: skip
"""When each example goes out: days after the first Monday of the coming month, and the time. The last is a draft."""


def example_rows(now: datetime, *, connected: Connected | None = None, timezone: str = "") -> list[dict[str, str]]:
    """Return the examples, of the month after `now`, on the clock of `timezone`, else of the site, else of Berlin.

    For a site, those of its own channels, with a privacy that it allows.
    """
    accounts = named_accounts(connected.accounts) if connected else ()
    channels: set[Channel | None] = {entry.account.channel for entry in accounts}
    allowed = [level for account, level in privacy_choices(accounts) if not account]
    month = (now.replace(day=1) + timedelta(days=32)).replace(day=1)
    monday = month + timedelta(days=-month.weekday() % 7)
    rows: list[dict[str, str]] = []
    for name, example in EXAMPLES.items():
        if channels and not all(channel_named(word) in channels for word in example["channel"].split(",")):
            continue
        row = {"key": f"example-{name}", **example}
        if name in EXAMPLE_TIMES:
            days, clock = EXAMPLE_TIMES[name]
            row["publish_at"] = f"{monday + timedelta(days=days):%Y-%m-%d} {clock}"
            row["timezone"] = timezone or (connected and connected.timezone) or ZONE
        if allowed and row.get("privacy", allowed[0]) not in allowed:
            row["privacy"] = allowed[0]
        rows.append(row)
    return rows


EXAMPLE_SKIPPED = "Still the template's example, which runs in the sandbox only. Overwrite it, or delete the row."
SAYS_WHAT_IT_IS = ("text", "title", "media", "prompt")


def find_examples(sheet: SheetRows) -> tuple[int, ...]:
    """Return the numbers of the rows that still are examples: under their own key, and with their own content."""
    known = {f"example-{name}": [row.get(column, "") for column in SAYS_WHAT_IT_IS] for name, row in EXAMPLES.items()}
    own = ((row, known.get(sheet.text(row, "key"))) for row in sheet.rows)
    return tuple(row.number for row, words in own if words == [sheet.text(row, name) for name in SAYS_WHAT_IT_IS])


def tell_examples(rows: Sequence[int]) -> str:
    """Return the sentence that says which rows still are examples."""
    advice = "They run in the sandbox only: overwrite them, or delete them."
    return f"Still the template's examples: {list_rows(rows)}. {advice}"


GUIDE = "Guide"
MONO = "Courier New"

STEPS = (
    ("Fill in the sheet Posts", "One post a row, in place of the examples (which never reach a real site).", ""),
    ("Save it", "As .xlsx, in a folder of its own, with the pictures and videos beside it or on the web.", ""),
    ("Check it", "Lists what is wrong, cell by cell. Needs no account and sends nothing.", "postbatch check {file}"),
    ("Rehearse", "Runs everything on a practice server on this computer.", "postbatch run {file} --sandbox"),
    ("Connect your site", "Once. Shows what is set up, and how to set up the rest.", "postbatch doctor"),
    ("Look at the plan", "Shows what would happen on your site, and why. Changes nothing.", "postbatch plan {file}"),
    ("Run it", "Shows the plan, asks, runs it, and writes the results beside the sheet.", "postbatch run {file}"),
    ("Read the results", "Open {results}. Correct what failed on its sheet To fix.", "postbatch fix {file}"),
)

ANSWERS = (
    ("A date", "2026-12-01 09:30, in the row's time zone. now = at once. Blank = a draft."),
    ("Several pictures", "One on each line of the media cell, in order."),
    ("Several channels", "INSTAGRAM, FACEBOOK makes one post for each."),
    ("A change", "Edit the row and run again. The same key means the same post: nothing is posted twice."),
    ("Taking one back", "Write cancel in action and run. Deleting the row cancels nothing."),
    ("Hashtags", "#clay #studio in hashtags, or in the text itself. They go after the text and count with it."),
    ("Many shops or towns", "One row for each on the sheet Places. Then choose a name, a group or all in places."),
    ("A regular time", "Write slot: the next free one of the times that your configuration lists below [slots]."),
    ("A generated text", "Write caption in generate, and what it is about in prompt. You see it before it is sent."),
    ("Leaving a row out", "Write skip in action."),
    ("The other columns", "They are folded away at the right: click the + above them."),
    ("Printing", "The print area ends a few rows below the posts. Set it again once you have more."),
    ("Anything else", "Point at a heading of Posts: its note explains the column. postbatch --help lists the rest."),
)

COLOURS = (
    (style.NEEDED_FILL, style.INK, "yellow: needed", "This row's channel needs something here."),
    (style.OVER_FILL, style.OVER_INK, "red: too long", "Longer than the channel takes: see the column characters."),
    (style.UNUSED_FILL, style.INK, "grey: not used", "This row's channel has no such thing: leave it blank."),
)


class GuideSheet(PageLayout):
    """The sheet that says how to go on; `file` is the name by which the commands call the workbook."""

    def __init__(self, book: Workbook, formats: Formats) -> None:
        super().__init__(book, formats, GUIDE, tab=style.INDIGO, widths=(24, 84, 40))

    def draw(self, *, file: str, told: str) -> None:
        """Draw everything; `told` is what there is to know of the site."""
        self.sheet.set_row(0, 32)
        self.put(0, 0, "From this sheet to your channels", style.TITLE)
        self.put(1, 0, told, style.SOFT)
        typed = f'"{file}"' if " " in file else file
        results = f"{file.rpartition('.')[0] or file}.results.xlsx"
        name, command_cell = {"bold": True}, {"font_name": MONO, "font_color": style.NAVY, "bg_color": style.BAND}
        steps: list[list[StyledCell]] = [
            [
                (f"{number}. {step}", name),
                (words.replace("{results}", results), {}),
                (command.replace("{file}", typed) or "–", command_cell),
            ]
            for number, (step, words, command) in enumerate(STEPS, start=1)
        ]
        answers: list[list[StyledCell]] = [[(question, name), (answer, {})] for question, answer in ANSWERS]
        colours: list[list[StyledCell]] = [
            [(word, {"bg_color": fill, "font_color": ink}), (meaning, {})] for fill, ink, word, meaning in COLOURS
        ]
        below = self.draw_table(3, "Step by step", ("step", "what happens", "command"), steps, words=3, points=20)
        below = self.draw_table(below, "How do I write ...", ("what", "how"), answers, words=2, points=20)
        self.draw_table(below, "The colours in Posts", ("colour", "what it means"), colours, words=2, points=20)


def _tell_site(site: Connected | None, *, timezone: str) -> str:
    if site is None:
        zone = f" All dates are in the time zone {timezone}." if timezone else ""
        return f"Posts holds your posts, Channels what each channel takes.{zone}"
    zone = timezone or site.timezone
    told = [f"Site {site.site}" if site.site else "Your site"]
    told.append(f"time zone {zone}" if zone else "no time zone set: fill in timezone")
    metered = [action for action in QUOTA_NAMES if action in site.quotas]
    told += [f"{QUOTA_NAMES[action].lower()}: {quota_left(site.quotas[action])}" for action in metered]
    return " · ".join(told)


CHANNELS, ACCOUNTS = "Channels", "Accounts"
Headings = tuple[tuple[str, float], ...]
CHANNEL_HEADINGS: Headings = (
    ("channel", 16.0), ("type", 9.0), ("text", 32.0), ("title", 24.0), ("media", 30.0), ("pictures", 36.0),
    ("videos", 38.0), ("link", 22.0), ("also", 44.0),
)  # fmt: skip
ACCOUNT_HEADINGS: Headings = (
    ("channel", 26.0), ("write in account", 30.0), ("name", 26.0), ("page, board or location", 28.0),
    ("used when blank", 18.0), ("ID", 34.0), ("TikTok privacy", 60.0),
)  # fmt: skip
LEGEND = (
    "Limits marked * are the network's own: the check warns of them, and they may change. All others are those of the "
    "Publisher API: a post that breaks one is not sent."
)
FOLDED = (
    "Posts has more columns, folded away at the right: click the + above them. The hidden sheet Lists has the words in "
    "its drop-downs."
)
NONE = "–"
PLACES = 20
"""The largest denominator by which a ratio is shown as a fraction (9:16)."""


NOBODY = "No account is connected to this site yet. Run: postbatch accounts, which shows where to connect one."


class ReferenceSheet(PageLayout):
    """A sheet that one looks things up in: what each channel and type takes, or the accounts of a site."""

    def __init__(self, book: Workbook, formats: Formats, name: str, headings: Headings, *, lines: int) -> None:
        super().__init__(book, formats, name, tab=style.TEAL, widths=[width for _, width in headings])
        made, names = [formats.heading(style.NAVY)] * len(headings), [heading for heading, _ in headings]
        style.add_table(self.sheet, f"{name}Table", names, made, first_row=0, last_row=max(lines, 1))
        self.sheet.set_row(0, 24)
        self.sheet.freeze_panes(1, 1)
        self.sheet.repeat_rows(0)

    def draw_channels(self) -> None:
        """Write what each channel and type takes."""
        for row, combination in enumerate(COMBINATIONS.values(), start=1):
            tone = style.CHANNEL_TONES[combination.channel].cell
            self.put(row, 0, combination.channel.value, style.RULED, tone, bold=True, indent=1)
            self.put(row, 1, combination.type.value, style.RULED, tone)
            ink = style.SOFT if combination.channel in ENDED else {}
            lines = 1
            for at, text in enumerate(self._describe(combination), start=2):
                look = {**style.SOFT, "indent": 1} if text == NONE else {**style.TEXT, **ink}
                self.put(row, at, text, style.RULED, look)
                lines = max(lines, -(-len(text) // int(CHANNEL_HEADINGS[at][1] - 2)))
            self.sheet.set_row(row, 13 * lines + 9)
        for row, words in enumerate((LEGEND, FOLDED), start=len(COMBINATIONS) + 2):
            self.put(row, 0, words, style.SOFT)

    def draw_accounts(self, entries: Sequence[NamedAccount]) -> None:
        """Write the accounts of a site."""
        for row, (name, account) in enumerate(entries, start=1):
            self.sheet.set_row(row, 20)
            tone = style.CHANNEL_TONES[account.channel].cell
            self.put(row, 0, CHANNEL_LABELS[account.channel], style.RULED, tone, bold=True, indent=1)
            self.put(row, 1, name, style.TEXT, style.RULED, bold=True)
            only = sum(other.account.channel is account.channel for other in entries) == 1
            blank = "yes" if account.default or only else "no"
            privacy = ", ".join(account.privacy_options) or NONE
            for at, text in enumerate((account.name, account.target_name or NONE, blank, account.id, privacy), start=2):
                self.put(row, at, text, style.TEXT, style.RULED)
        if not entries:
            self.put(1, 0, NOBODY, style.SOFT)

    @staticmethod
    def _describe(combination: Combination) -> tuple[str, ...]:
        """Return the cells of a line after channel and type."""
        text, title, media, link = combination.text, combination.title, combination.media, combination.link
        limits = [limit for limit in (text.most, text.hashtags, text.mentions) if limit]
        text_parts = [text.name, *(f"{limit.shown} {limit.unit}{mark(limit)}" for limit in limits)]
        text_parts += [f"no {' '.join(text.forbidden.values)}"] if text.forbidden else []
        needed = "needed" if title and title.needed else "optional"
        rest: list[str] = []
        if combination.call_to_action:
            rest.append(f"call_to_action: {', '.join(combination.call_to_action.values)}")
        if combination.privacy:
            rest.append(f"privacy, needed: {', '.join(combination.privacy.values)}")
        if combination.second_id:
            rest.append(f"goes to the account's {combination.second_id}")
        if ended := ENDED.get(combination.channel):
            rest = [f"{CHANNEL_LABELS[combination.channel]} takes no more posts since {ended:%d %B %Y}."]
        return (
            " · ".join(text_parts) if text.name else NONE,
            f"{needed} · {title.most.shown} characters{mark(title.most)}" if title and title.most else NONE,
            ReferenceSheet._describe_media(combination),
            describe_files(media.image),
            describe_files(media.video),
            NONE if link is None else f"yes · {link.most.shown} characters{mark(link.most)}" if link.most else "yes",
            " · ".join(rest),
        )

    @staticmethod
    def _describe_media(combination: Combination) -> str:
        media = combination.media
        most = media.most
        least = int(media.least.value) if media.least else 0
        kinds = " or ".join({"IMAGE": "pictures", "VIDEO": "videos"}[kind] for kind in media.kinds.values)
        if most.value == 1:
            kinds = kinds.replace("pictures", "picture").replace("videos", "video")
        count = f"exactly {most.shown}" if least == most.value else f"{least} to {most.shown}"
        parts = [f"{count}{mark(most)} {kinds}"]
        if media.most_videos and most.value > 1:
            parts.append(f"{media.most_videos.shown} video at most{mark(media.most_videos)}")
        if media.one_kind:
            parts.append(f"not mixed{mark(media.one_kind)}")
        return " · ".join(parts)


def mark(limit: Limit | Choice | Source) -> str:
    """Return the star of a limit that only the network states."""
    return "" if limit.documented else "*"


def describe_files(limits: FileLimits | None) -> str:
    """Return what a picture or a video may be, a dash where there are none."""
    if limits is None:
        return NONE
    parts = [", ".join(FORMAT_NAMES.get(mime, mime) for mime in limits.formats)]
    if limits.max_bytes:
        size = limits.max_bytes
        parts.append(f"up to {size / 1e9:g} GB" if size >= 1e9 else f"up to {size / 1e6:g} MB")
    if limits.min_width:
        parts.append(f"at least {limits.min_width} px wide")
    if limits.smallest_side:
        parts.append(f"shorter side at least {limits.smallest_side} px")
    low, high = limits.min_ratio, limits.max_ratio
    if low and high:
        parts.append(" to ".join(dict.fromkeys((_ratio(low), _ratio(high)))))
    elif low or high:
        parts.append(f"at most {_ratio(high)}" if high else f"at least {_ratio(low)}" if low else "")
    if limits.max_seconds:
        shortest = f"{_time(limits.min_seconds)} to" if limits.min_seconds else "up to"
        parts.append(f"{shortest} {_time(limits.max_seconds)}")
    return " · ".join(parts) + mark(limits.source)


def _ratio(value: float) -> str:
    fraction = Fraction(value).limit_denominator(PLACES)
    if abs(float(fraction) - value) < 1e-9:
        return f"{fraction.numerator}:{fraction.denominator}"
    return f"{value:g}:1"


def _time(seconds: float) -> str:
    if seconds >= 3600 and seconds % 3600 == 0:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds > 90 and seconds % 60 == 0 else f"{seconds:g} s"


def write_template(path: Path, *, now: datetime, connected: Connected | None = None, timezone: str = "") -> Written:
    """Write a template as `.xlsx` or `.csv`, with examples of the month after `now`.

    With `connected`, it is for one site's own accounts; a `timezone` is written into every row of the workbook, also
    into those that are still empty. Raises StartError with one sentence.
    """
    rows = [PostRow(row) for row in example_rows(now, connected=connected, timezone=timezone)]
    places = PlaceRows(channels=living_channels(connected) if connected else USUAL_CHANNELS)
    sheets = Sheets(rows, path.name, connected, timezone, guide=True, places=places)
    return sheets.write(path, "A template")


def write_posts(rows: Iterable[Mapping[str, Cell]], path: Path, *, claim: Claim | None = None) -> Written:
    """Write rows of posts as a sheet that can be edited and run: `.xlsx`, or `.csv`.

    A row maps columns of ours (`text:INSTAGRAM` too) to text or a naive date. `claim` gives a place that is taken or
    doesn't (atomic.py). Raises StartError with one sentence.
    """
    return Sheets([PostRow(row) for row in rows], path.name).write(path, "A sheet", claim=claim)


@dataclass(frozen=True, slots=True)
class Sheets:
    """A sheet of posts and what goes with it in a workbook; `file` is its name, which its commands give."""

    rows: Sequence[PostRow]
    file: str
    connected: Connected | None = None
    timezone: str = ""
    guide: bool = False
    places: PlaceRows | None = None

    def write(self, path: Path, what: str, *, claim: Claim | None = None) -> Written:
        """Write everything whole or not at all, in the form that the ending asks for; `what` names it in an error."""
        writers = {".xlsx": self._write_workbook, ".csv": self._write_csv}
        return style.write_by_ending(path, writers, what=what, claim=claim, failing=StartError)

    def _write_csv(self, path: Path) -> None:
        """Write the rows exactly as they are."""
        columns = [column for column in columns_for(self.rows) if column != COUNT]
        lines = ([as_text(row.cells.get(column, "")) for column in columns] for row in self.rows)
        style.write_csv(path, chain([columns], lines))

    def _write_workbook(self, path: Path) -> None:
        book = style.open_book(path, title="Posts to fill in" if self.guide else "Posts")
        formats, site = Formats(book), self.connected
        empty = {"timezone": self.timezone} if self.timezone else {}
        offered = [*(["account"] if site and site.accounts else ()), *(["places"] if self.places else ())]
        add_posts_sheet(book, formats, self.rows, offered=offered, empty=empty)
        if self.places is not None:
            add_places_sheet(book, formats, self.places)
        if self.guide:
            GuideSheet(book, formats).draw(file=self.file, told=_tell_site(site, timezone=self.timezone))
        ReferenceSheet(book, formats, CHANNELS, CHANNEL_HEADINGS, lines=len(COMBINATIONS)).draw_channels()
        if site is not None:
            entries = named_accounts(site.accounts)
            ReferenceSheet(book, formats, ACCOUNTS, ACCOUNT_HEADINGS, lines=len(entries)).draw_accounts(entries)
        lists: dict[str, ListColumn] = {**make_lists(site)}
        if self.places is not None:
            lists |= self.places.choices(first_column=len(lists))
            book.define_name("pb_places", self.places.offered)
        add_lists_sheet(book, formats, lists)
        style.close_book(book)
