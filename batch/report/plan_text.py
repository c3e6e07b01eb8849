"""A plan as people read it before they say yes: by site and channel, each step with its reason and what would change.

Steps that change nothing and need nobody are counted, not listed. It must never say less of a problem than of a
success: each group shows its problems first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from batch.model import Act, Change, Medium, Plan, Quota, SitePlan, Step, StepKind
from batch.plan.safety import costs_of, shown_duration
from batch.report.layout import Column, Line, Paper, Styled

SHOWN_OF_A_KIND = 10
"""How many steps of one kind are listed for each channel and account."""

SHOWN_OF_A_PROBLEM = 3
"""How many steps with one problem are listed; every kind of problem is."""

SHOWN_LETTERS = 60
"""How much of an old or new value is shown: the letters around the first difference."""

PROBLEMS = (StepKind.INVALID, StepKind.CONFLICT, StepKind.FAILED, StepKind.BLOCKED)

STEP_STYLES: Mapping[StepKind, str] = {
    StepKind.DRAFT: "cyan",
    StepKind.SCHEDULE: "green",
    StepKind.PUBLISH: "bold green",
    StepKind.RESCHEDULE: "blue",
    StepKind.UPDATE: "blue",
    StepKind.CANCEL: "yellow",
    StepKind.DELETE: "yellow",
    StepKind.UNCHANGED: "dim",
    StepKind.WAIT: "dim",
    StepKind.SKIP: "dim",
    StepKind.INVALID: "red",
    StepKind.BLOCKED: "yellow",
    StepKind.CONFLICT: "magenta",
    StepKind.FAILED: "red",
}

TOTALS: Mapping[StepKind, str] = {
    StepKind.PUBLISH: "published now",
    StepKind.CANCEL: "cancelled",
    StepKind.DELETE: "deleted",
    StepKind.RESCHEDULE: "rescheduled",
    StepKind.UPDATE: "updated",
    StepKind.SCHEDULE: "scheduled",
    StepKind.DRAFT: "drafted",
}
"""What a step's post will be, in the order in which people want to know it: what can't be taken back comes first."""

RESTS: Mapping[StepKind, str] = {
    StepKind.UNCHANGED: "unchanged",
    StepKind.WAIT: "in process",
    StepKind.SKIP: "skipped",
    StepKind.INVALID: "invalid",
    StepKind.BLOCKED: "blocked",
    StepKind.CONFLICT: "in conflict",
    StepKind.FAILED: "failed before",
}

_WORDS = {**TOTALS, **RESTS}
_ORDER = {kind: place for place, kind in enumerate(dict.fromkeys((*PROBLEMS, *TOTALS, *RESTS)))}
_COLUMNS = (Column("Row", right=True), Column("Key", most=24), Column("Step"), Column("Why", share=1))


QUOTA_NAMES: Mapping[str, str] = {"PUBLISH_POST": "Publishing now", "SCHEDULE_POST": "Scheduling"}
SHOWN_MEDIA = 8
"""Media listed one by one before the rest is only counted."""


def write_plan(paper: Paper, plan: Plan, *, calls_per_minute: float, verbose: bool) -> None:
    """Write the whole plan, its sum last, where the question comes."""
    for site in plan.sites:
        _write_site(paper, site, several=len(plan.sites) > 1, verbose=verbose)
    paper.line(Styled("In all", "bold"))
    for line in _sum_lines(plan):
        paper.line(line, indent=2)
    _write_uploads(paper, plan, verbose=verbose)
    for site in plan.sites:
        _write_quotas(paper, site, several=len(plan.sites) > 1)
    _write_calls(paper, plan, calls_per_minute=calls_per_minute)
    for notice in dict.fromkeys((*plan.notices, *(n for site in plan.sites for n in site.notices))):
        paper.line(Styled(f"Note: {notice}", "yellow"), indent=2)


def _write_site(paper: Paper, site: SitePlan, *, several: bool, verbose: bool) -> None:
    for (channel, account), steps in _groups(site.steps).items():
        where = " · ".join(
            part for part in ((site.site or "No site") if several else "", channel or "No channel", account) if part
        )
        paper.line(Styled(where, "bold"))
        _write_group(paper, steps, verbose=verbose)
        paper.line()


def _groups(steps: Sequence[Step]) -> dict[tuple[str, str], list[Step]]:
    groups: defaultdict[tuple[str, str], list[Step]] = defaultdict(list)
    for step in steps:
        groups[step.channel, step.account_name or step.account].append(step)
    return dict(sorted(groups.items()))


def _write_group(paper: Paper, steps: Sequence[Step], *, verbose: bool) -> None:
    """Write the steps of one channel and account: problems first, then what can't be taken back, then the rest."""
    listed = [step for step in steps if verbose or step.acts or step.kind in PROBLEMS or step.warnings]
    alike: defaultdict[tuple[StepKind, str], list[Step]] = defaultdict(list)
    for step in sorted(listed, key=lambda step: _ORDER[step.kind]):
        alike[step.kind, step.code].append(step)
    most = {kind: None if verbose else _most_of(kind[0]) for kind in alike}
    paper.table(_COLUMNS, (_step_row(step) for kind, some in alike.items() for step in some[: most[kind]]))
    for kind, some in alike.items():
        if more := len(some[len(some[: most[kind]]) :]):
            paper.line(Styled(f"... and {more:,} more {_WORDS[kind[0]]}; --verbose shows all", "dim"), indent=2)
    if counts := Counter(step.kind for step in steps) - Counter(step.kind for step in listed):
        said = ", ".join(f"{count:,} {RESTS[kind]}" for kind, count in counts.items())
        paper.line(Styled(said, "dim"), indent=2)


