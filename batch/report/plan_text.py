"""A plan as people read it before they say yes: by site and channel, each step with its reason and what would change.

Steps that change nothing and need nobody are counted, not listed. It must never say less of a problem than of a
success: each group shows its problems first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from batch.model import Act, Action, Medium, Plan, Step, StepKind
from batch.plan.safety import cost_of, shown_duration
from batch.report.layout import Column, Line, Styled, TerminalText, joined
from batch.wording import QUOTA_NAMES, counted, list_rows, quota_left

SHOWN_OF_A_KIND = 10
"""How many steps of one kind are listed for each channel and account."""

SHOWN_OF_A_PROBLEM = 3
"""How many steps with one problem are listed; every kind of problem is."""

SHOWN_MEDIA = 8
"""Media listed one by one before the rest is only counted."""

SHOWN_LETTERS = 60
"""How much of an old or new value is shown: the letters around the first difference."""

PROBLEMS = (StepKind.INVALID, StepKind.CONFLICT, StepKind.FAILED, StepKind.BLOCKED)

STEP_COLORS: Mapping[StepKind, str] = {
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

DONE_WORDS: Mapping[StepKind, str] = {
    StepKind.PUBLISH: "published now",
    StepKind.CANCEL: "cancelled",
    StepKind.DELETE: "deleted",
    StepKind.RESCHEDULE: "rescheduled",
    StepKind.UPDATE: "updated",
    StepKind.SCHEDULE: "scheduled",
    StepKind.DRAFT: "drafted",
}
"""What a step's post will be, in the order in which people want to know it: what can't be taken back comes first."""

REST_WORDS: Mapping[StepKind, str] = {
    StepKind.UNCHANGED: "unchanged",
    StepKind.WAIT: "in process",
    StepKind.SKIP: "skipped",
    StepKind.INVALID: "invalid",
    StepKind.BLOCKED: "blocked",
    StepKind.CONFLICT: "in conflict",
    StepKind.FAILED: "failed before",
}

WORDS = {**DONE_WORDS, **REST_WORDS}
ORDER = {kind: place for place, kind in enumerate(dict.fromkeys((*PROBLEMS, *WORDS)))}
COLUMNS = (Column("Row", right=True), Column("Key", max_width=24), Column("Step"), Column("Why", share=1))


def plan_text(
    plan: Plan, *, calls_per_minute: float = 180, width: int = 80, color: bool = False, verbose: bool = False
) -> str:
    """Say what would be done and why, by site and channel, what it costs and how long it takes; the sum comes last."""
    text = TerminalText(width=width, color=color)
    PlanWriter(text, plan, verbose=verbose).write(calls_per_minute)
    return text.text()


class PlanWriter:
    """Writes one plan; with `verbose` nothing is shortened."""

    def __init__(self, text: TerminalText, plan: Plan, *, verbose: bool) -> None:
        self.text, self.plan, self.verbose = text, plan, verbose
        self.several = len(plan.sites) > 1

    def write(self, calls_per_minute: float) -> None:
        """Write the steps by site, channel and account, then the sum."""
        for site in self.plan.sites:
            groups: defaultdict[tuple[str, str], list[Step]] = defaultdict(list)
            for step in site.steps:
                groups[step.channel, step.account_name or step.account].append(step)
            for (channel, account), steps in sorted(groups.items()):
                parts = ((site.site or "No site") if self.several else "", channel or "No channel", account)
                self.text.line(Styled(" · ".join(filter(None, parts)), "bold"))
                self._write_group(steps)
                self.text.line()
        self.text.line(Styled("In all", "bold"))
        self._write_counts()
        self._write_uploads()
        for site in self.plan.sites:
            for action, needed in site.needs.items():
                where, left = f"{site.site}: " if self.several else "", quota_left(site.quotas.get(action))
                self.text.line(f"{where}{QUOTA_NAMES.get(action, action)}: {needed:,} needed, {left}", indent=2)
        self._write_calls(calls_per_minute)
        for notice in dict.fromkeys((*self.plan.notices, *(n for site in self.plan.sites for n in site.notices))):
            self.text.line(Styled(f"Note: {notice}", "yellow"), indent=2)

    def _write_group(self, steps: Sequence[Step]) -> None:
        """Write the steps of one channel and account: problems first, then what can't be taken back, then the rest."""
        listed = [step for step in steps if self.verbose or step.acts or step.kind in PROBLEMS or step.warnings]
        alike: defaultdict[tuple[StepKind, str], list[Step]] = defaultdict(list)
        # Of those that go through, what has a warning comes first: it must not be among those that are only counted.
        for step in sorted(listed, key=lambda s: (ORDER[s.kind], s.kind not in PROBLEMS and not s.warnings)):
            alike[step.kind, step.code].append(step)
        limits = {kind: SHOWN_OF_A_PROBLEM if kind in PROBLEMS else SHOWN_OF_A_KIND for kind, _ in alike}
        shown = [step for (kind, _), some in alike.items() for step in (some if self.verbose else some[: limits[kind]])]
        self.text.table(COLUMNS, map(_step_row, shown))
        for (kind, _), some in alike.items():
            if (more := len(some) - limits[kind]) > 0 and not self.verbose:
                self.text.line(Styled(f"... and {more:,} more {WORDS[kind]}; --verbose shows all", "dim"), indent=2)
        if counts := Counter(step.kind for step in steps) - Counter(step.kind for step in listed):
            rest = ", ".join(f"{count:,} {REST_WORDS[kind]}" for kind, count in counts.items())
            self.text.line(Styled(rest, "dim"), indent=2)

    def _write_counts(self) -> None:
        counts = Counter(step.kind for step in self.plan.steps)
        done, rest = (
            [Styled(f"{counts[kind]:,} {word}", STEP_COLORS[kind]) for kind, word in words.items() if counts[kind]]
            for words in (DONE_WORDS, REST_WORDS)
        )
        if duplicates := sum(len(step.duplicates) for step in self.plan.steps):
            done.append(Styled(f"{counted(duplicates, 'duplicate')} removed", STEP_COLORS[StepKind.CANCEL]))
        self.text.line([Styled("To be done: "), *joined(done)] if done else "Nothing to be done.", indent=2)
        if rest:
            self.text.line([Styled("Otherwise: "), *joined(rest)], indent=2)
        if warned := sum(bool(step.warnings) for step in self.plan.steps):
            self.text.line(Styled(f"{counted(warned, 'post')} with warnings.", "yellow"), indent=2)
        left_out = (s.reason for s in self.plan.steps if s.kind is StepKind.SKIP and s.action != Action.SKIP)
        for reason, count in Counter(left_out).items():
            self.text.line(Styled(f"{count:,} skipped: {reason}", "dim"), indent=2)

    def _write_uploads(self) -> None:
        """Tell which media go up, each once a site, how large they are, and for which rows."""
        rows: dict[tuple[str, str], tuple[Medium, list[int]]] = {}
        for step in self.plan.steps:
            for medium in step.content.media if Act.UPLOAD in step.acts else ():
                if not medium.url:
                    key = (step.site, medium.identity or medium.source)
                    rows.setdefault(key, (medium, []))[1].append(step.row)
        if not rows:
            return
        sizes = [medium.size_bytes for medium, _ in rows.values() if medium.size_bytes is not None]
        files = f"{counted(len(sizes), 'file')} ({shown_size(sum(sizes))}) to be uploaded" if sizes else ""
        fetched = len(rows) - len(sizes)
        addresses = f"{counted(fetched, 'address', 'addresses')} to be fetched by the Media Manager" if fetched else ""
        self.text.line("Media: " + ", ".join(part for part in (files, addresses) if part), indent=2)
        for (site, _), (medium, numbers) in list(rows.items())[: None if self.verbose else SHOWN_MEDIA]:
            size = f", {shown_size(medium.size_bytes)}" if medium.size_bytes is not None else ""
            where = f"{site}: " if self.several else ""
            source = on_one_line(medium.source, SHOWN_LETTERS)
            self.text.line(f"{where}{source}{size}, {list_rows(list(dict.fromkeys(numbers)))}", indent=4)
        if not self.verbose and len(rows) > SHOWN_MEDIA:
            self.text.line(f"and {len(rows) - SHOWN_MEDIA} more (--verbose lists them)", indent=4)

    def _write_calls(self, calls_per_minute: float) -> None:
        """Write how many calls sending takes, and how many `auto` would take where another way was chosen."""
        own, auto = (
            cost_of(self.plan.sites, now=self.plan.made_at, calls_per_minute=calls_per_minute, via=via)
            for via in ("", "auto")
        )
        if own.calls:
            took = f"{counted(own.calls, 'call')}, {shown_duration(own.seconds)} at {calls_per_minute:g} calls a minute"
            quicker = (
                f" (`--via auto`: {auto.calls:,}, {shown_duration(auto.seconds)})" if auto.calls < own.calls else ""
            )
            self.text.line(took + quicker, indent=2)


