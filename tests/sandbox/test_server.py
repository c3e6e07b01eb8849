"""A sandbox as a server: it starts, keeps what it has, and ends."""

from __future__ import annotations

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from batch.sandbox.sites import SITE_ID
from tests.rig.__main__ import read_options
from tests.rig.options import Options
from tests.rig.server import RigServer
from tests.rig.service import Rig

ROOT = Path(__file__).resolve().parents[2]
AUTHOR = "urn:li:organization:70512345"
HEADERS = {"Authorization": "key", "wix-site-id": SITE_ID, "Content-Type": "application/json"}


def item(reference: str) -> dict[str, object]:
    return {
        "channel": {"name": "LINKEDIN", "accountId": AUTHOR},
        "type": "POST",
        "linkedinPost": {"caption": "Hi", "authorId": AUTHOR},
        "referenceId": reference,
    }


def make(url: str, reference: str) -> httpx.Response:
    return httpx.post(
        f"{url}/social-publisher/v1/items", json={"item": item(reference)}, headers=HEADERS, trust_env=False
    )


def start(*arguments: str) -> tuple[subprocess.Popen[str], str]:
    command = [sys.executable, "-m", "tests.rig", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


def end(process: subprocess.Popen[str], with_signal: int) -> tuple[int, str]:
    process.send_signal(with_signal)
    try:
        _, said = process.communicate(timeout=15)
    finally:
        process.kill()
    return process.returncode, said


def test_everything_is_kept_from_one_run_to_the_next(tmp_path):
    state = tmp_path / "state.sqlite"
    with RigServer(state, options=Options(processing_seconds=3600)) as server:
        made = make(server.url, "a").json()["item"]
        server.service.seed(plan="small", connections={"GBP": "DISCONNECTED"})
        server.service.add_fault(kind="status", calls=["query_items"], nth=2)
        httpx.post(
            f"{server.url}/social-publisher/v1/publish-by-id", json={"id": made["id"]}, headers=HEADERS, trust_env=False
        )
        server.service.move_clock(seconds=1800)
        before = server.service
        kept = (before.items(), before.coming(), before.sites(), before.faults(), [e.as_json() for e in before.calls()])
    with RigServer(state) as server:
        after = server.service
        assert kept == (
            after.items(),
            after.coming(),
            after.sites(),
            after.faults(),
            [e.as_json() for e in after.calls()],
        )
        assert after.options.processing_seconds == 3600
        assert make(server.url, "a").status_code == 409
        after.move_clock(seconds=1900)
        assert [post.reference for post in after.public()] == ["a"]


def test_a_killed_process_has_kept_all_that_it_answered(tmp_path):
    state = str(tmp_path / "state.sqlite")
    process, url = start("--state", state, "--options", '{"calls_per_minute": 0}')
    answered = []
    with httpx.Client(headers=HEADERS, trust_env=False) as client:
        for n in range(30):
            client.post(f"{url}/social-publisher/v1/items", json={"item": item(f"r{n}")}).raise_for_status()
            answered.append(f"r{n}")
    assert end(process, signal.SIGKILL)[0] == -signal.SIGKILL
    with Rig(state) as service:
        assert [i["referenceId"] for i in service.items()] == answered
        assert len(service.calls()) == 30


def test_a_process_prints_its_address_in_one_line_and_ends_quietly():
    for by, status in ((signal.SIGINT, {0, 130, -signal.SIGINT}), (signal.SIGTERM, {0, -signal.SIGTERM})):
        process, url = start("--server", "lagging", "--options", '{"query_lag_seconds": 2}', "--site", SITE_ID.upper())
        assert httpx.get(f"{url}/sandbox/options", trust_env=False).json()["options"]["query_lag_seconds"] == 2
        assert make(url, "a").status_code == 200
        returned, said = end(process, by)
        assert returned in status
        assert said == ""


@pytest.mark.parametrize(
    "arguments",
    [["--host", "0.0.0.0"], ["--options", "{"], ["--options", '{"x": 1}'], ["--options", "[]"], ["--state", "/"]],  # noqa: S104 - to be refused
)
def test_a_process_that_cannot_start_says_why_in_one_sentence(arguments):
    command = [sys.executable, "-m", "tests.rig", *arguments]
    ended = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=30, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("The sandbox can't start: ")
    assert ended.stderr.count("\n") == 1


def test_settings_are_left_to_the_file_where_none_are_given():
    assert read_options(None, "") is None
    assert read_options("not_unique", '{"bulk": false}') == Options(references="nowhere", bulk=False)


def test_only_this_machine_is_listened_on():
    with pytest.raises(ValueError, match="this machine only"):
        RigServer(host="0.0.0.0").__enter__()  # noqa: S104 - to be refused


def test_a_port_that_is_taken_is_said():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):  # noqa: SIM117
        with RigServer(port=taken.getsockname()[1]):
            pass


def test_two_servers_on_one_file_are_one_site(tmp_path):
    state = tmp_path / "state.sqlite"
    with RigServer(state) as one, RigServer(state) as other:
        assert make(one.url, "a").status_code == 200
        assert make(other.url, "a").status_code == 409
        assert one.service.items() == other.service.items()
        one.service.set_options(references="nowhere")
        assert make(other.url, "a").status_code == 200


def test_many_sites_can_be_named():
    names = {SITE_ID: "Pottery", "5a11d0b0-0000-4000-8000-000000000002": "Shop"}
    with RigServer(sites=names) as server:
        assert server.service.sites() == names


def test_a_server_that_has_ended_leaves_nothing_behind(tmp_path):
    with RigServer(tmp_path / "state.sqlite") as server:
        url = server.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
    assert [p.name for p in tmp_path.iterdir()] == ["state.sqlite"]


def test_a_server_ends_at_once_though_a_caller_waits_for_an_answer(caplog):
    with RigServer() as server:
        server.service.add_fault(kind="silent")
        host, port = server.url.removeprefix("http://").split(":")
        waiting = socket.create_connection((host, int(port)))
        waiting.sendall(f"GET /social-publisher/v1/features HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        time.sleep(0.1)
    waiting.close()  # the caller would have waited for a quarter of an hour
    assert caplog.records == []


def test_a_file_that_cannot_be_used_is_said_and_breaks_nothing(tmp_path):
    state = tmp_path / "state.sqlite"
    with RigServer(state) as server:
        with sqlite3.connect(state) as other:
            other.execute("ALTER TABLE items RENAME TO gone")
        assert make(server.url, "a").status_code == 503
        with other:
            other.execute("ALTER TABLE gone RENAME TO items")
        other.close()
        assert make(server.url, "a").status_code == 200


def test_the_package_loads_no_server_and_no_client_before_it_needs_one():
    code = "import sys, batch.sandbox; print([m for m in ('uvicorn', 'httpx', 'jinja2') if m in sys.modules])"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert json.loads(ended.stdout.replace("'", '"')) == []


def test_the_sandbox_knows_nothing_of_the_product():
    code = (
        "import sys, batch.sandbox.server, batch.sandbox.console; "
        "print(*sorted(m for m in sys.modules if m.startswith('batch.') and not m.startswith('batch.sandbox')))"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert ended.stdout.strip() == ""


def test_the_state_file_is_its_owners_alone(tmp_path):
    with Rig(tmp_path / "state.sqlite"):
        assert os.stat(tmp_path / "state.sqlite").st_mode & 0o777 == 0o600
