"""What one command works with: its settings, its clients and journals, and the sandbox where one was asked for."""

from __future__ import annotations

import hashlib
import re
import sys
import textwrap
import threading
import traceback
import uuid
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from batch.atomic import Written, is_same_file, write_whole
from batch.commands.options import Environment, Flags, Outputs
from batch.errors import JournalError, StartError, StopError
from batch.model import GOOD, Outcome, OutcomeKind, Results
from batch.runs.journal import journal_path, make_private_folder, shown
from batch.runs.record import RunRecord, is_as_written, new_run_id, note_results, with_last_known
from batch.settings import DEFAULT_SITE, Settings, SiteSettings, called, load_settings
from batch.wording import make_visible_line, shell_join

if TYPE_CHECKING:
    from batch.plan.approval import Asked
    from batch.publisher.client import Client
    from batch.publisher.pace import RetryBudget

SANDBOX_KEY = "sandbox-key"
SANDBOX_SAID = "SANDBOX: nothing of this reaches a real channel."
WORKBOOKS = frozenset({".xlsx", ".xlsm"})
RESULTS = (".xlsx", ".csv", ".json")
JSON = (".json",)
OWN_RESULTS = re.compile(r"(?P<of>.+)\.results(?:-(?P<number>\d+))?")
_SITES = uuid.UUID("7c1f3a52-4b0e-5d57-9a53-0f6f6d1c2b11")
"""The name space in which a sandbox gives each site of a sheet its ID."""


class Style(TypedDict):
    """What each function of `report` that makes a terminal's text is told of the terminal."""

    width: int
    color: bool


