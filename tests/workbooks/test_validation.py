"""What a sheet of posts says while one types: worked out by LibreOffice, compared with the channel table itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import openpyxl
import pytest

from batch.model import Account, Channel
from batch.rules.channels import COMBINATIONS, DEFAULT_TYPE, TYPES, Combination
from batch.wording import column_letters
from batch.workbooks.posts_sheet import CELL_OF_ROW_2, POSTS_COLUMNS, count_text
from batch.workbooks.style import Formats, close_book, open_book
from batch.workbooks.validation import (
    COUNT,
    FIELDS,
    Connected,
    Formulas,
    add_lists_sheet,
    living_channels,
    make_lists,
    named_accounts,
    privacy_choices,
)

CONNECTED = Connected(
    accounts=(
        Account(Channel.FACEBOOK, "1", "Anna", "p1", "Cups"),
        Account(Channel.FACEBOOK, "1", "Anna", "p2", "Plates"),
        Account(Channel.TIKTOK, "t1", "wheel", default=True, privacy_options=("SELF_ONLY",)),
        Account(Channel.TIKTOK, "t2", "kiln", privacy_options=("PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS")),
    )
)
Answers = list[dict[str, object]]
Ask = Callable[[list[Mapping[str, str]], Mapping[str, str]], Answers]


@pytest.fixture
def ask(tmp_path: Path, office: Callable[[Path], Path]) -> Ask:
    """Return what lets LibreOffice work out formulas (by name, written for row 2) for rows of posts."""

    def work_out(rows: list[Mapping[str, str]], formulas: Mapping[str, str]) -> Answers:
        book = open_book(tmp_path / "asked.xlsx", title="asked")
        sheet = book.add_worksheet("Posts")
        for number, row in enumerate(rows, start=2):
            for place, column in enumerate(POSTS_COLUMNS):
                if row.get(column):
                    sheet.write_string(number - 1, place, row[column])
            for at, formula in enumerate(formulas.values(), start=len(POSTS_COLUMNS)):
                sheet.write_formula(number - 1, at, CELL_OF_ROW_2.sub(rf"\g<1>{number}", formula), None, "not yet")
        add_lists_sheet(book, Formats(book), make_lists(CONNECTED))
        close_book(book)
        saved = openpyxl.load_workbook(office(tmp_path / "asked.xlsx"), data_only=True)["Posts"]
        lines = [
            ["" if cell is None else cell for cell in line] for line in saved.iter_rows(min_row=2, values_only=True)
        ]
        names = list(formulas)
        return [dict(zip(names, line[len(POSTS_COLUMNS) :], strict=False)) for line in lines]

    return work_out


@pytest.fixture
def formulas() -> Formulas:
    return Formulas({column: place for place, column in enumerate(POSTS_COLUMNS)})


def rows_of(combination: Combination) -> list[Mapping[str, str]]:
    """An empty row of a combination, one without its type where that is the usual one, and one at each limit."""
    row = {"key": "a", "channel": combination.channel.value, "type": combination.type.value}
    rows: list[Mapping[str, str]] = [row]
    if DEFAULT_TYPE[combination.channel] is combination.type:
        rows.append({**row, "type": ""})
    if combination.text.most and combination.text.most.value < 32_000:
        most = int(combination.text.most.value)
        rows += [{**row, "text": "x" * most}, {**row, "text": "x" * (most + 1)}]
    if combination.title:
        rows += [{**row, "title": "x" * int(combination.title.most.value + more)} for more in (0, 1)]
    return rows


@pytest.mark.office
def test_needs_and_limits_are_those_of_the_channel_table(ask: Ask, formulas: Formulas) -> None:
    asked = {
        **{f"needs {column}": formulas.is_needed(column) for column in ("text", "link", "media", "title", "privacy")},
        **{f"no {field}": formulas.is_not_used(field) for field in FIELDS},
        "text over": formulas.is_over("text"),
        "title over": formulas.is_over("title"),
        "count": formulas.count(),
    }
    cases = [(combination, row) for combination in COMBINATIONS.values() for row in rows_of(combination)]
    answers = ask([row for _, row in cases], asked)
    assert len(answers) == len(cases)
    for (combination, row), answer in zip(cases, answers, strict=True):
        assert answer == expected(combination, row), (combination.name, row)


def expected(combination: Combination, row: Mapping[str, str]) -> dict[str, object]:
    has = {field: getattr(combination, field) is not None for field in FIELDS} | {"text": bool(combination.text.name)}
    enough = any(row.get(column) for column in combination.enough)
    title = combination.title
    return {
        **{f"needs {c}": c in combination.enough and not enough for c in ("text", "link", "media")},
        "needs title": bool(title and title.needed and not row.get("title")),
        "needs privacy": combination.privacy is not None,
        **{f"no {field}": not has[field] for field in FIELDS},
        "text over": bool(combination.text.most and len(row.get("text", "")) > combination.text.most.value),
        "title over": bool(title and len(row.get("title", "")) > title.most.value),
        "count": count_text(row),
    }


@pytest.mark.office
def test_a_row_of_several_channels_needs_what_any_of_them_needs(ask: Ask, formulas: Formulas) -> None:
    rows: list[Mapping[str, str]] = [
        {"channel": "Facebook, pinterest", "text": "x" * 801},
        {"channel": "INSTAGRAM, GBP", "text": "x"},
        {"text": "no channel yet"},
        {"channel": "FACEBOOK", "generate": "caption"},
        {"channel": "FACEBOOK", "action": "cancel"},
        {"channel": "FACEBOOK", "action": "schedule", "text": "x"},
        {},
        {"channel": "INSTAGRAM", "generate": "caption", "prompt": "cups"},
        {"channel": "INSTAGRAM", "generate": "post", "asset": "STORES_PRODUCT:1"},
    ]
    asked = {
        "text over": formulas.is_over("text"),
        "count": formulas.count(),
        **{f"needs {c}": formulas.is_needed(c) for c in ("channel", "text", "media", "publish_at", "prompt")},
        "no link": formulas.is_not_used("link"),
    }
    told = [{name for name, value in answer.items() if value is True} for answer in ask(rows, asked)]
    assert told == [
        {"text over", "needs media"},
        {"needs media", "no link"},
        {"needs channel"},
        {"needs prompt"},
        set(),
        {"needs publish_at"},
        set(),
        {"needs media", "no link"},
        {"no link"},
    ]


@pytest.mark.office
def test_the_drop_downs_offer_what_belongs_to_the_row(ask: Ask, formulas: Formulas) -> None:
    def listed(formula: str, most: int) -> dict[str, str]:
        body = formula.removeprefix("=")
        parts = [f'IFERROR(INDEX({body},{n},1),"")' for n in range(1, most + 1)]
        return {"=" + '&" "&'.join(parts): body}

    types, accounts, privacy = (formulas.own_lists()[column] for column in ("type", "account", "privacy"))
    asked = {
        name: next(iter(listed(formula, most)))
        for name, formula, most in (("types", types, 3), ("accounts", accounts, 4), ("privacy", privacy, 4))
    }
    rows: list[Mapping[str, str]] = [
        {"channel": "FACEBOOK"},
        {"channel": "TIKTOK"},
        {"channel": "TIKTOK", "account": "kiln"},
        {"key": "no channel"},
    ]
    answers = [{name: str(value).split() for name, value in answer.items()} for answer in ask(rows, asked)]
    assert answers[0]["types"] == [kind.value for kind in TYPES[Channel.FACEBOOK]]
    assert answers[1]["types"] == ["POST", "VIDEO"]
    assert answers[0]["accounts"] == ["Cups", "Plates"]
    assert answers[2]["accounts"] == ["wheel", "kiln"]
    assert answers[1]["privacy"] == ["SELF_ONLY"]
    assert answers[2]["privacy"] == ["PUBLIC_TO_EVERYONE", "MUTUAL_FOLLOW_FRIENDS"]
    assert answers[3]["types"] == ["POST", "REEL", "STORY"]
    assert answers[3]["accounts"] == ["Cups", "Plates", "wheel", "kiln"]


def test_every_column_that_a_channel_can_need_has_a_condition(formulas: Formulas) -> None:
    needed = {column for column in POSTS_COLUMNS if formulas.is_needed(column)}
    assert needed == {"channel", "publish_at", "text", "title", "media", "link", "privacy", "prompt"}
    assert {column for c in COMBINATIONS.values() for column in c.enough} <= needed


def test_the_lists_are_those_of_the_channel_table_and_none_is_empty() -> None:
    lists = make_lists()
    assert all(lists.values())
    assert lists["pb_channel"] == [c.channel.value for c in COMBINATIONS.values()]
    pairs = set(zip(lists["pb_type_channels"], lists["pb_types"], strict=True))
    living = {(c.channel.value, c.type.value) for c in COMBINATIONS.values() if c.channel in living_channels()}
    assert {pair for pair in pairs if pair[0] != "(any)"} == living
    assert Channel.TWITTER.value not in lists["pb_channels"]
    assert living_channels(CONNECTED) == [Channel.FACEBOOK, Channel.TIKTOK]


def test_the_formulas_follow_their_columns_wherever_those_stand() -> None:
    moved = Formulas({column: place + 1 for place, column in enumerate(POSTS_COLUMNS)})
    text, channel = (column_letters(POSTS_COLUMNS.index(column) + 1) for column in ("text", "channel"))
    assert f"LEN(${text}2)" in moved.count()
    assert f"${channel}2" in moved.own_lists()["type"]
    assert COUNT not in moved.count()


def test_an_account_is_called_by_a_name_that_is_its_own_on_its_channel() -> None:
    accounts = [
        Account(Channel.FACEBOOK, "1", "Anna", "p1", "Cups"),
        Account(Channel.FACEBOOK, "1", "Anna", "p2", "Plates", default=True),
        Account(Channel.INSTAGRAM, "9", "Anna"),
        Account(Channel.GBP, "g1", "Shop", "l1", "Shop"),
        Account(Channel.GBP, "g2", "Shop", "l2", "Shop"),
        Account(Channel.INSTAGRAM, "9", "Anna"),
    ]
    assert [(entry.account.channel, entry.name) for entry in named_accounts(accounts)] == [
        (Channel.INSTAGRAM, "Anna"),
        (Channel.FACEBOOK, "Plates"),
        (Channel.FACEBOOK, "Cups"),
        (Channel.GBP, "g1"),
        (Channel.GBP, "g2"),
    ]


def test_names_that_differ_only_in_case_do_not_tell_accounts_apart() -> None:
    accounts = [Account(Channel.TIKTOK, "1", "Clay"), Account(Channel.TIKTOK, "2", "clay")]
    assert [entry.name for entry in named_accounts(accounts)] == ["1", "2"]


def test_privacy_goes_by_the_account_and_a_blank_one_means_the_default() -> None:
    wheel = Account(Channel.TIKTOK, "1", "wheel", privacy_options=("SELF_ONLY",))
    kiln = Account(Channel.TIKTOK, "2", "kiln", default=True, privacy_options=("PUBLIC_TO_EVERYONE",))
    assert list(privacy_choices(named_accounts([wheel, kiln]))) == [
        ("", "PUBLIC_TO_EVERYONE"),
        ("kiln", "PUBLIC_TO_EVERYONE"),
        ("wheel", "SELF_ONLY"),
    ]
    several = [wheel, Account(Channel.TIKTOK, "3", "mug", privacy_options=("SELF_ONLY",))]
    assert {account for account, _ in privacy_choices(named_accounts(several))} == {"wheel", "mug"}
