"""Turns what a row says for one channel into the content of a post, and checks it against the channel table.

A field that the channel has not is left out of the content, so that it never looks like a change, and is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from batch.model import Channel, Content, Generate, Generation, PostType
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, Choice, Combination, Limit, TextRule, TitleRule, Unit
from batch.rules.columns import Asset, Cells, read_asset, read_form, read_hashtags, read_word
from batch.rules.issues import Problem
from batch.rules.sources import VIDEO_MIMES, Media, ending_of, read_link, read_media
from batch.rules.text import BOUNDS, COUNTERS, check_placeholders
from batch.wording import listed, quoted, shorten

NO_CONTENT = Content()
NO_MEDIA = Media()
LINK_JOINT = "\n \n"
"""What stands between text and link where the link closes the text (LinkedIn)."""

_FIELDS = ("text", "title", "link", "call_to_action", "privacy")
_CHOICES = ("call_to_action", "privacy")
_REMEDIES = {
    "text": "Clear it, or choose another type",
    "title": "Clear it, or put it into `text`",
    "link": "Put it into `text`, or clear it",
    "call_to_action": "Clear it",
    "privacy": "Clear it",
}
_NOUNS = {"text": "text", "title": "title", "link": "link", "call_to_action": "button", "privacy": "privacy level"}


FIELDS: Mapping[tuple[Channel, PostType], frozenset[str]] = MappingProxyType(
    {
        pair: frozenset({"media"} | {name for name in _FIELDS if getattr(combination, name) is not None})
        - (frozenset() if combination.text.name else {"text"})
        for pair, combination in COMBINATIONS.items()
    }
)
"""The columns that each combination has a use for."""


def read_content(
    cells: Cells, combination: Combination, *, used_elsewhere: frozenset[str] = frozenset()
) -> tuple[Content, list[Problem]]:
    """Return a row's content on one channel, and what is wrong; other channels use the columns `used_elsewhere`."""
    if not any((cells.text, cells.hashtags, cells.title, cells.media, cells.link, cells.call_to_action, cells.privacy)):
        return NO_CONTENT, []
    problems: list[Problem] = []
    values: dict[str, str] = {}
    there = FIELDS[combination.channel, combination.type]
    for name in _FIELDS:
        seen = getattr(cells, name)
        if not seen:
            continue
        if name not in there:
            if name not in used_elsewhere:
                message = (
                    f"The {combination.name} has no {_NOUNS[name]}, so `{name}` ({shorten(seen)}) is left out. "
                    f"{_REMEDIES[name]}."
                )
                problems.append(Problem(name, f"{name}_unused", seen, message, warning=True))
            continue
        if name in _CHOICES:
            seen, unknown = read_word(seen, name, getattr(combination, name))
            problems += [unknown] if unknown else []
        values[name] = seen
    if cells.hashtags and "text" in there:
        tags, odd = read_hashtags(cells.hashtags)
        problems += odd
        values["text"] = join_tags(values.get("text", ""), tags)
    elif cells.hashtags and "text" not in used_elsewhere:
        message = (
            f"The {combination.name} has no text, so `hashtags` ({shorten(cells.hashtags)}) are left out. Clear "
            "them, or choose another type."
        )
        problems.append(Problem("hashtags", "hashtags_unused", cells.hashtags, message, warning=True))
    media = read_media(cells.media) if cells.media else NO_MEDIA
    return Content(media=media.named, **values), [*problems, *media.problems]


def join_tags(text: str, tags: str) -> str:
    """Return a text with its hashtags behind it, a blank line between them; either may be blank."""
    return f"{text}\n\n{tags}" if text and tags else text or tags


def check_content(
    content: Content, combination: Combination, generation: Generation | None = None, *, hashtags: str = ""
) -> list[Problem]:
    """Return what is wrong with a post's content; what is yet to be generated is not missed."""
    kind = generation.kind if generation else None
    problems: list[Problem] = []
    if kind is not Generate.POST:
        problems += _check_enough(content, combination, generated_text=kind is Generate.CAPTION)
    problems += _check_media(content, combination) if len(content.media) > 1 else ()
    problems += _check_text(content, combination, hashtags) if content.text else ()
    if combination.title:
        problems += _check_title(content, combination, combination.title, expected=kind is not None)
    if content.link:
        problems += _check_link(content.link, combination)
    if combination.privacy and not content.privacy:
        message = (
            f"The {combination.name} needs `privacy`, unless the account allows just one level. Write "
            f"{listed(combination.privacy.values)}."
        )
        problems.append(Problem("privacy", "privacy_blank", "", message, warning=True))
    return problems


def _over(limit: Limit, code: str, column: str, seen: str, message: str) -> Problem:
    """Return what breaks a limit: an error where the API documents it, else a warning that says whose limit it is."""
    if limit.documented:
        return Problem(column, code, seen, f"{message}.")
    return Problem(column, code, seen, f"{message} (the network's own limit, {limit.read_on:%B %Y}).", True)


