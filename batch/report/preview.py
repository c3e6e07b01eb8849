"""A post as it will look on its channel, as plain data.

Turns the content of an outcome into the parts that a channel draws: the name above it, the text up to where the channel
cuts it, the pictures, the link's card, the button, and how much of each limit is used. It must never fetch anything: a
picture that is not given stands as a plain tile with its name.
"""

from __future__ import annotations

import io
import math
import re
import unicodedata
import warnings
import zlib
from base64 import b64encode
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, NamedTuple
from urllib.parse import urlsplit

from batch.media import MAX_PIXELS, PILLOW_FORMATS, MediaFolder, MediumUnreadableError, open_medium
from batch.model import Channel, Content, Medium, Outcome, PostType
from batch.report.words import BUTTON_NAMES, channel_style
from batch.rules.channels import COMBINATIONS
from batch.rules.sources import is_address
from batch.rules.text import COUNTERS
from batch.wording import counted, media_name


class Drawing(NamedTuple):
    """How a channel draws a post: its frame, and about how many `characters` of the text on at most how many `lines`.

    `source` says who measured that; 0 characters are all.
    """

    frame: str
    characters: int = 0
    lines: int = 0
    source: str = ""

    def cut(self, text: str) -> int:
        """Return how many characters fit, counting a long line as the lines it wraps into."""
        if not self.characters:
            return len(text)
        left, position = self.lines, 0
        width = math.ceil(self.characters / left)
        for line in text[: self.characters + 1].split("\n"):
            needed = max(1, math.ceil(len(line) / width))
            if needed > left:
                return min(self.characters, position + left * width)
            left -= needed
            position += len(line) + 1
        return min(position, self.characters) if len(text) > self.characters else len(text)


NOTE = Drawing("note")
DRAWINGS: Mapping[str, Drawing] = {
    "INSTAGRAM POST": Drawing("square", 125, 3, "help.instagram.com/1643471055915254, read 2026-11"),
    "INSTAGRAM STORY": Drawing("story"),
    "FACEBOOK POST": Drawing("feed", 125, 3, "socialk.it, social media character limits (phone), 2026-06"),
    "FACEBOOK REEL": Drawing("clip", 72, 2, "captionsnap.io after Meta's ads guide (Reels), 2026-04"),
    "FACEBOOK STORY": Drawing("story"),
    "YOUTUBE VIDEO": Drawing("video", 150, 3, "typecount.com, YouTube description limits, 2026"),
    "YOUTUBE SHORT": Drawing("clip", 100, 2, "lettercounter.org, YouTube Shorts descriptions, 2026"),
    "LINKEDIN POST": Drawing("feed", 140, 3, "posttruncate.com/en/platform-limits (phone), read 2026-11"),
    "TWITTER POST": Drawing("feed"),
    "PINTEREST POST": Drawing("pin", 60, 2, "business.pinterest.com, Pinterest product specs, 2026-11"),
    "GBP POST": Drawing("place", 100, 3, "posthell.com, Google Business character counter, 2026"),
    "TIKTOK POST": Drawing("clip", 100, 2, "1kreach.com, caption previews measured on phones, 2026-05"),
    "TIKTOK VIDEO": Drawing("clip", 100, 2, "1kreach.com, caption previews measured on phones, 2026-05"),
}
"""Each combination, as on the phone where a phone and a desk differ: most people read there.

What is not in it, such as a row without a channel, is a plain note."""

TILE_HUES = 6
"""How many colours the tiles that stand for pictures come in."""

VIDEO_ENDINGS = (".mp4", ".mov", ".m4v", ".webm", ".avi", ".mpeg", ".mpg")
CLIPS = frozenset({PostType.REEL, PostType.VIDEO, PostType.SHORT})

WORD_SEARCH, CLUSTER_SEARCH = 24, 40
"""How many characters a cut moves back to end a word, or not to divide what is drawn as one."""
JOINER = "\u200d"
FLAG_HALVES = "".join(map(chr, range(0x1F1E6, 0x1F200)))

UNFIT_FOR_LINKS = re.compile("[\x00-\x20\x7f-\xa0\ud800-\udfff\\\\\"'<>`]")
PICTURE = re.compile(r"data:image/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}", re.ASCII)

