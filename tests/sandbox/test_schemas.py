from __future__ import annotations

import pytest

from batch.sandbox.schemas import Flag, Size, Text, listed, model, one_of, read_body
from batch.sandbox.state import Invalid

SHAPE = model("Shape", name=one_of(("one", "two")), on=Flag, size=Size, tags=listed(Text, most=2))


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"[]", "body"),
        (b'"text"', "body"),
        (b'{"name": "a", "name": "b"}', "body"),
        (b'{"size": NaN}', "body"),
        (b'{"name": "\\ud800"}', "body"),
        (b"\xff\xfe", "body"),
        (b"[" * 100_000, "body"),
        (b'{"other": 1}', "other"),
        (b'{"name": "four"}', "name"),
        (b'{"name": 5}', "name"),
        (b'{"on": "true"}', "on"),
        (b'{"size": 0}', "size"),
        (b'{"size": true}', "size"),
        (b'{"size": 1.0}', "size"),
        (b'{"tags": "a"}', "tags"),
        (b'{"tags": [1]}', "tags[0]"),
        (b'{"tags": ["a", "b", "c"]}', "tags"),
    ],
)
def test_a_body_that_does_not_fit_is_refused_by_its_field(body, field):
    with pytest.raises(Invalid) as caught:
        read_body(body, SHAPE)
    assert [v.field for v in caught.value.violations] == [field]


def test_everything_that_is_wrong_is_told_at_once():
    with pytest.raises(Invalid) as caught:
        read_body(b'{"name": "four", "on": 1, "x": 2}', SHAPE)
    assert [v.field for v in caught.value.violations] == ["name", "on", "x"]


def test_null_counts_as_left_out():
    assert read_body(b'{"name": null, "tags": ["a"], "size": "3"}', SHAPE) == {"tags": ["a"], "size": "3"}


def test_text_is_kept_as_it_is():
    assert read_body('{"tags": ["👍🏽\\u0000\\n"]}'.encode(), SHAPE) == {"tags": ["👍🏽\x00\n"]}
