"""Writes what became of each post: a workbook, a CSV or a JSON file, by the ending of its name.

One line for each post, in the sheet's order: our own columns first, then the sheet's, no name twice. A results file is
written whole or not at all, and never over the sheet that it tells about.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from batch.atomic import Claim, Written, write_whole
from batch.errors import StopError
from batch.model import COLUMNS, GOOD, RESULT_COLUMNS, Json, Outcome, OutcomeKind, Results, Severity
from batch.sheets.vocabulary import column_of, plain_heading
from batch.times import utc_text
from batch.wording import list_rows
from batch.workbooks.calendar_sheet import add_calendar_sheet
from batch.workbooks.posts_sheet import (
    COLUMN_STYLES,
    LINE_POINTS,
    MAX_LINES,
    PROBLEM,
    ROW_NUMBER,
    PostRow,
    RowWriter,
    columns_for,
    wrapped_lines,
)
from batch.workbooks.style import (
    LINK_INK,
    MADE_ON,
    NAVY,
    NO_TONE,
    OUTCOME_TONES,
    RESULTS_SHEET,
    SLATE,
    TEAL,
    TEXT,
    WINE,
    Formats,
    add_bands,
    add_hairlines,
    add_sandbox_banner,
    add_sheet,
    add_strip,
    channel_label,
    close_book,
    disarm,
    fit_cell,
    heading_points,
    is_too_long,
    note_options,
    open_book,
)
from batch.workbooks.summary_sheet import add_summary_sheet
from batch.workbooks.validation import COUNT, add_lists_sheet

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


TO_FIX = "To fix"
SPARE_ROWS = 50
NO_WORK = frozenset({*GOOD, OutcomeKind.PROCESSING})
MADE_SOMETHING = frozenset({OutcomeKind.FAILED, OutcomeKind.UNKNOWN, OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED})
"""Outcomes after which a post may be on the site under the key that was made for it."""

NOTHING_TO_FIX = "Nothing needs work."


def add_to_fix_sheet(book: Workbook, formats: Formats, results: Results) -> None:
    """Add the sheet."""
    rows = tuple(rows_to_fix(results))
    columns = columns_for(rows, first=(ROW_NUMBER, PROBLEM))
    sheet = add_sheet(book, TO_FIX, tab=WINE, pages_wide=3)
    strip = results.sandbox or not rows
    writer = RowWriter(sheet, formats, columns, last_row=1 + len(rows) + SPARE_ROWS, under_strip=strip)
    add_hairlines(sheet, formats, width=len(columns), last_row=1 + max(len(rows), 1))
    for number, row in enumerate(rows, start=2):
        writer.write(number, row)
    sheet.freeze_panes(1, 2)
    if rows:
        add_sandbox_banner(sheet, sandbox=results.sandbox)
    else:
        add_strip(sheet, NOTHING_TO_FIX, OUTCOME_TONES[OutcomeKind.SCHEDULED])


def rows_to_fix(results: Results) -> Iterator[PostRow]:
    """Yield the rows that need work, in the sheet's order, with the columns flagged in which an error was found.

    The key that was made for a row is written into it, so that a row corrected here stays the same post.
    """
    written = {column: at for at, heading in enumerate(results.headings) if (column := column_of(heading))}
    places = results.columns or written
    flagged: dict[int, set[str]] = {}
    for issue in results.issues:
        if issue.row is not None and issue.severity is Severity.ERROR and (column := column_of(issue.column)):
            flagged.setdefault(issue.row, set()).add(column)
    posts: dict[int, list[Outcome]] = {}
    for outcome in results.outcomes:
        posts.setdefault(outcome.row, []).append(outcome)
    for number, outcomes in posts.items():
        if all(outcome.outcome in NO_WORK for outcome in outcomes):
            continue
        own = results.own.get(number, ())
        cells = {column: own[at] for column, at in places.items() if at < len(own) and own[at]}
        only = outcomes[0]
        if len(outcomes) == 1 and only.outcome in MADE_SOMETHING and only.key:
            cells.setdefault("key", only.key)
        told = {ROW_NUMBER: str(number), PROBLEM: _tell_problem(outcomes)}
        yield PostRow({**cells, **told}, frozenset(flagged.get(number, ())))


def _tell_problem(outcomes: Sequence[Outcome]) -> str:
    """Return what is wrong with a row, channel by channel where it has several."""
    channels: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.outcome not in NO_WORK:
            said = f"{outcome.outcome.value}: {outcome.message or outcome.code or 'No reason was given.'}"
            channels.setdefault(said, []).append(channel_label(outcome.channel))
    return "\n".join(
        said if len(names) == len(outcomes) else f"{' and '.join(names)}: {said}" for said, names in channels.items()
    )


SANDBOX = "sandbox"
"""The last column of the sandbox's results."""
GENERATED, GENERATED_TITLE = "generated", "generated_title"

