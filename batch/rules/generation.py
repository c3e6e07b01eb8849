"""Turns the columns for generated content into what the service is asked for, or into why it can't be asked."""

from __future__ import annotations

from collections.abc import Iterator

from batch.model import Channel, Generate, Generation, PostType
from batch.rules.cells import Cells
from batch.rules.channels import CHANNEL_LABELS, Combination
from batch.rules.columns import Asset, read_asset, read_generate, read_language, read_media
from batch.rules.mediatypes import VIDEO_MIMES, ending_of
from batch.rules.problems import Problem, listed, quoted

GENERATED_POSTS = (
    Channel.INSTAGRAM, Channel.FACEBOOK, Channel.LINKEDIN, Channel.PINTEREST, Channel.GBP, Channel.TIKTOK,
)  # fmt: skip
"""The channels for which Generate Post Data makes posts, with pictures only (public recipe of the API, 2026-11-24)."""

_COLUMNS = ("prompt", "asset", "tone", "language")
_USED = {
    Generate.CAPTION: ("prompt", "tone", "language"),
    Generate.POST: ("prompt", "asset"),
    Generate.IMAGE: ("prompt",),
}
"""The columns that count for each kind of generating: those that its call takes."""


def read_generation(cells: Cells, combination: Combination) -> tuple[Generation | None, list[Problem]]:
    """Return what a row asks the service to generate for one channel and type, and what is wrong with it."""
    if not (cells.generate or cells.prompt or cells.asset or cells.tone or cells.language):
        return None, []
    kind, unknown = read_generate(cells.generate)
    if kind is None:
        return None, [unknown] if unknown else list(_without_generate(cells))
    asset = read_asset(cells.asset) if cells.asset and kind is Generate.POST else Asset()
    language, bad_language = read_language(cells.language) if kind is Generate.CAPTION else ("", None)
    tone = cells.tone if kind is Generate.CAPTION else ""
    generation = Generation(kind, cells.prompt, asset.type, asset.id, tone, language)
    problems = [p for p in (asset.problem, bad_language) if p]
    problems += _unused(cells, kind)
    problems += _CHECKS[kind](cells, combination)
    return generation, problems


def _without_generate(cells: Cells) -> Iterator[Problem]:
    for column in _COLUMNS:
        seen = getattr(cells, column)
        if seen:
            message = (
                f"`{column}` says {quoted(seen)}, but `generate` is blank, so it does not count: "
                f"write {listed(Generate)} into `generate`, or clear `{column}`."
            )
            yield Problem(column, "generate_blank", seen, message, warning=True)


def _unused(cells: Cells, kind: Generate) -> Iterator[Problem]:
    for column in _COLUMNS:
        seen = getattr(cells, column)
        if seen and column not in _USED[kind]:
            message = f"`{column}` says {quoted(seen)}, which does not count for `generate` = {kind}: clear it."
            yield Problem(column, "generate_unused", seen, message, warning=True)


def _not_offered(kind: Generate, why: str) -> Problem:
    return Problem("generate", "generate_not_offered", str(kind), f"`generate` says “{kind}”, but {why}.")


def _there_already(cells: Cells, kind: Generate) -> Problem:
    message = f"`generate` says “{kind}”, but `text` is filled: clear `text` to have it written, or clear `generate`."
    return Problem("generate", "generate_and_text", cells.text, message)


def _no_prompt(kind: Generate, what: str) -> Problem:
    message = f"`prompt` is blank, and `generate` says “{kind}”: write {what} into `prompt`."
    return Problem("prompt", "prompt_missing", "", message)


def _check_caption(cells: Cells, combination: Combination) -> Iterator[Problem]:
    if not cells.prompt:
        yield _no_prompt(Generate.CAPTION, "what the text is to be about")
    if not combination.text.name:
        yield _not_offered(Generate.CAPTION, f"the {combination.name} shows no text: clear `generate`")
    elif cells.text:
        yield _there_already(cells, Generate.CAPTION)


def _check_post(cells: Cells, combination: Combination) -> Iterator[Problem]:
    if not cells.prompt and not cells.asset:
        yield _no_prompt(Generate.POST, "an idea (or something from the site into `asset`)")
    if combination.channel not in GENERATED_POSTS:
        names = listed((CHANNEL_LABELS[c] for c in GENERATED_POSTS), last="and")
        what = f"posts are generated for {names} only: use `caption` and your own `media`"
        yield _not_offered(Generate.POST, what)
    elif combination.type is not PostType.POST:
        what = f"only posts with pictures are generated, no {combination.type}: use `caption` and your own `media`"
        yield _not_offered(Generate.POST, what if combination.text.name else what.replace("`caption` and ", ""))
    elif cells.text:
        yield _there_already(cells, Generate.POST)


def _check_image(cells: Cells, combination: Combination) -> Iterator[Problem]:
    if not cells.prompt:
        yield _no_prompt(Generate.IMAGE, "what is to be changed in the picture")
    media = read_media(cells.media)
    if not media:
        message = "`media` is blank, and `generate` says “image”, which changes a picture: name the picture first."
        yield Problem("media", "source_missing", "", message)
    elif ending_of(media[0].source) in VIDEO_MIMES:
        message = f"`media` begins with the video {quoted(media[0].source)}: put the picture to be changed first."
        yield Problem("media", "source_missing", media[0].source, message)
    if combination.media.image is None:
        yield _not_offered(Generate.IMAGE, f"the {combination.name} shows no pictures: clear `generate`")


_CHECKS = {Generate.CAPTION: _check_caption, Generate.POST: _check_post, Generate.IMAGE: _check_image}
