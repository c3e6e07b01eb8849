"""Text files: their encoding, their delimiter, and quotes that do not close."""

from __future__ import annotations

import codecs
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batch.errors import SheetError
from batch.model import Severity, SheetRows
from batch.sheets.read import read_sheet


def refusal(path: Any, **options: Any) -> str:
    with pytest.raises(SheetError) as caught:
        read_sheet(path, **options)
    return str(caught.value)


def values(sheet: SheetRows) -> list[tuple[int, tuple[object, ...]]]:
    return [(row.number, row.values) for row in sheet.rows]


UMLAUTS = "channel,text\nFACEBOOK,Grüße – “neu” 10 €\n"
READ = [(2, ("FACEBOOK", "Grüße – “neu” 10 €"))]


@pytest.mark.parametrize(
    "content",
    [
        UMLAUTS.encode(),
        codecs.BOM_UTF8 + UMLAUTS.encode(),
        codecs.BOM_UTF16_LE + UMLAUTS.encode("utf-16-le"),
        codecs.BOM_UTF16_BE + UMLAUTS.encode("utf-16-be"),
        UMLAUTS.replace("\n", "\r\n").encode(),
        UMLAUTS.replace("\n", "\r").encode(),
        UMLAUTS.rstrip("\n").encode(),
    ],
    ids=["utf-8", "utf-8-bom", "utf-16-le", "utf-16-be", "crlf", "cr", "no-last-line-end"],
)
def test_unicode_is_read_whatever_its_mark_and_line_ends(text_file: Any, content: bytes) -> None:
    assert values(read_sheet(text_file(content))) == READ


# Encodings that people's programs still write: (text, encoding that is proposed)
OTHERS = [
    ("Grüße – “neu” 10 €", "cp1252"),
    ("Zażółć gęślą jaźń", "cp1250"),
    ("Привет весна", "cp1251"),
    ("春の新作のお知らせ、ぜひ", "shift_jis"),
    ("봄 신상품 안내", "euc_kr"),
    ("春季新品上市，欢迎选购", "gb18030"),
]


@pytest.mark.parametrize(("text", "codec"), OTHERS)
def test_another_encoding_is_proposed_with_a_line_as_it_would_read_and_never_assumed(
    text_file: Any, text: str, codec: str
) -> None:
    path = text_file(f"channel,text\nX,plain\nX,{text}\n".encode(codec))
    assert refusal(path) == (
        f"posts.csv isn't UTF-8. Use --encoding {codec}, with which line 3 reads “X,{text}”, or, if that is wrong, "
        "save the sheet as .xlsx."
    )
    assert values(read_sheet(path, encoding=codec))[1] == (3, ("X", text))


def test_utf_16_without_a_mark_is_proposed(text_file: Any) -> None:
    assert refusal(text_file(UMLAUTS.encode("utf-16-le"))).startswith(
        "posts.csv isn't UTF-8. Use --encoding utf-16-le,"
    )


def test_a_bad_byte_far_down_the_file_is_found(text_file: Any) -> None:
    filler = "X,plain text that is long enough\n" * 20_000
    told = refusal(text_file(f"channel,text\n{filler}".encode() + "X,Grüße\n".encode("cp1252")))
    assert "--encoding cp1252" in told
    assert "X,Grüße" in told


def test_a_mark_wins_over_the_option_and_that_is_said(text_file: Any) -> None:
    sheet = read_sheet(text_file(codecs.BOM_UTF8 + UMLAUTS.encode()), encoding="cp1252")
    assert values(sheet) == READ
    assert sheet.notices == ("posts.csv is, by its first bytes, UTF-8, and was read as that.",)


@pytest.mark.parametrize("name", ["klingon", "base64", "rot13", "", "utf-8\x00"])
def test_an_encoding_that_does_not_exist_is_refused(text_file: Any, name: str) -> None:
    told = refusal(text_file(UMLAUTS), encoding=name)
    assert told == f"There is no encoding named '{name}'. Use one such as utf-8, cp1252 or utf-16."


def test_a_wrong_encoding_is_refused(text_file: Any) -> None:
    assert refusal(text_file(b"channel\nX\n" + b"\x81\n"), encoding="cp1252") == (
        "posts.csv can't be read as cp1252. Leave out --encoding, or use another."
    )


@pytest.mark.parametrize(
    ("content", "name"),
    [
        ("channel;text\nX;a, b; c\n", "posts.csv"),
        ("channel\ttext\nX\ta, b; c\n", "posts.tsv"),
        ("channel\ttext\nX\ta, b; c\n", "posts.csv"),
        ("sep=;\nchannel;text\nX;a, b; c\n", "posts.csv"),
        ('channel,text\nX,"a, b; c"\n', "posts.tsv"),
    ],
)
def test_the_delimiter_is_told_by_the_headings(text_file: Any, content: str, name: str) -> None:
    sheet = read_sheet(text_file(content, name))
    assert sheet.headings == ("channel", "text")
    assert sheet.cell(sheet.rows[0], "text") in {"a, b; c", "a, b"}
    assert sheet.rows[0].number == 2


def test_a_text_full_of_semicolons_never_changes_the_delimiter(text_file: Any) -> None:
    sheet = read_sheet(text_file("channel,text\n" + "X,a;b;c;d;e\n" * 50))
    assert {row.values for row in sheet.rows} == {("X", "a;b;c;d;e")}


def test_blank_lines_and_texts_of_several_lines_keep_row_numbers_true(text_file: Any) -> None:
    sheet = read_sheet(text_file('channel,text\n\nX,"one\ntwo"\n,\nX,b\n'))
    assert values(sheet) == [(3, ("X", "one\ntwo")), (5, ("X", "b"))]


