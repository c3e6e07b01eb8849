"""Tables and lines on a terminal of any width."""

from __future__ import annotations

from batch.report.layout import Column, Styled, TerminalText

COLUMNS = (Column("Row", right=True), Column("Key", max_width=24), Column("Step"), Column("Why", share=1))
ROW = ("4", "thanks/FACEBOOK", Styled("schedule"), "New: it goes out 2031-03-03 12:00 Europe/Berlin.")


def table(width: int, *rows: tuple[object, ...]) -> list[str]:
    paper = TerminalText(width=width, color=False)
    paper.table(COLUMNS, rows)  # type: ignore[arg-type] # rows of the right kinds, written as they stand above
    return paper.text().split("\n")


def test_where_there_is_room_a_table_has_its_columns_side_by_side() -> None:
    assert table(90, ROW) == [
        "  Row  Key              Step      Why",
        "    4  thanks/FACEBOOK  schedule  New: it goes out 2031-03-03 12:00 Europe/Berlin.",
    ]


def test_where_there_is_none_the_long_cells_stand_below_and_no_word_is_broken() -> None:
    assert table(40, ROW, ("15", "idea", "draft", "")) == [
        "  4  thanks/FACEBOOK  schedule",
        "    New: it goes out 2031-03-03 12:00",
        "    Europe/Berlin.",
        "  15  idea  draft",
    ]


def test_a_table_without_rows_is_nothing() -> None:
    assert table(40) == [""]
