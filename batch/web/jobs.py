"""Plans and runs as jobs: commands of their own, whose words go to files, so that no browser is needed to finish them.

A job is a folder with what was asked (`job.json`), what the command prints (`out`: the document, or an event a line)
and its messages (`messages`). It outlives the page, the browser and the server, and is read back from its files.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import signal
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from batch.codec import FormError, from_json, to_json
from batch.desk import Desk, child_environ, read_document
from batch.model import Json
from batch.runs.journal import make_private_folder
from batch.times import utc_now

JOB_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{8}")
KEPT_JOBS = 200
SHOWN_MESSAGES = 50


class JobState(StrEnum):
    """How far a job is; `LEFT`: the server that began it has ended, and its last word is not there (yet)."""

    RUNNING = "running"
    DONE = "done"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Job:
    """A command that was started: `subject` is its sheet's name, or the run that it is about; `title` tells people."""

    id: str
    command: str
    subject: str
    started_at: str
    folder: Path
    options: tuple[tuple[str, str], ...] = ()
    plan: str = ""
    """The job whose plan this one carries out, "" where it is none."""
    title: str = ""

    @property
    def changes(self) -> bool:
        """Whether it may change something on a site."""
        return bool(self.plan)

    @property
    def plan_file(self) -> Path:
        """Where a plan keeps its steps."""
        return self.folder / "plan.json"

    @property
    def page(self) -> Path:
        """Where a plan keeps its page."""
        return self.folder / "plan.html"


@dataclass(slots=True)
class JobReport:
    """What a job has said so far: how much of it is done, and at its end its document or its error."""

    run: str = ""
    total: int = 0
    done: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    written: list[str] = field(default_factory=list)
    messages: list[str] = field(default_factory=list)
    document: Json | None = None
    error: Json | None = None

    def take(self, event: Mapping[str, object]) -> None:
        """Add an event of a run."""
        match event:
            case {"event": "plan", "run": str(run), "total": int(total), "kinds": dict(kinds)}:
                self.run, self.total, self.kinds = run, total, Counter(kinds)
            case {"event": "post", "done": int(done)}:
                self.done = max(self.done, done)
            case {"event": "written", "file": str(file)}:
                self.written.append(file)
            case {"event": "results"}:
                self.document = dict(event)
            case {"event": "error"}:
                self.error = dict(event)


class Jobs:
    """The jobs of one folder; safe to use from several threads. One sheet has one job at a time."""

    def __init__(self, desk: Desk, home: Path) -> None:
        self.desk, self.home = desk, home
        self._lock = threading.Lock()
        self._processes: dict[str, subprocess.Popen[Any]] = {}
        make_private_folder(home)

    def start(
        self, command: str, subject: str, *line: str, file: str | None = None,
        options: Sequence[tuple[str, str]] = (), plan: str = "", title: str = "",
    ) -> Job:  # fmt: skip
        """Start a command, or return the job that is at work on the same subject already."""
        with self._lock:
            if (running := self.running(subject)) is not None:
                return running
            now = utc_now()
            name = f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"
            folder = self.home / name
            job = Job(name, command, subject, now.isoformat(), folder, tuple(options), plan, title or subject)
            make_private_folder(folder)
            (folder / "job.json").write_text(to_json(job), encoding="utf-8")
            given = [part.replace("{job}", str(folder)) for part in line]
            with (folder / "out").open("wb") as out, (folder / "messages").open("wb") as messages:
                self._processes[name] = subprocess.Popen(  # noqa: S603 - our own program
                    self.desk.line(command, *given, file=file and file.replace("{job}", str(folder))),
                    cwd=self.desk.folder, env=child_environ(), stdin=subprocess.DEVNULL, stdout=out, stderr=messages,
                    **OWN_GROUP,
                )  # fmt: skip
            return job

    def running(self, subject: str) -> Job | None:
        """Return the job that is at work on a subject."""
        return next((job for job in self.at_work() if job.subject == subject), None)

    def get(self, name: str) -> Job | None:
        """Return a job by its name, None where there is none."""
        if not JOB_ID.fullmatch(name):
            return None
        with suppress(OSError, FormError):
            return from_json(Job, (self.home / name / "job.json").read_bytes())
        return None

    def latest(self) -> Iterator[Job]:
        """Return the jobs, the latest first; what is older than the last two hundred is removed."""
        names = sorted((path.name for path in self.home.iterdir() if JOB_ID.fullmatch(path.name)), reverse=True)
        for name in names[KEPT_JOBS:]:
            if name not in self._processes:
                shutil.rmtree(self.home / name, ignore_errors=True)
        yield from (job for job in map(self.get, names[:KEPT_JOBS]) if job is not None)

    def state(self, job: Job) -> JobState:
        """Return how far a job is."""
        process = self._processes.get(job.id)
        if process is not None:
            return JobState.RUNNING if process.poll() is None else JobState.DONE
        report = self.report(job)
        return JobState.DONE if report.document or report.error else JobState.LEFT

    def events(self, job: Job, after: int) -> tuple[list[Json], int]:
        """Return the events of a run from a place of its file on, and the place behind the last of them."""
        with suppress(OSError), (job.folder / "out").open("rb") as out:
            out.seek(after)
            whole, _, _ = out.read().rpartition(b"\n")
            if whole:
                found = [read_document(line) for line in whole.decode("utf-8", "replace").split("\n")]
                return [event for event in found if event], after + len(whole) + 1
        return [], after

    def report(self, job: Job) -> JobReport:
        """Return what a job has said so far."""
        report = JobReport()
        if job.changes:
            for event in self.events(job, 0)[0]:
                report.take(event)
        else:
            with suppress(OSError):
                document = read_document((job.folder / "out").read_text(encoding="utf-8", errors="replace"))
                report.document, report.error = (None, document) if "error" in document else (document or None, None)
            report.written = [str(path) for path in sorted(job.folder.glob("*.results.*"), reverse=True)]
        with suppress(OSError):
            messages = (job.folder / "messages").read_text(encoding="utf-8", errors="replace").splitlines()
            report.messages = messages[-SHOWN_MESSAGES:]
        return report

    def stop(self, job: Job) -> bool:
        """Ask a job once to stop in good order: the call in hand is finished, and the results are written.

        Return whether it was asked.
        """
        process = self._processes.get(job.id)
        mark = job.folder / "stopping"
        report = self.report(job)
        if process is None or process.poll() is not None or mark.exists() or 0 < report.total == report.done:
            return False  # there is nothing left to stop, and its results are being written
        mark.touch()
        process.send_signal(STOP_SIGNAL)
        return True

    def at_work(self) -> list[Job]:
        """Return the jobs that are going on."""
        names = [name for name, process in self._processes.items() if process.poll() is None]
        return [job for job in map(self.get, names) if job is not None]


WINDOWS = os.name == "nt"
OWN_GROUP: Json = (
    {"creationflags": getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)} if WINDOWS else {"start_new_session": True}
)
"""A job is not stopped by what stops the server: Ctrl-C, or a terminal that is closed."""
STOP_SIGNAL = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGTERM)
