"""Items and accounts are found by what names them, and never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.model import Account, Action, Channel, Content, Post, PostType, Snapshot, Status, StepKind
from batch.plan.matching import (
    CONNECTIONS,
    DEAD,
    SECOND_IDS,
    AccountBook,
    Claims,
    ItemIndex,
    reference_of,
    sent_form,
    shown_account,
    split_reference,
)
from tests.plan.builders import Builders

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def conflicts(posts: Sequence[Post], index: ItemIndex | None = None) -> list[str]:
    matches = [(post, (index or ItemIndex([])).find(post)) for post in posts]
    claims = Claims(matches)
    refusals = [claims.conflict(post, match) for post, match in matches]
    return [refusal.code if refusal else "" for refusal in refusals]


@unhurried
@given(st.text(min_size=1, max_size=20), st.integers(2, 999_999))
def test_a_reference_gives_back_its_key_and_attempt(key: str, attempt: int) -> None:
    assert split_reference(reference_of(key, attempt=attempt)) == (sent_form(key), attempt)


@pytest.mark.parametrize(
    "reference", ["spring-01", "spring-01~1", "spring-01~0", "spring~x", "~2", "a~02", "a~9999999"]
)
def test_what_only_resembles_an_attempt_is_part_of_the_key(reference: str) -> None:
    assert split_reference(reference) == (reference, 1)


def test_an_item_is_found_by_its_id_before_its_key(make: Builders) -> None:
    by_id, by_key = make.item(id="a", reference="other"), make.item(id="b")
    match = ItemIndex([by_key, by_id]).find(make.post(item_id="a"))
    assert match.item == by_id
    assert "other" in match.warnings[0]
    assert "b" in match.warnings[1]


def test_an_id_without_a_key_of_its_own_warns_of_nothing(make: Builders) -> None:
    item = make.item(reference="spring-01~3")
    assert ItemIndex([item]).find(make.post(item_id=item.id)).warnings == ()
    assert ItemIndex([item]).find(make.post("auto-1", key_derived=True, item_id=item.id)).warnings == ()


def test_an_id_that_the_site_does_not_hold_is_never_made_anew(make: Builders) -> None:
    match = ItemIndex([make.item()]).find(make.post(item_id="gone"))
    assert match.item is None
    assert match.refusal is not None
    assert (match.refusal.kind, match.refusal.code) == (StepKind.CONFLICT, "item_not_found")


def test_the_latest_attempt_is_the_current_one(make: Builders) -> None:
    items = [make.item(Status.CANCELED, id=f"i{n}", reference=reference_of("spring-01", attempt=n)) for n in (10, 1, 9)]
    match = ItemIndex(items).find(make.post())
    assert match.item == items[0]
    assert match.next_reference == "spring-01~11"


@pytest.mark.parametrize("dead", sorted(DEAD))
def test_the_one_item_that_lives_is_the_current_one_whatever_its_attempt(make: Builders, dead: str) -> None:
    living = make.item(id="living")
    items = [living, make.item(dead, id="x"), make.item(dead, id="y", reference="spring-01~2")]
    assert ItemIndex(items).find(make.post()).item == living


@pytest.mark.parametrize("other", [*sorted(set(Status) - DEAD), "ARCHIVED"])
def test_two_items_that_live_are_a_conflict_that_names_both(make: Builders, other: str) -> None:
    later_attempt = [] if other == Status.DRAFT else [{"reference": "spring-01~2"}]
    for changes in (*later_attempt, {"account_id": "ig-2"}, {"external": True}):
        match = ItemIndex([make.item(id="a"), make.item(other, id="b", **changes)]).find(make.post())
        assert match.refusal is not None
        assert match.refusal.code == "several_items"
        assert "a (scheduled for Tue 1 Dec 2026, 08:30 (UTC)) and b (" in match.refusal.reason
        assert "`cancel` as its action" in match.refusal.reason


@pytest.mark.parametrize(
    ("key", "there"),
    [("a/INSTAGRAM", "a"), ("a", "a/INSTAGRAM"), ("cafe\u0301", "caf\u00e9"), ("caf\u00e9", "cafe\u0301~2")],
)
def test_a_post_stays_the_same_when_its_row_names_more_channels_or_types_an_accent_otherwise(
    make: Builders, key: str, there: str
) -> None:
    item = make.item(reference=there)
    assert ItemIndex([item], keys=frozenset({key})).find(make.post(key)).item == item


def test_a_key_of_several_channels_is_not_another_rows_nor_another_channels(make: Builders) -> None:
    item = make.item(reference="a")
    assert ItemIndex([item], keys=frozenset({"a", "a/INSTAGRAM"})).find(make.post("a/INSTAGRAM")).item is None
    elsewhere = make.item(reference="a", channel="FACEBOOK")
    assert ItemIndex([elsewhere], keys=frozenset({"a/INSTAGRAM"})).find(make.post("a/INSTAGRAM")).item is None
    own = make.item(id="own", reference="a/INSTAGRAM")
    assert ItemIndex([item, own], keys=frozenset({"a/INSTAGRAM"})).find(make.post("a/INSTAGRAM")).item == own


def test_a_post_that_was_withdrawn_is_not_made_anew_since_its_row_names_more_channels(make: Builders) -> None:
    gone = make.item(Status.DELETED, reference="a")
    match = ItemIndex([gone], keys=frozenset({"a/INSTAGRAM"})).find(make.post("a/INSTAGRAM"))
    assert (match.item, match.next_reference) == (gone, "a/INSTAGRAM")


def test_a_key_that_is_there_in_other_capitals_is_a_question_and_no_new_post(make: Builders) -> None:
    item = make.item(reference="Spring-01~2")
    match = ItemIndex([item], keys=frozenset({"spring-01"})).find(make.post())
    assert match.refusal is not None
    assert (match.refusal.code, "Spring-01" in match.refusal.reason) == ("key_capitals", True)
    both = ItemIndex([make.item(reference="Spring-01")], keys=frozenset({"spring-01", "Spring-01"}))
    assert both.find(make.post()).refusal is None


def test_a_key_is_sent_with_its_accents_in_one_form_and_is_one_key(make: Builders) -> None:
    assert ItemIndex([]).find(make.post("cafe\u0301")).next_reference == sent_form("caf\u00e9")
    posts = [make.post("cafe\u0301"), make.post("caf\u00e9")]
    assert conflicts(posts) == ["key_twice", "key_twice"]


LONG = "Fr\u00fchjahrsausstellung-f\u00fcr-alle-L\u00e4den-mit-T\u00f6pferkurs-im-M\u00e4rz"


def test_a_key_that_is_long_or_not_ascii_is_sent_short_and_plain() -> None:
    forms = {key: sent_form(key) for key in (LONG, f"{LONG}/FACEBOOK", "\u6625", "x" * 47, "x" * 48, "plain-01")}
    assert len(set(forms.values())) == len(forms)
    assert all(form.isascii() and len(reference_of(form, attempt=999)) <= 50 for form in forms.values())
    assert forms["plain-01"] == "plain-01"
    assert sent_form(LONG) == "Fruhjahrsausstellung-fur-all-" + forms[LONG][-16:]
    assert all(sent_form(form) == form for form in forms.values())


@pytest.mark.parametrize("reference", [LONG, sent_form(LONG)])
def test_a_post_is_found_under_its_own_key_and_under_the_form_that_is_sent(make: Builders, reference: str) -> None:
    living = make.item(reference=reference)
    assert ItemIndex([living]).find(make.post(LONG)).item == living
    dead = make.item(Status.CANCELED, reference=reference)
    match = ItemIndex([dead]).find(make.post(LONG))
    assert (match.item, match.next_reference) == (dead, f"{sent_form(LONG)}~2")


def test_an_id_does_not_hide_that_another_item_of_its_key_goes_out_too(make: Builders) -> None:
    match = ItemIndex([make.item(id="a"), make.item(id="b")]).find(make.post(item_id="a"))
    assert match.item is not None
    (warning,) = match.warnings
    assert "b (scheduled for Tue 1 Dec 2026, 08:30 (UTC))" in warning
    assert "goes out too" in warning


OTHER = Content(text="Other")


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ("a", "b")),
        ({"status": Status.DRAFT, "scheduled_at": None}, ("a", "b")),
        ({"status": Status.DRAFT, "scheduled_at": None, "content": OTHER}, ("a", "b")),
        ({"status": Status.PUBLISHED}, ("b", "a")),
        ({"status": Status.PUBLISHED, "content": OTHER}, ()),
        ({"account_id": "ig-2"}, ()),
        ({"reference": "spring-01~2"}, ()),
        ({"reference": "spring-01~2", "status": Status.DRAFT, "scheduled_at": None, "id": "0"}, ("a", "0")),
        ({"content": OTHER}, ()),
        ({"scheduled_at": None}, ()),
        ({"external": True}, ()),
    ],
)
def test_of_several_items_of_one_post_one_is_it_and_the_others_are_taken_back(
    make: Builders, changes: dict[str, object], found: tuple[str, ...]
) -> None:
    match = ItemIndex([make.item(**{"id": "b", **changes}), make.item(id="a")]).find(make.post())
    if not found:
        assert match.refusal is not None
        assert match.refusal.code == "several_items"
        return
    assert match.item is not None
    assert (match.item.id, *(item.id for item in match.duplicates)) == found


@pytest.mark.parametrize("action", [Action.CANCEL, Action.DELETE])
def test_of_a_post_that_is_withdrawn_what_would_go_out_comes_first_and_all_is_taken_back(
    make: Builders, action: Action
) -> None:
    held = [make.item(id="a", status=Status.DRAFT, scheduled_at=None), make.item(id="b", content=OTHER)]
    match = ItemIndex(held).find(make.post(action=action))
    assert match.item is not None
    assert (match.item.id, [item.id for item in match.duplicates]) == ("b", ["a"])


@pytest.mark.parametrize("content", [Content(text="Glazing\nday"), OTHER])
def test_a_row_that_only_moves_its_post_means_the_one_that_is_scheduled(make: Builders, content: Content) -> None:
    held = [make.item(id="a", status=Status.DRAFT, scheduled_at=None, content=content), make.item(id="b")]
    match = ItemIndex(held).find(make.post(action=Action.RESCHEDULE))
    assert match.item is not None
    assert (match.item.id, [item.id for item in match.duplicates]) == ("b", ["a"])


def test_a_draft_that_says_something_else_gives_way_to_what_is_scheduled(make: Builders) -> None:
    held = [make.item(id="a", status=Status.DRAFT, scheduled_at=None, content=OTHER), make.item(id="b")]
    match = ItemIndex(held).find(make.post())
    assert match.item is not None
    assert (match.item.id, [item.id for item in match.duplicates]) == ("b", ["a"])


def test_two_scheduled_items_that_differ_are_never_settled_by_a_guess(make: Builders) -> None:
    held = [make.item(id="a", content=OTHER), make.item(id="b"), make.item(id="c", status=Status.DRAFT)]
    for action in (None, Action.RESCHEDULE):
        match = ItemIndex(held).find(make.post(action=action))
        assert match.refusal is not None
        assert (match.refusal.code, match.duplicates) == ("several_items", ())


def test_an_item_that_was_listed_twice_is_one_item(make: Builders) -> None:
    assert ItemIndex([make.item(), make.item()]).find(make.post()).item == make.item()


def test_an_item_that_was_made_on_the_channel_is_a_conflict(make: Builders) -> None:
    match = ItemIndex([make.item(external=True)]).find(make.post())
    assert match.refusal is not None
    assert match.refusal.code == "external_item"


def test_what_is_not_there_would_be_made_under_the_key_itself(make: Builders) -> None:
    match = ItemIndex([make.item(reference="spring-010"), make.item(id="b", reference="")]).find(make.post())
    assert (match.item, match.next_reference, match.refusal) == (None, "spring-01", None)


def test_rows_that_stand_for_one_item_are_seen(make: Builders) -> None:
    index = ItemIndex([make.item(), make.item(id="b", reference="b")])
    posts = [make.post(), replace(make.post("z", item_id="item-1"), row=7), make.post("b")]
    assert conflicts(posts, index) == ["same_item", "same_item", ""]
    assert Claims((post, index.find(post)) for post in posts).rows == {"item-1": [2, 7], "b": [2]}


def test_keys_that_stand_twice_are_seen(make: Builders) -> None:
    assert conflicts([make.post("a"), make.post("b"), make.post("a")]) == ["key_twice", "", "key_twice"]


PAGES = (
    Account(Channel.FACEBOOK, "fb-1", name="Pottery", target_id="p-1", target_name="Pottery Page", default=True),
    Account(Channel.FACEBOOK, "fb-2", name="Clay", target_id="p-2", target_name="Clay Page"),
)


def book(make: Builders, *accounts: Account, **changes: object) -> AccountBook:
    snapshot: Snapshot = make.snapshot(accounts=accounts, connections={}, **changes)
    return AccountBook(snapshot)


@pytest.mark.parametrize("name", ["fb-2", "FB-2", "clay", "@Clay", " Clay ", "Clay Page", "clay page", "p-2"])
def test_an_account_is_called_by_any_of_its_names(make: Builders, name: str) -> None:
    choice = book(make, *PAGES).choose(make.post(channel=Channel.FACEBOOK, account=name))
    assert choice == (PAGES[1], None)


def test_a_blank_cell_means_the_default_or_the_only_account(make: Builders) -> None:
    post = make.post(channel=Channel.FACEBOOK)
    assert book(make, *PAGES).choose(post).account == PAGES[0]
    assert book(make, PAGES[1]).choose(post).account == PAGES[1]


@pytest.mark.parametrize("default", [True, False])
def test_several_accounts_without_one_default_are_never_guessed(make: Builders, default: bool) -> None:
    accounts = [replace(account, default=default) for account in PAGES]
    choice = book(make, *accounts).choose(make.post(channel=Channel.FACEBOOK))
    assert choice.account is None
    assert choice.refusal is not None
    assert (choice.refusal.kind, choice.refusal.code) == (StepKind.BLOCKED, "account_ambiguous")
    assert "Clay (Clay Page) and Pottery (Pottery Page)" in choice.refusal.reason


def test_a_name_that_fits_two_accounts_is_never_guessed(make: Builders) -> None:
    twins = [replace(PAGES[0], default=False), replace(PAGES[1], name="Pottery")]
    choice = book(make, *twins).choose(make.post(channel=Channel.FACEBOOK, account="pottery"))
    assert choice.refusal is not None
    assert choice.refusal.code == "account_ambiguous"


def test_an_id_wins_over_a_name(make: Builders) -> None:
    named = replace(PAGES[1], name="fb-1")
    assert book(make, PAGES[0], named).choose(make.post(channel=Channel.FACEBOOK, account="fb-1")).account == PAGES[0]


def test_a_name_that_nobody_has_lists_the_names_that_are_there(make: Builders) -> None:
    choice = book(make, *PAGES).choose(make.post(channel=Channel.FACEBOOK, account="Potery"))
    assert choice.refusal is not None
    assert choice.refusal.code == "account_unknown"
    assert "Pottery (Pottery Page)" in choice.refusal.reason


@pytest.mark.parametrize("state", [*CONNECTIONS, "SOMETHING_NEW"])
def test_a_connection_that_does_not_stand_blocks_with_the_way_to_mend_it(make: Builders, state: str) -> None:
    snapshot = make.snapshot(connections={"INSTAGRAM": state})
    choice = AccountBook(snapshot).choose(make.post())
    assert choice.refusal is not None
    assert (choice.refusal.kind, choice.refusal.code) == (StepKind.BLOCKED, "not_connected")
    assert "postbatch accounts" in choice.refusal.reason


def test_a_channel_without_an_account_is_blocked(make: Builders) -> None:
    choice = book(make).choose(make.post())
    assert choice.refusal is not None
    assert choice.refusal.code == "not_connected"


@pytest.mark.parametrize("channel", SECOND_IDS)
def test_an_account_without_its_second_id_is_blocked(make: Builders, channel: Channel) -> None:
    choice = book(make, Account(channel, "a")).choose(make.post(channel=channel))
    assert choice.refusal is not None
    assert choice.refusal.code == "no_target"
    assert SECOND_IDS[channel] in choice.refusal.reason


def facebook_item(make: Builders, **changes: object) -> object:
    content = Content(text="Glazing\nday", target_id="p-1")
    return make.item(**({"channel": "FACEBOOK", "account_id": "fb-1", "content": content} | changes))


@pytest.mark.parametrize(
    ("account", "changes", "code"),
    [
        ("", {}, None),
        ("Pottery", {}, None),
        ("", {"account_id": "fb-2"}, "other_account"),
        ("Pottery", {"account_id": "fb-2"}, "other_account"),
        ("Clay", {}, "other_account"),
        ("", {"account_id": "fb-9"}, "other_account"),
        ("", {"account_id": ""}, "account_unclear"),
        ("", {"content": Content(target_id="p-9")}, "other_target"),
        ("", {"content": Content()}, None),
    ],
)
def test_an_item_on_another_account_is_a_conflict(
    make: Builders, account: str, changes: dict[str, object], code: str | None
) -> None:
    post = make.post(channel=Channel.FACEBOOK, type=PostType.POST, account=account)
    choice = book(make, *PAGES).of_item(post, facebook_item(make, **changes))
    assert (choice.refusal.code if choice.refusal else None) == code
    if choice.refusal:
        assert choice.refusal.kind is StepKind.CONFLICT


def test_without_a_default_an_item_keeps_its_own_account(make: Builders) -> None:
    accounts = [replace(account, default=False) for account in PAGES]
    choice = book(make, *accounts).of_item(make.post(channel=Channel.FACEBOOK), facebook_item(make))
    assert choice == (accounts[0], None)


def test_of_an_account_that_is_no_longer_connected_only_its_id_is_known(make: Builders) -> None:
    unknown = AccountBook(make.snapshot(accounts=(), connections={"INSTAGRAM": "DISCONNECTED"}))
    by_id = unknown.of_item(make.post(account="ig-1"), make.item())
    by_name = unknown.of_item(make.post(account="studio"), make.item())
    assert by_id.account is not None
    assert by_id.account.id == "ig-1"
    assert by_name.account is None
    assert by_id.refusal is not None
    assert by_id.refusal.code == "not_connected"


def test_an_account_is_shown_by_its_names() -> None:
    assert [shown_account(a) for a in (PAGES[0], Account(Channel.GBP, "g"))] == ["Pottery (Pottery Page)", "g"]
