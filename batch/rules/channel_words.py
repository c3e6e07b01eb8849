"""Turns the words of the cells `channel` and `type` into channels and types of post, or into what is wrong with them.

A cell may name several channels, and a type with its channel ("Instagram Story"). What could be read in two ways, and
words that stand for more than one channel ("Meta", "All"), are asked about: a post that went to a channel that nobody
meant can't be taken back.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from batch.model import Channel, PostType
from batch.rules.channels import CHANNEL_LABELS, ENDED
from batch.rules.issues import Problem, did_you_mean, nearest, only_near
from batch.rules.text import find_lookalike
from batch.wording import listed, quoted

REMEMBERED = 4096
LONGEST_NAME = 80
"""Longer than any name of a channel with its type: such a text strayed here, and is not taken apart."""
LIVING = listed(channel for channel in Channel if channel not in ENDED)
"""What a channel may be, as remedies say it."""


def plain(text: str) -> str:
    """Return a word as names are compared: small letters and digits only."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


class Words(NamedTuple):
    """The words of `channel_words.toml`, each as `plain` makes it; `asked_about` with the code and what is asked."""

    channels: Mapping[str, Channel]
    types: Mapping[str, PostType]
    type_hints: Mapping[str, str]
    asked_about: Mapping[str, tuple[str, str]]
    linkedin_accounts: frozenset[str]


@cache
def known_words() -> Words:
    """Return every word by which channels and types are understood or asked about."""
    table = tomllib.loads(files("batch.rules").joinpath("channel_words.toml").read_text(encoding="utf-8"))
    names = {plain(name): Channel(channel) for channel, known in table["names"].items() for name in known}
    names |= {plain(name): channel for channel, label in CHANNEL_LABELS.items() for name in (label, channel)}
    types = {plain(word): PostType(kind) for kind, known in table["types"].items() for word in known}
    hints = {plain(word): kind for kind, known in table["type_hints"].items() for word in known}
    sets = {name: frozenset(map(plain, known)) for name, known in table["words"].items()}
    where = f"isn't a channel that posts can be sent to. Write {LIVING}, or leave the row out with `skip` in `action`."
    which = f"doesn't say which channels. Name each one, separated by commas: {LIVING}."
    asked = dict.fromkeys(sets["elsewhere"], ("channel_unknown", where))
    asked |= dict.fromkeys(sets["every"], ("channel_several", which))
    for word, told in table["several"].items():
        asked[plain(word)] = ("channel_several", f"stands for more than one channel. Write {told}.")
    return Words(names, types, hints, asked, sets["linkedin_accounts"])


_STRONG = re.compile(r"[,;|\n，、；]+")
_WEAK = re.compile(r"[/+&＋／＆·•]|\s(?:and|und|et|y|e|i|en|og|och|ja|ve|и|та|和|と)\s", re.IGNORECASE)
_DOUBTFUL = re.compile(r"\s[-–—]\s|\s+")


_NO_TYPES: Mapping[Channel, PostType] = MappingProxyType({})


class NamedChannel(NamedTuple):
    """A channel, with the type that stood beside its name."""

    channel: Channel
    type: PostType | None = None


class Channels(NamedTuple):
    """The channels that a cell names, each once, with what is wrong with it. `types` are those named beside them."""

    named: tuple[Channel, ...]
    problems: tuple[Problem, ...] = ()
    types: Mapping[Channel, PostType] = _NO_TYPES


def channel_named(name: str) -> Channel | None:
    """Return the channel that a word means, in any case and spelling that is known; None where it means none."""
    return known_words().channels.get(plain(name))


def channel_label(channel: str) -> str:
    """Return what a person calls a channel, also one that the table does not know."""
    known = channel_named(channel)
    return CHANNEL_LABELS[known] if known else channel or "no channel"


@lru_cache(REMEMBERED)
def read_channels(cell: str) -> Channels:
    """Read `channel`: one, or several separated by commas, semicolons, `|`, line breaks, `/`, `+`, `&` or "and"."""
    if not cell.strip(",;|\n "):
        return Channels((), (Problem("channel", "channel_missing", cell, f"`channel` is blank. Write {LIVING}."),))
    named: dict[Channel, PostType | None] = {}
    problems: list[Problem] = []
    names = [(name, _read_name(name)) for name in _names_in(cell)]
    plain_names = all(found and found.type is None for _, found in names)
    once_each = ", ".join(dict.fromkeys(found.channel for _, found in names if found)) if plain_names else None
    for name, found in names:
        if found is None:
            problems.append(_unknown_channel(name, whole=name == cell.strip()))
            continue
        if found.channel not in named:
            named[found.channel] = found.type
        elif named[found.channel] is found.type:
            message = f"`channel` names {found.channel} twice, and the post goes there once. Take one away."
            problems.append(Problem("channel", "channel_twice", cell, message, warning=True, fix=once_each))
        else:
            label = CHANNEL_LABELS[found.channel]
            message = f"{quoted(cell)} names {label} twice, with two types of post. Give each type a row of its own."
            problems.append(Problem("channel", "channel_two_types", cell, message))
        problems += _note_account(name, found)
    types = {channel: kind for channel, kind in named.items() if kind}
    return Channels(tuple(named), tuple(problems), MappingProxyType(types))


