"""What the tests of the pages share: a folder, its server as a process of its own, and a browser."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

from tests.commands.conftest import SAMPLES, Desk, bare_environ, server, service, site
from tests.rig.browser import browser, leave_out, tell_left_out

__all__ = ["browser", "server", "service", "site"]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser's tests out where there is no browser."""
    leave_out(config, items, here=Path(__file__).parent)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was left out."""
    tell_left_out(terminalreporter, config)


@dataclass(frozen=True)
class Served:
    """A folder's pages, served: `address` is the first one, with its token."""

    address: str
    process: subprocess.Popen[str]

    @property
    def root(self) -> str:
        """The address without the token."""
        return self.address.partition("?")[0]

    @property
    def host(self) -> str:
        """Host and port."""
        return self.root.removeprefix("http://").rstrip("/")


def read_address(out: IO[str]) -> str:
    """Return the address that the command prints."""
    found = re.search(r"http://\S+", out.readline())
    assert found
    return found[0]


@contextmanager
def serving(desk: Desk, *options: str) -> Iterator[Served]:
    """Serve the folder as a person does: in its sandbox, unless its environment names a site."""
    where = [] if "WIX_SITE_ID" in desk.environ else ["--sandbox"]
    command = [sys.executable, "-m", "batch", "open", str(desk.folder), "--no-browser", *where, *options]
    with subprocess.Popen(
        command, cwd=desk.folder, env=desk.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout
        try:
            yield Served(read_address(process.stdout), process)
        finally:
            process.terminate()
            process.wait(20)
        assert process.stderr
        assert process.stderr.read() == ""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with two samples and the pictures that they name."""
    folder = tmp_path / "desk"
    folder.mkdir()
    for name in ("launch-week.csv", "mistakes.xlsx"):
        (folder / name).write_bytes((SAMPLES / name).read_bytes())
    return Desk(folder, bare_environ(tmp_path))


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """Serve a folder, once or again."""
    with ExitStack() as open_servers:
        yield lambda folder, *options: open_servers.enter_context(serving(folder, *options))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Desk]]:
    """One server for all tests of a module, with the folder that it serves."""
    home = tmp_path_factory.mktemp("served")
    folder = home / "desk"
    folder.mkdir()
    (folder / "posts.csv").write_bytes((SAMPLES / "launch-week.csv").read_bytes())
    (home / "outside.csv").write_text("key,text\n", encoding="utf-8")
    desk = Desk(folder, bare_environ(home))
    with serving(desk) as running:
        yield running, desk
