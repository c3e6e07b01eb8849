"""What the contract leaves open: each way of answering is read, and each way of asking is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from batch.model import Act, Before, Content, Medium, Step, StepKind
from batch.publisher.payload import Clearing, make_update, read_item

STEP = Step(
    row=2, key="k", reference="k", site="s", channel="FACEBOOK", type="POST", kind=StepKind.UPDATE, reason="",
    acts=(Act.UPDATE,), account_id="1", item_id="i", content=Content(text="hello", target_id="2"),
    before=Before("SCHEDULED", None, Content("hello", link="https://a.example", media=(Medium("u", "IMAGE", "u"),))),
)  # fmt: skip


@pytest.mark.parametrize(
    "extra",
    [
        {"externalItemUrl": "https://live"},
        {"channel": {"name": "FACEBOOK", "accountId": "1", "externalItemId": "9", "externalItemUrl": "https://live"}},
        {"facebookPost": {"caption": "x", "postUrl": "https://live"}},
        {"facebookPost": {"caption": "x", "storyUrl": "https://live"}},
    ],
)
def test_the_live_link_is_read_wherever_it_stands(extra: dict[str, Any]) -> None:
    item = {"channel": {"name": "FACEBOOK"}, "type": "POST", "facebookPost": {"caption": "x"}, **extra}
    assert read_item(item).link == "https://live"


@pytest.mark.parametrize(("inside", "beside", "read"), [("7", "", "7"), ("", "7", "7"), ("7", "8", "7"), ("", "", "")])
def test_the_second_id_is_read_in_the_content_or_under_the_channel(inside: str, beside: str, read: str) -> None:
    content = {"caption": "x", **({"pageId": inside} if inside else {})}
    channel = {"name": "FACEBOOK", **({"publishingTarget": {"id": beside}} if beside else {})}
    assert read_item({"channel": channel, "type": "POST", "facebookPost": content}).content.target_id == read


@pytest.mark.parametrize(
    ("clearing", "sent"),
    [
        (Clearing.NULL, {"link": None, "mediaWrapper": None}),
        (Clearing.EMPTY, {"link": "", "mediaWrapper": {"media": []}}),
        (Clearing.OMITTED, {}),
    ],
)
def test_a_field_that_is_cleared_is_sent_in_each_way(clearing: Clearing, sent: dict[str, Any]) -> None:
    made = make_update(STEP, clearing=clearing)
    assert made == {"id": "i", "facebookPost": {"caption": "hello", "pageId": "2", **sent}}


def test_nothing_is_cleared_that_was_not_there() -> None:
    made = make_update(replace(STEP, before=Before("SCHEDULED", None, Content("old"))))
    assert made["facebookPost"] == {"caption": "hello", "pageId": "2"}
