"""`doctor`: is the configuration right, does each site's credential work, what is missing?"""

from __future__ import annotations

import platform
from collections.abc import Iterator

from batch import __version__
from batch.commands.accounts import LIVING, read_accounts
from batch.commands.options import Environment, Flags
from batch.commands.session import SANDBOX_SAID, Session
from batch.errors import PostbatchError
from batch.runs.journal import make_private_folder
from batch.wording import QUOTA_NAMES, quota_left


def examine(environment: Environment, flags: Flags) -> int:
    """Say whether the configuration is right, the credential works, and what is missing. 2 where something is wrong."""
    findings = [(True, f"Python {platform.python_version()}, postbatch {__version__}")]
    try:
        with Session(environment, flags) as session:
            session.start_sandbox()
            settings = session.settings
            file = settings.source if settings.config_path else "from the environment"
            findings.append((True, f"Configuration: {file}; API: {settings.api_url}"))
            if session.sandbox:
                findings.append((True, SANDBOX_SAID))
            for name in settings.sites if settings.sites and not flags.site else [settings.site().name]:
                findings += _examine_site(session, name)
    except PostbatchError as error:
        findings += [(False, error.sentence), *((False, line) for line in error.details)]
    for good, text in findings:
        environment.show(f"{'ok ' if good else 'NO '} {text}")
    return 0 if all(good for good, _ in findings) else 2


def _examine_site(session: Session, name: str) -> Iterator[tuple[bool, str]]:
    zone = session.settings.timezone_for(name)
    where = f"Site {name}"
    yield True, f"{where}: time zone {zone or 'is not set, so each row with a date needs one, or postbatch.toml'}"
    try:
        make_private_folder(session.journal(name).parent)
        snapshot, urls = read_accounts(session, name)
    except (PostbatchError, OSError) as error:
        yield False, f"{where}: {error}"
        return
    yield True, f"{where}: the credential works"
    for channel in LIVING:
        state = snapshot.connections[channel]
        accounts = [a for a in snapshot.accounts if a.channel is channel]
        if state == "VALID" and accounts:
            yield True, f"{where}: {channel} has {', '.join(a.name or a.id for a in accounts)}"
        else:
            yield True, f"{where}: {channel} is not connected ({state}); {urls.get(channel, 'no posts can go there')}"
    for action, quota in snapshot.quotas.items():
        left = quota_left(quota)
        yield quota.enabled, f"{where}: {QUOTA_NAMES.get(action, action)}: {left}"
