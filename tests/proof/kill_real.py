"""Real processes, real sockets, a real SIGKILL: the command dies at each of its places and is run again.

    python tests/proof/kill_real.py           every place on one server, every 4th on the others
    python tests/proof/kill_real.py --long    every place on all four

The sandbox is a process of its own. The command runs in a child that is forked from this warm process and watches
itself with Python's own profiler: before and after every changing call, every write of the journal, of the run's record
and of the results it counts, and at the wanted count it sends itself SIGKILL. The client is untouched. Then the same
command is run again, in processes that nobody kills, until it has nothing to do; and the public judges.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))


from batch.cli import main as command
from batch.sandbox.sites import SITE_ID
from tests.proof.killing import Figures
from tests.proof.scene import FACEBOOK, GBP, LINKEDIN, Wanted, held, judge_public, made_twice
from tests.proof.stage import fast_folder
from tests.rig.options import Options
from tests.rig.server import RigServer
from tests.rig.service import Rig

SERVERS: dict[str, dict[str, object]] = {
    "unique on publish": {"references": "publish"},
    "unique": {"references": "everywhere"},
    "not unique": {"references": "nowhere"},
    "lagging": {"references": "publish", "query_lag_seconds": 0.3},
}
SETTLE_SECONDS, SETTLE_LAGGING_SECONDS = 0.2, 0.8
MOST_RUNS = 6
LONGEST_RUN_SECONDS = 150.0
ROWS = 12
KEY = "IST.kill-real-key-4711"

WATCHED = frozenset({
    "Client._exchange", "Journal.intend", "Journal.intend_all", "Journal.record", "Journal.keep_outcome",
    "write_whole", "write_private", "finish_record",
})  # fmt: skip
"""The functions around which a process may die, by their qualified names; of calls, the changing ones only."""


class Profiler:
    """Counts the places of this process, and kills it at one of them."""

    def __init__(self, number: int | None, tally: int | None = None) -> None:
        self._number, self._count, self._tally, self._lock = number, 0, tally, threading.Lock()

    def __call__(self, frame: FrameType, event: str, _arg: object) -> None:
        code = frame.f_code
        if event not in ("call", "return") or code.co_qualname not in WATCHED:
            return
        if code.co_qualname == "Client._exchange":
            request = frame.f_locals["request"]
            if request.method == "GET" or request.url.path.endswith("/query"):
                return
        with self._lock:
            self._count += 1
            if self._count == self._number:
                os.kill(os.getpid(), signal.SIGKILL)
            if self._tally is not None:
                os.write(self._tally, f"{event} {code.co_qualname}\n".encode())


class Site(NamedTuple):
    """A sandbox process with its state, and a folder with the sheet."""

    url: str
    service: Rig
    folder: Path


@contextmanager
def running_site(server: str, *, sites: Sequence[str] = (SITE_ID,)) -> Iterator[Site]:
    """Run a sandbox in a process of its own."""
    with fast_folder() as folder:
        options = Options().changed({"calls_per_minute": 0, **SERVERS[server]})
        service = Rig(folder / "state.sqlite", options=options, sites=sites)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reader)
            _serve(folder / "state.sqlite", sites, writer)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            url = pipe.readline().strip()
        try:
            yield Site(url, service, folder)
        finally:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            service.close()


def _serve(state: Path, sites: Sequence[str], writer: int) -> None:
    try:
        with RigServer(state, sites=sites) as server:
            os.write(writer, f"{server.url}\n".encode())
            signal.pause()
    finally:
        os._exit(1)


def furnish(site: Site, *, lag_seconds: float) -> list[Wanted]:
    """Put the site and the sheet as they are before the run, and return what the public is to see."""
    site.service.reset()
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)

    def at(hours: float) -> datetime:
        return start + timedelta(hours=hours)

    shutil.rmtree(site.folder / "work", ignore_errors=True)
    work = site.folder / "work"
    work.mkdir()
    seeded = [
        held("text", FACEBOOK, "Old words", at=at(30)),
        held("half", LINKEDIN, "Half a text", status="DRAFT"),
        held("moved", FACEBOOK, "Text moved", at=at(31)),
        held("both", FACEBOOK, "Old and early", at=at(32)),
        held("stop", FACEBOOK, "Text stop", at=at(33)),
        held("drop", FACEBOOK, "Text drop", at=at(34)),
        held("go", LINKEDIN, "Ready", status="DRAFT"),
    ]
    site.service.seed(items=seeded)
    wanted = [
        Wanted("soon", FACEBOOK, "Text soon", at(0)),
        Wanted("day", FACEBOOK, "Text day", at(24)),
        Wanted("week", GBP, "Text week", at(100)),
        Wanted("now", GBP, "Text now", None),
        Wanted("text", FACEBOOK, "New words", at(30)),
        Wanted("half", LINKEDIN, "Whole now", at(50)),
        Wanted("moved", FACEBOOK, "Text moved", at(60)),
        Wanted("both", FACEBOOK, "New and later", at(70)),
        Wanted("go", LINKEDIN, "Ready", None),
    ]
    rows = [f"{w.reference},,{w.place[0]},{w.due:%Y-%m-%dT%H:%M:%S}Z,{w.text}" for w in wanted if w.due]
    rows += ["draft,,LINKEDIN,,Text draft", "now,,GBP,now,Text now", "go,publish,LINKEDIN,,Ready"]
    rows += ["stop,cancel,FACEBOOK,,", "drop,delete,FACEBOOK,,"]
    sheet = "\n".join(["key,action,channel,publish_at,text", *rows]) + "\n"
    (work / "posts.csv").write_text(sheet, encoding="utf-8")
    settle_seconds = SETTLE_LAGGING_SECONDS if lag_seconds else SETTLE_SECONDS
    config = f'settle_seconds = {settle_seconds}\ntimezone = "UTC"\ncalls_per_minute = 200\n'
    (work / "postbatch.toml").write_text(config, encoding="utf-8")
    time.sleep(lag_seconds)
    return wanted


def run_child(
    site: Site,
    via: str,
    *,
    kill_at: int | None = None,
    tally: int | None = None,
    who: str = "state",
    more: Sequence[str] = (),
) -> int:
    """Run the command in a forked child and return its exit status (negative: the signal that ended it).

    `who` names the state folder, so that two people each have a journal of their own; `more` are options besides.
    """
    return _end_of(start_child(site, via, kill_at=kill_at, tally=tally, who=who, more=more))


def start_child(
    site: Site, via: str, *, kill_at: int | None = None, tally: int | None = None, who: str, more: Sequence[str] = ()
) -> int:
    """Start the command in a forked child and return its process ID."""
    child = os.fork()
    if child == 0:
        arguments = ("--config", "postbatch.toml", "--yes", "--out", f"{who}.json", "--via", via, *more)
        _be_the_command(site, ("run", "posts.csv", *arguments), kill_at=kill_at, tally=tally, who=who)
    return child


def _end_of(child: int) -> int:
    ends_at = time.monotonic() + LONGEST_RUN_SECONDS
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > ends_at:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise AssertionError("a run does not end")
        time.sleep(0.003)


def _be_the_command(site: Site, arguments: Sequence[str], *, kill_at: int | None, tally: int | None, who: str) -> None:
    """Become the command: nothing of this function returns."""
    status = 99
    try:
        work = site.folder / "work"
        os.chdir(work)
        for name in [name for name in os.environ if name.startswith(("WIX_", "POSTBATCH_"))]:
            del os.environ[name]
        os.environ |= {
            "WIX_API_KEY": KEY, "WIX_SITE_ID": _site_id(site), "WIX_API_URL": site.url,
            "POSTBATCH_STATE_DIR": str(work / who),
        }  # fmt: skip
        quiet = os.open(work / f"{who}.txt", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        sys.stdout = sys.stderr = os.fdopen(quiet, "a", buffering=1, encoding="utf-8")
        if kill_at is not None or tally is not None:
            profiler = Profiler(kill_at, tally)
            threading.setprofile(profiler)
            sys.setprofile(profiler)
        command(list(arguments))
        status = 0
    except SystemExit as leaving:
        status = leaving.code if isinstance(leaving.code, int) else 98
    finally:
        sys.setprofile(None)
        with suppress(OSError):
            sys.stdout.flush()
        os._exit(status)


def _site_id(site: Site) -> str:
    return next(iter(site.service.sites()))


def count_places(site: Site, via: str, *, lag_seconds: float) -> list[str]:
    """Return every place of a whole run."""
    furnish(site, lag_seconds=lag_seconds)
    reader, writer = os.pipe()
    status = run_child(site, via, tally=writer)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        places = pipe.read().splitlines()
    if status != 0:
        raise AssertionError(f"the dry run ended with {status}: {(site.folder / 'work/state.txt').read_text()}")
    return places


def kill_once(site: Site, via: str, number: int, figures: Figures, *, name: str, lag_seconds: float) -> None:
    """Kill the command at one place, run it again until it has nothing to do, and judge."""
    wanted = furnish(site, lag_seconds=lag_seconds)
    started = datetime.now(UTC) - timedelta(seconds=5)
    status = run_child(site, via, kill_at=number)
    if status != -signal.SIGKILL:
        raise AssertionError(f"{name}: not killed, but ended with {status}")
    restless = _run_until_rest(site, via)
    site.service.move_clock(seconds=30 * 86400)
    harm = judge_public(site.service.public(), wanted, started=started)
    harm.made_twice = made_twice(site.service)
    site.service.reset()
    site.service.set_clock(datetime.now(UTC))
    figures.add(name, harm, restless=restless)


def _run_until_rest(site: Site, via: str) -> str:
    left: list[Any] = ["no run ended"]
    for _ in range(MOST_RUNS):
        run_child(site, via)
        results = json.loads((site.folder / "work/state.json").read_text(encoding="utf-8"))
        posts = results["posts"]
        if len({p["key"] for p in posts}) != len(posts) or len(posts) != ROWS:
            return f"{len(posts)} lines of results"
        left = [f"{p['key']} {p['outcome']} {p['code']} {p['message']}" for p in posts if p["outcome"] != "unchanged"]
        if not left:
            return ""
    return f"still {left}"


def run_two_at_once(site: Site, vias: tuple[str, str], figures: Figures, *, name: str, lag_seconds: float) -> None:
    """Run the command in two processes at once, each with a journal of its own, then once more in peace; judge."""
    wanted = furnish(site, lag_seconds=lag_seconds)
    started = datetime.now(UTC) - timedelta(seconds=5)
    children = [start_child(site, via, who=who) for via, who in zip(vias, ("state", "other"), strict=True)]
    for child in children:
        _end_of(child)
    time.sleep(lag_seconds)
    restless = _run_until_rest(site, vias[0])
    site.service.move_clock(seconds=30 * 86400)
    harm = judge_public(site.service.public(), wanted, started=started)
    site.service.reset()
    site.service.set_clock(datetime.now(UTC))
    figures.add(name, harm, restless=restless)


def prove_two(server: str, times: int) -> Figures:
    """Run two processes at once on one server, so many times."""
    figures = Figures()
    lag = float(str(SERVERS[server].get("query_lag_seconds", 0.0)))
    pairs = [("auto", "auto"), ("draft", "draft"), ("publish", "publish"), ("bulk", "draft"), ("auto", "draft")]
    with running_site(server) as site:
        for number in range(times):
            vias = pairs[number % len(pairs)]
            run_two_at_once(site, vias, figures, name=f"{server} two at once {vias}", lag_seconds=lag)
    return figures


def prove_server(server: str, stride: int) -> Figures:
    """Kill at every n-th place on one server; the ways of sending take turns from place to place."""
    figures, vias = Figures(), ("auto", "draft", "bulk", "publish")
    lag = float(str(SERVERS[server].get("query_lag_seconds", 0.0)))
    first, step = list(SERVERS).index(server), stride * len(vias)
    with running_site(server) as site:
        for turn, via in enumerate(vias):
            places = len(count_places(site, via, lag_seconds=lag))
            for number in range(1 + (turn * stride + first) % step, places + 1, step):
                name = f"{server} {via} place {number} of {places}"
                kill_once(site, via, number, figures, name=name, lag_seconds=lag)
    return figures


def prove(*, stride_first: int, stride_others: int, processes: int = 2) -> Figures:
    """Kill at every n-th place of every server."""
    total = Figures()
    strides = [stride_first] + [stride_others] * (len(SERVERS) - 1)
    with ProcessPoolExecutor(processes) as pool:
        for figures in pool.map(prove_server, SERVERS, strides):
            total.take(figures)
    return total


def main() -> int:
    """Prove it; exit 1 where a figure is not zero."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--stride", type=int, default=0)
    chosen = parser.parse_args()
    began = time.monotonic()
    first, others = (1, 1) if chosen.long else (1, 4)
    figures = prove(stride_first=chosen.stride or first, stride_others=chosen.stride or others)
    print(f"{figures} in {time.monotonic() - began:.0f} s")
    return int(not figures.clean)


if __name__ == "__main__":
    sys.exit(main())
