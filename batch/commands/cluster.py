"""`run --cluster`: plan here, ask here, let each site's part be done by a Dask cluster, bring the outcomes home.

What travels is pure data without a credential (part.py); a worker that dies has its part done again by another, from
what the site holds. Media are brought to the sites from here, where the files are, before a part is handed over. At
the end this machine's own journal knows what was done, as if it had been sent from here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from io import StringIO
from typing import Any

from batch import __version__
from batch.codec import from_json, to_json
from batch.commands.pipeline import (
    SITES_AT_ONCE,
    Inputs,
    Planner,
    Prepared,
    options_of,
    planner_for,
    prepare,
    read_and_check,
    tell_notices,
    with_known_media,
)
from batch.commands.run import do_plan, refuse_without_terminal, show_plan, sites_of
from batch.commands.session import STATE_VARIABLE, Environment, Flags, Outputs, Session, refuse_outputs
from batch.commands.sites import Carried, Emit, carry_out, do_site_here, hold_sites, make_tools
from batch.errors import PostbatchError, StartError
from batch.model import Act, Content, Item, Outcome, OutcomeKind, Post, Step, StepKind
from batch.plan.decisions import Options
from batch.plan.safety import check_blast_radius
from batch.run.control import Stop
from batch.run.journal import Adopted, Journal
from batch.run.media import make_bringer
from batch.run.progress import Work
from batch.run.record import (
    Placed,
    RunRecord,
    broken_outcome,
    done_outcome,
    new_run_id,
    not_run_outcome,
)
from batch.settings import Settings, with_secrets, without_secrets

OWN_FOLDER = "cluster"
"""The part's journal and lock lie apart from those of this machine's own runs, which may wait for the part's end."""

MOVED = (
    "The post has changed on the site since the plan was shown ({reason}), so it was left as it is. Run again to see "
    "the new plan."
)
STANDS = frozenset({StepKind.UNCHANGED, StepKind.WAIT})

Show = Callable[[int, Outcome], None]


@dataclass(frozen=True, slots=True)
class Part:
    """What one site's part needs; `agreed` are the steps that were shown, one for each post, in the posts' order.

    `positions` are the posts' places in the sheet; `settings` hold no secret.
    """

    run: str
    site: str
    settings: Settings = field(repr=False)
    posts: tuple[Post, ...]
    positions: tuple[int, ...]
    agreed: tuple[Step, ...]
    options: Options = field(default_factory=Options)
    allow: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class PartResult:
    """What became of a part. `tries` counts the machines that began it; `stopped` says why it ended early."""

    outcomes: Mapping[int, Outcome]
    tries: int
    said: tuple[str, ...] = ()
    stopped: str = ""


def do_part(part: Part, *, environment: Environment, tries: int, stop: Stop, show: Show) -> PartResult:
    """Do a part, or what is left of it where it was begun before (`tries` over 1). Never raises for what goes wrong."""
    said = StringIO()
    outcomes: dict[int, Outcome] = {}

    def emit(position: int, outcome: Outcome) -> None:
        outcomes[position] = outcome
        show(position, outcome)

    try:
        settings = with_secrets(part.settings, environment.environ)
        with Session(_own_environment(environment, said), Flags(), settings=settings) as session:
            if tries > 1:
                session.say(f"Site {part.site}: the part was begun before; waiting until the site shows what was done.")
                stop.pause(settings.settle_seconds)
            with hold_sites(session, [part.site], run=part.run):
                _do(session, part, tries=tries, stop=stop, emit=emit)
    except PostbatchError as error:
        stop.request(str(error))
    return PartResult(outcomes, tries, tuple(said.getvalue().splitlines()), stop.reason)


def _own_environment(environment: Environment, said: StringIO) -> Environment:
    folder = environment.state_folder() / OWN_FOLDER
    return replace(environment, environ={**environment.environ, STATE_VARIABLE: str(folder)}, out=said, err=said)


def _do(session: Session, part: Part, *, tries: int, stop: Stop, emit: Show) -> None:
    planner = Planner(session, media_folder=session.folder, generate=False)
    plan, snapshot = planner(part.site, part.posts, part.options)
    if snapshot is not None:
        check_blast_radius(plan, snapshot, allowed=part.allow)
    items = {item.id: item for item in snapshot.items} if snapshot else {}
    steps: list[Placed] = []
    for position, step, agreed in zip(part.positions, plan.steps, part.agreed, strict=True):
        if tries > 1 and agreed.acts and step.kind in STANDS:
            emit(position, done_before(agreed, step, items))
        else:
            steps.append(Placed(position, within_agreement(step, agreed)))
    do_site_here(session, part.site, steps, stop, emit, run=part.run, media_folder=None)


def within_agreement(step: Step, agreed: Step) -> Step:
    """Return the step where it does no more than was agreed to, else one that does nothing and says so."""
    allowed = set(agreed.acts) - {Act.UPLOAD}
    if Act.CREATE in allowed:
        allowed.add(Act.UPDATE)  # a draft that this run has made may still have to be completed
    if allowed.issuperset(step.acts):
        return step
    reason = MOVED.format(reason=step.reason.rstrip("."))
    return replace(step, kind=StepKind.CONFLICT, acts=(), code="moved", reason=reason, changes=())


