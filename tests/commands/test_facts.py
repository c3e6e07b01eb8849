"""What is known of a site's service is used by later runs: no wait, question or call that it makes needless."""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from io import StringIO
from pathlib import Path

import pytest

from batch.commands.doctor import find_facts
from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.run import run_sheet
from batch.sandbox.sites import SITE_ID
from tests.proof.readings import CHANGING, Clock
from tests.rig.options import Options
from tests.rig.readings import READINGS, Reading
from tests.rig.server import RigServer

POST = {
    "key": "a", "channel": "FACEBOOK", "publish_at": "2031-03-05 09:00", "text": "Fresh bowls", "link": "https://a.example/",
}  # fmt: skip


class CountedClock(Clock):
    """Counts the waits."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        super().sleep(seconds)


class Desk:
    """A folder with one sheet, at a server under one reading."""

    def __init__(self, folder: Path, server: RigServer, clock: CountedClock) -> None:
        self.folder, self.clock, self.rig = folder, clock, server.service
        self.flags = Flags(quiet=True, config=folder / "postbatch.toml")
        environ = {"WIX_API_URL": server.url, "WIX_API_KEY": "k" * 20, "POSTBATCH_STATE_DIR": str(folder / "state")}
        self.environment = Environment(
            environ=environ, cwd=folder, out=StringIO(), err=StringIO(), now=clock.now, clock=clock.clock,
            sleep=clock.sleep, wait=clock.wait, random=lambda: 0.5,
        )  # fmt: skip
        (folder / "postbatch.toml").write_text(f'timezone = "UTC"\n[sites.pottery]\nsite_id = "{SITE_ID}"\n')

    def probe(self) -> None:
        assert find_facts(self.environment, self.flags, yes=True) == 0

    def told(self) -> str:
        """Return all that was printed."""
        assert isinstance(self.environment.out, StringIO)
        assert isinstance(self.environment.err, StringIO)
        return self.environment.out.getvalue() + self.environment.err.getvalue()

    def run(self, *rows: dict[str, str]) -> tuple[int, Counter[str], list[float]]:
        """Run a sheet; return the exit status, the calls by name, and the waits."""
        with (self.folder / "posts.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        self.clock.seconds += 1
        calls, waits = len(self.rig.calls()), len(self.clock.waits)
        outputs = Outputs(yes=True, no_page=True, out=self.folder / "out.json")
        status = run_sheet(self.environment, self.flags, Inputs("posts.csv"), outputs)
        return status, Counter(entry.call for entry in self.rig.calls()[calls:]), self.clock.waits[waits:]


@pytest.mark.parametrize("reading", READINGS, ids=lambda reading: reading.name)
def test_after_a_probe_a_changed_post_takes_one_update_and_no_wait(tmp_path: Path, reading: Reading) -> None:
    clock = CountedClock()
    with RigServer(options=Options(calls_per_minute=0), readings=[reading], now=clock.now) as server:
        server.service.seed(**reading.seed)
        desk = Desk(tmp_path, server, clock)
        desk.probe()
        assert desk.run(POST)[0] == 0
        status, calls, waits = desk.run({**POST, "text": "Fresher bowls", "link": ""})
        assert (status, waits) == (0, [])
        assert {call: count for call, count in calls.items() if call in CHANGING} == {"update_item": 1}
        assert calls["get_item"] <= 3, "before the change, what it cleared, and where the list is late"


def test_a_wait_that_the_list_needs_is_as_long_as_the_probe_has_measured(tmp_path: Path) -> None:
    clock = CountedClock()
    late = [reading for reading in READINGS if reading.name == "list 2 s late"]
    with RigServer(options=Options(calls_per_minute=0), readings=late, now=clock.now) as server:
        desk = Desk(tmp_path, server, clock)
        assert max(desk.run(POST)[2]) == 15
        desk.probe()
        assert max(desk.run(POST, {**POST, "key": "b"})[2]) == 6


def test_a_service_without_bulk_calls_is_not_asked_for_them_again(tmp_path: Path) -> None:
    clock = CountedClock()
    with RigServer(options=Options(calls_per_minute=0), now=clock.now) as server:
        desk = Desk(tmp_path, server, clock)
        server.service.add_fault(kind="status", call="bulk_publish", status=404, code="NOT_FOUND")
        for number in range(2):
            rows = [{**POST, "key": f"{number}-{n}", "text": f"Bowl {number}-{n}"} for n in range(12)]
            status, calls, waits = desk.run(*rows)
            assert (status, calls["bulk_publish"], calls["publish_by_id"]) == (0, 1 - number, 12)
        assert waits == []
        server.service.clear_faults()
        desk.flags = replace(desk.flags, via="bulk")
        assert desk.run({**POST, "key": "c"})[1]["bulk_publish"] == 1
        desk.flags = replace(desk.flags, via=None)
        rows = [{**POST, "key": f"d-{n}", "text": f"Bowl {n}"} for n in range(12)]
        assert desk.run(*rows)[1]["bulk_publish"] == 1


def test_posts_on_a_channel_whose_connection_has_lapsed_make_every_run_end_with_1(tmp_path: Path) -> None:
    clock = CountedClock()
    with RigServer(options=Options(calls_per_minute=0), now=clock.now) as server:
        desk = Desk(tmp_path, server, clock)
        assert desk.run({**POST, "channel": "LINKEDIN", "link": ""})[0] == 0
        server.service.seed(connections={"LINKEDIN": "DISCONNECTED"})
        for _ in range(2):
            status, calls, _ = desk.run({**POST, "key": "b"})
            assert (status, calls["token_status"]) == (1, 2), "the sheet names another channel alone"
            assert "1 post scheduled on LINKEDIN won't go out" in " ".join(desk.told().split())
        server.service.seed(connections={"LINKEDIN": "VALID"})
        assert desk.run({**POST, "key": "b"})[0] == 0
