"""Every accident of spreadsheets, with the sentence that a person reads."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from batch.errors import SheetError
from batch.model import Issue, Severity
from batch.sheets.read import read_sheet


def at(*parts: int) -> datetime:
    """Return a wall-clock time as cells hold it, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  a cell has no zone


HEADINGS = ("key", "channel", "account", "publish_at", "text", "notes")
GENERAL, DATE_TIME, DATE, TIME, ZEROS, PERCENT, WORDED_DATE, ELAPSED, AS_TEXT = range(9)
FORMULA = '<c r="{at}"><f>A2&amp;"x"</f><v></v></c>'
ERROR = '<c r="{at}" t="e"><v>#N/A</v></c>'


def row(**cells: object) -> tuple[object, ...]:
    given = {"key": "spring-01", "channel": "FACEBOOK", "text": "Hello", **cells}
    return tuple(given.get(heading, "") for heading in HEADINGS)


def read_cell(xlsx: Any, column: str, value: object, **options: Any) -> tuple[object, tuple[Issue, ...]]:
    sheet = read_sheet(xlsx([HEADINGS, row(**{column: value})], **options))
    return sheet.cell(sheet.rows[0], column), sheet.issues


# One cell: (column, what the workbook holds, the value that is read, code, message, severity)
CELLS = [
    pytest.param(
        "account",
        (1.78414000084601e16, GENERAL),
        "17841400008460100",
        "cut_number",
        "Cell C2 has the number 1.78414E+16, which the spreadsheet program has cut to 15 digits. Format the "
        "column account as text and type or paste the whole number again.",
        Severity.ERROR,
        id="cut-id",
    ),
    pytest.param(
        "account",
        (1234567890123456, GENERAL),
        "1234567890123456",
        "cut_number",
        "Cell C2 has the number 1.23457E+15, which the spreadsheet program has cut to 15 digits. Format the "
        "column account as text and type or paste the whole number again.",
        Severity.ERROR,
        id="16-digits",
    ),
    pytest.param(
        "account",
        "1.78414E+16",
        "1.78414E+16",
        "cut_number",
        "Cell C2 has the number 1.78414E+16, which the spreadsheet program has cut to 15 digits. Format the "
        "column account as text and type or paste the whole number again.",
        Severity.ERROR,
        id="cut-id-as-text",
    ),
    pytest.param(
        "account",
        "17841400008460000",
        "17841400008460000",
        "cut_number",
        "Cell C2 has 17841400008460000, which ends like a number that a spreadsheet program has cut to 15 "
        "digits. Compare it with the original, and format the column account as text.",
        Severity.WARNING,
        id="ends-in-zeros",
    ),
    pytest.param(
        "publish_at",
        (46357.395833333336, GENERAL),
        "46357.395833333336",
        "serial_date",
        "Cell D2 has the number 46357.395833333336, which is how a spreadsheet stores the date 2026-12-01 09:30. "
        "Give the cell the format yyyy-mm-dd hh:mm, or type the date as text.",
        Severity.ERROR,
        id="serial-date",
    ),
    pytest.param(
        "publish_at",
        "46357.395833",
        "46357.395833",
        "serial_date",
        "Cell D2 has the number 46357.395833, which is how a spreadsheet stores the date 2026-12-01 09:30. Give "
        "the cell the format yyyy-mm-dd hh:mm, or type the date as text.",
        Severity.ERROR,
        id="serial-date-as-text",
    ),
    pytest.param(
        "key",
        (46357, DATE),
        "2026-12-01",
        "became_date",
        "Cell A2 has a date (2026-12-01), which the spreadsheet program makes of what looks like one. Format the "
        "column key as text and type it again.",
        Severity.ERROR,
        id="key-became-date",
    ),
    pytest.param(
        "text",
        (0.2, PERCENT),
        "0.2",
        "number_format",
        "Cell E2 has the number 0.2, which its format (0%) may show otherwise. The number as stored is used. If "
        "that isn't what you want, format the column text as text.",
        Severity.WARNING,
        id="percent",
    ),
    pytest.param(
        "text",
        "#REF!",
        "#REF!",
        "error_cell",
        "Cell E2 has the error #REF! instead of a value. Correct its formula, or type the value.",
        Severity.ERROR,
        id="error-as-text",
    ),
    pytest.param(
        "text",
        "Glaze\x0b day",
        "Glaze day",
        "control_removed",
        "Cell E2 had a control character that can't be seen or sent, and it was removed. Check the cell.",
        Severity.WARNING,
        id="control",
    ),
    pytest.param(
        "text",
        "Glaze\tday",
        "Glaze day",
        "tab_replaced",
        "Cell E2 had a tab, which became a space. Check the cell.",
        Severity.WARNING,
        id="tab",
    ),
    pytest.param(
        "key",
        "spring\u200b-01",
        "spring-01",
        "zero_width_removed",
        "Cell A2 had invisible characters, which were removed from key. If it doesn't match, type it again.",
        Severity.WARNING,
        id="zero-width",
    ),
]


