"""A plan as people read it before they say yes: problems by cause, then what changes by site and day, then the sum.

A post that changes is one line: a mark, when, channel, account and its first words; below it what changes, old and new.
What stays as it is is a number. It must never say less of a problem than of a success.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from posixpath import commonpath

from batch.model import Act, Action, Medium, Plan, Quota, SitePlan, Step, StepKind
from batch.plan.safety import cost_of, shown_duration
from batch.report.layout import Column, Styled, TerminalText, joined
from batch.report.terminal import LABELS, NOTE, SHOWN_PLACES, WARNED, WELL, Remark, count_places, write_remarks
from batch.report.words import channel_style, post_name
from batch.rules.channels import DEFAULT_TYPE
from batch.runs.record import BECOMES
from batch.settings import DEFAULT_SITE
from batch.times import in_usual_zones, short_day, zone_named
from batch.wording import QUOTA_NAMES, counted, list_names, list_rows, listed, quota_left

SHOWN_OF_A_KIND = 20
"""How many steps of one kind are listed for each site; what can't be undone is listed to the last one."""

SHOWN_MEDIA = 3
"""Media listed one by one before the rest is only counted."""

SHOWN_SITES = 20
"""Sites in the table of numbers before the rest is only in the sum."""

SHOWN_LETTERS = 60
"""How much of an old or new value is shown: the letters around the first difference."""

ACCOUNT_LETTERS, FEW_ACCOUNT_LETTERS = 24, 12
WIDE = 100
"""Columns of a terminal from which a line has room for more of an account's name."""
NARROW = 60
"""Columns of a terminal below which a line has no room for the account."""

PROBLEMS = (StepKind.INVALID, StepKind.CONFLICT, StepKind.FAILED, StepKind.BLOCKED)

MARKS: Mapping[StepKind, Styled] = {
    StepKind.PUBLISH: Styled("!", "bold red"),
    StepKind.SCHEDULE: Styled("+", "bold green"),
    StepKind.DRAFT: Styled("+", "green"),
    StepKind.RESCHEDULE: Styled("~", "bold cyan"),
    StepKind.UPDATE: Styled("~", "bold cyan"),
    StepKind.CANCEL: Styled("-", "bold magenta"),
    StepKind.DELETE: Styled("-", "bold magenta"),
}

DEEDS: Mapping[StepKind, tuple[str, str, str]] = {
    StepKind.PUBLISH: ("publish", "post", " now"),
    StepKind.SCHEDULE: ("schedule", "post", ""),
    StepKind.DRAFT: ("save", "draft", ""),
    StepKind.RESCHEDULE: ("move", "post", ""),
    StepKind.UPDATE: ("update", "post", ""),
    StepKind.CANCEL: ("cancel", "post", ""),
    StepKind.DELETE: ("delete", "post", ""),
}
"""What a step does: a verb, what it does it to, and what follows. What can't be undone and comes first is first."""

FINAL = frozenset({StepKind.PUBLISH, StepKind.CANCEL, StepKind.DELETE})
"""What can't be undone."""
FINAL_WORDS = " (can't be undone)"
SHORTENED = frozenset(DEEDS) - FINAL

REST: Mapping[StepKind, str] = {
    StepKind.UNCHANGED: "No change",
    StepKind.WAIT: "In process",
    StepKind.SKIP: "Skipped",
    StepKind.INVALID: "Errors",
    StepKind.CONFLICT: "Conflicts",
    StepKind.FAILED: "Failed before",
    StepKind.BLOCKED: "Blocked",
}
"""What changes nothing, by the word for its number."""

COUNTED = (("New", "+!"), ("Changed", "~"), ("Cancelled", "-"))
"""The columns of the table of sites for what changes, by the marks that they count."""


def deeds_text(steps: Iterable[Step], *, warn: bool = True) -> str:
    """Say what will be done: `publish 1 post now, schedule 22 and cancel 3 (can't be undone)`; "" for nothing."""
    doing = [step for step in steps if step.acts]
    counts = Counter(step.kind for step in doing)
    present = [kind for kind in DEEDS if counts[kind]]
    parts: list[str] = []
    for kind in present:
        verb, noun, after = DEEDS[kind]
        number = counts[kind]
        what = counted(number, noun) if not parts or noun != "post" else f"{number:,}"
        final = warn and kind in FINAL and not FINAL.intersection(present[len(parts) + 1 :])
        parts.append(f"{verb} {what}{after}{FINAL_WORDS if final else ''}")
    if duplicates := sum(len(step.duplicates) for step in doing):
        parts.append(f"remove {counted(duplicates, 'duplicate')}")
    return listed(parts, last="and")


