"""The `Guide` sheet: how to get from an empty sheet to posts, on one screen.

Only what a person needs at the keyboard; the rest is in the notes on the headings and on the `Channels` sheet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from batch.sheet.canvas import Canvas
from batch.sheet.connected import Connected, quota_lines
from batch.sheet.style import (
    BAND,
    INDIGO,
    INK,
    LINE,
    NAVY,
    NEEDED_FILL,
    OVER_FILL,
    OVER_INK,
    PAPER,
    SOFT_INK,
    TEAL,
    UNUSED_FILL,
    Looks,
    add_sheet,
)

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

GUIDE = "Guide"
MONO = "Courier New"

STEPS = (
    ("Fill in the sheet Posts", "One post a row, in place of the examples (which never reach a real site).", ""),
    ("Save it", "As .xlsx, in a folder of its own; pictures and videos beside it, or as web addresses.", ""),
    ("Check it", "Tells what is wrong, cell by cell. Needs no account and sends nothing.", "postbatch check {file}"),
    ("Rehearse", "Does everything on a practice server on this computer.", "postbatch run {file} --sandbox"),
    ("Connect your site", "Once. Tells what is set up, and how to set what is missing.", "postbatch doctor"),
    ("Look at the plan", "What would happen on your site, and why. Changes nothing.", "postbatch plan {file}"),
    ("Run it", "Shows the plan, asks, does it, and writes the results beside the sheet.", "postbatch run {file}"),
    ("Read the results", "Open {results}: Summary, Calendar, and To fix, which you correct and run.", ""),
)

ANSWERS = (
    ("A date", "2026-12-01 09:30 on the clock of timezone. now = at once. Blank = a draft."),
    ("Several pictures", "One on each line of the media cell, in order."),
    ("Several channels", "INSTAGRAM, FACEBOOK makes one post for each."),
    ("A change", "Edit the row and run again. The same key means the same post: nothing is posted twice."),
    ("Taking one back", "Write cancel in action and run. Deleting the row cancels nothing."),
    ("A text to be written", "generate = caption, and say in prompt what about. You see it before it is sent."),
    ("Leaving a row out", "Write skip in action."),
    (
        "Something is unclear",
        "Point at a heading of Posts: its note tells what goes there. postbatch --help lists all.",
    ),
)

COLOURS = (
    (NEEDED_FILL, INK, "needed", "This row's channel needs something here."),
    (OVER_FILL, OVER_INK, "too long", "Longer than the channel takes; see the count beside it."),
    (UNUSED_FILL, SOFT_INK, "not used", "This row's channel has no such thing; leave it blank."),
)

TEXT_COLUMN, ANSWER_COLUMN = 2, 5


def add_guide_sheet(book: Workbook, looks: Looks, *, file: str, connected: Connected | None = None) -> None:
    """Add the sheet; `file` is the name by which the commands call the workbook."""
    sheet = add_sheet(book, GUIDE, tab=INDIGO)
    for at, width in enumerate((2, 5, 46, 36, 4, 22, 64)):
        sheet.set_column(at, at, width)
    canvas = Canvas()
    title = looks.make(bold=True, font_size=20, font_color=NAVY, valign="vcenter")
    canvas.height(0, 10)
    canvas.height(1, 32)
    canvas.put(1, 1, "From this sheet to your channels", title)
    canvas.put(2, 1, _tell_site(connected), looks.make(font_color=SOFT_INK))
    _draw_steps(canvas, looks, 4, file)
    _draw_answers(canvas, looks, 4)
    _draw_colours(canvas, looks, 15)
    canvas.write(sheet)


def _tell_site(connected: Connected | None) -> str:
    if connected is None:
        return "Posts holds your posts, Channels what each channel takes; the notes on the headings help."
    told = [f"Site {connected.site}"] if connected.site else ["Your site"]
    told.append(f"time zone {connected.timezone}" if connected.timezone else "no time zone set: fill in timezone")
    told += quota_lines(connected.quotas)
    return " · ".join(told)


def _head(looks: Looks, fill: str) -> Format:
    return looks.make(bold=True, font_color=PAPER, bg_color=fill, valign="vcenter", indent=1)


def _draw_steps(canvas: Canvas, looks: Looks, top: int, file: str) -> None:
    canvas.height(top, 24)
    canvas.span(top, 1, 3, "Step by step", _head(looks, NAVY))
    line = {"bottom": 1, "bottom_color": LINE}
    number = looks.make(line, bold=True, font_size=16, font_color=TEAL, align="center", valign="vcenter")
    words = looks.make(line, text_wrap=True, valign="vcenter")
    bold = looks.make(bold=True, font_size=11, font_color=NAVY)
    command = looks.make(line, font_name=MONO, font_color=NAVY, bg_color=BAND, valign="vcenter", indent=1)
    for row, (name, said, typed) in enumerate(STEPS, start=top + 1):
        canvas.height(row, 40)
        canvas.put(row, 1, str(row - top), number)
        said = said.replace("{results}", results_name(file))
        canvas.headed(row, TEXT_COLUMN, name, said, words, head_looks=bold)
        canvas.put(row, 3, typed.replace("{file}", quoted_name(file)), command)


def quoted_name(file: str) -> str:
    """Return a file's name as it is typed in a command."""
    return f'"{file}"' if " " in file else file


def results_name(file: str) -> str:
    """Return the name of the results that are written beside a sheet."""
    return f"{file.rpartition('.')[0] or file}.results.xlsx"


def _draw_answers(canvas: Canvas, looks: Looks, top: int) -> None:
    canvas.span(top, ANSWER_COLUMN, ANSWER_COLUMN + 1, "How do I write ...", _head(looks, TEAL))
    line = {"bottom": 1, "bottom_color": LINE}
    name = looks.make(line, bold=True, valign="vcenter", indent=1)
    said = looks.make(line, text_wrap=True, valign="vcenter")
    for row, (question, answer) in enumerate(ANSWERS, start=top + 1):
        canvas.put(row, ANSWER_COLUMN, question, name)
        canvas.put(row, ANSWER_COLUMN + 1, answer, said)


def _draw_colours(canvas: Canvas, looks: Looks, top: int) -> None:
    canvas.height(top - 1, 14)
    canvas.height(top, 24)
    canvas.span(top, 1, 3, "What the colours in Posts say", _head(looks, INDIGO))
    for row, (fill, ink, word, meaning) in enumerate(COLOURS, start=top + 1):
        canvas.height(row, 22)
        canvas.put(row, 1, "", looks.make(bg_color=fill, border=1, border_color=PAPER))
        canvas.span(
            row, 2, 3, f"{word}: {meaning}", looks.make(valign="vcenter", bg_color=fill, font_color=ink, indent=1)
        )
