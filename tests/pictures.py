"""Makes the pictures of the docs that a command draws: a plan at a terminal, and the page of a run.

    python tests/pictures.py        write docs/images/plan.png and docs/images/page.png again

The samples are planned and run in the sandbox, and drawn by Chromium (`pip install 'postbatch[browser]'`).
"""

from __future__ import annotations

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
from tests.bench.terminal import Terminal
from tests.rig.browser import find_chromium

IMAGES = ROOT / "docs" / "images"
SHEETS = ("launch-week.xlsx", "follow-up.xlsx")
COLUMNS = 100
WIDTH = 1100
PAGE_HEIGHT = 1289
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


def main() -> None:
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as name, sync_playwright() as play:
        folder = Path(name)
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


if __name__ == "__main__":
    main()
