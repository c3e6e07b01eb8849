"""Every accident that a sheet can have, from the file to the sentence that a person reads, in one table.

Each line is a file with one accident and, whole, what `check` says of it; what is refused as a file is told by its one
sentence. The modules' own tests go deeper into each; this table shows that none is missing and how it is told. Files
that are made to hurt (bombs, passwords, cut-off files, readings that differ) are in `test_hostile.py`.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from batch.errors import SheetError
from batch.rules.check import check
from batch.rules.columns import CheckContext
from batch.sheets.read import read_sheet

CONTEXT = CheckContext(now=datetime(2026, 11, 24, 12, tzinfo=UTC), timezone="Europe/Berlin")
COLUMNS = ("key", "channel", "account", "publish_at", "text")
POST: Mapping[str, object] = {"key": "a", "channel": "FACEBOOK", "publish_at": "2031-12-01 09:30", "text": "Hello"}
LATER: Mapping[str, object] = {"publish_at": "2031-12-01 10:30"}
GENERAL, DATE_TIME, DATE = 0, 1, 2
DAY, NINE_THIRTY = 48183, 48183.395833333336
"""1 December 2031 as a spreadsheet stores it, and half past nine on it."""


class Raw(NamedTuple):
    """A cell as XML."""

    xml: str


class Book(NamedTuple):
    """A workbook of rows under the headings; `options` are those of the `xlsx` fixture."""

    rows: tuple[Mapping[str, object], ...]
    options: Mapping[str, Any] = {}
    above: tuple[tuple[object, ...], ...] = ()


class Text(NamedTuple):
    """A CSV by its bytes."""

    content: bytes


def book(*cells: Mapping[str, object], **options: Any) -> Book:
    return Book(tuple({**POST, **row} for row in cells), options)


def text(*cells: Mapping[str, object], encoding: str = "utf-8", delimiter: str = ",", ends: str = "\n") -> Text:
    file = io.StringIO(newline="")
    writer = csv.writer(file, delimiter=delimiter, lineterminator=ends)
    writer.writerow(COLUMNS)
    writer.writerows([{**POST, **row}.get(column, "") for column in COLUMNS] for row in cells)
    return Text(file.getvalue().encode(encoding))


ACCIDENTS: Mapping[str, Book | Text] = {
    # numbers and dates
    "a number shown as 1.78E+16": book({"account": (1.78414000084601e16, GENERAL)}),
    "a long number that ends in zeros": text({"account": "17841400008460000"}),
    "a date as its serial number": book({"publish_at": (NINE_THIRTY, GENERAL)}),
    "a serial number in a 1904 workbook": book({"publish_at": (NINE_THIRTY - 1462, GENERAL)}, since_1904=True),
    "a date cell in a 1904 workbook": book({"publish_at": (NINE_THIRTY - 1462, DATE_TIME)}, since_1904=True),
    "day and month that can be swapped": text({"publish_at": "03/04/2031 09:30"}),
    "day and month in an order of some places only": text({"publish_at": "25/12/2031 09:30"}),
    "a date in German words": text({"publish_at": "1. Dezember 2031 um 9:30 Uhr"}),
    "a date in Italian words": text({"publish_at": "lunedì 1 dicembre 2031"}),
    "a date in Russian words": text({"publish_at": "1 декабря 2031 г."}),
    "a date in Japanese": text({"publish_at": "2031年12月1日 9:30"}),
    "a day without a time": book({"publish_at": (DAY, DATE)}),
    "midnight, into which a day was turned": book({"publish_at": (DAY, DATE_TIME)}),
    "seconds lost by rounding": book({"publish_at": (NINE_THIRTY - 0.0000005, DATE_TIME)}),
    "a key that became a date": book({"key": (DAY, DATE)}),
    # letters
    "smart quotes in a key": text({"key": "“spring”-01"}),
    "a dash for a hyphen in a key": text({"key": "spring–01"}),
    "zero-width characters in a channel": text({"channel": "FACE\u200bBOOK"}),
    "zero-width characters in an account": text({"account": "river\u200b.pottery"}),
    "look-alike letters in a channel": text({"channel": "FАCEBOOK"}),
    "look-alike letters in an account": text({"account": "rіver.pottery"}),
    "look-alike letters in a key": text({"key": "ѕpring-01"}),
    "control characters": text({"text": "Glaze\x0b day"}),
    # cells
    "an error cell": book({"text": Raw('<c r="{at}" t="e"><v>#N/A</v></c>')}),
    "an error as text": text({"text": "#REF!"}),
    "a formula without a value": book({"text": Raw('<c r="{at}"><f>A2&amp;"x"</f><v></v></c>')}),
    "a caption that starts with =": text({"text": "=SUM(A1)"}),
    "captions that are words for nothing": text({"text": "NA"}, {"key": "00123", "text": "null", **LATER}),
    "merged cells": book({}, {"key": "b", "text": "Other"},
                         tail='<mergeCells count="1"><mergeCell ref="E2:E3"/></mergeCells>'),
    # rows and headings
    "hidden rows": book({}, {"key": "b", "text": "Other"}, attributes={3: 'hidden="1"'}),
    "rows filtered out": book({}, {"key": "b", "text": "Other"}, attributes={3: 'hidden="1"'},
                              tail='<autoFilter ref="A1:E3"/>'),
    "two heading rows": book({}, {name: name.upper() for name in COLUMNS}),
    "a title above the headings": book({})._replace(above=(("Content plan for May",), ())),
    "a heading twice": Text(b"key,channel,text,Text\na,FACEBOOK,Hello,Hi\n"),
    "a heading that is nearly ours": Text(b"key,chanel,text\na,FACEBOOK,Hello\n"),
    "a key twice": text({}, {"text": "Other", **LATER}),
    "a key twice but for its capitals": text({}, {"key": "A", "text": "Other", **LATER}),
    "a row longer than the headings": Text(b"key,channel,text\na,FACEBOOK,Hello, you\nb,FACEBOOK,Hi\n"),
    "blank lines": Text(b"key,channel,text\n\n\na,FACEBOOK,Hello\n\nb,FACEBOOK,\n"),
    # files
    "an ISO-strict workbook": book({}, strict=True),
    "a wrong declared size": book({}, {"key": "b", "text": "Other", **LATER}, head='<dimension ref="A1:B2"/>'),
    "another encoding": text({"text": "Grüße"}, encoding="cp1252"),
    "UTF-16": text({"text": "Grüße"}, encoding="utf-16"),
    "semicolons": text({"text": "Grüße; Küsse"}, delimiter=";"),
    "line ends of old computers": text({"text": "Hello"}, ends="\r"),
    "a quote that never closes": Text(b'key,channel,text\na,FACEBOOK,"Hello\nb,FACEBOOK,Hi\n'),
    # texts
    "TBC left over": text({"text": "Price TBC"}),
    "{{name}} left over": text({"text": "Dear {{name}}"}),
    "lorem ipsum left over": text({"text": "Lorem ipsum dolor"}),
    "the same post twice": text({}, {"key": "b"}),
    "the same caption twice on one channel and day": Text(
        b"key,channel,publish_at,text,link\na,FACEBOOK,2031-12-01 09:30,Hello,https://a.example\n"
        b"b,FACEBOOK,2031-12-01 18:00,Hello,https://b.example\n"
    ),
    # the clock
    "a time that does not exist": text({"publish_at": "2031-03-30 02:30"}),
    "a time that comes twice": text({"publish_at": "2031-10-26 02:30"}),
}  # fmt: skip

SAID: Mapping[str, tuple[str, ...]] = {
    "a number shown as 1.78E+16": (
        "C2, error: Cell C2 has the number 1.78414E+16, which the spreadsheet program has cut to 15 digits. "
        "Format the column account as text and type or paste the whole number again.",
    ),
    "a long number that ends in zeros": (
        "C2, warning: Cell C2 has 17841400008460000, which ends like a number that a spreadsheet program has cut "
        "to 15 digits. Compare it with the original, and format the column account as text.",
    ),
    "a date as its serial number": (
        "D2, error: Cell D2 has the number 48183.395833333336, which is how a spreadsheet stores the date "
        "2031-12-01 09:30. Give the cell the format yyyy-mm-dd hh:mm, or type the date as text.",
    ),
    "a serial number in a 1904 workbook": (
        "D2, error: Cell D2 has the number 46721.395833333336, which is how a spreadsheet stores the date "
        "2031-12-01 09:30. Give the cell the format yyyy-mm-dd hh:mm, or type the date as text.",
    ),
    "a date cell in a 1904 workbook": (),
    "day and month that can be swapped": (
        "D2, error: “03/04/2031 09:30” could be 4 March 2031 or 3 April 2031. Write 2031-03-04 09:30 or 2031-04-03 "
        "09:30.",
    ),
    "day and month in an order of some places only": (),
    "a date in German words": (),
    "a date in Italian words": ("D2, error: “lunedì 1 dicembre 2031” has no time. Add one: 2031-12-01 HH:MM.",),
    "a date in Russian words": ("D2, error: “1 декабря 2031 г.” has no time. Add one: 2031-12-01 HH:MM.",),
    "a date in Japanese": (),
    "a day without a time": ("D2, error: “2031-12-01” has no time. Add one: 2031-12-01 HH:MM.",),
    "midnight, into which a day was turned": (
        "D2, warning: “2031-12-01 00:00” has no time, so the post would go out at midnight. Add a time.",
    ),
    "seconds lost by rounding": (),
    "a key that became a date": (
        "A2, error: Cell A2 has a date (2031-12-01), which the spreadsheet program makes of what looks like one. "
        "Format the column key as text and type it again.",
    ),
    "smart quotes in a key": (
        "A2, error: `key` ““spring”-01” has ““” (left double quotation mark), which is hard to type the same way "
        "again. Write spring-01.",
    ),
    "a dash for a hyphen in a key": (
        "A2, error: `key` “spring–01” has “–” (en dash), which is hard to type the same way again. Write spring-01.",
    ),
    "zero-width characters in a channel": (
        "B2, warning: Cell B2 had invisible characters, which were removed from channel. If it doesn't match, "
        "type it again.",
    ),
    "zero-width characters in an account": (
        "C2, warning: Cell C2 had invisible characters, which were removed from account. If it doesn't match, "
        "type it again.",
    ),
    "look-alike letters in a channel": (
        "B2, error: `channel` is “FАCEBOOK”, but its “А” is a Cyrillic letter that only looks right. Type "
        "FACEBOOK again.",
    ),
    "look-alike letters in an account": (
        "C2, warning: `account` is “rіver.pottery”, but its “і” is a Cyrillic letter that only looks right. Type "
        "river.pottery again.",
    ),
    "look-alike letters in a key": (
        "A2, warning: `key` “ѕpring-01” looks right, but its “ѕ” is a Cyrillic letter that only looks right. "
        "Type spring-01 again.",
    ),
    "control characters": (
        "E2, warning: Cell E2 had a control character that can't be seen or sent, and it was removed. Check the cell.",
    ),
    "an error cell": (
        "E2, error: Cell E2 has the error #N/A instead of a value. Correct its formula, or type the value.",
    ),
    "an error as text": (
        "E2, error: Cell E2 has the error #REF! instead of a value. Correct its formula, or type the value.",
    ),
    "a formula without a value": (
        'E2, error: Cell E2 has the formula =A2&"x", whose result was never saved. Open the workbook in Excel or '
        "LibreOffice and save it, or replace the formula with its value. If it is a text that starts with =, "
        "type an apostrophe in front.",
    ),
    "a caption that starts with =": (),
    "captions that are words for nothing": (
        "E3, warning: `text` is “null”, which programs write into an empty cell: clear the cell.",
    ),
    "merged cells": (
        "E2, error: The cells E2:E3 are merged, so it can't be told what belongs to row 2. Unmerge them and fill "
        "in each cell.",
        "E3, error: The cells E2:E3 are merged, so it can't be told what belongs to row 3. Unmerge them and fill "
        "in each cell.",
    ),
    "hidden rows": (
        "refused: posts.xlsx, sheet 'Posts' has the hidden or filtered row 3. Use --skip-hidden to leave it "
        "out, or --include-hidden to post all.",
    ),
    "rows filtered out": (
        "refused: posts.xlsx, sheet 'Posts' has the hidden or filtered row 3. Use --skip-hidden to leave it "
        "out, or --include-hidden to post all.",
    ),
    "two heading rows": ("3, error: Row 3 repeats the headings. Delete the row.",),
    "a title above the headings": ("The headings are in row 3. Not read: rows 1 and 2 above them.",),
    "a heading twice": (
        "refused: posts.csv: 'Text' is there twice (columns C and D). Keep one and rename or delete the other.",
    ),
    "a heading that is nearly ours": (
        "refused: posts.csv: 'chanel' (column B) looks like channel. Rename it, use it with --map channel=chanel, or "
        "leave it out with --ignore chanel.",
    ),
    "a key twice": (
        "A2, error: Rows 2 and 3 use the `key` “a”. Give each post its own.",
        "A3, error: Rows 2 and 3 use the `key` “a”. Give each post its own.",
    ),
    "a key twice but for its capitals": (
        "A2, warning: The keys of rows 2 and 3 differ only in capital letters (“a”). If they are two posts, "
        "change one `key`.",
        "A3, warning: The keys of rows 2 and 3 differ only in capital letters (“A”). If they are two posts, "
        "change one `key`.",
    ),
    "a row longer than the headings": (
        "2, error: Row 2 has 4 cells under 3 headings, so they may be under the wrong ones. Put quotation "
        "marks around a text that holds the separator.",
    ),
    "blank lines": ("C6, error: There is nothing to post. Fill in `text`, `link` or `media` for the Facebook post.",),
    "an ISO-strict workbook": (),
    "a wrong declared size": (),
    "another encoding": (
        "refused: posts.csv isn't UTF-8. Use --encoding cp1252, with which line 2 reads “a,FACEBOOK,,2031-12-01 "
        "09:30,Grüße”, or, if that is wrong, save the sheet as .xlsx.",
    ),
    "UTF-16": (),
    "semicolons": (),
    "line ends of old computers": (),
    "a quote that never closes": (
        "2, error: In row 2 (line 2 of the file) a quotation mark never closes or stands alone inside a cell, so "
        'its cells can\'t be told apart. Write each quotation mark inside a quoted cell twice ("") and close the cell '
        "with one.",
    ),
    "TBC left over": ("E2, warning: `text` still has “TBC”. Replace it if something belongs there.",),
    "{{name}} left over": ("E2, error: `text` still has “{{name}}” from a template. Replace it with what is meant.",),
    "lorem ipsum left over": (
        "E2, error: `text` still has “Lorem ipsum” from a template. Replace it with what is meant.",
    ),
    "the same post twice": (
        "E2, warning: Rows 2 and 3 are the same post on the same channel and account, `text` “Hello”. Change "
        "one, or write `skip` into its `action`, if that isn't meant.",
        "E3, warning: Rows 2 and 3 are the same post on the same channel and account, `text` “Hello”. Change "
        "one, or write `skip` into its `action`, if that isn't meant.",
    ),
    "the same caption twice on one channel and day": (
        "D2, warning: Rows 2 and 3 have the same `text` on the same channel, account and day: “Hello”. Change "
        "one if that isn't meant.",
        "D3, warning: Rows 2 and 3 have the same `text` on the same channel, account and day: “Hello”. Change "
        "one if that isn't meant.",
    ),
    "a time that does not exist": (
        "D2, error: “2031-03-30 02:30” doesn't exist in Europe/Berlin: the clocks go forward over it. Write "
        "2031-03-30 01:30+01:00 (before) or 2031-03-30 03:30+02:00 (after).",
    ),
    "a time that comes twice": (
        "D2, error: “2031-10-26 02:30” comes twice in Europe/Berlin: the clocks go back over it. Write 2031-10-26 "
        "02:30+02:00 (the first time) or 2031-10-26 02:30+01:00 (the second).",
    ),
}

HARMLESS = {
    "day and month in an order of some places only",
    "a date in German words",
    "a date in Japanese",
    "a date cell in a 1904 workbook",
    "seconds lost by rounding",
    "a caption that starts with =",
    "an ISO-strict workbook",
    "a wrong declared size",
    "UTF-16",
    "semicolons",
    "line ends of old computers",
}
"""Accidents that are put right, or that are none here: the post is the one that was meant."""


@pytest.fixture
def write(xlsx: Any, text_file: Any, xml_cell: Any) -> Callable[[Book | Text], Path]:
    """Write the file of an accident."""

    def make(file: Book | Text) -> Path:
        if isinstance(file, Text):
            path: Path = text_file(file.content)
            return path
        rows = [[xml_cell(cell.xml) if isinstance(cell, Raw) else cell for cell in _cells(row)] for row in file.rows]
        made: Path = xlsx([*file.above, COLUMNS, *rows], **file.options)
        return made

    return make


def _cells(row: Mapping[str, object]) -> list[object]:
    return [row.get(column, "") for column in COLUMNS]


def told(path: Path) -> tuple[str, ...]:
    """Return what a person is told of a file: all of it, in order."""
    try:
        sheet = read_sheet(path)
    except SheetError as error:
        return (f"refused: {error}",)
    issues = [issue for post in check(sheet, context=CONTEXT) for issue in post.issues]
    return tuple(dict.fromkeys((*sheet.notices, *(f"{i.cell or i.row}, {i.severity}: {i.message}" for i in issues))))


def test_every_accident_has_its_sentence() -> None:
    assert list(SAID) == list(ACCIDENTS)
    assert {name for name, said in SAID.items() if not said} == HARMLESS


@pytest.mark.parametrize("name", ACCIDENTS)
def test_an_accident_is_told_by_place_and_remedy(write: Callable[[Book | Text], Path], name: str) -> None:
    assert told(write(ACCIDENTS[name])) == SAID[name]


MENDED = {
    "seconds lost by rounding": "2031-12-01 08:30",
    "a date cell in a 1904 workbook": "2031-12-01 08:30",
    "a date in German words": "2031-12-01 08:30",
    "a date in Japanese": "2031-12-01 08:30",
    "day and month in an order of some places only": "2031-12-25 08:30",
}


@pytest.mark.parametrize("name", MENDED)
def test_a_date_that_is_mended_is_the_one_that_was_meant(write: Callable[[Book | Text], Path], name: str) -> None:
    (post,) = check(read_sheet(write(ACCIDENTS[name])), context=CONTEXT)
    assert post.publish_at == datetime.fromisoformat(f"{MENDED[name]}+00:00")
