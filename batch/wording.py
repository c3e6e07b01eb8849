"""How texts, numbers and cells are put into words: cleaned, shortened, counted, listed, addressed as a sheet does."""

from __future__ import annotations

import re
import shlex
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import unquote

from batch.model import Content, Medium, OutcomeKind, Quota, Status

REPORTED: Mapping[OutcomeKind, str] = {
    OutcomeKind.PUBLISHED: "live",
    OutcomeKind.SCHEDULED: "scheduled",
    OutcomeKind.PROCESSING: "in process",
    OutcomeKind.FAILED: "failed",
    OutcomeKind.DRAFTED: "draft",
    OutcomeKind.CANCELLED: "cancelled",
}
"""What a report calls the states of a month's posts, in its order; a run has other words for some."""
SHOWN_LETTERS = 60
FIRST_WORDS = 72
"""How many characters of a post stand for it in lists and calendars."""
SHOWN_NUMBERS = 8
LINE_END = re.compile("\r\n?|\x85")
INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
"""Characters that no page, workbook or terminal may be given: controls, halves of pairs, and what is no character."""
SIGNS = {chr(code): chr(0x2400 + code) for code in range(32)} | {"\x7f": "\u2421"}


WINDOWS: bool = sys.platform == "win32"
PLAIN_WORD = re.compile(r"[\w.:/\\=+-]+")
"""What neither of Windows' two shells takes for anything but a word."""


def shell_join(words: Iterable[str], *, windows: bool = WINDOWS) -> str:
    """Return a command as this system's shells take it; the two of Windows have only double quotes in common."""
    if not windows:
        return shlex.join(words)
    return " ".join(word if PLAIN_WORD.fullmatch(word) else '"' + word.replace('"', '\\"') + '"' for word in words)


def make_visible(text: str) -> str:
    """Return the text with unified line breaks, and visible signs in place of characters that can't be shown."""
    if text.isprintable():
        return text
    return INVISIBLE.sub(lambda found: SIGNS.get(found[0], "\ufffd"), LINE_END.sub("\n", text))


TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")


def make_visible_words(text: str) -> str:
    """Return a text as a terminal may show it among others, where it must not turn the words around it."""
    return TURNING.sub(lambda found: _escaped(found[0]), make_visible(text))


def make_visible_line(text: str) -> str:
    """Return a text on one line as a terminal may show it: what would move, hide or turn other words is seen."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or unicodedata.category(c) == "Zs" else _escaped(c) for c in text)


MOVING = re.compile("[\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def escape_in_json(text: str) -> str:
    """Return JSON that means the same, where what JSON leaves as it is and a terminal obeys is escaped as well."""
    return MOVING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _escaped(character: str) -> str:
    return chr(0x2400 + ord(character)) if character < " " else character.encode("unicode_escape").decode()


def shorten(text: str, *, limit: int = SHOWN_LETTERS) -> str:
    """Return the text on one line, cut to what a message can hold."""
    line = " ".join(text[: 10 * limit].split())
    return line if len(line) <= limit else f"{line[: limit - 1]}…"


def media_name(medium: Medium) -> str:
    """Return by what people know a medium: the last part of its path or address."""
    source = medium.source or medium.url
    path = source.split("?")[0].split("#")[0] if "://" in source else source
    return unquote(path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]) or source


def first_words(content: Content, *, otherwise: str, limit: int = FIRST_WORDS) -> str:
    """Return how a post is recognised: the start of its text, else its title, its first medium, or `otherwise`."""
    texts = (content.text, content.title, *(media_name(medium) for medium in content.media[:1]))
    return next(filter(None, (shorten(text, limit=limit) for text in texts)), otherwise)


def quoted(text: str) -> str:
    """Return what was seen, shortened and in quotation marks."""
    return f"“{shorten(text)}”"


def listed(words: Iterable[str], *, last: str = "or") -> str:
    """Return words as a person lists them: `A, B or C`."""
    several = list(words)
    if len(several) < 2:
        return "".join(several)
    return f"{', '.join(several[:-1])} {last} {several[-1]}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """Return how many there are of something: `1 row`, `1,200 rows`; `plural` is for what takes no `s`."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def list_rows(numbers: Sequence[int]) -> str:
    """Return row numbers with their noun: `row 4`, `rows 4, 7 and 9`."""
    return list_names([str(number) for number in numbers], noun="row")


def list_names(names: Sequence[str], *, noun: str = "", limit: int = SHOWN_NUMBERS) -> str:
    """Return names as a person lists them, the rest counted, after their noun: `places berlin, bonn and 3 more`."""
    rest = len(names) - limit
    shown = listed(names, last="and") if rest <= 0 else f"{', '.join(names[:limit])} and {rest:,} more"
    return f"{noun}{'s' if len(names) > 1 else ''} {shown}" if noun else shown


def list_ranges(rows: Iterable[int]) -> str:
    """Return row numbers with their noun, those that follow each other as a range: `row 4`, `rows 2-20 and 45`."""
    ranges: list[list[int]] = []
    for row in sorted(set(rows)):
        if ranges and row == ranges[-1][1] + 1:
            ranges[-1][1] = row
        else:
            ranges.append([row, row])
    shown = [str(a) if a == b else f"{a}-{b}" for a, b in ranges[:SHOWN_NUMBERS]]
    noun = "row" if len(ranges) == 1 and ranges[0][0] == ranges[0][1] else "rows"
    if rest := sum(b - a + 1 for a, b in ranges[SHOWN_NUMBERS:]):
        return f"{noun} {', '.join(shown)} and {rest:,} more"
    return f"{noun} {listed(shown, last='and')}"


def column_letters(position: int) -> str:
    """Return the letters of a column counted from 0: `A` ... `XFD`."""
    letters = ""
    position += 1
    while position:
        position, rest = divmod(position - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def cell_address(row: int, position: int) -> str:
    """Return a cell's address as a spreadsheet shows it (`I14`); columns are counted from 0."""
    return f"{column_letters(position)}{row}"


STATUS_WORDS: Mapping[str, str] = {
    Status.DRAFT: "a draft",
    Status.SCHEDULED: "scheduled",
    Status.PROCESSING: "being published",
    Status.IN_QUEUE: "waiting to be published",
    Status.PUBLISHED: "published",
    Status.FAILED: "refused by its channel",
    Status.CANCELED: "cancelled",
    Status.DELETED: "deleted",
}
"""What a sentence calls a state of the service; one that is new to us is told as the service does."""

QUOTA_NAMES: Mapping[str, str] = {"PUBLISH_POST": "Publishing now", "SCHEDULE_POST": "Scheduling"}


def quota_left(quota: Quota | None) -> str:
    """Say what is left of a quota: `12 of 50 left this month`."""
    if quota is not None and not quota.enabled:
        return "not in this site's plan"
    if quota is None or quota.left is None:
        return "not metered"
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    period = f" this {quota.period.lower()}" if quota.period else ""
    return f"{quota.left:,}{of} left{period}"