def _names_in(cell: str) -> Iterator[str]:
    """Yield the names in a cell; what is one name as a whole ("Twitter/X") is not divided."""
    for part in filter(None, map(str.strip, _STRONG.split(cell))):
        if _read_name(part):
            yield part
        else:
            pieces = [piece for piece in map(str.strip, _WEAK.split(part)) if piece]
            yield from pieces if len(pieces) > 1 else [part]


@lru_cache(REMEMBERED)
def _read_name(name: str) -> NamedChannel | None:
    """Read one name, alone or with a type beside it in either order; None where it has no one reading."""
    if len(name) > LONGEST_NAME:
        return None
    whole = plain(name)
    if channel := known_words().channels.get(whole):
        return NamedChannel(channel)
    words = [word for word in re.split(r"[\s_():\-–—]+", name) if word]
    for at in range(1, len(words)):
        for first, second in ((words[:at], words[at:]), (words[at:], words[:at])):
            channel, rest = known_words().channels.get(plain("".join(first))), plain("".join(second))
            if channel is None:
                continue
            if kind := known_words().types.get(rest):
                return NamedChannel(channel, kind)
            if (channel is Channel.LINKEDIN and rest in known_words().linkedin_accounts) or (
                channel is Channel.PINTEREST and rest == "pin"
            ):
                return NamedChannel(channel)
    if whole.startswith("linkedin") and whole.removeprefix("linkedin") in known_words().linkedin_accounts:
        return NamedChannel(Channel.LINKEDIN)
    return None


def _note_account(name: str, found: NamedChannel) -> Iterator[Problem]:
    rest = plain(name).removeprefix("linkedin")
    if found.channel is Channel.LINKEDIN and rest in known_words().linkedin_accounts:
        message = f"{quoted(name)} is read as LinkedIn. Name the page in `account`; blank means the default account."
        yield Problem("channel", "channel_account", name, message, warning=True)


def _unknown_channel(name: str, *, whole: bool) -> Problem:
    """Return what is wrong with a name that has no one reading; `whole` where nothing else stands in the cell."""
    word, words = plain(name), known_words()
    hidden = find_lookalike(name, whole_words=True)
    if hidden and (meant := channel_named(hidden.reads_as)):
        message = f"`channel` is {quoted(name)}, but {hidden.why}. Type {meant} again."
        return Problem("channel", "lookalike_letters", name, message, fix=meant if whole else None)
    if word in words.asked_about:
        code, question = words.asked_about[word]
        return Problem("channel", code, name, f"{quoted(name)} {question}")
    parts = [_read_name(part) for part in _DOUBTFUL.split(name[: LONGEST_NAME + 1]) if part]
    if len(parts) > 1 and all(parts):
        meant_all = ", ".join(part.channel for part in parts if part)
        message = f"{quoted(name)} could be several channels. Separate them by commas: write {meant_all}."
        return Problem("channel", "channel_unknown", name, message, fix=meant_all if whole else None)
    near = nearest(word, words.channels) if len(word) <= LONGEST_NAME else ""
    message = f"{quoted(name)} isn't a channel. {did_you_mean(near)}Write {LIVING}."
    fix = only_near(word, words.channels) if whole and near else None
    return Problem("channel", "channel_unknown", name, message, fix=fix)


@lru_cache(REMEMBERED)
def read_type(cell: str) -> tuple[PostType | None, Problem | None]:
    """Read `type`; blank is None."""
    word, words = plain(cell), known_words()
    if not word or word in words.types:
        return words.types.get(word), None
    meant = did_you_mean(words.type_hints.get(word) or nearest(word[:LONGEST_NAME], words.types))
    message = f"{quoted(cell)} isn't a type of post. {meant}Write {listed(PostType)}, or leave it blank."
    fix = words.type_hints.get(word) or only_near(word[:LONGEST_NAME], words.types)
    return None, Problem("type", "type_unknown", cell, message, fix=fix)
