"""The README is held true: its tables are made from the code, its session from real commands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.readme_tables import channels_table, columns_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(start: str, end: str) -> str:
    return README.split(start, 1)[1].split(end, 1)[0].strip()


@pytest.mark.parametrize(("name", "made"), [("columns", columns_table), ("channels", channels_table)])
def test_the_tables_are_those_of_the_code(name, made):
    assert between(f"<!-- made: {name} -->", "<!-- end -->") == made().strip()


SHOWN = re.findall(r"<!-- shown: (.+?) -->\n```\n\$ postbatch .+?\n(.*?)```", README, re.DOTALL)


@pytest.mark.parametrize(("command", "output"), SHOWN)
def test_a_session_prints_what_the_readme_shows(command, output):
    done = subprocess.run(
        [sys.executable, "-m", "batch", *command.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == output.strip()


def test_the_script_prints_what_the_readme_shows(tmp_path):
    script, output = re.findall(r"<!-- script -->\n```python\n(.*?)```\n\n```\n(.*?)```", README, re.DOTALL)[0]
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "POSTBATCH_STATE_DIR": str(tmp_path / "state")}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert (done.stdout.strip(), done.stderr) == (output.strip(), "")


def test_there_is_a_session():
    assert len(SHOWN) == 1


def test_both_commands_for_ci_are_one_line_each():
    for mark in ("main job", "tests"):
        line = between(f"<!-- ci: {mark} -->\n```sh", "```")
        assert "\n" not in line
        assert line.startswith("python3 -m venv ")


def test_every_command_and_option_it_names_is_there():
    from batch.cli import postbatch

    options = {opt for command in postbatch.commands.values() for param in command.params for opt in param.opts}
    for command in re.findall(r"`postbatch ([a-z]+)", README):
        assert command in postbatch.commands
    for option in re.findall(r"(?<![\w-])(--[a-z][a-z-]+)", README):
        assert option in options | {"--quiet", "--editable"}, option


def test_every_file_it_points_to_is_there():
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_every_command_of_the_product_is_in_its_table():
    from batch.cli import postbatch

    assert set(re.findall(r"`postbatch ([a-z]+)", README)) == set(postbatch.commands)
