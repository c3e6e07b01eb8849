"""The `Calendar` sheet: a grid for each month that has posts, each post in the slot of its own local day.

A slot says the time, the channel and the key in the channel's colour, and leads to the post's line in `Results`.
"""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from batch.model import GOOD, Outcome, OutcomeKind, Results
from batch.rules.channels import CHANNEL_LABELS, channel_named
from batch.times import MONTHS, WEEKDAYS, moment_of
from batch.wording import shorten
from batch.workbooks.style import (
    CHANNEL_TONES,
    FAINT_INK,
    INDIGO,
    INK,
    LINE,
    NAVY,
    NO_TONE,
    OVER_INK,
    PAPER,
    SOFT_INK,
    UNUSED_FILL,
    Canvas,
    Looks,
    Tone,
    add_banner,
    add_sheet,
)

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook

CALENDAR = "Calendar"
SLOTS_A_DAY = 8
"""The most posts that a day shows; further ones are counted in its last line."""

MOST_MONTHS = 120
DAY_WIDTH = 27
SLOT_CHARS = 30
TIP_CHARS = 200
SHORT = {"GBP": "Google"}
WITHDRAWN = frozenset({OutcomeKind.CANCELLED, OutcomeKind.DELETED, OutcomeKind.SKIPPED})
WAITING = OutcomeKind.PROCESSING


class Slot(NamedTuple):
    """A post of a day: what its slot says, what shows over it, its colours, and the line of `Results` it leads to."""

    clock: str
    said: str
    tip: str
    tone: Tone
    line: int
    struck: bool
    alarming: bool


Days = Mapping[date, Sequence[Slot]]


def add_calendar_sheet(book: Workbook, looks: Looks, results: Results) -> None:
    """Add the sheet."""
    sheet = add_sheet(book, CALENDAR, tab=INDIGO)
    sheet.set_column(0, 6, DAY_WIDTH)
    days, undated, zones = sort_into_days(results.outcomes)
    canvas = Canvas()
    canvas.height(0, 44)
    canvas.span(0, 0, 6, "Calendar", looks.make(bold=True, font_size=20, font_color=NAVY, valign="bottom"))
    canvas.span(1, 0, 6, _tell_clock(zones, undated), looks.make(font_color=SOFT_INK))
    _draw_legend(canvas, looks, 2, {outcome.channel for outcome in results.outcomes})
    top = 4
    for month in months_of(days):
        top = _draw_month(canvas, looks, top, month, days) + 1
    canvas.write(sheet)
    sheet.freeze_panes(3, 0)
    add_banner(sheet, results)


def sort_into_days(outcomes: Sequence[Outcome]) -> tuple[Days, int, tuple[str, ...]]:
    """Return the slots of each day in the order of the clock, how many posts have no day, and the zones used."""
    days: defaultdict[date, list[Slot]] = defaultdict(list)
    zones: dict[str, None] = {}
    undated = 0
    for line, outcome in enumerate(outcomes, start=2):
        moment = moment_of(outcome)
        if moment.day is None:
            undated += 1
            continue
        zones[moment.zone] = None
        days[moment.day].append(_make_slot(outcome, moment.clock, line))
    return {day: sorted(slots) for day, slots in days.items()}, undated, tuple(zones)


def _make_slot(outcome: Outcome, clock: str, line: int) -> Slot:
    name = channel_label(outcome.channel)
    alarming = outcome.outcome not in GOOD and outcome.outcome is not WAITING
    key = f" · {outcome.key}" if outcome.key else ""
    said = shorten(f"{'✗ ' if alarming else ''}{clock} {SHORT.get(outcome.channel, name)}{key}", limit=SLOT_CHARS)
    tip = shorten(f"{outcome.outcome.value}: {name}{key}, {clock}", limit=TIP_CHARS)
    tone = CHANNEL_TONES.get(outcome.channel, NO_TONE)
    return Slot(clock, said, tip, tone, line, outcome.outcome in WITHDRAWN, alarming)


def channel_label(channel: str) -> str:
    """Return what a person calls a channel, also one that the table does not know."""
    known = channel_named(channel)
    return CHANNEL_LABELS[known] if known else channel or "no channel"


def months_of(days: Days) -> list[date]:
    """Return the first day of each month with posts."""
    return sorted({day.replace(day=1) for day in days})[:MOST_MONTHS]


