"""From checked posts to a plan: look at each site once, reconcile; the one way of plan, run and apply."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime

from batch.commands.reading import Checked, Inputs
from batch.commands.session import Session
from batch.errors import PostbatchError
from batch.model import Issue, Plan, Post, SitePlan, Snapshot, StepKind
from batch.plan.guard import check_blast_radius
from batch.plan.options import Options, place
from batch.plan.reconcile import reconcile
from batch.plan.select import select
from batch.run.record import Placed
from batch.sheet.examples import EXAMPLE_SKIPPED

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
    plans, snapshots, failed = _plan_sites(parts, planner=planner, options=options, now=session.world.now())
    for site, part in plans.items():
        if site in snapshots:
            check_blast_radius(part, snapshots[site], allowed=frozenset((*allow, *inputs.allow)))
    placed = {
        site: tuple(Placed(n, step) for n, step in zip(by_site[site], part.steps, strict=True))
        for site, part in plans.items()
    }
    sheet = checked.sheet
    plan = Plan(sheet.name, sheet.fingerprint, session.world.now(), tuple(plans.values()), sheet.notices)
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
