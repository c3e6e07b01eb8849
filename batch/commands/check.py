"""`check`, and how every sheet is read and checked: no network, no key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.session import EXIT_DONE, EXIT_ROWS, JSON, Session, refuse_outputs
from batch.errors import ConfigError, SheetError, StartError
from batch.media import read_media_facts
from batch.model import Issue, Post, Severity
from batch.plan.approval import MAX_ANSWERS_BYTES, GivenAnswers, read_answers
from batch.plan.decisions import PostPlace, place
from batch.plan.select import columns_of, select
from batch.report import terminal
from batch.rules.check import check
from batch.rules.columns import CellReader, CheckContext
from batch.rules.dates import tell_dates
from batch.rules.links import tell_tagged
from batch.rules.media import check_media
from batch.rules.places import NO_PLACES, Places, gather_issues, is_place_heading, read_places
from batch.settings import FOREIGN
from batch.sheets.headings import HeadingChoices, read_column, read_maps
from batch.sheets.read import Sheet, find_places, read_sheet, read_table
from batch.workbooks.template import find_examples, tell_examples


@dataclass(frozen=True, slots=True)
class Checked:
    """A sheet that was read, and its posts with what is wrong with them.

    `examples` are the rows that still are the template's examples, which no run on a real site sends; `answers` are
    those that were given to the plan's page.
    """

    path: Path
    sheet: Sheet
    posts: tuple[Post, ...]
    media_folder: Path
    examples: frozenset[int] = frozenset()
    places: Places = NO_PLACES
    answers: tuple[GivenAnswers, ...] = ()

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Every issue once, those of the sheet as a whole first, then by row; one of some places only names them."""
        whole = tuple(issue for issue in self.sheet.issues if issue.row is None)
        return tuple(dict.fromkeys((*whole, *gather_issues(self.posts))))

    @property
    def wrong(self) -> bool:
        """Whether something has to be corrected."""
        return any(issue.severity is Severity.ERROR for issue in self.issues)

    @property
    def sites(self) -> list[str]:
        """The sites that the sheet may send something to."""
        return sorted({post.site for post in self.posts if not post.errors})


def read_and_check(
    session: Session, inputs: Inputs, *, folder: Path, will_send: bool = False, sheet: Sheet | None = None
) -> Checked:
    """Read a sheet, where it is not given, and check its rows: no network, no credential.

    Errors: SheetError, StartError.
    """
    path = folder / inputs.sheet
    places = read_places_table(session, inputs, folder=folder, own=path if sheet is None else None)
    if sheet is None:
        sheet = _read_file(session, inputs, path, places)
    examples = () if session.sandbox else find_examples(sheet)
    settings, now = session.settings, session.environment.now()
    zones = {name: settings.timezone_for(name) for name in settings.sites}
    configured = {name: getattr(settings, name) for name in ("default_site", "timezone", "utm", "slots")}
    checked = check(sheet, context=CheckContext(now, zones, will_send=will_send, places=places, **configured))
    media_folder = folder / inputs.media_folder if inputs.media_folder else path.parent
    if inputs.media_folder and not media_folder.is_dir():
        raise StartError(f"There is no folder {inputs.media_folder}. Name the folder with the media after --media.")
    session.media_folder = media_folder
    facts = read_media_facts({m.source for post in checked for m in post.content.media}, folder=media_folder)
    reader, rows = CellReader(sheet.columns), {row.number: row for row in sheet.rows}

    def complete(post: Post) -> Post:
        """Return a post as its media and its place in the file make it."""
        if post.content.media:
            at = reader.place_of(rows[post.row], "media", post.channel, post.place)
            post = check_media(post, facts, at=at)
        issues = tuple(sheet.in_file(issue, rows.get(post.row)) for issue in post.issues)
        return replace(post, issues=issues) if issues else post

    posts = tuple(map(complete, checked))
    told = (
        tell_examples(examples) if examples else "",
        tell_dates((row.number, sheet.cell(row, "publish_at")) for row in sheet.rows),
        tell_tagged((sheet.text(rows[p.row], "link"), p.content.link) for p in posts if p.content.link),
    )
    for notice in settings.notices:
        session.say(notice)
    whole = replace(sheet, notices=(*sheet.notices, *filter(None, told)))
    return Checked(path, whole, posts, media_folder, frozenset(examples), places)


def _read_file(session: Session, inputs: Inputs, path: Path, places: Places) -> Sheet:
    choices = HeadingChoices(
        mapped=read_maps(inputs.maps),
        configured=tuple(
            (read_column(ours, said="[columns] in the configuration"), heading)
            for ours, heading in session.settings.columns.items()
        ),
        ignored=inputs.ignored,
        chosen=columns_of(inputs.only),
        places=places.names,
    )
    return read_sheet(
        path, tab=inputs.tab, encoding=inputs.encoding, hidden=inputs.hidden, mapping=inputs.mapping, choices=choices
    )


