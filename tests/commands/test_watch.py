"""`watch`, as a process of its own against a service whose clock is moved while no machine was looking."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from batch.commands.options import Environment
from batch.commands.watch import make_senders, read_duration
from batch.errors import StartError
from batch.workbooks.results import write_results  # noqa: F401 - loaded once, before the clock runs

FAILING = "[sandbox:fail]"
DAYS = 86400.0


def rows(count: int, *, failing: int, first: int = 0) -> list[dict[str, str]]:
    return [
        {
            "key": f"post-{n:04}",
            "channel": ("FACEBOOK", "LINKEDIN")[n % 2],
            "text": f"Post number {n}{' ' + FAILING if n < first + failing else ''}",
            "publish_at": f"2031-03-{3 + n % 20:02} {8 + n % 12:02}:{n % 60:02}",
            "timezone": "UTC",
        }
        for n in range(first, first + count)
    ]


def alerts(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(("Failed:", "Will fail:", "Late:"))]


def at_the_time(service: Any) -> None:
    """Let the time of all posts come."""
    service.move_clock(seconds=8 * 366 * DAYS)


def test_every_failure_is_said_once_with_its_row_and_nothing_else(site, service):
    site.write("posts.csv", rows(1100, failing=100))
    ended = site("run", "posts.csv", "-y", "--via", "bulk", "--no-page")
    assert ended.status == 0, ended.err
    assert alerts(site("watch", "--once").out) == []
    at_the_time(service)
    ended = site("watch", "--once")
    said = alerts(ended.out)
    assert (ended.status, len(said), len(set(said))) == (1, 100, 100)
    for n in range(100):
        (mine,) = [line for line in said if f"row {n + 2}, post-{n:04} (" in line]
        assert ("FACEBOOK", "LINKEDIN")[n % 2] in mine
        assert f"--again post-{n:04}" in mine
    again = site("watch", "--once")
    assert (again.status, alerts(again.out)) == (0, [])


def test_a_watch_that_is_killed_says_the_rest_when_it_is_started_again(site, service):
    site.write("posts.csv", rows(40, failing=25))
    assert site("run", "posts.csv", "-y", "--via", "bulk", "--no-page").status == 0
    at_the_time(service)
    command = [sys.executable, "-u", "-m", "batch", "watch", "--once"]
    with subprocess.Popen(
        command, cwd=site.folder, env=dict(site.environ), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        first = [process.stdout.readline() for _ in range(7)]
        os.kill(process.pid, signal.SIGKILL)
        first += process.stdout.readlines()
    said = alerts("".join(first))
    rest = alerts(site("watch", "--once").out)
    assert set(said) | set(rest) == set(said + rest)
    assert len(set(said + rest)) == 25
    assert len(said + rest) <= 26, "only the one that was being said when it was killed may come again"


def test_results_that_nobody_changed_are_brought_up_to_date_and_others_are_left(site, service):
    site.write("posts.csv", rows(3, failing=1))
    site("run", "posts.csv", "-y", "--out", "mine.csv")
    before = (site.folder / "mine.csv").read_bytes()
    site("run", "posts.csv", "-y", "--out", "out.json")
    at_the_time(service)
    ended = site("watch", "--once")
    assert "Updated: out.json" in ended.err
    assert [post["outcome"] for post in site.posts("out.json")] == ["failed", "published", "published"]
    assert (site.folder / "mine.csv").read_bytes() == before  # of an earlier run, which was told nothing new


def test_results_that_a_person_changed_are_never_written_over(site, service):
    site.write("posts.csv", rows(2, failing=1))
    site("run", "posts.csv", "-y", "--out", "out.csv")
    edited = (site.folder / "out.csv").read_bytes() + b"my note\n"
    (site.folder / "out.csv").write_bytes(edited)
    at_the_time(service)
    assert len(alerts(site("watch", "--once").out)) == 1
    assert (site.folder / "out.csv").read_bytes() == edited


def test_posts_on_a_lapsed_connection_are_said_once_and_again_after_it_was_well(site, service):
    site.write("posts.csv", rows(4, failing=0))
    site("run", "posts.csv", "-y")
    lapse = {"connections": {"FACEBOOK": "DISCONNECTED"}}
    service.seed(**lapse)
    ended = site("watch", "--once")
    assert (ended.status, len(alerts(ended.out))) == (1, 2)
    assert all("connection has lapsed" in line for line in alerts(ended.out))
    ended = site("watch", "--once")
    assert (ended.status, alerts(ended.out)) == (1, [])
    service.seed(connections={"FACEBOOK": "VALID"})
    assert site("watch", "--once").status == 0
    service.seed(**lapse)
    assert len(alerts(site("watch", "--once").out)) == 2


class Hook(BaseHTTPRequestHandler):
    """Takes notifications, and refuses as many as it is told to."""

    got: list[dict[str, Any]]
    refuse: int

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        refused = type(self).refuse > 0
        type(self).refuse -= 1
        if not refused:
            self.got.append(body)
        self.send_response(503 if refused else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook() -> Iterator[tuple[type[Hook], str]]:
    kind = type("OneHook", (Hook,), {"got": [], "refuse": 0})
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield kind, f"http://127.0.0.1:{server.server_port}/secret-path"
        finally:
            server.shutdown()
            thread.join()


def test_what_could_not_be_sent_is_sent_in_the_next_round(site, service, hook):
    kind, url = hook
    site.write("posts.csv", rows(3, failing=2))
    site("run", "posts.csv", "-y")
    at_the_time(service)
    kind.refuse = 1
    environ = {"POSTBATCH_NOTIFY_URL": url}
    ended = site("watch", "--once", "--notify", environ=environ)
    assert (ended.status, kind.got, "secret-path" in ended.out + ended.err) == (1, [], False)
    assert "HTTP 503" in ended.err
    assert site("watch", "--once", "--notify", environ=environ).status == 1
    (message,) = kind.got
    assert message["text"].startswith("postbatch: 2 posts failed.")
    assert [(alert["row"], alert["channel"]) for alert in message["alerts"]] == [(2, "FACEBOOK"), (3, "LINKEDIN")]
    assert site("watch", "--once", "--notify", environ=environ).status == 0
    assert len(kind.got) == 1


def test_a_command_gets_what_is_new_on_its_input(site, service):
    site.write("posts.csv", rows(2, failing=1))
    site("run", "posts.csv", "-y")
    at_the_time(service)
    keep = f"{sys.executable} -c \"import sys; open('told.json', 'w').write(sys.stdin.read())\""
    site("watch", "--once", "--notify-command", keep)
    told = json.loads((site.folder / "told.json").read_text(encoding="utf-8"))
    assert [alert["kind"] for alert in told["alerts"]] == ["failed"]


@pytest.mark.parametrize("address", ["", "http://example.com/x", "file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_nothing_is_sent_to_an_address_that_is_not_https(address: str) -> None:
    with pytest.raises(StartError, match="needs an https address"):
        make_senders(Environment(environ={"POSTBATCH_NOTIFY_URL": address}), notify=True, command="")


def test_the_time_between_two_rounds_is_read_in_words() -> None:
    assert [read_duration(text) for text in ("90s", "15m", "2 h", "1d")] == [90, 900, 7200, 86400]
    for text in ("", "5", "10s", "m", "-5m", "soon"):
        with pytest.raises(StartError, match="Write a time of a minute or more"):
            read_duration(text)
