"""The one way of plan, run, apply, undo and results; each of them enters at its own door.

read, check    `read_to_send`     a sheet becomes checked posts (by `check.py`), and the sandbox is started
look, plan     `prepare`          each site is looked at and compared; nothing is changed
show, ask, do  `carry_through`    what was planned is shown, asked about, done and told
tell           `tell`             results and page are written, and what happened is said
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from batch.commands import sites
from batch.commands.check import Checked, fixable, leave_out, read_and_check, read_answers_file
from batch.commands.options import Inputs, Outputs
from batch.commands.session import EXIT_DONE, EXIT_INTERRUPTED, EXIT_ROWS, Session, exit_status, shown_from
from batch.errors import JournalError, PostbatchError
from batch.model import Channel, Issue, Item, OutcomeKind, Plan, Post, Results, SitePlan, Snapshot, Step, StepKind
from batch.plan import approval
from batch.plan.decisions import PlanOptions, PostPlace, names_of, place
from batch.plan.matching import PENDING, ItemIndex
from batch.plan.reconcile import moved_away, reconcile
from batch.plan.safety import MAX_SHARE_PERCENT, check_new_posts, find_large_changes, refuse_large
from batch.report import terminal
from batch.report.plan_text import deeds_text, plan_text
from batch.rules.channels import ENDED
from batch.runs.journal import Journal
from batch.runs.record import (
    NumberedStep,
    RunRecord,
    latest_run,
    make_results,
    not_run_outcome,
    planned_outcome,
    read_record,
    record_followup,
)
from batch.runs.site import remembered_items
from batch.settings import DEFAULT_SITE
from batch.sheets.read import Sheet
from batch.wording import counted, listed
from batch.workbooks.template import EXAMPLE_SKIPPED


def read_to_send(session: Session, inputs: Inputs, *, folder: Path, sheet: Sheet | None = None) -> Checked:
    """Read (where it is not given) and check a sheet that is to be sent; start the sandbox where one is asked for."""
    with session.status.waiting(lambda: f"Reading {Path(inputs.sheet).name}"):
        checked = read_and_check(session, inputs, folder=folder, will_send=True, sheet=sheet)
    named = sorted({(post.site, str(post.channel), post.account) for post in checked.posts if post.account})
    session.start_sandbox(checked.sites, accounts=named)
    return replace(checked, answers=tuple(read_answers_file(folder / path) for path in inputs.answers))


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan with what it was made from and what carrying it out needs: its steps with their places among all posts.

    `large` is what it would cancel, delete or reschedule of so many posts that this has to be asked for by number.
    """

    checked: Checked
    inputs: Inputs
    planner: Planner
    plan: Plan
    placed: tuple[NumberedStep, ...]
    large: Mapping[str, int]


def prepare(session: Session, checked: Checked, inputs: Inputs, *, remember: bool = False) -> Prepared:
    """Look at every site that the sheet sends something to and make the plan; nothing is changed.

    With `remember` it is about to be carried out: what the sheet approves is kept.

    Where one of several sites can't be read, its posts are blocked and the others go on. Errors: SignInError,
    ConfigError, ServiceError where no site can be read; StartError for a choice that makes no sense.
    """
    planner = Planner(session, checked.path, checked.answers, remember=remember)
    planner.approved_only, planner.regenerate = inputs.approved_only, inputs.regenerate
    sheet, options = checked.sheet, options_of(checked, inputs)
    positions: defaultdict[str, list[int]] = defaultdict(list)
    for position, post in enumerate(checked.posts):
        positions[post.site].append(position)
    posts = {site: [checked.posts[n] for n in numbers] for site, numbers in positions.items()}

    def waiting_for(left: Sequence[str]) -> str:
        done = f" ({len(posts) - len(left)} of {len(posts)} sites done)" if len(posts) > 1 else ""
        return f"Reading {sites.count_sites(left)}{done}" if left else "Comparing the sheet with the site"

    looked, unread = sites.ask_sites(
        session, posts, lambda site: planner(site, posts[site], options), words=waiting_for
    )
    if unread and unread.keys() == set(checked.sites):
        raise [*unread.values()][-1]
    unseen = {site: (_unreadable_site(session, site, posts[site], why=str(e)), None) for site, e in unread.items()}
    parts = [(looked | unseen)[site] for site in posts]
    placed = [
        NumberedStep(n, step)
        for numbers, (part, _) in zip(positions.values(), parts, strict=True)
        for n, step in zip(numbers, part.steps, strict=True)
    ]
    seen = [(part, snapshot) for part, snapshot in parts if snapshot is not None]
    unmatched, moved = approval.strays(checked.posts, checked.answers), moved_away(checked.posts, [s for _, s in seen])
    notices = (*sheet.notices, *unmatched, *moved)
    plan = Plan(sheet.name, sheet.fingerprint, session.environment.now(), tuple(part for part, _ in parts), notices)
    large = find_large_changes(seen, allowed=dict(inputs.allow))
    return Prepared(checked, inputs, planner, plan, tuple(sorted(placed, key=lambda p: p.position)), large)


