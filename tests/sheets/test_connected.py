"""Accounts by names that mean one of them and no other, and what quota is left."""

from __future__ import annotations

from batch.model import Account, Channel
from batch.workbooks.validation import named_accounts, privacy_choices


def test_an_account_is_called_by_a_name_that_is_its_own_on_its_channel() -> None:
    accounts = [
        Account(Channel.FACEBOOK, "1", "Anna", "p1", "Cups"),
        Account(Channel.FACEBOOK, "1", "Anna", "p2", "Plates", default=True),
        Account(Channel.INSTAGRAM, "9", "Anna"),
        Account(Channel.GBP, "g1", "Shop", "l1", "Shop"),
        Account(Channel.GBP, "g2", "Shop", "l2", "Shop"),
        Account(Channel.INSTAGRAM, "9", "Anna"),
    ]
    assert [(entry.account.channel, entry.name) for entry in named_accounts(accounts)] == [
        (Channel.INSTAGRAM, "Anna"),
        (Channel.FACEBOOK, "Plates"),
        (Channel.FACEBOOK, "Cups"),
        (Channel.GBP, "g1"),
        (Channel.GBP, "g2"),
    ]


def test_names_that_differ_only_in_case_do_not_tell_accounts_apart() -> None:
    accounts = [Account(Channel.TIKTOK, "1", "Clay"), Account(Channel.TIKTOK, "2", "clay")]
    assert [entry.name for entry in named_accounts(accounts)] == ["1", "2"]


def test_privacy_goes_by_the_account_and_a_blank_one_means_the_default() -> None:
    wheel = Account(Channel.TIKTOK, "1", "wheel", privacy_options=("SELF_ONLY",))
    kiln = Account(Channel.TIKTOK, "2", "kiln", default=True, privacy_options=("PUBLIC_TO_EVERYONE",))
    assert list(privacy_choices(named_accounts([wheel, kiln]))) == [
        ("", "PUBLIC_TO_EVERYONE"),
        ("kiln", "PUBLIC_TO_EVERYONE"),
        ("wheel", "SELF_ONLY"),
    ]
    several = [wheel, Account(Channel.TIKTOK, "3", "mug", privacy_options=("SELF_ONLY",))]
    assert {account for account, _ in privacy_choices(named_accounts(several))} == {"wheel", "mug"}
