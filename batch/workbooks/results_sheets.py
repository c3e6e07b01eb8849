"""The `Results` sheet: one line for each post, in the sheet's order, outcome in colour and link to click."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from batch.model import COLUMNS, GOOD, RESULT_COLUMNS, Issue, Json, Outcome, OutcomeKind, Results, Severity
from batch.sheets.headings import column_of, normalise
from batch.workbooks.calendar_sheet import channel_label
from batch.workbooks.posts_sheet import (
    LINE_POINTS,
    MOST_LINES,
    PostRow,
    RowWriter,
    add_bands,
    add_hairlines,
    columns_for,
    note_options,
    prepare_sheet,
    wrapped_lines,
)
from batch.workbooks.style import (
    COLUMN_LOOKS,
    LINK_INK,
    NAVY,
    NO_TONE,
    OUTCOME_TONES,
    PROBLEM,
    SLATE,
    TEAL,
    TEXT,
    WINE,
    Looks,
    add_banner,
    add_sheet,
    add_strip,
    disarm,
    fit_cell,
    heading_points,
)

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


OURS_ONLY = frozenset({"characters", "problem"})
"""Columns that a template or a `To fix` sheet adds for the eye; they are no part of a sheet's own content."""

GENERATED, GENERATED_TITLE = "generated", "generated_title"


class OwnColumn(NamedTuple):
    """A column of the sheet itself: its place among the sheet's headings, and its name in the results."""

    place: int
    name: str


class Layout(NamedTuple):
    """What stands in each column of the results, from left to right."""

    own: tuple[OwnColumn, ...]
    after: tuple[str, ...]

    @property
    def headings(self) -> tuple[str, ...]:
        """All headings, each of them once."""
        return (*RESULT_COLUMNS, *(column.name for column in self.own), *self.after)


def layout_of(results: Results) -> Layout:
    """Return the columns of the results; what was generated follows the sheet's own, where anything was."""
    after = (GENERATED, GENERATED_TITLE) if any(outcome.generated for outcome in results.outcomes) else ()
    taken = {normalise(name) for name in (*RESULT_COLUMNS, *after)}
    own: list[OwnColumn] = []
    for place, heading in enumerate(results.headings):
        if heading and normalise(heading) not in OURS_ONLY:
            name = _free_name(heading, taken)
            taken.add(normalise(name))
            own.append(OwnColumn(place, name))
    return Layout(tuple(own), after)


def _free_name(heading: str, taken: set[str]) -> str:
    """Return a heading, with a word added where the results have one of that name."""
    name, number = heading, 1
    while normalise(name) in taken:
        name = f"{heading} (sheet)" if number == 1 else f"{heading} (sheet {number})"
        number += 1
    return name


def lines_of(results: Results, layout: Layout) -> Iterator[list[str | int]]:
    """Yield one line for each post, in the sheet's order, as long as the headings."""
    places = [column.place for column in layout.own]
    nothing: Sequence[str] = ()
    for outcome in results.outcomes:
        line = result_cells(outcome)
        own = results.own.get(outcome.row, nothing)
        line += [own[place] if place < len(own) else "" for place in places]
        if layout.after:
            made = outcome.content if outcome.generated else None
            line += [made.text if made else "", made.title if made else ""]
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
        shown_utc(outcome.publish_at),
        outcome.item_id,
        outcome.link,
        outcome.code,
        outcome.message,
    ]


def shown_utc(at: datetime | None) -> str:
    """Return an instant as results write it (`2026-12-01T08:30:00Z`), "" where there is none."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if at else ""


SANDBOX = "sandbox"


def write_results_csv(results: Results, path: Path) -> None:
    """Write the CSV form: UTF-8 with a byte order mark, by which Excel knows it; of the sandbox a last column tells."""
    layout = layout_of(results)
    after, said = ([SANDBOX], ["yes"]) if results.sandbox else ([], [])
    with path.open("w", encoding="utf-8-sig", errors="replace", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow([disarm(heading) for heading in (*layout.headings, *after)])
        for line in lines_of(results, layout):
            writer.writerow([disarm(cell) if isinstance(cell, str) else cell for cell in (*line, *said)])


def write_results_json(results: Results, path: Path) -> None:
    """Write the JSON form, one line for each post; what UTF-8 can't hold stands as an escape."""
    layout = layout_of(results)
    head = json.dumps({"run": results.run, "sandbox": results.sandbox}, ensure_ascii=False)
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as file:
        file.write(f'{head[:-1]}, "posts": [')
        between = "\n"
        for line in lines_of(results, layout):
            post: Json = dict(zip(layout.headings, line, strict=True))
            file.write(between + json.dumps(post, ensure_ascii=False))
            between = ",\n"
        file.write("\n]}\n")