STREAM_FROM = 20_000
"""From so many posts on, rows are written out at once: a fifth slower than keeping them, and memory stays bounded."""

RUN_PROPERTY, SANDBOX_PROPERTY = "postbatch run", "postbatch sandbox"
ROW_POINTS, SHOWN_LINES = 30, 2
"""A row shows two lines, and one whose message takes more grows with it: nobody should have to pull at it to read."""

MAX_LINKS = 65_000
"""A sheet takes 65,530 links (Excel specifications and limits); those beyond stay text."""

MAX_LINK_CHARS = 2_000
WEB_ADDRESS = re.compile(r"https?://[^\s\"<>\\^`{|}]+")
OUTCOME, LINK, ROW, MESSAGE = (RESULT_COLUMNS.index(name) for name in ("outcome", "link", "row", "message"))

WIDTHS: Mapping[str, float] = {
    "row": 6, "key": 24, "site": 12, "channel": 14, "type": 9, "account": 20, "action": 11, "outcome": 13, "status": 13,
    "publish_at_utc": 21, "item_id": 20, "link": 34, "code": 22, "message": 58, "warnings": 44,
    GENERATED: 52, GENERATED_TITLE: 24,
}  # fmt: skip

BLANK_WIDTH, OWN_WIDTH = 10, 18
"""A column in which nothing stands gets no more room than its heading, so that the messages come into sight."""
MAY_BE_BLANK = ("action", "status", "item_id", "link", "code", "warnings")

NOTES: Mapping[str, str] = {
    "row": "The row in your sheet.",
    "key": "The post's name. Where your sheet had none, this is the one that was made for it.",
    "outcome": (
        "What became of the post. drafted, published, scheduled, rescheduled, updated, cancelled, deleted, unchanged, "
        "skipped: all is well. processing: accepted, not final. invalid, blocked, conflict, failed, unknown, not_run: "
        "see message, and the sheet To fix."
    ),
    "status": "What the site last said of the post.",
    "publish_at_utc": "When it goes out, in UTC. The sheet Calendar shows it on the clock of its own place.",
    "item_id": "The post's ID on the site.",
    "link": "Where the post is to be seen once it is live.",
    "code": "A short word for the reason, the same each time.",
    "message": "What happened, and what to do about it.",
    "warnings": "What stopped nothing and should be known.",
    GENERATED: "The text that was written for this post and sent.",
    GENERATED_TITLE: "The title that was written for this post and sent.",
}


