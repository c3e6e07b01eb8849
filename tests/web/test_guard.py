"""Who is let in: only the browser that was opened, only this host, only our own forms, only files of a bounded size."""

from __future__ import annotations

import asyncio
import http.client
import re
import socket
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from starlette.exceptions import HTTPException

from batch.web.folder import safe_name
from batch.web.guard import MEDIA_BYTES, SHEET_BYTES, Guard

BOUNDARY = "frontier"


class Caller:
    """Speaks raw HTTP to the pages, with the cookie and the headers of a browser unless told otherwise."""

    def __init__(self, served: Any) -> None:
        self.served, _ = served
        status, headers, _ = self.call("GET", f"/?{urlsplit(self.served.address).query}", cookie="")
        assert (status, headers["location"]) == (303, "/")
        self.set_cookie = headers["set-cookie"]
        self.cookie = self.set_cookie.partition(";")[0]
        found = re.search(r'name="form_token" value="([^"]+)"', self.call("GET", "/")[2])
        assert found
        self.token = found[1]

    def call(
        self, method: str, path: str, *, body: bytes = b"", cookie: str | None = None, host: str = "", **headers: str
    ) -> tuple[int, Mapping[str, str], str]:
        """Make a call; return status, headers and text."""
        connection = http.client.HTTPConnection(self.served.host, timeout=60)
        connection.putrequest(method, path, skip_host=True)
        connection.putheader("Host", host or self.served.host)
        given = {"cookie": self.cookie if cookie is None else cookie, "content-length": str(len(body)), **headers}
        for name, value in given.items():
            connection.putheader(name.replace("_", "-"), value)
        connection.endheaders(body)
        with closing(connection), connection.getresponse() as answer:
            return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read().decode()

    def post(
        self, path: str, *, name: str = "", content: bytes = b"", token: str | None = None, field: str = "file",
        fields: Mapping[str, str] | None = None, **more: str,
    ) -> Any:  # fmt: skip
        """Send a form, with a file where it has a name."""
        fields = {"form_token": self.token if token is None else token, **(fields or {})}
        parts = [
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in fields.items()
        ]
        file = (
            f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n' if name else ""
        )
        body = "".join(parts).encode() + (file.encode() + content + b"\r\n" if name else b"")
        headers = {"origin": f"http://{self.served.host}", "content_type": f"multipart/form-data; boundary={BOUNDARY}"}
        return self.call("POST", path, body=body + f"--{BOUNDARY}--\r\n".encode(), **{**headers, **more})


@pytest.fixture(scope="module")
def caller(served: Any) -> Caller:
    return Caller(served)


@pytest.fixture
def folder(served: Any) -> Any:
    return served[1].folder


def names_in(folder: Any) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_the_first_address_gives_a_cookie_that_no_script_and_no_other_site_has(caller):
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {part.strip() for part in caller.set_cookie.split(";")}
    assert len(caller.cookie.partition("=")[2]) > 40
    assert caller.cookie.partition("=")[2] not in caller.served.address


@pytest.mark.parametrize("path", ["/", "/sheets/posts.csv", "/static/web.js", "/jobs/x", "/?token=wrong", "/?token="])
def test_without_the_cookie_there_is_nothing(caller, path):
    for cookie in ("", "postbatch=x", f"{caller.cookie}x", caller.cookie[:-1]):
        status, _, text = caller.call("GET", path, cookie=cookie)
        assert (status, "postbatch open" in text) == (403, True)


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.evil.example:80"])
def test_another_host_is_refused_also_with_the_cookie(caller, host):
    assert caller.call("GET", "/", host=host)[0] == 421


