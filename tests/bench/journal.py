"""One run with its journal and one without: the switch is here, and the product has none.

A run without a journal would not be safe, so this is done below the commands: the same planning, client and execution,
and a recorder that keeps nothing. The latency of each call is counted and not waited for.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx

from batch.credential import ApiKey
from batch.model import Channel, Content, Outcome, OutcomeKind, Post, PostType
from batch.plan.reconcile import reconcile
from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.publisher.snapshot import read_snapshot
from batch.publisher.transport import DeadlineTransport
from batch.run.execute import execute
from batch.run.journal import Journal, Recorder
from batch.run.record import Placed
from batch.run.sending import Tools
from batch.run.stop import Stop
from tests.bench.sandboxed import KEY, sandbox, site_id

LATENCY_SECONDS = 0.1


class Forgetful:
    """A recorder that keeps nothing."""

    def intend(self, run: str, position: int, act: str, *, reference: str, item_id: str, at: datetime) -> int:
        return 0

    def intend_all(self, run: str, act: str, entries: Sequence[tuple[int, str]], *, at: datetime) -> list[int]:
        return [0] * len(entries)

    def record(self, intent: int, *, kind: str, code: str, item_id: str, status: str, at: datetime) -> None:
        return None

    def keep_outcome(self, run: str, position: int, outcome: str) -> None:
        return None


class Far(httpx.BaseTransport):
    """Real calls to a service that seems far away: each is counted to have taken longer than it did."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._inner = DeadlineTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.seconds += LATENCY_SECONDS
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def cost_of_journal(folder: Path, posts: int, *, kept: bool) -> float:
    """Schedule posts as drafts first, and return the seconds that it takes."""
    with sandbox(folder / "state", calls_per_minute=0) as place:
        far = Far()
        client = Client(api_url=place.url, credential=ApiKey(KEY), site_id=site_id(0), pace=Pace(10_000), transport=far)
        book = Journal(folder / f"{uuid.uuid4().hex}.sqlite") if kept else nullcontext(Forgetful())
        with client, book as recorder:
            plan = reconcile(_posts(posts), read_snapshot(client, [Channel.FACEBOOK], now=_now()), now=_now())
            placed = [Placed(n, step) for n, step in enumerate(plan.steps)]
            tools = Tools(
                client=client, journal=cast(Recorder, recorder), run="bench", now=_now, clock=time.monotonic,
                stop=Stop(), random=random.random, pause=time.sleep,
            )  # fmt: skip
            done: dict[int, Outcome] = {}
            seconds = _timed(lambda: execute(placed, tools=tools, emit=done.__setitem__)) + far.seconds
    if {outcome.outcome for outcome in done.values()} != {OutcomeKind.SCHEDULED}:
        raise RuntimeError("not every post was scheduled")
    return seconds


def _posts(count: int) -> list[Post]:
    start = _now().replace(microsecond=0) + timedelta(days=30)
    return [
        Post(
            row=n,
            key=f"bench-{n}",
            site="",
            channel=Channel.FACEBOOK,
            type=PostType.POST,
            content=Content(f"Post {n}"),
            publish_at=start + timedelta(minutes=n),
        )
        for n in range(2, count + 2)
    ]


def _now() -> datetime:
    return datetime.now(UTC)


def _timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
