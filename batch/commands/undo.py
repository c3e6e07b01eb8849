"""`undo`: put back what a run did, where it still can be; a plan of its own, shown first and done like any other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batch.commands.apply import read_plan
from batch.commands.options import Environment, Flags, Outputs
from batch.commands.pipeline import carry_through, places_of, show_plan
from batch.commands.plan import write_plan
from batch.commands.session import EXIT_DONE, JSON, RESULTS, Session, refuse_outputs
from batch.commands.sites import count_sites, hold_sites, look_at_site
from batch.errors import StartError
from batch.model import Channel, Plan, SitePlan
from batch.plan.planfile import check_unmoved, plan_chunks
from batch.plan.undo import make_undo
from batch.runs.journal import Journal
from batch.runs.record import NumberedStep, RunRecord, read_record, run_names, steps_as_done

UNDO = "undo "
"""How the command of such a run begins in its record; the run that was undone follows."""


def undo_run(
    environment: Environment, flags: Flags, run: str, outputs: Outputs, *, redo: bool = False, dry_run: bool = False,
    reviewed: Path | None = None,
) -> int:  # fmt: skip
    """Undo a run, or with `dry_run` say what that would do and save it as `outputs.out`.

    Undoing an undo sends posts out again, so that `--yes` alone never does it: it takes `redo` or a person's answer.
    `reviewed` is a saved plan of this undo, and nothing is done unless it is still the same.

    Errors: StartError where there is no such run or nothing to undo; PlanFileError where `reviewed` isn't the same.
    """
    with Session(environment, flags) as session:
        endings = JSON if dry_run else RESULTS
        refuse_outputs(outputs, sheet=environment.cwd / undo_name(run), cwd=environment.cwd, endings=endings)
        record = read_record(session.state, _last_to_undo(session) if run == "last" else run)
        if record.sandbox is not session.sandbox:
            flag, there = ("Add", "in the sandbox") if record.sandbox else ("Leave", "on the real site")
            option = f"{flag} --sandbox{'' if record.sandbox else ' out'}"
            raise StartError(f"The run {record.run} was {there}. {option} to undo it.")
        if not dry_run:
            session.refuse_without_terminal(outputs, review=f"Review `postbatch undo {record.run} -n`, then add")
        outputs = replace(outputs, yes=_goes_unasked(session, record, outputs, redo=redo))
        session.start_sandbox(record.journals, folder=record.folder_or(session.folder))
        session.refuse_other_places(record)
        done = steps_as_done(session.state, record)
        if not done:
            raise StartError(f"The run {record.run} changed nothing: there is nothing to undo.")
        own = session.new_run()
        sites = sorted({p.step.site for p in done})
        with hold_sites(session, sites, run=own):
            with session.status.waiting(lambda: f"Reading {count_sites(sites)}"):
                parts = [_plan_site(session, site, [p for p in done if p.step.site == site]) for site in sites]
            placed = sorted((p for part in parts for p in part), key=lambda p: p.position)
            by_site = [SitePlan(site, tuple(p.step for p in part)) for site, part in zip(sites, parts, strict=True)]
            plan = Plan(record.sheet, "", environment.now(), tuple(by_site))
            if record.command.startswith(UNDO):
                session.show(f"The run {record.run} was itself an undo: this puts back what it took back.")
            show_plan(session, plan, asks=not (outputs.yes or dry_run))
            if dry_run:
                return _answer_plan(session, plan, record, outputs)
            if reviewed is not None:
                _, saved, _ = read_plan(environment.cwd / reviewed, made_here=environment.state_folder("plans"))
                remedy = f"See `postbatch undo {record.run} -n` again."
                check_unmoved(saved, plan, remedy=remedy)
            undoing = replace(
                record,
                run=own,
                folder=str(session.folder),
                command=f"{UNDO}{record.run}",
                started_at=environment.now(),
                placed=tuple(placed),
                journals=places_of(session, plan),
                issues=(),
                finished_at=None,
                exit_status=None,
                counts={},
            )
            return carry_through(session, undoing, outputs, sheet=environment.cwd / undo_name(record.run))


def _answer_plan(session: Session, plan: Plan, record: RunRecord, outputs: Outputs) -> int:
    """Print the plan of an undo and save it where that is asked for; nothing is changed."""
    chunks = [*plan_chunks(plan, sandbox=session.sandbox, places=places_of(session, plan))]
    session.environment.answer_text(chunks)
    if outputs.out is not None:
        write_plan(session, chunks, outputs.out)
    redo = " --redo" if record.command.startswith(UNDO) else ""
    reviewed = f" --plan {outputs.out}" if outputs.out else ""
    if any(step.acts for step in plan.steps):
        session.show_next(f"{session.next_command('undo', record.run)}{redo}{reviewed}")
    return EXIT_DONE


def _goes_unasked(session: Session, record: RunRecord, outputs: Outputs, *, redo: bool) -> bool:
    """Tell whether `--yes` counts for this run. Errors: StartError where `redo` is missing or makes no sense."""
    was_undo = record.command.startswith(UNDO)
    if redo and not was_undo:
        raise StartError(f"The run {record.run} wasn't an undo, so there is nothing to redo. Leave --redo out.")
    if was_undo and outputs.yes and not redo and not session.environment.asks:
        raise StartError(
            f"The run {record.run} was an undo, and undoing it sets its posts to go out again. "
            "--yes alone doesn't do that. Add --redo."
        )
    return outputs.yes and (redo or not was_undo)


def _last_to_undo(session: Session) -> str:
    """Return the last run that changed something and was not undone. Errors: StartError where there is none."""
    undone: set[str] = set()
    for name in reversed(run_names(session.state)):
        record = read_record(session.state, name)
        if record.command.startswith(UNDO):
            if name not in undone:
                undone.add(record.command.removeprefix(UNDO))
        elif record.sandbox is session.sandbox and name not in undone and steps_as_done(session.state, record):
            return name
    raise StartError(
        "There is no run to undo: every run either changed nothing or is undone already. See `postbatch runs`."
    )


def undo_name(run: str) -> str:
    """Return the name of the sheet that the undoing of a run would have: its results are named after it."""
    return f"undo-{run}.xlsx"


def _plan_site(session: Session, site: str, done: list[NumberedStep]) -> tuple[NumberedStep, ...]:
    with Journal(session.journal(site)) as journal:
        channels = sorted({Channel(p.step.channel) for p in done if p.step.channel})
        snapshot = look_at_site(session, site, journal, channels)
    plan = make_undo([p.step for p in done], snapshot, now=session.environment.now())
    return tuple(NumberedStep(p.position, step) for p, step in zip(done, plan.steps, strict=True))
