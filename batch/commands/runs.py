"""`runs` and `results`: the runs so far, and what one of them came to, from its record and the journals."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

from batch.commands.options import Environment, Flags, Outputs
from batch.commands.pipeline import tell
from batch.commands.session import Session, exit_status, refuse_outputs
from batch.commands.sites import read_runs
from batch.commands.undo import UNDO, undo_name
from batch.report import terminal
from batch.runs.record import read_record, read_results


def show_runs(environment: Environment, flags: Flags, *, everything: bool = False) -> int:
    """List the latest runs of the sheets in this folder, newest first; with `everything` all runs of all folders."""
    with Session(environment, flags, offline=True) as session:
        every = list(read_runs(session))
        mine = (run for run in every if not run.folder or Path(run.folder).is_relative_to(session.folder))
        records = every if everything else list(islice(mine, terminal.SHOWN_RUNS))
        others, alike = len(every) - len(records), ("run", "command", "sheet", "sandbox", "exit_status")
        told = [
            {name: getattr(record, name) for name in alike}
            | {"started_at": record.started_at.isoformat(), "sites": sorted(record.journals)}
            | {"counts": dict(record.counts)}
            for record in records
        ]
        environment.answer({"runs": told})
        if not records and not others:
            session.show("No runs yet. Next: postbatch run SHEET")
            return 0
        session.show_text(terminal.runs_text(records, now=environment.now().astimezone(), more=others, **session.style))
        return 0


def write_results_again(environment: Environment, flags: Flags, run: str, outputs: Outputs) -> int:
    """Write a run's results again. The exit status is the run's own."""
    with Session(environment, flags, offline=True) as session:
        record = read_record(session.state, run)
        undone = record.command.removeprefix(UNDO) if record.command.startswith(UNDO) else ""
        sheet = environment.cwd / (undo_name(undone) if undone else Path(record.sheet).name)
        refuse_outputs(outputs, sheet=sheet, cwd=environment.cwd)
        results = read_results(session.state, record)
        tell(session, results, outputs, sheet=sheet)
        return exit_status(results.outcomes)
