"""The sandbox states the API's rules in its own words; here its table and the product's are held against each other."""

from __future__ import annotations

import pytest

from batch.model import Channel, PostType
from batch.publisher.payload import SHAPES
from batch.rules import channels as ours
from batch.rules.channels import Limit
from batch.sandbox import content as theirs

KEYS = sorted(ours.COMBINATIONS)


def documented(limit: Limit | None) -> int | None:
    return limit.value if limit is not None and limit.documented else None


def test_both_know_the_same_combinations_words_and_ends():
    assert {(str(c), str(t)) for c, t in ours.COMBINATIONS} == set(theirs.COMBINATIONS)
    assert set(map(str, Channel)) == set(theirs.CHANNELS)
    assert set(map(str, PostType)) == set(theirs.TYPES)
    assert set(ours.CALLS_TO_ACTION.values) == set(theirs.CALLS_TO_ACTION)
    assert set(ours.PRIVACY_LEVELS.values) == set(theirs.PRIVACY_LEVELS)
    assert {str(c): f"{last.isoformat()}" for c, last in ours.ENDED.items()} == {"TWITTER": "2026-07-31"}
    assert theirs.CHANNEL_ENDS == {"TWITTER": "2026-08-01T00:00:00Z"}


@pytest.mark.parametrize("key", KEYS, ids=lambda key: f"{key[0]}-{key[1]}")
def test_each_combination_is_the_same_in_both(key):
    mine, other = ours.COMBINATIONS[key], theirs.COMBINATIONS[str(key[0]), str(key[1])]
    words = next((name for name in ("caption", "description") if name in other.texts), "")
    assert SHAPES[key].object == other.object
    assert bool(mine.text.name) == bool(words)
    assert documented(mine.text.most) == (other.texts[words].most if words else None)
    assert documented(mine.text.hashtags) == (other.texts[words].hashtags if words else None)
    assert documented(mine.text.mentions) == (other.texts[words].mentions if words else None)
    assert (mine.title is not None) == ("title" in other.texts)
    assert documented(mine.title and mine.title.most) == (other.texts["title"].most if mine.title else None)
    assert (mine.call_to_action is not None) == ("callToAction" in other.also)
    assert (mine.privacy is not None) == other.privacy
    assert (mine.link is not None) == bool({"link", "linkMetadata"} & set(other.also))
    assert documented(mine.link and mine.link.most) == other.link_most
    assert bool(mine.second_id) == bool(other.second_id)
    assert {str(kind) for kind in mine.media.kinds.values} == set(other.kinds) or key[0] is Channel.GBP