def options_of(checked: Checked, inputs: Inputs) -> PlanOptions:
    """Return how the plan was asked for. Errors: StartError for a choice of rows that makes no sense."""
    skip = leave_out(checked, inputs)
    skip |= {place(post): EXAMPLE_SKIPPED for post in checked.posts if post.row in checked.examples}
    return PlanOptions(frozenset(inputs.again), frozenset(inputs.replaced), drafts_only=inputs.drafts_only, skip=skip)


def _unreadable_site(session: Session, site: str, posts: Sequence[Post], *, why: str) -> SitePlan:
    """Block the posts of a site that could not be looked at; a row that is wrong says so all the same."""
    issue = Issue(None, "site", "site_unreadable", site, why)
    marked = [post if post.errors else replace(post, issues=(*post.issues, issue)) for post in posts]
    now = session.environment.now()
    plan = reconcile(marked, Snapshot(site, now), now=now)
    steps = tuple(replace(step, kind=StepKind.BLOCKED) if step.code == issue.code else step for step in plan.steps)
    return replace(plan, steps=steps, notices=(*plan.notices, f"Site {site}: {why}"))


REFUSED = frozenset({StepKind.INVALID, StepKind.BLOCKED, StepKind.CONFLICT, StepKind.FAILED})
UNSEEN = REFUSED | {StepKind.SKIP}
"""Steps that do not show what their rows would become."""