class ResultColumns(NamedTuple):
    """What stands in each column of the results: ours, then the sheet's own by name with their places in it."""

    own: Mapping[str, int]
    after: tuple[str, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings, each of them once."""
        return (*RESULT_COLUMNS, *self.own, *self.after)


def result_columns(results: Results) -> ResultColumns:
    """Return the columns of the results; what was generated follows the sheet's own, where anything was."""
    after = (GENERATED, GENERATED_TITLE) if any(outcome.generated for outcome in results.outcomes) else ()
    taken = {plain_heading(name) for name in (*RESULT_COLUMNS, *after)}
    own: dict[str, int] = {}
    for place, heading in enumerate(results.headings):
        if not heading or plain_heading(heading) in {COUNT, PROBLEM}:
            continue
        name, number = heading, 1
        while plain_heading(name) in taken:
            name = f"{heading} (sheet)" if number == 1 else f"{heading} (sheet {number})"
            number += 1
        taken.add(plain_heading(name))
        own[name] = place
    return ResultColumns(own, after)


def result_rows(results: Results, columns: ResultColumns) -> Iterator[list[str | int]]:
    """Yield one line for each post, in the sheet's order, as long as the headings."""
    for outcome in results.outcomes:
        line = result_cells(outcome)
        own = results.own.get(outcome.row, ())
        line += [own[place] if place < len(own) else "" for place in columns.own.values()]
        if columns.after:
            line += [outcome.content.text, outcome.content.title] if outcome.generated else ["", ""]
        yield line


def result_cells(outcome: Outcome) -> list[str | int]:
    """Return the cells of `RESULT_COLUMNS` for one post."""
    return [
        outcome.row,
        outcome.key,
        outcome.site,
        outcome.channel,
        outcome.type,
        outcome.account,
        outcome.action,
        outcome.outcome.value,
        outcome.status,
        utc_text(outcome.publish_at),
        outcome.item_id,
        outcome.link,
        outcome.code,
        outcome.message,
        "\n".join(outcome.warnings),
    ]


def write_results(results: Results, path: Path, *, sheet: Path | None = None, claim: Claim | None = None) -> Written:
    """Write the results and return where they are; `sheet` is the file that they are about.

    Another name is taken for a file that `claim` does not give.

    Raises StopError with one sentence where they can't be written there.
    """
    write = WRITERS.get(path.suffix.lower())
    if write is None:
        raise StopError(f"Results can't be written as {path.name}: end the name in {', '.join(WRITERS)}.")
    written = write_whole(path, partial(write, results), never_over=sheet, claim=claim)
    return written._replace(notices=(*written.notices, *_tell_cut(results, path)))


def _tell_cut(results: Results, path: Path) -> tuple[str, ...]:
    """Say what a workbook's cells could not hold."""
    if path.suffix.lower() != ".xlsx":
        return ()
    rows = {o.row for o in results.outcomes if is_too_long(o.message)}
    rows |= {row for row, cells in results.own.items() if any(is_too_long(cell) for cell in cells)}
    if not rows:
        return ()
    return (
        f"A cell of a workbook holds 32,767 characters: texts of {list_rows(sorted(rows))} are cut in {path.name}; the "
        ".csv and .json forms hold them whole.",
    )


def write_results_csv(results: Results, path: Path) -> None:
    """Write the CSV form: UTF-8 with a byte order mark, by which Excel knows it; of the sandbox a last column tells."""
    columns = result_columns(results)
    after, told = ([SANDBOX], ["yes"]) if results.sandbox else ([], [])
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([disarm(heading) for heading in (*columns.headings, *after)])
        for line in result_rows(results, columns):
            writer.writerow([disarm(cell) if isinstance(cell, str) else cell for cell in (*line, *told)])


def write_results_json(results: Results, path: Path) -> None:
    """Write the JSON form, one line for each post; what UTF-8 can't hold stands as an escape."""
    columns = result_columns(results)
    head = json.dumps({"run": results.run, "sandbox": results.sandbox}, ensure_ascii=False)
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(f'{head[:-1]}, "posts": [')
        between = "\n"
        for line in result_rows(results, columns):
            post: Json = dict(zip(columns.headings, line, strict=True))
            file.write(between + json.dumps(post, ensure_ascii=False))
            between = ",\n"
        file.write("\n]}\n")


def write_results_workbook(results: Results, path: Path, *, stream_from: int = STREAM_FROM) -> None:
    """Write the workbook to a file of any name; one of at least `stream_from` posts is streamed.

    Its own properties say which run it is from, so that `status` knows.
    """
    finished = (results.finished_at or results.started_at or MADE_ON).replace(tzinfo=None, microsecond=0)
    streaming = len(results.outcomes) >= stream_from
    book = open_book(path, title=f"Results of {results.sheet}", streaming=streaming, at=finished)
    book.set_custom_property(RUN_PROPERTY, results.run or "none", "text")
    book.set_custom_property(SANDBOX_PROPERTY, results.sandbox, "bool")
    formats = Formats(book)
    add_results_sheet(book, formats, results)
    add_summary_sheet(book, formats, results)
    add_calendar_sheet(book, formats, results)
    add_to_fix_sheet(book, formats, results)
    add_lists_sheet(book, formats)
    close_book(book)


WRITERS: Mapping[str, Callable[[Results, Path], None]] = {
    ".xlsx": write_results_workbook,
    ".csv": write_results_csv,
    ".json": write_results_json,
}


def add_results_sheet(book: Workbook, formats: Formats, results: Results) -> None:
    """Add the sheet: one line for each post, its outcome in colour and its link to click."""
    columns = result_columns(results)
    headings = (*columns.headings, SANDBOX) if results.sandbox else columns.headings
    sheet = add_sheet(book, RESULTS_SHEET, tab=NAVY, pages_wide=4)
    last_row = len(results.outcomes) + 1
    sheet.set_default_row(ROW_POINTS)
    sheet.set_row(0, heading_points(strip=results.sandbox))
    for place, heading in enumerate(headings):
        ours = place < len(RESULT_COLUMNS) or heading in columns.after
        blank = heading in MAY_BE_BLANK and ours and not any(getattr(o, heading) for o in results.outcomes)
        own_style = COLUMN_STYLES[name] if (name := heading.removesuffix(" (sheet)")) in COLUMNS else None
        width = BLANK_WIDTH if blank else WIDTHS[heading] if ours else own_style.width if own_style else OWN_WIDTH
        fill = TEAL if heading in columns.after else NAVY if ours else SLATE
        sheet.set_column(place, place, width, formats.make(TEXT))
        sheet.write_string(0, place, fit_cell(heading), formats.heading(fill, under_strip=results.sandbox))
        if ours and (note := NOTES.get(heading)):
            sheet.write_comment(0, place, note, note_options(note))
    spans = [(0, OUTCOME - 1), (OUTCOME + 1, len(headings) - 1)]
    add_bands(sheet, formats, spans=spans, last_row=max(last_row, 2))
    _write_lines(sheet, formats, results, columns)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last_row - 1, len(headings) - 1)
    sheet.repeat_rows(0)
    add_sandbox_banner(sheet, sandbox=results.sandbox)


