"""Reads a cell that says yes or no, by closed lists of words. Any other word says neither, and is never a silent no."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

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
    """Return what a word says, in any case; None where it is in neither list. Blank says no."""
    word = unicodedata.normalize("NFKC", cell).strip().removesuffix(".").replace("\ufe0f", "").casefold()
    return word in YES if not word or word in YES or word in NO else None
