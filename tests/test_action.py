"""The GitHub action and the workflow: facts of their form, and the action's own script run as a runner runs it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
FILES = [ROOT / "action.yml", *sorted((ROOT / ".github" / "workflows").glob("*.yml"))]
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]


def steps_of(path: Path) -> list[dict[str, Any]]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    jobs = document.get("jobs", {}).values() or [document["runs"]]
    return [step for job in jobs for step in job["steps"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_no_expression_is_put_into_a_script(path: Path) -> None:
    scripts = [step["run"] for step in steps_of(path) if "run" in step]
    assert scripts
    assert [script for script in scripts if "${{" in script] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_what_is_used_is_pinned_to_a_commit(path: Path) -> None:
    used = [step["uses"] for step in steps_of(path) if "uses" in step]
    assert used
    assert [name for name in used if not re.fullmatch(r"[\w-]+/[\w/-]+@[0-9a-f]{40}", name)] == []


def test_the_action_has_a_shell_for_each_script_and_names_only_what_is_there() -> None:
    assert ACTION["runs"]["using"] == "composite"
    assert [step for step in STEPS if "run" in step and step.get("shell") != "bash"] == []
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == set(ACTION["inputs"])
    ids = {step["id"] for step in STEPS if "id" in step}
    for output in ACTION["outputs"].values():
        assert re.findall(r"steps\.(\w+)\.outputs", output["value"])[0] in ids
    assert {"name", "description", "inputs", "outputs", "runs"} == set(ACTION)
    assert all(entry.get("description") for entry in ACTION["inputs"].values())


@pytest.mark.parametrize("path", FILES[1:], ids=lambda path: path.name)
def test_a_workflow_may_only_read(path: Path) -> None:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert document["permissions"] == {"contents": "read"}
    assert "pull_request_target" not in str(document[True]), "`on` is a yes in YAML 1.1"
    checkouts = [step for step in steps_of(path) if step.get("uses", "").startswith("actions/checkout@")]
    assert all(step["with"] == {"persist-credentials": False} for step in checkouts)


def test_only_the_step_that_comments_has_the_token() -> None:
    assert [("GH_TOKEN" in step.get("env", {})) for step in STEPS] == [False, False, False, True]


def run_action(folder: Path, **inputs: str) -> tuple[int, str, str, str]:
    """Run the action's main script as a runner does; return its status, its log, its outputs and its summary."""
    (script,) = [step for step in STEPS if step.get("id") == "run"]
    bin_folder = Path(sys.executable).parent
    environ = {
        "PATH": f"{bin_folder}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(folder),
        "POSTBATCH_STATE_DIR": str(folder / "state"), "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"), "SHEET": "posts.csv", "COMMAND": "check", "PLAN": "plan.json",
        "CONFIG": "", **inputs,
    }  # fmt: skip
    ended = subprocess.run(
        ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", script["run"]], cwd=folder, env=environ,
        capture_output=True, encoding="utf-8", timeout=120, check=False,
    )  # fmt: skip
    told = [
        (folder / name).read_text(encoding="utf-8") if (folder / name).exists() else ""
        for name in ("output", "summary")
    ]
    return ended.returncode, ended.stdout, told[0], told[1]


HOSTILE = "````` @everyone ![x](https://evil.example/x.png) $(touch pwned) `touch pwned` ::add-mask::a ##[add-mask]b"


def test_the_words_of_a_sheet_are_no_command_no_markdown_and_no_output(tmp_path: Path) -> None:
    wrapped = " ".join(["word"] * 15)
    (tmp_path / "posts.csv").write_text(
        f'channel,text,publish_at\n"{wrapped} {HOSTILE}","{HOSTILE}",soon\n', encoding="utf-8"
    )
    (tmp_path / "secrets.py").write_text("open('pwned', 'w')", encoding="utf-8")
    (tmp_path / "json.py").write_text("open('pwned', 'w')", encoding="utf-8")
    status, log, output, summary = run_action(tmp_path)
    assert status == 1
    assert not (tmp_path / "pwned").exists()
    commands = [line.strip() for line in log.splitlines() if line.lstrip().startswith("::") or "##[" in line]
    assert commands
    assert all(re.match(r"::(error|warning) file=posts\.csv", line) for line in commands), commands
    fence = summary.splitlines()[0]
    assert len(fence) > 20
    assert summary.rstrip().endswith(fence)
    assert "````" not in summary.replace(fence, "")
    head, *middle, end = output.splitlines()
    assert (head, head.partition("<<")[2]) == (f"summary<<{end}", end)
    assert end not in "\n".join(middle)


def test_a_plan_is_made_with_the_runners_commands_stopped(tmp_path: Path) -> None:
    (tmp_path / "posts.csv").write_text("channel,text\nFACEBOOK,::add-mask::a\n", encoding="utf-8")
    status, log, _, _ = run_action(tmp_path, COMMAND="plan")
    first, *_, last = log.splitlines()
    assert status == 2, "there is no site"
    assert first == f"::stop-commands::{last.strip(':')}"


@pytest.mark.parametrize("sheet", ["--help", "-", "$(touch pwned).csv", "a; touch pwned"])
def test_the_name_of_a_sheet_is_a_name(tmp_path: Path, sheet: str) -> None:
    status, log, _, _ = run_action(tmp_path, SHEET=sheet)
    assert status == 2 or (sheet == "-" and status in (1, 2))
    assert "Usage" not in log
    assert not (tmp_path / "pwned").exists()


def test_another_command_is_refused(tmp_path: Path) -> None:
    assert run_action(tmp_path, COMMAND="undo last")[0] == 2
