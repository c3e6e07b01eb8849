"""The folder that the pages serve: its sheets, and the files that a browser puts beside them.

A file keeps to the folder whatever its name is, takes the place of no other unseen, and is there whole or not at all.
"""

from __future__ import annotations

import os
import re
import shutil
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from batch.atomic import write_whole
from batch.errors import StopError
from batch.media import HEAD_BYTES, sniff
from batch.rules.sources import MIMES, kind_of_mime, path_parts, refuse_path
from batch.wording import listed, make_visible_line

SHEETS = frozenset({".xlsx", ".xlsm", ".csv", ".tsv"})
ANSWERS = frozenset({".json"})
MEDIA = frozenset(f".{ending}" for ending in MIMES)
NAME_LENGTH = 100
NAME_BYTES = 200
"""Most systems take 255, and a draft is written beside the file."""
RESERVED = frozenset({"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))})
"""Names that Windows keeps for devices."""
RESULTS = re.compile(r"(?P<sheet>.+?)\.results(?:-\d+)?(?: \(\d+\))?\.xlsx", re.IGNORECASE)


def safe_name(name: str, *, endings: frozenset[str]) -> str:
    """Return a name under which a file may be kept in the folder. Errors: ValueError for an ending that is not one."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter if letter.isprintable() and letter not in '<>:"|?*' else "_" for letter in last).strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if f"{dot}{ending}".lower() not in endings or not stem.strip(" ."):
        named = "a picture or video" if endings is MEDIA else f"a {listed(sorted(endings))} file"
        raise ValueError(f"{make_visible_line(last) or 'This file'} can't be used. Choose {named}.")
    stem = stem.strip(" .")[:NAME_LENGTH].encode()[:NAME_BYTES].decode(errors="ignore").strip(" .")
    return f"{'_' if stem.partition('.')[0].casefold() in RESERVED else ''}{stem}.{ending}"


class SheetFolder:
    """A folder of sheets. Its files are named as they lie in it; nothing outside of it is read or written."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def sheets(self) -> list[Path]:
        """Return the sheets, the latest first; what we have written ourselves is none. Errors: OSError."""
        found: list[tuple[float, Path]] = []
        for path in self.path.iterdir():
            ours = path.name.startswith((".", "~$", "undo-")) or ".results" in path.name
            with suppress(OSError, UnicodeEncodeError):  # gone by now, or a name that no address can hold
                path.name.encode()
                if path.suffix.lower() in SHEETS and not ours and path.is_file() and not path.is_symlink():
                    found.append((path.stat().st_mtime, path))
        return [path for _, path in sorted(found, reverse=True)]

    def sheet(self, name: str) -> Path | None:
        """Return a sheet by its name."""
        return next((path for path in self.sheets() if path.name == name), None)

    def sheet_of_results(self, name: str) -> Path | None:
        """Return the sheet that a results workbook is about, None where there is none."""
        found = RESULTS.fullmatch(name)
        return next((path for path in self.sheets() if found and path.stem == found["sheet"]), None)

    def results_of(self, sheet: Path) -> list[str]:
        """Return the results workbooks that lie beside a sheet."""
        beside = (path.name for path in self.path.glob("*.xlsx") if not path.name.startswith("~$"))
        return sorted(name for name in beside if (m := RESULTS.fullmatch(name)) and m["sheet"] == sheet.stem)

    def keep(self, file: BinaryIO, name: str, *, endings: frozenset[str]) -> str:
        """Keep a file under a name that is free, and return that; the same file under the same name is kept once.

        Errors: ValueError for another kind of file; StopError where it can't be written.
        """
        safe = Path(safe_name(name, endings=endings))
        for number in range(1, 1000):
            path = self.path / (safe.name if number == 1 else f"{safe.stem} ({number}){safe.suffix}")
            if not os.path.lexists(path):
                return self._put(file, path)
            if _holds(path, file):
                return path.name
        raise StopError(f"There are too many files called {safe.name}.")

    @staticmethod
    def match(names: Sequence[str], places: Sequence[str]) -> dict[str, str]:
        """Return where each file belongs: the one place that a sheet names by its name, else the file's own name."""

        def plain(name: str) -> str:
            return unicodedata.normalize("NFC", (path_parts(name) or ("",))[-1]).casefold()

        same = {name: [place for place in places if plain(place) == plain(name)] for name in names}
        return {name: found[0] if len(found) == 1 else name for name, found in same.items()}

    def add_medium(self, file: BinaryIO, place: str, *, replace: bool = False) -> bool:
        """Put a picture or video where a sheet looks for it; return False where another file is there and was kept.

        `place` is a path below the folder as a sheet names it. Errors: ValueError for what is no such file or place;
        StopError where it can't be written.
        """
        parts = path_parts(place)
        names = [*(f"{part}.jpg" for part in parts[:-1]), *parts[-1:]]
        refusal = refuse_path(place) or ("" if parts else "it names no file")
        if not refusal and any(unicodedata.normalize("NFC", n) != safe_name(n, endings=MEDIA) for n in names):
            refusal = "no file can have this name. Change it in the sheet"
        path = self.path.joinpath(*parts)
        inside = path.parent.resolve().is_relative_to(self.path.resolve())
        if refusal or not inside or path.is_symlink():
            raise ValueError(f"{make_visible_line(place)}: {refusal or 'a link leads out of the folder'}.")
        file.seek(0)
        if not kind_of_mime(sniff(file.read(HEAD_BYTES))):
            raise ValueError(f"{make_visible_line(place)}: this file is neither a picture nor a video.")
        if path.exists() and not replace:
            return _holds(path, file)
        return self._put(file, path, replace=replace) == path.name

    def _put(self, file: BinaryIO, path: Path, *, replace: bool = False) -> str:
        def copy(draft: Path) -> None:
            file.seek(0)
            with draft.open("wb") as out:
                shutil.copyfileobj(file, out)

        return write_whole(path, copy, claim=lambda place, _: replace or not place.exists()).path.name


def _holds(path: Path, file: BinaryIO) -> bool:
    """Tell whether a file of the folder holds the same bytes."""
    file.seek(0)
    if not path.is_file() or path.is_symlink():
        return False
    with path.open("rb") as there:
        while (chunk := file.read(1024 * 1024)) == there.read(1024 * 1024):
            if not chunk:
                return True
    return False
