"""Commands run as a person would run them: in a folder, each in a process of its own, its answer read as JSON.

Whoever serves an agent or a browser holds no rules and sends nothing by itself: it asks here.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from batch.model import Json

COMMAND_SECONDS = 3600
INSTALLED = frozenset({"site-packages", "dist-packages"})


@dataclass(frozen=True, slots=True)
class CommandAnswer:
    """What a command came to: its JSON document ({} where it printed none), its exit status and its messages."""

    document: Json
    exit_status: int
    messages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder in which commands are run, and whether they use the sandbox."""

    folder: Path
    sandbox: bool

    def file(self, name: str) -> str:
        """Return a file of the folder as the command line takes it. Errors: ValueError for any other."""
        home = self.folder.resolve()
        if not name or "\0" in name or not (path := (home / name).resolve()).is_relative_to(home):
            raise ValueError(f"{name!r} is outside of the folder {self.folder.name}. Name a file in it.")
        return path.relative_to(home).as_posix()

    def line(self, command: str, *options: str, file: str | None = None) -> list[str]:
        """Return the command line of our own program; behind the two dashes a name can't be taken for an option."""
        named = ["--", file] if file is not None else []
        return [
            sys.executable, "-P", "-m", "batch", command, *options, *(["--sandbox"] if self.sandbox else []), *named
        ]  # fmt: skip

    def ask(self, command: str, *options: str, file: str | None = None) -> CommandAnswer:
        """Run a command to its end. `file` must be one of the folder. Errors: ValueError."""
        named = None if file is None else self.file(file)
        done = subprocess.run(  # noqa: S603 - our own program
            self.line(command, *options, "--json", file=named), cwd=self.folder, env=child_environ(),
            stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", errors="replace", timeout=COMMAND_SECONDS,
            check=False,
        )  # fmt: skip
        return CommandAnswer(read_document(done.stdout), done.returncode, tuple(done.stderr.splitlines()))


def child_environ() -> dict[str, str]:
    """Return the environment of a command: it finds this very package, and nothing that lies in its folder (`-P`)."""
    home = Path(__file__).resolve().parents[1]
    paths = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    if home.name not in INSTALLED:
        paths.append(str(home))
    return {**os.environ, "PYTHONUTF8": "1", **({"PYTHONPATH": os.pathsep.join(paths)} if paths else {})}


def read_document(text: str) -> Json:
    """Return the JSON document that a command has printed, {} where there is none."""
    try:
        document = json.loads(text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
