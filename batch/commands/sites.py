"""What is done with the sites of a run, all side by side: hold them, look at them, carry a plan out, ask again.

The outcomes of all sites come together in the sheet's order, one for each post, whatever happens on the way.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from batch.commands.session import Session, exit_status, keep_failure
from batch.errors import JournalError, PostbatchError
from batch.model import Channel, Item, Outcome, OutcomeKind, Results, Snapshot, Status
from batch.plan.compare import same_second
from batch.plan.matching import DEAD
from batch.plan.safety import count_calls, shown_duration
from batch.publisher import items
from batch.report.words import OUTCOME_STYLES
from batch.runs.actions import SiteContext
from batch.runs.control import Stop, hold_site, stop_on_interrupt, this_process
from batch.runs.execute import BULK_FACT, BULK_MISSING, execute
from batch.runs.journal import Journal, make_private_folder
from batch.runs.media import fill_media
from batch.runs.record import (
    NumberedStep,
    RunRecord,
    finish_record,
    make_results,
    not_run_outcome,
    planned_outcome,
    read_record,
    run_names,
    write_record,
)
from batch.runs.site import read_site
from batch.settings import DEFAULT_SITE
from batch.times import shown_time
from batch.wording import counted, listed

if TYPE_CHECKING:
    from batch.publisher.client import Client

T = TypeVar("T")


def count_sites(sites: Sequence[str]) -> str:
    """Name a few sites, and count more; the one that has no name of its own is `the site`."""
    if list(sites) in ([], [""], [DEFAULT_SITE]):
        return "the site"
    return listed(sites, last="and") if len(sites) <= SHOWN_SITES else f"{len(sites)} sites"


def ask_sites(
    session: Session,
    sites: Collection[str],
    ask: Callable[[str], T],
    *,
    words: Callable[[Sequence[str]], str] = lambda left: f"Reading {count_sites(left)}",
) -> tuple[dict[str, T], dict[str, PostbatchError]]:
    """Ask all sites side by side; return what each answers, and why the others can't be read, in their order.

    `words` say what is waited for, of the sites that have not answered yet.
    """
    asked: dict[str, Future[T]] = {}

    def waiting() -> str:
        return words([site for site in sites if site not in asked or not asked[site].done()])

    with session.status.waiting(waiting), ThreadPoolExecutor(SITES_AT_ONCE, "site") as pool:
        for site in sites:
            asked[site] = pool.submit(ask, site)
    errors = {site: future.exception() for site, future in asked.items()}
    unread = {site: error for site, error in errors.items() if isinstance(error, PostbatchError)}
    return {site: future.result() for site, future in asked.items() if site not in unread}, unread


def tell_unread(
    session: Session, unread: Mapping[str, PostbatchError], *, but: str, among: Collection[str] = ()
) -> None:
    """Say which sites can't be read, and what comes of it. Errors: the last one's where no other is `among` them."""
    for site, error in unread.items():
        if not among and site == [*unread][-1]:
            raise error
        session.warn(f"{session.settings.called(site, first=True)} can't be read, so {but}: {error}")


def read_runs(session: Session) -> Iterator[RunRecord]:
    """Yield the records of all runs of this machine, newest first; of one that can't be read that is said."""
    for name in reversed(run_names(session.state)):
        try:
            yield read_record(session.state, name)
        except PostbatchError as error:
            session.warn(str(error))


