"""A sheet given to a chat that follows the vendor's recipe, and the same sheet given to postbatch: `rival.py [ROWS]`.

Both meet the same service with the same faults and the same limit of 200 calls a minute; time passes only where
somebody waits, and each call takes a fifth of a second. The recipe is the sample flow, row by row: List Accounts, Get
Features, Create Draft, Publish By ID with the date. It repeats a call whose answer does not come, as the recipe's
readers do. Then ten rows are given new words, and the sheet is handed over once more.

    doubled  posts that will go out more than once         stray  drafts that nobody asked for
    lost     rows that will not go out                     old    posts that go out with the words from before
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx

from batch.model import Content, Post
from tests.proof.stage import START, Clock, Stage, fast_folder, post
from tests.rig.options import Options
from tests.rig.service import Rig
from tests.rig.transport import RigTransport

ROWS = 1000
EDITED = 10
LATENCY_SECONDS = 0.2
TRIES = 4
ROOT = "/social-publisher/v1"
FAULTS: tuple[Mapping[str, Any], ...] = (
    {"kind": "drop_after", "calls": ["changing"], "probability": 0.02, "seed": 1},
    {"kind": "drop_before", "calls": ["changing"], "probability": 0.01, "seed": 2},
    {"kind": "status", "calls": ["changing"], "probability": 0.01, "status": 503, "made": True, "seed": 3},
    {"kind": "silent", "calls": ["changing"], "probability": 0.005, "made": True, "seed": 4},
)


@dataclass(frozen=True)
class Figures:
    """What a way of posting came to."""

    doubled: int
    lost: int
    old: int
    stray: int
    calls: int
    minutes: float


def sheet(rows: int) -> list[Post]:
    """Return the posts of a sheet, one every quarter of an hour from the third day on."""
    return [
        post(f"post-{n:04}", row=n + 2, text=f"Text of post {n:04}", at=START + timedelta(days=3, minutes=15 * n))
        for n in range(rows)
    ]


def edited(posts: Sequence[Post]) -> list[Post]:
    """Return the sheet with new words in ten of its rows."""
    every = max(1, len(posts) // EDITED)
    return [
        replace(p, content=Content(text=f"{p.content.text}, corrected")) if n % every == 0 else p
        for n, p in enumerate(posts)
    ]


class Recipe:
    """The vendor's sample flow, followed row by row."""

    def __init__(self, service: Rig, clock: Clock, *, site: str) -> None:
        self._clock = clock
        self._client = httpx.Client(
            transport=RigTransport(service, sleep=clock.sleep, latency_seconds=LATENCY_SECONDS),
            base_url="https://service.test",
            headers={"authorization": "k" * 20, "wix-site-id": site},
            timeout=30,
        )

    def run(self, posts: Sequence[Post]) -> None:
        for one in posts:
            accounts = self._call("GET", "/accounts", params={"channelName": "FACEBOOK"})
            self._call("GET", "/features", params={"featureTypes": "PUBLISH_POST"})
            made = self._call("POST", "/items", json={"item": self._item(one, accounts["accounts"][0]["facebook"])})
            item_id = (made.get("item") or {}).get("id")
            if item_id and one.publish_at:
                at = one.publish_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
                self._call("POST", "/publish-by-id", json={"id": item_id, "scheduledDate": at})

    def _item(self, one: Post, account: Mapping[str, Any]) -> Mapping[str, Any]:
        return {
            "channel": {"name": "FACEBOOK", "accountId": account["id"]},
            "type": "POST",
            "facebookPost": {"caption": one.content.text, "pageId": account["page"]["id"]},
        }

    def _call(self, method: str, path: str, **more: Any) -> Mapping[str, Any]:
        """Make a call and repeat it where no good answer comes, as a person or an agent would."""
        for number in range(TRIES):
            try:
                answer = self._client.request(method, f"{ROOT}{path}", **more)
            except httpx.TransportError:
                continue
            if answer.status_code == 429:
                self._clock.sleep(float(answer.headers.get("retry-after", 10)))
            elif answer.status_code >= 500:
                self._clock.sleep(2.0**number)
            elif answer.is_success:
                found: Mapping[str, Any] = answer.json()
                return found
            else:
                return {}
        return {}


def count(service: Rig, clock: Clock, posts: Sequence[Post]) -> Figures:
    """Let everything go out that will, and compare it with the sheet."""
    minutes = clock.ticks / 60
    calls = len([call for call in service.calls() if call.origin == "caller"])
    stray = sum(item["status"] == "DRAFT" for item in service.items())
    clock.sleep(timedelta(days=400).total_seconds())
    wanted = {one.content.text for one in posts}
    seen = Counter(public.text for public in service.public())
    by_row = Counter(text.split(",")[0] for text in seen.elements())
    return Figures(
        doubled=sum(many - 1 for many in by_row.values()),
        lost=sum(text not in seen for text in wanted),
        old=sum(many for text, many in seen.items() if text not in wanted),
        stray=stray,
        calls=calls,
        minutes=minutes,
    )


def options(references: str) -> dict[str, object]:
    return {"references": references, "calls_per_minute": 200}


def play_recipe(posts: Sequence[Post], *, references: str, twice: bool) -> Figures:
    clock = Clock()
    with Rig(options=Options().changed(options(references)), now=clock.now, id_seed=1) as service:
        for fault in FAULTS:
            service.add_fault(**fault)
        recipe = Recipe(service, clock, site="5a11d0b0-0000-4000-8000-706f74746572")
        recipe.run(posts)
        if twice:
            recipe.run(edited(posts))
        return count(service, clock, edited(posts) if twice else posts)


def play_postbatch(posts: Sequence[Post], *, references: str, twice: bool) -> Figures:
    with fast_folder() as folder:
        stage = Stage(folder, options=options(references), via="auto", seed=1)
        for fault in FAULTS:
            stage.service.add_fault(**fault)

        def travel() -> None:
            stage.clock.sleep(LATENCY_SECONDS / 2)

        sheets = {"first": posts, "edited": edited(posts)} if twice else {"first": posts}
        for name, handed_over in sheets.items():
            for again in range(3):  # a row whose answer was lost is settled by running again, as the results say
                outcomes = stage.run(handed_over, name=f"{name}-{again}", travel=travel)
                if all(outcome.outcome in ("scheduled", "updated", "unchanged") for outcome in outcomes):
                    break
        return count(stage.service, stage.clock, handed_over)


def table(rows: int) -> list[tuple[str, Figures]]:
    """Return what each way of posting comes to, once and after ten corrections."""
    posts = sheet(rows)
    found = []
    for twice in (False, True):
        when = "with ten rows corrected" if twice else "the sheet once"
        found.append((f"recipe, {when}", play_recipe(posts, references="nowhere", twice=twice)))
        for references, said in (("nowhere", "references twice"), ("everywhere", "unique references")):
            figures = play_postbatch(posts, references=references, twice=twice)
            found.append((f"postbatch, {when}, {said}", figures))
    return found


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    print(f"{rows:,} rows; on changing calls: {', '.join(str(fault['kind']) for fault in FAULTS)}\n")
    print(f"{'':<54}{'doubled':>9}{'lost':>7}{'old':>7}{'stray':>7}{'calls':>8}{'minutes':>9}")
    for who, f in table(rows):
        print(f"{who:<54}{f.doubled:>9,}{f.lost:>7,}{f.old:>7,}{f.stray:>7,}{f.calls:>8,}{f.minutes:>9.1f}")


if __name__ == "__main__":
    began = time.perf_counter()
    main()
    print(f"\n{time.perf_counter() - began:.0f} s")
