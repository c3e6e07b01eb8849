"""The `Summary` sheet: what happened at a glance, totals by outcome, channel, account and day, and two charts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

from batch.model import GOOD, Channel, Outcome, OutcomeKind, Results
from batch.times import post_time
from batch.workbooks.style import (
    CHANNEL_TONES,
    CHART_INKS,
    INK,
    LINE,
    NAVY,
    NO_TONE,
    OUTCOME_TONES,
    PAPER,
    RULE,
    RULED,
    SLATE,
    SOFT,
    SUBTITLE,
    TEAL,
    TITLE,
    Formats,
    PageLayout,
    Tone,
    add_sandbox_banner,
    add_sheet,
    channel_label,
)

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.chart import Chart
    from xlsxwriter.workbook import Workbook


SUMMARY = "Summary"
WELL, WAITING, WORK = STATES = ("well", "in process", "to fix")
NO_DAY = "no date"
LEFT = 1
WIDTHS = (2.0, 26.0, 26.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0)
CHART_COLUMN = 7
CHART_PIXELS = (620, 320)
CHART_ROWS = (7, 25)
BELOW_CHARTS = 43
TILE_COLUMNS = ((1, 1), (2, 2), (3, 4), (5, 6))
FIGURE: Mapping[str, str] = {"num_format": '#,##0;-#,##0;"–"', "align": "right"}

MEANINGS: Mapping[OutcomeKind, str] = {
    OutcomeKind.DRAFTED: "a draft is on the site",
    OutcomeKind.PUBLISHED: "live",
    OutcomeKind.SCHEDULED: "goes out by itself",
    OutcomeKind.RESCHEDULED: "goes out at its new time",
    OutcomeKind.UPDATED: "now says what the row says",
    OutcomeKind.CANCELLED: "will not go out",
    OutcomeKind.DELETED: "gone from the site",
    OutcomeKind.UNCHANGED: "was as the row says",
    OutcomeKind.SKIPPED: "left out, as asked",
    OutcomeKind.INVALID: "correct the row",
    OutcomeKind.BLOCKED: "plan, quota or connection",
    OutcomeKind.CONFLICT: "the site holds another post",
    OutcomeKind.FAILED: "refused; see the message",
    OutcomeKind.PROCESSING: "ask again: postbatch status",
    OutcomeKind.UNKNOWN: "run again to settle it",
    OutcomeKind.NOT_RUN: "run again to do it",
}

StyledCell = tuple[str | int, Mapping[str, Any]]
"""A cell's value and the properties of its format."""


def add_summary_sheet(book: Workbook, formats: Formats, results: Results) -> None:
    """Add the sheet."""
    SummarySheet(book, formats, results).draw()


def _count_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """Return what is counted of each post, the channels in their usual order."""
    import pandas as pd

    channels = [outcome.channel or "(none)" for outcome in outcomes]
    order = list(dict.fromkeys((*Channel, *sorted(channels))))
    times = [post_time(outcome) for outcome in outcomes]
    return pd.DataFrame({
        "outcome": [outcome.outcome.value for outcome in outcomes],
        "channel": pd.Categorical(channels, categories=[str(channel) for channel in order]),
        "account": [outcome.account or "(default)" for outcome in outcomes],
        "state": [
            WAITING if o.outcome is OutcomeKind.PROCESSING else WELL if o.outcome in GOOD else WORK for o in outcomes
        ],
        "day": [time.day.isoformat() if time.day else NO_DAY for time in times],
    })  # fmt: skip


