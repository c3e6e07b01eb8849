"""A post as it will look on its channel, as plain data.

Turns the content of an outcome into the parts that a channel draws: the name above it, the text up to the fold, the
pictures, the link's card, the button, and how much of each limit is used. It must never fetch anything: a picture that
is not given stands as a plain tile with its name.
"""

from __future__ import annotations

import io
import math
import unicodedata
import warnings
import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import unquote

from batch.media.files import MediumUnreadableError, open_medium
from batch.media.inspect import MAX_PIXELS, PILLOW_FORMATS
from batch.model import Channel, Content, Medium, Outcome, PostType
from batch.report.words import BUTTON_NAMES, channel_look, host_of, safe_link, safe_picture
from batch.rules.channels import COMBINATIONS, Combination, Limit
from batch.rules.sources import is_address
from batch.rules.text import COUNTERS


class Count(NamedTuple):
    """One limit and what is used of it."""

    label: str
    used: int
    limit: int

    @property
    def over(self) -> bool:
        """Whether the channel would refuse or cut it."""
        return self.used > self.limit


def count_content(content: Content, *, channel: str, type_: str) -> tuple[Count, ...]:
    """Count text and title against their limits; a limit that the channel has not got is left out."""
    try:
        combination = COMBINATIONS.get((Channel(channel), PostType(type_)))
    except ValueError:
        return ()
    return _counts(content, combination) if combination else ()


def _counts(content: Content, combination: Combination) -> tuple[Count, ...]:
    rule = combination.text
    words = f"{content.text} {content.link}".strip() if rule.with_link and content.link else content.text
    counted = [(rule.name.capitalize(), rule.most, words), ("Title", _title_limit(combination), content.title)]
    return tuple(
        Count(label, COUNTERS[most.unit](value), int(most.value)) for label, most, value in counted if most and value
    )


def _title_limit(combination: Combination) -> Limit | None:
    return combination.title.most if combination.title else None


class Fold(NamedTuple):
    """How much a channel shows: about `characters`, on at most `lines` lines; `source` says who measured it."""

    characters: int
    lines: int
    source: str


class Folded(NamedTuple):
    """A text in two parts, which joined are exactly the text; `rest` is "" where all of it is seen."""

    shown: str
    rest: str


FOLDS: dict[tuple[str, str], Fold] = {
    (Channel.INSTAGRAM, PostType.POST): Fold(125, 3, "help.instagram.com/1643471055915254, read 2026-11"),
    (Channel.FACEBOOK, PostType.POST): Fold(125, 3, "socialk.it, social media character limits (phone), 2026-06"),
    (Channel.FACEBOOK, PostType.REEL): Fold(72, 2, "captionsnap.io after Meta's ads guide (Reels), 2026-04"),
    (Channel.LINKEDIN, PostType.POST): Fold(140, 3, "posttruncate.com/en/platform-limits (phone), read 2026-11"),
    (Channel.YOUTUBE, PostType.VIDEO): Fold(150, 3, "typecount.com, YouTube description limits, 2026"),
    (Channel.YOUTUBE, PostType.SHORT): Fold(100, 2, "lettercounter.org, YouTube Shorts descriptions, 2026"),
    (Channel.PINTEREST, PostType.POST): Fold(60, 2, "business.pinterest.com/en/Pinterest-product-specs, read 2026-11"),
    (Channel.GBP, PostType.POST): Fold(100, 3, "posthell.com, Google Business character counter, 2026"),
    (Channel.TIKTOK, PostType.POST): Fold(100, 2, "1kreach.com, caption previews measured on phones, 2026-05"),
    (Channel.TIKTOK, PostType.VIDEO): Fold(100, 2, "1kreach.com, caption previews measured on phones, 2026-05"),
}
"""The phone's fold where a phone and a desk differ: most people read there. Stories have no text, X shows all."""

_WORD_SEARCH = 24
_CLUSTER_SEARCH = 40
_JOINER = "\u200d"


