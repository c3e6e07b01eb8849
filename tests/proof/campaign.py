"""Random sheets on random sites, with random faults, kills, changes by others and passing time; the public judges.

    python tests/proof/campaign.py              1,000 scenarios
    python tests/proof/campaign.py --long       10,000
    python tests/proof/campaign.py --seed 4711  one again, told in full

A seed decides everything, so a scenario that fails can be played again.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from batch.errors import JournalError, PostbatchError
from batch.model import Action, Channel, Outcome, OutcomeKind, Post
from batch.plan.decisions import PlanOptions
from batch.runs.control import Stop
from batch.sandbox.state import write_iso
from tests.proof.killing import VIAS, Figures
from tests.proof.scene import (
    END,
    FACEBOOK,
    GBP,
    LINKEDIN,
    Harm,
    doubled,
    false_outcomes,
    held,
    states_of,
)
from tests.proof.stage import LAG_SECONDS, SERVERS, SETTLE_SECONDS, Killed, Killer, Stage, fast_folder, post
from tests.rig.faults import KINDS
from tests.rig.published_log import PublicPost

CHANNELS = {Channel.FACEBOOK: FACEBOOK, Channel.LINKEDIN: LINKEDIN, Channel.GBP: GBP}
CALLS = (
    "changing", "changing", "changing", "*", "query_items", "create_draft", "get_item", "update_item", "delete_item",
    "reschedule_item", "cancel_item", "publish_item", "publish_by_id", "bulk_publish", "list_accounts", "get_features",
)  # fmt: skip
WISHES = ("draft", "schedule", "schedule", "schedule", "soon", "now", "text", "move", "both", "cancel", "delete", "go")
FOUND = {"text", "move", "both", "cancel", "delete", "go"}
"""Wishes for which the site holds the post before."""
HTTP_ERRORS = (400, 404, 408, 409, 428, 429, 500, 502, 503, 504)
TROUBLES = ("", "", "kill", "kill", "kill", "disk full", "ctrl-c")
CLEAN_RUNS = 5
FAR = timedelta(hours=24)


@dataclass
class Row:
    """A row of the sheet with what its post may at most become in public."""

    wish: str
    post: Post
    item: Mapping[str, Any] | None
    item_id: str = ""
    meddled: bool = False


@dataclass
class Scenario:
    """Everything that a seed decides."""

    seed: int
    server: str
    via: str
    options: dict[str, object]
    rows: list[Row]
    faults: list[dict[str, Any]]
    troubles: list[tuple[str, int]]
    """For each run: `kill`, `disk full` or `ctrl-c` at the place of this number, or nothing at all."""
    pauses: list[float]
    meddling: dict[int, list[tuple[int, str]]] = field(default_factory=dict)
    """By the number of a run: at which place of it somebody else does what, to a row's post."""


