"""What media a post may have: posts with media as written into posts whose media are known and checked.

Each medium gets its kind, identity, size and, where it is in the Media Manager already, its address; what is wrong
becomes issues. A limit that the Publisher API documents is an error, one that only the network states a warning. Pure:
what the files are comes in as `MediaFacts`, and no address is ever fetched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from batch.model import Action, Issue, Medium, Post, Severity
from batch.rules.channels import COMBINATIONS, Choice, Combination, FileLimits, Limit
from batch.rules.columns import CellPlace
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


class MediaProblem(NamedTuple):
    """Something wrong with a medium, before it is an issue of a row."""

    code: str
    message: str
    severity: Severity = Severity.ERROR


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


class _FileRule(NamedTuple):
    """One limit of a file: field, code, the measure (0: not known), and words with `{is}`, `{limit}`, `{place}`."""

    field: str
    code: str
    measure: Callable[[MediaFacts], float]
    words: str
    show: Callable[[float], str] = "{:,g}".format
    slack: float = 0.0


_FILE_RULES = (
    _FileRule("max_bytes", "media_too_large", lambda facts: facts.size_bytes, (
        "has {is}, and {place} takes at most {limit}. Save a smaller copy"
    ), readable_size),
    _FileRule("min_width", "media_too_small", lambda facts: facts.width, (
        "is {is} pixels wide, and {place} needs {limit}. Use a larger one"
    )),
    _FileRule("smallest_side", "media_too_small", lambda facts: min(facts.width, facts.height), (
        "is {pixels}, and {place} needs {limit} on its shorter side. Use a larger one"
    )),
    _FileRule("min_ratio", "media_ratio", lambda facts: facts.ratio, (
        "is {pixels}: too tall for {place}, which takes {limit} at the tallest. Crop it"
    ), readable_ratio, RATIO_SLACK),
    _FileRule("max_ratio", "media_ratio", lambda facts: facts.ratio, (
        "is {pixels}: too wide for {place}, which takes {limit} at the widest. Crop it"
    ), readable_ratio, RATIO_SLACK),
    _FileRule("min_seconds", "media_too_short", lambda facts: facts.duration_seconds or 0, (
        "lasts {is}, and {place} needs at least {limit}. Use a longer one"
    ), readable_seconds),
    _FileRule("max_seconds", "media_too_long", lambda facts: facts.duration_seconds or 0, (
        "lasts {is}, and {place} takes at most {limit}. Cut it"
    ), readable_seconds),
)  # fmt: skip
"""The limits of size, shape and length, a most where the field's name begins with `max`, else a least."""


def check_file(facts: MediaFacts, combination: Combination) -> list[MediaProblem]:
    """Check one picture or video, of which nothing more than its kind need be known."""
    rule, name, place = combination.media, shorten(facts.path), f"the {combination.name}"
    if facts.kind not in rule.kinds.values:
        wanted = " or ".join(KIND_WORDS[kind] for kind in rule.kinds.values)
        message = (
            f"{name} is a {KIND_WORDS[facts.kind]}, and {place} takes a {wanted}. Name a {wanted}, or choose another "
            "type."
        )
        return [by_limit(rule.kinds, "media_kind", message)]
    limits = rule.video if facts.kind == "VIDEO" else rule.image
    found: list[MediaProblem] = []
    for code, limit, words in _broken_limits(facts, limits) if limits else ():
        by = re.split("[,:]", limit.source)[0]
        whose = "" if limit.documented else f" (limit from {by}, {limit.read_on:%B %Y})"
        found.append(by_limit(limit, code, f"{name} {words.replace('{place}', place)}{whose}."))
    if facts.codec not in PLAYED_CODECS:
        message = f"{name} is coded as {facts.codec}, which is for editing. Export it as H.264."
        found.append(MediaProblem("media_codec", message, Severity.WARNING))
    return found


def _broken_limits(facts: MediaFacts, limits: FileLimits) -> Iterator[tuple[str, Limit | Choice, str]]:
    """Yield each limit that a file breaks: the code, the limit, and what is said of the file, with a `{place}`."""
    formats, pixels = limits.formats, f"{facts.width} x {facts.height} pixels"
    if facts.animated and "image/gif" not in formats.values:
        yield "media_animated", formats, "moves, and {place} shows still pictures. Export it as a video (MP4)"
    elif facts.mime and facts.mime not in formats.values:
        allowed, name = listed(FORMAT_NAMES[mime] for mime in formats.values), FORMAT_NAMES.get(facts.mime, facts.mime)
        yield "media_format", formats, f"is a {name} file, and {{place}} takes {allowed}. Export it as one"
    for field, code, measure, words, show, slack in _FILE_RULES:
        limit: Limit | None = getattr(limits, field)
        value = measure(facts)
        if limit is None or not value:
            continue
        most = field.startswith("max")
        if value > limit.value * (1 + slack) if most else value < limit.value * (1 - slack):
            shown = {"is": show(value), "limit": show(limit.value), "pixels": pixels, "place": "{place}"}
            yield code, limit, words.format_map(shown)


