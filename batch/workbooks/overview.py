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
from batch.rules.channel_words import channel_label
from batch.times import MONTHS, WEEKDAYS, instant, months_with, post_time, weeks_of
from batch.wording import REPORTED, counted, listed, shorten
from batch.workbooks import style
from batch.workbooks.style import Formats, PageLayout, StyledCell, Tone

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.chart import Chart
    from xlsxwriter.workbook import Workbook


SUMMARY, BY_PLACE, CALENDAR, LISTS = "Summary", "By place", "Calendar", "Lists"
FINE, WAITING, WORK = STATES = ("OK", "in process", "to fix")
NO_DAY = "no date"
WIDTHS = (26.0, 34.0, *[12.0] * 10)
CHART_COLUMN, CHART_PIXELS, CHART_ROWS = 6, (600, 280), (6, 21)
BELOW_CHARTS, LAST_OF_NOTES = 36, 8
"""The first row under the charts, and the last column over which a note reaches."""
FIGURE: Mapping[str, str] = {"num_format": '#,##0;-#,##0;"–"'}
ALARM = {"font_color": style.OUTCOME_TONES[OutcomeKind.INVALID].ink, "bold": True}
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
    style.RESULTS_SHEET: "One line for each post. More columns are folded at the right: click the + above them.",
    BY_PLACE: "Each row with places against its places, with a mark where they meet.",
    style.TO_FIX_SHEET: "The rows that need your attention: correct them there.",
    CALENDAR: "What goes out when, month by month.",
    LISTS: "Hidden: the words in the drop-downs of To fix.",
    style.AS_RUN_SHEET: "Hidden: To fix as it was written, by which postbatch fix tells what you corrected.",
}


def needs_work(outcome: Outcome) -> bool:
    """Tell whether somebody has to do something about a post."""
    return outcome.outcome not in GOOD and outcome.outcome is not OutcomeKind.PROCESSING


HEADS: Mapping[str, str] = {"plan": "Plan", "report": "Report"}


