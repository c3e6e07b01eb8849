"""A sandbox in a process of its own, and whole runs of the command against it, whose waits can be skipped.

With a `SkippedClock` a run's waits take no time: they are counted, and the sandbox's clock is put forward by as much,
so that its limit of calls a minute holds as it would. What the clock shows at the end is work done plus time waited.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import httpx

from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.run import run_sheet
from tests.bench.measure import environment, python

KEY = "IST.only-for-the-bench"


CONFIG = ("--config", "postbatch.toml")
"""A configuration in the current folder counts where it is named."""


def site_id(number: int) -> str:
    """The ID of the bench's n-th site."""
    return f"5a11d0b0-0000-4000-8000-{number:012x}"


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A sandbox that runs, by its address."""

    url: str

    def ask(self, path: str, body: Any = None) -> Any:
        """Call one of the sandbox's own addresses."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=120) as http:
            answer = http.get(path) if body is None else http.post(path, json=body)
        return answer.raise_for_status().json()

    def clear_faults(self) -> None:
        """Let every call go well from now on, and at once."""
        httpx.delete(f"{self.url}/sandbox/faults", trust_env=False, timeout=120).raise_for_status()

    def calls(self, number: int | None = 0) -> list[dict[str, Any]]:
        """The calls of a site (None: of all sites) that count towards its limit."""
        asked = "" if number is None else f"?site={site_id(number)}"
        listed: list[dict[str, Any]] = self.ask(f"/sandbox/calls{asked}")["calls"]
        return [call for call in listed if call["counted"]]

    def references(self, number: int | None = 0) -> list[str]:
        """The references of all that will go out from a site (None: from all sites)."""
        asked = "" if number is None else f"?site={site_id(number)}"
        return sorted(post["reference"] for post in self.ask(f"/sandbox/public{asked}")["coming"])


@contextmanager
def sandbox(state: Path, *, sites: int = 1, **options: Any) -> Iterator[Sandbox]:
    """Run a sandbox as a process of its own."""
    command = python("-m", "tests.rig", "--options", json.dumps(options))
    command += [part for number in range(sites) for part in ("--site", site_id(number))]
    started = subprocess.Popen(command, env=environment(state), stdout=subprocess.PIPE, text=True)
    try:
        assert started.stdout is not None
        yield Sandbox(started.stdout.readline().strip())
    finally:
        started.kill()
        started.wait(10)
        if started.stdout:
            started.stdout.close()


@dataclass
class SkippedClock:
    """The time, with every wait of the run skipped and counted, here and on the sandbox."""

    sandbox: Sandbox
    skipped: float = 0.0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def clock(self) -> float:
        return time.monotonic() + self.skipped

    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(seconds=self.skipped)

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.sandbox.ask("/sandbox/clock", {"advance_seconds": seconds})
            self.skipped += seconds


def write_config(folder: Path, *, sites: Sequence[str], calls_per_minute: int = 200) -> None:
    """Write the configuration of a folder's sites."""
    tables = "".join(f'[sites.{name}]\nsite_id = "{site_id(number)}"\n' for number, name in enumerate(sites))
    top = f'calls_per_minute = {calls_per_minute}\ntimezone = "UTC"\ndefault_site = "{sites[0]}"\n'
    (folder / "postbatch.toml").write_text(top + tables)


def run_skipping(place: Sandbox, sheet: Path, *, via: str | None) -> float:
    """Run a sheet by the command itself, in this process, its waits skipped; return how long it would have taken."""
    clock = SkippedClock(place)
    environ = {"WIX_API_URL": place.url, "WIX_API_KEY": KEY, "POSTBATCH_STATE_DIR": str(sheet.parent / "state")}
    desk = Environment(
        environ=environ, cwd=sheet.parent, out=StringIO(), err=StringIO(),
        now=clock.now, clock=clock.clock, sleep=clock.sleep,
    )  # fmt: skip
    began = clock.clock()
    status = run_sheet(
        desk,
        Flags(via=via, config=sheet.parent / "postbatch.toml"),
        Inputs(sheet.name),
        Outputs(yes=True, no_page=True),
    )
    if status != 0:
        raise RuntimeError(f"the run ended with {status}: {desk.out.getvalue()[-2000:]}")  # type: ignore[attr-defined]
    return clock.clock() - began


def with_api(state: Path, place: Sandbox) -> dict[str, str]:
    """The environment of a command that is to work with a sandbox."""
    return environment(state) | {"WIX_API_URL": place.url, "WIX_API_KEY": KEY}
