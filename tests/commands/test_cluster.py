"""A run on a real local cluster (a scheduler and two workers, each a process of its own) keeps every promise.

One worker is killed in the middle of a site: nothing is lost, nothing doubled, and no credential ever travels.
"""

from __future__ import annotations

import csv
import json
import os
import pickle
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path

import pytest

from batch.commands.cluster import SiteJob, within_agreement
from batch.commands.options import STATE_VARIABLE, Environment
from batch.model import Act, Channel, Content, Post, PostType, Step, StepKind
from batch.runs.control import Stop
from batch.runs.record import NumberedStep
from batch.settings import load_settings

needs_distributed = pytest.mark.skipif(find_spec("distributed") is None, reason="the package distributed is not there")

SITES = {"mill": "5a11d0b0-0000-4000-8000-00000000000a", "harbour": "5a11d0b0-0000-4000-8000-00000000000b"}
CLIENT_KEY, WORKER_KEY = "IST.the-key-of-the-planning-side-0001", "IST.the-key-of-the-working-side-0002"
POSTS = 60
CONFIG = ("--config", "postbatch.toml")
"""The configuration in the current folder counts where it is named."""
ROOT = Path(__file__).resolve().parents[2]
QUIET = {
    "DASK_DISTRIBUTED__COMM__COMPRESSION": "none",
    "DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE": "false",
    "PYTHONUNBUFFERED": "1",
}


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The environment of one machine: a home and a state folder of its own."""
    folder.mkdir(exist_ok=True)
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZ") if name in os.environ}
    return kept | QUIET | {"HOME": str(folder), STATE_VARIABLE: str(folder / "state"), "PYTHONPATH": str(ROOT)} | more


class Relay:
    """Passes bytes on between two sides on loopback, and keeps them all."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.passed: list[bytes] = []
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for source, sink in ((near, far), (far, near)):
                    threading.Thread(target=self._pass_on, args=(source, sink), daemon=True).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError), source, sink:
            while data := source.recv(1 << 16):
                self.passed.append(data)
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@dataclass
class Cluster:
    """A sandbox, a scheduler behind a relay, and two workers, all as processes of their own."""

    folder: Path
    url: str
    relay: Relay
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def ask(self, path: str) -> dict[str, object]:
        with urllib.request.urlopen(f"{self.url}{path}", timeout=30) as answer:  # noqa: S310 - loopback
            found: dict[str, object] = json.load(answer)
        return found

    def items(self, site: str) -> list[dict[str, object]]:
        return list(self.ask(f"/sandbox/items?site={SITES[site]}")["items"])  # type: ignore[call-overload]

    def logs(self) -> bytes:
        return b"".join(path.read_bytes() for path in sorted(self.folder.glob("*.log")))


@contextmanager
def process(folder: Path, name: str, command: list[str], env: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / f"{name}.log").open("wb") as log:
        started = subprocess.Popen(command, env=env, cwd=env["HOME"], stdout=log, stderr=subprocess.STDOUT)
        try:
            yield started
        finally:
            started.kill()
            started.wait(10)


def until(found: Callable[[], object], *, seconds: float = 60) -> object:
    ends_at = time.monotonic() + seconds
    while time.monotonic() < ends_at:
        with suppress(OSError):
            if value := found():
                return value
        time.sleep(0.01)
    raise AssertionError("it did not come about in time")


