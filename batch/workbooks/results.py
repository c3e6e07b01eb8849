"""Writes what became of each post: a workbook, a CSV or a JSON file, by the ending of its name.

CSV and JSON have our own columns first and then the sheet's. The workbook is laid out for a reader: what happened,
when, where and with which words; all else is folded away at the right, and nothing stands there twice. A results file
is written whole or not at all, and never over the sheet that it tells about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from batch.atomic import Claim, Written
from batch.model import GOOD, RESULT_COLUMNS, Json, Outcome, OutcomeKind, Results, Severity
from batch.rules.channel_words import channel_label
from batch.sheets.vocabulary import column_of, plain_heading
from batch.times import in_usual_zones, utc_text, zone_named
from batch.wording import REPORTED, counted, list_names, list_rows, listed
from batch.workbooks import style
from batch.workbooks.overview import HEADS, CalendarSheet, PlaceSheet, ReportSheet, SummarySheet
from batch.workbooks.posts_sheet import (
    COLUMN_STYLES,
    DATE_CELL,
    PROBLEM,
    ROW_NUMBER,
    PostRow,
    RowWriter,
    as_date,
    as_text,
    columns_for,
)
from batch.workbooks.style import Formats
from batch.workbooks.validation import COUNT, add_lists_sheet, make_lists

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

SANDBOX = "sandbox"
"""The last column of the sandbox's results."""
GENERATED, GENERATED_TITLE = "generated", "generated_title"

STREAM_FROM = 20_000
"""From so many posts on, rows are written out at once: a fifth slower than keeping them, and memory stays bounded."""

RUN_PROPERTY, SANDBOX_PROPERTY = "postbatch run", "postbatch sandbox"

NO_WORK = frozenset({*GOOD, OutcomeKind.PROCESSING})
MADE_SOMETHING = frozenset({OutcomeKind.FAILED, OutcomeKind.UNKNOWN, OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED})
"""Outcomes after which a post may be on the site under the key that was made for it."""


