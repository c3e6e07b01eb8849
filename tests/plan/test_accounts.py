from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from batch.model import Account, Channel, Content, PostType, Snapshot, StepKind
from batch.plan.matching import CONNECTIONS, SECOND_IDS, AccountBook, shown_account

PAGES = (
    Account(Channel.FACEBOOK, "fb-1", name="Pottery", target_id="p-1", target_name="Pottery Page", default=True),
    Account(Channel.FACEBOOK, "fb-2", name="Clay", target_id="p-2", target_name="Clay Page"),
)


def book(make: SimpleNamespace, *accounts: Account, **changes: object) -> AccountBook:
    snapshot: Snapshot = make.snapshot(accounts=accounts, connections={}, **changes)
    return AccountBook(snapshot)


@pytest.mark.parametrize("name", ["fb-2", "FB-2", "clay", "@Clay", " Clay ", "Clay Page", "clay page", "p-2"])
def test_an_account_is_called_by_any_of_its_names(make: SimpleNamespace, name: str) -> None:
    choice = book(make, *PAGES).choose(make.post(channel=Channel.FACEBOOK, account=name))
    assert choice == (PAGES[1], None)


def test_a_blank_cell_means_the_default_or_the_only_account(make: SimpleNamespace) -> None:
    post = make.post(channel=Channel.FACEBOOK)
    assert book(make, *PAGES).choose(post).account == PAGES[0]
    assert book(make, PAGES[1]).choose(post).account == PAGES[1]


@pytest.mark.parametrize("default", [True, False])
def test_several_accounts_without_one_default_are_never_guessed(make: SimpleNamespace, default: bool) -> None:
    accounts = [replace(account, default=default) for account in PAGES]
    choice = book(make, *accounts).choose(make.post(channel=Channel.FACEBOOK))
    assert choice.account is None
    assert choice.refusal is not None
    assert (choice.refusal.kind, choice.refusal.code) == (StepKind.BLOCKED, "account_ambiguous")
    assert "Clay (Clay Page), Pottery (Pottery Page)" in choice.refusal.reason


def test_a_name_that_fits_two_accounts_is_never_guessed(make: SimpleNamespace) -> None:
    twins = [replace(PAGES[0], default=False), replace(PAGES[1], name="Pottery")]
    choice = book(make, *twins).choose(make.post(channel=Channel.FACEBOOK, account="pottery"))
    assert choice.refusal is not None
    assert choice.refusal.code == "account_ambiguous"


def test_an_id_wins_over_a_name(make: SimpleNamespace) -> None:
    named = replace(PAGES[1], name="fb-1")
    assert book(make, PAGES[0], named).choose(make.post(channel=Channel.FACEBOOK, account="fb-1")).account == PAGES[0]


def test_a_name_that_nobody_has_lists_the_names_that_are_there(make: SimpleNamespace) -> None:
    choice = book(make, *PAGES).choose(make.post(channel=Channel.FACEBOOK, account="Potery"))
    assert choice.refusal is not None
    assert choice.refusal.code == "account_unknown"
    assert "Pottery (Pottery Page)" in choice.refusal.reason


@pytest.mark.parametrize("state", [*CONNECTIONS, "SOMETHING_NEW"])
def test_a_connection_that_does_not_stand_blocks_with_the_way_to_mend_it(make: SimpleNamespace, state: str) -> None:
    snapshot = make.snapshot(connections={"INSTAGRAM": state})
    choice = AccountBook(snapshot).choose(make.post())
    assert choice.refusal is not None
    assert (choice.refusal.kind, choice.refusal.code) == (StepKind.BLOCKED, "not_connected")
    assert "postbatch accounts" in choice.refusal.reason


def test_a_channel_without_an_account_is_blocked(make: SimpleNamespace) -> None:
    choice = book(make).choose(make.post())
    assert choice.refusal is not None
    assert choice.refusal.code == "not_connected"


@pytest.mark.parametrize("channel", SECOND_IDS)
def test_an_account_without_its_second_id_is_blocked(make: SimpleNamespace, channel: Channel) -> None:
    choice = book(make, Account(channel, "a")).choose(make.post(channel=channel))
    assert choice.refusal is not None
    assert choice.refusal.code == "no_target"
    assert SECOND_IDS[channel] in choice.refusal.reason


def facebook_item(make: SimpleNamespace, **changes: object) -> object:
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
    make: SimpleNamespace, account: str, changes: dict[str, object], code: str | None
) -> None:
    post = make.post(channel=Channel.FACEBOOK, type=PostType.POST, account=account)
    choice = book(make, *PAGES).of_item(post, facebook_item(make, **changes))
    assert (choice.refusal.code if choice.refusal else None) == code
    if choice.refusal:
        assert choice.refusal.kind is StepKind.CONFLICT


def test_without_a_default_an_item_keeps_its_own_account(make: SimpleNamespace) -> None:
    accounts = [replace(account, default=False) for account in PAGES]
    choice = book(make, *accounts).of_item(make.post(channel=Channel.FACEBOOK), facebook_item(make))
    assert choice == (accounts[0], None)


def test_of_an_account_that_is_no_longer_connected_only_its_id_is_known(make: SimpleNamespace) -> None:
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
