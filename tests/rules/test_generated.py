"""Generated content inside a post: fingerprints, what is taken, what is kept, as pure values."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import Channel, Content, Generate, Generation, Issue, Medium, Post, PostType, Severity
from batch.rules.check import (
    PLAN_LACKS_AI,
    content_from_json,
    content_to_json,
    fingerprint,
    with_failure,
    with_generated,
    with_issue,
)
from tests.rules.builders import GENERATED_CODES


def post(kind: Generate | None = Generate.CAPTION, channel: Channel = Channel.LINKEDIN, **content: object) -> Post:
    return Post(
        row=2,
        key="k",
        site="",
        channel=channel,
        type=PostType.POST,
        content=Content(**content),  # type: ignore[arg-type]  # the fields of Content by name
        generation=Generation(kind, prompt="glazes") if kind else None,
    )


@given(st.text(), st.text(), st.lists(st.tuples(st.text(), st.sampled_from(["IMAGE", "VIDEO"])), max_size=3))
def test_what_the_journal_keeps_comes_back_the_same(text: str, title: str, media: list[tuple[str, str]]) -> None:
    content = Content(text=text, title=title, media=tuple(Medium(source, kind) for source, kind in media))
    assert content_from_json(content_to_json(content)) == content


@pytest.mark.parametrize(
    "kept", ["", "{", "[]", "{}", '{"text": "x"}', "null", '{"text": "", "title": "", "media": 1}']
)
def test_what_can_not_be_read_is_made_anew(kept: str) -> None:
    assert content_from_json(kept) is None


def test_the_picture_to_change_belongs_to_the_request_and_others_do_not() -> None:
    one, two = Medium("a.jpg", identity="sha256:a"), Medium("b.jpg", identity="sha256:b")
    assert fingerprint(post(Generate.IMAGE, media=(one,))) != fingerprint(post(Generate.IMAGE, media=(two,)))
    assert fingerprint(post(Generate.IMAGE, media=(one,))) == fingerprint(post(Generate.IMAGE, media=(one, two)))
    assert fingerprint(post(media=(one,))) == fingerprint(post(media=(two,)))


def test_a_text_of_the_row_does_not_change_what_was_asked_for() -> None:
    assert fingerprint(post(text="a")) == fingerprint(post(text="b"))


def test_a_post_that_asks_for_nothing_stays_as_it_is() -> None:
    assert with_generated(post(None, text="Mine."), Content(text="Other.")) == post(None, text="Mine.")


def test_what_breaks_a_rule_says_that_it_was_generated_and_what_to_do() -> None:
    made = with_generated(post(channel=Channel.GBP), Content(text="x" * 1501))
    assert [(issue.column, issue.code) for issue in made.errors] == [("text", "text_too_long")]
    assert made.errors[0].message.endswith("It was generated: change `prompt`, or run with --regenerate.")


def test_generated_content_is_checked_like_any_other() -> None:
    made = with_generated(post(channel=Channel.GBP), Content(text="Hi {{name}} " + "a" * 1_500))
    assert [(issue.column, issue.code) for issue in made.issues] == [("text", "text_too_long"), ("text", "placeholder")]


def test_a_limit_that_only_the_network_states_is_a_warning() -> None:
    made = with_generated(post(), Content(text="x" * 3001))
    assert (made.errors, [issue.code for issue in made.issues]) == ((), ["text_too_long"])


def test_what_was_said_of_the_row_before_is_not_said_again() -> None:
    said = Issue(2, "privacy", "privacy_blank", "", "Which?", Severity.WARNING)
    medium = Medium("https://static.wixstatic.com/media/a.jpg", "IMAGE")
    asked = replace(post(channel=Channel.TIKTOK, media=(medium,)), issues=(said,))
    assert with_generated(asked, Content(text="Hi")).issues == (said,)


def test_a_link_is_taken_where_the_channel_has_one_and_the_row_has_none() -> None:
    made = Content(text="Hi", link="https://example.com/p")
    assert with_generated(post(Generate.POST, Channel.FACEBOOK), made).content.link == "https://example.com/p"
    assert with_generated(post(Generate.POST, Channel.FACEBOOK, link="https://own.example.com"), made).content.link == (
        "https://own.example.com"
    )
    assert with_generated(post(Generate.POST, Channel.GBP), made).content.link == ""


def test_second_ids_and_privacy_are_never_taken_from_what_was_generated() -> None:
    made = Content(text="Hi", target_id="stranger", privacy="SELF_ONLY", call_to_action="BOOK")
    content = with_generated(post(Generate.POST), made).content
    assert (content.target_id, content.privacy, content.call_to_action) == ("", "", "")


def test_every_code_has_its_meaning() -> None:
    failed = with_failure(post(), code="X", message="No.")
    warned = with_issue(post(), "ai_tools_missing", "", PLAN_LACKS_AI, warning=True)
    assert {issue.code for done in (failed, warned) for issue in done.issues} == set(GENERATED_CODES)


@pytest.mark.parametrize("kind", [Generate.CAPTION, Generate.POST])
def test_hashtags_of_the_row_follow_the_generated_text(kind: Generate) -> None:
    made = with_generated(post(kind, text="#clay #studio"), Content(text="Glazes are glass."))
    assert made.content.text == "Glazes are glass.\n\n#clay #studio"
