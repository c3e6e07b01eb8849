"""Makers of posts, items and snapshots for the tests of planning: one Instagram account, one clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from batch.model import Account, Channel, Content, Item, Medium, Post, PostType, Snapshot, Status

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DATE = datetime(2026, 12, 1, 8, 30, tzinfo=UTC)
STUDIO = Account(Channel.INSTAGRAM, "ig-1", name="studio", default=True)
PICTURE = Medium("https://static.wixstatic.com/a.jpg", kind="IMAGE", url="https://static.wixstatic.com/a.jpg")
CONTENT = Content(text="Glazing\nday", media=(PICTURE,))


def make_post(key: str = "spring-01", **changes: object) -> Post:
    post = Post(
        2,
        key,
        "pottery",
        Channel.INSTAGRAM,
        PostType.POST,
        publish_at=DATE,
        local_time="2026-12-01 09:30 Europe/Berlin",
        timezone="Europe/Berlin",
        content=CONTENT,
    )
    return replace(post, **changes)  # type: ignore[arg-type] # fields of Post


def make_item(status: str = Status.SCHEDULED, **changes: object) -> Item:
    item = Item(
        "item-1",
        "INSTAGRAM",
        "POST",
        status,
        account_id="ig-1",
        reference="spring-01",
        scheduled_at=None if status == Status.DRAFT else DATE,
        content=CONTENT,
    )
    return replace(item, **changes)  # type: ignore[arg-type] # fields of Item


def make_snapshot(*items: Item, **changes: object) -> Snapshot:
    snapshot = Snapshot("pottery", NOW, accounts=(STUDIO,), connections={"INSTAGRAM": "VALID"}, items=items)
    return replace(snapshot, **changes)  # type: ignore[arg-type] # fields of Snapshot


class Builders:
    """What the tests of planning are made of; the fixture `make` hands it out."""

    post = staticmethod(make_post)
    item = staticmethod(make_item)
    snapshot = staticmethod(make_snapshot)
    now = NOW
    date = DATE
    later = DATE + timedelta(days=1)
    past = NOW - timedelta(days=1)
    studio = STUDIO
    picture = PICTURE
    content = CONTENT
