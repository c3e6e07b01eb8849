"""The Media Manager over real HTTP: what is asked of it, what is sent where, and when a medium counts as there."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from batch.errors import SignInError
from batch.publisher.client import Client
from batch.publisher.media import Brought, State, import_url, is_safe_target, upload_file, wait_ready
from batch.publisher.pace import Pace, Patience
from batch.settings import ApiKey

KEY = "IST.key-that-only-the-api-may-see"
SITE = "01234567-89ab-cdef-0123-456789abcdef"
PICTURE = "https://static.wixstatic.com/media/ab~mv2.jpg"
VIDEO = "https://video.wixstatic.com/video/ab/file"


@dataclass(frozen=True)
class Call:
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    content: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.content)


Respond = Callable[[Call], tuple[int, Any]]


@dataclass
class Library:
    """A server on loopback that writes down every call and answers as it is told."""

    respond: Respond
    calls: list[Call] = field(default_factory=list)
    broken: list[Call] = field(default_factory=list)
    url: str = ""

    def asked(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]


def serve(library: Library) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            content = self.rfile.read(size)
            path, _, query = self.path.partition("?")
            headers = {name.lower(): value for name, value in self.headers.items()}
            call = Call(self.command, path, query, headers, content)
            if len(content) < size:
                library.broken.append(call)
                self.close_connection = True
                return
            library.calls.append(call)
            status, answer = library.respond(call)
            if status == 0:
                self.close_connection = True
                return
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            if 300 <= status < 400:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = _answer

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = False
        block_on_close = True

    return Server(("127.0.0.1", 0), Handler)


@pytest.fixture
def library() -> Iterator[Callable[[Respond], Library]]:
    """Start libraries that are closed after the test."""
    servers: list[ThreadingHTTPServer] = []

    def start(respond: Respond) -> Library:
        made = Library(respond)
        server = serve(made)
        made.url = f"http://127.0.0.1:{server.server_address[1]}"
        servers.append(server)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return made

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


@pytest.fixture
def client_of() -> Iterator[Callable[[Library], Client]]:
    """Make clients that do not really sleep, closed before the servers are."""
    made: list[Client] = []

    def connect(library: Library) -> Client:
        made.append(
            Client(
                api_url=library.url,
                credential=ApiKey(KEY),
                site_id=SITE,
                pace=Pace(10_000),
                sleep=lambda _seconds: None,
                random=lambda: 0.5,
                deadline_seconds=5,
            )
        )
        return made[-1]

    yield connect
    for client in made:
        client.close()


Start = Callable[[Respond], Library]
Connect = Callable[[Library], Client]


def file(status: str, **more: str) -> tuple[int, Any]:
    return 200, {"file": {"id": "file-1", "operationStatus": status, **more}}


def refusal(status: int, code: str, description: str = "no") -> tuple[int, Any]:
    return status, {"message": "no", "details": {"applicationError": {"code": code, "description": description}}}


def import_picture(client: Client) -> Brought:
    return import_url(client, "https://example.com/p.jpg", kind="IMAGE", mime="image/jpeg", name="p.jpg")


def test_an_import_says_address_type_and_name(library: Start, client_of: Connect) -> None:
    server = library(lambda call: file("READY", url=PICTURE))
    assert import_picture(client_of(server)) == Brought(State.READY, "file-1", PICTURE)
    (call,) = server.calls
    assert (call.method, call.path) == ("POST", "/site-media/v1/files/import")
    assert call.body == {"url": "https://example.com/p.jpg", "mimeType": "image/jpeg", "displayName": "p.jpg"}


def test_an_import_that_takes_time_is_pending(library: Start, client_of: Connect) -> None:
    server = library(lambda call: file("PENDING", url=PICTURE))
    assert import_picture(client_of(server)) == Brought(State.PENDING, "file-1")


def test_a_lost_answer_is_asked_for_again_within_bounds(library: Start, client_of: Connect) -> None:
    answers = iter([(0, None), (503, {}), file("READY", url=PICTURE)])
    server = library(lambda call: next(answers))
    assert import_picture(client_of(server)).state is State.READY
    assert len(server.calls) == 3
    dead = library(lambda call: (0, None))
    brought = import_picture(client_of(dead))
    assert (brought.state, brought.code) == (State.FAILED, "NO_ANSWER")
    assert len(dead.calls) <= 5


def test_a_refusal_keeps_the_services_own_code(library: Start, client_of: Connect) -> None:
    server = library(lambda call: refusal(400, "UNSUPPORTED_MEDIA", "That is no picture."))
    assert import_picture(client_of(server)) == Brought(
        State.FAILED, code="UNSUPPORTED_MEDIA", message="That is no picture."
    )


def test_a_refused_credential_is_not_one_rows_matter(library: Start, client_of: Connect) -> None:
    server = library(lambda call: refusal(403, "FORBIDDEN"))
    with pytest.raises(SignInError):
        import_picture(client_of(server))


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (file("READY", url="https://static.wixstatic.com.evil.com/x.jpg"), "WRONG_ADDRESS"),
        (file("READY", url="http://static.wixstatic.com/x.jpg"), "WRONG_ADDRESS"),
        (file("READY", url="https://a@static.wixstatic.com/x.jpg"), "WRONG_ADDRESS"),
        (file("READY", url=""), "WRONG_ADDRESS"),
        (file("READY"), "WRONG_ADDRESS"),
        (file("READY", url=VIDEO), "WRONG_KIND"),
        (file("FAILED", url=PICTURE), "MEDIA_FAILED"),
        ((200, {}), "NO_FILE"),
        ((200, {"file": []}), "NO_FILE"),
        ((200, {"file": {"operationStatus": "READY", "url": PICTURE}}), "NO_FILE"),
    ],
)
def test_only_a_file_of_the_library_and_of_the_kind_that_is_wanted_counts(
    library: Start, client_of: Connect, answer: tuple[int, Any], code: str
) -> None:
    brought = import_picture(client_of(library(lambda call: answer)))
    assert (brought.state, brought.code, brought.url) == (State.FAILED, code, "")
    assert brought.message


def test_an_unknown_state_counts_as_pending(library: Start, client_of: Connect) -> None:
    server = library(lambda call: file("TRANSCODING", url=PICTURE))
    assert import_picture(client_of(server)).state is State.PENDING


CONTENT = b"\xff\xd8\xff" + bytes(range(256)) * 1000


def chunks() -> Iterator[bytes]:
    for at in range(0, len(CONTENT), 10_000):
        yield CONTENT[at : at + 10_000]


def upload(client: Client, parts: Callable[[], Iterator[bytes]] = chunks, name: str = "Bär & co.jpg") -> Brought:
    return upload_file(client, parts, kind="IMAGE", mime="image/jpeg", size_bytes=len(CONTENT), name=name)


def uploading(target: Callable[[Call], str], put: Respond) -> Respond:
    def respond(call: Call) -> tuple[int, Any]:
        if call.path.endswith("/generate-upload-url"):
            return 200, {"uploadUrl": target(call)}
        return put(call)

    return respond


def test_a_file_goes_up_whole_and_without_the_credential(library: Start, client_of: Connect) -> None:
    store = library(lambda call: file("PENDING"))
    api = library(uploading(lambda call: f"{store.url}/upload/token-1?t=a%2Fb+c", lambda call: (500, {})))
    assert upload(client_of(api)) == Brought(State.PENDING, "file-1")
    (asked,) = api.calls
    assert asked.body == {"mimeType": "image/jpeg", "fileName": "Bär & co.jpg", "sizeInBytes": str(len(CONTENT))}
    assert asked.headers["authorization"] == KEY
    (put,) = store.calls
    assert (put.method, put.path) == ("PUT", "/upload/token-1")
    assert put.query == "t=a%2Fb+c&filename=B%C3%A4r%20%26%20co.jpg"
    assert put.content == CONTENT
    assert put.headers["content-type"] == "image/jpeg"
    assert put.headers["content-length"] == str(len(CONTENT))
    assert "transfer-encoding" not in put.headers
    assert not {"authorization", "wix-site-id", "cookie"} & set(put.headers)
    assert KEY not in str(put.headers)


def test_a_lost_upload_is_repeated_with_a_new_address_and_within_bounds(library: Start, client_of: Connect) -> None:
    answers = iter([(0, None), (503, {}), file("READY", url=PICTURE)])
    api = library(uploading(lambda call: f"{api.url}/up", lambda call: next(answers)))
    assert upload(client_of(api)) == Brought(State.READY, "file-1", PICTURE)
    assert [call.content == CONTENT for call in api.asked("/up")] == [True] * 3
    dead = library(uploading(lambda call: f"{dead.url}/up", lambda call: (0, None)))
    brought = upload(client_of(dead))
    assert (brought.state, brought.code) == (State.FAILED, "UPLOAD_CUT")
    assert len(dead.asked("/up")) == 3


def test_an_expired_upload_address_is_asked_for_anew(library: Start, client_of: Connect) -> None:
    answers = iter([refusal(403, "EXPIRED"), file("READY", url=PICTURE)])
    api = library(uploading(lambda call: f"{api.url}/up", lambda call: next(answers)))
    assert upload(client_of(api)).state is State.READY


def test_a_refused_upload_is_not_repeated(library: Start, client_of: Connect) -> None:
    api = library(uploading(lambda call: f"{api.url}/up", lambda call: refusal(413, "FILE_TOO_LARGE", "Too large.")))
    assert upload(client_of(api)) == Brought(State.FAILED, code="FILE_TOO_LARGE", message="Too large.")
    assert len(api.asked("/up")) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_an_upload_is_never_redirected(library: Start, client_of: Connect, status: int) -> None:
    api = library(uploading(lambda call: f"{api.url}/up", lambda call: (status, {})))
    assert upload(client_of(api)).state is State.FAILED
    assert api.asked("/elsewhere") == []


def test_what_the_bytes_raise_passes_through_and_nothing_whole_arrives(library: Start, client_of: Connect) -> None:
    api = library(uploading(lambda call: f"{api.url}/up", lambda call: file("READY", url=PICTURE)))

    def changed() -> Iterator[bytes]:
        yield CONTENT[:100_000]
        raise LookupError("changed")

    with pytest.raises(LookupError, match="changed"):
        upload(client_of(api), changed)
    assert api.asked("/up") == []


@pytest.mark.parametrize("target", ["", "ftp://127.0.0.1/up", "http://example.com/up", "//127.0.0.1/up", None, 7])
def test_nothing_is_sent_to_an_unsafe_address(library: Start, client_of: Connect, target: Any) -> None:
    api = library(uploading(lambda call: target, lambda call: file("READY", url=PICTURE)))
    brought = upload(client_of(api))
    assert (brought.state, brought.code) == (State.FAILED, "WRONG_ADDRESS")
    assert len(api.calls) == 1


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://upload.example.com/x?token=1", True),
        ("http://127.0.0.1:8000/x", True),
        ("http://[::1]:8000/x", True),
        ("http://localhost/x", True),
        ("http://10.0.0.1/x", False),
        ("https://10.0.0.1/x", False),
        ("https://169.254.169.254/latest", False),
        ("https://[fd00::1]/x", False),
        ("http://upload.example.com/x", False),
        ("https://user@upload.example.com/x", False),
        ("https://upload.example.com/x#part", False),
        ("https://upload.example.com\\x", False),
        ("https://upload.example.com/\n", False),
        ("https://127.1/x", False),
        ("https://2130706433/x", False),
        ("https://[::ffff:10.0.0.1]/x", False),
        ("https://router/x", False),
        ("https://printer.local/x", False),
        ("https://", False),
        ("https://[::1/x", False),
        ("https://example.com:99999/x", False),
        ("http://localhost.evil.com/x", False),
    ],
)
def test_an_upload_address_is_https_or_this_machine(url: str, safe: bool) -> None:
    assert is_safe_target(url, local=True) is safe
    assert is_safe_target(url, local=False) is (safe and url.startswith("https://upload"))


class Played:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = 0.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def on_wait(self, seconds: float) -> None:
        self.waits.append(seconds)


def wait(
    client: Client, played: Played, *, bound: float = 60.0, stopped: Callable[[], bool] = lambda: False
) -> Brought:
    return wait_ready(
        client,
        "file-1",
        kind="IMAGE",
        patience=Patience(bound, played.sleep, lambda: played.now, played.on_wait, stopped),
    )


def test_a_file_is_asked_for_until_it_is_ready(library: Start, client_of: Connect) -> None:
    answers = iter([file("PENDING"), file("PENDING"), file("READY", url=PICTURE)])
    server, played = library(lambda call: next(answers)), Played()
    assert wait(client_of(server), played) == Brought(State.READY, "file-1", PICTURE)
    assert {(c.method, c.path, c.query) for c in server.calls} == {
        ("GET", "/site-media/v1/files/get-file-by-id", "fileId=file-1")
    }
    assert played.waits == [0.0, 1.0]


def test_waiting_ends_at_its_bound(library: Start, client_of: Connect) -> None:
    server, played = library(lambda call: file("PENDING")), Played()
    brought = wait(client_of(server), played)
    assert (brought.state, brought.code) == (State.PENDING, "MEDIA_NOT_READY")
    assert "60 s" in brought.message
    assert played.now == 60.0
    assert len(server.calls) < 15


def test_waiting_ends_when_a_stop_is_asked_for(library: Start, client_of: Connect) -> None:
    server, played = library(lambda call: file("PENDING")), Played()
    assert wait(client_of(server), played, stopped=lambda: True).state is State.PENDING
    assert (len(server.calls), played.now) == (1, 0.0)


def test_a_file_that_fails_while_waited_for_has_failed(library: Start, client_of: Connect) -> None:
    answers = iter([file("PENDING"), file("FAILED")])
    brought = wait(client_of(library(lambda call: next(answers))), Played())
    assert (brought.state, brought.file_id, brought.code) == (State.FAILED, "file-1", "MEDIA_FAILED")
