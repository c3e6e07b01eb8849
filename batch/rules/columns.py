"""Turns the text of one cell into the value it stands for, or into what is wrong with it. Knows one column at a time.

Each reader is remembered by its text: channels, actions and sites come again in every row.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urlsplit

from batch.model import Action, Channel, Generate, Medium, PostType
from batch.rules.channels import CHANNEL_NAMES, ENDED, channel_named, plain
from batch.rules.limits import Choice
from batch.rules.problems import Problem, listed, nearest, quoted
from batch.rules.text import find_lookalike

REMEMBERED = 4096
LIVING = listed(channel for channel in Channel if channel not in ENDED)
"""What a channel may be, as remedies say it."""

ACTION_WORDS: Mapping[str, Action] = MappingProxyType({
    "canceled": Action.CANCEL, "cancelled": Action.CANCEL, "withdraw": Action.CANCEL, "stop": Action.CANCEL,
    "remove": Action.DELETE, "deleted": Action.DELETE, "erase": Action.DELETE,
    "post": Action.PUBLISH, "published": Action.PUBLISH, "publishnow": Action.PUBLISH, "now": Action.PUBLISH,
    "send": Action.PUBLISH, "scheduled": Action.SCHEDULE, "plan": Action.SCHEDULE, "queue": Action.SCHEDULE,
    "rescheduled": Action.RESCHEDULE, "move": Action.RESCHEDULE, "postpone": Action.RESCHEDULE,
    "drafted": Action.DRAFT, "save": Action.DRAFT, "skipped": Action.SKIP, "ignore": Action.SKIP,
    "hold": Action.SKIP, "none": Action.SKIP,
})  # fmt: skip
"""Words that people write for an action. They are asked about and never followed: some acts can't be taken back."""

YES = frozenset({"yes", "y", "true", "x", "1", "ok", "approved", "✓", "✔", "ja", "oui", "si", "sí", "sim", "tak"})
NO = frozenset({"no", "n", "false", "0", "-", "–", "nein", "non", "não", "nie", "nee", "pending"})

PRIVACY_WORDS: Mapping[str, str] = MappingProxyType({
    "public": "PUBLIC_TO_EVERYONE", "everyone": "PUBLIC_TO_EVERYONE", "followers": "FOLLOWER_OF_CREATOR",
    "friends": "MUTUAL_FOLLOW_FRIENDS", "private": "SELF_ONLY", "onlyme": "SELF_ONLY", "me": "SELF_ONLY",
})  # fmt: skip
"""Words that people write for a privacy level; asked about, since who sees a post is not guessed."""

ASSET_TYPES = ("STORES_PRODUCT", "STORES_CATEGORY", "STORES_COUPON", "BLOG_POST", "EVENT", "BOOKINGS_SERVICE")
"""What on a site a post can be generated from (public recipe of the API, read 2026-11-24)."""

_BETWEEN_CHANNELS = re.compile(r"[,;|\n]+")
_BETWEEN_MEDIA = re.compile(r"\n|(?<=\s)\|(?=\s)")
_GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_LANGUAGE = re.compile(r"[A-Za-z]{2}")


class Channels(NamedTuple):
    """The channels that a cell names, each once, and what is wrong with it."""

    named: tuple[Channel, ...]
    problems: tuple[Problem, ...] = ()


class Asset(NamedTuple):
    """What on the site a post is generated from."""

    type: str = ""
    id: str = ""
    problem: Problem | None = None


def _near(word: str, known: Mapping[str, str]) -> str:
    """Return the known value that a word nearly is; keys are in their plain form."""
    near = nearest(word, known)
    return known[near] if near else ""


def _unknown(column: str, code: str, seen: str, *, likely: str, known: str) -> Problem:
    meant = f"Did you mean {likely}? " if likely else ""
    return Problem(column, code, seen, f"`{column}` says {quoted(seen)}. {meant}Write {known}.")


@lru_cache(REMEMBERED)
def read_action(cell: str) -> tuple[Action | None, Problem | None]:
    """Read `action`; blank is None."""
    word = plain(cell)
    if not cell:
        return None, None
    if word in set(Action):
        return Action(word), None
    known = {**{str(a): str(a) for a in Action}, **{w: str(a) for w, a in ACTION_WORDS.items()}}
    likely = known.get(word) or _near(word, known)
    words = f"one of {', '.join(Action)}, or leave it blank"
    return None, _unknown("action", "action_unknown", cell, likely=likely, known=words)


@lru_cache(REMEMBERED)
def read_channels(cell: str) -> Channels:
    """Read `channel`: one, or several separated by commas, semicolons, `|` or line breaks."""
    names = [name for part in _BETWEEN_CHANNELS.split(cell) if (name := part.strip())]
    if not names:
        message = f"`channel` is blank: write {LIVING}."
        return Channels((), (Problem("channel", "channel_missing", cell, message),))
    named: list[Channel] = []
    problems: list[Problem] = []
    for name in names:
        channel = channel_named(name)
        if channel is None:
            problems.append(_unknown_channel(name))
        elif channel in named:
            message = f"`channel` names {channel} twice: it is posted there once, so take one of them away."
            problems.append(Problem("channel", "channel_twice", cell, message, warning=True))
        else:
            named.append(channel)
    return Channels(tuple(named), tuple(problems))


def _unknown_channel(name: str) -> Problem:
    hidden = find_lookalike(name, whole_words=True)
    meant = channel_named(hidden.reads_as) if hidden else None
    if hidden and meant:
        message = (
            f"`channel` says {quoted(name)}, whose “{hidden.letter}” is {hidden.name} that only looks right: "
            f"type {meant} again."
        )
        return Problem("channel", "lookalike_letters", name, message)
    known = {key: str(channel) for key, channel in CHANNEL_NAMES.items()}
    return _unknown("channel", "channel_unknown", name, likely=_near(plain(name), known), known=LIVING)