def _tell_clock(zones: Sequence[str], undated: int) -> str:
    if not zones:
        said = "No post has a date."
    elif len(zones) == 1:
        said = f"Times are those of {zones[0]}."
    else:
        said = (
            f"Each time is on the clock of its post: {', '.join(zones[:4])}{' and others' if len(zones) > 4 else ''}."
        )
    if undated and zones:
        said += f" {undated} {'post has' if undated == 1 else 'posts have'} no date and are not shown."
    return (
        said.replace("post has no date and are", "post has no date and is")
        + " ✗ needs work; struck out = not going out. Click a post to see its line."
    )


def _draw_legend(canvas: Canvas, looks: Looks, row: int, used: set[str]) -> None:
    shown = [channel for channel in CHANNEL_TONES if channel in used]
    for at, channel in enumerate(shown[:7]):
        tone = CHANNEL_TONES[channel]
        canvas.put(row, at, channel_label(channel), _slot_looks(looks, tone, bold=True))


def _draw_month(canvas: Canvas, looks: Looks, top: int, first: date, days: Days) -> int:
    """Draw a month from a row on, and return the row after it."""
    canvas.height(top, 26)
    title = f"{MONTHS[first.month - 1]} {first.year}"
    canvas.span(top, 0, 6, title, looks.make(bold=True, font_size=15, font_color=NAVY, valign="vcenter"))
    weekday = looks.make(bold=True, font_color=PAPER, bg_color=NAVY, align="left", indent=1)
    for at, name in enumerate(WEEKDAYS):
        canvas.put(top + 1, at, name, weekday)
    row = top + 2
    for week in weeks_of(first):
        row = _draw_week(canvas, looks, row, week, days)
    return row


def weeks_of(first: date) -> Iterator[list[date | None]]:
    """Yield the weeks of a month, Monday first; None where a day belongs to another month."""
    for week in calendar.monthcalendar(first.year, first.month):
        yield [first.replace(day=number) if number else None for number in week]


def _draw_week(canvas: Canvas, looks: Looks, top: int, week: Sequence[date | None], days: Days) -> int:
    slots = [shown_slots(days.get(day, ())) if day else [] for day in week]
    high = max(2, *map(len, slots))
    edge = {"left": 1, "right": 1, "left_color": LINE, "right_color": LINE}
    for at, day in enumerate(week):
        fill = {} if day else {"bg_color": UNUSED_FILL}
        ink = INK if day and days.get(day) else FAINT_INK
        number = looks.make(edge, fill, top=1, top_color=LINE, bold=True, font_color=ink, align="right", indent=1)
        canvas.put(top, at, str(day.day) if day else "", number)
        for line in range(high):
            if line < len(slots[at]):
                _draw_slot(canvas, looks, top + 1 + line, at, slots[at][line])
            else:
                last = {"bottom": 1, "bottom_color": LINE} if line == high - 1 else {}
                canvas.put(top + 1 + line, at, "", looks.make(edge, fill, last))
    return top + 1 + high


def shown_slots(slots: Sequence[Slot]) -> list[Slot | str]:
    """Return what a day shows: its posts, or as many as there is room for and how many more there are."""
    if len(slots) <= SLOTS_A_DAY:
        return list(slots)
    return [*slots[: SLOTS_A_DAY - 1], f"+ {len(slots) - SLOTS_A_DAY + 1} more"]


def _draw_slot(canvas: Canvas, looks: Looks, row: int, column: int, slot: Slot | str) -> None:
    canvas.height(row, 18)
    if isinstance(slot, str):
        canvas.put(row, column, slot, looks.make(font_color=SOFT_INK, italic=True, font_size=10, indent=1))
        return
    mark = {"font_color": OVER_INK, "bold": True} if slot.alarming else {"font_strikeout": True} if slot.struck else {}
    target = f"internal:'Results'!A{slot.line}"
    canvas.put(row, column, slot.said, _slot_looks(looks, slot.tone, **mark), target=target, tip=slot.tip)


def _slot_looks(looks: Looks, tone: Tone, **more: object) -> Format:
    edges = {"left": 5, "left_color": tone.ink, "top": 1, "bottom": 1, "right": 1}
    paper = {"top_color": PAPER, "bottom_color": PAPER, "right_color": PAPER}
    return looks.make(
        {"bg_color": tone.fill, "font_color": tone.ink, "font_size": 10, "valign": "vcenter"}, edges, paper, more
    )
