"""Carry a prepared plan out, all sites side by side, and bring the outcomes together in the sheet's order."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from batch.commands.pipeline import SITES_AT_ONCE
from batch.commands.session import Session, exit_status, keep_failure
from batch.errors import JournalError, PostbatchError
from batch.model import Outcome, Results
from batch.run.actions import Tools
from batch.run.control import Stop, hold_site, stop_on_interrupt, this_process
from batch.run.execute import execute
from batch.run.journal import Journal, make_private_folder
from batch.run.media import make_bringer
from batch.run.record import Placed, RunRecord, finish_record, idle_outcome, make_results, not_run_outcome, write_record


class Progress:
    """Counts finished posts; safe to use from the threads of all sites."""

    def __init__(self, session: Session, *, positions: Iterable[int]) -> None:
        self._session = session
        self._left = set(positions)
        self._total = len(self._left)
        self._lock = threading.Lock()
        self._bar: Any = None
        self._printed_by = session.print_line

    def __enter__(self) -> Self:
        if self._total and self._session.environment.err.isatty() and not self._session.flags.quiet:
            from tqdm import tqdm

            self._bar = tqdm(total=self._total, unit="post", file=self._session.environment.err, dynamic_ncols=True)
            # A line printed where the bar stands would run into it.
            self._printed_by, self._session.print_line = self._session.print_line, self._print_above
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._bar is not None:
            self._bar.close()
            self._session.print_line = self._printed_by

    def _print_above(self, text: str) -> None:
        self._bar.write(text, file=self._session.environment.err)

    def show(self, position: int, outcome: Outcome) -> None:
        """Count a post that has its outcome; said once for each post."""
        with self._lock:
            if position not in self._left:
                return
            self._left.remove(position)
            done = self._total - len(self._left)
            if self._bar is not None:
                self._bar.set_postfix_str(f"{outcome.site} {outcome.key} {outcome.outcome}"[:50], refresh=False)
                self._bar.update()
            elif self._session.flags.verbose or done % self._every() == 0:
                self._session.say(f"[{done}/{self._total}] row {outcome.row} {outcome.key}: {outcome.outcome}")

    def _every(self) -> int:
        """A line for each post of a small run, and some forty lines for a large one."""
        return max(1, self._total // 40)


@dataclass(frozen=True, slots=True)
class Carried:
    """What a run came to."""

    results: Results
    exit_status: int


@contextmanager
def hold_sites(session: Session, sites: Sequence[str], *, run: str) -> Iterator[None]:
    """Hold the locks of all sites of a run, in one order on every machine. Errors: LockedError."""
    with ExitStack() as held:
        for site in sorted(sites):
            holder = this_process(run, at=session.environment.now())
            journal = session.journal(site)
            make_private_folder(journal.parent)
            held.enter_context(hold_site(journal, site=site, holder=holder, say=session.warn))
        yield


FAILED_INSIDE = (
    "Something went wrong inside the program ({kind}), so it stopped. Run the same command again: "
    "the journal knows what was sent, and nothing is sent twice."
)

Emit = Callable[[int, Outcome], None]
SiteDoer = Callable[[str, Sequence[Placed], Stop, Emit], None]
"""Does one site's steps and emits their outcomes; what it leaves out was not run."""


def carry_out(
    session: Session,
    record: RunRecord,
    placed: Mapping[str, Sequence[Placed]],
    *,
    media_folder: Path | None = None,
    do_site: SiteDoer | None = None,
    at_once: int = SITES_AT_ONCE,
) -> Carried:
    """Do a plan. The record is on disk before the first change, the outcomes are complete whatever happens.

    `media_folder` is where the media files are, None where there are none; `do_site` is who does a site's part, this
    process unless it says otherwise.
    """
    do_site = do_site or partial(do_site_here, session, run=record.run, media_folder=media_folder)
    write_record(session.state, record)
    busy = {site: steps for site, steps in placed.items() if any(p.step.acts for p in steps)}
    idle = (p for site, steps in placed.items() if site not in busy for p in steps)
    outcomes = {p.position: idle_outcome(p.step) for p in idle}
    stop = Stop()
    stops = {site: stop.of_site() for site in busy}
    todo = [p.position for steps in busy.values() for p in steps if p.step.acts]
    with Progress(session, positions=todo) as progress, stop_on_interrupt(stop, say=session.warn):

        def emit(position: int, outcome: Outcome) -> None:
            outcomes[position] = outcome
            progress.show(position, outcome)

        _do_sites(busy, do_site, stops, emit=emit, at_once=at_once)
    for reason in dict.fromkeys(s.reason for s in stops.values() if s.requested):
        session.warn(reason)
    lines = [
        outcomes.get(p.position) or not_run_outcome(p.step, why="The run ended before this row.") for p in record.placed
    ]
    status = exit_status(lines, stopped=any(s.requested for s in stops.values()), interrupted=stop.interrupted)
    finished_at = _note_end(session, record, lines, status)
    return Carried(make_results(record, lines, finished_at=finished_at), status)


def _do_sites(
    busy: Mapping[str, Sequence[Placed]], do_site: SiteDoer, stops: Mapping[str, Stop], *, emit: Emit, at_once: int
) -> None:
    """Do all sites side by side; what fails inside the program stops its own site only."""
    with ThreadPoolExecutor(at_once, "site") as pool:
        waiting = {site: pool.submit(do_site, site, steps, stops[site], emit) for site, steps in busy.items()}
        for site, future in waiting.items():
            if (error := future.exception()) is not None:
                stops[site].request(FAILED_INSIDE.format(kind=type(error).__name__))
                keep_failure(error)


def _note_end(session: Session, record: RunRecord, lines: Sequence[Outcome], status: int) -> datetime:
    finished_at = session.environment.now()
    counts = Counter(str(outcome.outcome) for outcome in lines)
    try:
        finish_record(session.state, record, at=finished_at, exit_status=status, counts=counts)
    except JournalError:
        session.warn("How this run ended could not be noted (is the disk full?); its results are written all the same.")
    return finished_at


def do_site_here(
    session: Session,
    site: str,
    steps: Sequence[Placed],
    stop: Stop,
    emit: Emit,
    *,
    run: str,
    media_folder: Path | None,
) -> None:
    """Do one site's steps in this process; what goes wrong with the site as a whole stops it, said in `stop`."""
    try:
        with Journal(session.journal(site)) as journal:
            tools = make_tools(session, site, journal, run=run, stop=stop)
            via = session.settings.site(site).via
            bring = make_bringer(store=journal, folder=media_folder)
            execute(steps, tools=tools, emit=emit, via=via, bring_media=bring)
    except PostbatchError as error:
        stop.request(str(error))


def make_tools(session: Session, site: str, journal: Journal, *, run: str, stop: Stop) -> Tools:
    """Return what a run of one site works with."""
    environment = session.environment
    client = session.client(site)
    return Tools(
        client=client,
        journal=journal,
        run=run,
        now=environment.now,
        clock=environment.clock,
        stop=stop,
        random=environment.random,
        pause=stop.pause,
        settle_seconds=session.settings.settle_seconds,
        budget=client.budget,
        say=session.say,
    )
