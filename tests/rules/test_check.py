from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch.model import COLUMNS, Action, Channel, Content, Issue, Medium, Post, PostType, Row, Severity, SheetRows
from batch.rules.channels import COMBINATIONS, DEFAULT_TYPE, ENDED, TYPES, Combination
from batch.rules.check import check
from batch.rules.columns import CheckContext
from batch.wording import cell_address
from tests.rules.builders import Rules

ID = "ac01c174-5244-49df-8085-84d87cd0345a"
LIVING = [c for c in COMBINATIONS.values() if c.channel not in ENDED]


@pytest.mark.parametrize("combination", LIVING, ids=lambda c: c.name)
def test_a_row_that_is_right_becomes_one_post_without_issues(combination: Combination, rules: Rules) -> None:
    row = rules.row(combination)
    assert rules.check(row) == (
        Post(
            row=2,
            key="spring-01",
            site="",
            channel=combination.channel,
            type=combination.type,
            publish_at=datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
            local_time="2026-12-01 09:30 Europe/Berlin",
            timezone="Europe/Berlin",
            content=Content(
                text=row.get("text", ""),
                title=row.get("title", ""),
                media=(Medium(row["media"]),),
                privacy=row.get("privacy", ""),
            ),
        ),
    )


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize("post_type", PostType)
def test_a_type_that_a_channel_has_not_is_refused_with_those_it_has(
    channel: Channel, post_type: PostType, rules: Rules
) -> None:
    row = {"key": "a", "channel": str(channel), "type": post_type.lower(), "media": "a.jpg", "text": "Hi"}
    (post,) = rules.check(row)
    refused = [issue for issue in post.issues if issue.code == "type_not_on_channel"]
    assert bool(refused) is ((channel, post_type) not in COMBINATIONS)
    assert all(str(known) in issue.message for issue in refused for known in TYPES[channel])


@pytest.mark.parametrize("channel", Channel)
def test_a_blank_type_is_the_channels_usual_one(channel: Channel, rules: Rules) -> None:
    (post,) = rules.check({"key": "a", "channel": str(channel), "media": "a.jpg", "text": "Hi"})
    assert post.type is DEFAULT_TYPE[channel]


def test_several_channels_make_a_post_each_under_a_key_of_its_own(rules: Rules) -> None:
    posts = rules.check(
        rules.row(rules.instagram, channel="instagram, LinkedIn; fb | Google Business\nPinterest", type="")
    )
    assert [(post.row, post.key, post.channel) for post in posts] == [
        (2, "spring-01/INSTAGRAM", Channel.INSTAGRAM),
        (2, "spring-01/LINKEDIN", Channel.LINKEDIN),
        (2, "spring-01/FACEBOOK", Channel.FACEBOOK),
        (2, "spring-01/GBP", Channel.GBP),
        (2, "spring-01/PINTEREST", Channel.PINTEREST),
    ]
    assert rules.codes(posts) == []


def test_a_column_that_one_of_several_channels_uses_is_no_mistake_of_the_others(rules: Rules) -> None:
    row = rules.row(rules.instagram, channel="instagram, pinterest", type="", title="Spring")
    instagram, pinterest = rules.check(row)
    assert (instagram.content.title, pinterest.content.title) == ("", "Spring")
    assert instagram.issues == pinterest.issues == ()
    assert rules.codes(rules.check(row | {"channel": "instagram, gbp"})) == ["title_unused", "title_unused"]


def test_a_column_for_one_channel_counts_before_the_common_one(rules: Rules) -> None:
    row = rules.row(rules.instagram, channel="instagram, linkedin, facebook", type="")
    row |= {"text:LINKEDIN": "For work", "media:FACEBOOK": "b.jpg", "text:FACEBOOK": ""}
    instagram, linkedin, facebook = rules.check(row)
    assert (instagram.content.text, linkedin.content.text, facebook.content.text) == (
        "Fresh from the kiln",
        "For work",
        "Fresh from the kiln",
    )
    assert facebook.content.media == (Medium("b.jpg"),)


def test_an_issue_of_a_column_for_one_channel_names_that_column_and_its_cell(rules: Rules) -> None:
    row = rules.row(rules.instagram, channel="instagram, linkedin", type="") | {"text:LINKEDIN": "Hi {{name}}"}
    instagram, linkedin = rules.check(row)
    assert instagram.issues == ()
    (issue,) = linkedin.issues
    assert (issue.column, issue.cell, issue.code) == ("text:LINKEDIN", cell_address(2, len(COLUMNS)), "placeholder")


def test_all_that_is_wrong_with_a_row_is_said_at_once(rules: Rules) -> None:
    row = rules.row(
        rules.instagram,
        key="a~3",
        action="pubish",
        publish_at="03/04/2026",
        timezone="CET",
        text="a" * 2_201,
        media="",
        approved="maybe",
        item_id="7",
    )
    (post,) = rules.check(row)
    assert sorted(issue.column for issue in post.issues) == [
        "action", "approved", "item_id", "key", "media", "publish_at", "text", "timezone",
    ]  # fmt: skip
    assert all(issue.row == 2 and issue.cell for issue in post.issues)