@dataclass
class Planner:
    """Plans the posts of one site; safe to call from several threads, each for another site.

    `planned` holds the posts of each site as they were planned, generated content and known media included, and `held`
    those that are not approved. With `generate` False nothing is asked to be generated: the posts have their content
    already. With `remember` what a `yes` in `approved` is first seen for is kept. `sheet` is where the posts are from.
    """

    session: Session
    sheet: Path | None = None
    answers: tuple[approval.GivenAnswers, ...] = ()
    approved_only: bool = False
    regenerate: bool = False
    generate: bool = True
    remember: bool = False
    planned: dict[str, tuple[Post, ...]] = field(default_factory=dict)
    held: dict[str, dict[PostPlace, str]] = field(default_factory=dict)

    def __call__(self, site: str, posts: Sequence[Post], options: PlanOptions) -> tuple[SitePlan, Snapshot | None]:
        """Return the site's plan, and what was read of it (None where there was nothing to ask)."""
        now = self.session.environment.now
        options = replace(options, via=self.session.settings.site(site).via)
        active = [post for post in posts if not (post.errors or options.leaves_out(post))]
        if not active:
            snapshot = Snapshot(site, now(), items=self._remembered(site, posts))
            return reconcile(posts, snapshot, now=now(), options=options), None
        # A row that only names a post by its key or ID may mean any channel.
        named = {post.channel for post in active if post.channel is not None}
        living = [channel for channel in Channel if channel not in ENDED]
        channels = living if any(post.channel is None for post in active) else sorted(named)
        with Journal(self.session.journal(site)) as journal:
            snapshot = sites.look_at_site(self.session, site, journal, channels)
            options = replace(options, pulled=journal.pulled(self.sheet), via=sites.way_of(self.session, site, journal))
            if self.generate and any(post.generation for post in active):
                posts = self._generated(posts, active, journal, snapshot, options)
            known = journal.all_media()
            posts = self.planned[site] = tuple(with_known_media(post, known) for post in posts)
            return self._approved_plan(site, posts, options, journal, snapshot), snapshot

    def _approved_plan(
        self, site: str, posts: Sequence[Post], options: PlanOptions, journal: Journal, snapshot: Snapshot
    ) -> SitePlan:
        """Return the plan without what is not approved as it is now, and keep what was approved in the sheet."""
        now = self.session.environment.now()
        remembered = journal.approvals()

        def plan(held: Mapping[PostPlace, str]) -> SitePlan:
            return reconcile(posts, snapshot, now=now, options=replace(options, skip={**options.skip, **held}))

        def decided(steps: Sequence[Step]) -> Mapping[PostPlace, approval.Approval]:
            if self.answers:
                return approval.decide(steps, self.answers)
            renamed.update(approval.reworded(steps, remembered))
            known = remembered | {new: remembered[old] for new, old in renamed.items()}
            return approval.decide_by_memory(steps, known if self.approved_only else {})

        renamed: dict[str, str] = {}
        part, self.held[site] = approval.hold_back(plan, decided)
        self._keep_approvals(journal, posts, part.steps, renamed)
        return part

    def _keep_approvals(
        self, journal: Journal, posts: Sequence[Post], steps: Sequence[Step], renamed: Mapping[str, str]
    ) -> None:
        """Keep for what a `yes` was first seen, and forget the rows that have none any more.

        `renamed` are rows whose derived key is another now, as new -> old.
        """
        if not self.remember or self.answers:
            return
        remembered = journal.approvals()
        approved = {post.key: post.approved for post in posts}
        seen = {
            step.key: approval.fingerprint_of(step) for step in steps if approved[step.key] and step.kind not in UNSEEN
        }
        moved = {new: remembered[old] for new, old in renamed.items() if approved[new]}
        first = {key: fingerprint for key, fingerprint in (seen | moved).items() if key not in remembered}
        gone = [*(key for key in remembered if not approved.get(key, True)), *renamed.values()]
        if first or gone:
            journal.remember_approvals(first, forget=gone, at=self.session.environment.now())

    def _remembered(self, site: str, posts: Sequence[Post]) -> tuple[Item, ...]:
        """Return what this machine knows of a site that is not asked, for its rows that are left out."""
        if all(post.errors for post in posts):
            return ()
        with suppress(PostbatchError):
            path = self.session.journal(site)
            if path.is_file():
                with Journal(path) as journal:
                    self._keep_approvals(journal, posts, (), {})
                    return remembered_items(journal)
        return ()

    def _generated(
        self, posts: Sequence[Post], active: Sequence[Post], journal: Journal, snapshot: Snapshot, options: PlanOptions
    ) -> Sequence[Post]:
        """Return the posts with what is or was generated for them."""
        from batch.runs.generation import generate_posts

        index, running = ItemIndex(snapshot.items), {place(post) for post in active}
        ours = {known.item_id for known in journal.known_items() if known.made}

        def needed(post: Post) -> bool:
            item = index.find(post).item if place(post) in running else None
            if item is None or names_of(post) & options.again:
                return place(post) in running
            return self.regenerate and item.status in PENDING  # what is there keeps its content unless asked again

        def made_here(post: Post) -> bool:
            item = index.find(post).item
            return item is not None and item.status in PENDING and item.id in ours

        return generate_posts(
            posts,
            self.session.client(snapshot.site),
            journal,
            accounts=snapshot.accounts,
            regenerate=self.regenerate,
            needed=needed,
            made_here=made_here,
            folder=self.session.media_folder,
            features=snapshot.features,
            say=self.session.say,
        )


def with_known_media(post: Post, known: Mapping[str, str]) -> Post:
    """Return the post with the addresses of the media that are in the Media Manager already."""
    if not any(not medium.url and medium.identity in known for medium in post.content.media):
        return post
    media = tuple(replace(m, url=m.url or known.get(m.identity, "")) for m in post.content.media)
    return replace(post, content=replace(post.content, media=media))


MAX_NAMED_IN_QUESTION = 3


def _tell_sites(session: Session, plan: Plan) -> tuple[str, ...]:
    """Say which sites are meant, and what says so."""
    settings = session.settings
    names = [settings.label(part.site) for part in plan.sites if part.site in settings.sites]
    kind = "" if settings.sites.keys() == {DEFAULT_SITE} else "Sites " if len(names) > 1 else "Site "
    return (_capital(f"{kind}{listed(names, last='and')}, from {settings.source}."),) if names else ()


def show_plan(session: Session, plan: Plan, *, asks: bool = False) -> None:
    """Print which sites are meant, and the plan; with `--quiet` its totals. `asks`: a question follows."""
    flags = session.flags
    for line in () if session.sandbox else _tell_sites(session, plan):
        session.show(line)
    session.show_text(
        plan_text(
            plan,
            calls_per_minute=session.settings.calls_per_minute,
            verbose=flags.verbose,
            quiet=flags.quiet,
            asks=asks,
            **session.style,
        )
    )