def fold_text(text: str, *, channel: str, type_: str) -> Folded:
    """Divide a text at its channel's fold, between words where one is near and never inside a drawn character."""
    fold = FOLDS.get((channel, type_))
    if fold is None:
        return Folded(text, "")
    cut = _line_cut(text, fold)
    if cut >= len(text):
        return Folded(text, "")
    cut = len(text[: _whole_character(text, _word_end(text, cut))].rstrip())
    return Folded(text[:cut], text[cut:])


def _line_cut(text: str, fold: Fold) -> int:
    """Return how many characters fit the fold's lines, counting a long line as the lines it wraps into."""
    width = math.ceil(fold.characters / fold.lines)
    left, position = fold.lines, 0
    for line in text[: fold.characters + 1].split("\n"):
        needed = max(1, math.ceil(len(line) / width))
        if needed > left:
            return min(fold.characters, position + left * width)
        left -= needed
        position += len(line) + 1
    return min(position, fold.characters) if len(text) > fold.characters else len(text)


def _word_end(text: str, cut: int) -> int:
    """Move a cut back to the end of a word, if one ends near it."""
    for at in range(cut, max(0, cut - _WORD_SEARCH), -1):
        if text[at].isspace():
            return at
    return cut


def _whole_character(text: str, cut: int) -> int:
    """Move a cut back until it does not divide an emoji, a flag or a letter from its marks."""
    for at in range(cut, max(0, cut - _CLUSTER_SEARCH), -1):
        if not _joins(text, at):
            return at
    return cut


def _joins(text: str, at: int) -> bool:
    before, after = text[at - 1], text[at]
    if before == _JOINER or after == _JOINER or unicodedata.category(after) in {"Mn", "Mc", "Me"}:
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    return _is_flag_half(before) and _is_flag_half(after) and _flag_halves_before(text, at) % 2 == 1


def _is_flag_half(letter: str) -> bool:
    return "\U0001f1e6" <= letter <= "\U0001f1ff"


def _flag_halves_before(text: str, at: int) -> int:
    start = at
    while start > 0 and _is_flag_half(text[start - 1]):
        start -= 1
    return at - start


FRAMES: dict[tuple[str, str], str] = {
    (Channel.INSTAGRAM, PostType.POST): "square",
    (Channel.INSTAGRAM, PostType.STORY): "story",
    (Channel.FACEBOOK, PostType.POST): "feed",
    (Channel.FACEBOOK, PostType.REEL): "clip",
    (Channel.FACEBOOK, PostType.STORY): "story",
    (Channel.YOUTUBE, PostType.VIDEO): "video",
    (Channel.YOUTUBE, PostType.SHORT): "clip",
    (Channel.LINKEDIN, PostType.POST): "feed",
    (Channel.TWITTER, PostType.POST): "feed",
    (Channel.PINTEREST, PostType.POST): "pin",
    (Channel.GBP, PostType.POST): "place",
    (Channel.TIKTOK, PostType.POST): "clip",
    (Channel.TIKTOK, PostType.VIDEO): "clip",
}
"""Which drawing each combination gets. What is not in it, such as a row without a channel, is drawn as a plain note."""

TILE_HUES = 6
"""How many colours the tiles that stand for pictures come in."""

_VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".webm", ".avi", ".mpeg", ".mpg")
_CLIPS = frozenset({PostType.REEL, PostType.VIDEO, PostType.SHORT})


class Picture(NamedTuple):
    """A picture or video as drawn: `source` is a data address or "", then a tile of colour `hue` stands for it."""

    name: str
    is_video: bool
    hue: int
    source: str = ""


class Card(NamedTuple):
    """The card that a channel makes of a link; `address` is "" where it is not safe to follow."""

    host: str
    shown: str
    address: str


class Preview(NamedTuple):
    """Everything that is drawn of one post."""

    frame: str
    name: str
    initial: str
    text: Folded
    title: str
    pictures: tuple[Picture, ...]
    card: Card | None
    button: str
    counts: tuple[Count, ...]

    @property
    def media_words(self) -> str:
        """How many pictures and videos there are: `3 pictures, 1 video`."""
        videos = sum(picture.is_video for picture in self.pictures)
        stills = len(self.pictures) - videos
        parts = [(stills, "picture"), (videos, "video")]
        return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in parts if count)


