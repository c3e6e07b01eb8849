from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ONE = "tests/report/test_page_browser.py::test_the_theme_chosen_is_kept"


def run_without_chromium(tmp_path: Path, **more: str) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("POSTBATCH_")}
    environment |= {"PATH": str(tmp_path), **more}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", ONE]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("required", [False, True])
def test_without_a_browser_its_tests_are_left_out_and_said_unless_they_are_required(tmp_path, required):
    pytest.importorskip("playwright", reason="without playwright the reason is another one")
    ended = run_without_chromium(tmp_path, **({"POSTBATCH_REQUIRE_BROWSER": "1"} if required else {}))
    assert "there is no Chromium on the path" in ended.stdout
    if required:
        assert ended.returncode == pytest.ExitCode.TESTS_FAILED
    else:
        assert "1 browser tests left out" in ended.stdout
        assert ended.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
