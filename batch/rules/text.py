"""Measures texts as the channels do, finds in them what nobody meant to post, and reads words for yes and no.

Pure, and never changes a text.

Lengths are UTF-16 code units unless a limit's unit says otherwise: TikTok's reference counts so, a spreadsheet's LEN
does, and no counter in use finds more, so that a text which passes here is not refused for its length elsewhere.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from batch.rules.channels import Unit
from batch.rules.issues import Problem
from batch.wording import quoted

_HASHTAG = re.compile(r"(?<![\w&/#＃])[#＃]\w+")
_MENTION = re.compile(r"(?<![\w.@＠/])[@＠][A-Za-z0-9_][\w.]*")
_URL = re.compile(r"(?:https?://|www\.)[^\s<>\"]+", re.IGNORECASE)
_EMOJI = re.compile(
    "(?:[\U0001f1e6-\U0001f1ff]{2}"
    "|[#*0-9]\ufe0f?\u20e3"
    "|[\u203c-\u3299\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*[\U000e0020-\U000e007f]*"
    "(?:\u200d[\u2000-\u3299\U0001f000-\U0001faff][\ufe0f\U0001f3fb-\U0001f3ff]*)*)"
)
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
"""Code points that weigh one on X, all others two (twitter-text configuration v3, read 2026-11-24)."""
_X_LINK = 23
_X_EMOJI = 2


def count_x_weight(text: str) -> int:
    """Count as X does: links weigh 23, an emoji 2, letters outside of the light ranges 2, everything else 1."""
    rest, links = _URL.subn("", unicodedata.normalize("NFC", text))
    weight = links * _X_LINK
    if rest.isascii():
        return weight + len(rest)
    rest, emoji = _EMOJI.subn("", rest)
    heavy = sum(1 for letter in rest if not any(low <= ord(letter) <= high for low, high in _LIGHT))
    return weight + emoji * _X_EMOJI + len(rest) + heavy


COUNTERS: Mapping[Unit, Callable[[str], int]] = MappingProxyType({
    Unit.CHARACTERS: lambda text: len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2,
    Unit.UTF8_BYTES: lambda text: len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass")),
    Unit.X_WEIGHT: count_x_weight,
    Unit.HASHTAGS: lambda text: len(_HASHTAG.findall(text)),
    Unit.MENTIONS: lambda text: len(_MENTION.findall(text)),
})  # fmt: skip
"""How each unit of a text is counted: characters are UTF-16 code units; an e-mail address mentions nobody."""

BOUNDS: Mapping[Unit, Callable[[str], int]] = MappingProxyType({
    Unit.CHARACTERS: lambda text: 2 * len(text),
    Unit.UTF8_BYTES: lambda text: 4 * len(text),
    Unit.X_WEIGHT: lambda text: _X_LINK * len(text),
    Unit.HASHTAGS: lambda text: text.count("#") + text.count("＃"),
    Unit.MENTIONS: lambda text: text.count("@") + text.count("＠"),
})  # fmt: skip
"""More than which no text can have of a unit, told much sooner than it is counted."""


_BRACES = re.compile(r"\{\{[^{}\n]*\}\}|\$\{[^{}\n]*\}|<<[^<>\n]+>>|%%[^%\s]+%%")
_INSERT = re.compile(r"\[(?:insert|enter|add|your)\b[^\[\]\n]*\]", re.IGNORECASE)
_LOREM = re.compile(r"lorem ipsum", re.IGNORECASE)
_FIELD = re.compile(
    r"\{ ?(?:[A-Za-z]{2,}(?:_[A-Za-z0-9]+)+|[a-z]{3,}(?:\.[a-z_]{2,})+|[a-z]{3,}[A-Z][a-z]+"
    r"|(?i:(?:(?:first|last|full|user|customer|company|product|brand|event|shop|store)[ -]?)?name"
    r"|(?:product|event|company|shop|discount|promo)[ -](?:title|url|link|date|price|code)"
    r"|product|price|link|url|date|time|city|title|company|brand|customer|location|discount|code|handle|hashtags?)) ?\}"
)
"""The name of a field in single braces, as merge tools write it. Other words in braces are somebody's style, and
`{o_o}` is a face."""
_WORDS = re.compile(r"(?<!\w)(?:TBC|TBD|TBA|TODO|FIXME|X{3,}|tbc|tbd|todo:)(?!\w)|\[(?:link|name|date|title|url)\]")


_MARK = re.compile(r"\{|\[|<<|%%|XXX|FIXME|TB|tb|TODO|todo|orem|OREM")
"""What each leftover has: nearly no text does, and looking for it is quicker than the patterns."""


def check_placeholders(column: str, text: str) -> list[Problem]:
    """Find what is left over of a template in a column's text: an error where no post can mean it, else a warning."""
    if not _MARK.search(text):
        return []
    sure = next((found for pattern in (_BRACES, _INSERT, _LOREM) if (found := pattern.search(text))), None)
    field = sure or _FIELD.search(text)
    found = field or _WORDS.search(text)
    if found is None:
        return []
    certain = bool(sure or (field and field[0] == text))
    message = f"`{column}` still has {quoted(found[0])}. Replace it if something belongs there."
    if certain:
        message = f"`{column}` still has {quoted(found[0])} from a template. Replace it with what is meant."
    return [Problem(column, "placeholder" if certain else "placeholder_word", found[0], message, not certain)]