def make_preview(outcome: Outcome, *, pictures: Mapping[str, str]) -> Preview:
    """Draw an outcome's post; `pictures` holds data addresses by `Medium.source`."""
    content = outcome.content
    name = outcome.account or f"Your {channel_look(outcome.channel).name} account"
    return Preview(
        frame=FRAMES.get((outcome.channel, outcome.type), "note"),
        name=name,
        initial=_initial(name, channel_look(outcome.channel).badge),
        text=fold_text(content.text, channel=outcome.channel, type_=outcome.type),
        title=content.title,
        pictures=tuple(_picture(medium, outcome.type, pictures) for medium in content.media),
        card=_card(content),
        button=BUTTON_NAMES.get(content.call_to_action, content.call_to_action),
        counts=count_content(content, channel=outcome.channel, type_=outcome.type),
    )


def _initial(name: str, badge: str) -> str:
    return next((letter.upper()[0] for letter in name if letter.isalnum()), badge)


def _picture(medium: Medium, type_: str, pictures: Mapping[str, str]) -> Picture:
    name = _file_name(medium.source or medium.url)
    video = medium.kind == "VIDEO" or (not medium.kind and (type_ in _CLIPS or name.lower().endswith(_VIDEO_ENDINGS)))
    hue = zlib.crc32(medium.source.encode("utf-8", "replace")) % TILE_HUES
    return Picture(name, video, hue, safe_picture(pictures.get(medium.source, "")))


def _file_name(source: str) -> str:
    """Return the last part of a path or address, by which people know a picture."""
    path = source.split("?")[0].split("#")[0] if "://" in source else source
    return unquote(path.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1]) or source


def _card(content: Content) -> Card | None:
    if not content.link:
        return None
    shown = content.link.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    return Card(host_of(content.link), shown, safe_link(content.link))


SHOWN_OF_A_POST = 4
"""No drawing shows more pictures of a post than this."""
LONGEST_SIDE_PIXELS = 640
MAX_TOTAL_BYTES = 12 * 1024 * 1024
"""What all pictures of a page may take; it holds about 300, and a mail program takes the file still."""
_QUALITY = 74


def read_pictures(
    outcomes: Iterable[Outcome], *, folder: Path, max_total_bytes: int = MAX_TOTAL_BYTES
) -> dict[str, str]:
    """Return data addresses by `Medium.source` for the picture files that the page would draw, until they are enough.

    `folder` is where the sheet's relative paths start.
    """
    pictures: dict[str, str] = {}
    total = 0
    for source in _shown_files(outcomes):
        small = _small_picture(source, folder)
        if small and total + len(small) <= max_total_bytes:
            pictures[source] = small
            total += len(small)
    return pictures


def _shown_files(outcomes: Iterable[Outcome]) -> Iterator[str]:
    seen: set[str] = set()
    for outcome in outcomes:
        for medium in outcome.content.media[:SHOWN_OF_A_POST]:
            if medium.source not in seen and medium.kind != "VIDEO" and not is_address(medium.source):
                seen.add(medium.source)
                yield medium.source


def _small_picture(source: str, folder: Path) -> str:
    try:
        with open_medium(source, folder=folder) as medium:
            return _shrink(medium.file, medium.mime) if medium.mime in PILLOW_FORMATS else ""
    except MediumUnreadableError:
        return ""


def _shrink(file: IO[bytes], mime: str) -> str:
    from PIL import Image, ImageOps

    file.seek(0)
    size = (LONGEST_SIDE_PIXELS, LONGEST_SIDE_PIXELS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=PILLOW_FORMATS[mime]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return ""
                picture.draft("RGB", size)
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
        upright.thumbnail(size)
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(upright, mask=upright.getchannel("A"))
        made = io.BytesIO()
        flat.save(made, "JPEG", quality=_QUALITY, optimize=True)
    except Exception:  # noqa: BLE001 - decoders of a dozen formats end broken files with any exception there is
        return ""
    return f"data:image/jpeg;base64,{b64encode(made.getvalue()).decode()}"
