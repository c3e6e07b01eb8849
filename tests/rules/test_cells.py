from __future__ import annotations

from datetime import datetime

from batch.model import COLUMNS, Channel, Row
from batch.rules.columns import CellReader, Cells

DATE = datetime(2026, 12, 1, 9, 30)  # noqa: DTZ001 - a date cell has no zone


def test_cells_have_the_names_of_the_columns() -> None:
    assert Cells._fields == COLUMNS


def test_cells_are_read_wherever_their_columns_stand() -> None:
    reader = CellReader({"text": 3, "channel": 0, "publish_at": 2})
    assert reader.read(Row(2, ("FACEBOOK", "theirs", DATE, "Hi"))) == Cells(
        channel="FACEBOOK", publish_at=DATE, text="Hi"
    )


def test_a_row_that_is_shorter_than_the_headings_is_blank_at_its_end() -> None:
    reader = CellReader({"channel": 0, "text": 3})
    assert reader.read(Row(2, ("FACEBOOK",))) == Cells(channel="FACEBOOK")
    assert reader.read(Row(2, ())) == Cells()


def test_a_date_in_a_column_of_texts_is_its_text() -> None:
    reader = CellReader({"text": 0, "publish_at": 1, "text:GBP": 2})
    cells = reader.read(Row(2, (DATE, DATE, DATE)))
    assert cells == Cells(text="2026-12-01 09:30:00", publish_at=DATE)
    assert reader.for_post(cells, Row(2, (DATE, DATE, DATE)), Channel.GBP)[0].text == "2026-12-01 09:30:00"


def test_a_column_for_one_channel_counts_only_where_it_is_filled() -> None:
    reader = CellReader({"text": 0, "text:GBP": 1})
    filled, blank = Row(2, ("all", "google")), Row(3, ("all", ""))
    assert reader.for_post(reader.read(filled), filled, Channel.GBP) == (Cells(text="google"), {"text": "text:GBP"})
    assert reader.for_post(reader.read(blank), blank, Channel.GBP) == (Cells(text="all"), {})
    assert reader.for_post(reader.read(filled), filled, Channel.TIKTOK) == (Cells(text="all"), {})


def test_cells_have_the_addresses_that_a_spreadsheet_shows() -> None:
    reader = CellReader({"text": 0, "link": 25, "media": 26, "title": 701, "text:GBP": 702})
    places = [reader.place(14, column) for column in ("text", "link", "media", "title", "text:GBP", "notes")]
    assert places == ["A14", "Z14", "AA14", "ZZ14", "AAA14", ""]
