"""Finds what an export, a copy or a wrong encoding has done to a text, and the text that was likely meant.

Never changes a text, and finds nothing in what people write on purpose: `???`, `<3`, `*stars*`, `50% off`, `C:\\new`,
`AT&T` and any language are no damage. What is certain has one likely text, which a cell may be corrected to.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from html.entities import html5
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import unquote

from batch.rules.issues import Problem
from batch.wording import listed, quoted

SHOWN_BEFORE = 16
"""How much is shown of a likely text before the first place where it differs."""

_URL = re.compile(r"(?:https?://|www\.)\S+|\b[\w-]+(?:\.[\w-]+)+/\S*", re.IGNORECASE)
_LOST = "\ufffd"

NO_VALUES = frozenset({"null", "(null)", "<null>", "nan", "undefined", "nil", "n/a", "#n/a"})
"""What programs write into a cell that has no value."""


class Repair(NamedTuple):
    """A text after one kind of damage was taken back; `certain` where nothing else can have been meant."""

    text: str
    certain: bool = True


_CONTINUED = "\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_MISREAD = re.compile(
    rf"[\xc2-\xf4ÄĂÅÎĐŇĹÇ][{_CONTINUED}ĄąŁłĽľŚśŞşŤťŹźŻż˘ˇ˝˛´¸]|â€|ï»¿"
    r"|[РС][\u0400-\u040f\u0450-\u045f\xa0-\xbbҐґ„…†‡€‰‹‘’“”•–—™›][РС]|вЂ|рџ|[ΞΟ][\xa0-\xbb‘’“”•–—…†‡€][ΞΟ]"
    r"|√[©®±≥º∂†°¢£§∏ßÑñ†™´¨Æ]|‚Ä|Ô£ø|Γò|[├┬][\u2500-\u259f\u0080-\u00ff]"
)
"""How UTF-8 looks that was read as Windows-1252, -1250, -1251, -1253, Mac Roman or code page 437: a reason to look."""


_WITHIN_LATIN = (
    ("cp1250", re.compile("[ĂĹ](?<=[a-z ].)[^\\sa-z]")),
    ("cp1251", re.compile("[ГВЕ](?<=[a-z].)[^\\sa-zа-я]")),
    ("mac_roman", re.compile("[√¬≈ƒ](?<=[a-z ].)[^\\sa-z]")),
)
"""What no Latin word holds, and the code page in which UTF-8 looks so: taken back only where all of a text can be.