def do_prepared(
    session: Session,
    prepared: Prepared,
    outputs: Outputs,
    *,
    run: str,
    command: str,
    sheet: Path,
    doer: sites.Doer | None = None,
) -> int:
    """Have a plan that was shown agreed to, carry it out and tell; return the exit status.

    Where it cancels, deletes or reschedules many posts, their number has to be typed; that answers the question before
    a run too. Errors: GuardError where nobody is asked, or another number is typed.
    """
    refuse_many(session, prepared)
    large = prepared.large
    if large:
        if outputs.yes or not session.environment.asks:
            refuse_large(large)
        changing = [step for step in prepared.plan.steps if step.acts]
        _tell_where(session, changing)
        session.warn(f"{_capital(deeds_text(changing))}?")
    for act, number in large.items():
        question = f"That is more than {MAX_SHARE_PERCENT} % of what is scheduled. To {act} them, type their number"
        if not session.confirms(question, number=number):
            refuse_large(large)
    record = make_record(session, prepared, run=run, command=command)
    outputs = replace(outputs, yes=outputs.yes or bool(large))
    return carry_through(session, record, outputs, sheet=sheet, doer=doer)


@contextmanager
def sheet_held(
    session: Session, inputs: Inputs, outputs: Outputs, *, folder: Path, sheet: Sheet | None = None
) -> Iterator[tuple[Checked, str]]:
    """Read and check a sheet that is to be sent, and hold its sites for a new run; give the run's name with it."""
    checked = read_to_send(session, inputs, folder=folder, sheet=sheet)
    options_of(checked, inputs)
    session.refuse_without_terminal(outputs)
    run = session.new_run()
    with sites.hold_sites(session, checked.sites, run=run):
        yield checked, run


def refuse_many(session: Session, prepared: Prepared) -> None:
    """Refuse a plan of more new posts than are configured, or allowed with --allow-new. Errors: GuardError.

    Where neither says so, only the posts of rows that their places or repeats multiply are held to a number.
    """
    chosen = prepared.inputs.allow_new
    check_new_posts(prepared.plan, allowed=session.settings.max_new_posts if chosen is None else chosen)


def make_record(session: Session, prepared: Prepared, *, run: str, command: str) -> RunRecord:
    """Return the record of a run that is about to begin."""
    sheet, plan = prepared.checked.sheet, prepared.plan
    cells = {
        row.number: tuple(v if isinstance(v, str) else v.isoformat(" ", "minutes") for v in row.values)
        for row in sheet.rows
    }
    known = sorted({p.step.site for p in prepared.placed if p.step.acts or p.step.item_id})
    told = () if session.sandbox else _tell_sites(session, plan)
    return RunRecord(
        run=run,
        command=command,
        sheet=sheet.name,
        sandbox=session.sandbox,
        started_at=session.environment.now(),
        headings=sheet.headings,
        columns=sheet.columns,
        previous=latest_run(session.state, prepared.checked.path),
        folder=str(session.folder),
        own=cells,
        placed=prepared.placed,
        journals={site: session.journal(site).name for site in known},
        issues=prepared.checked.issues,
        lapsed=tuple(sorted({channel for part in plan.sites for channel in part.lapsed})),
        notices=(*told, *plan.notices, *(n for site in plan.sites for n in site.notices)),
    )


def places_of(session: Session, plan: Plan) -> dict[str, str]:
    """Return, for each site that the plan changes, what tells it from every other site and address."""
    return {site: session.journal(site).name for site in sorted({step.site for step in plan.steps if step.acts})}


def carry_through(
    session: Session, record: RunRecord, outputs: Outputs, *, sheet: Path, doer: sites.Doer | None = None
) -> int:
    """Ask, carry out, write results (named after `sheet`) and page, print the summary; return the exit status."""
    changing = [placed.step for placed in record.placed if placed.step.acts]
    kinds = Counter(placed.step.kind for placed in record.placed)
    session.environment.tell_event("plan", run=record.run, sandbox=session.sandbox, total=len(changing), kinds=kinds)
    if changing and not outputs.yes and not _holds_back(record, outputs):
        _tell_where(session, changing)
        if not session.confirms(f"{_capital(deeds_text(changing))}?"):
            session.warn("Nothing was done.")
            session.environment.answer({"run": "", "sandbox": session.sandbox, "posts": []})
            return EXIT_DONE
    results, status = carry(session, record, outputs, doer=doer)
    quiet = session.flags.quiet  # then the plan's problems were not shown, and are told only now
    known = frozenset(n for n, p in enumerate(record.placed) if not quiet and p.step.kind in REFUSED)
    tell(session, results, outputs, sheet=sheet, known=known if changing or quiet else None)
    return status