@pytest.mark.parametrize(("column", "value", "read", "code", "message", "severity"), CELLS)
def test_an_accident_in_a_cell_is_named(
    xlsx: Any, column: str, value: object, read: str, code: str, message: str, severity: Severity
) -> None:
    if isinstance(value, str) and "\x0b" in value:
        value = value.replace("\x0b", "_x000B_")
    cell, issues = read_cell(xlsx, column, value)
    assert cell == read
    assert [(issue.row, issue.column, issue.code, issue.message, issue.severity) for issue in issues] == [
        (2, column, code, message, severity)
    ]


def test_an_error_cell_is_an_error_of_that_cell_and_of_no_other(xlsx: Any, xml_cell: Any) -> None:
    sheet = read_sheet(xlsx([HEADINGS, row(), row(text=xml_cell(ERROR)), row(key="c")]))
    assert [r.number for r in sheet.rows] == [2, 3, 4]
    assert sheet.issues == (
        Issue(
            3, "text", "error_cell", "#N/A",
            "Cell E3 has the error #N/A instead of a value. Correct its formula, or type the value.",
            Severity.ERROR, "E3",
        ),
    )  # fmt: skip


def test_a_formula_without_a_value_is_an_error_that_shows_it(xlsx: Any, xml_cell: Any) -> None:
    cell, issues = read_cell(xlsx, "text", xml_cell(FORMULA))
    assert cell == ""
    assert [issue.message for issue in issues] == [
        'Cell E2 has the formula =A2&"x", whose result was never saved. Open the workbook in Excel or '
        "LibreOffice and save it, or replace the formula with its value. If it is a text that starts with =, "
        "type an apostrophe in front."
    ]


def test_a_formula_counts_as_its_stored_value_even_where_that_is_an_empty_text(xlsx: Any, xml_cell: Any) -> None:
    stored = xml_cell('<c r="{at}" t="str"><f>"a"&amp;"b"</f><v>a &amp; b</v></c>')
    empty = xml_cell('<c r="{at}" t="str"><f>""</f><v></v></c>')
    sheet = read_sheet(xlsx([HEADINGS, row(text=stored, account=empty)]))
    assert (sheet.cell(sheet.rows[0], "text"), sheet.cell(sheet.rows[0], "account")) == ("a & b", "")
    assert sheet.issues == ()


def test_an_error_in_a_column_that_is_never_sent_is_only_a_warning(xlsx: Any, xml_cell: Any) -> None:
    _, issues = read_cell(xlsx, "notes", xml_cell(ERROR))
    assert [issue.severity for issue in issues] == [Severity.WARNING]


# What a date cell holds: (days, format) and what is read
DATES = [
    pytest.param((46357.395833333336, DATE_TIME), at(2026, 12, 1, 9, 30), id="date-and-time"),
    pytest.param((46357.39583217593, DATE_TIME), at(2026, 12, 1, 9, 30), id="seconds-lost-by-rounding"),
    pytest.param((46357.3958, DATE_TIME), at(2026, 12, 1, 9, 29, 57), id="real-seconds-stay"),
    pytest.param((46357, DATE), "2026-12-01", id="midnight-whose-format-shows-no-time-is-no-time"),
    pytest.param((46357, DATE_TIME), at(2026, 12, 1), id="midnight-that-shows-its-time"),
    pytest.param((46357.395833333336, DATE), at(2026, 12, 1, 9, 30), id="a-time-that-the-format-hides"),
    pytest.param((46357, WORDED_DATE), "2026-12-01", id="format-with-words"),
    pytest.param((0.395833333333333, TIME), "09:30", id="a-time-without-a-date"),
    pytest.param("2026-12-01\u00a009:30", "2026-12-01 09:30", id="no-break-space"),
]


@pytest.mark.parametrize(("value", "read"), DATES)
def test_a_date_is_read_as_the_person_sees_it(xlsx: Any, value: object, read: object) -> None:
    cell, issues = read_cell(xlsx, "publish_at", value)
    assert (cell, issues) == (read, ())


def test_a_workbook_that_counts_from_1904_is_read_by_its_own_calendar(xlsx: Any) -> None:
    cell, _ = read_cell(xlsx, "publish_at", (44895.395833333336, DATE_TIME), since_1904=True)
    assert cell == at(2026, 12, 1, 9, 30)