def test_a_channel_that_can_be_told_keeps_its_post_beside_one_that_cannot(rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, channel="Instagram, Myspace"))
    assert (post.channel, [i.code for i in post.errors]) == (Channel.INSTAGRAM, ["channel_unknown"])


def test_a_row_without_any_channel_is_still_a_post(rules: Rules) -> None:
    (post,) = rules.check(rules.row(rules.instagram, channel="Myspace"))
    assert (post.row, post.channel, post.key) == (2, None, "spring-01")
    assert [i.code for i in post.errors] == ["channel_unknown"]


def test_what_reading_found_blocks_the_post_and_is_not_said_again(rules: Rules) -> None:
    found = Issue(2, "publish_at", "error_cell", "#REF!", "Cell G2 holds the error #REF!: mend its formula.", cell="G2")
    (post,) = rules.check(rules.row(rules.instagram, publish_at="#REF!"), issues=[found])
    assert post.issues == (found,)
    assert post.errors == (found,)


def test_a_warning_of_reading_does_not_hide_what_is_wrong(rules: Rules) -> None:
    found = Issue(2, "text", "control_removed", "x", "Removed: read it.", Severity.WARNING)
    (post,) = rules.check(rules.row(rules.instagram, text="Hi {{name}}"), issues=[found])
    assert [issue.code for issue in post.issues] == ["control_removed", "placeholder"]


def test_a_torn_row_is_judged_by_nothing_else(rules: Rules) -> None:
    torn = Issue(2, "", "unclosed_quote", "...", "A quote never closes: close it.")
    (post,) = rules.check({"key": "spring-01", "channel": "INSTAGRAM"}, issues=[torn])
    assert post.issues == (torn,)


def test_what_is_wrong_in_a_column_for_one_channel_is_no_matter_of_another(rules: Rules) -> None:
    found = Issue(2, "text:LINKEDIN", "error_cell", "#N/A", "Cell W2 holds an error: mend it.")
    row = rules.row(rules.instagram, channel="instagram, linkedin", type="") | {"text:LINKEDIN": ""}
    instagram, linkedin = rules.check(row, issues=[found])
    assert (instagram.issues, linkedin.issues) == ((), (found,))


def test_a_row_that_only_an_issue_tells_of_is_not_dropped(rules: Rules) -> None:
    lost = Issue(3, "", "unclosed_quote", "...", "A quote never closes: close it.")
    sheet = rules.sheet(rules.row(rules.instagram), issues=[lost])
    posts = check(sheet, context=rules.context)
    assert [(post.row, post.issues) for post in posts] == [(2, ()), (3, (lost,))]


def test_an_issue_of_the_whole_sheet_is_no_rows_own(rules: Rules) -> None:
    whole = Issue(None, "", "odd", "", "Odd: look.")
    assert rules.codes(rules.check(rules.row(rules.instagram), issues=[whole])) == []


def test_a_skipped_row_is_not_checked(rules: Rules) -> None:
    row = rules.row(rules.instagram, action="skip", publish_at="soon", text="{{name}}" * 500, media="", key="a~1")
    found = Issue(2, "text", "error_cell", "#REF!", "Cell I2 holds an error: mend it.")
    (post,) = rules.check(row, issues=[found])
    assert post.action is Action.SKIP
    assert [(issue.code, issue.severity) for issue in post.issues] == [("error_cell", Severity.WARNING)]


@pytest.mark.parametrize("action", ["cancel", "delete"])
@pytest.mark.parametrize("named", [{"key": "spring-01"}, {"item_id": ID}])
def test_withdrawing_needs_only_to_know_the_post(action: str, named: dict[str, str], rules: Rules) -> None:
    (post,) = rules.check({"action": action, "channel": "INSTAGRAM"} | named)
    assert post.issues == ()
    assert post.key


def test_rescheduling_needs_the_post_and_a_date(rules: Rules) -> None:
    row = {"action": "reschedule", "channel": "INSTAGRAM", "key": "spring-01"}
    assert rules.codes(rules.check(row)) == ["date_missing"]
    assert rules.codes(rules.check(row | {"publish_at": "2026-12-02 10:00"})) == []


@pytest.mark.parametrize("action", ["cancel", "delete", "reschedule"])
def test_an_items_id_or_its_key_says_enough_without_its_channel(action: str, rules: Rules) -> None:
    (post,) = rules.check({"action": action, "item_id": ID, "publish_at": "2026-12-02 10:00"})
    assert (post.channel, post.issues, post.item_id) == (None, (), ID)
    (post,) = rules.check({"action": action, "key": "spring-01", "publish_at": "2026-12-02 10:00"})
    assert (post.channel, post.issues, post.key) == (None, (), "spring-01")


def test_a_row_that_only_moves_a_post_is_not_asked_what_it_says(rules: Rules) -> None:
    row = rules.row(rules.instagram, action="reschedule", text="{{name}}", media="", title="x", generate="?")
    assert rules.codes(rules.check(row)) == []


