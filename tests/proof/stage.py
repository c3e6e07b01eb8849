"""A stage for scenarios: a sandbox, a clock of its own, and a whole run in this process from posts to outcomes.

Everything but the socket and the process is real: the client, the planning, the journal on disk, the execution. Time
passes only where somebody waits. `Killed` is raised in the place where a process would have died; it is no Exception,
so nothing on the way can handle it.
"""

from __future__ import annotations

import os
import random
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from batch.model import Channel, Content, Medium, Outcome, Post, PostType
from batch.plan.decisions import PlanOptions
from batch.plan.reconcile import reconcile
from batch.publisher.client import Client
from batch.publisher.pace import Pace
from batch.runs.actions import SiteContext
from batch.runs.control import Stop
from batch.runs.execute import execute
from batch.runs.journal import Journal
from batch.runs.record import NumberedStep
from batch.runs.site import read_site
from batch.sandbox.sites import SITE_ID
from batch.settings import ApiKey
from tests.rig.options import Options as ServerOptions
from tests.rig.service import Rig
from tests.rig.transport import RigTransport

START = datetime(2031, 3, 3, 8, 0, tzinfo=UTC)
LAG_SECONDS = 5.0
SETTLE_SECONDS = 8.0
BULK_MORE_THAN = 1
"""Scenes are small: by the way `auto` what is more than one post goes in bulk here."""

SERVERS: dict[str, dict[str, object]] = {
    "unique": {"references": "everywhere"},
    "unique on publish": {"references": "publish"},
    "not unique": {"references": "nowhere"},
    "lagging": {"references": "publish", "query_lag_seconds": LAG_SECONDS},
}
"""The four servers that a run must keep its promises on."""

WORST = {"lagging, not unique": {"references": "nowhere", "query_lag_seconds": LAG_SECONDS}}
"""A fifth that nobody has seen: nothing is refused, and lists are late as well."""


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Killer:
    """Dies at the place of this number (the first is 1); None: only counts the places, and names them."""

    number: int | None = None
    places: list[str] = field(default_factory=list)

    def __call__(self, place: str) -> None:
        self.places.append(place)
        if len(self.places) == self.number:
            raise Killed(place)


@contextmanager
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: what dies here is a simulated process, and no disk has to bear it."""
    memory = Path("/dev/shm")  # noqa: S108 - a folder of our own is made in it
    with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
        yield Path(folder)


@dataclass
class Clock:
    """Time that passes only where somebody waits."""

    at: datetime = START
    ticks: float = 0.0
    waits: int = 0

    def now(self) -> datetime:
        return self.at

    def clock(self) -> float:
        return self.ticks

    def sleep(self, seconds: float) -> None:
        self.waits += 1
        if self.waits > 100_000:
            raise AssertionError("a scenario waits without end")
        self.at += timedelta(seconds=max(0.0, seconds))
        self.ticks += max(0.0, seconds)


class Metered(httpx.SyncByteStream):
    """An answer's bytes; says when they have ended."""

    def __init__(self, inner: httpx.SyncByteStream, ended: Callable[[], None]) -> None:
        self._inner, self._ended = inner, ended

    def __iter__(self) -> Iterator[bytes]:
        try:
            yield from self._inner
        finally:
            self._ended()


class Altered(httpx.BaseTransport):
    """The way to the service, on which the body of each answer is altered."""

    def __init__(self, inner: httpx.BaseTransport, alter: Callable[[bytes], bytes]) -> None:
        self._inner, self._alter = inner, alter

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        response = self._inner.handle_request(request)
        if self._alter is not bytes:
            assert isinstance(response.stream, httpx.SyncByteStream)
            response.stream = httpx.ByteStream(self._alter(b"".join(response.stream)))
            response.headers.pop("content-length", None)
        return response


