from __future__ import annotations

import pytest

from batch.model import Action, Channel, Generate
from batch.rules.channel_words import read_channels, read_type
from batch.rules.channels import CALLS_TO_ACTION, PRIVACY_LEVELS
from batch.rules.columns import (
    ACTION_FORMS,
    ACTION_WORDS,
    ASSET_TYPES,
    FINAL_FORMS,
    NO_ACTION,
    PRIVACY_WORDS,
    Asset,
    read_approved,
    read_asset,
    read_form,
    read_word,
)


@pytest.mark.parametrize("action", Action)
def test_actions_are_read_in_any_case(action: Action) -> None:
    assert read_word(action.upper(), "action") == (action, None)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("cancle", "cancel"),
        ("withdraw", "cancel"),
        ("pubish", "publish"),
        ("re-schedule it", "reschedule"),
        ("shedule", "schedule"),
    ],
)
def test_a_word_near_an_action_is_asked_about_and_never_followed(written: str, meant: str) -> None:
    action, problem = read_word(written, "action")
    assert action == ""
    assert problem is not None
    assert f"Did you mean {meant}?" in problem.message


@pytest.mark.parametrize("word", ["scheduled", "Scheduling", "SCHEDULES", " Scheduled. "])
def test_other_forms_of_what_can_be_taken_back_are_read(word: str) -> None:
    assert read_word(word, "action") == (Action.SCHEDULE, None)


def test_only_forms_of_what_can_be_taken_back_are_read() -> None:
    assert set(ACTION_FORMS.values()) == {Action.DRAFT, Action.SCHEDULE, Action.RESCHEDULE, Action.SKIP}
    assert {read_word(word, "action") for word in ACTION_FORMS} == {(a, None) for a in ACTION_FORMS.values()}
    assert set(FINAL_FORMS.values()) == set(Action) - set(ACTION_FORMS.values())


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("canceled", "or “already cancelled”. Cancelling can't be undone: write `cancel` if you want it, or"),
        ("Cancelling", "or “already cancelled”. Cancelling can't be undone: write `cancel` if you want it, or"),
        ("PUBLISHED", "or “already published”. Publishing can't be undone: write `publish` if you want it, or"),
        ("deleted", "or “already deleted”. Deleting can't be undone: write `delete` if you want it, or"),
        ("updated", "is no action. Leave `action` blank to make the post match the row, or write `skip`"),
    ],
)
def test_a_word_that_may_tell_a_state_is_asked_about(written: str, told: str) -> None:
    action, problem = read_word(written, "action")
    assert action == ""
    assert problem is not None
    assert (problem.code, problem.fix) == ("action_unknown", None)
    assert told in problem.message


@pytest.mark.parametrize("word", sorted({*ACTION_WORDS, *NO_ACTION}))
def test_no_word_that_people_write_for_an_action_is_followed(word: str) -> None:
    assert word not in set(Action)
    assert read_word(word, "action")[0] == ""


def test_blank_cells_ask_for_nothing() -> None:
    assert read_word("", "action") == ("", None)
    assert read_type("") == (None, None)
    assert read_word("", "generate") == ("", None)
    assert read_approved("") == (False, None)
    assert read_form("", "language") == ("", None)
    assert read_form("", "item_id") == ("", None)


@pytest.mark.parametrize(
    "cell", ["INSTAGRAM,FACEBOOK", "ig | fb", "Instagram; Facebook", "insta\nfacebook", ",ig,,fb,"]
)
def test_channels_are_separated_in_any_usual_way(cell: str) -> None:
    channels = read_channels(cell)
    assert channels.named == (Channel.INSTAGRAM, Channel.FACEBOOK)
    assert channels.problems == ()


@pytest.mark.parametrize("cell", ["", " , ", ";"])
def test_a_cell_without_a_word_names_no_channel(cell: str) -> None:
    assert [problem.code for problem in read_channels(cell).problems] == ["channel_missing"]