def _write_lines(sheet: Worksheet, formats: Formats, results: Results, columns: ResultColumns) -> None:
    """Write the lines. The inner loop is what a large run waits for, so it does nothing twice."""
    write_text, write_number = sheet.write_string, sheet.write_number
    plain, number = formats.make(TEXT), formats.make(align="left", indent=1)
    link = formats.make(TEXT, font_color=LINK_INK, underline=1)
    tones = {kind: formats.make(tone.cell, bold=True, indent=1) for kind, tone in OUTCOME_TONES.items()}
    other = formats.make(NO_TONE.cell, bold=True, indent=1)
    links_left = MAX_LINKS
    rest = range(LINK + 1, len(columns.headings))
    for at, line in enumerate(result_rows(results, columns), start=1):
        if (tall := wrapped_lines(str(line[MESSAGE]), width=WIDTHS["message"])) > SHOWN_LINES:
            sheet.set_row(at, LINE_POINTS * min(tall, MAX_LINES))
        write_number(at, ROW, int(line[ROW]), number)
        for place in range(ROW + 1, LINK):
            if cell := line[place]:
                write_text(at, place, fit_cell(str(cell)), plain if place != OUTCOME else tones.get(str(cell), other))
        links_left -= _write_link(sheet, at, str(line[LINK]), link if links_left > 0 else None, plain)
        for place in rest:
            if cell := line[place]:
                write_text(at, place, fit_cell(str(cell)), plain)
        if results.sandbox:
            write_text(at, len(columns.headings), "yes", plain)


def _write_link(sheet: Worksheet, at: int, address: str, link: Format | None, plain: Format) -> int:
    """Write an address to click where it is a web address, else as text; return how many links that made."""
    if not address:
        return 0
    if link is None or len(address) > MAX_LINK_CHARS or not WEB_ADDRESS.fullmatch(address):
        sheet.write_string(at, LINK, fit_cell(address), plain)
        return 0
    sheet.write_url(at, LINK, address, link, address)
    return 1
