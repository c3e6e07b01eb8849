"""`doctor`: is the configuration right, does each site's credential work, what is missing?

With `--probe` it finds out, with drafts that it deletes again, what a site's own service does where nothing says so.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator

from batch import __version__
from batch.commands.accounts import LIVING, read_accounts
from batch.commands.options import Environment, Flags
from batch.commands.session import SANDBOX_SAID, Session
from batch.commands.sites import hold_sites
from batch.errors import PostbatchError, StartError
from batch.publisher.probe import (
    CHANNELS,
    MARK,
    Fact,
    NoDraftError,
    Probe,
    choose_account,
    delete_drafts,
    find_left_over,
)
from batch.runs.journal import Journal, make_private_folder
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
            for name in session.sites or settings.sites or [settings.site().name]:
                findings += _examine_site(session, name)
    except PostbatchError as error:
        findings += [(False, error.sentence), *((False, line) for line in error.details)]
    environment.answer({"findings": [{"good": good, "finding": text} for good, text in findings]})
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


LEFT = "probe_drafts"
"""The fact that holds the IDs of the drafts that a probe has made and not deleted yet."""
MOST_DRAFTS = 6
PROBE_SAID = (
    f"This makes up to {MOST_DRAFTS} drafts on the site {{site}} ({{channel}}, {{account}}), changes one of them, and "
    "deletes them all again. Nothing is scheduled or published."
)


def find_facts(environment: Environment, flags: Flags, *, yes: bool) -> int:
    """Find out what the service of the default site does, print it, and keep it for later runs.

    1 where a draft could not be deleted. Errors: StartError, ServiceError, SignInError, LockedError.
    """
    if not yes and not environment.asks:
        raise StartError("There is no terminal to ask on, so nothing was done. Add --yes to have the drafts made.")
    with Session(environment, flags) as session:
        session.start_sandbox()
        site = session.settings.site().name
        snapshot, _ = read_accounts(session, site)
        account = choose_account(snapshot.accounts)
        if account is None:
            raise StartError(f"A probe needs one of these channels connected: {', '.join(CHANNELS)}.")
        if session.sandbox:
            session.show(SANDBOX_SAID)
        session.show(PROBE_SAID.format(site=site, channel=account.channel, account=account.name or account.id))
        if not yes and not session.confirms("Make these drafts?"):
            session.warn("Nothing was done.")
            return 0
        run = session.new_run()
        with hold_sites(session, [site], run=run), Journal(session.journal(site)) as journal:
            drafts = _Drafts(session, journal)
            left = _delete_left_over(session, site, drafts)
            probe = Probe(
                session.client(site), account, mark=f"{MARK}{run}-", clock=environment.clock, pause=environment.sleep,
                note=drafts.note, forget=drafts.forget,
            )  # fmt: skip
            found: list[Fact] = []
            try:
                found += probe.find()
            except NoDraftError as error:
                session.warn(f"The service took no draft, so no more was found out ({error}).")
            finally:
                left += probe.clean_up()
            for fact in found:
                journal.remember_fact(fact.name, fact.value, at=environment.now())
        width = max((len(fact.found) for fact in found), default=0)
        for fact in found:
            session.show(f"{fact.found:{width}}  {fact.meaning}")
        if left:
            session.warn(f"These drafts could not be deleted; delete them on the site: {', '.join(left)}.")
        return 1 if left else 0


class _Drafts:
    """The IDs of the drafts that a probe has made, on disk from before the next call until they are deleted."""

    def __init__(self, session: Session, journal: Journal) -> None:
        self._now, self._journal = session.environment.now, journal
        self.ids: list[str] = json.loads(journal.fact(LEFT) or "[]")

    def note(self, item_id: str) -> None:
        self.ids.append(item_id)
        self._keep()

    def forget(self, item_id: str) -> None:
        self.ids = [other for other in self.ids if other != item_id]
        self._keep()

    def _keep(self) -> None:
        self._journal.remember_fact(LEFT, json.dumps(self.ids), at=self._now())


def _delete_left_over(session: Session, site: str, drafts: _Drafts) -> tuple[str, ...]:
    """Delete what an earlier probe has left, by the journal and by the list; return what is there still."""
    client = session.client(site)
    found = tuple(dict.fromkeys((*drafts.ids, *find_left_over(client))))
    return tuple(delete_drafts(client, found, forget=drafts.forget))
