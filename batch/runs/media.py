"""Bring a plan's media into the site's Media Manager: each distinct one once, and each failure to its own rows.

A medium is known by its identity (a file's SHA-256, a URL's address). What went up before is remembered in the journal
and not sent again. All are set going first, a few at once, and waited for afterwards: the service works on them side by
side.
A post whose medium could not be brought is never sent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

from batch.errors import SignInError
from batch.media import MediaFolder, MediumUnreadableError, open_medium
from batch.model import Act, Content, Medium, OutcomeKind
from batch.publisher.client import Client, gather
from batch.publisher.media import Brought, State, import_url, read_files, upload_file, wait_ready
from batch.publisher.pace import Patience
from batch.rules.sources import ENDINGS, MIMES, is_address, kind_of_mime, read_address, usual_mime
from batch.runs.actions import SiteContext, StepProgress
from batch.runs.journal import Journal
from batch.runs.record import broken_outcome
from batch.wording import shorten

READY_BOUND_SECONDS = 180.0
"""How long one medium may take in the Media Manager; long videos take a minute or two."""
SAY_EVERY_SECONDS = 30.0
MAX_NAME_LETTERS = 100
SIDE_BY_SIDE_BYTES = 10_000_000
"""A larger file has the whole line to itself, or each of several would take longer than an upload may."""


@dataclass(frozen=True, slots=True)
class MediaContext:
    """Where media come from (`folder`; None: no files) and go to, how to wait, and when nothing more is begun."""

    client: Client
    journal: Journal
    folder: Path | None
    sleep: Callable[[float], object]
    clock: Callable[[], float]
    stopped: Callable[[], bool] = lambda: False
    say: Callable[[str], object] = lambda _text: None
    bound_seconds: float = READY_BOUND_SECONDS


NOT_BEGUN = Brought(State.FAILED, code="not_run", message="The run ended before this medium was brought. Run again.")


def identity_of(medium: Medium) -> str:
    """Return the name of a medium's content: its identity, or what the sheet says where none is known."""
    return medium.identity or medium.source


def bring_media(media: Iterable[Medium], context: MediaContext) -> Transfer:
    """Bring each distinct medium that has no address there yet. Errors: SignInError, JournalError."""
    wanted, known = {identity_of(m): m for m in media if not m.url}, context.journal.all_media()
    there = {identity: known[identity] for identity in wanted if identity in known}
    transfer = Transfer(context, MediaFolder(context.folder) if context.folder else None, there)
    missing = [medium for identity, medium in wanted.items() if identity not in there]
    large = [medium for medium in missing[1:] if (medium.size_bytes or 0) > SIDE_BY_SIDE_BYTES]
    small = [medium for medium in missing[1:] if medium not in large]
    # The first goes alone: what it meets (a credential that isn't taken, a stop) keeps the others from being begun.
    for together in (missing[:1], small, *([medium] for medium in large)):
        transfer.begin(together)
    if len(transfer.pending) > 1:
        transfer.wait_for_all()
    while transfer.pending:
        transfer.wait()
    return transfer


