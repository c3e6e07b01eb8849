"""Bring a plan's media into the site's Media Manager: each distinct one once, and each failure to its own rows.

A medium is known by its identity (a file's SHA-256, a URL's address). What went up before is remembered in the journal
and not sent again. All are set going first and waited for afterwards, so that the service works on them side by side.
A post whose medium could not be brought is never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from batch.media.files import MediumUnreadableError, open_medium
from batch.model import Act, Content, Medium, OutcomeKind, Step
from batch.publisher.client import Client
from batch.publisher.media import Brought, State, import_url, upload_file, wait_ready
from batch.publisher.retry import Patience
from batch.rules.sources import MIMES, is_address, kind_of_mime, read_address, usual_ending, usual_mime
from batch.runs.actions import Tools
from batch.runs.execute import MediaBringer
from batch.runs.journal import MediaStore
from batch.runs.progress import Work
from batch.runs.record import broken_outcome

READY_BOUND_SECONDS = 180.0
"""How long one medium may take in the Media Manager; long videos take a minute or two."""
SAY_EVERY_SECONDS = 30.0
MAX_NAME_LETTERS = 100


@dataclass(frozen=True, slots=True)
class MediaFailure:
    """Why a medium is not in the Media Manager: a code, and a sentence that ends with the remedy."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class MediaResult:
    """What became of the media, by identity; how many were sent, fetched by the service, and there already."""

    urls: Mapping[str, str]
    failures: Mapping[str, MediaFailure]
    uploaded: int = 0
    imported: int = 0
    remembered: int = 0


@dataclass(frozen=True, slots=True)
class Room:
    """Where media come from and go to, and how to wait.

    `folder` is where files lie, None where none may be read; `stopped` tells when nothing more may be begun.
    """

    client: Client
    store: MediaStore
    folder: Path | None
    sleep: Callable[[float], object]
    clock: Callable[[], float]
    stopped: Callable[[], bool] = lambda: False
    say: Callable[[str], object] = lambda _text: None
    bound_seconds: float = READY_BOUND_SECONDS


@dataclass(slots=True)
class _Tally:
    urls: dict[str, str] = field(default_factory=dict)
    failures: dict[str, MediaFailure] = field(default_factory=dict)
    pending: list[tuple[Medium, str, float]] = field(default_factory=list)
    uploaded: int = 0
    imported: int = 0
    remembered: int = 0


NOT_BEGUN = MediaFailure("not_run", "The run ended before this medium was brought. Run again.")


def identity_of(medium: Medium) -> str:
    """Return the name of a medium's content: its identity, or what the sheet says where none is known."""
    return medium.identity or medium.source


def bring_media(media: Iterable[Medium], room: Room) -> MediaResult:
    """Bring each distinct medium that has no address there yet. Errors: SignInError, JournalError."""
    tally = _Tally()
    distinct = {identity_of(m): m for m in media if not m.url}
    for identity, medium in distinct.items():
        known = room.store.known_media(identity)
        if known:
            tally.urls[identity] = known
            tally.remembered += 1
        elif room.stopped():
            tally.failures[identity] = NOT_BEGUN
        else:
            _begin(medium, room, tally)
    for count, (medium, file_id, started) in enumerate(tally.pending):
        left = max(0.0, room.bound_seconds - (room.clock() - started))
        _wait(medium, file_id, room, tally, left_seconds=left, others=len(tally.pending) - count - 1)
    return MediaResult(tally.urls, tally.failures, tally.uploaded, tally.imported, tally.remembered)


def _begin(medium: Medium, room: Room, tally: _Tally) -> None:
    if is_address(medium.source):
        brought = _import(medium, room)
        tally.imported += brought.state is not State.FAILED
    else:
        brought = _upload(medium, room)
        tally.uploaded += brought.state is not State.FAILED
    if brought.state is State.PENDING:
        tally.pending.append((medium, brought.file_id, room.clock()))
    else:
        _settle(medium, brought, room, tally)


def _settle(medium: Medium, brought: Brought, room: Room, tally: _Tally) -> None:
    identity = identity_of(medium)
    if brought.state is State.READY:
        room.store.remember_media(identity, brought.url, brought.file_id)
        tally.urls[identity] = brought.url
    else:
        tally.failures[identity] = MediaFailure(brought.code, _sentence(medium, brought))


def _sentence(medium: Medium, brought: Brought) -> str:
    remedy = (
        "Check that anybody can open that address, and run again."
        if is_address(medium.source)
        else "Check that the file opens, and run again."
    )
    return f"{shown(medium.source)} could not be brought into the Media Manager: {brought.message} {remedy}"


