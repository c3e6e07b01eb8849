"""Ask again for posts that were still on their way: `status RESULTS`, and `run --wait`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from batch.commands.run import finish
from batch.commands.session import Environment, Flags, Outputs, Session, exit_status, refuse_outputs
from batch.commands.undo import refuse_other_places
from batch.errors import PostbatchError, StartError
from batch.model import Item, Outcome, OutcomeKind, Results, Status
from batch.plan.compare import same_second
from batch.publisher import items
from batch.run.record import read_record, read_results, record_followup, run_of_results
from batch.times import shown_time

PAUSE_SECONDS = 5.0
ONE_BY_ONE = 20
"""Up to so many posts are asked for one by one; for more the site is listed."""

OPEN_STATUSES = frozenset({Status.SCHEDULED, Status.PROCESSING, Status.IN_QUEUE})
LIVE_KINDS = frozenset({
    OutcomeKind.SCHEDULED, OutcomeKind.RESCHEDULED, OutcomeKind.UPDATED, OutcomeKind.PUBLISHED, OutcomeKind.PROCESSING,
    OutcomeKind.UNCHANGED, OutcomeKind.UNKNOWN,
})  # fmt: skip

WITHDRAWN: Mapping[Status, OutcomeKind] = {
    Status.CANCELED: OutcomeKind.CANCELLED,
    Status.DELETED: OutcomeKind.DELETED,
}


def open_outcomes(results: Results) -> list[Outcome]:
    """Return the posts that may have moved since: scheduled or in process, with an item to ask for."""
    return [
        o
        for o in results.outcomes
        if o.item_id and o.outcome in LIVE_KINDS and (o.status in OPEN_STATUSES or not o.link)
    ]


def follow(session: Session, results: Results) -> Results:
    """Return the results with what the sites say now. Errors: ServiceError, SignInError."""
    waiting = open_outcomes(results)
    seen: dict[tuple[str, str], Item | None] = {}
    for site in sorted({o.site for o in waiting}):
        wanted = {o.item_id for o in waiting if o.site == site}
        seen |= {(site, item_id): item for item_id, item in _look(session, site, wanted).items()}
    lines = tuple(
        brought_up_to_date(o, seen[o.site, o.item_id]) if (o.site, o.item_id) in seen else o for o in results.outcomes
    )
    return replace(results, outcomes=lines, finished_at=session.environment.now())


def _look(session: Session, site: str, wanted: Iterable[str]) -> dict[str, Item | None]:
    client, ids = session.client(site), list(wanted)
    if len(ids) <= ONE_BY_ONE:
        return {item_id: items.get_item(client, item_id) for item_id in ids}
    held = {item.id: item for item in items.query_items(client)}
    return {item_id: held.get(item_id) or items.get_item(client, item_id) for item_id in ids}


def brought_up_to_date(outcome: Outcome, item: Item | None) -> Outcome:
    """Return an outcome with what the site says of its item now."""
    if item is None:
        message = "The site does not hold this post any more."
        return replace(outcome, outcome=OutcomeKind.DELETED, status="", message=message)
    now = replace(outcome, status=item.status, link=item.link or outcome.link)
    if item.status == Status.PUBLISHED:
        return replace(now, outcome=OutcomeKind.PUBLISHED, code="", message="It is live.")
    if item.status == Status.FAILED:
        why = item.error or "no reason was given"
        message = f"The channel refused it: {why}. Mend the row, then run with --again {outcome.key}."
        return replace(now, outcome=OutcomeKind.FAILED, code="FAILED", message=message)
    if item.status in (Status.PROCESSING, Status.IN_QUEUE):
        return replace(now, outcome=OutcomeKind.PROCESSING, message="The service is working on it.")
    if item.status in WITHDRAWN and outcome.status != item.status:
        kind = WITHDRAWN[Status(item.status)]
        return replace(now, outcome=kind, message=f"It has been {kind} since, and does not go out.")
    return _moved(now, item)


def _moved(outcome: Outcome, item: Item) -> Outcome:
    """Return an outcome with the date that its item has been moved to since."""
    at, before = item.scheduled_at, outcome.publish_at
    if item.status != Status.SCHEDULED or at is None or before is None or same_second(at, before):
        return outcome
    local_time = shown_time(at, timezone=outcome.timezone)
    message = f"It has been moved since: it goes out {local_time}."
    return replace(outcome, publish_at=at, local_time=local_time, message=message)


def wait_until_final(session: Session, results: Results, *, bound_seconds: float) -> Results:
    """Ask again until nothing is in process any more, the bound is reached, or the site does not answer."""
    ends_at = session.environment.clock() + bound_seconds
    while any(o.outcome is OutcomeKind.PROCESSING for o in results.outcomes):
        if session.environment.clock() >= ends_at:
            session.warn("Some posts are still in process; `postbatch status RESULTS` asks again.")
            break
        session.environment.sleep(PAUSE_SECONDS)
        try:
            results = follow(session, results)
        except PostbatchError as error:
            session.warn(f"{error} `postbatch status RESULTS` asks again.")
            break
    return results


def update_status(environment: Environment, flags: Flags, path: Path, outputs: Outputs) -> int:
    """Ask again for the posts of a results file, and bring the file and its page up to date."""
    path = (environment.cwd / path).resolve()
    with Session(environment, flags, folder=path.parent) as session:
        run = run_of_results(session.state, path)
        if not run:
            raise StartError(f"{path.name} is not a results file of a run on this machine; see `postbatch runs`.")
        record = read_record(session.state, run)
        if record.sandbox and not flags.sandbox:
            raise StartError("These results are from the sandbox. Add --sandbox to ask it again.")
        refuse_outputs(outputs, sheet=path.with_name(record.sheet), cwd=environment.cwd)
        session.start_sandbox(record.journals)
        refuse_other_places(session, record)
        results = follow(session, read_results(session.state, record))
        record_followup(session.state, record, results)
        finish(session, results, replace(outputs, out=outputs.out or path), sheet=path.with_name(record.sheet))
        return exit_status(results.outcomes)
