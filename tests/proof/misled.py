"""Runs that are misled: lists that are old or garble an ID, a reference that is there twice, other people at work.

    python tests/proof/misled.py              300 scenarios
    python tests/proof/misled.py --long       4,032: every pair of states with every wish, several times over
    python tests/proof/misled.py --seed 4711  one again, told in full

Of each scenario's first row the site holds up to two items, in any two states. Lists are up to ten seconds old; in the
first runs one of their entries may carry the ID of another, a part of its own, or its own in capitals; and somebody
else may act on the site right after a list was answered. Then the lists tell the truth again and the sheet is run until
it is at rest, and once more. A seed decides everything.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from batch.errors import PostbatchError
from batch.model import Action, Outcome, OutcomeKind, Post
from batch.plan.decisions import PlanOptions
from batch.plan.matching import split_reference
from batch.sandbox.state import write_iso
from tests.proof.killing import VIAS, Figures
from tests.proof.scene import END, FACEBOOK, GOOD_STATES, LIVE, NOT_OUT, OBJECTS, Harm, held
from tests.proof.stage import START, Stage, fast_folder, hours, post
from tests.rig.faults import OTHER_ID
from tests.rig.published_log import PublicPost

Json = dict[str, Any]
O = OutcomeKind  # noqa: E741 - read as a table

STATES = ("", "DRAFT", "SCHEDULED", "PUBLISHED", "PROCESSING", "FAILED", "CANCELED", "DELETED")
WISHES = ("schedule", "draft", "now", "text", "move", "reschedule", "cancel", "delete", "replace")
BESIDE = ("schedule", "text", "cancel", "delete", "move", "replace")
CELLS = list(product(STATES, STATES, WISHES))
"""What the site holds of the first row, and what the row asks for; "" is nothing. Each seed takes the next."""

LAGS = (0.0, 0.0, 1.0, 3.0, 6.0, 10.0)
SETTLE_SECONDS = 15.0
"""As the product's own setting, which has to be more than lists are old."""
PROCESSING_SECONDS = 900.0
GARBLES = ("", "", "swapped", "another", "unknown", "cut", "missing", "capitals")
ACTS = ("", "", "cancel", "delete", "publish", "move", "text", "draft", "schedule")
AT, OLD, THEIRS = hours(30), hours(31), hours(90)
MAX_RUNS = 5
CHANGED = frozenset({
    O.DRAFTED, O.SCHEDULED, O.PUBLISHED, O.RESCHEDULED, O.UPDATED, O.CANCELLED, O.DELETED,
})  # fmt: skip
AT_REST = frozenset({O.UNCHANGED, O.INVALID, O.CONFLICT, O.FAILED})
DEAD = frozenset({"", "FAILED", "CANCELED", "DELETED"})


@dataclass
class Row:
    """A row, and what the site holds under its key before."""

    post: Post
    wish: str
    items: list[Json] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    meddled: str = ""

    @property
    def goes_out(self) -> bool:
        """Whether the row asks for a post that the public will see."""
        return self.wish not in ("draft", "cancel", "delete", "nothing")

    @property
    def takes_back(self) -> bool:
        """Whether the row's post may be taken back: for good, or for the one that replaces it."""
        return self.withdraws or self.wish == "replace"

    @property
    def withdraws(self) -> bool:
        """Whether the row asks for its post to be taken back."""
        return self.wish in ("cancel", "delete")


@dataclass
class Scenario:
    """Everything that a seed decides."""

    seed: int
    states: tuple[str, str]
    via: str
    options: dict[str, object]
    rows: list[Row]
    made_before: bool
    """Whether a run from here made the first of the items, so that the journal knows them."""
    garble: str
    garbled_runs: int
    act: str
    """What somebody does, and to which row's which item: `cancel 0 1`."""
    act_after: int
    """After which answered list they do it."""


