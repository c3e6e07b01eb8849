"""From a sheet to its checked posts: what `check` does whole, and every other command first. No network, no key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from batch.commands.session import Session
from batch.commands.world import World
from batch.errors import StartError
from batch.model import Issue, Post, Sheet
from batch.rules.cells import CellReader
from batch.rules.check import CheckContext, check
from batch.rules.media import MediaFacts, check_media
from batch.sheet.examples import find_examples, tell_examples
from batch.sheet.files import read_media_facts
from batch.sheet.read import read_sheet


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from, besides the site: the sheet and how it is to be read. A saved plan keeps this."""

    sheet: str
    tab: str | None = None
    encoding: str | None = None
    hidden: Literal["ask", "include", "skip"] = "ask"
    mapping: str | None = None
    media_folder: str = ""
    only: tuple[str, ...] = ()
    rows: str = ""
    first: int | None = None
    approved_only: bool = False
    again: tuple[str, ...] = ()
    drafts_only: bool = False
    regenerate: bool = False
    allow: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Checked:
    """A sheet that was read, and its posts with what is wrong with them."""

    path: Path
    sheet: Sheet
    posts: tuple[Post, ...]
    facts: Mapping[str, MediaFacts]
    media_folder: Path
    examples: frozenset[int] = frozenset()
    """The rows that still are the template's examples, which no run on a real site sends."""

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Return every issue once, those of the sheet as a whole first, then by row."""
        whole = tuple(issue for issue in self.sheet.issues if issue.row is None)
        return tuple(dict.fromkeys((*whole, *(issue for post in self.posts for issue in post.issues))))


def read_and_check(session: Session, inputs: Inputs, *, folder: Path, will_send: bool = False) -> Checked:
    """Read a sheet and check its rows: no network, no credential. Errors: SheetError, StartError."""
    path = folder / inputs.sheet
    sheet = read_sheet(path, tab=inputs.tab, encoding=inputs.encoding, hidden=inputs.hidden, mapping=inputs.mapping)
    examples = () if session.sandbox else find_examples(sheet)
    if examples:
        sheet = replace(sheet, notices=(*sheet.notices, tell_examples(examples)))
    settings = session.settings
    context = CheckContext(
        now=session.world.now(),
        sites={name: settings.timezone_for(name) for name in settings.sites},
        default_site=settings.default_site,
        timezone=settings.timezone,
        will_send=will_send,
    )
    posts = check(sheet, context=context)
    media_folder = folder / inputs.media_folder if inputs.media_folder else path.parent
    if inputs.media_folder and not media_folder.is_dir():
        raise StartError(f"There is no folder {inputs.media_folder}: name the one that holds the media after --media.")
    facts = read_media_facts({m.source for post in posts for m in post.content.media}, folder=media_folder)
    known = tuple(_know_media(sheet, posts, facts))
    return Checked(path, sheet, known, facts, media_folder, frozenset(examples))


def _know_media(sheet: Sheet, posts: Iterable[Post], facts: Mapping[str, MediaFacts]) -> Iterator[Post]:
    """Yield the posts with their media known, each fault told by its cell."""
    reader, rows = CellReader(sheet.columns), {row.number: row for row in sheet.rows}
    for post in posts:
        if post.content.media:
            yield check_media(post, facts, at=reader.place_of(rows[post.row], "media", post.channel))
        else:
            yield post


def tell_notices(session: Session, *more: str) -> None:
    """Say what concerns the configuration, and what more there is; a plan tells the notices of its sheet itself."""
    for notice in (*session.settings.notices, *more):
        session.say(notice)


def width(world: World) -> int:
    """Return the columns of the terminal, 100 where there is none."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns if world.out.isatty() else 100
