"""Makes the key of a row that has none, and says which keys can't serve as one. A key is sent as the item's reference.

A derived key must come out the same in every version of this program and on every machine: the same row run twice is
the same post. What goes into it, and how, is therefore fixed here.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata

from batch.model import Channel, Content, Generation, PostType
from batch.rules.issues import Problem
from batch.rules.text import find_lookalike
from batch.wording import quoted

PREFIX = "auto-"
DIGITS = 16
MOST_LETTERS = 80
"""How long a key may be. Nobody says what the service takes; this leaves room for `/INSTAGRAM` and `~2` in 100."""

_GENERATION = re.compile(r"~\d+\Z")
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._:/#+()@&=~-]*\Z")
_TYPOGRAPHIC = {
    "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "‘": "'", "’": "'", "‚": "'", "´": "'", "`": "'",
    "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "…": "...",
}  # fmt: skip
"""What spreadsheet programs make of typed quotation marks and dashes; the next person types the plain ones."""

_REFUSED = frozenset(",;|<>{}[]\\^\"'*?!$%\n")


def fan_out_key(key: str, channel: Channel) -> str:
    """Return the key of one channel's post of a row that names several."""
    return f"{key}/{channel}"


def derive_key(
    *,
    site: str,
    channel: Channel | None,
    account: str,
    type: PostType | None,  # noqa: A002 - the sheet's own word
    content: Content,
    generation: Generation | None,
    item_id: str,
) -> str:
    """Return the key of a row without one: a digest of what it is, not of when it goes out.

    `site` is "" where at most one site is configured. An item's ID tells apart rows that only move or withdraw items.
    """
    parts = [
        site.casefold(),
        channel or "",
        account.strip().removeprefix("@").casefold(),
        type or "",
        _same(content.text),
        _same(content.title),
        "\x1e".join(medium.source for medium in content.media),
        content.link,
        content.call_to_action,
        content.privacy,
    ]
    if generation is not None:
        parts += [generation.kind, _same(generation.prompt), generation.asset_type, generation.asset_id]
    if item_id:
        parts.append(item_id)
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{PREFIX}{digest[:DIGITS]}"


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())


def check_key(key: str) -> tuple[Problem, ...]:
    """Return what is wrong with a key as written."""
    if _PLAIN.match(key) and len(key) <= MOST_LETTERS and "~" not in key:
        return ()
    found = (_too_long(key), _generation(key), _odd_character(key), _lookalike(key))
    return tuple(problem for problem in found if problem)


def _problem(code: str, key: str, why: str, *, warning: bool = False) -> Problem:
    return Problem("key", code, key, f"`key` says {quoted(key)}, {why}.", warning)


def _too_long(key: str) -> Problem | None:
    if len(key) <= MOST_LETTERS:
        return None
    why = f"{len(key)} characters where {MOST_LETTERS} fit: shorten it"
    return _problem("key_too_long", key, why)


def _generation(key: str) -> Problem | None:
    found = _GENERATION.search(key)
    if found is None:
        return None
    plain = key[: found.start()] or "spring-01"
    why = f"but ~ and a number at the end mark a post made anew: write {plain}, and make it anew by --again {plain}"
    return _problem("key_generation", key, why)


def _odd_character(key: str) -> Problem | None:
    odd = next((letter for letter in key if letter in _TYPOGRAPHIC or letter in _REFUSED or _is_unseen(letter)), "")
    if not odd:
        return None
    name = unicodedata.name(odd, f"U+{ord(odd):04X}").lower()
    shown = f"“{odd}” ({name})" if odd.isprintable() else name
    better = "".join("-" if _TYPOGRAPHIC.get(letter) == "-" else letter for letter in key)
    better = re.sub(r"[^\w ./:#+()@&=~-]+", "", better).strip()
    why = f"which holds {shown}, hard to type the same way again: write {better or 'spring-01'}"
    return _problem("key_odd_character", key, why)


def _is_unseen(letter: str) -> bool:
    return unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp") or (
        letter.isspace() and letter != " "
    )


def _lookalike(key: str) -> Problem | None:
    hidden = find_lookalike(key)
    if hidden is None:
        return None
    why = f"whose “{hidden.letter}” is {hidden.name} that only looks right: type it again, as {hidden.reads_as}"
    return _problem("lookalike_letters", key, why, warning=True)
