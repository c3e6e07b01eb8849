"""One command's ties to the world: its settings, its clients and journals, and the sandbox where one was asked for."""

from __future__ import annotations

import hashlib
import threading
import uuid
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from batch.commands.world import World
from batch.errors import StartError
from batch.run.journal import journal_path, make_private_folder
from batch.settings import DEFAULT_SITE, Settings, SiteSettings, for_sandbox, load_settings

if TYPE_CHECKING:
    from batch.publisher.client import Client
    from batch.publisher.retry import RetryBudget

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
        self, world: World, flags: Flags, *, folder: Path | None = None, settings: Settings | None = None
    ) -> None:
        self.world, self.flags = world, flags
        self.folder = (folder or world.cwd).resolve()
        self.state = world.state_folder()
        self.sandbox = flags.sandbox
        self._open = ExitStack()
        self._budget: RetryBudget | None = None
        self._clients: dict[str, Client] = {}
        self._lock = threading.Lock()
        self.print_line: Callable[[str], None] = self._print_plainly
        # A sandbox must not be shaken by a real site's variables, nor a real site reached in its name.
        environ = {} if flags.sandbox else world.environ
        self.settings: Settings = settings or load_settings(
            environ,
            sheet_folder=self.folder if folder else None,
            cwd=world.cwd,
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
        print(text, file=self.world.err, flush=True)

    def show(self, text: str) -> None:
        """Print what the command was asked for."""
        print(text, file=self.world.out, flush=True)

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
        world = self.world
        return self._open.enter_context(
            Client(
                api_url=self.settings.api_url,
                credential=self.settings.credential_for(site),
                site_id=found.site_id,
                pace=Pace(found.calls_per_minute, clock=world.clock, sleep=world.sleep),
                clock=world.clock,
                now=world.now,
                sleep=world.sleep,
                random=world.random,
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
