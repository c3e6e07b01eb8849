"""What keeps a plan from doing harm or more than the site allows: quota, clock and blast radius; and what it costs.

A sheet that was sorted wrongly, or a wrong date filled down, looks like work; what it would do to what is scheduled is
counted before anything is sent. What a row does not name is never touched, so a row that vanishes cancels nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from batch.errors import GuardError
from batch.model import Act, Plan, SitePlan, Snapshot, Status, Step, StepKind
from batch.plan.decisions import PlanOptions, Refusal
from batch.wording import counted

MAX_SHARE_PERCENT = 30
FREELY: Mapping[tuple[Act, ...], int] = {(Act.CANCEL, Act.DELETE): 3, (Act.RESCHEDULE,): 10}
"""How many of what is scheduled may be touched in any case; beyond that it must be no more than MAX_SHARE_PERCENT."""

QUOTA_OF: Mapping[Act, str] = {Act.PUBLISH: "PUBLISH_POST", Act.SCHEDULE: "SCHEDULE_POST"}
"""The acts that spend quota, and which: publishing a scheduled post now counts as publishing, moving one as nothing."""

DOING: Mapping[str, str] = {"PUBLISH_POST": "publishing now", "SCHEDULE_POST": "scheduling"}
DATED = frozenset({Act.SCHEDULE, Act.RESCHEDULE})


def find_large_changes(
    sites: Iterable[tuple[SitePlan, Snapshot]], *, allowed: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """Return how many posts the plan cancels, deletes or reschedules, by the act, where that is much.

    It is much where one site, or all of them together, would lose or move more than their share. The numbers are those
    of all sites; an act of which no more than `allowed` are planned is not counted.
    """
    parts = [(plan.steps, sum(i.status == Status.SCHEDULED and not i.external for i in s.items)) for plan, s in sites]
    steps = tuple(step for part, _ in parts for step in part)
    totals = {act: sum(act in step.acts for step in steps) for acts in FREELY for act in acts}
    asked = {act for act, total in totals.items() if total > allowed.get(act, 0)}
    large: dict[str, int] = {}
    for part, count in [*parts, (steps, sum(count for _, count in parts))]:
        for acts, freely in FREELY.items():
            total = sum(act in step.acts for step in part for act in acts if act in asked)
            if total > freely and total * 100 > count * MAX_SHARE_PERCENT:
                large |= {str(act): totals[act] for act in acts if act in asked and totals[act]}
    return large


def refuse_large(large: Mapping[str, int]) -> None:
    """Refuse what is much and was not asked for. Errors: GuardError, which names the option and number for each act."""
    if large:
        what = " and ".join(f"{act} {number:,} {'post' if number == 1 else 'posts'}" for act, number in large.items())
        options = " ".join(f"--allow-{act} {number}" for act, number in large.items())
        raise GuardError(
            f"This would {what}: more than {MAX_SHARE_PERCENT} % of what is scheduled. Nothing was sent. "
            f"If you mean it, add {options}."
        )


MAX_MULTIPLIED = 500


def check_new_posts(plan: Plan, *, allowed: int | None) -> None:
    """Refuse a plan that makes more new posts than are allowed, on all its sites together. Errors: GuardError.

    Where nobody named a number (None), `MAX_MULTIPLIED` holds for posts whose row makes more than one for a channel, by
    its places or repeats: there one word too many makes hundreds of posts, while a long sheet is no slip.
    """
    new = [step for step in plan.steps if Act.CREATE in step.acts]
    if allowed is None:
        allowed = MAX_MULTIPLIED
        made = Counter((step.row, step.channel) for step in new)
        new = [step for step in new if made[step.row, step.channel] > 1]
    if len(new) <= allowed:
        return
    rows, places = len({step.row for step in new}), len({step.place for step in new if step.place})
    where = f" in {counted(places, 'place')}" if places else ""
    raise GuardError(
        f"This sheet would make {counted(len(new), 'new post')} from {counted(rows, 'row')}{where}, and a run makes "
        f"{allowed:,} at most. Nothing was sent. If you mean it, add --allow-new {len(new)}."
    )


def refused(step: Step, refusal: Refusal) -> Step:
    """Return the step as one that does nothing, with its reason."""
    kind, code, reason = refusal
    return replace(step, kind=kind, code=code, reason=reason, acts=(), changes=(), before=None)


def needs_of(steps: Iterable[Step]) -> dict[str, int]:
    """Count what the steps would spend of each quota action."""
    spent = [QUOTA_OF[act] for step in steps for act in step.acts if act in QUOTA_OF]
    return {action: count for action in QUOTA_OF.values() if (count := spent.count(action))}


def block_missing_features(steps: Sequence[Step], snapshot: Snapshot) -> list[Step]:
    """Block what the site's plan has not got."""
    off = {name for name, quota in snapshot.quotas.items() if not quota.enabled}
    off |= {name for name, enabled in snapshot.features.items() if not enabled}
    missing = off.intersection(QUOTA_OF.values())
    kept = list(steps)
    for place, step in enumerate(kept):
        for action in [QUOTA_OF[act] for act in step.acts if QUOTA_OF.get(act) in missing]:
            reason = (
                f"This site's plan does not include {DOING[action]} ({action}). Upgrade the plan, "
                "or write `draft` as its action and finish it on the site."
            )
            kept[place] = refused(step, Refusal(StepKind.BLOCKED, "not_in_plan", reason))
    return kept


