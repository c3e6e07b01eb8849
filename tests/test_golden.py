"""Today's public behaviour, kept in files: what the commands say, return and write for every sample.

    tests/golden/<sample>/session.txt   each command, its exit status, both its outputs and the files it wrote
    tests/golden/<sample>/<file>        those files, as text; a workbook as its cells, one row a line
    tests/golden/kept/<name>/           files that an earlier version left behind, which must still be read
    tests/golden/kept-<name>/           what is read from them today

Everything goes through `python -m batch`; nothing is imported from the package. After a change that is meant:

    python tests/test_golden.py --write         make the golden files again; review the difference before committing it
    python tests/test_golden.py --keep NAME     add what this version leaves behind; never rewrites what is kept
"""

from __future__ import annotations

import calendar
import difflib
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from pathlib import Path

import openpyxl
import pytest

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"
GOLDEN = ROOT / "tests" / "golden"
KEPT = GOLDEN / "kept"
SHEETS = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in {".csv", ".xlsx"})
STATES = sorted(path.name for path in KEPT.iterdir()) if KEPT.is_dir() else []
SESSION = "session.txt"

TOKENS = {
    "run": r"\b\d{8}-\d{6}-[2-9a-z]{4}\b",
    "id": r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b",
    "file": r"\b[0-9a-f]{32}(?=~mv2)",
    "journal": r"\b[0-9a-f]{20}(?=\.sqlite)",
    "items": r"(?<=items:)[0-9a-f]{16}\b",
    "checksum": r'(?<="checksum": "sha256:)[0-9a-f]{64}\b',
    "port": r"(?<=127\.0\.0\.1:)\d+\b",
}
"""What differs from run to run: names of runs, IDs of items and files, the journal's name (from the folder's path),
the fingerprint of the items found, a plan's checksum (over the time it was made), and the sandbox's port."""
MOMENT = (
    r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\+00:00| UTC)?"
    r"|\b\d{1,2} [A-Z][a-z]+ \d{4}, \d\d:\d\d UTC"
)
MONTHS = tuple(calendar.month_name)
SIDE_BY_SIDE = re.compile(r"[\w-]+: \d+ of \d+ posts? done|Sending |The Media Manager fetches ")
"""Lines of sites, and of media, that come side by side: their order is no promise."""
SLACK = timedelta(minutes=2)
"""A minute is cut off where times are shown without seconds."""


@dataclass
class Normaliser:
    """Names what must vary, and nothing else, by the order in which it is first seen.

    The same ID is the same name in every output and file of a session, so that which post is which stays visible.
    A date counts as a time of now only where it lies within the session; the samples' own dates are in 2031.
    """

    folder: Path
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    seen: dict[tuple[str, str], str] = field(default_factory=dict)

    def __call__(self, text: str) -> str:
        """Return a text with its varying parts named."""
        text = text.replace(str(self.folder), "<folder>")
        text = re.sub("|".join(f"(?P<{kind}>{form})" for kind, form in TOKENS.items()), self._name, text)
        return re.sub(MOMENT, self._moment, text)

    def _name(self, match: re.Match[str]) -> str:
        kind = str(match.lastgroup)
        number = 1 + sum(known == kind for known, _ in self.seen)
        return self.seen.setdefault((kind, match[0]), f"<{kind} {number}>")

    def _moment(self, match: re.Match[str]) -> str:
        try:
            text = match[0].removesuffix(" UTC")
            if "," in text:  # a date in words
                day, month, year, clock = text.replace(",", "").split()
                text = f"{year}-{MONTHS.index(month):02d}-{day:0>2} {clock}"
            at = datetime.fromisoformat(text).replace(tzinfo=UTC)
        except ValueError:
            return match[0]  # a sample's mistake: no such day
        return "<now>" if self.began - SLACK <= at <= datetime.now(UTC) + SLACK else match[0]


