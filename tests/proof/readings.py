"""The whole life of fourteen posts under each reading of the API's contract, by the real commands in this process.

    python tests/proof/readings.py                 each reading by itself, and 12 combinations: the short form
    python tests/proof/readings.py --long          500 readings and combinations
    python tests/proof/readings.py --only "text"   the readings whose name holds this, with all that was seen

Scheduled, run again, edited, a field cleared, moved, cancelled, published, asked for: after each step the outcomes are
held against what the service holds, the same command is run once more and may change nothing, and in the end what the
public saw is compared with what the sheet said. Nothing waits: the time that a command would sleep passes at once.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.run import run_sheet
from batch.commands.status import update_status
from batch.errors import PostbatchError
from batch.sandbox.content import content_of
from batch.sandbox.sites import SITE_ID
from tests.rig.options import Options
from tests.rig.readings import DEAD_CHANNEL, READINGS, REFUSED_WORDS, Reading, combine, via_of
from tests.rig.server import RigServer

START = datetime(2031, 3, 3, 8, 0, tzinfo=UTC)
PICTURE = "https://static.wixstatic.com/media/{}.jpg"
LONG_KEY = "Frühjahrsausstellung-für-alle-Läden-mit-Töpferkurs-und-Glasurabend-im-März"
COMBINATIONS = {False: 12, True: 456}
COUNTS = ("doubled", "lost", "wrong", "false_outcomes", "useless_calls")

STILL_OPEN = frozenset[str]()
"""The readings that the product does not hold under yet; each that is put right leaves this list."""
STILL_OPEN_TOGETHER: tuple[set[str], ...] = ()
"""Readings that it holds under one by one, and not yet where these come together."""

WAYS = (None, "auto", "draft", "publish", "bulk")
"""How posts are sent in a random combination; None: as it is configured."""
MET_TOGETHER = (
    {"pages cut short", "no total"}, {"pages cut short", "too many to count"},
    {"bare answers", "update merges, empty clears"}, {"bare answers", "media copied", "428 as not eligible"},
    {"text tidied", "update merges, empty clears"}, {"text tidied", "update merges, nothing clears"},
)  # fmt: skip
"""Readings under which something went wrong once, only where they came together."""

Row = dict[str, str]


def hours(count: float) -> str:
    """Return a date of the sheet, so many hours after the start."""
    return (START + timedelta(hours=count)).strftime("%Y-%m-%d %H:%M")


def row(key: str, channel: str, at: float | str, **cells: str) -> Row:
    """Return a row of the sheet; `at` is hours after the start, `now`, or blank."""
    return {"key": key, "channel": channel, "publish_at": at if isinstance(at, str) else hours(at), **cells}


def make_rows() -> list[Row]:
    """Return the posts as a person would write them; more than ten have time to go in bulk by the way `auto`."""
    reel, site = "https://video.wixstatic.com/video/r/mp4/file.mp4", "https://river.example"
    return [
        row("fb", "FACEBOOK", 26, text="Two  blanks, a tab\tand\n\n\nthree line ends", link=f"{site}/bowls"),
        row("ig", "INSTAGRAM", 27, text="Three glazes", media="\n".join(PICTURE.format(n) for n in "abc")),
        row("li", "LINKEDIN", 28, text="We are hiring", link=f"{site}/jobs"),
        row("pin", "PINTEREST", 29, title="Celadon", text="Green", link=f"{site}/pin", media=PICTURE.format("pin")),
        row("gbp", "GBP", 30, text="Open on Sunday", call_to_action="LEARN_MORE", media=PICTURE.format("shop")),
        row("yt", "YOUTUBE", 31, title="Throwing", text="From clay to glaze", media="https://media.example/kiln.mp4"),
        row("tt", "TIKTOK", 32, title="Spring", text="Colours", privacy="SELF_ONLY", media=PICTURE.format("spring")),
        row("reel", "FACEBOOK", 33, type="REEL", text=f"An evening of {REFUSED_WORDS}", media=reel),
        row("story", "INSTAGRAM", 34, type="STORY", media=PICTURE.format("story")),
        row(LONG_KEY, "LINKEDIN", 35, text="An exhibition"),
        row("class", "FACEBOOK", 36, text="A class on Tuesday"),
        row("hours", "GBP", 37, text="Open until eight"),
        row("now", "GBP", "now", text="The kiln is open"),
        row("idea", "FACEBOOK", "", text="An idea"),
    ]


@dataclass(frozen=True)
class Stage:
    """One step of the life: what changes in the sheet, and which outcome each changed row is to have."""

    name: str
    outcome: str
    changes: Mapping[str, Row]


STAGES = (
    Stage("edit", "updated", {
        "fb": {"text": "Two  blanks\n\n\nand new words"}, "yt": {"text": "From clay to kiln"},
        "idea": {"text": "A better idea"}, "li": {"text": "We are still hiring"},
    }),
    Stage("clear", "updated", {
        "fb": {"link": ""}, "pin": {"title": "", "link": ""}, "gbp": {"call_to_action": ""}, "li": {"link": ""},
    }),
    Stage("move", "rescheduled", {key: {"publish_at": hours(90 + n)} for n, key in enumerate(("ig", "tt", "pin"))}),
    Stage("cancel", "cancelled", {"story": {"action": "cancel"}, LONG_KEY: {"action": "cancel"}}),
    Stage("publish", "published", {"idea": {"publish_at": "now"}}),
)  # fmt: skip
CLEARED = {"fb": {"link"}, "pin": {"title", "link"}, "gbp": {"callToAction"}}
NO = {"blocked", "failed", "invalid"}
CANCELLED = {"story", LONG_KEY}
BLANK = {"title", "link", "call_to_action", "action"}
FIRST = {"now": "published", "idea": "drafted"}


@dataclass
class Figures:
    """What came of the plays."""

    plays: int = 0
    doubled: int = 0
    lost: int = 0
    wrong: int = 0
    false_outcomes: int = 0
    useless_calls: int = 0
    said: list[str] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether every count is zero."""
        return not any(getattr(self, name) for name in COUNTS)

    def add(self, name: str, text: str, *, count: int = 1) -> None:
        """Count something, and keep what it was."""
        setattr(self, name, getattr(self, name) + count)
        self.said.append(f"{name}: {text}")

    def take(self, other: Figures) -> None:
        """Add the figures of another."""
        for name in ("plays", *COUNTS):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.said += other.said


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def clock(self) -> float:
        return self.seconds

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self.seconds += max(0.0, seconds)

    def wait(self, event: threading.Event, seconds: float) -> None:
        if not event.is_set():
            self.sleep(seconds)


