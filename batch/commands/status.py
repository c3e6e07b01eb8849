"""`status`: ask again for the posts of a results file that were not final, and bring the file up to date."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batch.commands.options import Environment, Flags, Outputs
from batch.commands.pipeline import tell
from batch.commands.session import Session, exit_status, refuse_outputs
from batch.commands.sites import follow
from batch.errors import StartError
from batch.runs.record import read_record, read_results, record_followup, run_of_results


def update_status(environment: Environment, flags: Flags, path: Path, outputs: Outputs) -> int:
    """Ask again for the posts of a results file, and bring the file and its page up to date."""
    path = (environment.cwd / path).resolve()
    with Session(environment, flags, folder=path.parent) as session:
        run = run_of_results(session.state, path)
        if not run:
            raise StartError(f"{path.name} is not the results file of a run on this machine. See `postbatch runs`.")
        record = read_record(session.state, run)
        if record.sandbox and not flags.sandbox:
            raise StartError("These results are from the sandbox. Add --sandbox.")
        sheet = path.with_name(Path(record.sheet).name or "posts")
        refuse_outputs(outputs, sheet=sheet, cwd=environment.cwd)
        session.start_sandbox(record.journals, folder=record.folder_or(session.folder))
        session.refuse_other_places(record)
        with session.status.waiting(lambda: "Checking what the site shows"):
            results = follow(session, read_results(session.state, record))
        record_followup(session.state, record, results)
        tell(session, results, replace(outputs, out=outputs.out or path), sheet=sheet)
        return exit_status(results.outcomes)