@dataclass
class Desk:
    """A folder of its own with the samples in it, where commands are given; all that they say and write is kept."""

    home: Path
    normalise: Callable[[str], str] = str  # as it is
    transcript: list[str] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shutil.copytree(SAMPLES, self.folder, ignore=shutil.ignore_patterns("*.results.*"))

    @property
    def folder(self) -> Path:
        """Where the commands are given."""
        return self.home / "desk"

    @property
    def state(self) -> Path:
        """Where the commands keep their journals and records."""
        return self.home / "state"

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Give one command and keep what it said, how it ended and what it wrote."""
        before = self._digests()
        done = subprocess.run(
            [sys.executable, "-m", "batch", *arguments],
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert "Traceback" not in done.stderr, done.stderr
        after = self._digests()
        self._note(arguments, done, sorted(name for name in after if after[name] != before.get(name)))
        return done

    def _environ(self) -> dict[str, str]:
        others = {k: v for k, v in os.environ.items() if not k.startswith(("WIX_", "POSTBATCH_", "XDG_"))}
        own = {"POSTBATCH_STATE_DIR": str(self.state), "XDG_CONFIG_HOME": str(self.home / "config")}
        return {**others, **own, "PYTHONPATH": str(ROOT), "COLUMNS": "100", "PYTHONUTF8": "1"}

    def _digests(self) -> dict[str, str]:
        return {
            path.relative_to(self.folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.folder.rglob("*")
            if path.is_file()
        }

    def _note(self, arguments: tuple[str, ...], done: subprocess.CompletedProcess[str], written: list[str]) -> None:
        parts = groupby(done.stderr.splitlines(keepends=True), lambda line: bool(SIDE_BY_SIDE.match(line)))
        errors = [line for in_any_order, lines in parts for line in (sorted(lines) if in_any_order else lines)]
        said = f"$ postbatch {' '.join(arguments)}\n{done.stdout}--- on the error output\n{''.join(errors)}"
        self.transcript.append(
            self.normalise(f"{said}--- exit {done.returncode}, wrote: {', '.join(written) or '-'}\n")
        )
        for name in written:
            assert name not in self.files, "a file's name is used once in a session"
            if (text := shown(self.folder / name)) is not None:
                self.files[f"{name}.txt" if name.endswith(".xlsx") else name] = self.normalise(text)

    def golden(self) -> dict[str, str]:
        """Return the session's golden files, by name."""
        return {SESSION: "\n".join(self.transcript), **self.files}


def shown(path: Path) -> str | None:
    """Return a written file as text: JSON and CSV as they are, a workbook as its cells, a page not at all."""
    if path.suffix == ".xlsx":
        return "\n".join(workbook_lines(path)) + "\n"
    return path.read_bytes().decode("utf-8") if path.suffix in {".json", ".csv"} else None


def workbook_lines(path: Path) -> Iterator[str]:
    """Yield a workbook's sheets, and of each its filled rows as JSON, one row a line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # openpyxl says which extensions of Excel it leaves out
        book = openpyxl.load_workbook(path)
    for sheet in book:
        yield f"# {sheet.title} ({sheet.sheet_state})"
        for row in sheet.iter_rows():
            filled = {cell.coordinate: str(cell.value) for cell in row if cell.value is not None}
            if filled:
                yield json.dumps(filled, ensure_ascii=False)


def play(sheet: str, home: Path) -> dict[str, str]:
    """Take a sample through its life and return the golden files. A follow-up comes after the week it follows."""
    desk = Desk(home, Normaliser(home))
    if sheet.startswith("follow-up"):
        desk("run", sheet.replace("follow-up", "launch-week"), "--sandbox", "--yes", "--out", "before.json", "--quiet")
    desk("check", sheet, "--out", "check.json")
    (play_text if sheet.endswith(".csv") else play_workbook)(desk, sheet)
    return desk.golden()


def play_text(desk: Desk, sheet: str) -> None:
    """Plan, do, do again (nothing is left to do), plan again, take back, look: each step's file under its own name."""
    desk("plan", sheet, "--sandbox", "--out", "plan.json")
    desk("run", sheet, "--sandbox", "--yes", "--out", "results.json")
    desk("run", sheet, "--sandbox", "--yes", "--out", "again.csv", "--quiet")
    desk("plan", sheet, "--sandbox", "--quiet")
    if sheet.startswith("first-try"):
        desk("undo", "last", "--sandbox", "--yes", "--out", "undone-last.json")
    desk("undo", run_in(desk.folder / "results.json"), "--sandbox", "--yes", "--out", "undone.json")
    desk("status", "results.json", "--sandbox", "--out", "status.json")