class Session(ExitStack):
    """Use it in a `with`; what it opened it closes.

    `print_line` is who puts a line on the error output. `environment` is the given one, printing above a status line.
    `folder` is the sheet's, or the current one; `settings` are those to work with where they come from elsewhere. With
    `offline` nothing is reached, nor is it in a sandbox: a configuration that is not trusted is then read as it is.
    """

    def __init__(
        self,
        environment: Environment,
        flags: Flags,
        *,
        folder: Path | None = None,
        settings: Settings | None = None,
        offline: bool = False,
    ) -> None:
        super().__init__()
        self.environment = environment = environment.with_status(quiet=flags.quiet)
        self.status = environment.status
        self.flags = flags
        self.folder = (folder or environment.cwd).resolve()
        self.state = environment.state_folder()
        self.sandbox = flags.sandbox
        self._budget: RetryBudget | None = None
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()
        self._told_sandbox = False
        self.print_line: Callable[[str], None] = environment.warn
        self.media_folder: Path | None = None
        """Where the media files of the sheet are that was read."""
        self.notices: list[str] = []
        """What was found out while sending and belongs into the results."""
        self.settings = settings or load_settings(
            # A sandbox must not be shaken by a real site's variables, nor a real site reached in its name.
            {} if flags.sandbox else environment.environ,
            sheet_folder=self.folder if folder else None,
            cwd=environment.cwd,
            config=flags.config,
            via=flags.via,
            trusted=None if offline or flags.sandbox else environment.state_folder("trusted"),
        )
        self.sites = flags.sites
        """The sites that `--site` chose, () = all of them."""
        if self.settings.sites or not flags.sandbox:
            self.sites = tuple(dict.fromkeys(self.settings.site(name).name for name in flags.sites))
            default = self.settings.default_site
            if flags.default_site:
                default = self.settings.site(flags.default_site).name
            elif self.sites and default not in self.sites:
                default = self.sites[0] if len(self.sites) == 1 else ""
            self.settings = replace(self.settings, default_site=default)

    def say(self, text: str) -> None:
        """Say something in passing, on the error output; `--quiet` keeps it back."""
        if not self.flags.quiet:
            self.warn(text)

    def warn(self, text: str) -> None:
        """Say something that must be read, also with `--quiet`."""
        self.print_line(text)
        self.environment.tell_event("message", message=text)

    def notice(self, text: str) -> None:
        """Say something in passing that belongs into the results as well."""
        self.notices.append(text)
        self.say(text)

    @property
    def style(self) -> Style:
        """How wide and how coloured the terminal's text is."""
        return {"width": self.environment.width, "color": self.flags.color}

    def show(self, line: str) -> None:
        """Print a line of what the command was asked for."""
        self.show_sandbox()
        self.environment.show(line)

    def show_text(self, text: str) -> None:
        """Print what `report.terminal` has drawn of it."""
        self.show_sandbox()
        self.environment.show_text(text)

    def show_written(self, path: Path, *, told: str = "Written") -> None:
        """Say where a file is."""
        self.show(f"{told}: {shown_from(path, self.environment.cwd)}")

    def show_sandbox(self) -> None:
        """Say once in a command that it works in a sandbox, where it does: before all else that it shows."""
        if self.sandbox and not self._told_sandbox:
            self._told_sandbox = True
            self.environment.show(SANDBOX_SAID)

    def show_next(self, command: str) -> None:
        """Print the one command that comes next; `--quiet` keeps it back."""
        if command and not self.flags.quiet:
            self.show(f"Next: {command}")

    def next_command(self, verb: str, *named: str) -> str:
        """Return another command on what is named, with the options of every command that this one was given."""
        config = ("--config", str(self.flags.config)) if self.flags.config else ()
        return shell_join(["postbatch", verb, *named, *(("--sandbox",) if self.sandbox else ()), *config])

    def confirms(self, question: str, *, number: int | None = None) -> bool:
        """Ask at the terminal; anything but yes is no. With `number` that number has to be typed."""
        import click

        room = self.environment.err_width - len(f" [y/N]: {number or 'y'}")
        words = textwrap.fill(make_visible_line(question), room, break_on_hyphens=False)
        try:
            with self.status.printing():
                if number is None:
                    return click.confirm(words, default=False, err=True)
                typed = click.prompt(words, default="", show_default=False, err=True)
                return str(typed).strip().replace(",", "") == str(number)
        except click.Abort:
            self.warn("")
            self.warn("Nothing was done.")
            raise

    def refuse_without_terminal(self, outputs: Outputs, *, review: str = "Review `postbatch plan`, then add") -> None:
        """Refuse to begin what would have to ask, where nobody can answer. Errors: StartError."""
        if not outputs.yes and not self.environment.asks:
            raise StartError(f"There is no terminal to ask on, so nothing was done. {review} --yes.")

    def new_run(self) -> str:
        """Return the name of a run that begins now."""
        return new_run_id(self.environment.now(), random=self.environment.random())

    def every_site(self) -> tuple[str, ...]:
        """Return the sites that `--site` chose, else all. Errors: ConfigError where there is none."""
        return self.sites or tuple(self.settings.sites) or (self.settings.site().name,)

    def start_sandbox(
        self,
        sites: Iterable[str] = (),
        *,
        accounts: Iterable[tuple[str, str, str]] = (),
        port: int = 0,
        reset: bool = False,
        folder: Path | None = None,
    ) -> None:
        """Start the folder's own sandbox where `--sandbox` asks for one; it keeps its posts between commands.

        `folder` is that of the sheet, where it isn't the one in which the command is at work.

        Without a configuration it has the sites that the sheet names: `sites`. It also has the accounts that the sheet
        names: `accounts` (site, channel, name), so that a sheet made for real accounts can be tried as it is.
        """
        if not self.sandbox:
            return
        from batch.sandbox.server import SandboxServer
        from batch.sandbox.service import Service

        self.folder = folder or self.folder
        settings = self.settings
        if not settings.sites:
            one = partial(SiteSettings, calls_per_minute=settings.calls_per_minute, via=settings.via)
            named = {name: str(uuid.uuid5(_SITES, name.casefold())) for name in (DEFAULT_SITE, *sites) if name}
            made = {name: one(name, site_id) for name, site_id in named.items()}
            settings = replace(settings, sites=made, default_site=DEFAULT_SITE)
        state = self.state / "sandbox" / f"{_digest(self.folder)}.sqlite"
        make_private_folder(state.parent)
        ids = {site.name: site.site_id for site in settings.sites.values()}
        try:
            service = Service(state, sites={site_id: name for name, site_id in ids.items()})
            if reset:
                service.reset()
            server = self.enter_context(SandboxServer(service, port=port))
            service.connect((ids[site], channel, name) for site, channel, name in accounts if site in ids)
        except OverflowError as error:
            raise StartError(f"There is no port {port}: give a --port from 1 to 65535.") from error
        except OSError as error:
            raise StartError(f"The sandbox can't start ({error.strerror or error}); try another --port.") from error
        self.settings = settings.for_sandbox(api_url=server.url, key=SANDBOX_KEY)

    def client(self, site: str) -> Client:
        """Return the client of a site, one for the whole command. Errors: SignInError, ConfigError."""
        from batch.publisher.client import Client
        from batch.publisher.pace import Pace, RetryBudget

        with self._lock:
            if site not in self._clients:
                found, environment = self.settings.site(site), self.environment
                self._budget = self._budget or RetryBudget()
                self._clients[site] = self.enter_context(
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
            return self._clients[site]

    def journal(self, site: str) -> Path:
        """Return the file of a site's journal: its name tells the site and its API (or whose sandbox) from others."""
        api = f"sandbox:{_digest(self.folder)}" if self.sandbox else self.settings.api_url
        return journal_path(self.state, site_id=self.settings.site(site).site_id, api=api)

    def refuse_other_places(self, record: RunRecord) -> None:
        """Refuse where a site's name, folder or address leads to another place than it did in that run."""
        for site, name in record.journals.items():
            if self.journal(site).name != name:
                where = "in the sandbox of another folder" if self.sandbox else "on another site or address"
                now = called(site, record.journals)
                raise StartError(f"The run {record.run} was {where} than {now} is now. Run this there.")

    def with_last_known(self, results: Results, record: RunRecord) -> Results:
        """Return a run's results with what was last known of the posts that it left out."""
        return with_last_known(self.state, results, record, journal_of=lambda site: self.journal(site).name)

    def write_report(self, results: Results, outputs: Outputs, *, sheet: Path) -> list[Path]:
        """Write the results and their page and return where; what can't be is said with the way to get it later.

        `sheet` is the sheet that the results are about (it need not exist). The page goes where it was asked for, else
        beside a workbook; beside a .csv or .json there is none.
        """
        ending = sheet.suffix.lower() if outputs.annotate else ".xlsx"
        path = self.environment.cwd / (outputs.out or sheet.with_name(f"{results_stem(sheet)}{ending}"))

        def claim(place: Path, draft: Path) -> bool:
            if place.exists() and not is_as_written(self.state, place):
                return False
            # What comes is noted before it is there: killed in between, the file is still known as ours.
            with suppress(JournalError):
                note_results(self.state, place, results.run, sheet=sheet, coming=draft)
            return True

        try:
            with self.status.waiting(lambda: f"Writing {path.name}"):
                if outputs.annotate:
                    from batch.workbooks.annotate import annotate

                    written = [self._place(annotate(sheet, results, path, claim=claim))]
                else:
                    from batch.workbooks.results import write_results

                    written = [self._place(write_results(results, path, sheet=sheet, claim=claim))]
            try:
                note_results(self.state, written[0], results.run, sheet=sheet)
            except JournalError as error:
                self.warn(str(error))
            beside = not outputs.no_page and written[0].suffix.lower() in WORKBOOKS
            if page := outputs.page or (written[0].with_suffix(".html") if beside else None):
                written.append(self.write_page(results, page))
        except StopError as error:
            again = f" Later: `postbatch results {results.run}`." if results.run else ""
            raise StopError(f"{error}{again}") from error
        return written

    def write_page(self, results: Results, page: Path, *, asked: Asked | None = None) -> Path:
        """Write the page for reading, or to answer on where `asked` is given; files are shown on it, small."""
        from batch.report.page import gather_cards, render_page
        from batch.report.preview import PAGE_BYTES, read_pictures

        with self.status.waiting(lambda: f"Writing {page.name}"):
            html = render_page(results, asked=asked)
            if self.media_folder:
                examples = (posts[0][1] for posts in gather_cards(results.outcomes))
                words = len(html.encode())
                room = max(PAGE_BYTES - words, words // 10)
                pictures = read_pictures(examples, folder=self.media_folder, max_total_bytes=room)
                if any(pictures):
                    html = render_page(results, pictures=pictures, asked=asked)
            return self.write_text(page, html)

    def write_text(self, path: Path, text: str | Iterable[str]) -> Path:
        """Write a text file, whole or not at all, from one or many pieces; return where it really is."""

        def fill(draft: Path) -> None:
            with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
                file.writelines([text] if isinstance(text, str) else text)

        return self._place(write_whole(self.environment.cwd / path, fill))

    def _place(self, written: Written) -> Path:
        for notice in written.notices:
            self.warn(notice)
        return written.path


def _digest(folder: Path) -> str:
    return hashlib.sha256(str(folder).encode()).hexdigest()[:16]


EXIT_DONE, EXIT_ROWS, EXIT_STOPPED, EXIT_INTERRUPTED = 0, 1, 3, 130


def exit_status(
    outcomes: Sequence[Outcome], *, stopped: bool = False, interrupted: bool = False, lapsed: bool = False
) -> int:
    """Return the exit status that outcomes amount to; `lapsed`: posts scheduled before won't go out as things stand."""
    kinds = {outcome.outcome for outcome in outcomes}
    if interrupted:
        return EXIT_INTERRUPTED
    if stopped or OutcomeKind.UNKNOWN in kinds:
        return EXIT_STOPPED
    return EXIT_ROWS if lapsed or kinds - GOOD - {OutcomeKind.PROCESSING} else EXIT_DONE


def keep_failure(error: BaseException) -> None:
    """Write where in the program it failed, without any value (they may be private), and say where that is."""
    lines = [f"{type(error).__name__}"]
    lines += [f"{Path(f.filename).name}:{f.lineno} {f.name}" for f in traceback.extract_tb(error.__traceback__)]
    try:
        environment = Environment()
        folder = environment.state_folder()
        make_private_folder(folder)
        log = folder / "failure.log"
        log.write_text("\n".join(lines) + "\n", encoding="utf-8")
        environment.warn(f"Please send {shown(log)} with your report.")
    except Exception:  # noqa: BLE001 - there is nobody left to tell
        print("\n".join(lines), file=sys.stderr)


def refuse_outputs(outputs: Outputs, *, sheet: Path, cwd: Path, endings: tuple[str, ...] = RESULTS) -> None:
    """Refuse before anything is sent what could not be written after it. Errors: StartError."""
    if outputs.annotate:
        endings = (sheet.suffix.lower(),)
        if endings[0] not in WORKBOOKS or not sheet.is_file():
            raise StartError(f"--annotate copies an Excel workbook, and {sheet.name} isn't one. Leave it out.")
    if outputs.out is not None and outputs.out.suffix.lower() not in endings:
        raise StartError(f"{outputs.out.name} can't be written: end its name in {' or '.join(endings)}.")
    for path in (cwd / given for given in (outputs.out, outputs.page) if given is not None):
        try:
            if is_same_file(path, sheet):
                raise StartError(f"{path.name} is the sheet itself, which is never written over: give another name.")
            if path.is_dir():
                raise StartError(f"{path.name} is a folder: give the name of a file in it.")
            if not next(part for part in path.parents if part.exists()).is_dir():
                raise StartError(
                    f"{path.name} can't be written: {path.parent.name} isn't a folder. Give another place."
                )
        except OSError as error:
            raise StartError(f"{path.name[:80]} can't be written ({error.strerror}): give another name.") from error


def results_stem(sheet: Path) -> str:
    """Return how the results of a sheet are called: `posts.results`, and of results that are run `posts.results-2`."""
    found = OWN_RESULTS.fullmatch(sheet.stem)
    return f"{found['of']}.results-{int(found['number'] or 1) + 1}" if found else f"{sheet.stem}.results"


def refuse_to_lose(path: Path, *, force: bool) -> None:
    """Refuse to write over a file that is there. Errors: StartError."""
    if path.exists() and not force:
        raise StartError(f"{path.name} is there already. Give another name with --out, or add --force to replace it.")


def shown_from(path: Path, cwd: Path) -> str:
    """Return a path as short as the current folder allows."""
    try:
        return str(path.resolve().relative_to(cwd.resolve()))
    except ValueError:
        return str(path)
