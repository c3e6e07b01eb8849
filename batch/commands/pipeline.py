"""From checked posts to a plan: look at each site once, reconcile; the one way of plan, run and apply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal

from batch.commands.session import Environment, Session
from batch.errors import PostbatchError, StartError
from batch.media.files import read_media_facts
from batch.model import FORM, Channel, Content, Issue, Json, Medium, Plan, Post, Sheet, SitePlan, Snapshot, StepKind
from batch.plan.decisions import Options, names_of, place
from batch.plan.matching import ItemIndex
from batch.plan.reconcile import reconcile
from batch.plan.safety import check_blast_radius
from batch.plan.select import select
from batch.publisher.client import Client
from batch.rules.channels import ENDED
from batch.rules.check import check
from batch.rules.columns import CellReader, CheckContext
from batch.rules.media import MediaFacts, check_media
from batch.run.journal import Journal
from batch.run.record import Placed
from batch.run.site import read_site
from batch.sheets.read import read_sheet
from batch.workbooks.template import EXAMPLE_SKIPPED, find_examples, tell_examples


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from, besides the site: the sheet and how it is to be read. A saved plan keeps this."""

    __pydantic_config__: ClassVar[Json] = FORM
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
        now=session.environment.now(),
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


def width(environment: Environment) -> int:
    """Return the columns of the terminal, 100 where there is none."""
    import shutil

    return shutil.get_terminal_size((100, 24)).columns if environment.out.isatty() else 100


SITES_AT_ONCE = 64
"""A site mostly waits for its limit: at 200 calls a minute each, so many take about two thirds of one processor."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with what carrying it out needs: each site's steps with their places among all posts."""

    checked: Checked
    plan: Plan
    placed: Mapping[str, tuple[Placed, ...]]
    snapshots: Mapping[str, Snapshot]
    failed_sites: Mapping[str, str] = field(default_factory=dict)


def prepare(
    session: Session, checked: Checked, inputs: Inputs, *, planner: SitePlanner, allow: Iterable[str] = ()
) -> Prepared:
    """Look at every site that the sheet sends something to and make the plan; nothing is changed.

    Errors: SignInError, ConfigError, ServiceError where no site can be read; GuardError.
    """
    by_site: defaultdict[str, list[int]] = defaultdict(list)
    for position, post in enumerate(checked.posts):
        by_site[post.site].append(position)
    options = options_of(checked, inputs)
    parts = {site: [checked.posts[n] for n in positions] for site, positions in by_site.items()}
    plans, snapshots, failed = _plan_sites(parts, planner=planner, options=options, now=session.environment.now())
    for site, part in plans.items():
        if site in snapshots:
            check_blast_radius(part, snapshots[site], allowed=frozenset((*allow, *inputs.allow)))
    placed = {
        site: tuple(Placed(n, step) for n, step in zip(by_site[site], part.steps, strict=True))
        for site, part in plans.items()
    }
    sheet = checked.sheet
    plan = Plan(sheet.name, sheet.fingerprint, session.environment.now(), tuple(plans.values()), sheet.notices)
    return Prepared(checked, plan, placed, snapshots, failed)


SitePlanner = Callable[[str, Sequence[Post], Options], tuple[SitePlan, Snapshot | None]]
"""Looks at one site and plans its posts."""


def options_of(checked: Checked, inputs: Inputs) -> Options:
    """Return how the plan was asked for. Errors: StartError for a choice of rows that makes no sense."""
    skip = select(
        checked.posts,
        only=inputs.only,
        rows=inputs.rows,
        first=inputs.first,
        approved_only=inputs.approved_only,
    )
    skip |= {place(post): EXAMPLE_SKIPPED for post in checked.posts if post.row in checked.examples}
    return Options(again=frozenset(inputs.again), drafts_only=inputs.drafts_only, skip=skip)


def _plan_sites(
    parts: Mapping[str, Sequence[Post]], *, planner: SitePlanner, options: Options, now: datetime
) -> tuple[dict[str, SitePlan], dict[str, Snapshot], dict[str, str]]:
    """Plan all sites side by side. Where one of several can't be read, its posts are blocked and the others go on."""
    plans: dict[str, SitePlan] = {}
    snapshots: dict[str, Snapshot] = {}
    failed: dict[str, str] = {}
    wanted = {site for site, posts in parts.items() if any(not post.errors for post in posts)}
    with ThreadPoolExecutor(SITES_AT_ONCE, "site") as pool:
        waiting = {site: pool.submit(planner, site, posts, options) for site, posts in parts.items()}
        for site, future in waiting.items():
            try:
                plans[site], snapshot = future.result()
            except PostbatchError as error:
                failed[site] = str(error)
                if failed.keys() == wanted:
                    raise
                plans[site], snapshot = _unreadable_site(site, parts[site], str(error), now), None
            if snapshot is not None:
                snapshots[site] = snapshot
    return plans, snapshots, failed


def _unreadable_site(site: str, posts: Sequence[Post], why: str, now: datetime) -> SitePlan:
    """Block the posts of a site that could not be looked at; a row that is wrong says so all the same."""
    problem = Issue(None, "site", "site_unreadable", site, why)
    marked = [post if post.errors else replace(post, issues=(*post.issues, problem)) for post in posts]
    plan = reconcile(marked, Snapshot(site, now), now=now)
    steps = tuple(replace(step, kind=StepKind.BLOCKED) if step.code == problem.code else step for step in plan.steps)
    return replace(plan, steps=steps, notices=(*plan.notices, f"Site {site}: {why}"))


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
        environment = self._session.environment
        active = [post for post in posts if not post.errors and place(post) not in options.skip]
        if not active:
            return reconcile(posts, Snapshot(site, environment.now()), now=environment.now(), options=options), None
        client = self._session.client(site)
        with Journal(self._session.journal(site)) as journal:
            snapshot = read_site(
                client,
                journal,
                site=site,
                channels=_channels(active),
                now=environment.now,
                pause=environment.sleep,
                settle_seconds=self._session.settings.settle_seconds,
                say=self._session.say,
            )
            posts = self._generated(posts, active, client, journal, snapshot, options)
            known = journal.all_media()
        posts = [with_known_media(post, known) for post in posts]
        self.planned[site] = tuple(posts)
        return reconcile(posts, snapshot, now=environment.now(), options=options), snapshot

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
