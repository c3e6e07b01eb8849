"""A service that repeats the key in every text of its answers: no command shows it, no file keeps it."""

from __future__ import annotations

import base64
import itertools
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zlib import crc32

import httpx
import pytest
from PIL import Image

from batch.sandbox.sites import SITE_ID
from tests.commands.conftest import Desk, bare_environ
from tests.commands.test_mcp import talk
from tests.rig.server import RigServer

KEY = "IST.eyJraWQi+canary/key=that~is_never-shown_0815"


def in_base64(text: str, *, before: int) -> str:
    return base64.b64encode(b"u" * before + text.encode() + b":tail").decode()


SPELLINGS: tuple[str, ...] = (
    KEY,
    quote(KEY, safe=""),
    quote(KEY, safe="").replace("%2F", "%2f").replace("%2B", "%2b").replace("%3D", "%3d"),
    "".join(f"%{ord(letter):02X}" for letter in KEY),
    quote(quote(KEY, safe=""), safe=""),
    KEY.replace("/", "\\/"),
    *(in_base64(KEY, before=n) for n in range(3)),
    base64.urlsafe_b64encode(KEY.encode()).decode(),
    KEY[:30],
    KEY[-24:],
)
TRACES: tuple[str, ...] = (
    KEY[4:20], "%6E%65%76%65%72%2D%73%68%6F%77%6E", "canary%2F", "canary%2f", "canary%252F", "canary\\/key",
    *(in_base64(KEY, before=n)[12:40] for n in range(3)), KEY[-16:], "canary",
)  # fmt: skip
"""What of each spelling would tell that it was kept."""
KEPT_FIELDS = frozenset({
    "status", "type", "scheduledDate", "createdDate", "updatedDate", "uploadUrl", "mimeType", "enabled", "period",
    "cursor", "caption", "text", "title", "url", "name",
})  # fmt: skip
"""What has to be as it is, or no command would come far; IDs and words in capitals too."""


def repeat_key(value: Any, *, everywhere: bool, name: str = "") -> Any:
    """Return an answer with the key behind each text, the same spelling for the same text, and in new fields."""
    spelling = SPELLINGS[crc32(f"{name} {value}".encode()) % len(SPELLINGS)]
    if isinstance(value, dict):
        said = {field: repeat_key(member, everywhere=everywhere, name=field) for field, member in value.items()}
        return {**said, f"echo {spelling}": spelling}
    if isinstance(value, list):
        return [repeat_key(member, everywhere=everywhere, name=name) for member in value]
    keep = not everywhere and (name in KEPT_FIELDS or name.lower().endswith("id") or str(value).isupper())
    return f"{value} {spelling}" if isinstance(value, str) and not keep else value


@contextmanager
def repeating(url: str, *, everywhere: bool, refusing: Iterator[int]) -> Iterator[str]:
    """Stand before the service at `url`; `refusing` is the status with which each call is refused, 0 = it goes on."""
    lock = threading.Lock()

    class Between(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            """Say nothing."""

        def answer(self) -> None:
            content = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                status = next(refusing)
            headers = {name: value for name, value in self.headers.items() if name.lower() != "accept-encoding"}
            if status:
                refusal = {"code": f"X {KEY}", "description": f"bad key {KEY}", "data": {"key": KEY}}
                said: Any = {"message": f"bad key {KEY}", "details": {"applicationError": refusal}}
            else:
                passed = httpx.request(self.command, f"{url}{self.path}", content=content, headers=headers)
                status, said = passed.status_code, passed.json() if passed.content else {}
            data = json.dumps(repeat_key(said, everywhere=everywhere)).encode()
            self.send_response(status, f"Key {KEY}")
            kind = "application/json" if status != 418 else f"text/{KEY}"
            for name, value in {"Content-Type": kind, "Content-Length": len(data), "X-Request": KEY}.items():
                self.send_header(name, str(value))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Between)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


SHEET = [
    {"key": "a", "channel": "FACEBOOK", "text": "One", "publish_at": "2031-01-01 10:00"},
    {"key": "b", "channel": "INSTAGRAM", "text": "Two", "media": "pot.png", "publish_at": "2031-01-02 10:00"},
    {"key": "c", "channel": "GBP", "text": "Now", "publish_at": "now"},
    {"key": "d", "channel": "FACEBOOK", "text": "[sandbox:fail] now", "publish_at": "now"},
    {"key": "e", "channel": "LINKEDIN", "generate": "caption", "prompt": "Pots"},
]
COMMANDS = tuple(
    line.split()
    for line in """
accounts --assets
doctor
template --connected --out template.xlsx
plan posts.csv --out plan.json --page plan.html --verbose
plan posts.csv --json
run posts.csv --yes --verbose
run posts.csv --yes --json --out run.json
status posts.results.xlsx --json
run moved.csv --yes --out moved.csv.json
undo last --yes
watch --once --notify-command tee
report --month 2031-01 --out report.xlsx
report --month 2031-01 --json
pull --all --out pulled.csv
""".strip().splitlines()
)


def left_by(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, the parts of workbooks each for itself."""
    found: dict[str, bytes] = {}
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        content = path.read_bytes()
        found[str(path)] = path.name.encode() + content
        if path.suffix == ".xlsx":
            with zipfile.ZipFile(BytesIO(content)) as book:
                found |= {f"{path}/{part}": book.read(part) for part in book.namelist()}
    return found


REFUSALS = (400, 409, 418, 500)


@pytest.mark.parametrize("everywhere", [False, True], ids=["in texts, and in refusals", "in every field"])
def test_nothing_keeps_or_shows_a_key_that_the_service_repeats(tmp_path: Path, *, everywhere: bool) -> None:
    (tmp_path / "desk").mkdir()
    Image.new("RGB", (640, 640)).save(tmp_path / "desk" / "pot.png")
    (tmp_path / "config" / "postbatch").mkdir(parents=True)
    own = f'timezone = "UTC"\nsettle_seconds = 0.1\n[sites.pottery]\nsite_id = "{SITE_ID}"\n'
    (tmp_path / "config" / "postbatch" / "postbatch.toml").write_text(own, encoding="utf-8")
    often = () if everywhere else REFUSALS
    refusing = itertools.cycle([0, *(status for refusal in often for status in (*(0,) * 17, refusal))])
    with RigServer(sites=[SITE_ID]) as server, repeating(server.url, everywhere=everywhere, refusing=refusing) as url:
        desk = Desk(tmp_path / "desk", {**bare_environ(tmp_path), "WIX_API_KEY": KEY, "WIX_API_URL": url})
        desk.write("posts.csv", SHEET)
        desk.write("moved.csv", [{**SHEET[0], "publish_at": "2031-01-05 10:00", "text": "Changed"}])
        shown = {}
        for command in COMMANDS[3:8] if everywhere else COMMANDS:
            ended = desk(*command)
            shown[f"said by {' '.join(command)}"] = f"{ended.out}{ended.err}".encode()
        asked = [("plan", {"sheet": "posts.csv"}), ("accounts", {}), ("report", {"month": "2031-01"})]
        shown["said to an agent"] = str(talk(desk, *asked)).encode()
        if not everywhere:
            assert {post["outcome"] for post in desk.posts("run.json")} & {"scheduled", "published", "unchanged"}
            assert b"[hidden]" in b"".join(shown.values())
    leaks = {
        name: trace
        for name, content in (shown | left_by(tmp_path)).items()
        for trace in TRACES
        if trace.encode() in content
    }
    assert leaks == {}
