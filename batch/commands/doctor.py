"""`doctor`: is the configuration right, does each site's credential work, what is missing?

With `--probe` it finds out, with drafts that it deletes again, what a site's own service does where nothing says so.
"""

from __future__ import annotations

import json
import platform
from functools import partial

from batch import __version__
from batch.commands.accounts import EXPIRED, LIVING, NEVER_CONNECTED, read_accounts
from batch.commands.options import Environment, Flags, Outputs
from batch.commands.session import Session
from batch.commands.sites import ask_sites, hold_sites
from batch.errors import PostbatchError, StartError
from batch.media import CAN_OPEN_BELOW
from batch.model import Json
from batch.publisher import probe
from batch.report import terminal
from batch.rules.channels import CHANNEL_LABELS
from batch.runs.journal import Journal, make_private_folder
from batch.wording import QUOTA_NAMES, counted, quota_left

BY_PATH = "" if CAN_OPEN_BELOW else ", opens media by their paths (this system can't open below a folder)"
PROGRAM = f"Python {platform.python_version()}, postbatch {__version__}{BY_PATH}"
Checkup = tuple[str, str, list[str]]
"""What was looked at, how it is, and what is to fix: nothing where all is right."""


def examine(environment: Environment, flags: Flags, *, also: Json | None = None) -> int:
    """Say what is right and what is missing (2 where something is wrong); `also` goes into the JSON document."""
    findings: list[Checkup] = [("Program", PROGRAM, [])] if flags.verbose else []
    try:
        with Session(environment, flags) as session:
            session.start_sandbox()
            session.show_sandbox()
            settings = session.settings
            file = settings.source if settings.config_path else "from the environment"
            findings.append(("Configuration", f"{file}, API {settings.api_url}", []))
            names = session.every_site()
            findings += [] if session.sandbox else [("Sign-in", settings.key_sources(names), [])]
            findings += ask_sites(session, names, partial(_examine_site, session))[0].values()
    except PostbatchError as error:
        findings.append(("Configuration", "", [error.sentence, *error.details]))
    told = [{"good": not wrong, "finding": f"{name}: {' '.join(wrong) or text}"} for name, text, wrong in findings]
    environment.answer({**(also or {}), "findings": told})
    environment.show_text(terminal.checkup_text(findings, width=environment.width, color=flags.color))
    right = not any(wrong for _, _, wrong in findings)
    if right and not flags.quiet:
        environment.show("Everything is set up. Next: postbatch check SHEET")
    return 0 if right else 2


def _examine_site(session: Session, name: str) -> Checkup:
    zone = session.settings.timezone_for(name)
    wrong: list[str] = []
    where = session.settings.called(name, first=True)
    try:
        make_private_folder(session.journal(name).parent)
        snapshot, urls = read_accounts(session, name)
    except (PostbatchError, OSError) as error:
        return where, "", [str(error)]
    connected = {account.channel for account in snapshot.accounts if snapshot.connections[account.channel] == "VALID"}
    missing: list[str] = []
    for channel in LIVING:
        state = snapshot.connections[channel]
        label = CHANNEL_LABELS[channel]
        if state in EXPIRED or (channel not in connected and state not in NEVER_CONNECTED):
            words = terminal.CONNECTION_WORDS.get(state, state)
            wrong.append(f"{label}: {words}. Reconnect it here: {urls.get(channel, 'no link was given')}")
        elif channel not in connected:
            missing.append(label)
            if session.flags.verbose:
                wrong.append(f"{label} is not connected. Connect it here: {urls.get(channel, 'no link was given')}")
    wrong += [
        f"{QUOTA_NAMES.get(action, action)} is not in this site's plan. Upgrade the plan, or write `draft` as action."
        for action, quota in snapshot.quotas.items()
        if not quota.enabled
    ]
    scheduling = snapshot.quotas.get("SCHEDULE_POST")
    told = [
        counted(len(connected), "channel"),
        zone or "no time zone",
        f"not connected: {', '.join(missing)}" if missing else "",
        f"scheduling: {quota_left(scheduling)}" if scheduling and scheduling.enabled else "",
    ]
    return where, ", ".join(part for part in told if part), wrong


