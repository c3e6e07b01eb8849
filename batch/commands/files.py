"""The files that commands write: results, the page beside them, plans and issues; each whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from batch.commands.outputs import Outputs
from batch.commands.session import Session
from batch.errors import JournalError, StartError, StopError
from batch.model import Results
from batch.run.record import note_results
from batch.sheet.atomic import Written, is_same_file, write_whole

WORKBOOKS = frozenset({".xlsx", ".xlsm"})
RESULTS = (".xlsx", ".csv", ".json")
JSON = (".json",)


def refuse_outputs(outputs: Outputs, *, sheet: Path, cwd: Path, endings: tuple[str, ...] = RESULTS) -> None:
    """Refuse before anything is sent what could not be written after it. Errors: StartError."""
    if outputs.annotate and (sheet.suffix.lower() not in WORKBOOKS or not sheet.is_file()):
        raise StartError(f"--annotate copies an Excel workbook, and {sheet.name} is none. Leave it out.")
    endings = (sheet.suffix.lower(),) if outputs.annotate else endings
    if outputs.out is not None and outputs.out.suffix.lower() not in endings:
        raise StartError(f"{outputs.out.name} can't be written: end its name in {' or '.join(endings)}.")
    for path in (outputs.out, outputs.page):
        if path is None:
            continue
        try:
            _refuse_place(cwd / path, sheet)
        except OSError as error:
            raise StartError(f"{path.name[:80]} can't be written ({error.strerror}): give another name.") from error


def _refuse_place(path: Path, sheet: Path) -> None:
    if is_same_file(path, sheet):
        raise StartError(f"{path.name} is the sheet itself, which is never written over: give another name.")
    if path.is_dir():
        raise StartError(f"{path.name} is a folder: give the name of a file in it.")
    if not next(part for part in path.parents if part.exists()).is_dir():
        raise StartError(f"{path.name} can't be written: {path.parent.name} is no folder. Give another place.")


def write_report(
    session: Session, results: Results, outputs: Outputs, *, sheet: Path, media_folder: Path | None = None
) -> list[Path]:
    """Write the results and their page and return where; what can't be written is said with the way to get it later.

    `sheet` is the sheet that the results are about (it need not exist).
    """
    written = []
    try:
        written.append(_write_results(session, results, outputs, sheet=sheet))
        _note(session, written[0], results.run)
        if (page := page_path(outputs, written[0])) is not None:
            written.append(write_page(session, results, page, media_folder=media_folder))
    except StopError as error:
        again = f" Later: `postbatch results {results.run}`." if results.run else ""
        raise StopError(f"{error}{again}") from error
    return written


def _note(session: Session, results_file: Path, run: str) -> None:
    try:
        note_results(session.state, results_file, run)
    except JournalError as error:
        session.warn(str(error))


def _write_results(session: Session, results: Results, outputs: Outputs, *, sheet: Path) -> Path:
    ending = sheet.suffix.lower() if outputs.annotate else ".xlsx"
    path = outputs.out or sheet.with_name(f"{sheet.stem}.results{ending}")
    if outputs.annotate:
        from batch.sheet.annotate import annotate

        return _said(session, annotate(sheet, results, session.world.cwd / path))
    from batch.sheet.results import write_results

    return _said(session, write_results(results, session.world.cwd / path, sheet=sheet))


def page_path(outputs: Outputs, results_file: Path) -> Path | None:
    """Return where the page goes: where it was asked for, else beside a workbook; beside a .csv or .json none."""
    if outputs.page is not None:
        return outputs.page
    if outputs.no_page or results_file.suffix.lower() not in WORKBOOKS:
        return None
    return results_file.with_suffix(".html")


def write_page(session: Session, results: Results, page: Path, *, media_folder: Path | None = None) -> Path:
    """Write the page for reading; files of the media folder are shown on it, small."""
    from batch.report.page import render_page
    from batch.report.pictures import read_pictures

    pictures = read_pictures(results.outcomes, folder=media_folder) if media_folder else {}
    return write_text(session, session.world.cwd / page, render_page(results, pictures=pictures))


def write_text(session: Session, path: Path, text: str | Iterable[str]) -> Path:
    """Write a text file, whole or not at all, from one or many pieces; return where it really is."""

    def fill(draft: Path) -> None:
        with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
            file.writelines([text] if isinstance(text, str) else text)

    return _said(session, write_whole(session.world.cwd / path, fill))


def _said(session: Session, written: Written) -> Path:
    for notice in written.notices:
        session.warn(notice)
    return written.path


def refuse_to_lose(path: Path, *, force: bool) -> None:
    """Refuse to write over a file that is there. Errors: StartError."""
    if path.exists() and not force:
        raise StartError(f"{path.name} is there already. Give another name with --out, or add --force to replace it.")
