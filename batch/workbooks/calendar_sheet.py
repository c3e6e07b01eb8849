"""The `Calendar` sheet: a grid for each month that has posts, each post in the slot of its own local day.

A slot says the time, the channel and the key in the channel's colour, and leads to the post's line in `Results`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

from batch.model import GOOD, Outcome, OutcomeKind, Results
from batch.times import MONTHS, WEEKDAYS, months_with, post_time, weeks_of
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
    RESULTS_SHEET,
    RULED,
    SOFT,
    TITLE,
    UNUSED_FILL,
    Formats,
    PageLayout,
    Tone,
    add_sandbox_banner,
    add_sheet,
    channel_label,
)

if TYPE_CHECKING:
    from xlsxwriter.workbook import Workbook

CALENDAR = "Calendar"
SLOTS_A_DAY = 8
"""The most posts that a day shows; further ones are counted in its last line."""

MAX_MONTHS = 120
DAY_WIDTH = 27
SLOT_CHARS, TIP_CHARS = 30, 200
SHORT = {"GBP": "Google"}
WITHDRAWN = frozenset({OutcomeKind.CANCELLED, OutcomeKind.DELETED, OutcomeKind.SKIPPED})


class Slot(NamedTuple):
    """A post of a day: what its slot says, what shows over it, its colours, and the line of `Results` it leads to."""

    clock: str
    words: str
    tip: str
    tone: Tone
    line: int
    withdrawn: bool
    alarming: bool


Days = Mapping[date, Sequence[Slot]]


def sort_into_days(outcomes: Sequence[Outcome]) -> tuple[Days, int, tuple[str, ...]]:
    """Return the slots of each day in the order of the clock, how many posts have no day, and the zones used."""
    days: defaultdict[date, list[Slot]] = defaultdict(list)
    zones: dict[str, None] = {}
    undated = 0
    for line, outcome in enumerate(outcomes, start=2):
        time = post_time(outcome)
        if time.day is None:
            undated += 1
            continue
        zones[time.zone] = None
        days[time.day].append(_make_slot(outcome, time.clock, line))
    return {day: sorted(slots) for day, slots in days.items()}, undated, tuple(zones)


def _make_slot(outcome: Outcome, clock: str, line: int) -> Slot:
    name = channel_label(outcome.channel)
    alarming = outcome.outcome not in GOOD and outcome.outcome is not OutcomeKind.PROCESSING
    key = f" · {outcome.key}" if outcome.key else ""
    words = f"{'✗ ' if alarming else ''}{clock} {SHORT.get(outcome.channel, name)}{key}"
    return Slot(
        clock=clock,
        words=shorten(words, limit=SLOT_CHARS),
        tip=shorten(f"{outcome.outcome.value}: {name}{key}, {clock}", limit=TIP_CHARS),
        tone=CHANNEL_TONES.get(outcome.channel, NO_TONE),
        line=line,
        withdrawn=outcome.outcome in WITHDRAWN,
        alarming=alarming,
    )


def shown_slots(slots: Sequence[Slot]) -> list[Slot | str]:
    """Return what a day shows: its posts, or as many as there is room for and how many more there are."""
    if len(slots) <= SLOTS_A_DAY:
        return list(slots)
    return [*slots[: SLOTS_A_DAY - 1], f"+ {len(slots) - SLOTS_A_DAY + 1} more"]


def _tell_clock(zones: Sequence[str], undated: int) -> str:
    if not zones:
        clock = "No post has a date."
    elif len(zones) == 1:
        clock = f"Times are those of {zones[0]}."
    else:
        others = " and others" if len(zones) > 4 else ""
        clock = f"Each time is on the clock of its post: {', '.join(zones[:4])}{others}."
    if undated and zones:
        clock += f" {undated} {'post has no date and is' if undated == 1 else 'posts have no date and are'} not shown."
    return f"{clock} ✗ needs work; struck out = not going out. Click a post to see its line."


def _slot_cell(tone: Tone) -> Mapping[str, Any]:
    edges = {"left": 5, "left_color": tone.ink, "top": 1, "bottom": 1, "right": 1}
    return {**tone.cell, **edges, "top_color": PAPER, "bottom_color": PAPER, "right_color": PAPER}


def add_calendar_sheet(book: Workbook, formats: Formats, results: Results) -> None:
    """Add the sheet."""
    CalendarSheet(book, formats, results).draw()


class CalendarSheet:
    """The sheet, drawn month after month."""

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.results = results
        self.sheet = add_sheet(book, CALENDAR, tab=INDIGO)
        self.page = PageLayout(formats)
        self.days, self.undated, self.zones = sort_into_days(results.outcomes)

    def draw(self) -> None:
        """Draw and write everything."""
        self.sheet.set_column(0, 6, DAY_WIDTH)
        self.page.height(0, 44)
        self.page.put(0, 0, "Calendar", TITLE, last=6, valign="bottom")
        self.page.put(1, 0, _tell_clock(self.zones, self.undated), SOFT, last=6)
        used = {outcome.channel for outcome in self.results.outcomes}
        for at, channel in enumerate([channel for channel in CHANNEL_TONES if channel in used][:7]):
            self.page.put(2, at, channel_label(channel), _slot_cell(CHANNEL_TONES[channel]), bold=True)
        top = 4
        for month in months_with(self.days)[:MAX_MONTHS]:
            top = self._draw_month(top, month) + 1
        self.page.write(self.sheet)
        self.sheet.freeze_panes(3, 0)
        add_sandbox_banner(self.sheet, sandbox=self.results.sandbox)

    def _draw_month(self, top: int, month: date) -> int:
        """Draw a month from a row on, and return the row after it."""
        self.page.height(top, 26)
        self.page.put(top, 0, f"{MONTHS[month.month - 1]} {month.year}", TITLE, last=6, font_size=15)
        for at, name in enumerate(WEEKDAYS):
            self.page.put(top + 1, at, name, bold=True, font_color=PAPER, bg_color=NAVY, indent=1)
        top += 2
        for week in weeks_of(month):
            shown = [shown_slots(self.days.get(day, ())) if day else [] for day in week]
            high = max(2, *map(len, shown))
            for at, day in enumerate(week):
                self._draw_day(top, at, day, shown[at], high=high)
            top += 1 + high
        return top

    def _draw_day(self, top: int, column: int, day: date | None, shown: Sequence[Slot | str], *, high: int) -> None:
        """Draw a day's number and its slots; `high` is how many the fullest day of its week shows."""
        put = self.page.put
        edge = {"left": 1, "right": 1, "left_color": LINE, "right_color": LINE}
        ground = {} if day else {"bg_color": UNUSED_FILL}
        number = {"top": 1, "top_color": LINE, "bold": True, "align": "right", "indent": 1}
        put(top, column, str(day.day) if day else "", edge, ground, number, font_color=INK if shown else FAINT_INK)
        for row, slot in enumerate(shown, start=top + 1):
            self.page.height(row, 18)
            if isinstance(slot, str):
                put(row, column, slot, SOFT, italic=True, indent=1)
            else:
                alarm = {"font_color": OVER_INK, "bold": True} if slot.alarming else {}
                struck = {"font_strikeout": True} if slot.withdrawn else {}
                target = f"internal:'{RESULTS_SHEET}'!A{slot.line}"
                put(row, column, slot.words, _slot_cell(slot.tone), alarm, struck, target=target, tip=slot.tip)
        for row in range(top + 1 + len(shown), top + 1 + high):
            put(row, column, "", edge, ground, RULED if row == top + high else {})