class Play:
    """One life under some readings."""

    def __init__(
        self, readings: Sequence[Reading], folder: Path, server: RigServer, clock: Clock, *, seed: int
    ) -> None:
        self.readings, self.folder, self.rig, self.clock = readings, folder, server.service, clock
        self.via = via_of(readings) or (random.Random(seed).choice(WAYS) if seed else None)
        self.rows = {row["key"]: row for row in make_rows()}
        self.figures = Figures(plays=1)
        self.outcomes: dict[str, dict[str, Any]] = {}
        self.retried = 0
        self.dead = {key for key, row in self.rows.items() if row["channel"] == DEAD_CHANNEL and self._reads("dead")}
        self.refused = {"reel"} if self._reads("428 ") else set()
        self._random = random.Random(seed)
        self._environ = {
            "WIX_API_URL": server.url,
            "WIX_API_KEY": "k" * 20,
            "POSTBATCH_STATE_DIR": str(folder / "state"),
        }
        (folder / "postbatch.toml").write_text(f'timezone = "UTC"\n[sites.pottery]\nsite_id = "{SITE_ID}"\n')

    def _reads(self, start: str) -> bool:
        return any(reading.name.startswith(start) for reading in self.readings)

    def live(self) -> None:
        """Play the whole life."""
        self.rig.seed(items=[self._earlier(n) for n in range(13)])
        for reading in self.readings:
            self.rig.seed(**reading.seed)
        self.clock.sleep(60)
        self.step("schedule", {key: FIRST.get(key, "scheduled") for key in self.rows})
        for stage in STAGES:
            for key, change in stage.changes.items():
                self.rows[key] = {**self.rows[key], **change}
            self.step(stage.name, dict.fromkeys(stage.changes, stage.outcome))
        self.clock.sleep(timedelta(days=20).total_seconds())
        self.follow()
        self.again("the whole sheet, when all is out")
        self.judge_public()

    def _earlier(self, number: int) -> dict[str, Any]:
        author = "urn:li:organization:70512345"
        return {
            "channel": {"name": "LINKEDIN", "accountId": author}, "type": "POST", "referenceId": f"earlier-{number}",
            "linkedinPost": {"caption": f"Earlier {number}", "authorId": author},
            "status": ("PUBLISHED", "DELETED", "SCHEDULED")[number % 3],
            "schedulingInfo": {"scheduledDate": "2031-06-01T08:00:00Z"},
        }  # fmt: skip

    def step(self, name: str, wanted: Mapping[str, str]) -> None:
        """Run the sheet, hold the outcomes of the rows that changed against the service, and run it again."""
        told = self.run(name)
        for key, outcome in wanted.items():
            if problem := self._untrue(name, key, outcome, told.get(key, {})):
                self.figures.add("false_outcomes", f"{name}: {key}: {problem}")
        self.again(name)

    def again(self, name: str) -> None:
        """Run the same command once more: it may change nothing, and says so of each row."""
        before = len(self.rig.calls())
        told = self.run(f"{name}, again")
        if self._reads("no features"):
            self.retried = 0  # nobody tells whether it was the quota, so each run may send it once
        for entry in self.rig.calls()[before:]:
            # What the channel has refused once is sent once more, and never again: a refusal may pass by itself.
            refused = entry.call in ("publish_by_id", "publish_item") and entry.status in (400, 428)
            self.retried += refused
            if entry.call in CHANGING and not (self.refused and refused and self.retried == 1):
                self.figures.add("useless_calls", f"{name}, again: {entry.call} {entry.status} {entry.path[-60:]}")
        for key, row in told.items():
            fine = NO if key in self.dead | self.refused else {"unchanged", "skipped"}
            if row["outcome"] not in fine:
                self.figures.add("false_outcomes", f"{name}, again: {key}: {tell(row)}")

    def _untrue(self, name: str, key: str, wanted: str, told: Mapping[str, Any]) -> str:
        """Return what is untrue about an outcome; "" where it is what the service shows."""
        if key in self.dead | self.refused and name != "clear":
            return "" if told.get("outcome") in NO else f"not refused: {tell(told)}"
        fine = {wanted} | ({"processing"} if wanted == "published" else set())
        if told.get("outcome") not in fine and not (key in self.dead and told.get("outcome") == "blocked"):
            return f"{wanted} was wanted, {tell(told)}"
        held = [item for item in self.rig.items() if item["id"] == told.get("item_id", "").lower()]
        if name == "clear" and held and (left := CLEARED.get(key, set()) & content_of(held[0]).keys()):
            said = f"{told.get('message')} {told.get('warnings', '')}".lower()
            if not all(word.removeprefix("callTo").lower() in said for word in left):
                return f"{', '.join(sorted(left))} is still there, and nobody says so: {tell(told)}"
        return ""

    def run(self, name: str) -> dict[str, dict[str, Any]]:
        """Run the sheet; return each post's line of the results, by key."""
        with (self.folder / "posts.csv").open("w", newline="", encoding="utf-8") as file:
            columns = [*dict.fromkeys(column for row in make_rows() for column in row), "action"]
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(self.rows.values())
        out = self.folder / "out.json"
        out.unlink(missing_ok=True)
        self.clock.sleep(1)  # nobody starts two commands in one instant
        desk = self._desk()
        try:
            outputs = Outputs(yes=True, no_page=True, out=out)
            allowed = Inputs("posts.csv", allow=(("cancel", 1_000), ("reschedule", 1_000)))
            run_sheet(desk, self._flags(), allowed, outputs)
            told = {row["key"]: row for row in json.loads(out.read_text(encoding="utf-8"))["posts"]}
        except PostbatchError as error:
            self.figures.add("false_outcomes", f"{name}: the run stops: {error}", count=len(self.rows))
            return {}
        self.outcomes.update(told)
        return told

    def follow(self) -> None:
        """Ask for the posts that were not final, twice: then there is nothing left to ask for."""
        for name in ("status", "status, again"):
            before = len(self.rig.calls())
            try:
                out = Outputs(no_page=True)
                update_status(self._desk(), self._flags(), Path("out.json"), out)
            except PostbatchError as error:
                self.figures.add("false_outcomes", f"{name}: {error}")
                return
            asked = [entry for entry in self.rig.calls()[before:] if entry.call in ("get_item", "query_items")]
        told = {row["key"]: row for row in json.loads((self.folder / "out.json").read_text(encoding="utf-8"))["posts"]}
        posts = {post.item_id: post for post in self.rig.public()}
        for key in self.rows.keys() - CANCELLED - self.dead - self.refused:
            row, post = told.get(key, {}), posts.get(told.get(key, {}).get("item_id", "").lower())
            if post is None or row.get("status") != "PUBLISHED":
                self.figures.add("false_outcomes", f"status: {key}: {tell(row)}, public: {post is not None}")
            elif row.get("link") != post.url and not self._reads("no live link"):
                self.figures.add("false_outcomes", f"status: {key}: link {row.get('link')!r} instead of {post.url}")
        if asked and not self._reads("no live link"):
            self.figures.add("useless_calls", f"status, again asks {len(asked)} times", count=len(asked))

    def judge_public(self) -> None:
        """Compare what the public saw with what the sheet said."""
        self.clock.sleep(timedelta(days=60).total_seconds())
        ours = [p for p in self.rig.public() if not p.reference.startswith("earlier-")]
        ids = {key: row.get("item_id", "").lower() for key, row in self.outcomes.items()}
        for key, row in self.rows.items():
            seen = [p for p in ours if p.item_id == ids.get(key) or p.reference.split("~")[0] == key]
            if key in CANCELLED | self.dead | self.refused:
                if seen:
                    self.figures.add("wrong", f"{key} went out")
                continue
            if not seen:
                self.figures.add("lost", f"{key}: {tell(self.outcomes.get(key, {}))}")
                continue
            if len(seen) > 1:
                self.figures.add("doubled", key, count=len(seen) - 1)
            text = row["text"]
            if " ".join(seen[0].text.split()) != " ".join(text.split()):
                self.figures.add("wrong", f"{key}: {seen[0].text!r} instead of {text!r}")
            date = row.get("publish_at", "")
            if date not in ("", "now") and seen[0].due.strftime("%Y-%m-%d %H:%M") != date:
                self.figures.add("wrong", f"{key}: {seen[0].due} instead of {date}")
            left = CLEARED.get(key, set()) & seen[0].content.keys()
            if left and not self._reads("update merges, nothing clears"):
                self.figures.add("wrong", f"{key}: {', '.join(sorted(left))} was cleared and is there")
        keys = {p.item_id for p in ours}
        if strangers := keys - {i for i in ids.values() if i}:
            self.figures.add("doubled", f"{len(strangers)} that no row knows", count=len(strangers))

    def _flags(self) -> Flags:
        return Flags(via=self.via, quiet=True, config=self.folder / "postbatch.toml")

    def _desk(self) -> Environment:
        return Environment(
            environ=self._environ, cwd=self.folder, out=StringIO(), err=StringIO(), now=self.clock.now,
            clock=self.clock.clock, sleep=self.clock.sleep, wait=self.clock.wait, random=self._random.random,
        )  # fmt: skip


