"""`apply`: do exactly the plan that was reviewed, or nothing: it is compared with what would be planned now."""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from batch.codec import FormError, data_to_json, from_json
from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.pipeline import do_prepared, places_of, prepare, sheet_held, show_plan
from batch.commands.session import Session, refuse_outputs
from batch.errors import PlanFileError
from batch.model import Plan
from batch.plan.planfile import PlanFile, check_unmoved, read_plan_file
from batch.settings import VIAS
from batch.wording import listed

MAX_PLAN_BYTES = 2 * 1024**3


def apply_plan(environment: Environment, flags: Flags, plan_file: Path, outputs: Outputs) -> int:
    """Do what a saved plan says, as it is planned again now. Errors: PlanFileError where that is not the same.

    A plan that was not written on this machine, or was changed since, may have come from anybody: it chooses no sheet
    and no media outside of its own folder and the current one, and no site.
    """
    path = (environment.cwd / plan_file).resolve()
    file, saved, is_ours = read_plan(path, made_here=environment.state_folder("plans"))
    try:
        inputs = from_json(Inputs, data_to_json(file.inputs))
    except FormError as error:
        raise PlanFileError("The plan file doesn't name the sheet it was made from. Make the plan again.") from error
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
    changed = sorted({step.site for step in saved.steps if step.acts})
    if not is_ours:
        named = (inputs.media_folder, inputs.places, *inputs.answers)
        chosen = [(path.parent / name).resolve() for name in named]
        _refuse_outside(path, sheet, *chosen, cwd=environment.cwd.resolve())
    elif not flags.sites and len(changed) == 1:
        # A blank `site` means the one site of the plan, whatever names it; another would not pass for unmoved.
        flags = replace(flags, default_site=changed[0])
    inputs = replace(inputs, sites=flags.sites or (inputs.sites if is_ours else ()))
    with (
        Session(environment, flags, folder=sheet.parent) as session,
        sheet_held(session, inputs, outputs, folder=path.parent) as (checked, run),
    ):
        others = [site for site in changed if site not in checked.sites]
        if others and not is_ours:
            raise PlanFileError(
                f"The sheet does not say that its posts go to {listed(others, last='and')}, as the plan does: if that "
                f"is meant, add --site {others[0]}."
            )
        if flags.via is None:
            ways = {part.site: part.via for part in saved.sites if part.via in VIAS}
            sites = {n: replace(site, via=ways.get(n, site.via)) for n, site in session.settings.sites.items()}
            session.settings = replace(session.settings, sites=sites)
        if file.places != places_of(session, saved):
            raise PlanFileError("This plan was made for another site or address. Make it again for this one.")
        prepared = prepare(session, checked, inputs, remember=True)
        check_unmoved(saved, prepared.plan)
        # The same to the last act: what is shown and done is today's plan, which no file can have a say in.
        show_plan(session, prepared.plan, asks=not outputs.yes)
        return do_prepared(session, prepared, outputs, run=run, command="apply", sheet=checked.path)


def _refuse_outside(plan_file: Path, *chosen: Path, cwd: Path) -> None:
    """Refuse a plan of anybody's that takes a file from where neither it nor the command is."""
    for path in chosen:
        if not any(path.is_relative_to(folder) for folder in (plan_file.parent, cwd)):
            raise PlanFileError(
                f"This plan was not made on this machine, or was changed since, and takes {path} from outside of its "
                "folder and the current one. Make it again with `postbatch plan SHEET --out plan.json`."
            )


def read_plan(path: Path, *, made_here: Path) -> tuple[PlanFile, Plan, bool]:
    """Read a saved plan, and tell whether it is as it was written on this machine. Errors: PlanFileError."""
    try:
        if path.stat().st_size > MAX_PLAN_BYTES:
            raise PlanFileError(f"{path.name} is too large to be a plan.")
        content = path.read_bytes()
        text = content.decode()
    except OSError as error:
        raise PlanFileError(f"The plan file {path.name} can't be read: {error.strerror}.") from error
    except ValueError as error:
        raise PlanFileError(
            f"{path.name} is not a plan. Make one with `postbatch plan SHEET --out plan.json`."
        ) from error
    return *read_plan_file(text), (made_here / sha256(content).hexdigest()).is_file()
