"""The list of people's own headings, and how much of it is understood."""

from __future__ import annotations

import importlib.util
import sys
from collections import Counter
from pathlib import Path

SPEC = importlib.util.spec_from_file_location("headings_bench", Path(__file__).with_name("headings.py"))
assert SPEC is not None
assert SPEC.loader is not None
bench = importlib.util.module_from_spec(SPEC)
sys.modules["headings_bench"] = bench
SPEC.loader.exec_module(bench)

CASES = bench.read_cases()


def test_the_list_is_long_and_speaks_ten_languages() -> None:
    assert len({(case.heading, case.language) for case in CASES}) == len(CASES) > 700
    assert {language for language, count in Counter(case.language for case in CASES).items() if count >= 25} == {
        "en", "de", "fr", "es", "pt", "it", "nl", "ja", "zh", "pl",
    }  # fmt: skip


def test_nearly_all_headings_are_read_or_asked_about_and_none_is_dropped() -> None:
    results = [(case, bench.try_heading(case)) for case in CASES if bench.is_known(case)]
    assert bench.share_understood(results) >= bench.GOAL
    assert [case for case, result in results if result == "dropped" or result.startswith("misread")] == []


def test_a_heading_that_means_nothing_to_a_post_is_not_asked_about() -> None:
    results = [bench.try_heading(case) for case in CASES if case.means == "other"]
    assert set(results) == {"kept"}


def test_the_count_tells_each_kind_apart() -> None:
    tried = {
        case: bench.try_heading(bench.Case(*case))
        for case in (
            ("Caption", "en", "text", ""), ("Content", "en", "text", ""), ("Alt text", "en", "cannot carry", ""),
            ("Owner", "en", "other", ""), ("Owner", "en", "text", ""), ("Titel", "de", "text", ""),
        )
    }  # fmt: skip
    assert list(tried.values()) == ["read", "asked", "warned", "kept", "dropped", "misread (title)"]
    assert bench.share_understood([(bench.Case(*case), result) for case, result in tried.items()]) == 3 / 5
