"""Links are tagged for the domains that are named, once."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.rules.links import Utm
from tests.rules.builders import Rules

UTM = Utm(domains=("example.com",))
WORDS = {"channel": "facebook", "campaign": "spring sale", "key": "sale/berlin/FACEBOOK", "place": "berlin"}
TAGS = "utm_source=facebook&utm_medium=social&utm_campaign=spring%20sale&utm_content=sale%2Fberlin%2FFACEBOOK"


@pytest.mark.parametrize(
    ("link", "tagged"),
    [
        ("https://example.com", f"https://example.com?{TAGS}"),
        ("https://shop.example.com/a?b=1#c", f"https://shop.example.com/a?b=1&{TAGS}#c"),
        ("https://www.example.com/", f"https://www.example.com/?{TAGS}"),
        ("https://notexample.com/", "https://notexample.com/"),
        ("https://example.com.evil.org/", "https://example.com.evil.org/"),
        ("https://example.com@evil.org/", "https://example.com@evil.org/"),
        ("https://example.com/?utm_source=mine", "https://example.com/?utm_source=mine"),
        ("https://example.com/?a=1&UTM_CAMPAIGN=x", "https://example.com/?a=1&UTM_CAMPAIGN=x"),
        ("", ""),
    ],
)
def test_only_links_to_the_named_domains_are_tagged_unless_they_are(link, tagged):
    assert UTM.tag(link, WORDS) == tagged


def test_a_word_that_is_blank_leaves_its_tag_out_and_one_that_there_is_not_is_told():
    assert "utm_campaign" not in UTM.tag("https://example.com", {**WORDS, "campaign": ""})
    assert Utm(source="{chanel}", term="{place}").unknown_words() == ["chanel"]


def test_without_domains_nothing_is_tagged():
    assert Utm().tag("https://example.com", WORDS) == "https://example.com"


@given(path=st.text(st.characters(codec="ascii", categories=("L", "N")), max_size=9), campaign=st.text(max_size=12))
def test_a_link_is_never_tagged_twice_and_each_word_comes_back_whole(path, campaign):
    campaign = campaign.encode("utf-8", "replace").decode()
    once = UTM.tag(f"https://example.com/{path}?a=1", {**WORDS, "campaign": campaign})
    assert UTM.tag(once, {**WORDS, "campaign": "other"}) == once
    said = dict(parse_qsl(urlsplit(once).query))
    assert (said["a"], said.get("utm_campaign", "")) == ("1", campaign)


def test_the_link_of_a_post_is_tagged_with_its_own_words_and_its_key_is_not_changed_by_it(rules: Rules):
    row = {
        "channel": "FACEBOOK", "text": "Hi", "link": "https://example.com/a", "campaign": "May",
        "publish_at": "2026-12-01 09:30",
    }  # fmt: skip
    (plain,), (tagged,) = rules.check(row), rules.check(row, utm=UTM)
    assert tagged.key == plain.key
    tags = f"utm_source=facebook&utm_medium=social&utm_campaign=May&utm_content={plain.key}"
    assert tagged.content.link == f"https://example.com/a?{tags}"
    assert (plain.content.link, plain.errors, tagged.errors) == ("https://example.com/a", (), ())
