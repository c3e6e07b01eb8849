"""Take back what must not go out twice: an item too many with one of our references, or a draft that lost its place.

Every such call has its intent in the journal like any other. What is public or on its way is never touched.
"""

from __future__ import annotations

from collections.abc import Callable

from batch.errors import PostbatchError
from batch.model import Act, Item, Status
from batch.publisher import items
from batch.publisher.client import Client
from batch.publisher.reply import Reply
from batch.run.tools import Tools, note_reply

WITHDRAWN = frozenset({Status.CANCELED, Status.DELETED})

_WAYS: dict[str, tuple[Act, Callable[[Client, str], Reply]]] = {
    Status.SCHEDULED: (Act.CANCEL, items.cancel_item),
    Status.DRAFT: (Act.DELETE, items.delete_item),
}


def withdraw(item: Item, *, position: int, tools: Tools) -> bool:
    """Take an item back before it goes out; True where it will not. Errors: ServiceError, SignInError, JournalError."""
    way = _WAYS.get(item.status)
    if way is not None:
        act, call = way
        intent = tools.journal.intend(
            tools.run, position, act, reference=item.reference, item_id=item.id, at=tools.now()
        )
        note_reply(tools, intent, act, call(tools.client, item.id), item_id=item.id)
    now = tools.look.by_id(item.id)
    return now is None or now.status in WITHDRAWN


def drop_own_draft(item_id: str, *, position: int, tools: Tools) -> None:
    """Delete the draft that this run made where another run's item has taken its place; a left draft harms nobody."""
    if not item_id:
        return
    try:
        own = tools.look.by_id(item_id)
        if own is not None and own.status == Status.DRAFT:
            withdraw(own, position=position, tools=tools)
    except PostbatchError as error:
        tools.say(f"The draft {item_id}, which is not needed any more, could not be deleted: {error}")