_LOOKALIKES: Mapping[int, str] = MappingProxyType(
    str.maketrans(
        "АВЕЅІЈКМНОРСТУХаеѕіјорсухԁһԛԝвкмнтΑΒΕΖΗΙΚΜΝΟΡΤΥΧονρικıɡ",
        "ABESIJKMHOPCTYXaesijopcyxdhqwbkmhtABEZHIKMNOPTYXovpikig",
    )  # type: ignore[arg-type]  # typeshed has dict[int, int] for two strings of one length
)
"""Cyrillic, Greek and other letters, with the Latin ones for which the eye takes them (from Unicode's confusables)."""


class Lookalike(NamedTuple):
    """A letter that only looks right, the clause that a message has for it, and the text as the eye reads it."""

    letter: str
    why: str
    reads_as: str


def find_lookalike(text: str, *, whole_words: bool = False) -> Lookalike | None:
    """Return the first letter of another alphabet among Latin ones; `whole_words`: only Latin ones can be meant."""
    if text.isascii():
        return None
    for odd in text:
        plain = unicodedata.normalize("NFKC", odd)  # an ASCII letter in another dress: full width, mathematical bold
        if ord(odd) in _LOOKALIKES or (plain != odd and plain.isascii() and plain.isalpha()):
            break
    else:
        return None
    reads_as = unicodedata.normalize("NFKC", text).translate(dict(_LOOKALIKES))
    latin = whole_words or any(letter.isascii() and letter.isalpha() for letter in text)
    if not (latin and reads_as.isascii()):
        return None
    name = unicodedata.name(odd, f"U+{ord(odd):04X}")
    known = (script := name.partition(" ")[0]) in ("CYRILLIC", "GREEK")
    told = f"a {script.capitalize()} letter" if known else f"an unusual letter ({name.lower()})"
    return Lookalike(odd, f"its “{odd}” is {told} that only looks right", reads_as)


YES = frozenset((
    "yes", "y", "true", "t", "1", "x", "on", "ok", "okay", "✓", "✔", "☑", "✅", "🗹",
    "ja", "j", "wahr", "oui", "vrai", "sí", "si", "verdadero", "cierto", "sì", "vero", "sim", "verdadeiro", "waar",
    "tak", "prawda", "да", "истина", "верно", "evet", "doğru",
    "はい", "真", "有", "是", "是的", "对", "對", "真的", "예", "네", "참",
))  # fmt: skip
NO = frozenset((
    "no", "n", "false", "f", "0", "off", "-", "–", "—", "✗", "✘", "✕", "✖", "×", "☐", "❌",
    "nein", "falsch", "non", "faux", "falso", "não", "nao", "nee", "onwaar", "nie", "fałsz", "falsz", "нет", "ложь",
    "неверно", "hayır", "yanlış",
    "いいえ", "偽", "無", "否", "不", "不是", "错", "錯", "假", "아니요", "아니오", "거짓",
))  # fmt: skip


@lru_cache(4096)
def read_yes_no(cell: str) -> bool | None:
    """Return True for yes, False for no or blank, in any case; None for any other word, never a silent no."""
    word = unicodedata.normalize("NFKC", cell).strip().removesuffix(".").replace("\ufe0f", "").casefold()
    return word in YES if not word or word in YES or word in NO else None
