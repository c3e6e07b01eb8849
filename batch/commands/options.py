"""What a command is given: the machine that it runs on, and its options as frozen values. Loads nothing heavy."""

from __future__ import annotations

import json
import os
import random
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal, TextIO

from batch.model import FORM, Json
from batch.times import utc_now
from batch.wording import escape_in_json, make_visible_line

STATE_VARIABLE = "POSTBATCH_STATE_DIR"
_ONE_LINE = threading.Lock()
"""Keeps the events of several threads from running into each other."""


def typed_command() -> Callable[[str], str]:
    """Return what writes the command line that this process was given with another verb."""
    import click

    context = click.get_current_context(silent=True)
    write: Callable[..., str] | None = getattr(context and context.find_root().command, "command_line", None)
    return partial(write, context) if write else "postbatch {}".format


class StatusLine:
    """The terminal's last line, which says what is being waited for and moves four times a second; safe for threads.

    Nothing is drawn where `shown` is False. What is printed meanwhile goes above it (`printing`). Where events are
    asked for, they `tell` it, each time that the words have changed.
    """

    SECONDS = 0.25
    BAR = "{desc} |{bar:20}|"

    def __init__(
        self, err: TextIO, *, shown: bool = False, width: int = 80, tell: Callable[[str], None] | None = None
    ) -> None:
        self._err, self._shown, self._width, self._tell, self._told = err, shown, width, tell, ""
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._waiting: list[tuple[Callable[[], str], Callable[[], float] | None]] = []
        self._drawer: threading.Thread | None = None
        self._drawn = self._turn = 0

    @contextmanager
    def waiting(
        self, words: Callable[[], str], *, share: Callable[[], float] | None = None, after_seconds: float = 0.0
    ) -> Iterator[None]:
        """While inside, show these words, asked for again each time; of several that wait, the last.

        `share` says how much of it is done, from 0 to 1: a bar shows it where the line has room. What is over within
        `after_seconds` is not shown at all.
        """
        asked = words, share
        with self._lock:
            self._waiting.append(asked)
            if self._drawer is None and (self._shown or self._tell):
                self._drawer = threading.Thread(
                    target=self._keep_drawing, args=(after_seconds,), name="status", daemon=True
                )
                self._drawer.start()
            self._changed.notify()
        try:
            yield
        finally:
            with self.printing():
                self._waiting.remove(asked)
                if not self._waiting:
                    self._drawer = None
                    self._changed.notify_all()

    @contextmanager
    def printing(self) -> Iterator[None]:
        """While inside, the line is gone."""
        with self._lock:
            self._clear()
            yield

    def _clear(self) -> None:
        if self._drawn:
            self._err.write(f"\r{' ' * self._drawn}\r")
            self._err.flush()
            self._drawn = 0

    def _keep_drawing(self, first_seconds: float) -> None:
        with self._lock:
            self._changed.wait(first_seconds)
            while threading.current_thread() is self._drawer:
                words, share = self._waiting[-1]
                told = words()
                if self._tell is not None and told != self._told:
                    self._tell(told)
                    self._told = told
                if self._shown:
                    self._draw(make_visible_line(told), None if share is None else share())
                self._changed.wait(self.SECONDS)

    def _draw(self, words: str, share: float | None) -> None:
        self._turn += 1
        shown = f"{words[: self._width - 5]} {'.' * (1 + self._turn % 3):3}"
        if share is not None and len(shown) + 24 < self._width:
            from tqdm import tqdm  # takes time to load, so only where there is a bar

            plain = not str(self._err.encoding).lower().startswith("utf")
            shown = tqdm.format_meter(share, 1, 0, prefix=shown, ascii=plain, bar_format=self.BAR)
        self._err.write(f"\r{shown.ljust(self._drawn)}")
        self._err.flush()
        self._drawn = len(shown)


LEAST_COLUMNS = 40
"""A narrower terminal breaks the lines itself."""
TO_COPY = ("Next: ", "Written: ", "  ")
"""How lines begin that are copied as they are: commands, names of files, and what is shown of a file."""


def _folded(line: str, stream: TextIO, width: int) -> str:
    """Return a line as a terminal of that width shows it: broken between words where it is too long."""
    if len(line) <= width or line.startswith(TO_COPY) or not stream.isatty():
        return line
    return textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)


