"""`fix`: a copy of a sheet in which every mistake with exactly one remedy is corrected, and `To fix` is taken over."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from batch.atomic import write_whole
from batch.commands.check import Checked, draw_issues, read_and_check, read_answers_file
from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.session import EXIT_DONE, EXIT_ROWS, Session, refuse_outputs, shown_from
from batch.errors import SheetError, StartError
from batch.plan.approval import GivenAnswers
from batch.report import terminal
from batch.sheets.cells import column_index
from batch.wording import list_rows, listed
from batch.workbooks.fix import (
    ADDRESS,
    CellFix,
    Place,
    cell_text,
    find_fixes,
    find_untaken,
    heading_row,
    read_corrections,
    write_fixed,
)

Renames = tuple[tuple[int, str, str, str], ...]
"""Headings to correct, as `SheetError` gives them."""

MAX_ROUNDS = 6
"""A correction may bring another mistake of its cell to light; what is left after so many is left for a person."""


def fix_sheet(environment: Environment, flags: Flags, inputs: Inputs, outputs: Outputs) -> int:
    """Write the corrected copy and list each change; say what is left. 1 where a row still has an error.

    Where the command names cells, or what to put into them, only they are corrected.

    Errors: SheetError, StartError, StopError.
    """
    path = (environment.cwd / inputs.sheet).resolve()
    refuse_outputs(outputs, sheet=path, cwd=environment.cwd, endings=(path.suffix.lower(),))
    usual = path.with_name(f"{path.stem.removesuffix('.fixed')}.fixed{path.suffix}")
    out = environment.cwd / (outputs.out or usual.with_stem(f"{usual.stem}-2" if usual == path else usual.stem))
    with Session(environment, flags, folder=path.parent) as session, TemporaryDirectory() as folder:
        session.show_sandbox()
        renames: Renames = ()
        try:
            checked = read_and_check(session, inputs, folder=environment.cwd)
        except SheetError as error:
            if not (renames := error.renames):
                raise
            maps = (f"{column}={heading}" for _, heading, column, _ in renames)
            checked = read_and_check(session, replace(inputs, maps=(*inputs.maps, *maps)), folder=environment.cwd)
        draft = Path(folder) / path.name
        copy = CorrectedCopy(session, checked, inputs, draft=draft)
        copy.rename_headings(renames)
        copy.take_notes([read_answers_file(environment.cwd / name) for name in inputs.answers])
        if not (outputs.cells or outputs.typed):
            copy.take_over_corrections()
        if outputs.cells or not outputs.typed:
            copy.fix_single_remedies(outputs.cells)
        copy.put_typed(outputs.typed)
        fixed = ""
        if copy.fixes:
            fill, claim = partial(shutil.copyfile, draft), lambda place, _: not place.exists()
            written = write_whole(out, fill, never_over=path, claim=claim)
            copy.notices += written.notices
            fixed = shown_from(written.path, environment.cwd)
        for notice in copy.notices:
            session.warn(notice)
        fixes, left = sorted(copy.fixes.values()), copy.checked
        session.show_text(terminal.fixes_text(fixes, **session.style))
        session.show_text(draw_issues(session, left))
        issues = [asdict(issue) for issue in left.issues]
        told = {"sheet": checked.sheet.name, "written": fixed, "fixes": [fix._asdict() for fix in fixes]}
        environment.answer({**told, "issues": issues})
        if fixed:
            session.show(f"Written: {fixed}")
            session.show_next(session.next_command("check" if left.wrong else "plan", fixed))
        return EXIT_ROWS if left.wrong else EXIT_DONE


class CorrectedCopy:
    """A copy of a sheet with the fixes so far; `checked` is how it reads with them.

    It is made from the sheet itself each time. What is read of it is compared with what was meant: a fix that does not
    read back is given up, and where anything else had changed there is no copy.
    """

    def __init__(self, session: Session, checked: Checked, inputs: Inputs, *, draft: Path) -> None:
        self.fixes: dict[Place, CellFix] = {}
        self.checked = checked
        self.notices: list[str] = []
        self._session, self._original, self._draft, self._encoding = session, checked, draft, inputs.encoding
        self._inputs = replace(inputs, sheet=str(draft), media_folder=str(checked.media_folder))
        self._given_up: set[tuple[Place, str]] = set()

    def rename_headings(self, renames: Renames) -> None:
        """Write the headings that are slips as they were meant."""
        if renames:
            row = heading_row(self._original.path, self._original.sheet, encoding=self._encoding)
            self._apply({(row, at): CellFix(row, at, old, old, new, "heading") for at, old, _, new in renames})

    def take_over_corrections(self) -> None:
        """Take over what a person corrected in `To fix` of the results beside the sheet, the oldest first."""
        sheet = self._original.path
        results = [path for path in sheet.parent.glob("*.xlsx") if path.stem.startswith(f"{sheet.stem}.results")]
        for path in sorted(results, key=lambda path: path.stat().st_mtime):
            corrections = read_corrections(path, sheet, self._original.sheet, encoding=self._encoding)
            if corrections.lost:
                rows = list_rows(corrections.lost)
                self.notices.append(f"Not taken from {path.name}: {rows}, because the sheet has changed there since.")
            self._apply(corrections.fixes)

    def take_notes(self, answers: Sequence[GivenAnswers]) -> None:
        """Put what people asked for on the page of the plan beside its row, into the column `notes`."""
        sheet, posts = self._original.sheet, self._original.posts
        asked = [answer for file in answers for answer in file.given if answer.wish]
        position = sheet.columns.get("notes")
        if asked and position is None:
            self.notices.append("The sheet has no column `notes`, so no note was put beside its row. Add the column.")
        if not asked or position is None:
            return
        cells = {row.number: cell_text(row.values[position]) for row in sheet.rows}
        notes = dict(cells)
        for answer in asked:
            rows = {post.row for post in posts if post.key == answer.post.key}
            rows = {post.row for post in posts if post.row in rows and post.site == answer.post.site} or rows
            for row in rows if len(rows) == 1 else ():
                notes[row] = answer.beside(notes[row])
            if len(rows) != 1:
                self.notices.append(f"No row has the key {answer.post.key}, so this note is in no row: {answer.wish}")
        heading, changed = sheet.headings[position], {row for row in cells if cells[row] != notes[row]}
        self._apply({
            (row, position): CellFix(row, position, heading, cells[row], notes[row], "answer") for row in changed
        })  # fmt: skip

    def fix_single_remedies(self, cells: Collection[str] = ()) -> None:
        """Correct until nothing more has exactly one remedy; of these cells only, where some are named.

        Errors: StartError for a cell that has no such remedy.
        """
        for number in range(MAX_ROUNDS):
            found = find_fixes(self.checked.sheet, self.checked.issues)
            if cells:
                found = {place: fix for place, fix in found.items() if fix.cell in cells}
            if number == 0 and (without := sorted(set(cells) - {fix.cell for fix in found.values()})):
                raise StartError(f"There is no single fix for {listed(without)}. See `postbatch check`.")
            if not self._apply(found):
                return

    def put_typed(self, typed: Sequence[tuple[str, str]]) -> None:
        """Put what a person has typed into the cells that are named.

        Errors: StartError for what is no cell among the rows, or can't hold that.
        """
        sheet = self._original.sheet
        wanted: dict[Place, CellFix] = {}
        for cell, text in typed:
            found = ADDRESS.fullmatch(cell)
            row = next((row for row in sheet.rows if found and str(row.number) == found[2]), None)
            position = column_index(found[1]) if found else 0
            if row is None or position >= len(row.values):
                raise StartError(f"{cell} isn't a cell of a row of {sheet.name}. Name a cell as in D3.")
            old, new = cell_text(row.values[position]), text.strip()
            if old != new:
                place = row.number, position
                wanted[place] = CellFix(*place, sheet.headings[position], old, new, "typed")
        self._apply(wanted)
        taken = {(place, fix.new) for place, fix in self.fixes.items()}
        if untaken := [fix.cell for place, fix in wanted.items() if (place, fix.new) not in taken]:
            cells = listed(untaken, last="and")
            raise StartError(f"{cells} can't hold what you typed, so nothing was written. Change it in the sheet.")

    def _apply(self, found: Mapping[Place, CellFix]) -> bool:
        """Make the copy with these fixes too; return whether any of them was new."""
        tried = self._given_up | {(place, fix.new) for place, fix in self.fixes.items()}
        new = {place: fix for place, fix in found.items() if (place, fix.new) not in tried}
        for place, fix in new.items():
            self.fixes[place] = fix._replace(old=self.fixes[place].old) if place in self.fixes else fix
        untaken = self._make() if new else {}
        if untaken:
            self._given_up |= {(place, fix.new) for place, fix in untaken.items()}
            self.fixes = {place: fix for place, fix in self.fixes.items() if place not in untaken}
            self._make()
        return bool(new)

    def _make(self) -> dict[Place, CellFix]:
        """Write the copy, read and check it, and return the fixes that do not read back."""
        path, sheet = self._original.path, self._original.sheet
        losses = write_fixed(path, sheet, self.fixes, self._draft, encoding=self._encoding)
        self.notices = [*dict.fromkeys((*self.notices, *losses))]
        quiet = Session(self._session.environment, replace(self._session.flags, quiet=True), folder=path.parent)
        with quiet:
            self.checked = read_and_check(quiet, self._inputs, folder=self._draft.parent)
        return find_untaken(sheet, self.checked.sheet, self.fixes)
