"""What one command works with: its settings, its clients and journals, and the sandbox where one was asked for."""

from __future__ import annotations

import hashlib
import os
import random
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

from batch.atomic import Written, is_same_file, write_whole
from batch.errors import JournalError, StartError, StopError
from batch.model import GOOD, Outcome, OutcomeKind, Results
from batch.run.journal import journal_path, make_private_folder, shown
from batch.run.record import note_results
from batch.settings import DEFAULT_SITE, Settings, SiteSettings, for_sandbox, load_settings
from batch.times import utc_now

if TYPE_CHECKING:
    from batch.publisher.client import Client
    from batch.publisher.retry import RetryBudget


STATE_VARIABLE = "POSTBATCH_STATE_DIR"


@dataclass(frozen=True)
class Environment:
    """Everything outside of the program that a command touches. Results go to `out`, talk to `err`."""

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    cwd: Path = field(default_factory=Path.cwd)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    now: Callable[[], datetime] = utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random

    @property
    def asks(self) -> bool:
        """True where there is somebody at a terminal who can be asked."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.isatty()

    def state_folder(self) -> Path:
        """Return the user's folder for journals and the records of runs."""
        chosen = self.environ.get(STATE_VARIABLE)
        if chosen:
            return Path(chosen)
        import platformdirs

        return platformdirs.user_state_path("postbatch", appauthor=False)


SANDBOX_KEY = "sandbox-key"
SANDBOX_SAID = "SANDBOX: nothing of this reaches a real channel."
_SITES = uuid.UUID("7c1f3a52-4b0e-5d57-9a53-0f6f6d1c2b11")
"""The name space in which a sandbox gives each site of a sheet its ID."""


@dataclass(frozen=True, slots=True)
class Flags:
    """The options that every command has."""

    site: str | None = None
    config: Path | None = None
    sandbox: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True
    via: str | None = None


class Session:
    """Use it in a `with`; what it opened it closes.

    `print_line` is who puts a line on the error output, lent to a bar while one stands there.
    `folder` is the sheet's, or the current one; `settings` are those to work with where they come from elsewhere.
    """

    def __init__(
        self, environment: Environment, flags: Flags, *, folder: Path | None = None, settings: Settings | None = None
    ) -> None:
        self.environment, self.flags = environment, flags
        self.folder = (folder or environment.cwd).resolve()
        self.state = environment.state_folder()
        self.sandbox = flags.sandbox
        self._open = ExitStack()
        self._budget: RetryBudget | None = None
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()
        self.print_line: Callable[[str], None] = self._print_plainly
        # A sandbox must not be shaken by a real site's variables, nor a real site reached in its name.
        environ = {} if flags.sandbox else environment.environ
        self.settings: Settings = settings or load_settings(
            environ,
            sheet_folder=self.folder if folder else None,
            cwd=environment.cwd,
            config=flags.config,
            site=None,
            via=flags.via,
        )
        self._choose_site()

    def _choose_site(self) -> None:
        if self.flags.site and (self.settings.sites or not self.flags.sandbox):
            self.settings = replace(self.settings, default_site=self.settings.site(self.flags.site).name)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._open.close()

    def say(self, text: str) -> None:
        """Say something in passing, on the error output; `--quiet` keeps it back."""
        if not self.flags.quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Say something that must be read, also with `--quiet`."""
        self.print_line(text)

    def _print_plainly(self, text: str) -> None:
        print(text, file=self.environment.err, flush=True)

    def show(self, text: str) -> None:
        """Print what the command was asked for."""
        print(text, file=self.environment.out, flush=True)

    @property
    def api_label(self) -> str:
        """Return what tells this API from others in the journal's name: its address, or whose sandbox it is."""
        if not self.sandbox:
            return self.settings.api_url
        return f"sandbox:{_digest(self.folder)}"

    def start_sandbox(self, sites: Iterable[str] = (), *, port: int = 0, reset: bool = False) -> None:
        """Start the folder's own sandbox where `--sandbox` asks for one; it keeps its posts between commands."""
        if not self.sandbox:
            return
        from batch.sandbox.server import SandboxServer
        from batch.sandbox.service import Service

        self.settings = _with_sites(self.settings, sites)
        home = self.state / "sandbox"
        make_private_folder(home)
        there = {site.site_id: site.name for site in self.settings.sites.values()}
        state = home / f"{_digest(self.folder)}.sqlite"
        try:
            if reset:
                with Service(state, sites=there) as service:
                    service.reset()
            server = self._open.enter_context(SandboxServer(state, sites=there, port=port))
        except OverflowError as error:
            raise StartError(f"There is no port {port}: give a --port from 1 to 65535.") from error
        except OSError as error:
            raise StartError(f"The sandbox can't start ({error.strerror or error}); try another --port.") from error
        first = next(iter(self.settings.sites.values()))
        self.settings = for_sandbox(self.settings, api_url=server.url, site_id=first.site_id, key=SANDBOX_KEY)

    def client(self, site: str) -> Client:
        """Return the client of a site, one for the whole command. Errors: SignInError, ConfigError."""
        with self._lock:
            if site not in self._clients:
                self._clients[site] = self._open_client(site)
            return self._clients[site]

    def _open_client(self, site: str) -> Client:
        from batch.publisher.client import Client
        from batch.publisher.pace import Pace
        from batch.publisher.retry import RetryBudget

        found = self.settings.site(site)
        self._budget = self._budget or RetryBudget()
        environment = self.environment
        return self._open.enter_context(
            Client(
                api_url=self.settings.api_url,
                credential=self.settings.credential_for(site),
                site_id=found.site_id,
                pace=Pace(found.calls_per_minute, clock=environment.clock, sleep=environment.sleep),
                clock=environment.clock,
                now=environment.now,
                sleep=environment.sleep,
                random=environment.random,
                budget=self._budget,
            )
        )

    def journal(self, site: str) -> Path:
        """Return the file of a site's journal."""
        return journal_path(self.state, site_id=self.settings.site(site).site_id, api=self.api_label)