def by_limit(limit: Limit | Choice, code: str, message: str) -> MediaProblem:
    """Return what breaks a limit: an error where the API documents it, a warning where only the network says so."""
    return MediaProblem(code, message, Severity.ERROR if limit.documented else Severity.WARNING)


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
    issues: list[Issue] = []
    for medium in post.content.media:
        known, about, findings = _know(medium, facts, combination)
        media.append(known)
        if combination and about is not None:
            findings += check_file(about, combination)
        issues += [_issue(post, found, medium.source, at) for found in findings]
    if combination:
        seen = " | ".join(medium.source for medium in media)
        issues += [_issue(post, found, seen, at) for found in _check_together(media, combination)]
    said = set(map(_as_said, post.issues))
    new = tuple(issue for issue in dict.fromkeys(issues) if _as_said(issue) not in said)
    return replace(post, content=replace(post.content, media=tuple(media)), issues=post.issues + new)


def _as_said(issue: Issue) -> tuple[str, str]:
    return issue.code, "" if issue.code in OF_THE_POST else issue.seen


def _issue(post: Post, found: MediaProblem, seen: str, at: CellPlace) -> Issue:
    return Issue(
        post.row, at.column, found.code, shorten(seen), found.message, found.severity, at.cell, None, post.place
    )


def _know(
    medium: Medium, facts: Mapping[str, MediaFacts], combination: Combination | None
) -> tuple[Medium, MediaFacts | None, list[MediaProblem]]:
    """Return a medium with all that is known of it, the facts to check (None: nothing), and what is wrong so far."""
    if is_address(medium.source):
        return _know_address(medium, combination)
    refusal = refuse_path(medium.source)
    if refusal:
        return medium, None, [MediaProblem("media_refused", f"{quoted(medium.source)} can't be sent: {refusal}.")]
    found = facts.get(medium.source)
    if found is None:
        return medium, None, [MediaProblem("media_unreadable", f"{shorten(medium.source)} wasn't read. Run again.")]
    known = replace(medium, kind=found.kind, identity=found.identity, size_bytes=found.size_bytes)
    name = shorten(medium.source)
    if found.problem:
        return known, None, [MediaProblem(found.problem_code, f"{name} can't be sent: {found.problem}.")]
    note = [MediaProblem("media_unchecked", f"{name}: {found.note}.", Severity.WARNING)] if found.note else []
    return known, found, note


def _know_address(
    medium: Medium, combination: Combination | None
) -> tuple[Medium, MediaFacts | None, list[MediaProblem]]:
    address = read_address(medium.source)
    if address.refusal:
        message = f"{quoted(medium.source)} can't be used: {address.refusal}."
        return medium, None, [MediaProblem("media_refused", message)]
    kind, findings = medium.kind or address.kind, []
    if not kind:
        kinds = combination.media.kinds.values if combination else ()
        kind = kinds[0] if len(kinds) == 1 else "IMAGE"
        if len(kinds) != 1:
            message = (
                f"Can't tell whether {shorten(medium.source)} is a picture or a video; assuming JPEG. If it isn't, add "
                "#.png or #.mp4 to it (or the ending that fits)."
            )
            findings = [MediaProblem("media_kind_assumed", message, Severity.WARNING)]
    url = address.url if address.in_media_manager else medium.url
    known = Medium(medium.source, kind, url, medium.identity or address.url, medium.size_bytes)
    mime = address.mime if kind_of_mime(address.mime) == kind and not address.in_media_manager else ""
    return known, MediaFacts(path=medium.source, kind=kind, mime=mime), findings


def _check_together(media: list[Medium], combination: Combination) -> Iterator[MediaProblem]:
    rule, place = combination.media, f"the {combination.name}"
    videos = sum(medium.kind == "VIDEO" for medium in media)
    if len(media) > rule.most.value:
        words = f"There are {len(media)} media, and {place} takes {rule.most.shown}. Take some away."
        yield by_limit(rule.most, "media_too_many", words)
    if rule.one_kind and 0 < videos < sum(bool(medium.kind) for medium in media):
        words = f"Pictures and videos are mixed, and {place} takes one or the other. Make two rows of it."
        yield by_limit(rule.one_kind, "media_mixed", words)
    elif rule.most_videos and videos > rule.most_videos.value:
        words = f"There are {videos} videos, and {place} takes {rule.most_videos.shown}. Make a row for each."
        yield by_limit(rule.most_videos, "media_too_many", words)
    names = [medium.identity or medium.source for medium in media]
    if len(set(names)) < len(names):
        yield MediaProblem(
            "media_twice", "The same medium is named twice. Take one away if that isn't meant.", Severity.WARNING
        )
