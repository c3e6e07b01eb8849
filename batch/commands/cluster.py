"""`run --cluster`: whoever reaches the scheduler can run programs as its workers and use their keys: guard it by TLS.

The plan is made and asked about here, each site's steps are done by a Dask cluster, and the outcomes come home. What
travels is pure data without a credential; a worker that dies has its job done again by another, from what the site
holds. Media are brought to the sites from here, where the files are, before a job is handed over. At the end this
machine's own journal knows what was done, as if it had been sent from here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import StringIO
from typing import Any, Self
from urllib.parse import urlsplit

from batch import __version__
from batch.codec import from_json, to_json
from batch.commands.options import STATE_VARIABLE, Cluster, Environment, Flags
from batch.commands.pipeline import Planner, Prepared, options_of, with_known_media
from batch.commands.session import Session
from batch.commands.sites import SITES_AT_ONCE, Doer, Emit, hold_sites, make_context, site_doer
from batch.errors import PostbatchError, StartError
from batch.model import Act, Content, Outcome, OutcomeKind, Post, Step, StepKind
from batch.plan.decisions import PlanOptions, place
from batch.plan.safety import find_large_changes, refuse_large
from batch.runs.actions import StepProgress
from batch.runs.control import Stop
from batch.runs.journal import Adopted, Journal
from batch.runs.media import fill_media
from batch.runs.record import NumberedStep, broken_outcome, done_outcome, not_run_outcome
from batch.settings import Settings, is_this_machine

OWN_FOLDER = "cluster"
"""A worker's journal and lock lie apart from those of this machine's own runs, which may wait for its end."""

MOVED = (
    "The post has changed on the site since the plan was shown ({reason}), so it was left as it is. Run again to see "
    "the new plan."
)
STANDS = frozenset({StepKind.UNCHANGED, StepKind.WAIT})
NOT_SENT = frozenset({OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED, OutcomeKind.CONFLICT, OutcomeKind.INVALID})
LOST = (
    "It may have been sent: the machine that did this site's part was lost. Run the same command again: it looks at "
    "the site first and sends nothing twice."
)
CONNECT_SECONDS = 15
ANSWER_SECONDS = 15
LISTEN_SECONDS = 1.0
LOOK_SECONDS = 0.1
"""How often the waiting side looks whether the run is to stop and whether there are workers."""

MAX_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class SiteJobResult:
    """What a job came to; `stopped` says why it ended early."""

    outcomes: Mapping[int, Outcome]
    messages: tuple[str, ...] = ()
    stopped: str = ""


@dataclass(frozen=True, slots=True)
class SiteJob:
    """What doing one site's steps needs; `agreed` are the steps that were shown, one for each post, in their order.

    `settings` hold no secret.
    """

    run: str
    site: str
    settings: Settings = field(repr=False)
    posts: tuple[Post, ...]
    agreed: tuple[NumberedStep, ...]
    options: PlanOptions = field(default_factory=PlanOptions)
    allow: tuple[tuple[str, int], ...] = ()

    @property
    def name(self) -> str:
        """What the job, its count of tries and its stop are called on the cluster."""
        return f"{topic_of(self.run)}-{self.site}"

    def do(self, *, environment: Environment, tries: int, stop: Stop, show: Emit) -> SiteJobResult:
        """Do the job, or what is left of it where it was begun before (`tries` over 1). What goes wrong is told."""
        messages = StringIO()
        outcomes: dict[int, Outcome] = {}

        def emit(position: int, outcome: Outcome) -> None:
            outcomes[position] = outcome
            show(position, outcome)

        own = {**environment.environ, STATE_VARIABLE: str(environment.state_folder() / OWN_FOLDER)}
        environment = replace(environment, environ=own, out=messages, err=messages)
        try:
            settings = self.settings.with_secrets(own)
            with Session(environment, Flags(), settings=settings) as session:
                if tries > 1:
                    session.say(
                        f"Site {self.site}: the part was begun before; waiting until the site shows what was done."
                    )
                    stop.pause(settings.settle_seconds)
                with hold_sites(session, [self.site], run=self.run):
                    self._do_steps(session, tries=tries, stop=stop, emit=emit)
        except PostbatchError as error:
            stop.request(str(error))
        return SiteJobResult(outcomes, tuple(messages.getvalue().splitlines()), stop.reason)

    def _do_steps(self, session: Session, *, tries: int, stop: Stop, emit: Emit) -> None:
        """Look at the site and plan again, and do of it what was agreed to."""
        planner = Planner(session, generate=False)
        plan, snapshot = planner(self.site, self.posts, self.options)
        if snapshot is not None:
            refuse_large(find_large_changes([(plan, snapshot)], allowed=dict(self.allow)))
        items = {item.id: item for item in snapshot.items} if snapshot else {}
        steps: list[NumberedStep] = []
        for step, placed in zip(plan.steps, self.agreed, strict=True):
            position, agreed = placed.position, placed.step
            if tries > 1 and agreed.acts and step.kind in STANDS:
                # The machine that died had done this post already: its outcome is what the site shows.
                item_id = step.item_id or agreed.item_id
                done = replace(agreed, item_id=item_id, reference=step.reference, link=step.link or agreed.link)
                emit(position, done_outcome(done, items.get(item_id), last=(agreed.own_acts or agreed.acts)[-1]))
            else:
                steps.append(NumberedStep(position, within_agreement(step, agreed)))
        site_doer(session, run=self.run)(self.site, steps, stop, emit)


def topic_of(run: str) -> str:
    """Return the name under which the workers of a run tell of its posts."""
    return f"postbatch-{run}"


def within_agreement(step: Step, agreed: Step) -> Step:
    """Return the step where it does no more than was agreed to, else one that does nothing and says so."""
    allowed = set(agreed.acts) - {Act.UPLOAD}
    if Act.CREATE in allowed:
        allowed.add(Act.UPDATE)  # a draft that this run has made may still have to be completed
    if allowed.issuperset(step.acts):
        return replace(step, approval=agreed.approval)
    reason = MOVED.format(reason=step.reason.rstrip("."))
    return replace(step, kind=StepKind.CONFLICT, acts=(), code="moved", reason=reason, changes=())


def run_on_worker(job: SiteJob) -> SiteJobResult:
    """Do a job on a worker: this is what the cluster calls."""
    from distributed import Event, Variable, get_client, get_worker

    client, worker = get_client(), get_worker()
    count = Variable(f"{job.name}-tries", client=client)
    tries = int(count.get(timeout=ANSWER_SECONDS)) + 1
    count.set(tries)
    stop, ended = Stop(), threading.Event()
    stop_event = Event(f"{job.name}-stop", client=client)

    def watch() -> None:
        """Ask for a stop once the side that waits does; where it can't be heard any more, the job goes on."""
        with suppress(Exception):  # the cluster is going down: a job is as safe without it
            while not ended.is_set():
                if stop_event.wait(timeout=LISTEN_SECONDS):
                    stop.request("You stopped the run.", interrupted=True)
                    return

    def show(position: int, outcome: Outcome) -> None:
        told = to_json(replace(outcome, content=Content(), changes=()))
        worker.log_event(topic_of(job.run), {"position": position, "outcome": told})

    threading.Thread(target=watch, name="stop", daemon=True).start()
    try:
        return job.do(environment=Environment(), tries=tries, stop=stop, show=show)
    finally:
        ended.set()


