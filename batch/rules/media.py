"""What media a post may have: posts with media as written into posts whose media are known and checked.

Each medium gets its kind, identity, size and, where it is in the Media Manager already, its address; what is wrong
becomes issues. A limit that the Publisher API documents is an error, one that only the network states a warning. Pure:
what the files are comes in as `MediaFacts`, and no address is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from batch.model import Action, Issue, Medium, Post
from batch.rules.channels import COMBINATIONS, Combination, FileLimits
from batch.rules.columns import CellPlace
from batch.rules.issues import Problem, make_issue
from batch.rules.sources import FORMAT_NAMES, is_address, kind_of_mime, read_address, refuse_path
from batch.wording import listed, quoted, shorten


@dataclass(frozen=True, slots=True)
class MediaFacts:
    """What a media file is, told by its bytes and not by its name. 0, None and "" stand for what could not be told.

    `width` and `height` are as shown, rotation applied. Where the file can't be used, `problem` is a clause that says
    why and ends with the remedy, and `problem_code` its stable word. `note` says what could not be looked at.
    """

    path: str
    sha256: str = ""
    size_bytes: int = 0
    mime: str = ""
    kind: str = ""
    width: int = 0
    height: int = 0
    animated: bool = False
    duration_seconds: float | None = None
    codec: str = ""
    problem: str = ""
    problem_code: str = ""
    note: str = ""

    @property
    def ratio(self) -> float:
        """Width by height, 0 where unknown."""
        return self.width / self.height if self.width and self.height else 0.0

    @property
    def identity(self) -> str:
        """The name of its content, by which it goes up once only."""
        return f"sha256:{self.sha256}" if self.sha256 else ""


KIND_WORDS = {"IMAGE": "picture", "VIDEO": "video"}
RATIO_SLACK = 0.01
"""A ratio off by a hundredth is a matter of rounding to whole pixels, which networks allow."""
PLAYED_CODECS = frozenset({"H.264", "HEVC", "VP8", "VP9", "AV1", "MPEG-4", "MPEG Video", ""})
"""Codecs for watching. Others (ProRes, DNxHD, CineForm ...) are for editing, and networks refuse them."""


def readable_size(size_bytes: float) -> str:
    """Return a size as people read it: `8.4 MB` (1 MB is a million bytes)."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.3g} {unit}"
    return f"{size_bytes:.0f} bytes"


def readable_seconds(seconds: float) -> str:
    """Return a length as people read it: `90 s`, `15 min`."""
    return f"{seconds:.3g} s" if seconds < 600 else f"{seconds / 60:.3g} min"


def readable_ratio(ratio: float) -> str:
    """Return a ratio as people read it: `4:5`, `9:16`, `1.91:1`."""
    for width, height in ((1, 1), (4, 5), (9, 16), (16, 9), (2, 3), (3, 4), (1, 2), (1, 3), (3, 1)):
        if abs(width / height - ratio) < 1e-6:
            return f"{width}:{height}"
    return f"{ratio:.3g}:1" if ratio >= 1 else f"1:{1 / ratio:.3g}"


_FILE_RULES = {
    "max_bytes": ("media_too_large", "has {is}, and {place} takes at most {limit}. Save a smaller copy"),
    "min_width": ("media_too_small", "is {is} pixels wide, and {place} needs {limit}. Use a larger one"),
    "smallest_side": (
        "media_too_small",
        "is {pixels}, and {place} needs {limit} on its shorter side. Use a larger one",
    ),
    "min_ratio": ("media_ratio", "is {pixels}: too tall for {place}, which takes {limit} at the tallest. Crop it"),
    "max_ratio": ("media_ratio", "is {pixels}: too wide for {place}, which takes {limit} at the widest. Crop it"),
    "min_seconds": ("media_too_short", "lasts {is}, and {place} needs at least {limit}. Use a longer one"),
    "max_seconds": ("media_too_long", "lasts {is}, and {place} takes at most {limit}. Cut it"),
}
"""The limits of `FileLimits`, a most where the name begins with `max`, else a least: the code, and what is said."""
_READABLE = {"bytes": readable_size, "ratio": readable_ratio, "seconds": readable_seconds}


