"""Makes the sheets that are measured: any number of rows, twenty columns, every cell filled, texts like real ones."""

from __future__ import annotations

import csv
import random
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from PIL import Image

HEADINGS = (
    "key", "site", "channel", "type", "publish_at", "timezone", "text", "approved", "notes",
    "Campaign", "Owner", "Budget", "Region", "Agency", "Brief", "Series", "Cost centre", "Reviewer", "Wave", "Ref",
)  # fmt: skip
CHANNELS = ("FACEBOOK", "LINKEDIN")
WORDS = tuple("spring glaze pottery class mug open studio new kiln river handmade gift weekend workshop – ✨".split())  # noqa: SIM905 - read as text
START = datetime(2030, 1, 7, 8, 1, tzinfo=UTC)
EVERY = timedelta(minutes=7)


def rows(count: int, *, sites: Sequence[str] = ("default",), headings: Sequence[str] = HEADINGS) -> Iterator[list[str]]:
    """Yield the rows, the posts of each site after those of the one before."""
    made = random.Random(4711)
    for number in range(count):
        site = sites[number * len(sites) // count]
        at = START + EVERY * number
        text = f"{' '.join(made.choices(WORDS, k=25)).capitalize()} no. {number}"
        ours = {
            "key": f"{site}-{number:06}", "site": site, "channel": CHANNELS[number % 2], "type": "POST",
            "publish_at": f"{at:%Y-%m-%d %H:%M}", "timezone": "Europe/London", "text": text, "approved": "yes",
            "notes": f"note {number}",
        }  # fmt: skip
        yield [ours.get(heading) or f"{heading} {number % 977}" for heading in headings]


def write_csv(path: Path, count: int, *, sites: Sequence[str] = ("default",)) -> Path:
    """Write the rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        writer.writerows(rows(count, sites=sites))
    return path


TOWNS = ("Aachen", "Bonn", "Celle", "Dresden", "Emden", "Fulda", "Goslar", "Halle")
SENTENCES = ("{{city}}: new mugs are in", "Come by in {{city}}, or call {{phone}}", "Open late on Friday in {{city}}")


def write_places(folder: Path, sites: Sequence[str], *, rows_each: int, pictures: int) -> Path:
    """Write `posts.csv`, rows for all places, `places.csv`, one place for each site, and the rows' pictures.

    Each of the pictures is in several rows, and a place has words of its own.
    """
    with (folder / "places.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("place", "site", "groups", "city", "phone"))
        writer.writerows(
            (f"shop-{site}", site, ("north", "south")[at % 2], f"{TOWNS[at % len(TOWNS)]} {at}", f"030 {at:05}")
            for at, site in enumerate(sites)
        )
    for number in range(pictures):
        colour = (40 * number % 256, 99, 160)
        Image.new("RGB", (320, 320), colour).save(folder / f"picture-{number}.png")
    with (folder / "posts.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("key", "channel", "publish_at", "text", "media", "places"))
        for number in range(rows_each):
            at, picture = START + timedelta(days=2 * number), f"picture-{number % pictures}.png" if pictures else ""
            text = f"{SENTENCES[number % len(SENTENCES)]} ({number + 1})"
            writer.writerow((f"post-{number + 1}", "FACEBOOK", f"{at:%Y-%m-%d %H:%M}", text, picture, "all"))
    return folder / "posts.csv"


def write_xlsx(path: Path, count: int) -> Path:
    """Write the rows as a workbook, all cells text, as most exports do."""
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": False}) as book:
        sheet = book.add_worksheet("Posts")
        for at, line in enumerate([HEADINGS, *rows(count)]):
            for place, cell in enumerate(line):
                sheet.write_string(at, place, cell)
    return path
