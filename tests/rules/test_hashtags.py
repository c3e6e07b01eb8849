"""The column `hashtags`: how tags are told apart, where they go, and what is said of those that would not work."""

from __future__ import annotations

import pytest

from batch.model import Channel, PostType, Severity
from batch.rules.channels import COMBINATIONS
from batch.rules.columns import read_hashtags
from tests.rules.builders import Rules

READ = {
    "#clay #studio": "#clay #studio",
    "clay studio": "#clay #studio",
    "clay, studio": "#clay #studio",
    "#clay,#studio": "#clay #studio",
    "#clay#studio": "#clay #studio",
    "# clay # studio": "#clay #studio",
    "clay\nstudio": "#clay #studio",
    "clay mugs\n#studio": "#clay #mugs #studio",
    "##clay; ＃陶芸、#Töpfern.": "#clay #陶芸 #Töpfern",
    "#हिन्दी #ไทย #क्ष": "#हिन्दी #ไทย #क्ष",
    "clay_2026": "#clay_2026",
    "": "",
    " , ": "",
}


@pytest.mark.parametrize(("cell", "tags"), READ.items())
def test_tags_are_told_apart_and_get_their_sign(cell: str, tags: str) -> None:
    assert read_hashtags(cell) == (tags, ())


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("#summer sale", "Write #summersale, or #summer #sale."),
        ("summer sale, mugs", "Write #summersale, or #summer #sale."),
        ("#mugs, #summer sale", "Write #summersale, or #summer #sale."),
        ("mugs #sale", "Write #mugssale, or #mugs #sale."),
    ],
)
def test_a_tag_with_a_blank_is_asked_about(cell: str, said: str) -> None:
    _, (problem,) = read_hashtags(cell)
    assert (problem.code, problem.warning, problem.fix) == ("hashtags_blank", False, None)
    assert problem.message.endswith(said)


@pytest.mark.parametrize(
    ("cell", "fix"),
    [
        ("#black-friday #mugs", "#blackfriday #mugs"),
        ("l'été", "#lété"),
        ("#c++", "#c"),
        ("#mum&me, #10%", "#mumme #10"),
        ("#clay🎉", "#clay"),
    ],
)
def test_a_sign_that_ends_a_tag_is_a_warning_with_its_remedy(cell: str, fix: str) -> None:
    _, (problem,) = read_hashtags(cell)
    assert (problem.code, problem.warning, problem.fix) == ("hashtags_form", True, fix)
    assert problem.message.endswith(f"Write “{fix}”.")


@pytest.mark.parametrize("cell", ["N/A", "none", "-", "TBD"])
def test_a_word_for_nothing_does_not_become_a_tag(cell: str) -> None:
    tags, (problem,) = read_hashtags(cell)
    assert (tags, problem.code, problem.warning, problem.fix) == ("", "hashtags_form", False, "")


def test_tags_follow_the_text_after_a_blank_line_and_stand_alone_without_one(rules: Rules) -> None:
    facebook = COMBINATIONS[Channel.FACEBOOK, PostType.POST]
    with_text, alone = rules.check(
        rules.row(facebook, text="Fresh from the kiln", hashtags="clay studio"),
        rules.row(facebook, key="b", text="", hashtags="#clay", publish_at="2026-12-02 09:30"),
    )
    assert (with_text.content.text, with_text.issues) == ("Fresh from the kiln\n\n#clay #studio", ())
    assert (alone.content.text, alone.issues) == ("#clay", ())


def test_tags_are_counted_with_the_text(rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, text="#a " * 20, hashtags="b " * 11))
    assert [issue.code for issue in post.issues] == ["too_many_hashtags"]
    (post,) = rules.check(rules.row(rules.instagram, text="a" * 2_195, hashtags="#clay"))
    assert [issue.code for issue in post.issues] == ["text_too_long"]


def test_tags_for_a_channel_without_text_are_a_warning_unless_another_channel_uses_them(rules: Rules) -> None:
    row = {"key": "a", "channel": "INSTAGRAM", "type": "STORY", "media": "a.jpg", "hashtags": "#clay"}
    (post,) = rules.check(row)
    assert [(issue.code, issue.severity) for issue in post.issues] == [("hashtags_unused", Severity.WARNING)]
    assert post.content.text == ""


@pytest.mark.parametrize(
    ("text", "hashtags", "column", "said"),
    [
        ("Fresh", " ".join(f"#t{n}" for n in range(31)), "text", "`text` and `hashtags` together have 31 hashtags"),
        ("", " ".join(f"#t{n}" for n in range(31)), "hashtags", "`hashtags` has 31 hashtags"),
        ("#a" + " #a" * 30, "", "text", "`text` has 31 hashtags"),
    ],
)
def test_what_is_counted_is_named(rules: Rules, text: str, hashtags: str, column: str, said: str) -> None:
    (post,) = rules.check(rules.row(rules.instagram, text=text, hashtags=hashtags))
    (issue,) = (issue for issue in post.issues if issue.code == "too_many_hashtags")
    assert issue.column == column
    assert issue.message.startswith(said)