def check_file(facts: MediaFacts, combination: Combination) -> Iterator[Problem]:
    """Yield what is wrong with one picture or video; nothing more than its kind need be known of it."""
    rule, name, place = combination.media, shorten(facts.path), f"the {combination.name}"
    limits = rule.video if facts.kind == "VIDEO" else rule.image
    if limits is None:
        wanted = " or ".join(KIND_WORDS[kind] for kind in rule.kinds.values)
        message = (
            f"{name} is a {KIND_WORDS[facts.kind]}, and {place} takes a {wanted}. Name a {wanted}, or choose another "
            "type."
        )
        yield Problem("media", "media_kind", facts.path, message, not rule.kinds.documented)
        return
    for code, words in _broken_limits(facts, limits, place):
        by, documented, read_on = limits.source
        whose = "" if documented else f" (limit from {re.split('[,:]', by)[0]}, {read_on:%B %Y})"
        yield Problem("media", code, facts.path, f"{name} {words}{whose}.", not documented)
    if facts.codec not in PLAYED_CODECS:
        message = f"{name} is coded as {facts.codec}, which is for editing. Export it as H.264."
        yield Problem("media", "media_codec", facts.path, message, warning=True)


def _broken_limits(facts: MediaFacts, limits: FileLimits, place: str) -> Iterator[tuple[str, str]]:
    """Yield each limit that a file breaks: the code, and what is said of the file."""
    if facts.animated and "image/gif" not in limits.formats:
        yield "media_animated", f"moves, and {place} shows still pictures. Export it as a video (MP4)"
    elif facts.mime and facts.mime not in limits.formats:
        allowed, name = listed(FORMAT_NAMES[mime] for mime in limits.formats), FORMAT_NAMES.get(facts.mime, facts.mime)
        yield "media_format", f"is a {name} file, and {place} takes {allowed}. Export it as one"
    width, height = facts.width, facts.height
    measures = {
        "bytes": facts.size_bytes, "width": width, "side": min(width, height), "ratio": facts.ratio,
        "seconds": facts.duration_seconds or 0,
    }  # fmt: skip
    for field, (code, words) in _FILE_RULES.items():
        limit, of = getattr(limits, field), field.rpartition("_")[2]
        value, show, most = measures[of], _READABLE.get(of, "{:,g}".format), field.startswith("max")
        slack = RATIO_SLACK if of == "ratio" else 0
        if limit and value and (value > limit * (1 + slack) if most else value < limit * (1 - slack)):
            pixels = f"{width} x {height} pixels"
            yield code, words.format_map({"is": show(value), "limit": show(limit), "pixels": pixels, "place": place})


OF_THE_POST = frozenset({"media_too_many", "media_mixed", "media_twice"})
"""What may have been said of the row as a whole before its files were read; said once only."""

SHOW_NOTHING = frozenset({Action.CANCEL, Action.DELETE, Action.RESCHEDULE, Action.SKIP})
"""Actions that send no media: a picture that is gone must not keep its post from being cancelled."""

MEDIA = CellPlace("media")


def check_media(post: Post, facts: Mapping[str, MediaFacts], *, at: CellPlace = MEDIA) -> Post:
    """Return the post with its media known (by `facts`), and issues, at their place, for what is wrong with them."""
    if post.action in SHOW_NOTHING or not post.content.media:
        return post
    combination = COMBINATIONS.get((post.channel, post.type)) if post.channel and post.type else None
    media: list[Medium] = []
    problems: list[Problem] = []
    for medium in post.content.media:
        known, about, found = _know(medium, facts, combination)
        media.append(known)
        problems += found
        problems += check_file(about, combination) if combination and about else ()
    problems += _check_together(media, combination) if combination else ()
    issues = [
        make_issue(found._replace(column=at.column), row=post.row, cell=at.cell, place=post.place) for found in problems
    ]
    said = set(map(_as_said, post.issues))
    new = tuple(issue for issue in dict.fromkeys(issues) if _as_said(issue) not in said)
    return replace(post, content=replace(post.content, media=tuple(media)), issues=post.issues + new)


