"""Turns what a row says for one channel into the content of a post, and checks it against the channel table.

A field that the channel has not is left out of the content, so that it never looks like a change, and is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from batch.model import Channel, Content, Generate, Generation, PostType
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, Combination, Limit, TextRule, Unit
from batch.rules.columns import Asset, Cells, read_asset, read_form, read_hashtags, read_word
from batch.rules.issues import Problem
from batch.rules.sources import MIMES, Media, ending_of, kind_of_mime, read_link, read_media
from batch.rules.text import BOUNDS, COUNTERS, check_placeholders
from batch.wording import listed, quoted, shorten

NO_CONTENT = Content()
NO_MEDIA = Media()
LINK_JOINT = "\n \n"
"""What stands between text and link where the link closes the text (LinkedIn)."""

_FIELDS = {
    "text": ("text", "is left out. Clear it, or choose another type"),
    "title": ("title", "is left out. Clear it, or put it into `text`"),
    "link": ("link", "is left out. Put it into `text`, or clear it"),
    "call_to_action": ("button", "is left out. Clear it"),
    "privacy": ("privacy level", "is left out. Clear it"),
    "hashtags": ("text", "are left out. Clear them, or choose another type"),
}
"""The columns of words: what a channel that has no use for one lacks, and what is said of the cell then."""

FIELDS: Mapping[tuple[Channel, PostType], frozenset[str]] = MappingProxyType({
    pair: frozenset({"media"} | {name for name in _FIELDS if getattr(combination, name, None) is not None})
    - (frozenset() if combination.text.name else {"text"})
    for pair, combination in COMBINATIONS.items()
})  # fmt: skip
"""The columns that each combination has a use for."""


def read_content(
    cells: Cells, combination: Combination, *, used_elsewhere: frozenset[str] = frozenset()
) -> tuple[Content, list[Problem]]:
    """Return a row's content on one channel, and what is wrong; other channels use the columns `used_elsewhere`."""
    filled = [(name, seen) for name in _FIELDS if (seen := getattr(cells, name))]
    if not filled and not cells.media:
        return NO_CONTENT, []
    problems: list[Problem] = []
    values: dict[str, str] = {}
    there = FIELDS[combination.channel, combination.type]
    for name, seen in filled:
        field = "text" if name == "hashtags" else name
        if field not in there:
            if field not in used_elsewhere:
                noun, remedy = _FIELDS[name]
                message = f"The {combination.name} has no {noun}, so `{name}` ({shorten(seen)}) {remedy}."
                problems.append(Problem(name, f"{name}_unused", seen, message, warning=True))
        elif name == "hashtags":
            tags, odd = read_hashtags(seen)
            problems += odd
            values["text"] = join_tags(values.get("text", ""), tags)
        elif name in ("call_to_action", "privacy"):
            values[name], unknown = read_word(seen, name, getattr(combination, name))
            problems += [unknown] if unknown else []
        else:
            values[name] = seen
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
    made = kind is Generate.POST or (kind is Generate.CAPTION and "text" in combination.enough)
    problems = [] if made else list(_check_enough(content, combination))
    problems += _check_media(content, combination) if len(content.media) > 1 else ()
    problems += _check_words("text", content, combination, hashtags) if content.text else ()
    if combination.title and content.title:
        problems += _check_words("title", content, combination)
    elif combination.title and combination.title.needed and kind is None:
        problems.append(
            Problem("title", "title_missing", "", f"The {combination.name} needs a title. Fill in `title`.")
        )
    if combination.link and content.link:
        found = list(_check_words("link", content, combination))
        malformed = None if any(problem.code == "placeholder" for problem in found) else read_link(content.link)
        problems += [*found, malformed] if malformed else found
    if combination.privacy and not content.privacy:
        levels = listed(combination.privacy.values)
        message = f"The {combination.name} needs `privacy`, unless the account allows just one level. Write {levels}."
        problems.append(Problem("privacy", "privacy_blank", "", message, warning=True))
    return problems


def _over(limit: Limit, code: str, column: str, seen: str, message: str) -> Problem:
    """Return what breaks a limit: an error where the API documents it, else a warning that says whose limit it is."""
    whose = "" if limit.documented else f" (the network's own limit, {limit.read_on:%B %Y})"
    return Problem(column, code, seen, f"{message}{whose}.", not limit.documented)


def _check_enough(content: Content, combination: Combination) -> Iterator[Problem]:
    if any(getattr(content, name) for name in combination.enough):
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
    if len(sources) > most.value:
        message = f"The {combination.name} takes {most.shown}, and `media` names {len(sources)}. Take some away"
        yield _over(most, "media_too_many", "media", " | ".join(sources), message)
    twice = next((source for source, count in Counter(sources).items() if count > 1), "")
    if twice:
        message = f"`media` names {quoted(twice)} twice. Take one away if that isn't meant."
        yield Problem("media", "media_twice", twice, message, warning=True)


class _Counted(NamedTuple):
    """A limit of a field, what no text can have more of, the code that says it is broken, and what to do then."""

    limit: Limit
    bound: Callable[[str], int]
    code: str
    remedy: str


_COUNTED = (
    ("text", "most", "text_too_long", "Shorten it by {over:,}"),
    ("text", "hashtags", "too_many_hashtags", "Take away {over:,}"),
    ("text", "mentions", "too_many_mentions", "Take away {over:,}"),
    ("title", "most", "title_too_long", "Shorten it by {over:,}"),
    ("link", "most", "link_too_long", "Use a shorter address of the page"),
)
_LIMITS = {
    (*pair, field): tuple(
        _Counted(limit, BOUNDS[limit.unit], code, remedy)
        for name, counted, code, remedy in _COUNTED
        if name == field and (limit := getattr(getattr(combination, field), counted, None))
    )
    for pair, combination in COMBINATIONS.items()
    for field in ("text", "title", "link")
}
_UNIT_NOTES = {
    Unit.UTF8_BYTES: " (an accented letter is two, an emoji four or more)",
    Unit.X_WEIGHT: " (a link is 23, an emoji two)",
}


