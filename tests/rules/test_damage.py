"""Damaged text is told with the text that was likely meant, and what people write on purpose is left in peace."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import COLUMNS, Severity
from batch.rules.damage import COLUMN_KINDS, find_damage
from batch.wording import cell_address
from tests.rules.builders import Rules

CERTAIN = {
    r"Line one\n\nLine two": "Line one\n\nLine two",
    r"one\r\ntwo": "one\ntwo",
    "Line one<br>Line two &amp; three": "Line one\nLine two & three",
    r"Donâ€™t miss it â€“ caf\u00e9": "Don’t miss it – café",
    r"It\'s \"quoted\"": 'It\'s "quoted"',
    r"Party \ud83c\udf89 time": "Party 🎉 time",
    r"https:\/\/example.com\/a": "https://example.com/a",
    "SchÃ¶n, dass ihr da wart": "Schön, dass ihr da wart",
    "New in ðŸ˜€": "New in 😀",
    "caf√© au lait": "café au lait",
    "don‚Äôt": "don’t",
    "Wir fĂĽhren": "Wir führen",
    "РџСЂРёРІРµС‚ РјРёСЂ": "Привет мир",
    "æ—¥æœ¬èªž": "日本語",
    "ï»¿Hello": "Hello",
    "Only Â£5": "Only £5",
    "Fish &amp;amp; chips": "Fish & chips",
    "it&#39;s &eacute;t&eacute;&nbsp;!": "it's été !",
    "<p>Hello</p><p><b>World</b></p>": "Hello\nWorld",
    "a <strong>big</strong> day": "a big day",
    "**Big sale** this week": "Big sale this week",
    "## Opening hours\nten to six": "Opening hours\nten to six",
    "[https://a.example](https://a.example)": "https://a.example",
    "Don?t worry, it?s open": "Don’t worry, it’s open",
    "Hello%20World": "Hello World",
    "%C3%A9t%C3%A9 at https://a.example/%C3%A9": "été at https://a.example/%C3%A9",
    "One_x000D_\nTwo": "One\nTwo",
    "null": "",
    "NaN": "",
    "undefined": "",
    "None": "",
    "N/A": "",
}
"""Cells with one likely text."""

LIKELY = {
    "**Bold** and [site](https://example.com)": "Bold and site https://example.com",
    "One / / Two / / Three": "One ↵ ↵ Two ↵ ↵ Three",
    'See <a href="https://a.example">here</a>': "See here",
}
"""Cells whose likely text is only shown."""

LOST = ("Caf\ufffd is open", "[object Object]", "?????? ?? ????", "Sale ??? ???? now", "Adi?s, caf?s y t?")

ON_PURPOSE = (
    "Really???", "What?! ??", "Quoi ???", "?!?", "love you <3", "a < b > c", "</3", "50% off", "100% wool, 20% off",
    "AT&T and R&D", "M&S; H&M", "C:\\new\\table", "see C:\\notes", "\\\\server\\new", "¯\\_(ツ)_/¯", "\\o/", "\\m/",
    "*stars* and **SALE** and ***", "f**k", "*sighs*", "snake_case __init__ __name__", "@__erin.__", "# 1 in town",
    "#1 #hashtag", "[link in bio] (tap)", "either / or", "Fri // Sat", "print(\"a\\nb\") `x &amp; y` {n}", "Use `\\n`",
    "CAFÉ… OLÉ”", "ASTĂZI CASĂ…", "voilà « oui »", "Größe", "naïve façade", "Привет, Ріо!", "Ελλάδα", "日本語？？？",
    "हिन्दी", "العربية", "👩‍👩‍👧‍👦 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿", "https://a.example/?q=a%20b&copy=1", "www.a.example/a?b?c=don?t",
    "Nan's kitchen", "none of it", "a null result", "Ready?Set?Go", "¿Qué??", "“quoted” – yes…", "½ price × 2 °C ± 1",
    "Use <b> for bold", "5>4", "x²", "café’s", "¡Olé! €5", "Ærø Åland Øresund", "l?t me in",
)  # fmt: skip


@pytest.mark.parametrize(("cell", "meant"), CERTAIN.items())
def test_what_has_one_likely_text_can_be_corrected_to_it(cell: str, meant: str) -> None:
    problem = find_damage("text", cell)
    assert problem is not None
    assert (problem.warning, problem.fix) == (True, meant)
    assert find_damage("text", meant) is None


@pytest.mark.parametrize(("cell", "meant"), LIKELY.items())
def test_what_may_have_been_meant_is_shown(cell: str, meant: str) -> None:
    problem = find_damage("text", cell)
    assert problem is not None
    assert (problem.code, problem.fix) == ("damaged_text", None)
    assert problem.message.endswith(f"Write “{meant}”, if that is what was meant.")


@pytest.mark.parametrize("cell", LOST)
def test_what_is_lost_has_to_be_typed_again(cell: str) -> None:
    problem = find_damage("text", cell)
    assert problem is not None
    assert (problem.code, problem.warning, problem.fix) == ("lost_text", True, None)
    assert problem.message.endswith("Type it again.")


@pytest.mark.parametrize("cell", ON_PURPOSE)
def test_what_people_write_on_purpose_is_no_damage(cell: str) -> None:
    assert find_damage("text", cell) is None


@given(st.text(max_size=60), st.sampled_from([*CERTAIN, *LIKELY, *LOST]), st.sampled_from(list(COLUMN_KINDS)))
def test_no_text_breaks_it_and_what_it_would_correct_differs(text: str, damaged: str, column: str) -> None:
    for cell in (text, damaged + text, text + damaged):
        problem = find_damage(column, cell)
        assert problem is None or (problem.warning and problem.column == column and problem.fix != cell)


SCHOEN = "Schön ist’s – à bientôt, ça va? Ñandú, “ja”…"


@pytest.mark.parametrize("codec", ["cp1252", "latin-1", "mac_roman"])
def test_letters_in_a_wrong_encoding_come_back_as_they_were(codec: str) -> None:
    misread = SCHOEN.replace("à", "á").replace("”", "").encode().decode(codec)
    problem = find_damage("text", misread)
    assert problem is not None
    assert problem.fix == SCHOEN.replace("à", "á").replace("”", "")


def test_the_columns_that_are_read_by_people_are_looked_at(rules: Rules) -> None:
    (post,) = rules.check(
        rules.row(rules.instagram, text="a &amp; b", hashtags="#SchÃ¶n", media="https://example.com/a.jpg?a=1&amp;b=2")
    )
    found = {issue.column: issue.fix for issue in post.issues if issue.code == "damaged_text"}
    assert found == {"text": "a & b", "hashtags": "#Schön", "media": "https://example.com/a.jpg?a=1&b=2"}
    assert {issue.severity for issue in post.issues if issue.code == "damaged_text"} == {Severity.WARNING}


def test_a_channels_own_text_is_told_at_its_own_cell(rules: Rules) -> None:
    row = rules.row(rules.instagram, channel="INSTAGRAM, FACEBOOK", type="POST") | {"text:FACEBOOK": "a &amp; b"}
    issues = [issue for issue in rules.issues(rules.check(row)) if issue.code == "damaged_text"]
    assert [(issue.column, issue.cell) for issue in issues] == [("text:FACEBOOK", cell_address(2, len(COLUMNS)))]


def test_a_text_without_damage_loads_no_tables() -> None:
    code = (
        "import sys\nfrom batch.rules.damage import find_damage\n"
        "assert find_damage('text', 'Schön – voilà 😀 & 50% off?') is None\nprint('ftfy' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert out.strip() == "False"


AS_WRITTEN = {
    r"Line one\n\nLine two": ("damaged_text", "Line one\n\nLine two"),
    "Line one<br>Line two &amp; three": ("damaged_text", "Line one\nLine two & three"),
    r"Donâ€™t miss it â€“ caf\u00e9": ("damaged_text", "Don’t miss it – café"),
    "Hello {{first_name}} [INSERT LINK] lorem ipsum": ("placeholder", None),
    "**Bold** and [site](https://example.com)": ("damaged_text", None),
    r"It\'s \"quoted\"": ("damaged_text", 'It\'s "quoted"'),
    "TBD": ("placeholder_word", None),
    "N/A": ("no_value", ""),
    "?????? ?? ????": ("lost_text", None),
    "One / / Two / / Three": ("damaged_text", None),
}


@pytest.mark.parametrize(("cell", "expected"), AS_WRITTEN.items())
def test_a_sheet_of_damaged_texts_is_told_row_by_row(rules: Rules, cell: str, expected: tuple[str, str | None]) -> None:
    (post,) = rules.check({"channel": "facebook", "publish_at": "2027-01-15 09:00", "text": cell})
    assert [(issue.code, issue.fix) for issue in post.issues] == [expected]
