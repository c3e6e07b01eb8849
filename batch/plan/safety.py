"""Stops a plan that withdraws or moves more than a sheet should without being asked by name.

A sheet that was sorted wrongly, or a wrong date filled down, looks like work; what it would do to what is scheduled is
counted before anything is sent. What a row does not name is never touched, so a row that vanishes cancels nothing.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

from batch.errors import GuardError
from batch.model import Act, Quota, SitePlan, Snapshot, Status, Step, StepKind
from batch.plan.decisions import Options

MAX_SHARE_PERCENT = 30


class Limit(NamedTuple):
    """How many of what is scheduled may be touched without a flag: up to `at_ease`, or up to MAX_SHARE_PERCENT."""

    acts: tuple[Act, ...]
    at_ease: int
    verb: str


LIMITS = (
    Limit((Act.CANCEL, Act.DELETE), 3, "cancel or delete"),
    Limit((Act.RESCHEDULE,), 10, "reschedule"),
)


def check_blast_radius(plan: SitePlan, snapshot: Snapshot, *, allowed: frozenset[str] = frozenset()) -> None:
    """Refuse a plan that touches too much; `allowed` holds the acts (`cancel`, `delete`, `reschedule`) asked by name.

    Errors: GuardError, which names the flag for each act.
    """
    scheduled = sum(item.status == Status.SCHEDULED and not item.external for item in snapshot.items)
    for limit in LIMITS:
        counts = {act: _count(plan, act) for act in limit.acts if act not in allowed}
        total = sum(counts.values())
        if total > limit.at_ease and total * 100 > scheduled * MAX_SHARE_PERCENT:
            raise GuardError(_refusal(plan.site, limit, counts, total=total, scheduled=scheduled))


def _count(plan: SitePlan, act: Act) -> int:
    return sum(act in step.acts for step in plan.steps)


def _refusal(site: str, limit: Limit, counts: dict[Act, int], *, total: int, scheduled: int) -> str:
    flags = " and ".join(f"`--allow-{act}`" for act, count in counts.items() if count)
    where = f" on the site {site}" if site else ""
    return (
        f"This sheet would {limit.verb} {total} posts{where}, where {scheduled} are scheduled: more than "
        f"{MAX_SHARE_PERCENT} % of them. Nothing was sent. If that is meant, add {flags}."
    )


QUOTA_OF: Mapping[Act, str] = {Act.PUBLISH: "PUBLISH_POST", Act.SCHEDULE: "SCHEDULE_POST"}
"""The acts that spend quota, and which: publishing a scheduled post now counts as publishing, moving one as nothing."""

DOING: Mapping[str, str] = {"PUBLISH_POST": "publishing now", "SCHEDULE_POST": "scheduling"}
DATED = frozenset({Act.SCHEDULE, Act.RESCHEDULE})


def needs_of(steps: Iterable[Step]) -> dict[str, int]:
    """Count what the steps would spend of each quota action."""
    needs = dict.fromkeys(QUOTA_OF.values(), 0)
    for step in steps:
        for act in step.acts:
            if act in QUOTA_OF:
                needs[QUOTA_OF[act]] += 1
    return {action: count for action, count in needs.items() if count}


def refused(step: Step, kind: StepKind, code: str, reason: str) -> Step:
    """Return the step as one that does nothing, with its reason."""
    return replace(step, kind=kind, code=code, reason=reason, acts=(), changes=(), before=None)


def block_missing_features(steps: Sequence[Step], snapshot: Snapshot) -> list[Step]:
    """Block what the site's plan has not got."""
    missing = {action for action in QUOTA_OF.values() if not _has(snapshot, action)}
    if not missing:
        return list(steps)
    return [_without_feature(step, missing) for step in steps]


def _has(snapshot: Snapshot, action: str) -> bool:
    quota = snapshot.quotas.get(action)
    return snapshot.features.get(action, True) and (quota is None or quota.enabled)


def _without_feature(step: Step, missing: set[str]) -> Step:
    action = next((QUOTA_OF[act] for act in step.acts if QUOTA_OF.get(act) in missing), None)
    if action is None:
        return step
    reason = (
        f"This site's plan does not include {DOING[action]} ({action}). Upgrade the plan, "
        "or write `draft` as its action and finish it on the site."
    )
    return refused(step, StepKind.BLOCKED, "not_in_plan", reason)


def block_over_quota(steps: Sequence[Step], snapshot: Snapshot) -> list[Step]:
    """Block what is more than the quota leaves, the soonest posts first; publishing now is in the sheet's order."""
    kept = list(steps)
    for act, action in QUOTA_OF.items():
        quota = snapshot.quotas.get(action)
        if quota is None or quota.left is None:
            continue
        places = [place for place, step in enumerate(kept) if act in step.acts]
        places.sort(key=lambda place: kept[place].at or datetime.min.replace(tzinfo=UTC))
        for place in places[max(quota.left, 0) :]:
            kept[place] = _over_quota(kept[place], quota, len(places))
    return kept