def plan_text(
    plan: Plan,
    *,
    calls_per_minute: float = 180,
    width: int = 80,
    color: bool = False,
    verbose: bool = False,
    quiet: bool = False,
    asks: bool = False,
) -> str:
    """Say what is wrong, what would change, what it costs and how long it takes; with `quiet` only the totals.

    With `asks` a question follows, which says itself what would be done.
    """
    text = TerminalText(width=width, color=color)
    writer = PlanWriter(text, plan, width=width, verbose=verbose)
    if not quiet:
        writer.write_problems()
        writer.write_changes()
        writer.write_costs(calls_per_minute)
    writer.write_totals(asks=asks)
    return text.text()


class PlanWriter:
    """Writes one plan; with `verbose` nothing is shortened."""

    def __init__(self, text: TerminalText, plan: Plan, *, width: int, verbose: bool) -> None:
        plan = replace(plan, sites=tuple(replace(site, steps=in_usual_zones(site.steps)) for site in plan.sites))
        self.text, self.plan, self.width, self.verbose = text, plan, width, verbose
        self.several = len(plan.sites) > 1
        self.changing = [step for step in plan.steps if step.acts]
        years = {at.year for step in self.changing for at in (step.at, step.before and step.before.scheduled_at) if at}
        self.year = years.pop() if len(years) == 1 else plan.made_at.year
        """The year that a date without one means: this one, or the one of all dates."""
        self.whens = {id(step): self._when(step) for step in self.changing}
        rows = [(*self.whens[id(step)], self._channel(step)) for step in self.changing]
        self.pads = [max((len(row[at]) for row in rows), default=0) for at in range(3)]
        names = (len(step.account_name or step.account) for step in self.changing)
        self.pads.append(min(max(names, default=0), ACCOUNT_LETTERS if width >= WIDE else FEW_ACCOUNT_LETTERS))

    def write_problems(self) -> None:
        """Write what keeps posts from going out, then what is to be known of the others, each cause once."""
        of = count_places(self.plan.steps)
        problems = (
            self._remark(step, LABELS[BECOMES[kind]], step.reason, step.code, of=of)
            for kind in PROBLEMS
            for step in self.plan.steps
            if step.kind is kind
        )
        warnings = (
            self._remark(step, WARNED, warning, warning[:20], of=of)
            for step in self.plan.steps
            for warning in step.warnings
        )
        notices = dict.fromkeys((*self.plan.notices, *(n for site in self.plan.sites for n in site.notices)))
        told = [*problems, *warnings, *(Remark(Styled("Note", NOTE), notice, None, notice) for notice in notices)]
        write_remarks(self.text, told, verbose=self.verbose, several_sites=self.several)
        if told:
            self.text.line()

    @staticmethod
    def _remark(step: Step, label: Styled, message: str, code: str, *, of: Mapping[int, int]) -> Remark:
        return Remark(label, message, step.row, code, step.site, "", "", step.key, step.place, of[step.row])

    def write_changes(self) -> None:
        """Write the posts that change: those of rows with places by row, the others by site and day."""
        by_row = not self.verbose
        self._write_rows(step for step in self.changing if step.place and by_row)
        for site in self.plan.sites:
            doing = sorted((step for step in site.steps if step.acts and not (step.place and by_row)), key=_by_time)
            if not doing:
                continue
            zone = Counter(step.timezone for step in doing if self.whens[id(step)][1]).most_common(1)
            deeds = f": {deeds_text(doing, warn=False)}" if self.several else ""
            year = f"{self.year}, " if self.year != self.plan.made_at.year else ""
            where = f" ({year}{zone[0][0] or 'UTC'})" if zone else ""
            named = "Your site" if site.site == DEFAULT_SITE and not self.several else site.site or "No site"
            self.text.line([Styled(named, "bold"), Styled(deeds), Styled(where, "dim")])
            self._write_steps(doing, zone=zone[0][0] if zone else "")
        if self.changing:
            self.text.line()
        if self.verbose:
            idle = [step for step in self.plan.steps if not step.acts and step.kind not in PROBLEMS]
            columns = Column("Row", right=True), Column("Key", max_width=24), Column("Step"), Column("Why", share=1)
            self.text.table(columns, ((str(s.row), s.key, REST[s.kind], s.reason) for s in idle), indent=0)

    def _write_rows(self, placed: Iterable[Step]) -> None:
        """Write each row with places once for what it does, with one post to stand for all of them.

        The places of what can't be undone are named to the last one.
        """
        groups: dict[tuple[int, StepKind], list[Step]] = {}
        for step in placed:
            groups.setdefault((step.row, step.kind), []).append(step)
        for (row, kind), alike in groups.items():
            names, first = list(dict.fromkeys(step.place for step in alike)), alike[0]
            series = commonpath([step.key.partition(f"/{step.place}")[0] for step in alike])
            clocks = ", each on its own clock" if len({step.timezone for step in alike}) > 1 else ""
            head = f"Row {row}, {series}: {deeds_text(alike, warn=False)} in {counted(len(names), 'place')}"
            if (days := len({self.whens[id(step)][0] for step in alike})) > 1:
                head += f" on {days} days"
            told = list_names(names, limit=len(names) if kind in FINAL else SHOWN_PLACES)
            self.text.line([Styled(head, "bold"), Styled(f" ({told}{clocks})", "dim")])
            self._write_step(first, *self.whens[id(first)], zone=first.place if len(names) > 1 else "")

    def _write_steps(self, doing: Sequence[Step], *, zone: str) -> None:
        shown: Counter[StepKind] = Counter()
        before = ""
        for step in doing:
            shown[step.kind] += 1
            if shown[step.kind] > SHOWN_OF_A_KIND and step.kind in SHORTENED and not self.verbose:
                continue
            day, clock = self.whens[id(step)]
            other = step.timezone or "UTC" if clock and step.timezone != zone else ""
            self._write_step(step, "" if day == before else day, clock, zone=other)
            before = day
        for kind, count in shown.items():
            if (more := count - SHOWN_OF_A_KIND) > 0 and kind in SHORTENED and not self.verbose:
                told = f"... and {more:,} more to {DEEDS[kind][0]} (--verbose shows all)"
                self.text.line(Styled(told, "dim"), indent=2)

    def _write_step(self, step: Step, day: str, clock: str, *, zone: str) -> None:
        pads, name = self.pads, step.account_name or step.account
        account = f"{on_one_line(name, pads[3]):{pads[3]}}  " if pads[3] and self.width >= NARROW else ""
        row = f"row {step.row} {step.key}  " if self.verbose else ""
        when = f"  {day:{pads[0]}}  {clock:{pads[1]}}  " if pads[1] else f"  {day:{pads[0]}}  "
        line = [MARKS.get(step.kind, Styled("-")), Styled(f"{when}{self._channel(step):{pads[2]}}  {account}{row}")]
        self.text.cut_line([*line, Styled(_first_words(step)), Styled(f" ({zone})" if zone else "", "dim")], indent=2)
        for words in self._details(step):
            self.text.line(words, indent=6)

    def _details(self, step: Step) -> Iterator[Sequence[Styled]]:
        if self.verbose:
            yield [Styled(step.reason, "dim")]
        for change in step.changes:
            old, new = around_difference(change.old, change.new)
            if change.field == "publish_at" and step.before and step.before.scheduled_at and step.at:
                old, new = (
                    ", ".join(self._time_words(at, step.timezone)) for at in (step.before.scheduled_at, step.at)
                )
            name = "moves" if change.field == "publish_at" else change.field
            yield [Styled(f"{name}: ", "dim"), Styled(f"{old or '(blank)'} → "), Styled(new or "(blank)", "bold")]
        if step.duplicates:
            yield [Styled(f"removes {counted(len(step.duplicates), 'duplicate')}")]
        if step.generated:
            yield [Styled("Generated: ", "dim"), Styled(on_one_line(step.content.text, SHOWN_LETTERS * 2))]

    def _when(self, step: Step) -> tuple[str, str]:
        if step.kind is StepKind.PUBLISH:
            return "now", ""
        at = step.at or (step.before.scheduled_at if step.before else None)
        return self._time_words(at, step.timezone) if at else ("draft" if step.kind is StepKind.DRAFT else "", "")

    def _time_words(self, at: datetime, zone: str) -> tuple[str, str]:
        wall = at.astimezone(zone_named(zone) or UTC)
        year = "" if wall.year == self.year else f" {wall.year}"
        return f"{short_day(wall.date())}{year}", f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"

    def _channel(self, step: Step) -> str:
        usual = any(str(channel) == step.channel and kind == step.type for channel, kind in DEFAULT_TYPE.items())
        name = channel_style(step.channel).name if usual else post_name(step.channel, step.type)
        return name.replace(" Business Profile", "")

    def write_costs(self, calls_per_minute: float) -> None:
        """Write the table of sites, what goes up, what it takes of a quota that is short, and how long it takes."""
        if self.several and self.changing:
            self._write_sites()
        self._write_uploads()
        for site in self.plan.sites:
            for action, needed in site.needs.items():
                quota = site.quotas.get(action)
                if not self.several or self.verbose or _is_short(quota, needed):
                    where = f"{site.site}: " if self.several else ""
                    self.text.line(f"{where}{QUOTA_NAMES.get(action, action)}: {needed:,} needed, {quota_left(quota)}.")
        own, auto = (
            cost_of(self.plan.sites, now=self.plan.made_at, calls_per_minute=calls_per_minute, via=via)
            for via in ("", "auto")
        )
        if own.calls:
            quicker = auto.seconds + 60 < own.seconds
            other = f"; with `--via auto` {shown_duration(auto.seconds)}" if quicker else ""
            took = f"{counted(own.calls, 'call')} at {calls_per_minute:g} a minute"
            self.text.line(f"Takes {shown_duration(own.seconds)} ({took}){other}.")

    def _write_sites(self) -> None:
        """Write what each site's posts come to in one table, where the sites differ in more than what was listed."""
        counts = {site.site: _count_site(site) for site in self.plan.sites}
        heads = [
            head for head in (*(name for name, _ in COUNTED), *REST.values()) if any(c[head] for c in counts.values())
        ]
        if not set(heads) & set(REST.values()):
            return
        rows = [
            (name or "No site", *(f"{count[head]:,}" if count[head] else "" for head in heads))
            for name, count in counts.items()
        ]
        shown = rows if self.verbose else rows[:SHOWN_SITES]
        self.text.table((Column("Site"), *(Column(head, right=True) for head in heads)), shown, indent=0)
        if more := len(rows) - len(shown):
            self.text.line(Styled(f"... and {counted(more, 'more site')} (--verbose shows all)", "dim"))
        self.text.line()

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
        files = f"{counted(len(sizes), 'file')} ({shown_size(sum(sizes))}) to upload" if sizes else ""
        fetched = len(rows) - len(sizes)
        addresses = f"{counted(fetched, 'link')} for the Media Manager to fetch" if fetched else ""
        self.text.line("Media: " + ", ".join(part for part in (files, addresses) if part) + ".")
        shown = len(rows) if self.verbose or len(rows) <= SHOWN_MEDIA else 0 if self.several else SHOWN_MEDIA
        for (site, _), (medium, numbers) in list(rows.items())[:shown]:
            size = f", {shown_size(medium.size_bytes)}" if medium.size_bytes is not None else ""
            where = f"{site}: " if self.several else ""
            source = on_one_line(medium.source, SHOWN_LETTERS)
            self.text.line(f"{where}{source}{size}, {list_rows(list(dict.fromkeys(numbers)))}", indent=2)
        if 0 < shown < len(rows):
            self.text.line(f"and {len(rows) - shown} more (--verbose lists them)", indent=2)

    def write_totals(self, *, asks: bool) -> None:
        """Write what stays as it is and what does not go out, in numbers, and then what will be done."""
        counts = Counter(step.kind for step in self.plan.steps if not step.acts)
        same = counts[StepKind.UNCHANGED] if len(counts) == 1 and not self.changing else 0
        rest = [
            Styled(
                f"{words}: {counts[kind]:,}{self._why_skipped() if kind is StepKind.SKIP else ''}.",
                LABELS[BECOMES[kind]].style if kind in PROBLEMS else "",
            )
            for kind, words in REST.items()
            if counts[kind] and not same
        ]
        if rest:
            self.text.line(joined(rest, between=" "))
        if self.changing and not asks:
            sites = len({step.site for step in self.changing})
            where = f", on {sites} sites" if sites > 1 else ""
            self.text.line(Styled(f"This will {deeds_text(self.changing)}{where}.", "bold"))
        elif not self.changing:
            where = f" on {len(self.plan.sites)} sites" if self.several else ""
            every = f": {'the post is' if same == 1 else f'all {same:,} posts{where} are'} already as in the sheet"
            wrong = any(counts[kind] for kind in PROBLEMS)
            told = "Nothing can go ahead yet" if wrong else f"Nothing to do{every if same else ''}"
            self.text.line(Styled(f"{told}.", "" if wrong else WELL))

    def _why_skipped(self) -> str:
        chosen = Counter(s.reason for s in self.plan.steps if s.kind is StepKind.SKIP and s.action != Action.SKIP)
        told = [f"{reason.rstrip('.')}{f' ({count:,})' if len(chosen) > 1 else ''}" for reason, count in chosen.items()]
        return f" ({'; '.join(told)})" if told else ""


def _by_time(step: Step) -> tuple[int, datetime, int]:
    at = step.at or (step.before.scheduled_at if step.before else None)
    far = datetime.max.replace(tzinfo=UTC)
    return (0 if step.kind is StepKind.PUBLISH else 1, at or far, step.row)


def _first_words(step: Step) -> str:
    content = step.content
    media = content.media[0].source.rpartition("/")[2] if content.media else ""
    return " ".join((content.text or content.title or step.key or media).split())


def _is_short(quota: Quota | None, needed: int) -> bool:
    return quota is not None and quota.left is not None and quota.left < 2 * needed


def _count_site(site: SitePlan) -> Counter[str]:
    counts: Counter[str] = Counter()
    for step in site.steps:
        mark = MARKS.get(step.kind, Styled("-")).words
        doing = (name for name, marks in COUNTED if mark in marks)
        counts[next(doing) if step.acts else REST[step.kind]] += 1
    return counts


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
