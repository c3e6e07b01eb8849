"""`template`: a workbook (or CSV) to fill in, with a site's own accounts where they are asked for."""

from __future__ import annotations

from pathlib import Path

from batch.commands.accounts import read_accounts
from batch.commands.options import Environment, Flags
from batch.commands.session import Session, refuse_to_lose
from batch.errors import StartError
from batch.times import zone_named
from batch.workbooks.template import write_template
from batch.workbooks.validation import Connected


def make_template(
    environment: Environment, flags: Flags, out: Path, *, connected: bool, force: bool, timezone: str = ""
) -> int:
    """Write the template. Errors: StartError where the file is there already, or its ending or the zone is unknown."""
    if timezone and zone_named(timezone) is None:
        raise StartError(f"--timezone: “{timezone}” isn't a time zone name. Use one like Europe/London.")
    path = (environment.cwd / out).resolve()
    refuse_to_lose(path, force=force)
    with Session(environment, flags, folder=path.parent, offline=not connected) as session:
        offered = None
        if connected:
            session.start_sandbox()
            site = session.settings.site().name
            with session.status.waiting(lambda: "Reading the site's accounts"):
                snapshot, _ = read_accounts(session, site)
            offered = Connected(
                accounts=snapshot.accounts, quotas=snapshot.quotas, timezone=session.settings.timezone_for(site)
            )
        write_template(path, now=environment.now(), connected=offered, timezone=timezone)
        environment.answer({"written": str(out)})
        session.show(f"Written: {out}")
        session.show_next(session.next_command("check", str(out)))
    return 0
