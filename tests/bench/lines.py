"""How much a person has to read: the lines that the commands print for 96 posts in 12 sites, and the size of pages.

    python tests/bench/lines.py           the table of lines
    python tests/bench/lines.py plan 80   one of the commands as it reads at a terminal of 80 columns
    python tests/bench/lines.py --pages   the bytes of the largest pages, and the memory that their plans take

Everything goes through the command itself, in a process of its own and in the sandbox.
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from PIL import Image

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.bench.measure import cost_of, environment, postbatch
from tests.bench.sandboxed import site_id

SITES = ("bath", "berlin", "bonn", "bristol", "essen", "exeter", "hamburg", "koeln", "leeds", "london", "ulm", "york")
CHANNELS = ("FACEBOOK", "INSTAGRAM", "LINKEDIN", "GBP")
POSTS_A_SITE = 8
SAME_MISTAKE_ROWS = 19

WORDS = (
    "Our winter market opens on Saturday at ten, with soup for everybody",
    "Three new mugs have come out of the kiln this week",
    "A place is free in the beginners' class on Thursdays",
    "How we glaze: a short look into the workshop",
)

AT_MOST: Mapping[str, int] = {
    "plan: 96 new posts": 130,
    "run: 96 posts unchanged": 12,
    "doctor: 12 sites all right": 16,
    "check: one mistake in 19 rows": 3,
    "plan: one mistake in 19 rows": 3,
    "check: nothing wrong": 1,
}
"""How many lines each may print, both outputs together; of a plan with a mistake, those that speak of it."""


PAGE_AT_MOST = 1_000_000
"""How many bytes each of the pages may take."""
PLACES, ROWS, OWN_PICTURES = 200, 12, 12


@dataclass(frozen=True, slots=True)
class Desk:
    """A folder with twelve sites and their sheets, and a state folder of its own."""

    folder: Path

    def __post_init__(self) -> None:
        tables = "".join(f'[sites.{name}]\nsite_id = "{site_id(number)}"\n' for number, name in enumerate(SITES))
        (self.folder / "postbatch.toml").write_text(f'timezone = "Europe/London"\n{tables}')
        self._write("posts.csv", month())
        self._write("clean.csv", month())
        self._write("mistake.csv", [{**row, "timezone": "London-ish"} for row in month()[:SAME_MISTAKE_ROWS]])

    def _write(self, name: str, rows: Sequence[Mapping[str, str]]) -> None:
        with (self.folder / name).open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)

    def __call__(self, *arguments: str, columns: int = 80) -> str:
        """Give a command and return all that it prints, as at a terminal of so many columns."""
        env = environment(self.folder / "state") | {"COLUMNS": str(columns), "NO_COLOR": "1"}
        ours, its = os.openpty()
        with os.fdopen(ours, "rb", buffering=0) as terminal, tempfile.TemporaryFile() as messages:
            done = subprocess.Popen(
                postbatch(*arguments), cwd=self.folder, env=env, stdin=subprocess.DEVNULL, stdout=its, stderr=messages
            )
            os.close(its)
            shown = _read_all(terminal)
            status = done.wait(300)
            messages.seek(0)
            text = (shown + messages.read()).decode().replace("\r\n", "\n")
        if status not in (0, 1):
            raise RuntimeError(f"{' '.join(arguments)} ended with {status}: {text[-2000:]}")
        return text


def _read_all(terminal: FileIO) -> bytes:
    """Read until the other side is closed, which a terminal tells by an error."""
    parts: list[bytes] = []
    with suppress(OSError):
        while part := terminal.read(65_536):
            parts.append(part)
    return b"".join(parts)


def month() -> list[dict[str, str]]:
    """The rows: eight posts for each site, at four dates of December 2031, each date two channels."""
    return [
        {
            "key": f"{site}-{number + 1}",
            "site": site,
            "channel": CHANNELS[(number + at) % len(CHANNELS)],
            "publish_at": f"2031-12-{1 + 7 * (number // 2):02d} {9 + number % 2}:00",
            "text": WORDS[number % len(WORDS)] + f" ({site} {number + 1})",
            "media": f"https://static.wixstatic.com/media/{site}-{number + 1}.jpg",
        }
        for at, site in enumerate(SITES)
        for number in range(POSTS_A_SITE)
    ]


def outputs(folder: Path, *, columns: int = 80) -> dict[str, str]:
    """What each command prints, by its name in `AT_MOST`."""
    desk = Desk(folder)
    shown = {"plan: 96 new posts": desk("plan", "posts.csv", "--sandbox", columns=columns)}
    desk("run", "posts.csv", "--sandbox", "--yes", "--quiet", "--no-page")
    shown["run: 96 posts unchanged"] = desk("run", "posts.csv", "--sandbox", "--yes", "--no-page", columns=columns)
    shown["doctor: 12 sites all right"] = desk("doctor", "--sandbox", columns=columns)
    shown["check: nothing wrong"] = desk("check", "clean.csv", columns=columns)
    shown["check: one mistake in 19 rows"] = desk("check", "mistake.csv", columns=columns)
    shown["plan: one mistake in 19 rows"] = desk("plan", "mistake.csv", "--sandbox", columns=columns)
    return shown


def placed_rows(rows: int) -> list[dict[str, str]]:
    """The rows: each goes to every place, with the place's own words and link."""
    return [
        {
            "key": f"row-{number + 1}",
            "channel": CHANNELS[number % len(CHANNELS)],
            "publish_at": f"2031-12-{1 + 2 * number:02d} 09:00",
            "text": f"{WORDS[number % len(WORDS)]}, and in {{{{city}}}} it begins an hour earlier. {{{{city}}}} is "
            "open until six, and the telephone is {{phone}}. Come in, hold a cup, and have it wrapped while you wait.",
            "link": "https://example.com/{{place}}",
            "media": "https://static.wixstatic.com/media/row.jpg",
            "places": "all",
        }
        for number in range(rows)
    ]