class SummarySheet:
    """The sheet, drawn from top to bottom; the charts stand beside the tables that they show."""

    def __init__(self, book: Workbook, formats: Formats, results: Results) -> None:
        self.book = book
        self.results = results
        self.sheet = add_sheet(book, SUMMARY, tab=TEAL)
        self.page = PageLayout(formats)
        self.table = _count_table(results.outcomes)

    def draw(self) -> None:
        """Draw and write everything."""
        for at, width in enumerate(WIDTHS):
            self.sheet.set_column(at, at, width)
        self._draw_head()
        kinds = self._draw_outcomes(8)
        below = 8 + len(kinds) + 3
        for title, names in (("By channel", ["channel"]), ("By account", ["channel", "account"])):
            below = self._draw_totals(below, title, names)
        first_day = max(below, BELOW_CHARTS) + 2
        days = self.table.groupby(["day", "channel"], observed=True).size().unstack(fill_value=0)
        below = self._draw_days(first_day - 2, days)
        if self.results.notices:
            self.page.put(below, LEFT, "Said along the way", SUBTITLE)
            for row, notice in enumerate(self.results.notices, start=below + 1):
                self.page.put(row, LEFT, notice, SOFT)
        self.page.write(self.sheet)
        if kinds:
            self._add_outcome_chart(kinds)
        if dated := sum(day != NO_DAY for day in days.index):
            self._add_day_chart(days, first_day, first_day + dated - 1)
        add_sandbox_banner(self.sheet, sandbox=self.results.sandbox)

    def _draw_head(self) -> None:
        """Draw the title, what run this is, and a tile for each state."""
        page, results = self.page, self.results
        page.height(0, 24)
        page.height(1, 30)
        page.put(1, LEFT, f"{'Plan' if results.wanted == 'plan' else 'Results'} for {results.sheet}", TITLE)
        said = [f"run {results.run}"] if results.run else []
        for word, at in (("started", results.started_at), ("finished", results.finished_at)):
            said += [f"{word} {at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"] if at else []
        said += ["in the SANDBOX, not on a real site"] if results.sandbox else []
        page.put(2, LEFT, " · ".join(said), SOFT)
        page.height(4, 40)
        page.height(5, 20)
        states = self.table["state"].value_counts().to_dict()
        well, waiting, work = (states.get(state, 0) for state in STATES)
        tiles = (
            (well + waiting + work, "posts", Tone("#E0E7FF", "#3730A3")),
            (well, "well", OUTCOME_TONES[OutcomeKind.SCHEDULED]),
            (waiting, "in process", OUTCOME_TONES[OutcomeKind.PROCESSING]),
            (work, "need work: see To fix" if work else "need work", OUTCOME_TONES[OutcomeKind.INVALID]),
        )
        for (first, last), (number, words, tone) in zip(TILE_COLUMNS, tiles, strict=True):
            edge = {"left": 5, "left_color": tone.ink, "right": 5, "right_color": PAPER, "indent": 1}
            page.put(4, first, number, tone.cell, edge, last=last, bold=True, font_size=24, valign="bottom")
            page.put(5, first, words, tone.cell, edge, last=last, valign="top")

    def _draw_outcomes(self, top: int) -> list[OutcomeKind]:
        """Draw the posts by outcome, and return the outcomes that there are."""
        counts = self.table["outcome"].value_counts().to_dict()
        kinds = [kind for kind in OutcomeKind if kind in counts]
        rows: list[list[StyledCell]] = [
            [
                (kind.value, {**OUTCOME_TONES[kind].cell, "bold": True, "indent": 1}),
                (MEANINGS[kind], {}),
                (counts[kind], FIGURE),
            ]
            for kind in kinds
        ]
        self._draw_table(top, "By outcome", ("outcome", "what it means", "posts"), rows, words=2)
        return kinds

    def _draw_totals(self, top: int, title: str, names: list[str]) -> int:
        """Draw the posts by state for each channel or account, and return the row for the next table."""
        counted = self.table.groupby([*names, "state"], observed=True).size().unstack(fill_value=0)
        rows: list[list[StyledCell]] = []
        for channel, *account, well, waiting, work in (
            counted.reindex(columns=list(STATES), fill_value=0).reset_index().itertuples(index=False)
        ):
            tone = CHANNEL_TONES.get(channel, NO_TONE)
            alarm = {"font_color": OUTCOME_TONES[OutcomeKind.INVALID].ink, "bold": True} if work else {}
            rows.append([
                (channel_label(channel), {**tone.cell, "bold": True, "indent": 1}),
                ("".join(account), {}),
                *((number, FIGURE) for number in (well + waiting + work, well, waiting)),
                (work, {**FIGURE, **alarm}),
            ])  # fmt: skip
        headings = (*names, *("",) * (2 - len(names)), "posts", *STATES)
        return self._draw_table(top, title, headings, rows, words=2)

    def _draw_days(self, top: int, days: pd.DataFrame) -> int:
        """Draw the posts a day, a column for each channel, and return the row for what follows."""
        rows: list[list[StyledCell]] = [
            [
                (str(day), {}),
                (sum(counts), {**FIGURE, "bold": True}),
                *((number, FIGURE) for number in counts),
            ]
            for day, counts in zip(days.index, days.to_numpy().tolist(), strict=True)
        ]
        self.page.height(top + 1, 32)
        headings = ("day (local)", "posts", *(channel_label(str(channel)) for channel in days.columns))
        return self._draw_table(top, "By day", headings, rows, words=1)

    def _draw_table(
        self, top: int, title: str, names: Iterable[str], rows: Sequence[Sequence[StyledCell]], *, words: int
    ) -> int:
        """Draw a table, the first `words` columns of which hold words, and return the row for the next one."""
        self.page.height(top, 24)
        self.page.put(top, LEFT, title, SUBTITLE)
        for at, name in enumerate(names):
            align = "left" if at < words else "right"
            self.page.put(
                top + 1, LEFT + at, name, SOFT, align=align, bold=True, bottom=2, bottom_color=RULE, text_wrap=True
            )
        for row, cells in enumerate(rows, start=top + 2):
            for at, (value, properties) in enumerate(cells):
                self.page.put(row, LEFT + at, value, RULED, properties)
        return top + 2 + len(rows) + 1

    def _add_outcome_chart(self, kinds: Sequence[OutcomeKind]) -> None:
        first, last = 10, 9 + len(kinds)
        chart = self.book.add_chart({"type": "bar"})
        chart.add_series({
            "name": "posts",
            "categories": [SUMMARY, first, LEFT, last, LEFT],
            "values": [SUMMARY, first, LEFT + 2, last, LEFT + 2],
            "points": [{"fill": {"color": CHART_INKS[OUTCOME_TONES[kind].fill]}} for kind in kinds],
            "gap": 45,
            "data_labels": {"value": True, "font": {"size": 10, "color": INK}},
        })  # fmt: skip
        chart.set_y_axis({"reverse": True, "line": {"none": True}, "major_tick_mark": "none"})
        chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
        chart.set_legend({"none": True})
        self._place_chart(chart, "Posts by outcome", CHART_ROWS[0])

    def _add_day_chart(self, days: pd.DataFrame, first: int, last: int) -> None:
        chart = self.book.add_chart({"type": "column", "subtype": "stacked"})
        for column, channel in enumerate(days.columns, start=LEFT + 2):
            chart.add_series({
                "name": [SUMMARY, first - 1, column],
                "categories": [SUMMARY, first, LEFT, last, LEFT],
                "values": [SUMMARY, first, column, last, column],
                "fill": {"color": CHANNEL_TONES.get(str(channel), NO_TONE).ink},
                "gap": 40,
            })  # fmt: skip
        whole_step = max(1, -(-int(days.sum(axis=1).max()) // 6))  # so that no axis shows half a post
        chart.set_y_axis({
            "major_gridlines": {"visible": True, "line": {"color": LINE}}, "line": {"none": True}, "num_format": "0",
            "major_unit": whole_step,
        })  # fmt: skip
        chart.set_x_axis({"line": {"color": SLATE}, "text_axis": True})
        chart.set_legend({"position": "bottom"})
        self._place_chart(chart, "Posts by day and channel", CHART_ROWS[1])

    def _place_chart(self, chart: Chart, title: str, row: int) -> None:
        chart.set_title({"name": title, "name_font": {"size": 12, "color": NAVY}, "overlay": False})
        chart.set_size({"width": CHART_PIXELS[0], "height": CHART_PIXELS[1]})
        chart.set_chartarea({"border": {"color": LINE}})
        self.sheet.insert_chart(row, CHART_COLUMN, chart, {"object_position": 3, "x_offset": 24})