def _step_row(step: Step) -> Sequence[Line]:
    why: list[Styled] = [Styled(step.reason)]
    for change in step.changes:
        old, new = around_difference(change.old, change.new)
        why += [Styled(f"\n{change.field}: ", "dim"), Styled(old or "(blank)", "red"), Styled(" → ")]
        why.append(Styled(new or "(blank)", "green"))
    why += [Styled(f"\nWarning: {warning}", "yellow") for warning in step.warnings]
    if step.generated:
        why.append(Styled(f"\nGenerated: {on_one_line(step.content.text, SHOWN_LETTERS * 2)}", "cyan"))
    return str(step.row), step.key, Styled(step.kind, STEP_COLORS[step.kind]), why


def around_difference(old: str, new: str, *, letters: int = SHOWN_LETTERS) -> tuple[str, str]:
    """Return two values shortened to where they begin to differ, on one line each."""
    old, new = (value.replace("\n", " ⏎ ") for value in (old, new))
    start = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
    start = max(0, start - letters // 3) if max(len(old), len(new)) > letters else 0
    lead = "…" if start else ""
    return lead + on_one_line(old[start:], letters), lead + on_one_line(new[start:], letters)


def on_one_line(text: str, letters: int) -> str:
    """Return a text on one line, cut off where it is too long."""
    text = text.replace("\n", " ⏎ ")
    return text if len(text) <= letters else f"{text[: letters - 1]}…"


def shown_size(size_bytes: int) -> str:
    """Return a size as a person says it: `58 KB`, `3.4 MB`."""
    return f"{size_bytes / 1e6:,.1f} MB" if size_bytes >= 1e6 else f"{max(1, round(size_bytes / 1e3))} KB"
