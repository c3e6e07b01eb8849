"""Have content generated before a plan is made, so that it is seen before it is sent, and keep it.

What was generated once for a row is kept in the journal and used from then on; only `regenerate` asks anew. A row for
which nothing could be generated gets an issue and is not sent; the other rows go on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from batch.model import Account, Channel, Content, Generate, Generation, Medium, Post
from batch.publisher.client import Client
from batch.publisher.generate import Generated, generate_image, generate_post, generate_text
from batch.publisher.retry import Patience
from batch.rules.check import (
    content_from_json,
    content_to_json,
    fingerprint,
    with_failure,
    with_generated,
    with_plan_warning,
)
from batch.runs.journal import MediaStore, TextStore
from batch.runs.media import Room, bring_media, identity_of

IMAGE_BOUND_SECONDS = 180.0
"""How long a changed picture may take; the service says about two minutes."""
AI_TOOLS = "AI_TOOLS"
SILENT_IN_A_ROW = 3
"""After so many rows without any answer, nothing more is asked for: the service is not well."""
SILENT = "NO_ANSWER"


class Store(MediaStore, TextStore, Protocol):
    """What generating remembers: texts, and the pictures that were brought up to be changed."""


def _always(_post: Post) -> bool:
    return True


def _never() -> bool:
    return False


def _quiet(_text: str) -> None:
    return None


@dataclass(frozen=True, slots=True)
class _Maker:
    """What it takes to generate for one site."""

    room: Room
    store: Store
    regenerate: bool
    needed: Callable[[Post], bool]
    connected: frozenset[Channel]
    ai_missing: bool


def generate_posts(
    posts: Iterable[Post],
    client: Client,
    store: Store,
    *,
    accounts: Iterable[Account],
    regenerate: bool,
    needed: Callable[[Post], bool] = _always,
    folder: Path | None = None,
    features: Mapping[str, bool] | None = None,
    stopped: Callable[[], bool] = _never,
    say: Callable[[str], object] = _quiet,
    bound_seconds: float = IMAGE_BOUND_SECONDS,
) -> tuple[Post, ...]:
    """Return all posts, in order, with what was or is now generated for them. Errors: SignInError, JournalError.

    `needed` says for which posts something may be asked of the service; what is kept for the others is still filled in.
    Nothing is asked for on a channel without an account, which could not be sent anyway. `folder` is where the files of
    `media` lie.
    """
    room = Room(
        client=client,
        store=store,
        folder=folder,
        sleep=client.sleep,
        clock=client.clock,
        stopped=stopped,
        say=say,
        bound_seconds=bound_seconds,
    )
    maker = _Maker(
        room=room,
        store=store,
        regenerate=regenerate,
        needed=needed,
        connected=frozenset(account.channel for account in accounts),
        ai_missing=(features or {}).get(AI_TOOLS) is False,
    )
    done: list[Post] = []
    silent = 0
    for post in posts:
        made, answered = _fill(post, maker, silent=silent >= SILENT_IN_A_ROW)
        silent = silent if answered is None else 0 if answered else silent + 1
        done.append(made)
    return tuple(done)


def _fill(post: Post, maker: _Maker, *, silent: bool) -> tuple[Post, bool | None]:
    """Return a post with its generated content, and whether the service answered (None: it was not asked)."""
    asked, channel = post.generation, post.channel
    if asked is None or channel is None or post.errors:
        return post, None
    needed = maker.needed(post)
    name = fingerprint(post)
    kept = None if maker.regenerate and needed else _kept(maker.store, name)
    if kept is not None:
        return with_generated(post, kept), None
    if not needed or channel not in maker.connected:
        return post, None
    if maker.room.stopped():
        return with_failure(post, code="not_run", message="The command was stopped before this row"), None
    if silent:
        message = "The service did not answer for the rows before, so it was not asked; run again later."
        return with_failure(post, code=SILENT, message=message), None
    if maker.ai_missing:
        post = with_plan_warning(post)
    maker.room.say(f"Generating the {asked.kind} of row {post.row} ({channel}).")
    made = _GENERATORS[asked.kind](post, asked, channel, maker.room)
    if made.code:
        return with_failure(post, code=made.code, message=made.message), made.code != SILENT
    maker.store.remember_text(name, content_to_json(made.content))
    return with_generated(post, made.content), True


def _kept(store: TextStore, name: str) -> Content | None:
    kept = store.known_text(name)
    return None if kept is None else content_from_json(kept)


def _make_caption(post: Post, asked: Generation, channel: Channel, room: Room) -> Generated:
    return generate_text(room.client, asked, channel=channel, link=post.content.link)


def _make_post(_post: Post, asked: Generation, channel: Channel, room: Room) -> Generated:
    return generate_post(room.client, asked, channel=channel)


def _make_image(post: Post, asked: Generation, _channel: Channel, room: Room) -> Generated:
    if not post.content.media:
        return Generated(code="source_missing", message="The row names no picture to change")
    source: Medium = post.content.media[0]
    url = source.url
    if not url:
        result = bring_media([source], room)
        failure = result.failures.get(identity_of(source))
        if failure is not None:
            return Generated(code=failure.code, message=failure.message)
        url = result.urls[identity_of(source)]

    def on_wait(waited: float) -> None:
        room.say(f"Waiting for the picture of row {post.row} ({waited:.0f} s).")

    patience = Patience(room.bound_seconds, room.sleep, room.clock, on_wait, room.stopped)
    return generate_image(room.client, asked, image_url=url, patience=patience)


_GENERATORS: dict[Generate, Callable[[Post, Generation, Channel, Room], Generated]] = {
    Generate.CAPTION: _make_caption,
    Generate.POST: _make_post,
    Generate.IMAGE: _make_image,
}