class SummarySheet(PageLayout):
    """The sheet, drawn from top to bottom; the charts stand beside the tables that they show.

    `told` is what its first table says of each outcome, in that order, under `told_as`.
    """

    widths: Sequence[float] = WIDTHS
    sheets: Mapping[str, str] = SHEETS
    told: Mapping[OutcomeKind, Sequence[str]] = {
        kind: (kind.value, MEANINGS[kind]) for kind in sorted(OutcomeKind, key=lambda kind: kind in GOOD)
    }
    told_as: Sequence[str] = ("outcome", "what it means")
    ended, chart_column = "finished", CHART_COLUMN

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        super().__init__(book, formats, SUMMARY, tab=style.TEAL, widths=self.widths)
        self.book, self.results = book, results
        self.table = self._count()
        self.counts = Counter(outcome.outcome for outcome in results.outcomes)

    def _count(self) -> pd.DataFrame:
        """Return what is counted of each post, the channels in their usual order."""
        import pandas as pd

        outcomes = self.results.outcomes
        channels = [outcome.channel or "(none)" for outcome in outcomes]
        waiting = OutcomeKind.PROCESSING
        states = (WORK if needs_work(o) else WAITING if o.outcome is waiting else FINE for o in outcomes)
        days = (post_time(outcome).day for outcome in outcomes)
        return pd.DataFrame({
            "site": [outcome.site or "(none)" for outcome in outcomes],
            "channel": pd.Categorical(channels, categories=[*dict.fromkeys(map(str, (*Channel, *sorted(channels))))]),
            "account": [outcome.account or "(default)" for outcome in outcomes],
            "state": list(states),
            "day": [day.isoformat() if day else NO_DAY for day in days],
        })  # fmt: skip

    def draw(self) -> None:
        """Draw and write everything."""
        results = self.results
        about = [f"Run {results.run}"] if results.run else []
        for word, at in (("started", results.started_at), (self.ended, results.finished_at)):
            about += [f"{word} {instant(at)}"] if at else []
        about += ["in the SANDBOX, not on a real site"] if results.sandbox else []
        self.head(f"{HEADS.get(results.wanted, 'Results')} for {results.sheet}", " · ".join(about))
        self._draw_tiles(self._count_tiles())
        kinds = [kind for kind in self.told if kind in self.counts]
        rows: list[list[StyledCell]] = [
            [(word, {**style.OUTCOME_TONES[kind].cell, "bold": True}), *((text, {}) for text in more), (counts, FIGURE)]
            for kind, (word, *more), counts in ((kind, self.told[kind], self.counts[kind]) for kind in kinds)
        ]
        words = len(self.told_as)
        below = self.draw_table(7, f"By {self.told_as[0]}", (*self.told_as, "posts"), rows, words=words)
        first_day = max(self._draw_tables(below), BELOW_CHARTS) + 2
        days = self.table.groupby(["day", "channel"], observed=True).size().unstack(fill_value=0)
        self._draw_notes(self._draw_days(first_day - 2, days))
        if kinds:
            self._add_outcome_chart(kinds, first=9)
        if dated := sum(day != NO_DAY for day in days.index):
            self._add_day_chart(days, first=first_day, last=first_day + dated - 1)
        self.sheet.activate()
        style.add_sandbox_banner(self.sheet, sandbox=results.sandbox)

    def _draw_tables(self, below: int) -> int:
        """Draw the posts by state for each channel and account, and for each site; return the row for what follows."""
        several = self.table["site"].nunique() > 1
        for pair in (*([("site", "channel")] if several else []), ("channel", "account")):
            states = self.table.groupby([*pair, "state"], observed=True).size().unstack(fill_value=0)
            rows: list[list[StyledCell]] = []
            for *names, fine, waiting, work in (
                states.reindex(columns=list(STATES), fill_value=0).reset_index().itertuples(index=False)
            ):
                figures = [(number, FIGURE) for number in (fine + waiting + work, fine, waiting)]
                texts = (self._name_cell(text, column) for text, column in zip(names, pair, strict=True))
                rows.append([*texts, *figures, (work, {**FIGURE, **(ALARM if work else {})})])
            below = self.draw_table(below, f"By {' and '.join(pair)}", (*pair, "posts", *STATES), rows, words=2)
        return below

    def _draw_notes(self, below: int) -> None:
        """Draw what else there is to know: the run's notices, and what each sheet holds."""
        notes: list[list[StyledCell]] = [[(notice, {})] for notice in self.results.notices]
        if notes:
            below = self.draw_table(below, "Notes", ("note",), notes, words=1, last=LAST_OF_NOTES)
        placed = any(outcome.place for outcome in self.results.outcomes)
        sheets: list[list[StyledCell]] = [
            [(name, {} if what.startswith("Hidden") else style.LINK), (what, {})]
            for name, what in self.sheets.items()
            if placed or name != BY_PLACE
        ]
        names = "sheet", "what it holds"
        self.draw_table(below, "In this workbook", names, sheets, words=2, last=LAST_OF_NOTES)

    def _count_tiles(self) -> Sequence[tuple[str, int, Tone]]:
        """Return the tiles: their words, figures and colours; where anything needs work, say what to do next."""
        states = self.table["state"].value_counts().to_dict()
        fine, waiting, work = (states.get(state, 0) for state in STATES)
        attention = "needs your attention" if work == 1 else "need your attention"
        if work:
            name = self.results.sheet
            sheet = f'"{name}"' if " " in name else name
            self.put(5, 0, f"Correct them on the sheet To fix and save, then: postbatch fix {sheet}", bold=True)
        return (
            ("posts", fine + waiting + work, Tone("#E0E7FF", "#3730A3")),
            (attention, work, style.OUTCOME_TONES[OutcomeKind.INVALID] if work else style.NO_TONE),
            (WAITING, waiting, style.OUTCOME_TONES[OutcomeKind.PROCESSING] if waiting else style.NO_TONE),
            (FINE, fine, style.OUTCOME_TONES[OutcomeKind.SCHEDULED]),
        )

    def _draw_tiles(self, tiles: Sequence[tuple[str, int, Tone]]) -> None:
        self.sheet.set_row(3, 22)
        self.sheet.set_row(4, 36)
        edge = {"left": 5, "right": 5, "right_color": style.PAPER, "indent": 1}
        cells = [{**tone.cell, **edge, "left_color": tone.ink} for _, _, tone in tiles]
        made = [self.formats.make(cell, valign="bottom") for cell in cells]
        style.add_table(self.sheet, "TotalTable", [words for words, _, _ in tiles], made, first_row=3, last_row=4)
        for place, (_, number, _) in enumerate(tiles):
            self.put(4, place, number, cells[place], bold=True, font_size=24, valign="top")

    @staticmethod
    def _name_cell(text: str, column: str) -> StyledCell:
        if column != "channel":
            return text, {}
        return channel_label(text), {**style.CHANNEL_TONES.get(text, style.NO_TONE).cell, "bold": True}

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
        return self.draw_table(top, "By day", headings, rows, words=2)

    def _add_outcome_chart(self, kinds: Sequence[OutcomeKind], *, first: int) -> None:
        last, column = first + len(kinds) - 1, len(self.told_as)
        chart = self.book.add_chart({"type": "bar"})
        chart.add_series({
            "name": "posts",
            "categories": [SUMMARY, first, 0, last, 0],
            "values": [SUMMARY, first, column, last, column],
            "points": [{"fill": {"color": style.OUTCOME_TONES[kind].bar}} for kind in kinds],
            "gap": 45,
            "data_labels": {"value": True, "font": {"size": 10, "color": style.INK}},
        })  # fmt: skip
        chart.set_y_axis({"reverse": True, "line": {"none": True}, "major_tick_mark": "none", "interval_unit": 1})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
        chart.set_legend({"none": True})
        self._place_chart(chart, f"Posts by {self.told_as[0]}", CHART_ROWS[0])

    def _add_day_chart(self, days: pd.DataFrame, *, first: int, last: int) -> None:
        chart = self.book.add_chart({"type": "column", "subtype": "stacked"})
        for column, channel in enumerate(days.columns, start=3):
            chart.add_series({
                "name": [SUMMARY, first - 1, column],
                "categories": [SUMMARY, first, 0, last, 0],
                "values": [SUMMARY, first, column, last, column],
                "fill": {"color": style.CHANNEL_TONES.get(str(channel), style.NO_TONE).ink},
                "gap": 40,
            })  # fmt: skip
        whole_step = max(1, -(-int(days.sum(axis=1).max()) // 6))  # so that no axis shows half a post
        chart.set_y_axis({
            "major_gridlines": {"visible": True, "line": {"color": style.LINE}}, "line": {"none": True},
            "num_format": "0", "major_unit": whole_step,
        })  # fmt: skip
        one_year = len({day[:4] for day in days.index if day != NO_DAY}) == 1
        shown = "d mmm" if one_year else DAY["num_format"]
        chart.set_x_axis({"line": {"color": style.SLATE}, "text_axis": True, "num_format": shown})
        chart.set_legend({"position": "bottom"})
        self._place_chart(chart, "Posts by day and channel", CHART_ROWS[1])

    def _place_chart(self, chart: Chart, title: str, row: int) -> None:
        chart.set_title({"name": title, "name_font": {"size": 12, "color": style.NAVY}, "overlay": False})
        chart.set_size({"width": CHART_PIXELS[0], "height": CHART_PIXELS[1]})
        chart.set_chartarea({"border": {"color": style.LINE}})
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


TOTALS_WIDTH = 12.0
HEADINGS: Mapping[OutcomeKind, str] = {**REPORTED, OutcomeKind.DRAFTED: "drafts"}
REPORT_TILES = (OutcomeKind.PUBLISHED, OutcomeKind.SCHEDULED, OutcomeKind.FAILED, OutcomeKind.DRAFTED)
"""The states that a report names even where no post is in them."""


class ReportSheet(SummarySheet):
    """The same for a month as it stands: what is live and what is to come, each total in a table of its own."""

    sheets: Mapping[str, str] = {name: SHEETS[name] for name in (style.RESULTS_SHEET, BY_PLACE, CALENDAR)}
    told: Mapping[OutcomeKind, Sequence[str]] = {kind: (word,) for kind, word in REPORTED.items()}
    told_as, ended = ("state",), "as of"

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.totals = report_totals(results)
        found = [found for values in self.totals.values() for found in values.values()]
        present = {*REPORT_TILES, *(kind for totals in found for kind in totals.states)}
        self.kinds = [kind for kind in REPORTED if kind in present]
        names = [name for name in results.headings[1:] if any(name in totals.figures for totals in found)]
        headings = style.tell_apart(
            (style.fit_cell(name[:MAX_MATRIX_NAME]) for name in names),
            taken=("posts", *self.totals, *HEADINGS.values()),
            word="service",
        )
        self.figures = dict(zip(names, headings, strict=True))
        self.chart_column = max(2 + len(self.kinds) + len(names), CHART_COLUMN)
        self.widths = (WIDTHS[0], *[TOTALS_WIDTH] * self.chart_column)
        super().__init__(book, formats, results)

    def _count_tiles(self) -> Sequence[tuple[str, int, Tone]]:
        tones = {kind: style.OUTCOME_TONES[kind] if self.counts[kind] else style.NO_TONE for kind in REPORT_TILES}
        return [(HEADINGS[kind], self.counts[kind], tone) for kind, tone in tones.items()]

    def _draw_tables(self, below: int) -> int:
        """Draw a table for each of site, channel, campaign and place, where the posts have any."""
        failed = OutcomeKind.FAILED
        for name, values in self.totals.items():
            if not any(values):
                continue
            rows: list[list[StyledCell]] = [
                [
                    self._name_cell(value or "(none)", name if value else ""),
                    (found.states.total(), {**FIGURE, "bold": True}),
                    *(
                        (count, {**FIGURE, **(ALARM if kind is failed and count else {})})
                        for kind, count in ((kind, found.states[kind]) for kind in self.kinds)
                    ),
                    *((found.figures.get(figure, ""), FIGURE) for figure in self.figures),
                ]
                for value, found in values.items()
            ]
            names = (name, "posts", *(HEADINGS[kind] for kind in self.kinds), *self.figures.values())
            below = self.draw_table(below, f"By {name}", names, rows, words=1)
        return below


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


class PlaceSheet(PageLayout):
    """The sheet `By place`: a line for each place, a column for each row sent to places, a mark where they meet.

    Where the rows are more than the places they change sides, so that it stays as narrow as it can be.
    """

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.sandbox = results.sandbox
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
        own = [PLACE_WIDTH, *([SITE_WIDTH] if several else []), COUNT_WIDTH]
        self.first = len(own)
        super().__init__(book, formats, BY_PLACE, tab=style.TEAL, widths=[*own, *[MARK_WIDTH] * len(self.across)])

    def draw(self) -> None:
        """Draw and write everything."""
        self.head(BY_PLACE, LEGEND)
        wanted = ["row" if self.by_row else "place", *(["site"] if self.sites else []), "to fix", *self.across]
        names = style.tell_apart(style.fit_cell(name[:MAX_MATRIX_NAME]) or "(none)" for name in wanted)
        made = [self.formats.make(style.TABLE_HEADING, style.TEXT)] * len(names)
        last_row = HEAD_ROWS + len(self.down)
        style.add_table(self.sheet, "PlaceTable", names, made, first_row=HEAD_ROWS, last_row=last_row, autofilter=True)
        self.sheet.set_row(HEAD_ROWS, 34)
        for at, name in enumerate(self.down, start=HEAD_ROWS + 1):
            self._draw_line(at, name)
        self.sheet.freeze_panes(HEAD_ROWS + 1, 1)
        self.sheet.repeat_rows(HEAD_ROWS)
        style.add_sandbox_banner(self.sheet, sandbox=self.sandbox)

    def _draw_line(self, at: int, name: str) -> None:
        squares = [self.squares.get((name, other) if self.by_row else (other, name), ()) for other in self.across]
        for column, text in enumerate([name, *([self.sites[name]] if self.sites else [])]):
            self.put(at, column, text, style.TEXT, style.RULED, valign="top")
        marks = [_mark_of(outcome) for square in squares for _, outcome in square if needs_work(outcome)]
        lines = 1 + min(max(map(len, marks), default=1), MARK_CHARS) // MARK_LETTERS
        self.sheet.set_row(at, MARK_POINTS * lines + 3)
        alarm = ALARM if marks else style.SOFT
        self.put(at, self.first - 1, len(marks), FIGURE, style.RULED, alarm, valign="top", align="center")
        for column, square in enumerate(squares, start=self.first):
            self._draw_square(at, column, square)

    def _draw_square(self, at: int, column: int, square: Square) -> None:
        """Draw the mark of a square: that of the post which needs somebody, where there is one, else of the first."""
        edge = {"border": 1, "border_color": style.PAPER, "valign": "top", "font_size": 9}
        if not square:
            self.put(at, column, NOT_SENT, style.TEXT, edge, style.SOFT)
            return
        line, outcome = min(square, key=lambda post: not needs_work(post[1]))
        mark = shorten(_mark_of(outcome), limit=MARK_CHARS)
        words = f"{mark} ({len(square)} posts)" if len(square) > 1 else mark
        live = style.web_link(outcome.link) if outcome.status == Status.PUBLISHED else ""
        tip = shorten(f"{outcome.place}: {outcome.message or outcome.outcome.value}", limit=TIP_CHARS)
        target = live or f"internal:'{style.RESULTS_SHEET}'!A{line}"
        self.put(at, column, words, style.TEXT, edge, style.OUTCOME_TONES[outcome.outcome].cell, target=target, tip=tip)


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
            tone=style.CHANNEL_TONES.get(outcome.channel, style.NO_TONE),
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


class CalendarSheet(PageLayout):
    """The sheet, drawn month after month: a table for each, its weeks one below the other."""

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        super().__init__(book, formats, CALENDAR, tab=style.INDIGO, widths=[DAY_WIDTH] * 7)
        self.sandbox = results.sandbox
        self.days, self.undated, self.zones = sort_into_days(results.outcomes)

    def draw(self) -> None:
        """Draw and write everything."""
        self.head("Calendar", self._tell_clock())
        top = 3
        for month in months_with(self.days)[:MAX_MONTHS]:
            top = self._draw_month(top, month) + 1
        self.sheet.freeze_panes(2, 0)
        style.add_sandbox_banner(self.sheet, sandbox=self.sandbox)

    def _tell_clock(self) -> str:
        if not self.zones:
            return "No post has a date."
        others = " and others" if len(self.zones) > 4 else ""
        clock = f"Each time is in the post's own time zone: {', '.join(self.zones[:4])}{others}."
        clock = f"Times are {self.zones[0]}." if len(self.zones) == 1 else clock
        if self.undated:
            clock += f" Not shown: {counted(self.undated, 'post')} without a date."
        return f"{clock} ✗ = needs your attention. Struck out = won't go out. Click a post to see its line in Results."

    def _draw_month(self, top: int, month: date) -> int:
        """Draw a month from a row on, and return the row after it."""
        self.sheet.set_row(top, 26)
        self.put(top, 0, f"{MONTHS[month.month - 1]} {month.year}", style.TITLE, font_size=15)
        first_row, made = top + 1, [self.formats.heading(style.NAVY)] * 7
        top += 2
        for week in weeks_of(month):
            shown = [self._shown(day) for day in week]
            high = max(map(len, shown))
            self.sheet.set_row(top, 18 if high else 32)
            for at, day in enumerate(week):
                self._draw_day(top, at, day, shown[at], high=high)
            top += 1 + high
        style.add_table(self.sheet, f"Calendar_{month:%Y_%m}", WEEKDAYS, made, first_row=first_row, last_row=top - 1)
        return top

    def _shown(self, day: date | None) -> list[Slot | str]:
        """Return what a day shows: its posts, or as many as there is room for and how many more there are."""
        slots = self.days.get(day, ()) if day else ()
        if len(slots) <= SLOTS_A_DAY:
            return list(slots)
        return [*slots[: SLOTS_A_DAY - 1], f"+ {len(slots) - SLOTS_A_DAY + 1} more"]

    def _draw_day(self, top: int, column: int, day: date | None, shown: Sequence[Slot | str], *, high: int) -> None:
        """Draw a day's number and its slots; `high` is how many the fullest day of its week shows."""
        edge = {"left": 1, "right": 1, "left_color": style.LINE, "right_color": style.LINE}
        ground = {} if day else {"bg_color": style.UNUSED_FILL}
        number = {"top": 1, "top_color": style.LINE, "bold": True, "align": "right", "indent": 1}
        self.put(top, column, day.day if day else "", {} if shown else style.SOFT, edge, ground, number)
        for row, slot in enumerate(shown, start=top + 1):
            self.sheet.set_row(row, SLOT_POINTS)
            if isinstance(slot, str):
                self.put(row, column, slot, style.SOFT, italic=True, indent=1)
                continue
            cell = {**slot.tone.cell, "text_wrap": True, "left": 5, "left_color": slot.tone.ink, "font_size": 9}
            cell |= dict.fromkeys(("top", "bottom", "right"), 1)
            cell |= {f"{side}_color": style.PAPER for side in ("top", "bottom", "right")}
            alarm = {} if slot.calm else {"font_color": style.OVER_INK, "bold": True}
            struck = {"font_strikeout": True} if slot.withdrawn else {}
            target = f"internal:'{style.RESULTS_SHEET}'!A{slot.line}"
            self.put(row, column, slot.words, cell, alarm, struck, target=target, tip=slot.tip)
        for row in range(top + 1 + len(shown), top + 1 + high):
            self.put(row, column, "", edge, ground, style.RULED if row == top + high else {})
