"""Every code can come about, and every message is one that a person can act on."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import batch.rules
import batch.rules.media
from batch.model import Cell, Channel, Issue, Severity
from batch.rules.issues import Problem
from batch.rules.places import Place, Places
from batch.wording import quoted
from tests.rules.builders import CODES, Rules

Row = Mapping[str, Cell]
ID = "ac01c174-5244-49df-8085-84d87cd0345a"
TWO_SITES = {"sites": {"pottery": "UTC", "garden": "UTC"}}
YOUTUBE: Row = {"channel": "YOUTUBE", "type": "VIDEO", "title": "Spring", "media": "a.mp4", "text": "Fresh"}
PINTEREST: Row = {"channel": "PINTEREST", "type": "POST", "media": "a.jpg", "text": "Fresh"}
FACEBOOK: Row = {"channel": "FACEBOOK", "type": "POST", "media": "", "text": "Fresh"}
TIKTOK: Row = {"channel": "TIKTOK", "type": "POST", "media": "a.jpg", "text": "Fresh"}

EXAMPLES: Mapping[str, Row] = {
    "action_unknown": {"action": "canceled"},
    "site_unknown": {"site": "potery"},
    "site_missing": {},
    "channel_missing": {"channel": ""},
    "channel_unknown": {"channel": "Instagran"},
    "channel_ended": {"channel": "X", "type": ""},
    "channel_twice": {"channel": "IG, Instagram"},
    "channel_several": {"channel": "Meta"},
    "channel_two_types": {"channel": "Instagram Story, Instagram"},
    "channel_account": {"channel": "LinkedIn Company"},
    "type_contradicts": {"channel": "Instagram Story", "type": "POST"},
    "type_unknown": {"type": "Reals"},
    "type_not_on_channel": {"type": "REEL"},
    "lookalike_letters": {"channel": "ІNSTAGRAM"},
    "item_id_form": {"item_id": "12345"},
    "item_id_several": {"channel": "IG, LinkedIn", "type": "", "item_id": ID},
    "item_id_twice": {"item_id": ID},
    "key_odd_character": {"key": "spring–01"},
    "key_generation": {"key": "spring-01~2"},
    "key_too_long": {"key": "s" * 81},
    "key_twice": {"key": "same"},
    "key_nearly_twice": {},
    "key_needed": {"key": ""},
    "key_or_item_needed": {"action": "cancel", "key": "", "text": "", "media": ""},
    "approved_unknown": {"approved": "perhaps"},
    "slots_missing": {"publish_at": "slot"},
    "time_missing": {"publish_at": "2026-12-01"},
    "midnight": {"publish_at": "2026-12-01 00:00"},
    "date_order": {"publish_at": "03/04/2026"},
    "date_form": {"publish_at": "2026-12-01 09:30:15.250"},
    "date_short_year": {"publish_at": "03/04/26"},
    "date_several": {"publish_at": "2026-12-01 09:30 / 18:00"},
    "date_range": {"publish_at": "2026-12-01 09:00-11:00"},
    "date_zone": {"publish_at": "2026-12-01 09:30 IST"},
    "date_weekday": {"publish_at": "Monday, 1 December 2026 09:30"},
    "date_no_year": {"publish_at": "1 December 09:30"},
    "date_no_day": {"publish_at": "9:30 pm"},
    "date_timestamp": {"publish_at": "1796121000"},
    "time_12h": {"publish_at": "2026-12-01 13:30 pm"},
    "date_words": {"publish_at": "tomorrow 09:30"},
    "date_serial": {"publish_at": "46357.4"},
    "date_impossible": {"publish_at": "2026-02-30 10:00"},
    "date_out_of_range": {"publish_at": "1926-12-01 10:00"},
    "date_far_ahead": {"publish_at": "2046-12-01 10:00"},
    "date_past": {"publish_at": "2026-01-10 10:00"},
    "date_missing": {"action": "schedule", "publish_at": ""},
    "date_unused": {"action": "draft"},
    "publish_with_date": {"action": "publish"},
    "draft_now": {"action": "draft", "publish_at": "now"},
    "timezone_missing": {},
    "timezone_unknown": {"timezone": "Europe/Berln"},
    "timezone_abbreviation": {"timezone": "CET"},
    "timezone_sign": {"timezone": "Etc/GMT+5"},
    "time_skipped": {"publish_at": "2027-03-28 02:30"},
    "time_twice": {"publish_at": "2027-10-31 02:30"},
    "offset_contradicts_timezone": {"publish_at": "2026-12-01 09:30-05:00", "timezone": "Europe/Berlin"},
    "post_empty": {**FACEBOOK, "text": ""},
    "media_missing": {"media": ""},
    "media_too_many": {"media": " | ".join(f"{n}.jpg" for n in range(11))},
    "media_twice": {"media": "a.jpg | a.jpg"},
    "media_several": {"media": "https://x.example/a.jpg,bowl.jpg"},
    "hashtags_blank": {"hashtags": "#summer sale"},
    "hashtags_form": {"hashtags": "#black-friday"},
    "hashtags_unused": {"hashtags": "#clay", "type": "STORY", "text": ""},
    "text_too_long": {"text": "a" * 2_201},
    "text_unused": {"type": "STORY"},
    "too_many_hashtags": {"text": "#a" + " #a" * 30},
    "too_many_mentions": {"text": "@ab" + " @ab" * 20},
    "forbidden_character": {**YOUTUBE, "title": "A < B"},
    "title_missing": {**YOUTUBE, "title": ""},
    "title_too_long": {**PINTEREST, "title": "a" * 101},
    "title_unused": {"title": "Spring"},
    "link_form": {**FACEBOOK, "link": "www.example.com"},
    "link_several": {**FACEBOOK, "link": "https://example.com/a;https://example.com/b"},
    "link_private": {**FACEBOOK, "link": "https://docs.google.com/document/d/a/edit"},
    "link_too_long": {**PINTEREST, "link": "https://example.com/" + "a" * 2_029},
    "link_unused": {"link": "https://example.com"},
    "call_to_action_unknown": {"channel": "GBP", "call_to_action": "CALL US"},
    "call_to_action_unused": {"call_to_action": "SHOP"},
    "privacy_unknown": {**TIKTOK, "privacy": "public"},
    "privacy_blank": TIKTOK,
    "privacy_unused": {"privacy": "SELF_ONLY"},
    "placeholder": {"text": "Hello {{name}}"},
    "placeholder_word": {"text": "Opening TBC"},
    "damaged_text": {"text": "Don’t miss it &amp; come"},
    "lost_text": {"text": "Caf\ufffd is open"},
    "no_value": {"text": "null"},
    "generate_unknown": {"generate": "captoin", "prompt": "mugs"},
    "generate_blank": {"prompt": "mugs"},
    "generate_unused": {"generate": "image", "prompt": "add snow", "tone": "dry"},
    "generate_not_offered": {**YOUTUBE, "generate": "post", "prompt": "mugs", "text": ""},
    "generate_and_text": {"generate": "caption", "prompt": "mugs"},
    "prompt_missing": {"generate": "caption", "text": ""},
    "source_missing": {"generate": "image", "prompt": "add snow", "media": ""},
    "asset_form": {"generate": "post", "asset": "STORES PRODUKT:12", "text": ""},
    "language_form": {"generate": "caption", "prompt": "mugs", "language": "German", "text": ""},
    "same_look": {},
    "same_caption": {"media": "b.jpg"},
    "same_minute": {},
    "date_gap": {},
    "repeat_form": {"repeat": "sometimes"},
    "repeat_endless": {"repeat": "weekly"},
    "repeat_start": {"repeat": "weekly 3 times", "publish_at": "now"},
    "repeat_none": {"repeat": "daily until 2026-01-01"},
    "repeat_many": {"repeat": "daily 999 times"},
    "places_missing": {"places": "berlin"},
    "place_unknown": {"places": "nowhere"},
    "place_several": {"places": "north"},
    "places_none": {"places": "kiel but kiel"},
    "place_row": {"places": "wrong"},
    "place_site": {"places": "kiel", "site": "garden"},
    "place_account": {"places": "kiel", "account": "Ada"},
    "word_unknown": {"places": "kiel", "text": "Hi {{town}}"},
    "word_missing": {"places": "kiel", "text": "Hi {{city}}"},
}
"""What brings each code about, as changes to a row that is right."""

BESIDE: Mapping[str, Row] = {
    "item_id_twice": {"item_id": ID},
    "key_twice": {"key": "same", "text": "Another"},
    "key_nearly_twice": {"key": "Spring-01", "text": "Another"},
    "key_needed": {"key": ""},
    "same_look": {"key": "spring-02"},
    "same_caption": {"key": "spring-02"},
    "same_minute": {"key": "spring-02", "text": "Another"},
    "date_gap": {"key": "spring-02", "publish_at": "", "text": "Another"},
}
"""The second row, for codes that take two."""

PLACES = Places(
    "places.csv",
    (
        Place("kiel", 2, site="pottery", groups=("north",), accounts={Channel.INSTAGRAM: "HH"}, words={"city": ""}),
        Place("north", 3),
        Place("wrong", 4, problems=(Problem("places", "place_row", "x", "“x” in places.csv, row 4: write another."),)),
    ),
    {"city": "city"},
)
IN_PLACES = {"places": PLACES}

CONTEXTS: Mapping[str, dict[str, Any]] = {
    "place_site": IN_PLACES | TWO_SITES,
    **dict.fromkeys(("place_unknown", "place_several", "places_none", "place_row"), IN_PLACES),
    **dict.fromkeys(("place_account", "word_unknown", "word_missing"), IN_PLACES),
    "site_unknown": TWO_SITES,
    "site_missing": TWO_SITES,
    "timezone_missing": {"timezone": ""},
}

COUNTED = frozenset({
    "text_too_long", "too_many_hashtags", "too_many_mentions", "title_too_long", "link_too_long", "key_too_long",
    "media_too_many", "forbidden_character", "item_id_several", "generate_and_text", "channel_twice", "same_minute",
})  # fmt: skip
"""Codes whose message says how many, or which part of the cell, instead of the whole of it."""

REMEDY = re.compile(
    r"\b(write|clear|choose|take|give|fill|name|change|shorten|check|put|keep|type|replace|use|copy|set|add|correct|round)\b",
    re.IGNORECASE,
)


def bring_about(code: str, rules: Rules) -> list[Issue]:
    row = rules.row(rules.instagram) | EXAMPLES[code]
    beside = [rules.row(rules.instagram) | BESIDE[code]] if code in BESIDE else []
    if code == "date_gap":
        beside.append(row | {"key": "spring-03", "publish_at": "2026-12-02 09:30", "text": "A third"})
    issues = rules.issues(rules.check(row, *beside, **CONTEXTS.get(code, {})))
    return [issue for issue in issues if issue.code == code]


def test_there_is_an_example_for_every_code() -> None:
    assert set(EXAMPLES) == set(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_code_comes_about_and_its_message_names_the_value_and_ends_with_the_remedy(
    code: str, rules: Rules
) -> None:
    issues = bring_about(code, rules)
    assert issues
    for issue in issues:
        assert issue.row in (2, 3)
        assert (
            f"`{issue.column}`" in issue.message
            or issue.message.startswith(quoted(issue.seen))
            or issue.code in {"post_empty", "publish_with_date", "timezone_missing"}
        )
        assert issue.message[0] in "`“" or issue.message[0].isupper()
        assert issue.message.endswith(".")
        assert "\n" not in issue.message
        assert len(issue.message) < 400
        assert code in COUNTED or issue.seen in issue.message
        remedy = re.split(r": |\? |; |, and |, or ", issue.message)[-1] + issue.message.rpartition(": ")[2]
        remedy += issue.message.rpartition(". ")[2]
        assert REMEDY.search(remedy), issue.message


@pytest.mark.parametrize("code", CODES)
def test_every_code_is_a_plain_word_with_one_line_about_it(code: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", code)
    assert re.fullmatch(r"[`A-Z][^.]+\.", CODES[code])


@pytest.mark.parametrize("code", CODES)
def test_a_row_without_that_mistake_does_not_say_it(code: str, rules: Rules) -> None:
    assert code not in rules.codes(rules.check(rules.row(rules.instagram)))


def test_no_code_is_used_that_the_table_has_not() -> None:
    """Every `Problem(column, code, ...)` of the room names a code of the table; files have theirs in test_media.py."""
    used: set[str] = set()
    for path in set(Path(batch.rules.__file__).parent.glob("*.py")) - {Path(batch.rules.media.__file__)}:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Problem":
                code = node.args[1] if len(node.args) > 1 else None
                used |= {code.value} if isinstance(code, ast.Constant) else set()
    assert len(used) > 40
    assert used <= set(CODES)


def test_warnings_stop_nothing_and_errors_do(rules: Rules) -> None:
    for code in CODES:
        row = rules.row(rules.instagram) | EXAMPLES[code]
        for post in rules.check(row, **CONTEXTS.get(code, {})):
            assert bool(post.errors) == any(issue.severity is Severity.ERROR for issue in post.issues)