def test_a_text_that_starts_with_an_equals_sign_is_just_text(text_file: Any) -> None:
    sheet = read_sheet(text_file("channel,text\nX,=SUM(A1)\n"))
    assert (values(sheet), sheet.issues) == ([(2, ("X", "=SUM(A1)"))], ())


def test_too_many_cells_are_an_error_of_that_row_and_shift_nothing(text_file: Any) -> None:
    sheet = read_sheet(text_file("key,channel,text\na,X,Hello, world\nb,X,Hi\nc,X,Ho,,\n"))
    assert values(sheet) == [(2, ("a", "X", "Hello")), (3, ("b", "X", "Hi")), (4, ("c", "X", "Ho"))]
    assert [(issue.row, issue.code, issue.seen, issue.message) for issue in sheet.issues] == [
        (
            2,
            "too_many_cells",
            "world",
            "Row 2 has 4 cells under 3 headings, so they may be under the wrong ones. Put quotation marks around a "
            "text that holds the separator.",
        )
    ]


def test_a_first_row_that_is_longer_than_the_headings_shifts_nothing(text_file: Any) -> None:
    sheet = read_sheet(text_file("key,channel\na,X,extra\nb,X\n"))
    assert values(sheet) == [(2, ("a", "X")), (3, ("b", "X"))]


HEADED = "key,channel,text,link\n"
GOOD = "z,X,Hello,https://example.com\n"
# A row whose quotes are broken, and the cells of it that can still be told
BROKEN = [
    pytest.param('a,X,"Hello,https://example.com\n', ("a", "X", "", ""), 1, id="never-closed"),
    pytest.param('a,X,"Hello\nworld,https://example.com\n', ("a", "X", "", ""), 2, id="never-closed-over-two-lines"),
    pytest.param('a,X,"say "hi" to us",l\n', ("a", "X", "", ""), 1, id="quotes-not-doubled"),
    pytest.param('"a,X,Hello,l\n', ("", "", "", ""), 1, id="in-the-first-cell"),
    pytest.param('a,"X","Hello,l\n', ("a", "X", "", ""), 1, id="after-a-closed-one"),
]


@pytest.mark.parametrize(
    "after", [GOOD * 3, GOOD + 'y,X,"two\nlines, ok",l\n' + GOOD, 'y,X,"quoted",l\n' * 2, GOOD + "\n" + GOOD]
)
@pytest.mark.parametrize(("broken", "told", "lines"), BROKEN)
def test_a_quote_that_never_closes_is_an_error_of_its_row_and_swallows_no_other(
    text_file: Any, broken: str, told: tuple[str, ...], lines: int, after: str
) -> None:
    sheet = read_sheet(text_file(HEADED + GOOD + broken + after))
    whole = read_sheet(text_file(HEADED + GOOD + "a,X,Hello,l\n" + after))
    assert values(sheet)[1] == (3, told)
    assert [row for row in sheet.rows if row.number != 3] == [row for row in whole.rows if row.number != 3]
    (issue,) = sheet.issues
    where = "line 3" if lines == 1 else "lines 3 to 4"
    assert (issue.row, issue.code, issue.severity) == (3, "unclosed_quote", Severity.ERROR)
    assert issue.message == (
        f"In row 3 ({where} of the file) a quotation mark never closes or stands alone inside a cell, so its cells "
        "can't be told apart. "
        'Write each quotation mark inside a quoted cell twice ("") and close the cell with one.'
    )


def test_a_quote_that_closes_only_in_another_row_has_swallowed_that_row(text_file: Any) -> None:
    sheet = read_sheet(text_file(HEADED + 'a,X,"Hello,l\nb,X,Hi,l\nc,X,Hey",l\n' + GOOD))
    assert [(row.number, row.values[0]) for row in sheet.rows] == [(2, "a"), (3, "b"), (4, "c"), (5, "z")]
    assert [(issue.row, issue.code) for issue in sheet.issues] == [(2, "unclosed_quote")]


def test_a_file_that_ends_within_a_row_is_doubted(text_file: Any) -> None:
    (issue,) = read_sheet(text_file("key,channel,text\na,X,Hello\nb,X")).issues
    assert (issue.row, issue.code, issue.severity) == (3, "cut_off", Severity.WARNING)
    assert issue.message == (
        "The file ends in the middle of row 3 (2 of 3 cells and no line end). Check that it wasn't cut off."
    )


def test_a_quote_in_the_headings_that_never_closes_is_refused(text_file: Any) -> None:
    assert refusal(text_file('channel,"text\nX,Hello\n')) == (
        "posts.csv: a quote in the headings never closes, so the columns can't be told apart. Fix the first line."
    )


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), max_size=20)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(st.tuples(CELL, CELL), min_size=1, max_size=6), delimiter=st.sampled_from([",", ";", "\t"]))
def test_whatever_is_written_with_proper_quotes_is_read_back(
    rows: list[tuple[str, str]], delimiter: str, tmp_path_factory: Any
) -> None:
    path = tmp_path_factory.mktemp("csv") / "posts.csv"
    quoted = [delimiter.join('"' + cell.replace('"', '""') + '"' for cell in ("FACEBOOK", *row)) for row in rows]
    path.write_text(
        "\n".join([delimiter.join(["channel", "text", "notes"]), *quoted]) + "\n", encoding="utf-8", newline=""
    )
    sheet = read_sheet(path)
    assert [row.values for row in sheet.rows] == [("FACEBOOK", a.strip(), b.strip()) for a, b in rows]