@dataclass(frozen=True)
class Environment:
    """Everything outside of the program that a command touches. Results go to `out`, messages to `err`.

    `answers` is where a command's JSON document goes, None where none was asked for. With `as_events` it is the
    last line, and each event comes before it as a line of its own.
    """

    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    cwd: Path = field(default_factory=Path.cwd)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    answers: TextIO | None = None
    as_events: bool = False
    now: Callable[[], datetime] = utc_now
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    wait: Callable[[threading.Event, float], object] = threading.Event.wait
    """Waits so many seconds, or until the event is set."""
    random: Callable[[], float] = random.random
    command_line: Callable[[str], str] = field(default_factory=lambda: typed_command())
    """Returns this command as it was given with another verb, without its outputs; with "" all of it. "" for none."""
    printing: Callable[[], AbstractContextManager[object]] = nullcontext
    """Entered while something is printed: what is drawn on the terminal's last line gives way."""
    status: StatusLine = field(default_factory=lambda: StatusLine(sys.stderr))
    """Says what is being waited for."""

    def show(self, line: str) -> None:
        """Print a line that was asked for. What it names may come from anywhere, so that all of it is visible."""
        self.show_text(_folded(make_visible_line(line), self.out, self.width))

    def show_text(self, text: str) -> None:
        """Print what `report.terminal` has drawn, where every word is visible already; nothing where it is empty."""
        if text:
            with self.printing():
                print(text, file=self.out, flush=True)

    def answer(self, document: Mapping[str, object]) -> None:
        """Print what the command came to as one JSON document, where that was asked for."""
        if self.answers is not None:
            from batch.codec import data_to_json

            self.answer_text((data_to_json(document), "\n"))

    def answer_text(self, pieces: Iterable[str]) -> None:
        """Print a JSON document that comes in pieces, where it was asked for; nothing in it moves a terminal."""
        if self.answers is not None and self.as_events:
            document = json.loads("".join(pieces))
            self.tell_event("error" if "error" in document else "results", **document)
        elif self.answers is not None:
            for piece in pieces:
                self.answers.write(escape_in_json(piece))
            self.answers.flush()

    def tell_event(self, event: str, **values: object) -> None:
        """Print an event as a line of JSON, where events were asked for; safe to call from any thread."""
        if self.answers is not None and self.as_events:
            line = json.dumps({"event": event, **values}, ensure_ascii=False) + "\n"
            with _ONE_LINE:
                self.answers.write(escape_in_json(line))
                self.answers.flush()

    def warn(self, line: str) -> None:
        """Print a line that must be read, on the error output; all of it is visible."""
        with self.printing():
            print(_folded(make_visible_line(line), self.err, self.err_width), file=self.err, flush=True)

    def with_status(self, *, quiet: bool = False) -> Environment:
        """Return this environment with a status line of its own, where it has none yet and a terminal to draw it on."""
        if self.printing is not nullcontext:
            return self
        tell = (lambda words: self.tell_event("waiting", message=words)) if self.as_events else None
        status = StatusLine(self.err, shown=self.err.isatty() and not quiet, width=self.err_width, tell=tell)
        return replace(self, status=status, printing=status.printing)

    @property
    def asks(self) -> bool:
        """True where there is somebody at a terminal who can be asked."""
        return sys.stdin is not None and sys.stdin.isatty() and self.err.isatty()

    @property
    def width(self) -> int:
        """The columns of the terminal, 100 where there is none."""
        import shutil

        return shutil.get_terminal_size((100, 24)).columns if self.out.isatty() else 100

    @property
    def err_width(self) -> int:
        """The columns of the terminal that messages go to; one that doesn't know its width has those of the results."""
        try:
            columns = os.get_terminal_size(self.err.fileno()).columns
        except (OSError, ValueError):
            columns = 0  # as terminals say that don't know it
        return max(LEAST_COLUMNS, min(self.width, columns or self.width))

    def state_folder(self, below: str = "") -> Path:
        """Return the user's folder for journals and the records of runs, or one below it.

        In `plans` are the digests of plans that were written on this machine, in `trusted` those of configurations.
        """
        if chosen := self.environ.get(STATE_VARIABLE):
            return Path(chosen) / below
        import platformdirs

        return platformdirs.user_state_path("postbatch", appauthor=False) / below


@dataclass(frozen=True, slots=True)
class Flags:
    """The options that every command has.

    Only `sites` are meant, () = all of them; `default_site` is what a blank `site` cell means, None = the one of
    `sites`, else as it is configured. `via` is how new posts are sent, None = as it is configured.
    """

    sites: tuple[str, ...] = ()
    default_site: str | None = None
    config: Path | None = None
    sandbox: bool = False
    quiet: bool = False
    verbose: bool = False
    color: bool = True
    via: str | None = None
    json: bool = False
    as_events: bool = False


@dataclass(frozen=True, slots=True)
class Cluster:
    """The scheduler whose workers do a run, and the files with which both sides show who they are."""

    address: str
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a plan is made from, besides the site: the sheet and how it is to be read. A saved plan keeps this."""

    __pydantic_config__: ClassVar[Json] = FORM
    sheet: str
    tab: str | None = None
    encoding: str | None = None
    hidden: Literal["ask", "include", "skip"] = "ask"
    mapping: str | None = None
    maps: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    media_folder: str = ""
    places: str = ""
    from_stdin: bool = False
    only: tuple[str, ...] = ()
    rows: str = ""
    first: int | None = None
    sites: tuple[str, ...] = ()
    from_date: str = ""
    until: str = ""
    approved_only: bool = False
    answers: tuple[str, ...] = ()
    pilot: str = ""
    again: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    drafts_only: bool = False
    regenerate: bool = False
    allow: tuple[tuple[str, int], ...] = ()
    """How many posts may be cancelled, deleted or rescheduled where that is much, as `("cancel", 36)`."""
    allow_new: int | None = None


@dataclass(frozen=True, slots=True)
class Outputs:
    """`out` and `page` None: the usual place beside the sheet. `wait_seconds`: for posts in process, 0 = not at all."""

    out: Path | None = None
    page: Path | None = None
    no_page: bool = False
    annotate: bool = False
    yes: bool = False
    all_or_nothing: bool = False
    cells: tuple[str, ...] = ()
    typed: tuple[tuple[str, str], ...] = ()
    """For `fix`: the cells that a person has typed something else for, and what."""
    wait_seconds: float = 0.0