def _most_of(kind: StepKind) -> int:
    return SHOWN_OF_A_PROBLEM if kind in PROBLEMS else SHOWN_OF_A_KIND


def _step_row(step: Step) -> Sequence[Line]:
    why: list[Styled] = [Styled(step.reason)]
    why += [piece for change in step.changes for piece in _change_line(change)]
    why += [Styled(f"\nWarning: {warning}", "yellow") for warning in step.warnings]
    if step.generated:
        why.append(Styled(f"\nGenerated: {shortened(step.content.text, SHOWN_LETTERS * 2)}", "cyan"))
    return str(step.row), step.key, Styled(step.kind, STEP_STYLES[step.kind]), why


def _change_line(change: Change) -> Iterator[Styled]:
    old, new = around_difference(change.old, change.new)
    yield Styled(f"\n{change.field}: ", "dim")
    yield Styled(old or "(blank)", "red")
    yield Styled(" → ")
    yield Styled(new or "(blank)", "green")


def around_difference(old: str, new: str, *, letters: int = SHOWN_LETTERS) -> tuple[str, str]:
    """Return two values shortened to where they begin to differ, on one line each."""
    old, new = (value.replace("\n", " ⏎ ") for value in (old, new))
    start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, start - letters // 3) if max(len(old), len(new)) > letters else 0
    lead = "…" if start else ""
    return lead + shortened(old[start:], letters), lead + shortened(new[start:], letters)


def shortened(text: str, letters: int) -> str:
    """Return a text on one line, cut off where it is too long."""
    text = text.replace("\n", " ⏎ ")
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def _sum_lines(plan: Plan) -> Iterator[Line]:
    counts = Counter(step.kind for step in plan.steps)
    doing = [Styled(f"{counts[kind]:,} {word}", STEP_STYLES[kind]) for kind, word in TOTALS.items() if counts[kind]]
    resting = [Styled(f"{counts[kind]:,} {word}", STEP_STYLES[kind]) for kind, word in RESTS.items() if counts[kind]]
    yield [Styled("To be done: "), *_joined(doing)] if doing else "Nothing to be done."
    if resting:
        yield [Styled("Otherwise: "), *_joined(resting)]