RESULTS = "Results"
ROW_POINTS = 30
SHOWN_LINES = 2
"""A row shows two lines, and one whose message takes more grows with it: nobody should have to pull at it to read."""

MAX_LINKS = 65_000
"""A sheet takes 65,530 links (Excel specifications and limits); those beyond stay text."""

MAX_LINK_CHARS = 2_000
WEB_ADDRESS = re.compile(r"https?://[^\s\"<>\\^`{|}]+")
OUTCOME, LINK, ROW, MESSAGE = (RESULT_COLUMNS.index(name) for name in ("outcome", "link", "row", "message"))

WIDTHS: Mapping[str, float] = {
    "row": 6, "key": 24, "site": 12, "channel": 14, "type": 9, "account": 20, "action": 11, "outcome": 13, "status": 13,
    "publish_at_utc": 21, "item_id": 20, "link": 34, "code": 22, "message": 58, GENERATED: 52, GENERATED_TITLE: 24,
}  # fmt: skip

BLANK_WIDTH = 10
MAY_BE_BLANK = ("action", "status", "item_id", "link", "code")

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
    GENERATED: "The text that was written for this post and sent.",
    GENERATED_TITLE: "The title that was written for this post and sent.",
}


def add_results_sheet(book: Workbook, looks: Looks, results: Results) -> None:
    """Add the sheet."""
    layout = layout_of(results)
    headings = (*layout.headings, SANDBOX) if results.sandbox else layout.headings
    sheet = add_sheet(book, RESULTS, tab=NAVY, pages_wide=4)
    last_row = len(results.outcomes) + 1
    _write_headings(sheet, looks, headings, layout, sandbox=results.sandbox)
    _narrow_blank(sheet, looks, results)
    spans = [(0, OUTCOME - 1), (OUTCOME + 1, len(headings) - 1)]
    add_bands(sheet, looks, spans=spans, last_row=max(last_row, 2))
    _write_lines(sheet, looks, results, layout)
    sheet.freeze_panes(1, 2)
    sheet.autofilter(0, 0, last_row - 1, len(headings) - 1)
    sheet.repeat_rows(0)
    add_banner(sheet, results)


def _write_headings(sheet: Worksheet, looks: Looks, headings: Sequence[str], layout: Layout, *, sandbox: bool) -> None:
    sheet.set_default_row(ROW_POINTS)
    sheet.set_row(0, heading_points(strip=sandbox))
    text = looks.make(TEXT)
    for place, heading in enumerate(headings):
        sheet.set_column(place, place, _width(heading, place, layout), text)
        fill = NAVY if place < len(RESULT_COLUMNS) else TEAL if heading in layout.after else SLATE
        sheet.write_string(0, place, fit_cell(heading), looks.heading(fill, under_strip=sandbox))
        note = NOTES.get(heading) if place < len(RESULT_COLUMNS) or heading in layout.after else None
        if note:
            sheet.write_comment(0, place, note, note_options(note))


def _narrow_blank(sheet: Worksheet, looks: Looks, results: Results) -> None:
    """Give a column in which nothing stands no more room than its heading, so that the messages come into sight."""
    for name in MAY_BE_BLANK:
        if not any(getattr(outcome, name) for outcome in results.outcomes):
            place = RESULT_COLUMNS.index(name)
            sheet.set_column(place, place, BLANK_WIDTH, looks.make(TEXT))


def _width(heading: str, place: int, layout: Layout) -> float:
    if place < len(RESULT_COLUMNS) or heading in layout.after:
        return WIDTHS[heading]
    column = heading.removesuffix(" (sheet)")
    return COLUMN_LOOKS[column].width if column in COLUMNS else 18


def _write_lines(sheet: Worksheet, looks: Looks, results: Results, layout: Layout) -> None:
    """Write the lines. The inner loop is what a large run waits for, so it does nothing twice."""
    write_text, write_number = sheet.write_string, sheet.write_number
    plain, number = looks.make(TEXT), looks.make(align="left", indent=1)
    link = looks.make(TEXT, font_color=LINK_INK, underline=1)
    tones = {kind: looks.tone(tone, bold=True, align="left", indent=1) for kind, tone in OUTCOME_TONES.items()}
    other = looks.tone(NO_TONE, bold=True, align="left", indent=1)
    links_left = MAX_LINKS
    rest = range(LINK + 1, len(layout.headings))
    for at, line in enumerate(lines_of(results, layout), start=1):
        if (tall := wrapped_lines(str(line[MESSAGE]), width=WIDTHS["message"])) > SHOWN_LINES:
            sheet.set_row(at, LINE_POINTS * min(tall, MOST_LINES))
        write_number(at, ROW, int(line[ROW]), number)
        for place in range(ROW + 1, LINK):
            if cell := line[place]:
                looks_of_cell = plain if place != OUTCOME else tones.get(str(cell), other)
                write_text(at, place, fit_cell(str(cell)), looks_of_cell)
        links_left -= _write_link(sheet, at, str(line[LINK]), link if links_left > 0 else None, plain)
        for place in rest:
            if cell := line[place]:
                write_text(at, place, fit_cell(str(cell)), plain)
        if results.sandbox:
            write_text(at, len(layout.headings), "yes", plain)


