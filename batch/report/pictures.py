"""Small pictures of the media files beside the sheet, to be drawn on the page.

Turns the files that a page would show into `data:` addresses, small and without what a camera wrote into them. A file
is opened only as `sheet/files.py` allows, nothing is fetched, and what can't be read is left out: the page draws a tile
for it, and whether it may be posted is judged elsewhere.
"""

from __future__ import annotations

import io
import warnings
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from batch.model import Outcome
from batch.rules.addresses import is_address
from batch.sheet.files import MediumUnreadableError, open_medium
from batch.sheet.probe import MAX_PIXELS, PILLOW_FORMATS

SHOWN_OF_A_POST = 4
"""No drawing shows more pictures of a post than this."""
LONGEST_SIDE_PIXELS = 640
MAX_TOTAL_BYTES = 12 * 1024 * 1024
"""What all pictures of a page may take; it holds about 300, and a mail program takes the file still."""
_QUALITY = 74


def read_pictures(
    outcomes: Iterable[Outcome], *, folder: Path, max_total_bytes: int = MAX_TOTAL_BYTES
) -> dict[str, str]:
    """Return data addresses by `Medium.source` for the picture files that the page would draw, until they are enough.

    `folder` is where the sheet's relative paths start.
    """
    pictures: dict[str, str] = {}
    total = 0
    for source in _shown_files(outcomes):
        small = _small_picture(source, folder)
        if small and total + len(small) <= max_total_bytes:
            pictures[source] = small
            total += len(small)
    return pictures


def _shown_files(outcomes: Iterable[Outcome]) -> Iterator[str]:
    seen: set[str] = set()
    for outcome in outcomes:
        for medium in outcome.content.media[:SHOWN_OF_A_POST]:
            if medium.source not in seen and medium.kind != "VIDEO" and not is_address(medium.source):
                seen.add(medium.source)
                yield medium.source


def _small_picture(source: str, folder: Path) -> str:
    try:
        with open_medium(source, folder=folder) as medium:
            return _shrink(medium.file, medium.mime) if medium.mime in PILLOW_FORMATS else ""
    except MediumUnreadableError:
        return ""


def _shrink(file: IO[bytes], mime: str) -> str:
    from PIL import Image, ImageOps

    file.seek(0)
    size = (LONGEST_SIDE_PIXELS, LONGEST_SIDE_PIXELS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(file, formats=PILLOW_FORMATS[mime]) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    return ""
                picture.draft("RGB", size)
                upright = ImageOps.exif_transpose(picture).convert("RGBA")
        upright.thumbnail(size)
        flat = Image.new("RGB", upright.size, "white")
        flat.paste(upright, mask=upright.getchannel("A"))
        made = io.BytesIO()
        flat.save(made, "JPEG", quality=_QUALITY, optimize=True)
    except Exception:  # noqa: BLE001 - decoders of a dozen formats end broken files with any exception there is
        return ""
    return f"data:image/jpeg;base64,{b64encode(made.getvalue()).decode()}"
