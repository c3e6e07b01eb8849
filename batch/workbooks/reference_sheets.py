"""The sheets that one looks things up in: what each channel and type takes, and the accounts of a site."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, ENDED, Choice, Combination, FileLimits, Limit
from batch.rules.sources import FORMAT_NAMES
from batch.workbooks.style import (
    CHANNEL_TONES,
    FAINT_INK,
    NAVY,
    RULED,
    SOFT,
    TEAL,
    TEXT,
    Formats,
    PageLayout,
    add_sheet,
)
from batch.workbooks.validation import Connected, named_accounts

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

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
NONE = "–"
PLACES = 20
"""The largest denominator by which a ratio is shown as a fraction (9:16)."""


NOBODY = "No account is connected to this site yet. Run: postbatch accounts, which shows where to connect one."


def _add_sheet_with_headings(book: Workbook, name: str, headings: Headings, formats: Formats) -> Worksheet:
    sheet = add_sheet(book, name, tab=TEAL)
    sheet.set_row(0, 24)
    for at, (heading, width) in enumerate(headings):
        sheet.set_column(at, at, width)
        sheet.write_string(0, at, heading, formats.heading(NAVY))
    return sheet


def add_channel_sheet(book: Workbook, formats: Formats) -> None:
    """Add the sheet `Channels`."""
    sheet = _add_sheet_with_headings(book, CHANNELS, CHANNEL_HEADINGS, formats)
    page = PageLayout(formats)
    for row, combination in enumerate(COMBINATIONS.values(), start=1):
        tone = CHANNEL_TONES[combination.channel].cell
        page.put(row, 0, combination.channel.value, RULED, tone, bold=True, indent=1)
        page.put(row, 1, combination.type.value, RULED, tone)
        ink = {"font_color": FAINT_INK} if combination.channel in ENDED else {}
        lines = 1
        for at, text in enumerate(describe(combination), start=2):
            page.put(row, at, text, RULED, {"font_color": FAINT_INK, "indent": 1} if text == NONE else {**TEXT, **ink})
            lines = max(lines, -(-len(text) // int(CHANNEL_HEADINGS[at][1] - 2)))
        page.height(row, 13 * lines + 9)
    page.put(len(COMBINATIONS) + 2, 0, LEGEND, SOFT, italic=True)
    page.write(sheet)
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)


def describe(combination: Combination) -> tuple[str, ...]:
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
        f"{needed} · {title.most.shown} characters{mark(title.most)}" if title else NONE,
        _describe_media(combination),
        describe_files(media.image),
        describe_files(media.video),
        NONE if link is None else f"yes · {link.most.shown} characters{mark(link.most)}" if link.most else "yes",
        " · ".join(rest),
    )


def mark(limit: Limit | Choice) -> str:
    """Return the star of a limit that only the network states."""
    return "" if limit.documented else "*"


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


def describe_files(limits: FileLimits | None) -> str:
    """Return what a picture or a video may be, a dash where there are none."""
    if limits is None:
        return NONE
    parts = [", ".join(FORMAT_NAMES.get(mime, mime) for mime in limits.formats.values)]
    if limits.max_bytes:
        size = limits.max_bytes.value
        parts.append(f"up to {size / 1e9:g} GB" if size >= 1e9 else f"up to {size / 1e6:g} MB")
    if limits.min_width:
        parts.append(f"at least {limits.min_width.shown} px wide")
    if limits.smallest_side:
        parts.append(f"shorter side at least {limits.smallest_side.shown} px")
    low, high = limits.min_ratio, limits.max_ratio
    if low and high:
        parts.append(" to ".join(dict.fromkeys((_ratio(low.value), _ratio(high.value)))))
    elif low or high:
        parts.append(f"at most {_ratio(high.value)}" if high else f"at least {_ratio(low.value)}" if low else "")
    if limits.max_seconds:
        shortest = f"{_time(limits.min_seconds.value)} to" if limits.min_seconds else "up to"
        parts.append(f"{shortest} {_time(limits.max_seconds.value)}")
    return " · ".join(parts) + mark(limits.formats)


def _ratio(value: float) -> str:
    fraction = Fraction(value).limit_denominator(PLACES)
    if abs(float(fraction) - value) < 1e-9:
        return f"{fraction.numerator}:{fraction.denominator}"
    return f"{value:g}:1"


def _time(seconds: float) -> str:
    if seconds >= 3600 and seconds % 3600 == 0:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds > 90 and seconds % 60 == 0 else f"{seconds:g} s"


def add_account_sheet(book: Workbook, formats: Formats, connected: Connected) -> None:
    """Add the sheet `Accounts`."""
    sheet = _add_sheet_with_headings(book, ACCOUNTS, ACCOUNT_HEADINGS, formats)
    page = PageLayout(formats)
    entries = named_accounts(connected.accounts)
    for row, (name, account) in enumerate(entries, start=1):
        page.height(row, 20)
        page.put(
            row, 0, CHANNEL_LABELS[account.channel], RULED, CHANNEL_TONES[account.channel].cell, bold=True, indent=1
        )
        page.put(row, 1, name, TEXT, RULED, bold=True)
        only = sum(other.account.channel is account.channel for other in entries) == 1
        blank = "yes" if account.default or only else ""
        privacy = ", ".join(account.privacy_options)
        for at, text in enumerate((account.name, account.target_name, blank, account.id, privacy), start=2):
            page.put(row, at, text, TEXT, RULED)
    if not entries:
        page.put(1, 0, NOBODY, SOFT)
    page.write(sheet)
    sheet.freeze_panes(1, 0)
