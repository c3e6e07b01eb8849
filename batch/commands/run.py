"""`run`: plan a sheet, ask, do it here or on a cluster, and write what happened."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace

from batch.commands.options import Cluster, Environment, Flags, Inputs, Outputs
from batch.commands.pipeline import do_prepared, prepare, sheet_held, show_plan
from batch.commands.session import Session, refuse_outputs
from batch.errors import StartError


def run_sheet(
    environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs, *, cluster: Cluster | None = None
) -> int:
    """Plan, ask, do here or on a cluster, write the results."""
    path = (environment.cwd / inputs.sheet).resolve()
    if cluster and flags.sandbox:
        raise StartError("The sandbox is on this machine only: leave out --cluster, or leave out --sandbox.")
    refuse_outputs(outputs, sheet=path, cwd=environment.cwd)
    with ExitStack() as opened:
        session = opened.enter_context(Session(environment, flags, folder=path.parent))
        if cluster:
            from batch.commands.cluster import ClusterRunner, connect

            client = opened.enter_context(connect(cluster, warn=session.warn))
        inputs = replace(inputs, sites=session.sites)
        checked, run = opened.enter_context(sheet_held(session, inputs, outputs, folder=environment.cwd))
        prepared = prepare(session, checked, inputs, remember=True)
        if not (flags.quiet and outputs.yes):
            show_plan(session, prepared.plan, asks=not outputs.yes)
        for notice in (n for part in prepared.plan.sites for n in part.notices) if flags.quiet else ():
            session.warn(notice)
        doer = opened.enter_context(ClusterRunner(session, run, client, prepared)).doer if cluster else None
        return do_prepared(session, prepared, outputs, run=run, command="run", sheet=path, doer=doer)
