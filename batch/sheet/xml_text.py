"""Turns the text inside a workbook's XML into the text that a person typed.

Three layers lie over it: XML's own entities, the `_x000D_` escapes by which Excel keeps what XML can't hold, and
phonetic readings that stand beside the text without being part of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache

ENTITY = re.compile(r"&(?:#([0-9]{1,7})|#x([0-9A-Fa-f]{1,6})|([a-z]{2,4}));")
NAMED = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
MAX_STRING_CHARS = 8_000_000
SURROGATES = re.compile("[\ud800-\udfff]")


class BadXmlError(Exception):
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
    """Return the prefix (`x:`, mostly none) of a part's first element; a declaration (`<?xml`) is not one."""
    found = re.search(r"<([A-Za-z_][\w.-]*:)?[A-Za-z]", start)
    return (found[1] or "") if found else ""


def read_strings(pieces: Iterable[str], *, limit: int) -> list[str]:
    """Return the workbook's shared strings, in order, from the text of their part, up to `limit` bytes of memory."""
    strings: list[str] = []
    read, closing, rest = _strings_reader(""), "</si>", ""
    for piece in pieces:
        if not rest and not strings:
            prefix = namespace_prefix(piece)
            read, closing = _strings_reader(prefix), f"</{prefix}si>"
        whole, end, rest = (rest + piece).rpartition(closing)
        found = read(whole + end)
        strings += found
        limit -= sum([50 + len(text) * (1 if text.isascii() else 4) for text in found])
        if limit < 0 or len(rest) > MAX_STRING_CHARS:
            raise BadXmlError("its texts are larger than those of posts")
    strings += read(rest)
    if "<!" in rest or not re.search(r"</(?:\w+:)?sst>\s*$|<(?:\w+:)?sst[^>]*/>\s*$", rest):
        raise BadXmlError("its texts do not end")
    return strings


def _strings_reader(prefix: str) -> Callable[[str], list[str]]:
    plain = rf"<{prefix}t(?: xml:space=\"preserve\")?>([^<]*)</{prefix}t>"
    item = re.compile(
        rf"<{prefix}si>{plain}</{prefix}si>|<{prefix}si(?:\s[^>]*)?(?:/>|(?<!/)>(.*?)</{prefix}si>)", re.DOTALL
    )
    read_runs = runs_reader(prefix)

    def read(text: str) -> list[str]:
        return [read_runs(rich) if rich else plain_text(simple) for simple, rich in item.findall(text)]

    return read