def _check_enough(content: Content, combination: Combination, *, generated_text: bool) -> Iterator[Problem]:
    if generated_text and "text" in combination.enough:
        return
    for name in combination.enough:
        if getattr(content, name):
            return
    if combination.enough == ("media",):
        what = listed({"IMAGE": "a picture", "VIDEO": "a video"}[kind] for kind in combination.media.kinds.values)
        message = f"The {combination.name} needs {what}. Write a file name or an address into `media`."
        yield Problem("media", "media_missing", "", message)
        return
    columns = listed(f"`{name}`" for name in combination.enough)
    message = f"There is nothing to post. Fill in {columns} for the {combination.name}."
    yield Problem(combination.enough[0], "post_empty", "", message)


def _check_media(content: Content, combination: Combination) -> Iterator[Problem]:
    """Check what can be told without looking at a file; the files are checked in media.py."""
    sources, most = [medium.source for medium in content.media], combination.media.most
    seen = " | ".join(sources)
    if len(sources) > most.value:
        message = f"The {combination.name} takes {most.shown}, and `media` names {len(sources)}. Take some away"
        yield _over(most, "media_too_many", "media", seen, message)
    twice = next((source for source, count in Counter(sources).items() if count > 1), "")
    if twice:
        message = f"`media` names {quoted(twice)} twice. Take one away if that isn't meant."
        yield Problem("media", "media_twice", twice, message, warning=True)


_COUNTED = (
    ("most", "text_too_long", "Shorten it by"),
    ("hashtags", "too_many_hashtags", "Take away"),
    ("mentions", "too_many_mentions", "Take away"),
)


class _Counted(NamedTuple):
    """A limit of a text, what no text can have more of, the code that says it is broken, and what to do then."""

    limit: Limit
    bound: Callable[[str], int]
    code: str
    remedy: str


_TEXT_LIMITS = {
    pair: tuple(
        _Counted(limit, BOUNDS[limit.unit], code, remedy)
        for name, code, remedy in _COUNTED
        if (limit := getattr(combination.text, name))
    )
    for pair, combination in COMBINATIONS.items()
}
_UNIT_NOTES = {
    Unit.UTF8_BYTES: " (an accented letter is two, an emoji four or more)",
    Unit.X_WEIGHT: " (a link is 23, an emoji two)",
}


def _check_text(content: Content, combination: Combination, hashtags: str) -> Iterator[Problem]:
    """Check the text as the channel counts it: with the hashtags behind it, and with the link where that is shown."""
    rule: TextRule = combination.text
    link = LINK_JOINT + content.link if rule.with_link and content.link else ""
    text = content.text + link
    for limit, bound, code, remedy in _TEXT_LIMITS[combination.channel, combination.type]:
        if bound(text) > limit.value and (count := COUNTERS[limit.unit](text)) > limit.value:
            column = "hashtags" if hashtags and content.text == read_hashtags(hashtags)[0] else "text"
            counted = [column, *(["hashtags"] if hashtags and column == "text" else []), *(["link"] if link else [])]
            together = "has" if len(counted) == 1 else "together have"
            what = f"{listed((f'`{name}`' for name in counted), last='and')} {together}"
            unit = f"{limit.unit}{_UNIT_NOTES.get(limit.unit, '')}"
            message = (
                f"{what} {count:,} {unit}, and the {combination.name} takes {limit.shown}. "
                f"{remedy} {count - int(limit.value):,}"
            )
            yield _over(limit, code, column, content.text, message)
    if rule.forbidden:
        yield from _check_forbidden("text", content.text, rule.forbidden, combination)
    yield from check_placeholders("text", content.text)


def _check_forbidden(column: str, seen: str, forbidden: Choice, combination: Combination) -> Iterator[Problem]:
    found = [letter for letter in forbidden.values if letter in seen]
    if found:
        letters = listed((f"“{letter}”" for letter in found), last="and")
        message = f"The {combination.name} refuses {letters}. Write `{column}` without."
        yield Problem(column, "forbidden_character", seen, message, not forbidden.documented)


def _check_title(content: Content, combination: Combination, rule: TitleRule, *, expected: bool) -> Iterator[Problem]:
    title = content.title
    if not title:
        if rule.needed and not expected:
            yield Problem("title", "title_missing", "", f"The {combination.name} needs a title. Fill in `title`.")
        return
    count = COUNTERS[rule.most.unit](title)
    if count > rule.most.value:
        message = (
            f"`title` has {count:,} {rule.most.unit}, and the {combination.name} takes {rule.most.shown}. "
            f"Shorten it by {count - int(rule.most.value):,}"
        )
        yield _over(rule.most, "title_too_long", "title", title, message)
    if rule.forbidden:
        yield from _check_forbidden("title", title, rule.forbidden, combination)
    yield from check_placeholders("title", title)