def play_workbook(desk: Desk, sheet: str) -> None:
    """Do it with the results where they go by themselves, a workbook and a page, and write them again as text.

    A sheet with places is planned for some of them first, and done once more: nothing is left to do.
    """
    if sheet.startswith("franchise"):
        desk("plan", sheet, "--sandbox", "--pilot", "berlin, lisbon", "--out", "plan.json")
    desk("run", sheet, "--sandbox", "--yes")
    desk("results", "last", "--sandbox", "--out", "results.csv")
    if sheet.startswith("franchise"):
        desk("run", sheet, "--sandbox", "--yes", "--out", "again.csv", "--quiet")


def run_in(results: Path) -> str:
    """Return the name of the run that a results file is from."""
    return str(json.loads(results.read_text(encoding="utf-8"))["run"])


KEPT_SHEET = "pictures-and-words.csv"
"""The sample whose plan is kept: uploads, addresses, generated words and one row for two channels."""


def keep(name: str, home: Path) -> None:
    """Keep what this version leaves behind: a plan not yet applied, and the state of five runs, one of them cut off."""
    kept = KEPT / name
    if kept.exists():
        raise SystemExit(f"{kept} is there: what a version left behind is never rewritten.")
    desk = Desk(home)
    desk("plan", KEPT_SHEET, "--sandbox", "--out", "plan.json")
    for sheet in ("launch-week.csv", "follow-up.csv", "first-try.csv", KEPT_SHEET):
        desk("run", sheet, "--sandbox", "--yes", "--no-page", "--out", f"{sheet}.json")
    desk("undo", run_in(desk.folder / "follow-up.csv.json"), "--sandbox", "--yes", "--out", "undone.json")
    cut_off(desk.state, run=run_in(desk.folder / f"{KEPT_SHEET}.json"))
    for part in ("runs", "journal"):
        shutil.copytree(desk.state / part, kept / "state" / part, ignore=shutil.ignore_patterns("*.lock"))
    for file in ("plan.json", KEPT_SHEET):
        shutil.copy(desk.folder / file, kept / file)
    shutil.copytree(desk.folder / "pictures", kept / "pictures")


def cut_off(state: Path, *, run: str) -> None:
    """Leave a run as if its process had been killed: two posts without outcome, the second in the middle of a call."""
    (journal,) = (state / "journal").glob("*.sqlite")
    with closing(sqlite3.connect(journal)) as db, db:
        (sent,) = db.execute("SELECT MAX(id) FROM intent WHERE run = ? AND position = 1", [run]).fetchone()
        db.execute("DELETE FROM outcome WHERE run = ? AND position < 2", [run])
        assert db.execute("DELETE FROM result WHERE intent = ?", [sent]).rowcount == 1


def read_kept(name: str, home: Path) -> dict[str, str]:
    """Read the runs that a version left behind, and each run's results. Nothing varies there, nor is anything named."""
    desk = Desk(home)
    shutil.copytree(KEPT / name / "state", desk.state)
    desk("runs", "--sandbox")
    for number, run in enumerate(sorted(path.stem for path in (desk.state / "runs").iterdir()), start=1):
        desk("results", run, "--sandbox", "--out", f"results-{number}.json")
    return desk.golden()


def apply_kept(name: str, home: Path) -> dict[str, str]:
    """Do the plan that a version left behind."""
    desk = Desk(home, Normaliser(home))
    shutil.copytree(KEPT / name, desk.folder, ignore=shutil.ignore_patterns("state"), dirs_exist_ok=True)
    desk("plan", KEPT_SHEET, "--sandbox", "--out", "here.json")
    move_here(desk.folder / "plan.json", here=desk.folder / "here.json")
    desk("apply", "plan.json", "--sandbox", "--yes", "--out", "applied.json")
    golden = desk.golden()
    del golden["here.json"]  # this version's own plan, which the sample's session holds already
    return {f"apply-{file}": text for file, text in golden.items()}


def move_here(plan: Path, *, here: Path) -> None:
    """Let a kept plan be of this folder's sandbox: a plan is bound to its folder's path, which no two machines share.

    Nothing else changes but the checksum: of the head and each step as compact sorted JSON, a line each.
    """
    data = json.loads(plan.read_text(encoding="utf-8")) | {
        "places": json.loads(here.read_text(encoding="utf-8"))["places"]
    }
    del data["checksum"]
    parts = [{name: value for name, value in data.items() if name != "steps"}, *data["steps"]]
    text = "".join(json.dumps(part, sort_keys=True, separators=(",", ":")) + "\n" for part in parts)
    checksum = f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    plan.write_text(json.dumps(data | {"checksum": checksum}), encoding="utf-8")