def said(log: Path, pattern: str) -> re.Match[str] | None:
    return re.search(pattern, log.read_text(errors="replace")) if log.exists() else None


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    python = sys.executable
    options = json.dumps({"calls_per_minute": 0, "references": "nowhere", "query_lag_seconds": 0.5})
    sandbox = [python, "-m", "tests.rig", "--options", options]
    sandbox += [part for site in SITES.values() for part in ("--site", site)]
    scheduler = [python, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    with ExitStack() as open_now:
        for name, command in (("sandbox", sandbox), ("scheduler", scheduler)):
            open_now.enter_context(process(tmp_path, name, command, environment(tmp_path / name)))
        url = until(lambda: said(tmp_path / "sandbox.log", r"http://\S+"))
        at = until(lambda: said(tmp_path / "scheduler.log", r"Scheduler at:\s+tcp://127.0.0.1:(\d+)"))
        relay = Relay(("127.0.0.1", int(at[1])))  # type: ignore[index]
        open_now.callback(relay.close)
        made = Cluster(tmp_path, url[0], relay)  # type: ignore[index]
        for n in range(2):
            worker = [python, "-m", "distributed.cli.dask_worker", relay.address, "--no-nanny", "--no-dashboard"]
            worker += ["--nthreads", "1", "--host", "127.0.0.1", "--death-timeout", "30"]
            env = environment(tmp_path / f"worker{n}", WIX_API_KEY=WORKER_KEY)
            made.workers.append(open_now.enter_context(process(tmp_path, f"worker{n}", worker, env)))
        until(lambda: len(re.findall("Register worker", (tmp_path / "scheduler.log").read_text())) == 2)
        yield made


def write_sheet(folder: Path, *, posts: int) -> list[str]:
    """A sheet of posts for both sites, and its configuration; return the keys."""
    sites = "".join(f'[sites.{name}]\nsite_id = "{number}"\n' for name, number in SITES.items())
    (folder / "postbatch.toml").write_text(f'settle_seconds = 2\ncalls_per_minute = 200\ntimezone = "UTC"\n{sites}')
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=2)
    keys = []
    with (folder / "month.csv").open("w", newline="") as file:
        sheet = csv.writer(file)
        sheet.writerow(["key", "site", "channel", "publish_at", "text"])
        for n in range(posts):
            for site in SITES:
                keys.append(f"{site}-{n:03}")
                at = (start + timedelta(minutes=7 * n)).strftime("%Y-%m-%d %H:%M")
                sheet.writerow([keys[-1], site, "FACEBOOK", at, f"Post {n} of the {site}"])
    return keys


