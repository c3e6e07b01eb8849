"""The words for headings: each means one thing, whatever its case, accents, width and spacing."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterator
from importlib.resources import files

import pytest

from batch.model import CHANNEL_COLUMNS, COLUMNS, Channel
from batch.sheets.vocabulary import (
    DATE,
    TIME,
    Kind,
    column_of,
    is_near,
    meaning_of,
    plain_heading,
    vocabulary,
)

TABLE = tomllib.loads(files("batch.sheets").joinpath("headings.toml").read_text(encoding="utf-8"))
LANGUAGES = {"en", "de", "fr", "es", "pt", "it", "nl", "ja", "zh", "pl"}


def words() -> Iterator[tuple[str, str]]:
    """Yield each word that is never only asked about, with the place it stands under."""
    groups = {f"read {column}": table for column, table in TABLE["read"].items()}
    groups |= {name: TABLE[name] for name in ("date", "time", "status")}
    groups |= {f"cannot {what}": table for what, table in TABLE["cannot"].items()}
    for group, languages in groups.items():
        for listed in languages.values():
            for word in listed.split(","):
                yield word.strip(), group


def test_a_word_means_one_thing_only() -> None:
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for word, group in words():
        assert plain_heading(word), (word, group)
        groups[plain_heading(word)].add(group)
    assert {word: found for word, found in groups.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", ["text", "media", "channel", "publish_at", "type", "account", "link", "title"])
def test_the_columns_that_decide_what_goes_out_have_words_in_each_language(name: str) -> None:
    assert set(TABLE["read"][name]) >= LANGUAGES
    assert set(TABLE["date"]) & set(TABLE["time"]) & set(TABLE["status"]) >= LANGUAGES


def test_every_word_is_found_as_what_it_stands_for() -> None:
    for word, group in words():
        kind, _, name = group.partition(" ")
        meaning = meaning_of(word)
        if kind == "read" and name in COLUMNS:
            assert meaning.column == name, word
        elif kind in {DATE, TIME}:
            assert meaning.column == kind, word
        elif kind in {"status", "cannot"}:
            assert meaning.kind == kind, word


def test_every_word_for_a_column_is_found_with_a_number_behind_it() -> None:
    assert set(TABLE["read"]) | set(TABLE["ask"]) <= set(COLUMNS)
    for word, group in words():
        kind, _, name = group.partition(" ")
        if kind == "read" and " " not in word:
            assert meaning_of(f"{word} 2").column == name, word


@pytest.mark.parametrize("column", COLUMNS)
def test_a_column_is_found_whatever_its_case_and_spacing(column: str) -> None:
    parts = column.split("_")
    for written in (column, column.upper(), " ".join(parts).title(), "-".join(parts), "".join(parts), f" {column}* "):
        assert column_of(written) == column


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("column", CHANNEL_COLUMNS)
def test_a_column_may_be_for_one_channel(column: str, channel: Channel) -> None:
    assert column_of(f"{column.title()}: {channel.title()}") == f"{column}:{channel}"


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("text:X", "text:TWITTER"), ("title:Google Business Profile", "title:GBP"), ("media:ig", "media:INSTAGRAM"),
        ("link : X (Twitter)", "link:TWITTER"), ("key:INSTAGRAM", ""), ("text:Threads", ""), ("Sponsor", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_channel_goes_by_its_other_names_too(written: str, column: str) -> None:
    assert column_of(written) == column


@pytest.mark.parametrize(
    ("written", "column"),
    [
        ("CAPTION", "text"), ("Légende", "text"), ("legende", "text"), ("ＣＡＰＴＩＯＮ", "text"),
        ("Post caption:", "text"),
        ("Caption (max. 2,200 characters)", "text"), ("Final_caption*", "text"), ("Veroeffentlichungsdatum", DATE),
        ("Veröffentlichungs-Datum", DATE), ("Image URL(s)", "media"), ("imageUrls", "media"), ("画像１ＵＲＬ", "media"),
        ("Photo / Video", "media"), ("Date & Time", "publish_at"), ("Datum und Uhrzeit", "publish_at"),
        ("Caption + Copy", "text"), ("Content / Caption", "text"), ("📅 Date", DATE), ("Plataforma(s)", "channel"),
        ("Publish Date (YYYY-MM-DD)", DATE), ("ﾊｯｼｭﾀｸﾞ", "hashtags"), ("Социальная сеть", "channel"),
    ],
)  # fmt: skip
def test_what_adds_nothing_to_a_word_is_passed_over(written: str, column: str) -> None:
    if column in {*COLUMNS, DATE, TIME}:
        assert meaning_of(written).column == column


@pytest.mark.parametrize(
    "written", ["Owner", "Deadline", "Review date", "Text length", "Media budget", "#", "Day", "主題"]
)
def test_other_words_mean_nothing(written: str) -> None:
    assert meaning_of(written).kind is Kind.NONE


def test_no_column_of_ours_is_near_another() -> None:
    keys = [column.replace("_", "") for column in COLUMNS]
    assert [(a, b) for a in keys for b in keys if is_near(a, b)] == []


def test_what_is_asked_about_names_columns_of_ours() -> None:
    asked = [meaning for meaning in vocabulary().meanings.values() if meaning.kind is Kind.ASK]
    assert asked
    assert {column for meaning in asked for column in meaning.columns} <= set(COLUMNS)


@pytest.mark.parametrize("heading", ["Caption EN", "Caption ES", "Text (fr)", "EN Caption", "caption_de", "Título PT"])
def test_a_language_beside_a_word_for_a_text_leaves_its_meaning(heading: str) -> None:
    assert meaning_of(heading).column in {"text", "title"}


@pytest.mark.parametrize("heading", ["Time PT", "Texto de imagen", "Language EN", "Owner DE", "Date IT"])
def test_a_language_is_never_taken_out_of_another_word(heading: str) -> None:
    assert meaning_of(heading).kind in {Kind.NONE, Kind.ASK}


def test_what_follows_a_dash_explains_a_heading() -> None:
    assert meaning_of("Media URL(s) - Separated by comma").column == "media"
    assert meaning_of("Copy - design status").kind is Kind.STATUS
    assert meaning_of("Caption - for Facebook posts").column != "text"
