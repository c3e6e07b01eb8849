"""A post as it will look on its channel, as plain data.

Turns the content of an outcome into the parts that a channel draws: the name above it, the text up to the fold, the
pictures, the link's card, the button, and how much of each limit is used. It must never fetch anything: a picture that
is not given stands as a plain tile with its name.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import NamedTuple
from urllib.parse import unquote

from batch.model import Channel, Content, Medium, Outcome, PostType
from batch.report.counts import Count, count_content
from batch.report.folds import Folded, fold_text
from batch.report.page_words import BUTTON_NAMES, channel_look
from batch.report.safe import host_of, safe_link, safe_picture

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