def all_sessions() -> Mapping[str, partial[dict[str, str]]]:
    """Return how each folder of golden files is made, the longest first."""
    texts_first = sorted(SHEETS, key=lambda sheet: not sheet.endswith(".csv"))
    return {
        **{sheet: partial(play, sheet) for sheet in texts_first},
        **{f"kept-{name}": partial(both_of_kept, name) for name in STATES},
    }


def both_of_kept(name: str, home: Path) -> dict[str, str]:
    """Read what is kept and do what was planned, each on a desk of its own."""
    return read_kept(name, home / "read") | apply_kept(name, home / "apply")


class Sessions:
    """Plays each session once, two at a time: those that are asked for in any case ahead, any other when it is."""

    def __init__(self, home: Path, pool: ThreadPoolExecutor, *, ahead: Iterable[str]) -> None:
        self._home, self._pool = home, pool
        self._playing = {name: self._play(name) for name in ahead}

    def _play(self, name: str) -> Future[dict[str, str]]:
        return self._pool.submit(all_sessions()[name], self._home / name)

    def __getitem__(self, name: str) -> dict[str, str]:
        """Return the golden files as they are made now."""
        return (self._playing.get(name) or self._play(name)).result()


@pytest.fixture(scope="module")
def sessions(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sessions]:
    chosen = {item.name for item in request.session.items}
    ahead = [name for name in all_sessions() if any(item.endswith(f"[{name}]") for item in chosen)]
    if "PYTEST_XDIST_WORKER" in os.environ:
        ahead = []  # the workers share the sessions out among themselves
    with ThreadPoolExecutor(2) as pool:
        yield Sessions(tmp_path_factory.mktemp("golden"), pool, ahead=ahead)
        pool.shutdown(cancel_futures=True)


def golden_files(name: str) -> dict[str, str]:
    return {
        path.relative_to(GOLDEN / name).as_posix(): path.read_bytes().decode("utf-8")
        for path in sorted((GOLDEN / name).rglob("*"))
        if path.is_file()
    }


def difference(golden: Mapping[str, str], made: Mapping[str, str]) -> str:
    """Return a unified diff of golden files and those made now, "" where they are the same."""
    lines: list[str] = []
    for name in sorted(golden.keys() | made.keys()):
        before, after = (files[name].split("\n") if name in files else [] for files in (golden, made))
        lines += difflib.unified_diff(before, after, f"golden/{name}", f"now/{name}", lineterm="", n=0)
    return "\n".join(lines)


@pytest.mark.parametrize("name", all_sessions())
def test_the_commands_do_what_they_did(sessions: Sessions, name: str) -> None:
    changed = difference(golden_files(name), sessions[name])
    assert not changed, (
        f"{changed}\n\nIf this is meant: python tests/test_golden.py --write, and review the difference."
    )


def test_what_earlier_versions_left_behind_is_kept() -> None:
    assert STATES


def test_golden_files_of_nothing_are_not_kept() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {*all_sessions(), KEPT.name}


def test_the_normaliser_keeps_which_is_which(tmp_path: Path) -> None:
    normalise = Normaliser(tmp_path)
    one, two = "0ccef3e2-4851-43ec-9baa-b718bd06ddca", "e8f6f8c2-9250-4965-8425-cd609dd69158"
    assert normalise(f"{one} {two} {one}") == "<id 1> <id 2> <id 1>"
    assert normalise(f"{two} in {tmp_path}/a") == "<id 2> in <folder>/a"
    assert normalise(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} 2031-03-03T09:00:00Z") == "<now> 2031-03-03T09:00:00Z"


def write(home: Path) -> None:
    """Make all golden files again."""
    with ThreadPoolExecutor(2) as pool:
        making = {name: pool.submit(make, home / name) for name, make in all_sessions().items()}
    for name, made in making.items():
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        for file, text in made.result().items():
            path = GOLDEN / name / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        if sys.argv[1:] == ["--write"]:
            write(Path(scratch))
        elif len(sys.argv) == 3 and sys.argv[1] == "--keep":
            keep(sys.argv[2], Path(scratch))
        else:
            sys.exit(__doc__)