def make_scenario(seed: int) -> Scenario:
    """Return the scenario of a seed."""
    dice = random.Random(f"misled {seed}")
    one, two, wish = CELLS[seed * 7 % len(CELLS)]
    rows = [
        _row("pair", wish, 2, dice, states=(one, two)),
        _row("beside", dice.choice(BESIDE), 3, dice, states=("SCHEDULED", "")),
        _row("new", "schedule", 4, dice, states=("", "")),
    ]
    if dice.random() < 0.3:  # the same words at the same time under another key
        rows[1].items = [held("beside", FACEBOOK, "Text pair", at=AT)]
        rows[1].post = replace(rows[1].post, content=replace(rows[1].post.content, text="Text pair"))
    act = dice.choice(ACTS)
    return Scenario(
        seed=seed,
        states=(one, two),
        via=dice.choice(VIAS),
        options={
            # A service that never takes a reference twice could not hold two items of it.
            "references": "nowhere" if one and two else dice.choice(("everywhere", "publish", "nowhere")),
            "query_lag_seconds": dice.choice(LAGS),
            "deleted": dice.choice(("shown", "hidden")),
            "processing_seconds": PROCESSING_SECONDS if "PROCESSING" in (one, two) else 0.0,
        },
        rows=rows,
        made_before=one in ("DRAFT", "SCHEDULED") and dice.random() < 0.4,
        garble=dice.choice(GARBLES),
        garbled_runs=dice.randint(1, 2),
        act=f"{act} {dice.choice((0, 0, 1))} {dice.randint(0, 1)}" if act else "",
        act_after=dice.randint(1, 3),
    )


def _row(key: str, wish: str, number: int, dice: random.Random, *, states: Sequence[str]) -> Row:
    """Return a row with its items: each with the words and the date that the row asks for, or older ones."""
    text = f"Text {key}"
    asked: dict[str, Any] = {
        "schedule": {"at": AT},
        "draft": {},
        "now": {"now": True},
        "text": {"at": AT, "text": f"New {key}"},
        "replace": {"at": AT, "text": f"New {key}"},
        "move": {"at": AT},
        "reschedule": {"at": AT, "action": Action.RESCHEDULE},
        "cancel": {"action": Action.CANCEL},
        "delete": {"action": Action.DELETE},
    }[wish]
    date = OLD if wish in ("move", "reschedule") else AT
    items = []
    for state in states:
        words, at = (f"Older {key}", OLD) if dice.random() < 0.25 else (text, date)
        if state:
            items.append(_item(key, words, state, at))
    return Row(post(key, row=number, **{"text": text, **asked}), wish, items)


def _item(key: str, text: str, state: str, at: datetime) -> Json:
    """Return an item in a state; one in process was scheduled for the minute in which the scenario begins."""
    if state == "PROCESSING":
        return held(key, FACEBOOK, text, status="SCHEDULED", at=START + timedelta(seconds=50))
    return held(key, FACEBOOK, text, status=state, at=None if state == "DRAFT" else at)