LEFT = "probe_drafts"
"""The fact that holds the IDs of the drafts that a probe has made and not deleted yet."""
MOST_DRAFTS = 6
PROBE_SAID = (
    f"This makes up to {MOST_DRAFTS} drafts on {{site}} ({{channel}}, {{account}}), changes one of them, and "
    "deletes them all again. Nothing is scheduled or published."
)


def find_facts(environment: Environment, flags: Flags, *, yes: bool) -> int:
    """Find out what the service of the default site does, print it, and keep it for later runs.

    1 where a draft could not be deleted. Errors: StartError, ServiceError, SignInError, LockedError.
    """
    with Session(environment, flags) as session:
        session.refuse_without_terminal(Outputs(yes=yes), review="To make the drafts, add")
        session.start_sandbox()
        site = session.settings.site().name
        snapshot, _ = read_accounts(session, site)
        account = probe.choose_account(snapshot.accounts)
        if account is None:
            raise StartError(f"A probe needs one of these channels connected: {', '.join(probe.CHANNELS)}.")
        named = session.settings.called(site)
        where = f"the site {site}" if named == site else named
        session.show(PROBE_SAID.format(site=where, channel=account.channel, account=account.name or account.id))
        if not yes and not session.confirms("Make these drafts?"):
            session.warn("Nothing was done.")
            environment.answer({"findings": []})
            return 0
        run = session.new_run()
        with hold_sites(session, [site], run=run), Journal(session.journal(site)) as journal:
            drafts, client = _Drafts(session, journal), session.client(site)
            # What an earlier probe has left is known by the journal and by the list.
            earlier = tuple(dict.fromkeys((*drafts.ids, *probe.find_left_over(client))))
            left = tuple(probe.delete_drafts(client, earlier, forget=drafts.forget))
            trial = probe.Probe(
                client, account, mark=f"{probe.MARK}{run}-", clock=environment.clock, pause=environment.sleep,
                note=drafts.note, forget=drafts.forget,
            )  # fmt: skip
            found: list[probe.Fact] = []
            try:
                with session.status.waiting(lambda: "Finding out with drafts"):
                    found += trial.find()
            except probe.NoDraftError as error:
                session.warn(f"The service accepted no draft, so nothing more could be found out ({error}).")
            finally:
                left += trial.clean_up()
            for fact in found:
                journal.remember_facts({fact.name: fact.value}, at=environment.now())
        told = [{"good": True, "finding": f"{fact.found}: {fact.meaning}"} for fact in found]
        told += [{"good": False, "finding": f"The draft {item_id} couldn't be deleted."} for item_id in left]
        environment.answer({"findings": told})
        width = max((len(fact.found) for fact in found), default=0)
        for fact in found:
            session.show(f"{fact.found:{width}}  {fact.meaning}")
        if left:
            session.warn(f"These drafts couldn't be deleted. Delete them on the site: {', '.join(left)}.")
        return 1 if left else 0


class _Drafts:
    """The IDs of the drafts that a probe has made, on disk from before the next call until they are deleted."""

    def __init__(self, session: Session, journal: Journal) -> None:
        self._now, self._journal = session.environment.now, journal
        self.ids: list[str] = json.loads(journal.fact(LEFT) or "[]")

    def note(self, item_id: str) -> None:
        self._keep([*self.ids, item_id])

    def forget(self, item_id: str) -> None:
        self._keep([other for other in self.ids if other != item_id])

    def _keep(self, ids: list[str]) -> None:
        self.ids = ids
        self._journal.remember_facts({LEFT: json.dumps(ids)}, at=self._now())