SHOWN_OF_A_POST = 4
"""No drawing shows more pictures of a post than this."""
SIZES = ((640, 74), (480, 72), (320, 70), (240, 66), (160, 62), (112, 58), (80, 52))
"""The longest side in pixels and the quality of a picture, the largest first: it gets the first that fits its share."""
SMALLEST_BYTES_A_PIXEL = 0.02
"""A photograph never takes less than this, so that a size which can't fit is not tried."""
PAGE_BYTES = 980_000
"""What a page should take with its pictures, so that it opens at once and every mail program takes it."""
MIN_PICTURE_BYTES = 1_500
"""A smaller share shows nothing: then some pictures are left out instead."""


class Pictures(NamedTuple):
    """A page's pictures: data addresses (PNG, JPEG, WebP) by `Medium.source`, and how many it has no room for."""

    shown: Mapping[str, str] = MappingProxyType({})
    left_out: int = 0


NO_PICTURES = Pictures()


class Count(NamedTuple):
    """One limit and what is used of it."""

    label: str
    used: int
    limit: int

    @property
    def over(self) -> bool:
        """Whether the channel would refuse or cut it."""
        return self.used > self.limit


class TruncatedText(NamedTuple):
    """A text in two parts, which joined are exactly the text; `rest` is "" where all of it is seen."""

    shown: str
    rest: str


class Picture(NamedTuple):
    """A picture or video as drawn: `source` is a data address or "", then a tile of colour `hue` stands for it.

    `shared` is where the page holds it once for several posts, "" where it does not.
    """

    name: str
    is_video: bool
    hue: int
    source: str = ""
    shared: str = ""

    @classmethod
    def of(cls, medium: Medium, *, type_: str, pictures: Mapping[str, str]) -> Picture:
        """Draw a medium of a post of this type; `pictures` holds data addresses by `Medium.source`."""
        name = media_name(medium)
        video = medium.kind == "VIDEO" or (not medium.kind and (type_ in CLIPS or name.lower().endswith(VIDEO_ENDINGS)))
        hue = zlib.crc32(medium.source.encode("utf-8", "replace")) % TILE_HUES
        return cls(name, video, hue, safe_picture(pictures.get(medium.source, "")))


class Card(NamedTuple):
    """The card that a channel makes of a link; `address` is "" where it is not safe to follow."""

    host: str
    shown: str
    address: str

    @classmethod
    def of(cls, link: str) -> Card:
        """Draw the card of a link."""
        shown = link.removeprefix("https://").removeprefix("http://").removeprefix("www.")
        address = safe_link(link)
        return cls((urlsplit(address).hostname or "").removeprefix("www."), shown, address)


class Preview(NamedTuple):
    """Everything that is drawn of one post."""

    frame: str
    name: str
    initial: str
    text: TruncatedText
    title: str
    pictures: tuple[Picture, ...]
    card: Card | None
    button: str
    counts: tuple[Count, ...]

    def sharing(self, shared: Mapping[str, str]) -> Preview:
        """Return it with the pictures that the page holds once for several posts; `shared` says where, by source."""
        return self._replace(pictures=tuple(pic._replace(shared=shared.get(pic.source, "")) for pic in self.pictures))

    @property
    def media_words(self) -> str:
        """How many pictures and videos there are: `3 pictures, 1 video`."""
        videos = sum(picture.is_video for picture in self.pictures)
        stills = len(self.pictures) - videos
        return ", ".join(counted(count, word) for count, word in ((stills, "picture"), (videos, "video")) if count)


def make_preview(outcome: Outcome, *, pictures: Mapping[str, str]) -> Preview:
    """Draw an outcome's post; `pictures` holds data addresses by `Medium.source`."""
    content, channel = outcome.content, channel_style(outcome.channel)
    name = outcome.account or f"Your {channel.name} account"
    return Preview(
        frame=DRAWINGS.get(f"{outcome.channel} {outcome.type}", NOTE).frame,
        name=name,
        initial=next((letter.upper()[0] for letter in name if letter.isalnum()), channel.badge),
        text=truncate(content.text, channel=outcome.channel, type_=outcome.type),
        title=content.title,
        pictures=tuple(Picture.of(medium, type_=outcome.type, pictures=pictures) for medium in content.media),
        card=Card.of(content.link) if content.link else None,
        button=BUTTON_NAMES.get(content.call_to_action, content.call_to_action),
        counts=count_content(content, channel=outcome.channel, type_=outcome.type),
    )


