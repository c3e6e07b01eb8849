"""Turns the text inside a workbook's XML into the text that a person typed.

Three layers lie over it: XML's own entities, the `_x000D_` escapes by which Excel keeps what XML can't hold, and phonetic
readings that stand beside the text without being part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|([a-z]{2,4}));")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
SURROGATES = re.compile("[\ud800-\udfff]")


class BadXmlError(ValueError):
    """Text that is not XML as a spreadsheet program writes it."""


def plain_text(text: str) -> str:
    """Return the text behind entities and Excel's escapes."""
    if "&" in text:
        text = ENTITY.sub(_resolve, text)
    if "_x" in text:
        text = ESCAPE.sub(lambda m: chr(int(m[1], 16)), text)
        if SURROGATES.search(text):
            text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _resolve(found: re.Match[str]) -> str:
    decimal, hexadecimal, name = found.groups()
    try:
        return NAMED[name] if name else chr(int(decimal) if decimal else int(hexadecimal, 16))
    except (KeyError, ValueError, OverflowError):
        raise BadXmlError(f"the entity {found[0]} is not known") from None


@lru_cache(maxsize=4)
def runs_reader(prefix: str) -> Callable[[str], str]:
    """Return the function that joins the runs (`<t>`) of a rich text; `prefix` is the file's own for its namespace."""
    phonetic = re.compile(rf"<{prefix}rPh\b.*?</{prefix}rPh>", re.DOTALL)
    run = re.compile(rf"<{prefix}t(?:\s[^>]*)?(?<!/)>([^<]*)</{prefix}t>")

    def read(text: str) -> str:
        if f"<{prefix}rPh" in text:
            text = phonetic.sub("", text)
        return plain_text("".join(run.findall(text)))

    return read


def namespace_prefix(start: str) -> str:
    """Return the prefix (`x:`, mostly none) of a part's first element."""
    found = re.search(r"<([A-Za-z_][\w.-]*:)?[A-Za-z]", start)
    return (found[1] or "") if found else ""


def read_strings(pieces: Iterator[str], *, limit: int) -> list[str]:
    """Return the workbook's shared strings, in order, from the text of their part."""
    rest = next(pieces, "")
    prefix = namespace_prefix(rest)
    item = re.compile(rf"<{prefix}si(?:\s[^>]*)?(?:/>|(?<!/)>(.*?)</{prefix}si>)", re.DOTALL)
    read = runs_reader(prefix)
    strings: list[str] = []
    left = limit
    for piece in _chain(rest, pieces):
        rest = piece if not strings and piece is rest else rest + piece
        end = 0
        for found in item.finditer(rest):
            text = read(found[1] or "")
            left -= 50 + len(text) * (1 if text.isascii() else 4)
            strings.append(text)
            end = found.end()
        rest = rest[end:]
        if left < 0 or len(rest) > 8_000_000:
            raise BadXmlError("its texts are larger than those of posts")
    if "<!" in rest or f"<{prefix}si" in rest:
        raise BadXmlError("its texts do not end")
    return strings


def _chain(first: str, rest: Iterator[str]) -> Iterator[str]:
    yield first
    yield from rest