def test_a_bare_number_in_a_1904_workbook_is_told_by_its_own_calendar(xlsx: Any) -> None:
    _, issues = read_cell(xlsx, "publish_at", (44895.395833333336, GENERAL), since_1904=True)
    assert "the date 2026-12-01 09:30" in issues[0].message


def test_a_number_keeps_the_zeros_that_its_format_shows(xlsx: Any) -> None:
    assert read_cell(xlsx, "key", (123, ZEROS)) == ("00123", ())


@pytest.mark.parametrize(
    "value", ["00123", "NA", "null", "None", "TRUE", "17841400008460056", "=SUM(A1)", "-5", "+49 30"]
)
def test_text_stays_the_text_that_it_is(xlsx: Any, value: str) -> None:
    assert read_cell(xlsx, "account", value) == (value, ())


def test_whole_and_broken_numbers_are_written_as_people_write_them(xlsx: Any) -> None:
    assert read_cell(xlsx, "key", (12.0, GENERAL)) == ("12", ())
    assert read_cell(xlsx, "key", (178414000000, GENERAL)) == ("178414000000", ())
    assert read_cell(xlsx, "text", (0.1, GENERAL)) == ("0.1", ())


def test_zero_width_characters_stay_in_texts_where_emoji_need_them(xlsx: Any) -> None:
    family = "👩\u200d👧 می\u200cخواهم"
    assert read_cell(xlsx, "text", family) == (family, ())


def test_white_space_round_a_cell_is_trimmed_and_line_breaks_inside_stay(xlsx: Any) -> None:
    assert read_cell(xlsx, "text", " \n One_x000D_\nTwo\u2028Three \n") == ("One\nTwo\nThree", ())


def test_a_lone_half_of_an_emoji_never_reaches_a_post(xlsx: Any) -> None:
    assert read_cell(xlsx, "text", "a_xD83D_b")[0] == "a\ufffdb"
    assert read_cell(xlsx, "text", "a_xD83D__xDE00_b")[0] == "a😀b"


def test_an_escape_that_a_person_typed_stays_text(xlsx: Any) -> None:
    assert read_cell(xlsx, "text", "my_x005F_x000D_name")[0] == "my_x000D_name"


def test_merged_cells_are_an_error_of_each_row_they_reach(xlsx: Any) -> None:
    tail = '<mergeCells count="2"><mergeCell ref="E3:E4"/><mergeCell ref="Z1:AA9"/></mergeCells>'
    sheet = read_sheet(xlsx([HEADINGS, row(), row(key="b"), row(key="c", text=""), row(key="d")], tail=tail))
    assert [(issue.row, issue.code, issue.cell) for issue in sheet.issues] == [
        (3, "merged_cells", "E3"),
        (4, "merged_cells", "E4"),
    ]
    assert sheet.issues[0].message == (
        "The cells E3:E4 are merged, so it can't be told what belongs to row 3. Unmerge them and fill in each cell."
    )


HIDDEN = {3: 'hidden="1"', 5: 'ht="0" customHeight="1"'}


def hidden_rows(xlsx: Any) -> Any:
    rows = [HEADINGS, *(row(key=f"k{n}") for n in range(2, 7))]
    return xlsx(rows, attributes=HIDDEN)


def test_hidden_rows_stop_the_run_until_it_is_said_what_is_meant(xlsx: Any) -> None:
    with pytest.raises(SheetError) as caught:
        read_sheet(hidden_rows(xlsx))
    assert str(caught.value) == (
        "posts.xlsx, sheet 'Posts' has the hidden or filtered rows 3 and 5. Use --skip-hidden to leave "
        "them out, or --include-hidden to post all."
    )


def test_hidden_rows_are_read_or_left_out_as_asked_and_said(xlsx: Any) -> None:
    path = hidden_rows(xlsx)
    included, skipped = read_sheet(path, hidden="include"), read_sheet(path, hidden="skip")
    assert [r.number for r in included.rows] == [2, 3, 4, 5, 6]
    assert [r.number for r in skipped.rows] == [2, 4, 6]
    assert included.notices == ("Included: the hidden or filtered rows 3 and 5.",)
    assert skipped.notices == ("Left out: the hidden or filtered rows 3 and 5.",)


def test_hidden_rows_without_a_word_in_them_stop_nothing(xlsx: Any) -> None:
    sheet = read_sheet(xlsx([HEADINGS, row(), ()], attributes={3: 'hidden="1"'}))
    assert (len(sheet.rows), sheet.notices) == (1, ())


