from __future__ import annotations

import pytest

from batch.model import Severity
from tests.rules.builders import Rules

LATER = "2026-12-01 18:00"
ID = "ac01c174-5244-49df-8085-84d87cd0345a"


def rows_and_codes(rules: Rules, *rows: dict[str, str], **context: object) -> list[tuple[int, str]]:
    return [(issue.row, issue.code) for issue in rules.issues(rules.check(*rows, **context))]


def test_a_key_that_stands_twice_is_an_error_of_both_rows_and_each_names_the_other(rules: Rules) -> None:
    posts = rules.check(rules.row(rules.instagram), rules.row(rules.instagram, text="Another", publish_at=LATER))
    assert [(i.row, i.column, i.code) for i in rules.issues(posts)] == [
        (2, "key", "key_twice"),
        (3, "key", "key_twice"),
    ]
    first, second = rules.issues(posts)
    assert "Rows 2 and 3" in first.message
    assert second.message == first.message
    assert all(post.errors for post in posts)


def test_one_key_may_stand_on_two_sites(rules: Rules) -> None:
    rows = [rules.row(rules.instagram, site=site) for site in ("pottery", "garden")]
    assert rows_and_codes(rules, *rows, sites={"pottery": "UTC", "garden": "UTC"}) == []


def test_a_row_that_is_skipped_takes_no_key(rules: Rules) -> None:
    assert rows_and_codes(rules, rules.row(rules.instagram), rules.row(rules.instagram, action="skip")) == []


def test_the_key_of_one_channel_of_several_may_not_be_written_elsewhere(rules: Rules) -> None:
    several = rules.row(rules.instagram, channel="instagram, linkedin", type="")
    single = rules.row(rules.instagram, key="spring-01/INSTAGRAM", text="Another", publish_at=LATER)
    assert rows_and_codes(rules, several, single) == [(2, "key_twice"), (3, "key_twice")]


def test_keys_that_differ_only_in_capitals_are_a_warning(rules: Rules) -> None:
    rows = (rules.row(rules.instagram), rules.row(rules.instagram, key="Spring-01", text="Another", publish_at=LATER))
    posts = rules.check(*rows)
    assert rules.codes(posts) == ["key_nearly_twice", "key_nearly_twice"]
    assert not any(post.errors for post in posts)


def test_two_rows_without_keys_that_are_the_same_post_need_keys(rules: Rules) -> None:
    row = rules.row(rules.instagram, key="")
    codes = rows_and_codes(rules, row, row | {"publish_at": "2026-12-05 10:00"})
    assert [entry for entry in codes if entry[1] == "key_needed"] == [(2, "key_needed"), (3, "key_needed")]


def test_many_rows_of_one_key_are_not_all_named(rules: Rules) -> None:
    posts = rules.check(*(rules.row(rules.instagram, text=f"No {n}") for n in range(20)))
    assert "Rows 2, 3, 4, 5 and 16 more" in posts[0].issues[0].message


@pytest.mark.parametrize(
    ("count", "shown"),
    [(2, "Rows 2 and 3 "), (3, "Rows 2, 3 and 4 "), (5, "Rows 2, 3, 4, 5 and 6 "), (6, "Rows 2, 3, 4, 5 and 2 more ")],
)
def test_few_rows_are_named_and_many_counted(count: int, shown: str, rules: Rules) -> None:
    posts = rules.check(*(rules.row(rules.instagram, text=f"No {n}") for n in range(count)))
    assert shown in posts[0].issues[0].message


def test_an_item_that_stands_twice_is_an_error_of_both_rows(rules: Rules) -> None:
    row = {"channel": "INSTAGRAM", "action": "cancel", "item_id": ID}
    assert rows_and_codes(rules, row | {"key": "a"}, row | {"key": "b"}) == [(2, "item_id_twice"), (3, "item_id_twice")]


def test_rows_that_only_name_different_items_need_no_keys(rules: Rules) -> None:
    row = {"channel": "INSTAGRAM", "action": "cancel"}
    assert rows_and_codes(rules, row | {"item_id": ID}, row | {"item_id": ID.replace("a", "b")}) == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({}, "same_look"),
        ({"publish_at": "2026-12-20 10:00"}, "same_look"),
        ({"media": "other.jpg"}, "same_caption"),
        ({"media": "other.jpg", "publish_at": "2026-12-02 00:30"}, None),
        ({"account": "@Studio"}, None),
        ({"text": "Another text"}, "same_minute"),
        ({"text": "Another text", "publish_at": "2026-12-01 03:30-05:00"}, "same_minute"),
        ({"text": "Another text", "publish_at": "2026-12-01 09:31"}, None),
        ({"text": "Another text", "channel": "LINKEDIN"}, None),
        ({"channel": "LINKEDIN"}, None),
        ({"action": "cancel"}, None),
    ],
)
def test_posts_that_look_the_same_are_a_warning(changes: dict[str, str], code: str | None, rules: Rules) -> None:
    rows = (rules.row(rules.instagram), rules.row(rules.instagram, key="spring-02") | changes)
    posts = rules.check(*rows)
    assert rules.codes(posts) == ([code, code] if code else [])
    assert not any(post.errors for post in posts)