@lru_cache(REMEMBERED)
def read_type(cell: str) -> tuple[PostType | None, Problem | None]:
    """Read `type`; blank is None."""
    word = plain(cell).upper()
    if not cell:
        return None, None
    if word in set(PostType):
        return PostType(word), None
    others = {"REELS": "REEL", "STORIES": "STORY", "SHORTS": "SHORT", "VIDEOS": "VIDEO", "PHOTO": "POST"}
    known = others | {"IMAGE": "POST", "CAROUSEL": "POST", "FEED": "POST", "PIN": "POST"} | {t: t for t in PostType}
    likely = known.get(word) or _near(word, known)
    words = f"{listed(PostType)}, or leave it blank"
    return None, _unknown("type", "type_unknown", cell, likely=likely, known=words)


@lru_cache(REMEMBERED)
def read_generate(cell: str) -> tuple[Generate | None, Problem | None]:
    """Read `generate`; blank is None."""
    word = plain(cell)
    if not cell:
        return None, None
    if word in set(Generate):
        return Generate(word), None
    known = {"text": "caption", "title": "caption", "captions": "caption", "picture": "image", "posts": "post"}
    known |= {g: g for g in Generate}
    likely = known.get(word) or _near(word, known)
    words = f"{listed(Generate)}, or leave it blank"
    return None, _unknown("generate", "generate_unknown", cell, likely=likely, known=words)


@lru_cache(REMEMBERED)
def read_approved(cell: str) -> tuple[bool, Problem | None]:
    """Read `approved`; blank is no."""
    word = cell.casefold()
    if word in YES:
        return True, None
    if not word or word in NO:
        return False, None
    return False, _unknown("approved", "approved_unknown", cell, likely="", known="yes, or no, or leave it blank")


@lru_cache(REMEMBERED)
def read_choice(cell: str, column: str, code: str, choice: Choice) -> tuple[str, Problem | None]:
    """Read a cell that holds one of the channel's own words (`LEARN_MORE`), however it is spaced."""
    known = {plain(value): value for value in choice.values}
    word = plain(cell)
    if word in known:
        return known[word], None
    likely = PRIVACY_WORDS.get(word, "") if column == "privacy" else ""
    likely = likely or _near(word, known)
    return "", _unknown(column, code, cell, likely=likely, known=listed(choice.values))


@lru_cache(REMEMBERED)
def read_asset(cell: str) -> Asset:
    """Read `asset`: a type and an ID with a colon between them."""
    name, colon, asset_id = (part.strip() for part in cell.partition(":"))
    asset_type = name.upper().replace(" ", "_").replace("-", "_")
    if colon and asset_type in ASSET_TYPES and asset_id and not re.search(r"\s", asset_id):
        return Asset(asset_type, asset_id)
    if asset_type in ASSET_TYPES:
        message = f"`asset` says {quoted(cell)}, which lacks an ID: write it as {asset_type}:<id>."
        return Asset(problem=Problem("asset", "asset_form", cell, message))
    likely = _near(plain(name), {plain(known): known for known in ASSET_TYPES})
    known = f"one of {', '.join(ASSET_TYPES)} with a colon and the ID behind it, as in STORES_PRODUCT:<id>"
    return Asset(problem=_unknown("asset", "asset_form", cell, likely=f"{likely}:<id>" if likely else "", known=known))


def read_language(cell: str) -> tuple[str, Problem | None]:
    """Read `language`: two letters (ISO 639-1)."""
    if not cell or _LANGUAGE.fullmatch(cell):
        return cell.lower(), None
    message = f"`language` says {quoted(cell)}: write the two letters of its code, such as en, de or fr."
    return "", Problem("language", "language_form", cell, message)


def read_item_id(cell: str) -> tuple[str, Problem | None]:
    """Read `item_id`: a GUID."""
    if not cell or _GUID.fullmatch(cell):
        return cell.lower(), None
    message = (
        f"`item_id` says {quoted(cell)}, not an item's ID: copy it from `postbatch pull` or the results, "
        "or leave it blank to find the post by its key."
    )
    return "", Problem("item_id", "item_id_form", cell, message)


@lru_cache(REMEMBERED)
def read_media(cell: str) -> tuple[Medium, ...]:
    """Read `media`: addresses and paths on separate lines, or separated by ` | `, in order."""
    return tuple(Medium(source=part) for entry in _BETWEEN_MEDIA.split(cell) if (part := entry.strip(" |\t")))


@lru_cache(REMEMBERED)
def read_link(cell: str) -> Problem | None:
    """Return what is wrong with a web address, None where it is one."""
    why = _refuse_link(cell)
    if not why:
        return None
    return Problem("link", "link_form", cell, f"`link` says {quoted(cell)}, {why}.")


def _refuse_link(cell: str) -> str:
    if any(letter.isspace() for letter in cell):
        return "which holds a blank: write one address, with %20 for a blank in it"
    try:
        parts = urlsplit(cell)
        host = parts.hostname or ""
    except ValueError:
        return "no web address: write one such as https://www.example.com/spring"
    if parts.scheme.casefold() in ("http", "https") and host:
        return "" if "." in host.strip(".") else f"whose host “{host}” is not on the web: write the whole address"
    if "://" not in cell and "." in cell.partition("/")[0]:
        return f"which lacks its beginning: write https://{cell}"
    return "no web address: write one that starts with https://"
