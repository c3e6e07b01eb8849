"""Windows and macOS, as far as another system can tell: their path forms, shells and consoles, and what they lack."""

from __future__ import annotations

import ast
import io
import json
import ntpath
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from PIL import Image

from batch.rules.sources import DEVICE_NAMES, path_parts, refuse_path
from batch.wording import shell_join

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "batch").rglob("*.py"))}
LACKING = """
import os, signal, sys
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "fork", "getxattr", "killpg"):
    if hasattr(os, name):
        delattr(os, name)
for name in ("SIGHUP", "SIGKILL", "SIGPIPE", "SIGALRM"):
    delattr(signal, name)
os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks = set(), set(), set()
replace = os.replace
def replace_unless_open(source, target, **more):
    if os.path.basename(target) in os.environ.get("OPEN_IN_EXCEL", "").split(","):
        raise PermissionError(13, "The process cannot access the file", os.fspath(target))
    return replace(source, target, **more)
os.replace = replace_unless_open
"""
"""What a second Python finds at its start: nothing that only POSIX has, and open files that can't be replaced."""


def command(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("WIX_", "POSTBATCH_", "PYTHON"))}
    homes = {"POSTBATCH_STATE_DIR": str(folder / "state"), "XDG_CONFIG_HOME": str(folder / "config")}
    return subprocess.run(
        [sys.executable, "-m", "batch", *arguments], cwd=folder, capture_output=True, check=False, timeout=120,
        env={**kept, **homes, "PYTHONPATH": str(ROOT), **environ},
    )  # fmt: skip


@pytest.fixture
def sheet(tmp_path: Path) -> Path:
    """A folder with a picture below it, a link that leads out of it, and a sheet that names both as people there do."""
    (tmp_path / "pictures").mkdir()
    made = io.BytesIO()
    Image.new("RGB", (600, 600), "teal").save(made, "PNG")
    (tmp_path / "pictures" / "bowl.png").write_bytes(made.getvalue())
    outside = tmp_path.parent / f"{tmp_path.name}-outside.png"
    outside.write_bytes(made.getvalue())
    (tmp_path / "out.png").symlink_to(outside)
    rows = [
        "key,channel,text,media,publish_at,timezone",
        "a,FACEBOOK,Grüße ☕,pictures\\bowl.png,2031-03-03 09:00,Europe/Berlin",
        "b,FACEBOOK,Hello,out.png,2031-03-03 10:00,Europe/Berlin",
    ]
    (tmp_path / "posts.csv").write_text("\r\n".join(rows), encoding="utf-8")
    return tmp_path


def test_it_works_where_nothing_is_that_only_posix_has_and_names_its_fallback(sheet: Path) -> None:
    (sheet / "without").mkdir()
    (sheet / "without" / "sitecustomize.py").write_text(LACKING, encoding="utf-8")
    lacking = {"PYTHONPATH": os.pathsep.join([str(sheet / "without"), str(ROOT)])}
    ended = command(sheet, "run", "posts.csv", "--sandbox", "--yes", "--json", **lacking)
    posts = {post["key"]: post for post in json.loads(ended.stdout)["posts"]}
    assert {key: post["outcome"] for key, post in posts.items()} == {"a": "scheduled", "b": "invalid"}
    assert "a link leads out of the folder" in posts["b"]["message"]
    again = command(
        sheet,
        "run",
        "posts.csv",
        "--sandbox",
        "--yes",
        **lacking,
        OPEN_IN_EXCEL="posts.results.xlsx,posts.results.html",
    )
    told = (again.stdout + again.stderr).decode()
    assert again.returncode == 1
    assert "posts.results.xlsx is open in another program or write-protected, so posts.results-2.xlsx" in told
    assert load_workbook(sheet / "posts.results-2.xlsx", read_only=True).sheetnames
    undone = command(sheet, "undo", "last", "--sandbox", "--yes", "--json", **lacking)
    assert json.loads(undone.stdout)["posts"] or undone.returncode == 2
    checked = command(sheet, "doctor", "--sandbox", "--verbose", **lacking)
    assert b"opens media by their paths" in checked.stdout
    assert b"opens media by their paths" not in command(sheet, "doctor", "--sandbox", "--verbose").stdout


@pytest.mark.parametrize("encoding", ["cp1252", "cp437", "ascii"])
def test_what_programs_read_is_utf_8_and_no_console_is_too_small(sheet: Path, encoding: str) -> None:
    console = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    found = command(sheet, "plan", "posts.csv", "--sandbox", "--json", **console)
    assert "Grüße ☕" in found.stdout.decode("utf-8")
    lines = command(sheet, "run", "posts.csv", "--sandbox", "--yes", "--json-events", **console).stdout.decode("utf-8")
    assert "Grüße ☕" in lines
    for words in (["plan", "posts.csv", "--sandbox"], ["check", "posts.csv"], ["run", "--help"], ["runs", "--sandbox"]):
        ended = command(sheet, *words, **console)
        assert b"Traceback" not in ended.stderr
        assert ended.stdout.decode(encoding)


