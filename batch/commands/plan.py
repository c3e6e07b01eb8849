"""`plan`: say what a run would do, and why; change nothing. The plan can be saved, and be written as a page."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from batch.atomic import write_private
from batch.commands.check import fixable
from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.pipeline import REFUSED, Prepared, make_record, places_of, prepare, read_to_send, show_plan
from batch.commands.session import EXIT_DONE, EXIT_ROWS, JSON, Session, refuse_outputs
from batch.errors import JournalError
from batch.plan.approval import ask_about
from batch.plan.planfile import plan_chunks
from batch.plan.safety import MAX_SHARE_PERCENT
from batch.runs.journal import make_private_folder
from batch.runs.record import make_results, planned_outcome

LARGE = (
    "To {act} {number:,} posts is more than {share} % of what is scheduled: `run` asks you to type that number, or "
    "takes --allow-{act} {number}."
)


def plan_sheet(environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs) -> int:
    """Say what a run would do, and why; nothing is changed."""
    path = (environment.cwd / inputs.sheet).resolve()
    refuse_outputs(outputs, sheet=path, cwd=environment.cwd, endings=JSON)
    with Session(environment, flags, folder=path.parent) as session:
        inputs = replace(inputs, sites=session.sites)
        checked = read_to_send(session, inputs, folder=environment.cwd)
        prepared = prepare(session, checked, inputs)
        show_plan(session, prepared.plan)
        environment.answer_text(_chunks(session, prepared, folder=environment.cwd))
        for act, number in prepared.large.items():
            session.warn(LARGE.format(act=act, number=number, share=MAX_SHARE_PERCENT))
        if outputs.out is not None:
            folder = (environment.cwd / outputs.out).resolve().parent
            write_plan(session, _chunks(session, prepared, folder=folder), outputs.out)
        if outputs.page is not None:
            record = make_record(session, prepared, run="", command="plan")
            planned = replace(make_results(record, [planned_outcome(p.step) for p in record.placed]), wanted="plan")
            asked = ask_about(placed.step for placed in record.placed)
            page = session.write_page(planned, outputs.page, asked=asked)
            session.show_written(page)
        steps = prepared.plan.steps
        if any(step.acts for step in steps):
            apply = session.next_command("apply", str(outputs.out))
            session.show_next(apply if outputs.out else environment.command_line("run"))
        elif fixable(checked.issues):
            session.show_next(environment.command_line("fix"))
        to_fix = any(step.kind in REFUSED for step in steps) or any(part.lapsed for part in prepared.plan.sites)
        return EXIT_ROWS if to_fix else EXIT_DONE


def write_plan(session: Session, chunks: Iterable[str], out: Path) -> None:
    """Write a plan's file and remember that this machine has written it so."""
    digest = sha256()

    def remembered() -> Iterator[str]:
        for chunk in chunks:
            digest.update(chunk.encode())
            yield chunk

    written = session.write_text(out, remembered())
    with suppress(OSError, JournalError):  # without it, `apply` takes less of the file's word
        plans = session.environment.state_folder("plans")
        make_private_folder(plans)
        write_private(plans / digest.hexdigest(), b"")
    session.show_written(written)


def _chunks(session: Session, prepared: Prepared, *, folder: Path) -> Iterator[str]:
    """Return the plan's JSON in pieces; the sheet and its media are named as seen from `folder`, no other place is."""

    def from_there(path: Path) -> str:
        try:
            return Path(os.path.relpath(path.resolve(), folder)).as_posix()
        except ValueError:  # on another drive of Windows, where nothing leads from one to the other
            return path.resolve().as_posix()

    checked, inputs = prepared.checked, prepared.inputs
    sheet = checked.path.name if inputs.from_stdin else from_there(checked.path)
    media = from_there(checked.media_folder) if inputs.media_folder and not inputs.from_stdin else ""
    places = from_there(session.environment.cwd / inputs.places) if inputs.places else ""
    answers = tuple(from_there(session.environment.cwd / named) for named in inputs.answers)
    return plan_chunks(
        prepared.plan,
        inputs=replace(inputs, sheet=sheet, media_folder=media, places=places, answers=answers),
        issues=checked.issues,
        sandbox=session.sandbox,
        places=places_of(session, prepared.plan),
    )