@dataclass(slots=True)
class Transfer:
    """The media of one plan on their way; `pending` are those that the service is working on, and since when.

    `urls` and `failures` tell what became of them, by identity: the address there, or why there is none (FAILED).
    """

    context: MediaContext
    folder: MediaFolder | None
    urls: dict[str, str] = field(default_factory=dict)
    failures: dict[str, Brought] = field(default_factory=dict)
    pending: deque[tuple[Medium, str, float]] = field(default_factory=deque)
    refused: SignInError | None = None

    def begin(self, media: Sequence[Medium]) -> None:
        """Set media going, a few side by side. Errors: SignInError, once what went well is kept."""
        for medium in () if self.context.stopped() else media:
            if not is_address(medium.source):
                size = max(1, round((medium.size_bytes or 0) / 1e3))
                self.context.say(f"Sending {shown(medium.source)} ({size:,} KB).")
            elif not read_address(medium.source).refusal:
                self.context.say(f"The Media Manager fetches {shown(medium.source)}.")
        for medium, brought in zip(media, gather([partial(self._bring, medium) for medium in media]), strict=True):
            if brought.state is State.PENDING:
                self.pending.append((medium, brought.file_id, self.context.clock()))
            elif brought is NOT_BEGUN:
                self.failures[identity_of(medium)] = brought
            else:
                self.settle(medium, brought)
        if self.refused is not None:
            raise self.refused

    def _bring(self, medium: Medium) -> Brought:
        """Send a medium, or have it fetched, unless nothing more may be begun. Keep off the journal: no own thread."""
        if self.refused is not None or self.context.stopped():
            return NOT_BEGUN
        address = read_address(medium.source) if is_address(medium.source) else None
        try:
            if address is None:
                return _upload(medium, self.context, folder=self.folder)
            if address.refusal:
                return Brought(State.FAILED, code="media_refused", message=f"{address.refusal}.")
            kind = medium.kind or address.kind or "IMAGE"
            mime = address.mime if kind_of_mime(address.mime) == kind else usual_mime(kind)
            name = library_name(urlsplit(address.url).path, mime=mime)
            return import_url(self.context.client, address.url, kind=kind, mime=mime, name=name)
        except SignInError as error:
            self.refused = error
            return NOT_BEGUN

    def wait_for_all(self) -> None:
        """Wait for all pending ones, many in one call; one by one where the service does not tell of many."""

        def look() -> bool | None:
            kinds = {file_id: medium.kind or "IMAGE" for medium, file_id, _ in self.pending}
            found = read_files(self.context.client, kinds)
            for entry in list(self.pending):
                brought = found.get(entry[1])
                if brought is not None and brought.state is not State.PENDING:
                    self.pending.remove(entry)
                    self.settle(entry[0], brought)
            return True if not found or len(self.pending) < 2 else None

        self._patience(self.context.clock()).wait_for(look, first_seconds=1.0)

    def wait(self) -> None:
        """Wait for the first of the pending ones, within what is left of its bound."""
        medium, file_id, started = self.pending[0]
        patience = self._patience(started)
        brought = wait_ready(self.context.client, file_id, kind=medium.kind or "IMAGE", patience=patience)
        self.pending.popleft()
        self.settle(medium, brought)

    def _patience(self, started: float) -> Patience:
        context = self.context
        said_at = -SAY_EVERY_SECONDS

        def on_wait(waited: float) -> None:
            nonlocal said_at
            if waited - said_at >= SAY_EVERY_SECONDS:
                said_at = waited
                more = f" and {len(self.pending) - 1} more" if len(self.pending) > 1 else ""
                first = shown(self.pending[0][0].source)
                context.say(f"Waiting for {first}{more} in the Media Manager ({waited:.0f} s).")

        left_seconds = max(0.0, context.bound_seconds - (context.clock() - started))
        return Patience(left_seconds, context.sleep, context.clock, on_wait, context.stopped)

    def settle(self, medium: Medium, brought: Brought) -> None:
        """Take note of how a medium ended, in the journal too where it is there."""
        identity = identity_of(medium)
        if brought.state is State.READY:
            self.context.journal.remember_media(identity, brought.url, brought.file_id)
            self.urls[identity] = brought.url
            return
        check = "anybody can open that address" if is_address(medium.source) else "the file opens"
        message = (
            f"{shown(medium.source)} could not be brought into the Media Manager: {brought.message} "
            f"Check that {check}, and run again."
        )
        self.failures[identity] = replace(brought, message=message)


def shown(source: str) -> str:
    """Return an entry as messages quote it: an address without its query, which may hold a key."""
    return shorten(source.partition("?")[0] if is_address(source) else source, limit=MAX_NAME_LETTERS)


def _upload(medium: Medium, context: MediaContext, *, folder: MediaFolder | None) -> Brought:
    scheme, _, sha256 = medium.identity.partition(":")
    if scheme != "sha256" or not sha256 or folder is None:
        return Brought(State.FAILED, code="media_unreadable", message="It was never read.")
    try:
        with open_medium(medium.source, folder=folder) as file:
            if kind_of_mime(file.mime) != medium.kind:
                raise MediumUnreadableError("media_changed", "it has changed since it was checked; run again")
            return upload_file(
                context.client,
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
        stem, ending = stem if dot and ending.casefold() in MIMES else name, ENDINGS.get(mime, "")
    return f"{stem[:MAX_NAME_LETTERS]}.{ending}" if ending else stem[:MAX_NAME_LETTERS]


def with_urls(content: Content, urls: Mapping[str, str]) -> Content:
    """Return the content with the addresses of those media that are in the Media Manager (by identity)."""
    media = tuple(m if m.url else replace(m, url=urls.get(identity_of(m), "")) for m in content.media)
    return content if media == content.media else replace(content, media=media)


def fill_media(
    posts: Sequence[StepProgress], site: SiteContext, *, folder: Path | None, bound_seconds: float = READY_BOUND_SECONDS
) -> None:
    """Bring what the steps need before the first post is sent: it fills their media, or gives them their failure."""
    wanted = [post for post in posts if post.outcome is None and Act.UPLOAD in post.step.acts]
    stop = site.stop
    context = MediaContext(
        site.client, site.journal, folder, site.pause, site.clock, lambda: stop.requested, site.say, bound_seconds
    )
    result = bring_media((medium for post in wanted for medium in post.step.content.media), context)
    for post in wanted:
        post.step = replace(post.step, content=with_urls(post.step.content, result.urls))
        missing = [identity_of(medium) for medium in post.step.content.media if not medium.url]
        if missing and not stop.requested:
            failure = result.failures.get(missing[0], NOT_BEGUN)
            post.outcome = broken_outcome(post.step, OutcomeKind.FAILED, code=failure.code, message=failure.message)