def _tell_where(session: Session, changing: Sequence[Step]) -> None:
    """Say, before a question, where it would happen and how many warnings there are."""
    warnings = sum(len(step.warnings) for step in changing)
    meant = sorted({step.site for step in changing})
    few = listed([session.settings.label(site) for site in meant], last="and")
    named = few if len(meant) <= MAX_NAMED_IN_QUESTION else f"{len(meant)} sites"
    where = "In the sandbox" if session.sandbox else f"On {named}"
    told = f", with {counted(warnings, 'warning')}" if warnings else ""
    if places := {step.place for step in changing if step.place}:
        where += f", {counted(len({step.row for step in changing}), 'row')} in {counted(len(places), 'place')}"
    session.warn(f"{where}{told}:")


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def _holds_back(record: RunRecord, outputs: Outputs) -> bool:
    return outputs.all_or_nothing and any(placed.step.kind in REFUSED for placed in record.placed)


def carry(
    session: Session, record: RunRecord, outputs: Outputs, *, doer: sites.Doer | None = None
) -> tuple[Results, int]:
    """Carry out what was agreed to, and wait for what is in process where that is asked for.

    Return the results and the exit status. `doer` does each site's steps: this process, where none is given.
    """
    if _holds_back(record, outputs):
        why = "Another row has a problem, and --all-or-nothing was given."
        session.warn("Nothing was sent: some rows have problems, and --all-or-nothing was given.")
        steps = [placed.step for placed in record.placed]
        lines = [not_run_outcome(step, why=why) if step.acts else planned_outcome(step) for step in steps]
        return make_results(record, lines), EXIT_ROWS
    doer = doer or sites.Doer(sites.site_doer(session, run=record.run))
    results, status = sites.carry_out(session, record, doer)
    if outputs.wait_seconds and any(o.outcome is OutcomeKind.PROCESSING for o in results.outcomes):
        try:
            waiting = f"Waiting up to {outputs.wait_seconds:g} s for posts in process"
            with session.status.waiting(lambda: waiting):
                results = sites.wait_until_final(session, results, bound_seconds=outputs.wait_seconds)
            record_followup(session.state, record, results)
        except JournalError as error:
            session.warn(str(error))
        except KeyboardInterrupt:
            status = EXIT_INTERRUPTED
    return results, max(status, exit_status(results.outcomes))


def tell(
    session: Session, results: Results, outputs: Outputs, *, sheet: Path, known: frozenset[int] | None = frozenset()
) -> None:
    """Write results and page, and print what happened and the command that comes next.

    `known` are the places of the outcomes that were shown before; where it is None, nothing happened to tell.
    """
    environment, flags = session.environment, session.flags
    written: list[Path] = []
    whole = results
    with suppress(PostbatchError):  # a run without a record left nothing out
        whole = session.with_last_known(results, read_record(session.state, results.run))
    try:
        written = session.write_report(whole, outputs, sheet=sheet)
    except KeyboardInterrupt:
        session.warn("The results were not written.")
        session.warn(f"Next: postbatch results {results.run}")
        raise
    finally:
        # Also where no file can be written: what was done is then told here, and by `postbatch results`.
        if known is not None:
            session.show_text(
                terminal.outcomes_text(results, known=known, verbose=flags.verbose, quiet=flags.quiet, **session.style)
            )
        for path in written:
            session.show_written(path)
            environment.tell_event("written", file=shown_from(path, environment.cwd))
        if environment.answers is not None:
            from batch.workbooks.results import results_json

            environment.answer_text(results_json(whole))
    session.show_next(_next_after(session, results, written[0], sheet=sheet))


def _next_after(session: Session, results: Results, written: Path, *, sheet: Path) -> str:
    """Return the command that comes after a run: what lets it go on, mends its sheet, or looks at it again."""
    kinds = {outcome.outcome for outcome in results.outcomes}
    file, rows = shown_from(written, session.environment.cwd), shown_from(sheet, session.environment.cwd)
    if kinds & {OutcomeKind.NOT_RUN, OutcomeKind.UNKNOWN}:
        same = session.environment.command_line("")
        return same if same.startswith(("postbatch run ", "postbatch apply ")) else session.next_command("run", rows)
    if OutcomeKind.INVALID in kinds and sheet.is_file() and results.issues:
        verb = "fix" if fixable(results.issues) else "check"
        return session.environment.command_line(verb) or session.next_command(verb, rows)
    if OutcomeKind.BLOCKED in kinds:
        return session.next_command("doctor")
    coming = [o for o in results.outcomes if o.item_id and o.outcome in sites.LIVE_KINDS]
    to_come = any(o.status in sites.OPEN_STATUSES or not o.link for o in coming)
    return session.next_command("status", file) if to_come else ""