def truncate(text: str, *, channel: str, type_: str) -> TruncatedText:
    """Divide a text where its channel does, between words where it can and never inside a drawn character."""
    cut = DRAWINGS.get(f"{channel} {type_}", NOTE).cut(text)
    if cut >= len(text):
        return TruncatedText(text, "")
    cut = next((at for at in range(cut, max(0, cut - WORD_SEARCH), -1) if text[at].isspace()), cut)
    cut = next((at for at in range(cut, max(0, cut - CLUSTER_SEARCH), -1) if not _joins(text, at)), cut)
    shown = text[:cut].rstrip()
    return TruncatedText(shown, text[len(shown) :])


def _joins(text: str, at: int) -> bool:
    """Tell whether a cut would divide an emoji, a flag or a letter from its marks."""
    before, after = text[at - 1], text[at]
    if JOINER in (before, after) or unicodedata.category(after) in {"Mn", "Mc", "Me"}:
        return True
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return True
    halves_before = at - len(text[:at].rstrip(FLAG_HALVES))
    return after in FLAG_HALVES and halves_before % 2 == 1


def count_content(content: Content, *, channel: str, type_: str) -> tuple[Count, ...]:
    """Count text and title against their limits; a limit that the channel has not got is left out."""
    try:
        combination = COMBINATIONS[Channel(channel), PostType(type_)]
    except (KeyError, ValueError):
        return ()
    rule, title = combination.text, combination.title
    words = f"{content.text} {content.link}".strip() if rule.with_link and content.link else content.text
    limited = [(rule.name.capitalize(), rule.most, words), ("Title", title.most if title else None, content.title)]
    return tuple(
        Count(label, COUNTERS[most.unit](value), most.value) for label, most, value in limited if most and value
    )


def safe_link(address: str) -> str:
    """Return the address if following it can do no more than open a web page, else ""."""
    if UNFIT_FOR_LINKS.search(address):
        return ""
    try:
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in ("http", "https") and parts.hostname and not parts.username else ""


def safe_picture(source: str) -> str:
    """Return a picture's data address if it is one of the still formats, else ""."""
    return source if PICTURE.fullmatch(source) else ""


def read_pictures(outcomes: Iterable[Outcome], *, folder: Path, max_total_bytes: int = PAGE_BYTES) -> Pictures:
    """Return the picture files that the page would draw, each as large as its share of the bytes allows.

    `folder` is where the sheet's relative paths start. What one picture leaves of its share goes to the others.
    """
    shown = (medium for outcome in outcomes for medium in outcome.content.media[:SHOWN_OF_A_POST])
    sources = list(dict.fromkeys(m.source for m in shown if m.kind != "VIDEO" and not is_address(m.source)))
    pictures: dict[str, str] = {}
    root, left = MediaFolder(folder), max_total_bytes
    most, left_out = min(len(sources), max_total_bytes // MIN_PICTURE_BYTES), 0
    for at, source in enumerate(sources):
        if len(pictures) >= most:
            left_out += 1
            continue
        share = left // min(most - len(pictures), len(sources) - at)
        try:
            with open_medium(source, folder=root) as medium:
                small = _shrink(medium.file, medium.mime, share=share) if medium.mime in PILLOW_FORMATS else None
        except MediumUnreadableError:
            small = None
        if small:
            pictures[source] = small
            left -= len(small)
        left_out += small == ""
    root.close()
    return Pictures(pictures, left_out)


def _shrink(file: IO[bytes], mime: str, *, share: int) -> str | None:
    """Return a picture's data address of at most so many bytes, "" where none fits, None where it can't be read."""
    from PIL import Image, ImageOps

    sizes = [(side, quality) for side, quality in SIZES if side * side * SMALLEST_BYTES_A_PIXEL <= share]
    try:
        file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=PILLOW_FORMATS[mime]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return None
                picture.draft("RGB", (sizes or SIZES)[0][:1] * 2)
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
        for side, quality in sizes:
            upright.thumbnail((side, side))
            flat = Image.new("RGB", upright.size, "white")
            flat.paste(upright, mask=upright.getchannel("A"))
            made = io.BytesIO()
            flat.save(made, "JPEG", quality=quality, optimize=True)
            if len(address := f"data:image/jpeg;base64,{b64encode(made.getvalue()).decode()}") <= share:
                return address
    except Exception:  # noqa: BLE001 - decoders of a dozen formats end broken files with any exception there is
        return None
    return ""
