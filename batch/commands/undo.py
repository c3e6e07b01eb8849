"""Put back what a run did, where it still can be: a plan of its own, shown first, done like any other."""

from __future__ import annotations

from dataclasses import replace

from batch.commands.pipeline import width
from batch.commands.run import confirmed, finish, refuse_without_terminal
from batch.commands.session import SANDBOX_SAID, Environment, Flags, Outputs, Session, refuse_outputs
from batch.commands.sites import carry_out, hold_sites
from batch.errors import StartError
from batch.model import Channel, Plan, SitePlan
from batch.plan.undo import make_undo
from batch.report import terminal
from batch.run.journal import Journal
from batch.run.record import Placed, RunRecord, new_run_id, read_record, steps_as_done
from batch.run.site import read_site

UNDO = "undo "
"""How the command of such a run begins in its record; the run that was undone follows."""


def undo_run(environment: Environment, flags: Flags, run: str, outputs: Outputs) -> int:
    """Undo a run. Errors: StartError where there is no such run or nothing to undo."""
    with Session(environment, flags) as session:
        refuse_outputs(outputs, sheet=environment.cwd / undo_name(run), cwd=environment.cwd)
        refuse_without_terminal(session, outputs)
        record = read_record(session.state, run)
        _same_kind(session, record)
        session.start_sandbox(record.journals)
        refuse_other_places(session, record)
        done = steps_as_done(session.state, record)
        if not done:
            raise StartError(f"The run {record.run} changed nothing, so there is nothing to undo.")
        undo = new_run_id(environment.now(), random=environment.random())
        sites = sorted({p.step.site for p in done})
        with hold_sites(session, sites, run=undo):
            placed = {site: _plan(session, site, [p for p in done if p.step.site == site]) for site in sites}
            plan = _whole(session, record, placed)
            if session.sandbox:
                session.show(SANDBOX_SAID)
            session.show(terminal.plan_text(plan, width=width(environment), color=flags.color, verbose=flags.verbose))
            changing = sum(1 for step in plan.steps if step.acts)
            if changing and not outputs.yes and not confirmed(session, changing):
                session.warn("Nothing was done.")
                return 0
            return _do(session, record, undo, placed, outputs)


def undo_name(run: str) -> str:
    """Return the name of the sheet that the undoing of a run would have: its results are named after it."""
    return f"undo-{run}.xlsx"


def _same_kind(session: Session, record: RunRecord) -> None:
    if record.sandbox is not session.sandbox:
        flag = "Add --sandbox" if record.sandbox else "Leave --sandbox out"
        place = "in the sandbox" if record.sandbox else "on the real site"
        raise StartError(f"The run {record.run} was {place}. {flag} to undo it.")


def refuse_other_places(session: Session, record: RunRecord) -> None:
    """Refuse where a site's name, folder or address leads to another place than it did."""
    for site, name in record.journals.items():
        if session.journal(site).name != name:
            where = "in the sandbox of another folder" if session.sandbox else "on another site or address"
            raise StartError(f"The run {record.run} was {where} than {site or 'default'} is now. Go there first.")


def _plan(session: Session, site: str, done: list[Placed]) -> tuple[Placed, ...]:
    environment = session.environment
    with Journal(session.journal(site)) as journal:
        snapshot = read_site(
            session.client(site),
            journal,
            site=site,
            channels=sorted({Channel(p.step.channel) for p in done if p.step.channel}),
            now=environment.now,
            pause=environment.sleep,
            settle_seconds=session.settings.settle_seconds,
            say=session.say,
        )
    plan = make_undo([p.step for p in done], snapshot, now=environment.now())
    return tuple(Placed(p.position, step) for p, step in zip(done, plan.steps, strict=True))


def _whole(session: Session, record: RunRecord, placed: dict[str, tuple[Placed, ...]]) -> Plan:
    sites = tuple(SitePlan(site, tuple(p.step for p in steps)) for site, steps in placed.items())
    return Plan(record.sheet, "", session.environment.now(), sites)


def _do(session: Session, record: RunRecord, run: str, placed: dict[str, tuple[Placed, ...]], outputs: Outputs) -> int:
    every = sorted((p for steps in placed.values() for p in steps), key=lambda p: p.position)
    own = replace(
        record,
        run=run,
        command=f"{UNDO}{record.run}",
        started_at=session.environment.now(),
        placed=tuple(every),
        journals={site: session.journal(site).name for site in placed},
        issues=(),
        finished_at=None,
        exit_status=None,
        counts={},
    )
    carried = carry_out(session, own, placed)
    sheet = session.environment.cwd / undo_name(record.run)
    finish(session, carried.results, outputs, sheet=sheet)
    return carried.exit_status
