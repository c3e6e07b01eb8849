"""`apply`: do exactly the plan that was reviewed, or nothing: it is compared with what would be planned now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batch.codec import FormError, data_to_json, from_json
from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.pipeline import carry_through, make_record, places_of, prepare, sheet_held, show_plan
from batch.commands.session import Session, refuse_outputs
from batch.errors import PlanFileError
from batch.model import Plan
from batch.plan.planfile import PlanFile, check_unmoved, read_plan_file
from batch.runs.record import NumberedStep

MAX_PLAN_BYTES = 2 * 1024**3


def apply_plan(environment: Environment, flags: Flags, plan_file: Path, outputs: Outputs) -> int:
    """Carry a saved plan out. Errors: PlanFileError where the sheet, the accounts or the posts have moved since."""
    path = (environment.cwd / plan_file).resolve()
    file, saved = read_plan(path)
    try:
        inputs = from_json(Inputs, data_to_json(file.inputs))
    except FormError as error:
        raise PlanFileError("The plan file does not say which sheet it was made from. Make it again.") from error
    if file.sandbox and not flags.sandbox:
        raise PlanFileError("This plan was made in the sandbox. Add --sandbox, or make a plan of the real site.")
    if flags.sandbox and not file.sandbox:
        raise PlanFileError("This plan was made for the real site. Leave --sandbox out, or make a plan in the sandbox.")
    sheet = (path.parent / inputs.sheet).resolve()
    if not sheet.is_file():
        raise PlanFileError(
            f"The sheet {inputs.sheet} that this plan was made from is not there. Put it back beside it."
        )
    refuse_outputs(outputs, sheet=sheet, cwd=environment.cwd)
    changed = {step.site for step in saved.steps if step.acts}
    if flags.site is None and len(changed) == 1:
        # A blank `site` means the one site of the plan, whatever names it; another would not pass for unmoved.
        flags = replace(flags, site=changed.pop())
    with (
        Session(environment, flags, folder=sheet.parent) as session,
        sheet_held(session, inputs, outputs, folder=path.parent) as (checked, run),
    ):
        if file.places != places_of(session, saved):
            raise PlanFileError("This plan was made for another site or address. Make it again for this one.")
        current = prepare(session, checked, inputs)
        check_unmoved(saved, current.plan)
        show_plan(session, saved)
        steps = {site.site: site.steps for site in saved.sites}
        reviewed = {
            site: tuple(NumberedStep(p.position, step) for p, step in zip(placed, steps[site], strict=True))
            for site, placed in current.placed.items()
        }
        record = make_record(session, replace(current, plan=saved, placed=reviewed), run=run, command="apply")
        return carry_through(session, record, outputs, sheet=checked.path, media_folder=checked.media_folder)


def read_plan(path: Path) -> tuple[PlanFile, Plan]:
    """Read a saved plan. Errors: PlanFileError."""
    try:
        if path.stat().st_size > MAX_PLAN_BYTES:
            raise PlanFileError(f"{path.name} is too large to be a plan.")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise PlanFileError(f"The plan file {path.name} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise PlanFileError(
            f"{path.name} is not a plan. Make one with `postbatch plan SHEET --out plan.json`."
        ) from error
    return read_plan_file(text)