CHANGING = frozenset({
    "create_draft", "update_item", "delete_item", "reschedule_item", "cancel_item", "publish_item", "publish_by_id",
    "bulk_publish",
})  # fmt: skip


def tell(row: Mapping[str, Any]) -> str:
    """Return an outcome in a few words."""
    return f"{row.get('outcome')} {row.get('status')} {row.get('code')} {str(row.get('message', ''))[:220]}"


def play(readings: Sequence[Reading], *, seed: int = 0) -> Figures:
    """Play the life of the fourteen posts under these readings."""
    clock = Clock()
    options = Options(calls_per_minute=0)
    with (
        tempfile.TemporaryDirectory() as folder,
        RigServer(options=options, readings=readings, now=clock.now, id_seed=seed) as server,
    ):
        one = Play(readings, Path(folder), server, clock, seed=seed)
        try:
            one.live()
        except Exception as error:  # noqa: BLE001 - whatever breaks a play is counted, and the others go on
            where = traceback.extract_tb(error.__traceback__)[-1]
            said = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
            one.figures.add("false_outcomes", said, count=len(one.rows))
        return one.figures


def plays(*, long: bool = False, among: Sequence[Reading] = READINGS) -> Iterator[tuple[str, tuple[Reading, ...], int]]:
    """Yield every play: its name, its readings, and its seed. `among` is what is combined at random."""
    yield "as the sandbox that ships", (), 0
    for reading in READINGS:
        yield reading.name, (reading,), 0
    for names in MET_TOGETHER:
        yield "together: " + "; ".join(sorted(names)), tuple(r for r in READINGS if r.name in names), 0
    for seed in range(1, COMBINATIONS[long] + 1):
        readings = combine(random.Random(seed), among=among)
        yield f"combination {seed}: " + "; ".join(r.name for r in readings), readings, seed


