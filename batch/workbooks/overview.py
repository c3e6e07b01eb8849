"""The sheets of the results to look at: `Summary`, what happened at a glance, `By place`, and `Calendar`.

Whatever stands in rows and columns is a marked-up table that begins in column A; no cell is merged with another.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from batch.model import GOOD, Channel, Outcome, OutcomeKind, Results, Status
from batch.times import MONTHS, WEEKDAYS, instant, months_with, post_time, weeks_of
from batch.wording import REPORTED, counted, listed, shorten
from batch.workbooks.style import (
    AS_RUN_SHEET,
    CHANNEL_TONES,
    CHART_INKS,
    INDIGO,
    INK,
    LINE,
    LINK_INK,
    MAX_LINKS,
    NAVY,
    NO_TONE,
    OUTCOME_TONES,
    OVER_INK,
    PAPER,
    RESULTS_SHEET,
    RULED,
    SLATE,
    SOFT,
    SOFT_INK,
    TABLE_HEADING,
    TEAL,
    TEXT,
    TITLE,
    TO_FIX_SHEET,
    UNUSED_FILL,
    Formats,
    PageLayout,
    StyledCell,
    Tone,
    add_sandbox_banner,
    add_sheet,
    add_table,
    channel_label,
    fit_cell,
    set_columns,
    web_link,
)

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.chart import Chart
    from xlsxwriter.workbook import Workbook


SUMMARY, BY_PLACE, CALENDAR, LISTS = "Summary", "By place", "Calendar", "Lists"
FINE, WAITING, WORK = STATES = ("OK", "in process", "to fix")
NO_DAY = "no date"
WIDTHS = (26.0, 34.0, *[12.0] * 10)
CHART_COLUMN, CHART_PIXELS, CHART_ROWS = 6, (600, 280), (6, 21)
BELOW_CHARTS = 36
FIGURE: Mapping[str, str] = {"num_format": '#,##0;-#,##0;"–"'}
DAY: Mapping[str, str] = {"num_format": "d mmm yyyy"}
DAY_ZERO = date(1899, 12, 30)
"""The day from which workbooks count."""

MEANINGS: Mapping[OutcomeKind, str] = {
    OutcomeKind.DRAFTED: "saved on the site as a draft",
    OutcomeKind.PUBLISHED: "live",
    OutcomeKind.SCHEDULED: "goes out by itself",
    OutcomeKind.RESCHEDULED: "goes out at its new time",
    OutcomeKind.UPDATED: "changed to match your sheet",
    OutcomeKind.CANCELLED: "won't go out",
    OutcomeKind.DELETED: "removed from the site",
    OutcomeKind.UNCHANGED: "already as in your sheet",
    OutcomeKind.SKIPPED: "left out, as you asked",
    OutcomeKind.INVALID: "correct the row",
    OutcomeKind.BLOCKED: "plan, quota or connection",
    OutcomeKind.CONFLICT: "the site has another post",
    OutcomeKind.FAILED: "refused: see the message",
    OutcomeKind.PROCESSING: "check later: postbatch status",
    OutcomeKind.UNKNOWN: "run again to settle it",
    OutcomeKind.NOT_RUN: "run again to do it",
}

SHEETS: Mapping[str, str] = {
    RESULTS_SHEET: "One line for each post. More columns are folded at the right: click the + above them.",
    BY_PLACE: "Each row with places against its places, with a mark where they meet.",
    TO_FIX_SHEET: "The rows that need your attention: correct them there.",
    CALENDAR: "What goes out when, month by month.",
    LISTS: "Hidden: the words in the drop-downs of To fix.",
    AS_RUN_SHEET: "Hidden: To fix as it was written, by which postbatch fix tells what you corrected.",
}


def needs_work(outcome: Outcome) -> bool:
    """Tell whether somebody has to do something about a post."""
    return outcome.outcome not in GOOD and outcome.outcome is not OutcomeKind.PROCESSING


HEADS: Mapping[str, str] = {"plan": "Plan", "report": "Report"}


class SummarySheet:
    """The sheet, drawn from top to bottom; the charts stand beside the tables that they show."""

    widths: Sequence[float] = WIDTHS
    sheets: Mapping[str, str] = SHEETS
    order: Sequence[OutcomeKind] = sorted(OutcomeKind, key=lambda kind: kind in GOOD)
    ended, counted_by, counted_in, chart_column = "finished", "outcome", 2, CHART_COLUMN

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.book, self.formats, self.results = book, formats, results
        self.sheet = add_sheet(book, SUMMARY, tab=TEAL)
        self.page = PageLayout(formats)
        self.table = self._count()

    def _count(self) -> pd.DataFrame:
        """Return what is counted of each post, the channels in their usual order."""
        import pandas as pd

        outcomes = self.results.outcomes
        channels = [outcome.channel or "(none)" for outcome in outcomes]
        order = list(dict.fromkeys((*Channel, *sorted(channels))))
        waiting = OutcomeKind.PROCESSING
        states = (WORK if needs_work(o) else WAITING if o.outcome is waiting else FINE for o in outcomes)
        days = (post_time(outcome).day for outcome in outcomes)
        return pd.DataFrame({
            "outcome": [outcome.outcome.value for outcome in outcomes],
            "site": [outcome.site or "(none)" for outcome in outcomes],
            "channel": pd.Categorical(channels, categories=[str(channel) for channel in order]),
            "account": [outcome.account or "(default)" for outcome in outcomes],
            "state": list(states),
            "day": [day.isoformat() if day else NO_DAY for day in days],
        })  # fmt: skip

    def draw(self) -> None:
        """Draw and write everything."""
        set_columns(self.sheet, self.widths, None)
        below, chart_row = self._draw_head(), CHART_ROWS[0]
        kinds = [kind for kind in self.order if (self.table["outcome"] == kind.value).any()]
        outcomes_row = below + 2
        below = self._draw_tables(self._draw_outcomes(below, kinds))
        first_day = max(below, BELOW_CHARTS) + 2
        days = self.table.groupby(["day", "channel"], observed=True).size().unstack(fill_value=0)
        below = self._draw_days(first_day - 2, days)
        self._draw_notes(below)
        self.page.write(self.sheet)
        if kinds:
            self._add_outcome_chart(kinds, outcomes_row, chart_row)
        if dated := sum(day != NO_DAY for day in days.index):
            self._add_day_chart(days, first_day, first_day + dated - 1)
        self.sheet.activate()
        add_sandbox_banner(self.sheet, sandbox=self.results.sandbox)

    def _draw_tables(self, below: int) -> int:
        """Draw the posts by site, channel and account, and return the row for the next table."""
        several = self.table["site"].nunique() > 1
        for name, beside in (*([("site", "channel")] if several else []), ("channel", "account")):
            below = self._draw_totals(below, name, beside)
        return below

    def _draw_notes(self, below: int) -> None:
        """Draw what else there is to know: the run's notices, and what each sheet holds."""
        notes: list[list[StyledCell]] = [[(notice, {})] for notice in self.results.notices]
        if notes:
            below = self.page.draw_table(self.sheet, below, "Notes", ("note",), notes, words=1)
        link = {"font_color": LINK_INK, "underline": 1}
        placed = any(outcome.place for outcome in self.results.outcomes)
        sheets: list[list[StyledCell]] = [
            [(name, {} if what.startswith("Hidden") else link), (what, {})]
            for name, what in self.sheets.items()
            if placed or name != BY_PLACE
        ]
        self.page.draw_table(self.sheet, below, "In this workbook", ("sheet", "what it holds"), sheets, words=2)

    def _draw_head(self) -> int:
        """Draw the title, what run this is, how many posts are well and what to do next; return the row below."""
        page, results = self.page, self.results
        page.height(0, 44)
        page.put(0, 0, f"{HEADS.get(results.wanted, 'Results')} for {results.sheet}", TITLE, valign="bottom")
        told = [f"Run {results.run}"] if results.run else []
        for word, at in (("started", results.started_at), (self.ended, results.finished_at)):
            told += [f"{word} {instant(at)}"] if at else []
        told += ["in the SANDBOX, not on a real site"] if results.sandbox else []
        page.put(1, 0, " · ".join(told), SOFT)
        return self._draw_tiles()

    def _count_tiles(self) -> Sequence[tuple[str, int, Tone]]:
        """Return the tiles: their words, figures and colours."""
        states = self.table["state"].value_counts().to_dict()
        fine, waiting, work = (states.get(state, 0) for state in STATES)
        attention = "needs your attention" if work == 1 else "need your attention"
        if work:
            name = self.results.sheet
            sheet = f'"{name}"' if " " in name else name
            self.page.put(5, 0, f"Correct them on the sheet To fix and save, then: postbatch fix {sheet}", bold=True)
        return (
            ("posts", fine + waiting + work, Tone("#E0E7FF", "#3730A3")),
            (attention, work, OUTCOME_TONES[OutcomeKind.INVALID] if work else NO_TONE),
            (WAITING, waiting, OUTCOME_TONES[OutcomeKind.PROCESSING] if waiting else NO_TONE),
            (FINE, fine, OUTCOME_TONES[OutcomeKind.SCHEDULED]),
        )

    def _draw_tiles(self) -> int:
        """Draw a tile for each state, and what to do next; return the row below."""
        page, tiles = self.page, self._count_tiles()
        page.height(3, 22)
        page.height(4, 36)
        edge = {"left": 5, "right": 5, "right_color": PAPER, "indent": 1}
        cells = [{**tone.cell, **edge, "left_color": tone.ink} for _, _, tone in tiles]
        made = [self.formats.make(cell, valign="bottom") for cell in cells]
        add_table(self.sheet, "TotalTable", [words for words, _, _ in tiles], made, first_row=3, last_row=4)
        for place, (_, number, _) in enumerate(tiles):
            page.put(4, place, number, cells[place], bold=True, font_size=24, valign="top")
        return 7

    def _draw_outcomes(self, top: int, kinds: Sequence[OutcomeKind]) -> int:
        """Draw the posts by outcome, those that need work first, and return the row for the next table."""
        counts = self.table["outcome"].value_counts().to_dict()
        rows: list[list[StyledCell]] = [
            [
                (kind.value, {**OUTCOME_TONES[kind].cell, "bold": True}),
                (MEANINGS[kind], {}),
                (counts[kind], FIGURE),
            ]
            for kind in kinds
        ]
        return self.page.draw_table(self.sheet, top, "By outcome", ("outcome", "what it means", "posts"), rows, words=2)

    def _draw_totals(self, top: int, name: str, beside: str) -> int:
        """Draw the posts by state for each site or channel, and for each of what is beside it."""
        counted_states = self.table.groupby([name, beside, "state"], observed=True).size().unstack(fill_value=0)
        rows: list[list[StyledCell]] = []
        for *names, fine, waiting, work in (
            counted_states.reindex(columns=list(STATES), fill_value=0).reset_index().itertuples(index=False)
        ):
            alarm = {"font_color": OUTCOME_TONES[OutcomeKind.INVALID].ink, "bold": True} if work else {}
            rows.append([
                *(self._name_cell(text, column) for text, column in zip(names, (name, beside), strict=True)),
                *((number, FIGURE) for number in (fine + waiting + work, fine, waiting)),
                (work, {**FIGURE, **alarm}),
            ])  # fmt: skip
        return self.page.draw_table(
            self.sheet, top, f"By {name} and {beside}", (name, beside, "posts", *STATES), rows, words=2
        )

    @staticmethod
    def _name_cell(text: str, column: str) -> StyledCell:
        if column != "channel":
            return text, {}
        return channel_label(text), {**CHANNEL_TONES.get(text, NO_TONE).cell, "bold": True}

    def _draw_days(self, top: int, days: pd.DataFrame) -> int:
        """Draw the posts a day, a column for each channel, and return the row for what follows."""
        rows: list[list[StyledCell]] = []
        for text, counts in zip(days.index, days.to_numpy().tolist(), strict=True):
            day = None if text == NO_DAY else date.fromisoformat(text)
            rows.append([
                ((day - DAY_ZERO).days, DAY) if day else (NO_DAY, {}),
                (WEEKDAYS[day.weekday()] if day else "–", {}),
                (sum(counts), {**FIGURE, "bold": True}),
                *((number, FIGURE) for number in counts),
            ])  # fmt: skip
        headings = ("day", "weekday", "posts", *(channel_label(str(channel)) for channel in days.columns))
        return self.page.draw_table(self.sheet, top, "By day", headings, rows, words=2)

    def _add_outcome_chart(self, kinds: Sequence[OutcomeKind], first: int, row: int) -> None:
        last = first + len(kinds) - 1
        chart = self.book.add_chart({"type": "bar"})
        chart.add_series({
            "name": "posts",
            "categories": [SUMMARY, first, 0, last, 0],
            "values": [SUMMARY, first, self.counted_in, last, self.counted_in],
            "points": [{"fill": {"color": CHART_INKS[OUTCOME_TONES[kind].fill]}} for kind in kinds],
            "gap": 45,
            "data_labels": {"value": True, "font": {"size": 10, "color": INK}},
        })  # fmt: skip
        chart.set_y_axis({"reverse": True, "line": {"none": True}, "major_tick_mark": "none"})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
        chart.set_legend({"none": True})
        self._place_chart(chart, f"Posts by {self.counted_by}", row)

    def _add_day_chart(self, days: pd.DataFrame, first: int, last: int) -> None:
        chart = self.book.add_chart({"type": "column", "subtype": "stacked"})
        for column, channel in enumerate(days.columns, start=3):
            chart.add_series({
                "name": [SUMMARY, first - 1, column],
                "categories": [SUMMARY, first, 0, last, 0],
                "values": [SUMMARY, first, column, last, column],
                "fill": {"color": CHANNEL_TONES.get(str(channel), NO_TONE).ink},
                "gap": 40,
            })  # fmt: skip
        whole_step = max(1, -(-int(days.sum(axis=1).max()) // 6))  # so that no axis shows half a post
        chart.set_y_axis({
            "major_gridlines": {"visible": True, "line": {"color": LINE}}, "line": {"none": True}, "num_format": "0",
            "major_unit": whole_step,
        })  # fmt: skip
        chart.set_x_axis({"line": {"color": SLATE}, "text_axis": True, "num_format": "d mmm"})
        chart.set_legend({"position": "bottom"})
        self._place_chart(chart, "Posts by day and channel", CHART_ROWS[1])

    def _place_chart(self, chart: Chart, title: str, row: int) -> None:
        chart.set_title({"name": title, "name_font": {"size": 12, "color": NAVY}, "overlay": False})
        chart.set_size({"width": CHART_PIXELS[0], "height": CHART_PIXELS[1]})
        chart.set_chartarea({"border": {"color": LINE}})
        words = f"{title}: the table of that name has the figures."
        options = {"object_position": 3, "x_offset": 24, "description": words}
        self.sheet.insert_chart(row, self.chart_column, chart, options)


class StateTotals(NamedTuple):
    """How many posts are in each state, and what the service's own figures add up to, by the service's names."""

    states: Counter[OutcomeKind]
    figures: dict[str, int]


NO_SUM = re.compile("rate|ratio|averag|avg|percent", re.IGNORECASE)
"""Names of figures that can't be added up."""


def report_totals(results: Results) -> dict[str, dict[str, StateTotals]]:
    """Count a report's posts by site, channel, campaign and place, each name with its values in order.

    A figure of which nothing came is not there, never 0; one that is no whole number is not added up.
    """
    names = results.headings[1:]
    totals: dict[str, dict[str, StateTotals]] = {name: {} for name in ("site", "channel", "campaign", "place")}
    for outcome in results.outcomes:
        campaign, *figures = results.own.get(outcome.row) or ("",)
        counts = [(name, int(text)) for name, text in zip(names, figures, strict=False) if _adds_up(name, text)]
        values = (outcome.site, outcome.channel, campaign, outcome.place)
        for found, value in zip(totals.values(), values, strict=True):
            states, sums = found.setdefault(value, StateTotals(Counter(), {}))
            states[outcome.outcome] += 1
            for name, number in counts:
                sums[name] = sums.get(name, 0) + number
    return {name: dict(sorted(found.items(), key=lambda of: (not of[0], of[0]))) for name, found in totals.items()}


def _adds_up(name: str, text: str) -> bool:
    return text.isascii() and text.isdigit() and not NO_SUM.search(name)


REPORT_SHEETS = {name: what for name, what in SHEETS.items() if name in (RESULTS_SHEET, BY_PLACE, CALENDAR)}
TOTALS_WIDTH = 12.0
HEADINGS: Mapping[OutcomeKind, str] = {**REPORTED, OutcomeKind.DRAFTED: "drafts"}
REPORT_TILES = (OutcomeKind.PUBLISHED, OutcomeKind.SCHEDULED, OutcomeKind.FAILED, OutcomeKind.DRAFTED)
"""The states that a report names even where no post is in them."""


class ReportSheet(SummarySheet):
    """The same for a month as it stands: what is live and what is to come, each total in a table of its own."""

    sheets, order = REPORT_SHEETS, tuple(REPORTED)
    ended, counted_by, counted_in = "as of", "state", 1

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        super().__init__(book, formats, results)
        self.totals = report_totals(results)
        present = {kind for values in self.totals.values() for found in values.values() for kind in found.states}
        self.kinds = [kind for kind in REPORTED if kind in present or kind in REPORT_TILES]
        taken = {"posts", *self.totals, *HEADINGS.values()}
        counted_up = {name for values in self.totals.values() for found in values.values() for name in found.figures}
        self.figures: dict[str, str] = {}
        for name in (name for name in results.headings[1:] if name in counted_up):
            heading = fit_cell(name[:MAX_MATRIX_NAME])
            while heading.casefold() in taken:
                heading += " (service)"
            self.figures[name] = heading
            taken.add(heading.casefold())
        columns = 2 + len(self.kinds) + len(self.figures)
        self.widths = (WIDTHS[0], *[TOTALS_WIDTH] * max(columns, CHART_COLUMN))
        self.chart_column = max(columns, CHART_COLUMN)

    def _count_tiles(self) -> Sequence[tuple[str, int, Tone]]:
        counts = self.table["outcome"].value_counts().to_dict()
        found = [(kind, counts.get(kind.value, 0)) for kind in REPORT_TILES]
        return [(HEADINGS[kind], number, OUTCOME_TONES[kind] if number else NO_TONE) for kind, number in found]

    def _draw_outcomes(self, top: int, kinds: Sequence[OutcomeKind]) -> int:
        counts = self.table["outcome"].value_counts().to_dict()
        rows: list[list[StyledCell]] = [
            [(REPORTED[kind], {**OUTCOME_TONES[kind].cell, "bold": True}), (counts[kind.value], FIGURE)]
            for kind in kinds
        ]
        return self.page.draw_table(self.sheet, top, "By state", ("state", "posts"), rows, words=1)

    def _draw_tables(self, below: int) -> int:
        """Draw a table for each of site, channel, campaign and place, where the posts have any."""
        for name, values in self.totals.items():
            rows = [self._totals_row(name, value, found) for value, found in values.items()]
            if any(values):
                names = (name, "posts", *(HEADINGS[kind] for kind in self.kinds), *self.figures.values())
                below = self.page.draw_table(self.sheet, below, f"By {name}", names, rows, words=1)
        return below

    def _totals_row(self, name: str, value: str, found: StateTotals) -> list[StyledCell]:
        failed = {"font_color": OUTCOME_TONES[OutcomeKind.FAILED].ink, "bold": True}
        figures: list[StyledCell] = [(found.figures.get(figure, ""), FIGURE) for figure in self.figures]
        return [
            self._name_cell(value or "(none)", name if value else ""),
            (found.states.total(), {**FIGURE, "bold": True}),
            *(
                (
                    found.states[kind],
                    {**FIGURE, **(failed if kind is OutcomeKind.FAILED and found.states[kind] else {})},
                )
                for kind in self.kinds
            ),
            *figures,
        ]


def series_of(outcome: Outcome) -> str:
    """Return what the posts of a row with places are called together: their key up to the place, else the row."""
    series, place, _ = outcome.key.partition(f"/{outcome.place}")
    return series if place else f"row {outcome.row}"


HEAD_ROWS = 3
"""The title, the legend and a blank row stand above the matrix."""
NOT_SENT = "–"
MARK_CHARS, MAX_MATRIX_NAME = 72, 60
PLACE_WIDTH, SITE_WIDTH, COUNT_WIDTH, MARK_WIDTH = 20.0, 14.0, 7.0, 13.5
MARK_POINTS, MARK_LETTERS = 12, 15
"""The height of a line of a mark, and how many letters it holds."""
LEGEND = (
    "✓ is done: live, a draft, or the time it goes out on the place's own clock. … is in process. ✗ needs your "
    f"attention. {NOT_SENT} doesn't go out, or the row doesn't name the place. Click a mark for its live post, or its "
    "line in Results."
)

Square = Sequence[tuple[int, Outcome]]
"""The posts of one row in one place, with their lines in `Results`: one, or several where a row repeats."""


class PlaceSheet:
    """The sheet `By place`: a line for each place, a column for each row sent to places, a mark where they meet.

    Where the rows are more than the places they change sides, so that it stays as narrow as it can be. It is left out
    where no row was sent to places.
    """

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.book, self.formats, self.sandbox = book, formats, results.sandbox
        placed = [(line, outcome) for line, outcome in enumerate(results.outcomes, start=2) if outcome.place]
        channels: defaultdict[str, set[str]] = defaultdict(set)
        for _, outcome in placed:
            channels[series_of(outcome)].add(outcome.channel)
        sites: defaultdict[str, dict[str, None]] = defaultdict(dict)
        squares: defaultdict[tuple[str, str], list[tuple[int, Outcome]]] = defaultdict(list)
        for line, outcome in placed:
            row = series_of(outcome)
            row += f": {channel_label(outcome.channel)}" if len(channels[row]) > 1 else ""
            squares[row, outcome.place].append((line, outcome))
            sites[outcome.place][outcome.site] = None
        rows, places = (list(dict.fromkeys(pair[at] for pair in squares)) for at in (0, 1))
        self.by_row = len(rows) > len(places)
        self.down, self.across = (rows, places) if self.by_row else (places, rows)
        several = len({site for own in sites.values() for site in own}) > 1 and not self.by_row
        self.sites = {place: listed(own, last="and") for place, own in sites.items()} if several else {}
        self.squares: Mapping[tuple[str, str], Square] = squares
        self.links_left = MAX_LINKS

    def draw(self) -> None:
        """Draw and write everything, where there is anything."""
        if not self.squares:
            return
        formats, names = self.formats, self._headings()
        self.sheet = sheet = add_sheet(self.book, BY_PLACE, tab=TEAL)
        self.first = len(names) - len(self.across)
        own = [PLACE_WIDTH, *([SITE_WIDTH] if self.sites else []), COUNT_WIDTH]
        set_columns(sheet, [*own, *[MARK_WIDTH] * len(self.across)], None)
        sheet.set_row(0, 44)
        sheet.write_string(0, 0, BY_PLACE, formats.make(TITLE, valign="bottom"))
        sheet.write_string(1, 0, LEGEND, formats.make(SOFT))
        made = [formats.make(TABLE_HEADING, TEXT)] * len(names)
        last_row = HEAD_ROWS + len(self.down)
        add_table(sheet, "PlaceTable", names, made, first_row=HEAD_ROWS, last_row=last_row, autofilter=True)
        sheet.set_row(HEAD_ROWS, 34)
        for at, name in enumerate(self.down, start=HEAD_ROWS + 1):
            self._draw_line(at, name)
        sheet.freeze_panes(HEAD_ROWS + 1, 1)
        sheet.repeat_rows(HEAD_ROWS)
        add_sandbox_banner(sheet, sandbox=self.sandbox)

    def _headings(self) -> list[str]:
        """Return the headings, no two of them alike."""
        wanted = ["row" if self.by_row else "place", *(["site"] if self.sites else []), "to fix", *self.across]
        names: dict[str, str] = {}
        for name in wanted:
            name, number = fit_cell(name[:MAX_MATRIX_NAME]) or "(none)", 2
            unique = name
            while unique.casefold() in names:
                unique, number = f"{name} ({number})", number + 1
            names[unique.casefold()] = unique
        return list(names.values())

    def _draw_line(self, at: int, name: str) -> None:
        text = self.formats.make(TEXT, RULED, valign="top")
        squares = [self.squares.get((name, other) if self.by_row else (other, name), ()) for other in self.across]
        self.sheet.write_string(at, 0, fit_cell(name), text)
        if self.sites:
            self.sheet.write_string(at, 1, fit_cell(self.sites[name]), text)
        marks = [_mark_of(outcome) for square in squares for _, outcome in square if needs_work(outcome)]
        self.sheet.set_row(at, MARK_POINTS * (1 + min(max(map(len, marks), default=1), MARK_CHARS) // MARK_LETTERS) + 3)
        alarm = {"font_color": OUTCOME_TONES[OutcomeKind.INVALID].ink, "bold": True} if marks else SOFT
        count = self.formats.make(FIGURE, RULED, alarm, valign="top", align="center")
        self.sheet.write_number(at, self.first - 1, len(marks), count)
        for column, square in enumerate(squares, start=self.first):
            self._draw_square(at, column, square)

    def _draw_square(self, at: int, column: int, square: Square) -> None:
        """Draw the mark of a square: that of the post which needs somebody, where there is one, else of the first."""
        make, edge = self.formats.make, {"border": 1, "border_color": PAPER, "valign": "top", "font_size": 9}
        if not square:
            self.sheet.write_string(at, column, NOT_SENT, make(TEXT, edge, SOFT))
            return
        line, outcome = min(square, key=lambda post: not needs_work(post[1]))
        mark = shorten(_mark_of(outcome), limit=MARK_CHARS)
        words = f"{mark} ({len(square)} posts)" if len(square) > 1 else mark
        look = make(TEXT, edge, OUTCOME_TONES[outcome.outcome].cell)
        if not self.links_left:
            self.sheet.write_string(at, column, fit_cell(words), look)
            return
        self.links_left -= 1
        target = web_link(outcome.link) if outcome.status == Status.PUBLISHED else ""
        tip = shorten(f"{outcome.place}: {outcome.message or outcome.outcome.value}", limit=TIP_CHARS)
        self.sheet.write_url(at, column, target or f"internal:'{RESULTS_SHEET}'!A{line}", look, fit_cell(words), tip)


def _mark_of(outcome: Outcome) -> str:
    """Return a post's mark with its time, its state or its problem."""
    kind, word = outcome.outcome, outcome.outcome.value.replace("_", " ")
    if needs_work(outcome):
        start = "" if kind is OutcomeKind.INVALID else f"{word}: "
        return f"✗ {start}{outcome.message or outcome.code or word}"
    if kind in WITHDRAWN:
        return f"{NOT_SENT} {word}"
    if kind is OutcomeKind.PROCESSING:
        return "… in process"
    if Status.PUBLISHED in (outcome.status, kind.upper()):
        return "✓ live"
    return f"✓ {post_time(outcome).short or ('draft' if kind is OutcomeKind.DRAFTED else word)}"


SLOTS_A_DAY = 8
"""The most posts that a day shows; further ones are counted in its last line."""

MAX_MONTHS = 120
DAY_WIDTH = 27
SLOT_POINTS, SLOT_CHARS, TIP_CHARS = 26, 38, 200
SHORT = {"GBP": "Google"}
WITHDRAWN = frozenset({OutcomeKind.CANCELLED, OutcomeKind.DELETED, OutcomeKind.SKIPPED})


class Slot(NamedTuple):
    """A post of a day: what its slot shows, what shows over it, its colours, and the line of `Results` it leads to.

    Slots are sorted as they stand in a day: what needs work comes first, then they go by the clock.
    """

    calm: bool
    clock: str
    words: str
    tip: str
    tone: Tone
    line: int
    withdrawn: bool

    @classmethod
    def of(cls, line: int, outcome: Outcome, *, count: int) -> Slot:
        """Return the slot of a post or, where they are several, of a row's posts in so many places."""
        name, calm, clock = channel_label(outcome.channel), not needs_work(outcome), post_time(outcome).clock
        first_words = outcome.content.text or outcome.content.title or outcome.key
        times, where = (f" ×{count}", f" in {count:,} places") if count > 1 else ("", "")
        head = f"{'' if calm else '✗ '}{clock} {SHORT.get(outcome.channel, name)}{times}"
        return cls(
            calm=calm,
            clock=clock,
            words=shorten(f"{head}: {first_words}", limit=SLOT_CHARS),
            tip=shorten(f"{outcome.outcome.value}: {name}{where}, {clock}, {first_words}", limit=TIP_CHARS),
            tone=CHANNEL_TONES.get(outcome.channel, NO_TONE),
            line=line,
            withdrawn=outcome.outcome in WITHDRAWN,
        )


Days = Mapping[date, Sequence[Slot]]


def sort_into_days(outcomes: Iterable[Outcome]) -> tuple[Days, int, tuple[str, ...]]:
    """Return the slots of each day, how many posts have no day, and the zones used.

    A row's posts in several places that go out at one time and end alike share a slot.
    """
    days: defaultdict[date, list[Slot]] = defaultdict(list)
    zones: dict[str, None] = {}
    undated = 0
    alike: dict[tuple[date, *tuple[object, ...]], list[tuple[int, Outcome]]] = {}
    for line, outcome in enumerate(outcomes, start=2):
        time = post_time(outcome)
        if time.day is None:
            undated += 1
            continue
        zones[time.zone] = None
        look = (time.day, series_of(outcome), outcome.channel, time.clock, outcome.outcome)
        alike.setdefault(look if outcome.place else (time.day, line), []).append((line, outcome))
    for (day, *_), posts in alike.items():
        days[day].append(Slot.of(*posts[0], count=len(posts)))
    return {day: sorted(slots) for day, slots in days.items()}, undated, tuple(zones)


class CalendarSheet:
    """The sheet, drawn month after month: a table for each, its weeks one below the other."""

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.results, self.formats = results, formats
        self.sheet = add_sheet(book, CALENDAR, tab=INDIGO)
        self.page = PageLayout(formats)
        self.days, self.undated, self.zones = sort_into_days(results.outcomes)

    def draw(self) -> None:
        """Draw and write everything."""
        set_columns(self.sheet, [DAY_WIDTH] * 7, None)
        self.page.height(0, 44)
        self.page.put(0, 0, "Calendar", TITLE, valign="bottom")
        self.page.put(1, 0, self._tell_clock(), SOFT)
        top = 3
        for month in months_with(self.days)[:MAX_MONTHS]:
            top = self._draw_month(top, month) + 1
        self.page.write(self.sheet)
        self.sheet.freeze_panes(2, 0)
        add_sandbox_banner(self.sheet, sandbox=self.results.sandbox)

    def _tell_clock(self) -> str:
        zones, undated = self.zones, self.undated
        if not zones:
            return "No post has a date."
        if len(zones) == 1:
            clock = f"Times are {zones[0]}."
        else:
            others = " and others" if len(zones) > 4 else ""
            clock = f"Each time is in the post's own time zone: {', '.join(zones[:4])}{others}."
        if undated:
            clock += f" Not shown: {counted(undated, 'post')} without a date."
        return f"{clock} ✗ = needs your attention. Struck out = won't go out. Click a post to see its line in Results."

    def _draw_month(self, top: int, month: date) -> int:
        """Draw a month from a row on, and return the row after it."""
        self.page.height(top, 26)
        self.page.put(top, 0, f"{MONTHS[month.month - 1]} {month.year}", TITLE, font_size=15)
        first_row, made = top + 1, [self.formats.heading(NAVY)] * 7
        top += 2
        for week in weeks_of(month):
            shown = [self._shown(day) for day in week]
            high = max(map(len, shown))
            for at, day in enumerate(week):
                self._draw_day(top, at, day, shown[at], high=high)
            self.page.height(top, 18 if high else 32)
            top += 1 + high
        name = f"Calendar_{month:%Y_%m}"
        add_table(self.sheet, name, WEEKDAYS, made, first_row=first_row, last_row=top - 1)
        return top

    def _shown(self, day: date | None) -> list[Slot | str]:
        """Return what a day shows: its posts, or as many as there is room for and how many more there are."""
        slots = self.days.get(day, ()) if day else ()
        if len(slots) <= SLOTS_A_DAY:
            return list(slots)
        return [*slots[: SLOTS_A_DAY - 1], f"+ {len(slots) - SLOTS_A_DAY + 1} more"]

    def _draw_day(self, top: int, column: int, day: date | None, shown: Sequence[Slot | str], *, high: int) -> None:
        """Draw a day's number and its slots; `high` is how many the fullest day of its week shows."""
        put = self.page.put
        edge = {"left": 1, "right": 1, "left_color": LINE, "right_color": LINE}
        ground = {} if day else {"bg_color": UNUSED_FILL}
        number = {"top": 1, "top_color": LINE, "bold": True, "align": "right", "indent": 1}
        put(top, column, day.day if day else "", edge, ground, number, font_color=INK if shown else SOFT_INK)
        for row, slot in enumerate(shown, start=top + 1):
            self.page.height(row, SLOT_POINTS)
            if isinstance(slot, str):
                put(row, column, slot, SOFT, italic=True, indent=1)
                continue
            cell = {**slot.tone.cell, "text_wrap": True, "left": 5, "left_color": slot.tone.ink, "font_size": 9}
            cell |= dict.fromkeys(("top", "bottom", "right"), 1)
            cell |= {f"{side}_color": PAPER for side in ("top", "bottom", "right")}
            alarm = {} if slot.calm else {"font_color": OVER_INK, "bold": True}
            struck = {"font_strikeout": True} if slot.withdrawn else {}
            target = f"internal:'{RESULTS_SHEET}'!A{slot.line}"
            put(row, column, slot.words, cell, alarm, struck, target=target, tip=slot.tip)
        for row in range(top + 1 + len(shown), top + 1 + high):
            put(row, column, "", edge, ground, RULED if row == top + high else {})
