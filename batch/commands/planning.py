"""Look at one site and plan its posts, with what the journal remembers and what the service generates for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from batch.commands.reading import Checked, Inputs
from batch.commands.session import Session
from batch.model import Channel, Content, Medium, Post, SitePlan, Snapshot
from batch.plan.find import ItemIndex
from batch.plan.options import Options, names_of, place
from batch.plan.reconcile import reconcile
from batch.publisher.client import Client
from batch.rules.channels import ENDED
from batch.run.journal import Journal
from batch.run.site import read_site

OPEN = frozenset({"DRAFT", "SCHEDULED"})
"""States in which a post's content can still be changed; a post that is there keeps its content unless asked anew."""


class Planner:
    """Plans the posts of one site; safe to call from several threads, each for another site.

    `planned` holds the posts of each site as they were planned, generated content and known media included. With
    `generate` False nothing is asked to be generated: the posts have their content already.
    """

    def __init__(
        self, session: Session, *, media_folder: Path, regenerate: bool = False, generate: bool = True
    ) -> None:
        self.planned: dict[str, tuple[Post, ...]] = {}
        self._session = session
        self._media_folder = media_folder
        self._regenerate = regenerate
        self._generate = generate

    def __call__(self, site: str, posts: Sequence[Post], options: Options) -> tuple[SitePlan, Snapshot | None]:
        """Return the site's plan, and what was read of it (None where there was nothing to ask)."""
        world = self._session.world
        active = [post for post in posts if not post.errors and place(post) not in options.skip]
        if not active:
            return reconcile(posts, Snapshot(site, world.now()), now=world.now(), options=options), None
        client = self._session.client(site)
        with Journal(self._session.journal(site)) as journal:
            snapshot = read_site(
                client,
                journal,
                site=site,
                channels=_channels(active),
                now=world.now,
                pause=world.sleep,
                settle_seconds=self._session.settings.settle_seconds,
                say=self._session.say,
            )
            posts = self._generated(posts, active, client, journal, snapshot, options)
            known = journal.all_media()
        posts = [with_known_media(post, known) for post in posts]
        self.planned[site] = tuple(posts)
        return reconcile(posts, snapshot, now=world.now(), options=options), snapshot

    def _generated(
        self,
        posts: Sequence[Post],
        active: Sequence[Post],
        client: Client,
        journal: Journal,
        snapshot: Snapshot,
        options: Options,
    ) -> Sequence[Post]:
        if not self._generate or not any(post.generation for post in active):
            return posts
        from batch.run.generation import generate_posts

        index = ItemIndex(snapshot.items)
        running = {place(post) for post in active}

        def needed(post: Post) -> bool:
            item = index.find(post).item
            if item is None or names_of(post) & options.again:
                return place(post) in running
            return self._regenerate and place(post) in running and item.status in OPEN

        return generate_posts(
            posts,
            client,
            journal,
            accounts=snapshot.accounts,
            regenerate=self._regenerate,
            needed=needed,
            folder=self._media_folder,
            features=snapshot.features,
            say=self._session.say,
        )


def _channels(posts: Sequence[Post]) -> list[Channel]:
    """Return the channels to ask about: those of the rows, or all where a row only names a post by its key or ID."""
    if any(post.channel is None for post in posts):
        return [channel for channel in Channel if channel not in ENDED]
    return sorted({post.channel for post in posts if post.channel is not None})


def with_known_media(post: Post, known: dict[str, str]) -> Post:
    """Return the post with the addresses of the media that are in the Media Manager already."""
    there = post.content.media
    media = tuple(_known(medium, known) for medium in there) if there and known else there
    if media == there:
        return post
    content: Content = replace(post.content, media=media)
    return replace(post, content=content)


def _known(medium: Medium, known: dict[str, str]) -> Medium:
    url = known.get(medium.identity, "") if not medium.url and medium.identity else ""
    return replace(medium, url=url) if url else medium


def planner_for(session: Session, checked: Checked, inputs: Inputs) -> Planner:
    """Return the planner of a sheet."""
    return Planner(session, media_folder=checked.media_folder, regenerate=inputs.regenerate)