def _joined(parts: Sequence[Styled]) -> list[Styled]:
    return [piece for part in parts for piece in (Styled(", "), part)][1:]


def _write_uploads(paper: Paper, plan: Plan, *, verbose: bool) -> None:
    """Tell which media go up, each once a site, how large they are, and for which rows."""
    rows: dict[tuple[str, str], tuple[Medium, list[int]]] = {}
    for step in plan.steps:
        for medium in step.content.media if Act.UPLOAD in step.acts else ():
            if not medium.url:
                key = (step.site, medium.identity or medium.source)
                rows.setdefault(key, (medium, []))[1].append(step.row)
    if not rows:
        return
    sizes = [medium.size_bytes for medium, _ in rows.values() if medium.size_bytes is not None]
    files = f"{_counted(len(sizes), 'file')} ({shown_size(sum(sizes))}) to be uploaded" if sizes else ""
    fetched = len(rows) - len(sizes)
    addresses = f"{_counted(fetched, 'address', 'addresses')} to be fetched by the Media Manager" if fetched else ""
    paper.line("Media: " + ", ".join(part for part in (files, addresses) if part), indent=2)
    listed = list(rows.items())
    for (site, _), (medium, numbers) in listed if verbose else listed[:SHOWN_MEDIA]:
        size = f", {shown_size(medium.size_bytes)}" if medium.size_bytes is not None else ""
        where = f"{site}: " if len(plan.sites) > 1 else ""
        paper.line(f"{where}{shortened(medium.source, SHOWN_LETTERS)}{size}, {_rows(numbers)}", indent=4)
    if not verbose and len(listed) > SHOWN_MEDIA:
        paper.line(f"and {len(listed) - SHOWN_MEDIA} more (--verbose lists them)", indent=4)


def _rows(numbers: Sequence[int]) -> str:
    own = list(dict.fromkeys(numbers))
    more = f" and {len(own) - SHOWN_MEDIA:,} more" if len(own) > SHOWN_MEDIA else ""
    return f"row{'s' if len(own) > 1 else ''} {', '.join(map(str, own[:SHOWN_MEDIA]))}{more}"


def _counted(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def shown_size(size_bytes: int) -> str:
    """Return a size as a person says it: `58 KB`, `3.4 MB`."""
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 1e6 else f"{max(1, round(size_bytes / 1e3))} KB"


def _write_quotas(paper: Paper, site: SitePlan, *, several: bool) -> None:
    for action, needed in site.needs.items():
        quota = site.quotas.get(action)
        where = f"{site.site}: " if several else ""
        paper.line(f"{where}{QUOTA_NAMES.get(action, action)}: {needed:,} needed, {left_of(quota)}", indent=2)


def left_of(quota: Quota | None) -> str:
    """Say what is left of a quota."""
    if quota is None or quota.left is None:
        return "not metered"
    of = f" of {quota.limit:,}" if quota.limit is not None else ""
    period = f" this {quota.period.lower()}" if quota.period else ""
    return f"{quota.left:,}{of} left{period}"


def _write_calls(paper: Paper, plan: Plan, *, calls_per_minute: float) -> None:
    """Write how many calls each way of sending takes, the ways that save nothing left out."""
    costs = costs_of(plan.sites, calls_per_minute=calls_per_minute)
    if not costs[0].calls:
        return
    own, *others = costs
    calls = "1 call" if own.calls == 1 else f"{own.calls:,} calls"
    said = f"{calls}, {shown_duration(own.seconds)} at {calls_per_minute:g} calls a minute"
    better = [f"`--via {e.via}`: {e.calls:,}, {shown_duration(e.seconds)}" for e in others if e.calls < own.calls]
    paper.line(f"{said}{' (' + '; '.join(better) + ')' if better else ''}", indent=2)
