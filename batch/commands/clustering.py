"""`run --cluster`: plan here, ask here, let each site's part be done by a Dask cluster, bring the outcomes home.

What travels is pure data without a credential (part.py); a worker that dies has its part done again by another, from
what the site holds. Media are brought to the sites from here, where the files are, before a part is handed over. At
the end this machine's own journal knows what was done, as if it had been sent from here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

from batch import __version__
from batch.commands.carrying_out import Carried, Emit, carry_out, hold_sites, make_tools
from batch.commands.files import refuse_outputs
from batch.commands.outputs import Outputs
from batch.commands.part import Part, PartResult, make_part
from batch.commands.planning import Planner, planner_for, with_known_media
from batch.commands.prepare import SITES_AT_ONCE, Prepared, options_of, prepare
from batch.commands.reading import Inputs, read_and_check, tell_notices
from batch.commands.running import do_plan, refuse_without_terminal, show_plan, sites_of
from batch.commands.session import Flags, Session
from batch.commands.worker import halt_name, run_part, topic_of, tries_name, worker_version
from batch.commands.world import World
from batch.errors import PostbatchError, StartError
from batch.model import Act, Outcome, OutcomeKind, Post
from batch.run.journal import Adopted, Journal
from batch.run.media import make_bringer
from batch.run.outcomes import broken_outcome, not_run_outcome
from batch.run.record import Placed, RunRecord, new_run_id, outcome_from_json, outcome_to_json
from batch.run.stop import Stop
from batch.run.work import Work
from batch.settings import without_secrets

CONNECT_SECONDS = 15
LOOK_SECONDS = 0.1
"""How often the waiting side looks whether the run is to stop and whether there are workers."""

MOST_AT_ONCE = 1_000
NOT_SENT = frozenset({OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED, OutcomeKind.CONFLICT, OutcomeKind.INVALID})
LOST = (
    "It may have been sent: the machine that did this site's part was lost. Run the same command again: it looks at "
    "the site first and sends nothing twice."
)


def run_on_cluster(world: World, flags: Flags, inputs: Inputs, outputs: Outputs, *, address: str) -> int:
    """Plan, ask, have it done, write the results. Errors: StartError where the cluster can't be used."""
    if flags.sandbox:
        raise StartError("The sandbox is on this machine only: leave out --cluster, or leave out --sandbox.")
    path = (world.cwd / inputs.sheet).resolve()
    refuse_outputs(outputs, sheet=path, cwd=world.cwd)
    with Session(world, flags, folder=path.parent) as session, connect(address) as client:
        refuse_without_terminal(session, outputs)
        checked = read_and_check(session, inputs, folder=world.cwd)
        tell_notices(session)
        run = new_run_id(world.now(), random=world.random())
        with hold_sites(session, sites_of(checked), run=run):
            planner = planner_for(session, checked, inputs)
            prepared = prepare(session, checked, inputs, planner=planner)
            show_plan(session, prepared)
            carry = partial(_carry_out, client=client, planner=planner, inputs=inputs)
            return do_plan(session, prepared, outputs, run=run, command="run", carry=carry)


@contextmanager
def connect(address: str) -> Iterator[Any]:
    """Connect to the scheduler and see that its workers can do a part. Errors: StartError."""
    try:
        import distributed
    except ImportError as error:
        raise StartError("--cluster needs the package distributed: pip install 'postbatch[cluster]'.") from error
    try:
        client = distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise StartError(
            f"The cluster's scheduler at {address} can't be reached: see that it runs, and that the address is right."
        ) from error
    try:
        _check_workers(client, address)
        yield client
    finally:
        with suppress(Exception):  # the cluster may be what failed; there is nothing left to do with it
            client.close()


def _check_workers(client: Any, address: str) -> None:
    if not client.scheduler_info(n_workers=-1)["workers"]:
        raise StartError(f"The cluster at {address} has no workers: start some (`dask worker {address}`).")
    try:
        versions = set(client.run(worker_version).values())
    except Exception as error:
        raise StartError(
            f"The workers of {address} can't do a part of a run ({type(error).__name__}): install postbatch[cluster] "
            f"{__version__} on each of them."
        ) from error
    if versions != {__version__}:
        raise StartError(
            f"The workers have postbatch {', '.join(sorted(versions))}, and this is {__version__}: install the same "
            "version everywhere."
        )


def _carry_out(
    session: Session, record: RunRecord, prepared: Prepared, *, client: Any, planner: Planner, inputs: Inputs
) -> Carried:
    """Carry an agreed plan out on the cluster."""
    hands = Hands(session, record.run, client=client, planner=planner, prepared=prepared, inputs=inputs)
    threads = sum(client.nthreads().values())
    at_once = min(max(SITES_AT_ONCE, threads), MOST_AT_ONCE)
    with hands.listening():
        return carry_out(session, record, prepared.placed, do_site=hands.do_site, at_once=at_once)