def _check_words(field: str, content: Content, combination: Combination, hashtags: str = "") -> Iterator[Problem]:
    """Check the words of a field: how many the channel counts, letters that it refuses, what a template left over.

    A text is counted with the hashtags behind it, and with the link where that is shown.
    """
    rule: TextRule = getattr(combination, field)
    seen: str = getattr(content, field)
    link = LINK_JOINT + content.link if rule.with_link and content.link else ""
    for limit, bound, code, remedy in _LIMITS[combination.channel, combination.type, field]:
        if bound(seen + link) > limit.value and (count := COUNTERS[limit.unit](seen + link)) > limit.value:
            column = "hashtags" if hashtags and seen == read_hashtags(hashtags)[0] else field
            counted = [column, *(["hashtags"] if hashtags and column == "text" else []), *(["link"] if link else [])]
            together = "has" if len(counted) == 1 else "together have"
            message = (
                f"{listed((f'`{name}`' for name in counted), last='and')} {together} {count:,} {limit.unit}"
                f"{_UNIT_NOTES.get(limit.unit, '')}, and the {combination.name} takes {limit.shown}. "
                f"{remedy.format(over=count - limit.value)}"
            )
            yield _over(limit, code, column, seen, message)
    forbidden = rule.forbidden
    if forbidden and (letters := [f"“{letter}”" for letter in forbidden.values if letter in seen]):
        message = f"The {combination.name} refuses {listed(letters, last='and')}. Write `{field}` without."
        yield Problem(field, "forbidden_character", seen, message, not forbidden.documented)
    yield from check_placeholders(field, seen)


GENERATED_POSTS = (
    Channel.INSTAGRAM, Channel.FACEBOOK, Channel.LINKEDIN, Channel.PINTEREST, Channel.GBP, Channel.TIKTOK,
)  # fmt: skip
"""The channels for which Generate Post Data makes posts, with pictures only (public recipe of the API, 2026-11-24)."""

_USED = {
    Generate.CAPTION: {"prompt": "what the text is about", "tone": "", "language": ""},
    Generate.POST: {"prompt": "an idea (or something from the site into `asset`)", "asset": ""},
    Generate.IMAGE: {"prompt": "what to change in the picture"},
}
"""The columns that count for each kind of generating, since its call takes them, and what `prompt` is to it."""


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
    return generation, [*problems, *_needless(cells, kind), *_check_generation(cells, kind, combination)]


def _needless(cells: Cells, kind: Generate | None) -> Iterator[Problem]:
    """Find the columns for generating that are filled and do not count, None where nothing is to be generated."""
    for column in ("prompt", "asset", "tone", "language"):
        if (seen := getattr(cells, column)) and not (kind and column in _USED[kind]):
            why = (
                f" when `generate` is {kind}. Clear it."
                if kind
                else (f", since `generate` is blank. Write {listed(Generate)} into `generate`, or clear `{column}`.")
            )
            code = "generate_unused" if kind else "generate_blank"
            yield Problem(column, code, seen, f"`{column}` ({shorten(seen)}) isn't used{why}", warning=True)


def _check_generation(cells: Cells, kind: Generate, combination: Combination) -> Iterator[Problem]:
    """Find what generating lacks, what is there already, and what is not offered for a channel and type."""
    if not cells.prompt and not (kind is Generate.POST and cells.asset):
        message = f"`generate` is {kind}, and `prompt` is blank. Write {_USED[kind]['prompt']} into `prompt`."
        yield Problem("prompt", "prompt_missing", "", message)
    first = next((medium.source for medium in read_media(cells.media).named), "")
    if kind is Generate.IMAGE and (not first or kind_of_mime(MIMES.get(ending_of(first), "")) == "VIDEO"):
        remedy = (
            f", but `media` starts with {quoted(first)}. Put the picture first."
            if first
            else (". Name the picture in `media`.")
        )
        yield Problem("media", "source_missing", first, f"`generate` is image, which changes a picture{remedy}")
    if why := _refuse_kind(kind, combination):
        yield Problem("generate", "generate_not_offered", str(kind), f"`generate` can't be {kind} here: {why}.")
    elif cells.text and kind is not Generate.IMAGE:
        message = f"`generate` is {kind}, but there is a `text` already. Clear one of the two."
        yield Problem("generate", "generate_and_text", cells.text, message)


def _refuse_kind(kind: Generate, combination: Combination) -> str:
    """Return why a kind of generating is not offered for a channel and type, with the remedy; "" where it is."""
    if kind is Generate.CAPTION:
        return "" if combination.text.name else f"the {combination.name} shows no text. Clear it"
    if kind is Generate.IMAGE:
        return "" if combination.media.image else f"the {combination.name} shows no pictures. Clear it"
    if combination.channel not in GENERATED_POSTS:
        names = listed((CHANNEL_LABELS[c] for c in GENERATED_POSTS), last="and")
        return f"posts are generated for {names} only. Use `caption` and your own `media`"
    if combination.type is not PostType.POST:
        own = "`caption` and your own `media`" if combination.text.name else "your own `media`"
        return f"only posts with pictures are generated, no {combination.type}. Use {own}"
    return ""
