"""What this machine knows of the results that it wrote: from which run each file is, and whether it is as written.

    <state folder>/written/<digest of a path>     the run's name, and of a file the SHA-256 of its bytes

A sheet has such a note too, of its latest run. By it, what was last known of a post is found again where a run left the
post out. Only this machine's own records and journals are asked, and only those of the same site.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from batch.atomic import write_private
from batch.errors import JournalError, PostbatchError
from batch.model import GOOD, LEFT_OUT, Outcome, OutcomeKind, Results
from batch.runs.journal import make_private_folder, shown
from batch.runs.record import RunRecord, read_record, read_results

MAX_RUNS_BACK = 40
"""How many runs of a sheet are looked through for what was last known of a post."""


def note_results(folder: Path, results_file: Path, run: str, *, sheet: Path, coming: Path | None = None) -> None:
    """Keep from which run a results file is, how it was written, and that its run is the sheet's latest.

    `coming` is the new file that is about to be moved there: until it has been, the one that is there is known too.
    Errors: JournalError.
    """
    home = folder / "written"
    make_private_folder(home)
    try:
        known = [path for path in (coming, results_file) if path and path.exists()]
        digests = " ".join(hashlib.sha256(path.read_bytes()).hexdigest() for path in known)
        write_private(home / _digest(results_file), f"{run}\n{digests}".encode())
        if run and not coming:
            write_private(home / _digest(sheet / "latest run"), run.encode())
    except OSError as error:
        raise JournalError(
            f"From which run {results_file.name} is could not be noted in {shown(home)} ({error.strerror}), so "
            f"`postbatch status {results_file.name}` can't tell; `postbatch results {run}` can."
        ) from error


def run_of_results(folder: Path, results_file: Path) -> str:
    """Return the run that a results file is from, "" where it is not known."""
    return _read_note(folder, results_file)[0]


def latest_run(folder: Path, sheet: Path) -> str:
    """Return the run from which the latest results of a sheet are, "" where there is none."""
    return _read_note(folder, sheet / "latest run")[0]


def is_as_written(folder: Path, results_file: Path) -> bool:
    """Tell whether a file is one that this machine wrote and that nobody has changed since."""
    try:
        return hashlib.sha256(results_file.read_bytes()).hexdigest() in _read_note(folder, results_file)[1].split()
    except OSError:
        return False


def _read_note(folder: Path, path: Path) -> tuple[str, str]:
    try:
        run, _, digest = (folder / "written" / _digest(path)).read_text(encoding="utf-8").partition("\n")
    except (OSError, ValueError):
        return "", ""
    return run, digest


def _digest(path: Path) -> str:
    return hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:32]


def with_last_known(folder: Path, results: Results, record: RunRecord, *, journal_of: Callable[[str], str]) -> Results:
    """Return results in which each post that was left out has what was last known, and each published one its time.

    `journal_of` returns the name of a site's journal, which tells the site from any other of its name.
    """
    open_posts = {n: o for n, o in enumerate(results.outcomes) if o.code == LEFT_OUT or _lacks_time(o)}
    outcomes = list(results.outcomes)
    run, looked = record.previous, 0
    while open_posts and run and looked < MAX_RUNS_BACK:
        looked += 1
        try:
            earlier = read_record(folder, run)
            known = read_results(folder, earlier).outcomes
        except PostbatchError:
            break
        run = earlier.previous if earlier.sandbox == record.sandbox else ""
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
    known = replace(
        outcome,
        status=outcome.status or before.status,
        item_id=outcome.item_id or before.item_id,
        link=outcome.link or before.link,
        publish_at=outcome.publish_at or before.publish_at,
        timezone=outcome.timezone or before.timezone,
    )
    if outcome.code != LEFT_OUT:
        return known
    told = f"{outcome.message} Last known: {before.outcome}."
    return replace(known, message=f"{told} {before.message}".strip() if before.outcome not in GOOD else told)
