"""What a run of one site works with, and how it notes in the journal what came back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from batch.errors import JournalError
from batch.model import Act, Status
from batch.publisher.client import Client
from batch.publisher.reply import Reply, ReplyKind
from batch.publisher.retry import RetryBudget
from batch.run.journal import Recorder
from batch.run.looking import Look
from batch.run.stop import Stop


@dataclass(frozen=True, slots=True)
class Tools:
    """What a run of one site works with. Clocks and waits are arguments, so that they can be played."""

    client: Client
    journal: Recorder
    run: str
    now: Callable[[], datetime]
    clock: Callable[[], float]
    stop: Stop
    random: Callable[[], float]
    pause: Callable[[float], None]
    settle_seconds: float = 15.0
    budget: RetryBudget = field(default_factory=RetryBudget)
    say: Callable[[str], None] = lambda _text: None

    @property
    def look(self) -> Look:
        """The way to look at the site."""
        return Look(self.client, pause=self.pause, now=self.now, settle_seconds=self.settle_seconds)


def note_reply(tools: Tools, intent: int, act: Act, reply: Reply, *, item_id: str) -> None:
    """Commit what a call brought back. `item_id`: the item that it was about, "" where it was to make one."""
    item, done = reply.item, reply.kind is ReplyKind.OK
    status = item.status if item else str(Status.DELETED) if done and act is Act.DELETE else ""
    note(
        tools, intent, kind=reply.kind, code=reply.code,
        item_id=item.id if item else item_id if done else "", status=status,
    )  # fmt: skip
    if done:
        tools.budget.give_back()


def note(tools: Tools, intent: int, *, kind: str, code: str = "", item_id: str = "", status: str = "") -> None:
    """Commit a result. Where the journal can't take it the run stops, but what is known of the call stays known."""
    try:
        tools.journal.record(intent, kind=kind, code=code, item_id=item_id, status=status, at=tools.now())
    except JournalError as error:
        tools.stop.request(str(error))
