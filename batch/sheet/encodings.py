"""Finds out in which encoding a text file is written, without ever deciding it for the person.

A byte order mark decides. Without one it is UTF-8 or it is refused, with the encoding that fits best and a line as it
would read, since only a person can see that `Grüße` is right and `Gr³▀e` is not.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import NamedTuple

from batch.errors import SheetError
from batch.sheet.grid import shorten

SAMPLE_BYTES = 262_144
MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Byte order marks, the longer first where one begins with the other."""

LATIN = "äöüßÄÖÜéèêëàâçîïôùûÉÈÀÇáíóúñÁÍÓÚÑ¿¡ãõåøæÅØÆìòœŒ"
SIGNS = "–—…“”„‘’‚«»€£©®™°·•½ "
CANDIDATES = (
    ("cp1252", f"[{LATIN}{SIGNS}]"),
    ("cp1250", f"[ąćęłńóśźżĄĆĘŁŃÓŚŹŻáčďéěíňřšťúůýžÁČĎÉĚÍŇŘŠŤÚŮÝŽőűöüÖÜŐŰäß{SIGNS}]"),
    ("cp1251", f"[А-яЁёЇїІіЄєҐґ№{SIGNS}]"),
    ("cp1253", f"[Ά-ώ{SIGNS}]"),
    ("cp1254", f"[{LATIN}ğĞıİşŞ{SIGNS}]"),
    ("shift_jis", "[ぁ-ヿ一-龠。、「」ー！？]"),
    ("euc_kr", "[가-힣]"),
    ("gb18030", "[一-龠，。！？、：“”]"),
    ("mac_roman", f"[{LATIN}{SIGNS}]"),
)
"""Encodings that spreadsheet programs still write, each with the characters that tell it; the commonest first."""


class Encoding(NamedTuple):
    """A codec and what there is to say about its choice."""

    codec: str
    notices: tuple[str, ...] = ()


def choose_encoding(path: Path, *, wanted: str | None) -> Encoding:
    """Return the encoding of a text file; raise SheetError where it is not UTF and none was given."""
    with path.open("rb") as file:
        start = file.read(4096)
    marked = next((codec for mark, codec in MARKS if start.startswith(mark)), "")
    if marked == "utf-32":
        raise SheetError(f"{path.name} is UTF-32, which no spreadsheet program reads: save it as CSV UTF-8.")
    if wanted is None:
        if not marked and b"\x00" in start:
            raise refuse_encoding(path)
        return Encoding(marked or "utf-8")
    codec = _known_codec(wanted)
    if marked and codec not in {marked, marked.removesuffix("-sig")}:
        real = marked.removesuffix("-sig").upper()
        return Encoding(marked, (f"{path.name} says by its first bytes that it is {real}, so it was read as that.",))
    return Encoding(marked or codec)


def refuse_encoding(path: Path) -> SheetError:
    """Return the refusal of a file that is not UTF-8, with the encoding that fits and a line as it would read."""
    with path.open("rb") as file:
        data = file.read(SAMPLE_BYTES)
        if data.isascii() or _decodes(data, "utf-8"):
            data += _around_first_bad_byte(file.read())
    codec = guess_codec(data)
    if codec is None:
        return SheetError(
            f"{path.name} is not text that can be read: open it in a spreadsheet program and save it as .xlsx."
        )
    number, line = _telling_line(data.decode(codec, "replace"))
    return SheetError(
        f"{path.name} is not UTF-8: say --encoding {codec}, with which line {number} reads “{shorten(line)}”, or, if "
        "that is wrong, save the sheet as .xlsx."
    )


def guess_codec(data: bytes) -> str | None:
    """Return the encoding whose reading looks most like writing, None where none does."""
    if b"\x00" in data:
        odd, even = data[1::2].count(0), data[::2].count(0)
        codec = "utf-16-le" if odd > even else "utf-16-be"
        return codec if max(odd, even) > len(data) / 8 and _decodes(data, codec) else None
    best, best_share = None, 0.5
    for codec, letters in CANDIDATES:
        share = _share_of_writing(data, codec, re.compile(letters))
        if share > best_share + 0.02:
            best, best_share = codec, share
    return best


def _share_of_writing(data: bytes, codec: str, telling: re.Pattern[str]) -> float:
    try:
        text = codecs.getincrementaldecoder(codec)("strict").decode(data)
    except UnicodeDecodeError:
        return 0.0
    foreign = [c for c in text if c > "\x7f"]
    return sum(1 for c in foreign if telling.match(c)) / len(foreign) if foreign else 0.0


def _known_codec(name: str) -> str:
    try:
        "a".encode(name)
        return codecs.lookup(name).name
    except (LookupError, UnicodeError, ValueError, TypeError, AttributeError):
        raise SheetError(f"There is no encoding named '{name}': say one such as utf-8, cp1252 or utf-16.") from None


def _decodes(data: bytes, codec: str) -> bool:
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(data)
    except UnicodeDecodeError:
        return False
    return True


def _around_first_bad_byte(data: bytes) -> bytes:
    found = re.search(rb"[\x80-\xff]", data)
    return data[max(0, found.start() - 2000) : found.start() + SAMPLE_BYTES] if found else b""


def _telling_line(text: str) -> tuple[int, str]:
    lines = re.split("\r\n|\r|\n", text)
    foreign = (number for number, line in enumerate(lines) if not line.isascii())
    place = next(foreign, 0)
    return place + 1, lines[place]