class Play:
    """One scenario being played."""

    def __init__(self, scenario: Scenario, stage: Stage) -> None:
        self.scenario, self.stage, self.rows = scenario, stage, {row.post.key: row for row in scenario.rows}
        self.harm, self.said, self.log = Harm(), list[str](), list[str]()
        self.run_number, self.lists, self.acted, self.acted_before = 0, 0, False, False
        self.last: dict[str, Outcome] = {}
        self.dice = random.Random(f"garble {scenario.seed}")
        self.somebody = ""
        stage.answer = self.answer

    # What the site holds, and what becomes of its answers on their way.

    def furnish(self) -> None:
        """Put the site as the scenario finds it; the first item may have been made from here."""
        pair = self.rows["pair"]
        if self.scenario.made_before:
            first = pair.items.pop(0)
            name, words, _ = OBJECTS["FACEBOOK"]
            at = AT if first["status"] == "SCHEDULED" else None
            made = post("pair", text=first[name][words], at=at)
            self.stage.run([made], name="before", via="draft")
            pair.ids = [item["id"] for item in self.stage.service.items()]
        others = [held("somebody", FACEBOOK, "Of somebody else", at=hours(40))]
        self.stage.furnish([item for row in self.scenario.rows for item in row.items] + others)
        for item in self.stage.service.items():
            row = self.rows.get(item["referenceId"])
            if row is not None and item["id"] not in row.ids:
                row.ids.append(item["id"])
        self.somebody = next(i["id"] for i in self.stage.service.items() if i["referenceId"] == "somebody")

    def answer(self, content: bytes) -> bytes:
        """Return an answer as it arrives: a list may be garbled, and then somebody may act."""
        if b"pagingMetadata" not in content or self.run_number == 0:
            return content
        body = json.loads(content)
        self.lists += 1
        if self.scenario.garble and self.run_number <= self.scenario.garbled_runs:
            garble(body["items"], self.scenario.garble, self.dice)
        if self.scenario.act and not self.acted and self.lists >= self.scenario.act_after:
            self.acted = True
            self.meddle()
        return json.dumps(body).encode()

    def meddle(self) -> None:
        """Let somebody else act on one of a row's items, or make another item under its reference."""
        act, number, which = self.scenario.act.split()
        row = self.scenario.rows[int(number)]
        own = [item for item in self.stage.service.items() if item["referenceId"] == row.post.key]
        later = write_iso(round(THEIRS.timestamp() * 1000))
        name, words, second = OBJECTS["FACEBOOK"]
        made = held(row.post.key, FACEBOOK, row.post.content.text, at=None if act == "draft" else AT)
        del made["status"]
        if not own and act not in ("draft", "schedule"):
            return
        chosen = own[int(which) % len(own)]["id"] if own else ""
        theirs = {name: {words: "Their words", second: FACEBOOK[2]}}
        method, path, body = {
            "cancel": ("PATCH", f"/items/{chosen}/cancel", {}),
            "delete": ("DELETE", f"/items/{chosen}", None),
            "publish": ("POST", "/publish-by-id", {"id": chosen}),
            "move": ("POST", f"/items/{chosen}/reschedule", {"scheduledDate": later}),
            "text": ("PATCH", f"/items/{chosen}", {"item": {"id": chosen, **theirs}}),
            "draft": ("POST", "/items", {"item": made}),
            "schedule": ("POST", "/publish", {"item": made}),
        }[act]
        status = self.stage.service.call(method, path, body).status
        row.meddled = act if status < 300 else ""
        self.log.append(f"somebody: {self.scenario.act} -> {status}")

    # What a run does.

    def play(self) -> None:
        """Run misled, then until the sheet is at rest, then once more."""
        self.furnish()
        calls = [self.run() for _ in range(self.scenario.garbled_runs)]
        self.stage.clock.sleep(2 * PROCESSING_SECONDS)
        while True:
            calls.append(self.run())
            acted_now, self.acted_before = self.acted != self.acted_before, self.acted
            if not acted_now and not calls[-1] and self.last and all(o.outcome in AT_REST for o in self.last.values()):
                return
            self.stage.clock.sleep(2 * PROCESSING_SECONDS)
            if self.run_number > MAX_RUNS:
                left = [f"{o.key} {o.outcome} {o.code} {o.message}" for o in self.last.values()]
                self.said.append(f"never at rest: {left}")
                return

    def run(self) -> list[str]:
        """Run once, hold what it says against the site, and return the changing calls that it made."""
        self.run_number += 1
        name = f"r{self.run_number}"
        service, before = self.stage.service, self._living()
        calls, believed = (
            len(service.calls()),
            not self.scenario.garble or self.run_number > self.scenario.garbled_runs + 1,
        )
        done_before = bool(self.last) and all(o.outcome in CHANGED | {O.UNCHANGED} for o in self.last.values())
        posts = [row.post for row in self.scenario.rows]
        options = PlanOptions(replaced=frozenset(row.post.key for row in self.scenario.rows if row.wish == "replace"))
        try:
            self.last = {
                o.key: o
                for o in self.stage.run(posts, name=name, via=self.scenario.via, at=self.at_place, options=options)
            }
        except PostbatchError as error:
            self.log.append(f"{name}: {error}")
            self.last = {}
        made = [e for e in service.calls()[calls:] if e.changed and e.origin == "caller"]
        sent = [f"{entry.call} {entry.path.rsplit('/v1', 1)[-1]}" for entry in made]
        self.log += [f"{name}: {o.key} {o.outcome} {o.status} {o.code} {o.message}" for o in self.last.values()]
        self.log += [f"{name}: sent {line}" for line in sent]
        # What has just been made may be replaced once; that it then rests is held at the end.
        if sent and done_before and believed and not any(r.meddled or r.wish == "replace" for r in self.scenario.rows):
            self.said.append(f"{name}: all was done before, and it sends {sent}")
        for key, outcome in self.last.items():
            if not self.rows[key].meddled:
                self.said += [f"{name}: {why}" for why in [self._untrue(key, outcome, before)] if why]
        return sent

    def at_place(self, place: str) -> None:
        """Look, before a call changes an item, whether it is one of the row's own, and one that may be taken back."""
        moment, _, call = place.partition(" ")
        method, _, path = call.partition(" ")
        parts = path.split("/")
        if moment != "before" or len(parts) < 3 or parts[1] != "items":
            return
        items = {item["id"]: item for item in self.stage.service.items()}
        target = items.get(parts[2].lower())
        row = self.rows.get(split_reference(target["referenceId"])[0]) if target else None
        if target is None:
            return
        if row is None:
            self.harm.wrong_place += 1
            self.said.append(f"{call} is about somebody else's post")
            return
        if (method == "PATCH" and parts[-1] != "cancel") or parts[-1] == "reschedule" or row.takes_back:
            return
        others = [i for i in items.values() if i["referenceId"] == target["referenceId"] and i is not target]
        alive = LIVE if target["status"] != "DRAFT" else LIVE | {"DRAFT"}
        if target["status"] in alive and not any(item["status"] in alive for item in others):
            self.harm.withdrawn += 1
            self.said.append(f"{call} takes back the only living item of {row.post.key}")

    def _living(self) -> set[str]:
        return {item["id"] for item in self.stage.service.items() if item["status"] in LIVE}

    def _untrue(self, key: str, outcome: Outcome, before: set[str]) -> str:
        """Return what is untrue about an outcome; "" where it is what the service shows."""
        row = self.rows[key]
        items = {item["id"]: item for item in self.stage.service.items()}
        own = [item for item in items.values() if split_reference(item.get("referenceId", ""))[0] == key]
        named = items.get(outcome.item_id.lower())
        told = f"{key}: {outcome.outcome} {outcome.status} {outcome.item_id} {outcome.message[:150]}"
        if outcome.outcome in GOOD_STATES:
            if outcome.outcome is O.DELETED and named is None and all(item["status"] == "DELETED" for item in own):
                return ""  # a list that was old and garbled besides: it is gone, as the outcome says
            if named is None or named not in own or named["status"] not in GOOD_STATES[outcome.outcome]:
                return f"{told}, but it is {named and named['status']}"
        living = [item for item in own if item["status"] in LIVE]
        if outcome.outcome in (O.UPDATED, O.UNCHANGED) and row.goes_out and not living:
            return f"{told}, but nothing of it is alive"
        if row.withdraws and outcome.outcome in (O.CANCELLED, O.DELETED, O.UNCHANGED):
            left = [item["status"] for item in own if item["status"] == "SCHEDULED"]
            return f"{told}, but it is still {left}" if left else ""
        if outcome.outcome in NOT_OUT and {item["id"] for item in living} - before and not before & {*row.ids}:
            return f"{told}, but it is {[item['status'] for item in living]}"
        return ""

    # What came of it.

    def judge(self, public: Sequence[PublicPost]) -> None:
        """Judge by what the public has seen in the end."""
        shown: dict[str, list[PublicPost]] = {}
        for seen in public:
            shown.setdefault(split_reference(seen.reference)[0], []).append(seen)
        self.harm.lost += len(shown.pop("somebody", [])) != 1
        for key, row in self.rows.items():
            self._judge_row(row, shown.pop(key, []), self.last.get(key))
        self.harm.unasked += len(shown)

    def _judge_row(self, row: Row, shown: Sequence[PublicPost], outcome: Outcome | None) -> None:
        states = self.scenario.states if row.post.key == "pair" else (("SCHEDULED",) if row.items else ())
        out_before = [state for state in states if state == "PUBLISHED"]
        bound = [state for state in states if state in ("PUBLISHED", "PROCESSING")]
        living = [state for state in states if state not in DEAD]
        theirs = row.meddled in ("publish", "schedule")
        if row.meddled == "delete" and bound:
            return  # whoever takes a post that was out, or about to be, from the site leaves the other one to be sent
        count = len(out_before) + len(shown)
        told = outcome is not None and outcome.outcome in AT_REST - {O.UNCHANGED}
        stays = [state for state in states if state in ("PUBLISHED", "PROCESSING", "SCHEDULED")]
        most = len(bound) + theirs if not row.goes_out else max(1, len(bound) + theirs)
        self.harm.doubled += max(0, count - (max(most, max(1, len(stays)) + theirs) if told else most))
        if outcome is None or (row.goes_out and not count and not told):
            self.harm.lost += 1
        elif row.goes_out and not count and living and not row.meddled and len(living) < 2 and not self._explained(row):
            self.harm.lost += 1
            self.said.append(f"{row.post.key} never went out: {outcome.outcome} {outcome.code} {outcome.message}")
        if told or row.meddled or bound:
            return
        for seen in shown:
            self.harm.wrong_place += (seen.channel, seen.account_id, seen.second_id) != FACEBOOK
            self.harm.wrong_text += row.wish != "reschedule" and seen.text != row.post.content.text
            self.harm.wrong_time += row.post.publish_at is not None and seen.due != row.post.publish_at

    def _explained(self, row: Row) -> bool:
        """Tell whether the row asks for what its item's state does not allow: a draft has no date to move."""
        return row.wish == "reschedule" and "SCHEDULED" not in self.scenario.states


