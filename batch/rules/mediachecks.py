"""What one picture or video has to keep to on a channel: facts and limits in, findings out.

Each check returns its code, its limit, and what is wrong with the remedy, or None. It never decides what a limit is:
those stand in the channel table, each with its source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from batch.model import Severity
from batch.rules.channels import Combination
from batch.rules.limits import Choice, FileLimits, Limit
from batch.rules.mediafacts import MediaFacts
from batch.rules.mediatypes import FORMAT_NAMES
from batch.rules.problems import listed, shorten

KIND_WORDS = {"IMAGE": "picture", "VIDEO": "video"}
RATIO_SLACK = 0.01
"""A ratio off by a hundredth is a matter of rounding to whole pixels, which networks allow."""
PLAYED_CODECS = frozenset({"H.264", "HEVC", "VP8", "VP9", "AV1", "MPEG-4", "MPEG Video", ""})
"""Codecs for watching. Others (ProRes, DNxHD, CineForm ...) are for editing, and networks refuse them."""


class Finding(NamedTuple):
    """Something about a medium, before it is an issue of a row."""

    code: str
    message: str
    severity: Severity = Severity.ERROR


_Broken = tuple[str, Limit | Choice, str]


def check_file(facts: MediaFacts, combination: Combination) -> list[Finding]:
    """Check one picture or video, of which nothing more than its kind need be known."""
    rule = combination.media
    if facts.kind not in rule.kinds.values:
        return [by_limit(rule.kinds, "media_kind", _wrong_kind(facts, combination))]
    limits = rule.video if facts.kind == "VIDEO" else rule.image
    found = list(_broken_limits(facts, limits, combination)) if limits else []
    if facts.codec not in PLAYED_CODECS:
        message = f"{shorten(facts.path)} is coded as {facts.codec}, which is for editing; export it as H.264."
        found.append(Finding("media_codec", message, Severity.WARNING))
    return found


def by_limit(limit: Limit | Choice, code: str, message: str) -> Finding:
    """Return what breaks a limit: an error where the API documents it, a warning where only the network says so."""
    return Finding(code, message, Severity.ERROR if limit.documented else Severity.WARNING)


def _wrong_kind(facts: MediaFacts, combination: Combination) -> str:
    wanted = " or ".join(KIND_WORDS[kind] for kind in combination.media.kinds.values)
    return (
        f"{shorten(facts.path)} is a {KIND_WORDS[facts.kind]}, and the {combination.name} takes a {wanted}. "
        f"Name a {wanted}, or choose another type."
    )


def _broken_limits(facts: MediaFacts, limits: FileLimits, combination: Combination) -> Iterator[Finding]:
    for check in _FILE_CHECKS:
        broken = check(facts, limits)
        if broken is not None:
            code, limit, message = broken
            where = "" if limit.documented else f" ({_whose(limit)})"
            yield by_limit(
                limit, code, f"{shorten(facts.path)} {message.format(place=f'the {combination.name}')}{where}"
            )


def _whose(limit: Limit | Choice) -> str:
    return f"by {limit.source.split(',')[0].split(':')[0]}, {limit.read_on:%B %Y}"


def _check_format(facts: MediaFacts, limits: FileLimits) -> _Broken | None:
    if not facts.mime or facts.mime in limits.formats.values or _check_animation(facts, limits):
        return None
    allowed = listed(FORMAT_NAMES[mime] for mime in limits.formats.values)
    name = FORMAT_NAMES.get(facts.mime, facts.mime)
    return "media_format", limits.formats, f"is a {name} file, and {{place}} takes {allowed}; export it as one."


def _check_animation(facts: MediaFacts, limits: FileLimits) -> _Broken | None:
    if not facts.animated or "image/gif" in limits.formats.values:
        return None
    return "media_animated", limits.formats, "moves, and {place} shows still pictures; export it as a video (MP4)."


def _check_size(facts: MediaFacts, limits: FileLimits) -> _Broken | None:
    most = limits.max_bytes
    if most is None or facts.size_bytes <= most.value:
        return None
    sizes = f"has {readable_size(facts.size_bytes)}, and {{place}} takes at most {readable_size(most.value)}"
    return "media_too_large", most, f"{sizes}; save a smaller copy."


def _check_width(facts: MediaFacts, limits: FileLimits) -> _Broken | None:
    least = limits.min_width
    if least is None or not facts.width or facts.width >= least.value:
        return None
    return (
        "media_too_small",
        least,
        f"is {facts.width} pixels wide, and {{place}} needs {least.shown}; use a larger one.",
    )


def _check_smallest_side(facts: MediaFacts, limits: FileLimits) -> _Broken | None:
    least, side = limits.smallest_side, min(facts.width, facts.height)
    if least is None or not side or side >= least.value:
        return None
    shape = f"is {facts.width} x {facts.height} pixels"
    return (
        "media_too_small",
        least,
        f"{shape}, and {{place}} needs {least.shown} on its shorter side; use a larger one.",
    )


def _check_ratio(facts: MediaFacts, limits: FileLimits) -> _Broken | None:
    if not facts.ratio:
        return None
    shape = f"is {facts.width} x {facts.height} pixels"
    if limits.min_ratio and facts.ratio < limits.min_ratio.value * (1 - RATIO_SLACK):
        least = readable_ratio(limits.min_ratio.value)
        return (
            "media_ratio",
            limits.min_ratio,
            f"{shape}: too tall for {{place}}, which takes {least} at the tallest; crop it.",
        )
    if limits.max_ratio and facts.ratio > limits.max_ratio.value * (1 + RATIO_SLACK):
        most = readable_ratio(limits.max_ratio.value)
        return (
            "media_ratio",
            limits.max_ratio,
            f"{shape}: too wide for {{place}}, which takes {most} at the widest; crop it.",
        )
    return None


def _check_length(facts: MediaFacts, limits: FileLimits) -> _Broken | None:
    length = facts.duration_seconds
    if length is None:
        return None
    if limits.min_seconds and length < limits.min_seconds.value:
        least = readable_seconds(limits.min_seconds.value)
        words = f"lasts {readable_seconds(length)}, and {{place}} needs at least {least}; use a longer one."
        return "media_too_short", limits.min_seconds, words
    if limits.max_seconds and length > limits.max_seconds.value:
        most = readable_seconds(limits.max_seconds.value)
        words = f"lasts {readable_seconds(length)}, and {{place}} takes at most {most}; cut it."
        return "media_too_long", limits.max_seconds, words
    return None


_FILE_CHECKS: tuple[Callable[[MediaFacts, FileLimits], _Broken | None], ...] = (
    _check_format,
    _check_animation,
    _check_size,
    _check_width,
    _check_smallest_side,
    _check_ratio,
    _check_length,
)


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
