"""Makers of sheets, and their posts as checked: one clock, no configured site, Berlin's time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from batch.model import COLUMNS, Cell, Channel, Content, Issue, Medium, Post, PostType, Row, SheetRows
from batch.rules.channels import COMBINATIONS, Combination
from batch.rules.check import check
from batch.rules.columns import CheckContext

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
CONTEXT = CheckContext(now=NOW, timezone="Europe/Berlin")


def _documented_codes() -> dict[str, Mapping[str, str]]:
    """Return what the page of codes tells of each, by section."""
    page = Path(__file__).resolve().parents[2].joinpath("docs", "reference", "outcomes.md").read_text(encoding="utf-8")
    sections = (section.partition("\n") for section in page.split("\n### ")[1:])
    return {title: dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", rows, re.MULTILINE)) for title, _, rows in sections}


DOCUMENTED = _documented_codes()
MEDIA_CODES, GENERATED_CODES = DOCUMENTED.pop("The media files"), DOCUMENTED.pop("Generating")
CODES = {code: means for section in DOCUMENTED.values() for code, means in section.items()}


def make_sheet(*rows: dict[str, Cell], issues: Iterable[Issue] = ()) -> SheetRows:
    """Return a sheet of these rows, from row 2 on, with all columns and those that the rows name besides."""
    headings = tuple(dict.fromkeys((*COLUMNS, *(name for row in rows for name in row))))
    lines = tuple(Row(n, tuple(row.get(name, "") for name in headings)) for n, row in enumerate(rows, start=2))
    columns = {name: place for place, name in enumerate(headings)}
    return SheetRows("posts.xlsx", "Posts", headings, columns, lines, tuple(issues), ())


def check_rows(*rows: dict[str, Cell], issues: Iterable[Issue] = (), **context: Any) -> tuple[Post, ...]:
    return check(make_sheet(*rows, issues=issues), context=replace(CONTEXT, **context))


def fill_row(combination: Combination, **cells: Cell) -> dict[str, Cell]:
    """Return a row that is right for a combination, with some cells set otherwise."""
    ending = "jpg" if combination.media.image else "mp4"
    row: dict[str, Cell] = {
        "key": "spring-01",
        "channel": str(combination.channel),
        "type": str(combination.type),
        "publish_at": "2026-12-01 09:30",
        "media": f"https://static.wixstatic.com/media/a.{ending}",
    }
    if combination.text.name:
        row["text"] = "Fresh from the kiln"
    if combination.title:
        row["title"] = "Spring"
    if combination.privacy:
        row["privacy"] = combination.privacy.values[0]
    return row | cells


def issues_of(posts: Iterable[Post]) -> list[Issue]:
    return [issue for post in posts for issue in post.issues]


def codes_of(posts: Iterable[Post]) -> list[str]:
    return [issue.code for issue in issues_of(posts)]


def fill_content(combination: Combination) -> Content:
    (post,) = check_rows(fill_row(combination))
    return post.content


class Rules:
    """What the tests of rules are made of; the fixture `rules` hands it out."""

    sheet = staticmethod(make_sheet)
    check = staticmethod(check_rows)
    row = staticmethod(fill_row)
    issues = staticmethod(issues_of)
    codes = staticmethod(codes_of)
    content = staticmethod(fill_content)
    medium = Medium
    now = NOW
    context = CONTEXT
    instagram = COMBINATIONS[Channel.INSTAGRAM, PostType.POST]