def garble(items: list[Json], how: str, dice: random.Random) -> None:
    """Garble the ID of an entry of a list, in place."""
    if not items:
        return
    entry = dice.choice(items)
    other = dice.choice([item for item in items if item is not entry] or [entry])
    if how == "swapped":
        entry["id"], other["id"] = other["id"], entry["id"]
    elif how == "another":
        entry["id"] = other["id"]
    elif how == "unknown":
        entry["id"] = OTHER_ID
    elif how == "cut":
        entry["id"] = entry["id"][: dice.choice((8, 23, 35))]
    elif how == "missing":
        del entry["id"]
    elif how == "capitals":
        entry["id"] = entry["id"].upper()


def play_one(seed: int, figures: Figures, *, tell: bool = False) -> None:
    """Play the scenario of a seed and count what came of it."""
    scenario = make_scenario(seed)
    with fast_folder() as folder:
        stage = Stage(
            folder, "unique", scenario.via, seed=seed, options=scenario.options, settle_seconds=SETTLE_SECONDS
        )
        play = Play(scenario, stage)
        try:
            play.play()
            stage.clock.sleep(END.total_seconds())
            play.judge(stage.service.public())
        except Exception as error:
            raise AssertionError(f"seed {seed}: {type(error).__name__}: {error}") from error
        finally:
            stage.close()
    again = [said for said in play.said if "never at rest" in said or "it sends" in said]
    untrue = [said for said in play.said if said not in again and ": r" not in said and said[:1] == "r"]
    figures.add(f"seed {seed}", play.harm, restless="; ".join(again), said=untrue)
    if tell:
        print(scenario, *play.log, *play.said, play.harm, sep="\n")


def play_many(seeds: Iterable[int]) -> Figures:
    """Play many seeds in this process."""
    figures = Figures()
    for seed in seeds:
        play_one(seed, figures)
    return figures


def main() -> int:
    """Play the campaign; exit 1 where a figure is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--count", type=int, default=0)
    parser.add_argument("--processes", type=int, default=2)
    chosen = parser.parse_args()
    figures = Figures()
    if chosen.seed is not None:
        play_one(chosen.seed, figures, tell=True)
        return int(not figures.clean)
    count = chosen.count or (LONG if chosen.long else SHORT)
    seeds = range(chosen.start, chosen.start + count)
    with ProcessPoolExecutor(chosen.processes) as pool:
        for part in pool.map(play_many, [seeds[at : at + 50] for at in range(0, count, 50)]):
            figures.take(part)
    print(f"seeds {seeds.start} to {seeds.stop - 1}: {figures}")
    return int(not figures.clean)


SHORT, LONG = 300, 7 * len(CELLS)

if __name__ == "__main__":
    sys.exit(main())
