"""README and docs are held true: tables are made from the code, sessions from real commands, promises have tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.reference_tables import channels_table, columns_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ROOT / "docs"
PAGES = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in DOCS.rglob("*.md")}


def between(start: str, end: str, *, text: str = README) -> str:
    return text.split(start, 1)[1].split(end, 1)[0].strip()


@pytest.mark.parametrize(("name", "made"), [("columns", columns_table), ("channels", channels_table)])
def test_the_tables_are_those_of_the_code(name, made):
    page = PAGES[f"docs/reference/{name}.md"]
    assert between(f"<!-- made: {name} -->", "<!-- end -->", text=page) == made().strip()


SHOWN = re.findall(
    r"<!-- shown: (.+?) -->\n```\n\$ postbatch .+?\n(.*?)```", "\n".join((README, *PAGES.values())), re.DOTALL
)


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_a_session_prints_what_the_readme_shows(tmp_path, command, output):
    shutil.copytree(ROOT / "samples", tmp_path / "samples", ignore=shutil.ignore_patterns("*.results.*"))
    homes = dict.fromkeys(("POSTBATCH_STATE_DIR", "XDG_STATE_HOME", "XDG_CONFIG_HOME"), str(tmp_path / "home"))
    done = subprocess.run(
        [sys.executable, "-m", "batch", *command.split()], cwd=tmp_path, capture_output=True, encoding="utf-8",
        env={**os.environ, **homes, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == output.strip()


def test_the_script_prints_what_its_page_shows(tmp_path):
    page = PAGES["docs/how-to/python.md"]
    script, output = re.findall(r"<!-- script -->\n```python\n(.*?)```\n\n```\n(.*?)```", page, re.DOTALL)[0]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "POSTBATCH_STATE_DIR": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == (output.strip(), "")


def test_there_is_a_session_of_a_plan_and_one_of_a_check():
    assert [command.split()[0] for command, _ in SHOWN] == ["plan", "check", "check", "plan"]


def test_it_is_short():
    assert len(README.splitlines()) < 150


def test_each_promise_of_the_readme_links_to_its_test():
    promises = between("## What you can rely on", "What it can't know").split("\n- ")
    assert len(promises) >= 8
    for promise in promises:
        assert re.search(r"\]\(tests/[\w/]+\.py\)", promise), promise


def test_each_test_that_the_page_of_promises_names_is_there():
    page = PAGES["docs/promises.md"]
    for row in re.findall(r"^\| [^|]+\|[^|]+\|[^|]+\|$", page, re.MULTILINE)[2:]:
        assert "`tests/" in row, row
    named = re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", page)
    assert len(named) > 12
    for path, test in named:
        assert f"def {test}" in (ROOT / path).read_text(encoding="utf-8"), (path, test)


def test_both_commands_for_ci_are_one_line_each():
    for mark in ("main job", "tests"):
        line = between(f"<!-- ci: {mark} -->\n```sh", "```")
        assert "\n" not in line
        assert line.startswith("python3 -m venv ")


@pytest.mark.parametrize("text", [README, *PAGES.values()], ids=["README.md", *PAGES])
def test_every_command_and_option_it_names_is_there(text):
    from batch.cli import postbatch

    scripts = [*(ROOT / "tests" / "bench").glob("*.py"), *(ROOT / "tests" / "proof").glob("*.py")]
    of_scripts = {one for path in scripts for one in re.findall(r'"(--[a-z-]+)"', path.read_text(encoding="utf-8"))}
    options = {opt for command in postbatch.commands.values() for param in command.params for opt in param.opts}
    code = "\n".join(re.findall(r"^ *```sh\n(.*?)```", text, re.DOTALL | re.MULTILINE))
    for command in re.findall(r"`postbatch ([a-z]+)", text) + re.findall(r"^ *postbatch ([a-z]+)", code, re.MULTILINE):
        assert command in postbatch.commands, command
    for option in re.findall(r"(?<=[ `])(--[a-z][a-z-]+)", text):
        assert option in options | of_scripts | {"--help", "--quiet", "--editable"}, option


@pytest.mark.parametrize("path", ["README.md", *PAGES])
def test_every_file_it_points_to_is_there(path):
    text = (ROOT / path).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
        assert (ROOT / path).parent.joinpath(target).exists(), target


def test_every_command_of_the_product_is_named_in_the_readme_and_described_in_the_reference():
    from batch.cli import postbatch

    assert set(re.findall(r"`postbatch ([a-z]+)", README)) == set(postbatch.commands)
    table = between("| --- | --- |", "\n\n", text=PAGES["docs/reference/commands.md"])
    assert set(re.findall(r"`postbatch ([a-z]+)[^|]*\|", table)) | {"results", "doctor"} == set(postbatch.commands)