def test_time_zones_need_nothing_of_the_system(sheet: Path) -> None:
    (sheet / "posts.csv").write_text(
        "channel,text,publish_at,timezone\nFACEBOOK,Hi,2031-07-03 09:00,America/Sao_Paulo\n", encoding="utf-8"
    )
    ended = command(sheet, "plan", "posts.csv", "--sandbox", "--json", PYTHONTZPATH="")
    assert "2031-07-03T12:00:00" in ended.stdout.decode()
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    assert [one for one in wanted if one.startswith("tzdata") and ";" not in one]


SHELL = {
    ("postbatch", "run", "posts.xlsx"): "postbatch run posts.xlsx",
    ("postbatch", "run", "my posts.xlsx"): 'postbatch run "my posts.xlsx"',
    ("postbatch", "run", "Q&A.xlsx"): 'postbatch run "Q&A.xlsx"',
    ("postbatch", "run", "C:\\posts\\may.xlsx"): "postbatch run C:\\posts\\may.xlsx",
    ("postbatch", "run", "--only", "channel=GBP and Status=yes"): 'postbatch run --only "channel=GBP and Status=yes"',
    ("postbatch", "run", "a;b|c>d.csv"): 'postbatch run "a;b|c>d.csv"',
    ("postbatch", "run", ""): 'postbatch run ""',
}  # fmt: skip


@pytest.mark.parametrize("words", SHELL, ids=" ".join)
def test_a_command_is_written_as_the_shells_of_windows_take_it(words: tuple[str, ...]) -> None:
    assert shell_join(words, windows=True) == SHELL[words]
    assert "'" not in shell_join(words, windows=True)


PARTS = st.one_of(
    st.sampled_from([*sorted(DEVICE_NAMES), "con.png", "NUL .jpg", "COM1.tar.gz"]),
    st.sampled_from(["..", ".", "c:", "C:x", "pic.jpg", "a ", "a."]),
    st.text("aZ9 ._-:\\/~%é\u2215", min_size=1, max_size=12),
)  # fmt: skip


@given(st.lists(PARTS, min_size=1, max_size=5), st.sampled_from(["/", "\\"]))
def test_no_entry_that_is_let_through_leaves_the_folder_or_names_a_device_on_windows(
    parts: list[str], slash: str
) -> None:
    source = slash.join(parts)
    if refuse_path(source):
        return
    home = PureWindowsPath("C:\\sheets")
    path = home.joinpath(*path_parts(source))
    assert path.is_relative_to(home)
    assert ntpath.normpath(str(path)).startswith("C:\\sheets")
    assert not any(re.sub(r"[ .].*", "", part).casefold() in DEVICE_NAMES for part in path.parts[1:])
    assert all(part == part.rstrip(". ") for part in path.parts[1:])
    assert path.drive == "C:"


POSIX_MODULES = {"fcntl", "pwd", "grp", "termios", "pty", "tty", "resource", "syslog"}
POSIX_NAMES = {
    "fork", "getuid", "geteuid", "getgid", "setsid", "killpg", "mkfifo", "getxattr", "chown", "O_NOFOLLOW",
    "O_NONBLOCK", "O_CLOEXEC", "O_DIRECTORY", "SIGHUP", "SIGKILL", "SIGALRM", "SIGPIPE", "SIGUSR1", "alarm",
    "uname", "sysconf",
}  # fmt: skip
GUARDED = {
    ("media.py", "O_NOFOLLOW"): "only where CAN_OPEN_BELOW",
    ("media.py", "O_NONBLOCK"): "only where CAN_OPEN_BELOW",
    ("media.py", "O_CLOEXEC"): "only where CAN_OPEN_BELOW",
    ("atomic.py", "getxattr"): "within suppress(AttributeError)",
}


def test_what_only_posix_has_is_used_behind_a_guard() -> None:
    used = {
        (path.name, node.attr)
        for path, tree in SOURCES.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        and node.value.id in ("os", "signal") and node.attr in POSIX_NAMES
    }  # fmt: skip
    assert used == set(GUARDED)
    for path, tree in SOURCES.items():
        for node in tree.body:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not POSIX_MODULES & set(names), path


def test_no_text_is_read_or_written_in_the_encoding_of_the_machine() -> None:
    for path, tree in SOURCES.items():
        for node in ast.walk(tree):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            words = [arg.value for arg in node.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
            named = {keyword.arg for keyword in node.keywords}
            if node.func.attr == "read_text" or (node.func.attr == "open" and {"r", "w", "a", "x"} & set(words)):
                assert "encoding" in named or "utf-8" in words, f"{path.name}:{node.lineno}"
            if node.func.attr == "write_text" and not (
                isinstance(node.func.value, ast.Name) and node.func.value.id == "formatter"
            ):
                assert "encoding" in named or len(node.args) != 1, f"{path.name}:{node.lineno}"
