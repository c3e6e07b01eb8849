"""`template`: a workbook or CSV to fill in, with the site's own accounts where they were asked for."""

from __future__ import annotations

from pathlib import Path

from batch.commands.files import refuse_to_lose
from batch.commands.informing import look_at_site
from batch.commands.session import SANDBOX_SAID, Flags, Session
from batch.commands.world import World
from batch.sheet.template import Connected, write_template


def make_template(world: World, flags: Flags, out: Path, *, connected: bool, force: bool) -> int:
    """Write the template. Errors: StartError where the file is there already or has another ending."""
    path = (world.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    with Session(world, flags, folder=path.parent) as session:
        offered = None
        if connected:
            session.start_sandbox()
            snapshot, _ = look_at_site(session)
            offered = Connected(
                accounts=snapshot.accounts,
                quotas=snapshot.quotas,
                timezone=session.settings.timezone_for(snapshot.site),
            )
        write_template(path, connected=offered)
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(f"Written: {out}. Fill it in, then: postbatch check {out}")
    return 0
