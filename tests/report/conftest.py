"""What the tests of the reports share: a browser where there is one, and pages opened in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

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


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the browser's tests out, and say why, where there is no browser; with POSTBATCH_REQUIRE_BROWSER=1 fail."""
    reason = missing()
    here = Path(__file__).parent
    out = [item for item in items if here in item.path.parents and item.get_closest_marker("browser")] if reason else []
    if not out or REQUIRED:
        return
    config.hook.pytest_deselected(items=out)
    items[:] = [item for item in items if item not in out]
    config.stash.setdefault(LEFT_OUT, []).append(f"{len(out)} browser tests left out: {reason}")


LEFT_OUT = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was left out, where everybody looks."""
    for line in config.stash.get(LEFT_OUT, []):
        terminalreporter.write_line(line, yellow=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium for all tests of a session."""
    reason = missing()
    if reason:
        pytest.fail(reason)
    from playwright.sync_api import sync_playwright

    with (
        sync_playwright() as play,
        closing(play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])) as chromium,
    ):
        yield chromium


class Opened:
    """A page in the browser, with everything it said and asked for."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.said: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.said.append(message.text))
        page.on("pageerror", lambda error: self.said.append(str(error)))
        page.on("dialog", self._dialog)
        page.on("request", lambda request: self.asked.append(request.url))

    def _dialog(self, dialog: Any) -> None:
        self.said.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Callable[..., Opened]]:
    """Open a page's text from a file, as a person does, with a given theme and size."""
    contexts = []

    def open_(html: str, *, theme: str = "light", width: int = 1280, height: int = 900) -> Opened:
        path = tmp_path / f"page-{len(contexts)}.html"
        path.write_text(html, encoding="utf-8", newline="\n")
        context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": height})
        contexts.append(context)
        opened = Opened(context.new_page())
        opened.page.goto(path.as_uri())
        return opened

    yield open_
    for context in contexts:
        context.close()