def done_before(agreed: Step, step: Step, items: Mapping[str, Item]) -> Outcome:
    """Return the outcome of a post that a machine which died had done already, as the site shows it."""
    item_id = step.item_id or agreed.item_id
    done = replace(agreed, item_id=item_id, reference=step.reference, link=step.link or agreed.link)
    return done_outcome(done, items.get(item_id), last=agreed.acts[-1])


def make_part(
    *,
    run: str,
    settings: Settings,
    site: str,
    posts: Sequence[Post],
    steps: Sequence[Placed],
    options: Options,
    allow: frozenset[str],
) -> Part:
    """Return a site's part, with of the options only what concerns its posts; `settings` must hold no secret."""
    places = {(post.row, post.key) for post in posts}
    skip = {place: why for place, why in options.skip.items() if place in places}
    return Part(
        run=run,
        site=site,
        settings=settings,
        posts=tuple(posts),
        positions=tuple(p.position for p in steps),
        agreed=tuple(p.step for p in steps),
        options=replace(options, skip=skip),
        allow=allow,
    )


ANSWER_SECONDS = 15
LISTEN_SECONDS = 1.0


def worker_version() -> str:
    """Return the version of this program where it is called."""
    return __version__


def topic_of(run: str) -> str:
    """Return the name under which the workers of a run tell of its posts."""
    return f"postbatch-{run}"


def tries_name(part: Part) -> str:
    """Return the name of the count of the machines that began a part; it outlives each of them."""
    return f"{topic_of(part.run)}-tries-{part.site}"


def halt_name(part: Part) -> str:
    """Return the name of the signal that stops a part in good order."""
    return f"{topic_of(part.run)}-halt-{part.site}"


def run_part(part: Part) -> PartResult:
    """Do a part on a worker: this is what the cluster calls."""
    from distributed import Event, Variable, get_client, get_worker

    client, worker = get_client(), get_worker()
    count = Variable(tries_name(part), client=client)
    tries = int(count.get(timeout=ANSWER_SECONDS)) + 1
    count.set(tries)
    stop, ended = Stop(), threading.Event()
    halt = Event(halt_name(part), client=client)
    threading.Thread(target=_watch, args=(halt, stop, ended), name="halt", daemon=True).start()

    def show(position: int, outcome: Outcome) -> None:
        told = to_json(replace(outcome, content=Content(), changes=()))
        worker.log_event(topic_of(part.run), {"position": position, "outcome": told})

    try:
        return do_part(part, environment=Environment(), tries=tries, stop=stop, show=show)
    finally:
        ended.set()


def _watch(halt: Any, stop: Stop, ended: threading.Event) -> None:
    """Ask for a stop once the side that waits does; where it can't be heard any more, the part goes on to its end."""
    with suppress(Exception):  # the cluster is going down: a part is as safe without it
        while not ended.is_set():
            if halt.wait(timeout=LISTEN_SECONDS):
                stop.request("You stopped it.", interrupted=True)
                return


CONNECT_SECONDS = 15
LOOK_SECONDS = 0.1
"""How often the waiting side looks whether the run is to stop and whether there are workers."""

MOST_AT_ONCE = 1_000
NOT_SENT = frozenset({OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED, OutcomeKind.CONFLICT, OutcomeKind.INVALID})
LOST = (
    "It may have been sent: the machine that did this site's part was lost. Run the same command again: it looks at "
    "the site first and sends nothing twice."
)


def run_on_cluster(environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs, *, address: str) -> int:
    """Plan, ask, have it done, write the results. Errors: StartError where the cluster can't be used."""
    if flags.sandbox:
        raise StartError("The sandbox is on this machine only: leave out --cluster, or leave out --sandbox.")
    path = (environment.cwd / inputs.sheet).resolve()
    refuse_outputs(outputs, sheet=path, cwd=environment.cwd)
    with Session(environment, flags, folder=path.parent) as session, connect(address) as client:
        refuse_without_terminal(session, outputs)
        checked = read_and_check(session, inputs, folder=environment.cwd)
        tell_notices(session)
        run = new_run_id(environment.now(), random=environment.random())
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
        outcome = from_json(Outcome, message["outcome"])
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
            self._session.environment.sleep(LOOK_SECONDS)
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
    journal.adopt(run, entries, at=session.environment.now())


def _adopted(placed: Placed, outcome: Outcome) -> Adopted:
    return Adopted(
        position=placed.position,
        act=placed.step.acts[-1],
        reference=outcome.reference,
        item_id=outcome.item_id,
        status=outcome.status,
        sent=outcome.outcome not in NOT_SENT or bool(outcome.item_id),
        known=outcome.outcome is not OutcomeKind.UNKNOWN,
        outcome=to_json(outcome),
    )
