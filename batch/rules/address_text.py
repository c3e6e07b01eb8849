"""Turns the text of `media` and `link` into the addresses and files that it names, or into what is wrong with it.

A line break and `|` always separate. A comma or a semicolon separates only where both of its sides are addresses or
names of media files: it may as well belong to an address (`c_fill,w_300/a.jpg`) or to a name (`bowl, blue.jpg`). What
could be read both ways is asked about, and two addresses are never taken for one.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import urlsplit

from batch.model import Medium
from batch.rules.issues import Problem
from batch.rules.sources import MIMES, ending_of, is_address
from batch.wording import quoted

REMEMBERED = 4096
_MARKS = ",;，；、"
_LINES = re.compile(r"[\n|]+")
_MARK = re.compile(rf"\s*[{_MARKS}]\s*")
_MARK_BY_BLANK = re.compile(rf"\s+[{_MARKS}]\s*|[{_MARKS}]\s+")
"""A separator for certain: no address holds a blank."""
_START = re.compile(r"(?:https?|ftp)://|(?<![.@/-])www\.(?=[\w-]+\.\w)", re.IGNORECASE)
_WITHIN = "/=?&:(["
"""What stands before an address that is a part of another one, as of a service that converts pictures."""
_OWN_LINES = "Put each picture or video on its own line"

_ELSEWHERE = re.compile(
    r"(?:see |use |check |tap )?(?:the )?(?:link|url)s?(?: is)? (?:in|on) (?:the |our |my )?(?:bio|profile|comments?)"
    r"|(?:bio|profile) link|(?:see )?(?:bio|profile)",
    re.IGNORECASE,
)
_SHARED_TO_FEW = re.compile(
    r"docs\.google\.com/.*/edit\b|drive\.google\.com/drive/|[\w-]+\.sharepoint\.com/", re.IGNORECASE
)
"""Pages that open only for those with whom they were shared."""


class Media(NamedTuple):
    """The media that a cell names, in order, and what is wrong with it."""

    named: tuple[Medium, ...] = ()
    problems: tuple[Problem, ...] = ()


@lru_cache(REMEMBERED)
def read_media(cell: str) -> Media:
    """Read `media`: addresses and paths on separate lines or between `|`, or between commas where that is certain."""
    named: list[str] = []
    problems: list[Problem] = []
    mendable = True
    for line in filter(None, map(str.strip, _LINES.split(cell))):
        addresses, run_together, nested = find_addresses(line)
        if run_together:
            clean = all(is_address(one) and len(one.split()) == 1 for one in addresses)
            mendable = mendable and clean
            message = f"{quoted(line)} in `media` has more than one address, or other words. {_OWN_LINES}."
            problems.append(Problem("media", "media_several", line, message))
            named += addresses if clean else filter(is_address, addresses)
            continue
        entries = [entry for one in addresses for entry in _divide(one)]
        if (nested and len(addresses) > 1) or any(map(_is_doubtful, entries)):
            mendable, entries = False, addresses
            message = (
                f"{quoted(line)} in `media` could be one name or several. {_OWN_LINES}. For a comma inside an address, "
                "write %2C."
            )
            problems.append(Problem("media", "media_several", line, message))
        named += entries
    if problems and mendable:
        problems[0] = problems[0]._replace(fix="\n".join(named))
    return Media(tuple(map(Medium, named)), tuple(problems))


def find_addresses(line: str) -> tuple[list[str], bool, bool]:
    """Return a line divided before each address, whether a separator is missing there, and whether one holds another.

    An address within another (`/fetch/https://...`) is no place to divide.
    """
    cuts, run_together, nested = [0], False, False
    for found in _START.finditer(line):
        before, at = line[: found.start()].rstrip(), found.start()
        if before and line[at - 1] in _WITHIN and not (before[-1] == "/" and _is_media_file(before[:-1])):
            nested = True
        elif before:
            cuts.append(at)
            run_together = run_together or before[-1] not in _MARKS
    pieces = [line[start:end].strip(f" \t{_MARKS}") for start, end in pairwise([*cuts, len(line)])]
    if len(cuts) == 1:
        return [line], False, nested
    return [piece.rstrip("/") if _is_media_file(piece) else piece for piece in pieces if piece], run_together, nested


def _divide(entry: str) -> list[str]:
    """Return the names in an entry that holds one address at most, divided only where that is certain."""
    parts = [part for part in (_MARK_BY_BLANK if is_address(entry) else _MARK).split(entry) if part]
    files = parts[1:] if is_address(entry) else parts
    if all(map(_is_media_file, files)):
        stripped = parts[-1:] and parts[-1].rstrip(_MARKS)
        return [*parts[:-1], stripped] if stripped and _is_media_file(stripped) else parts
    return [entry]


def _is_doubtful(entry: str) -> bool:
    """Tell an entry that is one name only if a comma belongs to it, and as likely several."""
    parts = _MARK.split(entry)
    files = [_is_media_file(part) for part in parts]
    if not is_address(entry):
        return any(files[:-1])
    return any(files[at] and ("/" not in parts[at] or any(files[:at])) for at in range(1, len(parts)))


def _is_media_file(name: str) -> bool:
    """Tell a name or an address that ends as pictures and videos do."""
    return ending_of(name) in MIMES or ending_of(re.split(r"[?#]", name)[0]) in MIMES


@lru_cache(REMEMBERED)
def read_link(cell: str) -> Problem | None:
    """Return what is wrong with a web address, None where it is one that readers can open."""
    addresses, _, _ = find_addresses(cell)
    if len(addresses) > 1:
        message = f"{quoted(cell)} is more than one address, and a post has one `link`. Keep one."
        return Problem("link", "link_several", cell, message)
    if _ELSEWHERE.fullmatch(cell.strip(" .!…👆☝️👇")):
        message = (
            f"{quoted(cell)} isn't an address. Write the address itself into `link`, or move these words to `text`."
        )
        return Problem("link", "link_form", cell, message)
    fix = None
    try:
        parts = urlsplit(cell)
        host = parts.hostname or ""
    except ValueError:
        why = "isn't a web address. Write one such as https://www.example.com/spring"
    else:
        if parts.scheme.casefold() in ("http", "https") and host:
            why = "" if "." in host.strip(".") else f"names no computer on the web (“{host}”). Write the whole address"
        elif "://" not in cell and "." in cell.partition("/")[0]:
            fix = f"https://{cell}"
            why = f"lacks its beginning. Write {fix}"
        else:
            why = "isn't a web address. Write one that starts with https://"
    if any(letter.isspace() for letter in cell):
        fix, why = None, "has a space in it. Write one address, with %20 for a space"
    if why:
        return Problem("link", "link_form", cell, f"{quoted(cell)} {why}.", fix=fix)
    if _SHARED_TO_FEW.match(cell.partition("://")[2]):
        message = (
            f"{quoted(cell)} may open only for the people it is shared with. Check that anybody with the link can "
            "read it."
        )
        return Problem("link", "link_private", cell, message, warning=True)
    return None
