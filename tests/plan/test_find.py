from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.model import Content, Status, StepKind
from batch.plan.matching import DEAD, ItemIndex, reference_of, repeated_keys, shared_items, split_reference

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@unhurried
@given(st.text(min_size=1, max_size=20), st.integers(2, 999_999))
def test_a_reference_gives_back_its_key_and_generation(key: str, generation: int) -> None:
    assert split_reference(reference_of(key, generation=generation)) == (key, generation)


@pytest.mark.parametrize(
    "reference", ["spring-01", "spring-01~1", "spring-01~0", "spring~x", "~2", "a~02", "a~9999999"]
)
def test_what_only_resembles_a_generation_is_part_of_the_key(reference: str) -> None:
    assert split_reference(reference) == (reference, 1)


def test_an_item_is_found_by_its_id_before_its_key(make: SimpleNamespace) -> None:
    by_id, by_key = make.item(id="a", reference="other"), make.item(id="b")
    finding = ItemIndex([by_key, by_id]).find(make.post(item_id="a"))
    assert finding.item == by_id
    assert "other" in finding.warnings[0]
    assert "b" in finding.warnings[1]


def test_an_id_without_a_key_of_its_own_warns_of_nothing(make: SimpleNamespace) -> None:
    item = make.item(reference="spring-01~3")
    assert ItemIndex([item]).find(make.post(item_id=item.id)).warnings == ()
    assert ItemIndex([item]).find(make.post("auto-1", key_derived=True, item_id=item.id)).warnings == ()


def test_an_id_that_the_site_does_not_hold_is_never_made_anew(make: SimpleNamespace) -> None:
    finding = ItemIndex([make.item()]).find(make.post(item_id="gone"))
    assert finding.item is None
    assert finding.refusal is not None
    assert (finding.refusal.kind, finding.refusal.code) == (StepKind.CONFLICT, "item_not_found")


def test_the_highest_generation_is_the_current_one(make: SimpleNamespace) -> None:
    items = [
        make.item(Status.CANCELED, id=f"i{n}", reference=reference_of("spring-01", generation=n)) for n in (10, 1, 9)
    ]
    finding = ItemIndex(items).find(make.post())
    assert finding.item == items[0]
    assert finding.next_reference == "spring-01~11"


@pytest.mark.parametrize("dead", sorted(DEAD))
def test_the_one_item_that_lives_is_the_current_one_whatever_its_generation(make: SimpleNamespace, dead: str) -> None:
    living = make.item(id="living")
    items = [living, make.item(dead, id="x"), make.item(dead, id="y", reference="spring-01~2")]
    assert ItemIndex(items).find(make.post()).item == living


@pytest.mark.parametrize("other", [*sorted(set(Status) - DEAD), "ARCHIVED"])
def test_two_items_that_live_are_a_conflict_that_names_both(make: SimpleNamespace, other: str) -> None:
    for reference in ("spring-01", "spring-01~2"):
        finding = ItemIndex([make.item(id="a"), make.item(other, id="b", reference=reference)]).find(make.post())
        assert finding.refusal is not None
        assert finding.refusal.code == "several_items"
        assert "a (SCHEDULED for 2026-12-01 08:30 UTC), b (" in finding.refusal.reason
        assert "`cancel` as its action" in finding.refusal.reason


@pytest.mark.parametrize(
    ("key", "there"),
    [("a/INSTAGRAM", "a"), ("a", "a/INSTAGRAM"), ("cafe\u0301", "caf\u00e9"), ("caf\u00e9", "cafe\u0301~2")],
)
def test_a_post_stays_the_same_when_its_row_names_more_channels_or_types_an_accent_otherwise(
    make: SimpleNamespace, key: str, there: str
) -> None:
    item = make.item(reference=there)
    assert ItemIndex([item], keys=frozenset({key})).find(make.post(key)).item == item


def test_a_key_of_several_channels_is_not_another_rows_nor_another_channels(make: SimpleNamespace) -> None:
    item = make.item(reference="a")
    assert ItemIndex([item], keys=frozenset({"a", "a/INSTAGRAM"})).find(make.post("a/INSTAGRAM")).item is None
    elsewhere = make.item(reference="a", channel="FACEBOOK")
    assert ItemIndex([elsewhere], keys=frozenset({"a/INSTAGRAM"})).find(make.post("a/INSTAGRAM")).item is None
    own = make.item(id="own", reference="a/INSTAGRAM")
    assert ItemIndex([item, own], keys=frozenset({"a/INSTAGRAM"})).find(make.post("a/INSTAGRAM")).item == own