class Hands:
    """Hands each site's part over, waits for it, and keeps what came of it. Used from one thread for each site."""

    def __init__(
        self, session: Session, run: str, *, client: Any, planner: Planner, prepared: Prepared, inputs: Inputs
    ) -> None:
        self._session, self._run, self._client, self._planner = session, run, client, planner
        self._media_folder = prepared.checked.media_folder
        self._options = options_of(prepared.checked, inputs)
        self._allow = frozenset(inputs.allow)
        self._emits: dict[int, tuple[Placed, Emit]] = {}
        self._seen: dict[int, Outcome] = {}

    @contextmanager
    def listening(self) -> Iterator[None]:
        """While inside, hear of each post as a worker is done with it."""
        topic = topic_of(self._run)
        self._client.subscribe_topic(topic, self._hear)
        try:
            yield
        finally:
            with suppress(Exception):  # as in `connect`
                self._client.unsubscribe_topic(topic)

    def _hear(self, event: tuple[float, Any]) -> None:
        message = event[1]
        placed, emit = self._emits.get(message["position"], (None, None))
        if placed is None or emit is None:
            return
        outcome = outcome_from_json(message["outcome"])
        self._seen[placed.position] = replace(outcome, content=placed.step.content, changes=placed.step.changes)
        emit(placed.position, self._seen[placed.position])

    def do_site(self, site: str, steps: Sequence[Placed], stop: Stop, emit: Emit) -> None:
        """Have one site's steps done; what goes wrong with the site as a whole stops it, said in `stop`."""
        try:
            with Journal(self._session.journal(site)) as journal:
                posts, steps = self._bring_media(site, steps, journal, stop, emit)
                if stop.requested:
                    return
                self._emits |= {p.position: (p, emit) for p in steps if p.step.acts}
                part = make_part(
                    run=self._run,
                    settings=without_secrets(self._session.settings),
                    site=site,
                    posts=posts,
                    steps=steps,
                    options=self._options,
                    allow=self._allow,
                )
                result = self._hand_over(part, stop)
                outcomes = self._take_home(steps, result, stop)
                for placed in steps:
                    self._emits.pop(placed.position, None)
                    emit(placed.position, outcomes[placed.position])
                _adopt(journal, self._run, steps, outcomes, session=self._session)
        except PostbatchError as error:
            stop.request(str(error))

    def _bring_media(
        self, site: str, steps: Sequence[Placed], journal: Journal, stop: Stop, emit: Emit
    ) -> tuple[list[Post], list[Placed]]:
        """Bring the media of the steps to the site; return what is left to hand over, with the media's addresses."""
        tools = make_tools(self._session, site, journal, run=self._run, stop=stop)
        works = {p.position: Work(p.position, p.step) for p in steps if Act.UPLOAD in p.step.acts}
        if works:
            make_bringer(store=journal, folder=self._media_folder)(list(works.values()), tools)
        failed = {position: w.outcome for position, w in works.items() if w.outcome is not None}
        for position, outcome in failed.items():
            emit(position, outcome)
        known = journal.all_media() if works else {}
        pairs = [
            (with_known_media(post, known), replace(p, step=works[p.position].step) if p.position in works else p)
            for post, p in zip(self._planner.planned[site], steps, strict=True)
            if p.position not in failed
        ]
        return [post for post, _ in pairs], [placed for _, placed in pairs]

    def _hand_over(self, part: Part, stop: Stop) -> PartResult | None:
        """Let a part be done and wait for its end. None where it was lost, and then `stop` says why."""
        from distributed import Event, Variable

        tries, halt = Variable(tries_name(part), client=self._client), Event(halt_name(part), client=self._client)
        try:
            tries.set(0)
            future = self._client.submit(run_part, part, key=f"{topic_of(part.run)}-{part.site}", pure=False)
            if not self._wait(future, halt, stop, site=part.site):
                stop.request(f"Site {part.site}: all workers of the cluster are gone.")
                return None
            result: PartResult = future.result()
        except Exception as error:  # noqa: BLE001 - whatever a cluster fails with, the other sites go on
            stop.request(f"Site {part.site}: the cluster could not do its part ({type(error).__name__}).")
            return None
        finally:
            with suppress(Exception):  # as in `connect`
                tries.delete()
        for line in result.said:
            self._session.say(line)
        if result.stopped:
            stop.request(result.stopped)
        return result

    def _wait(self, future: Any, halt: Any, stop: Stop, *, site: str) -> bool:
        """Wait until a part has ended; False where nobody is left to do it and the run is to stop."""
        told = halted = False
        while not future.done():
            self._session.world.sleep(LOOK_SECONDS)
            if stop.requested and not halted:
                halt.set()
                halted = True
            if not self._client.nthreads():
                if halted:
                    return False
                if not told:
                    told = True
                    self._session.warn(f"Site {site}: no worker is left; waiting for one. Ctrl-C ends the run.")
        return True

    def _take_home(self, steps: Sequence[Placed], result: PartResult | None, stop: Stop) -> dict[int, Outcome]:
        """Return an outcome for each step: the part's, else what was heard of it, else that it is not known."""
        found = {**self._seen, **(result.outcomes if result else {})}
        return {p.position: found.get(p.position) or self._missing(p, result, stop) for p in steps}

    def _missing(self, placed: Placed, result: PartResult | None, stop: Stop) -> Outcome:
        step = placed.step
        if result is not None or not step.acts:
            return not_run_outcome(step, why=stop.reason or "The run ended before this row.")
        return broken_outcome(step, OutcomeKind.UNKNOWN, code="worker_lost", message=LOST)


def _adopt(
    journal: Journal, run: str, steps: Sequence[Placed], outcomes: dict[int, Outcome], *, session: Session
) -> None:
    """Keep in this machine's journal what the cluster did."""
    entries = [_adopted(p, outcomes[p.position]) for p in steps if p.step.acts]
    journal.adopt(run, entries, at=session.world.now())


def _adopted(placed: Placed, outcome: Outcome) -> Adopted:
    return Adopted(
        position=placed.position,
        act=placed.step.acts[-1],
        reference=outcome.reference,
        item_id=outcome.item_id,
        status=outcome.status,
        sent=outcome.outcome not in NOT_SENT or bool(outcome.item_id),
        known=outcome.outcome is not OutcomeKind.UNKNOWN,
        outcome=outcome_to_json(outcome),
    )
