"""`runs` and `results`: the runs so far, and what one of them came to, from its record and the journals."""

from __future__ import annotations

from pathlib import Path

from batch.commands.options import Environment, Flags, Outputs
from batch.commands.pipeline import tell
from batch.commands.session import SANDBOX_SAID, Session, exit_status, refuse_outputs
from batch.commands.undo import UNDO, undo_name
from batch.errors import PostbatchError
from batch.report import terminal
from batch.runs.record import read_record, read_results, run_names


def show_runs(environment: Environment, flags: Flags) -> int:
    """List the runs so far, the latest last."""
    with Session(environment, flags, offline=True) as session:
        if session.sandbox:
            session.show(SANDBOX_SAID)
        records = []
        for name in run_names(session.state):
            try:
                records.append(read_record(session.state, name))
            except PostbatchError as error:
                session.warn(str(error))
        environment.answer({
            "runs": [
                {
                    "run": record.run, "command": record.command, "sheet": record.sheet, "sandbox": record.sandbox,
                    "started_at": record.started_at.isoformat(), "exit_status": record.exit_status,
                    "sites": sorted(record.journals), "counts": dict(record.counts),
                }
                for record in records
            ]
        })  # fmt: skip
        environment.show_text(terminal.runs_text(records, width=environment.width, color=flags.color))
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
