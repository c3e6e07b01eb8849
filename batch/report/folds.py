"""Where each channel cuts a text off and offers to show more.

Turns a text into what is seen at once and the rest. None of the channels promises these figures and all of them vary
with screen and font, so they are for showing only: nothing may ever be refused because of a fold.
"""

from __future__ import annotations

import math
import unicodedata
from typing import NamedTuple

from batch.model import Channel, PostType


class Fold(NamedTuple):
    """How much a channel shows: about `characters`, on at most `lines` lines; `source` says who measured it."""

    characters: int
    lines: int
    source: str


class Folded(NamedTuple):
    """A text in two parts, which joined are exactly the text; `rest` is "" where all of it is seen."""

    shown: str
    rest: str


FOLDS: dict[tuple[str, str], Fold] = {
    (Channel.INSTAGRAM, PostType.POST): Fold(125, 3, "help.instagram.com/1643471055915254, read 2026-11"),
    (Channel.FACEBOOK, PostType.POST): Fold(125, 3, "socialk.it, social media character limits (phone), 2026-06"),
    (Channel.FACEBOOK, PostType.REEL): Fold(72, 2, "captionsnap.io after Meta's ads guide (Reels), 2026-04"),
    (Channel.LINKEDIN, PostType.POST): Fold(140, 3, "posttruncate.com/en/platform-limits (phone), read 2026-11"),
    (Channel.YOUTUBE, PostType.VIDEO): Fold(150, 3, "typecount.com, YouTube description limits, 2026"),
    (Channel.YOUTUBE, PostType.SHORT): Fold(100, 2, "lettercounter.org, YouTube Shorts descriptions, 2026"),
    (Channel.PINTEREST, PostType.POST): Fold(60, 2, "business.pinterest.com/en/Pinterest-product-specs, read 2026-11"),
    (Channel.GBP, PostType.POST): Fold(100, 3, "posthell.com, Google Business character counter, 2026"),
    (Channel.TIKTOK, PostType.POST): Fold(100, 2, "1kreach.com, caption previews measured on phones, 2026-05"),
    (Channel.TIKTOK, PostType.VIDEO): Fold(100, 2, "1kreach.com, caption previews measured on phones, 2026-05"),
}
"""The phone's fold where a phone and a desk differ: most people read there. Stories have no text, X shows all."""

_WORD_SEARCH = 24
_CLUSTER_SEARCH = 40
_JOINER = "\u200d"


def fold_text(text: str, *, channel: str, type_: str) -> Folded:
    """Divide a text at its channel's fold, between words where one is near and never inside a drawn character."""
    fold = FOLDS.get((channel, type_))
    if fold is None:
        return Folded(text, "")
    cut = _line_cut(text, fold)
    if cut >= len(text):
        return Folded(text, "")
    cut = len(text[: _whole_character(text, _word_end(text, cut))].rstrip())
    return Folded(text[:cut], text[cut:])


def _line_cut(text: str, fold: Fold) -> int:
    """Return how many characters fit the fold's lines, counting a long line as the lines it wraps into."""
    width = math.ceil(fold.characters / fold.lines)
    left, position = fold.lines, 0
    for line in text[: fold.characters + 1].split("\n"):
        needed = max(1, math.ceil(len(line) / width))
        if needed > left:
            return min(fold.characters, position + left * width)
        left -= needed
        position += len(line) + 1
    return min(position, fold.characters) if len(text) > fold.characters else len(text)


def _word_end(text: str, cut: int) -> int:
    """Move a cut back to the end of a word, if one ends near it."""
    for at in range(cut, max(0, cut - _WORD_SEARCH), -1):
        if text[at].isspace():
            return at
    return cut


def _whole_character(text: str, cut: int) -> int:
    """Move a cut back until it does not divide an emoji, a flag or a letter from its marks."""
    for at in range(cut, max(0, cut - _CLUSTER_SEARCH), -1):
        if not _joins(text, at):
            return at
    return cut


def _joins(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == _JOINER or after == _JOINER or unicodedata.category(after) in {"Mn", "Mc", "Me"}:
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    return _is_flag_half(before) and _is_flag_half(after) and _flag_halves_before(text, at) % 2 == 1


def _is_flag_half(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    start = at
    while start > 0 and _is_flag_half(text[start - 1]):
        start -= 1
    return at - start