def read_places_table(session: Session, inputs: Inputs, *, folder: Path, own: Path | None) -> Places:
    """Read the table of places: that of --places, else the workbook's own sheet, else the one that is configured.

    Errors: SheetError; ConfigError for a configuration from elsewhere that names a file outside of its folder.
    """
    settings = session.settings
    if inputs.places:
        path = folder / inputs.places
    elif own is not None and find_places(own):
        path = own
    elif settings.places and settings.config_path is not None:
        path = settings.config_path.parent / settings.places
        if settings.config_place in FOREIGN and not path.resolve().is_relative_to(
            settings.config_path.resolve().parent
        ):
            raise ConfigError(f"{settings.source}: places names a file outside of its folder: put it beside the file.")
    else:
        return NO_PLACES
    if not path.is_file():
        raise SheetError(f"There is no table of places {path.name}: check what --places or the configuration says.")
    table = read_table(path, known=is_place_heading, encoding=inputs.encoding, hidden=inputs.hidden)
    return read_places(table, source=table.tab if path == own else path.name)


CHOOSING_ROWS = ("only", "rows", "first", "sites", "from_date", "until", "approved_only", "pilot")
"""What says which rows of a sheet are meant."""


def leave_out(checked: Checked, inputs: Inputs) -> dict[PostPlace, str]:
    """Return the posts that are not meant, with the reason. Errors: StartError for a choice that makes no sense."""
    chosen = {name: getattr(inputs, name) for name in CHOOSING_ROWS}
    return select(checked.posts, sheet=checked.sheet, places=checked.places, **chosen)


def check_sheet(
    environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs, *, github: bool = False
) -> int:
    """Say what is wrong with a sheet, or with `github` as GitHub's annotations. 1 where a row has an error."""
    path = (environment.cwd / inputs.sheet).resolve()
    refuse_outputs(outputs, sheet=path, cwd=environment.cwd, endings=JSON)
    with Session(environment, flags, folder=path.parent, offline=True) as session:
        with session.status.waiting(lambda: f"Reading {path.name}"):
            checked = read_and_check(session, inputs, folder=environment.cwd)
        left_out = leave_out(checked, replace(inputs, sites=session.sites))
        checked = replace(checked, posts=tuple(post for post in checked.posts if place(post) not in left_out))
        for notice in checked.sheet.notices:  # elsewhere the plan tells them
            session.say(notice)
        issues, wrong = checked.issues, checked.wrong
        for issue in issues if github else ():
            session.show(github_annotation(issue, file=inputs.sheet))
        verb = "plan" if not wrong else "fix" if fixable(issues) else "check"
        text = draw_issues(session, checked, next_command="" if flags.quiet else environment.command_line(verb))
        # Of a sheet's own words none begins a command to the runner, also where a line was broken.
        session.show_text(re.sub(r":(?=:)|##(?=\[)", "\\g<0>\u2060", text) if github else text)
        data = {"sheet": checked.sheet.name, "issues": [asdict(issue) for issue in issues]}
        environment.answer(data)
        if outputs.out is not None:
            session.write_text(outputs.out, json.dumps(data, ensure_ascii=False, indent=1) + "\n")
        return EXIT_ROWS if wrong else EXIT_DONE


def draw_issues(session: Session, checked: Checked, *, next_command: str = "") -> str:
    """Return what is wrong with a sheet as the terminal shows it."""
    called, verbose = checked.sheet.called, session.flags.verbose
    return terminal.issues_text(
        checked.issues, posts=checked.posts, called=called, next_command=next_command, verbose=verbose, **session.style
    )


def fixable(issues: Iterable[Issue]) -> bool:
    """Tell whether `postbatch fix` would correct something."""
    return any(issue.fix is not None and issue.severity is Severity.ERROR for issue in issues)


def github_annotation(issue: Issue, *, file: str) -> str:
    """Return an issue as a workflow command of GitHub Actions, which shows it at its row of the file.

    Source: GitHub's docs, "Workflow commands for GitHub Actions" (read 2026-11): `%`, line ends, and in properties `:`
    and `,` are escaped, so that no text of a sheet can be a command of its own.
    """

    def escaped(text: str, more: str = "") -> str:
        return "".join(f"%{ord(letter):02X}" if letter in f"%\r\n{more}" else letter for letter in text)

    level = "error" if issue.severity is Severity.ERROR else "warning"
    line = f",line={issue.row}" if issue.row is not None else ""
    title = " ".join(part for part in (issue.cell, issue.column) if part) or "sheet"
    return f"::{level} file={escaped(file, ':,')}{line},title={escaped(title, ':,')}::{escaped(issue.message)}"


def read_answers_file(path: Path) -> GivenAnswers:
    """Read what a person answered on the page of a plan. Errors: StartError."""
    try:
        with path.open("rb") as file:
            return read_answers(file.read(MAX_ANSWERS_BYTES + 1), name=path.name)
    except OSError as error:
        raise StartError(f"The answers {path.name} can't be read: {error.strerror}.") from error