def shown(source: str) -> str:
    """Return an entry as messages quote it: an address without its query, which may hold a key."""
    text = source.partition("?")[0] if is_address(source) else source
    return text if len(text) <= MAX_NAME_LETTERS else f"{text[: MAX_NAME_LETTERS - 1]}…"


def _import(medium: Medium, room: Room) -> Brought:
    address = read_address(medium.source)
    if address.refusal:
        return Brought(State.FAILED, code="media_refused", message=f"{address.refusal}.")
    kind = medium.kind or address.kind or "IMAGE"
    mime = address.mime if kind_of_mime(address.mime) == kind else usual_mime(kind)
    room.say(f"The Media Manager fetches {shown(medium.source)}.")
    name = library_name(urlsplit(address.url).path, mime=mime)
    return import_url(room.client, address.url, kind=kind, mime=mime, name=name)


def _upload(medium: Medium, room: Room) -> Brought:
    scheme, _, sha256 = medium.identity.partition(":")
    if scheme != "sha256" or not sha256 or room.folder is None:
        return Brought(State.FAILED, code="media_unreadable", message="It was never read.")
    try:
        with open_medium(medium.source, folder=room.folder) as file:
            if kind_of_mime(file.mime) != medium.kind:
                raise MediumUnreadableError("media_changed", "it has changed since it was checked; run again")
            room.say(f"Sending {shown(medium.source)} ({max(1, round(file.size_bytes / 1e3)):,} KB).")
            return upload_file(
                room.client,
                lambda: file.chunks(sha256=sha256),
                kind=medium.kind,
                mime=file.mime,
                size_bytes=file.size_bytes,
                name=library_name(medium.source, mime=file.mime),
            )
    except MediumUnreadableError as error:
        return Brought(State.FAILED, code=error.code, message=f"{error}.")


def library_name(path: str, *, mime: str) -> str:
    """Return the name that a medium gets in the library: its own, with an ending that fits what it is."""
    name = PurePosixPath(unquote(path).replace("\\", "/")).name
    name = "".join(letter for letter in name if letter.isprintable()) or "medium"
    stem, dot, ending = name.rpartition(".")
    if MIMES.get(ending.casefold()) != mime:
        stem, ending = stem if dot and ending.casefold() in MIMES else name, usual_ending(mime)
    return f"{stem[:MAX_NAME_LETTERS]}.{ending}" if ending else stem[:MAX_NAME_LETTERS]


def _wait(medium: Medium, file_id: str, room: Room, tally: _Tally, *, left_seconds: float, others: int) -> None:
    last_said = [-SAY_EVERY_SECONDS]

    def on_wait(waited: float) -> None:
        if waited - last_said[0] >= SAY_EVERY_SECONDS:
            last_said[0] = waited
            more = f" and {others} more" if others else ""
            room.say(f"Waiting for {shown(medium.source)}{more} in the Media Manager ({waited:.0f} s).")

    patience = Patience(left_seconds, room.sleep, room.clock, on_wait, room.stopped)
    brought = wait_ready(room.client, file_id, kind=medium.kind or "IMAGE", patience=patience)
    _settle(medium, brought, room, tally)


def with_urls(content: Content, urls: Mapping[str, str]) -> Content:
    """Return the content with the addresses of those media that are in the Media Manager (by identity)."""
    media = tuple(m if m.url else replace(m, url=urls.get(identity_of(m), "")) for m in content.media)
    return content if media == content.media else replace(content, media=media)


def make_bringer(*, store: MediaStore, folder: Path | None, bound_seconds: float = READY_BOUND_SECONDS) -> MediaBringer:
    """Return what `execute` calls before the first post is sent: it fills the steps' media, or gives their failure."""

    def bring(works: Sequence[Work], tools: Tools) -> None:
        wanted = [w for w in works if w.outcome is None and Act.UPLOAD in w.step.acts]
        room = Room(
            client=tools.client,
            store=store,
            folder=folder,
            sleep=tools.pause,
            clock=tools.clock,
            stopped=lambda: tools.stop.requested,
            say=tools.say,
            bound_seconds=bound_seconds,
        )
        result = bring_media((medium for work in wanted for medium in work.step.content.media), room)
        for work in wanted:
            work.step = replace(work.step, content=with_urls(work.step.content, result.urls))
            failure = _first_failure(work.step, result)
            if failure is not None and not tools.stop.requested:
                work.outcome = broken_outcome(work.step, OutcomeKind.FAILED, code=failure.code, message=failure.message)

    return bring


def _first_failure(step: Step, result: MediaResult) -> MediaFailure | None:
    missing = (identity_of(medium) for medium in step.content.media if not medium.url)
    return next((result.failures.get(identity, NOT_BEGUN) for identity in missing), None)