def worker_version() -> str:
    """Return the version of this program where it is called."""
    return __version__


TLS_TAKES = "TLS takes tls://HOST:PORT and the files --cluster-ca, --cluster-cert and --cluster-key."
UNGUARDED = (
    "The way to the cluster is not encrypted: whoever is on it reads the posts and can use the workers' keys. Give "
    "tls://HOST:PORT with --cluster-ca, --cluster-cert and --cluster-key."
)


def _open_client(cluster: Cluster, *, warn: Callable[[str], None]) -> Any:
    """Connect to the scheduler, by TLS where its files are given (or Dask's own configuration names them)."""
    try:
        import distributed
    except ImportError as error:
        raise StartError("--cluster needs the package distributed: pip install 'postbatch[cluster]'.") from error
    address, files = cluster.address, (cluster.ca, cluster.cert, cluster.key)
    guarded = address.startswith("tls://")
    try:
        if not guarded and not is_this_machine(urlsplit(address).hostname or ""):
            warn(UNGUARDED)
        named = dict(zip(("tls_ca_file", "tls_client_cert", "tls_client_key"), map(str, files), strict=True))
        sound = not any(files) or (guarded and all(path and path.is_file() for path in files))
        security = distributed.Security(**named if any(files) and sound else {}, require_encryption=guarded)
        if not sound or (guarded and security.get_connection_args("client").get("ssl_context") is None):
            raise StartError(TLS_TAKES)
        return distributed.Client(address, timeout=CONNECT_SECONDS, set_as_default=False, security=security)
    except (OSError, ValueError, TimeoutError) as error:
        raise StartError(
            f"The cluster's scheduler at {address} can't be reached: see that it runs, and that the address is right."
        ) from error


