from __future__ import annotations

from batch.model import COLUMNS
from batch.rules.channels import COMBINATIONS
from tests.reference_tables import COLUMN_NOTES, channels_table, columns_table


def rows_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.strip("|").replace("\\|", "¦").split("|")] for line in table.splitlines()]


def test_the_table_of_columns_has_every_column_once_and_in_order() -> None:
    assert [row[0] for row in rows_of(columns_table())[2:]] == [f"`{column}`" for column in COLUMNS]
    assert tuple(COLUMN_NOTES) == COLUMNS


def test_the_table_of_channels_has_every_combination_once_and_in_order() -> None:
    rows = rows_of(channels_table())[2:]
    assert [(row[0], row[1]) for row in rows] == [(f"`{channel}`", f"`{kind}`") for channel, kind in COMBINATIONS]


def test_each_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for table in (columns_table(), channels_table()):
        rows = rows_of(table)
        assert {len(row) for row in rows} == {len(rows[0])}
        assert all(all(row) for row in rows[2:]) or table == channels_table()


def test_the_table_of_channels_shows_the_limits_of_the_code_and_whose_they_are() -> None:
    rows = {(row[0], row[1]): row for row in rows_of(channels_table())[2:]}
    for pair, combination in COMBINATIONS.items():
        row = rows[f"`{pair[0]}`", f"`{pair[1]}`"]
        most = combination.text.most
        assert (row[2] == "none") == (most is None)
        if most:
            assert most.shown in row[2]
            assert ("*" in row[2]) == (not most.documented)
        assert combination.media.most.shown in row[5]
        assert (combination.second_id in row[6]) if combination.second_id else True
