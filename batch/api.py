"""The package for people who script: the pipeline of the commands, with values instead of files and a terminal.

Nothing is asked and nothing is printed; what would stop a command is an exception (`batch.errors.PostbatchError`), and
every guard of the command line holds. What must be read on the way is logged as a warning of `postbatch`.

    sheet = read_sheet("posts.xlsx")          or Sheet.from_frame(frame)
    issues = check(sheet)
    plan = make_plan(sheet)                   looks at the sites; changes nothing
    results = run(sheet).to_frame()           changes the sites
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack

from batch.commands.check import read_and_check
from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.pipeline import carry, make_record, prepare, read_to_send, refuse_many, sheet_held
from batch.commands.session import Session
from batch.model import Issue, Plan, Results
from batch.plan.safety import refuse_large
from batch.sheets.read import Sheet, read_sheet

__all__ = ["Options", "Plan", "Results", "Sheet", "check", "make_plan", "read_sheet", "run"]


class Options(TypedDict, total=False):
    """How a sheet is planned and run; all as on the command line, where each has its help."""

    site: str | Sequence[str]
    """Only these sites; blank `site` cells mean it where it is one."""
    config: Path
    """The configuration to read instead of `postbatch.toml`."""
    sandbox: bool
    """Use the current folder's own sandbox: nothing reaches a real channel."""
    via: Literal["auto", "draft", "publish", "bulk"]
    """How new posts are sent."""
    folder: Path
    """Where the media files and `postbatch.toml` are: the folder of the sheet's file, else the current one."""
    only: Sequence[str]
    """Only rows that fit all of these, as in `channel=INSTAGRAM`."""
    rows: str
    """Only these rows, as in `2-40,45`."""
    first: int
    """Only the first so many rows that would run."""
    from_date: str
    """Only posts that go out on this day or later, as in `2026-12-01`."""
    until: str
    """Only posts that go out on this day or earlier."""
    approved_only: bool
    """Only rows whose `approved` says yes."""
    places: Path
    """The table of places, where the sheet's rows name some."""
    pilot: str
    """Only so many places (`3`), or these (`berlin, hamburg`)."""
    again: Sequence[str]
    """The keys of posts to post again."""
    drafts_only: bool
    """Rows with generated content become drafts for review."""
    regenerate: bool
    """Generate again what was generated before."""
    allow: Mapping[Literal["cancel", "delete", "reschedule"], int]
    """How many posts may be cancelled, deleted or rescheduled where that is more than 30 % of what is scheduled."""
    allow_new: int
    """How many new posts may be made: by itself `max_new_posts`, else 500 of rows with places or repeats."""


def check(sheet: Sheet, **options: Unpack[Options]) -> tuple[Issue, ...]:
    """Say what is wrong with a sheet, each mistake with its cell and remedy; no network, no key.

    Raises ConfigError where the configuration can't be read.
    """
    with _open(sheet, options, offline=True) as (session, inputs, folder):
        return read_and_check(session, inputs, folder=folder, sheet=sheet).issues


def make_plan(sheet: Sheet, **options: Unpack[Options]) -> Plan:
    """Compare a sheet with what its sites hold and say what would be done; nothing is changed.

    Raises SignInError, ConfigError, ServiceError where no site can be read, GuardError where it would do more than
    `allow` says, StartError for a choice of rows that makes no sense.
    """
    with _open(sheet, options) as (session, inputs, folder):
        prepared = prepare(session, read_to_send(session, inputs, folder=folder, sheet=sheet), inputs)
        refuse_many(session, prepared)
        refuse_large(prepared.large)
        return prepared.plan


def run(
    sheet: Sheet, *, all_or_nothing: bool = False, wait_seconds: float = 0.0, **options: Unpack[Options]
) -> Results:
    """Plan a sheet and do it at once, without a question; return an outcome for each post.

    With `all_or_nothing` nothing is sent if any row is wrong. `wait_seconds` bounds the wait for posts in process. The
    run has its journal and its record like any other: `postbatch undo` and `postbatch results` know it. Raises what
    `make_plan` raises, and LockedError where another run is at work on a site.
    """
    outputs = Outputs(yes=True, all_or_nothing=all_or_nothing, wait_seconds=wait_seconds)
    with (
        _open(sheet, options) as (session, inputs, folder),
        sheet_held(session, inputs, outputs, folder=folder, sheet=sheet) as (checked, name),
    ):
        prepared = prepare(session, checked, inputs, remember=True)
        refuse_many(session, prepared)
        refuse_large(prepared.large)
        record = make_record(session, prepared, run=name, command="run")
        results, _ = carry(session, record, outputs)
        return results


@contextmanager
def _open(sheet: Sheet, options: Options, *, offline: bool = False) -> Iterator[tuple[Session, Inputs, Path]]:
    if unknown := ", ".join(sorted(options.keys() - Options.__annotations__.keys())):
        raise TypeError(f"There is no option {unknown}; the options are {', '.join(Options.__annotations__)}.")
    given: dict[str, Any] = {**options}
    environment = Environment()
    folder = (environment.cwd / given.pop("folder", sheet.folder or "")).resolve()
    site = given.pop("site", ())
    own = {name: given.pop(name) for name in ("config", "sandbox", "via") if name in given}
    flags = Flags(sites=(site,) if isinstance(site, str) else tuple(site), quiet=True, color=False, **own)
    kept = {name: KEPT_AS[name](value) if name in KEPT_AS else value for name, value in given.items()}
    with Session(environment, flags, folder=folder, offline=offline) as session:
        session.print_line = logging.getLogger("postbatch").warning
        yield session, Inputs(sheet=sheet.name, sites=session.sites, **kept), folder


KEPT_AS: Mapping[str, Callable[[Any], Any]] = {
    "only": tuple, "again": tuple, "places": str, "allow": lambda allow: tuple(allow.items()),
}  # fmt: skip
"""The options that a plan keeps in another form than they are given."""