def test_an_account_is_the_same_however_it_is_written(rules: Rules) -> None:
    rows = (rules.row(rules.instagram, account="@Studio"), rules.row(rules.instagram, key="b", account="studio"))
    assert rules.codes(rules.check(*rows)) == ["same_look", "same_look"]


def test_the_day_is_that_of_the_rows_own_clock(rules: Rules) -> None:
    late = rules.row(rules.instagram, publish_at="2026-12-01 23:30", media="a.jpg")
    early = rules.row(rules.instagram, key="b", publish_at="2026-12-01 00:30", media="b.jpg")
    assert rules.codes(rules.check(late, early)) == ["same_caption", "same_caption"]


def test_stories_without_a_text_are_compared_by_their_media(rules: Rules) -> None:
    story = {"channel": "INSTAGRAM", "type": "STORY", "media": "a.jpg"}
    assert rules.codes(rules.check(story | {"key": "a"}, story | {"key": "b"})) == ["same_look", "same_look"]
    assert rules.codes(rules.check(story | {"key": "a"}, story | {"key": "b", "media": "b.jpg"})) == []


def test_two_posts_of_one_account_in_one_minute_are_a_warning_of_both(rules: Rules) -> None:
    times = ("2027-01-15 09:00", "2027-01-15 09:00:30", "2027-01-15 09:01", "2027-01-15 03:12")
    rows = [{"key": f"a{n}", "channel": "facebook", "publish_at": at, "text": f"No {n}"} for n, at in enumerate(times)]
    issues = rules.issues(rules.check(*rows))
    assert [(issue.row, issue.column, issue.code, issue.severity) for issue in issues] == [
        (2, "publish_at", "same_minute", Severity.WARNING),
        (3, "publish_at", "same_minute", Severity.WARNING),
    ]
    assert "Rows 2 and 3" in issues[0].message
    assert rules.codes(rules.check(*(row | {"action": "draft"} for row in rows))) == ["date_unused"] * 4
    assert rules.codes(rules.check(rows[0], rows[1] | {"channel": "linkedin"})) == []
    assert rules.codes(rules.check(rows[0], rows[1] | {"account": "Studio"})) == []


def test_dates_that_stop_and_begin_again_are_a_warning_of_each_row_between(rules: Rules) -> None:
    dates = ("2027-01-15 09:00", "", "2027-01-16 09:00", "")
    rows = [
        {"channel": channel, "publish_at": at, "text": f"No {n}"}
        for n, (at, channel) in enumerate(zip(dates, ("facebook", "linkedin") * 2, strict=True))
    ]
    issues = rules.issues(rules.check(*rows))
    assert [(issue.row, issue.column, issue.code, issue.severity) for issue in issues] == [
        (3, "publish_at", "date_gap", Severity.WARNING),
        (5, "publish_at", "date_gap", Severity.WARNING),
    ]
    assert "row 2 (Fri 15 Jan 2027, 09:00)" in issues[0].message


@pytest.mark.parametrize(
    "rows",
    [
        [{"publish_at": "2027-01-15 09:00"}, {}, {}],
        [{}, {}, {"publish_at": "2027-01-15 09:00"}],
        [{"publish_at": "2027-01-15 09:00"}, {"action": "draft"}, {"publish_at": "2027-01-16 09:00"}],
        [{"publish_at": "2027-01-15 09:00"}, {"item_id": ID}, {"publish_at": "2027-01-16 09:00"}],
        [{"publish_at": "2027-01-15 09:00"}, {"publish_at": "now"}, {"publish_at": "2027-01-16 09:00"}],
        [{}, {}, {}],
    ],
)
def test_rows_that_are_meant_to_have_no_date_are_no_gap(rows: list[dict[str, str]], rules: Rules) -> None:
    sheet = [{"channel": "facebook", "text": f"No {n}"} | row for n, row in enumerate(rows)]
    assert rules.codes(rules.check(*sheet)) == []
