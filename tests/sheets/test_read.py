"""Which file, which sheet, which rows: what reading takes in as a whole."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import openpyxl
import pytest

from batch.errors import SheetError
from batch.model import Row
from batch.sheets.read import read_sheet


def at(*parts: int) -> datetime:
    """Return a wall-clock time as cells hold it, without a zone."""
    return datetime(*parts)  # type: ignore[arg-type]  # noqa: DTZ001  a cell has no zone


HEADINGS = ("key", "channel", "text")
POST = ("spring-01", "FACEBOOK", "Hello")


def refusal(path: Any, **options: Any) -> str:
    with pytest.raises(SheetError) as caught:
        read_sheet(path, **options)
    return str(caught.value)


def test_a_workbook_of_openpyxl_is_read_whole(tmp_path: Any) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Posts"
    sheet.append(["Key", "Channel", "Publish at", "Text", "Budget"])
    sheet.append(["a", "x", at(2026, 12, 1, 9, 30), "Line 1\nLine 2 🎉", 12])
    book.save(tmp_path / "posts.xlsx")
    read = read_sheet(tmp_path / "posts.xlsx")
    assert (read.name, read.tab) == ("posts.xlsx", "Posts")
    assert read.headings == ("Key", "Channel", "Publish at", "Text", "Budget")
    assert read.columns == {"key": 0, "channel": 1, "publish_at": 2, "text": 3}
    assert read.rows == (Row(2, ("a", "x", at(2026, 12, 1, 9, 30), "Line 1\nLine 2 🎉", "12")),)
    assert (read.issues, read.notices) == ((), ("Column 'Budget' is ignored (kept in the results).",))


def test_rich_text_is_joined_and_its_phonetic_reading_left_out(xlsx: Any, xml_cell: Any) -> None:
    strings = "<si><r><t>Sp</t></r><r><t>ring &amp; </t></r><rPh><t>x</t></rPh></si><si/><si><t>FACEBOOK</t></si>"
    rows = [HEADINGS, ["k", xml_cell('<c r="{at}" t="s"><v>2</v></c>'), xml_cell('<c r="{at}" t="s"><v>0</v></c>')]]
    read = read_sheet(xlsx(rows, strings=strings))
    assert read.rows == (Row(2, ("k", "FACEBOOK", "Spring &")),)


def test_a_namespace_prefix_changes_nothing(xlsx: Any) -> None:
    plain = xlsx.sheet([HEADINGS, POST])
    prefixed = plain.replace("</", "</x:").replace("<", "<x:").replace("<x:/x:", "</x:").replace("xmlns=", "xmlns:x=")
    assert read_sheet(xlsx(sheets={"Posts": prefixed})).rows == (Row(2, POST),)


def test_attributes_in_another_order_and_cells_without_addresses_are_understood(xlsx: Any) -> None:
    rows = (
        "<row><c t='inlineStr'><is><t>key</t></is></c><c t='inlineStr'><is><t>channel</t></is></c></row>"
        '<row r="4" spans="1:2"><c t="inlineStr" vm="1" r="B4"><is><t>X</t></is></c></row>'
    )
    content = xlsx.sheet([]).replace("<sheetData>", f"<sheetData>{rows}")
    assert read_sheet(xlsx(sheets={"Posts": content})).rows == (Row(4, ("", "X")),)


def test_macros_are_never_opened(xlsx: Any) -> None:
    path = xlsx([HEADINGS, POST], name="posts.xlsm", parts={"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0 not a project"})
    assert read_sheet(path).rows == (Row(2, POST),)


class TestWhichSheet:
    def book(self, xlsx: Any, *names: str, **states: str) -> Any:
        sheets = {name: xlsx.sheet([HEADINGS, (name, "FACEBOOK", "Hello")]) for name in names}
        return xlsx(sheets=sheets, states=states)

    @pytest.mark.parametrize(
        ("names", "states", "read"),
        [
            (("Ideas", "POSTS", "Guide"), {}, "POSTS"),
            (("Ideas", "Guide"), {"Guide": "hidden"}, "Ideas"),
            (("Only",), {}, "Only"),
            (("Results", "Summary", "To fix"), {}, "To fix"),
            (("Results", "Posts", "To fix"), {}, "Posts"),
        ],
    )
    def test_it_is_the_one_named_posts_or_the_only_visible_one(
        self, xlsx: Any, names: tuple[str, ...], states: dict[str, str], read: str
    ) -> None:
        assert read_sheet(self.book(xlsx, *names, **states)).tab == read

    def test_several_are_a_question(self, xlsx: Any) -> None:
        assert refusal(self.book(xlsx, "May", "June")) == (
            "posts.xlsx has the sheets 'May', 'June' and none named 'Posts'. Name one with --sheet."
        )

    def test_one_is_asked_for_by_name_in_any_case(self, xlsx: Any) -> None:
        path = self.book(xlsx, "May", "June")
        assert (read_sheet(path, tab="June").tab, read_sheet(path, tab="may ").tab) == ("June", "May")
        assert (
            refusal(path, tab="July") == "posts.xlsx has no sheet named 'July'. Use --sheet with one of 'May', 'June'."
        )

    def test_a_hidden_sheet_named_posts_is_read_and_said(self, xlsx: Any) -> None:
        read = read_sheet(self.book(xlsx, "Posts", "Guide", Posts="hidden"))
        assert read.notices == ("The sheet 'Posts' is hidden in the workbook, and was read.",)


def test_options_that_do_not_apply_are_said(xlsx: Any, text_file: Any) -> None:
    told = read_sheet(xlsx([HEADINGS, POST]), encoding="cp1252").notices
    assert told == ("--encoding wasn't needed: a workbook names its own encoding.",)
    told = read_sheet(text_file("channel,text\nX,Hi\n"), tab="Posts").notices
    assert told == ("--sheet wasn't needed: a text file holds a single sheet.",)


def test_headings_without_rows_are_refused(xlsx: Any, text_file: Any) -> None:
    told = "has headings but no rows under them. Write one post in each row below the headings."
    assert refusal(xlsx([HEADINGS, ["", " "]])) == f"posts.xlsx, sheet 'Posts' {told}"
    assert refusal(text_file("channel,text\n\n\n")) == f"posts.csv {told}"


def test_the_fingerprint_is_of_what_was_read_and_not_of_the_file(xlsx: Any, text_file: Any) -> None:
    book = read_sheet(xlsx([HEADINGS, POST])).fingerprint
    assert book == read_sheet(text_file("key,channel,text\nspring-01,FACEBOOK,Hello\n")).fingerprint
    others = [
        "key,channel,text\nspring-01,FACEBOOK,Hello!\n",
        "key,channel,text\n\nspring-01,FACEBOOK,Hello\n",
        "key,channel,Text\nspring-01,FACEBOOK,Hello\n",
        "key,channel,text\nspring-01,FACEBOOKHello,\n",
    ]
    assert len({book, *(read_sheet(text_file(other)).fingerprint for other in others)}) == 5


def test_a_workbook_and_its_csv_are_the_same_sheet(xlsx: Any, text_file: Any) -> None:
    rows = [HEADINGS, ("00123", "x", "NA"), ("", "YouTube", "a;b, “c” 👩\u200d👧"), ("k", "GBP", "two\nlines")]
    lines = ["key,channel,text", "00123,x,NA", ',YouTube,"a;b, “c” 👩\u200d👧"', 'k,GBP,"two\nlines"']
    assert read_sheet(xlsx(rows)).rows == read_sheet(text_file("\n".join(lines))).rows