def test_a_hidden_column_is_used_and_said(xlsx: Any) -> None:
    head = '<cols><col min="4" max="4" width="9" hidden="1"/></cols>'
    sheet = read_sheet(xlsx([HEADINGS, row()], head=head))
    assert sheet.notices == ("Hidden in the workbook, and used: the column 'publish_at'.",)


def test_a_column_that_is_folded_away_in_sight_of_its_mark_is_not_hidden(xlsx: Any) -> None:
    head = '<cols><col min="4" max="4" width="9" hidden="1" outlineLevel="1"/></cols>'
    assert read_sheet(xlsx([HEADINGS, row()], head=head)).notices == ()


def test_a_row_with_a_time_zone_and_nothing_else_is_empty(tmp_path: Path) -> None:
    path = tmp_path / "posts.csv"
    path.write_text("channel,text,timezone\nGBP,Hello,Europe/Berlin\n,,Europe/Berlin\nGBP,,\n", encoding="utf-8")
    assert [r.number for r in read_sheet(path).rows] == [2, 4]


def test_a_second_row_of_headings_is_an_error_of_that_row(xlsx: Any) -> None:
    sheet = read_sheet(xlsx([HEADINGS, row(), [name.upper() for name in HEADINGS], row(key="b")]))
    assert [(issue.row, issue.code, issue.message) for issue in sheet.issues] == [
        (3, "headings_again", "Row 3 repeats the headings. Delete the row.")
    ]


@pytest.mark.parametrize(
    ("above", "rows"),
    [
        ([("Content plan for May",), ()], "row 3. Not read: rows 1 and 2 above them."),
        ([()], "row 2. Not read: row 1 above them."),
        ([("Post", "", "When")], "row 2. Not read: row 1 above them."),
        ([("Plan", "2026-12-01", "Video", "Image")] * 4, "row 5. Not read: rows 1, 2, 3 and 4 above them."),
    ],
    ids=["title", "empty-row", "two-heading-rows", "a-date-is-no-heading"],
)
def test_headings_further_down_are_found_and_said(xlsx: Any, above: list[Any], rows: str) -> None:
    sheet = read_sheet(xlsx([*above, HEADINGS, row()]))
    assert sheet.notices == (f"The headings are in {rows}",)
    assert [r.number for r in sheet.rows] == [len(above) + 2]


def test_headings_are_looked_for_in_the_first_twenty_rows(xlsx: Any) -> None:
    title = ("Plan",)
    assert read_sheet(xlsx([*[title] * 19, HEADINGS, row()])).rows[0].number == 21
    with pytest.raises(SheetError, match="no column names the channel"):
        read_sheet(xlsx([*[title] * 20, HEADINGS, row()]))


def test_an_iso_strict_workbook_is_read_like_any_other(xlsx: Any, xml_cell: Any) -> None:
    date = xml_cell('<c r="{at}" t="d" s="1"><v>2026-12-01T09:29:59.9996</v></c>')
    cell, issues = read_cell(xlsx, "publish_at", date, strict=True)
    assert (cell, issues) == (at(2026, 12, 1, 9, 30), ())


def test_a_declared_size_that_is_wrong_drops_nothing(xlsx: Any) -> None:
    rows = [HEADINGS, *(row(key=f"k{n}") for n in range(50))]
    sheet = read_sheet(xlsx(rows, head='<dimension ref="A1:B2"/>'))
    assert len(sheet.rows) == 50
    assert sheet.text(sheet.rows[49], "text") == "Hello"


def test_a_million_empty_rows_are_passed_over(xlsx: Any) -> None:
    empty = "".join(f'<row r="{n}" s="1" customFormat="1"><c r="A{n}" s="1"/></row>' for n in range(3, 1_000_001))
    content = xlsx.sheet([HEADINGS, row()]).replace("</sheetData>", f"{empty}</sheetData>")
    sheet = read_sheet(xlsx(sheets={"Posts": content}))
    assert [r.number for r in sheet.rows] == [2]


def test_cells_without_a_heading_are_said(xlsx: Any) -> None:
    sheet = read_sheet(xlsx([(*HEADINGS, "", "Owner"), (*row(), "stray", "Ann", "far")]))
    assert sheet.notices == (
        "Column 'Owner' is ignored (kept in the results).",
        "Not used, since there is no heading above: the cells of columns G, I.",
    )


def test_empty_rows_keep_the_numbers_of_the_others_true(xlsx: Any) -> None:
    sheet = read_sheet(xlsx([HEADINGS, None, row(key="a"), ["  ", " \n"], row(key="b")]))
    assert [(r.number, sheet.text(r, "key")) for r in sheet.rows] == [(3, "a"), (5, "b")]