The letter stands before what looks behind it: so it is found in a fiftieth of the time."""

_MISREAD_START = re.compile("[\xc2-\xf4ÄĂÅÎĐŇĹÇРСврΞΟΓ√‚├┬ГВЕ¬≈ƒ]")
"""What each of all these begins with: found, or not, in a tenth of the time."""

_HALF_READ = "[\xc2-\xf4](?=[\u0370-\u1fff\u3040-\ud7ff])|(?<=[\u0370-\u1fff\u3040-\ud7ff])[\xc2-\xf4]"
"""A letter of the wrong reading beside one of another script: some of the text was lost on the way."""


def repair_encoding(text: str) -> Repair | None:
    """Return a text whose letters were read in a wrong encoding as it was; None where nothing is wrong with it."""
    if not _MISREAD_START.search(text):
        return None
    repaired = text
    for codec, pattern in _WITHIN_LATIN:
        if pattern.search(text):
            try:
                repaired = text.encode(codec).decode()
            except UnicodeError:
                continue
    if repaired == text and _MISREAD.search(text):
        from ftfy import fix_encoding  # loads tables, and is hardly ever needed

        repaired = fix_encoding(text).replace("\ufeff", "")
    if repaired == text:
        return None
    lost = repaired.count(_LOST) > text.count(_LOST) or _MISREAD.search(repaired) or re.search(_HALF_READ, repaired)
    return Repair(repaired, not lost)


_CONTRACTED = re.compile(
    r"(?i)(?<=n)\?(?=t\b)|(?<=[a-z])\?(?=(?:re|ll|ve)\b)|(?<=\bi)\?(?=[md]\b)"
    r"|(?:(?<=\bit)|(?<=\b(?:he|we))|(?<=\b(?:let|she|who))|(?<=\b(?:that|what|here))|(?<=\bthere))\?(?=[sd]\b)"
)
_WITHIN_WORD = re.compile(r"(?<![\w?/])[a-z\xdf-\xff]{2,}\?[a-z\xdf-\xff]{1,2}(?![\w?])")
_RUNS = re.compile(r"\?{3,}(?:[ \n]\?{2,})+|(?:\?{2,}[ \n]){2,}\?{2,}")


def _repair_question_marks(text: str) -> Repair | None:
    """Find question marks in the place of letters: within a word, or in several runs beside each other."""
    likely = _outside_addresses(text, lambda part: _CONTRACTED.sub("’", part))
    lost = _RUNS.search(likely) or _WITHIN_WORD.search(_URL.sub("", likely))
    return Repair(likely, not lost) if lost or likely != text else None


def _outside_addresses(text: str, change: Callable[[str], str]) -> str:
    pieces, at = [], 0
    for found in _URL.finditer(text):
        pieces += [change(text[at : found.start()]), found[0]]
        at = found.end()
    return "".join([*pieces, change(text[at:])])


_ESCAPE = re.compile(r"""(?:\\r)?\\n|\\r|\\u(?:d[89ab][0-9a-f]{2}\\ud[c-f][0-9a-f]{2}|[0-9a-f]{4})|\\['"]""", re.I)
_PATH = re.compile(r"(?<!\w)[A-Za-z]:\\|\\\\\w|\\[A-Zac-mo-qstv-z_(.](?!['\"])")
"""A folder, or a backslash before something that is no escape: a path, code, or a face such as `¯\\_(ツ)_/¯`."""
_EXCEL_ESCAPE = re.compile(r"(?:_x000D_)?\n?_x000[AD]_\n?|_x000D_")


def _repair_escapes(text: str) -> Repair | None:
    """Read what a program wrote for a line break, a quotation mark or a letter: `\\n`, `\\"`, `\\u00e9`."""
    changed = _EXCEL_ESCAPE.sub("\n", text)
    if "\\" in changed and not _PATH.search(changed):
        changed = changed.replace(r"\/", "/") if r":\/\/" in changed else changed
        changed = _ESCAPE.sub(_read_escape, changed)
    return Repair(changed, _LOST not in changed) if changed != text else None


def _read_escape(found: re.Match[str]) -> str:
    escape = found[0]
    if escape[1] in "nNrR":
        return "\n"
    if escape[1] in "'\"":
        return escape[1]
    units = b"".join(int(digits, 16).to_bytes(2, "big") for digits in re.split(r"\\[uU]", escape)[1:])
    return units.decode("utf-16-be", "replace")


_ENTITY = re.compile(r"&(?:#\d{2,7}|#[xX][0-9a-fA-F]{2,6}|[A-Za-z]{2,8}\d{0,2});")


def _repair_entities(text: str) -> Repair | None:
    """Read HTML's own writing of a letter: `&amp;`, `&#39;`, `&eacute;`."""
    repaired = _ENTITY.sub(_read_entity, text)
    if repaired == text:
        return None
    again = _ENTITY.sub(_read_entity, repaired)
    return Repair(again.replace("\xa0", " "), _LOST not in again)


def _read_entity(found: re.Match[str]) -> str:
    entity = found[0]
    return html.unescape(entity) if entity[1] == "#" or entity[1:] in html5 else entity


_PAIRED = re.compile(
    r"<(?P<tag>b|i|u|s|p|strong|em|span|div|font|ul|ol|li|h[1-6]|a|center|small|mark)(?:\s[^<>]*)?>"
    r"(?P<within>.*?)</(?P=tag)\s*>",
    re.IGNORECASE | re.DOTALL,
)
_BREAK = re.compile(r"[ \t]*<(?:br|/p><p)\s*/?>[ \t]*\n?", re.IGNORECASE)
_BLOCKS = frozenset({"p", "div", "ul", "ol", "li", "h1", "h2", "h3", "h4", "h5", "h6"})


def _repair_tags(text: str) -> Repair | None:
    """Take away HTML's tags, each of which is closed; a break is one of lines. A tag that stands alone is spoken of."""
    changed = _BREAK.sub("\n", text)
    certain = True
    while found := _PAIRED.search(changed):
        tag, within = found["tag"].lower(), found["within"]
        certain = certain and tag != "a"
        within = f"{within.strip()}\n" if tag in _BLOCKS else within
        changed = changed[: found.start()] + within + changed[found.end() :]
    return Repair(changed.strip(), certain) if changed != text else None


_BOLD = re.compile(r"(?<![\w*])\*\*(?=\S)([^*\n]*?[^\W_][^*\n]*?)(?<=\S)\*\*(?![\w*])")
_UNDERLINED = re.compile(r"(?<![\w_])__(?=[^\s_])([^_\n]* [^_\n]*)(?<=[^\s_])__(?![\w_])")
_LINK = re.compile(r"\[([^\[\]\n]+)\]\((https?://[^\s()]+|www\.[^\s()]+)\)")
_TITLE = re.compile(r"^#{2,6} +(?=\S)", re.MULTILINE)


def _repair_markdown(text: str) -> Repair | None:
    """Take away the marks of Markdown; stars around one word in capitals are somebody's style."""
    links = _LINK.sub(lambda found: found[2] if found[1] == found[2] else f"{found[1]} {found[2]}", text)
    changed = _UNDERLINED.sub(r"\1", _TITLE.sub("", links))
    bold = _BOLD.findall(changed)
    if changed != text or any(any(map(str.islower, words)) for words in bold):
        changed = _BOLD.sub(r"\1", changed)
    certain = all(words == address for words, address in _LINK.findall(text))
    return Repair(changed, certain) if changed != text else None


_ENCODED = re.compile(r"[^\s%]*(?:%(?:20|0A|0D|2[1-9A-F]|3[AF])|(?:%[C-F][0-9A-F](?:%[89AB][0-9A-F])+))\S*", re.I)
_ENCODED_LETTERS = re.compile(
    r"(?<=[^\W\d_])%20(?=[^\W_])|%[C-F][0-9A-F](?:%[89AB][0-9A-F])+|%0D%0A|%0A(?=[A-Za-z%])", re.I
)


def _repair_percents(text: str) -> Repair | None:
    """Read words that were written as a part of an address: `Hello%20there`, `Sch%C3%B6n`."""
    changed = _outside_addresses(
        text,
        lambda part: _ENCODED.sub(lambda it: unquote(it[0]) if _ENCODED_LETTERS.search(it[0]) else it[0], part),
    )
    return Repair(changed, _LOST not in changed) if changed != text else None


_SLASHES = re.compile(r"[ \t]+/[ \t]+/[ \t]+")
"""Where it comes again, the blank line that it was before somebody's program joined the lines."""


class Damage(NamedTuple):
    """One kind of damage: what a text with it surely holds, what is said of it, and how it is taken back."""

    marks: tuple[str, ...]
    name: str
    repair: Callable[[str], Repair | None]


KINDS = (  # of letters that are lost for good, and of the value of a program's object, the marks tell all
    Damage((), "letters in the wrong encoding", repair_encoding),
    Damage((_LOST, "[object "), "signs that its original was lost", lambda text: Repair(text, False)),
    Damage(("?",), "question marks where letters were", _repair_question_marks),
    Damage(("\\", "_x000"), "codes for line breaks or letters", _repair_escapes),
    Damage(("&",), "HTML codes", _repair_entities),
    Damage(("<",), "HTML codes", _repair_tags),
    Damage(("**", "__", "](", "## "), "Markdown, which channels show as it is", _repair_markdown),
    Damage(("%",), "words encoded for a web address", _repair_percents),
    Damage(
        (" / / ",),
        "slashes where lines ended",
        lambda text: Repair(_SLASHES.sub("\n\n", text), False) if len(_SLASHES.findall(text)) > 1 else None,
    ),
)
"""All kinds, in the order in which they are taken back. The first has no marks: it is looked for beyond ASCII only."""

_MARKED = re.compile("|".join(re.escape(mark.lstrip()) for kind in KINDS for mark in kind.marks))

ADDRESS_KINDS = tuple(kind for kind in KINDS if kind.repair in (repair_encoding, _repair_entities))
"""What can be damaged in an address without its being a part of it."""

COLUMN_KINDS: Mapping[str, tuple[Damage, ...]] = MappingProxyType(
    dict.fromkeys(("text", "title", "hashtags", "prompt", "tone"), KINDS)
    | dict.fromkeys(("media", "link"), ADDRESS_KINDS)
)
"""The columns that are looked at, and for what."""

_CODE = re.compile(r"""\w\(["']|\)\s*[{;]|`|=>\s*[({]|#include""")
"""A caption about programs: what looks like a code there is one."""


def find_damage(column: str, text: str) -> Problem | None:
    """Return what is damaged in a cell of a column, with the likely text; None where nothing is."""
    if len(text) < 10 and (text.casefold() in NO_VALUES or text == "None") and column != "hashtags":
        message = f"`{column}` is {quoted(text)}, which programs write into an empty cell: clear the cell."
        return Problem(column, "no_value", text, message, warning=True, fix="")
    plain = text.isascii()
    if not _MARKED.search(text) and (plain or repair_encoding(text) is None):  # as nearly all texts
        return None
    names: dict[str, None] = {}
    likely, certain = text, True
    for marks, name, repair in COLUMN_KINDS[column]:
        if not any(map(likely.__contains__, marks)) if marks else plain:
            continue
        if repaired := repair(likely):
            likely, certain = repaired.text, certain and repaired.certain
            names[name] = None
    if not names or (_CODE.search(text) and KINDS[0].name not in names):
        return None
    likely = likely.strip()
    what = f"`{column}` has {listed(names, last='and')}: {quoted(_part(text, likely))}"
    if likely == text:
        return Problem(column, "lost_text", text, f"{what}. Type it again.", warning=True)
    remedy = f"Write {quoted(_part(likely, text))}" if likely else "Clear the cell"
    doubt = "" if certain else ", if that is what was meant"
    return Problem(column, "damaged_text", text, f"{what}. {remedy}{doubt}.", True, likely if certain else None)


def _part(text: str, other: str) -> str:
    """Return a text from shortly before the first place where it differs from the other."""
    same = next((at for at, (one, two) in enumerate(zip(text, other, strict=False)) if one != two), 0)
    start = max(0, same - SHOWN_BEFORE)
    return ("…" * (start > 0) + text[start:].lstrip()).replace("\n", " ↵ ")
