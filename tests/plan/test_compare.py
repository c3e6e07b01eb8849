from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batch.model import Change, Content, Generate, Generation, Medium, Post
from batch.plan.compare import TEXT_FIELDS, content_changes, date_change, real_changes, same_media, wanted_content
from batch.times import shown_time
from tests.plan.builders import Builders

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

A, B = (Medium(name, url=f"https://static.wixstatic.com/{name}") for name in ("a.jpg", "b.jpg"))


@pytest.mark.parametrize("name", TEXT_FIELDS)
def test_each_text_field_is_compared_and_a_cleared_cell_is_a_change(name: str) -> None:
    there = Content(**{name: "old"})
    assert content_changes(there, Content(**{name: "new"})) == (Change(name, "old", "new"),)
    assert content_changes(there, Content()) == (Change(name, "old", ""),)
    assert content_changes(there, there) == ()


@unhurried
@given(st.lists(st.text(alphabet="abc é😀", max_size=5), max_size=5))
def test_line_ends_and_white_space_around_do_not_count(lines: list[str]) -> None:
    there, wanted = Content(text="\r\n".join(lines) + "\r\n"), Content(text="\n".join(lines))
    assert content_changes(there, wanted) == ()


@pytest.mark.parametrize(
    ("there", "wanted", "same"),
    [
        ((), (), True),
        ((A, B), (A, B), True),
        ((A, B), (B, A), False),
        ((A,), (A, B), False),
        ((A,), (), False),
        ((A,), (replace(A, url=""),), False),
        ((replace(A, url=""),), (replace(A, url=""),), False),
    ],
)
def test_media_are_the_same_in_their_order_once_they_are_uploaded(
    there: tuple[Medium, ...], wanted: tuple[Medium, ...], same: bool
) -> None:
    assert same_media(there, wanted) is same
    assert bool(content_changes(Content(media=there), Content(media=wanted))) is not same


def test_media_are_shown_by_what_the_sheet_says() -> None:
    (change,) = content_changes(Content(media=(A,)), Content(media=(B, A)))
    assert change == Change("media", "a.jpg", "b.jpg\na.jpg")


def test_a_second_id_that_the_item_does_not_tell_is_no_change_and_another_one_is(make: Builders) -> None:
    wanted = wanted_content(make.post(), target_id="p-1", remote=make.content)
    assert content_changes(make.content, wanted) == ()
    other = replace(make.content, target_id="p-2")
    assert content_changes(other, wanted) == (Change("account", "p-2", "p-1"),)


@pytest.mark.parametrize(
    ("shown", "fields"),
    [
        ({"text": "Hello\n\n world "}, []),
        ({"text": "Hello word"}, ["text"]),
        ({"media": (Medium("x", "IMAGE", "https://static.wixstatic.com/copy.jpg"),)}, []),
        ({"media": ()}, ["media"]),
        ({"target_id": ""}, []),
        ({"target_id": "p-2"}, ["account"]),
        ({"link": "https://example.com"}, ["link"]),
    ],
)
def test_what_a_service_may_show_in_its_own_way_is_no_real_change(shown: dict[str, object], fields: list[str]) -> None:
    url = "https://static.wixstatic.com/a.jpg"
    sent = Content(text="Hello world", media=(Medium(url, "IMAGE", url),), target_id="p-1")
    assert [change.field for change in real_changes(replace(sent, **shown), sent)] == fields


def test_a_row_without_any_content_keeps_the_items(make: Builders) -> None:
    there = Content(text="kept", media=(A,), privacy="SELF_ONLY", target_id="p-1")
    assert wanted_content(make.post(content=Content()), target_id="p-1", remote=there) == there


def test_a_blank_privacy_keeps_the_items(make: Builders) -> None:
    there = Content(text="old", privacy="SELF_ONLY")
    assert wanted_content(make.post(content=Content(text="new")), target_id="", remote=there) == replace(
        there, text="new"
    )


def test_what_is_yet_to_be_generated_keeps_what_was(make: Builders) -> None:
    there = Content(text="generated", title="t", media=(A,), link="l")
    post = make.post(content=Content(link="new"), generation=Generation(Generate.CAPTION))
    assert wanted_content(post, target_id="", remote=there) == replace(there, link="new")
    written = make.post(content=Content(text="mine", media=(B,)), generation=Generation(Generate.CAPTION))
    assert wanted_content(written, target_id="", remote=there) == Content(text="mine", title="t", media=(B,))


def test_dates_are_compared_to_the_second() -> None:
    at = datetime(2026, 12, 1, 8, 30, 5, 999_000, tzinfo=UTC)
    assert date_change(at, at.replace(microsecond=0), timezone="") is None
    assert date_change(at, at.replace(second=6), timezone="") is not None
    assert date_change(None, at, timezone="") == Change("publish_at", "", "2026-12-01 08:30:05 UTC")


@pytest.mark.parametrize(
    ("timezone", "shown"),
    [
        ("Europe/Berlin", "2026-12-01 09:30 Europe/Berlin"),
        ("", "2026-12-01 08:30 UTC"),
        ("Mars/Olympus", "2026-12-01 08:30 UTC"),
        ("../etc/passwd", "2026-12-01 08:30 UTC"),
    ],
)
def test_a_date_is_read_in_the_rows_zone(timezone: str, shown: str) -> None:
    assert shown_time(datetime(2026, 12, 1, 8, 30, tzinfo=UTC), timezone=timezone) == shown


def test_the_wanted_content_loses_no_field_of_the_row_when_its_page_is_filled_in() -> None:
    media = (Medium("a.jpg", "IMAGE"),)
    content = Content(
        text="t", title="ti", media=media, link="https://e.com", call_to_action="BOOK", privacy="SELF_ONLY"
    )
    assert all(getattr(content, field.name) for field in fields(Content) if field.name != "target_id")
    made = wanted_content(Post(2, "a", "", None, None, content=content), target_id="page-1")
    assert made == replace(content, target_id="page-1")
