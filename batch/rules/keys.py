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


def fan_out_key(key: str, part: Channel | str) -> str:
    """Return the key of one post of a row that makes several: that of a channel, a place or a date."""
    return f"{key}/{part}"


def derive_key(
    *,
    site: str,
    channel: Channel | None,
    account: str,
    type: PostType | None,  # noqa: A002 - the sheet's own word
    content: Content,
    generation: Generation | None,
    item_id: str,
    place: str = "",
) -> str:
    """Return the key of a row without one, a digest of what it is and not of when; `site` is "" where there is one."""
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
    if place:
        parts += ["place", place]
    digest = hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()
    return f"{PREFIX}{digest[:DIGITS]}"


def _same(text: str) -> str:
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").strip())


def check_key(key: str) -> tuple[Problem, ...]:
    """Return what is wrong with a key as written."""
    if _PLAIN.match(key) and len(key) <= MOST_LETTERS and "~" not in key:
        return ()
    found: list[Problem] = []

    def tell(code: str, why: str, *, warning: bool = False, fix: str | None = None) -> None:
        found.append(Problem("key", code, key, f"`key` {quoted(key)} {why}.", warning, fix))

    if len(key) > MOST_LETTERS:
        tell("key_too_long", f"has {len(key)} characters, and {MOST_LETTERS} fit. Shorten it")
    if generation := _GENERATION.search(key):
        plain = key[: generation.start()] or "spring-01"
        tell(
            "key_generation",
            f"ends with ~ and a number, which mark a post that was made again. Write {plain}, and run with --again "
            f"{plain}",
        )
    if odd := next((letter for letter in key if _is_odd(letter)), ""):
        name = unicodedata.name(odd, f"U+{ord(odd):04X}").lower()
        shown = f"“{odd}” ({name})" if odd.isprintable() else name
        better = "".join("-" if _TYPOGRAPHIC.get(letter) == "-" else letter for letter in key)
        only_dashes = None if any(map(_is_odd, better)) else better
        better = re.sub(r"[^\w ./:#+()@&=~-]+", "", better).strip() or "spring-01"
        why = f"has {shown}, which is hard to type the same way again. Write {better}"
        tell("key_odd_character", why, fix=only_dashes)
    if hidden := find_lookalike(key):
        # No fix: a post may be on the site under the key as it is, and would be made a second time.
        tell("lookalike_letters", f"looks right, but {hidden.why}. Type {hidden.reads_as} again", warning=True)
    return tuple(found)


def _is_odd(letter: str) -> bool:
    """Tell what the next person will not type the same way: typographic, unseen, or with a meaning of its own."""
    unseen = unicodedata.category(letter) in ("Cc", "Cf", "Co", "Cn", "Cs", "Zl", "Zp")
    return letter in _TYPOGRAPHIC or letter in _REFUSED or unseen or (letter.isspace() and letter != " ")