def _over_quota(step: Step, quota: Quota, needed: int) -> Step:
    period = f" for this {quota.period.lower()}" if quota.period else ""
    of = f" of {quota.limit}" if quota.limit is not None else ""
    reason = (
        f"The quota for {DOING[quota.action]} ({quota.action}) leaves {max(quota.left or 0, 0)}{of}{period}, and "
        f"{'1 post needs' if needed == 1 else f'{needed} posts need'} it; the soonest go first. Run again when the "
        "period begins anew, or upgrade the plan."
    )
    return refused(step, StepKind.BLOCKED, "quota", reason)


def clock_skew_seconds(snapshot: Snapshot) -> float:
    """Return by how much this machine's clock is ahead of the service's; 0 where that is not known."""
    if snapshot.server_at is None:
        return 0
    return (snapshot.read_at - snapshot.server_at).total_seconds()


def clock_notices(snapshot: Snapshot, *, options: Options) -> tuple[str, ...]:
    """Say that the clocks differ, where they do."""
    skew = clock_skew_seconds(snapshot)
    if abs(skew) <= options.clock_warn_seconds:
        return ()
    return (f"This machine's clock is {_skew_words(skew)} the service's. Set it right, so that dates mean the same.",)


def block_wrong_clock(steps: Sequence[Step], snapshot: Snapshot, *, options: Options) -> list[Step]:
    """Block everything that sets a date where this machine's clock can't be trusted."""
    skew = clock_skew_seconds(snapshot)
    if abs(skew) <= options.clock_stop_seconds:
        return list(steps)
    reason = (
        f"This machine's clock is {_skew_words(skew)} the service's, so no date is set. "
        "Set the clock right and run again."
    )
    return [
        refused(step, StepKind.BLOCKED, "clock", reason) if DATED.intersection(step.acts) else step for step in steps
    ]


def _skew_words(skew_seconds: float) -> str:
    amount = abs(skew_seconds)
    shown = f"{amount / 60:.0f} min" if amount >= 120 else f"{amount:.0f} s"
    return f"{shown} {'ahead of' if skew_seconds > 0 else 'behind'}"


BULK_PART = 50
"""Posts in one bulk call."""

CALLS_PER_MEDIUM = 2
"""Bringing one medium into the Media Manager: one call to send it, and usually one to see that it is ready."""

VIAS = ("draft", "publish", "bulk")


class Estimate(NamedTuple):
    """Calls of all sites together, and the seconds of the site that takes longest: sites run side by side."""

    via: str
    calls: int
    seconds: float


class _Tally(NamedTuple):
    """What one site's steps come to: single calls, calls for media, and new posts with a date."""

    single: int
    media: int
    new_scheduled: int


def estimate_all(sites: Iterable[SitePlan], *, calls_per_minute: float) -> tuple[Estimate, ...]:
    """Return the estimate for each way of sending."""
    tallies = [_estimate_count(site.steps) for site in sites]
    calls = {via: [_calls(tally, via=via) for tally in tallies] for via in VIAS}
    return tuple(
        Estimate(via, sum(counts), max(counts, default=0) * 60 / calls_per_minute) for via, counts in calls.items()
    )


def count_calls(steps: Iterable[Step], *, via: str) -> int:
    """Count the changing calls of one site's steps. Only new posts with a date have a quicker way than two calls."""
    return _calls(_estimate_count(steps), via=via)


def _estimate_count(steps: Iterable[Step]) -> _Tally:
    rows_of_acts: Counter[tuple[Act, ...]] = Counter()
    media: set[str] = set()
    for step in steps:
        rows_of_acts[step.acts] += 1
        if Act.UPLOAD in step.acts:
            media |= {medium.identity or medium.source for medium in step.content.media if not medium.url}
    acts = sum(len(row) * count for row, count in rows_of_acts.items())
    uploads = sum(row.count(Act.UPLOAD) * count for row, count in rows_of_acts.items())
    new = sum(count for row, count in rows_of_acts.items() if Act.CREATE in row and Act.SCHEDULE in row)
    return _Tally(acts - uploads - 2 * new, len(media) * CALLS_PER_MEDIUM, new)


def _calls(tally: _Tally, *, via: str) -> int:
    return tally.single + tally.media + _scheduling_calls(tally.new_scheduled, via=via)


def _scheduling_calls(posts: int, *, via: str) -> int:
    if via == "bulk":
        return math.ceil(posts / BULK_PART)
    return posts if via == "publish" else posts * 2


def shown_duration(seconds: float) -> str:
    """Return a duration as a person says it: `about 20 s`, `about 10 min`, `about 2 h 5 min`."""
    if seconds < 1:
        return "a moment"
    if seconds < 90:
        return f"about {math.ceil(seconds)} s"
    minutes = math.ceil(seconds / 60)
    if minutes < 90:
        return f"about {minutes} min"
    return f"about {minutes // 60} h {minutes % 60} min"
