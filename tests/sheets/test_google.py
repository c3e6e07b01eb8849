"""A Google Sheet by its link: one host asked, redirects to the vendor's own only, and no person's work overwritten.

A real HTTP server on loopback plays the vendor.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from batch.errors import SheetError
from batch.sheets.google import NOT_SHARED, NOT_THERE, Vendor, download_sheet, read_link
from batch.sheets.read import read_sheet

ID = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789abcdef"
LINK = f"https://docs.google.com/spreadsheets/d/{ID}/edit#gid=0"
EXPORT = f"/spreadsheets/d/{ID}/export?format=xlsx"
WORKBOOK = (Path(__file__).parents[2] / "samples" / "launch-week.xlsx").read_bytes()

Answer = tuple[int, dict[str, str], bytes]


@contextmanager
def vendor(answer: Callable[[str], Answer]) -> Iterator[tuple[Vendor, list[str]]]:
    """Play the vendor: `answer` gives status, headers and body for a path; the paths that were asked for are kept."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            status, headers, body = answer(self.path)
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's own name
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield Vendor(f"http://127.0.0.1:{server.server_port}", ("127.0.0.1",)), asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def refused(tmp_path: Path, answer: Callable[[str], Answer]) -> str:
    with vendor(answer) as (played, _), pytest.raises(SheetError) as caught:
        download_sheet(LINK, folder=tmp_path, state=tmp_path / "state", vendor=played)
    assert list(tmp_path.glob("*.xlsx")) == []
    return str(caught.value)


@pytest.mark.parametrize(
    ("link", "path"),
    [
        (LINK, EXPORT),
        (f"https://docs.google.com/spreadsheets/d/{ID}", EXPORT),
        (f"https://docs.google.com/spreadsheets/u/1/d/{ID}/edit?usp=sharing", EXPORT),
        (f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=77#gid=77", EXPORT),
        (f"https://docs.google.com/spreadsheets/d/e/{ID}/pubhtml", f"/spreadsheets/d/e/{ID}/pub?output=xlsx"),
    ],
)
def test_the_links_that_people_copy_are_read(link: str, path: str) -> None:
    assert read_link(link) == (ID, path)


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/posts.xlsx",
        f"http://docs.google.com/spreadsheets/d/{ID}/edit",
        f"https://docs.google.com.evil.example/spreadsheets/d/{ID}/edit",
        f"https://evil.example/?https://docs.google.com/spreadsheets/d/{ID}",
        "https://docs.google.com/document/d/abc/edit",
        "https://docs.google.com/spreadsheets/",
        "https://drive.google.com/file/d/abc/view",
        "https://[",
    ],
)
def test_other_links_are_refused_with_what_to_do(link: str) -> None:
    with pytest.raises(SheetError, match=r"Download the sheet as|copy the address from the browser"):
        read_link(link)


def test_a_shared_sheet_is_downloaded_and_read_like_a_file(tmp_path: Path) -> None:
    with vendor(lambda path: (200, {}, WORKBOOK)) as (played, asked):
        path = download_sheet(LINK, folder=tmp_path, state=tmp_path / "state", vendor=played)
    assert asked == [f"/spreadsheets/d/{ID}/export?format=xlsx"]
    assert path == tmp_path / "google-sheet-1AbCdEfGhI.xlsx"
    assert len(read_sheet(path).rows) > 5


def test_it_is_brought_again_under_its_name_but_never_over_a_copy_that_was_changed(tmp_path: Path) -> None:
    with vendor(lambda path: (200, {}, WORKBOOK)) as (played, _):
        path = download_sheet(LINK, folder=tmp_path, state=tmp_path / "state", vendor=played)
        assert download_sheet(LINK, folder=tmp_path, state=tmp_path / "state", vendor=played) == path
        path.write_bytes(WORKBOOK + b"changed")
        with pytest.raises(SheetError, match="was changed here since it was downloaded"):
            download_sheet(LINK, folder=tmp_path, state=tmp_path / "state", vendor=played)
    assert path.read_bytes() == WORKBOOK + b"changed"


def test_a_redirect_to_the_vendors_own_hosts_is_followed(tmp_path: Path) -> None:
    def answer(path: str) -> Answer:
        return (200, {}, WORKBOOK) if path == "/content/1" else (307, {"location": "/content/1"}, b"")

    with vendor(answer) as (played, asked):
        download_sheet(LINK, folder=tmp_path, state=tmp_path / "state", vendor=played)
    assert asked[-1] == "/content/1"


def test_a_redirect_to_anywhere_else_is_not_followed(tmp_path: Path) -> None:
    with vendor(lambda path: (200, {}, WORKBOOK)) as (elsewhere, asked):
        away = elsewhere.address.replace("127.0.0.1", "localhost")
        assert refused(tmp_path, lambda path: (302, {"location": f"{away}/ServiceLogin"}, b"")) == NOT_SHARED
    assert asked == []


@pytest.mark.parametrize(
    "location",
    ["https://accounts.google.com/ServiceLogin", "https://docs.google.com@evil.example/x", "http://docs.google.com/x",
     "https://evilgoogleusercontent.com/x", "file:///etc/passwd"],
)  # fmt: skip
def test_the_vendors_hosts_are_compared_whole(location: str) -> None:
    assert not Vendor().hands_out(location)
    assert Vendor().hands_out("https://doc-0s-1k-sheets.googleusercontent.com/export/x")


def test_what_is_not_shared_not_there_or_not_a_workbook_gets_one_sentence(tmp_path: Path) -> None:
    assert refused(tmp_path, lambda path: (401, {}, b"")) == NOT_SHARED
    assert refused(tmp_path, lambda path: (200, {}, b"<html>Sign in</html>")) == NOT_SHARED
    assert refused(tmp_path, lambda path: (404, {}, b"")) == NOT_THERE
    assert refused(tmp_path, lambda path: (302, {"location": "/again"}, b"")) == NOT_SHARED
    assert "HTTP 503" in refused(tmp_path, lambda path: (503, {}, b""))


def test_size_and_time_are_bounded(tmp_path: Path) -> None:
    assert "too large" in refused(tmp_path, lambda path: (200, {}, b"PK" + bytes(50_000_001)))
    ticks = iter(range(0, 10_000, 100))
    with vendor(lambda path: (200, {}, WORKBOOK)) as (played, _), pytest.raises(SheetError, match="too long"):
        download_sheet(
            LINK, folder=tmp_path, state=tmp_path / "state", vendor=replace(played, clock=lambda: float(next(ticks)))
        )


def test_no_service_is_told_as_that(tmp_path: Path) -> None:
    with pytest.raises(SheetError, match="can't be reached"):
        download_sheet(LINK, folder=tmp_path, state=tmp_path, vendor=Vendor("http://127.0.0.1:9", ("127.0.0.1",)))
