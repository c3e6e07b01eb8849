"""The template: a workbook that helps while one types, and examples that are valid as they stand."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet

from batch.atomic import Written
from batch.errors import StartError
from batch.model import COLUMNS, Account, Channel, Post, Quota, Severity
from batch.rules.channels import CHANNEL_LABELS, COMBINATIONS, ENDED
from batch.rules.check import check
from batch.rules.columns import CheckContext
from batch.sheets.read import read_sheet
from batch.wording import column_letters
from batch.workbooks.posts_sheet import POSTS_COLUMNS, note_of
from batch.workbooks.template import EXAMPLES, example_rows, write_template
from batch.workbooks.validation import COUNT, Connected

TEMPLATES = Path(__file__).parents[2] / "templates"
NOW = datetime(2026, 11, 24, tzinfo=UTC)
ACCOUNTS = (
    Account(Channel.INSTAGRAM, "17841400000000001", "pottery.berlin", default=True),
    Account(Channel.INSTAGRAM, "17841400000000002", "clay"),
    Account(Channel.FACEBOOK, "1", "Anna", "p1", "Pottery Berlin"),
    Account(Channel.FACEBOOK, "1", "Anna", "p2", "Pottery Courses"),
    Account(Channel.TIKTOK, "t1", "wheel", privacy_options=("SELF_ONLY", "MUTUAL_FOLLOW_FRIENDS")),
)
CONNECTED = Connected(
    accounts=ACCOUNTS,
    quotas={
        "PUBLISH_POST": Quota("PUBLISH_POST", True, 50, 12, "MONTH"),
        "SCHEDULE_POST": Quota("SCHEDULE_POST", enabled=False),
    },
    timezone="America/Lima",
    site="pottery",
)


def template(path: Path, **more: Any) -> Written:
    """Write a template as it is made in February 2031."""
    return write_template(path, now=datetime(2031, 2, 10, 12, tzinfo=UTC), **more)


def checked(path: Path) -> tuple[Post, ...]:
    return check(read_sheet(path), context=CheckContext(NOW, {"pottery": ""}, "pottery"))


def content_of(sheet: Worksheet) -> dict[str, Any]:
    """All of a sheet that a person meets, whatever version of a library wrote it."""
    return {
        "cells": {c.coordinate: (c.value, c.number_format) for row in sheet.iter_rows() for c in row if c.value},
        "notes": {cell.coordinate: cell.comment.text for cell in sheet[1] if cell.comment},
        "lists": [(str(v.sqref), v.type, v.formula1) for v in sheet.data_validations.dataValidation],
        "colours": [
            (str(area.sqref), rule.formula)
            for area, rule in sorted(
                ((area, rule) for area in sheet.conditional_formatting for rule in area.rules),
                key=lambda pair: pair[1].priority,
            )
        ],
        "widths": {letter: column.width for letter, column in sheet.column_dimensions.items()},
        "frozen": sheet.freeze_panes,
        "state": sheet.sheet_state,
    }


def test_the_workbook_that_comes_with_the_project_is_the_one_that_template_writes(tmp_path: Path) -> None:
    template(tmp_path / "posts.xlsx")
    written, kept = (openpyxl.load_workbook(folder / "posts.xlsx") for folder in (tmp_path, TEMPLATES))
    assert written.sheetnames == kept.sheetnames == ["Posts", "Places", "Guide", "Channels", "Lists"]
    for name in written.sheetnames:
        assert content_of(written[name]) == content_of(kept[name])
    names = [{name: defined.attr_text for name, defined in book.defined_names.items()} for book in (written, kept)]
    assert names[0] == names[1]


def test_the_csv_that_comes_with_the_project_is_the_one_that_template_writes(tmp_path: Path) -> None:
    template(tmp_path / "posts.csv")
    assert (tmp_path / "posts.csv").read_bytes() == (TEMPLATES / "posts.csv").read_bytes()


def test_the_same_call_writes_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "again").mkdir()
    first, second = (template(folder / "posts.xlsx").path for folder in (tmp_path, tmp_path / "again"))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.parametrize("name", ["posts.xlsx", "posts.csv"])
def test_the_examples_are_read_without_a_word_and_pass_the_check(tmp_path: Path, name: str) -> None:
    path = template(tmp_path / name).path
    sheet = read_sheet(path)
    assert (sheet.issues, sheet.notices) == ((), ())
    assert [row.number for row in sheet.rows] == list(range(2, len(EXAMPLES) + 2))
    posts = checked(path)
    assert [issue for post in posts for issue in post.issues if issue.severity is Severity.ERROR] == []
    assert all(post.publish_at is None or post.publish_at.year == 2031 for post in posts)
    assert all("EXAMPLE" in sheet.text(row, "notes") for row in sheet.rows)


def test_there_is_an_example_for_each_channel_that_takes_posts() -> None:
    named = {name.strip() for row in EXAMPLES.values() for name in row["channel"].split(",")}
    assert named == {channel.value for channel in Channel if channel not in ENDED}


def test_both_forms_hold_all_columns_in_their_order_and_the_workbook_a_count_beside_the_text(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(template(tmp_path / "t.xlsx").path)
    headings = [cell.value for cell in book["Posts"][1]]
    assert headings == list(POSTS_COLUMNS)
    assert sorted(name for name in headings if name != COUNT) == sorted(COLUMNS)
    assert headings[:7] == ["channel", "publish_at", "text", "media", "link", COUNT, "notes"]
    with template(tmp_path / "t.csv").path.open(encoding="utf-8-sig", newline="") as file:
        assert next(csv.reader(file)) == [name for name in headings if name != COUNT]


def test_what_everybody_needs_is_in_sight_and_all_else_folded_away(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(template(tmp_path / "t.xlsx").path)["Posts"]
    spans = [(d.min, d.max) for d in sheet.column_dimensions.values() if d.hidden and d.outlineLevel == 1]
    folded = {cell.value for cell in sheet[1] for first, last in spans if first <= cell.column <= last}
    assert folded == set(POSTS_COLUMNS) - {"channel", "publish_at", "text", "media", "link", COUNT, "notes"}


@pytest.mark.parametrize(
    ("now", "first"), [("2026-11-24", "2026-12-07"), ("2026-12-31", "2027-01-04"), ("2027-01-31", "2027-02-01")]
)
def test_the_examples_are_of_the_coming_month(now: str, first: str) -> None:
    rows = example_rows(datetime.fromisoformat(f"{now}T12:00+00:00"))
    dates = [row["publish_at"] for row in rows if "publish_at" in row]
    assert dates[0] == f"{first} 09:30"
    assert dates == sorted(dates)


def test_a_time_zone_that_was_asked_for_once_counts_for_every_row_that_is_filled_in(tmp_path: Path) -> None:
    path = template(tmp_path / "t.xlsx", timezone="Europe/London").path
    assert {post.timezone for post in checked(path) if post.publish_at} == {"Europe/London"}
    assert len(read_sheet(path).rows) == len(EXAMPLES)
    book = openpyxl.load_workbook(path)
    sheet = book["Posts"]
    at = {cell.value: cell.column for cell in sheet[1]}
    row = len(EXAMPLES) + 3
    sheet.cell(row, at["channel"], "FACEBOOK")
    sheet.cell(row, at["text"], "Hello")
    sheet.cell(row, at["publish_at"], datetime(2031, 7, 1, 9, 30))  # noqa: DTZ001  a cell has no zone
    book.save(path)
    post = checked(path)[-1]
    assert (post.row, post.publish_at, post.errors) == (row, datetime(2031, 7, 1, 8, 30, tzinfo=UTC), ())


def test_posts_is_a_table_with_frozen_headings_and_a_note_on_each(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(template(tmp_path / "t.xlsx").path)["Posts"]
    table = sheet.tables["PostTable"]
    assert [column.name for column in table.tableColumns] == list(POSTS_COLUMNS)
    assert table.ref == f"A1:{column_letters(len(POSTS_COLUMNS) - 1)}{1 + len(EXAMPLES) + 200}"
    assert sheet.freeze_panes == "B2"
    assert [cell.comment.text for cell in sheet[1]] == [note_of(name) for name in POSTS_COLUMNS]


def test_cells_are_text_and_dates_unmistakable_also_where_nothing_is_written_yet(tmp_path: Path) -> None:
    path = template(tmp_path / "t.xlsx").path
    sheet = openpyxl.load_workbook(path)["Posts"]
    spans = [(d.min, d.max, d.number_format) for d in sheet.column_dimensions.values()]
    formats = {cell.value: form for cell in sheet[1] for first, last, form in spans if first <= cell.column <= last}
    expected = {"publish_at": "yyyy-mm-dd hh:mm", COUNT: "General"}
    assert formats == {name: expected.get(name, "@") for name in POSTS_COLUMNS}


@pytest.mark.parametrize("column", ["action", "channel", "type", "timezone", "call_to_action", "privacy", "generate"])
def test_a_column_of_known_words_has_a_drop_down(tmp_path: Path, column: str) -> None:
    sheet = openpyxl.load_workbook(template(tmp_path / "t.xlsx").path)["Posts"]
    letter = next(cell.column_letter for cell in sheet[1] if cell.value == column)
    lists = {str(v.sqref): v.formula1 for v in sheet.data_validations.dataValidation if v.type == "list"}
    assert lists[f"{letter}2:{letter}2000"]


def test_no_formula_of_a_drop_down_is_longer_than_excel_takes(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(template(tmp_path / "t.xlsx", connected=CONNECTED).path)
    for validation in book["Posts"].data_validations.dataValidation:
        assert len(validation.formula1) <= 255
        assert len(validation.error or "") <= 225
        assert len(validation.errorTitle or "") <= 32


def test_a_sheet_filled_in_by_another_program_is_read_as_it_was_meant(tmp_path: Path) -> None:
    path = template(tmp_path / "t.xlsx").path
    book = openpyxl.load_workbook(path)
    sheet = book["Posts"]
    at = {cell.value: cell.column for cell in sheet[1]}
    row = len(EXAMPLES) + 2
    for column, value in {"key": "mine", "channel": "GBP", "text": "Hello"}.items():
        sheet.cell(row, at[column], value)
    sheet.cell(row, at["publish_at"], datetime(2031, 5, 1, 9, 30))  # noqa: DTZ001  a cell has no zone
    sheet.cell(row, at["timezone"], "Europe/Berlin")
    book.save(path)
    post = checked(path)[-1]
    assert (post.row, post.key, post.publish_at) == (row, "mine", datetime(2031, 5, 1, 7, 30, tzinfo=UTC))
    assert post.errors == ()


def test_the_channels_sheet_tells_every_combination_and_every_documented_limit(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(template(tmp_path / "t.xlsx").path)["Channels"]
    lines = {
        (row[0], row[1]): " ".join(map(str, row[2:])) for row in sheet.iter_rows(min_row=2, values_only=True) if row[1]
    }
    assert list(lines) == [(c.channel.value, c.type.value) for c in COMBINATIONS.values()]
    for combination in COMBINATIONS.values():
        told = lines[combination.channel.value, combination.type.value]
        for limit in (combination.text.most, combination.title and combination.title.most, combination.media.most):
            assert limit is None or limit.shown in told
        assert ("takes no more posts" in told) == (combination.channel in ENDED)


def test_the_guide_names_the_file_and_each_command(tmp_path: Path) -> None:
    sheet = openpyxl.load_workbook(template(tmp_path / "spring posts.xlsx").path)["Guide"]
    said = "\n".join(str(cell.value) for row in sheet.iter_rows() for cell in row if cell.value)
    for command in ("check", "run", "plan"):
        assert f'postbatch {command} "spring posts.xlsx"' in said
    assert "spring posts.results.xlsx" in said
    assert sheet.max_row < 36


def test_a_sites_own_template_knows_its_accounts_clock_and_quota(tmp_path: Path) -> None:
    path = template(tmp_path / "t.xlsx", connected=CONNECTED).path
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Posts", "Places", "Guide", "Channels", "Accounts", "Lists"]
    accounts = [row[:2] for row in book["Accounts"].iter_rows(min_row=2, values_only=True)]
    assert accounts == [
        ("Instagram", "pottery.berlin"),
        ("Instagram", "clay"),
        ("Facebook", "Pottery Berlin"),
        ("Facebook", "Pottery Courses"),
        ("TikTok", "wheel"),
    ]
    said = book["Guide"]["A2"].value
    assert said == (
        "Site pottery · time zone America/Lima · publishing now: 12 of 50 left this month · "
        "scheduling: not in this site's plan"
    )
    posts = checked(path)
    assert {post.channel for post in posts} == {Channel.INSTAGRAM, Channel.FACEBOOK, Channel.TIKTOK}
    assert {post.timezone for post in posts if post.publish_at} == {"America/Lima"}
    assert [post.content.privacy for post in posts if post.channel is Channel.TIKTOK] == ["SELF_ONLY"]
    assert [issue for post in posts for issue in post.errors] == []


def test_a_site_without_accounts_still_gets_a_template(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(template(tmp_path / "t.xlsx", connected=Connected(accounts=())).path)
    assert "No account is connected" in book["Accounts"]["A2"].value


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StartError, match=r"can't be written as posts\.ods\. End the name in \.xlsx or \.csv"):
        template(tmp_path / "posts.ods")


def test_the_notes_name_the_channels_of_the_table() -> None:
    for column in ("title", "link", "call_to_action", "privacy"):
        having = {c.channel for c in COMBINATIONS.values() if getattr(c, column) and c.channel not in ENDED}
        said = note_of(column)
        assert {channel for channel, label in CHANNEL_LABELS.items() if label in said and label != "X"} == having


def test_nothing_in_the_workbook_leads_elsewhere(tmp_path: Path) -> None:
    path = template(tmp_path / "t.xlsx", connected=CONNECTED).path
    with zipfile.ZipFile(path) as archive:
        relations = [archive.read(name).decode() for name in archive.namelist() if name.endswith(".rels")]
    assert all("External" not in relation for relation in relations)


@pytest.mark.office
@pytest.mark.parametrize("connected", [None, CONNECTED])
def test_libreoffice_opens_and_saves_it_unchanged(
    tmp_path: Path, office: Callable[[Path], Path], connected: Connected | None
) -> None:
    path = template(tmp_path / "posts.xlsx", connected=connected).path
    saved = office(path)
    before, after = read_sheet(path), read_sheet(saved)
    assert after.fingerprint == before.fingerprint
    assert (after.issues, after.notices) == ((), ())
    mine, theirs = openpyxl.load_workbook(path), openpyxl.load_workbook(saved)
    assert theirs.sheetnames == mine.sheetnames
    assert sorted(theirs.defined_names) == sorted(mine.defined_names)
    ours, kept = content_of(mine["Posts"]), content_of(theirs["Posts"])
    assert kept["notes"] == ours["notes"]
    assert [formula for _, _, formula in kept["lists"]] == [formula for _, _, formula in ours["lists"]]
    assert len(kept["colours"]) == len(ours["colours"])
    for name in ("Guide", "Channels"):
        assert [[cell.value for cell in row] for row in theirs[name].iter_rows(max_col=9, max_row=18)] == [
            [cell.value for cell in row] for row in mine[name].iter_rows(max_col=9, max_row=18)
        ]


if __name__ == "__main__":  # python -m tests.workbooks.test_template writes the project's own templates again
    for name in ("posts.xlsx", "posts.csv"):
        template(TEMPLATES / name)