class Watched(httpx.BaseTransport):
    """The way to the service, with a place to die before and after each changing call.

    `travel` is what a request, and then its answer, spends on the way; `took` is told how long each call was.
    """

    def __init__(
        self,
        inner: httpx.BaseTransport,
        at: Callable[[str], None],
        *,
        travel: Callable[[], None],
        clock: Callable[[], float],
        took: Callable[[float], None],
    ) -> None:
        self._inner, self._at, self._travel, self._clock, self._took = inner, at, travel, clock, took

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        began = self._clock()

        def ended() -> None:
            self._took(self._clock() - began)

        self._travel()
        try:
            response = self._handle(request)
        except httpx.TransportError:
            ended()
            raise
        self._travel()
        assert isinstance(response.stream, httpx.SyncByteStream)
        response.stream = Metered(response.stream, ended)
        return response

    def _handle(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        changing = request.method != "GET" and not path.endswith("/query")
        if changing:
            self._at(f"before {request.method} {path.split('/v1')[-1]}")
        response = self._inner.handle_request(request)
        if changing:
            self._at(f"after {request.method} {path.split('/v1')[-1]}")
        return response


class WatchedJournal(Journal):
    """The journal, with a place to die before and after each write."""

    def __init__(self, path: Path, at: Callable[[str], None]) -> None:
        super().__init__(path)
        self._at = at

    @contextmanager
    def _change(self) -> Iterator[object]:  # type: ignore[override] # the same, watched
        self._at("before journal")
        with super()._change() as db:
            yield db
        self._at("after journal")


@dataclass
class Stage:
    """One server and one sheet; `run` may be called again and again, as a person would.

    The server ends with `close`, or when nobody holds the stage any more.
    """

    folder: Path
    server: str = "unique"
    via: str = "draft"
    seed: int = 0
    clock: Clock = field(default_factory=Clock)
    options: dict[str, object] = field(default_factory=dict)
    calls_per_minute: int = 180
    api_url: str = "https://service.test"
    settle_seconds: float = SETTLE_SECONDS
    answer: Callable[[bytes], bytes] = bytes
    """What a proxy before the service makes of the body of each answer."""
    said: list[str] = field(default_factory=list)
    longest_call: float = 0.0
    """The most seconds that one call took, from its request to the end of its answer."""

    def __post_init__(self) -> None:
        known = ServerOptions().changed({"calls_per_minute": 0, **{**SERVERS, **WORST}[self.server], **self.options})
        self.service = Rig(options=known, now=self.clock.now, id_seed=self.seed)
        weakref.finalize(self, self.service.close)
        self.random = random.Random(self.seed)

    def close(self) -> None:
        self.service.close()

    def _took(self, seconds: float) -> None:
        self.longest_call = max(self.longest_call, seconds)

    def furnish(self, items: Sequence[Mapping[str, Any]]) -> None:
        """Put items on the site, long enough ago for every list to show them."""
        self.service.seed(items=items)
        self.clock.sleep(60)

    def run(
        self,
        posts: Sequence[Post],
        *,
        name: str = "r1",
        journal: str = "journal",
        at: Callable[[str], None] = lambda _place: None,
        options: PlanOptions | None = None,
        stop: Stop | None = None,
        clock: Clock | None = None,
        via: str | None = None,
        travel: Callable[[], None] = lambda: None,
    ) -> list[Outcome]:
        """Plan and carry out; `at` is called at every place where a process could die."""
        clock, stop = clock or self.clock, stop or Stop()

        def pause(seconds: float) -> None:
            if not stop.requested:  # as `Stop.pause`: nobody waits any more once a stop is asked for
                clock.sleep(seconds)

        transport = Watched(
            Altered(RigTransport(self.service, sleep=clock.sleep), self.answer),
            at,
            travel=travel,
            clock=clock.clock,
            took=self._took,
        )
        client = Client(
            api_url=self.api_url,
            credential=ApiKey("k" * 20),
            site_id=SITE_ID,
            pace=Pace(self.calls_per_minute, clock=clock.clock, sleep=clock.sleep),
            transport=transport,
            clock=clock.clock,
            now=clock.now,
            sleep=clock.sleep,
            random=self.random.random,
        )
        outcomes: dict[int, Outcome] = {}
        with client, WatchedJournal(self.folder / f"{journal}.sqlite", at) as book:
            channels = sorted({post.channel for post in posts if post.channel})
            snapshot = read_site(
                client, book, site="", channels=channels, now=clock.now, pause=clock.sleep,
                settle_seconds=self.settle_seconds, say=lambda _text: None, at_once=1,
            )  # fmt: skip
            plan = reconcile(posts, snapshot, now=clock.now(), options=options)
            context = SiteContext(
                client=client, journal=book, run=name, now=clock.now, clock=clock.clock, stop=stop,
                random=self.random.random, pause=pause, settle_seconds=self.settle_seconds, budget=client.budget,
                say=self.said.append, notice=self.said.append,
            )  # fmt: skip
            placed = [NumberedStep(n, step) for n, step in enumerate(plan.steps)]
            execute(
                placed, context=context, emit=outcomes.__setitem__, via=via or self.via, bulk_more_than=BULK_MORE_THAN
            )
        return [outcomes[n] for n in range(len(posts))]


def picture(name: str) -> Medium:
    """A picture that is in the Media Manager already."""
    url = f"https://static.wixstatic.com/media/{name}.jpg"
    return Medium(url, "IMAGE", url, url)


def post(
    key: str,
    *,
    row: int = 2,
    channel: Channel = Channel.FACEBOOK,
    type: PostType = PostType.POST,  # noqa: A002 - the field's own name
    text: str = "",
    at: datetime | None = None,
    **more: object,
) -> Post:
    """A checked post."""
    made = Post(row=row, key=key, site="", channel=channel, type=type, content=Content(text=text or f"Text {key}"))
    return replace(made, publish_at=at, **more)  # type: ignore[arg-type] # fields of Post


def hours(count: float) -> datetime:
    """A time so many hours after the start."""
    return START + timedelta(hours=count)