def _as_said(issue: Issue) -> tuple[str, str]:
    return issue.code, "" if issue.code in OF_THE_POST else issue.seen


def _know(
    medium: Medium, facts: Mapping[str, MediaFacts], combination: Combination | None
) -> tuple[Medium, MediaFacts | None, list[Problem]]:
    """Return a medium with all that is known of it, the facts to check (None: nothing), and what is wrong so far."""
    source, name = medium.source, shorten(medium.source)
    if is_address(source):
        return _know_address(medium, combination)
    known, found = medium, facts.get(source)
    if refusal := refuse_path(source):
        code, message = "media_refused", f"{quoted(source)} can't be sent: {refusal}."
    elif found is None:
        code, message = "media_unreadable", f"{name} wasn't read. Run again."
    else:
        known = replace(medium, kind=found.kind, identity=found.identity, size_bytes=found.size_bytes)
        if not found.problem:
            note = f"{name}: {found.note}."
            notes = [Problem("media", "media_unchecked", source, note, warning=True)] if found.note else []
            return known, found, notes
        code, message = found.problem_code, f"{name} can't be sent: {found.problem}."
    return known, None, [Problem("media", code, source, message)]


def _know_address(medium: Medium, combination: Combination | None) -> tuple[Medium, MediaFacts | None, list[Problem]]:
    source, address = medium.source, read_address(medium.source)
    if address.refusal:
        message = f"{quoted(source)} can't be used: {address.refusal}."
        return medium, None, [Problem("media", "media_refused", source, message)]
    kind, found = medium.kind or address.kind, list[Problem]()
    if not kind:
        kinds = combination.media.kinds.values if combination else ()
        kind = kinds[0] if len(kinds) == 1 else "IMAGE"
        if len(kinds) != 1:
            message = (
                f"Can't tell whether {shorten(source)} is a picture or a video; assuming JPEG. If it isn't, add "
                "#.png or #.mp4 to it (or the ending that fits)."
            )
            found = [Problem("media", "media_kind_assumed", source, message, warning=True)]
    url = address.url if address.in_media_manager else medium.url
    known = Medium(source, kind, url, medium.identity or address.url, medium.size_bytes)
    mime = address.mime if kind_of_mime(address.mime) == kind and not address.in_media_manager else ""
    return known, MediaFacts(path=source, kind=kind, mime=mime), found


def _check_together(media: list[Medium], combination: Combination) -> Iterator[Problem]:
    """Yield what is wrong with the media of a post taken together."""
    rule, place = combination.media, f"the {combination.name}"
    videos, known = sum(medium.kind == "VIDEO" for medium in media), sum(bool(medium.kind) for medium in media)
    names = {medium.identity or medium.source for medium in media}
    seen = " | ".join(medium.source for medium in media)
    if len(media) > rule.most.value:
        message = f"There are {len(media)} media, and {place} takes {rule.most.shown}. Take some away."
        yield Problem("media", "media_too_many", seen, message, not rule.most.documented)
    if rule.one_kind and 0 < videos < known:
        message = f"Pictures and videos are mixed, and {place} takes one or the other. Make two rows of it."
        yield Problem("media", "media_mixed", seen, message, not rule.one_kind.documented)
    elif rule.most_videos and videos > rule.most_videos.value:
        message = f"There are {videos} videos, and {place} takes {rule.most_videos.shown}. Make a row for each."
        yield Problem("media", "media_too_many", seen, message, not rule.most_videos.documented)
    if len(names) < len(media):
        message = "The same medium is named twice. Take one away if that isn't meant."
        yield Problem("media", "media_twice", seen, message, warning=True)
