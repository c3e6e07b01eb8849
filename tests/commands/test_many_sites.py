"""Rows times places over many sites, as a person runs them: side by side, and each site for itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image

from batch.commands.options import Environment, Flags, Inputs, Outputs
from batch.commands.run import run_sheet
from tests.bench.sandboxed import site_id, write_config
from tests.commands.conftest import KEY, Desk, bare_environ
from tests.rig.server import RigServer
from tests.rig.service import Rig

SITES = tuple(f"site{number:02}" for number in range(20))
ROWS = [
    {"key": f"post-{n}", "channel": "FACEBOOK", "text": f"{{{{city}}}} no. {n}", "publish_at": f"2031-03-0{n} 09:00",
     "places": "all", "action": ""}
    for n in (1, 2)
]  # fmt: skip
PLACES = [{"place": f"shop-{site}", "site": site, "city": f"Town {site}"} for site in SITES]
RUN = ("run", "posts.csv", "--config", "postbatch.toml", "--places", "places.csv", "--yes", "--out", "r.json")


@pytest.fixture
def server() -> Iterator[RigServer]:
    with RigServer(sites=[site_id(number) for number in range(len(SITES))]) as running:
        yield running


@pytest.fixture
def shops(tmp_path: Path, server: RigServer) -> Desk:
    """A folder with two rows for twenty places, each a site of its own."""
    folder = tmp_path / "desk"
    folder.mkdir()
    write_config(folder, sites=SITES)
    desk = Desk(folder, {**bare_environ(tmp_path), "WIX_API_URL": server.url, "WIX_API_KEY": KEY})
    desk.write("posts.csv", ROWS)
    desk.write("places.csv", PLACES)
    return desk


def run_without_waiting(shops: Desk) -> tuple[int, str]:
    """Run in this process, where the pauses between two tries take no time; return the status and all that is said."""
    out, err = StringIO(), StringIO()
    environ = {**shops.environ, "POSTBATCH_STATE_DIR": str(shops.folder / "state")}
    desk = Environment(environ=environ, cwd=shops.folder, out=out, err=err, sleep=lambda _seconds: None)
    status = run_sheet(
        desk,
        Flags(quiet=True, color=False, config=shops.folder / "postbatch.toml"),
        Inputs("posts.csv", places=Path("places.csv")),
        Outputs(yes=True, out=Path("r.json"), no_page=True),
    )
    return status, out.getvalue() + err.getvalue()


def by_site(shops: Desk) -> dict[str, Counter[str]]:
    """Return how many posts of each site ended in which way."""
    found: dict[str, Counter[str]] = {site: Counter() for site in SITES}
    for post in shops.posts("r.json"):
        found[post["site"]][post["outcome"]] += 1
    return found


@pytest.mark.parametrize(
    "fault",
    [{"kind": "refused"}, {"kind": "status", "status": 500}, {"kind": "status", "status": 401, "code": "NOT_YOURS"}],
)
def test_one_site_of_many_that_is_unreachable_is_named_and_the_next_run_does_just_that_one(
    fault: dict[str, object], shops: Desk, service: Rig
) -> None:
    gone = site_id(7)
    service.add_fault(**fault, site=gone)
    status, said = run_without_waiting(shops)
    assert status == 1, said
    assert set(re.findall(r"site\d\d", said)) == {"site07"}, said
    assert by_site(shops) == {site: Counter(blocked=2) if site == "site07" else Counter(scheduled=2) for site in SITES}
    service.clear_faults()
    before = len(service.calls())
    status, said = run_without_waiting(shops)
    assert status == 0, said
    assert by_site(shops) == {
        site: Counter(scheduled=2) if site == "site07" else Counter(unchanged=2) for site in SITES
    }
    assert {call.site for call in service.calls()[before:] if call.changed} == {gone}
    assert len({post.reference for post in service.coming()}) == len(service.coming()) == 40


def test_many_sites_fit_into_the_files_that_a_process_may_hold_open(shops: Desk, service: Rig) -> None:
    few = "import resource as r; r.setrlimit(r.RLIMIT_NOFILE, (64, r.getrlimit(r.RLIMIT_NOFILE)[1]))"
    code = f"{few}; from batch.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *RUN], cwd=shops.folder, env=dict(shops.environ), capture_output=True, check=False
    )
    assert (done.returncode, done.stderr.count(b"open files")) == (0, 0), done
    assert len(service.coming()) == 40


def test_a_pilot_of_three_places_is_found_unchanged_by_the_whole_run(shops: Desk, service: Rig) -> None:
    assert shops(*RUN, "--pilot", "3").status == 0
    assert by_site(shops) == {site: Counter(scheduled=2) if site in SITES[:3] else Counter(skipped=2) for site in SITES}
    before = len(service.calls())
    assert shops(*RUN).status == 0
    assert by_site(shops) == {
        site: Counter(unchanged=2) if site in SITES[:3] else Counter(scheduled=2) for site in SITES
    }
    pilots = {site_id(number) for number in range(3)}
    assert not pilots & {call.site for call in service.calls()[before:] if call.changed}


def test_many_sites_are_told_together_and_a_picture_of_all_of_them_once(shops: Desk, service: Rig) -> None:
    Image.new("RGB", (320, 320), "teal").save(shops.folder / "mug.png")
    shops.write("posts.csv", [{**row, "media": "mug.png"} for row in ROWS])
    ended = shops(*RUN)
    assert ended.status == 0, ended
    assert ended.err.splitlines() == ["Sending mug.png (1 KB).", "40 of 40 posts done"]
    assert len(service.files()) == len(SITES)


def test_a_killed_run_is_taken_over_with_one_sentence(shops: Desk, service: Rig) -> None:
    assert shops(*RUN, "--pilot", "3").status == 0
    for journal in (shops.folder.parent / "state" / "postbatch" / "journal").glob("*.lock"):
        note = {"pid": 4711, "host": "desk", "run": "r1", "since": "2031-03-01T09:30:00+00:00"}
        journal.with_suffix(".holder").write_text(json.dumps(note), encoding="utf-8")
    ended = shops(*RUN)
    assert (ended.status, ended.err.count("taking over")) == (0, 1), ended


def test_one_changed_cell_cancels_one_post_everywhere(shops: Desk, service: Rig) -> None:
    assert shops(*RUN).status == 0
    shops.write("posts.csv", [{**ROWS[0], "action": "cancel"}, ROWS[1]])
    asked = shops(*RUN)
    assert (asked.status, "--allow-cancel 20" in asked.err) == (2, True), asked
    assert len(service.coming()) == 40
    assert shops(*RUN, "--allow-cancel", "20").status == 0
    assert by_site(shops) == {site: Counter(cancelled=1, unchanged=1) for site in SITES}
    assert {post.reference.split("/")[0] for post in service.coming()} == {"post-2"}
    assert len(service.coming()) == 20


def test_undo_takes_back_a_run_in_all_its_places_and_no_other_run(shops: Desk, service: Rig) -> None:
    assert shops(*RUN, "--pilot", "3").status == 0
    pilot = {post.reference for post in service.coming()}
    assert shops(*RUN).status == 0
    undone = shops("undo", "last", "--config", "postbatch.toml", "--yes", "--out", "undone.json")
    assert undone.status == 0, undone
    assert Counter(post["outcome"] for post in shops.posts("undone.json")) == Counter(cancelled=34)
    assert {post.reference for post in service.coming()} == pilot
    assert len(service.coming()) == 6
