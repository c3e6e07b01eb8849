"""One run with its journal and one without: the switch is here, and the product has none.

A run without a journal would not be safe, so this is done below the commands: the same planning, client and execution,
and a recorder that keeps nothing. The latency of each call is counted and not waited for.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import httpx

from batch.model import Channel, Content, Outcome, OutcomeKind, Post, PostType
from batch.plan.reconcile import reconcile
from batch.publisher.accounts import read_snapshot
from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.runs.actions import SiteContext
from batch.runs.control import Stop
from batch.runs.execute import execute
from batch.runs.journal import Journal
from batch.runs.record import NumberedStep
from batch.settings import ApiKey
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


@dataclass
class Clock:
    """The time, with waits and latency counted and not waited for."""

    skipped: float = 0.0

    def clock(self) -> float:
        return time.monotonic() + self.skipped

    def sleep(self, seconds: float) -> None:
        self.skipped += seconds


class Far(httpx.BaseTransport):
    """Real calls to a service that seems far away."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._inner = clock, httpx.HTTPTransport()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.sleep(LATENCY_SECONDS)
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def cost_of_journal(folder: Path, posts: int, *, pace: int, kept: bool) -> float:
    """Schedule posts, as drafts first, at so many calls a minute at most, and return the seconds that it takes."""
    time_of_run = Clock()
    clock, sleep = time_of_run.clock, time_of_run.sleep
    with sandbox(folder / "state", calls_per_minute=0) as place:
        client = Client(
            api_url=place.url, credential=ApiKey(KEY), site_id=site_id(0), transport=Far(time_of_run),
            pace=Pace(pace, clock=clock, sleep=sleep), clock=clock, sleep=sleep,
        )  # fmt: skip
        book = Journal(folder / f"{uuid.uuid4().hex}.sqlite") if kept else nullcontext(Forgetful())
        with client, book as recorder:
            plan = reconcile(_posts(posts), read_snapshot(client, [Channel.FACEBOOK], now=_now()), now=_now())
            placed = [NumberedStep(n, step) for n, step in enumerate(plan.steps)]
            context = SiteContext(
                client=client, journal=cast(Journal, recorder), run="bench", now=_now, clock=clock,
                stop=Stop(), random=random.random, pause=sleep,
            )  # fmt: skip
            done: dict[int, Outcome] = {}
            began = clock()
            execute(placed, context=context, emit=done.__setitem__)
            seconds = clock() - began
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