def _check_link(link: str, combination: Combination) -> Iterator[Problem]:
    leftover = check_placeholders("link", link)
    yield from leftover
    malformed = read_link(link)
    if malformed and all(problem.warning for problem in leftover):
        yield malformed
    most = combination.link.most if combination.link else None
    count = COUNTERS[most.unit](link) if most else 0
    if most and count > most.value:
        message = (
            f"`link` has {count:,} {most.unit}, and the {combination.name} takes {most.shown}. "
            "Use a shorter address of the page"
        )
        yield _over(most, "link_too_long", "link", link, message)


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
    word, unknown = read_word(cells.generate, "generate")
    if not word:
        return None, [unknown] if unknown else list(_needless(cells, None))
    kind = Generate(word)
    asset = read_asset(cells.asset) if cells.asset and kind is Generate.POST else Asset()
    language, bad_language = read_form(cells.language, "language") if kind is Generate.CAPTION else ("", None)
    tone = cells.tone if kind is Generate.CAPTION else ""
    generation = Generation(kind, cells.prompt, asset.type, asset.id, tone, language, asset.name)
    problems = [p for p in (asset.problem, bad_language) if p]
    problems += _needless(cells, kind)
    problems += _CHECKS[kind](cells, combination)
    return generation, problems


def _needless(cells: Cells, kind: Generate | None) -> Iterator[Problem]:
    """Find the columns for generating that are filled and do not count, None where nothing is to be generated."""
    for column in _COLUMNS:
        seen = getattr(cells, column)
        if seen and kind is None:
            message = (
                f"`{column}` ({shorten(seen)}) isn't used, since `generate` is blank. Write {listed(Generate)} into "
                f"`generate`, or clear `{column}`."
            )
            yield Problem(column, "generate_blank", seen, message, warning=True)
        elif seen and kind and column not in _USED[kind]:
            message = f"`{column}` ({shorten(seen)}) isn't used when `generate` is {kind}. Clear it."
            yield Problem(column, "generate_unused", seen, message, warning=True)


def _not_offered(kind: Generate, why: str) -> Problem:
    return Problem("generate", "generate_not_offered", str(kind), f"`generate` can't be {kind} here: {why}.")


def _there_already(cells: Cells, kind: Generate) -> Problem:
    message = f"`generate` is {kind}, but there is a `text` already. Clear one of the two."
    return Problem("generate", "generate_and_text", cells.text, message)


def _no_prompt(kind: Generate, what: str) -> Problem:
    message = f"`generate` is {kind}, and `prompt` is blank. Write {what} into `prompt`."
    return Problem("prompt", "prompt_missing", "", message)


def _check_caption(cells: Cells, combination: Combination) -> Iterator[Problem]:
    if not cells.prompt:
        yield _no_prompt(Generate.CAPTION, "what the text is about")
    if not combination.text.name:
        yield _not_offered(Generate.CAPTION, f"the {combination.name} shows no text. Clear it")
    elif cells.text:
        yield _there_already(cells, Generate.CAPTION)


def _check_post(cells: Cells, combination: Combination) -> Iterator[Problem]:
    if not cells.prompt and not cells.asset:
        yield _no_prompt(Generate.POST, "an idea (or something from the site into `asset`)")
    if combination.channel not in GENERATED_POSTS:
        names = listed((CHANNEL_LABELS[c] for c in GENERATED_POSTS), last="and")
        what = f"posts are generated for {names} only. Use `caption` and your own `media`"
        yield _not_offered(Generate.POST, what)
    elif combination.type is not PostType.POST:
        what = f"only posts with pictures are generated, no {combination.type}. Use `caption` and your own `media`"
        yield _not_offered(Generate.POST, what if combination.text.name else what.replace("`caption` and ", ""))
    elif cells.text:
        yield _there_already(cells, Generate.POST)


def _check_image(cells: Cells, combination: Combination) -> Iterator[Problem]:
    if not cells.prompt:
        yield _no_prompt(Generate.IMAGE, "what to change in the picture")
    media = read_media(cells.media).named
    if not media:
        message = "`generate` is image, which changes a picture. Name the picture in `media`."
        yield Problem("media", "source_missing", "", message)
    elif ending_of(media[0].source) in VIDEO_MIMES:
        message = (
            f"`generate` is image, which changes a picture, but `media` starts with {quoted(media[0].source)}. Put "
            "the picture first."
        )
        yield Problem("media", "source_missing", media[0].source, message)
    if combination.media.image is None:
        yield _not_offered(Generate.IMAGE, f"the {combination.name} shows no pictures. Clear it")


_CHECKS = {Generate.CAPTION: _check_caption, Generate.POST: _check_post, Generate.IMAGE: _check_image}
