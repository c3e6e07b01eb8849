"""The `Channels` sheet: what each channel and type takes, told in words from the channel table."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, ENDED, Combination, FileLimits, Limit
from batch.rules.sources import FORMAT_NAMES
from batch.workbooks.style import CHANNEL_TONES, FAINT_INK, LINE, NAVY, SOFT_INK, TEAL, TEXT, Canvas, Looks, add_sheet
from batch.workbooks.validation import Connected, named_accounts

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook


CHANNELS = "Channels"
HEADINGS = (
    ("channel", 16.0), ("type", 9.0), ("text", 32.0), ("title", 24.0), ("media", 30.0), ("pictures", 36.0),
    ("videos", 38.0), ("link", 22.0), ("also", 44.0),
)  # fmt: skip
LEGEND = (
    "Limits marked * are the network's own: the check warns of them, and they may change. All others are those of the "
    "Publisher API: a post that breaks one is not sent."
)
NONE = "–"
PLACES = 20
"""The largest denominator by which a ratio is shown as a fraction (9:16)."""


def add_channel_sheet(book: Workbook, looks: Looks) -> None:
    """Add the sheet."""
    sheet = add_sheet(book, CHANNELS, tab=TEAL)
    for at, (_, width) in enumerate(HEADINGS):
        sheet.set_column(at, at, width)
    canvas = Canvas()
    canvas.height(0, 24)
    for at, (name, _) in enumerate(HEADINGS):
        canvas.put(0, at, name, looks.heading(NAVY))
    for row, combination in enumerate(COMBINATIONS.values(), start=1):
        _draw(canvas, looks, row, combination)
    canvas.put(len(COMBINATIONS) + 2, 0, LEGEND, looks.make(font_color=SOFT_INK, italic=True))
    canvas.write(sheet)
    sheet.freeze_panes(1, 2)
    sheet.repeat_rows(0)


def _draw(canvas: Canvas, looks: Looks, row: int, combination: Combination) -> None:
    line = {"bottom": 1, "bottom_color": LINE}
    ended = combination.channel in ENDED
    tone = CHANNEL_TONES[combination.channel]
    canvas.put(row, 0, combination.channel.value, looks.tone(tone, bold=True, valign="vcenter", indent=1, **line))
    canvas.put(row, 1, combination.type.value, looks.tone(tone, valign="vcenter", **line))
    plain = looks.make(TEXT, line, valign="vcenter", **({"font_color": FAINT_INK} if ended else {}))
    faint = looks.make(line, font_color=FAINT_INK, valign="vcenter", indent=1)
    cells = describe(combination)
    for at, text in enumerate(cells, start=2):
        canvas.put(row, at, text, faint if text == NONE else plain)
    lines = max(-(-len(text) // int(HEADINGS[at][1] - 2)) for at, text in enumerate(cells, start=2))
    canvas.height(row, 13 * max(lines, 1) + 9)


def describe(combination: Combination) -> tuple[str, ...]:
    """Return the cells of a line after channel and type."""
    media = combination.media
    return (
        _describe_text(combination),
        _describe_title(combination),
        _describe_media(combination),
        describe_files(media.image),
        describe_files(media.video),
        _describe_link(combination),
        _describe_rest(combination),
    )


def mark(limit: Limit) -> str:
    """Return the star of a limit that only the network states."""
    return "" if limit.documented else "*"


def _describe_text(combination: Combination) -> str:
    text = combination.text
    if not text.name:
        return NONE
    parts = [text.name]
    for most in (text.most, text.hashtags, text.mentions):
        if most:
            parts.append(f"{most.shown} {most.unit}{mark(most)}")
    if text.forbidden:
        parts.append(f"no {' '.join(text.forbidden.values)}")
    return " · ".join(parts)


def _describe_title(combination: Combination) -> str:
    title = combination.title
    if title is None:
        return NONE
    return f"{'needed' if title.needed else 'optional'} · {title.most.shown} characters{mark(title.most)}"


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
    star = "" if limits.formats.documented else "*"
    parts = [", ".join(FORMAT_NAMES.get(mime, mime) for mime in limits.formats.values)]
    if limits.max_bytes:
        parts.append(f"up to {_size(limits.max_bytes.value)}")
    if limits.min_width:
        parts.append(f"at least {limits.min_width.shown} px wide")
    if limits.smallest_side:
        parts.append(f"shorter side at least {limits.smallest_side.shown} px")
    parts += _describe_shape(limits)
    if limits.min_seconds and limits.max_seconds:
        parts.append(f"{_time(limits.min_seconds.value)} to {_time(limits.max_seconds.value)}")
    elif limits.max_seconds:
        parts.append(f"up to {_time(limits.max_seconds.value)}")
    return " · ".join(parts) + star


def _describe_shape(limits: FileLimits) -> list[str]:
    low, high = limits.min_ratio, limits.max_ratio
    if low and high:
        return [_ratio(low.value)] if low.value == high.value else [f"{_ratio(low.value)} to {_ratio(high.value)}"]
    return [f"at most {_ratio(high.value)}"] if high else [f"at least {_ratio(low.value)}"] if low else []


def _ratio(value: float) -> str:
    fraction = Fraction(value).limit_denominator(PLACES)
    if abs(float(fraction) - value) < 1e-9:
        return f"{fraction.numerator}:{fraction.denominator}"
    return f"{value:g}:1"


def _size(count: float) -> str:
    return f"{count / 1e9:g} GB" if count >= 1e9 else f"{count / 1e6:g} MB"


def _time(seconds: float) -> str:
    if seconds >= 3600 and seconds % 3600 == 0:
        return f"{seconds / 3600:g} h"
    return f"{seconds / 60:g} min" if seconds > 90 and seconds % 60 == 0 else f"{seconds:g} s"


def _describe_link(combination: Combination) -> str:
    if combination.link is None:
        return NONE
    most = combination.link.most
    return f"yes · {most.shown} characters{mark(most)}" if most else "yes"


def _describe_rest(combination: Combination) -> str:
    if combination.channel in ENDED:
        day = ENDED[combination.channel]
        return f"{CHANNEL_LABELS[combination.channel]} takes no more posts since {day:%d %B %Y}."
    parts: list[str] = []
    if combination.call_to_action:
        parts.append(f"call_to_action: {', '.join(combination.call_to_action.values)}")
    if combination.privacy:
        parts.append(f"privacy, needed: {', '.join(combination.privacy.values)}")
    if combination.second_id:
        parts.append(f"goes to the account's {combination.second_id}")
    return " · ".join(parts)


ACCOUNTS = "Accounts"
ACCOUNT_SHEET_HEADINGS = (
    ("channel", 26), ("write in account", 30), ("name", 26), ("page, board or location", 28), ("used when blank", 18),
    ("ID", 34), ("TikTok privacy", 60),
)  # fmt: skip
NOBODY = "No account is connected to this site yet. Run: postbatch accounts, which shows where to connect one."


def add_account_sheet(book: Workbook, looks: Looks, connected: Connected) -> None:
    """Add the sheet."""
    sheet = add_sheet(book, ACCOUNTS, tab=TEAL)
    canvas = Canvas()
    canvas.height(0, 24)
    for at, (name, width) in enumerate(ACCOUNT_SHEET_HEADINGS):
        sheet.set_column(at, at, width)
        canvas.put(0, at, name, looks.heading(NAVY))
    line = {"bottom": 1, "bottom_color": LINE}
    plain, name_looks = looks.make(TEXT, line), looks.make(TEXT, line, bold=True)
    entries = named_accounts(connected.accounts)
    for row, entry in enumerate(entries, start=1):
        account = entry.account
        canvas.height(row, 20)
        tone = looks.tone(CHANNEL_TONES[account.channel], bold=True, indent=1, **line)
        canvas.put(row, 0, CHANNEL_LABELS[account.channel], tone)
        canvas.put(row, 1, entry.name, name_looks)
        only = sum(1 for other in entries if other.account.channel is account.channel) == 1
        blank = "yes" if account.default or only else ""
        privacy = ", ".join(account.privacy_options)
        for at, text in enumerate((account.name, account.target_name, blank, account.id, privacy), start=2):
            canvas.put(row, at, text, plain)
    if not entries:
        canvas.put(1, 0, NOBODY, looks.make(font_color=SOFT_INK))
    canvas.write(sheet)
    sheet.freeze_panes(1, 0)
