"""The credential is in nothing that a real run leaves behind or shows while it runs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.rig.server import RigServer

KEY = "IST.recognisable-key-that-must-not-show-0815"
ROOT = Path(__file__).resolve().parents[2]
COMMANDS = (
    ["trust"],
    ["check", "posts.csv"],
    ["plan", "posts.csv", "--out", "plan.json"],
    ["accounts"],
    ["doctor"],
    ["run", "posts.csv", "--yes", "--verbose", "--out", "results.xlsx"],
    ["run", "posts.csv", "--yes", "--out", "results.json"],
    ["results", "last", "--out", "again.csv"],
    ["runs"],
    ["pull", "--out", "pulled.csv"],
    ["undo", "last", "--yes"],
)
RUN = next(command for command in COMMANDS if command[0] == "run")


def _shown(pid: int) -> bytes:
    """What the process list shows of a process: its command line (its own environment is nobody else's to read)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _run(arguments: list[str], folder: Path, url: str) -> tuple[bytes, bytes]:
    """Run a command and return what it said, and what the process list showed of it and its children meanwhile."""
    environ = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "WIX_API_KEY": KEY, "WIX_API_URL": url,
        "WIX_SITE_ID": "5a11d0b0-0000-4000-8000-706f74746572", "POSTBATCH_STATE_DIR": str(folder / "state"),
        "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    listed = b""
    with subprocess.Popen(
        [sys.executable, "-m", "batch", *arguments],
        cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        said = b""
        while process.poll() is None:
            listed += _shown(process.pid) + b"".join(_shown(child) for child in _children(process.pid))
            said += process.stdout.read() or b""
            time.sleep(0.02)
        os.set_blocking(process.stdout.fileno(), True)
        said += process.stdout.read()
    return said, listed


@pytest.fixture(scope="module")
def left_behind(tmp_path_factory) -> dict[str, bytes]:
    """Everything that a run of every command has said, shown and written; refusals and failures included."""
    folder = tmp_path_factory.mktemp("kept")
    (folder / "postbatch.toml").write_text('timezone = "UTC"\nsettle_seconds = 0.1\n', encoding="utf-8")
    rows = ["a,FACEBOOK,2031-01-01T10:00:00Z,Text a", "b,GBP,now,Text b", "c,FACEBOOK,,[sandbox:fail] c", "d,Chanel,,x"]
    (folder / "posts.csv").write_text("\n".join(["key,channel,publish_at,text", *rows]), encoding="utf-8")
    found: dict[str, bytes] = {}
    with RigServer() as server:
        error = {"applicationError": {"code": "X", "description": f"bad key {KEY}"}}
        echo = json.dumps({"message": f"bad key {KEY}", "details": error})
        server.service.add_fault(kind="body", call="create_draft", status=400, body=echo, times=1, made=False)
        for number, arguments in enumerate(COMMANDS):
            said, listed = _run(arguments, folder, server.url)
            found[f"{number} {arguments[0]} said"], found[f"{number} {arguments[0]} listed"] = said, listed
        for status in (401, 403):
            server.service.add_fault(kind="body", call="query_items", status=status, body=echo, times=1)
            found[f"refused with {status}"] = _run(RUN, folder, server.url)[0]
    found["no service"] = _run(RUN, folder, server.url)[0]
    for path in folder.rglob("*"):
        if path.is_file():
            found[str(path.relative_to(folder))] = path.name.encode() + path.read_bytes()
    return found


def test_the_credential_is_nowhere(left_behind):
    spelled = (KEY.encode(), KEY.encode("utf-16-le"), KEY[4:30].encode())
    assert [name for name, content in left_behind.items() if any(word in content for word in spelled)] == []


def test_it_is_in_no_workbook_either(left_behind, tmp_path):
    import zipfile
    from io import BytesIO

    books = {name: content for name, content in left_behind.items() if name.endswith(".xlsx")}
    assert books
    for name, content in books.items():
        with zipfile.ZipFile(BytesIO(content[len(Path(name).name) :])) as book:
            assert not any(KEY.encode() in book.read(part) for part in book.namelist())


def test_the_commands_really_ran(left_behind):
    names = set(left_behind)
    assert {"results.json", "results.xlsx", "plan.json", "again.csv", "pulled.csv"} <= names
    assert any(name.endswith(".sqlite") for name in names)
    assert b"published" in left_behind["results.json"] or b"unchanged" in left_behind["results.json"]
    assert b"401" in left_behind["refused with 401"]


def test_state_and_journal_are_their_owners_alone(tmp_path):
    (tmp_path / "posts.csv").write_text("key,channel,text\na,FACEBOOK,Text a\n", encoding="utf-8")
    with RigServer() as server:
        _run(["run", "posts.csv", "--yes", "--out", "r.json"], tmp_path, server.url)
    state = tmp_path / "state"
    assert [p for p in (state, *state.rglob("*")) if p.is_dir() and p.stat().st_mode & 0o077] == []
    assert [p for p in state.rglob("*") if p.is_file() and p.stat().st_mode & 0o077] == []