def make_scenario(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    dice = random.Random(seed)
    server = dice.choice(list(SERVERS))
    rows = [_row(dice, n) for n in range(dice.randint(2, 6))]
    runs = dice.randint(1, 3)
    latest = SETTLE_SECONDS - (LAG_SECONDS if server == "lagging" else 0.0) - 0.5
    return Scenario(
        seed=seed,
        server=server,
        via=dice.choice(VIAS),
        options={
            "queue_seconds": dice.choice((0.0, 0.0, 3.0)),
            "processing_seconds": dice.choice((0.0, 0.0, 20.0)),
            "bulk_shuffled": dice.random() < 0.3,
            "patch": dice.choice(("replace", "merge")),
            "deleted": dice.choice(("shown", "shown", "hidden")),
            "calls_per_minute": dice.choice((0, 0, 200)),
        },
        rows=rows,
        faults=[_fault(dice, latest=latest) for _ in range(dice.randint(0, 4))],
        troubles=[(dice.choice(TROUBLES), dice.randint(1, 60)) for _ in range(runs)],
        pauses=[dice.choice((0.0, 0.0, 1.0, 4.0, 30.0, 600.0)) for _ in range(runs)],
        meddling=_meddling(dice, runs, len(rows)) if dice.random() < 0.25 else {},
    )


def _row(dice: random.Random, number: int) -> Row:
    wish = dice.choice(WISHES)
    channel = dice.choice(list(CHANNELS))
    key, place = f"{wish}-{number}", CHANNELS[channel]
    base = datetime(2031, 3, 3, 8, 1, tzinfo=UTC)
    far = base + FAR + timedelta(minutes=dice.randint(0, 4000))
    old = base + FAR + timedelta(minutes=dice.randint(4001, 8000))
    near = base + timedelta(minutes=dice.choice((1, 3, 9, 14, 15, 16, 20, 40)))
    make: dict[str, dict[str, Any]] = {
        "draft": {},
        "schedule": {"at": far},
        "soon": {"at": near},
        "now": {"now": True},
        "text": {"at": far, "text": f"New {key}"},
        "move": {"at": far},
        "both": {"at": far, "text": f"New {key}"},
        "cancel": {"action": Action.CANCEL},
        "delete": {"action": Action.DELETE},
        "go": {"action": Action.PUBLISH},
    }
    made = post(key, row=number + 2, channel=channel, **{"text": f"Text {key}", **make[wish]})
    item = None
    if wish in FOUND:
        status = "DRAFT" if wish == "go" or (wish == "delete" and dice.random() < 0.5) else "SCHEDULED"
        at = None if status == "DRAFT" else far if wish == "text" else old
        item = held(key, place, f"Text {key}", status=status, at=at)
    return Row(wish, made, item)


def _fault(dice: random.Random, *, latest: float) -> dict[str, Any]:
    """Return a fault; `latest` is how late a request may arrive for the client to be able to know of it."""
    kind = dice.choice(sorted(KINDS))
    spec: dict[str, Any] = {"kind": kind, "calls": [dice.choice(CALLS)], "times": dice.randint(1, 5)}
    how = dice.choice(("nth", "every", "probability"))
    if how == "nth":
        spec |= {"nth": dice.randint(1, 12), "times": 1}
    elif how == "every":
        spec["every"] = dice.randint(1, 4)
    else:
        spec |= {"probability": dice.choice((0.1, 0.3, 0.7)), "seed": dice.randint(0, 999)}
    if kind == "status":
        spec["status"] = dice.choice(HTTP_ERRORS)
        # A refusal in the service's own words is its word: it is never sent for a call that was carried out.
        spec["made"] = spec["status"] in (408, 500, 502, 503, 504) and dice.random() < 0.5
        spec["retry_after"] = dice.choice(("", "", "2", "70"))
        if spec["status"] == 429:
            spec["code"] = "RATE_LIMITED"
    elif kind == "html":
        spec |= {"status": dice.choice((200, 400, 404, 502)), "made": dice.random() < 0.5}
    elif kind == "redirect":
        spec |= {"status": dice.choice((301, 302, 307)), "made": dice.random() < 0.5}
    elif kind == "body":
        spec |= {"status": 200, "body": dice.choice(("{}", "[]", '{"item": {}}', '{"items": []', '{"results": []}'))}
        if "*" in spec["calls"] or "query_items" in spec["calls"]:
            spec["calls"] = ["changing"]  # an empty list that says it is whole is a lie that nobody can see through
    elif kind == "late":
        spec["seconds"] = dice.choice((0.5, latest / 2, latest))
    elif kind in ("delay", "drip"):
        spec["seconds"] = dice.choice((0.5, 5.0, 61.0))
    if kind == "wrong_id":
        spec["calls"] = [dice.choice([c for c in CALLS if c not in ("*", "query_items", "list_accounts")])]
    return spec


MEDDLING = ("cancel", "delete", "publish", "move", "text")


def _meddling(dice: random.Random, runs: int, rows: int) -> dict[int, list[tuple[int, str]]]:
    return {
        run: [(dice.randint(1, 30), f"{dice.choice(MEDDLING)} {dice.randrange(rows)}")]
        for run in range(runs)
        if dice.random() < 0.7
    }


class Play:
    """One scenario being played."""

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.scenario, self.stage = scenario, stage
        self.posts = [row.post for row in scenario.rows]
        self.said: list[str] = []
        self.log: list[str] = []
        self.last: list[Outcome] = []

    def begin(self) -> None:
        """Put the site as the scenario finds it."""
        self.stage.furnish([row.item for row in self.scenario.rows if row.item])
        for item in self.stage.service.items():
            for row in self.scenario.rows:
                if item.get("referenceId") == row.post.key:
                    row.item_id = str(item["id"])
        for fault in self.scenario.faults:
            self.stage.service.add_fault(**fault)

    def troubled_runs(self) -> None:
        """Run with faults, kills and meddlers."""
        for number, (trouble, pause) in enumerate(zip(self.scenario.troubles, self.scenario.pauses, strict=True)):
            stop = Stop()
            at = self._watch(trouble, stop, dict(self.scenario.meddling.get(number, [])))
            self.run(f"r{number}", at, stop)
            self.stage.clock.sleep(pause)

    def _watch(self, trouble: tuple[str, int], stop: Stop, acts: Mapping[int, str]) -> Callable[[str], None]:
        """Return what happens at the places of a run."""
        what, when = trouble
        killer = Killer(when if what == "kill" else None)

        def at(place: str) -> None:
            number = len(killer.places) + 1
            if number in acts:
                self.meddle(acts[number])
            if what == "ctrl-c" and number == when:
                stop.request("You stopped it.", interrupted=True)
            if what == "disk full" and number >= when and place == "before journal":
                raise JournalError("The journal can't be used (database or disk is full); make room and run again.")
            killer(place)

        return at

    def clean_runs(self) -> None:
        """Run without faults until there is nothing to do, as a person would."""
        self.stage.service.clear_faults()
        for number in range(CLEAN_RUNS):
            # What was refused twice for no good reason is sent again as its outcome says.
            again = frozenset(outcome.key for outcome in self.last if outcome.code == "refused_before")
            self.run(f"clean-{number}", lambda _place: None, Stop(), options=PlanOptions(again=again))
            if all(o.outcome not in GOES_ON and o.code != "refused_before" for o in self.last):
                break
            self.stage.clock.sleep(1.0)

    def run(self, name: str, at: Callable[[str], None], stop: Stop, *, options: PlanOptions | None = None) -> None:
        """Run once, and hold what it says against the site."""
        before = states_of(self.stage.service)
        meddled = {row.post.key for row in self.scenario.rows if row.meddled}
        try:
            self.last = self.stage.run(self.posts, name=name, at=at, stop=stop, options=options)
        except Killed as place:
            self.log.append(f"{name}: killed {place}")
            return
        except PostbatchError as error:
            self.log.append(f"{name}: {error}")
            return
        meddled |= {row.post.key for row in self.scenario.rows if row.meddled}
        self.log += [f"{name}: {o.key} {o.outcome} {o.status} {o.code} {o.message}" for o in self.last]
        judged = [o for o in self.last if o.key not in meddled]
        self.said += [f"{name} {s}" for s in false_outcomes(judged, self.stage.service, before=before)]
        if not self.stage.service.faults():
            self.said += [f"{name} {o.key}: {o.message}" for o in judged if o.code == "differs"]

    def meddle(self, what: str) -> None:
        """Let somebody else change one of our posts on the site."""
        act, number = what.split()
        row = self.scenario.rows[int(number)]
        own = [i for i in self.stage.service.items() if i.get("referenceId") == row.post.key]
        if not own:
            return
        row.meddled = True
        item_id = own[-1]["id"]
        later = write_iso(round((self.stage.clock.now() + 3 * FAR).timestamp() * 1000))
        method, path, body = {
            "cancel": ("PATCH", f"/items/{item_id}/cancel", {}),
            "delete": ("DELETE", f"/items/{item_id}", None),
            "publish": ("POST", "/publish-by-id", {"id": item_id}),
            "move": ("POST", f"/items/{item_id}/reschedule", {"scheduledDate": later}),
            "text": ("PATCH", f"/items/{item_id}", {"item": {"id": item_id, "channel": own[-1]["channel"]}}),
        }[act]
        self.log.append(f"somebody: {what}")
        self.stage.service.call(method, path, body)


GOES_ON = frozenset({
    OutcomeKind.DRAFTED, OutcomeKind.SCHEDULED, OutcomeKind.PUBLISHED, OutcomeKind.RESCHEDULED, OutcomeKind.UPDATED,
    OutcomeKind.CANCELLED, OutcomeKind.DELETED, OutcomeKind.PROCESSING, OutcomeKind.UNKNOWN, OutcomeKind.NOT_RUN,
})  # fmt: skip
"""Outcomes after which a person runs again to see that there is nothing left to do."""

NEVER_PUBLIC = frozenset({"draft", "cancel", "delete"})


def judge(play: Play, public: Sequence[PublicPost]) -> Harm:
    """Judge a scenario by what the public saw in the end, and by whether the last run's rows say what is so."""
    # Where the service hides what was deleted, nothing on it tells that somebody deleted a post that was out already.
    hidden = play.scenario.options["deleted"] == "hidden"
    erased = {row.post.key for row in play.scenario.rows if row.meddled and hidden}
    harm = Harm(doubled=doubled(shown for shown in public if shown.reference not in erased))
    by_key: dict[str, list[PublicPost]] = {}
    for shown in public:
        by_key.setdefault(shown.reference, []).append(shown)
    outcomes = {o.key: o for o in play.last}
    for row in play.scenario.rows:
        _judge_row(row, by_key.get(row.post.key, []), outcomes.get(row.post.key), harm)
    keys = {row.post.key for row in play.scenario.rows}
    harm.unasked += sum(len(shown) for key, shown in by_key.items() if key not in keys)
    return harm


def _judge_row(row: Row, shown: Sequence[PublicPost], outcome: Outcome | None, harm: Harm) -> None:
    if row.meddled:
        return
    if row.post.channel is None or outcome is None:
        harm.lost += 1
        return
    at = row.post.publish_at
    for seen in shown:
        harm.wrong_place += (seen.channel, seen.account_id, seen.second_id) != CHANNELS[row.post.channel]
        harm.wrong_text += seen.text != row.post.content.text
        harm.wrong_time += at is not None and seen.at.replace(microsecond=0) != at + (seen.at - seen.due)
        harm.unasked += row.wish in NEVER_PUBLIC
    says_why = outcome.outcome is OutcomeKind.INVALID and outcome.code == "date_passed"
    if not shown and row.wish not in NEVER_PUBLIC:
        harm.lost += not (says_why and row.wish == "soon")
    elif outcome.outcome is not OutcomeKind.UNCHANGED:
        harm.lost += 1


def play_one(seed: int, figures: Figures, *, tell: bool = False) -> None:
    """Play the scenario of a seed and count what came of it."""
    scenario = make_scenario(seed)
    with fast_folder() as folder:
        stage = Stage(folder, scenario.server, scenario.via, seed=seed, options=scenario.options)
        play = Play(scenario, stage)
        try:
            play.begin()
            play.troubled_runs()
            play.clean_runs()
            stage.clock.sleep(END.total_seconds())
            harm = judge(play, stage.service.public())
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        finally:
            stage.close()
    left = [f"{o.key} {o.outcome} {o.code} {o.message}" for o in play.last if o.outcome is not OutcomeKind.UNCHANGED]
    figures.add(f"seed {seed}", harm, said=play.said)
    if (harm and figures.examples) or tell:
        if tell:
            print(scenario, *play.log, *play.said, harm, sep="\n")
        elif figures.examples and figures.examples[-1].startswith(f"seed {seed}:"):
            figures.examples[-1] += f" last: {left}"


def play_many(seeds: Iterable[int]) -> Figures:
    """Play many seeds in this process."""
    figures = Figures()
    for seed in seeds:
        play_one(seed, figures)
    return figures


def play_beside(seeds: range, *, processes: int = 2) -> Figures:
    """Play many seeds in several processes."""
    total = Figures()
    with ProcessPoolExecutor(processes) as pool:
        parts = [range(start, min(start + 50, seeds.stop)) for start in range(seeds.start, seeds.stop, 50)]
        for figures in pool.map(play_many, parts):
            total.take(figures)
    return total


def main() -> int:
    """Play the campaign; exit 1 where a figure is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    chosen = parser.parse_args()
    if chosen.seed is not None:
        figures = Figures()
        play_one(chosen.seed, figures, tell=True)
        return int(not figures.clean)
    count = chosen.count or (10_000 if chosen.long else 1_000)
    figures = play_beside(range(chosen.start, chosen.start + count))
    print(f"seeds {chosen.start} to {chosen.start + count - 1}: {figures}")
    return int(not figures.clean)


if __name__ == "__main__":
    sys.exit(main())