@pytest.mark.parametrize("headers", [
    {"origin": "http://evil.example"}, {"origin": "null"}, {"origin": ""}, {"origin": "http://127.0.0.1"},
    {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"},
])  # fmt: skip
def test_a_form_of_another_origin_is_refused(caller, folder, headers):
    before = names_in(folder)
    assert caller.post("/sheets", name="evil.csv", content=b"key\n", **headers)[0] == 403
    assert names_in(folder) == before


@pytest.mark.parametrize("token", ["", "wrong"])
@pytest.mark.parametrize("path", [
    "/sheets", "/sheets/posts.csv/plan", "/sheets/posts.csv/fix", "/sheets/posts.csv/media",
    "/runs/20260101-000000-abcd/undo",
    "/runs/20260101-000000-abcd/results",
])  # fmt: skip
def test_a_form_without_its_token_is_refused(caller, folder, token, path):
    before = names_in(folder)
    assert caller.post(path, name="evil.csv", content=b"key\n", token=token)[0] == 403
    assert names_in(folder) == before


def test_every_answer_says_what_a_browser_may_do_with_it(caller):
    for path, cookie in (("/", None), ("/static/web.css", None), ("/none", None), ("/", "")):
        _, headers, _ = caller.call("GET", path, cookie=cookie)
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe-inline" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert not [name for name in headers if name.startswith("access-control")]


def test_no_page_holds_script_or_style_of_its_own(caller):
    for path in ("/", "/sheets/posts.csv", "/none"):
        text = caller.call("GET", path)[2]
        assert "<script>" not in text
        assert not re.search(r"<style|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("path", [
    "/sheets/..%2Foutside.csv", "/sheets/../outside.csv", "/sheets/%2e%2e%2foutside.csv", "/sheets/none.csv",
    "/sheets/%2Fetc%2Fpasswd", "/static/app.py", "/static/..%2Fapp.py", "/jobs/..%2F..%2Fx", "/jobs/x/page",
    "/jobs/20260101-000000-00000000/files/0", "/runs/..%2Fx/undo", "/runs/--yes/undo%2F..",
    "/sheets/..%2Foutside.csv/download", "/sheets/%2e%2e%2foutside.csv/download", "/sheets/none.csv/download",
    "/sheets/posts.csv/download/..%2F..%2Foutside.csv",
])  # fmt: skip
def test_nothing_outside_of_the_folder_is_shown(caller, path):
    assert caller.call("GET", path)[0] == 404


@pytest.mark.parametrize(("name", "kept"), [
    ("../../up.csv", "up.csv"), ("C:\\\\tmp\\\\win.csv", "win.csv"), (".hidden.csv", "hidden.csv"),
    ("con.csv", "_con.csv"), ("a:b?.csv", "a_b_.csv"),
])  # fmt: skip
def test_an_uploaded_file_is_kept_in_the_folder_under_a_safe_name(caller, folder, name, kept):
    status, headers, _ = caller.post("/sheets", name=name, content=b"key,text\na,b\n")
    assert (status, headers["location"]) == (303, f"/sheets/{kept}")
    assert (folder / kept).read_bytes() == b"key,text\na,b\n"


@pytest.mark.parametrize("name", ["evil.toml", "postbatch.toml", "x.exe", "csv", ".csv", "x.csv.html", "x"])
def test_what_is_no_sheet_is_not_kept(caller, folder, name):
    before = names_in(folder)
    status, _, text = caller.post("/sheets", name=name, content=b"x")
    assert (status, "can&#39;t be used" in text) == (400, True)
    assert names_in(folder) == before


def test_an_uploaded_file_never_takes_the_place_of_another(caller, folder):
    before = (folder / "posts.csv").read_bytes()
    _, headers, _ = caller.post("/sheets", name="posts.csv", content=b"key,text\nother,one\n")
    assert headers["location"].partition("?")[0] == "/sheets/posts%20%282%29.csv"
    assert (folder / "posts.csv").read_bytes() == before
    assert "Another posts.csv is in this folder and stays as it is" in caller.call("GET", headers["location"])[2]
    again = caller.post("/sheets", name="posts.csv", content=b"key,text\nother,one\n")[1]
    assert again["location"].partition("?")[0] == "/sheets/posts%20%282%29.csv", "the same file is not kept twice"
    assert caller.post("/sheets", name="posts.csv", content=before)[1]["location"] == "/sheets/posts.csv"


@pytest.mark.parametrize(("path", "most", "told"), [
    ("/sheets", MEDIA_BYTES, b"larger than 1 GB"), ("/sheets/posts.csv/media", MEDIA_BYTES, b"larger than 1 GB"),
    ("/sheets/posts.csv/plan", SHEET_BYTES, b"larger than 50 MB"),
])  # fmt: skip
def test_files_that_are_too_large_are_refused_by_their_length_before_they_are_read(caller, folder, path, most, told):
    before = names_in(folder)
    with socket.create_connection(caller.served.host.split(":"), timeout=20) as line:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {caller.served.host}\r\nOrigin: http://{caller.served.host}\r\n"
            f"Cookie: {caller.cookie}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            f"Content-Length: {most * 2}\r\n\r\n"
        )
        line.sendall(head.encode())
        answer = b"".join(iter(lambda: line.recv(4096), b""))
        assert b" 413 " in answer
        assert told in answer
    assert names_in(folder) == before