def refusal_of(step: Step) -> str:
    """Return the fingerprint of what a step would send: it changes with the row."""
    c = step.content
    media = [medium.identity or medium.source or medium.url for medium in c.media]
    texts = (c.text, c.title, c.link, c.call_to_action, c.privacy, *media)
    sent = (step.channel, step.type, step.account_id, c.target_id, str(step.at or ""), *texts)
    return sha256("\x1e".join(sent).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def block_refused(
    steps: Sequence[Step], snapshot: Snapshot, *, again: Callable[[int], bool] = lambda _place: False
) -> list[Step]:
    """Refuse what the service has refused of a post itself in two runs, where the row has not changed since.

    Once is not enough: a 428 may be about quota, or pass by itself. It is sent again once the row changes, where
    `again` says so of its place, or where the refusal may have been about the site's quota: unless Get Features says
    that the action is included and not used up, nobody can tell.
    """
    kept = list(steps)
    for place, step in enumerate(kept):
        if step.reference not in snapshot.refusals:
            continue
        fingerprint, _, code = snapshot.refusals[step.reference].partition(" ")
        quota = snapshot.quotas.get(next((QUOTA_OF[act] for act in step.acts if act in QUOTA_OF), ""))
        free = quota is not None and quota.enabled and (quota.left is None or quota.left > 0)
        if fingerprint == refusal_of(step) and free and not again(place):
            reason = (
                f"The service refused this post twice ({code}), and its row hasn't changed since. Change its text or "
                f"media, or run with `--again {step.key}` to send it as it is."
            )
            kept[place] = refused(step, Refusal(StepKind.FAILED, "refused_before", reason))
    return kept


def block_over_quota(steps: Sequence[Step], snapshot: Snapshot) -> list[Step]:
    """Block what is more than the quota leaves, the soonest posts first; publishing now is in the sheet's order."""
    kept = list(steps)
    for act, action in QUOTA_OF.items():
        quota = snapshot.quotas.get(action)
        if quota is None or quota.left is None:
            continue
        places = [place for place, step in enumerate(kept) if act in step.acts]
        places.sort(key=lambda place: kept[place].at or datetime.min.replace(tzinfo=UTC))
        period = f" this {quota.period.lower()}" if quota.period else ""
        of = f" of {quota.limit}" if quota.limit is not None else ""
        needed = "1 is needed" if len(places) == 1 else f"{len(places)} are needed"
        reason = (
            f"The site's plan has {max(quota.left, 0)}{of} posts left for {DOING[action]}{period}, and {needed}. The "
            "earliest go first. Run again when the next period begins, or upgrade the plan."
        )
        for place in places[max(quota.left, 0) :]:
            kept[place] = refused(kept[place], Refusal(StepKind.BLOCKED, "quota", reason))
    return kept


def check_clock(
    steps: Sequence[Step], snapshot: Snapshot, *, options: PlanOptions
) -> tuple[list[Step], tuple[str, ...]]:
    """Compare this machine's clock with the service's, where that is known.

    Return the steps, those that set a date blocked where the clock can't be trusted, and what has to be said of it.
    """
    skew = (snapshot.read_at - snapshot.server_at).total_seconds() if snapshot.server_at else 0.0
    amount = abs(skew)
    shown = f"{amount / 60:.0f} min" if amount >= 120 else f"{amount:.0f} s"
    differs = f"This machine's clock is {shown} {'ahead of' if skew > 0 else 'behind'} the service's"
    notices = (f"{differs}. Set it right, so that dates mean the same.",)
    reason = f"{differs}, so no date is set. Set the clock right and run again."
    wrong = Refusal(StepKind.BLOCKED, "clock", reason)
    stopped = DATED if amount > options.clock_stop_seconds else ()
    checked = [refused(step, wrong) if stopped and stopped.intersection(step.acts) else step for step in steps]
    return checked, notices if amount > options.clock_warn_seconds else ()


BULK_PART = 50
"""Posts in one bulk call."""
BULK_MORE_THAN = 10
"""By the way `auto` more posts than this are sent in bulk; fewer gain too little by it."""
BULK_AHEAD = timedelta(hours=1)
"""By the way `auto` what goes out sooner than this is never sent in bulk: there has to be time to look, and to act."""

CALLS_PER_MEDIUM = 2
"""Bringing one medium into the Media Manager: one call to send it, and usually one to see that it is ready."""


def sent_in_bulk(steps: Sequence[Step], *, via: str, now: datetime, more_than: int = BULK_MORE_THAN) -> frozenset[int]:
    """Return the places of the steps for bulk calls: new, dated, replacing none; by `auto` beyond `BULK_AHEAD`."""
    ahead = {"bulk": timedelta(0), "auto": BULK_AHEAD}.get(via)
    if ahead is None:
        return frozenset()
    places = frozenset(
        place
        for place, step in enumerate(steps)
        if {Act.CREATE, Act.SCHEDULE}.issubset(step.acts) and not step.duplicates and step.at and step.at - now > ahead
    )
    return places if via == "bulk" or len(places) > more_than else frozenset()


class Cost(NamedTuple):
    """Calls of all sites together, and the seconds of the site that takes longest: sites run side by side."""

    calls: int
    seconds: float


def cost_of(sites: Iterable[SitePlan], *, now: datetime, calls_per_minute: float, via: str = "") -> Cost:
    """Return what sending costs by each site's own way, or by the way `via` where that is given."""
    counts = [count_calls(site.steps, via=via or site.via or "auto", now=now) for site in sites]
    return Cost(sum(counts), max(counts, default=0) * 60 / calls_per_minute)


def count_calls(steps: Sequence[Step], *, via: str, now: datetime) -> int:
    """Count the changing calls of one site's steps; a medium goes up once."""
    in_bulk = sent_in_bulk(steps, via=via, now=now)
    calls = math.ceil(len(in_bulk) / BULK_PART)
    media: set[str] = set()
    for place, step in enumerate(steps):
        if Act.UPLOAD in step.acts:
            media |= {medium.identity or medium.source for medium in step.content.media if not medium.url}
        single_call = via == "publish" and {Act.CREATE, Act.SCHEDULE}.issubset(step.acts) and not step.duplicates
        calls += len(step.acts) - step.acts.count(Act.UPLOAD) - 2 * (place in in_bulk) - single_call
    return calls + len(media) * CALLS_PER_MEDIUM


def shown_duration(seconds: float) -> str:
    """Return a duration as a person says it: `about 20 s`, `about 10 min`, `about 2 h 5 min`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 90:
        return f"about {math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {minutes % 60} min"
