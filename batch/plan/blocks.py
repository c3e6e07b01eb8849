"""Takes out of a plan what the site does not allow now: a plan without the action, a quota that is used up, a clock
that is off. Each action is counted by itself; a step that is taken out says why and is done by a later run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from batch.model import Act, Quota, Snapshot, Step, StepKind
from batch.plan.options import Options

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