def _digest(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()[:16]


def _with_sites(settings: Settings, names: Iterable[str]) -> Settings:
    """Give a sandbox without a configuration the sites that the sheet names."""
    if settings.sites:
        return settings
    wanted = dict.fromkeys([DEFAULT_SITE, *names])
    sites = {
        name: SiteSettings(name, str(uuid.uuid5(_SITES, name.casefold())), settings.timezone) for name in wanted if name
    }
    return replace(settings, sites=sites, default_site=DEFAULT_SITE)


EXIT_DONE, EXIT_ROWS, EXIT_STOPPED, EXIT_INTERRUPTED = 0, 1, 3, 130


def exit_status(outcomes: Sequence[Outcome], *, stopped: bool = False, interrupted: bool = False) -> int:
    """Return the exit status that outcomes amount to."""
    kinds = {outcome.outcome for outcome in outcomes}
    if interrupted:
        return EXIT_INTERRUPTED
    if stopped or OutcomeKind.UNKNOWN in kinds:
        return EXIT_STOPPED
    return EXIT_ROWS if kinds - GOOD - {OutcomeKind.PROCESSING} else EXIT_DONE


EXIT_FAILED = 3


def report_failure(error: BaseException) -> int:
    """Say that the program failed and where its log is, and return the exit status."""
    print(
        f"postbatch: something went wrong inside the program ({type(error).__name__}). Run the same command again: "
        "the journal knows what was sent, and nothing is sent twice.",
        file=sys.stderr,
    )
    keep_failure(error)
    return EXIT_FAILED


def keep_failure(error: BaseException) -> None:
    """Write where in the program it failed, without any value (they may be private), and say where that is."""
    lines = [f"{type(error).__name__}"]
    lines += [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    try:
        folder = Environment().state_folder()
        make_private_folder(folder)
        log = folder / "failure.log"
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        print(f"Please send {shown(log)} with your report.", file=sys.stderr)
    except Exception:  # noqa: BLE001 - there is nobody left to tell
        print("\n".join(lines), file=sys.stderr)


@dataclass(frozen=True, slots=True)
class Outputs:
    """`out` and `page` None: the usual place beside the sheet. `wait_seconds`: for posts in process, 0 = not at all."""

    out: Path | None = None
    page: Path | None = None
    no_page: bool = False
    annotate: bool = False
    yes: bool = False
    all_or_nothing: bool = False
    wait_seconds: float = 0.0


WORKBOOKS = frozenset({".xlsx", ".xlsm"})
RESULTS = (".xlsx", ".csv", ".json")
JSON = (".json",)


def refuse_outputs(outputs: Outputs, *, sheet: Path, cwd: Path, endings: tuple[str, ...] = RESULTS) -> None:
    """Refuse before anything is sent what could not be written after it. Errors: StartError."""
    if outputs.annotate and (sheet.suffix.lower() not in WORKBOOKS or not sheet.is_file()):
        raise StartError(f"--annotate copies an Excel workbook, and {sheet.name} is none. Leave it out.")
    endings = (sheet.suffix.lower(),) if outputs.annotate else endings
    if outputs.out is not None and outputs.out.suffix.lower() not in endings:
        raise StartError(f"{outputs.out.name} can't be written: end its name in {' or '.join(endings)}.")
    for path in (outputs.out, outputs.page):
        if path is None:
            continue
        try:
            _refuse_place(cwd / path, sheet)
        except OSError as error:
            raise StartError(f"{path.name[:80]} can't be written ({error.strerror}): give another name.") from error


def _refuse_place(path: Path, sheet: Path) -> None:
    if is_same_file(path, sheet):
        raise StartError(f"{path.name} is the sheet itself, which is never written over: give another name.")
    if path.is_dir():
        raise StartError(f"{path.name} is a folder: give the name of a file in it.")
    if not next(part for part in path.parents if part.exists()).is_dir():
        raise StartError(f"{path.name} can't be written: {path.parent.name} is no folder. Give another place.")


def write_report(
    session: Session, results: Results, outputs: Outputs, *, sheet: Path, media_folder: Path | None = None
) -> list[Path]:
    """Write the results and their page and return where; what can't be written is said with the way to get it later.

    `sheet` is the sheet that the results are about (it need not exist).
    """
    written = []
    try:
        written.append(_write_results(session, results, outputs, sheet=sheet))
        _note(session, written[0], results.run)
        if (page := page_path(outputs, written[0])) is not None:
            written.append(write_page(session, results, page, media_folder=media_folder))
    except StopError as error:
        again = f" Later: `postbatch results {results.run}`." if results.run else ""
        raise StopError(f"{error}{again}") from error
    return written


def _note(session: Session, results_file: Path, run: str) -> None:
    try:
        note_results(session.state, results_file, run)
    except JournalError as error:
        session.warn(str(error))


def _write_results(session: Session, results: Results, outputs: Outputs, *, sheet: Path) -> Path:
    ending = sheet.suffix.lower() if outputs.annotate else ".xlsx"
    path = outputs.out or sheet.with_name(f"{sheet.stem}.results{ending}")
    if outputs.annotate:
        from batch.workbooks.annotate import annotate

        return _said(session, annotate(sheet, results, session.environment.cwd / path))
    from batch.workbooks.results import write_results

    return _said(session, write_results(results, session.environment.cwd / path, sheet=sheet))


def page_path(outputs: Outputs, results_file: Path) -> Path | None:
    """Return where the page goes: where it was asked for, else beside a workbook; beside a .csv or .json none."""
    if outputs.page is not None:
        return outputs.page
    if outputs.no_page or results_file.suffix.lower() not in WORKBOOKS:
        return None
    return results_file.with_suffix(".html")


def write_page(session: Session, results: Results, page: Path, *, media_folder: Path | None = None) -> Path:
    """Write the page for reading; files of the media folder are shown on it, small."""
    from batch.report.page import render_page
    from batch.report.preview import read_pictures

    pictures = read_pictures(results.outcomes, folder=media_folder) if media_folder else {}
    return write_text(session, session.environment.cwd / page, render_page(results, pictures=pictures))


def write_text(session: Session, path: Path, text: str | Iterable[str]) -> Path:
    """Write a text file, whole or not at all, from one or many pieces; return where it really is."""

    def fill(draft: Path) -> None:
        with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines([text] if isinstance(text, str) else text)

    return _said(session, write_whole(session.environment.cwd / path, fill))


def _said(session: Session, written: Written) -> Path:
    for notice in written.notices:
        session.warn(notice)
    return written.path


def refuse_to_lose(path: Path, *, force: bool) -> None:
    """Refuse to write over a file that is there. Errors: StartError."""
    if path.exists() and not force:
        raise StartError(f"{path.name} is there already. Give another name with --out, or add --force to replace it.")