def test_a_channel_named_twice_is_posted_to_once() -> None:
    channels = read_channels("IG, Instagram")
    assert channels.named == (Channel.INSTAGRAM,)
    assert [(p.code, p.warning) for p in channels.problems] == [("channel_twice", True)]


def test_a_look_alike_letter_in_a_channel_is_named() -> None:
    (problem,) = read_channels("FАCEBOOK").problems
    assert problem.code == "lookalike_letters"
    assert "is a Cyrillic letter that only looks right" in problem.message
    assert "FACEBOOK" in problem.message


@pytest.mark.parametrize("kind", Generate)
def test_kinds_of_generating_are_read_in_any_case(kind: Generate) -> None:
    assert read_word(kind.title(), "generate") == (kind, None)


@pytest.mark.parametrize(("word", "said"), [("WAHR", True), ("nein", False), ("Approved", True), ("pending", False)])
def test_approved_is_read_in_several_languages(word: str, said: bool) -> None:
    assert read_approved(word) == (said, None)


@pytest.mark.parametrize("word", ["maybe", "yes?", "2", "ready", "yes no", "draft"])
def test_what_is_neither_is_an_error(word: str) -> None:
    approved, problem = read_approved(word)
    assert not approved
    assert problem is not None
    assert not problem.warning


@pytest.mark.parametrize(("written", "value"), [("Learn more", "LEARN_MORE"), ("sign-up", "SIGN_UP"), ("SHOP", "SHOP")])
def test_a_button_is_understood_however_it_is_spaced(written: str, value: str) -> None:
    assert read_word(written, "call_to_action", CALLS_TO_ACTION) == (value, None)


@pytest.mark.parametrize("word", sorted(PRIVACY_WORDS))
def test_who_sees_a_post_is_asked_about_and_not_guessed(word: str) -> None:
    value, problem = read_word(word, "privacy", PRIVACY_LEVELS)
    assert value == ""
    assert problem is not None
    assert f"Did you mean {PRIVACY_WORDS[word]}?" in problem.message
    assert PRIVACY_WORDS[word] in PRIVACY_LEVELS.values


ASSET_ID = "00000000-0000-4000-a000-000000000001"


@pytest.mark.parametrize(
    ("cell", "asset"),
    [
        ("product: Blue mug", Asset("STORES_PRODUCT", name="Blue mug")),
        ("STORES_PRODUCT: Blue mug", Asset("STORES_PRODUCT", name="Blue mug")),
        ("Blog post: How to choose: a guide", Asset("BLOG_POST", name="How to choose: a guide")),
        ("event: Vernissage", Asset("EVENT", name="Vernissage")),
        ("EVENT:a b", Asset("EVENT", name="a b")),
        ("product:12", Asset("STORES_PRODUCT", "12")),
        (
            "Service: 00000000-0000-4000-a000-000000000001",
            Asset("BOOKINGS_SERVICE", "00000000-0000-4000-a000-000000000001"),
        ),
    ],
)
def test_an_asset_may_be_named_by_what_people_call_it(cell: str, asset: Asset) -> None:
    assert read_asset(cell) == asset


@pytest.mark.parametrize("asset_type", ASSET_TYPES)
def test_an_asset_is_a_type_and_an_id(asset_type: str) -> None:
    assert read_asset(f"{asset_type.lower()} : 12-ab") == Asset(asset_type, "12-ab")


@pytest.mark.parametrize("cell", ["STORES_PRODUCT", "STORES_PRODUCT:", "12-ab", ":"])
def test_anything_else_is_no_asset(cell: str) -> None:
    asset = read_asset(cell)
    assert (asset.type, asset.id) == ("", "")
    assert asset.problem is not None
    assert asset.problem.code == "asset_form"


def test_languages_and_item_ids_have_their_form() -> None:
    assert read_form("DE", "language") == ("de", None)
    assert read_form("AC01C174-5244-49DF-8085-84D87CD0345A", "item_id") == (
        "ac01c174-5244-49df-8085-84d87cd0345a",
        None,
    )
    for value, problem in (read_form("deu", "language"), read_form("ac01c174", "item_id")):
        assert value == ""
        assert problem is not None