class Progress:
    """Counts the finished posts of each site, and says how far they are; safe to use from the threads of all sites.

    `positions` are the posts of each site that something is done for, `seconds` what the plan says a site takes.
    """

    def __init__(
        self, session: Session, positions: Mapping[str, set[int]], *, seconds: Mapping[str, float], stop: Stop
    ) -> None:
        self._session, self._seconds, self._stop = session, seconds, stop
        self._left = {site: set(numbers) for site, numbers in positions.items() if numbers}
        self._totals = {site: len(numbers) for site, numbers in self._left.items()}
        self._done, self._total = 0, sum(self._totals.values())
        self._working = set(self._totals)
        self._lock = threading.Lock()

    def words(self) -> str:
        """Say how many posts are done, how long the rest takes, and where; after the last post what is waited for."""
        with self._lock:
            busy = [site for site in sorted(self._working) if self._left[site]]
            checking = sorted(self._working - set(busy))
            left = max((self._seconds[site] * len(self._left[site]) / self._totals[site] for site in busy), default=0)
            some = [f"{site} {self._totals[site] - len(self._left[site])} of {self._totals[site]}" for site in busy]
        if busy and self._stop.requested:
            return "Stopping after the current call (up to a minute at the site's limit)"
        if not busy:
            return f"Checking what {count_sites(checking)} {'shows' if len(checking) == 1 else 'show'}"
        told, each = f"{self._done:,} of {self._total:,} posts done, {shown_duration(left)} left", ", ".join(some)
        if len(some) > SHOWN_SITES or len(f"{told} ({each})") + ROOM > self._session.environment.err_width:
            each = f"{len(some)} sites"
        return f"{told} ({each})" if some[1:] else told

    def share(self) -> float:
        """Return how much of it is done, from 0 to 1."""
        return self._done / self._total if self._total else 1.0

    def show(self, position: int, outcome: Outcome) -> None:
        """Count a post that has its outcome. With `--verbose` each is said; else, without a terminal, now and then."""
        environment = self._session.environment
        with self._lock:
            left = self._left.get(outcome.site, set())
            if position not in left:
                return
            left.remove(position)
            self._done += 1
            total = self._totals[outcome.site]
            done, done_everywhere = total - len(left), self._done
            told = {name: getattr(outcome, name) for name in ("row", "key", "site", "channel", "outcome", "message")}
            environment.tell_event("post", **told, total=self._total, done=done_everywhere)
        if self._session.flags.verbose:
            ended = OUTCOME_STYLES[outcome.outcome].told
            self._session.say(f"[{done}/{total}] row {outcome.row} {outcome.key}: {ended}")
            return
        site = f"{outcome.site}: " if outcome.site and len(self._totals) > 1 else ""
        if len(self._totals) > SHOWN_SITES:
            site, done, total = "", done_everywhere, self._total
        each = max(SAID_EACH, total // SAID_TIMES)
        if not environment.err.isatty() and (done == total or done % each == 0):
            self._session.say(f"{site}{done:,} of {counted(total, 'post')} done")

    def finish(self, site: str) -> None:
        """Note that nothing more is waited for of a site."""
        with self._lock:
            self._working.discard(site)


@contextmanager
def hold_sites(session: Session, sites: Sequence[str], *, run: str) -> Iterator[None]:
    """Hold the locks of all sites of a run, in one order on every machine. Errors: LockedError."""
    say = _once(session.warn)
    with ExitStack() as held:
        for site in sorted(sites):
            holder = this_process(run, at=session.environment.now())
            journal = session.journal(site)
            make_private_folder(journal.parent)
            held.enter_context(hold_site(journal, site=site, holder=holder, say=say))
        yield


def _once(say: Callable[[str], None]) -> Callable[[str], None]:
    """Return what says a sentence only the first time, however many sites have it to say; safe for their threads."""
    lock, told = threading.Lock(), set[str]()

    def say_once(text: str) -> None:
        with lock:
            new = text not in told
            told.add(text)
        if new:
            say(text)

    return say_once


SHOWN_SITES = 3
ROOM = 5
"""What moves at the end of the terminal's last line."""
SAID_EACH = 50
SAID_TIMES = 10
"""Where there is no terminal: how many posts are done, at least, between two lines that say so; and about how many such
lines a site has, or all together where they are more than are shown by name."""

SITES_AT_ONCE = 256
"""A site mostly waits, for its limit or for an answer: so many take one processor where each sends at its full pace."""

FAILED_INSIDE = (
    "Something went wrong inside the program ({kind}), so it stopped. Run the same command again: "
    "the journal knows what was sent, and nothing is sent twice."
)

Emit = Callable[[int, Outcome], None]
SiteDoer = Callable[[str, Sequence[NumberedStep], Stop, Emit], None]
"""Does one site's steps and emits their outcomes; what it leaves out was not run."""


class Doer(NamedTuple):
    """Who does the steps of each site, and of how many sites at once."""

    do_site: SiteDoer
    at_once: int = SITES_AT_ONCE


def carry_out(session: Session, record: RunRecord, doer: Doer) -> tuple[Results, int]:
    """Do a plan; return its results and its exit status.

    The record is on disk before the first change, and the outcomes are complete whatever happens: what fails inside
    the program stops its own site only.
    """
    environment, settings = session.environment, session.settings
    write_record(session.state, record)
    by_site: defaultdict[str, list[NumberedStep]] = defaultdict(list)
    for placed in record.placed:
        by_site[placed.step.site].append(placed)
    busy = {site: steps for site, steps in by_site.items() if any(p.step.acts for p in steps)}
    outcomes = {p.position: planned_outcome(p.step) for p in record.placed if p.step.site not in busy}
    stop, now = Stop(environment.wait), environment.now()
    stops = {site: stop.of_site() for site in busy}
    calls = {
        site: count_calls([p.step for p in steps], via=settings.site(site).via, now=now) for site, steps in busy.items()
    }
    progress = Progress(
        session,
        {site: {p.position for p in steps if p.step.acts} for site, steps in busy.items()},
        seconds={site: number * 60 / settings.calls_per_minute for site, number in calls.items()},
        stop=stop,
    )

    def emit(position: int, outcome: Outcome) -> None:
        outcomes[position] = outcome
        progress.show(position, outcome)

    def do(site: str) -> None:
        try:
            doer.do_site(site, busy[site], stops[site], emit)
        except BaseException as error:  # noqa: BLE001 - whatever fails inside, the other sites go on
            stops[site].request(FAILED_INSIDE.format(kind=type(error).__name__))
            keep_failure(error)
        finally:
            progress.finish(site)

    with (
        session.status.waiting(progress.words, share=progress.share),
        stop_on_interrupt(stop, say=session.warn),
        ThreadPoolExecutor(doer.at_once, "site") as pool,
    ):
        pool.map(do, busy)
    asked = [one for one in stops.values() if one.requested]
    for reason in dict.fromkeys(one.reason for one in asked if not one.interrupted):
        session.warn(reason)
    why = "The run ended before this row."
    lines = [outcomes.get(p.position) or not_run_outcome(p.step, why=why) for p in record.placed]
    status = exit_status(lines, stopped=bool(asked), interrupted=stop.interrupted, lapsed=bool(record.lapsed))
    record = replace(record, notices=(*record.notices, *session.notices))
    finished_at, counts = environment.now(), Counter(str(outcome.outcome) for outcome in lines)
    try:
        finish_record(session.state, record, at=finished_at, exit_status=status, counts=counts)
    except JournalError:
        session.warn("The end of this run couldn't be recorded (is the disk full?). Its results are still written.")
    return make_results(record, lines, finished_at=finished_at), status


def site_doer(session: Session, *, run: str) -> SiteDoer:
    """Return who does a site's steps in this process; what goes wrong with the site as a whole stops it."""
    say = _once(session.say)

    def do_site(site: str, steps: Sequence[NumberedStep], stop: Stop, emit: Emit) -> None:
        try:
            with Journal(session.journal(site)) as journal:
                context = replace(make_context(session, site, journal, run=run, stop=stop), say=say)
                bring = partial(fill_media, folder=session.media_folder)
                execute(steps, context=context, emit=emit, via=way_of(session, site, journal), bring_media=bring)
        except PostbatchError as error:
            stop.request(str(error))

    return do_site


def make_context(session: Session, site: str, journal: Journal, *, run: str, stop: Stop) -> SiteContext:
    """Return what a run of one site works with."""
    environment, client = session.environment, client_with_facts(session, site, journal)
    return SiteContext(
        client=client,
        journal=journal,
        run=run,
        now=environment.now,
        clock=environment.clock,
        stop=stop,
        random=environment.random,
        pause=stop.pause,
        settle_seconds=settle_seconds(session, journal),
        budget=client.budget,
        say=session.say,
        notice=session.notice,
    )


def look_at_site(session: Session, site: str, journal: Journal, channels: Iterable[Channel]) -> Snapshot:
    """Return what a site holds, with what its journal knows of it. Errors: ServiceError, SignInError, JournalError."""
    environment = session.environment
    return read_site(
        client_with_facts(session, site, journal),
        journal,
        site=site,
        channels=channels,
        now=environment.now,
        pause=environment.sleep,
        settle_seconds=settle_seconds(session, journal),
        say=session.say,
    )


SETTLE_AT_LEAST_SECONDS = 5.0
"""A call whose answer was lost may still be on its way for as long."""


def client_with_facts(session: Session, site: str, journal: Journal) -> Client:
    """Return a site's client, which knows the size of a page that a probe has found."""
    client = session.client(site)
    client.page_limit = client.page_limit or int(journal.fact("page_size") or 0)
    return client


def settle_seconds(session: Session, journal: Journal) -> float:
    """Return how long a site's list may be behind: what is configured, or what a probe has found to be enough.

    A probe that has found less shortens it, down to a floor; one that has found it to be too short lengthens it.
    """
    configured = session.settings.settle_seconds
    if not (measured := journal.fact("list_lag_seconds")):
        return configured
    lag = float(measured)
    enough = max(SETTLE_AT_LEAST_SECONDS, 2 * lag + 2)
    return enough if lag >= configured else min(configured, enough)


def way_of(session: Session, site: str, journal: Journal) -> str:
    """Return how new posts are sent to a site: as configured; `auto` makes drafts where bulk calls are not offered."""
    via = session.settings.site(site).via
    return "draft" if via == "auto" and journal.fact(BULK_FACT) == BULK_MISSING else via


PAUSE_SECONDS = 5.0
ONE_BY_ONE = 20
"""Up to so many posts are asked for one by one; for more the site is listed."""

OPEN_STATUSES = frozenset({Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE})
LIVE_KINDS = frozenset({
    OutcomeKind.SCHEDULED, OutcomeKind.RESCHEDULED, OutcomeKind.UPDATED, OutcomeKind.PUBLISHED, OutcomeKind.PROCESSING,
    OutcomeKind.UNCHANGED, OutcomeKind.UNKNOWN,
})  # fmt: skip
WITHDRAWN: Mapping[str, OutcomeKind] = {Status.CANCELED: OutcomeKind.CANCELLED, Status.DELETED: OutcomeKind.DELETED}


def follow(session: Session, results: Results) -> Results:
    """Ask again for the posts that may have moved since. Errors: ServiceError, SignInError."""
    wanted: defaultdict[str, set[str]] = defaultdict(set)
    for outcome in results.outcomes:
        may_move = outcome.status in OPEN_STATUSES or (not outcome.link and outcome.status not in DEAD)
        if outcome.item_id and outcome.outcome in LIVE_KINDS and may_move:
            wanted[outcome.site].add(outcome.item_id)
    found: dict[tuple[str, str], Item | None] = {}
    for site in sorted(wanted):
        client = session.client(site)
        listed = {} if len(wanted[site]) <= ONE_BY_ONE else {item.id: item for item in items.query_items(client)}
        for item_id in wanted[site]:
            found[site, item_id] = listed.get(item_id) or items.get_item(client, item_id)
    lines = tuple(
        brought_up_to_date(o, found[o.site, o.item_id]) if (o.site, o.item_id) in found else o for o in results.outcomes
    )
    return replace(results, outcomes=lines, finished_at=session.environment.now())


def brought_up_to_date(outcome: Outcome, item: Item | None) -> Outcome:
    """Return an outcome with what the site says of its item now."""
    if item is None:
        message = "This post is no longer on the site."
        return replace(outcome, outcome=OutcomeKind.DELETED, status="", message=message)
    now = replace(outcome, status=item.status, link=item.link or outcome.link)
    if item.status == Status.PUBLISHED:
        return replace(now, outcome=OutcomeKind.PUBLISHED, code="", message="It is live.")
    if item.status == Status.FAILED:
        why = item.error or "no reason was given"
        message = f"The channel refused it: {why}. Correct the row, then run with --again {outcome.key}."
        return replace(now, outcome=OutcomeKind.FAILED, code="FAILED", message=message)
    if item.status in (Status.PROCESSING, Status.IN_QUEUE):
        return replace(now, outcome=OutcomeKind.PROCESSING, message="The service is still working on it.")
    if item.status in WITHDRAWN and outcome.status != item.status:
        kind = WITHDRAWN[item.status]
        return replace(now, outcome=kind, message=f"It was {kind} after the run and won't go out.")
    at, before = item.scheduled_at, outcome.publish_at
    if item.status != Status.SCHEDULED or at is None or before is None or same_second(at, before):
        return now
    local_time = shown_time(at, timezone=outcome.timezone)
    message = f"It was moved after the run: it goes out {local_time}."
    return replace(now, publish_at=at, local_time=local_time, message=message)


def wait_until_final(session: Session, results: Results, *, bound_seconds: float) -> Results:
    """Ask again until nothing is in process any more, the bound is reached, or the site does not answer."""
    ends_at = session.environment.clock() + bound_seconds
    while any(o.outcome is OutcomeKind.PROCESSING for o in results.outcomes):
        if session.environment.clock() >= ends_at:
            session.warn("Some posts are still in process. `postbatch status RESULTS` checks them again.")
            break
        session.environment.sleep(PAUSE_SECONDS)
        try:
            results = follow(session, results)
        except PostbatchError as error:
            session.warn(f"{error} `postbatch status RESULTS` checks again.")
            break
    return results
