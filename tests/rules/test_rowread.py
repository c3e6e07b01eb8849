from __future__ import annotations

import pytest

from tests.rules.builders import Rules

SITES = {"Pottery": "America/New_York", "garden": ""}


@pytest.mark.parametrize(
    ("cell", "context", "site", "code"),
    [
        ("", {}, "", None),
        ("", {"default_site": "default"}, "default", None),
        ("anything", {}, "anything", None),
        ("", {"sites": {"Pottery": ""}}, "Pottery", None),
        ("pottery", {"sites": SITES}, "Pottery", None),
        ("", {"sites": SITES, "default_site": "garden"}, "garden", None),
        ("", {"sites": SITES}, "", "site_missing"),
        ("shop", {"sites": SITES}, "shop", "site_unknown"),
    ],
)
def test_a_site_is_the_one_that_is_configured(
    cell: str, context: dict[str, object], site: str, code: str | None, rules: Rules
) -> None:
    (post,) = rules.check(rules.row(rules.instagram, site=cell), **context)
    assert post.site == site
    assert rules.codes([post]) == ([code] if code else [])


def test_a_zone_is_the_rows_else_the_sites_else_the_configurations(rules: Rules) -> None:
    row = rules.row(rules.instagram, site="pottery")
    zones = [
        rules.check(row | {"timezone": "Asia/Tokyo"}, sites=SITES)[0].timezone,
        rules.check(row, sites=SITES)[0].timezone,
        rules.check(row | {"site": "garden"}, sites=SITES)[0].timezone,
    ]
    assert zones == ["Asia/Tokyo", "America/New_York", "Europe/Berlin"]
    assert rules.codes(rules.check(row | {"site": "garden"}, sites=SITES, timezone="")) == ["timezone_missing"]


@pytest.mark.parametrize(
    ("action", "publish_at", "code"),
    [
        ("", "", None),
        ("", "now", None),
        ("", "2026-12-01 09:30", None),
        ("publish", "", None),
        ("publish", "now", None),
        ("publish", "2026-12-01 09:30", "publish_with_date"),
        ("schedule", "2026-12-01 09:30", None),
        ("schedule", "", "date_missing"),
        ("schedule", "now", "date_missing"),
        ("reschedule", "2026-12-01 09:30", None),
        ("reschedule", "", "date_missing"),
        ("reschedule", "now", "date_missing"),
        ("draft", "", None),
        ("draft", "now", "draft_now"),
        ("draft", "2026-12-01 09:30", "date_unused"),
        ("cancel", "2026-12-01 09:30", None),
        ("cancel", "soon", None),
        ("delete", "", None),
        ("skip", "soon", None),
    ],
)
def test_an_action_and_a_date_have_to_agree(action: str, publish_at: str, code: str | None, rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, action=action, publish_at=publish_at))
    assert rules.codes([post]) == ([code] if code else [])
    assert bool(post.errors) == (code not in {None, "date_unused"})


def test_an_account_with_a_foreign_letter_is_doubted(rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, account="@pоttery"))
    assert (rules.codes([post]), post.errors) == (["lookalike_letters"], ())
    assert rules.codes(rules.check(rules.row(rules.instagram, account="Гончарня"))) == []


def test_one_item_is_not_on_several_channels(rules: Rules) -> None:
    row = rules.row(rules.instagram, channel="IG, FB", type="", item_id="ac01c174-5244-49df-8085-84d87cd0345a")
    posts = rules.check(row)
    assert rules.codes(posts) == ["item_id_several", "item_id_several"]
