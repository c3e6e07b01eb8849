from __future__ import annotations

from dataclasses import fields, replace
from types import SimpleNamespace

import pytest

from batch.model import Content, Item
from batch.plan.planfile import accounts_fingerprint, items_fingerprint, part_of_state, site_state

MOVES_NOTHING = {"link", "error", "external"}
OTHER = {"scheduled_at": None, "content": Content(text="other")}


def test_every_field_that_bears_on_a_plan_moves_the_fingerprint_of_an_item(make: SimpleNamespace) -> None:
    item = make.item()
    moved = {
        field.name
        for field in fields(Item)
        if items_fingerprint([replace(item, **{field.name: OTHER.get(field.name, "other")})])
        != items_fingerprint([item])
    }
    assert moved == {field.name for field in fields(Item)} - MOVES_NOTHING


@pytest.mark.parametrize(
    "content",
    [
        Content(text="a", title="b"), Content(text="b", title="a"), Content(text="ab"), Content(title="ab"),
        Content(link="a"), Content(call_to_action="a"), Content(privacy="a"), Content(target_id="a"),
    ],
)  # fmt: skip
def test_each_field_of_the_content_counts_by_itself(make: SimpleNamespace, content: Content) -> None:
    one, other = make.item(content=content), make.item(content=Content(text="a"))
    assert items_fingerprint([one]) != items_fingerprint([other])


def test_order_does_not_count(make: SimpleNamespace) -> None:
    items = [make.item(id="a"), make.item(id="b")]
    assert items_fingerprint(items) == items_fingerprint(items[::-1])


def test_accounts_of_channels_that_are_not_used_do_not_count(make: SimpleNamespace) -> None:
    one, other = make.snapshot(), make.snapshot(accounts=(), connections={"INSTAGRAM": "VALID", "GBP": "INVALID"})
    assert accounts_fingerprint(one, channels=["FACEBOOK"]) == accounts_fingerprint(other, channels=["FACEBOOK"])
    assert accounts_fingerprint(one, channels=["INSTAGRAM"]) != accounts_fingerprint(other, channels=["INSTAGRAM"])
    lapsed = make.snapshot(connections={"INSTAGRAM": "INVALID"})
    assert accounts_fingerprint(one, channels=["INSTAGRAM"]) != accounts_fingerprint(lapsed, channels=["INSTAGRAM"])


def test_the_parts_of_a_state_can_be_told(make: SimpleNamespace) -> None:
    state = site_state(make.snapshot(), channels=["INSTAGRAM"], found=[make.item()])
    assert part_of_state(state, "items") == items_fingerprint([make.item()])
    assert part_of_state(state, "accounts") == accounts_fingerprint(make.snapshot(), channels=["INSTAGRAM"])
    assert part_of_state("", "items") == ""