def _write_link(sheet: Worksheet, at: int, address: str, link: Format | None, plain: Format) -> int:
    """Write an address to click where it is a web address, else as text; return how many links that made."""
    if not address:
        return 0
    if link is None or len(address) > MAX_LINK_CHARS or not WEB_ADDRESS.fullmatch(address):
        sheet.write_string(at, LINK, fit_cell(address), plain)
        return 0
    sheet.write_url(at, LINK, address, link, address)
    return 1


TO_FIX = "To fix"
SPARE_ROWS = 50
NO_WORK = frozenset({*GOOD, OutcomeKind.PROCESSING})
MADE_SOMETHING = frozenset({OutcomeKind.FAILED, OutcomeKind.UNKNOWN, OutcomeKind.NOT_RUN, OutcomeKind.BLOCKED})
"""Outcomes after which a post may be on the site under the key that was made for it."""

NOTHING_TO_FIX = "Nothing needs work."


def add_to_fix_sheet(book: Workbook, looks: Looks, results: Results) -> None:
    """Add the sheet."""
    rows = tuple(rows_to_fix(results))
    columns = columns_for(rows, first=(PROBLEM,))
    sheet = add_sheet(book, TO_FIX, tab=WINE, pages_wide=3)
    last_row = 1 + len(rows) + SPARE_ROWS
    strip = results.sandbox or not rows
    formulas = prepare_sheet(sheet, looks, columns, last_row=last_row, under_strip=strip)
    add_hairlines(sheet, looks, width=len(columns), last_row=1 + max(len(rows), 1))
    sheet.set_row(0, heading_points(strip=strip))
    writer = RowWriter(sheet, looks, columns, formulas)
    for number, row in enumerate(rows, start=2):
        writer.write(number, row)
    sheet.freeze_panes(1, 1)
    if not rows:
        tone = OUTCOME_TONES[OutcomeKind.SCHEDULED]
        add_strip(sheet, NOTHING_TO_FIX, fill=tone.fill, ink=tone.ink)
    else:
        add_banner(sheet, results)


def rows_to_fix(results: Results) -> Iterator[PostRow]:
    """Yield the rows that need work, each once, in the sheet's order."""
    places = {column: at for at, heading in enumerate(results.headings) if (column := column_of(heading))}
    flagged = _flagged_columns(results.issues)
    posts: dict[int, list[Outcome]] = {}
    for outcome in results.outcomes:
        posts.setdefault(outcome.row, []).append(outcome)
    for number, outcomes in posts.items():
        if all(outcome.outcome in NO_WORK for outcome in outcomes):
            continue
        own = results.own.get(number, ())
        cells = {column: own[at] for column, at in places.items() if at < len(own) and own[at]}
        yield PostRow(_with_key(cells, outcomes) | {PROBLEM: tell_problem(outcomes)}, flagged.get(number, frozenset()))


def _with_key(cells: Mapping[str, str], outcomes: Sequence[Outcome]) -> dict[str, str]:
    """Write the key that was made for a row into it, so that a row corrected here stays the same post."""
    only = outcomes[0]
    named = {**cells}
    if len(outcomes) == 1 and not cells.get("key") and only.outcome in MADE_SOMETHING and only.key:
        named["key"] = only.key
    return named


def tell_problem(outcomes: Sequence[Outcome]) -> str:
    """Return what is wrong with a row, channel by channel where it has several."""
    said: dict[str, list[str]] = {}
    for outcome in outcomes:
        if outcome.outcome not in NO_WORK:
            told = f"{outcome.outcome.value}: {outcome.message or outcome.code or 'No reason was given.'}"
            said.setdefault(told, []).append(channel_label(outcome.channel))
    return "\n".join(
        told if len(channels) == len(outcomes) else f"{' and '.join(channels)}: {told}"
        for told, channels in said.items()
    )


def _flagged_columns(issues: Sequence[Issue]) -> dict[int, frozenset[str]]:
    """Return for each row the columns in which an error was found."""
    found: dict[int, set[str]] = {}
    for issue in issues:
        column = column_of(issue.column)
        if issue.row is not None and column and issue.severity is Severity.ERROR:
            found.setdefault(issue.row, set()).add(column)
    return {row: frozenset(columns) for row, columns in found.items()}