@contextmanager
def connect(cluster: Cluster, *, warn: Callable[[str], None]) -> Iterator[Any]:
    """Connect to the scheduler and see that its workers can do a job. Errors: StartError."""
    address, client = cluster.address, _open_client(cluster, warn=warn)
    try:
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise StartError(f"The cluster at {address} has no workers: start some (`dask worker {address}`).")
        try:
            versions = set(client.run(worker_version).values())
        except Exception as error:
            raise StartError(
                f"The workers of {address} can't do a part of a run ({type(error).__name__}): install "
                f"postbatch[cluster] {__version__} on each of them."
            ) from error
        if versions != {__version__}:
            raise StartError(
                f"The workers have postbatch {', '.join(sorted(versions))}, and this is {__version__}: install the "
                "same version everywhere."
            )
        yield client
    finally:
        with suppress(Exception):  # the cluster may be what failed; there is nothing left to do with it
            client.close()


class ClusterRunner:
    """Hands each site's job over, waits for it, and keeps what came of it. Used from one thread for each site.

    Use it in a `with`: while inside, it hears of each post as a worker is done with it.
    """

    def __init__(self, session: Session, run: str, client: Any, prepared: Prepared) -> None:
        self._session, self._run, self._client, self._planner = session, run, client, prepared.planner
        self._options = options_of(prepared.checked, prepared.inputs)
        # What would be too much is agreed to by its number before anything is handed over.
        self._allow = tuple({**dict(prepared.inputs.allow), **prepared.large}.items())
        self._emits: dict[int, tuple[NumberedStep, Emit]] = {}
        self._heard: dict[int, Outcome] = {}
        self.doer = Doer(self.do_site, min(max(SITES_AT_ONCE, sum(client.nthreads().values())), MAX_AT_ONCE))

    def __enter__(self) -> Self:
        self._client.subscribe_topic(topic_of(self._run), self._hear)
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):  # as in `connect`
            self._client.unsubscribe_topic(topic_of(self._run))

    def _hear(self, event: tuple[float, Any]) -> None:
        message = event[1]
        placed, emit = self._emits.get(message["position"], (None, None))
        if placed is None or emit is None:
            return
        heard, step = from_json(Outcome, message["outcome"]), placed.step
        self._heard[placed.position] = replace(heard, content=step.content, changes=step.changes)
        emit(placed.position, self._heard[placed.position])

    def do_site(self, site: str, steps: Sequence[NumberedStep], stop: Stop, emit: Emit) -> None:
        """Have one site's steps done; what goes wrong with the site as a whole stops it, said in `stop`."""
        try:
            with Journal(self._session.journal(site)) as journal:
                posts, steps = self._bring_media(site, steps, journal, stop, emit)
                if stop.requested:
                    return
                self._emits |= {p.position: (p, emit) for p in steps if p.step.acts}
                left_out = {**self._options.skip, **self._planner.held.get(site, {})}
                mine = left_out.keys() & {place(post) for post in posts}
                options = replace(self._options, skip={where: left_out[where] for where in mine})
                settings = self._session.settings.without_secrets()
                job = SiteJob(self._run, site, settings, tuple(posts), tuple(steps), options, self._allow)
                result = self._hand_over(job, stop)
                outcomes = {p.position: self._outcome_of(p, result, stop) for p in steps}
                for placed in steps:
                    self._emits.pop(placed.position, None)
                    emit(placed.position, outcomes[placed.position])
                self._keep(journal, steps, outcomes)
        except PostbatchError as error:
            stop.request(str(error))

    def _bring_media(
        self, site: str, steps: Sequence[NumberedStep], journal: Journal, stop: Stop, emit: Emit
    ) -> tuple[list[Post], list[NumberedStep]]:
        """Bring the media of the steps to the site; return what is left to hand over, with the media's addresses."""
        bringing = {p.position: StepProgress(p.position, p.step) for p in steps if Act.UPLOAD in p.step.acts}
        if bringing:
            context = make_context(self._session, site, journal, run=self._run, stop=stop)
            fill_media(list(bringing.values()), context, folder=self._session.media_folder)
        known = journal.all_media() if bringing else {}
        posts, left = [], []
        for post, placed in zip(self._planner.planned[site], steps, strict=True):
            progress = bringing.get(placed.position)
            if progress and progress.outcome is not None:
                emit(placed.position, progress.outcome)
                continue
            posts.append(with_known_media(post, known))
            left.append(replace(placed, step=progress.step) if progress else placed)
        return posts, left

    def _hand_over(self, job: SiteJob, stop: Stop) -> SiteJobResult | None:
        """Let a job be done and wait for its end. None where it was lost, and then `stop` says why."""
        from distributed import Event, Variable

        tries = Variable(f"{job.name}-tries", client=self._client)  # outlives each machine that begins the job
        stop_event = Event(f"{job.name}-stop", client=self._client)
        try:
            tries.set(0)
            future = self._client.submit(run_on_worker, job, key=job.name, pure=False)
            if not self._wait(future, stop_event, stop, site=job.site):
                stop.request(f"Site {job.site}: all workers of the cluster are gone.")
                return None
            result: SiteJobResult = future.result()
        except Exception as error:  # noqa: BLE001 - whatever a cluster fails with, the other sites go on
            stop.request(f"Site {job.site}: the cluster could not do its part ({type(error).__name__}).")
            return None
        finally:
            with suppress(Exception):  # as in `connect`
                tries.delete()
        for line in result.messages:
            self._session.say(line)
        if result.stopped:
            stop.request(result.stopped)
        return result

    def _wait(self, future: Any, stop_event: Any, stop: Stop, *, site: str) -> bool:
        """Wait until a job has ended; False where nobody is left to do it and the run is to stop."""
        told = stopping = False
        while not future.done():
            self._session.environment.sleep(LOOK_SECONDS)
            if stop.requested and not stopping:
                stop_event.set()
                stopping = True
            if not self._client.nthreads():
                if stopping:
                    return False
                if not told:
                    told = True
                    self._session.warn(f"Site {site}: no worker is left; waiting for one. Ctrl-C ends the run.")
        return True

    def _outcome_of(self, placed: NumberedStep, result: SiteJobResult | None, stop: Stop) -> Outcome:
        """Return a step's outcome: the job's, else what was heard of it, else that it is not known."""
        step, position = placed.step, placed.position
        if result is not None and position in result.outcomes:
            return result.outcomes[position]
        if position in self._heard:
            return self._heard[position]
        if result is not None or not step.acts:
            return not_run_outcome(step, why=stop.reason or "The run ended before this row.")
        return broken_outcome(step, OutcomeKind.UNKNOWN, code="worker_lost", message=LOST)

    def _keep(self, journal: Journal, steps: Sequence[NumberedStep], outcomes: Mapping[int, Outcome]) -> None:
        """Keep in this machine's journal what the cluster did."""
        entries = []
        for placed in (placed for placed in steps if placed.step.acts):
            done = outcomes[placed.position]
            what = (placed.step.acts[-1], done.reference, done.item_id, done.status)
            sent, known = done.outcome not in NOT_SENT or bool(done.item_id), done.outcome is not OutcomeKind.UNKNOWN
            entries.append(Adopted(placed.position, *what, sent=sent, known=known, outcome=to_json(done)))
        journal.adopt(self._run, entries, at=self._session.environment.now())
