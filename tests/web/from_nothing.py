"""A month from an empty machine: an installed `postbatch`, a sheet dropped in Chromium, scheduled, its results read.

    python tests/web/from_nothing.py BIN/postbatch SHEET.csv [PICTURE.png]

The program is one that was installed somewhere else: it sees nothing of this checkout. With PICTURE the plan's page is
photographed on the way. Ends with 1 and says where it stopped if anything is not as a person expects it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.rig.browser import find_chromium


@contextmanager
def opened(program: Path, folder: Path) -> Iterator[str]:
    """Serve a folder's pages by the installed program, and give their first address."""
    environ = {
        name: value for name, value in os.environ.items() if not name.startswith(("WIX_", "PYTHON", "POSTBATCH_"))
    }
    environ |= {"XDG_STATE_HOME": f"{folder}/../state", "XDG_CONFIG_HOME": f"{folder}/../config"}
    command = [str(program), "open", "--sandbox", "--no-browser"]
    with subprocess.Popen(command, cwd=folder, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, "the command prints its address"
            yield found[0]
        finally:
            process.terminate()


def send(page: Page, sheet: Path, *, picture: Path | None) -> str:
    """Go from the first page to the results, and return what they say."""
    page.get_by_label("Drop a sheet here").set_input_files(sheet)
    page.get_by_role("button", name="Check this sheet").click()
    page.get_by_text("No problems found.").wait_for()
    page.get_by_role("button", name="Show the plan").click()
    button = page.get_by_role("button", name=re.compile("^Schedule"))
    button.wait_for()
    if picture:
        page.frame_locator("iframe").get_by_role("heading", level=1).wait_for()
        page.screenshot(path=picture)
    button.click()
    page.get_by_role("heading", name="Files").wait_for()
    page.get_by_text("Nothing needs your attention.").wait_for()
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile(r"Download .*\.results\.xlsx")).click()
    assert download.value.path().read_bytes().startswith(b"PK"), "the results are a workbook"
    return page.locator("h1").inner_text()


def main(program: Path, sheet: Path, picture: Path | None = None) -> int:
    """Play it in a new folder."""
    with tempfile.TemporaryDirectory() as home, sync_playwright() as play:
        folder = Path(home) / "posts"
        folder.mkdir()
        with (
            opened(program, folder) as address,
            closing(play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])) as chromium,
        ):
            page = chromium.new_page(viewport={"width": 1100, "height": 760})
            page.set_default_timeout(60_000)
            page.goto(address)
            told = send(page, sheet, picture=picture)
    print(f"From an empty folder to the results: {told}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*(Path(name).resolve() for name in sys.argv[1:])))
