"""Tells what a copied workbook has lost, by comparing the parts of both files.

openpyxl keeps cells, formats, drop-downs, colours, notes, tables, pictures and plain charts; what it does not know it
leaves out in silence.
"""

from __future__ import annotations

import re
import zipfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

PARTS: Mapping[str, str] = {
    "xl/charts/chart": "charts",
    "xl/media/": "pictures",
    "xl/ctrlProps/": "form controls",
    "xl/activeX/": "form controls",
    "xl/slicers/": "slicers",
    "xl/timelines/": "timelines",
    "xl/threadedComments/": "threaded comments (their text stays as a note)",
    "xl/diagrams/": "diagrams",
    "xl/embeddings/": "embedded files",
    "xl/model/": "the data model",
    "xl/queryTables/": "data connections",
    "xl/richData/": "linked data types",
    "xl/vbaProject.bin": "macros",
}
"""The parts of a workbook by the start of their names, and what people call them."""

MARKS: Mapping[str, str] = {
    r"<xdr:(?:sp|cxnSp|grpSp)[ >]": "shapes and text boxes",
    r"<x14:sparklineGroup[ >]": "sparklines",
    r"<x14:dataValidation[ >]": "drop-downs that refer to another sheet",
    r"<x14:conditionalFormatting[ >]": "newer kinds of conditional formats",
}
"""What is marked only inside of drawings and sheets."""

LOOKED_INTO = re.compile(r"xl/(?:drawings/drawing|worksheets/sheet)[^/]*\.xml")
MAX_PART_BYTES = 400_000_000


def tell_losses(original: Path, made: Path) -> list[str]:
    """Return one sentence on what the copy does not have, or none."""
    before, after = _count(original), _count(made)
    lost = [what for what in dict.fromkeys((*PARTS.values(), *MARKS.values())) if after[what] < before[what]]
    if not lost:
        return []
    return [f"The copy can't keep everything: it lacks {', '.join(lost)}. Your own workbook still has them."]


def _count(path: Path) -> Counter[str]:
    found: Counter[str] = Counter()
    with zipfile.ZipFile(path) as archive:
        for part in archive.infolist():
            found.update(what for start, what in PARTS.items() if part.filename.startswith(start))
            if LOOKED_INTO.fullmatch(part.filename) and part.file_size <= MAX_PART_BYTES:
                text = archive.read(part).decode("utf-8", "replace")
                for mark, what in MARKS.items():
                    found[what] += len(re.findall(mark, text))
    return found
