"""Do exactly the plan that was reviewed, or nothing: the saved plan is compared with what would be planned now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from batch.codec import FormError, data_to_json, from_json
from batch.commands.pipeline import Inputs, Prepared, planner_for, prepare, read_and_check
from batch.commands.run import do_plan, places_of, refuse_without_terminal, show_plan, sites_of
from batch.commands.session import Environment, Flags, Outputs, Session, refuse_outputs
from batch.commands.sites import hold_sites
from batch.errors import PlanFileError
from batch.model import Plan
from batch.plan.planfile import PlanFile, check_unmoved, read_plan_file
from batch.run.record import Placed, new_run_id

MAX_PLAN_BYTES = 2 * 1024**3


def apply_plan(environment: Environment, flags: Flags, plan_file: Path, outputs: Outputs) -> int:
    """Carry a saved plan out. Errors: PlanFileError where the sheet, the accounts or the posts have moved since."""
    path = (environment.cwd / plan_file).resolve()
    file, saved = read_plan(path)
    inputs, sandbox = _inputs(file), file.sandbox
    if sandbox and not flags.sandbox:
        raise PlanFileError("This plan was made in the sandbox. Add --sandbox, or make a plan of the real site.")
    if flags.sandbox and not sandbox:
        raise PlanFileError("This plan was made for the real site. Leave --sandbox out, or make a plan in the sandbox.")
    sheet = (path.parent / inputs.sheet).resolve()
    if not sheet.is_file():
        raise PlanFileError(
            f"The sheet {inputs.sheet} that this plan was made from is not there. Put it back beside it."
        )
    refuse_outputs(outputs, sheet=sheet, cwd=environment.cwd)
    with Session(environment, _with_its_site(flags, saved), folder=sheet.parent) as session:
        refuse_without_terminal(session, outputs)
        checked = read_and_check(session, inputs, folder=path.parent, will_send=True)
        session.start_sandbox(sites_of(checked))
        if file.places != places_of(session, saved):
            raise PlanFileError("This plan was made for another site or address. Make it again for this one.")
        run = new_run_id(environment.now(), random=environment.random())
        with hold_sites(session, sites_of(checked), run=run):
            current = prepare(session, checked, inputs, planner=planner_for(session, checked, inputs))
            check_unmoved(saved, current.plan)
            prepared = as_saved(saved, current)
            show_plan(session, prepared)
            return do_plan(session, prepared, outputs, run=run, command="apply")


def _with_its_site(flags: Flags, saved: Plan) -> Flags:
    """Let a blank `site` mean the one site of the plan, whatever names it. Another one would not pass for unmoved."""
    sites = [site.site for site in saved.sites if any(step.acts for step in site.steps)]
    return replace(flags, site=sites[0]) if flags.site is None and len(sites) == 1 else flags


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


def _inputs(file: PlanFile) -> Inputs:
    try:
        return from_json(Inputs, data_to_json(file.inputs))
    except FormError as error:
        raise PlanFileError("The plan file does not say which sheet it was made from. Make it again.") from error


def as_saved(saved: Plan, current: Prepared) -> Prepared:
    """Return what was prepared now with the steps that were reviewed: they are what is done."""
    by_site = {site.site: site.steps for site in saved.sites}
    placed = {
        site: tuple(Placed(p.position, step) for p, step in zip(steps, by_site[site], strict=True))
        for site, steps in current.placed.items()
    }
    return replace(current, plan=saved, placed=placed)
