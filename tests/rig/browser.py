"""A headless Chromium for tests, where there is one; where there is none its tests are left out, and that is said."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

AXE = (Path(__file__).parents[1] / "report" / "axe" / "axe.min.js").read_text(encoding="utf-8")
REQUIRED = os.environ.get("POSTBATCH_REQUIRE_BROWSER") == "1"


def find_chromium() -> str:
    """Return Chromium's path, "" where there is none."""
    named = os.environ.get("POSTBATCH_CHROMIUM")
    return named or next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")


def missing() -> str:
    """Say why the tests in a browser can't run here, "" where they can."""
    try:
        import playwright.sync_api  # noqa: F401 # only whether it is there
    except ImportError:
        return "playwright is not installed: pip install 'postbatch[browser]'"
    if not find_chromium():
        return "there is no Chromium on the path: install it, or name it in POSTBATCH_CHROMIUM"
    return ""


def leave_out(config: pytest.Config, items: list[pytest.Item], *, here: Path) -> None:
    """Leave a folder's browser tests out where there is no browser; with POSTBATCH_REQUIRE_BROWSER=1 they fail."""
    reason = missing()
    out = [item for item in items if here in item.path.parents and item.get_closest_marker("browser")] if reason else []
    if not out or REQUIRED:
        return
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]
    config.stash.setdefault(LEFT_OUT, []).append(f"{len(out)} browser tests left out: {reason}")


LEFT_OUT = pytest.StashKey[list[str]]()


def tell_left_out(reporter: Any, config: pytest.Config) -> None:
    """Say once what was left out, where everybody looks."""
    while lines := config.stash.get(LEFT_OUT, []):
        reporter.write_line(lines.pop(0), yellow=True)


OPEN: list[Browser] = []
"""The one Chromium of this process: each folder has this fixture for itself, and a second one can't be started."""


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for all tests of a session."""
    reason = missing()
    if reason:
        pytest.fail(reason)
    if OPEN:
        yield OPEN[0]
        return
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as play,
        closing(play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])) as chromium,
    ):
        OPEN.append(chromium)
        yield chromium
        OPEN.clear()