class ResultColumns(NamedTuple):
    """The columns of the results as CSV and JSON have them: ours, then the sheet's own by name with their places."""

    own: Mapping[str, int]
    after: tuple[str, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings, each of them once."""
        return (*RESULT_COLUMNS, *self.own, *self.after)


def result_columns(results: Results) -> ResultColumns:
    """Return the columns of the results; what was generated follows the sheet's own, where anything was."""
    after = (GENERATED, GENERATED_TITLE) if any(outcome.generated for outcome in results.outcomes) else ()
    return ResultColumns(name_own(results, taken=(*RESULT_COLUMNS, *after)), after)


def name_own(results: Results, *, taken: Sequence[str], without: frozenset[int] = frozenset()) -> dict[str, int]:
    """Return the sheet's own columns by a name that no other has, with their places; those `without` are left out."""
    own = {
        place: heading
        for place, heading in enumerate(results.headings)
        if heading and place not in without and plain_heading(heading) not in {COUNT, PROBLEM}
    }
    names = style.tell_apart(own.values(), taken=taken, word="sheet", alike=plain_heading)
    return dict(zip(names, own, strict=True))


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
    told = {
        "outcome": outcome.outcome.value,
        "publish_at_utc": utc_text(outcome.publish_at),
        "warnings": "\n".join(outcome.warnings),
    }
    return [told[name] if name in told else getattr(outcome, name) for name in RESULT_COLUMNS]


def write_results(results: Results, path: Path, *, sheet: Path | None = None, claim: Claim | None = None) -> Written:
    """Write the results and return where they are; `sheet` is the file that they are about.

    Another name is taken for a file that `claim` does not give. A notice tells which texts a workbook's cells could not
    hold whole. Raises StopError with one sentence where they can't be written there.
    """
    writers = {ending: partial(write, results) for ending, write in WRITERS.items()}
    written = style.write_by_ending(path, writers, what="Results", never_over=sheet, claim=claim)
    cut = {o.row for o in results.outcomes if style.is_too_long(o.message)}
    cut |= {row for row, cells in results.own.items() if any(style.is_too_long(cell) for cell in cells)}
    if path.suffix.lower() != ".xlsx" or not cut:
        return written
    notice = (
        f"A cell of a workbook holds 32,767 characters: texts of {list_rows(sorted(cut))} are cut in {path.name}; the "
        ".csv and .json forms hold them whole."
    )
    return written._replace(notices=(*written.notices, notice))


def write_results_csv(results: Results, path: Path) -> None:
    """Write the CSV form, in which no cell starts like a formula; of the sandbox a last column tells."""
    columns = result_columns(results)
    after, told = ([SANDBOX], ["yes"]) if results.sandbox else ([], [])
    lines = chain([(*columns.headings, *after)], ((*line, *told) for line in result_rows(results, columns)))
    style.write_csv(path, ([style.disarm(cell) if isinstance(cell, str) else cell for cell in line] for line in lines))


def write_results_json(results: Results, path: Path) -> None:
    """Write the JSON form; what UTF-8 can't hold stands as an escape."""
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.writelines(results_json(results))


def results_json(results: Results) -> Iterator[str]:
    """Return the JSON form piece by piece, one line for each post."""
    columns = result_columns(results)
    head = json.dumps({"run": results.run, "sandbox": results.sandbox}, ensure_ascii=False)
    yield f'{head[:-1]}, "posts": ['
    between = "\n"
    for line in result_rows(results, columns):
        post: Json = dict(zip(columns.headings, line, strict=True))
        yield between + json.dumps(post, ensure_ascii=False)
        between = ",\n"
    yield "\n]}\n"


def write_results_workbook(results: Results, path: Path, *, stream_from: int = STREAM_FROM) -> None:
    """Write the workbook to a file of any name; one of at least `stream_from` posts is streamed.

    Its own properties say which run it is from, so that `status` knows.
    """
    results = replace(results, outcomes=in_usual_zones(results.outcomes))
    finished = (results.finished_at or results.started_at or style.MADE_ON).replace(tzinfo=None, microsecond=0)
    streaming = len(results.outcomes) >= stream_from
    reporting, head = results.wanted == "report", HEADS.get(results.wanted, "Results")
    book = style.open_book(path, title=f"{head} of {results.sheet}", streaming=streaming, at=finished)
    book.set_custom_property(RUN_PROPERTY, results.run or "none", "text")
    book.set_custom_property(SANDBOX_PROPERTY, results.sandbox, "bool")
    formats = Formats(book)
    (ReportSheet if reporting else SummarySheet)(book, formats, results).draw()
    ResultsSheet(book, formats, results).draw(streamed=streaming)
    if any(outcome.place for outcome in results.outcomes):
        PlaceSheet(book, formats, results).draw()
    if not reporting:
        ToFixSheet(book, formats, tuple(rows_to_fix(results))).draw(sandbox=results.sandbox)
    CalendarSheet(book, formats, results).draw()
    if not reporting:
        add_lists_sheet(book, formats, make_lists())
    style.close_book(book)


WRITERS: Mapping[str, Callable[[Results, Path], None]] = {
    ".xlsx": write_results_workbook,
    ".csv": write_results_csv,
    ".json": write_results_json,
}

READER_COLUMNS = ("outcome", "when", "channel", "account", "text", "message", "warnings", "link")
"""What a reader meets first; the row joins them or, where there are several sites, the site."""
FOLDED_COLUMNS = ("row", "site", "key", "type", "action", "status", "publish_at_utc", "timezone", "item_id", "code")
SHOWN_OTHERWISE = frozenset({
    "key", "action", "site", "channel", "type", "account", "publish_at", "timezone", "text", "item_id",
})  # fmt: skip
"""The sheet's own columns that stand among ours already."""

REPORT_COLUMNS = ("outcome", "when", "channel", "account", "text", "message", "link")
REPORT_FOLDED = ("site", "key", "type", "status", "publish_at_utc", "timezone", "item_id")
"""The same of a report, whose posts are in no row of a sheet; its campaigns and figures follow in sight."""

FLOWING = frozenset({"channel", "account", "message", "warnings"})
"""Columns whose texts reach over the empty cells beside them; of the others, the first line is in sight."""

ROW_POINTS = 13.5
"""Each post is one line, however long its texts are: `To fix` shows the whole of what needs work."""

MAX_HEADING_CHARS = 200

FIGURE_TEXT = re.compile("[0-9]{1,15}")
"""A figure of the service that a workbook holds as a number."""

WIDTHS: Mapping[str, float] = {
    "outcome": 13, "when": 23, "channel": 18, "account": 18, "text": 40, "message": 64, "warnings": 34, "link": 24,
    "row": 7, "site": 16, "key": 24, "type": 9, "action": 11, "status": 13, "publish_at_utc": 21, "timezone": 18,
    "item_id": 20, "code": 22, GENERATED: 12, SANDBOX: 10,
}  # fmt: skip

BLANK_WIDTH, OWN_WIDTH = 12, 18
"""A column in which nothing stands gets no more room than its heading, so that the messages come into sight."""

REPORT_NOTE = (
    "How the post stands: live, scheduled (goes out by itself), in process (accepted, not final yet), failed (see the "
    "message), draft, cancelled."
)
NOTES: Mapping[str, str] = {
    "outcome": (
        "What happened to the post. drafted, published, scheduled, rescheduled, updated, cancelled, deleted, "
        "unchanged, skipped: all is well. processing: accepted, not final yet. invalid, blocked, conflict, failed, "
        "unknown, not_run: see the message, and the sheet To fix."
    ),
    "when": "When it goes out, on the clock of the post's own time zone (folded, in the column timezone).",
    "text": "The post's text as your sheet has it; where it was generated, or goes to places, as it was sent.",
    "message": "What happened, and what to do about it.",
    "warnings": "What stopped nothing and is good to know.",
    "link": "Where the post can be seen once it is live.",
    "row": "The row in your sheet.",
    "key": "The post's name. Where your sheet had none, this is the one that was made for it.",
    "status": "The post's last known state on the site.",
    "publish_at_utc": "The same time in UTC, for programs.",
    "timezone": "The time zone of the column when.",
    "item_id": "The post's ID on the site.",
    "code": "A short word for the reason, the same each time.",
    GENERATED: "yes: the text was written for this post by the service.",
}

DATE_WITH_DAY = {**DATE_CELL, "num_format": "ddd d mmm yyyy, hh:mm"}


class ResultsSheet:
    """The sheet `Results`: one line for each post, its outcome in colour and its link to click."""

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.book, self.formats, self.results = book, formats, results
        self.places = own_places(results)
        sites = {outcome.site for outcome in results.outcomes}
        self.reporting = results.wanted == "report"
        first, folded = (REPORT_COLUMNS, REPORT_FOLDED) if self.reporting else (READER_COLUMNS, FOLDED_COLUMNS)
        rest = ("site", *(name for name in folded if name != "site")) if len(sites) > 1 else folded
        self.shown = len(first) + (len(sites) > 1 or not self.reporting)
        more = (GENERATED,) if any(outcome.generated for outcome in results.outcomes) else ()
        self.ours = (*first, *rest, *more, *((SANDBOX,) if results.sandbox else ()))
        kept = frozenset(place for name, place in self.places.items() if name in SHOWN_OTHERWISE)
        self.own = name_own(results, taken=self.ours, without=kept)

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings from left to right."""
        return (*self.ours, *(name[:MAX_HEADING_CHARS] for name in self.own))

    def lines(self) -> Iterator[list[str | int | datetime]]:
        """Yield the cells of each post, as many as there are headings: numbers, naive local dates and text."""
        for outcome in self.results.outcomes:
            cells = self.results.own.get(outcome.row, ())
            sheet = {name: cells[at] for name, at in self.places.items() if at < len(cells) and cells[at]}
            told = self._tell(outcome, sheet)
            own = [cells[place] if place < len(cells) else "" for place in self.own.values()]
            figures = (int(c) if self.reporting and FIGURE_TEXT.fullmatch(c) else c for c in own)
            yield [*(told[name] for name in self.ours), *figures]

    def _tell(self, outcome: Outcome, sheet: Mapping[str, str]) -> dict[str, str | int | datetime]:
        """Return what stands under each of our headings; what a post could not be told, as the sheet has it."""
        at, zone, written = outcome.publish_at, zone_named(outcome.timezone), sheet.get("publish_at", "")
        told: dict[str, str | int | datetime] = dict(zip(RESULT_COLUMNS, result_cells(outcome), strict=True))
        told |= {name: told[name] or sheet.get(name, "") for name in ("account", "site", "type", "action", "item_id")}
        own_text = sheet.get(f"text:{outcome.channel}") or sheet.get("text") or outcome.content.text
        return told | {
            "outcome": REPORTED[outcome.outcome] if self.reporting else outcome.outcome.value,
            "when": at.astimezone(zone or UTC).replace(tzinfo=None) if at else as_date(written) or written,
            "channel": channel_label(outcome.channel) if outcome.channel else sheet.get("channel", ""),
            "text": (outcome.place and outcome.content.text) or own_text,
            "timezone": (outcome.timezone if zone else "UTC") if at else sheet.get("timezone", ""),
            GENERATED: "yes" if outcome.generated else "",
            SANDBOX: "yes",
        }

    def draw(self, *, streamed: bool) -> None:
        """Write everything. A streamed sheet can be filtered, and is no marked-up table, which has to be kept whole."""
        formats, headings = self.formats, self.headings
        sandbox, last_row = self.results.sandbox, max(len(self.results.outcomes), 1)
        self.sheet = sheet = style.add_sheet(self.book, style.RESULTS_SHEET, tab=style.NAVY, streamed=streamed)
        sheet.set_default_row(ROW_POINTS)
        sheet.set_row(0, style.heading_points(strip=sandbox))
        folded = range(self.shown, len(self.ours) if self.reporting else len(headings))
        style.set_columns(sheet, self._widths(), formats.make(style.TEXT), folded=folded)
        fills = [style.NAVY] * len(self.ours) + [style.SLATE] * len(self.own)
        made = [formats.heading(fill, under_strip=sandbox) for fill in fills]
        if streamed:
            sheet.autofilter(0, 0, last_row, len(headings) - 1)
            for at, heading in enumerate(headings):
                sheet.write_string(0, at, style.fit_cell(heading), made[at])
        else:
            style.add_table(sheet, "ResultTable", headings, made, first_row=0, last_row=last_row, autofilter=True)
        for at, heading in enumerate(self.ours):
            if note := REPORT_NOTE if self.reporting and heading == "outcome" else NOTES.get(heading):
                style.add_note(sheet, 0, at, note)
        style.add_bands(sheet, formats, width=len(headings), last_row=last_row + 1, spans=[(1, len(headings) - 1)])
        self._write_lines()
        sheet.freeze_panes(1, 2)
        sheet.repeat_rows(0)
        style.add_sandbox_banner(sheet, sandbox=sandbox)

    def _widths(self) -> list[float]:
        """Return how wide each column is: one that is blank in all lines as wide as its heading."""
        blank = {
            name
            for name in ("warnings", "link", "message", "account")
            if not any(getattr(outcome, name) for outcome in self.results.outcomes)
        }
        ours = [BLANK_WIDTH if name in blank else WIDTHS[name] for name in self.ours]
        styles = (COLUMN_STYLES.get(column_of(name.removesuffix(" (sheet)")) or "") for name in self.own)
        return [*ours, *(column.width if column else OWN_WIDTH for column in styles)]

    def _write_lines(self) -> None:
        """Write the lines. The inner loop is what a large run waits for, so it does nothing twice."""
        sheet, make, top = self.sheet, self.formats.make, {"indent": 1, "valign": "top", "align": "left"}
        write_text, write_number, write_date = sheet.write_string, sheet.write_number, sheet.write_datetime
        words = {kind: REPORTED.get(kind, kind) if self.reporting else kind for kind in OutcomeKind}
        tones = {str(words[kind]): make(style.OUTCOME_TONES[kind].cell, top, bold=True) for kind in OutcomeKind}
        number, date, link = make(top), make(DATE_WITH_DAY, top), make(style.TEXT, top, style.LINK)
        looks = [make(style.TEXT, top, text_wrap=name not in FLOWING) for name in self.headings]
        link_at, channel_at, links_left = self.ours.index("link"), self.ours.index("channel"), style.MAX_LINKS
        for at, line in enumerate(self.lines(), start=1):
            write_text(at, 0, str(line[0]), tones[str(line[0])])
            for place in range(1, len(line)):
                cell = line[place]
                if cell == "":
                    continue
                if isinstance(cell, int):
                    write_number(at, place, cell, number)
                elif isinstance(cell, datetime):
                    write_date(at, place, cell, date)
                elif place == link_at and links_left and style.web_link(cell):
                    sheet.write_url(at, place, cell, link, style.fit_cell(f"Open on {line[channel_at]}"), cell[:255])
                    links_left -= 1
                else:
                    write_text(at, place, style.fit_cell(cell), looks[place])


def own_places(results: Results) -> Mapping[str, int]:
    """Return the place of each column of ours among the sheet's own, whatever its heading there."""
    return results.columns or {
        column: at for at, heading in enumerate(results.headings) if (column := column_of(heading))
    }


SPARE_ROWS = 50
SHOWN_PROBLEMS = 6
"""How many problems of a row are told, where its places have others each, before the rest is counted."""
NOTHING_TO_FIX = "Nothing to fix: all posts are fine."


class ToFixSheet:
    """The sheet `To fix`: the rows that need work, in the template's own columns, to be corrected and run as they are.

    A hidden sheet keeps them as they were, so that `fix` can tell what a person has corrected.
    """

    def __init__(self, book: Workbook, formats: Formats, rows: Sequence[PostRow]) -> None:
        self.book, self.formats, self.rows = book, formats, rows
        self.columns = columns_for(rows, first=(ROW_NUMBER, PROBLEM))

    def draw(self, *, sandbox: bool) -> None:
        """Write both sheets."""
        rows, columns, formats = self.rows, self.columns, self.formats
        sheet = style.add_sheet(self.book, style.TO_FIX_SHEET, tab=style.WINE)
        last_row = 1 + max(len(rows), 1)
        flagged = {column for row in rows for column in row.flagged}
        writer = RowWriter(
            sheet,
            formats,
            columns,
            last_row=last_row + SPARE_ROWS,
            under_strip=sandbox or not rows,
            unfolded=frozenset({ROW_NUMBER, PROBLEM, *flagged}),
        )
        style.add_bands(sheet, formats, width=len(columns), last_row=last_row)
        writer.mark_up("ToFixTable", last_row=last_row)
        for number, row in enumerate(rows, start=2):
            writer.write(number, row)
        sheet.freeze_panes(1, 2)
        sheet.print_area(0, 0, last_row - 1, columns.index("link"))
        if rows:
            style.add_sandbox_banner(sheet, sandbox=sandbox)
        else:
            style.add_strip(sheet, NOTHING_TO_FIX, style.OUTCOME_TONES[OutcomeKind.SCHEDULED])
        self._keep_as_run()

    def _keep_as_run(self) -> None:
        columns = [column for column in self.columns if column not in (PROBLEM, COUNT)]
        sheet = style.add_sheet(self.book, style.AS_RUN_SHEET, tab=style.SLATE)
        sheet.hide()
        text = self.formats.make(num_format="@")
        for at, column in enumerate(columns):
            sheet.write_string(0, at, column, self.formats.heading(style.SLATE))
            for number, row in enumerate(self.rows, start=1):
                if cell := row.cells.get(column, ""):
                    date = as_date(cell) if column == "publish_at" else None
                    sheet.write_string(number, at, style.fit_cell(as_text(date or cell)), text)


def rows_to_fix(results: Results) -> Iterator[PostRow]:
    """Yield the rows that need work, in the sheet's order, each error flagged in the column that it was found in.

    The key that was made for a row is written into it, so that a row corrected here stays the same post.
    """
    places = own_places(results)
    flagged: dict[int, dict[str, list[str]]] = {}
    for issue in results.issues:
        if issue.row is not None and issue.severity is Severity.ERROR and (column := column_of(issue.column)):
            flagged.setdefault(issue.row, {}).setdefault(column, []).append(issue.message)
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
        cells |= {ROW_NUMBER: str(number), PROBLEM: _tell_problem(outcomes)}
        notes = {column: "\n".join(told[:SHOWN_PROBLEMS]) for column, told in flagged.get(number, {}).items()}
        yield PostRow(cells, notes)


def _tell_problem(outcomes: Sequence[Outcome]) -> str:
    """Return what is wrong with a row, with the channels and places that have it unless all of the row's have it."""
    told: dict[str, list[Outcome]] = {}
    for outcome in outcomes:
        if outcome.outcome not in NO_WORK:
            word = outcome.outcome.value.replace("_", " ").capitalize()
            start = "" if outcome.outcome is OutcomeKind.INVALID else f"{word}: "
            problem = f"{start}{outcome.message or outcome.code or 'No reason was given.'}"
            told.setdefault(problem, []).append(outcome)
    channels, places = ({getattr(o, name) for o in outcomes} for name in ("channel", "place"))
    lines = []
    for problem, having in list(told.items())[:SHOWN_PROBLEMS]:
        on, there = ({getattr(o, name): None for o in having} for name in ("channel", "place"))
        where = [listed(map(channel_label, on), last="and")] if len(on) < len(channels) else []
        where += [list_names(list(there))] if len(there) < len(places) else []
        lines.append(f"{' in '.join(where)}: {problem}" if where else problem)
    if (more := len(told) - SHOWN_PROBLEMS) > 0:
        lines.append(f"{counted(more, 'more problem')}: see the sheets Results and By place.")
    return "\n".join(lines)