def test_a_file_of_no_stated_length_is_cut_off_at_the_bound(caller, folder):
    before = names_in(folder)
    with socket.create_connection(caller.served.host.split(":"), timeout=60) as line:
        head = (
            f"POST /sheets/posts.csv/plan HTTP/1.1\r\nHost: {caller.served.host}\r\n"
            f"Origin: http://{caller.served.host}\r\n"
            f"Cookie: {caller.cookie}\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        line.sendall(head.encode())
        part = b'--x\r\nContent-Disposition: form-data; name="file"; filename="big.csv"\r\n\r\n'
        chunk = b"a" * 1024 * 1024
        answer = b""
        with suppress(OSError):  # it may hang up, or answer
            line.sendall(b"%x\r\n%s\r\n" % (len(part), part))
            for _ in range(60):
                line.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
        with suppress(OSError):
            answer = line.recv(200)
    assert b" 413 " in answer or answer == b""
    assert names_in(folder) == before


def test_a_sheet_that_is_too_large_is_not_kept_although_media_may_be(caller, folder):
    before = names_in(folder)
    status, _, text = caller.post("/sheets", name="big.csv", content=b"a" * (SHEET_BYTES + 1))
    assert (status, "larger than 50 MB" in text) == (413, True)
    assert names_in(folder) == before


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_another_method_does_nothing(caller, method):
    for path in ("/", "/sheets", "/sheets/posts.csv", "/jobs/x/apply"):
        status, headers, _ = caller.call(method, path, origin=f"http://{caller.served.host}")
        assert status in {404, 405}
        assert not [name for name in headers if name.startswith("access-control")]
        assert caller.call(method, path)[0] == 403


def test_head_answers_as_get_does_and_gives_no_cookie(caller):
    assert caller.call("HEAD", "/")[0] == 200
    status, headers, _ = caller.call("HEAD", f"/?{urlsplit(caller.served.address).query}", cookie="")
    assert (status, "set-cookie" in headers) == (403, False)


@pytest.mark.parametrize("cookie", ["\xff\xfe", "{name}=\xff", "{name}=" + "x" * 5000, "{name}=;;;=", "\t"])
def test_any_cookie_and_token_gets_an_answer(caller, cookie):
    name = caller.cookie.partition("=")[0]
    assert caller.call("GET", "/", cookie=cookie.format(name=name))[0] == 403
    assert caller.call("GET", "/?token=%ff%fe%00%E2%80%AE", cookie="")[0] == 403
    assert caller.post("/sheets", name="a.csv", content=b"x", token="\u202e\xff")[0] == 403


def test_names_keep_their_letters_and_lose_what_a_system_would_trip_over() -> None:
    endings = frozenset({".csv"})
    assert safe_name("Frühling – März.csv", endings=endings) == "Frühling – März.csv"
    assert safe_name("/etc/passwd/../x.CSV", endings=endings) == "x.CSV"
    assert safe_name("a\x00b\nc.csv", endings=endings) == "a_b_c.csv"
    assert safe_name("aux.2026.csv", endings=endings) == "_aux.2026.csv"
    assert len(safe_name("x" * 500 + ".csv", endings=endings)) <= 104
    assert len(safe_name("ü" * 500 + ".csv", endings=endings).encode()) < 255
    assert safe_name("a\u202ecsv.exe\u202c.csv", endings=endings) == "a_csv.exe_.csv"
    assert safe_name("<b>\"'.csv", endings=endings) == "_b__'.csv"


def test_what_is_sent_is_bounded_whatever_length_is_stated() -> None:
    async def app(_scope: Any, receive: Any, _send: Any) -> None:
        while (await receive()).get("more_body"):
            pass

    async def endless() -> Any:
        return {"type": "http.request", "body": b"x" * 1000, "more_body": True}

    guard = Guard(app, port=1, media_bytes=5_000)
    cookie = f"{guard.cookie_name}={guard.cookie}".encode()
    headers = [(b"host", b"localhost:1"), (b"origin", b"http://localhost:1"), (b"cookie", cookie)]
    for path, most in (("/sheets/a.csv/media", 5_000), ("/sheets", 5_000), ("/sheets/a.csv/plan", SHEET_BYTES)):
        scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": headers}
        read = 0

        async def counted() -> Any:
            nonlocal read
            read += 1000
            return await endless()

        with pytest.raises(HTTPException) as refusal, ThreadPoolExecutor() as apart:
            # In a thread of its own: the browser of other tests leaves a loop running in this one.
            apart.submit(asyncio.run, guard(scope, counted, None)).result()
        assert refusal.value.status_code == 413
        assert most < read < most + 100_000