def test_a_post_that_was_withdrawn_is_not_made_anew_since_its_row_names_more_channels(make: SimpleNamespace) -> None:
    gone = make.item(Status.DELETED, reference="a")
    finding = ItemIndex([gone], keys=frozenset({"a/INSTAGRAM"})).find(make.post("a/INSTAGRAM"))
    assert (finding.item, finding.next_reference) == (gone, "a/INSTAGRAM")


def test_a_key_that_is_there_in_other_capitals_is_a_question_and_no_new_post(make: SimpleNamespace) -> None:
    item = make.item(reference="Spring-01~2")
    finding = ItemIndex([item], keys=frozenset({"spring-01"})).find(make.post())
    assert finding.refusal is not None
    assert (finding.refusal.code, "Spring-01" in finding.refusal.reason) == ("key_capitals", True)
    both = ItemIndex([make.item(reference="Spring-01")], keys=frozenset({"spring-01", "Spring-01"}))
    assert both.find(make.post()).refusal is None


def test_a_key_is_sent_with_its_accents_in_one_form_and_is_one_key(make: SimpleNamespace) -> None:
    assert ItemIndex([]).find(make.post("cafe\u0301")).next_reference == "caf\u00e9"
    keys = ("cafe\u0301", "caf\u00e9")
    assert repeated_keys([make.post(key) for key in keys]) == frozenset(keys)


def test_an_id_does_not_hide_that_another_item_of_its_key_goes_out_too(make: SimpleNamespace) -> None:
    finding = ItemIndex([make.item(id="a"), make.item(id="b")]).find(make.post(item_id="a"))
    assert finding.item is not None
    (warning,) = finding.warnings
    assert "b (SCHEDULED for 2026-12-01 08:30 UTC)" in warning
    assert "goes out too" in warning


@pytest.mark.parametrize(
    ("changes", "twins"),
    [
        ({}, ("a", "b")),
        ({"status": Status.DRAFT}, ()),
        ({"status": Status.PUBLISHED}, ()),
        ({"account_id": "ig-2"}, ()),
        ({"reference": "spring-01~2"}, ()),
        ({"content": Content(text="Other")}, ()),
        ({"scheduled_at": None}, ()),
    ],
)
def test_only_scheduled_items_that_are_the_same_in_everything_are_twins(
    make: SimpleNamespace, changes: dict[str, object], twins: tuple[str, ...]
) -> None:
    finding = ItemIndex([make.item(**{"id": "b", **changes}), make.item(id="a")]).find(make.post())
    assert finding.refusal is not None
    assert tuple(item.id for item in finding.twins) == twins


def test_an_item_that_was_listed_twice_is_one_item(make: SimpleNamespace) -> None:
    assert ItemIndex([make.item(), make.item()]).find(make.post()).item == make.item()


def test_an_item_that_was_made_on_the_channel_is_a_conflict(make: SimpleNamespace) -> None:
    finding = ItemIndex([make.item(external=True)]).find(make.post())
    assert finding.refusal is not None
    assert finding.refusal.code == "external_item"


def test_what_is_not_there_would_be_made_under_the_key_itself(make: SimpleNamespace) -> None:
    finding = ItemIndex([make.item(reference="spring-010"), make.item(id="b", reference="")]).find(make.post())
    assert (finding.item, finding.next_reference, finding.refusal) == (None, "spring-01", None)


def test_rows_that_stand_for_one_item_are_seen(make: SimpleNamespace) -> None:
    index = ItemIndex([make.item(), make.item(id="b", reference="b")])
    posts = [make.post(), replace(make.post("z", item_id="item-1"), row=7), make.post("b")]
    assert shared_items((post, index.find(post)) for post in posts) == {"item-1": [2, 7]}


def test_keys_that_stand_twice_are_seen(make: SimpleNamespace) -> None:
    assert repeated_keys([make.post("a"), make.post("b"), make.post("a")]) == {"a"}
