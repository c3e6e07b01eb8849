"""Makes the pictures of the docs that a command draws: a plan at a terminal, the page of a run, and the workbooks.

    python tests/pictures.py        write docs/images again, apart from open.png

The samples are planned and run in the sandbox. Chromium draws plan and page (`pip install 'postbatch[browser]'`),
LibreOffice and pdftoppm the workbooks as they are printed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.bench.measure import ROOT, environment, postbatch
from tests.rig.browser import find_chromium
from tests.rig.terminal import Terminal

IMAGES = ROOT / "docs" / "images"
SHEETS = ("launch-week.xlsx", "follow-up.xlsx")
COLUMNS = 100
WIDTH = 1100
PAGE_HEIGHT = 1289
MARGIN = 30
PRINTED = (
    ("launch-week.results.xlsx", 1, 735, "results.png"),
    ("launch-week.results.xlsx", 4, 325, "calendar.png"),
    ("posts.xlsx", 1, 505, "template.png"),
)
"""Each picture of a workbook: the page that it is printed on, how much of it is shown (pixels), and its file."""
STYLE = "<style>body { margin: 24px } pre { font: 16px/1.45 'DejaVu Sans Mono', monospace }</style>"


def shown_by(*arguments: str, folder: Path) -> str:
    """Return what a command shows at a terminal, with its colours, from where its last status line was taken away."""
    env = environment(folder / "state") | {"COLUMNS": str(COLUMNS), "LANG": "C.UTF-8"}
    with Terminal(postbatch(*arguments), cwd=folder, env=env, columns=COLUMNS) as terminal:
        terminal.end()
        text = terminal.shown.decode().replace("\r\n", "\n")
    return "\n".join(line.rpartition("\r")[2] for line in text.split("\n"))


def as_page(command: str, text: str) -> str:
    """Return what a terminal shows as a page."""
    console = Console(record=True, width=COLUMNS, file=StringIO())
    console.print(Text(f"$ {command}"))
    console.print(Text.from_ansi(text))
    return STYLE + console.export_html(theme=MONOKAI, inline_styles=True)


def print_page(workbook: Path, number: int, *, height: int, into: Path) -> None:
    """Draw the upper part of one page of a workbook as LibreOffice prints it."""
    profile = f"-env:UserInstallation={(workbook.parent / 'office').as_uri()}"
    office = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", workbook.parent, workbook]
    subprocess.run(office, check=True, capture_output=True)
    page = [
        "-singlefile",
        "-f",
        str(number),
        "-l",
        str(number),
        "-scale-to-x",
        str(WIDTH + 2 * MARGIN),
        "-scale-to-y",
        "-1",
    ]
    part = ["-x", str(MARGIN), "-y", str(MARGIN), "-W", str(WIDTH), "-H", str(height)]
    drawn = ["pdftoppm", "-png", *page, *part, workbook.with_suffix(".pdf"), into.with_suffix("")]
    subprocess.run(drawn, check=True)


def main() -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as made, sync_playwright() as play:
        folder = Path(made)
        for sheet in SHEETS:
            (folder / sheet).write_bytes((ROOT / "samples" / sheet).read_bytes())
        (folder / "pictures").symlink_to(ROOT / "samples" / "pictures")
        shown_by("run", SHEETS[0], "--sandbox", "--yes", folder=folder)
        plan = shown_by("plan", SHEETS[1], "--sandbox", folder=folder)
        browser = play.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": 400})
        page.set_content(as_page(f"postbatch plan {SHEETS[1]} --sandbox", plan))
        page.screenshot(path=IMAGES / "plan.png", full_page=True)
        page = browser.new_page(viewport={"width": WIDTH, "height": PAGE_HEIGHT}, color_scheme="light")
        page.goto((folder / "launch-week.results.html").as_uri())
        page.screenshot(path=IMAGES / "page.png")
        browser.close()
        shown_by("template", "--out", "posts.xlsx", folder=folder)
        for workbook, number, height, name in PRINTED:
            print_page(folder / workbook, number, height=height, into=IMAGES / name)


if __name__ == "__main__":
    main()
