"""`run`, and the part of it that `apply` and `undo` share: ask, carry out, write the results, say what happened."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from batch.commands.pipeline import Checked, Inputs, Prepared, planner_for, prepare, read_and_check, tell_notices, width
from batch.commands.session import (
    EXIT_DONE,
    EXIT_INTERRUPTED,
    EXIT_ROWS,
    SANDBOX_SAID,
    Environment,
    Flags,
    Outputs,
    Session,
    exit_status,
    refuse_outputs,
    write_report,
)
from batch.commands.sites import Carried, carry_out, hold_sites
from batch.errors import JournalError, StartError
from batch.model import Outcome, OutcomeKind, Plan, Results, Sheet, StepKind
from batch.report import terminal
from batch.run.record import RunRecord, idle_outcome, new_run_id, not_run_outcome, record_followup

REFUSED = frozenset({StepKind.INVALID, StepKind.BLOCKED, StepKind.CONFLICT, StepKind.FAILED})


def run_sheet(environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs) -> int:
    """Plan, ask, do, write the results."""
    path = (environment.cwd / inputs.sheet).resolve()
    with Session(environment, flags, folder=path.parent) as session:
        refuse_outputs(outputs, sheet=path, cwd=environment.cwd)
        refuse_without_terminal(session, outputs)
        checked = read_and_check(session, inputs, folder=environment.cwd, will_send=True)
        tell_notices(session)
        session.start_sandbox(dict.fromkeys(post.site for post in checked.posts if not post.errors))
        run = new_run_id(environment.now(), random=environment.random())
        with hold_sites(session, sites_of(checked), run=run):
            prepared = prepare(session, checked, inputs, planner=planner_for(session, checked, inputs))
            if not (flags.quiet and outputs.yes):
                show_plan(session, prepared)
            return do_plan(session, prepared, outputs, run=run, command="run")


def sites_of(checked: Checked) -> list[str]:
    """Return the sites that a sheet may send something to."""
    return sorted({post.site for post in checked.posts if not post.errors})


def refuse_without_terminal(session: Session, outputs: Outputs) -> None:
    """Refuse to begin what would have to ask, where nobody can answer."""
    if not outputs.yes and not session.environment.asks:
        raise StartError(
            "There is no terminal to ask on, so nothing was done. Review `postbatch plan`, then add --yes."
        )


Carrier = Callable[[Session, RunRecord, Prepared], Carried]
"""Carries a plan out that was agreed to."""


def carry_out_here(session: Session, record: RunRecord, prepared: Prepared) -> Carried:
    """Carry a plan out in this process."""
    return carry_out(session, record, prepared.placed, media_folder=prepared.checked.media_folder)


def do_plan(
    session: Session,
    prepared: Prepared,
    outputs: Outputs,
    *,
    run: str,
    command: str,
    carry: Carrier = carry_out_here,
) -> int:
    """Ask, carry out, write results and page, print the summary."""
    changing = sum(1 for step in prepared.plan.steps if step.acts)
    record = make_record(session, prepared, run=run, command=command)
    if outputs.all_or_nothing and any(step.kind in REFUSED for step in prepared.plan.steps):
        return nothing_done(session, record, prepared, outputs)
    if changing and not outputs.yes and not confirmed(session, changing):
        session.warn("Nothing was done.")
        return EXIT_DONE
    carried = carry(session, record, prepared)
    results = carried.results
    interrupted = carried.exit_status == EXIT_INTERRUPTED
    if outputs.wait_seconds and any(o.outcome is OutcomeKind.PROCESSING for o in results.outcomes):
        from batch.commands.status import wait_until_final

        try:
            results = wait_until_final(session, results, bound_seconds=outputs.wait_seconds)
            record_followup(session.state, record, results)
        except JournalError as error:
            session.warn(str(error))
        except KeyboardInterrupt:
            interrupted = True
    finish(session, results, outputs, sheet=prepared.checked.path, media_folder=prepared.checked.media_folder)
    return EXIT_INTERRUPTED if interrupted else max(carried.exit_status, exit_status(results.outcomes))


def nothing_done(session: Session, record: RunRecord, prepared: Prepared, outputs: Outputs) -> int:
    """Send nothing since a row is wrong, and say so for each row."""
    why = "Another row needs mending, and --all-or-nothing was asked for."
    lines = [idle_outcome(p.step) if not p.step.acts else not_run_outcome(p.step, why=why) for p in record.placed]
    session.warn("Nothing was sent: some rows can't be done, and --all-or-nothing was asked for.")
    results = results_of(session, prepared, lines, run=record.run)
    finish(session, results, outputs, sheet=prepared.checked.path, media_folder=prepared.checked.media_folder)
    return EXIT_ROWS


def confirmed(session: Session, changing: int) -> bool:
    """Ask at the terminal; anything but yes is no."""
    import click

    posts = "1 post" if changing == 1 else f"{changing} posts"
    try:
        return click.confirm(f"Do this to {posts}?", default=False, err=True)
    except click.Abort:
        session.warn("\nNothing was done.")
        raise


def finish(
    session: Session, results: Results, outputs: Outputs, *, sheet: Path, media_folder: Path | None = None
) -> None:
    """Write results and page, and print what happened."""
    flags = session.flags
    written: list[Path] = []
    try:
        written = write_report(session, results, outputs, sheet=sheet, media_folder=media_folder)
    finally:
        # Also where no file can be written: what was done is then told here, and by `postbatch results`.
        if results.sandbox:
            session.show(SANDBOX_SAID)
        text = terminal.outcomes_text(
            results, width=width(session.environment), color=flags.color, verbose=flags.verbose
        )
        session.show(text)
        for path in written:
            session.show(f"Written: {shown_from(path, session.environment.cwd)}")


def shown_from(path: Path, cwd: Path) -> str:
    """Return a path as short as the current folder allows."""
    try:
        return str(path.resolve().relative_to(cwd.resolve()))
    except ValueError:
        return str(path)


def places_of(session: Session, plan: Plan) -> dict[str, str]:
    """Return, for each site that the plan changes, what tells it from every other site and address."""
    busy = {step.site for step in plan.steps if step.acts}
    return {site: session.journal(site).name for site in sorted(busy)}


def make_record(session: Session, prepared: Prepared, *, run: str, command: str) -> RunRecord:
    """Return the record of a run that is about to begin."""
    checked = prepared.checked
    placed = sorted((p for steps in prepared.placed.values() for p in steps), key=lambda p: p.position)
    busy = {site for site, steps in prepared.placed.items() if any(p.step.acts for p in steps)}
    return RunRecord(
        run=run,
        command=command,
        sheet=checked.sheet.name,
        sandbox=session.sandbox,
        started_at=session.environment.now(),
        headings=checked.sheet.headings,
        own=own_cells(checked.sheet),
        placed=tuple(placed),
        journals={site: session.journal(site).name for site in busy},
        issues=checked.issues,
        notices=(*prepared.plan.notices, *(n for site in prepared.plan.sites for n in site.notices)),
    )


def own_cells(sheet: Sheet) -> dict[int, tuple[str, ...]]:
    """Return the sheet's own cells as text, by row number."""
    return {
        row.number: tuple(v if isinstance(v, str) else v.isoformat(" ", "minutes") for v in row.values)
        for row in sheet.rows
    }


def results_of(session: Session, prepared: Prepared, lines: Sequence[Outcome], *, run: str) -> Results:
    """Join outcomes with the rows that they came from."""
    sheet = prepared.checked.sheet
    return Results(
        run=run,
        sandbox=session.sandbox,
        sheet=sheet.name,
        headings=sheet.headings,
        outcomes=tuple(lines),
        own=own_cells(sheet),
        issues=prepared.checked.issues,
        started_at=session.environment.now(),
        notices=sheet.notices,
    )


def show_plan(session: Session, prepared: Prepared) -> None:
    """Print the plan, and say of a sandbox that it is one."""
    flags = session.flags
    if session.sandbox:
        session.show(SANDBOX_SAID)
    session.show(
        terminal.plan_text(
            prepared.plan,
            calls_per_minute=session.settings.calls_per_minute,
            width=width(session.environment),
            color=flags.color,
            verbose=flags.verbose,
        )
    )
