"""`watch`, as a process of its own against a service whose clock is moved while no machine was looking."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from batch.commands.options import Environment, Flags
from batch.commands.watch import Alert, make_message, make_senders, read_duration, watch
from batch.errors import ServiceError, StartError
from batch.publisher.client import notify_webhook
from batch.sandbox.sites import SITE_ID
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


def told(text: str) -> list[str]:
    return sorted(line.partition("row ")[2].partition(", ")[2][:9] for line in alerts(text))


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (("run", "posts.csv", "-y", "--only", "key=post-0002"), "left out"),
        (("run", "broken.csv", "-y"), "its row is an error now"),
        (("run", "posts.csv", "-y", "--answers", "none.json"), "nobody approved it"),
    ],
)
def test_a_later_run_that_says_nothing_of_a_post_takes_it_from_nobodys_sight(site, service, then, why):
    posts = rows(3, failing=3)
    site.write("posts.csv", posts)
    site.write("broken.csv", [posts[0] | {"channel": "MYSPACE"}, *posts[1:]])
    assert site("run", "posts.csv", "-y", "--no-page").status == 0
    if "--answers" in then:
        from tests.commands.test_notes import ANY, PostAnswer, answers

        (site.folder / "none.json").write_bytes(answers(PostAnswer("post-0002", "default", ANY, "approve")))
    site(*then, "--no-page", "--out", "later.json")
    at_the_time(service)
    assert told(site("watch", "--once").out) == ["post-0000", "post-0001", "post-0002"], why


def test_two_watches_at_once_tell_each_failure_once(site, service):
    site.write("posts.csv", rows(40, failing=25))
    assert site("run", "posts.csv", "-y", "--via", "bulk", "--no-page").status == 0
    at_the_time(service)
    service.add_fault(kind="delay", call="query_items", seconds=1)
    command = [sys.executable, "-m", "batch", "watch", "--once"]
    both = [
        subprocess.Popen(command, cwd=site.folder, env=dict(site.environ), stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    said = [line for process in both for line in alerts(process.communicate(timeout=60)[0])]
    assert (len(said), len(set(said))) == (25, 25)


def test_a_site_that_cannot_be_checked_is_said_once_and_again_after_it_was_well(site, service, hook):
    kind, url = hook
    site.write("posts.csv", rows(2, failing=0))
    site("run", "posts.csv", "-y", "--no-page")
    environ = {"POSTBATCH_NOTIFY_URL": url}
    look = ("watch", "--once", "--notify")
    for _ in range(2):
        service.add_fault(kind="status", call="get_item", status=401, times=20)
        first = site(*look, environ=environ)
        assert first.status == 1
        assert "Can't check: your site, 2 open posts can't be checked." in first.out
        second = site(*look, environ=environ)
        assert (second.status, "Can't check" in second.out) == (1, False)
        service.clear_faults()
        assert site(*look, environ=environ).status == 0
    assert [message["text"].splitlines()[0] for message in kind.got] == ["postbatch: 1 site can't be checked."] * 2


def test_posts_of_a_site_that_is_configured_no_more_are_said_not_to_be_watched(site, service):
    other = "11111111-2222-4333-8444-555555555555"
    site.configure(f'[sites.pottery]\nsite_id = "{SITE_ID}"\n')
    site.write("posts.csv", rows(2, failing=0))
    assert site("run", "posts.csv", "-y", "--no-page", environ={"WIX_SITE_ID": ""}).status == 0
    assert "Not watched" not in site("watch", "--once", environ={"WIX_SITE_ID": ""}).err
    site.configure(f'[sites.garden]\nsite_id = "{other}"\n')
    ended = site("watch", "--once", environ={"WIX_SITE_ID": ""})
    assert (ended.status, "Not watched: the posts of pottery" in ended.err) == (0, True)


def in_process(site: Any, now: datetime, **options: Any) -> tuple[int, str]:
    """Watch once in this process, as if it were `now`."""
    out, state = io.StringIO(), {"POSTBATCH_STATE_DIR": f"{site.environ['XDG_STATE_HOME']}/postbatch"}
    environment = Environment({**site.environ, **state}, site.folder, out, io.StringIO(), now=lambda: now)
    return watch(environment, Flags(), once=True, **options), out.getvalue()


def test_what_is_late_is_looked_at_by_itself_and_said_again_only_after_it_had_a_new_date(site, service):
    site.write("posts.csv", rows(25, failing=0))
    assert site("run", "posts.csv", "-y", "--via", "bulk", "--no-page").status == 0
    due = datetime(2031, 3, 3, 8, 0, tzinfo=UTC)
    service.set_options(query_lag_seconds=7200.0)
    service.set_clock(due + timedelta(minutes=20))
    status, said = in_process(site, due + timedelta(minutes=20))
    assert (status, alerts(said)) == (0, []), "the list is behind, the item itself is live"
    far = due + timedelta(days=40)  # the machine's clock runs ahead of the service's
    status, said = in_process(site, far)
    assert (status, len(alerts(said))) == (1, 24)
    assert in_process(site, far) == (1, "")
    status, said = in_process(site, due + timedelta(minutes=20))  # ... and was put right
    assert (status, alerts(said)) == (0, [])
    assert len(alerts(in_process(site, far)[1])) == 24


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


def test_a_look_at_the_terminal_takes_no_news_from_the_webhook_nor_a_failing_command_sends_it_twice(
    site, service, hook
):
    kind, url = hook
    site.write("posts.csv", rows(3, failing=2))
    site("run", "posts.csv", "-y", "--no-page")
    at_the_time(service)
    assert len(alerts(site("watch", "--once").out)) == 2
    broken = ("watch", "--once", "--notify", "--notify-command", f"{sys.executable} -c exit(3)")
    for _ in range(2):
        ended = site(*broken, environ={"POSTBATCH_NOTIFY_URL": url})
        assert (ended.status, "ended with status 3" in ended.err, alerts(ended.out)) == (1, True, [])
    assert [len(message["alerts"]) for message in kind.got] == [2]


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


HOSTILE = Alert(
    "failed", "pot & pan", "po<sts>.csv", 2, "<!channel>", "FACEBOOK", "<https://evil.example|Your bank>", "",
    "[bank](https://evil.example) @channel @here <users/all> <@U123>\n- forged, no line of ours \u202e", "run", "1",
)  # fmt: skip


def test_no_word_of_a_sheet_pings_anybody_or_looks_like_another_link() -> None:
    slack = str(make_message([HOSTILE], "slack")["text"])
    assert "<" not in slack
    assert ">" not in slack
    assert "pot &amp; pan" in slack
    for form in ("slack", "google", "json"):
        text = str(make_message([HOSTILE], form)["text"])
        assert len(text.splitlines()) == 2, "one line for the post, whatever it holds"
        assert not [word for word in ("<!", "<@", "<u", "<h", "@c", "@h", "](", "\u202e") if word in text]
    card: Any = make_message([HOSTILE], "teams")
    (attached,) = card["attachments"]
    assert (card["type"], attached["contentType"]) == ("message", "application/vnd.microsoft.card.adaptive")
    assert attached["content"]["type"] == "AdaptiveCard"
    blocks = attached["content"]["body"]
    assert {block["type"] for block in blocks} == {"RichTextBlock"}, "which reads no Markdown"
    assert {run["type"] for block in blocks for run in block["inlines"]} == {"TextRun"}
    assert all(set(run) == {"type", "text"} for block in blocks for run in block["inlines"])


@pytest.mark.parametrize("form", ["slack", "teams", "google", "json"])
def test_a_message_of_a_thousand_failures_stays_small_and_counts_them_all(form: str) -> None:
    many = [
        Alert("failed", "s", "p.csv", n, f"k{n}", "FACEBOOK", "", "", "\U0001f600" * 900, "r", "1") for n in range(999)
    ]
    message = make_message(many, form)
    shown = json.dumps({**message, "alerts": None}, ensure_ascii=False)
    assert "999 posts failed" in shown
    assert "... and 979 more." in shown
    assert len(shown.encode()) < 28_000


@pytest.mark.parametrize(
    ("address", "named", "shows"),
    [
        ("https://hooks.slack.com/services/T/B/x", "", {"text", "mrkdwn", "unfurl_links", "unfurl_media"}),
        ("https://default5c.61.environment.api.powerplatform.com:443/x?sig=1", "", {"type", "attachments"}),
        ("https://prod-186.westus.LOGIC.azure.com:443/workflows/1", "", {"type", "attachments"}),
        ("https://contoso.webhook.office.com/webhookb2/1", "", {"type", "attachments"}),
        ("https://chat.googleapis.com/v1/spaces/1/messages", "", {"text"}),
        ("https://logic.azure.com.evil.example/", "", {"text", "alerts"}),
        ("https://nothooks.slack.community/", "", {"text", "alerts"}),
        ("https://chat.example.org/hook", "Slack", {"text", "mrkdwn", "unfurl_links", "unfurl_media"}),
        ("https://hooks.slack.com/services/T/B/x", "json", {"text", "alerts"}),
    ],
)
def test_the_host_tells_what_it_takes_unless_the_person_does(monkeypatch, address, named, shows) -> None:
    sent: list[Any] = []
    monkeypatch.setattr("batch.commands.watch.notify_webhook", lambda url, message: sent.append((url, message)))
    environ = {"POSTBATCH_NOTIFY_URL": address, "POSTBATCH_NOTIFY_FORMAT": named}
    make_senders(Environment(environ=environ), notify=True, command="")["notify"]([HOSTILE])
    assert [(url, set(message)) for url, message in sent] == [(address, shows)]


def test_a_format_that_is_none_is_refused() -> None:
    environ = {"POSTBATCH_NOTIFY_URL": "https://example.com", "POSTBATCH_NOTIFY_FORMAT": "teems"}
    with pytest.raises(StartError, match="Use slack, teams, google or json"):
        make_senders(Environment(environ=environ), notify=True, command="")


class Secure(Hook):
    """A hook over TLS: `/away` leads elsewhere, `/drip` never comes to an end of its headers."""

    def do_POST(self) -> None:
        if self.path == "/away":
            self.send_response(307)
            self.send_header("location", "/here")
            self.send_header("content-length", "0")
            self.end_headers()
        elif self.path == "/drip":
            for letter in "HTTP/1.1 200 OK\r\nx: " + "y" * 2000:
                try:
                    self.wfile.write(letter.encode())
                except OSError:
                    return
                time.sleep(0.02)
        else:
            super().do_POST()


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, list[dict[str, Any]], Callable[[], httpx.BaseTransport]]]:
    """A webhook over real TLS on this machine: its address, what it got, and a transport that trusts it."""
    if shutil.which("openssl") is None:
        pytest.skip("certificates are made with openssl")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key.pem", "-out", "cert.pem",
         "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"],
        cwd=tmp_path, check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    kind = type("OneSecure", (Secure,), {"got": [], "refuse": 0})
    with HTTPServer(("127.0.0.1", 0), kind) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *_: None  # type: ignore[method-assign] # a refused handshake is what is tested
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            trusting = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
            yield f"https://127.0.0.1:{server.server_port}", kind.got, lambda: httpx.HTTPTransport(verify=trusting)
        finally:
            server.shutdown()
            thread.join()


def test_a_webhook_over_tls_gets_the_message_once_and_nothing_else_is_followed(secure):
    address, got, trusting = secure
    for form in ("slack", "teams"):
        notify_webhook(f"{address}/hook", make_message([HOSTILE], form), transport=trusting())
    assert [set(message) for message in got] == [
        {"text", "mrkdwn", "unfurl_links", "unfurl_media"}, {"type", "attachments"},
    ]  # fmt: skip
    with pytest.raises(ServiceError, match="can't be reached"):
        notify_webhook(f"{address}/hook", {"text": "x"})  # its certificate is nobody's whom this machine trusts
    with pytest.raises(ServiceError, match="HTTP 307"):
        notify_webhook(f"{address}/away", {"text": "x"}, transport=trusting())
    began = time.monotonic()
    with pytest.raises(ServiceError, match="ReadTimeout") as refused:
        notify_webhook(f"{address}/drip", {"text": "x"}, seconds=1.0, transport=trusting())
    assert time.monotonic() - began < 5, "all of it is bounded, not only each byte"
    assert address not in str(refused.value)
    assert len(got) == 2
