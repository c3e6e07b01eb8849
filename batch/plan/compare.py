"""Compares what a row says with what an item holds, field by field.

The sheet is the truth: a cell that is cleared clears the field. Three things are not said by a blank cell, and are kept
as they are on the item: the content of a row that has no content at all (it is there to move or to withdraw a post),
what is yet to be generated, and TikTok's privacy, which can't be empty.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from hashlib import sha256

from batch.codec import to_json
from batch.model import Change, Content, Item, Medium, Post
from batch.times import shown_time

TEXT_FIELDS = ("text", "title", "link", "call_to_action", "privacy")


def item_state(item: Item) -> str:
    """Return a short fingerprint of what an item says, shows and when: the same as long as nobody changes it."""
    at = item.scheduled_at.isoformat() if item.scheduled_at else ""
    return sha256(f"{at}\n{to_json(item.content)}".encode()).hexdigest()[:16]


def wanted_content(post: Post, *, target_id: str, remote: Content | None = None) -> Content:
    """Return the whole content that a post is to have; `remote` is what its item holds."""
    own = post.content
    wanted = own if own.target_id == target_id else replace(own, target_id=target_id)
    if remote is None:
        return wanted
    if not (own.text or own.title or own.media or own.link or own.call_to_action):
        return replace(remote, target_id=target_id or remote.target_id)
    if remote.privacy and not wanted.privacy:
        wanted = replace(wanted, privacy=remote.privacy)
    if post.generation is None:
        return wanted
    return replace(
        wanted,
        text=wanted.text or remote.text,
        title=wanted.title or remote.title,
        media=wanted.media or remote.media,
    )


def content_changes(remote: Content, wanted: Content) -> tuple[Change, ...]:
    """Return the fields that an update would change, with both values; line ends do not count."""
    changes = []
    for name in TEXT_FIELDS:
        old, new = getattr(remote, name), getattr(wanted, name)
        if old != new and plain_text(old) != plain_text(new):
            changes.append(Change(name, old, new))
    if not same_media(remote.media, wanted.media):
        changes.append(Change("media", _shown_media(remote.media), _shown_media(wanted.media)))
    if wanted.target_id and remote.target_id and wanted.target_id != remote.target_id:
        changes.append(Change("account", remote.target_id, wanted.target_id))
    return tuple(changes)


def real_changes(there: Content, wanted: Content) -> tuple[Change, ...]:
    """Return the changes that say that an item is another post, and not that the service shows it in its own way.

    Other white space, media at other addresses, and a second ID that is not told are no other post; nor is a link that
    closes the text, where other white space stands before it.
    """
    changes = []
    together = f"{there.text} {there.link}".split() == f"{wanted.text} {wanted.link}".split()
    for change in content_changes(there, wanted):
        if together and change.field in ("text", "link"):
            continue
        spaces = change.field in TEXT_FIELDS and change.old.split() == change.new.split()
        copied = change.field == "media" and len(there.media) == len(wanted.media) > 0
        if not spaces and not (copied and known_media(there.media)):
            changes.append(change)
    return tuple(changes)


def kept_fields(there: Content, wanted: Content) -> tuple[str, ...]:
    """Return the fields that were to be cleared and are there still."""
    return tuple(name for name in (*TEXT_FIELDS, "media") if getattr(there, name) and not getattr(wanted, name))


def date_change(old: datetime | None, new: datetime, *, timezone: str) -> Change | None:
    """Return the change of the date, both read in the row's time zone; None where they are the same second."""
    if old is not None and same_second(old, new):
        return None
    return Change("publish_at", shown_time(old, timezone=timezone), shown_time(new, timezone=timezone))


def same_second(one: datetime, other: datetime) -> bool:
    """Tell whether two dates are the same to the second, which is as fine as a sheet can say."""
    return one == other or one.replace(microsecond=0) == other.replace(microsecond=0)


def plain_text(text: str) -> str:
    """Return a text as it is compared: line ends made one, white space around it left out."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def same_media(remote: tuple[Medium, ...], wanted: tuple[Medium, ...]) -> bool:
    """Tell whether an item shows these media in this order; a medium that is not uploaded yet is always a change."""
    return len(remote) == len(wanted) and all(w.url and w.url == r.url for r, w in zip(remote, wanted, strict=True))


def known_media(media: tuple[Medium, ...]) -> bool:
    """Tell whether all media are in the Media Manager already."""
    return all(medium.url for medium in media)


def _shown_media(media: tuple[Medium, ...]) -> str:
    return "\n".join(medium.source or medium.url for medium in media)
