"""The `Summary` sheet: what happened at a glance, totals by outcome, channel, account and day, and two charts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from batch.model import GOOD, Channel, Outcome, OutcomeKind, Results
from batch.times import moment_of
from batch.workbooks.calendar_sheet import channel_label
from batch.workbooks.results_sheets import shown_utc
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
    SLATE,
    SOFT_INK,
    TEAL,
    Canvas,
    Looks,
    Tone,
    add_banner,
    add_sheet,
)

if TYPE_CHECKING:
    import pandas as pd
    from xlsxwriter.chart import Chart
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet


WELL, WAITING, WORK = "well", "in process", "to fix"
NO_DAY = "no date"
STATES = (WELL, WAITING, WORK)


class Total(NamedTuple):
    """A line of a summary: what it counts, its posts, and how many of them are well, in process, and need work."""

    names: tuple[str, ...]
    posts: int
    well: int
    waiting: int
    work: int


class Totals(NamedTuple):
    """All that the summary shows. `days` has a column for each of `channels`."""

    posts: int
    well: int
    waiting: int
    work: int
    outcomes: tuple[tuple[OutcomeKind, int], ...]
    by_channel: tuple[Total, ...]
    by_account: tuple[Total, ...]
    channels: tuple[str, ...]
    days: tuple[tuple[str, tuple[int, ...]], ...]


def count_totals(results: Results) -> Totals:
    """Return the totals of a run."""
    table = _make_table(results.outcomes)
    states = {state: int((table["state"] == state).sum()) for state in STATES}
    outcomes = table.groupby("outcome").size()
    channels, days = _count_days(table)
    return Totals(
        posts=len(table),
        well=states[WELL],
        waiting=states[WAITING],
        work=states[WORK],
        outcomes=tuple((kind, int(outcomes[kind])) for kind in OutcomeKind if kind in outcomes.index),
        by_channel=_count_by(table, ["channel"]),
        by_account=_count_by(table, ["channel", "account"]),
        channels=channels,
        days=days,
    )


def state_of(outcome: Outcome) -> str:
    """Return whether a post is well, in process, or needs work."""
    if outcome.outcome is OutcomeKind.PROCESSING:
        return WAITING
    return WELL if outcome.outcome in GOOD else WORK


def _make_table(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    import pandas as pd

    moments = [moment_of(outcome) for outcome in outcomes]
    return pd.DataFrame({
        "outcome": [outcome.outcome.value for outcome in outcomes],
        "channel": [outcome.channel or "(none)" for outcome in outcomes],
        "account": [outcome.account or "(default)" for outcome in outcomes],
        "state": [state_of(outcome) for outcome in outcomes],
        "day": [moment.day.isoformat() if moment.day else NO_DAY for moment in moments],
    })  # fmt: skip


def _count_by(table: pd.DataFrame, columns: list[str]) -> tuple[Total, ...]:
    counted = (
        table.groupby([*columns, "state"]).size().unstack("state", fill_value=0).reindex(columns=STATES, fill_value=0)
    )
    lines: list[Total] = []
    for names, counts in zip(counted.index, counted.to_numpy().tolist(), strict=True):
        well, waiting, work = counts
        named = tuple(names) if isinstance(names, tuple) else (str(names),)
        lines.append(Total(named, well + waiting + work, well, waiting, work))
    return tuple(sorted(lines, key=lambda line: (_channel_place(line.names[0]), *line.names[1:])))


def _count_days(table: pd.DataFrame) -> tuple[tuple[str, ...], tuple[tuple[str, tuple[int, ...]], ...]]:
    if table.empty:
        return (), ()
    counted = table.groupby(["day", "channel"]).size().unstack("channel", fill_value=0)
    channels = tuple(sorted(map(str, counted.columns), key=_channel_place))
    ordered = counted[list(channels)].sort_index()
    lines = zip(map(str, ordered.index), (tuple(counts) for counts in ordered.to_numpy().tolist()), strict=True)
    return channels, tuple(lines)


def _channel_place(channel: str) -> int:
    known = list(Channel)
    return known.index(Channel(channel)) if channel in Channel.__members__ else len(known)


SUMMARY = "Summary"
LEFT = 1
WIDTHS = (2.0, 26.0, 26.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0, 11.0)
CHART_COLUMN = 7
CHART_PIXELS = (620, 320)
CHART_ROWS = (7, 25)
BELOW_CHARTS = 43
TILES = (
    ("posts", "posts", Tone("#E0E7FF", "#3730A3")),
    ("well", "well", OUTCOME_TONES[OutcomeKind.SCHEDULED]),
    ("waiting", "in process", OUTCOME_TONES[OutcomeKind.PROCESSING]),
    ("work", "need work", OUTCOME_TONES[OutcomeKind.INVALID]),
)

MEANINGS: dict[OutcomeKind, str] = {
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


class Block(NamedTuple):
    """A table as drawn: its first and last row of figures, counted from 0."""

    first: int
    last: int


def add_summary_sheet(book: Workbook, looks: Looks, results: Results) -> None:
    """Add the sheet."""
    sheet = add_sheet(book, SUMMARY, tab=TEAL)
    for at, width in enumerate(WIDTHS):
        sheet.set_column(at, at, width)
    totals = count_totals(results)
    canvas = Canvas()
    _draw_title(canvas, looks, results)
    _draw_tiles(canvas, looks, totals)
    outcomes, top = _draw_outcomes(canvas, looks, 8, totals)
    top = _draw_totals(canvas, looks, top, "By channel", ("channel",), totals.by_channel)
    top = _draw_totals(canvas, looks, top, "By account", ("channel", "account"), totals.by_account)
    days, top = _draw_days(canvas, looks, max(top, BELOW_CHARTS), totals)
    _draw_notices(canvas, looks, top, results.notices)
    canvas.write(sheet)
    if totals.posts:
        _add_outcome_chart(book, sheet, totals, outcomes)
    if days.last >= days.first:
        _add_day_chart(book, sheet, totals, days)
    add_banner(sheet, results)


def _draw_title(canvas: Canvas, looks: Looks, results: Results) -> None:
    planned = results.wanted == "plan"
    title = f"{'Plan' if planned else 'Results'} for {results.sheet}"
    canvas.height(0, 24)
    canvas.height(1, 30)
    canvas.put(1, LEFT, title, looks.make(bold=True, font_size=20, font_color=NAVY, valign="vcenter"))
    told = [f"run {results.run}"] if results.run else []
    if results.started_at:
        told.append(f"started {_clock(shown_utc(results.started_at))}")
    if results.finished_at:
        told.append(f"finished {_clock(shown_utc(results.finished_at))}")
    if results.sandbox:
        told.append("in the SANDBOX, not on a real site")
    canvas.put(2, LEFT, " · ".join(told), looks.make(font_color=SOFT_INK))


def _clock(utc: str) -> str:
    return f"{utc[:10]} {utc[11:16]} UTC"


def _draw_tiles(canvas: Canvas, looks: Looks, totals: Totals) -> None:
    canvas.height(4, 40)
    canvas.height(5, 20)
    places = ((1, 1), (2, 2), (3, 4), (5, 6))
    for (field, words, tone), (first, last) in zip(TILES, places, strict=True):
        edge = {"left": 5, "left_color": tone.ink, "right": 5, "right_color": PAPER}
        figure = looks.tone(tone, bold=True, font_size=24, valign="bottom", indent=1, align="left", **edge)
        caption = looks.tone(tone, valign="top", indent=1, **edge)
        canvas.span(4, first, last, getattr(totals, field), figure)
        pointing = ": see To fix" if field == "work" and totals.work else ""
        canvas.span(5, first, last, words + pointing, caption)


def _draw_heading(canvas: Canvas, looks: Looks, row: int, title: str, names: Sequence[str], *, words: int) -> int:
    """Draw the title and headings of a table, and return its first row; the first `words` columns hold words."""
    canvas.height(row, 24)
    canvas.put(row, LEFT, title, looks.make(bold=True, font_size=13, font_color=NAVY, valign="vcenter"))
    looks_of = {"bold": True, "font_color": SOFT_INK, "bottom": 2, "bottom_color": RULE}
    for at, name in enumerate(names):
        align = "left" if at < words else "right"
        canvas.put(row + 1, LEFT + at, name, looks.make(looks_of, align=align, text_wrap=True))
    return row + 2


def _draw_outcomes(canvas: Canvas, looks: Looks, top: int, totals: Totals) -> tuple[Block, int]:
    first = _draw_heading(canvas, looks, top, "By outcome", ("outcome", "what it means", "posts"), words=2)
    line = {"bottom": 1, "bottom_color": LINE}
    for row, (kind, count) in enumerate(totals.outcomes, start=first):
        canvas.put(row, LEFT, kind.value, looks.tone(OUTCOME_TONES[kind], bold=True, indent=1, **line))
        canvas.put(row, LEFT + 1, MEANINGS[kind], looks.make(line))
        canvas.put(row, LEFT + 2, count, looks.make(line, num_format="#,##0"))
    last = first + len(totals.outcomes) - 1
    return Block(first, last), last + 2


def _draw_totals(
    canvas: Canvas, looks: Looks, top: int, title: str, names: Sequence[str], lines: Sequence[Total]
) -> int:
    headings = (*names, *("",) * (2 - len(names)), "posts", "well", "in process", "to fix")
    row = _draw_heading(canvas, looks, top, title, headings, words=2)
    line = {"bottom": 1, "bottom_color": LINE}
    bad = OUTCOME_TONES[OutcomeKind.INVALID].ink
    for total in lines:
        channel, account = (*total.names, "")[:2]
        tone = CHANNEL_TONES.get(channel, NO_TONE)
        canvas.put(row, LEFT, channel_label(channel), looks.tone(tone, bold=True, indent=1, **line))
        canvas.put(row, LEFT + 1, account, looks.make(line))
        for at, count in enumerate((total.posts, total.well, total.waiting, total.work)):
            ink = {"font_color": bad, "bold": True} if at == 3 and count else {}
            canvas.put(row, LEFT + 2 + at, count, looks.make(line, ink, num_format='#,##0;-#,##0;"–"', align="right"))
        row += 1
    return row + 1


def _draw_days(canvas: Canvas, looks: Looks, top: int, totals: Totals) -> tuple[Block, int]:
    """Draw posts a day, a column for each channel, and return where the days stand that are dates."""
    names = ("day (local)", "posts", *(channel_label(channel) for channel in totals.channels))
    first = _draw_heading(canvas, looks, top, "By day", names, words=1)
    canvas.height(first - 1, 32)
    line = {"bottom": 1, "bottom_color": LINE}
    figures = looks.make(line, num_format='#,##0;-#,##0;"–"', align="right")
    for row, (day, counts) in enumerate(totals.days, start=first):
        canvas.put(row, LEFT, day, looks.make(line))
        canvas.put(row, LEFT + 1, sum(counts), looks.make(line, bold=True, num_format="#,##0", align="right"))
        for at, count in enumerate(counts):
            canvas.put(row, LEFT + 2 + at, count, figures)
    last = first + len(totals.days) - 1
    dated = last - sum(1 for day, _ in totals.days if day == NO_DAY)
    return Block(first, dated), last + 2


def _draw_notices(canvas: Canvas, looks: Looks, top: int, notices: Sequence[str]) -> None:
    if not notices:
        return
    canvas.put(top, LEFT, "Said along the way", looks.make(bold=True, font_size=13, font_color=NAVY))
    for row, notice in enumerate(notices, start=top + 1):
        canvas.put(row, LEFT, notice, looks.make(font_color=SOFT_INK))


def _add_outcome_chart(book: Workbook, sheet: Worksheet, totals: Totals, block: Block) -> None:
    chart = book.add_chart({"type": "bar"})
    points = [{"fill": {"color": CHART_INKS[OUTCOME_TONES[kind].fill]}} for kind, _ in totals.outcomes]
    chart.add_series({
        "name": "posts",
        "categories": [SUMMARY, block.first, LEFT, block.last, LEFT],
        "values": [SUMMARY, block.first, LEFT + 2, block.last, LEFT + 2],
        "points": points,
        "gap": 45,
        "data_labels": {"value": True, "font": {"size": 10, "color": INK}},
    })  # fmt: skip
    chart.set_title({"name": "Posts by outcome", "name_font": {"size": 12, "color": NAVY}, "overlay": False})
    chart.set_y_axis({"reverse": True, "line": {"none": True}, "major_tick_mark": "none"})
    chart.set_x_axis({"visible": False, "major_gridlines": {"visible": False}})
    chart.set_legend({"none": True})
    _place(sheet, chart, CHART_ROWS[0])


def _add_day_chart(book: Workbook, sheet: Worksheet, totals: Totals, block: Block) -> None:
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    for at, channel in enumerate(totals.channels):
        column = LEFT + 2 + at
        chart.add_series({
            "name": [SUMMARY, block.first - 1, column],
            "categories": [SUMMARY, block.first, LEFT, block.last, LEFT],
            "values": [SUMMARY, block.first, column, block.last, column],
            "fill": {"color": CHANNEL_TONES.get(channel, NO_TONE).ink},
            "gap": 40,
        })  # fmt: skip
    chart.set_title({"name": "Posts by day and channel", "name_font": {"size": 12, "color": NAVY}, "overlay": False})
    chart.set_y_axis({
        "major_gridlines": {"visible": True, "line": {"color": LINE}}, "line": {"none": True}, "num_format": "0",
        "major_unit": _step(max((sum(counts) for _, counts in totals.days), default=1)),
    })  # fmt: skip
    chart.set_x_axis({"line": {"color": SLATE}, "text_axis": True})
    chart.set_legend({"position": "bottom"})
    _place(sheet, chart, CHART_ROWS[1])


def _step(most: int) -> int:
    """Return a whole step for an axis, so that half posts are never drawn."""
    return max(1, -(-most // 6))


def _place(sheet: Worksheet, chart: Chart, row: int) -> None:
    chart.set_size({"width": CHART_PIXELS[0], "height": CHART_PIXELS[1]})
    chart.set_chartarea({"border": {"color": LINE}})
    sheet.insert_chart(row, CHART_COLUMN, chart, {"object_position": 3, "x_offset": 24})
