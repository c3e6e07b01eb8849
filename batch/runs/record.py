"""The record of a run, written whole before the first change, and what this machine knows of the results it wrote.

    <state folder>/runs/<run>.json                 what was to be done, and the sheet's own cells
    <state folder>/journal/*.sqlite                what became of it (journal.py)
    <state folder>/written/<digest of a path>      a results file: its run's name, and the SHA-256 of its bytes

From record and journals results can be made again. A sheet has a note in `written/` too, of its latest run: by it, what
was last known of a post is found again where a run left the post out. Only this machine's own records and journals are
asked, and only those of the same site. Nothing here holds a credential, or a text that the plan does not hold.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

from batch.atomic import write_private
from batch.codec import FormError, from_json, to_json
from batch.errors import JournalError, PostbatchError, StartError
from batch.model import (
    FORM,
    GOOD,
    LEFT_OUT,
    Act,
    Instant,
    Issue,
    Item,
    Json,
    Outcome,
    OutcomeKind,
    Results,
    Status,
    Step,
    StepKind,
)
from batch.runs.journal import Attempt, Journal, make_private_folder, shown
from batch.times import shown_time, spoken_time, with_zone

BECOMES = {
    StepKind.UNCHANGED: OutcomeKind.UNCHANGED,
    StepKind.WAIT: OutcomeKind.UNCHANGED,
    StepKind.SKIP: OutcomeKind.SKIPPED,
    StepKind.INVALID: OutcomeKind.INVALID,
    StepKind.BLOCKED: OutcomeKind.BLOCKED,
    StepKind.CONFLICT: OutcomeKind.CONFLICT,
    StepKind.FAILED: OutcomeKind.FAILED,
    StepKind.DRAFT: OutcomeKind.DRAFTED,
    StepKind.SCHEDULE: OutcomeKind.SCHEDULED,
    StepKind.PUBLISH: OutcomeKind.PUBLISHED,
    StepKind.RESCHEDULE: OutcomeKind.RESCHEDULED,
    StepKind.UPDATE: OutcomeKind.UPDATED,
    StepKind.CANCEL: OutcomeKind.CANCELLED,
    StepKind.DELETE: OutcomeKind.DELETED,
}
"""What a step ends as where it changes nothing, or when all its acts are done."""

STATUS_AFTER = {
    Act.CREATE: Status.DRAFT,
    Act.SCHEDULE: Status.SCHEDULED,
    Act.RESCHEDULE: Status.SCHEDULED,
    Act.CANCEL: Status.CANCELED,
    Act.DELETE: Status.DELETED,
}
"""The state an item is in once an act is done, where the answer itself did not say."""

SAID = {
    OutcomeKind.DRAFTED: "Saved as a draft; it won't go out until it gets a date.",
    OutcomeKind.PUBLISHED: "It is live.",
    OutcomeKind.UPDATED: "The post now matches its row.",
    OutcomeKind.CANCELLED: "It won't go out.",
    OutcomeKind.DELETED: "Deleted from the site.",
    OutcomeKind.PROCESSING: "The service accepted it and is working on it. `postbatch status` asks again.",
}


_SAME = {f.name for f in fields(Outcome)} & {f.name for f in fields(Step)} - {"account", "code"}
"""What a step and its outcome both have, under one name."""


def _line(step: Step, kind: OutcomeKind, **more: Any) -> Outcome:
    """Return an outcome with what its step tells, and in `more` the rest and what differs from that."""
    told = {name: getattr(step, name) for name in _SAME}
    told |= {"account": step.account_name or step.account, "status": step.found_status, "publish_at": step.at, **more}
    made = Outcome(outcome=kind, **told)
    return replace(made, message=f"{made.message} Approved by {step.approval}.".strip()) if step.approval else made


def planned_outcome(step: Step) -> Outcome:
    """Return the outcome of a step that changes nothing, or what another would become: for showing a plan."""
    return _line(step, BECOMES[step.kind], code=step.code, message=step.reason)


def done_outcome(step: Step, item: Item | None, *, last: Act, published_at: datetime | None = None) -> Outcome:
    """Return the outcome of a step whose acts are done; `published_at` is when a post without a date went out."""
    status = item.status if item and item.status else str(STATUS_AFTER.get(last, ""))
    kind, code = BECOMES[step.kind], ""
    message = SAID.get(kind, step.reason)
    if kind in (OutcomeKind.SCHEDULED, OutcomeKind.RESCHEDULED):
        message = f"Goes out {spoken_time(step.at, timezone=step.timezone)}."
    if last in (Act.PUBLISH, Act.SCHEDULE):
        if status in (Status.PROCESSING, Status.IN_QUEUE):
            kind, message = OutcomeKind.PROCESSING, SAID[OutcomeKind.PROCESSING]
        elif status == Status.FAILED:
            kind, code = OutcomeKind.FAILED, "FAILED"
            reason = item.error if item and item.error else "no reason was given"
            message = f"The channel refused it: {reason}. Correct the row, then run with --again {step.key}."
        elif status == Status.PUBLISHED:
            kind, message = OutcomeKind.PUBLISHED, SAID[OutcomeKind.PUBLISHED]
    out = kind in (OutcomeKind.PUBLISHED, OutcomeKind.PROCESSING)
    at = step.at or (published_at if out else None) or (item.scheduled_at if item else None)
    return _line(
        step,
        kind,
        status=status,
        code=code,
        message=message,
        item_id=item.id if item else step.item_id,
        link=(item.link if item else "") or step.link,
        publish_at=at,
        local_time=step.local_time if at == step.at else shown_time(at, timezone=step.timezone),
    )


def broken_outcome(
    step: Step, kind: OutcomeKind, *, code: str, message: str, item_id: str = "", status: str = ""
) -> Outcome:
    """Return the outcome of a step that did not come to its end."""
    known = {"item_id": item_id or step.item_id, "status": status or step.found_status}
    return _line(step, kind, code=code, message=message, **known)


def not_run_outcome(step: Step, *, why: str, item_id: str = "") -> Outcome:
    """Return the outcome of a step that was not begun, or of which only the draft was made."""
    made = " Its draft is on the site and will be used." if item_id and not step.item_id else ""
    message = f"{why}{made} Run the same command to continue."
    return broken_outcome(step, OutcomeKind.NOT_RUN, code="not_run", message=message, item_id=item_id)


CHANGED = frozenset({
    OutcomeKind.DRAFTED, OutcomeKind.SCHEDULED, OutcomeKind.PUBLISHED, OutcomeKind.RESCHEDULED, OutcomeKind.UPDATED,
    OutcomeKind.CANCELLED, OutcomeKind.DELETED, OutcomeKind.PROCESSING, OutcomeKind.UNKNOWN, OutcomeKind.FAILED,
})  # fmt: skip
"""Outcomes after which a step may have left something on the site."""

CUT_OFF = "The run ended in the middle of this row. Run the same command again to settle it."

SENT_KINDS = frozenset({"ok", "settled"})
JOURNAL_NAME = re.compile(r"[0-9a-f]{20}\.sqlite")


@dataclass(frozen=True, slots=True)
class NumberedStep:
    """A step with its place among all posts of the sheet."""

    position: int
    step: Step


@dataclass(frozen=True, slots=True)
class RunRecord:
    """All that is known of a run before it begins, and when and how it ended.

    `journals` names the journal file of each site; `command` is `run`, `apply` or `undo`; `previous` is the run of the
    same sheet before this one, "" where there was none; `lapsed` are the channels whose scheduled posts won't go out.
    """

    __pydantic_config__: ClassVar[Json] = FORM
    run: str
    command: str
    sheet: str
    sandbox: bool
    started_at: Instant
    headings: tuple[str, ...]
    own: Mapping[int, tuple[str, ...]]
    placed: tuple[NumberedStep, ...]
    journals: Mapping[str, str]
    issues: tuple[Issue, ...] = ()
    notices: tuple[str, ...] = ()
    finished_at: Instant | None = None
    exit_status: int | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    columns: Mapping[str, int] = field(default_factory=dict)
    previous: str = ""
    lapsed: tuple[str, ...] = ()
    folder: str = ""
    """The folder of the sheet, "" where an earlier version kept none."""

    def folder_or(self, other: Path) -> Path:
        """Return the sheet's folder, whose sandbox is that of the run; `other` where it is gone."""
        return folder if self.folder and (folder := Path(self.folder)).is_dir() else other


