"""Stops a plan that withdraws or moves more than a sheet should without being asked by name.

A sheet that was sorted wrongly, or a wrong date filled down, looks like work; what it would do to what is scheduled is
counted before anything is sent. What a row does not name is never touched, so a row that vanishes cancels nothing.
"""

from __future__ import annotations

from typing import NamedTuple

from batch.errors import GuardError
from batch.model import Act, SitePlan, Snapshot, Status

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