def _named(one: tuple[str, tuple[str, ...], int]) -> tuple[str, Figures]:
    name, names, seed = one
    return name, play([reading for reading in READINGS if reading.name in names], seed=seed)


def main(argv: Sequence[str] | None = None) -> int:
    """Play them, print the table, and return 1 where a figure is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args(argv)
    every = plays(long=chosen.long)
    wanted = [(n, tuple(r.name for r in rs), s) for n, rs, s in every if chosen.only in n]
    lines: dict[str, Figures] = {}
    with ProcessPoolExecutor(chosen.processes) as pool:
        for name, figures in pool.map(_named, wanted):
            at_random = name.startswith("combination") and not chosen.only
            lines.setdefault("random combinations" if at_random else name, Figures()).take(figures)
    total = Figures()
    print(f"{'':78}{'plays':>7}" + "".join(f"{name.replace('_', ' '):>15}" for name in COUNTS))
    for name, figures in lines.items():
        total.take(figures)
        cells = "".join(f"{getattr(figures, count):>15}" for count in COUNTS)
        print(f"{name[:76]:78}{figures.plays:>7}{cells}")
        for said in figures.said[: 40 if chosen.only else 3]:
            print(f"    {said[:400]}")
    print(f"{total.plays} readings and combinations" + "".join(f", {getattr(total, n)} {n}" for n in COUNTS))
    return int(not total.clean)


if __name__ == "__main__":
    sys.exit(main())