def start_run(cluster: Cluster, folder: Path, *more: str) -> subprocess.Popen[str]:
    env = environment(folder / "home", WIX_API_URL=cluster.url, WIX_API_KEY=CLIENT_KEY)
    command = [sys.executable, "-m", "batch", "run", "month.csv", *CONFIG, "--yes", "--no-page", "--out", "out.csv"]
    return subprocess.Popen(
        [*command, "--cluster", cluster.relay.address, *more],
        env=env, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def outcomes(folder: Path, name: str = "out.csv") -> dict[str, str]:
    with (folder / name).open(newline="", encoding="utf-8-sig") as file:
        return {line["key"]: line["outcome"] for line in csv.DictReader(file)}


@needs_distributed
def test_a_worker_killed_in_the_middle_of_a_site_loses_and_doubles_nothing_and_no_key_travels(
    cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    keys = write_sheet(folder, posts=POSTS)
    run = start_run(cluster, folder, "--via", "draft")  # in bulk a site is one call: it has no middle
    until(lambda: all(len(cluster.items(site)) > POSTS // 6 for site in SITES) or run.poll() is not None)
    cluster.workers[0].send_signal(signal.SIGKILL)
    cut = {site: len(cluster.items(site)) for site in SITES}
    told = run.communicate(timeout=120)[0]
    assert run.returncode == 0, told
    assert any(POSTS // 6 < count < POSTS for count in cut.values()), f"no site was in its middle: {cut}"
    assert "the part was begun before" in told
    assert outcomes(folder) == dict.fromkeys(keys, "scheduled")
    coming = Counter(post["reference"] for post in cluster.ask("/sandbox/public")["coming"])  # type: ignore[attr-defined]
    assert coming == Counter(keys)
    travelled = b"".join(cluster.relay.passed) + cluster.logs() + told.encode()
    assert b"Post 3 of the mill" in travelled, "the relay has not seen the part"
    for key in (CLIENT_KEY, WORKER_KEY):
        assert key.encode() not in travelled

    again = start_run(cluster, folder)
    told = again.communicate(timeout=120)[0]
    assert again.returncode == 0, told
    assert outcomes(folder) == dict.fromkeys(keys, "unchanged")


@needs_distributed
def test_results_and_undo_know_what_the_cluster_did(cluster: Cluster, tmp_path: Path) -> None:
    folder = tmp_path / "desk"
    folder.mkdir()
    keys = write_sheet(folder, posts=2)
    told = start_run(cluster, folder, "--via", "bulk").communicate(timeout=120)[0]
    assert outcomes(folder) == dict.fromkeys(keys, "scheduled"), told
    env = environment(folder / "home", WIX_API_URL=cluster.url, WIX_API_KEY=CLIENT_KEY)
    for command, wanted in (("results", "scheduled"), ("undo", "cancelled")):
        more = ["--yes", "--no-page"] if command == "undo" else []
        subprocess.run(
            [sys.executable, "-m", "batch", command, "last", *CONFIG, "--out", f"{command}.csv", *more],
            env=env, cwd=folder, check=True, capture_output=True,
        )  # fmt: skip
        assert outcomes(folder, f"{command}.csv") == dict.fromkeys(keys, wanted)


@needs_distributed
@pytest.mark.parametrize(
    ("more", "said_so"),
    [
        (["--cluster", "tcp://127.0.0.1:9"], "can't be reached"),
        (["--cluster", "tcp://127.0.0.1:9", "--sandbox"], "leave out --cluster"),
        (["--cluster", "tcp://127.0.0.1:9", "--cluster-ca", "ca.pem"], "TLS takes tls://HOST:PORT and the files"),
        (["--cluster", "tls://127.0.0.1:9", "--cluster-ca", "ca.pem", "--cluster-cert", "no.pem"], "TLS takes tls://"),
        (["--cluster", "tcp://cluster.invalid:9"], "The way to the cluster is not encrypted"),
    ],
)
def test_a_cluster_that_can_not_be_used_is_said_in_one_sentence_before_anything_is_sent(
    tmp_path: Path, more: list[str], said_so: str
) -> None:
    write_sheet(tmp_path, posts=1)
    env = environment(tmp_path / "home", WIX_API_KEY=CLIENT_KEY, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="1s")
    ran = subprocess.run(
        [sys.executable, "-m", "batch", "run", "month.csv", *CONFIG, "--yes", *more],
        env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert said_so in ran.stderr
    assert "Traceback" not in ran.stderr


@needs_distributed
@pytest.mark.skipif(shutil.which("openssl") is None, reason="certificates are made with openssl")
def test_both_sides_of_a_cluster_show_who_they_are_where_tls_is_given(tmp_path: Path) -> None:
    write_sheet(tmp_path, posts=1)
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    ours = ["--cluster-ca", "cert.pem", "--cluster-cert", "cert.pem", "--cluster-key", "key.pem"]
    scheduler = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "tls://127.0.0.1", "--port", "0"]
    files = [str(tmp_path / name) for name in ("cert.pem", "cert.pem", "key.pem")]
    tls = [
        part
        for option, name in zip(("ca-file", "cert", "key"), files, strict=True)
        for part in (f"--tls-{option}", name)
    ]
    env = environment(tmp_path / "home", WIX_API_KEY=CLIENT_KEY, DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT="5s")
    with process(tmp_path, "scheduler", [*scheduler, "--no-dashboard", *tls], environment(tmp_path / "scheduler")):
        at = until(lambda: said(tmp_path / "scheduler.log", r"Scheduler at:\s+(tls://\S+)"))
        address = at[1]  # type: ignore[index]
        for more, told in ((ours, "has no workers"), ([], "TLS takes tls://HOST:PORT and the files")):
            ran = subprocess.run(
                [sys.executable, "-m", "batch", "run", "month.csv", *CONFIG, "--yes", "--cluster", address, *more],
                env=env, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
            )  # fmt: skip
            assert (ran.returncode, told in ran.stderr) == (2, True), ran.stderr


def test_without_the_package_the_extra_to_install_is_named(tmp_path: Path) -> None:
    write_sheet(tmp_path, posts=1)
    (tmp_path / "distributed.py").write_text("raise ImportError\n")
    env = environment(tmp_path / "home", WIX_API_KEY=CLIENT_KEY)
    env["PYTHONPATH"] = os.pathsep.join([str(tmp_path), env["PYTHONPATH"]])
    ran = subprocess.run(
        [sys.executable, "-m", "batch", "run", "month.csv", *CONFIG, "--yes", "--cluster", "tcp://127.0.0.1:9"],
        env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode == 2
    assert "pip install 'postbatch[cluster]'" in ran.stderr


def a_step(kind: StepKind, *acts: Act) -> Step:
    return Step(
        row=2, key="a", reference="a", site="mill", channel="FACEBOOK", type="POST", kind=kind, reason="Reason.",
        acts=acts,
    )  # fmt: skip


CREATE = a_step(StepKind.SCHEDULE, Act.UPLOAD, Act.CREATE, Act.SCHEDULE)


@pytest.mark.parametrize(
    ("step", "agreed", "done"),
    [
        (a_step(StepKind.SCHEDULE, Act.CREATE, Act.SCHEDULE), CREATE, True),
        (a_step(StepKind.SCHEDULE, Act.SCHEDULE), CREATE, True),
        (a_step(StepKind.SCHEDULE, Act.UPDATE, Act.SCHEDULE), CREATE, True),
        (a_step(StepKind.UNCHANGED), CREATE, True),
        (a_step(StepKind.PUBLISH, Act.CREATE, Act.PUBLISH), CREATE, False),
        (a_step(StepKind.RESCHEDULE, Act.RESCHEDULE), CREATE, False),
        (a_step(StepKind.SCHEDULE, Act.UPLOAD, Act.CREATE, Act.SCHEDULE), CREATE, False),
        (a_step(StepKind.CANCEL, Act.CANCEL), a_step(StepKind.UNCHANGED), False),
        (a_step(StepKind.UPDATE, Act.UPDATE), a_step(StepKind.RESCHEDULE, Act.RESCHEDULE), False),
    ],
)
def test_a_worker_does_no_more_than_was_agreed_to(step: Step, agreed: Step, done: bool) -> None:
    kept = within_agreement(step, agreed)
    if done:
        assert kept == step
    else:
        assert (kept.kind, kept.acts, kept.code) == (StepKind.CONFLICT, (), "moved")


def test_a_job_holds_no_credential_and_names_the_variable_that_the_worker_has_to_set(tmp_path: Path) -> None:
    settings = load_settings({"WIX_API_KEY": CLIENT_KEY, "WIX_SITE_ID": SITES["mill"]})
    step = replace(CREATE, site=settings.default_site)
    post = Post(2, "a", settings.default_site, Channel.FACEBOOK, PostType.POST, content=Content("Hello"))
    job = SiteJob("r1", settings.default_site, settings.without_secrets(), (post,), (NumberedStep(0, step),))
    assert CLIENT_KEY.encode() not in pickle.dumps(job)
    with pytest.raises(TypeError):
        pickle.dumps(settings)

    machine = Environment(environ={STATE_VARIABLE: str(tmp_path)})
    shown: list[int] = []
    result = job.do(environment=machine, tries=1, stop=Stop(), show=lambda n, _outcome: shown.append(n))
    assert "WIX_API_KEY" in result.stopped
    assert (result.outcomes, shown) == ({}, [])