LETTERS = "23456789abcdefghjkmnpqrstuvwxyz"
"""Those of a run's name, in the order in which names are sorted; without those that look like others."""


def new_run_id(now: datetime, *, random: float) -> str:
    """Return a run's name: its start in UTC, to the thousandth, and two letters that are any: it sorts by that."""
    pairs = len(LETTERS) ** 2
    tail = "".join(
        LETTERS[number // len(LETTERS)] + LETTERS[number % len(LETTERS)]
        for number in (now.microsecond * pairs // 1_000_000, int(random * pairs))
    )
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{tail}"


def write_record(folder: Path, record: RunRecord) -> None:
    """Write the record. Errors: JournalError, and then nothing may be sent."""
    runs = folder / "runs"
    make_private_folder(runs)
    try:
        write_private(runs / f"{record.run}.json", to_json(record).encode())
    except OSError as error:
        raise JournalError(
            f"The record of this run can't be written in {shown(runs)}: {error.strerror}. "
            "Nothing was sent. Make room on the disk and run again."
        ) from error


def finish_record(
    folder: Path, record: RunRecord, *, at: datetime, exit_status: int, counts: Mapping[str, int]
) -> None:
    """Note how a run ended."""
    write_record(folder, replace(record, finished_at=at, exit_status=exit_status, counts=counts))


def read_record(folder: Path, run: str) -> RunRecord:
    """Read the record of a run; `run` may be `last`. Errors: StartError where there is none."""
    names = run_names(folder)
    if not names:
        raise StartError("There are no runs on this machine yet.")
    wanted = names[-1] if run == "last" else run
    if wanted not in names:
        raise StartError(f"There is no run {run!r}. The latest is {names[-1]}; `postbatch runs` lists them.")
    path = folder / "runs" / f"{wanted}.json"
    try:
        record = from_json(RunRecord, path.read_bytes())
    except (OSError, FormError) as error:
        raise JournalError(
            f"The record {shown(path)} can't be read ({error}); that run's results can't be made again."
        ) from error
    if not all(JOURNAL_NAME.fullmatch(name) for name in record.journals.values()):
        raise JournalError(f"The record {shown(path)} names a journal that isn't on this machine.")
    return replace(record, placed=tuple(NumberedStep(p.position, with_zone(p.step)) for p in record.placed))


def run_names(folder: Path) -> list[str]:
    """Return the names of all runs, oldest first."""
    return sorted(path.stem for path in (folder / "runs").glob("*.json"))


def read_results(folder: Path, record: RunRecord) -> Results:
    """Make a run's results from its record and the journals: every post exactly once."""
    outcomes: dict[int, Outcome] = {}
    for site, name in record.journals.items():
        mine = [placed for placed in record.placed if placed.step.site == site]
        if mine:
            with Journal(folder / "journal" / name) as journal:
                outcomes |= _site_outcomes(journal, record.run, mine)
    never_begun = "The run ended before this row."
    lines = [
        outcomes.get(p.position)
        or (not_run_outcome(p.step, why=never_begun) if p.step.acts else planned_outcome(p.step))
        for p in record.placed
    ]
    return make_results(record, lines)


def record_followup(folder: Path, record: RunRecord, results: Results) -> None:
    """Keep what a later look showed, so that results made again show it too."""
    for site, name in record.journals.items():
        with Journal(folder / "journal" / name) as journal:
            for placed, outcome in zip(record.placed, results.outcomes, strict=True):
                if placed.step.site == site and (placed.step.acts or outcome.item_id):
                    journal.keep_outcome(record.run, placed.position, to_json(outcome))


def steps_as_done(folder: Path, record: RunRecord) -> list[NumberedStep]:
    """Return the steps of a run that changed something, with the items they made, in their places."""
    results = read_results(folder, record)
    return [
        NumberedStep(p.position, replace(p.step, item_id=outcome.item_id or p.step.item_id))
        for p, outcome in zip(record.placed, results.outcomes, strict=True)
        if p.step.acts and outcome.outcome in CHANGED
    ]


def make_results(record: RunRecord, outcomes: list[Outcome], *, finished_at: datetime | None = None) -> Results:
    """Join a run's outcomes (in the order of `placed`) with the rows they came from."""
    shared = {f.name: getattr(record, f.name) for f in fields(Results) if hasattr(record, f.name)}
    return Results(**shared | {"outcomes": tuple(outcomes), "finished_at": finished_at or record.finished_at})


def _site_outcomes(journal: Journal, run: str, mine: list[NumberedStep]) -> dict[int, Outcome]:
    kept = journal.outcomes(run)
    sent = journal.intents(run)
    try:
        return {
            p.position: with_zone(from_json(Outcome, kept[p.position]))
            if p.position in kept
            else _from_intents(p.step, sent, p.position)
            for p in mine
            if p.position in kept or p.step.acts
        }
    except FormError as error:
        raise JournalError(
            f"An outcome of the run {run} can't be read in its journal ({error}); its results can't be made again."
        ) from error


def _from_intents(step: Step, sent: Mapping[int, list[Attempt]], position: int) -> Outcome:
    """Tell what is known of a post whose outcome was never written: the run was killed in the middle of it."""
    tries = sent.get(position, [])
    item_id = next((item for _, _, item in reversed(tries) if item), "")
    if not tries or (tries[-1][1] in SENT_KINDS and tries[-1][0] == Act.CREATE):
        return not_run_outcome(step, why="The run ended before this row was done.", item_id=item_id)
    return broken_outcome(step, OutcomeKind.UNKNOWN, code="cut_off", message=CUT_OFF, item_id=item_id)


MAX_RUNS_BACK = 40
"""How many runs of a sheet are looked through for what was last known of a post."""


def note_results(folder: Path, results_file: Path, run: str, *, sheet: Path, coming: Path | None = None) -> None:
    """Keep from which run a results file is, how it was written, and that its run is the sheet's latest.

    `coming` is the new file that is about to be moved there: until it has been, the one that is there is known too.
    Errors: JournalError.
    """
    note = _note_of(folder, results_file)
    make_private_folder(note.parent)
    try:
        known = [path for path in (coming, results_file) if path and path.exists()]
        digests = " ".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in known)
        write_private(note, f"{run}\n{digests}\n{results_file.resolve()}".encode())
        if run and not coming:
            write_private(_note_of(folder, sheet / "latest run"), run.encode())
    except OSError as error:
        raise JournalError(
            f"Which run {results_file.name} belongs to couldn't be noted in {shown(note.parent)} ({error.strerror}), "
            f"so `postbatch status {results_file.name}` can't tell; `postbatch results {run}` can."
        ) from error


def run_of_results(folder: Path, results_file: Path) -> str:
    """Return the run that a results file is from, "" where it is not known."""
    return _read_note(_note_of(folder, results_file))[0]


def results_files(folder: Path, run: str) -> list[Path]:
    """Return the results files of a run that are still where they were written."""
    notes = map(_read_note, (folder / "written").glob("*"))
    return sorted(path for its_run, _, place in notes if its_run == run and (path := Path(place)).is_file())


def latest_run(folder: Path, sheet: Path) -> str:
    """Return the run from which the latest results of a sheet are, "" where there is none."""
    return run_of_results(folder, sheet / "latest run")


def is_as_written(folder: Path, results_file: Path) -> bool:
    """Tell whether a file is one that this machine wrote and that nobody has changed since."""
    try:
        return hashlib.sha256(results_file.read_bytes()).hexdigest() in _read_note(_note_of(folder, results_file))[1]
    except OSError:
        return False


def _note_of(folder: Path, path: Path) -> Path:
    return folder / "written" / hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]