@pytest.mark.parametrize(
    ("now", "publish_at", "action", "refused"),
    [
        ("2026-11-24", "2026-12-01 09:30", "", True),
        ("2026-11-24", "now", "", True),
        ("2026-11-24", "", "draft", True),
        ("2026-11-24", "", "cancel", False),
        ("2026-11-24", "", "delete", False),
        ("2026-07-01", "2026-07-31 20:00", "", False),
        ("2026-07-01", "2026-08-01 20:00", "", True),
        ("2026-07-31", "now", "", False),
        ("2026-08-01", "now", "", True),
    ],
)
def test_x_takes_no_posts_after_its_last_day(
    now: str, publish_at: str, action: str, refused: bool, rules: Rules
) -> None:
    row = {"key": "a", "channel": "X", "text": "Hi", "publish_at": publish_at, "action": action}
    at = datetime.fromisoformat(now).replace(hour=12, tzinfo=UTC)
    issues = rules.issues(rules.check(row, now=at))
    ended = [issue for issue in issues if issue.code == "channel_ended"]
    assert bool(ended) is refused
    assert all("31 July 2026" in issue.message for issue in ended)


def test_a_date_that_has_passed_is_a_warning_and_left_to_the_plan_where_one_follows(rules: Rules) -> None:
    row = rules.row(rules.instagram, publish_at="2026-11-24 12:59")
    (post,) = rules.check(row)
    assert (rules.codes([post]), post.errors) == (["date_past"], ())
    assert rules.codes(rules.check(row, will_send=True)) == []
    assert rules.codes(rules.check(row | {"publish_at": "2026-11-24 13:01"})) == []


CELLS = st.text(max_size=12) | st.sampled_from(
    [
        "INSTAGRAM",
        "x, fb",
        "now",
        "cancel",
        "skip",
        "caption",
        "2026-12-01",
        "yes",
        "a.jpg | b.mp4",
        "SELF_ONLY",
        "{{x}}",
    ]
)


@given(st.lists(st.lists(CELLS | st.datetimes(), max_size=len(COLUMNS)), min_size=1, max_size=4))
def test_no_row_is_ever_dropped_or_raises(rows: list[list[str | datetime]]) -> None:
    lines = tuple(Row(n, tuple(cells)) for n, cells in enumerate(rows, start=2))
    columns = {name: place for place, name in enumerate(COLUMNS)}
    sheet = SheetRows("a.csv", "", COLUMNS, columns, lines, (), ())
    posts = check(sheet, context=CheckContext(now=datetime(2026, 11, 24, tzinfo=UTC)))
    assert list(dict.fromkeys(post.row for post in posts)) == [line.number for line in lines]
    assert len({(post.row, post.channel) for post in posts}) == len(posts)
    for post in posts:
        assert post.errors or (post.channel and post.type) or post.action in {*Action} or post.item_id
        assert post.publish_at is None or post.publish_at.utcoffset() == timedelta(0)


HOSTILE = (
    "a",
    " ",
    "a ",
    "[insert ",
    "{{",
    "<<",
    "%%a",
    "#a ",
    "@a ",
    "a.jpg | ",
    "a\n",
    "1/",
    "12:30 ",
    "мa",
    "x,",
    "https://a.b ",
)


@pytest.mark.parametrize("piece", HOSTILE)
def test_no_cell_however_long_holds_up_the_check(piece: str, rules: Rules) -> None:
    """A row of cells with 100,000 letters each: whatever they repeat, the time grows with the length and no faster."""
    long = piece * (100_000 // len(piece))
    started = time.process_time()
    rules.check(dict.fromkeys(COLUMNS, long), dict.fromkeys(COLUMNS, long) | {"channel": "X, LinkedIn", "action": ""})
    assert time.process_time() - started < 5


def test_a_sheet_with_few_columns_is_read(rules: Rules) -> None:
    sheet = SheetRows(
        "a.csv", "", ("channel", "text"), {"channel": 0, "text": 1}, (Row(2, ("FACEBOOK", "Hi")),), (), ()
    )
    (post,) = check(sheet, context=rules.context)
    assert (post.channel, post.content.text, post.issues, post.key_derived) == (Channel.FACEBOOK, "Hi", (), True)


def test_an_ended_channel_is_told_in_the_cells_own_word(rules: Rules) -> None:
    row = {"key": "a", "channel": "X", "text": "Hi", "publish_at": "2031-03-05 09:00"}
    (issue,) = [issue for issue in rules.issues(rules.check(row)) if issue.code == "channel_ended"]
    assert issue.seen == "X"
    assert "X has taken no posts since 31 July 2026. Choose another `channel` than X" in issue.message


def test_a_word_for_something_to_come_is_no_address(rules: Rules) -> None:
    issues = rules.issues(rules.check({"key": "a", "channel": "FACEBOOK", "text": "Hi", "link": "TBD"}))
    assert {issue.severity for issue in issues if issue.column == "link"} == {Severity.ERROR, Severity.WARNING}
