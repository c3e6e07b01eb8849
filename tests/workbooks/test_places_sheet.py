"""The sheet Places: read back as it was written, and what the drop-down of `places` offers of it."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import which
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.model import Channel
from batch.rules.places import is_place_heading, read_places
from batch.sheets.read import find_places, read_table
from batch.workbooks.places_sheet import LISTED_ROWS, PlaceRows
from batch.workbooks.posts_sheet import PostRow
from batch.workbooks.template import Sheets

SHOPS = PlaceRows(
    (
        {"place": "berlin", "site": "a", "timezone": "Europe/Berlin", "groups": "capital", "account:GBP": "B"},
        {"place": "bonn", "skip": "yes", "city": "=1+1"},
        {"place": "lisbon", "groups": "coast, Capital;south", "city": "Lisboa"},
    ),
    words=("city",),
    channels=(Channel.GBP,),
)  # fmt: skip


def write(path: Path, places: PlaceRows = SHOPS) -> Path:
    row = PostRow({"key": "sale", "channel": "GBP", "text": "Hi {{city}}", "places": "coast"})
    return Sheets([row], path.name, places=places).write(path, "A sheet").path


def offered(book: Any) -> list[str]:
    """What a workbook's drop-down offers, by the values that are kept in it."""
    lists = book["Lists"]
    column = next(cell.column for cell in lists[1] if cell.value == "pb_all_places")
    return [value for (value,) in lists.iter_rows(min_row=2, min_col=column, max_col=column, values_only=True) if value]


def test_the_sheet_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.xlsx")
    assert find_places(path)
    places = read_places(read_table(path, known=is_place_heading), source="Places")
    berlin, bonn, lisbon = places.places
    assert (berlin.site, berlin.timezone, berlin.accounts) == ("a", "Europe/Berlin", {Channel.GBP: "B"})
    assert (bonn.skip, bonn.words["city"], lisbon.groups) == (True, "=1+1", ("coast", "Capital", "south"))
    assert not any(place.problems for place in places.places)


def test_the_drop_down_names_the_sheet_and_offers_all_then_groups_then_places(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write(tmp_path / "posts.xlsx"), data_only=True)
    assert offered(book) == ["all", "capital", "coast", "south", "berlin", "bonn", "lisbon"]
    assert "Places!$A$2" in book.defined_names["pb_places"].attr_text
    posts = book["Posts"]
    at = next(cell.column_letter for cell in posts[1] if cell.value == "places")
    assert [v.formula1 for v in posts.data_validations.dataValidation if str(v.sqref).startswith(f"{at}2")] == [
        "pb_places"
    ]
    assert not posts.column_dimensions[at].hidden


@pytest.mark.skipif(which("soffice") is None, reason="needs LibreOffice, which works the formulas out")
def test_what_is_typed_into_the_sheet_is_offered_once_a_program_has_worked_it_out(tmp_path: Path) -> None:
    path = write(tmp_path / "posts.xlsx", PlaceRows())
    book = openpyxl.load_workbook(path)  # without any value that was kept, as after typing
    for number, shop in enumerate(SHOPS.rows, start=2):
        for cell in book["Places"][1]:
            book["Places"].cell(number, cell.column, shop.get(str(cell.value)))
    book.save(path)
    profile, form = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}", "xlsx:Calc MS Excel 2007 XML"
    command = ["soffice", profile, "--headless", "--convert-to", form, "--outdir", str(tmp_path / "out"), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert offered(openpyxl.load_workbook(tmp_path / "out" / "posts.xlsx", data_only=True)) == [
        "all", "capital", "coast", "south", "berlin", "bonn", "lisbon"
    ]  # fmt: skip


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(("a", "B", "b", "c d", "é")), max_size=3), max_size=12))
def test_every_group_is_offered_once_and_before_the_places(groups: list[list[str]]) -> None:
    rows = [{"place": f"p{n}", "groups": ", ".join(names)} for n, names in enumerate(groups)]
    choices = PlaceRows(rows).choices(first_column=0)["pb_all_places"]
    now = [value for choice in choices if (value := choice if isinstance(choice, str | int) else choice.value)]
    distinct = {name.casefold() for names in groups for name in names}
    assert now[0] == "all"
    assert {str(name).casefold() for name in now[1 : 1 + len(distinct)]} == distinct
    assert now[1 + len(distinct) :] == [row["place"] for row in rows]


def test_a_long_table_is_offered_to_its_last_place() -> None:
    rows = [{"place": f"p{n}"} for n in range(LISTED_ROWS + 7)]
    last = [c for c in PlaceRows(rows).choices(first_column=0)["pb_all_places"] if not isinstance(c, str | int)]
    assert [c.value for c in last if c.value][-1] == rows[-1]["place"]


def test_a_sheet_prints_its_rows_and_not_pages_of_empty_ones(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(write(tmp_path / "posts.xlsx"))
    assert book["Posts"].print_area.startswith("'Posts'!$A$1:")
    assert book["Posts"].print_area.endswith("$14")
    assert book["Places"].print_area == "'Places'!$A$2:$G$24"