def _read_note(note: Path) -> tuple[str, list[str], str]:
    """Return of a results file its run, the digests under which it was written, and its path; "" where not known."""
    try:
        lines = note.read_text(encoding="utf-8").split("\n", 2)
    except (OSError, ValueError):
        lines = []
    run, digests, place, *_ = (*lines, "", "", "")
    return run, digests.split(), place


def with_last_known(folder: Path, results: Results, record: RunRecord, *, journal_of: Callable[[str], str]) -> Results:
    """Return results in which a post that was left out has what was last known, by the journals of `journal_of`."""
    open_posts = {n: o for n, o in enumerate(results.outcomes) if o.code == LEFT_OUT or _lacks_time(o)}
    outcomes, earlier = list(results.outcomes), record
    for _ in range(MAX_RUNS_BACK):
        if not open_posts or not earlier.previous:
            break
        try:
            earlier = read_record(folder, earlier.previous)
            known = read_results(folder, earlier).outcomes
        except PostbatchError:
            break
        if earlier.sandbox != record.sandbox:
            break
        sites = {site for site in {o.site for o in known} if earlier.journals.get(site, "") in ("", journal_of(site))}
        by_post = {(o.site, o.key, o.channel): o for o in known if o.key and o.site in sites and o.code != LEFT_OUT}
        for number, outcome in list(open_posts.items()):
            before = by_post.get((outcome.site, outcome.key, outcome.channel))
            if before is None or (_lacks_time(outcome) and before.publish_at is None):
                continue
            outcomes[number] = _as_known(outcome, before)
            del open_posts[number]
    return replace(results, outcomes=tuple(outcomes))


def _lacks_time(outcome: Outcome) -> bool:
    return outcome.outcome is OutcomeKind.UNCHANGED and outcome.publish_at is None and bool(outcome.link)


def _as_known(outcome: Outcome, before: Outcome) -> Outcome:
    """Return a post's line with what was last known of it; a post that was left out stays skipped."""
    if outcome.code != LEFT_OUT and before.item_id != outcome.item_id:
        return outcome
    names = ("account", "status", "item_id", "link", "publish_at", "timezone")
    known = replace(outcome, **{name: getattr(outcome, name) or getattr(before, name) for name in names})
    if outcome.code != LEFT_OUT:
        return known
    told = f"{outcome.message} Last known: {before.outcome}."
    return replace(known, message=f"{told} {before.message}".strip() if before.outcome not in GOOD else told)
