"""`check`: say what is wrong with a sheet, and change nothing. Imports only what reading needs: it starts fast."""

from __future__ import annotations

import json
from dataclasses import asdict

from batch.commands.exits import EXIT_DONE, EXIT_ROWS
from batch.commands.outputs import Outputs
from batch.commands.reading import Inputs, read_and_check, tell_notices, width
from batch.commands.session import SANDBOX_SAID, Flags, Session
from batch.commands.world import World
from batch.model import Issue, Severity
from batch.report import terminal


def check_sheet(world: World, flags: Flags, inputs: Inputs, outputs: Outputs) -> int:
    """Read and validate; no network. 1 where a row has an error."""
    path = (world.cwd / inputs.sheet).resolve()
    if outputs.out is not None:
        from batch.commands.files import JSON, refuse_outputs

        refuse_outputs(outputs, sheet=path, cwd=world.cwd, endings=JSON)
    with Session(world, flags, folder=path.parent) as session:
        checked = read_and_check(session, inputs, folder=world.cwd)
        tell_notices(session, *checked.sheet.notices)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(terminal.issues_text(checked.issues, posts=checked.posts, width=width(world), color=flags.color))
        if outputs.out is not None:
            from batch.commands.files import write_text

            data = {"sheet": checked.sheet.name, "issues": [issue_to_json(issue) for issue in checked.issues]}
            write_text(session, outputs.out, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
        return EXIT_ROWS if any(issue.severity is Severity.ERROR for issue in checked.issues) else EXIT_DONE


def issue_to_json(issue: Issue) -> dict[str, object]:
    """Return an issue as `check --out` writes it."""
    return {name: asdict(issue)[name] for name in ("row", "column", "code", "seen", "message", "severity", "cell")}
