from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

import pytest

from batch.model import Content, Generate, Generation, Medium, Severity
from batch.rules.channels import COMBINATIONS, Combination, Limit, Unit
from batch.rules.content import FIELDS, NO_CONTENT, check_content
from tests.rules.builders import Rules

BY_NAME = {combination.name: combination for combination in COMBINATIONS.values()}


class Edge(NamedTuple):
    """One limit of one combination, how to fill its field with so many, and the code that says it is over."""

    name: str
    limit: Limit
    code: str
    fill: Callable[[Content, int], Content]


def write_text(unit: Unit, count: int) -> str:
    """Return a text that has exactly so many of a unit."""
    return {
        Unit.CHARACTERS: "🏺" * (count // 2) + "a" * (count % 2),
        Unit.UTF8_BYTES: "é" * (count // 2) + "a" * (count % 2),
        Unit.X_WEIGHT: "日" * (count // 2) + "a" * (count % 2),
        Unit.HASHTAGS: " ".join(f"#t{n}" for n in range(count)),
        Unit.MENTIONS: " ".join(f"@p{n}" for n in range(count)),
    }[unit]


def name_media(combination: Combination, count: int) -> tuple[Medium, ...]:
    ending = "jpg" if combination.media.image else "mp4"
    return tuple(Medium(f"{n}.{ending}") for n in range(count))


def find_edges() -> Iterator[Edge]:
    for combination in COMBINATIONS.values():
        text = combination.text
        for limit, code in (
            (text.most, "text_too_long"),
            (text.hashtags, "too_many_hashtags"),
            (text.mentions, "too_many_mentions"),
        ):
            if limit:
                unit = limit.unit
                yield Edge(combination.name, limit, code, lambda c, n, u=unit: replace(c, text=write_text(u, n)))
        if combination.title:
            yield Edge(
                combination.name,
                combination.title.most,
                "title_too_long",
                lambda c, n: replace(c, title=write_text(Unit.CHARACTERS, n)),
            )
        if combination.link and combination.link.most:
            yield Edge(
                combination.name,
                combination.link.most,
                "link_too_long",
                lambda c, n: replace(c, link="https://example.com/".ljust(n, "a")),
            )
        yield Edge(
            combination.name,
            combination.media.most,
            "media_too_many",
            lambda c, n, k=combination: replace(c, media=name_media(k, n)),
        )


EDGES = list(find_edges())


@pytest.mark.parametrize("edge", EDGES, ids=lambda e: f"{e.name}: {e.limit.shown} {e.limit.unit}")
def test_each_limit_lets_its_number_pass_and_refuses_one_more(edge: Edge, rules: Rules) -> None:
    combination, most = BY_NAME[edge.name], int(edge.limit.value)
    content = rules.content(combination)
    assert check_content(edge.fill(content, most), combination) == []
    (problem,) = check_content(edge.fill(content, most + 1), combination)
    assert problem.code == edge.code
    assert problem.warning is not edge.limit.documented
    assert f"{most + 1:,}" in problem.message
    assert edge.limit.shown in problem.message


def test_every_limit_of_text_title_link_and_count_is_at_an_edge() -> None:
    fields = ("most", "hashtags", "mentions")
    texts = [getattr(c.text, name) for c in COMBINATIONS.values() for name in fields]
    others = [c.title.most for c in COMBINATIONS.values() if c.title]
    others += [c.link.most for c in COMBINATIONS.values() if c.link and c.link.most]
    others += [c.media.most for c in COMBINATIONS.values()]
    assert len(EDGES) == len([limit for limit in texts if limit]) + len(others)


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_any_one_of_the_columns_that_are_enough_makes_a_post(combination: Combination, rules: Rules) -> None:
    whole = rules.content(combination)
    bare = replace(whole, text="", link="", media=())
    codes = [problem.code for problem in check_content(bare, combination)]
    assert codes == (["media_missing"] if combination.enough == ("media",) else ["post_empty"])
    filled = replace(
        whole, link="https://example.com/" if "link" in FIELDS[combination.channel, combination.type] else ""
    )
    for name in combination.enough:
        assert check_content(replace(bare, **{name: getattr(filled, name)}), combination) == []


@pytest.mark.parametrize("combination", COMBINATIONS.values(), ids=lambda c: c.name)
def test_a_field_that_the_channel_has_not_is_said_and_left_out(combination: Combination, rules: Rules) -> None:
    cells = {
        "text": "Fresh",
        "title": "Spring",
        "link": "https://example.com",
        "call_to_action": "SHOP",
        "privacy": "SELF_ONLY",
    }
    (post,) = rules.check(rules.row(combination, **cells))
    fields = FIELDS[combination.channel, combination.type]
    unused = {f"{name}_unused" for name in cells if name not in fields}
    assert {code for code in rules.codes([post]) if code.endswith("_unused")} == unused
    assert all(bool(getattr(post.content, name)) == (name in fields) for name in cells)
    assert all(issue.severity is Severity.WARNING for issue in post.issues if issue.code in unused)


def test_linkedin_counts_the_link_that_closes_its_text() -> None:
    linkedin = BY_NAME["LinkedIn post"]
    text = "a" * 2_975
    assert check_content(Content(text=text), linkedin) == []
    assert check_content(Content(text=text, link="https://example.com/x"), linkedin) == []
    (problem,) = check_content(Content(text=text, link="https://example.com/x23"), linkedin)
    assert problem.code == "text_too_long"


@pytest.mark.parametrize("name", ["YouTube video", "YouTube Short"])
@pytest.mark.parametrize("column", ["text", "title"])
def test_youtube_refuses_angle_brackets(name: str, column: str, rules: Rules) -> None:
    combination = BY_NAME[name]
    content = replace(rules.content(combination), **{column: "a <3 b > c"})
    (problem,) = check_content(content, combination)
    assert (problem.column, problem.code, problem.warning) == (column, "forbidden_character", True)


def test_youtube_needs_a_title_unless_one_is_to_be_generated(rules: Rules) -> None:
    youtube = BY_NAME["YouTube video"]
    content = replace(rules.content(youtube), title="", text="")
    assert [p.code for p in check_content(content, youtube)] == ["title_missing"]
    assert check_content(content, youtube, Generation(Generate.CAPTION, "mugs")) == []


def test_what_is_to_be_generated_is_not_missed() -> None:
    facebook, instagram = BY_NAME["Facebook post"], BY_NAME["Instagram post"]
    caption, whole = Generation(Generate.CAPTION, "mugs"), Generation(Generate.POST, "mugs")
    assert check_content(NO_CONTENT, facebook, caption) == []
    assert check_content(NO_CONTENT, instagram, whole) == []
    assert [p.code for p in check_content(NO_CONTENT, instagram, caption)] == ["media_missing"]


@pytest.mark.parametrize(
    ("link", "good"),
    [
        ("https://example.com", True),
        ("http://example.com/a?b=c#d", True),
        ("HTTPS://Example.com/Spring", True),
        ("https://müller.example/", True),
        ("www.example.com", False),
        ("example.com/spring", False),
        ("ftp://example.com/a", False),
        ("javascript:alert(1)", False),
        ("https://", False),
        ("https://localhost/a", False),
        ("https://exa mple.com", False),
        ("https://[::1", False),
        ("see our page", False),
    ],
)
def test_a_link_is_a_whole_web_address(link: str, good: bool) -> None:
    problems = check_content(Content(text="Hi", link=link), BY_NAME["Facebook post"])
    assert [p.code for p in problems] == ([] if good else ["link_form"])


def test_a_leftover_in_a_link_is_said_once_and_as_what_it_is() -> None:
    problems = check_content(Content(text="Hi", link="https://example.com/{{ slug }}"), BY_NAME["Facebook post"])
    assert [p.code for p in problems] == ["placeholder"]


def test_the_same_medium_twice_in_one_post_is_a_warning() -> None:
    content = Content(media=(Medium("a.jpg"), Medium("b.jpg"), Medium("a.jpg")))
    (problem,) = check_content(content, BY_NAME["Instagram post"])
    assert (problem.code, problem.warning) == ("media_twice", True)
