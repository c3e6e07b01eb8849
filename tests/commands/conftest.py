"""The command as a person runs it: a process of its own, in an empty folder, against a sandbox over real HTTP."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from batch.sandbox.sites import SITE_ID
from tests.rig.server import RigServer
from tests.rig.service import Rig

if TYPE_CHECKING:
    from tests.rig.terminal import Terminal

KEY = "IST.recognisable-key-4711-never-to-be-seen"
POST = {
    "key": "a",
    "channel": "FACEBOOK",
    "text": "Hello",
    "publish_at": "2031-03-03 09:00",
    "timezone": "Europe/Berlin",
}
"""A row that is scheduled."""

SAMPLES = Path(__file__).resolve().parents[2] / "samples"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Desk:
    """An empty folder with a command line in it."""

    folder: Path
    environ: Mapping[str, str]

    def __call__(self, *arguments: str, environ: Mapping[str, str] | None = None, feed: str | None = None) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "batch", *arguments],
            cwd=self.folder,
            env={**self.environ, **(environ or {})},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            input=feed,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return Ended(done.returncode, done.stdout, done.stderr)

    def at_terminal(self, *arguments: str) -> Terminal:
        """Return the same command at a terminal of 100 columns, not yet started."""
        from tests.rig.terminal import Terminal  # a terminal is there on POSIX only

        command = [sys.executable, "-m", "batch", *arguments]
        return Terminal(command, cwd=self.folder, env=self.environ, columns=100)

    def write(self, name: str, rows: Sequence[Mapping[str, str]]) -> str:
        """Write a CSV sheet whose columns are those that its rows use."""
        columns = list(dict.fromkeys(column for row in rows for column in row))
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return name

    def configure(self, text: str) -> None:
        """Write a configuration beside the sheets and trust it."""
        (self.folder / "postbatch.toml").write_text(text, encoding="utf-8")
        assert self("trust").status == 0

    def posts(self, name: str) -> list[dict[str, Any]]:
        """Read a results file in its JSON form."""
        posts: list[dict[str, Any]] = json.loads((self.folder / name).read_text(encoding="utf-8"))["posts"]
        return posts

    def run(self, sheet: str, *arguments: str) -> tuple[Ended, list[dict[str, Any]]]:
        """Run a sheet with --yes and return how it ended and its posts."""
        ended = self("run", sheet, "--yes", "--out", "out.json", *arguments)
        return ended, self.posts("out.json") if (self.folder / "out.json").exists() else []


def bare_environ(folder: Path) -> dict[str, str]:
    """Return an environment without anybody's settings, and with state and configuration in a folder of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WIX_", "POSTBATCH_"))}
    return {
        **kept,
        "XDG_STATE_HOME": str(folder / "state"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "COLUMNS": "100",
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
    }


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A folder with no configuration."""
    (tmp_path / "desk").mkdir()
    return Desk(tmp_path / "desk", bare_environ(tmp_path))


@pytest.fixture
def server() -> Iterator[RigServer]:
    with RigServer(sites=[SITE_ID]) as running:
        yield running


@pytest.fixture
def service(server: RigServer) -> Rig:
    return server.service


@pytest.fixture
def site(tmp_path: Path, server: RigServer) -> Desk:
    """A folder whose environment names a site at the server."""
    (tmp_path / "desk").mkdir()
    environ = {
        **bare_environ(tmp_path),
        "WIX_API_URL": server.url,
        "WIX_API_KEY": KEY,
        "WIX_SITE_ID": SITE_ID,
    }
    return Desk(tmp_path / "desk", environ)


@pytest.fixture
def sample(desk: Desk) -> Callable[[str], str]:
    """Copy a sample into the folder."""

    def copy(name: str) -> str:
        (desk.folder / name).write_bytes((SAMPLES / name).read_bytes())
        return name

    return copy