def pages(folder: Path, *, places: int = PLACES) -> dict[str, tuple[int, float]]:
    """The bytes of each plan's page, and the MB that its command took at the peak."""
    desk, noise = Desk(folder), Image.effect_noise((1200, 900), 60).convert("RGB")
    desk._write("places.csv", placed_rows(ROWS))
    shops = [
        {"place": f"shop-{n}", "site": SITES[n % len(SITES)], "city": f"Town {n}", "phone": f"0{4000 + 37 * n}"}
        for n in range(places)
    ]
    desk._write("shops.csv", shops)
    own = [
        {**row, "key": f"{row['key']}-{more}", "media": f"{row['key']}-{more}.jpg"}
        for row in month()
        for more in range(2)
    ]
    own = [row for at, row in enumerate(own) if at % (2 * POSTS_A_SITE) < OWN_PICTURES]
    for at, row in enumerate(own):
        noise.rotate(at).save(folder / row["media"])
    desk._write("pictures.csv", own)
    sizes = {}
    for name, more in (("places", ("--places", "shops.csv")), ("pictures", ())):
        command = postbatch("plan", f"{name}.csv", *more, "--sandbox", "--quiet", "--page", f"{name}.html")
        cost = cost_of(command, cwd=folder, env=environment(folder / "state"))
        sizes[name] = (folder / f"{name}.html").stat().st_size, cost.peak_mb
    return {
        f"{ROWS} rows in {places} places": sizes["places"],
        f"{len(own)} posts with a picture each": sizes["pictures"],
    }


def count_lines(shown: Mapping[str, str]) -> dict[str, int]:
    """Count the lines; of the plan with a mistake only those of the problem."""
    counts = {name: len(text.splitlines()) for name, text in shown.items()}
    problems, _, _ = shown["plan: one mistake in 19 rows"].partition("\n\n")
    return counts | {"plan: one mistake in 19 rows": len(problems.splitlines()) - 1}  # the first names the sandbox


def main(arguments: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if arguments and arguments[0] == "--pages":
            for name, (size, peak_mb) in pages(Path(folder)).items():
                reached = "" if size <= PAGE_AT_MOST else "  NOT REACHED"
                print(f"{name:34} {size:9,} bytes at most {PAGE_AT_MOST:9,}, {peak_mb:.0f} MB at the peak{reached}")
            return
        columns = int(arguments[1]) if len(arguments) > 1 else 80
        shown = outputs(Path(folder), columns=columns)
        if arguments:
            print("\n\n".join(f"== {name}\n{text}" for name, text in shown.items() if arguments[0] in name))
            return
        for name, count in count_lines(shown).items():
            print(f"{name:34} {count:4} at most {AT_MOST[name]:4}{'' if count <= AT_MOST[name] else '  NOT REACHED'}")


if __name__ == "__main__":
    main(sys.argv[1:])
