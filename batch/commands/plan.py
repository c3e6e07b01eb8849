"""`plan`: say what a run would do, and why; change nothing. The plan can be saved, and be written as a page."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

from batch.commands.pipeline import Inputs, Prepared, planner_for, prepare, read_and_check, tell_notices, width
from batch.commands.run import REFUSED, places_of, results_of, show_plan, shown_from
from batch.commands.session import (
    EXIT_DONE,
    EXIT_ROWS,
    JSON,
    SANDBOX_SAID,
    Environment,
    Flags,
    Outputs,
    Session,
    refuse_outputs,
    write_page,
    write_text,
)
from batch.model import Issue, Results, Severity
from batch.plan.planfile import plan_chunks
from batch.report import terminal
from batch.run.record import planned_outcome


def check_sheet(environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs) -> int:
    """Read and validate; no network. 1 where a row has an error."""
    path = (environment.cwd / inputs.sheet).resolve()
    if outputs.out is not None:
        from batch.commands.session import JSON, refuse_outputs

        refuse_outputs(outputs, sheet=path, cwd=environment.cwd, endings=JSON)
    with Session(environment, flags, folder=path.parent) as session:
        checked = read_and_check(session, inputs, folder=environment.cwd)
        tell_notices(session, *checked.sheet.notices)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(
            terminal.issues_text(checked.issues, posts=checked.posts, width=width(environment), color=flags.color)
        )
        if outputs.out is not None:
            from batch.commands.session import write_text

            data = {"sheet": checked.sheet.name, "issues": [issue_to_json(issue) for issue in checked.issues]}
            write_text(session, outputs.out, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
        return EXIT_ROWS if any(issue.severity is Severity.ERROR for issue in checked.issues) else EXIT_DONE


def issue_to_json(issue: Issue) -> dict[str, object]:
    """Return an issue as `check --out` writes it."""
    return {name: asdict(issue)[name] for name in ("row", "column", "code", "seen", "message", "severity", "cell")}


def plan_sheet(environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs) -> int:
    """Say what a run would do, and why; nothing is changed."""
    path = (environment.cwd / inputs.sheet).resolve()
    refuse_outputs(outputs, sheet=path, cwd=environment.cwd, endings=JSON)
    with Session(environment, flags, folder=path.parent) as session:
        prepared = look_and_plan(session, inputs, folder=environment.cwd)
        show_plan(session, prepared)
        if outputs.out is not None:
            write_plan(session, prepared, inputs, outputs.out, folder=environment.cwd)
        if outputs.page is not None:
            write_page(
                session, planned_results(session, prepared), outputs.page, media_folder=prepared.checked.media_folder
            )
        return EXIT_ROWS if any(step.kind in REFUSED for step in prepared.plan.steps) else EXIT_DONE


def look_and_plan(session: Session, inputs: Inputs, *, folder: Path) -> Prepared:
    """Read, check and plan, having started the sandbox where one was asked for."""
    checked = read_and_check(session, inputs, folder=folder, will_send=True)
    tell_notices(session)
    if session.sandbox:
        session.start_sandbox(dict.fromkeys(post.site for post in checked.posts if not post.errors))
    return prepare(session, checked, inputs, planner=planner_for(session, checked, inputs))


def planned_results(session: Session, prepared: Prepared) -> Results:
    """Return a plan in the form of results, for its page."""
    placed = sorted((p for steps in prepared.placed.values() for p in steps), key=lambda p: p.position)
    lines = [planned_outcome(p.step) for p in placed]
    return replace(results_of(session, prepared, lines, run=""), wanted="plan")


def write_plan(session: Session, prepared: Prepared, inputs: Inputs, out: Path, *, folder: Path) -> None:
    """Write the plan's file: the steps, and from what they were made, named from the file's own folder."""

    out = folder / out
    beside = out.resolve().parent
    media = from_folder(prepared.checked.media_folder, beside) if inputs.media_folder else ""
    sheet = from_folder(prepared.checked.path, beside)
    chunks = plan_chunks(
        prepared.plan,
        inputs=replace(inputs, sheet=sheet, media_folder=media),
        issues=prepared.checked.issues,
        sandbox=session.sandbox,
        places=places_of(session, prepared.plan),
    )
    out = write_text(session, out, chunks)
    session.show(f"Written: {shown_from(out, session.environment.cwd)}")


def from_folder(path: Path, folder: Path) -> str:
    """Return a path as it is written from a folder: a saved plan names no place of this machine."""
    return Path(os.path.relpath(path.resolve(), folder)).as_posix()
